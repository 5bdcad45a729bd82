/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A length prefix, one byte more at a time: an answer, once given, does not change with more bytes,
 * and it is never put off beyond the prefix's longest form. */
#include "wire/messages.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    zks_status first = ZKS_E_PENDING;
    size_t first_total = 0;
    for (size_t length = 0; length <= size && length <= 16; length++) {
        size_t total = 0;
        zks_status status = zks__wire_frame(data, length, &total);
        if (first == ZKS_E_PENDING) {
            first = status;
            first_total = total;
        }
        if (status == ZKS_E_PENDING ? length >= ZKS_WIRE_PREFIX_MAX_BYTES : total != first_total) {
            abort();
        }
        if ((status == ZKS_OK) != (first == ZKS_OK)) {
            abort();
        }
        if (status == ZKS_OK && (total < 2 || total > ZKS_MESSAGE_MAX_BYTES + (size_t)3)) {
            abort();
        }
    }
    return 0;
}
