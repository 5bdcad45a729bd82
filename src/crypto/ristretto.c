/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* ristretto255 (RFC 9496) and what CPace hashes with. */
#include "crypto/crypto.h"

#include <sodium.h>

_Static_assert(crypto_core_ristretto255_BYTES == ZKS_RISTRETTO_BYTES, "element");
_Static_assert(crypto_core_ristretto255_SCALARBYTES == ZKS_RISTRETTO_SCALAR_BYTES, "scalar");
_Static_assert(crypto_core_ristretto255_HASHBYTES == ZKS_SHA512_BYTES, "hash to an element");

void zks__crypto_sha512(const void *data, size_t length, uint8_t out[ZKS_SHA512_BYTES])
{
    static const uint8_t nothing = 0;
    (void)crypto_hash_sha512(out, data ? data : &nothing, data ? length : 0);
}

void zks__crypto_hmac512(const uint8_t *key, size_t key_length, const void *data, size_t length,
                         uint8_t out[ZKS_SHA512_BYTES])
{
    static const uint8_t nothing = 0;
    crypto_auth_hmacsha512_state state;
    (void)crypto_auth_hmacsha512_init(&state, key, key_length);
    (void)crypto_auth_hmacsha512_update(&state, length ? data : &nothing, length);
    (void)crypto_auth_hmacsha512_final(&state, out);
    sodium_memzero(&state, sizeof state);
}

void zks__crypto_ristretto_of_hash(const uint8_t hash[ZKS_SHA512_BYTES],
                                   uint8_t out[ZKS_RISTRETTO_BYTES])
{
    (void)crypto_core_ristretto255_from_hash(out, hash);
}

void zks__crypto_ristretto_scalar(const uint8_t random[ZKS_RISTRETTO_SCALAR_BYTES],
                                  uint8_t out[ZKS_RISTRETTO_SCALAR_BYTES])
{
    memmove(out, random, ZKS_RISTRETTO_SCALAR_BYTES);
    out[ZKS_RISTRETTO_SCALAR_BYTES - 1] &= 0x0f;
}

zks_status zks__crypto_ristretto_mult(const uint8_t scalar[ZKS_RISTRETTO_SCALAR_BYTES],
                                      const uint8_t element[ZKS_RISTRETTO_BYTES],
                                      uint8_t out[ZKS_RISTRETTO_BYTES])
{
    uint8_t product[ZKS_RISTRETTO_BYTES];
    int bad = crypto_scalarmult_ristretto255(product, scalar, element);
    if (!bad) {
        memcpy(out, product, sizeof product);
    }
    sodium_memzero(product, sizeof product);
    return bad ? ZKS_E_MALFORMED : ZKS_OK;
}
