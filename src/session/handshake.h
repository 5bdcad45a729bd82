/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The handshake of a session as records in, records out: src/noise's hybridXX, the relay's proof in
 * message 2, the choice of the suite. Knows no link and raises no event, so that every refusal can
 * be tested and fuzzed on its own. Private to src/session; docs/PROTOCOL.md has the layouts.
 *
 * A responder serves several suites and takes the initiator's from the length of message 1, which
 * differs: the suite's name is part of the handshake hash, so a forged choice does not survive
 * message 2.
 */
#ifndef ZKS_SESSION_HANDSHAKE_H
#define ZKS_SESSION_HANDSHAKE_H

#include "noise/handshake.h"
#include "session/session.h"

enum { ZKS_PROLOGUE_MAX_BYTES = 192 };

typedef struct zks__handshake zks__handshake;

typedef struct zks__handshake_result {
    zks__noise_cipher send, receive;
    const zks__suite *suite;
    uint8_t hash[ZKS_SESSION_HASH_BYTES];
    uint8_t statics[ZKS_HASH_BYTES]; /* zks__handshake_statics of the peer */
} zks__handshake_result;

/* config as in zks__session_new; relay_key: whose signature message 2 must carry, for the
 * initiator. ZKS_E_NOMEM. */
ZKS_MUST_USE zks_status zks__handshake_new(const zks__session_config *config, const void *prologue,
                                           size_t prologue_length,
                                           const uint8_t relay_key[ZKS_LINK_KEY_BYTES],
                                           zks__handshake **out_handshake);
/* Wipes. NULL is fine. */
void zks__handshake_free(zks__handshake *h);

/* Message 1 as a record with its prefix. ZKS_E_NOMEM, ZKS_E_STATE (a responder). */
ZKS_MUST_USE zks_status zks__handshake_begin(zks__handshake *h, zks__buf **out_record);
/* The longest record that may come now; 0: none may. */
size_t zks__handshake_expects(const zks__handshake *h);
/*
 * Reads one record (without prefix, in place). *out_record: the answer with its prefix, or NULL
 * when there is none. ZKS_E_TRUNCATED, ZKS_E_TOO_LARGE (not the one size that it must have),
 * ZKS_E_MALFORMED, ZKS_E_DECRYPT, ZKS_E_BAD_SIGNATURE (the relay's), ZKS_E_NOMEM. The handshake can
 * only be freed then.
 */
ZKS_MUST_USE zks_status zks__handshake_take(zks__handshake *h, uint8_t *record, size_t length,
                                            zks__buf **out_record);
bool zks__handshake_over(const zks__handshake *h);
/* ZKS_E_STATE: not over. */
ZKS_MUST_USE zks_status zks__handshake_finish(const zks__handshake *h,
                                              zks__handshake_result *out_result);

/* One hash for both statics of a device: SHA-256 of the DH public and, behind it, the KEM's. */
void zks__handshake_statics(const uint8_t *dh, size_t dh_length,
                            const uint8_t kem[ZKS_KEM_PUBLIC_BYTES],
                            uint8_t out_hash[ZKS_HASH_BYTES]);

#endif
