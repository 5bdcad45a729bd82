/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* An Argon2id descriptor: whatever is accepted is within the range and is written back the same. */
#include "crypto/crypto.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    zks__argon2 a;
    char text[ZKS_ARGON2_TEXT_BYTES];
    if (zks__crypto_init() || zks__crypto_argon2_parse((const char *)data, size, &a)) {
        return 0;
    }
    if (a.memory_kib < 19456 || a.memory_kib > 1048576 || a.passes < 1 || a.passes > 10 ||
        a.salt_length < 16 || a.salt_length > sizeof a.salt) {
        abort();
    }
    if (zks__crypto_argon2_format(&a, text) || strlen(text) != size ||
        memcmp(text, data, size) != 0) {
        abort();
    }
    return 0;
}
