/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The records of a handshake as either side hears them. The first byte says who hears (0: the
 * responder, 1: the initiator, likewise 2 and 3 behind one good message) and from which offset on
 * the input replaces the bytes of the right message; its length replaces theirs. Only the right
 * bytes may pass; nothing may be answered to others, except to a first message, which is in clear.
 */
#include "session/handshake.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fill(void *out, size_t length, void *user)
{
    uint8_t *next = user, *to = out;
    for (size_t i = 0; i < length; i++) {
        to[i] = (*next)++;
    }
}

static void check(int wrong)
{
    if (wrong) {
        abort();
    }
}

typedef struct end {
    uint8_t random;
    zks__session_keys keys;
    zks__handshake *handshake;
} end;

static void start(end *e, int initiator)
{
    static const uint8_t relay_seed[ZKS_SIGN_SEED_BYTES] = {9};
    zks__session_config config = {
        .initiator = initiator != 0, .keys = &e->keys, .key_count = 1, .rng = {fill, &e->random}};
    zks__sign_key relay;
    e->random = (uint8_t)(initiator ? 1 : 77);
    const zks__suite *suite = zks__crypto_suite(ZKS_SUITE_SODIUM);
    if (initiator) {
        zks__session_keys_fresh(suite, &config.rng, &e->keys);
    } else {
        zks__session_keys_relay(suite, relay_seed, &e->keys);
    }
    zks__crypto_sign_key(relay_seed, &relay);
    check(
        zks__handshake_new(&config, "prologue", 8, zks__crypto_sign_public(&relay), &e->handshake));
}

/* Hands a whole record, with prefix, to an end. */
static zks_status give(end *to, zks__buf *record, zks__buf **out_answer)
{
    return zks__handshake_take(to->handshake, record->data + ZKS_RECORD_PREFIX_BYTES,
                               record->length - ZKS_RECORD_PREFIX_BYTES, out_answer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 3 || size > 2 + 8192 || zks__crypto_init()) {
        return 0;
    }
    end a = {0}, b = {0}; /* initiator, responder */
    zks__buf *record = NULL, *answer = NULL;
    start(&a, 1);
    start(&b, 0);
    end *ends[] = {&b, &a};
    unsigned number = data[0] % 4; /* messages that passed before */
    check(zks__handshake_begin(a.handshake, &record));
    for (unsigned i = 0; i < number; i++) {
        check(give(ends[i % 2], record, &answer) || !answer);
        zks__buf_unref(record);
        record = answer;
        answer = NULL;
    }
    size_t right = record->length - ZKS_RECORD_PREFIX_BYTES;
    size_t at = data[1] * (size_t)16 % (right + 1);
    size_t length = at + (size - 2);
    uint8_t *bytes = malloc(length);
    check(!bytes);
    memcpy(bytes, record->data + ZKS_RECORD_PREFIX_BYTES, at);
    memcpy(bytes + at, data + 2, size - 2);
    int same = length == right && memcmp(bytes, record->data + ZKS_RECORD_PREFIX_BYTES, right) == 0;
    end *to = ends[number % 2];
    zks_status status = zks__handshake_take(to->handshake, bytes, length, &answer);
    check(same && status);
    check(number > 0 && !same && !status);
    check(status && answer);
    check(!status && number == 0 && length != right);
    zks__buf_unref(answer);
    zks__buf_unref(record);
    zks__handshake_free(a.handshake);
    zks__handshake_free(b.handshake);
    free(bytes);
    return 0;
}
