/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Random schedules against the model: authors that sign now and then, expire, fork and equivocate;
 * relays and members that reorder, duplicate, withhold, strip signatures and write entries in other
 * names; a device that is stopped and restored at any point.
 */
#include "tests/support/history_world.h"
#include "tests/support/unit.h"

enum { SEEDS = 2000, ENTRIES_MAX = 90, MINUTE_MS = 60 * 1000, DAY_MS = 24 * 60 * MINUTE_MS };

typedef struct plan {
    uint64_t state; /* of splitmix64 (Steele, Lea, Flood 2014) */
    size_t count;
    zks__history_entry entries[ENTRIES_MAX];
    uint64_t next_ref;
} plan;

static uint64_t draw(plan *p)
{
    uint64_t z = (p->state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static uint64_t below(plan *p, uint64_t limit)
{
    return draw(p) % limit;
}

static bool chance(plan *p, unsigned percent)
{
    return below(p, 100) < percent;
}

static void fill(plan *p, uint8_t *out, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        out[i] = (uint8_t)draw(p);
    }
}

/* The entry behind `before` (NULL: the first) of a chain. */
static zks__history_entry follow(plan *p, const zks__history_key *key,
                                 const zks__history_entry *before, unsigned sign_percent)
{
    zks__history_entry e = {.key = *key, .seq = before ? before->seq + 1 : 1};
    fill(p, e.id, sizeof e.id);
    if (before) {
        memcpy(e.prev, before->id, sizeof e.prev);
    }
    e.signed_ok = chance(p, sign_percent);
    e.floor = chance(p, 10) ? below(p, e.seq + 3) : 1;
    return e;
}

/* One chain, with branches of it now and then. */
static void plan_chain(plan *p, size_t room, unsigned sign_percent, unsigned fork_percent)
{
    zks__history_key key;
    fill(p, key.author, sizeof key.author);
    fill(p, key.chain, sizeof key.chain);
    size_t first = p->count;
    for (size_t i = 0; i < room; i++) {
        const zks__history_entry *before = p->count > first ? &p->entries[p->count - 1] : NULL;
        if (before && chance(p, fork_percent)) {
            size_t branch = first + below(p, p->count - first + 1);
            before = branch == p->count ? NULL : &p->entries[branch];
        }
        p->entries[p->count] = follow(p, &key, before, sign_percent);
        p->count++;
    }
}

/* As an attacker inside the group would: no signature, or none any more. */
static void spoil(plan *p, zks__history_entry *e)
{
    e->signed_ok = 0;
    switch (below(p, 4)) {
    case 0: /* the signature stripped */
        break;
    case 1: /* another content at the same place */
        fill(p, e->id, sizeof e->id);
        break;
    case 2: /* bits flipped in what it continues, which changes its id */
        e->prev[below(p, sizeof e->prev)] ^= 1;
        e->id[below(p, sizeof e->id)] ^= 1;
        break;
    default: /* moved, which changes its id */
        e->seq += 1 + below(p, 3);
        e->id[below(p, sizeof e->id)] ^= 1;
        break;
    }
}

/* Which entry comes next: mostly in order within a moving window. */
static size_t pick(plan *p, size_t step, size_t window)
{
    size_t from = step > window ? step - window : 0;
    size_t to = step + window < p->count ? step + window : p->count;
    return from < to ? from + below(p, to - from) : below(p, p->count);
}

static void step_once(plan *p, history_world *w, size_t at)
{
    zks__history_entry e = p->entries[at];
    e.ref = p->next_ref++;
    if (chance(p, 12)) {
        spoil(p, &e);
    }
    if (chance(p, 50)) {
        memcpy(e.pusher, e.key.author, sizeof e.pusher);
    }
    world_offer(w, &e);
    if (chance(p, 1)) {
        world_wait(w, 4 * (uint64_t)DAY_MS);
    }
    if (chance(p, 20)) {
        world_wait(w, below(p, 8 * MINUTE_MS));
    }
    if (chance(p, 15)) {
        world_tick(w);
    }
    if (chance(p, 10)) {
        world_restart(w);
    }
    if (chance(p, 10)) {
        world_check(w);
    }
}

static bool signed_or_followed(const plan *p, const zks__history_entry *e)
{
    if (e->signed_ok) {
        return true;
    }
    for (size_t i = 0; i < p->count; i++) {
        const zks__history_entry *x = &p->entries[i];
        if (memcmp(x->prev, e->id, sizeof e->id) == 0 && signed_or_followed(p, x)) {
            return true;
        }
    }
    return false;
}

static size_t branches_at(const plan *p, history_world *w, const zks__history_entry *e)
{
    size_t count = 0;
    for (size_t i = 0; i < p->count; i++) {
        const zks__history_entry *x = &p->entries[i];
        count += x->seq == e->seq && memcmp(&x->key, &e->key, sizeof e->key) == 0 &&
                 world_was_delivered(w, x);
    }
    return count;
}

static bool follower_delivered(const plan *p, history_world *w, const zks__history_entry *e)
{
    for (size_t i = 0; i < p->count; i++) {
        const zks__history_entry *x = &p->entries[i];
        if (memcmp(x->prev, e->id, sizeof e->id) == 0 && world_was_delivered(w, x)) {
            return true;
        }
    }
    return false;
}

/* With no rule but the promise: all have come, so what the author signed, or continued in something
 * that was delivered, was delivered too, unless its seq is full of other branches; and nothing was
 * that nobody signed. */
static void check_promise(const plan *p, history_world *w, size_t delivered)
{
    size_t known = 0;
    for (size_t i = 0; i < p->count; i++) {
        const zks__history_entry *e = &p->entries[i];
        bool was = world_was_delivered(w, e);
        bool must = e->signed_ok || follower_delivered(p, w, e);
        known += was;
        ck_assert_msg(!was || signed_or_followed(p, e),
                      "seq %" PRIu64 " delivered though nobody signed it", e->seq);
        ck_assert_msg(was || !must || branches_at(p, w, e) == ZKS_HISTORY_BRANCHES_MAX,
                      "seq %" PRIu64 " is lost", e->seq);
    }
    ck_assert_msg(known == delivered, "something that nobody wrote was delivered");
}

/* Everything comes once more in a random order, then time passes. */
static void finish(plan *p, history_world *w)
{
    for (size_t i = p->count; i > 1; i--) {
        size_t k = below(p, i);
        zks__history_entry moved = p->entries[i - 1];
        p->entries[i - 1] = p->entries[k];
        p->entries[k] = moved;
    }
    for (size_t i = 0; i < p->count; i++) {
        zks__history_entry e = p->entries[i];
        e.ref = p->next_ref++;
        world_offer(w, &e);
        if (chance(p, 5)) {
            world_restart(w);
        }
    }
    world_wait(w, 30 * MINUTE_MS);
    world_tick(w);
    world_check(w);
    check_promise(p, w,
                  world_count(w, ZKS_VERDICT_DELIVER) + world_count(w, ZKS_VERDICT_LATE) +
                      world_count(w, ZKS_VERDICT_FORK));
}

static const char *run(uint64_t seed, history_world *w)
{
    plan p = {.state = seed, .next_ref = 1};
    unsigned sign = (unsigned)(5 + below(&p, 4) * below(&p, 30));
    unsigned fork = chance(&p, 50) ? 0 : (unsigned)below(&p, 40);
    fork = chance(&p, 5) ? 95 : fork; /* a bush: more branches than are taken */
    size_t chains = 1 + below(&p, 3);
    for (size_t i = 0; i < chains; i++) {
        plan_chain(&p, 4 + below(&p, ENTRIES_MAX / chains - 4), sign, fork);
    }
    size_t window = 1 + below(&p, 20);
    unsigned lost = (unsigned)below(&p, 40);
    for (size_t step = 0; step < p.count && !world_problem(w); step++) {
        if (!chance(&p, lost)) {
            step_once(&p, w, chance(&p, 50) ? step : pick(&p, step, window));
        }
    }
    if (chance(&p, 70)) {
        finish(&p, w);
    }
    return world_problem(w);
}

START_TEST(history_random_schedules_agree_with_the_model)
{
    uint64_t seed = unit_seed_printed("history against the model");
    size_t counts[ZKS_VERDICT_UNVERIFIED + 1] = {0};
    for (uint64_t i = 0; i < SEEDS; i++) {
        history_world *w = world_new((uint8_t)i);
        ck_assert_ptr_nonnull(w);
        const char *problem = run(seed + i, w);
        ck_assert_msg(!problem, "seed %" PRIu64 ": %s", seed + i, problem);
        for (int kind = ZKS_VERDICT_DELIVER; kind <= ZKS_VERDICT_UNVERIFIED; kind++) {
            counts[kind] += world_count(w, (zks__verdict_kind)kind);
        }
        world_free(w);
    }
    /* Else the schedules test less than they claim. */
    for (int kind = ZKS_VERDICT_DELIVER; kind <= ZKS_VERDICT_UNVERIFIED; kind++) {
        printf("  verdict %d: %zu times\n", kind, counts[kind]);
        ck_assert_uint_gt(counts[kind], 0);
    }
}
END_TEST

static void add(TCase *c)
{
    tcase_add_test(c, history_random_schedules_agree_with_the_model);
}

int main(void)
{
    return unit_main("group history model", add);
}
