/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* tests/vectors/crypto.txt, which names the source of each answer. */
#include "crypto/crypto.h"
#include "tests/support/unit.h"
#include "tests/support/vectors.h"

static vectors file;
static vector_value a, b, c, d;

/* One check of one block. */
typedef void (*check_fn)(const char *block);

static void each(const char *prefix, unsigned least, check_fn check)
{
    ck_assert_int_eq(zks__crypto_init(), ZKS_OK);
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
    zks__crypto_sha256(a.bytes, a.length, digest);
    vectors_expect(block, "digest", digest, sizeof digest);
}

static void blake2b(const char *block)
{
    const zks__suite *suite = zks__crypto_suite(ZKS_SUITE_SODIUM);
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
    zks__crypto_extract(a.bytes, a.length, prk);
    vectors_expect(block, "prk", prk, sizeof prk);
}

static void expand(const char *block)
{
    vectors_get(block, "prk", &a);
    vectors_get(block, "info", &b);
    vectors_get(block, "okm", &c);
    zks__crypto_expand(a.bytes, b.bytes, b.length, d.bytes, c.length);
    vectors_expect(block, "okm", d.bytes, c.length);
}

static void ed25519(const char *block)
{
    zks__sign_key key;
    uint8_t signature[ZKS_SIGN_BYTES];
    vectors_get(block, "seed", &a);
    vectors_get(block, "message", &b);
    vectors_get(block, "signature", &c);
    zks__crypto_sign_key(a.bytes, &key);
    vectors_expect(block, "public", zks__crypto_sign_public(&key), ZKS_SIGN_PUBLIC_BYTES);
    zks__crypto_sign(&key, b.bytes, b.length, signature);
    vectors_expect(block, "signature", signature, sizeof signature);
    ck_assert_int_eq(zks__crypto_verify(zks__crypto_sign_public(&key), b.bytes, b.length, c.bytes),
                     ZKS_OK);
}

static void x25519(const char *block)
{
    uint8_t public_key[ZKS_DH_PUBLIC_BYTES];
    vectors_get(block, "secret", &a);
    zks__crypto_suite(ZKS_SUITE_SODIUM)->dh_public(a.bytes, public_key);
    vectors_expect(block, "public", public_key, sizeof public_key);
}

static void xchacha(const char *block)
{
    const zks__suite *suite = zks__crypto_suite(ZKS_SUITE_SODIUM);
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
    const zks__suite *suite = zks__crypto_suite(ZKS_SUITE_SODIUM);
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

static const struct {
    const char *prefix;
    unsigned least;
    check_fn check;
} kinds[] = {{"sha256:", 2, sha256},
             {"blake2b-256:", 3, blake2b},
             {"hkdf-extract:", 2, extract},
             {"hkdf-expand:", 3, expand},
             {"ed25519:", 3, ed25519},
             {"x25519:", 1, x25519},
             {"xchacha20-poly1305:", 1, xchacha},
             {"xwing:", 3, xwing},
             {"mlkem768:", 3, mlkem},
             {"mlkem768-dec:", 5, mlkem_dec},
             {"mlkem768-enc:", 3, mlkem_enc},
             {"mlkem768-bad:", 2, mlkem_bad},
             {"argon2id:", 3, argon2}};

START_TEST(crypto_known_answers_agree)
{
    each(kinds[_i].prefix, kinds[_i].least, kinds[_i].check);
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
