/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* CPace against the draft's vectors, the refused points, and what each input changes. */
#include "pairing/cpace.h"
#include "tests/support/unit.h"
#include "tests/support/vectors.h"

static vectors file;

typedef struct run {
    vector_value prs, ci, sid, ya, yb, ada, adb;
    zks__cpace_input in;
    zks__cpace_share a, b;
} run;

static zks__slice slice_of(const vector_value *v)
{
    return (zks__slice){v->bytes, v->length};
}

static const char *load(run *r)
{
    vectors_load("cpace.txt", &file);
    const char *block = vectors_next(&file, NULL, "cpace:");
    ck_assert_ptr_nonnull(block);
    vectors_get(block, "prs", &r->prs);
    vectors_get(block, "ci", &r->ci);
    vectors_get(block, "sid", &r->sid);
    vectors_get(block, "ya", &r->ya);
    vectors_get(block, "yb", &r->yb);
    vectors_get(block, "ada", &r->ada);
    vectors_get(block, "adb", &r->adb);
    r->in = (zks__cpace_input){slice_of(&r->prs), slice_of(&r->ci), slice_of(&r->sid)};
    r->a.ad = slice_of(&r->ada);
    r->b.ad = slice_of(&r->adb);
    return block;
}

static void shares(run *r)
{
    ck_assert_int_eq(zks__cpace_public(&r->in, r->ya.bytes, r->a.y), ZKS_OK);
    ck_assert_int_eq(zks__cpace_public(&r->in, r->yb.bytes, r->b.y), ZKS_OK);
}

START_TEST(cpace_draft_vector_gives_same)
{
    static run r;
    uint8_t g[32], isk_a[64], isk_b[64];
    const char *block = load(&r);
    ck_assert_int_eq(zks__cpace_generator(&r.in, g), ZKS_OK);
    vectors_expect(block, "g", g, sizeof g);
    shares(&r);
    vectors_expect(block, "Ya", r.a.y, sizeof r.a.y);
    vectors_expect(block, "Yb", r.b.y, sizeof r.b.y);
    ck_assert_int_eq(zks__cpace_isk(&r.in, &r.a, &r.b, r.ya.bytes, true, isk_a), ZKS_OK);
    ck_assert_int_eq(zks__cpace_isk(&r.in, &r.a, &r.b, r.yb.bytes, false, isk_b), ZKS_OK);
    vectors_expect(block, "isk", isk_a, sizeof isk_a);
    vectors_expect(block, "isk", isk_b, sizeof isk_b);
}
END_TEST

START_TEST(cpace_scalar_mult_vfy_valid_gives_same)
{
    vector_value s, x;
    uint8_t product[32];
    vectors_load("cpace.txt", &file);
    const char *block = vectors_next(&file, NULL, "valid:");
    vectors_get(block, "s", &s);
    vectors_get(block, "x", &x);
    ck_assert_int_eq(zks__crypto_ristretto_mult(s.bytes, x.bytes, product), ZKS_OK);
    vectors_expect(block, "product", product, sizeof product);
}
END_TEST

/* In a run of the protocol, as the other side's share, in both roles. */
START_TEST(cpace_invalid_point_aborts)
{
    static run r;
    size_t count = 0;
    (void)load(&r);
    shares(&r);
    for (const char *block = NULL; (block = vectors_next(&file, block, "invalid:")); count++) {
        vector_value s, x;
        uint8_t isk[64];
        run bad = r;
        vectors_get(block, "s", &s);
        vectors_get(block, "x", &x);
        memset(isk, 0x5a, sizeof isk);
        ck_assert_int_eq(zks__crypto_ristretto_mult(s.bytes, x.bytes, isk), ZKS_E_MALFORMED);
        memcpy(bad.b.y, x.bytes, sizeof bad.b.y);
        ck_assert_int_eq(zks__cpace_isk(&bad.in, &bad.a, &bad.b, r.ya.bytes, true, isk),
                         ZKS_E_MALFORMED);
        memcpy(bad.a.y, x.bytes, sizeof bad.a.y);
        ck_assert_int_eq(zks__cpace_isk(&bad.in, &bad.a, &bad.b, r.yb.bytes, false, isk),
                         ZKS_E_MALFORMED);
        ck_assert_uint_eq(isk[0], 0x5a); /* untouched */
        ck_assert_uint_eq(isk[63], 0x5a);
    }
    ck_assert_uint_eq(count, 2);
}
END_TEST

/* Each input of one side alone gives another ISK; each part of what is confirmed another tag. */
START_TEST(cpace_any_input_differs_isk_differs)
{
    static run r;
    uint8_t isk[64], other[64];
    (void)load(&r);
    shares(&r);
    ck_assert_int_eq(zks__cpace_isk(&r.in, &r.a, &r.b, r.ya.bytes, true, isk), ZKS_OK);
    for (int i = 0; i < 5; i++) {
        run b = r;
        vector_value *const parts[] = {&b.prs, &b.ci, &b.sid, &b.ada, &b.adb};
        b.in = (zks__cpace_input){slice_of(&b.prs), slice_of(&b.ci), slice_of(&b.sid)};
        b.a.ad = slice_of(&b.ada);
        b.b.ad = slice_of(&b.adb);
        parts[i]->bytes[0] ^= 1;
        ck_assert_int_eq(zks__cpace_public(&b.in, b.yb.bytes, b.b.y), ZKS_OK);
        run a = r; /* the other side has the right inputs and this side's share */
        memcpy(a.b.y, b.b.y, sizeof a.b.y);
        ck_assert_int_eq(zks__cpace_isk(&a.in, &a.a, &a.b, r.ya.bytes, true, isk), ZKS_OK);
        ck_assert_int_eq(zks__cpace_isk(&b.in, &b.a, &b.b, b.yb.bytes, false, other), ZKS_OK);
        ck_assert_mem_ne(isk, other, sizeof isk);
    }
}
END_TEST

START_TEST(cpace_tag_is_mac_of_share)
{
    static run r;
    uint8_t isk[64], tag[64], other[64], key_text[8 + 16 + 64], key[64], share[1 + 32 + 1 + 3];
    (void)load(&r);
    shares(&r);
    ck_assert_int_eq(zks__cpace_isk(&r.in, &r.a, &r.b, r.ya.bytes, true, isk), ZKS_OK);
    ck_assert_int_eq(zks__cpace_tag(r.in.sid, isk, &r.a, tag), ZKS_OK);
    ck_assert_int_eq(zks__cpace_tag(r.in.sid, isk, &r.b, other), ZKS_OK);
    ck_assert_mem_ne(tag, other, sizeof tag);
    /* mac_key = H("CPaceMac" || sid || ISK); T = MAC(mac_key, lv_cat(Y, AD)) */
    static const uint8_t label[] = {'C', 'P', 'a', 'c', 'e', 'M', 'a', 'c'};
    memcpy(key_text, label, sizeof label);
    memcpy(key_text + 8, r.sid.bytes, 16);
    memcpy(key_text + 24, isk, 64);
    zks__crypto_sha512(key_text, sizeof key_text, key);
    share[0] = 32;
    memcpy(share + 1, r.a.y, 32);
    share[33] = 3;
    memcpy(share + 34, r.ada.bytes, 3);
    zks__crypto_hmac512(key, sizeof key, share, sizeof share, other);
    ck_assert_mem_eq(tag, other, sizeof tag);
}
END_TEST

START_TEST(cpace_input_over_limit_refused)
{
    static run r;
    static uint8_t large[ZKS_CPACE_AD_MAX_BYTES + 1];
    uint8_t isk[64];
    (void)load(&r);
    shares(&r);
    run bad = r;
    bad.in.ci = (zks__slice){large, ZKS_CPACE_INPUT_MAX_BYTES};
    ck_assert_int_eq(zks__cpace_public(&bad.in, r.ya.bytes, bad.a.y), ZKS_E_TOO_LARGE);
    ck_assert_int_eq(zks__cpace_isk(&bad.in, &r.a, &r.b, r.ya.bytes, true, isk), ZKS_E_TOO_LARGE);
    bad = r;
    bad.b.ad = (zks__slice){large, sizeof large};
    ck_assert_int_eq(zks__cpace_isk(&r.in, &r.a, &bad.b, r.ya.bytes, true, isk), ZKS_E_TOO_LARGE);
    ck_assert_int_eq(zks__cpace_tag(r.in.sid, isk, &bad.b, isk), ZKS_E_TOO_LARGE);
    bad.b.ad.length--;
    ck_assert_int_eq(zks__cpace_isk(&r.in, &bad.b, &bad.b, r.ya.bytes, true, isk), ZKS_OK);
    /* a PRS longer than the hash's block needs no padding */
    bad = r;
    bad.in.prs = (zks__slice){large, 200};
    ck_assert_int_eq(zks__cpace_public(&bad.in, r.ya.bytes, bad.a.y), ZKS_OK);
}
END_TEST

static void add(TCase *c)
{
    tcase_add_test(c, cpace_draft_vector_gives_same);
    tcase_add_test(c, cpace_scalar_mult_vfy_valid_gives_same);
    tcase_add_test(c, cpace_invalid_point_aborts);
    tcase_add_test(c, cpace_any_input_differs_isk_differs);
    tcase_add_test(c, cpace_tag_is_mac_of_share);
    tcase_add_test(c, cpace_input_over_limit_refused);
}

int main(void)
{
    return zks__crypto_init() ? EXIT_FAILURE : unit_main("pairing_cpace", add);
}
