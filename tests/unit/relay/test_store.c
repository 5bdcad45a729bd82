/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The SQLite store: groups, appending, reading, deleting, cleaning up. */
#include "store_sync.h"

START_TEST(open_unknown_group_is_not_found)
{
    static sync_store s;
    zks__rstore_open o;
    sync_begin(&s);
    ck_assert_int_eq(sync_group_try(&s, 1, false, &o), ZKS_E_NOT_FOUND);
    ck_assert_ptr_null(o.group);
    sync_end(&s);
}
END_TEST

START_TEST(open_gives_back_records_and_devices)
{
    static sync_store s;
    zks__rstore_open o = {.create = true};
    zks__slice records[] = {{(const uint8_t *)"genesis", 7}, {(const uint8_t *)"epoch", 5}};
    sync_begin(&s);
    o.records = records;
    o.record_count = 2;
    ck_assert_int_eq(sync_run(&s, &o.base, ZKS_RSTORE_OPEN), ZKS_OK);
    sync_open_free(&o);
    zks__slice more[] = {{(const uint8_t *)"epoch", 5}, {(const uint8_t *)"member", 6}};
    zks__rstore_records add = {.group = o.group, .records = more, .count = 2};
    ck_assert_int_eq(sync_run(&s, &add.base, ZKS_RSTORE_RECORDS), ZKS_OK);
    sync_acks(&s, o.group, 3, 0, 0);
    uint64_t head = sync_push(&s, o.group, 3, 0, 5);
    sync_acks(&s, o.group, 3, head, 0);
    sync_reopen(&s);
    memset(&o, 0, sizeof o);
    ck_assert_int_eq(sync_run(&s, &o.base, ZKS_RSTORE_OPEN), ZKS_OK);
    ck_assert_uint_eq(o.stored_count, 3);
    ck_assert_mem_eq(o.stored[0].data, "genesis", 7);
    ck_assert_mem_eq(o.stored[1].data, "epoch", 5);
    ck_assert_mem_eq(o.stored[2].data, "member", 6);
    ck_assert_uint_eq(o.device_count, 1);
    ck_assert_uint_eq(o.devices[0].device[0], 3);
    ck_assert_uint_eq(o.devices[0].acked, head);
    ck_assert_uint_eq(o.devices[0].seen_s, 7);
    ck_assert_uint_eq(o.head, head);
    sync_open_free(&o);
    sync_end(&s);
}
END_TEST

START_TEST(open_twice_is_refused)
{
    static sync_store s;
    zks__rstore_open o;
    sync_begin(&s);
    zks__rstore_group *g = sync_group(&s, 1);
    ck_assert_int_eq(sync_group_try(&s, 1, true, &o), ZKS_E_STATE);
    sync_leave(&s, g);
    ck_assert_int_eq(sync_group_try(&s, 1, false, &o), ZKS_OK);
    sync_open_free(&o);
    sync_end(&s);
}
END_TEST

START_TEST(open_too_many_groups_is_limited)
{
    static sync_store s;
    zks__rstore_open o;
    sync_init(&s);
    s.config.max_groups = 2;
    ck_assert_int_eq(sync_open(&s), ZKS_OK);
    sync_group(&s, 1);
    sync_group(&s, 2);
    ck_assert_int_eq(sync_group_try(&s, 3, true, &o), ZKS_E_LIMIT);
    sync_end(&s);
}
END_TEST

START_TEST(append_then_read_gives_the_same)
{
    static sync_store s;
    zks__rstore_read r;
    uint8_t bytes[SYNC_BLOB_BYTES];
    uint8_t blob_id[ZKS_BLOB_ID_BYTES];
    sync_begin(&s);
    zks__rstore_group *g = sync_group(&s, 1);
    uint64_t head = sync_push(&s, g, 9, 0, 20);
    ck_assert_uint_ge(head, (uint64_t)(s.now_ms / 1000) << 20);
    ck_assert_int_eq(sync_read(&s, g, 0, 1 << 20, 100, 0, &r), ZKS_OK);
    ck_assert_uint_eq(r.count, 20);
    ck_assert_uint_eq(r.contiguous, head);
    ck_assert(r.end);
    for (uint64_t i = 0; i < 20; i++) {
        sync_blob(i, bytes, sizeof bytes, blob_id);
        ck_assert_uint_eq(r.items[i].blob.length, sizeof bytes);
        ck_assert_mem_eq(r.items[i].blob.data, bytes, sizeof bytes);
        ck_assert_mem_eq(r.items[i].blob_id, blob_id, sizeof blob_id);
        ck_assert_uint_eq(r.items[i].sender[0], 9);
        ck_assert_uint_eq(r.items[i].time_ms, (uint64_t)s.now_ms);
    }
    sync_read_free(&r);
    sync_end(&s);
}
END_TEST

START_TEST(append_again_gives_the_first_cursor)
{
    static sync_store s;
    static sync_append a;
    sync_begin(&s);
    zks__rstore_group *g = sync_group(&s, 1);
    sync_append_fill(&a, g, 1, 0, 3, 300);
    ck_assert_int_eq(sync_append_run(&s, &a), ZKS_OK);
    uint64_t first = a.items[0].cursor;
    ck_assert(a.items[0].fresh);
    sync_advance(&s, 100);
    sync_append_fill(&a, g, 1, 0, 4, 300);
    a.items[0].ttl_s = 9999;
    ck_assert_int_eq(sync_append_run(&s, &a), ZKS_OK);
    ck_assert(!a.items[0].fresh);
    ck_assert_uint_eq(a.items[0].cursor, first);
    ck_assert_uint_eq(a.items[0].ttl_s, 3500); /* of the first time */
    ck_assert(a.items[3].fresh);
    /* another device's blob of that name is another blob */
    sync_append_fill(&a, g, 2, 0, 1, 300);
    ck_assert_int_eq(sync_append_run(&s, &a), ZKS_OK);
    ck_assert(a.items[0].fresh);
    ck_assert_uint_eq(sync_count(&s, g), 5);
    sync_end(&s);
}
END_TEST

START_TEST(append_same_blob_twice_in_one_request)
{
    static sync_store s;
    static sync_append a;
    sync_begin(&s);
    zks__rstore_group *g = sync_group(&s, 1);
    sync_append_fill(&a, g, 1, 0, 2, 300);
    memcpy(a.items[1].blob_id, a.items[0].blob_id, ZKS_BLOB_ID_BYTES);
    ck_assert_int_eq(sync_append_run(&s, &a), ZKS_OK);
    ck_assert_uint_eq(a.items[0].cursor, a.items[1].cursor);
    ck_assert_uint_eq(sync_count(&s, g), 1);
    sync_end(&s);
}
END_TEST

START_TEST(append_passes_over_refused_items)
{
    static sync_store s;
    static sync_append a;
    sync_begin(&s);
    zks__rstore_group *g = sync_group(&s, 1);
    sync_append_fill(&a, g, 1, 0, 3, 300);
    a.items[1].refused = ZKS_WIRE_BLOB_TOO_LARGE;
    ck_assert_int_eq(sync_append_run(&s, &a), ZKS_OK);
    ck_assert_uint_eq(a.items[1].code, ZKS_WIRE_BLOB_TOO_LARGE);
    ck_assert_uint_eq(sync_count(&s, g), 2);
    sync_end(&s);
}
END_TEST

START_TEST(append_over_quota_refuses_and_still_knows_repetitions)
{
    static sync_store s;
    static sync_append a;
    sync_init(&s);
    s.config.group_quota = 1000;
    ck_assert_int_eq(sync_open(&s), ZKS_OK);
    zks__rstore_group *g = sync_group(&s, 1);
    sync_append_fill(&a, g, 1, 0, 5, 300);
    ck_assert_int_eq(sync_append_run(&s, &a), ZKS_OK);
    ck_assert_uint_eq(a.items[2].code, ZKS_WIRE_OK);
    ck_assert_uint_eq(a.items[3].code, ZKS_WIRE_GROUP_QUOTA_EXCEEDED);
    ck_assert_uint_eq(a.items[4].code, ZKS_WIRE_GROUP_QUOTA_EXCEEDED);
    sync_append_fill(&a, g, 1, 0, 3, 300);
    ck_assert_int_eq(sync_append_run(&s, &a), ZKS_OK);
    for (size_t i = 0; i < 3; i++) {
        ck_assert_uint_eq(a.items[i].code, ZKS_WIRE_OK);
    }
    /* other groups have their own, and space comes back */
    sync_push(&s, sync_group(&s, 2), 1, 0, 1);
    sync_advance(&s, 3601);
    ck_assert_uint_eq(sync_sweep(&s), 4);
    sync_append_fill(&a, g, 1, 3, 2, 300);
    ck_assert_int_eq(sync_append_run(&s, &a), ZKS_OK);
    ck_assert_uint_eq(a.items[1].code, ZKS_WIRE_OK);
    sync_end(&s);
}
END_TEST

START_TEST(cursors_rise_over_restarts_and_clocks_that_go_back)
{
    static sync_store s;
    uint8_t incarnation[ZKS_INCARNATION_BYTES];
    sync_begin(&s);
    uint64_t last = sync_push(&s, sync_group(&s, 1), 1, 0, 10);
    memcpy(incarnation, s.store->incarnation, sizeof incarnation);
    for (unsigned i = 0; i < 4; i++) {
        sync_advance(&s, i == 2 ? -7200 : 5);
        sync_reopen(&s);
        ck_assert_ptr_nonnull(s.store);
        ck_assert_mem_eq(s.store->incarnation, incarnation, sizeof incarnation);
        zks__rstore_open o;
        ck_assert_int_eq(sync_group_try(&s, 1, false, &o), ZKS_OK);
        ck_assert_uint_eq(o.head, last);
        sync_open_free(&o);
        uint64_t next = sync_push(&s, o.group, 1, 10 + i, 1);
        ck_assert_uint_gt(next, last);
        last = next;
    }
    sync_end(&s);
}
END_TEST

START_TEST(cursors_do_not_return_after_the_last_blob_is_deleted)
{
    static sync_store s;
    sync_begin(&s);
    uint64_t last = sync_push(&s, sync_group(&s, 1), 1, 0, 10);
    sync_advance(&s, 3601);
    ck_assert_uint_eq(sync_sweep(&s), 10);
    sync_advance(&s, -3601);
    sync_reopen(&s);
    zks__rstore_group *g = sync_group(&s, 1);
    ck_assert_uint_gt(sync_push(&s, g, 1, 100, 1), last);
    sync_end(&s);
}
END_TEST

START_TEST(incarnations_of_two_stores_differ)
{
    static sync_store s, other;
    sync_begin(&s);
    sync_begin(&other);
    ck_assert_mem_ne(s.store->incarnation, other.store->incarnation, ZKS_INCARNATION_BYTES);
    sync_end(&s);
    sync_end(&other);
}
END_TEST

START_TEST(read_keeps_to_its_budgets)
{
    static sync_store s;
    zks__rstore_read r;
    sync_begin(&s);
    zks__rstore_group *g = sync_group(&s, 1);
    uint64_t head = sync_push(&s, g, 1, 0, 10);
    ck_assert_int_eq(sync_read(&s, g, 0, 1 << 20, 4, 0, &r), ZKS_OK);
    ck_assert_uint_eq(r.count, 4);
    ck_assert(!r.end);
    ck_assert_uint_eq(r.contiguous, r.items[3].cursor);
    sync_read_free(&r);
    ck_assert_int_eq(sync_read(&s, g, 0, 2 * SYNC_BLOB_BYTES + 1, 100, 0, &r), ZKS_OK);
    ck_assert_uint_eq(r.count, 2);
    sync_read_free(&r);
    ck_assert_int_eq(sync_read(&s, g, 0, 1, 100, 0, &r), ZKS_OK); /* one, whatever its size */
    ck_assert_uint_eq(r.count, 1);
    sync_read_free(&r);
    ck_assert_int_eq(sync_read(&s, g, head, 1 << 20, 100, 0, &r), ZKS_OK);
    ck_assert_uint_eq(r.count, 0);
    ck_assert(r.end);
    ck_assert_int_eq(sync_read(&s, g, UINT64_MAX, 1 << 20, 100, 0, &r), ZKS_OK);
    ck_assert_uint_eq(r.contiguous, head);
    ck_assert(r.end);
    sync_end(&s);
}
END_TEST

START_TEST(read_passes_over_own_blobs)
{
    static sync_store s;
    zks__rstore_read r;
    sync_begin(&s);
    zks__rstore_group *g = sync_group(&s, 1);
    sync_push(&s, g, 1, 0, 3);
    sync_push(&s, g, 2, 3, 1);
    uint64_t head = sync_push(&s, g, 1, 4, 3);
    ck_assert_int_eq(sync_read(&s, g, 0, 1 << 20, 100, 1, &r), ZKS_OK);
    ck_assert_uint_eq(r.count, 1);
    ck_assert_uint_eq(r.items[0].sender[0], 2);
    ck_assert_uint_eq(r.contiguous, head);
    ck_assert(r.end);
    sync_read_free(&r);
    sync_end(&s);
}
END_TEST

START_TEST(read_leaves_out_what_has_expired)
{
    static sync_store s;
    zks__rstore_read r;
    sync_begin(&s);
    zks__rstore_group *g = sync_group(&s, 1);
    sync_push(&s, g, 1, 0, 3);
    sync_advance(&s, 3000);
    uint64_t head = sync_push(&s, g, 1, 3, 1);
    sync_advance(&s, 700); /* nothing has been swept yet */
    ck_assert_int_eq(sync_read(&s, g, 0, 1 << 20, 100, 0, &r), ZKS_OK);
    ck_assert_uint_eq(r.count, 1);
    ck_assert_uint_eq(r.contiguous, head);
    sync_read_free(&r);
    sync_end(&s);
}
END_TEST

START_TEST(survey_counts_what_is_behind_and_names_the_last_own)
{
    static sync_store s;
    uint8_t bytes[8];
    uint8_t blob_id[ZKS_BLOB_ID_BYTES];
    sync_begin(&s);
    zks__rstore_group *g = sync_group(&s, 1);
    uint64_t middle = sync_push(&s, g, 1, 0, 4);
    uint64_t head = sync_push(&s, g, 2, 4, 6);
    zks__rstore_survey survey = {.group = g, .after = middle, .device = {1}};
    ck_assert_int_eq(sync_run(&s, &survey.base, ZKS_RSTORE_SURVEY), ZKS_OK);
    ck_assert_uint_eq(survey.count, 6);
    ck_assert_uint_eq(survey.bytes, 6 * SYNC_BLOB_BYTES);
    ck_assert_uint_eq(survey.head, head);
    sync_blob(3, bytes, sizeof bytes, blob_id);
    ck_assert_mem_eq(survey.own_last, blob_id, sizeof blob_id);
    survey = (zks__rstore_survey){.group = g, .device = {7}};
    ck_assert_int_eq(sync_run(&s, &survey.base, ZKS_RSTORE_SURVEY), ZKS_OK);
    ck_assert_uint_eq(survey.count, 10);
    memset(blob_id, 0, sizeof blob_id);
    ck_assert_mem_eq(survey.own_last, blob_id, sizeof blob_id);
    sync_end(&s);
}
END_TEST

START_TEST(delete_takes_own_blobs_only)
{
    static sync_store s;
    uint8_t bytes[8];
    zks__wire_id ids[3];
    sync_begin(&s);
    zks__rstore_group *g = sync_group(&s, 1);
    sync_push(&s, g, 1, 0, 2);
    sync_push(&s, g, 2, 2, 2);
    sync_blob(1, bytes, sizeof bytes, ids[0].id);
    sync_blob(2, bytes, sizeof bytes, ids[1].id);  /* of another */
    sync_blob(77, bytes, sizeof bytes, ids[2].id); /* not there */
    zks__rstore_delete d = {.group = g, .device = {1}, .ids = ids, .count = 3};
    ck_assert_int_eq(sync_run(&s, &d.base, ZKS_RSTORE_DELETE), ZKS_OK);
    ck_assert_uint_eq(d.deleted, 1);
    ck_assert_uint_eq(d.foreign, 1);
    ck_assert_uint_eq(sync_count(&s, g), 3);
    sync_end(&s);
}
END_TEST

START_TEST(sweep_deletes_what_all_have_acknowledged_after_a_day)
{
    static sync_store s;
    sync_init(&s);
    ck_assert_int_eq(sync_open(&s), ZKS_OK);
    zks__rstore_group *g = sync_group(&s, 1);
    static sync_append a;
    sync_append_fill(&a, g, 1, 0, 10, 300);
    for (size_t i = 0; i < 10; i++) {
        a.items[i].ttl_s = 7 * 86400;
    }
    ck_assert_int_eq(sync_append_run(&s, &a), ZKS_OK);
    uint64_t acked = a.items[5].cursor;
    sync_acks(&s, g, 1, acked, acked);
    sync_advance(&s, 86400 - 10);
    ck_assert_uint_eq(sync_sweep(&s), 0);
    sync_advance(&s, 86400 / 10);
    ck_assert_uint_eq(sync_sweep(&s), 6);
    ck_assert_uint_eq(sync_count(&s, g), 4);
    ck_assert_uint_eq(sync_sweep(&s), 0);
    sync_end(&s);
}
END_TEST

START_TEST(sweep_keeps_what_a_new_member_lacks)
{
    static sync_store s;
    sync_begin(&s);
    zks__rstore_group *g = sync_group(&s, 1);
    static sync_append a;
    sync_append_fill(&a, g, 1, 0, 10, 300);
    for (size_t i = 0; i < 10; i++) {
        a.items[i].ttl_s = 7 * 86400;
    }
    ck_assert_int_eq(sync_append_run(&s, &a), ZKS_OK);
    sync_acks(&s, g, 1, a.items[9].cursor, a.items[9].cursor);
    sync_acks(&s, g, 2, 0, 0); /* came after it, has nothing yet */
    sync_advance(&s, 2 * 86400);
    ck_assert_uint_eq(sync_sweep(&s), 0);
    ck_assert_uint_eq(sync_count(&s, g), 10);
    sync_end(&s);
}
END_TEST

START_TEST(sweep_works_on_groups_that_are_not_open)
{
    static sync_store s;
    sync_begin(&s);
    zks__rstore_group *g = sync_group(&s, 1);
    sync_push(&s, g, 1, 0, 300);
    sync_push(&s, g, 1, 300, 300);
    sync_leave(&s, g);
    sync_advance(&s, 3601);
    ck_assert_uint_eq(sync_sweep(&s), 600);
    g = sync_group(&s, 1);
    zks__rstore_survey survey = {.group = g};
    ck_assert_int_eq(sync_run(&s, &survey.base, ZKS_RSTORE_SURVEY), ZKS_OK);
    ck_assert_uint_eq(survey.count, 0);
    ck_assert_uint_eq(survey.bytes, 0);
    sync_end(&s);
}
END_TEST

/* Many requests at once: one transaction, completions in order, one `settled`. */
START_TEST(requests_of_one_moment_share_a_commit)
{
    enum { REQUESTS = 50 };
    static sync_store s;
    static sync_append a[REQUESTS];
    sync_begin(&s);
    zks__rstore_group *g = sync_group(&s, 1);
    s.settled = 0;
    for (unsigned i = 0; i < REQUESTS; i++) {
        sync_append_fill(&a[i], g, 1 + i % 3, i * 4, 4, 300);
        a[i].request.base.kind = ZKS_RSTORE_APPEND;
        a[i].request.base.done = sync_ignore;
        a[i].request.base.user = &s;
        zks__rstore_submit(s.store, &a[i].request.base);
    }
    ck_assert_uint_eq(sync_count(&s, g), REQUESTS * 4); /* a read behind them sees them all */
    ck_assert_uint_lt(s.settled, REQUESTS / 2);
    uint64_t last = 0;
    for (unsigned i = 0; i < REQUESTS; i++) {
        for (size_t k = 0; k < 4; k++) {
            ck_assert_uint_gt(a[i].items[k].cursor, last);
            last = a[i].items[k].cursor;
        }
        free(a[i].bytes);
    }
    sync_end(&s);
}
END_TEST

START_TEST(close_completes_what_was_submitted)
{
    static sync_store s;
    static sync_append a;
    sync_begin(&s);
    zks__rstore_group *g = sync_group(&s, 1);
    sync_append_fill(&a, g, 1, 0, 4, 300);
    a.request.base.kind = ZKS_RSTORE_APPEND;
    a.request.base.done = sync_done;
    a.request.base.user = &s;
    s.done = false;
    zks__rstore_submit(s.store, &a.request.base);
    sync_close(&s);
    ck_assert(s.done);
    ck_assert_int_eq(a.request.base.status, ZKS_OK);
    free(a.bytes);
    sync_end(&s);
}
END_TEST

static void add(TCase *c)
{
    tcase_add_test(c, open_unknown_group_is_not_found);
    tcase_add_test(c, open_gives_back_records_and_devices);
    tcase_add_test(c, open_twice_is_refused);
    tcase_add_test(c, open_too_many_groups_is_limited);
    tcase_add_test(c, append_then_read_gives_the_same);
    tcase_add_test(c, append_again_gives_the_first_cursor);
    tcase_add_test(c, append_same_blob_twice_in_one_request);
    tcase_add_test(c, append_passes_over_refused_items);
    tcase_add_test(c, append_over_quota_refuses_and_still_knows_repetitions);
    tcase_add_test(c, cursors_rise_over_restarts_and_clocks_that_go_back);
    tcase_add_test(c, cursors_do_not_return_after_the_last_blob_is_deleted);
    tcase_add_test(c, incarnations_of_two_stores_differ);
    tcase_add_test(c, read_keeps_to_its_budgets);
    tcase_add_test(c, read_passes_over_own_blobs);
    tcase_add_test(c, read_leaves_out_what_has_expired);
    tcase_add_test(c, survey_counts_what_is_behind_and_names_the_last_own);
    tcase_add_test(c, delete_takes_own_blobs_only);
    tcase_add_test(c, sweep_deletes_what_all_have_acknowledged_after_a_day);
    tcase_add_test(c, sweep_keeps_what_a_new_member_lacks);
    tcase_add_test(c, sweep_works_on_groups_that_are_not_open);
    tcase_add_test(c, requests_of_one_moment_share_a_commit);
    tcase_add_test(c, close_completes_what_was_submitted);
}

int main(void)
{
    return unit_main("relay store", add);
}
