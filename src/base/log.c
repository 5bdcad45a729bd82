/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "base/log.h"

#include "base/siphash.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { LINE_BYTES = 1024 };

void zks__log_write(const zks__log *log, int level, const char *format, ...)
{
    if (!log || !log->sink || level > log->level) {
        return;
    }
    char line[LINE_BYTES];
    va_list arguments;
    va_start(arguments, format);
    int n = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    if (n < 0) {
        return;
    }
    for (char *c = line; *c; c++) {
        if ((unsigned char)*c < 0x20 || *c == 0x7f) {
            *c = '?';
        }
    }
    log->sink(level, line, log->user);
}

void zks__log_set_level(zks__log *log, int level)
{
    log->level = level;
}

zks__redacted zks__log_redact(const zks__log *log, const void *id, size_t length)
{
    zks__redacted r = {"-"};
    if (log && length) {
        uint64_t h = zks__siphash(log->redact_key, id, length);
        snprintf(r.text, sizeof r.text, "%08x", (unsigned)(h & 0xffffffffu));
    }
    return r;
}
