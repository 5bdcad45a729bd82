/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The membership rules of docs/SECURITY.md, section 4, once more and as plainly as possible, to
 * compare src/record with: arrays of flags, everything worked out from the start each time, by
 * recursion where the rule is recursive. It shares no code with the engine and knows no limits.
 */
#ifndef ZKS_TESTS_RECORD_MODEL_H
#define ZKS_TESTS_RECORD_MODEL_H

#include "tests/support/record_world.h"

typedef struct record_model {
    const record_world *w;
    const zks__record *pins[RECORD_WORLD_RECORDS_MAX];
    size_t pin_count;
    /* results */
    const zks__record *tip; /* NULL: no EPOCH 0 */
    bool ok[RECORD_WORLD_RECORDS_MAX], in[RECORD_WORLD_RECORDS_MAX];
    const zks__record *fork_kept, *fork_lost;
    bool denied[RECORD_WORLD_DEVICES], live[RECORD_WORLD_DEVICES];
    uint8_t rights[RECORD_WORLD_DEVICES];
} record_model;

typedef struct model_members {
    bool in[RECORD_WORLD_DEVICES];
    uint8_t rights[RECORD_WORLD_DEVICES];
    unsigned round[RECORD_WORLD_DEVICES]; /* 0: listed */
} model_members;

/* Works the results out from the world's records and the pins. */
void record_model_run(record_model *m);
/* What a set with the same records and pins says otherwise; NULL: nothing. */
const char *record_model_difference(const record_model *m, const zks__records *set);
/* members(e, gone at e). */
void record_model_members(const record_model *m, const zks__record *e, model_members *out);

#endif
