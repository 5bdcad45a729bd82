/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Nothing is given up before everyone was asked for it and could answer (docs/SECURITY.md, section
 * 3, rules 4 and 10): B misses what A has written, or A what B names. */
#include "crypto/crypto.h"
#include "group/heads.h"
#include "tests/unit/client/ledgers.h"

enum { MINUTE_MS = 60 * 1000, HOUR_MS = 60 * MINUTE_MS };

/* --- B misses entries --- */

static zks__received later(int64_t ms)
{
    int64_t next;
    clock_error_ms += ms;
    return tick(b, &next);
}

/* B begins anew: what is in memory only is gone, and it is not listening. */
static zks__received restart(int64_t ms)
{
    begin(b);
    roll_back(b);
    load_relay(b);
    return later(ms);
}

/* The relay in use takes all that a device has written. */
static void settle(zks__ledger *l)
{
    zks__relay_state state;
    begin(l);
    ck_assert_int_eq(zks__ledger_settle(l, zks__ledger_last_n(l), &state), ZKS_OK);
    ck_assert(!state.stale);
    commit(l);
}

typedef struct question {
    size_t count; /* of its spans */
    unsigned round;
    zks__want_span span; /* the first */
} question;

enum { WANTS_MAX = 64 };

/* The WANTs that a device has sent. */
static size_t wants_of(zks__ledger *l, question out[WANTS_MAX])
{
    zks__sealed sent[WANTS_MAX];
    size_t count = 0, wants = 0;
    begin(l);
    ck_assert_int_eq(zks__ledger_outbox(l, 0, 1 << 20, WANTS_MAX, sent, &count), ZKS_OK);
    commit(l);
    for (size_t i = 0; i < count; i++) {
        zks__entry e;
        zks__want found;
        ck_assert_int_eq(zks__blob_open(&l->own_key, sent[i].blob->data, sent[i].blob->length, &e),
                         ZKS_OK);
        if (e.kind == ZKS_ENTRY_WANT && !zks__want_decode(e.body, e.body_length, &found)) {
            question *q = &out[wants++];
            *q = (question){.count = found.count, .round = found.round};
            ck_assert(zks__want_next(&found, &q->span));
        }
        zks__buf_unref(sent[i].blob);
    }
    return wants;
}

/* The last WANT of a device: how many spans, and its round; 0: there is none. */
static size_t wanted(zks__ledger *l, unsigned *out_round)
{
    question all[WANTS_MAX];
    size_t count = wants_of(l, all);
    *out_round = count ? all[count - 1].round : *out_round;
    return count ? all[count - 1].count : 0;
}

/* 1 and 3 of five are missing. */
static void miss_two(void)
{
    for (int i = 0; i < 5; i++) {
        push(a, 1);
    }
    ck_assert_uint_eq(deliver(1, 1).held, 1);
    ck_assert_uint_eq(deliver(3, 1).held, 1);
}

static void expect_nothing(const zks__received *r)
{
    ck_assert(!told(r, ZKS_EVENT_HISTORY_GAP) && !told(r, ZKS_EVENT_HISTORY_WITHHELD));
    ck_assert_uint_eq(r->delivered, 0);
}

static void expect_gaps(const zks__received *r)
{
    ck_assert(told(r, ZKS_EVENT_HISTORY_GAP));
    ck_assert_uint_eq(r->delivered, 2);
    expect_inbox((uint64_t[]){2, 4}, 2);
}

/* A device that was off since a later entry came, and is there for moments only, asks for what is
 * missing before it gives it up: for all of it, once. */
START_TEST(what_is_missing_is_asked_for_before_it_is_given_up)
{
    unsigned round = 0;
    miss_two();
    zks__received r = restart(HOUR_MS);
    expect_nothing(&r);
    ck_assert_uint_eq(wanted(b, &round), 2);
    ck_assert_uint_eq(round, 2); /* of everyone */
    settle(b);
    uint64_t n = zks__ledger_last_n(b);
    r = restart(HOUR_MS);
    expect_gaps(&r);
    ck_assert_uint_eq(wanted(b, &round), 2);
    ck_assert_uint_le(zks__ledger_last_n(b), n + 1); /* HEADS; no further question */
    ck_assert_uint_eq(deliver(0, 1).delivered, 1);
}
END_TEST

START_TEST(what_comes_in_time_is_no_gap)
{
    miss_two();
    zks__received r = restart(HOUR_MS);
    expect_nothing(&r);
    settle(b);
    ck_assert_uint_eq(deliver(0, 1).delivered, 2);
    ck_assert_uint_eq(deliver(2, 1).delivered, 2);
    ck_assert(!told((r = restart(HOUR_MS), &r), ZKS_EVENT_HISTORY_GAP));
}
END_TEST

/* The connection broke before the relay had the question: nobody was asked. */
START_TEST(the_time_to_answer_begins_when_the_relay_has_the_question)
{
    miss_two();
    zks__received r = restart(HOUR_MS);
    expect_nothing(&r);
    for (int i = 0; i < 3; i++) {
        r = restart(HOUR_MS);
        expect_nothing(&r);
    }
    settle(b);
    for (int minute = 1; minute <= 5; minute++) {
        r = later(MINUTE_MS);
        expect_nothing(&r);
    }
    r = later(2 * MINUTE_MS);
    expect_gaps(&r);
}
END_TEST

/* Whoever is at another relay than the one that was asked was not asked. */
START_TEST(another_relay_is_asked_too)
{
    static const uint8_t other_key[32] = {8};
    zks__relay_state state;
    miss_two();
    zks__received r = restart(HOUR_MS);
    settle(b);
    begin(b);
    ck_assert_int_eq(zks__ledger_relay_load(b, "relay:2", NULL, other_key, &state), ZKS_OK);
    commit(b);
    r = later(4 * MINUTE_MS);
    expect_nothing(&r);
    settle(b); /* there, too */
    r = later(4 * MINUTE_MS);
    expect_nothing(&r);
    if (_i) { /* back, where there was time enough */
        load_relay(b);
        r = later(0);
    } else {
        r = later(3 * MINUTE_MS);
    }
    r = r.delivered ? r : later(MINUTE_MS); /* a gap is looked at once a minute */
    expect_gaps(&r);
}
END_TEST

START_TEST(a_question_that_was_rolled_back_was_not_asked)
{
    zks__received r;
    unsigned round = 0;
    int64_t next;
    miss_two();
    begin(b);
    roll_back(b);
    load_relay(b);
    clock_error_ms += HOUR_MS;
    begin(b);
    ck_assert_int_eq(zks__ledger_tick(b, true, &r, &next), ZKS_OK);
    roll_back(b);
    load_relay(b);
    ck_assert_uint_eq(wanted(b, &round), 0);
    settle(b); /* what is there: not the question, whose number the next entry gets */
    push(b, 1);
    settle(b);
    r = later(HOUR_MS);
    expect_nothing(&r);
    ck_assert_uint_eq(wanted(b, &round), 2);
    settle(b);
    r = later(HOUR_MS);
    expect_gaps(&r);
}
END_TEST

/* A relay that delivers and takes nothing puts nothing off. */
START_TEST(a_relay_that_takes_no_question_holds_nothing_up)
{
    zks__received r = {0};
    unsigned minutes = 0;
    miss_two();
    for (; minutes < 20 && !r.delivered; minutes++) {
        r = later(MINUTE_MS);
    }
    expect_gaps(&r);
    ck_assert_uint_ge(minutes, 10);
    ck_assert_uint_le(minutes, 12);
}
END_TEST

/* Gaps that keep coming do not keep an earlier one from being given up. */
START_TEST(what_was_asked_for_is_given_up_while_more_goes_missing)
{
    unsigned minutes = 0;
    size_t delivered = 0;
    for (int i = 0; i < 60; i++) {
        push(a, 1);
    }
    for (; minutes < 30; minutes++) { /* every second one is missing */
        (void)deliver(2 * minutes + 1, 1);
        size_t now = later(MINUTE_MS).delivered;
        settle(b);
        ck_assert(now || delivered || minutes < 12);
        delivered += now;
    }
    ck_assert_uint_ge(delivered, 2);
    for (; minutes < 70; minutes++) {
        delivered += later(MINUTE_MS).delivered;
        settle(b);
    }
    ck_assert_uint_eq(delivered, 30);
}
END_TEST

/* The other relay may have been away when it was visited. */
START_TEST(another_relay_is_visited_again_while_something_is_missing)
{
    unsigned visits = 0;
    miss_two();
    for (int minute = 0; minute < 10; minute++) {
        visits += later(MINUTE_MS).look_elsewhere;
        settle(b);
    }
    ck_assert_uint_ge(visits, 2);
    ck_assert_uint_le(visits, 3); /* every 4 minutes at most */
}
END_TEST

/* --- a long gap --- */

enum { LONG = 700, LATE_MINUTES = 11 };

/* A's entries 2 to LONG + 1 are missing. */
static void miss_many(void)
{
    push(a, 1);
    ck_assert_uint_eq(deliver(0, 1).delivered, 1);
    push(a, LONG);
    push(a, 1);
    ck_assert_uint_eq(deliver(LONG + 1, 1).held, 1);
}

/* The last question is for these of A's entries, and all are of everyone. */
static void expect_question(uint64_t first, uint64_t last)
{
    question all[WANTS_MAX] = {0};
    size_t count = wants_of(b, all);
    for (size_t i = 0; i < count; i++) {
        ck_assert_uint_eq(all[i].round, 2);
        ck_assert_uint_eq(all[i].count, 1);
    }
    const zks__want_span span = count ? all[count - 1].span : (zks__want_span){0};
    ck_assert_uint_eq(span.first, first);
    ck_assert_uint_eq(span.last, last);
}

/* The gap is given up: the end of it was asked for. */
static void give_up_many(void)
{
    miss_many();
    zks__received r = restart(HOUR_MS);
    expect_nothing(&r);
    expect_question(LONG - 254, LONG + 1);
    settle(b);
    r = restart(HOUR_MS);
    ck_assert(told(&r, ZKS_EVENT_HISTORY_GAP));
    ck_assert_uint_eq(r.delivered, 1);
}

/* Minutes until the next question about what was given up; 0: there is none within the hour. */
static int next_question(void)
{
    int64_t asked_ms = zks__ledger_find_chain(b, device_of(a), a->own->row.chain)->row.late_ms;
    for (int minute = 1; minute <= 60; minute++) {
        (void)later(MINUTE_MS);
        settle(b);
        if (zks__ledger_find_chain(b, device_of(a), a->own->row.chain)->row.late_ms != asked_ms) {
            return minute;
        }
    }
    return 0;
}

static void expect_pieces(void)
{
    ck_assert_int_eq(next_question(), LATE_MINUTES);
    expect_question(LONG - 254, LONG + 1);
    ck_assert_int_eq(next_question(), LATE_MINUTES);
    expect_question(LONG - 510, LONG - 255);
    ck_assert_int_eq(next_question(), LATE_MINUTES);
    expect_question(2, LONG - 511);
}

/* Nothing is held up meanwhile: the gap is told, and what comes late is flagged as always. */
START_TEST(what_a_long_gap_leaves_is_asked_for_piece_by_piece)
{
    give_up_many();
    expect_pieces();
    expect_pieces(); /* once more: who could answer may have been away */
    ck_assert_int_eq(next_question(), 0);
}
END_TEST

START_TEST(what_a_long_gap_leaves_is_asked_for_after_a_restart_too)
{
    give_up_many();
    ck_assert_int_eq(next_question(), LATE_MINUTES);
    zks__received r = restart(MINUTE_MS);
    expect_nothing(&r);
    expect_question(LONG - 254, LONG + 1);
    ck_assert_int_eq(next_question(), LATE_MINUTES - 1);
    expect_question(LONG - 510, LONG - 255);
}
END_TEST

START_TEST(what_a_long_gap_leaves_is_asked_for_again_while_something_comes)
{
    give_up_many();
    expect_pieces();
    ck_assert_int_eq(next_question(), LATE_MINUTES); /* the second time */
    expect_question(LONG - 254, LONG + 1);
    ck_assert_uint_eq(deliver(LONG, 1).delivered, 1);
    ck_assert_int_eq(next_question(), LATE_MINUTES);
    expect_question(LONG - 510, LONG - 255);
    ck_assert_int_eq(next_question(), LATE_MINUTES);
    expect_question(2, LONG - 511);
    ck_assert_int_eq(next_question(), LATE_MINUTES);
    expect_question(LONG - 255, LONG); /* a third time, without what is here */
    for (size_t first = 1; first < LONG; first += BATCH) {
        (void)deliver(first, LONG - first < BATCH ? LONG - first : BATCH);
    }
    ck_assert_uint_eq(b->held_count, 0);
    ck_assert_int_eq(next_question(), 0); /* all is here */
}
END_TEST

/* The author answers the first question: it shrinks from its end, and is asked for further. */
START_TEST(a_long_gap_is_healed_from_its_end)
{
    miss_many();
    zks__received r = restart(HOUR_MS);
    expect_nothing(&r);
    settle(b);
    for (size_t first = LONG - 255; first <= LONG; first += BATCH) { /* entries LONG - 254 on */
        ck_assert_uint_eq(deliver(first, BATCH).delivered, 0);
    }
    r = restart(HOUR_MS);
    ck_assert(told(&r, ZKS_EVENT_HISTORY_GAP));
    ck_assert_uint_eq(r.delivered, 257);
    ck_assert_int_eq(next_question(), LATE_MINUTES);
    expect_question(LONG - 510, LONG - 255);
}
END_TEST

/* This group is shared: who joins it asks for nothing that was before. */
START_TEST(who_joins_does_not_ask_for_all_that_there_ever_was)
{
    unsigned round = 0;
    push(a, LONG);
    push(a, 1);
    ck_assert_uint_eq(deliver(LONG, 1).held, 1);
    zks__received r = restart(HOUR_MS);
    ck_assert(told(&r, ZKS_EVENT_HISTORY_GAP));
    ck_assert_uint_eq(r.delivered, 1);
    settle(b);
    for (int minute = 0; minute < 30; minute++) {
        (void)later(MINUTE_MS);
    }
    ck_assert_uint_eq(wanted(b, &round), 0);
}
END_TEST

/* --- A misses what B names --- */

static zks__received a_later(int64_t ms)
{
    int64_t next;
    clock_error_ms += ms;
    return tick(a, &next);
}

static zks__received a_restarts(int64_t ms)
{
    begin(a);
    roll_back(a);
    load_relay(a);
    return a_later(ms);
}

/* B says that there are so many chains of its own with an entry 2000. */
static void name_heads(size_t count)
{
    static zks__head heads[ZKS_WANT_SPANS_MAX + 8];
    static uint8_t body[ZKS_HEADS_FIXED_BYTES + ZKS_COUNTOF(heads) * ZKS_HEADS_HEAD_BYTES];
    size_t length = 0;
    zks__heads h = {.count = count};
    exchange_records(b, a);
    for (size_t i = 0; i < count; i++) {
        heads[i] = (zks__head){.seq = 2000, .id = {2}};
        memcpy(heads[i].author, device_of(b), sizeof heads[i].author);
        memset(heads[i].chain, (int)(0x10 + i), sizeof heads[i].chain);
    }
    ck_assert_int_eq(zks__heads_encode(&h, heads, body, sizeof body, &length), ZKS_OK);
    ck_assert_uint_eq(say(ZKS_ENTRY_HEADS, 1, body, length).rejected, 0);
}

START_TEST(what_heads_name_is_asked_for_before_it_is_withheld)
{
    unsigned round = 0;
    name_heads(1);
    zks__received r = a_restarts(HOUR_MS);
    expect_nothing(&r);
    ck_assert(r.look_elsewhere);
    ck_assert_uint_eq(wanted(a, &round), 1);
    ck_assert_uint_eq(round, 2);
    if (_i) { /* the connection broke before the relay had it */
        r = a_restarts(HOUR_MS);
        expect_nothing(&r);
    }
    settle(a);
    r = a_later(MINUTE_MS);
    expect_nothing(&r);
    r = a_restarts(HOUR_MS);
    ck_assert(told(&r, ZKS_EVENT_HISTORY_WITHHELD));
}
END_TEST

/* What does not fit into one question is asked for by the next one. One member's word fills three
 * quarters of it. */
START_TEST(all_that_is_named_is_asked_for)
{
    enum { SHARE = ZKS_WANT_SPANS_MAX * 3 / 4 };
    unsigned round = 0;
    size_t withheld = 0;
    name_heads(ZKS_WANT_SPANS_MAX + 6);
    zks__received r = a_restarts(HOUR_MS);
    ck_assert_uint_eq(wanted(a, &round), SHARE);
    settle(a);
    r = a_later(MINUTE_MS);
    expect_nothing(&r);
    ck_assert_uint_eq(wanted(a, &round), ZKS_WANT_SPANS_MAX + 6 - SHARE);
    for (int minute = 0; minute < 20; minute++) {
        settle(a);
        r = a_later(MINUTE_MS);
        withheld += r.notices.count;
        ck_assert(withheld == 0 || minute >= 5);
    }
    ck_assert_uint_eq(withheld, ZKS_WANT_SPANS_MAX + 6);
}
END_TEST

/* --- A answers --- */

/* B's entry seq asks everyone for seq 1 to `last` of a chain. */
static void seal_want(uint64_t seq, const uint8_t *author, const uint8_t *chain, uint64_t last)
{
    uint8_t body[1 + 10 + ZKS_WANT_SPAN_BYTES];
    size_t length = 0;
    zks__want want = {.round = 2, .count = 1};
    zks__want_span span = {.first = 1, .last = last};
    memcpy(span.author, author, sizeof span.author);
    memcpy(span.chain, chain, sizeof span.chain);
    ck_assert_int_eq(zks__want_encode(&want, &span, body, sizeof body, &length), ZKS_OK);
    seal_for_b(ZKS_ENTRY_WANT, seq, body, length);
}

static zks__received b_wants(uint64_t seq, const uint8_t *author, const uint8_t *chain,
                             uint64_t last)
{
    seal_want(seq, author, chain, last);
    return deliver_as(a, device_of(b), outbox_count - 1, 1);
}

static void seal_heads(uint64_t seq)
{
    uint8_t body[ZKS_HEADS_FIXED_BYTES];
    size_t length = 0;
    zks__heads none = {0};
    ck_assert_int_eq(zks__heads_encode(&none, NULL, body, sizeof body, &length), ZKS_OK);
    seal_for_b(ZKS_ENTRY_HEADS, seq, body, length);
}

/* Whoever comes back finds old questions about what others have said, whose bytes it has not kept:
 * it still sends what it alone has. */
START_TEST(questions_about_others_do_not_use_up_the_answers_about_oneself)
{
    uint8_t chain[ZKS_CHAIN_BYTES];
    uint64_t seq = 0;
    memset(chain, 0x77, sizeof chain);
    exchange_records(b, a);
    push(a, 3);
    while (seq < 20) {
        seal_heads(++seq);
        ck_assert_uint_eq(deliver_as(a, device_of(b), outbox_count - 1, 1).rejected, 0);
    }
    ck_assert_uint_eq(b_wants(++seq, device_of(b), chain, 20).resealed, 0);
    ck_assert_uint_eq(b_wants(++seq, device_of(a), a->own->row.chain, 3).resealed, 3);
}
END_TEST

/* It reads much at once; a question is asked twice only, what HEADS say is said again. */
START_TEST(a_question_behind_many_heads_is_answered)
{
    exchange_records(b, a);
    push(a, 3);
    size_t first = outbox_count;
    for (uint64_t seq = 1; seq <= 50; seq++) {
        seal_heads(seq);
    }
    seal_want(51, device_of(a), a->own->row.chain, 3);
    ck_assert_uint_eq(deliver_as(a, device_of(b), first, outbox_count - first).resealed, 3);
}
END_TEST

/* Of each other's entries both miss some: neither waits for the other's to hear its question. */
START_TEST(a_question_behind_a_gap_is_answered_at_once_and_once)
{
    zks__sealed sent[8];
    size_t count = 0, first = outbox_count;
    exchange_records(b, a);
    push(a, 1);
    push(a, 1);
    ck_assert_uint_eq(deliver(first + 1, 1).held, 1); /* 1 is missing at B */
    push(b, 1);                                       /* and this at A */
    zks__received r = restart(HOUR_MS);
    expect_nothing(&r);
    begin(b);
    ck_assert_int_eq(zks__ledger_outbox(b, 0, 1 << 20, 8, sent, &count), ZKS_OK);
    commit(b);
    ck_assert_uint_eq(count, 3); /* the push, the question, HEADS */
    first = outbox_count;
    for (size_t i = 0; i < count; i++) {
        outbox[outbox_count++] = sent[i];
    }
    r = deliver_as(a, device_of(b), first + 1, 1);
    ck_assert_uint_eq(r.held, 1);
    ck_assert_uint_eq(r.resealed, 1);
    r = deliver_as(a, device_of(b), first, 1);
    ck_assert_uint_eq(r.delivered, 1);
    ck_assert_uint_eq(r.resealed, 0);
}
END_TEST

static void add(TCase *c)
{
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_test(c, what_is_missing_is_asked_for_before_it_is_given_up);
    tcase_add_test(c, what_comes_in_time_is_no_gap);
    tcase_add_test(c, the_time_to_answer_begins_when_the_relay_has_the_question);
    tcase_add_loop_test(c, another_relay_is_asked_too, 0, 2);
    tcase_add_test(c, a_question_that_was_rolled_back_was_not_asked);
    tcase_add_test(c, a_relay_that_takes_no_question_holds_nothing_up);
    tcase_add_test(c, what_was_asked_for_is_given_up_while_more_goes_missing);
    tcase_add_test(c, another_relay_is_visited_again_while_something_is_missing);
    tcase_add_test(c, what_a_long_gap_leaves_is_asked_for_piece_by_piece);
    tcase_add_test(c, what_a_long_gap_leaves_is_asked_for_after_a_restart_too);
    tcase_add_test(c, what_a_long_gap_leaves_is_asked_for_again_while_something_comes);
    tcase_add_test(c, a_long_gap_is_healed_from_its_end);
    tcase_add_test(c, who_joins_does_not_ask_for_all_that_there_ever_was);
    tcase_add_loop_test(c, what_heads_name_is_asked_for_before_it_is_withheld, 0, 2);
    tcase_add_test(c, all_that_is_named_is_asked_for);
    tcase_add_test(c, questions_about_others_do_not_use_up_the_answers_about_oneself);
    tcase_add_test(c, a_question_behind_many_heads_is_answered);
    tcase_add_test(c, a_question_behind_a_gap_is_answered_at_once_and_once);
}

int main(void)
{
    return unit_main("asking", add);
}
