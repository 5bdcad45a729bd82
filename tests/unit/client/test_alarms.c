/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A gap behind a relay that has lost an entry, as an app sees it: the event says which, the report
 * counts it for good, and a lack of memory only puts it off.
 */
#include "tests/support/own_alloc.h"
#include "tests/unit/client/evil_world.h"

/* --- memory: there is none for blocks of this size, 0: for all --- */

static _Atomic size_t scarce_bytes;
static _Atomic unsigned refused;

static bool refuses(size_t size)
{
    bool now = size == scarce_bytes;
    refused += now;
    return now;
}

/* --- B misses the third of A's words for good --- */

static char folder[64], path[96];

static void setup(void)
{
    evil_setup();
    device_folder(folder, sizeof folder);
    snprintf(path, sizeof path, "%s/b.zks", folder);
    scarce_bytes = 0;
    refused = 0;
}

static void teardown(void)
{
    evil_teardown();
    device_folder_remove(folder);
}

static void open_b(void)
{
    device_open(b, runtime, path, evil_relay_address(relay));
    device_connect(b);
}

static void lose_the_third(uint8_t author[ZKS_DEVICE_ID_BYTES])
{
    evil_open(a);
    open_b();
    evil_id(a, author);
    evil_relay_attack(relay, EVIL_DROP, 3, 3);
    evil_push(a, 1, EVIL_WORDS);
    DEVICE_UNTIL(evil_received(b) == 2);
    device_free(a);
}

static void expect_gap(const uint8_t author[ZKS_DEVICE_ID_BYTES])
{
    static const uint8_t none[ZKS_SIZE_CHAIN];
    ck_assert_uint_eq(b->events[ZKS_EVENT_HISTORY_GAP], 1);
    ck_assert_int_eq(b->first, 3);
    ck_assert_int_eq(b->last, 3);
    ck_assert_mem_eq(b->author, author, sizeof b->author);
    ck_assert(memcmp(b->chain, none, sizeof none) != 0);
    ck_assert_int_eq(evil_number(b, ZKS_REPORT_HISTORY_GAPS), 1);
}

START_TEST(gap_says_what_is_missing_and_is_counted_for_good)
{
    uint8_t author[ZKS_DEVICE_ID_BYTES];
    lose_the_third(author);
    ck_assert_int_eq(evil_number(b, ZKS_REPORT_HISTORY_GAPS), 0);
    EVIL_GIVES_UP(b->events[ZKS_EVENT_HISTORY_GAP] == 1);
    expect_gap(author);
    device_free(b);
    ck_assert_int_eq(zks__runtime_close(runtime, DEVICE_WAIT_MS), ZKS_OK);
    zks__runtime_free(runtime);
    ck_assert_int_eq(zks__runtime_new(&runtime), ZKS_OK);
    device_open(b, runtime, path, NULL);
    ck_assert_int_eq(evil_number(b, ZKS_REPORT_HISTORY_GAPS), 1); /* before any event */
    ck_assert_int_eq(evil_number(b, ZKS_REPORT_HISTORY_FORKS), 0);
    ck_assert_uint_eq(b->events[ZKS_EVENT_HISTORY_GAP], 0);
}
END_TEST

/* _i 0: no memory for what the transaction is to tell: it fails and comes again. 1: none for the
 * event behind it. */
START_TEST(gap_is_told_when_there_is_memory_again)
{
    uint8_t author[ZKS_DEVICE_ID_BYTES];
    lose_the_third(author);
    DEVICE_UNTIL(b->state == ZKS_STATE_CONNECTED);
    EVIL_HEALS(evil_relay_pushes(relay) > EVIL_WORDS); /* B asks */
    scarce_bytes = _i ? sizeof(zks_event) : sizeof(zks__notice);
    EVIL_GIVES_UP(refused > 0);
    ck_assert_uint_eq(b->events[ZKS_EVENT_HISTORY_GAP], 0);
    if (_i) {
        DEVICE_UNTIL(evil_number(b, ZKS_REPORT_HISTORY_GAPS) == 1);
    } else {
        ck_assert_int_eq(evil_number(b, ZKS_REPORT_HISTORY_GAPS), 0);
        ck_assert_int_eq(evil_received(b), 2);
    }
    scarce_bytes = 0;
    EVIL_GIVES_UP(b->events[ZKS_EVENT_HISTORY_GAP] == 1);
    expect_gap(author);
}
END_TEST

static void add(TCase *cases)
{
    tcase_add_checked_fixture(cases, setup, teardown);
    tcase_add_test(cases, gap_says_what_is_missing_and_is_counted_for_good);
    tcase_add_loop_test(cases, gap_is_told_when_there_is_memory_again, 0, 2);
}

int main(void)
{
    own_alloc.refuses = refuses;
    return unit_main("alarms", add);
}
