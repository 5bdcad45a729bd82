/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * How old devices are, and that an EPOCH which is made anew stands no worse than the one before:
 * its hash is another one each time, so where hashes decided between devices, an ADMIN's change
 * could turn over what it stands on, and be refused again and again. A is the founder; B and C were
 * let in by A, D by B, E by D.
 */
#include "tests/support/record_world.h"
#include "tests/support/unit.h"

enum { A, B, C, D, E, DEVICES, ROOT = RECORD_WORLD_ROOT, ALL_RIGHTS = 3, SALTS = 24 };

static record_world w;
static zks__records *set;
static const zks__record *m[DEVICES], *epoch0;
static uint8_t salt;

static void put(const zks__record *r)
{
    ck_assert_int_eq(zks__records_add(set, r->bytes.data, r->bytes.length, NULL), ZKS_OK);
}

static void setup(void)
{
    static const int issuers[DEVICES] = {ROOT, A, A, B, D};
    record_world_init(&w, ZKS_GROUP_MODE_PAIRED);
    epoch0 = w.records[1];
    ck_assert_int_eq(zks__records_new(w.group_id, &set), ZKS_OK);
    for (int d = A; d < DEVICES; d++) {
        m[d] = record_world_member(&w, d, issuers[d], ALL_RIGHTS, 0);
    }
    ck_assert_int_eq(record_world_add(&w, set, 0, w.count), ZKS_OK);
}

static void teardown(void)
{
    zks__records_free(set);
    record_world_reset(&w, 0);
}

static const uint8_t *id(int device)
{
    return record_world_id(&w, device);
}

static bool tip_is(const zks__record *e)
{
    return memcmp(zks__records_epoch(set)->hash, e->hash, sizeof e->hash) == 0;
}

/* An EPOCH on `parent` that lists all but the gone and the one it removes, the oldest first. */
static const zks__record *on(const zks__record *parent, int signer, int removed)
{
    uint8_t ids[1][ZKS_DEVICE_ID_BYTES];
    const zks__record *listed[DEVICES + 2];
    size_t count = 0;
    memcpy(ids[0], removed >= 0 ? id(removed) : epoch0->hash, sizeof ids[0]);
    while ((listed[count] = zks__records_next_listed(set, parent->hash,
                                                     (const uint8_t(*)[ZKS_DEVICE_ID_BYTES])ids,
                                                     removed >= 0, count))) {
        count++;
    }
    const zks__record *e = record_world_epoch(&w, parent, signer, listed, count, &removed,
                                              removed >= 0, ++salt);
    put(e);
    return e;
}

/* Of the two of one round the one with the lower key is the older. */
static int older_of(int a, int b)
{
    return memcmp(id(a), id(b), ZKS_DEVICE_ID_BYTES) < 0 ? a : b;
}

START_TEST(newcomers_are_listed_by_age)
{
    const int expected[DEVICES] = {A, older_of(B, C), older_of(B, C) == B ? C : B, D, E};
    for (size_t i = 0; i < DEVICES; i++) {
        const zks__record *r = zks__records_next_listed(set, epoch0->hash, NULL, 0, i);
        ck_assert_ptr_nonnull(r);
        ck_assert_mem_eq(r->member.device, id(expected[i]), ZKS_DEVICE_ID_BYTES);
        ck_assert_mem_eq(zks__records_member_at(set, i)->member.device, id(expected[i]),
                         ZKS_DEVICE_ID_BYTES);
    }
    ck_assert_ptr_null(zks__records_next_listed(set, epoch0->hash, NULL, 0, DEVICES));
    ck_assert_ptr_null(zks__records_member_at(set, DEVICES));
}
END_TEST

/* Those that the parent lists stay in front of who was let in since. */
START_TEST(newcomers_come_behind_the_listed)
{
    const zks__record *e = on(epoch0, A, -1);
    int from = older_of(B, C) == B ? C : B;
    put(record_world_member(&w, DEVICES, A, ALL_RIGHTS, 0));
    const zks__record *r = zks__records_next_listed(set, e->hash, NULL, 0, DEVICES);
    ck_assert_mem_eq(r->member.device, id(DEVICES), ZKS_DEVICE_ID_BYTES);
    r = zks__records_next_listed(set, e->hash, NULL, 0, 2);
    ck_assert_mem_eq(r->member.device, id(from), ZKS_DEVICE_ID_BYTES);
}
END_TEST

/* B and C came in the same round: which of them stays does not depend on what their EPOCHs hash to,
 * and is the same before and after an EPOCH lists them. */
START_TEST(two_of_one_round_are_never_equally_old)
{
    size_t records = zks__records_count(set);
    for (int i = 0; i < SALTS; i++) {
        const zks__record *parent = i % 2 ? on(epoch0, A, -1) : epoch0;
        const zks__record *b = on(parent, B, C), *c = on(parent, C, B);
        zks__records_state s;
        zks__records_state_of(set, &s);
        ck_assert_msg(tip_is(older_of(B, C) == B ? b : c), "round %d", i);
        ck_assert_ptr_nonnull(s.fork_kept);
        zks__records_truncate(set, records);
    }
}
END_TEST

/* B and C have removed each other, and the one that lost had removed D as well. Whatever D then
 * makes on the tip is taken, each time that it is made. */
START_TEST(change_on_an_unsettled_fork_is_taken_whenever_it_is_made)
{
    size_t records = zks__records_count(set);
    int won = older_of(B, C), lost = won == B ? C : B;
    put(record_world_member(&w, D, A, ALL_RIGHTS, 0)); /* so that it is in without B */
    records++;
    for (int i = 0; i < SALTS; i++) {
        const zks__record *kept = on(epoch0, won, lost);
        (void)on(on(epoch0, lost, won), lost, D);
        ck_assert(tip_is(kept) && zks__records_rights(set, id(D)) & ZKS_RIGHT_ADMIN);
        for (int again = 0; again < 3; again++) {
            size_t before = zks__records_count(set);
            const zks__record *e = on(kept, D, again ? E : -1);
            ck_assert_msg(tip_is(e), "round %d: the change turned the fork over", i);
            ck_assert(zks__records_in_chain(set, kept->hash));
            zks__records_truncate(set, before);
        }
        zks__records_truncate(set, records);
    }
}
END_TEST

/* C and B have removed each other; B's branch goes on without A, C's has A, who removed D there.
 * As A is the oldest of them all, its branch stays, whether D has signed anything or not. */
START_TEST(older_removal_counts_before_whom_it_removes_has_signed)
{
    put(record_world_member(&w, D, A, ALL_RIGHTS, 0));
    put(record_world_member(&w, E, A, ALL_RIGHTS, 0));
    size_t records = zks__records_count(set);
    for (int i = 0; i < SALTS; i++) {
        const zks__record *c = on(epoch0, C, B), *b = on(epoch0, B, C);
        const zks__record *high = on(b, E, A), *a = on(c, A, D);
        ck_assert(tip_is(a));
        (void)on(high, D, -1);
        ck_assert(tip_is(a));
        const zks__record *e = on(a, E, -1);
        ck_assert(tip_is(e));
        zks__records_truncate(set, records);
    }
}
END_TEST

static void add(TCase *c)
{
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_test(c, newcomers_are_listed_by_age);
    tcase_add_test(c, newcomers_come_behind_the_listed);
    tcase_add_test(c, two_of_one_round_are_never_equally_old);
    tcase_add_test(c, change_on_an_unsettled_fork_is_taken_whenever_it_is_made);
    tcase_add_test(c, older_removal_counts_before_whom_it_removes_has_signed);
}

int main(void)
{
    return unit_main("record state age", add);
}
