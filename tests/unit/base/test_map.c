/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "base/map.h"
#include "tests/support/memory_link.h"
#include "tests/support/unit.h"

#include <string.h>

static const uint8_t hash_seed[16] = {1, 2, 3};

START_TEST(empty_map_finds_nothing)
{
    zks__map *m = zks__map_new(hash_seed);
    size_t position = 0;
    ck_assert_ptr_null(zks__map_get(m, "a", 1));
    ck_assert_ptr_null(zks__map_remove(m, "a", 1));
    ck_assert_ptr_null(zks__map_next(m, &position));
    ck_assert_uint_eq(zks__map_count(m), 0);
    zks__map_free(m);
    zks__map_free(NULL);
}
END_TEST

START_TEST(put_refuses_null_values_and_long_keys)
{
    uint8_t key[ZKS_MAP_KEY_MAX + 1] = {0};
    int value = 0;
    zks__map *m = zks__map_new(hash_seed);
    ck_assert_int_eq(zks__map_put(m, key, 1, NULL), ZKS_E_INVALID);
    ck_assert_int_eq(zks__map_put(m, key, sizeof key, &value), ZKS_E_INVALID);
    ck_assert_ptr_null(zks__map_get(m, key, sizeof key));
    ck_assert_int_eq(zks__map_put(m, key, ZKS_MAP_KEY_MAX, &value), ZKS_OK);
    ck_assert_int_eq(zks__map_put(m, key, 0, &value), ZKS_OK);
    ck_assert_ptr_eq(zks__map_get(m, key, ZKS_MAP_KEY_MAX), &value);
    ck_assert_ptr_eq(zks__map_get(m, key, 0), &value);
    zks__map_free(m);
}
END_TEST

START_TEST(keys_that_are_prefixes_of_each_other_are_different)
{
    char text[ZKS_MAP_KEY_MAX];
    memset(text, 'k', sizeof text);
    zks__map *m = zks__map_new(hash_seed);
    for (size_t i = 0; i < sizeof text; i++) {
        ck_assert_int_eq(zks__map_put(m, text, i, &text[i]), ZKS_OK);
    }
    for (size_t i = 0; i < sizeof text; i++) {
        ck_assert_ptr_eq(zks__map_get(m, text, i), &text[i]);
    }
    zks__map_free(m);
}
END_TEST

enum { KEYS = 2000, STEPS = 100000 };
static int values[KEYS][2];

static size_t key_of(size_t i, uint8_t key[24])
{
    memset(key, 0x5a, 24);
    key[0] = (uint8_t)i;
    key[1] = (uint8_t)(i >> 8);
    return 2 + i % 23;
}

/* Against an array with a slot for each possible key. */
START_TEST(random_operations_agree_with_a_naive_model)
{
    uint64_t random = unit_seed_printed("map");
    void *model[KEYS] = {NULL};
    size_t count = 0;
    uint8_t key[24];
    zks__map *m = zks__map_new(hash_seed);
    for (size_t step = 0; step < STEPS; step++) {
        uint64_t draw = memory_random(&random);
        size_t i = (size_t)(draw >> 8) % KEYS;
        size_t length = key_of(i, key);
        /* Waves of mostly adding and mostly removing, so that the table also fills with removed
         * slots. */
        bool adding = (step / 10000) % 2 == 0 ? draw % 4 != 0 : draw % 4 == 0;
        if (adding) {
            void *value = &values[i][draw >> 63];
            ck_assert_int_eq(zks__map_put(m, key, length, value), ZKS_OK);
            count += !model[i];
            model[i] = value;
        } else {
            ck_assert_ptr_eq(zks__map_remove(m, key, length), model[i]);
            count -= model[i] != NULL;
            model[i] = NULL;
        }
        i = (size_t)(draw >> 24) % KEYS;
        length = key_of(i, key);
        ck_assert_ptr_eq(zks__map_get(m, key, length), model[i]);
        ck_assert_uint_eq(zks__map_count(m), count);
    }
    size_t position = 0;
    size_t seen = 0;
    for (int *value; (value = zks__map_next(m, &position)) != NULL; seen++) {
        size_t i = (size_t)(value - &values[0][0]) / 2;
        ck_assert_ptr_eq(model[i], value);
    }
    ck_assert_uint_eq(seen, count);
    zks__map_free(m);
}
END_TEST

START_TEST(removing_while_iterating_visits_everything_once)
{
    zks__map *m = zks__map_new(hash_seed);
    uint8_t key[24];
    for (size_t i = 0; i < KEYS; i++) {
        ck_assert_int_eq(zks__map_put(m, key, key_of(i, key), &values[i]), ZKS_OK);
    }
    size_t position = 0;
    size_t seen = 0;
    for (void *value; (value = zks__map_next(m, &position)) != NULL; seen++) {
        size_t i = (size_t)((int(*)[2])value - values);
        ck_assert_ptr_eq(zks__map_remove(m, key, key_of(i, key)), value);
    }
    ck_assert_uint_eq(seen, KEYS);
    ck_assert_uint_eq(zks__map_count(m), 0);
    zks__map_free(m);
}
END_TEST

/* One key at a time in and out: removed slots must not fill the table, or a search would never end.
 */
START_TEST(endless_churn_with_few_keys_ends)
{
    zks__map *m = zks__map_new(hash_seed);
    for (uint32_t i = 0; i < 200000; i++) {
        ck_assert_int_eq(zks__map_put(m, &i, sizeof i, m), ZKS_OK);
        ck_assert_ptr_eq(zks__map_remove(m, &i, sizeof i), m);
    }
    ck_assert_uint_eq(zks__map_count(m), 0);
    zks__map_free(m);
}
END_TEST

static void add(TCase *c)
{
    tcase_add_test(c, empty_map_finds_nothing);
    tcase_add_test(c, put_refuses_null_values_and_long_keys);
    tcase_add_test(c, keys_that_are_prefixes_of_each_other_are_different);
    tcase_add_test(c, random_operations_agree_with_a_naive_model);
    tcase_add_test(c, removing_while_iterating_visits_everything_once);
    tcase_add_test(c, endless_churn_with_few_keys_ends);
}

int main(void)
{
    return unit_main("base map", add);
}
