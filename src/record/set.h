/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The records of one group: a grow-only set, the same at every relay and device, and the state that
 * follows from it. Client and relay use this same code. Pure; one owner thread.
 *
 * The rules state(), ok(), better() of docs/SECURITY.md come with the trust layer; for shared
 * groups they reduce to: epoch 0 for ever, and every MEMBER that the root key issued is a member.
 */
#ifndef ZKS_RECORD_SET_H
#define ZKS_RECORD_SET_H

#include "record/record.h"

typedef struct zks__records zks__records;

enum { ZKS_RECORDS_MEMBERS_MAX = 1024 /* MEMBER records kept of one group */ };

ZKS_MUST_USE zks_status zks__records_new(const uint8_t group_id[ZKS_GROUP_ID_BYTES],
                                         zks__records **out_set);
void zks__records_free(zks__records *s);
/*
 * Verifies and adds a copy. *out_added (may be NULL) is 0 when it was there already. A MEMBER or
 * EPOCH is refused with ZKS_E_STATE while the GENESIS is missing (offer records in any order with
 * add_all). ZKS_E_NOT_MEMBER: the issuer may not; ZKS_E_LIMIT: too many; ZKS_E_CONFLICT: another
 * GENESIS or EPOCH 0 than the one that is there; ZKS_E_UNSUPPORTED: a paired group (trust layer);
 * the codes of zks__record_read; ZKS_E_NOMEM.
 */
ZKS_MUST_USE zks_status zks__records_add(zks__records *s, const uint8_t *data, size_t length,
                                         int *out_added);
/* All or nothing, in whatever order they come. */
ZKS_MUST_USE zks_status zks__records_add_all(zks__records *s, const zks__slice *records,
                                             size_t count, size_t *out_added);
size_t zks__records_count(const zks__records *s);
/* In the order they were added; NULL past the end. Valid until the set is freed. */
const zks__record *zks__records_at(const zks__records *s, size_t i);
const zks__record *zks__records_find(const zks__records *s,
                                     const uint8_t hash[ZKS_RECORD_HASH_BYTES]);
/* The member record of a device that may act now; NULL: not a member. time_s judges not_after
 * (inclusive), 0: do not judge. Of several records of one device the one that ends last counts, of
 * those the one with the lowest hash, so that the order of arrival does not matter. */
const zks__record *zks__records_member(const zks__records *s,
                                       const uint8_t device[ZKS_DEVICE_ID_BYTES], uint64_t time_s);
/* Devices that are members, for "acknowledged by all"; not_after is not judged. */
size_t zks__records_members(const zks__records *s);
const zks__record *zks__records_genesis(const zks__records *s);
/* Of the tip epoch; NULL while it is unknown. ZKS_EPOCH_TAG_BYTES of its hash are the epoch_tag. */
const zks__record *zks__records_epoch(const zks__records *s);
/* Order-independent digest of the set: H(lp("0k-records-v1") hashes in ascending order); zeros when
 * it is empty. */
void zks__records_digest(const zks__records *s, uint8_t out[ZKS_RECORD_HASH_BYTES]);

#endif
