/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* HELLO: who is let in, and that all others are refused alike. */
#include "relay_fixture.h"

#include <sqlite3.h>

START_TEST(hello_first_member_creates_group)
{
    uint8_t zeros[ZKS_INCARNATION_BYTES] = {0};
    fixture *f = fixture_new("name = test relay");
    raw_join(&f->c[0], f->relay.address, ZKS_MODE_LIVE);
    ck_assert_uint_eq(f->c[0].welcome.version, ZKS_WIRE_VERSION);
    ck_assert_uint_eq(f->c[0].welcome.name.length, strlen("test relay"));
    ck_assert_uint_eq(f->c[0].welcome.head, 0);
    ck_assert_uint_eq(f->c[0].welcome.pending_count, 0);
    ck_assert_uint_eq(f->c[0].welcome.max_blob_bytes, ZKS_BLOB_MAX_BYTES);
    ck_assert_uint_eq(f->c[0].welcome.max_ttl_s, ZKS_TTL_DEFAULT_S);
    ck_assert_uint_eq(f->c[0].welcome.records.count, 0);
    ck_assert_uint_gt(f->c[0].welcome.time_ms, 0);
    ck_assert_mem_ne(f->c[0].welcome.incarnation, zeros, sizeof zeros);
    fixture_free(f);
}
END_TEST

START_TEST(hello_second_member_gets_lacking_records)
{
    fixture *f = fixture_new(NULL);
    raw_join(&f->c[0], f->relay.address, ZKS_MODE_LIVE);
    raw_join(&f->c[1], f->relay.address, ZKS_MODE_LIVE);
    ck_assert_uint_eq(f->c[1].welcome.records.count, 1);
    /* and the first hears of the second */
    zks__message *m = raw_expect(&f->c[0], ZKS_MESSAGE_RECORDS);
    zks__slice record;
    ck_assert_uint_eq(m->records.action, ZKS_RECORDS_PUT);
    ck_assert_uint_eq(m->records.records.count, 1);
    ck_assert(zks__wire_next_slice(&m->records.records, &record));
    ck_assert_uint_eq(record.length, f->c[1].member.length);
    ck_assert_mem_eq(record.data, f->c[1].member.bytes, record.length);
    fixture_free(f);
}
END_TEST

START_TEST(hello_known_member_needs_no_records)
{
    zks__message m;
    zks__slice records[3];
    fixture *f = fixture_new(NULL);
    raw_join(&f->c[0], f->relay.address, ZKS_MODE_LIVE);
    raw_disconnect(&f->c[0]);
    ck_assert_int_eq(raw_connect(&f->c[0], f->relay.address), ZKS_OK);
    raw_hello(&f->c[0], &m, records);
    m.hello.records.count = 0;
    raw_send(&f->c[0], &m);
    ck_assert_uint_eq(raw_expect(&f->c[0], ZKS_MESSAGE_WELCOME)->welcome.records.count, 0);
    fixture_free(f);
}
END_TEST

/* What a stranger may know and do; each case falsifies a right HELLO of device b. */
typedef void (*falsify)(fixture *f, zks__message *m);

static void without_records(fixture *f, zks__message *m)
{
    (void)f;
    m->hello.records.count = 0; /* knows the group id, is no member */
}

static void with_other_member(fixture *f, zks__message *m)
{
    m->hello.records.count = 0;
    /* a real member, not this key */
    memcpy(m->hello.member, f->c[0].member_hash, sizeof m->hello.member);
}

static void with_broken_signature(fixture *f, zks__message *m)
{
    (void)f;
    m->hello.signature[7] ^= 1;
}

static void with_unknown_group(fixture *f, zks__message *m)
{
    m->hello.records.count = 0;
    m->hello.group_id[0] ^= 1;
    raw_hello_sign(&f->c[1], &m->hello);
}

static void with_flipped_record(fixture *f, zks__message *m)
{
    (void)m;
    f->c[1].member.bytes[f->c[1].member.length / 2] ^= 1;
}

static void with_own_root(fixture *f, zks__message *m)
{
    /* A member record that another group's root signed. */
    static raw_group other;
    static raw_record record;
    static zks__slice records[1];
    raw_group_init(&other, 99);
    ck_assert_int_eq(zks__group_make_member(&other.root, &f->c[1].keys, 0,
                                            (zks__slice){(const uint8_t *)"", 0}, record.bytes,
                                            sizeof record.bytes, &record.length),
                     ZKS_OK);
    records[0] = (zks__slice){record.bytes, record.length};
    m->hello.records.items = records;
    m->hello.records.count = 1;
}

static void with_expired_member(fixture *f, zks__message *m)
{
    static raw_record record;
    static zks__slice records[1];
    zks__record read;
    ck_assert_int_eq(zks__group_make_member(&f->group.root, &f->c[1].keys, 1000,
                                            (zks__slice){(const uint8_t *)"", 0}, record.bytes,
                                            sizeof record.bytes, &record.length),
                     ZKS_OK);
    ck_assert_int_eq(zks__record_read(record.bytes, record.length, &read), ZKS_OK);
    memcpy(m->hello.member, read.hash, sizeof m->hello.member);
    records[0] = (zks__slice){record.bytes, record.length};
    m->hello.records.items = records;
    m->hello.records.count = 1;
}

static void with_signature_for_other_relay(fixture *f, zks__message *m)
{
    f->c[1].relay_key[3] ^= 1;
    raw_hello_sign(&f->c[1], &m->hello);
    f->c[1].relay_key[3] ^= 1;
}

static const struct {
    const char *name;
    falsify falsify;
} strangers[] = {
    {"without records", without_records},
    {"another's member record", with_other_member},
    {"broken signature", with_broken_signature},
    {"unknown group", with_unknown_group},
    {"flipped record", with_flipped_record},
    {"member record of another root", with_own_root},
    {"expired member record", with_expired_member},
    {"signature for another relay", with_signature_for_other_relay},
};

START_TEST(hello_stranger_is_refused)
{
    zks__message m;
    zks__slice records[3];
    fixture *f = fixture_new(NULL);
    raw_join(&f->c[0], f->relay.address, ZKS_MODE_LIVE);
    ck_assert_int_eq(raw_connect(&f->c[1], f->relay.address), ZKS_OK);
    raw_hello(&f->c[1], &m, records);
    strangers[_i].falsify(f, &m);
    uint64_t before = uv_hrtime();
    raw_send(&f->c[1], &m);
    const zks__message *answer = raw_expect(&f->c[1], ZKS_MESSAGE_ERROR);
    uint64_t took_ms = (uv_hrtime() - before) / 1000000;
    ck_assert_msg(answer->error.code == ZKS_WIRE_UNAUTHORIZED, "%s: code %u", strangers[_i].name,
                  answer->error.code);
    ck_assert_uint_eq(answer->error.about, ZKS_MESSAGE_HELLO);
    ck_assert_uint_eq(answer->error.text.length,
                      strlen("this device is not a member of such a group here"));
    ck_assert_msg(took_ms >= 99, "%s: refused after %u ms: the time tells what was wrong",
                  strangers[_i].name, (unsigned)took_ms);
    raw_expect_closed(&f->c[1]);
    fixture_free(f);
}
END_TEST

/* A right HELLO, over a session whose statics are not those of the MEMBER record: a stolen identity
 * without the other keys, or with one of them. */
START_TEST(hello_with_other_statics_is_refused)
{
    zks__message m;
    zks__slice records[3];
    fixture *f = fixture_new(NULL);
    raw_join(&f->c[0], f->relay.address, ZKS_MODE_LIVE);
    if (_i != 1) {
        f->c[1].session_keys.dh_secret[5] ^= 1;
    }
    if (_i != 0) {
        f->c[1].session_keys.kem_seed[5] ^= 1;
    }
    ck_assert_int_eq(raw_connect(&f->c[1], f->relay.address), ZKS_OK);
    raw_hello(&f->c[1], &m, records);
    raw_send(&f->c[1], &m);
    raw_expect_refusal(&f->c[1], ZKS_WIRE_UNAUTHORIZED);
    fixture_free(f);
}
END_TEST

START_TEST(hello_replayed_from_another_connection_is_refused)
{
    zks__message m;
    zks__slice records[3];
    fixture *f = fixture_new(NULL);
    ck_assert_int_eq(raw_connect(&f->c[0], f->relay.address), ZKS_OK);
    raw_hello(&f->c[0], &m, records); /* good, for this connection */
    raw_disconnect(&f->c[0]);
    ck_assert_int_eq(raw_connect(&f->c[0], f->relay.address), ZKS_OK);
    raw_send(&f->c[0], &m);
    raw_expect_refusal(&f->c[0], ZKS_WIRE_UNAUTHORIZED);
    fixture_free(f);
}
END_TEST

START_TEST(hello_of_another_version_is_refused)
{
    zks__message m;
    zks__slice records[3];
    fixture *f = fixture_new(NULL);
    ck_assert_int_eq(raw_connect(&f->c[0], f->relay.address), ZKS_OK);
    raw_hello(&f->c[0], &m, records);
    m.hello.version = 3;
    raw_send(&f->c[0], &m);
    raw_expect_refusal(&f->c[0], ZKS_WIRE_INVALID_MESSAGE);
    fixture_free(f);
}
END_TEST

START_TEST(hello_that_does_not_come_ends_the_session)
{
    fixture *f = fixture_new(unit_memcheck() ? "hello_ms = 5000" : "hello_ms = 200");
    ck_assert_int_eq(raw_connect(&f->c[0], f->relay.address), ZKS_OK);
    raw_expect_closed(&f->c[0]); /* it has proven nothing, so it hears nothing */
    ck_assert_int_eq(f->c[0].closed, ZKS_OK);
    ck_assert_uint_eq(f->c[0].closed_code, 0);
    fixture_free(f);
}
END_TEST

START_TEST(hello_must_come_first)
{
    fixture *f = fixture_new(NULL);
    ck_assert_int_eq(raw_connect(&f->c[0], f->relay.address), ZKS_OK);
    raw_pull(&f->c[0], 0, 1000, 10, 0);
    raw_expect_refusal(&f->c[0], ZKS_WIRE_UNAUTHORIZED);
    fixture_free(f);
}
END_TEST

START_TEST(hello_twice_is_an_error_and_no_more)
{
    zks__message m;
    zks__slice records[3];
    fixture *f = fixture_new(NULL);
    raw_join(&f->c[0], f->relay.address, ZKS_MODE_LIVE);
    raw_hello(&f->c[0], &m, records);
    raw_send(&f->c[0], &m);
    raw_expect_error(&f->c[0], ZKS_WIRE_INVALID_MESSAGE);
    raw_push(&f->c[0], 0, 1, 100);
    raw_push_wait(&f->c[0], 1);
    fixture_free(f);
}
END_TEST

START_TEST(hello_relay_with_another_key_is_noticed)
{
    uint8_t key[32] = {1};
    fixture *f = fixture_new(NULL);
    ck_assert_int_eq(raw_connect_key(&f->c[0], f->relay.address, key), ZKS_E_RELAY_KEY_CHANGED);
    fixture_free(f);
}
END_TEST

START_TEST(hello_newest_session_of_a_device_wins)
{
    static raw_client again;
    fixture *f = fixture_new("sessions_per_device = 1");
    raw_join(&f->c[0], f->relay.address, ZKS_MODE_LIVE);
    raw_client_init(&again, &f->world, &f->group, 1);
    raw_join(&again, f->relay.address, ZKS_MODE_LIVE);
    ck_assert_uint_eq(raw_expect(&f->c[0], ZKS_MESSAGE_BYE)->bye.code, ZKS_WIRE_BUSY);
    raw_expect_closed(&f->c[0]);
    raw_push(&again, 0, 1, 100);
    raw_push_wait(&again, 1);
    raw_client_done(&again);
    fixture_free(f);
}
END_TEST

START_TEST(hello_full_group_is_overloaded)
{
    zks__message m;
    zks__slice records[3];
    fixture *f = fixture_new("sessions_per_group = 1");
    raw_join(&f->c[0], f->relay.address, ZKS_MODE_LIVE);
    ck_assert_int_eq(raw_connect(&f->c[1], f->relay.address), ZKS_OK);
    raw_hello(&f->c[1], &m, records);
    raw_send(&f->c[1], &m);
    const zks__message *answer = raw_expect(&f->c[1], ZKS_MESSAGE_ERROR);
    ck_assert_uint_eq(answer->error.code, ZKS_WIRE_RELAY_OVERLOADED);
    ck_assert_uint_gt(answer->error.retry_after_ms, 0);
    raw_expect_closed(&f->c[1]);
    fixture_free(f);
}
END_TEST

START_TEST(hello_too_many_new_groups_are_put_off)
{
    static raw_group other;
    static raw_client stranger;
    zks__message m;
    zks__slice records[3];
    fixture *f = fixture_new("groups_per_minute = 1");
    raw_join(&f->c[0], f->relay.address, ZKS_MODE_LIVE);
    raw_group_init(&other, 2);
    raw_client_init(&stranger, &f->world, &other, 1);
    ck_assert_int_eq(raw_connect(&stranger, f->relay.address), ZKS_OK);
    raw_hello(&stranger, &m, records);
    raw_send(&stranger, &m);
    raw_expect_refusal(&stranger, ZKS_WIRE_RELAY_OVERLOADED);
    raw_join(&f->c[1], f->relay.address, ZKS_MODE_LIVE); /* known groups go on */
    raw_client_done(&stranger);
    fixture_free(f);
}
END_TEST

START_TEST(hello_two_strangers_to_a_new_group_at_once_both_join)
{
    zks__message m;
    zks__slice records[3];
    fixture *f = fixture_new(NULL);
    ck_assert_int_eq(raw_connect(&f->c[0], f->relay.address), ZKS_OK);
    ck_assert_int_eq(raw_connect(&f->c[1], f->relay.address), ZKS_OK);
    raw_hello(&f->c[0], &m, records);
    raw_send(&f->c[0], &m);
    raw_hello(&f->c[1], &m, records);
    raw_send(&f->c[1], &m);
    raw_expect(&f->c[0], ZKS_MESSAGE_WELCOME);
    raw_expect(&f->c[1], ZKS_MESSAGE_WELCOME);
    fixture_free(f);
}
END_TEST

/* Held: no statement of the relay's store begins. */
static pthread_mutex_t store_gate = PTHREAD_MUTEX_INITIALIZER;

static int pass_gate(unsigned type, void *user, void *statement, void *text)
{
    (void)type, (void)user, (void)statement, (void)text;
    pthread_mutex_lock(&store_gate);
    pthread_mutex_unlock(&store_gate);
    return 0;
}

/* SQLite calls it for each database that this process opens. */
static int add_gate(sqlite3 *db, char **problem, const void *api)
{
    (void)problem, (void)api;
    return sqlite3_trace_v2(db, SQLITE_TRACE_STMT, pass_gate, NULL);
}

/* The group is unknown, so that it goes as soon as its opening ends; the session ends later, for
 * the device acknowledges nothing until then. */
START_TEST(hello_session_that_outlives_the_opening_of_its_group)
{
    zks__message m;
    zks__slice records[3];
    raw_world other;
    raw_client silent;
    sqlite3_auto_extension((void (*)(void))add_gate);
    fixture *f = fixture_new(NULL);
    raw_world_init(&other);
    raw_client_init(&silent, &other, &f->group, FIXTURE_CLIENTS + 1);
    raw_join(&f->c[0], f->relay.address, ZKS_MODE_LIVE);
    ck_assert_int_eq(raw_connect(&f->c[1], f->relay.address), ZKS_OK);
    ck_assert_int_eq(raw_connect(&silent, f->relay.address), ZKS_OK);
    pthread_mutex_lock(&store_gate);
    raw_hello(&silent, &m, records);
    m.hello.records.count = 0;
    m.hello.group_id[0] ^= 1;
    raw_hello_sign(&silent, &m.hello);
    raw_send(&silent, &m);
    raw_idle(&other, 20); /* sends */
    raw_hello(&f->c[1], &m, records);
    m.hello.version++;
    raw_send(&f->c[1], &m); /* answered without the store, behind the other HELLO */
    raw_expect_error(&f->c[1], ZKS_WIRE_INVALID_MESSAGE);
    raw_relay_stop_begin(&f->relay);
    raw_expect(&f->c[0], ZKS_MESSAGE_BYE);
    pthread_mutex_unlock(&store_gate);
    raw_idle(&f->world, 100); /* the opening ends */
    raw_expect_closed(&silent);
    sqlite3_cancel_auto_extension((void (*)(void))add_gate);
    raw_client_done(&silent);
    raw_world_done(&other);
    fixture_free(f);
}
END_TEST

static void add(TCase *c)
{
    tcase_add_test(c, hello_first_member_creates_group);
    tcase_add_test(c, hello_second_member_gets_lacking_records);
    tcase_add_test(c, hello_known_member_needs_no_records);
    tcase_add_loop_test(c, hello_stranger_is_refused, 0, (int)ZKS_COUNTOF(strangers));
    tcase_add_loop_test(c, hello_with_other_statics_is_refused, 0, 3);
    tcase_add_test(c, hello_replayed_from_another_connection_is_refused);
    tcase_add_test(c, hello_of_another_version_is_refused);
    tcase_add_test(c, hello_that_does_not_come_ends_the_session);
    tcase_add_test(c, hello_must_come_first);
    tcase_add_test(c, hello_twice_is_an_error_and_no_more);
    tcase_add_test(c, hello_relay_with_another_key_is_noticed);
    tcase_add_test(c, hello_newest_session_of_a_device_wins);
    tcase_add_test(c, hello_full_group_is_overloaded);
    tcase_add_test(c, hello_too_many_new_groups_are_put_off);
    tcase_add_test(c, hello_two_strangers_to_a_new_group_at_once_both_join);
    tcase_add_test(c, hello_session_that_outlives_the_opening_of_its_group);
}

int main(void)
{
    return unit_main("relay hello", add);
}
