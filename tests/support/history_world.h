/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A history with a caller as it should be: stores what the verdicts say, answers look-ups from
 * that, can be stopped and restored at any point, and compares every call with the model. The first
 * difference stands in `problem`. For the property test and fuzz_group_history.
 */
#ifndef ZKS_TESTS_HISTORY_WORLD_H
#define ZKS_TESTS_HISTORY_WORLD_H

#include "tests/support/history_model.h"

typedef struct history_world history_world;

/* NULL: no memory. */
history_world *world_new(uint8_t map_seed);
void world_free(history_world *w);
void world_offer(history_world *w, const zks__history_entry *e);
void world_tick(history_world *w);
/* Lets time pass without a tick. */
void world_wait(history_world *w, uint64_t ms);
/* Throws the history away and makes it again from what was stored. */
void world_restart(history_world *w);
/* What must hold at any time: deliveries, missing ranges and timers. */
void world_check(history_world *w);
/* NULL: everything agreed so far. */
const char *world_problem(const history_world *w);
zks__history *world_history(history_world *w);
/* Verdicts of this kind so far. */
size_t world_count(const history_world *w, zks__verdict_kind kind);
bool world_was_delivered(history_world *w, const zks__history_entry *e);

#endif
