/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Transport messages: order, and the two limits at which a key ends. */
#include "noise_help.h"

static const uint8_t first_key[ZKS_KEY_BYTES] = {1, 2, 3};

static zks__noise_cipher make(const zks__noise_limits *limits)
{
    zks__noise_cipher c;
    ck_assert_int_eq(zks__crypto_init(), ZKS_OK);
    zks__noise_cipher_init(&c, zks__crypto_suite(ZKS_SUITE_SODIUM), limits, first_key);
    return c;
}

/* Seals `length` zeros into record; */
static void seal(zks__noise_cipher *c, uint8_t *record, size_t length)
{
    memset(record, 0, length + ZKS_TAG_BYTES);
    ck_assert_int_eq(zks__noise_seal(c, record, length), ZKS_OK);
}

START_TEST(records_open_in_their_order_only)
{
    enum { RECORDS = 5, BYTES = 40 };
    uint8_t records[RECORDS][BYTES + ZKS_TAG_BYTES], copy[BYTES + ZKS_TAG_BYTES];
    zks__noise_cipher from = make(&zks__noise_limits_default);
    zks__noise_cipher to = make(&zks__noise_limits_default);
    for (size_t i = 0; i < RECORDS; i++) {
        seal(&from, records[i], BYTES);
    }
    for (size_t i = 0; i < RECORDS; i++) {
        for (size_t k = 0; k < RECORDS; k++) {
            memcpy(copy, records[k], sizeof copy);
            if (k != i) { /* repeated, or too early */
                ck_assert_int_eq(zks__noise_open(&to, copy, sizeof copy), ZKS_E_DECRYPT);
            }
        }
        memcpy(copy, records[i], sizeof copy);
        ck_assert_int_eq(zks__noise_open(&to, copy, sizeof copy - 1), ZKS_E_DECRYPT);
        memcpy(copy, records[i], sizeof copy);
        copy[i] ^= 1;
        ck_assert_int_eq(zks__noise_open(&to, copy, sizeof copy), ZKS_E_DECRYPT);
        ck_assert_int_eq(zks__noise_open(&to, records[i], sizeof copy), ZKS_OK);
    }
    ck_assert_int_eq(zks__noise_open(&to, copy, ZKS_TAG_BYTES - 1), ZKS_E_TRUNCATED);
}
END_TEST

/* REKEY written out from the specification, independent of cipher.c. */
static void rekeyed(const uint8_t *key, uint8_t out[ZKS_KEY_BYTES])
{
    uint8_t zeros[ZKS_KEY_BYTES + ZKS_TAG_BYTES] = {0};
    zks__crypto_suite(ZKS_SUITE_SODIUM)
        ->record_seal(zeros, ZKS_KEY_BYTES, NULL, 0, UINT64_MAX, key);
    memcpy(out, zeros, ZKS_KEY_BYTES);
}

START_TEST(a_key_seals_so_many_records)
{
    static const zks__noise_limits limits = {.bytes = 1 << 20, .records = 3};
    uint8_t record[64], expected[ZKS_KEY_BYTES];
    zks__noise_cipher from = make(&limits);
    zks__noise_cipher to = make(&limits);
    memcpy(expected, first_key, sizeof expected);
    for (uint64_t i = 0; i < 20; i++) {
        if (i && i % 3 == 0) {
            rekeyed(expected, expected);
        }
        seal(&from, record, 10);
        ck_assert_mem_eq(from.key, expected, sizeof expected);
        ck_assert_uint_eq(from.n, i + 1); /* the nonce is not reset */
        ck_assert_int_eq(zks__noise_open(&to, record, 10 + ZKS_TAG_BYTES), ZKS_OK);
        ck_assert_mem_eq(to.key, expected, sizeof expected);
    }
}
END_TEST

START_TEST(a_key_seals_so_many_bytes_of_ciphertext)
{
    static const zks__noise_limits limits = {.bytes = 100, .records = 1000};
    /* contents -> whether the record begins a new key */
    static const struct {
        size_t length;
        bool rekeys;
    } steps[] = {{34, false}, {34, false}, /* 50 + 50: just full */
                 {1, true},   {66, false}, /* 17 + 82 */
                 {0, true},   {84, true},  /* 16, then 100: only alone */
                 {200, true},              /* larger than any key may seal: alone */
                 {0, true},   {0, false}};
    uint8_t record[256], key[ZKS_KEY_BYTES];
    zks__noise_cipher from = make(&limits);
    zks__noise_cipher to = make(&limits);
    for (size_t i = 0; i < ZKS_COUNTOF(steps); i++) {
        memcpy(key, from.key, sizeof key);
        seal(&from, record, steps[i].length);
        ck_assert_msg((memcmp(key, from.key, sizeof key) != 0) == steps[i].rekeys, "step %zu", i);
        ck_assert_int_eq(zks__noise_open(&to, record, steps[i].length + ZKS_TAG_BYTES), ZKS_OK);
        ck_assert_mem_eq(to.key, from.key, sizeof key);
    }
}
END_TEST

/* A record that does not open at the limit must not move the key either. */
START_TEST(a_forged_record_at_the_limit_does_not_rekey)
{
    static const zks__noise_limits limits = {.bytes = 1 << 20, .records = 1};
    uint8_t record[64], forged[64] = {0};
    zks__noise_cipher from = make(&limits);
    zks__noise_cipher to = make(&limits);
    for (int i = 0; i < 3; i++) {
        seal(&from, record, 10);
        ck_assert_int_eq(zks__noise_open(&to, forged, 30), ZKS_E_DECRYPT);
        ck_assert_int_eq(zks__noise_open(&to, record, 10 + ZKS_TAG_BYTES), ZKS_OK);
    }
}
END_TEST

START_TEST(random_records_stay_in_step_over_many_keys)
{
    uint64_t seed = unit_seed_printed("rekey");
    const zks__noise_limits limits = {.bytes = 2000 + seed % 7919,
                                      .records = (uint32_t)(5 + seed % 13)};
    draws dice = {.seed = seed};
    uint8_t record[600], key[ZKS_KEY_BYTES];
    zks__noise_cipher from = make(&limits);
    zks__noise_cipher to = make(&limits);
    unsigned keys = 0;
    for (int i = 0; i < 2000; i++) {
        uint16_t roll = 0;
        draws_fill(&roll, sizeof roll, &dice);
        memcpy(key, from.key, sizeof key);
        seal(&from, record, roll % 500);
        keys += memcmp(key, from.key, sizeof key) != 0;
        ck_assert_int_eq(zks__noise_open(&to, record, roll % 500 + ZKS_TAG_BYTES), ZKS_OK);
        ck_assert_uint_eq(record[0], roll % 500 ? 0 : record[0]);
    }
    printf("%u keys\n", keys);
    ck_assert_uint_gt(keys, 50);
}
END_TEST

START_TEST(the_default_limits_and_the_last_nonce)
{
    uint8_t record[64] = {0};
    zks__noise_cipher c = make(&zks__noise_limits_default);
    ck_assert_uint_eq(zks__noise_limits_default.bytes, 1073741824);
    ck_assert_uint_eq(zks__noise_limits_default.records, 1048576);
    c.n = UINT64_MAX - 1;
    ck_assert_int_eq(zks__noise_seal(&c, record, 10), ZKS_OK);
    ck_assert_int_eq(zks__noise_seal(&c, record, 10), ZKS_E_LIMIT);
    ck_assert_int_eq(zks__noise_open(&c, record, 26), ZKS_E_LIMIT);
    zks__noise_cipher_done(&c);
    for (size_t i = 0; i < sizeof c.key; i++) {
        ck_assert_uint_eq(c.key[i], 0);
    }
}
END_TEST

static void add(TCase *c)
{
    tcase_add_test(c, records_open_in_their_order_only);
    tcase_add_test(c, a_key_seals_so_many_records);
    tcase_add_test(c, a_key_seals_so_many_bytes_of_ciphertext);
    tcase_add_test(c, a_forged_record_at_the_limit_does_not_rekey);
    tcase_add_test(c, random_records_stay_in_step_over_many_keys);
    tcase_add_test(c, the_default_limits_and_the_last_nonce);
}

int main(void)
{
    return unit_main("noise cipher", add);
}
