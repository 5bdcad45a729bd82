/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A recovery code: what is accepted gives the same code again, what is refused touches nothing. */
#include "group/recovery.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t suite = 0, seed[ZKS_KEY_BYTES] = {0}, again[ZKS_KEY_BYTES];
    static const uint8_t untouched[ZKS_KEY_BYTES];
    size_t word = 0;
    if (zks__crypto_init()) {
        abort();
    }
    if (zks__recovery_parse((const char *)data, size, &suite, seed, &word)) {
        if (suite || memcmp(seed, untouched, sizeof seed) != 0) {
            abort();
        }
        return 0;
    }
    char text[ZKS_RECOVERY_TEXT_BYTES];
    zks__recovery_format(suite, seed, text);
    if (zks__recovery_parse(text, strlen(text), &suite, again, &word) ||
        memcmp(seed, again, sizeof seed) != 0) {
        abort();
    }
    return 0;
}
