/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A relay address: what is accepted has hosts with names and ports, what is refused has a reason.
 */
#include "client/address.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    if (!text) {
        return 0;
    }
    memcpy(text, data, size);
    text[size] = '\0';
    zks__address a;
    const char *problem = NULL;
    if (zks__address_parse(text, &a, &problem)) {
        if (!problem) {
            abort();
        }
    } else {
        if (!a.host_count || a.host_count > ZKS_ADDRESS_HOSTS_MAX) {
            abort();
        }
        for (size_t i = 0; i < a.host_count; i++) {
            if (!a.hosts[i].name[0] || !a.hosts[i].port) {
                abort();
            }
        }
    }
    free(text);
    return 0;
}
