/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "crypto/crypto.h"
#include "tests/support/unit.h"

#include <pthread.h>
#include <signal.h>

enum { PAGE = 4096, THREADS = 4, ROUNDS = 2000 };

static zks__arena *arena_of(size_t size)
{
    zks__arena *a = NULL;
    ck_assert_int_eq(zks__crypto_init(), ZKS_OK);
    ck_assert_int_eq(zks__arena_new(size, &a, NULL), ZKS_OK);
    return a;
}

static bool is_zero(const uint8_t *p, size_t length)
{
    uint8_t any = 0;
    for (size_t i = 0; i < length; i++) {
        any |= p[i];
    }
    return any == 0;
}

START_TEST(arena_blocks_are_zeroed_aligned_and_apart)
{
    zks__arena *a = arena_of(PAGE);
    uint8_t *x = zks__arena_alloc(a, 33);
    uint8_t *y = zks__arena_alloc(a, 1);
    ck_assert(x && y);
    ck_assert_uint_eq((uintptr_t)x % 16, 0);
    ck_assert_uint_eq((uintptr_t)y % 16, 0);
    ck_assert(is_zero(x, 33) && is_zero(y, 1));
    memset(x, 0xff, 33);
    ck_assert(is_zero(y, 1));
    zks__arena_release(a, x, 33);
    zks__arena_release(a, y, 1);
    zks__arena_free(a);
}
END_TEST

START_TEST(arena_released_block_is_wiped)
{
    zks__arena *a = arena_of(PAGE);
    uint8_t *x = zks__arena_alloc(a, 40);
    memset(x, 0xff, 48); /* to the end of its last granule */
    zks__arena_release(a, x, 40);
    ck_assert(is_zero(x, 48)); /* the pages stay mapped */
    zks__arena_free(a);
}
END_TEST

START_TEST(arena_full_is_null_until_something_is_released)
{
    zks__arena *a = arena_of(1); /* one page */
    uint8_t *blocks[PAGE / 16];
    for (size_t i = 0; i < PAGE / 16; i++) {
        blocks[i] = zks__arena_alloc(a, 16);
        ck_assert_ptr_nonnull(blocks[i]);
    }
    ck_assert_ptr_null(zks__arena_alloc(a, 1));
    zks__arena_release(a, blocks[3], 16);
    zks__arena_release(a, blocks[5], 16);
    ck_assert_ptr_null(zks__arena_alloc(a, 32)); /* two granules, but not in a row */
    zks__arena_release(a, blocks[4], 16);
    blocks[3] = zks__arena_alloc(a, 48);
    ck_assert_ptr_nonnull(blocks[3]);
    zks__arena_release(a, blocks[3], 48);
    for (size_t i = 0; i < PAGE / 16; i++) {
        if (i < 3 || i > 5) {
            zks__arena_release(a, blocks[i], 16);
        }
    }
    blocks[0] = zks__arena_alloc(a, PAGE);
    ck_assert_ptr_nonnull(blocks[0]);
    ck_assert(is_zero(blocks[0], PAGE));
    zks__arena_release(a, blocks[0], PAGE);
    zks__arena_free(a);
}
END_TEST

START_TEST(arena_takes_null_and_refuses_the_impossible)
{
    zks__arena *a = NULL;
    int locked = -1;
    ck_assert_int_eq(zks__crypto_init(), ZKS_OK);
    zks__arena_free(NULL);
    ck_assert_int_eq(zks__arena_new(SIZE_MAX, &a, NULL), ZKS_E_NOMEM);
    ck_assert_int_eq(zks__arena_new(SIZE_MAX / 2, &a, NULL), ZKS_E_NOMEM);
    ck_assert_ptr_null(a);
    ck_assert_int_eq(zks__arena_new(PAGE, &a, &locked), ZKS_OK);
    ck_assert(locked == 0 || locked == 1);
    zks__arena_release(a, NULL, 16);
    ck_assert_ptr_null(zks__arena_alloc(a, SIZE_MAX));
    zks__arena_free(a);
}
END_TEST

typedef struct worker {
    pthread_t thread;
    zks__arena *arena;
    uint8_t mark;
    bool bad;
} worker;

static void *work(void *user)
{
    worker *w = user;
    for (size_t i = 0; i < ROUNDS; i++) {
        size_t size = 1 + i % 100;
        uint8_t *p = zks__arena_alloc(w->arena, size);
        if (!p) {
            continue;
        }
        w->bad |= !is_zero(p, size);
        memset(p, w->mark, size);
        for (size_t k = 0; k < size; k++) {
            w->bad |= p[k] != w->mark;
        }
        zks__arena_release(w->arena, p, size);
    }
    return NULL;
}

START_TEST(arena_serves_many_threads)
{
    worker workers[THREADS];
    zks__arena *a = arena_of(PAGE);
    for (size_t i = 0; i < THREADS; i++) {
        workers[i] = (worker){.arena = a, .mark = (uint8_t)(i + 1)};
        ck_assert_int_eq(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        ck_assert_int_eq(pthread_join(workers[i].thread, NULL), 0);
        ck_assert(!workers[i].bad);
    }
    zks__arena_free(a);
}
END_TEST

/* Check runs it in a process of its own and expects the signal. */
START_TEST(arena_write_behind_the_end_is_stopped)
{
    zks__arena *a = arena_of(PAGE);
    volatile uint8_t *p = zks__arena_alloc(a, PAGE);
    (void)signal(SIGSEGV, SIG_DFL); /* a sanitizer would turn it into an exit code */
    p[PAGE] = 1;
}
END_TEST

static void add(TCase *c)
{
    tcase_add_test(c, arena_blocks_are_zeroed_aligned_and_apart);
    tcase_add_test(c, arena_released_block_is_wiped);
    tcase_add_test(c, arena_full_is_null_until_something_is_released);
    tcase_add_test(c, arena_takes_null_and_refuses_the_impossible);
    tcase_add_test(c, arena_serves_many_threads);
    tcase_add_test_raise_signal(c, arena_write_behind_the_end_is_stopped, SIGSEGV);
}

int main(void)
{
    return unit_main("crypto arena", add);
}
