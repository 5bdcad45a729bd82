/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "base/buf.h"

#include "base/alloc.h"

#include <string.h>

zks__buf *zks__buf_new(size_t headroom, size_t length, size_t tailroom)
{
    size_t size = headroom + length;
    if (size < headroom || size + tailroom < size ||
        size + tailroom > SIZE_MAX - sizeof(zks__buf)) {
        return NULL;
    }
    size += tailroom;
    zks__buf *b = zks__alloc(sizeof *b + size);
    if (!b) {
        return NULL;
    }
    b->start = (uint8_t *)(b + 1);
    b->size = size;
    b->data = b->start + headroom;
    b->length = length;
    atomic_init(&b->count, 1);
    return b;
}

zks__buf *zks__buf_copy(const void *data, size_t length)
{
    zks__buf *b = zks__buf_new(0, length, 0);
    if (b && length) {
        memcpy(b->data, data, length);
    }
    return b;
}

zks__buf *zks__buf_ref(zks__buf *b)
{
    atomic_fetch_add_explicit(&b->count, 1, memory_order_relaxed);
    return b;
}

void zks__buf_unref(zks__buf *b)
{
    if (b && atomic_fetch_sub_explicit(&b->count, 1, memory_order_acq_rel) == 1) {
        zks__free(b);
    }
}

uint8_t *zks__buf_push_front(zks__buf *b, size_t count)
{
    if (count > (size_t)(b->data - b->start)) {
        return NULL;
    }
    b->data -= count;
    b->length += count;
    return b->data;
}

uint8_t *zks__buf_push_back(zks__buf *b, size_t count)
{
    size_t used = (size_t)(b->data - b->start) + b->length;
    if (count > b->size - used) {
        return NULL;
    }
    b->length += count;
    return b->start + used;
}
