/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "crypto/private.h"

#include <nettle/cmac.h>
#include <nettle/gcm.h>
#include <nettle/hkdf.h>
#include <nettle/hmac.h>
#include <nettle/memops.h>

void zks__stack2_hmac(const void *key, size_t key_length, const void *data, size_t length,
                      uint8_t out[32])
{
    struct hmac_sha256_ctx c;
    hmac_sha256_set_key(&c, key_length, key);
    hmac_sha256_update(&c, length, data);
    hmac_sha256_digest(&c, SHA256_DIGEST_SIZE, out);
    zks__wipe(&c, sizeof c);
}

void zks__stack2_expand(const uint8_t prk[32], const void *info, size_t info_length, uint8_t *out,
                        size_t length)
{
    struct hmac_sha256_ctx c;
    hmac_sha256_set_key(&c, 32, prk);
    hkdf_expand(&c, (nettle_hash_update_func *)hmac_sha256_update,
                (nettle_hash_digest_func *)hmac_sha256_digest, SHA256_DIGEST_SIZE, info_length,
                info, length, out);
    zks__wipe(&c, sizeof c);
}

void zks__stack2_cmac(const uint8_t key[32], const uint8_t block[16], uint8_t out[16])
{
    struct cmac_aes256_ctx c;
    cmac_aes256_set_key(&c, key);
    cmac_aes256_update(&c, 16, block);
    cmac_aes256_digest(&c, 16, out);
    zks__wipe(&c, sizeof c);
}

void zks__stack2_gcm_seal(uint8_t *data, size_t length, const uint8_t *ad, size_t ad_length,
                          const uint8_t nonce[12], const uint8_t key[32])
{
    struct gcm_aes256_ctx c;
    gcm_aes256_set_key(&c, key);
    gcm_aes256_set_iv(&c, GCM_IV_SIZE, nonce);
    gcm_aes256_update(&c, ad_length, ad);
    gcm_aes256_encrypt(&c, length, data, data);
    gcm_aes256_digest(&c, GCM_DIGEST_SIZE, data + length);
    zks__wipe(&c, sizeof c);
}

bool zks__stack2_gcm_open(uint8_t *data, size_t text, const uint8_t *ad, size_t ad_length,
                          const uint8_t nonce[12], const uint8_t key[32])
{
    struct gcm_aes256_ctx c;
    uint8_t tag[GCM_DIGEST_SIZE];
    gcm_aes256_set_key(&c, key);
    gcm_aes256_set_iv(&c, GCM_IV_SIZE, nonce);
    gcm_aes256_update(&c, ad_length, ad);
    gcm_aes256_decrypt(&c, text, data, data);
    gcm_aes256_digest(&c, sizeof tag, tag);
    bool good = memeql_sec(tag, data + text, sizeof tag) != 0;
    zks__wipe(&c, sizeof c);
    return good;
}
