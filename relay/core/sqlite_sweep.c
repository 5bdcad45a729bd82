/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The SQLite store's clean-up: blobs whose time is over, and blobs that all members have had for
 * long enough. */
#include "relay/core/sqlite_internal.h"

typedef struct due_row {
    int64_t seq, grp, size;
} due_row;

/* Takes the rows of a query (seq, grp, size) that has its values bound. */
static zks_status collect(sqlite3_stmt *q, due_row *rows, size_t *count)
{
    int rc = SQLITE_DONE;
    while (*count < ZKS_SQLITE_SWEEP_ROWS && (rc = sqlite3_step(q)) == SQLITE_ROW) {
        rows[(*count)++] = (due_row){.seq = sqlite3_column_int64(q, 0),
                                     .grp = sqlite3_column_int64(q, 1),
                                     .size = sqlite3_column_int64(q, 2)};
    }
    sqlite3_reset(q);
    return zks__sqlite_status(rc);
}

static zks_status collect_expired(zks__sqlite_store *s, int64_t now_s, due_row *rows, size_t *count)
{
    sqlite3_stmt *q = zks__sqlite_use(s, ZKS_SQL_EXPIRED);
    sqlite3_bind_int64(q, 1, now_s);
    sqlite3_bind_int64(q, 2, ZKS_SQLITE_SWEEP_ROWS);
    return collect(q, rows, count);
}

/* What all current members acknowledge now; a device that joined since then may have lowered it. */
static zks_status floor_now(zks__sqlite_store *s, int64_t grp, uint64_t *out_floor)
{
    const zks__rstore_group *g = zks__sqlite_group_by_row(s, grp);
    if (g) {
        *out_floor = g->now.floor;
        return ZKS_OK;
    }
    sqlite3_stmt *q = zks__sqlite_use(s, ZKS_SQL_GROUP_BY_ROW);
    sqlite3_bind_int64(q, 1, grp);
    int rc = sqlite3_step(q);
    *out_floor = rc == SQLITE_ROW ? (uint64_t)sqlite3_column_int64(q, 3) : 0;
    sqlite3_reset(q);
    return zks__sqlite_status(rc);
}

/* One floor whose time has come. *out_any is false when there is none; a floor that is worked
 * off is removed. */
static zks_status collect_floor(zks__sqlite_store *s, int64_t now_s, due_row *rows, size_t *count,
                                bool *out_any)
{
    sqlite3_stmt *q = zks__sqlite_use(s, ZKS_SQL_FLOOR_DUE);
    sqlite3_bind_int64(q, 1, now_s);
    int rc = sqlite3_step(q);
    int64_t at = rc == SQLITE_ROW ? sqlite3_column_int64(q, 0) : 0;
    int64_t grp = rc == SQLITE_ROW ? sqlite3_column_int64(q, 1) : 0;
    uint64_t cursor = rc == SQLITE_ROW ? (uint64_t)sqlite3_column_int64(q, 2) : 0;
    sqlite3_reset(q);
    *out_any = rc == SQLITE_ROW;
    uint64_t now_floor = 0;
    zks_status status = *out_any ? floor_now(s, grp, &now_floor) : zks__sqlite_status(rc);
    if (status || !*out_any) {
        return status;
    }
    q = zks__sqlite_use(s, ZKS_SQL_FLOOR_BLOBS);
    sqlite3_bind_int64(q, 1, grp);
    sqlite3_bind_int64(q, 2, (int64_t)(cursor < now_floor ? cursor : now_floor));
    sqlite3_bind_int64(q, 3, ZKS_SQLITE_SWEEP_ROWS);
    status = collect(q, rows, count);
    if (status || *count == ZKS_SQLITE_SWEEP_ROWS) {
        return status;
    }
    q = zks__sqlite_use(s, ZKS_SQL_FLOOR_DELETE);
    sqlite3_bind_int64(q, 1, at);
    sqlite3_bind_int64(q, 2, grp);
    return zks__sqlite_run(s, q);
}

static zks_status delete_due(zks__sqlite_store *s, const due_row *row)
{
    sqlite3_stmt *q = zks__sqlite_use(s, ZKS_SQL_BLOB_DELETE);
    sqlite3_bind_int64(q, 1, row->seq);
    zks_status status = zks__sqlite_run(s, q);
    if (status) {
        return status;
    }
    zks__rstore_group *g = zks__sqlite_group_by_row(s, row->grp);
    if (g) {
        zks__sqlite_touch(s, g);
        g->now.bytes -= (uint64_t)row->size < g->now.bytes ? (uint64_t)row->size : g->now.bytes;
        g->now.blobs -= g->now.blobs > 0;
        return ZKS_OK;
    }
    q = zks__sqlite_use(s, ZKS_SQL_GROUP_SHRINK);
    sqlite3_bind_int64(q, 1, row->grp);
    sqlite3_bind_int64(q, 2, row->size);
    sqlite3_bind_int64(q, 3, 1);
    return zks__sqlite_run(s, q);
}

zks_status zks__sqlite_sweep(zks__sqlite_store *s, uint64_t *out_deleted)
{
    due_row rows[ZKS_SQLITE_SWEEP_ROWS];
    size_t count = 0;
    bool floors = false;
    int64_t now_s = s->config.clock.unix_ms(s->config.clock.user) / 1000;
    *out_deleted = 0;
    s->sweep_more = false;
    zks_status status = collect_expired(s, now_s, rows, &count);
    if (!status && !count) {
        sqlite3_stmt *q = zks__sqlite_use(s, ZKS_SQL_FLOOR_DUE);
        sqlite3_bind_int64(q, 1, now_s);
        floors = sqlite3_step(q) == SQLITE_ROW;
        sqlite3_reset(q);
    }
    if (status || (!count && !floors)) {
        return status; /* the usual case: nothing is written */
    }
    status = zks__sqlite_begin(s);
    if (!status && floors) {
        status = collect_floor(s, now_s, rows, &count, &floors);
    }
    for (size_t i = 0; i < count && !status; i++) {
        status = delete_due(s, &rows[i]);
    }
    if (status) {
        zks__sqlite_rollback(s);
        return status;
    }
    status = zks__sqlite_commit(s);
    if (!status) {
        *out_deleted = count;
        s->sweep_more = floors || count == ZKS_SQLITE_SWEEP_ROWS;
    }
    return status;
}
