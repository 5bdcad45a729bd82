/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Every size that the protocol fixes, on one page, computed from primitives. What a relay's
 * operator may choose stands in relay/core/limits.h. */
#ifndef ZKS_WIRE_LIMITS_H
#define ZKS_WIRE_LIMITS_H

#define ZKS_WIRE_ALPN "0k-sync/2-pre" /* becomes 0k-sync/2 with the Noise layer */

/* Crockford's base32: no I, L, O and U. */
#define ZKS_CODE_ALPHABET "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

enum {
    ZKS_WIRE_VERSION = 2,

    ZKS_GROUP_ID_BYTES = 32,
    ZKS_DEVICE_ID_BYTES = 32, /* the device's Ed25519 public key for this group */
    ZKS_BLOB_ID_BYTES = 16,
    ZKS_ENTRY_ID_BYTES = 32,
    ZKS_CHAIN_BYTES = 16,
    ZKS_EPOCH_TAG_BYTES = 16,
    ZKS_INCARNATION_BYTES = 16,
    ZKS_RECORD_HASH_BYTES = 32,
    ZKS_SIGNATURE_BYTES = 64,

    /* A record is what one Noise transport message may be (Noise specification, section 3). */
    ZKS_RECORD_MAX_BYTES = 65535,
    ZKS_RECORD_PREFIX_BYTES = 2,

    ZKS_BLOB_MAX_BYTES = 1 << 20, /* after padding */
    ZKS_BLOB_MIN_BYTES = 256,     /* the floor of the padding */
    /* Type and body, which is what the length prefix counts: a blob and the fields around it, or
     * as many records. */
    ZKS_MESSAGE_MAX_BYTES = ZKS_BLOB_MAX_BYTES + (64 << 10),
    ZKS_WIRE_PREFIX_MAX_BYTES = 3, /* LEB128 of ZKS_MESSAGE_MAX_BYTES */

    ZKS_RECORDS_PER_MESSAGE_MAX = 256,
    /* One membership record: an EPOCH of 40 devices; larger ones with the trust layer. */
    ZKS_RECORD_BODY_MAX_BYTES = 64 << 10,
    ZKS_BLOBS_PER_MESSAGE_MAX = 1024,
    ZKS_IDS_PER_MESSAGE_MAX = 4096,
    ZKS_TEXT_MAX_BYTES = 512,

    /* Pairing. A nameplate is 4 characters of ZKS_CODE_ALPHABET: 20 bits, far more than a relay has
     * mailboxes, so that a guessed one is most likely free. */
    ZKS_NAMEPLATE_BYTES = 4,
    ZKS_MAILBOX_LIFE_S = 600, /* default and most */
    /* One pairing message: records, secrets and heads of a whole group in the largest. */
    ZKS_MAILBOX_DATA_MAX_BYTES = 1 << 20,

    ZKS_TTL_DEFAULT_S = 7 * 24 * 3600,
    ZKS_TTL_MAX_S = 90 * 24 * 3600
};

#endif
