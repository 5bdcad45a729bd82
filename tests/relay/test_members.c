/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Devices of a paired group remove each other, leave and change keys, for each suite. */
#include "tests/relay/members.h"

/* --- tests ------------------------------------------------------------------------ */

START_TEST(revoked_device_is_put_out_everywhere_and_reads_nothing_newer)
{
    begin(_i, 3);
    push(A, 1);
    DEVICE_UNTIL(words_of(B) == 1 && words_of(C) == 1);
    ck_assert_int_eq(finish_epoch(start_revoke(A, m[C].id, NULL)), 1);
    expect_revoked(C);
    DEVICE_UNTIL(epoch_of(B) == 1 && devices_of(B) == 2 && devices_of(A) == 2);
    for (int i = 0; i < 2; i++) {
        DEVICE_UNTIL(events_of(i, ZKS_EVENT_DEVICE_REMOVED) == 1);
        DEVICE_UNTIL(events_of(i, ZKS_EVENT_EPOCH) == 1);
        ck_assert_uint_eq(events_of(i, ZKS_EVENT_GROUP_FORK), 0);
    }
    push(A, 2);
    push(B, 3);
    DEVICE_UNTIL(words_of(A) == 3 && words_of(B) == 3);
    /* it comes again, also by another way */
    shut(C);
    open_at(C, 0);
    ck_assert_int_eq(try_connect(C), ZKS_E_DEVICE_REVOKED);
    move_to(A, 1); /* brings the records there */
    shut(C);
    open_at(C, 1);
    ck_assert_int_eq(try_connect(C), ZKS_E_DEVICE_REVOKED);
    ck_assert_uint_eq(words_of(C), 1);
    ck_assert_int_eq(figure(C, ZKS_REPORT_RIGHTS), 0);
    /* and once more is no mistake */
    ck_assert_int_eq(finish_epoch(start_revoke(A, m[C].id, NULL)), 1);
    device_done(start_revoke(C, m[A].id, NULL), ZKS_E_DEVICE_REVOKED);
    end();
}
END_TEST

START_TEST(others_go_on_pushing_while_one_is_removed)
{
    enum { EACH = 300, TURN = 20 };
    zks_op *pushes[2][EACH], *revoke = NULL;
    begin(_i, 3);
    for (uint64_t i = 0; i < 2 * EACH; i++) {
        int who = i / TURN % 2 ? B : A;
        size_t n = i / (2 * TURN) * TURN + i % TURN;
        pushes[who][n] = device_push(&m[who].d, i, ZKS_PUSH_ACKED);
        if (i == EACH) {
            device_done(pushes[A][0], ZKS_OK); /* they are on their way */
            pushes[A][0] = device_push(&m[A].d, 2 * EACH, ZKS_PUSH_ACKED);
            revoke = start_revoke(A, m[C].id, NULL);
        }
    }
    ck_assert_int_eq(finish_epoch(revoke), 1);
    for (size_t i = 0; i < EACH; i++) {
        device_done(pushes[A][i], ZKS_OK);
        device_done(pushes[B][i], ZKS_OK);
    }
    expect_revoked(C);
    DEVICE_UNTIL(words_of(A) == 2 * (size_t)EACH + 1 && words_of(B) == 2 * (size_t)EACH + 1);
    for (int who = A; who <= B; who++) {
        ck_assert_uint_eq(m[who].d.connected, 1);
        ck_assert_int_eq(figure(who, ZKS_REPORT_REJECTED), 0);
        ck_assert_int_eq(epoch_of(who), 1);
    }
    end();
}
END_TEST

START_TEST(two_remove_two_others_at_once)
{
    begin(_i, 4);
    zks_op *a = start_revoke(A, m[C].id, NULL), *b = start_revoke(B, m[D].id, NULL);
    ck_assert_int_eq(finish_epoch(a) + finish_epoch(b), 1 + 2);
    expect_revoked(C);
    expect_revoked(D);
    for (int who = A; who <= B; who++) {
        DEVICE_UNTIL(epoch_of(who) == 2 && devices_of(who) == 2);
        ck_assert_uint_eq(events_of(who, ZKS_EVENT_GROUP_FORK), 0);
        push(who, (uint64_t)who);
    }
    DEVICE_UNTIL(words_of(A) == 2 && words_of(B) == 2);
    end();
}
END_TEST

START_TEST(two_remove_two_others_at_relays_that_do_not_know_each_other)
{
    begin(_i, 4);
    move_to(B, 1);
    ck_assert_int_eq(finish_epoch(start_revoke(A, m[C].id, NULL)), 1);
    ck_assert_int_eq(finish_epoch(start_revoke(B, m[D].id, NULL)), 1);
    move_to(B, 0); /* one of the two loses, and its removal is made again */
    for (int who = A; who <= B; who++) {
        DEVICE_UNTIL(devices_of(who) == 2 && epoch_of(who) == 2);
        ck_assert_uint_eq(events_of(who, ZKS_EVENT_GROUP_FORK), 0);
    }
    expect_revoked(C);
    expect_revoked(D);
    push(A, 1);
    DEVICE_UNTIL(words_of(B) == 1);
    end();
}
END_TEST

START_TEST(of_two_that_remove_each_other_at_one_relay_the_first_stays)
{
    begin(_i, 3);
    zks_op *op[2] = {start_revoke(A, m[B].id, NULL), start_revoke(B, m[A].id, NULL)};
    int stays = -1;
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(zks__op_wait(op[i], DEVICE_WAIT_MS), ZKS_OK);
        zks_status status = zks__op_status(op[i]);
        if (status) {
            ck_assert_msg(status == ZKS_E_DEVICE_REVOKED || status == ZKS_E_UNAUTHORIZED,
                          "status %d (%s)", status, zks__op_text(op[i]));
        } else {
            ck_assert_int_eq(stays, -1);
            stays = i;
        }
        zks__op_free(op[i]);
    }
    ck_assert_int_ge(stays, 0);
    expect_revoked(1 - stays);
    DEVICE_UNTIL(devices_of(stays) == 2 && devices_of(C) == 2);
    ck_assert_uint_eq(events_of(C, ZKS_EVENT_GROUP_FORK), 0);
    end();
}
END_TEST

START_TEST(mutual_removal_is_a_fork_that_the_recovery_code_settles)
{
    char words[ZKS_RECOVERY_TEXT_BYTES];
    begin(_i, 3);
    zks__recovery_format(suite, seed, words);
    int lost = removed_each_other(), won = lost == A ? B : A;
    ck_assert_int_eq(devices_of(C), 2);
    /* the records were there before the end of its session, what they mean is told behind it */
    DEVICE_UNTIL(events_of(lost, ZKS_EVENT_GROUP_FORK) == 1);
    /* the one that lost has the code */
    shut(lost);
    open_at(lost, 0);
    ck_assert_int_eq(try_connect(lost), ZKS_E_DEVICE_REVOKED);
    finish_epoch(start_revoke(lost, m[won].id, words));
    DEVICE_UNTIL(m[lost].d.state == ZKS_STATE_CONNECTED);
    ck_assert_int_eq(devices_of(lost), 2);
    DEVICE_UNTIL(devices_of(C) == 2 && epoch_of(C) == epoch_of(lost));
    push(lost, 1);
    DEVICE_UNTIL(words_of(C) == 1);
    move_to(lost, 1);
    shut(won);
    open_at(won, 1);
    ck_assert_int_eq(try_connect(won), ZKS_E_DEVICE_REVOKED);
    end();
}
END_TEST

START_TEST(device_that_was_offline_for_five_epochs_catches_up)
{
    begin(_i, 3);
    shut(B);
    open_at(B, RELAYS);
    for (int i = 1; i <= 5; i++) {
        ck_assert_int_eq(i == 3 ? finish_epoch(start_revoke(A, m[C].id, NULL)) : rotate(A), i);
        push(A, (uint64_t)i);
        device_done(device_push(&m[B].d, 10 + (uint64_t)i, 0), ZKS_OK);
    }
    move_to(B, 0);
    DEVICE_UNTIL(words_of(A) == 10 && words_of(B) == 10);
    ck_assert_int_eq(epoch_of(B), 5);
    ck_assert_int_eq(devices_of(B), 2);
    ck_assert_uint_eq(events_of(B, ZKS_EVENT_DEVICE_REMOVED), 1);
    end();
}
END_TEST

START_TEST(keys_change_by_themselves_when_they_are_old)
{
    rotate_s = 2;
    begin(_i, 2);
    DEVICE_UNTIL(epoch_of(A) >= 2 && epoch_of(B) >= 2);
    push(A, 1);
    DEVICE_UNTIL(words_of(B) == 1);
    /* the age is that of the keys, not of the program that runs */
    int64_t before = epoch_of(A);
    move_to(A, 0);
    move_to(B, 0);
    DEVICE_UNTIL(epoch_of(A) > before && epoch_of(B) > before);
    ck_assert_uint_eq(events_of(A, ZKS_EVENT_GROUP_FORK), 0);
    end();
}
END_TEST

static int64_t later_ms; /* than it is */

static int64_t unix_later_ms(void *user)
{
    (void)user;
    const zks__clock now = zks__clock_system();
    return now.unix_ms(now.user) + later_ms;
}

/* A closed device notes since when it knows its keys: now. Else it does so once it has caught up,
 * which nobody sees. */
static void note_keys(int who)
{
    bool due;
    int64_t next_ms = INT64_MAX;
    zks__ledger *l = open_ledger(&m[who], NULL);
    ck_assert_int_eq(zks__store_begin(zks__ledger_store(l)), ZKS_OK);
    ck_assert_int_eq(zks__ledger_epoch_due(l, 3600, &due, &next_ms), ZKS_OK);
    ck_assert_int_eq(zks__store_commit(zks__ledger_store(l)), ZKS_OK);
    zks__ledger_close(l);
}

/* A closed device is opened and connected, so many days later than it is. */
static void come_back_after(int who, int days)
{
    later_ms = (int64_t)days * 24 * 3600 * 1000;
    runtime->clock.unix_ms = unix_later_ms;
    open_at(who, 0);
    ck_assert_int_eq(try_connect(who), ZKS_OK);
}

START_TEST(keys_change_by_themselves_after_thirty_days)
{
    begin(_i, 1);
    shut(A);
    note_keys(A);
    come_back_after(A, 32);
    int64_t start_ms = unix_later_ms(NULL);
    DEVICE_UNTIL(epoch_of(A) == 1);
    int64_t took_ms = unix_later_ms(NULL) - start_ms;
    shut(A);
    note_keys(A);
    come_back_after(A, 32 + 29);
    usleep((useconds_t)(500 + 3 * took_ms) * 1000);
    ck_assert_int_eq(epoch_of(A), 1);
    shut(A);
    come_back_after(A, 32 + 32);
    DEVICE_UNTIL(epoch_of(A) == 2);
    end();
}
END_TEST

START_TEST(device_that_leaves_is_out_and_the_others_change_keys)
{
    zks_op *op = NULL;
    begin(_i, 3);
    push(A, 1);
    DEVICE_UNTIL(words_of(B) == 1);
    ck_assert_int_eq(zks__client_group_leave(m[B].d.client, NULL, NULL, &op), ZKS_OK);
    device_done(op, ZKS_OK);
    DEVICE_UNTIL(m[B].d.state == ZKS_STATE_OFFLINE);
    DEVICE_UNTIL(epoch_of(A) == 1 && epoch_of(C) == 1); /* nobody asked for it */
    ck_assert_int_eq(devices_of(A), 2);
    ck_assert_int_eq(try_connect(B), ZKS_E_UNAUTHORIZED); /* nobody has removed it */
    push(C, 2);
    DEVICE_UNTIL(words_of(A) == 2);
    ck_assert_uint_eq(words_of(B), 1);
    /* it is out at a relay that has not heard of it, too */
    shut(B);
    open_at(B, 1);
    ck_assert_int_ne(try_connect(B), ZKS_OK);
    end();
}
END_TEST

START_TEST(records_are_carried_to_another_relay_however_many)
{
    enum { EPOCHS = ZKS_RECORDS_PER_MESSAGE_MAX - 2 }; /* and five other records */
    begin(_i, 3);
    ck_assert_int_eq(finish_epoch(start_revoke(A, m[C].id, NULL)), 1);
    for (int i = 2; i <= EPOCHS; i++) {
        ck_assert_int_eq(rotate(i % 2 ? A : B), i);
    }
    push(A, 1);
    DEVICE_UNTIL(epoch_of(A) == EPOCHS && words_of(B) == 1);
    move_to(A, 1);
    push(A, 2);
    move_to(B, 1);
    DEVICE_UNTIL(words_of(B) == 2);
    shut(C);
    open_at(C, 1);
    ck_assert_int_eq(try_connect(C), ZKS_E_DEVICE_REVOKED);
    ck_assert_int_eq(rotate(B), EPOCHS + 1);
    end();
}
END_TEST

START_TEST(what_cannot_be_done_is_said_at_once)
{
    static const uint8_t stranger[ZKS_DEVICE_ID_BYTES] = {0x77};
    char words[ZKS_RECOVERY_TEXT_BYTES];
    begin(_i, 2);
    device_done(start_revoke(A, stranger, NULL), ZKS_E_NOT_FOUND);
    device_done(start_revoke(A, m[A].id, NULL), ZKS_E_INVALID);
    zks__recovery_format(suite, stranger, words);
    device_done(start_revoke(A, m[B].id, words), ZKS_E_WRONG_GROUP);
    device_done(start_revoke(A, m[B].id, "lusab babad"), ZKS_E_TRUNCATED);
    words[4] = '1';
    device_done(start_revoke(A, m[B].id, words), ZKS_E_MALFORMED);
    shut(A);
    open_at(A, 0);
    device_done(start_revoke(A, m[B].id, NULL), ZKS_E_NOT_CONNECTED);
    ck_assert_int_eq(epoch_of(A), 0);
    end();
}
END_TEST

static void add(TCase *c)
{
    const TTest *const tests[] = {
        revoked_device_is_put_out_everywhere_and_reads_nothing_newer,
        others_go_on_pushing_while_one_is_removed,
        two_remove_two_others_at_once,
        two_remove_two_others_at_relays_that_do_not_know_each_other,
        of_two_that_remove_each_other_at_one_relay_the_first_stays,
        mutual_removal_is_a_fork_that_the_recovery_code_settles,
        device_that_was_offline_for_five_epochs_catches_up,
        keys_change_by_themselves_when_they_are_old,
        keys_change_by_themselves_after_thirty_days,
        device_that_leaves_is_out_and_the_others_change_keys,
        records_are_carried_to_another_relay_however_many,
        what_cannot_be_done_is_said_at_once,
    };
    tcase_set_timeout(c, 60);
    for (size_t i = 0; i < ZKS_COUNTOF(tests); i++) {
        tcase_add_loop_test(c, tests[i], ZKS_SUITE_SODIUM, ZKS_SUITE_APPROVED + 1);
    }
}

int main(void)
{
    return unit_main("members", add);
}
