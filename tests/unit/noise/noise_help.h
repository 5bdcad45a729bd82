/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Two ends of a handshake for the tests of this folder, with randomness that a test chooses. Header
 * only. */
#ifndef ZKS_TESTS_NOISE_HELP_H
#define ZKS_TESTS_NOISE_HELP_H

#include "noise/handshake.h"
#include "tests/support/unit.h"

#include <string.h>

enum { DRAWS_MAX_BYTES = 512 };

/* Randomness: the bytes that a test wrote down, or, when there are none, a stream from a seed. */
typedef struct draws {
    uint8_t bytes[DRAWS_MAX_BYTES];
    size_t length, used;
    uint64_t seed;
} draws;

static inline void draws_fill(void *out, size_t length, void *user)
{
    draws *d = user;
    uint8_t *to = out;
    for (size_t i = 0; i < length && !d->length; i++) {
        uint64_t z = (d->seed += UINT64_C(0x9e3779b97f4a7c15));
        z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
        to[i] = (uint8_t)(z >> 32);
    }
    if (d->length) {
        ck_assert_uint_le(d->used + length, d->length);
        memcpy(out, d->bytes + d->used, length);
        d->used += length;
    }
}

static inline void draws_add(draws *d, const uint8_t *bytes, size_t length)
{
    ck_assert_uint_le(d->length + length, sizeof d->bytes);
    memcpy(d->bytes + d->length, bytes, length);
    d->length += length;
}

enum { INITIATOR = 0, RESPONDER = 1 };

/* Both ends of hybridXX with keys from a seed. */
typedef struct ends {
    draws random[2];
    uint8_t dh_secret[2][ZKS_DH_SECRET_BYTES];
    uint8_t kem_seed[2][ZKS_KEM_SEED_BYTES];
    zks__noise_config config[2];
    zks__noise *noise[2];
} ends;

static inline void ends_configure_suite(ends *e, uint8_t id, uint64_t seed)
{
    ck_assert_int_eq(zks__crypto_init(), ZKS_OK);
    memset(e, 0, sizeof *e);
    const zks__suite *suite = zks__crypto_suite(id);
    for (int side = 0; side < 2; side++) {
        e->random[side].seed = seed * 2 + (uint64_t)side;
        draws_fill(e->dh_secret[side], sizeof e->dh_secret[side], &e->random[side]);
        draws_fill(e->kem_seed[side], sizeof e->kem_seed[side], &e->random[side]);
        e->config[side] = (zks__noise_config){.pattern = &zks__noise_hybrid_xx,
                                              .name = suite->noise_name,
                                              .suite = suite,
                                              .hash = &zks__noise_sha256,
                                              .initiator = side == INITIATOR,
                                              .prologue = "a prologue",
                                              .prologue_length = 10,
                                              .dh_secret = e->dh_secret[side],
                                              .kem_seed = e->kem_seed[side],
                                              .rng = {draws_fill, &e->random[side]}};
    }
}

static inline void ends_configure(ends *e, uint64_t seed)
{
    ends_configure_suite(e, ZKS_SUITE_SODIUM, seed);
}

static inline void ends_start(ends *e, uint64_t seed)
{
    ends_configure(e, seed);
    for (int side = 0; side < 2; side++) {
        ck_assert_int_eq(zks__noise_new(&e->config[side], &e->noise[side]), ZKS_OK);
    }
}

static inline void ends_stop(ends *e)
{
    zks__noise_free(e->noise[0]);
    zks__noise_free(e->noise[1]);
}

/* The side that writes message `number`. */
static inline int ends_writer(size_t number)
{
    return number % 2 ? RESPONDER : INITIATOR;
}

/* Writes the next message without reading it; its length. */
static inline size_t ends_write(ends *e, size_t number, uint8_t *out, size_t size)
{
    size_t length = 0;
    ck_assert_int_eq(
        zks__noise_write(e->noise[ends_writer(number)], "payload", 7, out, size, &length), ZKS_OK);
    return length;
}

static inline zks_status ends_read(ends *e, size_t number, uint8_t *message, size_t length)
{
    const uint8_t *payload = NULL;
    size_t payload_length = 0;
    zks_status status = zks__noise_read(e->noise[1 - ends_writer(number)], message, length,
                                        &payload, &payload_length);
    if (!status) {
        ck_assert_uint_eq(payload_length, 7);
        ck_assert_mem_eq(payload, "payload", 7);
    }
    return status;
}

/* Messages [0, count) go through. */
static inline void ends_run(ends *e, size_t count)
{
    uint8_t message[4096];
    for (size_t i = 0; i < count; i++) {
        size_t length = ends_write(e, i, message, sizeof message);
        ck_assert_int_eq(ends_read(e, i, message, length), ZKS_OK);
    }
}

#endif
