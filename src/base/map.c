/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "base/map.h"

#include "base/alloc.h"
#include "base/siphash.h"

#include <stdbool.h>
#include <string.h>

enum { FIRST_SLOTS = 16 };

typedef struct slot {
    void *value; /* NULL: free, or removed when `removed` is set */
    bool removed;
    uint8_t length;
    uint8_t key[ZKS_MAP_KEY_MAX];
} slot;

struct zks__map {
    slot *slots;
    size_t size; /* a power of two */
    size_t count;
    size_t used; /* count and removed ones */
    uint8_t seed[16];
};

zks__map *zks__map_new(const uint8_t seed[16])
{
    zks__map *m = zks__alloc_zero(1, sizeof *m);
    if (m) {
        memcpy(m->seed, seed, sizeof m->seed);
    }
    return m;
}

void zks__map_free(zks__map *m)
{
    if (m) {
        zks__free(m->slots);
        zks__free(m);
    }
}

size_t zks__map_count(const zks__map *m)
{
    return m->count;
}

static slot *find(const zks__map *m, const void *key, size_t length)
{
    if (!m->size || length > ZKS_MAP_KEY_MAX) {
        return NULL;
    }
    size_t mask = m->size - 1;
    for (size_t i = (size_t)zks__siphash(m->seed, key, length) & mask;; i = (i + 1) & mask) {
        slot *s = &m->slots[i];
        if (!s->value && !s->removed) {
            return NULL;
        }
        if (s->value && s->length == length && memcmp(s->key, key, length) == 0) {
            return s;
        }
    }
}

void *zks__map_get(const zks__map *m, const void *key, size_t length)
{
    slot *s = find(m, key, length);
    return s ? s->value : NULL;
}

static void insert_new(zks__map *m, const void *key, size_t length, void *value)
{
    size_t mask = m->size - 1;
    size_t i = (size_t)zks__siphash(m->seed, key, length) & mask;
    while (m->slots[i].value) {
        i = (i + 1) & mask;
    }
    slot *s = &m->slots[i];
    if (!s->removed) {
        m->used++;
    }
    s->removed = false;
    s->value = value;
    s->length = (uint8_t)length;
    memcpy(s->key, key, length);
    m->count++;
}

/* Makes room for one more at a load of at most 3/4, dropping the removed ones. */
static zks_status reserve(zks__map *m)
{
    if ((m->used + 1) * 4 <= m->size * 3) {
        return ZKS_OK;
    }
    size_t size = m->size ? m->size : FIRST_SLOTS;
    while ((m->count + 1) * 2 > size) {
        size *= 2;
    }
    slot *slots = zks__alloc_zero(size, sizeof *slots);
    if (!slots) {
        return ZKS_E_NOMEM;
    }
    slot *old = m->slots;
    size_t old_size = m->size;
    m->slots = slots;
    m->size = size;
    m->count = m->used = 0;
    for (size_t i = 0; i < old_size; i++) {
        if (old[i].value) {
            insert_new(m, old[i].key, old[i].length, old[i].value);
        }
    }
    zks__free(old);
    return ZKS_OK;
}

zks_status zks__map_put(zks__map *m, const void *key, size_t length, void *value)
{
    if (!value || length > ZKS_MAP_KEY_MAX) {
        return ZKS_E_INVALID;
    }
    slot *s = find(m, key, length);
    if (s) {
        s->value = value;
        return ZKS_OK;
    }
    zks_status status = reserve(m);
    if (!status) {
        insert_new(m, key, length, value);
    }
    return status;
}

void *zks__map_remove(zks__map *m, const void *key, size_t length)
{
    slot *s = find(m, key, length);
    if (!s) {
        return NULL;
    }
    void *value = s->value;
    s->value = NULL;
    s->removed = true;
    m->count--;
    return value;
}

void *zks__map_next(const zks__map *m, size_t *position)
{
    while (*position < m->size) {
        void *value = m->slots[(*position)++].value;
        if (value) {
            return value;
        }
    }
    return NULL;
}
