/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* How often something may happen, and how often an address may ask. */
#include "relay/core/rate.h"
#include "tests/support/own_alloc.h"
#include "tests/support/unit.h"

#include "relay/core/limits.h"

#include <stdlib.h>

#define MS     1000000ull
#define MINUTE (60000 * MS)

static const uint8_t seed[16] = {7};
static bool full; /* there is no memory */

static bool is_full(size_t size)
{
    (void)size;
    return full;
}

/* A link without an address. */
static uint32_t ask_nameless(zks__askers *all)
{
    return zks__askers_take(all, seed, 0, MINUTE, 10);
}

static uint32_t ask(zks__askers *all, uint32_t address, uint64_t now_ns)
{
    return zks__askers_take(all, (const uint8_t *)&address, sizeof address, now_ns, 10);
}

START_TEST(rate_gives_a_minutes_worth_at_once_and_then_one_by_one)
{
    uint64_t tat = 0, now = 5 * MINUTE;
    for (int i = 0; i < 10; i++) {
        ck_assert_uint_eq(zks__rate_take(&tat, now, 10, 1), 0);
    }
    uint32_t wait_ms = zks__rate_take(&tat, now, 10, 1);
    ck_assert_uint_eq(wait_ms, 6001);
    ck_assert_uint_eq(zks__rate_take(&tat, now + 5999 * MS, 10, 1), 2);
    ck_assert_uint_eq(zks__rate_take(&tat, now + wait_ms * MS, 10, 1), 0);
    ck_assert_uint_gt(zks__rate_take(&tat, now + wait_ms * MS, 10, 1), 0);
}
END_TEST

START_TEST(more_than_there_is_room_for_takes_nothing)
{
    uint64_t tat = 0;
    ck_assert_uint_gt(zks__rate_take(&tat, MINUTE, 10, 11), 0);
    ck_assert_uint_eq(zks__rate_take(&tat, MINUTE, 10, 10), 0);
}
END_TEST

START_TEST(each_address_has_its_own_rate)
{
    zks__askers *all = zks__askers_new(seed);
    for (int i = 0; i < 10; i++) {
        ck_assert_uint_eq(ask(all, 1, MINUTE), 0);
        ck_assert_uint_eq(ask_nameless(all), 0);
    }
    ck_assert_uint_gt(ask(all, 1, MINUTE), 0);
    ck_assert_uint_gt(ask_nameless(all), 0);
    ck_assert_uint_eq(ask(all, 2, MINUTE), 0);
    zks__askers_free(all);
}
END_TEST

START_TEST(rate_survives_the_tick_until_it_is_whole)
{
    zks__askers *all = zks__askers_new(seed);
    for (int i = 0; i < 10; i++) {
        ck_assert_uint_eq(ask(all, 1, MINUTE), 0);
    }
    zks__askers_tick(all, MINUTE + 1);
    ck_assert_uint_gt(ask(all, 1, MINUTE + 1), 0);
    zks__askers_tick(all, 2 * MINUTE); /* whole: it is as one never seen */
    for (int i = 0; i < 10; i++) {
        ck_assert_uint_eq(ask(all, 1, 2 * MINUTE), 0);
    }
    zks__askers_free(all);
}
END_TEST

START_TEST(who_was_silent_longest_makes_room)
{
    zks__askers *all = zks__askers_new(seed);
    for (int i = 0; i < 10; i++) {
        ck_assert_uint_eq(ask(all, 0, MINUTE), 0);
        ck_assert_uint_eq(ask(all, 1, MINUTE), 0);
    }
    for (uint32_t i = 2; i < ZKS_RELAY_MAILBOX_ASKERS; i++) {
        ck_assert_uint_eq(ask(all, i, MINUTE), 0);
    }
    ck_assert_uint_gt(ask(all, 0, MINUTE), 0); /* heard again: 1 is the oldest now */
    ck_assert_uint_eq(ask(all, ZKS_RELAY_MAILBOX_ASKERS, MINUTE), 0);
    ck_assert_uint_gt(ask(all, 0, MINUTE), 0);
    ck_assert_uint_eq(ask(all, 1, MINUTE), 0);
    zks__askers_free(all);
}
END_TEST

START_TEST(without_memory_an_address_waits)
{
    full = true;
    ck_assert_ptr_null(zks__askers_new(seed));
    full = false;
    zks__askers *all = zks__askers_new(seed);
    full = true;
    ck_assert_uint_eq(ask(all, 1, MINUTE), ZKS_RELAY_RATE_RETRY_MS);
    full = false;
    ck_assert_uint_eq(ask(all, 1, MINUTE), 0);
    zks__askers_free(all);
}
END_TEST

static void add(TCase *c)
{
    tcase_add_test(c, rate_gives_a_minutes_worth_at_once_and_then_one_by_one);
    tcase_add_test(c, more_than_there_is_room_for_takes_nothing);
    tcase_add_test(c, each_address_has_its_own_rate);
    tcase_add_test(c, rate_survives_the_tick_until_it_is_whole);
    tcase_add_test(c, who_was_silent_longest_makes_room);
    tcase_add_test(c, without_memory_an_address_waits);
}

int main(void)
{
    own_alloc.refuses = is_full;
    return unit_main("relay rate", add);
}
