/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Messages and contents: their limits and the names of their refusals. (That what is accepted is
 * written back the same is what fuzz_pairing_message checks, with its corpus in each test run.) */
#include "pairing/message.h"
#include "tests/support/unit.h"

static const zks__pair_sizes sizes = {
    .pk = ZKS_SEAL_PUBLIC_BYTES, .ct = ZKS_SEAL_CT_BYTES, .tag = 64};

static const struct {
    uint8_t number;
    size_t body;
} layouts[] = {{0, 48}, {1, 32 + 1216}, {2, 32}, {3, 64}, {4, 64 + 1120 + 17},
               {5, 17}, {6, 17},        {7, 17}};

START_TEST(message_of_each_number_has_its_size)
{
    static uint8_t bytes[4096];
    zks__pair_message m;
    uint8_t number = layouts[_i].number;
    size_t length = 2 + layouts[_i].body;
    bytes[0] = ZKS_PAIR_VERSION;
    bytes[1] = number;
    ck_assert_int_eq(zks__pair_message_read(bytes, length, number, &sizes, &m), ZKS_OK);
    for (size_t cut = 0; cut < length; cut++) {
        ck_assert_int_eq(zks__pair_message_read(bytes, cut, number, &sizes, &m), ZKS_E_TRUNCATED);
    }
    /* sealed parts may be longer, all else may not */
    ck_assert_int_eq(zks__pair_message_read(bytes, length + 1, number, &sizes, &m),
                     number < 4 ? ZKS_E_MALFORMED : ZKS_OK);
    ck_assert_int_eq(zks__pair_message_read(bytes, length, (uint8_t)(number + 1), &sizes, &m),
                     ZKS_E_MALFORMED);
    bytes[0]++;
    ck_assert_int_eq(zks__pair_message_read(bytes, length, number, &sizes, &m),
                     ZKS_E_FORMAT_VERSION);
}
END_TEST

START_TEST(message_over_its_limit_is_refused)
{
    uint8_t *large = calloc(1, ZKS_MAILBOX_DATA_MAX_BYTES + 1);
    zks__pair_message m;
    large[0] = ZKS_PAIR_VERSION;
    large[1] = 5;
    ck_assert_int_eq(zks__pair_message_read(large, ZKS_PAIR_SMALL_MAX_BYTES, 5, &sizes, &m),
                     ZKS_OK);
    ck_assert_int_eq(zks__pair_message_read(large, ZKS_PAIR_SMALL_MAX_BYTES + 1, 5, &sizes, &m),
                     ZKS_E_TOO_LARGE);
    large[1] = 6;
    ck_assert_int_eq(zks__pair_message_read(large, ZKS_MAILBOX_DATA_MAX_BYTES, 6, &sizes, &m),
                     ZKS_OK);
    ck_assert_int_eq(zks__pair_message_read(large, ZKS_MAILBOX_DATA_MAX_BYTES + 1, 6, &sizes, &m),
                     ZKS_E_TOO_LARGE);
    free(large);
}
END_TEST

static zks_status read_name(const char *name)
{
    uint8_t text[300];
    zks__pair_request q = {.member = {text, 0}, .name = {(const uint8_t *)name, strlen(name)}};
    zks__writer w = zks__writer_of(text, sizeof text);
    zks__pair_request_write(&q, &w);
    ck_assert(!w.overflow);
    return zks__pair_request_read(text, w.length, &q);
}

/* A person decides by it. The whole rule: unit_base_name. */
START_TEST(name_that_could_mislead_is_refused)
{
    static const char *const good[] = {"a",
                                       "Zo\xc3\xab's phone",
                                       "\xf0\x9f\x93\xb1",
                                       "\xe2\x98\x82",
                                       "\xed\x9f\xbf",
                                       "\xf4\x8f\xbf\xbf"};
    static const char *const bad[] = {"",
                                      "a\nb",
                                      "a\x1b[2J",
                                      "\x7f",
                                      "\xc2\x85",
                                      "\xc0\x80",
                                      "\xff",
                                      "\xe2\x98",
                                      "\x80",
                                      "\xed\xa0\x80",
                                      "\xf4\x90\x80\x80",
                                      "a\xe2\x80\xae-",
                                      "a\xe2\x81\xa7-",
                                      "a\xe2\x80\x8f-",
                                      "a\xef\xbb\xbf",
                                      " ",
                                      "\xe3\x85\xa4",
                                      "\xe0\x80\x80"};
    for (size_t i = 0; i < ZKS_COUNTOF(good); i++) {
        ck_assert_msg(read_name(good[i]) == ZKS_OK, "%s", good[i]);
    }
    for (size_t i = 0; i < ZKS_COUNTOF(bad); i++) {
        ck_assert_msg(read_name(bad[i]) == ZKS_E_MALFORMED, "bad name %zu", i);
    }
    char longest[ZKS_PAIR_NAME_MAX_BYTES + 2];
    memset(longest, 'x', sizeof longest);
    longest[ZKS_PAIR_NAME_MAX_BYTES] = '\0';
    ck_assert_int_eq(read_name(longest), ZKS_OK);
    longest[ZKS_PAIR_NAME_MAX_BYTES] = 'x';
    longest[ZKS_PAIR_NAME_MAX_BYTES + 1] = '\0';
    ck_assert_int_eq(read_name(longest), ZKS_E_TOO_LARGE);
}
END_TEST

START_TEST(bundle_count_over_its_limit_is_refused)
{
    zks__pair_bundle b;
    const uint64_t most[] = {ZKS_PAIR_RECORDS_MAX, ZKS_PAIR_SECRETS_MAX, ZKS_RELAYS_MAX,
                             ZKS_PAIR_PINS_MAX, ZKS_PAIR_HEADS_MAX};
    for (size_t list = 0; list < ZKS_COUNTOF(most); list++) {
        uint8_t text[32] = {0}; /* empty lists before it */
        zks__writer w = zks__writer_of(text, sizeof text);
        w.length = list;
        zks__write_leb(&w, most[list] + 1);
        ck_assert_int_eq(zks__pair_bundle_read(text, w.length, &b), ZKS_E_TOO_LARGE);
        w.length = list;
        zks__write_leb(&w, most[list]);
        ck_assert_int_eq(zks__pair_bundle_read(text, w.length, &b), ZKS_E_TRUNCATED);
    }
}
END_TEST

static const char descriptor[] = "$argon2id$v=19$m=65536,t=3,p=1$c29tZXNhbHRzb21lc2FsdA";

/* m6 of a shared group, with this text as its descriptor. */
static size_t write_shared(const char *text, size_t relay_count, uint8_t *out, size_t size)
{
    static const uint8_t secret[ZKS_KEY_BYTES] = "the secret of a group, 32 bytes";
    zks__pair_relay_item relays[ZKS_RELAYS_MAX + 1];
    for (size_t i = 0; i < ZKS_COUNTOF(relays); i++) {
        relays[i] = (zks__pair_relay_item){.key = {(uint8_t)i}, .address = {secret, 10}};
    }
    zks__pair_bundle b = {.secret = secret,
                          .descriptor = {(const uint8_t *)text, strlen(text)},
                          .relays = {.count = relay_count, .items = relays}};
    zks__writer w = zks__writer_of(out, size);
    zks__pair_shared_write(&b, &w);
    ck_assert(!w.overflow);
    return w.length;
}

START_TEST(shared_bundle_is_read_back)
{
    uint8_t text[2048];
    zks__pair_bundle b;
    zks__pair_relay_item relay;
    size_t length = write_shared(_i ? descriptor : "", ZKS_RELAYS_MAX, text, sizeof text);
    ck_assert_int_eq(zks__pair_shared_read(text, length, &b), ZKS_OK);
    ck_assert_str_eq((const char *)b.secret, "the secret of a group, 32 bytes");
    ck_assert_uint_eq(b.descriptor.length, _i ? strlen(descriptor) : 0);
    ck_assert_uint_eq(b.relays.count, ZKS_RELAYS_MAX);
    ck_assert_uint_eq(b.records.count + b.secrets.count + b.pins.count + b.heads.count, 0);
    ck_assert(zks__pair_next_relay(&b.relays, &relay) && zks__pair_next_relay(&b.relays, &relay));
    ck_assert_uint_eq(relay.key[0], 1);
    for (size_t cut = 0; cut < length; cut++) {
        ck_assert_int_eq(zks__pair_shared_read(text, cut, &b), ZKS_E_TRUNCATED);
    }
    text[length] = 0;
    ck_assert_int_eq(zks__pair_shared_read(text, length + 1, &b), ZKS_E_MALFORMED);
}
END_TEST

START_TEST(shared_bundle_that_could_mislead_is_refused)
{
    uint8_t text[2048];
    char longest[ZKS_DESCRIPTOR_BYTES + 1];
    zks__pair_bundle b;
    memset(longest, 'x', sizeof longest);
    longest[sizeof longest - 1] = '\0';
    size_t length = write_shared("argon2id", 1, text, sizeof text);
    ck_assert_int_eq(zks__pair_shared_read(text, length, &b), ZKS_E_MALFORMED);
    length = write_shared(longest, 1, text, sizeof text);
    ck_assert_int_eq(zks__pair_shared_read(text, length, &b), ZKS_E_TOO_LARGE);
    length = write_shared("", ZKS_RELAYS_MAX + 1, text, sizeof text);
    ck_assert_int_eq(zks__pair_shared_read(text, length, &b), ZKS_E_TOO_LARGE);
}
END_TEST

/* In a shared group nobody has rights, and nobody's membership ends. */
START_TEST(group_of_unknown_mode_or_with_what_its_mode_has_not_is_refused)
{
    static const struct {
        uint8_t mode, rights;
        uint64_t not_after_s;
        zks_status status;
    } cases[] = {{ZKS_GROUP_MODE_PAIRED, ZKS_RIGHT_INVITE, 7, ZKS_OK},
                 {ZKS_GROUP_MODE_SHARED, 0, 0, ZKS_OK},
                 {ZKS_GROUP_MODE_SHARED, ZKS_RIGHT_INVITE, 0, ZKS_E_MALFORMED},
                 {ZKS_GROUP_MODE_SHARED, 0, 7, ZKS_E_MALFORMED},
                 {0, 0, 0, ZKS_E_MALFORMED},
                 {3, 0, 0, ZKS_E_MALFORMED}};
    for (size_t i = 0; i < ZKS_COUNTOF(cases); i++) {
        uint8_t text[128];
        const zks__pair_group g = {.suite = 1,
                                   .mode = cases[i].mode,
                                   .rights = cases[i].rights,
                                   .not_after_s = cases[i].not_after_s};
        zks__pair_group read;
        zks__writer w = zks__writer_of(text, sizeof text);
        zks__pair_group_write(&g, &w);
        ck_assert_int_eq(zks__pair_group_read(text, w.length, &read), cases[i].status);
    }
}
END_TEST

static void add(TCase *c)
{
    tcase_add_loop_test(c, message_of_each_number_has_its_size, 0, ZKS_COUNTOF(layouts));
    tcase_add_test(c, message_over_its_limit_is_refused);
    tcase_add_test(c, name_that_could_mislead_is_refused);
    tcase_add_test(c, bundle_count_over_its_limit_is_refused);
    tcase_add_loop_test(c, shared_bundle_is_read_back, 0, 2);
    tcase_add_test(c, shared_bundle_that_could_mislead_is_refused);
    tcase_add_test(c, group_of_unknown_mode_or_with_what_its_mode_has_not_is_refused);
}

int main(void)
{
    return unit_main("pairing_message", add);
}
