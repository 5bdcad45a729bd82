/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Our end of the interop test: src/transport alone, with any ALPN name.
 *
 *   interop_prog_iroh_peer server SECONDS ALPN SEED PEER                echoes what PEER sends
 *   interop_prog_iroh_peer client SECONDS ALPN SEED PEER ADDRESS BYTES  has so much echoed by PEER
 *
 * SEED and PEER are 64 hexadecimal digits: this side's secret and the one key that the other side
 * may show. ADDRESS is an IPv4 address and a port. What happens is printed a line each, as words
 * and key=value. A server ends in order when its standard input does. Exit codes: 0 done (a client:
 * everything came back), 1 the link failed, 2 usage, 4 SECONDS passed.
 */
#include "transport/transport.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum { KEY_BYTES = ZKS_LINK_KEY_BYTES, QUEUE_BYTES = 1 << 20, PIECE_BYTES = 16 << 10 };

typedef struct end {
    uv_loop_t loop;
    uv_timer_t deadline;
    uv_pipe_t input;
    zks__endpoint *endpoint;
    bool server, late, closing;
    bool failed; /* a client's link did not end well, or a byte was wrong */
    const char *alpn;
    uint8_t seed[KEY_BYTES], peer[KEY_BYTES];
    struct sockaddr_in address; /* a client's: of the server */
    size_t total, sent, received;
} end;

static void fill(void *out, size_t length, void *user)
{
    (void)user;
    if (getrandom(out, length, 0) != (ssize_t)length) {
        exit(1);
    }
}

static bool read_hex(const char *text, uint8_t out[KEY_BYTES])
{
    static const char digits[] = "0123456789abcdef";
    if (strlen(text) != 2 * (size_t)KEY_BYTES) {
        return false;
    }
    for (size_t i = 0; i < 2 * (size_t)KEY_BYTES; i++) {
        const char *digit = strchr(digits, text[i]);
        if (!digit) {
            return false;
        }
        out[i / 2] = (uint8_t)(out[i / 2] << 4 | (digit - digits));
    }
    return true;
}

static void print_key(const char *what, const uint8_t *key)
{
    printf("%s key=", what);
    for (size_t i = 0; i < KEY_BYTES; i++) {
        printf("%02x", key[i]);
    }
    putchar('\n');
}

/* Position-dependent, period not a power of two; the same on the other side. */
static uint8_t pattern_at(size_t i)
{
    return (uint8_t)(i * 31 + i / 251);
}

static void finish(end *e)
{
    if (!e->closing) {
        e->closing = true;
        zks__endpoint_close(e->endpoint, NULL, NULL);
        uv_close((uv_handle_t *)&e->deadline, NULL);
        uv_close((uv_handle_t *)&e->input, NULL);
    }
}

static void write_bytes(zks__link *link, zks__buf *data)
{
    if (!data || zks__link_write(link, data)) {
        fprintf(stderr, "cannot write to the link\n");
        exit(1);
    }
}

/* --- the client --- */

static void top_up(end *e, zks__link *link)
{
    while (e->sent < e->total && zks__link_queued(link) < QUEUE_BYTES) {
        size_t length = e->total - e->sent < PIECE_BYTES ? e->total - e->sent : PIECE_BYTES;
        zks__buf *piece = zks__buf_new(0, length, 0);
        for (size_t i = 0; piece && i < length; i++) {
            piece->data[i] = pattern_at(e->sent + i);
        }
        write_bytes(link, piece);
        e->sent += length;
    }
}

static void on_opened(zks__link *link, void *user)
{
    print_key("opened", zks__link_peer_key(link));
    top_up(user, link);
}

static void on_drained(zks__link *link, void *user)
{
    end *e = user;
    if (!e->server) {
        top_up(e, link);
    }
}

static void check_echo(end *e, zks__link *link, const uint8_t *data, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        e->failed |= data[i] != pattern_at(e->received + i);
    }
    e->received += length;
    e->failed |= e->received > e->total;
    if (e->failed || e->received == e->total) {
        printf("echoed bytes=%zu right=%d\n", e->received, !e->failed);
        zks__link_close(link, 0, "done");
    }
}

/* --- both --- */

static void on_received(zks__link *link, const uint8_t *data, size_t length, void *user)
{
    end *e = user;
    if (e->server) {
        write_bytes(link, zks__buf_copy(data, length));
    } else {
        check_echo(e, link, data, length);
    }
    zks__link_consume(link, length);
}

static void on_closed(zks__link *link, zks_status status, uint64_t code, const char *text,
                      void *user)
{
    end *e = user;
    (void)link;
    printf("closed status=%s code=%llu text=%s\n", zks__status_name(status),
           (unsigned long long)code, text);
    if (!e->server) {
        e->failed |= status != ZKS_OK || e->received != e->total;
        finish(e);
    }
}

static const zks__link_events events = {on_opened, on_received, on_drained, on_closed};

static zks_status on_accept(zks__link *link, zks__link_events *out_events, void **out_user,
                            void *user)
{
    end *e = user;
    if (memcmp(zks__link_peer_key(link), e->peer, KEY_BYTES) != 0) {
        print_key("refused", zks__link_peer_key(link));
        return ZKS_E_UNAUTHORIZED;
    }
    print_key("accepted", zks__link_peer_key(link));
    *out_events = events;
    *out_user = e;
    return ZKS_OK;
}

static void on_deadline(uv_timer_t *timer)
{
    end *e = timer->data;
    printf("late\n");
    e->late = true;
    finish(e);
}

static void on_buffer(uv_handle_t *handle, size_t wanted, uv_buf_t *out)
{
    static char unread[16];
    (void)handle;
    (void)wanted;
    *out = uv_buf_init(unread, sizeof unread);
}

static void on_input(uv_stream_t *stream, ssize_t length, const uv_buf_t *buffer)
{
    (void)buffer;
    if (length < 0) {
        finish(stream->data);
    }
}

static zks_status start(end *e)
{
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    zks__listen_config listen = {
        .key_seed = e->seed, .alpn = e->alpn, .accept = on_accept, .user = e};
    zks__endpoint_config config = {.loop = &e->loop,
                                   .bind = (const struct sockaddr *)&any,
                                   .rng = {.fill = fill},
                                   .clock = zks__clock_system(),
                                   .listen = e->server ? &listen : NULL};
    zks_status status = zks__endpoint_new(&config, &e->endpoint);
    if (status || e->server) {
        return status;
    }
    zks__link *link = NULL;
    zks__connect_config connect = {.remote = (const struct sockaddr *)&e->address,
                                   .key_seed = e->seed,
                                   .expected_key = e->peer,
                                   .alpn = e->alpn,
                                   .events = events,
                                   .user = e};
    return zks__endpoint_connect(e->endpoint, &connect, &link);
}

static void print_ready(const end *e)
{
    struct sockaddr_storage bound;
    char text[ZKS_TRANSPORT_ADDRESS_TEXT];
    uint8_t key[KEY_BYTES];
    zks__endpoint_address(e->endpoint, &bound);
    zks__transport_address_text((const struct sockaddr *)&bound, text);
    if (!zks__transport_public_key(e->seed, key)) {
        printf("ready address=%s ", text);
        print_key("", key);
    }
}

static int run(end *e, unsigned seconds)
{
    uv_loop_init(&e->loop);
    uv_timer_init(&e->loop, &e->deadline);
    uv_pipe_init(&e->loop, &e->input, 0);
    e->deadline.data = e->input.data = e;
    zks_status status = start(e);
    if (status) {
        fprintf(stderr, "cannot start: %s\n", zks__status_name(status));
        return 1;
    }
    uv_timer_start(&e->deadline, on_deadline, seconds * UINT64_C(1000), 0);
    if (e->server) {
        print_ready(e);
        if (uv_pipe_open(&e->input, 0) ||
            uv_read_start((uv_stream_t *)&e->input, on_buffer, on_input)) {
            fprintf(stderr, "standard input must be a pipe\n");
            return 1;
        }
    }
    uv_run(&e->loop, UV_RUN_DEFAULT);
    uv_loop_close(&e->loop);
    return e->late ? 4 : e->failed;
}

static bool read_address(char *text, struct sockaddr_in *out)
{
    char *colon = strrchr(text, ':');
    if (!colon) {
        return false;
    }
    *colon = 0;
    return uv_ip4_addr(text, (int)strtol(colon + 1, NULL, 10), out) == 0;
}

int main(int argc, char **argv)
{
    static end e;
    setvbuf(stdout, NULL, _IOLBF, 0);
    e.server = argc == 6 && strcmp(argv[1], "server") == 0;
    bool client = argc == 8 && strcmp(argv[1], "client") == 0 && read_address(argv[6], &e.address);
    if (!(e.server || client) || !read_hex(argv[4], e.seed) || !read_hex(argv[5], e.peer)) {
        fprintf(stderr, "usage: see the head of tests/interop/prog_iroh_peer.c\n");
        return 2;
    }
    e.alpn = argv[3];
    e.total = client ? strtoul(argv[7], NULL, 10) : 0;
    return run(&e, (unsigned)strtoul(argv[2], NULL, 10));
}
