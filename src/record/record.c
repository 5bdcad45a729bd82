/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "record/record.h"

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

/* lp("0k-record-sig-v1") lp(role) H(part): what is signed. */
typedef struct signed_text {
    uint8_t bytes[64];
    size_t length;
} signed_text;

static signed_text text_to_sign(const zks__suite *suite, const char *role, const uint8_t *part,
                                size_t length)
{
    signed_text t;
    uint8_t digest[ZKS_HASH_BYTES];
    labelled_hash(suite, "0k-record-part-v1", part, length, digest);
    zks__writer w = zks__writer_of(t.bytes, sizeof t.bytes);
    zks__write_label(&w, "0k-record-sig-v1");
    zks__write_label(&w, role);
    zks__write_bytes(&w, digest, sizeof digest);
    t.length = w.length;
    return t;
}

/* --- reading --------------------------------------------------------------------- */

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
    signed_text t = text_to_sign(suite, m->role, data, (size_t)(m->signature - data));
    return zks__crypto_verify(m->key, t.bytes, t.length, m->signature);
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
    zks__read_copy(r, g->recovery, sizeof g->recovery);
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

static zks_status read_member(zks__reader *r, zks__record *out, seal_mark *self, seal_mark *issuer)
{
    zks__member *m = &out->member;
    zks__read_copy(r, m->device, sizeof m->device);
    zks__read_copy(r, m->seal_key, sizeof m->seal_key);
    zks__read_copy(r, m->noise_dh, sizeof m->noise_dh);
    zks__read_copy(r, m->noise_kem, sizeof m->noise_kem);
    m->rights = zks__read_u8(r);
    m->not_after_s = zks__read_u64(r);
    *self = read_signature(r, "self", m->device);
    m->profile = read_slice(r, ZKS_PROFILE_MAX_BYTES);
    zks__read_copy(r, m->issuer, sizeof m->issuer);
    *issuer = read_signature(r, "issuer", m->issuer);
    zks_status status = finish(r);
    if (!status && (m->rights & ~(ZKS_RIGHT_INVITE | ZKS_RIGHT_ADMIN))) {
        status = ZKS_E_MALFORMED;
    }
    return status;
}

static zks__wire_list read_hashes(zks__reader *r)
{
    uint64_t count = zks__read_leb(r);
    if (!r->status && count > ZKS_RECORD_BODY_MAX_BYTES / ZKS_RECORD_HASH_BYTES) {
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

/* Number 0 has no parent; all else of an EPOCH belongs to the trust layer. */
static zks_status epoch_acceptable(const zks__epoch *e)
{
    if (e->number != 0) {
        return ZKS_E_UNSUPPORTED;
    }
    if (memcmp(e->parent, zeros, sizeof e->parent) != 0) {
        return ZKS_E_MALFORMED;
    }
    bool bare = !e->listed.count && !e->removed.count && !e->keys.length && !e->wrap.length &&
                !e->sealed.length;
    return bare ? ZKS_OK : ZKS_E_UNSUPPORTED;
}

static zks_status read_epoch(zks__reader *r, zks__record *out, seal_mark *signer)
{
    zks__epoch *e = &out->epoch;
    e->number = zks__read_u32(r);
    zks__read_copy(r, e->parent, sizeof e->parent);
    e->listed = read_hashes(r);
    e->removed = read_hashes(r);
    zks__read_copy(r, e->commit, sizeof e->commit);
    e->keys = read_slice(r, ZKS_RECORD_BODY_MAX_BYTES);
    e->wrap = read_slice(r, ZKS_RECORD_BODY_MAX_BYTES);
    e->sealed = read_slice(r, ZKS_RECORD_BODY_MAX_BYTES);
    zks__read_copy(r, e->signer, sizeof e->signer);
    *signer = read_signature(r, "signer", e->signer);
    zks_status status = finish(r);
    return status ? status : epoch_acceptable(e);
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
    case ZKS_RECORD_KIND_LEAVE:
        break;
    }
    return ZKS_E_UNSUPPORTED;
}

zks_status zks__record_read(const uint8_t *data, size_t length, zks__record *out)
{
    if (length > ZKS_RECORD_BODY_MAX_BYTES) {
        return ZKS_E_TOO_LARGE;
    }
    zks__record record;
    memset(&record, 0, sizeof record);
    record.bytes = (zks__slice){.data = data, .length = length};
    zks__reader r = zks__reader_of(data, length);
    zks_status status = read_header(&r, &record);
    if (status) {
        return status;
    }
    seal_mark marks[2];
    size_t count = 0;
    status = read_body(&r, &record, marks, &count);
    const zks__suite *suite = zks__crypto_suite(record.suite);
    for (size_t i = 0; !status && i < count; i++) {
        status = verify(suite, data, &marks[i]);
    }
    if (status) {
        return status;
    }
    (void)zks__record_hash(data, length, record.hash);
    *out = record;
    return ZKS_OK;
}

/* --- making ---------------------------------------------------------------------- */

static void write_header(zks__writer *w, zks__record_kind kind, uint8_t suite,
                         const uint8_t *group_id)
{
    zks__write_u8(w, ZKS_RECORD_VERSION);
    zks__write_u8(w, (uint8_t)kind);
    zks__write_u8(w, suite);
    zks__write_bytes(w, group_id, ZKS_GROUP_ID_BYTES);
}

/* Signs what is written so far and appends the signature. */
static void write_signature(zks__writer *w, const zks__suite *suite, const char *role,
                            const zks__sign_key *key)
{
    uint8_t signature[ZKS_SIGN_BYTES] = {0};
    if (!w->overflow) {
        signed_text t = text_to_sign(suite, role, w->data, w->length);
        zks__crypto_sign(key, t.bytes, t.length, signature);
    }
    zks__write_bytes(w, signature, sizeof signature);
}

static zks_status made(const zks__writer *w, size_t *out_length)
{
    if (w->overflow || w->length > ZKS_RECORD_BODY_MAX_BYTES) {
        return ZKS_E_TOO_LARGE;
    }
    *out_length = w->length;
    return ZKS_OK;
}

zks_status zks__record_make_genesis(uint8_t suite, const zks__genesis *g, const zks__sign_key *root,
                                    uint8_t *out, size_t size, size_t *out_length)
{
    const zks__suite *functions = zks__crypto_suite(suite);
    if (!functions) {
        return ZKS_E_SUITE;
    }
    bool known_mode = g->mode == ZKS_GROUP_MODE_PAIRED || g->mode == ZKS_GROUP_MODE_SHARED;
    if (!known_mode || memcmp(g->root, zks__crypto_sign_public(root), sizeof g->root) != 0) {
        return ZKS_E_INVALID;
    }
    uint8_t group_id[ZKS_GROUP_ID_BYTES];
    zks__record_group_id(suite, g->mode, g->root, group_id);
    zks__writer w = zks__writer_of(out, size);
    write_header(&w, ZKS_RECORD_KIND_GENESIS, suite, group_id);
    zks__write_u8(&w, g->mode);
    zks__write_bytes(&w, g->root, sizeof g->root);
    zks__write_bytes(&w, g->recovery, sizeof g->recovery);
    write_signature(&w, functions, "root", root);
    return made(&w, out_length);
}

zks_status zks__record_make_epoch(uint8_t suite, const uint8_t group_id[ZKS_GROUP_ID_BYTES],
                                  const zks__epoch *e, const zks__sign_key *signer, uint8_t *out,
                                  size_t size, size_t *out_length)
{
    const zks__suite *functions = zks__crypto_suite(suite);
    if (!functions) {
        return ZKS_E_SUITE;
    }
    zks_status status = epoch_acceptable(e);
    if (status) {
        return status == ZKS_E_MALFORMED ? ZKS_E_INVALID : status;
    }
    zks__writer w = zks__writer_of(out, size);
    write_header(&w, ZKS_RECORD_KIND_EPOCH, suite, group_id);
    zks__write_u32(&w, e->number);
    zks__write_bytes(&w, e->parent, sizeof e->parent);
    zks__write_leb(&w, 0); /* listed */
    zks__write_leb(&w, 0); /* removed */
    zks__write_bytes(&w, e->commit, sizeof e->commit);
    zks__write_lp(&w, e->keys.data, e->keys.length);
    zks__write_lp(&w, e->wrap.data, e->wrap.length);
    zks__write_lp(&w, e->sealed.data, e->sealed.length);
    zks__write_bytes(&w, zks__crypto_sign_public(signer), ZKS_SIGN_PUBLIC_BYTES);
    write_signature(&w, functions, "signer", signer);
    return made(&w, out_length);
}

/* --- a MEMBER in two steps: the device begins it, the issuer finishes it ----------- */

zks_status zks__record_make_member_body(uint8_t suite, const uint8_t group_id[ZKS_GROUP_ID_BYTES],
                                        const zks__member *m, const zks__sign_key *device,
                                        uint8_t *out, size_t size, size_t *out_length)
{
    const zks__suite *functions = zks__crypto_suite(suite);
    if (!functions) {
        return ZKS_E_SUITE;
    }
    if (m->rights & ~(ZKS_RIGHT_INVITE | ZKS_RIGHT_ADMIN)) {
        return ZKS_E_INVALID;
    }
    zks__writer w = zks__writer_of(out, size);
    write_header(&w, ZKS_RECORD_KIND_MEMBER, suite, group_id);
    zks__write_bytes(&w, zks__crypto_sign_public(device), ZKS_SIGN_PUBLIC_BYTES);
    zks__write_bytes(&w, m->seal_key, sizeof m->seal_key);
    zks__write_bytes(&w, m->noise_dh, sizeof m->noise_dh);
    zks__write_bytes(&w, m->noise_kem, sizeof m->noise_kem);
    zks__write_u8(&w, m->rights);
    zks__write_u64(&w, m->not_after_s);
    write_signature(&w, functions, "self", device);
    return made(&w, out_length);
}

zks_status zks__record_read_member_body(const uint8_t *data, size_t length, zks__record *out)
{
    /* Read as a whole one, with an empty profile and an issuer that signed nothing. */
    static const uint8_t rest[1 + ZKS_SIGN_PUBLIC_BYTES + ZKS_SIGN_BYTES];
    uint8_t whole[ZKS_MEMBER_BODY_MAX_BYTES + sizeof rest];
    if (length > ZKS_MEMBER_BODY_MAX_BYTES) {
        return ZKS_E_TOO_LARGE;
    }
    zks__writer w = zks__writer_of(whole, sizeof whole);
    zks__write_bytes(&w, data, length);
    zks__write_bytes(&w, rest, sizeof rest);
    zks__record record;
    memset(&record, 0, sizeof record);
    zks__reader r = zks__reader_of(whole, w.length);
    zks_status status = read_header(&r, &record);
    if (!status && record.kind != ZKS_RECORD_KIND_MEMBER) {
        status = ZKS_E_UNSUPPORTED;
    }
    seal_mark self, issuer;
    if (!status) {
        status = read_member(&r, &record, &self, &issuer);
    }
    if (!status && self.signature + ZKS_SIGN_BYTES != whole + length) {
        status = ZKS_E_MALFORMED; /* something stands behind the signature */
    }
    if (!status) {
        status = verify(zks__crypto_suite(record.suite), whole, &self);
    }
    if (!status) {
        record.bytes = (zks__slice){.data = data, .length = length};
        record.member.profile = (zks__slice){0};
        *out = record;
    }
    return status;
}

zks_status zks__record_make_member_issue(const uint8_t group_id[ZKS_GROUP_ID_BYTES],
                                         zks__slice body, zks__slice profile,
                                         const zks__sign_key *issuer, uint8_t *out, size_t size,
                                         size_t *out_length)
{
    zks__record record;
    zks_status status = zks__record_read_member_body(body.data, body.length, &record);
    if (!status && memcmp(record.group_id, group_id, ZKS_GROUP_ID_BYTES) != 0) {
        status = ZKS_E_WRONG_GROUP;
    }
    if (!status && profile.length > ZKS_PROFILE_MAX_BYTES) {
        status = ZKS_E_INVALID;
    }
    if (status) {
        return status;
    }
    zks__writer w = zks__writer_of(out, size);
    zks__write_bytes(&w, body.data, body.length);
    zks__write_lp(&w, profile.data, profile.length);
    zks__write_bytes(&w, zks__crypto_sign_public(issuer), ZKS_SIGN_PUBLIC_BYTES);
    write_signature(&w, zks__crypto_suite(record.suite), "issuer", issuer);
    return made(&w, out_length);
}

zks_status zks__record_make_member(uint8_t suite, const uint8_t group_id[ZKS_GROUP_ID_BYTES],
                                   const zks__member *m, const zks__sign_key *device,
                                   const zks__sign_key *issuer, uint8_t *out, size_t size,
                                   size_t *out_length)
{
    uint8_t begun[ZKS_MEMBER_BODY_MAX_BYTES];
    size_t length = 0;
    zks_status status = zks__record_make_member_body(suite, group_id, m, device, begun,
                                                     sizeof begun, &length);
    return status ? status
                  : zks__record_make_member_issue(group_id, (zks__slice){begun, length}, m->profile,
                                                  issuer, out, size, out_length);
}
