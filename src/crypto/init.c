/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "crypto/crypto.h"

#include <sodium.h>

zks_status zks__crypto_init(void)
{
    /* 0 the first time, 1 afterwards; it takes a lock of its own. */
    return sodium_init() < 0 ? ZKS_E_SYSTEM : ZKS_OK;
}

static void fill(void *out, size_t length, void *user)
{
    (void)user;
    randombytes_buf(out, length);
}

zks__rng zks__crypto_rng(void)
{
    return (zks__rng){.fill = fill};
}
