/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "store_help.h"

static zks__store *s;
static zks__store_group group, other;
static zks__store_chain chain, second;

static void setup(void)
{
    s = help_open(NULL);
    group = help_group(1);
    other = help_group(2);
    chain = help_chain(10, 1);
    second = help_chain(20, 1);
    help_ok(zks__store_begin(s));
    help_ok(zks__store_group_add(s, &group));
    help_ok(zks__store_group_add(s, &other));
    help_ok(zks__store_chain_add(s, group.g, &chain));
    help_ok(zks__store_chain_add(s, other.g, &second));
    help_ok(help_push(s, group.g, &chain, 1, 20));
    help_ok(help_push(s, other.g, &second, 1, 3));
}

static void teardown(void)
{
    zks__store_rollback(s);
    zks__store_close(s);
}

typedef struct seen {
    uint64_t next, count, stop_at;
    zks_status stop;
} seen;

static zks_status see(const zks__store_own *own, void *user)
{
    seen *r = user;
    ck_assert_uint_eq(own->n, r->next);
    ck_assert(help_same_own(own));
    r->next++;
    r->count++;
    return own->n == r->stop_at ? r->stop : ZKS_OK;
}

START_TEST(own_each_gives_what_was_added)
{
    seen r = {.next = 1};
    help_ok(zks__store_own_each(s, group.g, 0, see, &r));
    ck_assert_uint_eq(r.count, 20);
    r = (seen){.next = 16};
    help_ok(zks__store_own_each(s, group.g, 15, see, &r));
    ck_assert_uint_eq(r.count, 5);
    r = (seen){0};
    help_ok(zks__store_own_each(s, group.g, 20, see, &r));
    help_ok(zks__store_own_each(s, group.g, UINT64_MAX, see, &r));
    ck_assert_uint_eq(r.count, 0);
}
END_TEST

START_TEST(own_each_stops_as_told)
{
    seen r = {.next = 1, .stop_at = 4, .stop = ZKS_E_LIMIT};
    help_ok(zks__store_own_each(s, group.g, 0, see, &r));
    ck_assert_uint_eq(r.count, 4);
    r = (seen){.next = 1, .stop_at = 6, .stop = ZKS_E_DECRYPT};
    ck_assert_int_eq(zks__store_own_each(s, group.g, 0, see, &r), ZKS_E_DECRYPT);
    ck_assert_uint_eq(r.count, 6);
}
END_TEST

static zks_status see_within(const zks__store_own *own, void *user)
{
    seen inner = {.next = own->n + 1};
    help_ok(zks__store_own_each(s, group.g, own->n, see, &inner));
    ck_assert(help_same_own(own)); /* still there */
    ck_assert_uint_eq(inner.count, 20 - own->n);
    (*(uint64_t *)user)++;
    return ZKS_OK;
}

START_TEST(own_each_within_itself_works)
{
    uint64_t count = 0;
    help_ok(zks__store_own_each(s, group.g, 0, see_within, &count));
    ck_assert_uint_eq(count, 20);
}
END_TEST

START_TEST(own_add_refuses_gaps_and_oversize)
{
    static uint8_t large[ZKS_BLOB_MAX_BYTES + 1];
    uint8_t blob[4096];
    zks__store_own own = help_own(22, chain.c, blob);
    ck_assert_int_eq(zks__store_own_add(s, group.g, &own), ZKS_E_INVALID);
    own.n = 20;
    ck_assert_int_eq(zks__store_own_add(s, group.g, &own), ZKS_E_INVALID);
    own.n = 21;
    own.blob = (zks__slice){large, sizeof large};
    ck_assert_int_eq(zks__store_own_add(s, group.g, &own), ZKS_E_TOO_LARGE);
    ck_assert_int_eq(zks__store_own_add(s, 77, &own), ZKS_E_NOT_FOUND);
    own.blob.length--;
    help_ok(zks__store_own_add(s, group.g, &own));
}
END_TEST

START_TEST(own_add_rolled_back_gives_the_number_again)
{
    zks__store_group got;
    uint64_t count, bytes, count2, bytes2;
    help_ok(zks__store_commit(s));
    help_ok(zks__store_own_pending(s, group.g, 0, &count, &bytes));
    help_ok(zks__store_begin(s));
    help_ok(help_push(s, group.g, &chain, 21, 10));
    zks__store_rollback(s);
    help_ok(zks__store_group_get(s, group.group_id, &got));
    ck_assert_uint_eq(got.last_n, 20);
    help_ok(zks__store_own_pending(s, group.g, 0, &count2, &bytes2));
    ck_assert_uint_eq(count, count2);
    ck_assert_uint_eq(bytes, bytes2);
    help_ok(zks__store_begin(s));
    help_ok(help_push(s, group.g, &chain, 21, 1));
}
END_TEST

START_TEST(own_pending_counts_behind)
{
    for (uint64_t after = 0; after <= 22; after++) {
        uint64_t count = 99, bytes = 99, want = 0;
        for (uint64_t n = after + 1; n <= 20; n++) {
            want += help_blob_length(n);
        }
        help_ok(zks__store_own_pending(s, group.g, after, &count, &bytes));
        ck_assert_uint_eq(count, after < 20 ? 20 - after : 0);
        ck_assert_uint_eq(bytes, want);
    }
    uint64_t count = 99, bytes = 99;
    help_ok(zks__store_own_pending(s, group.g, UINT64_MAX, &count, &bytes));
    ck_assert_uint_eq(count + bytes, 0);
}
END_TEST

static int known(uint32_t g, uint64_t n)
{
    uint8_t blob[4096];
    int out = 7;
    zks__store_own own = help_own(n, chain.c, blob);
    help_ok(zks__store_own_known(s, g, own.blob_id, &out));
    return out;
}

START_TEST(own_known_knows_all_and_only_own)
{
    uint8_t key[32] = {1};
    int more = 1;
    for (uint64_t n = 1; n <= 20; n++) {
        ck_assert_int_eq(known(group.g, n), 1);
    }
    ck_assert_int_eq(known(group.g, 21), 0);
    ck_assert_int_eq(known(other.g, 3), 1);
    ck_assert_int_eq(known(other.g, 4), 0);
    zks__store_relay relay; /* settled at the one relay there is: dropped, and known still */
    help_ok(zks__store_relay_get(s, group.g, key, &relay));
    relay.acked_n = 15;
    help_ok(zks__store_relay_update(s, &relay));
    while (more) {
        help_ok(zks__store_prune(s, group.g, 0, 0, &more));
    }
    seen r = {.next = 16};
    help_ok(zks__store_own_each(s, group.g, 0, see, &r));
    ck_assert_uint_eq(r.count, 5);
    for (uint64_t n = 1; n <= 20; n++) {
        ck_assert_int_eq(known(group.g, n), 1);
    }
    ck_assert_int_eq(known(group.g, 21), 0);
}
END_TEST

static void add(TCase *c)
{
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_test(c, own_each_gives_what_was_added);
    tcase_add_test(c, own_each_stops_as_told);
    tcase_add_test(c, own_each_within_itself_works);
    tcase_add_test(c, own_add_refuses_gaps_and_oversize);
    tcase_add_test(c, own_add_rolled_back_gives_the_number_again);
    tcase_add_test(c, own_pending_counts_behind);
    tcase_add_test(c, own_known_knows_all_and_only_own);
}

int main(void)
{
    return unit_main("store_outbox", add);
}
