/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* An inviter, joiners and a mailbox in memory that does what a test tells it to. Header only. */
#ifndef ZKS_TESTS_PAIR_WORLD_H
#define ZKS_TESTS_PAIR_WORLD_H

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

static inline void on_send(const zks__message *m, void *user)
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

static inline world *world_new(const char *test, zks__pair_kind kind)
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

static inline void world_free(world *w)
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

static inline pair_glue *glue_of(world *w, int side)
{
    return side ? &w->j[side - 1] : &w->i;
}

static inline void deliver_close(world *w, int side, uint32_t attempt, uint32_t code)
{
    zks__message m = {.type = ZKS_MESSAGE_MAILBOX_CLOSE};
    memcpy(m.mailbox_close.nameplate, "7K2M", 4);
    m.mailbox_close.attempt = attempt;
    m.mailbox_close.code = code;
    pair_glue_message(glue_of(w, side), &m);
}

static inline void deliver_put(world *w, int side, const uint8_t *data, size_t length)
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

static inline void attempt_over(world *w, uint32_t code)
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

static inline void relay_put(world *w, int from, const zks__mailbox_put *m)
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

static inline void relay_get(world *w, int from, const zks__mailbox_get *m)
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

static inline void relay_close(world *w, int from, const zks__mailbox_close *m)
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

static inline void relay_open(world *w, const zks__mailbox_open *m)
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
static inline void run(world *w)
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

static inline void invite(world *w)
{
    pair_glue_event(&w->i, ZKS_PAIRING_CONNECTED);
    run(w);
    ck_assert_uint_eq(w->i.codes, 1);
}

/* Joiner `which` comes with this code, or with the right one. */
static inline void join_without_running(world *w, int which, const char *code)
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

static inline void join(world *w, int which, const char *code)
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

static inline void expect_end(const pair_glue *g, zks_status status, const char *sentence)
{
    ck_assert(g->ended);
    ck_assert_msg(g->status == status, "%d instead of %d: %s", (int)g->status, (int)status,
                  g->text);
    ck_assert_msg(strstr(g->text, sentence) != NULL, "'%s' does not say '%s'", g->text, sentence);
}

static inline void expect_paired(world *w, int which)
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

/* The message `target` never comes. */
static inline bool tamper_drop(world *w, uint8_t number, uint8_t *data, size_t *length)
{
    (void)data;
    (void)length;
    return number != w->target;
}

#endif
