/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The key exchange of one pairing attempt and what is derived from it, the same for both sides.
 * Private to src/pairing. Pure.
 *
 *   PRS = lp("0k-pair-v1") lp(secret)
 *   CI  = lp(relay key) lp(nameplate) lp("joiner") lp("inviter")     A = joiner, B = inviter
 *   T_n = H(lp("0k-pair-transcript-v1") lp(T_n-1) lp(m_n)), T_-1 empty
 *   digits = HKDF(ISK, "pair-digits", T_2) mod 10^6
 *   PRK = HMAC-SHA256(ISK, ss): HKDF's extraction with ISK as salt, ss from m4's ct
 *   K_ij, K_ji = Expand(PRK, lp("pair-keys") lp(T_3) lp(ct))
 *   sealed m_n = AEAD(K, nonce = n and zeros, AD = lp("0k-pair-sealed-v1") n)
 *
 * Suite 1 exchanges by CPace. The others have no PAKE among their algorithms: there the 32-byte
 * secret of a link keys HMAC-SHA256 over both sides' fresh y (exchange.c), and the hybrid KEM
 * brings the forward secrecy.
 */
#ifndef ZKS_PAIRING_EXCHANGE_H
#define ZKS_PAIRING_EXCHANGE_H

#include "pairing/code.h"
#include "pairing/cpace.h"
#include "pairing/message.h"

enum { ZKS_EXCHANGE_RANDOM_BYTES = 32, ZKS_EXCHANGE_CI_MAX_BYTES = 96, ZKS_PAIR_DIGITS = 1000000 };

typedef struct zks__exchange {
    const zks__suite *suite;
    zks__pair_sizes sizes;
    uint8_t prs[64], ci[ZKS_EXCHANGE_CI_MAX_BYTES];
    size_t prs_length, ci_length;
    uint8_t sid[ZKS_PAIR_SID_BYTES];
    uint8_t scalar[ZKS_EXCHANGE_RANDOM_BYTES]; /* one's own */
    uint8_t y_joiner[ZKS_PAIR_Y_BYTES], y_inviter[ZKS_PAIR_Y_BYTES];
    uint8_t ad_joiner[ZKS_CPACE_AD_MAX_BYTES]; /* version pk */
    uint8_t isk[ZKS_CPACE_ISK_BYTES];
    uint8_t transcript[ZKS_HASH_BYTES];
    bool begun; /* transcript holds something */
    uint8_t to_joiner[ZKS_KEY_BYTES], to_inviter[ZKS_KEY_BYTES];
} zks__exchange;

/* What stays the same in all attempts. ZKS_E_SUITE; ZKS_E_UNSUPPORTED: a code outside suite 1. */
ZKS_MUST_USE zks_status zks__exchange_init(zks__exchange *x, const zks__pair_invite *v,
                                           const uint8_t relay_key[32]);
/* A new attempt of this sid; one's own y goes to out_y. */
ZKS_MUST_USE zks_status zks__exchange_begin(zks__exchange *x, const uint8_t sid[ZKS_PAIR_SID_BYTES],
                                            const uint8_t random[ZKS_EXCHANGE_RANDOM_BYTES],
                                            uint8_t out_y[ZKS_PAIR_Y_BYTES]);
/* H(lp("0k-pair-commit-v1") lp(sid) lp(y)): C of m0. */
void zks__exchange_commit(const zks__exchange *x, const uint8_t y[ZKS_PAIR_Y_BYTES],
                          uint8_t out[ZKS_HASH_BYTES]);
/* AD_j from the joiner's public key. */
void zks__exchange_set_pk(zks__exchange *x, zks__slice pk);
/* The joiner's key in it. */
const uint8_t *zks__exchange_pk(const zks__exchange *x);
/* m_n has been sent or received. */
void zks__exchange_note(zks__exchange *x, const uint8_t *message, size_t length);
/* ISK, when both y are known. ZKS_E_MALFORMED: the other's is no element. */
ZKS_MUST_USE zks_status zks__exchange_finish(zks__exchange *x, bool joiner);
/* The tag of a side; sizes.tag bytes. */
void zks__exchange_tag(const zks__exchange *x, bool of_joiner, uint8_t out[ZKS_PAIR_TAG_MAX_BYTES]);
/* With T_2. */
uint32_t zks__exchange_digits(const zks__exchange *x);
/* With T_3: the two keys; ISK is wiped. */
void zks__exchange_keys(zks__exchange *x, const uint8_t shared[ZKS_SEAL_SHARED_BYTES],
                        zks__slice ct);
/* In place, as zks__suite's seal and open. `to_joiner`: the direction. */
void zks__exchange_seal(const zks__exchange *x, bool to_joiner, uint8_t number, uint8_t *data,
                        size_t length);
ZKS_MUST_USE zks_status zks__exchange_open(const zks__exchange *x, bool to_joiner, uint8_t number,
                                           uint8_t *data, size_t length);
/* Forgets this attempt, or all. */
void zks__exchange_forget(zks__exchange *x);
void zks__exchange_done(zks__exchange *x);

#endif
