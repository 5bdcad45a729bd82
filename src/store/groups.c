/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Groups, their counters, and their membership records. */
#include "store/private.h"

#include "base/alloc.h"

#include <string.h>

/* --- counters -------------------------------------------------------------------- */

/* Key and totals of the last row of a group in one of the numbered tables: columns k, a, b. */
static zks_status last_row(zks__store *s, zks__query_id id, const char *sql, uint32_t g,
                           uint64_t out[3])
{
    zks__query q = zks__query_of(s, id, sql);
    zks__bind_i64(&q, zks__store_key(g, 0));
    zks__bind_i64(&q, zks__store_key(g, UINT64_MAX));
    out[0] = out[1] = out[2] = 0;
    if (zks__query_step(&q)) {
        out[0] = zks__store_number(zks__column_i64(&q, 0));
        out[1] = zks__column_u64(&q, 1);
        out[2] = zks__column_u64(&q, 2);
    }
    return zks__query_end(&q);
}

static zks_status load_own(zks__store *s, uint32_t g, zks__counters *c)
{
    uint64_t own[3], past[3];
    zks_status status = last_row(
        s, ZKS_Q_OWN_LAST,
        "SELECT k, upto, 0 FROM own WHERE k > ? AND k <= ? ORDER BY k DESC LIMIT 1", g, own);
    if (status == ZKS_OK) {
        status = last_row(
            s, ZKS_Q_PAST_LAST,
            "SELECT k, upto, 0 FROM own_past WHERE k > ? AND k <= ? ORDER BY k DESC LIMIT 1", g,
            past);
    }
    if (status == ZKS_OK) {
        const uint64_t *last = own[0] > past[0] ? own : past;
        c->last_n = last[0];
        c->own_bytes = last[1];
    }
    return status;
}

static zks_status load_inbox(zks__store *s, uint32_t g, zks__counters *c)
{
    uint64_t received[3], own[3];
    zks_status status = last_row(
        s, ZKS_Q_INBOX_LAST,
        "SELECT k, nth, upto FROM inbox WHERE k > ? AND k <= ? ORDER BY k DESC LIMIT 1", g,
        received);
    if (status == ZKS_OK) {
        status = last_row(
            s, ZKS_Q_INBOX_LAST_OWN,
            "SELECT k, n, 0 FROM inbox_own WHERE k > ? AND k <= ? ORDER BY k DESC LIMIT 1", g, own);
    }
    if (status == ZKS_OK) {
        c->last_seq = received[0] > own[0] ? received[0] : own[0];
        c->last_seq = c->last_seq > c->base_seq ? c->last_seq : c->base_seq;
        c->received = received[0] ? received[1] : c->base_received;
        c->inboxed_n = own[1] > c->base_inboxed ? own[1] : c->base_inboxed;
        c->received_bytes = received[0] ? received[2] : c->base_bytes;
    }
    return status;
}

static zks_status load(zks__store *s, uint32_t g, zks__counters *c)
{
    zks__query q = zks__query_of(s, ZKS_Q_GROUP_LOAD,
                                 "SELECT watermark, base_seq, base_received, base_bytes, "
                                 "base_inboxed FROM groups WHERE g = ?");
    zks__bind_i64(&q, g);
    int found = zks__query_step(&q);
    if (found) {
        *c = (zks__counters){.watermark = zks__column_u64(&q, 0),
                             .base_seq = zks__column_u64(&q, 1),
                             .base_received = zks__column_u64(&q, 2),
                             .base_bytes = zks__column_u64(&q, 3),
                             .base_inboxed = zks__column_u64(&q, 4),
                             .next_expiry_ms = INT64_MIN};
    }
    zks_status status = zks__query_end(&q);
    if (status == ZKS_OK && !found) {
        return zks__store_refuse(s, ZKS_E_NOT_FOUND, "The store has no group %u.", g);
    }
    if (status == ZKS_OK) {
        status = load_own(s, g, c);
    }
    if (status == ZKS_OK) {
        status = load_inbox(s, g, c);
    }
    return status;
}

static zks_status cache_room(zks__store *s, uint32_t g)
{
    if (g <= s->cache_count) {
        return ZKS_OK;
    }
    size_t count = s->cache_count * 2 > g ? s->cache_count * 2 : g;
    zks__store_cache *grown = zks__alloc_resize(s->cache, count * sizeof *grown);
    if (!grown) {
        zks__store_explain(ZKS_E_NOMEM, s->path, s->problem);
        return ZKS_E_NOMEM;
    }
    memset(grown + s->cache_count, 0, (count - s->cache_count) * sizeof *grown);
    s->cache = grown;
    s->cache_count = count;
    return ZKS_OK;
}

static zks_status cache_of(zks__store *s, uint32_t g, zks__store_cache **out)
{
    if (g > 0 && g <= s->cache_count && s->cache[g - 1].loaded) {
        *out = &s->cache[g - 1];
        return ZKS_OK;
    }
    zks__counters c;
    zks_status status = load(s, g, &c); /* first: an unknown number must not grow the table */
    if (status == ZKS_OK) {
        status = cache_room(s, g);
    }
    if (status == ZKS_OK) {
        s->cache[g - 1] = (zks__store_cache){.loaded = true, .now = c};
        *out = &s->cache[g - 1];
    }
    return status;
}

zks_status zks__store_counters(zks__store *s, uint32_t g, const zks__counters **out)
{
    zks__store_cache *c;
    zks_status status = cache_of(s, g, &c);
    if (status == ZKS_OK) {
        *out = &c->now;
    }
    return status;
}

zks_status zks__store_counters_change(zks__store *s, uint32_t g, zks__counters **out)
{
    zks__store_cache *c;
    zks_status status = zks__store_writable(s);
    if (status == ZKS_OK) {
        status = cache_of(s, g, &c);
    }
    if (status != ZKS_OK) {
        return status;
    }
    if (!c->changed) {
        c->before = c->now;
        c->changed = true;
    }
    *out = &c->now;
    return ZKS_OK;
}

/* --- groups ---------------------------------------------------------------------- */

#define GROUP_COLUMNS "g, group_id, suite, mode, instance, descriptor, device_name"

static zks_status group_row(zks__query *q, zks__store_group *out)
{
    zks__store *s = q->s;
    zks__store_group group = {0};
    int found = zks__query_step(q);
    if (found) {
        group.g = (uint32_t)zks__column_i64(q, 0);
        zks__column_copy(q, 1, group.group_id, sizeof group.group_id);
        group.suite = (uint8_t)zks__column_i64(q, 2);
        group.mode = (uint8_t)zks__column_i64(q, 3);
        zks__column_copy(q, 4, group.instance, sizeof group.instance);
        zks__column_text(q, 5, group.descriptor, sizeof group.descriptor);
        zks__column_text(q, 6, group.device_name, sizeof group.device_name);
    }
    zks_status status = zks__query_end(q);
    const zks__counters *c;
    if (status == ZKS_OK && !found) {
        return zks__store_refuse(s, ZKS_E_NOT_FOUND, "The store has no such group.");
    }
    if (status == ZKS_OK) {
        status = zks__store_counters(s, group.g, &c);
    }
    if (status == ZKS_OK) {
        group.watermark = c->watermark;
        group.last_seq = c->last_seq;
        group.last_n = c->last_n;
        group.inboxed_n = c->inboxed_n;
        *out = group;
    }
    return status;
}

zks_status zks__store_group_get(zks__store *s, const uint8_t group_id[ZKS_GROUP_ID_BYTES],
                                zks__store_group *out_group)
{
    zks__query q = zks__query_of(s, ZKS_Q_GROUP_BY_ID,
                                 "SELECT " GROUP_COLUMNS " FROM groups WHERE group_id = ?");
    zks__bind_blob(&q, group_id, ZKS_GROUP_ID_BYTES);
    return group_row(&q, out_group);
}

zks_status zks__store_group_at(zks__store *s, size_t i, zks__store_group *out_group)
{
    zks__query q = zks__query_of(
        s, ZKS_Q_GROUP_AT, "SELECT " GROUP_COLUMNS " FROM groups ORDER BY g LIMIT 1 OFFSET ?");
    zks__bind_i64(&q, i < INT64_MAX ? (int64_t)i : INT64_MAX);
    return group_row(&q, out_group);
}

zks_status zks__store_group_add(zks__store *s, zks__store_group *group)
{
    zks__store_group there;
    int64_t last = 0;
    zks_status status = zks__store_writable(s);
    if (status != ZKS_OK) {
        return status;
    }
    status = zks__store_group_get(s, group->group_id, &there);
    if (status == ZKS_OK) {
        return zks__store_refuse(s, ZKS_E_STATE, "The store has this group already: use it.");
    }
    if (status == ZKS_E_NOT_FOUND) {
        status = zks__sql_number(s, "SELECT coalesce(max(g), 0) FROM groups", &last);
    }
    if (status == ZKS_OK && last >= ZKS_STORE_GROUPS_MAX) {
        return zks__store_refuse(s, ZKS_E_LIMIT, "The store is full of groups: use another store.");
    }
    if (status == ZKS_OK) {
        status = cache_room(s, (uint32_t)last + 1);
    }
    if (status != ZKS_OK) {
        return status;
    }
    zks__query q = zks__query_of(s, ZKS_Q_GROUP_ADD,
                                 "INSERT INTO groups VALUES (?, ?, ?, ?, ?, ?, ?, 0, 0, 0, 0, 0)");
    zks__bind_i64(&q, last + 1);
    zks__bind_blob(&q, group->group_id, sizeof group->group_id);
    zks__bind_i64(&q, group->suite);
    zks__bind_i64(&q, group->mode);
    zks__bind_blob(&q, group->instance, sizeof group->instance);
    zks__bind_text(&q, group->descriptor);
    zks__bind_text(&q, group->device_name);
    status = zks__query_run(&q);
    if (status == ZKS_OK) {
        group->g = (uint32_t)last + 1;
        group->watermark = group->last_seq = group->last_n = group->inboxed_n = 0;
        s->cache[last] = (zks__store_cache){
            .loaded = true, .added = true, .now = {.next_expiry_ms = INT64_MAX}};
    }
    return status;
}

zks_status zks__store_group_set_name(zks__store *s, uint32_t g, const char *device_name)
{
    const zks__counters *c;
    zks_status status = zks__store_writable(s);
    if (status == ZKS_OK) {
        status = zks__store_counters(s, g, &c);
    }
    if (status == ZKS_OK && strlen(device_name) >= sizeof((zks__store_group *)0)->device_name) {
        status = zks__store_refuse(s, ZKS_E_TOO_LARGE,
                                   "A device name has at most 128 bytes: shorten it.");
    }
    if (status != ZKS_OK) {
        return status;
    }
    zks__query q = zks__query_of(s, ZKS_Q_GROUP_NAME,
                                 "UPDATE groups SET device_name = ? WHERE g = ?");
    zks__bind_text(&q, device_name);
    zks__bind_i64(&q, g);
    return zks__query_run(&q);
}

zks_status zks__store_watermark_set(zks__store *s, uint32_t g, uint64_t seq)
{
    zks__counters *c;
    zks_status status = zks__store_counters_change(s, g, &c);
    if (status != ZKS_OK || seq <= c->watermark) {
        return status;
    }
    if (seq > c->last_seq) {
        return zks__store_refuse(s, ZKS_E_INVALID,
                                 "Inbox sequence %llu was not given out yet (the last is %llu).",
                                 (unsigned long long)seq, (unsigned long long)c->last_seq);
    }
    zks__query q = zks__query_of(s, ZKS_Q_GROUP_MARK,
                                 "UPDATE groups SET watermark = ? WHERE g = ?");
    zks__bind_u64(&q, seq);
    zks__bind_i64(&q, g);
    status = zks__query_run(&q);
    if (status == ZKS_OK) {
        c->watermark = seq;
        c->unread_known = false;
    }
    return status;
}

/* --- membership records ------------------------------------------------------------ */

zks_status zks__store_record_add(zks__store *s, uint32_t g,
                                 const uint8_t hash[ZKS_RECORD_HASH_BYTES], zks__slice bytes)
{
    const zks__counters *c;
    zks_status status = zks__store_writable(s);
    if (status == ZKS_OK) {
        status = zks__store_counters(s, g, &c);
    }
    if (status != ZKS_OK) {
        return status;
    }
    zks__query q = zks__query_of(s, ZKS_Q_RECORD_FIND,
                                 "SELECT 1 FROM records WHERE g = ? AND hash = ?");
    zks__bind_i64(&q, g);
    zks__bind_blob(&q, hash, ZKS_RECORD_HASH_BYTES);
    int found = zks__query_step(&q);
    status = zks__query_end(&q);
    if (status != ZKS_OK || found) {
        return status;
    }
    q = zks__query_of(s, ZKS_Q_RECORD_ADD,
                      "INSERT INTO records VALUES ((SELECT coalesce(max(k), ?1) + 1 FROM records"
                      " WHERE k > ?1 AND k <= ?2), ?3, ?4, ?5)");
    zks__bind_i64(&q, zks__store_key(g, 0));
    zks__bind_i64(&q, zks__store_key(g, UINT64_MAX));
    zks__bind_i64(&q, g);
    zks__bind_blob(&q, hash, ZKS_RECORD_HASH_BYTES);
    zks__bind_blob(&q, bytes.data, bytes.length);
    return zks__query_run(&q);
}

zks_status zks__store_records_each(zks__store *s, uint32_t g, zks__store_record_fn fn, void *user)
{
    zks__query q = zks__query_of(s, ZKS_Q_RECORD_EACH,
                                 "SELECT bytes FROM records WHERE k > ? AND k <= ? ORDER BY k");
    zks__bind_i64(&q, zks__store_key(g, 0));
    zks__bind_i64(&q, zks__store_key(g, UINT64_MAX));
    zks_status stop = ZKS_OK;
    while (stop == ZKS_OK && zks__query_step(&q)) {
        zks__slice bytes = zks__column_slice(&q, 0);
        if (q.status == ZKS_OK) {
            stop = fn(bytes, user);
        }
    }
    zks_status status = zks__query_end(&q);
    return status == ZKS_OK ? stop : status;
}
