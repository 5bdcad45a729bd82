/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "tests/support/wire_samples.h"

#include "tests/support/memory_link.h"

#include <stdlib.h>

const uint8_t sample_types[SAMPLE_TYPES] = {
    ZKS_MESSAGE_HELLO,       ZKS_MESSAGE_WELCOME,       ZKS_MESSAGE_RECORDS,
    ZKS_MESSAGE_PUSH,        ZKS_MESSAGE_PUSH_ACK,      ZKS_MESSAGE_PULL,
    ZKS_MESSAGE_BLOBS,       ZKS_MESSAGE_ACK,           ZKS_MESSAGE_NOTIFY,
    ZKS_MESSAGE_DELETE,      ZKS_MESSAGE_MAILBOX_OPEN,  ZKS_MESSAGE_MAILBOX_PUT,
    ZKS_MESSAGE_MAILBOX_GET, ZKS_MESSAGE_MAILBOX_CLOSE, ZKS_MESSAGE_BYE,
    ZKS_MESSAGE_ERROR,
};

static void *pool_alloc(sample_pool *pool, size_t size)
{
    if (pool->count == pool->size) {
        pool->size = pool->size ? pool->size * 2 : 64;
        pool->blocks = realloc(pool->blocks, pool->size * sizeof *pool->blocks);
        if (!pool->blocks) {
            abort();
        }
    }
    void *block = calloc(1, size ? size : 1);
    if (!block) {
        abort();
    }
    pool->blocks[pool->count++] = block;
    return block;
}

void sample_pool_done(sample_pool *pool)
{
    for (size_t i = 0; i < pool->count; i++) {
        free(pool->blocks[i]);
    }
    free(pool->blocks);
    *pool = (sample_pool){0};
}

static void fill(uint8_t *out, size_t length, uint64_t *random)
{
    for (size_t i = 0; i < length; i++) {
        out[i] = (uint8_t)(memory_random(random) >> 56);
    }
}

static void fill_scalar(const zks__field *f, uint8_t *member, uint64_t *random, size_t most_bytes,
                        sample_pool *pool)
{
    if (f->kind == ZKS_FIELD_INT) {
        fill(member, f->width, random);
        if (f->limit) { /* all choices are one byte */
            *member = (uint8_t)(*member % (f->limit + 1));
        }
    } else if (f->kind == ZKS_FIELD_FIXED) {
        fill(member, f->width, random);
    } else {
        size_t most = f->limit < most_bytes ? f->limit : most_bytes;
        zks__slice s = {.length = (size_t)(memory_random(random) % (most + 1))};
        uint8_t *bytes = pool_alloc(pool, s.length);
        fill(bytes, s.length, random);
        s.data = bytes;
        memcpy(member, &s, sizeof s);
    }
}

void sample_message(uint8_t type, uint64_t *random, size_t most_items, size_t most_bytes,
                    sample_pool *pool, zks__message *out)
{
    const zks__layout *layout = zks__wire_layout(type);
    *out = (zks__message){.type = (zks__message_type)type};
    for (size_t i = 0; i < layout->field_count; i++) {
        const zks__field *f = &layout->fields[i];
        uint8_t *member = (uint8_t *)&out->hello + f->offset;
        if (f->kind != ZKS_FIELD_LIST) {
            fill_scalar(f, member, random, most_bytes, pool);
            continue;
        }
        size_t most = f->limit < most_items ? f->limit : most_items;
        zks__wire_list list = {.count = (size_t)(memory_random(random) % (most + 1))};
        uint8_t *items = pool_alloc(pool, list.count * f->item->struct_size);
        for (size_t k = 0; k < list.count * f->item->field_count; k++) {
            const zks__field *g = &f->item->fields[k % f->item->field_count];
            uint8_t *item = items + k / f->item->field_count * f->item->struct_size;
            fill_scalar(g, item + g->offset, random, most_bytes, pool);
        }
        list.items = items;
        memcpy(member, &list, sizeof list);
    }
}

static bool scalar_equal(const zks__field *f, const uint8_t *a, const uint8_t *b)
{
    if (f->kind != ZKS_FIELD_BYTES) {
        return memcmp(a, b, f->width) == 0;
    }
    zks__slice x;
    zks__slice y;
    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    return x.length == y.length && (!x.length || memcmp(x.data, y.data, x.length) == 0);
}

static bool list_equal(const zks__field *f, const uint8_t *a, const uint8_t *b)
{
    union {
        zks__push_item push;
        zks__blob_item blob;
        zks__push_result result;
        uint8_t bytes[256];
    } x, y;
    zks__wire_list p;
    zks__wire_list q;
    memcpy(&p, a, sizeof p);
    memcpy(&q, b, sizeof q);
    if (p.count != q.count || f->item->struct_size > sizeof x) {
        return false;
    }
    while (zks__codec_next(f->item, &p, &x)) {
        if (!zks__codec_next(f->item, &q, &y)) {
            return false;
        }
        for (size_t k = 0; k < f->item->field_count; k++) {
            const zks__field *g = &f->item->fields[k];
            if (!scalar_equal(g, x.bytes + g->offset, y.bytes + g->offset)) {
                return false;
            }
        }
    }
    return q.count == 0;
}

bool sample_equal(const zks__message *a, const zks__message *b)
{
    const zks__layout *layout = zks__wire_layout((uint8_t)a->type);
    if (!layout || a->type != b->type) {
        return false;
    }
    for (size_t i = 0; i < layout->field_count; i++) {
        const zks__field *f = &layout->fields[i];
        const uint8_t *x = (const uint8_t *)&a->hello + f->offset;
        const uint8_t *y = (const uint8_t *)&b->hello + f->offset;
        if (!(f->kind == ZKS_FIELD_LIST ? list_equal(f, x, y) : scalar_equal(f, x, y))) {
            return false;
        }
    }
    return true;
}

uint8_t *sample_encode(const zks__message *m, size_t *out_length)
{
    size_t size = zks__wire_size(m);
    uint8_t *out = malloc(size ? size : 1);
    if (!size || !out || zks__wire_encode(m, out, size, out_length) || *out_length != size) {
        abort();
    }
    return out;
}
