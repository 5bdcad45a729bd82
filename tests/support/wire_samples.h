/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Messages for tests, made and compared by the codec's own field tables, so that a new message or
 * field is covered without a change here. (That the tables are right is what
 * tests/vectors/wire_messages.txt is for.)
 */
#ifndef ZKS_TESTS_WIRE_SAMPLES_H
#define ZKS_TESTS_WIRE_SAMPLES_H

#include "wire/codec.h"

enum { SAMPLE_TYPES = 16 };
extern const uint8_t sample_types[SAMPLE_TYPES];

/* Memory of the lists and byte strings of sample messages, freed in one go. */
typedef struct sample_pool {
    void **blocks;
    size_t count, size;
} sample_pool;

void sample_pool_done(sample_pool *pool);
/* A message with random content: mostly small lists and strings, now and then empty ones, of at
 * most most_bytes each and most_items. *random is the state of memory_random. */
void sample_message(uint8_t type, uint64_t *random, size_t most_items, size_t most_bytes,
                    sample_pool *pool, zks__message *out);
/* Same type and content; either may be decoded or made to be encoded. */
bool sample_equal(const zks__message *a, const zks__message *b);
/* Encoded into a block of exactly its size, from malloc, so that the sanitizers see a reader go
 * beyond it. */
uint8_t *sample_encode(const zks__message *m, size_t *out_length);

#endif
