/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "trampolines.h"

#include "_cgo_export.h"

#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

enum { LOG_LINE = 4096 }; /* PIPE_BUF: a pipe takes it whole or not at all */

/* What this thread has to note while it dispatches. */
static _Thread_local struct notes {
    zksgo_completed *out;
    size_t count;
} notes;

size_t zksgo_dispatch(zks_queue *queue, zksgo_completed *out, size_t capacity, size_t *out_count)
{
    uint32_t ran = 0;
    notes.out = out;
    notes.count = 0;
    zks_status status = zks_queue_dispatch(queue, (uint32_t)capacity, &ran);
    *out_count = notes.count;
    notes.out = NULL;
    return status ? 0 : ran;
}

void zksgo_done(zks_op *op, void *user)
{
    zksgo_completed note = {(uint64_t)(uintptr_t)user, zks_op_status(op)};
    if (notes.out) {
        notes.out[notes.count++] = note;
    } else {
        zksGoCompleted(&note, 1);
    }
}

static void read_event(const zks_event *event, zksgo_event_data *out)
{
    memset(out, 0, sizeof *out);
    out->kind = zks_event_kind(event);
    out->status = zks_event_status(event);
    for (int32_t i = 1; i < ZKSGO_NUMBERS; i++) {
        out->numbers[i] = zks_event_number(event, i);
    }
    for (int32_t i = 1; i < ZKSGO_TEXTS; i++) {
        out->texts[i] = zks_event_text(event, 100 + i);
    }
    for (int32_t i = 1; i < ZKSGO_BYTES; i++) {
        out->bytes[i] = zks_event_bytes(event, 200 + i, &out->lengths[i]);
    }
}

void zksgo_event(zks_client *client, const zks_event *event, void *user)
{
    zksgo_event_data data;
    (void)client;
    read_event(event, &data);
    if (notes.out && notes.count) {
        zksGoCompleted(notes.out, notes.count);
        notes.count = 0;
    }
    zksGoEvent((uintptr_t)user, &data);
}

zks_status zksgo_store_key(uint8_t *out_key, void *user)
{
    return zksGoStoreKey((uintptr_t)user, out_key);
}

void zksgo_release(void *user)
{
    zksGoRelease((uintptr_t)user);
}

static int log_fd(void *user)
{
    return (int)((uintptr_t)user - 1);
}

void zksgo_log(int32_t level, const char *line, void *user)
{
    char text[LOG_LINE];
    size_t length = strnlen(line, sizeof text - 2);
    text[0] = (char)('0' + level);
    memcpy(text + 1, line, length);
    text[length + 1] = '\n';
    if (write(log_fd(user), text, length + 2) < 0) {
        return; /* full: see the header */
    }
}

void zksgo_log_end(void *user)
{
    close(log_fd(user));
}

static zks_done_fn done_of(const zksgo_call *call)
{
    return call->token ? zksgo_done : NULL;
}

zks_status zksgo_push(zks_client *client, const uint8_t *data, size_t length, uint32_t flags,
                      zksgo_call *call)
{
    return zks_client_push(client, data, length, flags, done_of(call),
                           (void *)(uintptr_t)call->token, &call->op);
}

zks_status zksgo_push_many(zks_client *client, const uint8_t *data, const size_t *lengths,
                           size_t count, uint32_t flags, zksgo_call *call)
{
    return zks_client_push_many(client, data, lengths, count, flags, done_of(call),
                                (void *)(uintptr_t)call->token, &call->op);
}

void zksgo_push_end(zks_op *op, zksgo_pushed *out, uint8_t *ids, size_t count)
{
    size_t length;
    const uint8_t *bytes = zks_op_bytes(op, ZKS_OP_BLOB_IDS, &length);
    size_t room = count * ZKS_SIZE_BLOB_ID;
    if (bytes) {
        memcpy(ids, bytes, length < room ? length : room);
    }
    out->number = (uint64_t)zks_op_number(op, ZKS_OP_FIRST_NUMBER);
    out->seq = (uint64_t)zks_op_number(op, ZKS_OP_INBOX_SEQ);
    zks_op_free(op);
}

zks_status zksgo_read_end(zks_op *op, zksgo_table *out)
{
    zks_batch *batch;
    zks_status status = zks_op_take_batch(op, &batch);
    if (status) {
        return status;
    }
    zks_op_free(op);
    out->batch = batch;
    out->count = zks_batch_count(batch);
    out->data = zks_batch_data(batch, &out->data_length);
    out->offsets = zks_batch_offsets(batch);
    out->seqs = zks_batch_seqs(batch);
    out->numbers = zks_batch_numbers(batch);
    out->times_ms = zks_batch_times_ms(batch);
    out->ids = zks_batch_ids(batch);
    out->senders = zks_batch_senders(batch);
    out->flags = zks_batch_flags(batch);
    return ZKS_OK;
}
