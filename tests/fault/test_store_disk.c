/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A full disk (a tmpfs of 2 MiB in a mount namespace of our own), files and folders that cannot be
 * written. As root the latter runs in a child without privileges. Skipped with a message where the
 * machine does not allow what a test needs.
 */
#include "store_work.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>

enum { NOBODY = 65534 };

static char folder[HELP_PATH];
static char path[HELP_PATH + 16];

static void setup(void)
{
    help_folder(folder);
    snprintf(path, sizeof path, "%s/store", folder);
}

static void teardown(void)
{
    umount2(folder, MNT_DETACH);
    help_remove(folder);
}

/* 1: a tmpfs of this size stands at folder, in our namespace only. */
static int mount_small(const char *options)
{
    if (geteuid() != 0 || unshare(CLONE_NEWNS) != 0 ||
        mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount("zks-test", folder, "tmpfs", MS_NOSUID | MS_NODEV, options) != 0) {
        printf("SKIPPED: needs root and a mount namespace (%s)\n", strerror(errno));
        return 0;
    }
    return 1;
}

/* Takes all space but `leave` bytes; the ballast file is the test's to remove. */
static void fill(const char *ballast)
{
    static const char zeros[4096];
    int fd = open(ballast, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    ck_assert_int_ge(fd, 0);
    while (write(fd, zeros, sizeof zeros) > 0) {
    }
    ck_assert_int_eq(errno, ENOSPC);
    close(fd);
}

static void expect_all(work *w, uint64_t done)
{
    int wrong = 0;
    help_ok(work_load(w, &wrong));
    ck_assert_int_eq(wrong, 0);
    ck_assert_uint_eq(w->done, done);
}

static zks_status work_until_refused(work *w)
{
    zks_status status = ZKS_OK;
    for (int i = 0; i < 10000 && status == ZKS_OK; i++) {
        status = work_do(w);
    }
    return status;
}

START_TEST(full_disk_refuses_and_loses_nothing)
{
    char ballast[HELP_PATH + 16];
    if (!mount_small("size=2m,mode=0700")) {
        return;
    }
    snprintf(ballast, sizeof ballast, "%s/ballast", folder);
    work w = {.s = help_open(path)};
    help_ok(work_create(&w));
    for (int i = 0; i < 4; i++) {
        help_ok(work_do(&w));
    }
    for (int round = 0; round < 3; round++) {
        fill(ballast);
        ck_assert_int_eq(work_until_refused(&w), ZKS_E_STORE_FULL);
        ck_assert_ptr_nonnull(strstr(zks__store_problem(w.s), "no space left"));
        uint64_t done = w.done;
        expect_all(&w, done); /* reading works on a full disk */
        ck_assert_int_eq(work_until_refused(&w), ZKS_E_STORE_FULL);
        done = w.done;
        if (round == 1) { /* closing and opening on a full disk, too */
            zks__store_close(w.s);
            w.s = help_open(path);
            expect_all(&w, done);
        }
        ck_assert_int_eq(unlink(ballast), 0);
        for (int i = 0; i < 3; i++) {
            help_ok(work_do(&w));
        }
        expect_all(&w, done + 3);
    }
    uint64_t done = w.done;
    zks__store_close(w.s);
    w.s = help_open(path);
    expect_all(&w, done);
    int wrong = 0;
    help_ok(work_check_integrity(w.s, &wrong));
    ck_assert_int_eq(wrong, 0);
    zks__store_close(w.s);
}
END_TEST

START_TEST(full_disk_new_store_is_refused_and_works_later)
{
    char ballast[HELP_PATH + 16], problem[ZKS_STORE_PROBLEM_BYTES];
    if (!mount_small("size=2m,mode=0700")) {
        return;
    }
    snprintf(ballast, sizeof ballast, "%s/ballast", folder);
    fill(ballast);
    work w = {0};
    ck_assert_int_eq(help_try_open(path, problem, &w.s), ZKS_E_STORE_FULL);
    ck_assert_ptr_nonnull(strstr(problem, "no space left"));
    ck_assert_int_eq(unlink(ballast), 0);
    w.s = help_open(path);
    help_ok(work_create(&w));
    help_ok(work_do(&w));
    zks__store_close(w.s);
}
END_TEST

START_TEST(read_only_file_system_is_refused)
{
    char problem[ZKS_STORE_PROBLEM_BYTES];
    if (!mount_small("size=2m,mode=0700")) {
        return;
    }
    zks__store *s = help_open(path);
    zks__store_close(s);
    ck_assert_int_eq(mount(NULL, folder, NULL, MS_REMOUNT | MS_RDONLY, NULL), 0);
    ck_assert_int_eq(help_try_open(path, problem, &s), ZKS_E_STORE_READONLY);
    ck_assert_ptr_nonnull(strstr(problem, "write permission"));
}
END_TEST

/* The status of opening as a user without privileges: the child's exit code is -status - 200, 77
 * when the problem names no cure. */
static zks_status open_as_nobody(void)
{
    pid_t pid = fork();
    if (pid == 0) {
        char problem[ZKS_STORE_PROBLEM_BYTES];
        zks__store *s = NULL;
        if (geteuid() == 0 && (setgroups(0, NULL) != 0 || setresgid(NOBODY, NOBODY, NOBODY) != 0 ||
                               setresuid(NOBODY, NOBODY, NOBODY) != 0)) {
            _exit(78);
        }
        zks_status status = help_try_open(path, problem, &s);
        _exit(status == ZKS_OK ? 0 : strstr(problem, "write permission") ? -(int)status - 200 : 77);
    }
    int status = 0;
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert(WIFEXITED(status));
    ck_assert_int_lt(WEXITSTATUS(status), 77);
    return WEXITSTATUS(status) ? -WEXITSTATUS(status) - 200 : ZKS_OK;
}

static void give_to_nobody(const char *name)
{
    if (geteuid() == 0) {
        ck_assert_int_eq(chown(name, NOBODY, NOBODY), 0);
    }
}

START_TEST(read_only_file_or_folder_is_refused)
{
    char lock[HELP_PATH + 32];
    snprintf(lock, sizeof lock, "%s.lock", path);
    zks__store_close(help_open(path));
    give_to_nobody(folder);
    give_to_nobody(path);
    give_to_nobody(lock);
    help_ok(open_as_nobody()); /* else the test tests nothing */
    ck_assert_int_eq(chmod(path, 0400), 0);
    ck_assert_int_eq(open_as_nobody(), ZKS_E_STORE_READONLY);
    ck_assert_int_eq(chmod(path, 0600), 0);
    ck_assert_int_eq(chmod(lock, 0400), 0);
    ck_assert_int_eq(open_as_nobody(), ZKS_E_STORE_READONLY);
    ck_assert_int_eq(chmod(lock, 0600), 0);
    ck_assert_int_eq(unlink(lock), 0);
    ck_assert_int_eq(chmod(folder, 0500), 0);
    ck_assert_int_eq(open_as_nobody(), ZKS_E_STORE_READONLY);
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_int_eq(open_as_nobody(), ZKS_E_STORE_READONLY); /* a new one there */
    ck_assert_int_eq(chmod(folder, 0700), 0);
}
END_TEST

static void add(TCase *c)
{
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_test(c, full_disk_refuses_and_loses_nothing);
    tcase_add_test(c, full_disk_new_store_is_refused_and_works_later);
    tcase_add_test(c, read_only_file_system_is_refused);
    tcase_add_test(c, read_only_file_or_folder_is_refused);
}

int main(void)
{
    return unit_main("store_disk", add);
}
