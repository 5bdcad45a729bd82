/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What may come into a set: it must be connected to what is there, and there must be a place for
 * it. Neither depends on what counts at the moment. */
#include "record/set_internal.h"

#include "base/alloc.h"

/* --- whether it is connected ------------------------------------------------------ */

static bool by_root(const zks__records *s, const uint8_t *key)
{
    return memcmp(key, s->genesis->r.genesis.root, ZKS_SIGN_PUBLIC_BYTES) == 0;
}

static bool paired(const zks__records *s)
{
    return s->genesis->r.genesis.mode == ZKS_GROUP_MODE_PAIRED;
}

/* Issuer or signer: root, or a device that is known here. */
static zks_status find_signer(const zks__records *s, const uint8_t *key, uint32_t *out)
{
    if (by_root(s, key)) {
        *out = ZKS_DEV_ROOT;
        return ZKS_OK;
    }
    return paired(s) && zks__records_device(s, key, out) ? ZKS_OK : ZKS_E_NOT_MEMBER;
}

static zks_status judge_member(const zks__records *s, zks__item *item)
{
    zks_status status = find_signer(s, item->r.member.issuer, &item->signer);
    if (status) {
        return status;
    }
    if (item->signer == ZKS_DEV_ROOT) {
        return s->member_count < ZKS_RECORDS_MEMBERS_MAX ? ZKS_OK : ZKS_E_LIMIT;
    }
    bool room = s->member_count < ZKS_RECORDS_MEMBERS_MAX - ZKS_RECORDS_RESERVE &&
                s->devices[item->signer].issued < ZKS_RECORDS_MEMBERS_PER_ISSUER_MAX;
    return room ? ZKS_OK : ZKS_E_LIMIT;
}

static zks_status judge_epoch(const zks__records *s, zks__item *item)
{
    const zks__epoch *e = &item->r.epoch;
    if (e->number == 0) {
        item->signer = ZKS_DEV_ROOT;
        item->parent = NULL;
        if (!by_root(s, e->signer)) {
            return ZKS_E_NOT_MEMBER;
        }
        return s->epoch0 ? ZKS_E_CONFLICT : ZKS_OK;
    }
    if (!paired(s)) {
        return ZKS_E_UNSUPPORTED;
    }
    item->parent = zks__records_item(s, e->parent);
    if (!item->parent || item->parent->r.kind != ZKS_RECORD_KIND_EPOCH) {
        return ZKS_E_UNKNOWN_EPOCH;
    }
    if (item->parent->r.epoch.number != e->number - 1) {
        return ZKS_E_MALFORMED;
    }
    zks_status status = find_signer(s, e->signer, &item->signer);
    if (status) {
        return status;
    }
    if (item->signer == ZKS_DEV_ROOT) {
        return s->epoch_count < ZKS_RECORDS_EPOCHS_MAX ? ZKS_OK : ZKS_E_LIMIT;
    }
    bool room = s->epoch_count < ZKS_RECORDS_EPOCHS_MAX - ZKS_RECORDS_RESERVE &&
                s->devices[item->signer].signed_epochs < ZKS_RECORDS_EPOCHS_PER_SIGNER_MAX;
    return room ? ZKS_OK : ZKS_E_LIMIT;
}

/* The same signer's GRANT for the same device and epoch is here. */
static bool granted(const zks__records *s, const zks__item *item)
{
    size_t at = zks__records_grant_place(s, item->parent, item->device, item->signer);
    const zks__item *g = at < s->grant_count ? s->grants[at] : NULL;
    return g && g->parent == item->parent && g->device == item->device && g->signer == item->signer;
}

/* Only of a member, for a member: then it counts, and does so for ever, since more records take
 * nobody out of an EPOCH. That is not asked again of what was accepted before. */
static bool grant_counts(const zks__records *s, const zks__grant *g)
{
    return zks__records_valid(s, g->signer, g->epoch) && zks__records_valid(s, g->device, g->epoch);
}

static zks_status judge_grant(const zks__records *s, zks__item *item, bool strict, bool *out_known)
{
    const zks__grant *g = &item->r.grant;
    if (!paired(s)) {
        return ZKS_E_UNSUPPORTED;
    }
    item->parent = zks__records_item(s, g->epoch);
    if (!item->parent || item->parent->r.kind != ZKS_RECORD_KIND_EPOCH) {
        return ZKS_E_UNKNOWN_EPOCH;
    }
    if (!zks__records_device(s, g->device, &item->device) ||
        !zks__records_device(s, g->signer, &item->signer)) {
        return ZKS_E_NOT_MEMBER;
    }
    bool room = s->grant_count < ZKS_RECORDS_GRANTS_MAX &&
                s->devices[item->signer].grants < ZKS_RECORDS_GRANTS_PER_SIGNER_MAX;
    *out_known = granted(s, item) || !room || (strict && !grant_counts(s, g));
    return ZKS_OK;
}

static zks_status judge_leave(const zks__records *s, zks__item *item, bool *out_known)
{
    if (!zks__records_device(s, item->r.leave.device, &item->device)) {
        return ZKS_E_NOT_MEMBER;
    }
    *out_known = s->devices[item->device].leave != NULL;
    return ZKS_OK;
}

/* Whether the key that a record names may sign it, and whether there is a place for it. *out_known:
 * one that is as good is here, or it is left out. strict: it was not accepted before. */
static zks_status judge(const zks__records *s, zks__item *item, bool strict, bool *out_known)
{
    const zks__record *r = &item->r;
    *out_known = false;
    if (memcmp(r->group_id, s->group_id, sizeof s->group_id) != 0) {
        return ZKS_E_WRONG_GROUP;
    }
    if (r->kind == ZKS_RECORD_KIND_GENESIS) {
        return s->genesis ? ZKS_E_CONFLICT : ZKS_OK; /* the same one was found by its hash */
    }
    if (!s->genesis) {
        return ZKS_E_STATE;
    }
    if (r->suite != s->genesis->r.suite) {
        return ZKS_E_SUITE;
    }
    switch (r->kind) {
    case ZKS_RECORD_KIND_MEMBER:
        return judge_member(s, item);
    case ZKS_RECORD_KIND_EPOCH:
        return judge_epoch(s, item);
    case ZKS_RECORD_KIND_GRANT:
        return judge_grant(s, item, strict, out_known);
    default:
        return judge_leave(s, item, out_known);
    }
}

/* --- limits that depend on the others --------------------------------------------- */

/* Whether another signer's EPOCH stands above e. */
static bool built_upon(const zks__records *s, const zks__item *e)
{
    for (size_t i = 0; i < s->epoch_count; i++) {
        const zks__item *x = s->epochs[i];
        if (x->signer == e->signer) {
            continue;
        }
        while (x && x->r.epoch.number > e->r.epoch.number) {
            x = x->parent;
        }
        if (x == e) {
            return true;
        }
    }
    return false;
}

static bool too_many_siblings(const zks__records *s, const zks__item *e)
{
    if (e->signer == ZKS_DEV_ROOT || !e->parent) {
        return false;
    }
    size_t count = 0;
    for (size_t i = 0; i < s->epoch_count; i++) {
        count += s->epochs[i]->parent == e->parent && s->epochs[i]->signer == e->signer;
    }
    if (count <= ZKS_RECORDS_SIBLINGS_MAX || built_upon(s, e)) {
        return false;
    }
    count = 0;
    for (size_t i = 0; i < s->epoch_count; i++) {
        const zks__item *x = s->epochs[i];
        count += x->parent == e->parent && x->signer == e->signer && !built_upon(s, x);
    }
    return count > ZKS_RECORDS_SIBLINGS_MAX;
}

/* What may come in above the bound of bytes. */
typedef struct excess {
    bool root, removes, leaves; /* by root; a removal that keeps the rules; nothing but LEAVEs */
    uint64_t most;              /* what one signer has there after it */
} excess;

static excess excess_of(const zks__records *s, size_t first)
{
    excess x = {.leaves = true};
    for (size_t i = first; i < s->count; i++) {
        const zks__item *item = s->arrived[i];
        const zks__record *r = &item->r;
        bool epoch = r->kind == ZKS_RECORD_KIND_EPOCH;
        x.leaves = x.leaves && r->kind == ZKS_RECORD_KIND_LEAVE;
        bool counts = zks__records_counts_for_signer(item);
        if (counts && item->signer == ZKS_DEV_ROOT) {
            x.root = true;
        } else if (counts) {
            uint64_t has = s->devices[item->signer].over_bytes;
            x.most = has > x.most ? has : x.most;
        }
        x.removes = x.removes ||
                    (epoch && r->epoch.removed.count && zks__records_epoch_ok(s, r->hash));
    }
    return x;
}

static zks_status check_bytes(const zks__records *s, size_t first)
{
    if (s->bytes <= s->bytes_max || first == s->count) {
        return ZKS_OK;
    }
    const excess x = excess_of(s, first);
    const uint64_t reserve = s->bytes_max / 4;
    uint64_t most = x.root ? s->bytes_max + 2 * reserve : x.removes ? s->bytes_max + reserve : 0;
    bool room = x.leaves || (s->bytes <= most && x.most <= reserve / 8);
    return room ? ZKS_OK : ZKS_E_QUOTA_EXCEEDED;
}

/* After the records from `first` on were inserted. */
static zks_status check_limits(const zks__records *s, size_t first)
{
    bool device = false;
    for (size_t i = first; i < s->count; i++) {
        const zks__item *item = s->arrived[i];
        if (item->r.kind == ZKS_RECORD_KIND_EPOCH && too_many_siblings(s, item)) {
            return ZKS_E_LIMIT;
        }
        device = device || (item->r.kind == ZKS_RECORD_KIND_MEMBER && item->new_device);
    }
    /* Cheap first: that many must be known before that many can live. */
    if (device && paired(s) && s->device_count > s->devices_max &&
        zks__records_members(s) > s->devices_max) {
        return ZKS_E_LIMIT;
    }
    return check_bytes(s, first);
}

/* --- adding ---------------------------------------------------------------------- */

/* A copy with its bytes behind it, verified; NULL with ZKS_OK: it is here already. A known record
 * is not verified again: the whole set is offered at every session. */
static zks_status copy_of(const zks__records *s, zks__slice from, zks__item **out)
{
    uint8_t hash[ZKS_RECORD_HASH_BYTES];
    if (from.length > ZKS_RECORD_BODY_MAX_BYTES) {
        return ZKS_E_TOO_LARGE;
    }
    if (zks__record_hash(from.data, from.length, hash) && zks__records_item(s, hash)) {
        *out = NULL;
        return ZKS_OK;
    }
    zks__item *item = zks__alloc_zero(1, sizeof *item + from.length);
    if (!item) {
        return ZKS_E_NOMEM;
    }
    uint8_t *bytes = (uint8_t *)(item + 1);
    if (from.length) {
        memcpy(bytes, from.data, from.length);
    }
    zks_status status = zks__record_read(bytes, from.length, &item->r);
    if (status) {
        zks__free(item);
        return status;
    }
    *out = item;
    return ZKS_OK;
}

/* Takes the item over in any case: inserts or frees it. */
static zks_status take(zks__records *s, zks__item *item, bool strict)
{
    bool known = zks__records_item(s, item->r.hash) != NULL; /* twice in one batch */
    zks_status status = known ? ZKS_OK : judge(s, item, strict, &known);
    if (!status && !known) {
        status = zks__records_reserve(s, item);
    }
    if (status || known) {
        zks__free(item);
        return status;
    }
    zks__records_insert(s, item);
    return ZKS_OK;
}

static zks_status add(zks__records *s, zks__slice from, bool limits, int *out_added)
{
    size_t before = s->count;
    zks__item *item = NULL;
    zks_status status = copy_of(s, from, &item);
    if (!status && item) {
        status = take(s, item, limits);
    }
    if (!status && limits) {
        status = check_limits(s, before);
    }
    if (status) {
        zks__records_truncate(s, before);
        return status;
    }
    if (out_added) {
        *out_added = s->count > before;
    }
    return ZKS_OK;
}

zks_status zks__records_add(zks__records *s, const uint8_t *data, size_t length, int *out_added)
{
    return add(s, (zks__slice){data, length}, true, out_added);
}

zks_status zks__records_load(zks__records *s, const uint8_t *data, size_t length)
{
    return add(s, (zks__slice){data, length}, false, NULL);
}

/* It may be that what it needs comes later in the same batch. */
static bool may_wait(zks_status status)
{
    return status == ZKS_E_STATE || status == ZKS_E_NOT_MEMBER || status == ZKS_E_UNKNOWN_EPOCH;
}

/* Inserts GRANTs or all others in as many passes as the order needs; what is left cannot be placed.
 */
static zks_status take_some(zks__records *s, zks__item **items, size_t count, bool grants)
{
    zks_status status = ZKS_OK;
    zks_status waits = ZKS_OK;
    bool progress = true;
    while (progress && !status) {
        progress = false;
        waits = ZKS_OK;
        for (size_t i = 0; i < count && !status; i++) {
            bool known = false;
            if (!items[i] || (items[i]->r.kind == ZKS_RECORD_KIND_GRANT) != grants) {
                continue;
            }
            zks_status judged = judge(s, items[i], true, &known);
            if (may_wait(judged)) {
                waits = waits ? waits : judged;
            } else {
                status = take(s, items[i], true);
                items[i] = NULL;
                progress = true;
            }
        }
    }
    return status ? status : waits;
}

/* GRANTs behind the others: nothing builds on them, and who is a member is worked out once. */
static zks_status take_all(zks__records *s, zks__item **items, size_t count)
{
    zks_status status = take_some(s, items, count, false);
    return status ? status : take_some(s, items, count, true);
}

zks_status zks__records_add_all(zks__records *s, const zks__slice *records, size_t count,
                                size_t *out_added)
{
    size_t before = s->count;
    zks_status status = ZKS_OK;
    zks__item **items = zks__alloc_zero(count, sizeof(zks__item *));
    if (!items) {
        return ZKS_E_NOMEM;
    }
    for (size_t i = 0; i < count && !status; i++) {
        status = copy_of(s, records[i], &items[i]);
    }
    if (!status) {
        status = take_all(s, items, count);
    }
    if (!status) {
        status = check_limits(s, before);
    }
    for (size_t i = 0; i < count; i++) {
        zks__free(items[i]);
    }
    zks__free(items);
    if (status) {
        zks__records_truncate(s, before);
        return status;
    }
    if (out_added) {
        *out_added = s->count - before;
    }
    return ZKS_OK;
}
