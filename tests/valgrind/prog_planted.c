/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Does one thing wrong, which test_planted.py expects memcheck to find; "nothing" does none. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { BYTES = 40 };

/* No compiler sees through these. */
static void *(*volatile take)(size_t) = malloc;
static void (*volatile give)(void *) = free;

static int branch_on(const volatile char *bytes)
{
    return bytes[7] == 'x' ? puts("x") : 0;
}

static void use_uninitialised(void)
{
    char *bytes = take(BYTES);
    branch_on(bytes);
    give(bytes);
}

static void read_behind_the_end(void)
{
    char *bytes = take(BYTES);
    memset(bytes, 0, BYTES);
    branch_on(bytes + BYTES);
    give(bytes);
}

static void read_after_free(void)
{
    char *bytes = take(BYTES);
    memset(bytes, 0, BYTES);
    give(bytes);
    branch_on(bytes);
}

static void lose(void)
{
    memset(take(BYTES), 1, BYTES);
}

static void leave_open(void)
{
    if (open("/dev/null", O_RDONLY) < 0) {
        abort();
    }
}

/* What a forked child uses is a finding; what it leaves is not. */
static void in_child(void (*act)(void))
{
    int status;
    pid_t child = fork();
    if (!child) {
        act();
        exit(0);
    }
    if (waitpid(child, &status, 0) != child || status) {
        abort();
    }
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "nothing";
    char *kept = take(BYTES); /* also a good program has memory, and frees it */
    memset(kept, 0, BYTES);
    branch_on(kept);
    give(kept);
    if (!strcmp(what, "uninitialised")) {
        use_uninitialised();
    } else if (!strcmp(what, "behind")) {
        read_behind_the_end();
    } else if (!strcmp(what, "freed")) {
        read_after_free();
    } else if (!strcmp(what, "lost")) {
        lose();
    } else if (!strcmp(what, "open")) {
        leave_open();
    } else if (!strcmp(what, "child-uninitialised")) {
        in_child(use_uninitialised);
    } else if (!strcmp(what, "child-lost")) {
        in_child(lose);
    }
    return 0;
}
