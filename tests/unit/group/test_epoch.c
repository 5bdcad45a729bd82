/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The secrets of epochs: who can open them, and that no changed bit goes through. */
#include "group/epoch.h"
#include "record/set.h"
#include "tests/support/unit.h"

enum { DEVICES = 3, RECORD_MAX = 32768 };

static const uint8_t group_seed[32] = {1};
static zks__group_root root;
static zks__device_keys devices[DEVICES];
static uint8_t bytes[DEVICES + 6][RECORD_MAX];
static zks__record genesis, epoch0, members[DEVICES];
static zks__records *set;
static uint8_t random_bytes[ZKS_EPOCH_RANDOM_MAX_BYTES];
static const uint8_t secret1[32] = {0x11}, secret2[32] = {0x22};

static void read_one(size_t i, size_t length, zks__record *out)
{
    ck_assert_int_eq(zks__record_read(bytes[i], length, out), ZKS_OK);
    ck_assert_int_eq(zks__records_add(set, bytes[i], length, NULL), ZKS_OK);
}

static void setup(void)
{
    size_t length = 0;
    ck_assert_int_eq(zks__crypto_init(), ZKS_OK);
    zks__group_root_derive(ZKS_SUITE_SODIUM, ZKS_GROUP_MODE_PAIRED, group_seed, &root);
    ck_assert_int_eq(zks__records_new(root.group_id, &set), ZKS_OK);
    ck_assert_int_eq(zks__group_make_genesis(&root, bytes[0], RECORD_MAX, &length), ZKS_OK);
    read_one(0, length, &genesis);
    ck_assert_int_eq(zks__group_make_epoch0(&root, bytes[1], RECORD_MAX, &length), ZKS_OK);
    read_one(1, length, &epoch0);
    for (size_t i = 0; i < DEVICES; i++) {
        const uint8_t seed[32] = {(uint8_t)(50 + i)};
        const uint8_t instance[ZKS_INSTANCE_BYTES] = {0};
        zks__device_keys_derive(seed, root.group_id, instance, &devices[i]);
        zks__member m = {.rights = 3};
        zks__crypto_suite(root.suite)->seal_public(devices[i].seal_seed, m.seal_key);
        ck_assert_int_eq(zks__record_make_member(root.suite, root.group_id, &m, &devices[i].sign,
                                                 &root.root, bytes[2 + i], RECORD_MAX, &length),
                         ZKS_OK);
        read_one(2 + i, length, &members[i]);
    }
    for (size_t i = 0; i < sizeof random_bytes; i++) {
        random_bytes[i] = (uint8_t)(i * 31 + 7);
    }
}

static void teardown(void)
{
    zks__records_free(set);
}

static const uint8_t *id(size_t i)
{
    return zks__crypto_sign_public(&devices[i].sign);
}

static zks__epoch_note note;
static uint8_t removed[1][ZKS_DEVICE_ID_BYTES];
static const zks__record *listed[DEVICES];

static zks__epoch_plan plan_on(const zks__record *parent, const uint8_t *parent_secret,
                               const uint8_t *secret, size_t listed_count, size_t removed_count)
{
    for (size_t i = 0; i < DEVICES; i++) {
        listed[i] = &members[i];
    }
    memcpy(removed[0], id(DEVICES - 1), sizeof removed[0]);
    note = (zks__epoch_note){.reason_count = removed_count, .reasons = {ZKS_REMOVAL_LOST}};
    return (zks__epoch_plan){.genesis = &genesis,
                             .parent = parent,
                             .parent_secret = parent_secret,
                             .secret = secret,
                             .listed = listed,
                             .listed_count = listed_count,
                             .removed = (const uint8_t(*)[ZKS_DEVICE_ID_BYTES])removed,
                             .removed_count = removed_count,
                             .note = &note,
                             .random = random_bytes};
}

static zks__record make(size_t slot, const zks__epoch_plan *plan)
{
    zks__record r;
    size_t length = 0;
    ck_assert_int_eq(zks__epoch_make(plan, &devices[0].sign, bytes[slot], RECORD_MAX, &length),
                     ZKS_OK);
    ck_assert_int_eq(zks__record_read(bytes[slot], length, &r), ZKS_OK);
    return r;
}

static zks__record epoch1(void)
{
    zks__epoch_plan p = plan_on(&epoch0, root.epoch0_secret, secret1, DEVICES, 0);
    return make(DEVICES + 2, &p);
}

START_TEST(every_listed_device_and_the_recovery_key_open_it)
{
    zks__record e = epoch1();
    uint8_t out[32], seed[32];
    for (size_t i = 0; i < DEVICES; i++) {
        memset(out, 0, sizeof out);
        ck_assert_int_eq(zks__epoch_open(&e, i, id(i), devices[i].seal_seed, out), ZKS_OK);
        ck_assert_mem_eq(out, secret1, 32);
    }
    memset(out, 0, sizeof out);
    zks__group_recovery_seed(group_seed, seed);
    ck_assert_int_eq(zks__epoch_recover(&e, &genesis, seed, out), ZKS_OK);
    ck_assert_mem_eq(out, secret1, 32);
    ck_assert_int_eq(zks__epoch_unwrap(&e, secret1, &epoch0, out), ZKS_OK);
    ck_assert_mem_eq(out, root.epoch0_secret, 32);
    ck_assert_int_eq(zks__records_add(set, e.bytes.data, e.bytes.length, NULL), ZKS_OK);
    ck_assert(zks__records_epoch_ok(set, e.hash));
    ck_assert_mem_eq(zks__records_epoch(set)->hash, e.hash, 32);
}
END_TEST

START_TEST(other_keys_and_places_do_not_open_it)
{
    zks__record e = epoch1();
    uint8_t out[32] = {99}, seed[32] = {5};
    ck_assert_int_eq(zks__epoch_open(&e, 0, id(0), devices[1].seal_seed, out), ZKS_E_DECRYPT);
    ck_assert_int_eq(zks__epoch_open(&e, 1, id(0), devices[0].seal_seed, out), ZKS_E_DECRYPT);
    ck_assert_int_eq(zks__epoch_open(&e, 0, id(1), devices[0].seal_seed, out), ZKS_E_DECRYPT);
    ck_assert_int_eq(zks__epoch_open(&e, DEVICES, id(0), devices[0].seal_seed, out),
                     ZKS_E_NOT_FOUND);
    ck_assert_int_eq(zks__epoch_recover(&e, &genesis, seed, out), ZKS_E_DECRYPT);
    ck_assert_int_eq(zks__epoch_unwrap(&e, secret2, &epoch0, out), ZKS_E_DECRYPT);
    ck_assert_int_eq(zks__epoch_unwrap(&e, secret1, &genesis, out), ZKS_E_NOT_FOUND);
    ck_assert_int_eq(zks__epoch_unwrap(&epoch0, secret1, &epoch0, out), ZKS_E_NOT_FOUND);
    ck_assert_int_eq(zks__epoch_recover(&epoch0, &genesis, seed, out), ZKS_E_NOT_FOUND);
    ck_assert_uint_eq(out[0], 99);
}
END_TEST

START_TEST(removed_device_opens_nothing_newer)
{
    zks__record e1 = epoch1();
    zks__epoch_plan p = plan_on(&e1, secret1, secret2, DEVICES - 1, 1);
    zks__record e2 = make(DEVICES + 3, &p);
    uint8_t out[32];
    for (size_t i = 0; i < DEVICES; i++) {
        ck_assert_int_eq(
            zks__epoch_open(&e2, i, id(DEVICES - 1), devices[DEVICES - 1].seal_seed, out),
            i < DEVICES - 1 ? ZKS_E_DECRYPT : ZKS_E_NOT_FOUND);
    }
    /* the secret that it has opens nothing of the next one */
    zks__epoch_note read;
    ck_assert_int_eq(zks__epoch_unwrap(&e2, secret1, &e1, out), ZKS_E_DECRYPT);
    ck_assert_int_eq(zks__epoch_read_note(&e2, secret1, &read), ZKS_E_DECRYPT);
    /* the others go on, and back */
    ck_assert_int_eq(zks__epoch_open(&e2, 1, id(1), devices[1].seal_seed, out), ZKS_OK);
    ck_assert_mem_eq(out, secret2, 32);
    ck_assert_int_eq(zks__epoch_unwrap(&e2, secret2, &e1, out), ZKS_OK);
    ck_assert_mem_eq(out, secret1, 32);
}
END_TEST

START_TEST(every_changed_bit_is_refused)
{
    zks__record e = epoch1();
    uint8_t out[32] = {99}, seed[32];
    size_t step = zks__record_key_bytes(zks__crypto_suite(root.suite));
    zks__group_recovery_seed(group_seed, seed);
    for (size_t i = 0; i < step; i += i < step - 60 ? 37 : 1) {
        uint8_t *at[2] = {(uint8_t *)(uintptr_t)e.epoch.keys.data + i,
                          (uint8_t *)(uintptr_t)e.epoch.keys.data + DEVICES * step + i};
        *at[0] ^= 4;
        ck_assert_int_eq(zks__epoch_open(&e, 0, id(0), devices[0].seal_seed, out), ZKS_E_DECRYPT);
        *at[0] ^= 4;
        *at[1] ^= 4;
        ck_assert_int_eq(zks__epoch_recover(&e, &genesis, seed, out), ZKS_E_DECRYPT);
        *at[1] ^= 4;
    }
    for (size_t i = 0; i < e.epoch.wrap.length; i++) {
        uint8_t *at = (uint8_t *)(uintptr_t)e.epoch.wrap.data + i;
        *at ^= 128;
        ck_assert_int_eq(zks__epoch_unwrap(&e, secret1, &epoch0, out), ZKS_E_DECRYPT);
        *at ^= 128;
    }
    zks__epoch_note read = {.reason_count = 77};
    for (size_t i = 0; i < e.epoch.sealed.length; i++) {
        uint8_t *at = (uint8_t *)(uintptr_t)e.epoch.sealed.data + i;
        *at ^= 1;
        ck_assert_int_eq(zks__epoch_read_note(&e, secret1, &read), ZKS_E_DECRYPT);
        *at ^= 1;
    }
    ck_assert_uint_eq(read.reason_count, 77);
    /* A signer that gives each device another secret is found out by the commit. */
    e.epoch.commit[0] ^= 1;
    ck_assert_int_eq(zks__epoch_open(&e, 0, id(0), devices[0].seal_seed, out), ZKS_E_DECRYPT);
    e.epoch.commit[0] ^= 1;
    epoch0.epoch.commit[3] ^= 1;
    ck_assert_int_eq(zks__epoch_unwrap(&e, secret1, &epoch0, out), ZKS_E_DECRYPT);
    ck_assert_uint_eq(out[0], 99);
    e.epoch.number++; /* bound to its place */
    ck_assert_int_eq(zks__epoch_open(&e, 0, id(0), devices[0].seal_seed, out), ZKS_E_DECRYPT);
    e.epoch.number--;
    e.epoch.parent[0] ^= 1;
    ck_assert_int_eq(zks__epoch_open(&e, 0, id(0), devices[0].seal_seed, out), ZKS_E_DECRYPT);
}
END_TEST

START_TEST(note_comes_back_and_hides_its_size)
{
    zks__record e1 = epoch1();
    zks__epoch_plan p = plan_on(&e1, secret1, secret2, DEVICES - 1, 1);
    zks__epoch_note read;
    zks__record bare = make(DEVICES + 3, &p);
    note.cutoff_count = 2;
    note.cutoffs[1] = (zks__cutoff){.author = {1}, .chain = {2}, .seq = 3, .id = {4}};
    zks__record e2 = make(DEVICES + 4, &p);
    ck_assert_uint_eq(bare.epoch.sealed.length, e2.epoch.sealed.length);
    ck_assert_int_eq(zks__epoch_read_note(&e2, secret2, &read), ZKS_OK);
    ck_assert_uint_eq(read.reason_count, 1);
    ck_assert_uint_eq(read.reasons[0], ZKS_REMOVAL_LOST);
    ck_assert_uint_eq(read.cutoff_count, 2);
    ck_assert_mem_eq(&read.cutoffs[1], &note.cutoffs[1], sizeof note.cutoffs[1]);
    note.cutoff_count = ZKS_CUTOFFS_MAX;
    zks__record full = make(DEVICES + 5, &p);
    ck_assert_int_eq(zks__epoch_read_note(&full, secret2, &read), ZKS_OK);
    ck_assert_uint_eq(read.cutoff_count, ZKS_CUTOFFS_MAX);
    ck_assert_int_eq(zks__epoch_read_note(&epoch0, secret2, &read), ZKS_E_NOT_FOUND);
}
END_TEST

START_TEST(plan_that_contradicts_itself_is_refused)
{
    zks__record e1 = epoch1();
    zks__epoch_plan p = plan_on(&e1, secret1, secret2, DEVICES - 1, 1);
    size_t length = 7;
    note.reason_count = 0;
    ck_assert_int_eq(zks__epoch_make(&p, &devices[0].sign, bytes[DEVICES + 3], RECORD_MAX, &length),
                     ZKS_E_INVALID);
    note.reason_count = 1;
    note.cutoff_count = ZKS_CUTOFFS_MAX + 1;
    ck_assert_int_eq(zks__epoch_make(&p, &devices[0].sign, bytes[DEVICES + 3], RECORD_MAX, &length),
                     ZKS_E_INVALID);
    note.cutoff_count = 0;
    listed[1] = listed[0]; /* twice */
    ck_assert_int_eq(zks__epoch_make(&p, &devices[0].sign, bytes[DEVICES + 3], RECORD_MAX, &length),
                     ZKS_E_INVALID);
    ck_assert_int_eq(zks__epoch_make(&p, &devices[0].sign, bytes[DEVICES + 3], 100, &length),
                     ZKS_E_INVALID);
    listed[1] = &members[1];
    ck_assert_int_eq(zks__epoch_make(&p, &devices[0].sign, bytes[DEVICES + 3], 100, &length),
                     ZKS_E_TOO_LARGE);
    ck_assert_uint_eq(length, 7);
}
END_TEST

START_TEST(grant_opens_for_its_device_and_epoch_only)
{
    zks__record e1 = epoch1();
    zks__record g;
    size_t length = 0;
    uint8_t out[32] = {99};
    ck_assert_int_eq(zks__grant_make(&e1, secret1, &members[2], &devices[1].sign, random_bytes,
                                     bytes[DEVICES + 3], RECORD_MAX, &length),
                     ZKS_OK);
    ck_assert_int_eq(zks__record_read(bytes[DEVICES + 3], length, &g), ZKS_OK);
    ck_assert_mem_eq(g.grant.device, id(2), 32);
    ck_assert_mem_eq(g.grant.signer, id(1), 32);
    ck_assert_int_eq(zks__grant_open(&g, &e1, devices[2].seal_seed, out), ZKS_OK);
    ck_assert_mem_eq(out, secret1, 32);
    out[0] = 99;
    ck_assert_int_eq(zks__grant_open(&g, &e1, devices[1].seal_seed, out), ZKS_E_DECRYPT);
    ck_assert_int_eq(zks__grant_open(&g, &epoch0, devices[2].seal_seed, out), ZKS_E_UNKNOWN_EPOCH);
    for (size_t i = 0; i < g.grant.key.length; i += i + 60 < g.grant.key.length ? 41 : 1) {
        uint8_t *at = (uint8_t *)(uintptr_t)g.grant.key.data + i;
        *at ^= 2;
        ck_assert_int_eq(zks__grant_open(&g, &e1, devices[2].seal_seed, out), ZKS_E_DECRYPT);
        *at ^= 2;
    }
    ck_assert_uint_eq(out[0], 99);
    /* of EPOCH 0, too: who comes before the first rotation needs it */
    ck_assert_int_eq(zks__grant_make(&epoch0, root.epoch0_secret, &members[2], &devices[1].sign,
                                     random_bytes, bytes[DEVICES + 3], RECORD_MAX, &length),
                     ZKS_OK);
    ck_assert_int_eq(zks__record_read(bytes[DEVICES + 3], length, &g), ZKS_OK);
    ck_assert_int_eq(zks__grant_open(&g, &epoch0, devices[2].seal_seed, out), ZKS_OK);
    ck_assert_mem_eq(out, root.epoch0_secret, 32);
    /* a signer that grants another secret */
    ck_assert_int_eq(zks__grant_make(&e1, secret2, &members[2], &devices[1].sign, random_bytes,
                                     bytes[DEVICES + 3], RECORD_MAX, &length),
                     ZKS_OK);
    ck_assert_int_eq(zks__record_read(bytes[DEVICES + 3], length, &g), ZKS_OK);
    ck_assert_int_eq(zks__grant_open(&g, &e1, devices[2].seal_seed, out), ZKS_E_DECRYPT);
}
END_TEST

static void add(TCase *c)
{
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_test(c, every_listed_device_and_the_recovery_key_open_it);
    tcase_add_test(c, other_keys_and_places_do_not_open_it);
    tcase_add_test(c, removed_device_opens_nothing_newer);
    tcase_add_test(c, every_changed_bit_is_refused);
    tcase_add_test(c, note_comes_back_and_hides_its_size);
    tcase_add_test(c, plan_that_contradicts_itself_is_refused);
    tcase_add_test(c, grant_opens_for_its_device_and_epoch_only);
}

int main(void)
{
    return unit_main("group epoch", add);
}
