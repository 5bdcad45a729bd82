/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The Nth allocation fails, for N = 0, 1, 2 ... until a whole life of a link passes without; once,
 * and from there on for ever. Nothing may crash, leak, hang or deliver a wrong byte.
 */
#include "world.h"

#include "tests/support/nth_alloc.h"

enum { WRITES = 30, WRITE_BYTES = 3000, ALLOCATIONS_MAX = 5000, LIFE_MS = 600 };

static zks_status accept_any(zks__link *link, zks__link_events *out_events, void **out_user,
                             void *user)
{
    world *w = user;
    peer *p = &w->accepted[w->accepted_count++];
    *p = (peer){.link = link, .world = w};
    *out_events = (zks__link_events){.received = peer_on_received, .closed = peer_on_closed};
    *out_user = p;
    return ZKS_OK;
}

/* Writes what there is memory for. */
static void write_some(peer *p)
{
    for (int i = 0; i < WRITES; i++) {
        zks__buf *b = zks__buf_new(0, WRITE_BYTES, 0);
        for (size_t k = 0; b && k < WRITE_BYTES; k++) {
            b->data[k] = pattern_at(p->sent + k);
        }
        if (b && zks__link_write(p->link, b) == ZKS_OK) {
            p->sent += WRITE_BYTES;
        }
    }
}

static void run_link(world *w, peer *p)
{
    zks__connect_config c = world_config(w, p);
    c.expected_key = NULL;
    c.handshake_ms = 200;
    c.idle_ms = 300;
    c.events = (zks__link_events){.received = peer_on_received, .closed = peer_on_closed};
    if (zks__endpoint_connect(w->client, &c, &p->link)) {
        p->link = NULL;
        return;
    }
    write_some(p);
    peer *s = &w->accepted[0];
    world_set_deadline(w, LIFE_MS);
    while (!w->late && !p->closed && !(w->accepted_count && s->received == p->sent)) {
        uv_run(&w->loop, UV_RUN_ONCE);
    }
    uv_timer_stop(&w->deadline);
}

/* The whole life of two endpoints and a link, of which each step may fail. */
static void live(void)
{
    world *w = calloc(1, sizeof *w);
    peer p = {0};
    ck_assert_ptr_nonnull(w);
    ck_assert_int_eq(uv_loop_init(&w->loop), 0);
    uv_timer_init(&w->loop, &w->deadline);
    w->deadline.data = w;
    w->server_seed[0] = 1;
    w->client_seed[0] = 2;
    struct sockaddr_in any = world_loopback();
    zks__listen_config l = {.key_seed = w->server_seed,
                            .alpn = "test/1",
                            .accept = accept_any,
                            .user = w,
                            .max_per_address = 9,
                            .handshake_ms = 200,
                            .idle_ms = 300};
    zks__endpoint_config c = {.loop = &w->loop,
                              .bind = (const struct sockaddr *)&any,
                              .rng = {.fill = world_fill},
                              .clock = zks__clock_system(),
                              .listen = &l};
    bool server = zks__endpoint_new(&c, &w->server) == ZKS_OK;
    c.listen = NULL;
    bool client = zks__endpoint_new(&c, &w->client) == ZKS_OK;
    if (server && client) {
        zks__endpoint_address(w->server, &w->address);
        run_link(w, &p);
    }
    bool open = p.link != NULL;
    world_free(w);
    ck_assert(!p.wrong && (!open || p.closed == 1));
}

static void fail_each(bool for_ever)
{
    unsigned n = 0;
    do {
        ck_assert_uint_lt(n, ALLOCATIONS_MAX);
        nth.armed = true;
        nth.for_ever = for_ever;
        nth.left = n++;
        nth.failed = 0;
        live();
        nth.armed = false;
    } while (nth.failed);
    ck_assert_uint_gt(n, 50); /* otherwise the allocator was not this one */
}

START_TEST(one_failed_allocation_harms_nothing)
{
    fail_each(false);
}
END_TEST

START_TEST(lasting_lack_of_memory_harms_nothing)
{
    fail_each(true);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("transport_no_memory");
    TCase *t = tcase_create("no_memory");
    tcase_set_timeout(t, 240);
    tcase_add_test(t, one_failed_allocation_harms_nothing);
    tcase_add_test(t, lasting_lack_of_memory_harms_nothing);
    suite_add_tcase(s, t);
    own_alloc.refuses = nth_refuses;
    return world_main(s);
}
