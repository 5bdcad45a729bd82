/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "record/envelope.h"

enum { TAG_AT = 2, NONCE_AT = TAG_AT + ZKS_EPOCH_TAG_BYTES };

void zks__envelope_write(uint8_t suite, const uint8_t epoch_tag[ZKS_EPOCH_TAG_BYTES],
                         const uint8_t nonce[ZKS_NONCE_BYTES], uint8_t out[ZKS_BLOB_HEADER_BYTES])
{
    out[0] = ZKS_BLOB_VERSION;
    out[1] = suite;
    memcpy(out + TAG_AT, epoch_tag, ZKS_EPOCH_TAG_BYTES);
    memcpy(out + NONCE_AT, nonce, ZKS_NONCE_BYTES);
}

void zks__envelope_ad(uint8_t suite, const uint8_t group_id[ZKS_GROUP_ID_BYTES],
                      const uint8_t epoch_tag[ZKS_EPOCH_TAG_BYTES],
                      const uint8_t pusher[ZKS_DEVICE_ID_BYTES], uint8_t out[ZKS_BLOB_AD_BYTES])
{
    zks__writer w = zks__writer_of(out, ZKS_BLOB_AD_BYTES);
    zks__write_label(&w, "0k-blob-v1");
    zks__write_u8(&w, ZKS_BLOB_VERSION);
    zks__write_u8(&w, suite);
    zks__write_bytes(&w, group_id, ZKS_GROUP_ID_BYTES);
    zks__write_bytes(&w, epoch_tag, ZKS_EPOCH_TAG_BYTES);
    zks__write_bytes(&w, pusher, ZKS_DEVICE_ID_BYTES);
}

zks_status zks__envelope_epoch(const uint8_t *blob, size_t length, const uint8_t **out_epoch_tag)
{
    if (length < ZKS_BLOB_MIN_BYTES) {
        return ZKS_E_TRUNCATED;
    }
    if (length > ZKS_BLOB_MAX_BYTES) {
        return ZKS_E_TOO_LARGE;
    }
    if (blob[0] != ZKS_BLOB_VERSION) {
        return ZKS_E_FORMAT_VERSION;
    }
    if (!zks__crypto_suite(blob[1])) {
        return ZKS_E_SUITE;
    }
    *out_epoch_tag = blob + TAG_AT;
    return ZKS_OK;
}

void zks__envelope_id(const zks__suite *suite, const uint8_t group_id[ZKS_GROUP_ID_BYTES],
                      const uint8_t pusher[ZKS_DEVICE_ID_BYTES], const uint8_t *blob, size_t length,
                      uint8_t out[ZKS_BLOB_ID_BYTES])
{
    uint8_t ad[ZKS_BLOB_AD_BYTES];
    zks__envelope_ad(suite->id, group_id, blob + TAG_AT, pusher, ad);
    uint8_t digest[ZKS_HASH_BYTES];
    zks__hash h;
    suite->hash_init(&h);
    suite->hash_update(&h, ad, sizeof ad);
    suite->hash_update(&h, blob + NONCE_AT, length - NONCE_AT);
    suite->hash_final(&h, digest);
    memcpy(out, digest, ZKS_BLOB_ID_BYTES);
    out[6] = (uint8_t)((out[6] & 0x0f) | 0x80); /* version 8 */
    out[8] = (uint8_t)((out[8] & 0x3f) | 0x80); /* variant 10 */
}
