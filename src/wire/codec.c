/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "wire/codec.h"

#include <stdio.h>

/* Members are read and written through memcpy of their own width, so that one function serves all
 * of them; compilers turn each case into one move. */
static uint64_t load_int(const uint8_t *member, size_t width)
{
    uint16_t v16;
    uint32_t v32;
    uint64_t v64;
    switch (width) {
    case 1:
        return *member;
    case 2:
        memcpy(&v16, member, sizeof v16);
        return v16;
    case 4:
        memcpy(&v32, member, sizeof v32);
        return v32;
    default:
        memcpy(&v64, member, sizeof v64);
        return v64;
    }
}

static void store_int(uint8_t *member, size_t width, uint64_t v)
{
    uint16_t v16 = (uint16_t)v;
    uint32_t v32 = (uint32_t)v;
    switch (width) {
    case 1:
        *member = (uint8_t)v;
        break;
    case 2:
        memcpy(member, &v16, sizeof v16);
        break;
    case 4:
        memcpy(member, &v32, sizeof v32);
        break;
    default:
        memcpy(member, &v, sizeof v);
        break;
    }
}

static bool int_fits(const zks__field *f, uint64_t v)
{
    return f->limit == 0 || v <= f->limit;
}

/* --- size --- */

/* 0: over the limit. */
static size_t scalar_size(const zks__field *f, const uint8_t *member)
{
    if (f->kind == ZKS_FIELD_INT) {
        return int_fits(f, load_int(member, f->width)) ? f->width : 0;
    }
    if (f->kind == ZKS_FIELD_FIXED) {
        return f->width;
    }
    zks__slice s;
    memcpy(&s, member, sizeof s);
    if (s.length > f->limit || (s.length && !s.data)) {
        return 0;
    }
    return zks__leb_size(s.length) + s.length;
}

/* Every item weighs at least a byte and at most ZKS_BLOB_MAX_BYTES and some, and there are at most
 * 4096 of them: the sum does not overflow 64 bits, and on 32 bits the early stop keeps it in range.
 */
static size_t list_size(const zks__field *f, const zks__wire_list *list)
{
    if (list->count > f->limit) {
        return 0;
    }
    size_t total = zks__leb_size(list->count);
    if (!list->items) {
        bool lies = list->count && (!list->raw.data || !list->raw.length);
        return lies || list->raw.length > ZKS_MESSAGE_MAX_BYTES
                   ? 0
                   : total + (list->count ? list->raw.length : 0);
    }
    const zks__layout *layout = f->item;
    const uint8_t *item = list->items;
    for (size_t i = 0; i < list->count; i++, item += layout->struct_size) {
        for (size_t k = 0; k < layout->field_count; k++) {
            size_t size = scalar_size(&layout->fields[k], item + layout->fields[k].offset);
            if (!size) {
                return 0;
            }
            total += size;
        }
        if (total > ZKS_MESSAGE_MAX_BYTES) {
            return 0;
        }
    }
    return total;
}

size_t zks__codec_size(const zks__layout *layout, const void *in)
{
    size_t total = 0;
    for (size_t i = 0; i < layout->field_count; i++) {
        const zks__field *f = &layout->fields[i];
        const uint8_t *member = (const uint8_t *)in + f->offset;
        size_t size = 0;
        if (f->kind == ZKS_FIELD_LIST) {
            zks__wire_list list;
            memcpy(&list, member, sizeof list);
            size = list_size(f, &list);
        } else {
            size = scalar_size(f, member);
        }
        if (!size || size > ZKS_MESSAGE_MAX_BYTES - total) {
            return 0;
        }
        total += size;
    }
    return total;
}

/* --- write --- */

static void write_int(zks__writer *w, uint64_t v, size_t width)
{
    switch (width) {
    case 1:
        zks__write_u8(w, (uint8_t)v);
        break;
    case 2:
        zks__write_u16(w, (uint16_t)v);
        break;
    case 4:
        zks__write_u32(w, (uint32_t)v);
        break;
    default:
        zks__write_u64(w, v);
        break;
    }
}

static void write_scalar(const zks__field *f, const uint8_t *member, zks__writer *w)
{
    if (f->kind == ZKS_FIELD_INT) {
        write_int(w, load_int(member, f->width), f->width);
    } else if (f->kind == ZKS_FIELD_FIXED) {
        zks__write_bytes(w, member, f->width);
    } else {
        zks__slice s;
        memcpy(&s, member, sizeof s);
        zks__write_lp(w, s.data, s.length);
    }
}

static void write_list(const zks__field *f, const zks__wire_list *list, zks__writer *w)
{
    zks__write_leb(w, list->count);
    if (!list->items) {
        zks__write_bytes(w, list->raw.data, list->count ? list->raw.length : 0);
        return;
    }
    const zks__layout *layout = f->item;
    const uint8_t *item = list->items;
    for (size_t i = 0; i < list->count; i++, item += layout->struct_size) {
        for (size_t k = 0; k < layout->field_count; k++) {
            write_scalar(&layout->fields[k], item + layout->fields[k].offset, w);
        }
    }
}

void zks__codec_write(const zks__layout *layout, const void *in, zks__writer *w)
{
    for (size_t i = 0; i < layout->field_count; i++) {
        const zks__field *f = &layout->fields[i];
        const uint8_t *member = (const uint8_t *)in + f->offset;
        if (f->kind == ZKS_FIELD_LIST) {
            zks__wire_list list;
            memcpy(&list, member, sizeof list);
            write_list(f, &list, w);
        } else {
            write_scalar(f, member, w);
        }
    }
}

/* --- read --- */

static uint64_t read_int(zks__reader *r, size_t width)
{
    switch (width) {
    case 1:
        return zks__read_u8(r);
    case 2:
        return zks__read_u16(r);
    case 4:
        return zks__read_u32(r);
    default:
        return zks__read_u64(r);
    }
}

/* out NULL: only checks. */
static zks_status read_scalar(const zks__field *f, zks__reader *r, uint8_t *out)
{
    if (f->kind == ZKS_FIELD_INT) {
        uint64_t v = read_int(r, f->width);
        if (!r->status && !int_fits(f, v)) {
            return ZKS_E_MALFORMED;
        }
        if (!r->status && out) {
            store_int(out, f->width, v);
        }
    } else if (f->kind == ZKS_FIELD_FIXED) {
        const uint8_t *p = zks__read_bytes(r, f->width);
        if (p && out) {
            memcpy(out, p, f->width);
        }
    } else {
        zks__slice s = {0};
        s.data = zks__read_lp(r, f->limit, &s.length);
        if (s.data && out) {
            memcpy(out, &s, sizeof s);
        }
    }
    return r->status;
}

static zks_status read_item(const zks__layout *layout, zks__reader *r, uint8_t *out)
{
    for (size_t k = 0; k < layout->field_count; k++) {
        const zks__field *f = &layout->fields[k];
        zks_status status = read_scalar(f, r, out ? out + f->offset : NULL);
        if (status) {
            return status;
        }
    }
    return ZKS_OK;
}

/* A count that lies costs no memory, and no more time than there are bytes: each item takes at
 * least one. */
static zks_status read_list(const zks__field *f, zks__reader *r, uint8_t *out)
{
    uint64_t count = zks__read_leb(r);
    if (r->status) {
        return r->status;
    }
    if (count > f->limit) {
        return ZKS_E_TOO_LARGE;
    }
    zks__wire_list list = {.count = (size_t)count, .raw = {.data = r->next}};
    for (uint64_t i = 0; i < count; i++) {
        zks_status status = read_item(f->item, r, NULL);
        if (status) {
            return status;
        }
    }
    list.raw.length = (size_t)(r->next - list.raw.data);
    memcpy(out, &list, sizeof list);
    return ZKS_OK;
}

zks_status zks__codec_read(const zks__layout *layout, zks__reader *r, void *out)
{
    for (size_t i = 0; i < layout->field_count; i++) {
        const zks__field *f = &layout->fields[i];
        uint8_t *member = (uint8_t *)out + f->offset;
        zks_status status = f->kind == ZKS_FIELD_LIST ? read_list(f, r, member)
                                                      : read_scalar(f, r, member);
        if (status) {
            return status;
        }
    }
    return ZKS_OK;
}

bool zks__codec_next(const zks__layout *item, zks__wire_list *list, void *out)
{
    if (!list->count) {
        return false;
    }
    if (list->items) {
        memcpy(out, list->items, item->struct_size);
        list->items = (const uint8_t *)list->items + item->struct_size;
    } else {
        zks__reader r = zks__reader_of(list->raw.data, list->raw.length);
        if (read_item(item, &r, out)) {
            list->count = 0; /* not a list that zks__wire_decode made */
            return false;
        }
        list->raw = (zks__slice){.data = r.next, .length = r.left};
    }
    list->count--;
    return true;
}

/* --- print --- */

size_t zks__codec_print(const zks__layout *layout, const void *in, char *out, size_t size)
{
    size_t total = 0;
    for (size_t i = 0; i < layout->field_count; i++) {
        const zks__field *f = &layout->fields[i];
        const uint8_t *member = (const uint8_t *)in + f->offset;
        char *at = total < size ? out + total : NULL;
        size_t room = total < size ? size - total : 0;
        zks__slice s;
        zks__wire_list list;
        int n = 0;
        switch (f->kind) {
        case ZKS_FIELD_INT:
            n = snprintf(at, room, " %s=%llu", f->name,
                         (unsigned long long)load_int(member, f->width));
            break;
        case ZKS_FIELD_FIXED:
            n = snprintf(at, room, " %s=<%u>", f->name, (unsigned)f->width);
            break;
        case ZKS_FIELD_BYTES:
            memcpy(&s, member, sizeof s);
            n = snprintf(at, room, " %s=<%zu>", f->name, s.length);
            break;
        case ZKS_FIELD_LIST:
            memcpy(&list, member, sizeof list);
            n = snprintf(at, room, " %s=[%zu]", f->name, list.count);
            break;
        }
        total += n > 0 ? (size_t)n : 0;
    }
    return total;
}
