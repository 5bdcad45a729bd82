/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "base/alloc.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

void *zks__alloc(size_t size)
{
    return malloc(size ? size : 1);
}

void *zks__alloc_zero(size_t count, size_t size)
{
    /* calloc checks too, but sanitizers stop the program there. */
    if (size && count > SIZE_MAX / size) {
        return NULL;
    }
    return calloc(count ? count : 1, size ? size : 1);
}

void *zks__alloc_resize(void *block, size_t size)
{
    return realloc(block, size ? size : 1);
}

void zks__free(void *block)
{
    free(block);
}

char *zks__strdup(const char *text)
{
    if (!text) {
        return NULL;
    }
    size_t size = strlen(text) + 1;
    char *copy = zks__alloc(size);
    if (copy) {
        memcpy(copy, text, size);
    }
    return copy;
}
