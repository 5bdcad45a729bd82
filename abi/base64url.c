/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "abi/base64url.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

size_t zks__base64url_size(size_t length)
{
    return length / 3 * 4 + (length % 3 ? length % 3 + 1 : 0);
}

void zks__base64url_write(const uint8_t *data, size_t length, char *out)
{
    uint32_t bits = 0;
    unsigned count = 0; /* of bits waiting */
    for (size_t i = 0; i < length; i++) {
        bits = bits << 8 | data[i];
        for (count += 8; count >= 6; count -= 6) {
            *out++ = alphabet[bits >> (count - 6) & 63];
        }
    }
    if (count) {
        *out = alphabet[bits << (6 - count) & 63];
    }
}

/* 0..63, or -1. The text holds a secret: no table whose cache lines would depend on it. */
static int value_of(char c)
{
    if (c >= 'A' && c <= 'Z') {
        return c - 'A';
    }
    if (c >= 'a' && c <= 'z') {
        return c - 'a' + 26;
    }
    if (c >= '0' && c <= '9') {
        return c - '0' + 52;
    }
    return c == '-' ? 62 : c == '_' ? 63 : -1;
}

zks_status zks__base64url_read(const char *text, size_t length, uint8_t *out, size_t *out_length)
{
    uint32_t bits = 0;
    unsigned count = 0;
    size_t written = 0;
    if (length % 4 == 1) {
        return ZKS_E_MALFORMED;
    }
    for (size_t i = 0; i < length; i++) {
        int v = value_of(text[i]);
        if (v < 0) {
            return ZKS_E_MALFORMED;
        }
        bits = bits << 6 | (uint32_t)v;
        count += 6;
        if (count >= 8) {
            count -= 8;
            out[written++] = (uint8_t)(bits >> count);
        }
    }
    if (bits & ((1u << count) - 1)) {
        return ZKS_E_MALFORMED;
    }
    *out_length = written;
    return ZKS_OK;
}
