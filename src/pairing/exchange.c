/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "pairing/exchange.h"

enum { TEXT_BYTES = 256, PSK_TEXT_BYTES = ZKS_CPACE_AD_MAX_BYTES + TEXT_BYTES, SHA256_BYTES = 32 };

static bool has_pake(const zks__exchange *x)
{
    return x->suite->id == ZKS_SUITE_SODIUM;
}

zks_status zks__exchange_init(zks__exchange *x, const zks__pair_invite *v,
                              const uint8_t relay_key[32])
{
    const zks__suite *suite = zks__crypto_suite(v->suite);
    if (!suite) {
        return ZKS_E_SUITE;
    }
    if (v->kind == ZKS_PAIR_CODE && v->suite != ZKS_SUITE_SODIUM) {
        return ZKS_E_UNSUPPORTED;
    }
    memset(x, 0, sizeof *x);
    x->suite = suite;
    x->sizes = (zks__pair_sizes){.pk = suite->seal_public_bytes,
                                 .ct = suite->seal_ct_bytes,
                                 .tag = has_pake(x) ? (size_t)ZKS_CPACE_TAG_BYTES : SHA256_BYTES};
    zks__writer prs = zks__writer_of(x->prs, sizeof x->prs);
    zks__write_label(&prs, "0k-pair-v1");
    zks__write_lp(&prs, v->secret,
                  v->kind == ZKS_PAIR_CODE ? (size_t)ZKS_PAIR_CODE_SECRET_CHARS : sizeof v->secret);
    x->prs_length = prs.length;
    zks__writer ci = zks__writer_of(x->ci, sizeof x->ci);
    zks__write_lp(&ci, relay_key, 32);
    zks__write_lp(&ci, v->nameplate, sizeof v->nameplate);
    zks__write_label(&ci, "joiner");
    zks__write_label(&ci, "inviter");
    x->ci_length = ci.length;
    return ZKS_OK;
}

static zks__cpace_input cpace_input(const zks__exchange *x)
{
    return (zks__cpace_input){.prs = {x->prs, x->prs_length},
                              .ci = {x->ci, x->ci_length},
                              .sid = {x->sid, sizeof x->sid}};
}

zks_status zks__exchange_begin(zks__exchange *x, const uint8_t sid[ZKS_PAIR_SID_BYTES],
                               const uint8_t random[ZKS_EXCHANGE_RANDOM_BYTES],
                               uint8_t out_y[ZKS_PAIR_Y_BYTES])
{
    zks__exchange_forget(x);
    memcpy(x->sid, sid, sizeof x->sid);
    if (!has_pake(x)) {
        memcpy(out_y, random, ZKS_PAIR_Y_BYTES); /* a nonce, sent in clear */
        return ZKS_OK;
    }
    zks__cpace_input in = cpace_input(x);
    zks__crypto_ristretto_scalar(random, x->scalar);
    return zks__cpace_public(&in, x->scalar, out_y);
}

void zks__exchange_commit(const zks__exchange *x, const uint8_t y[ZKS_PAIR_Y_BYTES],
                          uint8_t out[ZKS_HASH_BYTES])
{
    uint8_t text[TEXT_BYTES];
    zks__writer w = zks__writer_of(text, sizeof text);
    zks__write_label(&w, "0k-pair-commit-v1");
    zks__write_lp(&w, x->sid, sizeof x->sid);
    zks__write_lp(&w, y, ZKS_PAIR_Y_BYTES);
    zks__hash h;
    x->suite->hash_init(&h);
    x->suite->hash_update(&h, text, w.length);
    x->suite->hash_final(&h, out);
}

void zks__exchange_set_pk(zks__exchange *x, zks__slice pk)
{
    x->ad_joiner[0] = ZKS_PAIR_VERSION;
    memcpy(x->ad_joiner + 1, pk.data, x->sizes.pk);
}

const uint8_t *zks__exchange_pk(const zks__exchange *x)
{
    return x->ad_joiner + 1;
}

void zks__exchange_note(zks__exchange *x, const uint8_t *message, size_t length)
{
    uint8_t text[TEXT_BYTES];
    zks__writer w = zks__writer_of(text, sizeof text);
    zks__write_label(&w, "0k-pair-transcript-v1");
    zks__write_lp(&w, x->transcript, x->begun ? sizeof x->transcript : 0);
    zks__write_leb(&w, length);
    zks__hash h;
    x->suite->hash_init(&h);
    x->suite->hash_update(&h, text, w.length);
    x->suite->hash_update(&h, message, length);
    x->suite->hash_final(&h, x->transcript);
    x->begun = true;
}

static const uint8_t ad_inviter[] = {ZKS_PAIR_VERSION};

static zks__cpace_share share_of(const zks__exchange *x, bool joiner)
{
    zks__cpace_share s = {.ad = {ad_inviter, sizeof ad_inviter}};
    memcpy(s.y, joiner ? x->y_joiner : x->y_inviter, sizeof s.y);
    if (joiner) {
        s.ad = (zks__slice){x->ad_joiner, 1 + x->sizes.pk};
    }
    return s;
}

static void write_share(zks__writer *w, const zks__cpace_share *s)
{
    zks__write_lp(w, s->y, sizeof s->y);
    zks__write_lp(w, s->ad.data, s->ad.length);
}

/* Without a PAKE: ISK = Expand(HMAC-SHA256(PRS, lp("0k-pair-psk-v1") lp(CI) lp(sid) lp(Ya) lp(ADa)
 * lp(Yb) lp(ADb)), lp("pair-isk"), 64). The secret has 256 bits, so there is nothing to guess. */
static void psk_isk(zks__exchange *x, const zks__cpace_share *a, const zks__cpace_share *b)
{
    uint8_t text[PSK_TEXT_BYTES], prk[SHA256_BYTES], info[16];
    zks__writer w = zks__writer_of(text, sizeof text);
    zks__write_label(&w, "0k-pair-psk-v1");
    zks__write_lp(&w, x->ci, x->ci_length);
    zks__write_lp(&w, x->sid, sizeof x->sid);
    write_share(&w, a);
    write_share(&w, b);
    zks__crypto_hmac(x->prs, x->prs_length, text, w.length, prk);
    zks__writer i = zks__writer_of(info, sizeof info);
    zks__write_label(&i, "pair-isk");
    zks__crypto_expand(prk, info, i.length, x->isk, sizeof x->isk);
    zks__wipe(prk, sizeof prk);
}

zks_status zks__exchange_finish(zks__exchange *x, bool joiner)
{
    zks__cpace_share a = share_of(x, true), b = share_of(x, false);
    zks_status status = ZKS_OK;
    if (has_pake(x)) {
        zks__cpace_input in = cpace_input(x);
        status = zks__cpace_isk(&in, &a, &b, x->scalar, joiner, x->isk);
    } else {
        psk_isk(x, &a, &b);
    }
    zks__wipe(x->scalar, sizeof x->scalar);
    return status;
}

void zks__exchange_tag(const zks__exchange *x, bool of_joiner, uint8_t out[ZKS_PAIR_TAG_MAX_BYTES])
{
    zks__cpace_share share = share_of(x, of_joiner);
    if (has_pake(x)) {
        /* Its sizes are this file's own, so it cannot refuse them. */
        (void)!zks__cpace_tag((zks__slice){x->sid, sizeof x->sid}, x->isk, &share, out);
        return;
    }
    uint8_t prk[SHA256_BYTES], mac_key[SHA256_BYTES], info[64], text[PSK_TEXT_BYTES];
    zks__crypto_extract(x->isk, sizeof x->isk, prk);
    zks__writer i = zks__writer_of(info, sizeof info);
    zks__write_label(&i, "pair-mac");
    zks__write_lp(&i, x->sid, sizeof x->sid);
    zks__crypto_expand(prk, info, i.length, mac_key, sizeof mac_key);
    zks__writer w = zks__writer_of(text, sizeof text);
    zks__write_label(&w, of_joiner ? "joiner" : "inviter");
    write_share(&w, &share);
    zks__crypto_hmac(mac_key, sizeof mac_key, text, w.length, out);
    zks__wipe(prk, sizeof prk);
    zks__wipe(mac_key, sizeof mac_key);
}

uint32_t zks__exchange_digits(const zks__exchange *x)
{
    uint8_t prk[SHA256_BYTES], info[64], bytes[8];
    zks__crypto_extract(x->isk, sizeof x->isk, prk);
    zks__writer w = zks__writer_of(info, sizeof info);
    zks__write_label(&w, "pair-digits");
    zks__write_lp(&w, x->transcript, sizeof x->transcript);
    zks__crypto_expand(prk, info, w.length, bytes, sizeof bytes);
    zks__wipe(prk, sizeof prk);
    zks__reader r = zks__reader_of(bytes, sizeof bytes);
    return (uint32_t)(zks__read_u64(&r) % ZKS_PAIR_DIGITS);
}

void zks__exchange_keys(zks__exchange *x, const uint8_t shared[ZKS_SEAL_SHARED_BYTES],
                        zks__slice ct)
{
    uint8_t prk[SHA256_BYTES], info[PSK_TEXT_BYTES], keys[2 * ZKS_KEY_BYTES];
    zks__crypto_hmac(x->isk, sizeof x->isk, shared, ZKS_SEAL_SHARED_BYTES, prk);
    zks__writer w = zks__writer_of(info, sizeof info);
    zks__write_label(&w, "pair-keys");
    zks__write_lp(&w, x->transcript, sizeof x->transcript);
    zks__write_lp(&w, ct.data, ct.length);
    zks__crypto_expand(prk, info, w.length, keys, sizeof keys);
    memcpy(x->to_joiner, keys, ZKS_KEY_BYTES);
    memcpy(x->to_inviter, keys + ZKS_KEY_BYTES, ZKS_KEY_BYTES);
    zks__wipe(prk, sizeof prk);
    zks__wipe(keys, sizeof keys);
    zks__wipe(x->isk, sizeof x->isk);
}

/* A key seals one message of a number only, so the number is the nonce. */
static size_t sealed_context(uint8_t number, uint8_t ad[32], uint8_t nonce[ZKS_NONCE_BYTES])
{
    zks__writer w = zks__writer_of(ad, 32);
    zks__write_label(&w, "0k-pair-sealed-v1");
    zks__write_u8(&w, number);
    memset(nonce, 0, ZKS_NONCE_BYTES);
    nonce[0] = number;
    return w.length;
}

void zks__exchange_seal(const zks__exchange *x, bool to_joiner, uint8_t number, uint8_t *data,
                        size_t length)
{
    uint8_t ad[32], nonce[ZKS_NONCE_BYTES];
    size_t ad_length = sealed_context(number, ad, nonce);
    x->suite->seal(data, length, ad, ad_length, nonce, to_joiner ? x->to_joiner : x->to_inviter);
}

zks_status zks__exchange_open(const zks__exchange *x, bool to_joiner, uint8_t number, uint8_t *data,
                              size_t length)
{
    uint8_t ad[32], nonce[ZKS_NONCE_BYTES];
    size_t ad_length = sealed_context(number, ad, nonce);
    return x->suite->open(data, length, ad, ad_length, nonce,
                          to_joiner ? x->to_joiner : x->to_inviter);
}

void zks__exchange_forget(zks__exchange *x)
{
    size_t from = offsetof(zks__exchange, sid);
    zks__wipe((uint8_t *)x + from, sizeof *x - from);
}

void zks__exchange_done(zks__exchange *x)
{
    zks__wipe(x, sizeof *x);
}
