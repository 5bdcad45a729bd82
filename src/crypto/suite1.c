/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Suite 1: XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03), BLAKE2b-256 (RFC 7693),
 * ChaCha20-Poly1305 (RFC 8439) for sessions, X25519 (RFC 7748), X-Wing
 * (draft-connolly-cfrg-xwing-kem), HKDF (RFC 5869) and Ed25519 (RFC 8032); all by libsodium. */
#include "crypto/private.h"

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

/* Noise, section 12.3: 32 zero bits, then the counter, little-endian. */
static void chacha_nonce(uint64_t n, uint8_t out[crypto_aead_chacha20poly1305_ietf_NPUBBYTES])
{
    memset(out, 0, 4);
    for (unsigned i = 0; i < 8; i++) {
        out[4 + i] = (uint8_t)(n >> 8 * i);
    }
}

static void chacha_seal(uint8_t *data, size_t length, const uint8_t *ad, size_t ad_length,
                        uint64_t n, const uint8_t key[ZKS_KEY_BYTES])
{
    uint8_t nonce[crypto_aead_chacha20poly1305_ietf_NPUBBYTES];
    chacha_nonce(n, nonce);
    (void)crypto_aead_chacha20poly1305_ietf_encrypt_detached(
        data, data + length, NULL, data, length, ad, ad_length, NULL, nonce, key);
}

static zks_status chacha_open(uint8_t *data, size_t length, const uint8_t *ad, size_t ad_length,
                              uint64_t n, const uint8_t key[ZKS_KEY_BYTES])
{
    if (length < ZKS_TAG_BYTES) {
        return ZKS_E_TRUNCATED;
    }
    uint8_t nonce[crypto_aead_chacha20poly1305_ietf_NPUBBYTES];
    chacha_nonce(n, nonce);
    size_t text = length - ZKS_TAG_BYTES;
    int bad = crypto_aead_chacha20poly1305_ietf_decrypt_detached(
        data, NULL, data, text, data + text, ad, ad_length, nonce, key);
    return bad ? ZKS_E_DECRYPT : ZKS_OK;
}

static void x25519_public(const uint8_t secret[ZKS_DH_SECRET_BYTES], uint8_t *out_public)
{
    (void)crypto_scalarmult_curve25519_base(out_public, secret);
}

static zks_status x25519(const uint8_t secret[ZKS_DH_SECRET_BYTES], const uint8_t *peer,
                         uint8_t out_shared[ZKS_DH_SHARED_BYTES])
{
    uint8_t shared[ZKS_DH_SHARED_BYTES];
    int bad = crypto_scalarmult_curve25519(shared, secret, peer);
    if (!bad) {
        memcpy(out_shared, shared, sizeof shared);
    }
    sodium_memzero(shared, sizeof shared);
    return bad ? ZKS_E_MALFORMED : ZKS_OK;
}

static void xwing_public(const uint8_t seed[ZKS_SEAL_SEED_BYTES], uint8_t *out_public)
{
    uint8_t secret[crypto_kem_xwing_SECRETKEYBYTES];
    (void)crypto_kem_xwing_seed_keypair(out_public, secret, seed);
    sodium_memzero(secret, sizeof secret);
}

static zks_status xwing_enc(const uint8_t *public_key, const uint8_t random[ZKS_SEAL_RANDOM_BYTES],
                            uint8_t *out_ct, uint8_t out_shared[ZKS_SEAL_SHARED_BYTES])
{
    int bad = crypto_kem_xwing_enc_deterministic(out_ct, out_shared, public_key, random);
    return bad ? ZKS_E_MALFORMED : ZKS_OK;
}

/* An X-Wing secret key is its seed. */
static zks_status xwing_dec(const uint8_t seed[ZKS_SEAL_SEED_BYTES], const uint8_t *ct,
                            uint8_t out_shared[ZKS_SEAL_SHARED_BYTES])
{
    return crypto_kem_xwing_dec(out_shared, ct, seed) ? ZKS_E_MALFORMED : ZKS_OK;
}

static void sha256_two(const void *a, size_t a_length, const void *b, size_t b_length,
                       uint8_t out[32])
{
    static const uint8_t nothing = 0;
    crypto_hash_sha256_state state;
    (void)crypto_hash_sha256_init(&state);
    (void)crypto_hash_sha256_update(&state, a_length ? a : &nothing, a_length);
    (void)crypto_hash_sha256_update(&state, b_length ? b : &nothing, b_length);
    (void)crypto_hash_sha256_final(&state, out);
    sodium_memzero(&state, sizeof state);
}

static void hkdf_extract(const uint8_t *secret, size_t length, uint8_t out_prk[32])
{
    static const uint8_t salt[] = {'0', 'k', '-', 's', 'y', 'n', 'c', '/', '2'};
    (void)crypto_kdf_hkdf_sha256_extract(out_prk, salt, sizeof salt, secret, length);
}

static void hkdf_expand(const uint8_t prk[32], const void *info, size_t info_length, uint8_t *out,
                        size_t length)
{
    /* It fails for more than 255 blocks only, which the header excludes. */
    (void)crypto_kdf_hkdf_sha256_expand(out, length, info, info_length, prk);
}

static void hmac(const uint8_t *key, size_t key_length, const void *data, size_t length,
                 uint8_t out[32])
{
    static const uint8_t nothing = 0;
    crypto_auth_hmacsha256_state state;
    (void)crypto_auth_hmacsha256_init(&state, key, key_length);
    (void)crypto_auth_hmacsha256_update(&state, length ? data : &nothing, length);
    (void)crypto_auth_hmacsha256_final(&state, out);
    sodium_memzero(&state, sizeof state);
}

static void ed25519_key(const uint8_t seed[ZKS_SIGN_SEED_BYTES], zks__sign_key *out_key)
{
    uint8_t public_key[ZKS_SIGN_PUBLIC_BYTES];
    (void)crypto_sign_seed_keypair(public_key, out_key->secret, seed);
}

static void ed25519_sign(const zks__sign_key *key, const void *message, size_t length,
                         uint8_t out[ZKS_SIGN_BYTES])
{
    (void)crypto_sign_detached(out, NULL, message, length, key->secret);
}

static zks_status ed25519_verify(const uint8_t public_key[ZKS_SIGN_PUBLIC_BYTES],
                                 const void *message, size_t length,
                                 const uint8_t signature[ZKS_SIGN_BYTES])
{
    return crypto_sign_verify_detached(signature, message, length, public_key) ? ZKS_E_BAD_SIGNATURE
                                                                               : ZKS_OK;
}

_Static_assert(crypto_hash_sha256_BYTES == 32, "SHA-256");
_Static_assert(crypto_kdf_hkdf_sha256_KEYBYTES == 32, "PRK");
_Static_assert(crypto_sign_SECRETKEYBYTES == sizeof(((zks__sign_key *)NULL)->secret), "secret key");
_Static_assert(crypto_sign_PUBLICKEYBYTES == ZKS_SIGN_PUBLIC_BYTES, "public key");
_Static_assert(crypto_sign_SEEDBYTES == ZKS_SIGN_SEED_BYTES, "seed");
_Static_assert(crypto_sign_BYTES == ZKS_SIGN_BYTES, "signature");
_Static_assert(crypto_kem_xwing_PUBLICKEYBYTES == ZKS_SEAL_PUBLIC_BYTES, "X-Wing");
_Static_assert(crypto_kem_xwing_SEEDBYTES == ZKS_SEAL_SEED_BYTES, "X-Wing");
_Static_assert(crypto_kem_xwing_SECRETKEYBYTES == ZKS_SEAL_SEED_BYTES, "X-Wing");
_Static_assert(crypto_kem_xwing_CIPHERTEXTBYTES == ZKS_SEAL_CT_BYTES, "X-Wing");

const zks__suite zks__crypto_suite1 = {
    .id = ZKS_SUITE_SODIUM,
    .name = "xchacha20poly1305-blake2b-ed25519-x25519-mlkem768",
    .noise_name = "Noise_hybridXX_25519+MLKEM768_ChaChaPoly_SHA256",
    .hash_init = blake2b_init,
    .hash_update = blake2b_update,
    .hash_final = blake2b_final,
    .seal = xchacha_seal,
    .open = xchacha_open,
    .record_seal = chacha_seal,
    .record_open = chacha_open,
    .dh_public_bytes = ZKS_DH_PUBLIC_BYTES,
    .dh_public = x25519_public,
    .dh = x25519,
    .seal_public_bytes = ZKS_SEAL_PUBLIC_BYTES,
    .seal_ct_bytes = ZKS_SEAL_CT_BYTES,
    .seal_random_bytes = 64,
    .seal_public = xwing_public,
    .seal_enc = xwing_enc,
    .seal_dec = xwing_dec,
    .sha256_two = sha256_two,
    .hmac = hmac,
    .extract = hkdf_extract,
    .expand = hkdf_expand,
    .sign_key = ed25519_key,
    .sign = ed25519_sign,
    .verify = ed25519_verify,
};
