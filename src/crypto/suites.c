/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Which suites there are: start, known-answer tests, and the calls that name no suite. */
#include "crypto/private.h"

#include <pthread.h>
#include <sodium.h>
#ifdef ZKS_WITH_SUITE2
#include <gnutls/gnutls.h>
#endif

#ifdef ZKS_WITH_SUITE1
#define FIRST zks__crypto_suite1
#else
#define FIRST zks__crypto_suite2
#endif

/* Written once, under the lock; read afterwards without it: zks__crypto_init comes before all other
 * calls, so its lock orders them. */
static struct {
    pthread_mutex_t mutex;
    zks__crypto_report report;
} started = {.mutex = PTHREAD_MUTEX_INITIALIZER};

#ifdef ZKS_WITH_SUITE2
/* GnuTLS as a FIPS 140 module: in that mode it says of the operations of a context whether all were
 * approved ones. */
static zks_status test_suite2(const char *corrupt, zks__crypto_report *r)
{
    gnutls_fips140_context_t context = NULL;
    r->fips_mode = gnutls_fips140_mode_enabled() != 0;
    bool watched = r->fips_mode && gnutls_fips140_context_init(&context) >= 0 &&
                   gnutls_fips140_push_context(context) >= 0;
    zks_status status = zks__crypto_selftest(corrupt, &r->failed_test);
    if (watched) {
        r->fips_approved = gnutls_fips140_pop_context() >= 0 &&
                           gnutls_fips140_get_operation_state(context) ==
                               GNUTLS_FIPS140_OP_APPROVED;
    }
    if (context) {
        gnutls_fips140_context_deinit(context);
    }
    return status;
}
#endif

static void start_suite2(const char *corrupt, zks__crypto_report *r)
{
#ifdef ZKS_WITH_SUITE2
    zks__clock clock = zks__clock_system();
    uint64_t begin = clock.monotonic_ns(clock.user);
    (void)!test_suite2(corrupt, r);
    r->test_us = (uint32_t)((clock.monotonic_ns(clock.user) - begin) / 1000);
    r->suite2 = true;
#else
    (void)corrupt;
    (void)r;
#endif
}

zks_status zks__crypto_start(const char *corrupt)
{
    /* 0 the first time, 1 afterwards; it takes a lock of its own. */
    if (sodium_init() < 0) {
        return ZKS_E_SYSTEM;
    }
    pthread_mutex_lock(&started.mutex);
    zks__crypto_report *r = &started.report;
    if (!r->tested) {
#ifdef ZKS_WITH_SUITE1
        r->suite1 = true;
#endif
        start_suite2(corrupt, r);
        r->tested = true;
    }
    bool usable = r->suite1 || !r->failed_test;
    pthread_mutex_unlock(&started.mutex);
    return usable ? ZKS_OK : ZKS_E_INTERNAL;
}

zks_status zks__crypto_init(void)
{
    return zks__crypto_start(NULL);
}

void zks__crypto_report_get(zks__crypto_report *out)
{
    pthread_mutex_lock(&started.mutex);
    *out = started.report;
    pthread_mutex_unlock(&started.mutex);
}

zks_status zks__crypto_suite_check(uint8_t id)
{
#ifdef ZKS_WITH_SUITE1
    if (id == ZKS_SUITE_SODIUM) {
        return ZKS_OK;
    }
#endif
#ifdef ZKS_WITH_SUITE2
    if (id == ZKS_SUITE_APPROVED) {
        return started.report.tested && !started.report.failed_test ? ZKS_OK : ZKS_E_INTERNAL;
    }
#endif
    return ZKS_E_SUITE;
}

const zks__suite *zks__crypto_suite(uint8_t id)
{
    if (zks__crypto_suite_check(id)) {
        return NULL;
    }
#ifdef ZKS_WITH_SUITE2
    if (id == ZKS_SUITE_APPROVED) {
        return &zks__crypto_suite2;
    }
#endif
    return &FIRST;
}

uint8_t zks__crypto_suite_default(void)
{
    return FIRST.id;
}

void zks__crypto_sha256(const void *data, size_t length, uint8_t out[32])
{
    FIRST.sha256_two(data, length, NULL, 0, out);
}

void zks__crypto_sha256_two(const void *a, size_t a_length, const void *b, size_t b_length,
                            uint8_t out[32])
{
    FIRST.sha256_two(a, a_length, b, b_length, out);
}

void zks__crypto_extract(const uint8_t *secret, size_t length, uint8_t out_prk[32])
{
    FIRST.extract(secret, length, out_prk);
}

void zks__crypto_expand(const uint8_t prk[32], const void *info, size_t info_length, uint8_t *out,
                        size_t length)
{
    FIRST.expand(prk, info, info_length, out, length);
}

void zks__crypto_hmac(const uint8_t *key, size_t key_length, const void *data, size_t length,
                      uint8_t out[32])
{
    FIRST.hmac(key, key_length, data, length, out);
}

void zks__crypto_sign_key(const uint8_t seed[ZKS_SIGN_SEED_BYTES], zks__sign_key *out_key)
{
    FIRST.sign_key(seed, out_key);
}

void zks__crypto_sign(const zks__sign_key *key, const void *message, size_t length,
                      uint8_t out[ZKS_SIGN_BYTES])
{
    FIRST.sign(key, message, length, out);
}

zks_status zks__crypto_verify(const uint8_t public_key[ZKS_SIGN_PUBLIC_BYTES], const void *message,
                              size_t length, const uint8_t signature[ZKS_SIGN_BYTES])
{
    return FIRST.verify(public_key, message, length, signature);
}

static void fill(void *out, size_t length, void *user)
{
    (void)user;
    randombytes_buf(out, length);
}

zks__rng zks__crypto_rng(void)
{
    return (zks__rng){.fill = fill};
}
