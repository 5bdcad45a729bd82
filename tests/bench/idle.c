/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What sessions that do nothing cost a relay: opens them, waits until nothing moves any more, and
 * compares the relay's memory (private pages, proc(5) smaps_rollup: Private_Dirty) with that before
 * the first one. A first group of sessions is not counted: it pays for what is made once.
 *   bench_idle RELAY-ADDRESS RELAY-PID SESSIONS DEVICES-PER-GROUP
 */
#include "common.h"
#include "common_raw.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OPENING_MAX = 16, SETTLE_MS = 1500, LIMIT_S = 60, WARM_UP = 16 };

typedef struct crowd {
    raw_net net;
    uv_timer_t timer;
    raw_device *devices;
    pid_t relay;
    size_t total, per_group, started, welcome;
    double begun;
    size_t before_kib;
} crowd;

static size_t memory_kib(pid_t pid)
{
    char path[64], line[256];
    size_t kib = 0, found = 0;
    snprintf(path, sizeof path, "/proc/%d/smaps_rollup", (int)pid);
    FILE *f = fopen(path, "re");
    while (f && fgets(line, sizeof line, f)) {
        found += sscanf(line, "Private_Dirty: %zu kB", &kib) == 1;
    }
    if (f) {
        fclose(f);
    }
    if (!found) {
        bench_fail(path, 0, "cannot be read");
    }
    return kib;
}

static void on_welcome(raw_device *d);

static void open_more(crowd *c)
{
    size_t goal = c->before_kib ? c->total + WARM_UP : WARM_UP;
    for (; c->started < goal && c->started < c->welcome + OPENING_MAX; c->started++) {
        raw_device *d = &c->devices[c->started];
        uint32_t group = (uint32_t)(c->started / c->per_group) + 1000;
        raw_device_init(d, &c->net, group, (uint32_t)c->started);
        d->welcome = on_welcome;
        d->user = c;
        raw_device_connect(d);
    }
}

static void on_settled(uv_timer_t *timer)
{
    crowd *c = timer->data;
    size_t now_kib = memory_kib(c->relay);
    if (!c->before_kib) {
        c->before_kib = now_kib;
        c->begun = bench_now_s();
        open_more(c);
        return;
    }
    double open_s = bench_now_s() - c->begun - SETTLE_MS / 1e3;
    printf("{\"sessions\":%zu,\"devices_per_group\":%zu,\"before_kib\":%zu,\"after_kib\":%zu,"
           "\"kib_per_session\":%.1f,\"opened_per_s\":%.0f}\n",
           c->total, c->per_group, c->before_kib, now_kib,
           ((double)now_kib - (double)c->before_kib) / (double)c->total, (double)c->total / open_s);
    fflush(stdout);
    exit(0);
}

static void on_welcome(raw_device *d)
{
    crowd *c = d->user;
    c->welcome++;
    if (c->welcome == WARM_UP || c->welcome == c->total + WARM_UP) {
        uv_timer_start(&c->timer, on_settled, SETTLE_MS, 0);
    }
    open_more(c);
}

int main(int argc, char **argv)
{
    static crowd c;
    if (argc != 5) {
        bench_fail("usage", 0, "bench_idle RELAY PID SESSIONS DEVICES-PER-GROUP");
    }
    c.relay = (pid_t)bench_number(argv[2], 1, INT32_MAX);
    c.total = bench_number(argv[3], 1, 10000);
    c.per_group = bench_number(argv[4], 1, 1024);
    bench_guard(LIMIT_S);
    c.devices = calloc(c.total + WARM_UP, sizeof *c.devices);
    if (!c.devices) {
        bench_fail("memory", 0, "");
    }
    raw_net_start(&c.net, argv[1]);
    uv_timer_init(&c.net.loop, &c.timer);
    c.timer.data = &c;
    open_more(&c);
    uv_run(&c.net.loop, UV_RUN_DEFAULT);
    return 1;
}
