/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Epoch secrets (docs/SECURITY.md, sections 2 and 4): how the secret E of an epoch reaches the
 * devices that it lists, the recovery key, and, by GRANT, those that it does not list. Pure: the
 * secret and all randomness are arguments. Any thread. Secrets belong to the caller, who wipes
 * them.
 *
 *   commit = HKDF(E, "commit", group, n, parent)            n: 4 bytes, little-endian
 *   key i  = ciphertext of the suite's KEM to the device's sealing key
 *            AEAD(key HKDF(ss, "epoch", group, n, parent, device_i), nonce zeros, E)
 *            the last one is for the recovery key, with the root key as device
 *   wrap   = AEAD(key HKDF(E, "wrap", group, n, parent), nonce zeros, parent's E)
 *   sealed = nonce AEAD(key HKDF(E, "note", group, n, parent), note padded to steps of 256)
 *   GRANT  = the same as a key, with "grant" for "epoch" and the EPOCH's hash as one more part
 *
 * Each of these keys seals one text only, hence the zero nonces; the note may be sealed again with
 * other contents, hence its nonce is random. All are bound by associated data to the place where
 * they stand. Whoever opens an E checks the commit, so that all members that open an EPOCH at all
 * have the same secret.
 */
#ifndef ZKS_GROUP_EPOCH_H
#define ZKS_GROUP_EPOCH_H

#include "group/keys.h"

/* Why a device was removed, and how far its history counts. */
typedef enum zks__removal_reason {
    ZKS_REMOVAL_UNSPECIFIED = 0,
    ZKS_REMOVAL_LOST = 1,
    ZKS_REMOVAL_REPLACED = 2,
    ZKS_REMOVAL_LEFT = 3,
    ZKS_REMOVAL_REISSUED = 4 /* a losing EPOCH had removed it */
} zks__removal_reason;

/* The last entry of a removed device's chain that its remover vouches for. */
typedef struct zks__cutoff {
    uint8_t author[ZKS_DEVICE_ID_BYTES];
    uint8_t chain[ZKS_CHAIN_BYTES];
    uint64_t seq;
    uint8_t id[ZKS_ENTRY_ID_BYTES];
} zks__cutoff;

enum {
    ZKS_CUTOFFS_MAX = 64,
    /* Random bytes of an EPOCH: its note's nonce, then for each key the suite's sealing. */
    ZKS_EPOCH_RANDOM_MAX_BYTES = ZKS_NONCE_BYTES +
                                 (ZKS_EPOCH_DEVICES_MAX + 1) * ZKS_SEAL_RANDOM_BYTES
};

/* What was sealed with an EPOCH. */
typedef struct zks__epoch_note {
    size_t reason_count; /* as many as the EPOCH removes, in its order */
    uint8_t reasons[ZKS_EPOCH_DEVICES_MAX];
    size_t cutoff_count;
    zks__cutoff cutoffs[ZKS_CUTOFFS_MAX];
} zks__epoch_note;

/* An EPOCH to be made on `parent` (its record). */
typedef struct zks__epoch_plan {
    const zks__record *genesis;
    const zks__record *parent;
    const uint8_t *parent_secret;     /* ZKS_KEY_BYTES */
    const uint8_t *secret;            /* E: ZKS_KEY_BYTES of fresh randomness */
    const zks__record *const *listed; /* MEMBER records, in the order of zks__records_next_listed */
    size_t listed_count;
    const uint8_t (*removed)[ZKS_DEVICE_ID_BYTES]; /* ascending */
    size_t removed_count;
    const zks__epoch_note *note;
    const uint8_t *random; /* ZKS_NONCE_BYTES + (listed_count + 1) * ZKS_SEAL_RANDOM_BYTES */
} zks__epoch_plan;

/* HKDF(E, "commit", group, n, parent). */
void zks__epoch_commit(const uint8_t secret[ZKS_KEY_BYTES],
                       const uint8_t group_id[ZKS_GROUP_ID_BYTES], uint32_t number,
                       const uint8_t parent[ZKS_RECORD_HASH_BYTES], uint8_t out[32]);
/* Makes and signs the record. out holds `size` bytes, ZKS_RECORD_BODY_MAX_BYTES always suffice.
 * ZKS_E_INVALID: the plan contradicts itself (too many devices, not ascending, a note of another
 * size); ZKS_E_MALFORMED: a device's sealing key is not one; ZKS_E_NOMEM, ZKS_E_TOO_LARGE. */
ZKS_MUST_USE zks_status zks__epoch_make(const zks__epoch_plan *plan, const zks__sign_key *signer,
                                        uint8_t *out, size_t size, size_t *out_length);

/* The secret of an EPOCH for a device that it lists; listed_at is its place in `listed`, the caller
 * finds it. ZKS_E_DECRYPT: not for this key, or tampered with, or not what the EPOCH commits to;
 * ZKS_E_NOT_FOUND: nothing stands there. */
ZKS_MUST_USE zks_status zks__epoch_open(const zks__record *epoch, size_t listed_at,
                                        const uint8_t device[ZKS_DEVICE_ID_BYTES],
                                        const uint8_t seal_seed[ZKS_SEAL_SEED_BYTES],
                                        uint8_t out_secret[ZKS_KEY_BYTES]);
/* The same with the recovery key, which follows from the group seed. */
ZKS_MUST_USE zks_status zks__epoch_recover(const zks__record *epoch, const zks__record *genesis,
                                           const uint8_t recovery_seed[ZKS_SEAL_SEED_BYTES],
                                           uint8_t out_secret[ZKS_KEY_BYTES]);
/* The parent's secret from this one's: members read back to EPOCH 0. parent checks the commit.
 * ZKS_E_DECRYPT, ZKS_E_NOT_FOUND (number 0, or another parent). */
ZKS_MUST_USE zks_status zks__epoch_unwrap(const zks__record *epoch,
                                          const uint8_t secret[ZKS_KEY_BYTES],
                                          const zks__record *parent,
                                          uint8_t out_parent_secret[ZKS_KEY_BYTES]);
/* ZKS_E_DECRYPT, ZKS_E_MALFORMED, ZKS_E_NOT_FOUND (number 0). */
ZKS_MUST_USE zks_status zks__epoch_read_note(const zks__record *epoch,
                                             const uint8_t secret[ZKS_KEY_BYTES],
                                             zks__epoch_note *out_note);

/* The note alone, opened: its text must say why so many devices are removed. ZKS_E_MALFORMED. */
ZKS_MUST_USE zks_status zks__epoch_note_parse(const uint8_t *text, size_t length, size_t reasons,
                                              zks__epoch_note *out_note);

/* A GRANT of the secret of `epoch` to the device of a MEMBER record. ZKS_E_MALFORMED: its sealing
 * key is not one. */
ZKS_MUST_USE zks_status zks__grant_make(const zks__record *epoch,
                                        const uint8_t secret[ZKS_KEY_BYTES],
                                        const zks__record *member, const zks__sign_key *signer,
                                        const uint8_t random[ZKS_SEAL_RANDOM_BYTES], uint8_t *out,
                                        size_t size, size_t *out_length);
/* ZKS_E_DECRYPT as zks__epoch_open; ZKS_E_UNKNOWN_EPOCH: for another epoch. */
ZKS_MUST_USE zks_status zks__grant_open(const zks__record *grant, const zks__record *epoch,
                                        const uint8_t seal_seed[ZKS_SEAL_SEED_BYTES],
                                        uint8_t out_secret[ZKS_KEY_BYTES]);

#endif
