/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A relay that says whatever a test wants, true or not: a real link and session, and a handler that
 * gets each message of each device on the relay's own thread. */
#ifndef ZKS_TESTS_FAKE_RELAY_H
#define ZKS_TESTS_FAKE_RELAY_H

#include "session/session.h"

typedef struct fake_relay fake_relay;

/* m is borrowed during the call. May send, close and call the helpers below. */
typedef void (*fake_relay_fn)(fake_relay *r, zks__session *s, const zks__message *m);

/* A session has ended; it is gone afterwards. On the relay's own thread. */
typedef void (*fake_relay_ended_fn)(fake_relay *r, zks__session *s);

/* Listens on loopback when it returns; aborts the test where that fails. */
fake_relay *fake_relay_start(fake_relay_fn handler, void *user);
typedef enum fake_relay_kind {
    FAKE_RELAY_HONEST,
    FAKE_RELAY_UNPROVEN, /* its session keys are not signed by its identity */
    FAKE_RELAY_SILENT    /* takes the link and never answers the handshake */
} fake_relay_kind;
fake_relay *fake_relay_start_as(fake_relay_kind kind, fake_relay_fn handler, void *user);
fake_relay *fake_relay_start_with(fake_relay_fn handler, fake_relay_ended_fn ended, void *user);
/* Closes every link and waits for the thread. */
void fake_relay_free(fake_relay *r);
/* "127.0.0.1:port" */
const char *fake_relay_address(const fake_relay *r);
void *fake_relay_user(const fake_relay *r);

/* For handlers. */
void fake_relay_send(zks__session *s, const zks__message *m);
void fake_relay_welcome(zks__session *s, uint64_t head);
/* An empty BLOBS. */
void fake_relay_blobs(zks__session *s, uint8_t flags, uint64_t from, uint64_t contiguous);
/* Everything of a PUSH is there: cursor 1, 2, 3 ... */
void fake_relay_ack_push(zks__session *s, const zks__push *m);
/* Bytes that are no message, over the link accepted last: the other end breaks off. */
void fake_relay_garbage(fake_relay *r);

#endif
