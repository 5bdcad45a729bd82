/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The guard in front of every public function. An api_*.c function checks its arguments with it,
 * calls one function of src/client (or relay/core) and returns; it holds no logic of its own.
 *
 * What can be told about a handle: NULL, of another kind, made before a fork, used in a callback
 * where that would wait for itself. A handle that was freed is memory of somebody else; it is
 * recognised only while the engine still holds the object (ZKS_E_CLOSED).
 */
#ifndef ZKS_ABI_GUARD_H
#define ZKS_ABI_GUARD_H

#include "abi/guard_table.h"
#include "base/status.h"

#include <stdbool.h>

typedef enum zks__call {
#define ZKS_GUARD_CALL(name, handle, result, callback, closed) ZKS_CALL_##name,
    ZKS_GUARD_TABLE(ZKS_GUARD_CALL)
#undef ZKS_GUARD_CALL
        ZKS_CALL_COUNT
} zks__call;

/* May `call` go on with this handle as its first argument? ZKS_E_INVALID, ZKS_E_CLOSED,
 * ZKS_E_FORKED, ZKS_E_REENTRANT. */
ZKS_MUST_USE zks_status zks__guard(zks__call call, const void *handle);
/* The same for a handle that is not the first argument. kind: ZKS_HANDLE_*. */
ZKS_MUST_USE zks_status zks__guard_handle(uint32_t kind, const void *handle);

/* Whether `length` bytes are UTF-8 (RFC 3629: no surrogates, no overlong forms) without NUL. */
bool zks__text_valid(const char *text, size_t length);
/* zks__text_valid of a text that ends with NUL, at most max bytes; its length in *out_length (NULL:
 * not wanted). ZKS_E_INVALID: NULL or not UTF-8. ZKS_E_TOO_LARGE. */
ZKS_MUST_USE zks_status zks__text_check(const char *text, size_t max, size_t *out_length);

#endif
