/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Reading the inbox log and moving the watermark. */
#include "client/internal.h"

#include "base/alloc.h"
#include "client/batch.h"

typedef struct read_job {
    zks__client_job base;
    zks_op *op; /* a reference */
    zks_batch *batch;
    uint64_t last_seq;
} read_job;

static zks_status run_read(zks__job *job)
{
    read_job *j = (read_job *)job;
    const zks_op *op = j->op;
    zks__ledger *l = j->base.client->ledger;
    j->last_seq = zks__ledger_last_seq(l);
    return zks__ledger_read(l, op->after_seq, op->max_count, op->max_bytes, op->flags, &j->batch);
}

static void start_read(zks_client *c, zks_op *op);

static void finish_read(zks__job *job)
{
    read_job *j = (read_job *)job;
    zks_client *c = j->base.client;
    zks_op *op = j->op;
    const char *text;
    zks_status status = zks__client_job_status(c, job->status, &text);
    if (status) {
        zks__op_complete(op, status, text);
    } else if (!j->batch->count && (op->flags & ZKS_READ_WAIT) && !zks__op_is_done(op)) {
        if (c->stopping) {
            zks__op_complete(op, ZKS_E_CANCELLED, "the client was closed");
        } else if (atomic_load(&c->last_seq) > j->last_seq) {
            start_read(c, op); /* something came while the store was read */
        } else {
            zks__client_wait(&c->reading, op);
        }
    } else {
        size_t count = j->batch->count;
        zks__op_set_number(op, ZKS_OP_COUNT, (int64_t)count);
        zks__op_set_number(op, ZKS_OP_INBOX_SEQ, count ? (int64_t)j->batch->seqs[count - 1] : 0);
        zks__op_set_batch(op, j->batch);
        j->batch = NULL;
        zks__op_complete(op, ZKS_OK, NULL);
    }
    zks__batch_free(j->batch);
    zks__op_free(op);
    zks__client_job_free(&j->base);
}

static void start_read(zks_client *c, zks_op *op)
{
    read_job *j = zks__client_job_new(c, sizeof *j, ZKS_JOB_PLAIN, run_read, finish_read);
    if (!j) {
        zks__op_complete(op, ZKS_E_NOMEM, NULL);
        return;
    }
    j->op = op;
    zks__op_ref(op);
    zks__client_job_start(&j->base);
}

zks_status zks__inbox_read(zks_client *c, uint64_t after_seq, uint32_t max_count,
                           uint32_t max_bytes, uint32_t flags, zks_done_fn done, void *user,
                           zks_op **out_op)
{
    zks_op *op;
    zks_status status = zks__client_refuse(c);
    if (!status) {
        status = zks__op_create(c->runtime, c->queue, c, done, user, &op);
    }
    if (status) {
        return status;
    }
    op->after_seq = after_seq;
    op->max_count = max_count ? max_count : 1024;
    op->max_bytes = max_bytes ? max_bytes : 4u << 20;
    op->flags = flags;
    read_job *j = zks__client_job_new(c, sizeof *j, ZKS_JOB_PLAIN, run_read, finish_read);
    if (!j) {
        zks__op_discard(op);
        return ZKS_E_NOMEM;
    }
    j->op = op;
    status = zks__client_submit_op(c, &j->base.job, op, out_op);
    if (status) {
        zks__client_job_free(&j->base);
    }
    return status;
}

typedef struct ack_job {
    zks__client_job base;
    zks_op *op; /* a reference */
    uint64_t seq, watermark, unread_count, unread_bytes;
} ack_job;

static zks_status run_ack(zks__job *job)
{
    ack_job *j = (ack_job *)job;
    zks__ledger *l = j->base.client->ledger;
    zks_status status = zks__ledger_acknowledge(l, j->seq);
    j->watermark = zks__ledger_watermark(l);
    return status ? status : zks__ledger_unread(l, &j->unread_count, &j->unread_bytes);
}

static void finish_ack(zks__job *job)
{
    ack_job *j = (ack_job *)job;
    zks_client *c = j->base.client;
    const char *text;
    zks_status status = zks__client_job_status(c, job->status, &text);
    if (!status) {
        atomic_store(&c->watermark, j->watermark);
        zks__op_set_number(j->op, ZKS_OP_ACKED_SEQ, (int64_t)j->watermark);
        pthread_mutex_lock(&c->mutex);
        c->unread_count = j->unread_count;
        c->unread_bytes = j->unread_bytes;
        pthread_mutex_unlock(&c->mutex);
        zks__sync_inbox_full(c->sync, j->unread_bytes >= c->options.inbox_max_bytes);
    }
    zks__op_complete(j->op, status, text);
    if (!status) {
        zks__client_pump(c);
    }
    zks__op_free(j->op);
    zks__client_job_free(&j->base);
}

zks_status zks__inbox_ack(zks_client *c, uint64_t up_to_seq, zks_done_fn done, void *user,
                          zks_op **out_op)
{
    zks_op *op;
    zks_status status = zks__client_refuse(c);
    if (!status) {
        status = zks__op_create(c->runtime, c->queue, c, done, user, &op);
    }
    if (status) {
        return status;
    }
    ack_job *j = zks__client_job_new(c, sizeof *j, ZKS_JOB_PLAIN, run_ack, finish_ack);
    if (!j) {
        zks__op_discard(op);
        return ZKS_E_NOMEM;
    }
    j->op = op;
    j->seq = up_to_seq;
    status = zks__client_submit_op(c, &j->base.job, op, out_op);
    if (status) {
        zks__client_job_free(&j->base);
    }
    return status;
}

uint64_t zks__inbox_acked(const zks_client *c)
{
    return atomic_load(&c->watermark);
}

void zks__client_inbox_grew(zks_client *c, uint64_t last_seq, bool received)
{
    if (last_seq <= atomic_load(&c->last_seq)) {
        return;
    }
    atomic_store(&c->last_seq, last_seq);
    for (zks__node *n = zks__list_first(&c->reading); n;) {
        zks__node *next = zks__list_next(&c->reading, n);
        zks_op *op = ZKS_CONTAINER(n, zks_op, waiting);
        if (received || (op->flags & ZKS_READ_OWN)) {
            zks__list_remove(n);
            start_read(c, op);
        }
        n = next;
    }
    if (received) {
        zks__client_tell_inbox(c);
    }
}

void zks__client_tell_inbox(zks_client *c)
{
    c->inbox_untold = false;
    if (!c->event || atomic_exchange(&c->inbox_event_waits, true)) {
        return;
    }
    zks_event *e = zks__event_new(c, ZKS_EVENT_INBOX, ZKS_OK, "there is something to read");
    if (!e) {
        atomic_store(&c->inbox_event_waits, false);
        c->inbox_untold = true; /* an app that sleeps until it comes must not sleep for ever */
        c->tick_ms = zks__runtime_now_ms(c->runtime) + ZKS_TICK_RETRY_MS;
    }
    zks__event_post(e);
}
