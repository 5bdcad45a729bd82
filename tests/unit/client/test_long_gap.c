/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A relay has lost hundreds or thousands of entries in a row, more than members send again in one
 * go (docs/SECURITY.md, section 3, rule 4): real clients, a relay that drops, and an honest one.
 */
#include "client/batch.h"
#include "tests/support/raw_relay.h"
#include "tests/unit/client/evil_world.h"

enum { BATCH = 500, SMALL = 1000, LARGE = 10000 };

static raw_relay honest;
static char folder[64], path[96], path_of_b[96];

static void setup(void)
{
    evil_setup();
    raw_relay_init(&honest);
    device_folder(folder, sizeof folder);
    snprintf(path, sizeof path, "%s/a.zks", folder);
    snprintf(path_of_b, sizeof path_of_b, "%s/b.zks", folder);
}

static void teardown(void)
{
    evil_teardown();
    device_folder_remove(folder);
    raw_relay_done(&honest);
}

/* Words first to last, in commits of BATCH. */
static void push_many(device *d, uint64_t first, uint64_t last)
{
    static size_t lengths[BATCH];
    for (size_t i = 0; i < BATCH; i++) {
        lengths[i] = sizeof first;
    }
    while (first <= last) {
        uint64_t words[BATCH];
        size_t count = 0;
        zks_op *op = NULL;
        while (count < BATCH && first <= last) {
            words[count++] = first++;
        }
        ck_assert_int_eq(zks__client_push(d->client, (const uint8_t *)words, lengths, count,
                                          ZKS_PUSH_STORED, NULL, NULL, &op),
                         ZKS_OK);
        device_done(op, ZKS_OK);
    }
}

/* A says 1, then as many as the gap has, then one more. */
static void push_all(device *d, uint64_t gap)
{
    evil_push(d, 1, 1);
    push_many(d, 2, gap + 1);
    push_many(d, gap + 2, gap + 2);
    DEVICE_UNTIL(evil_number(d, ZKS_REPORT_PENDING_COUNT) == 0);
}

/* A has said all to the relay that loses what lies between the first and the last, and to the
 * honest one where that is running. */
static void say_all(uint64_t gap)
{
    device_open(a, runtime, path, honest.address);
    device_connect(a);
    push_all(a, gap);
    device_free(a);
    evil_relay_attack(relay, EVIL_DROP, 2, (unsigned)gap + 1);
    device_open(a, runtime, path, evil_relay_address(relay));
    device_connect(a);
    DEVICE_UNTIL(evil_number(a, ZKS_REPORT_PENDING_COUNT) == 0);
    device_free(a);
}

/* B, which prefers the relay that loses. */
static void open_at_both(device *d)
{
    zks__client_secrets secrets = {.has_secret = true, .secret = {1, 2, 3}};
    zks__client_options o = {
        .secrets = &secrets, .suite = test_suite(), .event = device_event, .event_user = d};
    zks_op *op = NULL;
    o.store_path = path_of_b;
    memset(d, 0, sizeof *d);
    o.relays[o.relay_count++] = (char *)(uintptr_t)evil_relay_address(relay);
    o.relays[o.relay_count++] = honest.address;
    ck_assert_int_eq(zks__client_open(runtime, &o, NULL, NULL, &op, &d->client), ZKS_OK);
    device_done(op, ZKS_OK);
    device_connect(d);
}

/* Each word once. late: how many came after they were told as missing. */
static void expect_words(device *d, size_t count, size_t *out_late)
{
    static uint8_t seen[LARGE + 3];
    uint64_t after = 0;
    size_t found = 0;
    *out_late = 0;
    memset(seen, 0, sizeof seen);
    while (found < count) {
        zks_batch *batch = NULL;
        zks_op *op = device_read(d, after, 0);
        ck_assert_int_eq(zks__op_wait(op, DEVICE_WAIT_MS), ZKS_OK);
        ck_assert_int_eq(zks__op_take_batch(op, &batch), ZKS_OK);
        zks__op_free(op);
        ck_assert_uint_gt(zks__batch_count(batch), 0);
        for (size_t i = 0; i < zks__batch_count(batch); i++) {
            uint64_t word;
            memcpy(&word, batch->data + batch->offsets[i], sizeof word);
            ck_assert(word > 0 && word <= count && !seen[word]);
            seen[word] = 1;
            *out_late += (batch->flags[i] & ZKS_ITEM_LATE) != 0;
        }
        found += zks__batch_count(batch);
        after = batch->seqs[zks__batch_count(batch) - 1];
        zks__batch_free(batch);
    }
    ck_assert_uint_eq(found, count);
}

START_TEST(second_relay_gives_a_long_gap_whole)
{
    uint64_t gap = _i ? LARGE : SMALL;
    size_t late = 0;
    raw_relay_start(&honest, NULL);
    say_all(gap);
    open_at_both(b);
    EVIL_HEALS(evil_received(b) == (int64_t)gap + 2);
    expect_words(b, gap + 2, &late);
    ck_assert_uint_eq(late, 0);
    ck_assert_uint_eq(b->events[ZKS_EVENT_HISTORY_GAP], 0);
}
END_TEST

/* B hears of the second relay when the gap has been given up: it goes on asking, and looks there.
 */
START_TEST(second_relay_that_comes_later_gives_a_long_gap_late)
{
    zks_op *op = NULL;
    size_t late = 0;
    raw_relay_start(&honest, NULL);
    say_all(SMALL);
    device_open(b, runtime, path_of_b, evil_relay_address(relay));
    device_connect(b);
    EVIL_GIVES_UP(b->events[ZKS_EVENT_HISTORY_GAP] == 1);
    DEVICE_UNTIL(evil_received(b) == 2); /* nothing is held up */
    ck_assert_int_eq(zks__client_close(b->client, NULL, NULL, &op), ZKS_OK);
    device_done(op, ZKS_OK);
    device_free(b);
    open_at_both(b);
    EVIL_PASS(evil_received(b) == SMALL, 60, 30);
    expect_words(b, SMALL + 2, &late);
    ck_assert_uint_eq(late, SMALL);
}
END_TEST

/* There is no other relay: the author sends all again, piece by piece. */
START_TEST(author_gives_a_long_gap_piece_by_piece)
{
    size_t late = 0;
    evil_relay_attack(relay, EVIL_DROP, 2, SMALL + 1);
    device_open(a, runtime, path, evil_relay_address(relay));
    device_connect(a);
    evil_open(b);
    push_all(a, SMALL);
    EVIL_PASS(evil_received(b) == SMALL + 2, 30, 240);
    expect_words(b, SMALL + 2, &late);
    ck_assert_uint_gt(late, 0);
    ck_assert_uint_lt(late, SMALL);
    ck_assert_uint_eq(b->events[ZKS_EVENT_HISTORY_GAP], 1);
    ck_assert_uint_eq(b->events[ZKS_EVENT_UNVERIFIED], 0);
    ck_assert_uint_eq(b->events[ZKS_EVENT_FORK], 0);
}
END_TEST

static void add(TCase *t)
{
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_set_timeout(t, 120);
    tcase_add_loop_test(t, second_relay_gives_a_long_gap_whole, 0, 2);
    tcase_add_test(t, second_relay_that_comes_later_gives_a_long_gap_late);
    tcase_add_test(t, author_gives_a_long_gap_piece_by_piece);
}

int main(void)
{
    return unit_main("long gap", add);
}
