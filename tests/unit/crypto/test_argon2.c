/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "crypto/crypto.h"
#include "tests/support/unit.h"

#define SALT "AAECAwQFBgcICQoLDA0ODw" /* 00 01 ... 0f */
#define SALT_64 \
    "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0+Pw"

static const char *const good[] = {
    "$argon2id$v=19$m=19456,t=2,p=1$" SALT,
    "$argon2id$v=19$m=47104,t=1,p=1$" SALT,
    "$argon2id$v=19$m=65536,t=3,p=1$" SALT,
    "$argon2id$v=19$m=1048576,t=10,p=1$" SALT_64,
};

START_TEST(descriptor_good_is_read_and_written_back)
{
    zks__argon2 a;
    char text[ZKS_ARGON2_TEXT_BYTES];
    ck_assert_int_eq(zks__crypto_init(), ZKS_OK);
    ck_assert_int_eq(zks__crypto_argon2_parse(good[_i], strlen(good[_i]), &a), ZKS_OK);
    ck_assert_int_eq(zks__crypto_argon2_format(&a, text), ZKS_OK);
    ck_assert_str_eq(text, good[_i]);
}
END_TEST

static const char *const bad[] = {
    "",
    "$",
    "argon2id$v=19$m=65536,t=3,p=1$" SALT,
    "$argon2i$v=19$m=65536,t=3,p=1$" SALT,
    "$argon2id$v=16$m=65536,t=3,p=1$" SALT,
    "$argon2id$m=65536,t=3,p=1$" SALT,
    "$argon2id$v=19$m=65536,t=3,p=4$" SALT,
    "$argon2id$v=19$m=065536,t=3,p=1$" SALT,
    "$argon2id$v=19$m=+65536,t=3,p=1$" SALT,
    "$argon2id$v=19$m=65536,t=03,p=1$" SALT,
    "$argon2id$v=19$m=65536,t=,p=1$" SALT,
    "$argon2id$v=19$m=,t=3,p=1$" SALT,
    "$argon2id$v=19$m=65536 ,t=3,p=1$" SALT,
    "$argon2id$v=19$m=65536,t=3,p=1$" SALT "=",
    "$argon2id$v=19$m=65536,t=3,p=1$" SALT "AAA", /* six bits too many */
    "$argon2id$v=19$m=65536,t=3,p=1$" SALT "==",
    "$argon2id$v=19$m=65536,t=3,p=1$" SALT "$hash",
    "$argon2id$v=19$m=65536,t=3,p=1$" SALT " ",
    "$argon2id$v=19$m=65536,t=3,p=1$AAECAwQFBgcICQoLDA0ODx", /* a stray bit at the end */
    "$argon2id$v=19$m=65536,t=3,p=1$AAECAwQFBgcICQoLDA0O",   /* 15 bytes */
    "$argon2id$v=19$m=65536,t=3,p=1$" SALT_64 "QA",          /* 65 bytes */
    "$argon2id$v=19$m=65536,t=3,p=1$-_ECAwQFBgcICQoLDA0ODw", /* the alphabet of URLs */
    "$argon2id$v=19$m=19455,t=2,p=1$" SALT,
    "$argon2id$v=19$m=47103,t=1,p=1$" SALT,
    "$argon2id$v=19$m=65536,t=0,p=1$" SALT,
    "$argon2id$v=19$m=65536,t=11,p=1$" SALT,
    "$argon2id$v=19$m=1048577,t=3,p=1$" SALT,
    "$argon2id$v=19$m=4294967296,t=3,p=1$" SALT,
    "$argon2id$v=19$m=99999999999999999999,t=3,p=1$" SALT,
};

START_TEST(descriptor_bad_is_refused)
{
    zks__argon2 a = {.passes = 77};
    ck_assert_int_eq(zks__crypto_init(), ZKS_OK);
    ck_assert_msg(zks__crypto_argon2_parse(bad[_i], strlen(bad[_i]), &a) == ZKS_E_DESCRIPTOR, "%s",
                  bad[_i]);
    ck_assert_uint_eq(a.passes, 77);
}
END_TEST

START_TEST(descriptor_cut_anywhere_is_refused)
{
    zks__argon2 a;
    ck_assert_int_eq(zks__crypto_init(), ZKS_OK);
    for (size_t length = 0; length < strlen(good[0]); length++) {
        ck_assert_int_eq(zks__crypto_argon2_parse(good[0], length, &a), ZKS_E_DESCRIPTOR);
    }
    ck_assert_int_eq(zks__crypto_argon2_parse(NULL, 0, &a), ZKS_E_DESCRIPTOR);
}
END_TEST

static const struct {
    uint64_t ram_mib;
    uint32_t memory_mib, passes;
} tiers[] = {{512, 19, 2}, {4095, 19, 2}, {4096, 46, 1}, {8192, 46, 1}, {8193, 64, 3}};

START_TEST(choose_follows_the_tiers_and_leaves_the_salt)
{
    zks__argon2 a = {.salt = {9}, .salt_length = 16};
    zks__crypto_argon2_choose(tiers[_i].ram_mib << 20, &a);
    ck_assert_uint_eq(a.memory_kib, tiers[_i].memory_mib * 1024);
    ck_assert_uint_eq(a.passes, tiers[_i].passes);
    ck_assert_uint_eq(a.salt[0], 9);
    ck_assert_uint_eq(a.salt_length, 16);
}
END_TEST

START_TEST(derive_refuses_what_it_says)
{
    static char longest[1025];
    uint8_t key[ZKS_KEY_BYTES] = {1};
    zks__argon2 a = {.memory_kib = 19456, .passes = 2, .salt_length = 16};
    zks__argon2 weak = {.memory_kib = 1024, .passes = 2, .salt_length = 16};
    ck_assert_int_eq(zks__crypto_init(), ZKS_OK);
    memset(longest, 'x', sizeof longest);
    ck_assert_int_eq(zks__crypto_argon2_derive(&a, "", 0, key), ZKS_E_PASSPHRASE);
    ck_assert_int_eq(zks__crypto_argon2_derive(&a, NULL, 4, key), ZKS_E_PASSPHRASE);
    ck_assert_int_eq(zks__crypto_argon2_derive(&a, longest, 1025, key), ZKS_E_PASSPHRASE);
    ck_assert_int_eq(zks__crypto_argon2_derive(&weak, "pass", 4, key), ZKS_E_DESCRIPTOR);
    ck_assert_uint_eq(key[0], 1);
    ck_assert_int_eq(zks__crypto_argon2_derive(&a, longest, 1024, key), ZKS_OK);
}
END_TEST

START_TEST(derive_salt_of_every_length_matters)
{
    uint8_t keys[3][ZKS_KEY_BYTES];
    zks__argon2 a = {.memory_kib = 19456, .passes = 2, .salt_length = 16};
    ck_assert_int_eq(zks__crypto_init(), ZKS_OK);
    ck_assert_int_eq(zks__crypto_argon2_derive(&a, "pass", 4, keys[0]), ZKS_OK);
    a.salt_length = 17;
    ck_assert_int_eq(zks__crypto_argon2_derive(&a, "pass", 4, keys[1]), ZKS_OK);
    a.salt[16] = 1;
    ck_assert_int_eq(zks__crypto_argon2_derive(&a, "pass", 4, keys[2]), ZKS_OK);
    ck_assert_mem_ne(keys[0], keys[1], ZKS_KEY_BYTES);
    ck_assert_mem_ne(keys[1], keys[2], ZKS_KEY_BYTES);
}
END_TEST

static void add(TCase *c)
{
    tcase_add_loop_test(c, descriptor_good_is_read_and_written_back, 0, ZKS_COUNTOF(good));
    tcase_add_loop_test(c, descriptor_bad_is_refused, 0, ZKS_COUNTOF(bad));
    tcase_add_test(c, descriptor_cut_anywhere_is_refused);
    tcase_add_loop_test(c, choose_follows_the_tiers_and_leaves_the_salt, 0, ZKS_COUNTOF(tiers));
    tcase_add_test(c, derive_refuses_what_it_says);
    tcase_add_test(c, derive_salt_of_every_length_matters);
}

int main(void)
{
    return unit_main("crypto argon2", add);
}
