/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Files of vectors: blocks of a name and indented `key = hexadecimal` lines. Header only.
 */
#ifndef ZKS_TESTS_VECTORS_H
#define ZKS_TESTS_VECTORS_H

#include <check.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { VECTORS_FILE_MAX = 256 << 10, VECTORS_VALUE_MAX = 8 << 10 };

typedef struct vectors {
    char text[VECTORS_FILE_MAX];
} vectors;

typedef struct vector_value {
    size_t length;
    uint8_t bytes[VECTORS_VALUE_MAX];
} vector_value;

/* tests/vectors/<name> of the source tree. */
static inline FILE *vectors_open(const char *name, const char *mode)
{
    char path[4096];
    const char *root = getenv("ZKS_SOURCE_DIR");
    int length = snprintf(path, sizeof path, "%s/tests/vectors/%s", root ? root : ".", name);
    ck_assert(length > 0 && (size_t)length < sizeof path);
    FILE *file = fopen(path, mode);
    ck_assert_msg(file != NULL, "cannot open %s: set ZKS_SOURCE_DIR to the source tree", path);
    return file;
}

static inline void vectors_load(const char *name, vectors *out)
{
    FILE *file = vectors_open(name, "r");
    size_t length = fread(out->text, 1, sizeof out->text - 1, file);
    ck_assert(length < sizeof out->text - 1);
    out->text[length] = '\0';
    ck_assert_int_eq(fclose(file), 0);
}

/* The next block whose name begins with `prefix`, behind `block` (NULL: from the start); NULL: no
 * more. */
static inline const char *vectors_next(const vectors *v, const char *block, const char *prefix)
{
    const char *line = block ? strchr(block, '\n') : v->text;
    while (line) {
        line += *line == '\n';
        if (strncmp(line, prefix, strlen(prefix)) == 0) {
            return line;
        }
        line = strchr(line, '\n');
    }
    return NULL;
}

static inline const char *vectors_line(const char *block, const char *key)
{
    const char *line = strchr(block, '\n');
    while (line && strncmp(line, "\n  ", 3) == 0) {
        line += 3;
        size_t length = strlen(key);
        if (strncmp(line, key, length) == 0 && strncmp(line + length, " =", 2) == 0) {
            line += length + 2;
            return *line == ' ' ? line + 1 : line;
        }
        line = strchr(line, '\n');
    }
    return NULL;
}

static inline unsigned vectors_digit(char c)
{
    const char *digits = "0123456789abcdef";
    const char *at = strchr(digits, c);
    ck_assert_msg(at && c, "'%c' is no hexadecimal digit", c);
    return (unsigned)(at - digits);
}

static inline void vectors_get(const char *block, const char *key, vector_value *out)
{
    const char *text = vectors_line(block, key);
    ck_assert_msg(text != NULL, "no %s in %.40s", key, block);
    out->length = 0;
    while (*text && *text != '\n') {
        ck_assert_uint_lt(out->length, sizeof out->bytes);
        unsigned high = vectors_digit(text[0]);
        out->bytes[out->length++] = (uint8_t)(high << 4 | vectors_digit(text[1]));
        text += 2;
    }
}

static inline uint32_t vectors_number(const char *block, const char *key)
{
    vector_value value;
    uint32_t number = 0;
    vectors_get(block, key, &value);
    for (size_t i = 0; i < value.length; i++) {
        number = number << 8 | value.bytes[i];
    }
    return number;
}

/* Fails when `bytes` are not what the block says. */
static inline void vectors_expect(const char *block, const char *key, const void *bytes,
                                  size_t length)
{
    vector_value value;
    vectors_get(block, key, &value);
    ck_assert_msg(value.length == length && memcmp(value.bytes, bytes, length) == 0,
                  "%s differs in %.*s", key, (int)strcspn(block, "\n"), block);
}

#endif
