/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A page of memory for one small secret where the arena of crypto.h is out of reach: kept out of
 * core dumps, locked where the limit allows (RLIMIT_MEMLOCK), wiped when freed. Any thread.
 */
#ifndef ZKS_BASE_PAGE_H
#define ZKS_BASE_PAGE_H

#include "base/status.h"

#include <stddef.h>

enum { ZKS_PAGE_BYTES = 4096 };

/* Zeroed; at least ZKS_PAGE_BYTES. NULL: no memory. */
void *zks__page_new(void);
/* NULL is fine. */
void zks__page_free(void *page);

#endif
