/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Every public function against the row that guard.c has for it: with NULL, with a handle of
 * another kind, inside callbacks (on the loop thread and through a queue), after close, in a forked
 * child, and from 8 threads.
 */
#include "abi/guard_calls.h"
#include "abi/guard_table.h"
#include "abi/world.h"

#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>

enum kind {
    KIND_NONE,
    KIND_RUNTIME,
    KIND_QUEUE,
    KIND_CONFIG,
    KIND_CLIENT,
    KIND_OP,
    KIND_EVENT,
    KIND_BATCH,
    KIND_INVITE,
    KIND_DEVICES,
    KIND_REPORT,
    KIND_RELAY,
    KIND_COUNT
};
enum result { RESULT_STATUS, RESULT_ZERO, RESULT_MINUS, RESULT_ENDS, RESULT_QUIET, RESULT_PURE };
enum callback { CALLBACK_ALLOWED, CALLBACK_REENTRANT };
enum closed { CLOSED_CLOSED, CLOSED_WORKS };

/* One handle of each kind, all alive; and the world they are from. */
typedef struct cast {
    world world;
    void *handle[KIND_COUNT];
    witness *events;
} cast;

static const struct row {
    const char *name;
    enum kind kind;
    enum result result;
    enum callback callback;
    enum closed closed;
    int64_t (*call)(void *h);
} rows[] = {
#define ROW(name, handle, result, callback, closed) \
    {#name, KIND_##handle, RESULT_##result, CALLBACK_##callback, CLOSED_##closed, call_##name},
    ZKS_GUARD_TABLE(ROW)
#undef ROW
};
enum { ROWS = sizeof rows / sizeof *rows };

/* --- the cast --- */

static void cast_open(cast *c)
{
    memset(c, 0, sizeof *c);
    world_open(&c->world);
    c->events = witness_new();
    const world_client what = {.group = 1, .relay = true, .events = c->events};
    zks_client *client = world_client_open(&c->world, &what);
    world_push(client, "x", 1, 0);
    zks_queue *queue;
    zks_op *op;
    zks_invite *invite;
    zks_devices *devices;
    zks_report *report;
    zks_relay *relay;
    MUST(zks_queue_new(c->world.runtime, NULL, NULL, NULL, &queue));
    MUST(zks_client_push(client, some_bytes, 3, 0, NULL, NULL, &op));
    MUST(zks_op_wait(op, world_patience_ms()));
    MUST(zks_invite_shared(client, NULL, &invite));
    MUST(zks_devices_get(client, &devices));
    MUST(zks_report_get(client, &report));
    char config[200];
    snprintf(config, sizeof config, "listen = 127.0.0.1:0\ndata = %s/relay\n", c->world.folder);
    zks_op *start;
    MUST(zks_relay_start(c->world.runtime, config, NULL, NULL, &start, &relay));
    MUST(world_finish(start));
    void *all[KIND_COUNT] = {[KIND_RUNTIME] = c->world.runtime,
                             [KIND_QUEUE] = queue,
                             [KIND_CONFIG] = world_config(&c->world, &(world_client){.group = 2}),
                             [KIND_CLIENT] = client,
                             [KIND_OP] = op,
                             [KIND_BATCH] = world_read(client, 0, 0),
                             [KIND_INVITE] = invite,
                             [KIND_DEVICES] = devices,
                             [KIND_REPORT] = report,
                             [KIND_RELAY] = relay};
    memcpy(c->handle, all, sizeof all);
}

static void cast_close(cast *c)
{
    zks_client_free(c->handle[KIND_CLIENT]);
    zks_queue_free(c->handle[KIND_QUEUE]);
    zks_config_free(c->handle[KIND_CONFIG]);
    zks_op_free(c->handle[KIND_OP]);
    zks_batch_free(c->handle[KIND_BATCH]);
    zks_invite_free(c->handle[KIND_INVITE]);
    zks_devices_free(c->handle[KIND_DEVICES]);
    zks_report_free(c->handle[KIND_REPORT]);
    zks_relay_free(c->handle[KIND_RELAY]);
    world_close(&c->world);
    witness_forget(c->events);
}

static void check(const struct row *r, const char *when, int64_t found, int64_t expected)
{
    ck_assert_msg(found == expected, "zks_%s %s answers %lld, its row says %lld", r->name, when,
                  (long long)found, (long long)expected);
}

/* What a refused handle is answered with. */
static int64_t refusal(const struct row *r, zks_status status)
{
    return r->result == RESULT_STATUS ? status : r->result == RESULT_MINUS ? -1 : 0;
}

static bool is_refusal_of_guard(int64_t found)
{
    return found == ZKS_E_INVALID || found == ZKS_E_FORKED || found == ZKS_E_REENTRANT ||
           found == ZKS_E_CLOSED;
}

/* --- the tests --- */

START_TEST(null_is_refused)
{
    for (size_t i = 0; i < ROWS; i++) {
        if (rows[i].result != RESULT_PURE) {
            check(&rows[i], "with NULL", rows[i].call(NULL), refusal(&rows[i], ZKS_E_INVALID));
        }
    }
}
END_TEST

START_TEST(handle_of_another_kind_is_refused_and_survives)
{
    cast c;
    cast_open(&c);
    for (size_t i = 0; i < ROWS; i++) {
        for (int kind = KIND_RUNTIME; rows[i].kind && kind < KIND_COUNT; kind++) {
            if (kind != (int)rows[i].kind && c.handle[kind]) {
                check(&rows[i], "with another kind", rows[i].call(c.handle[kind]),
                      refusal(&rows[i], ZKS_E_INVALID));
            }
        }
    }
    cast_close(&c);
}
END_TEST

/* Answers of good handles: never one of the guard's. */
static void check_works(const struct row *r, const char *when, int64_t found)
{
    if (r->result == RESULT_STATUS) {
        ck_assert_msg(!is_refusal_of_guard(found), "zks_%s %s answers %s", r->name, when,
                      zks_status_name((zks_status)found));
    }
}

START_TEST(good_handles_are_taken)
{
    cast c;
    cast_open(&c);
    for (size_t i = 0; i < ROWS; i++) {
        const struct row *r = &rows[i];
        bool last = r->result == RESULT_ENDS || !strcmp(r->name, "client_close") ||
                    !strcmp(r->name, "runtime_close");
        if (!last && r->kind != KIND_EVENT) {
            check_works(r, "with a good handle", r->call(r->kind ? c.handle[r->kind] : &c));
        }
    }
    cast_close(&c);
}
END_TEST

/* --- inside a callback --- */

typedef struct stage {
    cast *cast;
    atomic_int state; /* 0: not yet; 1: done; 2: something was wrong */
    char problem[160];
    bool forks;
} stage;

static void complain(stage *s, const struct row *r, const char *what, int64_t found)
{
    if (!s->problem[0]) {
        snprintf(s->problem, sizeof s->problem, "zks_%s %s: %lld", r->name, what, (long long)found);
    }
}

/* All functions but those that end a handle, or the client. */
static void try_all(stage *s, const zks_event *event)
{
    void *handle[KIND_COUNT];
    memcpy(handle, s->cast->handle, sizeof handle);
    handle[KIND_EVENT] = (void *)(uintptr_t)event;
    for (size_t i = 0; i < ROWS; i++) {
        const struct row *r = &rows[i];
        if (r->result == RESULT_ENDS || !strcmp(r->name, "client_close")) {
            continue;
        }
        int64_t found = r->call(r->kind ? handle[r->kind] : s);
        bool refused = r->result == RESULT_STATUS && is_refusal_of_guard(found);
        if (r->callback == CALLBACK_REENTRANT ? found != ZKS_E_REENTRANT : refused) {
            complain(s, r, "in a callback", found);
        }
    }
}

static bool sanitized(void)
{
    const char *which = getenv("ZKS_SANITIZER");
    return which && *which;
}

/* In the child of a fork: every handle is refused, frees do nothing, and nothing hangs. */
static void try_all_in_child(stage *s, const zks_event *event)
{
    void *handle[KIND_COUNT];
    memcpy(handle, s->cast->handle, sizeof handle);
    handle[KIND_EVENT] = (void *)(uintptr_t)event;
    for (size_t i = 0; i < ROWS; i++) {
        const struct row *r = &rows[i];
        if (!r->kind && sanitized()) { /* sanitizers forbid threads after a fork */
            continue;
        }
        int64_t found = r->call(r->kind ? handle[r->kind] : s);
        if (r->kind ? found != refusal(r, ZKS_E_FORKED)
                    : r->result == RESULT_STATUS && found != ZKS_OK) {
            complain(s, r, "after a fork", found);
        }
    }
}

static void fork_and_try(stage *s, const zks_event *event)
{
    int tell[2];
    if (pipe(tell)) {
        return;
    }
    pid_t child = fork();
    if (!child) {
        alarm(30);
        s->problem[0] = '\0';
        try_all_in_child(s, event);
        ssize_t n = write(tell[1], s->problem, sizeof s->problem);
        _exit(n == (ssize_t)sizeof s->problem ? 0 : 1);
    }
    int status = 0;
    waitpid(child, &status, 0);
    if (!WIFEXITED(status) || WEXITSTATUS(status) ||
        read(tell[0], s->problem, sizeof s->problem) != (ssize_t)sizeof s->problem) {
        snprintf(s->problem, sizeof s->problem, "the forked child ended with %x", (unsigned)status);
    }
    close(tell[0]);
    close(tell[1]);
}

static void on_event(zks_client *client, const zks_event *event, void *user)
{
    (void)client;
    stage *s = user;
    if (atomic_load(&s->state)) {
        return;
    }
    if (s->forks) {
        fork_and_try(s, event);
    } else {
        try_all(s, event);
    }
    atomic_store(&s->state, s->problem[0] ? 2 : 1);
}

/* A client of its own, whose first event is the scene. */
static void play(stage *s, zks_queue *queue)
{
    zks_config *g = world_config(&s->cast->world,
                                 &(world_client){.group = 3, .relay = true, .queue = queue});
    zks_client *client;
    MUST(zks_config_set_events(g, on_event, s, NULL));
    MUST(zks_client_open(s->cast->world.runtime, g, NULL, NULL, NULL, &client));
    zks_config_free(g);
    MUST(zks_client_connect(client, NULL, NULL, NULL));
    for (uint32_t waited = 0; !atomic_load(&s->state); waited++) {
        ck_assert_uint_lt(waited, world_patience_ms());
        if (queue) {
            MUST(zks_queue_dispatch(queue, 0, NULL));
        }
        usleep(1000);
    }
    ck_assert_msg(atomic_load(&s->state) == 1, "%s", s->problem);
    world_client_close(client);
}

START_TEST(callback_on_the_loop_thread_allows_what_the_rows_say)
{
    cast c;
    cast_open(&c);
    stage s = {.cast = &c};
    play(&s, NULL);
    cast_close(&c);
}
END_TEST

START_TEST(callback_through_a_queue_allows_what_the_rows_say)
{
    cast c;
    cast_open(&c);
    stage s = {.cast = &c};
    play(&s, c.handle[KIND_QUEUE]);
    cast_close(&c);
}
END_TEST

START_TEST(forked_child_is_refused_and_the_parent_goes_on)
{
    cast c;
    cast_open(&c);
    stage s = {.cast = &c, .forks = true};
    play(&s, NULL);
    world_push(c.handle[KIND_CLIENT], "after", 5, 0);
    cast_close(&c);
}
END_TEST

/* --- freeing in a callback --- */

static void free_everything(zks_client *client, const zks_event *event, void *user)
{
    (void)client;
    (void)event;
    stage *s = user;
    if (atomic_exchange(&s->state, 1)) {
        return;
    }
    for (size_t i = 0; i < ROWS; i++) {
        if (rows[i].result == RESULT_ENDS && rows[i].kind != KIND_RUNTIME) {
            (void)rows[i].call(s->cast->handle[rows[i].kind]);
            s->cast->handle[rows[i].kind] = NULL;
        }
    }
}

START_TEST(callback_may_free_everything)
{
    cast c;
    cast_open(&c);
    stage s = {.cast = &c};
    zks_config *g = world_config(&c.world, &(world_client){.group = 3, .relay = true});
    zks_client *client;
    MUST(zks_config_set_events(g, free_everything, &s, NULL));
    MUST(zks_client_open(c.world.runtime, g, NULL, NULL, NULL, &client));
    zks_config_free(g);
    MUST(zks_client_connect(client, NULL, NULL, NULL));
    for (uint32_t waited = 0; !atomic_load(&s.state); waited++) {
        ck_assert_uint_lt(waited, world_patience_ms());
        usleep(1000);
    }
    world_client_close(client);
    cast_close(&c);
}
END_TEST

/* --- after close --- */

static void check_closed(cast *c, enum kind kind, const char *when)
{
    for (size_t i = 0; i < ROWS; i++) {
        const struct row *r = &rows[i];
        if (r->kind != kind || r->result == RESULT_ENDS) {
            continue;
        }
        int64_t found = r->call(c->handle[kind]);
        if (r->closed == CLOSED_CLOSED) {
            check(r, when, found, refusal(r, ZKS_E_CLOSED));
        } else {
            check_works(r, when, found);
        }
    }
}

START_TEST(closed_client_and_runtime_answer_as_the_rows_say)
{
    cast c;
    cast_open(&c);
    zks_op *op;
    MUST(zks_client_close(c.handle[KIND_CLIENT], NULL, NULL, &op));
    MUST(world_finish(op));
    check_closed(&c, KIND_CLIENT, "after close");
    MUST(zks_relay_stop(c.handle[KIND_RELAY], NULL, NULL, &op));
    MUST(world_finish(op));
    MUST(zks_runtime_close(c.world.runtime, world_patience_ms()));
    for (int kind = KIND_RUNTIME; kind < KIND_COUNT; kind++) {
        if (c.handle[kind] && kind != KIND_CLIENT) {
            check_closed(&c, (enum kind)kind, "after the runtime's close");
        }
    }
    /* Closing twice is fine, but there is no thread left to tell about it. */
    EXPECT(zks_client_close(c.handle[KIND_CLIENT], NULL, NULL, NULL), ZKS_E_CLOSED);
    cast_close(&c);
}
END_TEST

/* --- from 8 threads --- */

enum { THREADS = 8, ROUNDS = 40, ROUNDS_MEMCHECK = 4 };
typedef struct hammer {
    cast *cast;
    uint64_t seed;
    char problem[160];
} hammer;

static uint64_t next(uint64_t *state) /* splitmix64 */
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* What keeps a core or the storage thread busy: the runtime's close waits for all of it. */
static bool is_dear(const char *name)
{
    static const char *const dear[] = {"secret_derive", "runtime_new",  "relay_start",
                                       "client_open",   "group_create", "group_join",
                                       "group_restore"};
    for (size_t i = 0; i < sizeof dear / sizeof *dear; i++) {
        if (!strcmp(name, dear[i])) {
            return true;
        }
    }
    return false;
}

static void *strike(void *argument)
{
    hammer *h = argument;
    zks_config *own;
    if (zks_config_new(&own)) {
        return NULL;
    }
    size_t rounds = unit_memcheck() ? ROUNDS_MEMCHECK : ROUNDS;
    for (size_t i = 0; i < rounds * ROWS; i++) {
        const struct row *r = &rows[next(&h->seed) % ROWS];
        bool last = r->result == RESULT_ENDS || !strcmp(r->name, "client_close") ||
                    !strcmp(r->name, "runtime_close") || !strcmp(r->name, "relay_stop");
        bool dear = is_dear(r->name);
        if (last || r->kind == KIND_EVENT || (dear && next(&h->seed) % 16)) {
            continue;
        }
        void *handle = r->kind == KIND_CONFIG ? own : r->kind ? h->cast->handle[r->kind] : h;
        int64_t found = r->call(handle);
        if (r->result == RESULT_STATUS && is_refusal_of_guard(found)) {
            snprintf(h->problem, sizeof h->problem, "zks_%s: %s", r->name,
                     zks_status_name((zks_status)found));
        }
    }
    zks_config_free(own);
    return NULL;
}

START_TEST(eight_threads_get_the_same_answers)
{
    cast c;
    cast_open(&c);
    uint64_t seed = unit_seed_printed("eight_threads_get_the_same_answers");
    pthread_t thread[THREADS];
    static hammer hammers[THREADS];
    for (size_t i = 0; i < THREADS; i++) {
        hammers[i] = (hammer){.cast = &c, .seed = seed + i};
        ck_assert_int_eq(pthread_create(&thread[i], NULL, strike, &hammers[i]), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(thread[i], NULL);
        ck_assert_msg(!hammers[i].problem[0], "%s", hammers[i].problem);
    }
    cast_close(&c);
}
END_TEST

static void add(TCase *c)
{
    tcase_add_test(c, null_is_refused);
    tcase_add_test(c, handle_of_another_kind_is_refused_and_survives);
    tcase_add_test(c, good_handles_are_taken);
    tcase_add_test(c, callback_on_the_loop_thread_allows_what_the_rows_say);
    tcase_add_test(c, callback_through_a_queue_allows_what_the_rows_say);
    tcase_add_test(c, forked_child_is_refused_and_the_parent_goes_on);
    tcase_add_test(c, callback_may_free_everything);
    tcase_add_test(c, closed_client_and_runtime_answer_as_the_rows_say);
    tcase_add_test(c, eight_threads_get_the_same_answers);
}

int main(void)
{
    return unit_main("abi_guard", add);
}
