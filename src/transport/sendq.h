/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What a link has still to deliver: a ring of buffers, each kept until the peer acknowledged its
 * last byte, and a position in it up to which bytes have been put into packets. Pure. An empty
 * queue holds no memory.
 */
#ifndef ZKS_TRANSPORT_SENDQ_H
#define ZKS_TRANSPORT_SENDQ_H

#include "base/buf.h"

typedef struct zks__sendq {
    zks__buf **ring;
    size_t size;        /* of the ring, a power of two */
    size_t head, count; /* first buffer, number of buffers */
    size_t acked;       /* bytes of the first buffer that are acknowledged */
    size_t next;        /* index, from head, of the buffer with the next byte to send */
    size_t next_offset; /* in that buffer */
    size_t bytes;       /* not acknowledged */
    size_t unsent;      /* not put into a packet yet */
} zks__sendq;

typedef struct zks__sendq_piece {
    uint8_t *data;
    size_t length;
} zks__sendq_piece;

/* Takes over the reference also on failure; an empty buffer is dropped. ZKS_E_NOMEM. */
ZKS_MUST_USE zks_status zks__sendq_push(zks__sendq *q, zks__buf *b);
void zks__sendq_done(zks__sendq *q);
/* Up to `max` pieces of what is unsent, at least `enough` bytes if there are so many; returns
 * their number. */
size_t zks__sendq_unsent(const zks__sendq *q, zks__sendq_piece *out, size_t max, size_t enough);
/* `length` more bytes went into packets. */
void zks__sendq_sent(zks__sendq *q, size_t length);
/* The peer has `length` more bytes, in order. */
void zks__sendq_acked(zks__sendq *q, size_t length);

#endif
