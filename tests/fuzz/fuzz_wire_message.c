/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* One message: whatever is accepted can be printed, walked and encoded, and comes back equal. */
#include "tests/support/wire_samples.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    zks__message m;
    zks__message back;
    char line[64]; /* often too short: the cut is tested too */
    zks_status status = zks__wire_decode(data, size, &m);
    if (status) {
        return 0;
    }
    (void)zks__wire_print(&m, line, sizeof line);
    size_t length = 0;
    uint8_t *again = sample_encode(&m, &length); /* aborts where encode refuses what decode took */
    if (length > size || zks__wire_decode(again, length, &back) || !sample_equal(&m, &back)) {
        abort();
    }
    free(again);
    return 0;
}
