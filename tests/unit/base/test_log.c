/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "base/log.h"
#include "tests/support/unit.h"

#include <string.h>

typedef struct capture {
    int lines;
    int level;
    char line[2048];
} capture;

static void sink(int level, const char *line, void *user)
{
    capture *c = user;
    c->lines++;
    c->level = level;
    strncpy(c->line, line, sizeof c->line - 1);
}

START_TEST(levels_above_the_chosen_one_are_silent)
{
    capture c = {0};
    zks__log log = {.level = ZKS_LOG_LEVEL_WARN, .sink = sink, .user = &c};
    zks__log_write(&log, ZKS_LOG_LEVEL_INFO, "quiet");
    ck_assert_int_eq(c.lines, 0);
    zks__log_write(&log, ZKS_LOG_LEVEL_WARN, "event n=%d", 7);
    zks__log_write(&log, ZKS_LOG_LEVEL_ERROR, "worse");
    ck_assert_int_eq(c.lines, 2);
    ck_assert_int_eq(c.level, ZKS_LOG_LEVEL_ERROR);
    zks__log_write(NULL, ZKS_LOG_LEVEL_ERROR, "nobody listens");
    log.sink = NULL;
    zks__log_write(&log, ZKS_LOG_LEVEL_ERROR, "nobody listens");
}
END_TEST

START_TEST(control_characters_cannot_forge_a_line)
{
    capture c = {0};
    zks__log log = {.level = ZKS_LOG_LEVEL_DEBUG, .sink = sink, .user = &c};
    zks__log_write(&log, ZKS_LOG_LEVEL_INFO, "text=%s", "a\nfake\r\x1b[31m\x7f\tz");
    ck_assert_str_eq(c.line, "text=a?fake??[31m??z");
    zks__log_write(&log, ZKS_LOG_LEVEL_INFO, "text=%s", "gr\xc3\xbc\xc3\x9f");
    ck_assert_str_eq(c.line, "text=gr\xc3\xbc\xc3\x9f");
}
END_TEST

START_TEST(long_lines_are_cut)
{
    capture c = {0};
    char text[3000];
    memset(text, 'a', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    zks__log log = {.level = ZKS_LOG_LEVEL_DEBUG, .sink = sink, .user = &c};
    zks__log_write(&log, ZKS_LOG_LEVEL_INFO, "%s", text);
    ck_assert_uint_eq(strlen(c.line), 1023);
}
END_TEST

START_TEST(redaction_is_stable_keyed_and_hides_the_identifier)
{
    zks__log a = {.redact_key = {1}};
    zks__log b = {.redact_key = {2}};
    const char *id = "device-0";
    zks__redacted first = zks__log_redact(&a, id, strlen(id));
    zks__redacted second = zks__log_redact(&a, id, strlen(id));
    ck_assert_str_eq(first.text, second.text);
    ck_assert_uint_eq(strlen(first.text), 8);
    ck_assert_uint_eq(strspn(first.text, "0123456789abcdef"), 8);
    ck_assert_str_ne(first.text, zks__log_redact(&b, id, strlen(id)).text);
    ck_assert_str_ne(first.text, zks__log_redact(&a, "device-1", 8).text);
    ck_assert_str_eq(zks__log_redact(&a, NULL, 0).text, "-");
    ck_assert_str_eq(zks__log_redact(NULL, id, 8).text, "-");
}
END_TEST

static void add(TCase *c)
{
    tcase_add_test(c, levels_above_the_chosen_one_are_silent);
    tcase_add_test(c, control_characters_cannot_forge_a_line);
    tcase_add_test(c, long_lines_are_cut);
    tcase_add_test(c, redaction_is_stable_keyed_and_hides_the_identifier);
}

int main(void)
{
    return unit_main("base log", add);
}
