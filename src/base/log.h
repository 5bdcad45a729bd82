/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The log hook. A line is `event key=value ...`: structured, one line, no secret and no identifier
 * in clear. Identifiers (groups, devices, blobs, peer addresses) go through zks__log_redact, which
 * shows a short keyed hash: equal identifiers look equal within one process, and nothing else can
 * be learnt.
 */
#ifndef ZKS_BASE_LOG_H
#define ZKS_BASE_LOG_H

#include "base/status.h"

enum {
    ZKS_LOG_LEVEL_OFF = 0,
    ZKS_LOG_LEVEL_ERROR,
    ZKS_LOG_LEVEL_WARN,
    ZKS_LOG_LEVEL_INFO,
    ZKS_LOG_LEVEL_DEBUG
};

/* Called from any engine thread; the sink serialises. The line has no newline and is borrowed
 * during the call. */
typedef void (*zks__log_sink)(int level, const char *line, void *user);

typedef struct zks__log {
    _Atomic int level; /* lines above it are not formatted at all; may change while others log */
    zks__log_sink sink;
    void *user;
    uint8_t redact_key[16]; /* random per process */
} zks__log;

typedef struct zks__redacted {
    char text[9];
} zks__redacted;

/* log may be NULL: nothing happens. Lines are cut at 1024 bytes; control characters become '?'. */
void zks__log_write(const zks__log *log, int level, const char *format, ...)
#if defined(__GNUC__)
    __attribute__((format(printf, 3, 4)))
#endif
    ;
void zks__log_set_level(zks__log *log, int level);
/* 8 hexadecimal digits; "-" when length is 0. */
zks__redacted zks__log_redact(const zks__log *log, const void *id, size_t length);

#endif
