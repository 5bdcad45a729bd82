/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The SQLite store when things go wrong: a killed process, a full disk, a damaged file, a second
 * relay. */
#include "store_sync.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>

/* --- SIGKILL --- */

/* Appends for ever and writes each acknowledged number into the pipe. */
static void append_until_killed(sync_store *s, int out, uint64_t first)
{
    static sync_append a;
    ck_assert_int_eq(sync_open(s), ZKS_OK);
    zks__rstore_group *g = sync_group(s, 1);
    for (uint64_t n = first;; n += 7) {
        sync_append_fill(&a, g, 1, n, 7, 300);
        ck_assert_int_eq(sync_append_run(s, &a), ZKS_OK);
        uint64_t done = n + 7;
        if (write(out, &done, sizeof done) != sizeof done) {
            _exit(1);
        }
    }
}

START_TEST(killed_process_loses_nothing_acknowledged)
{
    static sync_store s;
    uint64_t first = 0;
    uint64_t last_cursor = 0;
    sync_init(&s);
    for (unsigned round = 0; round < 6; round++) {
        int fds[2];
        uint64_t acknowledged = first;
        ck_assert_int_eq(pipe(fds), 0);
        pid_t pid = fork();
        ck_assert_int_ge(pid, 0);
        if (pid == 0) {
            close(fds[0]);
            ck_assert_int_eq(uv_loop_fork(&s.loop), 0);
            append_until_killed(&s, fds[1], first);
        }
        close(fds[1]);
        for (unsigned i = 0; i < 5 + 9 * round; i++) { /* then it is in the middle of something */
            ck_assert_int_eq(read(fds[0], &acknowledged, sizeof acknowledged), sizeof acknowledged);
        }
        kill(pid, SIGKILL);
        while (read(fds[0], &acknowledged, sizeof acknowledged) == sizeof acknowledged) {
        }
        close(fds[0]);
        waitpid(pid, NULL, 0);

        ck_assert_int_eq(sync_open(&s), ZKS_OK);
        zks__rstore_open o;
        ck_assert_int_eq(sync_group_try(&s, 1, false, &o), ZKS_OK);
        sync_open_free(&o);
        size_t there = sync_count(&s, o.group);
        ck_assert_uint_ge(there, acknowledged);
        ck_assert_uint_eq(there % 7, 0); /* requests are whole */
        first = there;
        uint64_t cursor = sync_push(&s, o.group, 2, 1000000 + round * 7, 7);
        ck_assert_uint_gt(cursor, last_cursor);
        first += 7;
        last_cursor = cursor;
        sync_close(&s);
    }
    sync_end(&s);
}
END_TEST

/* --- a power cut --- */

/* SQLite's files as they are; how many writes to the log no sync has followed is counted. */
typedef struct counted_file {
    sqlite3_io_methods methods;
    const sqlite3_io_methods *real;
} counted_file;

static sqlite3_vfs counting_vfs, *real_vfs;
static _Atomic unsigned log_writes, log_unsynced; /* the store has a thread of its own */

static const sqlite3_io_methods *real_of(sqlite3_file *f)
{
    return ((counted_file *)(void *)((char *)f + real_vfs->szOsFile))->real;
}

static int counting_write(sqlite3_file *f, const void *data, int length, sqlite3_int64 offset)
{
    log_writes++;
    log_unsynced++;
    return real_of(f)->xWrite(f, data, length, offset);
}

static int counting_sync(sqlite3_file *f, int flags)
{
    log_unsynced = 0;
    return real_of(f)->xSync(f, flags);
}

static int counting_open(sqlite3_vfs *v, const char *name, sqlite3_file *f, int flags,
                         int *out_flags)
{
    (void)v;
    int rc = real_vfs->xOpen(real_vfs, name, f, flags, out_flags);
    if (rc == SQLITE_OK && flags & SQLITE_OPEN_WAL) {
        counted_file *c = (counted_file *)(void *)((char *)f + real_vfs->szOsFile);
        c->real = f->pMethods;
        c->methods = *f->pMethods;
        c->methods.xWrite = counting_write;
        c->methods.xSync = counting_sync;
        f->pMethods = &c->methods;
    }
    return rc;
}

/* What a power cut takes is what was not synced. */
START_TEST(acknowledged_blobs_are_synced)
{
    static sync_store s;
    real_vfs = sqlite3_vfs_find(NULL);
    counting_vfs = *real_vfs;
    counting_vfs.zName = "counting";
    counting_vfs.szOsFile += (int)sizeof(counted_file);
    counting_vfs.xOpen = counting_open;
    sqlite3_vfs_register(&counting_vfs, 1);
    sync_begin(&s);
    zks__rstore_group *g = sync_group(&s, 1);
    for (uint64_t i = 0; i < 200; i++) { /* the log begins anew on the way */
        unsigned before = log_writes;
        sync_push(&s, g, 1, i * 5, 5);
        ck_assert_uint_gt(log_writes, before);
        ck_assert_uint_eq(log_unsynced, 0);
    }
    sync_end(&s);
    sqlite3_vfs_unregister(&counting_vfs);
}
END_TEST

/* --- a second relay --- */

START_TEST(second_store_on_the_folder_is_told_the_pid)
{
    static sync_store s, other;
    char pid[32];
    sync_begin(&s);
    sync_init(&other);
    sync_remove(other.folder);
    other.config.folder = s.folder;
    ck_assert_int_eq(sync_open(&other), ZKS_E_STORE_BUSY);
    snprintf(pid, sizeof pid, "%ld", (long)getpid());
    ck_assert_ptr_nonnull(strstr(other.problem, pid));
    uv_run(&other.loop, UV_RUN_DEFAULT);
    uv_loop_close(&other.loop);
    sync_push(&s, sync_group(&s, 1), 1, 0, 1);
    sync_end(&s);
}
END_TEST

/* --- files that are not ours --- */

static void write_file(const sync_store *s, const char *text)
{
    char path[256];
    snprintf(path, sizeof path, "%s/relay.db", s->folder);
    FILE *f = fopen(path, "w");
    ck_assert_ptr_nonnull(f);
    for (int i = 0; i < 500; i++) {
        fputs(text, f);
    }
    fclose(f);
}

START_TEST(file_that_is_no_database_is_corrupt)
{
    static sync_store s;
    sync_init(&s);
    write_file(&s, "this is a shopping list\n");
    ck_assert_int_eq(sync_open(&s), ZKS_E_STORE_CORRUPT);
    ck_assert_ptr_nonnull(strstr(s.problem, "damaged"));
    sync_end(&s);
}
END_TEST

START_TEST(folder_without_parent_cannot_be_made)
{
    static sync_store s;
    char folder[256];
    sync_init(&s);
    snprintf(folder, sizeof folder, "%s/none/there", s.folder);
    s.config.folder = folder;
    ck_assert_int_eq(sync_open(&s), ZKS_E_STORE_PATH);
    ck_assert_ptr_nonnull(strstr(s.problem, folder));
    s.config.folder = s.folder;
    sync_end(&s);
}
END_TEST

START_TEST(database_file_is_readable_by_its_owner_only)
{
    static sync_store s;
    static const char *const names[] = {"relay.db", "relay.db-wal", "relay.lock"};
    sync_begin(&s);
    sync_group(&s, 1);
    for (size_t i = 0; i < ZKS_COUNTOF(names); i++) {
        char path[256];
        struct stat info;
        snprintf(path, sizeof path, "%s/%s", s.folder, names[i]);
        ck_assert_int_eq(stat(path, &info), 0);
        ck_assert_uint_eq(info.st_mode & 077, 0);
    }
    sync_end(&s);
}
END_TEST

/* --- bit flips --- */

static uint64_t next_random(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static uint8_t *read_all(const char *path, size_t *out_length)
{
    FILE *f = fopen(path, "r");
    ck_assert_ptr_nonnull(f);
    ck_assert_int_eq(fseek(f, 0, SEEK_END), 0);
    *out_length = (size_t)ftell(f);
    rewind(f);
    uint8_t *bytes = malloc(*out_length);
    ck_assert_ptr_nonnull(bytes);
    ck_assert_uint_eq(fread(bytes, 1, *out_length, f), *out_length);
    fclose(f);
    return bytes;
}

static void write_all(const char *path, const uint8_t *bytes, size_t length)
{
    FILE *f = fopen(path, "w");
    ck_assert_ptr_nonnull(f);
    ck_assert_uint_eq(fwrite(bytes, 1, length, f), length);
    fclose(f);
}

enum { FLIP_BLOBS = 200 };

/* true: an error was reported, or a blob differs only in the bytes that its reader verifies. */
static bool check_flipped(sync_store *s)
{
    zks__rstore_open o;
    zks__rstore_read r;
    static uint8_t bytes[SYNC_BLOB_BYTES];
    uint8_t blob_id[ZKS_BLOB_ID_BYTES];
    if (sync_group_try(s, 1, false, &o)) {
        return true;
    }
    sync_open_free(&o);
    if (sync_read(s, o.group, 0, 1 << 20, 1000, 0, &r)) {
        return true;
    }
    bool reported = r.damaged > 0;
    uint64_t n = 0;
    for (size_t i = 0; i < r.count; i++, n++) {
        sync_blob(n, bytes, sizeof bytes, blob_id);
        while (memcmp(r.items[i].blob_id, blob_id, sizeof blob_id) != 0 && n < FLIP_BLOBS) {
            ck_assert_msg(reported, "blob %u is missing and nothing was said", (unsigned)n);
            sync_blob(++n, bytes, sizeof bytes, blob_id);
        }
        ck_assert_uint_lt(n, FLIP_BLOBS);
        ck_assert_uint_eq(r.items[i].sender[0], 1);
        reported = reported || r.items[i].blob.length != sizeof bytes ||
                   memcmp(r.items[i].blob.data, bytes, sizeof bytes) != 0;
    }
    bool complete = n == FLIP_BLOBS;
    sync_read_free(&r);
    return reported || complete;
}

START_TEST(flipped_bits_never_crash_and_never_lie)
{
    static sync_store s;
    char path[256];
    size_t length = 0;
    unsigned refused = 0;
    uint64_t seed = unit_seed_printed("flipped_bits");
    sync_begin(&s);
    zks__rstore_group *g = sync_group(&s, 1);
    sync_push(&s, g, 1, 0, FLIP_BLOBS);
    sync_close(&s);
    snprintf(path, sizeof path, "%s/relay.db", s.folder);
    uint8_t *whole = read_all(path, &length);
    for (unsigned i = 0; i < 100; i++) {
        size_t at = (size_t)(next_random(&seed) % length);
        uint8_t bit = (uint8_t)(1u << (next_random(&seed) % 8));
        whole[at] ^= bit;
        write_all(path, whole, length);
        whole[at] ^= bit;
        zks_status status = sync_open(&s);
        if (status) {
            ck_assert_uint_gt(strlen(s.problem), 0);
            refused++;
            continue;
        }
        ck_assert_msg(check_flipped(&s), "flip of byte %zu goes unnoticed", at);
        sync_close(&s);
        char wal[300];
        snprintf(wal, sizeof wal, "%s-wal", path);
        unlink(wal);
    }
    printf("flipped_bits: %u of 100 refused at start\n", refused);
    free(whole);
    sync_end(&s);
}
END_TEST

/* --- a full disk --- */

/* Fills the store until it is full, makes room, and goes on. */
static void fill_and_recover(sync_store *s)
{
    static sync_append a;
    zks__rstore_group *g = sync_group(s, 1);
    uint64_t n = 0;
    zks_status status = ZKS_OK;
    while (!status && n < 100000) {
        sync_append_fill(&a, g, 1, n, 50, SYNC_BLOB_BYTES);
        status = sync_append_run(s, &a);
        n += status ? 0 : 50;
    }
    ck_assert_int_eq(status, ZKS_E_RELAY_STORAGE_FULL);
    ck_assert_uint_gt(n, 0);
    ck_assert_uint_eq(sync_count(s, g), n); /* nothing lost, nothing half */
    sync_append_fill(&a, g, 1, 0, 50, SYNC_BLOB_BYTES);
    ck_assert_int_eq(sync_append_run(s, &a), ZKS_OK); /* known ones need no room */
    sync_advance(s, 3601);
    zks__rstore_sweep sweep = {0};
    ck_assert_int_eq(sync_run(s, &sweep.base, ZKS_RSTORE_SWEEP), ZKS_OK);
    ck_assert_uint_eq(sweep.deleted, n);
    sync_push(s, g, 1, n, 50);
    ck_assert_uint_eq(sync_count(s, g), 50);
}

START_TEST(disk_limit_refuses_and_recovers)
{
    static sync_store s;
    sync_init(&s);
    s.config.disk_limit = 2 << 20;
    ck_assert_int_eq(sync_open(&s), ZKS_OK);
    fill_and_recover(&s);
    sync_end(&s);
}
END_TEST

START_TEST(full_disk_refuses_and_recovers_when_there_is_room)
{
    static sync_store s;
    static sync_append a;
    char ballast[256];
    sync_init(&s);
    if (mount("tmpfs", s.folder, "tmpfs", 0, "size=8m") != 0) {
        printf("full_disk: skipped, no tmpfs can be mounted here (%s)\n", strerror(errno));
        sync_end(&s);
        return;
    }
    snprintf(ballast, sizeof ballast, "%s/ballast", s.folder);
    static uint8_t bytes[4 << 20];
    write_all(ballast, bytes, sizeof bytes);
    ck_assert_int_eq(sync_open(&s), ZKS_OK);
    zks__rstore_group *g = sync_group(&s, 1);
    uint64_t n = 0;
    zks_status status = ZKS_OK;
    while (!status && n < 100000) {
        sync_append_fill(&a, g, 1, n, 50, SYNC_BLOB_BYTES);
        status = sync_append_run(&s, &a);
        n += status ? 0 : 50;
    }
    ck_assert_int_eq(status, ZKS_E_RELAY_STORAGE_FULL);
    ck_assert_uint_eq(sync_count(&s, g), n);
    unlink(ballast);
    sync_push(&s, g, 1, n, 50);
    ck_assert_uint_eq(sync_count(&s, g), n + 50);
    sync_reopen(&s);
    g = sync_group(&s, 1);
    ck_assert_uint_eq(sync_count(&s, g), n + 50);
    sync_close(&s);
    umount(s.folder);
    sync_end(&s);
}
END_TEST

static void add(TCase *c)
{
    tcase_add_test(c, killed_process_loses_nothing_acknowledged);
    tcase_add_test(c, acknowledged_blobs_are_synced);
    tcase_add_test(c, second_store_on_the_folder_is_told_the_pid);
    tcase_add_test(c, file_that_is_no_database_is_corrupt);
    tcase_add_test(c, folder_without_parent_cannot_be_made);
    tcase_add_test(c, database_file_is_readable_by_its_owner_only);
    tcase_add_test(c, flipped_bits_never_crash_and_never_lie);
    tcase_add_test(c, disk_limit_refuses_and_recovers);
    tcase_add_test(c, full_disk_refuses_and_recovers_when_there_is_room);
}

int main(void)
{
    return unit_main("relay store faults", add);
}
