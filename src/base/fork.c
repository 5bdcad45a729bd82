/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "base/fork.h"

#include "base/thread.h"

#include <errno.h>
#include <stdatomic.h>

enum { WAIT_MS = 5000 };

static pthread_once_t registered = PTHREAD_ONCE_INIT;
static atomic_uint generation;
static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER; /* guards the next three */
static pthread_cond_t changed;
static unsigned inside, forking; /* threads */
static _Thread_local bool here;  /* this thread is one of those inside */

/* Keeps the mutex until the handlers behind the fork: so it is in a known state in the child. */
static void before_fork(void)
{
    struct timespec until = zks__deadline_after(WAIT_MS);
    int waited = 0;
    pthread_mutex_lock(&gate);
    forking++;
    while (inside > here && waited != ETIMEDOUT) {
        waited = pthread_cond_timedwait(&changed, &gate, &until);
    }
}

static void in_parent(void)
{
    forking--;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&gate);
}

/* Made anew: it counts threads that are not in this process. */
static void in_child(void)
{
    inside = here;
    forking = 0;
    zks__cond_init(&changed);
    atomic_fetch_add_explicit(&generation, 1, memory_order_relaxed);
    pthread_mutex_unlock(&gate);
}

static void watch_forks(void)
{
    zks__cond_init(&changed);
    (void)pthread_atfork(before_fork, in_parent, in_child);
}

uint32_t zks__fork_generation(void)
{
    (void)pthread_once(&registered, watch_forks);
    return atomic_load_explicit(&generation, memory_order_relaxed);
}

/* A fork that waits goes first: a busy storage thread does not keep it waiting for ever. */
void zks__fork_hold(void)
{
    (void)pthread_once(&registered, watch_forks);
    pthread_mutex_lock(&gate);
    while (forking) {
        pthread_cond_wait(&changed, &gate);
    }
    inside++;
    here = true;
    pthread_mutex_unlock(&gate);
}

void zks__fork_release(void)
{
    pthread_mutex_lock(&gate);
    inside--;
    here = false;
    if (forking) {
        pthread_cond_broadcast(&changed);
    }
    pthread_mutex_unlock(&gate);
}

bool zks__fork_leave(void)
{
    bool was_inside = here;
    if (was_inside) {
        zks__fork_release();
    }
    return was_inside;
}

void zks__fork_come_back(bool was_inside)
{
    if (was_inside) {
        zks__fork_hold();
    }
}
