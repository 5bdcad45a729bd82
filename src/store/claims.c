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

/* --- claims --- */

/* Binds ?1 to ?5: what names a claim in its group. */
static void bind_claim(zks__query *q, uint32_t g, const zks__store_claim *claim)
{
    zks__bind_i64(q, g);
    zks__bind_blob(q, claim->author, sizeof claim->author);
    zks__bind_blob(q, claim->chain, sizeof claim->chain);
    zks__bind_u64(q, claim->seq);
    zks__bind_blob(q, claim->id, sizeof claim->id);
}

/* What others claim too is as far as it is with theirs. */
static zks_status insert_claim(zks__store *s, uint32_t g, const zks__store_claim *claim)
{
    zks__query q = zks__query_of(
        s, ZKS_Q_CLAIM_ADD,
        "INSERT OR IGNORE INTO claims SELECT ?1, ?2, ?3, ?4, ?5, ?6, coalesce(max(since_ms), ?7),"
        " coalesce(max(asked), ?8), coalesce(max(asked_n), ?9) FROM claims"
        " WHERE g = ?1 AND author = ?2 AND chain = ?3 AND seq = ?4 AND id = ?5");
    bind_claim(&q, g, claim);
    zks__bind_blob(&q, claim->by, sizeof claim->by);
    zks__bind_i64(&q, claim->since_ms);
    zks__bind_i64(&q, claim->asked);
    zks__bind_u64(&q, claim->asked_n);
    return zks__query_run(&q);
}

/* Who claims most, `by` before others that claim as much. */
static zks_status find_largest(zks__store *s, uint32_t g, const uint8_t by[ZKS_DEVICE_ID_BYTES],
                               uint64_t *out_total, uint8_t out_largest[ZKS_DEVICE_ID_BYTES])
{
    uint64_t most = 0, total = 0;
    zks__query q = zks__query_of(s, ZKS_Q_CLAIM_SHARES,
                                 "SELECT by, count(*) FROM claims WHERE g = ? GROUP BY by");
    zks__bind_i64(&q, g);
    while (zks__query_step(&q)) {
        uint8_t who[ZKS_DEVICE_ID_BYTES];
        uint64_t count = zks__column_u64(&q, 1);
        zks__column_copy(&q, 0, who, sizeof who);
        total += count;
        if (count > most || (count == most && memcmp(who, by, sizeof who) == 0)) {
            most = count;
            memcpy(out_largest, who, sizeof who);
        }
    }
    *out_total = total;
    return zks__query_end(&q);
}

static zks_status drop_newest(zks__store *s, uint32_t g, const uint8_t by[ZKS_DEVICE_ID_BYTES])
{
    zks__query q = zks__query_of(
        s, ZKS_Q_CLAIM_DROP_NEWEST,
        "DELETE FROM claims WHERE g = ?1 AND by = ?2 AND (author, chain, seq, id) = (SELECT author,"
        " chain, seq, id FROM claims WHERE g = ?1 AND by = ?2 ORDER BY since_ms DESC LIMIT 1)");
    zks__bind_i64(&q, g);
    zks__bind_blob(&q, by, ZKS_DEVICE_ID_BYTES);
    return zks__query_run(&q);
}

static zks_status drop_own(zks__store *s, uint32_t g, const zks__store_claim *claim)
{
    zks__query q = zks__query_of(s, ZKS_Q_CLAIM_DROP_OWN,
                                 "DELETE FROM claims WHERE g = ? AND author = ? AND chain = ? AND"
                                 " seq = ? AND id = ? AND by = ?");
    bind_claim(&q, g, claim);
    zks__bind_blob(&q, claim->by, sizeof claim->by);
    zks_status status = zks__query_run(&q);
    return status == ZKS_OK ? ZKS_E_LIMIT : status;
}

zks_status zks__store_claim_add(zks__store *s, uint32_t g, const zks__store_claim *claim,
                                int *out_displaced)
{
    uint8_t largest[ZKS_DEVICE_ID_BYTES] = {0};
    uint64_t total = 0;
    *out_displaced = 0;
    zks_status status = zks__store_writable(s);
    if (status == ZKS_OK) {
        status = insert_claim(s, g, claim);
    }
    if (status != ZKS_OK || sqlite3_changes(s->db) == 0) {
        return status;
    }
    status = find_largest(s, g, claim->by, &total, largest);
    if (status != ZKS_OK || total <= ZKS_STORE_CLAIMS_MAX) {
        return status;
    }
    if (memcmp(largest, claim->by, sizeof largest) == 0) {
        return drop_own(s, g, claim);
    }
    *out_displaced = 1;
    return drop_newest(s, g, largest);
}

zks_status zks__store_claim_update(zks__store *s, uint32_t g, const zks__store_claim *claim)
{
    zks_status status = zks__store_writable(s);
    if (status != ZKS_OK) {
        return status;
    }
    bool drop = claim->asked == UINT32_MAX;
    zks__query q = drop ? zks__query_of(s, ZKS_Q_CLAIM_DROP,
                                        "DELETE FROM claims WHERE g = ?1 AND author = ?2 AND"
                                        " chain = ?3 AND seq = ?4 AND id = ?5")
                        : zks__query_of(s, ZKS_Q_CLAIM_ASKED,
                                        "UPDATE claims SET since_ms = ?6, asked = ?7, asked_n = ?8"
                                        " WHERE g = ?1 AND author = ?2 AND chain = ?3 AND seq = ?4"
                                        " AND id = ?5");
    bind_claim(&q, g, claim);
    if (!drop) {
        zks__bind_i64(&q, claim->since_ms);
        zks__bind_i64(&q, claim->asked);
        zks__bind_u64(&q, claim->asked_n);
    }
    return zks__query_run(&q);
}

zks_status zks__store_claims_each(zks__store *s, uint32_t g, zks__store_claim_fn fn, void *user)
{
    zks__query q = zks__query_of(s, ZKS_Q_CLAIM_EACH,
                                 "SELECT author, chain, seq, id, min(by), since_ms, asked, asked_n"
                                 " FROM claims WHERE g = ? GROUP BY author, chain, seq, id");
    zks__bind_i64(&q, g);
    zks_status stop = ZKS_OK;
    while (stop == ZKS_OK && zks__query_step(&q)) {
        zks__store_claim claim = {.seq = zks__column_u64(&q, 2),
                                  .since_ms = zks__column_i64(&q, 5),
                                  .asked = (uint32_t)zks__column_i64(&q, 6),
                                  .asked_n = zks__column_u64(&q, 7)};
        zks__column_copy(&q, 0, claim.author, sizeof claim.author);
        zks__column_copy(&q, 1, claim.chain, sizeof claim.chain);
        zks__column_copy(&q, 3, claim.id, sizeof claim.id);
        zks__column_copy(&q, 4, claim.by, sizeof claim.by);
        if (q.status == ZKS_OK) {
            stop = fn(&claim, user);
        }
    }
    zks_status status = zks__query_end(&q);
    return status == ZKS_OK ? stop : status;
}

/* --- heads --- */

zks_status zks__store_heads_get(zks__store *s, uint32_t g, int64_t *out_time_ms)
{
    zks__query q = zks__query_of(s, ZKS_Q_HEADS_GET, "SELECT time_ms FROM heads WHERE g = ?");
    zks__bind_i64(&q, g);
    int64_t time_ms = zks__query_step(&q) ? zks__column_i64(&q, 0) : INT64_MIN;
    zks_status status = zks__query_end(&q);
    if (status == ZKS_OK) {
        *out_time_ms = time_ms;
    }
    return status;
}

zks_status zks__store_heads_set(zks__store *s, uint32_t g, int64_t time_ms)
{
    zks_status status = zks__store_writable(s);
    if (status != ZKS_OK) {
        return status;
    }
    zks__query q = zks__query_of(s, ZKS_Q_HEADS_SET, "INSERT OR REPLACE INTO heads VALUES (?, ?)");
    zks__bind_i64(&q, g);
    zks__bind_i64(&q, time_ms);
    return zks__query_run(&q);
}

/* --- the newest epoch --- */

zks_status zks__store_tip_get(zks__store *s, uint32_t g, const uint8_t hash[32],
                              int64_t *out_time_ms)
{
    zks__query q = zks__query_of(s, ZKS_Q_TIP_GET,
                                 "SELECT time_ms FROM tips WHERE g = ? AND hash = ?");
    zks__bind_i64(&q, g);
    zks__bind_blob(&q, hash, 32);
    bool found = zks__query_step(&q);
    int64_t time_ms = found ? zks__column_i64(&q, 0) : 0;
    zks_status status = zks__query_end(&q);
    if (status == ZKS_OK && found) {
        *out_time_ms = time_ms;
    }
    return status == ZKS_OK && !found ? ZKS_E_NOT_FOUND : status;
}

zks_status zks__store_tip_set(zks__store *s, uint32_t g, const uint8_t hash[32], int64_t time_ms)
{
    zks_status status = zks__store_writable(s);
    if (status != ZKS_OK) {
        return status;
    }
    zks__query q = zks__query_of(s, ZKS_Q_TIP_SET, "INSERT OR REPLACE INTO tips VALUES (?, ?, ?)");
    zks__bind_i64(&q, g);
    zks__bind_blob(&q, hash, 32);
    zks__bind_i64(&q, time_ms);
    return zks__query_run(&q);
}

/* --- bytes of an entry --- */

static zks_status entry_each(zks__query q, uint32_t g, int64_t c, uint64_t seq, bool own,
                             zks__store_item_fn fn, void *user)
{
    static const uint8_t nobody[ZKS_DEVICE_ID_BYTES];
    zks__bind_i64(&q, zks__store_key(g, 0));
    zks__bind_i64(&q, zks__store_key(g, UINT64_MAX));
    zks__bind_i64(&q, c);
    zks__bind_u64(&q, seq);
    zks_status stop = ZKS_OK;
    while (stop == ZKS_OK && zks__query_step(&q)) {
        zks__store_item item = {.c = c, .entry_seq = seq, .time_ms = zks__column_i64(&q, 2)};
        uint64_t number = zks__store_number(zks__column_i64(&q, 0));
        item.own_n = own ? number : 0;
        item.seq = own ? 0 : number;
        zks__column_copy(&q, 1, item.id, sizeof item.id);
        if (own) {
            memcpy(item.pusher, nobody, sizeof item.pusher);
        } else {
            zks__column_copy(&q, 4, item.pusher, sizeof item.pusher);
        }
        item.blob = zks__column_slice(&q, 3);
        if (q.status == ZKS_OK) {
            stop = fn(&item, user);
        }
    }
    zks_status status = zks__query_end(&q);
    return status == ZKS_OK ? stop : status;
}

zks_status zks__store_entry_each(zks__store *s, uint32_t g, int64_t c, uint64_t seq,
                                 zks__store_item_fn fn, void *user)
{
    zks_status status = entry_each(
        zks__query_of(s, ZKS_Q_OWN_ENTRY,
                      "SELECT k, id, time_ms, blob FROM own WHERE k > ? AND k <= ? AND c = ?"
                      " AND seq = ? ORDER BY k DESC"),
        g, c, seq, true, fn, user);
    if (status == ZKS_OK) {
        status = entry_each(
            zks__query_of(s, ZKS_Q_INBOX_ENTRY,
                          "SELECT k, id, time_ms, blob, pusher FROM inbox WHERE k > ? AND k <= ?"
                          " AND c = ? AND entry_seq = ? ORDER BY k DESC"),
            g, c, seq, false, fn, user);
    }
    return zks__store_stopped(status);
}
