/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A relay for a test, in a temporary folder and on a free port: in this process, or the real
 * program. */
#ifndef ZKS_TESTS_RAW_RELAY_H
#define ZKS_TESTS_RAW_RELAY_H

#include "relay/core/relay.h"

#include <pthread.h>
#include <stdbool.h>
#include <sys/types.h>

typedef struct raw_relay {
    char folder[128];
    char address[512];
    /* in this process */
    zks__relay *relay;
    zks__log log;
    pthread_mutex_t mutex;
    pthread_cond_t cond;
    bool started, stopped;
    zks_status status;
    char text[512];
    /* the program */
    pid_t pid;
} raw_relay;

/* Starts with the options ("name = value" lines, NULL: none) beside listen and data; fails the
 * test when it does not start. The folder is made by the first start and kept until done. */
void raw_relay_init(raw_relay *r);
void raw_relay_start(raw_relay *r, const char *options);
/* As start, and gives the status instead of failing. */
zks_status raw_relay_try(raw_relay *r, const char *options);
/* Graceful; waits for it. */
void raw_relay_stop(raw_relay *r);
/* Does not wait: `stop` or `done` does. */
void raw_relay_stop_begin(raw_relay *r);
/* Stops what runs and removes the folder. */
void raw_relay_done(raw_relay *r);

/* The program zks-relay of this build; options as above. */
void raw_process_start(raw_relay *r, const char *options);
/* SIGKILL or SIGTERM; waits for its end and returns wait's status. */
int raw_process_end(raw_relay *r, int signal);

#endif
