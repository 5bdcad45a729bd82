/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What stands between libzks and Go beside SWIG's wrappers: the functions that libzks calls, and a
 * few that do in one call what is done for each entry, since a call from Go into C costs 40 to 60
 * ns and one from C into Go about 100.
 *
 * Completed operations do not enter Go one by one: while the dispatching goroutine is in
 * zksgo_dispatch, zksgo_done only notes their tokens, and Go reads the notes when it returns. An
 * event enters Go, behind the notes that came before it, so that the order is kept.
 */
#ifndef ZKS_GO_TRAMPOLINES_H
#define ZKS_GO_TRAMPOLINES_H

#include "zks.h"

/* An operation that Go waits for: raw.Call. */
typedef struct zksgo_call {
    uint64_t token; /* comes back in zksgo_completed; 0: Go waits in C, without a callback */
    zks_op *op;     /* owned by Go */
} zksgo_call;

typedef struct zksgo_completed {
    uint64_t token;
    int64_t status;
} zksgo_completed;

/* All that an event says, each field at its number. */
enum { ZKSGO_NUMBERS = 9, ZKSGO_TEXTS = 5, ZKSGO_BYTES = 5 };
typedef struct zksgo_event_data {
    int32_t kind;
    zks_status status;
    int64_t numbers[ZKSGO_NUMBERS];    /* ZKS_EVENT_FIELD_LAST_SEQ .. DIGITS */
    const char *texts[ZKSGO_TEXTS];    /* minus 100: SENTENCE .. NAME; NULL: none */
    const uint8_t *bytes[ZKSGO_BYTES]; /* minus 200: DEVICE .. RELAY_KEY; NULL: none */
    size_t lengths[ZKSGO_BYTES];
} zksgo_event_data;

/* The columns of a batch, borrowed until zks_batch_free. */
typedef struct zksgo_table {
    zks_batch *batch;
    size_t count, data_length;
    const uint8_t *data, *ids, *senders;
    const uint64_t *offsets, *seqs, *numbers;
    const int64_t *times_ms;
    const uint32_t *flags;
} zksgo_table;

typedef struct zksgo_pushed {
    uint64_t number, seq;
} zksgo_pushed;

/* Callbacks. user: a cgo.Handle; of zksgo_done the token; of zksgo_log a descriptor + 1. */
void zksgo_done(zks_op *op, void *user);
void zksgo_event(zks_client *client, const zks_event *event, void *user);
zks_status zksgo_store_key(uint8_t *out_key, void *user);
void zksgo_release(void *user);

/* Writes the level's digit, the line and a newline into a pipe, for a goroutine that logs. A pipe
 * that is full loses the line: the engine does not wait for a log. zksgo_log_end closes it. */
void zksgo_log(int32_t level, const char *line, void *user);
void zksgo_log_end(void *user);

/* Dispatches at most `capacity` callbacks; writes the completed operations that Go was not told of
 * yet to out, their count to out_count. Returns the number of callbacks. */
size_t zksgo_dispatch(zks_queue *queue, zksgo_completed *out, size_t capacity, size_t *out_count);

/* zks_client_push and _push_many with a pointer whose type says that it holds no pointers. */
zks_status zksgo_push(zks_client *client, const uint8_t *data, size_t length, uint32_t flags,
                      zksgo_call *call);
zks_status zksgo_push_many(zks_client *client, const uint8_t *data, const size_t *lengths,
                           size_t count, uint32_t flags, zksgo_call *call);

/* The end of a push that succeeded: its numbers and up to `count` blob ids. Frees op. */
void zksgo_push_end(zks_op *op, zksgo_pushed *out, uint8_t *ids, size_t count);

/* The end of a read that succeeded: its columns. Frees op, not the batch. */
zks_status zksgo_read_end(zks_op *op, zksgo_table *out);

#endif
