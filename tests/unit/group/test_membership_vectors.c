/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * tests/vectors/membership.txt: an EPOCH, a GRANT and a LEAVE of a paired group from fixed inputs,
 * for those who write another implementation; tests/vectors/test_membership.py recomputes it. After
 * a wanted change of the format: ZKS_UPDATE_VECTORS=1 ZKS_SOURCE_DIR=.
 * unit_group_membership_vectors
 */
#include "group/epoch.h"
#include "record/set.h"
#include "tests/support/unit.h"
#include "tests/support/vectors_file.h"

static uint8_t counting[1024]; /* 00 01 02 ... */

static zks__group_root root;
static zks__device_keys devices[2];
static uint8_t bytes[8][16384];
static size_t used;
static zks__records *set;

static const zks__record *take(size_t length)
{
    uint8_t hash[ZKS_RECORD_HASH_BYTES];
    ck_assert_int_eq(zks__records_add(set, bytes[used], length, NULL), ZKS_OK);
    ck_assert(zks__record_hash(bytes[used++], length, hash));
    return zks__records_find(set, hash);
}

static void record_block(const char *name, const zks__record *r)
{
    vectors_begin(name);
    vectors_value("record", r->bytes.data, r->bytes.length);
    vectors_value("hash", r->hash, sizeof r->hash);
}

/* What the sealing gave: other implementations need it to check the rest without ML-KEM. */
static void shared_value(const char *key, const uint8_t *seed, const uint8_t *ct)
{
    uint8_t shared[ZKS_SEAL_SHARED_BYTES];
    ck_assert_int_eq(zks__crypto_suite(root.suite)->seal_dec(seed, ct, shared), ZKS_OK);
    vectors_value(key, shared, sizeof shared);
}

static void group_block(const zks__record **members)
{
    size_t length = 0;
    zks__group_root_derive(ZKS_SUITE_SODIUM, ZKS_GROUP_MODE_PAIRED, counting + 16, &root);
    ck_assert_int_eq(zks__records_new(root.group_id, &set), ZKS_OK);
    ck_assert_int_eq(zks__group_make_genesis(&root, bytes[used], sizeof bytes[0], &length), ZKS_OK);
    (void)take(length);
    ck_assert_int_eq(zks__group_make_epoch0(&root, bytes[used], sizeof bytes[0], &length), ZKS_OK);
    (void)take(length);
    vectors_begin("group: a paired one with two devices by the root key");
    vectors_value("seed", counting + 16, 32);
    vectors_value("group_id", root.group_id, 32);
    vectors_value("epoch0_hash", zks__records_epoch(set)->hash, 32);
    vectors_value("epoch0_secret", root.epoch0_secret, 32);
    vectors_value("instance", counting, ZKS_INSTANCE_BYTES);
    for (size_t i = 0; i < 2; i++) {
        zks__member m = {.rights = 3};
        zks__device_keys_derive(counting + 64 + i, root.group_id, counting, &devices[i]);
        zks__crypto_suite(root.suite)->seal_public(devices[i].seal_seed, m.seal_key);
        ck_assert_int_eq(zks__record_make_member(root.suite, root.group_id, &m, &devices[i].sign,
                                                 &root.root, bytes[used], sizeof bytes[0], &length),
                         ZKS_OK);
        members[i] = take(length);
        vectors_value(i ? "device_seed_1" : "device_seed_0", counting + 64 + i, 32);
        vectors_value(i ? "device_1" : "device_0", members[i]->member.device, 32);
        vectors_value(i ? "member_1" : "member_0", members[i]->hash, 32);
    }
}

static const zks__record *epoch_block(const zks__record *const *members)
{
    uint8_t removed[1][ZKS_DEVICE_ID_BYTES], seed[ZKS_SEAL_SEED_BYTES];
    size_t length = 0;
    zks__epoch_note note = {.reason_count = 1, .reasons = {ZKS_REMOVAL_LOST}, .cutoff_count = 1};
    note.cutoffs[0].seq = 77;
    memcpy(note.cutoffs[0].author, members[1]->member.device, 32);
    memcpy(removed[0], members[1]->member.device, 32);
    const zks__epoch_plan plan = {.genesis = zks__records_genesis(set),
                                  .parent = zks__records_epoch(set),
                                  .parent_secret = root.epoch0_secret,
                                  .secret = counting + 200,
                                  .listed = members,
                                  .listed_count = 1,
                                  .removed = (const uint8_t(*)[ZKS_DEVICE_ID_BYTES])removed,
                                  .removed_count = 1,
                                  .note = &note,
                                  .random = counting + 300};
    ck_assert_int_eq(
        zks__epoch_make(&plan, &devices[0].sign, bytes[used], sizeof bytes[0], &length), ZKS_OK);
    const zks__record *e = take(length);
    record_block("record: EPOCH 1 by device 0, which removes device 1 and says lost, last seq 77",
                 e);
    vectors_value("secret", counting + 200, 32);
    vectors_value("note_nonce", counting + 300, ZKS_NONCE_BYTES);
    shared_value("shared_0", devices[0].seal_seed, e->epoch.keys.data);
    zks__group_recovery_seed(counting + 16, seed);
    shared_value("shared_recovery", seed,
                 e->epoch.keys.data + zks__record_key_bytes(zks__crypto_suite(root.suite)));
    return e;
}

START_TEST(vectors_of_membership_agree)
{
    const zks__record *members[2];
    size_t length = 0;
    uint8_t digest[ZKS_RECORD_HASH_BYTES];
    ck_assert_int_eq(zks__crypto_init(), ZKS_OK);
    for (size_t i = 0; i < sizeof counting; i++) {
        counting[i] = (uint8_t)i;
    }
    vectors_start("membership.txt",
                  "# SPDX-License-Identifier: MIT OR Apache-2.0\n#\n"
                  "# Membership records of a paired group, from fixed inputs. All values are "
                  "hexadecimal.\n"
                  "# Written by tests/unit/group/test_membership_vectors.c, recomputed by\n"
                  "# test_membership.py.\n");
    group_block(members);
    const zks__record *first = zks__records_epoch(set);
    ck_assert_int_eq(zks__grant_make(first, root.epoch0_secret, members[1], &devices[0].sign,
                                     counting + 500, bytes[used], sizeof bytes[0], &length),
                     ZKS_OK);
    const zks__record *grant = take(length);
    record_block("record: GRANT of EPOCH 0 to device 1 by device 0", grant);
    shared_value("shared", devices[1].seal_seed, grant->grant.key.data);
    const zks__record *e = epoch_block(members);
    ck_assert_int_eq(zks__record_make_leave(root.suite, root.group_id, &devices[0].sign,
                                            bytes[used], sizeof bytes[0], &length),
                     ZKS_OK);
    record_block("record: LEAVE of device 0", take(length));
    ck_assert_ptr_eq(zks__records_epoch(set), e);
    vectors_begin("records: the digest of all");
    zks__records_digest(set, digest);
    vectors_value("digest", digest, sizeof digest);
    zks__records_free(set);
    vectors_finish();
}
END_TEST

static void add(TCase *c)
{
    tcase_add_test(c, vectors_of_membership_agree);
}

int main(void)
{
    return unit_main("membership vectors", add);
}
