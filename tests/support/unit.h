/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What every unit executable needs around Check: a main of one suite, and a seed that is printed.
 * Header only. */
#ifndef ZKS_TESTS_UNIT_H
#define ZKS_TESTS_UNIT_H

#include "folder.h"

#include <check.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Under valgrind, which runs one thread at a time and each much slower, so that rounds are fewer.
 */
static inline bool unit_memcheck(void)
{
    const char *which = getenv("ZKS_SANITIZER");
    return which && strcmp(which, "memcheck") == 0;
}

/* ZKS_TEST_SEED from the environment, else another one in each run. */
static inline uint64_t unit_seed(void)
{
    const char *text = getenv("ZKS_TEST_SEED");
    return text ? strtoull(text, NULL, 0) : (uint64_t)time(NULL) * 2654435761u;
}

/* n over ZKS_SEEDS_DIV, at least 1: how many random rounds a build that is slow makes. */
static inline size_t unit_rounds(size_t n)
{
    const char *text = getenv("ZKS_SEEDS_DIV");
    size_t by = text ? strtoul(text, NULL, 10) : 1;
    return by <= 1 ? n : n > by ? n / by : 1;
}

/* A printed seed for one test: run again with ZKS_TEST_SEED=<it>. */
static inline uint64_t unit_seed_printed(const char *test)
{
    uint64_t seed = unit_seed();
    printf("%s: ZKS_TEST_SEED=%" PRIu64 "\n", test, seed);
    fflush(stdout);
    return seed;
}

/* Runs the tests that `add` puts into one case; the value for main to return. CK_FORK=no debugs in
 * one process. */
static inline int unit_main(const char *name, void (*add)(TCase *c))
{
    Suite *suite = suite_create(name);
    TCase *c = tcase_create(name);
    tcase_set_timeout(c, 60);
    add(c);
    suite_add_tcase(suite, c);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

#endif
