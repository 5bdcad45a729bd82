/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The cipher suite of a test's groups and sessions: ZKS_TEST_SUITE=approved in the environment asks
 * for suite 2, so that the same tests run for both. Header only. */
#ifndef ZKS_TESTS_SUITE_H
#define ZKS_TESTS_SUITE_H

#include "crypto/crypto.h"
#include "wire/limits.h"

#include <stdlib.h>
#include <string.h>

static inline bool test_approved(void)
{
    const char *name = getenv("ZKS_TEST_SUITE");
    return name && strcmp(name, "approved") == 0;
}

static inline uint8_t test_suite(void)
{
    return test_approved() ? ZKS_SUITE_APPROVED : ZKS_SUITE_SODIUM;
}

/* What a client asks for; a listener has both. */
static inline const char *test_alpn(void)
{
    return test_approved() ? ZKS_WIRE_ALPN_APPROVED : ZKS_WIRE_ALPN;
}

#endif
