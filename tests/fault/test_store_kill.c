/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A child process works on a store and reports each committed transaction; it gets SIGKILL at a
 * seeded moment. Everything reported must be there, numbers dense, nothing half. ZKS_KILLS: how
 * many kills (20). A kill leaves what the system was told to write; that a commit has synced it is
 * tested in test_store_faults.c.
 */
#include "store_work.h"

#include <signal.h>
#include <sys/wait.h>
#include <time.h>

static int kills(void)
{
    const char *text = getenv("ZKS_KILLS");
    int n = text ? atoi(text) : 20;
    return n > 0 ? n : 1;
}

/* Never returns. Reports `done` after each commit. */
static void child(const char *path, int report)
{
    work w = {.s = help_open(path)};
    int wrong = 0;
    zks_status status = work_load(&w, &wrong);
    if (status == ZKS_E_NOT_FOUND) {
        status = work_create(&w);
    }
    while (status == ZKS_OK && !wrong) {
        status = work_do(&w);
        if (status == ZKS_OK && write(report, &w.done, sizeof w.done) != sizeof w.done) {
            _exit(3);
        }
    }
    fprintf(stderr, "child: status %d, wrong %d: %s\n", (int)status, wrong,
            zks__store_problem(w.s));
    _exit(2);
}

static void wait_us(uint64_t us)
{
    struct timespec t = {(time_t)(us / 1000000), (long)(us % 1000000) * 1000};
    nanosleep(&t, NULL);
}

/* Returns the last reported number of transactions. *out_reports: how many reports came. */
static uint64_t run_and_kill(const char *path, help_random *random, uint64_t before,
                             uint64_t *out_reports)
{
    int report[2];
    ck_assert_int_eq(pipe(report), 0);
    pid_t pid = fork();
    if (pid == 0) {
        close(report[0]);
        child(path, report[1]);
    }
    close(report[1]);
    uint64_t done = before, got, wait_for = help_next(random) % 12;
    *out_reports = 0;
    if (wait_for > 0) { /* 0: kill it while it opens */
        while (*out_reports < wait_for && read(report[0], &got, sizeof got) == sizeof got) {
            done = got;
            ++*out_reports;
        }
        wait_us(help_next(random) % 4000);
    } else {
        wait_us(help_next(random) % 20000);
    }
    kill(pid, SIGKILL);
    int status = 0;
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_msg(WIFSIGNALED(status), "the child ended by itself: %d", status);
    while (read(report[0], &got, sizeof got) == sizeof got) {
        done = got;
        ++*out_reports;
    }
    close(report[0]);
    return done;
}

static uint64_t check_after(const char *path, uint64_t reported)
{
    work w = {.s = help_open(path)};
    int wrong = 0;
    zks_status status = work_load(&w, &wrong);
    if (status == ZKS_E_NOT_FOUND) {
        ck_assert_uint_eq(reported, 0);
        status = ZKS_OK;
    }
    help_ok(status);
    ck_assert_int_eq(wrong, 0);
    ck_assert_uint_ge(w.done, reported);
    ck_assert_uint_le(w.done, reported + 1); /* one may be committed and not reported */
    help_ok(work_check_integrity(w.s, &wrong));
    ck_assert_int_eq(wrong, 0);
    zks__store_close(w.s);
    return w.done;
}

START_TEST(kill_loses_nothing_reported)
{
    char folder[HELP_PATH], path[HELP_PATH + 16], lock[HELP_PATH + 32];
    help_random random = {unit_seed_printed("kill_loses_nothing_reported")};
    uint64_t done = 0, reports = 0, working = 0;
    int count = kills();
    help_folder(folder);
    snprintf(path, sizeof path, "%s/store", folder);
    snprintf(lock, sizeof lock, "%s-wal", path);
    for (int i = 0; i < count; i++) {
        done = run_and_kill(path, &random, done, &reports);
        working += reports > 0;
        done = check_after(path, done);
        if (help_next(&random) % 5 == 0) { /* begin anew: the next kill may hit the creation */
            unlink(path);
            unlink(lock);
            done = 0;
        }
    }
    printf("store kills: %d, %d of them amid transactions\n", count, (int)working);
    ck_assert_int_ge((int)working * 2, count); /* else the test tests nothing */
    help_remove(folder);
}
END_TEST

static void add(TCase *c)
{
    tcase_set_timeout(c, 60 + 2 * kills());
    tcase_add_test(c, kill_loses_nothing_reported);
}

int main(void)
{
    return unit_main("store_kill", add);
}
