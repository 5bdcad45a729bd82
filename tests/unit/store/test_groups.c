/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "store_help.h"

static zks__store *s;

static void setup(void)
{
    s = help_open(NULL);
}

static void teardown(void)
{
    zks__store_close(s);
}

static void check_same(const zks__store_group *a, const zks__store_group *b)
{
    ck_assert_uint_eq(a->g, b->g);
    ck_assert_mem_eq(a->group_id, b->group_id, sizeof a->group_id);
    ck_assert_uint_eq(a->suite, b->suite);
    ck_assert_uint_eq(a->mode, b->mode);
    ck_assert_mem_eq(a->instance, b->instance, sizeof a->instance);
    ck_assert_str_eq(a->descriptor, b->descriptor);
    ck_assert_str_eq(a->device_name, b->device_name);
    ck_assert_uint_eq(a->watermark, b->watermark);
    ck_assert_uint_eq(a->last_seq, b->last_seq);
    ck_assert_uint_eq(a->last_n, b->last_n);
    ck_assert_uint_eq(a->inboxed_n, b->inboxed_n);
}

START_TEST(group_add_gives_rows_in_order)
{
    zks__store_group groups[5], got;
    help_ok(zks__store_begin(s));
    for (uint32_t i = 0; i < 5; i++) {
        groups[i] = help_group(i * 10);
        help_ok(zks__store_group_add(s, &groups[i]));
        ck_assert_uint_eq(groups[i].g, i + 1);
    }
    help_ok(zks__store_commit(s));
    for (size_t i = 0; i < 5; i++) {
        help_ok(zks__store_group_at(s, i, &got));
        check_same(&groups[i], &got);
        help_ok(zks__store_group_get(s, groups[i].group_id, &got));
        check_same(&groups[i], &got);
    }
    ck_assert_int_eq(zks__store_group_at(s, 5, &got), ZKS_E_NOT_FOUND);
    ck_assert_int_eq(zks__store_group_at(s, SIZE_MAX, &got), ZKS_E_NOT_FOUND);
}
END_TEST

START_TEST(group_add_rolled_back_is_gone_and_its_row_free)
{
    zks__store_group a = help_group(1), b = help_group(2), got;
    zks__store_chain chain = help_chain(1, 1);
    help_ok(zks__store_begin(s));
    help_ok(zks__store_group_add(s, &a));
    help_ok(zks__store_chain_add(s, a.g, &chain));
    help_ok(help_push(s, a.g, &chain, 1, 3));
    zks__store_rollback(s);
    ck_assert_int_eq(zks__store_group_get(s, a.group_id, &got), ZKS_E_NOT_FOUND);
    help_ok(zks__store_begin(s));
    ck_assert_int_eq(zks__store_group_set_name(s, a.g, "x"), ZKS_E_NOT_FOUND);
    help_ok(zks__store_group_add(s, &b));
    help_ok(zks__store_chain_add(s, b.g, &chain));
    help_ok(help_push(s, b.g, &chain, 1, 1)); /* numbers begin anew */
    help_ok(zks__store_commit(s));
    ck_assert_uint_eq(b.g, 1);
}
END_TEST

START_TEST(group_set_name_changes_only_it)
{
    zks__store_group a = help_group(1), b = help_group(2), got;
    char name[200];
    memset(name, 'n', sizeof name);
    name[128] = 0;
    help_ok(zks__store_begin(s));
    help_ok(zks__store_group_add(s, &a));
    help_ok(zks__store_group_add(s, &b));
    help_ok(zks__store_group_set_name(s, a.g, name));
    name[128] = 'n';
    name[129] = 0;
    ck_assert_int_eq(zks__store_group_set_name(s, a.g, name), ZKS_E_TOO_LARGE);
    ck_assert_int_eq(zks__store_group_set_name(s, 77, "x"), ZKS_E_NOT_FOUND);
    help_ok(zks__store_commit(s));
    help_ok(zks__store_group_get(s, a.group_id, &got));
    ck_assert_uint_eq(strlen(got.device_name), 128);
    help_ok(zks__store_group_get(s, b.group_id, &got));
    check_same(&b, &got);
}
END_TEST

START_TEST(watermark_only_rises_and_rolls_back)
{
    zks__store_group a = help_group(1), got;
    zks__store_chain chain = help_chain(1, 0);
    help_ok(zks__store_begin(s));
    help_ok(zks__store_group_add(s, &a));
    help_ok(zks__store_chain_add(s, a.g, &chain));
    help_ok(help_receive(s, a.g, chain.c, 1, 10));
    help_ok(zks__store_watermark_set(s, a.g, 5));
    help_ok(zks__store_commit(s));
    help_ok(zks__store_begin(s));
    help_ok(zks__store_watermark_set(s, a.g, 3));
    help_ok(zks__store_watermark_set(s, a.g, 9));
    help_ok(zks__store_group_get(s, a.group_id, &got));
    ck_assert_uint_eq(got.watermark, 9);
    zks__store_rollback(s);
    help_ok(zks__store_group_get(s, a.group_id, &got));
    ck_assert_uint_eq(got.watermark, 5);
    ck_assert_uint_eq(got.last_seq, 10);
    help_ok(zks__store_begin(s));
    ck_assert_int_eq(zks__store_watermark_set(s, a.g, 11), ZKS_E_INVALID);
    help_ok(zks__store_watermark_set(s, a.g, 10));
    help_ok(zks__store_commit(s));
}
END_TEST

/* --- records ------------------------------------------------------------------------ */

typedef struct seen {
    size_t count, stop_at;
    uint8_t first[16];
} seen;

static zks_status see_record(zks__slice bytes, void *user)
{
    seen *r = user;
    if (r->count < sizeof r->first) {
        r->first[r->count] = bytes.length ? bytes.data[0] : 0xff;
    }
    return ++r->count == r->stop_at ? ZKS_E_MALFORMED : ZKS_OK;
}

START_TEST(records_keep_their_order_and_are_added_once)
{
    zks__store_group a = help_group(1), b = help_group(2);
    help_ok(zks__store_begin(s));
    help_ok(zks__store_group_add(s, &a));
    help_ok(zks__store_group_add(s, &b));
    uint8_t hash[ZKS_RECORD_HASH_BYTES] = {0}, bytes[100] = {0};
    for (uint8_t i = 0; i < 8; i++) {
        hash[0] = (uint8_t)(200 - i);
        bytes[0] = i;
        help_ok(zks__store_record_add(s, a.g, hash, (zks__slice){bytes, i ? sizeof bytes : 0}));
        help_ok(zks__store_record_add(s, a.g, hash, (zks__slice){bytes, sizeof bytes}));
    }
    help_ok(zks__store_record_add(s, b.g, hash, (zks__slice){bytes, 1})); /* of another group */
    ck_assert_int_eq(zks__store_record_add(s, 9, hash, (zks__slice){bytes, 1}), ZKS_E_NOT_FOUND);
    help_ok(zks__store_commit(s));
    seen r = {0};
    help_ok(zks__store_records_each(s, a.g, see_record, &r));
    ck_assert_uint_eq(r.count, 8);
    ck_assert_uint_eq(r.first[0], 0xff); /* the empty one */
    for (uint8_t i = 1; i < 8; i++) {
        ck_assert_uint_eq(r.first[i], i);
    }
    r = (seen){.stop_at = 3};
    ck_assert_int_eq(zks__store_records_each(s, a.g, see_record, &r), ZKS_E_MALFORMED);
    ck_assert_uint_eq(r.count, 3);
    r = (seen){0};
    help_ok(zks__store_records_each(s, b.g, see_record, &r));
    ck_assert_uint_eq(r.count, 1);
}
END_TEST

static void add(TCase *c)
{
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_test(c, group_add_gives_rows_in_order);
    tcase_add_test(c, group_add_rolled_back_is_gone_and_its_row_free);
    tcase_add_test(c, group_set_name_changes_only_it);
    tcase_add_test(c, watermark_only_rises_and_rolls_back);
    tcase_add_test(c, records_keep_their_order_and_are_added_once);
}

int main(void)
{
    return unit_main("store_groups", add);
}
