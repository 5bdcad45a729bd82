/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The secret of a shared group as apps give it: a passphrase with a salt, or with the text of an
 * Argon2id descriptor ("$argon2id$..."), which is told apart by its beginning. Salt bytes mean
 * 64 MiB and 3 passes. Any thread.
 */
#ifndef ZKS_CLIENT_SECRET_H
#define ZKS_CLIENT_SECRET_H

#include "base/status.h"
#include "client/client.h"
#include "crypto/crypto.h"

enum { ZKS_CLIENT_SALT_MIN_BYTES = 8 };

/* Whether a salt or descriptor can be used. ZKS_E_SALT (shorter than 8 bytes), ZKS_E_DESCRIPTOR
 * (malformed, or outside the range of zks__crypto_argon2_parse). */
ZKS_MUST_USE zks_status zks__client_salt_check(const uint8_t *salt, size_t salt_length);
/*
 * Blocks for 30 ms to seconds: never on the loop thread. out_descriptor (NULL: not wanted) is the
 * text from which another device derives the same secret with the same passphrase.
 * ZKS_E_PASSPHRASE (empty or longer than 1,024 bytes), ZKS_E_SALT, ZKS_E_DESCRIPTOR, ZKS_E_NOMEM,
 * ZKS_E_SYSTEM (no source of randomness).
 */
ZKS_MUST_USE zks_status zks__client_secret_derive(const char *passphrase, size_t length,
                                                  const uint8_t *salt, size_t salt_length,
                                                  uint8_t out_secret[ZKS_KEY_BYTES],
                                                  char out_descriptor[ZKS_ARGON2_TEXT_BYTES]);
/* Secret memory of its own for what a configuration is given, which belongs to no runtime yet;
 * empty. NULL: no memory. */
zks__client_secrets *zks__client_secrets_new(void);
/* Wipes. NULL is fine. */
void zks__client_secrets_free(zks__client_secrets *secrets);
/* The id of the shared group that a secret makes. */
void zks__client_shared_group_id(const uint8_t secret[ZKS_KEY_BYTES], uint8_t out_group_id[32]);
/* The salt within a descriptor; out holds 64 bytes. ZKS_E_DESCRIPTOR. */
ZKS_MUST_USE zks_status zks__client_descriptor_salt(const char *descriptor, uint8_t out_salt[64],
                                                    size_t *out_length);
/* The first 4 bytes of BLAKE2b-256(lp("0k-invite-v3") payload): finds mistyped and cut invites. */
void zks__client_invite_check(const void *payload, size_t length, uint8_t out[4]);

#endif
