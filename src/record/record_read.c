/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Reading: the form first, then the signatures, since verifying is dear. */
#include "record/record_internal.h"

/* A place in the record that is signed: found while parsing, verified afterwards, since verifying
 * is dear. */
typedef struct seal_mark {
    const char *role;
    const uint8_t *key;
    const uint8_t *signature;
} seal_mark;

static seal_mark read_signature(zks__reader *r, const char *role, const uint8_t *key)
{
    return (seal_mark){.role = role, .key = key, .signature = zks__read_bytes(r, ZKS_SIGN_BYTES)};
}

static zks_status verify(const zks__suite *suite, const uint8_t *data, const seal_mark *m)
{
    zks__signed_text t = zks__record_signed_text(suite, m->role, data,
                                                 (size_t)(m->signature - data));
    return suite->verify(m->key, t.bytes, t.length, m->signature);
}

static zks__slice read_slice(zks__reader *r, size_t max)
{
    zks__slice s = {0};
    s.data = zks__read_lp(r, max, &s.length);
    return s;
}

static zks_status finish(const zks__reader *r)
{
    if (r->status) {
        return r->status;
    }
    return r->left ? ZKS_E_MALFORMED : ZKS_OK;
}

static zks_status read_genesis(zks__reader *r, zks__record *out, seal_mark *root)
{
    zks__genesis *g = &out->genesis;
    g->mode = zks__read_u8(r);
    zks__read_copy(r, g->root, sizeof g->root);
    zks__read_copy(r, g->recovery, zks__crypto_suite(out->suite)->seal_public_bytes);
    *root = read_signature(r, "root", g->root);
    zks_status status = finish(r);
    if (status) {
        return status;
    }
    if (g->mode != ZKS_GROUP_MODE_PAIRED && g->mode != ZKS_GROUP_MODE_SHARED) {
        return ZKS_E_MALFORMED;
    }
    uint8_t id[ZKS_GROUP_ID_BYTES];
    zks__record_group_id(out->suite, g->mode, g->root, id);
    return memcmp(id, out->group_id, sizeof id) == 0 ? ZKS_OK : ZKS_E_WRONG_GROUP;
}

static void read_member_body(zks__reader *r, zks__record *out, seal_mark *self)
{
    const zks__suite *suite = zks__crypto_suite(out->suite);
    zks__member *m = &out->member;
    zks__read_copy(r, m->device, sizeof m->device);
    zks__read_copy(r, m->seal_key, suite->seal_public_bytes);
    zks__read_copy(r, m->noise_dh, suite->dh_public_bytes);
    zks__read_copy(r, m->noise_kem, sizeof m->noise_kem);
    m->rights = zks__read_u8(r);
    m->not_after_s = zks__read_u64(r);
    *self = read_signature(r, "self", m->device);
}

static zks_status finish_member(const zks__reader *r, const zks__member *m)
{
    zks_status status = finish(r);
    if (!status && (m->rights & ~(ZKS_RIGHT_INVITE | ZKS_RIGHT_ADMIN))) {
        status = ZKS_E_MALFORMED;
    }
    return status;
}

static zks_status read_member(zks__reader *r, zks__record *out, seal_mark *self, seal_mark *issuer)
{
    read_member_body(r, out, self);
    out->member.profile = read_slice(r, ZKS_PROFILE_MAX_BYTES);
    zks__read_copy(r, out->member.issuer, sizeof out->member.issuer);
    *issuer = read_signature(r, "issuer", out->member.issuer);
    return finish_member(r, &out->member);
}

static zks__wire_list read_hashes(zks__reader *r)
{
    uint64_t count = zks__read_leb(r);
    if (!r->status && count > ZKS_EPOCH_DEVICES_MAX) {
        r->status = ZKS_E_TOO_LARGE;
    }
    zks__wire_list list = {0};
    if (!r->status) {
        list.count = (size_t)count;
        list.raw.length = list.count * ZKS_RECORD_HASH_BYTES;
        list.raw.data = zks__read_bytes(r, list.raw.length);
    }
    return list;
}

static zks_status read_epoch(zks__reader *r, zks__record *out, seal_mark *signer)
{
    const zks__suite *suite = zks__crypto_suite(out->suite);
    zks__epoch *e = &out->epoch;
    e->number = zks__read_u32(r);
    zks__read_copy(r, e->parent, sizeof e->parent);
    e->listed = read_hashes(r);
    e->removed = read_hashes(r);
    zks__read_copy(r, e->commit, sizeof e->commit);
    e->keys = read_slice(r, (ZKS_EPOCH_DEVICES_MAX + 1) * zks__record_key_bytes(suite));
    e->wrap = read_slice(r, ZKS_SEALED_SECRET_BYTES);
    e->sealed = read_slice(r, ZKS_EPOCH_SEALED_MAX_BYTES);
    zks__read_copy(r, e->signer, sizeof e->signer);
    *signer = read_signature(r, "signer", e->signer);
    zks_status status = finish(r);
    return status ? status : zks__record_epoch_form(suite, e);
}

static zks_status read_grant(zks__reader *r, zks__record *out, seal_mark *signer)
{
    zks__grant *g = &out->grant;
    zks__read_copy(r, g->epoch, sizeof g->epoch);
    zks__read_copy(r, g->device, sizeof g->device);
    g->key.length = zks__record_key_bytes(zks__crypto_suite(out->suite));
    g->key.data = zks__read_bytes(r, g->key.length);
    zks__read_copy(r, g->signer, sizeof g->signer);
    *signer = read_signature(r, "signer", g->signer);
    return finish(r);
}

static zks_status read_leave(zks__reader *r, zks__record *out, seal_mark *self)
{
    zks__read_copy(r, out->leave.device, sizeof out->leave.device);
    *self = read_signature(r, "self", out->leave.device);
    return finish(r);
}

static zks_status read_header(zks__reader *r, zks__record *out)
{
    uint8_t version = zks__read_u8(r);
    if (!r->status && version != ZKS_RECORD_VERSION) {
        return ZKS_E_FORMAT_VERSION;
    }
    out->kind = (zks__record_kind)zks__read_u8(r);
    out->suite = zks__read_u8(r);
    zks__read_copy(r, out->group_id, sizeof out->group_id);
    if (r->status) {
        return r->status;
    }
    return zks__crypto_suite(out->suite) ? ZKS_OK : ZKS_E_SUITE;
}

static zks_status read_body(zks__reader *r, zks__record *out, seal_mark marks[2], size_t *count)
{
    *count = 1;
    switch (out->kind) {
    case ZKS_RECORD_KIND_GENESIS:
        return read_genesis(r, out, &marks[0]);
    case ZKS_RECORD_KIND_EPOCH:
        return read_epoch(r, out, &marks[0]);
    case ZKS_RECORD_KIND_MEMBER:
        *count = 2;
        return read_member(r, out, &marks[0], &marks[1]);
    case ZKS_RECORD_KIND_GRANT:
        return read_grant(r, out, &marks[0]);
    case ZKS_RECORD_KIND_LEAVE:
        return read_leave(r, out, &marks[0]);
    }
    return ZKS_E_UNSUPPORTED;
}

/* Header, body, signatures. `whole`: else it is a MEMBER without issuer. */
static zks_status read_record(const uint8_t *data, size_t length, bool whole, zks__record *record)
{
    if (length > ZKS_RECORD_BODY_MAX_BYTES) {
        return ZKS_E_TOO_LARGE;
    }
    memset(record, 0, sizeof *record);
    record->bytes = (zks__slice){.data = data, .length = length};
    zks__reader r = zks__reader_of(data, length);
    zks_status status = read_header(&r, record);
    if (status) {
        return status;
    }
    seal_mark marks[2];
    size_t count = 1;
    if (whole) {
        status = read_body(&r, record, marks, &count);
    } else if (record->kind == ZKS_RECORD_KIND_MEMBER) {
        read_member_body(&r, record, &marks[0]);
        status = finish_member(&r, &record->member);
    } else {
        status = ZKS_E_MALFORMED;
    }
    const zks__suite *suite = zks__crypto_suite(record->suite);
    for (size_t i = 0; !status && i < count; i++) {
        status = verify(suite, data, &marks[i]);
    }
    return status;
}

zks_status zks__record_read(const uint8_t *data, size_t length, zks__record *out)
{
    zks__record record;
    zks_status status = read_record(data, length, true, &record);
    if (!status) {
        (void)zks__record_hash(data, length, record.hash);
        *out = record;
    }
    return status;
}

zks_status zks__record_read_member_body(const uint8_t *data, size_t length, zks__record *out)
{
    zks__record record;
    zks_status status = read_record(data, length, false, &record);
    if (!status) {
        *out = record;
    }
    return status;
}
