/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What this disk can do, for the other figures to be read against: durable records of 1 KiB in
 * batches of 64.
 *   bench_disk log FOLDER SECONDS REPEATS     appended to a file, fdatasync for each batch
 *   bench_disk sqlite FOLDER SECONDS REPEATS  inserted into the leanest table that knows a record
 *                                             when it comes again: number, body and a unique index
 *                                             of random 16-byte names; WAL, synchronous=FULL
 */
#include "common.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { RECORD_BYTES = 1024, NAME_BYTES = 16, BATCH = 64, WARM_UP_BATCHES = 100 };

typedef struct target {
    const char *path;
    int fd;
    sqlite3 *db;
    sqlite3_stmt *insert, *begin, *commit;
    uint64_t random;
    uint8_t records[BATCH][RECORD_BYTES];
} target;

static void log_open(target *t)
{
    t->fd = open(t->path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
    if (t->fd < 0) {
        bench_fail("log", t->fd, t->path);
    }
}

static void log_batch(target *t)
{
    if (write(t->fd, t->records, sizeof t->records) != (ssize_t)sizeof t->records ||
        fdatasync(t->fd)) {
        bench_fail("log", -1, "cannot be written");
    }
}

static void log_close(target *t)
{
    close(t->fd);
}

static void sqlite_check(const target *t, int rc)
{
    if (rc != SQLITE_OK && rc != SQLITE_DONE) {
        bench_fail("sqlite", rc, sqlite3_errmsg(t->db));
    }
}

static void sqlite_open(target *t)
{
    sqlite_check(t, sqlite3_open(t->path, &t->db));
    sqlite_check(t, sqlite3_exec(t->db,
                                 "PRAGMA page_size=4096; PRAGMA locking_mode=EXCLUSIVE;"
                                 "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
                                 "CREATE TABLE records(n INTEGER PRIMARY KEY, name BLOB NOT NULL,"
                                 "body BLOB NOT NULL); CREATE UNIQUE INDEX named ON records(name);",
                                 NULL, NULL, NULL));
    sqlite_check(t, sqlite3_prepare_v2(t->db, "BEGIN IMMEDIATE", -1, &t->begin, NULL));
    sqlite_check(t, sqlite3_prepare_v2(t->db, "COMMIT", -1, &t->commit, NULL));
    sqlite_check(t, sqlite3_prepare_v2(t->db, "INSERT INTO records(name, body) VALUES(?1, ?2)", -1,
                                       &t->insert, NULL));
}

static void step(target *t, sqlite3_stmt *s)
{
    sqlite_check(t, sqlite3_step(s));
    sqlite3_reset(s);
}

static void sqlite_batch(target *t)
{
    step(t, t->begin);
    for (size_t i = 0; i < BATCH; i++) {
        uint8_t name[NAME_BYTES];
        bench_fill(name, sizeof name, &t->random);
        sqlite_check(t, sqlite3_bind_blob(t->insert, 1, name, sizeof name, SQLITE_STATIC));
        sqlite_check(t,
                     sqlite3_bind_blob(t->insert, 2, t->records[i], RECORD_BYTES, SQLITE_STATIC));
        step(t, t->insert);
    }
    step(t, t->commit);
}

static void sqlite_shut(target *t)
{
    sqlite3_finalize(t->begin);
    sqlite3_finalize(t->commit);
    sqlite3_finalize(t->insert);
    sqlite3_close(t->db);
}

static double run(target *t, double seconds, bool sqlite)
{
    void (*batch)(target *) = sqlite ? sqlite_batch : log_batch;
    (sqlite ? sqlite_open : log_open)(t);
    bench_fill(t->records, sizeof t->records, &t->random);
    for (int i = 0; i < WARM_UP_BATCHES; i++) {
        batch(t);
    }
    size_t batches = 0;
    double begun = bench_now_s(), took = 0;
    while (took < seconds) {
        batch(t);
        batches++;
        took = bench_now_s() - begun;
    }
    (sqlite ? sqlite_shut : log_close)(t);
    unlink(t->path);
    return (double)batches * BATCH / took;
}

int main(int argc, char **argv)
{
    static target t;
    static char path[512];
    double rates[BENCH_REPEATS_MAX];
    if (argc != 5) {
        bench_fail("usage", 0, "bench_disk log|sqlite FOLDER SECONDS REPEATS");
    }
    bool sqlite = strcmp(argv[1], "sqlite") == 0;
    double seconds = (double)bench_number(argv[3], 1, 60);
    size_t repeats = bench_number(argv[4], 1, BENCH_REPEATS_MAX);
    bench_guard((unsigned)(seconds * (double)repeats) + 20);
    snprintf(path, sizeof path, "%s/%s", argv[2], argv[1]);
    t.path = path;
    printf("{\"rates\":[");
    for (size_t i = 0; i < repeats; i++) {
        rates[i] = run(&t, seconds, sqlite);
        printf("%s%.0f", i ? "," : "", rates[i]);
    }
    printf("],\"per_s\":%.0f}\n", bench_median(rates, repeats));
    return 0;
}
