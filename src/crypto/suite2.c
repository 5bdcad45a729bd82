/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Suite 2, the approved algorithms: SHA-256 (FIPS 180-4), XAES-256-GCM (C2SP; SP 800-108r1 with
 * AES-CMAC, SP 800-38D), AES-256-GCM for sessions, P-256 (SP 800-186), MLKEM768-P256, HMAC and HKDF
 * (SP 800-56C), Ed25519 (FIPS 186-5), PBKDF2 (SP 800-132). GnuTLS computes what it offers; P-256
 * and SHAKE256 are nettle's, ML-KEM is libsodium's.
 *
 * The table's calls may not fail. Where GnuTLS does not compute, for want of memory or because a
 * FIPS module is in its error state, nettle, on which GnuTLS stands, does on the stack (stack2.c).
 */
#include "crypto/private.h"

#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <nettle/eddsa.h>
#include <nettle/sha2.h>

enum { GCM_NONCE = 12, SESSION_NONCE_ZEROS = 4, HALF_NONCE = ZKS_NONCE_BYTES / 2, BLOCK = 16 };

/* In zks__hash: nettle's state is used when there is no handle. */
typedef struct hash_state {
    gnutls_hash_hd_t handle;
    struct sha256_ctx stack;
} hash_state;

_Static_assert(sizeof(hash_state) + _Alignof(hash_state) <= ZKS_HASH_STATE_BYTES, "hash state");

static gnutls_datum_t datum(const void *data, size_t length)
{
    /* GnuTLS only reads what it is given so. */
    return (gnutls_datum_t){.data = (unsigned char *)(uintptr_t)data, .size = (unsigned)length};
}

static hash_state *state_of(zks__hash *h)
{
    uintptr_t first = (uintptr_t)h->state, alignment = _Alignof(hash_state);
    uintptr_t aligned = (first + alignment - 1) & ~(alignment - 1);
    return (hash_state *)(void *)(h->state + (aligned - first));
}

static void sha256_begin(zks__hash *h)
{
    hash_state *s = state_of(h);
    h->suite = ZKS_SUITE_APPROVED;
    if (gnutls_hash_init(&s->handle, GNUTLS_DIG_SHA256) < 0) {
        s->handle = NULL;
        sha256_init(&s->stack);
    }
}

static void sha256_add(zks__hash *h, const void *data, size_t length)
{
    hash_state *s = state_of(h);
    if (!length) {
        return;
    }
    if (s->handle) {
        (void)gnutls_hash(s->handle, data, length);
    } else {
        sha256_update(&s->stack, length, data);
    }
}

static void sha256_end(zks__hash *h, uint8_t out[ZKS_HASH_BYTES])
{
    hash_state *s = state_of(h);
    if (s->handle) {
        gnutls_hash_deinit(s->handle, out);
    } else {
        sha256_digest(&s->stack, ZKS_HASH_BYTES, out);
    }
}

static void sha256_two(const void *a, size_t a_length, const void *b, size_t b_length,
                       uint8_t out[32])
{
    zks__hash h;
    sha256_begin(&h);
    sha256_add(&h, a, a_length);
    sha256_add(&h, b, b_length);
    sha256_end(&h, out);
    zks__wipe(&h, sizeof h);
}

static void hmac(const uint8_t *key, size_t key_length, const void *data, size_t length,
                 uint8_t out[32])
{
    static const uint8_t nothing = 0;
    const void *text = length ? data : &nothing;
    if (gnutls_hmac_fast(GNUTLS_MAC_SHA256, key, key_length, text, length, out) < 0) {
        zks__stack2_hmac(key, key_length, text, length, out);
    }
}

static void hkdf_extract(const uint8_t *secret, size_t length, uint8_t out_prk[32])
{
    static const uint8_t salt[] = {'0', 'k', '-', 's', 'y', 'n', 'c', '/', '2'};
    gnutls_datum_t s = datum(salt, sizeof salt), k = datum(secret, length);
    if (gnutls_hkdf_extract(GNUTLS_MAC_SHA256, &k, &s, out_prk) < 0) {
        zks__stack2_hmac(salt, sizeof salt, secret, length, out_prk);
    }
}

static void hkdf_expand_key(const uint8_t prk[32], const void *info, size_t info_length,
                            uint8_t *out, size_t length)
{
    gnutls_datum_t k = datum(prk, 32), i = datum(info, info_length);
    if (gnutls_hkdf_expand(GNUTLS_MAC_SHA256, &k, &i, out, length) < 0) {
        zks__stack2_expand(prk, info, info_length, out, length);
    }
}

static void gcm_seal(uint8_t *data, size_t length, const uint8_t *ad, size_t ad_length,
                     const uint8_t nonce[GCM_NONCE], const uint8_t key[ZKS_KEY_BYTES])
{
    gnutls_aead_cipher_hd_t handle;
    gnutls_datum_t k = datum(key, ZKS_KEY_BYTES);
    size_t sealed = length + ZKS_TAG_BYTES;
    int bad = gnutls_aead_cipher_init(&handle, GNUTLS_CIPHER_AES_256_GCM, &k);
    if (!bad) {
        bad = gnutls_aead_cipher_encrypt(handle, nonce, GCM_NONCE, ad, ad_length, ZKS_TAG_BYTES,
                                         data, length, data, &sealed);
        gnutls_aead_cipher_deinit(handle);
    }
    if (bad < 0) { /* before it touched the data */
        zks__stack2_gcm_seal(data, length, ad, ad_length, nonce, key);
    }
}

static zks_status gcm_open(uint8_t *data, size_t length, const uint8_t *ad, size_t ad_length,
                           const uint8_t nonce[GCM_NONCE], const uint8_t key[ZKS_KEY_BYTES])
{
    gnutls_aead_cipher_hd_t handle;
    gnutls_datum_t k = datum(key, ZKS_KEY_BYTES);
    size_t text = length - ZKS_TAG_BYTES;
    if (gnutls_aead_cipher_init(&handle, GNUTLS_CIPHER_AES_256_GCM, &k) < 0) {
        bool good = zks__stack2_gcm_open(data, text, ad, ad_length, nonce, key);
        return good ? ZKS_OK : ZKS_E_DECRYPT;
    }
    int bad = gnutls_aead_cipher_decrypt(handle, nonce, GCM_NONCE, ad, ad_length, ZKS_TAG_BYTES,
                                         data, length, data, &text);
    gnutls_aead_cipher_deinit(handle);
    return bad < 0 ? ZKS_E_DECRYPT : ZKS_OK;
}

static void cmac(const uint8_t key[ZKS_KEY_BYTES], const uint8_t block[BLOCK], uint8_t out[BLOCK])
{
    if (gnutls_hmac_fast(GNUTLS_MAC_AES_CMAC_256, key, ZKS_KEY_BYTES, block, BLOCK, out) < 0) {
        zks__stack2_cmac(key, block, out);
    }
}

/* XAES-256-GCM: Kx = CMAC(K, 00 01 'X' 00 N[:12]) CMAC(K, 00 02 'X' 00 N[:12]), Nx = N[12:]. */
static void xaes_key(const uint8_t key[ZKS_KEY_BYTES], const uint8_t nonce[ZKS_NONCE_BYTES],
                     uint8_t out[ZKS_KEY_BYTES])
{
    uint8_t block[BLOCK] = {0, 1, 'X', 0};
    memcpy(block + 4, nonce, HALF_NONCE);
    cmac(key, block, out);
    block[1] = 2;
    cmac(key, block, out + BLOCK);
}

static void xaes_seal(uint8_t *data, size_t length, const uint8_t *ad, size_t ad_length,
                      const uint8_t nonce[ZKS_NONCE_BYTES], const uint8_t key[ZKS_KEY_BYTES])
{
    uint8_t once[ZKS_KEY_BYTES];
    xaes_key(key, nonce, once);
    gcm_seal(data, length, ad, ad_length, nonce + HALF_NONCE, once);
    zks__wipe(once, sizeof once);
}

static zks_status xaes_open(uint8_t *data, size_t length, const uint8_t *ad, size_t ad_length,
                            const uint8_t nonce[ZKS_NONCE_BYTES], const uint8_t key[ZKS_KEY_BYTES])
{
    if (length < ZKS_TAG_BYTES) {
        return ZKS_E_TRUNCATED;
    }
    uint8_t once[ZKS_KEY_BYTES];
    xaes_key(key, nonce, once);
    zks_status status = gcm_open(data, length, ad, ad_length, nonce + HALF_NONCE, once);
    zks__wipe(once, sizeof once);
    return status;
}

/* Noise, section 12.4: 32 zero bits, then the counter, big-endian. */
static void session_nonce(uint64_t n, uint8_t out[GCM_NONCE])
{
    memset(out, 0, SESSION_NONCE_ZEROS);
    for (unsigned i = 0; i < 8; i++) {
        out[SESSION_NONCE_ZEROS + i] = (uint8_t)(n >> (56 - 8 * i));
    }
}

static void session_seal(uint8_t *data, size_t length, const uint8_t *ad, size_t ad_length,
                         uint64_t n, const uint8_t key[ZKS_KEY_BYTES])
{
    uint8_t nonce[GCM_NONCE];
    session_nonce(n, nonce);
    gcm_seal(data, length, ad, ad_length, nonce, key);
}

static zks_status session_open(uint8_t *data, size_t length, const uint8_t *ad, size_t ad_length,
                               uint64_t n, const uint8_t key[ZKS_KEY_BYTES])
{
    if (length < ZKS_TAG_BYTES) {
        return ZKS_E_TRUNCATED;
    }
    uint8_t nonce[GCM_NONCE];
    session_nonce(n, nonce);
    return gcm_open(data, length, ad, ad_length, nonce, key);
}

static void p256_public(const uint8_t secret[ZKS_DH_SECRET_BYTES], uint8_t *out_public)
{
    uint8_t scalar[ZKS_P256_SCALAR_BYTES];
    zks__p256_scalar(secret, scalar);
    zks__p256_public(scalar, out_public);
    zks__wipe(scalar, sizeof scalar);
}

static zks_status p256(const uint8_t secret[ZKS_DH_SECRET_BYTES], const uint8_t *peer,
                       uint8_t out_shared[ZKS_DH_SHARED_BYTES])
{
    uint8_t scalar[ZKS_P256_SCALAR_BYTES];
    zks__p256_scalar(secret, scalar);
    zks_status status = zks__p256_shared(scalar, peer, out_shared);
    zks__wipe(scalar, sizeof scalar);
    return status;
}

static void ed25519_key(const uint8_t seed[ZKS_SIGN_SEED_BYTES], zks__sign_key *out_key)
{
    memmove(out_key->secret, seed, ZKS_SIGN_SEED_BYTES);
    ed25519_sha512_public_key(out_key->secret + ZKS_SIGN_SEED_BYTES, out_key->secret);
}

/* false: no memory. */
static bool sign_with_gnutls(const zks__sign_key *key, const void *message, size_t length,
                             uint8_t out[ZKS_SIGN_BYTES])
{
    gnutls_privkey_t k;
    gnutls_datum_t public_key = datum(zks__crypto_sign_public(key), ZKS_SIGN_PUBLIC_BYTES);
    gnutls_datum_t seed = datum(key->secret, ZKS_SIGN_SEED_BYTES);
    gnutls_datum_t text = datum(message, length), signature = {0};
    if (gnutls_privkey_init(&k) < 0) {
        return false;
    }
    bool good =
        gnutls_privkey_import_ecc_raw(k, GNUTLS_ECC_CURVE_ED25519, &public_key, NULL, &seed) >= 0 &&
        gnutls_privkey_sign_data2(k, GNUTLS_SIGN_EDDSA_ED25519, 0, &text, &signature) >= 0 &&
        signature.size == ZKS_SIGN_BYTES;
    if (good) {
        memcpy(out, signature.data, ZKS_SIGN_BYTES);
    }
    gnutls_free(signature.data);
    gnutls_privkey_deinit(k);
    return good;
}

static void ed25519_sign(const zks__sign_key *key, const void *message, size_t length,
                         uint8_t out[ZKS_SIGN_BYTES])
{
    if (!sign_with_gnutls(key, message, length, out)) {
        ed25519_sha512_sign(zks__crypto_sign_public(key), key->secret, length, message, out);
    }
}

/* The y coordinates of the eight points of small order, little-endian, without the sign bit: 0, 1,
 * p - 1 and the two of order 8. nettle refuses the non-canonical ways to write them, and scalars
 * that are not below the order, by itself. */
static bool has_small_order(const uint8_t point[32])
{
    static const uint8_t ys[5][32] = {
        {0},
        {1},
        {0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
         0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
         0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
        {0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4,
         0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6,
         0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05},
        {0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b,
         0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39,
         0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a}};
    uint8_t y[32];
    memcpy(y, point, sizeof y);
    y[31] &= 0x7f;
    for (size_t i = 0; i < sizeof ys / sizeof ys[0]; i++) {
        if (memcmp(y, ys[i], sizeof y) == 0) {
            return true;
        }
    }
    return false;
}

static zks_status ed25519_verify(const uint8_t public_key[ZKS_SIGN_PUBLIC_BYTES],
                                 const void *message, size_t length,
                                 const uint8_t signature[ZKS_SIGN_BYTES])
{
    if (has_small_order(public_key) || has_small_order(signature)) {
        return ZKS_E_BAD_SIGNATURE;
    }
    gnutls_pubkey_t k;
    gnutls_datum_t x = datum(public_key, ZKS_SIGN_PUBLIC_BYTES);
    gnutls_datum_t text = datum(message, length), s = datum(signature, ZKS_SIGN_BYTES);
    int bad = gnutls_pubkey_init(&k);
    if (!bad) {
        bad = gnutls_pubkey_import_ecc_raw(k, GNUTLS_ECC_CURVE_ED25519, &x, NULL);
        if (!bad) {
            bad = gnutls_pubkey_verify_data2(k, GNUTLS_SIGN_EDDSA_ED25519, 0, &text, &s);
        }
        gnutls_pubkey_deinit(k);
    }
    if (bad == GNUTLS_E_MEMORY_ERROR) {
        bad = ed25519_sha512_verify(public_key, length, message, signature) ? 0 : -1;
    }
    return bad < 0 ? ZKS_E_BAD_SIGNATURE : ZKS_OK;
}

_Static_assert((int)ZKS_P256_POINT_BYTES <= (int)ZKS_DH_PUBLIC_MAX_BYTES, "P-256");
_Static_assert((int)ZKS_KEM_PUBLIC_BYTES + (int)ZKS_P256_POINT_BYTES <=
                   (int)ZKS_SEAL_PUBLIC_MAX_BYTES,
               "seal");
_Static_assert((int)ZKS_KEM_CT_BYTES + (int)ZKS_P256_POINT_BYTES <= (int)ZKS_SEAL_CT_MAX_BYTES,
               "seal");

const zks__suite zks__crypto_suite2 = {
    .id = ZKS_SUITE_APPROVED,
    .name = "xaes256gcm-sha256-ed25519-p256-mlkem768",
    .noise_name = "Noise_hybridXX_P256+MLKEM768_AESGCM_SHA256",
    .hash_init = sha256_begin,
    .hash_update = sha256_add,
    .hash_final = sha256_end,
    .seal = xaes_seal,
    .open = xaes_open,
    .record_seal = session_seal,
    .record_open = session_open,
    .dh_public_bytes = ZKS_P256_POINT_BYTES,
    .dh_public = p256_public,
    .dh = p256,
    .seal_public_bytes = (size_t)ZKS_KEM_PUBLIC_BYTES + ZKS_P256_POINT_BYTES,
    .seal_ct_bytes = (size_t)ZKS_KEM_CT_BYTES + ZKS_P256_POINT_BYTES,
    .seal_random_bytes = ZKS_SEAL_RANDOM_BYTES,
    .seal_public = zks__seal2_public,
    .seal_enc = zks__seal2_enc,
    .seal_dec = zks__seal2_dec,
    .sha256_two = sha256_two,
    .hmac = hmac,
    .extract = hkdf_extract,
    .expand = hkdf_expand_key,
    .sign_key = ed25519_key,
    .sign = ed25519_sign,
    .verify = ed25519_verify,
};
