/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * How long a relay takes from exec to its start-up line: the first time (database and key are
 * made) and with what is there.
 *   bench_start REPEATS PROGRAM [ARGUMENT ...]
 */
#include "common.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* ms until the first line of its output. */
static double run(char **command)
{
    int ends[2];
    pid_t pid = 0;
    char text[1024];
    size_t length = 0;
    posix_spawn_file_actions_t actions;
    if (pipe2(ends, O_CLOEXEC)) {
        bench_fail("pipe", errno, strerror(errno));
    }
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    double begun = bench_now_s();
    int failed = posix_spawn(&pid, command[0], &actions, NULL, command, environ);
    close(ends[1]);
    if (failed) {
        bench_fail(command[0], failed, strerror(failed));
    }
    do {
        ssize_t n = read(ends[0], text + length, sizeof text - length);
        if (n <= 0) {
            bench_fail(command[0], 0, "no start-up line");
        }
        length += (size_t)n;
    } while (!memchr(text, '\n', length) && length < sizeof text);
    double took = bench_now_s() - begun;
    kill(pid, SIGTERM);
    while (read(ends[0], text, sizeof text) > 0) {
    }
    close(ends[0]);
    waitpid(pid, NULL, 0);
    posix_spawn_file_actions_destroy(&actions);
    return took * 1e3;
}

int main(int argc, char **argv)
{
    double ms[BENCH_REPEATS_MAX];
    if (argc < 3) {
        bench_fail("usage", 0, "bench_start REPEATS PROGRAM [ARGUMENT ...]");
    }
    size_t repeats = bench_number(argv[1], 1, BENCH_REPEATS_MAX);
    bench_guard(30);
    double first = run(argv + 2);
    printf("{\"first_ms\":%.2f,\"starts_ms\":[", first);
    for (size_t i = 0; i < repeats; i++) {
        ms[i] = run(argv + 2);
        printf("%s%.2f", i ? "," : "", ms[i]);
    }
    printf("],\"median_ms\":%.2f}\n", bench_median(ms, repeats));
    return 0;
}
