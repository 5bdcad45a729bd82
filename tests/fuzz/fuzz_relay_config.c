/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A relay's configuration text: it is taken, or refused with a sentence. */
#include "relay/core/relay.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    zks__relay_config *config = zks__relay_config_new();
    char problem[ZKS_RELAY_PROBLEM_BYTES];
    memset(problem, 0, sizeof problem);
    if (!config) {
        return 0;
    }
    if (zks__relay_config_parse(config, (const char *)data, size, problem) &&
        (!problem[0] || !memchr(problem, '\0', sizeof problem))) {
        abort();
    }
    zks__relay_config_free(config);
    return 0;
}
