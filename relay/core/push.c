/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* PUSH and DELETE. */
#include "relay/core/router.h"

#include "base/alloc.h"
#include "relay/core/rate.h"

/* One PUSH on its way to the disk and back; lives until its results are sent. */
struct zks__push_op {
    zks__rstore_append request;
    zks__node node; /* peer.finished */
    zks__peer *peer;
    zks__rgroup *group;
    zks__buf *backing; /* the message; items point into it */
    size_t weight;     /* bytes counted as in flight */
    uint32_t rate_retry_ms;
    zks__rstore_item items[];
};

/* --- judging --- */

typedef struct judge_context {
    zks__peer *peer;
    const zks__suite *suite;
    const uint8_t *epoch_tag;
    uint64_t now_ns;
    uint32_t barred; /* why the device may not push at all; 0: it may */
    uint32_t rate_retry_ms;
    const uint8_t *stale; /* tag of an epoch that is over; NULL: none */
} judge_context;

/* The state is the set's own, worked out when the records changed and not for each push. What is
 * judged here goes to the store before anything that changes the records later. */
static judge_context judge_of(zks__peer *p)
{
    const zks__records *set = p->group->set;
    const uint8_t *device = zks__peer_device(p);
    uint64_t now_s = zks__router_unix_ms(p->router) / 1000;
    judge_context c = {.peer = p,
                       .suite = zks__crypto_suite(zks__records_genesis(set)->suite),
                       .epoch_tag = zks__records_epoch(set)->hash,
                       .now_ns = zks__router_now_ns(p->router)};
    if (!zks__records_member(set, device, now_s)) {
        c.barred = zks__records_revoked(set, device) ? ZKS_WIRE_DEVICE_REVOKED
                                                     : ZKS_WIRE_UNAUTHORIZED;
    }
    return c;
}

static uint32_t judge_blob(judge_context *c, const zks__push_item *item)
{
    const zks__peer *p = c->peer;
    const uint8_t *tag = NULL;
    uint8_t blob_id[ZKS_BLOB_ID_BYTES];
    if (c->barred) {
        return c->barred;
    }
    c->rate_retry_ms = zks__rate_take(&c->peer->push_tat_ns, c->now_ns,
                                      p->router->config->pushes_per_minute, 1);
    if (c->rate_retry_ms) {
        return ZKS_WIRE_RATE_LIMITED;
    }
    if (item->blob.length > p->router->config->max_blob_bytes) {
        return ZKS_WIRE_BLOB_TOO_LARGE;
    }
    zks_status status = zks__envelope_epoch(item->blob.data, item->blob.length, &tag);
    if (status || !c->suite || item->blob.data[1] != c->suite->id) {
        return ZKS_WIRE_INVALID_MESSAGE;
    }
    if (memcmp(tag, c->epoch_tag, ZKS_EPOCH_TAG_BYTES) != 0) {
        c->stale = tag;
        return ZKS_WIRE_STALE_EPOCH;
    }
    zks__envelope_id(c->suite, p->group->id, zks__peer_device(p), item->blob.data,
                     item->blob.length, blob_id);
    return memcmp(blob_id, item->blob_id, sizeof blob_id) == 0 ? ZKS_WIRE_OK
                                                               : ZKS_WIRE_INVALID_MESSAGE;
}

static void fill_items(zks__push_op *op, zks__wire_list list)
{
    zks__peer *p = op->peer;
    judge_context c = judge_of(p);
    zks__push_item item;
    uint32_t most = (uint32_t)p->router->config->max_ttl_s;
    for (size_t i = 0; zks__wire_next_push(&list, &item); i++) {
        zks__rstore_item *to = &op->items[i];
        memset(to, 0, sizeof *to);
        memcpy(to->blob_id, item.blob_id, sizeof to->blob_id);
        to->blob = item.blob;
        to->ttl_s = item.ttl_s && item.ttl_s < most ? item.ttl_s : most;
        to->refused = judge_blob(&c, &item);
        op->rate_retry_ms = c.rate_retry_ms ? c.rate_retry_ms : op->rate_retry_ms;
    }
    if (c.stale) {
        zks__peer_send_chain(p, c.stale);
    }
}

/* --- back from the disk --- */

/* What is new is remembered by the group until `settled`; the operation keeps the bytes until
 * after it. */
static zks_status remember(zks__rgroup *g, const zks__push_op *op)
{
    if (g->blob_count + op->request.count > g->blob_size) {
        size_t size = g->blob_size ? g->blob_size : 16;
        while (size < g->blob_count + op->request.count) {
            size *= 2;
        }
        zks__blob_item *grown = zks__alloc_resize(g->blobs, size * sizeof *grown);
        if (!grown) {
            return ZKS_E_NOMEM;
        }
        g->blobs = grown;
        g->blob_size = size;
    }
    for (size_t i = 0; i < op->request.count; i++) {
        const zks__rstore_item *item = &op->items[i];
        if (item->fresh && item->code == ZKS_WIRE_OK) {
            zks__blob_item *to = &g->blobs[g->blob_count++];
            *to = (zks__blob_item){
                .cursor = item->cursor, .time_ms = item->time_ms, .blob = item->blob};
            memcpy(to->sender, op->request.device, sizeof to->sender);
            memcpy(to->blob_id, item->blob_id, sizeof to->blob_id);
            g->head = item->cursor;
        }
    }
    return ZKS_OK;
}

static void on_appended(zks__rstore_request *base, void *user)
{
    zks__push_op *op = (zks__push_op *)(void *)base;
    zks__peer *p = user;
    zks__rgroup *g = op->group;
    if (!base->status && remember(g, op)) {
        /* Without memory nobody is told; everybody finds the blobs by PULL, and hears of the
         * next ones by NOTIFY. */
        for (zks__node *n = zks__list_first(&g->peers); n; n = zks__list_next(&g->peers, n)) {
            ZKS_CONTAINER(n, zks__peer, in_group)->live = false;
        }
        for (size_t i = 0; i < op->request.count; i++) {
            g->head = op->items[i].fresh ? op->items[i].cursor : g->head;
        }
    }
    if (g->blob_count && !g->fresh.next) {
        zks__list_append(&g->router->fresh, &g->fresh);
    }
    zks__list_append(&p->finished, &op->node);
    if (!p->unsettled.next) {
        zks__list_append(&p->router->unsettled, &p->unsettled);
    }
}

static void push_op_free(zks__push_op *op)
{
    zks__rgroup *g = op->group;
    zks__buf_unref(op->backing);
    zks__free(op);
    g->busy--;
    zks__rgroup_released(g);
}

static zks__push_result result_of(const zks__push_op *op, size_t i)
{
    const zks__rstore_item *item = &op->items[i];
    zks__push_result result = {.code = item->code};
    if (op->request.base.status && !item->refused) {
        result.code = zks__wire_code(op->request.base.status);
    } else if (op->request.base.status) {
        result.code = item->refused;
    }
    memcpy(result.blob_id, item->blob_id, sizeof result.blob_id);
    if (result.code == ZKS_WIRE_OK) {
        result.cursor = item->cursor;
        result.ttl_s = item->ttl_s;
    } else {
        result.retry_after_ms = result.code == ZKS_WIRE_RATE_LIMITED ? op->rate_retry_ms
                                                                     : zks__retry_of(result.code);
    }
    return result;
}

static void send_results(zks__peer *p, const zks__push_result *results, size_t count)
{
    zks__message m = {.type = ZKS_MESSAGE_PUSH_ACK};
    m.push_ack.results.items = results;
    m.push_ack.results.count = count;
    if (count) {
        zks__peer_send(p, &m);
    }
}

void zks__peer_push_acks(zks__peer *p)
{
    zks__push_result results[ZKS_BLOBS_PER_MESSAGE_MAX];
    size_t count = 0;
    zks__router *r = p->router;
    for (zks__node *n; (n = zks__list_pop(&p->finished));) {
        zks__push_op *op = ZKS_CONTAINER(n, zks__push_op, node);
        for (size_t i = 0; i < op->request.count; i++) {
            if (count == ZKS_COUNTOF(results)) {
                send_results(p, results, count);
                count = 0;
            }
            results[count++] = result_of(op, i);
        }
        p->inflight -= op->weight;
        r->inflight -= op->weight;
        p->busy--;
        push_op_free(op);
    }
    send_results(p, results, count);
    p->busy++;
    bool here = zks__peer_unbusy(p);
    if (here && p->inflight <= r->config->inflight_bytes / 2) {
        zks__peer_resume(p, ZKS_PAUSE_OWN_BYTES);
    }
}

/* --- PUSH --- */

static void brake(zks__peer *p)
{
    zks__router *r = p->router;
    if (p->inflight > r->config->inflight_bytes) {
        zks__peer_pause(p, ZKS_PAUSE_OWN_BYTES);
    }
    if (r->inflight > r->config->inflight_total_bytes && !p->stalled.next) {
        zks__list_append(&r->stalled, &p->stalled);
        zks__peer_pause(p, ZKS_PAUSE_ALL_BYTES);
    }
}

void zks__peer_push(zks__peer *p, const zks__message *m, zks__buf *backing)
{
    size_t count = m->push.blobs.count;
    size_t size = sizeof(zks__push_op) + count * sizeof(zks__rstore_item);
    if (!count) {
        return;
    }
    zks__push_op *op = zks__alloc(size);
    if (!op) {
        zks__peer_end(p, ZKS_WIRE_RELAY_OVERLOADED, ZKS_MESSAGE_PUSH, ZKS_RELAY_RATE_RETRY_MS,
                      "there is no memory");
        return;
    }
    memset(op, 0, sizeof *op);
    op->peer = p;
    op->group = p->group;
    op->backing = zks__buf_ref(backing);
    op->weight = size + backing->size;
    op->request.base = (zks__rstore_request){
        .kind = ZKS_RSTORE_APPEND, .done = on_appended, .user = p};
    op->request.group = p->group->handle;
    memcpy(op->request.device, zks__peer_device(p), sizeof op->request.device);
    op->request.items = op->items;
    op->request.count = count;
    fill_items(op, m->push.blobs);
    p->busy++;
    p->group->busy++;
    p->inflight += op->weight;
    p->router->inflight += op->weight;
    zks__rstore_submit(p->router->store, &op->request.base);
    brake(p);
}

/* --- DELETE --- */

typedef struct delete_op {
    zks__rstore_delete request;
    zks__rgroup *group;
    zks__wire_id ids[];
} delete_op;

static void on_deleted(zks__rstore_request *base, void *user)
{
    delete_op *op = (delete_op *)(void *)base;
    zks__rgroup *g = op->group;
    zks__peer *p = user;
    bool here = zks__peer_unbusy(p);
    if (here && base->status) {
        uint32_t code = zks__wire_code(base->status);
        zks__peer_error(p, code, ZKS_MESSAGE_DELETE, zks__retry_of(code), "nothing was deleted");
    } else if (here && op->request.foreign) {
        zks__peer_error(p, ZKS_WIRE_NOT_BLOB_OWNER, ZKS_MESSAGE_DELETE, 0,
                        "only who pushed a blob may delete it");
    }
    zks__free(op);
    g->busy--;
    zks__rgroup_released(g);
}

void zks__peer_delete(zks__peer *p, const zks__message *m)
{
    zks__wire_list list = m->del.ids;
    delete_op *op = zks__alloc_zero(1, sizeof *op + list.count * sizeof op->ids[0]);
    if (!op) {
        zks__peer_error(p, ZKS_WIRE_RELAY_OVERLOADED, ZKS_MESSAGE_DELETE, ZKS_RELAY_RATE_RETRY_MS,
                        "there is no memory");
        return;
    }
    op->group = p->group;
    op->request.base = (zks__rstore_request){
        .kind = ZKS_RSTORE_DELETE, .done = on_deleted, .user = p};
    op->request.group = p->group->handle;
    memcpy(op->request.device, zks__peer_device(p), sizeof op->request.device);
    op->request.ids = op->ids;
    while (zks__wire_next_id(&list, &op->ids[op->request.count])) {
        op->request.count++;
    }
    p->busy++;
    p->group->busy++;
    zks__rstore_submit(p->router->store, &op->request.base);
}
