/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "group/keys.h"
#include "record/set.h"
#include "tests/support/unit.h"

static const uint8_t seed[32] = {1}, device_seed[32] = {2}, nonce[ZKS_NONCE_BYTES] = {3};
static const uint8_t instance[ZKS_INSTANCE_BYTES] = {4};
static zks__group_root root;
static zks__device_keys device;
static const zks__suite *suite;

static void setup(void)
{
    ck_assert_int_eq(zks__crypto_init(), ZKS_OK);
    suite = zks__crypto_suite(ZKS_SUITE_SODIUM);
    zks__group_root_derive(ZKS_SUITE_SODIUM, ZKS_GROUP_MODE_SHARED, seed, &root);
    zks__device_keys_derive(device_seed, root.group_id, instance, &device);
}

START_TEST(root_follows_from_the_seed_alone)
{
    zks__group_root again, paired;
    uint8_t other_seed[32] = {9};
    setup();
    zks__group_root_derive(ZKS_SUITE_SODIUM, ZKS_GROUP_MODE_SHARED, seed, &again);
    ck_assert_mem_eq(again.group_id, root.group_id, 32);
    ck_assert_mem_eq(again.epoch0_secret, root.epoch0_secret, 32);
    ck_assert_mem_eq(again.recovery_public, root.recovery_public, ZKS_SEAL_PUBLIC_BYTES);
    zks__group_root_derive(ZKS_SUITE_SODIUM, ZKS_GROUP_MODE_PAIRED, seed, &paired);
    ck_assert_mem_ne(paired.group_id, root.group_id, 32);
    zks__group_root_derive(ZKS_SUITE_SODIUM, ZKS_GROUP_MODE_SHARED, other_seed, &again);
    ck_assert_mem_ne(again.group_id, root.group_id, 32);
    ck_assert_mem_ne(again.epoch0_secret, root.epoch0_secret, 32);
}
END_TEST

START_TEST(device_keys_differ_by_seed_group_and_instance)
{
    static const uint8_t other[32] = {77};
    zks__device_keys k;
    setup();
    for (int i = 0; i < 4; i++) {
        zks__device_keys_derive(i == 1 ? other : device_seed, i == 2 ? other : root.group_id,
                                i == 3 ? other : instance, &k);
        bool same = i == 0;
        ck_assert((memcmp(k.sign.secret, device.sign.secret, 64) == 0) == same);
        ck_assert((memcmp(k.noise_dh_secret, device.noise_dh_secret, 32) == 0) == same);
        ck_assert((memcmp(k.noise_kem_seed, device.noise_kem_seed, 64) == 0) == same);
        ck_assert((memcmp(k.seal_seed, device.seal_seed, 32) == 0) == same);
    }
    /* And from each other. */
    ck_assert_mem_ne(device.sign_seed, device.noise_dh_secret, 32);
    ck_assert_mem_ne(device.sign_seed, device.seal_seed, 32);
    ck_assert_mem_ne(device.noise_kem_seed, device.seal_seed, 32);
}
END_TEST

START_TEST(blob_key_differs_by_everything)
{
    static const uint8_t a[32] = {1}, b[32] = {2};
    uint8_t first[32], k[32];
    setup();
    zks__group_blob_key(a, a, a, a, first);
    for (int i = 0; i < 4; i++) {
        zks__group_blob_key(i == 0 ? b : a, i == 1 ? b : a, i == 2 ? b : a, i == 3 ? b : a, k);
        ck_assert_mem_ne(k, first, 32);
    }
}
END_TEST

START_TEST(shared_group_records_let_the_device_in)
{
    static uint8_t bytes[3][ZKS_RECORD_BODY_MAX_BYTES];
    zks__slice records[3];
    zks__records *set;
    setup();
    zks__slice profile = {(const uint8_t *)"p", 1};
    ck_assert_int_eq(
        zks__group_make_member(&root, &device, 500, profile, bytes[0], 65536, &records[0].length),
        ZKS_OK);
    ck_assert_int_eq(zks__group_make_epoch0(&root, bytes[1], 65536, &records[1].length), ZKS_OK);
    ck_assert_int_eq(zks__group_make_genesis(&root, bytes[2], 65536, &records[2].length), ZKS_OK);
    for (size_t i = 0; i < 3; i++) {
        records[i].data = bytes[i];
    }
    ck_assert_int_eq(zks__records_new(root.group_id, &set), ZKS_OK);
    ck_assert_int_eq(zks__records_add_all(set, records, 3, NULL), ZKS_OK);
    const zks__record *r = zks__records_member(set, zks__crypto_sign_public(&device.sign), 500);
    ck_assert_ptr_nonnull(r);
    uint8_t public_key[ZKS_KEM_PUBLIC_BYTES];
    zks__crypto_kem_public(device.noise_kem_seed, public_key);
    ck_assert_mem_eq(r->member.noise_kem, public_key, sizeof public_key);
    ck_assert_ptr_nonnull(zks__records_epoch(set));
    zks__records_free(set);
}
END_TEST

static uint8_t profile[ZKS_PROFILE_MAX_BYTES];
static size_t profile_length;

static zks_status seal_name(const char *name, size_t length)
{
    return zks__profile_seal(suite, root.epoch0_secret, root.group_id,
                             zks__crypto_sign_public(&device.sign), nonce, name, length, profile,
                             &profile_length);
}

static zks_status open_name(char out[ZKS_DEVICE_NAME_MAX_BYTES + 1])
{
    return zks__profile_open(suite, root.epoch0_secret, root.group_id,
                             zks__crypto_sign_public(&device.sign),
                             (zks__slice){profile, profile_length}, out);
}

START_TEST(profile_names_come_back_in_few_sizes)
{
    char name[ZKS_DEVICE_NAME_MAX_BYTES + 1], out[ZKS_DEVICE_NAME_MAX_BYTES + 1];
    setup();
    memset(name, 'n', sizeof name);
    for (size_t length = 0; length <= ZKS_DEVICE_NAME_MAX_BYTES; length++) {
        ck_assert_int_eq(seal_name(name, length), ZKS_OK);
        ck_assert_uint_eq((profile_length - ZKS_NONCE_BYTES - ZKS_TAG_BYTES) % 64, 0);
        ck_assert_uint_le(profile_length, 24 + 192 + 16);
        ck_assert_int_eq(open_name(out), ZKS_OK);
        ck_assert_uint_eq(strlen(out), length);
        ck_assert(memcmp(out, name, length) == 0);
    }
    ck_assert_int_eq(seal_name(name, sizeof name), ZKS_E_TOO_LARGE);
}
END_TEST

static const struct {
    const char *text;
    bool good;
} names[] = {{"Küche", true},
             {"\xe6\x89\x8b\xe6\x9c\xba", true},
             {"\xf0\x9f\x93\xb1", true},
             {"\xf4\x8f\xbf\xbf", true},  /* U+10FFFF */
             {"\xf4\x90\x80\x80", false}, /* above it */
             {"\xed\xa0\x80", false},     /* a surrogate */
             {"\xc0\xaf", false},         /* not the shortest form */
             {"\xe0\x80\xaf", false},
             {"\xf0\x80\x80\xaf", false},
             {"\x80", false},
             {"a\xff", false},
             {"a\nb", false},
             {"a\xe2\x80\xae", false}, /* turns the direction */
             {"  ", false},            /* nothing to see */
             {"", true},               /* it has none */
             {"\xe6\x89", false}};

START_TEST(profile_takes_names_only)
{
    setup();
    ck_assert_int_eq(seal_name(names[_i].text, strlen(names[_i].text)),
                     names[_i].good ? ZKS_OK : ZKS_E_INVALID);
    ck_assert_int_eq(seal_name("a\0b", 3), ZKS_E_INVALID);
}
END_TEST

START_TEST(profile_changed_or_moved_does_not_open)
{
    char out[ZKS_DEVICE_NAME_MAX_BYTES + 1] = "before";
    setup();
    ck_assert_int_eq(seal_name("phone", 5), ZKS_OK);
    for (size_t at = 0; at < profile_length; at++) {
        profile[at] ^= 1;
        ck_assert_int_eq(open_name(out), ZKS_E_DECRYPT);
        profile[at] ^= 1;
    }
    size_t whole = profile_length;
    for (profile_length = 0; profile_length < whole; profile_length++) {
        ck_assert_int_eq(open_name(out), profile_length < 40 ? ZKS_E_TRUNCATED : ZKS_E_DECRYPT);
    }
    uint8_t other[32] = {99};
    zks__slice p = {profile, whole};
    ck_assert_int_eq(zks__profile_open(suite, root.epoch0_secret, root.group_id, other, p, out),
                     ZKS_E_DECRYPT);
    p.length = ZKS_PROFILE_MAX_BYTES + 1;
    ck_assert_int_eq(zks__profile_open(suite, root.epoch0_secret, root.group_id, other, p, out),
                     ZKS_E_TOO_LARGE);
    ck_assert_str_eq(out, "before");
}
END_TEST

static void add(TCase *c)
{
    tcase_add_test(c, root_follows_from_the_seed_alone);
    tcase_add_test(c, device_keys_differ_by_seed_group_and_instance);
    tcase_add_test(c, blob_key_differs_by_everything);
    tcase_add_test(c, shared_group_records_let_the_device_in);
    tcase_add_test(c, profile_names_come_back_in_few_sizes);
    tcase_add_loop_test(c, profile_takes_names_only, 0, ZKS_COUNTOF(names));
    tcase_add_test(c, profile_changed_or_moved_does_not_open);
}

int main(void)
{
    return unit_main("group keys", add);
}
