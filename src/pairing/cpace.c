/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "pairing/cpace.h"

static const char dsi[] = "CPaceRistretto255";
static const char dsi_isk[] = "CPaceRistretto255_ISK";
static const char mac_label[] = "CPaceMac";

enum {
    SHA512_BLOCK_BYTES = 128,
    LP_MAX_BYTES = 2, /* of a length below 2^14 */
    INPUT_TEXT_BYTES = SHA512_BLOCK_BYTES + ZKS_CPACE_INPUT_MAX_BYTES + 4 * LP_MAX_BYTES,
    SHARE_TEXT_BYTES = ZKS_CPACE_PUBLIC_BYTES + ZKS_CPACE_AD_MAX_BYTES + 2 * LP_MAX_BYTES,
    ISK_TEXT_BYTES = 64 + ZKS_CPACE_INPUT_MAX_BYTES + LP_MAX_BYTES + 2 * SHARE_TEXT_BYTES
};

static bool fits(const zks__cpace_input *in)
{
    size_t left = ZKS_CPACE_INPUT_MAX_BYTES;
    const zks__slice *parts[] = {&in->prs, &in->ci, &in->sid};
    for (size_t i = 0; i < ZKS_COUNTOF(parts); i++) {
        if (parts[i]->length > left) {
            return false;
        }
        left -= parts[i]->length;
    }
    return true;
}

/* generator_string: lv_cat(DSI, PRS, zero_bytes(len_zpad), CI, sid), so that DSI and PRS fill the
 * hash's first block however long the PRS is. */
static void write_generator_string(zks__writer *w, const zks__cpace_input *in)
{
    static const uint8_t zeros[SHA512_BLOCK_BYTES];
    size_t used = zks__leb_size(in->prs.length) + in->prs.length + 1 + sizeof dsi - 1;
    size_t len_zpad = used + 1 < SHA512_BLOCK_BYTES ? SHA512_BLOCK_BYTES - 1 - used : 0;
    zks__write_label(w, dsi);
    zks__write_lp(w, in->prs.data, in->prs.length);
    zks__write_lp(w, zeros, len_zpad);
    zks__write_lp(w, in->ci.data, in->ci.length);
    zks__write_lp(w, in->sid.data, in->sid.length);
}

zks_status zks__cpace_generator(const zks__cpace_input *in, uint8_t out_g[ZKS_CPACE_PUBLIC_BYTES])
{
    uint8_t text[INPUT_TEXT_BYTES], digest[ZKS_SHA512_BYTES];
    if (!fits(in)) {
        return ZKS_E_TOO_LARGE;
    }
    zks__writer w = zks__writer_of(text, sizeof text);
    write_generator_string(&w, in);
    zks__crypto_sha512(text, w.length, digest);
    zks__crypto_ristretto_of_hash(digest, out_g);
    zks__wipe(text, sizeof text);
    zks__wipe(digest, sizeof digest);
    return ZKS_OK;
}

zks_status zks__cpace_public(const zks__cpace_input *in,
                             const uint8_t scalar[ZKS_CPACE_SCALAR_BYTES],
                             uint8_t out_y[ZKS_CPACE_PUBLIC_BYTES])
{
    uint8_t g[ZKS_CPACE_PUBLIC_BYTES];
    zks_status status = zks__cpace_generator(in, g);
    if (!status) {
        status = zks__crypto_ristretto_mult(scalar, g, out_y); /* Y = scalar_mult(y, g) */
    }
    zks__wipe(g, sizeof g); /* it is a function of the secret: offline guesses could start there */
    return status;
}

/* lv_cat(Y, AD) */
static void write_share(zks__writer *w, const zks__cpace_share *s)
{
    zks__write_lp(w, s->y, sizeof s->y);
    zks__write_lp(w, s->ad.data, s->ad.length);
}

zks_status zks__cpace_isk(const zks__cpace_input *in, const zks__cpace_share *a,
                          const zks__cpace_share *b, const uint8_t scalar[ZKS_CPACE_SCALAR_BYTES],
                          bool initiator, uint8_t out_isk[ZKS_CPACE_ISK_BYTES])
{
    uint8_t text[ISK_TEXT_BYTES], k[ZKS_CPACE_PUBLIC_BYTES];
    if (!fits(in) || a->ad.length > ZKS_CPACE_AD_MAX_BYTES ||
        b->ad.length > ZKS_CPACE_AD_MAX_BYTES) {
        return ZKS_E_TOO_LARGE;
    }
    /* K = scalar_mult_vfy(y, Yother); MUST abort if K = G.I */
    zks_status status = zks__crypto_ristretto_mult(scalar, initiator ? b->y : a->y, k);
    if (status) {
        return status;
    }
    /* ISK = H(lv_cat(DSI || "_ISK", sid, K) || transcript_ir(Ya, ADa, Yb, ADb)) */
    zks__writer w = zks__writer_of(text, sizeof text);
    zks__write_label(&w, dsi_isk);
    zks__write_lp(&w, in->sid.data, in->sid.length);
    zks__write_lp(&w, k, sizeof k);
    write_share(&w, a);
    write_share(&w, b);
    zks__crypto_sha512(text, w.length, out_isk);
    zks__wipe(text, sizeof text);
    zks__wipe(k, sizeof k);
    return ZKS_OK;
}

zks_status zks__cpace_tag(zks__slice sid, const uint8_t isk[ZKS_CPACE_ISK_BYTES],
                          const zks__cpace_share *share, uint8_t out_tag[ZKS_CPACE_TAG_BYTES])
{
    uint8_t text[ZKS_CPACE_INPUT_MAX_BYTES + ZKS_CPACE_ISK_BYTES + sizeof mac_label];
    uint8_t share_text[SHARE_TEXT_BYTES], mac_key[ZKS_SHA512_BYTES];
    if (sid.length > ZKS_CPACE_INPUT_MAX_BYTES || share->ad.length > ZKS_CPACE_AD_MAX_BYTES) {
        return ZKS_E_TOO_LARGE;
    }
    /* mac_key = H("CPaceMac" || sid || ISK) */
    zks__writer w = zks__writer_of(text, sizeof text);
    zks__write_bytes(&w, mac_label, sizeof mac_label - 1);
    zks__write_bytes(&w, sid.data, sid.length);
    zks__write_bytes(&w, isk, ZKS_CPACE_ISK_BYTES);
    zks__crypto_sha512(text, w.length, mac_key);
    /* T = MAC(mac_key, lv_cat(Y, AD)) */
    zks__writer s = zks__writer_of(share_text, sizeof share_text);
    write_share(&s, share);
    zks__crypto_hmac512(mac_key, sizeof mac_key, share_text, s.length, out_tag);
    zks__wipe(text, sizeof text);
    zks__wipe(mac_key, sizeof mac_key);
    return ZKS_OK;
}
