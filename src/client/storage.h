/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The storage thread: takes all waiting jobs, runs those of one store in one transaction, commits
 * (synchronous=FULL), and only then finishes them on the loop thread: waiting pushes share a
 * commit. fsync never runs anywhere else.
 */
#ifndef ZKS_CLIENT_STORAGE_H
#define ZKS_CLIENT_STORAGE_H

#include "client/client.h"
#include "client/keyring.h"
#include "client/task.h"
#include "store/store.h"

typedef struct zks__storage zks__storage;
typedef struct zks__ledger zks__ledger;
typedef struct zks__job zks__job;

typedef enum zks__job_kind {
    ZKS_JOB_PLAIN, /* inside the transaction */
    ZKS_JOB_PUSH,  /* the same; the last one of a ledger in a transaction signs */
    ZKS_JOB_ALONE  /* outside any transaction: open, close */
} zks__job_kind;

struct zks__job {
    zks__task task; /* also its place in the lists */
    zks__job_kind kind;
    zks__ledger **ledger; /* where the owner's ledger stands or will stand; storage thread only */
    bool last_push;       /* set by the thread for ZKS_JOB_PUSH */
    /* Moves what is stored about the relay in use, or brings records from it: where that is not
     * stored, nothing that came behind it on the connection may move a cursor or be judged. Not set
     * where a failure harms nothing that follows: it ends the connection before a HELLO, or what is
     * lost is a note that the next connection makes again. */
    bool on_relay;
    zks_status status; /* of run, or of the commit when that failed */
    /* Storage thread. A failure of a PLAIN or PUSH job rolls the whole transaction back and fails
     * every job in it. */
    zks_status (*run)(zks__job *job);
    /* Loop thread, exactly once, in the order of submission. Frees the job. */
    void (*finish)(zks__job *job);
};

ZKS_MUST_USE zks_status zks__storage_new(zks_runtime *r, zks__storage **out_storage);
/* Any thread; never blocks for the disk, never fails. Before zks__storage_stop only. */
void zks__storage_submit(zks__storage *s, zks__job *job);
/* Storage thread. Opens the store at a path (NULL: a new one in memory), or shares it when a client
 * of this runtime has it open. Statuses and problem as zks__store_open. */
ZKS_MUST_USE zks_status zks__storage_store_open(zks__storage *s, const char *path, char *problem,
                                                zks__store **out_store);
/* Storage thread. The secrets of an open store: opened by the first call, checked by later ones.
 * Statuses and text as zks__keyring_open. *out_keyring is valid as long as the store is open. */
ZKS_MUST_USE zks_status zks__storage_unlock(zks__storage *s, const zks__store *store,
                                            const zks__master_key *key, const char **out_text,
                                            zks__keyring **out_keyring);
/* Storage thread. Closes it with the last user. */
void zks__storage_store_release(zks__storage *s, zks__store *store);
/* Storage thread. One ledger at a time for each group of a store: two would give out the same
 * numbers. ZKS_E_STORE_BUSY. The caller keeps the claim until it releases it (NULL store: it has
 * none). */
typedef struct zks__claim {
    zks__node node;
    const zks__store *store;
    uint8_t group_id[ZKS_GROUP_ID_BYTES];
} zks__claim;
ZKS_MUST_USE zks_status zks__storage_claim(zks__storage *s, const zks__store *store,
                                           const uint8_t group_id[ZKS_GROUP_ID_BYTES],
                                           zks__claim *claim);
/* Runs what is queued, ends the thread, frees. Loop thread, at the runtime's end. */
void zks__storage_free(zks__storage *s);

#endif
