/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A binary heap of deadlines: one system timer serves any number of connections. Pure. */
#ifndef ZKS_TRANSPORT_TIMERS_H
#define ZKS_TRANSPORT_TIMERS_H

#include "base/status.h"

#define ZKS_TIMER_NEVER UINT64_MAX

/* Embedded in what waits; zeroed: not set. */
typedef struct zks__timer {
    uint64_t at;  /* nanoseconds of the endpoint's clock */
    size_t index; /* 1 + the place in the heap, 0: not set */
} zks__timer;

typedef struct zks__timers {
    zks__timer **heap;
    size_t count, size;
} zks__timers;

/* Room for `count` timers, so that setting one cannot fail. ZKS_E_NOMEM. */
ZKS_MUST_USE zks_status zks__timers_reserve(zks__timers *t, size_t count);
void zks__timers_done(zks__timers *t);
/* Sets or moves a timer; ZKS_TIMER_NEVER takes it out. */
void zks__timers_set(zks__timers *t, zks__timer *timer, uint64_t at);
/* The earliest, or NULL. */
zks__timer *zks__timers_first(const zks__timers *t);

#endif
