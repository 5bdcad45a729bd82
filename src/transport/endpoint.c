/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "transport/endpoint.h"

#include "base/alloc.h"

#include <string.h>

enum {
    RECEIVES_PER_POLL = 16, /* batches of up to 64 KiB before acknowledgements go out */
    PASSES_PER_TURN = 8,
    HANDLES = 4
};

uint64_t zks__endpoint_now(const zks__endpoint *e)
{
    return e->clock.monotonic_ns(e->clock.user);
}

static void on_poll(uv_poll_t *poll, int status, int events);

static void watch(zks__endpoint *e)
{
    /* Cannot fail for a valid descriptor. */
    (void)uv_poll_start(&e->poll, UV_READABLE | (e->blocked ? UV_WRITABLE : 0), on_poll);
}

void zks__endpoint_send(zks__endpoint *e, zks__udp_burst *burst)
{
    if (e->blocked || zks__udp_send(&e->udp, burst) == ZKS_UDP_SENT) {
        return;
    }
    e->parked_data = zks__alloc(burst->length);
    if (!e->parked_data) {
        return; /* counts as lost on the way */
    }
    memcpy(e->parked_data, burst->data, burst->length);
    e->parked = *burst;
    e->parked.data = e->parked_data;
    e->blocked = true;
    e->stats.parked++;
    watch(e);
}

static void unpark(zks__endpoint *e)
{
    if (e->blocked && zks__udp_send(&e->udp, &e->parked) == ZKS_UDP_SENT) {
        zks__free(e->parked_data);
        e->parked_data = NULL;
        e->blocked = false;
        watch(e);
    }
}

static void receive(zks__endpoint *e)
{
    zks__udp_batch batch;
    for (int i = 0; i < RECEIVES_PER_POLL && zks__udp_receive(&e->udp, e->rx, sizeof e->rx, &batch);
         i++) {
        for (size_t at = 0; at < batch.length; at += batch.segment) {
            size_t left = batch.length - at;
            zks__endpoint_datagram(e, &batch, e->rx + at,
                                   left < batch.segment ? left : batch.segment);
        }
    }
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    zks__endpoint *e = poll->data;
    (void)status; /* an error shows up in the calls themselves */
    if (events & UV_WRITABLE) {
        unpark(e);
    }
    if (events & UV_READABLE) {
        receive(e);
    }
    zks__endpoint_turn(e);
}

static void on_timer(uv_timer_t *timer)
{
    zks__endpoint *e = timer->data;
    e->armed = ZKS_TIMER_NEVER;
    uint64_t now = zks__endpoint_now(e);
    for (zks__timer *t; (t = zks__timers_first(&e->timers)) && t->at <= now;) {
        zks__timers_set(&e->timers, t, ZKS_TIMER_NEVER); /* the service sets it anew */
        zks__quic_expire(ZKS_CONTAINER(t, zks__quic, timer));
    }
    zks__endpoint_turn(e);
}

static void on_prepare(uv_prepare_t *prepare)
{
    zks__endpoint_turn(prepare->data);
}

static void on_idle(uv_idle_t *idle)
{
    (void)idle; /* its being active is all */
}

/* The system timer follows the earliest deadline, rounded up to its milliseconds. */
static void arm(zks__endpoint *e)
{
    const zks__timer *first = zks__timers_first(&e->timers);
    uint64_t at = first ? first->at : ZKS_TIMER_NEVER;
    if (at == e->armed) {
        return;
    }
    e->armed = at;
    if (at == ZKS_TIMER_NEVER) {
        uv_timer_stop(&e->timer);
        return;
    }
    uint64_t now = zks__endpoint_now(e);
    uint64_t wait_ms = at > now ? (at - now + ZKS_QUIC_NS_PER_MS - 1) / ZKS_QUIC_NS_PER_MS : 0;
    uv_update_time(e->loop); /* the loop's idea of now may be as old as the present turn */
    (void)uv_timer_start(&e->timer, on_timer, wait_ms, 0);
}

static void free_endpoint(zks__endpoint *e)
{
    zks__udp_done(&e->udp);
    zks__timers_done(&e->timers);
    zks__map_free(e->routes);
    zks__map_free(e->resets);
    zks__map_free(e->subjects);
    zks__tls_identity_free(e->identity);
    zks__tls_context_free(e->tls);
    zks__free(e->parked_data);
    zks__free(e->alpn);
    zks__free(e->approved_alpn);
    zks__free(e);
}

static void on_handle_closed(uv_handle_t *handle)
{
    zks__endpoint *e = handle->data;
    if (--e->handles == 0) {
        void (*closed)(void *) = e->closed;
        void *user = e->closed_user;
        free_endpoint(e);
        if (closed) {
            closed(user);
        }
    }
}

static void close_handles(zks__endpoint *e)
{
    e->finished = true;
    uv_handle_t *handles[HANDLES] = {(uv_handle_t *)&e->poll, (uv_handle_t *)&e->timer,
                                     (uv_handle_t *)&e->prepare, (uv_handle_t *)&e->idle};
    e->handles = HANDLES;
    for (size_t i = 0; i < HANDLES; i++) {
        uv_close(handles[i], on_handle_closed);
    }
}

static void finish(zks__endpoint *e)
{
    for (zks__node *n; (n = zks__list_first(&e->graves));) {
        zks__quic_free(ZKS_CONTAINER(n, zks__quic, node));
    }
    close_handles(e);
}

void zks__endpoint_turn(zks__endpoint *e)
{
    if (e->finished) {
        return;
    }
    for (int pass = 0; pass < PASSES_PER_TURN && !e->blocked && !zks__list_empty(&e->ready);
         pass++) {
        zks__list now;
        zks__list_init(&now);
        zks__list_splice(&now, &e->ready);
        while (!e->blocked) {
            zks__node *n = zks__list_pop(&now);
            if (!n) {
                break;
            }
            zks__quic_service(ZKS_CONTAINER(n, zks__quic, ready));
        }
        zks__list_splice(&now, &e->ready); /* what a full socket left over goes first */
        zks__list_splice(&e->ready, &now);
    }
    if (e->closing && !e->link_count) {
        finish(e);
        return;
    }
    arm(e);
    if (!e->blocked && !zks__list_empty(&e->ready)) {
        (void)uv_idle_start(&e->idle, on_idle);
    } else {
        (void)uv_idle_stop(&e->idle);
    }
}

void zks__endpoint_forget(zks__endpoint *e, zks__quic *q)
{
    zks__list_remove(&q->node);
    zks__list_append(&e->graves, &q->node);
    e->link_count--;
    e->grave_count++;
    if (q->server) {
        zks__endpoint_uncount(e, q);
    }
}

static void *mem_alloc(size_t size, void *user)
{
    (void)user;
    return zks__alloc(size);
}

static void mem_free(void *block, void *user)
{
    (void)user;
    zks__free(block);
}

static void *mem_calloc(size_t count, size_t size, void *user)
{
    (void)user;
    return zks__alloc_zero(count, size);
}

static void *mem_resize(void *block, size_t size, void *user)
{
    (void)user;
    return zks__alloc_resize(block, size);
}

static zks_status set_up_listening(zks__endpoint *e, const zks__listen_config *listen)
{
    e->listen = listen ? *listen : (zks__listen_config){0};
    zks__listen_config *l = &e->listen;
    l->max_links = l->max_links ? l->max_links : ZKS_ENDPOINT_MAX_LINKS;
    l->handshake_ms = l->handshake_ms ? l->handshake_ms : ZKS_QUIC_HANDSHAKE_MS;
    l->idle_ms = l->idle_ms ? l->idle_ms : ZKS_QUIC_IDLE_MS;
    l->key_seed = NULL; /* of the caller */
    l->alpn = l->approved_alpn = NULL;
    if (!listen) {
        e->rng.fill(e->secret, sizeof e->secret, e->rng.user);
        return ZKS_OK;
    }
    e->alpn = zks__strdup(listen->alpn);
    e->approved_alpn = zks__strdup(listen->approved_alpn);
    if (!e->alpn || (listen->approved_alpn && !e->approved_alpn)) {
        return ZKS_E_NOMEM;
    }
    e->listening = true;
    zks_status status = zks__tls_identity_new(listen->key_seed, &e->identity);
    if (status) {
        return status;
    }
    /* From the key, so that a restarted listener can tell old peers at once that their
     * connections are gone. */
    return zks__tls_derive(listen->key_seed, "0k-transport reset and retry", e->secret);
}

static zks_status set_up(zks__endpoint *e, const zks__endpoint_config *config)
{
    uint8_t seed[16];
    e->rng.fill(seed, sizeof seed, e->rng.user);
    e->routes = zks__map_new(seed);
    e->resets = zks__map_new(seed);
    e->subjects = zks__map_new(seed);
    if (!e->routes || !e->resets || !e->subjects) {
        return ZKS_E_NOMEM;
    }
    zks_status status = zks__tls_context_new(&e->tls);
    if (status) {
        return status;
    }
    status = set_up_listening(e, config->listen);
    if (status) {
        return status;
    }
    status = zks__udp_open(&e->udp, config->bind);
    if (status) {
        return status;
    }
    /* The one call on handles that can fail; before it there is nothing to close. */
    return uv_poll_init(e->loop, &e->poll, e->udp.fd) ? ZKS_E_SYSTEM : ZKS_OK;
}

zks_status zks__endpoint_new(const zks__endpoint_config *config, zks__endpoint **out_endpoint)
{
    const zks__listen_config *l = config->listen;
    if (!config->loop || (l && (!l->key_seed || !l->alpn || !l->accept))) {
        return ZKS_E_INVALID;
    }
    zks__endpoint *e = zks__alloc_zero(1, sizeof *e);
    if (!e) {
        return ZKS_E_NOMEM;
    }
    e->loop = config->loop;
    e->rng = config->rng;
    e->clock = config->clock;
    e->log = config->log;
    e->udp.fd = -1;
    e->armed = ZKS_TIMER_NEVER;
    e->mem = (ngtcp2_mem){
        .malloc = mem_alloc, .free = mem_free, .calloc = mem_calloc, .realloc = mem_resize};
    zks__list_init(&e->links);
    zks__list_init(&e->graves);
    zks__list_init(&e->ready);
    zks_status status = set_up(e, config);
    if (status) {
        free_endpoint(e);
        return status;
    }
    (void)uv_timer_init(e->loop, &e->timer);
    (void)uv_prepare_init(e->loop, &e->prepare);
    (void)uv_idle_init(e->loop, &e->idle);
    e->poll.data = e->timer.data = e->prepare.data = e->idle.data = e;
    (void)uv_prepare_start(&e->prepare, on_prepare);
    watch(e);
    *out_endpoint = e;
    return ZKS_OK;
}

void zks__endpoint_address(const zks__endpoint *e, struct sockaddr_storage *out_address)
{
    memset(out_address, 0, sizeof *out_address);
    memcpy(out_address, &e->udp.local.u, e->udp.local.length);
}

zks_status zks__endpoint_connect(zks__endpoint *e, const zks__connect_config *config,
                                 zks__link **out_link)
{
    if (e->closing) {
        return ZKS_E_CLOSED;
    }
    if (!config->remote || !config->key_seed || !config->alpn) {
        return ZKS_E_INVALID;
    }
    zks__quic *q = NULL;
    zks_status status = zks__quic_new_client(e, config, &q);
    if (!status) {
        *out_link = &q->link;
    }
    return status;
}

void zks__endpoint_stop_listening(zks__endpoint *e)
{
    e->listening = false;
}

size_t zks__endpoint_links(const zks__endpoint *e)
{
    return e->link_count;
}

void zks__endpoint_close(zks__endpoint *e, void (*closed)(void *user), void *user)
{
    if (e->closing) {
        return;
    }
    e->closing = true;
    e->listening = false;
    e->closed = closed;
    e->closed_user = user;
    for (zks__node *n = zks__list_first(&e->links); n; n = zks__list_next(&e->links, n)) {
        zks__quic_want_close(ZKS_CONTAINER(n, zks__quic, node), 0, NULL);
    }
    (void)uv_idle_start(&e->idle, on_idle); /* the next turn comes soon, with or without links */
}
