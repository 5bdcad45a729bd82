/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What an entry costs an app where nothing but this library works: a store in memory, no relay.
 * The packages of other languages do the same in their own words (tests/bench/local.*), so that the
 * difference is theirs.
 *   bench_local single|batch|read BLOBS
 * single: a call for each entry, 64 of them awaited together; batch: 64 entries in a call; read: 64
 * received entries in a call, again and again (a relay has brought them before).
 */
#include "common.h"
#include "common_app.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

enum { WARM_UP = 2048 };

static uint8_t payloads[BENCH_TOGETHER * BENCH_ENTRY_BYTES];

static double cpu_s(void)
{
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
           (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static void single(zks_client *c)
{
    zks_op *ops[BENCH_TOGETHER];
    for (size_t i = 0; i < BENCH_TOGETHER; i++) {
        bench_check("push", zks_client_push(c, payloads + i * BENCH_ENTRY_BYTES, BENCH_ENTRY_BYTES,
                                            ZKS_PUSH_STORED, NULL, NULL, &ops[i]));
    }
    for (size_t i = 0; i < BENCH_TOGETHER; i++) {
        bench_finish("push", ops[i]);
    }
}

static void batch(zks_client *c)
{
    bench_push_batch(c, payloads);
}

static size_t read_after(zks_client *c, uint64_t after, uint32_t flags, uint64_t *last)
{
    zks_op *op = NULL;
    zks_batch *b = NULL;
    bench_check("read", zks_inbox_read(c, after, BENCH_TOGETHER, 0, flags, NULL, NULL, &op));
    bench_check("read", zks_op_wait(op, BENCH_DEADLINE_MS));
    bench_check("read", zks_op_take_batch(op, &b));
    zks_op_free(op);
    size_t count = zks_batch_count(b);
    *last = count ? zks_batch_seqs(b)[count - 1] : after;
    zks_batch_free(b);
    return count;
}

static void read_again(zks_client *c)
{
    uint64_t last;
    if (read_after(c, 0, 0, &last) != BENCH_TOGETHER) {
        bench_fail("read", 0, "entries are missing");
    }
}

/* Lets a relay bring 64 entries, which stay in the inbox. */
static zks_client *fed(zks_runtime *r)
{
    bench_relay b;
    zks_op *op = NULL;
    bench_relay_start(r, &b);
    zks_client *reader = bench_client(r, NULL, zks_relay_address(b.relay));
    zks_client *sender = bench_client(r, NULL, zks_relay_address(b.relay));
    batch(sender);
    for (uint64_t got = 0, last = 0; got < BENCH_TOGETHER;) {
        got += read_after(reader, last, ZKS_READ_WAIT, &last);
    }
    bench_check("disconnect", zks_client_disconnect(reader, NULL, NULL, &op));
    bench_finish("disconnect", op);
    zks_client_free(sender);
    bench_relay_stop(&b);
    return reader;
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*turn)(zks_client *);
    } modes[] = {{"single", single}, {"batch", batch}, {"read", read_again}};
    zks_runtime *r = NULL;
    void (*turn)(zks_client *) = NULL;
    for (size_t i = 0; argc == 3 && i < sizeof modes / sizeof *modes; i++) {
        turn = strcmp(argv[1], modes[i].name) ? turn : modes[i].turn;
    }
    if (!turn) {
        bench_fail("usage", 0, "bench_local single|batch|read BLOBS");
    }
    uint64_t state = 1, blobs = bench_number(argv[2], BENCH_TOGETHER, 10000000) / BENCH_TOGETHER *
                                BENCH_TOGETHER;
    bench_guard(60);
    bench_fill(payloads, sizeof payloads, &state);
    bench_check("runtime", zks_runtime_new(&r));
    zks_client *c = turn == read_again ? fed(r) : bench_client(r, NULL, NULL);
    for (uint64_t i = 0; i < WARM_UP; i += BENCH_TOGETHER) {
        turn(c);
    }
    double wall = bench_now_s(), cpu = cpu_s();
    for (uint64_t i = 0; i < blobs; i += BENCH_TOGETHER) {
        turn(c);
    }
    printf("{\"blobs\":%llu,\"cpu_us\":%.3f,\"wall_us\":%.3f}\n", (unsigned long long)blobs,
           (cpu_s() - cpu) * 1e6 / (double)blobs, (bench_now_s() - wall) * 1e6 / (double)blobs);
    zks_client_free(c);
    bench_check("close", zks_runtime_close(r, BENCH_DEADLINE_MS));
    zks_runtime_free(r);
    return 0;
}
