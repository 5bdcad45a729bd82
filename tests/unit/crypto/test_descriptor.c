/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Descriptors of both suites, and PBKDF2's own. */
#include "crypto/crypto.h"
#include "tests/support/unit.h"

#define SALT "AAECAwQFBgcICQoLDA0ODw" /* 00 01 ... 0f */
#define SALT_64 \
    "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0+Pw"

static const uint8_t salt[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

static const char *const good[] = {"$pbkdf2-sha256$i=600000$" SALT,
                                   "$pbkdf2-sha256$i=10000000$" SALT_64};

START_TEST(pbkdf2_good_is_read_and_written_back)
{
    zks__pbkdf2 p;
    char text[ZKS_DESCRIPTOR_BYTES];
    ck_assert_int_eq(zks__crypto_pbkdf2_parse(good[_i], strlen(good[_i]), &p), ZKS_OK);
    ck_assert_int_eq(zks__crypto_pbkdf2_format(&p, text), ZKS_OK);
    ck_assert_str_eq(text, good[_i]);
    for (size_t length = 0; length < strlen(good[_i]); length++) {
        zks_status status = zks__crypto_pbkdf2_parse(good[_i], length, &p);
        ck_assert(status == ZKS_E_DESCRIPTOR || p.salt_length < 64);
    }
}
END_TEST

static const char *const bad[] = {
    "",
    "$",
    "$pbkdf2$i=600000$" SALT,
    "$pbkdf2-sha512$i=600000$" SALT,
    "$pbkdf2-sha256$600000$" SALT,
    "$pbkdf2-sha256$i=599999$" SALT,
    "$pbkdf2-sha256$i=10000001$" SALT,
    "$pbkdf2-sha256$i=4295567296$" SALT,
    "$pbkdf2-sha256$i=0600000$" SALT,
    "$pbkdf2-sha256$i=$" SALT,
    "$pbkdf2-sha256$i=600000,l=32$" SALT,
    "$pbkdf2-sha256$i=600000$" SALT "=",
    "$pbkdf2-sha256$i=600000$" SALT "$hash",
    "$pbkdf2-sha256$i=600000$AAECAwQFBgcICQoLDA0O", /* 15 bytes */
    "$pbkdf2-sha256$i=600000$" SALT_64 "QA",        /* 65 bytes */
    "$pbkdf2-sha256$i=600000",
};

START_TEST(pbkdf2_bad_is_refused)
{
    zks__pbkdf2 p = {.iterations = 77};
    char text[ZKS_DESCRIPTOR_BYTES];
    ck_assert_int_eq(zks__crypto_init(), ZKS_OK);
    ck_assert_msg(zks__crypto_pbkdf2_parse(bad[_i], strlen(bad[_i]), &p) == ZKS_E_DESCRIPTOR, "%s",
                  bad[_i]);
    ck_assert_uint_eq(p.iterations, 77);
    ck_assert_int_eq(zks__crypto_descriptor_check(bad[_i], strlen(bad[_i]), NULL, NULL),
                     ZKS_E_DESCRIPTOR);
    p = (zks__pbkdf2){.iterations = 599999, .salt_length = 16};
    ck_assert_int_eq(zks__crypto_pbkdf2_format(&p, text), ZKS_E_DESCRIPTOR);
}
END_TEST

START_TEST(passphrase_empty_or_too_long_is_refused)
{
    static const char longest[1025] = {1};
    uint8_t key[ZKS_KEY_BYTES];
    zks__pbkdf2 p = {.iterations = ZKS_PBKDF2_ITERATIONS, .salt_length = 16};
    ck_assert_int_eq(zks__crypto_pbkdf2_derive(&p, "", 0, key), ZKS_E_PASSPHRASE);
    ck_assert_int_eq(zks__crypto_pbkdf2_derive(&p, NULL, 4, key), ZKS_E_PASSPHRASE);
    ck_assert_int_eq(zks__crypto_pbkdf2_derive(&p, longest, 1025, key), ZKS_E_PASSPHRASE);
    p.iterations--;
    ck_assert_int_eq(zks__crypto_pbkdf2_derive(&p, "pass", 4, key), ZKS_E_DESCRIPTOR);
}
END_TEST

/* Each suite's new descriptor names its suite, and is derived from as by its own kind. */
START_TEST(descriptor_belongs_to_its_suite)
{
    const uint8_t suite = (uint8_t)_i;
    char text[ZKS_DESCRIPTOR_BYTES];
    uint8_t found[ZKS_DESCRIPTOR_SALT_MAX_BYTES], key[32], again[32];
    size_t length = 0;
    zks__argon2 a;
    zks__pbkdf2 p;
    ck_assert_int_eq(zks__crypto_init(), ZKS_OK);
    ck_assert_int_eq(zks__crypto_descriptor_new(suite, 0, salt, text), ZKS_OK);
    ck_assert_uint_eq(zks__crypto_descriptor_suite(text, strlen(text)), suite);
    ck_assert_int_eq(zks__crypto_descriptor_check(text, strlen(text), found, &length), ZKS_OK);
    ck_assert_uint_eq(length, sizeof salt);
    ck_assert_mem_eq(found, salt, sizeof salt);
    ck_assert_int_eq(zks__crypto_descriptor_derive(text, strlen(text), "pass", 4, key), ZKS_OK);
    if (suite == ZKS_SUITE_SODIUM) {
        ck_assert_int_eq(zks__crypto_argon2_parse(text, strlen(text), &a), ZKS_OK);
        ck_assert_int_eq(zks__crypto_argon2_derive(&a, "pass", 4, again), ZKS_OK);
    } else {
        ck_assert_int_eq(zks__crypto_pbkdf2_parse(text, strlen(text), &p), ZKS_OK);
        ck_assert_int_eq(zks__crypto_pbkdf2_derive(&p, "pass", 4, again), ZKS_OK);
    }
    ck_assert_mem_eq(key, again, sizeof key);
}
END_TEST

START_TEST(descriptor_of_no_suite_is_refused)
{
    char text[ZKS_DESCRIPTOR_BYTES];
    ck_assert_int_eq(zks__crypto_init(), ZKS_OK);
    ck_assert_int_eq(zks__crypto_descriptor_new(3, 0, salt, text), ZKS_E_SUITE);
    ck_assert_int_eq(zks__crypto_descriptor_of_salt(3, salt, 16, text), ZKS_E_SUITE);
    ck_assert_uint_eq(zks__crypto_descriptor_suite("$scrypt$", 8), 0);
    ck_assert_uint_eq(zks__crypto_descriptor_suite(NULL, 0), 0);
}
END_TEST

static const struct {
    uint8_t suite;
    size_t length;
    const char *text; /* a promise to the apps that give a bare salt */
} bare[] = {
    {1, 16, "$argon2id$v=19$m=65536,t=3,p=1$" SALT},
    {2, 16, "$pbkdf2-sha256$i=600000$" SALT},
    /* SHA-256 of 00 01 ... 07 */
    {2, 8, "$pbkdf2-sha256$i=600000$ioUf+C7nBIrQnsOEfx3fRJRBBNLL0X7049sixnhaDUU"},
};

START_TEST(salt_alone_has_fixed_parameters)
{
    char text[ZKS_DESCRIPTOR_BYTES];
    ck_assert_int_eq(zks__crypto_init(), ZKS_OK);
    ck_assert_int_eq(zks__crypto_descriptor_of_salt(bare[_i].suite, salt, bare[_i].length, text),
                     ZKS_OK);
    ck_assert_str_eq(text, bare[_i].text);
}
END_TEST

static void add(TCase *c)
{
    tcase_add_loop_test(c, pbkdf2_good_is_read_and_written_back, 0, sizeof good / sizeof good[0]);
    tcase_add_loop_test(c, pbkdf2_bad_is_refused, 0, sizeof bad / sizeof bad[0]);
    tcase_add_test(c, passphrase_empty_or_too_long_is_refused);
    tcase_add_loop_test(c, descriptor_belongs_to_its_suite, 1, 3);
    tcase_add_test(c, descriptor_of_no_suite_is_refused);
    tcase_add_loop_test(c, salt_alone_has_fixed_parameters, 0, sizeof bare / sizeof bare[0]);
}

int main(void)
{
    return unit_main("crypto descriptor", add);
}
