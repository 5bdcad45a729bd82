/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "transport/timers.h"

#include <check.h>
#include <stdlib.h>

enum { TIMERS = 100 };

static uint64_t smallest(const zks__timer *timers)
{
    uint64_t at = ZKS_TIMER_NEVER;
    for (size_t i = 0; i < TIMERS; i++) {
        at = timers[i].index && timers[i].at < at ? timers[i].at : at;
    }
    return at;
}

START_TEST(first_is_the_earliest_whatever_is_set_moved_or_taken_out)
{
    srand(7);
    zks__timers t = {0};
    zks__timer timers[TIMERS] = {0};
    ck_assert_ptr_null(zks__timers_first(&t));
    ck_assert_int_eq(zks__timers_reserve(&t, TIMERS), ZKS_OK);
    for (int i = 0; i < 20000; i++) {
        uint64_t at = rand() % 4 == 0 ? ZKS_TIMER_NEVER : (uint64_t)(rand() % 1000);
        zks__timers_set(&t, &timers[rand() % TIMERS], at);
        const zks__timer *first = zks__timers_first(&t);
        ck_assert_uint_eq(first ? first->at : ZKS_TIMER_NEVER, smallest(timers));
    }
    for (uint64_t last = 0; zks__timers_first(&t);) {
        zks__timer *first = zks__timers_first(&t);
        ck_assert_uint_ge(first->at, last);
        last = first->at;
        zks__timers_set(&t, first, ZKS_TIMER_NEVER);
    }
    ck_assert_uint_eq(t.count, 0);
    zks__timers_done(&t);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("transport_timers");
    TCase *t = tcase_create("timers");
    tcase_add_test(t, first_is_the_earliest_whatever_is_set_moved_or_taken_out);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
