/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Whole pairings in memory: right and wrong codes, contents, users, time and connections. */
#include "tests/unit/pairing/pair_world.h"

static world *shared_world(const char *test, zks__pair_kind kind, uint8_t suite)
{
    world *w = world_new(test, kind);
    pair_glue_done(&w->i);
    pair_group_init_shared(&w->group, suite, 1);
    pair_inviter_init(&w->i, &w->group, kind, relay_key, w->seed, on_send, &w->side[0]);
    return w;
}

/* --- as it should be -------------------------------------------------------------- */

START_TEST(pairing_by_code_lets_the_device_in)
{
    world *w = world_new("by_code", ZKS_PAIR_CODE);
    invite(w);
    ck_assert_uint_eq(strlen(w->i.code), 19);
    ck_assert_int_eq(strncmp(w->i.code, "7K2M-", 5), 0);
    join(w, 0, NULL);
    expect_paired(w, 0);
    /* The whole code is single use. */
    join(w, 1, NULL);
    expect_end(&w->j[1], ZKS_E_CODE_USED, "used this pairing code already");
    world_free(w);
}
END_TEST

START_TEST(pairing_by_link_lets_the_device_in)
{
    world *w = world_new("by_link", ZKS_PAIR_LINK);
    invite(w);
    join(w, 0, NULL);
    expect_paired(w, 0);
    world_free(w);
}
END_TEST

/* Every suite pairs by link; those without a PAKE by link only. */
START_TEST(pairing_by_link_works_in_every_suite_of_the_build)
{
    unsigned suites = 0;
    for (uint8_t suite = 1; suite < 8; suite++) {
        if (!zks__crypto_suite(suite)) {
            continue;
        }
        world *w = world_new("every_suite", ZKS_PAIR_LINK);
        pair_glue_done(&w->i);
        pair_group_init(&w->group, suite, 1);
        pair_inviter_init(&w->i, &w->group, ZKS_PAIR_LINK, relay_key, w->seed, on_send,
                          &w->side[0]);
        invite(w);
        join(w, 0, NULL);
        expect_paired(w, 0);
        world_free(w);
        suites++;
    }
    ck_assert_uint_gt(suites, 0);
}
END_TEST

/* Nothing that the mailbox carries is the group's, in clear. */
START_TEST(pairing_on_the_way_shows_no_secret)
{
    world *w = _i ? shared_world("no_secret", ZKS_PAIR_CODE, ZKS_SUITE_SODIUM)
                  : world_new("no_secret", ZKS_PAIR_CODE);
    invite(w);
    join(w, 0, NULL);
    expect_paired(w, 0);
    for (int n = 0; n < MESSAGES; n++) {
        ck_assert_uint_eq(w->seen[n], 1);
        for (size_t k = 0; k + 32 <= w->kept_length[n]; k++) {
            ck_assert(memcmp(w->kept[n] + k, w->group.group_id, 32) != 0);
            ck_assert(memcmp(w->kept[n] + k, w->j[0].secret, 32) != 0);
            ck_assert(memcmp(w->kept[n] + k, w->j[0].device, 32) != 0);
            ck_assert(memcmp(w->kept[n] + k, w->i.code + 5, 12) != 0);
            ck_assert(memcmp(w->kept[n] + k, "Anna's", 6) != 0);
        }
    }
    world_free(w);
}
END_TEST

/* --- wrong codes ------------------------------------------------------------------ */

START_TEST(wrong_code_is_told_on_both_sides_and_the_right_one_still_works)
{
    world *w = world_new("wrong_code", ZKS_PAIR_CODE);
    invite(w);
    for (unsigned n = 1; n < ZKS_PAIRING_TRIES; n++) {
        join(w, 0, wrong_code(w));
        expect_end(&w->j[0], ZKS_E_WRONG_CODE, "code is wrong");
        ck_assert_uint_eq(w->i.wrong_tries, n);
        ck_assert_uint_eq(w->i.tries_left, ZKS_PAIRING_TRIES - n);
        ck_assert(!w->i.ended);
        ck_assert_uint_eq(w->i.asks, 0);
    }
    join(w, 1, NULL);
    expect_paired(w, 1);
    world_free(w);
}
END_TEST

START_TEST(third_wrong_code_burns_the_code)
{
    world *w = world_new("burnt", ZKS_PAIR_CODE);
    invite(w);
    for (int n = 0; n < ZKS_PAIRING_TRIES; n++) {
        join(w, 0, wrong_code(w));
        expect_end(&w->j[0], ZKS_E_WRONG_CODE, "code is wrong");
    }
    expect_end(&w->i, ZKS_E_WRONG_CODE, "burnt");
    ck_assert(w->gone && w->gone_code == ZKS_WIRE_WRONG_CODE);
    join(w, 1, NULL); /* not even the right one */
    expect_end(&w->j[1], ZKS_E_WRONG_CODE, "burnt: ask for a new one");
    world_free(w);
}
END_TEST

/* Who takes the answer and goes has tried: it has what a guess can be checked against, once. */
START_TEST(joiner_that_leaves_after_the_answer_has_tried)
{
    world *w = world_new("leaves", ZKS_PAIR_CODE);
    w->tamper = tamper_drop;
    w->target = 3;
    invite(w);
    for (unsigned n = 1; n <= ZKS_PAIRING_TRIES; n++) {
        ck_assert(!w->i.ended);
        join(w, 0, NULL);
        w->locked = NOBODY;
        attempt_over(w, ZKS_WIRE_BUSY);
        run(w);
        ck_assert_uint_eq(w->i.wrong_tries, n < ZKS_PAIRING_TRIES ? n : n - 1);
    }
    expect_end(&w->i, ZKS_E_WRONG_CODE, "burnt");
    world_free(w);
}
END_TEST

/* Before the answer there is nothing to guess with. */
START_TEST(joiner_that_leaves_before_the_answer_has_not_tried)
{
    world *w = world_new("leaves early", ZKS_PAIR_CODE);
    w->tamper = tamper_drop;
    w->target = 1;
    invite(w);
    for (unsigned n = 0; n < 2 * ZKS_PAIRING_TRIES; n++) {
        join(w, 0, NULL);
        w->locked = NOBODY;
        attempt_over(w, ZKS_WIRE_BUSY);
        run(w);
    }
    ck_assert_uint_eq(w->i.wrong_tries, 0);
    w->tamper = NULL;
    join(w, 1, NULL);
    expect_paired(w, 1);
    world_free(w);
}
END_TEST

START_TEST(link_is_not_burnt_by_wrong_tries)
{
    world *w = world_new("link_tries", ZKS_PAIR_LINK);
    zks__pair_invite v;
    zks__pair_problem problem;
    char link[ZKS_PAIR_LINK_TEXT_BYTES];
    invite(w);
    ck_assert_int_eq(zks__pair_read(w->i.code, strlen(w->i.code), &v, &problem), ZKS_OK);
    v.secret[31] ^= 1;
    ck_assert_int_eq(zks__pair_link_text(&v, link), ZKS_OK);
    for (int n = 0; n < 3 * ZKS_PAIRING_TRIES; n++) {
        join(w, 0, link);
        expect_end(&w->j[0], ZKS_E_WRONG_CODE, "code is wrong");
        ck_assert(!w->i.ended);
    }
    join(w, 1, NULL);
    expect_paired(w, 1);
    world_free(w);
}
END_TEST

START_TEST(unknown_nameplate_is_told)
{
    world *w = world_new("unknown", ZKS_PAIR_CODE);
    char code[ZKS_PAIR_CODE_TEXT_BYTES];
    invite(w);
    memcpy(code, w->i.code, sizeof code);
    code[0] = '8';
    join(w, 0, code);
    expect_end(&w->j[0], ZKS_E_CODE_UNKNOWN, "knows no such");
    ck_assert(!w->i.ended);
    world_free(w);
}
END_TEST

START_TEST(two_joiners_at_once_second_is_told_busy)
{
    world *w = world_new("two", ZKS_PAIR_CODE);
    invite(w);
    w->i.hold_answer = true;
    join(w, 0, NULL);
    ck_assert_uint_eq(w->i.asks, 1);
    join(w, 1, NULL);
    expect_end(&w->j[1], ZKS_E_BUSY, "right now");
    pair_glue_answer(&w->i, true);
    run(w);
    expect_paired(w, 0);
    world_free(w);
}
END_TEST

/* --- content ---------------------------------------------------------------------- */

static const struct {
    pair_fault fault;
    bool of_joiner;
    zks_status inviter, joiner;
} faults[] = {
    {PAIR_FAULT_NO_MEMBER, false, ZKS_E_PROTOCOL, ZKS_E_PROTOCOL},
    {PAIR_FAULT_FORGED_MEMBER, false, ZKS_E_PROTOCOL, ZKS_E_PROTOCOL},
    {PAIR_FAULT_OTHER_RELAY, false, ZKS_E_PROTOCOL, ZKS_E_PROTOCOL},
    {PAIR_FAULT_BROKEN_BUNDLE, false, ZKS_E_TRUNCATED, ZKS_E_CODE_CANCELLED},
    {PAIR_FAULT_COMMIT_FAILS, false, ZKS_E_CONFLICT, ZKS_E_CODE_CANCELLED},
    {PAIR_FAULT_MORE_RIGHTS, true, ZKS_E_PROTOCOL, ZKS_E_PROTOCOL},
    {PAIR_FAULT_OTHER_GROUP, true, ZKS_E_PROTOCOL, ZKS_E_PROTOCOL},
    {PAIR_FAULT_BAD_NAME, true, ZKS_E_CODE_CANCELLED, ZKS_E_INVALID},
    {PAIR_FAULT_STORE_FAILS, true, ZKS_E_PROTOCOL, ZKS_E_STORE_FULL},
};

START_TEST(content_that_is_wrong_ends_it_on_both_sides)
{
    world *w = world_new("fault", ZKS_PAIR_CODE);
    *(faults[_i].of_joiner ? &w->j[0].fault : &w->i.fault) = faults[_i].fault;
    invite(w);
    join(w, 0, NULL);
    ck_assert(w->i.ended && w->j[0].ended);
    ck_assert_int_eq(w->i.status, faults[_i].inviter);
    ck_assert_int_eq(w->j[0].status, faults[_i].joiner);
    ck_assert(w->gone);
    world_free(w);
}
END_TEST

/* A link names its group: an inviter of another one with the same secret is refused. */
START_TEST(link_of_another_group_is_refused)
{
    world *w = world_new("other group", ZKS_PAIR_LINK);
    zks__pair_invite v;
    zks__pair_problem problem;
    char link[ZKS_PAIR_LINK_TEXT_BYTES];
    invite(w);
    ck_assert_int_eq(zks__pair_read(w->i.code, strlen(w->i.code), &v, &problem), ZKS_OK);
    v.group_id[3] ^= 1;
    ck_assert_int_eq(zks__pair_link_text(&v, link), ZKS_OK);
    join(w, 0, link);
    expect_end(&w->j[0], ZKS_E_WRONG_GROUP, "another group");
    ck_assert_uint_eq(w->i.asks, 0);
    world_free(w);
}
END_TEST

START_TEST(link_at_another_relay_is_refused)
{
    world *w = world_new("other relay", ZKS_PAIR_LINK);
    invite(w);
    pair_joiner_init(&w->j[0], &w->group, w->i.code, relay_key, 1, on_send, &w->side[1]);
    w->j[0].relay_key[0] ^= 1;
    pair_glue_event(&w->j[0], ZKS_PAIRING_CONNECTED);
    ck_assert(w->j[0].ended);
    ck_assert_int_eq(w->j[0].status, ZKS_E_RELAY_KEY_CHANGED);
    ck_assert_uint_eq(w->queued, 0);
    world_free(w);
}
END_TEST

/* The relay's key is part of what is agreed on: a relay in front of the relay has another one. */
START_TEST(code_through_another_relay_is_wrong)
{
    world *w = world_new("relay in front", ZKS_PAIR_CODE);
    invite(w);
    pair_joiner_init(&w->j[0], &w->group, w->i.code, relay_key, 1, on_send, &w->side[1]);
    w->j[0].relay_key[0] ^= 1;
    pair_glue_event(&w->j[0], ZKS_PAIRING_CONNECTED);
    run(w);
    expect_end(&w->j[0], ZKS_E_WRONG_CODE, "wrong");
    world_free(w);
}
END_TEST

/* --- shared groups ------------------------------------------------------------------ */

START_TEST(shared_group_is_handed_over_by_code)
{
    world *w = shared_world("shared", ZKS_PAIR_CODE, ZKS_SUITE_SODIUM);
    invite(w);
    join(w, 0, NULL);
    expect_paired(w, 0);
    world_free(w);
}
END_TEST

START_TEST(shared_group_is_handed_over_by_link_in_every_suite)
{
    for (uint8_t suite = 1; suite < 8; suite++) {
        if (zks__crypto_suite(suite)) {
            world *w = shared_world("shared link", ZKS_PAIR_LINK, suite);
            invite(w);
            join(w, 0, NULL);
            expect_paired(w, 0);
            world_free(w);
        }
    }
}
END_TEST

static const struct {
    pair_fault fault;
    bool of_joiner, paired;
    zks_status inviter, joiner;
} shared_faults[] = {
    {PAIR_FAULT_OTHER_RELAY, false, false, ZKS_E_PROTOCOL, ZKS_E_PROTOCOL},
    {PAIR_FAULT_BROKEN_BUNDLE, false, false, ZKS_E_TRUNCATED, ZKS_E_CODE_CANCELLED},
    {PAIR_FAULT_COMMIT_FAILS, false, false, ZKS_E_CONFLICT, ZKS_E_CODE_CANCELLED},
    {PAIR_FAULT_OTHER_MODE, false, false, ZKS_E_MALFORMED, ZKS_E_CODE_CANCELLED},
    {PAIR_FAULT_OTHER_MODE, false, true, ZKS_E_TRUNCATED, ZKS_E_CODE_CANCELLED},
    {PAIR_FAULT_MORE_RIGHTS, true, false, ZKS_E_PROTOCOL, ZKS_E_PROTOCOL},
    {PAIR_FAULT_OTHER_GROUP, true, false, ZKS_E_PROTOCOL, ZKS_E_PROTOCOL},
    {PAIR_FAULT_STORE_FAILS, true, false, ZKS_E_PROTOCOL, ZKS_E_STORE_FULL},
};

START_TEST(shared_content_that_is_wrong_ends_it_on_both_sides)
{
    world *w = shared_faults[_i].paired
                   ? world_new("shared fault", ZKS_PAIR_CODE)
                   : shared_world("shared fault", ZKS_PAIR_CODE, ZKS_SUITE_SODIUM);
    *(shared_faults[_i].of_joiner ? &w->j[0].fault : &w->i.fault) = shared_faults[_i].fault;
    invite(w);
    join(w, 0, NULL);
    ck_assert(w->i.ended && w->j[0].ended);
    ck_assert_int_eq(w->i.status, shared_faults[_i].inviter);
    ck_assert_int_eq(w->j[0].status, shared_faults[_i].joiner);
    ck_assert(w->gone);
    world_free(w);
}
END_TEST

/* --- a code that was there before -------------------------------------------------- */

static const char printed[] = "7K2M-ABCD-EFGH-2345";

static world *printed_world(const char *test)
{
    world *w = world_new(test, ZKS_PAIR_CODE);
    pair_glue_done(&w->i);
    pair_inviter_init_code(&w->i, &w->group, printed, relay_key, w->seed, on_send, &w->side[0]);
    return w;
}

START_TEST(code_that_was_there_before_lets_the_device_in)
{
    world *w = printed_world("printed");
    ck_assert_uint_eq(pair_glue_deadline(&w->i), UINT64_MAX); /* its time has not begun */
    w->i.now_ms += 24ull * 3600 * 1000;
    invite(w);
    ck_assert_str_eq(w->i.code, printed);
    join(w, 0, "7k2m abcd efgh 2345");
    expect_paired(w, 0);
    ck_assert(w->i.spent);
    world_free(w);
}
END_TEST

START_TEST(code_that_begins_as_another_one_is_refused)
{
    world *w = printed_world("taken");
    zks__message m = {.type = ZKS_MESSAGE_ERROR};
    m.error.code = ZKS_WIRE_BUSY;
    m.error.about = ZKS_MESSAGE_MAILBOX_OPEN;
    pair_glue_event(&w->i, ZKS_PAIRING_CONNECTED);
    pair_glue_message(&w->i, &m);
    expect_end(&w->i, ZKS_E_BUSY, "make a new one");
    ck_assert(!w->i.spent);
    world_free(w);
}
END_TEST

/* A relay that was restarted counts attempts from the beginning, and gives nobody more tries. */
START_TEST(wrong_tries_count_over_restarts_of_the_relay)
{
    world *w = printed_world("restarts");
    invite(w);
    for (unsigned left = 2; left; left--) {
        join(w, 0, wrong_code(w));
        expect_end(&w->j[0], ZKS_E_WRONG_CODE, "wrong");
        ck_assert_uint_eq(w->i.tries_left, left);
        pair_glue_lost(&w->i, ZKS_E_CONNECTION_LOST);
        w->attempt = 1;
        w->m0_length = 0;
        pair_glue_event(&w->i, ZKS_PAIRING_CONNECTED);
        run(w);
    }
    join(w, 0, wrong_code(w));
    expect_end(&w->i, ZKS_E_WRONG_CODE, "burnt");
    ck_assert(w->i.spent);
    world_free(w);
}
END_TEST

/* What is agreed on is bound to the relay in use, whichever that is. */
START_TEST(code_moves_to_another_relay)
{
    world *w = printed_world("moves");
    invite(w);
    pair_glue_lost(&w->i, ZKS_E_CONNECTION_LOST);
    w->i.relay_key[0] ^= 1;
    w->attempt = 1;
    pair_glue_event(&w->i, ZKS_PAIRING_CONNECTED);
    run(w);
    pair_joiner_init(&w->j[0], &w->group, w->i.code, w->i.relay_key, 1, on_send, &w->side[1]);
    pair_glue_event(&w->j[0], ZKS_PAIRING_CONNECTED);
    run(w);
    expect_paired(w, 0);
    world_free(w);
}
END_TEST

START_TEST(link_does_not_move_to_a_relay_that_it_does_not_name)
{
    world *w = world_new("link moves", ZKS_PAIR_LINK);
    invite(w);
    pair_glue_lost(&w->i, ZKS_E_CONNECTION_LOST);
    w->i.relay_key[0] ^= 1;
    pair_glue_event(&w->i, ZKS_PAIRING_CONNECTED);
    expect_end(&w->i, ZKS_E_CODE_UNKNOWN, "make a new one");
    ck_assert_uint_eq(w->queued, 0);
    world_free(w);
}
END_TEST

/* Its owner has the mailbox closed that comes all the same. */
START_TEST(code_taken_back_before_the_relay_has_it_says_so)
{
    world *w = printed_world("early");
    pair_glue_event(&w->i, ZKS_PAIRING_CONNECTED);
    pair_glue_event(&w->i, ZKS_PAIRING_CANCEL);
    ck_assert(w->i.ended && w->i.opening);
    ck_assert_uint_eq(w->queued, 1); /* MAILBOX_OPEN */
    world_free(w);
    w = printed_world("in time");
    invite(w);
    pair_glue_event(&w->i, ZKS_PAIRING_CANCEL);
    run(w);
    ck_assert(w->i.ended && !w->i.opening && w->gone);
    world_free(w);
}
END_TEST

/* What the relay has given is given back where nothing can be made of it. */
START_TEST(mailbox_that_no_code_can_name_is_closed)
{
    world *w = world_new("no code", ZKS_PAIR_CODE);
    zks__message sent, m = {.type = ZKS_MESSAGE_MAILBOX_OPEN};
    memcpy(m.mailbox_open.nameplate, "7k2m", ZKS_NAMEPLATE_BYTES);
    m.mailbox_open.attempt = 1;
    pair_glue_event(&w->i, ZKS_PAIRING_CONNECTED);
    pair_glue_message(&w->i, &m);
    expect_end(&w->i, ZKS_E_PROTOCOL, "interferes");
    ck_assert(!w->i.opening);
    ck_assert_uint_eq(w->i.codes, 0);
    ck_assert_uint_eq(w->queued, 2); /* MAILBOX_OPEN is the first */
    ck_assert_int_eq(zks__wire_decode(w->queue[1].bytes, w->queue[1].length, &sent), ZKS_OK);
    ck_assert_int_eq((int)sent.type, ZKS_MESSAGE_MAILBOX_CLOSE);
    ck_assert_mem_eq(sent.mailbox_close.nameplate, "7k2m", ZKS_NAMEPLATE_BYTES);
    ck_assert_uint_eq(sent.mailbox_close.attempt, 0);
    ck_assert_uint_eq(sent.mailbox_close.code, ZKS_WIRE_CODE_CANCELLED);
    world_free(w);
}
END_TEST

START_TEST(code_that_nobody_tried_is_not_spent)
{
    world *w = printed_world("cancelled");
    invite(w);
    pair_glue_event(&w->i, ZKS_PAIRING_CANCEL);
    ck_assert(w->i.ended && !w->i.spent);
    world_free(w);
}
END_TEST

/* --- users and time ----------------------------------------------------------------- */

START_TEST(user_declines_both_are_told)
{
    world *w = world_new("declined", ZKS_PAIR_CODE);
    w->i.decline = true;
    invite(w);
    join(w, 0, NULL);
    expect_end(&w->i, ZKS_E_CANCELLED, "was cancelled");
    expect_end(&w->j[0], ZKS_E_CODE_CANCELLED, "declined");
    ck_assert_uint_eq(w->j[0].stores, 0);
    join(w, 1, NULL);
    expect_end(&w->j[1], ZKS_E_CODE_CANCELLED, "cancelled");
    world_free(w);
}
END_TEST

START_TEST(inviter_cancels_before_anybody_comes)
{
    world *w = world_new("cancelled", ZKS_PAIR_CODE);
    invite(w);
    pair_glue_event(&w->i, ZKS_PAIRING_CANCEL);
    run(w);
    expect_end(&w->i, ZKS_E_CANCELLED, "no good any more");
    join(w, 0, NULL);
    expect_end(&w->j[0], ZKS_E_CODE_CANCELLED, "cancelled");
    world_free(w);
}
END_TEST

START_TEST(joiner_cancels_while_the_other_user_is_asked)
{
    world *w = world_new("joiner cancels", ZKS_PAIR_CODE);
    w->i.hold_answer = true;
    invite(w);
    join(w, 0, NULL);
    pair_glue_event(&w->j[0], ZKS_PAIRING_CANCEL);
    run(w);
    expect_end(&w->j[0], ZKS_E_CANCELLED, "cancelled");
    expect_end(&w->i, ZKS_E_CODE_CANCELLED, "other device cancelled");
    world_free(w);
}
END_TEST

START_TEST(code_expires_after_ten_minutes)
{
    world *w = world_new("expired", ZKS_PAIR_CODE);
    invite(w);
    ck_assert(pair_glue_deadline(&w->i) == 1000 + 600000);
    w->i.now_ms = 1000 + 600000 - 1;
    pair_glue_event(&w->i, ZKS_PAIRING_TICK);
    ck_assert(!w->i.ended);
    w->i.now_ms++;
    pair_glue_event(&w->i, ZKS_PAIRING_TICK);
    run(w);
    expect_end(&w->i, ZKS_E_CODE_EXPIRED, "time is over");
    ck_assert(pair_glue_deadline(&w->i) == UINT64_MAX);
    join(w, 0, NULL);
    expect_end(&w->j[0], ZKS_E_CODE_EXPIRED, "time is over");
    world_free(w);
}
END_TEST

/* The code expires while the user thinks. */
START_TEST(code_expires_while_the_user_is_asked)
{
    world *w = world_new("asked too long", ZKS_PAIR_CODE);
    w->i.hold_answer = true;
    invite(w);
    join(w, 0, NULL);
    w->i.now_ms += 600000;
    pair_glue_answer(&w->i, true); /* too late */
    run(w);
    expect_end(&w->i, ZKS_E_CODE_EXPIRED, "time is over");
    expect_end(&w->j[0], ZKS_E_CODE_EXPIRED, "time is over");
    world_free(w);
}
END_TEST

/* A message never comes: who waits for it says so after a minute. */
START_TEST(message_lost_times_out)
{
    uint8_t number = (uint8_t)_i;
    world *w = world_new("silence", ZKS_PAIR_CODE);
    w->tamper = tamper_drop;
    w->target = number;
    invite(w);
    join(w, 0, NULL);
    pair_glue *waits = number % 2 ? &w->i : &w->j[0];
    if (number == 1 || number == 6) { /* the inviter waits for m1 as long as the code lives */
        waits = &w->j[0];
    }
    ck_assert(!waits->ended);
    uint64_t due = pair_glue_deadline(waits);
    ck_assert_uint_le(due, 1000 + (number == 6 ? 600000 : 60000));
    waits->now_ms = due - 1;
    pair_glue_event(waits, ZKS_PAIRING_TICK);
    ck_assert(!waits->ended);
    w->tamper = NULL;
    waits->now_ms = w->i.now_ms = due;
    pair_glue_event(waits, ZKS_PAIRING_TICK);
    run(w);
    if (number == 3) { /* a wrong try, and the code lives on */
        ck_assert(!w->i.ended);
        ck_assert_uint_eq(w->i.wrong_tries, 1);
        expect_end(&w->j[0], ZKS_E_BUSY, "try again");
        join(w, 1, NULL);
        expect_paired(w, 1);
    } else {
        expect_end(waits, ZKS_E_TIMEOUT, "did not answer in time");
    }
    world_free(w);
}
END_TEST

/* --- connections ------------------------------------------------------------------ */

START_TEST(inviter_reconnects_and_the_code_still_works)
{
    world *w = world_new("reconnect", ZKS_PAIR_CODE);
    invite(w);
    pair_glue_lost(&w->i, ZKS_E_CONNECTION_LOST);
    ck_assert(!w->i.ended);
    w->attempt = 5; /* the relay goes on counting */
    pair_glue_event(&w->i, ZKS_PAIRING_CONNECTED);
    run(w);
    ck_assert_uint_eq(w->i.codes, 1);
    join(w, 0, NULL);
    expect_paired(w, 0);
    world_free(w);
}
END_TEST

START_TEST(relay_that_forgot_the_code_is_told)
{
    world *w = world_new("forgot", ZKS_PAIR_CODE);
    zks__message m = {.type = ZKS_MESSAGE_ERROR};
    m.error.code = ZKS_WIRE_CODE_UNKNOWN;
    m.error.about = ZKS_MESSAGE_MAILBOX_OPEN;
    invite(w);
    pair_glue_lost(&w->i, ZKS_E_CONNECTION_LOST);
    pair_glue_message(&w->i, &m); /* of another machine: no session, no error */
    ck_assert(!w->i.ended);
    pair_glue_event(&w->i, ZKS_PAIRING_CONNECTED);
    pair_glue_message(&w->i, &m);
    expect_end(&w->i, ZKS_E_CODE_UNKNOWN, "has forgotten this code");
    world_free(w);
}
END_TEST

START_TEST(connection_lost_after_the_proof_ends_it)
{
    world *w = world_new("lost", ZKS_PAIR_CODE);
    w->i.hold_answer = true;
    invite(w);
    join(w, 0, NULL);
    if (_i) {
        pair_glue_lost(&w->i, ZKS_E_CONNECTION_LOST);
        expect_end(&w->i, ZKS_E_CONNECTION_LOST, "in the middle");
        ck_assert(!w->i.committed);
    } else {
        pair_glue_lost(&w->j[0], ZKS_E_CONNECTION_LOST);
        expect_end(&w->j[0], ZKS_E_CONNECTION_LOST, "in the middle");
        w->locked = NOBODY;
        attempt_over(w, ZKS_WIRE_BUSY); /* the relay says so */
        run(w);
        expect_end(&w->i, ZKS_E_CONNECTION_LOST, "in the middle");
        ck_assert(w->gone && w->gone_code == ZKS_WIRE_CODE_USED); /* it was single use */
    }
    world_free(w);
}
END_TEST

/* The MEMBER is at the relay, the answer is not known: the user must look at the device list. */
START_TEST(connection_lost_after_the_commit_says_so)
{
    world *w = world_new("lost late", ZKS_PAIR_CODE);
    w->i.hold_commit = true;
    invite(w);
    join(w, 0, NULL);
    ck_assert(!w->i.ended);
    pair_glue_lost(&w->i, ZKS_E_CONNECTION_LOST);
    expect_end(&w->i, ZKS_E_CONNECTION_LOST, "in the middle");
    ck_assert(w->i.committed);
    world_free(w);
}
END_TEST

/* --- the relay lies about success ------------------------------------------------- */

START_TEST(relay_cannot_claim_success)
{
    world *w = world_new("claims", ZKS_PAIR_CODE);
    invite(w);
    deliver_close(w, 0, 0, ZKS_WIRE_OK);
    expect_end(&w->i, ZKS_E_CODE_UNKNOWN, "forgotten");
    join_without_running(w, 0, NULL);
    deliver_close(w, 1, 1, ZKS_WIRE_OK);
    expect_end(&w->j[0], ZKS_E_CODE_USED, "used");
    world_free(w);
}
END_TEST

START_TEST(inviter_config_that_cannot_work_is_refused)
{
    pair_group group;
    zks__inviter *i = NULL;
    zks__pair_relay relay = {.address = "a b"};
    pair_group_init(&group, ZKS_SUITE_SODIUM, 1);
    const zks__pair_invite link = {.kind = ZKS_PAIR_LINK, .nameplate = "7K2M"};
    const zks__pair_invite unnamed = {.kind = ZKS_PAIR_CODE, .nameplate = "7K2U"};
    zks__inviter_config c = {
        .kind = ZKS_PAIR_CODE,
        .group = {.suite = 1, .mode = 3, .genesis = {group.genesis, group.genesis_length}}};
    ck_assert_int_eq(zks__inviter_new(&c, &i), ZKS_E_INVALID); /* no such mode */
    c.group.mode = ZKS_GROUP_MODE_SHARED;
    c.group.rights = ZKS_RIGHT_INVITE; /* there are none in it */
    ck_assert_int_eq(zks__inviter_new(&c, &i), ZKS_E_INVALID);
    c.group.mode = ZKS_GROUP_MODE_PAIRED;
    c.code = &link;
    ck_assert_int_eq(zks__inviter_new(&c, &i), ZKS_E_INVALID);
    c.code = &unnamed;
    ck_assert_int_eq(zks__inviter_new(&c, &i), ZKS_E_INVALID);
    c.code = NULL;
    c.group.suite = 99;
    ck_assert_int_eq(zks__inviter_new(&c, &i), ZKS_E_SUITE);
    c.group.suite = 1;
    c.kind = ZKS_PAIR_LINK;
    ck_assert_int_eq(zks__inviter_new(&c, &i), ZKS_E_INVALID);
    c.relays = &relay;
    c.relay_count = 1;
    ck_assert_int_eq(zks__inviter_new(&c, &i), ZKS_E_INVALID); /* no address */
    ck_assert_ptr_null(i);
}
END_TEST

static void add(TCase *c)
{
    tcase_add_test(c, pairing_by_code_lets_the_device_in);
    tcase_add_test(c, pairing_by_link_lets_the_device_in);
    tcase_add_test(c, pairing_by_link_works_in_every_suite_of_the_build);
    tcase_add_loop_test(c, pairing_on_the_way_shows_no_secret, 0, 2);
    tcase_add_test(c, wrong_code_is_told_on_both_sides_and_the_right_one_still_works);
    tcase_add_test(c, third_wrong_code_burns_the_code);
    tcase_add_test(c, joiner_that_leaves_after_the_answer_has_tried);
    tcase_add_test(c, joiner_that_leaves_before_the_answer_has_not_tried);
    tcase_add_test(c, link_is_not_burnt_by_wrong_tries);
    tcase_add_test(c, unknown_nameplate_is_told);
    tcase_add_test(c, two_joiners_at_once_second_is_told_busy);
    tcase_add_loop_test(c, content_that_is_wrong_ends_it_on_both_sides, 0, ZKS_COUNTOF(faults));
    tcase_add_test(c, link_of_another_group_is_refused);
    tcase_add_test(c, link_at_another_relay_is_refused);
    tcase_add_test(c, code_through_another_relay_is_wrong);
    tcase_add_test(c, shared_group_is_handed_over_by_code);
    tcase_add_test(c, shared_group_is_handed_over_by_link_in_every_suite);
    tcase_add_loop_test(c, shared_content_that_is_wrong_ends_it_on_both_sides, 0,
                        ZKS_COUNTOF(shared_faults));
    tcase_add_test(c, code_that_was_there_before_lets_the_device_in);
    tcase_add_test(c, code_that_begins_as_another_one_is_refused);
    tcase_add_test(c, wrong_tries_count_over_restarts_of_the_relay);
    tcase_add_test(c, code_moves_to_another_relay);
    tcase_add_test(c, link_does_not_move_to_a_relay_that_it_does_not_name);
    tcase_add_test(c, code_taken_back_before_the_relay_has_it_says_so);
    tcase_add_test(c, mailbox_that_no_code_can_name_is_closed);
    tcase_add_test(c, code_that_nobody_tried_is_not_spent);
    tcase_add_test(c, user_declines_both_are_told);
    tcase_add_test(c, inviter_cancels_before_anybody_comes);
    tcase_add_test(c, joiner_cancels_while_the_other_user_is_asked);
    tcase_add_test(c, code_expires_after_ten_minutes);
    tcase_add_test(c, code_expires_while_the_user_is_asked);
    tcase_add_loop_test(c, message_lost_times_out, 0, MESSAGES);
    tcase_add_test(c, inviter_reconnects_and_the_code_still_works);
    tcase_add_test(c, relay_that_forgot_the_code_is_told);
    tcase_add_loop_test(c, connection_lost_after_the_proof_ends_it, 0, 2);
    tcase_add_test(c, connection_lost_after_the_commit_says_so);
    tcase_add_test(c, relay_cannot_claim_success);
    tcase_add_test(c, inviter_config_that_cannot_work_is_refused);
}

int main(void)
{
    return zks__crypto_init() ? EXIT_FAILURE : unit_main("pairing", add);
}
