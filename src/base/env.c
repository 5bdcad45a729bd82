/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "base/env.h"

#include <time.h>

static uint64_t monotonic_ns(void *user)
{
    (void)user;
    struct timespec t = {0};
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static int64_t unix_ms(void *user)
{
    (void)user;
    struct timespec t = {0};
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

zks__clock zks__clock_system(void)
{
    return (zks__clock){.monotonic_ns = monotonic_ns, .unix_ms = unix_ms};
}
