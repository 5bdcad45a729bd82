/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "crypto/crypto.h"

#include <sodium.h>

_Static_assert(crypto_hash_sha256_BYTES == 32, "SHA-256");
_Static_assert(crypto_kdf_hkdf_sha256_KEYBYTES == 32, "PRK");

void zks__crypto_sha256(const void *data, size_t length, uint8_t out[32])
{
    static const uint8_t nothing = 0;
    (void)crypto_hash_sha256(out, data ? data : &nothing, data ? length : 0);
}

void zks__crypto_sha256_two(const void *a, size_t a_length, const void *b, size_t b_length,
                            uint8_t out[32])
{
    static const uint8_t nothing = 0;
    crypto_hash_sha256_state state;
    (void)crypto_hash_sha256_init(&state);
    (void)crypto_hash_sha256_update(&state, a_length ? a : &nothing, a_length);
    (void)crypto_hash_sha256_update(&state, b_length ? b : &nothing, b_length);
    (void)crypto_hash_sha256_final(&state, out);
    sodium_memzero(&state, sizeof state);
}

void zks__crypto_extract(const uint8_t *secret, size_t length, uint8_t out_prk[32])
{
    static const uint8_t salt[] = {'0', 'k', '-', 's', 'y', 'n', 'c', '/', '2'};
    (void)crypto_kdf_hkdf_sha256_extract(out_prk, salt, sizeof salt, secret, length);
}

void zks__crypto_expand(const uint8_t prk[32], const void *info, size_t info_length, uint8_t *out,
                        size_t length)
{
    /* It fails for more than 255 blocks only, which the header excludes. */
    (void)crypto_kdf_hkdf_sha256_expand(out, length, info, info_length, prk);
}

void zks__crypto_hmac(const uint8_t *key, size_t key_length, const void *data, size_t length,
                      uint8_t out[32])
{
    static const uint8_t nothing = 0;
    crypto_auth_hmacsha256_state state;
    (void)crypto_auth_hmacsha256_init(&state, key, key_length);
    (void)crypto_auth_hmacsha256_update(&state, length ? data : &nothing, length);
    (void)crypto_auth_hmacsha256_final(&state, out);
    sodium_memzero(&state, sizeof state);
}
