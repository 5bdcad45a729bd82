/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What a history keeps of an entry that is not delivered yet, and the two orders in which it keeps
 * them: a tree by place in the chain and a heap by time. For group/history*.c only. Pure; nothing
 * here allocates but zks__deadlines_reserve.
 */
#ifndef ZKS_GROUP_HELD_H
#define ZKS_GROUP_HELD_H

#include "base/list.h"
#include "group/history.h"

struct zks__chain;
struct zks__source;

typedef struct zks__held {
    struct zks__held *left, *right; /* in the one tree that it is in */
    uint32_t priority;              /* of the treap: random, the highest is the root */
    bool covered;                   /* it is in `ready`, otherwise in `waiting` */
    bool signed_ok;
    struct zks__held *above; /* its successor in the run that is being covered */
    size_t slot;             /* in the heap, from 1; 0: no timer */
    uint64_t due_ms;
    struct zks__chain *chain;
    struct zks__source *source; /* who pushed it, */
    zks__node place;            /* and its place there, while it is in `waiting` */
    uint32_t bytes;
    bool told; /* as unverified */
    uint64_t since_ms;
    uint64_t seq, floor, ref;
    uint8_t id[ZKS_ENTRY_ID_BYTES];
    uint8_t prev[ZKS_ENTRY_ID_BYTES];
} zks__held;

/* --- a tree: by (seq, id), or by (seq, prev, id), which finds the successors of an entry --- */
typedef struct zks__held_tree {
    zks__held *root;
    bool by_prev;
} zks__held_tree;

/* n is in no tree; two nodes of one tree never have the same key. */
void zks__held_insert(zks__held_tree *t, zks__held *n);
/* n is in t. */
void zks__held_remove(zks__held_tree *t, zks__held *n);
/* Trees by (seq, id). NULL: not there. */
zks__held *zks__held_find(const zks__held_tree *t, uint64_t seq,
                          const uint8_t id[ZKS_ENTRY_ID_BYTES]);
/* Trees by (seq, prev, id): the first at seq whose prev this is; NULL: none. */
zks__held *zks__held_find_prev(const zks__held_tree *t, uint64_t seq,
                               const uint8_t prev[ZKS_ENTRY_ID_BYTES]);
/* Trees by (seq, prev, id): exactly this one; NULL: not there. */
zks__held *zks__held_find_exact(const zks__held_tree *t, uint64_t seq,
                                const uint8_t prev[ZKS_ENTRY_ID_BYTES],
                                const uint8_t id[ZKS_ENTRY_ID_BYTES]);
/* The lowest key; NULL: empty. */
zks__held *zks__held_first(const zks__held_tree *t);
/* The lowest key at a seq above this one; NULL: none. */
zks__held *zks__held_above(const zks__held_tree *t, uint64_t seq);

/* --- a heap: the earliest due_ms on top --- */
typedef struct zks__deadlines {
    zks__held **items; /* items[0] is not used */
    size_t count, room;
} zks__deadlines;

/* Room for one more than there are. */
ZKS_MUST_USE zks_status zks__deadlines_reserve(zks__deadlines *t);
void zks__deadlines_add(zks__deadlines *t, zks__held *n);
/* A node without timer is left alone. */
void zks__deadlines_remove(zks__deadlines *t, zks__held *n);
zks__held *zks__deadlines_first(const zks__deadlines *t);

/* --- ranges of seqs: ascending, disjoint, not adjacent --- */
typedef struct zks__range {
    uint64_t first, last;
} zks__range;

typedef struct zks__ranges {
    zks__range *items;
    size_t count, room;
} zks__ranges;

/* Room for `more` operations of the two below, each of which adds at most one range. */
ZKS_MUST_USE zks_status zks__ranges_reserve(zks__ranges *r, size_t more);
void zks__ranges_add(zks__ranges *r, uint64_t first, uint64_t last);
void zks__ranges_take(zks__ranges *r, uint64_t seq);
bool zks__ranges_has(const zks__ranges *r, uint64_t seq);
/* The highest one that begins at or below seq; NULL: none. */
const zks__range *zks__ranges_below(const zks__ranges *r, uint64_t seq);

#endif
