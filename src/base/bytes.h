/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The one cursor type for reading bytes and the one for writing them. Both are sticky: after the
 * first failure every further call does nothing, so a parser checks once, at its end. Pure.
 *
 * Integers are fixed-width little-endian. LEB128 is the unsigned form, at most 10 bytes, and must
 * be minimal: a number has one encoding only, since signatures and identifiers are computed over
 * encoded bytes.
 */
#ifndef ZKS_BASE_BYTES_H
#define ZKS_BASE_BYTES_H

#include "base/status.h"

#include <stdbool.h>
#include <string.h>

typedef struct zks__reader {
    const uint8_t *next; /* borrowed */
    size_t left;
    zks_status status; /* 0, ZKS_E_TRUNCATED or ZKS_E_MALFORMED: the first failure */
} zks__reader;

typedef struct zks__writer {
    uint8_t *data; /* borrowed; NULL counts only */
    size_t size;   /* room; ignored when data is NULL */
    size_t length; /* written or counted so far */
    bool overflow;
} zks__writer;

zks__reader zks__reader_of(const void *data, size_t length);
uint8_t zks__read_u8(zks__reader *r);
uint16_t zks__read_u16(zks__reader *r);
uint32_t zks__read_u32(zks__reader *r);
uint64_t zks__read_u64(zks__reader *r);
uint64_t zks__read_leb(zks__reader *r);
/* The next `length` bytes, borrowed from the input; NULL after a failure. A length of 0 gives a
 * non-NULL pointer. */
const uint8_t *zks__read_bytes(zks__reader *r, size_t length);
/* LEB128 length and bytes. Refuses with ZKS_E_TOO_LARGE above max. */
const uint8_t *zks__read_lp(zks__reader *r, size_t max, size_t *out_length);
/* Copies exactly `length` bytes; leaves out untouched after a failure. */
void zks__read_copy(zks__reader *r, void *out, size_t length);

zks__writer zks__writer_of(void *data, size_t size);
void zks__write_u8(zks__writer *w, uint8_t v);
void zks__write_u16(zks__writer *w, uint16_t v);
void zks__write_u32(zks__writer *w, uint32_t v);
void zks__write_u64(zks__writer *w, uint64_t v);
void zks__write_leb(zks__writer *w, uint64_t v);
void zks__write_bytes(zks__writer *w, const void *data, size_t length);
void zks__write_lp(zks__writer *w, const void *data, size_t length);
/* lp() of a text without its final NUL: labels of hashes and signatures. */
void zks__write_label(zks__writer *w, const char *label);

/* Bytes of the LEB128 form of v: 1..10. */
size_t zks__leb_size(uint64_t v);
/* Compares in constant time; for anything that is secret or keyed. */
bool zks__bytes_equal(const void *a, const void *b, size_t length);
/* Overwrites with zeros, for secrets; not removed by the compiler. NULL or 0 is fine. */
void zks__wipe(void *secret, size_t length);

#endif
