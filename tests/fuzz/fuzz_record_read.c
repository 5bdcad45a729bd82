/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Membership records. The first byte chooses: 0, the rest is a record; 1 or 2, the rest is an
 * EPOCH or a GRANT up to its signer, signed here with the root key, since a fuzzer cannot; 3, the
 * rest is a MEMBER without issuer. What is accepted has a known
 * kind and goes into a set once.
 */
#include "record/set.h"

#include <stdlib.h>

enum { RAW = 0, SIGNED_EPOCH = 1, SIGNED_GRANT = 2, BODY = 3, EPOCH_MAX = 32768 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static zks__writer signed_record(uint8_t kind, const uint8_t *body, size_t length,
                                 uint8_t out[EPOCH_MAX])
{
    static const uint8_t seed[32];
    const zks__suite *suite = zks__crypto_suite(ZKS_SUITE_SODIUM);
    zks__sign_key root;
    uint8_t text[128], signature[ZKS_SIGN_BYTES], group_id[ZKS_GROUP_ID_BYTES];
    zks__crypto_sign_key(seed, &root);
    zks__record_group_id(ZKS_SUITE_SODIUM, ZKS_GROUP_MODE_SHARED, zks__crypto_sign_public(&root),
                         group_id);
    zks__writer w = zks__writer_of(out, EPOCH_MAX);
    zks__write_u8(&w, ZKS_RECORD_VERSION);
    zks__write_u8(&w, kind);
    zks__write_u8(&w, ZKS_SUITE_SODIUM);
    zks__write_bytes(&w, group_id, sizeof group_id);
    zks__write_bytes(&w, body, length);
    zks__write_bytes(&w, zks__crypto_sign_public(&root), ZKS_SIGN_PUBLIC_BYTES);
    zks__writer t = zks__writer_of(text, sizeof text);
    zks__write_label(&t, "0k-record-part-v1");
    zks__hash h;
    suite->hash_init(&h);
    suite->hash_update(&h, text, t.length);
    suite->hash_update(&h, out, w.length);
    t.length = 0;
    zks__write_label(&t, "0k-record-sig-v1");
    zks__write_label(&t, "signer");
    suite->hash_final(&h, text + t.length);
    zks__crypto_sign(&root, text, t.length + ZKS_HASH_BYTES, signature);
    zks__write_bytes(&w, signature, sizeof signature);
    return w;
}

static void check(const uint8_t *bytes, size_t length)
{
    zks__record r;
    zks__records *set = NULL;
    if (zks__record_read(bytes, length, &r)) {
        return;
    }
    int added = 0;
    zks__slice all[] = {{bytes, length}, {bytes, length}};
    if (r.kind < ZKS_RECORD_KIND_GENESIS || r.kind > ZKS_RECORD_KIND_LEAVE ||
        zks__records_new(r.group_id, &set)) {
        abort();
    }
    zks_status status = zks__records_add(set, bytes, length, &added);
    size_t count = status ? 0 : 1;
    if ((status == ZKS_OK) != (added == 1) || zks__records_count(set) != count ||
        (zks__records_add_all(set, all, 2, NULL) == ZKS_OK) != (status == ZKS_OK) ||
        zks__records_count(set) != count) {
        abort();
    }
    zks__records_free(set);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t made[EPOCH_MAX];
    if (size < 1 || zks__crypto_init()) {
        return 0;
    }
    if ((data[0] == SIGNED_EPOCH || data[0] == SIGNED_GRANT) && size < EPOCH_MAX / 2) {
        uint8_t kind = data[0] == SIGNED_EPOCH ? ZKS_RECORD_KIND_EPOCH : ZKS_RECORD_KIND_GRANT;
        zks__writer w = signed_record(kind, data + 1, size - 1, made);
        check(made, w.length);
    } else if (data[0] == BODY) {
        zks__record r;
        if (!zks__record_read_member_body(data + 1, size - 1, &r) &&
            r.kind != ZKS_RECORD_KIND_MEMBER) {
            abort();
        }
    } else {
        check(data + 1, size - 1);
    }
    return 0;
}
