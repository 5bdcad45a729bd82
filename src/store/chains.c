/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Chains, the ids of their delivered entries, and the ranges that are missing. */
#include "store/private.h"

zks_status zks__store_chain_add(zks__store *s, uint32_t g, zks__store_chain *chain)
{
    const zks__counters *counters;
    zks_status status = zks__store_writable(s);
    if (status == ZKS_OK) {
        status = zks__store_counters(s, g, &counters);
    }
    if (status != ZKS_OK) {
        return status;
    }
    zks__query q = zks__query_of(
        s, ZKS_Q_CHAIN_ADD,
        "INSERT INTO chains (g, author, chain, own, tip_seq, tip_id, floor)"
        " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (g, author, chain) DO NOTHING");
    zks__bind_i64(&q, g);
    zks__bind_blob(&q, chain->author, sizeof chain->author);
    zks__bind_blob(&q, chain->chain, sizeof chain->chain);
    zks__bind_i64(&q, chain->own != 0);
    zks__bind_u64(&q, chain->tip_seq);
    zks__bind_blob(&q, chain->tip_id, sizeof chain->tip_id);
    zks__bind_u64(&q, chain->floor);
    status = zks__query_run(&q);
    if (status == ZKS_OK && sqlite3_changes(s->db) == 0) {
        return zks__store_refuse(s, ZKS_E_STATE, "The store has this chain already.");
    }
    if (status == ZKS_OK) {
        chain->c = sqlite3_last_insert_rowid(s->db);
    }
    return status;
}

zks_status zks__store_chain_update(zks__store *s, const zks__store_chain *chain)
{
    zks_status status = zks__store_writable(s);
    if (status != ZKS_OK) {
        return status;
    }
    zks__query q = zks__query_of(
        s, ZKS_Q_CHAIN_UPDATE,
        "UPDATE chains SET tip_seq = ?, tip_id = ?, floor = ?, asked_seq = ?, asked_n = ?,"
        " asked_ms = ?, late_seq = ?, late_ms = ? WHERE c = ?");
    zks__bind_u64(&q, chain->tip_seq);
    zks__bind_blob(&q, chain->tip_id, sizeof chain->tip_id);
    zks__bind_u64(&q, chain->floor);
    zks__bind_u64(&q, chain->asked_seq);
    zks__bind_u64(&q, chain->asked_n);
    zks__bind_i64(&q, chain->asked_ms);
    zks__bind_u64(&q, chain->late_seq);
    zks__bind_i64(&q, chain->late_ms);
    zks__bind_i64(&q, chain->c);
    status = zks__query_run(&q);
    if (status == ZKS_OK && sqlite3_changes(s->db) == 0) {
        status = zks__store_refuse(s, ZKS_E_NOT_FOUND, "The store has no such chain.");
    }
    return status;
}

zks_status zks__store_chain_remove(zks__store *s, int64_t c)
{
    zks_status status = zks__store_writable(s);
    if (status != ZKS_OK) {
        return status;
    }
    zks__query q = zks__query_of(s, ZKS_Q_CHAIN_REMOVE, "DELETE FROM chains WHERE c = ?");
    zks__bind_i64(&q, c);
    status = zks__query_run(&q);
    if (status == ZKS_OK && sqlite3_changes(s->db) == 0) {
        status = zks__store_refuse(s, ZKS_E_NOT_FOUND, "The store has no such chain.");
    }
    return status;
}

zks_status zks__store_chains_each(zks__store *s, uint32_t g, zks__store_chain_fn fn, void *user)
{
    zks__query q = zks__query_of(s, ZKS_Q_CHAIN_EACH,
                                 "SELECT c, author, chain, own, tip_seq, tip_id, floor, asked_seq,"
                                 " asked_n, asked_ms, late_seq, late_ms FROM chains WHERE g = ?"
                                 " ORDER BY c");
    zks__bind_i64(&q, g);
    zks_status stop = ZKS_OK;
    while (stop == ZKS_OK && zks__query_step(&q)) {
        zks__store_chain chain = {.c = zks__column_i64(&q, 0),
                                  .own = (int)zks__column_i64(&q, 3),
                                  .tip_seq = zks__column_u64(&q, 4),
                                  .floor = zks__column_u64(&q, 6),
                                  .asked_seq = zks__column_u64(&q, 7),
                                  .asked_n = zks__column_u64(&q, 8),
                                  .asked_ms = zks__column_i64(&q, 9),
                                  .late_seq = zks__column_u64(&q, 10),
                                  .late_ms = zks__column_i64(&q, 11)};
        zks__column_copy(&q, 1, chain.author, sizeof chain.author);
        zks__column_copy(&q, 2, chain.chain, sizeof chain.chain);
        zks__column_copy(&q, 5, chain.tip_id, sizeof chain.tip_id);
        if (q.status == ZKS_OK) {
            stop = fn(&chain, user);
        }
    }
    zks_status status = zks__query_end(&q);
    return status == ZKS_OK ? stop : status;
}

/* --- history ---------------------------------------------------------------------- */

zks_status zks__store_history_add(zks__store *s, int64_t c, uint64_t seq,
                                  const uint8_t id[ZKS_ENTRY_ID_BYTES])
{
    zks_status status = zks__store_writable(s);
    if (status != ZKS_OK) {
        return status;
    }
    zks__query q = zks__query_of(s, ZKS_Q_HISTORY_ADD,
                                 "INSERT OR IGNORE INTO history VALUES (?, ?, ?)");
    zks__bind_i64(&q, c);
    zks__bind_u64(&q, seq);
    zks__bind_blob(&q, id, ZKS_ENTRY_ID_BYTES);
    return zks__query_run(&q);
}

zks_status zks__store_history_get(zks__store *s, int64_t c, uint64_t seq, size_t max,
                                  uint8_t (*out_ids)[ZKS_ENTRY_ID_BYTES], size_t *out_count)
{
    zks__query q = zks__query_of(s, ZKS_Q_HISTORY_GET,
                                 "SELECT id FROM history WHERE c = ? AND seq = ?");
    zks__bind_i64(&q, c);
    zks__bind_u64(&q, seq);
    size_t count = 0;
    while (count < max && zks__query_step(&q)) {
        zks__column_copy(&q, 0, out_ids[count], ZKS_ENTRY_ID_BYTES);
        count++;
    }
    zks_status status = zks__query_end(&q);
    if (status == ZKS_OK) {
        *out_count = count;
    }
    return status;
}

/* --- missing ranges: disjoint, not adjacent ------------------------------------------ */

static zks_status missing_insert(zks__store *s, int64_t c, uint64_t first, uint64_t last)
{
    zks__query q = zks__query_of(s, ZKS_Q_MISSING_ADD, "INSERT INTO missing VALUES (?, ?, ?)");
    zks__bind_i64(&q, c);
    zks__bind_i64(&q, zks__ordered(first));
    zks__bind_i64(&q, zks__ordered(last));
    return zks__query_run(&q);
}

/* Smallest first and greatest last of the ranges that touch first..last; *out_found: there are
 * any. */
static zks_status missing_span(zks__store *s, int64_t c, uint64_t *first, uint64_t *last,
                               int *out_found)
{
    zks__query q = zks__query_of(s, ZKS_Q_MISSING_SPAN,
                                 "SELECT count(*), min(first), max(last) FROM missing"
                                 " WHERE c = ? AND first <= ? AND last >= ?");
    zks__bind_i64(&q, c);
    zks__bind_i64(&q, zks__ordered(*last));
    zks__bind_i64(&q, zks__ordered(*first));
    *out_found = 0;
    if (zks__query_step(&q) && zks__column_i64(&q, 0) > 0) {
        *first = zks__unordered(zks__column_i64(&q, 1));
        *last = zks__unordered(zks__column_i64(&q, 2));
        *out_found = 1;
    }
    return zks__query_end(&q);
}

static zks_status missing_drop(zks__store *s, int64_t c, uint64_t first, uint64_t last)
{
    zks__query q = zks__query_of(s, ZKS_Q_MISSING_DROP,
                                 "DELETE FROM missing WHERE c = ? AND first >= ? AND last <= ?");
    zks__bind_i64(&q, c);
    zks__bind_i64(&q, zks__ordered(first));
    zks__bind_i64(&q, zks__ordered(last));
    return zks__query_run(&q);
}

zks_status zks__store_missing_add(zks__store *s, int64_t c, uint64_t first, uint64_t last)
{
    zks_status status = zks__store_writable(s);
    if (status == ZKS_OK && first > last) {
        status = zks__store_refuse(s, ZKS_E_INVALID,
                                   "A missing range must not end before it begins.");
    }
    if (status != ZKS_OK) {
        return status;
    }
    int found = 0;
    uint64_t low = first > 0 ? first - 1 : 0, high = last < UINT64_MAX ? last + 1 : last;
    status = missing_span(s, c, &low, &high, &found);
    if (status == ZKS_OK && found) {
        first = low < first ? low : first;
        last = high > last ? high : last;
        status = missing_drop(s, c, first, last);
    }
    return status == ZKS_OK ? missing_insert(s, c, first, last) : status;
}

zks_status zks__store_missing_fill(zks__store *s, int64_t c, uint64_t seq)
{
    int found = 0;
    uint64_t first = seq, last = seq;
    zks_status status = zks__store_writable(s);
    if (status == ZKS_OK) {
        status = missing_span(s, c, &first, &last, &found);
    }
    if (status != ZKS_OK || !found) {
        return status;
    }
    status = missing_drop(s, c, first, last);
    if (status == ZKS_OK && first < seq) {
        status = missing_insert(s, c, first, seq - 1);
    }
    if (status == ZKS_OK && last > seq) {
        status = missing_insert(s, c, seq + 1, last);
    }
    return status;
}

zks_status zks__store_missing_each(zks__store *s, uint32_t g, zks__store_missing_fn fn, void *user)
{
    zks__query q = zks__query_of(s, ZKS_Q_MISSING_EACH,
                                 "SELECT c, first, last FROM chains JOIN missing USING (c)"
                                 " WHERE g = ? ORDER BY c, first");
    zks__bind_i64(&q, g);
    zks_status stop = ZKS_OK;
    while (stop == ZKS_OK && zks__query_step(&q)) {
        stop = fn(zks__column_i64(&q, 0), zks__unordered(zks__column_i64(&q, 1)),
                  zks__unordered(zks__column_i64(&q, 2)), user);
    }
    zks_status status = zks__query_end(&q);
    return status == ZKS_OK ? stop : status;
}

/* --- expected ids ---------------------------------------------------------------------- */

static zks_status expected_change(zks__store *s, zks__query_id which, const char *sql, int64_t c,
                                  uint64_t seq, const uint8_t id[ZKS_ENTRY_ID_BYTES])
{
    zks_status status = zks__store_writable(s);
    if (status != ZKS_OK) {
        return status;
    }
    zks__query q = zks__query_of(s, which, sql);
    zks__bind_i64(&q, c);
    zks__bind_u64(&q, seq);
    zks__bind_blob(&q, id, ZKS_ENTRY_ID_BYTES);
    return zks__query_run(&q);
}

zks_status zks__store_expected_add(zks__store *s, int64_t c, uint64_t seq,
                                   const uint8_t id[ZKS_ENTRY_ID_BYTES])
{
    return expected_change(s, ZKS_Q_EXPECTED_ADD, "INSERT OR IGNORE INTO expected VALUES (?, ?, ?)",
                           c, seq, id);
}

zks_status zks__store_expected_drop(zks__store *s, int64_t c, uint64_t seq,
                                    const uint8_t id[ZKS_ENTRY_ID_BYTES])
{
    return expected_change(s, ZKS_Q_EXPECTED_DROP,
                           "DELETE FROM expected WHERE c = ? AND seq = ? AND id = ?", c, seq, id);
}

zks_status zks__store_expected_each(zks__store *s, uint32_t g, zks__store_expected_fn fn,
                                    void *user)
{
    zks__query q = zks__query_of(s, ZKS_Q_EXPECTED_EACH,
                                 "SELECT c, seq, id FROM chains JOIN expected USING (c)"
                                 " WHERE g = ? ORDER BY c, seq");
    zks__bind_i64(&q, g);
    zks_status stop = ZKS_OK;
    while (stop == ZKS_OK && zks__query_step(&q)) {
        uint8_t id[ZKS_ENTRY_ID_BYTES];
        zks__column_copy(&q, 2, id, sizeof id);
        if (q.status == ZKS_OK) {
            stop = fn(zks__column_i64(&q, 0), zks__column_u64(&q, 1), id, user);
        }
    }
    zks_status status = zks__query_end(&q);
    return status == ZKS_OK ? stop : status;
}
