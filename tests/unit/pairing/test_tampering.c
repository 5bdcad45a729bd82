/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Whole pairings in memory over a mailbox that alters, repeats and exchanges what it carries, and
 * with somebody in the middle. */
#include "tests/unit/pairing/pair_world.h"

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

static void add(TCase *c)
{
    tcase_add_loop_test(c, message_flipped_anywhere_lets_nobody_in, 0, MESSAGES);
    tcase_add_loop_test(c, message_cut_or_longer_lets_nobody_in, 0, MESSAGES);
    tcase_add_loop_test(c, message_in_place_of_another_lets_nobody_in, 1, MESSAGES);
    tcase_add_loop_test(c, message_repeated_ends_it, 0, MESSAGES);
    tcase_add_test(c, run_replayed_by_a_stranger_is_a_wrong_try);
    tcase_add_test(c, relay_that_plays_the_inviter_without_the_code_is_found_out);
    tcase_add_test(c, wrong_proof_of_the_inviter_is_interference);
    tcase_add_test(c, middle_that_knows_the_code_shows_other_digits);
    tcase_add_test(c, inviter_that_breaks_its_promise_is_refused);
}

int main(void)
{
    return zks__crypto_init() ? EXIT_FAILURE : unit_main("pairing_tampering", add);
}
