/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "client/runtime.h"

#include "base/alloc.h"
#include "client/internal.h"
#include "client/queue.h"
#include "crypto/crypto.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static void *loop_thread(void *argument);

void zks__runtime_ref(zks_runtime *r)
{
    atomic_fetch_add_explicit(&r->count, 1, memory_order_relaxed);
}

void zks__runtime_unref(zks_runtime *r)
{
    if (atomic_fetch_sub_explicit(&r->count, 1, memory_order_acq_rel) != 1) {
        return;
    }
    if (r->log_user_free) {
        r->log_user_free(r->log_user);
    }
    pthread_cond_destroy(&r->changed);
    pthread_mutex_destroy(&r->mutex);
    pthread_mutex_destroy(&r->log_mutex);
    zks__vault_free(r->vault);
    zks__free(r);
}

/* --- the log --- */

static void log_line(int level, const char *line, void *user)
{
    zks_runtime *r = user;
    bool at_gate = zks__fork_leave();
    pthread_mutex_lock(&r->log_mutex);
    if (r->log_fn && level <= r->log.level) {
        r->log_fn(level, line, r->log_user);
    }
    pthread_mutex_unlock(&r->log_mutex);
    zks__fork_come_back(at_gate);
}

zks_status zks__runtime_set_log(zks_runtime *r, int32_t level, zks_log_fn fn, void *user,
                                zks_free_fn user_free)
{
    pthread_mutex_lock(&r->log_mutex);
    zks_free_fn old_free = r->log_user_free;
    void *old_user = r->log_user;
    r->log_fn = fn;
    r->log_user = user;
    r->log_user_free = user_free;
    zks__log_set_level(&r->log, fn ? level : ZKS_LOG_LEVEL_OFF);
    pthread_mutex_unlock(&r->log_mutex);
    if (old_free) {
        old_free(old_user);
    }
    return ZKS_OK;
}

const zks__log *zks__runtime_log(const zks_runtime *r)
{
    return &r->log;
}

/* --- posting --- */

static void wake_loop(zks_runtime *r)
{
    if (!r->woken) {
        r->woken = true;
        uv_async_send(&r->wake);
    }
}

static bool post(zks_runtime *r, zks__task *task, const bool *refused)
{
    pthread_mutex_lock(&r->mutex);
    bool taken = !*refused;
    if (taken) {
        zks__list_append(&r->commands, &task->node);
        wake_loop(r);
    }
    pthread_mutex_unlock(&r->mutex);
    return taken;
}

bool zks__runtime_post(zks_runtime *r, zks__task *task)
{
    return post(r, task, &r->closed);
}

bool zks__runtime_post_new(zks_runtime *r, zks__task *task)
{
    return post(r, task, &r->closing);
}

void zks__runtime_forget(zks_runtime *r, zks__task *task)
{
    pthread_mutex_lock(&r->mutex);
    zks__list_remove(&task->node);
    pthread_mutex_unlock(&r->mutex);
}

void zks__runtime_callback(zks_runtime *r, zks_queue *queue, zks__task *task)
{
    if (queue && zks__queue_post(queue, task)) {
        return;
    }
    pthread_mutex_lock(&r->mutex);
    bool taken = !r->closed;
    if (taken) {
        zks__list_append(&r->callbacks, &task->node);
        wake_loop(r);
    }
    pthread_mutex_unlock(&r->mutex);
    if (!taken) {
        task->run(task);
    }
}

bool zks__runtime_in_callback(const zks_runtime *r)
{
    zks_runtime *w = (zks_runtime *)(uintptr_t)r;
    bool inside = false;
    pthread_mutex_lock(&w->mutex);
    if (!w->closed && atomic_load(&w->in_callback) &&
        pthread_equal(w->loop_thread, pthread_self())) {
        inside = true;
    }
    for (zks__node *n = zks__list_first(&w->queues); n && !inside;
         n = zks__list_next(&w->queues, n)) {
        inside = zks__queue_dispatching_here(ZKS_CONTAINER(n, zks_queue, in_runtime));
    }
    pthread_mutex_unlock(&w->mutex);
    return inside;
}

bool zks__runtime_is_closing(const zks_runtime *r)
{
    zks_runtime *w = (zks_runtime *)(uintptr_t)r;
    pthread_mutex_lock(&w->mutex);
    bool closing = w->closing;
    pthread_mutex_unlock(&w->mutex);
    return closing;
}

/* --- the loop thread --- */

static zks__task *take(zks_runtime *r, zks__list *list)
{
    pthread_mutex_lock(&r->mutex);
    zks__node *n = zks__list_pop(list);
    pthread_mutex_unlock(&r->mutex);
    return n ? ZKS_CONTAINER(n, zks__task, node) : NULL;
}

static void run_commands(zks_runtime *r)
{
    for (zks__task *t = take(r, &r->commands); t; t = take(r, &r->commands)) {
        t->run(t);
    }
}

static void run_callbacks(zks_runtime *r)
{
    for (zks__task *t = take(r, &r->callbacks); t; t = take(r, &r->callbacks)) {
        atomic_store(&r->in_callback, true);
        t->run(t);
        atomic_store(&r->in_callback, false);
    }
}

static void endpoint_closed(void *user)
{
    zks_runtime *r = user;
    r->endpoint = NULL;
    pthread_mutex_lock(&r->mutex);
    r->woken = true; /* nobody may send to it any more; what is posted from now on, the thread's end
                        runs */
    pthread_mutex_unlock(&r->mutex);
    uv_close((uv_handle_t *)&r->wake, NULL); /* nothing else is left: the loop ends */
}

/* Closing: first the clients, then the socket, then the loop. */
static void go_on_closing(zks_runtime *r)
{
    pthread_mutex_lock(&r->mutex);
    bool closing = r->closing;
    pthread_mutex_unlock(&r->mutex);
    if (!closing || r->endpoint_closing) {
        return;
    }
    for (zks__node *n = zks__list_first(&r->clients); n;) {
        zks__node *next = zks__list_next(&r->clients, n);
        zks__client_begin_close(zks__client_of_node(n));
        n = next;
    }
    if (!zks__list_empty(&r->clients)) {
        return;
    }
    r->endpoint_closing = true;
    if (r->endpoint) {
        zks__endpoint_close(r->endpoint, endpoint_closed, r);
    } else {
        endpoint_closed(r);
    }
}

static void on_wake(uv_async_t *async)
{
    zks_runtime *r = async->data;
    pthread_mutex_lock(&r->mutex);
    r->woken = false;
    pthread_mutex_unlock(&r->mutex);
    run_commands(r);
    run_callbacks(r);
    go_on_closing(r);
}

static void *loop_thread(void *argument)
{
    zks_runtime *r = argument;
    uv_run(&r->loop, UV_RUN_DEFAULT);
    run_commands(r);
    zks__storage_free(r->storage);
    r->storage = NULL;
    run_commands(r);
    run_callbacks(r);
    uv_loop_close(&r->loop);
    pthread_mutex_lock(&r->mutex);
    r->closed = true;
    pthread_mutex_unlock(&r->mutex);
    run_commands(r);
    run_callbacks(r); /* what came between the two lines above */
    pthread_mutex_lock(&r->mutex);
    pthread_cond_broadcast(&r->changed);
    pthread_mutex_unlock(&r->mutex);
    zks__runtime_unref(r);
    return NULL;
}

zks_status zks__runtime_endpoint(zks_runtime *r, zks__endpoint **out_endpoint)
{
    if (!r->endpoint) {
        zks__endpoint_config config = {
            .loop = &r->loop, .rng = r->rng, .clock = r->clock, .log = &r->log};
        zks_status status = zks__endpoint_new(&config, &r->endpoint);
        if (status) {
            return status;
        }
    }
    *out_endpoint = r->endpoint;
    return ZKS_OK;
}

void zks__runtime_client_gone(zks_runtime *r)
{
    go_on_closing(r);
}

uint64_t zks__runtime_now_ms(const zks_runtime *r)
{
    return r->clock.monotonic_ns(r->clock.user) / 1000000;
}

int64_t zks__runtime_unix_ms(const zks_runtime *r)
{
    return r->clock.unix_ms(r->clock.user);
}

uint32_t zks__runtime_random(const zks_runtime *r)
{
    uint32_t value;
    r->rng.fill(&value, sizeof value, r->rng.user);
    return value;
}

/* --- life --- */

static zks_status start_loop(zks_runtime *r)
{
    if (uv_loop_init(&r->loop)) {
        return ZKS_E_SYSTEM;
    }
    zks_status status = uv_async_init(&r->loop, &r->wake, on_wake) ? ZKS_E_SYSTEM : ZKS_OK;
    if (status) {
        uv_loop_close(&r->loop);
        return status;
    }
    r->wake.data = r;
    status = zks__storage_new(r, &r->storage);
    if (!status) {
        zks__runtime_ref(r); /* the loop thread's */
        status = zks__thread_start(&r->loop_thread, "zks-loop", loop_thread, r);
    }
    if (status) {
        if (r->storage) {
            zks__storage_free(r->storage);
        }
        uv_close((uv_handle_t *)&r->wake, NULL);
        uv_run(&r->loop, UV_RUN_DEFAULT);
        uv_loop_close(&r->loop);
        return status;
    }
    pthread_detach(r->loop_thread);
    return ZKS_OK;
}

static uint64_t physical_memory(void)
{
    long pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGESIZE);
    return pages > 0 && size > 0 ? (uint64_t)pages * (uint64_t)size : 0;
}

zks_status zks__runtime_new(zks_runtime **out_runtime)
{
    zks_status status = zks__crypto_init();
    if (status) {
        return status;
    }
    zks_runtime *r = zks__alloc_zero(1, sizeof *r);
    if (!r) {
        return ZKS_E_NOMEM;
    }
    atomic_init(&r->count, 1);
    r->clock = zks__clock_system();
    r->rng = zks__crypto_rng();
    pthread_mutex_init(&r->mutex, NULL);
    pthread_mutex_init(&r->log_mutex, NULL);
    zks__cond_init(&r->changed);
    zks__list_init(&r->commands);
    zks__list_init(&r->callbacks);
    zks__list_init(&r->queues);
    zks__list_init(&r->clients);
    r->log.sink = log_line;
    r->log.user = r;
    r->rng.fill(r->log.redact_key, sizeof r->log.redact_key, r->rng.user);
    zks__handle_init(&r->handle, ZKS_HANDLE_RUNTIME);
    r->ram_bytes = physical_memory();
    status = zks__vault_new(&r->log, &r->vault);
    if (!status) {
        status = start_loop(r);
    }
    if (status) {
        atomic_store(&r->count, 1);
        zks__runtime_unref(r);
        return status;
    }
    *out_runtime = r;
    return ZKS_OK;
}

static void begin_close(zks_runtime *r)
{
    pthread_mutex_lock(&r->mutex);
    if (!r->closing) {
        r->closing = true;
        wake_loop(r);
    }
    pthread_mutex_unlock(&r->mutex);
}

zks_status zks__runtime_close(zks_runtime *r, uint32_t timeout_ms)
{
    begin_close(r);
    struct timespec until = zks__deadline_after(timeout_ms);
    pthread_mutex_lock(&r->mutex);
    int waited = 0;
    while (!r->closed && waited != ETIMEDOUT) {
        waited = pthread_cond_timedwait(&r->changed, &r->mutex, &until);
    }
    bool closed = r->closed;
    pthread_mutex_unlock(&r->mutex);
    return closed ? ZKS_OK : ZKS_E_TIMEOUT;
}

void zks__runtime_free(zks_runtime *r)
{
    begin_close(r);
    zks__runtime_unref(r);
}
