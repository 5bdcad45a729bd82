/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * CPace-ristretto255-SHA512 (draft-irtf-cfrg-cpace-21), in initiator-responder mode, with the key
 * confirmation that it recommends: two sides that know the same low-entropy secret (PRS) get the
 * same 64-byte ISK, and who does not know it learns nothing but whether one guess was right.
 * tests/vectors/cpace.txt holds the draft's vectors. Pure; any thread.
 *
 * Party A is the initiator, B the responder. CI names the channel and both roles, sid is fresh for
 * each run, AD is what a side wants to have authenticated. Scalars and all that is made of them are
 * wiped by their holder; what is made inside is wiped here.
 */
#ifndef ZKS_PAIRING_CPACE_H
#define ZKS_PAIRING_CPACE_H

#include "crypto/crypto.h"
#include "wire/messages.h"

enum {
    ZKS_CPACE_SCALAR_BYTES = ZKS_RISTRETTO_SCALAR_BYTES,
    ZKS_CPACE_PUBLIC_BYTES = ZKS_RISTRETTO_BYTES,
    ZKS_CPACE_ISK_BYTES = ZKS_SHA512_BYTES,
    ZKS_CPACE_TAG_BYTES = ZKS_SHA512_BYTES,
    /* PRS, CI and sid together, and each AD: room for a hybrid public key */
    ZKS_CPACE_INPUT_MAX_BYTES = 512,
    ZKS_CPACE_AD_MAX_BYTES = 1536
};

typedef struct zks__cpace_input {
    zks__slice prs, ci, sid;
} zks__cpace_input;

/* What one side shows: Y and its associated data. */
typedef struct zks__cpace_share {
    uint8_t y[ZKS_CPACE_PUBLIC_BYTES];
    zks__slice ad;
} zks__cpace_share;

/* The generator, encoded. ZKS_E_TOO_LARGE: over ZKS_CPACE_INPUT_MAX_BYTES. */
ZKS_MUST_USE zks_status zks__cpace_generator(const zks__cpace_input *in,
                                             uint8_t out_g[ZKS_CPACE_PUBLIC_BYTES]);
/* scalar: of zks__crypto_ristretto_scalar. ZKS_E_TOO_LARGE; ZKS_E_MALFORMED: a scalar that is a
 * multiple of the group's order, which random ones never are. */
ZKS_MUST_USE zks_status zks__cpace_public(const zks__cpace_input *in,
                                          const uint8_t scalar[ZKS_CPACE_SCALAR_BYTES],
                                          uint8_t out_y[ZKS_CPACE_PUBLIC_BYTES]);
/* The intermediate session key. scalar: one's own; initiator: whether it is a's. ZKS_E_MALFORMED:
 * the other side's Y does not decode or gives the identity: abort. ZKS_E_TOO_LARGE. */
ZKS_MUST_USE zks_status zks__cpace_isk(const zks__cpace_input *in, const zks__cpace_share *a,
                                       const zks__cpace_share *b,
                                       const uint8_t scalar[ZKS_CPACE_SCALAR_BYTES], bool initiator,
                                       uint8_t out_isk[ZKS_CPACE_ISK_BYTES]);
/* What the side of `share` sends to prove that it has the ISK. ZKS_E_TOO_LARGE. */
ZKS_MUST_USE zks_status zks__cpace_tag(zks__slice sid, const uint8_t isk[ZKS_CPACE_ISK_BYTES],
                                       const zks__cpace_share *share,
                                       uint8_t out_tag[ZKS_CPACE_TAG_BYTES]);

#endif
