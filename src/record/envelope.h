/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The envelope of a blob: what is in front of its ciphertext, what the ciphertext is bound to, and
 * the blob's name. It stands here and not in group/ because a relay checks envelopes and computes
 * names, but opens nothing and must not include group/. Pure; any thread.
 *
 *   blob    = version(1) suite(1) epoch_tag(16) nonce(24) ciphertext
 *   AAD     = lp("0k-blob-v1") version suite group_id epoch_tag pusher
 *   blob_id = H(AAD nonce ciphertext)[0..16], made a UUIDv8 (RFC 9562, section 5.8) by its
 *             version and variant bits
 */
#ifndef ZKS_RECORD_ENVELOPE_H
#define ZKS_RECORD_ENVELOPE_H

#include "crypto/crypto.h"
#include "wire/limits.h"

enum {
    ZKS_BLOB_VERSION = 1,
    ZKS_BLOB_HEADER_BYTES = 1 + 1 + ZKS_EPOCH_TAG_BYTES + ZKS_NONCE_BYTES,
    ZKS_BLOB_AD_BYTES = 1 + 10 + 1 + 1 + ZKS_GROUP_ID_BYTES + ZKS_EPOCH_TAG_BYTES +
                        ZKS_DEVICE_ID_BYTES
};

/* Writes the header into out; nonce included. */
void zks__envelope_write(uint8_t suite, const uint8_t epoch_tag[ZKS_EPOCH_TAG_BYTES],
                         const uint8_t nonce[ZKS_NONCE_BYTES], uint8_t out[ZKS_BLOB_HEADER_BYTES]);
/* What the ciphertext is bound to. */
void zks__envelope_ad(uint8_t suite, const uint8_t group_id[ZKS_GROUP_ID_BYTES],
                      const uint8_t epoch_tag[ZKS_EPOCH_TAG_BYTES],
                      const uint8_t pusher[ZKS_DEVICE_ID_BYTES], uint8_t out[ZKS_BLOB_AD_BYTES]);
/*
 * Checks the envelope and tells which epoch the blob names; out points into it. ZKS_E_TRUNCATED
 * (below ZKS_BLOB_MIN_BYTES), ZKS_E_TOO_LARGE (above ZKS_BLOB_MAX_BYTES), ZKS_E_FORMAT_VERSION,
 * ZKS_E_SUITE.
 */
ZKS_MUST_USE zks_status zks__envelope_epoch(const uint8_t *blob, size_t length,
                                            const uint8_t **out_epoch_tag);
/* The blob's name. The blob must have passed zks__envelope_epoch; suite is the blob's. */
void zks__envelope_id(const zks__suite *suite, const uint8_t group_id[ZKS_GROUP_ID_BYTES],
                      const uint8_t pusher[ZKS_DEVICE_ID_BYTES], const uint8_t *blob, size_t length,
                      uint8_t out[ZKS_BLOB_ID_BYTES]);

#endif
