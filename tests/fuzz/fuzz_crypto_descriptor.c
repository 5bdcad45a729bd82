/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A descriptor of either suite: whatever is accepted is within the range and is written back the
 * same. */
#include "crypto/crypto.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_argon2(const uint8_t *data, size_t size)
{
    zks__argon2 a;
    char text[ZKS_ARGON2_TEXT_BYTES];
    if (zks__crypto_argon2_parse((const char *)data, size, &a)) {
        return;
    }
    if (a.memory_kib < 19456 || a.memory_kib > 1048576 || a.passes < 1 || a.passes > 10 ||
        a.salt_length < 16 || a.salt_length > sizeof a.salt) {
        abort();
    }
    if (zks__crypto_argon2_format(&a, text) || strlen(text) != size ||
        memcmp(text, data, size) != 0) {
        abort();
    }
}

static void check_pbkdf2(const uint8_t *data, size_t size)
{
    zks__pbkdf2 p;
    char text[ZKS_DESCRIPTOR_BYTES];
    if (zks__crypto_pbkdf2_parse((const char *)data, size, &p)) {
        return;
    }
    if (p.iterations < 600000 || p.iterations > 10000000 || p.salt_length < 16 ||
        p.salt_length > sizeof p.salt) {
        abort();
    }
    if (zks__crypto_pbkdf2_format(&p, text) || strlen(text) != size ||
        memcmp(text, data, size) != 0) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t salt[ZKS_DESCRIPTOR_SALT_MAX_BYTES];
    size_t salt_length = 0;
    if (zks__crypto_init()) {
        return 0;
    }
    check_argon2(data, size);
    check_pbkdf2(data, size);
    if (!zks__crypto_descriptor_check((const char *)data, size, salt, &salt_length) &&
        (salt_length < 16 || salt_length > sizeof salt)) {
        abort();
    }
    return 0;
}
