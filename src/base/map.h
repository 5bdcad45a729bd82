/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A hash map from byte strings (copied; at most 64 bytes) to pointers (borrowed). Open addressing,
 * grows by doubling. The seed keeps a peer who chooses the keys from choosing the collisions. Pure.
 */
#ifndef ZKS_BASE_MAP_H
#define ZKS_BASE_MAP_H

#include "base/status.h"

enum { ZKS_MAP_KEY_MAX = 64 };

typedef struct zks__map zks__map;

/* seed: 16 random bytes. NULL: no memory. */
zks__map *zks__map_new(const uint8_t seed[16]);
void zks__map_free(zks__map *m);
size_t zks__map_count(const zks__map *m);
/* NULL when absent. */
void *zks__map_get(const zks__map *m, const void *key, size_t length);
/* Adds or replaces. ZKS_E_NOMEM, ZKS_E_INVALID (value NULL, key longer than the maximum). */
ZKS_MUST_USE zks_status zks__map_put(zks__map *m, const void *key, size_t length, void *value);
/* The removed value, or NULL. */
void *zks__map_remove(zks__map *m, const void *key, size_t length);
/* Iteration in no order: start with *position = 0; NULL at the end. Adding while iterating is not
 * allowed, removing the one just returned is. */
void *zks__map_next(const zks__map *m, size_t *position);

#endif
