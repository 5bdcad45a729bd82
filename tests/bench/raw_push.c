/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The relay alone: blobs are sealed before the clock starts, and a bare session pushes them in
 * messages of `batch` with `window` blobs on their way. What is left on this side is encoding and
 * QUIC. A repetition ends after COUNT blobs or SECONDS, and when all are acknowledged.
 *   bench_raw_push RELAY-ADDRESS RELAY-PID COUNT SECONDS REPEATS [WINDOW [BATCH [BYTES]]]
 */
#include "common.h"
#include "common_raw.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { WINDOW = 4096, BATCH = 64, BYTES = 1024, LIMIT_S = 110 };

typedef struct load {
    raw_net net;
    raw_device device;
    pid_t relay;
    size_t count, repeats, window, batch, bytes; /* as asked for */
    double limit_s;
    zks__entry entry; /* the last one sealed */
    zks__buf **blobs; /* count of them, of this repetition */
    zks__push_item *items;
    size_t total, sent, acked; /* of this repetition */
    size_t repeat;             /* 0: the warm-up */
    size_t records;
    double begun, seconds;
    double rates[BENCH_REPEATS_MAX];
    bench_cpu cpu; /* without the sealing */
} load;

static void seal_one(load *l, const zks__blob_key *key, const uint8_t *body, size_t i)
{
    zks__rng rng = zks__crypto_rng();
    uint8_t nonce[ZKS_NONCE_BYTES];
    zks__entry *e = &l->entry;
    zks__buf *b = zks__blob_buffer(body, l->bytes);
    rng.fill(nonce, sizeof nonce, rng.user);
    e->time_ms = 1700000000000;
    e->kind = ZKS_ENTRY_DATA;
    e->seq++;
    e->body_length = l->bytes;
    zks_status status = b ? zks__blob_seal(key, e, NULL, nonce, b, l->items[i].blob_id)
                          : ZKS_E_NOMEM;
    if (status) {
        bench_fail("seal", status, zks__status_text(status));
    }
    memcpy(e->prev, e->id, sizeof e->prev);
    zks__buf_unref(l->blobs[i]);
    l->blobs[i] = b;
    l->items[i].blob = (zks__slice){b->data, b->length};
}

static void seal(load *l, size_t count)
{
    raw_device *d = &l->device;
    zks__blob_key key;
    uint64_t random = 1;
    uint8_t *body = malloc(l->bytes + 1);
    if (!body) {
        bench_fail("memory", 0, "");
    }
    zks__blob_key_derive(zks__crypto_suite(ZKS_SUITE_SODIUM), d->root.epoch0_secret,
                         d->root.group_id, d->epoch_tag, zks__crypto_sign_public(&d->keys.sign),
                         &key);
    memcpy(l->entry.author, key.pusher, sizeof l->entry.author);
    bench_fill(body, l->bytes, &random);
    for (size_t i = 0; i < count; i++) {
        seal_one(l, &key, body, i);
    }
    free(body);
}

static void fill_window(load *l)
{
    if (l->sent < l->total && bench_now_s() > l->begun + l->limit_s) {
        l->total = l->sent;
    }
    while (l->sent < l->total && l->sent - l->acked + l->batch <= l->window) {
        size_t count = l->total - l->sent < l->batch ? l->total - l->sent : l->batch;
        zks__message m = {.type = ZKS_MESSAGE_PUSH};
        m.push.blobs = (zks__wire_list){.count = count, .items = l->items + l->sent};
        zks_status status = zks__session_send(l->device.session, &m);
        if (status) {
            bench_fail("push", status, zks__status_text(status));
        }
        l->sent += count;
    }
}

static void report(load *l)
{
    printf("{\"window\":%zu,\"batch\":%zu,\"bytes\":%zu,\"blob_bytes\":%zu,\"rates\":[", l->window,
           l->batch, l->bytes, l->items[0].blob.length);
    for (size_t i = 0; i < l->repeats; i++) {
        printf("%s%.0f", i ? "," : "", l->rates[i]);
    }
    printf("],\"per_s\":%.0f,\"records\":%zu,\"seconds\":%.3f,", bench_median(l->rates, l->repeats),
           l->records, l->seconds);
    bench_cpu_print(&l->cpu);
    printf("}\n");
    fflush(stdout);
    exit(0);
}

static void next_repeat(load *l)
{
    l->total = l->repeat ? l->count : l->count / 10 + 1;
    l->sent = l->acked = 0;
    seal(l, l->total);
    if (l->repeat) {
        bench_cpu_both(&l->cpu, l->relay, -1);
    }
    l->begun = bench_now_s();
    fill_window(l);
}

static void end_repeat(load *l)
{
    double took = bench_now_s() - l->begun;
    if (l->repeat) {
        bench_cpu_both(&l->cpu, l->relay, 1);
        l->rates[l->repeat - 1] = (double)l->total / took;
        l->records += l->total;
        l->seconds += took;
    }
    if (l->repeat == l->repeats) {
        report(l);
    }
    l->repeat++;
    next_repeat(l);
}

static void on_message(raw_device *d, const zks__message *m)
{
    load *l = d->user;
    if (m->type != ZKS_MESSAGE_PUSH_ACK) {
        return;
    }
    zks__wire_list list = m->push_ack.results;
    zks__push_result r;
    while (zks__wire_next_result(&list, &r)) {
        if (r.code) {
            bench_fail("push", (int)r.code, "refused");
        }
        l->acked++;
    }
    fill_window(l);
    if (l->acked == l->total) {
        end_repeat(l);
    }
}

static void on_welcome(raw_device *d)
{
    next_repeat(d->user);
}

int main(int argc, char **argv)
{
    static load l;
    if (argc < 6) {
        bench_fail("usage", 0,
                   "bench_raw_push RELAY PID COUNT SECONDS REPEATS [WINDOW [BATCH [BYTES]]]");
    }
    l.relay = (pid_t)bench_number(argv[2], 1, INT32_MAX);
    l.count = bench_number(argv[3], 10, 1000000);
    l.limit_s = (double)bench_number(argv[4], 1, 60);
    l.repeats = bench_number(argv[5], 1, BENCH_REPEATS_MAX);
    l.window = argc > 6 ? bench_number(argv[6], 1, 1000000) : WINDOW;
    l.batch = argc > 7 ? bench_number(argv[7], 1, ZKS_BLOBS_PER_MESSAGE_MAX) : BATCH;
    l.bytes = argc > 8 ? bench_number(argv[8], 0, ZKS_BODY_MAX_BYTES) : BYTES;
    l.window = l.window < l.batch ? l.batch : l.window;
    l.blobs = calloc(l.count, sizeof(zks__buf *));
    l.items = calloc(l.count, sizeof l.items[0]);
    if (!l.blobs || !l.items) {
        bench_fail("memory", 0, "");
    }
    bench_guard(LIMIT_S);
    raw_net_start(&l.net, argv[1]);
    raw_device_init(&l.device, &l.net, 0, (uint32_t)getpid());
    l.device.mode = ZKS_MODE_NO_SUBSCRIBE;
    l.device.welcome = on_welcome;
    l.device.message = on_message;
    l.device.user = &l;
    raw_device_connect(&l.device);
    uv_run(&l.net.loop, UV_RUN_DEFAULT);
    return 1;
}
