/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Whole pairings in memory, over a mailbox that does what a test tells it to. */
#include "tests/support/memory_link.h"
#include "tests/support/pair_glue.h"
#include "tests/support/unit.h"

enum { QUEUE_MAX = 16, JOINERS = 2, NOBODY = -1, MESSAGES = 8 };

static const uint8_t relay_key[32] = "the relay's key, thirty-two byte";

typedef struct letter {
    int from; /* 0: inviter, 1..: joiner */
    size_t length;
    uint8_t *bytes;
} letter;

typedef struct world world;
/* Changes the data of a PUT on its way: number of the message, room for more bytes. false: drop. */
typedef bool (*tamper_fn)(world *w, uint8_t number, uint8_t *data, size_t *length);

struct world {
    uint64_t seed;
    pair_group group;
    pair_glue i, j[JOINERS];
    struct {
        world *w;
        int number;
    } side[1 + JOINERS];
    letter queue[QUEUE_MAX];
    size_t queued;
    /* the mailbox */
    uint32_t attempt;
    int locked; /* a joiner, or NOBODY */
    uint8_t m0[256];
    size_t m0_length;
    bool held, gone;
    uint32_t gone_code;
    /* what the test does to it */
    tamper_fn tamper;
    uint8_t target; /* a message's number */
    size_t at;
    unsigned seen[MESSAGES];
    uint8_t kept[MESSAGES][8192];
    size_t kept_length[MESSAGES];
};

static void on_send(const zks__message *m, void *user)
{
    const struct {
        world *w;
        int number;
    } *side = user;
    world *w = side->w;
    ck_assert_uint_lt(w->queued, QUEUE_MAX);
    letter *l = &w->queue[w->queued++];
    l->from = side->number;
    l->bytes = malloc(zks__wire_size(m));
    ck_assert_int_eq(zks__wire_encode(m, l->bytes, zks__wire_size(m), &l->length), ZKS_OK);
}

static world *world_new(const char *test, zks__pair_kind kind)
{
    world *w = calloc(1, sizeof *w);
    ck_assert_ptr_nonnull(w);
    w->seed = unit_seed_printed(test);
    w->locked = NOBODY;
    w->attempt = 1;
    for (int k = 0; k < 1 + JOINERS; k++) {
        w->side[k].w = w;
        w->side[k].number = k;
    }
    pair_group_init(&w->group, ZKS_SUITE_SODIUM, 1);
    pair_inviter_init(&w->i, &w->group, kind, relay_key, w->seed, on_send, &w->side[0]);
    return w;
}

static void world_free(world *w)
{
    for (size_t k = 0; k < w->queued; k++) {
        free(w->queue[k].bytes);
    }
    pair_glue_done(&w->i);
    for (int k = 0; k < JOINERS; k++) {
        pair_glue_done(&w->j[k]);
    }
    free(w);
}

/* --- the mailbox ------------------------------------------------------------------ */

static pair_glue *glue_of(world *w, int side)
{
    return side ? &w->j[side - 1] : &w->i;
}

static void deliver_close(world *w, int side, uint32_t attempt, uint32_t code)
{
    zks__message m = {.type = ZKS_MESSAGE_MAILBOX_CLOSE};
    memcpy(m.mailbox_close.nameplate, "7K2M", 4);
    m.mailbox_close.attempt = attempt;
    m.mailbox_close.code = code;
    pair_glue_message(glue_of(w, side), &m);
}

static void deliver_put(world *w, int side, const uint8_t *data, size_t length)
{
    static uint8_t copy[ZKS_PAIR_SMALL_MAX_BYTES + (64 << 10)];
    zks__message m = {.type = ZKS_MESSAGE_MAILBOX_PUT};
    memcpy(m.mailbox_put.nameplate, "7K2M", 4);
    m.mailbox_put.attempt = w->attempt;
    ck_assert_uint_ge(length, 2);
    ck_assert_uint_lt(length, sizeof copy - 64);
    memcpy(copy, data, length);
    uint8_t number = data[1];
    if (number < MESSAGES && length <= sizeof w->kept[0] && !w->seen[number]++) {
        memcpy(w->kept[number], data, length);
        w->kept_length[number] = length;
    }
    if (w->tamper && !w->tamper(w, number, copy, &length)) {
        return;
    }
    uint8_t *exact = malloc(length ? length : 1); /* so that the sanitizers see its end */
    memcpy(exact, copy, length);
    m.mailbox_put.data = (zks__slice){exact, length};
    pair_glue_message(glue_of(w, side), &m);
    free(exact);
}

static void attempt_over(world *w, uint32_t code)
{
    int was = w->locked;
    uint32_t attempt = w->attempt++;
    w->locked = NOBODY;
    w->held = false;
    w->m0_length = 0;
    if (was != NOBODY) {
        deliver_close(w, was, attempt, code);
    }
    deliver_close(w, 0, attempt, code);
}

static void relay_put(world *w, int from, const zks__mailbox_put *m)
{
    ck_assert_mem_eq(m->nameplate, "7K2M", 4);
    if (m->attempt != w->attempt) {
        return;
    }
    if (from) {
        ck_assert_uint_eq(m->flags, 0);
        if (from == w->locked) {
            deliver_put(w, 0, m->data.data, m->data.length);
        }
    } else if (w->locked == NOBODY) {
        ck_assert_uint_le(m->data.length, sizeof w->m0);
        memcpy(w->m0, m->data.data, m->data.length);
        w->m0_length = m->data.length;
    } else {
        w->held = w->held || (m->flags & ZKS_MAILBOX_HOLD);
        deliver_put(w, w->locked, m->data.data, m->data.length);
    }
}

static void relay_get(world *w, int from, const zks__mailbox_get *m)
{
    zks__message error = {.type = ZKS_MESSAGE_ERROR};
    error.error.about = ZKS_MESSAGE_MAILBOX_GET;
    if (memcmp(m->nameplate, "7K2M", 4) != 0) {
        error.error.code = ZKS_WIRE_CODE_UNKNOWN;
    } else if (w->gone) {
        error.error.code = w->gone_code;
    } else if (w->locked != NOBODY) {
        error.error.code = ZKS_WIRE_BUSY;
        error.error.retry_after_ms = 60000;
    }
    if (error.error.code) {
        pair_glue_message(glue_of(w, from), &error);
        return;
    }
    w->locked = from;
    ck_assert_uint_gt(w->m0_length, 0);
    deliver_put(w, from, w->m0, w->m0_length);
}

static void relay_close(world *w, int from, const zks__mailbox_close *m)
{
    if (from) {
        if (from == w->locked && m->attempt == w->attempt) {
            w->locked = NOBODY; /* it knows */
            attempt_over(w, m->code);
        }
    } else if (m->attempt) {
        if (m->attempt == w->attempt) { /* else both sides gave it up */
            attempt_over(w, m->code);
        }
    } else {
        w->gone = true;
        w->gone_code = m->code ? m->code : ZKS_WIRE_CODE_USED;
        if (w->locked != NOBODY) {
            deliver_close(w, w->locked, w->attempt, m->code);
        }
        w->locked = NOBODY;
    }
}

static void relay_open(world *w, const zks__mailbox_open *m)
{
    static const uint8_t zeros[ZKS_NAMEPLATE_BYTES];
    zks__message answer = {.type = ZKS_MESSAGE_MAILBOX_OPEN};
    if (memcmp(m->nameplate, zeros, sizeof zeros) != 0) {
        ck_assert_mem_eq(m->nameplate, "7K2M", 4); /* taken up again */
    }
    memcpy(answer.mailbox_open.nameplate, "7K2M", 4);
    answer.mailbox_open.life_ms = m->life_ms;
    answer.mailbox_open.attempt = w->attempt;
    pair_glue_message(&w->i, &answer);
}

/* Until nothing is on its way. */
static void run(world *w)
{
    while (w->queued) {
        letter l = w->queue[0];
        memmove(w->queue, w->queue + 1, --w->queued * sizeof l);
        zks__message m;
        ck_assert_int_eq(zks__wire_decode(l.bytes, l.length, &m), ZKS_OK);
        if (m.type == ZKS_MESSAGE_MAILBOX_OPEN) {
            relay_open(w, &m.mailbox_open);
        } else if (m.type == ZKS_MESSAGE_MAILBOX_PUT) {
            relay_put(w, l.from, &m.mailbox_put);
        } else if (m.type == ZKS_MESSAGE_MAILBOX_GET) {
            relay_get(w, l.from, &m.mailbox_get);
        } else {
            ck_assert_int_eq((int)m.type, ZKS_MESSAGE_MAILBOX_CLOSE);
            relay_close(w, l.from, &m.mailbox_close);
        }
        free(l.bytes);
    }
}

static void invite(world *w)
{
    pair_glue_event(&w->i, ZKS_PAIRING_CONNECTED);
    run(w);
    ck_assert_uint_eq(w->i.codes, 1);
}

/* Joiner `which` comes with this code, or with the right one. */
static void join_without_running(world *w, int which, const char *code)
{
    pair_glue *j = &w->j[which];
    uint64_t now_ms = w->i.now_ms;
    pair_fault fault = j->fault;
    pair_glue_done(j);
    pair_joiner_init(j, &w->group, code ? code : w->i.code, relay_key,
                     w->seed + 100 + (uint64_t)which + w->attempt, on_send, &w->side[1 + which]);
    j->now_ms = now_ms;
    j->fault = fault;
    pair_glue_event(j, ZKS_PAIRING_CONNECTED);
}

static void join(world *w, int which, const char *code)
{
    join_without_running(w, which, code);
    run(w);
}

static const char *wrong_code(const world *w)
{
    static char code[ZKS_PAIR_CODE_TEXT_BYTES];
    memcpy(code, w->i.code, sizeof code);
    char *last = &code[sizeof code - 2];
    *last = (char)(*last == 'A' ? 'B' : 'A');
    return code;
}

static void expect_end(const pair_glue *g, zks_status status, const char *sentence)
{
    ck_assert(g->ended);
    ck_assert_msg(g->status == status, "%d instead of %d: %s", (int)g->status, (int)status,
                  g->text);
    ck_assert_msg(strstr(g->text, sentence) != NULL, "'%s' does not say '%s'", g->text, sentence);
}

static void expect_paired(world *w, int which)
{
    expect_end(&w->i, ZKS_OK, "has joined");
    expect_end(&w->j[which], ZKS_OK, "has joined");
    ck_assert(w->i.digits_shown && w->j[which].digits_shown);
    ck_assert_uint_eq(w->i.digits, w->j[which].digits);
    ck_assert_uint_lt(w->i.digits, 1000000);
    ck_assert_str_eq(w->i.name, "Anna's tablet \xe2\x98\x82");
    ck_assert_uint_eq(w->i.asks, 1);
    ck_assert_uint_eq(w->j[which].stores, 1);
    ck_assert_str_eq((const char *)w->j[which].secret, "the epoch's secret, 32 bytes....");
    ck_assert(w->gone && w->gone_code == ZKS_WIRE_CODE_USED && w->held);
}

/* --- as it should be -------------------------------------------------------------- */

START_TEST(pairing_by_code_lets_the_device_in)
{
    world *w = world_new("by_code", ZKS_PAIR_CODE);
    invite(w);
    ck_assert_uint_eq(strlen(w->i.code), 19);
    ck_assert_int_eq(strncmp(w->i.code, "7K2M-", 5), 0);
    join(w, 0, NULL);
    expect_paired(w, 0);
    /* The whole code is single use. */
    join(w, 1, NULL);
    expect_end(&w->j[1], ZKS_E_CODE_USED, "used this pairing code already");
    world_free(w);
}
END_TEST

START_TEST(pairing_by_link_lets_the_device_in)
{
    world *w = world_new("by_link", ZKS_PAIR_LINK);
    invite(w);
    join(w, 0, NULL);
    expect_paired(w, 0);
    world_free(w);
}
END_TEST

/* Every suite pairs by link; those without a PAKE by link only. */
START_TEST(pairing_by_link_works_in_every_suite_of_the_build)
{
    unsigned suites = 0;
    for (uint8_t suite = 1; suite < 8; suite++) {
        if (!zks__crypto_suite(suite)) {
            continue;
        }
        world *w = world_new("every_suite", ZKS_PAIR_LINK);
        pair_glue_done(&w->i);
        pair_group_init(&w->group, suite, 1);
        pair_inviter_init(&w->i, &w->group, ZKS_PAIR_LINK, relay_key, w->seed, on_send,
                          &w->side[0]);
        invite(w);
        join(w, 0, NULL);
        expect_paired(w, 0);
        world_free(w);
        suites++;
    }
    ck_assert_uint_gt(suites, 0);
}
END_TEST

/* Nothing that the mailbox carries is the group's, in clear. */
START_TEST(pairing_on_the_way_shows_no_secret)
{
    world *w = world_new("no_secret", ZKS_PAIR_CODE);
    invite(w);
    join(w, 0, NULL);
    expect_paired(w, 0);
    for (int n = 0; n < MESSAGES; n++) {
        ck_assert_uint_eq(w->seen[n], 1);
        for (size_t k = 0; k + 32 <= w->kept_length[n]; k++) {
            ck_assert(memcmp(w->kept[n] + k, w->group.group_id, 32) != 0);
            ck_assert(memcmp(w->kept[n] + k, w->j[0].secret, 32) != 0);
            ck_assert(memcmp(w->kept[n] + k, w->j[0].device, 32) != 0);
            ck_assert(memcmp(w->kept[n] + k, w->i.code + 5, 12) != 0);
            ck_assert(memcmp(w->kept[n] + k, "Anna's", 6) != 0);
        }
    }
    world_free(w);
}
END_TEST

/* --- wrong codes ------------------------------------------------------------------ */

START_TEST(wrong_code_is_told_on_both_sides_and_the_right_one_still_works)
{
    world *w = world_new("wrong_code", ZKS_PAIR_CODE);
    invite(w);
    for (unsigned n = 1; n < ZKS_PAIRING_TRIES; n++) {
        join(w, 0, wrong_code(w));
        expect_end(&w->j[0], ZKS_E_WRONG_CODE, "code is wrong");
        ck_assert_uint_eq(w->i.wrong_tries, n);
        ck_assert_uint_eq(w->i.tries_left, ZKS_PAIRING_TRIES - n);
        ck_assert(!w->i.ended);
        ck_assert_uint_eq(w->i.asks, 0);
    }
    join(w, 1, NULL);
    expect_paired(w, 1);
    world_free(w);
}
END_TEST

START_TEST(third_wrong_code_burns_the_code)
{
    world *w = world_new("burnt", ZKS_PAIR_CODE);
    invite(w);
    for (int n = 0; n < ZKS_PAIRING_TRIES; n++) {
        join(w, 0, wrong_code(w));
        expect_end(&w->j[0], ZKS_E_WRONG_CODE, "code is wrong");
    }
    expect_end(&w->i, ZKS_E_WRONG_CODE, "burnt");
    ck_assert(w->gone && w->gone_code == ZKS_WIRE_WRONG_CODE);
    join(w, 1, NULL); /* not even the right one */
    expect_end(&w->j[1], ZKS_E_WRONG_CODE, "ask for a new one");
    world_free(w);
}
END_TEST

static bool tamper_drop(world *w, uint8_t number, uint8_t *data, size_t *length)
{
    (void)data;
    (void)length;
    return number != w->target;
}

/* Who takes the answer and goes has tried: it has what a guess can be checked against, once. */
START_TEST(joiner_that_leaves_after_the_answer_has_tried)
{
    world *w = world_new("leaves", ZKS_PAIR_CODE);
    w->tamper = tamper_drop;
    w->target = 3;
    invite(w);
    for (unsigned n = 1; n <= ZKS_PAIRING_TRIES; n++) {
        ck_assert(!w->i.ended);
        join(w, 0, NULL);
        w->locked = NOBODY;
        attempt_over(w, ZKS_WIRE_BUSY);
        run(w);
        ck_assert_uint_eq(w->i.wrong_tries, n < ZKS_PAIRING_TRIES ? n : n - 1);
    }
    expect_end(&w->i, ZKS_E_WRONG_CODE, "burnt");
    world_free(w);
}
END_TEST

/* Before the answer there is nothing to guess with. */
START_TEST(joiner_that_leaves_before_the_answer_has_not_tried)
{
    world *w = world_new("leaves early", ZKS_PAIR_CODE);
    w->tamper = tamper_drop;
    w->target = 1;
    invite(w);
    for (unsigned n = 0; n < 2 * ZKS_PAIRING_TRIES; n++) {
        join(w, 0, NULL);
        w->locked = NOBODY;
        attempt_over(w, ZKS_WIRE_BUSY);
        run(w);
    }
    ck_assert_uint_eq(w->i.wrong_tries, 0);
    w->tamper = NULL;
    join(w, 1, NULL);
    expect_paired(w, 1);
    world_free(w);
}
END_TEST

START_TEST(link_is_not_burnt_by_wrong_tries)
{
    world *w = world_new("link_tries", ZKS_PAIR_LINK);
    zks__pair_invite v;
    zks__pair_problem problem;
    char link[ZKS_PAIR_LINK_TEXT_BYTES];
    invite(w);
    ck_assert_int_eq(zks__pair_read(w->i.code, strlen(w->i.code), &v, &problem), ZKS_OK);
    v.secret[31] ^= 1;
    ck_assert_int_eq(zks__pair_link_text(&v, link), ZKS_OK);
    for (int n = 0; n < 3 * ZKS_PAIRING_TRIES; n++) {
        join(w, 0, link);
        expect_end(&w->j[0], ZKS_E_WRONG_CODE, "code is wrong");
        ck_assert(!w->i.ended);
    }
    join(w, 1, NULL);
    expect_paired(w, 1);
    world_free(w);
}
END_TEST

START_TEST(unknown_nameplate_is_told)
{
    world *w = world_new("unknown", ZKS_PAIR_CODE);
    char code[ZKS_PAIR_CODE_TEXT_BYTES];
    invite(w);
    memcpy(code, w->i.code, sizeof code);
    code[0] = '8';
    join(w, 0, code);
    expect_end(&w->j[0], ZKS_E_CODE_UNKNOWN, "knows no such");
    ck_assert(!w->i.ended);
    world_free(w);
}
END_TEST

START_TEST(two_joiners_at_once_second_is_told_busy)
{
    world *w = world_new("two", ZKS_PAIR_CODE);
    invite(w);
    w->i.hold_answer = true;
    join(w, 0, NULL);
    ck_assert_uint_eq(w->i.asks, 1);
    join(w, 1, NULL);
    expect_end(&w->j[1], ZKS_E_BUSY, "right now");
    pair_glue_answer(&w->i, true);
    run(w);
    expect_paired(w, 0);
    world_free(w);
}
END_TEST

/* --- tampering -------------------------------------------------------------------- */

static bool tamper_flip(world *w, uint8_t number, uint8_t *data, size_t *length)
{
    if (number == w->target && w->at < *length) {
        data[w->at] ^= (uint8_t)(1u << (w->at % 8));
    }
    return true;
}

static bool tamper_cut(world *w, uint8_t number, uint8_t *data, size_t *length)
{
    (void)data;
    if (number == w->target && w->at < *length) {
        *length = w->at;
    }
    return true;
}

static bool tamper_append(world *w, uint8_t number, uint8_t *data, size_t *length)
{
    if (number == w->target) {
        memset(data + *length, 0, 1 + w->at);
        *length += 1 + w->at;
    }
    return true;
}

/* Another message of this run in its place: the wrong order, or one again. */
static bool tamper_replace(world *w, uint8_t number, uint8_t *data, size_t *length)
{
    if (number == w->target && w->kept_length[w->at]) {
        memcpy(data, w->kept[w->at], w->kept_length[w->at]);
        *length = w->kept_length[w->at];
    }
    return true;
}

/* Nobody takes part in what was altered: at m7 all is done but the inviter's certainty. */
static void expect_nobody_in(world *w, uint8_t target)
{
    ck_assert(!w->i.ended || w->i.status != ZKS_OK);
    if (target < 7) {
        ck_assert(!w->j[0].ended || w->j[0].status != ZKS_OK);
        ck_assert_uint_eq(w->j[0].stores, 0);
    } else {
        ck_assert(w->i.committed);
    }
    if (target < 5) {
        ck_assert_uint_eq(w->i.asks, 0);
    }
}

static void tampered_run(world *w, tamper_fn tamper, uint8_t target, size_t at)
{
    w->tamper = tamper;
    w->target = target;
    w->at = at;
    invite(w);
    join(w, 0, NULL);
    expect_nobody_in(w, target);
}

static size_t length_of(uint8_t number)
{
    world *w = world_new("length_of", ZKS_PAIR_CODE);
    invite(w);
    join(w, 0, NULL);
    expect_paired(w, 0);
    size_t length = w->kept_length[number];
    world_free(w);
    ck_assert_uint_gt(length, 2);
    return length;
}

/* About 60 places of each message, its ends among them. */
static size_t next_place(size_t at, size_t length)
{
    size_t step = length / 60 + 1;
    return at + 1 == length ? length : at + step < length ? at + step : length - 1;
}

START_TEST(message_flipped_anywhere_lets_nobody_in)
{
    uint8_t number = (uint8_t)_i;
    size_t length = length_of(number);
    for (size_t at = 0; at < length; at = next_place(at, length)) {
        world *w = world_new("flipped", ZKS_PAIR_CODE);
        tampered_run(w, tamper_flip, number, at);
        world_free(w);
    }
}
END_TEST

START_TEST(message_cut_or_longer_lets_nobody_in)
{
    uint8_t number = (uint8_t)_i;
    size_t length = length_of(number);
    for (size_t at = 0; at < length; at = next_place(at, length)) {
        world *w = world_new("cut", ZKS_PAIR_CODE);
        tampered_run(w, tamper_cut, number, at);
        world_free(w);
    }
    for (size_t more = 0; more < 40; more += 13) {
        world *w = world_new("longer", ZKS_PAIR_CODE);
        tampered_run(w, tamper_append, number, more);
        world_free(w);
    }
}
END_TEST

START_TEST(message_in_place_of_another_lets_nobody_in)
{
    uint8_t number = (uint8_t)_i;
    for (uint8_t other = 0; other < number; other++) {
        world *w = world_new("replaced", ZKS_PAIR_CODE);
        tampered_run(w, tamper_replace, number, other);
        world_free(w);
    }
}
END_TEST

/* The same message twice: the second is unexpected, and that ends it. */
static bool tamper_twice(world *w, uint8_t number, uint8_t *data, size_t *length)
{
    if (number == w->target && w->seen[number] < 90) {
        w->seen[number] = 99;
        zks__message m = {.type = ZKS_MESSAGE_MAILBOX_PUT};
        memcpy(m.mailbox_put.nameplate, "7K2M", 4);
        m.mailbox_put.attempt = w->attempt;
        m.mailbox_put.data = (zks__slice){data, *length};
        int side = number % 2 ? 0 : w->locked;
        pair_glue_message(glue_of(w, side), &m);
    }
    return true;
}

START_TEST(message_repeated_ends_it)
{
    world *w = world_new("repeated", ZKS_PAIR_CODE);
    w->tamper = tamper_twice;
    w->target = (uint8_t)_i;
    invite(w);
    join(w, 0, NULL);
    /* m6 and m7 come again when all is done: they find ended machines. */
    if (_i < 6) {
        ck_assert(w->i.ended || w->i.wrong_tries || !w->i.digits_shown);
        ck_assert(!w->i.ended || w->i.status != ZKS_OK);
        /* at m5 all is answered at once here, so that m6 is on its way before m5 comes again */
        ck_assert(_i == 5 ? w->i.committed : w->j[0].ended && w->j[0].status != ZKS_OK);
        ck_assert_uint_eq(w->j[0].stores, _i == 5);
    } else {
        expect_paired(w, 0);
    }
    world_free(w);
}
END_TEST

/* A whole run is recorded and played to the same inviter: its sid and y are fresh. */
START_TEST(run_replayed_by_a_stranger_is_a_wrong_try)
{
    world *w = world_new("replayed", ZKS_PAIR_CODE);
    w->tamper = tamper_drop;
    w->target = 4;
    invite(w);
    join(w, 0, NULL); /* m1 and m3 are kept; m4 is lost, so the joiner gives up */
    ck_assert(w->kept_length[1] && w->kept_length[3]);
    world *other = world_new("replayed again", ZKS_PAIR_CODE);
    other->i.random = w->seed; /* the same inviter: the same code, the same everything but time */
    invite(other);
    (void)memory_random(&other->i.random);
    join(other, 0, wrong_code(other)); /* uses up the attempt that equals the recorded one */
    ck_assert_uint_eq(other->i.wrong_tries, 1);
    other->locked = 2;
    deliver_put(other, 0, w->kept[1], w->kept_length[1]);
    deliver_put(other, 0, w->kept[3], w->kept_length[3]);
    ck_assert_uint_eq(other->i.wrong_tries, 2);
    ck_assert(!other->i.digits_shown);
    world_free(other);
    world_free(w);
}
END_TEST

/* --- somebody in the middle ------------------------------------------------------- */

/* Knows the nameplate and carries the messages, but not the secret: plays the inviter with its own
 * machine. The joiner finds out at m4, before it says anything of itself. */
START_TEST(relay_that_plays_the_inviter_without_the_code_is_found_out)
{
    world *w = world_new("middle", ZKS_PAIR_CODE);
    invite(w);
    char true_code[ZKS_PAIR_CODE_TEXT_BYTES];
    memcpy(true_code, w->i.code, sizeof true_code);
    world *evil = world_new("middle's own", ZKS_PAIR_CODE);
    evil->i.random ^= 1; /* its guess */
    invite(evil);
    ck_assert_str_ne(evil->i.code, true_code);
    join(evil, 0, true_code); /* the joiner, led to it */
    expect_end(&evil->j[0], ZKS_E_WRONG_CODE, "code is wrong");
    ck_assert(!evil->j[0].digits_shown);
    ck_assert_uint_eq(evil->i.wrong_tries, 1);
    world_free(evil);
    world_free(w);
}
END_TEST

/* The joiner's word is believed blindly: an inviter that does not check T_j still has no right T_i.
 * m4 is what a real inviter of another code would send. */
static bool tamper_foreign_m4(world *w, uint8_t number, uint8_t *data, size_t *length)
{
    if (number == 4) {
        (void)length;
        for (size_t k = 2; k < 2 + 64; k++) {
            data[k] = (uint8_t)(data[k] * 7 + w->at); /* another tag */
        }
    }
    return true;
}

START_TEST(wrong_proof_of_the_inviter_is_interference)
{
    world *w = world_new("foreign m4", ZKS_PAIR_CODE);
    w->tamper = tamper_foreign_m4;
    w->at = 1;
    invite(w);
    join(w, 0, NULL);
    expect_end(&w->j[0], ZKS_E_PROTOCOL, "somebody interferes");
    expect_end(&w->i, ZKS_E_PROTOCOL, "somebody interferes");
    world_free(w);
}
END_TEST

/* Knows the code (looked over a shoulder) and sits between: both sides pair with it, but the digits
 * differ, and the users see it. That it cannot choose them is what the commitment is for. */
START_TEST(middle_that_knows_the_code_shows_other_digits)
{
    world *w = world_new("knows", ZKS_PAIR_CODE);
    invite(w);
    w->i.hold_answer = true;
    join(w, 0, NULL); /* its own joiner with the inviter */
    world *evil = world_new("knows, other side", ZKS_PAIR_CODE);
    evil->i.random = w->seed; /* so it has the same code */
    invite(evil);
    ck_assert_str_eq(evil->i.code, w->i.code);
    evil->i.hold_answer = true;
    evil->seed++;
    join(evil, 0, NULL); /* the victim with its inviter */
    ck_assert(w->i.digits_shown && evil->j[0].digits_shown);
    ck_assert_uint_ne(w->i.digits, evil->j[0].digits); /* equal once in a million runs */
    world_free(evil);
    world_free(w);
}
END_TEST

/* The inviter's y is another than promised: the promise is checked before it is used. */
static bool tamper_other_y(world *w, uint8_t number, uint8_t *data, size_t *length)
{
    (void)length;
    if (number == 2) { /* a good element, from the joiner's own m1 */
        memcpy(data + 2, w->kept[1] + 2, 32);
    }
    return true;
}

START_TEST(inviter_that_breaks_its_promise_is_refused)
{
    world *w = world_new("promise", ZKS_PAIR_CODE);
    w->tamper = tamper_other_y;
    invite(w);
    join(w, 0, NULL);
    expect_end(&w->j[0], ZKS_E_PROTOCOL, "does not fit together");
    ck_assert_uint_eq(w->seen[3], 0); /* no proof was sent to it */
    world_free(w);
}
END_TEST

/* --- content ---------------------------------------------------------------------- */

static const struct {
    pair_fault fault;
    bool of_joiner;
    zks_status inviter, joiner;
} faults[] = {
    {PAIR_FAULT_NO_MEMBER, false, ZKS_E_PROTOCOL, ZKS_E_PROTOCOL},
    {PAIR_FAULT_FORGED_MEMBER, false, ZKS_E_PROTOCOL, ZKS_E_PROTOCOL},
    {PAIR_FAULT_OTHER_RELAY, false, ZKS_E_PROTOCOL, ZKS_E_PROTOCOL},
    {PAIR_FAULT_BROKEN_BUNDLE, false, ZKS_E_TRUNCATED, ZKS_E_CODE_CANCELLED},
    {PAIR_FAULT_COMMIT_FAILS, false, ZKS_E_CONFLICT, ZKS_E_CODE_CANCELLED},
    {PAIR_FAULT_MORE_RIGHTS, true, ZKS_E_PROTOCOL, ZKS_E_PROTOCOL},
    {PAIR_FAULT_OTHER_GROUP, true, ZKS_E_PROTOCOL, ZKS_E_PROTOCOL},
    {PAIR_FAULT_BAD_NAME, true, ZKS_E_CODE_CANCELLED, ZKS_E_INVALID},
    {PAIR_FAULT_STORE_FAILS, true, ZKS_E_PROTOCOL, ZKS_E_STORE_FULL},
};

START_TEST(content_that_is_wrong_ends_it_on_both_sides)
{
    world *w = world_new("fault", ZKS_PAIR_CODE);
    *(faults[_i].of_joiner ? &w->j[0].fault : &w->i.fault) = faults[_i].fault;
    invite(w);
    join(w, 0, NULL);
    ck_assert(w->i.ended && w->j[0].ended);
    ck_assert_int_eq(w->i.status, faults[_i].inviter);
    ck_assert_int_eq(w->j[0].status, faults[_i].joiner);
    ck_assert(w->gone);
    world_free(w);
}
END_TEST

/* A link names its group: an inviter of another one with the same secret is refused. */
START_TEST(link_of_another_group_is_refused)
{
    world *w = world_new("other group", ZKS_PAIR_LINK);
    zks__pair_invite v;
    zks__pair_problem problem;
    char link[ZKS_PAIR_LINK_TEXT_BYTES];
    invite(w);
    ck_assert_int_eq(zks__pair_read(w->i.code, strlen(w->i.code), &v, &problem), ZKS_OK);
    v.group_id[3] ^= 1;
    ck_assert_int_eq(zks__pair_link_text(&v, link), ZKS_OK);
    join(w, 0, link);
    expect_end(&w->j[0], ZKS_E_WRONG_GROUP, "another group");
    ck_assert_uint_eq(w->i.asks, 0);
    world_free(w);
}
END_TEST

START_TEST(link_at_another_relay_is_refused)
{
    world *w = world_new("other relay", ZKS_PAIR_LINK);
    invite(w);
    pair_joiner_init(&w->j[0], &w->group, w->i.code, relay_key, 1, on_send, &w->side[1]);
    w->j[0].relay_key[0] ^= 1;
    pair_glue_event(&w->j[0], ZKS_PAIRING_CONNECTED);
    ck_assert(w->j[0].ended);
    ck_assert_int_eq(w->j[0].status, ZKS_E_RELAY_KEY_CHANGED);
    ck_assert_uint_eq(w->queued, 0);
    world_free(w);
}
END_TEST

/* The relay's key is part of what is agreed on: a relay in front of the relay has another one. */
START_TEST(code_through_another_relay_is_wrong)
{
    world *w = world_new("relay in front", ZKS_PAIR_CODE);
    invite(w);
    pair_joiner_init(&w->j[0], &w->group, w->i.code, relay_key, 1, on_send, &w->side[1]);
    w->j[0].relay_key[0] ^= 1;
    pair_glue_event(&w->j[0], ZKS_PAIRING_CONNECTED);
    run(w);
    expect_end(&w->j[0], ZKS_E_WRONG_CODE, "wrong");
    world_free(w);
}
END_TEST

/* --- users and time --------------------------------------------------------------- */

START_TEST(user_declines_both_are_told)
{
    world *w = world_new("declined", ZKS_PAIR_CODE);
    w->i.decline = true;
    invite(w);
    join(w, 0, NULL);
    expect_end(&w->i, ZKS_E_CANCELLED, "was cancelled");
    expect_end(&w->j[0], ZKS_E_CODE_CANCELLED, "declined");
    ck_assert_uint_eq(w->j[0].stores, 0);
    join(w, 1, NULL);
    expect_end(&w->j[1], ZKS_E_CODE_CANCELLED, "cancelled");
    world_free(w);
}
END_TEST

START_TEST(inviter_cancels_before_anybody_comes)
{
    world *w = world_new("cancelled", ZKS_PAIR_CODE);
    invite(w);
    pair_glue_event(&w->i, ZKS_PAIRING_CANCEL);
    run(w);
    expect_end(&w->i, ZKS_E_CANCELLED, "no good any more");
    join(w, 0, NULL);
    expect_end(&w->j[0], ZKS_E_CODE_CANCELLED, "cancelled");
    world_free(w);
}
END_TEST

START_TEST(joiner_cancels_while_the_other_user_is_asked)
{
    world *w = world_new("joiner cancels", ZKS_PAIR_CODE);
    w->i.hold_answer = true;
    invite(w);
    join(w, 0, NULL);
    pair_glue_event(&w->j[0], ZKS_PAIRING_CANCEL);
    run(w);
    expect_end(&w->j[0], ZKS_E_CANCELLED, "cancelled");
    expect_end(&w->i, ZKS_E_CODE_CANCELLED, "other device cancelled");
    world_free(w);
}
END_TEST

START_TEST(code_expires_after_ten_minutes)
{
    world *w = world_new("expired", ZKS_PAIR_CODE);
    invite(w);
    ck_assert(pair_glue_deadline(&w->i) == 1000 + 600000);
    w->i.now_ms = 1000 + 600000 - 1;
    pair_glue_event(&w->i, ZKS_PAIRING_TICK);
    ck_assert(!w->i.ended);
    w->i.now_ms++;
    pair_glue_event(&w->i, ZKS_PAIRING_TICK);
    run(w);
    expect_end(&w->i, ZKS_E_CODE_EXPIRED, "time is over");
    ck_assert(pair_glue_deadline(&w->i) == UINT64_MAX);
    join(w, 0, NULL);
    expect_end(&w->j[0], ZKS_E_CODE_EXPIRED, "time is over");
    world_free(w);
}
END_TEST

/* The code expires while the user thinks. */
START_TEST(code_expires_while_the_user_is_asked)
{
    world *w = world_new("asked too long", ZKS_PAIR_CODE);
    w->i.hold_answer = true;
    invite(w);
    join(w, 0, NULL);
    w->i.now_ms += 600000;
    pair_glue_answer(&w->i, true); /* too late */
    run(w);
    expect_end(&w->i, ZKS_E_CODE_EXPIRED, "time is over");
    expect_end(&w->j[0], ZKS_E_CODE_EXPIRED, "time is over");
    world_free(w);
}
END_TEST

/* A message never comes: who waits for it says so after a minute. */
START_TEST(message_lost_times_out)
{
    uint8_t number = (uint8_t)_i;
    world *w = world_new("silence", ZKS_PAIR_CODE);
    w->tamper = tamper_drop;
    w->target = number;
    invite(w);
    join(w, 0, NULL);
    pair_glue *waits = number % 2 ? &w->i : &w->j[0];
    if (number == 1 || number == 6) { /* the inviter waits for m1 as long as the code lives */
        waits = &w->j[0];
    }
    ck_assert(!waits->ended);
    uint64_t due = pair_glue_deadline(waits);
    ck_assert_uint_le(due, 1000 + (number == 6 ? 600000 : 60000));
    waits->now_ms = due - 1;
    pair_glue_event(waits, ZKS_PAIRING_TICK);
    ck_assert(!waits->ended);
    w->tamper = NULL;
    waits->now_ms = w->i.now_ms = due;
    pair_glue_event(waits, ZKS_PAIRING_TICK);
    run(w);
    if (number == 3) { /* a wrong try, and the code lives on */
        ck_assert(!w->i.ended);
        ck_assert_uint_eq(w->i.wrong_tries, 1);
        expect_end(&w->j[0], ZKS_E_BUSY, "try again");
        join(w, 1, NULL);
        expect_paired(w, 1);
    } else {
        expect_end(waits, ZKS_E_TIMEOUT, "did not answer in time");
    }
    world_free(w);
}
END_TEST

/* --- connections ------------------------------------------------------------------ */

START_TEST(inviter_reconnects_and_the_code_still_works)
{
    world *w = world_new("reconnect", ZKS_PAIR_CODE);
    invite(w);
    pair_glue_lost(&w->i, ZKS_E_CONNECTION_LOST);
    ck_assert(!w->i.ended);
    w->attempt = 5; /* the relay goes on counting */
    pair_glue_event(&w->i, ZKS_PAIRING_CONNECTED);
    run(w);
    ck_assert_uint_eq(w->i.codes, 1);
    join(w, 0, NULL);
    expect_paired(w, 0);
    world_free(w);
}
END_TEST

START_TEST(relay_that_forgot_the_code_is_told)
{
    world *w = world_new("forgot", ZKS_PAIR_CODE);
    zks__message m = {.type = ZKS_MESSAGE_ERROR};
    m.error.code = ZKS_WIRE_CODE_UNKNOWN;
    m.error.about = ZKS_MESSAGE_MAILBOX_OPEN;
    invite(w);
    pair_glue_lost(&w->i, ZKS_E_CONNECTION_LOST);
    pair_glue_message(&w->i, &m); /* of another machine: no session, no error */
    ck_assert(!w->i.ended);
    pair_glue_event(&w->i, ZKS_PAIRING_CONNECTED);
    pair_glue_message(&w->i, &m);
    expect_end(&w->i, ZKS_E_CODE_UNKNOWN, "has forgotten this code");
    world_free(w);
}
END_TEST

START_TEST(connection_lost_after_the_proof_ends_it)
{
    world *w = world_new("lost", ZKS_PAIR_CODE);
    w->i.hold_answer = true;
    invite(w);
    join(w, 0, NULL);
    if (_i) {
        pair_glue_lost(&w->i, ZKS_E_CONNECTION_LOST);
        expect_end(&w->i, ZKS_E_CONNECTION_LOST, "in the middle");
        ck_assert(!w->i.committed);
    } else {
        pair_glue_lost(&w->j[0], ZKS_E_CONNECTION_LOST);
        expect_end(&w->j[0], ZKS_E_CONNECTION_LOST, "in the middle");
        w->locked = NOBODY;
        attempt_over(w, ZKS_WIRE_BUSY); /* the relay says so */
        run(w);
        expect_end(&w->i, ZKS_E_CONNECTION_LOST, "in the middle");
        ck_assert(w->gone && w->gone_code == ZKS_WIRE_CODE_USED); /* it was single use */
    }
    world_free(w);
}
END_TEST

/* The MEMBER is at the relay, the answer is not known: the user must look at the device list. */
START_TEST(connection_lost_after_the_commit_says_so)
{
    world *w = world_new("lost late", ZKS_PAIR_CODE);
    w->i.hold_commit = true;
    invite(w);
    join(w, 0, NULL);
    ck_assert(!w->i.ended);
    pair_glue_lost(&w->i, ZKS_E_CONNECTION_LOST);
    expect_end(&w->i, ZKS_E_CONNECTION_LOST, "in the middle");
    ck_assert(w->i.committed);
    world_free(w);
}
END_TEST

/* --- the relay lies about success ------------------------------------------------- */

START_TEST(relay_cannot_claim_success)
{
    world *w = world_new("claims", ZKS_PAIR_CODE);
    invite(w);
    deliver_close(w, 0, 0, ZKS_WIRE_OK);
    expect_end(&w->i, ZKS_E_CODE_UNKNOWN, "forgotten");
    join_without_running(w, 0, NULL);
    deliver_close(w, 1, 1, ZKS_WIRE_OK);
    expect_end(&w->j[0], ZKS_E_CODE_USED, "used");
    world_free(w);
}
END_TEST

START_TEST(inviter_config_that_cannot_work_is_refused)
{
    pair_group group;
    zks__inviter *i = NULL;
    zks__pair_relay relay = {.address = "a b"};
    pair_group_init(&group, ZKS_SUITE_SODIUM, 1);
    zks__inviter_config c = {.kind = ZKS_PAIR_CODE,
                             .relay_key = relay_key,
                             .group = {.suite = 1,
                                       .mode = ZKS_GROUP_MODE_SHARED,
                                       .genesis = {group.genesis, group.genesis_length}}};
    ck_assert_int_eq(zks__inviter_new(&c, &i), ZKS_E_UNSUPPORTED);
    c.group.mode = ZKS_GROUP_MODE_PAIRED;
    c.group.suite = 99;
    ck_assert_int_eq(zks__inviter_new(&c, &i), ZKS_E_SUITE);
    c.group.suite = 1;
    c.kind = ZKS_PAIR_LINK;
    ck_assert_int_eq(zks__inviter_new(&c, &i), ZKS_E_INVALID);
    c.relays = &relay;
    c.relay_count = 1;
    ck_assert_int_eq(zks__inviter_new(&c, &i), ZKS_E_INVALID); /* not the session's relay */
    memcpy(relay.key, relay_key, sizeof relay.key);
    ck_assert_int_eq(zks__inviter_new(&c, &i), ZKS_E_INVALID); /* no address */
    ck_assert_ptr_null(i);
}
END_TEST

static void add(TCase *c)
{
    tcase_add_test(c, pairing_by_code_lets_the_device_in);
    tcase_add_test(c, pairing_by_link_lets_the_device_in);
    tcase_add_test(c, pairing_by_link_works_in_every_suite_of_the_build);
    tcase_add_test(c, pairing_on_the_way_shows_no_secret);
    tcase_add_test(c, wrong_code_is_told_on_both_sides_and_the_right_one_still_works);
    tcase_add_test(c, third_wrong_code_burns_the_code);
    tcase_add_test(c, joiner_that_leaves_after_the_answer_has_tried);
    tcase_add_test(c, joiner_that_leaves_before_the_answer_has_not_tried);
    tcase_add_test(c, link_is_not_burnt_by_wrong_tries);
    tcase_add_test(c, unknown_nameplate_is_told);
    tcase_add_test(c, two_joiners_at_once_second_is_told_busy);
    tcase_add_loop_test(c, message_flipped_anywhere_lets_nobody_in, 0, MESSAGES);
    tcase_add_loop_test(c, message_cut_or_longer_lets_nobody_in, 0, MESSAGES);
    tcase_add_loop_test(c, message_in_place_of_another_lets_nobody_in, 1, MESSAGES);
    tcase_add_loop_test(c, message_repeated_ends_it, 0, MESSAGES);
    tcase_add_test(c, run_replayed_by_a_stranger_is_a_wrong_try);
    tcase_add_test(c, relay_that_plays_the_inviter_without_the_code_is_found_out);
    tcase_add_test(c, wrong_proof_of_the_inviter_is_interference);
    tcase_add_test(c, middle_that_knows_the_code_shows_other_digits);
    tcase_add_test(c, inviter_that_breaks_its_promise_is_refused);
    tcase_add_loop_test(c, content_that_is_wrong_ends_it_on_both_sides, 0, ZKS_COUNTOF(faults));
    tcase_add_test(c, link_of_another_group_is_refused);
    tcase_add_test(c, link_at_another_relay_is_refused);
    tcase_add_test(c, code_through_another_relay_is_wrong);
    tcase_add_test(c, user_declines_both_are_told);
    tcase_add_test(c, inviter_cancels_before_anybody_comes);
    tcase_add_test(c, joiner_cancels_while_the_other_user_is_asked);
    tcase_add_test(c, code_expires_after_ten_minutes);
    tcase_add_test(c, code_expires_while_the_user_is_asked);
    tcase_add_loop_test(c, message_lost_times_out, 0, MESSAGES);
    tcase_add_test(c, inviter_reconnects_and_the_code_still_works);
    tcase_add_test(c, relay_that_forgot_the_code_is_told);
    tcase_add_loop_test(c, connection_lost_after_the_proof_ends_it, 0, 2);
    tcase_add_test(c, connection_lost_after_the_commit_says_so);
    tcase_add_test(c, relay_cannot_claim_success);
    tcase_add_test(c, inviter_config_that_cannot_work_is_refused);
}

int main(void)
{
    return zks__crypto_init() ? EXIT_FAILURE : unit_main("pairing", add);
}
