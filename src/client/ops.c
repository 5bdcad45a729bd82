/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Commands from other threads, and the operations that wait for something. */
#include "client/internal.h"

#include "base/alloc.h"

#include <stdio.h>

typedef struct command {
    zks__task task;
    zks_client *client;
    zks_op *op; /* with a reference of the command */
    void (*run)(zks_client *c, zks_op *op);
} command;

static void run_command(zks__task *task)
{
    command *m = ZKS_CONTAINER(task, command, task);
    zks_client *c = m->client;
    if (m->op && c->stopping) {
        zks__op_complete(m->op, ZKS_E_CANCELLED, "the client was closed");
    } else if (!c->stopping) {
        m->run(c, m->op);
    }
    if (m->op) {
        zks__op_free(m->op);
    }
    zks__free(m);
    zks__client_unref(c);
}

zks_status zks__client_refuse(zks_client *c)
{
    pthread_mutex_lock(&c->mutex);
    bool closing = c->life >= ZKS_LIFE_CLOSING;
    pthread_mutex_unlock(&c->mutex);
    return closing || atomic_load(&c->app_closed) ? ZKS_E_CLOSED : ZKS_OK;
}

/* Within the lock that closing takes too: a command is either in front of the closing, or refused.
 */
static zks_status post_command(zks_client *c, command *m)
{
    pthread_mutex_lock(&c->mutex);
    bool posted = !atomic_load(&c->app_closed) && c->life < ZKS_LIFE_CLOSING &&
                  zks__runtime_post(c->runtime, &m->task);
    pthread_mutex_unlock(&c->mutex);
    return posted ? ZKS_OK : ZKS_E_CLOSED;
}

static command *new_command(zks_client *c, void (*run)(zks_client *c, zks_op *op))
{
    command *m = zks__alloc_zero(1, sizeof *m);
    if (m) {
        m->task.run = run_command;
        m->client = c;
        m->run = run;
        zks__client_ref(c);
    }
    return m;
}

static void free_command(command *m)
{
    zks_client *c = m->client;
    zks__free(m);
    zks__client_unref(c);
}

zks_status zks__client_command(zks_client *c, void (*run)(zks_client *c, zks_op *op),
                               uint32_t number, zks_done_fn done, void *user, zks_op **out_op)
{
    command *m = new_command(c, run);
    zks_op *op = NULL;
    zks_status status = m ? zks__op_create(c->runtime, c->queue, c, done, user, &op) : ZKS_E_NOMEM;
    if (!status) {
        op->target = number;
        m->op = op;
        zks__op_ref(op);
        zks__op_publish(op, out_op);
        status = post_command(c, m);
    }
    if (!status) {
        return ZKS_OK;
    }
    if (op) {
        if (out_op) {
            *out_op = NULL;
        }
        zks__op_discard(op);
    }
    if (m) {
        free_command(m);
    }
    return status;
}

zks_status zks__client_post(zks_client *c, void (*run)(zks_client *c, zks_op *op))
{
    command *m = new_command(c, run);
    zks_status status = m ? post_command(c, m) : ZKS_E_NOMEM;
    if (m && status) {
        free_command(m);
    }
    return status;
}

/* --- waiting --- */

static zks_op *op_of(zks__node *n)
{
    return ZKS_CONTAINER(n, zks_op, waiting);
}

void zks__client_wait(zks__list *list, zks_op *op)
{
    zks__list_append(list, &op->waiting);
}

void zks__client_end_waiting(zks_client *c, zks__list *list, zks_status status, const char *text)
{
    (void)c;
    for (zks__node *n = zks__list_pop(list); n; n = zks__list_pop(list)) {
        zks__op_complete(op_of(n), status, text);
    }
}

void zks__client_end_all(zks_client *c, zks_status status, const char *text)
{
    zks__list *lists[] = {&c->connecting, &c->flushing, &c->syncing, &c->acking, &c->reading};
    for (size_t i = 0; i < ZKS_COUNTOF(lists); i++) {
        zks__client_end_waiting(c, lists[i], status, text);
    }
}

static void check_flushes(zks_client *c, uint64_t settled, uint64_t now)
{
    for (zks__node *n = zks__list_first(&c->flushing); n;) {
        zks__node *next = zks__list_next(&c->flushing, n);
        zks_op *op = op_of(n);
        uint64_t last_n = op->after_n;
        if (settled >= last_n || now >= op->target) {
            bool all = settled >= last_n;
            zks__list_remove(n);
            zks__op_set_number(op, ZKS_OP_PENDING, all ? 0 : (int64_t)(last_n - settled));
            zks__op_complete(op, all ? ZKS_OK : ZKS_E_TIMEOUT,
                             all ? NULL
                                 : "no relay has acknowledged everything in time; what is left is "
                                   "kept and sent later");
        }
        n = next;
    }
}

static void check_syncs(zks_client *c, uint64_t settled)
{
    for (zks__node *n = zks__list_first(&c->syncing); n;) {
        zks__node *next = zks__list_next(&c->syncing, n);
        zks_op *op = op_of(n);
        if (settled >= op->after_n && zks__sync_is_answered(c->sync, op->target)) {
            zks__list_remove(n);
            zks__op_complete(op, ZKS_OK, NULL);
        }
        n = next;
    }
}

/* Why nothing that waits for a relay's yes can get it: this device has left, or in the last round
 * over all relays one refused it as no member, and none took it. ZKS_OK: that is not known. */
static zks_status why_refused(zks_client *c)
{
    if (c->left) {
        return ZKS_E_UNAUTHORIZED;
    }
    size_t relays = c->options.relay_count;
    zks_status status = ZKS_OK;
    for (size_t i = 0; relays && zks__sync_failures(c->sync) >= relays && i < relays; i++) {
        zks_status said = c->relays[i].status; /* this thread alone writes it */
        if (said == ZKS_E_DEVICE_REVOKED || (said == ZKS_E_UNAUTHORIZED && !status)) {
            status = said;
        }
    }
    return status;
}

static void end_refused(zks_client *c, uint64_t settled)
{
    zks_status status = why_refused(c);
    if (!status) {
        return;
    }
    for (zks__node *n = zks__list_first(&c->flushing); n; n = zks__list_next(&c->flushing, n)) {
        zks_op *op = op_of(n);
        zks__op_set_number(op, ZKS_OP_PENDING, (int64_t)(op->after_n - settled));
    }
    const char *text = status == ZKS_E_DEVICE_REVOKED
                           ? "this device was removed from the group, and no relay takes anything "
                             "of it; what it pushed stays here, and goes out if the recovery code "
                             "brings it back"
                           : "this device is not a member for any relay that could be asked: it "
                             "has left, its time is over, or the group is unknown there; what it "
                             "pushed stays here";
    zks__client_end_waiting(c, &c->flushing, status, text);
    zks__client_end_waiting(c, &c->acking, status, text);
    zks__client_end_waiting(c, &c->syncing, status, text);
}

void zks__client_check_waiting(zks_client *c)
{
    uint64_t settled = zks__sync_settled_n(c->sync);
    bool connected = zks__sync_state_of(c->sync) == ZKS_SYNC_CONNECTED;
    if (connected) {
        zks__client_end_waiting(c, &c->connecting, ZKS_OK, NULL);
    }
    for (zks__node *n = zks__list_first(&c->acking); n && op_of(n)->target <= settled;
         n = zks__list_first(&c->acking)) {
        zks_op *op = op_of(n);
        zks__list_remove(n);
        const zks__settled *s = &c->settled;
        if (s->first <= op->target && op->target <= s->last) {
            zks__op_set_number(op, ZKS_OP_INBOX_SEQ, (int64_t)(s->seq - (s->last - op->target)));
        }
        zks__op_complete(op, ZKS_OK, NULL);
    }
    check_flushes(c, settled, zks__runtime_now_ms(c->runtime));
    if (connected && c->restoring && zks__sync_caught_up(c->sync)) {
        zks__client_restored(c);
    }
    check_syncs(c, settled);
    end_refused(c, settled);
}

/* --- commands --- */

/* A client whose opening failed can do nothing: its ops end with that failure. */
static bool fail_unopened(zks_client *c, zks_op *op)
{
    pthread_mutex_lock(&c->mutex);
    zks_status failed = c->open_status;
    pthread_mutex_unlock(&c->mutex);
    if (failed) {
        const char *text;
        failed = zks__client_job_status(c, failed, &text);
        zks__op_complete(op, failed, text);
    }
    return failed != ZKS_OK;
}

static void connect_now(zks_client *c, zks_op *op)
{
    if (!c->options.relay_count) {
        zks__op_complete(op, ZKS_E_CONFIG,
                         "no relay is configured; add one with zks_config_add_relay");
        return;
    }
    if (fail_unopened(c, op)) {
        return;
    }
    zks__client_wait(&c->connecting, op);
    zks__sync_set_online(c->sync, 1, zks__runtime_now_ms(c->runtime));
    zks__client_check_waiting(c);
    zks__client_pump(c);
}

zks_status zks__client_connect(zks_client *c, zks_done_fn done, void *user, zks_op **out_op)
{
    return zks__client_command(c, connect_now, 0, done, user, out_op);
}

static void disconnect_now(zks_client *c, zks_op *op)
{
    zks__sync_set_online(c->sync, 0, zks__runtime_now_ms(c->runtime));
    zks__client_end_waiting(c, &c->connecting, ZKS_E_CANCELLED,
                            "disconnected before the connection was there");
    zks__client_pump(c);
    zks__op_complete(op, ZKS_OK, NULL);
}

zks_status zks__client_disconnect(zks_client *c, zks_done_fn done, void *user, zks_op **out_op)
{
    return zks__client_command(c, disconnect_now, 0, done, user, out_op);
}

static void hurry_now(zks_client *c, zks_op *op)
{
    (void)op;
    zks__sync_hurry(c->sync, zks__runtime_now_ms(c->runtime));
    zks__client_pump(c);
}

zks_status zks__client_network_changed(zks_client *c)
{
    return zks__client_post(c, hurry_now);
}

/* --- flush and wait_synced: behind everything that was pushed before --- */

/* Goes to the storage thread from the calling thread, as pushes do: so it comes behind those that
 * were called before, and in front of those that are called later. */
typedef struct mark_job {
    zks__client_job base;
    zks_op *op;
    void (*passed)(zks_client *c, zks_op *op); /* all those are stored, or have failed */
} mark_job;

static zks_status run_mark(zks__job *job)
{
    (void)job;
    return ZKS_OK;
}

static void finish_mark(zks__job *job)
{
    mark_job *m = (mark_job *)job;
    zks_client *c = m->base.client;
    if (fail_unopened(c, m->op)) {
        /* told */
    } else if (c->stopping) {
        zks__op_complete(m->op, ZKS_E_CANCELLED, "the client was closed");
    } else if (!zks__op_is_done(m->op)) {
        m->op->after_n = atomic_load(&c->last_n);
        m->passed(c, m->op);
        zks__client_check_waiting(c);
        zks__client_pump(c);
    }
    zks__op_free(m->op);
    zks__client_job_free(&m->base);
}

static zks_status submit_mark(zks_client *c, void (*passed)(zks_client *c, zks_op *op),
                              uint64_t target, zks_done_fn done, void *user, zks_op **out_op)
{
    if (zks__client_refuse(c)) {
        return ZKS_E_CLOSED;
    }
    mark_job *m = zks__client_job_new(c, sizeof *m, ZKS_JOB_ALONE, run_mark, finish_mark);
    if (!m) {
        return ZKS_E_NOMEM;
    }
    m->passed = passed;
    zks_status status = zks__op_create(c->runtime, c->queue, c, done, user, &m->op);
    if (!status) {
        m->op->target = target;
        status = zks__client_submit_op(c, &m->base.job, m->op, out_op);
    }
    if (status) {
        zks__client_job_free(&m->base);
    }
    return status;
}

static void flush_passed(zks_client *c, zks_op *op)
{
    zks__client_wait(&c->flushing, op);
}

zks_status zks__client_flush(zks_client *c, uint32_t timeout_ms, zks_done_fn done, void *user,
                             zks_op **out_op)
{
    return submit_mark(c, flush_passed, zks__runtime_now_ms(c->runtime) + timeout_ms, done, user,
                       out_op);
}

static void sync_passed(zks_client *c, zks_op *op)
{
    op->target = zks__sync_ask(c->sync);
    zks__client_wait(&c->syncing, op);
}

zks_status zks__client_wait_synced(zks_client *c, zks_done_fn done, void *user, zks_op **out_op)
{
    return submit_mark(c, sync_passed, 0, done, user, out_op);
}

static void cancel_now(zks__task *task)
{
    zks_op *op = ZKS_CONTAINER(task, zks_op, cancel);
    if (!op->on_cancel) {
        zks__list_remove(&op->waiting);
        zks__op_complete(op, ZKS_E_CANCELLED, "cancelled");
    } else if (!zks__op_is_done(op)) {
        op->on_cancel(op->client, op);
    }
    zks__op_free(op);
}

/* Needs no memory. Also while the client closes: then it only ends sooner. */
void zks__client_cancel(zks_client *c, zks_op *op)
{
    op->cancel.run = cancel_now;
    zks__op_ref(op);
    if (!zks__runtime_post(c->runtime, &op->cancel)) {
        zks__op_free(op); /* all is complete */
    }
}
