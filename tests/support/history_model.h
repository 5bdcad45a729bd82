/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The rules of docs/SECURITY.md, section 3, once more and as plainly as possible, to compare
 * src/group/history.c with: one flat list of entries, everything looked for from the start each
 * time, never stopped. It shares no code with the engine and knows no limit on held entries.
 */
#ifndef ZKS_TESTS_HISTORY_MODEL_H
#define ZKS_TESTS_HISTORY_MODEL_H

#include "group/history.h"

enum { MODEL_ENTRIES_MAX = 512, MODEL_CHAINS_MAX = 16, MODEL_VERDICTS_MAX = 2048 };

typedef struct model_entry {
    zks__history_entry e;
    uint64_t since_ms;
    bool delivered, told, covered;
} model_entry;

/* A verdict with the expected id copied. */
typedef struct model_verdict {
    zks__verdict v;
    bool expects;
    uint8_t expected[ZKS_ENTRY_ID_BYTES];
} model_verdict;

typedef struct model_chain {
    zks__history_key key;
    uint64_t tip, floor;
    uint8_t tip_id[ZKS_ENTRY_ID_BYTES];
} model_chain;

typedef struct history_model {
    size_t count;
    model_entry entries[MODEL_ENTRIES_MAX];
    size_t chain_count;
    model_chain chains[MODEL_CHAINS_MAX];
    /* Of the last call. */
    size_t verdict_count;
    model_verdict verdicts[MODEL_VERDICTS_MAX];
} history_model;

void model_offer(history_model *m, const zks__history_entry *e, uint64_t now_ms);
void model_tick(history_model *m, uint64_t now_ms);
/* Below the tip and not delivered. */
bool model_is_missing(const history_model *m, const zks__history_key *key, uint64_t seq);

#endif
