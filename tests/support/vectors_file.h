/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A file of vectors of our own formats: compared block by block in the order of the file, or, with
 * ZKS_UPDATE_VECTORS in the environment, written anew. One file to a program. Header only.
 */
#ifndef ZKS_TESTS_VECTORS_FILE_H
#define ZKS_TESTS_VECTORS_FILE_H

#include "tests/support/vectors.h"

static struct vectors_file {
    vectors read;
    FILE *update; /* the file being written, or NULL */
    const char *block;
} vectors_file;

/* heading: the file's first lines, comments. */
static inline void vectors_start(const char *name, const char *heading)
{
    if (getenv("ZKS_UPDATE_VECTORS")) {
        vectors_file.update = vectors_open(name, "w");
        fputs(heading, vectors_file.update);
    } else {
        vectors_load(name, &vectors_file.read);
    }
}

static inline void vectors_begin(const char *name)
{
    vectors_file.block = name;
    if (vectors_file.update) {
        fprintf(vectors_file.update, "\n%s\n", name);
    } else {
        vectors_file.block = vectors_next(&vectors_file.read, NULL, name);
        ck_assert_msg(vectors_file.block != NULL, "no block %s", name);
    }
}

static inline void vectors_value(const char *key, const void *bytes, size_t length)
{
    if (!vectors_file.update) {
        vectors_expect(vectors_file.block, key, bytes, length);
        return;
    }
    fprintf(vectors_file.update, "  %s =%s", key, length ? " " : "");
    for (size_t i = 0; i < length; i++) {
        fprintf(vectors_file.update, "%02x", ((const uint8_t *)bytes)[i]);
    }
    fputc('\n', vectors_file.update);
}

static inline void vectors_finish(void)
{
    if (vectors_file.update) {
        ck_assert_int_eq(fclose(vectors_file.update), 0);
    }
}

#endif
