/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The generic codec: a layout (a field table over a C struct) is all that it needs to measure,
 * write, read and print the body of a message. Private to src/wire: messages.c holds the tables,
 * codec.c interprets them. Pure; nothing allocates.
 *
 * A body is its fields in the order of the table, without padding. A list holds items of one
 * layout, and items hold no lists: hence no recursion, and the depth of hostile input is fixed.
 */
#ifndef ZKS_WIRE_CODEC_H
#define ZKS_WIRE_CODEC_H

#include "wire/messages.h"

typedef enum zks__field_kind {
    ZKS_FIELD_INT,   /* little-endian, `width` bytes: 1, 2, 4 or 8, as the struct's member */
    ZKS_FIELD_FIXED, /* `width` bytes as they are */
    ZKS_FIELD_BYTES, /* zks__slice: LEB128 length, bytes */
    ZKS_FIELD_LIST   /* zks__wire_list: LEB128 count, items of layout `item` */
} zks__field_kind;

typedef struct zks__layout zks__layout;

typedef struct zks__field {
    const char *name;
    zks__field_kind kind;
    uint16_t offset; /* of the member in the struct */
    uint16_t width;
    uint32_t limit; /* INT: largest value, 0 for any; BYTES: most bytes; LIST: most items */
    const zks__layout *item;
} zks__field;

struct zks__layout {
    const char *name;
    size_t struct_size;
    const zks__field *fields;
    size_t field_count;
};

/* Bytes of the body; 0: a value, a byte string or a list is over its limit, or the struct
 * contradicts itself. No layout has an empty body. */
size_t zks__codec_size(const zks__layout *layout, const void *in);
/* Writes what zks__codec_size measured; call it only with that much room. */
void zks__codec_write(const zks__layout *layout, const void *in, zks__writer *w);
/* Reads a body and checks every item of every list; leaves what follows the known fields unread.
 * `out` is written as far as reading went. ZKS_E_TRUNCATED, ZKS_E_MALFORMED, ZKS_E_TOO_LARGE. */
ZKS_MUST_USE zks_status zks__codec_read(const zks__layout *layout, zks__reader *r, void *out);
/* Takes the first item off a list. false: the end; out is untouched. */
bool zks__codec_next(const zks__layout *item, zks__wire_list *list, void *out);
/* " name=value ..." as snprintf does it. Byte strings appear as <length>, lists as [count]. */
size_t zks__codec_print(const zks__layout *layout, const void *in, char *out, size_t size);
/* The layout of a message type, and its body inside the union; NULL: not in the table. */
const zks__layout *zks__wire_layout(uint8_t type);

#endif
