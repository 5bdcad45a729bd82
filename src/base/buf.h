/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Reference-counted byte buffers with head- and tailroom: the app's bytes are copied once into one,
 * and header, padding and tag are added in place. The count is atomic, so a buffer may be handed
 * between threads; its bytes may be changed only by the holder of the sole reference.
 */
#ifndef ZKS_BASE_BUF_H
#define ZKS_BASE_BUF_H

#include "base/status.h"

#include <stdatomic.h>

typedef struct zks__buf {
    uint8_t *data;     /* the first valid byte */
    size_t length;     /* valid bytes */
    uint8_t *start;    /* of the block; data - start is the headroom */
    size_t size;       /* of the block */
    atomic_uint count; /* references */
} zks__buf;

/* length uninitialised bytes between headroom and tailroom; one reference; NULL: no memory. */
zks__buf *zks__buf_new(size_t headroom, size_t length, size_t tailroom);
/* As new with a copy of data. */
zks__buf *zks__buf_copy(const void *data, size_t length);
/* One more reference to the same buffer; returns it. */
zks__buf *zks__buf_ref(zks__buf *b);
/* Drops a reference; NULL is fine. */
void zks__buf_unref(zks__buf *b);
/* Room for `count` more bytes in front or behind: moves the edge and returns the first new byte,
 * NULL if there is none. */
uint8_t *zks__buf_push_front(zks__buf *b, size_t count);
uint8_t *zks__buf_push_back(zks__buf *b, size_t count);

#endif
