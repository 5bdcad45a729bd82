/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The exchange of one attempt, with a PAKE and without: what makes both sides agree, and what each
 * derived value depends on. */
#include "pairing/exchange.h"
#include "tests/support/unit.h"

enum { CASES = 2 };

/* The way of suites without a PAKE, on the functions of suite 1: this build may have no other. */
static zks__suite without_pake;

typedef struct side {
    zks__exchange x;
    uint8_t pk[ZKS_SEAL_PUBLIC_BYTES];
} side;

static zks__pair_invite invite(void)
{
    zks__pair_invite v = {.kind = ZKS_PAIR_LINK, .suite = ZKS_SUITE_SODIUM};
    memcpy(v.nameplate, "7K2M", 4);
    memset(v.secret, 0x31, sizeof v.secret);
    return v;
}

static const uint8_t relay_key[32] = {1};

static void begin(side *s, const zks__pair_invite *v, bool pake, uint8_t sid_byte, uint8_t random,
                  uint8_t out_y[32])
{
    uint8_t sid[ZKS_PAIR_SID_BYTES] = {sid_byte}, bytes[ZKS_EXCHANGE_RANDOM_BYTES];
    memset(bytes, random, sizeof bytes);
    ck_assert_int_eq(zks__exchange_init(&s->x, v, relay_key), ZKS_OK);
    if (!pake) {
        without_pake = *s->x.suite;
        without_pake.id = 77;
        s->x.suite = &without_pake;
        s->x.sizes.tag = 32;
    }
    ck_assert_int_eq(zks__exchange_begin(&s->x, sid, bytes, out_y), ZKS_OK);
    memset(s->pk, 9, sizeof s->pk);
    zks__exchange_set_pk(&s->x, (zks__slice){s->pk, sizeof s->pk});
}

/* Both sides, up to the ISK; each knows the other's y. */
static void run(bool pake, const zks__pair_invite *v, const zks__pair_invite *other, uint8_t sid,
                side *j, side *i)
{
    uint8_t y_j[32], y_i[32];
    begin(j, v, pake, sid, 0x41, y_j);
    begin(i, other, pake, sid, 0x42, y_i);
    side *const both[] = {j, i};
    for (int k = 0; k < 2; k++) {
        memcpy(both[k]->x.y_joiner, y_j, 32);
        memcpy(both[k]->x.y_inviter, y_i, 32);
        zks__exchange_note(&both[k]->x, (const uint8_t *)"m0", 2);
        zks__exchange_note(&both[k]->x, (const uint8_t *)"m1", 2);
        ck_assert_int_eq(zks__exchange_finish(&both[k]->x, k == 0), ZKS_OK);
    }
}

static bool tags_equal(const side *a, const side *b, bool of_joiner)
{
    uint8_t tag_a[ZKS_PAIR_TAG_MAX_BYTES] = {0}, tag_b[ZKS_PAIR_TAG_MAX_BYTES] = {0};
    zks__exchange_tag(&a->x, of_joiner, tag_a);
    zks__exchange_tag(&b->x, of_joiner, tag_b);
    return memcmp(tag_a, tag_b, a->x.sizes.tag) == 0;
}

START_TEST(exchange_with_equal_inputs_agrees)
{
    static side j, i;
    uint8_t tags[2][ZKS_PAIR_TAG_MAX_BYTES] = {{0}};
    zks__pair_invite v = invite();
    run(_i, &v, &v, 5, &j, &i);
    ck_assert_mem_eq(j.x.isk, i.x.isk, sizeof j.x.isk);
    ck_assert(tags_equal(&j, &i, true) && tags_equal(&j, &i, false));
    zks__exchange_tag(&j.x, true, tags[0]);
    zks__exchange_tag(&j.x, false, tags[1]);
    ck_assert_mem_ne(tags[0], tags[1], j.x.sizes.tag); /* one's own sent back proves nothing */
    ck_assert_uint_eq(zks__exchange_digits(&j.x), zks__exchange_digits(&i.x));
    uint8_t zeros[ZKS_CPACE_SCALAR_BYTES] = {0};
    ck_assert_mem_eq(j.x.scalar, zeros, sizeof zeros); /* wiped */
}
END_TEST

START_TEST(exchange_with_another_input_differs)
{
    static side j, i;
    zks__pair_invite v = invite();
    for (int change = 0; change < 3; change++) {
        zks__pair_invite other = v;
        other.secret[31] ^= change == 0;
        other.nameplate[0] = change == 1 ? '8' : other.nameplate[0];
        run(_i, &v, &other, 5, &j, &i);
        if (change == 2) { /* the joiner's key is another than the one that the inviter got */
            i.pk[100] ^= 1;
            zks__exchange_set_pk(&i.x, (zks__slice){i.pk, sizeof i.pk});
            ck_assert(!tags_equal(&j, &i, true));
            continue;
        }
        ck_assert_mem_ne(j.x.isk, i.x.isk, sizeof j.x.isk);
        ck_assert(!tags_equal(&j, &i, true) && !tags_equal(&j, &i, false));
    }
}
END_TEST

START_TEST(exchange_of_another_session_differs)
{
    static side j, i, k, l;
    zks__pair_invite v = invite();
    run(_i, &v, &v, 5, &j, &i);
    run(_i, &v, &v, 6, &k, &l);
    ck_assert_mem_ne(j.x.isk, k.x.isk, sizeof j.x.isk);
    ck_assert(!tags_equal(&j, &k, true));
}
END_TEST

/* A sealed message opens with its number, its direction and the whole transcript only. */
START_TEST(sealed_message_is_bound)
{
    static side j, i;
    uint8_t shared[ZKS_SEAL_SHARED_BYTES] = {3}, text[5 + ZKS_TAG_BYTES], sealed[sizeof text];
    uint8_t zeros[ZKS_CPACE_ISK_BYTES] = {0};
    zks__slice ct = {(const uint8_t *)"ciphertext", 10};
    zks__pair_invite v = invite();
    run(_i, &v, &v, 5, &j, &i);
    zks__exchange_keys(&i.x, shared, ct);
    ck_assert_mem_eq(i.x.isk, zeros, sizeof zeros); /* wiped */
    static const uint8_t hello[] = {'h', 'e', 'l', 'l', 'o'};
    memcpy(sealed, hello, sizeof hello);
    zks__exchange_seal(&i.x, true, 4, sealed, 5);
    side saved = j;
    zks__exchange_keys(&j.x, shared, ct);
    memcpy(text, sealed, sizeof text);
    ck_assert_int_eq(zks__exchange_open(&j.x, true, 4, text, sizeof text), ZKS_OK);
    ck_assert_mem_eq(text, "hello", 5);
    for (int change = 0; change < 5; change++) {
        side other = saved;
        uint8_t another[ZKS_SEAL_SHARED_BYTES] = {3};
        another[31] ^= change == 2;
        if (change == 3) {
            zks__exchange_note(&other.x, (const uint8_t *)"more", 4);
        }
        zks__exchange_keys(&other.x, another,
                           change == 4 ? (zks__slice){ct.data, ct.length - 1} : ct);
        memcpy(text, sealed, sizeof text);
        ck_assert_int_eq(
            zks__exchange_open(&other.x, change != 0, change == 1 ? 6 : 4, text, sizeof text),
            ZKS_E_DECRYPT);
    }
}
END_TEST

START_TEST(transcript_depends_on_each_message_and_their_order)
{
    static side a;
    static const char *const orders[][2] = {{"m0", "m1"}, {"m1", "m0"}, {"m0m1", ""}, {"m", "0m1"}};
    uint8_t seen[ZKS_COUNTOF(orders)][ZKS_HASH_BYTES], y[32];
    zks__pair_invite v = invite();
    for (size_t i = 0; i < ZKS_COUNTOF(orders); i++) {
        begin(&a, &v, true, 1, 2, y);
        for (int k = 0; k < 2; k++) {
            zks__exchange_note(&a.x, (const uint8_t *)orders[i][k], strlen(orders[i][k]));
        }
        memcpy(seen[i], a.x.transcript, sizeof seen[i]);
        for (size_t k = 0; k < i; k++) {
            ck_assert_mem_ne(seen[i], seen[k], sizeof seen[i]);
        }
    }
}
END_TEST

START_TEST(commitment_hides_and_binds)
{
    static side a;
    uint8_t y[32], commit[32], other[32];
    zks__pair_invite v = invite();
    begin(&a, &v, true, 1, 2, y);
    zks__exchange_commit(&a.x, y, commit);
    y[0] ^= 1;
    zks__exchange_commit(&a.x, y, other);
    ck_assert_mem_ne(commit, other, sizeof commit);
    y[0] ^= 1;
    a.x.sid[0] ^= 1;
    zks__exchange_commit(&a.x, y, other);
    ck_assert_mem_ne(commit, other, sizeof commit);
}
END_TEST

START_TEST(forgotten_exchange_holds_nothing)
{
    static side j, i;
    static const zks__exchange zeros;
    zks__pair_invite v = invite();
    run(true, &v, &v, 5, &j, &i);
    zks__exchange_forget(&j.x);
    size_t from = offsetof(zks__exchange, sid);
    ck_assert_mem_eq((const uint8_t *)&j.x + from, (const uint8_t *)&zeros + from,
                     sizeof zeros - from);
    zks__exchange_done(&i.x);
    ck_assert_mem_eq(&i.x, &zeros, sizeof zeros);
}
END_TEST

static void add(TCase *c)
{
    tcase_add_loop_test(c, exchange_with_equal_inputs_agrees, 0, CASES);
    tcase_add_loop_test(c, exchange_with_another_input_differs, 0, CASES);
    tcase_add_loop_test(c, exchange_of_another_session_differs, 0, CASES);
    tcase_add_loop_test(c, sealed_message_is_bound, 0, CASES);
    tcase_add_test(c, transcript_depends_on_each_message_and_their_order);
    tcase_add_test(c, commitment_hides_and_binds);
    tcase_add_test(c, forgotten_exchange_holds_nothing);
}

int main(void)
{
    return zks__crypto_init() ? EXIT_FAILURE : unit_main("pairing_exchange", add);
}
