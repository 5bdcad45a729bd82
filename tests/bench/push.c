/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The whole path of a push, through zks.h: sealed, signed, stored durably on the device, sent,
 * stored durably at the relay, acknowledged. One entry for each call, `window` of them on their
 * way. A repetition ends after COUNT entries or SECONDS, and when all are acknowledged.
 *   bench_push RELAY-ADDRESS RELAY-PID STORE COUNT SECONDS REPEATS [WINDOW [BYTES]]
 */
#include "common.h"
#include "common_app.h"

#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>

enum { WINDOW = 4096, BYTES = 1024, LIMIT_S = 110 };

typedef struct load {
    zks_client *client;
    sem_t room;
    uint8_t *payload;
    size_t bytes, window;
    uint64_t random;
} load;

static void on_acked(zks_op *op, void *user)
{
    load *l = user;
    if (zks_op_status(op)) {
        bench_fail("push", zks_op_status(op), zks_op_text(op));
    }
    sem_post(&l->room);
}

/* Pushes and waits until the relay has all: returns how many. */
static size_t push(load *l, size_t most, double seconds, double *out_took)
{
    double begun = bench_now_s();
    size_t count = 0;
    for (; count < most && bench_now_s() < begun + seconds; count++) {
        bench_fill(l->payload, l->bytes < 16 ? l->bytes : 16, &l->random);
        sem_wait(&l->room);
        bench_check("push", zks_client_push(l->client, l->payload, l->bytes, ZKS_PUSH_ACKED,
                                            on_acked, l, NULL));
    }
    for (size_t i = 0; i < l->window; i++) {
        sem_wait(&l->room);
    }
    *out_took = bench_now_s() - begun;
    for (size_t i = 0; i < l->window; i++) {
        sem_post(&l->room);
    }
    return count;
}

static void measure(load *l, pid_t relay, size_t most, double seconds, size_t repeats)
{
    double rates[BENCH_REPEATS_MAX], took = 0, total = 0;
    size_t records = 0;
    bench_cpu cpu = {0};
    push(l, most / 10 + 1, seconds, &took); /* warm-up */
    bench_cpu_both(&cpu, relay, -1);
    printf("{\"window\":%zu,\"bytes\":%zu,\"rates\":[", l->window, l->bytes);
    for (size_t i = 0; i < repeats; i++) {
        size_t count = push(l, most, seconds, &took);
        records += count;
        total += took;
        rates[i] = (double)count / took;
        printf("%s%.0f", i ? "," : "", rates[i]);
    }
    bench_cpu_both(&cpu, relay, 1);
    printf("],\"per_s\":%.0f,\"records\":%zu,\"seconds\":%.3f,", bench_median(rates, repeats),
           records, total);
    bench_cpu_print(&cpu);
    printf("}\n");
}

int main(int argc, char **argv)
{
    load l = {.random = 1};
    zks_runtime *r;
    if (argc < 7) {
        bench_fail("usage", 0, "bench_push RELAY PID STORE COUNT SECONDS REPEATS [WINDOW [BYTES]]");
    }
    pid_t relay = (pid_t)bench_number(argv[2], 1, INT32_MAX);
    size_t count = bench_number(argv[4], 1, 10000000);
    double seconds = (double)bench_number(argv[5], 1, 60);
    size_t repeats = bench_number(argv[6], 1, BENCH_REPEATS_MAX);
    l.window = argc > 7 ? bench_number(argv[7], 1, 100000) : WINDOW;
    l.bytes = argc > 8 ? bench_number(argv[8], 0, ZKS_SIZE_PUSH_MAX) : BYTES;
    bench_guard(LIMIT_S);
    l.payload = calloc(1, l.bytes + 1);
    if (!l.payload || sem_init(&l.room, 0, (unsigned)l.window)) {
        bench_fail("memory", 0, "");
    }
    bench_fill(l.payload, l.bytes, &l.random);
    bench_check("runtime", zks_runtime_new(&r));
    l.client = bench_client(r, argv[3], argv[1]);
    measure(&l, relay, count, seconds, repeats);
    fflush(stdout);
    zks_client_free(l.client);
    bench_check("close", zks_runtime_close(r, BENCH_DEADLINE_MS));
    zks_runtime_free(r);
    free(l.payload);
    sem_destroy(&l.room);
    return 0;
}
