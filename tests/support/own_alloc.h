/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The functions of base/alloc.h, in the place of base/alloc.c, for a test program that wants to
 * refuse memory or to look at what is given back. For one file of a program; what it wants of
 * own_alloc is set before it has a second thread.
 */
#ifndef ZKS_TESTS_SUPPORT_OWN_ALLOC_H
#define ZKS_TESTS_SUPPORT_OWN_ALLOC_H

#include "base/alloc.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static struct {
    bool (*refuses)(size_t size);                     /* NULL: nothing is refused */
    void (*freed)(const uint8_t *block, size_t size); /* a look before it is; NULL: none */
    bool fixed;            /* blocks do not grow, and no text is copied */
    _Atomic size_t blocks; /* not freed yet */
} own_alloc;

typedef struct own_alloc_header {
    _Alignas(16) size_t size;
} own_alloc_header;

void *zks__alloc(size_t size)
{
    own_alloc_header *h = NULL;
    if (!own_alloc.refuses || !own_alloc.refuses(size)) {
        h = malloc(sizeof *h + size);
    }
    if (!h) {
        return NULL;
    }
    h->size = size;
    own_alloc.blocks++;
    /* Who looks does not take what was never written for wiped. */
    return own_alloc.freed ? memset(h + 1, 0xa5, size) : h + 1;
}

void *zks__alloc_zero(size_t count, size_t size)
{
    size_t bytes;
    void *block = __builtin_mul_overflow(count, size, &bytes) ? NULL : zks__alloc(bytes);
    return block ? memset(block, 0, bytes) : NULL;
}

void zks__free(void *block)
{
    if (!block) {
        return;
    }
    own_alloc_header *h = (own_alloc_header *)block - 1;
    if (own_alloc.freed) {
        own_alloc.freed(block, h->size);
    }
    own_alloc.blocks--;
    free(h);
}

static void own_alloc_may_vary(void)
{
    if (own_alloc.fixed) {
        abort();
    }
}

void *zks__alloc_resize(void *block, size_t size)
{
    own_alloc_may_vary();
    void *larger = zks__alloc(size);
    if (larger && block) {
        size_t old = ((own_alloc_header *)block - 1)->size;
        memcpy(larger, block, old < size ? old : size);
        zks__free(block);
    }
    return larger;
}

char *zks__strdup(const char *text)
{
    own_alloc_may_vary();
    size_t size = text ? strlen(text) + 1 : 0;
    char *copy = size ? zks__alloc(size) : NULL;
    return copy ? memcpy(copy, text, size) : NULL;
}

#endif
