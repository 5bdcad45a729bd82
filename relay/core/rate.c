/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "relay/core/rate.h"

#include "base/alloc.h"
#include "base/link.h"
#include "base/list.h"
#include "base/map.h"
#include "relay/core/limits.h"

#include <string.h>

#define MINUTE_NS 60000000000ull
#define MS_NS     1000000ull

uint32_t zks__rate_take(uint64_t *tat_ns, uint64_t now_ns, uint64_t per_minute, uint64_t count)
{
    uint64_t from = *tat_ns > now_ns ? *tat_ns : now_ns;
    uint64_t until = from + MINUTE_NS / per_minute * count;
    if (until - now_ns > MINUTE_NS) {
        return (uint32_t)((until - now_ns - MINUTE_NS) / MS_NS) + 1;
    }
    *tat_ns = until;
    return 0;
}

/* --- the rates of addresses --- */

typedef struct asker {
    zks__node node; /* least recently used first */
    uint64_t tat_ns;
    uint8_t address[ZKS_LINK_SUBJECT_BYTES];
    size_t length;
} asker;

struct zks__askers {
    zks__map *by_address;
    zks__list list;
    size_t count;
};

zks__askers *zks__askers_new(const uint8_t seed[16])
{
    zks__askers *all = zks__alloc_zero(1, sizeof *all);
    if (!all) {
        return NULL;
    }
    zks__list_init(&all->list);
    all->by_address = zks__map_new(seed);
    if (!all->by_address) {
        zks__free(all);
        return NULL;
    }
    return all;
}

static void forget(zks__askers *all, asker *a)
{
    (void)zks__map_remove(all->by_address, a->address, a->length);
    zks__list_remove(&a->node);
    all->count--;
    zks__free(a);
}

void zks__askers_free(zks__askers *all)
{
    if (!all) {
        return;
    }
    for (zks__node *n; (n = zks__list_first(&all->list));) {
        forget(all, ZKS_CONTAINER(n, asker, node));
    }
    zks__map_free(all->by_address);
    zks__free(all);
}

/* NULL: no memory. */
static asker *add(zks__askers *all, const uint8_t *address, size_t length)
{
    if (all->count >= ZKS_RELAY_MAILBOX_ASKERS) {
        forget(all, ZKS_CONTAINER(zks__list_first(&all->list), asker, node));
    }
    asker *a = zks__alloc_zero(1, sizeof *a);
    if (!a) {
        return NULL;
    }
    memcpy(a->address, address, length);
    a->length = length;
    if (zks__map_put(all->by_address, a->address, a->length, a)) {
        zks__free(a);
        return NULL;
    }
    all->count++;
    return a;
}

uint32_t zks__askers_take(zks__askers *all, const uint8_t *address, size_t length, uint64_t now_ns,
                          uint64_t per_minute)
{
    asker *a = zks__map_get(all->by_address, address, length);
    if (a) {
        zks__list_remove(&a->node);
    } else {
        a = add(all, address, length);
    }
    if (!a) {
        return ZKS_RELAY_RATE_RETRY_MS;
    }
    zks__list_append(&all->list, &a->node);
    return zks__rate_take(&a->tat_ns, now_ns, per_minute, 1);
}

void zks__askers_tick(zks__askers *all, uint64_t now_ns)
{
    for (zks__node *n; (n = zks__list_first(&all->list));) {
        asker *a = ZKS_CONTAINER(n, asker, node);
        if (a->tat_ns > now_ns) {
            break;
        }
        forget(all, a);
    }
}
