/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What prune may take, by cases; test_model.c compares it with a model over random histories. */
#include "store_help.h"

enum { LATER = 1000 * 1000 };

static zks__store *s;
static zks__store_group group;
static zks__store_chain own, foreign;
static zks__store_relay relay;

static void setup(void)
{
    uint8_t key[32] = {1};
    s = help_open(NULL);
    group = help_group(1);
    own = help_chain(10, 1);
    foreign = help_chain(20, 0);
    help_ok(zks__store_begin(s));
    help_ok(zks__store_group_add(s, &group));
    help_ok(zks__store_chain_add(s, group.g, &own));
    help_ok(zks__store_chain_add(s, group.g, &foreign));
    help_ok(zks__store_relay_get(s, group.g, key, &relay));
    help_ok(zks__store_commit(s));
}

static void teardown(void)
{
    zks__store_rollback(s);
    zks__store_close(s);
}

static void write_all(uint64_t pushes, uint64_t acked, uint64_t places, uint64_t received)
{
    help_ok(zks__store_begin(s));
    help_ok(help_push(s, group.g, &own, 1, pushes));
    relay.acked_n = acked;
    help_ok(zks__store_relay_update(s, &relay));
    for (uint64_t n = 1; n <= places; n++) {
        zks__store_item item = {.own_n = n};
        help_ok(zks__store_inbox_add(s, group.g, &item));
    }
    help_ok(help_receive(s, group.g, foreign.c, 1, received));
    help_ok(zks__store_commit(s));
}

static void mark(uint64_t seq)
{
    help_ok(zks__store_begin(s));
    help_ok(zks__store_watermark_set(s, group.g, seq));
    help_ok(zks__store_commit(s));
}

/* Returns the steps it took. */
static int prune(uint64_t keep, int64_t now_ms)
{
    int more = 1, steps = 0;
    while (more) {
        help_ok(zks__store_prune(s, group.g, keep, now_ms, &more));
        ck_assert_int_lt(++steps, 1000);
    }
    return steps;
}

static zks_status count_own(const zks__store_own *o, void *user)
{
    ck_assert(help_same_own(o));
    uint64_t *r = user;
    r[0] = r[0] ? r[0] : o->n;
    r[1]++;
    return ZKS_OK;
}

static void expect_own(uint64_t first, uint64_t count)
{
    uint64_t r[2] = {0, 0}, pending = 0, bytes = 0;
    help_ok(zks__store_own_each(s, group.g, 0, count_own, r));
    ck_assert_uint_eq(r[1], count);
    ck_assert_uint_eq(r[0], first);
    help_ok(zks__store_own_pending(s, group.g, 0, &pending, &bytes));
    ck_assert_uint_eq(pending, count);
}

static zks_status count_item(const zks__store_item *item, void *user)
{
    (void)item;
    (*(uint64_t *)user)++;
    return ZKS_OK;
}

static void expect_items(uint64_t count)
{
    uint64_t got = 0;
    help_ok(zks__store_inbox_each(s, group.g, 0, count_item, &got));
    ck_assert_uint_eq(got, count);
}

START_TEST(prune_takes_only_settled_own_entries)
{
    write_all(10, 6, 0, 0);
    prune(0, 0);
    expect_own(7, 4);
}
END_TEST

START_TEST(prune_waits_for_every_relay)
{
    uint8_t key[32] = {2};
    zks__store_relay second;
    write_all(10, 6, 0, 0);
    help_ok(zks__store_begin(s));
    help_ok(zks__store_relay_get(s, group.g, key, &second));
    help_ok(zks__store_commit(s));
    prune(0, 0);
    expect_own(1, 10);
}
END_TEST

START_TEST(prune_without_a_relay_takes_no_own_entry)
{
    zks__store_group lone = help_group(5);
    int more = 1;
    help_ok(zks__store_begin(s));
    help_ok(zks__store_group_add(s, &lone));
    help_ok(help_push(s, lone.g, &own, 1, 4));
    help_ok(zks__store_commit(s));
    help_ok(zks__store_prune(s, lone.g, 0, 0, &more));
    uint64_t r[2] = {0, 0};
    help_ok(zks__store_own_each(s, lone.g, 0, count_own, r));
    ck_assert_uint_eq(r[1], 4);
}
END_TEST

START_TEST(prune_keeps_what_the_app_has_not_read)
{
    write_all(10, 10, 10, 10);
    prune(0, 0);
    expect_own(1, 10);
    expect_items(20);
    mark(4);
    prune(0, 0);
    expect_own(5, 6);
    expect_items(16);
    mark(13);
    prune(0, 0);
    expect_own(0, 0);
    expect_items(7);
    mark(20);
    prune(0, 0);
    expect_items(0);
    zks__store_group got;
    help_ok(zks__store_group_get(s, group.group_id, &got));
    ck_assert_uint_eq(got.last_seq, 20);
    ck_assert_uint_eq(got.last_n, 10);
    ck_assert_uint_eq(got.inboxed_n, 10);
}
END_TEST

START_TEST(prune_keeps_the_bytes_it_is_told_received_first)
{
    write_all(10, 10, 0, 10);
    mark(10);
    uint64_t all = 0, kept = 0, bytes = 0, count = 0;
    for (uint64_t n = 1; n <= 10; n++) {
        all += 2 * help_blob_length(n);
    }
    prune(all, 0);
    expect_own(1, 10);
    expect_items(10);
    prune(all - 1, 0);
    expect_own(1, 10);
    expect_items(9);
    prune(all / 3, 0);
    expect_items(0);
    help_ok(zks__store_own_pending(s, group.g, 0, &count, &kept));
    help_ok(zks__store_inbox_pending(s, group.g, 0, &count, &bytes));
    ck_assert_uint_le(kept + bytes, all / 3);
    ck_assert_uint_gt(kept, 0);
}
END_TEST

START_TEST(prune_ended_entries_leave_holes_that_are_counted)
{
    uint8_t blob[4096];
    uint64_t want = 0, count = 0, bytes = 0;
    help_ok(zks__store_begin(s));
    for (uint64_t n = 1; n <= 12; n++) {
        zks__store_own o = help_own(n, own.c, blob);
        o.ttl_s = n % 3 ? 5000 : 10; /* 3, 6, 9, 12 end */
        help_ok(zks__store_own_add(s, group.g, &o));
        want += n % 3 && n > 4 ? help_blob_length(n) : 0;
    }
    help_ok(zks__store_commit(s));
    prune(0, 1000);
    help_ok(zks__store_own_pending(s, group.g, 0, &count, &bytes));
    ck_assert_uint_eq(count, 12); /* nothing has ended */
    prune(UINT64_MAX, LATER);
    help_ok(zks__store_own_pending(s, group.g, 4, &count, &bytes));
    ck_assert_uint_eq(count, 5); /* 5, 7, 8, 10, 11 */
    ck_assert_uint_eq(bytes, want);
    relay.acked_n = 7;
    help_ok(zks__store_begin(s));
    help_ok(zks__store_relay_update(s, &relay));
    help_ok(zks__store_commit(s));
    prune(0, LATER);
    help_ok(zks__store_own_pending(s, group.g, 0, &count, &bytes));
    ck_assert_uint_eq(count, 3); /* 8, 10, 11 */
    ck_assert_uint_eq(bytes, help_blob_length(8) + help_blob_length(10) + help_blob_length(11));
    zks__store_group got;
    help_ok(zks__store_group_get(s, group.group_id, &got));
    ck_assert_uint_eq(got.last_n, 12);
    int known = 0;
    zks__store_own o = help_own(12, own.c, blob);
    help_ok(zks__store_own_known(s, group.g, o.blob_id, &known));
    ck_assert_int_eq(known, 1);
}
END_TEST

START_TEST(prune_works_in_small_steps)
{
    write_all(1500, 1500, 0, 1500);
    mark(1500);
    ck_assert_int_ge(prune(0, 0), 3000 / 256);
    expect_own(0, 0);
    expect_items(0);
}
END_TEST

START_TEST(prune_rolled_back_changes_nothing)
{
    zks__store_group before, after;
    int more = 0;
    write_all(300, 300, 300, 300);
    mark(500);
    help_ok(zks__store_group_get(s, group.group_id, &before));
    help_ok(zks__store_begin(s));
    help_ok(zks__store_prune(s, group.g, 0, LATER * 1000, &more));
    zks__store_rollback(s);
    expect_own(1, 300);
    expect_items(600);
    help_ok(zks__store_group_get(s, group.group_id, &after));
    ck_assert_mem_eq(&before, &after, sizeof before);
    prune(0, 0);
    expect_own(0, 0);
}
END_TEST

START_TEST(prune_place_of_a_pruned_entry_is_left_out)
{
    write_all(4, 0, 0, 0);
    prune(0, LATER * 10); /* all ended before they were sent */
    expect_own(0, 0);
    help_ok(zks__store_begin(s));
    zks__store_item item = {.own_n = 1};
    help_ok(zks__store_inbox_add(s, group.g, &item));
    help_ok(help_receive(s, group.g, foreign.c, 1, 1));
    help_ok(zks__store_commit(s));
    expect_items(1);
    ck_assert_uint_eq(item.seq, 1);
}
END_TEST

static void add(TCase *c)
{
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_test(c, prune_takes_only_settled_own_entries);
    tcase_add_test(c, prune_waits_for_every_relay);
    tcase_add_test(c, prune_without_a_relay_takes_no_own_entry);
    tcase_add_test(c, prune_keeps_what_the_app_has_not_read);
    tcase_add_test(c, prune_keeps_the_bytes_it_is_told_received_first);
    tcase_add_test(c, prune_ended_entries_leave_holes_that_are_counted);
    tcase_add_test(c, prune_works_in_small_steps);
    tcase_add_test(c, prune_rolled_back_changes_nothing);
    tcase_add_test(c, prune_place_of_a_pruned_entry_is_left_out);
}

int main(void)
{
    return unit_main("store_prune", add);
}
