/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What a person typed or scanned: whatever is accepted is written back and read again the same;
 * whatever is not has a sentence. */
#include "pairing/code.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool same(const zks__pair_invite *a, const zks__pair_invite *b)
{
    bool equal = a->kind == b->kind && a->suite == b->suite && a->relay_count == b->relay_count &&
                 memcmp(a->nameplate, b->nameplate, sizeof a->nameplate) == 0 &&
                 memcmp(a->secret, b->secret, sizeof a->secret) == 0 &&
                 memcmp(a->group_id, b->group_id, sizeof a->group_id) == 0;
    for (size_t i = 0; equal && i < a->relay_count; i++) {
        equal = memcmp(a->relays[i].key, b->relays[i].key, 32) == 0 &&
                strcmp(a->relays[i].address, b->relays[i].address) == 0;
    }
    return equal;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    zks__pair_invite v, again;
    zks__pair_problem problem;
    char text[ZKS_PAIR_LINK_TEXT_BYTES], sentence[ZKS_PAIR_SENTENCE_BYTES] = "";
    if (zks__crypto_init()) {
        return 0;
    }
    zks_status status = zks__pair_read((const char *)data, size, &v, &problem);
    if (status) {
        zks__pair_explain(status, &problem, sentence);
        if (!sentence[0] || strlen(sentence) >= sizeof sentence - 1) {
            abort(); /* none, or cut */
        }
        return 0;
    }
    if (v.kind == ZKS_PAIR_CODE) {
        zks__pair_code_text(&v, text);
    } else if (zks__pair_link_text(&v, text)) {
        abort();
    }
    if (zks__pair_read(text, strlen(text), &again, &problem) || !same(&v, &again)) {
        abort();
    }
    return 0;
}
