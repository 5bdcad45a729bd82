/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "base/fifo.h"

#include "base/alloc.h"

#include <string.h>

enum { FIRST_SIZE = 4096 };

/* What waits moves to the front only where at least as much was dropped: so each byte moves once
 * for one that went. Else the block grows. */
static zks_status make_room(zks__fifo *f, size_t length)
{
    size_t kept = zks__fifo_length(f), size = f->size ? f->size : FIRST_SIZE;
    if (length <= f->size - f->end) {
        return ZKS_OK;
    }
    if (f->start < kept || kept + length > f->size) {
        while (size < 2 * kept + length) {
            size *= 2;
        }
        uint8_t *grown = zks__alloc_resize(f->bytes, size);
        if (!grown) {
            return ZKS_E_NOMEM;
        }
        f->bytes = grown;
        f->size = size;
    }
    memmove(f->bytes, f->bytes + f->start, kept);
    f->start = 0;
    f->end = kept;
    return ZKS_OK;
}

zks_status zks__fifo_put(zks__fifo *f, const uint8_t *data, size_t length)
{
    zks_status status = length ? make_room(f, length) : ZKS_OK;
    if (!status && length) {
        memcpy(f->bytes + f->end, data, length);
        f->end += length;
    }
    return status;
}

void zks__fifo_drop(zks__fifo *f, size_t length)
{
    f->start += length;
    if (f->start >= f->end) {
        zks__fifo_done(f);
    }
}

void zks__fifo_done(zks__fifo *f)
{
    zks__free(f->bytes);
    memset(f, 0, sizeof *f);
}
