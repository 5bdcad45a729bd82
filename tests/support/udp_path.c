/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "support/udp_path.h"
#include "support/raw_check.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

enum { PACKET_BYTES = 2048, ADDRESS_BYTES = 512 };

struct udp_path {
    uv_loop_t loop;
    pthread_t thread;
    uv_async_t stop;
    uv_udp_t ends[2]; /* towards the clients, towards the relay */
    struct sockaddr_in peers[2];
    unsigned one_way_ms;
    atomic_uint packets;
    char address[ADDRESS_BYTES];
};

typedef struct packet {
    uv_timer_t timer; /* first */
    udp_path *path;
    int to;
    unsigned length;
    char bytes[PACKET_BYTES];
} packet;

static void on_room(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    static _Thread_local char room[65536];
    (void)handle, (void)suggested;
    *buf = uv_buf_init(room, sizeof room);
}

static void pass(udp_path *p, int to, char *bytes, unsigned length)
{
    uv_buf_t buf = uv_buf_init(bytes, length);
    (void)uv_udp_try_send(&p->ends[to], &buf, 1, (const struct sockaddr *)&p->peers[to]);
}

static void on_timer_closed(uv_handle_t *handle)
{
    free(handle);
}

static void on_due(uv_timer_t *timer)
{
    packet *k = (packet *)(void *)timer;
    pass(k->path, k->to, k->bytes, k->length);
    uv_close((uv_handle_t *)timer, on_timer_closed);
}

static void on_packet(uv_udp_t *end, ssize_t n, const uv_buf_t *buf, const struct sockaddr *from,
                      unsigned flags)
{
    udp_path *p = end->data;
    (void)flags;
    if (n <= 0 || n > PACKET_BYTES || !from) {
        return;
    }
    bool of_client = end == &p->ends[0];
    if (of_client) {
        memcpy(&p->peers[0], from, sizeof p->peers[0]);
    }
    atomic_fetch_add(&p->packets, 1);
    if (!p->one_way_ms) {
        pass(p, of_client, buf->base, (unsigned)n);
        return;
    }
    packet *k = calloc(1, sizeof *k);
    raw_check(k != NULL);
    k->path = p;
    k->to = of_client;
    k->length = (unsigned)n;
    memcpy(k->bytes, buf->base, (size_t)n);
    uv_timer_init(&p->loop, &k->timer);
    uv_timer_start(&k->timer, on_due, p->one_way_ms, 0);
}

static void close_one(uv_handle_t *handle, void *user)
{
    (void)user;
    if (!uv_is_closing(handle)) {
        uv_close(handle, handle->type == UV_TIMER ? on_timer_closed : NULL);
    }
}

static void on_stop(uv_async_t *async)
{
    uv_walk(async->loop, close_one, NULL);
}

static void *run(void *user)
{
    udp_path *p = user;
    uv_run(&p->loop, UV_RUN_DEFAULT);
    return NULL;
}

static void open_end(udp_path *p, int which, const char *host)
{
    struct sockaddr_in here;
    p->ends[which].data = p;
    raw_check(uv_ip4_addr(host, 0, &here) == 0);
    raw_check(uv_udp_init(&p->loop, &p->ends[which]) == 0);
    raw_check(uv_udp_bind(&p->ends[which], (const struct sockaddr *)&here, 0) == 0);
    raw_check(uv_udp_recv_start(&p->ends[which], on_room, on_packet) == 0);
}

udp_path *udp_path_new(const char *relay, const char *from, unsigned one_way_ms)
{
    struct sockaddr_in bound;
    int length = sizeof bound;
    const char *colon = strrchr(relay, ':');
    udp_path *p = calloc(1, sizeof *p);
    raw_check(p && colon);
    p->one_way_ms = one_way_ms;
    raw_check(uv_ip4_addr("127.0.0.1", atoi(colon + 1), &p->peers[1]) == 0);
    raw_check(uv_loop_init(&p->loop) == 0);
    raw_check(uv_async_init(&p->loop, &p->stop, on_stop) == 0);
    open_end(p, 0, "127.0.0.1");
    open_end(p, 1, from);
    raw_check(uv_udp_getsockname(&p->ends[0], (struct sockaddr *)&bound, &length) == 0);
    snprintf(p->address, sizeof p->address, "%.*s:%d", (int)(colon - relay), relay,
             ntohs(bound.sin_port));
    raw_check(pthread_create(&p->thread, NULL, run, p) == 0);
    return p;
}

const char *udp_path_address(const udp_path *p)
{
    return p->address;
}

unsigned udp_path_packets(const udp_path *p)
{
    return atomic_load(&((udp_path *)(uintptr_t)p)->packets);
}

void udp_path_free(udp_path *p)
{
    uv_async_send(&p->stop);
    pthread_join(p->thread, NULL);
    uv_loop_close(&p->loop);
    free(p);
}
