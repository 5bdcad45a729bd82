/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* An allocator whose Nth allocation fails: the program sets own_alloc.refuses = nth_refuses. */
#ifndef ZKS_TESTS_SUPPORT_NTH_ALLOC_H
#define ZKS_TESTS_SUPPORT_NTH_ALLOC_H

#include "own_alloc.h"

static struct {
    bool armed;      /* false: nothing fails */
    bool for_ever;   /* from the Nth on; or that one only, which disarms */
    unsigned left;   /* that succeed before */
    unsigned failed; /* so far; for the program to set back */
} nth;

static bool nth_refuses(size_t size)
{
    (void)size;
    if (!nth.armed || nth.left-- > 0) {
        return false;
    }
    nth.left = 0;
    nth.failed++;
    nth.armed = nth.for_ever;
    return true;
}

#endif
