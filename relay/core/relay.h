/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The relay: routes and buffers ciphertext. It owns its threads (one loop, one storage thread), so
 * that the same code is the zks-relay program and the relay embedded in an app.
 *
 * A relay's life: config -> start (returns at once, `started` follows) -> stop (from any thread,
 * also a signal watcher)
 * -> `stopped` -> free.
 */
#ifndef ZKS_RELAY_CORE_RELAY_H
#define ZKS_RELAY_CORE_RELAY_H

#include "base/log.h"
#include "base/status.h"

typedef struct zks__relay zks__relay;
typedef struct zks__relay_config zks__relay_config;

enum { ZKS_RELAY_PROBLEM_BYTES = 256 };

/* The defaults. NULL: no memory. */
zks__relay_config *zks__relay_config_new(void);
void zks__relay_config_free(zks__relay_config *c);
/* Sets one option by its name in the config file ("listen", "data", "key_file", "max_blob_bytes",
 * ...; the whole list with units and defaults is in relay/core/config.c and in `zks-relay --help`).
 * ZKS_E_CONFIG_FILE with a sentence that names the option, the value and what would be accepted. */
ZKS_MUST_USE zks_status zks__relay_config_set(zks__relay_config *c, const char *name,
                                              const char *value,
                                              char problem[ZKS_RELAY_PROBLEM_BYTES]);
/* Reads `name = value` lines (INI without sections, # comments). The sentence names the line too.
 */
ZKS_MUST_USE zks_status zks__relay_config_parse(zks__relay_config *c, const char *text,
                                                size_t length,
                                                char problem[ZKS_RELAY_PROBLEM_BYTES]);

typedef struct zks__relay_events {
    /* On the relay's loop thread. status 0: it listens, zks__relay_address is valid. Otherwise
     * nothing was started, text says what and the cure (port in use, data folder not writable,
     * store corrupt, key file unreadable ...), and `stopped` follows. */
    void (*started)(zks__relay *r, zks_status status, const char *text, void *user);
    /* The last event; the threads are about to end. */
    void (*stopped)(zks__relay *r, void *user);
} zks__relay_events;

/* Copies the config. log is borrowed until free. ZKS_E_NOMEM, ZKS_E_SYSTEM (no thread). */
ZKS_MUST_USE zks_status zks__relay_start(const zks__relay_config *config, const zks__log *log,
                                         const zks__relay_events *events, void *user,
                                         zks__relay **out_relay);
/* zks://<key>@host:port, with the port really bound; for a wildcard bind the host is 127.0.0.1
 * unless `public_host` is configured. NULL before it started. */
const char *zks__relay_address(const zks__relay *r);
/* BYE with a spread retry-after to all, finish commits, close. Any thread; idempotent; never
 * blocks. */
void zks__relay_stop(zks__relay *r);
/* Stops if it was not, waits for the threads, frees. Not on the relay's threads. NULL is fine. */
void zks__relay_free(zks__relay *r);

#endif
