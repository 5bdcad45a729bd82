/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "abi/guard.h"

#include "client/client.h"

#include <string.h>

/* The words of the table as numbers. */
enum { ZKS_HANDLE_NONE = 0 };
enum { CALLBACK_ALLOWED, CALLBACK_REENTRANT };

static const struct row {
    uint32_t kind;
    uint8_t callback;
} rows[] = {
#define ROW(name, handle, result, callback, closed) {ZKS_HANDLE_##handle, CALLBACK_##callback},
    ZKS_GUARD_TABLE(ROW)
#undef ROW
};

zks_status zks__guard_handle(uint32_t kind, const void *handle)
{
    const zks__handle *h = handle;
    if (!h) {
        return ZKS_E_INVALID;
    }
    uint32_t magic = atomic_load_explicit(&h->magic, memory_order_acquire);
    if (magic == ZKS_HANDLE_DEAD) {
        return ZKS_E_CLOSED;
    }
    if (magic != kind) {
        return ZKS_E_INVALID;
    }
    return h->fork_generation == zks__fork_generation() ? ZKS_OK : ZKS_E_FORKED;
}

/* Only those kinds whose functions may wait are asked. */
static bool in_callback(uint32_t kind, const void *handle)
{
    switch (kind) {
    case ZKS_HANDLE_RUNTIME:
        return zks__runtime_in_callback(handle);
    case ZKS_HANDLE_QUEUE:
        return zks__runtime_in_callback(zks__queue_runtime(handle));
    case ZKS_HANDLE_OP:
        return zks__op_in_callback(handle);
    default:
        return false;
    }
}

zks_status zks__guard(zks__call call, const void *handle)
{
    const struct row *row = &rows[call];
    zks_status status = zks__guard_handle(row->kind, handle);
    if (status) {
        return status;
    }
    if (row->callback == CALLBACK_REENTRANT && in_callback(row->kind, handle)) {
        return ZKS_E_REENTRANT;
    }
    return ZKS_OK;
}

/* The length of the UTF-8 sequence at p, or 0: RFC 3629, section 4, "Syntax of UTF-8 Byte
 * Sequences". */
static size_t sequence(const uint8_t *p, size_t left)
{
    uint8_t low = 0x80, high = 0xbf; /* of the second byte */
    size_t length;
    if (p[0] < 0x80) {
        return p[0] ? 1 : 0;
    }
    if (p[0] >= 0xc2 && p[0] <= 0xdf) {
        length = 2;
    } else if ((p[0] & 0xf0) == 0xe0) {
        length = 3;
        low = p[0] == 0xe0 ? 0xa0 : 0x80;
        high = p[0] == 0xed ? 0x9f : 0xbf;
    } else if (p[0] >= 0xf0 && p[0] <= 0xf4) {
        length = 4;
        low = p[0] == 0xf0 ? 0x90 : 0x80;
        high = p[0] == 0xf4 ? 0x8f : 0xbf;
    } else {
        return 0;
    }
    if (left < length || p[1] < low || p[1] > high) {
        return 0;
    }
    for (size_t i = 2; i < length; i++) {
        if ((p[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    return length;
}

bool zks__text_valid(const char *text, size_t length)
{
    const uint8_t *p = (const uint8_t *)text;
    for (size_t at = 0; at < length;) {
        size_t n = sequence(p + at, length - at);
        if (!n) {
            return false;
        }
        at += n;
    }
    return true;
}

zks_status zks__text_check(const char *text, size_t max, size_t *out_length)
{
    if (!text) {
        return ZKS_E_INVALID;
    }
    size_t length = strnlen(text, max + 1);
    if (length > max) {
        return ZKS_E_TOO_LARGE;
    }
    if (!zks__text_valid(text, length)) {
        return ZKS_E_INVALID;
    }
    if (out_length) {
        *out_length = length;
    }
    return ZKS_OK;
}
