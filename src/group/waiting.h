/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Who has pushed what waits without a signature, and how much of it: any member can write such
 * entries, in any name, and each has a share of its own, so that none pushes out another's
 * (docs/SECURITY.md, section 3, rule 2). For group/history*.c only. Pure.
 */
#ifndef ZKS_GROUP_WAITING_H
#define ZKS_GROUP_WAITING_H

#include "base/list.h"
#include "base/map.h"
#include "group/held.h"

/* One pusher. They stay until the end: a history has no more of them than its group has members. */
typedef struct zks__source {
    uint8_t pusher[ZKS_DEVICE_ID_BYTES];
    size_t count;
    uint64_t bytes;
    zks__list held; /* of zks__held, by `place`, in the order in which they came */
} zks__source;

typedef struct zks__waiting {
    zks__map *sources;
    size_t count;
    uint64_t bytes;
} zks__waiting;

ZKS_MUST_USE zks_status zks__waiting_init(zks__waiting *w, const uint8_t seed[16]);
void zks__waiting_done(zks__waiting *w);
/* Finds or makes it. ZKS_E_NOMEM. */
ZKS_MUST_USE zks_status zks__waiting_source(zks__waiting *w,
                                            const uint8_t pusher[ZKS_DEVICE_ID_BYTES],
                                            zks__source **out);
/* n->source and n->bytes are set. */
void zks__waiting_add(zks__waiting *w, zks__held *n);
void zks__waiting_remove(zks__waiting *w, zks__held *n);
/* What must give way: the oldest of a pusher that has more than its share, or, where there is too
 * much in all, of the one that has most; NULL: nothing. `last`: who has just got more. */
zks__held *zks__waiting_excess(const zks__waiting *w, const zks__source *last);

#endif
