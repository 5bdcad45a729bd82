/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * History of one group as one device sees it: which entries are covered by a signature, in order, missing, forged twice
 * or late (docs/SECURITY.md, section 3, rules 1, 2, 4, 8, 9). Pure: entries and the time go in, verdicts come out; the
 * caller stores both in one transaction and calls in the order of its storage.
 *
 * An entry is *covered* when it, or a later entry reached through prev, has a valid signature. Covered entries of one
 * (author, chain) are delivered in order. A gap waits for ZKS_HISTORY_GAP_MS, or not at all where a covered later entry's
 * floor says that nobody expects the missing ones any more.
 */
#ifndef ZKS_GROUP_HISTORY_H
#define ZKS_GROUP_HISTORY_H

#include "group/blob.h"

typedef struct zks__history zks__history;

enum {
    ZKS_HISTORY_GAP_MS = 10 * 60 * 1000,        /* then HISTORY_GAP, and on with the later entry as base */
    ZKS_HISTORY_UNVERIFIED_MS = 10 * 60 * 1000, /* then UNVERIFIED, once for an entry */
    ZKS_HISTORY_BRANCHES_MAX = 8,
    ZKS_HISTORY_HELD_MAX = 65536 /* entries held in a chain; more: the caller stops reading from the relay */
};

/* One (author, chain). ref is the caller's name for a stored entry. */
typedef struct zks__history_key {
    uint8_t author[ZKS_DEVICE_ID_BYTES];
    uint8_t chain[ZKS_CHAIN_BYTES];
} zks__history_key;

typedef struct zks__history_entry {
    zks__history_key key;
    uint64_t seq;
    uint8_t id[ZKS_ENTRY_ID_BYTES];
    uint8_t prev[ZKS_ENTRY_ID_BYTES];
    uint64_t floor;
    int signed_ok; /* its own signature is there and good */
    uint64_t ref;
} zks__history_entry;

typedef enum zks__verdict_kind {
    ZKS_VERDICT_DELIVER = 1, /* ref: covered, next in order */
    ZKS_VERDICT_LATE,        /* ref: covered, fills an earlier gap */
    ZKS_VERDICT_FORK,        /* ref: covered, another entry at a seq that has one: deliver it too, event FORK */
    ZKS_VERDICT_HOLD,        /* ref: keep it durably, it may be covered later */
    ZKS_VERDICT_REPLAY,      /* ref: known id: drop, count */
    ZKS_VERDICT_REFUSE,      /* ref: over a limit (branches, held): drop, count, event */
    ZKS_VERDICT_GAP,         /* seq first..last of key is missing, HISTORY_GAP; recorded */
    ZKS_VERDICT_EXPIRED,     /* seq first..last is missing below the floor: information; recorded */
    ZKS_VERDICT_UNVERIFIED   /* ref: held without a signature for so long; event once */
} zks__verdict_kind;

typedef struct zks__verdict {
    zks__verdict_kind kind;
    zks__history_key key;
    uint64_t ref;
    uint64_t first, last;
} zks__verdict;

/* Called for each verdict, in order; must not call back into the history. */
typedef void (*zks__verdict_fn)(const zks__verdict *v, void *user);
/* Looks up the stored id of a delivered entry (for seqs at or below the tip): fills out and returns how many branches
 * are known there (0: none), at most ZKS_HISTORY_BRANCHES_MAX. */
typedef size_t (*zks__history_lookup_fn)(const zks__history_key *key, uint64_t seq,
                                         uint8_t (*out_ids)[ZKS_ENTRY_ID_BYTES], void *user);

typedef struct zks__history_config {
    zks__verdict_fn verdict;
    zks__history_lookup_fn lookup;
    void *user;
    uint8_t map_seed[16];
} zks__history_config;

ZKS_MUST_USE zks_status zks__history_new(const zks__history_config *config, zks__history **out_history);
void zks__history_free(zks__history *h);

/* Offers one entry; verdicts about it and about those that it covers or unblocks follow before this returns. now_ms:
 * monotonic or wall, the same in all calls. ZKS_E_NOMEM: nothing was changed. */
ZKS_MUST_USE zks_status zks__history_offer(zks__history *h, const zks__history_entry *e, uint64_t now_ms);
/* Lets time pass: GAP and UNVERIFIED verdicts that are due. */
ZKS_MUST_USE zks_status zks__history_tick(zks__history *h, uint64_t now_ms);
/* When tick is next needed; UINT64_MAX: not at all. */
uint64_t zks__history_next_ms(const zks__history *h);

/* What the caller stores and gives back after a restart. */
typedef struct zks__history_tip {
    zks__history_key key;
    uint64_t seq; /* last delivered */
    uint8_t id[ZKS_ENTRY_ID_BYTES];
    uint64_t floor; /* highest covered */
} zks__history_tip;
/* The present tip; 0 when the chain is unknown. */
int zks__history_tip_of(const zks__history *h, const zks__history_key *key, zks__history_tip *out);
/* Restoring, in this order: tips, missing ranges, held entries (no verdicts are raised for them). */
ZKS_MUST_USE zks_status zks__history_restore_tip(zks__history *h, const zks__history_tip *tip);
ZKS_MUST_USE zks_status zks__history_restore_missing(zks__history *h, const zks__history_key *key, uint64_t first,
                                                     uint64_t last);
ZKS_MUST_USE zks_status zks__history_restore_held(zks__history *h, const zks__history_entry *e, uint64_t since_ms);
/* Whether seq is recorded as missing, for tests and reports. */
int zks__history_is_missing(const zks__history *h, const zks__history_key *key, uint64_t seq);

#endif
