/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A client's end. What it needs is made when the client opens, so that closing cannot fail. */
#include "client/internal.h"

#include "base/alloc.h"
#include "client/offer.h"

static void run_user_free(zks__task *task)
{
    zks_client *c = ZKS_CONTAINER(task, zks_client, user_free_task);
    if (c->event_user_free) {
        c->event_user_free(c->event_user);
    }
    zks__client_unref(c);
}

static zks_status run_close(zks__job *job)
{
    zks_client *c = ((zks__client_job *)job)->client;
    zks__ledger_close(c->ledger);
    c->ledger = NULL;
    return ZKS_OK;
}

/* CLOSED has been heard: who waits for the closing may take away what callbacks use. */
static void run_silent(zks__task *task)
{
    zks_client *c = ZKS_CONTAINER(task, zks_client, silent_task);
    c->silent = true;
    zks__client_end_waiting(c, &c->closing, ZKS_OK, NULL);
    c->user_free_task.run = run_user_free;
    zks__runtime_callback(c->runtime, c->queue, &c->user_free_task);
}

/* The last things: CLOSED, the close op, user_free, and the loop's reference. With a queue the op
 * is complete at once: its callbacks are the app's to run, which may wait for the op first. */
static void finish_close(zks__job *job)
{
    zks__client_job *j = (zks__client_job *)job;
    zks_client *c = j->client;
    pthread_mutex_lock(&c->mutex);
    c->life = ZKS_LIFE_CLOSED;
    pthread_mutex_unlock(&c->mutex);
    zks__event_post(c->closed_event);
    c->closed_event = NULL;
    c->silent_task.run = run_silent;
    zks__client_ref(c);
    if (c->queue) {
        run_silent(&c->silent_task);
    } else {
        zks__runtime_callback(c->runtime, NULL, &c->silent_task);
    }
    zks__list_remove(&c->in_runtime);
    zks_runtime *r = c->runtime;
    zks__runtime_ref(r);
    zks__client_job_free(j);
    zks__client_unref(c); /* the loop's */
    zks__runtime_client_gone(r);
    zks__runtime_unref(r);
}

zks_status zks__client_prepare_close(zks_client *c)
{
    c->close_job = zks__client_job_new(c, sizeof *c->close_job, ZKS_JOB_ALONE, run_close,
                                       finish_close);
    c->closed_event = zks__event_new(c, ZKS_EVENT_CLOSED, ZKS_OK, "the client is closed");
    return c->close_job && (c->closed_event || !c->event) ? ZKS_OK : ZKS_E_NOMEM;
}

void zks__client_unprepare_close(zks_client *c)
{
    if (c->close_job) {
        zks__client_job_free(c->close_job);
        c->close_job = NULL;
    }
    zks__event_drop(c->closed_event);
    c->closed_event = NULL;
}

static void timer_closed(uv_handle_t *handle)
{
    zks_client *c = handle->data;
    zks__client_unref(c);
}

void zks__client_begin_close(zks_client *c)
{
    if (c->stopping) {
        return;
    }
    pthread_mutex_lock(&c->mutex);
    bool opening = c->life == ZKS_LIFE_OPENING;
    pthread_mutex_unlock(&c->mutex);
    if (opening) {
        if (c->joining) {
            zks__joining_cancel(c->joining);
        }
        return; /* when the opening goes on it leads here again */
    }
    zks__client_job *j = c->close_job;
    c->close_job = NULL;
    c->stopping = true;
    pthread_mutex_lock(&c->mutex);
    c->life = ZKS_LIFE_CLOSING;
    pthread_mutex_unlock(&c->mutex);
    zks__inviting_end(c);
    zks__client_end_all(c, ZKS_E_CANCELLED, "the client was closed");
    zks__client_offers_end(c, ZKS_E_CANCELLED, "the client was closed");
    zks__sync_set_online(c->sync, 0, zks__runtime_now_ms(c->runtime));
    if (c->timer_open) {
        c->timer_open = false;
        uv_close((uv_handle_t *)&c->timer, timer_closed);
    }
    zks__client_drop_dial(c);
    if (c->session) {
        zks__session_close(c->session, 0, "closed");
    }
    /* Behind all jobs that were submitted before: their finish functions have run when this one's
     * does. */
    zks__storage_submit(c->runtime->storage, &j->job);
}

static void ask_close(zks_client *c)
{
    c->close_asked = true;
    zks__client_begin_close(c);
}

static void close_freed(zks__task *task)
{
    zks_client *c = ZKS_CONTAINER(task, zks_client, free_task);
    ask_close(c);
    zks__client_unref(c);
}

void zks__client_free(zks_client *c)
{
    c->free_task.run = close_freed;
    zks__client_ref(c);
    if (!zks__runtime_post(c->runtime, &c->free_task)) {
        zks__client_unref(c); /* closed with its runtime */
    }
    zks__client_unref(c);
}

typedef struct close_task {
    zks__task task;
    zks_client *client;
    zks_op *op; /* with a reference */
} close_task;

static void close_now(zks__task *task)
{
    close_task *t = ZKS_CONTAINER(task, close_task, task);
    zks_client *c = t->client;
    if (c->silent) {
        zks__op_complete(t->op, ZKS_OK, NULL);
    } else {
        zks__client_wait(&c->closing, t->op);
    }
    ask_close(c);
    zks__op_free(t->op);
    zks__free(t);
    zks__client_unref(c);
}

zks_status zks__client_close(zks_client *c, zks_done_fn done, void *user, zks_op **out_op)
{
    zks_op *op;
    close_task *t = zks__alloc_zero(1, sizeof *t);
    zks_status status = t ? zks__op_create(c->runtime, c->queue, NULL, done, user, &op)
                          : ZKS_E_NOMEM;
    if (status) {
        zks__free(t);
        return status;
    }
    t->task.run = close_now;
    t->client = c;
    t->op = op;
    zks__client_ref(c);
    zks__op_ref(op);
    zks__op_publish(op, out_op);
    if (zks__runtime_post(c->runtime, &t->task)) {
        atomic_store(&c->app_closed, true);
        return ZKS_OK;
    }
    if (out_op) {
        *out_op = NULL;
    }
    zks__op_discard(op);
    zks__free(t);
    zks__client_unref(c);
    return ZKS_E_CLOSED;
}
