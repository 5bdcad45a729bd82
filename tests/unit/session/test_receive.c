/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The receiving half alone: what it holds after each byte. */
#include "session/receive.h"
#include "tests/support/toy_codec.h"
#include "tests/support/unit.h"

#include <string.h>

static zks_status open_nothing(void *state, uint8_t *record, size_t length)
{
    (void)state, (void)record, (void)length;
    return ZKS_OK;
}

static const struct zks__record_codec plain = {.open = open_nothing};

static size_t held(const zks__receiver *r)
{
    return (r->record ? r->record->size : 0) + (r->message ? r->message->size : 0);
}

/* Twice what has arrived of each of the two buffers, and two first steps. */
static void check_held(const zks__receiver *r, size_t arrived)
{
    ck_assert_uint_le(held(r), 2 * 512 + 4 * arrived);
    ck_assert_uint_le(held(r), 65535 + ZKS_MESSAGE_MAX_BYTES + 3);
}

START_TEST(a_promise_of_a_mebibyte_costs_what_arrives)
{
    zks__receiver r = {0};
    size_t arrived = 0;
    size_t used = 0;
    zks__buf *message = NULL;
    /* A record that promises 65535 bytes, in it a message that promises the largest length, then
     * silence. */
    const uint8_t head[] = {0xff, 0xff, 0x80, 0x80, 0x44, ZKS_MESSAGE_PUSH};
    for (size_t i = 0; i < sizeof head; i++) {
        ck_assert_int_eq(zks__receiver_take(&r, &plain, &head[i], 1, &used, &message), ZKS_OK);
        ck_assert_uint_eq(used, 1);
        ck_assert_ptr_null(message);
    }
    ck_assert_uint_le(held(&r), 1024);
    ck_assert(zks__receiver_busy(&r));
    static const uint8_t zero = 0;
    for (arrived = sizeof head; arrived < 65535 + 2; arrived++) {
        ck_assert_int_eq(zks__receiver_take(&r, &plain, &zero, 1, &used, &message), ZKS_OK);
        check_held(&r, arrived + 1);
    }
    ck_assert_ptr_null(r.record); /* used up */
    zks__receiver_done(&r);
    ck_assert(!zks__receiver_busy(&r));
    zks__receiver_done(&r);
}
END_TEST

START_TEST(small_records_of_a_large_promise_grow_by_doubling)
{
    zks__receiver r = {0};
    size_t used = 0;
    size_t arrived = 0;
    size_t last = 0;
    int growths = 0;
    zks__buf *message = NULL;
    uint8_t record[2 + 100] = {0, 100, 0x80, 0x80, 0x44, ZKS_MESSAGE_PUSH};
    while (!message) {
        ck_assert_int_eq(zks__receiver_take(&r, &plain, record, sizeof record, &used, &message),
                         ZKS_OK);
        memset(record + 2, 0, 100);
        arrived += 100;
        if (!message) {
            check_held(&r, arrived);
            growths += r.message->size != last;
            last = r.message->size;
        }
    }
    ck_assert_uint_eq(message->length, 3 + ZKS_MESSAGE_MAX_BYTES);
    ck_assert_uint_eq(message->size, message->length);
    ck_assert_int_le(growths, 14); /* 512 to 2^20 and some */
    zks__buf_unref(message);
    zks__receiver_done(&r);
}
END_TEST

START_TEST(nothing_is_held_between_messages)
{
    const uint8_t two[] = {0, 8, 3, 0x77, 1, 2, 3, 0x78, 1, 2};
    zks__receiver r = {0};
    for (int round = 0; round < 3; round++) {
        size_t used = 0;
        zks__buf *message = NULL;
        ck_assert_int_eq(zks__receiver_take(&r, &plain, two, sizeof two, &used, &message), ZKS_OK);
        ck_assert_uint_eq(used, sizeof two);
        ck_assert_uint_eq(message->length, 4);
        ck_assert_uint_eq(message->size, 4);
        ck_assert(zks__receiver_busy(&r)); /* the second is still inside */
        zks__buf_unref(message);
        ck_assert_int_eq(zks__receiver_take(&r, &plain, two, 0, &used, &message), ZKS_OK);
        ck_assert_uint_eq(used, 0);
        ck_assert_mem_eq(message->data, "\x03\x78\x01\x02", 4);
        zks__buf_unref(message);
        ck_assert(!zks__receiver_busy(&r));
        ck_assert_uint_eq(held(&r), 0);
    }
}
END_TEST

START_TEST(a_record_no_longer_than_its_tag_is_malformed)
{
    toy_state state = {0};
    struct zks__record_codec codec = toy_codec(&state);
    const uint8_t record[2 + TOY_TAG_BYTES] = {0, TOY_TAG_BYTES};
    zks__receiver r = {0};
    size_t used = 0;
    zks__buf *message = NULL;
    ck_assert_int_eq(zks__receiver_take(&r, &codec, record, sizeof record, &used, &message),
                     ZKS_E_MALFORMED);
    ck_assert_uint_eq(state.opened, 0);
    zks__receiver_done(&r);
}
END_TEST

START_TEST(what_open_says_is_passed_on)
{
    toy_state state = {0};
    struct zks__record_codec codec = toy_codec(&state);
    const uint8_t record[2 + TOY_TAG_BYTES + 1] = {0, TOY_TAG_BYTES + 1};
    zks__receiver r = {0};
    size_t used = 0;
    zks__buf *message = NULL;
    ck_assert_int_eq(zks__receiver_take(&r, &codec, record, sizeof record, &used, &message),
                     ZKS_E_DECRYPT);
    ck_assert_ptr_null(message);
    zks__receiver_done(&r);
}
END_TEST

static void add(TCase *c)
{
    tcase_add_test(c, a_promise_of_a_mebibyte_costs_what_arrives);
    tcase_add_test(c, small_records_of_a_large_promise_grow_by_doubling);
    tcase_add_test(c, nothing_is_held_between_messages);
    tcase_add_test(c, a_record_no_longer_than_its_tag_is_malformed);
    tcase_add_test(c, what_open_says_is_passed_on);
}

int main(void)
{
    return unit_main("session receive", add);
}
