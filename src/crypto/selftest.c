/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Known-answer tests of suite 2, run at the first start of a process. Each computes an answer with
 * the calls of the suite's table and compares it with a published one. Whoever runs an operation
 * that has an inverse (open, verify, decapsulate) does so with the answer, too.
 */
#include "crypto/private.h"

#include <gnutls/crypto.h>
#include <sodium.h>

#define SUITE zks__crypto_suite2

enum { ANSWER_MAX = 96 };

typedef struct test {
    const char *name, *source;
    /* Writes as many bytes as the answer has. false: an inverse failed. */
    bool (*run)(uint8_t out[ANSWER_MAX]);
    const char *answer; /* hexadecimal */
} test;

/* The bytes of a constant. */
static void bytes_of(const char *hex, uint8_t *out, size_t length)
{
    (void)!sodium_hex2bin(out, length, hex, strlen(hex), NULL, NULL, NULL);
}

static bool run_sha256(uint8_t out[ANSWER_MAX])
{
    uint8_t once[32];
    zks__hash h;
    SUITE.sha256_two("ab", 2, "c", 1, once);
    SUITE.hash_init(&h);
    SUITE.hash_update(&h, "a", 1);
    SUITE.hash_update(&h, "bc", 2);
    SUITE.hash_final(&h, out);
    return memcmp(once, out, sizeof once) == 0;
}

static bool run_hmac(uint8_t out[ANSWER_MAX])
{
    static const char text[] = "what do ya want for nothing?";
    SUITE.hmac((const uint8_t *)"Jefe", 4, text, sizeof text - 1, out);
    return true;
}

static bool run_hkdf(uint8_t out[ANSWER_MAX])
{
    uint8_t prk[32], info[10];
    bytes_of("077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5", prk, sizeof prk);
    bytes_of("f0f1f2f3f4f5f6f7f8f9", info, sizeof info);
    SUITE.expand(prk, info, sizeof info, out, 42);
    /* Extract is HMAC with our salt as its key. */
    uint8_t extracted[32], expected[32];
    SUITE.extract(prk, sizeof prk, extracted);
    SUITE.hmac((const uint8_t *)"0k-sync/2", 9, prk, sizeof prk, expected);
    return memcmp(extracted, expected, sizeof expected) == 0;
}

static bool run_pbkdf2(uint8_t out[ANSWER_MAX])
{
    unsigned char passphrase[] = "passwd", salt[] = "salt";
    gnutls_datum_t p = {passphrase, 6}, s = {salt, 4};
    return gnutls_pbkdf2(GNUTLS_MAC_SHA256, &p, &s, 1, out, 64) >= 0;
}

/* The C2SP page's vectors: one for each way of CMAC's subkey. */
static bool xaes(uint8_t byte, const char *ad, uint8_t out[ANSWER_MAX])
{
    static const char text[] = "XAES-256-GCM";
    uint8_t key[ZKS_KEY_BYTES], copy[ANSWER_MAX];
    const uint8_t *nonce = (const uint8_t *)"ABCDEFGHIJKLMNOPQRSTUVWX";
    size_t length = sizeof text - 1, sealed = length + ZKS_TAG_BYTES;
    memset(key, byte, sizeof key);
    memcpy(out, text, length);
    SUITE.seal(out, length, (const uint8_t *)ad, strlen(ad), nonce, key);
    memcpy(copy, out, sealed);
    bool good = SUITE.open(copy, sealed, (const uint8_t *)ad, strlen(ad), nonce, key) == ZKS_OK &&
                memcmp(copy, text, length) == 0;
    memcpy(copy, out, sealed);
    copy[0] ^= 1;
    return good &&
           SUITE.open(copy, sealed, (const uint8_t *)ad, strlen(ad), nonce, key) == ZKS_E_DECRYPT;
}

static bool run_xaes1(uint8_t out[ANSWER_MAX])
{
    return xaes(1, "", out);
}

static bool run_xaes3(uint8_t out[ANSWER_MAX])
{
    return xaes(3, "c2sp.org/XAES-256-GCM", out);
}

static bool run_gcm(uint8_t out[ANSWER_MAX])
{
    static const uint8_t zeros[ZKS_KEY_BYTES];
    uint8_t copy[32];
    memset(out, 0, 16);
    SUITE.record_seal(out, 16, NULL, 0, 0, zeros);
    memcpy(copy, out, sizeof copy);
    return SUITE.record_open(copy, sizeof copy, NULL, 0, 0, zeros) == ZKS_OK &&
           memcmp(copy, zeros, 16) == 0;
}

static bool run_p256(uint8_t out[ANSWER_MAX])
{
    uint8_t secret[32], peer[ZKS_P256_POINT_BYTES], own[ZKS_P256_POINT_BYTES];
    bytes_of("7d7dc5f71eb29ddaf80d6214632eeae03d9058af1fb6d22ed80badb62bc1a534", secret, 32);
    bytes_of("04700c48f77f56584c5cc632ca65640db91b6bacce3a4df6b42ce7cc838833d287"
             "db71e509e3fd9b060ddb20ba5c51dcc5948d46fbf640dfe0441782cab85fa4ac",
             peer, sizeof peer);
    if (SUITE.dh(secret, peer, out)) {
        return false;
    }
    SUITE.dh_public(secret, own);
    memcpy(out + 32, own + 1, 32);
    peer[64] ^= 1;
    return SUITE.dh(secret, peer, secret) == ZKS_E_MALFORMED;
}

static bool run_sealing(uint8_t out[ANSWER_MAX])
{
    uint8_t seed[ZKS_SEAL_SEED_BYTES] = {0}, random[ZKS_SEAL_RANDOM_BYTES], opened[32];
    uint8_t text[ZKS_SEAL_PUBLIC_MAX_BYTES + ZKS_SEAL_CT_MAX_BYTES];
    memset(random, 'd', sizeof random);
    SUITE.seal_public(seed, text);
    if (SUITE.seal_enc(text, random, text + ZKS_SEAL_PUBLIC_MAX_BYTES, out) ||
        SUITE.seal_dec(seed, text + ZKS_SEAL_PUBLIC_MAX_BYTES, opened)) {
        return false;
    }
    SUITE.sha256_two(text, sizeof text, NULL, 0, out + ZKS_SEAL_SHARED_BYTES);
    return memcmp(out, opened, sizeof opened) == 0;
}

static bool run_ed25519(uint8_t out[ANSWER_MAX])
{
    uint8_t seed[32];
    zks__sign_key key;
    bytes_of("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb", seed, 32);
    SUITE.sign_key(seed, &key);
    memcpy(out, zks__crypto_sign_public(&key), 32);
    SUITE.sign(&key, "r", 1, out + 32);
    return SUITE.verify(out, "r", 1, out + 32) == ZKS_OK &&
           SUITE.verify(out, "s", 1, out + 32) == ZKS_E_BAD_SIGNATURE;
}

static const test tests[] = {
    {"sha256", "FIPS 180-4, example of one block", run_sha256,
     "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    {"hmac-sha256", "RFC 4231, test case 2", run_hmac,
     "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
    {"hkdf-sha256", "RFC 5869, appendix A.1", run_hkdf,
     "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"},
    {"pbkdf2-sha256", "RFC 7914, section 11", run_pbkdf2,
     "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc"
     "49ca9cccf179b645991664b39d77ef317c71b845b1e30bd509112041d3a19783"},
    {"xaes-256-gcm", "C2SP XAES-256-GCM, first vector", run_xaes1,
     "ce546ef63c9cc60765923609b33a9a1974e96e52daf2fcf7075e2271"},
    {"xaes-256-gcm, doubled with carry", "C2SP XAES-256-GCM, second vector", run_xaes3,
     "986ec1832593df5443a179437fd083bf3fdb41abd740a21f71eb769d"},
    {"aes-256-gcm", "McGrew and Viega, The Galois/Counter Mode of Operation, test case 14", run_gcm,
     "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919"},
    {"p256", "NIST CAVP, ECC CDH primitive, P-256, count 0: Z, then the own x", run_p256,
     "46fc62106420ff012e54a434fbdd2d25ccc5852060561e68040dd7778997bd7b"
     "ead218590119e8876b29146ff89ca61770c4edbbf97d38ce385ed281d8a6b230"},
    {"mlkem768-p256",
     "draft-irtf-cfrg-concrete-hybrid-kems-04, B.1, first vector: shared secret, then the SHA-256 "
     "of "
     "public key and ciphertext",
     run_sealing,
     "9bd018e869bb01b63fb8f5da374a73d347ea14cb2bc570b13d0908e2288ec456"
     "97c909d0330864b6cfbcf9d679053e9e34c75d25d92ab0ad400ea8e957a477d1"},
    {"ed25519", "RFC 8032, section 7.1, test 2: public key, signature", run_ed25519,
     "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
     "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"},
};

zks_status zks__crypto_selftest(const char *corrupt, const char **out_failed)
{
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++) {
        const test *t = &tests[i];
        uint8_t answer[ANSWER_MAX] = {0}, expected[ANSWER_MAX];
        size_t length = strlen(t->answer) / 2;
        bytes_of(t->answer, expected, sizeof expected);
        if (corrupt && strcmp(corrupt, t->name) == 0) {
            expected[0] ^= 1;
        }
        if (!t->run(answer) || memcmp(answer, expected, length) != 0) {
            *out_failed = t->name;
            return ZKS_E_INTERNAL;
        }
    }
    return ZKS_OK;
}
