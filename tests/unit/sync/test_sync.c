/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "sync/sync.h"
#include "tests/support/unit.h"

#include <string.h>

static zks__sync *machine;
static zks__action action;

static void setup(void)
{
    ck_assert_int_eq(zks__sync_new(2, &machine), ZKS_OK);
}

static void teardown(void)
{
    zks__sync_free(machine);
}

static void expect(zks__action_kind kind, uint64_t now)
{
    zks__sync_poll(machine, now, &action);
    ck_assert_int_eq(action.kind, kind);
}

static void to_hello(uint64_t now, zks__sync_row row)
{
    expect(ZKS_ACTION_CONNECT, now);
    zks__sync_link_ready(machine, action.attempt, now);
    expect(ZKS_ACTION_LOAD, now);
    zks__sync_loaded(machine, action.attempt, &row);
    expect(ZKS_ACTION_HELLO, now);
}

static void to_live(uint64_t now, zks__sync_row row)
{
    zks__sync_set_online(machine, 1, now);
    to_hello(now, row);
    zks__welcome w = {.version = ZKS_WIRE_VERSION};
    ck_assert_int_eq(zks__sync_welcome(machine, &w), ZKS_OK);
    expect(ZKS_ACTION_NONE, now);
    zks__sync_welcomed(machine, zks__sync_attempt(machine), &row, 0);
    expect(ZKS_ACTION_PULL, now);
    ck_assert_uint_eq(action.cursor, row.read_cursor);
}

static void id_of(uint64_t n, uint8_t out[ZKS_BLOB_ID_BYTES])
{
    memset(out, 0, ZKS_BLOB_ID_BYTES);
    memcpy(out, &n, sizeof n);
}

static void push(uint64_t n)
{
    uint8_t id[ZKS_BLOB_ID_BYTES];
    id_of(n, id);
    zks__sync_pushed(machine, n, id, 1000);
}

static zks_status answer(uint64_t n, uint32_t code, uint64_t now, uint64_t *out_n,
                         uint32_t *out_code)
{
    zks__push_result r = {.code = code};
    id_of(n, r.blob_id);
    return zks__sync_push_result(machine, &r, now, out_n, out_code);
}

/* An empty BLOBS message. */
static zks_status blobs(uint8_t flags, uint64_t from, uint64_t contiguous)
{
    zks__blobs b = {.flags = flags, .from = from, .contiguous = contiguous};
    return zks__sync_blobs(machine, &b, 0);
}

START_TEST(offline_does_nothing)
{
    zks__sync_stored(machine, 5);
    expect(ZKS_ACTION_NONE, 1000);
    ck_assert_uint_eq(zks__sync_next_ms(machine), UINT64_MAX);
    ck_assert_int_eq(zks__sync_state_of(machine), ZKS_SYNC_OFFLINE);
}
END_TEST

START_TEST(hello_resumes_where_the_store_is_and_attaches_when_the_relay_may_lack)
{
    zks__sync_set_online(machine, 1, 0);
    to_hello(0, (zks__sync_row){.read_cursor = 77, .acked_n = 3, .attach = 1});
    ck_assert_uint_eq(action.cursor, 77);
    ck_assert_int_eq(action.flag, 1);
}
END_TEST

START_TEST(unauthorized_without_records_comes_again_at_once_with_them)
{
    zks__sync_set_online(machine, 1, 0);
    to_hello(0, (zks__sync_row){.read_cursor = 7});
    ck_assert_int_eq(action.flag, 0);
    zks__sync_refused(machine, ZKS_WIRE_UNAUTHORIZED, 0);
    zks__sync_link_down(machine, action.attempt, ZKS_E_UNAUTHORIZED, 0, 0, 5);
    to_hello(5, (zks__sync_row){.read_cursor = 7});
    ck_assert_int_eq(action.flag, 1);
    ck_assert_uint_eq(action.relay, 0);
    zks__sync_refused(machine, ZKS_WIRE_UNAUTHORIZED, 0);
    zks__sync_link_down(machine, action.attempt, ZKS_E_UNAUTHORIZED, 0, 0, 9);
    expect(ZKS_ACTION_NONE, 9);
    ck_assert_uint_eq(zks__sync_next_ms(machine), 9 + ZKS_SYNC_BACKOFF_FIRST_MS);
}
END_TEST

START_TEST(backoff_doubles_to_its_limit_rotates_relays_and_heeds_the_relay)
{
    uint64_t now = 0, expected[] = {1000, 2000, 4000, 8000, 16000, 30000, 30000};
    zks__sync_set_online(machine, 1, now);
    for (size_t i = 0; i < ZKS_COUNTOF(expected); i++) {
        expect(ZKS_ACTION_CONNECT, now);
        ck_assert_uint_eq(action.relay, i % 2);
        zks__sync_link_down(machine, action.attempt, ZKS_E_UNREACHABLE, 0, 0, now);
        ck_assert_uint_eq(zks__sync_next_ms(machine), now + expected[i]);
        now = zks__sync_next_ms(machine);
    }
    expect(ZKS_ACTION_CONNECT, now);
    zks__sync_link_down(machine, action.attempt, ZKS_E_RELAY_SHUTTING_DOWN, 90000, 0, now);
    ck_assert_uint_eq(zks__sync_next_ms(machine), now + 90000);
    zks__sync_hurry(machine, now + 1);
    expect(ZKS_ACTION_CONNECT, now + 1);
}
END_TEST

START_TEST(jitter_is_at_most_the_base_and_five_seconds)
{
    for (uint32_t random = 0; random < 100000; random += 997) {
        teardown();
        setup();
        zks__sync_set_online(machine, 1, 0);
        uint64_t now = 0;
        for (int i = 0; i < 8; i++) {
            expect(ZKS_ACTION_CONNECT, now);
            zks__sync_link_down(machine, action.attempt, ZKS_E_UNREACHABLE, 0, random * 2654435761u,
                                now);
            uint64_t delay = zks__sync_next_ms(machine) - now;
            uint64_t base = i < 5 ? (uint64_t)1000 << i : 30000;
            ck_assert_uint_ge(delay, base);
            ck_assert_uint_le(delay, base + (base < 5000 ? base : 5000));
            now += delay;
        }
    }
}
END_TEST

START_TEST(facts_of_an_earlier_attempt_are_ignored)
{
    zks__sync_set_online(machine, 1, 0);
    expect(ZKS_ACTION_CONNECT, 0);
    uint32_t old = action.attempt;
    zks__sync_link_down(machine, old, ZKS_E_UNREACHABLE, 0, 0, 0);
    expect(ZKS_ACTION_CONNECT, 5000);
    zks__sync_link_ready(machine, old, 5000);
    expect(ZKS_ACTION_NONE, 5000);
    zks__sync_link_down(machine, old, ZKS_E_UNREACHABLE, 0, 0, 5000);
    ck_assert_int_eq(zks__sync_state_of(machine), ZKS_SYNC_CONNECTING);
}
END_TEST

START_TEST(a_relay_that_never_welcomes_is_left)
{
    zks__sync_set_online(machine, 1, 0);
    to_hello(0, (zks__sync_row){0});
    expect(ZKS_ACTION_NONE, ZKS_SYNC_WELCOME_MS - 1);
    ck_assert_uint_eq(zks__sync_next_ms(machine), ZKS_SYNC_WELCOME_MS);
    expect(ZKS_ACTION_CLOSE, ZKS_SYNC_WELCOME_MS);
    expect(ZKS_ACTION_NONE, ZKS_SYNC_WELCOME_MS);
}
END_TEST

START_TEST(only_what_is_committed_is_acknowledged)
{
    to_live(0, (zks__sync_row){.read_cursor = 10});
    ck_assert_int_eq(blobs(0, 10, 20), ZKS_OK);
    expect(ZKS_ACTION_NONE, 0);
    zks__sync_blobs_stored(machine, zks__sync_attempt(machine), 20, 0);
    expect(ZKS_ACTION_ACK, 0);
    ck_assert_uint_eq(action.cursor, 20);
    expect(ZKS_ACTION_NONE, 0);
    ck_assert(zks__sync_caught_up(machine));
}
END_TEST

START_TEST(blobs_behind_a_gap_are_refused_and_pulled_from_where_we_are)
{
    to_live(0, (zks__sync_row){.read_cursor = 10});
    ck_assert_int_eq(blobs(0, 10, 12), ZKS_OK);
    ck_assert_int_eq(blobs(ZKS_BLOBS_LIVE, 15, 16), ZKS_E_STATE);
    zks__sync_blobs_stored(machine, zks__sync_attempt(machine), 12, 0);
    expect(ZKS_ACTION_ACK, 0);
    ck_assert_uint_eq(action.cursor, 12);
    expect(ZKS_ACTION_PULL, 0);
    ck_assert_uint_eq(action.cursor, 12);
}
END_TEST

START_TEST(an_absurd_cursor_or_head_moves_nothing)
{
    to_live(0, (zks__sync_row){.read_cursor = 10});
    ck_assert_int_eq(blobs(0, 10, UINT64_MAX), ZKS_E_PROTOCOL);
    ck_assert_int_eq(blobs(0, 10, 9), ZKS_E_PROTOCOL);
    ck_assert_int_eq(blobs(0, 10, 10), ZKS_OK);
    zks__sync_notify(machine, &(zks__notify){.head = UINT64_MAX});
    expect(ZKS_ACTION_PULL, 0);
    ck_assert_uint_eq(action.cursor, 10);
    ck_assert_uint_eq(zks__sync_cursor(machine), 10);
}
END_TEST

START_TEST(push_results_move_the_cursor_not_at_all)
{
    to_live(0, (zks__sync_row){.read_cursor = 10});
    zks__sync_stored(machine, 1);
    expect(ZKS_ACTION_FETCH, 0);
    push(1);
    zks__sync_fetched(machine, action.attempt);
    zks__push_result r = {.cursor = 999};
    id_of(1, r.blob_id);
    uint64_t n;
    uint32_t code;
    ck_assert_int_eq(zks__sync_push_result(machine, &r, 0, &n, &code), ZKS_OK);
    ck_assert_uint_eq(zks__sync_cursor(machine), 10);
    expect(ZKS_ACTION_SETTLE, 0);
    ck_assert_uint_eq(action.number, 1);
    ck_assert_uint_eq(zks__sync_settled_n(machine), 0);
    zks__sync_settled(machine, action.attempt, 1);
    ck_assert_uint_eq(zks__sync_settled_n(machine), 1);
}
END_TEST

START_TEST(a_refusal_that_passes_rewinds_and_settles_nothing_behind_it)
{
    to_live(0, (zks__sync_row){0});
    zks__sync_stored(machine, 3);
    expect(ZKS_ACTION_FETCH, 0);
    for (uint64_t n = 1; n <= 3; n++) {
        push(n);
    }
    zks__sync_fetched(machine, action.attempt);
    uint64_t n;
    uint32_t code;
    ck_assert_int_eq(answer(1, 0, 0, &n, &code), ZKS_OK);
    ck_assert_int_eq(answer(2, ZKS_WIRE_RATE_LIMITED, 0, &n, &code), ZKS_OK);
    ck_assert_uint_eq(code, 0);
    ck_assert_int_eq(answer(3, 0, 0, &n, &code), ZKS_OK);
    expect(ZKS_ACTION_SETTLE, 0);
    ck_assert_uint_eq(action.number, 1);
    zks__sync_settled(machine, action.attempt, 1);
    expect(ZKS_ACTION_NONE, 0);
    ck_assert_uint_eq(zks__sync_next_ms(machine), ZKS_SYNC_RETRY_PUSH_MS);
    expect(ZKS_ACTION_FETCH, ZKS_SYNC_RETRY_PUSH_MS);
    ck_assert_uint_eq(action.number, 1);
}
END_TEST

START_TEST(what_was_in_flight_when_the_epoch_changed_is_sent_again_at_once)
{
    to_live(0, (zks__sync_row){0});
    zks__sync_stored(machine, 3);
    expect(ZKS_ACTION_FETCH, 0);
    for (uint64_t n = 1; n <= 3; n++) {
        push(n);
    }
    zks__sync_fetched(machine, action.attempt);
    uint64_t n;
    uint32_t code;
    ck_assert_int_eq(answer(1, ZKS_WIRE_STALE_EPOCH, 0, &n, &code), ZKS_OK);
    zks__sync_push_again(machine); /* the records are here */
    ck_assert_int_eq(answer(2, ZKS_WIRE_STALE_EPOCH, 0, &n, &code), ZKS_OK);
    ck_assert_int_eq(answer(3, ZKS_WIRE_STALE_EPOCH, 0, &n, &code), ZKS_OK);
    expect(ZKS_ACTION_FETCH, 0);
    ck_assert_uint_eq(action.number, 0);
    push(1);
    zks__sync_fetched(machine, action.attempt);
    ck_assert_int_eq(answer(1, ZKS_WIRE_STALE_EPOCH, 0, &n, &code), ZKS_OK); /* again: not ours */
    expect(ZKS_ACTION_NONE, 0);
    expect(ZKS_ACTION_FETCH, ZKS_SYNC_RETRY_PUSH_MS);
}
END_TEST

START_TEST(a_refusal_for_good_is_named_and_passed)
{
    to_live(0, (zks__sync_row){0});
    zks__sync_stored(machine, 2);
    expect(ZKS_ACTION_FETCH, 0);
    push(1);
    push(2);
    uint64_t n;
    uint32_t code;
    ck_assert_int_eq(answer(1, ZKS_WIRE_BLOB_TOO_LARGE, 0, &n, &code), ZKS_OK);
    ck_assert_uint_eq(n, 1);
    ck_assert_uint_eq(code, ZKS_WIRE_BLOB_TOO_LARGE);
    ck_assert_int_eq(answer(2, 0, 0, &n, &code), ZKS_OK);
    expect(ZKS_ACTION_SETTLE, 0);
    ck_assert_uint_eq(action.number, 2);
}
END_TEST

START_TEST(an_answer_to_nothing_is_a_breach)
{
    to_live(0, (zks__sync_row){0});
    uint64_t n;
    uint32_t code;
    ck_assert_int_eq(answer(1, 0, 0, &n, &code), ZKS_E_PROTOCOL);
    zks__sync_stored(machine, 1);
    expect(ZKS_ACTION_FETCH, 0);
    push(1);
    ck_assert_int_eq(answer(2, 0, 0, &n, &code), ZKS_E_PROTOCOL);
}
END_TEST

START_TEST(after_a_loss_all_that_was_not_settled_goes_out_again)
{
    to_live(0, (zks__sync_row){0});
    zks__sync_stored(machine, 2);
    expect(ZKS_ACTION_FETCH, 0);
    push(1);
    push(2);
    uint64_t n;
    uint32_t code;
    ck_assert_int_eq(answer(1, 0, 0, &n, &code), ZKS_OK);
    zks__sync_link_down(machine, zks__sync_attempt(machine), ZKS_E_CONNECTION_LOST, 0, 0, 0);
    uint64_t now = zks__sync_next_ms(machine);
    to_hello(now, (zks__sync_row){.acked_n = 0});
    zks__welcome w = {.version = ZKS_WIRE_VERSION};
    ck_assert_int_eq(zks__sync_welcome(machine, &w), ZKS_OK);
    zks__sync_welcomed(machine, zks__sync_attempt(machine), &(zks__sync_row){0}, 0);
    expect(ZKS_ACTION_PULL, now);
    expect(ZKS_ACTION_FETCH, now);
    ck_assert_uint_eq(action.number, 0);
}
END_TEST

START_TEST(entries_that_no_longer_exist_settle_only_when_all_before_have_landed)
{
    to_live(0, (zks__sync_row){0});
    zks__sync_stored(machine, 9);
    expect(ZKS_ACTION_FETCH, 0);
    push(4); /* 1 to 3 were pruned */
    zks__sync_fetched(machine, action.attempt);
    expect(ZKS_ACTION_FETCH, 0);
    ck_assert_uint_eq(action.number, 4);
    zks__sync_skip(machine, 9);
    zks__sync_fetched(machine, action.attempt);
    expect(ZKS_ACTION_NONE, 0);
    uint64_t n;
    uint32_t code;
    ck_assert_int_eq(answer(4, 0, 0, &n, &code), ZKS_OK);
    expect(ZKS_ACTION_SETTLE, 0);
    ck_assert_uint_eq(action.number, 9);
}
END_TEST

START_TEST(a_full_inbox_stops_pulls_and_credit)
{
    to_live(0, (zks__sync_row){0});
    ck_assert_int_eq(blobs(ZKS_BLOBS_MORE, 0, 5), ZKS_OK);
    zks__sync_inbox_full(machine, 1);
    expect(ZKS_ACTION_NONE, 0);
    zks__sync_blobs_stored(machine, zks__sync_attempt(machine), 5, 0);
    expect(ZKS_ACTION_ACK, 0);
    expect(ZKS_ACTION_NONE, 0);
    zks__sync_inbox_full(machine, 0);
    expect(ZKS_ACTION_PULL, 0);
    ck_assert_uint_eq(action.cursor, 5);
}
END_TEST

START_TEST(going_offline_closes_and_stays_closed)
{
    to_live(0, (zks__sync_row){0});
    zks__sync_set_online(machine, 0, 0);
    expect(ZKS_ACTION_CLOSE, 0);
    expect(ZKS_ACTION_NONE, 0);
    zks__sync_link_down(machine, action.attempt, ZKS_OK, 0, 0, 0);
    expect(ZKS_ACTION_NONE, 1000000);
    ck_assert_uint_eq(zks__sync_next_ms(machine), UINT64_MAX);
}
END_TEST

/* --- waiting without spinning --- */

START_TEST(a_refusal_whose_time_is_over_asks_for_no_more_wake_ups)
{
    to_live(0, (zks__sync_row){0});
    zks__sync_stored(machine, 3);
    expect(ZKS_ACTION_FETCH, 0);
    push(1);
    zks__sync_fetched(machine, action.attempt);
    uint64_t n;
    uint32_t code;
    ck_assert_int_eq(answer(1, ZKS_WIRE_RATE_LIMITED, 0, &n, &code), ZKS_OK);
    expect(ZKS_ACTION_FETCH, ZKS_SYNC_RETRY_PUSH_MS);
    push(1);
    zks__sync_fetched(machine, action.attempt);
    expect(ZKS_ACTION_NONE, ZKS_SYNC_RETRY_PUSH_MS);
    ck_assert_uint_gt(zks__sync_next_ms(machine), ZKS_SYNC_RETRY_PUSH_MS);
}
END_TEST

/* A relay whose epoch is another may refuse for hours: it is asked with one, not with a window. */
START_TEST(behind_a_refusal_one_goes_alone_until_it_is_taken)
{
    uint64_t n;
    uint32_t code;
    to_live(0, (zks__sync_row){0});
    zks__sync_stored(machine, 3);
    expect(ZKS_ACTION_FETCH, 0);
    ck_assert_uint_gt(action.max_count, 1);
    push(1);
    push(2);
    zks__sync_fetched(machine, action.attempt);
    ck_assert_int_eq(answer(1, ZKS_WIRE_STALE_EPOCH, 0, &n, &code), ZKS_OK);
    ck_assert_int_eq(answer(2, ZKS_WIRE_STALE_EPOCH, 0, &n, &code), ZKS_OK);
    expect(ZKS_ACTION_FETCH, ZKS_SYNC_RETRY_PUSH_MS);
    ck_assert_uint_eq(action.number, 0);
    ck_assert_uint_eq(action.max_count, 1);
    push(1);
    zks__sync_fetched(machine, action.attempt);
    expect(ZKS_ACTION_NONE, ZKS_SYNC_RETRY_PUSH_MS);
    ck_assert_int_eq(answer(1, 0, ZKS_SYNC_RETRY_PUSH_MS, &n, &code), ZKS_OK);
    expect(ZKS_ACTION_SETTLE, ZKS_SYNC_RETRY_PUSH_MS);
    expect(ZKS_ACTION_FETCH, ZKS_SYNC_RETRY_PUSH_MS);
    ck_assert_uint_eq(action.number, 1);
    ck_assert_uint_gt(action.max_count, 1);
}
END_TEST

START_TEST(a_relay_that_goes_on_refusing_is_asked_less_and_less_often)
{
    uint64_t expected[] = {1000, 2000, 4000, 8000, 16000, 30000, 30000}, now = 0, n;
    uint32_t code;
    to_live(0, (zks__sync_row){0});
    ck_assert_int_eq(blobs(0, 0, 0), ZKS_OK);
    zks__sync_stored(machine, 1);
    for (size_t i = 0; i < ZKS_COUNTOF(expected); i++) {
        expect(ZKS_ACTION_FETCH, now);
        push(1);
        zks__sync_fetched(machine, action.attempt);
        ck_assert_int_eq(answer(1, ZKS_WIRE_STORAGE_FULL, now, &n, &code), ZKS_OK);
        expect(ZKS_ACTION_NONE, now);
        ck_assert_uint_eq(zks__sync_next_ms(machine), now + expected[i]);
        now += expected[i];
    }
    expect(ZKS_ACTION_FETCH, now);
    push(1);
    zks__sync_fetched(machine, action.attempt);
    ck_assert_int_eq(answer(1, ZKS_WIRE_RATE_LIMITED, now, &n, &code), ZKS_OK);
}
END_TEST

START_TEST(a_refusal_of_the_device_settles_nothing)
{
    uint64_t n;
    uint32_t code;
    to_live(0, (zks__sync_row){0});
    zks__sync_stored(machine, 1);
    expect(ZKS_ACTION_FETCH, 0);
    push(1);
    zks__sync_fetched(machine, action.attempt);
    ck_assert_int_eq(answer(1, ZKS_WIRE_DEVICE_REVOKED, 0, &n, &code), ZKS_OK);
    ck_assert_uint_eq(code, 0);
    expect(ZKS_ACTION_NONE, 0);
}
END_TEST

START_TEST(no_relay_keeps_us_away_for_longer_than_the_limit)
{
    zks__sync_set_online(machine, 1, 0);
    expect(ZKS_ACTION_CONNECT, 0);
    zks__sync_refused(machine, ZKS_WIRE_RELAY_OVERLOADED, UINT32_MAX);
    zks__sync_link_down(machine, action.attempt, ZKS_E_RELAY_OVERLOADED, UINT32_MAX, 0, 0);
    ck_assert_uint_eq(zks__sync_next_ms(machine), ZKS_SYNC_RETRY_AFTER_MAX_MS);
}
END_TEST

START_TEST(more_without_progress_is_pulled_after_a_pause)
{
    to_live(0, (zks__sync_row){.read_cursor = 10});
    ck_assert_int_eq(blobs(ZKS_BLOBS_MORE, 10, 10), ZKS_OK);
    expect(ZKS_ACTION_NONE, 0);
    ck_assert(!zks__sync_caught_up(machine));
    ck_assert_uint_eq(zks__sync_next_ms(machine), ZKS_SYNC_PULL_IDLE_MS);
    expect(ZKS_ACTION_NONE, ZKS_SYNC_PULL_IDLE_MS - 1);
    expect(ZKS_ACTION_PULL, ZKS_SYNC_PULL_IDLE_MS);
    ck_assert_int_eq(blobs(ZKS_BLOBS_MORE, 10, 11), ZKS_OK);
    expect(ZKS_ACTION_PULL, ZKS_SYNC_PULL_IDLE_MS);
}
END_TEST

START_TEST(an_answer_behind_what_was_asked_for_is_a_breach)
{
    to_live(0, (zks__sync_row){.read_cursor = 10});
    ck_assert_int_eq(blobs(0, 11, 12), ZKS_E_PROTOCOL);
}
END_TEST

START_TEST(a_pull_that_is_refused_is_made_again)
{
    to_live(0, (zks__sync_row){.read_cursor = 10});
    zks__sync_error(machine, ZKS_MESSAGE_PULL, ZKS_WIRE_RATE_LIMITED, 3000, 100);
    expect(ZKS_ACTION_NONE, 100);
    ck_assert(!zks__sync_caught_up(machine));
    ck_assert_uint_eq(zks__sync_next_ms(machine), 3100);
    expect(ZKS_ACTION_PULL, 3100);
    ck_assert_int_eq(blobs(0, 10, 10), ZKS_OK);
    expect(ZKS_ACTION_NONE, 3100);
    ck_assert(zks__sync_caught_up(machine));
    ck_assert_uint_eq(zks__sync_refusal(machine), 0);
}
END_TEST

START_TEST(a_question_is_answered_when_what_the_relay_had_is_committed)
{
    to_live(0, (zks__sync_row){.read_cursor = 10});
    ck_assert_int_eq(blobs(0, 10, 10), ZKS_OK);
    uint64_t question = zks__sync_ask(machine);
    ck_assert(!zks__sync_is_answered(machine, question));
    ck_assert_uint_eq(zks__sync_ask(machine), question); /* has not gone out yet: shared */
    expect(ZKS_ACTION_PULL, 0);
    ck_assert_uint_eq(action.cursor, 10);
    ck_assert(zks__sync_caught_up(machine)); /* nothing is known to be missing */
    uint64_t next = zks__sync_ask(machine);
    ck_assert_uint_eq(next, question + 1);
    ck_assert_int_eq(blobs(ZKS_BLOBS_LIVE, 10, 11), ZKS_OK); /* was under way: no answer */
    zks__sync_blobs_stored(machine, action.attempt, 11, 0);
    ck_assert(!zks__sync_is_answered(machine, question));
    ck_assert_int_eq(blobs(ZKS_BLOBS_MORE, 10, 12), ZKS_OK);
    zks__sync_blobs_stored(machine, action.attempt, 12, 0);
    ck_assert(!zks__sync_is_answered(machine, question));
    expect(ZKS_ACTION_ACK, 0);
    expect(ZKS_ACTION_PULL, 0);
    ck_assert_int_eq(blobs(0, 12, 13), ZKS_OK);
    ck_assert(!zks__sync_is_answered(machine, question)); /* not committed */
    zks__sync_blobs_stored(machine, action.attempt, 13, 0);
    ck_assert(zks__sync_is_answered(machine, question));
    ck_assert(zks__sync_is_answered(machine, next)); /* the second PULL came behind it */
    expect(ZKS_ACTION_ACK, 0);
    expect(ZKS_ACTION_NONE, 0);
    ck_assert_uint_eq(zks__sync_next_ms(machine), UINT64_MAX);
}
END_TEST

START_TEST(a_question_behind_a_pull_has_its_own)
{
    to_live(0, (zks__sync_row){.read_cursor = 10});
    uint64_t question = zks__sync_ask(machine);
    expect(ZKS_ACTION_NONE, 0); /* one PULL at a time */
    ck_assert_int_eq(blobs(0, 10, 10), ZKS_OK);
    ck_assert(!zks__sync_is_answered(machine, question));
    expect(ZKS_ACTION_PULL, 0);
    zks__sync_error(machine, ZKS_MESSAGE_PULL, ZKS_WIRE_RATE_LIMITED, 3000, 0);
    expect(ZKS_ACTION_NONE, 0);
    ck_assert_uint_eq(zks__sync_next_ms(machine), 3000);
    expect(ZKS_ACTION_PULL, 3000);
    ck_assert_int_eq(blobs(0, 10, 10), ZKS_OK);
    ck_assert(zks__sync_is_answered(machine, question));
}
END_TEST

START_TEST(a_question_waits_for_a_connection_and_for_room)
{
    uint64_t question = zks__sync_ask(machine);
    to_live(0, (zks__sync_row){.read_cursor = 10});
    ck_assert_uint_eq(zks__sync_ask(machine), question + 1);
    zks__sync_link_down(machine, action.attempt, ZKS_E_CONNECTION_LOST, 0, 0, 0);
    ck_assert(!zks__sync_is_answered(machine, question)); /* the next one is asked */
    uint64_t now = zks__sync_next_ms(machine);
    to_live(now, (zks__sync_row){.read_cursor = 10});
    ck_assert_int_eq(blobs(0, 10, 10), ZKS_OK);
    ck_assert(zks__sync_is_answered(machine, question + 1));
    zks__sync_inbox_full(machine, 1);
    uint64_t later = zks__sync_ask(machine);
    expect(ZKS_ACTION_NONE, now);
    zks__sync_inbox_full(machine, 0);
    expect(ZKS_ACTION_PULL, now);
    ck_assert_int_eq(blobs(0, 10, 10), ZKS_OK);
    ck_assert(zks__sync_is_answered(machine, later));
}
END_TEST

START_TEST(a_push_that_is_refused_as_a_whole_ends_the_attempt)
{
    to_live(0, (zks__sync_row){.read_cursor = 10});
    zks__sync_error(machine, ZKS_MESSAGE_PUSH, ZKS_WIRE_RELAY_OVERLOADED, 3000, 100);
    expect(ZKS_ACTION_CLOSE, 100);
    zks__sync_link_down(machine, action.attempt, ZKS_OK, 0, 0, 100);
    ck_assert_uint_eq(zks__sync_next_ms(machine), 3100);
}
END_TEST

START_TEST(a_relay_that_does_not_answer_is_left)
{
    to_live(0, (zks__sync_row){.read_cursor = 10});
    expect(ZKS_ACTION_NONE, 0);
    ck_assert_uint_eq(zks__sync_next_ms(machine), ZKS_SYNC_ANSWER_MS);
    ck_assert_int_eq(blobs(0, 10, 10), ZKS_OK);
    expect(ZKS_ACTION_NONE, 5);
    ck_assert_uint_eq(zks__sync_next_ms(machine), UINT64_MAX);
    zks__sync_stored(machine, 2);
    expect(ZKS_ACTION_FETCH, 10);
    push(1);
    push(2);
    zks__sync_fetched(machine, action.attempt);
    expect(ZKS_ACTION_NONE, 10);
    uint64_t n;
    uint32_t code;
    ck_assert_int_eq(answer(1, 0, 20, &n, &code), ZKS_OK);
    expect(ZKS_ACTION_SETTLE, 20);
    expect(ZKS_ACTION_NONE, 20);
    ck_assert_uint_eq(zks__sync_next_ms(machine), 20 + ZKS_SYNC_ANSWER_MS);
    expect(ZKS_ACTION_CLOSE, 20 + ZKS_SYNC_ANSWER_MS);
}
END_TEST

START_TEST(blobs_that_overtake_the_stored_welcome_are_pulled_again)
{
    zks__sync_row row = {.read_cursor = 10};
    zks__sync_set_online(machine, 1, 0);
    to_hello(0, row);
    ck_assert_int_eq(blobs(ZKS_BLOBS_LIVE, 10, 11), ZKS_E_PROTOCOL);
    zks__welcome w = {.version = ZKS_WIRE_VERSION};
    ck_assert_int_eq(zks__sync_welcome(machine, &w), ZKS_OK);
    ck_assert_int_eq(blobs(ZKS_BLOBS_LIVE, 10, 11), ZKS_E_STATE);
    zks__sync_welcomed(machine, zks__sync_attempt(machine), &row, 0);
    expect(ZKS_ACTION_PULL, 0);
    ck_assert_uint_eq(action.cursor, 10);
}
END_TEST

/* WELCOME says how many RECORDS follow: nothing is pulled, and nothing is up to date, before they
 * are stored. */
START_TEST(records_that_follow_are_awaited_before_blobs_are_pulled)
{
    zks__sync_row row = {.read_cursor = 10};
    zks__sync_set_online(machine, 1, 0);
    to_hello(0, row);
    zks__welcome w = {.version = ZKS_WIRE_VERSION, .records_follow = 2};
    uint32_t attempt = zks__sync_attempt(machine);
    ck_assert_int_eq(zks__sync_welcome(machine, &w), ZKS_OK);
    zks__sync_records(machine, attempt);
    zks__sync_welcomed(machine, attempt, &row, 0);
    expect(ZKS_ACTION_NONE, 0);
    ck_assert(!zks__sync_caught_up(machine));
    zks__sync_records(machine, attempt - 1); /* of another connection */
    expect(ZKS_ACTION_NONE, 0);
    zks__sync_records(machine, attempt);
    expect(ZKS_ACTION_PULL, 0);
    ck_assert(!zks__sync_caught_up(machine));
    zks__sync_records(machine, attempt); /* announced later */
    ck_assert_int_eq(blobs(0, 10, 10), ZKS_OK);
    ck_assert(zks__sync_caught_up(machine));
}
END_TEST

START_TEST(records_that_were_promised_and_never_come_end_the_attempt)
{
    zks__sync_row row = {.read_cursor = 10};
    zks__sync_set_online(machine, 1, 0);
    to_hello(0, row);
    zks__welcome w = {.version = ZKS_WIRE_VERSION, .records_follow = 2};
    uint32_t attempt = zks__sync_attempt(machine);
    ck_assert_int_eq(zks__sync_welcome(machine, &w), ZKS_OK);
    zks__sync_welcomed(machine, attempt, &row, 0);
    expect(ZKS_ACTION_NONE, 0);
    ck_assert_uint_eq(zks__sync_next_ms(machine), ZKS_SYNC_ANSWER_MS);
    expect(ZKS_ACTION_NONE, 1000);
    zks__sync_records(machine, attempt); /* a sign of life */
    expect(ZKS_ACTION_NONE, 1000);
    expect(ZKS_ACTION_NONE, ZKS_SYNC_ANSWER_MS + 999);
    expect(ZKS_ACTION_CLOSE, ZKS_SYNC_ANSWER_MS + 1000);
}
END_TEST

/* The link of this attempt ends. */
static void down(uint64_t now)
{
    zks__sync_link_down(machine, zks__sync_attempt(machine), ZKS_E_CONNECTION_LOST, 0, 0, now);
}

/* Live at relay 1, since relay 0 does not answer. */
static void to_live_elsewhere(uint64_t now)
{
    zks__sync_set_online(machine, 1, now);
    expect(ZKS_ACTION_CONNECT, now);
    down(now);
    zks__sync_hurry(machine, now);
    to_live(now, (zks__sync_row){.read_cursor = 5});
    ck_assert_uint_eq(zks__sync_relay(machine), 1);
}

static void expect_close(uint64_t now)
{
    do {
        zks__sync_poll(machine, now, &action);
        ck_assert_int_ne(action.kind, ZKS_ACTION_NONE);
    } while (action.kind != ZKS_ACTION_CLOSE);
}

START_TEST(away_from_the_first_relay_comes_back_and_later_each_time_it_fails)
{
    to_live_elsewhere(0);
    uint64_t now = zks__sync_next_ms(machine);
    ck_assert_uint_le(now, ZKS_SYNC_HOME_FIRST_MS);
    ck_assert_int_eq(blobs(0, 5, 5), ZKS_OK);
    expect(ZKS_ACTION_NONE, ZKS_SYNC_HOME_FIRST_MS - 1);
    ck_assert_uint_eq(zks__sync_next_ms(machine), ZKS_SYNC_HOME_FIRST_MS);
    expect_close(ZKS_SYNC_HOME_FIRST_MS);
    down(ZKS_SYNC_HOME_FIRST_MS);
    expect(ZKS_ACTION_CONNECT, ZKS_SYNC_HOME_FIRST_MS);
    ck_assert_uint_eq(action.relay, 0);
    down(ZKS_SYNC_HOME_FIRST_MS); /* still away */
    now = ZKS_SYNC_HOME_FIRST_MS;
    zks__sync_hurry(machine, now);
    to_live(now, (zks__sync_row){.read_cursor = 5});
    ck_assert_uint_eq(zks__sync_relay(machine), 1);
    ck_assert_int_eq(blobs(0, 5, 5), ZKS_OK);
    expect(ZKS_ACTION_NONE, now + ZKS_SYNC_HOME_FIRST_MS);
    ck_assert_uint_eq(zks__sync_next_ms(machine), now + 2 * ZKS_SYNC_HOME_FIRST_MS);
}
END_TEST

START_TEST(look_elsewhere_visits_the_next_relay_and_comes_back)
{
    to_live(0, (zks__sync_row){.read_cursor = 5});
    ck_assert_int_eq(blobs(0, 5, 5), ZKS_OK);
    zks__sync_look_elsewhere(machine);
    expect_close(10);
    down(10);
    to_live(10, (zks__sync_row){.read_cursor = 1});
    ck_assert_uint_eq(zks__sync_relay(machine), 1);
    ck_assert_int_eq(blobs(0, 1, 1), ZKS_OK);
    expect(ZKS_ACTION_NONE, 11);
    expect_close(11 + ZKS_SYNC_VISIT_MS);
    down(11 + ZKS_SYNC_VISIT_MS);
    expect(ZKS_ACTION_CONNECT, 11 + ZKS_SYNC_VISIT_MS);
    ck_assert_uint_eq(action.relay, 0);
}
END_TEST

START_TEST(lacking_records_comes_again_to_the_same_relay_at_once_then_later)
{
    uint64_t now = 0, waits[4];
    for (int i = 0; i < 4; i++) {
        to_live(now, (zks__sync_row){.read_cursor = 5});
        zks__sync_lacks_records(machine, now);
        expect_close(now);
        down(now);
        waits[i] = zks__sync_retry_ms(machine) - now;
        now += waits[i];
    }
    ck_assert_uint_eq(zks__sync_relay(machine), 0);
    ck_assert_uint_eq(waits[0], 0);
    ck_assert_uint_eq(waits[1], 2000);
    ck_assert_uint_eq(waits[2], 4000);
    ck_assert_uint_eq(waits[3], 8000);
}
END_TEST

START_TEST(connecting_again_while_the_link_ends_is_no_failure)
{
    to_live(0, (zks__sync_row){.read_cursor = 5});
    zks__sync_set_online(machine, 0, 5);
    expect_close(5);
    zks__sync_set_online(machine, 1, 6);
    down(7);
    ck_assert_uint_eq(zks__sync_failures(machine), 0);
    expect(ZKS_ACTION_CONNECT, 7);
    ck_assert_uint_eq(action.relay, 0);
}
END_TEST

static void add(TCase *c)
{
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_test(c, away_from_the_first_relay_comes_back_and_later_each_time_it_fails);
    tcase_add_test(c, look_elsewhere_visits_the_next_relay_and_comes_back);
    tcase_add_test(c, lacking_records_comes_again_to_the_same_relay_at_once_then_later);
    tcase_add_test(c, connecting_again_while_the_link_ends_is_no_failure);
    tcase_add_test(c, records_that_follow_are_awaited_before_blobs_are_pulled);
    tcase_add_test(c, records_that_were_promised_and_never_come_end_the_attempt);
    tcase_add_test(c, offline_does_nothing);
    tcase_add_test(c, hello_resumes_where_the_store_is_and_attaches_when_the_relay_may_lack);
    tcase_add_test(c, unauthorized_without_records_comes_again_at_once_with_them);
    tcase_add_test(c, backoff_doubles_to_its_limit_rotates_relays_and_heeds_the_relay);
    tcase_add_test(c, jitter_is_at_most_the_base_and_five_seconds);
    tcase_add_test(c, facts_of_an_earlier_attempt_are_ignored);
    tcase_add_test(c, a_relay_that_never_welcomes_is_left);
    tcase_add_test(c, only_what_is_committed_is_acknowledged);
    tcase_add_test(c, blobs_behind_a_gap_are_refused_and_pulled_from_where_we_are);
    tcase_add_test(c, an_absurd_cursor_or_head_moves_nothing);
    tcase_add_test(c, push_results_move_the_cursor_not_at_all);
    tcase_add_test(c, a_refusal_that_passes_rewinds_and_settles_nothing_behind_it);
    tcase_add_test(c, what_was_in_flight_when_the_epoch_changed_is_sent_again_at_once);
    tcase_add_test(c, a_refusal_for_good_is_named_and_passed);
    tcase_add_test(c, an_answer_to_nothing_is_a_breach);
    tcase_add_test(c, after_a_loss_all_that_was_not_settled_goes_out_again);
    tcase_add_test(c, entries_that_no_longer_exist_settle_only_when_all_before_have_landed);
    tcase_add_test(c, a_full_inbox_stops_pulls_and_credit);
    tcase_add_test(c, going_offline_closes_and_stays_closed);
    tcase_add_test(c, a_refusal_whose_time_is_over_asks_for_no_more_wake_ups);
    tcase_add_test(c, behind_a_refusal_one_goes_alone_until_it_is_taken);
    tcase_add_test(c, a_relay_that_goes_on_refusing_is_asked_less_and_less_often);
    tcase_add_test(c, a_refusal_of_the_device_settles_nothing);
    tcase_add_test(c, no_relay_keeps_us_away_for_longer_than_the_limit);
    tcase_add_test(c, more_without_progress_is_pulled_after_a_pause);
    tcase_add_test(c, an_answer_behind_what_was_asked_for_is_a_breach);
    tcase_add_test(c, a_pull_that_is_refused_is_made_again);
    tcase_add_test(c, a_question_is_answered_when_what_the_relay_had_is_committed);
    tcase_add_test(c, a_question_behind_a_pull_has_its_own);
    tcase_add_test(c, a_question_waits_for_a_connection_and_for_room);
    tcase_add_test(c, a_push_that_is_refused_as_a_whole_ends_the_attempt);
    tcase_add_test(c, a_relay_that_does_not_answer_is_left);
    tcase_add_test(c, blobs_that_overtake_the_stored_welcome_are_pulled_again);
}

int main(void)
{
    return unit_main("sync", add);
}
