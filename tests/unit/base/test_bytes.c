/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "base/bytes.h"
#include "tests/support/unit.h"

START_TEST(reader_integers_are_little_endian)
{
    const uint8_t in[] = {0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08,
                          0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f};
    zks__reader r = zks__reader_of(in, sizeof in);
    ck_assert_uint_eq(zks__read_u8(&r), 0x01);
    ck_assert_uint_eq(zks__read_u16(&r), 0x0302);
    ck_assert_uint_eq(zks__read_u32(&r), 0x07060504);
    ck_assert(zks__read_u64(&r) == 0x0f0e0d0c0b0a0908u);
    ck_assert_int_eq(r.status, ZKS_OK);
    ck_assert_uint_eq(r.left, 0);
}
END_TEST

START_TEST(reader_is_sticky_after_a_failure)
{
    const uint8_t in[] = {1, 2, 3};
    uint8_t copy[2] = {9, 9};
    zks__reader r = zks__reader_of(in, sizeof in);
    ck_assert_uint_eq(zks__read_u32(&r), 0);
    ck_assert_int_eq(r.status, ZKS_E_TRUNCATED);
    ck_assert_uint_eq(zks__read_u8(&r), 0);
    ck_assert_ptr_null(zks__read_bytes(&r, 0));
    zks__read_copy(&r, copy, 1);
    ck_assert_uint_eq(copy[0], 9);
    (void)zks__read_leb(&r);
    ck_assert_int_eq(r.status, ZKS_E_TRUNCATED);
}
END_TEST

START_TEST(reader_of_null_is_empty)
{
    zks__reader r = zks__reader_of(NULL, 5);
    ck_assert_uint_eq(r.left, 0);
    ck_assert_ptr_nonnull(zks__read_bytes(&r, 0));
    ck_assert_int_eq(r.status, ZKS_OK);
    (void)zks__read_u8(&r);
    ck_assert_int_eq(r.status, ZKS_E_TRUNCATED);
}
END_TEST

static const struct {
    uint64_t value;
    size_t length;
    uint8_t bytes[10];
} leb[] = {
    {0, 1, {0x00}},
    {1, 1, {0x01}},
    {127, 1, {0x7f}},
    {128, 2, {0x80, 0x01}},
    {300, 2, {0xac, 0x02}},
    {16383, 2, {0xff, 0x7f}},
    {16384, 3, {0x80, 0x80, 0x01}},
    {624485, 3, {0xe5, 0x8e, 0x26}}, /* the example of DWARF and of Wikipedia's LEB128 page */
    {UINT32_MAX, 5, {0xff, 0xff, 0xff, 0xff, 0x0f}},
    {(uint64_t)1 << 63, 10, {0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01}},
    {UINT64_MAX, 10, {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01}},
};

START_TEST(leb_known_values_both_ways)
{
    uint8_t out[10];
    zks__writer w = zks__writer_of(out, sizeof out);
    zks__write_leb(&w, leb[_i].value);
    ck_assert_uint_eq(w.length, leb[_i].length);
    ck_assert_uint_eq(zks__leb_size(leb[_i].value), leb[_i].length);
    ck_assert_mem_eq(out, leb[_i].bytes, leb[_i].length);
    zks__reader r = zks__reader_of(leb[_i].bytes, leb[_i].length);
    ck_assert(zks__read_leb(&r) == leb[_i].value);
    ck_assert_int_eq(r.status, ZKS_OK);
    ck_assert_uint_eq(r.left, 0);
    for (size_t cut = 0; cut < leb[_i].length; cut++) {
        r = zks__reader_of(leb[_i].bytes, cut);
        (void)zks__read_leb(&r);
        ck_assert_int_eq(r.status, ZKS_E_TRUNCATED);
    }
}
END_TEST

static const struct {
    size_t length;
    uint8_t bytes[11];
} bad_leb[] = {
    {2, {0x80, 0x00}},
    {2, {0xff, 0x00}},
    {3, {0x81, 0x80, 0x00}},
    {10, {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x00}},
    {10, {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02}}, /* 65 bits */
    {11, {0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01}},
};

START_TEST(leb_padded_or_too_big_is_malformed)
{
    zks__reader r = zks__reader_of(bad_leb[_i].bytes, bad_leb[_i].length);
    ck_assert_uint_eq(zks__read_leb(&r), 0);
    ck_assert_int_eq(r.status, ZKS_E_MALFORMED);
}
END_TEST

START_TEST(lp_refuses_what_is_over_its_limit_before_looking_for_it)
{
    const uint8_t in[] = {5, 'a', 'b'};
    size_t length = 77;
    zks__reader r = zks__reader_of(in, sizeof in);
    ck_assert_ptr_null(zks__read_lp(&r, 4, &length));
    ck_assert_int_eq(r.status, ZKS_E_TOO_LARGE);
    r = zks__reader_of(in, sizeof in);
    ck_assert_ptr_null(zks__read_lp(&r, 5, &length));
    ck_assert_int_eq(r.status, ZKS_E_TRUNCATED);
    ck_assert_uint_eq(length, 77);
}
END_TEST

START_TEST(writer_overflow_is_sticky_and_writes_nothing_behind)
{
    uint8_t out[5] = {0, 0, 0, 0, 0xee};
    zks__writer w = zks__writer_of(out, 4);
    zks__write_u16(&w, 0x0201);
    zks__write_u32(&w, 1);
    ck_assert(w.overflow);
    zks__write_u8(&w, 3);
    ck_assert_uint_eq(w.length, 2);
    ck_assert_uint_eq(out[2], 0);
    ck_assert_uint_eq(out[4], 0xee);
}
END_TEST

START_TEST(writer_without_room_counts_what_it_would_write)
{
    uint8_t out[64];
    for (int pass = 0; pass < 2; pass++) {
        zks__writer w = zks__writer_of(pass ? out : NULL, pass ? sizeof out : 0);
        zks__write_u8(&w, 1);
        zks__write_u64(&w, 2);
        zks__write_lp(&w, "hello", 5);
        zks__write_label(&w, "0k-sync/2");
        zks__write_leb(&w, 300);
        ck_assert(!w.overflow);
        ck_assert_uint_eq(w.length, 1 + 8 + 6 + 10 + 2);
    }
    ck_assert_mem_eq(out + 9,
                     "\x05hello\x09"
                     "0k-sync/2",
                     16);
}
END_TEST

START_TEST(bytes_equal_looks_at_every_byte)
{
    uint8_t a[33] = {0};
    uint8_t b[33] = {0};
    ck_assert(zks__bytes_equal(a, b, sizeof a));
    ck_assert(zks__bytes_equal(a, b, 0));
    for (size_t i = 0; i < sizeof a; i++) {
        b[i] = 1;
        ck_assert(!zks__bytes_equal(a, b, sizeof a));
        ck_assert(zks__bytes_equal(a, b, i));
        b[i] = 0;
    }
}
END_TEST

static void add(TCase *c)
{
    tcase_add_test(c, reader_integers_are_little_endian);
    tcase_add_test(c, reader_is_sticky_after_a_failure);
    tcase_add_test(c, reader_of_null_is_empty);
    tcase_add_loop_test(c, leb_known_values_both_ways, 0, sizeof leb / sizeof leb[0]);
    tcase_add_loop_test(c, leb_padded_or_too_big_is_malformed, 0,
                        sizeof bad_leb / sizeof bad_leb[0]);
    tcase_add_test(c, lp_refuses_what_is_over_its_limit_before_looking_for_it);
    tcase_add_test(c, writer_overflow_is_sticky_and_writes_nothing_behind);
    tcase_add_test(c, writer_without_room_counts_what_it_would_write);
    tcase_add_test(c, bytes_equal_looks_at_every_byte);
}

int main(void)
{
    return unit_main("base bytes", add);
}
