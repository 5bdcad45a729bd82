/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "base/fifo.h"
#include "tests/support/unit.h"

#include <string.h>

/* The byte at each place of the stream that goes through. */
static uint8_t byte_at(uint64_t place)
{
    return (uint8_t)(place * 31 + place / 251);
}

static size_t next(uint64_t *random) /* xorshift64 (Marsaglia 2003) */
{
    *random ^= *random << 13;
    *random ^= *random >> 7;
    *random ^= *random << 17;
    return (size_t)(*random >> 16);
}

static void put(zks__fifo *f, uint64_t *in, size_t length)
{
    static uint8_t bytes[100000];
    for (size_t i = 0; i < length; i++) {
        bytes[i] = byte_at((*in)++);
    }
    ck_assert_int_eq(zks__fifo_put(f, bytes, length), ZKS_OK);
}

static void take(zks__fifo *f, uint64_t *out, size_t length)
{
    bool same = true; /* one check for all of them: Check's own costs far more */
    for (size_t i = 0; i < length; i++) {
        same = same && zks__fifo_front(f)[i] == byte_at(*out + i);
    }
    ck_assert(same);
    *out += length;
    zks__fifo_drop(f, length);
}

START_TEST(nothing_waits_at_first_and_at_the_end)
{
    zks__fifo f = {0};
    uint64_t in = 0, out = 0;
    ck_assert_uint_eq(zks__fifo_length(&f), 0);
    ck_assert_ptr_nonnull(zks__fifo_front(&f));
    put(&f, &in, 0);
    ck_assert_ptr_null(f.bytes);
    put(&f, &in, 5000);
    take(&f, &out, 5000);
    ck_assert_ptr_null(f.bytes);
    put(&f, &in, 1);
    zks__fifo_done(&f);
    ck_assert_uint_eq(zks__fifo_length(&f), 0);
    ck_assert_ptr_null(f.bytes);
}
END_TEST

START_TEST(bytes_come_out_in_order_whatever_the_pieces)
{
    uint64_t random = unit_seed_printed("fifo") | 1;
    zks__fifo f = {0};
    uint64_t in = 0, out = 0;
    for (int i = 0; i < 20000; i++) {
        put(&f, &in, next(&random) % 300);
        size_t length = zks__fifo_length(&f);
        take(&f, &out, next(&random) % (length < 400 ? length + 1 : 400));
    }
    take(&f, &out, zks__fifo_length(&f));
    ck_assert_uint_eq(in, out);
}
END_TEST

/* Of old this grew for ever: only one that ran empty began at its front again. */
START_TEST(one_that_never_runs_empty_stays_small)
{
    static const size_t waiting[] = {1, 100, 4096, 10000, 65536};
    size_t most = waiting[_i] + 100;
    zks__fifo f = {0};
    uint64_t in = 0, out = 0;
    put(&f, &in, waiting[_i]);
    for (int i = 0; i < 20000; i++) {
        put(&f, &in, 100);
        ck_assert_uint_le(f.size, most < 1024 ? 4096 : 4 * most);
        take(&f, &out, 100);
    }
    zks__fifo_done(&f);
}
END_TEST

static void add(TCase *c)
{
    tcase_add_test(c, nothing_waits_at_first_and_at_the_end);
    tcase_add_test(c, bytes_come_out_in_order_whatever_the_pieces);
    tcase_add_loop_test(c, one_that_never_runs_empty_stays_small, 0, 5);
}

int main(void)
{
    return unit_main("base fifo", add);
}
