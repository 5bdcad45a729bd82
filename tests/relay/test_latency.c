/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A network whose round trips take 5 seconds: the session still comes about, with the deadlines
 * that relays have by default. */
#include "relay_fixture.h"

enum { ONE_WAY_MS = 2500, PACKET_BYTES = 2048 };

/* Between one client and the relay: each packet waits, none is lost. */
typedef struct slow_path {
    uv_loop_t *loop;
    uv_udp_t ends[2]; /* towards the client, towards the relay */
    struct sockaddr_storage peers[2];
    unsigned packets, waiting;
} slow_path;

typedef struct packet {
    uv_timer_t timer; /* first */
    slow_path *path;
    int to;
    unsigned length;
    char bytes[PACKET_BYTES];
} packet;

static void on_room(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    static char room[65536];
    (void)handle, (void)suggested;
    *buf = uv_buf_init(room, sizeof room);
}

static void on_timer_closed(uv_handle_t *handle)
{
    packet *p = (packet *)(void *)handle;
    p->path->waiting--;
    free(p);
}

static void on_due(uv_timer_t *timer)
{
    packet *p = (packet *)(void *)timer;
    uv_buf_t buf = uv_buf_init(p->bytes, p->length);
    (void)uv_udp_try_send(&p->path->ends[p->to], &buf, 1,
                          (const struct sockaddr *)&p->path->peers[p->to]);
    uv_close((uv_handle_t *)timer, on_timer_closed);
}

static void on_packet(uv_udp_t *end, ssize_t n, const uv_buf_t *buf, const struct sockaddr *from,
                      unsigned flags)
{
    slow_path *path = end->data;
    (void)flags;
    if (n <= 0 || n > PACKET_BYTES || !from) {
        return;
    }
    bool of_client = end == &path->ends[0];
    if (of_client) {
        memcpy(&path->peers[0], from, sizeof(struct sockaddr_in));
    }
    packet *p = calloc(1, sizeof *p);
    ck_assert_ptr_nonnull(p);
    p->path = path;
    p->to = of_client;
    p->length = (unsigned)n;
    memcpy(p->bytes, buf->base, (size_t)n);
    uv_timer_init(path->loop, &p->timer);
    uv_timer_start(&p->timer, on_due, ONE_WAY_MS, 0);
    path->packets++;
    path->waiting++;
}

/* Gives the relay's address as it is through the path. */
static void slow_path_start(slow_path *path, raw_world *w, const char *address, char out[512])
{
    struct sockaddr_in any = {0}, bound;
    int length = sizeof bound;
    const char *colon = strrchr(address, ':');
    path->loop = &w->loop;
    ck_assert_int_eq(uv_ip4_addr("127.0.0.1", 0, &any), 0);
    ck_assert_int_eq(
        uv_ip4_addr("127.0.0.1", atoi(colon + 1), (struct sockaddr_in *)&path->peers[1]), 0);
    for (int i = 0; i < 2; i++) {
        path->ends[i].data = path;
        ck_assert_int_eq(uv_udp_init(path->loop, &path->ends[i]), 0);
        ck_assert_int_eq(uv_udp_bind(&path->ends[i], (const struct sockaddr *)&any, 0), 0);
        ck_assert_int_eq(uv_udp_recv_start(&path->ends[i], on_room, on_packet), 0);
    }
    ck_assert_int_eq(uv_udp_getsockname(&path->ends[0], (struct sockaddr *)&bound, &length), 0);
    snprintf(out, 512, "%.*s:%d", (int)(colon - address), address, ntohs(bound.sin_port));
}

static bool is_empty(void *user)
{
    return !((const slow_path *)user)->waiting;
}

START_TEST(five_seconds_of_latency_are_no_obstacle)
{
    static slow_path path;
    char address[512];
    fixture *f = fixture_new(NULL);
    f->world.patience_ms = 30000;
    slow_path_start(&path, &f->world, f->relay.address, address);
    uint64_t start = uv_hrtime();
    raw_join(&f->c[0], address, ZKS_MODE_LIVE);
    uint64_t took_ms = (uv_hrtime() - start) / 1000000;
    printf("WELCOME after %u ms, %u packets\n", (unsigned)took_ms, path.packets);
    ck_assert_uint_ge(took_ms, 4 * 2 * ONE_WAY_MS - 100); /* TLS 1, handshake 2, HELLO 1 */
    ck_assert_int_eq(f->c[0].closed, ZKS_OK);
    raw_disconnect(&f->c[0]);
    for (int i = 0; i < 2; i++) {
        uv_udp_recv_stop(&path.ends[i]);
    }
    ck_assert(raw_run(&f->world, is_empty, &path, 30000));
    uv_close((uv_handle_t *)&path.ends[0], NULL);
    uv_close((uv_handle_t *)&path.ends[1], NULL);
    fixture_free(f);
}
END_TEST

static void add(TCase *c)
{
    tcase_add_test(c, five_seconds_of_latency_are_no_obstacle);
}

int main(void)
{
    return unit_main("relay latency", add);
}
