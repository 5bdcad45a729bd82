/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The receiving half of a session: bytes of the link become records, records become messages. Knows
 * no link and raises no event, so that every refusal can be tested and fuzzed on its own. Private
 * to src/session.
 *
 * Memory: what a peer promises costs nothing. A buffer starts at what has really arrived (at least
 * 512 bytes, at most what is promised) and at most doubles when it is full. Between messages
 * nothing is held.
 */
#ifndef ZKS_SESSION_RECEIVE_H
#define ZKS_SESSION_RECEIVE_H

#include "session/record.h"

typedef struct zks__receiver {
    uint8_t record_head[ZKS_RECORD_PREFIX_BYTES];
    uint8_t record_head_length;
    uint8_t message_head[ZKS_WIRE_PREFIX_MAX_BYTES];
    uint8_t message_head_length;
    size_t record_total;  /* bytes of the record being received; 0: its prefix is not complete */
    size_t contents_left; /* bytes at record->data that are opened and not yet read */
    zks__buf *record;     /* NULL: none */
    /* Bytes of the message being received, prefix included; 0: its prefix is not complete. */
    size_t message_total;
    zks__buf *message; /* NULL: none */
} zks__receiver;

/* A zeroed receiver is ready. Frees what it holds; it is ready again. */
void zks__receiver_done(zks__receiver *r);
/* A record or a message has begun and not ended. */
bool zks__receiver_busy(const zks__receiver *r);
/*
 * Reads from data until one record of at most `most` bytes is complete or the data is used up: for
 * the handshake, whose messages are records of their own. ZKS_OK: *out_record and its reference are
 * the caller's, or NULL when more data is needed. ZKS_E_MALFORMED (an empty record),
 * ZKS_E_TOO_LARGE, ZKS_E_NOMEM.
 */
ZKS_MUST_USE zks_status zks__receiver_take_record(zks__receiver *r, size_t most,
                                                  const uint8_t *data, size_t length,
                                                  size_t *out_used, zks__buf **out_record);
/*
 * Reads from data until a message is complete or the data is used up; *out_used is what was taken.
 * ZKS_OK: *out_message is one whole message and its reference the caller's, or NULL when more data
 * is needed. Call again with the rest, also with length 0: a record may hold more messages.
 * ZKS_E_MALFORMED (an empty record, a message of length 0, LEB128 not minimal), ZKS_E_TOO_LARGE,
 * ZKS_E_NOMEM, or what the codec's open said. The receiver can only be freed then.
 */
ZKS_MUST_USE zks_status zks__receiver_take(zks__receiver *r, const struct zks__record_codec *codec,
                                           const uint8_t *data, size_t length, size_t *out_used,
                                           zks__buf **out_message);

#endif
