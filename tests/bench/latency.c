/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * From push to acknowledgement and from push to the other device's app, at low load: two clients,
 * each with its own runtime and store, one pushes at a fixed rate, the other reads as entries come.
 *   bench_latency RELAY-ADDRESS FOLDER COUNT RATE-PER-S [BYTES]
 */
#include "common.h"
#include "common_app.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { BYTES = 1024, WARM_UP = 20, COUNT_MAX = 100000, LIMIT_S = 110 };

typedef struct sample {
    double pushed, stored, acked, delivered;
} sample;

typedef struct reader {
    zks_client *client;
    sample *samples;
    size_t count;
} reader;

static void on_stored(zks_op *op, void *user)
{
    (void)op;
    ((sample *)user)->stored = bench_now_s();
}

static void on_acked(zks_op *op, void *user)
{
    (void)op;
    ((sample *)user)->acked = bench_now_s();
}

static void take(const reader *r, const zks_batch *batch, double now, size_t *seen)
{
    const uint8_t *data = zks_batch_data(batch, NULL);
    const uint64_t *offsets = zks_batch_offsets(batch);
    for (size_t i = 0; i < zks_batch_count(batch); i++) {
        uint64_t number = 0;
        memcpy(&number, data + offsets[i], sizeof number);
        if (number < r->count) {
            r->samples[number].delivered = now;
            ++*seen;
        }
    }
}

static void *read_all(void *user)
{
    const reader *r = user;
    uint64_t after = 0;
    for (size_t seen = 0; seen < r->count;) {
        zks_op *op;
        zks_batch *batch;
        bench_check("read", zks_inbox_read(r->client, after, 0, 0, ZKS_READ_WAIT, NULL, NULL, &op));
        bench_check("read", zks_op_wait(op, BENCH_DEADLINE_MS));
        double now = bench_now_s();
        bench_check("batch", zks_op_take_batch(op, &batch));
        take(r, batch, now, &seen);
        after = zks_batch_seqs(batch)[zks_batch_count(batch) - 1];
        bench_check("ack", zks_inbox_ack(r->client, after, NULL, NULL, NULL));
        zks_batch_free(batch);
        zks_op_free(op);
    }
    return NULL;
}

static void sleep_until(double at)
{
    struct timespec t = {.tv_sec = (time_t)at};
    t.tv_nsec = (long)((at - (double)t.tv_sec) * 1e9);
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL);
}

/* Every second push tells of STORED, the others of ACKED: one call asks for one of them. */
static void push_all(zks_client *c, sample *samples, size_t count, double rate, size_t bytes)
{
    uint64_t random = 1;
    uint8_t *payload = malloc(bytes);
    if (!payload) {
        bench_fail("memory", 0, "");
    }
    bench_fill(payload, bytes, &random);
    double begun = bench_now_s();
    for (uint64_t i = 0; i < count; i++) {
        sleep_until(begun + (double)i / rate);
        memcpy(payload, &i, sizeof i);
        samples[i].pushed = bench_now_s();
        bool ask_stored = i % 2 == 0;
        bench_check("push", zks_client_push(c, payload, bytes,
                                            ask_stored ? ZKS_PUSH_STORED : ZKS_PUSH_ACKED,
                                            ask_stored ? on_stored : on_acked, &samples[i], NULL));
    }
    free(payload);
}

static void print(const char *name, double *ms, size_t count)
{
    bench_sort(ms, count);
    printf("\"%s\":{\"count\":%zu,\"p50_ms\":%.3f,\"p99_ms\":%.3f,\"max_ms\":%.3f}", name, count,
           bench_quantile(ms, count, 0.5), bench_quantile(ms, count, 0.99), ms[count - 1]);
}

static void report(const sample *samples, size_t count)
{
    static double stored[COUNT_MAX], acked[COUNT_MAX], delivered[COUNT_MAX];
    size_t counts[3] = {0, 0, 0};
    for (size_t i = WARM_UP; i < count; i++) {
        const sample *s = &samples[i];
        if (s->stored > 0) {
            stored[counts[0]++] = (s->stored - s->pushed) * 1e3;
        }
        if (s->acked > 0) {
            acked[counts[1]++] = (s->acked - s->pushed) * 1e3;
        }
        delivered[counts[2]++] = (s->delivered - s->pushed) * 1e3;
    }
    if (!counts[0] || !counts[1]) {
        bench_fail("latency", 0, "nothing was acknowledged");
    }
    printf("{");
    print("stored", stored, counts[0]);
    printf(",");
    print("acked", acked, counts[1]);
    printf(",");
    print("delivered", delivered, counts[2]);
    printf("}\n");
}

int main(int argc, char **argv)
{
    char path[2][512];
    zks_runtime *runtimes[2];
    zks_client *clients[2];
    zks_op *op;
    pthread_t thread;
    if (argc < 5) {
        bench_fail("usage", 0, "bench_latency RELAY FOLDER COUNT RATE [BYTES]");
    }
    size_t count = bench_number(argv[3], 2, COUNT_MAX - WARM_UP) + WARM_UP;
    double rate = (double)bench_number(argv[4], 1, 100000);
    size_t bytes = argc > 5 ? bench_number(argv[5], 8, ZKS_SIZE_PUSH_MAX) : BYTES;
    bench_guard(LIMIT_S);
    sample *samples = calloc(count, sizeof *samples);
    for (int i = 0; i < 2; i++) {
        snprintf(path[i], sizeof path[i], "%s/%c.zks", argv[2], "ab"[i]);
        bench_check("runtime", zks_runtime_new(&runtimes[i]));
        clients[i] = bench_client(runtimes[i], path[i], argv[1]);
    }
    bench_check("synced", zks_client_wait_synced(clients[1], NULL, NULL, &op));
    bench_finish("synced", op);
    reader r = {clients[1], samples, count};
    if (!samples || pthread_create(&thread, NULL, read_all, &r)) {
        bench_fail("memory", 0, "");
    }
    push_all(clients[0], samples, count, rate, bytes);
    pthread_join(thread, NULL);
    bench_check("flush", zks_client_flush(clients[0], 5000, NULL, NULL, &op));
    bench_finish("flush", op);
    for (int i = 0; i < 2; i++) { /* no callback after this: the samples are complete */
        zks_client_free(clients[i]);
        bench_check("close", zks_runtime_close(runtimes[i], BENCH_DEADLINE_MS));
        zks_runtime_free(runtimes[i]);
    }
    report(samples, count);
    free(samples);
    return 0;
}
