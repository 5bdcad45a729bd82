/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The inbox log: received items in `inbox`, places of own entries in `inbox_own`, one sequence. */
#include "store/private.h"

static zks_status add_own(zks__store *s, uint32_t g, const zks__store_item *item, zks__counters *c)
{
    if (item->own_n > c->last_n || item->own_n <= c->inboxed_n) {
        return zks__store_refuse(
            s, ZKS_E_INVALID,
            "Own entries take their places in order: %llu lies outside %llu..%llu.",
            (unsigned long long)item->own_n, (unsigned long long)c->inboxed_n + 1,
            (unsigned long long)c->last_n);
    }
    zks__query q = zks__query_of(s, ZKS_Q_INBOX_ADD_OWN, "INSERT INTO inbox_own VALUES (?, ?, ?)");
    zks__bind_i64(&q, zks__store_key(g, c->last_seq + 1));
    zks__bind_u64(&q, item->own_n);
    zks__bind_i64(&q, item->flags);
    zks_status status = zks__query_run(&q);
    if (status == ZKS_OK) {
        c->inboxed_n = item->own_n;
        c->unread_own = item->own_n < c->unread_own ? item->own_n : c->unread_own;
    }
    return status;
}

static zks_status add_received(zks__store *s, uint32_t g, const zks__store_item *item,
                               zks__counters *c)
{
    if (item->blob.length > ZKS_BLOB_MAX_BYTES) {
        return zks__store_refuse(s, ZKS_E_TOO_LARGE, "A blob has at most %d bytes.",
                                 ZKS_BLOB_MAX_BYTES);
    }
    zks__query q = zks__query_of(s, ZKS_Q_INBOX_ADD,
                                 "INSERT INTO inbox VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    zks__bind_i64(&q, zks__store_key(g, c->last_seq + 1));
    zks__bind_u64(&q, c->received + 1);
    zks__bind_u64(&q, c->received_bytes + item->blob.length);
    zks__bind_i64(&q, item->c);
    zks__bind_u64(&q, item->entry_seq);
    zks__bind_blob(&q, item->id, sizeof item->id);
    zks__bind_blob(&q, item->pusher, sizeof item->pusher);
    zks__bind_i64(&q, item->time_ms);
    zks__bind_i64(&q, item->flags);
    zks__bind_blob(&q, item->blob.data, item->blob.length);
    zks_status status = zks__query_run(&q);
    if (status == ZKS_OK) {
        c->received++;
        c->received_bytes += item->blob.length;
    }
    return status;
}

zks_status zks__store_inbox_add(zks__store *s, uint32_t g, zks__store_item *item)
{
    zks__counters *c;
    zks_status status = zks__store_counters_change(s, g, &c);
    if (status != ZKS_OK) {
        return status;
    }
    if (c->last_seq + 1 >= ZKS_STORE_NUMBER_MAX) {
        return zks__store_refuse(s, ZKS_E_LIMIT,
                                 "The group has used up its numbers: use a new store.");
    }
    status = item->own_n ? add_own(s, g, item, c) : add_received(s, g, item, c);
    if (status == ZKS_OK) {
        item->seq = ++c->last_seq;
    }
    return status;
}

/* --- reading: two ordered tables merged ------------------------------------------------ */

typedef struct merge {
    zks__query received, own;
    int has_received, has_own;
} merge;

static void merge_begin(merge *m, zks__store *s, uint32_t g, uint64_t after)
{
    m->received = zks__query_of(
        s, ZKS_Q_INBOX_EACH,
        "SELECT k, c, entry_seq, id, pusher, time_ms, flags, blob FROM inbox"
        " WHERE k > ? AND k <= ? ORDER BY k");
    zks__bind_i64(&m->received, zks__store_key(g, after));
    zks__bind_i64(&m->received, zks__store_key(g, UINT64_MAX));
    m->own = zks__query_of(
        s, ZKS_Q_INBOX_EACH_OWN,
        "SELECT i.k, i.n, i.flags, o.c, o.seq, o.id, chains.author, o.time_ms, o.blob"
        " FROM inbox_own AS i LEFT JOIN own AS o ON o.k = (i.k >> 40 << 40) + i.n AND o.kind != 255"
        " LEFT JOIN chains ON chains.c = o.c"
        " WHERE i.k > ? AND i.k <= ? ORDER BY i.k");
    zks__bind_i64(&m->own, zks__store_key(g, after));
    zks__bind_i64(&m->own, zks__store_key(g, UINT64_MAX));
    m->has_received = zks__query_step(&m->received);
    m->has_own = zks__query_step(&m->own);
}

static void read_received(zks__query *q, zks__store_item *item)
{
    *item = (zks__store_item){.seq = zks__store_number(zks__column_i64(q, 0)),
                              .c = zks__column_i64(q, 1),
                              .entry_seq = zks__column_u64(q, 2),
                              .time_ms = zks__column_i64(q, 5),
                              .flags = (uint32_t)zks__column_i64(q, 6)};
    zks__column_copy(q, 3, item->id, sizeof item->id);
    zks__column_copy(q, 4, item->pusher, sizeof item->pusher);
    item->blob = zks__column_slice(q, 7);
}

/* 0: the own entry was dropped: it was settled and read, or its time to live was over. */
static int read_own(zks__query *q, zks__store_item *item)
{
    *item = (zks__store_item){.seq = zks__store_number(zks__column_i64(q, 0)),
                              .own_n = zks__column_u64(q, 1),
                              .flags = (uint32_t)zks__column_i64(q, 2),
                              .c = zks__column_i64(q, 3),
                              .entry_seq = zks__column_u64(q, 4),
                              .time_ms = zks__column_i64(q, 7)};
    if (sqlite3_column_type(q->stmt, 5) == SQLITE_NULL) {
        return 0;
    }
    zks__column_copy(q, 5, item->id, sizeof item->id);
    zks__column_copy(q, 6, item->pusher, sizeof item->pusher);
    item->blob = zks__column_slice(q, 8);
    return 1;
}

zks_status zks__store_inbox_each(zks__store *s, uint32_t g, uint64_t after, zks__store_item_fn fn,
                                 void *user)
{
    merge m;
    merge_begin(&m, s, g, after);
    zks_status stop = ZKS_OK;
    while (stop == ZKS_OK && (m.has_received || m.has_own)) {
        zks__store_item item;
        int take_own = m.has_own && (!m.has_received ||
                                     zks__column_i64(&m.own, 0) < zks__column_i64(&m.received, 0));
        zks__query *q = take_own ? &m.own : &m.received;
        int there = 1;
        if (take_own) {
            there = read_own(q, &item);
        } else {
            read_received(q, &item);
        }
        if (q->status != ZKS_OK || m.own.status != ZKS_OK || m.received.status != ZKS_OK) {
            break;
        }
        if (there) {
            stop = fn(&item, user);
        }
        if (stop == ZKS_OK) {
            *(take_own ? &m.has_own : &m.has_received) = zks__query_step(q);
        }
    }
    zks_status own = zks__query_end(&m.own), received = zks__query_end(&m.received);
    if (own != ZKS_OK || received != ZKS_OK) {
        return own != ZKS_OK ? own : received;
    }
    return zks__store_stopped(stop);
}

zks_status zks__store_inbox_pending(zks__store *s, uint32_t g, uint64_t after, uint64_t *out_count,
                                    uint64_t *out_bytes)
{
    const zks__counters *c;
    zks_status status = zks__store_counters(s, g, &c);
    if (status != ZKS_OK) {
        return status;
    }
    zks__query q = zks__query_of(
        s, ZKS_Q_INBOX_FIRST,
        "SELECT nth - 1, upto - length(blob) FROM inbox WHERE k > ? AND k <= ?"
        " ORDER BY k LIMIT 1");
    zks__bind_i64(&q, zks__store_key(g, after));
    zks__bind_i64(&q, zks__store_key(g, UINT64_MAX));
    uint64_t count = 0, bytes = 0;
    if (zks__query_step(&q)) {
        count = c->received - zks__column_u64(&q, 0);
        bytes = c->received_bytes - zks__column_u64(&q, 1);
    }
    status = zks__query_end(&q);
    if (status == ZKS_OK) {
        *out_count = count;
        *out_bytes = bytes;
    }
    return status;
}
