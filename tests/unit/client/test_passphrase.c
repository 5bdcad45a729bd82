/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Argon2id descriptors from end to end: chosen by the memory of the machine that makes the group
 * (or sets a store's passphrase), carried, and good on a machine of another class.
 */
#include "client/runtime.h"
#include "client/secret.h"
#include "device.h"

#include <string.h>

static char folder[64], path[80];
static zks_runtime *small, *large; /* what their machines say they have */

static const uint64_t gib = (uint64_t)1 << 30;

static zks_runtime *machine(uint64_t ram_bytes)
{
    zks_runtime *r;
    ck_assert_int_eq(zks__runtime_new(&r), ZKS_OK);
    r->ram_bytes = ram_bytes; /* before anything is opened */
    return r;
}

static void setup(void)
{
    device_folder(folder, sizeof folder);
    snprintf(path, sizeof path, "%s/store", folder);
    small = machine(2 * gib);
    large = machine(16 * gib);
}

static void teardown(void)
{
    zks_runtime *all[] = {small, large};
    for (size_t i = 0; i < 2; i++) {
        ck_assert_int_eq(zks__runtime_close(all[i], DEVICE_WAIT_MS), ZKS_OK);
        zks__runtime_free(all[i]);
    }
    device_folder_remove(folder);
}

typedef struct opened {
    uint8_t secret[32];
    char descriptor[160];
    zks_status status;
} opened;

/* Opens, tells, closes. descriptor NULL: a new group. */
static opened open_at(zks_runtime *r, const char *store, const char *phrase, const char *descriptor,
                      const char *store_phrase)
{
    opened out = {0};
    zks__client_secrets secrets = {0};
    secrets.passphrase_length = phrase ? strlen(phrase) : 0;
    memcpy(secrets.passphrase, phrase ? phrase : "", secrets.passphrase_length);
    secrets.store_passphrase_length = store_phrase ? strlen(store_phrase) : 0;
    memcpy(secrets.store_passphrase, store_phrase ? store_phrase : "",
           secrets.store_passphrase_length);
    zks__client_options o = {.secrets = &secrets};
    o.store_path = (char *)(uintptr_t)store;
    o.salt = (uint8_t *)(uintptr_t)descriptor;
    o.salt_length = descriptor ? strlen(descriptor) : 0;
    zks_op *op;
    zks_client *c;
    ck_assert_int_eq(zks__client_open(r, &o, NULL, NULL, &op, &c), ZKS_OK);
    ck_assert_int_eq(zks__op_wait(op, DEVICE_WAIT_MS), ZKS_OK);
    out.status = zks__op_status(op);
    zks__op_free(op);
    if (!out.status) {
        ck_assert_int_eq(zks__client_shared_secret(c, out.secret, out.descriptor), ZKS_OK);
    }
    ck_assert_int_eq(zks__client_close(c, NULL, NULL, &op), ZKS_OK);
    ck_assert_int_eq(zks__op_wait(op, DEVICE_WAIT_MS), ZKS_OK);
    zks__op_free(op);
    zks__client_free(c);
    return out;
}

static void check_class(const char *descriptor, const char *parameters)
{
    ck_assert_msg(strncmp(descriptor, parameters, strlen(parameters)) == 0, "%s, not %s...",
                  descriptor, parameters);
}

START_TEST(devices_of_different_class_derive_the_same_key)
{
    zks_runtime *middle = machine(8 * gib);
    const struct {
        zks_runtime *maker, *joiner;
        const char *parameters;
    } cases[] = {{small, large, "$argon2id$v=19$m=19456,t=2,p=1$"},
                 {middle, small, "$argon2id$v=19$m=47104,t=1,p=1$"},
                 {large, small, "$argon2id$v=19$m=65536,t=3,p=1$"}};
    for (size_t i = 0; i < ZKS_COUNTOF(cases); i++) {
        opened a = open_at(cases[i].maker, NULL, "correct horse", NULL, NULL);
        ck_assert_int_eq(a.status, ZKS_OK);
        check_class(a.descriptor, cases[i].parameters);
        opened b = open_at(cases[i].joiner, NULL, "correct horse", a.descriptor, NULL);
        ck_assert_int_eq(b.status, ZKS_OK);
        ck_assert_mem_eq(a.secret, b.secret, sizeof a.secret);
        ck_assert_str_eq(a.descriptor, b.descriptor); /* it travels on as it is */
        opened c = open_at(cases[i].joiner, NULL, "correct horse", NULL, NULL);
        ck_assert_mem_ne(a.secret, c.secret, sizeof a.secret); /* each group has its own salt */
        opened d = open_at(cases[i].joiner, NULL, "wrong horse", a.descriptor, NULL);
        ck_assert_mem_ne(a.secret, d.secret, sizeof a.secret);
    }
    ck_assert_int_eq(zks__runtime_close(middle, DEVICE_WAIT_MS), ZKS_OK);
    zks__runtime_free(middle);
}
END_TEST

START_TEST(descriptor_below_the_floor_or_above_the_ceiling_derives_nothing)
{
    static const char *const bad[] = {"$argon2id$v=19$m=19455,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA",
                                      "$argon2id$v=19$m=19456,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA",
                                      "$argon2id$v=19$m=47103,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA",
                                      "$argon2id$v=19$m=1048577,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA",
                                      "$argon2id$v=19$m=65536,t=11,p=1$AAAAAAAAAAAAAAAAAAAAAA",
                                      "$argon2id$v=19$m=65536,t=3,p=1$AAAAAAAAAAAAAAAAAAAA"};
    for (size_t i = 0; i < ZKS_COUNTOF(bad); i++) {
        opened o = open_at(small, NULL, "correct horse", bad[i], NULL);
        ck_assert_int_eq(o.status, ZKS_E_DESCRIPTOR);
    }
}
END_TEST

START_TEST(store_with_a_passphrase_opens_on_a_machine_of_another_class)
{
    static const char group[] = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA";
    opened a = open_at(large, path, "correct horse", group, "of the store");
    ck_assert_int_eq(a.status, ZKS_OK);
    opened b = open_at(small, path, NULL, NULL, "of the store");
    ck_assert_int_eq(b.status, ZKS_OK);
    ck_assert_mem_eq(a.secret, b.secret, sizeof a.secret);
    opened c = open_at(small, path, NULL, NULL, "of another store");
    ck_assert_int_eq(c.status, ZKS_E_STORE_KEY);
}
END_TEST

static void add(TCase *c)
{
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_test(c, devices_of_different_class_derive_the_same_key);
    tcase_add_test(c, descriptor_below_the_floor_or_above_the_ceiling_derives_nothing);
    tcase_add_test(c, store_with_a_passphrase_opens_on_a_machine_of_another_class);
}

int main(void)
{
    return unit_main("client_passphrase", add);
}
