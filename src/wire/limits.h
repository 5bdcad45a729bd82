/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Every size that the protocol fixes, on one page, computed from primitives. What a relay's
 * operator may choose stands in relay/core/limits.h. */
#ifndef ZKS_WIRE_LIMITS_H
#define ZKS_WIRE_LIMITS_H

#define ZKS_WIRE_ALPN          "0k-sync/2"
/* The same protocol with TLS of the approved algorithms, for sessions of suite 2 and no others. */
#define ZKS_WIRE_ALPN_APPROVED "0k-sync/2-approved"

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

    /* The handshake (docs/PROTOCOL.md): each message is one record, of exactly one size in each
     * suite; these are the largest. A DH public has 32 bytes in suite 1 and at most 65 (an
     * uncompressed point of P-256). */
    ZKS_HANDSHAKE_DH_MAX_BYTES = 65,
    ZKS_HANDSHAKE_KEM_BYTES = 1184, /* ML-KEM-768: public key, */
    ZKS_HANDSHAKE_CT_BYTES = 1088,  /* ciphertext */
    ZKS_HANDSHAKE_TAG_BYTES = 16,
    ZKS_HANDSHAKE_E_MAX_BYTES = ZKS_HANDSHAKE_DH_MAX_BYTES + ZKS_HANDSHAKE_KEM_BYTES,
    ZKS_HANDSHAKE_S_MAX_BYTES = ZKS_HANDSHAKE_E_MAX_BYTES + 2 * ZKS_HANDSHAKE_TAG_BYTES,
    ZKS_HANDSHAKE_1_MAX_BYTES = ZKS_HANDSHAKE_E_MAX_BYTES,
    /* its payload: the relay's signature over its statics */
    ZKS_HANDSHAKE_2_MAX_BYTES = ZKS_HANDSHAKE_CT_BYTES + ZKS_HANDSHAKE_E_MAX_BYTES +
                                ZKS_HANDSHAKE_S_MAX_BYTES + ZKS_SIGNATURE_BYTES +
                                ZKS_HANDSHAKE_TAG_BYTES,
    ZKS_HANDSHAKE_3_MAX_BYTES = ZKS_HANDSHAKE_CT_BYTES + ZKS_HANDSHAKE_TAG_BYTES +
                                ZKS_HANDSHAKE_S_MAX_BYTES + ZKS_HANDSHAKE_TAG_BYTES,
    ZKS_HANDSHAKE_4_MAX_BYTES = ZKS_HANDSHAKE_CT_BYTES + 2 * ZKS_HANDSHAKE_TAG_BYTES,

    ZKS_BLOB_MAX_BYTES = 1 << 20, /* after padding */
    ZKS_BLOB_MIN_BYTES = 256,     /* the floor of the padding */
    /* Type and body, which is what the length prefix counts: a blob and the fields around it, or
     * as many records. */
    ZKS_MESSAGE_MAX_BYTES = ZKS_BLOB_MAX_BYTES + (64 << 10),
    ZKS_WIRE_PREFIX_MAX_BYTES = 3, /* LEB128 of ZKS_MESSAGE_MAX_BYTES */

    ZKS_RECORDS_PER_MESSAGE_MAX = 256,
    /* One membership record: the largest is an EPOCH that lists and removes as many devices as it
     * may, with the larger suite's keys, one more for recovery, and a full note. */
    ZKS_RECORD_BODY_MAX_BYTES = 128 << 10,
    /* Devices that one EPOCH lists, and removes: more than may live in a group, so that a group
     * that two relays filled at the same time can still rotate. */
    ZKS_EPOCH_DEVICES_MAX = 80,
    ZKS_EPOCH_SEALED_MAX_BYTES = 8 << 10, /* reasons and cut-off heads, sealed */
    ZKS_SEALED_SECRET_BYTES = 32 + 16,    /* a secret and the tag of the cipher */
    ZKS_PROFILE_MAX_BYTES = 512,          /* a device's sealed name */
    /* Keys in records have the suite's size; these are the largest of all suites (2: MLKEM768-P256
     * and an uncompressed point of P-256). */
    ZKS_SEAL_KEY_MAX_BYTES = 1249,
    ZKS_DH_KEY_MAX_BYTES = 65,

    /* What a set of records takes, so that no member can fill the memory and the disk of the
     * others; the reasons stand in record/set.h. */
    ZKS_RECORDS_MEMBERS_MAX = 1024,           /* MEMBER records in all */
    ZKS_RECORDS_MEMBERS_PER_ISSUER_MAX = 256, /* of one member; the root key is not counted */
    ZKS_RECORDS_EPOCHS_MAX = 1024,            /* EPOCH records in all */
    ZKS_RECORDS_EPOCHS_PER_SIGNER_MAX = 256,  /* of one member; the root key is not counted */
    ZKS_RECORDS_SIBLINGS_MAX = 4,             /* EPOCHs of one signer on one parent */
    /* GRANTs in all: four for each MEMBER. Root signs none. */
    ZKS_RECORDS_GRANTS_MAX = 4096,
    ZKS_RECORDS_GRANTS_PER_SIGNER_MAX = 1024,
    ZKS_RECORDS_RESERVE = 64, /* of the totals: only for the root key, so that it can always act */
    /* Blobs that wait for records, of one group: what a relay that makes them up can fill. */
    ZKS_QUARANTINE_BLOBS_MAX = 4096,
    ZKS_QUARANTINE_BYTES_MAX = 16 << 20,
    /* Chains of one author, of which an entry that it signed has come. A device begins one where
     * its store was made, restored or copied; because others say that it has written more than it
     * knows only while it has fewer than ZKS_CHAINS_ON_WORD_MAX: whoever makes that up brings no
     * device to the limit. What is signed in further ones is rejected. What others name, or write
     * unsigned, does not count. */
    ZKS_CHAINS_PER_AUTHOR_MAX = 4096,
    ZKS_CHAINS_ON_WORD_MAX = 1024,
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
