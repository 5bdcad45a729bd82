/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The relay's options: one table (config.c) from which come the config file's keys, the environment
 * variables (ZKS_RELAY_<NAME>), the daemon's flags (--name, with '-' for '_'), the help text and
 * the printed configuration. relay.h has the functions that everybody needs; these are for the
 * daemon and for relay/core.
 */
#ifndef ZKS_RELAY_CORE_CONFIG_H
#define ZKS_RELAY_CORE_CONFIG_H

#include "relay/core/relay.h"

#include <stddef.h>

/* Values; texts are owned. */
struct zks__relay_config {
    char *listen;
    char *public_host;
    char *data;
    char *key_file;
    char *name;
    char *log_level;
    char *log_format;
    uint64_t max_blob_bytes, max_ttl_s, acked_keep_s;
    uint64_t group_quota_bytes, group_records_bytes, disk_bytes, max_groups, groups_per_minute;
    uint64_t max_sessions, sessions_per_address, sessions_per_device, sessions_per_group;
    uint64_t devices_per_group;
    uint64_t handshake_ms, hello_ms, idle_ms;
    uint64_t window_bytes, inflight_bytes, inflight_total_bytes;
    uint64_t pushes_per_minute, pulls_per_minute;
    uint64_t mailboxes, mailboxes_per_address, mailbox_lock_ms, mailbox_gets_per_minute;
};

typedef enum zks__option_kind {
    ZKS_OPTION_TEXT,
    ZKS_OPTION_NUMBER,
    ZKS_OPTION_BYTES,
    ZKS_OPTION_CHOICE
} zks__option_kind;

typedef struct zks__relay_option {
    const char *name;
    zks__option_kind kind;
    size_t offset;
    uint64_t least, most; /* of numbers and bytes */
    const char *fallback; /* the default, as text */
    const char *unit;     /* "ms"; "" for none. CHOICE: the values, separated by | */
    const char *help;
} zks__relay_option;

/* The i-th option; NULL past the end. */
const zks__relay_option *zks__relay_option_at(size_t i);
/* The value as text. */
void zks__relay_option_print(const zks__relay_config *c, const zks__relay_option *o, char *out,
                             size_t size);
/* Takes ZKS_RELAY_<NAME> from the environment (get may be getenv). ZKS_E_CONFIG_FILE, the
 * sentence names the variable. */
ZKS_MUST_USE zks_status zks__relay_config_environment(zks__relay_config *c,
                                                      char *(*get)(const char *name),
                                                      char problem[ZKS_RELAY_PROBLEM_BYTES]);
/* What no option alone can tell. ZKS_E_CONFIG_FILE. */
ZKS_MUST_USE zks_status zks__relay_config_check(const zks__relay_config *c,
                                                char problem[ZKS_RELAY_PROBLEM_BYTES]);
/* A copy. NULL: no memory. */
zks__relay_config *zks__relay_config_copy(const zks__relay_config *c);

#endif
