/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "abi/guard.h"
#include "client/client.h"

zks_status zks_inbox_read(zks_client *client, uint64_t after_seq, uint32_t max_count,
                          uint32_t max_bytes, uint32_t flags, zks_done_fn done, void *user,
                          zks_op **out_op)
{
    enum { DEFAULT_COUNT = 1000, DEFAULT_BYTES = 4 << 20 };
    zks_status status = zks__guard(ZKS_CALL_inbox_read, client);
    if (status) {
        return status;
    }
    if (flags & ~(uint32_t)(ZKS_READ_WAIT | ZKS_READ_OWN)) {
        return ZKS_E_INVALID;
    }
    return zks__inbox_read(client, after_seq, max_count ? max_count : DEFAULT_COUNT,
                           max_bytes ? max_bytes : DEFAULT_BYTES, flags, done, user, out_op);
}

zks_status zks_inbox_ack(zks_client *client, uint64_t up_to_seq, zks_done_fn done, void *user,
                         zks_op **out_op)
{
    zks_status status = zks__guard(ZKS_CALL_inbox_ack, client);
    return status ? status : zks__inbox_ack(client, up_to_seq, done, user, out_op);
}

uint64_t zks_inbox_acked(const zks_client *client)
{
    return zks__guard(ZKS_CALL_inbox_acked, client) ? 0 : zks__inbox_acked(client);
}

/* --- batch --- */

size_t zks_batch_count(const zks_batch *batch)
{
    return zks__guard(ZKS_CALL_batch_count, batch) ? 0 : zks__batch_count(batch);
}

const uint8_t *zks_batch_data(const zks_batch *batch, size_t *out_length)
{
    size_t length = 0;
    const uint8_t *data = NULL;
    if (!zks__guard(ZKS_CALL_batch_data, batch)) {
        data = zks__batch_data(batch, &length);
    }
    if (out_length) {
        *out_length = length;
    }
    return data;
}

const uint64_t *zks_batch_offsets(const zks_batch *batch)
{
    return zks__guard(ZKS_CALL_batch_offsets, batch) ? NULL : zks__batch_offsets(batch);
}

const uint64_t *zks_batch_seqs(const zks_batch *batch)
{
    return zks__guard(ZKS_CALL_batch_seqs, batch) ? NULL : zks__batch_seqs(batch);
}

const int64_t *zks_batch_times_ms(const zks_batch *batch)
{
    return zks__guard(ZKS_CALL_batch_times_ms, batch) ? NULL : zks__batch_times_ms(batch);
}

const uint8_t *zks_batch_ids(const zks_batch *batch)
{
    return zks__guard(ZKS_CALL_batch_ids, batch) ? NULL : zks__batch_ids(batch);
}

const uint8_t *zks_batch_senders(const zks_batch *batch)
{
    return zks__guard(ZKS_CALL_batch_senders, batch) ? NULL : zks__batch_senders(batch);
}

const uint64_t *zks_batch_numbers(const zks_batch *batch)
{
    return zks__guard(ZKS_CALL_batch_numbers, batch) ? NULL : zks__batch_numbers(batch);
}

const uint32_t *zks_batch_flags(const zks_batch *batch)
{
    return zks__guard(ZKS_CALL_batch_flags, batch) ? NULL : zks__batch_flags(batch);
}

void zks_batch_free(zks_batch *batch)
{
    if (!zks__guard(ZKS_CALL_batch_free, batch)) {
        zks__batch_free(batch);
    }
}
