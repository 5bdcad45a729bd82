/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The Nth allocation fails, for N = 0, 1, 2 ... until a whole run passes without. A call that fails
 * for want of memory must have changed nothing: made again it gives what it would have given.
 */
#include "group/epoch.h"
#include "group/history.h"
#include "group/keys.h"
#include "record/set.h"
#include "tests/support/nth_alloc.h"
#include "tests/support/record_world.h"
#include "tests/support/unit.h"

enum { STEPS = 400, ALLOCATIONS_MAX = 2000, MADE_MAX = 4096 };

/* Calls until it is not for want of memory; how often it was goes to *failed. */
#define RETRY(call, failed)                              \
    do {                                                 \
        zks_status retry_status;                         \
        while ((retry_status = (call)) == ZKS_E_NOMEM) { \
            (failed)++;                                  \
        }                                                \
        ck_assert_int_eq(retry_status, ZKS_OK);          \
    } while (0)

/* --- history ---------------------------------------------------------------------- */

typedef struct world {
    zks__history *h;
    uint64_t digest; /* of all verdicts, in order */
    size_t verdicts, count;
    zks__history_entry delivered[STEPS];
    zks__history_entry offered[STEPS];
} world;

static void on_verdict(const zks__verdict *v, void *user)
{
    world *w = user;
    w->verdicts++;
    w->digest = (w->digest ^
                 ((uint64_t)v->kind + v->first * 31 + v->last * 1009 + v->ref * 65537)) *
                0x100000001b3u;
    if (v->kind == ZKS_VERDICT_DELIVER || v->kind == ZKS_VERDICT_LATE ||
        v->kind == ZKS_VERDICT_FORK) {
        w->delivered[w->count++] = w->offered[v->ref];
    }
}

static size_t on_lookup(const zks__history_key *key, uint64_t seq,
                        uint8_t (*out_ids)[ZKS_ENTRY_ID_BYTES], void *user)
{
    const world *w = user;
    size_t count = 0;
    for (size_t i = 0; i < w->count; i++) {
        if (w->delivered[i].seq == seq && memcmp(&w->delivered[i].key, key, sizeof *key) == 0) {
            memcpy(out_ids[count++], w->delivered[i].id, ZKS_ENTRY_ID_BYTES);
        }
    }
    return count;
}

/* Four chains with gaps, forks and runs, the same each time. */
static zks__history_entry step_entry(uint64_t step)
{
    uint64_t place = step / 4;
    zks__history_entry e = {.key = {.chain = {(uint8_t)(step % 4)}},
                            .seq = 1 + (place * 7) % 97, /* every place once, out of order */
                            .signed_ok = place % 5 == 0,
                            .floor = 1,
                            .ref = step};
    e.id[0] = (uint8_t)e.seq;
    e.id[1] = (uint8_t)(place % 11 == 0);
    e.prev[0] = (uint8_t)(e.seq - 1);
    return e;
}

/* How many calls failed for want of nth. */
static unsigned play(world *w)
{
    const zks__history_config config = {.verdict = on_verdict, .lookup = on_lookup, .user = w};
    unsigned failed = 0;
    memset(w, 0, sizeof *w);
    RETRY(zks__history_new(&config, &w->h), failed);
    zks__history_key key = {.chain = {9}};
    RETRY(zks__history_restore_missing(w->h, &key, 1, 5), failed);
    RETRY(zks__history_restore_expected(w->h, &key, 3, key.author), failed);
    for (uint64_t step = 0; step < STEPS; step++) {
        w->offered[step] = step_entry(step);
        if (step % 50 == 49) {
            RETRY(zks__history_restore_held(w->h, &w->offered[step], step * 1000), failed);
        } else {
            RETRY(zks__history_offer(w->h, &w->offered[step], step * 1000), failed);
        }
    }
    RETRY(zks__history_tick(w->h, 10000000), failed);
    zks__history_free(w->h);
    return failed;
}

START_TEST(history_failed_call_changes_nothing)
{
    static world plain, w;
    nth.armed = false;
    play(&plain);
    ck_assert_uint_gt(plain.count, 100);
    unsigned failed = 1;
    for (unsigned n = 0; failed; n++) {
        ck_assert_uint_lt(n, ALLOCATIONS_MAX);
        nth.armed = true;
        nth.left = n;
        failed = play(&w);
        ck_assert_msg(w.digest == plain.digest && w.verdicts == plain.verdicts, "allocation %u", n);
    }
}
END_TEST

/* --- records ---------------------------------------------------------------------- */

static uint8_t made[14][MADE_MAX];
static zks__slice records[14];
static zks__group_root root;

static void make_records(void)
{
    static const uint8_t seed[32] = {1};
    ck_assert_int_eq(zks__crypto_init(), ZKS_OK);
    zks__group_root_derive(ZKS_SUITE_SODIUM, ZKS_GROUP_MODE_SHARED, seed, &root);
    for (size_t i = 0; i < ZKS_COUNTOF(records); i++) {
        size_t *length = &records[i].length;
        uint8_t instance[ZKS_INSTANCE_BYTES] = {(uint8_t)i};
        zks__device_keys device;
        records[i].data = made[i];
        zks__device_keys_derive(seed, root.group_id, instance, &device);
        zks_status status = i == 12   ? zks__group_make_genesis(&root, made[i], MADE_MAX, length)
                            : i == 13 ? zks__group_make_epoch0(&root, made[i], MADE_MAX, length)
                                      : zks__group_make_member(&root, &device, 0, (zks__slice){0},
                                                               made[i], MADE_MAX, length);
        ck_assert_int_eq(status, ZKS_OK);
    }
}

START_TEST(records_failed_call_changes_nothing)
{
    uint8_t digest[32], plain[32], empty[32] = {0};
    unsigned failed = 1;
    nth.armed = false;
    make_records();
    for (unsigned n = 0; failed; n++) {
        zks__records *set = NULL;
        failed = 0;
        ck_assert_uint_lt(n, ALLOCATIONS_MAX);
        nth.armed = n > 0;
        nth.left = n - 1;
        RETRY(zks__records_new(root.group_id, &set), failed);
        zks_status status = zks__records_add_all(set, records, ZKS_COUNTOF(records), NULL);
        if (status) {
            ck_assert_int_eq(status, ZKS_E_NOMEM);
            failed++;
            zks__records_digest(set, digest);
            ck_assert_mem_eq(digest, empty, 32);
            ck_assert_uint_eq(zks__records_members(set), 0);
            RETRY(zks__records_add_all(set, records, ZKS_COUNTOF(records), NULL), failed);
        }
        zks__records_digest(set, n ? digest : plain);
        ck_assert(n == 0 || memcmp(digest, plain, 32) == 0);
        ck_assert_uint_eq(zks__records_members(set), 12);
        zks__records_free(set);
        failed += n == 0;
    }
}
END_TEST

/* A paired group with two branches and more devices and epochs than there is room for at first; the
 * state is asked for after each failure. */
static record_world paired;

static void make_paired(void)
{
    const zks__record *m[12];
    record_world_init(&paired, ZKS_GROUP_MODE_PAIRED);
    for (int i = 0; i < 12; i++) {
        m[i] = record_world_member(&paired, i, i ? 0 : RECORD_WORLD_ROOT, 3, 0);
    }
    const zks__record *e = paired.records[1];
    for (uint8_t i = 0; i < 9; i++) {
        e = record_world_epoch(&paired, e, i % 3, m, 12, NULL, 0, i);
    }
    (void)record_world_epoch(&paired, e, 0, m, 3, (int[]){3, 4, 5, 6, 7, 8, 9, 10, 11}, 9, 50);
    (void)record_world_epoch(&paired, e, 1, m, 3, (int[]){3, 4, 5, 6, 7, 8, 9, 10, 11}, 9, 51);
    (void)record_world_grant(&paired, e, 4, 3);
    (void)record_world_leave(&paired, 2);
}

START_TEST(paired_records_failed_call_changes_nothing)
{
    uint8_t digest[32], plain[32], tip[32], empty[32] = {0};
    unsigned failed = 1;
    nth.armed = false;
    make_paired();
    for (unsigned n = 0; failed; n++) {
        zks__records *set = NULL;
        failed = 0;
        ck_assert_uint_lt(n, ALLOCATIONS_MAX);
        nth.armed = n > 0;
        nth.left = n - 1;
        RETRY(zks__records_new(paired.group_id, &set), failed);
        RETRY(zks__records_pin(set, paired.records[5]->hash), failed);
        zks_status status = record_world_add(&paired, set, 0, paired.count);
        if (status) {
            ck_assert_int_eq(status, ZKS_E_NOMEM);
            failed++;
            zks__records_digest(set, digest);
            ck_assert_mem_eq(digest, empty, 32);
            ck_assert_uint_eq(zks__records_members(set), 0);
            RETRY(record_world_add(&paired, set, 0, paired.count), failed);
        }
        zks__records_digest(set, n ? digest : plain);
        ck_assert(n == 0 || memcmp(digest, plain, 32) == 0);
        ck_assert(n == 0 || memcmp(zks__records_epoch(set)->hash, tip, 32) == 0);
        memcpy(tip, zks__records_epoch(set)->hash, 32);
        ck_assert_uint_eq(zks__records_members(set), 2);
        zks__records_free(set);
        failed += n == 0;
    }
    record_world_reset(&paired, 0);
}
END_TEST

START_TEST(epoch_without_memory_is_not_made)
{
    size_t length = 7;
    uint8_t out[ZKS_SEAL_RANDOM_BYTES] = {0};
    zks__epoch_note note = {.reason_count = 0};
    record_world_init(&paired, ZKS_GROUP_MODE_PAIRED);
    const zks__epoch_plan plan = {
        .genesis = paired.records[0], .parent = paired.records[1], .note = &note};
    nth.armed = true;
    nth.left = 0;
    ck_assert_int_eq(zks__epoch_make(&plan, &paired.root, out, sizeof out, &length), ZKS_E_NOMEM);
    nth.armed = true;
    nth.left = 0;
    ck_assert_int_eq(zks__grant_make(paired.records[1], out, paired.records[1], &paired.root, out,
                                     out, sizeof out, &length),
                     ZKS_E_NOMEM);
    ck_assert_uint_eq(length, 7);
    record_world_reset(&paired, 0);
}
END_TEST

START_TEST(others_say_that_there_is_no_memory)
{
    zks__arena *arena = NULL;
    ck_assert_int_eq(zks__crypto_init(), ZKS_OK);
    nth.armed = true;
    nth.left = 0;
    ck_assert_ptr_null(zks__blob_buffer("x", 1));
    for (unsigned n = 0; n < 2; n++) {
        nth.armed = true;
        nth.left = n;
        ck_assert_int_eq(zks__arena_new(4096, &arena, NULL), ZKS_E_NOMEM);
        ck_assert_ptr_null(arena);
    }
}
END_TEST

static void add(TCase *c)
{
    tcase_add_test(c, history_failed_call_changes_nothing);
    tcase_add_test(c, records_failed_call_changes_nothing);
    tcase_add_test(c, paired_records_failed_call_changes_nothing);
    tcase_add_test(c, epoch_without_memory_is_not_made);
    tcase_add_test(c, others_say_that_there_is_no_memory);
}

int main(void)
{
    own_alloc.refuses = nth_refuses;
    return unit_main("group no memory", add);
}
