/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What the parts of crypto share: the rows of the suite table, and the pieces of suite 2. Any
 * thread; lengths are in bytes.
 */
#ifndef ZKS_CRYPTO_PRIVATE_H
#define ZKS_CRYPTO_PRIVATE_H

#include "crypto/crypto.h"

#ifdef ZKS_WITH_SUITE1
/* An app's salt of any length as the 16 bytes that Argon2id takes: 16 as they are, others through
 * BLAKE2b-128, never cut off. */
void zks__argon2_salt(const uint8_t *salt, size_t length, uint8_t out[ZKS_SALT_BYTES]);
extern const zks__suite zks__crypto_suite1;
#endif

/* The text of a descriptor, PHC string format; one set of parameters has one text only (no leading
 * zeros, base64 without padding or stray bits), so that descriptors can be compared as texts. */
enum { ZKS_PHC_SALT_MIN = 16, ZKS_PHC_SALT_MAX = 64, ZKS_PHC_SALT_TEXT = 87 };
/* Expects a text; the reader fails otherwise. */
void zks__phc_expect(zks__reader *r, const char *text);
/* A decimal number below 10^9 without leading zeros. */
uint32_t zks__phc_number(zks__reader *r);
/* All that is left. false: not canonical, or not 16..64 bytes. */
ZKS_MUST_USE bool zks__phc_salt(const zks__reader *r, uint8_t out[ZKS_PHC_SALT_MAX],
                                size_t *out_length);
void zks__phc_write_salt(const uint8_t *salt, size_t length, char out[ZKS_PHC_SALT_TEXT]);

enum { ZKS_PASSPHRASE_MAX = 1024 };

#ifdef ZKS_WITH_SUITE2
extern const zks__suite zks__crypto_suite2;

/*
 * Runs the known-answer tests of suite 2 (selftest.c). corrupt: the name of a test whose answer is
 * falsified first (NULL: none), which is how tests see a failure. *out_failed: the name of the
 * first test that failed. ZKS_E_INTERNAL then.
 */
ZKS_MUST_USE zks_status zks__crypto_selftest(const char *corrupt, const char **out_failed);

/*
 * P-256 (SP 800-186) by nettle. Points are uncompressed (SEC 1: 04 x y), scalars big-endian.
 */
enum { ZKS_P256_SCALAR_BYTES = 32, ZKS_P256_POINT_BYTES = 65, ZKS_P256_SHARED_BYTES = 32 };
/* 0 < scalar < n */
ZKS_MUST_USE bool zks__p256_is_scalar(const uint8_t scalar[ZKS_P256_SCALAR_BYTES]);
/*
 * A scalar from 32 random bytes: they themselves when they are in range (all but one in 2^32),
 * otherwise the first HMAC-SHA256(key = secret, lp("0k-p256-v1") i), i = 1, 2, ..., which is.
 * (Rejection sampling of FIPS 186-5, A.2.2: no bias.)
 */
void zks__p256_scalar(const uint8_t secret[32], uint8_t out_scalar[ZKS_P256_SCALAR_BYTES]);
/* scalar is in range. */
void zks__p256_public(const uint8_t scalar[ZKS_P256_SCALAR_BYTES],
                      uint8_t out_point[ZKS_P256_POINT_BYTES]);
/* The x coordinate (SP 800-56A, 5.7.1.2). ZKS_E_MALFORMED: not an uncompressed point of the curve;
 * the point at infinity has no such form, and the curve's cofactor is 1. */
ZKS_MUST_USE zks_status zks__p256_shared(const uint8_t scalar[ZKS_P256_SCALAR_BYTES],
                                         const uint8_t peer[ZKS_P256_POINT_BYTES],
                                         uint8_t out_shared[ZKS_P256_SHARED_BYTES]);

/* MLKEM768-P256 (seal2.c), as in the table. */
void zks__seal2_public(const uint8_t seed[ZKS_SEAL_SEED_BYTES], uint8_t *out_public);
ZKS_MUST_USE zks_status zks__seal2_enc(const uint8_t *public_key,
                                       const uint8_t random[ZKS_SEAL_RANDOM_BYTES], uint8_t *out_ct,
                                       uint8_t out_shared[ZKS_SEAL_SHARED_BYTES]);
ZKS_MUST_USE zks_status zks__seal2_dec(const uint8_t seed[ZKS_SEAL_SEED_BYTES], const uint8_t *ct,
                                       uint8_t out_shared[ZKS_SEAL_SHARED_BYTES]);

/*
 * What GnuTLS does, done by nettle on the stack (stack2.c): for calls that may not fail, when
 * GnuTLS has no memory for a handle. nettle is what GnuTLS itself calls for these algorithms.
 */
void zks__stack2_hmac(const void *key, size_t key_length, const void *data, size_t length,
                      uint8_t out[32]);
void zks__stack2_expand(const uint8_t prk[32], const void *info, size_t info_length, uint8_t *out,
                        size_t length);
void zks__stack2_cmac(const uint8_t key[32], const uint8_t block[16], uint8_t out[16]);
void zks__stack2_gcm_seal(uint8_t *data, size_t length, const uint8_t *ad, size_t ad_length,
                          const uint8_t nonce[12], const uint8_t key[32]);
ZKS_MUST_USE bool zks__stack2_gcm_open(uint8_t *data, size_t text, const uint8_t *ad,
                                       size_t ad_length, const uint8_t nonce[12],
                                       const uint8_t key[32]);
#endif

#endif
