/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "session/handshake.h"

#include "base/alloc.h"

_Static_assert((int)ZKS_HANDSHAKE_KEM_BYTES == (int)ZKS_KEM_PUBLIC_BYTES, "limits.h");
_Static_assert((int)ZKS_HANDSHAKE_CT_BYTES == (int)ZKS_KEM_CT_BYTES, "limits.h");
_Static_assert((int)ZKS_HANDSHAKE_TAG_BYTES == (int)ZKS_TAG_BYTES, "limits.h");
_Static_assert((int)ZKS_SIGNATURE_BYTES == (int)ZKS_SIGN_BYTES, "limits.h");

enum { PROOF_TEXT_BYTES = 1 + 11 + 1 + ZKS_HANDSHAKE_DH_MAX_BYTES + 2 + ZKS_KEM_PUBLIC_BYTES };

struct zks__handshake {
    zks__session_config config;
    const zks__session_keys *keys; /* NULL: a responder that has not heard which suite */
    zks__noise *noise;             /* likewise */
    zks__noise_hash hash;          /* SHA-256 by the suite's library */
    unsigned done;                 /* messages, of both sides */
    uint8_t relay_key[ZKS_LINK_KEY_BYTES];
    uint8_t prologue[ZKS_PROLOGUE_MAX_BYTES]; /* holds the exporter */
    size_t prologue_length;
};

/* --- keys (session.h) --- */

/* lp("0k-relay-v1") lp(dh static) lp(kem static) */
static size_t proof_text(const uint8_t *dh, size_t dh_length, const uint8_t *kem,
                         uint8_t out[PROOF_TEXT_BYTES])
{
    zks__writer w = zks__writer_of(out, PROOF_TEXT_BYTES);
    zks__write_label(&w, "0k-relay-v1");
    zks__write_lp(&w, dh, dh_length);
    zks__write_lp(&w, kem, ZKS_KEM_PUBLIC_BYTES);
    return w.length;
}

/* HKDF(identity seed, label, suite), as in docs/SECURITY.md, section 2. */
static void derive(const zks__suite *suite, const uint8_t prk[32], const char *label, uint8_t *out,
                   size_t length)
{
    uint8_t info[64];
    zks__writer w = zks__writer_of(info, sizeof info);
    zks__write_label(&w, label);
    zks__write_lp(&w, &suite->id, 1);
    suite->expand(prk, info, w.length, out, length);
}

void zks__session_keys_relay(const zks__suite *suite, const uint8_t seed[ZKS_SIGN_SEED_BYTES],
                             zks__session_keys *out_keys)
{
    uint8_t prk[32], dh[ZKS_HANDSHAKE_DH_MAX_BYTES], kem[ZKS_KEM_PUBLIC_BYTES];
    uint8_t text[PROOF_TEXT_BYTES];
    zks__sign_key key;
    out_keys->suite = suite;
    suite->extract(seed, ZKS_SIGN_SEED_BYTES, prk);
    derive(suite, prk, "relay-noise-dh", out_keys->dh_secret, sizeof out_keys->dh_secret);
    derive(suite, prk, "relay-noise-kem", out_keys->kem_seed, sizeof out_keys->kem_seed);
    suite->dh_public(out_keys->dh_secret, dh);
    zks__crypto_kem_public(out_keys->kem_seed, kem);
    suite->sign_key(seed, &key);
    size_t length = proof_text(dh, suite->dh_public_bytes, kem, text);
    suite->sign(&key, text, length, out_keys->proof);
    zks__wipe(prk, sizeof prk);
    zks__wipe(&key, sizeof key);
}

void zks__session_keys_fresh(const zks__suite *suite, const zks__rng *rng,
                             zks__session_keys *out_keys)
{
    *out_keys = (zks__session_keys){.suite = suite};
    rng->fill(out_keys->dh_secret, sizeof out_keys->dh_secret, rng->user);
    rng->fill(out_keys->kem_seed, sizeof out_keys->kem_seed, rng->user);
}

void zks__handshake_statics(const uint8_t *dh, size_t dh_length,
                            const uint8_t kem[ZKS_KEM_PUBLIC_BYTES],
                            uint8_t out_hash[ZKS_HASH_BYTES])
{
    zks__crypto_sha256_two(dh, dh_length, kem, ZKS_KEM_PUBLIC_BYTES, out_hash);
}

/* --- beginning and end --- */

static zks_status make_noise(zks__handshake *h, const zks__session_keys *keys)
{
    h->hash = (zks__noise_hash){
        .bytes = ZKS_HASH_BYTES, .two = keys->suite->sha256_two, .hmac = keys->suite->hmac};
    zks__noise_config config = {.pattern = &zks__noise_hybrid_xx,
                                .name = keys->suite->noise_name,
                                .suite = keys->suite,
                                .hash = &h->hash,
                                .initiator = h->config.initiator,
                                .prologue = h->prologue,
                                .prologue_length = h->prologue_length,
                                .dh_secret = keys->dh_secret,
                                .kem_seed = keys->kem_seed,
                                .rng = h->config.rng};
    zks_status status = zks__noise_new(&config, &h->noise);
    if (!status) {
        h->keys = keys;
    }
    return status;
}

zks_status zks__handshake_new(const zks__session_config *config, const void *prologue,
                              size_t prologue_length, const uint8_t relay_key[ZKS_LINK_KEY_BYTES],
                              zks__handshake **out_handshake)
{
    if (prologue_length > ZKS_PROLOGUE_MAX_BYTES) {
        return ZKS_E_INTERNAL;
    }
    zks__handshake *h = zks__alloc_zero(1, sizeof *h);
    if (!h) {
        return ZKS_E_NOMEM;
    }
    h->config = *config;
    memcpy(h->prologue, prologue, prologue_length);
    h->prologue_length = prologue_length;
    memcpy(h->relay_key, relay_key, sizeof h->relay_key);
    zks_status status = config->initiator ? make_noise(h, config->keys) : ZKS_OK;
    if (status) {
        zks__handshake_free(h);
        return status;
    }
    *out_handshake = h;
    return ZKS_OK;
}

void zks__handshake_free(zks__handshake *h)
{
    if (h) {
        zks__noise_free(h->noise);
        zks__wipe(h, sizeof *h);
        zks__free(h);
    }
}

/* --- messages --- */

/* Only the relay says something: its proof, in message 2. */
static size_t payload_bytes(unsigned message)
{
    return message == 2 ? ZKS_SIGN_BYTES : 0;
}

static size_t first_bytes(const zks__suite *suite)
{
    return suite->dh_public_bytes + ZKS_KEM_PUBLIC_BYTES;
}

static zks_status write_message(zks__handshake *h, zks__buf **out_record)
{
    size_t payload = payload_bytes(h->done + 1);
    size_t size = zks__noise_size(h->noise, payload);
    zks__buf *b = zks__buf_new(0, ZKS_RECORD_PREFIX_BYTES + size, 0);
    if (!b) {
        return ZKS_E_NOMEM;
    }
    b->data[0] = (uint8_t)(size >> 8);
    b->data[1] = (uint8_t)size;
    zks_status status = zks__noise_write(h->noise, h->keys->proof, payload,
                                         b->data + ZKS_RECORD_PREFIX_BYTES, size, &size);
    if (status) {
        zks__buf_unref(b);
        return status;
    }
    h->done++;
    *out_record = b;
    return ZKS_OK;
}

zks_status zks__handshake_begin(zks__handshake *h, zks__buf **out_record)
{
    return h->config.initiator && h->done == 0 ? write_message(h, out_record) : ZKS_E_STATE;
}

size_t zks__handshake_expects(const zks__handshake *h)
{
    size_t most = 0;
    if (h->noise) {
        bool theirs = !zks__noise_over(h->noise) && !zks__noise_writes(h->noise);
        return theirs ? zks__noise_size(h->noise, payload_bytes(h->done + 1)) : 0;
    }
    for (size_t i = 0; i < h->config.key_count; i++) {
        size_t first = first_bytes(h->config.keys[i].suite);
        most = first > most ? first : most;
    }
    return most;
}

/* The suite whose message 1 has this length. */
static zks_status choose_keys(zks__handshake *h, size_t length)
{
    for (size_t i = 0; i < h->config.key_count; i++) {
        if (first_bytes(h->config.keys[i].suite) == length) {
            return make_noise(h, &h->config.keys[i]);
        }
    }
    return ZKS_E_TRUNCATED;
}

static zks_status check_proof(const zks__handshake *h, const uint8_t *proof)
{
    uint8_t text[PROOF_TEXT_BYTES];
    size_t length = proof_text(zks__noise_peer_dh(h->noise), h->keys->suite->dh_public_bytes,
                               zks__noise_peer_kem(h->noise), text);
    return h->keys->suite->verify(h->relay_key, text, length, proof);
}

zks_status zks__handshake_take(zks__handshake *h, uint8_t *record, size_t length,
                               zks__buf **out_record)
{
    const uint8_t *payload = NULL;
    zks_status status = h->noise ? ZKS_OK : choose_keys(h, length);
    if (status) {
        return status;
    }
    size_t expected = zks__handshake_expects(h);
    if (length != expected) {
        return length < expected ? ZKS_E_TRUNCATED : ZKS_E_TOO_LARGE;
    }
    status = zks__noise_read(h->noise, record, length, &payload, &length);
    if (!status) {
        h->done++;
    }
    if (!status && h->done == 2) {
        status = check_proof(h, payload);
    }
    *out_record = NULL;
    if (!status && zks__noise_writes(h->noise)) {
        status = write_message(h, out_record);
    }
    return status;
}

bool zks__handshake_over(const zks__handshake *h)
{
    return h->noise && zks__noise_over(h->noise);
}

zks_status zks__handshake_finish(const zks__handshake *h, zks__handshake_result *out_result)
{
    if (!zks__handshake_over(h)) {
        return ZKS_E_STATE;
    }
    const zks__noise_limits *limits = h->config.limits ? h->config.limits
                                                       : &zks__noise_limits_default;
    zks_status status = zks__noise_split(h->noise, limits, &out_result->send, &out_result->receive);
    if (!status) {
        out_result->suite = h->keys->suite;
        memcpy(out_result->hash, zks__noise_handshake_hash(h->noise), sizeof out_result->hash);
        zks__handshake_statics(zks__noise_peer_dh(h->noise), h->keys->suite->dh_public_bytes,
                               zks__noise_peer_kem(h->noise), out_result->statics);
    }
    return status;
}
