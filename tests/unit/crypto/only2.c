/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A build without suite 1: what names no suite is computed by suite 2's libraries. */
#include "tests/support/unit.h"
#include "unit/crypto/only.h"

START_TEST(only2_has_suite_2_and_refuses_1)
{
    zks__crypto_report r;
    uint8_t key[ZKS_KEY_BYTES], digest[32], expected[32], seed[32] = {1}, signature[64];
    zks__sign_key k;
    for (size_t i = 0; i < ONLY_CALLS; i++) {
        ck_assert(only_calls[i] != NULL);
    }
    ck_assert_int_eq(zks__crypto_init(), ZKS_OK);
    zks__crypto_report_get(&r);
    ck_assert(!r.suite1 && r.suite2);
    const zks__suite *suite = zks__crypto_suite(ZKS_SUITE_APPROVED);
    ck_assert_ptr_nonnull(suite);
    ck_assert_ptr_null(zks__crypto_suite(ZKS_SUITE_SODIUM));
    ck_assert_int_eq(zks__crypto_suite_check(ZKS_SUITE_SODIUM), ZKS_E_SUITE);
    ck_assert_uint_eq(zks__crypto_suite_default(), ZKS_SUITE_APPROVED);
    zks__crypto_sha256("abc", 3, digest);
    suite->sha256_two("ab", 2, "c", 1, expected);
    ck_assert_mem_eq(digest, expected, sizeof digest);
    zks__crypto_sign_key(seed, &k);
    zks__crypto_sign(&k, "m", 1, signature);
    ck_assert_int_eq(zks__crypto_verify(zks__crypto_sign_public(&k), "m", 1, signature), ZKS_OK);
    ck_assert_int_eq(
        zks__crypto_descriptor_derive(ONLY_ARGON2, sizeof ONLY_ARGON2 - 1, "pass", 4, key),
        ZKS_E_SUITE);
    ck_assert_int_eq(
        zks__crypto_descriptor_derive(ONLY_PBKDF2, sizeof ONLY_PBKDF2 - 1, "pass", 4, key), ZKS_OK);
}
END_TEST

START_TEST(only2_with_a_wrong_answer_does_not_start)
{
    ck_assert_int_eq(zks__crypto_start("p256"), ZKS_E_INTERNAL);
    ck_assert_int_eq(zks__crypto_init(), ZKS_E_INTERNAL);
    ck_assert_ptr_null(zks__crypto_suite(ZKS_SUITE_APPROVED));
}
END_TEST

static void add(TCase *c)
{
    tcase_add_test(c, only2_has_suite_2_and_refuses_1);
    tcase_add_test(c, only2_with_a_wrong_answer_does_not_start);
}

int main(void)
{
    return unit_main("crypto without suite 1", add);
}
