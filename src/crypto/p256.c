/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * P-256 key agreement (SP 800-56A, SP 800-186) by nettle, whose point multiplication takes the same
 * time for all scalars. Numbers are GMP's: their limbs are wiped here. Where memory ends, GMP ends
 * the process, as it does inside GnuTLS: it offers no other way.
 */
#include "crypto/private.h"

#include <nettle/ecc-curve.h>
#include <nettle/ecc.h>

enum { COORDINATE = 32, UNCOMPRESSED = 4, ROUNDS = 250 };

static void number_init(mpz_t z, const uint8_t bytes[COORDINATE])
{
    mpz_init2(z, COORDINATE * 8);
    mpz_import(z, COORDINATE, 1, 1, 1, 0, bytes);
}

static void number_done(mpz_t z)
{
    zks__wipe(mpz_limbs_modify(z, COORDINATE / sizeof(mp_limb_t)), COORDINATE);
    mpz_limbs_finish(z, 0);
    mpz_clear(z);
}

static void number_write(const mpz_t z, uint8_t out[COORDINATE])
{
    uint8_t bytes[COORDINATE];
    size_t length = 0;
    memset(out, 0, COORDINATE);
    (void)mpz_export(bytes, &length, 1, 1, 1, 0, z); /* as many bytes as it has */
    memcpy(out + COORDINATE - length, bytes, length);
    zks__wipe(bytes, sizeof bytes);
}

/* false: out of range; then nothing has to be cleared. */
static bool scalar_init(struct ecc_scalar *s, const uint8_t bytes[ZKS_P256_SCALAR_BYTES])
{
    mpz_t z;
    number_init(z, bytes);
    ecc_scalar_init(s, nettle_get_secp_256r1());
    bool good = ecc_scalar_set(s, z) != 0;
    if (!good) {
        ecc_scalar_clear(s);
    }
    number_done(z);
    return good;
}

static void scalar_done(struct ecc_scalar *s)
{
    zks__wipe(s->p, ZKS_P256_SCALAR_BYTES);
    ecc_scalar_clear(s);
}

static void point_done(struct ecc_point *p)
{
    zks__wipe(p->p, (size_t)2 * COORDINATE);
    ecc_point_clear(p);
}

/* y may be NULL. */
static void point_write(const struct ecc_point *p, uint8_t x_out[COORDINATE],
                        uint8_t y_out[COORDINATE])
{
    mpz_t x, y;
    mpz_init2(x, COORDINATE * 8);
    mpz_init2(y, COORDINATE * 8);
    ecc_point_get(p, x, y);
    number_write(x, x_out);
    if (y_out) {
        number_write(y, y_out);
    }
    number_done(x);
    number_done(y);
}

/* Canonical coordinates below p, and on the curve: nettle checks both. */
static bool point_init(struct ecc_point *p, const uint8_t bytes[ZKS_P256_POINT_BYTES])
{
    if (bytes[0] != UNCOMPRESSED) {
        return false;
    }
    mpz_t x, y;
    number_init(x, bytes + 1);
    number_init(y, bytes + 1 + COORDINATE);
    ecc_point_init(p, nettle_get_secp_256r1());
    bool good = ecc_point_set(p, x, y) != 0;
    if (!good) {
        ecc_point_clear(p);
    }
    mpz_clear(x);
    mpz_clear(y);
    return good;
}

bool zks__p256_is_scalar(const uint8_t scalar[ZKS_P256_SCALAR_BYTES])
{
    struct ecc_scalar s;
    bool good = scalar_init(&s, scalar);
    if (good) {
        scalar_done(&s);
    }
    return good;
}

void zks__p256_scalar(const uint8_t secret[32], uint8_t out_scalar[ZKS_P256_SCALAR_BYTES])
{
    uint8_t info[16], candidate[ZKS_P256_SCALAR_BYTES];
    memcpy(candidate, secret, sizeof candidate);
    bool good = zks__p256_is_scalar(candidate);
    for (uint8_t i = 1; !good && i <= ROUNDS; i++) {
        zks__writer w = zks__writer_of(info, sizeof info);
        zks__write_label(&w, "0k-p256-v1");
        zks__write_u8(&w, i);
        zks__crypto_suite2.hmac(secret, 32, info, w.length, candidate);
        good = zks__p256_is_scalar(candidate);
    }
    if (!good) { /* once in 2^8000 secrets; any scalar in range will do */
        candidate[0] = 0;
        candidate[31] |= 1;
    }
    memcpy(out_scalar, candidate, sizeof candidate);
    zks__wipe(candidate, sizeof candidate);
}

void zks__p256_public(const uint8_t scalar[ZKS_P256_SCALAR_BYTES],
                      uint8_t out_point[ZKS_P256_POINT_BYTES])
{
    struct ecc_scalar s;
    struct ecc_point p;
    if (!scalar_init(&s, scalar)) { /* excluded by the caller */
        memset(out_point, 0, ZKS_P256_POINT_BYTES);
        return;
    }
    ecc_point_init(&p, nettle_get_secp_256r1());
    ecc_point_mul_g(&p, &s);
    out_point[0] = UNCOMPRESSED;
    point_write(&p, out_point + 1, out_point + 1 + COORDINATE);
    point_done(&p);
    scalar_done(&s);
}

zks_status zks__p256_shared(const uint8_t scalar[ZKS_P256_SCALAR_BYTES],
                            const uint8_t peer[ZKS_P256_POINT_BYTES],
                            uint8_t out_shared[ZKS_P256_SHARED_BYTES])
{
    struct ecc_scalar s;
    struct ecc_point p, q;
    if (!point_init(&p, peer)) {
        return ZKS_E_MALFORMED;
    }
    bool good = scalar_init(&s, scalar);
    if (good) {
        ecc_point_init(&q, nettle_get_secp_256r1());
        ecc_point_mul(&q, &s, &p);
        point_write(&q, out_shared, NULL);
        point_done(&q);
        scalar_done(&s);
    }
    ecc_point_clear(&p);
    return good ? ZKS_OK : ZKS_E_MALFORMED;
}
