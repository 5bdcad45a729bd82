/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "client/vault.h"

#include "base/alloc.h"

#include <pthread.h>

struct zks__vault {
    pthread_mutex_t mutex; /* guards the list, not the arenas */
    zks__arena **arenas;
    size_t count;
    const zks__log *log;
    bool unlocked, told; /* some memory is not locked; the log has it */
};

/* With the mutex held, but for the first one. */
static zks__arena *add_arena(zks__vault *v)
{
    int locked = 0;
    zks__arena *arena = NULL;
    zks__arena **arenas = zks__alloc_resize(v->arenas, (v->count + 1) * sizeof(zks__arena *));
    if (!arenas) {
        return NULL;
    }
    v->arenas = arenas;
    if (zks__arena_new(ZKS_VAULT_ARENA_BYTES, &arena, &locked)) {
        return NULL;
    }
    v->arenas[v->count++] = arena;
    v->unlocked = v->unlocked || !locked;
    return arena;
}

/* With the mutex held. Later than the first arena, which is older than the log's sink. */
static void tell_unlocked(zks__vault *v)
{
    if (v->unlocked && !v->told && v->log && v->log->level >= ZKS_LOG_LEVEL_WARN) {
        v->told = true;
        zks__log_write(v->log, ZKS_LOG_LEVEL_WARN,
                       "secrets_not_locked arenas=%zu cure=\"raise RLIMIT_MEMLOCK\"", v->count);
    }
}

zks_status zks__vault_new(const zks__log *log, zks__vault **out_vault)
{
    zks__vault *v = zks__alloc_zero(1, sizeof *v);
    if (!v) {
        return ZKS_E_NOMEM;
    }
    pthread_mutex_init(&v->mutex, NULL);
    v->log = log;
    if (!add_arena(v)) {
        zks__vault_free(v);
        return ZKS_E_NOMEM;
    }
    *out_vault = v;
    return ZKS_OK;
}

void zks__vault_free(zks__vault *v)
{
    if (!v) {
        return;
    }
    for (size_t i = 0; i < v->count; i++) {
        zks__arena_free(v->arenas[i]);
    }
    zks__free(v->arenas);
    pthread_mutex_destroy(&v->mutex);
    zks__free(v);
}

void *zks__vault_alloc(zks__vault *v, size_t size)
{
    void *block = NULL;
    if (size > ZKS_VAULT_ARENA_BYTES) {
        return NULL;
    }
    pthread_mutex_lock(&v->mutex);
    for (size_t i = 0; i < v->count && !block; i++) {
        block = zks__arena_alloc(v->arenas[i], size);
    }
    if (!block) {
        zks__arena *added = add_arena(v);
        block = added ? zks__arena_alloc(added, size) : NULL;
    }
    tell_unlocked(v);
    pthread_mutex_unlock(&v->mutex);
    return block;
}

void zks__vault_release(zks__vault *v, void *block, size_t size)
{
    if (!block) {
        return;
    }
    pthread_mutex_lock(&v->mutex);
    zks__arena *owner = NULL;
    for (size_t i = 0; i < v->count && !owner; i++) {
        owner = zks__arena_owns(v->arenas[i], block) ? v->arenas[i] : NULL;
    }
    pthread_mutex_unlock(&v->mutex);
    if (owner) {
        zks__arena_release(owner, block, size);
    }
}
