/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What others say of histories (claims), what a relay said of ours (doubts), and when we spoke. */
#include "store/private.h"

#include <string.h>

/* --- what a relay says of our own blobs --- */

zks_status zks__store_doubt_get(zks__store *s, int64_t r, zks__store_doubt *out)
{
    zks__query q = zks__query_of(s, ZKS_Q_DOUBT_GET,
                                 "SELECT blob_id, time_ms, own_below FROM doubts WHERE r = ?");
    zks__store_doubt d = {.time_ms = INT64_MIN};
    zks__bind_i64(&q, r);
    if (zks__query_step(&q)) {
        zks__column_copy(&q, 0, d.blob_id, sizeof d.blob_id);
        d.time_ms = zks__column_i64(&q, 1);
        d.own_below = zks__column_u64(&q, 2);
    }
    zks_status status = zks__query_end(&q);
    if (status == ZKS_OK) {
        *out = d;
    }
    return status;
}

zks_status zks__store_doubt_set(zks__store *s, int64_t r, const zks__store_doubt *doubt)
{
    zks_status status = zks__store_writable(s);
    if (status != ZKS_OK) {
        return status;
    }
    zks__query q = zks__query_of(s, ZKS_Q_DOUBT_SET,
                                 "INSERT OR REPLACE INTO doubts VALUES (?, ?, ?, ?)");
    zks__bind_i64(&q, r);
    zks__bind_blob(&q, doubt->blob_id, sizeof doubt->blob_id);
    zks__bind_i64(&q, doubt->time_ms);
    zks__bind_u64(&q, doubt->own_below);
    return zks__query_run(&q);
}

/* The number of an own blob, pruned or not; 0: not known. */
static zks_status number_of(zks__store *s, uint32_t g, const uint8_t blob_id[ZKS_BLOB_ID_BYTES],
                            uint64_t *out_n)
{
    zks__query q = zks__query_of(
        s, ZKS_Q_OWN_NUMBER,
        "SELECT k FROM own WHERE blob_id = ?1 AND k > ?2 AND k <= ?3"
        " UNION ALL SELECT k FROM own_past WHERE blob_id = ?1 AND k > ?2 AND k <= ?3 LIMIT 1");
    zks__bind_blob(&q, blob_id, ZKS_BLOB_ID_BYTES);
    zks__bind_i64(&q, zks__store_key(g, 0));
    zks__bind_i64(&q, zks__store_key(g, UINT64_MAX));
    *out_n = zks__query_step(&q) ? zks__store_number(zks__column_i64(&q, 0)) : 0;
    return zks__query_end(&q);
}

zks_status zks__store_own_lost(zks__store *s, uint32_t g, const zks__store_relay *relay,
                               const uint8_t *own_last, uint64_t *out_n)
{
    uint8_t at_acked[ZKS_BLOB_ID_BYTES];
    uint64_t n = 0;
    *out_n = relay->acked_n;
    if (!relay->acked_n) {
        return ZKS_OK;
    }
    zks__query at = zks__query_of(s, ZKS_Q_OWN_BLOB, "SELECT blob_id FROM own WHERE k = ?");
    zks__bind_i64(&at, zks__store_key(g, relay->acked_n));
    int usual = zks__query_step(&at);
    if (usual) {
        zks__column_copy(&at, 0, at_acked, sizeof at_acked);
        usual = own_last && !memcmp(at_acked, own_last, sizeof at_acked);
    }
    zks_status status = zks__query_end(&at);
    if (status == ZKS_OK && !usual && own_last) {
        status = number_of(s, g, own_last, &n);
    }
    if (status != ZKS_OK || usual || n >= relay->acked_n) {
        return status;
    }
    zks__query q = zks__query_of(
        s, ZKS_Q_OWN_LOST,
        "SELECT 1 FROM own WHERE k > ?1 AND k <= ?2 AND NOT EXISTS"
        " (SELECT 1 FROM refused WHERE r = ?3 AND n = own.k - ?4) LIMIT 1");
    zks__bind_i64(&q, zks__store_key(g, n));
    zks__bind_i64(&q, zks__store_key(g, relay->acked_n));
    zks__bind_i64(&q, relay->r);
    zks__bind_i64(&q, zks__store_key(g, 0));
    if (zks__query_step(&q)) {
        *out_n = n;
    }
    return zks__query_end(&q);
}
