/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What goes missing is told, all of it and once (docs/SECURITY.md, section 3): B misses what A has
 * written. */
#include "group/heads.h"
#include "tests/unit/client/ledgers.h"

enum { MINUTE_MS = 60 * 1000, GAPS = 40 };

static zks__received later(int64_t ms)
{
    int64_t next;
    clock_error_ms += ms;
    return tick(b, &next);
}

static void settle(zks__ledger *l)
{
    zks__relay_state state;
    begin(l);
    ck_assert_int_eq(zks__ledger_settle(l, zks__ledger_last_n(l), &state), ZKS_OK);
    commit(l);
}

/* A relay keeps every second entry back: each is a gap of its own. */
START_TEST(each_of_many_gaps_is_told)
{
    size_t gaps = 0;
    for (int i = 0; i < 2 * GAPS + 1; i++) {
        push(a, 1);
    }
    for (size_t i = 0; i <= 2 * GAPS; i += 2) {
        (void)deliver(i, 1);
    }
    for (int minute = 0; minute < 30; minute++) {
        zks__received r = later(MINUTE_MS);
        gaps += told(&r, ZKS_EVENT_HISTORY_GAP);
        settle(b);
    }
    ck_assert_uint_eq(gaps, GAPS);
}
END_TEST

static void expect_gaps(const zks__received *r)
{
    ck_assert_uint_eq(told(r, ZKS_EVENT_HISTORY_GAP), GAPS);
    ck_assert_uint_eq(r->alarms[ZKS_STORE_ALARM_GAP], GAPS);
    const zks__notice *n = r->notices.first;
    for (uint64_t seq = 2; seq <= 2 * GAPS; seq += 2, n = n->next) {
        ck_assert(n->event == ZKS_EVENT_HISTORY_GAP && n->first == seq && n->last == seq);
    }
}

/* What was told in a transaction that did not last is told again, and counted once; what is late
 * is counted, too. */
START_TEST(what_was_rolled_back_is_told_again_and_counted_once)
{
    zks__received r;
    int64_t next;
    for (int i = 0; i < 2 * GAPS + 1; i++) {
        push(a, 1);
    }
    for (size_t i = 0; i <= 2 * GAPS; i += 2) {
        (void)deliver(i, 1);
    }
    r = later(11 * MINUTE_MS); /* asks */
    ck_assert_uint_eq(r.alarms[ZKS_STORE_ALARM_GAP], 0);
    settle(b);
    (void)later(1);
    clock_error_ms += 11 * MINUTE_MS;
    begin(b);
    ck_assert_int_eq(zks__ledger_tick(b, true, &r, &next), ZKS_OK);
    expect_gaps(&r);
    zks__notices_done(&r.notices);
    roll_back(b);
    load_relay(b);
    settle(b);
    ck_assert_uint_eq(b->alarms[ZKS_STORE_ALARM_GAP], 0);
    for (int minute = 0; minute < 30 && !told(&r, ZKS_EVENT_HISTORY_GAP); minute++) {
        r = later(MINUTE_MS);
    }
    expect_gaps(&r);
    begin(b);
    roll_back(b); /* read from the store */
    load_relay(b);
    r = deliver(1, 1);
    ck_assert_uint_eq(r.delivered, 1);
    ck_assert_uint_eq(r.alarms[ZKS_STORE_ALARM_LATE], 1);
    ck_assert_uint_eq(r.alarms[ZKS_STORE_ALARM_GAP], GAPS);
}
END_TEST

/* Unsigned entries, of a writer whose last push never came. */
START_TEST(unverified_is_told_once_and_not_again_after_a_restart)
{
    begin(a);
    for (uint64_t i = 0; i < 8; i++) {
        zks__buf *body = zks__blob_buffer(&i, sizeof i);
        ck_assert_int_eq(zks__ledger_push(a, body, 0, false, &outbox[outbox_count++]), ZKS_OK);
    }
    commit(a);
    ck_assert_uint_eq(deliver(0, 8).held, 8);
    zks__received r = later(11 * MINUTE_MS);
    ck_assert_uint_eq(told(&r, ZKS_EVENT_UNVERIFIED), 8);
    begin(b); /* as after a start: what is in memory only is gone */
    roll_back(b);
    load_relay(b);
    r = later(11 * MINUTE_MS);
    ck_assert_uint_eq(told(&r, ZKS_EVENT_UNVERIFIED), 0);
}
END_TEST

static void add(TCase *c)
{
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_test(c, each_of_many_gaps_is_told);
    tcase_add_test(c, what_was_rolled_back_is_told_again_and_counted_once);
    tcase_add_test(c, unverified_is_told_once_and_not_again_after_a_restart);
}

int main(void)
{
    return unit_main("notices", add);
}
