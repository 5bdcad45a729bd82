/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A script of offers, waits and restarts, one operation in three bytes (code, a, b), against the
 * model of tests/support/history_model.c. Entries stand in a table: first written, by whomever,
 * then offered any number of times, with or without their signature.
 */
#include "tests/support/history_world.h"

#include <stdio.h>
#include <stdlib.h>

enum { ENTRIES_MAX = 48, STEPS_MAX = 200, CHAINS = 2, OPERATION_BYTES = 3, MINUTE_MS = 60000 };

enum { WRITE_NEXT, WRITE_ANYWHERE, OFFER, OFFER_STRIPPED, WAIT, TICK, RESTART, CHECK, OPERATIONS };

typedef struct script {
    history_world *world;
    size_t count;
    zks__history_entry entries[ENTRIES_MAX];
    uint64_t next_ref;
} script;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static zks__history_entry *new_entry(script *s, unsigned chain)
{
    zks__history_entry *e = &s->entries[s->count];
    memset(e, 0, sizeof *e);
    e->key.chain[0] = (uint8_t)chain;
    e->id[0] = (uint8_t)(s->count * 37 + 11); /* not in the order of writing */
    e->id[1] = 1;
    s->count++;
    return e;
}

/* The author goes on behind entry a (or begins a chain); b: signed, floor. */
static void write_next(script *s, uint8_t a, uint8_t b)
{
    const zks__history_entry *before = a < s->count ? &s->entries[a] : NULL;
    zks__history_entry *e = new_entry(s, before ? before->key.chain[0] : a % CHAINS);
    e->seq = before ? before->seq + 1 : 1;
    if (before) {
        memcpy(e->prev, before->id, sizeof e->prev);
    }
    e->signed_ok = b & 1;
    e->floor = b & 2 ? e->seq - (e->seq > (b >> 4) ? b >> 4 : 0) : 1;
}

/* Somebody invents an entry at a seq, with a predecessor that nobody has written. */
static void write_anywhere(script *s, uint8_t a, uint8_t b)
{
    zks__history_entry *e = new_entry(s, a % CHAINS);
    e->seq = 1 + a / CHAINS % 24;
    e->prev[0] = b;
    e->prev[1] = 2;
    e->signed_ok = b & 1;
    e->floor = b & 2 ? e->seq : 1;
}

static void offer(script *s, uint8_t a, bool stripped)
{
    if (s->count) {
        zks__history_entry e = s->entries[a % s->count];
        e.signed_ok = e.signed_ok && !stripped;
        e.ref = s->next_ref++;
        world_offer(s->world, &e);
    }
}

static void operate(script *s, uint8_t code, uint8_t a, uint8_t b)
{
    switch (code % OPERATIONS) {
    case WRITE_NEXT:
    case WRITE_ANYWHERE:
        if (s->count < ENTRIES_MAX) {
            (code % OPERATIONS == WRITE_NEXT ? write_next : write_anywhere)(s, a, b);
            offer(s, (uint8_t)(s->count - 1), (b & 4) != 0);
        }
        break;
    case OFFER:
        offer(s, a, false);
        break;
    case OFFER_STRIPPED:
        offer(s, a, true);
        break;
    case WAIT:
        world_wait(s->world, (uint64_t)a * MINUTE_MS / 8);
        break;
    case TICK:
        world_tick(s->world);
        break;
    case RESTART:
        world_restart(s->world);
        break;
    default:
        world_check(s->world);
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    script s = {.world = world_new(1), .next_ref = 1};
    if (!s.world) {
        abort();
    }
    for (size_t i = 0; i < STEPS_MAX && size >= OPERATION_BYTES; i++) {
        operate(&s, data[0], data[1], data[2]);
        data += OPERATION_BYTES;
        size -= OPERATION_BYTES;
    }
    world_check(s.world);
    if (world_problem(s.world)) {
        (void)fprintf(stderr, "%s\n", world_problem(s.world));
        abort();
    }
    world_free(s.world);
    return 0;
}
