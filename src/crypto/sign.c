/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Keys of devices: Ed25519 (RFC 8032), and the public halves of X25519, ML-KEM-768 (FIPS 203) and
 * X-Wing. */
#include "crypto/crypto.h"

#include <sodium.h>

_Static_assert(crypto_sign_SECRETKEYBYTES == sizeof(((zks__sign_key *)NULL)->secret), "secret key");
_Static_assert(crypto_sign_PUBLICKEYBYTES == ZKS_SIGN_PUBLIC_BYTES, "public key");
_Static_assert(crypto_sign_SEEDBYTES == ZKS_SIGN_SEED_BYTES, "seed");
_Static_assert(crypto_sign_BYTES == ZKS_SIGN_BYTES, "signature");
_Static_assert(crypto_kem_mlkem768_PUBLICKEYBYTES == ZKS_KEM_PUBLIC_BYTES, "ML-KEM-768");
_Static_assert(crypto_kem_mlkem768_SEEDBYTES == ZKS_KEM_SEED_BYTES, "ML-KEM-768");
_Static_assert(crypto_kem_xwing_PUBLICKEYBYTES == ZKS_SEAL_PUBLIC_BYTES, "X-Wing");
_Static_assert(crypto_kem_xwing_SEEDBYTES == ZKS_SEAL_SEED_BYTES, "X-Wing");

void zks__crypto_sign_key(const uint8_t seed[ZKS_SIGN_SEED_BYTES], zks__sign_key *out_key)
{
    uint8_t public_key[ZKS_SIGN_PUBLIC_BYTES];
    (void)crypto_sign_seed_keypair(public_key, out_key->secret, seed);
}

void zks__crypto_sign(const zks__sign_key *key, const void *message, size_t length,
                      uint8_t out[ZKS_SIGN_BYTES])
{
    (void)crypto_sign_detached(out, NULL, message, length, key->secret);
}

zks_status zks__crypto_verify(const uint8_t public_key[ZKS_SIGN_PUBLIC_BYTES], const void *message,
                              size_t length, const uint8_t signature[ZKS_SIGN_BYTES])
{
    return crypto_sign_verify_detached(signature, message, length, public_key) ? ZKS_E_BAD_SIGNATURE
                                                                               : ZKS_OK;
}

void zks__crypto_dh_public(const uint8_t secret[32], uint8_t out_public[ZKS_DH_PUBLIC_BYTES])
{
    (void)crypto_scalarmult_curve25519_base(out_public, secret);
}

void zks__crypto_kem_public(const uint8_t seed[ZKS_KEM_SEED_BYTES],
                            uint8_t out_public[ZKS_KEM_PUBLIC_BYTES])
{
    uint8_t secret[crypto_kem_mlkem768_SECRETKEYBYTES];
    (void)crypto_kem_mlkem768_seed_keypair(out_public, secret, seed);
    sodium_memzero(secret, sizeof secret);
}

void zks__crypto_seal_public(const uint8_t seed[ZKS_SEAL_SEED_BYTES],
                             uint8_t out_public[ZKS_SEAL_PUBLIC_BYTES])
{
    uint8_t secret[crypto_kem_xwing_SECRETKEYBYTES];
    (void)crypto_kem_xwing_seed_keypair(out_public, secret, seed);
    sodium_memzero(secret, sizeof secret);
}
