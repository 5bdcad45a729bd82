/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Entries that were received and cannot be delivered yet. ref is the row's key and
 * begins with the group: g << 40 | number. */
#include "store/private.h"

#define HELD_COLUMNS \
    "k, c, entry_seq, id, prev, floor, signed_ok, pusher, kind, time_ms, since_ms, blob, told"

zks_status zks__store_held_add(zks__store *s, uint32_t g, zks__store_held *held)
{
    const zks__counters *c;
    zks_status status = zks__store_writable(s);
    if (status == ZKS_OK) {
        status = zks__store_counters(s, g, &c);
    }
    if (status != ZKS_OK) {
        return status;
    }
    if (held->ref >> ZKS_STORE_NUMBER_BITS != g || zks__store_number((int64_t)held->ref) == 0) {
        return zks__store_refuse(s, ZKS_E_INVALID,
                                 "A held entry's ref is its group's row, then a number.");
    }
    if (held->blob.length > ZKS_BLOB_MAX_BYTES) {
        return zks__store_refuse(s, ZKS_E_TOO_LARGE, "A blob has at most %d bytes.",
                                 ZKS_BLOB_MAX_BYTES);
    }
    zks__query q = zks__query_of(
        s, ZKS_Q_HELD_ADD,
        "INSERT INTO held VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING");
    zks__bind_u64(&q, held->ref);
    zks__bind_i64(&q, held->c);
    zks__bind_u64(&q, held->entry_seq);
    zks__bind_blob(&q, held->id, sizeof held->id);
    zks__bind_blob(&q, held->prev, sizeof held->prev);
    zks__bind_u64(&q, held->floor);
    zks__bind_i64(&q, held->signed_ok);
    zks__bind_blob(&q, held->pusher, sizeof held->pusher);
    zks__bind_i64(&q, held->kind);
    zks__bind_i64(&q, held->time_ms);
    zks__bind_i64(&q, held->since_ms);
    zks__bind_blob(&q, held->blob.data, held->blob.length);
    zks__bind_i64(&q, held->told);
    status = zks__query_run(&q);
    if (status == ZKS_OK && sqlite3_changes(s->db) == 0) {
        status = zks__store_refuse(s, ZKS_E_STATE,
                                   "The store has a held entry of this ref already.");
    }
    return status;
}

static void read_held(zks__query *q, zks__store_held *held)
{
    *held = (zks__store_held){.ref = zks__column_u64(q, 0),
                              .c = zks__column_i64(q, 1),
                              .entry_seq = zks__column_u64(q, 2),
                              .floor = zks__column_u64(q, 5),
                              .signed_ok = (int)zks__column_i64(q, 6),
                              .kind = (uint8_t)zks__column_i64(q, 8),
                              .time_ms = zks__column_i64(q, 9),
                              .since_ms = zks__column_i64(q, 10),
                              .told = (int)zks__column_i64(q, 12)};
    zks__column_copy(q, 3, held->id, sizeof held->id);
    zks__column_copy(q, 4, held->prev, sizeof held->prev);
    zks__column_copy(q, 7, held->pusher, sizeof held->pusher);
    held->blob = zks__column_slice(q, 11);
}

zks_status zks__store_held_get(zks__store *s, uint64_t ref, zks__store_held_fn fn, void *user)
{
    zks__query q = zks__query_of(s, ZKS_Q_HELD_GET,
                                 "SELECT " HELD_COLUMNS " FROM held WHERE k = ?");
    zks__bind_u64(&q, ref);
    zks_status stop = ZKS_OK;
    int found = zks__query_step(&q);
    if (found) {
        zks__store_held held;
        read_held(&q, &held);
        if (q.status == ZKS_OK) {
            stop = fn(&held, user);
        }
    }
    zks_status status = zks__query_end(&q);
    if (status == ZKS_OK && !found) {
        return zks__store_refuse(s, ZKS_E_NOT_FOUND, "There is no such held entry.");
    }
    return status == ZKS_OK ? stop : status;
}

zks_status zks__store_held_remove(zks__store *s, uint64_t ref)
{
    zks_status status = zks__store_writable(s);
    if (status != ZKS_OK) {
        return status;
    }
    zks__query q = zks__query_of(s, ZKS_Q_HELD_REMOVE, "DELETE FROM held WHERE k = ?");
    zks__bind_u64(&q, ref);
    status = zks__query_run(&q);
    if (status == ZKS_OK && sqlite3_changes(s->db) == 0) {
        status = zks__store_refuse(s, ZKS_E_NOT_FOUND, "There is no such held entry.");
    }
    return status;
}

zks_status zks__store_held_tell(zks__store *s, uint64_t ref)
{
    zks_status status = zks__store_writable(s);
    if (status != ZKS_OK) {
        return status;
    }
    zks__query q = zks__query_of(s, ZKS_Q_HELD_TOLD, "UPDATE held SET told = 1 WHERE k = ?");
    zks__bind_u64(&q, ref);
    status = zks__query_run(&q);
    if (status == ZKS_OK && sqlite3_changes(s->db) == 0) {
        status = zks__store_refuse(s, ZKS_E_NOT_FOUND, "There is no such held entry.");
    }
    return status;
}

zks_status zks__store_held_each(zks__store *s, uint32_t g, zks__store_held_fn fn, void *user)
{
    zks__query q = zks__query_of(
        s, ZKS_Q_HELD_EACH, "SELECT " HELD_COLUMNS " FROM held WHERE k > ? AND k <= ? ORDER BY k");
    zks__bind_i64(&q, zks__store_key(g, 0));
    zks__bind_i64(&q, zks__store_key(g, UINT64_MAX));
    zks_status stop = ZKS_OK;
    while (stop == ZKS_OK && zks__query_step(&q)) {
        zks__store_held held;
        read_held(&q, &held);
        if (q.status == ZKS_OK) {
            stop = fn(&held, user);
        }
    }
    zks_status status = zks__query_end(&q);
    return status == ZKS_OK ? zks__store_stopped(stop) : status;
}
