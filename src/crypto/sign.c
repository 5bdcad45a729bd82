/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Signatures: Ed25519 (RFC 8032). */
#include "crypto/crypto.h"

#include <sodium.h>

_Static_assert(crypto_sign_SECRETKEYBYTES == sizeof(((zks__sign_key *)NULL)->secret), "secret key");
_Static_assert(crypto_sign_PUBLICKEYBYTES == ZKS_SIGN_PUBLIC_BYTES, "public key");
_Static_assert(crypto_sign_SEEDBYTES == ZKS_SIGN_SEED_BYTES, "seed");
_Static_assert(crypto_sign_BYTES == ZKS_SIGN_BYTES, "signature");

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
