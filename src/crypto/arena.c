/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Secret memory. sodium_malloc gives guard pages on both sides and locks, but costs at least two
 * more pages for each block; hence one block, cut into granules of 16 bytes with a bit for each (1:
 * taken) outside of the secret pages. First fit from a moving start: an arena holds a few hundred
 * keys, and they are allocated seldom.
 */
#include "crypto/crypto.h"

#include "base/alloc.h"

#include <assert.h>
#include <pthread.h>
#include <sodium.h>

enum { GRANULE = 16, PAGE = 4096 };

struct zks__arena {
    pthread_mutex_t lock;
    uint8_t *memory;
    size_t granules;
    size_t used;  /* granules */
    size_t start; /* where the next search begins */
    uint8_t *taken;
};

static size_t granules_of(size_t size)
{
    return size ? (size - 1) / GRANULE + 1 : 1;
}

static bool is_taken(const zks__arena *a, size_t i)
{
    return a->taken[i / 8] >> (i % 8) & 1;
}

static void mark(zks__arena *a, size_t first, size_t count, bool taken)
{
    for (size_t i = first; i < first + count; i++) {
        uint8_t bit = (uint8_t)(1u << (i % 8));
        a->taken[i / 8] = (uint8_t)(taken ? a->taken[i / 8] | bit : a->taken[i / 8] & ~bit);
    }
}

zks_status zks__arena_new(size_t size, zks__arena **out_arena, int *out_locked)
{
    if (size > SIZE_MAX - PAGE) {
        return ZKS_E_NOMEM;
    }
    size = size ? (size + PAGE - 1) / PAGE * PAGE : PAGE;
    zks__arena *a = zks__alloc_zero(1, sizeof *a);
    if (!a) {
        return ZKS_E_NOMEM;
    }
    if (pthread_mutex_init(&a->lock, NULL)) {
        zks__free(a);
        return ZKS_E_NOMEM;
    }
    a->granules = size / GRANULE;
    a->memory = sodium_malloc(size);
    a->taken = a->memory ? zks__alloc_zero(a->granules / 8, 1) : NULL;
    if (!a->taken) {
        zks__arena_free(a);
        return ZKS_E_NOMEM;
    }
    /* sodium_malloc tries to lock and does not tell; locking again tells. */
    int locked = sodium_mlock(a->memory, size) == 0;
    sodium_memzero(a->memory, size);
    if (out_locked) {
        *out_locked = locked;
    }
    *out_arena = a;
    return ZKS_OK;
}

void zks__arena_free(zks__arena *a)
{
    if (!a) {
        return;
    }
    assert(a->used == 0);
    sodium_free(a->memory);
    zks__free(a->taken);
    pthread_mutex_destroy(&a->lock);
    zks__free(a);
}

/* The first of `count` free granules in a row within [from, to); `to` if there are none. */
static size_t find_free(const zks__arena *a, size_t from, size_t to, size_t count)
{
    size_t run = 0;
    for (size_t i = from; i < to; i++) {
        run = is_taken(a, i) ? 0 : run + 1;
        if (run == count) {
            return i + 1 - count;
        }
    }
    return to;
}

void *zks__arena_alloc(zks__arena *a, size_t size)
{
    size_t count = granules_of(size);
    void *block = NULL;
    pthread_mutex_lock(&a->lock);
    if (count <= a->granules - a->used) {
        size_t first = find_free(a, a->start, a->granules, count);
        if (first == a->granules) {
            first = find_free(a, 0, a->granules, count);
        }
        if (first < a->granules) {
            mark(a, first, count, true);
            a->used += count;
            a->start = first + count;
            block = a->memory + first * GRANULE;
        }
    }
    pthread_mutex_unlock(&a->lock);
    return block;
}

bool zks__arena_owns(const zks__arena *a, const void *block)
{
    uintptr_t at = (uintptr_t)block, from = (uintptr_t)a->memory;
    return at >= from && at - from < a->granules * GRANULE;
}

void zks__arena_release(zks__arena *a, void *block, size_t size)
{
    if (!block) {
        return;
    }
    size_t count = granules_of(size);
    size_t first = (size_t)((uint8_t *)block - a->memory) / GRANULE;
    assert(first + count <= a->granules);
    /* Wiped while still taken: free granules are always zero. */
    sodium_memzero(block, count * GRANULE);
    pthread_mutex_lock(&a->lock);
    assert(is_taken(a, first) && is_taken(a, first + count - 1));
    mark(a, first, count, false);
    a->used -= count;
    pthread_mutex_unlock(&a->lock);
}
