/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "support/raw_relay.h"
#include "support/folder.h"
#include "support/raw_check.h"

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { DEADLINE_S = 30 };

void raw_relay_init(raw_relay *r)
{
    memset(r, 0, sizeof *r);
    r->pid = -1;
    raw_check(test_folder(r->folder, sizeof r->folder));
    pthread_mutex_init(&r->mutex, NULL);
    pthread_cond_init(&r->cond, NULL);
    if (getenv("ZKS_TEST_LOG")) {
        zks__log_set_level(&r->log, ZKS_LOG_LEVEL_DEBUG);
    }
}

static void on_log(int level, const char *line, void *user)
{
    (void)user;
    fprintf(stderr, "%d %s\n", level, line);
}

static void on_started(zks__relay *relay, zks_status status, const char *text, void *user)
{
    raw_relay *r = user;
    pthread_mutex_lock(&r->mutex);
    r->started = true;
    r->status = status;
    snprintf(r->text, sizeof r->text, "%s", text);
    if (!status) {
        snprintf(r->address, sizeof r->address, "%s", zks__relay_address(relay));
    }
    pthread_cond_broadcast(&r->cond);
    pthread_mutex_unlock(&r->mutex);
}

static void on_stopped(zks__relay *relay, void *user)
{
    raw_relay *r = user;
    (void)relay;
    pthread_mutex_lock(&r->mutex);
    r->stopped = true;
    pthread_cond_broadcast(&r->cond);
    pthread_mutex_unlock(&r->mutex);
}

static void wait_for(raw_relay *r, const bool *what)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += DEADLINE_S;
    pthread_mutex_lock(&r->mutex);
    int rc = 0;
    while (!*what && rc == 0) {
        rc = pthread_cond_timedwait(&r->cond, &r->mutex, &until);
    }
    bool done = *what;
    pthread_mutex_unlock(&r->mutex);
    raw_check_msg(done, "the relay took too long to start or stop");
}

zks_status raw_relay_try(raw_relay *r, const char *options)
{
    char problem[ZKS_RELAY_PROBLEM_BYTES] = "";
    static const zks__relay_events events = {.started = on_started, .stopped = on_stopped};
    zks__relay_config *config = zks__relay_config_new();
    raw_check(config != NULL);
    raw_check(zks__relay_config_set(config, "listen", "127.0.0.1:0", problem) == ZKS_OK);
    raw_check(zks__relay_config_set(config, "data", r->folder, problem) == ZKS_OK);
    zks_status status = options ? zks__relay_config_parse(config, options, strlen(options), problem)
                                : ZKS_OK;
    raw_check_msg(!status, "%s", problem);
    r->log.sink = on_log;
    r->started = r->stopped = false;
    raw_check(zks__relay_start(config, &r->log, &events, r, &r->relay) == ZKS_OK);
    zks__relay_config_free(config);
    wait_for(r, &r->started);
    if (r->status) {
        wait_for(r, &r->stopped);
        zks__relay_free(r->relay);
        r->relay = NULL;
    }
    return r->status;
}

void raw_relay_start(raw_relay *r, const char *options)
{
    zks_status status = raw_relay_try(r, options);
    raw_check_msg(!status, "the relay did not start: %s", r->text);
}

void raw_relay_stop_begin(raw_relay *r)
{
    zks__relay_stop(r->relay);
}

void raw_relay_stop(raw_relay *r)
{
    if (r->relay) {
        zks__relay_stop(r->relay);
        wait_for(r, &r->stopped);
        zks__relay_free(r->relay);
        r->relay = NULL;
    }
}

static void remove_folder(const char *folder)
{
    DIR *d = opendir(folder);
    for (struct dirent *e; d && (e = readdir(d));) {
        char path[512];
        snprintf(path, sizeof path, "%.120s/%.255s", folder, e->d_name);
        if (e->d_name[0] != '.') {
            unlink(path);
        }
    }
    if (d) {
        closedir(d);
    }
    rmdir(folder);
}

void raw_relay_done(raw_relay *r)
{
    raw_relay_stop(r);
    if (r->pid > 0) {
        raw_process_end(r, SIGKILL);
    }
    remove_folder(r->folder);
    pthread_mutex_destroy(&r->mutex);
    pthread_cond_destroy(&r->cond);
}

/* --- the program --- */

static void run_program(const raw_relay *r, const char *config, int out)
{
    char program[512];
    const char *bin = getenv("ZKS_BIN_DIR");
    snprintf(program, sizeof program, "%s/zks-relay", bin ? bin : ".");
    dup2(out, STDOUT_FILENO);
    execl(program, program, "--config", config, "--listen", "127.0.0.1:0", "--data", r->folder,
          "--log-level", getenv("ZKS_TEST_LOG") ? "debug" : "error", (char *)NULL);
    fprintf(stderr, "%s: %s\n", program, strerror(errno));
    _exit(127);
}

/* Reads the start-up line, with a deadline. */
static void read_address(raw_relay *r, int in)
{
    char line[1024] = "";
    size_t length = 0;
    while (!memchr(line, '\n', length) && length + 1 < sizeof line) {
        struct pollfd p = {.fd = in, .events = POLLIN};
        raw_check_msg(poll(&p, 1, DEADLINE_S * 1000) == 1, "zks-relay says nothing");
        ssize_t n = read(in, line + length, sizeof line - 1 - length);
        raw_check_msg(n > 0, "zks-relay ended: %s", line);
        length += (size_t)n;
        line[length] = 0;
    }
    const char *address = strstr(line, "address=");
    raw_check_msg(address != NULL, "%s", line);
    snprintf(r->address, sizeof r->address, "%.*s", (int)strcspn(address + 8, " \n"), address + 8);
}

void raw_process_start(raw_relay *r, const char *options)
{
    char config[256];
    int fds[2];
    snprintf(config, sizeof config, "%s/test.conf", r->folder);
    FILE *f = fopen(config, "w");
    raw_check(f != NULL);
    fprintf(f, "%s\n", options ? options : "");
    fclose(f);
    raw_check(pipe(fds) == 0);
    r->pid = fork();
    raw_check(r->pid >= 0);
    if (r->pid == 0) {
        close(fds[0]);
        run_program(r, config, fds[1]);
    }
    close(fds[1]);
    read_address(r, fds[0]);
    close(fds[0]);
}

int raw_process_end(raw_relay *r, int sig)
{
    int status = 0;
    kill(r->pid, sig);
    raw_check(waitpid(r->pid, &status, 0) == r->pid);
    r->pid = -1;
    return status;
}
