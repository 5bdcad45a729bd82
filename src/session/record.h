/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The seam between the message stream and what protects its records, so that the stream can be
 * tested with any codec. A session's own codec is its two Noise ciphers. Private to src/session.
 */
#ifndef ZKS_SESSION_RECORD_H
#define ZKS_SESSION_RECORD_H

#include "session/session.h"

struct zks__record_codec {
    size_t overhead; /* bytes that seal adds to the contents of a record */
    /* Seals contents[0..length) in place; `overhead` bytes of room follow them. */
    zks_status (*seal)(void *state, uint8_t *contents, size_t length);
    /* Opens record[0..length) in place: its first length - overhead bytes become the contents.
     * `length` is at least overhead + 1. Any failure ends the session. */
    zks_status (*open)(void *state, uint8_t *record, size_t length);
    void *state; /* borrowed */
};

#endif
