/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "base/base32.h"

void zks__base32_key(const uint8_t key[32], char out[ZKS_BASE32_KEY_BYTES])
{
    static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz234567";
    uint32_t bits = 0;
    unsigned count = 0;
    size_t at = 0;
    for (size_t i = 0; i < 32; i++) {
        bits = (bits << 8 | key[i]) & 0xfff;
        for (count += 8; count >= 5; count -= 5) {
            out[at++] = alphabet[bits >> (count - 5) & 31];
        }
    }
    out[at++] = alphabet[bits << (5 - count) & 31]; /* 256 = 51 * 5 + 1 */
    out[at] = '\0';
}

static int value_of(char c)
{
    if (c >= 'a' && c <= 'z') {
        return c - 'a';
    }
    if (c >= 'A' && c <= 'Z') {
        return c - 'A';
    }
    return c >= '2' && c <= '7' ? c - '2' + 26 : -1;
}

bool zks__base32_key_read(const char *text, size_t length, uint8_t out[32])
{
    if (length != ZKS_BASE32_KEY_CHARS) {
        return false;
    }
    uint32_t bits = 0;
    unsigned count = 0;
    size_t written = 0;
    for (size_t i = 0; i < length; i++) {
        int v = value_of(text[i]);
        if (v < 0) {
            return false;
        }
        bits = bits << 5 | (uint32_t)v;
        count += 5;
        if (count >= 8) {
            count -= 8;
            out[written++] = (uint8_t)(bits >> count);
            bits &= (1u << count) - 1;
        }
    }
    return written == 32 && bits == 0; /* the last 4 bits carry nothing */
}
