/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Operations: what an asynchronous call is waiting for. Two references: the caller's and the
 * engine's. Completion is visible to wait and status at once, and `done` follows on the callback
 * thread.
 */
#ifndef ZKS_CLIENT_OP_H
#define ZKS_CLIENT_OP_H

#include "client/client.h"
#include "client/task.h"

#include <pthread.h>

enum { ZKS_OP_NUMBERS = 16 };

struct zks_op {
    zks__handle handle;
    atomic_uint count;
    zks_runtime *runtime;
    zks_queue *queue; /* NULL: the loop thread */
    zks_done_fn done;
    void *user;
    pthread_mutex_t mutex; /* guards what follows up to the blank line */
    pthread_cond_t completed_changed;
    bool completed, cancelled;
    zks_status status;
    char *text;
    int64_t numbers[ZKS_OP_NUMBERS];
    int32_t bytes_field; /* ZKS_OP_*, of bytes */
    uint8_t *bytes;      /* wiped at the end: it may be a recovery code */
    size_t bytes_length;
    zks_batch *batch;
    zks_client *client; /* with a reference while the op is not completed; for cancel */

    zks__task callback; /* runs done */
    zks__task cancel;   /* posted at most once, by zks__op_cancel */

    /* Loop thread only. Set before anything can cancel; NULL: a cancelled op leaves its list and
     * ends at once. Otherwise whoever works for it ends it; not called for a completed op. */
    void (*on_cancel)(zks_client *c, zks_op *op);
    /* What the client waits for on behalf of this op. */
    zks__node waiting;
    uint64_t target;    /* own number to be acknowledged; a time; a question of src/sync */
    uint64_t after_n;   /* all own numbers up to here are to be settled */
    uint64_t after_seq; /* read */
    uint32_t max_count, max_bytes, flags;
};

/* The engine's own constructor, with a client (may be NULL). */
ZKS_MUST_USE zks_status zks__op_create(zks_runtime *r, zks_queue *queue, zks_client *c,
                                       zks_done_fn done, void *user, zks_op **out_op);
/* One more reference, dropped with zks__op_free. */
void zks__op_ref(zks_op *op);
/* Hands the caller's reference to *out_op, or drops it when out_op is NULL. Before anything can
 * complete the op. */
void zks__op_publish(zks_op *op, zks_op **out_op);
/* Undoes create after a synchronous failure: no done. */
void zks__op_discard(zks_op *op);
/* Before completion only. */
void zks__op_set_number(zks_op *op, int32_t field, int64_t value);
/* Takes bytes over (allocated with zks__alloc). An op has bytes of one field. */
void zks__op_set_bytes(zks_op *op, int32_t field, uint8_t *bytes, size_t length);
void zks__op_set_batch(zks_op *op, zks_batch *batch);
bool zks__op_is_done(zks_op *op);

#endif
