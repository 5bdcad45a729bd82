/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Random sets of records against the model: any device issues, signs, removes and leaves, by the
 * rules and against them, at any place of the tree; each set in several orders of arrival, all at
 * once and one by one.
 */
#include "tests/support/record_model.h"
#include "tests/support/unit.h"

enum { SEEDS = 1000, DEVICES = 9, EPOCHS_MAX = 12, ORDERS = 2 };

static record_world w;
static record_model m;
static uint64_t state;

static uint64_t draw(void) /* splitmix64 (Steele, Lea, Flood 2014) */
{
    uint64_t z = (state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static size_t below(size_t limit)
{
    return (size_t)(draw() % limit);
}

static bool chance(unsigned percent)
{
    return below(100) < percent;
}

/* --- a random set ----------------------------------------------------------------- */

static bool known[DEVICES];

static int any_known(void)
{
    int d;
    do {
        d = (int)below(DEVICES);
    } while (!known[d]);
    return d;
}

static void plan_member(void)
{
    int device = (int)below(DEVICES);
    int issuer = chance(20) ? RECORD_WORLD_ROOT : any_known();
    uint8_t rights = chance(60) ? 3 : (uint8_t)below(4);
    if (device != issuer) {
        (void)record_world_member(&w, device, issuer, rights, chance(20) ? 1 + below(3) : 0);
        known[device] = true;
    }
}

static const zks__record *any_of(zks__record_kind kind)
{
    const zks__record *found = NULL;
    size_t seen = 0;
    for (size_t i = 0; i < w.count; i++) {
        if (w.records[i]->kind == kind && below(++seen) == 0) {
            found = w.records[i];
        }
    }
    return found;
}

static size_t siblings(const zks__record *parent, int signer)
{
    size_t count = 0;
    for (size_t i = 0; i < w.count; i++) {
        const zks__record *r = w.records[i];
        count += r->kind == ZKS_RECORD_KIND_EPOCH && r->epoch.number &&
                 memcmp(r->epoch.parent, parent->hash, 32) == 0 &&
                 record_world_device(&w, r->epoch.signer) == signer;
    }
    return count;
}

/* The members at the parent without the removed ones: its list first, then some others. */
static size_t plan_list(const zks__record *p, const model_members *at, int signer,
                        const int *removed, size_t removed_count, const zks__record **out)
{
    bool used[RECORD_WORLD_DEVICES] = {false};
    size_t count = 0;
    for (size_t i = 0; i < removed_count; i++) {
        used[removed[i]] = true;
    }
    for (size_t pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < (pass ? w.count : p->epoch.listed.count); i++) {
            const zks__record *r = w.records[i];
            for (size_t k = 0; !pass && k < w.count; k++) {
                r = memcmp(w.records[k]->hash, zks__record_item(&p->epoch.listed, i), 32) == 0
                        ? w.records[k]
                        : r;
            }
            int d = r->kind == ZKS_RECORD_KIND_MEMBER ? record_world_device(&w, r->member.device)
                                                      : -1;
            if (d >= 0 && !used[d] && at->in[d] && (!pass || d == signer || chance(70))) {
                used[d] = true;
                out[count++] = r;
            }
        }
    }
    return count;
}

static void spoil(const zks__record **listed, size_t *count)
{
    if (*count > 1 && chance(40)) {
        const zks__record *r = listed[0];
        listed[0] = listed[1];
        listed[1] = r;
    } else if (*count && chance(40)) {
        (*count)--;
    } else if (*count < 8) {
        listed[(*count)++] = any_of(ZKS_RECORD_KIND_MEMBER);
        *count -= *count > 1 && listed[*count - 1] == listed[*count - 2];
    }
}

static bool all_distinct(const zks__record **listed, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < i; k++) {
            bool both = listed[i] && listed[k];
            if (both && memcmp(listed[i]->hash, listed[k]->hash, 32) == 0) {
                return false;
            }
        }
    }
    return true;
}

static void plan_epoch(uint8_t salt)
{
    const zks__record *listed[RECORD_WORLD_DEVICES + 2];
    int removed[2];
    size_t removed_count = 0;
    const zks__record *p = any_of(ZKS_RECORD_KIND_EPOCH);
    /* newer ones more often: the branches get long */
    const zks__record *other = any_of(ZKS_RECORD_KIND_EPOCH);
    p = other->epoch.number > p->epoch.number ? other : p;
    model_members at;
    record_model_members(&m, p, &at);
    int signer = chance(10) ? RECORD_WORLD_ROOT : any_known();
    for (int i = 0; i < 8 && signer >= 0 && !(at.rights[signer] & ZKS_RIGHT_ADMIN); i++) {
        signer = any_known(); /* mostly one who may */
    }
    for (size_t i = 0; i < 2; i++) {
        int d = any_known();
        if (chance(55) && d != signer && (i == 0 || !removed_count || removed[0] != d) &&
            (at.in[d] || chance(5))) {
            removed[removed_count++] = d;
        }
    }
    size_t count = plan_list(p, &at, signer, removed, removed_count, listed);
    if (chance(12)) {
        spoil(listed, &count);
    }
    if (siblings(p, signer) < ZKS_RECORDS_SIBLINGS_MAX && all_distinct(listed, count)) {
        (void)record_world_epoch(&w, p, signer, listed, count, removed, removed_count, salt);
    }
}

static void plan_set(void)
{
    record_world_reset(&w, 2);
    memset(known, 0, sizeof known);
    m.pin_count = 0;
    m.w = &w;
    (void)record_world_member(&w, 0, RECORD_WORLD_ROOT, 3, 0);
    known[0] = true;
    size_t steps = 6 + below(22);
    size_t epochs = 0;
    for (size_t i = 0; i < steps; i++) {
        if (i > 2 && epochs < EPOCHS_MAX && chance(60)) {
            plan_epoch((uint8_t)i);
            epochs++;
        } else if (chance(94)) {
            plan_member();
        } else {
            (void)record_world_leave(&w, any_known());
        }
    }
    for (size_t i = 0; i < w.count && chance(50); i++) {
        if (w.records[i]->kind == ZKS_RECORD_KIND_EPOCH && chance(40)) {
            m.pins[m.pin_count++] = w.records[i];
        }
    }
}

/* --- into a set ------------------------------------------------------------------- */

static void shuffle(size_t *order, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        order[i] = i;
    }
    for (size_t i = count; i > 1; i--) {
        size_t k = below(i);
        size_t t = order[i - 1];
        order[i - 1] = order[k];
        order[k] = t;
    }
}

static void add_at_once(zks__records *set, const size_t *order)
{
    zks__slice slices[RECORD_WORLD_RECORDS_MAX];
    for (size_t i = 0; i < w.count; i++) {
        slices[i] = w.records[order[i]]->bytes;
    }
    ck_assert_int_eq(zks__records_add_all(set, slices, w.count, NULL), ZKS_OK);
}

/* Again and again, as when parts come from several relays; the state is asked for between. */
static void add_one_by_one(zks__records *set, const size_t *order)
{
    bool done[RECORD_WORLD_RECORDS_MAX] = {false};
    size_t left = w.count;
    while (left) {
        size_t before = left;
        for (size_t i = 0; i < w.count; i++) {
            zks__slice b = w.records[order[i]]->bytes;
            zks_status status = done[i] ? ZKS_E_STATE
                                        : zks__records_add(set, b.data, b.length, NULL);
            ck_assert(status == ZKS_OK || status == ZKS_E_STATE || status == ZKS_E_NOT_MEMBER ||
                      status == ZKS_E_UNKNOWN_EPOCH);
            if (!status) {
                done[i] = true;
                left--;
                (void)zks__records_members(set);
            }
        }
        ck_assert_uint_lt(left, before);
    }
}

/* --- the comparison --------------------------------------------------------------- */

static size_t forks, losers, refused;

START_TEST(state_is_what_the_rules_say_in_any_order)
{
    uint64_t seed = unit_seed_printed("state");
    size_t seeds = unit_rounds(SEEDS);
    record_world_init(&w, ZKS_GROUP_MODE_PAIRED);
    for (size_t n = 0; n < seeds; n++, seed++) {
        uint8_t digest[ORDERS][32];
        state = seed;
        plan_set();
        record_model_run(&m);
        forks += m.fork_kept != NULL;
        for (size_t i = 0; i < w.count; i++) {
            losers += m.ok[i] && !m.in[i];
            refused += w.records[i]->kind == ZKS_RECORD_KIND_EPOCH && !m.ok[i];
        }
        /* the model has no order: one is enough most times */
        for (size_t o = n % 4 ? n % 2 : 0; o < (n % 4 ? n % 2 + 1 : ORDERS); o++) {
            size_t order[RECORD_WORLD_RECORDS_MAX];
            zks__records *set = NULL;
            ck_assert_int_eq(zks__records_new(w.group_id, &set), ZKS_OK);
            shuffle(order, w.count);
            for (size_t i = 0; i < m.pin_count; i++) {
                ck_assert_int_eq(zks__records_pin(set, m.pins[i]->hash), ZKS_OK);
            }
            (o % 2 ? add_one_by_one : add_at_once)(set, order);
            zks__records_digest(set, digest[o]);
            const char *problem = record_model_difference(&m, set);
            ck_assert_msg(!problem, "seed %" PRIu64 ": %s", seed, problem);
            zks__records_free(set);
        }
        ck_assert(n % 4 || memcmp(digest[0], digest[1], 32) == 0);
    }
    printf("sets %zu, with a ring %zu, epochs that lost %zu, against the rules %zu\n", seeds, forks,
           losers, refused);
    ck_assert(forks && losers && refused);
    record_world_reset(&w, 0);
}
END_TEST

static void add(TCase *c)
{
    tcase_add_test(c, state_is_what_the_rules_say_in_any_order);
}

int main(void)
{
    return unit_main("record state model", add);
}
