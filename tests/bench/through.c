/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * How many entries get from one app to another: both and a relay in this process, the relay's store
 * on disk. The packages of other languages do the same (tests/bench/local.*, go).
 *   bench_through BLOBS
 * One device pushes batches of 64 entries, each awaited until it is stored, then flushes: pushes
 * for each second until the relay has the last one. Then the other one reads all, 64 at a time:
 * deliveries for each second since the first push.
 */
#include "common.h"
#include "common_app.h"

#include <stdio.h>

static uint8_t payloads[BENCH_TOGETHER * BENCH_ENTRY_BYTES];

static uint64_t read_batch(zks_client *c, uint64_t *last)
{
    zks_op *op = NULL;
    zks_batch *b = NULL;
    bench_check("read",
                zks_inbox_read(c, *last, BENCH_TOGETHER, 0, ZKS_READ_WAIT, NULL, NULL, &op));
    bench_check("read", zks_op_wait(op, BENCH_DEADLINE_MS));
    bench_check("read", zks_op_take_batch(op, &b));
    zks_op_free(op);
    size_t count = zks_batch_count(b);
    *last = zks_batch_seqs(b)[count - 1];
    zks_batch_free(b);
    return count;
}

int main(int argc, char **argv)
{
    zks_runtime *r = NULL;
    zks_op *op = NULL;
    bench_relay relay;
    if (argc != 2) {
        bench_fail("usage", 0, "bench_through BLOBS");
    }
    uint64_t state = 1, blobs = bench_number(argv[1], BENCH_TOGETHER, 10000000) / BENCH_TOGETHER *
                                BENCH_TOGETHER;
    bench_guard(100);
    bench_fill(payloads, sizeof payloads, &state);
    bench_check("runtime", zks_runtime_new(&r));
    bench_relay_start(r, &relay);
    zks_client *sender = bench_client(r, NULL, zks_relay_address(relay.relay));
    zks_client *reader = bench_client(r, NULL, zks_relay_address(relay.relay));
    double begun = bench_now_s();
    for (uint64_t i = 0; i < blobs; i += BENCH_TOGETHER) {
        bench_push_batch(sender, payloads);
    }
    bench_check("flush", zks_client_flush(sender, BENCH_DEADLINE_MS, NULL, NULL, &op));
    bench_finish("flush", op);
    double pushed = bench_now_s() - begun;
    for (uint64_t got = 0, last = 0; got < blobs;) {
        got += read_batch(reader, &last);
    }
    double delivered = bench_now_s() - begun;
    printf("{\"blobs\":%llu,\"pushes_per_s\":%.0f,\"deliveries_per_s\":%.0f}\n",
           (unsigned long long)blobs, (double)blobs / pushed, (double)blobs / delivered);
    zks_client_free(sender);
    zks_client_free(reader);
    bench_relay_stop(&relay);
    bench_check("close", zks_runtime_close(r, BENCH_DEADLINE_MS));
    zks_runtime_free(r);
    return 0;
}
