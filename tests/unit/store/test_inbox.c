/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "store_help.h"

static zks__store *s;
static zks__store_group group;
static zks__store_chain own, foreign;

/* 1..4 received, 5..8 places of own entries 1..4, 9..12 received. */
static void setup(void)
{
    s = help_open(NULL);
    group = help_group(1);
    own = help_chain(10, 1);
    foreign = help_chain(20, 0);
    help_ok(zks__store_begin(s));
    help_ok(zks__store_group_add(s, &group));
    help_ok(zks__store_chain_add(s, group.g, &own));
    help_ok(zks__store_chain_add(s, group.g, &foreign));
    help_ok(help_push(s, group.g, &own, 1, 5));
    help_ok(help_receive(s, group.g, foreign.c, 1, 4));
    for (uint64_t n = 1; n <= 4; n++) {
        zks__store_item item = {.own_n = n, .flags = (uint32_t)n};
        help_ok(zks__store_inbox_add(s, group.g, &item));
        ck_assert_uint_eq(item.seq, 4 + n);
    }
    help_ok(help_receive(s, group.g, foreign.c, 5, 4));
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

static zks_status see(const zks__store_item *item, void *user)
{
    seen *r = user;
    ck_assert_uint_eq(item->seq, r->next);
    if (item->seq >= 5 && item->seq <= 8) {
        uint8_t blob[4096];
        zks__store_own want = help_own(item->seq - 4, own.c, blob);
        ck_assert_uint_eq(item->own_n, want.n);
        ck_assert_uint_eq(item->entry_seq, want.seq);
        ck_assert_uint_eq(item->flags, want.n);
        ck_assert_int_eq(item->c, own.c);
        ck_assert_int_eq(item->time_ms, want.time_ms);
        ck_assert_mem_eq(item->id, want.id, sizeof want.id);
        ck_assert_mem_eq(item->pusher, own.author, sizeof own.author);
        ck_assert_uint_eq(item->blob.length, want.blob.length);
        ck_assert_mem_eq(item->blob.data, blob, want.blob.length);
    } else {
        ck_assert_uint_eq(item->own_n, 0);
        ck_assert_uint_eq(item->entry_seq, item->seq > 8 ? item->seq - 4 : item->seq);
        ck_assert(help_same_item(item));
    }
    r->next++;
    r->count++;
    return item->seq == r->stop_at ? r->stop : ZKS_OK;
}

START_TEST(inbox_each_merges_received_and_own)
{
    for (uint64_t after = 0; after <= 13; after++) {
        seen r = {.next = after + 1};
        help_ok(zks__store_inbox_each(s, group.g, after, see, &r));
        ck_assert_uint_eq(r.count, after < 12 ? 12 - after : 0);
    }
}
END_TEST

START_TEST(inbox_each_stops_as_told)
{
    for (uint64_t at = 1; at <= 12; at++) {
        seen r = {.next = 1, .stop_at = at, .stop = ZKS_E_LIMIT};
        help_ok(zks__store_inbox_each(s, group.g, 0, see, &r));
        ck_assert_uint_eq(r.count, at);
        r = (seen){.next = 1, .stop_at = at, .stop = ZKS_E_DECRYPT};
        ck_assert_int_eq(zks__store_inbox_each(s, group.g, 0, see, &r), ZKS_E_DECRYPT);
    }
}
END_TEST

START_TEST(inbox_pending_counts_received_only)
{
    for (uint64_t after = 0; after <= 13; after++) {
        uint64_t count = 99, bytes = 99, want = 0, want_bytes = 0;
        for (uint64_t seq = after + 1; seq <= 12; seq++) {
            if (seq < 5 || seq > 8) {
                want++;
                want_bytes += help_blob_length(seq > 8 ? seq - 4 : seq);
            }
        }
        help_ok(zks__store_inbox_pending(s, group.g, after, &count, &bytes));
        ck_assert_uint_eq(count, want);
        ck_assert_uint_eq(bytes, want_bytes);
    }
}
END_TEST

START_TEST(inbox_add_refuses_own_out_of_order)
{
    static uint8_t large[ZKS_BLOB_MAX_BYTES + 1];
    zks__store_item item = {.own_n = 4};
    ck_assert_int_eq(zks__store_inbox_add(s, group.g, &item), ZKS_E_INVALID);
    item.own_n = 6;
    ck_assert_int_eq(zks__store_inbox_add(s, group.g, &item), ZKS_E_INVALID);
    item.own_n = 5;
    help_ok(zks__store_inbox_add(s, group.g, &item));
    ck_assert_uint_eq(item.seq, 13);
    item = (zks__store_item){.c = foreign.c, .blob = {large, sizeof large}};
    ck_assert_int_eq(zks__store_inbox_add(s, group.g, &item), ZKS_E_TOO_LARGE);
}
END_TEST

START_TEST(inbox_rolled_back_gives_the_sequence_again)
{
    zks__store_group got;
    help_ok(zks__store_commit(s));
    help_ok(zks__store_begin(s));
    zks__store_item item = {.own_n = 5};
    help_ok(zks__store_inbox_add(s, group.g, &item));
    help_ok(help_receive(s, group.g, foreign.c, 9, 2));
    help_ok(zks__store_group_get(s, group.group_id, &got));
    ck_assert_uint_eq(got.last_seq, 15);
    ck_assert_uint_eq(got.inboxed_n, 5);
    zks__store_rollback(s);
    help_ok(zks__store_group_get(s, group.group_id, &got));
    ck_assert_uint_eq(got.last_seq, 12);
    ck_assert_uint_eq(got.inboxed_n, 4);
    help_ok(zks__store_begin(s));
    help_ok(zks__store_inbox_add(s, group.g, &item));
    ck_assert_uint_eq(item.seq, 13);
}
END_TEST

static void add(TCase *c)
{
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_test(c, inbox_each_merges_received_and_own);
    tcase_add_test(c, inbox_each_stops_as_told);
    tcase_add_test(c, inbox_pending_counts_received_only);
    tcase_add_test(c, inbox_add_refuses_own_out_of_order);
    tcase_add_test(c, inbox_rolled_back_gives_the_sequence_again);
}

int main(void)
{
    return unit_main("store_inbox", add);
}
