/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * History of one group as one device sees it: which entries are covered by a signature, in order,
 * missing, forged twice or late (docs/SECURITY.md, section 3, rules 1, 2, 4, 8, 9). Pure: entries
 * and the time go in, verdicts come out; the caller stores both in one transaction and calls in the
 * order of its storage.
 *
 * An entry is *covered* when it, or a later entry reached through prev, has a valid signature.
 * Covered entries of one (author, chain) are delivered in order. A gap waits for ZKS_HISTORY_GAP_MS
 * from the arrival of the first signed entry above it, or not at all where a covered later entry's
 * floor says that nobody expects the missing ones any more.
 *
 * Nothing that is covered is ever dropped but a known id (REPLAY) and the ninth branch at one seq
 * (REFUSE). Whatever may still be covered is held, since any member can write an entry without a
 * signature in another's name: such an entry must never displace or replace a true one. So that
 * they fill nobody's disk each pusher has a share, in which its oldest makes room (REFUSE), and
 * what was never covered goes in the end. Such an entry is as if it had never come: nothing was
 * recorded of it, so what is signed behind it leaves a gap, or a head that is named is a claim, and
 * it is asked for.
 */
#ifndef ZKS_GROUP_HISTORY_H
#define ZKS_GROUP_HISTORY_H

#include "group/blob.h"

#include <stdbool.h>

typedef struct zks__history zks__history;

enum {
    ZKS_HISTORY_GAP_MS = 10 * 60 * 1000, /* then HISTORY_GAP, and on with the later entry as base */
    ZKS_HISTORY_AGAIN_MS = 60 * 1000,    /* or another look, where the caller does not give it up */
    ZKS_HISTORY_UNVERIFIED_MS = 10 * 60 * 1000, /* then UNVERIFIED, once for an entry */
    ZKS_HISTORY_BRANCHES_MAX = 8,
    ZKS_HISTORY_KEEP_MS = 7 * 24 * 60 * 60 * 1000, /* then one that was never covered goes */
    /* Covered entries held in a chain. When it is reached gaps wait no longer. */
    ZKS_HISTORY_HELD_MAX = 65536,
    /* Uncovered ones, of one pusher and of all. A writer leaves at most 255 entries and a few MiB
     * unsigned, so only abuse comes near it; and the history of a removed device, whose signatures
     * do not count below its cut-off. */
    ZKS_HISTORY_WAITING_SHARE = 16384,
    ZKS_HISTORY_WAITING_SHARE_BYTES = 64 << 20,
    ZKS_HISTORY_WAITING_MAX = 4 * ZKS_HISTORY_WAITING_SHARE,
    ZKS_HISTORY_WAITING_MAX_BYTES = 4 * ZKS_HISTORY_WAITING_SHARE_BYTES
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
    uint8_t pusher[ZKS_DEVICE_ID_BYTES]; /* who pushed it, and how much is stored of it */
    uint32_t bytes;
    int told; /* restore_held only: UNVERIFIED was raised already; 0 raises it (again) when due */
} zks__history_entry;

typedef enum zks__verdict_kind {
    ZKS_VERDICT_DELIVER = 1, /* ref: covered, next in order */
    ZKS_VERDICT_LATE,        /* ref: covered, fills an earlier gap */
    ZKS_VERDICT_FORK,    /* ref: covered, another entry at a seq that has one: deliver it too, event
                            FORK */
    ZKS_VERDICT_HOLD,    /* ref: keep it durably, it may be covered later */
    ZKS_VERDICT_REPLAY,  /* ref: known id: drop, count. The offered one, or a held one that the
                          * offered one, equal but signed, replaces (then a verdict on the offered
                          * follows) */
    ZKS_VERDICT_REFUSE,  /* ref: over a limit (branches), or a held one that makes room or was never
                          * covered: drop, count, event */
    ZKS_VERDICT_GAP,     /* seq first..last of key is missing, HISTORY_GAP; recorded */
    ZKS_VERDICT_EXPIRED, /* seq first..last is missing below the floor: information; recorded */
    ZKS_VERDICT_UNVERIFIED /* ref: held without a signature for so long; event once */
} zks__verdict_kind;

typedef struct zks__verdict {
    zks__verdict_kind kind;
    zks__history_key key;
    uint64_t ref;
    uint64_t first, last; /* seq; equal unless a range is meant */
    /* DELIVER, LATE, FORK: where its predecessor was not delivered, the predecessor's id (32 bytes,
     * borrowed): an entry with it is covered, signed or not. Store it with seq first - 1 until that
     * id is delivered, and restore it. Without a gap there it also proves that the author has made
     * a fork. NULL otherwise. */
    const uint8_t *expected;
    const uint8_t *pusher; /* REFUSE: of that entry (borrowed); NULL otherwise */
} zks__verdict;

/* Called for each verdict, in order; must not call back into the history. */
typedef void (*zks__verdict_fn)(const zks__verdict *v, void *user);
/* Looks up the stored id of a delivered entry (for seqs at or below the tip): fills out and returns
 * how many branches are known there (0: none), at most ZKS_HISTORY_BRANCHES_MAX. What the verdicts
 * raised so far delivered must be found. */
typedef size_t (*zks__history_lookup_fn)(const zks__history_key *key, uint64_t seq,
                                         uint8_t (*out_ids)[ZKS_ENTRY_ID_BYTES], void *user);

/* Whether a gap that is due may be given up: seq first..last of key. Must not call back. */
typedef bool (*zks__history_give_up_fn)(const zks__history_key *key, uint64_t first, uint64_t last,
                                        void *user);

typedef struct zks__history_config {
    zks__verdict_fn verdict;
    zks__history_lookup_fn lookup;
    zks__history_give_up_fn give_up; /* NULL: always */
    void *user;
    uint8_t map_seed[16];
} zks__history_config;

ZKS_MUST_USE zks_status zks__history_new(const zks__history_config *config,
                                         zks__history **out_history);
void zks__history_free(zks__history *h);

/* Offers one entry; verdicts about it and about those that it covers or unblocks follow before this
 * returns. now_ms: monotonic or wall, the same in all calls; wall, where the times of held entries
 * are restored. Store the tip of the entry's chain again afterwards, whatever the verdicts were.
 * ZKS_E_NOMEM: nothing was changed; ZKS_E_INVALID: seq 0. */
ZKS_MUST_USE zks_status zks__history_offer(zks__history *h, const zks__history_entry *e,
                                           uint64_t now_ms);
/* Lets time pass: GAP and UNVERIFIED verdicts that are due. */
ZKS_MUST_USE zks_status zks__history_tick(zks__history *h, uint64_t now_ms);
/* When tick is next needed; UINT64_MAX: not at all. */
uint64_t zks__history_next_ms(const zks__history *h);
/* How many entries are held in all chains together. */
size_t zks__history_held(const zks__history *h);

/* What the caller stores and gives back after a restart. */
typedef struct zks__history_tip {
    zks__history_key key;
    uint64_t seq; /* last delivered */
    uint8_t id[ZKS_ENTRY_ID_BYTES];
    uint64_t floor; /* highest covered */
} zks__history_tip;
/* Forgets a chain of which nothing is here: no tip, nothing missing, held or expected. Whether it
 * is. */
bool zks__history_drop_chain(zks__history *h, const zks__history_key *key);
/* The present tip; 0 when nothing of the chain was delivered. */
int zks__history_tip_of(const zks__history *h, const zks__history_key *key, zks__history_tip *out);
/* Restoring, in this order: tips, missing ranges, expected ids, held entries (no verdicts are
 * raised for them). ZKS_E_NOMEM: nothing was changed. */
ZKS_MUST_USE zks_status zks__history_restore_tip(zks__history *h, const zks__history_tip *tip);
ZKS_MUST_USE zks_status zks__history_restore_missing(zks__history *h, const zks__history_key *key,
                                                     uint64_t first, uint64_t last);
ZKS_MUST_USE zks_status zks__history_restore_expected(zks__history *h, const zks__history_key *key,
                                                      uint64_t seq,
                                                      const uint8_t id[ZKS_ENTRY_ID_BYTES]);
ZKS_MUST_USE zks_status zks__history_restore_held(zks__history *h, const zks__history_entry *e,
                                                  uint64_t since_ms);
/* Calls fn for each gap that a covered entry waits behind, those of a chain in their order: seq
 * first..last is missing. fn must not call back into the history. */
typedef void (*zks__history_gap_fn)(const zks__history_key *key, uint64_t first, uint64_t last,
                                    void *user);
void zks__history_gaps(zks__history *h, zks__history_gap_fn fn, void *user);
/* Of the ranges that are recorded as missing the highest one that begins at or below seq; false:
 * there is none. */
bool zks__history_missing_below(const zks__history *h, const zks__history_key *key, uint64_t seq,
                                uint64_t *out_first, uint64_t *out_last);
/* Whether seq is recorded as missing. */
int zks__history_is_missing(const zks__history *h, const zks__history_key *key, uint64_t seq);

#endif
