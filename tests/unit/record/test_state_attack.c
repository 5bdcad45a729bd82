/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * An attacker against the membership rules: it has the keys of a stolen ADMIN device that the
 * others remove, brings in devices of its own, and adds whatever it likes, at any place of the
 * tree, for as long as it likes; honest devices go on meanwhile. Whatever it does, it stays out,
 * nobody else is thrown out, and the removal stays in the chain: always when an older device
 * removed it; with pins or one EPOCH of the root key also when it was the oldest.
 */
#include "tests/support/record_world.h"
#include "tests/support/unit.h"

enum {
    SEEDS = 60,
    HONEST = 5, /* devices 0 to 4; the last is the youngest */
    THIEF = 8,
    PUPPETS = 9, /* to 15 */
    ALL_RIGHTS = 3,
    ROOT = RECORD_WORLD_ROOT
};

enum { THIEF_YOUNGEST, PINS, ROOT_SETTLES, CASES };

static record_world w;
static zks__records *set;
static uint64_t state;
static bool pins;

static size_t below(size_t limit)
{
    uint64_t z = (state += 0x9e3779b97f4a7c15u); /* splitmix64 (Steele, Lea, Flood 2014) */
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return (size_t)((z ^ (z >> 31)) % limit);
}

static void adopt(void)
{
    for (uint32_t n = 0; pins && zks__records_epoch_at(set, n); n++) {
        ck_assert_int_eq(zks__records_pin(set, zks__records_epoch_at(set, n)->hash), ZKS_OK);
    }
}

static const zks__record *put(const zks__record *r)
{
    zks_status status = zks__records_add(set, r->bytes.data, r->bytes.length, NULL);
    ck_assert(status == ZKS_OK || status == ZKS_E_LIMIT || status == ZKS_E_NOT_MEMBER);
    return r;
}

static const uint8_t *id(int device)
{
    return record_world_id(&w, device);
}

/* --- the honest ------------------------------------------------------------------- */

static const zks__record *honest_epoch(int signer, const int *removed, size_t count)
{
    const zks__record *e = put(record_world_next(&w, set, signer, removed, count));
    ck_assert(zks__records_in_chain(set, e->hash));
    adopt();
    return e;
}

static void start(bool thief_first)
{
    record_world_reset(&w, 2);
    ck_assert_int_eq(zks__records_new(w.group_id, &set), ZKS_OK);
    ck_assert_int_eq(record_world_add(&w, set, 0, 2), ZKS_OK);
    const zks__record *m[HONEST + 1];
    size_t count = 0;
    if (thief_first) {
        m[count++] = put(record_world_member(&w, THIEF, ROOT, ALL_RIGHTS, 0));
    }
    for (int d = 0; d < HONEST - 1; d++) {
        m[count++] = put(
            record_world_member(&w, d, d || thief_first ? (d ? 0 : THIEF) : ROOT, ALL_RIGHTS, 0));
    }
    if (!thief_first) {
        m[count++] = put(record_world_member(&w, THIEF, (int)below(HONEST - 1), ALL_RIGHTS, 0));
    }
    put(record_world_epoch(&w, w.records[1], thief_first ? THIEF : 0, m, count, NULL, 0, 0));
    adopt();
    for (size_t i = below(4); i > 0; i--) {
        bool thief = below(4) == 0; /* it was an honest one once */
        (void)honest_epoch(thief ? THIEF : (int)below(HONEST - 1), NULL, 0);
    }
    put(record_world_member(&w, HONEST - 1, (int)below(HONEST - 1), ALL_RIGHTS, 0));
    for (size_t i = below(3); i > 0; i--) {
        (void)honest_epoch((int)below(HONEST - 1), NULL, 0);
    }
}

/* --- the thief -------------------------------------------------------------------- */

static const zks__record *any_epoch(void)
{
    const zks__record *found = NULL;
    size_t seen = 0;
    for (size_t i = 0; i < zks__records_count(set); i++) {
        const zks__record *r = zks__records_at(set, i);
        if (r->kind == ZKS_RECORD_KIND_EPOCH && below(++seen) == 0) {
            found = r;
        }
    }
    return found;
}

static int any_own(void)
{
    int own = below(2) ? THIEF : PUPPETS + (int)below(RECORD_WORLD_DEVICES - PUPPETS);
    return zks__records_known(set, id(own)) ? own : THIEF;
}

/* The parent's list without the removed; the signer and perhaps other own ones behind it. */
static size_t list_for(const zks__record *parent, int signer, const int *removed, size_t count,
                       const zks__record **out)
{
    size_t listed = 0;
    bool there = false;
    for (size_t i = 0; i < parent->epoch.listed.count; i++) {
        const zks__record *r = zks__records_find(set, zks__record_item(&parent->epoch.listed, i));
        int d = record_world_device(&w, r->member.device);
        bool out_now = false;
        for (size_t k = 0; k < count; k++) {
            out_now = out_now || removed[k] == d;
        }
        if (!out_now) {
            out[listed++] = r;
            there = there || d == signer;
        }
    }
    if (!there) {
        out[listed++] = zks__records_known(set, id(signer));
    }
    return listed;
}

static void attack(void)
{
    const zks__record *listed[RECORD_WORLD_DEVICES + 1];
    int removed[HONEST];
    size_t count = 0;
    int signer = any_own();
    if (below(4) == 0) {
        int puppet = PUPPETS + (int)below(RECORD_WORLD_DEVICES - PUPPETS);
        if (puppet != signer) {
            put(record_world_member(&w, puppet, signer, ALL_RIGHTS, 0));
        }
        return;
    }
    const zks__record *parent = any_epoch();
    for (int d = 0; d < HONEST; d++) {
        if (below(3) == 0 && zks__records_valid(set, id(d), parent->hash)) {
            removed[count++] = d;
        }
    }
    size_t n = list_for(parent, signer, removed, count, listed);
    put(record_world_epoch(&w, parent, signer, listed, n, removed, count, (uint8_t)below(200)));
}

/* --- what must hold --------------------------------------------------------------- */

static void check(const zks__record *removal, uint64_t seed, const char *when)
{
    ck_assert_msg(zks__records_in_chain(set, removal->hash), "seed %" PRIu64 " %s: the removal",
                  seed, when);
    for (int d = 0; d < HONEST; d++) {
        ck_assert_msg(zks__records_member(set, id(d), 0) && !zks__records_denied(set, id(d)),
                      "seed %" PRIu64 " %s: device %d is out", seed, when, d);
    }
    ck_assert_msg(zks__records_denied(set, id(THIEF)), "seed %" PRIu64 " %s: the thief", seed,
                  when);
    for (int d = THIEF; d < RECORD_WORLD_DEVICES; d++) {
        ck_assert_msg(!zks__records_member(set, id(d), 0), "seed %" PRIu64 " %s: device %d is in",
                      seed, when, d);
    }
}

static size_t harmful;

static void play(uint64_t seed, int kind)
{
    const int thief[] = {THIEF};
    state = seed;
    pins = kind == PINS;
    start(kind != THIEF_YOUNGEST);
    const zks__record *removal = honest_epoch((int)below(HONEST - 1), thief, 1);
    for (size_t i = below(3); i > 0; i--) {
        (void)honest_epoch((int)below(HONEST), NULL, 0);
    }
    check(removal, seed, "before");
    if (kind == ROOT_SETTLES) {
        /* the thief has its way, until the recovery code is used */
        zks__records_state honest;
        zks__records_state_of(set, &honest);
        for (size_t i = 4 + below(12); i > 0; i--) {
            attack();
        }
        harmful += !zks__records_in_chain(set, removal->hash);
        const zks__record *listed[RECORD_WORLD_DEVICES];
        size_t n = 0;
        for (size_t i = 0; i < honest.tip->epoch.listed.count; i++) {
            listed[n++] = zks__records_find(set, zks__record_item(&honest.tip->epoch.listed, i));
        }
        put(record_world_epoch(&w, honest.tip, ROOT, listed, n, NULL, 0, 201));
        check(removal, seed, "settled");
    }
    for (size_t i = 0; i < 20; i++) {
        attack();
        check(removal, seed, "attacked");
        if (below(4) == 0) {
            (void)honest_epoch((int)below(HONEST), NULL, 0);
        }
    }
    zks__records_free(set);
}

START_TEST(removed_device_stays_out_whatever_it_signs)
{
    uint64_t seed = unit_seed_printed("attack");
    size_t seeds = unit_rounds(SEEDS);
    record_world_init(&w, ZKS_GROUP_MODE_PAIRED);
    for (size_t i = 0; i < seeds; i++) {
        play(seed + i, _i);
    }
    /* the attack is one: without pins and root the oldest device has its way now and then */
    ck_assert(_i != ROOT_SETTLES || harmful > 0);
    record_world_reset(&w, 0);
}
END_TEST

static void add(TCase *c)
{
    tcase_add_loop_test(c, removed_device_stays_out_whatever_it_signs, 0, CASES);
}

int main(void)
{
    return unit_main("record state attack", add);
}
