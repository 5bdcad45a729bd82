/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The receiving half of a session alone, with records that are not sealed: much faster than
 * fuzz_session_stream, which pays for a handshake each time. The first byte chooses the pieces, the
 * second the largest record of a handshake that comes first (0: none). In any division the same
 * messages must come, and the same status at the end.
 */
#include "session/receive.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static zks_status open_plain(void *state, uint8_t *record, size_t length)
{
    (void)state, (void)record, (void)length;
    return ZKS_OK;
}

static const struct zks__record_codec plain = {.open = open_plain};

static uint64_t mix(uint64_t sum, const zks__buf *b)
{
    for (size_t i = 0; i < b->length; i++) {
        sum = (sum ^ b->data[i]) * 1099511628211u; /* FNV-1a */
    }
    return sum * 31 + b->length;
}

/* Sum over what came, in order, and the status. */
static uint64_t hear(const uint8_t *data, size_t size, size_t piece, size_t handshake)
{
    zks__receiver r = {0};
    uint64_t sum = 14695981039346656037u;
    zks_status status = ZKS_OK;
    for (size_t at = 0; !status && at < size; at += piece) {
        const uint8_t *next = data + at;
        size_t left = size - at < piece ? size - at : piece;
        zks__buf *got = NULL;
        do {
            size_t used = 0;
            status = handshake ? zks__receiver_take_record(&r, handshake, next, left, &used, &got)
                               : zks__receiver_take(&r, &plain, next, left, &used, &got);
            if (status) {
                got = NULL;
                break;
            }
            next += used;
            left -= used;
            if (got) {
                sum = mix(sum, got);
                handshake = 0;
                zks__buf_unref(got);
            }
        } while (got);
        if (!status && left) {
            abort(); /* what was given was neither used nor refused */
        }
    }
    sum = sum * 31 + (uint64_t)-status;
    zks__receiver_done(&r);
    return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2 || size > 65536) {
        return 0;
    }
    size_t handshake = data[1] * (size_t)16;
    uint64_t whole = hear(data + 2, size - 2, size, handshake);
    if (whole != hear(data + 2, size - 2, data[0] + (size_t)1, handshake)) {
        abort();
    }
    return 0;
}
