/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "client/client.h"

#include <pthread.h>

/* The mutable globals of the library: see client.h. A fork that waits goes before those who come to
 * the gate later: a busy storage thread does not keep it waiting. */
static atomic_uint fork_generation;
static pthread_once_t registered = PTHREAD_ONCE_INIT;
static pthread_rwlock_t fork_gate = PTHREAD_RWLOCK_WRITER_NONRECURSIVE_INITIALIZER_NP;

static void before_fork(void)
{
    pthread_rwlock_wrlock(&fork_gate);
}

static void in_parent(void)
{
    pthread_rwlock_unlock(&fork_gate);
}

/* The gate is made anew: it counts threads that stood before it and are not in this process. */
static void in_child(void)
{
    fork_gate = (pthread_rwlock_t)PTHREAD_RWLOCK_WRITER_NONRECURSIVE_INITIALIZER_NP;
    atomic_fetch_add_explicit(&fork_generation, 1, memory_order_relaxed);
}

static void watch_forks(void)
{
    (void)pthread_atfork(before_fork, in_parent, in_child);
}

void zks__fork_hold(void)
{
    pthread_rwlock_rdlock(&fork_gate);
}

void zks__fork_release(void)
{
    pthread_rwlock_unlock(&fork_gate);
}

uint32_t zks__fork_generation(void)
{
    (void)pthread_once(&registered, watch_forks);
    return atomic_load_explicit(&fork_generation, memory_order_relaxed);
}

void zks__handle_init(zks__handle *h, uint32_t magic)
{
    h->fork_generation = zks__fork_generation();
    atomic_store_explicit(&h->magic, magic, memory_order_release);
}
