/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The messages of pairing and what is sealed in them. The first byte chooses: 0 to 7, the rest is
 * that message, as with CPace; 8 to 15, the same as without; 16 to 19: the content of m4, of m5,
 * and of m6 in a paired and in a shared group. Whatever is accepted is written back to the same
 * bytes.
 */
#include "base/alloc.h"
#include "pairing/message.h"

#include <stdlib.h>

enum { MESSAGES = 8, CONTENT = 16 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void compare(const zks__writer *w, const uint8_t *data, size_t size)
{
    if (w->overflow || w->length != size || memcmp(w->data, data, size) != 0) {
        abort();
    }
}

static bool write_content(uint8_t number, const uint8_t *data, size_t size, zks__writer *w)
{
    zks__pair_group group;
    zks__pair_request request;
    zks__pair_bundle bundle;
    switch (number) {
    case 4:
        if (zks__pair_group_read(data, size, &group)) {
            return false;
        }
        zks__pair_group_write(&group, w);
        return true;
    case 5:
        if (zks__pair_request_read(data, size, &request)) {
            return false;
        }
        zks__pair_request_write(&request, w);
        return true;
    case 7:
        if (zks__pair_shared_read(data, size, &bundle)) {
            return false;
        }
        zks__pair_shared_write(&bundle, w);
        return true;
    default:
        if (zks__pair_bundle_read(data, size, &bundle)) {
            return false;
        }
        zks__pair_bundle_write(&bundle, w);
        return true;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const zks__pair_sizes sizes[] = {
        {.pk = ZKS_SEAL_PUBLIC_BYTES, .ct = ZKS_SEAL_CT_BYTES, .tag = 64},
        {.pk = 1249, .ct = 1153, .tag = 32}};
    if (size < 1 || data[0] > CONTENT + 3) {
        return 0;
    }
    uint8_t *out = zks__alloc(size);
    if (!out) {
        return 0;
    }
    zks__writer w = zks__writer_of(out, size);
    zks__pair_message m;
    uint8_t choice = *data++;
    size--;
    if (choice >= CONTENT) {
        if (write_content((uint8_t)(choice - CONTENT + 4), data, size, &w)) {
            compare(&w, data, size);
        }
    } else if (!zks__pair_message_read(data, size, choice % MESSAGES, &sizes[choice / MESSAGES],
                                       &m)) {
        zks__pair_message_write(&m, &w);
        compare(&w, data, size);
    }
    zks__free(out);
    return 0;
}
