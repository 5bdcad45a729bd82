/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Records on their way to devices. A group may have far more of them than a session should have
 * queued, so what a device lacks is a list of places in the group's set, and goes out as the
 * session drains, like the answers to PULLs. Until the list is done the session is paused: no
 * request is answered in front of records that it may depend on, and a device that reads slowly
 * costs the list, 4 bytes for each record, and what is queued. New records go to the end of the
 * list, so that each builds on what the device has. Only durable records are in lists: they keep
 * their places.
 */
#include "relay/core/router.h"

#include "base/alloc.h"

#include <stdlib.h>

/* --- lists of places --- */

static int by_hash(const void *a, const void *b)
{
    return memcmp(a, b, ZKS_RECORD_HASH_BYTES);
}

/* The hashes of the records in a list, ascending. */
static zks_status hashes_of(zks__wire_list list, zks__wire_hash **out, size_t *out_count)
{
    size_t count = 0;
    zks__slice record;
    zks__wire_hash *hashes = zks__alloc(list.count * sizeof *hashes);
    if (!hashes) {
        return ZKS_E_NOMEM;
    }
    while (zks__wire_next_slice(&list, &record)) {
        count += zks__record_hash(record.data, record.length, hashes[count].hash);
    }
    qsort(hashes, count, sizeof *hashes, by_hash);
    *out = hashes;
    *out_count = count;
    return ZKS_OK;
}

/* Records [first, last) that are among these hashes, or that are not. */
static zks_status list_places(const zks__rgroup *g, size_t first, size_t last,
                              const zks__wire_hash *hashes, size_t count, bool among,
                              zks__places *out)
{
    *out = (zks__places){0};
    uint32_t *items = first < last ? zks__alloc((last - first) * sizeof *items) : NULL;
    if (first < last && !items) {
        return ZKS_E_NOMEM;
    }
    for (size_t i = first; i < last; i++) {
        const uint8_t *hash = zks__records_at(g->set, i)->hash;
        bool there = count && bsearch(hash, hashes, count, sizeof *hashes, by_hash);
        if (there == among) {
            items[out->count++] = (uint32_t)i;
        }
    }
    out->items = items;
    return ZKS_OK;
}

zks_status zks__rgroup_lacking(const zks__rgroup *g, const zks__wire_list *skip, size_t first,
                               size_t last, zks__places *out)
{
    zks__wire_hash *hashes = NULL;
    size_t count = 0;
    zks_status status = skip && skip->count ? hashes_of(*skip, &hashes, &count) : ZKS_OK;
    if (!status) {
        status = list_places(g, first, last, hashes, count, false, out);
    }
    zks__free(hashes);
    return status;
}

zks_status zks__rgroup_wanted(const zks__rgroup *g, zks__wire_list wanted, zks__places *out)
{
    size_t count = 0;
    zks__wire_hash *hashes = zks__alloc((wanted.count + 1) * sizeof *hashes);
    if (!hashes) {
        return ZKS_E_NOMEM;
    }
    while (zks__wire_next_hash(&wanted, &hashes[count])) {
        count++;
    }
    qsort(hashes, count, sizeof *hashes, by_hash);
    zks_status status = list_places(g, 0, g->stored, hashes, count, true, out);
    zks__free(hashes);
    return status;
}

size_t zks__rgroup_pick(const zks__rgroup *g, zks__places *from, size_t bytes, zks__slice *out)
{
    size_t count = 0;
    size_t used = 0;
    for (; from->next < from->count && count < ZKS_RECORDS_PER_MESSAGE_MAX; from->next++) {
        const zks__slice *record = &zks__records_at(g->set, from->items[from->next])->bytes;
        if (count && used + record->length > bytes) {
            break;
        }
        used += record->length + 3; /* and its length */
        out[count++] = *record;
    }
    return count;
}

uint32_t zks__rgroup_messages(const zks__rgroup *g, zks__places from)
{
    zks__slice records[ZKS_RECORDS_PER_MESSAGE_MAX];
    uint32_t count = 0;
    while (from.next < from.count) {
        count += zks__rgroup_pick(g, &from, ZKS_RELAY_RECORDS_BYTES, records) > 0;
    }
    return count;
}

void zks__places_done(zks__places *places)
{
    zks__free(places->items);
    *places = (zks__places){0};
}

/* --- sending --- */

static void send_put(zks__peer *p, const zks__slice *records, size_t count)
{
    zks__message m = {.type = ZKS_MESSAGE_RECORDS};
    m.records.action = ZKS_RECORDS_PUT;
    m.records.records.items = records;
    m.records.records.count = count;
    zks__peer_send(p, &m);
}

static bool may_send(const zks__peer *p)
{
    return p->session && p->state != ZKS_PEER_ENDING &&
           zks__session_queued(p->session) <= ZKS_RELAY_QUEUED_MAX_BYTES;
}

void zks__peer_send_due(zks__peer *p)
{
    zks__slice records[ZKS_RECORDS_PER_MESSAGE_MAX];
    if (!p->due.items) {
        return;
    }
    while (p->due.next < p->due.count && may_send(p)) {
        send_put(p, records, zks__rgroup_pick(p->group, &p->due, ZKS_RELAY_RECORDS_BYTES, records));
    }
    if (p->due.next == p->due.count) {
        zks__places_done(&p->due);
        zks__peer_resume(p, ZKS_PAUSE_RECORDS);
    }
}

/* Behind what is due already. */
static zks_status append(zks__places *to, const zks__places *from)
{
    size_t left = to->count - to->next;
    uint32_t *items = zks__alloc((left + from->count) * sizeof *items);
    if (!items) {
        return ZKS_E_NOMEM;
    }
    memcpy(items, &to->items[to->next], left * sizeof *items);
    memcpy(&items[left], &from->items[from->next], (from->count - from->next) * sizeof *items);
    const zks__places all = {.items = items, .count = left + from->count - from->next};
    zks__free(to->items);
    *to = all;
    return ZKS_OK;
}

void zks__peer_send_places(zks__peer *p, zks__places *places)
{
    if (places->next == places->count) {
        zks__places_done(places);
        return;
    }
    if (p->due.items) {
        zks_status status = append(&p->due, places);
        zks__places_done(places);
        if (status) {
            zks__peer_end(p, ZKS_WIRE_RELAY_OVERLOADED, ZKS_MESSAGE_RECORDS,
                          ZKS_RELAY_RATE_RETRY_MS, "there is no memory");
        }
        return;
    }
    p->due = *places;
    *places = (zks__places){0};
    zks__peer_send_due(p);
    if (p->due.items) {
        /* It has fallen behind: no blob may overtake its records, so it pulls again. */
        p->live = false;
        zks__list_remove(&p->lagging);
        zks__peer_pause(p, ZKS_PAUSE_RECORDS);
    }
}

void zks__peer_send_chain(zks__peer *p, const uint8_t tag[ZKS_EPOCH_TAG_BYTES])
{
    const zks__records *set = p->group->set;
    const zks__record *tip = zks__records_epoch(set);
    const zks__record *from = zks__records_epoch_by_tag(set, tag);
    zks__slice records[ZKS_RECORDS_PER_MESSAGE_MAX];
    size_t count = 0;
    size_t bytes = 0;
    bool whole = from && zks__records_in_chain(set, from->hash);
    for (size_t i = 0; i < p->group->stored && count < ZKS_COUNTOF(records); i++) {
        const zks__record *r = zks__records_at(set, i);
        bool wanted = r->kind == ZKS_RECORD_KIND_EPOCH && zks__records_in_chain(set, r->hash) &&
                      (whole ? r->epoch.number > from->epoch.number : r == tip);
        if (wanted && count && bytes + r->bytes.length > ZKS_RELAY_RECORDS_BYTES) {
            break;
        }
        if (wanted) {
            records[count++] = r->bytes;
            bytes += r->bytes.length;
        }
    }
    if (count) {
        send_put(p, records, count);
    }
}

void zks__rgroup_announce(zks__rgroup *g, size_t first, size_t last)
{
    if (first >= last) {
        return;
    }
    for (zks__node *n = zks__list_first(&g->peers); n;) {
        zks__node *next = zks__list_next(&g->peers, n);
        zks__peer *p = ZKS_CONTAINER(n, zks__peer, in_group);
        zks__places places;
        /* The one who brought them has them. */
        if (zks__rgroup_lacking(g, p->holding ? &p->holding->records.records : NULL, first, last,
                                &places)) {
            zks__peer_end(p, ZKS_WIRE_RELAY_OVERLOADED, ZKS_MESSAGE_RECORDS,
                          ZKS_RELAY_RATE_RETRY_MS, "there is no memory");
        } else {
            zks__peer_send_places(p, &places);
        }
        n = next;
    }
}

/* The receipt: the hashes of what is durable now. */
void zks__peer_send_receipt(zks__peer *p, zks__wire_list records)
{
    zks__wire_hash hashes[ZKS_RECORDS_PER_MESSAGE_MAX];
    size_t count = 0;
    zks__slice bytes;
    while (count < ZKS_COUNTOF(hashes) && zks__wire_next_slice(&records, &bytes)) {
        zks__wire_hash *h = &hashes[count];
        count += zks__record_hash(bytes.data, bytes.length, h->hash) &&
                 zks__records_find(p->group->set, h->hash);
    }
    zks__message m = {.type = ZKS_MESSAGE_RECORDS};
    m.records.action = ZKS_RECORDS_PUT;
    m.records.hashes.items = hashes;
    m.records.hashes.count = count;
    zks__peer_send(p, &m);
}
