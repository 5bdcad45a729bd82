/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "group/epoch.h"

#include "base/alloc.h"

enum {
    INFO_MAX_BYTES = 192,
    AD_MAX_BYTES = 128,
    NOTE_STEP = 256,
    CUTOFF_BYTES = ZKS_DEVICE_ID_BYTES + ZKS_CHAIN_BYTES + 8 + ZKS_ENTRY_ID_BYTES,
    NOTE_MAX_BYTES = 2 + ZKS_EPOCH_DEVICES_MAX + 2 + ZKS_CUTOFFS_MAX * CUTOFF_BYTES
};

_Static_assert(ZKS_NONCE_BYTES + NOTE_MAX_BYTES + NOTE_STEP + ZKS_TAG_BYTES <=
                   ZKS_EPOCH_SEALED_MAX_BYTES,
               "the largest note fits");

static const uint8_t zero_nonce[ZKS_NONCE_BYTES];

/* --- keys of one place ------------------------------------------------------------ */

/* Where a secret stands: every derivation and every AEAD is bound to it. */
typedef struct place {
    const uint8_t *group_id;
    uint32_t number;
    const uint8_t *parent;
    const uint8_t *device; /* 32 bytes; NULL: none */
    const uint8_t *epoch;  /* 32 bytes, of a GRANT; NULL: none */
} place;

static place place_of(const zks__record *epoch, const uint8_t *device)
{
    return (place){.group_id = epoch->group_id,
                   .number = epoch->epoch.number,
                   .parent = epoch->epoch.parent,
                   .device = device};
}

/* HKDF(secret, label, group, n, parent, [device], [epoch]) */
static void derive(const uint8_t secret[ZKS_KEY_BYTES], const char *label, const place *at,
                   uint8_t out[ZKS_KEY_BYTES])
{
    uint8_t info[INFO_MAX_BYTES], number[4], prk[32];
    zks__writer n = zks__writer_of(number, sizeof number);
    zks__write_u32(&n, at->number);
    zks__writer w = zks__writer_of(info, sizeof info);
    zks__write_label(&w, label);
    zks__write_lp(&w, at->group_id, ZKS_GROUP_ID_BYTES);
    zks__write_lp(&w, number, sizeof number);
    zks__write_lp(&w, at->parent, ZKS_RECORD_HASH_BYTES);
    if (at->device) {
        zks__write_lp(&w, at->device, ZKS_DEVICE_ID_BYTES);
    }
    if (at->epoch) {
        zks__write_lp(&w, at->epoch, ZKS_RECORD_HASH_BYTES);
    }
    zks__crypto_extract(secret, ZKS_KEY_BYTES, prk);
    zks__crypto_expand(prk, info, w.length, out, ZKS_KEY_BYTES);
    zks__wipe(prk, sizeof prk);
}

static size_t associated(const zks__suite *suite, const char *label, const place *at,
                         uint8_t out[AD_MAX_BYTES])
{
    zks__writer w = zks__writer_of(out, AD_MAX_BYTES);
    zks__write_label(&w, label);
    zks__write_u8(&w, suite->id);
    zks__write_bytes(&w, at->group_id, ZKS_GROUP_ID_BYTES);
    zks__write_u32(&w, at->number);
    zks__write_bytes(&w, at->parent, ZKS_RECORD_HASH_BYTES);
    return w.length;
}

/* Seals `text` with HKDF(secret, label, place), in place; the tag follows it. */
static void seal_at(const zks__suite *suite, const uint8_t secret[ZKS_KEY_BYTES], const char *label,
                    const place *at, const uint8_t nonce[ZKS_NONCE_BYTES], uint8_t *text,
                    size_t length)
{
    uint8_t key[ZKS_KEY_BYTES], ad[AD_MAX_BYTES];
    derive(secret, label, at, key);
    size_t ad_length = associated(suite, label, at, ad);
    suite->seal(text, length, ad, ad_length, nonce, key);
    zks__wipe(key, sizeof key);
}

/* length counts the tag. ZKS_E_DECRYPT. */
static zks_status open_at(const zks__suite *suite, const uint8_t secret[ZKS_KEY_BYTES],
                          const char *label, const place *at, const uint8_t nonce[ZKS_NONCE_BYTES],
                          uint8_t *text, size_t length)
{
    uint8_t key[ZKS_KEY_BYTES], ad[AD_MAX_BYTES];
    derive(secret, label, at, key);
    size_t ad_length = associated(suite, label, at, ad);
    zks_status status = suite->open(text, length, ad, ad_length, nonce, key);
    zks__wipe(key, sizeof key);
    return status ? ZKS_E_DECRYPT : ZKS_OK;
}

void zks__epoch_commit(const uint8_t secret[ZKS_KEY_BYTES],
                       const uint8_t group_id[ZKS_GROUP_ID_BYTES], uint32_t number,
                       const uint8_t parent[ZKS_RECORD_HASH_BYTES], uint8_t out[32])
{
    const place at = {.group_id = group_id, .number = number, .parent = parent};
    derive(secret, "commit", &at, out);
}

static bool commits_to(const zks__record *epoch, const uint8_t secret[ZKS_KEY_BYTES])
{
    uint8_t commit[32];
    zks__epoch_commit(secret, epoch->group_id, epoch->epoch.number, epoch->epoch.parent, commit);
    return zks__bytes_equal(commit, epoch->epoch.commit, sizeof commit);
}

/* --- one key: a secret sealed to a public sealing key ------------------------------ */

static zks_status key_seal(const zks__suite *suite, const uint8_t *public_key, const char *label,
                           const place *at, const uint8_t random[ZKS_SEAL_RANDOM_BYTES],
                           const uint8_t secret[ZKS_KEY_BYTES], uint8_t *out)
{
    uint8_t shared[ZKS_SEAL_SHARED_BYTES];
    zks_status status = suite->seal_enc(public_key, random, out, shared);
    if (!status) {
        memcpy(out + suite->seal_ct_bytes, secret, ZKS_KEY_BYTES);
        seal_at(suite, shared, label, at, zero_nonce, out + suite->seal_ct_bytes, ZKS_KEY_BYTES);
    }
    zks__wipe(shared, sizeof shared);
    return status;
}

/* Opens a key and checks that it is what the EPOCH commits to. */
static zks_status key_open(const zks__record *epoch, const uint8_t *key, const char *label,
                           const place *at, const uint8_t seed[ZKS_SEAL_SEED_BYTES],
                           uint8_t out_secret[ZKS_KEY_BYTES])
{
    const zks__suite *suite = zks__crypto_suite(epoch->suite);
    uint8_t shared[ZKS_SEAL_SHARED_BYTES];
    uint8_t text[ZKS_SEALED_SECRET_BYTES];
    zks_status status = suite->seal_dec(seed, key, shared);
    if (status) {
        status = ZKS_E_DECRYPT; /* of a ciphertext that is not one: it was tampered with */
        goto out;
    }
    memcpy(text, key + suite->seal_ct_bytes, sizeof text);
    status = open_at(suite, shared, label, at, zero_nonce, text, sizeof text);
    if (!status && !commits_to(epoch, text)) {
        status = ZKS_E_DECRYPT;
    }
    if (!status) {
        memcpy(out_secret, text, ZKS_KEY_BYTES);
    }
out:
    zks__wipe(shared, sizeof shared);
    zks__wipe(text, sizeof text);
    return status;
}

/* --- the note --------------------------------------------------------------------- */

/* lp(reasons, a byte each) LEB128 count of cut-offs, each author chain seq id; zeros up to a
 * multiple of NOTE_STEP. */
static size_t note_write(const zks__epoch_note *note, uint8_t *out, size_t size)
{
    memset(out, 0, size);
    zks__writer w = zks__writer_of(out, size);
    zks__write_lp(&w, note->reasons, note->reason_count);
    zks__write_leb(&w, note->cutoff_count);
    for (size_t i = 0; i < note->cutoff_count; i++) {
        const zks__cutoff *c = &note->cutoffs[i];
        zks__write_bytes(&w, c->author, sizeof c->author);
        zks__write_bytes(&w, c->chain, sizeof c->chain);
        zks__write_u64(&w, c->seq);
        zks__write_bytes(&w, c->id, sizeof c->id);
    }
    return (w.length + NOTE_STEP - 1) / NOTE_STEP * NOTE_STEP;
}

zks_status zks__epoch_note_parse(const uint8_t *text, size_t length, size_t reasons,
                                 zks__epoch_note *out_note)
{
    zks__reader r = zks__reader_of(text, length);
    zks__epoch_note note = {0};
    const uint8_t *list = zks__read_lp(&r, ZKS_EPOCH_DEVICES_MAX, &note.reason_count);
    uint64_t cutoffs = zks__read_leb(&r);
    if (r.status || note.reason_count != reasons || cutoffs > ZKS_CUTOFFS_MAX) {
        return ZKS_E_MALFORMED;
    }
    if (note.reason_count) {
        memcpy(note.reasons, list, note.reason_count);
    }
    note.cutoff_count = (size_t)cutoffs;
    for (size_t i = 0; i < note.cutoff_count; i++) {
        zks__cutoff *c = &note.cutoffs[i];
        zks__read_copy(&r, c->author, sizeof c->author);
        zks__read_copy(&r, c->chain, sizeof c->chain);
        c->seq = zks__read_u64(&r);
        zks__read_copy(&r, c->id, sizeof c->id);
    }
    bool bad = r.status || r.left >= NOTE_STEP || length % NOTE_STEP;
    for (size_t i = 0; !bad && i < r.left; i++) {
        bad = r.next[i] != 0;
    }
    if (bad) {
        return ZKS_E_MALFORMED;
    }
    *out_note = note;
    return ZKS_OK;
}

zks_status zks__epoch_read_note(const zks__record *epoch, const uint8_t secret[ZKS_KEY_BYTES],
                                zks__epoch_note *out_note)
{
    const zks__epoch *e = &epoch->epoch;
    uint8_t text[ZKS_EPOCH_SEALED_MAX_BYTES];
    if (e->number == 0) {
        return ZKS_E_NOT_FOUND;
    }
    if (e->sealed.length < ZKS_NONCE_BYTES + ZKS_TAG_BYTES) {
        return ZKS_E_MALFORMED;
    }
    const place at = place_of(epoch, NULL);
    size_t length = e->sealed.length - ZKS_NONCE_BYTES;
    memcpy(text, e->sealed.data + ZKS_NONCE_BYTES, length);
    zks_status status = open_at(zks__crypto_suite(epoch->suite), secret, "note", &at,
                                e->sealed.data, text, length);
    if (!status) {
        status = zks__epoch_note_parse(text, length - ZKS_TAG_BYTES, e->removed.count, out_note);
    }
    zks__wipe(text, sizeof text);
    return status;
}

/* --- making ----------------------------------------------------------------------- */

/* Where the parts of an EPOCH in the making stand. */
typedef struct parts {
    zks__wire_hash listed[ZKS_EPOCH_DEVICES_MAX];
    uint8_t wrap[ZKS_SEALED_SECRET_BYTES];
    uint8_t sealed[ZKS_EPOCH_SEALED_MAX_BYTES];
    uint8_t keys[];
} parts;

static bool plan_fits(const zks__epoch_plan *p)
{
    return p->genesis->kind == ZKS_RECORD_KIND_GENESIS &&
           p->parent->kind == ZKS_RECORD_KIND_EPOCH && p->parent->epoch.number < UINT32_MAX &&
           p->listed_count <= ZKS_EPOCH_DEVICES_MAX && p->removed_count <= ZKS_EPOCH_DEVICES_MAX &&
           p->note->reason_count == p->removed_count && p->note->cutoff_count <= ZKS_CUTOFFS_MAX;
}

static zks_status make_keys(const zks__epoch_plan *p, const zks__suite *suite, place at,
                            uint8_t *out)
{
    const uint8_t *random = p->random + ZKS_NONCE_BYTES;
    zks_status status = ZKS_OK;
    for (size_t i = 0; i <= p->listed_count && !status; i++) {
        bool last = i == p->listed_count;
        at.device = last ? p->genesis->genesis.root : p->listed[i]->member.device;
        status = key_seal(suite,
                          last ? p->genesis->genesis.recovery : p->listed[i]->member.seal_key,
                          "epoch", &at, random, p->secret, out);
        random += ZKS_SEAL_RANDOM_BYTES;
        out += zks__record_key_bytes(suite);
    }
    return status;
}

zks_status zks__epoch_make(const zks__epoch_plan *p, const zks__sign_key *signer, uint8_t *out,
                           size_t size, size_t *out_length)
{
    if (!plan_fits(p)) {
        return ZKS_E_INVALID;
    }
    const zks__suite *suite = zks__crypto_suite(p->parent->suite);
    size_t key_bytes = (p->listed_count + 1) * zks__record_key_bytes(suite);
    parts *t = zks__alloc(sizeof *t + key_bytes);
    if (!t) {
        return ZKS_E_NOMEM;
    }
    zks__epoch e = {.number = p->parent->epoch.number + 1,
                    .listed = {.count = p->listed_count, .items = t->listed},
                    .removed = {.count = p->removed_count, .items = p->removed},
                    .keys = {t->keys, key_bytes},
                    .wrap = {t->wrap, sizeof t->wrap}};
    memcpy(e.parent, p->parent->hash, sizeof e.parent);
    const place at = {.group_id = p->parent->group_id, .number = e.number, .parent = e.parent};
    for (size_t i = 0; i < p->listed_count; i++) {
        memcpy(t->listed[i].hash, p->listed[i]->hash, ZKS_RECORD_HASH_BYTES);
    }
    derive(p->secret, "commit", &at, e.commit);
    memcpy(t->wrap, p->parent_secret, ZKS_KEY_BYTES);
    seal_at(suite, p->secret, "wrap", &at, zero_nonce, t->wrap, ZKS_KEY_BYTES);
    memcpy(t->sealed, p->random, ZKS_NONCE_BYTES);
    size_t note = note_write(p->note, t->sealed + ZKS_NONCE_BYTES,
                             sizeof t->sealed - ZKS_NONCE_BYTES - ZKS_TAG_BYTES);
    seal_at(suite, p->secret, "note", &at, t->sealed, t->sealed + ZKS_NONCE_BYTES, note);
    e.sealed = (zks__slice){t->sealed, ZKS_NONCE_BYTES + note + ZKS_TAG_BYTES};
    zks_status status = make_keys(p, suite, at, t->keys);
    if (!status) {
        status = zks__record_make_epoch(suite->id, p->parent->group_id, &e, signer, out, size,
                                        out_length);
    }
    zks__free(t);
    return status;
}

/* --- opening ---------------------------------------------------------------------- */

zks_status zks__epoch_open(const zks__record *epoch, size_t listed_at,
                           const uint8_t device[ZKS_DEVICE_ID_BYTES],
                           const uint8_t seal_seed[ZKS_SEAL_SEED_BYTES],
                           uint8_t out_secret[ZKS_KEY_BYTES])
{
    if (listed_at >= epoch->epoch.listed.count) {
        return ZKS_E_NOT_FOUND;
    }
    size_t step = zks__record_key_bytes(zks__crypto_suite(epoch->suite));
    const place at = place_of(epoch, device);
    return key_open(epoch, epoch->epoch.keys.data + listed_at * step, "epoch", &at, seal_seed,
                    out_secret);
}

zks_status zks__epoch_recover(const zks__record *epoch, const zks__record *genesis,
                              const uint8_t recovery_seed[ZKS_SEAL_SEED_BYTES],
                              uint8_t out_secret[ZKS_KEY_BYTES])
{
    if (epoch->epoch.number == 0) {
        return ZKS_E_NOT_FOUND;
    }
    size_t step = zks__record_key_bytes(zks__crypto_suite(epoch->suite));
    const place at = place_of(epoch, genesis->genesis.root);
    return key_open(epoch, epoch->epoch.keys.data + epoch->epoch.listed.count * step, "epoch", &at,
                    recovery_seed, out_secret);
}

zks_status zks__epoch_unwrap(const zks__record *epoch, const uint8_t secret[ZKS_KEY_BYTES],
                             const zks__record *parent, uint8_t out_parent_secret[ZKS_KEY_BYTES])
{
    const zks__epoch *e = &epoch->epoch;
    uint8_t text[ZKS_SEALED_SECRET_BYTES];
    if (e->number == 0 || memcmp(e->parent, parent->hash, sizeof e->parent) != 0) {
        return ZKS_E_NOT_FOUND;
    }
    const place at = place_of(epoch, NULL);
    memcpy(text, e->wrap.data, sizeof text);
    zks_status status = open_at(zks__crypto_suite(epoch->suite), secret, "wrap", &at, zero_nonce,
                                text, sizeof text);
    if (!status && !commits_to(parent, text)) {
        status = ZKS_E_DECRYPT;
    }
    if (!status) {
        memcpy(out_parent_secret, text, ZKS_KEY_BYTES);
    }
    zks__wipe(text, sizeof text);
    return status;
}

/* --- GRANT ------------------------------------------------------------------------ */

zks_status zks__grant_make(const zks__record *epoch, const uint8_t secret[ZKS_KEY_BYTES],
                           const zks__record *member, const zks__sign_key *signer,
                           const uint8_t random[ZKS_SEAL_RANDOM_BYTES], uint8_t *out, size_t size,
                           size_t *out_length)
{
    const zks__suite *suite = zks__crypto_suite(epoch->suite);
    uint8_t *key = zks__alloc(zks__record_key_bytes(suite));
    if (!key) {
        return ZKS_E_NOMEM;
    }
    place at = place_of(epoch, member->member.device);
    at.epoch = epoch->hash;
    zks__grant g = {.key = {key, zks__record_key_bytes(suite)}};
    memcpy(g.epoch, epoch->hash, sizeof g.epoch);
    memcpy(g.device, member->member.device, sizeof g.device);
    zks_status status = key_seal(suite, member->member.seal_key, "grant", &at, random, secret, key);
    if (!status) {
        status = zks__record_make_grant(suite->id, epoch->group_id, &g, signer, out, size,
                                        out_length);
    }
    zks__free(key);
    return status;
}

zks_status zks__grant_open(const zks__record *grant, const zks__record *epoch,
                           const uint8_t seal_seed[ZKS_SEAL_SEED_BYTES],
                           uint8_t out_secret[ZKS_KEY_BYTES])
{
    const zks__grant *g = &grant->grant;
    if (memcmp(g->epoch, epoch->hash, sizeof g->epoch) != 0) {
        return ZKS_E_UNKNOWN_EPOCH;
    }
    place at = place_of(epoch, g->device);
    at.epoch = epoch->hash;
    return key_open(epoch, g->key.data, "grant", &at, seal_seed, out_secret);
}
