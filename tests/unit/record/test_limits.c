/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What one member, or many, can fill a set with: GRANTs and bytes. A, B and C are ADMINs by the
 * root key, D to I members without rights by A; EPOCH 1 lists them in this order. */
#include "tests/support/record_world.h"
#include "tests/support/unit.h"

enum { A, B, C, D, E, F, G, H, I, MEMBERS, ROOT = RECORD_WORLD_ROOT, ALL_RIGHTS = 3 };

static record_world w;
static zks__records *set;
static const zks__record *first; /* EPOCH 1 */
static size_t base;              /* records of the world that are kept */

static void setup(void)
{
    const zks__record *m[MEMBERS];
    record_world_init(&w, ZKS_GROUP_MODE_PAIRED);
    for (int i = A; i < MEMBERS; i++) {
        m[i] = record_world_member(&w, i, i <= C ? ROOT : A, i <= C ? ALL_RIGHTS : 0, 0);
    }
    first = record_world_epoch(&w, w.records[1], A, m, MEMBERS, NULL, 0, 0);
    ck_assert_int_eq(zks__records_new(w.group_id, &set), ZKS_OK);
    ck_assert_int_eq(record_world_add(&w, set, 0, w.count), ZKS_OK);
    base = w.count;
}

static void teardown(void)
{
    zks__records_free(set);
    record_world_reset(&w, 0);
}

/* Adds a record of the world's; whether it is new there. */
static bool added(const zks__record *r)
{
    int is_new = -1;
    ck_assert_int_eq(zks__records_add(set, r->bytes.data, r->bytes.length, &is_new), ZKS_OK);
    return is_new == 1;
}

static zks_status try_add(const zks__record *r)
{
    return zks__records_add(set, r->bytes.data, r->bytes.length, NULL);
}

static const zks__record *next(int signer, const int *removed, size_t count)
{
    return record_world_next(&w, set, signer, removed, count);
}

/* --- GRANTs ----------------------------------------------------------------------- */

/* It counts nowhere (zks__records_grant), so it takes no place either; and it keeps nothing out
 * with which it comes. */
START_TEST(grant_of_or_for_no_member_there_is_left_out)
{
    const zks__record *gone = next(A, (const int[]){D}, 1);
    ck_assert(added(gone));
    ck_assert(!added(record_world_grant(&w, gone, E, D)));
    ck_assert(!added(record_world_grant(&w, gone, D, E)));
    ck_assert(added(record_world_grant(&w, gone, E, F)));
    size_t from = w.count, count = 0;
    record_world_grant(&w, gone, G, D);
    record_world_member(&w, 12, A, 0, 0);
    record_world_grant(&w, gone, 12, G); /* its MEMBER comes in the same batch */
    ck_assert_int_eq(record_world_add(&w, set, from, w.count), ZKS_OK);
    const zks__record *r;
    for (size_t i = 0; (r = zks__records_at(set, i)); i++) {
        count += r->kind == ZKS_RECORD_KIND_GRANT;
    }
    ck_assert_uint_eq(count, 2);
    ck_assert_ptr_nonnull(zks__records_grant(set, gone->hash, record_world_id(&w, 12), 0));
}
END_TEST

/* Made while another removed its signer: where the EPOCH is one in which it was a member, it still
 * counts, whichever came first; above the removal it does not. */
START_TEST(grant_at_the_same_time_as_its_signers_removal_is_harmless)
{
    const zks__record *grant = record_world_grant(&w, first, E, D);
    ck_assert(added(next(A, (const int[]){D}, 1)));
    ck_assert(added(grant));
    ck_assert_ptr_nonnull(zks__records_grant(set, first->hash, record_world_id(&w, E), 0));
    ck_assert_ptr_null(
        zks__records_grant(set, zks__records_epoch(set)->hash, record_world_id(&w, E), 0));
    ck_assert_ptr_null(zks__records_member(set, record_world_id(&w, D), 0));
}
END_TEST

/* What was stored once is loaded again, whoever has gone since. */
START_TEST(grants_are_found_again_after_loading)
{
    zks__records *other = NULL;
    for (int signer = F; signer >= A; signer--) {
        for (int device = A; device < MEMBERS; device++) {
            ck_assert(added(record_world_grant(&w, first, device, signer)));
            ck_assert(!added(record_world_grant(&w, first, device, signer)));
        }
    }
    ck_assert(added(next(A, (const int[]){D}, 1)));
    ck_assert_int_eq(zks__records_new(w.group_id, &other), ZKS_OK);
    for (size_t i = 0; i < zks__records_count(set); i++) {
        const zks__slice *bytes = &zks__records_at(set, i)->bytes;
        ck_assert_int_eq(zks__records_load(other, bytes->data, bytes->length), ZKS_OK);
    }
    for (int device = A; device < MEMBERS; device++) {
        for (size_t i = 0; i < 6; i++) {
            const zks__record *a = zks__records_grant(set, first->hash, record_world_id(&w, device),
                                                      i);
            const zks__record *b = zks__records_grant(other, first->hash,
                                                      record_world_id(&w, device), i);
            ck_assert(a && b && memcmp(a->hash, b->hash, sizeof a->hash) == 0);
        }
        ck_assert_ptr_null(zks__records_grant(set, first->hash, record_world_id(&w, device), 6));
    }
    zks__records_truncate(set, base);
    ck_assert_ptr_null(zks__records_grant(set, first->hash, record_world_id(&w, A), 0));
    ck_assert(added(record_world_grant(&w, first, A, B)));
    zks__records_free(other);
}
END_TEST

/* Of one signer a quarter, of all together no more than the total. Above it they are left out:
 * they would only save the device a key of the next EPOCH, and must not keep out what they come
 * with. */
START_TEST(grants_have_limits)
{
    size_t of_d = 0, of_all = 0;
    for (size_t epochs = 0; of_all < ZKS_RECORDS_GRANTS_MAX; epochs++) {
        ck_assert_uint_lt(epochs, 200);
        ck_assert(added(next(ROOT, NULL, 0)));
        record_world_reset(&w, base);
        for (int i = 0; i < MEMBERS * MEMBERS; i++) {
            const int signer = epochs < 120 ? D : i / MEMBERS;
            if (epochs < 120 && i >= MEMBERS) {
                break;
            }
            bool taken = added(
                record_world_grant(&w, zks__records_epoch(set), i % MEMBERS, signer));
            of_d += taken && signer == D;
            of_all += taken;
            record_world_reset(&w, base);
        }
    }
    ck_assert_uint_eq(of_d, ZKS_RECORDS_GRANTS_PER_SIGNER_MAX);
    ck_assert_uint_eq(of_all, ZKS_RECORDS_GRANTS_MAX);
    size_t from = w.count;
    record_world_grant(&w, first, A, B);
    const zks__record *e = next(B, (const int[]){D}, 1);
    ck_assert_int_eq(record_world_add(&w, set, from, w.count), ZKS_OK);
    ck_assert_ptr_null(zks__records_grant(set, first->hash, record_world_id(&w, A), 0));
    ck_assert_mem_eq(zks__records_epoch(set)->hash, e->hash, sizeof e->hash);
}
END_TEST

/* --- bytes ------------------------------------------------------------------------ */

enum { BYTES_MAX = 1 << 20 };

/* A member changes the keys until there is no room. */
static void fill(int signer)
{
    zks_status status = ZKS_OK;
    for (size_t i = 0; !status; i++) {
        ck_assert_uint_lt(i, 1000);
        status = try_add(next(signer, NULL, 0));
        record_world_reset(&w, base);
    }
    ck_assert_int_eq(status, ZKS_E_QUOTA_EXCEEDED);
    ck_assert_uint_le(zks__records_bytes(set), BYTES_MAX);
}

START_TEST(bytes_have_a_limit_and_a_removal_still_comes_in)
{
    zks__records_set_bytes_max(set, zks__records_bytes(set));
    size_t count = zks__records_count(set);
    ck_assert_int_eq(try_add(next(A, NULL, 0)), ZKS_E_QUOTA_EXCEEDED);
    ck_assert_int_eq(try_add(record_world_member(&w, 12, A, 0, 0)), ZKS_E_QUOTA_EXCEEDED);
    ck_assert_int_eq(try_add(record_world_grant(&w, first, A, B)), ZKS_E_QUOTA_EXCEEDED);
    ck_assert_uint_eq(zks__records_count(set), count);
    zks__records_set_bytes_max(set, BYTES_MAX);
    record_world_reset(&w, base);
    fill(B);
    ck_assert(added(next(A, (const int[]){B}, 1)));
    ck_assert_ptr_null(zks__records_member(set, record_world_id(&w, B), 0));
    ck_assert(added(record_world_leave(&w, D)));
    ck_assert(added(next(ROOT, NULL, 0)));
    ck_assert_int_eq(try_add(next(A, NULL, 0)), ZKS_E_QUOTA_EXCEEDED);
}
END_TEST

/* One that removes others has its own part of the reserve, not that of all; who may not remove has
 * none; and root's part is behind all of them. */
START_TEST(reserve_is_shared)
{
    zks__records_set_bytes_max(set, BYTES_MAX);
    fill(B);
    ck_assert_int_eq(try_add(next(E, (const int[]){B}, 1)), ZKS_E_QUOTA_EXCEEDED);
    zks_status status = ZKS_OK;
    int gone = D;
    for (; !status; gone++) {
        ck_assert_int_lt(gone, MEMBERS);
        status = try_add(next(B, &gone, 1));
    }
    ck_assert_int_eq(status, ZKS_E_QUOTA_EXCEEDED);
    ck_assert_int_gt(gone, E);
    ck_assert(added(next(A, (const int[]){B}, 1)));
    size_t roots = 0;
    for (status = ZKS_OK; !status; roots++) {
        record_world_reset(&w, base);
        status = try_add(next(ROOT, NULL, 0));
    }
    ck_assert_int_eq(status, ZKS_E_QUOTA_EXCEEDED);
    ck_assert_uint_gt(roots, 20);
    ck_assert_uint_le(zks__records_bytes(set), BYTES_MAX + BYTES_MAX / 2);
    ck_assert_int_eq(try_add(next(A, (const int[]){C}, 1)), ZKS_E_QUOTA_EXCEEDED);
}
END_TEST

/* Those that a removal stands on come with it. */
START_TEST(removal_is_carried_with_what_it_stands_on)
{
    zks__records *there = NULL;
    ck_assert_int_eq(zks__records_new(w.group_id, &there), ZKS_OK);
    ck_assert_int_eq(record_world_add(&w, there, 0, w.count), ZKS_OK);
    zks__records_set_bytes_max(set, BYTES_MAX);
    fill(B);
    size_t from = w.count;
    for (int i = 0; i < 2; i++) {
        const zks__record *e = record_world_next(&w, there, A, (const int[]){B}, i == 1);
        ck_assert_int_eq(zks__records_load(there, e->bytes.data, e->bytes.length), ZKS_OK);
    }
    ck_assert_int_eq(record_world_add(&w, set, from, w.count - 1), ZKS_E_QUOTA_EXCEEDED);
    ck_assert_int_eq(record_world_add(&w, set, from, w.count), ZKS_OK);
    ck_assert_ptr_null(zks__records_member(set, record_world_id(&w, B), 0));
    zks__records_free(there);
}
END_TEST

static void add(TCase *c)
{
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_test(c, grant_of_or_for_no_member_there_is_left_out);
    tcase_add_test(c, grant_at_the_same_time_as_its_signers_removal_is_harmless);
    tcase_add_test(c, grants_are_found_again_after_loading);
    tcase_add_test(c, grants_have_limits);
    tcase_add_test(c, bytes_have_a_limit_and_a_removal_still_comes_in);
    tcase_add_test(c, reserve_is_shared);
    tcase_add_test(c, removal_is_carried_with_what_it_stands_on);
}

int main(void)
{
    return unit_main("record limits", add);
}
