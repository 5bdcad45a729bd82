/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The handshake, the stream and its end, between two endpoints. */
#include "world.h"

START_TEST(handshake_with_pinned_key_opens_both_ends)
{
    world *w = world_new(NULL);
    peer p = {0};
    peer *s = world_pair(w, &p);
    ck_assert_mem_eq(p.key, w->server_key, 32);
    ck_assert_mem_eq(s->key, w->client_key, 32);
    ck_assert_mem_eq(zks__link_local_key(p.link), w->client_key, 32);
    ck_assert_mem_eq(zks__link_local_key(s->link), w->server_key, 32);
    ck_assert_int_eq(p.link->kind, ZKS_LINK_KIND_QUIC);
    world_free(w);
    ck_assert_int_eq(p.closed, 1);
    ck_assert(!p.raised_in_call);
}
END_TEST

START_TEST(handshake_without_pinned_key_tells_the_key)
{
    world *w = world_new(NULL);
    peer p = {0};
    zks__connect_config c = world_config(w, &p);
    c.expected_key = NULL;
    world_connect_with(w, &p, &c);
    WORLD_WAIT(w, p.opened);
    ck_assert_mem_eq(p.key, w->server_key, 32);
    world_free(w);
}
END_TEST

START_TEST(handshake_with_other_key_is_refused_on_both_sides)
{
    world *w = world_new(NULL);
    peer p = {0};
    zks__connect_config c = world_config(w, &p);
    uint8_t other[32];
    memcpy(other, w->server_key, 32);
    other[31] ^= 1;
    c.expected_key = other;
    world_connect_with(w, &p, &c);
    WORLD_WAIT(w, p.closed);
    ck_assert_int_eq(p.status, ZKS_E_RELAY_KEY_CHANGED);
    ck_assert_int_eq(p.opened, 0);
    WORLD_WAIT(w, zks__endpoint_links(w->server) == 0);
    ck_assert_uint_eq(w->accepted_count, 0);
    world_free(w);
}
END_TEST

START_TEST(handshake_with_other_alpn_is_a_version_error)
{
    world *w = world_new(NULL);
    peer p = {0};
    zks__connect_config c = world_config(w, &p);
    c.alpn = "test/2";
    world_connect_with(w, &p, &c);
    WORLD_WAIT(w, p.closed);
    ck_assert_int_eq(p.status, ZKS_E_PROTOCOL_VERSION);
    ck_assert_int_eq(p.opened, 0);
    ck_assert_uint_eq(w->accepted_count, 0);
    world_free(w);
}
END_TEST

static const zks__listen_config two_names = {.approved_alpn = "test/1-approved"};

START_TEST(approved_name_gets_approved_algorithms_on_both_sides)
{
    world *w = world_new(&two_names);
    peer usual = {0}, p = {0};
    uint8_t ours[32], theirs[32];
    peer *s = world_pair(w, &usual);
    ck_assert(!zks__link_approved(usual.link) && !zks__link_approved(s->link));
    zks__connect_config c = world_config(w, &p);
    c.alpn = two_names.approved_alpn;
    c.approved = true;
    world_connect_with(w, &p, &c);
    WORLD_WAIT(w, p.opened && w->accepted_count == 2);
    s = &w->accepted[1];
    ck_assert(zks__link_approved(p.link) && zks__link_approved(s->link));
    ck_assert_mem_eq(zks__link_peer_key(p.link), w->server_key, 32);
    ck_assert_mem_eq(zks__link_peer_key(s->link), w->client_key, 32);
    ck_assert_int_eq(zks__link_export(p.link, "EXPORTER-test", ours), ZKS_OK);
    ck_assert_int_eq(zks__link_export(s->link, "EXPORTER-test", theirs), ZKS_OK);
    ck_assert_mem_eq(ours, theirs, sizeof ours);
    world_free(w);
}
END_TEST

START_TEST(approved_name_with_other_algorithms_is_refused)
{
    world *w = world_new(&two_names);
    peer p = {0};
    zks__connect_config c = world_config(w, &p);
    c.alpn = two_names.approved_alpn; /* but X25519 */
    world_connect_with(w, &p, &c);
    WORLD_WAIT(w, p.closed);
    WORLD_WAIT(w, zks__endpoint_links(w->server) == 0);
    ck_assert_uint_eq(w->accepted_count, 0);
    world_free(w);
}
END_TEST

START_TEST(approved_client_finds_no_common_name_at_a_listener_without_one)
{
    world *w = world_new(NULL);
    peer p = {0};
    zks__connect_config c = world_config(w, &p);
    c.alpn = two_names.approved_alpn;
    c.approved = true;
    world_connect_with(w, &p, &c);
    WORLD_WAIT(w, p.closed);
    ck_assert_int_eq(p.opened, 0);
    ck_assert_int_eq(p.status, ZKS_E_PROTOCOL_VERSION);
    ck_assert_uint_eq(w->accepted_count, 0);
    world_free(w);
}
END_TEST

START_TEST(connect_to_dead_port_is_unreachable_and_others_live)
{
    world *w = world_new(NULL);
    peer good = {0};
    peer *s = world_pair(w, &good);
    struct sockaddr_in any = world_loopback();
    zks__endpoint *gone = world_endpoint(w, (const struct sockaddr *)&any, NULL);
    struct sockaddr_storage dead;
    zks__endpoint_address(gone, &dead);
    zks__endpoint_close(gone, world_on_endpoint_closed, w);
    WORLD_WAIT(w, w->endpoints_closed == 1);
    peer p = {0};
    zks__connect_config c = world_config(w, &p);
    c.remote = (const struct sockaddr *)&dead;
    c.handshake_ms = 300;
    world_connect_with(w, &p, &c);
    peer_write(&good, 1000);
    WORLD_WAIT(w, s->received == 1000);
    ck_assert_int_eq(p.closed, 0);
    WORLD_WAIT_FOR(w, p.closed, 2000);
    ck_assert_int_eq(p.status, ZKS_E_UNREACHABLE);
    peer_write(&good, 1000);
    WORLD_WAIT(w, s->received == 2000);
    ck_assert_int_eq(good.closed, 0);
    world_free(w);
}
END_TEST

START_TEST(twenty_mebibytes_arrive_intact_both_ways)
{
    world *w = world_new(NULL);
    const size_t total = 20u << 20;
    w->accepted_to_send = total;
    peer p = {.to_send = total};
    peer *s = world_pair(w, &p);
    WORLD_WAIT_FOR(w, p.received == total && s->received == total, 60000);
    ck_assert(!p.wrong && !s->wrong);
    ck_assert_int_gt(p.drained, 0);
    WORLD_WAIT(w, zks__link_queued(p.link) == 0 && zks__link_queued(s->link) == 0);
    ck_assert_uint_gt(zks__link_rtt_us(p.link), 0);
    world_free(w);
}
END_TEST

START_TEST(receiver_that_does_not_consume_stops_the_sender)
{
    world *w = world_new(NULL);
    w->accepted_hold = true;
    peer p = {0};
    peer *s = world_pair(w, &p);
    const size_t total = 6u << 20;
    for (int i = 0; i < 96; i++) {
        peer_write(&p, 65536);
    }
    WORLD_WAIT(w, s->received == ZKS_QUIC_WINDOW_BYTES);
    world_run(w, 200);
    ck_assert_uint_eq(s->received, ZKS_QUIC_WINDOW_BYTES);
    WORLD_WAIT(w, zks__link_queued(p.link) == total - ZKS_QUIC_WINDOW_BYTES);
    ck_assert_int_eq(p.drained, 0);
    s->hold = false;
    zks__link_consume(s->link, s->held);
    WORLD_WAIT(w, s->received == total);
    ck_assert(!s->wrong);
    WORLD_WAIT(w, p.drained == 1 && zks__link_queued(p.link) == 0);
    world_free(w);
}
END_TEST

START_TEST(many_small_writes_arrive_in_order)
{
    world *w = world_new(NULL);
    peer p = {0};
    peer *s = world_pair(w, &p);
    size_t total = 0;
    for (size_t i = 0; i < 20000; i++) {
        size_t length = 1 + i % 100;
        peer_write(&p, length);
        total += length;
        if (i % 1000 == 0) {
            zks__link_flush(p.link);
        }
    }
    WORLD_WAIT(w, s->received == total);
    ck_assert(!s->wrong);
    world_free(w);
}
END_TEST

START_TEST(flush_sends_before_the_loop_turns)
{
    world *w = world_new(NULL);
    peer p = {0};
    peer *s = world_pair(w, &p);
    uint8_t byte;
    for (int i = 0; i < 100 && recv(w->server->udp.fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) >= 0;
         i++) {
        world_run(w, 50); /* the handshake's last packets */
    }
    peer_write(&p, 100);
    ck_assert_uint_eq(zks__link_queued(p.link), 100);
    ck_assert_int_lt(recv(w->server->udp.fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT), 0);
    zks__link_flush(p.link);
    ck_assert_int_eq(recv(w->server->udp.fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT), 1);
    WORLD_WAIT(w, s->received == 100);
    world_free(w);
}
END_TEST

START_TEST(echo_returns_what_was_sent)
{
    world *w = world_new(NULL);
    w->accepted_echo = true;
    peer p = {.to_send = 1u << 20};
    world_pair(w, &p);
    WORLD_WAIT(w, p.received == p.to_send);
    ck_assert(!p.wrong);
    world_free(w);
}
END_TEST

START_TEST(close_by_client_delivers_queued_bytes_first)
{
    world *w = world_new(NULL);
    peer p = {0};
    peer *s = world_pair(w, &p);
    for (int i = 0; i < 32; i++) {
        peer_write(&p, 65536);
    }
    p.in_call = true;
    zks__link_close(p.link, 0, "done");
    ck_assert_int_eq(zks__link_write(p.link, pattern_buf(0, 1)), ZKS_E_CLOSED);
    p.in_call = false;
    WORLD_WAIT(w, s->closed && p.closed);
    ck_assert_uint_eq(s->received, 32 * 65536);
    ck_assert(!s->wrong);
    ck_assert_int_eq(p.status, ZKS_OK);
    ck_assert_int_eq(s->status, ZKS_OK);
    ck_assert_uint_eq(s->code, 0);
    ck_assert_str_eq(s->text, "done");
    ck_assert(!p.raised_in_call);
    world_free(w);
    ck_assert_int_eq(p.closed, 1);
}
END_TEST

START_TEST(close_by_server_delivers_queued_bytes_first)
{
    world *w = world_new(NULL);
    peer p = {0};
    peer *s = world_pair(w, &p);
    peer_write(&p, 1); /* the stream exists from now on */
    WORLD_WAIT(w, s->received == 1);
    for (int i = 0; i < 16; i++) {
        peer_write(s, 65536);
    }
    zks__link_close(s->link, 0, NULL);
    WORLD_WAIT(w, s->closed && p.closed);
    ck_assert_uint_eq(p.received, 16 * 65536);
    ck_assert(!p.wrong);
    ck_assert_int_eq(p.status, ZKS_OK);
    ck_assert_int_eq(s->status, ZKS_OK);
    world_free(w);
}
END_TEST

START_TEST(close_with_code_reaches_the_peer)
{
    world *w = world_new(NULL);
    peer p = {0};
    peer *s = world_pair(w, &p);
    peer_write(&p, 10);
    WORLD_WAIT(w, s->received == 10);
    peer_write(s, 500);
    zks__link_close(s->link, 3001, "going\naway");
    WORLD_WAIT(w, s->closed && p.closed);
    ck_assert_int_eq(p.status, ZKS_OK);
    ck_assert_uint_eq(p.code, 3001);
    ck_assert_str_eq(p.text, "going?away");
    ck_assert_uint_eq(p.received, 500);
    world_free(w);
}
END_TEST

START_TEST(close_before_open_ends_quietly)
{
    world *w = world_new(NULL);
    peer p = {0};
    world_connect(w, &p);
    zks__link_close(p.link, 0, NULL);
    WORLD_WAIT(w, p.closed);
    ck_assert_int_eq(p.opened, 0);
    ck_assert_int_eq(p.status, ZKS_OK);
    world_free(w);
}
END_TEST

START_TEST(close_lingers_at_most_a_second)
{
    world *w = world_new(NULL);
    w->accepted_hold = true;
    peer p = {0};
    world_pair(w, &p);
    for (int i = 0; i < 64; i++) {
        peer_write(&p, 65536);
    }
    uint64_t before = uv_hrtime();
    zks__link_close(p.link, 0, NULL);
    WORLD_WAIT(w, p.closed);
    uint64_t took_ms = (uv_hrtime() - before) / 1000000;
    ck_assert_uint_ge(took_ms, 900);
    ck_assert_uint_le(took_ms, 1500);
    world_free(w);
}
END_TEST

START_TEST(server_writes_before_the_client_does)
{
    world *w = world_new(NULL);
    w->accepted_to_send = 300;
    peer p = {0};
    world_pair(w, &p);
    WORLD_WAIT(w, p.received == 300);
    ck_assert(!p.wrong);
    world_free(w);
}
END_TEST

START_TEST(server_close_during_transfer_ends_the_client)
{
    world *w = world_new(NULL);
    peer p = {.to_send = 50u << 20};
    peer *s = world_pair(w, &p);
    WORLD_WAIT(w, s->received > (1u << 20));
    zks__link_close(s->link, 7, NULL);
    WORLD_WAIT(w, p.closed && s->closed);
    ck_assert_uint_eq(p.code, 7);
    ck_assert(!s->wrong);
    world_free(w);
}
END_TEST

START_TEST(endpoint_close_ends_live_links)
{
    world *w = world_new(NULL);
    peer p[5] = {0};
    for (size_t i = 0; i < 5; i++) {
        world_pair(w, &p[i]);
    }
    zks__endpoint_close(w->server, world_on_endpoint_closed, w);
    w->server = NULL;
    WORLD_WAIT(w, w->endpoints_closed == 1);
    for (size_t i = 0; i < 5; i++) {
        ck_assert_int_eq(w->accepted[i].closed, 1);
        WORLD_WAIT(w, p[i].closed);
        ck_assert_int_eq(p[i].status, ZKS_OK);
    }
    peer late = {0};
    zks__connect_config c = world_config(w, &late);
    zks__endpoint_close(w->client, world_on_endpoint_closed, w);
    ck_assert_int_eq(zks__endpoint_connect(w->client, &c, &late.link), ZKS_E_CLOSED);
    w->client = NULL;
    WORLD_WAIT(w, w->endpoints_closed == 2);
    world_free(w);
}
END_TEST

START_TEST(export_is_equal_on_both_sides_and_differs_per_connection)
{
    world *w = world_new(NULL);
    peer a = {0};
    peer b = {0};
    peer *sa = world_pair(w, &a);
    peer *sb = world_pair(w, &b);
    ck_assert_mem_eq(a.secret, sa->secret, 32);
    ck_assert_mem_eq(b.secret, sb->secret, 32);
    ck_assert_mem_ne(a.secret, b.secret, 32);
    uint8_t other[32];
    ck_assert_int_eq(zks__link_export(a.link, "EXPORTER-other", other), ZKS_OK);
    ck_assert_mem_ne(a.secret, other, 32);
    world_free(w);
}
END_TEST

START_TEST(two_hundred_links_share_one_endpoint)
{
    enum { LINKS = 200 };
    world *w = world_new(NULL);
    w->accepted_echo = true;
    peer *p = calloc(LINKS, sizeof *p);
    for (size_t i = 0; i < LINKS; i++) {
        p[i].to_send = 10000;
        world_connect(w, &p[i]);
    }
    for (size_t i = 0; i < LINKS; i++) {
        WORLD_WAIT(w, p[i].received == 10000);
        ck_assert(!p[i].wrong);
    }
    ck_assert_uint_eq(zks__endpoint_links(w->server), LINKS);
    ck_assert_uint_eq(w->server->unproven, 0);
    world_free(w);
    for (size_t i = 0; i < LINKS; i++) {
        ck_assert_int_eq(p[i].closed, 1);
    }
    free(p);
}
END_TEST

START_TEST(idle_link_ends_after_its_time_and_keep_alive_keeps_it)
{
    zks__listen_config l = {.idle_ms = 400};
    world *w = world_new(&l);
    peer idle = {0};
    peer kept = {0};
    world_pair(w, &idle);
    zks__connect_config c = world_config(w, &kept);
    c.keep_alive_ms = 100;
    world_connect_with(w, &kept, &c);
    WORLD_WAIT(w, idle.closed);
    ck_assert_int_eq(idle.status, ZKS_E_CONNECTION_LOST);
    world_run(w, 600);
    ck_assert_int_eq(kept.closed, 0);
    world_free(w);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("transport_link");
    TCase *t = tcase_create("link");
    tcase_set_timeout(t, 120);
    tcase_add_test(t, handshake_with_pinned_key_opens_both_ends);
    tcase_add_test(t, handshake_without_pinned_key_tells_the_key);
    tcase_add_test(t, handshake_with_other_key_is_refused_on_both_sides);
    tcase_add_test(t, handshake_with_other_alpn_is_a_version_error);
    tcase_add_test(t, approved_name_gets_approved_algorithms_on_both_sides);
    tcase_add_test(t, approved_name_with_other_algorithms_is_refused);
    tcase_add_test(t, approved_client_finds_no_common_name_at_a_listener_without_one);
    tcase_add_test(t, connect_to_dead_port_is_unreachable_and_others_live);
    tcase_add_test(t, twenty_mebibytes_arrive_intact_both_ways);
    tcase_add_test(t, receiver_that_does_not_consume_stops_the_sender);
    tcase_add_test(t, many_small_writes_arrive_in_order);
    tcase_add_test(t, flush_sends_before_the_loop_turns);
    tcase_add_test(t, echo_returns_what_was_sent);
    tcase_add_test(t, close_by_client_delivers_queued_bytes_first);
    tcase_add_test(t, close_by_server_delivers_queued_bytes_first);
    tcase_add_test(t, close_with_code_reaches_the_peer);
    tcase_add_test(t, close_before_open_ends_quietly);
    tcase_add_test(t, close_lingers_at_most_a_second);
    tcase_add_test(t, server_writes_before_the_client_does);
    tcase_add_test(t, server_close_during_transfer_ends_the_client);
    tcase_add_test(t, endpoint_close_ends_live_links);
    tcase_add_test(t, export_is_equal_on_both_sides_and_differs_per_connection);
    tcase_add_test(t, two_hundred_links_share_one_endpoint);
    tcase_add_test(t, idle_link_ends_after_its_time_and_keep_alive_keeps_it);
    suite_add_tcase(s, t);
    return world_main(s);
}
