/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "store/private.h"
#include "store_help.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/wait.h>

static char folder[HELP_PATH];
static char path[HELP_PATH + 16];

static void setup(void)
{
    help_folder(folder);
    snprintf(path, sizeof path, "%s/store", folder);
}

static void teardown(void)
{
    help_remove(folder);
}

static mode_t mode_of(const char *suffix)
{
    char name[HELP_PATH * 2];
    struct stat st;
    snprintf(name, sizeof name, "%s%s", path, suffix);
    return stat(name, &st) == 0 ? st.st_mode & 0777 : 0;
}

/* A sentence: begins with a capital, ends with a full stop, names the cure behind a colon. */
static void check_sentence(const char *problem)
{
    size_t length = strlen(problem);
    ck_assert_uint_gt(length, 20);
    ck_assert_msg(problem[0] >= 'A' && problem[0] <= 'Z', "%s", problem);
    ck_assert_msg(problem[length - 1] == '.', "%s", problem);
    ck_assert_msg(strchr(problem, ':') != NULL, "%s", problem);
}

static void expect_refused(const char *name, zks_status want)
{
    char problem[ZKS_STORE_PROBLEM_BYTES];
    zks__store *s = NULL;
    zks_status status = help_try_open(name, problem, &s);
    ck_assert_msg(status == want, "%s: %d, not %d (%s)", name, (int)status, (int)want, problem);
    ck_assert_ptr_null(s);
    check_sentence(problem);
}

static void run_sql(zks__store *s, const char *sql)
{
    ck_assert_int_eq(sqlite3_exec(s->db, sql, NULL, NULL, NULL), SQLITE_OK);
}

START_TEST(open_new_has_no_secret_of_its_own)
{
    zks__store *s = help_open(path);
    zks__store_secret seed = {.kind = ZKS_STORE_SECRET_DEVICE};
    zks__store_wrap wrap;
    ck_assert_int_eq(zks__store_secret_get(s, &seed), ZKS_E_NOT_FOUND);
    ck_assert_int_eq(zks__store_wrap_get(s, &wrap), ZKS_E_NOT_FOUND);
    zks__store_close(s);
    zks__store_close(NULL);
}
END_TEST

START_TEST(open_in_memory_leaves_no_file)
{
    zks__store *s = help_open(NULL);
    zks__store_group group = help_group(1);
    help_ok(zks__store_begin(s));
    help_ok(zks__store_group_add(s, &group));
    help_ok(zks__store_commit(s));
    help_ok(zks__store_group_get(s, group.group_id, &group));
    zks__store_close(s);
}
END_TEST

START_TEST(open_any_umask_modes_are_0600)
{
    static const mode_t masks[] = {0, 022, 0777};
    mode_t old = umask(masks[_i]);
    zks__store *s = help_open(path);
    zks__store_group group = help_group(1);
    help_ok(zks__store_begin(s));
    help_ok(zks__store_group_add(s, &group));
    help_ok(zks__store_commit(s));
    umask(old);
    ck_assert_uint_eq(mode_of(""), 0600);
    ck_assert_uint_eq(mode_of("-wal"), 0600);
    ck_assert_uint_eq(mode_of(".lock"), 0600);
    ck_assert_uint_eq(mode_of("-shm"), 0); /* not there */
    zks__store_close(s);
    ck_assert_int_eq(chmod(path, 0644), 0);
    zks__store_close(help_open(path));
    ck_assert_uint_eq(mode_of(""), 0600); /* tightened */
}
END_TEST

START_TEST(open_paths_that_cannot_be_are_refused)
{
    char name[HELP_PATH * 2];
    snprintf(name, sizeof name, "%s/none/store", folder);
    expect_refused(name, ZKS_E_STORE_PATH);
    expect_refused(folder, ZKS_E_STORE_PATH);
    snprintf(name, sizeof name, "%s.lock", folder);
    ck_assert_int_ne(access(name, F_OK), 0); /* nothing is left beside it */
    expect_refused("", ZKS_E_STORE_PATH);
    snprintf(name, sizeof name, "%s/", folder);
    expect_refused(name, ZKS_E_STORE_PATH);
}
END_TEST

START_TEST(open_long_path_still_names_the_cure)
{
    char name[3000];
    size_t length = (size_t)snprintf(name, sizeof name, "%s", folder);
    while (length < sizeof name - 20) {
        length += (size_t)snprintf(name + length, sizeof name - length, "/0123456789");
    }
    char problem[ZKS_STORE_PROBLEM_BYTES];
    zks__store *s = NULL;
    ck_assert_int_eq(help_try_open(name, problem, &s), ZKS_E_STORE_PATH);
    check_sentence(problem);
}
END_TEST

START_TEST(open_relative_name_works)
{
    ck_assert_int_eq(chdir(folder), 0);
    zks__store_close(help_open("here"));
    ck_assert_int_eq(access("here.lock", F_OK), 0);
    ck_assert_int_eq(chdir("/"), 0);
}
END_TEST

START_TEST(open_other_content_is_corrupt)
{
    FILE *f = fopen(path, "w");
    for (int i = 0; i < 3000; i++) {
        fprintf(f, "this is no store\n");
    }
    fclose(f);
    expect_refused(path, ZKS_E_STORE_CORRUPT);

    char other[HELP_PATH * 2];
    snprintf(other, sizeof other, "%s/other.db", folder);
    sqlite3 *db = NULL;
    ck_assert_int_eq(sqlite3_open(other, &db), SQLITE_OK);
    ck_assert_int_eq(sqlite3_exec(db, "CREATE TABLE t (a)", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
    expect_refused(other, ZKS_E_STORE_CORRUPT);
}
END_TEST

START_TEST(open_other_application_is_corrupt)
{
    zks__store *s = help_open(path);
    run_sql(s, "PRAGMA application_id = 7");
    zks__store_close(s);
    expect_refused(path, ZKS_E_STORE_CORRUPT);
}
END_TEST

START_TEST(open_newer_version_is_refused_and_untouched)
{
    zks__store *s = help_open(path);
    run_sql(s, "PRAGMA user_version = 99");
    zks__store_close(s);
    expect_refused(path, ZKS_E_STORE_VERSION);
    expect_refused(path, ZKS_E_STORE_VERSION);
}
END_TEST

START_TEST(migrate_steps_run_once_each_and_in_order)
{
    const char *steps[32] = {NULL}; /* those that the store has had are not looked at */
    zks__store *s = help_open(path);
    int64_t number = 0, now = 0;
    help_ok(zks__sql_number(s, "PRAGMA user_version", &now));
    size_t next = (size_t)now;
    steps[next] = "CREATE TABLE second (a) STRICT";
    steps[next + 1] = "ALTER TABLE nosuch RENAME TO x";
    ck_assert_int_ne(zks__schema_migrate(s, steps, next + 2), ZKS_OK);
    help_ok(zks__sql_number(s, "PRAGMA user_version", &number));
    ck_assert_int_eq(number, now); /* a step that fails leaves the version before it */
    steps[next] = "CREATE TABLE second (a INTEGER) STRICT";
    steps[next + 1] = "INSERT INTO second VALUES (3)";
    help_ok(zks__schema_migrate(s, steps, next + 2));
    help_ok(zks__schema_migrate(s, steps, next + 2));
    help_ok(zks__sql_number(s, "PRAGMA user_version", &number));
    ck_assert_int_eq(number, now + 2);
    help_ok(zks__sql_number(s, "SELECT count(*) FROM second", &number));
    ck_assert_int_eq(number, 1);
    zks__store_close(s);
    expect_refused(path, ZKS_E_STORE_VERSION);
}
END_TEST

static zks_status count_record(zks__slice bytes, void *user)
{
    (*(int *)user)++;
    return bytes.length == 3 ? ZKS_OK : ZKS_E_INTERNAL;
}

/* Format 9 added them. */
#define DROP_ALARMS "DROP TABLE alarms; ALTER TABLE held DROP COLUMN told"
/* Format 8 added them. */
#define DROP_LATE   "ALTER TABLE chains DROP late_seq; ALTER TABLE chains DROP late_ms"
/* Format 10 made claims name the chain and who claims. */
#define OLD_CLAIMS                                                                          \
    "DROP TABLE claims; CREATE TABLE claims (c INTEGER NOT NULL, seq INTEGER NOT NULL,"     \
    " id BLOB NOT NULL, since_ms INTEGER NOT NULL, asked INTEGER NOT NULL, asked_n INTEGER" \
    " NOT NULL DEFAULT 0, PRIMARY KEY (c, seq, id)) STRICT, WITHOUT ROWID;"                 \
    "INSERT INTO claims SELECT c, 5, zeroblob(32), 1, 2, 0 FROM chains WHERE own = 0"       \
    " ORDER BY c LIMIT 1"

/* Format 7 added them. */
#define DROP_ASKED                                                                      \
    "ALTER TABLE chains DROP COLUMN asked_seq; ALTER TABLE chains DROP COLUMN asked_n;" \
    "ALTER TABLE chains DROP COLUMN asked_ms; ALTER TABLE claims DROP COLUMN asked_n;"  \
    "ALTER TABLE relays DROP COLUMN asked_n; ALTER TABLE relays DROP COLUMN asked_ms"

/* Format 6 added the quarantine. */
START_TEST(migrate_from_format_5_keeps_all_and_adds_the_quarantine)
{
    zks__store_group group = {.suite = 1, .mode = 2, .group_id = {1}}, found;
    zks__store_quarantined q = {.blob = {(const uint8_t *)"abc", 3}};
    uint8_t hash[ZKS_RECORD_HASH_BYTES] = {2};
    uint64_t count = 0, bytes = 0;
    int records = 0;
    zks__store *s = help_open(path);
    help_ok(zks__store_begin(s));
    help_ok(zks__store_group_add(s, &group));
    help_ok(zks__store_record_add(s, group.g, hash, (zks__slice){(const uint8_t *)"abc", 3}));
    help_ok(zks__store_commit(s));
    run_sql(s, "DROP TABLE quarantine");
    run_sql(s, DROP_ALARMS);
    run_sql(s, OLD_CLAIMS);
    run_sql(s, DROP_LATE);
    run_sql(s, DROP_ASKED);
    run_sql(s, "PRAGMA user_version = 5");
    zks__store_close(s);
    s = help_open(path);
    help_ok(zks__store_group_get(s, group.group_id, &found));
    help_ok(zks__store_records_each(s, found.g, count_record, &records));
    ck_assert_int_eq(records, 1);
    help_ok(zks__store_begin(s));
    help_ok(zks__store_quarantine_add(s, found.g, &q));
    help_ok(zks__store_commit(s));
    help_ok(zks__store_quarantine_size(s, found.g, &count, &bytes));
    ck_assert_uint_eq(count, 1);
    ck_assert_uint_eq(bytes, 3);
    zks__store_close(s);
}
END_TEST

static zks_status check_chain(const zks__store_chain *chain, void *user)
{
    const zks__store_chain *expected = user;
    ck_assert_uint_eq(chain->tip_seq, 3);
    ck_assert_uint_eq(chain->floor, 2);
    ck_assert_uint_eq(chain->asked_seq, expected->asked_seq);
    ck_assert_uint_eq(chain->asked_n, expected->asked_n);
    ck_assert_int_eq(chain->asked_ms, expected->asked_ms);
    ck_assert_uint_eq(chain->late_seq, expected->late_seq);
    ck_assert_int_eq(chain->late_ms, expected->late_ms);
    return ZKS_OK;
}

static zks_status check_claim(const zks__store_claim *claim, void *user)
{
    const zks__store_claim *expected = user;
    ck_assert_uint_eq(claim->seq, 5);
    ck_assert_uint_eq(claim->asked, 2);
    ck_assert_uint_eq(claim->asked_n, expected->asked_n);
    ck_assert_mem_eq(claim->author, expected->author, sizeof claim->author);
    ck_assert_mem_eq(claim->chain, expected->chain, sizeof claim->chain);
    return ZKS_OK;
}

static void check_asked(zks__store *s, uint32_t g, const zks__store_chain *chain,
                        const zks__store_claim *claim, const zks__store_relay *relay)
{
    zks__store_relay found;
    help_ok(zks__store_chains_each(s, g, check_chain, (void *)(uintptr_t)chain));
    help_ok(zks__store_claims_each(s, g, check_claim, (void *)(uintptr_t)claim));
    help_ok(zks__store_relay_get(s, g, relay->key, &found));
    ck_assert_uint_eq(found.acked_n, 8);
    ck_assert_uint_eq(found.asked_n, relay->asked_n);
    ck_assert_int_eq(found.asked_ms, relay->asked_ms);
}

START_TEST(migrate_from_format_6_keeps_all_and_nothing_was_asked_for)
{
    zks__store_group group = {.suite = 1, .mode = 2, .group_id = {1}};
    zks__store_chain chain = {.author = {1}, .chain = {2}, .tip_seq = 3, .floor = 2};
    zks__store_claim claim = {.author = {1}, .chain = {2}, .seq = 5, .since_ms = 1, .asked = 2};
    zks__store_relay relay;
    zks__store *s = help_open(path);
    help_ok(zks__store_begin(s));
    help_ok(zks__store_group_add(s, &group));
    help_ok(zks__store_chain_add(s, group.g, &chain));
    help_ok(zks__store_relay_get(s, group.g, (const uint8_t[32]){6}, &relay));
    relay.acked_n = 8;
    help_ok(zks__store_relay_update(s, &relay));
    help_ok(zks__store_commit(s));
    run_sql(s, DROP_ALARMS);
    run_sql(s, OLD_CLAIMS);
    run_sql(s, DROP_LATE);
    run_sql(s, DROP_ASKED);
    run_sql(s, "PRAGMA user_version = 6");
    zks__store_close(s);
    s = help_open(path);
    check_asked(s, group.g, &chain, &claim, &relay);
    chain.asked_seq = 9;
    chain.asked_n = claim.asked_n = relay.asked_n = 7;
    chain.asked_ms = relay.asked_ms = INT64_C(1790000000000);
    chain.late_seq = 2;
    chain.late_ms = INT64_C(1790000000001);
    help_ok(zks__store_begin(s));
    help_ok(zks__store_chain_update(s, &chain));
    help_ok(zks__store_claim_update(s, group.g, &claim));
    help_ok(zks__store_relay_update(s, &relay));
    help_ok(zks__store_commit(s));
    check_asked(s, group.g, &chain, &claim, &relay);
    zks__store_close(s);
}
END_TEST

static zks_status find_held(const zks__store_held *held, void *user)
{
    *(zks__store_held *)user = *held;
    ck_assert_uint_eq(held->blob.length, 3);
    ck_assert_mem_eq(held->blob.data, "abc", 3);
    return ZKS_OK;
}

/* Format 9 added the alarms, and whether a held entry was told as unverified. */
START_TEST(migrate_from_format_8_keeps_what_is_held_and_counts_from_none)
{
    zks__store_group group = {.suite = 1, .mode = 2, .group_id = {1}};
    zks__store_chain chain = {.author = {1}, .chain = {2}};
    zks__store_held held = {.entry_seq = 4, .told = 1, .blob = {(const uint8_t *)"abc", 3}};
    zks__store_held found = {0};
    uint64_t alarms[ZKS_STORE_ALARMS];
    zks__store *s = help_open(path);
    help_ok(zks__store_begin(s));
    help_ok(zks__store_group_add(s, &group));
    help_ok(zks__store_chain_add(s, group.g, &chain));
    held.c = chain.c;
    held.ref = ((uint64_t)group.g << 40) + 1;
    help_ok(zks__store_held_add(s, group.g, &held));
    help_ok(zks__store_commit(s));
    run_sql(s, OLD_CLAIMS);
    run_sql(s, DROP_ALARMS);
    run_sql(s, "PRAGMA user_version = 8");
    zks__store_close(s);
    s = help_open(path);
    help_ok(zks__store_held_each(s, group.g, find_held, &found));
    ck_assert_uint_eq(found.ref, held.ref);
    ck_assert_int_eq(found.told, 0);
    help_ok(zks__store_alarms_get(s, group.g, alarms));
    for (unsigned kind = 0; kind < ZKS_STORE_ALARMS; kind++) {
        ck_assert_uint_eq(alarms[kind], 0);
    }
    zks__store_close(s);
}
END_TEST

static zks_status count_chain(const zks__store_chain *chain, void *user)
{
    ck_assert_uint_ne(chain->chain[0], 3);
    (*(int *)user)++;
    return ZKS_OK;
}

/* Chains that somebody had only named had rows before. */
START_TEST(migrate_drops_the_chains_that_were_only_named)
{
    int count = 0;
    int64_t claims = 0;
    zks__store_group group = {.suite = 1, .mode = 2, .group_id = {1}};
    zks__store_held held = {.blob = {(const uint8_t *)"abc", 3}};
    zks__store *s = help_open(path);
    help_ok(zks__store_begin(s));
    help_ok(zks__store_group_add(s, &group));
    for (uint8_t i = 1; i <= 6; i++) { /* a tip; own; named; held; delivered; missing */
        zks__store_chain chain = {
            .author = {1}, .chain = {i}, .tip_seq = i == 1 ? 4 : 0, .own = i == 2};
        help_ok(zks__store_chain_add(s, group.g, &chain));
        held.c = chain.c;
        held.ref = ((uint64_t)group.g << 40) + 1;
        if (i == 4) {
            help_ok(zks__store_held_add(s, group.g, &held));
        } else if (i == 5) {
            help_ok(zks__store_history_add(s, chain.c, 1, held.id));
        } else if (i == 6) {
            help_ok(zks__store_missing_add(s, chain.c, 1, 2));
        }
    }
    help_ok(zks__store_commit(s));
    run_sql(s, OLD_CLAIMS);
    run_sql(s, "INSERT INTO claims SELECT c, 6, zeroblob(32), 1, 2, 0 FROM chains");
    run_sql(s, "PRAGMA user_version = 9");
    zks__store_close(s);
    s = help_open(path);
    help_ok(zks__store_chains_each(s, group.g, count_chain, &count));
    ck_assert_int_eq(count, 5);
    help_ok(zks__sql_number(s, "SELECT count(*) FROM claims", &claims));
    ck_assert_int_eq(claims, 7); /* also of that chain */
    zks__store_close(s);
}
END_TEST

/* --- the lock ------------------------------------------------------------------- */

/* A child process that opens the store, reports the status in its exit code (as -status - 200) and,
 * when it has it, waits to be killed. */
static pid_t child_that_opens(int *out_ready)
{
    int ready[2];
    ck_assert_int_eq(pipe(ready), 0);
    pid_t pid = fork();
    if (pid == 0) {
        char problem[ZKS_STORE_PROBLEM_BYTES];
        zks__store *s = NULL;
        zks_status status = help_try_open(path, problem, &s);
        if (write(ready[1], problem, sizeof problem) < 0 || status != ZKS_OK) {
            _exit(-(int)status - 200);
        }
        pause();
        _exit(0);
    }
    close(ready[1]);
    *out_ready = ready[0];
    return pid;
}

static int exit_of(pid_t pid)
{
    int status = 0;
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

START_TEST(lock_same_process_twice_is_busy)
{
    zks__store *s = help_open(path), *t = NULL;
    char problem[ZKS_STORE_PROBLEM_BYTES], name[HELP_PATH * 2], pid[32];
    ck_assert_int_eq(help_try_open(path, problem, &t), ZKS_E_STORE_BUSY);
    check_sentence(problem);
    snprintf(pid, sizeof pid, "%ld", (long)getpid());
    ck_assert_ptr_nonnull(strstr(problem, pid));
    snprintf(name, sizeof name, "%s/link", folder); /* by another name */
    ck_assert_int_eq(symlink(path, name), 0);
    ck_assert_int_eq(help_try_open(name, problem, &t), ZKS_E_STORE_BUSY);
    zks__store_close(s);
    zks__store_close(help_open(name));
    zks__store_close(help_open(path));
}
END_TEST

START_TEST(lock_second_process_is_busy_with_the_pid)
{
    zks__store *s = help_open(path);
    char problem[ZKS_STORE_PROBLEM_BYTES], pid[32];
    int ready;
    pid_t child = child_that_opens(&ready);
    ck_assert_int_eq(read(ready, problem, sizeof problem), (int)sizeof problem);
    ck_assert_int_eq(exit_of(child), -ZKS_E_STORE_BUSY - 200);
    snprintf(pid, sizeof pid, "process %ld:", (long)getpid());
    ck_assert_msg(strstr(problem, pid) != NULL, "%s", problem);
    check_sentence(problem);
    close(ready);
    zks__store_close(s);
}
END_TEST

START_TEST(lock_ends_with_its_process)
{
    char problem[ZKS_STORE_PROBLEM_BYTES];
    int ready;
    pid_t child = child_that_opens(&ready);
    ck_assert_int_eq(read(ready, problem, sizeof problem), (int)sizeof problem);
    expect_refused(path, ZKS_E_STORE_BUSY);
    kill(child, SIGKILL);
    exit_of(child);
    close(ready);
    zks__store_close(help_open(path));
}
END_TEST

START_TEST(lock_without_its_file_is_still_busy)
{
    zks__store *s = help_open(path);
    char name[HELP_PATH * 2], problem[ZKS_STORE_PROBLEM_BYTES];
    snprintf(name, sizeof name, "%s.lock", path);
    ck_assert_int_eq(unlink(name), 0); /* somebody tidies up */
    int ready;
    pid_t child = child_that_opens(&ready);
    ck_assert_int_eq(read(ready, problem, sizeof problem), (int)sizeof problem);
    ck_assert_int_eq(exit_of(child), -ZKS_E_STORE_BUSY - 200);
    check_sentence(problem);
    close(ready);
    zks__store_close(s);
}
END_TEST

START_TEST(lock_forked_child_closing_changes_nothing)
{
    zks__store *s = help_open(path);
    zks__store_group group = help_group(1);
    help_ok(zks__store_begin(s));
    pid_t pid = fork();
    if (pid == 0) {
        zks__store_close(s);
        _exit(0);
    }
    ck_assert_int_eq(exit_of(pid), 0);
    expect_refused(path, ZKS_E_STORE_BUSY);
    help_ok(zks__store_group_add(s, &group));
    help_ok(zks__store_commit(s));
    zks__store_close(s);
    s = help_open(path);
    help_ok(zks__store_group_get(s, group.group_id, &group));
    zks__store_close(s);
}
END_TEST

START_TEST(open_all_descriptors_close_on_exec)
{
    zks__store *s = help_open(path);
    zks__store_group group = help_group(1);
    help_ok(zks__store_begin(s));
    help_ok(zks__store_group_add(s, &group));
    help_ok(zks__store_commit(s));
    int ours = 0;
    for (int fd = 3; fd < 256; fd++) {
        char link[64], target[HELP_PATH * 2];
        snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
        ssize_t n = readlink(link, target, sizeof target - 1);
        if (n > 0 && (size_t)n > strlen(path) && strncmp(target, path, strlen(path)) == 0) {
            ours++;
            ck_assert_int_ne(fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
        } else if (n > 0 && (size_t)n == strlen(path) && strncmp(target, path, (size_t)n) == 0) {
            ours++;
            ck_assert_int_ne(fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
        }
    }
    ck_assert_int_eq(ours, 3); /* database, WAL, lock */
    zks__store_close(s);
}
END_TEST

/* --- transactions ------------------------------------------------------------------ */

START_TEST(transaction_misuse_is_refused)
{
    zks__store *s = help_open(path);
    zks__store_group group = help_group(1);
    ck_assert_int_eq(zks__store_commit(s), ZKS_E_STATE);
    ck_assert_int_eq(zks__store_group_add(s, &group), ZKS_E_STATE);
    check_sentence(zks__store_problem(s));
    zks__store_rollback(s);
    help_ok(zks__store_begin(s));
    ck_assert_int_eq(zks__store_begin(s), ZKS_E_STATE);
    help_ok(zks__store_group_add(s, &group));
    ck_assert_int_eq(zks__store_group_add(s, &group), ZKS_E_STATE);
    help_ok(zks__store_commit(s)); /* a refusal is no failure */
    zks__store_close(s);
}
END_TEST

START_TEST(close_rolls_back)
{
    zks__store *s = help_open(path);
    zks__store_group group = help_group(1);
    help_ok(zks__store_begin(s));
    help_ok(zks__store_group_add(s, &group));
    zks__store_close(s);
    s = help_open(path);
    ck_assert_int_eq(zks__store_group_get(s, group.group_id, &group), ZKS_E_NOT_FOUND);
    zks__store_close(s);
}
END_TEST

static void add(TCase *c)
{
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_test(c, open_new_has_no_secret_of_its_own);
    tcase_add_test(c, open_in_memory_leaves_no_file);
    tcase_add_loop_test(c, open_any_umask_modes_are_0600, 0, 3);
    tcase_add_test(c, open_paths_that_cannot_be_are_refused);
    tcase_add_test(c, open_long_path_still_names_the_cure);
    tcase_add_test(c, open_relative_name_works);
    tcase_add_test(c, open_other_content_is_corrupt);
    tcase_add_test(c, open_other_application_is_corrupt);
    tcase_add_test(c, open_newer_version_is_refused_and_untouched);
    tcase_add_test(c, migrate_steps_run_once_each_and_in_order);
    tcase_add_test(c, migrate_from_format_5_keeps_all_and_adds_the_quarantine);
    tcase_add_test(c, migrate_from_format_6_keeps_all_and_nothing_was_asked_for);
    tcase_add_test(c, migrate_from_format_8_keeps_what_is_held_and_counts_from_none);
    tcase_add_test(c, migrate_drops_the_chains_that_were_only_named);
    tcase_add_test(c, lock_same_process_twice_is_busy);
    tcase_add_test(c, lock_second_process_is_busy_with_the_pid);
    tcase_add_test(c, lock_ends_with_its_process);
    tcase_add_test(c, lock_without_its_file_is_still_busy);
    tcase_add_test(c, lock_forked_child_closing_changes_nothing);
    tcase_add_test(c, open_all_descriptors_close_on_exec);
    tcase_add_test(c, transaction_misuse_is_refused);
    tcase_add_test(c, close_rolls_back);
}

int main(void)
{
    return unit_main("store_open", add);
}
