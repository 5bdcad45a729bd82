/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * tests/vectors/group.txt: key tree, records, entries and blobs of fixed inputs, for those who
 * write another implementation; tests/vectors/test_group.py recomputes it. After a wanted change of
 * the format: ZKS_UPDATE_VECTORS=1 ZKS_SOURCE_DIR=. unit_group_vectors
 */
#include "group/blob.h"
#include "group/keys.h"
#include "record/set.h"
#include "tests/support/unit.h"
#include "tests/support/vectors_file.h"

static uint8_t counting[2048]; /* 00 01 02 ... */

static const uint8_t *from(uint8_t first)
{
    return counting + first;
}

/* Big-endian, as a number is written. */
static void number(const char *key, uint64_t v)
{
    uint8_t bytes[8];
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (uint8_t)(v >> (56 - 8 * i));
    }
    vectors_value(key, bytes, sizeof bytes);
}

static zks__group_root root;
static zks__device_keys device;

static void keys_block(void)
{
    vectors_begin("keys: a shared group and a device");
    zks__group_root_derive(ZKS_SUITE_SODIUM, ZKS_GROUP_MODE_SHARED, from(0x10), &root);
    zks__device_keys_derive(from(0x40), root.group_id, from(0x70), &device);
    vectors_value("seed", from(0x10), 32);
    vectors_value("root_public", zks__crypto_sign_public(&root.root), 32);
    vectors_value("recovery_public", root.recovery_public, ZKS_SEAL_PUBLIC_BYTES);
    vectors_value("epoch0_secret", root.epoch0_secret, 32);
    vectors_value("group_id", root.group_id, 32);
    vectors_value("device_seed", from(0x40), 32);
    vectors_value("instance", from(0x70), 16);
    vectors_value("device_id", zks__crypto_sign_public(&device.sign), 32);
    vectors_value("noise_dh_secret", device.noise_dh_secret, 32);
    vectors_value("noise_kem_seed", device.noise_kem_seed, 64);
    vectors_value("seal_seed", device.seal_seed, 32);
}

static uint8_t profile[ZKS_PROFILE_MAX_BYTES];
static size_t profile_length;

static void profile_block(void)
{
    static const char name[] = "K\xc3\xbc"
                               "chentablet";
    const zks__suite *suite = zks__crypto_suite(ZKS_SUITE_SODIUM);
    vectors_begin("profile: a device's name");
    ck_assert_int_eq(zks__profile_seal(suite, root.epoch0_secret, root.group_id,
                                       zks__crypto_sign_public(&device.sign), from(0x80), name,
                                       strlen(name), profile, &profile_length),
                     ZKS_OK);
    vectors_value("nonce", from(0x80), ZKS_NONCE_BYTES);
    vectors_value("name", name, strlen(name));
    vectors_value("sealed", profile, profile_length);
}

static uint8_t record[ZKS_RECORD_BODY_MAX_BYTES];
static uint8_t epoch_tag[ZKS_EPOCH_TAG_BYTES];

static void record_block(zks__records *set, const char *name, size_t length)
{
    uint8_t hash[ZKS_RECORD_HASH_BYTES];
    vectors_begin(name);
    vectors_value("record", record, length);
    ck_assert(zks__record_hash(record, length, hash));
    vectors_value("hash", hash, sizeof hash);
    ck_assert_int_eq(zks__records_add(set, record, length, NULL), ZKS_OK);
    if (record[1] == ZKS_RECORD_KIND_EPOCH) {
        memcpy(epoch_tag, hash, sizeof epoch_tag);
    }
}

static void record_blocks(void)
{
    zks__records *set;
    size_t length = 0;
    ck_assert_int_eq(zks__records_new(root.group_id, &set), ZKS_OK);
    ck_assert_int_eq(zks__group_make_genesis(&root, record, sizeof record, &length), ZKS_OK);
    record_block(set, "record: GENESIS", length);
    ck_assert_int_eq(zks__group_make_epoch0(&root, record, sizeof record, &length), ZKS_OK);
    record_block(set, "record: EPOCH 0", length);
    zks__slice p = {profile, profile_length};
    ck_assert_int_eq(
        zks__group_make_member(&root, &device, 1900000000, p, record, sizeof record, &length),
        ZKS_OK);
    record_block(set, "record: MEMBER", length);
    uint8_t digest[ZKS_RECORD_HASH_BYTES];
    vectors_begin("records: the digest of these three");
    zks__records_digest(set, digest);
    vectors_value("digest", digest, sizeof digest);
    zks__records_free(set);
}

static void blob_block(const char *name, zks__entry e, size_t body_length)
{
    zks__blob_key key;
    uint8_t blob_id[ZKS_BLOB_ID_BYTES];
    zks__blob_key_derive(zks__crypto_suite(ZKS_SUITE_SODIUM), root.epoch0_secret, root.group_id,
                         epoch_tag, zks__crypto_sign_public(&device.sign), &key);
    memcpy(e.author, zks__crypto_sign_public(&device.sign), sizeof e.author);
    memcpy(e.chain, from(0xa0), sizeof e.chain);
    e.body_length = body_length;
    zks__buf *b = zks__blob_buffer(counting, body_length);
    ck_assert_int_eq(zks__blob_seal(&key, &e, &device.sign, from(0xb0), b, blob_id), ZKS_OK);
    vectors_begin(name);
    vectors_value("blob_key", key.key, 32);
    vectors_value("nonce", from(0xb0), ZKS_NONCE_BYTES);
    vectors_value("chain", e.chain, sizeof e.chain);
    number("seq", e.seq);
    vectors_value("prev", e.prev, sizeof e.prev);
    number("floor", e.floor);
    number("time_ms", (uint64_t)e.time_ms);
    number("ttl_s", e.ttl_s);
    number("kind", e.kind);
    vectors_value("body", counting, body_length);
    vectors_value("id", e.id, sizeof e.id);
    vectors_value("signature", e.signature, e.has_signature ? sizeof e.signature : 0);
    vectors_value("blob", b->data, b->length);
    vectors_value("blob_id", blob_id, sizeof blob_id);
    zks__buf_unref(b);
}

static void blob_blocks(void)
{
    zks__entry first = {.seq = 1,
                        .floor = 1,
                        .time_ms = 1800000000123,
                        .ttl_s = 604800,
                        .kind = ZKS_ENTRY_DATA,
                        .has_signature = 1};
    blob_block("blob: the first of a chain, empty, signed", first, 0);
    zks__entry second = {.seq = 2, .floor = 1, .time_ms = -1, .kind = ZKS_ENTRY_DATA};
    memcpy(second.prev, from(0xc0), 32);
    blob_block("blob: the second, not signed", second, 100);
    zks__entry later = {.seq = (uint64_t)1 << 40,
                        .floor = 77,
                        .time_ms = 0,
                        .ttl_s = UINT32_MAX,
                        .kind = ZKS_ENTRY_DELETE,
                        .has_signature = 1};
    memcpy(later.prev, from(0xd0), 32);
    blob_block("blob: another kind, a two-byte length, signed", later, 1000);
}

START_TEST(vectors_of_the_group_agree)
{
    ck_assert_int_eq(zks__crypto_init(), ZKS_OK);
    for (size_t i = 0; i < sizeof counting; i++) {
        counting[i] = (uint8_t)i;
    }
    vectors_start("group.txt",
                  "# SPDX-License-Identifier: MIT OR Apache-2.0\n#\n"
                  "# Keys, records and blobs of one group, from fixed inputs. All values are "
                  "hexadecimal,\n"
                  "# numbers big-endian. Later blocks use what earlier ones give. Written by\n"
                  "# tests/unit/group/test_vectors.c, recomputed by test_group.py.\n");
    keys_block();
    profile_block();
    record_blocks();
    blob_blocks();
    vectors_finish();
}
END_TEST

static void add(TCase *c)
{
    tcase_add_test(c, vectors_of_the_group_agree);
}

int main(void)
{
    return unit_main("group vectors", add);
}
