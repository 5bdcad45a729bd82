/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What depends on a relay, and pinned relay keys. */
#include "store/private.h"

#include <string.h>

static zks_status relay_find(zks__store *s, uint32_t g, const uint8_t key[32],
                             zks__store_relay *out)
{
    zks__query q = zks__query_of(
        s, ZKS_Q_RELAY_GET,
        "SELECT r, incarnation, read_cursor, acked_n, records_known, retry_at_ms, asked_n, asked_ms"
        " FROM relays WHERE g = ? AND key = ?");
    zks__bind_i64(&q, g);
    zks__bind_blob(&q, key, 32);
    zks__store_relay relay = {0};
    int found = zks__query_step(&q);
    if (found) {
        memcpy(relay.key, key, sizeof relay.key);
        relay.r = zks__column_i64(&q, 0);
        zks__column_copy(&q, 1, relay.incarnation, sizeof relay.incarnation);
        relay.read_cursor = zks__column_u64(&q, 2);
        relay.acked_n = zks__column_u64(&q, 3);
        zks__column_copy(&q, 4, relay.records_known, sizeof relay.records_known);
        relay.retry_at_ms = zks__column_i64(&q, 5);
        relay.asked_n = zks__column_u64(&q, 6);
        relay.asked_ms = zks__column_i64(&q, 7);
    }
    zks_status status = zks__query_end(&q);
    if (status == ZKS_OK && !found) {
        return ZKS_E_NOT_FOUND;
    }
    if (status == ZKS_OK) {
        *out = relay;
    }
    return status;
}

static zks_status relay_add(zks__store *s, uint32_t g, const uint8_t key[32])
{
    static const uint8_t zeros[ZKS_RECORD_HASH_BYTES];
    zks__query q = zks__query_of(s, ZKS_Q_RELAY_ADD,
                                 "INSERT INTO relays (g, key, incarnation, read_cursor, acked_n,"
                                 " records_known, retry_at_ms) VALUES (?, ?, ?, 0, 0, ?, 0)");
    zks__bind_i64(&q, g);
    zks__bind_blob(&q, key, 32);
    zks__bind_blob(&q, zeros, ZKS_INCARNATION_BYTES);
    zks__bind_blob(&q, zeros, ZKS_RECORD_HASH_BYTES);
    return zks__query_run(&q);
}

/* Outside a transaction a new row gets one of its own. */
zks_status zks__store_relay_get(zks__store *s, uint32_t g, const uint8_t key[32],
                                zks__store_relay *out_relay)
{
    const zks__counters *c;
    zks_status status = zks__store_counters(s, g, &c);
    if (status != ZKS_OK) {
        return status;
    }
    status = relay_find(s, g, key, out_relay);
    if (status != ZKS_E_NOT_FOUND) {
        return status;
    }
    bool single = !s->in_transaction;
    status = single ? zks__store_begin(s) : zks__store_writable(s);
    if (status == ZKS_OK) {
        status = relay_add(s, g, key);
    }
    if (single && status == ZKS_OK) {
        status = zks__store_commit(s);
    }
    if (single && status != ZKS_OK) {
        zks__store_rollback(s);
    }
    return status == ZKS_OK ? relay_find(s, g, key, out_relay) : status;
}

zks_status zks__store_relay_update(zks__store *s, const zks__store_relay *relay)
{
    zks_status status = zks__store_writable(s);
    if (status != ZKS_OK) {
        return status;
    }
    zks__query q = zks__query_of(s, ZKS_Q_RELAY_UPDATE,
                                 "UPDATE relays SET incarnation = ?, read_cursor = ?, acked_n = ?,"
                                 " records_known = ?, retry_at_ms = ?, asked_n = ?, asked_ms = ?"
                                 " WHERE r = ?");
    zks__bind_blob(&q, relay->incarnation, sizeof relay->incarnation);
    zks__bind_u64(&q, relay->read_cursor);
    zks__bind_u64(&q, relay->acked_n);
    zks__bind_blob(&q, relay->records_known, sizeof relay->records_known);
    zks__bind_i64(&q, relay->retry_at_ms);
    zks__bind_u64(&q, relay->asked_n);
    zks__bind_i64(&q, relay->asked_ms);
    zks__bind_i64(&q, relay->r);
    status = zks__query_run(&q);
    if (status == ZKS_OK && sqlite3_changes(s->db) == 0) {
        status = zks__store_refuse(s, ZKS_E_NOT_FOUND, "The store has no such relay.");
    }
    return status;
}

zks_status zks__store_refused_add(zks__store *s, int64_t r, uint64_t n, uint32_t code)
{
    zks_status status = zks__store_writable(s);
    if (status != ZKS_OK) {
        return status;
    }
    zks__query q = zks__query_of(s, ZKS_Q_REFUSED_ADD,
                                 "INSERT OR REPLACE INTO refused VALUES (?, ?, ?)");
    zks__bind_i64(&q, r);
    zks__bind_u64(&q, n);
    zks__bind_i64(&q, code);
    return zks__query_run(&q);
}

zks_status zks__store_pin_get(zks__store *s, const char *address, uint8_t out_key[32])
{
    uint8_t key[32];
    zks__query q = zks__query_of(s, ZKS_Q_PIN_GET, "SELECT key FROM pins WHERE address = ?");
    zks__bind_text(&q, address);
    int found = zks__query_step(&q);
    if (found) {
        zks__column_copy(&q, 0, key, sizeof key);
    }
    zks_status status = zks__query_end(&q);
    if (status == ZKS_OK && !found) {
        return zks__store_refuse(s, ZKS_E_NOT_FOUND, "No key is pinned for this address.");
    }
    if (status == ZKS_OK) {
        memcpy(out_key, key, sizeof key);
    }
    return status;
}

zks_status zks__store_pin_set(zks__store *s, const char *address, const uint8_t key[32])
{
    zks_status status = zks__store_writable(s);
    if (status != ZKS_OK) {
        return status;
    }
    zks__query q = zks__query_of(s, ZKS_Q_PIN_SET, "INSERT OR REPLACE INTO pins VALUES (?, ?)");
    zks__bind_text(&q, address);
    zks__bind_blob(&q, key, 32);
    return zks__query_run(&q);
}
