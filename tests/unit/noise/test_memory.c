/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* No secret is left in freed memory. */
#include "noise_help.h"
#include "tests/support/nth_alloc.h"

static struct {
    size_t freed;   /* in all */
    size_t dirty;   /* freed with a byte that is not 0 */
    size_t largest; /* of those freed */
} heap;

static void look(const uint8_t *block, size_t size)
{
    bool dirty = false;
    for (size_t i = 0; i < size; i++) {
        dirty = dirty || block[i];
    }
    heap.dirty += dirty;
    heap.freed++;
    heap.largest = size > heap.largest ? size : heap.largest;
}

/* Freed after each number of messages, whole or failed in the next one. */
START_TEST(a_freed_handshake_is_wiped_wherever_it_ends)
{
    uint8_t message[4096];
    for (size_t count = 0; count <= 4; count++) {
        for (int fails = 0; fails < 2; fails++) {
            ends e;
            heap.freed = heap.dirty = 0;
            ends_start(&e, 20 + count);
            ends_run(&e, count);
            if (fails && count < 4) {
                size_t length = ends_write(&e, count, message, sizeof message);
                message[length - 1] ^= 1;
                ck_assert(count == 0 || ends_read(&e, count, message, length) == ZKS_E_DECRYPT);
            }
            ends_stop(&e);
            ck_assert_uint_eq(heap.freed, 2);
            ck_assert_uint_eq(heap.dirty, 0);
            ck_assert_uint_eq(own_alloc.blocks, 0);
        }
    }
    printf("a handshake: %zu bytes\n", heap.largest);
    ck_assert_uint_le(heap.largest, 4096);
}
END_TEST

START_TEST(without_memory_there_is_no_handshake)
{
    zks__noise *none = NULL;
    ends e;
    ends_configure(&e, 30);
    nth.armed = true;
    ck_assert_int_eq(zks__noise_new(&e.config[0], &none), ZKS_E_NOMEM);
    ck_assert_ptr_null(none);
}
END_TEST

START_TEST(a_block_that_is_not_wiped_is_noticed)
{
    heap.dirty = 0;
    zks__free(zks__alloc(8));
    ck_assert_uint_eq(heap.dirty, 1);
}
END_TEST

static void add(TCase *c)
{
    tcase_add_test(c, a_freed_handshake_is_wiped_wherever_it_ends);
    tcase_add_test(c, without_memory_there_is_no_handshake);
    tcase_add_test(c, a_block_that_is_not_wiped_is_noticed);
}

int main(void)
{
    own_alloc.refuses = nth_refuses;
    own_alloc.freed = look;
    own_alloc.fixed = true;
    return unit_main("noise memory", add);
}
