/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* An invite's link: whatever is accepted is written back the same and gives what it promises. */
#include <stdlib.h>
#include <string.h>
#include <zks/zks.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    zks_invite *invite = NULL;
    if (zks_invite_parse((const char *)data, size, &invite)) {
        if (invite) {
            abort();
        }
        return 0;
    }
    size_t length = 0;
    const char *link = zks_invite_text(invite, ZKS_INVITE_LINK);
    if (!link || strlen(link) != size || memcmp(link, data, size) != 0) {
        abort();
    }
    if (!zks_invite_bytes(invite, ZKS_INVITE_SECRET, &length) || length != ZKS_SIZE_SECRET) {
        abort();
    }
    if (!zks_invite_bytes(invite, ZKS_INVITE_GROUP_ID, &length) || length != ZKS_SIZE_GROUP_ID ||
        !zks_invite_text(invite, ZKS_INVITE_RELAYS)) {
        abort();
    }
    zks_invite_free(invite);
    return 0;
}
