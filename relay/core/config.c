/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "relay/core/config.h"

#include "base/alloc.h"
#include "relay/core/limits.h"

#include <ctype.h>
#include <errno.h>
#include <ini.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STRING_(x) #x
#define STRING(x)  STRING_(x)
#define AT(member) offsetof(struct zks__relay_config, member)
#define TEXT(member, fallback, help)                                   \
    {                                                                  \
#member, ZKS_OPTION_TEXT, AT(member), 0, 0, fallback, "", help \
    }
#define CHOICE(member, values, fallback, help)                               \
    {                                                                        \
#member, ZKS_OPTION_CHOICE, AT(member), 0, 0, fallback, values, help \
    }
#define NUMBER(member, least, most, fallback, unit, help)                         \
    {                                                                             \
#member, ZKS_OPTION_NUMBER, AT(member), least, most, fallback, unit, help \
    }
#define BYTES(member, least, most, fallback, help)                                  \
    {                                                                               \
#member, ZKS_OPTION_BYTES, AT(member), least, most, fallback, "bytes", help \
    }

#define KIB (1ull << 10)
#define MIB (1ull << 20)
#define GIB (1ull << 30)

static const zks__relay_option options[] = {
    TEXT(listen, "[::]:4433", "UDP address and port; [::] takes IPv4 too; port 0: any free one"),
    TEXT(public_host, "", "host name or address that the start-up line shows to clients"),
    TEXT(data, "zks-relay-data", "folder for the database and the key; made when it is missing"),
    TEXT(key_file, "",
         "file with the relay's key; empty: relay.key in the data folder; made when it is missing"),
    TEXT(name, "", "name that clients are shown"),
    BYTES(max_blob_bytes, KIB, ZKS_BLOB_MAX_BYTES, "1M", "largest blob"),
    NUMBER(max_ttl_s, 60, ZKS_TTL_MAX_S, STRING(ZKS_RELAY_TTL_S), "s",
           "longest time to live of a blob; longer wishes are cut"),
    NUMBER(acked_keep_s, 0, ZKS_TTL_MAX_S, STRING(ZKS_RELAY_ACKED_KEEP_S), "s",
           "keeps a blob so long after all members acknowledged it"),
    BYTES(group_quota_bytes, MIB, 1024 * 1024 * GIB, STRING(ZKS_RELAY_GROUP_QUOTA_BYTES),
          "blobs of one group"),
    BYTES(group_records_bytes, 4 * MIB, GIB, STRING(ZKS_RELAY_GROUP_RECORDS_BYTES),
          "membership records of one group; removals and the recovery code have a reserve above"),
    BYTES(disk_bytes, MIB, 1024 * 1024 * GIB, STRING(ZKS_RELAY_DISK_BYTES),
          "size of the database file"),
    NUMBER(max_groups, 1, 100000000, STRING(ZKS_RELAY_GROUPS), "groups", "groups kept"),
    NUMBER(groups_per_minute, 1, 1000000, STRING(ZKS_RELAY_GROUPS_PER_MINUTE), "groups",
           "new groups, of all clients together"),
    NUMBER(max_sessions, 1, 1000000, STRING(ZKS_RELAY_SESSIONS), "sessions", "connections at once"),
    NUMBER(sessions_per_address, 1, 1000000, STRING(ZKS_RELAY_SESSIONS_PER_ADDRESS), "sessions",
           "connections from one IP address (IPv6: /64)"),
    NUMBER(sessions_per_device, 1, 1000, STRING(ZKS_RELAY_SESSIONS_PER_DEVICE), "sessions",
           "sessions of one device; the oldest gives way"),
    NUMBER(sessions_per_group, 1, 1000000, STRING(ZKS_RELAY_SESSIONS_PER_GROUP), "sessions",
           "sessions of one group"),
    NUMBER(devices_per_group, 1, ZKS_EPOCH_DEVICES_MAX, STRING(ZKS_RELAY_DEVICES_PER_GROUP),
           "devices", "live devices of a group without a shared secret"),
    NUMBER(handshake_ms, 100, 600000, STRING(ZKS_RELAY_HANDSHAKE_MS), "ms",
           "time for the TLS handshake"),
    NUMBER(hello_ms, 100, 600000, STRING(ZKS_RELAY_HELLO_MS), "ms",
           "time for the session's handshake and HELLO"),
    NUMBER(idle_ms, 1000, 3600000, STRING(ZKS_RELAY_IDLE_MS), "ms",
           "a connection is given up after so long without a packet"),
    BYTES(window_bytes, 64 * KIB, GIB, STRING(ZKS_RELAY_WINDOW_BYTES),
          "live blobs on the way to one session"),
    BYTES(inflight_bytes, 64 * KIB, GIB, STRING(ZKS_RELAY_INFLIGHT_BYTES),
          "pushes of one session that wait for the disk"),
    BYTES(inflight_total_bytes, MIB, 1024 * GIB, STRING(ZKS_RELAY_INFLIGHT_TOTAL_BYTES),
          "pushes of all sessions that wait for the disk"),
    NUMBER(pushes_per_minute, 1, 1000000000, STRING(ZKS_RELAY_PUSHES_PER_MINUTE), "blobs",
           "pushed by one session"),
    NUMBER(pulls_per_minute, 1, 1000000000, STRING(ZKS_RELAY_PULLS_PER_MINUTE), "messages",
           "PULLs of one session"),
    NUMBER(mailboxes, 0, 65536, STRING(ZKS_RELAY_MAILBOXES), "mailboxes",
           "pairing codes at once; 0: none"),
    NUMBER(mailboxes_per_address, 1, 65536, STRING(ZKS_RELAY_MAILBOXES_PER_ADDRESS), "mailboxes",
           "pairing codes at once from one IP address (IPv6: /64)"),
    NUMBER(mailbox_lock_ms, 100, 600000, STRING(ZKS_RELAY_MAILBOX_LOCK_MS), "ms",
           "a joining device that says nothing keeps others out so long"),
    NUMBER(mailbox_gets_per_minute, 1, 1000000, STRING(ZKS_RELAY_MAILBOX_GETS_PER_MINUTE), "codes",
           "tried from one IP address (IPv6: /64)"),
    CHOICE(log_level, "off|error|warn|info|debug", "info", "least serious lines that are written"),
    CHOICE(log_format, "text|json", "text", "form of the log lines"),
};

const zks__relay_option *zks__relay_option_at(size_t i)
{
    return i < ZKS_COUNTOF(options) ? &options[i] : NULL;
}

static const zks__relay_option *find(const char *name)
{
    for (size_t i = 0; i < ZKS_COUNTOF(options); i++) {
        if (strcmp(options[i].name, name) == 0) {
            return &options[i];
        }
    }
    return NULL;
}

static char **text_of(zks__relay_config *c, const zks__relay_option *o)
{
    return (char **)(void *)((char *)c + o->offset);
}

static uint64_t *number_of(zks__relay_config *c, const zks__relay_option *o)
{
    return (uint64_t *)(void *)((char *)c + o->offset);
}

static bool is_text(const zks__relay_option *o)
{
    return o->kind == ZKS_OPTION_TEXT || o->kind == ZKS_OPTION_CHOICE;
}

/* --- setting --- */

static zks_status set_text(zks__relay_config *c, const zks__relay_option *o, const char *value)
{
    char *copy = zks__strdup(value);
    if (!copy) {
        return ZKS_E_NOMEM;
    }
    zks__free(*text_of(c, o));
    *text_of(c, o) = copy;
    return ZKS_OK;
}

/* Digits, and for bytes one of K M G T (1024 each time). */
static bool read_number(const zks__relay_option *o, const char *value, uint64_t *out)
{
    char *end = NULL;
    errno = 0;
    if (!isdigit((unsigned char)value[0])) {
        return false;
    }
    unsigned long long v = strtoull(value, &end, 10);
    unsigned shift = 0;
    if (o->kind == ZKS_OPTION_BYTES && *end) {
        static const char units[] = "KMGT";
        const char *unit = strchr(units, toupper((unsigned char)*end));
        shift = unit ? 10 * (unsigned)(unit - units + 1) : 0;
        end += unit != NULL;
    }
    if (errno || *end || v > (UINT64_MAX >> shift)) {
        return false;
    }
    *out = (uint64_t)v << shift;
    return *out >= o->least && *out <= o->most;
}

static bool is_choice(const char *values, const char *value)
{
    size_t length = strchr(value, '|') ? 0 : strlen(value);
    for (const char *at = values; length && at; at = strchr(at, '|') ? strchr(at, '|') + 1 : NULL) {
        if (strncmp(at, value, length) == 0 && (at[length] == '|' || at[length] == 0)) {
            return true;
        }
    }
    return false;
}

zks_status zks__relay_config_set(zks__relay_config *c, const char *name, const char *value,
                                 char problem[ZKS_RELAY_PROBLEM_BYTES])
{
    const zks__relay_option *o = find(name);
    if (!o) {
        snprintf(problem, ZKS_RELAY_PROBLEM_BYTES,
                 "there is no option '%.40s'; zks-relay --help lists them", name);
        return ZKS_E_CONFIG_FILE;
    }
    uint64_t number = 0;
    if (o->kind == ZKS_OPTION_TEXT) {
        if (strlen(value) > ZKS_TEXT_MAX_BYTES || strpbrk(value, "\r\n")) {
            snprintf(problem, ZKS_RELAY_PROBLEM_BYTES,
                     "%s is longer than %d bytes or has more than one line", name,
                     ZKS_TEXT_MAX_BYTES);
            return ZKS_E_CONFIG_FILE;
        }
        return set_text(c, o, value);
    }
    if (o->kind == ZKS_OPTION_CHOICE) {
        if (!is_choice(o->unit, value)) {
            snprintf(problem, ZKS_RELAY_PROBLEM_BYTES, "%s = '%.40s' is not one of %s", name, value,
                     o->unit);
            return ZKS_E_CONFIG_FILE;
        }
        return set_text(c, o, value);
    }
    if (!read_number(o, value, &number)) {
        snprintf(problem, ZKS_RELAY_PROBLEM_BYTES,
                 "%s = '%.40s' is not a number of %s from %" PRIu64 " to %" PRIu64 "%s", name,
                 value, o->unit, o->least, o->most,
                 o->kind == ZKS_OPTION_BYTES ? " (K, M, G and T may follow it)" : "");
        return ZKS_E_CONFIG_FILE;
    }
    *number_of(c, o) = number;
    return ZKS_OK;
}

zks__relay_config *zks__relay_config_new(void)
{
    char problem[ZKS_RELAY_PROBLEM_BYTES];
    zks__relay_config *c = zks__alloc_zero(1, sizeof *c);
    for (size_t i = 0; c && i < ZKS_COUNTOF(options); i++) {
        if (zks__relay_config_set(c, options[i].name, options[i].fallback, problem)) {
            zks__relay_config_free(c);
            c = NULL;
        }
    }
    return c;
}

void zks__relay_config_free(zks__relay_config *c)
{
    for (size_t i = 0; c && i < ZKS_COUNTOF(options); i++) {
        if (is_text(&options[i])) {
            zks__free(*text_of(c, &options[i]));
        }
    }
    zks__free(c);
}

zks__relay_config *zks__relay_config_copy(const zks__relay_config *c)
{
    zks__relay_config *copy = zks__alloc(sizeof *copy);
    bool good = copy != NULL;
    if (good) {
        *copy = *c;
    }
    for (size_t i = 0; copy && i < ZKS_COUNTOF(options); i++) {
        if (is_text(&options[i])) {
            char **text = text_of(copy, &options[i]);
            *text = good ? zks__strdup(*text) : NULL;
            good = *text != NULL;
        }
    }
    if (!good) {
        zks__relay_config_free(copy);
        return NULL;
    }
    return copy;
}

/* --- files and environment --- */

typedef struct parse_context {
    zks__relay_config *config;
    char *problem;
    zks_status status;
} parse_context;

/* inih: 0 is an error; it goes on, the first one counts. */
static int on_pair(void *user, const char *section, const char *name, const char *value)
{
    parse_context *p = user;
    if (p->status) {
        return 0;
    }
    if (section[0]) {
        snprintf(p->problem, ZKS_RELAY_PROBLEM_BYTES, "[%.40s]: there are no sections here",
                 section);
        p->status = ZKS_E_CONFIG_FILE;
    } else {
        p->status = zks__relay_config_set(p->config, name, value ? value : "", p->problem);
    }
    return !p->status;
}

zks_status zks__relay_config_parse(zks__relay_config *c, const char *text, size_t length,
                                   char problem[ZKS_RELAY_PROBLEM_BYTES])
{
    char reason[ZKS_RELAY_PROBLEM_BYTES] = "not of the form 'name = value'";
    if (memchr(text, 0, length)) {
        snprintf(problem, ZKS_RELAY_PROBLEM_BYTES, "this is not a text file");
        return ZKS_E_CONFIG_FILE;
    }
    char *copy = zks__alloc(length + 1);
    if (!copy) {
        return ZKS_E_NOMEM;
    }
    memcpy(copy, text, length);
    copy[length] = 0;
    parse_context p = {.config = c, .problem = reason};
    int line = ini_parse_string(copy, on_pair, &p);
    zks__free(copy);
    if (line == 0) {
        return ZKS_OK;
    }
    if (line < 0) {
        snprintf(problem, ZKS_RELAY_PROBLEM_BYTES, "there is no memory to read it");
        return ZKS_E_NOMEM;
    }
    snprintf(problem, ZKS_RELAY_PROBLEM_BYTES, "line %d: %.230s", line, reason);
    return p.status ? p.status : ZKS_E_CONFIG_FILE;
}

zks_status zks__relay_config_environment(zks__relay_config *c, char *(*get)(const char *name),
                                         char problem[ZKS_RELAY_PROBLEM_BYTES])
{
    for (size_t i = 0; i < ZKS_COUNTOF(options); i++) {
        char variable[64];
        char reason[ZKS_RELAY_PROBLEM_BYTES];
        snprintf(variable, sizeof variable, "ZKS_RELAY_%s", options[i].name);
        for (char *at = variable; *at; at++) {
            *at = (char)toupper((unsigned char)*at);
        }
        const char *value = get(variable);
        zks_status status = value ? zks__relay_config_set(c, options[i].name, value, reason)
                                  : ZKS_OK;
        if (status) {
            snprintf(problem, ZKS_RELAY_PROBLEM_BYTES, "environment variable %s: %.160s", variable,
                     reason);
            return status;
        }
    }
    return ZKS_OK;
}

/* --- looking at it --- */

void zks__relay_option_print(const zks__relay_config *c, const zks__relay_option *o, char *out,
                             size_t size)
{
    zks__relay_config *values = (zks__relay_config *)(uintptr_t)c; /* only read */
    if (is_text(o)) {
        snprintf(out, size, "%s", *text_of(values, o));
    } else {
        snprintf(out, size, "%" PRIu64, *number_of(values, o));
    }
}

zks_status zks__relay_config_check(const zks__relay_config *c,
                                   char problem[ZKS_RELAY_PROBLEM_BYTES])
{
    if (!c->data[0]) {
        snprintf(problem, ZKS_RELAY_PROBLEM_BYTES, "data is empty: name a folder");
        return ZKS_E_CONFIG_FILE;
    }
    if (c->inflight_bytes < c->max_blob_bytes || c->inflight_total_bytes < c->inflight_bytes) {
        snprintf(problem, ZKS_RELAY_PROBLEM_BYTES,
                 "max_blob_bytes <= inflight_bytes <= inflight_total_bytes must hold");
        return ZKS_E_CONFIG_FILE;
    }
    if (c->window_bytes < c->max_blob_bytes) {
        snprintf(problem, ZKS_RELAY_PROBLEM_BYTES,
                 "window_bytes must be at least max_blob_bytes, or such a blob is never live");
        return ZKS_E_CONFIG_FILE;
    }
    return ZKS_OK;
}
