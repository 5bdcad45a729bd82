/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Stores on a disk that is full for one commit, chosen by a statement of its transaction. The
 * commit stands still until the test lets it fail, so that what is to happen meanwhile has
 * happened. SQLite's own files and commits: a VFS below the store's refuses the writes to the log.
 * Stores in memory are left alone. Header only.
 */
#ifndef ZKS_TESTS_CLIENT_FAILING_COMMIT_H
#define ZKS_TESTS_CLIENT_FAILING_COMMIT_H

#include "tests/unit/client/device.h"

#include <pthread.h>
#include <sqlite3.h>
#include <time.h>

typedef enum commit_phase {
    COMMIT_OFF = 0,
    COMMIT_CHOSEN,  /* a transaction with this statement is to come */
    COMMIT_RUNNING, /* it runs */
    COMMIT_HELD,    /* its commit waits */
    COMMIT_FAILS,   /* nothing can be written until the next transaction */
    COMMIT_FAILED
} commit_phase;

static struct {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    commit_phase phase;
    bool released;
    char statement[64];
} failing = {.mutex = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

/* With the mutex; false: the deadline has passed. */
static inline bool commit_wait(const bool *flag, commit_phase phase)
{
    struct timespec end;
    clock_gettime(CLOCK_REALTIME, &end);
    end.tv_sec += DEVICE_WAIT_MS / 1000;
    int error = 0;
    while (!error && !(flag ? *flag : failing.phase >= phase)) {
        error = pthread_cond_timedwait(&failing.changed, &failing.mutex, &end);
    }
    return !error;
}

static inline void commit_enter(commit_phase phase)
{
    failing.phase = phase;
    pthread_cond_broadcast(&failing.changed);
}

/* Each statement as it begins, on the thread that runs it. */
static inline int commit_trace(unsigned kind, void *user, void *statement, void *text)
{
    (void)kind, (void)user, (void)statement;
    const char *sql = text;
    pthread_mutex_lock(&failing.mutex);
    if (failing.phase == COMMIT_CHOSEN && strstr(sql, failing.statement)) {
        commit_enter(COMMIT_RUNNING);
    } else if (failing.phase == COMMIT_RUNNING && strncmp(sql, "COMMIT", 6) == 0) {
        commit_enter(COMMIT_HELD);
        (void)commit_wait(&failing.released, COMMIT_OFF); /* else the test fails at its deadline */
        commit_enter(COMMIT_FAILS);
    } else if (failing.phase == COMMIT_FAILS && strncmp(sql, "BEGIN", 5) == 0) {
        commit_enter(COMMIT_FAILED);
    }
    pthread_mutex_unlock(&failing.mutex);
    return 0;
}

static inline int commit_watch(sqlite3 *db, char **out_error, const void *api)
{
    (void)out_error, (void)api;
    const char *file = sqlite3_db_filename(db, "main");
    return file && file[0] ? sqlite3_trace_v2(db, SQLITE_TRACE_STMT, commit_trace, NULL)
                           : SQLITE_OK;
}

/* --- the files --- */

typedef struct full_file {
    sqlite3_io_methods methods;
    const sqlite3_io_methods *real;
} full_file;

static sqlite3_vfs full_vfs, *real_vfs;

static inline full_file *full_of(sqlite3_file *f)
{
    return (full_file *)(void *)((char *)f + real_vfs->szOsFile);
}

static inline int full_write(sqlite3_file *f, const void *data, int length, sqlite3_int64 offset)
{
    pthread_mutex_lock(&failing.mutex);
    bool fails = failing.phase == COMMIT_FAILS;
    pthread_mutex_unlock(&failing.mutex);
    return fails ? SQLITE_FULL : full_of(f)->real->xWrite(f, data, length, offset);
}

/* The real file stays where SQLite expects it, with one method that is ours. */
static inline int full_open(sqlite3_vfs *v, const char *name, sqlite3_file *f, int flags,
                            int *out_flags)
{
    (void)v;
    int rc = real_vfs->xOpen(real_vfs, name, f, flags, out_flags);
    if (rc == SQLITE_OK && flags & SQLITE_OPEN_WAL) {
        full_file *w = full_of(f);
        w->real = f->pMethods;
        w->methods = *f->pMethods;
        w->methods.xWrite = full_write;
        f->pMethods = &w->methods;
    }
    return rc;
}

/* --- what tests call --- */

/* Before the first store is opened; again in the same process is fine. */
static inline void commit_setup(void)
{
    if (!real_vfs) {
        real_vfs = sqlite3_vfs_find(NULL);
        full_vfs = *real_vfs;
        full_vfs.zName = "full";
        full_vfs.szOsFile += (int)sizeof(full_file);
        full_vfs.xOpen = full_open;
        ck_assert_int_eq(sqlite3_vfs_register(&full_vfs, 1), SQLITE_OK);
        ck_assert_int_eq(sqlite3_auto_extension((void (*)(void))commit_watch), SQLITE_OK);
    }
    failing.phase = COMMIT_OFF;
    failing.released = false;
}

/* The next transaction with a statement that has this text in it fails at its commit. */
static inline void commit_choose(const char *statement)
{
    pthread_mutex_lock(&failing.mutex);
    snprintf(failing.statement, sizeof failing.statement, "%s", statement);
    failing.released = false;
    commit_enter(COMMIT_CHOSEN);
    pthread_mutex_unlock(&failing.mutex);
}

/* Until it has come so far; false at the deadline. Any thread. */
static inline bool commit_reached(commit_phase phase)
{
    pthread_mutex_lock(&failing.mutex);
    bool reached = commit_wait(NULL, phase);
    pthread_mutex_unlock(&failing.mutex);
    return reached;
}

/* Lets it fail. Any thread. */
static inline void commit_release(void)
{
    pthread_mutex_lock(&failing.mutex);
    failing.released = true;
    pthread_cond_broadcast(&failing.changed);
    pthread_mutex_unlock(&failing.mutex);
}

#endif
