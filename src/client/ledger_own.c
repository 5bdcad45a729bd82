/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Own entries and what depends on a relay. */
#include "client/ledger_internal.h"

#include "base/alloc.h"

#include <string.h>

enum { OWN_LAST_DAY_MS = 24 * 3600 * 1000 };

/* --- sealing --- */

static zks_status seal_entry(zks__ledger *l, zks__entry *e, zks__buf *body, zks__sealed *out)
{
    zks__store_chain *tip = &l->own->row;
    uint8_t nonce[ZKS_NONCE_BYTES];
    l->rng.fill(nonce, sizeof nonce, l->rng.user);
    e->suite = l->group.suite;
    memcpy(e->group_id, l->group.group_id, sizeof e->group_id);
    memcpy(e->author, tip->author, sizeof e->author);
    memcpy(e->chain, tip->chain, sizeof e->chain);
    e->seq = tip->tip_seq + 1;
    memcpy(e->prev, tip->tip_id, sizeof e->prev);
    e->floor = tip->floor;
    e->time_ms = zks__ledger_unix_ms(l);
    e->body_length = body->length;
    zks_status status = zks__blob_seal(&l->own_key, e, &l->device.sign, nonce, body, out->blob_id);
    if (status) {
        return status;
    }
    zks__store_own row = {.n = l->group.last_n + 1,
                          .c = tip->c,
                          .seq = e->seq,
                          .kind = e->kind,
                          .ttl_s = e->ttl_s,
                          .time_ms = e->time_ms,
                          .blob = {body->data, body->length}};
    memcpy(row.id, e->id, sizeof row.id);
    memcpy(row.blob_id, out->blob_id, sizeof row.blob_id);
    status = zks__store_own_add(l->store, l->group.g, &row);
    if (!status) {
        status = zks__store_history_add(l->store, tip->c, e->seq, e->id);
    }
    if (!status) {
        tip->tip_seq = e->seq;
        memcpy(tip->tip_id, e->id, sizeof tip->tip_id);
        l->group.last_n = row.n;
        out->n = row.n;
        out->ttl_s = e->ttl_s;
        out->blob = body;
        memcpy(out->id, e->id, sizeof out->id);
    }
    return status;
}

zks_status zks__ledger_new_chain(zks__ledger *l)
{
    uint8_t chain[ZKS_CHAIN_BYTES];
    l->rng.fill(chain, sizeof chain, l->rng.user);
    zks__known_chain *old = l->own;
    zks_status status = zks__ledger_chain(l, zks__ledger_device_id(l), chain, true, &l->own);
    if (status || !old) {
        return status;
    }
    uint8_t body[ZKS_CHAIN_BYTES + 8 + ZKS_ENTRY_ID_BYTES];
    zks__writer w = zks__writer_of(body, sizeof body);
    zks__write_bytes(&w, old->row.chain, sizeof old->row.chain);
    zks__write_u64(&w, old->row.tip_seq);
    zks__write_bytes(&w, old->row.tip_id, sizeof old->row.tip_id);
    zks__buf *buf = zks__blob_buffer(body, sizeof body);
    if (!buf) {
        return ZKS_E_NOMEM;
    }
    zks__entry e = {.kind = ZKS_ENTRY_NEW_CHAIN, .has_signature = 1};
    zks__sealed sealed;
    status = seal_entry(l, &e, buf, &sealed);
    if (!status) {
        status = zks__store_chain_update(l->store, &l->own->row);
    }
    zks__buf_unref(buf);
    return status;
}

zks_status zks__ledger_write(zks__ledger *l, uint8_t kind, zks__buf *body)
{
    zks__entry e = {.kind = kind, .has_signature = 1};
    zks__sealed sealed;
    zks_status status = seal_entry(l, &e, body, &sealed);
    l->unsigned_run = 0;
    l->unsigned_bytes = 0;
    return status ? status : zks__store_chain_update(l->store, &l->own->row);
}

zks_status zks__ledger_push(zks__ledger *l, zks__buf *body, uint32_t ttl_s, bool sign,
                            zks__sealed *out)
{
    zks_status status = l->broken;
    if (!status && !l->own) {
        status = zks__ledger_new_chain(l);
    }
    if (status) {
        return status;
    }
    bool signs = sign || l->unsigned_run + 1 >= ZKS_SIGN_EVERY ||
                 l->unsigned_bytes + body->length >= ZKS_SIGN_EVERY_BYTES;
    zks__entry e = {.kind = ZKS_ENTRY_DATA, .ttl_s = ttl_s, .has_signature = signs};
    status = seal_entry(l, &e, body, out);
    l->unsigned_run = signs ? 0 : l->unsigned_run + 1;
    l->unsigned_bytes = signs ? 0 : l->unsigned_bytes + body->length;
    l->active = true;
    if (!status && signs) {
        status = zks__store_chain_update(l->store, &l->own->row);
    }
    return status;
}

/* --- reading the outbox --- */

typedef struct outbox_reading {
    zks__sealed *out;
    size_t count, max_count;
    uint64_t bytes, max_bytes;
} outbox_reading;

static zks_status read_own(const zks__store_own *own, void *user)
{
    outbox_reading *r = user;
    if (r->count == r->max_count || (r->count && r->bytes + own->blob.length > r->max_bytes)) {
        return ZKS_E_LIMIT;
    }
    zks__sealed *s = &r->out[r->count];
    s->blob = zks__buf_copy(own->blob.data, own->blob.length);
    if (!s->blob) {
        return ZKS_E_NOMEM;
    }
    s->n = own->n;
    s->ttl_s = own->ttl_s;
    memcpy(s->id, own->id, sizeof s->id);
    memcpy(s->blob_id, own->blob_id, sizeof s->blob_id);
    r->bytes += own->blob.length;
    r->count++;
    return ZKS_OK;
}

/* An entry that was sealed for another epoch than the present one and has not reached this relay:
 * the same entry and signature, sealed anew. */
static zks_status renew(zks__ledger *l, zks__sealed *s)
{
    const uint8_t *tag;
    const zks__blob_key *key = NULL;
    zks__entry e;
    zks_status status = zks__blob_epoch(s->blob->data, s->blob->length, &tag);
    if (status || memcmp(tag, l->own_key.epoch_tag, sizeof l->own_key.epoch_tag) == 0) {
        return status;
    }
    status = zks__ledger_blob_key(l, s->blob->data, s->blob->length, zks__ledger_device_id(l),
                                  &key);
    if (status || zks__blob_open(key, s->blob->data, s->blob->length, &e)) {
        return status ? status : ZKS_E_STORE_CORRUPT; /* this device sealed it */
    }
    zks__buf *body = zks__blob_buffer(e.body, e.body_length);
    if (!body) {
        return ZKS_E_NOMEM;
    }
    uint8_t nonce[ZKS_NONCE_BYTES];
    l->rng.fill(nonce, sizeof nonce, l->rng.user);
    status = zks__blob_seal(&l->own_key, &e, NULL, nonce, body, s->blob_id);
    if (!status) {
        status = zks__store_own_renew(l->store, l->group.g, s->n, s->blob_id,
                                      (zks__slice){body->data, body->length});
    }
    zks__buf_unref(status ? body : s->blob);
    s->blob = status ? s->blob : body;
    return status;
}

zks_status zks__ledger_outbox(zks__ledger *l, uint64_t after, uint32_t max_bytes, size_t max_count,
                              zks__sealed *out, size_t *out_count)
{
    outbox_reading r = {.out = out, .max_count = max_count, .max_bytes = max_bytes};
    zks_status status = l->broken ? l->broken
                                  : zks__store_own_each(l->store, l->group.g, after, read_own, &r);
    for (size_t i = 0; !status && i < r.count; i++) {
        status = renew(l, &out[i]);
    }
    if (status) {
        while (r.count) {
            zks__buf_unref(out[--r.count].blob);
        }
    }
    *out_count = r.count;
    return status;
}

zks_status zks__ledger_pending(zks__ledger *l, uint64_t after_n, uint64_t *out_bytes)
{
    uint64_t count;
    return zks__store_own_pending(l->store, l->group.g, after_n, &count, out_bytes);
}

zks_status zks__ledger_unread(zks__ledger *l, uint64_t *out_count, uint64_t *out_bytes)
{
    return zks__store_inbox_pending(l->store, l->group.g, l->group.watermark, out_count, out_bytes);
}

/* --- relays --- */

zks_status zks__ledger_trust(zks__ledger *l, const char *address, const uint8_t key[32])
{
    return zks__store_pin_set(l->store, address, key);
}

static zks_status judge_key(zks__ledger *l, const char *address, const uint8_t *expected,
                            const uint8_t key[32])
{
    if (expected) {
        return memcmp(expected, key, 32) ? ZKS_E_RELAY_KEY_CHANGED : ZKS_OK;
    }
    uint8_t pinned[32];
    zks_status status = zks__store_pin_get(l->store, address, pinned);
    if (status == ZKS_E_NOT_FOUND) {
        return zks__store_pin_set(l->store, address, key);
    }
    if (!status && memcmp(pinned, key, 32) != 0) {
        status = ZKS_E_RELAY_KEY_CHANGED;
    }
    return status;
}

static bool all_zero(const uint8_t *p, size_t length)
{
    uint8_t any = 0;
    for (size_t i = 0; i < length; i++) {
        any |= p[i];
    }
    return !any;
}

zks_status zks__ledger_relay_load(zks__ledger *l, const char *address, const uint8_t *expected,
                                  const uint8_t key[32], zks__relay_state *out)
{
    memset(out, 0, sizeof *out);
    zks_status status = l->broken ? l->broken : judge_key(l, address, expected, key);
    if (status == ZKS_E_RELAY_KEY_CHANGED) {
        out->changed = true; /* a fact about the relay, not a failure of this transaction */
        return ZKS_OK;
    }
    if (!status) {
        status = zks__store_relay_get(l->store, l->group.g, key, &l->relay);
    }
    if (!status) {
        uint8_t digest[ZKS_RECORD_HASH_BYTES];
        zks__records_digest(l->records, digest);
        out->attach = memcmp(digest, l->relay.records_known, sizeof digest) != 0;
        l->attached = out->attach;
        out->row = l->relay;
        l->relay_valid = true;
    }
    return status;
}

/*
 * The last blob that the relay has of this device. One that the store never made means that the
 * store is older than what this device has sent: own blobs are read again from the start. A new
 * chain begins at once, since what those blobs would prove may be deleted; but on one relay's word
 * only once for the same blob, and once in OWN_LAST_DAY_MS: beyond that it takes an own entry that
 * is signed and unknown (receive_own), or a relay that makes up names would fill the history. One
 * that is older than what the relay has acknowledged means that the relay went back: it gets the
 * rest again.
 */
static zks_status judge_own_last(zks__ledger *l, const zks__welcome *w, zks__relay_state *out)
{
    zks__store_relay *row = &l->relay;
    zks__store_doubt doubt;
    int known = 1;
    bool none = all_zero(w->own_last, sizeof w->own_last);
    zks_status status = zks__store_doubt_get(l->store, row->r, &doubt);
    if (!status && !none) {
        status = zks__store_own_known(l->store, l->group.g, w->own_last, &known);
    }
    if (!status && known) {
        status = zks__store_own_lost(l->store, l->group.g, row, none ? NULL : w->own_last,
                                     &row->acked_n);
    }
    /* A name that was dealt with: what was begun then has not reached the relay yet. */
    if (status || known || !memcmp(doubt.blob_id, w->own_last, sizeof doubt.blob_id)) {
        out->pull_own = !status && row->read_cursor < doubt.own_below;
        return status;
    }
    int64_t now = zks__ledger_unix_ms(l);
    bool believed = doubt.time_ms > now || doubt.time_ms < now - OWN_LAST_DAY_MS;
    row->read_cursor = 0;
    out->pull_own = true;
    l->rolled_back = true; /* the old chain is read like anybody's from now on: its tip must be in
                              the history */
    doubt.own_below = w->head >> 53 ? (UINT64_C(1) << 53) - 1 : w->head;
    memcpy(doubt.blob_id, w->own_last, sizeof doubt.blob_id);
    if (believed) {
        out->rewound = true;
        doubt.time_ms = now;
        row->acked_n = 0; /* how much of ours it has kept is not known: it knows blobs by name */
        zks__ledger_count_alarm(l, ZKS_STORE_ALARM_NEW_CHAIN, 1);
        status = zks__ledger_save_alarms(l);
        status = status ? status : zks__ledger_new_chain(l);
    }
    return status ? status : zks__store_doubt_set(l->store, row->r, &doubt);
}

/*
 * It sends all that it has unless it has what this device has. What is less, and was thought to be
 * the same, is a relay that was set back: without the newest EPOCHs it would take nothing from
 * those who have them. The next HELLO attaches them.
 */
static bool lost_records(const zks__ledger *l, const zks__welcome *w)
{
    return !l->attached && w->records.count && !w->records_follow &&
           w->records.count < zks__records_count(l->records);
}

zks_status zks__ledger_welcome(zks__ledger *l, const zks__welcome *w, zks__relay_state *out)
{
    memset(out, 0, sizeof *out);
    out->stale = !l->relay_valid;
    if (out->stale) {
        return ZKS_OK;
    }
    zks_status status = zks__ledger_records(l, w->records, &out->taken);
    zks__store_relay *row = &l->relay;
    if (memcmp(row->incarnation, w->incarnation, sizeof row->incarnation) != 0) {
        memcpy(row->incarnation, w->incarnation, sizeof row->incarnation);
        row->read_cursor = 0;
        row->acked_n = 0;
    }
    if (w->head < row->read_cursor) {
        row->read_cursor =
            0; /* it once claimed more than it has: read again, replays are dropped */
    }
    if (!status) {
        status = judge_own_last(l, w, out);
    }
    if (!status) {
        zks__records_digest(l->records, row->records_known);
        if (lost_records(l, w)) {
            memset(row->records_known, 0, sizeof row->records_known);
            l->relay_valid = false;
            out->stale = true;
        }
        status = zks__store_relay_update(l->store, row);
    }
    if (!status) {
        status = zks__ledger_pending(l, row->acked_n, &out->pending_bytes);
    }
    out->row = *row;
    out->last_n = l->group.last_n;
    if (out->rewound && l->own) {
        memcpy(out->chain, l->own->row.chain, sizeof out->chain);
    }
    return status;
}

zks_status zks__ledger_settle(zks__ledger *l, uint64_t n, zks__relay_state *out)
{
    memset(out, 0, sizeof *out);
    out->stale = !l->relay_valid;
    zks_status status = l->broken;
    for (uint64_t i = l->group.inboxed_n + 1; !status && !out->stale && i <= n; i++) {
        zks__store_item item = {.own_n = i};
        status = zks__store_inbox_add(l->store, l->group.g, &item);
        if (!status) {
            l->group.inboxed_n = i;
            l->group.last_seq = out->settled_seq = item.seq;
            out->settled_first = out->settled_first ? out->settled_first : i;
        }
    }
    if (!status && !out->stale && n > l->relay.acked_n) {
        l->relay.acked_n = n;
        if (l->listening_ms) { /* else what it was asked before is looked at first, at the tick */
            (void)zks__ledger_questions_taken(l, l->asking_n);
        }
        status = zks__store_relay_update(l->store, &l->relay);
    }
    out->row = l->relay;
    return status;
}

zks_status zks__ledger_relay_knows(zks__ledger *l, bool all)
{
    if (!l->relay_valid) {
        return ZKS_OK;
    }
    memset(l->relay.records_known, 0, sizeof l->relay.records_known);
    if (all) {
        zks__records_digest(l->records, l->relay.records_known);
    }
    return zks__store_relay_update(l->store, &l->relay);
}

typedef struct id_search {
    uint64_t n;
    uint8_t *out_id;
    bool found;
} id_search;

static zks_status take_id(const zks__store_own *own, void *user)
{
    id_search *s = user;
    s->found = own->n == s->n;
    if (s->found) {
        memcpy(s->out_id, own->id, sizeof own->id);
    }
    return ZKS_E_LIMIT;
}

zks_status zks__ledger_own_id(zks__ledger *l, uint64_t n, uint8_t out_id[ZKS_ENTRY_ID_BYTES])
{
    id_search s = {n, out_id, false};
    zks_status status = zks__store_own_each(l->store, l->group.g, n - 1, take_id, &s);
    return status || s.found ? status : ZKS_E_NOT_FOUND;
}

zks_status zks__ledger_refused(zks__ledger *l, uint64_t n, uint32_t code)
{
    return l->relay_valid ? zks__store_refused_add(l->store, l->relay.r, n, code) : ZKS_OK;
}

zks_status zks__ledger_prune(zks__ledger *l, uint64_t keep_bytes, size_t relays, bool *out_more)
{
    int more = 0;
    zks_status status = zks__store_expect_relays(l->store, l->group.g, relays);
    if (!status) {
        status = zks__store_prune(l->store, l->group.g, keep_bytes, zks__ledger_unix_ms(l), &more);
    }
    *out_more = more != 0;
    return status;
}
