/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What may be a device's name, character by character. */
#include "base/name.h"
#include "base/status.h"
#include "tests/support/unit.h"

#include <string.h>

static bool valid(const char *name)
{
    return zks__name_valid((const uint8_t *)name, strlen(name));
}

START_TEST(name_of_any_script_is_good)
{
    static const char *const good[] = {
        "a",
        "Zoë's phone",
        "电话 2",
        "טלפון",
        "هاتف",
        "می\u200cخواهم",              /* Persian: ZWNJ */
        "क्\u200dष",                   /* Devanagari: ZWJ */
        "\U0001f469\u200d\U0001f4bb", /* emoji of two, joined */
        "☂\ufe0f",                    /* shown as emoji */
        "\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f", /* Scotland */
        "葛\U000e0100",     /* a variant of the character */
        "\xed\x9f\xbf",     /* the last before the surrogates */
        "\xf4\x8f\xbf\xbf", /* the last of all */
    };
    for (size_t i = 0; i < ZKS_COUNTOF(good); i++) {
        ck_assert_msg(valid(good[i]), "%s", good[i]);
    }
}
END_TEST

START_TEST(name_that_is_no_utf8_is_refused)
{
    static const char *const bad[] = {"\xc0\x80",     "\xff",     "\xe2\x98",
                                      "\x80",         "a\xc3",    "\xed\xa0\x80",
                                      "\xe0\x80\x80", "\xf5\x80", "\xf4\x90\x80\x80"};
    for (size_t i = 0; i < ZKS_COUNTOF(bad); i++) {
        ck_assert_msg(!valid(bad[i]), "bad name %zu", i);
    }
    ck_assert(!zks__name_valid((const uint8_t *)"a\0b", 3));
}
END_TEST

static const char *const turned[] = {
    "a\n",     "a\t",     "a\x1b[2J", "a\x7f",   "a\xc2\x85", "a\u00ad",  "a\u061c", "a\u180e",
    "a\u200b", "a\u200e", "a\u200f",  "a\u2028", "a\u2029",   "a\u202a",  "a\u202e", "a\u2060",
    "a\u2064", "a\u2066", "a\u2069",  "a\u206f", "\ufeffa",   "a\ufff9b",
};

/* Before, behind and between what is seen. */
START_TEST(name_with_marks_that_show_nothing_is_refused)
{
    char name[32];
    ck_assert_msg(!valid(turned[_i]), "%d", _i);
    snprintf(name, sizeof name, "%sb", turned[_i]);
    ck_assert_msg(!valid(name), "%d", _i);
    snprintf(name, sizeof name, "b%s", turned[_i]);
    ck_assert_msg(!valid(name), "%d", _i);
}
END_TEST

START_TEST(name_of_which_nothing_is_seen_is_refused)
{
    static const char *const bad[] = {
        "",           " ",          "   ",          "\u00a0",        "\u034f", "\u115f\u1160",
        "\u2003",     "\u200c",     "\u200d",       " \u200c\u200d", "\u202f", "\u2800",
        "\u3000",     "\u3164",     "\ufe0f",       "\uffa0",        "\u17b4", "\u180b",
        "\U000e0020", "\U000e0100", "\u1680 \u205f"};
    char name[32];
    for (size_t i = 0; i < ZKS_COUNTOF(bad); i++) {
        ck_assert_msg(!valid(bad[i]), "bad name %zu", i);
        snprintf(name, sizeof name, "%sa", bad[i]);
        ck_assert_msg(valid(name), "name %zu and a letter", i);
    }
}
END_TEST

static void add(TCase *c)
{
    tcase_add_test(c, name_of_any_script_is_good);
    tcase_add_test(c, name_that_is_no_utf8_is_refused);
    tcase_add_loop_test(c, name_with_marks_that_show_nothing_is_refused, 0, ZKS_COUNTOF(turned));
    tcase_add_test(c, name_of_which_nothing_is_seen_is_refused);
}

int main(void)
{
    return unit_main("name", add);
}
