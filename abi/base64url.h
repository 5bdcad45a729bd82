/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* base64url without padding (RFC 4648, section 5), strict: one text for each byte string. Pure. */
#ifndef ZKS_ABI_BASE64URL_H
#define ZKS_ABI_BASE64URL_H

#include "base/status.h"

/* Characters for so many bytes, without a NUL. */
size_t zks__base64url_size(size_t length);
/* Writes zks__base64url_size(length) characters, no NUL. */
void zks__base64url_write(const uint8_t *data, size_t length, char *out);
/* Reads `length` characters; out holds length / 4 * 3 + 2 bytes. ZKS_E_MALFORMED: another
 * character, an impossible length, or left-over bits that are not 0. */
ZKS_MUST_USE zks_status zks__base64url_read(const char *text, size_t length, uint8_t *out,
                                            size_t *out_length);

#endif
