/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The runtime: one loop thread, one storage thread, shared by many clients.
 *
 * Two lists feed the loop thread: commands (the engine's own) and callbacks (the app's functions,
 * for clients without a dispatch queue). A callback runs with no lock held, one at a time.
 *
 * References: the public handle, each op, queue and client hold one; the structure outlives the
 * threads.
 */
#ifndef ZKS_CLIENT_RUNTIME_H
#define ZKS_CLIENT_RUNTIME_H

#include "base/env.h"
#include "base/log.h"
#include "base/thread.h"
#include "client/client.h"
#include "client/storage.h"
#include "client/task.h"
#include "client/vault.h"
#include "transport/transport.h"

#include <pthread.h>
#include <uv.h>

struct zks_runtime {
    zks__handle handle;
    atomic_uint count;
    zks__clock clock;
    zks__rng rng;
    zks__vault *vault;  /* secret memory */
    uint64_t ram_bytes; /* of the machine; 0: not known. Chooses parameters of Argon2id */

    pthread_mutex_t mutex; /* guards what follows up to the next blank line */
    pthread_cond_t changed;
    zks__list commands, callbacks, queues;
    bool closing, closed, woken;

    pthread_t loop_thread;
    _Atomic bool in_callback; /* the loop thread is inside a function of the app */

    uv_loop_t loop; /* the rest: loop thread only */
    uv_async_t wake;
    zks__endpoint *endpoint; /* made by the first connect */
    bool endpoint_closing;
    zks__list clients; /* open ones */
    zks__storage *storage;

    pthread_mutex_t log_mutex;
    zks__log log;
    zks_log_fn log_fn;
    void *log_user;
    zks_free_fn log_user_free;
};

/* Runs the task on the loop thread. Any thread. False: the runtime has closed, the task was not
 * taken. */
ZKS_MUST_USE bool zks__runtime_post(zks_runtime *r, zks__task *task);
/* The same for a task that adds something to be closed: refused once closing has begun. */
ZKS_MUST_USE bool zks__runtime_post_new(zks_runtime *r, zks__task *task);
/* Takes back a posted task that has not run; one that was not posted is left alone. */
void zks__runtime_forget(zks_runtime *r, zks__task *task);
/* Runs an app's function: on the queue's dispatching thread, or on the loop thread when queue is
 * NULL. Any thread. Nothing is lost when the runtime has closed: then it runs at once, on the
 * caller's thread. */
void zks__runtime_callback(zks_runtime *r, zks_queue *queue, zks__task *task);
/* Loop thread. The shared UDP socket, made at first use. */
ZKS_MUST_USE zks_status zks__runtime_endpoint(zks_runtime *r, zks__endpoint **out_endpoint);
/* Loop thread: a client has closed; lets a closing runtime go on. */
void zks__runtime_client_gone(zks_runtime *r);
uint64_t zks__runtime_now_ms(const zks_runtime *r);
int64_t zks__runtime_unix_ms(const zks_runtime *r);
uint32_t zks__runtime_random(const zks_runtime *r);

#endif
