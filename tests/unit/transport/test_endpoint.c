/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What strangers, floods and changed addresses do to an endpoint. Datagrams are sent and caught
 * with plain sockets. */
#include "world.h"

#include <fcntl.h>
#include <unistd.h>

enum { DATAGRAM = 1500 };

static int plain_socket(struct sockaddr_in *out_address)
{
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    struct sockaddr_in a = world_loopback();
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(bind(fd, (const struct sockaddr *)&a, sizeof a), 0);
    socklen_t length = sizeof a;
    ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&a, &length), 0);
    if (out_address) {
        *out_address = a;
    }
    return fd;
}

static void send_to_server(world *w, int fd, const uint8_t *data, size_t length)
{
    ck_assert_int_eq(sendto(fd, data, length, 0, (const struct sockaddr *)&w->address,
                            sizeof(struct sockaddr_in)),
                     (ssize_t)length);
}

/* The first datagram of a client: a genuine Initial packet, caught on the way. */
static size_t catch_initial(world *w, uint8_t out[DATAGRAM])
{
    struct sockaddr_in trap;
    int fd = plain_socket(&trap);
    peer p = {0};
    zks__connect_config c = world_config(w, &p);
    c.remote = (const struct sockaddr *)&trap;
    world_connect_with(w, &p, &c);
    ssize_t n = -1;
    WORLD_WAIT(w, (n = recv(fd, out, DATAGRAM, 0)) > 0);
    zks__link_close(p.link, 0, NULL);
    WORLD_WAIT(w, p.closed);
    close(fd);
    return (size_t)n;
}

/* A new pair opens and carries bytes: the server is well. */
static void check_well(world *w)
{
    peer *p = calloc(1, sizeof *p);
    peer *s = world_pair(w, p);
    peer_write(p, 5000);
    WORLD_WAIT(w, s->received == 5000);
    zks__link_close(p->link, 0, NULL);
    WORLD_WAIT(w, p->closed && s->closed);
    free(p);
}

START_TEST(silent_client_is_dropped_at_the_deadline)
{
    zks__listen_config l = {.handshake_ms = 300};
    world *w = world_new(&l);
    uint8_t initial[DATAGRAM];
    size_t length = catch_initial(w, initial);
    int fd = plain_socket(NULL);
    send_to_server(w, fd, initial, length);
    WORLD_WAIT(w, zks__endpoint_links(w->server) == 1);
    WORLD_WAIT_FOR(w, zks__endpoint_links(w->server) == 0, 1500);
    ck_assert_uint_eq(w->server->unproven, 0);
    ck_assert_uint_eq(w->accepted_count, 0);
    ck_assert_uint_eq(zks__map_count(w->server->routes), 0);
    close(fd);
    check_well(w);
    world_free(w);
}
END_TEST

START_TEST(garbage_leaves_the_server_working)
{
    world *w = world_new(NULL);
    peer p = {0};
    peer *s = world_pair(w, &p);
    uint8_t initial[DATAGRAM];
    size_t length = catch_initial(w, initial);
    int fd = plain_socket(NULL);
    uint8_t data[DATAGRAM];
    for (size_t i = 0; i < 3000; i++) {
        size_t n = i % sizeof data;
        world_fill(data, n, NULL);
        if (i % 3 == 0 && n > 6) { /* looks like an Initial packet of version 1 */
            memcpy(data, (const uint8_t[]){0xc3, 0, 0, 0, 1, 8}, 6);
        }
        send_to_server(w, fd, data, n);
        uv_run(&w->loop, UV_RUN_NOWAIT);
    }
    for (size_t n = 1; n < length; n += 7) {
        send_to_server(w, fd, initial, n);
        memcpy(data, initial, length);
        data[n] ^= 0x5a;
        send_to_server(w, fd, data, length);
        uv_run(&w->loop, UV_RUN_NOWAIT);
    }
    peer_write(&p, 70000);
    WORLD_WAIT(w, s->received == 70000);
    close(fd);
    check_well(w);
    world_free(w);
}
END_TEST

START_TEST(unknown_version_is_answered_with_negotiation)
{
    world *w = world_new(NULL);
    uint8_t data[1200] = {0xc0, 0x1a, 0x2a, 0x3a, 0x4a, 8, 1, 2, 3, 4, 5, 6,
                          7,    8,    8,    9,    9,    9, 9, 9, 9, 9, 9};
    uint8_t reply[DATAGRAM];
    int fd = plain_socket(NULL);
    send_to_server(w, fd, data, 1199); /* too short to be worth an answer */
    send_to_server(w, fd, data, sizeof data);
    ssize_t n = -1;
    WORLD_WAIT(w, (n = recv(fd, reply, sizeof reply, 0)) > 0);
    ck_assert_uint_eq(w->server->stats.versions, 1);
    ck_assert_int_ge(n, 27);
    ck_assert_mem_eq(reply + 1, "\0\0\0\0", 4);
    ck_assert_mem_eq(reply + n - 4, "\0\0\0\1", 4);
    close(fd);
    check_well(w);
    world_free(w);
}
END_TEST

START_TEST(restarted_server_resets_old_connections)
{
    world *w = world_new(NULL);
    peer p = {0};
    world_pair(w, &p);
    world_run(w, 50); /* the handshake is confirmed */
    zks__endpoint *old = w->server;
    uv_poll_stop(&old->poll); /* as if the process had died */
    int dead = dup(old->udp.fd);
    ck_assert_int_ge(dead, 0);
    struct sockaddr_in elsewhere = world_loopback();
    int empty = plain_socket(&elsewhere);
    ck_assert_int_eq(dup3(empty, old->udp.fd, O_CLOEXEC), old->udp.fd); /* frees the port */
    close(dead);
    close(empty);
    zks__listen_config l = {
        .key_seed = w->server_seed, .alpn = "test/1", .accept = world_accept, .user = w};
    w->server = world_endpoint(w, (const struct sockaddr *)&w->address, &l);
    peer_write(&p, 100);
    WORLD_WAIT(w, p.closed);
    ck_assert_int_eq(p.status, ZKS_E_CONNECTION_LOST);
    ck_assert_uint_ge(w->server->stats.resets, 1);
    zks__endpoint_close(old, NULL, NULL);
    world_free(w);
}
END_TEST

START_TEST(flood_of_initials_is_answered_with_retry)
{
    enum { FLOOD = 300 };
    world *w = world_new(NULL);
    uint8_t initial[DATAGRAM];
    for (int i = 0; i < FLOOD; i++) {
        size_t length = catch_initial(w, initial);
        int fd = plain_socket(NULL);
        send_to_server(w, fd, initial, length);
        close(fd);
    }
    WORLD_WAIT(w, w->server->stats.retries == FLOOD - ZKS_ENDPOINT_UNPROVEN_MAX);
    ck_assert_uint_eq(zks__endpoint_links(w->server), ZKS_ENDPOINT_UNPROVEN_MAX);
    check_well(w); /* an honest client gets through, with a token */
    ck_assert_uint_eq(w->server->stats.retries, FLOOD - ZKS_ENDPOINT_UNPROVEN_MAX + 1);
    world_free(w);
}
END_TEST

START_TEST(max_links_refuses_the_next)
{
    zks__listen_config l = {.max_links = 2};
    world *w = world_new(&l);
    peer p[3] = {0};
    world_pair(w, &p[0]);
    peer *s = world_pair(w, &p[1]);
    world_connect(w, &p[2]);
    WORLD_WAIT(w, p[2].closed);
    ck_assert_int_eq(p[2].status, ZKS_E_UNREACHABLE);
    ck_assert_int_eq(p[2].opened, 0);
    zks__link_close(s->link, 0, NULL);
    WORLD_WAIT(w, p[1].closed && zks__endpoint_links(w->server) == 1);
    check_well(w);
    world_free(w);
}
END_TEST

START_TEST(max_per_address_refuses_the_next)
{
    zks__listen_config l = {.max_per_address = 2};
    world *w = world_new(&l);
    peer p[8] = {0};
    for (size_t i = 0; i < 8; i++) { /* all at once: the limit holds during handshakes too */
        world_connect(w, &p[i]);
    }
    size_t open = 0;
    for (size_t i = 0; i < 8; i++) {
        WORLD_WAIT(w, p[i].closed || w->accepted_count == 2);
    }
    world_run(w, 200);
    ck_assert_uint_eq(w->accepted_count, 2);
    for (size_t i = 0; i < 8; i++) {
        open += !p[i].closed;
        ck_assert(!p[i].closed || p[i].status == ZKS_E_UNREACHABLE);
    }
    ck_assert_uint_eq(open, 2);
    zks__link_close(w->accepted[0].link, 0, NULL);
    WORLD_WAIT(w, w->accepted[0].closed);
    check_well(w);
    world_free(w);
}
END_TEST

START_TEST(refusal_by_accept_reaches_the_client_as_code)
{
    world *w = world_new(NULL);
    w->accept_answer = ZKS_E_LIMIT;
    peer p = {0};
    world_connect(w, &p);
    WORLD_WAIT(w, p.closed);
    ck_assert_int_eq(p.status, ZKS_OK);
    ck_assert_uint_eq(p.code, (uint64_t)-ZKS_E_LIMIT);
    WORLD_WAIT(w, zks__endpoint_links(w->server) == 0);
    world_free(w);
}
END_TEST

START_TEST(stop_listening_refuses_new_and_keeps_old)
{
    world *w = world_new(NULL);
    peer p = {0};
    peer *s = world_pair(w, &p);
    zks__endpoint_stop_listening(w->server);
    peer late = {0};
    world_connect(w, &late);
    WORLD_WAIT(w, late.closed);
    ck_assert_int_eq(late.status, ZKS_E_UNREACHABLE);
    peer_write(&p, 1000);
    WORLD_WAIT(w, s->received == 1000);
    world_free(w);
}
END_TEST

/* A router between client and server that can change the address it shows to the server. */
typedef struct nat {
    world *w;
    uv_poll_t front_poll, back_poll;
    int front, back;
    struct sockaddr_in address, client;
} nat;

static void nat_on_front(uv_poll_t *poll, int status, int events)
{
    nat *n = poll->data;
    uint8_t data[65536];
    socklen_t length = sizeof n->client;
    (void)status;
    (void)events;
    for (ssize_t got; (got = recvfrom(n->front, data, sizeof data, 0, (struct sockaddr *)&n->client,
                                      &length)) >= 0;) {
        send_to_server(n->w, n->back, data, (size_t)got);
    }
}

static void nat_on_back(uv_poll_t *poll, int status, int events)
{
    nat *n = poll->data;
    uint8_t data[65536];
    (void)status;
    (void)events;
    for (ssize_t got; (got = recv(n->back, data, sizeof data, 0)) >= 0;) {
        (void)sendto(n->front, data, (size_t)got, 0, (const struct sockaddr *)&n->client,
                     sizeof n->client);
    }
}

static void nat_open_back(nat *n)
{
    n->back = plain_socket(NULL);
    uv_poll_init(&n->w->loop, &n->back_poll, n->back);
    n->back_poll.data = n;
    uv_poll_start(&n->back_poll, UV_READABLE, nat_on_back);
}

static void nat_close_poll(nat *n, uv_poll_t *poll, int fd)
{
    uv_close((uv_handle_t *)poll, NULL);
    uv_run(&n->w->loop, UV_RUN_NOWAIT);
    uv_run(&n->w->loop, UV_RUN_NOWAIT);
    close(fd);
}

START_TEST(client_whose_address_changes_keeps_its_link)
{
    world *w = world_new(NULL);
    nat n = {.w = w};
    n.front = plain_socket(&n.address);
    uv_poll_init(&w->loop, &n.front_poll, n.front);
    n.front_poll.data = &n;
    uv_poll_start(&n.front_poll, UV_READABLE, nat_on_front);
    nat_open_back(&n);
    peer p = {0};
    zks__connect_config c = world_config(w, &p);
    c.remote = (const struct sockaddr *)&n.address;
    world_connect_with(w, &p, &c);
    WORLD_WAIT(w, w->accepted_count == 1);
    peer *s = &w->accepted[0];
    for (size_t i = 1; i <= 3; i++) {
        peer_write(&p, 100000);
        WORLD_WAIT(w, s->received == i * 100000);
        peer_write(s, 100000);
        WORLD_WAIT(w, p.received == i * 100000);
        nat_close_poll(&n, &n.back_poll, n.back);
        nat_open_back(&n);
    }
    ck_assert(!p.wrong && !s->wrong);
    ck_assert_int_eq(p.closed + s->closed, 0);
    world_free_endpoints(w);
    nat_close_poll(&n, &n.back_poll, n.back);
    nat_close_poll(&n, &n.front_poll, n.front);
    world_free(w);
}
END_TEST

static void check_bind(const struct sockaddr *bind, const char *remote_text, int family)
{
    world *w = world_new(NULL);
    zks__listen_config l = {
        .key_seed = w->server_seed, .alpn = "test/1", .accept = world_accept, .user = w};
    zks__endpoint_close(w->client, world_on_endpoint_closed, w);
    zks__endpoint_close(w->server, world_on_endpoint_closed, w);
    WORLD_WAIT(w, w->endpoints_closed == 2);
    w->server = world_endpoint(w, bind, &l);
    w->client = world_endpoint(w, NULL, NULL);
    zks__endpoint_address(w->server, &w->address);
    in_port_t port =
        ((struct sockaddr_in *)&w->address)->sin_port; /* at the same place in both families */
    memset(&w->address, 0, sizeof w->address);
    if (family == AF_INET) {
        struct sockaddr_in *a = (struct sockaddr_in *)&w->address;
        *a = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = port};
        ck_assert_int_eq(inet_pton(AF_INET, remote_text, &a->sin_addr), 1);
    } else {
        struct sockaddr_in6 *a = (struct sockaddr_in6 *)&w->address;
        *a = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = port};
        ck_assert_int_eq(inet_pton(AF_INET6, remote_text, &a->sin6_addr), 1);
    }
    check_well(w);
    world_free(w);
}

START_TEST(wildcard_binds_answer_from_the_address_that_was_asked)
{
    struct sockaddr_in any4 = {.sin_family = AF_INET};
    check_bind((const struct sockaddr *)&any4, "127.0.0.1", AF_INET);
    check_bind((const struct sockaddr *)&any4, "127.0.0.77",
               AF_INET); /* not the source that routing would choose */
    check_bind(NULL, "127.0.0.77", AF_INET);
    struct sockaddr_in6 any6 = {.sin6_family = AF_INET6};
    int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in6 loopback = {.sin6_family = AF_INET6, .sin6_addr = in6addr_loopback};
    if (fd >= 0 && bind(fd, (const struct sockaddr *)&loopback, sizeof loopback) == 0) {
        check_bind((const struct sockaddr *)&any6, "::1", AF_INET6);
        check_bind((const struct sockaddr *)&any6, "127.0.0.77", AF_INET);
    }
    close(fd);
}
END_TEST

START_TEST(new_tells_what_is_wrong_with_an_address)
{
    world *w = world_new(NULL);
    zks__endpoint *e = NULL;
    zks__endpoint_config c = {.loop = &w->loop,
                              .bind = (const struct sockaddr *)&w->address,
                              .rng = {.fill = world_fill},
                              .clock = zks__clock_system()};
    ck_assert_int_eq(zks__endpoint_new(&c, &e), ZKS_E_PORT_IN_USE);
    struct sockaddr_in foreign = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(0xc0000201)}; /* 192.0.2.1 */
    c.bind = (const struct sockaddr *)&foreign;
    ck_assert_int_eq(zks__endpoint_new(&c, &e), ZKS_E_INVALID);
    ck_assert_ptr_null(e);
    world_free(w);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("transport_endpoint");
    TCase *t = tcase_create("endpoint");
    tcase_set_timeout(t, 120);
    tcase_add_test(t, silent_client_is_dropped_at_the_deadline);
    tcase_add_test(t, garbage_leaves_the_server_working);
    tcase_add_test(t, unknown_version_is_answered_with_negotiation);
    tcase_add_test(t, restarted_server_resets_old_connections);
    tcase_add_test(t, flood_of_initials_is_answered_with_retry);
    tcase_add_test(t, max_links_refuses_the_next);
    tcase_add_test(t, max_per_address_refuses_the_next);
    tcase_add_test(t, refusal_by_accept_reaches_the_client_as_code);
    tcase_add_test(t, stop_listening_refuses_new_and_keeps_old);
    tcase_add_test(t, client_whose_address_changes_keeps_its_link);
    tcase_add_test(t, wildcard_binds_answer_from_the_address_that_was_asked);
    tcase_add_test(t, new_tells_what_is_wrong_with_an_address);
    suite_add_tcase(s, t);
    return world_main(s);
}
