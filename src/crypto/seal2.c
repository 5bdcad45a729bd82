/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * MLKEM768-P256: draft-irtf-cfrg-concrete-hybrid-kems-04 over draft-irtf-cfrg-hybrid-kems (the CG
 * framework), the sibling of X-Wing. ML-KEM is libsodium's, P-256 and SHAKE256 are nettle's,
 * SHA3-256 is GnuTLS's.
 *
 *   seed (32)    -> SHAKE256: ML-KEM's d z (64), the candidates of the scalar (4 * 32)
 *   public key   =  ek_PQ (1184) ek_T (65)
 *   ciphertext   =  ct_PQ (1088) ct_T (65)
 *   secret       =  SHA3-256(ss_PQ ss_T ct_T ek_T "MLKEM768-P256")
 */
#include "crypto/private.h"

#include <gnutls/crypto.h>
#include <nettle/sha3.h>

enum {
    CANDIDATES = 4,
    SCALAR_SEED = CANDIDATES * ZKS_P256_SCALAR_BYTES,
    POINT = ZKS_P256_POINT_BYTES
};

_Static_assert(ZKS_SEAL_RANDOM_BYTES == ZKS_KEM_RANDOM_BYTES + SCALAR_SEED, "encapsulation");

typedef struct keys {
    uint8_t kem_seed[ZKS_KEM_SEED_BYTES];
    uint8_t scalar[ZKS_P256_SCALAR_BYTES];
} keys;

/* RandomScalar of the draft: the first candidate that is in range. That none is happens once in
 * 2^128 seeds; the draft fails then, here the last one is stretched to a scalar. */
static void random_scalar(const uint8_t seed[SCALAR_SEED], uint8_t out[ZKS_P256_SCALAR_BYTES])
{
    const uint8_t *candidate = seed;
    for (size_t i = 1; i < CANDIDATES && !zks__p256_is_scalar(candidate); i++) {
        candidate += ZKS_P256_SCALAR_BYTES;
    }
    zks__p256_scalar(candidate, out);
}

static void expand(const uint8_t seed[ZKS_SEAL_SEED_BYTES], keys *out)
{
    uint8_t bytes[ZKS_KEM_SEED_BYTES + SCALAR_SEED];
    struct sha3_256_ctx shake;
    sha3_256_init(&shake);
    sha3_256_update(&shake, ZKS_SEAL_SEED_BYTES, seed);
    sha3_256_shake(&shake, sizeof bytes, bytes);
    memcpy(out->kem_seed, bytes, sizeof out->kem_seed);
    random_scalar(bytes + ZKS_KEM_SEED_BYTES, out->scalar);
    zks__wipe(bytes, sizeof bytes);
    zks__wipe(&shake, sizeof shake);
}

static void combine(const uint8_t kem_shared[ZKS_KEM_SHARED_BYTES],
                    const uint8_t shared[ZKS_P256_SHARED_BYTES], const uint8_t ct[POINT],
                    const uint8_t public_key[POINT], uint8_t out[ZKS_SEAL_SHARED_BYTES])
{
    static const char label[] = "MLKEM768-P256";
    uint8_t text[ZKS_KEM_SHARED_BYTES + ZKS_P256_SHARED_BYTES + 2 * POINT + sizeof label];
    zks__writer w = zks__writer_of(text, sizeof text);
    zks__write_bytes(&w, kem_shared, ZKS_KEM_SHARED_BYTES);
    zks__write_bytes(&w, shared, ZKS_P256_SHARED_BYTES);
    zks__write_bytes(&w, ct, POINT);
    zks__write_bytes(&w, public_key, POINT);
    zks__write_bytes(&w, label, sizeof label - 1);
    if (gnutls_hash_fast(GNUTLS_DIG_SHA3_256, text, w.length, out) < 0) {
        struct sha3_256_ctx sha3;
        sha3_256_init(&sha3);
        sha3_256_update(&sha3, w.length, text);
        sha3_256_digest(&sha3, ZKS_SEAL_SHARED_BYTES, out);
        zks__wipe(&sha3, sizeof sha3);
    }
    zks__wipe(text, sizeof text);
}

void zks__seal2_public(const uint8_t seed[ZKS_SEAL_SEED_BYTES], uint8_t *out_public)
{
    keys k;
    expand(seed, &k);
    zks__crypto_kem_public(k.kem_seed, out_public);
    zks__p256_public(k.scalar, out_public + ZKS_KEM_PUBLIC_BYTES);
    zks__wipe(&k, sizeof k);
}

zks_status zks__seal2_enc(const uint8_t *public_key, const uint8_t random[ZKS_SEAL_RANDOM_BYTES],
                          uint8_t *out_ct, uint8_t out_shared[ZKS_SEAL_SHARED_BYTES])
{
    const uint8_t *point = public_key + ZKS_KEM_PUBLIC_BYTES;
    uint8_t scalar[ZKS_P256_SCALAR_BYTES], ct[POINT], shared[ZKS_P256_SHARED_BYTES];
    uint8_t kem_ct[ZKS_KEM_CT_BYTES], kem_shared[ZKS_KEM_SHARED_BYTES];
    random_scalar(random + ZKS_KEM_RANDOM_BYTES, scalar);
    zks_status status = zks__p256_shared(scalar, point, shared);
    if (!status) {
        status = zks__crypto_kem_enc(public_key, random, kem_ct, kem_shared);
    }
    if (!status) {
        zks__p256_public(scalar, ct);
        combine(kem_shared, shared, ct, point, out_shared);
        memcpy(out_ct, kem_ct, sizeof kem_ct);
        memcpy(out_ct + sizeof kem_ct, ct, sizeof ct);
    }
    zks__wipe(scalar, sizeof scalar);
    zks__wipe(shared, sizeof shared);
    zks__wipe(kem_shared, sizeof kem_shared);
    return status;
}

zks_status zks__seal2_dec(const uint8_t seed[ZKS_SEAL_SEED_BYTES], const uint8_t *ct,
                          uint8_t out_shared[ZKS_SEAL_SHARED_BYTES])
{
    keys k;
    uint8_t public_key[POINT], shared[ZKS_P256_SHARED_BYTES], kem_shared[ZKS_KEM_SHARED_BYTES];
    expand(seed, &k);
    zks_status status = zks__p256_shared(k.scalar, ct + ZKS_KEM_CT_BYTES, shared);
    if (!status) {
        zks__p256_public(k.scalar, public_key);
        zks__crypto_kem_dec(k.kem_seed, ct, kem_shared);
        combine(kem_shared, shared, ct + ZKS_KEM_CT_BYTES, public_key, out_shared);
    }
    zks__wipe(&k, sizeof k);
    zks__wipe(shared, sizeof shared);
    zks__wipe(kem_shared, sizeof kem_shared);
    return status;
}
