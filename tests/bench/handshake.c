/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What the handshake of a session costs: its CPU time on both ends together and on each (in
 * memory, no network), its bytes and round trips; and the way from the first packet to WELCOME over
 * the loopback, one device after the other, TLS and HELLO included.
 *   bench_handshake RELAY-ADDRESS ROUNDS DEVICES
 */
#include "common.h"
#include "common_raw.h"

#include "session/handshake.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { LIMIT_S = 60, MESSAGES = 4 };

typedef struct end {
    zks__session_keys keys;
    zks__handshake *handshake;
    double seconds; /* CPU, of all rounds */
} end;

/* CPU time: waiting for a core is no cost of the handshake. */
static double cpu_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void check(zks_status status)
{
    if (status) {
        bench_fail("handshake", status, zks__status_text(status));
    }
}

static zks__handshake *make(const end *e, bool initiator, const uint8_t *relay_key)
{
    zks__handshake *h = NULL;
    const zks__session_config config = {
        .initiator = initiator, .keys = &e->keys, .key_count = 1, .rng = zks__crypto_rng()};
    check(zks__handshake_new(&config, "bench", 5, relay_key, &h));
    return h;
}

/* One handshake; adds the time of each end. Returns its bytes, prefixes included. */
static size_t run_once(end ends[2], const uint8_t *relay_key)
{
    zks__buf *record = NULL;
    size_t bytes = 0;
    for (int i = 0; i < 2; i++) {
        ends[i].handshake = make(&ends[i], i == 0, relay_key);
    }
    for (int i = 0; i <= MESSAGES; i++) {
        end *e = &ends[i % 2];
        zks__buf *answer = NULL;
        double start = cpu_s();
        if (i == 0) {
            check(zks__handshake_begin(e->handshake, &answer));
        } else if (record) {
            check(zks__handshake_take(e->handshake, record->data + ZKS_RECORD_PREFIX_BYTES,
                                      record->length - ZKS_RECORD_PREFIX_BYTES, &answer));
        }
        e->seconds += cpu_s() - start;
        zks__buf_unref(record);
        record = answer;
        bytes += record ? record->length : 0;
    }
    for (int i = 0; i < 2; i++) {
        if (!zks__handshake_over(ends[i].handshake)) {
            bench_fail("handshake", 0, "not over");
        }
        zks__handshake_free(ends[i].handshake);
    }
    return bytes;
}

/* --- over the loopback --- */

typedef struct row {
    raw_net net;
    raw_device *devices;
    double *took;
    double begun;
    size_t count, done;
} row;

static void on_welcome(raw_device *d);

static void open_next(row *r)
{
    raw_device *d = &r->devices[r->done];
    raw_device_init(d, &r->net, 2000, (uint32_t)r->done);
    d->welcome = on_welcome;
    d->user = r;
    r->begun = bench_now_s();
    raw_device_connect(d);
}

static void on_welcome(raw_device *d)
{
    row *r = d->user;
    r->took[r->done++] = bench_now_s() - r->begun;
    if (r->done < r->count) {
        open_next(r);
    } else {
        uv_stop(&r->net.loop);
    }
}

int main(int argc, char **argv)
{
    static row r;
    static end ends[2];
    static const uint8_t seed[ZKS_SIGN_SEED_BYTES] = {1};
    if (argc != 4) {
        bench_fail("usage", 0, "bench_handshake RELAY ROUNDS DEVICES");
    }
    size_t rounds = bench_number(argv[2], 1, 100000), bytes = 0;
    bench_guard(LIMIT_S);
    raw_net_start(&r.net, argv[1]); /* starts the library too */
    zks__sign_key key;
    const zks__rng rng = zks__crypto_rng();
    const zks__suite *suite = zks__crypto_suite(ZKS_SUITE_SODIUM);
    zks__session_keys_fresh(suite, &rng, &ends[0].keys);
    zks__session_keys_relay(suite, seed, &ends[1].keys);
    zks__crypto_sign_key(seed, &key);
    for (size_t i = 0; i < rounds; i++) {
        bytes = run_once(ends, zks__crypto_sign_public(&key));
    }
    r.count = bench_number(argv[3], 1, 1000);
    r.devices = calloc(r.count, sizeof *r.devices);
    r.took = calloc(r.count, sizeof *r.took);
    if (!r.devices || !r.took) {
        bench_fail("memory", 0, "");
    }
    open_next(&r);
    uv_run(&r.net.loop, UV_RUN_DEFAULT);
    bench_sort(r.took, r.count);
    printf("{\"device_ms\":%.3f,\"relay_ms\":%.3f,\"bytes\":%zu,\"round_trips\":%d,"
           "\"rounds\":%zu,\"welcome_p50_ms\":%.2f,\"welcome_p99_ms\":%.2f,\"devices\":%zu}\n",
           ends[0].seconds / (double)rounds * 1e3, ends[1].seconds / (double)rounds * 1e3, bytes,
           MESSAGES / 2, rounds, bench_quantile(r.took, r.count, 0.5) * 1e3,
           bench_quantile(r.took, r.count, 0.99) * 1e3, r.count);
    return 0;
}
