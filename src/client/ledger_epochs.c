/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Epoch secrets (docs/SECURITY.md, sections 2 to 4): which are known here, which one is sealed for,
 * and who could seal for one. A secret comes from the group seed (shared groups), from the store
 * (of the group's creation, or brought by pairing), from an EPOCH that lists this device, from a
 * GRANT, or from the epoch after it. What follows from records is worked out anew when it is needed
 * and kept in secret memory only. New ones: ledger_rotation.c.
 */
#include "client/ledger_internal.h"

#include "base/alloc.h"
#include "group/epoch.h"

#include <string.h>

/* --- finding secrets --- */

static zks__known_epoch *find_known(const zks__ledger *l, const zks__record *epoch)
{
    return zks__map_get(l->epochs, epoch->hash, ZKS_EPOCH_TAG_BYTES);
}

static zks_status keep(zks__ledger *l, const zks__record *epoch,
                       const uint8_t secret[ZKS_KEY_BYTES], const zks__known_epoch **out)
{
    zks__known_epoch *known = zks__vault_alloc(l->vault, sizeof *known);
    if (!known) {
        return ZKS_E_NOMEM;
    }
    memcpy(known->hash, epoch->hash, sizeof known->hash);
    memcpy(known->secret, secret, sizeof known->secret);
    zks_status status = zks__map_put(l->epochs, known->hash, ZKS_EPOCH_TAG_BYTES, known);
    if (status) {
        zks__vault_release(l->vault, known, sizeof *known);
        return status;
    }
    *out = known;
    return ZKS_OK;
}

/* An EPOCH that lists this device under any of its MEMBER records. */
static zks_status open_listed(const zks__ledger *l, const zks__record *epoch,
                              uint8_t secret[ZKS_KEY_BYTES])
{
    for (size_t i = 0; i < epoch->epoch.listed.count; i++) {
        const zks__record *m = zks__records_find(l->records,
                                                 zks__record_item(&epoch->epoch.listed, i));
        if (m && m->kind == ZKS_RECORD_KIND_MEMBER && zks__ledger_is_self(l, m->member.device) &&
            !zks__epoch_open(epoch, i, zks__ledger_device_id(l), l->device.seal_seed, secret)) {
            return ZKS_OK;
        }
    }
    return ZKS_E_UNKNOWN_EPOCH;
}

static zks_status open_granted(const zks__ledger *l, const zks__record *epoch,
                               uint8_t secret[ZKS_KEY_BYTES])
{
    const zks__record *grant;
    for (size_t i = 0;
         (grant = zks__records_grant(l->records, epoch->hash, zks__ledger_device_id(l), i)); i++) {
        if (!zks__grant_open(grant, epoch, l->device.seal_seed, secret)) {
            return ZKS_OK;
        }
    }
    return ZKS_E_UNKNOWN_EPOCH;
}

/* With the recovery code, while the group is restored. */
static zks_status recover(const zks__ledger *l, const zks__record *epoch,
                          uint8_t secret[ZKS_KEY_BYTES])
{
    uint8_t seed[ZKS_SEAL_SEED_BYTES];
    zks__group_recovery_seed(l->seed, seed);
    zks_status status = zks__epoch_recover(epoch, zks__records_genesis(l->records), seed, secret);
    zks__wipe(seed, sizeof seed);
    return status == ZKS_E_NOMEM ? status : status ? ZKS_E_UNKNOWN_EPOCH : ZKS_OK;
}

/* Without the epochs after it. ZKS_E_UNKNOWN_EPOCH. */
static zks_status find_secret(const zks__ledger *l, const zks__record *epoch,
                              uint8_t secret[ZKS_KEY_BYTES])
{
    if (l->group.mode == ZKS_GROUP_MODE_SHARED) {
        memcpy(secret, l->root.epoch0_secret, ZKS_KEY_BYTES);
        return ZKS_OK;
    }
    zks_status status = zks__keyring_get(l->keyring, l->group.g, l->group.group_id,
                                         ZKS_STORE_SECRET_EPOCH, epoch->hash, secret);
    if (status == ZKS_E_NOT_FOUND) {
        status = open_listed(l, epoch, secret);
    }
    if (status == ZKS_E_UNKNOWN_EPOCH) {
        status = open_granted(l, epoch, secret);
    }
    return status == ZKS_E_UNKNOWN_EPOCH && l->restoring ? recover(l, epoch, secret) : status;
}

/* What is known, or found directly, of one epoch. */
static zks_status look(zks__ledger *l, const zks__record *epoch, const zks__known_epoch **out)
{
    *out = find_known(l, epoch);
    if (*out) {
        return ZKS_OK;
    }
    uint8_t secret[ZKS_KEY_BYTES];
    zks_status status = find_secret(l, epoch, secret);
    if (!status) {
        status = keep(l, epoch, secret, out);
    }
    zks__wipe(secret, sizeof secret);
    return status;
}

/* From the nearest epoch above whose secret is here, step by step down: each wraps its parent's. */
static zks_status climb_down(zks__ledger *l, const zks__record *epoch, const zks__known_epoch **out)
{
    if (!zks__records_in_chain(l->records, epoch->hash)) {
        return ZKS_E_UNKNOWN_EPOCH;
    }
    uint32_t n = epoch->epoch.number;
    const zks__record *above = NULL;
    const zks__known_epoch *known = NULL;
    zks_status status = ZKS_E_UNKNOWN_EPOCH;
    while (status == ZKS_E_UNKNOWN_EPOCH && (above = zks__records_epoch_at(l->records, ++n))) {
        status = look(l, above, &known);
    }
    while (!status && n > epoch->epoch.number) {
        uint8_t secret[ZKS_KEY_BYTES];
        const zks__record *below = zks__records_epoch_at(l->records, --n);
        status = zks__epoch_unwrap(above, known->secret, below, secret);
        if (!status) {
            status = keep(l, below, secret, &known);
        }
        zks__wipe(secret, sizeof secret);
        above = below;
    }
    *out = status ? NULL : known;
    /* An EPOCH that wraps another secret than its parent's is a member's work: unreadable, not
     * damage. */
    return status == ZKS_E_DECRYPT ? ZKS_E_UNKNOWN_EPOCH : status;
}

zks_status zks__ledger_epoch(zks__ledger *l, const zks__record *epoch, const zks__known_epoch **out)
{
    zks_status status = look(l, epoch, out);
    return status == ZKS_E_UNKNOWN_EPOCH ? climb_down(l, epoch, out) : status;
}

/* --- the epoch that is sealed for --- */

/* The newest of the chain whose secret is here. What wraps one is above it and was looked at. */
static zks_status newest(zks__ledger *l, const zks__record *tip, const zks__known_epoch **out)
{
    zks_status status = look(l, tip, out);
    for (uint32_t n = tip->epoch.number; status == ZKS_E_UNKNOWN_EPOCH && n > 0; n--) {
        status = look(l, zks__records_epoch_at(l->records, n - 1), out);
    }
    return status;
}

zks_status zks__ledger_follow(zks__ledger *l, bool *out_moved)
{
    const zks__known_epoch *epoch = NULL;
    const zks__record *tip = zks__records_epoch(l->records);
    zks_status status = tip ? newest(l, tip, &epoch) : ZKS_E_STORE_CORRUPT;
    *out_moved = false;
    if (!status && epoch != l->epoch) {
        zks__blob_key_derive(l->suite, epoch->secret, l->group.group_id, epoch->hash,
                             zks__ledger_device_id(l), &l->own_key);
        *out_moved = l->epoch != NULL;
        if (l->epoch && !zks__records_in_chain(l->records, l->epoch->hash)) {
            /* A branch that lost: whom it had removed cannot read what was said in it, and asks for
             * it when it hears the heads. */
            l->active = true;
            l->heads_sent = 0;
        }
        l->epoch = epoch;
        zks__log_write(l->log, ZKS_LOG_LEVEL_INFO, "epoch number=%u newest=%d",
                       (unsigned)tip->epoch.number,
                       memcmp(epoch->hash, tip->hash, sizeof tip->hash) == 0);
    }
    return status;
}

zks_status zks__ledger_pin(zks__ledger *l)
{
    const zks__record *e;
    zks_status status = ZKS_OK;
    for (uint32_t n = 1; !status && (e = zks__records_epoch_at(l->records, n)); n++) {
        if (!zks__records_pinned(l->records, e->hash) && find_known(l, e)) {
            status = zks__store_epoch_pin(l->store, l->group.g, e->hash);
            status = status ? status : zks__records_pin(l->records, e->hash);
        }
    }
    return status;
}

/* --- keys of blobs --- */

zks_status zks__ledger_blob_key(zks__ledger *l, const uint8_t *blob, size_t length,
                                const uint8_t pusher[ZKS_DEVICE_ID_BYTES],
                                const zks__blob_key **out)
{
    uint8_t name[ZKS_EPOCH_TAG_BYTES + ZKS_DEVICE_ID_BYTES];
    const uint8_t *tag = NULL;
    zks_status status = zks__blob_epoch(blob, length, &tag);
    if (status) {
        return status;
    }
    memcpy(name, tag, ZKS_EPOCH_TAG_BYTES);
    memcpy(name + ZKS_EPOCH_TAG_BYTES, pusher, ZKS_DEVICE_ID_BYTES);
    zks__blob_key *key = zks__map_get(l->blob_keys, name, sizeof name);
    if (key) {
        *out = key;
        return ZKS_OK;
    }
    const zks__record *record = zks__records_epoch_by_tag(l->records, tag);
    const zks__known_epoch *epoch = NULL;
    status = record ? zks__ledger_epoch(l, record, &epoch) : ZKS_E_UNKNOWN_EPOCH;
    if (status) {
        return status;
    }
    key = zks__vault_alloc(l->vault, sizeof *key);
    if (!key) {
        return ZKS_E_NOMEM;
    }
    zks__blob_key_derive(l->suite, epoch->secret, l->group.group_id, tag, pusher, key);
    status = zks__map_put(l->blob_keys, name, sizeof name, key);
    if (status) {
        zks__vault_release(l->vault, key, sizeof *key);
        return status;
    }
    *out = key;
    return ZKS_OK;
}

/* --- who counts --- */

typedef enum vouching { VOUCHED_NOT = 0, VOUCHED_BELOW, VOUCHED_HEAD } vouching;

static vouching vouched_by(const zks__cutoff *c, const zks__entry *e)
{
    if (memcmp(c->author, e->author, sizeof c->author) != 0 ||
        memcmp(c->chain, e->chain, sizeof c->chain) != 0 || e->seq > c->seq) {
        return VOUCHED_NOT;
    }
    if (e->seq < c->seq) {
        return VOUCHED_BELOW;
    }
    return memcmp(e->id, c->id, sizeof c->id) == 0 ? VOUCHED_HEAD : VOUCHED_NOT;
}

/* How an EPOCH that removed the author vouches for the entry: as a cut-off head, or below one. */
static zks_status vouched(zks__ledger *l, const zks__entry *e, vouching *out)
{
    zks__epoch_note *note = zks__alloc(sizeof *note);
    if (!note) {
        return ZKS_E_NOMEM;
    }
    const zks__record *r;
    zks_status status = ZKS_OK;
    *out = VOUCHED_NOT;
    for (uint32_t n = 1;
         !status && *out < VOUCHED_HEAD && (r = zks__records_epoch_at(l->records, n)); n++) {
        const zks__known_epoch *known = NULL;
        if (!zks__records_gone(l->records, e->author, r->hash)) {
            continue;
        }
        status = zks__ledger_epoch(l, r, &known);
        if (status == ZKS_E_UNKNOWN_EPOCH) {
            status = ZKS_OK;
            continue;
        }
        if (status || zks__epoch_read_note(r, known->secret, note)) {
            continue;
        }
        for (size_t i = 0; i < note->cutoff_count; i++) {
            vouching v = vouched_by(&note->cutoffs[i], e);
            *out = v > *out ? v : *out;
        }
    }
    zks__free(note);
    return status;
}

zks_status zks__ledger_author_counts(zks__ledger *l, const zks__record *epoch, zks__entry *e)
{
    const zks__record *tip = zks__records_epoch(l->records);
    if (zks__records_valid(l->records, e->author, epoch->hash) &&
        !zks__records_gone(l->records, e->author, tip->hash)) {
        return ZKS_OK;
    }
    vouching v;
    zks_status status = vouched(l, e, &v);
    if (!status && v == VOUCHED_BELOW) {
        e->has_signature = 0;
    }
    return status || v ? status : ZKS_E_NOT_MEMBER;
}

/* --- restoring --- */

/* Every epoch that opens now, also those that the chain has left: their entries are in the inbox.
 */
static zks_status keep_epochs(zks__ledger *l)
{
    const zks__record *r;
    zks_status status = ZKS_OK;
    for (size_t i = 0; !status && (r = zks__records_at(l->records, i)); i++) {
        const zks__known_epoch *known = NULL;
        if (r->kind != ZKS_RECORD_KIND_EPOCH) {
            continue;
        }
        status = zks__ledger_epoch(l, r, &known);
        if (!status) {
            status = zks__keyring_put(l->keyring, l->group.g, l->group.group_id,
                                      ZKS_STORE_SECRET_EPOCH, r->hash, known->secret);
        }
        status = status == ZKS_E_UNKNOWN_EPOCH ? ZKS_OK : status;
    }
    return status;
}

static zks_status trade_seed(zks__ledger *l)
{
    zks_status status = zks__store_begin_secret(l->store);
    if (!status) {
        status = keep_epochs(l);
    }
    if (!status) {
        status = zks__keyring_drop(l->keyring, l->group.g, ZKS_STORE_SECRET_GROUP, NULL);
    }
    if (!status) {
        status = zks__store_commit(l->store);
    }
    if (status) {
        zks__store_rollback(l->store);
    }
    return status;
}

zks_status zks__ledger_forget_seed(zks__ledger *l)
{
    const zks__known_epoch *tip = NULL;
    if (l->broken || !l->restoring) {
        return l->broken;
    }
    zks_status status = zks__ledger_epoch(l, zks__records_epoch(l->records), &tip);
    if (status == ZKS_E_UNKNOWN_EPOCH) {
        zks__log_write(l->log, ZKS_LOG_LEVEL_WARN, "restore_without_tip");
        return ZKS_OK;
    }
    if (!status) {
        status = trade_seed(l);
    }
    if (!status) {
        zks__wipe(l->seed, sizeof l->seed);
        l->restoring = false;
    }
    return status;
}

/* --- the end --- */

void zks__ledger_epochs_done(zks__ledger *l)
{
    size_t position = 0;
    for (void *v = l->blob_keys ? zks__map_next(l->blob_keys, &position) : NULL; v;
         v = zks__map_next(l->blob_keys, &position)) {
        zks__vault_release(l->vault, v, sizeof(zks__blob_key));
    }
    zks__map_free(l->blob_keys);
    position = 0;
    for (void *v = l->epochs ? zks__map_next(l->epochs, &position) : NULL; v;
         v = zks__map_next(l->epochs, &position)) {
        zks__vault_release(l->vault, v, sizeof(zks__known_epoch));
    }
    zks__map_free(l->epochs);
}
