/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "group/recovery.h"
#include "tests/support/unit.h"

#include <ctype.h>
#include <string.h>

static uint8_t seed[ZKS_KEY_BYTES];
static char text[ZKS_RECOVERY_TEXT_BYTES];

static void setup(void)
{
    ck_assert_int_eq(zks__crypto_init(), ZKS_OK);
    for (size_t i = 0; i < sizeof seed; i++) {
        seed[i] = (uint8_t)(i * 37 + 11);
    }
    zks__recovery_format(ZKS_SUITE_SODIUM, seed, text);
}

/* Parses; untouched results are checked on failure. */
static zks_status parse(const char *code, size_t *out_word)
{
    uint8_t suite = 0xee, got[ZKS_KEY_BYTES];
    memset(got, 0xee, sizeof got);
    *out_word = 99;
    zks_status status = zks__recovery_parse(code, strlen(code), &suite, got, out_word);
    if (status) {
        ck_assert_uint_eq(suite, 0xee);
        ck_assert_uint_eq(got[0], 0xee);
        ck_assert_uint_eq(got[ZKS_KEY_BYTES - 1], 0xee);
    } else {
        ck_assert_uint_eq(suite, ZKS_SUITE_SODIUM);
        ck_assert_mem_eq(got, seed, sizeof seed);
        ck_assert_uint_eq(*out_word, 0);
    }
    return status;
}

START_TEST(code_is_read_as_people_type_it)
{
    setup();
    size_t word, n = 0;
    ck_assert_uint_eq(strlen(text), ZKS_RECOVERY_TEXT_BYTES - 1);
    ck_assert_int_eq(parse(text, &word), ZKS_OK);
    char typed[4 * ZKS_RECOVERY_TEXT_BYTES];
    typed[n++] = '\n';
    for (size_t i = 0; text[i]; i++) {
        if (text[i] == ' ') {
            memcpy(typed + n, i % 4 ? "-" : " ,\r\n", i % 4 ? 1 : 4);
            n += i % 4 ? 1 : 4;
        } else {
            typed[n++] = (char)(i % 3 ? toupper(text[i]) : text[i]);
        }
    }
    typed[n] = '\0';
    ck_assert_int_eq(parse(typed, &word), ZKS_OK);
}
END_TEST

START_TEST(words_are_the_ones_that_were_written_down_years_ago)
{
    /* A code on paper must stay readable for ever. Computed apart from the engine, with Python's
     * hashlib. */
    setup();
    ck_assert_str_eq(text, "bahar gadij lopiz sigon bumug jodut paral vubid ginir "
                           "mafoj soroz dibun jupag pogat zamil gudod minad gozub");
}
END_TEST

START_TEST(each_wrong_letter_is_found)
{
    setup();
    size_t word;
    for (size_t i = 0; text[i]; i++) {
        char kept = text[i];
        for (char c = 'a'; c <= 'z' && kept != ' '; c++) {
            text[i] = c;
            zks_status status = parse(text, &word);
            if (c == kept) {
                ck_assert_int_eq(status, ZKS_OK);
            } else if (status != ZKS_E_DECRYPT) {
                ck_assert_int_eq(status, ZKS_E_MALFORMED);
                ck_assert_uint_eq(word, i / (ZKS_RECOVERY_WORD_LETTERS + 1) + 1);
            }
        }
        text[i] = kept;
    }
}
END_TEST

START_TEST(swapped_words_are_found)
{
    setup();
    size_t word, step = ZKS_RECOVERY_WORD_LETTERS + 1;
    for (size_t i = 0; i + 1 < ZKS_RECOVERY_WORDS; i++) {
        char swapped[ZKS_RECOVERY_TEXT_BYTES];
        memcpy(swapped, text, sizeof swapped);
        memcpy(swapped + i * step, text + (i + 1) * step, ZKS_RECOVERY_WORD_LETTERS);
        memcpy(swapped + (i + 1) * step, text + i * step, ZKS_RECOVERY_WORD_LETTERS);
        ck_assert_int_eq(parse(swapped, &word), ZKS_E_DECRYPT);
    }
}
END_TEST

START_TEST(missing_and_further_words_are_counted)
{
    setup();
    size_t word;
    char more[2 * ZKS_RECOVERY_TEXT_BYTES];
    snprintf(more, sizeof more, "%s %s", text, "babab");
    ck_assert_int_eq(parse(more, &word), ZKS_E_TOO_LARGE);
    ck_assert_uint_eq(word, ZKS_RECOVERY_WORDS + 1);
    text[strlen(text) - ZKS_RECOVERY_WORD_LETTERS - 1] = '\0';
    ck_assert_int_eq(parse(text, &word), ZKS_E_TRUNCATED);
    ck_assert_uint_eq(word, ZKS_RECOVERY_WORDS - 1);
    ck_assert_int_eq(parse("", &word), ZKS_E_TRUNCATED);
    ck_assert_uint_eq(word, 0);
    text[7] = '\0'; /* in the middle of the second word */
    ck_assert_int_eq(parse(text, &word), ZKS_E_MALFORMED);
    ck_assert_uint_eq(word, 2);
}
END_TEST

START_TEST(unknown_suite_is_told)
{
    setup();
    size_t word;
    zks__recovery_format(0xf0, seed, text);
    ck_assert_int_eq(parse(text, &word), ZKS_E_SUITE);
}
END_TEST

static void add(TCase *t)
{
    tcase_add_test(t, code_is_read_as_people_type_it);
    tcase_add_test(t, words_are_the_ones_that_were_written_down_years_ago);
    tcase_add_test(t, each_wrong_letter_is_found);
    tcase_add_test(t, swapped_words_are_found);
    tcase_add_test(t, missing_and_further_words_are_counted);
    tcase_add_test(t, unknown_suite_is_told);
}

int main(void)
{
    return unit_main("group recovery", add);
}
