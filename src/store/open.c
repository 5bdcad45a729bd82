/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Opening, closing, transactions, and the sentences for people. */
#include "store/private.h"

#include "base/alloc.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- sentences ------------------------------------------------------------------ */

zks_status zks__store_refuse(zks__store *s, zks_status status, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(s->problem, sizeof s->problem, format, arguments);
    va_end(arguments);
    return status;
}

/* A long path would push the cure out of the sentence: its end says most. */
static const char *path_end(const char *path, const char **out_dots)
{
    enum { SHOWN = 200 };
    size_t length = path ? strlen(path) : 0;
    *out_dots = length > SHOWN ? "..." : "";
    return length > SHOWN ? path + (length - SHOWN) : path ? path : "in memory";
}

static const char *sentence_of(zks_status status)
{
    switch (status) {
    case ZKS_E_STORE_FULL:
        return "There is no space left for the store (%s%s): free some on its disk or raise the "
               "quota, "
               "then try again; nothing was lost.";
    case ZKS_E_STORE_READONLY:
        return "The store (%s%s) or its folder cannot be written: give this user write permission "
               "on "
               "both, or choose another path.";
    case ZKS_E_STORE_CORRUPT:
        return "The store (%s%s) is damaged: move it away and restore a backup, or join the group "
               "again with a new store.";
    case ZKS_E_STORE_IO:
        return "Reading or writing the store (%s%s) failed: look at the disk and the system's log, "
               "then open it again.";
    case ZKS_E_STORE_PATH:
        return "The store cannot be at %s%s: name a file in a folder that exists.";
    case ZKS_E_STORE_BUSY:
        return "The store (%s%s) is in use by another program: end that one, or use another store.";
    case ZKS_E_SYSTEM:
        return "The system has no file descriptors left for the store (%s%s): raise the limit "
               "(ulimit -n) or close something.";
    case ZKS_E_NOMEM:
        return "There was no memory for work on the store (%s%s): nothing was changed; free some "
               "memory and try again.";
    default:
        return "The store (%s%s) refused the call: see the status.";
    }
}

void zks__store_explain(zks_status status, const char *path, char problem[ZKS_STORE_PROBLEM_BYTES])
{
    const char *dots;
    const char *end = path_end(path, &dots);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    snprintf(problem, ZKS_STORE_PROBLEM_BYTES, sentence_of(status), dots, end);
#pragma GCC diagnostic pop
}

static void explain_busy(const char *path, pid_t pid, char problem[ZKS_STORE_PROBLEM_BYTES])
{
    const char *dots;
    const char *end = path_end(path, &dots);
    if (pid == 0) {
        zks__store_explain(ZKS_E_STORE_BUSY, path, problem);
    } else if (pid == getpid()) {
        snprintf(
            problem, ZKS_STORE_PROBLEM_BYTES,
            "The store (%s%s) is open in this process (%ld) already: use that client, or close it "
            "first.",
            dots, end, (long)pid);
    } else if (kill(pid, 0) != 0 && errno == ESRCH) {
        snprintf(
            problem, ZKS_STORE_PROBLEM_BYTES,
            "The store (%s%s) is still held by a child of process %ld, which has ended: end that "
            "child, or use another store.",
            dots, end, (long)pid);
    } else {
        snprintf(problem, ZKS_STORE_PROBLEM_BYTES,
                 "The store (%s%s) is in use by process %ld: end it, or use another store.", dots,
                 end, (long)pid);
    }
}

const char *zks__store_problem(const zks__store *s)
{
    return s->problem;
}

/* --- the file ------------------------------------------------------------------- */

/* Links resolved, so that two names of one store meet at one lock. The file itself may be
 * missing. */
static zks_status resolve(const char *path, char **out)
{
    char whole[PATH_MAX], folder[PATH_MAX];
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    size_t length = slash ? (size_t)(slash - path) : 0;
    struct stat st;
    if (realpath(path, whole)) {
        if (stat(whole, &st) == 0 && !S_ISREG(st.st_mode)) {
            return ZKS_E_STORE_PATH; /* before a lock file appears beside it */
        }
        *out = zks__strdup(whole);
        return *out ? ZKS_OK : ZKS_E_NOMEM;
    }
    if (errno != ENOENT || !*name || length >= sizeof folder) {
        return zks__lock_status(errno == ENOENT ? ENAMETOOLONG : errno);
    }
    memcpy(folder, path, length);
    folder[length] = 0;
    if (!realpath(slash == path ? "/" : slash ? folder : ".", whole)) {
        return zks__lock_status(errno);
    }
    size_t size = strlen(whole) + 1 + strlen(name) + 1;
    *out = zks__alloc(size);
    if (!*out) {
        return ZKS_E_NOMEM;
    }
    snprintf(*out, size, "%s%s%s", whole, strcmp(whole, "/") ? "/" : "", name);
    return ZKS_OK;
}

static void sync_folder(const char *path)
{
    char folder[PATH_MAX];
    const char *slash = strrchr(path, '/');
    size_t length = slash && slash != path ? (size_t)(slash - path) : 1;
    if (length < sizeof folder) {
        memcpy(folder, path, length);
        folder[length] = 0;
        int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd >= 0) {
            fsync(fd);
            close(fd);
        }
    }
}

/* Makes the file with our mode before SQLite does with its own; the WAL inherits it. Only under the
 * lock: closing a descriptor would end the locks of another connection in this process. */
static zks_status prepare_file(zks__store *s)
{
    int fd = open(s->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    bool created = fd >= 0;
    if (!created && errno == EEXIST) {
        fd = open(s->path, O_RDWR | O_CLOEXEC);
    }
    if (fd < 0) {
        return zks__lock_status(errno);
    }
    struct stat st;
    zks_status status = ZKS_OK;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        status = ZKS_E_STORE_PATH;
    } else if ((st.st_mode & 0777) != 0600) {
        if (fchmod(fd, 0600) == 0 && !created) {
            zks__log_write(s->log, ZKS_LOG_LEVEL_WARN, "store_mode_tightened was=%o",
                           (unsigned)(st.st_mode & 0777));
        }
    }
    close(fd);
    if (status == ZKS_OK && created) {
        sync_folder(s->path);
    }
    return status;
}

/*
 * WAL and synchronous=FULL: a commit is durable when it returns. locking_mode=EXCLUSIVE before the
 * WAL is touched: its index is on our heap (no -shm file), and no other program gets in even where
 * the lock file was removed. The sizes were measured (tests/bench/store.c): pages of 8192 bytes
 * (4096 are a quarter slower: more overflow pages; 16384 are not faster, since every commit
 * rewrites the last page of several trees), a checkpoint every 512 pages (4 MiB; more is not
 * faster and stalls longer). cell_size_check and trusted_schema are SQLite's advice for files that
 * may be hostile. secure_delete=FAST overwrites what is deleted within a page that is written
 * anyway; zks__store_begin_secret has the rest overwritten too.
 */
static const char pragmas[] = "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON;"
                              "PRAGMA page_size = 8192; PRAGMA locking_mode = EXCLUSIVE;"
                              "PRAGMA cache_size = -4096; PRAGMA temp_store = MEMORY;"
                              "PRAGMA synchronous = FULL; PRAGMA mmap_size = 0;"
                              "PRAGMA secure_delete = FAST;";
static const char wal_pragmas[] = "PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 512;"
                                  "PRAGMA journal_size_limit = 16777216;";

static zks_status configure(zks__store *s)
{
    sqlite3_extended_result_codes(s->db, 1);
    sqlite3_db_config(s->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(s->db, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
    sqlite3_db_config(s->db, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
    int reserve = ZKS_VFS_SUM_BYTES;
    int rc = sqlite3_file_control(s->db, "main", SQLITE_FCNTL_RESERVE_BYTES, &reserve);
    if (rc != SQLITE_OK) {
        return zks__sql_fail(s, rc);
    }
    zks_status status = zks__sql_exec(s, pragmas);
    if (status != ZKS_OK || !s->path) {
        return status;
    }
    if (sqlite3_db_readonly(s->db, "main") == 1) {
        return zks__sql_fail(s, SQLITE_READONLY);
    }
    status = zks__sql_exec(s, wal_pragmas);
    sqlite3_stmt *q = NULL;
    if (status == ZKS_OK &&
        sqlite3_prepare_v2(s->db, "PRAGMA journal_mode", -1, &q, NULL) == SQLITE_OK &&
        sqlite3_step(q) == SQLITE_ROW &&
        sqlite3_stricmp((const char *)sqlite3_column_text(q, 0), "wal") != 0) {
        status = zks__sql_fail(s, SQLITE_IOERR); /* SQLite refuses WAL without an error code */
    }
    sqlite3_finalize(q);
    return status;
}

static zks_status open_database(zks__store *s)
{
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX |
                SQLITE_OPEN_PRIVATECACHE;
    const char *vfs = NULL;
    if (s->path) {
        s->vfs = zks__vfs_new();
        if (!s->vfs) {
            zks__store_explain(ZKS_E_NOMEM, s->path, s->problem);
            return ZKS_E_NOMEM;
        }
        vfs = zks__vfs_name(s->vfs);
    }
    int rc = sqlite3_open_v2(s->path ? s->path : ":memory:", &s->db, flags, vfs);
    if (rc != SQLITE_OK) {
        return s->db ? zks__sql_fail(s, rc) : ZKS_E_NOMEM;
    }
    zks_status status = configure(s);
    return status == ZKS_OK ? zks__schema_open(s) : status;
}

/* Whether a WAL with something in it lies beside the file. */
static bool has_wal(const char *path)
{
    char name[PATH_MAX + 8];
    struct stat st;
    int n = snprintf(name, sizeof name, "%s-wal", path);
    return n > 0 && (size_t)n < sizeof name && stat(name, &st) == 0 && st.st_size > 0;
}

static zks_status open_path(zks__store *s, const char *path)
{
    pid_t pid = 0;
    zks_status status = resolve(path, &s->path);
    if (status == ZKS_OK) {
        status = zks__lock_take(s->path, &s->lock, &pid);
    }
    if (status == ZKS_E_STORE_BUSY) {
        explain_busy(s->path, pid, s->problem);
        return status;
    }
    if (status == ZKS_OK) {
        s->unclean = has_wal(s->path);
        status = prepare_file(s);
    }
    if (status != ZKS_OK) {
        zks__store_explain(status, s->path ? s->path : path, s->problem);
    }
    return status;
}

zks_status zks__store_open(const zks__store_config *config, char problem[ZKS_STORE_PROBLEM_BYTES],
                           zks__store **out_store)
{
    zks__store *s = zks__alloc_zero(1, sizeof *s);
    if (!s) {
        zks__store_explain(ZKS_E_NOMEM, config->path, problem);
        return ZKS_E_NOMEM;
    }
    s->lock.fd = -1;
    s->log = config->log;
    zks_status status = config->path ? open_path(s, config->path) : ZKS_OK;
    if (status == ZKS_OK) {
        status = open_database(s);
    }
    if (status != ZKS_OK) {
        if (!s->problem[0]) {
            zks__store_explain(status, s->path, s->problem);
        }
        memcpy(problem, s->problem, sizeof s->problem);
        zks__store_close(s);
        return status;
    }
    *out_store = s;
    return ZKS_OK;
}

void zks__store_close(zks__store *s)
{
    if (!s) {
        return;
    }
    if (s->lock.fd >= 0 && s->lock.owner != getpid()) {
        /* A forked child: SQLite's handle is the parent's and must not even be closed here. */
        zks__lock_release(&s->lock);
        return;
    }
    if (s->db) {
        zks__store_rollback(s);
        zks__sql_finalize_all(s);
        sqlite3_close(s->db); /* checkpoints and removes the WAL */
    }
    zks__vfs_free(s->vfs);
    zks__lock_release(&s->lock);
    zks__free(s->path);
    zks__free(s->cache);
    zks__free(s);
}

/* --- transactions --------------------------------------------------------------- */

zks_status zks__store_writable(zks__store *s)
{
    if (!s->in_transaction) {
        return zks__store_refuse(s, ZKS_E_STATE, "Writing needs a transaction: begin one first.");
    }
    return s->failed; /* the sentence of that failure stands still */
}

zks_status zks__store_begin(zks__store *s)
{
    if (s->in_transaction) {
        return zks__store_refuse(s, ZKS_E_STATE,
                                 "A transaction is open: commit it or roll it back first.");
    }
    zks__query q = zks__query_of(s, ZKS_Q_BEGIN, "BEGIN IMMEDIATE");
    zks_status status = zks__query_run(&q);
    if (status == ZKS_OK) {
        s->in_transaction = true;
        s->failed = ZKS_OK;
    }
    return status;
}

zks_status zks__store_erase(zks__store *s, bool fully)
{
    return zks__sql_exec(s, fully ? "PRAGMA secure_delete = ON" : "PRAGMA secure_delete = FAST");
}

zks_status zks__store_cut_wal(zks__store *s)
{
    if (!s->path) {
        return ZKS_OK;
    }
    int rc = sqlite3_wal_checkpoint_v2(s->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    return rc == SQLITE_OK ? ZKS_OK : zks__sql_fail(s, rc);
}

zks_status zks__store_begin_secret(zks__store *s)
{
    zks_status status = s->in_transaction ? zks__store_begin(s) : zks__store_erase(s, true);
    if (status == ZKS_OK) {
        status = zks__store_begin(s);
        s->erasing = status == ZKS_OK;
    }
    return status;
}

/* What is committed stays committed: a WAL that cannot be cut now is cut at the next checkpoint. */
static void end_erasing(zks__store *s, bool cut)
{
    zks_status status = s->erasing && cut ? zks__store_cut_wal(s) : ZKS_OK;
    if (status == ZKS_OK && s->erasing) {
        status = zks__store_erase(s, false);
    }
    if (status != ZKS_OK) {
        zks__log_write(s->log, ZKS_LOG_LEVEL_WARN, "store_wal_not_cut status=%d", (int)status);
    }
    s->erasing = false;
}

static void end_transaction(zks__store *s, bool keep)
{
    for (size_t i = 0; i < s->cache_count; i++) {
        zks__store_cache *c = &s->cache[i];
        if (!keep && c->added) {
            c->loaded = false;
        } else if (!keep && c->changed) {
            c->now = c->before;
        }
        c->changed = c->added = false;
    }
    s->in_transaction = false;
    s->failed = ZKS_OK;
}

zks_status zks__store_commit(zks__store *s)
{
    zks_status status = zks__store_writable(s);
    if (status != ZKS_OK) {
        return status;
    }
    zks__query q = zks__query_of(s, ZKS_Q_COMMIT, "COMMIT");
    status = zks__query_run(&q);
    if (status == ZKS_OK) {
        end_transaction(s, true);
        end_erasing(s, true);
    }
    return status;
}

void zks__store_rollback(zks__store *s)
{
    if (!s->in_transaction) {
        return;
    }
    if (!sqlite3_get_autocommit(s->db)) { /* after some failures SQLite has rolled back by itself */
        zks__query q = zks__query_of(s, ZKS_Q_ROLLBACK, "ROLLBACK");
        (void)!zks__query_run(&q);
    }
    if (!sqlite3_get_autocommit(s->db)) {
        sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
    }
    bool full = s->failed == ZKS_E_STORE_FULL;
    end_transaction(s, false);
    end_erasing(s, false);
    if (full && s->path) {
        /* The WAL's room can be had again once its pages are in the database: the next transaction,
         * perhaps one that prunes, then needs no more space. Fails where even that does not fit. */
        sqlite3_wal_checkpoint_v2(s->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    }
}
