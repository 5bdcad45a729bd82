/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "record/envelope.h"
#include "tests/support/unit.h"

static const uint8_t tag[ZKS_EPOCH_TAG_BYTES] = {1};
static const uint8_t nonce[ZKS_NONCE_BYTES] = {2};
static const uint8_t group_id[ZKS_GROUP_ID_BYTES] = {3};
static const uint8_t pusher[ZKS_DEVICE_ID_BYTES] = {4};

static uint8_t blob[ZKS_BLOB_MAX_BYTES + 1];

static const zks__suite *suite(void)
{
    ck_assert_int_eq(zks__crypto_init(), ZKS_OK);
    return zks__crypto_suite(ZKS_SUITE_SODIUM);
}

START_TEST(epoch_is_what_was_written)
{
    const uint8_t *out = NULL;
    zks__envelope_write(ZKS_SUITE_SODIUM, tag, nonce, blob);
    ck_assert_int_eq(zks__envelope_epoch(blob, ZKS_BLOB_MIN_BYTES, &out), ZKS_OK);
    ck_assert_mem_eq(out, tag, sizeof tag);
    ck_assert_int_eq(zks__envelope_epoch(blob, ZKS_BLOB_MAX_BYTES, &out), ZKS_OK);
}
END_TEST

START_TEST(epoch_names_the_reason)
{
    const uint8_t *out = NULL;
    zks__envelope_write(ZKS_SUITE_SODIUM, tag, nonce, blob);
    for (size_t length = 0; length < ZKS_BLOB_MIN_BYTES; length++) {
        ck_assert_int_eq(zks__envelope_epoch(blob, length, &out), ZKS_E_TRUNCATED);
    }
    ck_assert_int_eq(zks__envelope_epoch(blob, sizeof blob, &out), ZKS_E_TOO_LARGE);
    blob[0] = 2;
    ck_assert_int_eq(zks__envelope_epoch(blob, 300, &out), ZKS_E_FORMAT_VERSION);
    blob[0] = 1;
    blob[1] = 2;
    ck_assert_int_eq(zks__envelope_epoch(blob, 300, &out), ZKS_E_SUITE);
    ck_assert_ptr_null(out);
}
END_TEST

START_TEST(id_is_a_uuid_and_depends_on_everything)
{
    uint8_t first[ZKS_BLOB_ID_BYTES], id[ZKS_BLOB_ID_BYTES];
    uint8_t other[32] = {9};
    const size_t length = 300;
    zks__envelope_write(ZKS_SUITE_SODIUM, tag, nonce, blob);
    zks__envelope_id(suite(), group_id, pusher, blob, length, first);
    ck_assert_uint_eq(first[6] >> 4, 8);
    ck_assert_uint_eq(first[8] >> 6, 2);
    zks__envelope_id(suite(), other, pusher, blob, length, id);
    ck_assert_mem_ne(id, first, sizeof id);
    zks__envelope_id(suite(), group_id, other, blob, length, id);
    ck_assert_mem_ne(id, first, sizeof id);
    zks__envelope_id(suite(), group_id, pusher, blob, length - 1, id);
    ck_assert_mem_ne(id, first, sizeof id);
    for (size_t at = 2; at < length; at++) {
        blob[at] ^= 1;
        zks__envelope_id(suite(), group_id, pusher, blob, length, id);
        ck_assert_mem_ne(id, first, sizeof id);
        blob[at] ^= 1;
    }
    zks__envelope_id(suite(), group_id, pusher, blob, length, id);
    ck_assert_mem_eq(id, first, sizeof id);
}
END_TEST

static void add(TCase *c)
{
    tcase_add_test(c, epoch_is_what_was_written);
    tcase_add_test(c, epoch_names_the_reason);
    tcase_add_test(c, id_is_a_uuid_and_depends_on_everything);
}

int main(void)
{
    return unit_main("record envelope", add);
}
