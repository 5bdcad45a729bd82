/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * One direction of an established session: Noise transport messages (Noise specification, revision
 * 34, sections 5.1 and 11.3). The nonce counts records from 0 and is never sent, so a record that
 * is altered, cut, repeated, left out or out of order does not open. Associated data is empty.
 *
 * Rekey: before the record that would take the ciphertext under one key above a limit, both ends,
 * which count alike, replace k by REKEY(k) = the first 32 bytes of ENCRYPT(k, 2^64-1, "", 32
 * zeros). The nonce goes on.
 *
 * Holds a key: lives inside its owner, who calls done. Pure, one thread at a time.
 */
#ifndef ZKS_NOISE_CIPHER_H
#define ZKS_NOISE_CIPHER_H

#include "crypto/crypto.h"

/* What one key may seal; part of the protocol. A single larger record has a key of its own. */
typedef struct zks__noise_limits {
    uint64_t bytes; /* of ciphertext, tags included */
    uint32_t records;
} zks__noise_limits;
extern const zks__noise_limits zks__noise_limits_default; /* 1 GiB, 2^20 */

typedef struct zks__noise_cipher {
    const zks__suite *suite;
    const zks__noise_limits *limits;
    uint64_t n;       /* the next record's nonce */
    uint64_t bytes;   /* under this key so far */
    uint32_t records; /* likewise */
    uint8_t key[ZKS_KEY_BYTES];
} zks__noise_cipher;

/* limits are borrowed and live longer. */
void zks__noise_cipher_init(zks__noise_cipher *c, const zks__suite *suite,
                            const zks__noise_limits *limits, const uint8_t key[ZKS_KEY_BYTES]);
/* Wipes; a zeroed one is fine. */
void zks__noise_cipher_done(zks__noise_cipher *c);

/* contents[0..length) becomes ciphertext in place, the tag goes to the ZKS_TAG_BYTES behind it.
 * ZKS_E_LIMIT: all nonces are used up (nothing changes then). */
ZKS_MUST_USE zks_status zks__noise_seal(zks__noise_cipher *c, uint8_t *contents, size_t length);
/* The contents are the first length - ZKS_TAG_BYTES bytes. ZKS_E_TRUNCATED, ZKS_E_DECRYPT,
 * ZKS_E_LIMIT: the state is as before, the bytes are undefined. */
ZKS_MUST_USE zks_status zks__noise_open(zks__noise_cipher *c, uint8_t *record, size_t length);

#endif
