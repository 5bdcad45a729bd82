/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Operations, clients and what they leave behind: who is called, how often, in which order. */
#include "abi/world.h"

#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>

/* --- operations --- */

START_TEST(push_tells_numbers_and_ids)
{
    world w;
    world_open(&w);
    zks_client *c = world_client_open(&w, &(world_client){.group = 1});
    const size_t lengths[3] = {1, 0, 5};
    zks_op *op;
    size_t length;
    MUST(zks_client_push_many(c, (const uint8_t *)"abcdef", lengths, 3, 0, NULL, NULL, &op));
    MUST(zks_op_wait(op, world_patience_ms()));
    EXPECT(zks_op_status(op), ZKS_OK);
    ck_assert_str_eq(zks_op_text(op), "");
    ck_assert_int_eq(zks_op_number(op, ZKS_OP_FIRST_NUMBER), 1);
    ck_assert_int_eq(zks_op_number(op, ZKS_OP_COUNT), 3);
    ck_assert_int_eq(zks_op_number(op, 99), 0);
    ck_assert_ptr_nonnull(zks_op_bytes(op, ZKS_OP_BLOB_IDS, &length));
    ck_assert_uint_eq(length, 3 * ZKS_SIZE_BLOB_ID);
    ck_assert_ptr_null(zks_op_bytes(op, 99, &length));
    ck_assert_uint_eq(length, 0);
    zks_op_free(op);
    ck_assert_int_eq(world_push(c, "x", 1, ZKS_PUSH_STORED), 4);
    ck_assert_int_eq(world_figure(c, ZKS_REPORT_PENDING_COUNT), 4);
    ck_assert_int_eq(world_figure(c, ZKS_REPORT_LAST_NUMBER), 4);
    world_client_close(c);
    world_close(&w);
}
END_TEST

START_TEST(push_refuses_bad_arguments_at_once)
{
    world w;
    world_open(&w);
    zks_client *c = world_client_open(&w, &(world_client){.group = 1});
    witness *seen = witness_new();
    zks_op *const untouched = (zks_op *)(uintptr_t)1;
    zks_op *op = untouched;
    uint8_t byte = 0;
    const size_t too_large[2] = {1, ZKS_SIZE_PUSH_MAX + 1};
    EXPECT(zks_client_push(c, NULL, 1, 0, witness_done, seen, &op), ZKS_E_INVALID);
    EXPECT(zks_client_push(c, &byte, 1, 4, witness_done, seen, &op), ZKS_E_INVALID);
    EXPECT(zks_client_push(c, &byte, ZKS_SIZE_PUSH_MAX + 1, 0, witness_done, seen, &op),
           ZKS_E_TOO_LARGE);
    EXPECT(zks_client_push_many(c, &byte, too_large, 2, 0, witness_done, seen, &op),
           ZKS_E_TOO_LARGE);
    EXPECT(zks_client_push_many(c, &byte, too_large, 0, 0, witness_done, seen, &op), ZKS_E_INVALID);
    EXPECT(zks_client_push_many(c, &byte, NULL, 1, 0, witness_done, seen, &op), ZKS_E_INVALID);
    EXPECT(zks_client_push_many(c, &byte, too_large, ZKS_PUSH_COUNT_MAX + 1, 0, witness_done, seen,
                                &op),
           ZKS_E_INVALID);
    EXPECT(zks_inbox_read(c, 0, 0, 0, 4, witness_done, seen, &op), ZKS_E_INVALID);
    ck_assert_ptr_eq(op, untouched);
    uint8_t *large = calloc(1, ZKS_SIZE_PUSH_MAX);
    ck_assert_ptr_nonnull(large);
    ck_assert_int_eq(world_push(c, large, ZKS_SIZE_PUSH_MAX, 0), 1);
    free(large);
    world_client_close(c);
    world_close(&w);
    ck_assert_uint_eq(witness_size(seen), 0);
    witness_forget(seen);
}
END_TEST

START_TEST(push_beyond_the_queue_says_limit)
{
    world w;
    world_open(&w);
    zks_config *g = world_config(&w, &(world_client){.group = 1, .file = "store"});
    MUST(zks_config_set_int(g, ZKS_OPTION_QUEUE_MAX_BYTES, 1 << 20));
    zks_client *c;
    MUST(zks_client_open(w.runtime, g, NULL, NULL, NULL, &c));
    zks_config_free(g);
    uint8_t *data = calloc(1, 900000);
    zks_status status = ZKS_OK;
    for (int i = 0; i < 1000 && !status; i++) {
        status = zks_client_push(c, data, 900000, 0, NULL, NULL, NULL);
    }
    EXPECT(status, ZKS_E_LIMIT);
    ck_assert_int_eq(zks_status_class(status), ZKS_CLASS_RETRY);
    free(data);
    world_client_close(c);
    world_close(&w);
}
END_TEST

START_TEST(push_that_needs_a_connection_stores_nothing_without_one)
{
    world w;
    world_open(&w);
    zks_client *c = world_client_open(&w, &(world_client){.group = 1});
    EXPECT(zks_client_push(c, (const uint8_t *)"x", 1, ZKS_PUSH_NEED_CONNECTION, NULL, NULL, NULL),
           ZKS_E_NOT_CONNECTED);
    ck_assert_int_eq(world_figure(c, ZKS_REPORT_PENDING_COUNT), 0);
    ck_assert_int_eq(world_push(c, "y", 1, 0), 1);
    world_client_close(c);
    world_close(&w);
}
END_TEST

START_TEST(done_comes_once_for_each_operation)
{
    enum { PUSHES = 500 };
    world w;
    world_open(&w);
    zks_client *c = world_client_open(&w, &(world_client){.group = 1, .file = "store"});
    witness *seen = witness_new();
    for (int i = 0; i < PUSHES; i++) {
        MUST(zks_client_push(c, (const uint8_t *)&i, sizeof i, 0, witness_done, seen, NULL));
    }
    witness_wait(seen, WITNESS_DONE, 0, PUSHES);
    world_client_close(c);
    world_close(&w);
    ck_assert_uint_eq(witness_size(seen), PUSHES);
    for (size_t i = 0; i < PUSHES; i++) {
        EXPECT(witness_at(seen, i).status, ZKS_OK);
    }
    witness_forget(seen);
}
END_TEST

static void note_handle(zks_op *op, void *user)
{
    zks_op *const *given = user;
    *(zks_status *)(given + 1) = op == *given ? ZKS_OK : ZKS_E_INTERNAL;
}

START_TEST(handle_is_written_before_done_runs)
{
    world w;
    world_open(&w);
    zks_client *c = world_client_open(&w, &(world_client){.group = 1});
    for (int i = 0; i < 200; i++) {
        struct {
            zks_op *op;
            zks_status status;
        } given = {NULL, ZKS_E_PENDING};
        MUST(zks_client_network_changed(c));
        MUST(zks_client_disconnect(c, note_handle, &given, &given.op));
        zks_op *const op = given.op;
        MUST(zks_op_wait(op, world_patience_ms()));
        zks_op *barrier; /* done of an earlier operation runs before that of a later one */
        witness *seen = witness_new();
        MUST(zks_client_disconnect(c, witness_done, seen, &barrier));
        witness_wait(seen, WITNESS_DONE, 0, 1);
        EXPECT(given.status, ZKS_OK);
        zks_op_free(barrier);
        zks_op_free(op);
        witness_forget(seen);
    }
    world_client_close(c);
    world_close(&w);
}
END_TEST

START_TEST(operation_and_batch_outlive_client_and_runtime)
{
    world w;
    world_open(&w);
    zks_client *c = world_client_open(&w, &(world_client){.group = 1});
    zks_op *push, *read, *waiting;
    MUST(zks_client_push(c, (const uint8_t *)"x", 1, 0, NULL, NULL, &push));
    MUST(zks_inbox_read(c, 0, 0, 0, 0, NULL, NULL, &read));
    MUST(zks_inbox_read(c, 0, 0, 0, ZKS_READ_WAIT, NULL, NULL, &waiting));
    MUST(zks_op_wait(push, world_patience_ms()));
    MUST(zks_op_wait(read, world_patience_ms()));
    world_client_close(c);
    world_close(&w);
    size_t length;
    zks_batch *batch;
    EXPECT(zks_op_status(push), ZKS_OK);
    ck_assert_int_eq(zks_op_number(push, ZKS_OP_FIRST_NUMBER), 1);
    ck_assert_ptr_nonnull(zks_op_bytes(push, ZKS_OP_BLOB_IDS, &length));
    EXPECT(zks_op_take_batch(push, &batch), ZKS_E_TAKEN);
    MUST(zks_op_take_batch(read, &batch));
    EXPECT(zks_op_take_batch(read, &batch), ZKS_E_TAKEN);
    ck_assert_uint_eq(zks_batch_count(batch), 0);
    ck_assert_uint_eq(zks_batch_offsets(batch)[0], 0);
    EXPECT(zks_op_status(waiting), ZKS_E_CANCELLED);
    EXPECT(zks_op_take_batch(waiting, &batch), ZKS_E_CANCELLED);
    MUST(zks_op_wait(waiting, 0));
    ck_assert_uint_gt(strlen(zks_op_text(waiting)), 0);
    zks_op_cancel(waiting);
    zks_batch_free(batch);
    zks_op_free(push);
    zks_op_free(read);
    zks_op_free(waiting);
}
END_TEST

START_TEST(cancel_ends_the_waiting_once)
{
    world w;
    world_open(&w);
    zks_client *c = world_client_open(&w, &(world_client){.group = 1});
    witness *seen = witness_new();
    zks_op *op;
    MUST(zks_inbox_read(c, 0, 0, 0, ZKS_READ_WAIT, witness_done, seen, &op));
    EXPECT(zks_op_status(op), ZKS_E_PENDING);
    EXPECT(zks_op_wait(op, 20), ZKS_E_TIMEOUT);
    zks_op_cancel(op);
    zks_op_cancel(op);
    EXPECT(world_finish(op), ZKS_E_CANCELLED);
    MUST(zks_client_push(c, (const uint8_t *)"x", 1, 0, witness_done, seen, &op));
    MUST(zks_op_wait(op, world_patience_ms()));
    zks_op_cancel(op); /* complete: left alone */
    EXPECT(world_finish(op), ZKS_OK);
    MUST(zks_client_push(c, (const uint8_t *)"y", 1, ZKS_PUSH_ACKED, witness_done, seen, &op));
    zks_op_cancel(op); /* ends the waiting for the relay, not the push */
    EXPECT(world_finish(op), ZKS_E_CANCELLED);
    MUST(world_finish((MUST(zks_client_disconnect(c, NULL, NULL, &op)), op)));
    ck_assert_int_eq(world_push(c, "z", 1, 0), 3);
    world_client_close(c);
    world_close(&w);
    ck_assert_uint_eq(witness_count(seen, WITNESS_DONE, 0), 3);
    witness_forget(seen);
}
END_TEST

START_TEST(flush_that_times_out_counts_what_is_left)
{
    world w;
    world_open(&w);
    zks_client *c = world_client_open(&w, &(world_client){.group = 1});
    zks_op *op;
    world_push(c, "x", 1, 0);
    world_push(c, "y", 1, 0);
    MUST(zks_client_flush(c, 50, NULL, NULL, &op));
    MUST(zks_op_wait(op, world_patience_ms()));
    EXPECT(zks_op_status(op), ZKS_E_TIMEOUT);
    ck_assert_int_eq(zks_op_number(op, ZKS_OP_PENDING), 2);
    zks_op_free(op);
    world_client_close(c);
    world_close(&w);
}
END_TEST

/* Both calls of one callback: while it runs, the loop thread does nothing else. */
typedef struct flush_then_push {
    zks_client *client;
    zks_op *flush, *push;
} flush_then_push;

static void flush_and_push(zks_op *op, void *user)
{
    flush_then_push *f = user;
    (void)op;
    MUST(zks_client_flush(f->client, 50, NULL, NULL, &f->flush));
    MUST(zks_client_push(f->client, (const uint8_t *)"behind", 6, 0, NULL, NULL, &f->push));
}

START_TEST(flush_does_not_wait_for_a_push_behind_it)
{
    world w;
    world_open(&w);
    flush_then_push f = {.client = world_client_open(&w, &(world_client){.group = 1})};
    witness *seen = witness_new();
    zks_op *op;
    MUST(zks_client_disconnect(f.client, flush_and_push, &f, &op));
    MUST(world_finish(op));
    MUST(zks_client_disconnect(f.client, witness_done, seen, &op)); /* its callback comes later */
    MUST(world_finish(op));
    witness_wait(seen, WITNESS_DONE, 0, 1);
    EXPECT(world_finish(f.push), ZKS_OK);
    EXPECT(world_finish(f.flush), ZKS_OK);
    world_client_close(f.client);
    world_close(&w);
    witness_forget(seen);
}
END_TEST

/* --- closing --- */

/* Operations of every kind that waits. */
static size_t start_waiting(zks_client *c, witness *seen)
{
    MUST(zks_inbox_read(c, 0, 0, 0, ZKS_READ_WAIT, witness_done, seen, NULL));
    MUST(zks_inbox_read(c, 0, 0, 0, ZKS_READ_WAIT | ZKS_READ_OWN, witness_done, seen, NULL));
    MUST(zks_client_wait_synced(c, witness_done, seen, NULL));
    MUST(zks_client_push(c, (const uint8_t *)"x", 1, ZKS_PUSH_ACKED, witness_done, seen, NULL));
    MUST(zks_client_flush(c, 600000, witness_done, seen, NULL));
    MUST(zks_client_connect(c, witness_done, seen, NULL));
    return 6;
}

/* One CLOSED, nothing but `after` completions and the free behind it, the free once and last. */
static void check_silence(witness *seen, size_t done, size_t after)
{
    ck_assert_uint_eq(witness_count(seen, WITNESS_EVENT, ZKS_EVENT_CLOSED), 1);
    ck_assert_uint_eq(witness_count(seen, WITNESS_FREE, 0), 1);
    ck_assert_uint_eq(witness_count(seen, WITNESS_DONE, 0), done);
    size_t closed = witness_place(seen, WITNESS_EVENT, ZKS_EVENT_CLOSED);
    ck_assert_uint_eq(witness_place(seen, WITNESS_FREE, 0), witness_size(seen) - 1);
    ck_assert_uint_eq(witness_size(seen) - 1 - closed, after + 1);
}

START_TEST(close_cancels_then_says_closed_then_is_silent)
{
    world w;
    world_open(&w);
    witness *seen = witness_new();
    zks_client *c = world_client_open(&w,
                                      &(world_client){.group = 1, .relay = true, .events = seen});
    size_t waiting = start_waiting(c, seen);
    MUST(zks_client_close(c, witness_done, seen, NULL));
    witness_wait(seen, WITNESS_FREE, 0, 1);
    EXPECT(zks_client_push(c, NULL, 0, 0, NULL, NULL, NULL), ZKS_E_CLOSED);
    check_silence(seen, waiting + 1, 1);
    size_t cancelled = 0;
    for (size_t i = 0; i < witness_size(seen); i++) {
        witness_line line = witness_at(seen, i);
        cancelled += line.what == WITNESS_DONE && line.status == ZKS_E_CANCELLED;
    }
    ck_assert_uint_eq(cancelled, waiting);
    zks_client_free(c);
    world_close(&w);
    check_silence(seen, waiting + 1, 1);
    witness_forget(seen);
}
END_TEST

static void slow_to_hear(zks_client *c, const zks_event *e, void *user)
{
    (void)c;
    if (zks_event_kind(e) == ZKS_EVENT_CLOSED) {
        usleep(100000);
        atomic_store((atomic_bool *)user, true);
    }
}

/* Whoever waited for a closing may take away what the callbacks use; also the second who asks. */
START_TEST(close_has_ended_when_the_last_event_has)
{
    world w;
    world_open(&w);
    for (int askers = 1; askers <= 2; askers++) {
        atomic_bool heard = false;
        zks_config *g = world_config(&w, &(world_client){.group = 1});
        zks_client *c;
        zks_op *op, *again;
        MUST(zks_config_set_events(g, slow_to_hear, &heard, NULL));
        MUST(zks_client_open(w.runtime, g, NULL, NULL, &op, &c));
        zks_config_free(g);
        MUST(world_finish(op));
        for (int k = 0; k < askers; k++) {
            MUST(zks_client_close(c, NULL, NULL, k ? &again : &op));
            usleep(k + 1 < askers ? 50000 : 0); /* the second comes while the first is told */
        }
        MUST(world_finish(askers == 2 ? again : op));
        ck_assert(atomic_load(&heard));
        if (askers == 2) {
            MUST(world_finish(op));
        }
        zks_client_free(c);
    }
    world_close(&w);
}
END_TEST

START_TEST(free_closes)
{
    world w;
    world_open(&w);
    witness *seen = witness_new();
    zks_client *c = world_client_open(&w,
                                      &(world_client){.group = 1, .relay = true, .events = seen});
    size_t waiting = start_waiting(c, seen);
    zks_client_free(c);
    witness_wait(seen, WITNESS_FREE, 0, 1);
    world_close(&w);
    check_silence(seen, waiting, 0);
    witness_forget(seen);
}
END_TEST

START_TEST(free_before_the_opening_is_done_closes)
{
    for (int i = 0; i < 20; i++) {
        world w;
        world_open(&w);
        witness *seen = witness_new();
        zks_config *g = world_config(
            &w, &(world_client){.group = 1, .file = "store", .relay = true, .events = seen});
        zks_client *c;
        MUST(zks_client_open(w.runtime, g, witness_done, seen, NULL, &c));
        zks_config_free(g);
        size_t waiting = i % 2 ? start_waiting(c, seen) : 0;
        zks_client_free(c);
        world_close(&w);
        check_silence(seen, waiting + 1, 0);
        witness_forget(seen);
    }
}
END_TEST

START_TEST(free_while_a_passphrase_is_stretched_closes)
{
    world w;
    world_open(&w);
    witness *seen = witness_new();
    zks_config *g;
    zks_client *c;
    MUST(zks_config_new(&g));
    MUST(zks_config_set_passphrase(g, "horse", 5, (const uint8_t *)"0123456789abcdef", 16));
    MUST(zks_config_set_events(g, witness_event, seen, witness_free));
    MUST(zks_client_open(w.runtime, g, witness_done, seen, NULL, &c));
    zks_config_free(g);
    size_t waiting = start_waiting(c, seen);
    zks_client_free(c);
    world_close(&w);
    check_silence(seen, waiting + 1, 0);
    witness_forget(seen);
}
END_TEST

START_TEST(runtime_close_closes_its_clients)
{
    world w;
    world_open(&w);
    witness *seen = witness_new();
    zks_client *c = world_client_open(&w,
                                      &(world_client){.group = 1, .relay = true, .events = seen});
    size_t waiting = start_waiting(c, seen);
    MUST(zks_runtime_close(w.runtime, world_patience_ms()));
    check_silence(seen, waiting, 0);
    MUST(zks_runtime_close(w.runtime, 0)); /* twice is fine */
    EXPECT(zks_client_connect(c, NULL, NULL, NULL), ZKS_E_CLOSED);
    zks_client_free(c);
    world_close(&w);
    witness_forget(seen);
}
END_TEST

START_TEST(handles_may_be_freed_in_any_order)
{
    for (int order = 0; order < 6; order++) {
        world w;
        world_open(&w);
        witness *seen = witness_new();
        zks_queue *q;
        MUST(zks_queue_new(w.runtime, NULL, NULL, NULL, &q));
        zks_client *c = world_client_open(
            &w, &(world_client){.group = 1, .relay = true, .queue = q, .events = seen});
        size_t waiting = start_waiting(c, seen);
        for (int i = 0; i < 3; i++) {
            switch ((order + i * (order % 2 ? 2 : 1)) % 3) {
            case 0:
                zks_client_free(c);
                break;
            case 1:
                zks_queue_free(q);
                break;
            default:
                zks_runtime_free(w.runtime);
            }
        }
        witness_wait(seen, WITNESS_FREE, 0, 1);
        check_silence(seen, waiting, 0);
        witness_forget(seen);
        world_remove(w.folder);
    }
}
END_TEST

START_TEST(two_clients_share_a_registration)
{
    world w;
    world_open(&w);
    witness *seen = witness_new();
    zks_config *g = world_config(&w, &(world_client){.group = 1, .events = seen});
    zks_client *one, *two;
    zks_op *op;
    MUST(zks_client_open(w.runtime, g, NULL, NULL, &op, &one));
    MUST(world_finish(op));
    MUST(zks_client_open(w.runtime, g, NULL, NULL, &op, &two));
    MUST(world_finish(op));
    zks_config_free(g);
    world_client_close(one);
    witness_wait(seen, WITNESS_EVENT, ZKS_EVENT_CLOSED, 1);
    ck_assert_uint_eq(witness_count(seen, WITNESS_FREE, 0), 0);
    world_client_close(two);
    witness_wait(seen, WITNESS_FREE, 0, 1);
    world_close(&w);
    ck_assert_uint_eq(witness_count(seen, WITNESS_EVENT, ZKS_EVENT_CLOSED), 2);
    ck_assert_uint_eq(witness_count(seen, WITNESS_FREE, 0), 1);
    witness_forget(seen);
}
END_TEST

/* --- opening --- */

START_TEST(failed_opening_is_told_everywhere)
{
    world w;
    world_open(&w);
    witness *seen = witness_new();
    zks_config *g = world_config(
        &w, &(world_client){.group = 1, .file = "no/such/folder", .relay = true, .events = seen});
    zks_client *c;
    zks_op *op;
    zks_devices *devices;
    MUST(zks_client_open(w.runtime, g, witness_done, seen, &op, &c));
    zks_config_free(g);
    MUST(zks_op_wait(op, world_patience_ms()));
    EXPECT(zks_op_status(op), ZKS_E_STORE_PATH);
    ck_assert_uint_gt(strlen(zks_op_text(op)), 0);
    zks_op_free(op);
    MUST(zks_client_push(c, (const uint8_t *)"x", 1, 0, NULL, NULL, &op));
    EXPECT(world_finish(op), ZKS_E_STORE_PATH);
    MUST(zks_inbox_read(c, 0, 0, 0, ZKS_READ_WAIT, NULL, NULL, &op));
    EXPECT(world_finish(op), ZKS_E_STORE_PATH);
    MUST(zks_client_connect(c, NULL, NULL, &op));
    EXPECT(world_finish(op), ZKS_E_STORE_PATH);
    EXPECT(zks_devices_get(c, &devices), ZKS_E_STORE_PATH);
    zks_client_free(c);
    world_close(&w);
    check_silence(seen, 1, 0);
    witness_forget(seen);
}
END_TEST

START_TEST(store_is_reopened_where_it_was_left)
{
    world w;
    world_open(&w);
    zks_client *c = world_client_open(&w,
                                      &(world_client){.group = 1, .file = "store", .name = "anna"});
    world_push(c, "kept", 4, 0);
    zks_report *p;
    size_t length;
    uint8_t device[ZKS_SIZE_DEVICE_ID];
    MUST(zks_report_get(c, &p));
    memcpy(device, zks_report_bytes(p, ZKS_REPORT_DEVICE_ID, &length), sizeof device);
    zks_report_free(p);
    world_client_close(c);

    zks_config *g; /* without a secret: the store's only group */
    zks_op *op;
    char path[128];
    MUST(zks_config_new(&g));
    snprintf(path, sizeof path, "%s/store", w.folder);
    MUST(zks_config_set_text(g, ZKS_OPTION_STORE_PATH, path));
    MUST(zks_client_open(w.runtime, g, NULL, NULL, &op, &c));
    MUST(world_finish(op));
    MUST(zks_report_get(c, &p));
    ck_assert_mem_eq(zks_report_bytes(p, ZKS_REPORT_DEVICE_ID, &length), device, sizeof device);
    ck_assert_int_eq(zks_report_number(p, ZKS_REPORT_PENDING_COUNT), 1);
    ck_assert_str_eq(zks_report_text(p, ZKS_REPORT_STORE_PATH), path);
    ck_assert_str_eq(zks_report_text(p, ZKS_REPORT_DEVICE_NAME), "anna");
    zks_report_free(p);
    world_client_close(c);

    MUST(zks_config_set_text(g, ZKS_OPTION_STORE_PATH, NULL)); /* in memory there is none */
    MUST(zks_client_open(w.runtime, g, NULL, NULL, &op, &c));
    EXPECT(world_finish(op), ZKS_E_STORE_GROUP);
    zks_client_free(c);
    zks_config_free(g);
    world_close(&w);
}
END_TEST

START_TEST(store_of_another_process_is_busy)
{
    int ready[2], go[2];
    char byte = 0;
    world w;
    ck_assert_int_eq(pipe(ready) | pipe(go), 0);
    char folder[64];
    ck_assert(test_folder(folder, sizeof folder));
    pid_t child = fork();
    if (!child) {
        world_open(&w);
        snprintf(w.folder, sizeof w.folder, "%s", folder);
        zks_client *c = world_client_open(&w, &(world_client){.group = 1, .file = "store"});
        bool fine = c && write(ready[1], &byte, 1) == 1 && read(go[0], &byte, 1) == 1;
        _exit(fine ? 0 : 1);
    }
    ck_assert_int_eq(read(ready[0], &byte, 1), 1);
    world_open(&w);
    char own[sizeof w.folder];
    memcpy(own, w.folder, sizeof own);
    snprintf(w.folder, sizeof w.folder, "%s", folder);
    zks_config *g = world_config(&w, &(world_client){.group = 1, .file = "store"});
    zks_client *c;
    zks_op *op;
    char pid[24];
    MUST(zks_client_open(w.runtime, g, NULL, NULL, &op, &c));
    MUST(zks_op_wait(op, world_patience_ms()));
    EXPECT(zks_op_status(op), ZKS_E_STORE_BUSY);
    snprintf(pid, sizeof pid, "%d", (int)child);
    ck_assert_msg(strstr(zks_op_text(op), pid) != NULL, "'%s' does not name %s", zks_op_text(op),
                  pid);
    zks_op_free(op);
    zks_client_free(c);
    int status;
    ck_assert_int_eq(write(go[1], &byte, 1), 1);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
    close(ready[0]), close(ready[1]), close(go[0]), close(go[1]);
    MUST(zks_client_open(w.runtime, g, NULL, NULL, &op, &c)); /* its process is gone */
    MUST(world_finish(op));
    world_client_close(c);
    zks_config_free(g);
    world_close(&w);
    world_remove(own);
}
END_TEST

static bool sanitized(void)
{
    const char *which = getenv("ZKS_SANITIZER");
    return which && *which;
}

/* The status with which a child ends that makes a runtime and stores something with it. */
static int fork_and_push(void)
{
    int status = -1;
    pid_t child = fork();
    if (!child) {
        world w;
        alarm(world_patience_ms() / 1000);
        world_open_with_relay(&w);
        zks_client *c = world_client_open(&w, &(world_client){.group = 1, .file = "store"});
        world_push(c, "child", 5, 0);
        world_client_close(c);
        world_close(&w);
        _exit(0);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    return status;
}

typedef struct writer {
    zks_client *client;
    atomic_bool stop, failed;
} writer;

/* Without Check, whose lock a child would find taken. */
static void *write_always(void *user)
{
    writer *w = user;
    while (!atomic_load(&w->stop) && !atomic_load(&w->failed)) {
        zks_op *op;
        bool fine = !zks_client_push(w->client, (const uint8_t *)"parent", 6, 0, NULL, NULL, &op);
        if (fine) {
            fine = !zks_op_wait(op, world_patience_ms()) && !zks_op_status(op);
            zks_op_free(op);
        }
        atomic_store(&w->failed, !fine);
    }
    return NULL;
}

/* Both storage threads are busy, the client's and the relay's. */
START_TEST(child_of_a_busy_process_finds_nothing_locked)
{
    enum { FORKS = 30 };
    world w;
    pthread_t thread;
    if (sanitized()) { /* they forbid threads after a fork */
        return;
    }
    world_open_with_relay(&w);
    writer busy = {.client = world_client_open(&w, &(world_client){.group = 1, .relay = true})};
    world_connect(busy.client);
    ck_assert_int_eq(pthread_create(&thread, NULL, write_always, &busy), 0);
    int status = 0;
    for (int i = 0; i < FORKS && !status; i++) {
        status = fork_and_push();
    }
    atomic_store(&busy.stop, true);
    pthread_join(thread, NULL);
    ck_assert(!atomic_load(&busy.failed));
    ck_assert_msg(!status, "a child ended with %x", (unsigned)status);
    world_client_close(busy.client);
    world_close(&w);
}
END_TEST

/* On the storage thread, which a fork elsewhere would wait for. */
static void fork_on_storage(int32_t level, const char *line, void *user)
{
    atomic_int *forks = user;
    char name[16] = "";
    (void)level, (void)line;
    pthread_getname_np(pthread_self(), name, sizeof name);
    if (!strcmp(name, "zks-storage") && !atomic_load(forks)) {
        int status = -1;
        pid_t child = fork();
        if (!child) {
            _exit(7);
        }
        bool ended = waitpid(child, &status, 0) == child && WEXITSTATUS(status) == 7;
        atomic_store(forks, ended ? 1 : 2);
    }
}

START_TEST(fork_in_the_log_function_waits_for_nobody)
{
    world w;
    atomic_int forks = 0;
    world_open(&w);
    MUST(zks_runtime_set_log(w.runtime, ZKS_LOG_DEBUG, fork_on_storage, &forks, NULL));
    struct timespec before, after;
    clock_gettime(CLOCK_MONOTONIC, &before);
    zks_client *c = world_client_open(&w, &(world_client){.group = 1}); /* logs what it opens */
    clock_gettime(CLOCK_MONOTONIC, &after);
    ck_assert_int_eq(atomic_load(&forks), 1);
    ck_assert(sanitized() || after.tv_sec - before.tv_sec < 4); /* the wait's limit is 5 s */
    world_client_close(c);
    world_close(&w);
}
END_TEST

START_TEST(descriptor_of_a_new_passphrase_group_opens_it_again)
{
    world w;
    world_open(&w);
    zks_config *g;
    zks_client *c;
    zks_op *op;
    zks_invite *v;
    uint8_t group[ZKS_SIZE_GROUP_ID], derived[ZKS_SIZE_GROUP_ID], secret[ZKS_SIZE_SECRET];
    MUST(zks_config_new(&g));
    MUST(zks_config_set_passphrase(g, "horse", 5, NULL, 0));
    MUST(zks_client_open(w.runtime, g, NULL, NULL, &op, &c));
    MUST(world_finish(op));
    MUST(zks_invite_shared(c, "relay.example.org", &v));
    const char *descriptor = zks_invite_text(v, ZKS_INVITE_DESCRIPTOR);
    ck_assert_int_eq(strncmp(descriptor, "$argon2id$", 10), 0);
    memcpy(group, zks_invite_bytes(v, ZKS_INVITE_GROUP_ID, NULL), sizeof group);
    MUST(zks_secret_derive("horse", 5, (const uint8_t *)descriptor, strlen(descriptor), secret,
                           derived));
    ck_assert_mem_eq(group, derived, sizeof group);
    ck_assert_mem_eq(secret, zks_invite_bytes(v, ZKS_INVITE_SECRET, NULL), sizeof secret);
    zks_invite *again;
    const char *link = zks_invite_text(v, ZKS_INVITE_LINK);
    MUST(zks_invite_parse(link, strlen(link), &again));
    ck_assert_str_eq(zks_invite_text(again, ZKS_INVITE_RELAYS), "relay.example.org");
    ck_assert_str_eq(zks_invite_text(again, ZKS_INVITE_DESCRIPTOR), descriptor);
    zks_invite_free(again);
    zks_invite_free(v);
    char longest[ZKS_RELAYS_MAX * (ZKS_SIZE_ADDRESS_MAX + 1)];
    memset(longest, 'x', sizeof longest);
    for (size_t i = ZKS_SIZE_ADDRESS_MAX; i < sizeof longest; i += ZKS_SIZE_ADDRESS_MAX + 1) {
        longest[i] = '\n';
    }
    longest[sizeof longest - 1] = 0;
    size_t length;
    MUST(zks_invite_shared(c, longest, &v)); /* no QR code holds that much */
    EXPECT(zks_invite_render(v, ZKS_RENDER_PNG, 1, 0, NULL, &length), ZKS_E_TOO_LARGE);
    zks_invite_free(v);
    EXPECT(zks_invite_shared(c, "\n", &v), ZKS_E_ADDRESS);
    EXPECT(zks_invite_shared(c, "a\tb", &v), ZKS_E_ADDRESS);
    EXPECT(zks_invite_shared(c, "1\n2\n3\n4\n5\n6\n7\n8\n9\n1\n2\n3\n4\n5\n6\n7\n8", &v),
           ZKS_E_LIMIT);
    zks_config_free(g);
    world_client_close(c);
    world_close(&w);
}
END_TEST

/* --- leaving --- */

START_TEST(process_exits_with_everything_open)
{
    char path[512], threads[1024];
    const char *folder = getenv("ZKS_TEST_DIR"), *options = getenv("TSAN_OPTIONS");
    snprintf(path, sizeof path, "%s/abi_prog_exit", folder ? folder : "tests");
    snprintf(threads, sizeof threads, "%s:report_thread_leaks=0", options ? options : "");
    for (int i = 0; i < 5; i++) {
        pid_t child = fork();
        if (!child) {
            setenv("ASAN_OPTIONS", "detect_leaks=0", 1); /* leaving everything is the point */
            setenv("TSAN_OPTIONS", threads, 1);
            alarm(world_patience_ms() / 1000);
            execl(path, path, (char *)NULL);
            _exit(127);
        }
        int status;
        ck_assert_int_eq(waitpid(child, &status, 0), child);
        ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "%s ended with %x", path,
                      (unsigned)status);
    }
}
END_TEST

static void add(TCase *c)
{
    tcase_add_test(c, push_tells_numbers_and_ids);
    tcase_add_test(c, push_refuses_bad_arguments_at_once);
    tcase_add_test(c, push_beyond_the_queue_says_limit);
    tcase_add_test(c, push_that_needs_a_connection_stores_nothing_without_one);
    tcase_add_test(c, done_comes_once_for_each_operation);
    tcase_add_test(c, handle_is_written_before_done_runs);
    tcase_add_test(c, operation_and_batch_outlive_client_and_runtime);
    tcase_add_test(c, cancel_ends_the_waiting_once);
    tcase_add_test(c, flush_that_times_out_counts_what_is_left);
    tcase_add_test(c, flush_does_not_wait_for_a_push_behind_it);
    tcase_add_test(c, close_cancels_then_says_closed_then_is_silent);
    tcase_add_test(c, close_has_ended_when_the_last_event_has);
    tcase_add_test(c, free_closes);
    tcase_add_test(c, free_before_the_opening_is_done_closes);
    tcase_add_test(c, free_while_a_passphrase_is_stretched_closes);
    tcase_add_test(c, runtime_close_closes_its_clients);
    tcase_add_test(c, handles_may_be_freed_in_any_order);
    tcase_add_test(c, two_clients_share_a_registration);
    tcase_add_test(c, failed_opening_is_told_everywhere);
    tcase_add_test(c, store_is_reopened_where_it_was_left);
    tcase_add_test(c, store_of_another_process_is_busy);
    tcase_add_test(c, child_of_a_busy_process_finds_nothing_locked);
    tcase_add_test(c, fork_in_the_log_function_waits_for_nobody);
    tcase_add_test(c, descriptor_of_a_new_passphrase_group_opens_it_again);
    tcase_add_test(c, process_exits_with_everything_open);
}

int main(void)
{
    return unit_main("abi_lifecycle", add);
}
