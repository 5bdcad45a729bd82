/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* tests/vectors/crypto.txt, which names the source of each answer. */
#include "crypto/crypto.h"
#include "tests/support/unit.h"
#include "tests/support/vectors.h"

#include <sodium.h>

static vectors file;
static vector_value a, b, c, d, e;
static const zks__suite *suite; /* that computes what all suites have */

/* One check of one block. */
typedef void (*check_fn)(const char *block);

static void each(const char *prefix, unsigned least, check_fn check)
{
    vectors_load("crypto.txt", &file);
    unsigned count = 0;
    const char *block = NULL;
    while ((block = vectors_next(&file, block, prefix))) {
        check(block);
        count++;
    }
    ck_assert_uint_ge(count, least);
}

static void sha256(const char *block)
{
    uint8_t digest[32];
    vectors_get(block, "message", &a);
    for (size_t cut = 0; cut <= a.length; cut++) {
        suite->sha256_two(a.bytes, cut, a.bytes + cut, a.length - cut, digest);
        vectors_expect(block, "digest", digest, sizeof digest);
    }
}

static void hash(const char *block)
{
    uint8_t digest[32];
    vectors_get(block, "message", &a);
    for (size_t cut = 0; cut <= a.length; cut += 1 + a.length / 7) {
        zks__hash h;
        suite->hash_init(&h);
        suite->hash_update(&h, a.bytes, cut);
        suite->hash_update(&h, a.bytes + cut, a.length - cut);
        suite->hash_final(&h, digest);
        vectors_expect(block, "digest", digest, sizeof digest);
    }
}

static void extract(const char *block)
{
    uint8_t prk[32];
    vectors_get(block, "secret", &a);
    suite->extract(a.bytes, a.length, prk);
    vectors_expect(block, "prk", prk, sizeof prk);
}

static void expand(const char *block)
{
    vectors_get(block, "prk", &a);
    vectors_get(block, "info", &b);
    vectors_get(block, "okm", &c);
    suite->expand(a.bytes, b.bytes, b.length, d.bytes, c.length);
    vectors_expect(block, "okm", d.bytes, c.length);
}

static void ed25519(const char *block)
{
    zks__sign_key key;
    uint8_t signature[ZKS_SIGN_BYTES];
    vectors_get(block, "seed", &a);
    vectors_get(block, "message", &b);
    vectors_get(block, "signature", &c);
    suite->sign_key(a.bytes, &key);
    vectors_expect(block, "public", zks__crypto_sign_public(&key), ZKS_SIGN_PUBLIC_BYTES);
    suite->sign(&key, b.bytes, b.length, signature);
    vectors_expect(block, "signature", signature, sizeof signature);
    ck_assert_int_eq(suite->verify(zks__crypto_sign_public(&key), b.bytes, b.length, c.bytes),
                     ZKS_OK);
}

static void x25519(const char *block)
{
    uint8_t public_key[ZKS_DH_PUBLIC_BYTES];
    vectors_get(block, "secret", &a);
    suite->dh_public(a.bytes, public_key);
    vectors_expect(block, "public", public_key, sizeof public_key);
}

static void p256(const char *block)
{
    uint8_t public_key[ZKS_DH_PUBLIC_MAX_BYTES], shared[ZKS_DH_SHARED_BYTES];
    vectors_get(block, "secret", &a);
    vectors_get(block, "peer", &b);
    suite->dh_public(a.bytes, public_key);
    vectors_expect(block, "public", public_key, suite->dh_public_bytes);
    ck_assert_int_eq(suite->dh(a.bytes, b.bytes, shared), ZKS_OK);
    vectors_expect(block, "shared", shared, sizeof shared);
}

static void hmac(const char *block)
{
    uint8_t mac[32];
    vectors_get(block, "key", &a);
    vectors_get(block, "message", &b);
    suite->hmac(a.bytes, a.length, b.bytes, b.length, mac);
    vectors_expect(block, "mac", mac, sizeof mac);
}

static void session(const char *block)
{
    vector_value key;
    uint64_t counter = 0;
    vectors_get(block, "key", &key);
    vectors_get(block, "counter", &a);
    vectors_get(block, "ad", &b);
    vectors_get(block, "text", &c);
    for (size_t i = 0; i < a.length; i++) {
        counter = counter << 8 | a.bytes[i];
    }
    memcpy(d.bytes, c.bytes, c.length);
    suite->record_seal(d.bytes, c.length, b.bytes, b.length, counter, key.bytes);
    size_t length = c.length + ZKS_TAG_BYTES;
    vectors_expect(block, "sealed", d.bytes, length);
    ck_assert_int_eq(suite->record_open(d.bytes, length, b.bytes, b.length, counter, key.bytes),
                     ZKS_OK);
    ck_assert_mem_eq(d.bytes, c.bytes, c.length);
}

static void aead(const char *block)
{
    vector_value key;
    vectors_get(block, "key", &key);
    vectors_get(block, "nonce", &a);
    vectors_get(block, "ad", &b);
    vectors_get(block, "text", &c);
    memcpy(d.bytes, c.bytes, c.length);
    suite->seal(d.bytes, c.length, b.bytes, b.length, a.bytes, key.bytes);
    size_t length = c.length + ZKS_TAG_BYTES;
    vectors_expect(block, "sealed", d.bytes, length);
    ck_assert_int_eq(suite->open(d.bytes, length, b.bytes, b.length, a.bytes, key.bytes), ZKS_OK);
    ck_assert_mem_eq(d.bytes, c.bytes, c.length);
}

static void xwing(const char *block)
{
    uint8_t public_key[ZKS_SEAL_PUBLIC_BYTES];
    vectors_get(block, "seed", &a);
    uint8_t ct[ZKS_SEAL_CT_BYTES], shared[ZKS_SEAL_SHARED_BYTES];
    suite->seal_public(a.bytes, public_key);
    vectors_expect(block, "public", public_key, sizeof public_key);
    vectors_get(block, "random", &b);
    ck_assert_int_eq(suite->seal_enc(public_key, b.bytes, ct, shared), ZKS_OK);
    vectors_expect(block, "ct", ct, sizeof ct);
    vectors_expect(block, "shared", shared, sizeof shared);
    memset(shared, 0, sizeof shared);
    ck_assert_int_eq(suite->seal_dec(a.bytes, ct, shared), ZKS_OK);
    vectors_expect(block, "shared", shared, sizeof shared);
}

static void sealing(const char *block)
{
    uint8_t shared[ZKS_SEAL_SHARED_BYTES];
    vectors_get(block, "seed", &a);
    vectors_get(block, "random", &b);
    vectors_get(block, "ct", &c);
    ck_assert_uint_eq(b.length, ZKS_SEAL_RANDOM_BYTES);
    suite->seal_public(a.bytes, d.bytes);
    vectors_expect(block, "public", d.bytes, suite->seal_public_bytes);
    ck_assert_int_eq(suite->seal_enc(d.bytes, b.bytes, e.bytes, shared), ZKS_OK);
    vectors_expect(block, "ct", e.bytes, suite->seal_ct_bytes);
    vectors_expect(block, "shared", shared, sizeof shared);
    ck_assert_int_eq(suite->seal_dec(a.bytes, c.bytes, shared), ZKS_OK);
    vectors_expect(block, "shared", shared, sizeof shared);
}

/* The C2SP page's: key, nonce, text and associated data come out of one SHAKE-128, the ciphertexts
 * go into another. */
static void accumulated(const char *block)
{
    crypto_xof_shake128_state draws, sum;
    uint8_t key[ZKS_KEY_BYTES], nonce[ZKS_NONCE_BYTES], length, ad_length;
    uint8_t text[255 + ZKS_TAG_BYTES], ad[255], hash_bytes[32];
    (void)crypto_xof_shake128_init(&draws);
    (void)crypto_xof_shake128_init(&sum);
    for (uint32_t i = vectors_number(block, "rounds"); i; i--) {
        (void)crypto_xof_shake128_squeeze(&draws, key, sizeof key);
        (void)crypto_xof_shake128_squeeze(&draws, nonce, sizeof nonce);
        (void)crypto_xof_shake128_squeeze(&draws, &length, 1);
        (void)crypto_xof_shake128_squeeze(&draws, text, length);
        (void)crypto_xof_shake128_squeeze(&draws, &ad_length, 1);
        (void)crypto_xof_shake128_squeeze(&draws, ad, ad_length);
        suite->seal(text, length, ad, ad_length, nonce, key);
        (void)crypto_xof_shake128_update(&sum, text, (size_t)length + ZKS_TAG_BYTES);
        ck_assert_int_eq(
            suite->open(text, (size_t)length + ZKS_TAG_BYTES, ad, ad_length, nonce, key), ZKS_OK);
    }
    (void)crypto_xof_shake128_squeeze(&sum, hash_bytes, sizeof hash_bytes);
    vectors_expect(block, "hash", hash_bytes, sizeof hash_bytes);
}

static void pbkdf2(const char *block)
{
    zks__pbkdf2 p = {.iterations = vectors_number(block, "iterations")};
    uint8_t key[ZKS_KEY_BYTES];
    vectors_get(block, "passphrase", &a);
    vectors_get(block, "salt", &b);
    memcpy(p.salt, b.bytes, b.length);
    p.salt_length = b.length;
    ck_assert_int_eq(zks__crypto_pbkdf2_derive(&p, (const char *)a.bytes, a.length, key), ZKS_OK);
    vectors_expect(block, "key", key, sizeof key);
}

static void mlkem(const char *block)
{
    uint8_t public_key[ZKS_KEM_PUBLIC_BYTES];
    vectors_get(block, "seed", &a);
    zks__crypto_kem_public(a.bytes, public_key);
    vectors_expect(block, "public", public_key, sizeof public_key);
}

static void mlkem_dec(const char *block)
{
    uint8_t shared[ZKS_KEM_SHARED_BYTES];
    mlkem(block);
    vectors_get(block, "ct", &b);
    ck_assert_uint_eq(b.length, ZKS_KEM_CT_BYTES);
    zks__crypto_kem_dec(a.bytes, b.bytes, shared);
    vectors_expect(block, "shared", shared, sizeof shared);
}

static void mlkem_enc(const char *block)
{
    uint8_t ct[ZKS_KEM_CT_BYTES], shared[ZKS_KEM_SHARED_BYTES];
    vectors_get(block, "public", &a);
    vectors_get(block, "random", &b);
    ck_assert_int_eq(zks__crypto_kem_enc(a.bytes, b.bytes, ct, shared), ZKS_OK);
    vectors_expect(block, "ct", ct, sizeof ct);
    vectors_expect(block, "shared", shared, sizeof shared);
}

static void mlkem_bad(const char *block)
{
    uint8_t ct[ZKS_KEM_CT_BYTES], shared[ZKS_KEM_SHARED_BYTES];
    vectors_get(block, "public", &a);
    vectors_get(block, "random", &b);
    ck_assert_int_eq(zks__crypto_kem_enc(a.bytes, b.bytes, ct, shared), ZKS_E_MALFORMED);
}

static void argon2(const char *block)
{
    zks__argon2 p = {.memory_kib = vectors_number(block, "memory_kib"),
                     .passes = vectors_number(block, "passes")};
    uint8_t key[ZKS_KEY_BYTES];
    vectors_get(block, "passphrase", &a);
    vectors_get(block, "salt", &b);
    memcpy(p.salt, b.bytes, b.length);
    p.salt_length = b.length;
    ck_assert_int_eq(zks__crypto_argon2_derive(&p, (const char *)a.bytes, a.length, key), ZKS_OK);
    vectors_expect(block, "key", key, sizeof key);
}

/* suites: a bit for each that has it. */
enum { ONE = 1 << ZKS_SUITE_SODIUM, TWO = 1 << ZKS_SUITE_APPROVED, BOTH = ONE | TWO };

static const struct {
    const char *prefix;
    unsigned least, suites;
    check_fn check;
} kinds[] = {{"sha256:", 2, BOTH, sha256},
             {"sha256:", 2, TWO, hash},
             {"blake2b-256:", 3, ONE, hash},
             {"hmac-sha256:", 2, BOTH, hmac},
             {"hkdf-extract:", 2, BOTH, extract},
             {"hkdf-expand:", 3, BOTH, expand},
             {"ed25519:", 3, BOTH, ed25519},
             {"x25519:", 1, ONE, x25519},
             {"p256:", 6, TWO, p256},
             {"xchacha20-poly1305:", 1, ONE, aead},
             {"xaes-256-gcm:", 2, TWO, aead},
             {"xaes-256-gcm-accumulated:", 1, TWO, accumulated},
             {"noise-aesgcm:", 3, TWO, session},
             {"xwing:", 3, ONE, xwing},
             {"mlkem768-p256:", 2, TWO, sealing},
             {"mlkem768:", 3, BOTH, mlkem},
             {"mlkem768-dec:", 5, BOTH, mlkem_dec},
             {"mlkem768-enc:", 3, BOTH, mlkem_enc},
             {"mlkem768-bad:", 2, BOTH, mlkem_bad},
             {"argon2id:", 3, ONE, argon2},
             {"pbkdf2:", 2, TWO, pbkdf2}};

/* A build without a suite has nothing to ask of it. */
START_TEST(crypto_known_answers_agree)
{
    ck_assert_int_eq(zks__crypto_init(), ZKS_OK);
    for (unsigned id = ZKS_SUITE_SODIUM; id <= ZKS_SUITE_APPROVED; id++) {
        suite = zks__crypto_suite((uint8_t)id);
        if (suite && kinds[_i].suites & 1u << id) {
            each(kinds[_i].prefix, kinds[_i].least, kinds[_i].check);
        }
    }
}
END_TEST

static void add(TCase *t)
{
    tcase_add_loop_test(t, crypto_known_answers_agree, 0, sizeof kinds / sizeof kinds[0]);
}

int main(void)
{
    return unit_main("crypto vectors", add);
}
