/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* 32 bytes of a public key as addresses show them: base32 (RFC 4648) without padding, written in
 * lower case, read in either. Pure. */
#ifndef ZKS_BASE_BASE32_H
#define ZKS_BASE_BASE32_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ZKS_BASE32_KEY_CHARS = 52, ZKS_BASE32_KEY_BYTES = ZKS_BASE32_KEY_CHARS + 1 };

/* Writes the characters and a NUL. */
void zks__base32_key(const uint8_t key[32], char out[ZKS_BASE32_KEY_BYTES]);
/* false: not what zks__base32_key writes, up to case; out is undefined then. */
bool zks__base32_key_read(const char *text, size_t length, uint8_t out[32]);

#endif
