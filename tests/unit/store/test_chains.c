/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "store_help.h"

static zks__store *s;
static zks__store_group group, other;
static zks__store_chain chain, foreign;

static void setup(void)
{
    s = help_open(NULL);
    group = help_group(1);
    other = help_group(2);
    chain = help_chain(10, 1);
    foreign = help_chain(20, 0);
    help_ok(zks__store_begin(s));
    help_ok(zks__store_group_add(s, &group));
    help_ok(zks__store_group_add(s, &other));
    help_ok(zks__store_chain_add(s, group.g, &chain));
    help_ok(zks__store_chain_add(s, other.g, &foreign));
}

static void teardown(void)
{
    zks__store_rollback(s);
    zks__store_close(s);
}

typedef struct seen {
    size_t count;
    zks__store_chain chains[8];
} seen;

static zks_status see_chain(const zks__store_chain *c, void *user)
{
    seen *r = user;
    r->chains[r->count++] = *c;
    return ZKS_OK;
}

START_TEST(chain_add_update_each_agree)
{
    zks__store_chain second = help_chain(30, 0);
    second.tip_seq = UINT64_MAX; /* what a peer may write */
    second.floor = UINT64_MAX - 1;
    help_ok(zks__store_chain_add(s, group.g, &second));
    chain.tip_seq = 7;
    chain.floor = 2;
    memset(chain.tip_id, 9, sizeof chain.tip_id);
    help_ok(zks__store_chain_update(s, &chain));
    seen r = {0};
    help_ok(zks__store_chains_each(s, group.g, see_chain, &r));
    ck_assert_uint_eq(r.count, 2);
    ck_assert_int_eq(r.chains[0].c, chain.c);
    ck_assert_int_eq(r.chains[0].own, 1);
    ck_assert_uint_eq(r.chains[0].tip_seq, 7);
    ck_assert_uint_eq(r.chains[0].floor, 2);
    ck_assert_mem_eq(r.chains[0].tip_id, chain.tip_id, sizeof chain.tip_id);
    ck_assert_mem_eq(r.chains[0].author, chain.author, sizeof chain.author);
    ck_assert_mem_eq(r.chains[0].chain, chain.chain, sizeof chain.chain);
    ck_assert_uint_eq(r.chains[1].tip_seq, UINT64_MAX);
    ck_assert_uint_eq(r.chains[1].floor, UINT64_MAX - 1);
}
END_TEST

START_TEST(chain_add_twice_or_unknown_is_refused)
{
    zks__store_chain again = chain, lost = chain;
    ck_assert_int_eq(zks__store_chain_add(s, group.g, &again), ZKS_E_STATE);
    help_ok(zks__store_chain_add(s, other.g, &again));
    ck_assert_int_eq(zks__store_chain_add(s, 55, &again), ZKS_E_NOT_FOUND);
    lost.c = 999;
    ck_assert_int_eq(zks__store_chain_update(s, &lost), ZKS_E_NOT_FOUND);
}
END_TEST

START_TEST(history_keeps_forks_and_forgets_nothing)
{
    uint8_t ids[4][ZKS_ENTRY_ID_BYTES], got[4][ZKS_ENTRY_ID_BYTES];
    size_t count = 99;
    for (size_t i = 0; i < 4; i++) {
        memset(ids[i], (int)i + 1, sizeof ids[i]);
    }
    help_ok(zks__store_history_add(s, chain.c, 5, ids[0]));
    help_ok(zks__store_history_add(s, chain.c, 5, ids[2]));
    help_ok(zks__store_history_add(s, chain.c, 5, ids[1]));
    help_ok(zks__store_history_add(s, chain.c, 5, ids[1])); /* known */
    help_ok(zks__store_history_add(s, chain.c, UINT64_MAX, ids[3]));
    help_ok(zks__store_history_get(s, chain.c, 5, 4, got, &count));
    ck_assert_uint_eq(count, 3);
    for (size_t i = 0; i < 3; i++) {
        ck_assert_mem_eq(got[i], ids[i], sizeof ids[i]);
    }
    help_ok(zks__store_history_get(s, chain.c, 5, 2, got, &count));
    ck_assert_uint_eq(count, 2);
    help_ok(zks__store_history_get(s, chain.c, 6, 4, got, &count));
    ck_assert_uint_eq(count, 0);
    help_ok(zks__store_history_get(s, foreign.c, 5, 4, got, &count));
    ck_assert_uint_eq(count, 0);
    help_ok(zks__store_history_get(s, chain.c, UINT64_MAX, 4, got, &count));
    ck_assert_uint_eq(count, 1);
}
END_TEST

/* --- missing ranges ------------------------------------------------------------------ */

typedef struct ranges {
    size_t count;
    uint64_t first[64], last[64];
} ranges;

static zks_status see_range(int64_t c, uint64_t first, uint64_t last, void *user)
{
    ranges *r = user;
    ck_assert_int_eq(c, chain.c);
    r->first[r->count] = first;
    r->last[r->count++] = last;
    return ZKS_OK;
}

static ranges missing(void)
{
    ranges r = {0};
    help_ok(zks__store_missing_each(s, group.g, see_range, &r));
    return r;
}

START_TEST(missing_ranges_merge_and_split)
{
    help_ok(zks__store_missing_add(s, chain.c, 10, 20));
    help_ok(zks__store_missing_add(s, chain.c, 30, 40));
    help_ok(zks__store_missing_add(s, foreign.c, 1, 100));
    ck_assert_int_eq(zks__store_missing_add(s, chain.c, 5, 4), ZKS_E_INVALID);
    ranges r = missing();
    ck_assert_uint_eq(r.count, 2);
    help_ok(zks__store_missing_add(s, chain.c, 21, 29)); /* closes the gap between them */
    r = missing();
    ck_assert_uint_eq(r.count, 1);
    ck_assert_uint_eq(r.first[0], 10);
    ck_assert_uint_eq(r.last[0], 40);
    help_ok(zks__store_missing_fill(s, chain.c, 10));
    help_ok(zks__store_missing_fill(s, chain.c, 40));
    help_ok(zks__store_missing_fill(s, chain.c, 25));
    help_ok(zks__store_missing_fill(s, chain.c, 25));
    help_ok(zks__store_missing_fill(s, chain.c, 1000));
    r = missing();
    ck_assert_uint_eq(r.count, 2);
    ck_assert_uint_eq(r.first[0], 11);
    ck_assert_uint_eq(r.last[0], 24);
    ck_assert_uint_eq(r.first[1], 26);
    ck_assert_uint_eq(r.last[1], 39);
}
END_TEST

START_TEST(missing_whole_number_range_works)
{
    help_ok(zks__store_missing_add(s, chain.c, 0, UINT64_MAX));
    help_ok(zks__store_missing_fill(s, chain.c, 0));
    help_ok(zks__store_missing_fill(s, chain.c, UINT64_MAX));
    help_ok(zks__store_missing_fill(s, chain.c, UINT64_C(1) << 63));
    ranges r = missing();
    ck_assert_uint_eq(r.count, 2);
    ck_assert_uint_eq(r.first[0], 1);
    ck_assert_uint_eq(r.last[0], (UINT64_C(1) << 63) - 1);
    ck_assert_uint_eq(r.first[1], (UINT64_C(1) << 63) + 1);
    ck_assert_uint_eq(r.last[1], UINT64_MAX - 1);
}
END_TEST

START_TEST(missing_random_agrees_with_a_set)
{
    help_random random = {unit_seed_printed("missing_random_agrees_with_a_set")};
    unsigned char set[64] = {0};
    for (int step = 0; step < 400; step++) {
        uint64_t a = help_next(&random) % 64, b = a + help_next(&random) % 6;
        b = b > 63 ? 63 : b;
        if (help_next(&random) % 2) {
            help_ok(zks__store_missing_add(s, chain.c, a, b));
            memset(set + a, 1, (size_t)(b - a + 1));
        } else {
            help_ok(zks__store_missing_fill(s, chain.c, a));
            set[a] = 0;
        }
        unsigned char got[66] = {0};
        ranges r = missing();
        for (size_t i = 0; i < r.count; i++) {
            ck_assert(i == 0 || r.first[i] > r.last[i - 1] + 1);
            memset(got + r.first[i], 1, (size_t)(r.last[i] - r.first[i] + 1));
        }
        ck_assert_mem_eq(got, set, sizeof set);
    }
}
END_TEST

START_TEST(chain_remove_takes_the_row)
{
    help_ok(zks__store_chain_remove(s, chain.c));
    ck_assert_int_eq(zks__store_chain_remove(s, chain.c), ZKS_E_NOT_FOUND);
    ck_assert_int_eq(zks__store_chain_update(s, &chain), ZKS_E_NOT_FOUND);
}
END_TEST

/* --- claims: who claims has a share --- */

static zks_status claim(uint8_t by, uint32_t number, int *out_displaced)
{
    zks__store_claim c = {.author = {9}, .chain = {9}, .seq = 1 + number, .by = {by}};
    c.since_ms = 1000 + number;
    return zks__store_claim_add(s, group.g, &c, out_displaced);
}

typedef struct found_claims {
    size_t count;
    uint64_t seq;
    zks__store_claim last; /* with that seq */
} found_claims;

static zks_status count_claim(const zks__store_claim *c, void *user)
{
    found_claims *f = user;
    f->count++;
    f->last = c->seq == f->seq ? *c : f->last;
    return ZKS_OK;
}

static found_claims claims(uint32_t number)
{
    found_claims f = {.seq = 1 + number};
    help_ok(zks__store_claims_each(s, group.g, count_claim, &f));
    return f;
}

START_TEST(claims_of_who_has_most_give_way)
{
    int displaced = 7;
    for (uint32_t i = 0; i < ZKS_STORE_CLAIMS_MAX; i++) {
        help_ok(claim(1, i, &displaced));
        ck_assert_int_eq(displaced, 0);
    }
    ck_assert_int_eq(claim(1, 5000, &displaced), ZKS_E_LIMIT);
    help_ok(claim(1, 7, &displaced)); /* there already */
    for (uint32_t i = 0; i < ZKS_STORE_CLAIMS_MAX / 2; i++) {
        help_ok(claim(2, 10000 + i, &displaced));
        ck_assert_int_eq(displaced, 1);
    }
    ck_assert_int_eq(claim(2, 20000, &displaced), ZKS_E_LIMIT);
    ck_assert_int_eq(claim(1, 20000, &displaced), ZKS_E_LIMIT);
    help_ok(claim(3, 20000, &displaced));
    ck_assert_int_eq(displaced, 1);
    found_claims f = claims(20000);
    ck_assert_uint_eq(f.count, ZKS_STORE_CLAIMS_MAX);
    ck_assert_uint_eq(f.last.by[0], 3);
    ck_assert_uint_eq(claims(0).last.by[0], 1);    /* its oldest */
    ck_assert_uint_eq(claims(1000).last.by[0], 0); /* and not its newest */
}
END_TEST

/* What two claim is one claim, as far as it is, and stays while one of them has room. */
START_TEST(claims_of_two_are_one)
{
    int displaced;
    help_ok(claim(1, 4, &displaced));
    zks__store_claim c = claims(4).last;
    c.since_ms = 5;
    c.asked = 2;
    c.asked_n = 77;
    help_ok(zks__store_claim_update(s, group.g, &c));
    help_ok(claim(2, 4, &displaced));
    found_claims f = claims(4);
    ck_assert_uint_eq(f.count, 1);
    ck_assert(f.last.since_ms == 5 && f.last.asked == 2 && f.last.asked_n == 77);
    c.asked = 3;
    help_ok(zks__store_claim_update(s, group.g, &c));
    ck_assert_uint_eq(claims(4).last.asked, 3);
    for (uint32_t i = 0; i < ZKS_STORE_CLAIMS_MAX; i++) {
        zks_status status = claim(1, 100 + i, &displaced);
        ck_assert(status == ZKS_OK || status == ZKS_E_LIMIT);
    }
    ck_assert_uint_eq(claims(4).last.asked, 3);
    c.asked = UINT32_MAX;
    help_ok(zks__store_claim_update(s, group.g, &c));
    ck_assert_uint_eq(claims(4).last.asked, 0);
}
END_TEST

static void add(TCase *c)
{
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_test(c, chain_add_update_each_agree);
    tcase_add_test(c, chain_add_twice_or_unknown_is_refused);
    tcase_add_test(c, chain_remove_takes_the_row);
    tcase_add_test(c, claims_of_who_has_most_give_way);
    tcase_add_test(c, claims_of_two_are_one);
    tcase_add_test(c, history_keeps_forks_and_forgets_nothing);
    tcase_add_test(c, missing_ranges_merge_and_split);
    tcase_add_test(c, missing_whole_number_range_works);
    tcase_add_test(c, missing_random_agrees_with_a_set);
}

int main(void)
{
    return unit_main("store_chains", add);
}
