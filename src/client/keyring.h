/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Keys at rest (docs/SECURITY.md, section 2). A random 32-byte K_store wraps every secret of a
 * store; K_store itself is wrapped by
 *
 *   NONE        nothing: it stands in the file as it is, and the file's mode (0600) is all there is
 *   BYTES       HKDF(the app's 32 bytes, "store-key"): for keychains
 *   PASSPHRASE  HKDF(Argon2id(passphrase, descriptor), "store-key"); the descriptor is in the file
 *
 * so that changing the passphrase wraps 32 bytes anew and nothing else. Wrapping is the suite's
 * AEAD under a random nonce; the associated data is
 *
 *   secret   lp("0k-store-secret-v1") suite kind lp(group_id, or nothing for the device) lp(name)
 *   K_store  lp("0k-store-key-v1") suite kind lp(descriptor)
 *
 * so that no wrapped secret passes for another one. The store keeps bytes (store/store.h); all
 * cryptography of it is here.
 *
 * Storage thread, but zks__master_key_derive (blocks: a worker).
 */
#ifndef ZKS_CLIENT_KEYRING_H
#define ZKS_CLIENT_KEYRING_H

#include "client/vault.h"
#include "store/store.h"

typedef struct zks__keyring zks__keyring;

typedef enum zks__master_kind {
    ZKS_MASTER_NONE = 0, /* in the file: never renumbered; equal to zks.h's ZKS_STORE_KEY_* */
    ZKS_MASTER_BYTES = 1,
    ZKS_MASTER_PASSPHRASE = 2
} zks__master_kind;

/* What opens a store, ready for use. Secret. */
typedef struct zks__master_key {
    zks__master_kind kind;
    uint8_t key[ZKS_KEY_BYTES];            /* not of NONE */
    char descriptor[ZKS_DESCRIPTOR_BYTES]; /* of PASSPHRASE */
} zks__master_key;

/* Of 32 bytes. */
void zks__master_key_of_bytes(const uint8_t bytes[ZKS_KEY_BYTES], zks__master_key *out);
/* Of a passphrase with the descriptor that the store names. Blocks for 30 ms to seconds.
 * ZKS_E_PASSPHRASE, ZKS_E_DESCRIPTOR, ZKS_E_NOMEM. */
ZKS_MUST_USE zks_status zks__master_key_derive(const char *passphrase, size_t length,
                                               const char *descriptor, zks__master_key *out);
/* The descriptor with which a passphrase for this store is to be stretched: the one in the store,
 * or, where the store has none, a new one of that suite (0: the default) for a machine with so much
 * memory. */
ZKS_MUST_USE zks_status zks__keyring_descriptor(zks__store *store, uint8_t suite,
                                                uint64_t ram_bytes, const zks__rng *rng,
                                                char out[ZKS_DESCRIPTOR_BYTES]);
/* A new descriptor of a suite (0: the default) for a machine with so much memory. */
ZKS_MUST_USE zks_status zks__keyring_new_descriptor(uint8_t suite, uint64_t ram_bytes,
                                                    const zks__rng *rng,
                                                    char out[ZKS_DESCRIPTOR_BYTES]);

/*
 * Outside a transaction. Opens the secrets of a store. One that has none yet gets a device seed;
 * secrets of format 1 are wrapped; both under `key`, in one commit, after which the file keeps no
 * trace of what was in clear. ZKS_E_STORE_KEY: the key is wrong, missing, or given for a store that
 * is not protected by one; nothing was changed, and *out_text says which. ZKS_E_SUITE: made by a
 * build with another suite.
 */
ZKS_MUST_USE zks_status zks__keyring_open(zks__vault *vault, zks__store *store,
                                          const zks__master_key *key, const zks__rng *rng,
                                          const char **out_text, zks__keyring **out_keyring);
/* Whether `key` opens the store too: for a second client of an open store. ZKS_E_STORE_KEY. */
ZKS_MUST_USE zks_status zks__keyring_check(const zks__keyring *k, const zks__master_key *key,
                                           const char **out_text);
/* Outside a transaction: one commit, after which the file keeps no trace of the old wrapping. What
 * fails has changed nothing. */
ZKS_MUST_USE zks_status zks__keyring_change(zks__keyring *k, const zks__master_key *key);
/* NULL is fine. Before its store is closed. */
void zks__keyring_free(zks__keyring *k);

/* In a transaction. group_id NULL with g 0: of the device; name NULL: none. */
ZKS_MUST_USE zks_status zks__keyring_put(zks__keyring *k, uint32_t g,
                                         const uint8_t group_id[ZKS_GROUP_ID_BYTES],
                                         zks__store_secret_kind kind, const uint8_t name[32],
                                         const uint8_t secret[ZKS_STORE_SECRET_BYTES]);
/* ZKS_E_NOT_FOUND; ZKS_E_STORE_CORRUPT: it does not open, so it was changed or moved. */
ZKS_MUST_USE zks_status zks__keyring_get(const zks__keyring *k, uint32_t g,
                                         const uint8_t group_id[ZKS_GROUP_ID_BYTES],
                                         zks__store_secret_kind kind, const uint8_t name[32],
                                         uint8_t out_secret[ZKS_STORE_SECRET_BYTES]);

/* In a transaction of zks__store_begin_secret, so that the file keeps no trace of it. None is fine.
 */
ZKS_MUST_USE zks_status zks__keyring_drop(zks__keyring *k, uint32_t g, zks__store_secret_kind kind,
                                          const uint8_t name[32]);

#endif
