/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Keys, and that no secret reaches a key log. The TLS library may look at the environment before
 * main: so this program sets SSLKEYLOGFILE and starts itself again. */
#include "world.h"

#include <gnutls/gnutls.h>
#include <unistd.h>

#define KEY_LOG "unit_transport_tls.keylog"

START_TEST(public_key_of_seed_is_that_of_rfc_8032)
{
    /* RFC 8032 section 7.1, test 1 */
    static const uint8_t seed[32] = {0x9d, 0x61, 0xb1, 0x9d, 0xef, 0xfd, 0x5a, 0x60,
                                     0xba, 0x84, 0x4a, 0xf4, 0x92, 0xec, 0x2c, 0xc4,
                                     0x44, 0x49, 0xc5, 0x69, 0x7b, 0x32, 0x69, 0x19,
                                     0x70, 0x3b, 0xac, 0x03, 0x1c, 0xae, 0x7f, 0x60};
    static const uint8_t key[32] = {0xd7, 0x5a, 0x98, 0x01, 0x82, 0xb1, 0x0a, 0xb7,
                                    0xd5, 0x4b, 0xfe, 0xd3, 0xc9, 0x64, 0x07, 0x3a,
                                    0x0e, 0xe1, 0x72, 0xf3, 0xda, 0xa6, 0x23, 0x25,
                                    0xaf, 0x02, 0x1a, 0x68, 0xf7, 0x07, 0x51, 0x1a};
    uint8_t out[32];
    ck_assert_int_eq(zks__transport_public_key(seed, out), ZKS_OK);
    ck_assert_mem_eq(out, key, 32);
}
END_TEST

START_TEST(derived_secrets_depend_on_seed_and_label)
{
    uint8_t seed[32] = {1};
    uint8_t a[32];
    uint8_t b[32];
    uint8_t again[32];
    ck_assert_int_eq(zks__tls_derive(seed, "a", a), ZKS_OK);
    ck_assert_int_eq(zks__tls_derive(seed, "a", again), ZKS_OK);
    ck_assert_int_eq(zks__tls_derive(seed, "b", b), ZKS_OK);
    ck_assert_mem_eq(a, again, 32);
    ck_assert_mem_ne(a, b, 32);
}
END_TEST

START_TEST(secrets_are_not_logged_although_the_environment_asks)
{
    ck_assert_str_eq(getenv("SSLKEYLOGFILE"), KEY_LOG);
    world *w = world_new(NULL);
    peer p = {0};
    peer *s = world_pair(w, &p);
    peer_write(&p, 1000);
    WORLD_WAIT(w, s->received == 1000);
    world_free(w);
    ck_assert_int_ne(access(KEY_LOG, F_OK), 0);
}
END_TEST

/* The same library without our rule does log here: the test above can fail. */
START_TEST(library_by_itself_would_log)
{
    gnutls_session_t session;
    ck_assert_int_eq(gnutls_init(&session, GNUTLS_CLIENT), 0);
    ck_assert_ptr_nonnull(gnutls_session_get_keylog_function(session));
    gnutls_deinit(session);
}
END_TEST

START_TEST(addresses_are_written_for_people)
{
    char text[ZKS_TRANSPORT_ADDRESS_TEXT];
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(4433)};
    inet_pton(AF_INET, "192.0.2.1", &v4.sin_addr);
    zks__transport_address_text((const struct sockaddr *)&v4, text);
    ck_assert_str_eq(text, "192.0.2.1:4433");
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(1)};
    inet_pton(AF_INET6, "2001:db8::1", &v6.sin6_addr);
    zks__transport_address_text((const struct sockaddr *)&v6, text);
    ck_assert_str_eq(text, "[2001:db8::1]:1");
    inet_pton(AF_INET6, "::ffff:192.0.2.1", &v6.sin6_addr);
    zks__transport_address_text((const struct sockaddr *)&v6, text);
    ck_assert_str_eq(text, "192.0.2.1:1");
}
END_TEST

int main(int argc, char **argv)
{
    (void)argc;
    const char *asked = getenv("SSLKEYLOGFILE");
    if (!asked || strcmp(asked, KEY_LOG) != 0) {
        unlink(KEY_LOG);
        setenv("SSLKEYLOGFILE", KEY_LOG, 1);
        execv("/proc/self/exe", argv);
        return EXIT_FAILURE;
    }
    Suite *s = suite_create("transport_tls");
    TCase *t = tcase_create("tls");
    tcase_set_timeout(t, 60);
    tcase_add_test(t, public_key_of_seed_is_that_of_rfc_8032);
    tcase_add_test(t, derived_secrets_depend_on_seed_and_label);
    tcase_add_test(t, secrets_are_not_logged_although_the_environment_asks);
    tcase_add_test(t, library_by_itself_would_log);
    tcase_add_test(t, addresses_are_written_for_people);
    suite_add_tcase(s, t);
    return world_main(s);
}
