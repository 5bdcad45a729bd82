/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * PULL, live delivery, NOTIFY and ACK.
 *
 * A peer is live when all up to the group's head was sent to it or left out (its own blobs): from
 * then on new blobs go out as they are committed, as long as its credit lasts. It becomes live when
 * the answer to a PULL reaches the head, and stops being it when a blob does not fit into its
 * credit: it then gets one NOTIFY and pulls again. Nothing is kept for a slow peer: what it misses
 * lies in the store.
 */
#include "relay/core/router.h"

#include "base/alloc.h"
#include "relay/core/rate.h"

static uint64_t credit_of(const zks__peer *p)
{
    uint64_t out = p->sent_bytes - p->consumed_bytes;
    uint64_t window = p->router->config->window_bytes;
    return out < window ? window - out : 0;
}

static void send_blobs(zks__peer *p, uint8_t flags, uint64_t from, uint64_t contiguous,
                       const zks__blob_item *items, size_t count)
{
    zks__message m = {.type = ZKS_MESSAGE_BLOBS};
    m.blobs.flags = flags;
    m.blobs.from = from;
    m.blobs.contiguous = contiguous;
    m.blobs.blobs.items = items;
    m.blobs.blobs.count = count;
    for (size_t i = 0; i < count; i++) {
        p->sent_bytes += items[i].blob.length;
    }
    p->told = contiguous;
    zks__list_remove(&p->lagging);
    zks__peer_send(p, &m);
}

/* What a device pushed itself is no news to it. */
static uint64_t foreign(const zks__peer *p, const zks__rgroup *g)
{
    uint64_t count = 0;
    for (size_t i = 0; i < g->blob_count; i++) {
        count += memcmp(g->blobs[i].sender, zks__peer_device(p), ZKS_DEVICE_ID_BYTES) != 0;
    }
    return count;
}

static void send_notify(zks__peer *p, uint64_t pending)
{
    zks__message m = {.type = ZKS_MESSAGE_NOTIFY};
    if (p->notified || !pending) {
        return;
    }
    m.notify.head = p->group->head;
    m.notify.pending_count = pending;
    p->notified = true;
    zks__peer_send(p, &m);
}

/* --- live --- */

void zks__peer_tell(zks__peer *p)
{
    if (p->live && p->told < p->position) {
        send_blobs(p, ZKS_BLOBS_LIVE, p->told, p->position, NULL, 0);
    }
}

/* A peer that has only missed its own blobs hears of it later, together with more. */
static void lag(zks__peer *p)
{
    zks__router *r = p->router;
    if (p->told < p->position && !p->lagging.next) {
        if (zks__list_empty(&r->lagging)) {
            r->lag_due_ns = zks__router_now_ns(r) + ZKS_RELAY_LAG_MS * 1000000ull;
        }
        zks__list_append(&r->lagging, &p->lagging);
        zks__router_arm(r);
    }
}

/* Takes blobs from *next on into the router's scratch, as many as one message and the credit
 * allow; p->position moves over what is taken or left out. */
static size_t take_live(zks__peer *p, const zks__rgroup *g, size_t *next)
{
    zks__blob_item *out = p->router->scratch;
    uint64_t credit = credit_of(p);
    size_t bytes = 0;
    size_t count = 0;
    for (; *next < g->blob_count && count < ZKS_RELAY_PULL_MAX_COUNT; (*next)++) {
        const zks__blob_item *item = &g->blobs[*next];
        bool passed = item->cursor <= p->position;
        bool skipped = !p->own &&
                       memcmp(item->sender, zks__peer_device(p), ZKS_DEVICE_ID_BYTES) == 0;
        if (!passed && !skipped) {
            size_t sum = bytes + item->blob.length;
            if (sum > credit || (count && sum > ZKS_RELAY_PULL_MAX_BYTES)) {
                break;
            }
            bytes = sum;
            out[count++] = *item;
        }
        p->position = passed ? p->position : item->cursor;
    }
    return count;
}

static void deliver_live(zks__peer *p, const zks__rgroup *g)
{
    size_t next = 0;
    while (next < g->blob_count && p->live) {
        size_t before = next;
        size_t count = take_live(p, g, &next);
        if (count) {
            send_blobs(p, ZKS_BLOBS_LIVE, p->told, p->position, p->router->scratch, count);
        } else if (next == before) {
            p->live = false; /* no credit for the next one */
        }
    }
    if (p->live) {
        lag(p);
    } else {
        zks__list_remove(&p->lagging);
        send_notify(p, g->blob_count - next);
    }
}

void zks__rgroup_deliver(zks__rgroup *g)
{
    for (zks__node *n = zks__list_first(&g->peers); n;) {
        zks__node *next = zks__list_next(&g->peers, n);
        zks__peer *p = ZKS_CONTAINER(n, zks__peer, in_group);
        /* past us: see zks__rstore_events */
        bool behind = p->live && !g->blob_count && p->position < g->head;
        p->live = p->live && !behind;
        if (p->live) {
            deliver_live(p, g);
        } else if (p->mode != ZKS_MODE_NO_SUBSCRIBE && !p->notified && p->session) {
            send_notify(p, behind ? 1 : foreign(p, g));
        }
        n = next;
    }
    g->blob_count = 0;
    if (g->blob_size > 256) {
        zks__free(g->blobs); /* a burst's size is not kept */
        g->blobs = NULL;
        g->blob_size = 0;
    }
}

/* --- PULL --- */

typedef struct read_op {
    zks__rstore_read request;
    zks__rgroup *group;
} read_op;

static void answer(zks__peer *p, const read_op *op)
{
    const zks__rstore_read *read = &op->request;
    zks__rgroup *g = op->group;
    bool end = read->end && read->contiguous == g->head;
    uint64_t from = read->after < read->contiguous ? read->after : read->contiguous;
    if (read->damaged) {
        zks__log_write(p->router->log, ZKS_LOG_LEVEL_ERROR, "store.damaged group=%s blobs=%zu",
                       zks__log_redact(p->router->log, g->id, sizeof g->id).text, read->damaged);
    }
    send_blobs(p, end ? 0 : ZKS_BLOBS_MORE, from, read->contiguous, read->items, read->count);
    p->notified = !end; /* MORE says as much as NOTIFY */
    p->own = p->wishes[0].own;
    p->live = end && p->mode == ZKS_MODE_LIVE && !p->due.items;
    p->position = read->contiguous;
}

static void drop_wish(zks__peer *p)
{
    p->reading = false;
    p->wish_count--;
    memmove(&p->wishes[0], &p->wishes[1], p->wish_count * sizeof p->wishes[0]);
}

static void on_read(zks__rstore_request *base, void *user)
{
    read_op *op = (read_op *)(void *)base;
    zks__rgroup *g = op->group;
    zks__peer *p = user;
    if (zks__peer_unbusy(p)) {
        if (base->status) {
            uint32_t code = zks__wire_code(base->status);
            zks__peer_error(p, code, ZKS_MESSAGE_PULL, zks__retry_of(code), "the store failed");
        } else {
            answer(p, op);
        }
        drop_wish(p);
        zks__peer_next_wish(p);
    }
    zks__buf_unref(op->request.backing);
    zks__free(op->request.items);
    zks__free(op);
    g->busy--;
    zks__rgroup_released(g);
}

static uint32_t at_least_1(uint32_t v, uint32_t most)
{
    return v == 0 ? 1 : v < most ? v : most;
}

void zks__peer_next_wish(zks__peer *p)
{
    bool busy = p->reading || !p->wish_count || p->due.items || p->state == ZKS_PEER_ENDING ||
                p->router->stopping;
    if (busy || zks__session_queued(p->session) > ZKS_RELAY_QUEUED_MAX_BYTES) {
        return; /* `drained` comes by here again */
    }
    read_op *op = zks__alloc_zero(1, sizeof *op);
    if (!op) {
        zks__peer_error(p, ZKS_WIRE_RELAY_OVERLOADED, ZKS_MESSAGE_PULL, ZKS_RELAY_RATE_RETRY_MS,
                        "there is no memory");
        drop_wish(p);
        return;
    }
    const zks__wish *wish = &p->wishes[0];
    op->group = p->group;
    op->request.base = (zks__rstore_request){.kind = ZKS_RSTORE_READ, .done = on_read, .user = p};
    op->request.group = p->group->handle;
    op->request.after = wish->after;
    op->request.max_bytes = at_least_1(wish->max_bytes, ZKS_RELAY_PULL_MAX_BYTES);
    op->request.max_count = at_least_1(wish->max_count, ZKS_RELAY_PULL_MAX_COUNT);
    op->request.skip = !wish->own;
    memcpy(op->request.device, zks__peer_device(p), sizeof op->request.device);
    p->reading = true;
    p->busy++;
    p->group->busy++;
    zks__rstore_submit(p->router->store, &op->request.base);
}

void zks__peer_pull(zks__peer *p, const zks__pull *m)
{
    uint32_t retry = zks__rate_take(&p->pull_tat_ns, zks__router_now_ns(p->router),
                                    p->router->config->pulls_per_minute, 1);
    if (!retry && p->wish_count == ZKS_RELAY_PULLS_WAITING) {
        retry = ZKS_RELAY_RATE_RETRY_MS;
    }
    if (retry) {
        zks__peer_error(p, ZKS_WIRE_RATE_LIMITED, ZKS_MESSAGE_PULL, retry, "too many PULLs");
        return;
    }
    /* A peer that pulls is not at the head, whatever it was: nothing may overtake the answer. */
    p->live = false;
    p->notified = true;
    zks__list_remove(&p->lagging);
    p->wishes[p->wish_count++] = (zks__wish){.after = m->after,
                                             .max_bytes = m->max_bytes,
                                             .max_count = m->max_count,
                                             .own = (m->flags & ZKS_PULL_OWN) != 0};
    zks__peer_next_wish(p);
}

/* --- ACK --- */

/* `also` does not count here: what all members have is judged by the contiguous cursor. */
void zks__peer_ack(zks__peer *p, const zks__ack *m)
{
    uint64_t cursor = m->cursor < p->told ? m->cursor : p->told; /* not beyond what was sent */
    uint64_t consumed = m->consumed < p->sent_bytes ? m->consumed : p->sent_bytes;
    p->consumed_bytes = consumed > p->consumed_bytes ? consumed : p->consumed_bytes;
    zks__rstore_device *d = zks__rgroup_device(p->group, zks__peer_device(p));
    if (d && cursor > d->acked) {
        d->acked = cursor;
        zks__rgroup_dirty(p->group);
    }
}
