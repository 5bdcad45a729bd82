/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Dialling a relay: resolves its host name on a worker, opens the link, starts a session on it.
 * Loop thread.
 */
#ifndef ZKS_CLIENT_DIAL_H
#define ZKS_CLIENT_DIAL_H

#include "client/address.h"
#include "client/client.h"
#include "session/session.h"

typedef struct zks__dial zks__dial;

typedef struct zks__dial_config {
    const zks__host *host;         /* copied */
    const uint8_t *expected_key;   /* the relay's, copied; NULL: any */
    const uint8_t *key_seed;       /* of the own TLS key; borrowed while dialling */
    const zks__session_keys *keys; /* borrowed until the session is freed */
    uint32_t handshake_ms;         /* for TLS; the owner bounds the session's handshake */
    const zks__session_events *events;
    /* One of the two follows, unless the dial is dropped; the dial is gone then. `opened` gives the
     * session over before any event of it. */
    void (*opened)(zks__session *s, void *user);
    void (*failed)(zks_status status, const char *text, void *user);
    void *user; /* for these and the session's events */
} zks__dial_config;

/* Keeps a reference to c, whose runtime it works in, until the worker is done. ZKS_E_NOMEM,
 * ZKS_E_SYSTEM: nothing follows. */
ZKS_MUST_USE zks_status zks__dial_start(zks_client *c, const zks__dial_config *config,
                                        zks__dial **out_dial);
/* Nothing follows any more. */
void zks__dial_drop(zks__dial *d);

#endif
