/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "base/list.h"
#include "tests/support/unit.h"

typedef struct thing {
    int number;
    zks__node node;
} thing;

static int number_of(zks__node *n)
{
    return n ? ZKS_CONTAINER(n, thing, node)->number : -1;
}

START_TEST(nodes_come_out_in_the_order_they_went_in)
{
    thing t[3] = {{.number = 0}, {.number = 1}, {.number = 2}};
    zks__list l;
    zks__list_init(&l);
    ck_assert(zks__list_empty(&l));
    ck_assert_ptr_null(zks__list_first(&l));
    ck_assert_ptr_null(zks__list_pop(&l));
    for (int i = 0; i < 3; i++) {
        zks__list_append(&l, &t[i].node);
    }
    int expected = 0;
    for (zks__node *n = zks__list_first(&l); n; n = zks__list_next(&l, n)) {
        ck_assert_int_eq(number_of(n), expected++);
    }
    ck_assert_int_eq(expected, 3);
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(number_of(zks__list_pop(&l)), i);
    }
    ck_assert(zks__list_empty(&l));
}
END_TEST

START_TEST(remove_from_anywhere_and_twice)
{
    thing t[3] = {{.number = 0}, {.number = 1}, {.number = 2}};
    zks__list l;
    zks__list_init(&l);
    for (int i = 0; i < 3; i++) {
        zks__list_append(&l, &t[i].node);
    }
    zks__list_remove(&t[1].node);
    zks__list_remove(&t[1].node);
    ck_assert_int_eq(number_of(zks__list_first(&l)), 0);
    ck_assert_int_eq(number_of(zks__list_next(&l, &t[0].node)), 2);
    zks__list_append(&l, &t[1].node);
    ck_assert_int_eq(number_of(zks__list_next(&l, &t[2].node)), 1);
    zks__list_remove(&t[0].node);
    zks__list_remove(&t[1].node);
    zks__list_remove(&t[2].node);
    ck_assert(zks__list_empty(&l));
}
END_TEST

START_TEST(splice_moves_all_behind_and_empties_the_source)
{
    thing t[4] = {{.number = 0}, {.number = 1}, {.number = 2}, {.number = 3}};
    zks__list a;
    zks__list b;
    zks__list_init(&a);
    zks__list_init(&b);
    zks__list_splice(&a, &b);
    ck_assert(zks__list_empty(&a));
    zks__list_append(&b, &t[0].node);
    zks__list_append(&b, &t[1].node);
    zks__list_splice(&a, &b); /* into an empty one */
    ck_assert(zks__list_empty(&b));
    zks__list_append(&b, &t[2].node);
    zks__list_append(&b, &t[3].node);
    zks__list_splice(&a, &b);
    for (int i = 0; i < 4; i++) {
        ck_assert_int_eq(number_of(zks__list_pop(&a)), i);
    }
    ck_assert(zks__list_empty(&a));
    zks__list_append(&b, &t[0].node); /* the source is usable again */
    ck_assert_int_eq(number_of(zks__list_pop(&b)), 0);
}
END_TEST

static void add(TCase *c)
{
    tcase_add_test(c, nodes_come_out_in_the_order_they_went_in);
    tcase_add_test(c, remove_from_anywhere_and_twice);
    tcase_add_test(c, splice_moves_all_behind_and_empties_the_source);
}

int main(void)
{
    return unit_main("base list", add);
}
