/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Two endpoints on one loop over loopback, and recorders for the events of links. Every wait has a
 * deadline.
 */
#ifndef ZKS_TESTS_TRANSPORT_WORLD_H
#define ZKS_TESTS_TRANSPORT_WORLD_H

#include "transport/endpoint.h"

#include <arpa/inet.h>
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum { WORLD_PEERS = 256, WORLD_WAIT_MS = 30000 };

typedef struct peer {
    zks__link *link; /* NULL after closed */
    struct world *world;
    int opened, drained, closed;
    zks_status status;
    uint64_t code;
    char text[128];
    size_t received;
    bool wrong; /* a byte was not the pattern's */
    bool hold;  /* keeps the credit */
    size_t held;
    bool echo;
    bool in_call; /* an interface call is under way: no event may come */
    bool raised_in_call;
    uint8_t key[ZKS_LINK_KEY_BYTES];
    uint8_t secret[ZKS_LINK_EXPORT_BYTES];
    size_t to_send; /* of the pattern, topped up as the queue drains */
    size_t sent;
} peer;

typedef struct world {
    uv_loop_t loop;
    uv_timer_t deadline;
    bool late;
    uint64_t late_at; /* of uv_hrtime */
    zks__endpoint *server, *client;
    struct sockaddr_storage address; /* of the server */
    uint8_t server_seed[32], client_seed[32], server_key[32], client_key[32];
    peer accepted[WORLD_PEERS];
    size_t accepted_count;
    zks_status accept_answer;
    bool accepted_hold, accepted_echo;
    size_t accepted_to_send;
    int endpoints_closed;
} world;

static inline void world_fill(void *out, size_t length, void *user)
{
    (void)user;
    for (size_t done = 0; done < length;) {
        ssize_t n = getrandom((uint8_t *)out + done, length - done, 0);
        ck_assert_int_gt(n, 0);
        done += (size_t)n;
    }
}

/* Position-dependent, period not a power of two. */
static inline uint8_t pattern_at(size_t i)
{
    return (uint8_t)(i * 31 + i / 251);
}

static inline zks__buf *pattern_buf(size_t at, size_t length)
{
    zks__buf *b = zks__buf_new(0, length, 0);
    ck_assert_ptr_nonnull(b);
    for (size_t i = 0; i < length; i++) {
        b->data[i] = pattern_at(at + i);
    }
    return b;
}

static inline void peer_write(peer *p, size_t length)
{
    p->in_call = true;
    ck_assert_int_eq(zks__link_write(p->link, pattern_buf(p->sent, length)), ZKS_OK);
    p->in_call = false;
    p->sent += length;
}

/* Keeps at most about a megabyte queued. */
static inline void peer_top_up(peer *p)
{
    while (p->link && p->sent < p->to_send && zks__link_queued(p->link) < (1u << 20)) {
        size_t left = p->to_send - p->sent;
        peer_write(p, left < 65536 ? left : 65536);
    }
}

static inline void peer_on_opened(zks__link *link, void *user)
{
    peer *p = user;
    p->raised_in_call |= p->in_call;
    p->opened++;
    memcpy(p->key, zks__link_peer_key(link), sizeof p->key);
    ck_assert_int_eq(zks__link_export(link, "EXPORTER-test", p->secret), ZKS_OK);
    peer_top_up(p);
}

static inline void peer_on_received(zks__link *link, const uint8_t *data, size_t length, void *user)
{
    peer *p = user;
    p->raised_in_call |= p->in_call;
    for (size_t i = 0; i < length; i++) {
        p->wrong |= data[i] != pattern_at(p->received + i);
    }
    p->received += length;
    if (p->echo) {
        zks__buf *b = zks__buf_copy(data, length);
        ck_assert_ptr_nonnull(b);
        ck_assert_int_eq(zks__link_write(link, b), ZKS_OK);
    }
    if (p->hold) {
        p->held += length;
    } else {
        zks__link_consume(link, length);
    }
}

static inline void peer_on_drained(zks__link *link, void *user)
{
    peer *p = user;
    (void)link;
    p->raised_in_call |= p->in_call;
    p->drained++;
    peer_top_up(p);
}

static inline void peer_on_closed(zks__link *link, zks_status status, uint64_t code,
                                  const char *text, void *user)
{
    peer *p = user;
    (void)link;
    p->raised_in_call |= p->in_call;
    p->closed++;
    p->status = status;
    p->code = code;
    snprintf(p->text, sizeof p->text, "%s", text);
    p->link = NULL;
}

static inline zks__link_events peer_events(void)
{
    return (zks__link_events){peer_on_opened, peer_on_received, peer_on_drained, peer_on_closed};
}

static inline zks_status world_accept(zks__link *link, zks__link_events *out_events,
                                      void **out_user, void *user)
{
    world *w = user;
    ck_assert_uint_lt(w->accepted_count, WORLD_PEERS);
    if (w->accept_answer) {
        return w->accept_answer;
    }
    peer *p = &w->accepted[w->accepted_count++];
    *p = (peer){.link = link,
                .world = w,
                .hold = w->accepted_hold,
                .echo = w->accepted_echo,
                .to_send = w->accepted_to_send};
    *out_events = peer_events();
    *out_user = p;
    peer_on_opened(link, p);
    return ZKS_OK;
}

/* Wakes the loop every 2 ms, so that conditions on plain sockets are seen too. */
static inline void world_on_deadline(uv_timer_t *t)
{
    world *w = t->data;
    w->late = uv_hrtime() >= w->late_at;
}

static inline void world_set_deadline(world *w, uint64_t ms)
{
    w->late = false;
    w->late_at = uv_hrtime() + ms * 1000000;
    uv_timer_start(&w->deadline, world_on_deadline, 2, 2);
}

/* Runs the loop until the condition holds; a wait that is too long fails the test. */
#define WORLD_WAIT_FOR(w, condition, ms)                                          \
    do {                                                                          \
        bool world_done;                                                          \
        world_set_deadline(w, ms);                                                \
        while (!(world_done = (condition)) &&                                     \
               !(w)->late) { /* evaluated once a turn: it may receive */          \
            uv_run(&(w)->loop, UV_RUN_ONCE);                                      \
        }                                                                         \
        uv_timer_stop(&(w)->deadline);                                            \
        ck_assert_msg(world_done, "not within %d ms: %s", (int)(ms), #condition); \
    } while (0)
#define WORLD_WAIT(w, condition) WORLD_WAIT_FOR(w, condition, WORLD_WAIT_MS)

/* Lets the loop run for a while in which something must not happen. */
static inline void world_run(world *w, uint64_t ms)
{
    world_set_deadline(w, ms);
    while (!w->late) {
        uv_run(&w->loop, UV_RUN_ONCE);
    }
    uv_timer_stop(&w->deadline);
}

static inline zks__endpoint *world_endpoint(world *w, const struct sockaddr *bind,
                                            const zks__listen_config *listen)
{
    zks__endpoint *e = NULL;
    zks__endpoint_config c = {.loop = &w->loop,
                              .bind = bind,
                              .rng = {.fill = world_fill},
                              .clock = zks__clock_system(),
                              .listen = listen};
    ck_assert_int_eq(zks__endpoint_new(&c, &e), ZKS_OK);
    return e;
}

static inline struct sockaddr_in world_loopback(void)
{
    return (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

/* listen: limits to use; key, alpn and accept are filled in. NULL: the defaults. */
static inline world *world_new(const zks__listen_config *listen)
{
    world *w = calloc(1, sizeof *w);
    ck_assert_ptr_nonnull(w);
    ck_assert_int_eq(uv_loop_init(&w->loop), 0);
    uv_timer_init(&w->loop, &w->deadline);
    w->deadline.data = w;
    world_fill(w->server_seed, 32, NULL);
    world_fill(w->client_seed, 32, NULL);
    ck_assert_int_eq(zks__transport_public_key(w->server_seed, w->server_key), ZKS_OK);
    ck_assert_int_eq(zks__transport_public_key(w->client_seed, w->client_key), ZKS_OK);
    zks__listen_config l = listen ? *listen : (zks__listen_config){0};
    l.key_seed = w->server_seed;
    l.alpn = l.alpn ? l.alpn : "test/1";
    l.accept = world_accept;
    l.user = w;
    struct sockaddr_in any = world_loopback();
    w->server = world_endpoint(w, (const struct sockaddr *)&any, &l);
    zks__endpoint_address(w->server, &w->address);
    w->client = world_endpoint(w, (const struct sockaddr *)&any, NULL);
    return w;
}

static inline zks__connect_config world_config(world *w, peer *p)
{
    p->world = w;
    return (zks__connect_config){.remote = (const struct sockaddr *)&w->address,
                                 .key_seed = w->client_seed,
                                 .expected_key = w->server_key,
                                 .alpn = "test/1",
                                 .events = peer_events(),
                                 .user = p};
}

static inline void world_connect_with(world *w, peer *p, const zks__connect_config *c)
{
    p->in_call = true;
    ck_assert_int_eq(zks__endpoint_connect(w->client, c, &p->link), ZKS_OK);
    p->in_call = false;
}

static inline void world_connect(world *w, peer *p)
{
    zks__connect_config c = world_config(w, p);
    world_connect_with(w, p, &c);
}

/* A pair of open ends. */
static inline peer *world_pair(world *w, peer *p)
{
    size_t before = w->accepted_count;
    world_connect(w, p);
    WORLD_WAIT(w, p->opened && w->accepted_count == before + 1);
    return &w->accepted[before];
}

static inline void world_on_endpoint_closed(void *user)
{
    ((world *)user)->endpoints_closed++;
}

static inline void world_free_endpoints(world *w)
{
    int wanted = w->endpoints_closed + (w->server ? 1 : 0) + (w->client ? 1 : 0);
    if (w->client) {
        zks__endpoint_close(w->client, world_on_endpoint_closed, w);
    }
    if (w->server) {
        zks__endpoint_close(w->server, world_on_endpoint_closed, w);
    }
    WORLD_WAIT(w, w->endpoints_closed == wanted);
    w->client = w->server = NULL;
}

static inline void world_free(world *w)
{
    world_free_endpoints(w);
    for (size_t i = 0; i < w->accepted_count; i++) {
        ck_assert_int_eq(w->accepted[i].closed, 1);
        ck_assert(!w->accepted[i].raised_in_call);
    }
    uv_close((uv_handle_t *)&w->deadline, NULL);
    ck_assert_int_eq(uv_run(&w->loop, UV_RUN_DEFAULT), 0);
    ck_assert_int_eq(uv_loop_close(&w->loop), 0);
    free(w);
}

/* 0 when all tests passed. CK_FORK=no where a debugger or sanitizer wants one process. */
static inline int world_main(Suite *s)
{
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

#endif
