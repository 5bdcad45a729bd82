/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Cryptography: a thin layer over libsodium, so that nothing above names a primitive. What differs
 * between suites stands in one table (zks__suite). Nothing here draws randomness or reads a clock;
 * keys, nonces and seeds are arguments.
 *
 * Any thread, re-entrant, after zks__crypto_init.
 */
#ifndef ZKS_CRYPTO_CRYPTO_H
#define ZKS_CRYPTO_CRYPTO_H

#include "base/bytes.h"
#include "base/env.h"

enum {
    ZKS_SUITE_SODIUM = 1, /* XChaCha20-Poly1305, BLAKE2b-256, Ed25519, X25519, ML-KEM-768, X-Wing */

    ZKS_KEY_BYTES = 32,
    ZKS_HASH_BYTES = 32,
    ZKS_NONCE_BYTES = 24,
    ZKS_TAG_BYTES = 16,
    ZKS_SIGN_SEED_BYTES = 32,
    ZKS_SIGN_PUBLIC_BYTES = 32,
    ZKS_SIGN_BYTES = 64,
    ZKS_DH_PUBLIC_BYTES = 32,
    ZKS_DH_SECRET_BYTES = 32,
    ZKS_DH_SHARED_BYTES = 32,
    ZKS_KEM_PUBLIC_BYTES = 1184, /* ML-KEM-768, FIPS 203, in all suites */
    ZKS_KEM_SEED_BYTES = 64,     /* d || z */
    ZKS_KEM_RANDOM_BYTES = 32,   /* m */
    ZKS_KEM_CT_BYTES = 1088,
    ZKS_KEM_SHARED_BYTES = 32,
    ZKS_SEAL_PUBLIC_BYTES = 1216, /* X-Wing, draft-connolly-cfrg-xwing-kem */
    ZKS_SEAL_SEED_BYTES = 32,
    ZKS_SEAL_RANDOM_BYTES = 64,
    ZKS_SEAL_CT_BYTES = 1120,
    ZKS_SEAL_SHARED_BYTES = 32,
    ZKS_HASH_STATE_BYTES = 448
};

/* Starts the library underneath; idempotent, any thread. ZKS_E_SYSTEM: no source of randomness. */
ZKS_MUST_USE zks_status zks__crypto_init(void);
/* The operating system's generator. */
zks__rng zks__crypto_rng(void);

/* Incremental hash; on the stack. */
typedef struct zks__hash {
    uint8_t state[ZKS_HASH_STATE_BYTES]; /* holds one that is aligned; so do not copy it */
    uint8_t suite;
} zks__hash;

typedef struct zks__suite {
    uint8_t id;
    const char *name;       /* "xchacha20poly1305-blake2b-ed25519-x25519-mlkem768" */
    const char *noise_name; /* of its sessions: pattern, DH, KEM, cipher and hash (src/noise) */
    void (*hash_init)(zks__hash *h);
    void (*hash_update)(zks__hash *h, const void *data, size_t length);
    void (*hash_final)(zks__hash *h, uint8_t out[ZKS_HASH_BYTES]);
    /* data[0..length) becomes ciphertext in place, the tag goes to data[length..length +
     * ZKS_TAG_BYTES). */
    void (*seal)(uint8_t *data, size_t length, const uint8_t *ad, size_t ad_length,
                 const uint8_t nonce[ZKS_NONCE_BYTES], const uint8_t key[ZKS_KEY_BYTES]);
    /* length counts the tag; the plaintext is the first length - ZKS_TAG_BYTES bytes.
     * ZKS_E_TRUNCATED, ZKS_E_DECRYPT (the contents are then undefined). */
    zks_status (*open)(uint8_t *data, size_t length, const uint8_t *ad, size_t ad_length,
                       const uint8_t nonce[ZKS_NONCE_BYTES], const uint8_t key[ZKS_KEY_BYTES]);

    /* Sessions: the cipher of the Noise specification (section 12), whose nonce is a counter. Data,
     * length and results as seal and open. */
    void (*record_seal)(uint8_t *data, size_t length, const uint8_t *ad, size_t ad_length,
                        uint64_t n, const uint8_t key[ZKS_KEY_BYTES]);
    zks_status (*record_open)(uint8_t *data, size_t length, const uint8_t *ad, size_t ad_length,
                              uint64_t n, const uint8_t key[ZKS_KEY_BYTES]);
    /* Sessions: Diffie-Hellman. ZKS_E_MALFORMED: the peer's key gives no secret (small order, or
     * not on the curve); out is untouched then. */
    size_t dh_public_bytes;
    void (*dh_public)(const uint8_t secret[ZKS_DH_SECRET_BYTES], uint8_t *out_public);
    zks_status (*dh)(const uint8_t secret[ZKS_DH_SECRET_BYTES], const uint8_t *peer,
                     uint8_t out_shared[ZKS_DH_SHARED_BYTES]);
    /* Sealing a secret to a device's key: a hybrid KEM. A ciphertext for another key opens to
     * another secret (implicit rejection). ZKS_E_MALFORMED: the public key or the ciphertext is not
     * canonical. */
    size_t seal_public_bytes, seal_ct_bytes;
    void (*seal_public)(const uint8_t seed[ZKS_SEAL_SEED_BYTES], uint8_t *out_public);
    zks_status (*seal_enc)(const uint8_t *public_key, const uint8_t random[ZKS_SEAL_RANDOM_BYTES],
                           uint8_t *out_ct, uint8_t out_shared[ZKS_SEAL_SHARED_BYTES]);
    zks_status (*seal_dec)(const uint8_t seed[ZKS_SEAL_SEED_BYTES], const uint8_t *ct,
                           uint8_t out_shared[ZKS_SEAL_SHARED_BYTES]);
} zks__suite;

/* NULL: not in this build. */
const zks__suite *zks__crypto_suite(uint8_t id);

/* SHA-256 whatever the suite: group ids, session hashes. */
void zks__crypto_sha256(const void *data, size_t length, uint8_t out[32]);
/* SHA-256 of a and, behind it, b. out may be one of them. */
void zks__crypto_sha256_two(const void *a, size_t a_length, const void *b, size_t b_length,
                            uint8_t out[32]);

/* HKDF-SHA256 (RFC 5869). Extract with salt "0k-sync/2" once, then Expand with an info built by the
 * caller from lp() parts. length <= 255 * 32. */
void zks__crypto_extract(const uint8_t *secret, size_t length, uint8_t out_prk[32]);
void zks__crypto_expand(const uint8_t prk[32], const void *info, size_t info_length, uint8_t *out,
                        size_t length);

/* Ed25519. The secret form is the 32-byte seed and the public key (libsodium's 64-byte form). */
typedef struct zks__sign_key {
    uint8_t secret[64]; /* seed || public */
} zks__sign_key;
void zks__crypto_sign_key(const uint8_t seed[ZKS_SIGN_SEED_BYTES], zks__sign_key *out_key);
static inline const uint8_t *zks__crypto_sign_public(const zks__sign_key *k)
{
    return k->secret + ZKS_SIGN_SEED_BYTES;
}
void zks__crypto_sign(const zks__sign_key *key, const void *message, size_t length,
                      uint8_t out[ZKS_SIGN_BYTES]);
/* ZKS_E_BAD_SIGNATURE; strict: small-order keys and non-canonical S are refused. */
ZKS_MUST_USE zks_status zks__crypto_verify(const uint8_t public_key[ZKS_SIGN_PUBLIC_BYTES],
                                           const void *message, size_t length,
                                           const uint8_t signature[ZKS_SIGN_BYTES]);

/* HMAC-SHA256 (RFC 2104): Noise's HKDF and key confirmations. */
void zks__crypto_hmac(const uint8_t *key, size_t key_length, const void *data, size_t length,
                      uint8_t out[32]);

/* ML-KEM-768 (FIPS 203), the same in all suites. A secret key is its 64-byte seed; the expanded one
 * is made where it is used and wiped. enc: ZKS_E_MALFORMED when the public key is not canonical.
 * dec never fails: a ciphertext that was tampered with gives another secret (implicit rejection).
 */
void zks__crypto_kem_public(const uint8_t seed[ZKS_KEM_SEED_BYTES],
                            uint8_t out_public[ZKS_KEM_PUBLIC_BYTES]);
ZKS_MUST_USE zks_status zks__crypto_kem_enc(const uint8_t public_key[ZKS_KEM_PUBLIC_BYTES],
                                            const uint8_t random[ZKS_KEM_RANDOM_BYTES],
                                            uint8_t out_ct[ZKS_KEM_CT_BYTES],
                                            uint8_t out_shared[ZKS_KEM_SHARED_BYTES]);
void zks__crypto_kem_dec(const uint8_t seed[ZKS_KEM_SEED_BYTES], const uint8_t ct[ZKS_KEM_CT_BYTES],
                         uint8_t out_shared[ZKS_KEM_SHARED_BYTES]);

/* What CPace needs (src/pairing): SHA-512 (FIPS 180-4), HMAC-SHA512 (RFC 2104), ristretto255 (RFC
 * 9496). Suite 1 only: no part of it is an approved algorithm. */
enum { ZKS_SHA512_BYTES = 64, ZKS_RISTRETTO_BYTES = 32, ZKS_RISTRETTO_SCALAR_BYTES = 32 };
void zks__crypto_sha512(const void *data, size_t length, uint8_t out[ZKS_SHA512_BYTES]);
void zks__crypto_hmac512(const uint8_t *key, size_t key_length, const void *data, size_t length,
                         uint8_t out[ZKS_SHA512_BYTES]);
/* The element derivation of RFC 9496, section 4.3.4, encoded. */
void zks__crypto_ristretto_of_hash(const uint8_t hash[ZKS_SHA512_BYTES],
                                   uint8_t out[ZKS_RISTRETTO_BYTES]);
/* A scalar from 32 random bytes: the top 4 bits cleared (draft-irtf-cfrg-cpace-21, sample_scalar).
 * out may be random. */
void zks__crypto_ristretto_scalar(const uint8_t random[ZKS_RISTRETTO_SCALAR_BYTES],
                                  uint8_t out[ZKS_RISTRETTO_SCALAR_BYTES]);
/* ZKS_E_MALFORMED: the element does not decode, or the product is the identity; out is untouched
 * then. */
ZKS_MUST_USE zks_status zks__crypto_ristretto_mult(const uint8_t scalar[ZKS_RISTRETTO_SCALAR_BYTES],
                                                   const uint8_t element[ZKS_RISTRETTO_BYTES],
                                                   uint8_t out[ZKS_RISTRETTO_BYTES]);

/* Argon2id v1.3, p = 1, with a descriptor that travels (RFC 9106; PHC string format). */
typedef struct zks__argon2 {
    uint32_t memory_kib;
    uint32_t passes;
    uint8_t salt[64];
    size_t salt_length; /* 16..64 */
} zks__argon2;
enum { ZKS_ARGON2_TEXT_BYTES = 160 };
/* Reads `$argon2id$v=19$m=..,t=..,p=1$salt` (base64 without padding). ZKS_E_DESCRIPTOR: malformed,
 * or not
 * ((m >= 19 MiB and t >= 2) or (m >= 46 MiB and t >= 1)), m <= 1 GiB, t <= 10, salt 16..64 bytes.
 */
ZKS_MUST_USE zks_status zks__crypto_argon2_parse(const char *text, size_t length, zks__argon2 *out);
/* The text of it; out holds ZKS_ARGON2_TEXT_BYTES. ZKS_E_DESCRIPTOR as in parse. */
ZKS_MUST_USE zks_status zks__crypto_argon2_format(const zks__argon2 *a,
                                                  char out[ZKS_ARGON2_TEXT_BYTES]);
/* Parameters for a machine with so much memory: 19 MiB/t2 below 4 GiB, 46 MiB/t1 up to 8 GiB, 64
 * MiB/t3 above. */
void zks__crypto_argon2_choose(uint64_t ram_bytes, zks__argon2 *out);
/* An app's salt of any length as the 16 bytes that Argon2id takes: 16 as they are, others through
 * BLAKE2b-128, never cut off. */
enum { ZKS_SALT_BYTES = 16 };
void zks__crypto_salt(const uint8_t *salt, size_t length, uint8_t out[ZKS_SALT_BYTES]);
/* Blocks for 30 ms to seconds: never on a loop thread. A salt of other than 16 bytes goes through
 * BLAKE2b-128 first. ZKS_E_NOMEM, ZKS_E_PASSPHRASE (empty or longer than 1,024 bytes),
 * ZKS_E_DESCRIPTOR. */
ZKS_MUST_USE zks_status zks__crypto_argon2_derive(const zks__argon2 *a, const char *passphrase,
                                                  size_t length, uint8_t out_key[ZKS_KEY_BYTES]);

/*
 * Secret memory: one locked, guarded arena per process would be a mutable global, so an arena is an
 * object. Blocks are wiped when freed. Thread-safe.
 */
typedef struct zks__arena zks__arena;
/* size is rounded up to pages. Where the system's lock limit is too low the memory is guarded but
 * not locked: *out_locked (may be NULL) says so. ZKS_E_NOMEM. */
ZKS_MUST_USE zks_status zks__arena_new(size_t size, zks__arena **out_arena, int *out_locked);
/* Wipes and frees all of it; every block must have been freed (asserted in debug builds). NULL is
 * fine. */
void zks__arena_free(zks__arena *a);
/* Zeroed, 16-byte aligned; NULL: the arena is full. */
void *zks__arena_alloc(zks__arena *a, size_t size);
/* Whether a block is of this arena. */
bool zks__arena_owns(const zks__arena *a, const void *block);
/* Wipes. NULL is fine. */
void zks__arena_release(zks__arena *a, void *block, size_t size);

#endif
