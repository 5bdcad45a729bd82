/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "transport/sendq.h"

#include "base/alloc.h"

enum { FIRST_SIZE = 8 };

static zks__buf *at(const zks__sendq *q, size_t i)
{
    return q->ring[(q->head + i) & (q->size - 1)];
}

static zks_status grow(zks__sendq *q)
{
    size_t size = q->size ? q->size * 2 : FIRST_SIZE;
    zks__buf **ring = zks__alloc_zero(size, sizeof(zks__buf *));
    if (!ring) {
        return ZKS_E_NOMEM;
    }
    for (size_t i = 0; i < q->count; i++) {
        ring[i] = at(q, i);
    }
    zks__free(q->ring);
    q->ring = ring;
    q->size = size;
    q->head = 0;
    return ZKS_OK;
}

zks_status zks__sendq_push(zks__sendq *q, zks__buf *b)
{
    if (b->length == 0) {
        zks__buf_unref(b);
        return ZKS_OK;
    }
    if (q->count == q->size) {
        zks_status status = grow(q);
        if (status) {
            zks__buf_unref(b);
            return status;
        }
    }
    q->ring[(q->head + q->count++) & (q->size - 1)] = b;
    q->bytes += b->length;
    q->unsent += b->length;
    return ZKS_OK;
}

void zks__sendq_done(zks__sendq *q)
{
    for (size_t i = 0; i < q->count; i++) {
        zks__buf_unref(at(q, i));
    }
    zks__free(q->ring);
    *q = (zks__sendq){0};
}

size_t zks__sendq_unsent(const zks__sendq *q, zks__sendq_piece *out, size_t max, size_t enough)
{
    size_t count = 0;
    size_t total = 0;
    size_t offset = q->next_offset;
    for (size_t i = q->next; i < q->count && count < max && total < enough; i++) {
        const zks__buf *b = at(q, i);
        out[count++] = (zks__sendq_piece){b->data + offset, b->length - offset};
        total += b->length - offset;
        offset = 0;
    }
    return count;
}

void zks__sendq_sent(zks__sendq *q, size_t length)
{
    q->unsent -= length;
    q->next_offset += length;
    while (q->next < q->count && q->next_offset >= at(q, q->next)->length) {
        q->next_offset -= at(q, q->next)->length;
        q->next++;
    }
}

void zks__sendq_acked(zks__sendq *q, size_t length)
{
    q->bytes -= length;
    q->acked += length;
    while (q->count && q->acked >= at(q, 0)->length) {
        q->acked -= at(q, 0)->length;
        zks__buf_unref(at(q, 0));
        q->head = (q->head + 1) & (q->size - 1);
        q->count--;
        q->next--;
    }
    if (!q->count) {
        zks__sendq_done(q);
    }
}
