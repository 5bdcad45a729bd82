/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "base/alloc.h"
#include "tests/support/unit.h"

#include <string.h>

START_TEST(size_zero_is_not_out_of_memory)
{
    void *a = zks__alloc(0);
    void *b = zks__alloc_zero(0, 8);
    void *c = zks__alloc_zero(8, 0);
    ck_assert_ptr_nonnull(a);
    ck_assert_ptr_nonnull(b);
    ck_assert_ptr_nonnull(c);
    a = zks__alloc_resize(a, 0);
    ck_assert_ptr_nonnull(a);
    zks__free(a);
    zks__free(b);
    zks__free(c);
    zks__free(NULL);
}
END_TEST

START_TEST(zeroed_and_overflow_checked)
{
    static const uint8_t zeros[300];
    uint8_t *p = zks__alloc_zero(100, 3);
    ck_assert_mem_eq(p, zeros, sizeof zeros);
    zks__free(p);
    volatile size_t half = SIZE_MAX / 2 + 1; /* volatile: the compiler would warn of it otherwise */
    ck_assert_ptr_null(zks__alloc_zero(half, 2));
}
END_TEST

START_TEST(strdup_copies_text_and_passes_null)
{
    char *copy = zks__strdup("text");
    ck_assert_str_eq(copy, "text");
    zks__free(copy);
    ck_assert_ptr_null(zks__strdup(NULL));
}
END_TEST

static void add(TCase *c)
{
    tcase_add_test(c, size_zero_is_not_out_of_memory);
    tcase_add_test(c, zeroed_and_overflow_checked);
    tcase_add_test(c, strdup_copies_text_and_passes_null);
}

int main(void)
{
    return unit_main("base alloc", add);
}
