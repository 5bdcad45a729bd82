/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Suite 1: XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03) and BLAKE2b-256 (RFC 7693). */
#include "crypto/crypto.h"

#include <sodium.h>

enum { STATE_ALIGNMENT = 64 };
_Static_assert(sizeof(crypto_generichash_blake2b_state) + STATE_ALIGNMENT <= ZKS_HASH_STATE_BYTES,
               "hash state");
_Static_assert(crypto_aead_xchacha20poly1305_ietf_KEYBYTES == ZKS_KEY_BYTES, "key");
_Static_assert(crypto_aead_xchacha20poly1305_ietf_NPUBBYTES == ZKS_NONCE_BYTES, "nonce");
_Static_assert(crypto_aead_xchacha20poly1305_ietf_ABYTES == ZKS_TAG_BYTES, "tag");

/* Aligned by hand: a sanitizer's replacement of the stack keeps no alignment of 64. */
static crypto_generichash_blake2b_state *state_of(zks__hash *h)
{
    uintptr_t first = (uintptr_t)h->state;
    uintptr_t aligned = (first + STATE_ALIGNMENT - 1) & ~(uintptr_t)(STATE_ALIGNMENT - 1);
    return (crypto_generichash_blake2b_state *)(void *)(h->state + (aligned - first));
}

static void blake2b_init(zks__hash *h)
{
    h->suite = ZKS_SUITE_SODIUM;
    (void)crypto_generichash_blake2b_init(state_of(h), NULL, 0, ZKS_HASH_BYTES);
}

static void blake2b_update(zks__hash *h, const void *data, size_t length)
{
    if (length) {
        (void)crypto_generichash_blake2b_update(state_of(h), data, length);
    }
}

static void blake2b_final(zks__hash *h, uint8_t out[ZKS_HASH_BYTES])
{
    (void)crypto_generichash_blake2b_final(state_of(h), out, ZKS_HASH_BYTES);
}

static void xchacha_seal(uint8_t *data, size_t length, const uint8_t *ad, size_t ad_length,
                         const uint8_t nonce[ZKS_NONCE_BYTES], const uint8_t key[ZKS_KEY_BYTES])
{
    (void)crypto_aead_xchacha20poly1305_ietf_encrypt_detached(
        data, data + length, NULL, data, length, ad, ad_length, NULL, nonce, key);
}

static zks_status xchacha_open(uint8_t *data, size_t length, const uint8_t *ad, size_t ad_length,
                               const uint8_t nonce[ZKS_NONCE_BYTES],
                               const uint8_t key[ZKS_KEY_BYTES])
{
    if (length < ZKS_TAG_BYTES) {
        return ZKS_E_TRUNCATED;
    }
    size_t text = length - ZKS_TAG_BYTES;
    int bad = crypto_aead_xchacha20poly1305_ietf_decrypt_detached(
        data, NULL, data, text, data + text, ad, ad_length, nonce, key);
    return bad ? ZKS_E_DECRYPT : ZKS_OK;
}

static const zks__suite suite1 = {
    .id = ZKS_SUITE_SODIUM,
    .name = "xchacha20poly1305-blake2b-ed25519-x25519-mlkem768",
    .hash_init = blake2b_init,
    .hash_update = blake2b_update,
    .hash_final = blake2b_final,
    .seal = xchacha_seal,
    .open = xchacha_open,
};

const zks__suite *zks__crypto_suite(uint8_t id)
{
    return id == ZKS_SUITE_SODIUM ? &suite1 : NULL;
}
