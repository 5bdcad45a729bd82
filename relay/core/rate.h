/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Rates: so many of something in a minute, with a burst of one minute's worth (GCRA: one number for
 * each rate, the time at which it will be whole again). Private to relay/core; pure.
 */
#ifndef ZKS_RELAY_CORE_RATE_H
#define ZKS_RELAY_CORE_RATE_H

#include <stddef.h>
#include <stdint.h>

/* Takes `count` from a rate of `per_minute`. tat_ns: the rate, 0 at first. 0, or the ms after which
 * there is room. */
uint32_t zks__rate_take(uint64_t *tat_ns, uint64_t now_ns, uint64_t per_minute, uint64_t count);

/* A rate for each address that asks, of as many as ZKS_RELAY_MAILBOX_ASKERS; then the one that was
 * silent for longest makes room. Who has a whole rate is as good as one never seen. */
typedef struct zks__askers zks__askers;

/* seed: 16 random bytes. NULL: no memory. */
zks__askers *zks__askers_new(const uint8_t seed[16]);
void zks__askers_free(zks__askers *all);
/* Takes one. address: not NULL, at most ZKS_LINK_SUBJECT_BYTES; links without one (length 0) share
 * a rate. 0, or the ms after which it may ask again. */
uint32_t zks__askers_take(zks__askers *all, const uint8_t *address, size_t length, uint64_t now_ns,
                          uint64_t per_minute);
/* Forgets whose rate is whole. */
void zks__askers_tick(zks__askers *all, uint64_t now_ns);

#endif
