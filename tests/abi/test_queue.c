/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Dispatch queues: callbacks on the thread that asks for them, a descriptor and a wake to know
 * when. */
#include "abi/world.h"

#include <fcntl.h>
#include <poll.h>
#include <stdatomic.h>
#include <unistd.h>

static bool readable(int fd, int timeout_ms)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    return poll(&p, 1, timeout_ms) == 1;
}

/* Dispatches until the witness has seen so many. */
static void dispatch_until(zks_queue *q, witness *w, witness_what what, int32_t kind, size_t count)
{
    for (uint32_t waited = 0; witness_count(w, what, kind) < count; waited++) {
        ck_assert_uint_lt(waited, world_patience_ms());
        (void)readable(zks_queue_fd(q), 1);
        MUST(zks_queue_dispatch(q, 0, NULL));
    }
}

START_TEST(callbacks_run_where_they_are_dispatched)
{
    world w;
    world_open(&w);
    witness *seen = witness_new();
    zks_queue *q;
    MUST(zks_queue_new(w.runtime, NULL, NULL, NULL, &q));
    zks_client *c = world_client_open(
        &w, &(world_client){.group = 1, .relay = true, .queue = q, .events = seen});
    MUST(zks_client_push(c, (const uint8_t *)"x", 1, 0, witness_done, seen, NULL));
    MUST(zks_client_connect(c, NULL, NULL, NULL));
    zks_client_free(c);
    dispatch_until(q, seen, WITNESS_FREE, 0, 1);
    for (size_t i = 0; i < witness_size(seen); i++) {
        ck_assert(pthread_equal(witness_at(seen, i).thread, pthread_self()));
    }
    ck_assert_uint_eq(witness_count(seen, WITNESS_EVENT, ZKS_EVENT_CLOSED), 1);
    zks_queue_free(q);
    world_close(&w);
    witness_forget(seen);
}
END_TEST

START_TEST(descriptor_is_readable_while_callbacks_wait)
{
    world w;
    world_open(&w);
    witness *seen = witness_new();
    zks_queue *q;
    MUST(zks_queue_new(w.runtime, NULL, NULL, NULL, &q));
    int fd = zks_queue_fd(q);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_ne(fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
    zks_client *c = world_client_open(&w, &(world_client){.group = 1, .queue = q});
    ck_assert(!readable(fd, 100)); /* nobody is to be called for the opening */
    uint32_t count = 0;
    for (int i = 0; i < 5; i++) {
        zks_op *op;
        MUST(zks_client_push(c, (const uint8_t *)"x", 1, 0, witness_done, seen, &op));
        MUST(world_finish(op)); /* complete, though done waits */
    }
    while (count < 5) {
        uint32_t ran;
        ck_assert(readable(fd, (int)world_patience_ms()));
        MUST(zks_queue_dispatch(q, 1, &ran));
        ck_assert_uint_eq(ran, 1);
        count += ran;
        ck_assert_uint_eq(witness_count(seen, WITNESS_DONE, 0), count);
    }
    ck_assert(!readable(fd, 0));
    MUST(zks_queue_dispatch(q, 0, &count));
    ck_assert_uint_eq(count, 0);
    world_client_close(c);
    zks_queue_free(q);
    world_close(&w);
    witness_forget(seen);
}
END_TEST

START_TEST(wake_comes_when_the_queue_becomes_non_empty)
{
    world w;
    world_open(&w);
    witness *woken = witness_new(), *seen = witness_new();
    zks_queue *q;
    MUST(zks_queue_new(w.runtime, witness_wake, woken, witness_free, &q));
    zks_client *c = world_client_open(&w, &(world_client){.group = 1, .queue = q});
    for (size_t i = 0; i < 20; i++) {
        size_t before = witness_count(woken, WITNESS_WAKE, 0);
        MUST(zks_client_push(c, (const uint8_t *)"x", 1, 0, witness_done, seen, NULL));
        witness_wait(woken, WITNESS_WAKE, 0, before + 1);
        dispatch_until(q, seen, WITNESS_DONE, 0, i + 1);
    }
    world_client_close(c);
    zks_queue_free(q);
    ck_assert_uint_eq(witness_count(woken, WITNESS_FREE, 0), 1);
    ck_assert_uint_eq(witness_place(woken, WITNESS_FREE, 0), witness_size(woken) - 1);
    world_close(&w);
    ck_assert_uint_eq(witness_place(woken, WITNESS_FREE, 0), witness_size(woken) - 1);
    witness_forget(woken);
    witness_forget(seen);
}
END_TEST

/* --- from within and from elsewhere --- */

typedef struct nested {
    zks_queue *queue;
    zks_status inside, elsewhere;
    atomic_int calls;
} nested;

static void *dispatch_elsewhere(void *argument)
{
    nested *n = argument;
    n->elsewhere = zks_queue_dispatch(n->queue, 0, NULL);
    return NULL;
}

static void dispatch_inside(zks_op *op, void *user)
{
    (void)op;
    nested *n = user;
    pthread_t thread;
    n->inside = zks_queue_dispatch(n->queue, 0, NULL);
    if (!pthread_create(&thread, NULL, dispatch_elsewhere, n)) {
        pthread_join(thread, NULL);
    }
    atomic_fetch_add(&n->calls, 1);
}

START_TEST(dispatch_is_for_one_thread_and_not_for_callbacks)
{
    world w;
    world_open(&w);
    nested n = {0};
    MUST(zks_queue_new(w.runtime, NULL, NULL, NULL, &n.queue));
    zks_client *c = world_client_open(&w, &(world_client){.group = 1, .queue = n.queue});
    zks_op *op;
    MUST(zks_client_push(c, (const uint8_t *)"x", 1, 0, dispatch_inside, &n, &op));
    MUST(world_finish(op));
    for (uint32_t waited = 0; !atomic_load(&n.calls); waited++) {
        ck_assert_uint_lt(waited, world_patience_ms());
        (void)readable(zks_queue_fd(n.queue), 1);
        MUST(zks_queue_dispatch(n.queue, 0, NULL));
    }
    EXPECT(n.inside, ZKS_E_REENTRANT);
    EXPECT(n.elsewhere, ZKS_E_BUSY);
    world_client_close(c);
    zks_queue_free(n.queue);
    world_close(&w);
}
END_TEST

/* --- freeing --- */

START_TEST(free_runs_what_waits_and_moves_the_rest_to_the_loop)
{
    world w;
    world_open(&w);
    witness *seen = witness_new();
    zks_queue *q;
    zks_op *op;
    MUST(zks_queue_new(w.runtime, NULL, NULL, NULL, &q));
    zks_client *c = world_client_open(&w, &(world_client){.group = 1, .queue = q, .events = seen});
    for (int i = 0; i < 10; i++) {
        MUST(zks_client_push(c, (const uint8_t *)"x", 1, 0, witness_done, seen, &op));
        MUST(world_finish(op));
    }
    while (!readable(zks_queue_fd(q), (int)world_patience_ms())) {
    }
    ck_assert_uint_eq(witness_size(seen), 0);
    zks_queue_free(q);
    size_t here = 0;
    for (size_t i = 0; i < witness_size(seen); i++) {
        here += pthread_equal(witness_at(seen, i).thread, pthread_self()) != 0;
    }
    ck_assert_uint_gt(here, 0);
    zks_client_free(c); /* the client goes on without the queue */
    witness_wait(seen, WITNESS_FREE, 0, 1);
    ck_assert_uint_eq(witness_count(seen, WITNESS_DONE, 0), 10);
    size_t closed = witness_place(seen, WITNESS_EVENT, ZKS_EVENT_CLOSED);
    ck_assert(!pthread_equal(witness_at(seen, closed).thread, pthread_self()));
    world_close(&w);
    witness_forget(seen);
}
END_TEST

static void free_queue(zks_op *op, void *user)
{
    (void)op;
    nested *n = user;
    zks_queue_free(n->queue);
    atomic_fetch_add(&n->calls, 1);
}

START_TEST(queue_may_be_freed_in_its_own_callback)
{
    world w;
    world_open(&w);
    nested n = {0};
    witness *seen = witness_new();
    MUST(zks_queue_new(w.runtime, NULL, NULL, NULL, &n.queue));
    zks_client *c = world_client_open(&w, &(world_client){.group = 1, .queue = n.queue});
    MUST(zks_queue_dispatch(n.queue, 0, NULL));
    zks_op *op;
    MUST(zks_client_push(c, (const uint8_t *)"x", 1, 0, free_queue, &n, NULL));
    MUST(zks_client_push(c, (const uint8_t *)"y", 1, 0, witness_done, seen, &op));
    MUST(world_finish(op));
    while (!atomic_load(&n.calls)) {
        ck_assert(readable(zks_queue_fd(n.queue), (int)world_patience_ms()));
        MUST(zks_queue_dispatch(n.queue, 1, NULL));
    }
    witness_wait(seen, WITNESS_DONE, 0, 1);
    world_client_close(c);
    world_close(&w);
    ck_assert_uint_eq(witness_count(seen, WITNESS_DONE, 0), 1);
    witness_forget(seen);
}
END_TEST

START_TEST(what_waits_survives_the_runtime)
{
    world w;
    world_open(&w);
    witness *seen = witness_new();
    zks_queue *q;
    MUST(zks_queue_new(w.runtime, NULL, NULL, NULL, &q));
    zks_client *c = world_client_open(&w, &(world_client){.group = 1, .queue = q, .events = seen});
    MUST(zks_client_push(c, (const uint8_t *)"x", 1, 0, witness_done, seen, NULL));
    zks_client_free(c);
    world_close(&w);
    ck_assert_uint_eq(witness_size(seen), 0);
    MUST(zks_queue_dispatch(q, 0, NULL));
    ck_assert_uint_eq(witness_count(seen, WITNESS_DONE, 0), 1);
    ck_assert_uint_eq(witness_count(seen, WITNESS_EVENT, ZKS_EVENT_CLOSED), 1);
    ck_assert_uint_eq(witness_place(seen, WITNESS_FREE, 0), witness_size(seen) - 1);
    zks_queue_free(q);
    witness_forget(seen);
}
END_TEST

typedef struct alarm_bell {
    atomic_int freed, wakes, late;
} alarm_bell;

static void ring(void *user)
{
    alarm_bell *b = user;
    atomic_fetch_add(&b->wakes, 1);
    if (atomic_load(&b->freed)) {
        atomic_store(&b->late, 1);
    }
}

static void unhook(void *user)
{
    alarm_bell *b = user;
    atomic_fetch_add(&b->freed, 1);
}

static void ignore(zks_op *op, void *user)
{
    (void)op, (void)user;
}

START_TEST(wake_never_comes_after_free)
{
    world w;
    world_open(&w);
    zks_client *c[4] = {NULL};
    for (int round = 0; round < (unit_memcheck() ? 5 : 30); round++) {
        alarm_bell bell = {0};
        zks_queue *q;
        MUST(zks_queue_new(w.runtime, ring, &bell, unhook, &q));
        for (size_t i = 0; i < 4; i++) {
            c[i] = world_client_open(&w, &(world_client){.group = 1, .queue = q});
            for (int k = 0; k < 20; k++) {
                MUST(zks_client_push(c[i], (const uint8_t *)"x", 1, 0, ignore, NULL, NULL));
            }
        }
        if (round % 2) {
            MUST(zks_queue_dispatch(q, 0, NULL));
        }
        zks_queue_free(q);
        ck_assert_int_eq(atomic_load(&bell.freed), 1);
        for (size_t i = 0; i < 4; i++) {
            world_client_close(c[i]);
        }
        ck_assert_int_gt(atomic_load(&bell.wakes), 0);
        ck_assert_int_eq(atomic_load(&bell.late), 0);
        ck_assert_int_eq(atomic_load(&bell.freed), 1);
    }
    world_close(&w);
}
END_TEST

static void add(TCase *c)
{
    tcase_add_test(c, callbacks_run_where_they_are_dispatched);
    tcase_add_test(c, descriptor_is_readable_while_callbacks_wait);
    tcase_add_test(c, wake_comes_when_the_queue_becomes_non_empty);
    tcase_add_test(c, dispatch_is_for_one_thread_and_not_for_callbacks);
    tcase_add_test(c, free_runs_what_waits_and_moves_the_rest_to_the_loop);
    tcase_add_test(c, queue_may_be_freed_in_its_own_callback);
    tcase_add_test(c, what_waits_survives_the_runtime);
    tcase_add_test(c, wake_never_comes_after_free);
}

int main(void)
{
    return unit_main("abi_queue", add);
}
