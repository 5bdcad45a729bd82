/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "relay/daemon/output.h"

#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

enum { LINE_BYTES = 4096, JSON_BYTES = 3072 };

static const char *const names[] = {"off", "error", "warn", "info", "debug"};

/* --- JSON --- */

static void put(char *out, size_t size, size_t *at, const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++, (*at)++) {
        if (*at + 1 < size) {
            out[*at] = text[i];
            out[*at + 1] = 0;
        }
    }
}

/* Lines hold no control characters (base/log.h); bytes that are not ASCII become '?', so that
 * the output is valid JSON whatever came in. */
static void put_string(char *out, size_t size, size_t *at, const char *text, size_t length)
{
    put(out, size, at, "\"", 1);
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '"' || text[i] == '\\') {
            put(out, size, at, "\\", 1);
        }
        put(out, size, at, (unsigned char)text[i] < 0x80 ? &text[i] : "?", 1);
    }
    put(out, size, at, "\"", 1);
}

/* The end of a value: a blank, or the closing quotation mark. */
static const char *value_end(const char *value)
{
    if (*value == '"') {
        const char *end = strchr(value + 1, '"');
        return end ? end + 1 : value + strlen(value);
    }
    return value + strcspn(value, " ");
}

size_t zks__daemon_json(const char *line, char *out, size_t size)
{
    size_t at = 0;
    size_t length = strcspn(line, " ");
    if (size) {
        out[0] = 0;
    }
    put(out, size, &at, "\"event\":", 8);
    put_string(out, size, &at, line, length);
    line += length;
    while (*(line += strspn(line, " "))) {
        size_t key = strcspn(line, "= ");
        put(out, size, &at, ",", 1);
        put_string(out, size, &at, line, key);
        put(out, size, &at, ":", 1);
        line += key;
        const char *value = *line == '=' ? line + 1 : line;
        const char *end = *line == '=' ? value_end(value) : line;
        bool quoted = end - value >= 2 && value[0] == '"' && end[-1] == '"';
        bool number = end > value && strspn(value, "0123456789") == (size_t)(end - value) &&
                      (*value != '0' || end - value == 1) && end - value < 16;
        if (number) {
            put(out, size, &at, value, (size_t)(end - value));
        } else {
            put_string(out, size, &at, value + quoted, (size_t)(end - value) - 2 * (size_t)quoted);
        }
        line = end;
    }
    return at;
}

/* --- lines --- */

static void write_all(const char *text, size_t length)
{
    while (length) {
        ssize_t n = write(STDERR_FILENO, text, length);
        if (n <= 0) {
            return; /* nobody reads: the relay goes on */
        }
        text += n;
        length -= (size_t)n;
    }
}

static void sink(int level, const char *line, void *user)
{
    zks__daemon_log *l = user;
    char text[LINE_BYTES];
    char json[JSON_BYTES];
    char when[32];
    struct timespec now = {0};
    struct tm parts;
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &parts);
    strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%S", &parts);
    const char *name = level >= 0 && (size_t)level < ZKS_COUNTOF(names) ? names[level] : "debug";
    int n;
    if (l->json) {
        zks__daemon_json(line, json, sizeof json);
        n = snprintf(text, sizeof text, "{\"time\":\"%s.%03ldZ\",\"level\":\"%s\",%s}\n", when,
                     now.tv_nsec / 1000000, name, json);
    } else {
        n = snprintf(text, sizeof text, "%s.%03ldZ %s %s\n", when, now.tv_nsec / 1000000, name,
                     line);
    }
    pthread_mutex_lock(&l->mutex);
    write_all(text, n < 0 ? 0 : (size_t)n < sizeof text ? (size_t)n : sizeof text - 1);
    pthread_mutex_unlock(&l->mutex);
}

void zks__daemon_log_init(zks__daemon_log *l, const char *level, bool json)
{
    memset(l, 0, sizeof *l);
    pthread_mutex_init(&l->mutex, NULL);
    l->json = json;
    l->log.sink = sink;
    l->log.user = l;
    for (size_t i = 0; i < ZKS_COUNTOF(names); i++) {
        if (strcmp(level, names[i]) == 0) {
            zks__log_set_level(&l->log, (int)i);
        }
    }
    /* Up to 256 bytes cannot fail once the system has started (getrandom(2)). */
    (void)!getrandom(l->log.redact_key, sizeof l->log.redact_key, 0);
}

void zks__daemon_log_done(zks__daemon_log *l)
{
    pthread_mutex_destroy(&l->mutex);
}
