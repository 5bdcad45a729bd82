/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Log lines on standard error: `time level event key=value ...`, or the same as JSON, one object
 * per line. */
#ifndef ZKS_RELAY_DAEMON_OUTPUT_H
#define ZKS_RELAY_DAEMON_OUTPUT_H

#include "base/log.h"

#include <pthread.h>
#include <stdbool.h>

typedef struct zks__daemon_log {
    zks__log log;
    pthread_mutex_t mutex;
    bool json;
} zks__daemon_log;

/* level: "off", "error", "warn", "info" or "debug". */
void zks__daemon_log_init(zks__daemon_log *l, const char *level, bool json);
void zks__daemon_log_done(zks__daemon_log *l);

/* Turns `event key=value key="some text"` into members of a JSON object, without the braces.
 * Returns what snprintf would; out is always terminated. */
size_t zks__daemon_json(const char *line, char *out, size_t size);

#endif
