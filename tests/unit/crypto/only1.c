/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A build without suite 2. */
#include "tests/support/unit.h"
#include "unit/crypto/only.h"

START_TEST(only1_has_suite_1_and_refuses_2)
{
    zks__crypto_report r;
    uint8_t key[ZKS_KEY_BYTES];
    for (size_t i = 0; i < ONLY_CALLS; i++) {
        ck_assert(only_calls[i] != NULL);
    }
    ck_assert_int_eq(zks__crypto_start("sha256"), ZKS_OK); /* no known-answer test runs */
    zks__crypto_report_get(&r);
    ck_assert(r.suite1 && !r.suite2 && !r.fips_mode);
    ck_assert_ptr_null(r.failed_test);
    ck_assert_ptr_nonnull(zks__crypto_suite(ZKS_SUITE_SODIUM));
    ck_assert_ptr_null(zks__crypto_suite(ZKS_SUITE_APPROVED));
    ck_assert_int_eq(zks__crypto_suite_check(ZKS_SUITE_APPROVED), ZKS_E_SUITE);
    ck_assert_uint_eq(zks__crypto_suite_default(), ZKS_SUITE_SODIUM);
    ck_assert_int_eq(
        zks__crypto_descriptor_derive(ONLY_PBKDF2, sizeof ONLY_PBKDF2 - 1, "pass", 4, key),
        ZKS_E_SUITE);
    ck_assert_int_eq(
        zks__crypto_descriptor_derive(ONLY_ARGON2, sizeof ONLY_ARGON2 - 1, "pass", 4, key), ZKS_OK);
}
END_TEST

static void add(TCase *c)
{
    tcase_add_test(c, only1_has_suite_1_and_refuses_2);
}

int main(void)
{
    return unit_main("crypto without suite 2", add);
}
