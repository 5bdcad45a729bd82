/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The relay's options: files, environment, values, and the key file. */
#include "base/base32.h"
#include "relay/core/config.h"
#include "relay/core/key.h"
#include "support/unit.h"

#include "crypto/crypto.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

START_TEST(every_option_takes_its_default_and_prints_it)
{
    char problem[ZKS_RELAY_PROBLEM_BYTES];
    char text[1024];
    zks__relay_config *c = zks__relay_config_new();
    const zks__relay_option *o;
    ck_assert_ptr_nonnull(c);
    for (size_t i = 0; (o = zks__relay_option_at(i)); i++) {
        ck_assert_int_eq(zks__relay_config_set(c, o->name, o->fallback, problem), ZKS_OK);
        zks__relay_option_print(c, o, text, sizeof text);
        ck_assert_msg(zks__relay_config_set(c, o->name, text, problem) == ZKS_OK, "%s", problem);
        ck_assert_uint_gt(strlen(o->help), 0);
    }
    ck_assert_int_eq(zks__relay_config_check(c, problem), ZKS_OK);
    zks__relay_config_free(c);
}
END_TEST

/* name, value -> refused, and the sentence names both. */
static const struct {
    const char *name, *value;
} refused[] = {
    {"no_such_thing", "1"},
    {"hello_ms", ""},
    {"hello_ms", "-1"},
    {"hello_ms", "99"},
    {"hello_ms", "600001"},
    {"hello_ms", "100K"}, /* only bytes have units */
    {"hello_ms", "1e3"},
    {"max_blob_bytes", "2M"},
    {"max_blob_bytes", "1MB"},
    {"disk_bytes", "99999999999999999999"},
    {"disk_bytes", "99999999999999T"},
    {"log_level", "loud"},
    {"log_level", "info|debug"},
    {"log_level", ""},
    {"name", "two\nlines"},
};

START_TEST(bad_values_are_refused_by_name)
{
    char problem[ZKS_RELAY_PROBLEM_BYTES] = "";
    zks__relay_config *c = zks__relay_config_new();
    ck_assert_int_eq(zks__relay_config_set(c, refused[_i].name, refused[_i].value, problem),
                     ZKS_E_CONFIG_FILE);
    ck_assert_ptr_nonnull(strstr(problem, refused[_i].name));
    zks__relay_config_free(c);
}
END_TEST

START_TEST(bytes_take_units)
{
    char problem[ZKS_RELAY_PROBLEM_BYTES];
    zks__relay_config *c = zks__relay_config_new();
    ck_assert_int_eq(zks__relay_config_set(c, "disk_bytes", "3G", problem), ZKS_OK);
    ck_assert_uint_eq(c->disk_bytes, 3ull << 30);
    ck_assert_int_eq(zks__relay_config_set(c, "max_blob_bytes", "16k", problem), ZKS_OK);
    ck_assert_uint_eq(c->max_blob_bytes, 16384);
    zks__relay_config_free(c);
}
END_TEST

static zks_status parse(zks__relay_config *c, const char *text, char *problem)
{
    return zks__relay_config_parse(c, text, strlen(text), problem);
}

START_TEST(file_with_comments_is_read)
{
    char problem[ZKS_RELAY_PROBLEM_BYTES];
    zks__relay_config *c = zks__relay_config_new();
    ck_assert_int_eq(parse(c, "# a comment\n\nlisten = 0.0.0.0:1\nhello_ms=500\n", problem),
                     ZKS_OK);
    ck_assert_str_eq(c->listen, "0.0.0.0:1");
    ck_assert_uint_eq(c->hello_ms, 500);
    zks__relay_config_free(c);
}
END_TEST

START_TEST(file_mistakes_name_their_line)
{
    static const char *const texts[] = {"hello_ms = 500\nhello_ms = x\n", "\nlisten\n",
                                        "hello_ms = 500\n[section]\nhello_ms = 500\n",
                                        "a = b\nwindow_bytes = 1\n"};
    static const char *const lines[] = {"line 2", "line 2", "line 3", "line 1"};
    char problem[ZKS_RELAY_PROBLEM_BYTES] = "";
    zks__relay_config *c = zks__relay_config_new();
    ck_assert_int_eq(parse(c, texts[_i], problem), ZKS_E_CONFIG_FILE);
    ck_assert_msg(strstr(problem, lines[_i]) != NULL, "%s", problem);
    ck_assert_int_eq(zks__relay_config_parse(c, "a\0b", 3, problem), ZKS_E_CONFIG_FILE);
    zks__relay_config_free(c);
}
END_TEST

static char *fake_environment(const char *name)
{
    static char five[] = "500";
    static char bad[] = "no";
    return strcmp(name, "ZKS_RELAY_HELLO_MS") == 0  ? five
           : strcmp(name, "ZKS_RELAY_IDLE_MS") == 0 ? bad
                                                    : NULL;
}

START_TEST(environment_names_its_variable)
{
    char problem[ZKS_RELAY_PROBLEM_BYTES] = "";
    zks__relay_config *c = zks__relay_config_new();
    ck_assert_int_eq(zks__relay_config_environment(c, fake_environment, problem),
                     ZKS_E_CONFIG_FILE);
    ck_assert_uint_eq(c->hello_ms, 500);
    ck_assert_ptr_nonnull(strstr(problem, "ZKS_RELAY_IDLE_MS"));
    zks__relay_config_free(c);
}
END_TEST

START_TEST(contradictions_are_refused)
{
    static const char *const texts[] = {"data =\n", "inflight_bytes = 64K\n",
                                        "window_bytes = 64K\n"};
    char problem[ZKS_RELAY_PROBLEM_BYTES] = "";
    zks__relay_config *c = zks__relay_config_new();
    ck_assert_int_eq(parse(c, texts[_i], problem), ZKS_OK);
    ck_assert_int_eq(zks__relay_config_check(c, problem), ZKS_E_CONFIG_FILE);
    ck_assert_uint_gt(strlen(problem), 0);
    zks__relay_config_free(c);
}
END_TEST

START_TEST(copy_owns_its_texts)
{
    char problem[ZKS_RELAY_PROBLEM_BYTES];
    zks__relay_config *c = zks__relay_config_new();
    ck_assert_int_eq(zks__relay_config_set(c, "name", "one", problem), ZKS_OK);
    zks__relay_config *copy = zks__relay_config_copy(c);
    zks__relay_config_free(c);
    ck_assert_str_eq(copy->name, "one");
    zks__relay_config_free(copy);
}
END_TEST

START_TEST(key_is_made_once_and_read_again)
{
    char folder[96];
    char path[128];
    uint8_t first[ZKS_RELAY_SEED_BYTES];
    uint8_t second[ZKS_RELAY_SEED_BYTES];
    struct stat info;
    zks__rng rng = zks__crypto_rng();
    ck_assert_int_eq(zks__crypto_init(), ZKS_OK);
    ck_assert(test_folder(folder, sizeof folder));
    snprintf(path, sizeof path, "%s/key", folder);
    ck_assert_int_eq(zks__relay_key_load(path, &rng, first), ZKS_OK);
    ck_assert_int_eq(stat(path, &info), 0);
    ck_assert_uint_eq(info.st_mode & 0777, 0600);
    ck_assert_int_eq(zks__relay_key_load(path, &rng, second), ZKS_OK);
    ck_assert_mem_eq(first, second, sizeof first);
    ck_assert_int_eq(chmod(path, 0640), 0); /* others could be the relay */
    ck_assert_int_eq(zks__relay_key_load(path, &rng, second), ZKS_E_CONFIG_FILE);
    ck_assert_int_eq(chmod(path, 0600), 0);
    ck_assert_int_eq(truncate(path, 40), 0);
    ck_assert_int_eq(zks__relay_key_load(path, &rng, second), ZKS_E_CONFIG_FILE);
    unlink(path);
    rmdir(folder);
    ck_assert_int_eq(zks__relay_key_load(path, &rng, second), ZKS_E_STORE_PATH);
}
END_TEST

START_TEST(key_text_is_base32)
{
    /* python3: base64.b32encode(bytes(range(32))).decode().rstrip('=').lower() */
    static const char expected[] = "aaaqeayeaudaocajbifqydiob4ibceqtcqkrmfyydenbwha5dypq";
    uint8_t key[32];
    char text[ZKS_BASE32_KEY_BYTES];
    for (uint8_t i = 0; i < 32; i++) {
        key[i] = i;
    }
    zks__base32_key(key, text);
    ck_assert_str_eq(text, expected);
}
END_TEST

static void add(TCase *c)
{
    tcase_add_test(c, every_option_takes_its_default_and_prints_it);
    tcase_add_loop_test(c, bad_values_are_refused_by_name, 0, (int)ZKS_COUNTOF(refused));
    tcase_add_test(c, bytes_take_units);
    tcase_add_test(c, file_with_comments_is_read);
    tcase_add_loop_test(c, file_mistakes_name_their_line, 0, 4);
    tcase_add_test(c, environment_names_its_variable);
    tcase_add_loop_test(c, contradictions_are_refused, 0, 3);
    tcase_add_test(c, copy_owns_its_texts);
    tcase_add_test(c, key_is_made_once_and_read_again);
    tcase_add_test(c, key_text_is_base32);
}

int main(void)
{
    return unit_main("relay config", add);
}
