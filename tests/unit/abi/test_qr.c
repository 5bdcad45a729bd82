/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What can be said of the pictures without reading them; tests/vectors/test_qr.py reads them. */
#include "abi/qr.h"
#include "tests/support/unit.h"

#include <string.h>

enum { ROOM_BYTES = 8 << 20, CAPACITY_M_BYTES = 2331, CAPACITY_M_DENSE = 3391, BLOCK_BYTES = 3 };

static uint8_t *room;
static size_t length;

static void setup(void)
{
    room = malloc(ROOM_BYTES);
    ck_assert_ptr_nonnull(room);
    length = 4711;
}

static void teardown(void)
{
    free(room);
}

static void render(const char *text, int32_t format, uint32_t scale)
{
    size_t asked = 0;
    memset(room, 0xa5, ROOM_BYTES);
    ck_assert_int_eq(zks__qr_render(text, format, scale, 0, NULL, &asked), ZKS_OK);
    ck_assert_uint_lt(asked, ROOM_BYTES);
    ck_assert_int_eq(zks__qr_render(text, format, scale, asked, room, &length), ZKS_OK);
    ck_assert_uint_eq(length, asked);
    ck_assert_uint_eq(room[length], 0xa5); /* not a byte more */
}

static uint32_t u32_at(size_t at)
{
    return (uint32_t)room[at] << 24 | (uint32_t)room[at + 1] << 16 | (uint32_t)room[at + 2] << 8 |
           room[at + 3];
}

/* Lines of the text, and characters of its first line. */
static size_t text_lines(size_t *out_columns)
{
    size_t lines = 0, bytes = 0;
    *out_columns = 0;
    for (size_t i = 0; i < length; i++) {
        lines += room[i] == '\n';
        bytes += !lines;
        *out_columns += !lines && (room[i] & 0xc0) != 0x80; /* not a later byte of a character */
    }
    ck_assert_uint_gt(bytes, 0);
    return lines;
}

START_TEST(qr_of_pairing_code_takes_the_smallest_version)
{
    /* 19 capitals, digits and dashes: version 1 at level M holds 20 of them, but 14 bytes. */
    const size_t size = 21 + 2 * ZKS_QR_QUIET_MODULES;
    size_t columns = 0;
    render("ABCD-EFGH-2345-WXYZ", ZKS_RENDER_TEXT_DARK, 1);
    ck_assert_uint_eq(text_lines(&columns), (size + 1) / 2);
    ck_assert_uint_eq(columns, size);
    render("abcd-efgh-2345-wxyz", ZKS_RENDER_TEXT_DARK, 1);
    text_lines(&columns);
    ck_assert_uint_eq(columns, size + 4);
}
END_TEST

START_TEST(qr_for_dark_terminal_is_the_other_colour)
{
    const size_t ring = (21 + 2 * ZKS_QR_QUIET_MODULES) * BLOCK_BYTES;
    render("ABCD", ZKS_RENDER_TEXT_DARK, 1);
    for (size_t i = 0; i < ring; i += BLOCK_BYTES) { /* the margin is drawn */
        ck_assert_mem_eq(room + i, "\xe2\x96\x88", BLOCK_BYTES);
    }
    render("ABCD", ZKS_RENDER_TEXT_LIGHT, 1);
    for (size_t i = 0; i < ring / BLOCK_BYTES; i++) { /* and here left out */
        ck_assert_uint_eq(room[i], ' ');
    }
}
END_TEST

START_TEST(qr_png_has_the_size_of_its_scale)
{
    for (uint32_t scale = 1; scale <= ZKS_RENDER_SCALE_MAX; scale++) {
        const uint32_t pixels = (21 + 2 * ZKS_QR_QUIET_MODULES) * scale;
        render("ABCD", ZKS_RENDER_PNG, scale);
        ck_assert_mem_eq(room, "\x89PNG\r\n\x1a\n\0\0\0\rIHDR", 16);
        ck_assert_uint_eq(u32_at(16), pixels);
        ck_assert_uint_eq(u32_at(20), pixels);
        ck_assert_mem_eq(room + length - 8, "IEND\xae\x42\x60\x82", 8);
    }
}
END_TEST

START_TEST(qr_svg_refers_to_nothing_else)
{
    render("https://example.org/?a=<&>\"", ZKS_RENDER_SVG, 8);
    room[length] = 0;
    const char *text = (const char *)room;
    ck_assert_ptr_nonnull(strstr(text, "viewBox=\"0 0 "));
    ck_assert_ptr_null(strstr(text, "example"));
    ck_assert_ptr_null(strstr(text, "href"));
    ck_assert_ptr_null(strstr(text, "url("));
    const char *path = strstr(text, "<path");
    ck_assert_ptr_nonnull(path);
    ck_assert_ptr_null(strstr(path + 1, "<path"));
}
END_TEST

static void longest(char letter, size_t capacity)
{
    char text[CAPACITY_M_DENSE + 2];
    memset(text, letter, sizeof text);
    text[capacity] = 0;
    render(text, ZKS_RENDER_PNG, ZKS_RENDER_SCALE_MAX); /* also the largest picture */
    render(text, ZKS_RENDER_SVG, 1);
    text[capacity] = letter;
    text[capacity + 1] = 0;
    length = 4711;
    memset(room, 0xa5, 16);
    ck_assert_int_eq(zks__qr_render(text, ZKS_RENDER_PNG, 1, ROOM_BYTES, room, &length),
                     ZKS_E_TOO_LARGE);
    ck_assert_uint_eq(length, 4711);
    ck_assert_uint_eq(room[0], 0xa5);
}

START_TEST(qr_of_longest_text_fits_and_longer_is_refused)
{
    longest('a', CAPACITY_M_BYTES);
    longest('A', CAPACITY_M_DENSE);
}
END_TEST

START_TEST(qr_without_room_writes_nothing)
{
    size_t asked = 0;
    memset(room, 0xa5, ROOM_BYTES);
    ck_assert_int_eq(zks__qr_render("ABCD", ZKS_RENDER_PNG, 1, 0, NULL, &asked), ZKS_OK);
    for (size_t capacity = 0; capacity < asked; capacity++) {
        ck_assert_int_eq(zks__qr_render("ABCD", ZKS_RENDER_PNG, 1, capacity, room, &length),
                         ZKS_E_INVALID);
    }
    ck_assert_uint_eq(length, 4711);
    for (size_t i = 0; i < asked; i++) {
        ck_assert_uint_eq(room[i], 0xa5);
    }
}
END_TEST

START_TEST(qr_outside_the_ranges_is_refused)
{
    const struct {
        const char *text;
        int32_t format;
        uint32_t scale;
        size_t capacity;
    } bad[] = {{"A", 0, 1, 0},
               {"A", ZKS_RENDER_PNG + 1, 1, 0},
               {"A", INT32_MIN, 1, 0},
               {"A", ZKS_RENDER_PNG, 0, 0},
               {"A", ZKS_RENDER_PNG, ZKS_RENDER_SCALE_MAX + 1, 0},
               {"A", ZKS_RENDER_TEXT_DARK, UINT32_MAX, 0},
               {"", ZKS_RENDER_PNG, 1, 0},
               {"A", ZKS_RENDER_PNG, 1, 1}}; /* room without a place */
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        ck_assert_int_eq(zks__qr_render(bad[i].text, bad[i].format, bad[i].scale, bad[i].capacity,
                                        NULL, &length),
                         ZKS_E_INVALID);
    }
    ck_assert_uint_eq(length, 4711);
}
END_TEST

static void add(TCase *c)
{
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_test(c, qr_of_pairing_code_takes_the_smallest_version);
    tcase_add_test(c, qr_for_dark_terminal_is_the_other_colour);
    tcase_add_test(c, qr_png_has_the_size_of_its_scale);
    tcase_add_test(c, qr_svg_refers_to_nothing_else);
    tcase_add_test(c, qr_of_longest_text_fits_and_longer_is_refused);
    tcase_add_test(c, qr_without_room_writes_nothing);
    tcase_add_test(c, qr_outside_the_ranges_is_refused);
}

int main(void)
{
    return unit_main("abi_qr", add);
}
