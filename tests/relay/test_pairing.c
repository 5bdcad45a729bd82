/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A client that lets devices in, at a real relay; the joining ones are the machine of src/pairing
 * over a raw session, so that each of their steps can go wrong. */
#include "client/client.h"
#include "pairing/pairing.h"
#include "record/set.h"
#include "relay_fixture.h"
#include "unit/client/device.h"

#include <pthread.h>

/* --- the inviting client ---------------------------------------------------------- */

/* What the app was told, and what it answers. */
typedef struct app {
    device d;
    pthread_mutex_t mutex;
    int answer; /* to ASK: 1 yes, 0 no, -1 nothing */
    char code[ZKS_PAIR_LINK_TEXT_BYTES], name[ZKS_PAIR_NAME_MAX_BYTES + 1];
    int64_t digits, asked_digits, tries_left;
} app;

typedef struct scene {
    fixture *f; /* its clients are the joiners' sessions */
    zks_runtime *runtime;
    app a;
} scene;

static void copy_text(char *to, size_t size, const char *from)
{
    ck_assert_ptr_nonnull(from);
    snprintf(to, size, "%s", from);
}

static void on_event(zks_client *c, const zks_event *e, void *user)
{
    app *a = user;
    int answer = -1;
    pthread_mutex_lock(&a->mutex);
    switch (zks__event_kind(e)) {
    case ZKS_EVENT_PAIR_CODE:
        copy_text(a->code, sizeof a->code, zks__event_text(e, ZKS_EVENT_FIELD_CODE));
        break;
    case ZKS_EVENT_PAIR_WRONG_TRY:
        a->tries_left = zks__event_number(e, ZKS_EVENT_FIELD_COUNT);
        break;
    case ZKS_EVENT_PAIR_DIGITS:
        a->digits = zks__event_number(e, ZKS_EVENT_FIELD_DIGITS);
        break;
    case ZKS_EVENT_PAIR_ASK:
        copy_text(a->name, sizeof a->name, zks__event_text(e, ZKS_EVENT_FIELD_NAME));
        a->asked_digits = zks__event_number(e, ZKS_EVENT_FIELD_DIGITS);
        answer = a->answer;
        break;
    default:
        break;
    }
    pthread_mutex_unlock(&a->mutex);
    if (answer >= 0) {
        ck_assert_int_eq(zks__client_pair_answer(c, answer), ZKS_OK);
        ck_assert_int_eq(zks__client_pair_answer(c, answer), ZKS_E_STATE); /* once */
    }
    device_event(c, e, &a->d);
}

static void app_open(scene *s, zks__origin origin)
{
    app *a = &s->a;
    zks_op *op = NULL;
    zks__client_secrets secrets = {.has_secret = origin == ZKS_ORIGIN_STORE, .secret = {1}};
    zks__client_options o = {.beginning = {.origin = origin, .no_recovery = true},
                             .secrets = &secrets,
                             .device_name = (char *)(uintptr_t) "inviter",
                             .event = on_event,
                             .event_user = a,
                             .relays = {s->f->relay.address},
                             .relay_count = 1};
    memset(a, 0, sizeof *a);
    pthread_mutex_init(&a->mutex, NULL);
    a->answer = 1;
    ck_assert_int_eq(zks__client_open(s->runtime, &o, NULL, NULL, &op, &a->d.client), ZKS_OK);
    device_done(op, ZKS_OK);
}

static scene *scene_new(const char *relay_options)
{
    scene *s = calloc(1, sizeof *s);
    ck_assert_ptr_nonnull(s);
    s->f = fixture_new(relay_options);
    ck_assert_int_eq(zks__runtime_new(&s->runtime), ZKS_OK);
    app_open(s, ZKS_ORIGIN_CREATE);
    device_connect(&s->a.d);
    return s;
}

static void scene_free(scene *s)
{
    device_free(&s->a.d);
    ck_assert_int_eq(zks__runtime_close(s->runtime, DEVICE_WAIT_MS), ZKS_OK);
    zks__runtime_free(s->runtime);
    fixture_free(s->f);
    pthread_mutex_destroy(&s->a.mutex);
    free(s);
}

static zks_op *try_begin(scene *s, zks__pair_kind kind, uint8_t rights, uint32_t life_s)
{
    zks_op *op = NULL;
    ck_assert_int_eq(
        zks__client_pair_begin(s->a.d.client, (int32_t)kind, rights, life_s, NULL, NULL, &op),
        ZKS_OK);
    return op;
}

/* Begins; the code is shown. */
static zks_op *begin(scene *s, zks__pair_kind kind)
{
    unsigned before = s->a.d.events[ZKS_EVENT_PAIR_CODE];
    zks_op *op = try_begin(s, kind, 0, 0);
    DEVICE_UNTIL(s->a.d.events[ZKS_EVENT_PAIR_CODE] > before);
    return op;
}

/* --- a joining device ------------------------------------------------------------- */

typedef struct joiner {
    raw_client *link;
    zks__joiner *machine;
    zks__pair_invite invite;
    zks__device_keys keys;
    uint8_t seed;
    bool asked;          /* the other side has its half of the MEMBER */
    bool stops_at_group; /* its user cancels before it says who it is */
    bool forgets;        /* goes away without a word then */
    bool granted;
    uint8_t rights, group_id[ZKS_GROUP_ID_BYTES], member[ZKS_RECORD_HASH_BYTES];
    size_t records, secrets, relays;
    uint8_t secret[ZKS_KEY_BYTES]; /* of a shared group */
    char relay[ZKS_SIZE_ADDRESS_MAX + 1];
    bool digits_shown, ended;
    uint32_t digits;
    zks_status status;
} joiner;

static void feed(joiner *j, zks__pairing_event *e);

static void give_member(joiner *j, const zks__pair_group *g)
{
    static const uint8_t instance[ZKS_INSTANCE_BYTES] = {8};
    const uint8_t seed[ZKS_KEY_BYTES] = {7, j->seed};
    uint8_t half[ZKS_PAIR_PART_MAX_BYTES];
    const zks__suite *suite = zks__crypto_suite(g->suite);
    zks__member m = {.rights = g->rights, .not_after_s = g->not_after_s};
    zks__device_keys_derive(seed, g->group_id, instance, &j->keys);
    suite->seal_public(j->keys.seal_seed, m.seal_key);
    suite->dh_public(j->keys.noise_dh_secret, m.noise_dh);
    zks__crypto_kem_public(j->keys.noise_kem_seed, m.noise_kem);
    j->rights = g->rights;
    memcpy(j->group_id, g->group_id, sizeof j->group_id);
    zks__pairing_event e = {.kind = ZKS_PAIRING_MEMBER,
                            .name = {(const uint8_t *)"Anna's tablet", 13},
                            .bytes.data = half};
    ck_assert_int_eq(zks__record_make_member_body(g->suite, g->group_id, &m, &j->keys.sign, half,
                                                  sizeof half, &e.bytes.length),
                     ZKS_OK);
    feed(j, &e);
}

static void on_group(joiner *j, const zks__pair_group *g)
{
    if (j->stops_at_group) {
        feed(j, &(zks__pairing_event){.kind = ZKS_PAIRING_CANCEL});
    } else if (j->forgets) {
        raw_disconnect(j->link);
    } else {
        give_member(j, g);
        j->asked = true;
    }
}

/* What a paired group is: records, of which one makes this device a member. */
static void take_records(joiner *j, zks__pair_bundle b)
{
    zks__records *set = NULL;
    zks__slice bytes;
    const uint8_t *id = zks__crypto_sign_public(&j->keys.sign);
    ck_assert_int_eq(zks__records_new(j->group_id, &set), ZKS_OK);
    while (zks__pair_next_record(&b.records, &bytes)) {
        ck_assert_int_eq(zks__records_load(set, bytes.data, bytes.length), ZKS_OK);
    }
    const zks__record *own = zks__records_member(set, id, 0);
    ck_assert_ptr_nonnull(own);
    memcpy(j->member, own->hash, sizeof j->member);
    j->granted = zks__records_grant(set, zks__records_epoch(set)->hash, id, 0) != NULL;
    zks__records_free(set);
}

static void on_store(joiner *j, const zks__pair_bundle *bundle)
{
    zks__pair_bundle b = *bundle;
    zks__pair_relay_item relay = {0};
    j->records = b.records.count;
    j->secrets = b.secrets.count;
    j->relays = b.relays.count;
    if (b.secret) {
        memcpy(j->secret, b.secret, sizeof j->secret);
    } else {
        take_records(j, b);
    }
    ck_assert(zks__pair_next_relay(&b.relays, &relay));
    ck_assert_mem_eq(relay.key, j->link->relay_key, sizeof relay.key);
    memcpy(j->relay, relay.address.data, relay.address.length);
    feed(j, &(zks__pairing_event){.kind = ZKS_PAIRING_STORED});
}

static void act(joiner *j, const zks__pairing_action *a)
{
    switch (a->kind) {
    case ZKS_PAIRING_SEND:
        if (j->link->session) {
            raw_send(j->link, &a->message);
        }
        break;
    case ZKS_PAIRING_SHOW_DIGITS:
        j->digits_shown = true;
        j->digits = a->digits;
        break;
    case ZKS_PAIRING_GROUP:
        on_group(j, &a->group);
        break;
    case ZKS_PAIRING_STORE:
        on_store(j, &a->bundle);
        break;
    default:
        ck_assert_int_eq(a->kind, ZKS_PAIRING_ENDED);
        j->ended = true;
        j->status = a->status;
    }
}

static void feed(joiner *j, zks__pairing_event *e)
{
    uint8_t random[ZKS_PAIRING_RANDOM_BYTES];
    zks__pairing_actions actions;
    zks__rng rng = zks__crypto_rng();
    rng.fill(random, sizeof random, rng.user);
    e->random = random;
    e->now_ms = uv_now(&j->link->world->loop);
    zks__joiner_step(j->machine, e, &actions);
    e->random = NULL;
    for (size_t i = 0; i < actions.count; i++) {
        act(j, &actions.items[i]);
    }
}

/* With the i-th session of the fixture. */
static void joiner_begin(joiner *j, scene *s, unsigned i, const char *code)
{
    zks__pair_problem problem;
    j->link = &s->f->c[i];
    ck_assert_int_eq(zks__pair_read(code, strlen(code), &j->invite, &problem), ZKS_OK);
    ck_assert_int_eq(zks__joiner_new(&j->invite, &j->machine), ZKS_OK);
    raw_disconnect(j->link);
    ck_assert_int_eq(raw_connect(j->link, s->f->relay.address), ZKS_OK);
    zks__pairing_event e = {.kind = ZKS_PAIRING_CONNECTED, .relay_key = j->link->relay_key};
    feed(j, &e);
}

static void joiner_step(joiner *j)
{
    const zks__message *m = raw_next(j->link, RAW_DEADLINE_MS);
    zks__pairing_event e = {.kind = m ? ZKS_PAIRING_MESSAGE : ZKS_PAIRING_LOST,
                            .message = m,
                            .status = ZKS_E_CONNECTION_LOST};
    feed(j, &e);
}

static void joiner_end(joiner *j)
{
    while (!j->ended) {
        joiner_step(j);
    }
    zks__joiner_free(j->machine);
    j->machine = NULL;
    raw_disconnect(j->link);
}

/* All of it, with the code that is shown. */
static joiner join(scene *s, unsigned i, const char *code)
{
    joiner j = {0};
    joiner_begin(&j, s, i, code);
    joiner_end(&j);
    return j;
}

static bool was_asked(void *user)
{
    return ((scene *)user)->a.d.events[ZKS_EVENT_PAIR_ASK] > 0;
}

/* What the joiner says goes out meanwhile. */
static void wait_for_ask(scene *s)
{
    for (unsigned left = DEVICE_WAIT_MS / 10; !was_asked(s); left--) {
        ck_assert_uint_gt(left, 0);
        raw_idle(&s->f->world, 10);
    }
}

/* The same length, another secret. */
static void spoil(const char *code, char out[ZKS_PAIR_CODE_TEXT_BYTES])
{
    snprintf(out, ZKS_PAIR_CODE_TEXT_BYTES, "%s", code);
    out[ZKS_PAIR_CODE_TEXT_BYTES - 2] = out[ZKS_PAIR_CODE_TEXT_BYTES - 2] == '0' ? '1' : '0';
}

static void expect_in(scene *s, const joiner *j, zks_op *op)
{
    const app *a = &s->a;
    size_t length = 0;
    ck_assert_int_eq(j->status, ZKS_OK);
    ck_assert_int_eq(zks__op_wait(op, DEVICE_WAIT_MS), ZKS_OK);
    const uint8_t *id = zks__op_bytes(op, ZKS_OP_DEVICE, &length);
    ck_assert_uint_eq(length, ZKS_SIZE_DEVICE_ID);
    ck_assert_mem_eq(id, zks__crypto_sign_public(&j->keys.sign), length);
    device_done(op, ZKS_OK);
    ck_assert(j->digits_shown);
    ck_assert_int_eq(a->digits, j->digits);
    ck_assert_int_eq(a->asked_digits, j->digits);
    ck_assert_str_eq(a->name, "Anna's tablet");
    ck_assert_ptr_nonnull(strstr(s->f->relay.address, j->relay));
}

/* The device that came in says HELLO with its own keys. */
static void greet(scene *s, const joiner *j, unsigned i)
{
    raw_client *c = &s->f->c[i];
    zks__message m = {.type = ZKS_MESSAGE_HELLO};
    c->keys = j->keys;
    memcpy(c->session_keys.dh_secret, c->keys.noise_dh_secret, sizeof c->session_keys.dh_secret);
    memcpy(c->session_keys.kem_seed, c->keys.noise_kem_seed, sizeof c->session_keys.kem_seed);
    ck_assert_int_eq(raw_connect(c, s->f->relay.address), ZKS_OK);
    m.hello.version = ZKS_WIRE_VERSION;
    m.hello.mode = ZKS_MODE_NO_SUBSCRIBE;
    memcpy(m.hello.group_id, j->group_id, sizeof m.hello.group_id);
    memcpy(m.hello.member, j->member, sizeof m.hello.member);
    raw_hello_sign(c, &m.hello);
    raw_send(c, &m);
    raw_expect(c, ZKS_MESSAGE_WELCOME);
}

/* --- it works --------------------------------------------------------------------- */

START_TEST(code_lets_a_device_in)
{
    scene *s = scene_new(NULL);
    zks_op *op = begin(s, ZKS_PAIR_CODE);
    joiner j = join(s, 0, s->a.code);
    expect_in(s, &j, op);
    ck_assert_uint_eq(j.records, 4); /* GENESIS, EPOCH 0, two MEMBERs; no GRANT of EPOCH 0 */
    ck_assert_uint_eq(j.secrets, 1);
    ck_assert_uint_eq(j.rights, ZKS_RIGHT_INVITE | ZKS_RIGHT_ADMIN);
    DEVICE_UNTIL(s->a.d.events[ZKS_EVENT_DEVICE] == 1);
    zks_devices *devices = NULL;
    ck_assert_int_eq(zks__devices_get(s->a.d.client, &devices), ZKS_OK);
    ck_assert_uint_eq(zks__devices_count(devices), 2);
    zks__devices_free(devices);
    scene_free(s);
}
END_TEST

START_TEST(link_lets_a_device_in)
{
    scene *s = scene_new(NULL);
    zks_op *op = begin(s, ZKS_PAIR_LINK);
    joiner j = join(s, 0, s->a.code);
    ck_assert_uint_eq(j.invite.relay_count, 1);
    ck_assert_str_eq(j.invite.relays[0].address, strchr(s->f->relay.address, '@') + 1);
    expect_in(s, &j, op);
    scene_free(s);
}
END_TEST

/* The relay knows it, and it gets what the others push; and a second code lets in a second one. */
START_TEST(device_that_came_in_is_a_member)
{
    scene *s = scene_new(NULL);
    zks_op *op = begin(s, ZKS_PAIR_CODE);
    joiner first = join(s, 0, s->a.code);
    expect_in(s, &first, op);
    greet(s, &first, 0);
    device_done(device_push(&s->a.d, 1, ZKS_PUSH_ACKED), ZKS_OK);
    uint64_t end = 0;
    ck_assert_uint_ge(raw_pull_all(&s->f->c[0], 0, &end), 1);
    raw_disconnect(&s->f->c[0]);

    op = begin(s, ZKS_PAIR_LINK);
    joiner second = {.seed = 1};
    joiner_begin(&second, s, 1, s->a.code);
    joiner_end(&second);
    expect_in(s, &second, op);
    ck_assert_uint_eq(second.records, 5);
    scene_free(s);
}
END_TEST

START_TEST(rights_are_as_offered)
{
    scene *s = scene_new(NULL);
    zks_op *op = try_begin(s, ZKS_PAIR_LINK, ZKS_RIGHT_INVITE, 60);
    DEVICE_UNTIL(s->a.d.events[ZKS_EVENT_PAIR_CODE] == 1);
    joiner j = join(s, 0, s->a.code);
    expect_in(s, &j, op);
    ck_assert_uint_eq(j.rights, ZKS_RIGHT_INVITE);
    scene_free(s);
}
END_TEST

/* --- it does not ------------------------------------------------------------------ */

START_TEST(wrong_code_is_told_and_right_one_works)
{
    char wrong[ZKS_PAIR_CODE_TEXT_BYTES];
    scene *s = scene_new(NULL);
    zks_op *op = begin(s, ZKS_PAIR_CODE);
    spoil(s->a.code, wrong);
    joiner j = join(s, 0, wrong);
    ck_assert_int_eq(j.status, ZKS_E_WRONG_CODE);
    DEVICE_UNTIL(s->a.d.events[ZKS_EVENT_PAIR_WRONG_TRY] == 1);
    ck_assert_int_eq(s->a.tries_left, 2);
    j = join(s, 1, s->a.code);
    expect_in(s, &j, op);
    scene_free(s);
}
END_TEST

START_TEST(third_wrong_code_burns_it)
{
    char wrong[ZKS_PAIR_CODE_TEXT_BYTES];
    scene *s = scene_new(NULL);
    zks_op *op = begin(s, ZKS_PAIR_CODE);
    spoil(s->a.code, wrong);
    for (unsigned i = 0; i < 3; i++) {
        ck_assert_int_eq(join(s, i, wrong).status, ZKS_E_WRONG_CODE);
    }
    device_done(op, ZKS_E_WRONG_CODE);
    ck_assert_int_eq(join(s, 3, s->a.code).status, ZKS_E_WRONG_CODE);
    ck_assert_uint_eq(s->a.d.events[ZKS_EVENT_PAIR_WRONG_TRY], 2);
    ck_assert_uint_eq(s->a.d.events[ZKS_EVENT_PAIR_DIGITS], 0);
    scene_free(s);
}
END_TEST

START_TEST(code_expires)
{
    scene *s = scene_new(NULL);
    zks_op *op = try_begin(s, ZKS_PAIR_CODE, 0, 1);
    device_done(op, ZKS_E_CODE_EXPIRED);
    ck_assert_int_eq(join(s, 0, s->a.code).status, ZKS_E_CODE_EXPIRED);
    scene_free(s);
}
END_TEST

START_TEST(code_serves_once)
{
    scene *s = scene_new(NULL);
    zks_op *op = begin(s, ZKS_PAIR_CODE);
    joiner j = join(s, 0, s->a.code);
    expect_in(s, &j, op);
    ck_assert_int_eq(join(s, 1, s->a.code).status, ZKS_E_CODE_USED);
    scene_free(s);
}
END_TEST

START_TEST(cancelled_code_is_no_good)
{
    scene *s = scene_new(NULL);
    zks_op *op = begin(s, ZKS_PAIR_CODE);
    zks__op_cancel(op);
    device_done(op, ZKS_E_CANCELLED);
    ck_assert_int_eq(join(s, 0, s->a.code).status, ZKS_E_CODE_CANCELLED);
    op = begin(s, ZKS_PAIR_CODE); /* and another one can be shown */
    zks__op_cancel(op);
    device_done(op, ZKS_E_CANCELLED);
    scene_free(s);
}
END_TEST

START_TEST(user_declines)
{
    scene *s = scene_new(NULL);
    s->a.answer = 0;
    zks_op *op = begin(s, ZKS_PAIR_CODE);
    ck_assert_int_eq(join(s, 0, s->a.code).status, ZKS_E_CODE_CANCELLED);
    device_done(op, ZKS_E_CANCELLED);
    ck_assert_uint_eq(s->a.d.events[ZKS_EVENT_DEVICE], 0);
    scene_free(s);
}
END_TEST

START_TEST(joining_user_cancels)
{
    scene *s = scene_new(NULL);
    zks_op *op = begin(s, ZKS_PAIR_CODE);
    joiner j = {.stops_at_group = true};
    joiner_begin(&j, s, 0, s->a.code);
    joiner_end(&j);
    ck_assert_int_eq(j.status, ZKS_E_CANCELLED);
    device_done(op, ZKS_E_CODE_CANCELLED);
    scene_free(s);
}
END_TEST

START_TEST(joiner_that_vanishes_ends_it)
{
    scene *s = scene_new(NULL);
    zks_op *op = begin(s, ZKS_PAIR_CODE);
    joiner j = {.forgets = true};
    joiner_begin(&j, s, 0, s->a.code);
    joiner_end(&j);
    device_done(op, ZKS_E_CONNECTION_LOST);
    scene_free(s);
}
END_TEST

/* To the question on the other side, which stays open. */
static void join_until_ask(joiner *j, scene *s)
{
    joiner_begin(j, s, 0, s->a.code);
    while (!j->asked) {
        joiner_step(j);
    }
    wait_for_ask(s);
}

START_TEST(second_joiner_hears_that_it_is_busy)
{
    scene *s = scene_new(NULL);
    s->a.answer = -1;
    zks_op *op = begin(s, ZKS_PAIR_CODE);
    joiner j = {0};
    join_until_ask(&j, s);
    ck_assert_int_eq(join(s, 1, s->a.code).status, ZKS_E_BUSY);
    ck_assert_int_eq(zks__client_pair_answer(s->a.d.client, true), ZKS_OK);
    joiner_end(&j);
    expect_in(s, &j, op);
    scene_free(s);
}
END_TEST

/* --- what begins at the wrong time, or by the wrong device ------------------------- */

START_TEST(one_code_at_a_time)
{
    scene *s = scene_new(NULL);
    zks_op *op = begin(s, ZKS_PAIR_CODE);
    device_done(try_begin(s, ZKS_PAIR_LINK, 0, 0), ZKS_E_BUSY);
    ck_assert_int_eq(zks__client_pair_answer(s->a.d.client, true), ZKS_E_STATE);
    joiner j = join(s, 0, s->a.code);
    expect_in(s, &j, op);
    scene_free(s);
}
END_TEST

START_TEST(pairing_needs_a_connection)
{
    scene *s = scene_new(NULL);
    zks_op *op = NULL;
    ck_assert_int_eq(zks__client_disconnect(s->a.d.client, NULL, NULL, &op), ZKS_OK);
    device_done(op, ZKS_OK);
    device_done(try_begin(s, ZKS_PAIR_CODE, 0, 0), ZKS_E_NOT_CONNECTED);
    scene_free(s);
}
END_TEST

/* --- shared groups ------------------------------------------------------------------ */

static scene *scene_shared(void)
{
    scene *s = scene_new(NULL);
    device_free(&s->a.d);
    DEVICE_UNTIL(s->a.d.events[ZKS_EVENT_CLOSED] == 1);
    app_open(s, ZKS_ORIGIN_STORE);
    device_connect(&s->a.d);
    return s;
}

static const zks__pair_kind kinds[] = {ZKS_PAIR_CODE, ZKS_PAIR_LINK};

START_TEST(shared_group_hands_its_secret_over)
{
    static const uint8_t secret[ZKS_KEY_BYTES] = {1};
    scene *s = scene_shared();
    zks_op *op = begin(s, kinds[_i]);
    joiner j = join(s, 0, s->a.code);
    expect_in(s, &j, op);
    ck_assert_mem_eq(j.secret, secret, sizeof secret);
    ck_assert_uint_eq(j.rights, 0);
    ck_assert_uint_eq(j.records + j.secrets, 0);
    scene_free(s);
}
END_TEST

START_TEST(shared_group_keeps_its_secret_from_who_is_declined)
{
    scene *s = scene_shared();
    s->a.answer = 0;
    zks_op *op = begin(s, ZKS_PAIR_CODE);
    joiner j = join(s, 0, s->a.code);
    ck_assert_int_eq(j.status, ZKS_E_CODE_CANCELLED);
    ck_assert_uint_eq(j.secret[0], 0);
    device_done(op, ZKS_E_CANCELLED);
    scene_free(s);
}
END_TEST

START_TEST(shared_group_has_no_rights_to_give)
{
    scene *s = scene_shared();
    device_done(try_begin(s, ZKS_PAIR_CODE, ZKS_RIGHT_INVITE, 0), ZKS_E_UNAUTHORIZED);
    scene_free(s);
}
END_TEST

/* --- codes that were there before --------------------------------------------------- */

static const char printed[] = "7K2M-ABCD-EFGH-2345";

static zks_op *begin_printed(scene *s, uint32_t life_s)
{
    zks_op *op = NULL;
    ck_assert_int_eq(zks__client_pair_begin_code(s->a.d.client, printed, strlen(printed), 0, life_s,
                                                 NULL, NULL, &op),
                     ZKS_OK);
    return op;
}

static void disconnect(scene *s)
{
    zks_op *op = NULL;
    ck_assert_int_eq(zks__client_disconnect(s->a.d.client, NULL, NULL, &op), ZKS_OK);
    device_done(op, ZKS_OK);
}

START_TEST(printed_code_is_good_once_connected)
{
    scene *s = _i ? scene_shared() : scene_new(NULL);
    disconnect(s);
    zks_op *op = begin_printed(s, 0);
    device_done(try_begin(s, ZKS_PAIR_CODE, 0, 0), ZKS_E_BUSY);
    ck_assert_int_eq(join(s, 0, printed).status, ZKS_E_CODE_UNKNOWN);
    ck_assert_uint_eq(s->a.d.events[ZKS_EVENT_PAIR_CODE], 0);
    device_connect(&s->a.d);
    DEVICE_UNTIL(s->a.d.events[ZKS_EVENT_PAIR_CODE] == 1);
    ck_assert_str_eq(s->a.code, printed);
    joiner j = join(s, 0, printed);
    expect_in(s, &j, op);
    device_done(begin_printed(s, 0), ZKS_E_CODE_USED);
    ck_assert_int_eq(join(s, 1, printed).status, ZKS_E_CODE_USED);
    scene_free(s);
}
END_TEST

START_TEST(printed_code_of_another_device_is_refused)
{
    scene *s = scene_new(NULL);
    zks__message m = {.type = ZKS_MESSAGE_MAILBOX_OPEN};
    memcpy(m.mailbox_open.nameplate, printed, ZKS_NAMEPLATE_BYTES);
    raw_join(&s->f->c[0], s->f->relay.address, ZKS_MODE_NO_SUBSCRIBE);
    raw_send(&s->f->c[0], &m);
    raw_expect(&s->f->c[0], ZKS_MESSAGE_MAILBOX_OPEN);
    device_done(begin_printed(s, 0), ZKS_E_BUSY);
    ck_assert_int_eq(s->a.d.state, ZKS_STATE_CONNECTED);
    scene_free(s);
}
END_TEST

/* Who has tried twice does not get three more tries with the same code. */
START_TEST(printed_code_that_was_tried_is_not_taken_again)
{
    char wrong[ZKS_PAIR_CODE_TEXT_BYTES];
    scene *s = scene_new(NULL);
    zks_op *op = begin_printed(s, 0);
    spoil(printed, wrong);
    DEVICE_UNTIL(s->a.d.events[ZKS_EVENT_PAIR_CODE] == 1);
    ck_assert_int_eq(join(s, 0, wrong).status, ZKS_E_WRONG_CODE);
    DEVICE_UNTIL(s->a.d.events[ZKS_EVENT_PAIR_WRONG_TRY] == 1);
    zks__op_cancel(op);
    device_done(op, ZKS_E_CANCELLED);
    device_done(begin_printed(s, 0), ZKS_E_CODE_USED);
    scene_free(s);
}
END_TEST

/* At whatever moment a code is taken back, no joiner waits there for somebody. */
START_TEST(printed_code_taken_back_early_keeps_nobody_waiting)
{
    enum { CODES = 12, PAUSE_US = 100000 /* a device may have four mailboxes at once */ };
    scene *s = scene_new("mailbox_gets_per_minute = 1000");
    char code[] = "7K2A-ABCD-EFGH-2345";
    for (int n = 0; n < CODES; n++) {
        zks_op *op = NULL;
        code[3] = (char)('A' + n % 8);
        code[2] = (char)('2' + n / 8);
        ck_assert_int_eq(
            zks__client_pair_begin_code(s->a.d.client, code, strlen(code), 0, 0, NULL, NULL, &op),
            ZKS_OK);
        usleep((unsigned)n * 100);
        zks__op_cancel(op);
        device_done(op, ZKS_E_CANCELLED);
        usleep(PAUSE_US);
    }
    zks_op *op = begin(s, ZKS_PAIR_CODE); /* the answers before its own are not taken for it */
    for (int n = 0; n < CODES; n++) {
        code[3] = (char)('A' + n % 8);
        code[2] = (char)('2' + n / 8);
        zks_status status = join(s, 0, code).status;
        ck_assert(status == ZKS_E_CODE_CANCELLED || status == ZKS_E_CODE_UNKNOWN);
    }
    joiner j = join(s, 1, s->a.code);
    expect_in(s, &j, op);
    scene_free(s);
}
END_TEST

START_TEST(printed_code_that_is_none_is_refused)
{
    static const struct {
        const char *text;
        zks_status status;
    } cases[] = {{"7K2M-ABCD-EFGH-234", ZKS_E_TRUNCATED},
                 {"7K2M-ABCD-EFGH-23456", ZKS_E_TOO_LARGE},
                 {"7K2M-ABCD-EFGH-234U", ZKS_E_MALFORMED},
                 {"zks-invite:AAAA", ZKS_E_INVALID}};
    scene *s = scene_new(NULL);
    for (size_t i = 0; i < ZKS_COUNTOF(cases); i++) {
        ck_assert_int_eq(zks__client_pair_begin_code(s->a.d.client, cases[i].text,
                                                     strlen(cases[i].text), 0, 0, NULL, NULL, NULL),
                         cases[i].status);
    }
    zks_op *op = begin(s, ZKS_PAIR_LINK);
    ck_assert_int_eq(zks__client_pair_begin_code(s->a.d.client, s->a.code, strlen(s->a.code), 0, 0,
                                                 NULL, NULL, NULL),
                     ZKS_E_INVALID);
    zks__op_cancel(op);
    device_done(op, ZKS_E_CANCELLED);
    scene_free(s);
}
END_TEST

/* --- connections and ends ---------------------------------------------------------- */

START_TEST(client_that_closes_takes_the_code_back)
{
    scene *s = scene_new(NULL);
    zks_op *op = begin(s, ZKS_PAIR_CODE);
    device_free(&s->a.d);
    device_done(op, ZKS_E_CANCELLED);
    DEVICE_UNTIL(s->a.d.events[ZKS_EVENT_CLOSED] == 1);
    ck_assert_uint_eq(s->a.d.late, 0);
    ck_assert_int_eq(join(s, 0, s->a.code).status, ZKS_E_CODE_CANCELLED);
    scene_free(s);
}
END_TEST

START_TEST(client_closes_in_the_middle)
{
    scene *s = scene_new(NULL);
    s->a.answer = -1;
    zks_op *op = begin(s, ZKS_PAIR_CODE);
    joiner j = {0};
    join_until_ask(&j, s);
    device_free(&s->a.d);
    joiner_end(&j);
    ck_assert_int_eq(j.status, ZKS_E_CODE_CANCELLED);
    device_done(op, ZKS_E_CANCELLED);
    scene_free(s);
}
END_TEST

START_TEST(code_outlives_a_reconnect)
{
    scene *s = scene_new(NULL);
    zks_op *op = begin(s, ZKS_PAIR_CODE), *away = NULL;
    ck_assert_int_eq(zks__client_disconnect(s->a.d.client, NULL, NULL, &away), ZKS_OK);
    device_done(away, ZKS_OK);
    device_connect(&s->a.d);
    joiner j;
    do { /* the first message of the mailbox follows the connection */
        j = join(s, 0, s->a.code);
    } while (j.status == ZKS_E_BUSY);
    expect_in(s, &j, op);
    ck_assert_uint_eq(s->a.d.events[ZKS_EVENT_PAIR_CODE], 1);
    scene_free(s);
}
END_TEST

START_TEST(code_outlives_a_restart_of_the_relay)
{
    scene *s = scene_new(NULL);
    char listen[96];
    zks_op *op = begin(s, kinds[_i]);
    snprintf(listen, sizeof listen, "listen = %s\n", strchr(s->f->relay.address, '@') + 1);
    raw_relay_stop(&s->f->relay);
    DEVICE_UNTIL(s->a.d.state != ZKS_STATE_CONNECTED);
    raw_relay_start(&s->f->relay, listen);
    ck_assert_int_eq(zks__client_network_changed(s->a.d.client), ZKS_OK);
    DEVICE_UNTIL(s->a.d.state == ZKS_STATE_CONNECTED);
    joiner j;
    do { /* the mailbox follows the connection */
        raw_idle(&s->f->world, 20);
        j = join(s, 0, s->a.code);
    } while (j.status == ZKS_E_CODE_UNKNOWN);
    expect_in(s, &j, op);
    ck_assert_uint_eq(s->a.d.events[ZKS_EVENT_PAIR_CODE], 1);
    scene_free(s);
}
END_TEST

static void add(TCase *c)
{
    tcase_add_test(c, code_lets_a_device_in);
    tcase_add_test(c, link_lets_a_device_in);
    tcase_add_test(c, device_that_came_in_is_a_member);
    tcase_add_test(c, rights_are_as_offered);
    tcase_add_test(c, wrong_code_is_told_and_right_one_works);
    tcase_add_test(c, third_wrong_code_burns_it);
    tcase_add_test(c, code_expires);
    tcase_add_test(c, code_serves_once);
    tcase_add_test(c, cancelled_code_is_no_good);
    tcase_add_test(c, user_declines);
    tcase_add_test(c, joining_user_cancels);
    tcase_add_test(c, joiner_that_vanishes_ends_it);
    tcase_add_test(c, second_joiner_hears_that_it_is_busy);
    tcase_add_test(c, one_code_at_a_time);
    tcase_add_test(c, pairing_needs_a_connection);
    tcase_add_loop_test(c, shared_group_hands_its_secret_over, 0, ZKS_COUNTOF(kinds));
    tcase_add_test(c, shared_group_keeps_its_secret_from_who_is_declined);
    tcase_add_test(c, shared_group_has_no_rights_to_give);
    tcase_add_loop_test(c, printed_code_is_good_once_connected, 0, 2);
    tcase_add_test(c, printed_code_of_another_device_is_refused);
    tcase_add_test(c, printed_code_that_was_tried_is_not_taken_again);
    tcase_add_test(c, printed_code_taken_back_early_keeps_nobody_waiting);
    tcase_add_test(c, printed_code_that_is_none_is_refused);
    tcase_add_test(c, client_that_closes_takes_the_code_back);
    tcase_add_test(c, client_closes_in_the_middle);
    tcase_add_test(c, code_outlives_a_reconnect);
    tcase_add_loop_test(c, code_outlives_a_restart_of_the_relay, 0, ZKS_COUNTOF(kinds));
}

int main(void)
{
    return unit_main("pairing", add);
}
