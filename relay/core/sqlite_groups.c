/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The SQLite store's groups: rows of groups, devices and records, and what of them is kept in
 * memory. */
#include "relay/core/sqlite_internal.h"

#include "base/alloc.h"

/* --- what a transaction changes --- */

void zks__sqlite_touch(zks__sqlite_store *s, zks__rstore_group *g)
{
    if (!g->touch.next) {
        g->saved = g->now;
        zks__list_append(&s->touched, &g->touch);
    }
}

/* Keeps a copy of the devices for a rollback. */
static zks_status keep_devices(zks__sqlite_store *s, zks__rstore_group *g)
{
    zks__sqlite_touch(s, g);
    if (g->devices_saved) {
        return ZKS_OK;
    }
    g->devices_saved = zks__alloc(g->device_count * sizeof *g->devices);
    if (!g->devices_saved) {
        return ZKS_E_NOMEM;
    }
    if (g->device_count) {
        memcpy(g->devices_saved, g->devices, g->device_count * sizeof *g->devices);
    }
    g->devices_saved_count = g->device_count;
    return ZKS_OK;
}

static zks_status add_device(zks__rstore_group *g, const zks__sqlite_device *d)
{
    if (g->device_count == g->device_size) {
        size_t size = g->device_size ? g->device_size * 2 : 4;
        zks__sqlite_device *grown = zks__alloc_resize(g->devices, size * sizeof *grown);
        if (!grown) {
            return ZKS_E_NOMEM;
        }
        g->devices = grown;
        g->device_size = size;
    }
    g->devices[g->device_count++] = *d;
    return ZKS_OK;
}

static zks_status insert_device(zks__sqlite_store *s, const zks__rstore_group *g,
                                zks__sqlite_device *d)
{
    sqlite3_stmt *q = zks__sqlite_use(s, ZKS_SQL_DEVICE_ADD);
    sqlite3_bind_int64(q, 1, g->id);
    sqlite3_bind_blob(q, 2, d->known.device, ZKS_DEVICE_ID_BYTES, SQLITE_STATIC);
    sqlite3_bind_int64(q, 3, (int64_t)d->known.acked);
    sqlite3_bind_int64(q, 4, (int64_t)d->known.seen_s);
    sqlite3_bind_blob(q, 5, d->own_last, ZKS_BLOB_ID_BYTES, SQLITE_STATIC);
    zks_status status = zks__sqlite_run(s, q);
    d->id = sqlite3_last_insert_rowid(s->db);
    return status;
}

/* Only a transaction may ask to create: what it gets may be changed. */
zks__sqlite_device *zks__sqlite_device_of(zks__sqlite_store *s, zks__rstore_group *g,
                                          const uint8_t *device, bool create,
                                          zks_status *out_status)
{
    *out_status = create ? keep_devices(s, g) : ZKS_OK;
    if (*out_status) {
        return NULL;
    }
    for (size_t i = 0; i < g->device_count; i++) {
        if (memcmp(g->devices[i].known.device, device, ZKS_DEVICE_ID_BYTES) == 0) {
            return &g->devices[i];
        }
    }
    if (!create) {
        return NULL;
    }
    zks__sqlite_device d = {0};
    memcpy(d.known.device, device, ZKS_DEVICE_ID_BYTES);
    *out_status = insert_device(s, g, &d);
    if (!*out_status) {
        *out_status = add_device(g, &d);
    }
    return *out_status ? NULL : &g->devices[g->device_count - 1];
}

static zks_status save_group(zks__sqlite_store *s, zks__rstore_group *g)
{
    sqlite3_stmt *q = zks__sqlite_use(s, ZKS_SQL_GROUP_SAVE);
    sqlite3_bind_int64(q, 1, g->id);
    sqlite3_bind_int64(q, 2, (int64_t)g->now.last);
    sqlite3_bind_int64(q, 3, (int64_t)g->now.bytes);
    sqlite3_bind_int64(q, 4, (int64_t)g->now.blobs);
    sqlite3_bind_int64(q, 5, (int64_t)g->now.floor);
    zks_status status = zks__sqlite_run(s, q);
    for (size_t i = 0; !status && g->devices_saved && i < g->device_count; i++) {
        zks__sqlite_device *d = &g->devices[i];
        if (d->dirty) {
            q = zks__sqlite_use(s, ZKS_SQL_DEVICE_SAVE);
            sqlite3_bind_int64(q, 1, d->id);
            sqlite3_bind_int64(q, 2, (int64_t)d->known.acked);
            sqlite3_bind_int64(q, 3, (int64_t)d->known.seen_s);
            sqlite3_bind_blob(q, 4, d->own_last, ZKS_BLOB_ID_BYTES, SQLITE_STATIC);
            status = zks__sqlite_run(s, q);
        }
    }
    return status;
}

zks_status zks__sqlite_groups_save(zks__sqlite_store *s)
{
    zks_status status = ZKS_OK;
    for (zks__node *n = zks__list_first(&s->touched); n && !status;
         n = zks__list_next(&s->touched, n)) {
        status = save_group(s, ZKS_CONTAINER(n, zks__rstore_group, touch));
    }
    return status;
}

void zks__sqlite_groups_committed(zks__sqlite_store *s)
{
    for (zks__node *n; (n = zks__list_pop(&s->touched));) {
        zks__rstore_group *g = ZKS_CONTAINER(n, zks__rstore_group, touch);
        for (size_t i = 0; g->devices_saved && i < g->device_count; i++) {
            g->devices[i].dirty = false;
        }
        zks__free(g->devices_saved);
        g->devices_saved = NULL;
    }
}

void zks__sqlite_groups_rolled_back(zks__sqlite_store *s)
{
    for (zks__node *n; (n = zks__list_pop(&s->touched));) {
        zks__rstore_group *g = ZKS_CONTAINER(n, zks__rstore_group, touch);
        g->now = g->saved;
        if (g->devices_saved) {
            memcpy(g->devices, g->devices_saved, g->devices_saved_count * sizeof *g->devices);
            g->device_count = g->devices_saved_count;
            zks__free(g->devices_saved);
            g->devices_saved = NULL;
        }
    }
}

zks__rstore_group *zks__sqlite_group_by_row(zks__sqlite_store *s, int64_t id)
{
    return zks__map_get(s->groups, &id, sizeof id);
}

void zks__sqlite_group_free(zks__sqlite_store *s, zks__rstore_group *g)
{
    if (!g) {
        return;
    }
    if (zks__map_get(s->groups, &g->id, sizeof g->id) == g) {
        (void)zks__map_remove(s->groups, &g->id, sizeof g->id);
    }
    zks__list_remove(&g->touch);
    zks__free(g->devices);
    zks__free(g->devices_saved);
    zks__free(g);
}

/* --- OPEN --- */

static zks_status find_group(zks__sqlite_store *s, const uint8_t *group_id, zks__rstore_group *g)
{
    sqlite3_stmt *q = zks__sqlite_use(s, ZKS_SQL_GROUP_FIND);
    sqlite3_bind_blob(q, 1, group_id, ZKS_GROUP_ID_BYTES, SQLITE_STATIC);
    int rc = sqlite3_step(q);
    if (rc == SQLITE_ROW) {
        g->id = sqlite3_column_int64(q, 0);
        g->now = (zks__sqlite_totals){.last = (uint64_t)sqlite3_column_int64(q, 1),
                                      .bytes = (uint64_t)sqlite3_column_int64(q, 2),
                                      .blobs = (uint64_t)sqlite3_column_int64(q, 3),
                                      .floor = (uint64_t)sqlite3_column_int64(q, 4)};
    }
    sqlite3_reset(q);
    return rc == SQLITE_DONE ? ZKS_E_NOT_FOUND : zks__sqlite_status(rc);
}

/* A cursor below one that was given out, or so high that none could follow, can only come from
 * damage. */
static zks_status check_group(zks__sqlite_store *s, const zks__rstore_group *g)
{
    sqlite3_stmt *q = zks__sqlite_use(s, ZKS_SQL_BLOB_LAST);
    sqlite3_bind_int64(q, 1, g->id);
    int rc = sqlite3_step(q);
    uint64_t last = rc == SQLITE_ROW ? (uint64_t)sqlite3_column_int64(q, 0) : 0;
    sqlite3_reset(q);
    zks_status status = zks__sqlite_status(rc);
    bool sane = last <= g->now.last && g->now.last < (1ull << 53) && g->now.bytes < (1ull << 50) &&
                g->now.floor <= g->now.last;
    return status ? status : sane ? ZKS_OK : ZKS_E_STORE_CORRUPT;
}

static zks_status load_devices(zks__sqlite_store *s, zks__rstore_group *g)
{
    sqlite3_stmt *q = zks__sqlite_use(s, ZKS_SQL_DEVICES);
    sqlite3_bind_int64(q, 1, g->id);
    zks_status status = ZKS_OK;
    int rc;
    while (!status && (rc = sqlite3_step(q)) != SQLITE_DONE) {
        if (rc != SQLITE_ROW) {
            status = zks__sqlite_status(rc);
        } else if (sqlite3_column_bytes(q, 1) != ZKS_DEVICE_ID_BYTES ||
                   sqlite3_column_bytes(q, 4) != ZKS_BLOB_ID_BYTES) {
            status = ZKS_E_STORE_CORRUPT;
        } else {
            zks__sqlite_device d = {.id = sqlite3_column_int64(q, 0),
                                    .known = {.acked = (uint64_t)sqlite3_column_int64(q, 2),
                                              .seen_s = (uint64_t)sqlite3_column_int64(q, 3)}};
            memcpy(d.known.device, sqlite3_column_blob(q, 1), ZKS_DEVICE_ID_BYTES);
            memcpy(d.own_last, sqlite3_column_blob(q, 4), ZKS_BLOB_ID_BYTES);
            status = add_device(g, &d);
        }
    }
    sqlite3_reset(q);
    return status;
}

static zks_status put_records(zks__sqlite_store *s, const zks__rstore_group *g,
                              const zks__slice *records, size_t count)
{
    zks_status status = ZKS_OK;
    for (size_t i = 0; i < count && !status; i++) {
        sqlite3_stmt *q = zks__sqlite_use(s, ZKS_SQL_RECORD_ADD);
        sqlite3_bind_int64(q, 1, g->id);
        sqlite3_bind_blob(q, 2, records[i].data, (int)records[i].length, SQLITE_STATIC);
        status = zks__sqlite_run(s, q);
    }
    return status;
}

static zks_status make_group(zks__sqlite_store *s, const zks__rstore_open *r, zks__rstore_group *g)
{
    if (s->group_count >= s->config.max_groups) {
        return ZKS_E_LIMIT;
    }
    sqlite3_stmt *q = zks__sqlite_use(s, ZKS_SQL_GROUP_ADD);
    sqlite3_bind_blob(q, 1, r->group_id, ZKS_GROUP_ID_BYTES, SQLITE_STATIC);
    zks_status status = zks__sqlite_run(s, q);
    g->id = sqlite3_last_insert_rowid(s->db);
    return status ? status : put_records(s, g, r->records, r->record_count);
}

/* Reads all records into one buffer; two passes, so that slices point into it. */
static zks_status load_records(zks__sqlite_store *s, const zks__rstore_group *g,
                               zks__rstore_open *r)
{
    size_t count = 0;
    size_t bytes = 0;
    int rc;
    sqlite3_stmt *q = zks__sqlite_use(s, ZKS_SQL_RECORDS);
    sqlite3_bind_int64(q, 1, g->id);
    while ((rc = sqlite3_step(q)) == SQLITE_ROW) {
        count++;
        bytes += (size_t)sqlite3_column_bytes(q, 0);
    }
    sqlite3_reset(q);
    if (rc != SQLITE_DONE) {
        return zks__sqlite_status(rc);
    }
    r->backing = zks__buf_new(0, bytes, 0);
    r->stored = zks__alloc_zero(count, sizeof *r->stored);
    if (!r->backing || !r->stored) {
        return ZKS_E_NOMEM;
    }
    size_t at = 0;
    while ((rc = sqlite3_step(q)) == SQLITE_ROW && r->stored_count < count) {
        size_t length = (size_t)sqlite3_column_bytes(q, 0);
        if (length > bytes - at) {
            rc = SQLITE_CORRUPT;
            break;
        }
        if (length) {
            memcpy(r->backing->data + at, sqlite3_column_blob(q, 0), length);
        }
        r->stored[r->stored_count++] = (zks__slice){.data = r->backing->data + at,
                                                    .length = length};
        at += length;
    }
    sqlite3_reset(q);
    return rc == SQLITE_ROW ? ZKS_OK : zks__sqlite_status(rc);
}

static zks_status fill_open(zks__sqlite_store *s, zks__rstore_group *g, zks__rstore_open *r)
{
    zks_status status = load_devices(s, g);
    if (!status) {
        status = load_records(s, g, r);
    }
    if (status) {
        return status;
    }
    r->devices = zks__alloc_zero(g->device_count, sizeof *r->devices);
    if (!r->devices) {
        return ZKS_E_NOMEM;
    }
    for (size_t i = 0; i < g->device_count; i++) {
        r->devices[i] = g->devices[i].known;
    }
    r->device_count = g->device_count;
    r->head = g->now.last;
    return ZKS_OK;
}

void zks__sqlite_undo_open(zks__sqlite_store *s, zks__rstore_open *r)
{
    zks__sqlite_group_free(s, r->group);
    zks__buf_unref(r->backing);
    zks__free(r->stored);
    zks__free(r->devices);
    r->group = NULL;
    r->backing = NULL;
    r->stored = NULL;
    r->devices = NULL;
    r->stored_count = r->device_count = 0;
}

zks_status zks__sqlite_do_open(zks__sqlite_store *s, zks__rstore_open *r)
{
    zks__rstore_group *g = zks__alloc_zero(1, sizeof *g);
    if (!g) {
        return ZKS_E_NOMEM;
    }
    r->group = g;
    memcpy(g->group_id, r->group_id, sizeof g->group_id);
    zks_status status = find_group(s, r->group_id, g);
    if (!status) {
        status = zks__sqlite_group_by_row(s, g->id) ? ZKS_E_STATE : check_group(s, g);
        if (!status && r->create) {
            status = put_records(s, g, r->records, r->record_count);
        }
    } else if (status == ZKS_E_NOT_FOUND && r->create) {
        status = make_group(s, r, g);
        s->group_count += !status;
    }
    if (!status) {
        status = fill_open(s, g, r);
    }
    if (!status) {
        status = zks__map_put(s->groups, &g->id, sizeof g->id, g);
    }
    if (status) {
        zks__sqlite_undo_open(s, r);
    }
    return status;
}

/* --- RECORDS, ACKS --- */

zks_status zks__sqlite_do_records(zks__sqlite_store *s, zks__rstore_records *r)
{
    return put_records(s, r->group, r->records, r->count);
}

zks_status zks__sqlite_do_acks(zks__sqlite_store *s, zks__rstore_acks *r)
{
    zks_status status = ZKS_OK;
    for (size_t i = 0; i < r->count && !status; i++) {
        zks__sqlite_device *d = zks__sqlite_device_of(s, r->group, r->devices[i].device, true,
                                                      &status);
        if (d) {
            d->known.acked = r->devices[i].acked;
            d->known.seen_s = r->devices[i].seen_s;
            d->dirty = true;
        }
    }
    uint64_t floor = r->floor < r->group->now.last ? r->floor : r->group->now.last;
    if (status || floor == r->group->now.floor) {
        return status;
    }
    bool risen = floor > r->group->now.floor;
    zks__sqlite_touch(s, r->group);
    r->group->now.floor = floor;
    if (!risen) {
        return ZKS_OK;
    }
    /* One row per group and twentieth of the time to keep: deletion may be late by that much. */
    int64_t step = s->config.acked_keep_s / 20 + 1;
    int64_t at = s->config.clock.unix_ms(s->config.clock.user) / 1000 + s->config.acked_keep_s;
    sqlite3_stmt *q = zks__sqlite_use(s, ZKS_SQL_FLOOR_ADD);
    sqlite3_bind_int64(q, 1, (at + step - 1) / step * step);
    sqlite3_bind_int64(q, 2, r->group->id);
    sqlite3_bind_int64(q, 3, (int64_t)floor);
    return zks__sqlite_run(s, q);
}
