/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The bytes of pairing (docs/SECURITY.md, pairing): the messages m0 to m7, and what is sealed
 * inside the later ones. Pure; nothing allocates; decoded byte strings are borrowed.
 *
 * A message is version(1) = 1, number(1), and
 *
 *   m0  I->J  sid(16) commit(32)
 *   m1  J->I  y(32) pk               pk: as the suite's sealing key; AD_j = version pk
 *   m2  I->J  y(32)                  AD_i = version
 *   m3  J->I  tag
 *   m4  I->J  tag ct sealed          ct: as the suite's; sealed: zks__pair_group
 *   m5  J->I  sealed                 zks__pair_request
 *   m6  I->J  sealed                 zks__pair_bundle
 *   m7  J->I  sealed                 status(1): 0, the joiner has stored it all
 *
 * y is 32 bytes in both exchanges and a tag 64 with CPace, 32 without (pairing.h). Nothing may
 * follow. Integers are little-endian, lp() is a LEB128 length and the bytes.
 */
#ifndef ZKS_PAIRING_MESSAGE_H
#define ZKS_PAIRING_MESSAGE_H

#include "crypto/crypto.h"
#include "record/record.h"
#include "wire/messages.h"

enum {
    ZKS_PAIR_VERSION = 1,
    ZKS_PAIR_SID_BYTES = 16,
    ZKS_PAIR_Y_BYTES = 32,
    ZKS_PAIR_TAG_MAX_BYTES = 64,
    ZKS_PAIR_HEADER_BYTES = 2,
    /* Of all but m6: a joiner that nobody knows yet cannot make the other side hold more. */
    ZKS_PAIR_SMALL_MAX_BYTES = 8 << 10,
    ZKS_PAIR_PART_MAX_BYTES = 4096, /* a MEMBER up to its self signature */
    ZKS_PAIR_NAME_MAX_BYTES = 128,  /* as ZKS_DEVICE_NAME_MAX_BYTES of src/group */
    ZKS_PAIR_RECORDS_MAX = 4096,
    ZKS_PAIR_SECRETS_MAX = 4096, /* epochs */
    ZKS_PAIR_PINS_MAX = 4096,
    ZKS_PAIR_HEADS_MAX = 16384,
    ZKS_PAIR_BUNDLE_MAX_BYTES = ZKS_MAILBOX_DATA_MAX_BYTES - ZKS_PAIR_HEADER_BYTES - ZKS_TAG_BYTES
};

/* One message; which members are set depends on its number. */
typedef struct zks__pair_message {
    uint8_t number;
    uint8_t sid[ZKS_PAIR_SID_BYTES];
    uint8_t commit[ZKS_HASH_BYTES];
    uint8_t y[ZKS_PAIR_Y_BYTES];
    zks__slice pk, tag, ct, sealed;
} zks__pair_message;

/* Sizes that the suite and the exchange decide. */
typedef struct zks__pair_sizes {
    size_t pk, ct, tag;
} zks__pair_sizes;

/* Reads the message `number`. ZKS_E_TRUNCATED, ZKS_E_MALFORMED (another number, or something
 * follows), ZKS_E_TOO_LARGE, ZKS_E_FORMAT_VERSION. out is untouched on failure. */
ZKS_MUST_USE zks_status zks__pair_message_read(const uint8_t *data, size_t length, uint8_t number,
                                               const zks__pair_sizes *sizes,
                                               zks__pair_message *out);
/* Writes it; a writer without memory counts. The slices must have the right sizes. */
void zks__pair_message_write(const zks__pair_message *m, zks__writer *w);

/* --- inside the sealed messages --- */

/* m4: suite(1) mode(1) rights(1) not_after(8) group_id(32) lp(GENESIS record). What the joiner is
 * let into, and what it has to write into its MEMBER for the inviter to sign it. */
typedef struct zks__pair_group {
    uint8_t suite, mode, rights;
    uint64_t not_after_s;
    uint8_t group_id[ZKS_GROUP_ID_BYTES];
    zks__slice genesis;
} zks__pair_group;

/* m5: lp(the joiner's part of its MEMBER, zks__record_make_member_body) lp(name, as base/name.h).
 */
typedef struct zks__pair_request {
    zks__slice member;
    zks__slice name;
} zks__pair_request;

/* m6 of a paired group: five lists, each a LEB128 count and its items. Of a shared group:
 * secret(32) lp(descriptor) and the list of relays; who has it is a member for good. */
typedef struct zks__pair_bundle {
    const uint8_t *secret; /* of a shared group, R: ZKS_KEY_BYTES, borrowed; NULL: a paired one's */
    zks__slice descriptor; /* of the passphrase behind R; empty: there is none */
    zks__wire_list records; /* of zks__slice, lp(record): all of the group, the new MEMBER too */
    zks__wire_list secrets; /* of zks__pair_secret_item: the epochs that the joiner may read */
    zks__wire_list relays;  /* of zks__pair_relay_item, in order of preference */
    zks__wire_list pins;    /* of zks__wire_hash: epochs that the inviter has adopted */
    zks__wire_list heads;   /* of zks__pair_head: the joiner's base of history */
} zks__pair_bundle;

typedef struct zks__pair_secret_item {
    uint8_t epoch[ZKS_RECORD_HASH_BYTES]; /* hash of the EPOCH record */
    uint8_t secret[ZKS_KEY_BYTES];
} zks__pair_secret_item;

typedef struct zks__pair_relay_item {
    uint8_t key[32];
    zks__slice address; /* as an app writes it, at most ZKS_SIZE_ADDRESS_MAX bytes */
} zks__pair_relay_item;

typedef struct zks__pair_head {
    uint8_t author[ZKS_DEVICE_ID_BYTES];
    uint8_t chain[ZKS_CHAIN_BYTES];
    uint64_t seq;
    uint8_t id[ZKS_ENTRY_ID_BYTES];
} zks__pair_head;

/* Each is read whole and checked: ZKS_E_TRUNCATED, ZKS_E_MALFORMED, ZKS_E_TOO_LARGE. */
ZKS_MUST_USE zks_status zks__pair_group_read(const uint8_t *data, size_t length,
                                             zks__pair_group *out);
ZKS_MUST_USE zks_status zks__pair_request_read(const uint8_t *data, size_t length,
                                               zks__pair_request *out);
ZKS_MUST_USE zks_status zks__pair_bundle_read(const uint8_t *data, size_t length,
                                              zks__pair_bundle *out);
/* The same of a shared group. ZKS_E_MALFORMED also: a descriptor that is none. */
ZKS_MUST_USE zks_status zks__pair_shared_read(const uint8_t *data, size_t length,
                                              zks__pair_bundle *out);
/* A writer without memory counts. The lists of a bundle are arrays of their items. */
void zks__pair_group_write(const zks__pair_group *g, zks__writer *w);
void zks__pair_request_write(const zks__pair_request *r, zks__writer *w);
void zks__pair_bundle_write(const zks__pair_bundle *b, zks__writer *w);
void zks__pair_shared_write(const zks__pair_bundle *b, zks__writer *w);
/* Take the next item off a list that was read or is to be written. false: the end. */
bool zks__pair_next_record(zks__wire_list *list, zks__slice *out);
bool zks__pair_next_secret(zks__wire_list *list, zks__pair_secret_item *out);
bool zks__pair_next_relay(zks__wire_list *list, zks__pair_relay_item *out);
bool zks__pair_next_pin(zks__wire_list *list, zks__wire_hash *out);
bool zks__pair_next_head(zks__wire_list *list, zks__pair_head *out);

#endif
