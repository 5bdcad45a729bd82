/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The relay's identity: a 32-byte Ed25519 seed in a file (0600), as one line of hexadecimal
 * digits. Losing it changes the relay's address, and clients that pinned the old key refuse the
 * new one. */
#ifndef ZKS_RELAY_CORE_KEY_H
#define ZKS_RELAY_CORE_KEY_H

#include "base/env.h"

enum { ZKS_RELAY_SEED_BYTES = 32 };

/* Reads the key, or makes it when there is no such file: durable before it is used.
 * ZKS_E_CONFIG_FILE (not a key file, or readable by others), ZKS_E_STORE_PATH,
 * ZKS_E_STORE_READONLY, ZKS_E_STORE_FULL, ZKS_E_STORE_IO: errno says why. */
ZKS_MUST_USE zks_status zks__relay_key_load(const char *path, const zks__rng *rng,
                                            uint8_t out_seed[ZKS_RELAY_SEED_BYTES]);

#endif
