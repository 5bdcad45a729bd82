/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Configuration, secrets and invites as far as they need no client. */
#include "abi/world.h"

static zks_config *g;

static void setup(void)
{
    MUST(zks_config_new(&g));
}

static void teardown(void)
{
    zks_config_free(g);
}

/* A refusal has a sentence that names the thing. */
#define REFUSED(call, status, word)                                                        \
    do {                                                                                   \
        EXPECT(call, status);                                                              \
        ck_assert_msg(strstr(zks_config_problem(g), word) != NULL, "'%s' does not say %s", \
                      zks_config_problem(g), word);                                        \
    } while (0)

START_TEST(secret_of_another_length_is_refused)
{
    uint8_t secret[64] = {1};
    REFUSED(zks_config_set_secret(g, secret, 31), ZKS_E_SECRET, "32");
    REFUSED(zks_config_set_secret(g, secret, 33), ZKS_E_SECRET, "32");
    REFUSED(zks_config_set_secret(g, NULL, 0), ZKS_E_SECRET, "32");
    REFUSED(zks_config_set_secret(g, NULL, 32), ZKS_E_INVALID, "NULL");
    MUST(zks_config_set_secret(g, secret, 32));
    ck_assert_str_eq(zks_config_problem(g), "");
}
END_TEST

START_TEST(secret_and_passphrase_exclude_each_other)
{
    uint8_t secret[32] = {1};
    const uint8_t salt[16] = {2};
    MUST(zks_config_set_passphrase(g, "horse", 5, salt, sizeof salt));
    REFUSED(zks_config_set_secret(g, secret, 32), ZKS_E_BOTH_SECRETS, "both");
    MUST(zks_config_set_passphrase(g, "staple", 6, salt, 8)); /* replaces */
    zks_config_free(g);
    MUST(zks_config_new(&g));
    MUST(zks_config_set_secret(g, secret, 32));
    REFUSED(zks_config_set_passphrase(g, "horse", 5, salt, sizeof salt), ZKS_E_BOTH_SECRETS,
            "both");
}
END_TEST

START_TEST(passphrase_and_salt_follow_the_rules)
{
    const uint8_t salt[16] = {2};
    static char longest[ZKS_SIZE_PASSPHRASE_MAX + 1];
    memset(longest, 'x', sizeof longest);
    REFUSED(zks_config_set_passphrase(g, "", 0, salt, 16), ZKS_E_PASSPHRASE, "empty");
    REFUSED(zks_config_set_passphrase(g, longest, sizeof longest, salt, 16), ZKS_E_PASSPHRASE,
            "1,024");
    MUST(zks_config_set_passphrase(g, longest, ZKS_SIZE_PASSPHRASE_MAX, salt, 16));
    REFUSED(zks_config_set_passphrase(g, "a\xff", 2, salt, 16), ZKS_E_INVALID, "UTF-8");
    REFUSED(zks_config_set_passphrase(g, "horse", 5, salt, 7), ZKS_E_SALT, "salt");
    REFUSED(zks_config_set_passphrase(g, "horse", 5, NULL, 16), ZKS_E_SALT, "salt");
    MUST(zks_config_set_passphrase(g, "horse", 5, NULL, 0)); /* a new group */
    MUST(zks_config_set_passphrase(g, "horse", 5, salt, 8));
}
END_TEST

START_TEST(descriptor_outside_the_range_is_refused)
{
    static const struct {
        const char *text;
        zks_status status;
    } cases[] = {
        {"$argon2id$v=19$m=65536,t=3,p=1$AAAAAAAAAAAAAAAAAAAAAA", ZKS_OK},
        {"$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA", ZKS_OK},
        {"$argon2id$v=19$m=19456,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA", ZKS_E_DESCRIPTOR},
        {"$argon2id$v=19$m=65536,t=3,p=2$AAAAAAAAAAAAAAAAAAAAAA", ZKS_E_DESCRIPTOR},
        {"$argon2id$v=19$m=2097152,t=3,p=1$AAAAAAAAAAAAAAAAAAAAAA", ZKS_E_DESCRIPTOR},
        {"$argon2id$v=19$m=65536,t=3,p=1$AAAA", ZKS_E_DESCRIPTOR},
        {"$argon2id$", ZKS_E_DESCRIPTOR},
        {"$pbkdf2-sha256$i=600000$AAAAAAAAAAAAAAAAAAAAAA", ZKS_OK},
        {"$pbkdf2-sha256$i=599999$AAAAAAAAAAAAAAAAAAAAAA", ZKS_E_DESCRIPTOR},
        {"$pbkdf2-sha256$i=600000$AAAA", ZKS_E_DESCRIPTOR},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *text = cases[i].text;
        zks_status status = zks_config_set_passphrase(g, "horse", 5, (const uint8_t *)text,
                                                      strlen(text));
        ck_assert_msg(status == cases[i].status, "%s: %s", text, zks_status_name(status));
        ck_assert_int_eq(status != ZKS_OK, *zks_config_problem(g) != '\0');
    }
}
END_TEST

START_TEST(descriptor_of_another_suite_is_refused)
{
    const char *text = "$argon2id$v=19$m=65536,t=3,p=1$AAAAAAAAAAAAAAAAAAAAAA";
    MUST(zks_config_set_int(g, ZKS_OPTION_SUITE, ZKS_SUITE_ID_APPROVED));
    REFUSED(zks_config_set_passphrase(g, "horse", 5, (const uint8_t *)text, strlen(text)),
            ZKS_E_DESCRIPTOR, "another suite");
    text = "$pbkdf2-sha256$i=600000$AAAAAAAAAAAAAAAAAAAAAA";
    MUST(zks_config_set_passphrase(g, "horse", 5, (const uint8_t *)text, strlen(text)));
    MUST(zks_config_set_passphrase(g, "horse", 5, (const uint8_t *)"0123456789abcdef", 16));
}
END_TEST

START_TEST(options_have_ranges)
{
    static char text[5000];
    memset(text, 'n', sizeof text - 1);
    MUST(zks_config_set_int(g, ZKS_OPTION_TTL_S, 7776000));
    MUST(zks_config_set_int(g, ZKS_OPTION_TTL_S, 0));
    REFUSED(zks_config_set_int(g, ZKS_OPTION_TTL_S, 7776001), ZKS_E_CONFIG, "time to live");
    REFUSED(zks_config_set_int(g, ZKS_OPTION_TTL_S, -1), ZKS_E_CONFIG, "time to live");
    MUST(zks_config_set_int(g, ZKS_OPTION_CONNECT_TIMEOUT_MS, 100));
    REFUSED(zks_config_set_int(g, ZKS_OPTION_CONNECT_TIMEOUT_MS, 99), ZKS_E_CONFIG, "timeout");
    REFUSED(zks_config_set_int(g, ZKS_OPTION_KEEP_BYTES, 1000), ZKS_E_CONFIG, "keep");
    REFUSED(zks_config_set_int(g, ZKS_OPTION_INBOX_MAX_BYTES, -1), ZKS_E_CONFIG, "unread");
    MUST(zks_config_set_int(g, ZKS_OPTION_QUEUE_MAX_BYTES, 1 << 20));
    MUST(zks_config_set_int(g, ZKS_OPTION_SUITE, ZKS_SUITE_ID_APPROVED));
    MUST(zks_config_set_int(g, ZKS_OPTION_SUITE, 0));
    REFUSED(zks_config_set_int(g, ZKS_OPTION_SUITE, 3), ZKS_E_SUITE, "suite");
    REFUSED(zks_config_set_int(g, ZKS_OPTION_SUITE, -1), ZKS_E_CONFIG, "suite");
    REFUSED(zks_config_set_int(g, ZKS_OPTION_SUITE, 256), ZKS_E_CONFIG, "suite");
    REFUSED(zks_config_set_int(g, ZKS_OPTION_STORE_PATH, 1), ZKS_E_CONFIG, "number option");
    REFUSED(zks_config_set_text(g, ZKS_OPTION_TTL_S, "1"), ZKS_E_CONFIG, "text option");
    REFUSED(zks_config_set_text(g, ZKS_OPTION_STORE_PATH, ""), ZKS_E_CONFIG, "empty");
    REFUSED(zks_config_set_text(g, ZKS_OPTION_STORE_PATH, text), ZKS_E_CONFIG, "4,095");
    text[129] = '\0';
    REFUSED(zks_config_set_text(g, ZKS_OPTION_DEVICE_NAME, text), ZKS_E_CONFIG, "128");
    text[128] = '\0';
    MUST(zks_config_set_text(g, ZKS_OPTION_DEVICE_NAME, text));
    MUST(zks_config_set_text(g, ZKS_OPTION_DEVICE_NAME, NULL));
}
END_TEST

START_TEST(device_name_must_be_readable)
{
    static const char *const bad[] = {"a\nb", "a\xe2\x80\xae", "b\xe2\x80\x8f", " ",
                                      "\xe3\x85\xa4"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        REFUSED(zks_config_set_text(g, ZKS_OPTION_DEVICE_NAME, bad[i]), ZKS_E_CONFIG, "name");
    }
    MUST(zks_config_set_text(g, ZKS_OPTION_DEVICE_NAME, "")); /* none */
}
END_TEST

START_TEST(texts_must_be_utf8)
{
    static const char *const bad[] = {"\x80",
                                      "\xc0\xaf",
                                      "\xc1\xbf",
                                      "\xe0\x9f\xbf",
                                      "\xed\xa0\x80",
                                      "\xf0\x8f\xbf\xbf",
                                      "\xf4\x90\x80\x80",
                                      "\xf5\x80\x80\x80",
                                      "\xc3",
                                      "ok\xe2\x82",
                                      "\xff"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        REFUSED(zks_config_set_text(g, ZKS_OPTION_DEVICE_NAME, bad[i]), ZKS_E_INVALID, "UTF-8");
        REFUSED(zks_config_add_relay(g, bad[i]), ZKS_E_INVALID, "UTF-8");
    }
    MUST(zks_config_set_text(g, ZKS_OPTION_DEVICE_NAME,
                             "J\xc3\xb6rgs \xe2\x82\xac \xf0\x9f\x93\xb1"));
}
END_TEST

START_TEST(any_address_is_taken_up_to_a_number)
{
    static char text[ZKS_SIZE_ADDRESS_MAX + 2];
    memset(text, 'a', sizeof text - 1);
    REFUSED(zks_config_add_relay(g, text), ZKS_E_ADDRESS, "512");
    REFUSED(zks_config_add_relay(g, NULL), ZKS_E_INVALID, "NULL");
    text[ZKS_SIZE_ADDRESS_MAX] = '\0';
    MUST(zks_config_add_relay(g, text));
    MUST(zks_config_add_relay(g, "not an address"));
    for (int i = 2; i < ZKS_RELAYS_MAX; i++) {
        MUST(zks_config_add_relay(g, "localhost"));
    }
    REFUSED(zks_config_add_relay(g, "localhost"), ZKS_E_LIMIT, "16");
}
END_TEST

START_TEST(events_registration_is_freed_once)
{
    witness *one = witness_new(), *two = witness_new();
    MUST(zks_config_set_events(g, witness_event, one, witness_free));
    MUST(zks_config_set_events(g, NULL, two, witness_free));
    ck_assert_uint_eq(witness_count(one, WITNESS_FREE, 0), 1);
    ck_assert_uint_eq(witness_count(two, WITNESS_FREE, 0), 0);
    zks_config_free(g);
    ck_assert_uint_eq(witness_count(one, WITNESS_FREE, 0), 1);
    ck_assert_uint_eq(witness_count(two, WITNESS_FREE, 0), 1);
    witness_forget(one);
    witness_forget(two);
    MUST(zks_config_new(&g));
}
END_TEST

/* --- zks_secret_derive --- */

static void hex_of(const uint8_t *bytes, size_t length, char *out)
{
    for (size_t i = 0; i < length; i++) {
        snprintf(out + 2 * i, 3, "%02x", bytes[i]);
    }
}

/* By OpenSSL's Argon2id (through Python's cryptography 48): 64 MiB, 3 passes, 1 lane. */
static const char derived_vector[] =
    "92599c67f23f1d9dce9b6f0cfb5a9b18ce110336de00799947472465edd9e49a";

START_TEST(derive_gives_the_argon2id_vector)
{
    uint8_t secret[32], group[32], again[32];
    char hex[65];
    MUST(zks_secret_derive("correct horse", 13, (const uint8_t *)"0123456789abcdef", 16, secret,
                           group));
    hex_of(secret, 32, hex);
    ck_assert_str_eq(hex, derived_vector);
    const char *descriptor = "$argon2id$v=19$m=65536,t=3,p=1$MDEyMzQ1Njc4OWFiY2RlZg";
    MUST(zks_secret_derive("correct horse", 13, (const uint8_t *)descriptor, strlen(descriptor),
                           again, NULL));
    ck_assert_mem_eq(secret, again, 32);
}
END_TEST

/* By Python's hashlib.pbkdf2_hmac; the descriptor says the suite, the suite makes another group. */
START_TEST(derive_gives_the_pbkdf2_vector)
{
    uint8_t secret[32], group[32];
    char hex[65];
    const char *descriptor = "$pbkdf2-sha256$i=600000$MDEyMzQ1Njc4OWFiY2RlZg";
    MUST(zks_secret_derive("correct horse", 13, (const uint8_t *)descriptor, strlen(descriptor),
                           secret, group));
    hex_of(secret, 32, hex);
    ck_assert_str_eq(hex, "91828083f760ed60bb550e24f3e89aa29bbcb27c4219d034c4c4f03c2e6db9d9");
}
END_TEST

START_TEST(derive_refuses_and_leaves_the_outputs_alone)
{
    uint8_t secret[32], before[32];
    memset(secret, 7, 32);
    memcpy(before, secret, 32);
    const uint8_t salt[16] = {0};
    EXPECT(zks_secret_derive("", 0, salt, 16, secret, NULL), ZKS_E_PASSPHRASE);
    EXPECT(zks_secret_derive("p", 1025, salt, 16, secret, NULL), ZKS_E_PASSPHRASE);
    EXPECT(zks_secret_derive("p", 1, salt, 7, secret, NULL), ZKS_E_SALT);
    EXPECT(zks_secret_derive("\xff", 1, salt, 16, secret, NULL), ZKS_E_INVALID);
    EXPECT(zks_secret_derive("p", 1, (const uint8_t *)"$argon2id$x", 11, secret, NULL),
           ZKS_E_DESCRIPTOR);
    ck_assert_mem_eq(secret, before, 32);
}
END_TEST

START_TEST(derive_uses_the_whole_salt)
{
    uint8_t salt[100] = {0}, one[32], two[32];
    MUST(zks_secret_derive("p", 1, salt, 100, one, NULL));
    salt[99] = 1;
    MUST(zks_secret_derive("p", 1, salt, 100, two, NULL));
    ck_assert_mem_ne(one, two, 32);
}
END_TEST

/* --- invites --- */

/* By the second encoder in test_invite_format.py; secret = 01 02 .. 20. */
static const char plain_link[] =
    "zks-invite:BAEBAQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyAAAGMpQic";
static const char approved_link[] =
    "zks-invite:BAECAQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyAAANzYxlI";
static const char full_link[] =
    "zks-invite:BAEBAQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA1JGFyZ29uMmlkJHY9MTkkbT"
    "02NTUzNix0PTMscD0xJE1ERXlNelExTmpjNE9XRmlZMlJsWmcCEXJlbGF5LmV4YW1wbGUub3JnDjEyNy4"
    "wLjAuMTo0NDMzXJxHtg";

START_TEST(invite_reads_the_vectors)
{
    zks_invite *v;
    size_t length;
    MUST(zks_invite_parse(plain_link, strlen(plain_link), &v));
    const uint8_t *secret = zks_invite_bytes(v, ZKS_INVITE_SECRET, &length);
    ck_assert_uint_eq(length, 32);
    for (size_t i = 0; i < 32; i++) {
        ck_assert_uint_eq(secret[i], i + 1);
    }
    ck_assert_str_eq(zks_invite_text(v, ZKS_INVITE_RELAYS), "");
    ck_assert_str_eq(zks_invite_text(v, ZKS_INVITE_DESCRIPTOR), "");
    ck_assert_str_eq(zks_invite_text(v, ZKS_INVITE_LINK), plain_link);
    ck_assert_ptr_nonnull(zks_invite_bytes(v, ZKS_INVITE_SALT, &length));
    ck_assert_uint_eq(length, 0);
    ck_assert_ptr_nonnull(zks_invite_bytes(v, ZKS_INVITE_GROUP_ID, &length));
    ck_assert_uint_eq(length, 32);
    ck_assert_ptr_null(zks_invite_text(v, 99));
    ck_assert_ptr_null(zks_invite_bytes(v, 99, &length));
    ck_assert_int_eq(zks_invite_number(v, ZKS_INVITE_SUITE), ZKS_SUITE_ID_DEFAULT);
    ck_assert_int_eq(zks_invite_number(v, 99), 0);
    uint8_t group[32];
    memcpy(group, zks_invite_bytes(v, ZKS_INVITE_GROUP_ID, &length), 32);
    zks_invite_free(v);

    /* The suite is part of the group's id. */
    MUST(zks_invite_parse(approved_link, strlen(approved_link), &v));
    ck_assert_int_eq(zks_invite_number(v, ZKS_INVITE_SUITE), ZKS_SUITE_ID_APPROVED);
    ck_assert_mem_ne(group, zks_invite_bytes(v, ZKS_INVITE_GROUP_ID, &length), 32);
    zks_invite_free(v);

    MUST(zks_invite_parse(full_link, strlen(full_link), &v));
    ck_assert_str_eq(zks_invite_text(v, ZKS_INVITE_RELAYS), "relay.example.org\n127.0.0.1:4433");
    ck_assert_str_eq(zks_invite_text(v, ZKS_INVITE_DESCRIPTOR),
                     "$argon2id$v=19$m=65536,t=3,p=1$MDEyMzQ1Njc4OWFiY2RlZg");
    ck_assert_mem_eq(zks_invite_bytes(v, ZKS_INVITE_SALT, &length), "0123456789abcdef", 16);
    ck_assert_uint_eq(length, 16);
    zks_invite_free(v);
}
END_TEST

START_TEST(invite_is_drawn_in_each_format)
{
    zks_invite *v;
    uint8_t picture[1 << 16];
    MUST(zks_invite_parse(full_link, strlen(full_link), &v));
    for (int32_t format = ZKS_RENDER_TEXT_DARK; format <= ZKS_RENDER_PNG; format++) {
        size_t asked = 0, length = 0;
        MUST(zks_invite_render(v, format, 8, 0, NULL, &asked));
        ck_assert_uint_le(asked, sizeof picture);
        MUST(zks_invite_render(v, format, 8, sizeof picture, picture, &length));
        ck_assert_uint_eq(length, asked);
        length = 7;
        memset(picture, 0xa5, sizeof picture);
        EXPECT(zks_invite_render(v, format, 8, asked - 1, picture, &length), ZKS_E_INVALID);
        EXPECT(zks_invite_render(v, format, 0, sizeof picture, picture, &length), ZKS_E_INVALID);
        EXPECT(zks_invite_render(v, format, 8, sizeof picture, picture, NULL), ZKS_E_INVALID);
        ck_assert_uint_eq(length, 7);
        ck_assert_uint_eq(picture[0], 0xa5);
    }
    zks_invite_free(v);
}
END_TEST

START_TEST(invite_cut_or_altered_is_refused)
{
    zks_invite *const untouched = (zks_invite *)(uintptr_t)1;
    zks_invite *v = untouched;
    size_t length = strlen(full_link);
    for (size_t i = 0; i < length; i++) {
        zks_status status = zks_invite_parse(full_link, i, &v);
        ck_assert_msg(status == ZKS_E_TRUNCATED || status == ZKS_E_MALFORMED, "%zu: %s", i,
                      zks_status_name(status));
        char *copy = strdup(full_link);
        copy[i] = copy[i] == 'A' ? 'B' : 'A';
        status = zks_invite_parse(copy, length, &v);
        ck_assert_msg(status == ZKS_E_MALFORMED || status == ZKS_E_FORMAT_VERSION ||
                          status == ZKS_E_SUITE,
                      "%zu: %s", i, zks_status_name(status));
        free(copy);
    }
    ck_assert_ptr_eq(v, untouched);
}
END_TEST

START_TEST(invite_with_something_around_it_is_refused)
{
    static char text[20000];
    zks_invite *v;
    snprintf(text, sizeof text, " %s", plain_link);
    EXPECT(zks_invite_parse(text, strlen(text), &v), ZKS_E_MALFORMED);
    snprintf(text, sizeof text, "%s\n", plain_link);
    EXPECT(zks_invite_parse(text, strlen(text), &v), ZKS_E_MALFORMED);
    snprintf(text, sizeof text, "%s=", plain_link);
    EXPECT(zks_invite_parse(text, strlen(text), &v), ZKS_E_MALFORMED);
    memset(text, 'A', sizeof text);
    EXPECT(zks_invite_parse(text, sizeof text, &v), ZKS_E_TOO_LARGE);
    EXPECT(zks_invite_parse("", 0, &v), ZKS_E_TRUNCATED);
    EXPECT(zks_invite_parse("https://example.org/", 20, &v), ZKS_E_MALFORMED);
}
END_TEST

static void add(TCase *c)
{
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_test(c, secret_of_another_length_is_refused);
    tcase_add_test(c, secret_and_passphrase_exclude_each_other);
    tcase_add_test(c, passphrase_and_salt_follow_the_rules);
    tcase_add_test(c, descriptor_outside_the_range_is_refused);
    tcase_add_test(c, descriptor_of_another_suite_is_refused);
    tcase_add_test(c, options_have_ranges);
    tcase_add_test(c, device_name_must_be_readable);
    tcase_add_test(c, texts_must_be_utf8);
    tcase_add_test(c, any_address_is_taken_up_to_a_number);
    tcase_add_test(c, events_registration_is_freed_once);
    tcase_add_test(c, derive_gives_the_argon2id_vector);
    tcase_add_test(c, derive_gives_the_pbkdf2_vector);
    tcase_add_test(c, derive_refuses_and_leaves_the_outputs_alone);
    tcase_add_test(c, derive_uses_the_whole_salt);
    tcase_add_test(c, invite_reads_the_vectors);
    tcase_add_test(c, invite_is_drawn_in_each_format);
    tcase_add_test(c, invite_cut_or_altered_is_refused);
    tcase_add_test(c, invite_with_something_around_it_is_refused);
}

int main(void)
{
    return unit_main("abi_config", add);
}
