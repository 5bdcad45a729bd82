/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Dispatch queues: callbacks wait here until the host runs them on a thread of its own. See zks.h.
 */
#ifndef ZKS_CLIENT_QUEUE_H
#define ZKS_CLIENT_QUEUE_H

#include "client/client.h"
#include "client/task.h"

#include <pthread.h>

struct zks_queue {
    zks__handle handle;
    atomic_uint count; /* references: the public handle, each client that uses it */
    zks_runtime *runtime;
    zks__node in_runtime;
    pthread_mutex_t mutex;
    zks__list tasks;
    bool freed; /* by the host: tasks run on the loop thread from now on, no wake */
    bool dispatching;
    pthread_t dispatcher;
    int fd; /* eventfd, readable while tasks wait; -1: none */
    zks_wake_fn wake;
    void *user;
    zks_free_fn user_free;
};

void zks__queue_ref(zks_queue *q);
void zks__queue_unref(zks_queue *q);
/* Any thread. False: the host has freed the queue, the task was not taken. */
ZKS_MUST_USE bool zks__queue_post(zks_queue *q, zks__task *task);
/* Whether the calling thread is dispatching this queue. */
bool zks__queue_dispatching_here(zks_queue *q);

#endif
