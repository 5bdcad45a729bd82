/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* For the builds with one suite: every call of crypto.h, so that each must be there to link. Header
 * only. */
#ifndef ZKS_TESTS_CRYPTO_ONLY_H
#define ZKS_TESTS_CRYPTO_ONLY_H

#include "crypto/crypto.h"

typedef void (*only_call)(void);

#define ONLY(name) (only_call)(name)
static const only_call only_calls[] = {
    ONLY(zks__crypto_init),
    ONLY(zks__crypto_start),
    ONLY(zks__crypto_report_get),
    ONLY(zks__crypto_rng),
    ONLY(zks__crypto_suite),
    ONLY(zks__crypto_suite_check),
    ONLY(zks__crypto_suite_default),
    ONLY(zks__crypto_sha256),
    ONLY(zks__crypto_sha256_two),
    ONLY(zks__crypto_extract),
    ONLY(zks__crypto_expand),
    ONLY(zks__crypto_hmac),
    ONLY(zks__crypto_sign_key),
    ONLY(zks__crypto_sign),
    ONLY(zks__crypto_verify),
    ONLY(zks__crypto_kem_public),
    ONLY(zks__crypto_kem_enc),
    ONLY(zks__crypto_kem_dec),
    ONLY(zks__crypto_descriptor_suite),
    ONLY(zks__crypto_descriptor_check),
    ONLY(zks__crypto_descriptor_new),
    ONLY(zks__crypto_descriptor_of_salt),
    ONLY(zks__crypto_descriptor_derive),
    ONLY(zks__crypto_argon2_parse),
    ONLY(zks__crypto_argon2_format),
    ONLY(zks__crypto_argon2_choose),
    ONLY(zks__crypto_argon2_derive),
    ONLY(zks__crypto_pbkdf2_parse),
    ONLY(zks__crypto_pbkdf2_format),
    ONLY(zks__crypto_pbkdf2_derive),
    ONLY(zks__arena_new),
    ONLY(zks__arena_free),
    ONLY(zks__arena_alloc),
    ONLY(zks__arena_release),
};
#undef ONLY

#define ONLY_CALLS (sizeof only_calls / sizeof only_calls[0])

#define ONLY_ARGON2 "$argon2id$v=19$m=19456,t=2,p=1$AAECAwQFBgcICQoLDA0ODw"
#define ONLY_PBKDF2 "$pbkdf2-sha256$i=600000$AAECAwQFBgcICQoLDA0ODw"

#endif
