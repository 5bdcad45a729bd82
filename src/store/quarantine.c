/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Blobs that the records at hand do not let anybody judge, in the order in which they came. */
#include "store/private.h"

#define QUARANTINE_COLUMNS "k, r, pusher, since_ms, told, blob"

zks_status zks__store_quarantine_add(zks__store *s, uint32_t g, zks__store_quarantined *row)
{
    zks_status status = zks__store_writable(s);
    if (status != ZKS_OK) {
        return status;
    }
    if (row->blob.length > ZKS_BLOB_MAX_BYTES) {
        return zks__store_refuse(s, ZKS_E_TOO_LARGE, "A blob has at most %d bytes.",
                                 ZKS_BLOB_MAX_BYTES);
    }
    zks__query q = zks__query_of(s, ZKS_Q_QUARANTINE_ADD,
                                 "INSERT INTO quarantine SELECT 1 + coalesce((SELECT max(k) FROM "
                                 "quarantine WHERE k > ?1 AND k <= ?2), ?1), ?3, ?4, ?5, ?6, ?7, ?8"
                                 " WHERE true ON CONFLICT (blob_id) DO NOTHING RETURNING k");
    zks__bind_i64(&q, zks__store_key(g, 0));
    zks__bind_i64(&q, zks__store_key(g, UINT64_MAX));
    zks__bind_i64(&q, row->r);
    zks__bind_blob(&q, row->pusher, sizeof row->pusher);
    zks__bind_blob(&q, row->blob_id, sizeof row->blob_id);
    zks__bind_i64(&q, row->since_ms);
    zks__bind_i64(&q, row->told);
    zks__bind_blob(&q, row->blob.data, row->blob.length);
    row->number = 0;
    while (zks__query_step(&q)) {
        row->number = zks__store_number(zks__column_i64(&q, 0));
    }
    return zks__query_end(&q);
}

zks_status zks__store_quarantine_next(zks__store *s, uint32_t g, uint64_t after,
                                      zks__store_quarantine_fn fn, void *user)
{
    zks__query q = zks__query_of(s, ZKS_Q_QUARANTINE_NEXT,
                                 "SELECT " QUARANTINE_COLUMNS " FROM quarantine"
                                 " WHERE k > ? AND k <= ? ORDER BY k LIMIT 1");
    zks__bind_i64(&q, zks__store_key(g, after));
    zks__bind_i64(&q, zks__store_key(g, UINT64_MAX));
    zks_status stop = ZKS_OK;
    int found = zks__query_step(&q);
    if (found) {
        zks__store_quarantined row = {.number = zks__store_number(zks__column_i64(&q, 0)),
                                      .r = zks__column_i64(&q, 1),
                                      .since_ms = zks__column_i64(&q, 3),
                                      .told = (int)zks__column_i64(&q, 4)};
        zks__column_copy(&q, 2, row.pusher, sizeof row.pusher);
        row.blob = zks__column_slice(&q, 5);
        if (q.status == ZKS_OK) {
            stop = fn(&row, user);
        }
    }
    zks_status status = zks__query_end(&q);
    return status != ZKS_OK ? status : found ? stop : ZKS_E_NOT_FOUND;
}

zks_status zks__store_quarantine_update(zks__store *s, uint32_t g, uint64_t number,
                                        int64_t since_ms, int told)
{
    zks_status status = zks__store_writable(s);
    if (status != ZKS_OK) {
        return status;
    }
    zks__query q = zks__query_of(s, ZKS_Q_QUARANTINE_UPDATE,
                                 "UPDATE quarantine SET since_ms = ?, told = ? WHERE k = ?");
    zks__bind_i64(&q, since_ms);
    zks__bind_i64(&q, told);
    zks__bind_i64(&q, zks__store_key(g, number));
    return zks__query_run(&q);
}

zks_status zks__store_quarantine_remove(zks__store *s, uint32_t g, uint64_t number)
{
    zks_status status = zks__store_writable(s);
    if (status != ZKS_OK) {
        return status;
    }
    zks__query q = zks__query_of(s, ZKS_Q_QUARANTINE_REMOVE, "DELETE FROM quarantine WHERE k = ?");
    zks__bind_i64(&q, zks__store_key(g, number));
    return zks__query_run(&q);
}

zks_status zks__store_quarantine_oldest(zks__store *s, uint32_t g, int64_t r, uint64_t *out_number)
{
    zks__query q = zks__query_of(s, ZKS_Q_QUARANTINE_OLDEST,
                                 "SELECT coalesce(min(k) FILTER (WHERE r = ?), min(k), 0)"
                                 " FROM quarantine WHERE k > ? AND k <= ?");
    zks__bind_i64(&q, r);
    zks__bind_i64(&q, zks__store_key(g, 0));
    zks__bind_i64(&q, zks__store_key(g, UINT64_MAX));
    uint64_t number = 0;
    while (zks__query_step(&q)) {
        number = zks__store_number(zks__column_i64(&q, 0));
    }
    zks_status status = zks__query_end(&q);
    if (status == ZKS_OK) {
        *out_number = number;
    }
    return status;
}

zks_status zks__store_quarantine_size(zks__store *s, uint32_t g, uint64_t *out_count,
                                      uint64_t *out_bytes)
{
    zks__query q = zks__query_of(s, ZKS_Q_QUARANTINE_SIZE,
                                 "SELECT count(*), coalesce(sum(length(blob)), 0)"
                                 " FROM quarantine WHERE k > ? AND k <= ?");
    zks__bind_i64(&q, zks__store_key(g, 0));
    zks__bind_i64(&q, zks__store_key(g, UINT64_MAX));
    uint64_t count = 0, bytes = 0;
    while (zks__query_step(&q)) {
        count = zks__column_u64(&q, 0);
        bytes = zks__column_u64(&q, 1);
    }
    zks_status status = zks__query_end(&q);
    if (status == ZKS_OK) {
        *out_count = count;
        *out_bytes = bytes;
    }
    return status;
}
