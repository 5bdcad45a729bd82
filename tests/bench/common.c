/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "common.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

void bench_guard(unsigned limit_s)
{
    pid_t parent = getppid();
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) {
        exit(1);
    }
    alarm(limit_s);
}

void bench_fail(const char *what, int status, const char *text)
{
    fprintf(stderr, "bench: %s: %d %s\n", what, status, text ? text : "");
    exit(1);
}

double bench_now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

void bench_fill(void *out, size_t length, uint64_t *state)
{
    uint8_t *to = out;
    uint64_t x = *state ? *state : 88172645463325252u;
    for (size_t i = 0; i < length; i += sizeof x) { /* xorshift64 (Marsaglia) */
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        memcpy(to + i, &x, length - i < sizeof x ? length - i : sizeof x);
    }
    *state = x;
}

uint64_t bench_number(const char *text, uint64_t lowest, uint64_t highest)
{
    char *end = NULL;
    errno = 0;
    unsigned long long v = strtoull(text, &end, 10);
    if (errno || end == text || *end || v < lowest || v > highest) {
        bench_fail("argument", 0, text);
    }
    return v;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

void bench_sort(double *values, size_t count)
{
    qsort(values, count, sizeof values[0], compare);
}

double bench_median(double *values, size_t count)
{
    bench_sort(values, count);
    return count % 2 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

double bench_quantile(const double *sorted, size_t count, double p)
{
    size_t i = (size_t)(p * (double)count);
    return sorted[i < count ? i : count - 1];
}

/* --- CPU --- */

static bench_thread *find(bench_cpu *c, const char *process, const char *name)
{
    for (size_t i = 0; i < c->count; i++) {
        bench_thread *t = &c->threads[i];
        if (strcmp(t->process, process) == 0 && strcmp(t->name, name) == 0) {
            return t;
        }
    }
    if (c->count == BENCH_THREADS_MAX) {
        return NULL;
    }
    bench_thread *t = &c->threads[c->count++];
    memset(t, 0, sizeof *t);
    snprintf(t->process, sizeof t->process, "%s", process);
    snprintf(t->name, sizeof t->name, "%s", name);
    return t;
}

/* proc(5), stat: "tid (name) state ...", fields 14 and 15 are user and system time in ticks. The
 * first thread has the program's name: it is called "main". */
static void add_thread(bench_cpu *c, const char *process, const char *path, bool first, int sign)
{
    char text[1024], name[BENCH_NAME_BYTES] = "main";
    unsigned long long user = 0, system = 0;
    FILE *f = fopen(path, "re");
    size_t length = f ? fread(text, 1, sizeof text - 1, f) : 0;
    if (f) {
        fclose(f);
    }
    text[length] = 0;
    const char *open = strchr(text, '('), *close = strrchr(text, ')');
    if (!open || !close ||
        sscanf(close + 1, " %*c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %llu %llu", &user,
               &system) != 2) {
        return; /* it has ended */
    }
    if (!first) {
        snprintf(name, sizeof name, "%.*s", (int)(close - open - 1), open + 1);
    }
    bench_thread *t = find(c, process, name);
    if (t) {
        double tick = (double)sign / (double)sysconf(_SC_CLK_TCK);
        t->user_s += (double)user * tick;
        t->system_s += (double)system * tick;
    }
}

void bench_cpu_add(bench_cpu *c, const char *process, pid_t pid, int sign)
{
    char folder[64], path[384];
    pid = pid ? pid : getpid();
    snprintf(folder, sizeof folder, "/proc/%d/task", (int)pid);
    DIR *d = opendir(folder);
    if (!d) {
        bench_fail(folder, errno, strerror(errno));
    }
    for (const struct dirent *e; (e = readdir(d));) {
        if (e->d_name[0] != '.') {
            snprintf(path, sizeof path, "%s/%s/stat", folder, e->d_name);
            add_thread(c, process, path, strtol(e->d_name, NULL, 10) == (long)pid, sign);
        }
    }
    closedir(d);
}

void bench_cpu_both(bench_cpu *c, pid_t relay, int sign)
{
    bench_cpu_add(c, "client", 0, sign);
    bench_cpu_add(c, "relay", relay, sign);
}

void bench_cpu_print(const bench_cpu *c)
{
    printf("\"cpu\":[");
    for (size_t i = 0; i < c->count; i++) {
        const bench_thread *t = &c->threads[i];
        printf("%s{\"process\":\"%s\",\"thread\":\"%s\",\"user_s\":%.2f,\"system_s\":%.2f}",
               i ? "," : "", t->process, t->name, t->user_s > 0 ? t->user_s : 0,
               t->system_s > 0 ? t->system_s : 0);
    }
    printf("]");
}
