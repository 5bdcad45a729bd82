/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* SipHash-1-3 (Aumasson, Bernstein 2012), the short keyed hash made for hash tables; not for
 * anything that needs a MAC of cryptographic strength. Pure. */
#ifndef ZKS_BASE_SIPHASH_H
#define ZKS_BASE_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

uint64_t zks__siphash(const uint8_t key[16], const void *data, size_t length);

#endif
