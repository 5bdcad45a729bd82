/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* zks-relay: options, start-up line, signals. Everything else is relay/core. */
#include "relay/daemon/options.h"
#include "relay/daemon/output.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

/* What the relay's thread tells the main thread. */
typedef struct daemon_state {
    int pipe[2]; /* one byte per event: 'r' ready, 'f' failed, 's' stopped */
    zks_status status;
    char text[512];
} daemon_state;

static void tell(const daemon_state *d, char what)
{
    ssize_t n;
    do {
        n = write(d->pipe[1], &what, 1);
    } while (n < 0 && errno == EINTR);
}

static void on_started(zks__relay *r, zks_status status, const char *text, void *user)
{
    daemon_state *d = user;
    (void)r;
    d->status = status;
    snprintf(d->text, sizeof d->text, "%s", text);
    tell(d, status ? 'f' : 'r');
}

static void on_stopped(zks__relay *r, void *user)
{
    (void)r;
    tell(user, 's');
}

static int exit_code_of(zks_status status)
{
    switch (status) {
    case ZKS_E_CONFIG_FILE:
        return ZKS_EXIT_USAGE;
    case ZKS_E_PORT_IN_USE:
        return ZKS_EXIT_PORT;
    default:
        return status <= -200 && status > -300 ? ZKS_EXIT_STORE : ZKS_EXIT_FAILURE;
    }
}

/* SIGTERM and SIGINT stop it gracefully, a second one at once. Returns the exit code. */
static int watch(zks__relay *relay, daemon_state *d, int signals)
{
    bool stopping = false;
    int code = ZKS_EXIT_OK;
    for (;;) {
        struct pollfd fds[2] = {{.fd = signals, .events = POLLIN},
                                {.fd = d->pipe[0], .events = POLLIN}};
        struct signalfd_siginfo info;
        char what = 0;
        if (poll(fds, 2, -1) < 0 && errno != EINTR) {
            return ZKS_EXIT_FAILURE;
        }
        if ((fds[0].revents & POLLIN) &&
            read(signals, &info, sizeof info) == (ssize_t)sizeof info) {
            if (stopping) {
                _exit(ZKS_EXIT_FAILURE);
            }
            stopping = true;
            zks__relay_stop(relay);
        }
        if ((fds[1].revents & POLLIN) && read(d->pipe[0], &what, 1) == 1) {
            if (what == 's') {
                return code;
            }
            if (what == 'r') {
                printf("zks-relay %s ready address=%s pid=%ld\n", ZKS_VERSION_TEXT,
                       zks__relay_address(relay), (long)getpid());
                fflush(stdout);
            } else {
                fprintf(stderr, "zks-relay: %s\n", d->text);
                code = exit_code_of(d->status);
            }
        }
    }
}

static int run(const zks__relay_config *config, const zks__log *log)
{
    daemon_state d = {.pipe = {-1, -1}};
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN); /* a closed stderr must not end the relay */
    int signals = signalfd(-1, &set, SFD_CLOEXEC);
    zks__relay *relay = NULL;
    zks__relay_events events = {.started = on_started, .stopped = on_stopped};
    if (signals < 0 || pipe(d.pipe) != 0 || zks__relay_start(config, log, &events, &d, &relay)) {
        fprintf(stderr, "zks-relay: the system gives no thread, pipe or memory\n");
        return ZKS_EXIT_FAILURE;
    }
    int code = watch(relay, &d, signals);
    zks__relay_free(relay);
    close(d.pipe[0]);
    close(d.pipe[1]);
    close(signals);
    return code;
}

int main(int argc, char **argv)
{
    zks__relay_config *config = NULL;
    int code = 0;
    if (zks__daemon_options(argc, argv, &config, &code)) {
        zks__relay_config_free(config);
        return code;
    }
    zks__daemon_log log;
    zks__daemon_log_init(&log, config->log_level, strcmp(config->log_format, "json") == 0);
    code = run(config, &log.log);
    zks__daemon_log_done(&log);
    zks__relay_config_free(config);
    return code;
}
