/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The secret memory of a runtime: where device keys, group roots, epoch secrets, the stores' keys
 * and passphrases in use stand. Arenas (crypto.h) of ZKS_VAULT_ARENA_BYTES, the first made with the
 * runtime, more as they fill up: guarded, locked into memory, left out of core dumps, wiped when
 * released. Where the system's limit (RLIMIT_MEMLOCK) does not allow locking, all the rest holds,
 * and the log says so once.
 *
 * Any thread. The vault lives as long as its runtime.
 */
#ifndef ZKS_CLIENT_VAULT_H
#define ZKS_CLIENT_VAULT_H

#include "base/log.h"
#include "crypto/crypto.h"

/*
 * An open client takes about 6 KiB (its ledger, its identity, a blob key of 104 bytes for each
 * device heard of). 48 KiB hold several, and fit with libsodium's own page below the 64 KiB that
 * systems allow at least to be locked.
 */
enum { ZKS_VAULT_ARENA_BYTES = 48 * 1024 };

typedef struct zks__vault zks__vault;

/* ZKS_E_NOMEM. */
ZKS_MUST_USE zks_status zks__vault_new(const zks__log *log, zks__vault **out_vault);
/* Every block must have been released. NULL is fine. */
void zks__vault_free(zks__vault *v);
/* Zeroed, 16-byte aligned; at most ZKS_VAULT_ARENA_BYTES. NULL: no memory. */
void *zks__vault_alloc(zks__vault *v, size_t size);
/* Wipes. size as allocated; NULL is fine. */
void zks__vault_release(zks__vault *v, void *block, size_t size);

#endif
