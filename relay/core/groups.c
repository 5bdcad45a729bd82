/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Groups in memory: loading, saving, acknowledgements, letting go. */
#include "relay/core/router.h"

#include "base/alloc.h"

#include <stdlib.h>

/* Set up and freed by their completions. */
typedef struct open_op {
    zks__rstore_open request;
    zks__rgroup *group;
    zks__slice *records;

} open_op;

typedef struct records_op {
    zks__rstore_records request;
    zks__rgroup *group;
    zks__slice *records;
    size_t upto; /* records of the set that it makes durable */
} records_op;

typedef struct acks_op {
    zks__rstore_acks request;
    zks__rgroup *group;
    zks__rstore_device devices[];
} acks_op;

typedef struct leave_op {
    zks__rstore_leave request;
} leave_op;

/* --- letting go --- */

void zks__rgroup_free(zks__rgroup *g)
{
    zks__list_remove(&g->idle);
    zks__list_remove(&g->fresh);
    zks__list_remove(&g->dirty);
    zks__records_free(g->set);
    zks__free(g->devices);
    zks__free(g->blobs);
    zks__free(g);
}

static void on_left(zks__rstore_request *base, void *user)
{
    (void)user;
    zks__free(base);
}

void zks__rgroup_let_go(zks__rgroup *g)
{
    zks__router *r = g->router;
    if (g->idle.next) {
        zks__list_remove(&g->idle);
        r->idle_count--;
    }
    (void)zks__map_remove(r->groups, g->id, sizeof g->id);
    leave_op *op = g->handle ? zks__alloc_zero(1, sizeof *op) : NULL;
    if (op) {
        op->request = (zks__rstore_leave){.base = {.kind = ZKS_RSTORE_LEAVE, .done = on_left},
                                          .group = g->handle};
        zks__rstore_submit(r->store, &op->request.base);
    }
    /* Without memory for it the store keeps the handle, and the group cannot be opened again
     * until the next start. */
    zks__rgroup_free(g);
}

void zks__rgroup_released(zks__rgroup *g)
{
    zks__router *r = g->router;
    bool used = g->busy || g->loading || g->saving || !zks__list_empty(&g->peers) ||
                !zks__list_empty(&g->waiting) || g->fresh.next;
    if (used || g->idle.next) {
        return;
    }
    if (g->condemned || !g->handle) {
        zks__list_remove(&g->dirty);
        zks__rgroup_let_go(g);
        return;
    }
    zks__list_append(&r->idle, &g->idle);
    r->idle_count++;
    if (r->idle_count <= ZKS_RELAY_GROUPS_CACHED) {
        return;
    }
    zks__rgroup *oldest = ZKS_CONTAINER(zks__list_first(&r->idle), zks__rgroup, idle);
    if (oldest->dirty.next) {
        zks__list_remove(&oldest->dirty);
        zks__rgroup_write_acks(oldest); /* makes it busy: it comes by here again */
    } else {
        zks__rgroup_let_go(oldest);
    }
}

/* --- loading --- */

/* Peers are taken out first: what they do may put them in again. */
static void wake_waiting(zks__rgroup *g, zks_status status)
{
    zks__list now;
    zks__list_init(&now);
    zks__list_splice(&now, &g->waiting);
    for (zks__node *n; (n = zks__list_pop(&now));) {
        zks__peer_group_ready(ZKS_CONTAINER(n, zks__peer, waiting), status);
    }
}

/* Records were verified before they were stored; one that does not verify now is damage, and the
 * set is right without it: who misses it attaches it to the next HELLO. */
static zks_status fill_set(zks__rgroup *g, const zks__rstore_open *o)
{
    size_t bad = 0;
    for (size_t i = 0; i < o->stored_count; i++) {
        zks_status status = zks__records_load(g->set, o->stored[i].data, o->stored[i].length);
        if (status == ZKS_E_NOMEM) {
            return status;
        }
        bad += status != ZKS_OK;
    }
    if (bad) {
        zks__log_write(g->router->log, ZKS_LOG_LEVEL_ERROR, "group.damaged group=%s records=%zu",
                       zks__log_redact(g->router->log, g->id, sizeof g->id).text, bad);
    }
    g->stored = zks__records_count(g->set);
    return ZKS_OK;
}

static int by_device(const void *a, const void *b)
{
    return memcmp(((const zks__rstore_device *)a)->device, ((const zks__rstore_device *)b)->device,
                  ZKS_DEVICE_ID_BYTES);
}

static zks_status take_open(zks__rgroup *g, open_op *op)
{
    g->handle = op->request.group;
    g->head = op->request.head;
    zks__free(g->devices);
    g->devices = op->request.devices;
    g->device_count = g->device_size = op->request.device_count;
    op->request.devices = NULL;
    if (g->device_count) {
        qsort(g->devices, g->device_count, sizeof *g->devices, by_device);
    }
    if (op->request.create) {
        g->stored = op->request.record_count;
        return ZKS_OK;
    }
    return fill_set(g, &op->request);
}

static void open_op_free(open_op *op)
{
    zks__buf_unref(op->request.backing);
    zks__free(op->request.stored);
    zks__free(op->request.devices);
    zks__free(op->records);
    zks__free(op);
}

static void on_opened(zks__rstore_request *base, void *user)
{
    open_op *op = (open_op *)(void *)base;
    zks__rgroup *g = user;
    zks_status status = base->status;
    bool creating = op->request.create;
    g->loading = g->saving = false;
    g->busy--;
    if (!status) {
        status = take_open(g, op);
    } else if (status == ZKS_E_NOT_FOUND) {
        status = ZKS_OK; /* loaded, and empty */
    }
    g->loaded = !status;
    g->condemned = g->condemned || (status && !creating);
    if (status) {
        zks__log_write(g->router->log, ZKS_LOG_LEVEL_ERROR, "group.failed group=%s status=%d",
                       zks__log_redact(g->router->log, g->id, sizeof g->id).text, (int)status);
    } else if (creating) {
        zks__log_write(g->router->log, ZKS_LOG_LEVEL_INFO, "group.new group=%s",
                       zks__log_redact(g->router->log, g->id, sizeof g->id).text);
    }
    g->loaded = g->loaded || creating;
    open_op_free(op);
    if (status) {
        zks__records_truncate(g->set, g->stored); /* what is not durable does not count */
    }
    g->busy++; /* it must not go while its peers are told */
    wake_waiting(g, status);
    g->busy--;
    zks__rgroup_released(g);
}

static zks_status submit_open(zks__rgroup *g, open_op *op)
{
    memcpy(op->request.group_id, g->id, sizeof g->id);
    op->request.base = (zks__rstore_request){.kind = ZKS_RSTORE_OPEN, .done = on_opened, .user = g};
    g->busy++;
    zks__rstore_submit(g->router->store, &op->request.base);
    return ZKS_OK;
}

zks__rgroup *zks__rgroup_get(zks__router *r, const uint8_t id[ZKS_GROUP_ID_BYTES])
{
    zks__rgroup *g = zks__map_get(r->groups, id, ZKS_GROUP_ID_BYTES);
    if (g) {
        if (g->idle.next) {
            zks__list_remove(&g->idle);
            r->idle_count--;
        }
        return g;
    }
    open_op *op = zks__alloc_zero(1, sizeof *op);
    g = zks__alloc_zero(1, sizeof *g);
    if (!g || !op || zks__records_new(id, &g->set)) {
        zks__free(op);
        zks__free(g);
        return NULL;
    }
    zks__records_set_devices_max(g->set, (size_t)r->config->devices_per_group);
    zks__records_set_bytes_max(g->set, r->config->group_records_bytes);
    g->router = r;
    memcpy(g->id, id, sizeof g->id);
    zks__list_init(&g->peers);
    zks__list_init(&g->waiting);
    if (zks__map_put(r->groups, g->id, sizeof g->id, g)) {
        zks__free(op);
        zks__rgroup_free(g);
        return NULL;
    }
    g->loading = true;
    (void)submit_open(g, op);
    return g;
}

/* --- saving --- */

static void on_saved(zks__rstore_request *base, void *user)
{
    records_op *op = (records_op *)(void *)base;
    zks__rgroup *g = user;
    size_t before = g->stored;
    g->saving = false;
    if (!base->status) {
        g->stored = op->upto;
        zks__rgroup_announce(g, before, g->stored);
    } else {
        zks__records_truncate(g->set, g->stored); /* what is not durable does not count */
    }
    wake_waiting(g, base->status);
    zks__rgroup_enforce(g);
    zks__free(op->records);
    zks__free(op);
    g->busy--;
    zks__rgroup_released(g);
}

static zks__slice *unsaved(const zks__rgroup *g, size_t count)
{
    zks__slice *records = zks__alloc((count - g->stored) * sizeof *records);
    for (size_t i = g->stored; records && i < count; i++) {
        records[i - g->stored] = zks__records_at(g->set, i)->bytes;
    }
    return records;
}

zks_status zks__rgroup_save(zks__rgroup *g)
{
    size_t count = zks__records_count(g->set);
    if (g->saving || g->stored == count) {
        return ZKS_OK;
    }
    zks__slice *records = unsaved(g, count);
    if (!g->handle) {
        open_op *open = records ? zks__alloc_zero(1, sizeof *open) : NULL;
        if (!open) {
            zks__free(records);
            return ZKS_E_NOMEM;
        }
        open->records = records;
        open->request.create = true;
        open->request.records = records;
        open->request.record_count = count - g->stored;
        g->saving = true;
        return submit_open(g, open);
    }
    records_op *op = records ? zks__alloc_zero(1, sizeof *op) : NULL;
    if (!op) {
        zks__free(records);
        return ZKS_E_NOMEM;
    }
    *op = (records_op){.group = g, .records = records, .upto = count};
    op->request = (zks__rstore_records){
        .base = {.kind = ZKS_RSTORE_RECORDS, .done = on_saved, .user = g},
        .group = g->handle,
        .records = records,
        .count = count - g->stored};
    g->saving = true;
    g->busy++;
    zks__rstore_submit(g->router->store, &op->request.base);
    return ZKS_OK;
}

/* --- acknowledgements --- */

/* The place of a device, or where it belongs. */
static size_t place_of(const zks__rgroup *g, const uint8_t *device, bool *out_there)
{
    size_t low = 0;
    size_t high = g->device_count;
    *out_there = false;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = memcmp(g->devices[middle].device, device, ZKS_DEVICE_ID_BYTES);
        if (order == 0) {
            *out_there = true;
            return middle;
        }
        low = order < 0 ? middle + 1 : low;
        high = order < 0 ? high : middle;
    }
    return low;
}

zks__rstore_device *zks__rgroup_device(zks__rgroup *g, const uint8_t device[ZKS_DEVICE_ID_BYTES])
{
    bool there = false;
    size_t at = place_of(g, device, &there);
    if (there) {
        return &g->devices[at];
    }
    if (g->device_count == g->device_size) {
        size_t size = g->device_size ? g->device_size * 2 : 4;
        zks__rstore_device *grown = zks__alloc_resize(g->devices, size * sizeof *grown);
        if (!grown) {
            return NULL;
        }
        g->devices = grown;
        g->device_size = size;
    }
    memmove(&g->devices[at + 1], &g->devices[at], (g->device_count - at) * sizeof *g->devices);
    g->devices[at] = (zks__rstore_device){0};
    memcpy(g->devices[at].device, device, ZKS_DEVICE_ID_BYTES);
    g->device_count++;
    return &g->devices[at];
}

void zks__rgroup_dirty(zks__rgroup *g)
{
    if (!g->dirty.next) {
        zks__list_append(&g->router->dirty, &g->dirty);
        zks__router_arm(g->router);
    }
}

/* What all members, at least two, have acknowledged; devices unseen for long are not waited for.
 * A member that never came holds it at 0: its blobs end with their time to live. */
static uint64_t floor_of(zks__rgroup *g)
{
    uint64_t now_s = zks__router_unix_ms(g->router) / 1000;
    uint64_t floor = UINT64_MAX;
    size_t members = 0;
    for (size_t i = 0; i < g->stored; i++) {
        const zks__record *record = zks__records_at(g->set, i);
        bool member = record->kind == ZKS_RECORD_KIND_MEMBER &&
                      zks__records_member(g->set, record->member.device, now_s) == record;
        if (!member) {
            continue;
        }
        bool there = false;
        size_t at = place_of(g, record->member.device, &there);
        if (there && g->devices[at].seen_s + ZKS_RELAY_MEMBER_IDLE_S < now_s) {
            continue;
        }
        uint64_t acked = there ? g->devices[at].acked : 0;
        floor = acked < floor ? acked : floor;
        members++;
    }
    return members >= 2 ? floor : 0;
}

static void on_acks(zks__rstore_request *base, void *user)
{
    zks__rgroup *g = user;
    zks__free(base);
    g->busy--;
    zks__rgroup_released(g);
}

void zks__rgroup_write_acks(zks__rgroup *g)
{
    if (!g->handle) {
        return;
    }
    acks_op *op = zks__alloc_zero(1, sizeof *op + g->device_count * sizeof op->devices[0]);
    if (!op) {
        return; /* the next change writes them too */
    }
    if (g->device_count) {
        memcpy(op->devices, g->devices, g->device_count * sizeof op->devices[0]);
    }
    op->request = (zks__rstore_acks){.base = {.kind = ZKS_RSTORE_ACKS, .done = on_acks, .user = g},
                                     .group = g->handle,
                                     .devices = op->devices,
                                     .count = g->device_count,
                                     .floor = floor_of(g)};
    if (g->idle.next) {
        zks__list_remove(&g->idle);
        g->router->idle_count--;
    }
    g->busy++;
    zks__rstore_submit(g->router->store, &op->request.base);
}
