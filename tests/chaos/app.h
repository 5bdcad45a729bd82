/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What sender, receiver and verifier of the kill test share. */
#ifndef ZKS_TESTS_CHAOS_APP_H
#define ZKS_TESTS_CHAOS_APP_H

#include "shared.h"

#include <stddef.h>
#include <zks/zks.h>

enum { CHAOS_DEADLINE_MS = 60000 };

/* Ends the program with a sentence and exit code 1. */
_Noreturn void chaos_fail(const char *what, zks_status status, const char *text);
void chaos_check(const char *what, zks_status status);
/* Waits for the op, fails unless it succeeded; frees it when `out` is NULL, else hands it over. */
void chaos_finish(const char *what, zks_op *op, zks_op **out);
chaos_shared *chaos_map(const char *path);
/* relay NULL: stays offline. */
zks_client *chaos_open(zks_runtime *r, const char *store, const char *relay);
uint64_t chaos_hash(const uint8_t *data, size_t length);

int chaos_send(const char *store, const char *relay, const char *shared, const char *journal,
               uint64_t seed);
int chaos_receive(const char *store, const char *relay, const char *shared, const char *table);
/* Compares the receiver's table with what the senders' stores and journals hold. stores, journals:
 * count each. */
int chaos_verify(const char *table, char **pairs, size_t count);

#endif
