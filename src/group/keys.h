/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The key tree of docs/SECURITY.md, section 2. Pure: seeds in, keys out. The structures live in
 * secret memory (zks__arena) and are wiped by their owner.
 */
#ifndef ZKS_GROUP_KEYS_H
#define ZKS_GROUP_KEYS_H

#include "crypto/crypto.h"
#include "record/record.h"

/* What follows from the group seed R: only holders of a shared secret have it. The suite must be
 * one of this build (zks__crypto_suite). */
typedef struct zks__group_root {
    uint8_t suite, mode;
    zks__sign_key root;
    uint8_t recovery_public[ZKS_SEAL_PUBLIC_MAX_BYTES]; /* the suite's size of it */
    uint8_t epoch0_secret[ZKS_KEY_BYTES];               /* E_0 of a shared group */
    uint8_t group_id[ZKS_GROUP_ID_BYTES];
} zks__group_root;
void zks__group_root_derive(uint8_t suite, uint8_t mode, const uint8_t seed[ZKS_KEY_BYTES],
                            zks__group_root *out);
/* The seed of the recovery key, HKDF(R, "seal"). */
void zks__group_recovery_seed(const uint8_t group_seed[ZKS_KEY_BYTES],
                              uint8_t out[ZKS_SEAL_SEED_BYTES]);

/* A device's keys for one group: HKDF(device_seed, lp(purpose) lp(group_id) lp(instance)), purpose
 * being "device-sign", "device-noise-dh", "device-noise-kem" or "device-seal". */
typedef struct zks__device_keys {
    uint8_t sign_seed[ZKS_SIGN_SEED_BYTES]; /* also the TLS raw key's seed */
    zks__sign_key sign;                     /* its public half is the device id */
    uint8_t noise_dh_secret[32];
    uint8_t noise_kem_seed[ZKS_KEM_SEED_BYTES];
    uint8_t seal_seed[ZKS_SEAL_SEED_BYTES];
} zks__device_keys;
void zks__device_keys_derive(const uint8_t device_seed[ZKS_KEY_BYTES],
                             const uint8_t group_id[ZKS_GROUP_ID_BYTES],
                             const uint8_t instance[ZKS_INSTANCE_BYTES], zks__device_keys *out);

/* HKDF(E, "blob", group_id, epoch_tag, pusher). */
void zks__group_blob_key(const uint8_t epoch_secret[ZKS_KEY_BYTES],
                         const uint8_t group_id[ZKS_GROUP_ID_BYTES],
                         const uint8_t epoch_tag[ZKS_EPOCH_TAG_BYTES],
                         const uint8_t pusher[ZKS_DEVICE_ID_BYTES], uint8_t out[ZKS_KEY_BYTES]);

/* The three records that let a device of a shared group in, or the first one of a paired group:
 * GENESIS, EPOCH 0 and its MEMBER (of a paired group with all rights), made by itself. The first
 * two are the same bytes for every holder. `profile` is sealed already. Each out holds
 * ZKS_RECORD_BODY_MAX_BYTES. */
ZKS_MUST_USE zks_status zks__group_make_genesis(const zks__group_root *r, uint8_t *out, size_t size,
                                                size_t *out_length);
ZKS_MUST_USE zks_status zks__group_make_epoch0(const zks__group_root *r, uint8_t *out, size_t size,
                                               size_t *out_length);
ZKS_MUST_USE zks_status zks__group_make_member(const zks__group_root *r, const zks__device_keys *d,
                                               uint64_t not_after_s, zks__slice profile,
                                               uint8_t *out, size_t size, size_t *out_length);

/* The half of a MEMBER that a joining device makes (zks__record_make_member_body). */
ZKS_MUST_USE zks_status zks__group_make_member_body(uint8_t suite,
                                                    const uint8_t group_id[ZKS_GROUP_ID_BYTES],
                                                    const zks__device_keys *d, uint8_t rights,
                                                    uint64_t not_after_s, uint8_t *out, size_t size,
                                                    size_t *out_length);

/* The device name, sealed for the group's members with HKDF(E, "profile", group_id, device) and
 * padded to 64 bytes steps: nonce || AEAD(lp(name) zeros) bound to lp("0k-profile-v1") suite
 * group_id device. name: as base/name.h says, or empty, at most 128 bytes. ZKS_E_TOO_LARGE,
 * ZKS_E_INVALID;
 * open: ZKS_E_TRUNCATED, ZKS_E_TOO_LARGE, ZKS_E_DECRYPT, ZKS_E_MALFORMED. */
enum { ZKS_DEVICE_NAME_MAX_BYTES = 128 };
ZKS_MUST_USE zks_status zks__profile_seal(const zks__suite *suite,
                                          const uint8_t epoch_secret[ZKS_KEY_BYTES],
                                          const uint8_t group_id[ZKS_GROUP_ID_BYTES],
                                          const uint8_t device[ZKS_DEVICE_ID_BYTES],
                                          const uint8_t nonce[ZKS_NONCE_BYTES], const char *name,
                                          size_t name_length, uint8_t out[ZKS_PROFILE_MAX_BYTES],
                                          size_t *out_length);
ZKS_MUST_USE zks_status zks__profile_open(const zks__suite *suite,
                                          const uint8_t epoch_secret[ZKS_KEY_BYTES],
                                          const uint8_t group_id[ZKS_GROUP_ID_BYTES],
                                          const uint8_t device[ZKS_DEVICE_ID_BYTES],
                                          zks__slice profile,
                                          char out_name[ZKS_DEVICE_NAME_MAX_BYTES + 1]);

#endif
