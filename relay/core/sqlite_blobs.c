/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The SQLite store's blobs: append, delete, count, read. */
#include "relay/core/sqlite_internal.h"

#include "base/alloc.h"
#include "base/siphash.h"
#include "relay/core/limits.h"

#include <stdlib.h>

/* Ties a row's numbers to its blob_id, so that a flipped bit is noticed before a client sees it.
 * The bytes of the blob need no sum: the client's authenticated decryption covers them. */
static int64_t row_sum(int64_t grp, uint64_t cursor, const uint8_t *device, uint64_t time_ms,
                       uint64_t expires_s, const uint8_t *blob_id)
{
    uint8_t row[4 * 8 + ZKS_DEVICE_ID_BYTES];
    zks__writer w = zks__writer_of(row, sizeof row);
    zks__write_u64(&w, (uint64_t)grp);
    zks__write_u64(&w, cursor);
    zks__write_u64(&w, time_ms);
    zks__write_u64(&w, expires_s);
    zks__write_bytes(&w, device, ZKS_DEVICE_ID_BYTES);
    return (int64_t)zks__siphash(blob_id, row, w.length);
}

/* --- APPEND --- */

typedef struct append_context {
    zks__sqlite_store *store;
    zks__rstore_group *group;
    zks__sqlite_device *device;
    uint64_t now_ms;
} append_context;

/* The device pushed the same bytes before: what it got then. ZKS_E_NOT_FOUND. */
static zks_status find_pushed(const append_context *c, zks__rstore_item *item)
{
    sqlite3_stmt *q = zks__sqlite_use(c->store, ZKS_SQL_BLOB_FIND);
    sqlite3_bind_int64(q, 1, c->device->id);
    sqlite3_bind_blob(q, 2, item->blob_id, ZKS_BLOB_ID_BYTES, SQLITE_STATIC);
    int rc = sqlite3_step(q);
    if (rc == SQLITE_ROW) {
        int64_t left = sqlite3_column_int64(q, 4) - (int64_t)(c->now_ms / 1000);
        item->code = ZKS_WIRE_OK;
        item->fresh = false;
        item->cursor = (uint64_t)sqlite3_column_int64(q, 2);
        item->time_ms = (uint64_t)sqlite3_column_int64(q, 3);
        item->ttl_s = left > 0 ? (uint32_t)left : 0;
    }
    sqlite3_reset(q);
    return rc == SQLITE_DONE ? ZKS_E_NOT_FOUND : zks__sqlite_status(rc);
}

static uint64_t next_cursor(const append_context *c)
{
    uint64_t next = c->group->now.last + 1;
    return next > c->store->cursor_start ? next : c->store->cursor_start;
}

static zks_status insert_blob(const append_context *c, zks__rstore_item *item, bool *out_inserted)
{
    uint64_t cursor = next_cursor(c);
    uint64_t expires_s = c->now_ms / 1000 + item->ttl_s;
    int64_t sum = row_sum(c->group->id, cursor, c->device->known.device, c->now_ms, expires_s,
                          item->blob_id);
    sqlite3_stmt *q = zks__sqlite_use(c->store, ZKS_SQL_BLOB_ADD);
    sqlite3_bind_int64(q, 1, c->store->next_seq);
    sqlite3_bind_int64(q, 2, c->group->id);
    sqlite3_bind_int64(q, 3, (int64_t)cursor);
    sqlite3_bind_int64(q, 4, c->device->id);
    sqlite3_bind_blob(q, 5, item->blob_id, ZKS_BLOB_ID_BYTES, SQLITE_STATIC);
    sqlite3_bind_int64(q, 6, (int64_t)c->now_ms);
    sqlite3_bind_int64(q, 7, (int64_t)expires_s);
    sqlite3_bind_int64(q, 8, sum);
    sqlite3_bind_int64(q, 9, (int64_t)item->blob.length);
    sqlite3_bind_blob(q, 10, item->blob.data, (int)item->blob.length, SQLITE_STATIC);
    zks_status status = zks__sqlite_run(c->store, q);
    *out_inserted = !status && sqlite3_changes(c->store->db) == 1;
    if (*out_inserted) {
        c->store->next_seq++;
        item->code = ZKS_WIRE_OK;
        item->fresh = true;
        item->cursor = cursor;
        item->time_ms = c->now_ms;
    }
    return status;
}

static zks_status append_item(const append_context *c, zks__rstore_item *item)
{
    zks__sqlite_totals *totals = &c->group->now;
    bool full = item->blob.length > c->store->config.group_quota ||
                totals->bytes > c->store->config.group_quota - item->blob.length;
    bool inserted = false;
    zks_status status = full ? ZKS_OK : insert_blob(c, item, &inserted);
    if (status) {
        return status;
    }
    if (inserted) {
        totals->last = item->cursor;
        totals->bytes += item->blob.length;
        totals->blobs++;
        memcpy(c->device->own_last, item->blob_id, ZKS_BLOB_ID_BYTES);
        c->device->dirty = true;
        return ZKS_OK;
    }
    status = find_pushed(c, item);
    if (status == ZKS_E_NOT_FOUND) {
        item->code = ZKS_WIRE_GROUP_QUOTA_EXCEEDED;
        return full ? ZKS_OK : ZKS_E_STORE_CORRUPT; /* refused as a repetition, and is none */
    }
    return status;
}

zks_status zks__sqlite_do_append(zks__sqlite_store *s, zks__rstore_append *r)
{
    zks_status status = ZKS_OK;
    append_context c = {.store = s, .group = r->group};
    c.now_ms = (uint64_t)s->config.clock.unix_ms(s->config.clock.user);
    for (size_t i = 0; i < r->count && !status; i++) {
        zks__rstore_item *item = &r->items[i];
        item->fresh = false;
        item->code = item->refused;
        if (item->refused) {
            continue;
        }
        if (!c.device) {
            c.device = zks__sqlite_device_of(s, r->group, r->device, true, &status);
        }
        if (c.device) {
            status = append_item(&c, item);
        }
    }
    return status;
}

/* --- DELETE --- */

static zks_status delete_row(zks__sqlite_store *s, zks__rstore_group *g, int64_t seq, int64_t size)
{
    sqlite3_stmt *q = zks__sqlite_use(s, ZKS_SQL_BLOB_DELETE);
    sqlite3_bind_int64(q, 1, seq);
    zks_status status = zks__sqlite_run(s, q);
    if (!status) {
        zks__sqlite_touch(s, g);
        g->now.bytes -= (uint64_t)size < g->now.bytes ? (uint64_t)size : g->now.bytes;
        g->now.blobs -= g->now.blobs > 0;
    }
    return status;
}

static zks_status find_row(zks__sqlite_store *s, int64_t device, const uint8_t *blob_id,
                           int64_t *out_seq, int64_t *out_size)
{
    sqlite3_stmt *q = zks__sqlite_use(s, ZKS_SQL_BLOB_FIND);
    sqlite3_bind_int64(q, 1, device);
    sqlite3_bind_blob(q, 2, blob_id, ZKS_BLOB_ID_BYTES, SQLITE_STATIC);
    int rc = sqlite3_step(q);
    if (rc == SQLITE_ROW) {
        *out_seq = sqlite3_column_int64(q, 0);
        *out_size = sqlite3_column_int64(q, 5);
    }
    sqlite3_reset(q);
    return rc == SQLITE_DONE ? ZKS_E_NOT_FOUND : zks__sqlite_status(rc);
}

/* Whether another device of the group pushed it. There is no index over blob_id alone: a look
 * per device, and a bound over the whole request, after which an unknown id counts as not there. */
static zks_status is_foreign(zks__sqlite_store *s, const zks__rstore_group *g,
                             const uint8_t *blob_id, unsigned *looks, bool *out_foreign)
{
    int64_t seq;
    int64_t size;
    zks_status status = ZKS_E_NOT_FOUND;
    for (size_t i = 0; i < g->device_count && *looks && status == ZKS_E_NOT_FOUND;
         i++, (*looks)--) {
        status = find_row(s, g->devices[i].id, blob_id, &seq, &size);
    }
    *out_foreign = !status;
    return status == ZKS_E_NOT_FOUND ? ZKS_OK : status;
}

zks_status zks__sqlite_do_delete(zks__sqlite_store *s, zks__rstore_delete *r)
{
    unsigned looks = 8192;
    r->deleted = r->foreign = 0;
    zks_status status = ZKS_OK;
    const zks__sqlite_device *own = zks__sqlite_device_of(s, r->group, r->device, false, &status);
    for (size_t i = 0; i < r->count && !status; i++) {
        int64_t seq = 0;
        int64_t size = 0;
        bool foreign = false;
        status = own ? find_row(s, own->id, r->ids[i].id, &seq, &size) : ZKS_E_NOT_FOUND;
        if (!status) {
            status = delete_row(s, r->group, seq, size);
            r->deleted++;
        } else if (status == ZKS_E_NOT_FOUND) {
            status = is_foreign(s, r->group, r->ids[i].id, &looks, &foreign);
            r->foreign += foreign;
        }
    }
    return status;
}

/* --- SURVEY --- */

zks_status zks__sqlite_do_survey(zks__sqlite_store *s, zks__rstore_survey *r)
{
    zks_status status = ZKS_OK;
    const zks__sqlite_device *d = zks__sqlite_device_of(s, r->group, r->device, false, &status);
    if (d) {
        memcpy(r->own_last, d->own_last, ZKS_BLOB_ID_BYTES);
    }
    r->head = r->group->now.last;
    if (!r->after) {
        r->count = r->group->now.blobs;
        r->bytes = r->group->now.bytes;
        return ZKS_OK;
    }
    if (r->after >= r->head) {
        r->count = r->bytes = 0;
        return ZKS_OK;
    }
    sqlite3_stmt *q = zks__sqlite_use(s, ZKS_SQL_SURVEY);
    sqlite3_bind_int64(q, 1, r->group->id);
    sqlite3_bind_int64(q, 2, (int64_t)r->after);
    sqlite3_bind_int64(q, 3, ZKS_RSTORE_SURVEY_MAX);
    int rc = sqlite3_step(q);
    if (rc == SQLITE_ROW) {
        r->count = (uint64_t)sqlite3_column_int64(q, 0);
        r->bytes = (uint64_t)sqlite3_column_int64(q, 1);
    }
    sqlite3_reset(q);
    return zks__sqlite_status(rc);
}

/* --- READ --- */

enum { READ_FIRST_ITEMS = 64 };

/* The bytes grow while reading: a message holds at most max_bytes of blobs and one more. */
typedef struct read_context {
    zks__sqlite_store *store;
    zks__rstore_read *request;
    size_t size; /* of items */
    size_t used; /* of backing */
    uint64_t now_s;
    unsigned scanned;
    bool full;
} read_context;

static int by_id(const void *key, const void *row)
{
    int64_t id = *(const int64_t *)key;
    int64_t other = ((const zks__sqlite_device *)row)->id;
    return (id > other) - (id < other);
}

/* Items' blobs are offsets until the buffer has stopped moving. */
static zks_status add_blob(read_context *c, const zks__blob_item *item, const void *blob,
                           size_t length)
{
    zks__rstore_read *r = c->request;
    if (r->count == c->size) {
        size_t size = c->size ? c->size * 2 : READ_FIRST_ITEMS;
        zks__blob_item *grown = zks__alloc_resize(r->items, size * sizeof *grown);
        if (!grown) {
            return ZKS_E_NOMEM;
        }
        r->items = grown;
        c->size = size;
    }
    if (!r->backing || length > r->backing->size - c->used) {
        size_t size = r->backing ? r->backing->size * 2 : 64 << 10;
        while (size < c->used + length) {
            size *= 2;
        }
        zks__buf *grown = zks__buf_new(0, size, 0);
        if (!grown) {
            return ZKS_E_NOMEM;
        }
        if (c->used) {
            memcpy(grown->data, r->backing->data, c->used);
        }
        zks__buf_unref(r->backing);
        r->backing = grown;
    }
    if (length) {
        memcpy(r->backing->data + c->used, blob, length);
    }
    r->items[r->count] = *item;
    r->items[r->count].blob.length = length;
    c->used += length;
    r->count++;
    return ZKS_OK;
}

/* Sets c->full when the row has no place any more: it is then not taken. */
static zks_status read_row(read_context *c, sqlite3_stmt *q)
{
    zks__rstore_read *r = c->request;
    const zks__rstore_group *g = r->group;
    uint64_t cursor = (uint64_t)sqlite3_column_int64(q, 0);
    int64_t id = sqlite3_column_int64(q, 1);
    uint64_t expires_s = (uint64_t)sqlite3_column_int64(q, 4);
    const zks__sqlite_device *d = g->device_count
                                      ? bsearch(&id, g->devices, g->device_count, sizeof *d, by_id)
                                      : NULL;
    bool own = r->skip && d && memcmp(d->known.device, r->device, ZKS_DEVICE_ID_BYTES) == 0;
    if (own || expires_s <= c->now_s) {
        r->contiguous = cursor;
        return ZKS_OK;
    }
    size_t length = (size_t)sqlite3_column_bytes(q, 6);
    const void *blob_id = sqlite3_column_blob(q, 2);
    zks__blob_item item = {.cursor = cursor, .time_ms = (uint64_t)sqlite3_column_int64(q, 3)};
    bool whole = d && cursor <= g->now.last && sqlite3_column_bytes(q, 2) == ZKS_BLOB_ID_BYTES &&
                 length <= ZKS_BLOB_MAX_BYTES &&
                 sqlite3_column_int64(q, 5) ==
                     row_sum(g->id, cursor, d->known.device, item.time_ms, expires_s, blob_id);
    if (!whole) {
        r->damaged++;
        return ZKS_OK;
    }
    c->full = r->count && (c->used + length > r->max_bytes || r->count >= r->max_count);
    if (c->full) {
        return ZKS_OK;
    }
    memcpy(item.sender, d->known.device, sizeof item.sender);
    memcpy(item.blob_id, blob_id, sizeof item.blob_id);
    r->contiguous = cursor;
    const void *blob = sqlite3_column_blob(q, 6);
    return length && !blob ? ZKS_E_NOMEM : add_blob(c, &item, blob, length);
}

zks_status zks__sqlite_do_read(zks__sqlite_store *s, zks__rstore_read *r)
{
    read_context c = {.store = s,
                      .request = r,
                      .now_s = (uint64_t)(s->config.clock.unix_ms(s->config.clock.user) / 1000)};
    uint64_t head = r->group->now.last;
    r->contiguous = r->after < head ? r->after : head;
    r->end = r->contiguous == head;
    if (r->end) {
        return ZKS_OK;
    }
    sqlite3_stmt *q = zks__sqlite_use(s, ZKS_SQL_BLOB_AFTER);
    sqlite3_bind_int64(q, 1, r->group->id);
    sqlite3_bind_int64(q, 2, (int64_t)r->contiguous);
    zks_status status = ZKS_OK;
    int rc = SQLITE_ROW;
    while (!status && !c.full && c.scanned++ < ZKS_RELAY_PULL_SCAN_MAX &&
           (rc = sqlite3_step(q)) == SQLITE_ROW) {
        status = read_row(&c, q);
    }
    sqlite3_reset(q);
    if (!status && rc != SQLITE_ROW && rc != SQLITE_DONE) {
        status = zks__sqlite_status(rc);
    }
    if (status) {
        zks__buf_unref(r->backing);
        zks__free(r->items);
        r->backing = NULL;
        r->items = NULL;
        r->count = 0;
        return status;
    }
    if (rc == SQLITE_DONE) {
        r->contiguous = head;
    }
    r->end = r->contiguous == head;
    const uint8_t *at = r->backing ? r->backing->data : NULL;
    for (size_t i = 0; i < r->count; i++) {
        r->items[i].blob.data = at;
        at += r->items[i].blob.length;
    }
    return ZKS_OK;
}
