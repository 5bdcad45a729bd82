/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Wrapped secrets as bytes: kept, replaced, and gone from the file when they were replaced. */
#include "store/private.h"
#include "store_help.h"

#include <sys/stat.h>

static char folder[HELP_PATH], path[HELP_PATH * 2];

static void setup(void)
{
    help_folder(folder);
    snprintf(path, sizeof path, "%s/store", folder);
}

static void teardown(void)
{
    help_remove(folder);
}

static zks__store_secret secret_of(uint32_t g, zks__store_secret_kind kind, uint64_t number)
{
    zks__store_secret s = {.g = g, .kind = kind, .length = ZKS_STORE_WRAPPED_BYTES};
    if (kind == ZKS_STORE_SECRET_EPOCH) {
        help_bytes(number, s.name, sizeof s.name);
    }
    help_bytes(number + 1000, s.bytes, sizeof s.bytes);
    return s;
}

static void put(zks__store *s, const zks__store_secret *secret)
{
    help_ok(zks__store_begin_secret(s));
    help_ok(zks__store_secret_put(s, secret));
    help_ok(zks__store_commit(s));
}

/* Whether the bytes stand in the store's file or its WAL. */
static bool file_has(const char *suffix, const uint8_t *bytes, size_t length)
{
    char name[HELP_PATH * 3];
    snprintf(name, sizeof name, "%s%s", path, suffix);
    FILE *f = fopen(name, "rb");
    bool has = false;
    static uint8_t all[1 << 22];
    size_t n = f ? fread(all, 1, sizeof all, f) : 0;
    for (size_t i = 0; i + length <= n && !has; i++) {
        has = memcmp(all + i, bytes, length) == 0;
    }
    if (f) {
        ck_assert(n < sizeof all);
        fclose(f);
    }
    return has;
}

START_TEST(secret_put_is_read_back_after_opening_again)
{
    zks__store *s = help_open(path);
    zks__store_secret device = secret_of(0, ZKS_STORE_SECRET_DEVICE, 1);
    zks__store_secret first = secret_of(1, ZKS_STORE_SECRET_EPOCH, 2);
    zks__store_secret second = secret_of(1, ZKS_STORE_SECRET_EPOCH, 3);
    put(s, &device);
    put(s, &first);
    put(s, &second);
    zks__store_close(s);
    s = help_open(path);
    zks__store_secret got = {.g = 1, .kind = ZKS_STORE_SECRET_EPOCH};
    memcpy(got.name, second.name, sizeof got.name);
    help_ok(zks__store_secret_get(s, &got));
    ck_assert_mem_eq(got.bytes, second.bytes, sizeof got.bytes);
    ck_assert_uint_eq(got.length, second.length);
    got.g = 2;
    ck_assert_int_eq(zks__store_secret_get(s, &got), ZKS_E_NOT_FOUND);
    zks__store_close(s);
}
END_TEST

START_TEST(secret_needs_a_transaction_and_fits)
{
    zks__store *s = help_open(NULL);
    zks__store_secret one = secret_of(1, ZKS_STORE_SECRET_GROUP, 1);
    zks__store_wrap wrap = {.kind = 1, .key_length = ZKS_STORE_WRAPPED_BYTES + 1};
    ck_assert_int_eq(zks__store_secret_put(s, &one), ZKS_E_STATE);
    ck_assert_int_eq(zks__store_wrap_set(s, &wrap), ZKS_E_STATE);
    ck_assert_int_eq(zks__store_secrets_clear(s), ZKS_E_STATE);
    help_ok(zks__store_begin_secret(s));
    ck_assert_int_eq(zks__store_begin_secret(s), ZKS_E_STATE);
    one.length++;
    ck_assert_int_eq(zks__store_secret_put(s, &one), ZKS_E_INVALID);
    ck_assert_int_eq(zks__store_wrap_set(s, &wrap), ZKS_E_INVALID);
    help_ok(zks__store_commit(s));
    zks__store_close(s);
}
END_TEST

START_TEST(secret_rolled_back_is_not_there)
{
    zks__store *s = help_open(path);
    zks__store_secret one = secret_of(0, ZKS_STORE_SECRET_DEVICE, 1);
    help_ok(zks__store_begin_secret(s));
    help_ok(zks__store_secret_put(s, &one));
    zks__store_rollback(s);
    ck_assert_int_eq(zks__store_secret_get(s, &one), ZKS_E_NOT_FOUND);
    zks__store_close(s);
}
END_TEST

START_TEST(secret_replaced_leaves_no_trace_in_file_or_wal)
{
    zks__store *s = help_open(path);
    zks__store_wrap wrap = {.suite = 1, .kind = 2, .key_length = ZKS_STORE_WRAPPED_BYTES}, got;
    uint8_t old[ZKS_STORE_WRAPPED_BYTES];
    for (uint64_t round = 0; round < 4; round++) {
        memcpy(old, wrap.key, sizeof old);
        help_bytes(77 + round, wrap.key, sizeof wrap.key);
        snprintf(wrap.descriptor, sizeof wrap.descriptor, "$argon2id$%llu",
                 (unsigned long long)round);
        help_ok(zks__store_begin_secret(s));
        help_ok(zks__store_wrap_set(s, &wrap));
        help_ok(zks__store_commit(s));
        ck_assert(file_has("", wrap.key, sizeof wrap.key));
        ck_assert(!round || !file_has("", old, sizeof old));
        ck_assert(!round || !file_has("-wal", old, sizeof old));
    }
    help_ok(zks__store_wrap_get(s, &got));
    ck_assert_mem_eq(got.key, wrap.key, sizeof got.key);
    ck_assert_str_eq(got.descriptor, wrap.descriptor);
    zks__store_close(s);
}
END_TEST

START_TEST(secrets_cleared_leave_no_trace)
{
    enum { COUNT = 500 }; /* several pages */
    zks__store *s = help_open(path);
    help_ok(zks__store_begin_secret(s));
    for (uint64_t i = 0; i < COUNT; i++) {
        zks__store_secret one = secret_of(1, ZKS_STORE_SECRET_EPOCH, i);
        help_ok(zks__store_secret_put(s, &one));
    }
    help_ok(zks__store_commit(s));
    zks__store_secret some = secret_of(1, ZKS_STORE_SECRET_EPOCH, COUNT / 2);
    ck_assert(file_has("", some.bytes, sizeof some.bytes));
    help_ok(zks__store_begin_secret(s));
    help_ok(zks__store_secrets_clear(s));
    help_ok(zks__store_commit(s));
    for (uint64_t i = 0; i < COUNT; i += 7) {
        some = secret_of(1, ZKS_STORE_SECRET_EPOCH, i);
        ck_assert(!file_has("", some.bytes, sizeof some.bytes));
        ck_assert(!file_has("-wal", some.bytes, sizeof some.bytes));
    }
    zks__store_close(s);
}
END_TEST

static zks_status count_pin(const uint8_t hash[32], void *user)
{
    uint8_t want[32];
    size_t *n = user;
    help_bytes(50 + *n, want, sizeof want);
    ck_assert_mem_eq(hash, want, sizeof want);
    ++*n;
    return ZKS_OK;
}

START_TEST(epoch_pins_keep_their_order_once_each)
{
    zks__store *s = help_open(path);
    zks__store_group group = help_group(1);
    help_ok(zks__store_begin(s));
    help_ok(zks__store_group_add(s, &group));
    for (uint64_t i = 0; i < 6; i++) {
        uint8_t hash[32];
        help_bytes(50 + i / 2, hash, sizeof hash); /* each twice */
        help_ok(zks__store_epoch_pin(s, group.g, hash));
    }
    ck_assert_int_eq(zks__store_epoch_pin(s, group.g + 1, group.group_id), ZKS_E_NOT_FOUND);
    help_ok(zks__store_commit(s));
    zks__store_close(s);
    s = help_open(path);
    size_t n = 0;
    help_ok(zks__store_epoch_pins_each(s, group.g, count_pin, &n));
    ck_assert_uint_eq(n, 3);
    zks__store_close(s);
}
END_TEST

START_TEST(tip_is_known_since_the_time_noted_with_it)
{
    static const uint8_t first[32] = {1}, second[32] = {2};
    int64_t since = 0;
    zks__store *s = help_open(path);
    zks__store_group group = help_group(1);
    help_ok(zks__store_begin(s));
    help_ok(zks__store_group_add(s, &group));
    ck_assert_int_eq(zks__store_tip_get(s, group.g, first, &since), ZKS_E_NOT_FOUND);
    help_ok(zks__store_tip_set(s, group.g, first, 1000));
    help_ok(zks__store_tip_get(s, group.g, first, &since));
    ck_assert_int_eq(since, 1000);
    help_ok(zks__store_tip_set(s, group.g, second, 2000));
    help_ok(zks__store_commit(s));
    zks__store_close(s);
    s = help_open(path);
    ck_assert_int_eq(zks__store_tip_get(s, group.g, first, &since), ZKS_E_NOT_FOUND);
    ck_assert_int_eq(since, 1000);
    help_ok(zks__store_tip_get(s, group.g, second, &since));
    ck_assert_int_eq(since, 2000);
    zks__store_close(s);
}
END_TEST

static void add(TCase *c)
{
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_test(c, secret_put_is_read_back_after_opening_again);
    tcase_add_test(c, secret_needs_a_transaction_and_fits);
    tcase_add_test(c, secret_rolled_back_is_not_there);
    tcase_add_test(c, secret_replaced_leaves_no_trace_in_file_or_wal);
    tcase_add_test(c, secrets_cleared_leave_no_trace);
    tcase_add_test(c, epoch_pins_keep_their_order_once_each);
    tcase_add_test(c, tip_is_known_since_the_time_noted_with_it);
}

int main(void)
{
    return unit_main("store_secrets", add);
}
