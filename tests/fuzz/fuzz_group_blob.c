/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Opening blobs. The first byte chooses: 0, the rest is a blob; 1, the rest is a text that a member
 * with the right key has sealed. What opens is canonical: sealed again with the same nonce it gives
 * the same bytes.
 */
#include "group/blob.h"

#include <stdlib.h>

enum { FROM_RELAY = 0, FROM_MEMBER = 1 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void derive_key(zks__blob_key *out)
{
    static const uint8_t zeros[32];
    zks__blob_key_derive(zks__crypto_suite(ZKS_SUITE_SODIUM), zeros, zeros, zeros, zeros, out);
}

static zks__buf *seal_text(const zks__blob_key *key, const uint8_t *text, size_t length)
{
    static const uint8_t nonce[ZKS_NONCE_BYTES];
    uint8_t ad[ZKS_BLOB_AD_BYTES];
    zks__buf *b = zks__buf_new(0, ZKS_BLOB_HEADER_BYTES + length + ZKS_TAG_BYTES, 0);
    if (!b) {
        abort();
    }
    zks__envelope_write(key->suite->id, key->epoch_tag, nonce, b->data);
    zks__envelope_ad(key->suite->id, key->group_id, key->epoch_tag, key->pusher, ad);
    if (length) {
        memcpy(b->data + ZKS_BLOB_HEADER_BYTES, text, length);
    }
    key->suite->seal(b->data + ZKS_BLOB_HEADER_BYTES, length, ad, sizeof ad, nonce, key->key);
    return b;
}

static void check_canonical(const zks__blob_key *key, const zks__buf *blob, zks__entry *e)
{
    uint8_t id[ZKS_ENTRY_ID_BYTES], blob_id[ZKS_BLOB_ID_BYTES];
    const uint8_t *nonce = blob->data + ZKS_BLOB_HEADER_BYTES - ZKS_NONCE_BYTES;
    zks__buf *again = zks__blob_buffer(e->body, e->body_length);
    memcpy(id, e->id, sizeof id);
    if (!again || zks__blob_seal(key, e, NULL, nonce, again, blob_id) ||
        again->length != blob->length || memcmp(again->data, blob->data, blob->length) != 0 ||
        memcmp(id, e->id, sizeof id) != 0) {
        abort();
    }
    zks__buf_unref(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    zks__blob_key key;
    zks__entry e;
    if (size < 1 || size > ZKS_BLOB_MAX_BYTES || zks__crypto_init()) {
        return 0;
    }
    derive_key(&key);
    zks__buf *blob = data[0] == FROM_MEMBER ? seal_text(&key, data + 1, size - 1)
                                            : zks__buf_copy(data + 1, size - 1);
    zks__buf *work = blob ? zks__buf_copy(blob->data, blob->length) : NULL;
    if (!work) {
        abort();
    }
    if (zks__blob_open(&key, work->data, work->length, &e) == ZKS_OK) {
        (void)!zks__entry_verify(&e);
        check_canonical(&key, blob, &e);
    }
    zks__buf_unref(work);
    zks__buf_unref(blob);
    return 0;
}
