/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "record/record_internal.h"

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
        zks__signed_text t = zks__record_signed_text(suite, role, w->data, w->length);
        suite->sign(key, t.bytes, t.length, signature);
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
    zks__write_bytes(&w, g->recovery, functions->seal_public_bytes);
    write_signature(&w, functions, "root", root);
    return made(&w, out_length);
}

static void write_hashes(zks__writer *w, const zks__wire_list *list)
{
    zks__write_leb(w, list->count);
    for (size_t i = 0; i < list->count; i++) {
        zks__write_bytes(w, zks__record_item(list, i), ZKS_RECORD_HASH_BYTES);
    }
}

zks_status zks__record_make_epoch(uint8_t suite, const uint8_t group_id[ZKS_GROUP_ID_BYTES],
                                  const zks__epoch *e, const zks__sign_key *signer, uint8_t *out,
                                  size_t size, size_t *out_length)
{
    const zks__suite *functions = zks__crypto_suite(suite);
    if (!functions) {
        return ZKS_E_SUITE;
    }
    if (zks__record_epoch_form(functions, e)) {
        return ZKS_E_INVALID;
    }
    zks__writer w = zks__writer_of(out, size);
    write_header(&w, ZKS_RECORD_KIND_EPOCH, suite, group_id);
    zks__write_u32(&w, e->number);
    zks__write_bytes(&w, e->parent, sizeof e->parent);
    write_hashes(&w, &e->listed);
    write_hashes(&w, &e->removed);
    zks__write_bytes(&w, e->commit, sizeof e->commit);
    zks__write_lp(&w, e->keys.data, e->keys.length);
    zks__write_lp(&w, e->wrap.data, e->wrap.length);
    zks__write_lp(&w, e->sealed.data, e->sealed.length);
    zks__write_bytes(&w, zks__crypto_sign_public(signer), ZKS_SIGN_PUBLIC_BYTES);
    write_signature(&w, functions, "signer", signer);
    return made(&w, out_length);
}

/* --- MEMBER: the device's half, then the issuer's --- */

static zks_status write_member_body(zks__writer *w, const zks__suite *suite,
                                    const uint8_t *group_id, const zks__member *m,
                                    const zks__sign_key *device)
{
    if (m->rights & ~(ZKS_RIGHT_INVITE | ZKS_RIGHT_ADMIN)) {
        return ZKS_E_INVALID;
    }
    write_header(w, ZKS_RECORD_KIND_MEMBER, suite->id, group_id);
    zks__write_bytes(w, zks__crypto_sign_public(device), ZKS_SIGN_PUBLIC_BYTES);
    zks__write_bytes(w, m->seal_key, suite->seal_public_bytes);
    zks__write_bytes(w, m->noise_dh, suite->dh_public_bytes);
    zks__write_bytes(w, m->noise_kem, sizeof m->noise_kem);
    zks__write_u8(w, m->rights);
    zks__write_u64(w, m->not_after_s);
    write_signature(w, suite, "self", device);
    return ZKS_OK;
}

static zks_status write_issuer(zks__writer *w, const zks__suite *suite, zks__slice profile,
                               const zks__sign_key *issuer)
{
    if (profile.length > ZKS_PROFILE_MAX_BYTES) {
        return ZKS_E_INVALID;
    }
    zks__write_lp(w, profile.data, profile.length);
    zks__write_bytes(w, zks__crypto_sign_public(issuer), ZKS_SIGN_PUBLIC_BYTES);
    write_signature(w, suite, "issuer", issuer);
    return ZKS_OK;
}

zks_status zks__record_make_member(uint8_t suite, const uint8_t group_id[ZKS_GROUP_ID_BYTES],
                                   const zks__member *m, const zks__sign_key *device,
                                   const zks__sign_key *issuer, uint8_t *out, size_t size,
                                   size_t *out_length)
{
    const zks__suite *functions = zks__crypto_suite(suite);
    if (!functions) {
        return ZKS_E_SUITE;
    }
    zks__writer w = zks__writer_of(out, size);
    zks_status status = write_member_body(&w, functions, group_id, m, device);
    if (!status) {
        status = write_issuer(&w, functions, m->profile, issuer);
    }
    return status ? status : made(&w, out_length);
}

zks_status zks__record_make_member_body(uint8_t suite, const uint8_t group_id[ZKS_GROUP_ID_BYTES],
                                        const zks__member *m, const zks__sign_key *device,
                                        uint8_t *out, size_t size, size_t *out_length)
{
    const zks__suite *functions = zks__crypto_suite(suite);
    if (!functions) {
        return ZKS_E_SUITE;
    }
    zks__writer w = zks__writer_of(out, size);
    zks_status status = write_member_body(&w, functions, group_id, m, device);
    return status ? status : made(&w, out_length);
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
    if (status) {
        return status;
    }
    zks__writer w = zks__writer_of(out, size);
    zks__write_bytes(&w, body.data, body.length);
    status = write_issuer(&w, zks__crypto_suite(record.suite), profile, issuer);
    return status ? status : made(&w, out_length);
}

/* --- GRANT, LEAVE --- */

zks_status zks__record_make_grant(uint8_t suite, const uint8_t group_id[ZKS_GROUP_ID_BYTES],
                                  const zks__grant *g, const zks__sign_key *signer, uint8_t *out,
                                  size_t size, size_t *out_length)
{
    const zks__suite *functions = zks__crypto_suite(suite);
    if (!functions) {
        return ZKS_E_SUITE;
    }
    if (g->key.length != zks__record_key_bytes(functions)) {
        return ZKS_E_INVALID;
    }
    zks__writer w = zks__writer_of(out, size);
    write_header(&w, ZKS_RECORD_KIND_GRANT, suite, group_id);
    zks__write_bytes(&w, g->epoch, sizeof g->epoch);
    zks__write_bytes(&w, g->device, sizeof g->device);
    zks__write_bytes(&w, g->key.data, g->key.length);
    zks__write_bytes(&w, zks__crypto_sign_public(signer), ZKS_SIGN_PUBLIC_BYTES);
    write_signature(&w, functions, "signer", signer);
    return made(&w, out_length);
}

zks_status zks__record_make_leave(uint8_t suite, const uint8_t group_id[ZKS_GROUP_ID_BYTES],
                                  const zks__sign_key *device, uint8_t *out, size_t size,
                                  size_t *out_length)
{
    const zks__suite *functions = zks__crypto_suite(suite);
    if (!functions) {
        return ZKS_E_SUITE;
    }
    zks__writer w = zks__writer_of(out, size);
    write_header(&w, ZKS_RECORD_KIND_LEAVE, suite, group_id);
    zks__write_bytes(&w, zks__crypto_sign_public(device), ZKS_SIGN_PUBLIC_BYTES);
    write_signature(&w, functions, "self", device);
    return made(&w, out_length);
}
