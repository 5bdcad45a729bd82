/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* ML-KEM-768 (FIPS 203). */
#include "crypto/crypto.h"

#include <sodium.h>

_Static_assert(crypto_kem_mlkem768_PUBLICKEYBYTES == ZKS_KEM_PUBLIC_BYTES, "public key");
_Static_assert(crypto_kem_mlkem768_SEEDBYTES == ZKS_KEM_SEED_BYTES, "seed");
_Static_assert(crypto_kem_mlkem768_CIPHERTEXTBYTES == ZKS_KEM_CT_BYTES, "ciphertext");
_Static_assert(crypto_kem_mlkem768_SHAREDSECRETBYTES == ZKS_KEM_SHARED_BYTES, "shared secret");

void zks__crypto_kem_public(const uint8_t seed[ZKS_KEM_SEED_BYTES],
                            uint8_t out_public[ZKS_KEM_PUBLIC_BYTES])
{
    uint8_t secret[crypto_kem_mlkem768_SECRETKEYBYTES];
    (void)crypto_kem_mlkem768_seed_keypair(out_public, secret, seed);
    sodium_memzero(secret, sizeof secret);
}

zks_status zks__crypto_kem_enc(const uint8_t public_key[ZKS_KEM_PUBLIC_BYTES],
                               const uint8_t random[ZKS_KEM_RANDOM_BYTES],
                               uint8_t out_ct[ZKS_KEM_CT_BYTES],
                               uint8_t out_shared[ZKS_KEM_SHARED_BYTES])
{
    uint8_t ct[ZKS_KEM_CT_BYTES], shared[ZKS_KEM_SHARED_BYTES];
    int bad = crypto_kem_mlkem768_enc_deterministic(ct, shared, public_key, random);
    if (!bad) {
        memcpy(out_ct, ct, sizeof ct);
        memcpy(out_shared, shared, sizeof shared);
    }
    sodium_memzero(shared, sizeof shared);
    return bad ? ZKS_E_MALFORMED : ZKS_OK;
}

void zks__crypto_kem_dec(const uint8_t seed[ZKS_KEM_SEED_BYTES], const uint8_t ct[ZKS_KEM_CT_BYTES],
                         uint8_t out_shared[ZKS_KEM_SHARED_BYTES])
{
    uint8_t public_key[ZKS_KEM_PUBLIC_BYTES], secret[crypto_kem_mlkem768_SECRETKEYBYTES];
    (void)crypto_kem_mlkem768_seed_keypair(public_key, secret, seed);
    /* It fails for a secret key that is not one only, and this one was just made. */
    (void)!crypto_kem_mlkem768_dec(out_shared, ct, secret);
    sodium_memzero(secret, sizeof secret);
}
