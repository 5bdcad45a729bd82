/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Two links joined in memory: base/link.h for tests, without sockets and without a clock.
 * Everything happens inside memory_pair_turn, which is one turn of an imagined loop: bytes move
 * from one side's queue to the other in pieces of random sizes, never more than the window that the
 * receiver left open, and events are raised.
 *
 * The keeper owns the pair; a link is gone with its `closed` event, as everywhere, and the pair
 * lives on.
 */
#ifndef ZKS_TESTS_MEMORY_LINK_H
#define ZKS_TESTS_MEMORY_LINK_H

#include "base/link.h"

typedef struct memory_pair memory_pair;

typedef struct memory_config {
    uint64_t seed;      /* of the fragmentation, the keys and the exporter's answers */
    size_t window;      /* bytes delivered and not consumed, per direction; 0: 256 KiB */
    size_t max_piece;   /* bytes per `received`, 1..max_piece at random; 0: whole writes */
    size_t low_water;   /* `drained` below it; 0: 16 KiB */
    int kind;           /* 0: ZKS_LINK_KIND_QUIC */
    bool broken_export; /* export_secret answers ZKS_E_TLS */
    size_t flip[2];     /* one bit of that byte, from 1, on its way to a side changes; 0: none */
} memory_config;

enum { MEMORY_INITIATOR = 0, MEMORY_ACCEPTOR = 1 };

/* A small generator for tests (splitmix64); *state is the seed. */
static inline uint64_t memory_random(uint64_t *state)
{
    uint64_t z = (*state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

memory_pair *memory_pair_new(const memory_config *config);
void memory_pair_free(memory_pair *p);
/* From now on write answers ZKS_E_NOMEM. */
void memory_pair_refuse_writes(memory_pair *p);
/* The seed of the side's Ed25519 key, 32 bytes. */
const uint8_t *memory_pair_seed(const memory_pair *p, int side);
/* The two ends; set events before the first turn. NULL after `closed`. The acceptor's end is open
 * from the beginning, the initiator's from its `opened`, in the first turn. */
zks__link *memory_pair_link(memory_pair *p, int side);
void memory_pair_set_events(memory_pair *p, int side, zks__link_events events, void *user);
/* One turn of the loop. false: nothing happened and nothing will without a call from outside. */
bool memory_pair_turn(memory_pair *p);
/* Turns until nothing happens; returns their number. */
size_t memory_pair_run(memory_pair *p);
/* Both sides get `closed` with ZKS_E_CONNECTION_LOST in the next turn; what is on the way is lost.
 */
void memory_pair_lose(memory_pair *p);
/* Bytes delivered to a side so far, and bytes that it has not consumed. */
size_t memory_pair_delivered(const memory_pair *p, int side);
size_t memory_pair_unconsumed(const memory_pair *p, int side);

#endif
