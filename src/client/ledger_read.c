/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The app's side of the inbox log: opening what was stored sealed. */
#include "client/ledger_internal.h"

#include "client/batch.h"

typedef struct reading {
    zks__ledger *ledger;
    zks_batch *batch;
    uint32_t max_count, max_bytes, flags;
} reading;

static zks_status read_item(const zks__store_item *item, void *user)
{
    reading *r = user;
    zks__ledger *l = r->ledger;
    if (item->own_n && !(r->flags & ZKS_READ_OWN)) {
        return ZKS_OK;
    }
    if (!item->blob.length) {
        return ZKS_OK; /* its bytes were pruned: it was settled and read */
    }
    if (r->batch->count == r->max_count) {
        return ZKS_E_LIMIT;
    }
    const uint8_t *pusher = item->own_n ? zks__ledger_device_id(l) : item->pusher;
    const zks__blob_key *key = NULL;
    zks__entry e;
    zks_status status = zks__ledger_blob_key(l, item->blob.data, item->blob.length, pusher, &key);
    if (!status) {
        status = zks__ledger_scratch(l, item->blob.data, item->blob.length);
    }
    if (!status && zks__blob_open(key, l->scratch, item->blob.length, &e)) {
        return ZKS_E_STORE_CORRUPT; /* it opened when it was stored */
    }
    if (status || e.kind != ZKS_ENTRY_DATA) {
        return status;
    }
    if (r->batch->count && r->batch->data_length + e.body_length > r->max_bytes) {
        return ZKS_E_LIMIT;
    }
    zks__batch_item out = {.seq = item->seq,
                           .number = e.seq,
                           .time_ms = e.time_ms,
                           .id = e.id,
                           .sender = e.author,
                           .flags = item->flags | (item->own_n ? (uint32_t)ZKS_ITEM_OWN : 0),
                           .body = e.body,
                           .body_length = e.body_length};
    return zks__batch_add(r->batch, &out);
}

zks_status zks__ledger_read(zks__ledger *l, uint64_t after_seq, uint32_t max_count,
                            uint32_t max_bytes, uint32_t flags, zks_batch **out_batch)
{
    reading r = {.ledger = l, .max_count = max_count, .max_bytes = max_bytes, .flags = flags};
    zks_status status = l->broken ? l->broken : zks__batch_new(&r.batch);
    if (!status) {
        status = zks__store_inbox_each(l->store, l->group.g, after_seq, read_item, &r);
    }
    if (status) {
        zks__batch_free(r.batch);
        return status;
    }
    *out_batch = r.batch;
    return ZKS_OK;
}

zks_status zks__ledger_acknowledge(zks__ledger *l, uint64_t seq)
{
    if (seq > l->group.last_seq) {
        seq = l->group.last_seq;
    }
    if (l->broken || seq <= l->group.watermark) {
        return l->broken;
    }
    zks_status status = zks__store_watermark_set(l->store, l->group.g, seq);
    if (!status) {
        l->group.watermark = seq;
    }
    return status;
}
