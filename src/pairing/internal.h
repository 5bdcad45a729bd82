/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What inviter.c and joiner.c share. Private to src/pairing. */
#ifndef ZKS_PAIRING_INTERNAL_H
#define ZKS_PAIRING_INTERNAL_H

#include "base/alloc.h"
#include "pairing/exchange.h"
#include "pairing/pairing.h"

#define ZKS_PAIRING_NEVER UINT64_MAX

/* A block that is wiped when it goes. */
typedef struct zks__pair_block {
    uint8_t *data; /* NULL: none */
    size_t length, size;
} zks__pair_block;

/* Replaces what was there. ZKS_E_NOMEM. */
ZKS_MUST_USE zks_status zks__pair_block_new(zks__pair_block *b, size_t size);
ZKS_MUST_USE zks_status zks__pair_block_copy(zks__pair_block *b, zks__slice bytes);
void zks__pair_block_done(zks__pair_block *b);
static inline zks__slice zks__pair_block_slice(const zks__pair_block *b)
{
    return (zks__slice){.data = b->data, .length = b->length};
}

/* The next action, zeroed. There is always room: no step has more than ZKS_PAIRING_ACTIONS_MAX. */
zks__pairing_action *zks__pairing_add(zks__pairing_actions *out, zks__pairing_action_kind kind);
/* SEND of MAILBOX_PUT and MAILBOX_CLOSE. */
void zks__pairing_put(zks__pairing_actions *out, const zks__pair_invite *v, uint32_t attempt,
                      uint8_t flags, zks__slice data);
void zks__pairing_close(zks__pairing_actions *out, const zks__pair_invite *v, uint32_t attempt,
                        uint32_t code);

/* Makes m in `out` and notes it in the transcript. ZKS_E_NOMEM. */
ZKS_MUST_USE zks_status zks__pairing_make(zks__exchange *x, const zks__pair_message *m,
                                          zks__pair_block *out);
/* The same with `plain` sealed as its last part. */
ZKS_MUST_USE zks_status zks__pairing_make_sealed(zks__exchange *x, const zks__pair_message *m,
                                                 bool to_joiner, zks__slice plain,
                                                 zks__pair_block *out);
/* Opens m's sealed part into `out`. ZKS_E_DECRYPT, ZKS_E_NOMEM. */
ZKS_MUST_USE zks_status zks__pairing_open(const zks__exchange *x, const zks__pair_message *m,
                                          bool to_joiner, zks__pair_block *out);

#endif
