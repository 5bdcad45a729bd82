/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What a link costs over loopback. Client and server are two processes.
 *   bench_transport stream [MiB]    one way, 64 KiB writes
 *   bench_transport small [count]   1 KiB writes, one way: CPU of both sides per KiB
 *   bench_transport echo [count]    1 KiB and back, one at a time
 *   bench_transport heap [links]    the server's heap per idle link
 */
#include "transport/transport.h"

#include <arpa/inet.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { QUEUE_BYTES = 1 << 20, SETTLE_MS = 3000 };

typedef struct bench {
    uv_loop_t *loop;
    zks__endpoint *endpoint;
    const char *mode;
    size_t total, piece, sent, received, links, opened;
    uint64_t start_ns;
    bool server;
    int report;  /* the server's end of a pipe */
    pid_t child; /* the server, in the client */
    uv_timer_t timer;
    struct rusage before;
    size_t heap_before;
} bench;

static void fill(void *out, size_t length, void *user)
{
    (void)user;
    if (getrandom(out, length, 0) != (ssize_t)length) {
        abort();
    }
}

static void stop(const bench *b, int code)
{
    if (b->child > 0) {
        kill(b->child, SIGTERM);
        waitpid(b->child, NULL, 0);
    }
    exit(code);
}

static double cpu_s(const struct rusage *a, const struct rusage *b)
{
    return (double)(b->ru_utime.tv_sec - a->ru_utime.tv_sec + b->ru_stime.tv_sec -
                    a->ru_stime.tv_sec) +
           (double)(b->ru_utime.tv_usec - a->ru_utime.tv_usec + b->ru_stime.tv_usec -
                    a->ru_stime.tv_usec) /
               1e6;
}

static void write_piece(zks__link *link, size_t length)
{
    zks__buf *b = zks__buf_new(0, length, 0);
    if (!b || zks__link_write(link, b)) {
        abort();
    }
}

static void top_up(bench *b, zks__link *link)
{
    while (b->sent < b->total && zks__link_queued(link) < QUEUE_BYTES) {
        write_piece(link, b->piece);
        b->sent += b->piece;
    }
}

static void on_opened(zks__link *link, void *user)
{
    bench *b = user;
    if (++b->opened == 1) {
        b->start_ns = uv_hrtime();
        getrusage(RUSAGE_SELF, &b->before);
    }
    if (strcmp(b->mode, "echo") == 0) {
        write_piece(link, b->piece);
    } else if (strcmp(b->mode, "heap") != 0) {
        top_up(b, link);
    }
}

static void report(bench *b, const char *who)
{
    struct rusage now;
    getrusage(RUSAGE_SELF, &now);
    double s = (double)(uv_hrtime() - b->start_ns) / 1e9;
    double kib = (double)b->total / 1024;
    printf("%s %s: %.0f KiB in %.3f s = %.1f MiB/s, %.0f writes/s; CPU %.2f us per KiB\n", b->mode,
           who, kib, s, kib / 1024 / s, (double)b->total / (double)b->piece / s,
           cpu_s(&b->before, &now) * 1e6 / kib);
    fflush(stdout);
}

static void on_received(zks__link *link, const uint8_t *data, size_t length, void *user)
{
    bench *b = user;
    if (!b->received && b->server) {
        b->start_ns = uv_hrtime();
        getrusage(RUSAGE_SELF, &b->before);
    }
    b->received += length;
    zks__link_consume(link, length);
    bool echo = strcmp(b->mode, "echo") == 0;
    if (b->server && echo) {
        zks__buf *copy = zks__buf_copy(data, length);
        if (!copy || zks__link_write(link, copy)) {
            abort();
        }
    } else if (b->server && b->received == b->total) {
        report(b, "server");
        write_piece(link, 1);
    } else if (!b->server && echo && b->received % b->piece == 0) {
        if (b->received == b->total) {
            report(b, "client");
            stop(b, 0);
        }
        write_piece(link, b->piece);
    } else if (!b->server && !echo) {
        report(b, "client");
        stop(b, 0);
    }
}

static void on_drained(zks__link *link, void *user)
{
    top_up(user, link);
}

static void on_closed(zks__link *link, zks_status status, uint64_t code, const char *text,
                      void *user)
{
    (void)link;
    (void)code;
    bench *b = user;
    if (!b->server) {
        fprintf(stderr, "closed: %d %s\n", (int)status, text);
        stop(b, 1);
    }
}

static const zks__link_events events = {on_opened, on_received, on_drained, on_closed};

static void on_heap_timer(uv_timer_t *timer)
{
    bench *b = timer->data;
    struct mallinfo2 m = mallinfo2();
    size_t used = m.uordblks + m.hblkhd - b->heap_before;
    printf("heap server: %zu idle links, %zu bytes each\n", b->opened,
           b->opened ? used / b->opened : 0);
    exit(0);
}

static zks_status on_accept(zks__link *link, zks__link_events *out_events, void **out_user,
                            void *user)
{
    bench *b = user;
    (void)link;
    *out_events = events;
    *out_user = b;
    if (strcmp(b->mode, "heap") == 0 && ++b->opened == b->links) {
        uv_timer_start(&b->timer, on_heap_timer, SETTLE_MS, 0);
    }
    return ZKS_OK;
}

static zks__endpoint *endpoint(bench *b, const zks__listen_config *listen)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    zks__endpoint_config c = {.loop = b->loop,
                              .bind = (const struct sockaddr *)&a,
                              .rng = {.fill = fill},
                              .clock = zks__clock_system(),
                              .listen = listen};
    zks__endpoint *e = NULL;
    if (zks__endpoint_new(&c, &e)) {
        abort();
    }
    return e;
}

static void serve(bench *b)
{
    static const uint8_t seed[32] = {1};
    zks__listen_config l = {
        .key_seed = seed, .alpn = "bench", .accept = on_accept, .user = b, .idle_ms = 60000};
    struct sockaddr_storage address;
    b->server = true;
    b->endpoint = endpoint(b, &l);
    zks__endpoint_address(b->endpoint, &address);
    if (write(b->report, &address, sizeof address) != (ssize_t)sizeof address) {
        abort();
    }
    uv_timer_init(b->loop, &b->timer);
    b->timer.data = b;
    struct mallinfo2 m = mallinfo2();
    b->heap_before = m.uordblks + m.hblkhd;
    uv_run(b->loop, UV_RUN_DEFAULT);
}

static void connect_all(bench *b, const struct sockaddr_storage *address)
{
    static const uint8_t seed[32] = {2};
    zks__connect_config c = {.remote = (const struct sockaddr *)address,
                             .key_seed = seed,
                             .alpn = "bench",
                             .idle_ms = 60000,
                             .events = events,
                             .user = b};
    b->endpoint = endpoint(b, NULL);
    size_t started = 0;
    do {
        zks__link *link = NULL;
        for (; started < b->links && started < b->opened + 16; started++) {
            if (zks__endpoint_connect(b->endpoint, &c, &link)) {
                abort();
            }
        }
    } while (uv_run(b->loop, UV_RUN_ONCE));
}

int main(int argc, char **argv)
{
    bench b = {.mode = argc > 1 ? argv[1] : "stream", .links = 1};
    size_t n = argc > 2 ? strtoull(argv[2], NULL, 10) : 0;
    if (strcmp(b.mode, "stream") == 0) {
        b.piece = 65536;
        b.total = (n ? n : 1024) << 20;
    } else {
        b.piece = 1024;
        b.total = (n ? n : strcmp(b.mode, "echo") == 0 ? 20000 : 500000) * b.piece;
    }
    if (strcmp(b.mode, "heap") == 0) {
        b.links = n ? n : 1000;
    }
    int pipe_ends[2];
    struct sockaddr_storage address;
    if (pipe(pipe_ends)) {
        return 1;
    }
    pid_t child = fork();
    b.loop = uv_default_loop();
    if (child == 0) {
        b.report = pipe_ends[1];
        serve(&b);
        return 0;
    }
    if (child < 0 || read(pipe_ends[0], &address, sizeof address) != (ssize_t)sizeof address) {
        return 1;
    }
    if (strcmp(b.mode, "heap") == 0) {
        pid_t other = fork();
        if (other == 0) {
            connect_all(&b, &address);
            return 0;
        }
        waitpid(child, NULL, 0);
        kill(other, SIGKILL);
        return 0;
    }
    b.child = child;
    connect_all(&b, &address);
    return 0;
}
