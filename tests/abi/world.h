/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What the ABI tests share: they see zks.h only. A world has a runtime and a folder; a witness
 * writes down every callback, in order. Every wait has a deadline.
 */
#ifndef ZKS_TESTS_ABI_WORLD_H
#define ZKS_TESTS_ABI_WORLD_H

#include "support/unit.h"

#include <pthread.h>
#include <stdbool.h>
#include <string.h>
#include <zks/zks.h>

/* Fails the test with the status' name and the operation's own words. */
#define MUST(call) world_must((call), #call, __FILE__, __LINE__)
void world_must(zks_status status, const char *call, const char *file, int line);
#define EXPECT(call, expected) world_expect((call), (expected), #call, __FILE__, __LINE__)
void world_expect(zks_status status, zks_status expected, const char *call, const char *file,
                  int line);

/* Long enough for a loaded machine; sanitizers get more. */
uint32_t world_patience_ms(void);

/* --- the witness --- */

typedef enum witness_what {
    WITNESS_DONE = 1,
    WITNESS_EVENT,
    WITNESS_FREE,
    WITNESS_WAKE
} witness_what;

typedef struct witness_line {
    witness_what what;
    int32_t kind;      /* of an event */
    zks_status status; /* of an event or operation */
    const void *op;    /* of DONE: for comparing only */
    pthread_t thread;
} witness_line;

enum { WITNESS_LINES = 8192 };
typedef struct witness {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    size_t count;
    witness_line lines[WITNESS_LINES];
} witness;

witness *witness_new(void);
void witness_forget(witness *w);
/* The callbacks; user is the witness. */
void witness_done(zks_op *op, void *user);
void witness_event(zks_client *client, const zks_event *event, void *user);
void witness_free(void *user);
void witness_wake(void *user);
/* How often so far; kind 0: any. */
size_t witness_count(witness *w, witness_what what, int32_t kind);
/* Fails when it does not come to that in time. */
void witness_wait(witness *w, witness_what what, int32_t kind, size_t at_least);
/* The place of the first such line, or SIZE_MAX. */
size_t witness_place(witness *w, witness_what what, int32_t kind);
witness_line witness_at(witness *w, size_t i);
size_t witness_size(witness *w);

/* --- the world --- */

typedef struct world {
    zks_runtime *runtime;
    char folder[64];
    char address[ZKS_SIZE_ADDRESS_MAX + 1]; /* of the relay, or a port where nobody answers */
    zks_relay *relay;
} world;

void world_open(world *w);
/* The same with an embedded relay on a free port. */
void world_open_with_relay(world *w);
/* Closes the runtime, which must succeed in time, and removes the folder. */
void world_close(world *w);
void world_remove(const char *folder);

/* What a client is opened with beside secret (32 times `group`; 0: none, the store's group). */
typedef struct world_client {
    uint8_t group;
    const char *file; /* in the world's folder; NULL: in memory */
    const char *name; /* NULL: none */
    bool relay;       /* with the world's address */
    zks_queue *queue;
    witness *events;
} world_client;
zks_config *world_config(world *w, const world_client *what);
/* Opens; the opening must succeed. */
zks_client *world_client_open(world *w, const world_client *what);
/* The same for a new paired group. */
zks_client *world_group_create(world *w, const world_client *what);
/* Closes and waits; frees. */
void world_client_close(zks_client *c);

/* Waits for an operation and frees it; its status. *op must come from a call that succeeded. */
zks_status world_finish(zks_op *op);
/* A push that must succeed; its first number. */
int64_t world_push(zks_client *c, const void *data, size_t length, uint32_t flags);
/* Reads what is there behind `after`; the batch is owned by the caller. */
zks_batch *world_read(zks_client *c, uint64_t after, uint32_t flags);
void world_connect(zks_client *c);
int64_t world_figure(zks_client *c, int32_t field);

#endif
