/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What one entry costs an app, without a relay in the way: CPU microseconds of the whole process,
 * stores in memory. The programs of the other languages (tests/bench/go and so on) do the same
 * through their packages, so that the difference is what a package costs.
 *   single  one push after the other, each waited for
 *   batch   64 entries in one push, each push waited for
 *   read    64 entries at a time, received before and read again and again
 * Usage: bench_blobs ENTRIES REPEATS FOLDER; FOLDER is for the relay that feeds the reader.
 */
#include "common.h"
#include "common_app.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

enum { ENTRY_BYTES = 1024, BATCH = 64, FED = 1024 };

static const uint8_t secret[ZKS_SIZE_SECRET] = "the same 32 bytes on each device";
static uint8_t payload[BATCH * ENTRY_BYTES];

static double cpu_us(void)
{
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1e6 +
           (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec);
}

static zks_client *open_client(zks_runtime *runtime, const char *relay)
{
    zks_config *config;
    zks_client *client;
    zks_op *op;
    bench_check("config", zks_config_new(&config));
    bench_check("secret", zks_config_set_secret(config, secret, sizeof secret));
    if (relay) {
        bench_check("relay", zks_config_add_relay(config, relay));
    }
    bench_check("open", zks_client_open(runtime, config, NULL, NULL, &op, &client));
    zks_config_free(config);
    bench_finish("open", op);
    if (relay) {
        bench_check("connect", zks_client_connect(client, NULL, NULL, &op));
        bench_finish("connect", op);
    }
    return client;
}

static void push(zks_client *client, size_t count, uint32_t flags)
{
    zks_op *op;
    size_t lengths[BATCH];
    for (size_t i = 0; i < count; i++) {
        lengths[i] = ENTRY_BYTES;
    }
    bench_check("push", count == 1
                            ? zks_client_push(client, payload, ENTRY_BYTES, flags, NULL, NULL, &op)
                            : zks_client_push_many(client, payload, lengths, count, flags, NULL,
                                                   NULL, &op));
    bench_finish("push", op);
}

/* CPU microseconds for each entry. */
static double push_cost(zks_runtime *runtime, uint64_t entries, size_t count)
{
    zks_client *client = open_client(runtime, NULL);
    double begun = cpu_us();
    for (uint64_t done = 0; done < entries; done += count) {
        push(client, count, ZKS_PUSH_STORED);
    }
    double took = cpu_us() - begun;
    zks_client_free(client);
    return took / (double)entries;
}

static uint64_t read_batch(zks_client *client, uint64_t after, size_t *out_count)
{
    zks_op *op;
    zks_batch *batch;
    bench_check("read", zks_inbox_read(client, after, BATCH, 0, 0, NULL, NULL, &op));
    bench_check("read", zks_op_wait(op, BENCH_DEADLINE_MS));
    bench_check("read", zks_op_take_batch(op, &batch));
    zks_op_free(op);
    *out_count = zks_batch_count(batch);
    uint64_t last = *out_count ? zks_batch_seqs(batch)[*out_count - 1] : 0;
    zks_batch_free(batch);
    return last;
}

static double read_cost(zks_client *reader, uint64_t entries)
{
    uint64_t after = 0, done = 0;
    double begun = cpu_us();
    while (done < entries) {
        size_t count;
        after = read_batch(reader, after, &count); /* 0 at the end: from the first one again */
        done += count;
    }
    return (cpu_us() - begun) / (double)done;
}

/* A client that has received FED entries, and is offline now. */
static zks_client *feed(zks_runtime *runtime, const char *folder)
{
    char config[4096];
    zks_relay *relay;
    zks_op *op;
    snprintf(config, sizeof config, "listen = 127.0.0.1:0\ndata = %s\n", folder);
    bench_check("relay", zks_relay_start(runtime, config, NULL, NULL, &op, &relay));
    bench_finish("relay", op);
    zks_client *sender = open_client(runtime, zks_relay_address(relay));
    zks_client *reader = open_client(runtime, zks_relay_address(relay));
    for (size_t i = 0; i < FED; i += BATCH) {
        push(sender, BATCH, ZKS_PUSH_ACKED);
    }
    bench_check("sync", zks_client_wait_synced(reader, NULL, NULL, &op));
    bench_finish("sync", op);
    bench_check("disconnect", zks_client_disconnect(reader, NULL, NULL, &op));
    bench_finish("disconnect", op);
    zks_client_free(sender);
    bench_check("stop", zks_relay_stop(relay, NULL, NULL, &op));
    bench_finish("stop", op);
    zks_relay_free(relay);
    return reader;
}

int main(int argc, char **argv)
{
    double single[BENCH_REPEATS_MAX], batch[BENCH_REPEATS_MAX], reads[BENCH_REPEATS_MAX];
    uint64_t state = 1;
    zks_runtime *runtime;
    if (argc != 4) {
        bench_fail("usage", 0, "bench_blobs ENTRIES REPEATS FOLDER");
    }
    uint64_t entries = bench_number(argv[1], BATCH, 1u << 24) / BATCH * BATCH;
    size_t repeats = bench_number(argv[2], 1, BENCH_REPEATS_MAX);
    bench_guard(300);
    double begun = bench_now_s();
    bench_check("runtime", zks_runtime_new(&runtime));
    zks_client_free(open_client(runtime, NULL));
    double start_ms = (bench_now_s() - begun) * 1e3;
    bench_fill(payload, sizeof payload, &state);
    zks_client *reader = feed(runtime, argv[3]);
    for (size_t i = 0; i < repeats; i++) {
        single[i] = push_cost(runtime, entries, 1);
        batch[i] = push_cost(runtime, entries, BATCH);
        reads[i] = read_cost(reader, entries);
    }
    zks_client_free(reader);
    printf("{\"language\":\"c\",\"entries\":%llu,\"single_us\":%.2f,\"batch_us\":%.2f,"
           "\"read_us\":%.3f,\"start_ms\":%.2f}\n",
           (unsigned long long)entries, bench_median(single, repeats), bench_median(batch, repeats),
           bench_median(reads, repeats), start_ms);
    return 0;
}
