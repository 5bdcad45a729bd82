/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "store/sql.h"

#include "store/private.h"

#include <errno.h>
#include <string.h>

static zks_status status_of(sqlite3 *db, int rc)
{
    switch (rc & 0xff) {
    case SQLITE_FULL:
        return ZKS_E_STORE_FULL;
    case SQLITE_READONLY:
    case SQLITE_PERM:
        return ZKS_E_STORE_READONLY;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_FORMAT:
        return ZKS_E_STORE_CORRUPT;
    case SQLITE_NOMEM:
        return ZKS_E_NOMEM;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return ZKS_E_STORE_BUSY;
    case SQLITE_IOERR:
        if (rc == SQLITE_IOERR_NOMEM) {
            return ZKS_E_NOMEM;
        }
        if (rc == SQLITE_IOERR_CORRUPTFS) {
            return ZKS_E_STORE_CORRUPT;
        }
        /* A quota, or no room for what is synced: unix reports these as I/O errors. */
        return zks__lock_status(sqlite3_system_errno(db)) == ZKS_E_STORE_FULL ? ZKS_E_STORE_FULL
                                                                              : ZKS_E_STORE_IO;
    case SQLITE_CANTOPEN: {
        zks_status status = zks__lock_status(sqlite3_system_errno(db));
        return status == ZKS_E_STORE_PATH ? ZKS_E_STORE_IO : status;
    }
    case SQLITE_TOOBIG:
        return ZKS_E_TOO_LARGE;
    default:
        return ZKS_E_INTERNAL;
    }
}

zks_status zks__sql_fail(zks__store *s, int rc)
{
    zks_status status = status_of(s->db, rc);
    zks__store_explain(status, s->path, s->problem);
    if (status == ZKS_E_INTERNAL) {
        zks__store_refuse(s, status,
                          "The store met a defect of this library (SQLite %d: %s): report it.", rc,
                          sqlite3_errmsg(s->db));
    }
    zks__log_write(s->log, ZKS_LOG_LEVEL_WARN, "store_failed status=%d sqlite=%d errno=%d", status,
                   rc, sqlite3_system_errno(s->db));
    return status;
}

static void query_fail(zks__query *q, int rc)
{
    if (q->status == ZKS_OK) {
        q->status = zks__sql_fail(q->s, rc);
    }
}

zks__query zks__query_of(zks__store *s, zks__query_id id, const char *sql)
{
    zks__query q = {.s = s, .id = id, .cached = !s->in_use[id]};
    sqlite3_stmt **slot = &s->statements[id];
    if (q.cached && *slot) {
        q.stmt = *slot;
        s->in_use[id] = true;
        return q;
    }
    unsigned flags = q.cached ? SQLITE_PREPARE_PERSISTENT : 0;
    int rc = sqlite3_prepare_v3(s->db, sql, -1, flags, &q.stmt, NULL);
    if (rc != SQLITE_OK) {
        query_fail(&q, rc);
        return q;
    }
    if (q.cached) {
        *slot = q.stmt;
        s->in_use[id] = true;
    }
    return q;
}

void zks__bind_i64(zks__query *q, int64_t v)
{
    if (q->status == ZKS_OK) {
        int rc = sqlite3_bind_int64(q->stmt, ++q->bound, v);
        if (rc != SQLITE_OK) {
            query_fail(q, rc);
        }
    }
}

void zks__bind_u64(zks__query *q, uint64_t v)
{
    zks__bind_i64(q, (int64_t)v);
}

void zks__bind_blob(zks__query *q, const void *data, size_t length)
{
    if (q->status == ZKS_OK) {
        int rc = sqlite3_bind_blob64(q->stmt, ++q->bound, data ? data : "", length, SQLITE_STATIC);
        if (rc != SQLITE_OK) {
            query_fail(q, rc);
        }
    }
}

void zks__bind_text(zks__query *q, const char *text)
{
    if (q->status == ZKS_OK) {
        int rc = sqlite3_bind_text(q->stmt, ++q->bound, text, -1, SQLITE_STATIC);
        if (rc != SQLITE_OK) {
            query_fail(q, rc);
        }
    }
}

int zks__query_step(zks__query *q)
{
    if (q->status != ZKS_OK) {
        return 0;
    }
    int rc = sqlite3_step(q->stmt);
    if (rc == SQLITE_ROW) {
        return 1;
    }
    if (rc != SQLITE_DONE) {
        query_fail(q, rc);
    }
    return 0;
}

zks_status zks__query_end(zks__query *q)
{
    if (q->stmt && q->cached) {
        sqlite3_reset(q->stmt); /* repeats the failure of the last step, which is known */
        sqlite3_clear_bindings(q->stmt);
        q->s->in_use[q->id] = false;
    } else if (q->stmt) {
        sqlite3_finalize(q->stmt);
    }
    q->stmt = NULL;
    if (q->status != ZKS_OK && q->s->in_transaction && q->s->failed == ZKS_OK) {
        q->s->failed = q->status;
    }
    return q->status;
}

zks_status zks__query_run(zks__query *q)
{
    zks__query_step(q);
    return zks__query_end(q);
}

int64_t zks__column_i64(zks__query *q, int i)
{
    return sqlite3_column_int64(q->stmt, i);
}

uint64_t zks__column_u64(zks__query *q, int i)
{
    return (uint64_t)sqlite3_column_int64(q->stmt, i);
}

zks__slice zks__column_slice(zks__query *q, int i)
{
    static const uint8_t nothing;
    const void *data = sqlite3_column_blob(q->stmt, i);
    int length = sqlite3_column_bytes(q->stmt, i);
    if (!data && sqlite3_errcode(q->s->db) == SQLITE_NOMEM) {
        query_fail(q, SQLITE_NOMEM);
    }
    return (zks__slice){data && length > 0 ? data : &nothing, data ? (size_t)length : 0};
}

void zks__column_copy(zks__query *q, int i, void *out, size_t length)
{
    zks__slice value = zks__column_slice(q, i);
    if (q->status == ZKS_OK && value.length != length) {
        query_fail(q, SQLITE_CORRUPT);
    }
    if (q->status == ZKS_OK) {
        memcpy(out, value.data, length);
    }
}

void zks__column_text(zks__query *q, int i, char *out, size_t size)
{
    zks__slice value = zks__column_slice(q, i);
    if (q->status == ZKS_OK && value.length >= size) {
        query_fail(q, SQLITE_CORRUPT);
    }
    if (q->status == ZKS_OK) {
        memcpy(out, value.data, value.length);
        out[value.length] = 0;
    }
}

zks_status zks__sql_exec(zks__store *s, const char *sql)
{
    int rc = sqlite3_exec(s->db, sql, NULL, NULL, NULL);
    return rc == SQLITE_OK ? ZKS_OK : zks__sql_fail(s, rc);
}

zks_status zks__sql_number(zks__store *s, const char *sql, int64_t *out)
{
    sqlite3_stmt *stmt = NULL;
    int rc = sqlite3_prepare_v2(s->db, sql, -1, &stmt, NULL);
    if (rc == SQLITE_OK) {
        rc = sqlite3_step(stmt);
    }
    if (rc == SQLITE_ROW) {
        *out = sqlite3_column_int64(stmt, 0);
    }
    zks_status status = ZKS_OK;
    if (rc != SQLITE_ROW) {
        status = rc == SQLITE_DONE ? ZKS_E_NOT_FOUND : zks__sql_fail(s, rc);
    }
    sqlite3_finalize(stmt);
    return status;
}

void zks__sql_finalize_all(zks__store *s)
{
    for (size_t i = 0; i < ZKS_Q_COUNT; i++) {
        sqlite3_finalize(s->statements[i]);
        s->statements[i] = NULL;
    }
}
