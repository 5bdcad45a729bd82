/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The store alone on this disk: transactions of some own entries (or received items) of 1.3 KiB,
 * each with its id in the history and the chain's tip, committed durably. Usage: bench_store
 * [entries]
 */
#include "store/store.h"
#include "base/env.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BLOB_BYTES = 1344, SINGLE_MAX = 2000 };

typedef struct bench {
    zks__store *store;
    zks__store_group group;
    zks__store_chain chain;
    uint64_t n;
    uint8_t blob[BLOB_BYTES];
} bench;

static double seconds(void)
{
    zks__clock clock = zks__clock_system();
    return (double)clock.monotonic_ns(clock.user) / 1e9;
}

static void check(bench *b, zks_status status)
{
    if (status != ZKS_OK) {
        fprintf(stderr, "bench_store: %d: %s\n", (int)status,
                b->store ? zks__store_problem(b->store) : "open");
        exit(EXIT_FAILURE);
    }
}

static void add(bench *b, int received)
{
    uint8_t id[ZKS_ENTRY_ID_BYTES] = {0};
    uint64_t n = ++b->n;
    memcpy(id, &n, sizeof n);
    memcpy(b->blob, &n, sizeof n);
    zks__slice blob = {b->blob, sizeof b->blob};
    int64_t time_ms = INT64_C(1700000000000) + (int64_t)n;
    if (received) {
        zks__store_item item = {.c = b->chain.c, .entry_seq = n, .time_ms = time_ms, .blob = blob};
        memcpy(item.id, id, sizeof id);
        check(b, zks__store_inbox_add(b->store, b->group.g, &item));
    } else {
        zks__store_own own = {
            .n = n, .c = b->chain.c, .seq = n, .kind = 1, .time_ms = time_ms, .blob = blob};
        memcpy(own.id, id, sizeof id);
        memcpy(own.blob_id, id, sizeof own.blob_id);
        check(b, zks__store_own_add(b->store, b->group.g, &own));
    }
    check(b, zks__store_history_add(b->store, b->chain.c, n, id));
    b->chain.tip_seq = n;
}

static void transaction(bench *b, unsigned size, int received)
{
    check(b, zks__store_begin(b->store));
    for (unsigned i = 0; i < size; i++) {
        add(b, received);
    }
    check(b, zks__store_chain_update(b->store, &b->chain));
    check(b, zks__store_commit(b->store));
}

static void run(const char *folder, uint64_t entries, unsigned size, int received)
{
    char path[512], problem[ZKS_STORE_PROBLEM_BYTES];
    snprintf(path, sizeof path, "%s/store", folder);
    bench b = {.group = {.suite = 1}, .chain = {.own = !received}};
    zks__store_config config = {.path = path};
    check(&b, zks__store_open(&config, problem, &b.store));
    check(&b, zks__store_begin(b.store));
    check(&b, zks__store_group_add(b.store, &b.group));
    check(&b, zks__store_chain_add(b.store, b.group.g, &b.chain));
    check(&b, zks__store_commit(b.store));
    if (size == 1 && entries > SINGLE_MAX) {
        entries = SINGLE_MAX;
    }
    double begun = seconds(), longest = 0;
    while (b.n < entries) {
        double at = seconds();
        transaction(&b, size, received);
        double took = seconds() - at;
        longest = took > longest ? took : longest;
    }
    double took = seconds() - begun;
    printf("%-8s %5u in a transaction: %8.0f/s, longest transaction %.1f ms\n",
           received ? "received" : "own", size, (double)b.n / took, longest * 1e3);
    zks__store_close(b.store);
    remove(path);
    snprintf(path, sizeof path, "%s/store.lock", folder);
    remove(path);
}

int main(int argc, char **argv)
{
    static const unsigned sizes[] = {1, 64, 256, 1024};
    uint64_t entries = argc > 1 ? strtoull(argv[1], NULL, 10) : 51200;
    const char *root = getenv("TMPDIR");
    char folder[256];
    snprintf(folder, sizeof folder, "%s/zks-bench-XXXXXX", root ? root : "/tmp");
    if (!mkdtemp(folder)) {
        perror(folder);
        return EXIT_FAILURE;
    }
    for (size_t i = 0; i < ZKS_COUNTOF(sizes); i++) {
        run(folder, entries, sizes[i], 0);
        run(folder, entries, sizes[i], 1);
    }
    rmdir(folder);
    return EXIT_SUCCESS;
}
