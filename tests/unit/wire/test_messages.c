/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "tests/support/memory_link.h"
#include "tests/support/unit.h"
#include "tests/support/wire_samples.h"

#include <string.h>

/* A copy in a block of exactly its size: the sanitizers see every byte read beyond it. */
static zks_status decode_exactly(const uint8_t *data, size_t length, zks__message *out)
{
    uint8_t *copy = malloc(length ? length : 1);
    if (length) {
        memcpy(copy, data, length);
    }
    zks_status status = zks__wire_decode(copy, length, out);
    free(copy);
    return status;
}

START_TEST(every_type_has_a_name_and_unknown_ones_have_none)
{
    size_t known = 0;
    for (unsigned type = 0; type < 256; type++) {
        known += zks__wire_name((uint8_t)type) != NULL;
    }
    ck_assert_uint_eq(known, SAMPLE_TYPES);
    ck_assert_str_eq(zks__wire_name(ZKS_MESSAGE_PUSH_ACK), "PUSH_ACK");
    ck_assert_ptr_null(zks__wire_name(0x00));
    ck_assert_ptr_null(zks__wire_name(0x30));
}
END_TEST

START_TEST(random_messages_come_back_equal_and_encode_again_to_the_same_bytes)
{
    uint64_t random = unit_seed_printed("messages");
    for (int round = 0; round < 100; round++) {
        sample_pool pool = {0};
        zks__message m;
        zks__message back;
        size_t length = 0;
        size_t again_length = 0;
        sample_message(sample_types[_i], &random, round % 10 == 0 ? 0 : 9,
                       round % 7 == 0 ? 2000 : 60, &pool, &m);
        uint8_t *bytes = sample_encode(&m, &length);
        ck_assert_int_eq(zks__wire_decode(bytes, length, &back), ZKS_OK);
        ck_assert(sample_equal(&m, &back));
        uint8_t *again = sample_encode(&back, &again_length);
        ck_assert_uint_eq(length, again_length);
        ck_assert_mem_eq(bytes, again, length);
        free(again);
        free(bytes);
        sample_pool_done(&pool);
    }
}
END_TEST

START_TEST(encode_with_a_byte_too_little_writes_nothing)
{
    uint64_t random = 1;
    sample_pool pool = {0};
    zks__message m;
    size_t length = 4711;
    sample_message(sample_types[_i], &random, 3, 40, &pool, &m);
    size_t size = zks__wire_size(&m);
    uint8_t *out = malloc(size);
    memset(out, 0xee, size);
    for (size_t room = 0; room < size; room++) {
        ck_assert_int_eq(zks__wire_encode(&m, out, room, &length), ZKS_E_TOO_LARGE);
    }
    ck_assert_uint_eq(length, 4711);
    ck_assert_uint_eq(out[0], 0xee);
    free(out);
    sample_pool_done(&pool);
}
END_TEST

START_TEST(truncated_at_every_length_is_truncated_and_leaves_out_alone)
{
    uint64_t random = unit_seed_printed("truncated");
    sample_pool pool = {0};
    zks__message m;
    zks__message out;
    zks__message untouched;
    size_t length = 0;
    sample_message(sample_types[_i], &random, 3, 40, &pool, &m);
    uint8_t *bytes = sample_encode(&m, &length);
    memset(&out, 0x5a, sizeof out);
    memset(&untouched, 0x5a, sizeof untouched);
    for (size_t cut = 0; cut < length; cut++) {
        ck_assert_int_eq(decode_exactly(bytes, cut, &out), ZKS_E_TRUNCATED);
        ck_assert_mem_eq(&out, &untouched, sizeof out);
    }
    free(bytes);
    sample_pool_done(&pool);
}
END_TEST

/* The prefix says less: the last fields are missing although the frame is whole. */
START_TEST(a_body_cut_at_every_length_is_truncated)
{
    uint64_t random = unit_seed_printed("cut");
    sample_pool pool = {0};
    zks__message m;
    zks__message out;
    size_t length = 0;
    sample_message(sample_types[_i], &random, 2, 20, &pool, &m);
    uint8_t *bytes = sample_encode(&m, &length);
    size_t head = zks__leb_size(length - 1) == 1 && bytes[0] < 0x80 ? 1 : 2;
    for (size_t body = 0; body + head + 1 < length; body++) {
        uint8_t *cut = malloc(length);
        zks__writer w = zks__writer_of(cut, length);
        zks__write_leb(&w, body + 1);
        zks__write_bytes(&w, bytes + head, body + 1);
        ck_assert_int_eq(decode_exactly(cut, w.length, &out), ZKS_E_TRUNCATED);
        free(cut);
    }
    free(bytes);
    sample_pool_done(&pool);
}
END_TEST

START_TEST(unknown_trailing_fields_are_ignored)
{
    uint64_t random = 2;
    sample_pool pool = {0};
    zks__message m;
    zks__message out;
    uint8_t longer[4096];
    size_t length = 0;
    sample_message(sample_types[_i], &random, 2, 20, &pool, &m);
    uint8_t *bytes = sample_encode(&m, &length);
    size_t head = bytes[0] < 0x80 ? 1 : 2;
    zks__writer w = zks__writer_of(longer, sizeof longer);
    zks__write_leb(&w, length - head + 300);
    zks__write_bytes(&w, bytes + head, length - head);
    for (int i = 0; i < 300; i++) {
        zks__write_u8(&w, 0xff);
    }
    ck_assert_int_eq(decode_exactly(longer, w.length, &out), ZKS_OK);
    ck_assert_int_eq(zks__wire_decode(longer, w.length, &out), ZKS_OK);
    ck_assert(sample_equal(&m, &out));
    free(bytes);
    sample_pool_done(&pool);
}
END_TEST

/* Whatever the bytes: a status of the documented ones, no read out of bounds, and what is accepted
 * is stable. */
static void decode_anything(const uint8_t *bytes, size_t length)
{
    uint8_t *copy = malloc(length ? length : 1);
    if (length) {
        memcpy(copy, bytes, length);
    }
    zks__message m;
    char line[512];
    zks_status status = zks__wire_decode(copy, length, &m);
    if (status == ZKS_OK) {
        size_t again_length = 0;
        uint8_t *again = sample_encode(&m, &again_length);
        zks__message back;
        ck_assert_int_eq(zks__wire_decode(again, again_length, &back), ZKS_OK);
        ck_assert(sample_equal(&m, &back));
        ck_assert_uint_gt(zks__wire_print(&m, line, sizeof line), 0);
        free(again);
    } else {
        ck_assert(status == ZKS_E_TRUNCATED || status == ZKS_E_MALFORMED ||
                  status == ZKS_E_TOO_LARGE || status == ZKS_E_UNSUPPORTED);
    }
    free(copy);
}

START_TEST(every_single_bit_flip_is_accepted_or_refused_cleanly)
{
    uint64_t random = unit_seed_printed("flips");
    sample_pool pool = {0};
    zks__message m;
    size_t length = 0;
    sample_message(sample_types[_i], &random, 3, 24, &pool, &m);
    uint8_t *bytes = sample_encode(&m, &length);
    for (size_t bit = 0; bit < length * 8; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        decode_anything(bytes, length);
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    free(bytes);
    sample_pool_done(&pool);
}
END_TEST

START_TEST(random_bytes_behind_a_true_prefix_are_refused_cleanly)
{
    uint64_t random = unit_seed_printed("noise");
    size_t rounds = unit_rounds(20000);
    for (size_t round = 0; round < rounds; round++) {
        uint8_t bytes[160];
        size_t length = 2 + (size_t)(memory_random(&random) % 120);
        for (size_t i = 0; i < sizeof bytes; i++) {
            bytes[i] = (uint8_t)(memory_random(&random) >> 40) & (round % 2 ? 0x07 : 0xff);
        }
        bytes[0] = (uint8_t)(length - 1);
        bytes[1] = sample_types[_i];
        decode_anything(bytes, length);
    }
}
END_TEST

/* --- limits --- */

START_TEST(frame_reads_the_prefix_and_its_limits)
{
    static const struct {
        size_t length;
        uint8_t bytes[5];
        zks_status status;
        size_t total;
    } table[] = {
        {0, {0}, ZKS_E_PENDING, 0},
        {1, {0x80}, ZKS_E_PENDING, 0},
        {2, {0xff, 0xff}, ZKS_E_PENDING, 0},
        {1, {0x01}, ZKS_OK, 2},
        {1, {0x7f}, ZKS_OK, 128},
        {2, {0x80, 0x01}, ZKS_OK, 130},
        {3, {0x80, 0x80, 0x44}, ZKS_OK, 3 + ZKS_MESSAGE_MAX_BYTES},
        {3, {0x81, 0x80, 0x44}, ZKS_E_TOO_LARGE, 0}, /* one more */
        {3, {0xff, 0xff, 0x7f}, ZKS_E_TOO_LARGE, 0},
        {3, {0x80, 0x80, 0x80}, ZKS_E_TOO_LARGE, 0}, /* four bytes are never needed */
        {4, {0x80, 0x80, 0x80, 0x01}, ZKS_E_TOO_LARGE, 0},
        {5, {0xff, 0xff, 0xff, 0xff, 0x0f}, ZKS_E_TOO_LARGE, 0},
        {1, {0x00}, ZKS_E_MALFORMED, 0},
        {2, {0x80, 0x00}, ZKS_E_MALFORMED, 0},
        {3, {0x81, 0x80, 0x00}, ZKS_E_MALFORMED, 0},
    };
    for (size_t i = 0; i < ZKS_COUNTOF(table); i++) {
        size_t total = 77;
        ck_assert_int_eq(zks__wire_frame(table[i].bytes, table[i].length, &total), table[i].status);
        ck_assert_uint_eq(total, table[i].status ? 77 : table[i].total);
    }
}
END_TEST

START_TEST(bytes_behind_the_message_are_malformed)
{
    const uint8_t pull[] = {18, ZKS_MESSAGE_PULL, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
                            0};
    zks__message m;
    ck_assert_int_eq(decode_exactly(pull, 19, &m), ZKS_OK);
    ck_assert_int_eq(decode_exactly(pull, 20, &m), ZKS_E_MALFORMED);
}
END_TEST

START_TEST(unknown_type_sets_the_type_and_nothing_else)
{
    const uint8_t bytes[] = {3, 0x77, 1, 2};
    zks__message m;
    zks__message before;
    memset(&m, 0x5a, sizeof m);
    memcpy(&before, &m, sizeof m);
    ck_assert_int_eq(decode_exactly(bytes, sizeof bytes, &m), ZKS_E_UNSUPPORTED);
    ck_assert_uint_eq((unsigned)m.type, 0x77);
    ck_assert_mem_eq(&m.hello, &before.hello, sizeof m.hello);
    ck_assert_uint_eq(zks__wire_size(&m), 0);
    uint8_t out[8];
    size_t length = 0;
    ck_assert_int_eq(zks__wire_encode(&m, out, sizeof out, &length), ZKS_E_INVALID);
}
END_TEST

/* type, body so far, then a list count or a length that lies */
static const struct {
    const char *what;
    uint8_t type;
    size_t zeros; /* of the fields in front */
    size_t length;
    uint8_t bytes[24];
    zks_status status;
} lies[] = {
    {"1024 pushes, none there", ZKS_MESSAGE_PUSH, 0, 2, {0x80, 0x08}, ZKS_E_TRUNCATED},
    {"1025 pushes", ZKS_MESSAGE_PUSH, 0, 2, {0x81, 0x08}, ZKS_E_TOO_LARGE},
    {"2^64-1 pushes",
     ZKS_MESSAGE_PUSH,
     0,
     10,
     {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01},
     ZKS_E_TOO_LARGE},
    {"count over 64 bits",
     ZKS_MESSAGE_PUSH,
     0,
     10,
     {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x03},
     ZKS_E_MALFORMED},
    {"count not minimal", ZKS_MESSAGE_PUSH, 0, 2, {0x80, 0x00}, ZKS_E_MALFORMED},
    {"count not ended", ZKS_MESSAGE_PUSH, 0, 2, {0x80, 0x80}, ZKS_E_TRUNCATED},
    {"4097 ids", ZKS_MESSAGE_DELETE, 0, 2, {0x81, 0x20}, ZKS_E_TOO_LARGE},
    {"1025 results", ZKS_MESSAGE_PUSH_ACK, 0, 2, {0x81, 0x08}, ZKS_E_TOO_LARGE},
    {"1025 blobs", ZKS_MESSAGE_BLOBS, 17, 2, {0x81, 0x08}, ZKS_E_TOO_LARGE},
    {"257 records", ZKS_MESSAGE_RECORDS, 1, 2, {0x81, 0x02}, ZKS_E_TOO_LARGE},
    {"4097 hashes", ZKS_MESSAGE_RECORDS, 2, 2, {0x81, 0x20}, ZKS_E_TOO_LARGE},
    {"a record over 128 KiB", ZKS_MESSAGE_RECORDS, 1, 4, {0x01, 0x81, 0x80, 0x08}, ZKS_E_TOO_LARGE},
    {"a record of 64 KiB that is not there",
     ZKS_MESSAGE_RECORDS,
     1,
     4,
     {0x01, 0x80, 0x80, 0x04},
     ZKS_E_TRUNCATED},
    {"a record's length not minimal",
     ZKS_MESSAGE_RECORDS,
     1,
     3,
     {0x01, 0x80, 0x00},
     ZKS_E_MALFORMED},
    {"also: 4097 ids", ZKS_MESSAGE_ACK, 16, 2, {0x81, 0x20}, ZKS_E_TOO_LARGE},
    {"a name of 513 bytes", ZKS_MESSAGE_WELCOME, 2, 2, {0x81, 0x04}, ZKS_E_TOO_LARGE},
    {"a text of 513 bytes", ZKS_MESSAGE_BYE, 8, 2, {0x81, 0x04}, ZKS_E_TOO_LARGE},
    {"a text of 2^64-1 bytes",
     ZKS_MESSAGE_ERROR,
     9,
     10,
     {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01},
     ZKS_E_TOO_LARGE},
    {"a text not there", ZKS_MESSAGE_ERROR, 9, 1, {0x05}, ZKS_E_TRUNCATED},
    {"a pairing message over 1 MiB",
     ZKS_MESSAGE_MAILBOX_PUT,
     9,
     3,
     {0x81, 0x80, 0x40},
     ZKS_E_TOO_LARGE},
    {"a pairing message that is not there", ZKS_MESSAGE_MAILBOX_PUT, 9, 1, {0x01}, ZKS_E_TRUNCATED},
    {"mailbox put: flags 2", ZKS_MESSAGE_MAILBOX_PUT, 8, 2, {0x02, 0x00}, ZKS_E_MALFORMED},
    {"records: action 4", ZKS_MESSAGE_RECORDS, 0, 3, {0x04, 0x00, 0x00}, ZKS_E_MALFORMED},
};

START_TEST(lists_and_lengths_that_lie_are_refused)
{
    uint8_t bytes[64] = {0};
    size_t body = 1 + lies[_i].zeros + lies[_i].length;
    bytes[0] = (uint8_t)body;
    bytes[1] = lies[_i].type;
    memcpy(bytes + 2 + lies[_i].zeros, lies[_i].bytes, lies[_i].length);
    zks__message m;
    zks_status status = decode_exactly(bytes, 1 + body, &m);
    ck_assert_msg(status == lies[_i].status, "%s: %d instead of %d", lies[_i].what, (int)status,
                  (int)lies[_i].status);
}
END_TEST

START_TEST(encode_refuses_what_decode_would_refuse)
{
    static const uint8_t big[ZKS_BLOB_MAX_BYTES + 1];
    static zks__wire_id ids[ZKS_IDS_PER_MESSAGE_MAX + 1];
    uint8_t *out = malloc(ZKS_MESSAGE_MAX_BYTES * 2);
    size_t length = 0;
    zks__push_item item = {.blob = {.data = big, .length = ZKS_BLOB_MAX_BYTES}};
    zks__message m = {.type = ZKS_MESSAGE_PUSH, .push.blobs = {.count = 1, .items = &item}};
    ck_assert_int_eq(zks__wire_encode(&m, out, ZKS_MESSAGE_MAX_BYTES * 2, &length), ZKS_OK);
    item.blob.length++;
    ck_assert_uint_eq(zks__wire_size(&m), 0);
    ck_assert_int_eq(zks__wire_encode(&m, out, ZKS_MESSAGE_MAX_BYTES * 2, &length),
                     ZKS_E_TOO_LARGE);

    zks__push_item two[2] = {{.blob = {.data = big, .length = 600 << 10}},
                             {.blob = {.data = big, .length = 600 << 10}}};
    m.push.blobs = (zks__wire_list){.count = 2,
                                    .items = two}; /* each in its limit, not both together */
    ck_assert_uint_eq(zks__wire_size(&m), 0);

    m = (zks__message){.type = ZKS_MESSAGE_DELETE,
                       .del.ids = {.count = ZKS_IDS_PER_MESSAGE_MAX, .items = ids}};
    ck_assert_uint_eq(zks__wire_size(&m), 3 + 1 + 2 + ZKS_IDS_PER_MESSAGE_MAX * 16);
    m.del.ids.count++;
    ck_assert_uint_eq(zks__wire_size(&m), 0);

    m = (zks__message){.type = ZKS_MESSAGE_HELLO, .hello.mode = 3};
    ck_assert_uint_eq(zks__wire_size(&m), 0);
    m = (zks__message){.type = ZKS_MESSAGE_BYE, .bye.text = {.data = NULL, .length = 3}};
    ck_assert_uint_eq(zks__wire_size(&m), 0);
    m = (zks__message){.type = ZKS_MESSAGE_PUSH, .push.blobs = {.count = 3}};
    ck_assert_uint_eq(zks__wire_size(&m), 0);
    free(out);
}
END_TEST

START_TEST(the_largest_message_of_each_limit_goes_through)
{
    static const uint8_t big[ZKS_BLOB_MAX_BYTES];
    zks__push_item items[1024];
    for (size_t i = 0; i < 1024; i++) {
        items[i] = (zks__push_item){.ttl_s = (uint32_t)i, .blob = {.data = big, .length = 1060}};
    }
    zks__message m = {.type = ZKS_MESSAGE_PUSH, .push.blobs = {.count = 1024, .items = items}};
    zks__message back;
    size_t length = 0;
    uint8_t *bytes = sample_encode(&m, &length);
    ck_assert_int_eq(zks__wire_decode(bytes, length, &back), ZKS_OK);
    ck_assert(sample_equal(&m, &back));
    free(bytes);
}
END_TEST

/* --- lists --- */

START_TEST(next_ends_once_and_leaves_out_alone)
{
    zks__wire_id ids[2] = {{.id = {1}}, {.id = {2}}};
    zks__message m = {.type = ZKS_MESSAGE_DELETE, .del.ids = {.count = 2, .items = ids}};
    zks__message back;
    size_t length = 0;
    uint8_t *bytes = sample_encode(&m, &length);
    ck_assert_int_eq(zks__wire_decode(bytes, length, &back), ZKS_OK);
    zks__wire_list lists[2] = {back.del.ids, m.del.ids};
    for (int i = 0; i < 2; i++) {
        zks__wire_id id = {{0}};
        ck_assert(zks__wire_next_id(&lists[i], &id));
        ck_assert_uint_eq(id.id[0], 1);
        ck_assert(zks__wire_next_id(&lists[i], &id));
        ck_assert_uint_eq(id.id[0], 2);
        ck_assert(!zks__wire_next_id(&lists[i], &id));
        ck_assert(!zks__wire_next_id(&lists[i], &id));
        ck_assert_uint_eq(id.id[0], 2);
    }
    free(bytes);
}
END_TEST

/* Raw bytes that zks__wire_decode never saw: an end, not an accident. */
START_TEST(next_on_an_unchecked_list_stops)
{
    const uint8_t raw[3] = {1, 2, 3};
    zks__wire_list list = {.count = 5, .raw = {.data = raw, .length = sizeof raw}};
    zks__wire_id id;
    ck_assert(!zks__wire_next_id(&list, &id));
    ck_assert_uint_eq(list.count, 0);
}
END_TEST

/* --- printing --- */

START_TEST(print_shows_lengths_and_never_content)
{
    char line[256];
    char cut[8];
    zks__message m = {.type = ZKS_MESSAGE_ERROR,
                      .error = {.code = 1000,
                                .about = 0x10,
                                .text = {.data = (const uint8_t *)"secret", .length = 6}}};
    size_t length = zks__wire_print(&m, line, sizeof line);
    ck_assert_str_eq(line, "ERROR code=1000 retry_after_ms=0 about=16 text=<6>");
    ck_assert_uint_eq(length, strlen(line));
    ck_assert_uint_eq(zks__wire_print(&m, cut, sizeof cut), length);
    ck_assert_str_eq(cut, "ERROR c");
    ck_assert_uint_eq(zks__wire_print(&m, NULL, 0), length);
    m = (zks__message){.type = ZKS_MESSAGE_ACK, .ack = {.cursor = 7}};
    (void)zks__wire_print(&m, line, sizeof line);
    ck_assert_str_eq(line, "ACK cursor=7 consumed=0 also=[0]");
    m.type = (zks__message_type)0x30;
    (void)zks__wire_print(&m, line, sizeof line);
    ck_assert_str_eq(line, "UNKNOWN type=48");
}
END_TEST

/* --- codes --- */

START_TEST(codes_and_statuses_map_both_ways)
{
    static const uint32_t codes[] = {0,    1000, 1002, 1003, 1004, 1005, 1006, 1007,
                                     1008, 2000, 2001, 2002, 2003, 3000, 3001, 3002};
    for (size_t i = 0; i < ZKS_COUNTOF(codes); i++) {
        ck_assert_uint_eq(zks__wire_code(zks__wire_status(codes[i])), codes[i]);
    }
    ck_assert_int_eq(zks__wire_status(0), ZKS_OK);
    ck_assert_int_eq(zks__wire_status(1005), ZKS_E_STALE_EPOCH);
    ck_assert_int_eq(zks__wire_status(1001), ZKS_E_PROTOCOL);
    ck_assert_int_eq(zks__wire_status(UINT32_MAX), ZKS_E_PROTOCOL);
    ck_assert_uint_eq(zks__wire_code(ZKS_E_MALFORMED), ZKS_WIRE_INVALID_MESSAGE);
    ck_assert_uint_eq(zks__wire_code(ZKS_E_NOMEM), ZKS_WIRE_RELAY_OVERLOADED);
    ck_assert_uint_eq(zks__wire_code(ZKS_E_STORE_FULL), ZKS_WIRE_STORAGE_FULL);
}
END_TEST

static void add(TCase *c)
{
    tcase_add_test(c, every_type_has_a_name_and_unknown_ones_have_none);
    tcase_add_loop_test(c, random_messages_come_back_equal_and_encode_again_to_the_same_bytes, 0,
                        SAMPLE_TYPES);
    tcase_add_loop_test(c, encode_with_a_byte_too_little_writes_nothing, 0, SAMPLE_TYPES);
    tcase_add_loop_test(c, truncated_at_every_length_is_truncated_and_leaves_out_alone, 0,
                        SAMPLE_TYPES);
    tcase_add_loop_test(c, a_body_cut_at_every_length_is_truncated, 0, SAMPLE_TYPES);
    tcase_add_loop_test(c, unknown_trailing_fields_are_ignored, 0, SAMPLE_TYPES);
    tcase_add_loop_test(c, every_single_bit_flip_is_accepted_or_refused_cleanly, 0, SAMPLE_TYPES);
    tcase_add_loop_test(c, random_bytes_behind_a_true_prefix_are_refused_cleanly, 0, SAMPLE_TYPES);
    tcase_add_test(c, frame_reads_the_prefix_and_its_limits);
    tcase_add_test(c, bytes_behind_the_message_are_malformed);
    tcase_add_test(c, unknown_type_sets_the_type_and_nothing_else);
    tcase_add_loop_test(c, lists_and_lengths_that_lie_are_refused, 0, ZKS_COUNTOF(lies));
    tcase_add_test(c, encode_refuses_what_decode_would_refuse);
    tcase_add_test(c, the_largest_message_of_each_limit_goes_through);
    tcase_add_test(c, next_ends_once_and_leaves_out_alone);
    tcase_add_test(c, next_on_an_unchecked_list_stops);
    tcase_add_test(c, print_shows_lengths_and_never_content);
    tcase_add_test(c, codes_and_statuses_map_both_ways);
}

int main(void)
{
    return unit_main("wire messages", add);
}
