/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * SQLite's own approach: fail the Nth allocation, write or sync, once and then for ever, for N = 1,
 * 2, 3 ... until the work passes; then the store must open, hold all that was committed and nothing
 * half.
 *
 * The library never touches sqlite3_config or the default VFS; this program does, before it opens
 * anything.
 */
#include "store_work.h"

#include "tests/support/own_alloc.h"

enum { TRANSACTIONS = 5 };

/* --- faults ------------------------------------------------------------------------- */

typedef enum fault_kind { FAULT_ALLOC = 1, FAULT_WRITE, FAULT_FULL, FAULT_SYNC } fault_kind;

static struct {
    fault_kind kind;
    uint64_t countdown; /* 0: nothing fails */
    int for_ever;
    uint64_t hits;
    uint64_t unsynced; /* writes since the last sync */
} fault;

static int fails(fault_kind kind)
{
    if (fault.kind != kind || fault.countdown == 0) {
        return 0;
    }
    if (fault.countdown > 1) {
        fault.countdown--;
        return 0;
    }
    if (!fault.for_ever) {
        fault.countdown = 0;
    }
    fault.hits++;
    return 1;
}

static bool refuses(size_t size)
{
    (void)size;
    return fails(FAULT_ALLOC);
}

/* SQLite's memory. */
static sqlite3_mem_methods real_memory;

static void *memory_new(int size)
{
    return fails(FAULT_ALLOC) ? NULL : real_memory.xMalloc(size);
}

static void *memory_resize(void *block, int size)
{
    return fails(FAULT_ALLOC) ? NULL : real_memory.xRealloc(block, size);
}

/* SQLite's files: the default VFS with writes, truncations and syncs that fail. */
typedef struct faulty_file {
    sqlite3_file base;
    sqlite3_io_methods methods;
    const sqlite3_io_methods *real;
} faulty_file;

static sqlite3_vfs faulty_vfs, *real_vfs;

static faulty_file *faulty(sqlite3_file *f)
{
    return (faulty_file *)(void *)((char *)f + real_vfs->szOsFile);
}

static int faulty_write(sqlite3_file *f, const void *data, int length, sqlite3_int64 offset)
{
    fault.unsynced++;
    if (fails(FAULT_WRITE)) { /* half of it gets there */
        (void)!faulty(f)->real->xWrite(f, data, length / 2, offset);
        return SQLITE_IOERR_WRITE;
    }
    return fails(FAULT_FULL) ? SQLITE_FULL : faulty(f)->real->xWrite(f, data, length, offset);
}

static int faulty_truncate(sqlite3_file *f, sqlite3_int64 size)
{
    return fails(FAULT_WRITE) ? SQLITE_IOERR_TRUNCATE : faulty(f)->real->xTruncate(f, size);
}

static int faulty_sync(sqlite3_file *f, int flags)
{
    fault.unsynced = 0;
    return fails(FAULT_SYNC) ? SQLITE_IOERR_FSYNC : faulty(f)->real->xSync(f, flags);
}

/* The real file stays where SQLite expects it, with methods of which some are ours. */
static int faulty_open(sqlite3_vfs *v, const char *name, sqlite3_file *f, int flags, int *out_flags)
{
    (void)v;
    int rc = real_vfs->xOpen(real_vfs, name, f, flags, out_flags);
    if (rc == SQLITE_OK) {
        faulty_file *y = faulty(f);
        y->real = f->pMethods;
        y->methods = *f->pMethods;
        y->methods.xWrite = faulty_write;
        y->methods.xTruncate = faulty_truncate;
        y->methods.xSync = faulty_sync;
        f->pMethods = &y->methods;
    }
    return rc;
}

static void install(void)
{
    sqlite3_mem_methods memory;
    sqlite3_config(SQLITE_CONFIG_GETMALLOC, &real_memory);
    memory = real_memory;
    memory.xMalloc = memory_new;
    memory.xRealloc = memory_resize;
    sqlite3_config(SQLITE_CONFIG_LOOKASIDE, 0, 0); /* every allocation is seen */
    sqlite3_config(SQLITE_CONFIG_MALLOC, &memory);
    real_vfs = sqlite3_vfs_find(NULL);
    faulty_vfs = *real_vfs;
    faulty_vfs.zName = "faulty";
    faulty_vfs.szOsFile = real_vfs->szOsFile + (int)sizeof(faulty_file);
    faulty_vfs.xOpen = faulty_open;
    sqlite3_vfs_register(&faulty_vfs, 1);
}

/* --- the work ----------------------------------------------------------------------- */

static zks_status keep_record(zks__slice bytes, void *user)
{
    *(size_t *)user += bytes.length;
    return ZKS_OK;
}

/* Calls that work_do has not. */
static zks_status others(work *w)
{
    uint8_t bytes[300] = {1}, key[32] = {9};
    int known = 0;
    size_t length = 0;
    zks_status status = zks__store_begin(w->s);
    if (status == ZKS_OK) {
        status = zks__store_record_add(w->s, w->group.g, key, (zks__slice){bytes, sizeof bytes});
    }
    if (status == ZKS_OK) {
        status = zks__store_missing_add(w->s, w->foreign.c, 1000, 1010);
    }
    if (status == ZKS_OK) {
        status = zks__store_missing_fill(w->s, w->foreign.c, 1005);
    }
    if (status == ZKS_OK) {
        status = zks__store_pin_set(w->s, "relay:1", key);
    }
    if (status == ZKS_OK) {
        status = zks__store_commit(w->s);
    }
    if (status != ZKS_OK) {
        zks__store_rollback(w->s);
        return status;
    }
    status = zks__store_records_each(w->s, w->group.g, keep_record, &length);
    return status == ZKS_OK ? zks__store_own_known(w->s, w->group.g, key, &known) : status;
}

/* *done is what was reported as committed. In rounds where a failure passes, goes on after it as a
 * client does: with the same handle. */
static zks_status work_all(const char *path, uint64_t *done, int *out_created)
{
    char problem[ZKS_STORE_PROBLEM_BYTES];
    work w = {0};
    int wrong = 0;
    zks_status status = help_try_open(path, problem, &w.s), first = status;
    if (status != ZKS_OK) {
        ck_assert_uint_gt(strlen(problem), 20);
        return status;
    }
    status = work_create(&w);
    if (status != ZKS_OK && !fault.for_ever) {
        first = status;
        status = work_create(&w);
        ck_assert_msg(status == ZKS_OK || status == ZKS_E_STATE, "again: %d", (int)status);
        if (status == ZKS_E_STATE) {
            ck_abort_msg("a commit that failed is there");
        }
    }
    *out_created = status == ZKS_OK;
    for (int i = 0; i < TRANSACTIONS && status == ZKS_OK; i++) {
        status = work_do(&w);
        if (status != ZKS_OK && !fault.for_ever) {
            first = status;
            status = work_do(&w); /* rolled back: the same transaction again */
        }
        *done = w.done;
    }
    if (status == ZKS_OK) {
        status = others(&w);
    }
    if (status == ZKS_OK) {
        status = work_load(&w, &wrong);
        ck_assert(status != ZKS_OK || !wrong);
    }
    zks__store_close(w.s);
    return status != ZKS_OK ? status : first;
}

static void expect_code(fault_kind kind, zks_status status)
{
    int fits = status == ZKS_OK || (kind == FAULT_ALLOC && status == ZKS_E_NOMEM) ||
               (kind == FAULT_FULL && status == ZKS_E_STORE_FULL) ||
               ((kind == FAULT_WRITE || kind == FAULT_SYNC) && status == ZKS_E_STORE_IO);
    ck_assert_msg(fits, "fault %d gave status %d", (int)kind, (int)status);
}

/* Opens without faults: all reported transactions, at most the failed one more, nothing half. */
static void check_store(const char *path, uint64_t done, int created)
{
    work w = {.s = help_open(path)};
    int wrong = 0;
    zks_status status = work_load(&w, &wrong);
    if (status == ZKS_E_NOT_FOUND && !created) {
        zks__store_close(w.s);
        return;
    }
    help_ok(status);
    ck_assert_int_eq(wrong, 0);
    ck_assert_uint_ge(w.done, done);
    ck_assert_uint_le(w.done, done + 1);
    help_ok(work_check_integrity(w.s, &wrong));
    ck_assert_int_eq(wrong, 0);
    help_ok(work_do(&w));
    zks__store_close(w.s);
}

/* Allocations are many: each of the first, then steps that grow. */
static uint64_t next_of(uint64_t n)
{
    uint64_t first = unit_rounds(200);
    return n < first ? n + 1 : n + n * 5 / first;
}

START_TEST(nth_fault_loses_nothing)
{
    static const fault_kind kinds[] = {FAULT_ALLOC, FAULT_WRITE, FAULT_FULL, FAULT_SYNC};
    fault_kind kind = kinds[_i / 2];
    uint64_t rounds = 0, hits = 1;
    install();
    for (uint64_t n = 1; hits > 0; n = next_of(n)) {
        char folder[HELP_PATH], path[HELP_PATH + 16];
        uint64_t done = 0;
        int created = 0;
        help_folder(folder);
        snprintf(path, sizeof path, "%s/store", folder);
        memset(&fault, 0, sizeof fault);
        fault.kind = kind;
        fault.for_ever = _i % 2;
        fault.countdown = n;
        zks_status status = work_all(path, &done, &created);
        hits = fault.hits;
        fault.countdown = 0;
        expect_code(kind, status);
        check_store(path, done, created);
        help_remove(folder);
        rounds++;
    }
    printf("store faults of kind %d, %s: %d rounds\n", (int)kind, _i % 2 ? "for ever" : "once",
           (int)rounds);
    ck_assert_uint_gt(rounds, 5);
}
END_TEST

/* What a power cut takes is what was not synced. */
START_TEST(commit_returns_with_nothing_unsynced)
{
    char folder[HELP_PATH], path[HELP_PATH + 16];
    install();
    help_folder(folder);
    snprintf(path, sizeof path, "%s/store", folder);
    work w = {.s = help_open(path)};
    help_ok(work_create(&w));
    ck_assert_uint_eq(fault.unsynced, 0);
    for (int i = 0; i < 100; i++) { /* checkpoints among them */
        fault.unsynced = 1000000;
        help_ok(work_do(&w));
        ck_assert_uint_eq(fault.unsynced, 0);
    }
    zks__store_close(w.s);
    help_remove(folder);
}
END_TEST

static void add(TCase *c)
{
    tcase_set_timeout(c, 240);
    tcase_add_test(c, commit_returns_with_nothing_unsynced);
    tcase_add_loop_test(c, nth_fault_loses_nothing, 0, 8);
}

int main(void)
{
    own_alloc.refuses = refuses;
    return unit_main("store_faults", add);
}
