/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "base/bytes.h"

#include <string.h>

enum { LEB_MAX_BYTES = 10 };

zks__reader zks__reader_of(const void *data, size_t length)
{
    static const uint8_t nothing = 0;
    return (zks__reader){.next = data ? data : &nothing, .left = data ? length : 0};
}

static void reader_fail(zks__reader *r, zks_status status)
{
    if (!r->status) {
        r->status = status;
    }
    r->left = 0;
}

const uint8_t *zks__read_bytes(zks__reader *r, size_t length)
{
    if (r->status || length > r->left) {
        reader_fail(r, ZKS_E_TRUNCATED);
        return NULL;
    }
    const uint8_t *p = r->next;
    r->next += length;
    r->left -= length;
    return p;
}

static uint64_t read_le(zks__reader *r, size_t width)
{
    const uint8_t *p = zks__read_bytes(r, width);
    uint64_t v = 0;
    for (size_t i = 0; p && i < width; i++) {
        v |= (uint64_t)p[i] << (8 * i);
    }
    return v;
}

uint8_t zks__read_u8(zks__reader *r)
{
    return (uint8_t)read_le(r, 1);
}

uint16_t zks__read_u16(zks__reader *r)
{
    return (uint16_t)read_le(r, 2);
}

uint32_t zks__read_u32(zks__reader *r)
{
    return (uint32_t)read_le(r, 4);
}

uint64_t zks__read_u64(zks__reader *r)
{
    return read_le(r, 8);
}

uint64_t zks__read_leb(zks__reader *r)
{
    uint64_t v = 0;
    for (unsigned i = 0; i < LEB_MAX_BYTES; i++) {
        uint8_t byte = zks__read_u8(r);
        if (r->status) {
            return 0;
        }
        bool last = !(byte & 0x80);
        bool padded = last && i > 0 && byte == 0;
        bool too_big = i == LEB_MAX_BYTES - 1 && byte > 1;
        if (padded || too_big) {
            break;
        }
        v |= (uint64_t)(byte & 0x7f) << (7 * i);
        if (last) {
            return v;
        }
    }
    reader_fail(r, ZKS_E_MALFORMED);
    return 0;
}

const uint8_t *zks__read_lp(zks__reader *r, size_t max, size_t *out_length)
{
    uint64_t length = zks__read_leb(r);
    if (r->status) {
        return NULL;
    }
    if (length > max) {
        reader_fail(r, ZKS_E_TOO_LARGE);
        return NULL;
    }
    const uint8_t *p = zks__read_bytes(r, (size_t)length);
    if (p) {
        *out_length = (size_t)length;
    }
    return p;
}

void zks__read_copy(zks__reader *r, void *out, size_t length)
{
    const uint8_t *p = zks__read_bytes(r, length);
    if (p && length) {
        memcpy(out, p, length);
    }
}

zks__writer zks__writer_of(void *data, size_t size)
{
    return (zks__writer){.data = data, .size = size};
}

void zks__write_bytes(zks__writer *w, const void *data, size_t length)
{
    if (w->overflow || (w->data && length > w->size - w->length)) {
        w->overflow = true;
        return;
    }
    if (w->data && length) {
        memcpy(w->data + w->length, data, length);
    }
    w->length += length;
}

static void write_le(zks__writer *w, uint64_t v, size_t width)
{
    uint8_t bytes[8];
    for (size_t i = 0; i < width; i++) {
        bytes[i] = (uint8_t)(v >> (8 * i));
    }
    zks__write_bytes(w, bytes, width);
}

void zks__write_u8(zks__writer *w, uint8_t v)
{
    write_le(w, v, 1);
}

void zks__write_u16(zks__writer *w, uint16_t v)
{
    write_le(w, v, 2);
}

void zks__write_u32(zks__writer *w, uint32_t v)
{
    write_le(w, v, 4);
}

void zks__write_u64(zks__writer *w, uint64_t v)
{
    write_le(w, v, 8);
}

void zks__write_leb(zks__writer *w, uint64_t v)
{
    do {
        uint8_t more = v > 0x7f ? 0x80 : 0;
        zks__write_u8(w, (uint8_t)((v & 0x7f) | more));
        v >>= 7;
    } while (v);
}

void zks__write_lp(zks__writer *w, const void *data, size_t length)
{
    zks__write_leb(w, length);
    zks__write_bytes(w, data, length);
}

void zks__write_label(zks__writer *w, const char *label)
{
    zks__write_lp(w, label, strlen(label));
}

size_t zks__leb_size(uint64_t v)
{
    size_t n = 1;
    while (v > 0x7f) {
        v >>= 7;
        n++;
    }
    return n;
}

bool zks__bytes_equal(const void *a, const void *b, size_t length)
{
    const volatile uint8_t *x = a;
    const volatile uint8_t *y = b;
    uint8_t difference = 0;
    for (size_t i = 0; i < length; i++) {
        difference = (uint8_t)(difference | (x[i] ^ y[i]));
    }
    return difference == 0;
}

void zks__wipe(void *secret, size_t length)
{
    if (secret) {
        explicit_bzero(secret, length);
    }
}
