/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Bytes that wait in order: put at the end, taken from the front. It has at most four times the
 * room of the most that ever waited at once, however much goes through, and none while nothing
 * waits. A zeroed one is empty. Pure.
 */
#ifndef ZKS_BASE_FIFO_H
#define ZKS_BASE_FIFO_H

#include "base/status.h"

#include <stddef.h>
#include <stdint.h>

typedef struct zks__fifo {
    uint8_t *bytes;
    size_t start, end; /* what waits */
    size_t size;       /* of the block */
} zks__fifo;

/* Copies. ZKS_E_NOMEM: nothing was put. */
ZKS_MUST_USE zks_status zks__fifo_put(zks__fifo *f, const uint8_t *data, size_t length);
/* Forgets the first `length` bytes, at most those that wait. */
void zks__fifo_drop(zks__fifo *f, size_t length);
/* Forgets all. */
void zks__fifo_done(zks__fifo *f);

/* Valid until the next put or drop; not NULL. */
static inline const uint8_t *zks__fifo_front(const zks__fifo *f)
{
    static const uint8_t nothing = 0;
    return f->bytes ? f->bytes + f->start : &nothing;
}

static inline size_t zks__fifo_length(const zks__fifo *f)
{
    return f->end - f->start;
}

#endif
