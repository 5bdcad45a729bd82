/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What is suite 2's alone: its start, refusals, and the ways around a GnuTLS without memory. */
#include "crypto/private.h"
#include "tests/support/unit.h"

#include <gnutls/gnutls.h>
#include <stdlib.h>

enum { LONGEST = 70000 };

static const zks__suite *start(void)
{
    ck_assert_int_eq(zks__crypto_init(), ZKS_OK);
    const zks__suite *suite = zks__crypto_suite(ZKS_SUITE_APPROVED);
    ck_assert_ptr_nonnull(suite);
    return suite;
}

START_TEST(start_runs_known_answer_tests_once)
{
    zks__crypto_report r;
    zks__crypto_report_get(&r);
    ck_assert(!r.tested);
    start();
    zks__crypto_report_get(&r);
    ck_assert(r.tested && r.suite1 && r.suite2);
    ck_assert_ptr_null(r.failed_test);
    printf("known-answer tests: %" PRIu32 " us\n", r.test_us);
    uint32_t first = r.test_us;
    /* A later start changes nothing, not even one that would fail. */
    ck_assert_int_eq(zks__crypto_start("sha256"), ZKS_OK);
    zks__crypto_report_get(&r);
    ck_assert_ptr_null(r.failed_test);
    ck_assert_uint_eq(r.test_us, first);
    start();
}
END_TEST

/* GnuTLS says of itself whether it is such a build; Debian's is none. */
START_TEST(start_reports_fips_mode_as_gnutls_has_it)
{
    zks__crypto_report r;
    start();
    zks__crypto_report_get(&r);
    ck_assert_int_eq(r.fips_mode, gnutls_fips140_mode_enabled() != 0);
    ck_assert(r.fips_mode || !r.fips_approved);
}
END_TEST

static const char *const names[] = {"sha256",        "hmac-sha256",
                                    "hkdf-sha256",   "pbkdf2-sha256",
                                    "xaes-256-gcm",  "xaes-256-gcm, doubled with carry",
                                    "aes-256-gcm",   "p256",
                                    "mlkem768-p256", "ed25519"};

START_TEST(start_with_a_wrong_answer_refuses_the_suite)
{
    zks__crypto_report r;
    ck_assert_int_eq(zks__crypto_start(names[_i]), ZKS_OK); /* suite 1 goes on */
    zks__crypto_report_get(&r);
    ck_assert_ptr_nonnull(r.failed_test);
    ck_assert_str_eq(r.failed_test, names[_i]);
    ck_assert_ptr_null(zks__crypto_suite(ZKS_SUITE_APPROVED));
    ck_assert_int_eq(zks__crypto_suite_check(ZKS_SUITE_APPROVED), ZKS_E_INTERNAL);
    ck_assert_ptr_nonnull(zks__crypto_suite(ZKS_SUITE_SODIUM));
    ck_assert_int_eq(zks__crypto_init(), ZKS_OK);
    ck_assert_ptr_null(zks__crypto_suite(ZKS_SUITE_APPROVED));
}
END_TEST

START_TEST(dh_agrees_in_both_directions)
{
    const zks__suite *suite = start();
    zks__rng rng = zks__crypto_rng();
    for (unsigned i = 0; i < 20; i++) {
        uint8_t a[32], b[32], a_public[65], b_public[65], x[32], y[32];
        rng.fill(a, sizeof a, rng.user);
        rng.fill(b, sizeof b, rng.user);
        suite->dh_public(a, a_public);
        suite->dh_public(b, b_public);
        ck_assert_int_eq(suite->dh(a, b_public, x), ZKS_OK);
        ck_assert_int_eq(suite->dh(b, a_public, y), ZKS_OK);
        ck_assert_mem_eq(x, y, sizeof x);
    }
}
END_TEST

/* The order's prime, big-endian: a coordinate of p is 0 in another form. */
static const uint8_t p[32] = {0xff, 0xff, 0xff, 0xff, 0,    0,    0,    1,    0,    0,    0,
                              0,    0,    0,    0,    0,    0,    0,    0,    0,    0xff, 0xff,
                              0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

START_TEST(dh_key_that_is_no_point_is_refused_and_touches_nothing)
{
    const zks__suite *suite = start();
    uint8_t secret[32] = {1}, good[65], bad[65], out[32], before[32];
    memset(out, 0x5a, sizeof out);
    memcpy(before, out, sizeof out);
    suite->dh_public(secret, good);
    for (unsigned first = 0; first < 256; first++) { /* infinity, compressed, hybrid forms */
        memcpy(bad, good, sizeof bad);
        bad[0] = (uint8_t)first;
        ck_assert_int_eq(suite->dh(secret, bad, out), first == 4 ? ZKS_OK : ZKS_E_MALFORMED);
        memcpy(out, before, sizeof out);
    }
    for (size_t bit = 8; bit < 8 * sizeof bad; bit++) {
        memcpy(bad, good, sizeof bad);
        bad[bit / 8] ^= (uint8_t)(1u << bit % 8);
        ck_assert_int_eq(suite->dh(secret, bad, out), ZKS_E_MALFORMED);
    }
    memset(bad + 1, 0, 64);
    bad[0] = 4;
    ck_assert_int_eq(suite->dh(secret, bad, out), ZKS_E_MALFORMED);
    memcpy(bad + 1, p, sizeof p);
    memcpy(bad + 33, p, sizeof p);
    ck_assert_int_eq(suite->dh(secret, bad, out), ZKS_E_MALFORMED);
    memset(bad + 1, 0xff, 64);
    ck_assert_int_eq(suite->dh(secret, bad, out), ZKS_E_MALFORMED);
    ck_assert_mem_eq(out, before, sizeof out);
}
END_TEST

START_TEST(sealing_opens_with_its_key_only)
{
    const zks__suite *suite = start();
    zks__rng rng = zks__crypto_rng();
    uint8_t seed[32], other[32], random[ZKS_SEAL_RANDOM_BYTES], shared[32], opened[32];
    uint8_t public_key[ZKS_SEAL_PUBLIC_MAX_BYTES], ct[ZKS_SEAL_CT_MAX_BYTES];
    rng.fill(seed, sizeof seed, rng.user);
    rng.fill(other, sizeof other, rng.user);
    rng.fill(random, sizeof random, rng.user);
    suite->seal_public(seed, public_key);
    ck_assert_int_eq(suite->seal_enc(public_key, random, ct, shared), ZKS_OK);
    ck_assert_int_eq(suite->seal_dec(seed, ct, opened), ZKS_OK);
    ck_assert_mem_eq(shared, opened, sizeof shared);
    ck_assert_int_eq(suite->seal_dec(other, ct, opened), ZKS_OK);
    ck_assert_mem_ne(shared, opened, sizeof shared);
    /* ML-KEM's half rejects implicitly, P-256's says so. */
    ct[0] ^= 1;
    ck_assert_int_eq(suite->seal_dec(seed, ct, opened), ZKS_OK);
    ck_assert_mem_ne(shared, opened, sizeof shared);
    ct[0] ^= 1;
    ct[ZKS_KEM_CT_BYTES + 10] ^= 1;
    ck_assert_int_eq(suite->seal_dec(seed, ct, opened), ZKS_E_MALFORMED);
}
END_TEST

START_TEST(sealing_to_a_key_that_is_none_is_refused_and_touches_nothing)
{
    const zks__suite *suite = start();
    uint8_t seed[32] = {3}, random[ZKS_SEAL_RANDOM_BYTES] = {1}, shared[32] = {7}, none[32] = {7};
    uint8_t public_key[ZKS_SEAL_PUBLIC_MAX_BYTES], ct[ZKS_SEAL_CT_MAX_BYTES] = {9};
    suite->seal_public(seed, public_key);
    public_key[ZKS_KEM_PUBLIC_BYTES + 1] ^= 1;
    ck_assert_int_eq(suite->seal_enc(public_key, random, ct, shared), ZKS_E_MALFORMED);
    suite->seal_public(seed, public_key);
    memset(public_key, 0xff, 8); /* coefficients that are not below q */
    ck_assert_int_eq(suite->seal_enc(public_key, random, ct, shared), ZKS_E_MALFORMED);
    ck_assert_mem_eq(shared, none, sizeof none);
    ck_assert_uint_eq(ct[0], 9);
    ck_assert_uint_eq(ct[1], 0);
}
END_TEST

/* The record cipher's nonces differ, and only the right one opens. */
START_TEST(session_cipher_follows_its_counter)
{
    const zks__suite *suite = start();
    static const uint64_t counters[] = {0, 1, 255, 256, UINT32_MAX, (uint64_t)1 << 32, UINT64_MAX};
    enum { COUNT = sizeof counters / sizeof counters[0] };
    uint8_t key[32] = {4}, sealed[COUNT][4 + ZKS_TAG_BYTES];
    for (size_t i = 0; i < COUNT; i++) {
        memset(sealed[i], 0, 4);
        suite->record_seal(sealed[i], 4, NULL, 0, counters[i], key);
        for (size_t k = 0; k < i; k++) {
            ck_assert_mem_ne(sealed[i], sealed[k], sizeof sealed[i]);
        }
    }
    for (size_t i = 0; i < COUNT; i++) {
        uint8_t copy[sizeof sealed[i]];
        for (size_t k = 0; k < COUNT; k++) {
            memcpy(copy, sealed[i], sizeof copy);
            ck_assert_int_eq(suite->record_open(copy, sizeof copy, NULL, 0, counters[k], key),
                             i == k ? ZKS_OK : ZKS_E_DECRYPT);
        }
        for (size_t length = 0; length < ZKS_TAG_BYTES; length++) {
            ck_assert_int_eq(suite->record_open(copy, length, NULL, 0, counters[i], key),
                             ZKS_E_TRUNCATED);
        }
    }
}
END_TEST

static bool no_memory;
static unsigned refused;

static void *fail_calloc(size_t count, size_t size)
{
    refused += no_memory;
    return no_memory ? NULL : calloc(count, size);
}

static void *fail_malloc(size_t size)
{
    refused += no_memory;
    return no_memory ? NULL : malloc(size);
}

typedef struct answers {
    uint8_t sealed[LONGEST + ZKS_TAG_BYTES], hash[32], mac[32], prk[32], key[100], signature[64];
    zks_status verified, forged, opened;
} answers;

static void answer(const zks__suite *suite, size_t length, answers *out)
{
    uint8_t key[32] = {1}, nonce[24] = {2}, forged[64];
    zks__sign_key k;
    zks__hash h;
    for (size_t i = 0; i < length; i++) {
        out->sealed[i] = (uint8_t)(i * 7 + length);
    }
    suite->hash_init(&h);
    suite->hash_update(&h, out->sealed, length / 3);
    suite->hash_update(&h, out->sealed + length / 3, length - length / 3);
    suite->hash_final(&h, out->hash);
    suite->hmac(key, sizeof key, out->sealed, length, out->mac);
    suite->extract(out->sealed, length, out->prk);
    suite->expand(key, nonce, sizeof nonce, out->key, sizeof out->key);
    suite->sign_key(key, &k);
    suite->sign(&k, out->sealed, length, out->signature);
    memcpy(forged, out->signature, sizeof forged);
    forged[33] ^= 1;
    const uint8_t *public_key = zks__crypto_sign_public(&k);
    out->verified = suite->verify(public_key, out->sealed, length, out->signature);
    out->forged = suite->verify(public_key, out->sealed, length, forged);
    suite->seal(out->sealed, length, key, sizeof key, nonce, key);
    static uint8_t copy[LONGEST + ZKS_TAG_BYTES];
    memcpy(copy, out->sealed, length + ZKS_TAG_BYTES);
    out->opened = suite->open(copy, length + ZKS_TAG_BYTES, key, sizeof key, nonce, key);
}

START_TEST(gnutls_without_memory_changes_no_answer)
{
    static const size_t lengths[] = {0, 1, 15, 16, 17, 63, 64, 65, 1024, 4095, 65536, LONGEST};
    static answers with, without;
    const zks__suite *suite = start();
    gnutls_malloc = fail_malloc;
    gnutls_calloc = fail_calloc;
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        no_memory = false;
        answer(suite, lengths[i], &with);
        refused = 0;
        no_memory = true;
        answer(suite, lengths[i], &without);
        no_memory = false;
        ck_assert_uint_ge(refused, 6); /* hash, sign, two verifications, seal, open */
        ck_assert_mem_eq(&with, &without, sizeof with);
        ck_assert_int_eq(with.verified, ZKS_OK);
        ck_assert_int_eq(with.opened, ZKS_OK);
        ck_assert_int_eq(with.forged, ZKS_E_BAD_SIGNATURE);
    }
}
END_TEST

/* A build has both, and what one suite's library signs or derives, the other's accepts. */
START_TEST(suites_agree_on_what_they_share)
{
    static answers one, two;
    uint8_t seed[32] = {8}, signatures[2][64], message[] = "message";
    zks__sign_key keys[2];
    start();
    for (uint8_t i = 0; i < 2; i++) {
        zks__crypto_suite((uint8_t)(1 + i))->sign_key(seed, &keys[i]);
        zks__crypto_suite((uint8_t)(1 + i))->sign(&keys[i], message, sizeof message, signatures[i]);
    }
    ck_assert_mem_eq(&keys[0], &keys[1], sizeof keys[0]);
    ck_assert_mem_eq(signatures[0], signatures[1], sizeof signatures[0]);
    answer(zks__crypto_suite(1), 1000, &one);
    answer(zks__crypto_suite(2), 1000, &two);
    ck_assert_mem_eq(one.mac, two.mac, sizeof one.mac);
    ck_assert_mem_eq(one.prk, two.prk, sizeof one.prk);
    ck_assert_mem_eq(one.key, two.key, sizeof one.key);
    ck_assert_mem_ne(one.sealed, two.sealed, 1000);
}
END_TEST

static void add(TCase *c)
{
    tcase_add_test(c, start_runs_known_answer_tests_once);
    tcase_add_test(c, start_reports_fips_mode_as_gnutls_has_it);
    tcase_add_loop_test(c, start_with_a_wrong_answer_refuses_the_suite, 0,
                        sizeof names / sizeof names[0]);
    tcase_add_test(c, dh_agrees_in_both_directions);
    tcase_add_test(c, dh_key_that_is_no_point_is_refused_and_touches_nothing);
    tcase_add_test(c, sealing_opens_with_its_key_only);
    tcase_add_test(c, sealing_to_a_key_that_is_none_is_refused_and_touches_nothing);
    tcase_add_test(c, session_cipher_follows_its_counter);
    tcase_add_test(c, gnutls_without_memory_changes_no_answer);
    tcase_add_test(c, suites_agree_on_what_they_share);
}

int main(void)
{
    return unit_main("crypto suite 2", add);
}
