/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Check's assertions work inside its runner only, and these helpers serve programs too: a
 * failure here is told on standard error and aborts, which the runner reports as the test's
 * failure. */
#ifndef ZKS_TESTS_RAW_CHECK_H
#define ZKS_TESTS_RAW_CHECK_H

#include <stdio.h>
#include <stdlib.h>

#define raw_check_msg(condition, ...)                       \
    do {                                                    \
        if (!(condition)) {                                 \
            fprintf(stderr, "%s:%d: ", __FILE__, __LINE__); \
            fprintf(stderr, __VA_ARGS__);                   \
            fprintf(stderr, "\n");                          \
            abort();                                        \
        }                                                   \
    } while (0)
#define raw_check(condition) raw_check_msg(condition, "%s", #condition)

#endif
