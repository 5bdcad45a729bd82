/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What must not become a session: each message altered, cut, repeated or out of turn, either half
 * of the hybrid broken, another prologue, name or static. */
#include "noise_help.h"

enum { MESSAGES = 4, MESSAGE_BYTES = 4096 };

/* Behind message 1: positions in messages 2 to 4 at which a field begins, tag included. */
static const size_t fields[MESSAGES][6] = {
    {0, 32},                           /* e.dh, e.kem; then the payload in clear */
    {0, 1088, 1120, 2304, 2352, 3552}, /* ekem, e.dh, e.kem, s.dh, s.kem, payload */
    {0, 1104, 1152, 2352},             /* skem, s.dh, s.kem, payload */
    {0, 1104},                         /* skem, payload */
};

START_TEST(handshake_sizes_are_those_of_the_design)
{
    static const size_t sizes[] = {1216, 3568, 2368, 1120};
    uint8_t message[MESSAGE_BYTES];
    ends e;
    ends_start(&e, 1);
    for (size_t i = 0; i < MESSAGES; i++) {
        ck_assert_uint_eq(zks__noise_size(e.noise[0], 0), sizes[i]);
        ck_assert_uint_eq(zks__noise_size(e.noise[1], 7), sizes[i] + 7);
        size_t length = ends_write(&e, i, message, sizeof message);
        ck_assert_int_eq(ends_read(&e, i, message, length), ZKS_OK);
    }
    ends_stop(&e);
}
END_TEST

START_TEST(peer_statics_and_hash_are_known_at_the_end)
{
    uint8_t dh[ZKS_DH_PUBLIC_BYTES], kem[ZKS_KEM_PUBLIC_BYTES];
    ends e;
    ends_start(&e, 2);
    ends_run(&e, MESSAGES);
    for (int side = 0; side < 2; side++) {
        e.config[0].suite->dh_public(e.dh_secret[side], dh);
        zks__crypto_kem_public(e.kem_seed[side], kem);
        ck_assert_mem_eq(zks__noise_peer_dh(e.noise[1 - side]), dh, sizeof dh);
        ck_assert_mem_eq(zks__noise_peer_kem(e.noise[1 - side]), kem, sizeof kem);
    }
    ck_assert_mem_eq(zks__noise_handshake_hash(e.noise[0]), zks__noise_handshake_hash(e.noise[1]),
                     32);
    ends_stop(&e);
}
END_TEST

/* Whether the handshake completes on both sides and the two ends share keys. */
static bool agree(ends *e)
{
    zks__noise_cipher send[2], receive[2];
    for (int side = 0; side < 2; side++) {
        if (zks__noise_split(e->noise[side], &zks__noise_limits_default, &send[side],
                             &receive[side])) {
            return false;
        }
    }
    return memcmp(send[0].key, receive[1].key, 32) == 0 &&
           memcmp(send[1].key, receive[0].key, 32) == 0;
}

/* Goes on behind message `number` as two honest ends would; whether they agree at the end. */
static bool go_on(ends *e, size_t number)
{
    uint8_t message[MESSAGE_BYTES];
    for (size_t i = number; i < MESSAGES; i++) {
        size_t length = 0;
        if (zks__noise_write(e->noise[ends_writer(i)], "payload", 7, message, sizeof message,
                             &length) ||
            ends_read(e, i, message, length)) {
            return false;
        }
    }
    return agree(e);
}

/* One bit of each field of each message, also where only the end notices: the first message is in
 * clear, so it is message 2 that does not open. */
START_TEST(one_altered_bit_anywhere_gives_no_session)
{
    uint64_t random = unit_seed_printed("altered");
    size_t number = (size_t)_i;
    for (size_t f = 0; f < ZKS_COUNTOF(fields[0]) && (f == 0 || fields[number][f]); f++) {
        uint8_t message[MESSAGE_BYTES];
        ends e;
        ends_start(&e, 3 + random);
        ends_run(&e, number);
        size_t length = ends_write(&e, number, message, sizeof message);
        size_t end = f + 1 < ZKS_COUNTOF(fields[0]) && fields[number][f + 1] ? fields[number][f + 1]
                                                                             : length;
        draws dice = {.seed = random + f};
        uint32_t roll = 0;
        draws_fill(&roll, sizeof roll, &dice);
        size_t at = fields[number][f] + roll % (end - fields[number][f]);
        /* X25519 ignores the top bit of a public key, but the hash does not. */
        message[at] ^= (uint8_t)(1 << (roll >> 16) % 8);
        zks_status status = zks__noise_read(e.noise[1 - ends_writer(number)], message, length,
                                            &(const uint8_t *){NULL}, &(size_t){0});
        ck_assert_msg(status == ZKS_OK || status == ZKS_E_DECRYPT || status == ZKS_E_MALFORMED,
                      "message %zu byte %zu: %d", number, at, (int)status);
        ck_assert_msg(number == 0 || status, "message %zu byte %zu passed", number, at);
        ck_assert(status || !go_on(&e, number + 1));
        ends_stop(&e);
    }
}
END_TEST

START_TEST(a_message_of_another_length_is_refused)
{
    static const int change[] = {-4000, -8, -1, 1, 100};
    for (size_t number = 0; number < MESSAGES; number++) {
        for (size_t i = 0; i < ZKS_COUNTOF(change); i++) {
            uint8_t message[MESSAGE_BYTES] = {0};
            ends e;
            ends_start(&e, 4);
            ends_run(&e, number);
            size_t length = ends_write(&e, number, message, sizeof message);
            size_t other = (int)length + change[i] < 0 ? 0 : (size_t)((int)length + change[i]);
            zks_status status = zks__noise_read(e.noise[1 - ends_writer(number)], message, other,
                                                &(const uint8_t *){NULL}, &(size_t){0});
            /* The first message's payload is in clear: another one is another transcript. */
            bool clear = number == 0 && other >= 1216;
            ck_assert_msg(clear ? !status : status != ZKS_OK, "message %zu, %zu bytes", number,
                          other);
            ck_assert(!clear || !go_on(&e, 1));
            ends_stop(&e);
        }
    }
}
END_TEST

/* A refused message changes nothing: the right one still passes. */
START_TEST(a_failed_read_leaves_the_state_as_it_was)
{
    uint8_t message[MESSAGE_BYTES], bad[MESSAGE_BYTES];
    ends e;
    ends_start(&e, 5);
    for (size_t i = 0; i < MESSAGES; i++) {
        size_t length = ends_write(&e, i, message, sizeof message);
        memcpy(bad, message, length);
        bad[length - 1] ^= 1;
        ck_assert(i == 0 || ends_read(&e, i, bad, length) == ZKS_E_DECRYPT);
        ck_assert_int_eq(ends_read(&e, i, message, length), ZKS_OK);
    }
    ck_assert(agree(&e));
    ends_stop(&e);
}
END_TEST

START_TEST(a_message_out_of_turn_is_refused)
{
    uint8_t message[MESSAGES][MESSAGE_BYTES], copy[MESSAGE_BYTES];
    size_t length[MESSAGES];
    const uint8_t *payload = NULL;
    size_t n = 0;
    ends e;
    ends_start(&e, 6);
    ck_assert_int_eq(zks__noise_write(e.noise[1], NULL, 0, copy, sizeof copy, &n), ZKS_E_STATE);
    ck_assert_int_eq(zks__noise_read(e.noise[0], copy, 1216, &payload, &n), ZKS_E_STATE);
    for (size_t i = 0; i < MESSAGES; i++) {
        length[i] = ends_write(&e, i, message[i], sizeof message[i]);
        ck_assert_int_eq(zks__noise_write(e.noise[ends_writer(i)], NULL, 0, copy, sizeof copy, &n),
                         ZKS_E_STATE);
        memcpy(copy, message[i], length[i]);
        ck_assert_int_eq(ends_read(&e, i, copy, length[i]), ZKS_OK);
        /* replayed, each earlier one too, and to both ends */
        for (size_t k = 0; k <= i; k++) {
            for (int side = 0; side < 2; side++) {
                memcpy(copy, message[k], length[k]);
                ck_assert_int_ne(zks__noise_read(e.noise[side], copy, length[k], &payload, &n),
                                 ZKS_OK);
            }
        }
    }
    ck_assert(agree(&e));
    ends_stop(&e);
}
END_TEST

/* The messages of one handshake in another with the same statics: nothing is reusable. */
START_TEST(messages_of_another_handshake_are_refused)
{
    for (size_t number = 0; number < MESSAGES; number++) {
        uint8_t message[MESSAGE_BYTES];
        ends e, other;
        ends_start(&e, 7);
        ends_start(&other, 7);
        for (int side = 0; side < 2; side++) {
            other.random[side].seed += 1000; /* other ephemerals, the same statics */
        }
        ends_run(&e, number);
        ends_run(&other, number);
        size_t length = ends_write(&other, number, message, sizeof message);
        zks_status status = ends_read(&e, number, message, length);
        ck_assert(number == 0 ? !status : status == ZKS_E_DECRYPT);
        ends_stop(&e);
        ends_stop(&other);
    }
}
END_TEST

static const uint8_t zeros[ZKS_KEM_PUBLIC_BYTES];

/* What each end is told differently: none of it gives a session. */
START_TEST(ends_that_differ_do_not_meet)
{
    ends e;
    ends_configure(&e, 8);
    zks__suite other_name = *e.config[0].suite;
    switch (_i) {
    case 0:
        e.config[1].prologue = "b prologue";
        break;
    case 1:
        e.config[1].prologue_length = 9;
        break;
    case 2:
        e.config[1].prologue_length = 0;
        break;
    default:
        other_name.noise_name = "Noise_hybridXX_25519+MLKEM768_ChaChaPoly_BLAKE2s";
        e.config[1].name = other_name.noise_name;
        break;
    }
    for (int side = 0; side < 2; side++) {
        ck_assert_int_eq(zks__noise_new(&e.config[side], &e.noise[side]), ZKS_OK);
    }
    uint8_t message[MESSAGE_BYTES];
    size_t length = ends_write(&e, 0, message, sizeof message);
    ck_assert_int_eq(ends_read(&e, 0, message, length), ZKS_OK);
    length = ends_write(&e, 1, message, sizeof message);
    ck_assert_int_eq(ends_read(&e, 1, message, length), ZKS_E_DECRYPT);
    ends_stop(&e);
}
END_TEST

/* Who has broken one half knows every secret but one of the other half, and shows the honest
 * publics. A thief of that kind is the same code with one wrong secret. */
static struct {
    uint8_t secret[ZKS_DH_SECRET_BYTES], shown[ZKS_DH_PUBLIC_BYTES];
} lie;

static void lying_dh_public(const uint8_t *secret, uint8_t *out_public)
{
    zks__crypto_suite(ZKS_SUITE_SODIUM)->dh_public(secret, out_public);
    if (memcmp(secret, lie.secret, sizeof lie.secret) == 0) {
        memcpy(out_public, lie.shown, sizeof lie.shown);
    }
}

/* A wrong KEM static: the peer encapsulates to the right one, so the thief cannot read on. */
START_TEST(the_dh_half_alone_is_not_enough)
{
    const int side = _i;              /* whose KEM static is not known */
    const size_t last = side ? 2 : 3; /* skem to it */
    uint8_t message[4096], copy[4096];
    ends e, thief;
    ends_start(&e, 9);
    ends_configure(&thief, 9); /* the same randomness: the same messages */
    thief.kem_seed[side][0] ^= 0x40;
    ck_assert_int_eq(zks__noise_new(&thief.config[side], &thief.noise[side]), ZKS_OK);
    for (size_t i = 0; i <= last; i++) {
        size_t length = ends_write(&e, i, message, sizeof message);
        memcpy(copy, message, length);
        if (ends_writer(i) == side) {
            (void)ends_write(&thief, i, copy, sizeof copy); /* stays in step; not sent */
        } else {
            ck_assert_int_eq(ends_read(&thief, i, copy, length),
                             i == last ? ZKS_E_DECRYPT : ZKS_OK);
        }
        ck_assert_int_eq(ends_read(&e, i, message, length), ZKS_OK);
    }
    ends_stop(&e);
    ends_stop(&thief);
}
END_TEST

/* A wrong DH static behind the right public: what the thief writes does not open. */
START_TEST(the_kem_half_alone_is_not_enough)
{
    const int side = _i;
    const size_t last = side ? 1 : 2; /* es, se */
    uint8_t message[4096];
    ends e;
    ends_configure(&e, 9);
    zks__suite suite = *e.config[side].suite;
    suite.dh_public(e.dh_secret[side], lie.shown);
    e.dh_secret[side][1] ^= 0x40;
    memcpy(lie.secret, e.dh_secret[side], sizeof lie.secret);
    suite.dh_public = lying_dh_public;
    e.config[side].suite = &suite;
    for (int k = 0; k < 2; k++) {
        ck_assert_int_eq(zks__noise_new(&e.config[k], &e.noise[k]), ZKS_OK);
    }
    ends_run(&e, last);
    size_t length = ends_write(&e, last, message, sizeof message);
    ck_assert_int_eq(ends_read(&e, last, message, length), ZKS_E_DECRYPT);
    ends_stop(&e);
}
END_TEST

START_TEST(a_dh_public_of_small_order_is_refused)
{
    uint8_t message[MESSAGE_BYTES];
    ends e;
    ends_start(&e, 10);
    size_t length = ends_write(&e, 0, message, sizeof message);
    memcpy(message, zeros, 32);
    ck_assert_int_eq(ends_read(&e, 0, message, length), ZKS_OK); /* no DH yet */
    size_t n = 1;
    uint8_t out[MESSAGE_BYTES];
    memset(out, 1, sizeof out);
    ck_assert_int_eq(zks__noise_write(e.noise[1], NULL, 0, out, sizeof out, &n), ZKS_E_MALFORMED);
    ck_assert_uint_eq(n, 1);
    for (size_t i = 0; i < 3568; i++) {
        ck_assert_uint_eq(out[i], 0); /* nothing half-made is left */
    }
    ends_stop(&e);
}
END_TEST

/* FIPS 203, 7.2: a coefficient of q or more. */
START_TEST(a_kem_public_that_is_not_canonical_is_refused)
{
    uint8_t message[MESSAGE_BYTES];
    size_t n = 0;
    ends e;
    ends_start(&e, 11);
    size_t length = ends_write(&e, 0, message, sizeof message);
    memset(message + 32, 0xff, 3);
    ck_assert_int_eq(ends_read(&e, 0, message, length), ZKS_OK);
    ck_assert_int_eq(zks__noise_write(e.noise[1], NULL, 0, message, sizeof message, &n),
                     ZKS_E_MALFORMED);
    ends_stop(&e);
}
END_TEST

START_TEST(nothing_is_split_before_the_end)
{
    zks__noise_cipher send, receive;
    uint8_t message[MESSAGE_BYTES];
    size_t n = 0;
    ends e;
    ends_start(&e, 12);
    for (size_t i = 0; i < MESSAGES; i++) {
        for (int side = 0; side < 2; side++) {
            ck_assert_int_eq(
                zks__noise_split(e.noise[side], &zks__noise_limits_default, &send, &receive),
                ZKS_E_STATE);
        }
        size_t length = ends_write(&e, i, message, sizeof message);
        ck_assert_int_eq(ends_read(&e, i, message, length), ZKS_OK);
    }
    ck_assert_int_eq(zks__noise_write(e.noise[0], NULL, 0, message, sizeof message, &n),
                     ZKS_E_STATE);
    ends_stop(&e);
    zks__noise_free(NULL);
}
END_TEST

START_TEST(a_message_has_its_largest_size_and_its_room)
{
    static uint8_t message[65536];
    size_t n = 0;
    ends e;
    ends_start(&e, 13);
    ck_assert_int_eq(zks__noise_write(e.noise[0], message, 7, message, 1222, &n), ZKS_E_TOO_LARGE);
    ck_assert_int_eq(
        zks__noise_write(e.noise[0], message, 65536 - 1216, message, sizeof message, &n),
        ZKS_E_TOO_LARGE);
    ck_assert(zks__noise_writes(e.noise[0]));
    ends_stop(&e);
}
END_TEST

static void add(TCase *c)
{
    tcase_add_test(c, handshake_sizes_are_those_of_the_design);
    tcase_add_test(c, peer_statics_and_hash_are_known_at_the_end);
    tcase_add_loop_test(c, one_altered_bit_anywhere_gives_no_session, 0, MESSAGES);
    tcase_add_test(c, a_message_of_another_length_is_refused);
    tcase_add_test(c, a_failed_read_leaves_the_state_as_it_was);
    tcase_add_test(c, a_message_out_of_turn_is_refused);
    tcase_add_test(c, messages_of_another_handshake_are_refused);
    tcase_add_loop_test(c, ends_that_differ_do_not_meet, 0, 4);
    tcase_add_loop_test(c, the_dh_half_alone_is_not_enough, 0, 2);
    tcase_add_loop_test(c, the_kem_half_alone_is_not_enough, 0, 2);
    tcase_add_test(c, a_dh_public_of_small_order_is_refused);
    tcase_add_test(c, a_kem_public_that_is_not_canonical_is_refused);
    tcase_add_test(c, nothing_is_split_before_the_end);
    tcase_add_test(c, a_message_has_its_largest_size_and_its_room);
}

int main(void)
{
    return unit_main("noise handshake", add);
}
