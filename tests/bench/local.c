/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What an entry costs an app where nothing but this library works: a store in memory, no relay.
 * The packages of other languages do the same in their own words (tests/bench/local.*), so that the
 * difference is theirs.
 *   bench_local single|batch BLOBS
 * single: a call for each entry, 64 of them awaited together; batch: 64 entries in a call.
 */
#include "common.h"
#include "common_app.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

enum { TOGETHER = 64, BYTES = 100, WARM_UP = 2048 };

static uint8_t payloads[TOGETHER * BYTES];

static double cpu_s(void)
{
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
           (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static void single(zks_client *c)
{
    zks_op *ops[TOGETHER];
    for (size_t i = 0; i < TOGETHER; i++) {
        bench_check("push", zks_client_push(c, payloads + i * BYTES, BYTES, ZKS_PUSH_STORED, NULL,
                                            NULL, &ops[i]));
    }
    for (size_t i = 0; i < TOGETHER; i++) {
        bench_finish("push", ops[i]);
    }
}

static void batch(zks_client *c)
{
    zks_op *op = NULL;
    size_t lengths[TOGETHER];
    for (size_t i = 0; i < TOGETHER; i++) {
        lengths[i] = BYTES;
    }
    bench_check("push_many", zks_client_push_many(c, payloads, lengths, TOGETHER, ZKS_PUSH_STORED,
                                                  NULL, NULL, &op));
    bench_finish("push_many", op);
}

int main(int argc, char **argv)
{
    zks_runtime *r = NULL;
    if (argc != 3 || (strcmp(argv[1], "single") != 0 && strcmp(argv[1], "batch") != 0)) {
        bench_fail("usage", 0, "bench_local single|batch BLOBS");
    }
    void (*turn)(zks_client *) = strcmp(argv[1], "single") ? batch : single;
    uint64_t state = 1, blobs = bench_number(argv[2], TOGETHER, 10000000) / TOGETHER * TOGETHER;
    bench_guard(60);
    bench_fill(payloads, sizeof payloads, &state);
    bench_check("runtime", zks_runtime_new(&r));
    zks_client *c = bench_client(r, NULL, NULL);
    for (uint64_t i = 0; i < WARM_UP; i += TOGETHER) {
        turn(c);
    }
    double wall = bench_now_s(), cpu = cpu_s();
    for (uint64_t i = 0; i < blobs; i += TOGETHER) {
        turn(c);
    }
    printf("{\"blobs\":%llu,\"cpu_us\":%.3f,\"wall_us\":%.3f}\n", (unsigned long long)blobs,
           (cpu_s() - cpu) * 1e6 / (double)blobs, (bench_now_s() - wall) * 1e6 / (double)blobs);
    zks_client_free(c);
    bench_check("close", zks_runtime_close(r, BENCH_DEADLINE_MS));
    zks_runtime_free(r);
    return 0;
}
