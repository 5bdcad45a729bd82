/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "crypto/crypto.h"

#include <sodium.h>

void zks__crypto_salt(const uint8_t *salt, size_t length, uint8_t out[ZKS_SALT_BYTES])
{
    if (length == ZKS_SALT_BYTES) {
        memcpy(out, salt, ZKS_SALT_BYTES);
    } else {
        (void)crypto_generichash_blake2b(out, ZKS_SALT_BYTES, salt, length, NULL, 0);
    }
}
