/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "transport/sendq.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

enum { ALL = 1 << 20 };

static zks__buf *bytes(size_t from, size_t length)
{
    zks__buf *b = zks__buf_new(0, length, 0);
    ck_assert_ptr_nonnull(b);
    for (size_t i = 0; i < length; i++) {
        b->data[i] = (uint8_t)(from + i);
    }
    return b;
}

START_TEST(push_keeps_a_reference_until_the_last_byte_is_acknowledged)
{
    zks__sendq q = {0};
    zks__buf *b = bytes(0, 10);
    zks__buf_ref(b);
    ck_assert_int_eq(zks__sendq_push(&q, b), ZKS_OK);
    zks__sendq_sent(&q, 10);
    zks__sendq_acked(&q, 9);
    ck_assert_uint_eq(atomic_load(&b->count), 2);
    ck_assert_uint_eq(q.bytes, 1);
    zks__sendq_acked(&q, 1);
    ck_assert_uint_eq(atomic_load(&b->count), 1);
    ck_assert_ptr_null(q.ring);
    zks__buf_unref(b);
}
END_TEST

START_TEST(push_of_nothing_is_dropped)
{
    zks__sendq q = {0};
    ck_assert_int_eq(zks__sendq_push(&q, bytes(0, 0)), ZKS_OK);
    ck_assert_uint_eq(q.count, 0);
    ck_assert_ptr_null(q.ring);
}
END_TEST

START_TEST(unsent_respects_both_limits)
{
    zks__sendq q = {0};
    zks__sendq_piece out[4];
    for (size_t i = 0; i < 10; i++) {
        ck_assert_int_eq(zks__sendq_push(&q, bytes(i * 10, 10)), ZKS_OK);
    }
    ck_assert_uint_eq(zks__sendq_unsent(&q, out, 4, ALL), 4);
    ck_assert_uint_eq(zks__sendq_unsent(&q, out, 4, 11), 2);
    zks__sendq_sent(&q, 95);
    ck_assert_uint_eq(zks__sendq_unsent(&q, out, 4, ALL), 1);
    ck_assert_uint_eq(out[0].length, 5);
    ck_assert_uint_eq(out[0].data[0], 95);
    zks__sendq_sent(&q, 5);
    ck_assert_uint_eq(zks__sendq_unsent(&q, out, 4, ALL), 0);
    zks__sendq_done(&q);
}
END_TEST

/* Random pushes, sends and acknowledgements against three counters. */
START_TEST(random_use_gives_every_byte_once_and_in_order)
{
    const unsigned seed = 20240611;
    srand(seed);
    zks__sendq q = {0};
    size_t pushed = 0;
    size_t sent = 0;
    size_t acked = 0;
    for (int i = 0; i < 20000; i++) {
        size_t n = (size_t)rand() % 40;
        switch (rand() % 3) {
        case 0:
            ck_assert_int_eq(zks__sendq_push(&q, bytes(pushed, n)), ZKS_OK);
            pushed += n;
            break;
        case 1: {
            zks__sendq_piece out[16];
            size_t count = zks__sendq_unsent(&q, out, 16, n);
            size_t total = 0;
            for (size_t k = 0; k < count; k++) {
                for (size_t j = 0; j < out[k].length; j++) {
                    ck_assert_msg(out[k].data[j] == (uint8_t)(sent + total), "seed %u", seed);
                    total++;
                }
            }
            n = n < total ? n : total;
            zks__sendq_sent(&q, n);
            sent += n;
            break;
        }
        default:
            n = n < sent - acked ? n : sent - acked;
            zks__sendq_acked(&q, n);
            acked += n;
            break;
        }
        ck_assert_uint_eq(q.bytes, pushed - acked);
        ck_assert_uint_eq(q.unsent, pushed - sent);
    }
    zks__sendq_done(&q);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("transport_sendq");
    TCase *t = tcase_create("sendq");
    tcase_add_test(t, push_keeps_a_reference_until_the_last_byte_is_acknowledged);
    tcase_add_test(t, push_of_nothing_is_dropped);
    tcase_add_test(t, unsent_respects_both_limits);
    tcase_add_test(t, random_use_gives_every_byte_once_and_in_order);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
