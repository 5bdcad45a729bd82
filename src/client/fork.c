/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "client/client.h"

#include <pthread.h>

/* The one mutable global of the library: see client.h. */
static atomic_uint fork_generation;
static pthread_once_t registered = PTHREAD_ONCE_INIT;

static void in_child(void)
{
    atomic_fetch_add_explicit(&fork_generation, 1, memory_order_relaxed);
}

static void watch_forks(void)
{
    (void)pthread_atfork(NULL, NULL, in_child);
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
