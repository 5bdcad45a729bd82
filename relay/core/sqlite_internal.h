/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The inside of the SQLite store: what its files share. All but the queue belongs to the storage
 * thread. */
#ifndef ZKS_RELAY_CORE_SQLITE_INTERNAL_H
#define ZKS_RELAY_CORE_SQLITE_INTERNAL_H

#include "relay/core/lock.h"
#include "relay/core/sqlite_store.h"

#include "base/map.h"

#include <sqlite3.h>

enum {
    ZKS_SQLITE_APPLICATION_ID = 0x307a6b72, /* "0zkr" */
    ZKS_SQLITE_SCHEMA_VERSION = 1,
    /* 8 and 16 KiB were slower: each new key in an index writes a whole page */
    ZKS_SQLITE_PAGE_BYTES = 4096,
    ZKS_SQLITE_CACHE_KIB = 16384,
    /* Frames in the log before it is copied into the database, 32 MiB: shorter logs write the
     * same index pages more often (measured, batches of 64: 34,000 appends/s with 4 MiB, 46,000
     * with 16, 54,000 with 64), longer ones take longer to read after a crash. An idle relay
     * copies whatever there is. */
    ZKS_SQLITE_CHECKPOINT_FRAMES = 8192,
    /* databases up to this size are verified as a whole at start */
    ZKS_SQLITE_CHECK_BYTES = 4 << 20,
    ZKS_SQLITE_SWEEP_ROWS = 256, /* deleted in one transaction: about 2 ms */
    ZKS_SQLITE_SWEEP_MS = 10000, /* between two looks for what is due */
    /* cursors begin at the start's Unix seconds shifted by this */
    ZKS_SQLITE_CURSOR_BITS = 20
};

typedef enum zks__sqlite_statement {
    ZKS_SQL_BEGIN,
    ZKS_SQL_COMMIT,
    ZKS_SQL_ROLLBACK,
    ZKS_SQL_GROUP_FIND,
    ZKS_SQL_GROUP_ADD,
    ZKS_SQL_GROUP_SAVE,
    ZKS_SQL_GROUPS_COUNT,
    ZKS_SQL_RECORD_ADD,
    ZKS_SQL_RECORDS,
    ZKS_SQL_DEVICES,
    ZKS_SQL_DEVICE_ADD,
    ZKS_SQL_DEVICE_SAVE,
    ZKS_SQL_BLOB_ADD,
    ZKS_SQL_BLOB_FIND,
    ZKS_SQL_BLOB_AFTER,
    ZKS_SQL_BLOB_DELETE,
    ZKS_SQL_BLOB_LAST,
    ZKS_SQL_SEQ_LAST,
    ZKS_SQL_SURVEY,
    ZKS_SQL_FLOOR_ADD,
    ZKS_SQL_FLOOR_DUE,
    ZKS_SQL_FLOOR_BLOBS,
    ZKS_SQL_FLOOR_DELETE,
    ZKS_SQL_EXPIRED,
    ZKS_SQL_GROUP_BY_ROW,
    ZKS_SQL_GROUP_SHRINK,
    ZKS_SQL_COUNT_
} zks__sqlite_statement;

/* A device's row. `id` 0: not written yet. */
typedef struct zks__sqlite_device {
    int64_t id;
    zks__rstore_device known;
    uint8_t own_last[ZKS_BLOB_ID_BYTES];
    bool dirty;
} zks__sqlite_device;

/* What a group's row says; changed in memory during a transaction, written before its commit. */
typedef struct zks__sqlite_totals {
    uint64_t last;  /* cursor */
    uint64_t bytes; /* of blobs */
    uint64_t blobs;
    uint64_t floor; /* acknowledged by all current members */
} zks__sqlite_totals;

struct zks__rstore_group {
    zks__node touch; /* in store.touched while a transaction changes it */
    int64_t id;
    uint8_t group_id[ZKS_GROUP_ID_BYTES];
    zks__sqlite_totals now, saved;
    /* the copy exists only during a transaction that changed one */
    zks__sqlite_device *devices, *devices_saved;
    size_t device_count, device_size, devices_saved_count;
};

typedef struct zks__sqlite_store {
    zks__rstore base; /* first */
    zks__sqlite_store_config config;
    char *folder;
    zks__folder_lock lock;

    /* the queue between the threads */
    uv_mutex_t mutex;
    uv_cond_t cond;
    zks__list waiting, finished;
    bool stopping; /* takes no more requests */
    bool ended;    /* the thread has shut the file and touches nothing any more */
    pthread_t thread;
    uv_async_t wake;
    void (*closed)(void *user);
    void *closed_user;

    /* of the storage thread, and of the opening one before it starts */
    sqlite3 *db;
    sqlite3_stmt *statements[ZKS_SQL_COUNT_];
    zks__map *groups; /* open ones by row number */
    zks__list touched;
    uint64_t cursor_start;
    int64_t next_seq, saved_seq;
    uint32_t group_count, saved_group_count;
    int frames; /* in the log since it was last copied */
    uint64_t swept_ns;
    bool sweep_more; /* the last look left something */
} zks__sqlite_store;

/* sqlite_schema.c */
ZKS_MUST_USE zks_status zks__sqlite_open(zks__sqlite_store *s, char *problem);
void zks__sqlite_shut(zks__sqlite_store *s);
zks_status zks__sqlite_status(int rc);
/* Resets and clears; the statement of a number, prepared once. */
sqlite3_stmt *zks__sqlite_use(zks__sqlite_store *s, zks__sqlite_statement which);
/* Steps a statement that gives no row. */
ZKS_MUST_USE zks_status zks__sqlite_run(zks__sqlite_store *s, sqlite3_stmt *statement);
ZKS_MUST_USE zks_status zks__sqlite_begin(zks__sqlite_store *s);
/* Writes what changed of groups and devices and commits; on any failure everything is rolled
 * back. */
ZKS_MUST_USE zks_status zks__sqlite_commit(zks__sqlite_store *s);
void zks__sqlite_rollback(zks__sqlite_store *s);
/* Copies the log into the database; `all`: also makes the file empty. */
void zks__sqlite_checkpoint(zks__sqlite_store *s, bool all);

/* sqlite_groups.c */
/* Marks a group as changed by this transaction. */
void zks__sqlite_touch(zks__sqlite_store *s, zks__rstore_group *g);
/* The device's row, made when it is new and `create` is set; NULL: there is none, or no memory. */
zks__sqlite_device *zks__sqlite_device_of(zks__sqlite_store *s, zks__rstore_group *g,
                                          const uint8_t *device, bool create,
                                          zks_status *out_status);
ZKS_MUST_USE zks_status zks__sqlite_groups_save(zks__sqlite_store *s);
void zks__sqlite_groups_committed(zks__sqlite_store *s);
void zks__sqlite_groups_rolled_back(zks__sqlite_store *s);
zks__rstore_group *zks__sqlite_group_by_row(zks__sqlite_store *s, int64_t id);
void zks__sqlite_group_free(zks__sqlite_store *s, zks__rstore_group *g);
/* Takes back what an OPEN gave out, after a rollback. */
void zks__sqlite_undo_open(zks__sqlite_store *s, zks__rstore_open *r);
ZKS_MUST_USE zks_status zks__sqlite_do_open(zks__sqlite_store *s, zks__rstore_open *r);
ZKS_MUST_USE zks_status zks__sqlite_do_records(zks__sqlite_store *s, zks__rstore_records *r);
ZKS_MUST_USE zks_status zks__sqlite_do_acks(zks__sqlite_store *s, zks__rstore_acks *r);

/* sqlite_blobs.c */
ZKS_MUST_USE zks_status zks__sqlite_do_append(zks__sqlite_store *s, zks__rstore_append *r);
ZKS_MUST_USE zks_status zks__sqlite_do_delete(zks__sqlite_store *s, zks__rstore_delete *r);
ZKS_MUST_USE zks_status zks__sqlite_do_survey(zks__sqlite_store *s, zks__rstore_survey *r);
ZKS_MUST_USE zks_status zks__sqlite_do_read(zks__sqlite_store *s, zks__rstore_read *r);

/* sqlite_sweep.c */
/* Deletes up to ZKS_SQLITE_SWEEP_ROWS blobs that are due, in a transaction of its own;
 * *out_deleted counts them. */
ZKS_MUST_USE zks_status zks__sqlite_sweep(zks__sqlite_store *s, uint64_t *out_deleted);

#endif
