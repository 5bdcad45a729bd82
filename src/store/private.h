/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What the files of the store share. */
#ifndef ZKS_STORE_PRIVATE_H
#define ZKS_STORE_PRIVATE_H

#include "store/lock.h"
#include "store/sql.h"
#include "store/store.h"
#include "store/vfs.h"

#include <stdbool.h>

/*
 * Keys. own, own_past, inbox, inbox_own, held, quarantine and records are keyed by g << 40 |
 * number: rows of one group stand together in the order of their numbers, new ones are appended at
 * an edge of the tree, and no second index is needed.
 */
enum { ZKS_STORE_NUMBER_BITS = 40, ZKS_STORE_GROUPS_MAX = 1 << 22 };
#define ZKS_STORE_NUMBER_MAX ((UINT64_C(1) << ZKS_STORE_NUMBER_BITS) - 1)

static inline int64_t zks__store_key(uint32_t g, uint64_t number)
{
    uint64_t n = number < ZKS_STORE_NUMBER_MAX ? number : ZKS_STORE_NUMBER_MAX;
    return (int64_t)((uint64_t)g << ZKS_STORE_NUMBER_BITS | n);
}

static inline uint64_t zks__store_number(int64_t key)
{
    return (uint64_t)key & ZKS_STORE_NUMBER_MAX;
}

/* What is known of a group without asking SQLite; part of the transaction: see
 * zks__store_counters. */
typedef struct zks__counters {
    uint64_t last_n, own_bytes; /* own entries ever, and the bytes of their blobs */
    /* Inbox items ever; received ones among them, and the bytes of their blobs. */
    uint64_t last_seq, received, received_bytes;
    uint64_t inboxed_n; /* highest own entry that has its place in the inbox */
    uint64_t watermark;
    uint64_t base_seq, base_received, base_bytes,
        base_inboxed;    /* as above, of what prune dropped */
    uint64_t unread_own; /* lowest own entry in an unread item; see unread_known */
    bool unread_known;
    int64_t next_expiry_ms; /* no own entry ends before; INT64_MIN: not known */
    int64_t scan_expiry_ms; /* the earliest end that the scan under way has seen */
    uint64_t scan_n;        /* how far prune has looked for ended entries; 0: at the start */
} zks__counters;

typedef struct zks__store_cache {
    bool loaded;
    bool changed; /* in this transaction; `before` is what rollback restores */
    bool added;   /* in this transaction */
    zks__counters now, before;
    size_t relays; /* zks__store_expect_relays */
} zks__store_cache;

struct zks__store {
    sqlite3 *db;
    zks__vfs *vfs;
    zks__lock lock;
    char *path; /* resolved; NULL: in memory */
    const zks__log *log;
    sqlite3_stmt *statements[ZKS_Q_COUNT];
    bool in_use[ZKS_Q_COUNT];
    bool unclean; /* a WAL was there when it was opened: it was not closed last time */
    bool in_transaction;
    bool erasing;            /* the transaction of begin_secret */
    zks_status failed;       /* in this transaction: commit refuses */
    zks__store_cache *cache; /* of group g at g - 1 */
    size_t cache_count;
    char problem[ZKS_STORE_PROBLEM_BYTES];
};

/* The counters of a group for reading, loaded when they are not there. ZKS_E_NOT_FOUND: no such
 * group. */
ZKS_MUST_USE zks_status zks__store_counters(zks__store *s, uint32_t g, const zks__counters **out);
/* For changing, after the rows were written: rollback restores them. Needs a transaction. */
ZKS_MUST_USE zks_status zks__store_counters_change(zks__store *s, uint32_t g, zks__counters **out);
/* ZKS_E_STATE outside a transaction, or the failure that it had. */
ZKS_MUST_USE zks_status zks__store_writable(zks__store *s);
/* Sets the sentence and returns status. */
zks_status zks__store_refuse(zks__store *s, zks_status status, const char *format, ...)
#if defined(__GNUC__)
    __attribute__((format(printf, 3, 4)))
#endif
    ;
/* The sentence of a status that concerns the store's file. */
void zks__store_explain(zks_status status, const char *path, char problem[ZKS_STORE_PROBLEM_BYTES]);
/* What each_fn means: ZKS_E_LIMIT is no failure. */
static inline zks_status zks__store_stopped(zks_status status)
{
    return status == ZKS_E_LIMIT ? ZKS_OK : status;
}

/* Creates or migrates the schema. */
ZKS_MUST_USE zks_status zks__schema_open(zks__store *s);
/* Switches overwriting of what is deleted: fully, or where it costs no write more. */
ZKS_MUST_USE zks_status zks__store_erase(zks__store *s, bool fully);
/* Moves the WAL into the file and cuts it. */
ZKS_MUST_USE zks_status zks__store_cut_wal(zks__store *s);
/* One step of the schema: its SQL brings a store of version index to version index + 1. */
ZKS_MUST_USE zks_status zks__schema_migrate(zks__store *s, const char *const *steps, size_t count);

/* Count and bytes of the own entries kept with after < n <= upto. */
ZKS_MUST_USE zks_status zks__own_span(zks__store *s, uint32_t g, uint64_t after, uint64_t upto,
                                      uint64_t *out_count, uint64_t *out_bytes);

#endif
