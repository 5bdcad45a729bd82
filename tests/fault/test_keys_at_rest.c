/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Keys at rest: what a store's file holds before and after its key changes, stores of format 1 that
 * have their secrets in clear, and a process that is killed while the key changes.
 */
#include "client/keyring.h"
#include "store_work.h"

#include <signal.h>
#include <sys/wait.h>

enum { GROUPS = 60 /* more than a page of format 1 holds */, KILLS = 16 };

static char folder[HELP_PATH], path[HELP_PATH * 2];
static zks__vault *vault;
static zks__rng rng;
static zks__master_key none, first, second, phrase;

static void setup(void)
{
    static const uint8_t a[32] = {1}, b[32] = {2};
    help_folder(folder);
    snprintf(path, sizeof path, "%s/store", folder);
    ck_assert_int_eq(zks__crypto_init(), ZKS_OK);
    ck_assert_int_eq(zks__vault_new(NULL, &vault), ZKS_OK);
    rng = zks__crypto_rng();
    memset(&none, 0, sizeof none);
    zks__master_key_of_bytes(a, &first);
    zks__master_key_of_bytes(b, &second);
}

static void teardown(void)
{
    zks__vault_free(vault); /* asserts that nothing is left in it */
    help_remove(folder);
}

static void derive_phrase(void)
{
    char descriptor[ZKS_ARGON2_TEXT_BYTES];
    ck_assert_int_eq(zks__keyring_new_descriptor(0, 1u << 30, &rng, descriptor), ZKS_OK);
    ck_assert_int_eq(zks__master_key_derive("correct horse", 13, descriptor, &phrase), ZKS_OK);
}

static zks__keyring *open_keys(zks__store *s, const zks__master_key *key)
{
    zks__keyring *k = NULL;
    const char *text;
    ck_assert_int_eq(zks__keyring_open(vault, s, key, &rng, &text, &k), ZKS_OK);
    ck_assert_ptr_null(text);
    return k;
}

static void expect_refused(zks__store *s, const zks__master_key *key, const char *word)
{
    zks__keyring *k = NULL;
    const char *text = NULL;
    ck_assert_int_eq(zks__keyring_open(vault, s, key, &rng, &text, &k), ZKS_E_STORE_KEY);
    ck_assert_ptr_null(k);
    ck_assert_ptr_nonnull(text);
    ck_assert_msg(strstr(text, word) != NULL, "\"%s\" says nothing of %s", text, word);
}

static void device_seed(const zks__keyring *k, uint8_t out[32])
{
    ck_assert_int_eq(zks__keyring_get(k, 0, NULL, ZKS_STORE_SECRET_DEVICE, NULL, out), ZKS_OK);
}

static void close_keys(zks__keyring *k, zks__store *s)
{
    zks__keyring_free(k);
    zks__store_close(s);
}

static bool file_has(const char *suffix, const void *bytes, size_t length)
{
    char name[HELP_PATH * 3];
    snprintf(name, sizeof name, "%s%s", path, suffix);
    FILE *f = fopen(name, "rb");
    if (!f) {
        return false;
    }
    fseek(f, 0, SEEK_END);
    size_t size = (size_t)ftell(f);
    rewind(f);
    uint8_t *all = malloc(size + 1);
    ck_assert_uint_eq(fread(all, 1, size, f), size);
    bool has = memmem(all, size, bytes, length) != NULL;
    free(all);
    fclose(f);
    return has;
}

static bool store_has(const void *bytes, size_t length)
{
    return file_has("", bytes, length) || file_has("-wal", bytes, length);
}

/* --- opening ------------------------------------------------------------------------------- */

START_TEST(key_right_opens_the_same_secrets_and_wrong_changes_nothing)
{
    zks__store *s = help_open(path);
    uint8_t seed[32], again[32], group_id[32] = {7}, secret[32] = {8}, name[32] = {9};
    zks__keyring *k = open_keys(s, &first);
    device_seed(k, seed);
    help_ok(zks__store_begin_secret(s));
    help_ok(zks__keyring_put(k, 1, group_id, ZKS_STORE_SECRET_EPOCH, name, secret));
    help_ok(zks__store_commit(s));
    ck_assert(!store_has(seed, sizeof seed));
    close_keys(k, s);
    s = help_open(path);
    expect_refused(s, &second, "wrong");
    expect_refused(s, &none, "key");
    derive_phrase();
    expect_refused(s, &phrase, "key");
    k = open_keys(s, &first);
    device_seed(k, again);
    ck_assert_mem_eq(seed, again, sizeof seed);
    help_ok(zks__keyring_get(k, 1, group_id, ZKS_STORE_SECRET_EPOCH, name, again));
    ck_assert_mem_eq(secret, again, sizeof secret);
    const char *text;
    ck_assert_int_eq(zks__keyring_check(k, &second, &text), ZKS_E_STORE_KEY);
    ck_assert_int_eq(zks__keyring_check(k, &first, &text), ZKS_OK);
    close_keys(k, s);
}
END_TEST

START_TEST(secret_moved_or_altered_is_corrupt)
{
    static const uint8_t one[32] = {1}, other[32] = {2}, secret[32] = {3};
    zks__store *s = help_open(path);
    zks__keyring *k = open_keys(s, &first);
    uint8_t out[32] = {0}, zeros[32] = {0};
    help_ok(zks__store_begin_secret(s));
    help_ok(zks__keyring_put(k, 1, one, ZKS_STORE_SECRET_GROUP, NULL, secret));
    zks__store_secret row = {.g = 1, .kind = ZKS_STORE_SECRET_GROUP};
    help_ok(zks__store_secret_get(s, &row));
    row.g = 2; /* to another group, to another use, altered */
    help_ok(zks__store_secret_put(s, &row));
    row.g = 1;
    row.kind = ZKS_STORE_SECRET_EPOCH;
    help_ok(zks__store_secret_put(s, &row));
    help_ok(zks__store_commit(s));
    ck_assert_int_eq(zks__keyring_get(k, 2, other, ZKS_STORE_SECRET_GROUP, NULL, out),
                     ZKS_E_STORE_CORRUPT);
    ck_assert_int_eq(zks__keyring_get(k, 1, one, ZKS_STORE_SECRET_EPOCH, NULL, out),
                     ZKS_E_STORE_CORRUPT);
    ck_assert_int_eq(zks__keyring_get(k, 1, other, ZKS_STORE_SECRET_GROUP, NULL, out),
                     ZKS_E_STORE_CORRUPT);
    ck_assert_mem_eq(out, zeros, sizeof out);
    help_ok(zks__keyring_get(k, 1, one, ZKS_STORE_SECRET_GROUP, NULL, out));
    ck_assert_mem_eq(out, secret, sizeof out);
    close_keys(k, s);
}
END_TEST

/* --- changing ------------------------------------------------------------------------------ */

START_TEST(change_opens_by_the_new_key_only_and_leaves_no_old_wrapping)
{
    derive_phrase();
    const zks__master_key *const keys[] = {&none, &first, &phrase, &second, &none, &phrase, &first};
    uint8_t seed[32], again[32];
    zks__store *s = help_open(path);
    zks__keyring *k = open_keys(s, keys[0]);
    device_seed(k, seed);
    for (size_t i = 1; i < ZKS_COUNTOF(keys); i++) {
        zks__store_wrap before, after;
        zks__store_secret sealed = {.kind = ZKS_STORE_SECRET_DEVICE}, same = sealed;
        help_ok(zks__store_wrap_get(s, &before));
        help_ok(zks__store_secret_get(s, &sealed));
        ck_assert(store_has(before.key, before.key_length));
        help_ok(zks__keyring_change(k, keys[i]));
        ck_assert(!store_has(before.key, before.key_length)); /* also while it is open */
        help_ok(zks__store_wrap_get(s, &after));
        ck_assert_uint_eq(after.kind, keys[i]->kind);
        help_ok(zks__store_secret_get(s, &same));
        ck_assert_mem_eq(sealed.bytes, same.bytes, sizeof same.bytes); /* nothing is re-encrypted */
        close_keys(k, s);
        s = help_open(path);
        expect_refused(s, keys[i - 1], "");
        k = open_keys(s, keys[i]);
        device_seed(k, again);
        ck_assert_mem_eq(seed, again, sizeof seed);
    }
    close_keys(k, s);
}
END_TEST

START_TEST(change_without_room_keeps_the_old_key)
{
    zks__store *s = help_open(path);
    zks__keyring *k = open_keys(s, &first);
    help_ok(zks__store_begin(s)); /* a transaction is open: the change is refused */
    ck_assert_int_eq(zks__keyring_change(k, &second), ZKS_E_STATE);
    zks__store_rollback(s);
    close_keys(k, s);
    s = help_open(path);
    k = open_keys(s, &first);
    close_keys(k, s);
}
END_TEST

/* A child changes the key without end; it is killed at some moment. One of the two keys opens. */
START_TEST(change_killed_is_done_or_not_done)
{
    zks__store *s = help_open(path);
    zks__keyring *k = open_keys(s, &first);
    uint8_t seed[32], again[32];
    help_random random = {unit_seed_printed("change_killed_is_done_or_not_done")};
    device_seed(k, seed);
    close_keys(k, s);
    size_t opened[2] = {0, 0};
    for (int i = 0; i < KILLS; i++) {
        int ready[2];
        zks__store_wrap before;
        s = help_open(path);
        help_ok(zks__store_wrap_get(s, &before));
        zks__store_close(s);
        ck_assert_int_eq(pipe(ready), 0);
        pid_t pid = fork();
        if (pid == 0) {
            const char *text;
            s = help_open(path);
            if (zks__keyring_open(vault, s, &first, &rng, &text, &k) != ZKS_OK &&
                zks__keyring_open(vault, s, &second, &rng, &text, &k) != ZKS_OK) {
                _exit(1);
            }
            for (;;) {
                if (zks__keyring_change(k, &first) || write(ready[1], "", 1) != 1 ||
                    zks__keyring_change(k, &second)) {
                    _exit(2);
                }
            }
        }
        close(ready[1]);
        char byte;
        for (uint64_t n = help_next(&random) % 8 + 1; n; n--) {
            ck_assert_int_eq(read(ready[0], &byte, 1), 1);
        }
        struct timespec moment = {.tv_nsec = (long)(help_next(&random) % 4000000)};
        nanosleep(&moment, NULL); /* anywhere inside a change */
        kill(pid, SIGKILL);
        int status;
        ck_assert_int_eq(waitpid(pid, &status, 0), pid);
        ck_assert(WIFSIGNALED(status));
        close(ready[0]);
        s = help_open(path);
        const char *text;
        bool is_first = zks__keyring_open(vault, s, &first, &rng, &text, &k) == ZKS_OK;
        if (!is_first) {
            k = open_keys(s, &second);
        }
        opened[is_first]++;
        /* at least one change was complete, and opening cuts what a killed one left in the WAL */
        ck_assert(!store_has(before.key, before.key_length));
        device_seed(k, again);
        ck_assert_mem_eq(seed, again, sizeof seed);
        close_keys(k, s);
    }
    printf("killed %d times: old %zu, new %zu\n", KILLS, opened[1], opened[0]);
}
END_TEST

/* --- format 1 ------------------------------------------------------------------------------ */

/* The tables that held secrets, as format 1 made them, and nothing of what came later. */
static const char format_1[] =
    "CREATE TABLE device (id INTEGER PRIMARY KEY CHECK (id = 1), seed BLOB NOT NULL) STRICT;"
    "DROP TABLE groups; DROP TABLE wrap; DROP TABLE secrets; DROP TABLE epoch_pins;"
    "DROP TABLE doubts; DROP TABLE claims; DROP TABLE heads; DROP TABLE own_renewed;"
    "DROP TABLE quarantine; DROP TABLE tips;"
    "ALTER TABLE chains DROP COLUMN asked_seq; ALTER TABLE chains DROP COLUMN asked_n;"
    "ALTER TABLE chains DROP COLUMN asked_ms; ALTER TABLE relays DROP COLUMN asked_n;"
    "ALTER TABLE relays DROP COLUMN asked_ms;"
    "ALTER TABLE chains DROP COLUMN late_seq; ALTER TABLE chains DROP COLUMN late_ms;"
    "DROP TABLE alarms; ALTER TABLE held DROP COLUMN told;"
    "CREATE TABLE groups (g INTEGER PRIMARY KEY, group_id BLOB NOT NULL UNIQUE,"
    " suite INTEGER NOT NULL, mode INTEGER NOT NULL, seed BLOB NOT NULL, instance BLOB NOT NULL,"
    " descriptor TEXT NOT NULL, device_name TEXT NOT NULL, watermark INTEGER NOT NULL,"
    " base_seq INTEGER NOT NULL, base_received INTEGER NOT NULL, base_bytes INTEGER NOT NULL,"
    " base_inboxed INTEGER NOT NULL) STRICT;"
    "PRAGMA user_version = 1;";

static void old_secret(uint64_t number, uint8_t out[32])
{
    help_bytes(900000 + number, out, 32);
}

static void run(sqlite3 *db, const char *sql, const uint8_t *id, const uint8_t *seed, int number)
{
    static const uint8_t instance[16] = {5};
    sqlite3_stmt *q;
    ck_assert_int_eq(sqlite3_prepare_v2(db, sql, -1, &q, NULL), SQLITE_OK);
    sqlite3_bind_blob(q, 1, seed, 32, SQLITE_STATIC);
    if (id) {
        sqlite3_bind_blob(q, 2, id, 32, SQLITE_STATIC);
        sqlite3_bind_int(q, 3, number);
        sqlite3_bind_blob(q, 4, instance, 16, SQLITE_STATIC);
    }
    ck_assert_int_eq(sqlite3_step(q), SQLITE_DONE);
    sqlite3_finalize(q);
}

/* A store as format 1 left it. Some rows were changed since, so that old copies lie about. */
static void make_format_1(void)
{
    uint8_t seed[32], id[32];
    zks__store *s = help_open(path);
    ck_assert_int_eq(sqlite3_exec(s->db, "PRAGMA secure_delete = OFF;", NULL, NULL, NULL), 0);
    ck_assert_int_eq(sqlite3_exec(s->db, format_1, NULL, NULL, NULL), SQLITE_OK);
    old_secret(0, seed);
    run(s->db, "INSERT INTO device VALUES (1, ?)", NULL, seed, 0);
    for (int g = GROUPS; g >= 1; g--) { /* pages split in the middle */
        old_secret((uint64_t)g, seed);
        help_bytes((uint64_t)g, id, sizeof id);
        run(s->db, "INSERT INTO groups VALUES (?3, ?2, 1, 2, ?1, ?4, '', 'd', 0, 0, 0, 0, 0)", id,
            seed, g);
    }
    ck_assert_int_eq(sqlite3_exec(s->db, "UPDATE groups SET device_name = 'a longer name ' || g",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    zks__store_close(s);
}

START_TEST(format_1_opens_wrapped_and_nothing_stays_in_clear)
{
    derive_phrase();
    const zks__master_key *const keys[] = {&none, &first, &phrase};
    uint8_t want[32], got[32], id[32];
    make_format_1();
    for (uint64_t i = 0; i <= GROUPS; i++) {
        old_secret(i, want);
        ck_assert(store_has(want, sizeof want)); /* else the test would show nothing */
    }
    zks__store *s = help_open(path);
    zks__keyring *k = open_keys(s, keys[_i]);
    for (uint64_t i = 0; i <= GROUPS; i++) {
        old_secret(i, want);
        ck_assert_msg(!store_has(want, sizeof want), "secret %d is in the file", (int)i);
        help_bytes(i, id, sizeof id);
        help_ok(zks__keyring_get(k, (uint32_t)i, i ? id : NULL,
                                 i ? ZKS_STORE_SECRET_GROUP : ZKS_STORE_SECRET_DEVICE, NULL, got));
        ck_assert_mem_eq(got, want, sizeof got);
    }
    close_keys(k, s);
    s = help_open(path);
    zks__store_group group;
    help_ok(zks__store_group_at(s, GROUPS - 1, &group));
    ck_assert_str_eq(group.device_name, "a longer name 60");
    k = open_keys(s, keys[_i]);
    close_keys(k, s);
}
END_TEST

/* Between the two steps, and within the second: the next opening goes on. */
START_TEST(format_1_interrupted_is_finished_later)
{
    uint8_t want[32], got[32];
    make_format_1();
    zks__store_close(help_open(path)); /* the tables are new, the secrets still in clear */
    help_random random = {unit_seed_printed("format_1_interrupted_is_finished_later")};
    for (int i = 0; i < KILLS; i++) {
        pid_t pid = fork();
        if (pid == 0) {
            zks__store *s = help_open(path);
            zks__keyring *k;
            const char *text;
            _exit(zks__keyring_open(vault, s, &first, &rng, &text, &k) ? 1 : 0);
        }
        struct timespec moment = {.tv_nsec = (long)(help_next(&random) % 6000000)};
        nanosleep(&moment, NULL); /* anywhere inside */
        kill(pid, SIGKILL);
        int status;
        ck_assert_int_eq(waitpid(pid, &status, 0), pid);
        ck_assert(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
    }
    zks__store *s = help_open(path);
    zks__keyring *k = open_keys(s, &first);
    old_secret(0, want);
    device_seed(k, got);
    ck_assert_mem_eq(got, want, sizeof got);
    for (uint64_t i = 0; i <= GROUPS; i++) {
        old_secret(i, want);
        ck_assert(!store_has(want, sizeof want));
    }
    close_keys(k, s);
}
END_TEST

static void add(TCase *c)
{
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_test(c, key_right_opens_the_same_secrets_and_wrong_changes_nothing);
    tcase_add_test(c, secret_moved_or_altered_is_corrupt);
    tcase_add_test(c, change_opens_by_the_new_key_only_and_leaves_no_old_wrapping);
    tcase_add_test(c, change_without_room_keeps_the_old_key);
    tcase_add_test(c, change_killed_is_done_or_not_done);
    tcase_add_loop_test(c, format_1_opens_wrapped_and_nothing_stays_in_clear, 0, 3);
    tcase_add_test(c, format_1_interrupted_is_finished_later);
}

int main(void)
{
    return unit_main("keys_at_rest", add);
}
