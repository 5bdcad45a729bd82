/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "client/op.h"

#include "base/alloc.h"
#include "base/thread.h"
#include "client/batch.h"
#include "client/internal.h"
#include "client/runtime.h"

#include <errno.h>
#include <string.h>

static void free_bytes(zks_op *op)
{
    if (op->bytes) {
        zks__wipe(op->bytes, op->bytes_length);
    }
    zks__free(op->bytes);
}

static void op_unref(zks_op *op)
{
    if (atomic_fetch_sub_explicit(&op->count, 1, memory_order_acq_rel) != 1) {
        return;
    }
    atomic_store(&op->handle.magic, ZKS_HANDLE_DEAD);
    if (op->queue) {
        zks__queue_unref(op->queue);
    }
    zks_runtime *r = op->runtime;
    zks__batch_free(op->batch);
    free_bytes(op);
    zks__free(op->text);
    pthread_cond_destroy(&op->completed_changed);
    pthread_mutex_destroy(&op->mutex);
    zks__free(op);
    zks__runtime_unref(r);
}

void zks__op_ref(zks_op *op)
{
    atomic_fetch_add_explicit(&op->count, 1, memory_order_relaxed);
}

static void run_done(zks__task *task)
{
    zks_op *op = ZKS_CONTAINER(task, zks_op, callback);
    if (op->done) {
        op->done(op, op->user);
    }
    op_unref(op);
}

zks_status zks__op_create(zks_runtime *r, zks_queue *queue, zks_client *c, zks_done_fn done,
                          void *user, zks_op **out_op)
{
    zks_op *op = zks__alloc_zero(1, sizeof *op);
    if (!op) {
        return ZKS_E_NOMEM;
    }
    pthread_mutex_init(&op->mutex, NULL);
    zks__cond_init(&op->completed_changed);
    atomic_init(&op->count, 2);
    op->status = ZKS_E_PENDING;
    op->done = done;
    op->user = user;
    op->callback.run = run_done;
    op->runtime = r;
    zks__runtime_ref(r);
    if (queue) {
        op->queue = queue;
        zks__queue_ref(queue);
    }
    if (c) {
        op->client = c;
        zks__client_ref(c);
    }
    zks__handle_init(&op->handle, ZKS_HANDLE_OP);
    *out_op = op;
    return ZKS_OK;
}

zks_status zks__op_new(zks_runtime *r, zks_queue *queue, zks_done_fn done, void *user,
                       zks_op **out_op)
{
    return zks__op_create(r, queue, NULL, done, user, out_op);
}

void zks__op_publish(zks_op *op, zks_op **out_op)
{
    if (out_op) {
        *out_op = op;
    } else {
        op_unref(op);
    }
}

void zks__op_discard(zks_op *op)
{
    zks_client *c = op->client;
    op->client = NULL;
    atomic_store(&op->count, 1);
    op_unref(op);
    if (c) {
        zks__client_unref(c);
    }
}

void zks__op_complete(zks_op *op, zks_status status, const char *text)
{
    pthread_mutex_lock(&op->mutex);
    if (op->completed) {
        pthread_mutex_unlock(&op->mutex);
        return;
    }
    op->completed = true;
    op->status = status;
    op->text = zks__strdup(text);
    zks_client *c = op->client;
    op->client = NULL;
    pthread_cond_broadcast(&op->completed_changed);
    pthread_mutex_unlock(&op->mutex);
    if (op->done) {
        zks__runtime_callback(op->runtime, op->queue, &op->callback);
    } else {
        op_unref(op); /* nobody is to be called: the queue's thread need not wake for it */
    }
    if (c) {
        zks__client_unref(c);
    }
}

void zks__op_set_number(zks_op *op, int32_t field, int64_t value)
{
    pthread_mutex_lock(&op->mutex);
    op->numbers[field] = value;
    pthread_mutex_unlock(&op->mutex);
}

void zks__op_set_bytes(zks_op *op, int32_t field, uint8_t *bytes, size_t length)
{
    pthread_mutex_lock(&op->mutex);
    free_bytes(op);
    op->bytes_field = field;
    op->bytes = bytes;
    op->bytes_length = length;
    pthread_mutex_unlock(&op->mutex);
}

void zks__op_set_batch(zks_op *op, zks_batch *batch)
{
    pthread_mutex_lock(&op->mutex);
    op->batch = batch;
    pthread_mutex_unlock(&op->mutex);
}

bool zks__op_is_done(zks_op *op)
{
    pthread_mutex_lock(&op->mutex);
    bool done = op->completed;
    pthread_mutex_unlock(&op->mutex);
    return done;
}

zks_status zks__op_wait(zks_op *op, uint32_t timeout_ms)
{
    struct timespec until = zks__deadline_after(timeout_ms);
    pthread_mutex_lock(&op->mutex);
    int waited = 0;
    while (!op->completed && waited != ETIMEDOUT) {
        waited = pthread_cond_timedwait(&op->completed_changed, &op->mutex, &until);
    }
    zks_status status = op->completed ? ZKS_OK : ZKS_E_TIMEOUT;
    pthread_mutex_unlock(&op->mutex);
    return status;
}

static pthread_mutex_t *mutex_of(const zks_op *op)
{
    return &((zks_op *)(uintptr_t)op)->mutex;
}

zks_status zks__op_status(const zks_op *op)
{
    pthread_mutex_lock(mutex_of(op));
    zks_status status = op->status;
    pthread_mutex_unlock(mutex_of(op));
    return status;
}

const char *zks__op_text(const zks_op *op)
{
    pthread_mutex_lock(mutex_of(op));
    const char *text = op->text ? op->text : "";
    pthread_mutex_unlock(mutex_of(op));
    return text;
}

int64_t zks__op_number(const zks_op *op, int32_t field)
{
    if (field < 0 || field >= ZKS_OP_NUMBERS) {
        return 0;
    }
    pthread_mutex_lock(mutex_of(op));
    int64_t value = op->numbers[field];
    pthread_mutex_unlock(mutex_of(op));
    return value;
}

const uint8_t *zks__op_bytes(const zks_op *op, int32_t field, size_t *out_length)
{
    pthread_mutex_lock(mutex_of(op));
    const uint8_t *bytes = field == op->bytes_field && op->completed ? op->bytes : NULL;
    size_t length = bytes ? op->bytes_length : 0;
    pthread_mutex_unlock(mutex_of(op));
    *out_length = length;
    return bytes;
}

zks_status zks__op_take_batch(zks_op *op, zks_batch **out_batch)
{
    zks_status status = ZKS_OK;
    pthread_mutex_lock(&op->mutex);
    if (!op->completed) {
        status = ZKS_E_PENDING;
    } else if (op->status) {
        status = op->status;
    } else if (!op->batch) {
        status = ZKS_E_TAKEN;
    } else {
        *out_batch = op->batch;
        op->batch = NULL;
    }
    pthread_mutex_unlock(&op->mutex);
    return status;
}

void zks__op_cancel(zks_op *op)
{
    pthread_mutex_lock(&op->mutex);
    bool ask = !op->completed && !op->cancelled && op->client;
    op->cancelled = true;
    zks_client *c = op->client;
    if (ask) {
        zks__client_ref(c);
    }
    pthread_mutex_unlock(&op->mutex);
    if (ask) {
        zks__client_cancel(c, op);
        zks__client_unref(c);
    }
}

void zks__op_free(zks_op *op)
{
    op_unref(op);
}

bool zks__op_in_callback(const zks_op *op)
{
    return zks__runtime_in_callback(op->runtime);
}
