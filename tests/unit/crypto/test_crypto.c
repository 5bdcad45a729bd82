/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "crypto/crypto.h"
#include "tests/support/unit.h"

enum { TEXT_BYTES = 40, AD_BYTES = 5 };

static const uint8_t key[ZKS_KEY_BYTES] = {1};
static const uint8_t nonce[ZKS_NONCE_BYTES] = {2};
static const uint8_t ad[AD_BYTES] = {3};

enum { SUITES = 2 };

/* Loop tests run for each. */
static const zks__suite *suite(int i)
{
    ck_assert_int_eq(zks__crypto_init(), ZKS_OK);
    return zks__crypto_suite((uint8_t)(i + 1));
}

START_TEST(init_may_be_repeated)
{
    ck_assert_int_eq(zks__crypto_init(), ZKS_OK);
    ck_assert_int_eq(zks__crypto_init(), ZKS_OK);
}
END_TEST

START_TEST(suite_unknown_is_null)
{
    static const uint8_t none[] = {0, 3, 255};
    ck_assert_int_eq(zks__crypto_init(), ZKS_OK);
    for (unsigned id = ZKS_SUITE_SODIUM; id <= ZKS_SUITE_APPROVED; id++) {
        ck_assert_ptr_nonnull(zks__crypto_suite((uint8_t)id));
        ck_assert_uint_eq(zks__crypto_suite((uint8_t)id)->id, id);
        ck_assert_int_eq(zks__crypto_suite_check((uint8_t)id), ZKS_OK);
    }
    for (size_t i = 0; i < sizeof none; i++) {
        ck_assert_ptr_null(zks__crypto_suite(none[i]));
        ck_assert_int_eq(zks__crypto_suite_check(none[i]), ZKS_E_SUITE);
    }
}
END_TEST

START_TEST(rng_fills_every_byte_and_does_not_repeat)
{
    uint8_t all[64] = {0};
    uint8_t draw[64];
    ck_assert_int_eq(zks__crypto_init(), ZKS_OK);
    zks__rng rng = zks__crypto_rng();
    for (int round = 0; round < 64; round++) {
        rng.fill(draw, sizeof draw, rng.user);
        for (size_t i = 0; i < sizeof draw; i++) {
            all[i] |= draw[i];
        }
    }
    for (size_t i = 0; i < sizeof all; i++) {
        ck_assert_uint_eq(all[i], 0xff);
    }
}
END_TEST

START_TEST(wipe_clears_and_takes_null)
{
    uint8_t secret[3] = {1, 2, 3};
    zks__wipe(secret, 2);
    ck_assert_uint_eq(secret[0] | secret[1], 0);
    ck_assert_uint_eq(secret[2], 3);
    zks__wipe(NULL, 5);
    zks__wipe(secret, 0);
}
END_TEST

static void sealed(int i, uint8_t out[TEXT_BYTES + ZKS_TAG_BYTES])
{
    memset(out, 7, TEXT_BYTES);
    suite(i)->seal(out, TEXT_BYTES, ad, sizeof ad, nonce, key);
}

START_TEST(open_any_flipped_bit_fails)
{
    uint8_t text[TEXT_BYTES + ZKS_TAG_BYTES];
    for (size_t bit = 0; bit < 8 * sizeof text; bit++) {
        sealed(_i, text);
        text[bit / 8] ^= (uint8_t)(1u << bit % 8);
        ck_assert_int_eq(suite(_i)->open(text, sizeof text, ad, sizeof ad, nonce, key),
                         ZKS_E_DECRYPT);
    }
}
END_TEST

START_TEST(open_other_key_nonce_or_ad_fails)
{
    uint8_t text[TEXT_BYTES + ZKS_TAG_BYTES];
    uint8_t other[32] = {9};
    sealed(_i, text);
    ck_assert_int_eq(suite(_i)->open(text, sizeof text, ad, sizeof ad, nonce, other),
                     ZKS_E_DECRYPT);
    sealed(_i, text);
    ck_assert_int_eq(suite(_i)->open(text, sizeof text, ad, sizeof ad, other, key), ZKS_E_DECRYPT);
    sealed(_i, text);
    ck_assert_int_eq(suite(_i)->open(text, sizeof text, other, sizeof ad, nonce, key),
                     ZKS_E_DECRYPT);
    sealed(_i, text);
    ck_assert_int_eq(suite(_i)->open(text, sizeof text, ad, sizeof ad - 1, nonce, key),
                     ZKS_E_DECRYPT);
}
END_TEST

START_TEST(open_shorter_is_refused)
{
    uint8_t text[TEXT_BYTES + ZKS_TAG_BYTES];
    for (size_t length = 0; length < sizeof text; length++) {
        sealed(_i, text);
        ck_assert_int_eq(suite(_i)->open(text, length, ad, sizeof ad, nonce, key),
                         length < ZKS_TAG_BYTES ? ZKS_E_TRUNCATED : ZKS_E_DECRYPT);
    }
}
END_TEST

START_TEST(seal_of_nothing_is_a_tag)
{
    uint8_t tag[ZKS_TAG_BYTES];
    suite(_i)->seal(tag, 0, NULL, 0, nonce, key);
    ck_assert_int_eq(suite(_i)->open(tag, sizeof tag, NULL, 0, nonce, key), ZKS_OK);
}
END_TEST

START_TEST(verify_altered_message_or_signature_fails)
{
    uint8_t seed[32] = {5};
    uint8_t message[] = "0k-sync";
    uint8_t signature[ZKS_SIGN_BYTES];
    zks__sign_key k;
    suite(_i)->sign_key(seed, &k);
    const uint8_t *public_key = zks__crypto_sign_public(&k);
    suite(_i)->sign(&k, message, sizeof message, signature);
    ck_assert_int_eq(suite(_i)->verify(public_key, message, sizeof message, signature), ZKS_OK);
    ck_assert_int_eq(suite(_i)->verify(public_key, message, sizeof message - 1, signature),
                     ZKS_E_BAD_SIGNATURE);
    for (size_t bit = 0; bit < 8 * sizeof signature; bit++) {
        signature[bit / 8] ^= (uint8_t)(1u << bit % 8);
        ck_assert_int_eq(suite(_i)->verify(public_key, message, sizeof message, signature),
                         ZKS_E_BAD_SIGNATURE);
        signature[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}
END_TEST

/* The order of the group, little-endian: adding it to S gives the same signature in another form.
 */
static const uint8_t order[32] = {0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7,
                                  0xa2, 0xde, 0xf9, 0xde, 0x14, 0,    0,    0,    0,    0,    0,
                                  0,    0,    0,    0,    0,    0,    0,    0,    0,    0x10};

/* y: 0, 1, p - 1, the two of order 8, and p, p + 1, which are not canonical. */
static const uint8_t small_order[][32] = {
    {0},
    {1},
    {0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
    {0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4,
     0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6,
     0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05},
    {0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b,
     0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39,
     0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a},
    {0xed, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
    {0xee, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f}};

START_TEST(verify_is_strict)
{
    uint8_t seed[32] = {6};
    uint8_t signature[ZKS_SIGN_BYTES];
    zks__sign_key k;
    suite(_i)->sign_key(seed, &k);
    suite(_i)->sign(&k, "m", 1, signature);
    unsigned carry = 0;
    for (size_t i = 0; i < sizeof order; i++) {
        carry += (unsigned)signature[32 + i] + order[i];
        signature[32 + i] = (uint8_t)carry;
        carry >>= 8;
    }
    ck_assert_int_eq(suite(_i)->verify(zks__crypto_sign_public(&k), "m", 1, signature),
                     ZKS_E_BAD_SIGNATURE);
    /* With the neutral point as key and as R, S = 0 fits every message in a lax verifier. */
    uint8_t neutral[32] = {1};
    uint8_t forged[ZKS_SIGN_BYTES] = {1};
    ck_assert_int_eq(suite(_i)->verify(neutral, "m", 1, forged), ZKS_E_BAD_SIGNATURE);
    /* So it does with every other point of small order, in each of its ways to be written. */
    for (size_t y = 0; y < sizeof small_order / sizeof small_order[0]; y++) {
        for (unsigned sign = 0; sign <= 0x80; sign += 0x80) {
            uint8_t small[32];
            memcpy(small, small_order[y], sizeof small);
            small[31] |= (uint8_t)sign;
            memcpy(forged, small, sizeof small);
            ck_assert_int_eq(suite(_i)->verify(small, "m", 1, forged), ZKS_E_BAD_SIGNATURE);
            ck_assert_int_eq(suite(_i)->verify(small, "m", 1, signature), ZKS_E_BAD_SIGNATURE);
            ck_assert_int_eq(suite(_i)->verify(zks__crypto_sign_public(&k), "m", 1, forged),
                             ZKS_E_BAD_SIGNATURE);
        }
    }
}
END_TEST

static void add(TCase *c)
{
    tcase_add_test(c, init_may_be_repeated);
    tcase_add_test(c, suite_unknown_is_null);
    tcase_add_test(c, rng_fills_every_byte_and_does_not_repeat);
    tcase_add_test(c, wipe_clears_and_takes_null);
    tcase_add_loop_test(c, open_any_flipped_bit_fails, 0, SUITES);
    tcase_add_loop_test(c, open_other_key_nonce_or_ad_fails, 0, SUITES);
    tcase_add_loop_test(c, open_shorter_is_refused, 0, SUITES);
    tcase_add_loop_test(c, seal_of_nothing_is_a_tag, 0, SUITES);
    tcase_add_loop_test(c, verify_altered_message_or_signature_fails, 0, SUITES);
    tcase_add_loop_test(c, verify_is_strict, 0, SUITES);
}

int main(void)
{
    return unit_main("crypto", add);
}
