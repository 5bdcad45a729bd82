/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The benchmarks that know what apps know: zks.h. */
#ifndef ZKS_TESTS_BENCH_COMMON_APP_H
#define ZKS_TESTS_BENCH_COMMON_APP_H

#include <zks/zks.h>

enum {
    BENCH_DEADLINE_MS = 60000,
    /* of the comparison of languages, tests/bench/packages */
    BENCH_TOGETHER = 64,
    BENCH_ENTRY_BYTES = 100
};

void bench_check(const char *what, zks_status status);
/* Waits; the end unless it succeeded. Frees it. */
void bench_finish(const char *what, zks_op *op);
/* A client of the one group of all benchmarks: store NULL in memory; relay NULL not connected. */
zks_client *bench_client(zks_runtime *r, const char *store, const char *relay);

/* A relay of this process, on the disk of the temporary folder. */
typedef struct bench_relay {
    zks_relay *relay;
    char folder[256];
} bench_relay;

void bench_relay_start(zks_runtime *r, bench_relay *out);
void bench_relay_stop(bench_relay *b);

/* BENCH_TOGETHER entries of BENCH_ENTRY_BYTES in one call; waits until they are stored. */
void bench_push_batch(zks_client *c, const uint8_t *payloads);

#endif
