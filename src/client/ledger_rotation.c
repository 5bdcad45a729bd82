/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Making EPOCHs (docs/SECURITY.md, section 4): to remove a device, to settle with the recovery code
 * what devices cannot, for fresh keys; and when this device makes one by itself.
 */
#include "client/ledger_internal.h"

#include "base/alloc.h"
#include "group/epoch.h"

#include <string.h>

enum {
    /* Between the turns of two devices that could make the same EPOCH: time for the first one's to
       arrive. */
    REISSUE_TURN_MS = 2000,
    ROTATE_TURN_MAX_MS = 3600 * 1000,
    ROTATE_TURN_MIN_MS = 500,
    ROTATE_TURNS = 64 /* in the time between two rotations */
};

/* --- the draft --- */

typedef struct draft {
    uint8_t parent_secret[ZKS_KEY_BYTES], secret[ZKS_KEY_BYTES], random[ZKS_EPOCH_RANDOM_MAX_BYTES];
    uint8_t removed[ZKS_EPOCH_DEVICES_MAX][ZKS_DEVICE_ID_BYTES];
    size_t removed_count, listed_count;
    const zks__record *listed[ZKS_EPOCH_DEVICES_MAX];
    zks__epoch_note note;
    zks__epoch_plan plan;
} draft;
_Static_assert(sizeof(draft) <= ZKS_VAULT_ARENA_BYTES / 2, "fits into secret memory");

/* The heads of the removed devices' histories as this device knows them. */
static void add_cutoffs(const zks__ledger *l, draft *d)
{
    zks__epoch_note *note = &d->note;
    size_t position = 0;
    for (zks__known_chain *k = zks__map_next(l->chains, &position); k;
         k = zks__map_next(l->chains, &position)) {
        for (size_t i = 0; i < d->removed_count; i++) {
            if (k->row.tip_seq && note->cutoff_count < ZKS_CUTOFFS_MAX &&
                memcmp(d->removed[i], k->row.author, sizeof k->row.author) == 0) {
                zks__cutoff *c = &note->cutoffs[note->cutoff_count++];
                memcpy(c->author, k->row.author, sizeof c->author);
                memcpy(c->chain, k->row.chain, sizeof c->chain);
                memcpy(c->id, k->row.tip_id, sizeof c->id);
                c->seq = k->row.tip_seq;
            }
        }
    }
}

/* Puts a device into an ascending list, once. */
static void add_removed(draft *d, const uint8_t device[ZKS_DEVICE_ID_BYTES], uint8_t reason)
{
    size_t at = 0;
    while (at < d->removed_count && memcmp(d->removed[at], device, sizeof d->removed[at]) < 0) {
        at++;
    }
    if (d->removed_count == ZKS_EPOCH_DEVICES_MAX ||
        (at < d->removed_count && memcmp(d->removed[at], device, sizeof d->removed[at]) == 0)) {
        return;
    }
    memmove(d->removed[at + 1], d->removed[at], (d->removed_count - at) * sizeof d->removed[at]);
    memmove(d->note.reasons + at + 1, d->note.reasons + at, d->removed_count - at);
    memcpy(d->removed[at], device, sizeof d->removed[at]);
    d->note.reasons[at] = reason;
    d->note.reason_count = ++d->removed_count;
}

/* --- what it builds on --- */

static zks_status may_make(const zks__ledger *l, const zks__epoch_wish *wish)
{
    if (l->group.mode == ZKS_GROUP_MODE_SHARED) {
        return ZKS_E_UNSUPPORTED;
    }
    if (wish->device && zks__ledger_is_self(l, wish->device)) {
        return ZKS_E_INVALID;
    }
    if (wish->device && !zks__records_known(l->records, wish->device)) {
        return ZKS_E_NOT_FOUND;
    }
    if (wish->recovery) {
        const uint8_t *group_id = wish->recovery->root.group_id;
        return memcmp(group_id, l->group.group_id, sizeof l->group.group_id) ? ZKS_E_WRONG_GROUP
                                                                             : ZKS_OK;
    }
    uint8_t rights = zks__records_rights(l->records, zks__ledger_device_id(l));
    return rights & ZKS_RIGHT_ADMIN                                     ? ZKS_OK
           : zks__records_revoked(l->records, zks__ledger_device_id(l)) ? ZKS_E_DEVICE_REVOKED
                                                                        : ZKS_E_NOT_MEMBER;
}

/* The tip. With the recovery code the newest EPOCH of the chain that has this device as a member:
 * what came on top of it, and removed it, is to be undone. */
static const zks__record *parent_of(const zks__ledger *l, const zks__epoch_wish *wish)
{
    const zks__record *p = zks__records_epoch(l->records);
    while (wish->recovery && p->epoch.number &&
           !zks__records_valid(l->records, zks__ledger_device_id(l), p->hash)) {
        p = zks__records_epoch_at(l->records, p->epoch.number - 1);
    }
    return p;
}

static zks_status find_parent_secret(zks__ledger *l, const zks__record *parent,
                                     const zks__recovery *recovery, uint8_t out[ZKS_KEY_BYTES])
{
    const zks__known_epoch *known = NULL;
    zks_status status = zks__ledger_epoch(l, parent, &known);
    if (!status) {
        memcpy(out, known->secret, ZKS_KEY_BYTES);
        return ZKS_OK;
    }
    if (status != ZKS_E_UNKNOWN_EPOCH || !recovery) {
        return status;
    }
    if (!parent->epoch.number) {
        memcpy(out, recovery->root.epoch0_secret, ZKS_KEY_BYTES);
        return ZKS_OK;
    }
    return zks__epoch_recover(parent, zks__records_genesis(l->records), recovery->seal_seed, out);
}

/* --- making --- */

static void remove_again(const zks__ledger *l, draft *d, const uint8_t *device, uint8_t reason)
{
    if (!zks__ledger_is_self(l, device)) {
        add_removed(d, device, reason);
    }
}

/* On the tip: whom a losing EPOCH had removed, and who has left. */
static void remove_what_is_due(const zks__ledger *l, draft *d)
{
    const uint8_t *device;
    for (size_t i = 0; (device = zks__records_reissue(l->records, i)); i++) {
        remove_again(l, d, device,
                     zks__records_left(l->records, device) ? ZKS_REMOVAL_LEFT
                                                           : ZKS_REMOVAL_REISSUED);
    }
}

/* The EPOCHs behind the parent lose; whom they removed stays out, unless it was the one that is
 * removed now who did it. */
static void remove_what_was(const zks__ledger *l, draft *d, const zks__epoch_wish *wish,
                            const zks__record *parent)
{
    const zks__record *e;
    for (uint32_t n = parent->epoch.number + 1; (e = zks__records_epoch_at(l->records, n)); n++) {
        bool undone = wish->device &&
                      memcmp(e->epoch.signer, wish->device, ZKS_DEVICE_ID_BYTES) == 0;
        for (size_t i = 0; !undone && i < e->epoch.removed.count; i++) {
            const uint8_t *device = zks__record_item(&e->epoch.removed, i);
            if (zks__records_valid(l->records, device, parent->hash)) {
                remove_again(l, d, device, ZKS_REMOVAL_REISSUED);
            }
        }
    }
}

static void fill_removed(const zks__ledger *l, draft *d, const zks__epoch_wish *wish,
                         const zks__record *parent)
{
    if (wish->device && zks__records_valid(l->records, wish->device, parent->hash)) {
        add_removed(d, wish->device, wish->reason);
    }
    if (parent == zks__records_epoch(l->records)) {
        remove_what_is_due(l, d);
    } else {
        remove_what_was(l, d, wish, parent);
    }
    add_cutoffs(l, d);
}

/* Everything of the plan. */
static zks_status fill_draft(zks__ledger *l, draft *d, const zks__epoch_wish *wish,
                             const zks__record *parent)
{
    l->rng.fill(d->secret, sizeof d->secret, l->rng.user);
    l->rng.fill(d->random, sizeof d->random, l->rng.user);
    fill_removed(l, d, wish, parent);
    while (d->listed_count < ZKS_EPOCH_DEVICES_MAX &&
           (d->listed[d->listed_count] = zks__records_next_listed(
                l->records, parent->hash, (const uint8_t(*)[ZKS_DEVICE_ID_BYTES])d->removed,
                d->removed_count, d->listed_count))) {
        d->listed_count++;
    }
    d->plan.genesis = zks__records_genesis(l->records);
    d->plan.parent = parent;
    d->plan.parent_secret = d->parent_secret;
    d->plan.secret = d->secret;
    d->plan.listed = d->listed;
    d->plan.listed_count = d->listed_count;
    d->plan.removed = (const uint8_t(*)[ZKS_DEVICE_ID_BYTES])d->removed;
    d->plan.removed_count = d->removed_count;
    d->plan.note = &d->note;
    d->plan.random = d->random;
    return find_parent_secret(l, parent, wish->recovery, d->parent_secret);
}

/* The recovery code gives a removed device its place back only where it removes who removed it. */
static zks_status check_recovered(zks__ledger *l, const zks__buf *record)
{
    size_t before = zks__records_count(l->records);
    zks_status status = zks__records_load(l->records, record->data, record->length);
    if (!status && !zks__records_member(l->records, zks__ledger_device_id(l), 0)) {
        status = ZKS_E_CONFLICT;
    }
    zks__records_truncate(l->records, before);
    return status;
}

static zks_status make(zks__ledger *l, const zks__epoch_wish *wish, const zks__record *parent,
                       zks__buf *record)
{
    draft *d = zks__vault_alloc(l->vault, sizeof *d);
    if (!d) {
        return ZKS_E_NOMEM;
    }
    const zks__sign_key *signer = wish->recovery ? &wish->recovery->root.root : &l->device.sign;
    zks_status status = fill_draft(l, d, wish, parent);
    if (!status) {
        status = zks__epoch_make(&d->plan, signer, record->data, record->length, &record->length);
    }
    zks__vault_release(l->vault, d, sizeof *d);
    return status || !wish->recovery ? status : check_recovered(l, record);
}

zks_status zks__ledger_make_epoch(zks__ledger *l, const zks__epoch_wish *wish, zks__epoch_made *out)
{
    zks_status status = l->broken ? l->broken : may_make(l, wish);
    if (status) {
        return status;
    }
    const zks__record *parent = parent_of(l, wish);
    if (wish->device && !wish->recovery &&
        !zks__records_valid(l->records, wish->device, parent->hash)) {
        *out = (zks__epoch_made){.number = parent->epoch.number, .on_tip = true};
        return ZKS_OK;
    }
    zks__buf *record = zks__buf_new(0, ZKS_RECORD_BODY_MAX_BYTES, 0);
    status = record ? make(l, wish, parent, record) : ZKS_E_NOMEM;
    if (status) {
        zks__buf_unref(record);
        return status;
    }
    zks__records_state state;
    zks__records_state_of(l->records, &state);
    *out = (zks__epoch_made){.record = record,
                             .number = parent->epoch.number + 1,
                             .on_tip = parent == state.tip,
                             .forked = state.fork_kept != NULL};
    return ZKS_OK;
}

zks_status zks__ledger_make_leave(zks__ledger *l, zks__buf **out_record)
{
    if (l->broken || zks__records_left(l->records, zks__ledger_device_id(l))) {
        *out_record = NULL;
        return l->broken;
    }
    zks__buf *record = zks__buf_new(0, ZKS_RECORD_BODY_MAX_BYTES, 0);
    zks_status status = record ? ZKS_OK : ZKS_E_NOMEM;
    if (!status) {
        status = zks__record_make_leave(l->group.suite, l->group.group_id, &l->device.sign,
                                        record->data, record->length, &record->length);
    }
    if (status) {
        zks__buf_unref(record);
        return status;
    }
    *out_record = record;
    return ZKS_OK;
}

/* --- by itself --- */

/* The oldest ADMIN's turn is first. Unequal dice, so that those whose lists differ do not meet. */
static int64_t turn_of(const zks__ledger *l, int64_t turn_ms)
{
    const zks__record *m;
    int64_t place = 0;
    for (size_t i = 0;
         (m = zks__records_member_at(l->records, i)) && !zks__ledger_is_self(l, m->member.device);
         i++) {
        place += (zks__records_rights(l->records, m->member.device) & ZKS_RIGHT_ADMIN) != 0;
    }
    return place * turn_ms + l->dice % turn_ms;
}

/* Since when the tip is known here; from now on where that was not written down yet. */
static zks_status note_tip(zks__ledger *l, const zks__record *tip, int64_t now)
{
    if (memcmp(l->tip, tip->hash, sizeof l->tip) == 0 && l->tip_ms <= now) {
        return ZKS_OK;
    }
    zks_status status = zks__store_tip_get(l->store, l->group.g, tip->hash, &l->tip_ms);
    if (status == ZKS_E_NOT_FOUND || (!status && l->tip_ms > now)) {
        l->tip_ms = now;
        status = zks__store_tip_set(l->store, l->group.g, tip->hash, now);
    }
    if (!status) {
        memcpy(l->tip, tip->hash, sizeof l->tip);
        l->rng.fill((uint8_t *)&l->dice, sizeof l->dice, l->rng.user);
    }
    return status;
}

static int64_t reissue_due(zks__ledger *l, int64_t now)
{
    if (!zks__records_reissue(l->records, 0)) {
        l->reissue_ms = 0;
        return INT64_MAX;
    }
    if (!l->reissue_ms || l->reissue_ms > now) {
        l->reissue_ms = now;
    }
    return l->reissue_ms + turn_of(l, REISSUE_TURN_MS);
}

static int64_t rotation_due(const zks__ledger *l, int64_t rotate_ms)
{
    int64_t turn = rotate_ms / ROTATE_TURNS;
    turn = turn > ROTATE_TURN_MAX_MS ? ROTATE_TURN_MAX_MS : turn;
    turn = turn < ROTATE_TURN_MIN_MS ? ROTATE_TURN_MIN_MS : turn;
    return l->tip_ms + rotate_ms + turn_of(l, turn);
}

zks_status zks__ledger_epoch_due(zks__ledger *l, uint32_t rotate_s, bool *out_due,
                                 int64_t *out_next_ms)
{
    *out_due = false;
    const zks__record *tip = l->broken ? NULL : zks__records_epoch(l->records);
    bool may = tip && l->group.mode == ZKS_GROUP_MODE_PAIRED && l->epoch &&
               memcmp(l->epoch->hash, tip->hash, sizeof tip->hash) == 0 &&
               (zks__records_rights(l->records, zks__ledger_device_id(l)) & ZKS_RIGHT_ADMIN);
    int64_t now = zks__ledger_unix_ms(l);
    zks_status status = may ? note_tip(l, tip, now) : l->broken;
    if (status || !may) {
        return status;
    }
    int64_t due = rotation_due(l, (int64_t)rotate_s * 1000), again = reissue_due(l, now);
    due = again < due ? again : due;
    *out_due = due <= now;
    *out_next_ms = !*out_due && due < *out_next_ms ? due : *out_next_ms;
    return ZKS_OK;
}
