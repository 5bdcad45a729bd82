/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* No secret is left in freed memory: this file defines the functions of base/alloc.h itself, and
 * looks at each block that is given back. */
#include "base/alloc.h"
#include "noise_help.h"

static struct {
    size_t blocks;  /* allocated and not freed */
    size_t freed;   /* in all */
    size_t dirty;   /* freed with a byte that is not 0 */
    size_t largest; /* of those freed */
    bool refuse;
} heap;

typedef struct header {
    _Alignas(16) size_t size;
} header;

void *zks__alloc(size_t size)
{
    header *h = heap.refuse ? NULL : malloc(sizeof *h + size);
    if (!h) {
        return NULL;
    }
    memset(h + 1, 0xa5, size); /* poison: what is not written is not zero */
    h->size = size;
    heap.blocks++;
    return h + 1;
}

void *zks__alloc_zero(size_t count, size_t size)
{
    void *block = zks__alloc(count * size);
    return block ? memset(block, 0, count * size) : NULL;
}

void zks__free(void *block)
{
    if (!block) {
        return;
    }
    header *h = (header *)block - 1;
    const uint8_t *bytes = block;
    bool dirty = false;
    for (size_t i = 0; i < h->size; i++) {
        dirty = dirty || bytes[i];
    }
    heap.dirty += dirty;
    heap.freed++;
    heap.largest = h->size > heap.largest ? h->size : heap.largest;
    heap.blocks--;
    free(h);
}

void *zks__alloc_resize(void *block, size_t size)
{
    (void)block, (void)size;
    ck_abort_msg("a noise state does not grow");
    return NULL;
}

char *zks__strdup(const char *text)
{
    (void)text;
    ck_abort_msg("a noise state copies no text");
    return NULL;
}

/* Freed after each number of messages, whole or failed in the next one. */
START_TEST(a_freed_handshake_is_wiped_wherever_it_ends)
{
    uint8_t message[4096];
    for (size_t count = 0; count <= 4; count++) {
        for (int fails = 0; fails < 2; fails++) {
            ends e;
            heap.freed = heap.dirty = 0;
            ends_start(&e, 20 + count);
            ends_run(&e, count);
            if (fails && count < 4) {
                size_t length = ends_write(&e, count, message, sizeof message);
                message[length - 1] ^= 1;
                ck_assert(count == 0 || ends_read(&e, count, message, length) == ZKS_E_DECRYPT);
            }
            ends_stop(&e);
            ck_assert_uint_eq(heap.freed, 2);
            ck_assert_uint_eq(heap.dirty, 0);
            ck_assert_uint_eq(heap.blocks, 0);
        }
    }
    printf("a handshake: %zu bytes\n", heap.largest);
    ck_assert_uint_le(heap.largest, 4096);
}
END_TEST

START_TEST(without_memory_there_is_no_handshake)
{
    zks__noise *none = NULL;
    ends e;
    ends_configure(&e, 30);
    heap.refuse = true;
    ck_assert_int_eq(zks__noise_new(&e.config[0], &none), ZKS_E_NOMEM);
    ck_assert_ptr_null(none);
}
END_TEST

/* The check itself notices a block that is not wiped. */
START_TEST(the_poisoned_allocator_notices)
{
    heap.dirty = 0;
    zks__free(zks__alloc(8));
    ck_assert_uint_eq(heap.dirty, 1);
}
END_TEST

static void add(TCase *c)
{
    tcase_add_test(c, a_freed_handshake_is_wiped_wherever_it_ends);
    tcase_add_test(c, without_memory_there_is_no_handshake);
    tcase_add_test(c, the_poisoned_allocator_notices);
}

int main(void)
{
    return unit_main("noise memory", add);
}
