/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The records of one group: a grow-only set, the same at every relay and device, and the state that
 * follows from it (docs/SECURITY.md, section 4, has the rules and their reasons). Client and relay
 * use this same code. Pure; one owner thread.
 *
 * The set takes what is connected: a MEMBER by the root key or by a device that has a MEMBER here,
 * an EPOCH whose parent is here, and so on, whether or not it counts at the moment; so the state
 * depends on the set and the pins alone, never on the order in which records came. The state is
 * worked out when it is asked for and kept until the set changes; the memory for that is reserved
 * when a record is added, so that asking cannot fail.
 *
 * Shared groups have EPOCH 0 for ever, every MEMBER is issued by the root key, and a device can
 * only go by itself (LEAVE). EPOCH and GRANT are refused there with ZKS_E_UNSUPPORTED: the cure is
 * a paired group (ZKS_RECORDS_SHARED_TEXT).
 *
 * Limits (wire/limits.h), each ZKS_E_LIMIT: per issuer and signer, so that one member cannot use
 * up what the others need to remove it; the root key has a reserve in every total. An EPOCH above
 * the sibling limit is taken all the same when it comes with (or has) one of another signer on top
 * of it: else a member that is to be removed could fill the places at one relay and keep the branch
 * that removes it out. GRANTs refuse nothing: one for which there is no place is left out, since it
 * spares its device the wait for the next EPOCH, no more; and so is one whose device or signer is
 * no member in its EPOCH, which counts nowhere.
 *
 * Bytes (zks__records_set_bytes_max, ZKS_E_QUOTA_EXCEEDED): above the bound come in what removes
 * somebody, with all that comes in the same call, up to a quarter of the bound more, of which one
 * signer has an eighth; what root has signed, up to another quarter; and who leaves.
 */
#ifndef ZKS_RECORD_SET_H
#define ZKS_RECORD_SET_H

#include "record/record.h"

typedef struct zks__records zks__records;

#define ZKS_RECORDS_SHARED_TEXT                                           \
    "a group with a shared secret cannot remove devices or change keys; " \
    "make a paired group, or a new group with a new secret"

ZKS_MUST_USE zks_status zks__records_new(const uint8_t group_id[ZKS_GROUP_ID_BYTES],
                                         zks__records **out_set);
void zks__records_free(zks__records *s);
/* Live devices of a paired group; ZKS_EPOCH_DEVICES_MAX at first, relays set their limit. Only a
 * MEMBER of a device that is new here is refused above it. */
void zks__records_set_devices_max(zks__records *s, size_t max);
/* Bytes of all records; there is no bound at first, relays set theirs, before the first record. */
void zks__records_set_bytes_max(zks__records *s, uint64_t max);
uint64_t zks__records_bytes(const zks__records *s);

/* --- adding ---------------------------------------------------------------------- */

/*
 * Verifies and adds a copy. *out_added (may be NULL) is 0 when it was there already; a second LEAVE
 * of a device and a second GRANT of a signer for the same device and epoch count as there already,
 * and so does a GRANT that is left out.
 * ZKS_E_STATE: the GENESIS is missing. ZKS_E_NOT_MEMBER: who issued or signed it is not known here,
 * or may not. ZKS_E_UNKNOWN_EPOCH: the EPOCH that it builds on is not here. ZKS_E_LIMIT: too many;
 * ZKS_E_QUOTA_EXCEEDED: too many bytes.
 * ZKS_E_CONFLICT: another GENESIS or EPOCH 0 than the one that is there. ZKS_E_UNSUPPORTED: not in
 * a shared group. ZKS_E_WRONG_GROUP, ZKS_E_SUITE, the codes of zks__record_read; ZKS_E_NOMEM.
 */
ZKS_MUST_USE zks_status zks__records_add(zks__records *s, const uint8_t *data, size_t length,
                                         int *out_added);
/* All or nothing, in whatever order they come; GRANTs are put behind the others. */
ZKS_MUST_USE zks_status zks__records_add_all(zks__records *s, const zks__slice *records,
                                             size_t count, size_t *out_added);
/* The same for one that was accepted before and stored, in the order of zks__records_at: the limits
 * that depend on the others are not judged again, since a set is within them as a whole only. */
ZKS_MUST_USE zks_status zks__records_load(zks__records *s, const uint8_t *data, size_t length);
/* Takes back what arrived last, down to `count` records: to undo an addition that does not give
 * what it should. */
void zks__records_truncate(zks__records *s, size_t count);
/* An epoch that was adopted here before, by its hash, whether it is here already or not: it wins
 * where two devices removed each other. The owner keeps pins; a relay has none, so that all relays
 * agree. ZKS_E_NOMEM. */
ZKS_MUST_USE zks_status zks__records_pin(zks__records *s,
                                         const uint8_t epoch[ZKS_RECORD_HASH_BYTES]);
bool zks__records_pinned(const zks__records *s, const uint8_t epoch[ZKS_RECORD_HASH_BYTES]);

/* --- the set --------------------------------------------------------------------- */

size_t zks__records_count(const zks__records *s);
/* In the order they were added, in which they can be loaded again one by one; NULL past the end.
 * Valid until the record is taken back or the set is freed. */
const zks__record *zks__records_at(const zks__records *s, size_t i);
const zks__record *zks__records_find(const zks__records *s,
                                     const uint8_t hash[ZKS_RECORD_HASH_BYTES]);
const zks__record *zks__records_genesis(const zks__records *s);
/* Order-independent digest of the set: H(lp("0k-records-v1") hashes in ascending order); zeros when
 * it is empty. */
void zks__records_digest(const zks__records *s, uint8_t out[ZKS_RECORD_HASH_BYTES]);
/* Another number after every change of the set or the pins; never 0. */
uint64_t zks__records_generation(const zks__records *s);

/* --- the state ------------------------------------------------------------------- */

typedef struct zks__records_state {
    const zks__record *tip; /* NULL while EPOCH 0 is unknown */
    uint64_t generation;
    size_t members; /* zks__records_members */
    /* Two devices removed each other (or a longer ring) and neither was removed by anybody else:
     * a pin or the older signer decided, and only the root key can settle it. The EPOCH that was
     * kept and one that it beat; NULL: none. */
    const zks__record *fork_kept, *fork_lost;
} zks__records_state;
void zks__records_state_of(const zks__records *s, zks__records_state *out);

/* Of the tip epoch; NULL while it is unknown. ZKS_EPOCH_TAG_BYTES of its hash are the epoch_tag. */
const zks__record *zks__records_epoch(const zks__records *s);
/* The chain of epochs from number 0 to the tip; NULL past the tip. */
const zks__record *zks__records_epoch_at(const zks__records *s, uint32_t number);
/* An EPOCH of the set, in the chain or not, by the tag that blobs carry; NULL: unknown. */
const zks__record *zks__records_epoch_by_tag(const zks__records *s,
                                             const uint8_t tag[ZKS_EPOCH_TAG_BYTES]);
/* Whether the EPOCH is in the chain from 0 to the tip. */
bool zks__records_in_chain(const zks__records *s, const uint8_t epoch[ZKS_RECORD_HASH_BYTES]);
/* Whether it keeps the rules where it stands; one that does not never counts. */
bool zks__records_epoch_ok(const zks__records *s, const uint8_t epoch[ZKS_RECORD_HASH_BYTES]);

/* The member record of a device that may act now: a member, not denied, not left; NULL otherwise.
 * time_s judges not_after (inclusive), 0: do not judge. Of several records of one device that are
 * in effect the one that ends last counts, of those the one with most rights, then the lowest
 * hash. */
const zks__record *zks__records_member(const zks__records *s,
                                       const uint8_t device[ZKS_DEVICE_ID_BYTES], uint64_t time_s);
/* What it may do now: ZKS_RIGHT_* of all its records in effect; 0 also for no member. */
uint8_t zks__records_rights(const zks__records *s, const uint8_t device[ZKS_DEVICE_ID_BYTES]);
/* Whether a member may let others in: with ZKS_RIGHT_INVITE, and in a shared group, which has no
 * rights, always, since it can give the secret away in any case. */
bool zks__records_may_invite(const zks__records *s, const uint8_t device[ZKS_DEVICE_ID_BYTES]);
/* Devices that are members now, for "acknowledged by all"; not_after is not judged. */
size_t zks__records_members(const zks__records *s);
/* The i-th of them, oldest first: those that the tip lists in its order, then the others as the
 * next EPOCH would list them; the record as zks__records_member gives it. NULL past the end. */
const zks__record *zks__records_member_at(const zks__records *s, size_t i);
/* The newest MEMBER record known of a device, member or not; NULL: a stranger. */
const zks__record *zks__records_known(const zks__records *s,
                                      const uint8_t device[ZKS_DEVICE_ID_BYTES]);
/* Removed: by the chain, or by an EPOCH that lost against it while its signer is still in good
 * standing. */
bool zks__records_denied(const zks__records *s, const uint8_t device[ZKS_DEVICE_ID_BYTES]);
/* The i-th device that is denied or has left and that the chain has not removed yet: an ADMIN puts
 * it into the `removed` of a new EPOCH. NULL past the end. */
const uint8_t *zks__records_reissue(const zks__records *s, size_t i);
bool zks__records_left(const zks__records *s, const uint8_t device[ZKS_DEVICE_ID_BYTES]);
/* Denied, and not by its own wish: an ADMIN's EPOCH denies one that has left too. For what the
 * device is told. */
bool zks__records_revoked(const zks__records *s, const uint8_t device[ZKS_DEVICE_ID_BYTES]);
/* valid(device, epoch): it was a member at that EPOCH (in the chain or not), with the records known
 * now. */
bool zks__records_valid(const zks__records *s, const uint8_t device[ZKS_DEVICE_ID_BYTES],
                        const uint8_t epoch[ZKS_RECORD_HASH_BYTES]);
/* Removed by the chain before or at that EPOCH. */
bool zks__records_gone(const zks__records *s, const uint8_t device[ZKS_DEVICE_ID_BYTES],
                       const uint8_t epoch[ZKS_RECORD_HASH_BYTES]);
/* The i-th GRANT for a device in an EPOCH whose signer is valid there; NULL past the end. */
const zks__record *zks__records_grant(const zks__records *s,
                                      const uint8_t epoch[ZKS_RECORD_HASH_BYTES],
                                      const uint8_t device[ZKS_DEVICE_ID_BYTES], size_t i);
/* The i-th MEMBER record to list in an EPOCH on `parent` that removes `removed`: of all its members
 * but those, also whom a removed one let in; those that the parent lists first, in its order, then
 * the others by age: who let somebody in before whom it let in, those of one round by their keys.
 * NULL past the end, and for a parent that does not count. */
const zks__record *zks__records_next_listed(const zks__records *s,
                                            const uint8_t parent[ZKS_RECORD_HASH_BYTES],
                                            const uint8_t (*removed)[ZKS_DEVICE_ID_BYTES],
                                            size_t removed_count, size_t i);

#endif
