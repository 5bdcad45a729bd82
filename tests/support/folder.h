/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A new folder for a test's files, where TMPDIR says: tests/run has it in memory. Header only. */
#ifndef ZKS_TESTS_SUPPORT_FOLDER_H
#define ZKS_TESTS_SUPPORT_FOLDER_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

/* False: it cannot be made, or its name has no room. */
static inline bool test_folder(char *out, size_t size)
{
    const char *root = getenv("TMPDIR");
    int length = snprintf(out, size, "%s/zks-test-XXXXXX", root && *root ? root : "/tmp");
    return length > 0 && (size_t)length < size && mkdtemp(out) != NULL;
}

#endif
