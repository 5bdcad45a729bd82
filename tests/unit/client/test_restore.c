/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A device that comes back by the recovery code: what it can open, and what it keeps. */
#include "tests/unit/client/paired.h"

static zks__ledger *back;
static char back_path[96];

static void open_back(bool restore)
{
    char problem[ZKS_LEDGER_PROBLEM_BYTES];
    zks__ledger_config config = {.storage = runtime->storage,
                                 .vault = runtime->vault,
                                 .path = back_path,
                                 .secret = restore ? seed : NULL,
                                 .suite = test_suite(),
                                 .mode = restore ? ZKS_GROUP_MODE_PAIRED : 0,
                                 .restore = restore,
                                 .device_name = "back",
                                 .rng = runtime->rng,
                                 .clock = runtime->clock,
                                 .log = &runtime->log};
    ck_assert_int_eq(zks__ledger_open(&config, problem, &back), ZKS_OK);
}

/* All records of A, as its relay has them. */
static void bring_records(void)
{
    zks__record_list list;
    zks__records_taken taken;
    ck_assert_int_eq(zks__ledger_record_list(a, &list), ZKS_OK);
    ck_assert_int_eq(zks__store_begin(zks__ledger_store(back)), ZKS_OK);
    ck_assert_int_eq(zks__ledger_records(
                         back, (zks__wire_list){.count = list.count, .items = list.items}, &taken),
                     ZKS_OK);
    ck_assert_int_eq(zks__store_commit(zks__ledger_store(back)), ZKS_OK);
    zks__record_list_done(&list);
}

/* Whether the key of a blob of A's is to be had. */
static zks_status can_read(const zks__buf *blob)
{
    const zks__blob_key *key;
    zks__entry e;
    zks__buf *copy = zks__buf_copy(blob->data, blob->length); /* it is opened in place */
    zks_status status = zks__ledger_blob_key(back, blob->data, blob->length,
                                             zks__ledger_device_id(a), &key);
    status = status ? status : zks__blob_open(key, copy->data, copy->length, &e);
    zks__buf_unref(copy);
    return status;
}

static zks_status seed_in_store(void)
{
    uint8_t found[32];
    return zks__keyring_get(back->keyring, back->group.g, back->group.group_id,
                            ZKS_STORE_SECRET_GROUP, NULL, found);
}

static void begin_restore(void)
{
    setup();
    snprintf(back_path, sizeof back_path, "%s/back.zks", folder);
    open_back(true);
}

static void end_restore(void)
{
    zks__ledger_close(back);
    teardown();
}

START_TEST(restored_device_opens_epochs_that_never_listed_it)
{
    zks__sealed first = push("first");
    rotate(NULL);
    rotate(b_id);
    zks__sealed last = push("last");
    bring_records();
    ck_assert(back->restoring);
    ck_assert_int_eq(can_read(last.blob), ZKS_OK);
    ck_assert_int_eq(can_read(first.blob), ZKS_OK);
    ck_assert_mem_eq(back->epoch->hash, tip()->hash, sizeof tip()->hash);
    ck_assert_uint_eq(zks__records_rights(back->records, zks__ledger_device_id(back)),
                      ZKS_RIGHT_INVITE | ZKS_RIGHT_ADMIN);
    zks__buf_unref(first.blob);
    zks__buf_unref(last.blob);
}
END_TEST

START_TEST(seed_is_kept_until_the_records_are_here_and_not_longer)
{
    rotate(b_id);
    zks__sealed s = push("under the newest keys");
    zks__ledger_close(back); /* before any relay was reached */
    open_back(false);
    ck_assert(back->restoring);
    bring_records();
    ck_assert_int_eq(seed_in_store(), ZKS_OK);
    ck_assert_int_eq(zks__ledger_forget_seed(back), ZKS_OK);
    ck_assert_int_eq(seed_in_store(), ZKS_E_NOT_FOUND);
    ck_assert_int_eq(can_read(s.blob), ZKS_OK);
    const zks__record *r;
    unsigned epochs = 0;
    for (size_t i = 0; (r = zks__records_at(back->records, i)); i++) {
        uint8_t secret[32];
        if (r->kind == ZKS_RECORD_KIND_EPOCH) { /* each by itself: the chain may leave it */
            ck_assert_int_eq(zks__keyring_get(back->keyring, back->group.g, back->group.group_id,
                                              ZKS_STORE_SECRET_EPOCH, r->hash, secret),
                             ZKS_OK);
            epochs++;
        }
    }
    ck_assert_uint_eq(epochs, 2);
    zks__ledger_close(back);
    open_back(false);
    ck_assert(!back->restoring);
    ck_assert_int_eq(seed_in_store(), ZKS_E_NOT_FOUND);
    ck_assert_int_eq(can_read(s.blob), ZKS_OK);
    zks__buf_unref(s.blob);
}
END_TEST

START_TEST(other_groups_keep_what_they_have)
{
    ck_assert_int_eq(zks__ledger_forget_seed(a), ZKS_OK);
    zks__identity identity;
    static const uint8_t none[32];
    zks__ledger_identity(back, &identity);
    ck_assert(identity.restoring);
    ck_assert_mem_eq(identity.secret, none, sizeof none); /* no invite may carry it */
}
END_TEST

static void add(TCase *c)
{
    tcase_add_checked_fixture(c, begin_restore, end_restore);
    tcase_add_test(c, restored_device_opens_epochs_that_never_listed_it);
    tcase_add_test(c, seed_is_kept_until_the_records_are_here_and_not_longer);
    tcase_add_test(c, other_groups_keep_what_they_have);
}

int main(void)
{
    return unit_main("restore", add);
}
