/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "record/set.h"
#include "tests/support/unit.h"

enum { DEVICES = 6, RECORD_MAX = 4096 };

typedef struct made {
    uint8_t bytes[RECORD_MAX];
    size_t length;
} made;

static zks__sign_key root, other_root;
static zks__sign_key devices[DEVICES];
static uint8_t group_id[ZKS_GROUP_ID_BYTES];
static made genesis, epoch, members[DEVICES];
static zks__records *set;

static zks__sign_key key_of(uint8_t first)
{
    uint8_t seed[32] = {first, 1};
    zks__sign_key k;
    zks__crypto_sign_key(seed, &k);
    return k;
}

static made genesis_of(const zks__sign_key *key, uint8_t mode, uint8_t recovery)
{
    made m;
    zks__genesis g = {.mode = mode, .recovery = {recovery}};
    memcpy(g.root, zks__crypto_sign_public(key), 32);
    ck_assert_int_eq(
        zks__record_make_genesis(ZKS_SUITE_SODIUM, &g, key, m.bytes, sizeof m.bytes, &m.length),
        ZKS_OK);
    return m;
}

static made epoch_of(const zks__sign_key *key, uint8_t commit)
{
    made m;
    zks__epoch e = {.commit = {commit}};
    ck_assert_int_eq(zks__record_make_epoch(ZKS_SUITE_SODIUM, group_id, &e, key, m.bytes,
                                            sizeof m.bytes, &m.length),
                     ZKS_OK);
    return m;
}

static made member_of(const zks__sign_key *device, const zks__sign_key *issuer, uint64_t end)
{
    made m;
    zks__member x = {.not_after_s = end};
    ck_assert_int_eq(zks__record_make_member(ZKS_SUITE_SODIUM, group_id, &x, device, issuer,
                                             m.bytes, sizeof m.bytes, &m.length),
                     ZKS_OK);
    return m;
}

static void setup(void)
{
    ck_assert_int_eq(zks__crypto_init(), ZKS_OK);
    root = key_of(1);
    other_root = key_of(2);
    zks__record_group_id(ZKS_SUITE_SODIUM, ZKS_GROUP_MODE_SHARED, zks__crypto_sign_public(&root),
                         group_id);
    genesis = genesis_of(&root, ZKS_GROUP_MODE_SHARED, 0);
    epoch = epoch_of(&root, 0);
    for (size_t i = 0; i < DEVICES; i++) {
        devices[i] = key_of((uint8_t)(10 + i));
        members[i] = member_of(&devices[i], &root, 0);
    }
    ck_assert_int_eq(zks__records_new(group_id, &set), ZKS_OK);
}

static void teardown(void)
{
    zks__records_free(set);
    set = NULL;
}

static zks_status add_one(const made *m)
{
    return zks__records_add(set, m->bytes, m->length, NULL);
}

static zks__slice slice_of(const made *m)
{
    return (zks__slice){m->bytes, m->length};
}

static const zks__record *member_now(size_t i, uint64_t time_s)
{
    return zks__records_member(set, zks__crypto_sign_public(&devices[i]), time_s);
}

START_TEST(add_in_order_makes_members)
{
    int added = -1;
    ck_assert_int_eq(add_one(&genesis), ZKS_OK);
    ck_assert_ptr_null(zks__records_epoch(set));
    ck_assert_int_eq(add_one(&epoch), ZKS_OK);
    ck_assert_int_eq(zks__records_add(set, members[0].bytes, members[0].length, &added), ZKS_OK);
    ck_assert_int_eq(added, 1);
    ck_assert_int_eq(zks__records_add(set, members[0].bytes, members[0].length, &added), ZKS_OK);
    ck_assert_int_eq(added, 0);
    ck_assert_uint_eq(zks__records_count(set), 3);
    ck_assert_uint_eq(zks__records_members(set), 1);
    ck_assert_ptr_nonnull(member_now(0, 0));
    ck_assert_ptr_null(member_now(1, 0));
    const zks__record *r = zks__records_at(set, 2);
    ck_assert_ptr_eq(r, member_now(0, 0));
    ck_assert_ptr_eq(r, zks__records_find(set, r->hash));
    ck_assert_ptr_eq(zks__records_at(set, 1), zks__records_epoch(set));
    ck_assert_ptr_eq(zks__records_at(set, 0), zks__records_genesis(set));
    ck_assert_ptr_null(zks__records_at(set, 3));
    ck_assert_uint_eq(r->bytes.length, members[0].length);
    ck_assert_mem_eq(r->bytes.data, members[0].bytes, members[0].length);
}
END_TEST

START_TEST(add_before_genesis_is_a_matter_of_state)
{
    ck_assert_int_eq(add_one(&members[0]), ZKS_E_STATE);
    ck_assert_int_eq(add_one(&epoch), ZKS_E_STATE);
    ck_assert_uint_eq(zks__records_count(set), 0);
}
END_TEST

START_TEST(add_names_the_reason)
{
    made foreign = genesis_of(&other_root, ZKS_GROUP_MODE_SHARED, 0);
    made paired = genesis_of(&root, ZKS_GROUP_MODE_PAIRED, 0);
    made second = genesis_of(&root, ZKS_GROUP_MODE_SHARED, 1);
    made by_member = member_of(&devices[1], &devices[0], 0);
    made epoch_by_member = epoch_of(&devices[0], 0);
    made second_epoch = epoch_of(&root, 1);
    ck_assert_int_eq(add_one(&foreign), ZKS_E_WRONG_GROUP);
    ck_assert_int_eq(add_one(&paired), ZKS_E_WRONG_GROUP);
    ck_assert_int_eq(add_one(&genesis), ZKS_OK);
    ck_assert_int_eq(add_one(&second), ZKS_E_CONFLICT);
    ck_assert_int_eq(add_one(&genesis), ZKS_OK);
    ck_assert_int_eq(add_one(&members[0]), ZKS_OK);
    ck_assert_int_eq(add_one(&by_member), ZKS_E_NOT_MEMBER);
    ck_assert_int_eq(add_one(&epoch_by_member), ZKS_E_NOT_MEMBER);
    ck_assert_int_eq(add_one(&epoch), ZKS_OK);
    ck_assert_int_eq(add_one(&second_epoch), ZKS_E_CONFLICT);
    members[1].bytes[50] ^= 1;
    ck_assert_int_eq(add_one(&members[1]), ZKS_E_BAD_SIGNATURE);
    ck_assert_int_eq(zks__records_add(set, members[1].bytes, 0, NULL), ZKS_E_TRUNCATED);
    ck_assert_uint_eq(zks__records_count(set), 3);
}
END_TEST

/* A shared group has no trust layer but LEAVE, and says so. */
START_TEST(shared_group_takes_leave_but_no_epoch_or_grant)
{
    static uint8_t keys[ZKS_SEAL_CT_BYTES + 48];
    made next, grant, leave;
    zks__epoch e = {.number = 1, .keys = {keys, sizeof keys}, .wrap = {keys, 48}};
    zks__grant g = {.key = {keys, sizeof keys}};
    const uint8_t *device = zks__crypto_sign_public(&devices[0]);
    ck_assert_int_eq(add_one(&genesis), ZKS_OK);
    ck_assert_int_eq(add_one(&epoch), ZKS_OK);
    ck_assert_int_eq(add_one(&members[0]), ZKS_OK);
    ck_assert_int_eq(add_one(&members[1]), ZKS_OK);
    memcpy(e.parent, zks__records_epoch(set)->hash, sizeof e.parent);
    memcpy(g.epoch, e.parent, sizeof g.epoch);
    memcpy(g.device, device, sizeof g.device);
    ck_assert_int_eq(zks__record_make_epoch(ZKS_SUITE_SODIUM, group_id, &e, &root, next.bytes,
                                            sizeof next.bytes, &next.length),
                     ZKS_OK);
    ck_assert_int_eq(zks__record_make_grant(ZKS_SUITE_SODIUM, group_id, &g, &devices[1],
                                            grant.bytes, sizeof grant.bytes, &grant.length),
                     ZKS_OK);
    ck_assert_int_eq(zks__record_make_leave(ZKS_SUITE_SODIUM, group_id, &devices[0], leave.bytes,
                                            sizeof leave.bytes, &leave.length),
                     ZKS_OK);
    ck_assert_int_eq(add_one(&next), ZKS_E_UNSUPPORTED);
    ck_assert_int_eq(add_one(&grant), ZKS_E_UNSUPPORTED);
    ck_assert_ptr_nonnull(member_now(0, 0));
    ck_assert_int_eq(add_one(&leave), ZKS_OK);
    ck_assert_ptr_null(member_now(0, 0));
    ck_assert(zks__records_left(set, device));
    ck_assert(!zks__records_denied(set, device));
    ck_assert_uint_eq(zks__records_members(set), 1);
    zks__records_truncate(set, 4);
    ck_assert_ptr_nonnull(member_now(0, 0));
    zks__records_free(NULL);
}
END_TEST

START_TEST(add_all_takes_any_order_and_gives_one_digest)
{
    static const size_t orders[][4] = {{0, 1, 2, 3}, {3, 2, 1, 0}, {2, 0, 3, 1}, {1, 3, 0, 2}};
    uint8_t digest[32], first[32];
    const zks__slice records[] = {slice_of(&genesis), slice_of(&epoch), slice_of(&members[0]),
                                  slice_of(&members[1])};
    zks__records_digest(set, digest);
    ck_assert_mem_eq(digest, (uint8_t[32]){0}, 32);
    for (size_t i = 0; i < ZKS_COUNTOF(orders); i++) {
        zks__slice mixed[5];
        size_t added = 0;
        for (size_t k = 0; k < 4; k++) {
            mixed[k] = records[orders[i][k]];
        }
        mixed[4] = mixed[0]; /* twice is fine */
        teardown();
        ck_assert_int_eq(zks__records_new(group_id, &set), ZKS_OK);
        ck_assert_int_eq(zks__records_add_all(set, mixed, 5, &added), ZKS_OK);
        ck_assert_uint_eq(added, 4);
        zks__records_digest(set, i ? digest : first);
        if (i) {
            ck_assert_mem_eq(digest, first, 32);
        }
    }
    ck_assert_int_eq(add_one(&members[2]), ZKS_OK);
    zks__records_digest(set, digest);
    ck_assert_mem_ne(digest, first, 32);
}
END_TEST

START_TEST(add_all_is_all_or_nothing)
{
    made by_member = member_of(&devices[2], &devices[0], 0);
    size_t added = 77;
    uint8_t before[32], after[32];
    ck_assert_int_eq(add_one(&genesis), ZKS_OK);
    made longer = member_of(&devices[0], &root, 2000);
    made shorter = member_of(&devices[0], &root, 1000);
    ck_assert_int_eq(add_one(&shorter), ZKS_OK);
    zks__records_digest(set, before);
    const zks__slice batch[] = {slice_of(&longer), slice_of(&members[1]), slice_of(&epoch),
                                slice_of(&by_member)};
    ck_assert_int_eq(zks__records_add_all(set, batch, 4, &added), ZKS_E_NOT_MEMBER);
    ck_assert_uint_eq(added, 77);
    zks__records_digest(set, after);
    ck_assert_mem_eq(before, after, 32);
    ck_assert_uint_eq(zks__records_count(set), 2);
    ck_assert_uint_eq(zks__records_members(set), 1);
    ck_assert_ptr_null(zks__records_epoch(set));
    ck_assert_ptr_nonnull(member_now(0, 1000));
    ck_assert_ptr_null(member_now(0, 1001)); /* the longer one is gone again */
    ck_assert_int_eq(zks__records_add_all(set, batch, 3, &added), ZKS_OK);
    ck_assert_uint_eq(added, 3);
    ck_assert_ptr_nonnull(member_now(0, 2000));
}
END_TEST

START_TEST(add_all_takes_back_genesis_too)
{
    const zks__slice batch[] = {
        slice_of(&genesis), slice_of(&epoch), slice_of(&members[0]), {members[1].bytes, 20}};
    ck_assert_int_eq(zks__records_add_all(set, batch, 4, NULL), ZKS_E_TRUNCATED);
    ck_assert_uint_eq(zks__records_count(set), 0);
    ck_assert_ptr_null(zks__records_genesis(set));
    ck_assert_int_eq(zks__records_add_all(set, batch, 3, NULL), ZKS_OK);
}
END_TEST

/* The record that ends last counts, whatever the order; 0 is no end at all. */
START_TEST(member_longest_record_counts)
{
    static const uint64_t ends[][3] = {{10, 30, 20}, {30, 20, 10}, {20, 10, 30}, {30, 0, 10}};
    ck_assert_int_eq(add_one(&genesis), ZKS_OK);
    for (size_t i = 0; i < 3; i++) {
        made m = member_of(&devices[0], &root, ends[_i][i]);
        ck_assert_int_eq(add_one(&m), ZKS_OK);
    }
    bool endless = _i == 3;
    ck_assert_uint_eq(zks__records_members(set), 1);
    ck_assert(member_now(0, 0)->member.not_after_s == (endless ? 0 : 30));
    ck_assert_ptr_nonnull(member_now(0, 30));
    ck_assert((member_now(0, 31) != NULL) == endless);
}
END_TEST

START_TEST(members_have_a_limit)
{
    ck_assert_int_eq(add_one(&genesis), ZKS_OK);
    ck_assert_int_eq(add_one(&epoch), ZKS_OK);
    for (uint64_t i = 0; i < ZKS_RECORDS_MEMBERS_MAX; i++) {
        made m = member_of(&devices[i % DEVICES], &root, i + 1);
        ck_assert_int_eq(add_one(&m), ZKS_OK);
    }
    ck_assert_int_eq(add_one(&members[0]), ZKS_E_LIMIT);
    ck_assert_uint_eq(zks__records_count(set), ZKS_RECORDS_MEMBERS_MAX + 2);
    ck_assert_uint_eq(zks__records_members(set), DEVICES);
    for (size_t i = 0; i < zks__records_count(set); i++) {
        const zks__record *r = zks__records_at(set, i);
        ck_assert_ptr_eq(zks__records_find(set, r->hash), r);
    }
}
END_TEST

static void add(TCase *c)
{
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_test(c, add_in_order_makes_members);
    tcase_add_test(c, add_before_genesis_is_a_matter_of_state);
    tcase_add_test(c, add_names_the_reason);
    tcase_add_test(c, shared_group_takes_leave_but_no_epoch_or_grant);
    tcase_add_test(c, add_all_takes_any_order_and_gives_one_digest);
    tcase_add_test(c, add_all_is_all_or_nothing);
    tcase_add_test(c, add_all_takes_back_genesis_too);
    tcase_add_loop_test(c, member_longest_record_counts, 0, 4);
    tcase_add_test(c, members_have_a_limit);
}

int main(void)
{
    return unit_main("record set", add);
}
