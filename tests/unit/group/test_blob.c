/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "group/blob.h"
#include "tests/support/unit.h"

static zks__blob_key key;
static zks__sign_key author;
static const uint8_t nonce[ZKS_NONCE_BYTES] = {7};
static uint8_t blob_id[ZKS_BLOB_ID_BYTES];
static uint8_t body[ZKS_BODY_MAX_BYTES + 1];

static void setup(void)
{
    static const uint8_t secret[32] = {1};
    static const uint8_t group_id[32] = {2};
    static const uint8_t tag[16] = {3};
    static const uint8_t seed[32] = {4};
    ck_assert_int_eq(zks__crypto_init(), ZKS_OK);
    zks__crypto_sign_key(seed, &author);
    zks__blob_key_derive(zks__crypto_suite(ZKS_SUITE_SODIUM), secret, group_id, tag,
                         zks__crypto_sign_public(&author), &key);
    for (size_t i = 0; i < sizeof body; i++) {
        body[i] = (uint8_t)(i * 7 + 1);
    }
}

static zks__entry entry_of(size_t length)
{
    zks__entry e = {.chain = {5},
                    .seq = 9,
                    .prev = {6},
                    .floor = 3,
                    .time_ms = -5,
                    .ttl_s = 86400,
                    .kind = ZKS_ENTRY_DATA,
                    .body_length = length,
                    .has_signature = 1};
    memcpy(e.author, zks__crypto_sign_public(&author), sizeof e.author);
    return e;
}

static zks__buf *sealed(zks__entry *e)
{
    zks__buf *b = zks__blob_buffer(body, e->body_length);
    ck_assert_ptr_nonnull(b);
    ck_assert_int_eq(zks__blob_seal(&key, e, &author, nonce, b, blob_id), ZKS_OK);
    return b;
}

/* PADME checks of the paper's formula; the last is the largest overhead. */
static const size_t padme[][2] = {{100, 104},
                                  {1000, 1024},
                                  {4097, 4352},
                                  {65537, 67584},
                                  {1000001, 1015808},
                                  {129, 144},
                                  {0, 0},
                                  {1, 1},
                                  {2, 2},
                                  {9, 10},
                                  {256, 256},
                                  {257, 272},
                                  {1 << 20, 1 << 20}};

START_TEST(padme_known_values)
{
    ck_assert_uint_eq(zks__padme(padme[_i][0]), padme[_i][1]);
}
END_TEST

START_TEST(padme_is_monotone_idempotent_and_cheap)
{
    size_t last = 0;
    for (size_t length = 2; length < 300000; length++) {
        size_t padded = zks__padme(length);
        if (padded < length || padded < last || zks__padme(padded) != padded ||
            padded * 1000 > length * 1120) {
            ck_abort_msg("%zu is padded to %zu, the one before to %zu", length, padded, last);
        }
        last = padded;
    }
}
END_TEST

static const size_t lengths[] = {0,   1,   5,    6,     7,     127,   128,
                                 255, 256, 1024, 16383, 16384, 65536, ZKS_BODY_MAX_BYTES};

START_TEST(open_gives_back_what_was_sealed)
{
    setup();
    for (int with = 0; with < 2; with++) {
        zks__entry e = entry_of(lengths[_i]);
        e.has_signature = with;
        zks__buf *b = sealed(&e);
        ck_assert_uint_eq(b->length, zks__blob_size(lengths[_i]));
        ck_assert_uint_ge(b->length, ZKS_BLOB_MIN_BYTES);
        ck_assert_uint_le(b->length, ZKS_BLOB_MAX_BYTES);
        zks__entry out;
        uint8_t id[ZKS_BLOB_ID_BYTES];
        zks__envelope_id(key.suite, key.group_id, key.pusher, b->data, b->length, id);
        ck_assert_mem_eq(id, blob_id, sizeof id);
        ck_assert_int_eq(zks__blob_open(&key, b->data, b->length, &out), ZKS_OK);
        ck_assert_mem_eq(out.id, e.id, sizeof e.id);
        ck_assert_mem_eq(out.group_id, key.group_id, sizeof out.group_id);
        ck_assert_mem_eq(out.author, e.author, sizeof e.author);
        ck_assert_mem_eq(out.chain, e.chain, sizeof e.chain);
        ck_assert_mem_eq(out.prev, e.prev, sizeof e.prev);
        ck_assert(out.seq == 9 && out.floor == 3 && out.time_ms == -5 && out.ttl_s == 86400);
        ck_assert_int_eq(out.kind, ZKS_ENTRY_DATA);
        ck_assert_uint_eq(out.body_length, lengths[_i]);
        ck_assert(memcmp(out.body, body, lengths[_i]) == 0);
        ck_assert_int_eq(out.has_signature, with);
        ck_assert_int_eq(zks__entry_verify(&out), with ? ZKS_OK : ZKS_E_NOT_FOUND);
        zks__buf_unref(b);
    }
}
END_TEST

START_TEST(buffer_too_large_is_null)
{
    setup();
    ck_assert_ptr_null(zks__blob_buffer(body, ZKS_BODY_MAX_BYTES + 1));
    ck_assert_ptr_null(zks__blob_buffer(NULL, SIZE_MAX));
    zks__entry e = entry_of(sizeof body);
    zks__buf *b = zks__buf_new(ZKS_BLOB_HEADROOM, sizeof body, 1000);
    ck_assert_int_eq(zks__blob_seal(&key, &e, &author, nonce, b, blob_id), ZKS_E_TOO_LARGE);
    zks__buf_unref(b);
}
END_TEST

static zks_status refused(zks__entry e, zks__buf *b)
{
    zks__buf old = {.data = b->data, .length = b->length};
    zks_status status = zks__blob_seal(&key, &e, &author, nonce, b, blob_id);
    ck_assert(b->data == old.data && b->length == old.length);
    zks__buf_unref(b);
    return status;
}

START_TEST(seal_refuses_what_open_would)
{
    setup();
    zks__entry e = entry_of(10);
    e.seq = 0;
    ck_assert_int_eq(refused(e, zks__blob_buffer(body, 10)), ZKS_E_INVALID);
    e.seq = 1; /* with a predecessor */
    ck_assert_int_eq(refused(e, zks__blob_buffer(body, 10)), ZKS_E_INVALID);
    e = entry_of(10);
    memset(e.prev, 0, sizeof e.prev); /* without one */
    ck_assert_int_eq(refused(e, zks__blob_buffer(body, 10)), ZKS_E_INVALID);
    e = entry_of(10);
    e.author[0] ^= 1;
    ck_assert_int_eq(refused(e, zks__blob_buffer(body, 10)), ZKS_E_INVALID);
    e = entry_of(11);
    ck_assert_int_eq(refused(e, zks__blob_buffer(body, 10)), ZKS_E_INVALID);
    e = entry_of(10);
    ck_assert_int_eq(refused(e, zks__buf_new(100, 10, 1000)), ZKS_E_INVALID);
    ck_assert_int_eq(refused(e, zks__buf_new(ZKS_BLOB_HEADROOM, 10, 20)), ZKS_E_INVALID);
}
END_TEST

START_TEST(open_any_changed_byte_fails)
{
    setup();
    zks__entry e = entry_of(20);
    zks__buf *b = sealed(&e);
    for (size_t at = 0; at < b->length; at++) {
        zks__buf *copy = zks__buf_copy(b->data, b->length);
        zks__entry out = {.seq = 77};
        copy->data[at] ^= 4;
        zks_status status = zks__blob_open(&key, copy->data, copy->length, &out);
        ck_assert_int_eq(status, at == 0   ? ZKS_E_FORMAT_VERSION
                                 : at == 1 ? ZKS_E_SUITE
                                           : ZKS_E_DECRYPT);
        ck_assert(out.seq == 77);
        zks__buf_unref(copy);
    }
    for (size_t length = 0; length < b->length; length++) {
        zks__buf *copy = zks__buf_copy(b->data, length);
        zks__entry out;
        ck_assert_int_eq(zks__blob_open(&key, copy->data, copy->length, &out),
                         length < ZKS_BLOB_MIN_BYTES ? ZKS_E_TRUNCATED : ZKS_E_DECRYPT);
        zks__buf_unref(copy);
    }
    zks__buf_unref(b);
}
END_TEST

START_TEST(open_with_a_key_of_other_things_fails)
{
    static const uint8_t secret[32] = {1}, other[32] = {99};
    setup();
    const zks__blob_key good = key;
    for (int i = 0; i < 5; i++) {
        zks__entry e = entry_of(20);
        zks__entry out;
        zks__buf *b = sealed(&e);
        zks__blob_key k;
        zks__blob_key_derive(good.suite, i == 0 ? other : secret, i == 1 ? other : good.group_id,
                             i == 2 ? other : good.epoch_tag, i == 3 ? other : good.pusher, &k);
        ck_assert_int_eq(zks__blob_open(&k, b->data, b->length, &out),
                         i == 4 ? ZKS_OK : ZKS_E_DECRYPT);
        zks__buf_unref(b);
    }
}
END_TEST

/* Seals a text that no honest device makes. */
static zks_status open_forged(const uint8_t *text, size_t length)
{
    uint8_t ad[ZKS_BLOB_AD_BYTES];
    zks__entry out;
    zks__buf *b = zks__buf_new(0, ZKS_BLOB_HEADER_BYTES + length + ZKS_TAG_BYTES, 0);
    zks__envelope_write(key.suite->id, key.epoch_tag, nonce, b->data);
    zks__envelope_ad(key.suite->id, key.group_id, key.epoch_tag, key.pusher, ad);
    memcpy(b->data + ZKS_BLOB_HEADER_BYTES, text, length);
    key.suite->seal(b->data + ZKS_BLOB_HEADER_BYTES, length, ad, sizeof ad, nonce, key.key);
    zks_status status = zks__blob_open(&key, b->data, b->length, &out);
    zks__buf_unref(b);
    return status;
}

START_TEST(open_of_a_members_malformed_text_names_the_reason)
{
    static const struct {
        size_t at;
        uint8_t value;
        zks_status status;
    } cases[] = {
        {0, 2, ZKS_E_FORMAT_VERSION},
        {1, 9, ZKS_E_SUITE},
        {2, 0xee, ZKS_E_WRONG_GROUP},
        {82, 0, ZKS_E_MALFORMED},                /* seq 0 */
        {82, 1, ZKS_E_MALFORMED},                /* seq 1 with a predecessor */
        {143, 0x80, ZKS_E_MALFORMED},            /* length of the body: 0x80 0x00 is not minimal */
        {143 + 1, 0xff, ZKS_OK},                 /* the body is the app's business */
        {143 + 1 + 20, 1, ZKS_E_MALFORMED},      /* a signature of one byte */
        {143 + 1 + 20, 65, ZKS_E_TOO_LARGE},     /* and of 65 */
        {143 + 1 + 20 + 65, 1, ZKS_E_MALFORMED}, /* padding */
    };
    setup();
    zks__entry e = entry_of(20);
    body[0] = 0;
    zks__buf *b = sealed(&e);
    size_t length = 0;
    zks__entry out;
    ck_assert_int_eq(zks__blob_open(&key, b->data, b->length, &out), ZKS_OK);
    uint8_t *text = b->data + ZKS_BLOB_HEADER_BYTES;
    length = b->length - ZKS_BLOB_HEADER_BYTES - ZKS_TAG_BYTES;
    ck_assert_int_eq(open_forged(text, length), ZKS_OK);
    for (size_t i = 0; i < ZKS_COUNTOF(cases); i++) {
        uint8_t old = text[cases[i].at];
        text[cases[i].at] = cases[i].value;
        zks_status status = open_forged(text, length);
        ck_assert_msg(status == cases[i].status, "case %zu: %d", i, (int)status);
        text[cases[i].at] = old;
    }
    /* More padding than PADME asks for, less, and a text that ends within its fields. */
    uint8_t longer[600] = {0};
    memcpy(longer, text, length);
    ck_assert_int_eq(open_forged(longer, length + 16), ZKS_E_MALFORMED);
    ck_assert_int_eq(open_forged(longer, 512 - 58), ZKS_E_MALFORMED);
    ck_assert_int_eq(open_forged(text, length - 1), ZKS_E_MALFORMED);
    zks__buf_unref(b);
}
END_TEST

START_TEST(verify_tells_a_false_signature_from_none)
{
    setup();
    zks__entry e = entry_of(20);
    zks__buf *b = sealed(&e);
    ck_assert_int_eq(zks__entry_verify(&e), ZKS_OK);
    e.signature[5] ^= 1;
    ck_assert_int_eq(zks__entry_verify(&e), ZKS_E_BAD_SIGNATURE);
    e.signature[5] ^= 1;
    e.author[0] ^= 1;
    ck_assert_int_eq(zks__entry_verify(&e), ZKS_E_BAD_SIGNATURE);
    e.author[0] ^= 1;
    e.id[0] ^= 1;
    ck_assert_int_eq(zks__entry_verify(&e), ZKS_E_BAD_SIGNATURE);
    e.has_signature = 0;
    ck_assert_int_eq(zks__entry_verify(&e), ZKS_E_NOT_FOUND);
    zks__buf_unref(b);
}
END_TEST

/* STALE_EPOCH and WANT: another key, perhaps another pusher; entry id and signature stay. */
START_TEST(seal_again_under_another_key_keeps_id_and_signature)
{
    static const uint8_t secret[32] = {50}, tag[16] = {51}, pusher[32] = {52};
    zks__blob_key second;
    uint8_t second_id[ZKS_BLOB_ID_BYTES];
    setup();
    zks__entry e = entry_of(30);
    zks__buf *b = sealed(&e);
    zks__entry opened, again;
    ck_assert_int_eq(zks__blob_open(&key, b->data, b->length, &opened), ZKS_OK);
    zks__blob_key_derive(key.suite, secret, key.group_id, tag, pusher, &second);
    zks__buf *c = zks__blob_buffer(opened.body, opened.body_length);
    ck_assert_int_eq(zks__blob_seal(&second, &opened, NULL, nonce, c, second_id), ZKS_OK);
    ck_assert_mem_ne(second_id, blob_id, sizeof blob_id);
    ck_assert_int_eq(zks__blob_open(&second, c->data, c->length, &again), ZKS_OK);
    ck_assert_mem_eq(again.id, e.id, sizeof e.id);
    ck_assert_mem_eq(again.signature, e.signature, sizeof e.signature);
    ck_assert_int_eq(zks__entry_verify(&again), ZKS_OK);
    zks__buf_unref(b);
    zks__buf_unref(c);
}
END_TEST

static void add(TCase *c)
{
    tcase_add_loop_test(c, padme_known_values, 0, ZKS_COUNTOF(padme));
    tcase_add_test(c, padme_is_monotone_idempotent_and_cheap);
    tcase_add_loop_test(c, open_gives_back_what_was_sealed, 0, ZKS_COUNTOF(lengths));
    tcase_add_test(c, buffer_too_large_is_null);
    tcase_add_test(c, seal_refuses_what_open_would);
    tcase_add_test(c, open_any_changed_byte_fails);
    tcase_add_test(c, open_with_a_key_of_other_things_fails);
    tcase_add_test(c, open_of_a_members_malformed_text_names_the_reason);
    tcase_add_test(c, verify_tells_a_false_signature_from_none);
    tcase_add_test(c, seal_again_under_another_key_keeps_id_and_signature);
}

int main(void)
{
    return unit_main("group blob", add);
}
