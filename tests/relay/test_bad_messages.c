/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Bad input of all kinds, as bytes on the link: each gets its answer, nobody else notices. One
 * table. */
#include "relay_fixture.h"

#include "support/session_pair.h"

/* --- a link without a session: what it sends is not checked by anybody on this side --- */

static bool is_open(void *user)
{
    const bare_end *b = user;
    return (b->raw ? b->opened : b->shaken) || !b->link;
}

static bool is_closed(void *user)
{
    return !((const bare_end *)user)->link;
}

/* raw: nothing is sent, else the handshake is done. */
static void bare_connect(bare_end *b, fixture *f, const raw_client *as, bool raw)
{
    struct sockaddr_storage remote = {0};
    const char *colon = strrchr(f->relay.address, ':');
    const zks__rng rng = zks__crypto_rng();
    *b = (bare_end){.raw = raw};
    zks__session_keys_fresh(zks__crypto_suite(test_suite()), &rng, &b->keys);
    ck_assert_int_eq(uv_ip4_addr("127.0.0.1", atoi(colon + 1), (struct sockaddr_in *)&remote), 0);
    zks__connect_config config = {.remote = (const struct sockaddr *)&remote,
                                  .key_seed = as->keys.sign_seed,
                                  .alpn = test_alpn(),
                                  .approved = test_approved(),
                                  .events = bare_events(),
                                  .user = b};
    ck_assert_int_eq(zks__endpoint_connect(f->world.endpoint, &config, &b->link), ZKS_OK);
    ck_assert(raw_run(&f->world, is_open, b, RAW_DEADLINE_MS));
    ck_assert(b->link && !b->failed);
}

/* The code of the ERROR that came, else that with which the link was closed. */
static uint64_t bare_error(const bare_end *b)
{
    zks__message m;
    if (!bare_message(b, 0, &m)) {
        return b->code;
    }
    ck_assert_int_eq(m.type, ZKS_MESSAGE_ERROR);
    return m.error.code;
}

/* Before HELLO: record bytes (length prefix included) -> what the relay says before it closes. What
 * does not open as a record proves nobody: the link's code must do. */
static const struct {
    const char *name;
    uint8_t bytes[24];
    size_t length;
    uint64_t code;
} before_hello[] = {
    {"a record of no bytes", {0, 0}, 2, -ZKS_E_PROTOCOL},
    {"a record of nothing but a tag", {0, 16, 1, 2, 3, 4, 5, 6, 7, 8, 9}, 18, -ZKS_E_PROTOCOL},
    {"a message of no bytes", {0, 1, 0}, 3, ZKS_WIRE_INVALID_MESSAGE},
    {"a length that is not minimal", {0, 3, 0x81, 0x00, 0x20}, 5, ZKS_WIRE_INVALID_MESSAGE},
    {"a length above the limit", {0, 5, 0xff, 0xff, 0xff, 0x7f, 0x10}, 7, ZKS_WIRE_INVALID_MESSAGE},
    {"a length that never ends",
     {0, 6, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
     8,
     ZKS_WIRE_INVALID_MESSAGE},
    {"a truncated HELLO", {0, 4, 3, 0x01, 2, 0}, 6, ZKS_WIRE_INVALID_MESSAGE},
    {"a PULL",
     {0, 19, 18, 0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 9, 0, 0, 0, 0},
     21,
     ZKS_WIRE_UNAUTHORIZED},
    {"a NOTIFY, which only relays send",
     {0, 18, 17, 0x31, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0},
     20,
     ZKS_WIRE_UNAUTHORIZED},
    {"a list count that lies",
     {0, 8, 7, 0x10, 0xff, 0x07, 1, 1, 1, 1},
     10,
     ZKS_WIRE_INVALID_MESSAGE},
};

START_TEST(bad_bytes_before_hello_get_their_answer)
{
    fixture *f = fixture_new(NULL);
    bare_end b;
    uint8_t sealed[64];
    fixture_join(f, 1, ZKS_MODE_LIVE);
    bare_connect(&b, f, &f->c[1], false);
    size_t length = before_hello[_i].length;
    const uint8_t *bytes = before_hello[_i].bytes;
    if (before_hello[_i].code == -ZKS_E_PROTOCOL) {
        bare_write(&b, bytes, length);
    } else {
        bare_write(&b, sealed, bare_seal(&b, bytes, length, sealed, sizeof sealed));
    }
    ck_assert_msg(raw_run(&f->world, is_closed, &b, RAW_DEADLINE_MS), "%s: the session goes on",
                  before_hello[_i].name);
    ck_assert_msg(bare_error(&b) == before_hello[_i].code, "%s: %u", before_hello[_i].name,
                  (unsigned)bare_error(&b));
    raw_push(&f->c[0], 0, 1, 300); /* others go on */
    raw_push_wait(&f->c[0], 1);
    bare_done(&b);
    fixture_free(f);
}
END_TEST

/* Instead of message 1: its length must be one of a suite's, and is limited before it has come. */
static const struct {
    const char *name;
    size_t record; /* as its prefix says */
    size_t sent;   /* bytes of it */
} no_handshakes[] = {
    {"an empty record", 0, 0},
    {"a message 1 that is too short", 1215, 1215},
    {"a message 1 that is too long", 1217, 1217},
    {"the prefix of a record that is too long", 1 << 15, 0},
    {"a plain HELLO of the time before", 200, 200},
};

START_TEST(who_does_no_handshake_hears_nothing)
{
    fixture *f = fixture_new(NULL);
    uint8_t bytes[2000] = {0};
    bare_end b;
    bare_connect(&b, f, &f->c[1], true);
    bytes[0] = (uint8_t)(no_handshakes[_i].record >> 8);
    bytes[1] = (uint8_t)no_handshakes[_i].record;
    bytes[2] = 198;
    bytes[3] = ZKS_MESSAGE_HELLO;
    bare_write(&b, bytes, 2 + no_handshakes[_i].sent);
    ck_assert_msg(raw_run(&f->world, is_closed, &b, RAW_DEADLINE_MS), "%s", no_handshakes[_i].name);
    ck_assert_uint_eq(b.code, -ZKS_E_PROTOCOL);
    ck_assert_uint_eq(b.length, 0);
    bare_done(&b);
    fixture_free(f);
}
END_TEST

/* The deadline of HELLO is that of the handshake too. How far it goes: nothing, half a message 1,
 * all of the handshake. */
START_TEST(a_handshake_that_stops_ends_in_time)
{
    fixture *f = fixture_new("hello_ms = 300");
    bare_end b;
    bare_connect(&b, f, &f->c[1], _i < 2);
    if (_i == 1) {
        uint8_t half[600] = {1216 >> 8, 1216 & 0xff};
        bare_write(&b, half, sizeof half);
    }
    ck_assert(raw_run(&f->world, is_closed, &b, RAW_DEADLINE_MS));
    ck_assert_uint_eq(b.code, 0);
    ck_assert_uint_eq(b.length, 0);
    bare_done(&b);
    fixture_free(f);
}
END_TEST

static uint64_t next_random(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

START_TEST(random_bytes_end_one_session_only)
{
    fixture *f = fixture_new("hello_ms = 300");
    uint64_t seed = unit_seed_printed("random_bytes");
    fixture_join(f, 1, ZKS_MODE_LIVE);
    for (unsigned i = 0; i < 30; i++) {
        uint8_t bytes[600];
        bare_end b;
        for (size_t k = 0; k < sizeof bytes; k++) {
            bytes[k] = (uint8_t)next_random(&seed);
        }
        bytes[0] = (uint8_t)(i % 3);          /* now and then a record that is complete */
        bare_connect(&b, f, &f->c[1], i % 2); /* instead of the handshake, or behind it */
        bare_write(&b, bytes, 1 + (size_t)(next_random(&seed) % sizeof bytes));
        ck_assert(raw_run(&f->world, is_closed, &b, RAW_DEADLINE_MS));
        bare_done(&b);
    }
    raw_push(&f->c[0], 0, 1, 300);
    raw_push_wait(&f->c[0], 1);
    fixture_free(f);
}
END_TEST

/* After WELCOME: messages that a member may not send. The session goes on. */
START_TEST(messages_of_relays_are_refused)
{
    static const zks__message_type types[] = {ZKS_MESSAGE_WELCOME, ZKS_MESSAGE_PUSH_ACK,
                                              ZKS_MESSAGE_BLOBS, ZKS_MESSAGE_NOTIFY};
    fixture *f = fixture_new(NULL);
    fixture_join(f, 1, ZKS_MODE_LIVE);
    zks__message m = {.type = types[_i]};
    raw_send(&f->c[0], &m);
    const zks__message *answer = raw_expect(&f->c[0], ZKS_MESSAGE_ERROR);
    ck_assert_uint_eq(answer->error.code, ZKS_WIRE_INVALID_MESSAGE);
    ck_assert_uint_eq(answer->error.about, types[_i]);
    raw_push(&f->c[0], 0, 1, 300);
    raw_push_wait(&f->c[0], 1);
    fixture_free(f);
}
END_TEST

START_TEST(too_many_mistakes_end_the_session)
{
    fixture *f = fixture_new(NULL);
    fixture_join(f, 1, ZKS_MODE_LIVE);
    zks__message m = {.type = ZKS_MESSAGE_NOTIFY};
    for (unsigned i = 0; i < 64; i++) {
        raw_send(&f->c[0], &m);
    }
    raw_expect_closed(&f->c[0]);
    fixture_free(f);
}
END_TEST

START_TEST(empty_push_and_delete_do_nothing)
{
    fixture *f = fixture_new(NULL);
    fixture_join(f, 1, ZKS_MODE_LIVE);
    zks__message m = {.type = ZKS_MESSAGE_PUSH};
    raw_send(&f->c[0], &m);
    m = (zks__message){.type = ZKS_MESSAGE_DELETE};
    raw_send(&f->c[0], &m);
    m = (zks__message){.type = ZKS_MESSAGE_ERROR};
    raw_send(&f->c[0], &m);
    raw_push(&f->c[0], 0, 1, 300);
    raw_push_wait(&f->c[0], 1);
    fixture_free(f);
}
END_TEST

START_TEST(too_many_links_from_one_address_are_refused)
{
    fixture *f = fixture_new("sessions_per_address = 2");
    fixture_join(f, 2, ZKS_MODE_LIVE);
    zks_status status = raw_connect(&f->c[2], f->relay.address);
    if (!status) {
        /* the client's handshake is complete before the relay judges */
        raw_expect_closed(&f->c[2]);
    }
    raw_push(&f->c[0], 0, 1, 300);
    raw_push_wait(&f->c[0], 1);
    fixture_free(f);
}
END_TEST

static void add(TCase *c)
{
    tcase_add_loop_test(c, bad_bytes_before_hello_get_their_answer, 0,
                        (int)ZKS_COUNTOF(before_hello));
    tcase_add_loop_test(c, who_does_no_handshake_hears_nothing, 0, (int)ZKS_COUNTOF(no_handshakes));
    tcase_add_loop_test(c, a_handshake_that_stops_ends_in_time, 0, 3);
    tcase_add_test(c, random_bytes_end_one_session_only);
    tcase_add_loop_test(c, messages_of_relays_are_refused, 0, 4);
    tcase_add_test(c, too_many_mistakes_end_the_session);
    tcase_add_test(c, empty_push_and_delete_do_nothing);
    tcase_add_test(c, too_many_links_from_one_address_are_refused);
}

int main(void)
{
    return unit_main("relay bad messages", add);
}
