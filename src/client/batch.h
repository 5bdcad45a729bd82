/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A batch of entries in columns, as the app reads it. Immutable once handed over. */
#ifndef ZKS_CLIENT_BATCH_H
#define ZKS_CLIENT_BATCH_H

#include "client/client.h"
#include "wire/limits.h"

struct zks_batch {
    zks__handle handle;
    size_t count, room;
    uint8_t *data;
    size_t data_length, data_room;
    uint64_t *offsets; /* count + 1 */
    uint64_t *seqs, *numbers;
    int64_t *times_ms;
    uint8_t *ids;     /* 16 bytes each: the first half of the entry id */
    uint8_t *senders; /* ZKS_DEVICE_ID_BYTES each */
    uint32_t *flags;
};

enum { ZKS_BATCH_ID_BYTES = 16 };

ZKS_MUST_USE zks_status zks__batch_new(zks_batch **out_batch);
typedef struct zks__batch_item {
    uint64_t seq, number;
    int64_t time_ms;
    const uint8_t *id;     /* at least ZKS_BATCH_ID_BYTES */
    const uint8_t *sender; /* ZKS_DEVICE_ID_BYTES */
    uint32_t flags;
    const uint8_t *body;
    size_t body_length;
} zks__batch_item;
/* Copies the item behind the others. ZKS_E_NOMEM: unchanged. */
ZKS_MUST_USE zks_status zks__batch_add(zks_batch *b, const zks__batch_item *item);

#endif
