/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Schedules from a seed, and their names. */
#include "sim/sim.h"

#include <stdio.h>

static const struct kind {
    const char *name;
    unsigned weight, evil_weight;
    unsigned paired_weight; /* in paired groups in place of either */
} kinds[SIM_KINDS] = {
    [SIM_PUSH] = {"push", 30, 30},
    [SIM_TIME] = {"time", 3, 3},
    [SIM_ONLINE] = {"online", 5, 3},
    [SIM_BREAK] = {"break", 8, 4},
    [SIM_CRASH] = {"crash", 6, 3},
    [SIM_STORE_FAILS] = {"store-fails", 4, 1},
    [SIM_SAVE] = {"save", 2, 1},
    [SIM_RESTORE] = {"restore", 2, 1},
    [SIM_COPY_STORE] = {"copy-store", 1, 1},
    [SIM_RELAY_CRASH] = {"relay-crash", 5, 2},
    [SIM_RELAY_SAVE] = {"relay-save", 3, 3},
    [SIM_RELAY_RESTORE] = {"relay-restore", 3, 1},
    [SIM_RELAY_REFUSES] = {"relay-refuses", 4, 1},
    [SIM_RELAY_NOTIFY] = {"relay-notify", 3, 1},
    [SIM_PRUNE] = {"prune", 2, 1},
    [SIM_REVOKE] = {"revoke", 0, 0, 8},
    [SIM_DUEL] = {"duel", 0, 0, 4},
    [SIM_CUT] = {"cut", 0, 0, 5},
    [SIM_RELAY_WITHHOLDS] = {"relay-withholds", 0, 0, 4},
    [SIM_PUSH_MANY] = {"push-many", 0, 0, 0},
    [SIM_RELAY_LOSES] = {"relay-loses", 0, 0, 0},
    [SIM_EVIL_DROP] = {"evil-drop", 0, 4},
    [SIM_EVIL_HIDE] = {"evil-hide", 0, 4},
    [SIM_EVIL_REPLAY] = {"evil-replay", 0, 4},
    [SIM_EVIL_FLIP] = {"evil-flip", 0, 2},
    [SIM_EVIL_SENDER] = {"evil-sender", 0, 2},
    [SIM_EVIL_SWAP] = {"evil-swap", 0, 4},
    [SIM_EVIL_HEAD] = {"evil-head", 0, 3},
    [SIM_EVIL_OWN_LAST] = {"evil-own-last", 0, 3},
    [SIM_EVIL_NOTIFY] = {"evil-notify", 0, 2},
    [SIM_EVIL_FORGET] = {"evil-forget", 0, 2},
    [SIM_EVIL_HARBOR] = {"evil-harbor", 0, 0, 4},
};

static uint64_t next(uint64_t *state)
{
    *state ^= *state << 13; /* xorshift64 (Marsaglia 2003) */
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static unsigned weight_of(const sim_options *o, size_t i)
{
    if (i == SIM_EVIL_HARBOR && !o->evil) {
        return 0;
    }
    return o->paired && kinds[i].paired_weight ? kinds[i].paired_weight
           : o->evil                           ? kinds[i].evil_weight
                                               : kinds[i].weight;
}

static uint8_t choose(uint64_t *state, const sim_options *o)
{
    unsigned total = 0;
    for (size_t i = 0; i < SIM_KINDS; i++) {
        total += weight_of(o, i);
    }
    unsigned at = (unsigned)(next(state) % total);
    for (uint8_t i = 0;; i++) {
        unsigned weight = weight_of(o, i);
        if (at < weight) {
            return i;
        }
        at -= weight;
    }
}

/* Mostly close together, so that things meet; now and then a long silence. */
static uint32_t delay(uint64_t *state)
{
    switch (next(state) % 8) {
    case 0:
        return 0;
    case 1:
        return (uint32_t)(next(state) % 120000);
    case 2:
    case 3:
        return (uint32_t)(next(state) % 8000);
    default:
        return (uint32_t)(next(state) % 400);
    }
}

size_t sim_schedule(const sim_options *o, sim_action *out)
{
    uint64_t state = o->seed * 0xda942042e4dd58b5u + 0x9e3779b97f4a7c15u;
    state = state ? state : 1;
    for (int i = 0; i < 8; i++) {
        (void)next(&state);
    }
    size_t count = 12 + next(&state) % 40;
    for (size_t i = 0; i < count; i++) {
        sim_action *a = &out[i];
        a->delay_ms = delay(&state);
        a->kind = choose(&state, o);
        a->a = (uint8_t)(next(&state) % 12); /* of slots and of relays alike */
        a->b = (uint16_t)(next(&state) % 1000);
        if (a->kind == SIM_TIME) {
            a->b = next(&state) % 6 ? a->b : (uint16_t)(a->b * 60); /* up to 16 hours */
        }
    }
    return count;
}

void sim_print_action(const sim_action *a)
{
    fprintf(stderr, "+%u ms %s a=%u b=%u\n", (unsigned)a->delay_ms, kinds[a->kind].name,
            (unsigned)a->a, (unsigned)a->b);
}

const char *sim_mutation_name(sim_mutation m)
{
    static const char *const names[SIM_MUTATIONS] = {
        [SIM_SOUND] = "sound",
        [SIM_HIGHEST_CURSOR] = "highest-cursor",
        [SIM_ONE_CURSOR] = "one-cursor",
        [SIM_EARLY_ACK] = "early-ack",
        [SIM_SKIP_UNREADABLE] = "skip-unreadable",
        [SIM_PUSH_ACK_CURSOR] = "push-ack-cursor",
        [SIM_REFUSED_IS_DONE] = "refused-is-done",
        [SIM_STALE_MEMORY] = "stale-memory",
        [SIM_REUSED_CURSORS] = "reused-cursors",
        [SIM_HIDDEN_GAP] = "hidden-gap",
        [SIM_LOST_NOTICE] = "lost-notice",
        [SIM_GIVES_UP] = "gives-up",
        [SIM_SECRET_LEAKS] = "secret-leaks",
        [SIM_NO_CUT_OFF] = "no-cut-off",
        [SIM_RECORDS_STAY] = "records-stay",
        [SIM_JUDGED_ONCE] = "judged-once",
    };
    return names[m];
}
