/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "base/buf.h"
#include "tests/support/unit.h"

#include <pthread.h>
#include <string.h>

START_TEST(new_has_the_room_that_was_asked_for)
{
    zks__buf *b = zks__buf_new(3, 4, 5);
    ck_assert_uint_eq(b->length, 4);
    memset(b->data, 'x', 4);
    ck_assert_ptr_null(zks__buf_push_front(b, 4));
    ck_assert_ptr_null(zks__buf_push_back(b, 6));
    ck_assert_ptr_null(zks__buf_push_back(b, SIZE_MAX));
    ck_assert_ptr_null(zks__buf_push_front(b, SIZE_MAX));
    ck_assert_uint_eq(b->length, 4);
    uint8_t *front = zks__buf_push_front(b, 3);
    memset(front, 'f', 3);
    uint8_t *back = zks__buf_push_back(b, 5);
    memset(back, 'b', 5);
    ck_assert_uint_eq(b->length, 12);
    ck_assert_mem_eq(b->data, "fffxxxxbbbbb", 12);
    ck_assert_ptr_null(zks__buf_push_front(b, 1));
    ck_assert_ptr_null(zks__buf_push_back(b, 1));
    ck_assert_ptr_eq(zks__buf_push_back(b, 0), b->data + 12);
    zks__buf_unref(b);
}
END_TEST

START_TEST(new_with_sizes_that_overflow_is_null)
{
    ck_assert_ptr_null(zks__buf_new(SIZE_MAX, 1, 0));
    ck_assert_ptr_null(zks__buf_new(0, SIZE_MAX, 1));
    ck_assert_ptr_null(zks__buf_new(1, SIZE_MAX - 1, 1));
    ck_assert_ptr_null(zks__buf_new(0, SIZE_MAX - 8, 0));
}
END_TEST

START_TEST(copy_and_empty)
{
    zks__buf *b = zks__buf_copy("abc", 3);
    ck_assert_mem_eq(b->data, "abc", 3);
    zks__buf_unref(b);
    b = zks__buf_copy(NULL, 0);
    ck_assert_uint_eq(b->length, 0);
    zks__buf_unref(b);
    zks__buf_unref(NULL);
}
END_TEST

static void *hold_and_drop(void *user)
{
    for (int i = 0; i < 20000; i++) {
        zks__buf_unref(zks__buf_ref(user));
    }
    zks__buf_unref(user);
    return NULL;
}

START_TEST(references_are_counted_across_threads)
{
    enum { THREADS = 4 };
    pthread_t threads[THREADS];
    zks__buf *b = zks__buf_copy("shared", 6);
    for (int i = 0; i < THREADS; i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, hold_and_drop, zks__buf_ref(b)), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    ck_assert_uint_eq(atomic_load(&b->count), 1);
    ck_assert_mem_eq(b->data, "shared", 6);
    zks__buf_unref(b);
}
END_TEST

static void add(TCase *c)
{
    tcase_add_test(c, new_has_the_room_that_was_asked_for);
    tcase_add_test(c, new_with_sizes_that_overflow_is_null);
    tcase_add_test(c, copy_and_empty);
    tcase_add_test(c, references_are_counted_across_threads);
}

int main(void)
{
    return unit_main("base buf", add);
}
