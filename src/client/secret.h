/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The secret of a shared group as apps give it: a passphrase with a salt, or with the text of a
 * descriptor ("$argon2id$..." in suite 1, "$pbkdf2-sha256$..." in suite 2), which is told apart by
 * its beginning. Salt bytes mean fixed parameters (zks__crypto_descriptor_of_salt). Any thread.
 */
#ifndef ZKS_CLIENT_SECRET_H
#define ZKS_CLIENT_SECRET_H

#include "base/status.h"
#include "client/client.h"
#include "crypto/crypto.h"

enum { ZKS_CLIENT_SALT_MIN_BYTES = 8 };

/* The suite of a group: as chosen (0: not), else the descriptor's, else the build's default. */
uint8_t zks__client_suite(uint8_t suite, const uint8_t *salt, size_t salt_length);
/* Whether a suite can be used. ZKS_E_SUITE, ZKS_E_INTERNAL, ZKS_E_SYSTEM. */
ZKS_MUST_USE zks_status zks__client_suite_check(uint8_t suite);
/* Whether a salt or descriptor can be used. ZKS_E_SALT (shorter than 8 bytes), ZKS_E_DESCRIPTOR
 * (malformed, outside the accepted range, or of another suite than the chosen one), ZKS_E_SUITE. */
ZKS_MUST_USE zks_status zks__client_salt_check(uint8_t suite, const uint8_t *salt,
                                               size_t salt_length);
/*
 * Blocks for 30 ms to seconds: never on the loop thread. suite: as chosen, or 0. out_descriptor
 * (NULL: not wanted) is the text from which another device derives the same secret with the same
 * passphrase. ZKS_E_PASSPHRASE (empty or longer than 1,024 bytes), ZKS_E_SALT, ZKS_E_DESCRIPTOR,
 * ZKS_E_SUITE, ZKS_E_NOMEM, ZKS_E_SYSTEM (no source of randomness).
 */
ZKS_MUST_USE zks_status zks__client_secret_derive(uint8_t suite, const char *passphrase,
                                                  size_t length, const uint8_t *salt,
                                                  size_t salt_length,
                                                  uint8_t out_secret[ZKS_KEY_BYTES],
                                                  char out_descriptor[ZKS_DESCRIPTOR_BYTES]);
/* Secret memory of its own for what a configuration is given, which belongs to no runtime yet;
 * empty. NULL: no memory. */
zks__client_secrets *zks__client_secrets_new(void);
/* Wipes. NULL is fine. */
void zks__client_secrets_free(zks__client_secrets *secrets);
/* The id of the shared group that a secret makes in a suite. ZKS_E_SUITE, ZKS_E_INTERNAL. */
ZKS_MUST_USE zks_status zks__client_shared_group_id(uint8_t suite,
                                                    const uint8_t secret[ZKS_KEY_BYTES],
                                                    uint8_t out_group_id[32]);
/* The salt within a descriptor of that suite; out holds 64 bytes. ZKS_E_DESCRIPTOR. */
ZKS_MUST_USE zks_status zks__client_descriptor_salt(uint8_t suite, const char *descriptor,
                                                    uint8_t out_salt[64], size_t *out_length);
/* The first 4 bytes of H(lp("0k-invite-v4") payload): finds mistyped and cut invites.
 * ZKS_E_SUITE. */
ZKS_MUST_USE zks_status zks__client_invite_check(uint8_t suite, const void *payload, size_t length,
                                                 uint8_t out[4]);

#endif
