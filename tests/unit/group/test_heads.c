/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "group/heads.h"
#include "tests/support/unit.h"

#include <string.h>

enum { SIZE = ZKS_HEADS_FIXED_BYTES + 3 * ZKS_HEADS_HEAD_BYTES };

static zks__head head_of(uint8_t n)
{
    zks__head h = {.author = {n}, .chain = {n, 1}, .seq = n + UINT64_C(1), .id = {n, 2}};
    return h;
}

static size_t heads_body(uint8_t out[SIZE], size_t count)
{
    zks__head list[3] = {head_of(1), head_of(2), head_of(3)};
    zks__heads h = {.full = true, .digest = {9}, .count = count};
    size_t length = 0;
    ck_assert_int_eq(zks__heads_encode(&h, list, out, SIZE, &length), ZKS_OK);
    return length;
}

START_TEST(heads_decode_gives_back_what_was_encoded)
{
    uint8_t body[SIZE];
    size_t length = heads_body(body, 3);
    zks__heads h;
    zks__head head;
    ck_assert_uint_eq(length, 1 + 32 + 1 + 3 * (32 + 16 + 8 + 32));
    ck_assert_int_eq(zks__heads_decode(body, length, &h), ZKS_OK);
    ck_assert(h.full && h.digest[0] == 9 && h.count == 3);
    for (uint8_t i = 1; i <= 3; i++) {
        zks__head expected = head_of(i);
        ck_assert(zks__heads_next(&h, &head));
        ck_assert_mem_eq(head.author, expected.author, sizeof head.author);
        ck_assert_mem_eq(head.chain, expected.chain, sizeof head.chain);
        ck_assert_mem_eq(head.id, expected.id, sizeof head.id);
        ck_assert_uint_eq(head.seq, expected.seq);
    }
    ck_assert(!zks__heads_next(&h, &head));
}
END_TEST

START_TEST(heads_cut_anywhere_is_refused)
{
    uint8_t body[SIZE];
    size_t length = heads_body(body, 2);
    zks__heads h;
    for (size_t cut = 0; cut < length; cut++) {
        ck_assert_int_eq(zks__heads_decode(body, cut, &h), ZKS_E_TRUNCATED);
    }
    ck_assert_int_eq(zks__heads_decode(body, length, &h), ZKS_OK);
}
END_TEST

START_TEST(heads_beyond_limits_are_refused)
{
    uint8_t body[SIZE];
    size_t length = heads_body(body, 1);
    zks__heads h = {.count = ZKS_HEADS_MAX + 1};
    ck_assert_int_eq(zks__heads_encode(&h, NULL, body, SIZE, &length), ZKS_E_TOO_LARGE);
    length = heads_body(body, 1);
    memset(body + 34 + 48, 0, 8); /* its seq */
    ck_assert_int_eq(zks__heads_decode(body, length, &h), ZKS_E_MALFORMED);
    body[33] = 0x81; /* 4097 */
    body[34] = 0x20;
    ck_assert_int_eq(zks__heads_decode(body, length, &h), ZKS_E_TOO_LARGE);
    body[34] = 0x00; /* not minimal */
    ck_assert_int_eq(zks__heads_decode(body, length, &h), ZKS_E_MALFORMED);
}
END_TEST

START_TEST(want_decode_gives_back_what_was_encoded)
{
    uint8_t body[256];
    size_t length = 0;
    zks__want_span spans[2] = {{{1}, {2}, 3, 9}, {{4}, {5}, 6, 6}}, span;
    zks__want w = {.round = 2, .count = 2};
    ck_assert_int_eq(zks__want_encode(&w, spans, body, sizeof body, &length), ZKS_OK);
    for (size_t cut = 0; cut < length; cut++) {
        ck_assert_int_eq(zks__want_decode(body, cut, &w), ZKS_E_TRUNCATED);
    }
    ck_assert_int_eq(zks__want_decode(body, length, &w), ZKS_OK);
    ck_assert(w.round == 2 && w.count == 2);
    ck_assert(zks__want_next(&w, &span) && span.first == 3 && span.last == 9);
    ck_assert(zks__want_next(&w, &span) && span.author[0] == 4 && span.chain[0] == 5);
    ck_assert(!zks__want_next(&w, &span));
    body[0] = 0;
    ck_assert_int_eq(zks__want_decode(body, length, &w), ZKS_E_MALFORMED);
}
END_TEST

START_TEST(want_refuses_spans_that_are_none)
{
    uint8_t body[256];
    size_t length = 0;
    static const zks__want_span none[] = {{{1}, {2}, 0, 9}, {{1}, {2}, 9, 8}};
    for (size_t i = 0; i < 2; i++) {
        zks__want w = {.round = 1, .count = 1};
        ck_assert_int_eq(zks__want_encode(&w, &none[i], body, sizeof body, &length), ZKS_E_INVALID);
    }
    zks__want w = {.round = 0, .count = 0};
    ck_assert_int_eq(zks__want_encode(&w, none, body, sizeof body, &length), ZKS_E_INVALID);
    w = (zks__want){.round = 1, .count = ZKS_WANT_SPANS_MAX + 1};
    ck_assert_int_eq(zks__want_encode(&w, none, body, sizeof body, &length), ZKS_E_TOO_LARGE);
}
END_TEST

START_TEST(heads_are_due_a_minute_apart_or_an_hour)
{
    const int64_t now = 1000000000;
    ck_assert_int_eq(zks__heads_due(INT64_MIN, false, now), INT64_MIN);
    ck_assert_int_eq(zks__heads_due(now - 59000, true, now), now + 1000);
    ck_assert_int_eq(zks__heads_due(now - 60000, true, now), INT64_MIN);
    ck_assert_int_eq(zks__heads_due(now - 60000, false, now), now + 59 * 60000);
    ck_assert_int_eq(zks__heads_due(now - 3600000, false, now), INT64_MIN);
    ck_assert_int_eq(zks__heads_due(now + 1, false, now), INT64_MIN); /* set back */
}
END_TEST

START_TEST(heads_judge_follows_the_rules)
{
    zks__head h = head_of(9); /* seq 10 */
    ck_assert_int_eq(zks__head_judge(&h, false, true, 3, 0), ZKS_HEAD_KNOWN);
    ck_assert_int_eq(zks__head_judge(&h, false, false, 3, 11), ZKS_HEAD_KNOWN);
    ck_assert_int_eq(zks__head_judge(&h, false, false, 3, 10), ZKS_HEAD_MISSING);
    ck_assert_int_eq(zks__head_judge(&h, false, false, 20, 0), ZKS_HEAD_MISSING);
    ck_assert_int_eq(zks__head_judge(&h, true, false, 9, 0), ZKS_HEAD_AHEAD);
    ck_assert_int_eq(zks__head_judge(&h, true, false, 10, 0), ZKS_HEAD_MISSING);
}
END_TEST

START_TEST(want_rounds_follow_each_other)
{
    ck_assert_uint_eq(zks__want_round(0, 59999), 0);
    ck_assert_uint_eq(zks__want_round(0, 60000), 1);
    ck_assert_uint_eq(zks__want_round(0, 180000), 2);
    ck_assert_uint_eq(zks__want_round(0, 600000), 3);
    ck_assert_uint_eq(zks__want_round(10, 0), 0);
}
END_TEST

static void add(TCase *c)
{
    tcase_add_test(c, heads_decode_gives_back_what_was_encoded);
    tcase_add_test(c, heads_cut_anywhere_is_refused);
    tcase_add_test(c, heads_beyond_limits_are_refused);
    tcase_add_test(c, want_decode_gives_back_what_was_encoded);
    tcase_add_test(c, want_refuses_spans_that_are_none);
    tcase_add_test(c, heads_are_due_a_minute_apart_or_an_hour);
    tcase_add_test(c, heads_judge_follows_the_rules);
    tcase_add_test(c, want_rounds_follow_each_other);
}

int main(void)
{
    return unit_main("group heads", add);
}
