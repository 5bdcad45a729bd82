/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What the parts of inviting.c share. Loop thread. */
#ifndef ZKS_CLIENT_INVITING_H
#define ZKS_CLIENT_INVITING_H

#include "client/internal.h"

typedef struct zks__inviting {
    zks__inviter *machine;
    zks_op *op;                   /* a reference */
    struct zks__admit_job *admit; /* under way; NULL: none */
    bool mute;                    /* there was no memory for an event that the user needs */
    bool has_device;
    uint8_t *device; /* for the op */
    bool chosen;     /* a code of the app's, whose digest is: */
    uint8_t code[ZKS_HASH_BYTES];
    size_t relay_count;
    zks__pair_relay relays[ZKS_CLIENT_RELAYS_MAX]; /* the one in use first */
} zks__inviting;

/* --- inviting.c --- */

/* Feeds the machine, which must be there, and does what comes of it: it may be gone afterwards. */
void zks__inviting_step(zks_client *c, zks__pairing_event *e);
/* Of the op that began it. */
void zks__inviting_cancel(zks_client *c, zks_op *op);
void zks__inviting_free(zks__inviting *i);

/* --- inviting_begin.c --- */

/* The relay in use is among those that the other device is told. False: its address is too long. */
ZKS_MUST_USE bool zks__inviting_add_session_relay(zks_client *c, zks__inviting *i);
/* Why it cannot begin or go on, as a sentence; NULL: the status says it. */
const char *zks__inviting_refusal_text(zks_status status);

/* --- inviting_admit.c --- */

/* COMMIT: ends with COMMITTED, unless the pairing is over before. */
void zks__inviting_admit(zks_client *c, const zks__pairing_action *a);

#endif
