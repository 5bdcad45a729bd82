/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Membership records and what follows from them: the list for HELLO, the devices. */
#include "client/ledger_internal.h"

#include "base/alloc.h"

#include <string.h>

/* Notes which fork there is. Whether it is a new one. */
static bool note_fork(zks__ledger *l)
{
    zks__records_state state;
    zks__records_state_of(l->records, &state);
    bool same = !state.fork_lost ||
                (memcmp(l->fork[0], state.fork_kept->hash, sizeof l->fork[0]) == 0 &&
                 memcmp(l->fork[1], state.fork_lost->hash, sizeof l->fork[1]) == 0);
    if (!same) {
        memcpy(l->fork[0], state.fork_kept->hash, sizeof l->fork[0]);
        memcpy(l->fork[1], state.fork_lost->hash, sizeof l->fork[1]);
    }
    return !same;
}

void zks__ledger_read_fork(zks__ledger *l)
{
    memset(l->fork, 0, sizeof l->fork);
    (void)note_fork(l);
}

uint32_t zks__ledger_epoch_number(const zks__ledger *l)
{
    const zks__record *r = l->broken ? NULL : zks__records_find(l->records, l->epoch->hash);
    return r ? r->epoch.number : 0;
}

zks_status zks__ledger_records(zks__ledger *l, zks__wire_list records, zks__records_taken *out)
{
    *out = (zks__records_taken){0};
    zks__slice bytes;
    zks_status status = l->broken;
    while (!status && zks__wire_next_slice(&records, &bytes)) {
        /* The relay has judged what a set may hold as a whole; these are parts of one. */
        uint8_t hash[ZKS_RECORD_HASH_BYTES];
        if (zks__record_hash(bytes.data, bytes.length, hash) &&
            zks__records_find(l->records, hash)) {
            continue;
        }
        size_t before = zks__records_count(l->records);
        zks_status judged = zks__records_load(l->records, bytes.data, bytes.length);
        bool added = zks__records_count(l->records) > before;
        if (judged == ZKS_E_NOMEM) {
            return judged;
        }
        if (judged) {
            zks__log_write(l->log, ZKS_LOG_LEVEL_WARN, "record_refused status=%d", (int)judged);
            continue;
        }
        zks__record record;
        if (added) {
            status = zks__record_read(bytes.data, bytes.length, &record);
            if (!status) {
                status = zks__store_record_add(l->store, l->group.g, record.hash, bytes);
            }
            out->count++;
        }
    }
    if (!status && out->count) {
        status = zks__ledger_follow(l, &out->moved);
        out->epoch = zks__ledger_epoch_number(l);
        out->forked = note_fork(l);
    }
    return status || !out->count ? status : zks__ledger_pin(l);
}

/* What a HELLO cannot do without: GENESIS, EPOCH 0, the own record and those of who let this device
 * in, up to the root key. At EPOCH 0 nobody is removed yet, and a record is in effect for at most
 * eight that issued one another. */
static bool is_needed(const zks__ledger *l, const zks__record *own, const zks__record *r)
{
    const uint8_t *root = zks__records_genesis(l->records)->genesis.root;
    const zks__record *m = own;
    if (r->kind == ZKS_RECORD_KIND_GENESIS ||
        (r->kind == ZKS_RECORD_KIND_EPOCH && !r->epoch.number)) {
        return true;
    }
    for (int round = 0; m && m != r && round < 8; round++) {
        bool by_root = memcmp(m->member.issuer, root, sizeof m->member.issuer) == 0;
        m = by_root ? NULL : zks__records_known(l->records, m->member.issuer);
    }
    return m == r;
}

/* The records in the order in which they came, those that are needed first. */
static void fill_list(const zks__ledger *l, const zks__record *own, bool split,
                      zks__record_list *out)
{
    uint8_t *end = out->bytes;
    for (int needed = 1; needed >= 0; needed--) {
        for (size_t i = 0; i < zks__records_count(l->records); i++) {
            const zks__record *r = zks__records_at(l->records, i);
            if ((!split || is_needed(l, own, r)) == (needed == 1)) {
                memcpy(end, r->bytes.data, r->bytes.length);
                out->items[out->count++] = (zks__slice){end, r->bytes.length};
                end += r->bytes.length;
            }
        }
        out->attached = needed ? out->count : out->attached;
    }
}

zks_status zks__ledger_record_list(zks__ledger *l, zks__record_list *out)
{
    memset(out, 0, sizeof *out);
    if (l->broken) {
        return l->broken; /* there may be no records */
    }
    /* A removed device names itself too, and hears that it is. */
    const zks__record *own = zks__records_member(l->records, zks__ledger_device_id(l), 0);
    own = own ? own : zks__records_known(l->records, zks__ledger_device_id(l));
    if (!own) {
        return ZKS_E_STORE_CORRUPT;
    }
    size_t count = zks__records_count(l->records), total = 0;
    for (size_t i = 0; i < count; i++) {
        total += zks__records_at(l->records, i)->bytes.length;
    }
    out->items = zks__alloc_zero(count, sizeof *out->items);
    out->bytes = zks__alloc(total);
    if (!out->items || !out->bytes) {
        zks__record_list_done(out);
        return ZKS_E_NOMEM;
    }
    fill_list(l, own, count > ZKS_RECORDS_PER_MESSAGE_MAX || total > ZKS_BLOB_MAX_BYTES / 2, out);
    zks__records_digest(l->records, out->digest);
    memcpy(out->member, own->hash, sizeof out->member);
    return ZKS_OK;
}

void zks__record_list_done(zks__record_list *list)
{
    zks__free(list->items);
    zks__free(list->bytes);
    memset(list, 0, sizeof *list);
}

static void add_activity(const zks__ledger *l, zks__device_entry *e)
{
    const zks__known_author *author = zks__ledger_find_author(l, e->id);
    if (author) {
        e->last_number = author->newest ? author->newest->row.tip_seq : 0;
        e->seen_ms = author->seen_ms;
        e->quiet = author->quiet;
    }
}

/* Sealed for the epoch in which the MEMBER was issued, which it does not name. None above the
 * newest whose secret is here opens. */
static void read_name(zks__ledger *l, const zks__record *r, zks__device_entry *e)
{
    const zks__record *epoch = zks__records_epoch(l->records);
    const uint32_t newest = zks__ledger_epoch_number(l);
    uint32_t n = !epoch ? 0 : (epoch->epoch.number < newest ? epoch->epoch.number : newest) + 1;
    bool opened = false;
    while (!opened && n > 0) {
        const zks__known_epoch *known = NULL;
        opened = !zks__ledger_epoch(l, zks__records_epoch_at(l->records, --n), &known) &&
                 !zks__profile_open(l->suite, known->secret, l->group.group_id, e->id,
                                    r->member.profile, e->name);
    }
    if (!opened) { /* sealed by somebody who should not be here: shown without a name */
        e->name[0] = '\0';
    }
}

zks_status zks__ledger_devices(zks__ledger *l, zks__device_entry **out_entries, size_t *out_count)
{
    if (l->broken) {
        return l->broken;
    }
    size_t records = zks__records_count(l->records), count = 0;
    zks__device_entry *entries = zks__alloc_zero(records, sizeof *entries);
    if (!entries) {
        return ZKS_E_NOMEM;
    }
    for (size_t i = 0; i < records; i++) {
        const zks__record *r = zks__records_at(l->records, i);
        if (r->kind != ZKS_RECORD_KIND_MEMBER ||
            zks__records_member(l->records, r->member.device, 0) != r) {
            continue;
        }
        zks__device_entry *e = &entries[count++];
        memcpy(e->id, r->member.device, sizeof e->id);
        e->self = zks__ledger_is_self(l, e->id);
        e->not_after_s = r->member.not_after_s;
        memcpy(e->inviter, r->member.issuer, sizeof e->inviter);
        e->let_in = zks__records_known(l->records, e->inviter) != NULL;
        e->rights = zks__records_rights(l->records, e->id);
        add_activity(l, e);
        read_name(l, r, e);
    }
    *out_entries = entries;
    *out_count = count;
    return ZKS_OK;
}
