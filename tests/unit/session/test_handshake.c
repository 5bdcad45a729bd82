/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The handshake over a link: what binds it, what breaks it, who may speak when. */
#include "tests/support/session_pair.h"
#include "tests/support/unit.h"

#include <stdlib.h>
#include <string.h>

/* Bytes of the four records with their prefixes, and where they end in each direction. */
enum {
    FIRST = 2 + 1216,
    SECOND = 2 + 3568 + ZKS_SIGN_BYTES,
    THIRD = 2 + 2368,
    FOURTH = 2 + 1120,
    TO_ACCEPTOR = FIRST + THIRD,
    TO_INITIATOR = SECOND + FOURTH
};

typedef struct fixture {
    memory_pair *pair;
    side a, b; /* initiator, acceptor */
} fixture;

static void start(fixture *f, const memory_config *config)
{
    *f = (fixture){.pair = memory_pair_new(config)};
    side_start(&f->b, f->pair, MEMORY_ACCEPTOR);
    side_start(&f->a, f->pair, MEMORY_INITIATOR);
}

static void stop(fixture *f)
{
    side_done(&f->a);
    side_done(&f->b);
    memory_pair_free(f->pair);
}

static zks__message pull_message(uint64_t after)
{
    return (zks__message){.type = ZKS_MESSAGE_PULL, .pull = {.after = after, .max_bytes = 1}};
}

/* Neither side may take it for a session. */
static void check_no_session(const fixture *f)
{
    ck_assert_int_eq(f->a.ready, 0);
    ck_assert(!f->a.session || !zks__session_established(f->a.session));
    ck_assert(!f->b.session || !zks__session_established(f->b.session));
    ck_assert_uint_eq(f->a.count + f->b.count, 0);
}

START_TEST(handshake_has_the_sizes_of_the_protocol)
{
    fixture f;
    start(&f, &(memory_config){.seed = 1});
    memory_pair_run(f.pair);
    ck_assert_int_eq(f.a.ready, 1);
    ck_assert_uint_eq(memory_pair_delivered(f.pair, MEMORY_ACCEPTOR), TO_ACCEPTOR);
    ck_assert_uint_eq(memory_pair_delivered(f.pair, MEMORY_INITIATOR), TO_INITIATOR);
    ck_assert_int_ge(ZKS_HANDSHAKE_1_MAX_BYTES, FIRST - 2);
    ck_assert_int_ge(ZKS_HANDSHAKE_2_MAX_BYTES, SECOND - 2);
    ck_assert_int_ge(ZKS_HANDSHAKE_3_MAX_BYTES, THIRD - 2);
    ck_assert_int_eq(ZKS_HANDSHAKE_4_MAX_BYTES, FOURTH - 2);
    stop(&f);
}
END_TEST

START_TEST(handshake_passes_in_pieces_of_any_size)
{
    static const size_t pieces[] = {1, 2, 3, 100, 1217, 5000};
    static const size_t windows[] = {1, 50, 100000};
    for (size_t w = 0; w < ZKS_COUNTOF(windows); w++) {
        fixture f;
        start(&f, &(memory_config){.seed = 2, .max_piece = pieces[_i], .window = windows[w]});
        memory_pair_run(f.pair);
        ck_assert_int_eq(f.a.ready, 1);
        ck_assert_uint_eq(memory_pair_unconsumed(f.pair, 0) + memory_pair_unconsumed(f.pair, 1), 0);
        stop(&f);
    }
}
END_TEST

START_TEST(the_acceptor_is_silent_until_the_first_record_opens)
{
    fixture f;
    zks__message m = pull_message(1);
    start(&f, &(memory_config){.seed = 3});
    ck_assert_int_eq(zks__session_send(f.b.session, &m), ZKS_E_STATE);
    memory_pair_run(f.pair);
    ck_assert(zks__session_established(f.a.session));
    ck_assert(!zks__session_established(f.b.session));
    ck_assert_int_eq(zks__session_send(f.b.session, &m), ZKS_E_STATE);
    ck_assert_int_eq(zks__session_send(f.a.session, &m), ZKS_OK);
    memory_pair_run(f.pair);
    ck_assert_uint_eq(f.b.count, 1);
    ck_assert_int_eq(zks__session_send(f.b.session, &m), ZKS_OK);
    memory_pair_run(f.pair);
    ck_assert_uint_eq(f.a.count, 1);
    ck_assert_int_eq(f.a.drained + f.b.drained, 0);
    stop(&f);
}
END_TEST

/* Also paused: what arrives waits, and the handshake goes on at the resume. */
START_TEST(a_pause_during_the_handshake_only_delays_it)
{
    fixture f;
    start(&f, &(memory_config){.seed = 4});
    zks__session_pause(f.b.session);
    memory_pair_run(f.pair);
    ck_assert_int_eq(f.a.ready, 0);
    zks__session_resume(f.b.session);
    memory_pair_run(f.pair);
    ck_assert_int_eq(f.a.ready, 1);
    stop(&f);
}
END_TEST

START_TEST(the_peer_statics_are_those_that_it_has)
{
    fixture f;
    uint8_t dh[2][ZKS_DH_PUBLIC_BYTES], kem[2][ZKS_KEM_PUBLIC_BYTES];
    start(&f, &(memory_config){.seed = 5});
    const side *sides[] = {&f.a, &f.b};
    for (int i = 0; i < 2; i++) {
        sides[i]->keys.suite->dh_public(sides[i]->keys.dh_secret, dh[i]);
        zks__crypto_kem_public(sides[i]->keys.kem_seed, kem[i]);
    }
    ck_assert(!zks__session_peer_has(f.b.session, ZKS_SUITE_SODIUM, dh[0], kem[0]));
    memory_pair_run(f.pair);
    for (int i = 0; i < 2; i++) {
        const zks__session *s = sides[1 - i]->session;
        ck_assert(zks__session_peer_has(s, ZKS_SUITE_SODIUM, dh[i], kem[i]));
        ck_assert(!zks__session_peer_has(s, ZKS_SUITE_SODIUM, dh[1 - i], kem[i]));
        ck_assert(!zks__session_peer_has(s, ZKS_SUITE_SODIUM, dh[i], kem[1 - i]));
        ck_assert(!zks__session_peer_has(s, ZKS_SUITE_SODIUM + 1, dh[i], kem[i]));
        ck_assert_uint_eq(zks__session_suite(s)->id, ZKS_SUITE_SODIUM);
    }
    stop(&f);
}
END_TEST

/* --- what binds a session: bare ends write the prologue by hand --- */

/* _i: the part of the prologue that differs; 0: none. */
START_TEST(another_prologue_gives_no_session_with_an_acceptor)
{
    fixture f = {.pair = memory_pair_new(&(memory_config){.seed = 6})};
    bare_end bare = {.prologue_flip = (uint8_t)_i};
    side_start(&f.b, f.pair, MEMORY_ACCEPTOR);
    bare_start(&bare, f.pair, MEMORY_INITIATOR);
    memory_pair_run(f.pair);
    ck_assert(bare.shaken == (_i == 0));
    if (_i == 0) {
        bare_write_record(&bare, "\x01\xbb", 2); /* proves it: an unknown message */
        memory_pair_run(f.pair);
        ck_assert_mem_eq(zks__session_hash(f.b.session), bare.result.hash, 32);
        ck_assert(zks__session_established(f.b.session));
    } else {
        ck_assert_int_eq(bare.why, ZKS_E_DECRYPT);
        check_no_session(&f);
    }
    bare_done(&bare);
    stop(&f);
}
END_TEST

START_TEST(another_prologue_gives_no_session_with_an_initiator)
{
    fixture f = {.pair = memory_pair_new(&(memory_config){.seed = 7})};
    bare_end bare = {.prologue_flip = (uint8_t)_i};
    bare_start(&bare, f.pair, MEMORY_ACCEPTOR);
    side_start(&f.a, f.pair, MEMORY_INITIATOR);
    memory_pair_run(f.pair);
    ck_assert(bare.shaken == (_i == 0));
    ck_assert_int_eq(f.a.ready, _i == 0);
    if (_i) {
        ck_assert_int_eq(f.a.status, ZKS_E_PROTOCOL);
        ck_assert_uint_eq(bare.code, -ZKS_E_PROTOCOL);
        ck_assert_uint_eq(bare.shakes, 1); /* no message 3 */
    }
    bare_done(&bare);
    stop(&f);
}
END_TEST

/* The relay's signature: not one, another's, over other statics. */
START_TEST(a_relay_without_a_right_proof_is_left_before_message_3)
{
    fixture f = {.pair = memory_pair_new(&(memory_config){.seed = 8})};
    const zks__suite *suite = zks__crypto_suite(ZKS_SUITE_SODIUM);
    zks__session_keys other;
    bare_end bare = {0};
    zks__session_keys_relay(suite, memory_pair_seed(f.pair, MEMORY_ACCEPTOR), &bare.keys);
    zks__session_keys_relay(suite, memory_pair_seed(f.pair, MEMORY_INITIATOR), &other);
    switch (_i) {
    case 0:
        memset(bare.keys.proof, 0, sizeof bare.keys.proof);
        break;
    case 1:
        bare.keys = other; /* a whole other relay */
        break;
    case 2:
        memcpy(bare.keys.dh_secret, other.dh_secret, sizeof other.dh_secret);
        break;
    case 3:
        memcpy(bare.keys.kem_seed, other.kem_seed, sizeof other.kem_seed);
        break;
    default:
        break; /* all is well */
    }
    bare_start(&bare, f.pair, MEMORY_ACCEPTOR);
    side_start(&f.a, f.pair, MEMORY_INITIATOR);
    memory_pair_run(f.pair);
    bool well = _i == 4;
    ck_assert_int_eq(f.a.ready, well);
    ck_assert_int_eq(f.a.status, well ? ZKS_OK : ZKS_E_BAD_SIGNATURE);
    ck_assert_uint_eq(bare.shakes, well ? 2 : 1);
    ck_assert(well || strstr(f.a.text, "cannot prove"));
    bare_done(&bare);
    stop(&f);
}
END_TEST

/* --- what happens on the way --- */

/* One bit of one byte: in each record its prefix, its first, last and random bytes. */
START_TEST(one_altered_bit_gives_no_session)
{
    static const size_t ends[2][3] = {{0, SECOND, TO_INITIATOR}, {0, FIRST, TO_ACCEPTOR}};
    uint64_t random = unit_seed_printed("altered") + (uint64_t)_i;
    const int to = _i / 2;
    const size_t begin = ends[to][_i % 2], end = ends[to][_i % 2 + 1];
    for (int k = 0; k < 12; k++) {
        memory_config config = {.seed = random};
        size_t at = k < 3    ? begin + (size_t)k
                    : k == 3 ? end - 1
                             : begin + 2 + (size_t)(memory_random(&random) % (end - begin - 2));
        config.flip[to] = at + 1;
        fixture f;
        start(&f, &config);
        memory_pair_run(f.pair);
        check_no_session(&f);
        bool waits = f.a.session && f.b.session;
        ck_assert_msg(!waits || at - begin < 2, "byte %zu: nobody noticed", at);
        memory_pair_lose(f.pair); /* a longer prefix: its owner's deadline comes */
        memory_pair_run(f.pair);
        ck_assert_int_eq(f.a.closed + f.b.closed, 2);
        ck_assert(f.a.status || f.a.code);
        ck_assert(f.b.status || f.b.code);
        stop(&f);
    }
}
END_TEST

/* Behind each turn of the loop, so also behind each message, the connection is lost, or one side
 * closes in good order. */
START_TEST(a_disconnect_anywhere_ends_both_sides_cleanly)
{
    for (size_t turns = 0;; turns++) {
        fixture f;
        start(&f, &(memory_config){.seed = 9, .max_piece = 16});
        for (size_t i = 0; i < turns; i++) {
            memory_pair_turn(f.pair);
        }
        bool done = f.a.ready;
        if (_i == 0) {
            memory_pair_lose(f.pair);
        } else {
            zks__session_close(_i == 1 ? f.a.session : f.b.session, 0, "gone");
        }
        memory_pair_run(f.pair);
        ck_assert_int_eq(f.a.closed, 1);
        ck_assert_int_eq(f.b.closed, 1);
        ck_assert_uint_eq(f.a.count + f.b.count, 0);
        /* Who did not close it says that it was lost, unless all of its handshake had come. */
        const side *other = _i == 1 ? &f.b : &f.a;
        bool whole = _i == 1   ? memory_pair_delivered(f.pair, MEMORY_ACCEPTOR) == TO_ACCEPTOR
                     : _i == 2 ? memory_pair_delivered(f.pair, MEMORY_INITIATOR) == TO_INITIATOR
                               : false;
        ck_assert_int_eq(other->status, whole ? ZKS_OK : ZKS_E_CONNECTION_LOST);
        stop(&f);
        if (done) {
            ck_assert_uint_ge(turns, 10);
            break;
        }
    }
}
END_TEST

/* What an initiator sent once, sent again by somebody who has nothing else. */
START_TEST(a_recorded_handshake_cannot_be_replayed)
{
    static uint8_t recorded[TO_ACCEPTOR];
    /* An honest handshake, listened to: the acceptor is bare, so that its reader is ours. */
    fixture f = {.pair = memory_pair_new(&(memory_config){.seed = 10})};
    bare_end tap = {0};
    bare_start(&tap, f.pair, MEMORY_ACCEPTOR);
    side_start(&f.a, f.pair, MEMORY_INITIATOR);
    memory_pair_run(f.pair);
    ck_assert(tap.shaken);
    ck_assert_uint_eq(tap.seen_length, sizeof recorded);
    memcpy(recorded, tap.seen, sizeof recorded);
    bare_done(&tap);
    stop(&f);

    /* Into another connection of the same two keys. */
    fixture g = {.pair = memory_pair_new(&(memory_config){.seed = 10})};
    bare_end thief = {.raw = true};
    side_start(&g.b, g.pair, MEMORY_ACCEPTOR);
    bare_start(&thief, g.pair, MEMORY_INITIATOR);
    memory_pair_run(g.pair);
    bare_write(&thief, recorded, FIRST);
    memory_pair_run(g.pair);
    ck_assert_uint_eq(thief.length, SECOND); /* message 1 proves nothing: it is answered */
    if (_i == 0) {
        bare_write(&thief, recorded + FIRST, THIRD);
    } else if (_i == 1) {
        bare_write(&thief, recorded, FIRST);
    } else { /* message 3 of another length, as if message 1 were longer */
        bare_write(&thief, recorded, FIRST + 40);
    }
    memory_pair_run(g.pair);
    ck_assert_int_eq(g.b.status, ZKS_E_PROTOCOL);
    ck_assert_uint_eq(thief.code, -ZKS_E_PROTOCOL);
    ck_assert_uint_eq(thief.length, SECOND);
    check_no_session(&g);
    bare_done(&thief);
    stop(&g);
}
END_TEST

/* --- suites: a responder takes the one whose message 1 it is --- */

static zks__suite wide; /* as suite 1, but with DH publics of 65 bytes */

static void wide_public(const uint8_t *secret, uint8_t *out_public)
{
    zks__crypto_suite(ZKS_SUITE_SODIUM)->dh_public(secret, out_public);
    memset(out_public + ZKS_DH_PUBLIC_BYTES, 4, 65 - ZKS_DH_PUBLIC_BYTES);
}

START_TEST(an_acceptor_of_several_suites_takes_the_initiators)
{
    memory_pair *pair = memory_pair_new(&(memory_config){.seed = 11});
    const zks__suite *narrow = zks__crypto_suite(ZKS_SUITE_SODIUM);
    wide = *narrow;
    wide.id = 200;
    wide.noise_name = "Noise_hybridXX_wide+MLKEM768_ChaChaPoly_SHA256";
    wide.dh_public_bytes = 65;
    wide.dh_public = wide_public;
    const zks__suite *suite = _i ? &wide : narrow;
    zks__session_keys keys[2];
    zks__session_keys_relay(narrow, memory_pair_seed(pair, MEMORY_ACCEPTOR), &keys[0]);
    zks__session_keys_relay(&wide, memory_pair_seed(pair, MEMORY_ACCEPTOR), &keys[1]);
    ck_assert_mem_ne(keys[0].dh_secret, keys[1].dh_secret, sizeof keys[0].dh_secret);
    side a = {.random = 1}, b = {.random = 2};
    const zks__rng rng = zks__crypto_rng();
    zks__session_keys_fresh(suite, &rng, &a.keys);
    side_start_with(&b, pair, MEMORY_ACCEPTOR, keys, 2);
    side_start(&a, pair, MEMORY_INITIATOR);
    memory_pair_run(pair);
    ck_assert_int_eq(a.ready, 1);
    ck_assert_ptr_eq(zks__session_suite(b.session), suite);
    ck_assert_uint_eq(memory_pair_delivered(pair, MEMORY_ACCEPTOR),
                      TO_ACCEPTOR + (_i ? 2 * 33 : 0));
    side_done(&a);
    side_done(&b);
    memory_pair_free(pair);
}
END_TEST

static void add(TCase *c)
{
    tcase_add_test(c, handshake_has_the_sizes_of_the_protocol);
    tcase_add_loop_test(c, handshake_passes_in_pieces_of_any_size, 0, 6);
    tcase_add_test(c, the_acceptor_is_silent_until_the_first_record_opens);
    tcase_add_test(c, a_pause_during_the_handshake_only_delays_it);
    tcase_add_test(c, the_peer_statics_are_those_that_it_has);
    tcase_add_loop_test(c, another_prologue_gives_no_session_with_an_acceptor, 0,
                        PROLOGUE_PARTS + 1);
    tcase_add_loop_test(c, another_prologue_gives_no_session_with_an_initiator, 0,
                        PROLOGUE_PARTS + 1);
    tcase_add_loop_test(c, a_relay_without_a_right_proof_is_left_before_message_3, 0, 5);
    tcase_add_loop_test(c, one_altered_bit_gives_no_session, 0, 4);
    tcase_add_loop_test(c, a_disconnect_anywhere_ends_both_sides_cleanly, 0, 3);
    tcase_add_loop_test(c, a_recorded_handshake_cannot_be_replayed, 0, 3);
    tcase_add_loop_test(c, an_acceptor_of_several_suites_takes_the_initiators, 0, 2);
}

int main(void)
{
    return unit_main("session handshake", add);
}
