/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Own entries. */
#include "store/private.h"

#include <string.h>

/* When an own entry ends; a time to live of 0 means the longest (messages.h). */
static int64_t expiry_of(const zks__store_own *own)
{
    int64_t ttl_ms = (own->ttl_s ? (int64_t)own->ttl_s : ZKS_TTL_MAX_S) * 1000;
    return own->time_ms > INT64_MAX - ttl_ms ? INT64_MAX : own->time_ms + ttl_ms;
}

zks_status zks__store_own_add(zks__store *s, uint32_t g, const zks__store_own *own)
{
    zks__counters *c;
    zks_status status = zks__store_counters_change(s, g, &c);
    if (status != ZKS_OK) {
        return status;
    }
    if (own->n != c->last_n + 1) {
        return zks__store_refuse(s, ZKS_E_INVALID,
                                 "Own entries are numbered without gaps: %llu comes next.",
                                 (unsigned long long)c->last_n + 1);
    }
    if (own->n >= ZKS_STORE_NUMBER_MAX) {
        return zks__store_refuse(s, ZKS_E_LIMIT,
                                 "The group has used up its numbers: use a new store.");
    }
    if (own->blob.length > ZKS_BLOB_MAX_BYTES) {
        return zks__store_refuse(s, ZKS_E_TOO_LARGE, "A blob has at most %d bytes.",
                                 ZKS_BLOB_MAX_BYTES);
    }
    zks__query q = zks__query_of(s, ZKS_Q_OWN_ADD,
                                 "INSERT INTO own VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    zks__bind_i64(&q, zks__store_key(g, own->n));
    zks__bind_u64(&q, c->own_bytes + own->blob.length);
    zks__bind_i64(&q, own->c);
    zks__bind_u64(&q, own->seq);
    zks__bind_blob(&q, own->id, sizeof own->id);
    zks__bind_blob(&q, own->blob_id, sizeof own->blob_id);
    zks__bind_i64(&q, own->kind);
    zks__bind_i64(&q, own->ttl_s);
    zks__bind_i64(&q, own->time_ms);
    zks__bind_blob(&q, own->blob.data, own->blob.length);
    status = zks__query_run(&q);
    if (status == ZKS_OK) {
        int64_t expiry = expiry_of(own);
        c->last_n = own->n;
        c->own_bytes += own->blob.length;
        c->next_expiry_ms = expiry < c->next_expiry_ms ? expiry : c->next_expiry_ms;
    }
    return status;
}

zks_status zks__store_own_each(zks__store *s, uint32_t g, uint64_t after, zks__store_own_fn fn,
                               void *user)
{
    zks__query q = zks__query_of(
        s, ZKS_Q_OWN_EACH,
        "SELECT k, c, seq, id, blob_id, kind, ttl_s, time_ms, blob FROM own"
        " WHERE k > ? AND k <= ? ORDER BY k");
    zks__bind_i64(&q, zks__store_key(g, after));
    zks__bind_i64(&q, zks__store_key(g, UINT64_MAX));
    zks_status stop = ZKS_OK;
    while (stop == ZKS_OK && zks__query_step(&q)) {
        zks__store_own own = {.n = zks__store_number(zks__column_i64(&q, 0)),
                              .c = zks__column_i64(&q, 1),
                              .seq = zks__column_u64(&q, 2),
                              .kind = (uint8_t)zks__column_i64(&q, 5),
                              .ttl_s = (uint32_t)zks__column_i64(&q, 6),
                              .time_ms = zks__column_i64(&q, 7)};
        zks__column_copy(&q, 3, own.id, sizeof own.id);
        zks__column_copy(&q, 4, own.blob_id, sizeof own.blob_id);
        own.blob = zks__column_slice(&q, 8);
        if (q.status == ZKS_OK) {
            stop = fn(&own, user);
        }
    }
    zks_status status = zks__query_end(&q);
    return status == ZKS_OK ? zks__store_stopped(stop) : status;
}

zks_status zks__store_own_renew(zks__store *s, uint32_t g, uint64_t n,
                                const uint8_t blob_id[ZKS_BLOB_ID_BYTES], zks__slice blob)
{
    zks_status status = zks__store_writable(s);
    if (status != ZKS_OK) {
        return status;
    }
    zks__query q = zks__query_of(s, ZKS_Q_OWN_REMEMBER,
                                 "INSERT INTO own_renewed SELECT k, blob_id FROM own"
                                 " WHERE k = ? AND length(blob) = ?");
    zks__bind_i64(&q, zks__store_key(g, n));
    zks__bind_i64(&q, (int64_t)blob.length);
    status = zks__query_run(&q);
    if (status == ZKS_OK && sqlite3_changes64(s->db) != 1) {
        return ZKS_E_NOT_FOUND;
    }
    if (status == ZKS_OK) {
        q = zks__query_of(s, ZKS_Q_OWN_RENEW, "UPDATE own SET blob_id = ?, blob = ? WHERE k = ?");
        zks__bind_blob(&q, blob_id, ZKS_BLOB_ID_BYTES);
        zks__bind_blob(&q, blob.data, blob.length);
        zks__bind_i64(&q, zks__store_key(g, n));
        status = zks__query_run(&q);
    }
    return status;
}

/* --- known ------------------------------------------------------------------------- */

/* Whether one of the group's rows that sql reads (k descending, blob_id) has this blob id. */
static zks_status scan_for(zks__store *s, zks__query_id id, const char *sql, int64_t low,
                           int64_t high, const uint8_t blob_id[ZKS_BLOB_ID_BYTES], int *out_known)
{
    zks__query q = zks__query_of(s, id, sql);
    zks__bind_blob(&q, blob_id, ZKS_BLOB_ID_BYTES);
    zks__bind_i64(&q, low);
    zks__bind_i64(&q, high);
    *out_known = zks__query_step(&q);
    return zks__query_end(&q);
}

/*
 * Asked once for each connection, with the last blob that a relay has from this device: nearly
 * always the one that this relay acknowledged last, then one of the newest; only a restored backup
 * makes us read all. So no index (an entry at a random place for each push), but a look at each
 * relay's acked_n, then a scan backwards; pruned entries keep their blob id in own_past, 30 bytes
 * each, for ever, as their ids in the history do.
 */
zks_status zks__store_own_known(zks__store *s, uint32_t g, const uint8_t blob_id[ZKS_BLOB_ID_BYTES],
                                int *out_known)
{
    static const struct {
        zks__query_id id;
        const char *sql;
    } looks[] = {
        {ZKS_Q_OWN_AT_ACKED,
         "SELECT 1 FROM relays JOIN own ON own.k = relays.g << 40 | relays.acked_n"
         " WHERE own.blob_id = ?1 AND relays.g = ?2 >> 40 AND own.k <= ?3 LIMIT 1"},
        {ZKS_Q_OWN_FIND,
         "SELECT 1 FROM own WHERE blob_id = ? AND k > ? AND k <= ? ORDER BY k DESC LIMIT 1"},
        {ZKS_Q_PAST_FIND,
         "SELECT 1 FROM own_past WHERE blob_id = ? AND k > ? AND k <= ? ORDER BY k DESC LIMIT 1"},
        {ZKS_Q_RENEWED_FIND,
         "SELECT 1 FROM own_renewed WHERE blob_id = ? AND k > ? AND k <= ? LIMIT 1"},
    };
    int known = 0;
    zks_status status = ZKS_OK;
    for (size_t i = 0; i < ZKS_COUNTOF(looks) && status == ZKS_OK && !known; i++) {
        status = scan_for(s, looks[i].id, looks[i].sql, zks__store_key(g, 0),
                          zks__store_key(g, UINT64_MAX), blob_id, &known);
    }
    if (status == ZKS_OK) {
        *out_known = known;
    }
    return status;
}

/* --- sums --------------------------------------------------------------------------- */

/* The first kept row behind `after`: its number (0: none) and the total before it. */
static zks_status first_kept(zks__store *s, uint32_t g, uint64_t after, uint64_t *out_n,
                             uint64_t *out_before)
{
    zks__query q = zks__query_of(s, ZKS_Q_OWN_FIRST,
                                 "SELECT k, upto - length(blob) FROM own WHERE k > ? AND k <= ?"
                                 " ORDER BY k LIMIT 1");
    zks__bind_i64(&q, zks__store_key(g, after));
    zks__bind_i64(&q, zks__store_key(g, UINT64_MAX));
    *out_n = 0;
    if (zks__query_step(&q)) {
        *out_n = zks__store_number(zks__column_i64(&q, 0));
        *out_before = zks__column_u64(&q, 1);
    }
    return zks__query_end(&q);
}

/* Entries that ended among kept ones leave holes: their count and bytes with first < n <= upto. */
static zks_status holes(zks__store *s, uint32_t g, uint64_t first, uint64_t upto,
                        uint64_t *out_count, uint64_t *out_bytes)
{
    zks__query q = zks__query_of(s, ZKS_Q_PAST_SPAN,
                                 "SELECT count(*), coalesce(sum(length), 0) FROM own_past"
                                 " WHERE k > ? AND k <= ?");
    zks__bind_i64(&q, zks__store_key(g, first));
    zks__bind_i64(&q, zks__store_key(g, upto));
    if (zks__query_step(&q)) {
        *out_count = zks__column_u64(&q, 0);
        *out_bytes = zks__column_u64(&q, 1);
    }
    return zks__query_end(&q);
}

/* The running total at n, whether its row is kept or dropped. */
static zks_status total_at(zks__store *s, uint32_t g, uint64_t n, const zks__counters *c,
                           uint64_t *out)
{
    if (n >= c->last_n) {
        *out = c->own_bytes;
        return ZKS_OK;
    }
    uint64_t next = 0;
    zks_status status = first_kept(s, g, n, &next, out);
    uint64_t count = 0, bytes = 0;
    if (status == ZKS_OK && next == 0) {
        status = holes(s, g, n, UINT64_MAX, &count, &bytes);
        *out = c->own_bytes - bytes;
    } else if (status == ZKS_OK && next > n + 1) {
        status = holes(s, g, n, next, &count, &bytes);
        *out -= bytes;
    }
    return status;
}

zks_status zks__own_span(zks__store *s, uint32_t g, uint64_t after, uint64_t upto,
                         uint64_t *out_count, uint64_t *out_bytes)
{
    const zks__counters *c;
    zks_status status = zks__store_counters(s, g, &c);
    if (status != ZKS_OK) {
        return status;
    }
    uint64_t first = 0, before = 0, total = 0, gone = 0, gone_bytes = 0;
    upto = upto < c->last_n ? upto : c->last_n;
    if (after < upto) {
        status = first_kept(s, g, after, &first, &before);
    }
    if (status != ZKS_OK || first == 0 || first > upto) {
        if (status == ZKS_OK) {
            *out_count = *out_bytes = 0;
        }
        return status;
    }
    status = total_at(s, g, upto, c, &total);
    if (status == ZKS_OK) {
        status = holes(s, g, first, upto, &gone, &gone_bytes);
    }
    if (status == ZKS_OK) {
        *out_count = upto - first + 1 - gone;
        *out_bytes = total - before - gone_bytes;
    }
    return status;
}

zks_status zks__store_own_pending(zks__store *s, uint32_t g, uint64_t after, uint64_t *out_count,
                                  uint64_t *out_bytes)
{
    return zks__own_span(s, g, after, UINT64_MAX, out_count, out_bytes);
}
