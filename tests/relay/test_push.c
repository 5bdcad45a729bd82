/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* PUSH and PUSH_ACK: durable, in order, idempotent, refused for a reason. */
#include "relay_fixture.h"

START_TEST(push_is_acknowledged_and_pulled)
{
    fixture *f = fixture_new(NULL);
    fixture_join(f, 2, ZKS_MODE_LIVE);
    raw_push(&f->c[0], 0, 3, 700);
    uint64_t last = raw_push_wait(&f->c[0], 3);
    ck_assert_uint_eq(raw_expect(&f->c[1], ZKS_MESSAGE_NOTIFY)->notify.head, last);
    raw_pull(&f->c[1], 0, 1 << 20, 100, 0);
    zks__message *m = raw_expect(&f->c[1], ZKS_MESSAGE_BLOBS);
    ck_assert_uint_eq(m->blobs.blobs.count, 3);
    ck_assert_uint_eq(m->blobs.from, 0);
    ck_assert_uint_eq(m->blobs.contiguous, last);
    ck_assert_uint_eq(m->blobs.flags, 0);
    zks__blob_item item;
    for (uint64_t i = 0; zks__wire_next_blob(&m->blobs.blobs, &item); i++) {
        ck_assert_uint_eq(raw_blob_number(&f->c[1], &item), i);
        ck_assert_mem_eq(item.sender, zks__crypto_sign_public(&f->c[0].keys.sign),
                         sizeof item.sender);
    }
    fixture_free(f);
}
END_TEST

START_TEST(push_again_gives_the_first_cursor)
{
    fixture *f = fixture_new(NULL);
    fixture_join(f, 1, ZKS_MODE_LIVE);
    raw_push(&f->c[0], 5, 1, 700);
    zks__push_result first = fixture_result(&f->c[0]);
    raw_push(&f->c[0], 6, 1, 700);
    ck_assert_uint_gt(fixture_result(&f->c[0]).cursor, first.cursor);
    raw_disconnect(&f->c[0]);
    raw_join(&f->c[0], f->relay.address, ZKS_MODE_LIVE);
    raw_push(&f->c[0], 5, 1, 700);
    zks__push_result again = fixture_result(&f->c[0]);
    ck_assert_uint_eq(again.code, ZKS_WIRE_OK);
    ck_assert_uint_eq(again.cursor, first.cursor);
    ck_assert_mem_eq(again.blob_id, first.blob_id, sizeof first.blob_id);
    fixture_free(f);
}
END_TEST

START_TEST(push_pipelined_is_acknowledged_in_order)
{
    enum { MESSAGES = 60, EACH = 20 };
    fixture *f = fixture_new(NULL);
    uint64_t contiguous = 0;
    fixture_join(f, 2, ZKS_MODE_NO_SUBSCRIBE);
    for (unsigned i = 0; i < MESSAGES; i++) {
        raw_push(&f->c[0], i * EACH, EACH, 300);
    }
    uint64_t last = raw_push_wait(&f->c[0], MESSAGES * EACH); /* checks that cursors rise */
    ck_assert_uint_eq(raw_pull_all(&f->c[1], 0, &contiguous), MESSAGES * EACH);
    ck_assert_uint_eq(contiguous, last);
    fixture_free(f);
}
END_TEST

START_TEST(push_of_the_largest_blob)
{
    fixture *f = fixture_new(NULL);
    fixture_join(f, 2, ZKS_MODE_LIVE);
    fixture_go_live(&f->c[1], 0);
    uint8_t blob_id[ZKS_BLOB_ID_BYTES];
    zks__buf *b = raw_blob(&f->c[0], 1, 1000000, blob_id);
    ck_assert_uint_le(b->length, ZKS_BLOB_MAX_BYTES);
    fixture_push_bytes(&f->c[0], blob_id, b->data, b->length, 0);
    zks__buf_unref(b);
    ck_assert_uint_eq(fixture_result(&f->c[0]).code, ZKS_WIRE_OK);
    zks__message *m = raw_expect(&f->c[1], ZKS_MESSAGE_BLOBS);
    zks__blob_item item;
    ck_assert(zks__wire_next_blob(&m->blobs.blobs, &item));
    ck_assert_uint_eq(raw_blob_number(&f->c[1], &item), 1);
    fixture_free(f);
}
END_TEST

START_TEST(push_ttl_is_clamped)
{
    fixture *f = fixture_new("max_ttl_s = 1000");
    uint8_t blob_id[ZKS_BLOB_ID_BYTES];
    static const uint32_t wishes[] = {0, 500, 5000};
    static const uint32_t granted[] = {1000, 500, 1000};
    fixture_join(f, 1, ZKS_MODE_LIVE);
    ck_assert_uint_eq(f->c[0].welcome.max_ttl_s, 1000);
    for (unsigned i = 0; i < ZKS_COUNTOF(wishes); i++) {
        zks__buf *b = raw_blob(&f->c[0], i, 300, blob_id);
        fixture_push_bytes(&f->c[0], blob_id, b->data, b->length, wishes[i]);
        zks__buf_unref(b);
        ck_assert_uint_eq(fixture_result(&f->c[0]).ttl_s, granted[i]);
    }
    fixture_free(f);
}
END_TEST

/* Wrong blobs, and the reason that each gets; the session goes on. */
typedef enum wrong {
    WRONG_ID,
    WRONG_EPOCH,
    WRONG_VERSION,
    WRONG_SUITE,
    TOO_SHORT,
    FLIPPED,
    TOO_LARGE
} wrong;

static const struct {
    wrong wrong;
    uint32_t code;
} table[] = {
    {WRONG_ID, ZKS_WIRE_INVALID_MESSAGE},      {WRONG_EPOCH, ZKS_WIRE_STALE_EPOCH},
    {WRONG_VERSION, ZKS_WIRE_INVALID_MESSAGE}, {WRONG_SUITE, ZKS_WIRE_INVALID_MESSAGE},
    {TOO_SHORT, ZKS_WIRE_INVALID_MESSAGE},     {FLIPPED, ZKS_WIRE_INVALID_MESSAGE},
    {TOO_LARGE, ZKS_WIRE_BLOB_TOO_LARGE},
};

START_TEST(push_of_a_wrong_blob_is_refused_for_its_reason)
{
    fixture *f = fixture_new("max_blob_bytes = 4K");
    uint8_t blob_id[ZKS_BLOB_ID_BYTES];
    fixture_join(f, 1, ZKS_MODE_LIVE);
    wrong w = table[_i].wrong;
    zks__buf *b = raw_blob(&f->c[0], 1, w == TOO_LARGE ? 9000 : 700, blob_id);
    blob_id[3] ^= w == WRONG_ID;
    b->data[0] ^= w == WRONG_VERSION;
    b->data[1] ^= (w == WRONG_SUITE) * 2;
    b->data[2] ^= w == WRONG_EPOCH;
    b->data[300] ^= w == FLIPPED;
    fixture_push_bytes(&f->c[0], blob_id, b->data, w == TOO_SHORT ? 255 : b->length, 0);
    zks__buf_unref(b);
    if (w == WRONG_EPOCH) { /* with the records that are in force */
        ck_assert_uint_eq(raw_expect(&f->c[0], ZKS_MESSAGE_RECORDS)->records.records.count, 1);
    }
    ck_assert_uint_eq(fixture_result(&f->c[0]).code, table[_i].code);
    raw_push(&f->c[0], 7, 1, 700);
    raw_push_wait(&f->c[0], 1);
    fixture_free(f);
}
END_TEST

START_TEST(push_results_keep_their_order_around_a_refusal)
{
    fixture *f = fixture_new(NULL);
    zks__push_item items[3];
    zks__buf *blobs[3];
    fixture_join(f, 1, ZKS_MODE_LIVE);
    for (unsigned i = 0; i < 3; i++) {
        memset(&items[i], 0, sizeof items[i]);
        blobs[i] = raw_blob(&f->c[0], i, 300, items[i].blob_id);
        items[i].blob = (zks__slice){blobs[i]->data, blobs[i]->length};
    }
    items[1].blob_id[0] ^= 1;
    zks__message m = {.type = ZKS_MESSAGE_PUSH};
    m.push.blobs.items = items;
    m.push.blobs.count = 3;
    raw_send(&f->c[0], &m);
    zks__message *answer = raw_expect(&f->c[0], ZKS_MESSAGE_PUSH_ACK);
    for (unsigned i = 0; i < 3; i++) {
        zks__push_result result;
        ck_assert(zks__wire_next_result(&answer->push_ack.results, &result));
        ck_assert_mem_eq(result.blob_id, items[i].blob_id, sizeof result.blob_id);
        ck_assert_uint_eq(result.code, i == 1 ? ZKS_WIRE_INVALID_MESSAGE : ZKS_WIRE_OK);
        zks__buf_unref(blobs[i]);
    }
    fixture_free(f);
}
END_TEST

START_TEST(push_above_the_rate_is_told_when)
{
    fixture *f = fixture_new("pushes_per_minute = 5");
    fixture_join(f, 1, ZKS_MODE_LIVE);
    ck_assert_uint_eq(f->c[0].welcome.pushes_per_minute, 5);
    raw_push(&f->c[0], 0, 5, 300);
    raw_push_wait(&f->c[0], 5);
    raw_push(&f->c[0], 5, 1, 300);
    zks__push_result result = fixture_result(&f->c[0]);
    ck_assert_uint_eq(result.code, ZKS_WIRE_RATE_LIMITED);
    ck_assert_uint_gt(result.retry_after_ms, 1000);
    ck_assert_uint_le(result.retry_after_ms, 12001);
    fixture_free(f);
}
END_TEST

START_TEST(push_above_the_quota_is_refused)
{
    fixture *f = fixture_new("group_quota_bytes = 1M");
    uint8_t blob_id[ZKS_BLOB_ID_BYTES];
    fixture_join(f, 1, ZKS_MODE_LIVE);
    uint32_t codes[2];
    for (unsigned i = 0; i < 2; i++) {
        zks__buf *b = raw_blob(&f->c[0], i, 600000, blob_id);
        fixture_push_bytes(&f->c[0], blob_id, b->data, b->length, 0);
        zks__buf_unref(b);
        zks__push_result result = fixture_result(&f->c[0]);
        codes[i] = result.code;
        ck_assert_int_eq(result.retry_after_ms > 0, i == 1);
    }
    ck_assert_uint_eq(codes[0], ZKS_WIRE_OK);
    ck_assert_uint_eq(codes[1], ZKS_WIRE_GROUP_QUOTA_EXCEEDED);
    fixture_free(f);
}
END_TEST

START_TEST(push_into_a_full_store_is_refused_and_the_relay_lives_on)
{
    fixture *f = fixture_new("disk_bytes = 1M\ngroup_quota_bytes = 1G");
    fixture_join(f, 2, ZKS_MODE_NO_SUBSCRIBE);
    uint32_t code = ZKS_WIRE_OK;
    uint64_t n = 0;
    uint64_t contiguous = 0;
    while (code == ZKS_WIRE_OK && n < 5000) {
        raw_push(&f->c[0], n++, 1, 20000);
        zks__push_result result = fixture_result(&f->c[0]);
        code = result.code;
        ck_assert(code == ZKS_WIRE_OK || result.retry_after_ms > 0);
    }
    ck_assert_uint_eq(code, ZKS_WIRE_STORAGE_FULL);
    ck_assert_uint_eq(raw_pull_all(&f->c[1], 0, &contiguous), n - 1);
    fixture_free(f);
}
END_TEST

/* More than may be in flight: the relay brakes the sender, takes everything and forgets nothing. */
START_TEST(push_faster_than_the_disk_is_braked)
{
    enum { MESSAGES = 100 };
    fixture *f = fixture_new("inflight_bytes = 1M\ninflight_total_bytes = 1M\nmax_blob_bytes = 1M");
    fixture_join(f, 2, ZKS_MODE_NO_SUBSCRIBE);
    for (unsigned i = 0; i < MESSAGES; i++) {
        raw_push(&f->c[0], i, 1, 100000);
        raw_push(&f->c[1], i, 1, 100000);
    }
    raw_push_wait(&f->c[0], MESSAGES);
    raw_push_wait(&f->c[1], MESSAGES);
    fixture_free(f);
}
END_TEST

static void add(TCase *c)
{
    tcase_add_test(c, push_is_acknowledged_and_pulled);
    tcase_add_test(c, push_again_gives_the_first_cursor);
    tcase_add_test(c, push_pipelined_is_acknowledged_in_order);
    tcase_add_test(c, push_of_the_largest_blob);
    tcase_add_test(c, push_ttl_is_clamped);
    tcase_add_loop_test(c, push_of_a_wrong_blob_is_refused_for_its_reason, 0,
                        (int)ZKS_COUNTOF(table));
    tcase_add_test(c, push_results_keep_their_order_around_a_refusal);
    tcase_add_test(c, push_above_the_rate_is_told_when);
    tcase_add_test(c, push_above_the_quota_is_refused);
    tcase_add_test(c, push_into_a_full_store_is_refused_and_the_relay_lives_on);
    tcase_add_test(c, push_faster_than_the_disk_is_braked);
}

int main(void)
{
    return unit_main("relay push", add);
}
