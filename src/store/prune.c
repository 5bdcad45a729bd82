/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Giving space back, a few rows at a time. What may go over keep_bytes is a prefix: the oldest
 * received items that were read, then the oldest own entries that every relay has settled and of
 * which no place in the inbox is unread. (Received first: a device is the last source of its own
 * entries.) A group that has no relay yet has nothing settled. Own entries whose time to live is
 * over go wherever they stand; the places of the others keep their numbers.
 *
 * The file does not shrink: free pages are used again.
 */
#include "store/private.h"

enum { STEP_ROWS = 256, RETRY_MS = 60 * 1000 };

/* One group at work. */
typedef struct pruning {
    zks__store *s;
    uint32_t g;
    zks__counters *c;
    int64_t now_ms;
    size_t relays; /* that must have an entry, at least */
    int rows;      /* that this step may still drop */
    int more;
} pruning;

/* --- what may go --------------------------------------------------------------------- */

static zks_status load_unread(pruning *p)
{
    if (p->c->unread_known) {
        return ZKS_OK;
    }
    zks__query q = zks__query_of(p->s, ZKS_Q_INBOX_UNREAD_OWN,
                                 "SELECT count(*), min(n) FROM inbox_own WHERE k > ? AND k <= ?");
    zks__bind_i64(&q, zks__store_key(p->g, p->c->watermark));
    zks__bind_i64(&q, zks__store_key(p->g, UINT64_MAX));
    uint64_t lowest = UINT64_MAX;
    if (zks__query_step(&q) && zks__column_i64(&q, 0) > 0 &&
        (uint64_t)zks__column_i64(&q, 0) >= p->relays) {
        lowest = zks__column_u64(&q, 1);
    }
    zks_status status = zks__query_end(&q);
    if (status == ZKS_OK) {
        p->c->unread_own = lowest;
        p->c->unread_known = true;
    }
    return status;
}

/* Own entries up to *out are settled everywhere and read. */
static zks_status settled(pruning *p, uint64_t *out)
{
    zks__query q = zks__query_of(p->s, ZKS_Q_RELAY_SETTLED,
                                 "SELECT count(*), min(acked_n) FROM relays WHERE g = ?");
    zks__bind_i64(&q, p->g);
    uint64_t n = 0;
    if (zks__query_step(&q) && zks__column_i64(&q, 0) > 0 &&
        (uint64_t)zks__column_i64(&q, 0) >= p->relays) {
        n = zks__column_u64(&q, 1);
    }
    zks_status status = zks__query_end(&q);
    if (status == ZKS_OK) {
        n = n < p->c->unread_own ? n : p->c->unread_own - 1;
        *out = n < p->c->last_n ? n : p->c->last_n;
    }
    return status;
}

/* --- received items -------------------------------------------------------------------- */

/* Before rows that only they remember are gone. */
static zks_status write_base(pruning *p)
{
    p->c->base_inboxed = p->c->inboxed_n;
    zks__query q = zks__query_of(
        p->s, ZKS_Q_GROUP_BASE,
        "UPDATE groups SET base_seq = ?, base_received = ?, base_bytes = ?,"
        " base_inboxed = ? WHERE g = ?");
    zks__bind_u64(&q, p->c->base_seq);
    zks__bind_u64(&q, p->c->base_received);
    zks__bind_u64(&q, p->c->base_bytes);
    zks__bind_u64(&q, p->c->base_inboxed);
    zks__bind_i64(&q, p->g);
    return zks__query_run(&q);
}

static zks_status drop_range(pruning *p, zks__query_id id, const char *sql, int64_t last_key)
{
    zks__query q = zks__query_of(p->s, id, sql);
    zks__bind_i64(&q, zks__store_key(p->g, 0));
    zks__bind_i64(&q, last_key);
    return zks__query_run(&q);
}

/* Drops the oldest read items until `excess` bytes are gone or the step is full. */
static zks_status drop_received(pruning *p, uint64_t *excess)
{
    if (*excess == 0) {
        return ZKS_OK;
    }
    zks__query q = zks__query_of(
        p->s, ZKS_Q_INBOX_OLDEST,
        "SELECT k, nth, upto FROM inbox WHERE k > ? AND k <= ? ORDER BY k");
    zks__bind_i64(&q, zks__store_key(p->g, 0));
    zks__bind_i64(&q, zks__store_key(p->g, p->c->watermark));
    int64_t last = 0;
    uint64_t nth = 0, upto = p->c->base_bytes;
    while (p->rows > 0 && upto - p->c->base_bytes < *excess && zks__query_step(&q)) {
        last = zks__column_i64(&q, 0);
        nth = zks__column_u64(&q, 1);
        upto = zks__column_u64(&q, 2);
        p->rows--;
    }
    zks_status status = zks__query_end(&q);
    if (status != ZKS_OK || last == 0) {
        return status;
    }
    uint64_t freed = upto - p->c->base_bytes;
    status = drop_range(p, ZKS_Q_INBOX_DROP, "DELETE FROM inbox WHERE k > ? AND k <= ?", last);
    if (status == ZKS_OK) {
        status = drop_range(p, ZKS_Q_INBOX_DROP_OWN, "DELETE FROM inbox_own WHERE k > ? AND k <= ?",
                            last);
    }
    if (status == ZKS_OK) {
        uint64_t seq = zks__store_number(last);
        p->c->base_seq = seq > p->c->base_seq ? seq : p->c->base_seq;
        p->c->base_received = nth;
        p->c->base_bytes = upto;
        *excess = freed < *excess ? *excess - freed : 0;
        status = write_base(p);
    }
    return status;
}

/* --- own entries ----------------------------------------------------------------------- */

static zks_status drop_own(pruning *p, int64_t key)
{
    zks__query q = zks__query_of(
        p->s, ZKS_Q_PAST_ADD,
        "INSERT INTO own_past SELECT k, upto, length(blob), blob_id FROM own"
        " WHERE k = ?");
    zks__bind_i64(&q, key);
    zks_status status = zks__query_run(&q);
    if (status == ZKS_OK) {
        q = zks__query_of(p->s, ZKS_Q_OWN_DROP, "DELETE FROM own WHERE k = ?");
        zks__bind_i64(&q, key);
        status = zks__query_run(&q);
    }
    return status;
}

/* The oldest read places whose own entry is dropped: those before the first one of a kept entry. */
static zks_status drop_places(pruning *p, uint64_t dropped_n)
{
    zks__query q = zks__query_of(p->s, ZKS_Q_INBOX_DROP_GONE,
                                 "SELECT k FROM inbox_own WHERE k > ? AND k <= ? AND n > ?"
                                 " ORDER BY k LIMIT 1");
    zks__bind_i64(&q, zks__store_key(p->g, 0));
    zks__bind_i64(&q, zks__store_key(p->g, p->c->watermark));
    zks__bind_u64(&q, dropped_n);
    uint64_t last = p->c->watermark;
    if (zks__query_step(&q)) {
        last = zks__store_number(zks__column_i64(&q, 0)) - 1;
    }
    zks_status status = zks__query_end(&q);
    if (status == ZKS_OK) {
        status = drop_range(p, ZKS_Q_INBOX_DROP_OWN, "DELETE FROM inbox_own WHERE k > ? AND k <= ?",
                            zks__store_key(p->g, last));
    }
    if (status == ZKS_OK && last > p->c->base_seq) {
        p->c->base_seq = last;
        status = write_base(p);
    }
    return status;
}

static zks_status drop_settled(pruning *p, uint64_t limit_n, uint64_t *excess)
{
    int64_t keys[STEP_ROWS];
    int count = 0;
    uint64_t freed = 0;
    zks__query q = zks__query_of(
        p->s, ZKS_Q_OWN_EACH,
        "SELECT k, c, seq, id, blob_id, kind, ttl_s, time_ms, blob FROM own"
        " WHERE k > ? AND k <= ? ORDER BY k");
    zks__bind_i64(&q, zks__store_key(p->g, 0));
    zks__bind_i64(&q, zks__store_key(p->g, limit_n));
    while (p->rows > 0 && freed < *excess && zks__query_step(&q)) {
        keys[count++] = zks__column_i64(&q, 0);
        freed += (uint64_t)sqlite3_column_bytes(q.stmt, 8);
        p->rows--;
    }
    zks_status status = zks__query_end(&q);
    for (int i = 0; i < count && status == ZKS_OK; i++) {
        status = drop_own(p, keys[i]);
    }
    if (status == ZKS_OK && count > 0) {
        *excess = freed < *excess ? *excess - freed : 0;
        status = drop_places(p, zks__store_number(keys[count - 1]));
    }
    return status;
}

/* --- time to live ------------------------------------------------------------------------ */

/* Looks at the next own entries for ended ones. What an unread place may need is looked at again
 * after a while. */
static zks_status drop_ended(pruning *p)
{
    int64_t keys[STEP_ROWS];
    int count = 0, seen = 0;
    zks__counters *c = p->c;
    if (c->scan_n == 0) {
        c->scan_expiry_ms = INT64_MAX;
    }
    zks__query q = zks__query_of(
        p->s, ZKS_Q_OWN_SCAN,
        "SELECT k, ttl_s, time_ms FROM own WHERE k > ? AND k <= ? ORDER BY k");
    zks__bind_i64(&q, zks__store_key(p->g, c->scan_n));
    zks__bind_i64(&q, zks__store_key(p->g, UINT64_MAX));
    uint64_t scanned = c->scan_n;
    while (seen < STEP_ROWS && zks__query_step(&q)) {
        seen++;
        int64_t key = zks__column_i64(&q, 0), ttl_s = zks__column_i64(&q, 1);
        int64_t time_ms = zks__column_i64(&q, 2),
                ttl_ms = (ttl_s > 0 ? ttl_s : ZKS_TTL_MAX_S) * 1000;
        int64_t end = time_ms > INT64_MAX - ttl_ms ? INT64_MAX : time_ms + ttl_ms;
        scanned = zks__store_number(key);
        if (end <= p->now_ms && scanned < c->unread_own) {
            keys[count++] = key;
        } else {
            int64_t next = end > p->now_ms ? end : p->now_ms + RETRY_MS;
            c->scan_expiry_ms = next < c->scan_expiry_ms ? next : c->scan_expiry_ms;
        }
    }
    zks_status status = zks__query_end(&q);
    for (int i = 0; i < count && status == ZKS_OK; i++) {
        status = drop_own(p, keys[i]);
    }
    if (status != ZKS_OK) {
        return status;
    }
    c->scan_n = seen == STEP_ROWS ? scanned : 0;
    if (c->scan_n == 0) {
        c->next_expiry_ms = c->scan_expiry_ms;
    } else {
        p->more = 1;
    }
    return ZKS_OK;
}

/* --- a step ------------------------------------------------------------------------------ */

static zks_status drop_excess(pruning *p, uint64_t keep_bytes)
{
    uint64_t limit_n = 0, own_count = 0, own_bytes = 0, unread = 0, unread_bytes = 0;
    zks_status status = settled(p, &limit_n);
    if (status == ZKS_OK) {
        status = zks__own_span(p->s, p->g, 0, limit_n, &own_count, &own_bytes);
    }
    if (status == ZKS_OK) {
        status = zks__store_inbox_pending(p->s, p->g, p->c->watermark, &unread, &unread_bytes);
    }
    uint64_t kept = own_bytes + p->c->received_bytes - p->c->base_bytes - unread_bytes;
    uint64_t excess = kept > keep_bytes ? kept - keep_bytes : 0;
    if (status == ZKS_OK) {
        status = drop_received(p, &excess);
    }
    if (status == ZKS_OK) {
        status = drop_settled(p, limit_n, &excess);
    }
    if (excess > 0 && p->rows == 0) {
        p->more = 1;
    }
    return status;
}

static zks_status prune(zks__store *s, uint32_t g, uint64_t keep_bytes, int64_t now_ms,
                        int *out_more)
{
    pruning p = {.s = s, .g = g, .now_ms = now_ms, .rows = STEP_ROWS};
    zks_status status = zks__store_counters_change(s, g, &p.c);
    if (status == ZKS_OK) {
        p.relays = s->cache[g - 1].relays;
        status = load_unread(&p);
    }
    if (status == ZKS_OK) {
        status = drop_excess(&p, keep_bytes);
    }
    if (status == ZKS_OK && (p.c->scan_n > 0 || now_ms >= p.c->next_expiry_ms)) {
        status = drop_ended(&p);
    }
    if (status == ZKS_OK) {
        *out_more = p.more;
    }
    return status;
}

zks_status zks__store_expect_relays(zks__store *s, uint32_t g, size_t relays)
{
    const zks__counters *c;
    zks_status status = zks__store_counters(s, g, &c);
    if (status == ZKS_OK) {
        s->cache[g - 1].relays = relays;
    }
    return status;
}

zks_status zks__store_prune(zks__store *s, uint32_t g, uint64_t keep_bytes, int64_t now_ms,
                            int *out_more)
{
    if (s->in_transaction) {
        return prune(s, g, keep_bytes, now_ms, out_more);
    }
    int more = 0;
    zks_status status = zks__store_begin(s);
    if (status == ZKS_OK) {
        status = prune(s, g, keep_bytes, now_ms, &more);
        if (status == ZKS_OK) {
            status = zks__store_commit(s);
        }
        if (status != ZKS_OK) {
            zks__store_rollback(s);
        }
    }
    if (status == ZKS_OK) {
        *out_more = more;
    }
    return status;
}
