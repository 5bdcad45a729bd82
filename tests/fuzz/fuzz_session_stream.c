/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The records of a link as a session hears them behind the handshake: each is sealed first, what is
 * no whole record goes as it is. The first byte chooses the pieces in which they
 * arrive, the second how often the owner pauses. Messages raised must be whole, in any division the
 * same, and the session ends at most once.
 */
#include "tests/support/session_pair.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SIZE_MAX_BYTES = 16384 };

/* Sum over what was heard: lengths and bytes, in order. */
static uint64_t hear(const uint8_t *data, size_t size, size_t max_piece, size_t pause_every)
{
    memory_pair *pair = memory_pair_new(&(memory_config){.seed = 1, .max_piece = max_piece});
    static uint8_t sealed[SIZE_MAX_BYTES * (1 + ZKS_TAG_BYTES)];
    side s = {.pause_every = pause_every, .random = 1};
    bare_end bare = {.random = 2};
    side_start(&s, pair, MEMORY_ACCEPTOR);
    bare_start(&bare, pair, MEMORY_INITIATOR);
    memory_pair_run(pair);
    if (!bare.shaken) {
        abort();
    }
    bare_write(&bare, sealed, bare_seal(&bare, data, size, sealed, sizeof sealed));
    size_t before;
    do {
        before = s.count;
        memory_pair_run(pair);
        if (s.session) {
            zks__session_resume(s.session);
        }
    } while (memory_pair_turn(pair) || s.count != before);
    uint64_t sum = 14695981039346656037u; /* FNV-1a */
    for (size_t i = 0; i < s.count; i++) {
        for (size_t k = 0; k < s.heard_length[i]; k++) {
            sum = (sum ^ s.heard[i][k]) * 1099511628211u;
        }
    }
    if (s.closed > 1 || (s.closed && s.status != ZKS_E_PROTOCOL)) {
        abort();
    }
    sum = sum * 31 + s.count * 2 + (uint64_t)s.closed;
    side_done(&s);
    bare_done(&bare);
    memory_pair_free(pair);
    return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2 || size > SIZE_MAX_BYTES) {
        return 0;
    }
    uint64_t whole = hear(data + 2, size - 2, 0, 0);
    uint64_t divided = hear(data + 2, size - 2, data[0] + (size_t)1, data[1] % 4);
    if (whole != divided) {
        abort();
    }
    return 0;
}
