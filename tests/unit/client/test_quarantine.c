/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Blobs that come before the records that they need (docs/SECURITY.md, section 3, rules 11, 12). */
#include "base/alloc.h"
#include "tests/unit/client/paired.h"

enum { MINUTE_MS = 60 * 1000, DAY_MS = 24 * 60 * MINUTE_MS };

static const uint8_t unknown_tag[ZKS_EPOCH_TAG_BYTES] = {0xab}, unknown_secret[32] = {1};

static zks__received tick(int64_t *out_next_ms)
{
    zks__received out;
    int64_t next;
    begin();
    ck_assert_int_eq(zks__ledger_tick(a, true, &out, out_next_ms ? out_next_ms : &next), ZKS_OK);
    commit();
    zks__notices_done(&out.notices);
    return out;
}

static zks__received tick_later(int64_t ms)
{
    wall_ms += ms;
    return tick(NULL);
}

/* An EPOCH that A has made and not heard back yet; the caller drops it. */
static zks__buf *make_epoch(const uint8_t *gone, zks__record *out)
{
    const zks__epoch_wish wish = {.device = gone, .reason = ZKS_REMOVAL_LOST};
    zks__epoch_made made;
    ck_assert_int_eq(zks__ledger_make_epoch(a, &wish, &made), ZKS_OK);
    ck_assert_int_eq(zks__record_read(made.record->data, made.record->length, out), ZKS_OK);
    return made.record;
}

START_TEST(what_comes_before_its_epoch_is_delivered_in_order_when_it_comes)
{
    meet_b();
    static const char *const texts[] = {"one", "two", "three"};
    uint8_t secret[ZKS_KEY_BYTES];
    zks__record epoch;
    zks__buf *record = make_epoch(NULL, &epoch);
    b_opens(&epoch, secret);
    for (size_t i = 0; i < 3; i++) {
        zks__received r = b_says(texts[i], epoch.hash, secret);
        ck_assert_uint_eq(r.delivered + r.rejected, 0);
        ck_assert_uint_eq(r.held_now, i + 1);
        ck_assert(r.need_records == (i == 0)); /* asked for once */
        ck_assert_uint_eq(a->relay.read_cursor, cursor);
    }
    reopen();
    expect_texts(texts, 0);
    ck_assert(take(record->data, record->length).moved);
    if (_i) { /* a crash between the record and what follows from it */
        reopen();
    }
    zks__received r = tick(NULL);
    ck_assert_uint_eq(r.delivered, 3);
    ck_assert_uint_eq(r.held_now, 0);
    expect_texts(texts, 3);
    reopen();
    ck_assert_uint_eq(tick(NULL).delivered, 0);
    expect_texts(texts, 3);
    zks__buf_unref(record);
}
END_TEST

START_TEST(what_comes_with_the_records_is_behind_what_waited)
{
    meet_b();
    static const char *const texts[] = {"one", "two"};
    uint8_t secret[ZKS_KEY_BYTES];
    zks__record epoch;
    zks__buf *record = make_epoch(NULL, &epoch);
    b_opens(&epoch, secret);
    ck_assert_uint_eq(b_says(texts[0], epoch.hash, secret).delivered, 0);
    ck_assert(take(record->data, record->length).moved);
    ck_assert_uint_eq(b_says(texts[1], epoch.hash, secret).delivered, 2);
    expect_texts(texts, 2);
    zks__buf_unref(record);
}
END_TEST

START_TEST(what_a_crash_undoes_comes_again_and_counts_once)
{
    meet_b();
    static const char *const texts[] = {"one"};
    uint8_t secret[ZKS_KEY_BYTES], blob_id[ZKS_BLOB_ID_BYTES];
    zks__record epoch;
    zks__buf *record = make_epoch(NULL, &epoch);
    b_opens(&epoch, secret);
    zks__buf *blob = b_blob(texts[0], epoch.hash, secret, blob_id);
    ck_assert_uint_eq(receive(blob, blob_id).held_now, 1);
    ck_assert_uint_eq(receive(blob, blob_id).duplicates, 1);
    ck_assert(take(record->data, record->length).moved);
    zks__received r;
    int64_t next;
    begin();
    ck_assert_int_eq(zks__ledger_tick(a, true, &r, &next), ZKS_OK);
    ck_assert_uint_eq(r.delivered, 1);
    zks__store_rollback(zks__ledger_store(a));
    zks__ledger_rolled_back(a, true);
    zks__ledger_reload(a);
    expect_texts(texts, 0);
    ck_assert_uint_eq(tick(NULL).delivered, 1);
    expect_texts(texts, 1);
    load_relay(relay_key);
    ck_assert_uint_eq(receive(blob, blob_id).duplicates, 1);
    expect_texts(texts, 1);
    zks__buf_unref(blob);
    zks__buf_unref(record);
}
END_TEST

START_TEST(what_comes_before_its_pusher_is_known_waits)
{
    static const char *const texts[] = {"hello"};
    ck_assert(b_says(texts[0], tip()->hash, root.epoch0_secret).need_records);
    reopen();
    ck_assert_uint_eq(tick(NULL).delivered, 0);
    meet_b();
    ck_assert_uint_eq(tick(NULL).delivered, 1);
    expect_texts(texts, 1);
}
END_TEST

START_TEST(what_waits_for_a_minute_is_told_once_and_dropped_in_the_end)
{
    meet_b();
    int64_t next = 0;
    (void)b_says("one", unknown_tag, unknown_secret);
    (void)b_says("two", unknown_tag, unknown_secret);
    ck_assert_uint_eq(tick(&next).rejected, 0);
    ck_assert_int_le(next, unix_ms(NULL) + MINUTE_MS);
    zks__received r = tick_later(MINUTE_MS);
    ck_assert_uint_eq(r.rejected, 2);
    ck_assert_int_eq(r.reject_status, ZKS_E_UNKNOWN_EPOCH);
    ck_assert_mem_eq(r.reject_sender, b_id, ZKS_DEVICE_ID_BYTES);
    ck_assert(r.look_elsewhere);
    ck_assert_uint_eq(r.held_now, 2);
    ck_assert_uint_eq(tick_later(MINUTE_MS).rejected, 0);
    reopen();
    ck_assert_uint_eq(tick_later(6 * (int64_t)DAY_MS).rejected, 0);
    r = tick_later(DAY_MS);
    ck_assert_uint_eq(r.rejected, 0);
    ck_assert_uint_eq(r.held_now, 0);
}
END_TEST

START_TEST(a_clock_that_was_ahead_keeps_nothing_for_longer)
{
    meet_b();
    wall_ms = 400 * (int64_t)DAY_MS;
    (void)b_says("one", unknown_tag, unknown_secret);
    wall_ms = 0;
    ck_assert_uint_eq(tick(NULL).held_now, 1);
    ck_assert_uint_eq(tick_later(MINUTE_MS).rejected, 1);
    ck_assert_uint_eq(tick_later(7 * (int64_t)DAY_MS).held_now, 0);
}
END_TEST

/* `count` blobs that name epochs which do not exist, in one message. */
static zks__received flood(size_t count, size_t length)
{
    static zks__blob_item items[ZKS_BLOBS_PER_MESSAGE_MAX];
    static uint64_t number;
    uint8_t *bytes = zks__alloc_zero(count, length);
    ck_assert_ptr_nonnull(bytes);
    for (size_t i = 0; i < count; i++) {
        uint8_t tag[ZKS_EPOCH_TAG_BYTES] = {0xee}, nonce[ZKS_NONCE_BYTES] = {0};
        number++;
        memcpy(nonce, &number, sizeof number);
        zks__envelope_write(ZKS_SUITE_SODIUM, tag, nonce, bytes + i * length);
        items[i] = (zks__blob_item){.cursor = ++cursor, .blob = {bytes + i * length, length}};
        memcpy(items[i].sender, b_id, sizeof items[i].sender);
    }
    zks__blobs blobs = {
        .from = cursor - count, .contiguous = cursor, .blobs = {.count = count, .items = items}};
    zks__received r;
    begin();
    ck_assert_int_eq(zks__ledger_receive(a, &blobs, &r), ZKS_OK);
    commit();
    zks__notices_done(&r.notices);
    zks__free(bytes);
    return r;
}

START_TEST(a_relay_that_makes_blobs_up_fills_nothing_and_pushes_nobody_out)
{
    meet_b();
    static const char *const texts[] = {"honest"};
    static const uint8_t evil_key[32] = {2};
    uint8_t secret[ZKS_KEY_BYTES];
    zks__record epoch;
    zks__buf *record = make_epoch(NULL, &epoch);
    b_opens(&epoch, secret);
    (void)b_says(texts[0], epoch.hash, secret);
    load_relay(evil_key);
    uint64_t told = 0, sent = 0;
    for (size_t i = 0; i < 6; i++) {
        told += flood(1024, 256).rejected;
        sent += 1024;
    }
    ck_assert_uint_eq(a->quarantine.count, ZKS_QUARANTINE_BLOBS_MAX);
    ck_assert_uint_eq(told, sent + 1 - ZKS_QUARANTINE_BLOBS_MAX);
    for (size_t i = 0; i < 40; i++) {
        told += flood(1, ZKS_BLOB_MAX_BYTES).rejected;
        sent++;
        ck_assert_uint_le(a->quarantine.bytes, ZKS_QUARANTINE_BYTES_MAX);
    }
    ck_assert_uint_eq(told + a->quarantine.count, sent + 1);
    uint64_t count = 0, bytes = 0;
    reopen();
    ck_assert_int_eq(zks__store_quarantine_size(zks__ledger_store(a), a->group.g, &count, &bytes),
                     ZKS_OK);
    ck_assert_uint_le(bytes, ZKS_QUARANTINE_BYTES_MAX);
    ck_assert_uint_eq(told + count, sent + 1);
    ck_assert(take(record->data, record->length).moved);
    ck_assert_uint_eq(tick(NULL).delivered, 1);
    expect_texts(texts, 1);
    zks__buf_unref(record);
}
END_TEST

/* An EPOCH on EPOCH 0 that removes nobody, signed by root: the recovery code settles things. */
static void settle_by_root(void)
{
    static uint8_t bytes[ZKS_RECORD_BODY_MAX_BYTES];
    static const uint8_t secret[ZKS_KEY_BYTES] = {0x55};
    uint8_t random[ZKS_EPOCH_RANDOM_MAX_BYTES] = {3};
    const zks__record *listed[2];
    zks__epoch_note note = {0};
    size_t length = 0, count = 0;
    const zks__record *r;
    for (size_t i = 0; i < zks__records_count(a->records); i++) {
        r = zks__records_at(a->records, i);
        if (r->kind == ZKS_RECORD_KIND_MEMBER) {
            listed[count++] = r;
        }
    }
    ck_assert_uint_eq(count, 2);
    if (memcmp(listed[0]->hash, listed[1]->hash, ZKS_RECORD_HASH_BYTES) > 0) {
        r = listed[0];
        listed[0] = listed[1];
        listed[1] = r;
    }
    zks__epoch_plan plan = {.genesis = zks__records_genesis(a->records),
                            .parent = zks__records_epoch_at(a->records, 0),
                            .parent_secret = root.epoch0_secret,
                            .secret = secret,
                            .listed = listed,
                            .listed_count = 2,
                            .note = &note,
                            .random = random};
    ck_assert_int_eq(zks__epoch_make(&plan, &root.root, bytes, sizeof bytes, &length), ZKS_OK);
    ck_assert(take(bytes, length).moved);
}

START_TEST(who_is_removed_is_told_at_once_and_heard_if_the_removal_is_undone)
{
    meet_b();
    static const char *const texts[] = {"seen", "late"};
    uint8_t tag0[ZKS_EPOCH_TAG_BYTES];
    memcpy(tag0, tip()->hash, sizeof tag0);
    ck_assert_uint_eq(b_says(texts[0], tag0, root.epoch0_secret).delivered, 1);
    rotate(b_id);
    zks__received r = b_says(texts[1], tag0, root.epoch0_secret);
    ck_assert_uint_eq(r.rejected, 1);
    ck_assert_int_eq(r.reject_status, ZKS_E_NOT_MEMBER);
    ck_assert(!r.need_records);
    ck_assert_uint_eq(tick_later(2 * MINUTE_MS).rejected, 0); /* once */
    settle_by_root();
    r = tick(NULL);
    ck_assert_uint_eq(r.delivered, 1);
    ck_assert_uint_eq(r.held_now, 0);
    expect_texts(texts, 2);
}
END_TEST

START_TEST(what_the_records_refuse_is_told_when_they_come_and_once)
{
    meet_b();
    zks__record epoch;
    zks__buf *record = make_epoch(b_id, &epoch);
    (void)b_says("one", epoch.hash, unknown_secret);
    (void)b_says("two", epoch.hash, unknown_secret);
    ck_assert(take(record->data, record->length).moved);
    zks__received r = tick(NULL);
    ck_assert_uint_eq(r.rejected, 2);
    ck_assert_int_eq(r.reject_status, ZKS_E_NOT_MEMBER);
    ck_assert_uint_eq(r.held_now, 2);
    ck_assert_uint_eq(tick_later(2 * MINUTE_MS).rejected, 0);
    zks__buf_unref(record);
}
END_TEST

START_TEST(what_does_not_open_is_rejected_for_good)
{
    meet_b();
    uint8_t blob_id[ZKS_BLOB_ID_BYTES];
    zks__buf *blob = b_blob("one", tip()->hash, root.epoch0_secret, blob_id);
    blob->data[ZKS_BLOB_HEADER_BYTES] ^= 1;
    zks__received r = receive(blob, blob_id);
    ck_assert_uint_eq(r.rejected, 1);
    ck_assert_int_eq(r.reject_status, ZKS_E_DECRYPT);
    ck_assert_uint_eq(r.held_now, 0);
    zks__buf_unref(blob);
}
END_TEST

static void add(TCase *c)
{
    tcase_add_checked_fixture(c, setup_alone, teardown);
    tcase_add_loop_test(c, what_comes_before_its_epoch_is_delivered_in_order_when_it_comes, 0, 2);
    tcase_add_test(c, what_comes_with_the_records_is_behind_what_waited);
    tcase_add_test(c, what_a_crash_undoes_comes_again_and_counts_once);
    tcase_add_test(c, what_comes_before_its_pusher_is_known_waits);
    tcase_add_test(c, what_waits_for_a_minute_is_told_once_and_dropped_in_the_end);
    tcase_add_test(c, a_clock_that_was_ahead_keeps_nothing_for_longer);
    tcase_add_test(c, a_relay_that_makes_blobs_up_fills_nothing_and_pushes_nobody_out);
    tcase_add_test(c, who_is_removed_is_told_at_once_and_heard_if_the_removal_is_undone);
    tcase_add_test(c, what_the_records_refuse_is_told_when_they_come_and_once);
    tcase_add_test(c, what_does_not_open_is_rejected_for_good);
}

int main(void)
{
    return unit_main("client quarantine", add);
}
