/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Bad input of all kinds, as bytes on the link: each gets its answer, nobody else notices. One
 * table. */
#include "relay_fixture.h"

#include "session/session.h"

/* --- a link without a session: what it sends is not checked by anybody on this side --- */

typedef struct bare {
    zks__link *link;
    bool open;
    uint8_t got[4096];
    size_t got_length;
} bare;

static void on_opened(zks__link *link, void *user)
{
    (void)link;
    ((bare *)user)->open = true;
}

static void on_received(zks__link *link, const uint8_t *data, size_t length, void *user)
{
    bare *b = user;
    size_t room = sizeof b->got - b->got_length;
    memcpy(b->got + b->got_length, data, length < room ? length : room);
    b->got_length += length < room ? length : room;
    zks__link_consume(link, length);
}

static void on_closed(zks__link *link, zks_status status, uint64_t code, const char *text,
                      void *user)
{
    (void)link, (void)status, (void)code, (void)text;
    ((bare *)user)->link = NULL;
}

static bool is_open(void *user)
{
    const bare *b = user;
    return b->open || !b->link;
}

static bool is_closed(void *user)
{
    return !((const bare *)user)->link;
}

static void bare_connect(bare *b, fixture *f, const raw_client *as)
{
    struct sockaddr_storage remote = {0};
    const char *colon = strrchr(f->relay.address, ':');
    memset(b, 0, sizeof *b);
    ck_assert_int_eq(uv_ip4_addr("127.0.0.1", atoi(colon + 1), (struct sockaddr_in *)&remote), 0);
    zks__connect_config config = {
        .remote = (const struct sockaddr *)&remote,
        .key_seed = as->keys.sign_seed,
        .alpn = ZKS_WIRE_ALPN,
        .events = {.opened = on_opened, .received = on_received, .closed = on_closed},
        .user = b};
    ck_assert_int_eq(zks__endpoint_connect(f->world.endpoint, &config, &b->link), ZKS_OK);
    ck_assert(raw_run(&f->world, is_open, b, RAW_DEADLINE_MS));
    ck_assert(b->open);
}

static void bare_send(bare *b, const uint8_t *bytes, size_t length)
{
    zks__buf *buf = zks__buf_copy(bytes, length);
    ck_assert_ptr_nonnull(buf);
    ck_assert_int_eq(zks__link_write(b->link, buf), ZKS_OK);
}

/* The code of the ERROR that came, 0: none. */
static uint32_t bare_error(const bare *b)
{
    zks__message m;
    size_t total = 0;
    if (b->got_length < 3) {
        return 0;
    }
    size_t record = (size_t)b->got[0] << 8 | b->got[1];
    ck_assert_uint_le(record + 2, b->got_length);
    ck_assert_int_eq(zks__wire_frame(b->got + 2, record, &total), ZKS_OK);
    ck_assert_int_eq(zks__wire_decode(b->got + 2, total, &m), ZKS_OK);
    ck_assert_int_eq(m.type, ZKS_MESSAGE_ERROR);
    return m.error.code;
}

/* Before HELLO: record bytes (length prefix included) -> what the relay says before it closes. */
static const struct {
    const char *name;
    uint8_t bytes[24];
    size_t length;
    uint32_t code;
} before_hello[] = {
    {"a record of no bytes", {0, 0}, 2, ZKS_WIRE_INVALID_MESSAGE},
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
    bare b;
    fixture_join(f, 1, ZKS_MODE_LIVE);
    bare_connect(&b, f, &f->c[1]);
    bare_send(&b, before_hello[_i].bytes, before_hello[_i].length);
    ck_assert_msg(raw_run(&f->world, is_closed, &b, RAW_DEADLINE_MS), "%s: the session goes on",
                  before_hello[_i].name);
    ck_assert_msg(bare_error(&b) == before_hello[_i].code, "%s: %u", before_hello[_i].name,
                  bare_error(&b));
    raw_push(&f->c[0], 0, 1, 300); /* others go on */
    raw_push_wait(&f->c[0], 1);
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
        bare b;
        for (size_t k = 0; k < sizeof bytes; k++) {
            bytes[k] = (uint8_t)next_random(&seed);
        }
        bytes[0] = (uint8_t)(i % 3); /* now and then a record that is complete */
        bare_connect(&b, f, &f->c[1]);
        bare_send(&b, bytes, 1 + (size_t)(next_random(&seed) % sizeof bytes));
        ck_assert(raw_run(&f->world, is_closed, &b, RAW_DEADLINE_MS));
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
