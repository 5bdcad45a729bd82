/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What the benchmarks share. Each program measures one thing several times and prints one line of
 * JSON; tests/bench/run starts them with what they need and makes the table. A benchmark that
 * cannot go on says so and exits with 1; none judges a figure.
 */
#ifndef ZKS_TESTS_BENCH_COMMON_H
#define ZKS_TESTS_BENCH_COMMON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { BENCH_THREADS_MAX = 32, BENCH_NAME_BYTES = 32, BENCH_REPEATS_MAX = 16 };

/* For all: dies with its parent, and by itself after `limit_s` whatever hangs. */
void bench_guard(unsigned limit_s);
_Noreturn void bench_fail(const char *what, int status, const char *text);
double bench_now_s(void);
/* Blob-like content: incompressible, the same in each run. */
void bench_fill(void *out, size_t length, uint64_t *state);
/* A whole number in lowest..highest, or the end. */
uint64_t bench_number(const char *text, uint64_t lowest, uint64_t highest);
/* Sorts. */
double bench_median(double *values, size_t count);
/* Of sorted values; p in 0..1. */
double bench_quantile(const double *sorted, size_t count, double p);
void bench_sort(double *values, size_t count);

/* CPU seconds of the threads of some processes: user and system, by thread name. Threads of one
 * name in one process (helpers that come and go) are added up. Resolution: one clock tick. */
typedef struct bench_thread {
    char process[BENCH_NAME_BYTES];
    char name[BENCH_NAME_BYTES];
    double user_s, system_s;
} bench_thread;

typedef struct bench_cpu {
    size_t count;
    bench_thread threads[BENCH_THREADS_MAX];
} bench_cpu;

/* Adds the threads of pid (0: this process) as `process`: with sign -1 where a measurement begins,
 * with 1 where it ends. */
void bench_cpu_add(bench_cpu *c, const char *process, pid_t pid, int sign);
/* The two processes that most benchmarks have: "client" (this one) and "relay". */
void bench_cpu_both(bench_cpu *c, pid_t relay, int sign);
/* `"cpu":[{"process":..,"thread":..,"user_s":..,"system_s":..},...]`. */
void bench_cpu_print(const bench_cpu *c);

#endif
