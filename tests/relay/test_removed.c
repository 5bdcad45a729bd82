/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What a device that was removed, or that stands between two who removed each other, is told. */
#include "tests/relay/members.h"

static zks_op *start_flush(int who)
{
    zks_op *op = NULL;
    ck_assert_int_eq(zks__client_flush(m[who].d.client, DEVICE_WAIT_MS, NULL, NULL, &op), ZKS_OK);
    return op;
}

static zks_op *start_wait_synced(int who)
{
    zks_op *op = NULL;
    ck_assert_int_eq(zks__client_wait_synced(m[who].d.client, NULL, NULL, &op), ZKS_OK);
    return op;
}

/* What it has to send is told once, and kept. */
static void expect_answers(int who, uint64_t word, int64_t pending, zks_status expected)
{
    device_done(device_push(&m[who].d, word, ZKS_PUSH_ACKED), expected);
    device_done(device_push(&m[who].d, word + 1, ZKS_PUSH_STORED), ZKS_OK);
    zks_op *flush = start_flush(who);
    ck_assert_int_eq(zks__op_wait(flush, DEVICE_WAIT_MS), ZKS_OK);
    ck_assert_int_eq(zks__op_status(flush), expected);
    ck_assert_int_eq(zks__op_number(flush, ZKS_OP_PENDING), pending);
    zks__op_free(flush);
    device_done(start_wait_synced(who), expected);
    ck_assert_int_eq(figure(who, ZKS_REPORT_PENDING_COUNT), pending);
}

START_TEST(what_waits_for_a_relay_is_answered_when_the_device_was_removed)
{
    char words[ZKS_RECOVERY_TEXT_BYTES];
    begin(_i, 3);
    zks__recovery_format(suite, seed, words);
    shut(C);
    open_at(C, 0);
    zks_op *waits[] = {device_push(&m[C].d, 1, ZKS_PUSH_ACKED), start_wait_synced(C),
                       start_flush(C)};
    ck_assert_int_eq(finish_epoch(start_revoke(A, m[C].id, NULL)), 1);
    ck_assert_int_eq(try_connect(C), ZKS_E_DEVICE_REVOKED);
    for (size_t i = 0; i < ZKS_COUNTOF(waits); i++) {
        device_done(waits[i], ZKS_E_DEVICE_REVOKED);
    }
    expect_answers(C, 2, 3, ZKS_E_DEVICE_REVOKED);
    /* let in again it sends them */
    finish_epoch(start_revoke(C, m[A].id, words));
    DEVICE_UNTIL(m[C].d.state == ZKS_STATE_CONNECTED && words_of(B) == 3);
    push(C, 4);
    ck_assert_int_eq(figure(C, ZKS_REPORT_PENDING_COUNT), 0);
    end();
}
END_TEST

START_TEST(what_waits_for_a_relay_is_answered_when_the_device_is_put_out)
{
    begin(_i, 3);
    push(C, 1);
    ck_assert_int_eq(finish_epoch(start_revoke(A, m[C].id, NULL)), 1);
    device_done(device_push(&m[C].d, 2, ZKS_PUSH_ACKED), ZKS_E_DEVICE_REVOKED);
    expect_answers(C, 3, 3, ZKS_E_DEVICE_REVOKED);
    zks_op *op = NULL;
    ck_assert_int_eq(zks__client_group_leave(m[B].d.client, NULL, NULL, &op), ZKS_OK);
    device_done(op, ZKS_OK);
    expect_answers(B, 5, 2, ZKS_E_UNAUTHORIZED);
    end();
}
END_TEST

START_TEST(relay_that_refuses_ends_no_waiting_where_another_takes_the_device)
{
    begin(_i, 3);
    shut(C);
    ck_assert_int_eq(finish_epoch(start_revoke(A, m[C].id, NULL)), 1);
    open_at(C, -1);
    zks_op *push = device_push(&m[C].d, 1, ZKS_PUSH_ACKED), *synced = start_wait_synced(C);
    (void)try_connect(C); /* the first refuses, the second does not know */
    device_done(push, ZKS_OK);
    device_done(synced, ZKS_OK);
    end();
}
END_TEST

/* C has adopted A's EPOCH. Where the relay keeps A too, C's changes are taken, whenever they are
 * made; where it keeps B, C is told what settles it. */
START_TEST(change_on_an_unsettled_fork_is_taken_or_says_what_settles_it)
{
    char words[ZKS_RECOVERY_TEXT_BYTES];
    begin(_i, 4);
    zks__recovery_format(suite, seed, words);
    int lost = removed_each_other(), won = lost == A ? B : A;
    int64_t epoch = 1;
    if (lost == A) {
        zks_op *op = start_revoke(C, m[D].id, NULL);
        ck_assert_int_eq(zks__op_wait(op, DEVICE_WAIT_MS), ZKS_OK);
        ck_assert_int_eq(zks__op_status(op), ZKS_E_CONFLICT);
        ck_assert_msg(strstr(zks__op_text(op), "recovery code"), "%s", zks__op_text(op));
        zks__op_free(op);
    } else {
        for (int i = 0; i < 3; i++) {
            ck_assert_int_eq(rotate(C), ++epoch);
        }
        ck_assert_int_eq(finish_epoch(start_revoke(C, m[D].id, NULL)), ++epoch);
        expect_revoked(D);
    }
    shut(lost);
    open_at(lost, 0);
    ck_assert_int_eq(try_connect(lost), ZKS_E_DEVICE_REVOKED);
    finish_epoch(start_revoke(lost, m[won].id, words));
    DEVICE_UNTIL(m[lost].d.state == ZKS_STATE_CONNECTED && epoch_of(C) == epoch_of(lost));
    int64_t last = epoch_of(lost);
    ck_assert_int_eq(rotate(C), last + 1);
    end();
}
END_TEST

static void add(TCase *c)
{
    const TTest *const tests[] = {
        what_waits_for_a_relay_is_answered_when_the_device_was_removed,
        what_waits_for_a_relay_is_answered_when_the_device_is_put_out,
        relay_that_refuses_ends_no_waiting_where_another_takes_the_device,
        change_on_an_unsettled_fork_is_taken_or_says_what_settles_it,
    };
    tcase_set_timeout(c, 60);
    for (size_t i = 0; i < ZKS_COUNTOF(tests); i++) {
        tcase_add_loop_test(c, tests[i], ZKS_SUITE_SODIUM, ZKS_SUITE_APPROVED + 1);
    }
}

int main(void)
{
    return unit_main("removed members", add);
}
