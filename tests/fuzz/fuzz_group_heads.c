/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Bodies of HEADS (first byte even) and WANT: what decodes encodes to the same bytes, but for what
 * stands behind and for flags that are not known. */
#include "group/heads.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t again[ZKS_HEADS_FIXED_BYTES + ZKS_HEADS_MAX * ZKS_HEADS_HEAD_BYTES];
static zks__head heads[ZKS_HEADS_MAX];

static void check_heads(const uint8_t *body, size_t size)
{
    zks__heads h;
    size_t length = 0, n = 0;
    if (zks__heads_decode(body, size, &h)) {
        return;
    }
    zks__heads all = h;
    while (zks__heads_next(&all, &heads[n])) {
        n++;
    }
    if (n != h.count || zks__heads_encode(&h, heads, again, sizeof again, &length) ||
        length > size || (again[0] & 1) != (body[0] & 1) ||
        memcmp(again + 1, body + 1, length - 1) != 0) {
        abort();
    }
}

static void check_want(const uint8_t *body, size_t size)
{
    zks__want_span spans[ZKS_WANT_SPANS_MAX];
    zks__want w;
    size_t length = 0, n = 0;
    if (zks__want_decode(body, size, &w)) {
        return;
    }
    zks__want all = w;
    while (zks__want_next(&all, &spans[n])) {
        n++;
    }
    if (n != w.count || zks__want_encode(&w, spans, again, sizeof again, &length) ||
        length > size || memcmp(again, body, length) != 0) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1) {
        return 0;
    }
    if (data[0] & 1) {
        check_want(data + 1, size - 1);
    } else {
        check_heads(data + 1, size - 1);
    }
    return 0;
}
