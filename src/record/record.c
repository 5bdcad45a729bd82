/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "record/record_internal.h"

enum { HEADER_BYTES = 1 + 1 + 1 + ZKS_GROUP_ID_BYTES };

static const uint8_t zeros[ZKS_RECORD_HASH_BYTES];

void zks__record_group_id(uint8_t suite, uint8_t mode, const uint8_t root[ZKS_SIGN_PUBLIC_BYTES],
                          uint8_t out_id[ZKS_GROUP_ID_BYTES])
{
    uint8_t text[64];
    zks__writer w = zks__writer_of(text, sizeof text);
    zks__write_label(&w, "0k-group-v2");
    zks__write_u8(&w, suite);
    zks__write_u8(&w, mode);
    zks__write_bytes(&w, root, ZKS_SIGN_PUBLIC_BYTES);
    zks__crypto_sha256(text, w.length, out_id);
}

/* H(lp(label) data) */
static void labelled_hash(const zks__suite *suite, const char *label, const uint8_t *data,
                          size_t length, uint8_t out[ZKS_HASH_BYTES])
{
    uint8_t text[32];
    zks__writer w = zks__writer_of(text, sizeof text);
    zks__write_label(&w, label);
    zks__hash h;
    suite->hash_init(&h);
    suite->hash_update(&h, text, w.length);
    suite->hash_update(&h, data, length);
    suite->hash_final(&h, out);
}

bool zks__record_hash(const uint8_t *data, size_t length, uint8_t out[ZKS_RECORD_HASH_BYTES])
{
    const zks__suite *suite = length >= HEADER_BYTES ? zks__crypto_suite(data[2]) : NULL;
    if (suite) {
        labelled_hash(suite, "0k-record-v1", data, length, out);
    }
    return suite != NULL;
}

zks__signed_text zks__record_signed_text(const zks__suite *suite, const char *role,
                                         const uint8_t *part, size_t length)
{
    zks__signed_text t;
    uint8_t digest[ZKS_HASH_BYTES];
    labelled_hash(suite, "0k-record-part-v1", part, length, digest);
    zks__writer w = zks__writer_of(t.bytes, sizeof t.bytes);
    zks__write_label(&w, "0k-record-sig-v1");
    zks__write_label(&w, role);
    zks__write_bytes(&w, digest, sizeof digest);
    t.length = w.length;
    return t;
}

/* --- the form of an EPOCH --------------------------------------------------------- */

static bool all_distinct(const zks__wire_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        for (size_t k = 0; k < i; k++) {
            if (memcmp(zks__record_item(list, i), zks__record_item(list, k), 32) == 0) {
                return false;
            }
        }
    }
    return true;
}

static bool ascending(const zks__wire_list *list)
{
    for (size_t i = 1; i < list->count; i++) {
        if (memcmp(zks__record_item(list, i - 1), zks__record_item(list, i), 32) >= 0) {
            return false;
        }
    }
    return true;
}

zks_status zks__record_epoch_form(const zks__suite *suite, const zks__epoch *e)
{
    if (e->listed.count > ZKS_EPOCH_DEVICES_MAX || e->removed.count > ZKS_EPOCH_DEVICES_MAX ||
        e->sealed.length > ZKS_EPOCH_SEALED_MAX_BYTES) {
        return ZKS_E_TOO_LARGE;
    }
    bool root_parent = memcmp(e->parent, zeros, sizeof e->parent) == 0;
    if (e->number == 0) {
        bool bare = !e->listed.count && !e->removed.count && !e->keys.length && !e->wrap.length &&
                    !e->sealed.length;
        return bare && root_parent ? ZKS_OK : ZKS_E_MALFORMED;
    }
    bool whole = e->keys.length == (e->listed.count + 1) * zks__record_key_bytes(suite) &&
                 e->wrap.length == ZKS_SEALED_SECRET_BYTES;
    bool sorted = ascending(&e->removed) && all_distinct(&e->listed);
    return whole && sorted && !root_parent ? ZKS_OK : ZKS_E_MALFORMED;
}
