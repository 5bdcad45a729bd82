/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Argon2id with a descriptor. The text is the PHC string format without the hash; one set of
 * parameters has one text only (no leading zeros, base64 without padding or stray bits), so that
 * descriptors can be compared as texts.
 */
#include "crypto/crypto.h"

#include <sodium.h>
#include <stdio.h>

enum {
    MIB = 1024, /* in KiB */
    GIB = 1024 * MIB,
    MEMORY_MIN_2_PASSES = 19 * MIB, /* the pairs that OWASP's password storage page calls equal */
    MEMORY_MIN_1_PASS = 46 * MIB,
    MEMORY_MAX = 1 * GIB, /* a descriptor must not be able to exhaust a device */
    PASSES_MAX = 10,
    SALT_MIN = 16,
    SALT_MAX = 64,
    PASSPHRASE_MAX = 1024
};

static bool acceptable(const zks__argon2 *a)
{
    bool strong = (a->memory_kib >= MEMORY_MIN_2_PASSES && a->passes >= 2) ||
                  (a->memory_kib >= MEMORY_MIN_1_PASS && a->passes >= 1);
    return strong && a->memory_kib <= MEMORY_MAX && a->passes <= PASSES_MAX &&
           a->salt_length >= SALT_MIN && a->salt_length <= SALT_MAX;
}

/* Expects a text; the reader fails otherwise. */
static void expect(zks__reader *r, const char *text)
{
    size_t length = strlen(text);
    const uint8_t *p = zks__read_bytes(r, length);
    if (p && memcmp(p, text, length) != 0) {
        r->status = ZKS_E_MALFORMED;
    }
}

/* A decimal number below 10^9 without leading zeros. */
static uint32_t read_number(zks__reader *r)
{
    uint32_t v = 0;
    size_t digits = 0;
    while (r->left && *r->next >= '0' && *r->next <= '9' && digits < 9) {
        if (digits && v == 0) {
            break;
        }
        v = v * 10 + (uint32_t)(zks__read_u8(r) - '0');
        digits++;
    }
    if (!digits && !r->status) {
        r->status = ZKS_E_MALFORMED;
    }
    return v;
}

zks_status zks__crypto_argon2_parse(const char *text, size_t length, zks__argon2 *out)
{
    zks__argon2 a = {0};
    if (!text || length >= ZKS_ARGON2_TEXT_BYTES) {
        return ZKS_E_DESCRIPTOR;
    }
    zks__reader r = zks__reader_of(text, length);
    expect(&r, "$argon2id$v=19$m=");
    a.memory_kib = read_number(&r);
    expect(&r, ",t=");
    a.passes = read_number(&r);
    expect(&r, ",p=1$");
    if (r.status) {
        return ZKS_E_DESCRIPTOR;
    }
    const char *end = NULL;
    int bad = sodium_base642bin(a.salt, sizeof a.salt, (const char *)r.next, r.left, NULL,
                                &a.salt_length, &end, sodium_base64_VARIANT_ORIGINAL_NO_PADDING);
    if (bad || end != text + length || !acceptable(&a)) {
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
    char salt[sodium_base64_ENCODED_LEN(SALT_MAX, sodium_base64_VARIANT_ORIGINAL_NO_PADDING)];
    sodium_bin2base64(salt, sizeof salt, a->salt, a->salt_length,
                      sodium_base64_VARIANT_ORIGINAL_NO_PADDING);
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

zks_status zks__crypto_argon2_derive(const zks__argon2 *a, const char *passphrase, size_t length,
                                     uint8_t out_key[ZKS_KEY_BYTES])
{
    if (!acceptable(a)) {
        return ZKS_E_DESCRIPTOR;
    }
    if (!passphrase || length == 0 || length > PASSPHRASE_MAX) {
        return ZKS_E_PASSPHRASE;
    }
    uint8_t salt[crypto_pwhash_argon2id_SALTBYTES];
    if (a->salt_length == sizeof salt) {
        memcpy(salt, a->salt, sizeof salt);
    } else {
        (void)crypto_generichash_blake2b(salt, sizeof salt, a->salt, a->salt_length, NULL, 0);
    }
    uint8_t key[ZKS_KEY_BYTES];
    int bad = crypto_pwhash_argon2id(key, sizeof key, passphrase, length, salt, a->passes,
                                     (size_t)a->memory_kib * 1024,
                                     crypto_pwhash_argon2id_ALG_ARGON2ID13);
    if (!bad) {
        memcpy(out_key, key, sizeof key);
    }
    sodium_memzero(key, sizeof key);
    return bad ? ZKS_E_NOMEM : ZKS_OK;
}
