/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* RECORDS: offered, asked for, passed on before anything of a new member. */
#include "relay_fixture.h"

static void send_records(raw_client *c, uint8_t action, const zks__slice *records, size_t count)
{
    zks__message m = {.type = ZKS_MESSAGE_RECORDS};
    m.records.action = action;
    m.records.records.items = records;
    m.records.records.count = count;
    raw_send(c, &m);
}

START_TEST(records_of_a_new_member_come_before_its_blobs)
{
    fixture *f = fixture_new(NULL);
    fixture_join(f, 1, ZKS_MODE_LIVE);
    fixture_go_live(&f->c[0], 0);
    raw_join(&f->c[1], f->relay.address, ZKS_MODE_LIVE);
    raw_push(&f->c[1], 0, 1, 300);
    raw_push_wait(&f->c[1], 1);
    zks__message *m = raw_expect(&f->c[0], ZKS_MESSAGE_RECORDS);
    zks__slice record;
    ck_assert(zks__wire_next_slice(&m->records.records, &record));
    ck_assert_mem_eq(record.data, f->c[1].member.bytes, record.length);
    raw_expect(&f->c[0], ZKS_MESSAGE_BLOBS);
    fixture_free(f);
}
END_TEST

START_TEST(records_put_reach_the_others_and_survive)
{
    fixture *f = fixture_new(NULL);
    zks__slice record = {f->c[4].member.bytes, f->c[4].member.length};
    fixture_join(f, 2, ZKS_MODE_LIVE);
    send_records(&f->c[0], ZKS_RECORDS_PUT, &record, 1);
    zks__message *m = raw_expect(&f->c[0], ZKS_MESSAGE_RECORDS); /* the receipt */
    zks__wire_hash hash;
    ck_assert_uint_eq(m->records.records.count, 0);
    ck_assert(zks__wire_next_hash(&m->records.hashes, &hash));
    ck_assert_mem_eq(hash.hash, f->c[4].member_hash, sizeof hash.hash);
    m = raw_expect(&f->c[1], ZKS_MESSAGE_RECORDS);
    zks__slice got;
    ck_assert_uint_eq(m->records.records.count, 1);
    ck_assert(zks__wire_next_slice(&m->records.records, &got));
    ck_assert_mem_eq(got.data, record.data, record.length);
    raw_relay_stop(&f->relay);
    raw_expect(&f->c[0], ZKS_MESSAGE_BYE);
    raw_expect(&f->c[1], ZKS_MESSAGE_BYE);
    raw_expect_closed(&f->c[0]);
    raw_expect_closed(&f->c[1]);
    raw_relay_start(&f->relay, NULL);
    raw_join(&f->c[0], f->relay.address, ZKS_MODE_LIVE);
    ck_assert_uint_eq(f->c[0].welcome.records.count, 2); /* of devices 2 and 5 */
    fixture_free(f);
}
END_TEST

START_TEST(records_that_do_not_verify_are_refused_as_a_whole)
{
    fixture *f = fixture_new(NULL);
    static uint8_t bad[RAW_RECORD_BYTES];
    fixture_join(f, 2, ZKS_MODE_LIVE);
    memcpy(bad, f->c[3].member.bytes, f->c[3].member.length);
    bad[f->c[3].member.length - 1] ^= 1;
    zks__slice records[2] = {{f->c[4].member.bytes, f->c[4].member.length},
                             {bad, f->c[3].member.length}};
    send_records(&f->c[0], ZKS_RECORDS_PUT, records, 2);
    const zks__message *answer = raw_expect(&f->c[0], ZKS_MESSAGE_ERROR);
    ck_assert_uint_eq(answer->error.about, ZKS_MESSAGE_RECORDS);
    send_records(&f->c[0], ZKS_RECORDS_LIST, NULL, 0);
    ck_assert_uint_eq(raw_expect(&f->c[0], ZKS_MESSAGE_RECORDS)->records.records.count, 4);
    fixture_free(f);
}
END_TEST

START_TEST(records_wanted_by_hash_are_sent)
{
    fixture *f = fixture_new(NULL);
    zks__wire_hash hashes[2];
    fixture_join(f, 2, ZKS_MODE_LIVE);
    memset(hashes, 7, sizeof hashes); /* the second is unknown */
    memcpy(hashes[0].hash, f->c[1].member_hash, sizeof hashes[0].hash);
    zks__message m = {.type = ZKS_MESSAGE_RECORDS};
    m.records.action = ZKS_RECORDS_WANT;
    m.records.hashes.items = hashes;
    m.records.hashes.count = 2;
    raw_send(&f->c[0], &m);
    zks__message *answer = raw_expect(&f->c[0], ZKS_MESSAGE_RECORDS);
    zks__slice record;
    ck_assert_uint_eq(answer->records.records.count, 1);
    ck_assert(zks__wire_next_slice(&answer->records.records, &record));
    ck_assert_mem_eq(record.data, f->c[1].member.bytes, record.length);
    fixture_free(f);
}
END_TEST

/* More than one WELCOME holds: the rest follows in RECORDS. */
START_TEST(records_of_a_large_group_arrive_in_parts)
{
    enum { MEMBERS = 150 };
    fixture *f = fixture_new("sessions_per_group = 4");
    raw_client *other = calloc(1, sizeof *other);
    ck_assert_ptr_nonnull(other);
    fixture_join(f, 1, ZKS_MODE_NO_SUBSCRIBE);
    for (unsigned i = 0; i < MEMBERS; i++) {
        raw_client_init(other, &f->world, &f->group, 1000 + i);
        zks__slice record = {other->member.bytes, other->member.length};
        send_records(&f->c[0], ZKS_RECORDS_PUT, &record, 1);
    }
    for (unsigned i = 0; i < MEMBERS; i++) {
        raw_expect(&f->c[0], ZKS_MESSAGE_RECORDS);
    }
    raw_join(&f->c[1], f->relay.address, ZKS_MODE_LIVE);
    size_t count = f->c[1].welcome.records.count;
    ck_assert_uint_gt(count, 0);
    ck_assert_uint_lt(count, MEMBERS);
    uint32_t messages = f->c[1].welcome.records_follow;
    ck_assert_uint_gt(messages, 0);
    for (; messages; messages--) {
        count += raw_expect(&f->c[1], ZKS_MESSAGE_RECORDS)->records.records.count;
    }
    ck_assert_uint_eq(count, MEMBERS + 1);
    free(other);
    fixture_free(f);
}
END_TEST

static void add(TCase *c)
{
    tcase_add_test(c, records_of_a_new_member_come_before_its_blobs);
    tcase_add_test(c, records_put_reach_the_others_and_survive);
    tcase_add_test(c, records_that_do_not_verify_are_refused_as_a_whole);
    tcase_add_test(c, records_wanted_by_hash_are_sent);
    tcase_add_test(c, records_of_a_large_group_arrive_in_parts);
}

int main(void)
{
    return unit_main("relay records", add);
}
