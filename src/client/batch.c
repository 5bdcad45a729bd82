/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "client/batch.h"

#include "base/alloc.h"

#include <string.h>

enum { FIRST_ROOM = 16, FIRST_DATA = 4096 };

zks_status zks__batch_new(zks_batch **out_batch)
{
    zks_batch *b = zks__alloc_zero(1, sizeof *b);
    uint64_t *offsets = zks__alloc_zero(1, sizeof *offsets);
    if (!b || !offsets) {
        zks__free(offsets);
        zks__free(b);
        return ZKS_E_NOMEM;
    }
    b->offsets = offsets;
    zks__handle_init(&b->handle, ZKS_HANDLE_BATCH);
    *out_batch = b;
    return ZKS_OK;
}

void zks__batch_free(zks_batch *b)
{
    if (!b) {
        return;
    }
    atomic_store(&b->handle.magic, ZKS_HANDLE_DEAD);
    zks__free(b->data);
    zks__free(b->offsets);
    zks__free(b->seqs);
    zks__free(b->numbers);
    zks__free(b->times_ms);
    zks__free(b->ids);
    zks__free(b->senders);
    zks__free(b->flags);
    zks__free(b);
}

/* Grows one column; a column that grew stays so when another cannot. */
static bool grow(void **column, size_t size)
{
    void *grown = zks__alloc_resize(*column, size);
    if (grown) {
        *column = grown;
    }
    return grown != NULL;
}

static zks_status reserve(zks_batch *b, size_t body_length)
{
    if (b->count == b->room) {
        size_t room = b->room ? b->room * 2 : FIRST_ROOM;
        if (!grow((void **)&b->offsets, (room + 1) * sizeof *b->offsets) ||
            !grow((void **)&b->seqs, room * sizeof *b->seqs) ||
            !grow((void **)&b->numbers, room * sizeof *b->numbers) ||
            !grow((void **)&b->times_ms, room * sizeof *b->times_ms) ||
            !grow((void **)&b->ids, room * ZKS_BATCH_ID_BYTES) ||
            !grow((void **)&b->senders, room * ZKS_DEVICE_ID_BYTES) ||
            !grow((void **)&b->flags, room * sizeof *b->flags)) {
            return ZKS_E_NOMEM;
        }
        b->room = room;
    }
    if (b->data_length + body_length > b->data_room) {
        size_t room = b->data_room ? b->data_room * 2 : FIRST_DATA;
        while (room < b->data_length + body_length) {
            room *= 2;
        }
        if (!grow((void **)&b->data, room)) {
            return ZKS_E_NOMEM;
        }
        b->data_room = room;
    }
    return ZKS_OK;
}

zks_status zks__batch_add(zks_batch *b, const zks__batch_item *item)
{
    zks_status status = reserve(b, item->body_length);
    if (status) {
        return status;
    }
    if (item->body_length) {
        memcpy(b->data + b->data_length, item->body, item->body_length);
    }
    b->data_length += item->body_length;
    b->seqs[b->count] = item->seq;
    b->numbers[b->count] = item->number;
    b->times_ms[b->count] = item->time_ms;
    b->flags[b->count] = item->flags;
    memcpy(b->ids + b->count * ZKS_BATCH_ID_BYTES, item->id, ZKS_BATCH_ID_BYTES);
    memcpy(b->senders + b->count * ZKS_DEVICE_ID_BYTES, item->sender, ZKS_DEVICE_ID_BYTES);
    b->offsets[++b->count] = b->data_length;
    return ZKS_OK;
}

size_t zks__batch_count(const zks_batch *b)
{
    return b->count;
}

const uint8_t *zks__batch_data(const zks_batch *b, size_t *out_length)
{
    *out_length = b->data_length;
    return b->data;
}

const uint64_t *zks__batch_offsets(const zks_batch *b)
{
    return b->offsets;
}

const uint64_t *zks__batch_seqs(const zks_batch *b)
{
    return b->seqs;
}

const int64_t *zks__batch_times_ms(const zks_batch *b)
{
    return b->times_ms;
}

const uint8_t *zks__batch_ids(const zks_batch *b)
{
    return b->ids;
}

const uint8_t *zks__batch_senders(const zks_batch *b)
{
    return b->senders;
}

const uint64_t *zks__batch_numbers(const zks_batch *b)
{
    return b->numbers;
}

const uint32_t *zks__batch_flags(const zks_batch *b)
{
    return b->flags;
}
