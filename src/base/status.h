/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Status codes of the engine. They are the public ones: the numbers stand once, in zks.h, and this
 * is the only engine header that includes it.
 */
#ifndef ZKS_BASE_STATUS_H
#define ZKS_BASE_STATUS_H

#include <stdbool.h>
#include <zks/zks.h>

#if defined(__GNUC__)
#define ZKS_MUST_USE __attribute__((warn_unused_result))
#else
#define ZKS_MUST_USE
#endif

/* Behind zks_status_name, zks_status_text and zks_status_class: static texts, never NULL. */
const char *zks__status_name(zks_status status);
const char *zks__status_text(zks_status status);
int32_t zks__status_class(zks_status status);
/* Of the local store: ZKS_E_STORE_*. */
bool zks__status_is_of_store(zks_status status);

#define ZKS_COUNTOF(array) (sizeof(array) / sizeof((array)[0]))

#endif
