/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The note of an EPOCH, opened. The first byte is how many devices the EPOCH removes. */
#include "group/epoch.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    zks__epoch_note note;
    if (size < 1 || zks__epoch_note_parse(data + 1, size - 1, data[0], &note)) {
        return 0;
    }
    if (note.reason_count != data[0] || note.cutoff_count > ZKS_CUTOFFS_MAX) {
        abort();
    }
    return 0;
}
