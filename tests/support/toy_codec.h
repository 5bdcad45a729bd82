/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A record codec for tests: not secret, but like a real one it changes the bytes, adds a tag and
 * counts records, so that an altered, cut, repeated or reordered record does not open. Header only.
 */
#ifndef ZKS_TESTS_TOY_CODEC_H
#define ZKS_TESTS_TOY_CODEC_H

#include "base/siphash.h"
#include "session/record.h"

enum { TOY_TAG_BYTES = 8 };

typedef struct toy_state {
    uint64_t sealed, opened; /* records */
} toy_state;

static inline uint64_t toy_tag(uint64_t number, const uint8_t *contents, size_t length)
{
    uint8_t key[16] = {0};
    for (size_t i = 0; i < 8; i++) {
        key[i] = (uint8_t)(number >> (8 * i));
    }
    return zks__siphash(key, contents, length);
}

static inline zks_status toy_seal(void *state, uint8_t *contents, size_t length)
{
    toy_state *t = state;
    uint64_t tag = toy_tag(t->sealed++, contents, length);
    for (size_t i = 0; i < length; i++) {
        contents[i] ^= 0xa5;
    }
    for (size_t i = 0; i < TOY_TAG_BYTES; i++) {
        contents[length + i] = (uint8_t)(tag >> (8 * i));
    }
    return ZKS_OK;
}

static inline zks_status toy_open(void *state, uint8_t *record, size_t length)
{
    toy_state *t = state;
    size_t rest = length - TOY_TAG_BYTES;
    for (size_t i = 0; i < rest; i++) {
        record[i] ^= 0xa5;
    }
    uint64_t tag = toy_tag(t->opened++, record, rest);
    for (size_t i = 0; i < TOY_TAG_BYTES; i++) {
        if (record[rest + i] != (uint8_t)(tag >> (8 * i))) {
            return ZKS_E_DECRYPT;
        }
    }
    return ZKS_OK;
}

static inline struct zks__record_codec toy_codec(toy_state *state)
{
    return (struct zks__record_codec){
        .overhead = TOY_TAG_BYTES, .seal = toy_seal, .open = toy_open, .state = state};
}

#endif
