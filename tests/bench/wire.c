/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What an item of a batch costs in wire and session: 64 blobs of 1,200 bytes in one message, the
 * shape of a busy relay's PUSH and BLOBS. Prints nanoseconds per item.
 *
 *   bench_wire [rounds]
 */
#include "base/env.h"
#include "tests/support/memory_link.h"
#include "wire/messages.h"

#include "session/session.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ITEMS = 64, BLOB_BYTES = 1200 };

typedef struct bench {
    zks__message m;
    uint8_t *bytes;
    size_t length;
    uint64_t checksum; /* printed, so that no work can be left out */
} bench;

static double now_ns(void)
{
    zks__clock clock = zks__clock_system();
    return (double)clock.monotonic_ns(clock.user);
}

static void encode(bench *b)
{
    size_t length = 0;
    if (zks__wire_encode(&b->m, b->bytes, b->length, &length)) {
        abort();
    }
    b->checksum += length;
}

static void walk(bench *b, zks__message *m)
{
    if (m->type == ZKS_MESSAGE_PUSH) {
        zks__push_item item;
        while (zks__wire_next_push(&m->push.blobs, &item)) {
            b->checksum += item.blob.length;
        }
    } else {
        zks__blob_item item;
        while (zks__wire_next_blob(&m->blobs.blobs, &item)) {
            b->checksum += item.blob.length;
        }
    }
}

static void decode(bench *b)
{
    zks__message m;
    if (zks__wire_decode(b->bytes, b->length, &m)) {
        abort();
    }
    walk(b, &m);
}

static void measure(const char *what, bench *b, int rounds, void (*run)(bench *b))
{
    double best = 1e18;
    for (int pass = 0; pass < 5; pass++) {
        double start = now_ns();
        for (int i = 0; i < rounds; i++) {
            run(b);
        }
        double each = (now_ns() - start) / rounds / ITEMS;
        best = each < best ? each : best;
    }
    printf("%-24s %8.1f ns per item\n", what, best);
}

/* --- sessions --- */

typedef struct ends {
    memory_pair *pair;
    zks__session *sessions[2];
    zks__session_keys keys[2];
    bench *bench;
} ends;

static ends joined;

static void on_message(zks__session *s, const zks__message *m, zks__buf *backing, void *user)
{
    zks__message copy = *m;
    (void)s, (void)backing;
    walk(user, &copy);
}

static void on_closed(zks__session *s, zks_status status, uint64_t code, const char *text,
                      void *user)
{
    (void)s, (void)status, (void)code, (void)text, (void)user;
    abort();
}

static void through_session(bench *b)
{
    if (zks__session_send(joined.sessions[0], &b->m)) {
        abort();
    }
    memory_pair_run(joined.pair);
}

static void join(bench *b)
{
    zks__session_events events = {.message = on_message, .closed = on_closed};
    joined.pair = memory_pair_new(&(memory_config){.seed = 1, .window = 1 << 20});
    for (int side = 0; side < 2; side++) {
        zks__session_keys_relay(zks__crypto_suite(ZKS_SUITE_SODIUM),
                                memory_pair_seed(joined.pair, side), &joined.keys[side]);
        const zks__session_config config = {.initiator = side == MEMORY_INITIATOR,
                                            .keys = &joined.keys[side],
                                            .key_count = 1,
                                            .rng = zks__crypto_rng()};
        if (zks__session_new(&config, &events, b, &joined.sessions[side])) {
            abort();
        }
        memory_pair_set_events(joined.pair, side, zks__session_link_events(),
                               joined.sessions[side]);
        zks__session_attach(joined.sessions[side], memory_pair_link(joined.pair, side));
    }
    memory_pair_run(joined.pair);
}

static void run_all(const char *name, bench *b, int rounds)
{
    char what[64];
    b->length = zks__wire_size(&b->m);
    b->bytes = malloc(b->length);
    if (!b->length || !b->bytes) {
        abort();
    }
    snprintf(what, sizeof what, "%s encode", name);
    measure(what, b, rounds, encode);
    snprintf(what, sizeof what, "%s decode and walk", name);
    measure(what, b, rounds, decode);
    join(b);
    snprintf(what, sizeof what, "%s through sessions", name);
    measure(what, b, rounds, through_session);
    memory_pair_free(joined.pair);
    zks__session_free(joined.sessions[0]);
    zks__session_free(joined.sessions[1]);
    free(b->bytes);
}

int main(int argc, char **argv)
{
    static uint8_t blob[BLOB_BYTES];
    static zks__push_item pushes[ITEMS];
    static zks__blob_item blobs[ITEMS];
    int rounds = argc > 1 ? (int)strtol(argv[1], NULL, 10) : 3000;
    rounds = rounds > 0 ? rounds : 1;
    for (size_t i = 0; i < ITEMS; i++) {
        pushes[i].blob = blobs[i].blob = (zks__slice){.data = blob, .length = sizeof blob};
    }
    bench push = {.m = {.type = ZKS_MESSAGE_PUSH, .push.blobs = {.count = ITEMS, .items = pushes}}};
    bench live = {
        .m = {.type = ZKS_MESSAGE_BLOBS, .blobs.blobs = {.count = ITEMS, .items = blobs}}};
    run_all("PUSH", &push, rounds);
    run_all("BLOBS", &live, rounds);
    printf("checksum %" PRIu64 "\n", push.checksum + live.checksum);
    return 0;
}
