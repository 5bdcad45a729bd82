/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The SQLite store's file: schema, statements, transactions. */
#include "relay/core/sqlite_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * Blobs lie in the order of their arrival, whatever their group (seq): appending touches one page,
 * not one per group. Three small indexes: the feed of a group (size is in it so that pending bytes
 * are counted without reading blobs), the key that makes pushes idempotent (a device row belongs to
 * one group), and the time when a blob is due. sum ties cursor, times and blob_id of a row
 * together; blob_id itself is a hash of the bytes.
 */
static const char schema[] =
    "CREATE TABLE meta(key TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE groups(id INTEGER PRIMARY KEY, group_id BLOB NOT NULL UNIQUE, last INTEGER NOT "
    "NULL,"
    " bytes INTEGER NOT NULL, blobs INTEGER NOT NULL, floor INTEGER NOT NULL);"
    "CREATE TABLE records(grp INTEGER NOT NULL, n INTEGER NOT NULL, bytes BLOB NOT NULL, PRIMARY "
    "KEY(grp, n));"
    "CREATE TABLE devices(id INTEGER PRIMARY KEY, grp INTEGER NOT NULL, device BLOB NOT NULL, "
    "acked INTEGER NOT NULL,"
    " seen INTEGER NOT NULL, own_last BLOB NOT NULL);"
    "CREATE UNIQUE INDEX device_of ON devices(grp, device);"
    "CREATE TABLE blobs(seq INTEGER PRIMARY KEY, grp INTEGER NOT NULL, cursor INTEGER NOT NULL,"
    " device INTEGER NOT NULL, blob_id BLOB NOT NULL, time_ms INTEGER NOT NULL, expires_s INTEGER "
    "NOT NULL,"
    " sum INTEGER NOT NULL, size INTEGER NOT NULL, blob BLOB NOT NULL);"
    "CREATE INDEX feed ON blobs(grp, cursor, size);"
    "CREATE UNIQUE INDEX pushed ON blobs(device, blob_id);"
    "CREATE INDEX due ON blobs(expires_s);"
    "CREATE TABLE floors(grp INTEGER NOT NULL, at_s INTEGER NOT NULL, cursor INTEGER NOT NULL, "
    "PRIMARY KEY(at_s, grp))"
    " WITHOUT ROWID;";

static const char *const sql[ZKS_SQL_COUNT_] = {
    [ZKS_SQL_BEGIN] = "BEGIN IMMEDIATE",
    [ZKS_SQL_COMMIT] = "COMMIT",
    [ZKS_SQL_ROLLBACK] = "ROLLBACK",
    [ZKS_SQL_GROUP_FIND] = "SELECT id, last, bytes, blobs, floor FROM groups WHERE group_id = ?1",
    [ZKS_SQL_GROUP_ADD] =
        "INSERT INTO groups(group_id, last, bytes, blobs, floor) VALUES(?1, 0, 0, 0, 0)",
    [ZKS_SQL_GROUP_SAVE] =
        "UPDATE groups SET last = ?2, bytes = ?3, blobs = ?4, floor = ?5 WHERE id = ?1",
    [ZKS_SQL_GROUPS_COUNT] = "SELECT count(*) FROM groups",
    [ZKS_SQL_RECORD_ADD] =
        ("INSERT INTO records(grp, n, bytes) SELECT ?1, (SELECT coalesce(max(n), 0) + 1 FROM "
         "records"
         " WHERE grp = ?1), ?2 WHERE NOT EXISTS(SELECT 1 FROM records WHERE grp = ?1 AND bytes = "
         "?2)"),
    [ZKS_SQL_RECORDS] = "SELECT bytes FROM records WHERE grp = ?1 ORDER BY n",
    [ZKS_SQL_DEVICES] =
        "SELECT id, device, acked, seen, own_last FROM devices WHERE grp = ?1 ORDER BY id",
    [ZKS_SQL_DEVICE_ADD] =
        "INSERT INTO devices(grp, device, acked, seen, own_last) VALUES(?1, ?2, ?3, ?4, ?5)",
    [ZKS_SQL_DEVICE_SAVE] = "UPDATE devices SET acked = ?2, seen = ?3, own_last = ?4 WHERE id = ?1",
    [ZKS_SQL_BLOB_ADD] = ("INSERT OR IGNORE INTO blobs(seq, grp, cursor, device, blob_id, time_ms, "
                          "expires_s, sum, size,"
                          " blob) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)"),
    [ZKS_SQL_BLOB_FIND] =
        ("SELECT seq, grp, cursor, time_ms, expires_s, size FROM blobs WHERE device = ?1"
         " AND blob_id = ?2"),
    [ZKS_SQL_BLOB_AFTER] =
        ("SELECT cursor, device, blob_id, time_ms, expires_s, sum, blob FROM blobs INDEXED BY feed"
         " WHERE grp = ?1 AND cursor > ?2 ORDER BY cursor"),
    [ZKS_SQL_BLOB_DELETE] = "DELETE FROM blobs WHERE seq = ?1",
    [ZKS_SQL_BLOB_LAST] = "SELECT max(cursor) FROM blobs WHERE grp = ?1",
    [ZKS_SQL_SEQ_LAST] = "SELECT coalesce(max(seq), 0) FROM blobs",
    [ZKS_SQL_SURVEY] =
        ("SELECT count(*), coalesce(sum(size), 0) FROM (SELECT size FROM blobs INDEXED BY feed"
         " WHERE grp = ?1 AND cursor > ?2 LIMIT ?3)"),
    [ZKS_SQL_FLOOR_ADD] = "INSERT OR REPLACE INTO floors(at_s, grp, cursor) VALUES(?1, ?2, ?3)",
    [ZKS_SQL_FLOOR_DUE] =
        "SELECT at_s, grp, cursor FROM floors WHERE at_s <= ?1 ORDER BY at_s LIMIT 1",
    [ZKS_SQL_FLOOR_BLOBS] =
        "SELECT seq, grp, size FROM blobs INDEXED BY feed WHERE grp = ?1 AND cursor <= ?2 LIMIT ?3",
    [ZKS_SQL_FLOOR_DELETE] = "DELETE FROM floors WHERE at_s = ?1 AND grp = ?2",
    [ZKS_SQL_EXPIRED] =
        "SELECT seq, grp, size FROM blobs INDEXED BY due WHERE expires_s <= ?1 LIMIT ?2",
    [ZKS_SQL_GROUP_BY_ROW] = "SELECT last, bytes, blobs, floor FROM groups WHERE id = ?1",
    [ZKS_SQL_GROUP_SHRINK] =
        "UPDATE groups SET bytes = max(bytes - ?2, 0), blobs = max(blobs - ?3, 0) WHERE id = ?1",
};

zks_status zks__sqlite_status(int rc)
{
    switch (rc & 0xff) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE:
        return ZKS_OK;
    case SQLITE_NOMEM:
        return ZKS_E_NOMEM;
    case SQLITE_FULL:
        return ZKS_E_RELAY_STORAGE_FULL;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_CONSTRAINT: /* our rows break no constraint: the file does */
    case SQLITE_MISMATCH:
    case SQLITE_ERROR: /* our statements are right, so a table or an index is missing */
        return ZKS_E_STORE_CORRUPT;
    case SQLITE_READONLY:
    case SQLITE_PERM:
        return ZKS_E_STORE_READONLY;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return ZKS_E_STORE_BUSY;
    case SQLITE_CANTOPEN:
        return ZKS_E_STORE_PATH;
    default:
        return ZKS_E_STORE_IO;
    }
}

/* --- statements --- */

sqlite3_stmt *zks__sqlite_use(zks__sqlite_store *s, zks__sqlite_statement which)
{
    sqlite3_stmt *statement = s->statements[which];
    sqlite3_reset(statement);
    return statement;
}

zks_status zks__sqlite_run(zks__sqlite_store *s, sqlite3_stmt *statement)
{
    (void)s;
    int rc = sqlite3_step(statement);
    int reset = sqlite3_reset(statement);
    return zks__sqlite_status(reset ? reset : rc);
}

static zks_status prepare(zks__sqlite_store *s)
{
    for (size_t i = 0; i < ZKS_SQL_COUNT_; i++) {
        int rc = sqlite3_prepare_v3(s->db, sql[i], -1, SQLITE_PREPARE_PERSISTENT, &s->statements[i],
                                    NULL);
        if (rc) {
            return zks__sqlite_status(rc);
        }
    }
    return ZKS_OK;
}

/* --- transactions --- */

zks_status zks__sqlite_begin(zks__sqlite_store *s)
{
    s->saved_seq = s->next_seq;
    s->saved_group_count = s->group_count;
    return zks__sqlite_run(s, zks__sqlite_use(s, ZKS_SQL_BEGIN));
}

zks_status zks__sqlite_commit(zks__sqlite_store *s)
{
    zks_status status = zks__sqlite_groups_save(s);
    if (!status) {
        status = zks__sqlite_run(s, zks__sqlite_use(s, ZKS_SQL_COMMIT));
    }
    if (status) {
        zks__sqlite_rollback(s);
    } else {
        zks__sqlite_groups_committed(s);
    }
    return status;
}

void zks__sqlite_rollback(zks__sqlite_store *s)
{
    if (!sqlite3_get_autocommit(s->db)) {
        sqlite3_step(zks__sqlite_use(s, ZKS_SQL_ROLLBACK));
        sqlite3_reset(s->statements[ZKS_SQL_ROLLBACK]);
    }
    s->next_seq = s->saved_seq;
    s->group_count = s->saved_group_count;
    zks__sqlite_groups_rolled_back(s);
}

void zks__sqlite_checkpoint(zks__sqlite_store *s, bool all)
{
    int rc = sqlite3_wal_checkpoint_v2(
        s->db, NULL, all ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    if (rc) {
        zks__log_write(s->config.log, ZKS_LOG_LEVEL_WARN, "store.checkpoint status=%d sqlite=%d",
                       (int)zks__sqlite_status(rc), rc);
    }
    s->frames = 0;
}

static int on_wal(void *user, sqlite3 *db, const char *name, int frames)
{
    zks__sqlite_store *s = user;
    (void)db, (void)name;
    s->frames = frames;
    return SQLITE_OK;
}

/* --- opening --- */

static zks_status execute(zks__sqlite_store *s, const char *text)
{
    return zks__sqlite_status(sqlite3_exec(s->db, text, NULL, NULL, NULL));
}

static zks_status get_number(zks__sqlite_store *s, const char *text, int64_t *out)
{
    sqlite3_stmt *statement = NULL;
    int rc = sqlite3_prepare_v2(s->db, text, -1, &statement, NULL);
    if (!rc) {
        rc = sqlite3_step(statement);
        if (rc == SQLITE_ROW) {
            *out = sqlite3_column_int64(statement, 0);
        } else if (rc == SQLITE_DONE) {
            rc = SQLITE_CORRUPT;
        }
    }
    sqlite3_finalize(statement);
    return zks__sqlite_status(rc);
}

static zks_status pragmas(zks__sqlite_store *s)
{
    char text[512];
    long long pages = (long long)(s->config.disk_limit / ZKS_SQLITE_PAGE_BYTES);
    snprintf(text, sizeof text,
             "PRAGMA page_size=%d; PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL; PRAGMA "
             "synchronous=FULL;"
             "PRAGMA wal_autocheckpoint=0; PRAGMA cache_size=-%d; PRAGMA temp_store=MEMORY; PRAGMA "
             "trusted_schema=OFF;"
             "PRAGMA cell_size_check=ON; PRAGMA max_page_count=%lld;",
             ZKS_SQLITE_PAGE_BYTES, ZKS_SQLITE_CACHE_KIB, pages < 64 ? 64 : pages);
    return execute(s, text);
}

static zks_status create(zks__sqlite_store *s)
{
    char text[128];
    s->config.rng.fill(s->base.incarnation, sizeof s->base.incarnation, s->config.rng.user);
    zks_status status = execute(s, "BEGIN IMMEDIATE");
    if (!status) {
        status = execute(s, schema);
    }
    if (!status) {
        snprintf(text, sizeof text, "PRAGMA application_id=%d; PRAGMA user_version=%d;",
                 ZKS_SQLITE_APPLICATION_ID, ZKS_SQLITE_SCHEMA_VERSION);
        status = execute(s, text);
    }
    sqlite3_stmt *statement = NULL;
    if (!status) {
        status = zks__sqlite_status(sqlite3_prepare_v2(
            s->db, "INSERT INTO meta VALUES('incarnation', ?1)", -1, &statement, NULL));
    }
    if (!status) {
        sqlite3_bind_blob(statement, 1, s->base.incarnation, sizeof s->base.incarnation,
                          SQLITE_STATIC);
        status = zks__sqlite_run(s, statement);
    }
    sqlite3_finalize(statement);
    return status ? status : execute(s, "COMMIT");
}

static zks_status load_incarnation(zks__sqlite_store *s)
{
    sqlite3_stmt *statement = NULL;
    int rc = sqlite3_prepare_v2(s->db, "SELECT value FROM meta WHERE key = 'incarnation'", -1,
                                &statement, NULL);
    if (!rc) {
        rc = sqlite3_step(statement);
        bool good = rc == SQLITE_ROW && sqlite3_column_bytes(statement, 0) == ZKS_INCARNATION_BYTES;
        if (good) {
            memcpy(s->base.incarnation, sqlite3_column_blob(statement, 0), ZKS_INCARNATION_BYTES);
        } else if (rc == SQLITE_ROW || rc == SQLITE_DONE) {
            rc = SQLITE_CORRUPT;
        }
    }
    sqlite3_finalize(statement);
    return zks__sqlite_status(rc);
}

/* A small database is verified as a whole; in a large one damage is met where it is read. */
static zks_status verify(zks__sqlite_store *s)
{
    int64_t pages = 0;
    zks_status status = get_number(s, "PRAGMA page_count", &pages);
    if (status || pages * ZKS_SQLITE_PAGE_BYTES > ZKS_SQLITE_CHECK_BYTES) {
        return status;
    }
    sqlite3_stmt *statement = NULL;
    int rc = sqlite3_prepare_v2(s->db, "PRAGMA integrity_check(1)", -1, &statement, NULL);
    if (!rc) {
        rc = sqlite3_step(statement);
        const char *text = rc == SQLITE_ROW ? (const char *)sqlite3_column_text(statement, 0)
                                            : NULL;
        if (rc == SQLITE_ROW && (!text || strcmp(text, "ok") != 0)) {
            rc = SQLITE_CORRUPT;
        }
    }
    sqlite3_finalize(statement);
    return zks__sqlite_status(rc);
}

static zks_status load(zks__sqlite_store *s)
{
    int64_t application = 0;
    int64_t version = 0;
    int64_t tables = 0;
    zks_status status = get_number(s, "PRAGMA application_id", &application);
    if (!status) {
        status = get_number(s, "PRAGMA user_version", &version);
    }
    if (!status) {
        status = get_number(s, "SELECT count(*) FROM sqlite_schema", &tables);
    }
    if (status) {
        return status;
    }
    if (application == 0 && version == 0 && tables == 0) {
        return create(s);
    }
    if (application != ZKS_SQLITE_APPLICATION_ID) {
        return ZKS_E_STORE_CORRUPT;
    }
    if (version != ZKS_SQLITE_SCHEMA_VERSION) {
        return version > ZKS_SQLITE_SCHEMA_VERSION ? ZKS_E_STORE_VERSION : ZKS_E_STORE_CORRUPT;
    }
    status = verify(s);
    return status ? status : load_incarnation(s);
}

static void describe(const zks__sqlite_store *s, zks_status status, long pid, char *problem)
{
    const char *text = "reading or writing it failed: check the disk";
    char holder[64];
    switch (status) {
    case ZKS_E_STORE_BUSY:
        snprintf(holder, sizeof holder,
                 "process %ld uses it: stop that relay or choose another folder", pid);
        text = holder;
        break;
    case ZKS_E_STORE_CORRUPT:
        text = "relay.db is damaged: restore a backup, or move it away to start empty (devices "
               "send again what they keep)";
        break;
    case ZKS_E_STORE_VERSION:
        text = "it was written by a newer zks-relay: install that version";
        break;
    case ZKS_E_STORE_READONLY:
        text = "it cannot be written: check its owner and permissions";
        break;
    case ZKS_E_STORE_FULL:
    case ZKS_E_RELAY_STORAGE_FULL:
        text = "no space is left on its disk: make room";
        break;
    case ZKS_E_STORE_PATH:
        text = "it cannot be made or opened there: check the path";
        break;
    case ZKS_E_NOMEM:
        text = "there is no memory";
        break;
    default:
        break;
    }
    snprintf(problem, ZKS_RSTORE_PROBLEM_BYTES, "data folder '%.100s': %s", s->folder, text);
}

static zks_status folder_make(const char *folder)
{
    if (mkdir(folder, 0700) == 0 || errno == EEXIST) {
        return ZKS_OK;
    }
    return errno == EACCES || errno == EROFS || errno == EPERM ? ZKS_E_STORE_READONLY
           : errno == ENOSPC                                   ? ZKS_E_STORE_FULL
                                                               : ZKS_E_STORE_PATH;
}

static zks_status open_file(zks__sqlite_store *s)
{
    char path[PATH_MAX];
    int n = snprintf(path, sizeof path, "%s/relay.db", s->folder);
    if (n < 0 || (size_t)n >= sizeof path) {
        return ZKS_E_STORE_PATH;
    }
    /* SQLite would make it readable by others */
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) {
        return errno == EACCES || errno == EROFS || errno == EPERM ? ZKS_E_STORE_READONLY
                                                                   : ZKS_E_STORE_PATH;
    }
    close(fd);
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX |
                SQLITE_OPEN_PRIVATECACHE;
    zks_status status = zks__sqlite_status(sqlite3_open_v2(path, &s->db, flags, NULL));
    if (!status) {
        status = pragmas(s);
    }
    if (!status) {
        status = load(s);
    }
    if (!status) {
        status = prepare(s);
    }
    return status;
}

zks_status zks__sqlite_open(zks__sqlite_store *s, char *problem)
{
    long pid = 0;
    zks_status status = folder_make(s->folder);
    if (!status) {
        status = zks__folder_lock_take(s->folder, &s->lock, &pid);
    }
    if (!status) {
        status = open_file(s);
    }
    int64_t groups = 0;
    if (!status) {
        status = get_number(s, sql[ZKS_SQL_GROUPS_COUNT], &groups);
    }
    if (!status) {
        status = get_number(s, sql[ZKS_SQL_SEQ_LAST], &s->next_seq);
    }
    if (status) {
        status = status == ZKS_E_RELAY_STORAGE_FULL ? ZKS_E_STORE_FULL : status;
        describe(s, status, pid, problem);
        return status;
    }
    s->next_seq++;
    s->group_count = (uint32_t)groups;
    s->cursor_start = (uint64_t)(s->config.clock.unix_ms(s->config.clock.user) / 1000)
                      << ZKS_SQLITE_CURSOR_BITS;
    sqlite3_wal_hook(s->db, on_wal, s);
    return ZKS_OK;
}

void zks__sqlite_shut(zks__sqlite_store *s)
{
    for (size_t i = 0; i < ZKS_SQL_COUNT_; i++) {
        sqlite3_finalize(s->statements[i]);
        s->statements[i] = NULL;
    }
    sqlite3_close(s->db); /* copies the log into the database and removes it */
    s->db = NULL;
    zks__folder_lock_release(&s->lock);
}
