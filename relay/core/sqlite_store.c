/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The SQLite store's thread and its queue. */
#include "relay/core/sqlite_internal.h"

#include "base/alloc.h"
#include "base/fork.h"
#include "base/thread.h"

#include <stdio.h>

static bool changes_something(const zks__rstore_request *r)
{
    switch (r->kind) {
    case ZKS_RSTORE_OPEN:
        return ((const zks__rstore_open *)(const void *)r)->create;
    case ZKS_RSTORE_RECORDS:
    case ZKS_RSTORE_APPEND:
    case ZKS_RSTORE_ACKS:
    case ZKS_RSTORE_DELETE:
        return true;
    default:
        return false;
    }
}

/* --- running requests: the storage thread --- */

static zks_status run_change(zks__sqlite_store *s, zks__rstore_request *r)
{
    switch (r->kind) {
    case ZKS_RSTORE_OPEN:
        return zks__sqlite_do_open(s, (zks__rstore_open *)(void *)r);
    case ZKS_RSTORE_RECORDS:
        return zks__sqlite_do_records(s, (zks__rstore_records *)(void *)r);
    case ZKS_RSTORE_APPEND:
        return zks__sqlite_do_append(s, (zks__rstore_append *)(void *)r);
    case ZKS_RSTORE_ACKS:
        return zks__sqlite_do_acks(s, (zks__rstore_acks *)(void *)r);
    default:
        return zks__sqlite_do_delete(s, (zks__rstore_delete *)(void *)r);
    }
}

static zks_status sweep_all(zks__sqlite_store *s, zks__rstore_sweep *r)
{
    zks_status status;
    r->deleted = 0;
    do {
        uint64_t deleted = 0;
        status = zks__sqlite_sweep(s, &deleted);
        r->deleted += deleted;
    } while (!status && s->sweep_more);
    return status;
}

static zks_status run_other(zks__sqlite_store *s, zks__rstore_request *r)
{
    switch (r->kind) {
    case ZKS_RSTORE_OPEN:
        return zks__sqlite_do_open(s, (zks__rstore_open *)(void *)r);
    case ZKS_RSTORE_SURVEY:
        return zks__sqlite_do_survey(s, (zks__rstore_survey *)(void *)r);
    case ZKS_RSTORE_READ:
        return zks__sqlite_do_read(s, (zks__rstore_read *)(void *)r);
    case ZKS_RSTORE_SWEEP:
        return sweep_all(s, (zks__rstore_sweep *)(void *)r);
    default:
        zks__sqlite_group_free(s, ((zks__rstore_leave *)(void *)r)->group);
        return ZKS_OK;
    }
}

static void undo(zks__sqlite_store *s, zks__rstore_request *r)
{
    if (r->kind == ZKS_RSTORE_OPEN) {
        zks__sqlite_undo_open(s, (zks__rstore_open *)(void *)r);
    }
}

/* A full disk is temporary: copying the log into the database and starting it again may be all
 * the room it takes. */
static void report(zks__sqlite_store *s, zks_status status)
{
    zks__log_write(s->config.log, ZKS_LOG_LEVEL_ERROR, "store.failed status=%d sqlite=%d",
                   (int)status, sqlite3_extended_errcode(s->db));
    if (status == ZKS_E_RELAY_STORAGE_FULL) {
        zks__sqlite_checkpoint(s, true);
    }
}

/* The nodes are chained through `changes`, in order. One transaction; on failure all is undone. */
static zks_status run_together(zks__sqlite_store *s, zks__list *changes)
{
    zks_status status = zks__sqlite_begin(s);
    for (zks__node *n = zks__list_first(changes); n && !status; n = zks__list_next(changes, n)) {
        zks__rstore_request *r = ZKS_CONTAINER(n, zks__rstore_request, node);
        r->status = run_change(s, r);
        /* Refusals that wrote nothing do not end the transaction. */
        status = r->status == ZKS_E_LIMIT || r->status == ZKS_E_STATE ? ZKS_OK : r->status;
    }
    if (!status) {
        status = zks__sqlite_commit(s);
    } else {
        zks__sqlite_rollback(s);
    }
    for (zks__node *n = zks__list_first(changes); status && n; n = zks__list_next(changes, n)) {
        undo(s, ZKS_CONTAINER(n, zks__rstore_request, node));
    }
    return status;
}

static void run_alone(zks__sqlite_store *s, zks__rstore_request *r)
{
    zks__list one;
    zks__list_init(&one);
    zks__list_append(&one, &r->node);
    zks_status status = run_together(s, &one);
    if (status) {
        report(s, status);
        r->status = status;
    }
    zks__list_remove(&r->node);
}

/* Moves finished requests to the loop. */
static void hand_over(zks__sqlite_store *s, zks__list *done)
{
    if (zks__list_empty(done)) {
        return;
    }
    uv_mutex_lock(&s->mutex);
    zks__list_splice(&s->finished, done);
    uv_mutex_unlock(&s->mutex);
    uv_async_send(&s->wake);
}

static void run_batch(zks__sqlite_store *s, zks__list *batch)
{
    zks__list changes;
    zks__list others;
    zks__list done;
    zks__list_init(&changes);
    zks__list_init(&others);
    zks__list_init(&done);
    for (zks__node *n; (n = zks__list_pop(batch));) {
        bool change = changes_something(ZKS_CONTAINER(n, zks__rstore_request, node));
        zks__list_append(change ? &changes : &others, n);
    }
    if (!zks__list_empty(&changes)) {
        zks_status status = run_together(s, &changes);
        for (zks__node *n; status && (n = zks__list_pop(&changes));) {
            run_alone(s, ZKS_CONTAINER(n, zks__rstore_request, node));
            zks__list_append(&done, n);
        }
        zks__list_splice(&done, &changes);
        hand_over(s, &done);
    }
    for (zks__node *n; (n = zks__list_pop(&others));) {
        zks__rstore_request *r = ZKS_CONTAINER(n, zks__rstore_request, node);
        r->status = run_other(s, r);
        if (r->status && r->status != ZKS_E_NOT_FOUND && r->status != ZKS_E_STATE) {
            report(s, r->status);
        }
        zks__list_append(&done, n);
    }
    hand_over(s, &done);
}

/* --- the thread --- */

static uint64_t now_ns(const zks__sqlite_store *s)
{
    return s->config.clock.monotonic_ns(s->config.clock.user);
}

/* What can wait until the completions are on their way. */
static void tidy(zks__sqlite_store *s, bool idle)
{
    if (s->frames >= (idle ? 1 : ZKS_SQLITE_CHECKPOINT_FRAMES)) {
        uint64_t before = now_ns(s);
        zks__sqlite_checkpoint(s, false);
        zks__log_write(s->config.log, ZKS_LOG_LEVEL_DEBUG, "store.checkpoint us=%llu",
                       (unsigned long long)((now_ns(s) - before) / 1000));
    }
    uint64_t now = now_ns(s);
    if (!s->sweep_more && now - s->swept_ns < ZKS_SQLITE_SWEEP_MS * 1000000ull) {
        return;
    }
    uint64_t deleted = 0;
    s->swept_ns = now;
    zks_status status = zks__sqlite_sweep(s, &deleted);
    if (status) {
        report(s, status);
        s->sweep_more = false;
    } else if (deleted) {
        zks__log_write(s->config.log, ZKS_LOG_LEVEL_DEBUG, "store.swept blobs=%llu",
                       (unsigned long long)deleted);
    }
}

/* All that waits, but nothing behind a LEAVE: an OPEN of the same group may follow it. */
static void take_waiting(zks__sqlite_store *s, zks__list *batch)
{
    bool left = false;
    for (zks__node *n; !left && (n = zks__list_pop(&s->waiting));) {
        left = ZKS_CONTAINER(n, zks__rstore_request, node)->kind == ZKS_RSTORE_LEAVE;
        zks__list_append(batch, n);
    }
}

static void *storage_thread(void *user)
{
    zks__sqlite_store *s = user;
    zks__list batch;
    zks__list_init(&batch);
    s->swept_ns = now_ns(s);
    uv_mutex_lock(&s->mutex);
    for (;;) {
        if (zks__list_empty(&s->waiting) && !s->stopping && !s->sweep_more) {
            (void)uv_cond_timedwait(&s->cond, &s->mutex, ZKS_SQLITE_SWEEP_MS * 1000000ull);
        }
        take_waiting(s, &batch);
        bool last = s->stopping && zks__list_empty(&batch);
        uv_mutex_unlock(&s->mutex);
        if (last) {
            break;
        }
        bool idle = zks__list_empty(&batch) && !s->sweep_more;
        zks__fork_hold();
        run_batch(s, &batch);
        tidy(s, idle);
        zks__fork_release();
        uv_mutex_lock(&s->mutex);
    }
    zks__fork_hold();
    zks__sqlite_shut(s);
    zks__fork_release();
    uv_mutex_lock(&s->mutex);
    s->ended = true;
    uv_mutex_unlock(&s->mutex);
    uv_async_send(&s->wake);
    return NULL;
}

/* --- the loop's side --- */

static void submit(zks__rstore *base, zks__rstore_request *r)
{
    zks__sqlite_store *s = (zks__sqlite_store *)(void *)base;
    r->status = ZKS_OK;
    uv_mutex_lock(&s->mutex);
    bool refused = s->stopping;
    bool idle = zks__list_empty(&s->waiting);
    if (refused) {
        r->status = ZKS_E_CLOSED;
        zks__list_append(&s->finished, &r->node);
    } else {
        zks__list_append(&s->waiting, &r->node);
    }
    uv_mutex_unlock(&s->mutex);
    if (refused) {
        uv_async_send(&s->wake);
    } else if (idle) {
        uv_cond_signal(&s->cond);
    }
}

static void store_free(zks__sqlite_store *s)
{
    size_t position = 0;
    for (zks__rstore_group *g; s->groups && (g = zks__map_next(s->groups, &position));) {
        zks__sqlite_group_free(s, g);
    }
    zks__map_free(s->groups);
    uv_cond_destroy(&s->cond);
    uv_mutex_destroy(&s->mutex);
    zks__free(s->folder);
    zks__free(s);
}

static void on_wake_closed(uv_handle_t *handle)
{
    zks__sqlite_store *s = handle->data;
    void (*closed)(void *) = s->closed;
    void *user = s->closed_user;
    store_free(s);
    if (closed) {
        closed(user);
    }
}

static void on_wake(uv_async_t *handle)
{
    zks__sqlite_store *s = handle->data;
    zks__list done;
    zks__list_init(&done);
    uv_mutex_lock(&s->mutex);
    zks__list_splice(&done, &s->finished);
    bool ended = s->ended;
    uv_mutex_unlock(&s->mutex);
    bool any = !zks__list_empty(&done);
    for (zks__node *n; (n = zks__list_pop(&done));) {
        zks__rstore_request *r = ZKS_CONTAINER(n, zks__rstore_request, node);
        r->done(r, r->user);
    }
    if (any && s->base.events.settled) {
        s->base.events.settled(s->base.user);
    }
    if (ended && !any && !uv_is_closing((uv_handle_t *)handle)) {
        pthread_join(s->thread, NULL);
        uv_close((uv_handle_t *)handle, on_wake_closed);
    } else if (ended) {
        uv_async_send(handle); /* what completions submitted is refused first */
    }
}

static void close_store(zks__rstore *base, void (*closed)(void *user), void *user)
{
    zks__sqlite_store *s = (zks__sqlite_store *)(void *)base;
    uv_mutex_lock(&s->mutex);
    s->closed = closed;
    s->closed_user = user;
    s->stopping = true;
    uv_mutex_unlock(&s->mutex);
    uv_cond_signal(&s->cond);
}

static const struct zks__rstore_ops sqlite_ops = {.submit = submit, .close = close_store};

static zks__sqlite_store *store_alloc(const zks__sqlite_store_config *config)
{
    uint8_t seed[16];
    zks__sqlite_store *s = zks__alloc_zero(1, sizeof *s);
    if (!s) {
        return NULL;
    }
    if (uv_mutex_init(&s->mutex) != 0) {
        zks__free(s);
        return NULL;
    }
    if (uv_cond_init(&s->cond) != 0) {
        uv_mutex_destroy(&s->mutex);
        zks__free(s);
        return NULL;
    }
    config->rng.fill(seed, sizeof seed, config->rng.user);
    s->config = *config;
    s->base = (zks__rstore){.ops = &sqlite_ops, .events = config->events, .user = config->user};
    s->lock.fd = -1;
    s->folder = zks__strdup(config->folder);
    s->groups = zks__map_new(seed);
    zks__list_init(&s->waiting);
    zks__list_init(&s->finished);
    zks__list_init(&s->touched);
    if (!s->folder || !s->groups) {
        store_free(s);
        return NULL;
    }
    return s;
}

zks_status zks__sqlite_store_new(const zks__sqlite_store_config *config,
                                 char problem[ZKS_RSTORE_PROBLEM_BYTES], zks__rstore **out_store)
{
    zks__sqlite_store *s = store_alloc(config);
    if (!s) {
        snprintf(problem, ZKS_RSTORE_PROBLEM_BYTES, "there is no memory for the store");
        return ZKS_E_NOMEM;
    }
    zks__fork_hold();
    zks_status status = zks__sqlite_open(s, problem);
    zks__fork_release();
    if (!status && uv_async_init(config->loop, &s->wake, on_wake) != 0) {
        status = ZKS_E_SYSTEM;
    }
    if (status) {
        zks__sqlite_shut(s);
        store_free(s);
        return status;
    }
    s->wake.data = s;
    if (zks__thread_start(&s->thread, "relay-storage", storage_thread, s)) {
        snprintf(problem, ZKS_RSTORE_PROBLEM_BYTES, "the system gives no thread for the store");
        zks__sqlite_shut(s);
        uv_close((uv_handle_t *)&s->wake, on_wake_closed); /* frees it at the next loop turn */
        return ZKS_E_SYSTEM;
    }
    *out_store = &s->base;
    return ZKS_OK;
}
