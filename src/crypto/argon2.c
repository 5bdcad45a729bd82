/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Argon2id with a descriptor: the PHC string format without the hash. */
#include "crypto/private.h"

#include <sodium.h>
#include <stdio.h>

enum {
    MIB = 1024, /* in KiB */
    GIB = 1024 * MIB,
    MEMORY_MIN_2_PASSES = 19 * MIB, /* the pairs that OWASP's password storage page calls equal */
    MEMORY_MIN_1_PASS = 46 * MIB,
    MEMORY_MAX = 1 * GIB, /* a descriptor must not be able to exhaust a device */
    PASSES_MAX = 10
};

static bool acceptable(const zks__argon2 *a)
{
    bool strong = (a->memory_kib >= MEMORY_MIN_2_PASSES && a->passes >= 2) ||
                  (a->memory_kib >= MEMORY_MIN_1_PASS && a->passes >= 1);
    return strong && a->memory_kib <= MEMORY_MAX && a->passes <= PASSES_MAX &&
           a->salt_length >= ZKS_PHC_SALT_MIN && a->salt_length <= ZKS_PHC_SALT_MAX;
}

zks_status zks__crypto_argon2_parse(const char *text, size_t length, zks__argon2 *out)
{
    zks__argon2 a = {0};
    if (!text || length >= ZKS_ARGON2_TEXT_BYTES) {
        return ZKS_E_DESCRIPTOR;
    }
    zks__reader r = zks__reader_of(text, length);
    zks__phc_expect(&r, "$argon2id$v=19$m=");
    a.memory_kib = zks__phc_number(&r);
    zks__phc_expect(&r, ",t=");
    a.passes = zks__phc_number(&r);
    zks__phc_expect(&r, ",p=1$");
    if (r.status) {
        return ZKS_E_DESCRIPTOR;
    }
    if (!zks__phc_salt(&r, a.salt, &a.salt_length) || !acceptable(&a)) {
        return ZKS_E_DESCRIPTOR;
    }
    *out = a;
    return ZKS_OK;
}

zks_status zks__crypto_argon2_format(const zks__argon2 *a, char out[ZKS_ARGON2_TEXT_BYTES])
{
    if (!acceptable(a)) {
        return ZKS_E_DESCRIPTOR;
    }
    char salt[ZKS_PHC_SALT_TEXT];
    zks__phc_write_salt(a->salt, a->salt_length, salt);
    (void)snprintf(out, ZKS_ARGON2_TEXT_BYTES, "$argon2id$v=19$m=%u,t=%u,p=1$%s", a->memory_kib,
                   a->passes, salt);
    return ZKS_OK;
}

void zks__crypto_argon2_choose(uint64_t ram_bytes, zks__argon2 *out)
{
    const uint64_t gib = (uint64_t)1 << 30;
    if (ram_bytes < 4 * gib) {
        out->memory_kib = 19 * MIB;
        out->passes = 2;
    } else if (ram_bytes <= 8 * gib) {
        out->memory_kib = 46 * MIB;
        out->passes = 1;
    } else {
        out->memory_kib = 64 * MIB;
        out->passes = 3;
    }
}

#ifdef ZKS_WITH_SUITE1
void zks__argon2_salt(const uint8_t *salt, size_t length, uint8_t out[ZKS_SALT_BYTES])
{
    if (length == ZKS_SALT_BYTES) {
        memcpy(out, salt, ZKS_SALT_BYTES);
    } else {
        (void)crypto_generichash_blake2b(out, ZKS_SALT_BYTES, salt, length, NULL, 0);
    }
}
#endif

zks_status zks__crypto_argon2_derive(const zks__argon2 *a, const char *passphrase, size_t length,
                                     uint8_t out_key[ZKS_KEY_BYTES])
{
    if (!acceptable(a)) {
        return ZKS_E_DESCRIPTOR;
    }
    if (!passphrase || length == 0 || length > ZKS_PASSPHRASE_MAX) {
        return ZKS_E_PASSPHRASE;
    }
#ifdef ZKS_WITH_SUITE1
    uint8_t salt[crypto_pwhash_argon2id_SALTBYTES];
    zks__argon2_salt(a->salt, a->salt_length, salt);
    uint8_t key[ZKS_KEY_BYTES];
    int bad = crypto_pwhash_argon2id(key, sizeof key, passphrase, length, salt, a->passes,
                                     (size_t)a->memory_kib * 1024,
                                     crypto_pwhash_argon2id_ALG_ARGON2ID13);
    if (!bad) {
        memcpy(out_key, key, sizeof key);
    }
    sodium_memzero(key, sizeof key);
    return bad ? ZKS_E_NOMEM : ZKS_OK;
#else
    (void)out_key;
    return ZKS_E_SUITE;
#endif
}
