/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Two devices of an app, of which one lets the other in: what both of them hear. */
#include "abi/world.h"

#include <time.h>

enum { KINDS = 32, TEXT = 4096 };

/* A device, and what its app was told. */
typedef struct side {
    world_client what;
    zks_client *client;
    int answer; /* to ASK: 1, 0, or -1 for none */
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    unsigned events[KINDS];
    char code[TEXT], name[ZKS_SIZE_NAME_MAX + 1];
    int64_t digits, asked_digits, tries;
} side;

static world w;
static side phone, tablet, laptop;
static int64_t suite; /* of the group; 0: the default */

static void side_init(side *s, const char *name)
{
    memset(s, 0, sizeof *s);
    pthread_mutex_init(&s->mutex, NULL);
    pthread_cond_init(&s->changed, NULL);
    s->answer = 1;
    s->what = (world_client){.file = name, .name = name, .relay = true};
}

static void setup(void)
{
    world_open_with_relay(&w);
    side_init(&phone, "phone");
    side_init(&tablet, "tablet");
    side_init(&laptop, "laptop");
    suite = 0;
}

static void teardown(void)
{
    world_close(&w);
}

static void copy(char *to, size_t size, const char *from)
{
    snprintf(to, size, "%s", from ? from : "");
}

static void on_event(zks_client *c, const zks_event *e, void *user)
{
    side *s = user;
    int32_t kind = zks_event_kind(e);
    pthread_mutex_lock(&s->mutex);
    if (kind == ZKS_EVENT_PAIR_CODE) {
        copy(s->code, sizeof s->code, zks_event_text(e, ZKS_EVENT_FIELD_CODE));
    } else if (kind == ZKS_EVENT_PAIR_WRONG_TRY) {
        s->tries = zks_event_number(e, ZKS_EVENT_FIELD_COUNT);
    } else if (kind == ZKS_EVENT_PAIR_DIGITS) {
        s->digits = zks_event_number(e, ZKS_EVENT_FIELD_DIGITS);
    } else if (kind == ZKS_EVENT_PAIR_ASK) {
        copy(s->name, sizeof s->name, zks_event_text(e, ZKS_EVENT_FIELD_NAME));
        s->asked_digits = zks_event_number(e, ZKS_EVENT_FIELD_DIGITS);
    }
    s->events[kind]++;
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->mutex);
    if (kind == ZKS_EVENT_PAIR_ASK && s->answer >= 0) {
        MUST(zks_pair_answer(c, s->answer));
    }
}

static unsigned count(side *s, int32_t kind)
{
    pthread_mutex_lock(&s->mutex);
    unsigned n = s->events[kind];
    pthread_mutex_unlock(&s->mutex);
    return n;
}

static void wait_event(side *s, int32_t kind, unsigned at_least)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += world_patience_ms() / 1000;
    pthread_mutex_lock(&s->mutex);
    while (s->events[kind] < at_least) {
        ck_assert_msg(!pthread_cond_timedwait(&s->changed, &s->mutex, &until),
                      "%s: event %d never came", s->what.name, kind);
    }
    pthread_mutex_unlock(&s->mutex);
}

static zks_config *config_of(side *s)
{
    zks_config *g = world_config(&w, &s->what);
    MUST(zks_config_set_events(g, on_event, s, NULL));
    MUST(zks_config_set_int(g, ZKS_OPTION_SUITE, suite));
    return g;
}

/* The phone makes the group and is connected. */
static void create(void)
{
    zks_op *op;
    zks_config *g = config_of(&phone);
    MUST(zks_group_create(w.runtime, g, 0, NULL, NULL, &op, &phone.client));
    zks_config_free(g);
    MUST(world_finish(op));
    world_connect(phone.client);
}

/* The phone opens a shared group; `connected` too. */
static void create_shared(bool connected)
{
    zks_op *op;
    phone.what.group = 7;
    zks_config *g = config_of(&phone);
    MUST(zks_client_open(w.runtime, g, NULL, NULL, &op, &phone.client));
    zks_config_free(g);
    MUST(world_finish(op));
    if (connected) {
        world_connect(phone.client);
    }
}

static zks_op *begin_for(int32_t kind, uint32_t rights, uint32_t life_s)
{
    zks_op *op;
    unsigned before = count(&phone, ZKS_EVENT_PAIR_CODE);
    MUST(zks_pair_begin(phone.client, kind, rights, life_s, NULL, NULL, &op));
    wait_event(&phone, ZKS_EVENT_PAIR_CODE, before + 1);
    return op;
}

static zks_op *begin(int32_t kind)
{
    return begin_for(kind, 0, 0);
}

static zks_op *join_start(side *s, const char *code)
{
    zks_op *op;
    zks_config *g = config_of(s);
    MUST(zks_group_join(w.runtime, g, code, strlen(code), NULL, NULL, &op, &s->client));
    zks_config_free(g);
    return op;
}

static void leave(side *s)
{
    world_client_close(s->client);
    s->client = NULL;
}

/* Waits; the op must end so, with a sentence that has `word`. */
static void ends(zks_op *op, zks_status expected, const char *word)
{
    MUST(zks_op_wait(op, world_patience_ms()));
    EXPECT(zks_op_status(op), expected);
    ck_assert_msg(strstr(zks_op_text(op), word) != NULL, "'%s' does not say %s", zks_op_text(op),
                  word);
    zks_op_free(op);
}

static void join_fails(side *s, const char *code, zks_status expected, const char *word)
{
    ends(join_start(s, code), expected, word);
    zks_client_free(s->client);
    s->client = NULL;
}

/* The device that `op` let in is s, whose join has ended well. */
static void is_in(side *s, zks_op *op, zks_op *join)
{
    size_t length, id_length;
    zks_report *p;
    MUST(zks_op_wait(op, world_patience_ms()));
    MUST(zks_op_status(op));
    MUST(zks_op_wait(join, world_patience_ms()));
    MUST(zks_op_status(join));
    MUST(zks_report_get(s->client, &p));
    const uint8_t *device = zks_op_bytes(op, ZKS_OP_DEVICE, &length);
    const uint8_t *id = zks_report_bytes(p, ZKS_REPORT_DEVICE_ID, &id_length);
    ck_assert_uint_eq(length, id_length);
    ck_assert_mem_eq(device, id, length);
    zks_report_free(p);
    const uint8_t *relays = zks_op_bytes(join, ZKS_OP_RELAYS, &length);
    ck_assert_uint_eq(length, strlen(w.address));
    ck_assert_mem_eq(relays, w.address, length);
    ck_assert_str_eq(phone.name, s->what.name);
    ck_assert_int_eq(phone.digits, s->digits);
    ck_assert_int_eq(phone.asked_digits, s->digits);
    zks_op_free(op);
    zks_op_free(join);
}

static void let_in(side *s, int32_t kind)
{
    zks_op *op = begin(kind), *join = join_start(s, phone.code);
    is_in(s, op, join);
}

static void has_devices(zks_client *c, size_t expected, const char *name)
{
    zks_devices *d;
    bool found = false;
    MUST(zks_devices_get(c, &d));
    ck_assert_uint_eq(zks_devices_count(d), expected);
    for (size_t i = 0; i < expected; i++) {
        found |= strcmp(zks_devices_name(d, i), name) == 0;
    }
    ck_assert_msg(found, "there is no %s", name);
    zks_devices_free(d);
}

/* The next entry behind *after is this text. */
static void receives(zks_client *c, uint64_t *after, const char *text)
{
    size_t length;
    zks_batch *batch = world_read(c, *after, ZKS_READ_WAIT);
    ck_assert_uint_eq(zks_batch_count(batch), 1);
    const uint8_t *data = zks_batch_data(batch, &length);
    ck_assert_uint_eq(length, strlen(text));
    ck_assert_mem_eq(data, text, length);
    *after = zks_batch_seqs(batch)[0];
    zks_batch_free(batch);
}

/* A code that differs in its last character. */
static void spoil(char *code)
{
    char *last = &code[strlen(code) - 1];
    *last = *last == '0' ? '1' : '0';
}

/* --- it works --------------------------------------------------------------------- */

/* Both know each other, and push to each other. */
static void syncs(int32_t kind)
{
    uint64_t at_phone = 0, at_tablet = 0;
    world_push(phone.client, "before", 6, ZKS_PUSH_ACKED);
    let_in(&tablet, kind);
    world_connect(tablet.client); /* in a shared group it shows itself then */
    wait_event(&phone, ZKS_EVENT_DEVICE, 1);
    has_devices(phone.client, 2, "tablet");
    has_devices(tablet.client, 2, "phone");
    has_devices(tablet.client, 2, "tablet");
    world_push(tablet.client, "from the tablet", 15, ZKS_PUSH_ACKED);
    receives(phone.client, &at_phone, "from the tablet");
    receives(tablet.client, &at_tablet, "before");
    world_push(phone.client, "from the phone", 14, ZKS_PUSH_ACKED);
    receives(tablet.client, &at_tablet, "from the phone");
    leave(&tablet);
    leave(&phone);
}

static void lets_in_and_syncs(int32_t kind)
{
    create();
    syncs(kind);
}

START_TEST(code_lets_a_device_in)
{
    lets_in_and_syncs(ZKS_PAIR_KIND_CODE);
}
END_TEST

START_TEST(link_lets_a_device_in)
{
    lets_in_and_syncs(ZKS_PAIR_KIND_LINK);
}
END_TEST

START_TEST(link_lets_a_device_into_a_group_of_approved_algorithms)
{
    zks_op *op;
    suite = ZKS_SUITE_ID_APPROVED;
    lets_in_and_syncs(ZKS_PAIR_KIND_LINK);
    side_init(&phone, "phone2");
    create();
    MUST(zks_pair_begin(phone.client, ZKS_PAIR_KIND_CODE, 0, 0, NULL, NULL, &op));
    ends(op, ZKS_E_UNSUPPORTED, "link");
    leave(&phone);
}
END_TEST

/* --- shared groups ------------------------------------------------------------------ */

static const struct {
    int64_t suite;
    int32_t kind;
} shared_cases[] = {
    {0, ZKS_PAIR_KIND_CODE}, {0, ZKS_PAIR_KIND_LINK}, {ZKS_SUITE_ID_APPROVED, ZKS_PAIR_KIND_LINK}};

START_TEST(shared_group_is_joined_by_pairing)
{
    suite = shared_cases[_i].suite;
    create_shared(true);
    syncs(shared_cases[_i].kind);
}
END_TEST

/* As by the shared invite: secret, descriptor and suite, here and after the next start. */
static void has_group_of_phone(zks_client *c)
{
    zks_invite *a, *b;
    MUST(zks_invite_shared(phone.client, "", &a));
    MUST(zks_invite_shared(c, "", &b));
    ck_assert_str_eq(zks_invite_text(a, ZKS_INVITE_LINK), zks_invite_text(b, ZKS_INVITE_LINK));
    zks_invite_free(a);
    zks_invite_free(b);
}

START_TEST(shared_group_that_was_joined_is_the_same_one)
{
    zks_op *op;
    zks_report *p;
    zks_config *g = config_of(&phone);
    MUST(zks_config_set_passphrase(g, "correct horse", 13, NULL, 0));
    MUST(zks_client_open(w.runtime, g, NULL, NULL, &op, &phone.client));
    zks_config_free(g);
    MUST(world_finish(op));
    world_connect(phone.client);
    let_in(&tablet, ZKS_PAIR_KIND_CODE);
    has_group_of_phone(tablet.client);
    leave(&tablet);
    g = config_of(&tablet);
    MUST(zks_client_open(w.runtime, g, NULL, NULL, &op, &tablet.client));
    zks_config_free(g);
    MUST(world_finish(op));
    has_group_of_phone(tablet.client);
    MUST(zks_report_get(tablet.client, &p));
    ck_assert_int_eq(zks_report_number(p, ZKS_REPORT_GROUP_KIND), ZKS_GROUP_KIND_SHARED);
    zks_report_free(p);
    world_connect(tablet.client); /* its relay's key is known */
    leave(&tablet);
    leave(&phone);
}
END_TEST

START_TEST(shared_group_has_no_rights_to_give)
{
    zks_op *op;
    create_shared(true);
    MUST(zks_pair_begin(phone.client, ZKS_PAIR_KIND_CODE, ZKS_RIGHT_ADMIN, 0, NULL, NULL, &op));
    ends(op, ZKS_E_UNAUTHORIZED, "rights");
    leave(&phone);
}
END_TEST

/* --- codes that are there before ------------------------------------------------------ */

static void new_code(char code[ZKS_SIZE_PAIR_CODE])
{
    memset(code, 'x', ZKS_SIZE_PAIR_CODE);
    MUST(zks_pair_code_new((uint8_t *)code));
    ck_assert_uint_eq(strlen(code), ZKS_SIZE_PAIR_CODE - 1);
    for (size_t i = 0; code[i]; i++) {
        ck_assert(i % 5 == 4 ? code[i] == '-'
                             : strchr("234567ABCDEFGHJKMNPQRSTVWXYZ", code[i]) != NULL);
    }
}

static zks_op *begin_code(const char *code)
{
    zks_op *op;
    MUST(zks_pair_begin_code(phone.client, code, strlen(code), 0, 0, NULL, NULL, &op));
    return op;
}

START_TEST(code_made_offline_is_good_once_connected)
{
    char code[ZKS_SIZE_PAIR_CODE], other[ZKS_SIZE_PAIR_CODE];
    create_shared(false);
    new_code(code);
    new_code(other);
    ck_assert_str_ne(code, other);
    zks_op *op = begin_code(code);
    ends(begin_code(other), ZKS_E_BUSY, "already");
    join_fails(&laptop, code, ZKS_E_CODE_UNKNOWN, "knows no such");
    world_connect(phone.client);
    wait_event(&phone, ZKS_EVENT_PAIR_CODE, 1);
    ck_assert_str_eq(phone.code, code);
    is_in(&tablet, op, join_start(&tablet, code));
    ends(begin_code(code), ZKS_E_CODE_USED, "new one");
    leave(&tablet);
    leave(&phone);
}
END_TEST

START_TEST(code_made_offline_lets_into_a_paired_group)
{
    char code[ZKS_SIZE_PAIR_CODE];
    create();
    new_code(code);
    zks_op *op = begin_code(code);
    wait_event(&phone, ZKS_EVENT_PAIR_CODE, 1);
    is_in(&tablet, op, join_start(&tablet, code));
    leave(&tablet);
    leave(&phone);
}
END_TEST

START_TEST(code_of_two_devices_serves_the_first)
{
    char code[ZKS_SIZE_PAIR_CODE];
    zks_op *second;
    create_shared(true);
    new_code(code);
    zks_op *first = begin_code(code);
    wait_event(&phone, ZKS_EVENT_PAIR_CODE, 1);
    laptop.what.group = 8;
    zks_config *g = config_of(&laptop);
    MUST(zks_client_open(w.runtime, g, NULL, NULL, NULL, &laptop.client));
    zks_config_free(g);
    world_connect(laptop.client);
    MUST(zks_pair_begin_code(laptop.client, code, strlen(code), 0, 0, NULL, NULL, &second));
    ends(second, ZKS_E_BUSY, "make a new one");
    is_in(&tablet, first, join_start(&tablet, code));
    leave(&laptop);
    leave(&tablet);
    leave(&phone);
}
END_TEST

START_TEST(begin_code_refuses_what_is_no_code)
{
    static const struct {
        const char *text;
        zks_status status;
    } cases[] = {{"", ZKS_E_TRUNCATED},
                 {"7K2M-ABCD-EFGH-234", ZKS_E_TRUNCATED},
                 {"7K2M-ABCD-EFGH-23456", ZKS_E_TOO_LARGE},
                 {"7K2M-ABCD-EFGH-234!", ZKS_E_MALFORMED},
                 {"zks-invite:AAAA", ZKS_E_INVALID}};
    static const char code[] = "7K2M-ABCD-EFGH-2345";
    create_shared(false);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        EXPECT(zks_pair_begin_code(phone.client, cases[i].text, strlen(cases[i].text), 0, 0, NULL,
                                   NULL, NULL),
               cases[i].status);
    }
    EXPECT(zks_pair_begin_code(phone.client, NULL, 0, 0, 0, NULL, NULL, NULL), ZKS_E_INVALID);
    EXPECT(zks_pair_begin_code(phone.client, code, 19, 4, 0, NULL, NULL, NULL), ZKS_E_INVALID);
    EXPECT(zks_pair_begin_code(phone.client, code, 19, 0, 601, NULL, NULL, NULL), ZKS_E_INVALID);
    EXPECT(zks_pair_code_new(NULL), ZKS_E_INVALID);
    leave(&phone);
}
END_TEST

START_TEST(code_that_waits_ends_with_its_client)
{
    char code[ZKS_SIZE_PAIR_CODE];
    create_shared(false);
    new_code(code);
    zks_op *op = begin_code(code);
    zks_op_cancel(op);
    ends(op, ZKS_E_CANCELLED, "");
    op = begin_code(code);
    leave(&phone);
    ends(op, ZKS_E_CANCELLED, "");
}
END_TEST

static uint64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

START_TEST(pairing_is_quick)
{
    create();
    uint64_t start = now_ms();
    let_in(&tablet, ZKS_PAIR_KIND_CODE);
    ck_assert_uint_lt(now_ms() - start, world_patience_ms() / 10); /* 2 s without sanitizers */
    leave(&tablet);
    leave(&phone);
}
END_TEST

/* A chain of three; the last one comes in through the second. */
START_TEST(device_that_was_let_in_lets_another_in)
{
    uint64_t at = 0;
    create();
    let_in(&tablet, ZKS_PAIR_KIND_CODE);
    world_connect(tablet.client);
    zks_op *op, *join;
    MUST(zks_pair_begin(tablet.client, ZKS_PAIR_KIND_CODE, ZKS_RIGHT_INVITE, 0, NULL, NULL, &op));
    wait_event(&tablet, ZKS_EVENT_PAIR_CODE, 1);
    join = join_start(&laptop, tablet.code);
    MUST(world_finish(op));
    MUST(world_finish(join));
    has_devices(laptop.client, 3, "phone");
    wait_event(&phone, ZKS_EVENT_DEVICE, 2);
    has_devices(phone.client, 3, "laptop");
    world_connect(laptop.client);
    world_push(laptop.client, "hello", 5, ZKS_PUSH_ACKED);
    receives(phone.client, &at, "hello");

    MUST(zks_pair_begin(laptop.client, ZKS_PAIR_KIND_CODE, ZKS_RIGHT_ADMIN, 0, NULL, NULL, &op));
    ends(op, ZKS_E_UNAUTHORIZED, "rights");
    leave(&laptop);
    leave(&tablet);
    leave(&phone);
}
END_TEST

START_TEST(device_that_joined_opens_its_store_again)
{
    uint64_t at = 0;
    create();
    let_in(&tablet, ZKS_PAIR_KIND_CODE);
    leave(&tablet);
    tablet.client = world_client_open(&w, &tablet.what);
    world_connect(tablet.client);
    world_push(tablet.client, "again", 5, ZKS_PUSH_ACKED);
    receives(phone.client, &at, "again");
    leave(&tablet);
    leave(&phone);
}
END_TEST

/* --- it does not ------------------------------------------------------------------ */

START_TEST(wrong_code_is_told_to_both)
{
    create();
    zks_op *op = begin(ZKS_PAIR_KIND_CODE);
    char wrong[TEXT];
    copy(wrong, sizeof wrong, phone.code);
    spoil(wrong);
    join_fails(&tablet, wrong, ZKS_E_WRONG_CODE, "check it");
    wait_event(&phone, ZKS_EVENT_PAIR_WRONG_TRY, 1);
    ck_assert_int_eq(phone.tries, 2);
    zks_op *join = join_start(&tablet, phone.code); /* the same store */
    is_in(&tablet, op, join);
    leave(&tablet);
    leave(&phone);
}
END_TEST

START_TEST(third_wrong_code_burns_it)
{
    create();
    zks_op *op = begin(ZKS_PAIR_KIND_CODE);
    char wrong[TEXT];
    copy(wrong, sizeof wrong, phone.code);
    spoil(wrong);
    for (int i = 0; i < 3; i++) {
        join_fails(&tablet, wrong, ZKS_E_WRONG_CODE, "code");
    }
    ends(op, ZKS_E_WRONG_CODE, "burnt");
    join_fails(&tablet, phone.code, ZKS_E_WRONG_CODE, "code");
    ck_assert_uint_eq(count(&phone, ZKS_EVENT_PAIR_DIGITS), 0);
    leave(&phone);
}
END_TEST

START_TEST(code_expires)
{
    create();
    zks_op *op = begin_for(ZKS_PAIR_KIND_CODE, 0, 1);
    ends(op, ZKS_E_CODE_EXPIRED, "time is over");
    join_fails(&tablet, phone.code, ZKS_E_CODE_EXPIRED, "time is over");
    leave(&phone);
}
END_TEST

START_TEST(code_serves_once)
{
    create();
    let_in(&tablet, ZKS_PAIR_KIND_CODE);
    join_fails(&laptop, phone.code, ZKS_E_CODE_USED, "used");
    leave(&tablet);
    leave(&phone);
}
END_TEST

START_TEST(inviting_user_cancels)
{
    create();
    zks_op *op = begin(ZKS_PAIR_KIND_CODE);
    zks_op_cancel(op);
    ends(op, ZKS_E_CANCELLED, "no good any more");
    join_fails(&tablet, phone.code, ZKS_E_CODE_CANCELLED, "cancelled");
    leave(&phone);
}
END_TEST

START_TEST(inviting_user_declines)
{
    create();
    phone.answer = 0;
    zks_op *op = begin(ZKS_PAIR_KIND_CODE);
    join_fails(&tablet, phone.code, ZKS_E_CODE_CANCELLED, "declined");
    ends(op, ZKS_E_CANCELLED, "cancelled");
    has_devices(phone.client, 1, "phone");
    leave(&phone);
}
END_TEST

START_TEST(joining_user_cancels)
{
    create();
    phone.answer = -1;
    zks_op *op = begin(ZKS_PAIR_KIND_CODE), *join = join_start(&tablet, phone.code);
    wait_event(&phone, ZKS_EVENT_PAIR_ASK, 1);
    zks_op_cancel(join);
    ends(join, ZKS_E_CANCELLED, "cancelled");
    zks_client_free(tablet.client);
    ends(op, ZKS_E_CODE_CANCELLED, "other device cancelled");
    EXPECT(zks_pair_answer(phone.client, 1), ZKS_E_STATE);
    leave(&phone);
}
END_TEST

START_TEST(second_joiner_is_told_that_it_is_busy)
{
    create();
    phone.answer = -1;
    zks_op *op = begin(ZKS_PAIR_KIND_CODE), *join = join_start(&tablet, phone.code);
    wait_event(&phone, ZKS_EVENT_PAIR_ASK, 1);
    join_fails(&laptop, phone.code, ZKS_E_BUSY, "Another device");
    MUST(zks_pair_answer(phone.client, 1));
    is_in(&tablet, op, join);
    leave(&tablet);
    leave(&phone);
}
END_TEST

START_TEST(inviting_client_closes_in_the_middle)
{
    create();
    phone.answer = -1;
    zks_op *op = begin(ZKS_PAIR_KIND_CODE), *join = join_start(&tablet, phone.code);
    wait_event(&phone, ZKS_EVENT_PAIR_ASK, 1);
    leave(&phone);
    ends(op, ZKS_E_CANCELLED, "cancelled");
    ends(join, ZKS_E_CODE_CANCELLED, "cancelled");
    zks_client_free(tablet.client);
}
END_TEST

START_TEST(relay_stops_in_the_middle)
{
    create();
    phone.answer = -1;
    zks_op *op = begin(ZKS_PAIR_KIND_CODE), *join = join_start(&tablet, phone.code), *stop;
    wait_event(&phone, ZKS_EVENT_PAIR_ASK, 1);
    MUST(zks_relay_stop(w.relay, NULL, NULL, &stop));
    MUST(world_finish(stop));
    zks_relay_free(w.relay);
    w.relay = NULL;
    ends(op, ZKS_E_CONNECTION_LOST, "make a new code");
    ends(join, ZKS_E_CONNECTION_LOST, "new code");
    zks_client_free(tablet.client);
    leave(&phone);
}
END_TEST

/* --- calls ------------------------------------------------------------------------ */

START_TEST(begin_refuses_what_cannot_be)
{
    zks_op *op = NULL;
    create();
    EXPECT(zks_pair_begin(phone.client, 0, 0, 0, NULL, NULL, &op), ZKS_E_INVALID);
    EXPECT(zks_pair_begin(phone.client, ZKS_PAIR_KIND_LINK, 4, 0, NULL, NULL, &op), ZKS_E_INVALID);
    EXPECT(zks_pair_begin(phone.client, ZKS_PAIR_KIND_LINK, 0, 601, NULL, NULL, &op),
           ZKS_E_INVALID);
    zks_client *deaf = world_client_open(&w, &(world_client){.group = 1});
    EXPECT(zks_pair_begin(deaf, ZKS_PAIR_KIND_LINK, 0, 0, NULL, NULL, &op), ZKS_E_STATE);
    world_client_close(deaf);
    ck_assert_ptr_null(op);

    zks_op *first = begin(ZKS_PAIR_KIND_CODE);
    MUST(zks_pair_begin(phone.client, ZKS_PAIR_KIND_CODE, 0, 0, NULL, NULL, &op));
    ends(op, ZKS_E_BUSY, "already");
    EXPECT(zks_pair_answer(phone.client, 1), ZKS_E_STATE);
    zks_op_cancel(first);
    EXPECT(world_finish(first), ZKS_E_CANCELLED);

    MUST(zks_client_disconnect(phone.client, NULL, NULL, &op));
    MUST(world_finish(op));
    MUST(zks_pair_begin(phone.client, ZKS_PAIR_KIND_CODE, 0, 0, NULL, NULL, &op));
    EXPECT(world_finish(op), ZKS_E_NOT_CONNECTED);
    leave(&phone);
}
END_TEST

START_TEST(link_is_drawn)
{
    static const char not_utf8[] = "\xff";
    size_t length = 0, again = 0;
    uint8_t *png;
    create();
    zks_op *op = begin(ZKS_PAIR_KIND_LINK);
    size_t chars = strlen(phone.code);
    MUST(zks_qr_render(phone.code, chars, ZKS_RENDER_PNG, 4, 0, NULL, &length));
    png = malloc(length);
    ck_assert_ptr_nonnull(png);
    MUST(zks_qr_render(phone.code, chars, ZKS_RENDER_PNG, 4, length, png, &again));
    ck_assert_uint_eq(length, again);
    ck_assert_mem_eq(png, "\x89PNG", 4);
    free(png);
    EXPECT(zks_qr_render(phone.code, 0, ZKS_RENDER_PNG, 4, 0, NULL, &length), ZKS_E_INVALID);
    EXPECT(zks_qr_render(not_utf8, 1, ZKS_RENDER_PNG, 4, 0, NULL, &length), ZKS_E_INVALID);
    EXPECT(zks_qr_render(phone.code, chars, 99, 4, 0, NULL, &length), ZKS_E_INVALID);
    zks_op_free(op);
    leave(&phone);
}
END_TEST

static void add(TCase *c)
{
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_test(c, code_lets_a_device_in);
    tcase_add_test(c, link_lets_a_device_in);
    tcase_add_test(c, link_lets_a_device_into_a_group_of_approved_algorithms);
    tcase_add_loop_test(c, shared_group_is_joined_by_pairing, 0,
                        sizeof shared_cases / sizeof shared_cases[0]);
    tcase_add_test(c, shared_group_that_was_joined_is_the_same_one);
    tcase_add_test(c, shared_group_has_no_rights_to_give);
    tcase_add_test(c, code_made_offline_is_good_once_connected);
    tcase_add_test(c, code_made_offline_lets_into_a_paired_group);
    tcase_add_test(c, code_of_two_devices_serves_the_first);
    tcase_add_test(c, begin_code_refuses_what_is_no_code);
    tcase_add_test(c, code_that_waits_ends_with_its_client);
    tcase_add_test(c, pairing_is_quick);
    tcase_add_test(c, device_that_was_let_in_lets_another_in);
    tcase_add_test(c, device_that_joined_opens_its_store_again);
    tcase_add_test(c, wrong_code_is_told_to_both);
    tcase_add_test(c, third_wrong_code_burns_it);
    tcase_add_test(c, code_expires);
    tcase_add_test(c, code_serves_once);
    tcase_add_test(c, inviting_user_cancels);
    tcase_add_test(c, inviting_user_declines);
    tcase_add_test(c, joining_user_cancels);
    tcase_add_test(c, second_joiner_is_told_that_it_is_busy);
    tcase_add_test(c, inviting_client_closes_in_the_middle);
    tcase_add_test(c, relay_stops_in_the_middle);
    tcase_add_test(c, begin_refuses_what_cannot_be);
    tcase_add_test(c, link_is_drawn);
}

int main(void)
{
    return unit_main("pairing", add);
}
