/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The quarantine (docs/SECURITY.md, section 3, rules 11 and 12): blobs that the records at hand do
 * not let anybody judge. They are kept as they came, the relay's cursor goes on, and they are
 * judged again, in the order in which they came, whenever the records have changed.
 */
#include "client/ledger_internal.h"

#include <string.h>

enum {
    TELL_MS = 60 * 1000,               /* of age: told, and asked for at the other relays */
    ASK_MS = 60 * 1000,                /* between two visits for records */
    KEEP_MS = ZKS_TTL_DEFAULT_S * 1000 /* no longer than relays keep what nobody has taken */
};

/* Whether the relay should have more records: who pushed it, or its EPOCH, is not known here. */
static bool lacks_record(const zks__ledger *l, const uint8_t pusher[ZKS_DEVICE_ID_BYTES],
                         zks__slice blob)
{
    const uint8_t *tag;
    return !zks__records_known(l->records, pusher) ||
           (!zks__blob_epoch(blob.data, blob.length, &tag) &&
            !zks__records_epoch_by_tag(l->records, tag));
}

/* Records may come that change it. A shared group has one epoch for ever. */
static bool may_change(const zks__ledger *l, zks_status why)
{
    return why == ZKS_E_NOT_MEMBER ||
           (why == ZKS_E_UNKNOWN_EPOCH && l->group.mode != ZKS_GROUP_MODE_SHARED);
}

static void expect_due(zks__ledger *l, int64_t due_ms)
{
    l->quarantine.due_ms = due_ms < l->quarantine.due_ms ? due_ms : l->quarantine.due_ms;
}

static zks_status drop(zks__ledger *l, uint64_t number, size_t length)
{
    l->quarantine.count--;
    l->quarantine.bytes -= length;
    return zks__store_quarantine_remove(l->store, l->group.g, number);
}

/* --- one row: read, then changed, since a row must not change while it is read --- */

typedef struct row {
    zks__ledger *ledger;
    zks__received *out;
    uint64_t number;
    size_t length;
    int64_t since_ms;
    bool told, stays;
    bool changed; /* told is another than in the store */
} row;

static void note(row *r, const zks__store_quarantined *q)
{
    r->number = q->number;
    r->length = q->blob.length;
    r->since_ms = q->since_ms;
    r->told = q->told;
    r->stays = r->changed = false;
}

static zks__blob_item item_of(const zks__store_quarantined *q)
{
    zks__blob_item item = {.blob = q->blob};
    memcpy(item.sender, q->pusher, sizeof item.sender);
    return item;
}

static void tell(row *r, const zks__store_quarantined *q)
{
    zks__blob_item item = item_of(q);
    bool stranger = !zks__records_known(r->ledger->records, q->pusher);
    if (!r->told) {
        zks__ledger_reject(r->ledger, &item, stranger ? ZKS_E_NOT_MEMBER : ZKS_E_UNKNOWN_EPOCH,
                           r->out);
    }
    r->told = true;
}

/* --- what comes in --- */

static zks_status tell_dropped(const zks__store_quarantined *q, void *user)
{
    note(user, q);
    tell(user, q);
    return ZKS_OK;
}

/* The oldest makes room, first of the relay that sends: it cannot push out what others sent. */
static zks_status make_room(zks__ledger *l, zks__received *out)
{
    row r = {.ledger = l, .out = out};
    uint64_t number = 0;
    zks_status status = zks__store_quarantine_oldest(l->store, l->group.g, l->relay.r, &number);
    if (!status) {
        status = zks__store_quarantine_next(l->store, l->group.g, number - 1, tell_dropped, &r);
    }
    return status ? status : drop(l, r.number, r.length);
}

zks_status zks__ledger_quarantine(zks__ledger *l, const zks__blob_item *item, zks_status why,
                                  zks__received *out)
{
    if (!may_change(l, why)) {
        zks__ledger_reject(l, item, why, out);
        return ZKS_OK;
    }
    int64_t now = zks__ledger_unix_ms(l);
    bool lacks = lacks_record(l, item->sender, item->blob);
    zks__store_quarantined q = {.r = l->relay.r,
                                .since_ms = now,
                                .told = why == ZKS_E_NOT_MEMBER && !lacks,
                                .blob = item->blob};
    memcpy(q.pusher, item->sender, sizeof q.pusher);
    zks__envelope_id(l->suite, l->group.group_id, q.pusher, q.blob.data, q.blob.length, q.blob_id);
    zks_status status = zks__store_quarantine_add(l->store, l->group.g, &q);
    if (status || !q.number) {
        out->duplicates += !status;
        return status;
    }
    if (q.told) {
        zks__ledger_reject(l, item, why, out);
    }
    l->quarantine.count++;
    l->quarantine.bytes += q.blob.length;
    expect_due(l, now + (q.told ? KEEP_MS : TELL_MS));
    if (lacks && (l->quarantine.asked_ms > now || now - l->quarantine.asked_ms >= ASK_MS)) {
        l->quarantine.asked_ms = now;
        out->need_records = true;
    }
    while (!status && (l->quarantine.count > ZKS_QUARANTINE_BLOBS_MAX ||
                       l->quarantine.bytes > ZKS_QUARANTINE_BYTES_MAX)) {
        status = make_room(l, out);
    }
    return status;
}

/* --- judging again --- */

static zks_status judge_again(const zks__store_quarantined *q, void *user)
{
    row *r = user;
    zks__ledger *l = r->ledger;
    zks__blob_item item = item_of(q);
    zks_status why = ZKS_OK;
    note(r, q);
    zks_status status = zks__ledger_judge(l, &item, r->out, &why);
    r->stays = may_change(l, why) || l->rolled_back; /* the latter: its chain is read anew first */
    bool decided = why == ZKS_E_NOT_MEMBER && !lacks_record(l, q->pusher, q->blob);
    if (why && !r->told && (!r->stays || decided)) {
        zks__ledger_reject(l, &item, why, r->out);
        r->told = r->changed = true;
    }
    return status;
}

zks_status zks__ledger_review(zks__ledger *l, zks__received *out)
{
    uint64_t generation = zks__records_generation(l->records);
    if (!l->quarantine.count || l->quarantine.judged == generation || l->rolled_back) {
        return ZKS_OK;
    }
    row r = {.ledger = l, .out = out};
    zks_status status = ZKS_OK;
    while (!status && !l->rolled_back) {
        status = zks__store_quarantine_next(l->store, l->group.g, r.number, judge_again, &r);
        if (!status && !r.stays) {
            status = drop(l, r.number, r.length);
        } else if (!status && r.changed) {
            status = zks__store_quarantine_update(l->store, l->group.g, r.number, r.since_ms,
                                                  r.told);
        }
    }
    l->quarantine.judged = status == ZKS_E_NOT_FOUND ? generation : l->quarantine.judged;
    return status == ZKS_E_NOT_FOUND ? ZKS_OK : status;
}

/* --- time --- */

/* A time to come is of a clock that went wrong: it must not keep the blob for longer. */
static zks_status grow_older(const zks__store_quarantined *q, void *user)
{
    row *r = user;
    int64_t now = zks__ledger_unix_ms(r->ledger);
    note(r, q);
    r->since_ms = r->since_ms < now ? r->since_ms : now;
    r->stays = now - r->since_ms < KEEP_MS;
    if (!r->stays || now - r->since_ms >= TELL_MS) {
        tell(r, q);
    }
    return ZKS_OK;
}

static zks_status pass(zks__ledger *l, zks__received *out)
{
    row r = {.ledger = l, .out = out};
    uint64_t rejected = out->rejected;
    zks_status status = ZKS_OK;
    l->quarantine.due_ms = INT64_MAX;
    while (!status) {
        status = zks__store_quarantine_next(l->store, l->group.g, r.number, grow_older, &r);
        if (!status && !r.stays) {
            status = drop(l, r.number, r.length);
        } else if (!status) {
            expect_due(l, r.since_ms + (r.told ? KEEP_MS : TELL_MS));
            status = zks__store_quarantine_update(l->store, l->group.g, r.number, r.since_ms,
                                                  r.told);
        }
    }
    if (out->rejected > rejected) {
        zks__ledger_look_elsewhere(l, out);
    }
    return status == ZKS_E_NOT_FOUND ? ZKS_OK : status;
}

zks_status zks__ledger_quarantine_tick(zks__ledger *l, bool caught_up, zks__received *out,
                                       int64_t *out_next_ms)
{
    int64_t now = zks__ledger_unix_ms(l);
    zks_status status = ZKS_OK;
    if (!l->quarantine.count || !caught_up) {
        return ZKS_OK;
    }
    if (l->quarantine.due_ms <= now || l->quarantine.due_ms > now + KEEP_MS) {
        status = pass(l, out);
    }
    *out_next_ms = l->quarantine.due_ms < *out_next_ms ? l->quarantine.due_ms : *out_next_ms;
    return status;
}

zks_status zks__ledger_quarantine_read(zks__ledger *l)
{
    l->quarantine.judged = 0;
    l->quarantine.due_ms = 0;
    return zks__store_quarantine_size(l->store, l->group.g, &l->quarantine.count,
                                      &l->quarantine.bytes);
}
