/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Cryptography: a thin layer over libsodium (suite 1) and GnuTLS with nettle (suite 2, the approved
 * algorithms), so that nothing above names a primitive. What differs between suites stands in one
 * table (zks__suite). Nothing here draws randomness or reads a clock; keys, nonces and seeds are
 * arguments. A build may leave either suite out (ZKS_SUITE1, ZKS_SUITE2); ML-KEM and the system's
 * randomness come from libsodium in all builds.
 *
 * Any thread, re-entrant, after zks__crypto_init.
 */
#ifndef ZKS_CRYPTO_CRYPTO_H
#define ZKS_CRYPTO_CRYPTO_H

#include "base/bytes.h"
#include "base/env.h"

enum {
    ZKS_SUITE_SODIUM = 1, /* XChaCha20-Poly1305, BLAKE2b-256, Ed25519, X25519, ML-KEM-768, X-Wing */
    ZKS_SUITE_APPROVED = 2, /* XAES-256-GCM, SHA-256, Ed25519, P-256, ML-KEM-768, MLKEM768-P256 */

    ZKS_KEY_BYTES = 32,
    ZKS_HASH_BYTES = 32,
    ZKS_NONCE_BYTES = 24,
    ZKS_TAG_BYTES = 16,
    ZKS_SIGN_SEED_BYTES = 32,
    ZKS_SIGN_PUBLIC_BYTES = 32,
    ZKS_SIGN_BYTES = 64,
    ZKS_DH_PUBLIC_BYTES = 32,     /* suite 1; in general zks__suite.dh_public_bytes */
    ZKS_DH_PUBLIC_MAX_BYTES = 65, /* suite 2: an uncompressed point of P-256 */
    ZKS_DH_SECRET_BYTES = 32,
    ZKS_DH_SHARED_BYTES = 32,
    ZKS_KEM_PUBLIC_BYTES = 1184, /* ML-KEM-768, FIPS 203, in all suites */
    ZKS_KEM_SEED_BYTES = 64,     /* d || z */
    ZKS_KEM_RANDOM_BYTES = 32,   /* m */
    ZKS_KEM_CT_BYTES = 1088,
    ZKS_KEM_SHARED_BYTES = 32,
    ZKS_SEAL_PUBLIC_BYTES = 1216,     /* X-Wing, draft-connolly-cfrg-xwing-kem: suite 1 */
    ZKS_SEAL_PUBLIC_MAX_BYTES = 1249, /* MLKEM768-P256, draft-irtf-cfrg-concrete-hybrid-kems: 2 */
    ZKS_SEAL_SEED_BYTES = 32,
    ZKS_SEAL_RANDOM_BYTES = 160, /* ML-KEM's 32 and four candidates of a scalar; X-Wing takes 64 */
    ZKS_SEAL_CT_BYTES = 1120,
    ZKS_SEAL_CT_MAX_BYTES = 1153,
    ZKS_SEAL_SHARED_BYTES = 32,
    ZKS_HASH_STATE_BYTES = 448
};

/*
 * Starts the libraries underneath and, the first time, runs the known-answer tests of suite 2 (a
 * few ms); idempotent, any thread. ZKS_E_SYSTEM: no source of randomness. Where the tests fail,
 * suite 2 is refused from then on; ZKS_E_INTERNAL when the build has no other suite.
 */
ZKS_MUST_USE zks_status zks__crypto_init(void);
/* The same with one answer of the known-answer tests falsified: how tests see them fail. Only the
 * first start of a process counts. */
ZKS_MUST_USE zks_status zks__crypto_start(const char *corrupt);

/* What is known of suite 2. */
typedef struct zks__crypto_report {
    bool suite1, suite2;     /* in this build */
    bool tested;             /* the known-answer tests of suite 2 ran */
    const char *failed_test; /* NULL: none failed */
    uint32_t test_us;        /* how long they took */
    bool fips_mode;          /* GnuTLS is a FIPS 140 build and in that mode */
    bool fips_approved;      /* then: it called all its operations in the tests approved */
} zks__crypto_report;
void zks__crypto_report_get(zks__crypto_report *out);
/* The operating system's generator. */
zks__rng zks__crypto_rng(void);

/* Incremental hash; on the stack. */
typedef struct zks__hash {
    uint8_t state[ZKS_HASH_STATE_BYTES]; /* holds one that is aligned; so do not copy it */
    uint8_t suite;
} zks__hash;

/* Ed25519. The secret form is the 32-byte seed and the public key (libsodium's 64-byte form). */
typedef struct zks__sign_key {
    uint8_t secret[64]; /* seed || public */
} zks__sign_key;
static inline const uint8_t *zks__crypto_sign_public(const zks__sign_key *k)
{
    return k->secret + ZKS_SIGN_SEED_BYTES;
}

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
    size_t seal_random_bytes; /* that seal_enc reads, of at most ZKS_SEAL_RANDOM_BYTES */
    void (*seal_public)(const uint8_t seed[ZKS_SEAL_SEED_BYTES], uint8_t *out_public);
    zks_status (*seal_enc)(const uint8_t *public_key, const uint8_t random[ZKS_SEAL_RANDOM_BYTES],
                           uint8_t *out_ct, uint8_t out_shared[ZKS_SEAL_SHARED_BYTES]);
    zks_status (*seal_dec)(const uint8_t seed[ZKS_SEAL_SEED_BYTES], const uint8_t *ct,
                           uint8_t out_shared[ZKS_SEAL_SHARED_BYTES]);

    /* The same algorithms in all suites, computed by the suite's own library; as the functions of
     * these names below. */
    void (*sha256_two)(const void *a, size_t a_length, const void *b, size_t b_length,
                       uint8_t out[32]);
    void (*hmac)(const uint8_t *key, size_t key_length, const void *data, size_t length,
                 uint8_t out[32]);
    void (*extract)(const uint8_t *secret, size_t length, uint8_t out_prk[32]);
    void (*expand)(const uint8_t prk[32], const void *info, size_t info_length, uint8_t *out,
                   size_t length);
    void (*sign_key)(const uint8_t seed[ZKS_SIGN_SEED_BYTES], zks__sign_key *out_key);
    void (*sign)(const zks__sign_key *key, const void *message, size_t length,
                 uint8_t out[ZKS_SIGN_BYTES]);
    zks_status (*verify)(const uint8_t public_key[ZKS_SIGN_PUBLIC_BYTES], const void *message,
                         size_t length, const uint8_t signature[ZKS_SIGN_BYTES]);
} zks__suite;

/* NULL: not in this build, or its known-answer tests failed. */
const zks__suite *zks__crypto_suite(uint8_t id);
/* Why: ZKS_OK, ZKS_E_SUITE (not in this build, or no suite at all), ZKS_E_INTERNAL (a known-answer
 * test failed, or zks__crypto_init was not called yet). */
ZKS_MUST_USE zks_status zks__crypto_suite_check(uint8_t id);

/* Of groups whose maker names none: suite 1, or 2 where the build leaves suite 1 out. */
uint8_t zks__crypto_suite_default(void);

/*
 * For callers that have no suite at hand: computed by suite 1's library, or by suite 2's where the
 * build leaves suite 1 out.
 */

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

void zks__crypto_sign_key(const uint8_t seed[ZKS_SIGN_SEED_BYTES], zks__sign_key *out_key);
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

/*
 * A passphrase's key. How it is stretched stands in a descriptor, a text that travels, so that
 * unequal devices derive the same key; it is no secret, but as trusted as one. Each suite has one
 * kind: Argon2id in suite 1, PBKDF2 in suite 2.
 */
enum { ZKS_DESCRIPTOR_BYTES = 160, ZKS_DESCRIPTOR_SALT_MAX_BYTES = 64 };
/* By how it begins: the suite, or 0: that is no descriptor. */
uint8_t zks__crypto_descriptor_suite(const char *text, size_t length);
/* Whether it is well-formed, within the accepted range and of a suite of this build; its salt
 * (out_salt may be NULL). ZKS_E_DESCRIPTOR, ZKS_E_SUITE. */
ZKS_MUST_USE zks_status
zks__crypto_descriptor_check(const char *text, size_t length,
                             uint8_t out_salt[ZKS_DESCRIPTOR_SALT_MAX_BYTES], size_t *out_length);
/* For a new group on a machine with so much memory. ZKS_E_SUITE. */
ZKS_MUST_USE zks_status zks__crypto_descriptor_new(uint8_t suite, uint64_t ram_bytes,
                                                   const uint8_t salt[16],
                                                   char out[ZKS_DESCRIPTOR_BYTES]);
/*
 * For an app that gives a bare salt of at least 8 bytes: parameters that never change (a promise to
 * the apps). Suite 1: 64 MiB, 3 passes, a salt of other than 16 bytes through BLAKE2b-128. Suite 2:
 * 600,000 iterations, a salt of other than 16 to 64 bytes through SHA-256. ZKS_E_SUITE.
 */
ZKS_MUST_USE zks_status zks__crypto_descriptor_of_salt(uint8_t suite, const uint8_t *salt,
                                                       size_t length,
                                                       char out[ZKS_DESCRIPTOR_BYTES]);
/* Blocks for 30 ms to seconds: never on a loop thread. ZKS_E_NOMEM, ZKS_E_PASSPHRASE (empty or
 * longer than 1,024 bytes), ZKS_E_DESCRIPTOR, ZKS_E_SUITE. */
ZKS_MUST_USE zks_status zks__crypto_descriptor_derive(const char *text, size_t length,
                                                      const char *passphrase,
                                                      size_t passphrase_length,
                                                      uint8_t out_key[ZKS_KEY_BYTES]);

/* Argon2id v1.3, p = 1 (RFC 9106; PHC string format). */
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
enum { ZKS_SALT_BYTES = 16 }; /* that Argon2id takes */
/* Blocks for 30 ms to seconds: never on a loop thread. A salt of other than 16 bytes goes through
 * BLAKE2b-128 first. ZKS_E_NOMEM, ZKS_E_PASSPHRASE (empty or longer than 1,024 bytes),
 * ZKS_E_DESCRIPTOR; ZKS_E_SUITE in a build without suite 1. */
ZKS_MUST_USE zks_status zks__crypto_argon2_derive(const zks__argon2 *a, const char *passphrase,
                                                  size_t length, uint8_t out_key[ZKS_KEY_BYTES]);

/* PBKDF2-HMAC-SHA256 (RFC 8018, SP 800-132), for suite 2. */
typedef struct zks__pbkdf2 {
    uint32_t iterations;
    uint8_t salt[64];
    size_t salt_length; /* 16..64 */
} zks__pbkdf2;
enum { ZKS_PBKDF2_ITERATIONS = 600000 }; /* the least that is accepted, and what new groups use */
/* Reads `$pbkdf2-sha256$i=600000$salt`. ZKS_E_DESCRIPTOR: malformed, or not 600,000 to 10,000,000
 * iterations, salt 16..64 bytes. */
ZKS_MUST_USE zks_status zks__crypto_pbkdf2_parse(const char *text, size_t length, zks__pbkdf2 *out);
ZKS_MUST_USE zks_status zks__crypto_pbkdf2_format(const zks__pbkdf2 *p,
                                                  char out[ZKS_DESCRIPTOR_BYTES]);
/* As zks__crypto_argon2_derive; ZKS_E_SUITE in a build without suite 2. */
ZKS_MUST_USE zks_status zks__crypto_pbkdf2_derive(const zks__pbkdf2 *p, const char *passphrase,
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
