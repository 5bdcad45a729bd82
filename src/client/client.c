/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A client's life: open, close, and the references in between. */
#include "client/internal.h"

#include "base/alloc.h"
#include "client/secret.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* --- references and memory --- */

void zks__client_ref(zks_client *c)
{
    atomic_fetch_add_explicit(&c->count, 1, memory_order_relaxed);
}

static void free_options(zks__client_options *o)
{
    zks__free(o->store_path);
    zks__free(o->device_name);
    if (o->passphrase) {
        zks__wipe(o->passphrase, o->passphrase_length);
    }
    zks__free(o->passphrase);
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
    zks__record_list_done(&c->records);
    zks__client_cache_done(c);
    zks__sync_free(c->sync);
    pthread_mutex_destroy(&c->mutex);
    zks_runtime *r = c->runtime;
    if (c->queue) {
        zks__queue_unref(c->queue);
    }
    zks__wipe(&c->identity, sizeof c->identity);
    zks__wipe(&c->session_keys, sizeof c->session_keys);
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

/* --- opening --- */

typedef struct open_job {
    zks__client_job base;
    zks__work work;
    zks_op *op;
    uint8_t secret[32];
    bool has_secret;
    char descriptor[ZKS_DESCRIPTOR_BYTES];
    zks_status derive_status;
    char problem[ZKS_LEDGER_PROBLEM_BYTES];
    uint64_t last_n, last_seq, watermark, settled_n, pending_bytes, unread_count, unread_bytes;
    zks__identity identity;
    zks__device_entry *devices; /* known when the opening completes: zks_devices_get works then */
    size_t device_count;
} open_job;

static void free_open(open_job *o)
{
    zks__free(o->devices);
    zks__wipe(o->secret, sizeof o->secret);
    zks__wipe(&o->identity, sizeof o->identity);
    zks__client_job_free(&o->base);
}

static zks_status run_open(zks__job *job)
{
    open_job *o = (open_job *)job;
    zks_client *c = o->base.client;
    if (o->derive_status) {
        return o->derive_status;
    }
    zks__ledger_config config = {.storage = c->runtime->storage,
                                 .path = c->options.store_path,
                                 .secret = o->has_secret ? o->secret : NULL,
                                 .suite = zks__client_suite(c->options.suite,
                                                            (const uint8_t *)o->descriptor,
                                                            strlen(o->descriptor)),
                                 .must_be_new = c->options.passphrase && !c->options.salt_length,
                                 .descriptor = o->descriptor[0] ? o->descriptor : NULL,
                                 .device_name = c->options.device_name,
                                 .rng = c->runtime->rng,
                                 .clock = c->runtime->clock,
                                 .log = &c->runtime->log};
    zks_status status = zks__ledger_open(&config, o->problem, &c->ledger);
    if (!status) {
        o->last_n = zks__ledger_last_n(c->ledger);
        o->last_seq = zks__ledger_last_seq(c->ledger);
        o->watermark = zks__ledger_watermark(c->ledger);
        o->settled_n = zks__ledger_inboxed_n(c->ledger);
        zks__ledger_identity(c->ledger, &o->identity);
        status = zks__ledger_unread(c->ledger, &o->unread_count, &o->unread_bytes);
    }
    if (!status) {
        status = zks__ledger_pending(c->ledger, o->settled_n, &o->pending_bytes);
    }
    if (!status) {
        status = zks__ledger_devices(c->ledger, &o->devices, &o->device_count);
    }
    if (status) { /* what is started on this client must fail, not be stored */
        zks__ledger_close(c->ledger);
        c->ledger = NULL;
    }
    return status;
}

static void take_opened(zks_client *c, open_job *o)
{
    atomic_store(&c->last_n, o->last_n);
    atomic_store(&c->last_seq, o->last_seq);
    atomic_store(&c->watermark, o->watermark);
    pthread_mutex_lock(&c->mutex);
    c->identity = o->identity;
    c->settled_n = o->settled_n;
    c->pending_bytes = o->pending_bytes;
    c->unread_count = o->unread_count;
    c->unread_bytes = o->unread_bytes;
    c->devices = o->devices;
    c->device_count = o->device_count;
    o->devices = NULL;
    c->opened = true;
    pthread_mutex_unlock(&c->mutex);
    zks__sync_stored(c->sync, o->last_n);
    zks__sync_inbox_full(c->sync, o->unread_bytes >= c->options.inbox_max_bytes);
}

static void finish_open(zks__job *job)
{
    open_job *o = (open_job *)job;
    zks_client *c = o->base.client;
    zks_status status = job->status;
    if (status) {
        pthread_mutex_lock(&c->mutex);
        c->open_status = status;
        c->open_text = zks__strdup(o->problem[0] ? o->problem : zks__status_text(status));
        pthread_mutex_unlock(&c->mutex);
    } else {
        take_opened(c, o);
    }
    const char *text;
    status = zks__client_job_status(c, status, &text);
    zks__op_complete(o->op, status, text);
    if (status) {
        zks__client_end_all(c, status, text);
    }
    zks__client_pump(c);
    free_open(o);
}

/* The open job goes first, then what has waited for it. Any thread. */
static void submit_open(open_job *o)
{
    zks_client *c = o->base.client;
    pthread_mutex_lock(&c->mutex);
    zks__storage_submit(c->runtime->storage, &o->base.job);
    if (c->life == ZKS_LIFE_OPENING) {
        c->life = ZKS_LIFE_OPEN;
    }
    for (zks__node *n = zks__list_pop(&c->deferred); n; n = zks__list_pop(&c->deferred)) {
        zks__storage_submit(c->runtime->storage,
                            ZKS_CONTAINER(ZKS_CONTAINER(n, zks__task, node), zks__job, task));
    }
    pthread_mutex_unlock(&c->mutex);
}

static uint64_t physical_memory(void)
{
    long pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGESIZE);
    return pages > 0 && size > 0 ? (uint64_t)pages * (uint64_t)size : 0;
}

/* No salt given: a new group, with parameters for this machine. */
static zks_status new_descriptor(const zks_client *c, char out[ZKS_DESCRIPTOR_BYTES])
{
    uint8_t salt[16];
    zks_status status = zks__crypto_init();
    c->runtime->rng.fill(salt, sizeof salt, c->runtime->rng.user);
    return status ? status
                  : zks__crypto_descriptor_new(zks__client_suite(c->options.suite, NULL, 0),
                                               physical_memory(), salt, out);
}

static void derive_secret(zks__work *work)
{
    open_job *o = ZKS_CONTAINER(work, open_job, work);
    const zks_client *c = o->base.client;
    const zks__client_options *given = &c->options;
    char made[ZKS_DESCRIPTOR_BYTES];
    const uint8_t *salt = given->salt;
    size_t salt_length = given->salt_length;
    if (!salt_length) {
        o->derive_status = new_descriptor(c, made);
        salt = (const uint8_t *)made;
        salt_length = o->derive_status ? 0 : strlen(made);
    }
    if (!o->derive_status) {
        o->derive_status = zks__client_secret_derive(given->suite, given->passphrase,
                                                     given->passphrase_length, salt, salt_length,
                                                     o->secret, o->descriptor);
    }
    o->has_secret = true;
}

static void derived(zks__work *work)
{
    open_job *o = ZKS_CONTAINER(work, open_job, work);
    zks_client *c = o->base.client;
    zks__client_ref(c);
    submit_open(o);
    if (c->close_asked) {
        zks__client_begin_close(c);
    }
    zks__client_unref(c);
}

typedef struct begin_task {
    zks__task task;
    open_job *open;
} begin_task;

/* Loop thread: the client appears in the runtime, then opens. */
static void begin(zks__task *task)
{
    begin_task *b = ZKS_CONTAINER(task, begin_task, task);
    open_job *o = b->open;
    zks_client *c = o->base.client;
    zks__free(b);
    zks__list_append(&c->runtime->clients, &c->in_runtime);
    c->looped = true;
    uv_timer_init(&c->runtime->loop, &c->timer);
    c->timer.data = c;
    c->timer_open = true;
    zks__client_ref(c); /* the timer's */
    if (!c->options.passphrase) {
        submit_open(o);
        return;
    }
    o->work.run = derive_secret;
    o->work.finish = derived;
    zks_status status = zks__work_start(c->runtime, &o->work);
    if (status) {
        o->derive_status = status; /* only now: a started worker writes it */
        submit_open(o);
    }
}

static bool copy_text(char **to, const char *from)
{
    *to = zks__strdup(from);
    return *to || !from;
}

static zks_status copy_options(zks__client_options *to, const zks__client_options *from)
{
    *to = *from;
    to->store_path = to->device_name = to->passphrase = NULL;
    to->salt = NULL;
    to->relay_count = 0;
    bool ok = copy_text(&to->store_path, from->store_path) &&
              copy_text(&to->device_name, from->device_name);
    if (ok && from->passphrase) {
        to->passphrase = zks__alloc(from->passphrase_length + 1);
        ok = to->passphrase != NULL;
        if (ok) {
            memcpy(to->passphrase, from->passphrase, from->passphrase_length);
            to->passphrase[from->passphrase_length] = '\0';
        }
    }
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
                          &c->acking,   &c->reading,    &c->closing};
    for (size_t i = 0; i < ZKS_COUNTOF(lists); i++) {
        zks__list_init(lists[i]);
    }
    c->queue = options->queue;
    if (c->queue) {
        zks__queue_ref(c->queue);
    }
    zks_status status = copy_options(&c->options, options);
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
    begin_task *b = zks__alloc_zero(1, sizeof *b);
    open_job *o = zks__client_job_new(c, sizeof *o, ZKS_JOB_ALONE, run_open, finish_open);
    c->event = options->event;
    c->event_user = options->event_user;
    status = b && o ? zks__client_prepare_close(c) : ZKS_E_NOMEM;
    if (!status) {
        status = zks__op_create(r, c->queue, NULL, done, user, &op);
    }
    if (!status) {
        b->task.run = begin;
        b->open = o;
        o->op = op;
        o->has_secret = options->has_secret;
        memcpy(o->secret, options->secret, sizeof o->secret);
        /* From here on what the app gave belongs to the client. */
        c->event_user_free = options->event_user_free;
        zks__op_publish(op, out_op);
        *out_client = c;
        if (zks__runtime_post_new(r, &b->task)) {
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
    zks__free(b);
    if (o) {
        free_open(o);
    }
    zks__client_unprepare_close(c);
    atomic_store(&c->count, 1);
    zks__client_unref(c);
    return status;
}
