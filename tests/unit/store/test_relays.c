/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Relays, refused entries, pins, held entries, and the quarantine. */
#include "store_help.h"

static zks__store *s;
static zks__store_group group, other;
static zks__store_chain chain;

static void setup(void)
{
    s = help_open(NULL);
    group = help_group(1);
    other = help_group(2);
    chain = help_chain(10, 0);
    help_ok(zks__store_begin(s));
    help_ok(zks__store_group_add(s, &group));
    help_ok(zks__store_group_add(s, &other));
    help_ok(zks__store_chain_add(s, group.g, &chain));
    help_ok(zks__store_commit(s));
    help_ok(zks__store_begin(s));
}

static void teardown(void)
{
    zks__store_rollback(s);
    zks__store_close(s);
}

START_TEST(relay_is_found_or_added_for_each_group)
{
    static const uint8_t zeros[32];
    uint8_t key[32] = {7};
    zks__store_relay a, b, c;
    help_ok(zks__store_relay_get(s, group.g, key, &a));
    ck_assert_mem_eq(a.key, key, 32);
    ck_assert_mem_eq(a.incarnation, zeros, sizeof a.incarnation);
    ck_assert_mem_eq(a.records_known, zeros, sizeof a.records_known);
    ck_assert_uint_eq(a.read_cursor + a.acked_n, 0);
    memset(a.incarnation, 1, sizeof a.incarnation);
    memset(a.records_known, 2, sizeof a.records_known);
    a.read_cursor = UINT64_MAX;
    a.acked_n = 12;
    a.retry_at_ms = -5;
    help_ok(zks__store_relay_update(s, &a));
    help_ok(zks__store_relay_get(s, other.g, key, &b));
    ck_assert_int_ne(a.r, b.r);
    help_ok(zks__store_relay_get(s, group.g, key, &c));
    ck_assert_int_eq(a.r, c.r);
    ck_assert_uint_eq(c.read_cursor, UINT64_MAX);
    ck_assert_uint_eq(c.acked_n, 12);
    ck_assert_int_eq(c.retry_at_ms, -5);
    ck_assert_mem_eq(c.incarnation, a.incarnation, sizeof a.incarnation);
    ck_assert_mem_eq(c.records_known, a.records_known, sizeof a.records_known);
    ck_assert_int_eq(zks__store_relay_get(s, 9, key, &c), ZKS_E_NOT_FOUND);
    a.r = 99;
    ck_assert_int_eq(zks__store_relay_update(s, &a), ZKS_E_NOT_FOUND);
}
END_TEST

START_TEST(relay_outside_a_transaction_is_added_durably)
{
    uint8_t key[32] = {7};
    zks__store_relay a, b;
    zks__store_rollback(s);
    help_ok(zks__store_relay_get(s, group.g, key, &a));
    help_ok(zks__store_begin(s));
    zks__store_rollback(s);
    help_ok(zks__store_begin(s));
    help_ok(zks__store_relay_get(s, group.g, key, &b));
    ck_assert_int_eq(a.r, b.r);
    help_ok(zks__store_refused_add(s, a.r, 5, 1000));
    help_ok(zks__store_refused_add(s, a.r, 5, 2001));
}
END_TEST

START_TEST(pin_is_kept_for_its_address)
{
    uint8_t key[32] = {1}, got[32];
    ck_assert_int_eq(zks__store_pin_get(s, "a:1", got), ZKS_E_NOT_FOUND);
    help_ok(zks__store_pin_set(s, "a:1", key));
    key[0] = 2;
    help_ok(zks__store_pin_set(s, "b:1", key));
    help_ok(zks__store_pin_get(s, "a:1", got));
    ck_assert_uint_eq(got[0], 1);
    help_ok(zks__store_pin_set(s, "a:1", key));
    help_ok(zks__store_pin_get(s, "a:1", got));
    ck_assert_uint_eq(got[0], 2);
}
END_TEST

/* --- held ------------------------------------------------------------------------- */

static zks__store_held held_of(uint64_t number, uint8_t *blob)
{
    zks__store_held h = {.ref = ((uint64_t)group.g << 40) + number,
                         .c = chain.c,
                         .entry_seq = UINT64_MAX - number,
                         .floor = UINT64_MAX,
                         .signed_ok = (int)(number % 2),
                         .kind = 3,
                         .time_ms = -1,
                         .since_ms = (int64_t)number,
                         .blob = {blob, help_blob_length(number)}};
    help_bytes(number, h.id, sizeof h.id);
    help_bytes(number + 1, h.prev, sizeof h.prev);
    help_bytes(number + 2, h.pusher, sizeof h.pusher);
    help_bytes(number + 3, blob, h.blob.length);
    return h;
}

static zks_status check_held(const zks__store_held *h, void *user)
{
    uint8_t blob[4096];
    zks__store_held want = held_of(h->ref & 0xffff, blob);
    ck_assert_uint_eq(h->entry_seq, want.entry_seq);
    ck_assert_uint_eq(h->floor, want.floor);
    ck_assert_int_eq(h->signed_ok, want.signed_ok);
    ck_assert_uint_eq(h->kind, want.kind);
    ck_assert_int_eq(h->time_ms, want.time_ms);
    ck_assert_int_eq(h->since_ms, want.since_ms);
    ck_assert_int_eq(h->c, want.c);
    ck_assert_mem_eq(h->id, want.id, sizeof want.id);
    ck_assert_mem_eq(h->prev, want.prev, sizeof want.prev);
    ck_assert_mem_eq(h->pusher, want.pusher, sizeof want.pusher);
    ck_assert_uint_eq(h->blob.length, want.blob.length);
    ck_assert_mem_eq(h->blob.data, blob, want.blob.length);
    (*(size_t *)user)++;
    return ZKS_OK;
}

START_TEST(held_add_get_each_remove_agree)
{
    uint8_t blob[4096];
    size_t seen = 0;
    for (uint64_t i = 1; i <= 10; i++) {
        zks__store_held h = held_of(i, blob);
        help_ok(zks__store_held_add(s, group.g, &h));
    }
    zks__store_held h = held_of(4, blob);
    ck_assert_int_eq(zks__store_held_add(s, group.g, &h), ZKS_E_STATE);
    ck_assert_int_eq(zks__store_held_add(s, other.g, &h), ZKS_E_INVALID);
    help_ok(zks__store_held_get(s, h.ref, check_held, &seen));
    help_ok(zks__store_held_remove(s, h.ref));
    ck_assert_int_eq(zks__store_held_remove(s, h.ref), ZKS_E_NOT_FOUND);
    ck_assert_int_eq(zks__store_held_tell(s, h.ref), ZKS_E_NOT_FOUND);
    ck_assert_int_eq(zks__store_held_get(s, h.ref, check_held, &seen), ZKS_E_NOT_FOUND);
    seen = 0;
    help_ok(zks__store_held_each(s, group.g, check_held, &seen));
    ck_assert_uint_eq(seen, 9);
    help_ok(zks__store_held_each(s, other.g, check_held, &seen));
    ck_assert_uint_eq(seen, 9);
}
END_TEST

static zks_status read_told(const zks__store_held *h, void *user)
{
    *(int *)user = h->told;
    return ZKS_OK;
}

START_TEST(held_tell_is_kept_and_the_rest_stays)
{
    uint8_t blob[4096];
    size_t seen = 0;
    int told = -1;
    zks__store_held h = held_of(3, blob);
    help_ok(zks__store_held_add(s, group.g, &h));
    help_ok(zks__store_held_get(s, h.ref, read_told, &told));
    ck_assert_int_eq(told, 0);
    help_ok(zks__store_held_tell(s, h.ref));
    help_ok(zks__store_held_get(s, h.ref, read_told, &told));
    ck_assert_int_eq(told, 1);
    help_ok(zks__store_held_get(s, h.ref, check_held, &seen));
    ck_assert_uint_eq(seen, 1);
}
END_TEST

/* --- alarms ----------------------------------------------------------------------- */

START_TEST(alarms_are_of_one_group_and_roll_back)
{
    uint64_t alarms[ZKS_STORE_ALARMS];
    help_ok(zks__store_alarm_set(s, group.g, ZKS_STORE_ALARM_GAP, 1));
    help_ok(zks__store_alarm_set(s, group.g, ZKS_STORE_ALARM_LATE, UINT64_C(1) << 40));
    help_ok(zks__store_commit(s));
    help_ok(zks__store_begin(s));
    help_ok(zks__store_alarm_set(s, group.g, ZKS_STORE_ALARM_GAP, 2));
    zks__store_rollback(s);
    ck_assert_int_eq(zks__store_alarm_set(s, group.g, ZKS_STORE_ALARM_GAP, 3), ZKS_E_STATE);
    help_ok(zks__store_alarms_get(s, group.g, alarms));
    ck_assert_uint_eq(alarms[ZKS_STORE_ALARM_GAP], 1);
    ck_assert_uint_eq(alarms[ZKS_STORE_ALARM_LATE], UINT64_C(1) << 40);
    ck_assert_uint_eq(alarms[ZKS_STORE_ALARM_FORK], 0);
    help_ok(zks__store_alarms_get(s, other.g, alarms));
    ck_assert_uint_eq(alarms[ZKS_STORE_ALARM_GAP], 0);
    help_ok(zks__store_begin(s)); /* for the teardown */
}
END_TEST

/* As the ledger delivers: within the callback the borrowed blob goes into the inbox, and the held
 * row away. */
static zks_status deliver(const zks__store_held *h, void *user)
{
    zks__store_item item = {
        .c = h->c, .entry_seq = h->entry_seq, .time_ms = h->time_ms, .blob = h->blob};
    memcpy(item.id, h->id, sizeof item.id);
    help_ok(zks__store_inbox_add(s, group.g, &item));
    help_ok(zks__store_held_remove(s, h->ref));
    return check_held(h, user);
}

static zks_status check_delivered(const zks__store_item *item, void *user)
{
    uint8_t blob[4096];
    zks__store_held want = held_of(UINT64_MAX - item->entry_seq, blob);
    ck_assert_uint_eq(item->blob.length, want.blob.length);
    ck_assert_mem_eq(item->blob.data, blob, want.blob.length);
    (*(size_t *)user)++;
    return ZKS_OK;
}

START_TEST(held_callback_may_write)
{
    uint8_t blob[4096];
    for (uint64_t i = 1; i <= 30; i++) {
        zks__store_held h = held_of(i, blob);
        help_ok(zks__store_held_add(s, group.g, &h));
    }
    size_t seen = 0;
    help_ok(zks__store_held_each(s, group.g, deliver, &seen));
    ck_assert_uint_eq(seen, 30);
    help_ok(zks__store_held_each(s, group.g, check_held, &seen));
    ck_assert_uint_eq(seen, 30);
    seen = 0;
    help_ok(zks__store_inbox_each(s, group.g, 0, check_delivered, &seen));
    ck_assert_uint_eq(seen, 30);
}
END_TEST

/* --- quarantine -------------------------------------------------------------------- */

static zks__store_quarantined quarantined_of(uint64_t n, uint8_t *blob)
{
    zks__store_quarantined q = {.r = (int64_t)(n % 2),
                                .since_ms = -(int64_t)n,
                                .told = n % 3 == 0,
                                .blob = {blob, help_blob_length(n)}};
    help_bytes(n, q.pusher, sizeof q.pusher);
    help_bytes(n + 1, q.blob_id, sizeof q.blob_id);
    help_bytes(n + 2, blob, q.blob.length);
    return q;
}

static zks_status check_quarantined(const zks__store_quarantined *q, void *user)
{
    uint8_t blob[4096];
    zks__store_quarantined want = quarantined_of(q->number, blob);
    ck_assert_int_eq(q->r, want.r);
    ck_assert_int_eq(q->since_ms, want.since_ms);
    ck_assert_int_eq(q->told, want.told);
    ck_assert_mem_eq(q->pusher, want.pusher, sizeof want.pusher);
    ck_assert_uint_eq(q->blob.length, want.blob.length);
    ck_assert_mem_eq(q->blob.data, blob, want.blob.length);
    *(uint64_t *)user = q->number;
    return ZKS_OK;
}

START_TEST(quarantine_keeps_the_order_and_each_blob_once)
{
    uint8_t blob[4096];
    uint64_t seen = 0, count, bytes, expected = 0, oldest;
    for (uint64_t n = 1; n <= 9; n++) {
        zks__store_quarantined q = quarantined_of(n, blob);
        help_ok(zks__store_quarantine_add(s, group.g, &q));
        ck_assert_uint_eq(q.number, n);
        help_ok(zks__store_quarantine_add(s, group.g, &q));
        ck_assert_uint_eq(q.number, 0); /* there already */
        expected += q.blob.length;
    }
    help_ok(zks__store_quarantine_size(s, group.g, &count, &bytes));
    ck_assert_uint_eq(count, 9);
    ck_assert_uint_eq(bytes, expected);
    for (uint64_t n = 1; n <= 9; n++) {
        help_ok(zks__store_quarantine_next(s, group.g, seen, check_quarantined, &seen));
        ck_assert_uint_eq(seen, n);
    }
    ck_assert_int_eq(zks__store_quarantine_next(s, group.g, 9, check_quarantined, &seen),
                     ZKS_E_NOT_FOUND);
    ck_assert_int_eq(zks__store_quarantine_next(s, other.g, 0, check_quarantined, &seen),
                     ZKS_E_NOT_FOUND);
    help_ok(zks__store_quarantine_oldest(s, group.g, 0, &oldest));
    ck_assert_uint_eq(oldest, 2);
    help_ok(zks__store_quarantine_oldest(s, group.g, 7, &oldest));
    ck_assert_uint_eq(oldest, 1);
    help_ok(zks__store_quarantine_remove(s, group.g, 1));
    help_ok(zks__store_quarantine_next(s, group.g, 0, check_quarantined, &seen));
    ck_assert_uint_eq(seen, 2);
    help_ok(zks__store_quarantine_oldest(s, other.g, 0, &oldest));
    ck_assert_uint_eq(oldest, 0);
    help_ok(zks__store_quarantine_update(s, group.g, 3, 77, 0));
    zks__store_quarantined large = {.blob = {blob, ZKS_BLOB_MAX_BYTES + 1}};
    ck_assert_int_eq(zks__store_quarantine_add(s, group.g, &large), ZKS_E_TOO_LARGE);
}
END_TEST

static void add(TCase *c)
{
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_test(c, relay_is_found_or_added_for_each_group);
    tcase_add_test(c, relay_outside_a_transaction_is_added_durably);
    tcase_add_test(c, pin_is_kept_for_its_address);
    tcase_add_test(c, held_add_get_each_remove_agree);
    tcase_add_test(c, held_tell_is_kept_and_the_rest_stays);
    tcase_add_test(c, alarms_are_of_one_group_and_roll_back);
    tcase_add_test(c, quarantine_keeps_the_order_and_each_blob_once);
    tcase_add_test(c, held_callback_may_write);
}

int main(void)
{
    return unit_main("store_relays", add);
}
