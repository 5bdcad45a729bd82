/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Descriptors of all suites behind one set of calls. */
#include "crypto/private.h"

enum { BARE_MEMORY_KIB = 64 * 1024, BARE_PASSES = 3, NEW_SALT_BYTES = 16 };

_Static_assert((int)ZKS_ARGON2_TEXT_BYTES <= (int)ZKS_DESCRIPTOR_BYTES, "one buffer for all kinds");
_Static_assert((int)ZKS_PHC_SALT_MAX == (int)ZKS_DESCRIPTOR_SALT_MAX_BYTES, "salt");

/* One descriptor that was read. */
typedef struct descriptor {
    uint8_t suite;
    zks__argon2 argon2;
    zks__pbkdf2 pbkdf2;
} descriptor;

static bool begins(const char *text, size_t length, const char *start)
{
    return text && length >= strlen(start) && memcmp(text, start, strlen(start)) == 0;
}

uint8_t zks__crypto_descriptor_suite(const char *text, size_t length)
{
    if (begins(text, length, "$argon2id$")) {
        return ZKS_SUITE_SODIUM;
    }
    return begins(text, length, "$pbkdf2-") ? ZKS_SUITE_APPROVED : 0;
}

static zks_status read_descriptor(const char *text, size_t length, descriptor *out)
{
    out->suite = zks__crypto_descriptor_suite(text, length);
    if (!out->suite) {
        return ZKS_E_DESCRIPTOR;
    }
    zks_status status = out->suite == ZKS_SUITE_SODIUM
                            ? zks__crypto_argon2_parse(text, length, &out->argon2)
                            : zks__crypto_pbkdf2_parse(text, length, &out->pbkdf2);
    return status ? status : zks__crypto_suite_check(out->suite);
}

zks_status zks__crypto_descriptor_check(const char *text, size_t length,
                                        uint8_t out_salt[ZKS_DESCRIPTOR_SALT_MAX_BYTES],
                                        size_t *out_length)
{
    descriptor d;
    zks_status status = read_descriptor(text, length, &d);
    if (!status && out_salt) {
        bool argon2 = d.suite == ZKS_SUITE_SODIUM;
        *out_length = argon2 ? d.argon2.salt_length : d.pbkdf2.salt_length;
        memcpy(out_salt, argon2 ? d.argon2.salt : d.pbkdf2.salt, *out_length);
    }
    return status;
}

zks_status zks__crypto_descriptor_new(uint8_t suite, uint64_t ram_bytes, const uint8_t salt[16],
                                      char out[ZKS_DESCRIPTOR_BYTES])
{
    zks_status status = zks__crypto_suite_check(suite);
    if (status) {
        return status;
    }
    if (suite == ZKS_SUITE_APPROVED) {
        return zks__crypto_descriptor_of_salt(suite, salt, NEW_SALT_BYTES, out);
    }
    zks__argon2 a = {.salt_length = NEW_SALT_BYTES};
    zks__crypto_argon2_choose(ram_bytes, &a);
    memcpy(a.salt, salt, NEW_SALT_BYTES);
    return zks__crypto_argon2_format(&a, out);
}

zks_status zks__crypto_descriptor_of_salt(uint8_t suite, const uint8_t *salt, size_t length,
                                          char out[ZKS_DESCRIPTOR_BYTES])
{
    zks_status status = zks__crypto_suite_check(suite);
    if (status) {
        return status;
    }
#ifdef ZKS_WITH_SUITE1
    if (suite == ZKS_SUITE_SODIUM) {
        zks__argon2 a = {
            .memory_kib = BARE_MEMORY_KIB, .passes = BARE_PASSES, .salt_length = ZKS_SALT_BYTES};
        zks__argon2_salt(salt, length, a.salt);
        return zks__crypto_argon2_format(&a, out);
    }
#endif
    zks__pbkdf2 p = {.iterations = ZKS_PBKDF2_ITERATIONS, .salt_length = length};
    if (length >= ZKS_PHC_SALT_MIN && length <= ZKS_PHC_SALT_MAX) {
        memcpy(p.salt, salt, length);
    } else {
        zks__crypto_sha256(salt, length, p.salt);
        p.salt_length = 32;
    }
    return zks__crypto_pbkdf2_format(&p, out);
}

zks_status zks__crypto_descriptor_derive(const char *text, size_t length, const char *passphrase,
                                         size_t passphrase_length, uint8_t out_key[ZKS_KEY_BYTES])
{
    descriptor d;
    zks_status status = read_descriptor(text, length, &d);
    if (status) {
        return status;
    }
    return d.suite == ZKS_SUITE_SODIUM
               ? zks__crypto_argon2_derive(&d.argon2, passphrase, passphrase_length, out_key)
               : zks__crypto_pbkdf2_derive(&d.pbkdf2, passphrase, passphrase_length, out_key);
}
