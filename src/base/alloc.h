/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Allocation. Every engine module allocates through here and checks the result; nothing aborts.
 * Tests replace these four with the linker's --wrap to fail the Nth allocation.
 */
#ifndef ZKS_BASE_ALLOC_H
#define ZKS_BASE_ALLOC_H

#include <stddef.h>

/* size 0 is treated as 1, so that NULL always means "no memory". */
void *zks__alloc(size_t size);
/* Zeroed; NULL also when count * size overflows. */
void *zks__alloc_zero(size_t count, size_t size);
/* As realloc: on NULL the old block is still valid. */
void *zks__alloc_resize(void *block, size_t size);
/* NULL is fine. */
void zks__free(void *block);
/* A copy of text, or NULL when text is NULL or there is no memory. */
char *zks__strdup(const char *text);

#endif
