/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The store of store.h in one SQLite file, with a storage thread of its own.
 *
 * The thread takes all requests that wait, runs those that change something in one transaction
 * (WAL, synchronous=FULL), commits, and completes them: one fsync for all sessions. If anything in
 * it fails it is rolled back and each request is tried alone, so that one group's damage or one
 * large push does not fail the others. Reads run after the commit. Then, with the completions
 * already on their way, the thread copies the log into the database when it has grown, and deletes
 * what is due, a little at a time.
 *
 * The data folder belongs to one process (lock file with its pid).
 */
#ifndef ZKS_RELAY_CORE_SQLITE_STORE_H
#define ZKS_RELAY_CORE_SQLITE_STORE_H

#include "base/env.h"
#include "base/log.h"
#include "relay/core/store.h"

#include <uv.h>

enum { ZKS_RSTORE_PROBLEM_BYTES = 256 };

typedef struct zks__sqlite_store_config {
    uv_loop_t *loop;
    const char *folder; /* made (0700) when it is missing, its parent must exist */
    zks__rstore_events events;
    void *user;
    zks__clock clock;
    zks__rng rng;
    const zks__log *log;  /* may be NULL; used from both threads */
    uint64_t group_quota; /* bytes of blobs per group */
    uint64_t disk_limit;  /* bytes of the database file */
    uint32_t max_groups;
    uint32_t acked_keep_s; /* deletes what all have acknowledged after this long */
} zks__sqlite_store_config;

/*
 * Opens or creates; blocks for some milliseconds (longer after a crash with a long log). problem is
 * a sentence with the cure. ZKS_E_STORE_PATH, ZKS_E_STORE_BUSY (another process),
 * ZKS_E_STORE_CORRUPT, ZKS_E_STORE_READONLY, ZKS_E_STORE_FULL, ZKS_E_STORE_IO, ZKS_E_STORE_VERSION,
 * ZKS_E_NOMEM, ZKS_E_SYSTEM.
 */
ZKS_MUST_USE zks_status zks__sqlite_store_new(const zks__sqlite_store_config *config,
                                              char problem[ZKS_RSTORE_PROBLEM_BYTES],
                                              zks__rstore **out_store);

#endif
