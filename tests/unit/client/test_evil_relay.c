/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What a malicious relay can do, one attack a test, and the verdict: nothing happened, it was
 * healed, or which event tells. A pushes six words; B listens, and C where a witness is needed.
 */
#include "tests/support/raw_relay.h"
#include "tests/unit/client/evil_world.h"

enum { EVER = 100000 };

/* A and B (and C) are connected and know each other; the attack begins; A pushes. */
static void meet(bool witness)
{
    evil_open(a);
    evil_open(b);
    if (witness) {
        evil_open(c);
    }
}

static void attack(evil_attack kind, unsigned from, unsigned to)
{
    evil_relay_attack(relay, kind, from, to);
    evil_push(a, 1, EVIL_WORDS);
}

/* --- what it keeps back --- */

START_TEST(a_dropped_blob_is_sent_again_by_its_author)
{
    meet(false);
    attack(EVIL_DROP, 3, 3);
    EVIL_HEALS(evil_received(b) == EVIL_WORDS);
    evil_expect_all(b);
}
END_TEST

START_TEST(a_skipped_blob_is_sent_again_by_its_author)
{
    meet(false);
    attack(EVIL_SKIP, 3, 3);
    EVIL_HEALS(evil_received(b) == EVIL_WORDS);
    evil_expect_all(b);
}
END_TEST

static uint64_t cursor_of(device *d)
{
    pthread_mutex_lock(&d->client->mutex);
    uint64_t at = d->client->relays[0].cursor;
    pthread_mutex_unlock(&d->client->mutex);
    return at;
}

/* It has said that there is nothing up to a place which it has not reached, and is honest from then
 * on. Where it is still below it is read anew; where it has come above, the entries are missing. */
START_TEST(what_was_said_to_be_nothing_is_had_again)
{
    bool above = _i > 0, nothing_more = _i > 1;
    meet(false);
    DEVICE_UNTIL(evil_relay_pulls(relay) >= 2);
    evil_reconnect(a); /* it hears that it is not alone: else it tells no heads */
    DEVICE_UNTIL(evil_relay_pulls(relay) >= 3);
    evil_relay_attack(relay, EVIL_EMPTY, 1, EVER);
    evil_reconnect(b);
    DEVICE_UNTIL(cursor_of(b) >> 40 == 1);
    zks_op *op = NULL;
    ck_assert_int_eq(zks__client_disconnect(b->client, NULL, NULL, &op), ZKS_OK);
    device_done(op, ZKS_OK);
    DEVICE_UNTIL(b->state == ZKS_STATE_OFFLINE);
    evil_push(a, 1, nothing_more ? EVIL_WORDS : 4);
    evil_relay_attack(relay, EVIL_NONE, 0, 0);
    if (above) {
        evil_relay_raise(relay);
    }
    if (!nothing_more) {
        evil_push(a, 5, EVIL_WORDS);
    }
    device_connect(b);
    if (above) {
        EVIL_PASS(evil_received(b) == EVIL_WORDS, 5, 150); /* heads first, then it is asked for */
    } else {
        DEVICE_UNTIL(evil_received(b) == EVIL_WORDS);
    }
    evil_expect_all(b);
}
END_TEST

START_TEST(what_is_hidden_from_one_is_sent_again_by_another_when_the_author_is_away)
{
    uint8_t id[ZKS_DEVICE_ID_BYTES];
    meet(true);
    evil_id(b, id);
    evil_relay_hide(relay, id, 3, 3);
    evil_push(a, 1, EVIL_WORDS);
    DEVICE_UNTIL(evil_received(c) == EVIL_WORDS);
    device_free(a);
    EVIL_HEALS(evil_received(b) == EVIL_WORDS);
    evil_expect_all(b);
}
END_TEST

START_TEST(what_nobody_has_becomes_a_gap)
{
    meet(false);
    attack(EVIL_DROP, 3, 3);
    DEVICE_UNTIL(evil_received(b) == 2);
    device_free(a);
    EVIL_GIVES_UP(b->events[ZKS_EVENT_HISTORY_GAP] == 1);
    ck_assert(b->first == 3 && b->last == 3);
    DEVICE_UNTIL(evil_received(b) == 5);
    evil_expect(b, (uint64_t[]){1, 2, 4, 5, 6}, 5, true);
}
END_TEST

START_TEST(a_cut_tail_is_told_by_a_witness_and_healed)
{
    uint8_t id[ZKS_DEVICE_ID_BYTES];
    meet(true);
    evil_id(b, id);
    evil_relay_hide(relay, id, 4, 6);
    evil_push(a, 1, EVIL_WORDS);
    DEVICE_UNTIL(evil_received(c) == EVIL_WORDS && evil_received(b) == 3);
    EVIL_HEALS(evil_received(b) == EVIL_WORDS);
    evil_expect_all(b);
}
END_TEST

START_TEST(a_cut_tail_that_stays_away_is_withheld)
{
    uint8_t id[ZKS_DEVICE_ID_BYTES];
    meet(true);
    evil_id(b, id);
    evil_relay_hide(relay, id, 4, 6);
    evil_push(a, 1, EVIL_WORDS);
    DEVICE_UNTIL(evil_received(c) == EVIL_WORDS && evil_received(b) == 3);
    device_free(a);
    EVIL_HEALS(evil_relay_pushes(relay) >= 7); /* the heads that C tells */
    device_free(c);
    EVIL_GIVES_UP(b->events[ZKS_EVENT_HISTORY_WITHHELD] == 1);
    evil_expect(b, (uint64_t[]){1, 2, 3}, 3, true);
}
END_TEST

START_TEST(a_tail_cut_for_all_is_quiet)
{
    meet(false);
    attack(EVIL_DROP, 4, EVER);
    DEVICE_UNTIL(evil_received(b) == 3);
    EVIL_PASS(b->events[ZKS_EVENT_QUIET] == 1, 600, 15);
    evil_expect(b, (uint64_t[]){1, 2, 3}, 3, true);
}
END_TEST

START_TEST(a_second_relay_gives_what_the_first_drops)
{
    raw_relay honest;
    char folder[64], path[96];
    raw_relay_init(&honest);
    raw_relay_start(&honest, NULL);
    device_folder(folder, sizeof folder);
    snprintf(path, sizeof path, "%s/a.zks", folder);
    device_open(a, runtime, path, honest.address);
    device_connect(a);
    evil_push(a, 1, EVIL_WORDS);
    device_free(a);
    evil_relay_attack(relay, EVIL_DROP, 3, 3);
    device_open(a, runtime, path, evil_relay_address(relay));
    device_connect(a);
    DEVICE_UNTIL(evil_number(a, ZKS_REPORT_PENDING_COUNT) == 0);
    device_free(a);

    zks__client_secrets secrets = {.has_secret = true, .secret = {1, 2, 3}};
    zks__client_options o = {
        .secrets = &secrets, .suite = test_suite(), .event = device_event, .event_user = b};
    zks_op *op = NULL;
    memset(b, 0, sizeof *b);
    o.relays[o.relay_count++] = (char *)(uintptr_t)evil_relay_address(relay);
    o.relays[o.relay_count++] = honest.address;
    ck_assert_int_eq(zks__client_open(runtime, &o, NULL, NULL, &op, &b->client), ZKS_OK);
    device_done(op, ZKS_OK);
    device_connect(b);
    EVIL_HEALS(evil_received(b) == EVIL_WORDS);
    evil_expect_all(b);
    device_free(b);
    device_folder_remove(folder);
    raw_relay_done(&honest);
}
END_TEST

/* --- order and repetition: nothing happens --- */

static const struct harmless {
    evil_attack attack;
    unsigned from, to;
} harmless[] = {
    {EVIL_REORDER, 2, 5}, {EVIL_REPLAY, 1, EVER},    {EVIL_DUPLICATE, 1, EVER},
    {EVIL_LEAP, 1, EVER}, {EVIL_HUGE_HEAD, 1, EVER},
};

START_TEST(order_repetition_and_large_numbers_change_nothing)
{
    meet(false);
    attack(harmless[_i].attack, harmless[_i].from, harmless[_i].to);
    DEVICE_UNTIL(evil_received(b) == EVIL_WORDS);
    evil_reconnect(b);
    evil_expect_all(b);
    ck_assert_uint_eq(b->events[ZKS_EVENT_REJECTED], 0);
    ck_assert_uint_lt(evil_relay_pulls(relay), 20);
}
END_TEST

/* --- changed bytes and names: rejected, told, healed --- */

static const struct forged {
    evil_attack attack;
    zks_status status;
} forged[] = {
    {EVIL_FLIP, ZKS_E_DECRYPT},
    {EVIL_CUT, ZKS_E_TRUNCATED},
    {EVIL_SENDER, ZKS_E_DECRYPT},
};

START_TEST(a_forged_blob_is_rejected_and_healed)
{
    meet(false);
    attack(forged[_i].attack, 3, 3);
    DEVICE_UNTIL(b->events[ZKS_EVENT_REJECTED] == 1);
    ck_assert_int_eq(b->status[ZKS_EVENT_REJECTED], forged[_i].status);
    EVIL_HEALS(evil_received(b) == EVIL_WORDS);
    evil_expect_all(b);
}
END_TEST

START_TEST(strangers_are_rejected_and_do_not_keep_a_device_busy)
{
    meet(false);
    unsigned before = evil_relay_hellos(relay);
    attack(EVIL_STRANGER, 3, EVIL_WORDS);
    EVIL_PASS(b->events[ZKS_EVENT_REJECTED] >= 1, 10, 30);
    usleep(1500 * 1000);
    ck_assert_uint_le(evil_relay_hellos(relay) - before, 6);
    ck_assert_int_eq(b->status[ZKS_EVENT_REJECTED], ZKS_E_NOT_MEMBER);
    evil_relay_attack(relay, EVIL_NONE, 0, 0);
    EVIL_HEALS(evil_received(b) == EVIL_WORDS);
    evil_expect_all(b);
}
END_TEST

START_TEST(an_echo_under_another_name_is_rejected)
{
    meet(false);
    attack(EVIL_ECHO, 1, EVER);
    DEVICE_UNTIL(a->events[ZKS_EVENT_REJECTED] >= 1 && evil_received(b) == EVIL_WORDS);
    ck_assert_int_eq(a->status[ZKS_EVENT_REJECTED], ZKS_E_DECRYPT);
    ck_assert_int_eq(evil_received(a), 0);
    evil_expect_all(b);
}
END_TEST

START_TEST(blobs_of_another_group_are_rejected)
{
    zks_op *op = NULL;
    evil_open(a);
    ck_assert_int_eq(device_try(c, runtime, NULL, evil_relay_address(relay), 9, &op), ZKS_OK);
    device_done(op, ZKS_OK);
    device_connect(c);
    evil_push(c, 40, 41);
    evil_relay_attack(relay, EVIL_OTHER_GROUP, 1, EVER);
    evil_push(a, 1, EVIL_WORDS);
    evil_open(b);
    DEVICE_UNTIL(b->events[ZKS_EVENT_REJECTED] >= 1 && evil_received(b) == EVIL_WORDS);
    ck_assert_int_eq(b->status[ZKS_EVENT_REJECTED], ZKS_E_UNKNOWN_EPOCH);
    evil_expect_all(b);
}
END_TEST

START_TEST(without_records_blobs_wait_and_are_told)
{
    evil_open(a);
    attack(EVIL_NO_RECORDS, 1, EVER);
    evil_open(b);
    unsigned before = evil_relay_hellos(relay);
    EVIL_PASS(b->events[ZKS_EVENT_REJECTED] >= 1, 10, 30);
    ck_assert_int_eq(b->status[ZKS_EVENT_REJECTED], ZKS_E_NOT_MEMBER);
    ck_assert_uint_le(evil_relay_hellos(relay) - before, 3);
    evil_relay_attack(relay, EVIL_NONE, 0, 0);
    evil_reconnect(b);
    DEVICE_UNTIL(evil_received(b) == EVIL_WORDS); /* nothing had to be sent again */
    evil_expect_all(b);
}
END_TEST

/* --- breaches: the session ends, is told, and nothing is lost --- */

static const evil_attack breaches_of_reading[] = {EVIL_HUGE_REACH, EVIL_BACKWARDS,
                                                  EVIL_WELCOME_TWICE, EVIL_ENDLESS};

START_TEST(a_breach_towards_a_reader_costs_the_session_only)
{
    evil_open(a);
    evil_push(a, 1, EVIL_WORDS);
    evil_relay_attack(relay, breaches_of_reading[_i], 1, EVER);
    device_open(b, runtime, NULL, evil_relay_address(relay));
    ck_assert_int_eq(zks__client_connect(b->client, NULL, NULL, NULL), ZKS_OK);
    if (breaches_of_reading[_i] == EVIL_ENDLESS) {
        DEVICE_UNTIL(evil_relay_pulls(relay) > 3);
        unsigned before = evil_relay_pulls(relay);
        usleep(500 * 1000);
        ck_assert_uint_le(evil_relay_pulls(relay) - before, 10);
    } else {
        DEVICE_UNTIL(b->status[ZKS_EVENT_STATE] == ZKS_E_PROTOCOL);
        ck_assert_uint_le(evil_relay_hellos(relay), 6);
    }
    evil_relay_attack(relay, EVIL_NONE, 0, 0);
    DEVICE_UNTIL(evil_received(b) == EVIL_WORDS);
    evil_expect_all(b);
}
END_TEST

static const evil_attack breaches_of_writing[] = {EVIL_ACK_UNSENT, EVIL_ACK_TWICE};

START_TEST(a_breach_towards_a_writer_costs_the_session_only)
{
    meet(false);
    evil_relay_attack(relay, breaches_of_writing[_i], 1, EVER);
    for (uint64_t i = 1; i <= EVIL_WORDS; i++) {
        device_done(device_push(a, i, ZKS_PUSH_STORED), ZKS_OK);
    }
    DEVICE_UNTIL(a->status[ZKS_EVENT_STATE] == ZKS_E_PROTOCOL);
    evil_relay_attack(relay, EVIL_NONE, 0, 0);
    DEVICE_UNTIL(evil_received(b) == EVIL_WORDS);
    evil_expect_all(b);
}
END_TEST

START_TEST(a_refusal_that_means_nothing_is_told_and_healed)
{
    meet(false);
    evil_relay_attack(relay, EVIL_REFUSE, 3, 3);
    uint8_t ids[EVIL_WORDS + 1][ZKS_SIZE_BLOB_ID];
    for (uint64_t i = 1; i <= EVIL_WORDS; i++) {
        zks_op *op = device_push(a, i, ZKS_PUSH_STORED);
        ck_assert_int_eq(zks__op_wait(op, DEVICE_WAIT_MS), ZKS_OK);
        size_t length = 0;
        const uint8_t *id = zks__op_bytes(op, ZKS_OP_BLOB_IDS, &length);
        ck_assert_uint_eq(length, sizeof ids[i]);
        memcpy(ids[i], id, length);
        device_done(op, ZKS_OK);
    }
    DEVICE_UNTIL(a->events[ZKS_EVENT_PUSH_REFUSED] == 1);
    ck_assert_int_eq(a->status[ZKS_EVENT_PUSH_REFUSED], ZKS_E_PROTOCOL);
    ck_assert_mem_eq(a->refused, ids[3], sizeof ids[3]);
    DEVICE_UNTIL(evil_number(a, ZKS_REPORT_PENDING_COUNT) == 0);
    ck_assert_int_eq(evil_number(a, ZKS_REPORT_SENT), EVIL_WORDS - 1);
    ck_assert_int_eq(evil_number(a, ZKS_REPORT_SENT_BYTES) % (EVIL_WORDS - 1), 0);
    EVIL_HEALS(evil_received(b) == EVIL_WORDS);
    evil_expect_all(b);
}
END_TEST

START_TEST(a_relay_that_takes_nothing_loses_nothing)
{
    meet(false);
    evil_relay_attack(relay, EVIL_SILENT, 0, 0);
    for (uint64_t i = 1; i <= EVIL_WORDS; i++) {
        device_done(device_push(a, i, ZKS_PUSH_STORED), ZKS_OK);
    }
    ck_assert_int_eq(evil_number(a, ZKS_REPORT_PENDING_COUNT), EVIL_WORDS);
    evil_relay_attack(relay, EVIL_NONE, 0, 0);
    evil_reconnect(a);
    evil_reconnect(b);
    DEVICE_UNTIL(evil_received(b) == EVIL_WORDS);
    evil_expect_all(b);
}
END_TEST

/* --- going back --- */

/* 0: the same incarnation, 1: a new one */
START_TEST(a_relay_that_goes_back_gets_what_it_lost)
{
    evil_open(a);
    evil_push(a, 1, EVIL_WORDS);
    evil_relay_go_back(relay, 2, _i == 1);
    evil_reconnect(a);
    evil_open(b);
    DEVICE_UNTIL(evil_received(b) == EVIL_WORDS);
    evil_expect_all(b);
    ck_assert_uint_eq(a->events[ZKS_EVENT_NEW_CHAIN], 0);
}
END_TEST

/* The reader is ahead of the relay: cursors are given out again. */
START_TEST(a_relay_that_gives_its_cursors_out_again_hides_nothing)
{
    meet(false);
    evil_push(a, 1, 4);
    DEVICE_UNTIL(evil_received(b) == 4);
    evil_relay_go_back(relay, 2, false);
    evil_reconnect(b);
    evil_reconnect(a);
    evil_push(a, 5, EVIL_WORDS);
    DEVICE_UNTIL(evil_received(b) == EVIL_WORDS);
    evil_expect_all(b);
}
END_TEST

START_TEST(made_up_last_blobs_begin_one_chain_a_day)
{
    meet(false);
    evil_push(a, 1, 3);
    evil_relay_attack(relay, EVIL_OWN_LAST, 0, 0);
    for (int i = 0; i < 4; i++) {
        evil_reconnect(a);
    }
    DEVICE_UNTIL(a->events[ZKS_EVENT_NEW_CHAIN] >= 1);
    evil_push(a, 4, EVIL_WORDS);
    ck_assert_uint_eq(a->events[ZKS_EVENT_NEW_CHAIN], 1);
    DEVICE_UNTIL(evil_received(b) == EVIL_WORDS);
    evil_expect_all(b);
}
END_TEST

/* --- two views --- */

static void copy_file(const char *from, const char *to)
{
    char command[256];
    snprintf(command, sizeof command, "cp '%s' '%s'", from, to);
    ck_assert_int_eq(system(command), 0); /* NOLINT(cert-env33-c): the test's own names */
}

/* A's store is copied, both write number 3; B is shown the one, C the other. */
START_TEST(two_views_of_a_forked_device_come_together)
{
    char folder[64], path[96], copy[96];
    uint8_t id[ZKS_DEVICE_ID_BYTES];
    device_folder(folder, sizeof folder);
    snprintf(path, sizeof path, "%s/a.zks", folder);
    snprintf(copy, sizeof copy, "%s/copy.zks", folder);
    device_open(a, runtime, path, evil_relay_address(relay));
    device_connect(a);
    evil_open(b);
    evil_open(c);
    evil_push(a, 1, 2);
    DEVICE_UNTIL(evil_received(b) == 2 && evil_received(c) == 2);
    device_free(a);
    DEVICE_UNTIL(a->freed == 1); /* the file is closed */
    copy_file(path, copy);
    evil_id(c, id);
    evil_relay_hide(relay, id, 3, 3);
    evil_id(b, id);
    evil_relay_hide(relay, id, 4, 4);
    device_open(a, runtime, path, evil_relay_address(relay));
    device_connect(a);
    evil_push(a, 3, 3);
    device_free(a);
    device_open(a, runtime, copy, evil_relay_address(relay));
    device_done(device_push(a, 13, ZKS_PUSH_STORED), ZKS_OK); /* before it can learn of the other */
    device_connect(a);
    EVIL_HEALS(evil_received(b) == 4 && evil_received(c) == 4);
    evil_expect(b, (uint64_t[]){1, 2, 3, 13}, 4, false);
    evil_expect(c, (uint64_t[]){1, 2, 3, 13}, 4, false);
    DEVICE_UNTIL(b->events[ZKS_EVENT_FORK] >= 1 && c->events[ZKS_EVENT_FORK] >= 1);
    device_free(a);
    device_folder_remove(folder);
}
END_TEST

static void add(TCase *t)
{
    tcase_add_checked_fixture(t, evil_setup, evil_teardown);
    tcase_add_test(t, a_dropped_blob_is_sent_again_by_its_author);
    tcase_add_test(t, a_skipped_blob_is_sent_again_by_its_author);
    tcase_add_loop_test(t, what_was_said_to_be_nothing_is_had_again, 0, 3);
    tcase_add_test(t, what_is_hidden_from_one_is_sent_again_by_another_when_the_author_is_away);
    tcase_add_test(t, what_nobody_has_becomes_a_gap);
    tcase_add_test(t, a_cut_tail_is_told_by_a_witness_and_healed);
    tcase_add_test(t, a_cut_tail_that_stays_away_is_withheld);
    tcase_add_test(t, a_tail_cut_for_all_is_quiet);
    tcase_add_test(t, a_second_relay_gives_what_the_first_drops);
    tcase_add_loop_test(t, order_repetition_and_large_numbers_change_nothing, 0,
                        ZKS_COUNTOF(harmless));
    tcase_add_loop_test(t, a_forged_blob_is_rejected_and_healed, 0, ZKS_COUNTOF(forged));
    tcase_add_test(t, strangers_are_rejected_and_do_not_keep_a_device_busy);
    tcase_add_test(t, an_echo_under_another_name_is_rejected);
    tcase_add_test(t, blobs_of_another_group_are_rejected);
    tcase_add_test(t, without_records_blobs_wait_and_are_told);
    tcase_add_loop_test(t, a_breach_towards_a_reader_costs_the_session_only, 0,
                        ZKS_COUNTOF(breaches_of_reading));
    tcase_add_loop_test(t, a_breach_towards_a_writer_costs_the_session_only, 0,
                        ZKS_COUNTOF(breaches_of_writing));
    tcase_add_test(t, a_refusal_that_means_nothing_is_told_and_healed);
    tcase_add_test(t, a_relay_that_takes_nothing_loses_nothing);
    tcase_add_loop_test(t, a_relay_that_goes_back_gets_what_it_lost, 0, 2);
    tcase_add_test(t, a_relay_that_gives_its_cursors_out_again_hides_nothing);
    tcase_add_test(t, made_up_last_blobs_begin_one_chain_a_day);
    tcase_add_test(t, two_views_of_a_forked_device_come_together);
}

int main(void)
{
    return unit_main("evil_relay", add);
}
