/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A client's life: made, referenced, freed; its jobs. What opening does is in opening.c. */
#include "client/internal.h"

#include "base/alloc.h"

#include <string.h>

void zks__handle_init(zks__handle *h, uint32_t magic)
{
    h->fork_generation = zks__fork_generation();
    atomic_store_explicit(&h->magic, magic, memory_order_release);
}

/* --- references and memory --- */

void zks__client_ref(zks_client *c)
{
    atomic_fetch_add_explicit(&c->count, 1, memory_order_relaxed);
}

static void free_options(zks__client_options *o)
{
    zks__free(o->store_path);
    zks__free(o->device_name);
    zks__free(o->salt);
    for (size_t i = 0; i < o->relay_count; i++) {
        zks__free(o->relays[i]);
    }
    zks__wipe(o, sizeof *o);
}

void zks__client_unref(zks_client *c)
{
    if (atomic_fetch_sub_explicit(&c->count, 1, memory_order_acq_rel) != 1) {
        return;
    }
    atomic_store(&c->handle.magic, ZKS_HANDLE_DEAD);
    free_options(&c->options);
    for (size_t i = 0; i < ZKS_CLIENT_RELAYS_MAX; i++) {
        zks__free(c->relays[i].error);
    }
    zks__free(c->devices);
    zks__free(c->open_text);
    zks__notices_done(&c->untold);
    zks__record_list_done(&c->records);
    zks__client_cache_done(c);
    zks__joining_discard(c->joining);
    zks__sync_free(c->sync);
    pthread_mutex_destroy(&c->mutex);
    zks_runtime *r = c->runtime;
    if (c->queue) {
        zks__queue_unref(c->queue);
    }
    zks__vault_release(r->vault, c->identity, sizeof *c->identity);
    zks__free(c);
    zks__runtime_unref(r);
}

zks_client *zks__client_of_node(zks__node *n)
{
    return ZKS_CONTAINER(n, zks_client, in_runtime);
}

/* --- jobs --- */

void *zks__client_job_new(zks_client *c, size_t size, zks__job_kind kind,
                          zks_status (*run)(zks__job *), void (*finish)(zks__job *))
{
    zks__client_job *j = zks__alloc_zero(1, size);
    if (j) {
        j->client = c;
        j->job.kind = kind;
        j->job.ledger = &c->ledger;
        j->job.run = run;
        j->job.finish = finish;
        zks__client_ref(c);
    }
    return j;
}

void zks__client_job_free(zks__client_job *j)
{
    zks_client *c = j->client;
    zks__free(j);
    zks__client_unref(c);
}

/* With the mutex held, and only while the client takes jobs. */
static void enqueue(zks_client *c, zks__job *job)
{
    if (c->life == ZKS_LIFE_OPENING) {
        zks__list_append(&c->deferred, &job->task.node);
    } else {
        zks__storage_submit(c->runtime->storage, job);
    }
}

zks_status zks__client_submit(zks_client *c, zks__job *job)
{
    pthread_mutex_lock(&c->mutex);
    bool taken = c->life < ZKS_LIFE_CLOSING;
    if (taken) {
        enqueue(c, job);
    }
    pthread_mutex_unlock(&c->mutex);
    return taken ? ZKS_OK : ZKS_E_CLOSED;
}

zks_status zks__client_submit_op(zks_client *c, zks__job *job, zks_op *op, zks_op **out_op)
{
    pthread_mutex_lock(&c->mutex);
    bool taken = c->life < ZKS_LIFE_CLOSING;
    if (taken) {
        zks__op_ref(op); /* the job's */
        zks__op_publish(op, out_op);
        enqueue(c, job);
    }
    pthread_mutex_unlock(&c->mutex);
    if (!taken) {
        zks__op_discard(op);
    }
    return taken ? ZKS_OK : ZKS_E_CLOSED;
}

void zks__client_job_start(zks__client_job *j)
{
    zks_status status = zks__client_submit(j->client, &j->job);
    if (status) {
        j->job.status = status;
        j->job.finish(&j->job);
    }
}

zks_status zks__client_job_status(zks_client *c, zks_status status, const char **out_text)
{
    *out_text = NULL;
    if (!status) {
        return ZKS_OK;
    }
    pthread_mutex_lock(&c->mutex);
    if (c->open_status) {
        status = c->open_status;
        *out_text = c->open_text; /* set once */
    }
    pthread_mutex_unlock(&c->mutex);
    if (!*out_text) {
        *out_text = zks__status_text(status);
    }
    return status;
}

static bool copy_text(char **to, const char *from)
{
    *to = zks__strdup(from);
    return *to || !from;
}

static zks_status copy_options(zks__client_options *to, const zks__client_options *from)
{
    *to = *from;
    to->store_path = to->device_name = NULL;
    to->secrets = NULL; /* they go to the opening */
    to->beginning.text = NULL;
    to->salt = NULL;
    to->relay_count = 0;
    bool ok = copy_text(&to->store_path, from->store_path) &&
              copy_text(&to->device_name, from->device_name);
    if (ok && from->salt_length) {
        to->salt = zks__alloc(from->salt_length);
        ok = to->salt != NULL;
        if (ok) {
            memcpy(to->salt, from->salt, from->salt_length);
        }
    }
    for (size_t i = 0; ok && i < from->relay_count; i++) {
        ok = copy_text(&to->relays[i], from->relays[i]);
        to->relay_count += ok;
    }
    to->inbox_max_bytes = from->inbox_max_bytes ? from->inbox_max_bytes : (uint64_t)256 << 20;
    to->keep_bytes = from->keep_bytes ? from->keep_bytes : (uint64_t)256 << 20;
    to->queue_max_bytes = from->queue_max_bytes ? from->queue_max_bytes : (uint64_t)64 << 20;
    to->connect_timeout_ms = from->connect_timeout_ms ? from->connect_timeout_ms : 10000;
    to->rotate_s = from->rotate_s ? from->rotate_s : 30 * 24 * 3600;
    return ok ? ZKS_OK : ZKS_E_NOMEM;
}

static zks_status new_client(zks_runtime *r, const zks__client_options *options, zks_client **out)
{
    zks_client *c = zks__alloc_zero(1, sizeof *c);
    if (!c) {
        return ZKS_E_NOMEM;
    }
    atomic_init(&c->count, 2); /* the app's and the loop's */
    c->runtime = r;
    zks__runtime_ref(r);
    pthread_mutex_init(&c->mutex, NULL);
    zks__list *lists[] = {&c->deferred, &c->connecting, &c->flushing, &c->syncing,
                          &c->acking,   &c->reading,    &c->closing,  &c->offers};
    for (size_t i = 0; i < ZKS_COUNTOF(lists); i++) {
        zks__list_init(lists[i]);
    }
    c->queue = options->queue;
    if (c->queue) {
        zks__queue_ref(c->queue);
    }
    zks_status status = copy_options(&c->options, options);
    if (!status && options->beginning.origin == ZKS_ORIGIN_JOIN) {
        status = zks__joining_new(c, options->beginning.text, options->beginning.text_length,
                                  &c->joining);
    }
    if (!status) {
        status = zks__sync_new(c->options.relay_count, &c->sync);
    }
    if (status) {
        atomic_store(&c->count, 1);
        zks__client_unref(c);
        return status;
    }
    zks__handle_init(&c->handle, ZKS_HANDLE_CLIENT);
    *out = c;
    return ZKS_OK;
}

zks_status zks__client_open(zks_runtime *r, const zks__client_options *options, zks_done_fn done,
                            void *user, zks_op **out_op, zks_client **out_client)
{
    zks_client *c;
    zks_status status = new_client(r, options, &c);
    if (status) {
        return status;
    }
    zks_op *op = NULL;
    zks__opening *opening = NULL;
    c->event = options->event;
    c->event_user = options->event_user;
    status = zks__opening_new(c, options, &opening);
    if (!status) {
        status = zks__client_prepare_close(c);
    }
    if (!status) {
        status = zks__op_create(r, c->queue, c->joining ? c : NULL, done, user, &op);
    }
    if (!status) {
        op->on_cancel = zks__opening_cancel;
        /* From here on what the app gave belongs to the client. */
        c->event_user_free = options->event_user_free;
        zks__op_publish(op, out_op);
        *out_client = c;
        if (zks__opening_start(opening, op)) {
            return ZKS_OK;
        }
        status = ZKS_E_CLOSED;
        c->event_user_free = NULL;
        *out_client = NULL;
        if (out_op) {
            *out_op = NULL;
        }
    }
    if (op) {
        zks__op_discard(op);
    }
    zks__opening_discard(opening);
    zks__client_unprepare_close(c);
    atomic_store(&c->count, 1);
    zks__client_unref(c);
    return status;
}
