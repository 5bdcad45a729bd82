/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The embedded relay: a handle around relay/core, whose threads are its own, with operations of a
 * runtime. The relay's events come on its loop thread, at any time from within zks__relay_start on.
 *
 * References: the app's handle, and the relay itself until `stopped` was handled and its threads
 * are joined. Joining waits, and a free function must not: so a short-lived thread does it.
 */
#include "relay/core/relay.h"
#include "abi/guard.h"
#include "base/alloc.h"
#include "client/client.h"

#include <pthread.h>
#include <signal.h>
#include <string.h>

/* A stop operation that waits for `stopped`. */
typedef struct waiter {
    struct waiter *next;
    zks_op *op;
} waiter;

struct zks_relay {
    zks__handle handle;
    atomic_uint count;
    zks_runtime *runtime;  /* a reference */
    zks__relay *core;      /* NULL: it could not even begin */
    pthread_mutex_t mutex; /* guards what follows */
    zks_op *start;         /* pending; NULL: completed */
    waiter *stops;
    bool started, stopped;
    zks_status status; /* of starting */
    char *text;
    char *address; /* set once */
};

static void relay_unref(zks_relay *y)
{
    if (atomic_fetch_sub_explicit(&y->count, 1, memory_order_acq_rel) != 1) {
        return;
    }
    atomic_store(&y->handle.magic, ZKS_HANDLE_DEAD);
    zks_runtime *r = y->runtime;
    pthread_mutex_destroy(&y->mutex);
    zks__free(y->text);
    zks__free(y->address);
    zks__free(y);
    zks__runtime_unref(r);
}

/* --- what the relay tells --- */

static void on_started(zks__relay *core, zks_status status, const char *text, void *user)
{
    zks_relay *y = user;
    char *address = status ? NULL : zks__strdup(zks__relay_address(core));
    if (!status && !address) {
        status = ZKS_E_NOMEM;
    }
    pthread_mutex_lock(&y->mutex);
    y->started = true;
    y->status = status;
    y->text = status ? zks__strdup(text) : NULL;
    y->address = address;
    zks_op *op = y->start;
    y->start = NULL;
    pthread_mutex_unlock(&y->mutex);
    if (op) {
        zks__op_complete(op, status, text);
    }
}

static void on_stopped(zks__relay *core, void *user)
{
    (void)core;
    zks_relay *y = user;
    pthread_mutex_lock(&y->mutex);
    y->stopped = true;
    zks_op *start = y->start;
    y->start = NULL;
    waiter *w = y->stops;
    y->stops = NULL;
    pthread_mutex_unlock(&y->mutex);
    if (start) {
        zks__op_complete(start, ZKS_E_CANCELLED, "the relay was stopped before it had started");
    }
    while (w) {
        waiter *next = w->next;
        zks__op_complete(w->op, ZKS_OK, NULL);
        zks__free(w);
        w = next;
    }
}

/* --- ending --- */

static void *reap(void *argument)
{
    zks_relay *y = argument;
    zks__relay_free(y->core);
    relay_unref(y);
    return NULL;
}

/* Stops the relay and joins its threads on a thread of its own; drops the relay's reference. */
static void end_relay(zks_relay *y)
{
    sigset_t all, before;
    pthread_t thread;
    if (!y->core) {
        relay_unref(y);
        return;
    }
    zks__relay_stop(y->core);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = pthread_create(&thread, NULL, reap, y);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (!failed) {
        pthread_detach(thread);
    }
    /* Without a thread the relay stops all the same; its memory is leaked rather than waited for.
     */
}

void zks_relay_free(zks_relay *relay)
{
    if (zks__guard(ZKS_CALL_relay_free, relay)) {
        return;
    }
    end_relay(relay);
    relay_unref(relay);
}

zks_status zks_relay_stop(zks_relay *relay, zks_done_fn done, void *user, zks_op **out_op)
{
    zks_status status = zks__guard(ZKS_CALL_relay_stop, relay);
    if (status) {
        return status;
    }
    waiter *w = zks__alloc_zero(1, sizeof *w);
    zks_op *op = NULL;
    status = w ? zks__op_new(relay->runtime, NULL, done, user, &op) : ZKS_E_NOMEM;
    if (status) {
        zks__free(w);
        return status;
    }
    if (out_op) {
        *out_op = op;
    }
    w->op = op;
    pthread_mutex_lock(&relay->mutex);
    bool stopped = relay->stopped;
    if (!stopped) {
        w->next = relay->stops;
        relay->stops = w;
    }
    pthread_mutex_unlock(&relay->mutex);
    if (stopped) {
        zks__free(w);
        zks__op_complete(op, ZKS_OK, NULL);
    } else {
        zks__relay_stop(relay->core);
    }
    if (!out_op) {
        zks__op_free(op);
    }
    return ZKS_OK;
}

/* --- starting --- */

static zks_relay *relay_new(zks_runtime *runtime)
{
    zks_relay *y = zks__alloc_zero(1, sizeof *y);
    if (y) {
        atomic_init(&y->count, 2);
        y->runtime = runtime;
        zks__runtime_ref(runtime);
        pthread_mutex_init(&y->mutex, NULL);
        zks__handle_init(&y->handle, ZKS_HANDLE_RELAY);
    }
    return y;
}

/* Starts the core, or keeps for the operation why that cannot be. ZKS_E_NOMEM, ZKS_E_SYSTEM: for
 * the caller at once. */
static zks_status begin_core(zks_relay *y, const char *config)
{
    static const zks__relay_events events = {on_started, on_stopped};
    char problem[ZKS_RELAY_PROBLEM_BYTES] = "";
    zks__relay_config *c = zks__relay_config_new();
    if (!c) {
        return ZKS_E_NOMEM;
    }
    zks_status status = config ? zks__relay_config_parse(c, config, strlen(config), problem)
                               : ZKS_OK;
    if (status) {
        y->started = y->stopped = true;
        y->status = status;
        y->text = zks__strdup(problem);
        status = ZKS_OK;
    } else {
        status = zks__relay_start(c, zks__runtime_log(y->runtime), &events, y, &y->core);
    }
    zks__relay_config_free(c);
    return status;
}

/* Hands the operation to whoever learns how the start went; completes it when that is known. */
static void attach_start(zks_relay *y, zks_op *op)
{
    pthread_mutex_lock(&y->mutex);
    bool known = y->started || y->stopped;
    zks_status status = y->started ? y->status : ZKS_E_CANCELLED;
    if (!known) {
        y->start = op;
    }
    pthread_mutex_unlock(&y->mutex);
    if (known) {
        zks__op_complete(op, status, y->text);
    }
}

zks_status zks_relay_start(zks_runtime *runtime, const char *config, zks_done_fn done, void *user,
                           zks_op **out_op, zks_relay **out_relay)
{
    zks_status status = zks__guard(ZKS_CALL_relay_start, runtime);
    if (!status && zks__runtime_is_closing(runtime)) {
        status = ZKS_E_CLOSED;
    }
    if (status) {
        return status;
    }
    if (!out_relay || (config && !zks__text_valid(config, strlen(config)))) {
        return ZKS_E_INVALID;
    }
    zks_relay *y = relay_new(runtime);
    if (!y) {
        return ZKS_E_NOMEM;
    }
    zks_op *op = NULL;
    status = begin_core(y, config);
    if (!status) {
        status = zks__op_new(runtime, NULL, done, user, &op);
    }
    if (status) {
        end_relay(y);
        relay_unref(y);
        return status;
    }
    if (out_op) {
        *out_op = op;
    }
    *out_relay = y;
    attach_start(y, op);
    if (!out_op) {
        zks__op_free(op);
    }
    return ZKS_OK;
}

const char *zks_relay_address(const zks_relay *relay)
{
    if (zks__guard(ZKS_CALL_relay_address, relay)) {
        return NULL;
    }
    zks_relay *y = (zks_relay *)(uintptr_t)relay; /* only its mutex is touched */
    pthread_mutex_lock(&y->mutex);
    const char *address = y->address;
    pthread_mutex_unlock(&y->mutex);
    return address;
}
