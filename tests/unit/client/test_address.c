/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "client/address.h"
#include "tests/support/unit.h"

#include <string.h>

#define KEY "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static const struct accepted {
    const char *text;
    bool has_key;
    size_t hosts;
    const char *last_host;
    uint16_t last_port;
} accepted[] = {
    {"relay.example.org", false, 1, "relay.example.org", 4433},
    {"relay.example.org:1", false, 1, "relay.example.org", 1},
    {"zks://relay.example.org:65535", false, 1, "relay.example.org", 65535},
    {"zks://" KEY "@127.0.0.1:5", true, 1, "127.0.0.1", 5},
    {"zks://" KEY "@a:1,b:2,[::1]:3", true, 3, "::1", 3},
    {"[2001:db8::1]", false, 1, "2001:db8::1", 4433},
};

static const char *const refused[] = {
    "",
    ":4433",
    "host:",
    "host:0",
    "host:65536",
    "host:99999999999999999999",
    "host:12x",
    "[::1",
    "[]:1",
    "[::1]x",
    "a,,b",
    "a,",
    "https://host",
    "wss://host/path",
    "zks://@host:1",
    "zks://aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@host:1", /* one too many */
    "zks://aaa@host:1",
    "zks://aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa1a@host:1",
    "zks://aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab@host:1",
    "a,b,c,d,e,f,g,h,i",
};

START_TEST(address_accepted_forms)
{
    const struct accepted *e = &accepted[_i];
    zks__address a;
    const char *problem = NULL;
    ck_assert_int_eq(zks__address_parse(e->text, &a, &problem), ZKS_OK);
    ck_assert_int_eq(a.has_key, e->has_key);
    ck_assert_uint_eq(a.host_count, e->hosts);
    ck_assert_str_eq(a.hosts[a.host_count - 1].name, e->last_host);
    ck_assert_uint_eq(a.hosts[a.host_count - 1].port, e->last_port);
}
END_TEST

START_TEST(address_refused_forms_name_the_cure_and_change_nothing)
{
    zks__address a;
    memset(&a, 0x5a, sizeof a);
    const char *problem = NULL;
    ck_assert_int_eq(zks__address_parse(refused[_i], &a, &problem), ZKS_E_ADDRESS);
    ck_assert_ptr_nonnull(problem);
    ck_assert_uint_eq(((const uint8_t *)&a)[0], 0x5a);
}
END_TEST

START_TEST(address_key_is_base32)
{
    /* 32 bytes 0x00 0x44 0x32 0x14 0xc7 0x42 0x54 0xb6 ... : "abcdefgh..." is five bits each, 0 1 2
     * 3 ... */
    zks__address a;
    const char *problem = NULL;
    ck_assert_int_eq(
        zks__address_parse("zks://abcdefghijklmnopqrstuvwxyz234567abcdefghijklmnopqrsq@h", &a,
                           &problem),
        ZKS_OK);
    static const uint8_t begin[] = {0x00, 0x44, 0x32, 0x14, 0xc7, 0x42, 0x54, 0xb6, 0x35, 0xcf};
    ck_assert_mem_eq(a.key, begin, sizeof begin);
    zks__address upper;
    ck_assert_int_eq(
        zks__address_parse("zks://ABCDEFGHIJKLMNOPQRSTUVWXYZ234567ABCDEFGHIJKLMNOPQRSQ@h", &upper,
                           &problem),
        ZKS_OK);
    ck_assert_mem_eq(a.key, upper.key, sizeof a.key);
}
END_TEST

START_TEST(address_gets_the_key_that_is_known)
{
    static const char *const forms[] = {
        "relay.example.org:1", "zks://relay.example.org:1",
        "zks://bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbba@relay.example.org:1"};
    uint8_t key[32] = {0};
    char out[ZKS_ADDRESS_TEXT_BYTES], longest[ZKS_ADDRESS_TEXT_BYTES];
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        ck_assert(zks__address_with_key(forms[i], strlen(forms[i]), key, out));
        ck_assert_str_eq(out, "zks://aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
                              "@relay.example.org:1");
    }
    memset(longest, 'h', sizeof longest);
    ck_assert(!zks__address_with_key(longest, ZKS_SIZE_ADDRESS_MAX - 58, key, out));
    ck_assert(zks__address_with_key(longest, ZKS_SIZE_ADDRESS_MAX - 59, key, out));
    ck_assert_uint_eq(strlen(out), ZKS_SIZE_ADDRESS_MAX);
}
END_TEST

static void add(TCase *c)
{
    tcase_add_loop_test(c, address_accepted_forms, 0, (int)(sizeof accepted / sizeof accepted[0]));
    tcase_add_loop_test(c, address_refused_forms_name_the_cure_and_change_nothing, 0,
                        (int)(sizeof refused / sizeof refused[0]));
    tcase_add_test(c, address_key_is_base32);
    tcase_add_test(c, address_gets_the_key_that_is_known);
}

int main(void)
{
    return unit_main("address", add);
}
