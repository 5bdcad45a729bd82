/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The joining side of pairing: carries a joiner (pairing/pairing.h) over a session with the relay
 * under throw-away keys. What needs the store is the opening's business. Loop thread.
 */
#ifndef ZKS_CLIENT_JOINING_H
#define ZKS_CLIENT_JOINING_H

#include "client/client.h"
#include "pairing/pairing.h"

typedef struct zks__joining zks__joining;

typedef struct zks__joining_events {
    /* Make the device's keys for this group; answered with zks__joining_member. */
    void (*group)(const zks__pair_group *group, void *user);
    /* Keep it; answered with zks__joining_stored. The bundle is valid until then. relay: the
     * address in use, as the client's options have it, and its key. */
    void (*store)(const zks__pair_bundle *bundle, const char *relay, const uint8_t relay_key[32],
                  void *user);
    /* Instead of the rest: nobody was let in. text is borrowed. */
    void (*failed)(zks_status status, const char *text, void *user);
} zks__joining_events;

/*
 * For a client that is being made: reads the code or link, and puts the relays of a link in front
 * of the client's. A text that cannot be read is kept as the failure of zks__joining_start, which
 * says why. ZKS_E_NOMEM. Any thread.
 */
ZKS_MUST_USE zks_status zks__joining_new(zks_client *c, const char *text, size_t length,
                                         zks__joining **out_joining);
/* Why the text cannot be read, to be told before the store is touched; 0: it can. text is borrowed.
 */
zks_status zks__joining_problem(const zks__joining *j, const char **out_text);
void zks__joining_start(zks__joining *j, const zks__joining_events *events, void *user);
/* part: this device's half of its MEMBER. name: not empty. */
void zks__joining_member(zks__joining *j, zks_status status, zks__slice part, const char *name);
/* The last event to answer: afterwards the joining ends by itself. */
void zks__joining_stored(zks__joining *j, zks_status status);
/* The user does not want any more: `failed` with ZKS_E_CANCELLED, unless the store is at work. */
void zks__joining_cancel(zks__joining *j);
/* One that was never started; NULL is fine. */
void zks__joining_discard(zks__joining *j);

#endif
