/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The addon: zks.h for JavaScript through Node-API 8, which Node, Bun and Deno have.
 *
 * generated.c has one function for each of zks.h that follows from the kinds of its parameters;
 * what needs threads is by hand: start.c (runtime, queue, wake), answers.c (the store's key, the
 * log), batch.c, derive.c. args.c reads arguments and makes results for both.
 *
 * THREADS. JavaScript runs in environments: the main thread's and one for each worker. Each has a
 * zn_state, a queue and a thread-safe function, which is how the engine's threads wake it; all of a
 * process share one runtime. No engine thread ever enters an environment: what they have to say
 * goes through the zn_waker, which outlives the environment and then swallows it.
 *
 * TOKENS. What is passed to the engine as `user` is no pointer but a number that the JavaScript
 * side chose. Callbacks find their environment as the one that dispatches on this thread; a
 * callback that comes later, on another thread, finds none and does nothing.
 */
#ifndef ZKS_NODE_ADDON_H
#define ZKS_NODE_ADDON_H

#define NAPI_VERSION 8
#include <node_api.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <zks/zks.h>

typedef enum zn_kind {
    ZN_RUNTIME,
    ZN_QUEUE,
    ZN_CONFIG,
    ZN_CLIENT,
    ZN_OP,
    ZN_EVENT,
    ZN_BATCH,
    ZN_INVITE,
    ZN_DEVICES,
    ZN_REPORT,
    ZN_RELAY,
    ZN_KEY_REQUEST, /* answers.c */
    ZN_KINDS
} zn_kind;

typedef struct zn_state zn_state;
typedef struct zn_key_request zn_key_request;

/* What an external value of JavaScript points at. */
typedef struct zn_box {
    zn_kind kind;
    void *pointer;   /* NULL: freed, or its time is over */
    zn_state *state; /* NULL: the environment is gone */
    struct zn_box *previous, *next;
} zn_box;

/* How engine threads reach an environment. Counted: it outlives both ends. */
typedef struct zn_waker {
    pthread_mutex_t mutex;
    uint32_t references;
    bool closed;     /* the environment is gone */
    zn_state *state; /* for its own thread */
    napi_threadsafe_function function;
    zn_key_request *requests; /* not answered yet */
    uint32_t log_lines;       /* waiting for the environment's thread */
    uint32_t log_dropped;     /* since it last took one: there were too many */
} zn_waker;

/* slots.c: the handles of an environment that are numbers. */
typedef struct zn_slot {
    void *pointer; /* NULL: free */
    zn_kind kind;
    uint32_t next; /* of the free ones */
} zn_slot;

typedef struct zn_slots {
    zn_slot *items;
    uint32_t room, free;
} zn_slots;

/* Whether handles of that kind are numbers; those of the others are boxes. */
bool zn_slot_kind(zn_kind kind);
/* False: no memory. */
bool zn_slot_put(zn_slots *s, zn_kind kind, void *pointer, uint32_t *out_place);
/* NULL: nothing of that kind is there. */
void *zn_slot_get(const zn_slots *s, uint32_t place, zn_kind kind);
void *zn_slot_take(zn_slots *s, uint32_t place, zn_kind kind);
void zn_slots_clear(zn_slots *s);

enum { ZN_TOKENS = 1024 };

/* One environment. Belongs to its thread. */
struct zn_state {
    napi_env env;
    napi_ref callbacks; /* the object given to start() */
    double *tokens;     /* memory of its `tokens`, ZN_TOKENS numbers: operations that are done */
    uint32_t done;      /* how many there are now */
    zn_waker *waker;
    zks_runtime *runtime;
    zks_queue *queue; /* NULL: not started, or ended */
    bool ended;
    zn_box boxes; /* list of all that are alive */
    zn_slots slots;
};

/* --- args.c: one call from JavaScript --------------------------------------------------------- */

enum { ZN_ARGS_MAX = 8, ZN_SCRATCH = 1024, ZN_EXTRA = 4 };

typedef struct zn_call {
    napi_env env;
    zn_state *state;
    bool failed; /* an exception is pending: change nothing any more */
    size_t count;
    napi_value args[ZN_ARGS_MAX];
    size_t used; /* bytes of scratch */
    size_t extras;
    struct {
        void *bytes;
        size_t length;
    } extra[ZN_EXTRA]; /* what did not fit into scratch */
    char scratch[ZN_SCRATCH];
} zn_call;

typedef struct zn_span {
    const uint8_t *bytes;
    size_t length;
} zn_span;

typedef struct zn_text {
    const char *text; /* NULL: null or undefined was given */
    size_t length;
} zn_text;

typedef struct zn_lengths {
    size_t *items;
    size_t count;
} zn_lengths;

/* Each argument reader answers 0 or NULL and leaves an exception where the argument is wrong. */
void zn_begin(zn_call *c, napi_env env, napi_callback_info info, size_t count);
void *zn_handle(zn_call *c, size_t i, zn_kind kind);
/* The same, and the box is empty from now on; NULL also for an empty one. */
void *zn_take(zn_call *c, size_t i, zn_kind kind);
/* A Uint8Array, or null. Borrowed until the call ends. size: what it must have, or 0. */
zn_span zn_bytes(zn_call *c, size_t i, size_t size);
/* A string, or null, as UTF-8. terminated: a NUL ends it there, so it must hold none. */
zn_text zn_string(zn_call *c, size_t i, bool terminated);
/* A Uint32Array of lengths that together are at most sum. */
zn_lengths zn_sizes(zn_call *c, size_t i, size_t sum);
/* A whole number in lowest..highest. */
double zn_number(zn_call *c, size_t i, double lowest, double highest);
int32_t zn_int32(zn_call *c, size_t i);
uint32_t zn_uint32(zn_call *c, size_t i);
int64_t zn_int64(zn_call *c, size_t i);
uint64_t zn_uint64(zn_call *c, size_t i);
/* What to pass as user. */
void *zn_token(zn_call *c, size_t i);
/* Memory until the call ends; NULL: an exception is pending. */
void *zn_memory(zn_call *c, size_t length);

/* True where status is a failure; then it is thrown, with `text` or the status's own sentence. */
bool zn_failed(zn_call *c, zks_status status, const char *text);
/* Ends the call: wipes and frees what it used. Returns value, or NULL where something was thrown.
 */
napi_value zn_end(zn_call *c, napi_value value);

napi_value zn_from_number(zn_call *c, double value);
napi_value zn_from_text(zn_call *c, const char *text);                     /* NULL: null */
napi_value zn_from_bytes(zn_call *c, const uint8_t *bytes, size_t length); /* NULL: null */
napi_value zn_from_handle(zn_call *c, zn_kind kind, void *pointer);
napi_value zn_from_list(zn_call *c, const napi_value *values, size_t count);

/* An external value for a pointer; NULL: no memory. */
napi_value zn_box_new(zn_state *state, zn_kind kind, void *pointer);
/* Frees what a box holds. */
void zn_box_clear(zn_box *box);
/* Frees what a handle points at, as its kind asks. */
void zn_free(zn_kind kind, void *pointer);

/* --- start.c ---------------------------------------------------------------------------------- */

void zn_end_environment(zn_state *s);

void zn_waker_ref(zn_waker *w);
void zn_waker_unref(zn_waker *w);

typedef struct zn_message {
    void (*run)(zn_state *state, struct zn_message *message); /* on the environment's thread */
    void (*drop)(struct zn_message *message);                 /* instead, when that is gone */
} zn_message;

/* Any thread. Has `message` run on the environment's thread, or drops it. NULL: dispatch. */
void zn_waker_post(zn_waker *w, zn_message *message);

/* done of an operation whose callbacks come through the queue; user is a token. */
void zn_done(zks_op *op, void *user);
/* A relay's operations end on the runtime's own thread: user is what zn_relay_user made. */
void zn_relay_done(zks_op *op, void *user);
void *zn_relay_user(zn_call *c, void *token);
/* Where the call with it failed at once. */
void zn_relay_user_free(void *user);

/* Calls a function of the callbacks object. What it throws becomes an uncaught exception. */
void zn_call_back(zn_state *s, const char *name, size_t count, const napi_value *args);
/* Tells JavaScript of the operations that are done. */
void zn_flush(zn_state *s);

/* --- by hand, listed in abi/gen/node.py --------------------------------------------------------
 */

napi_value zn_start(napi_env env, napi_callback_info info);
napi_value zn_hold(napi_env env, napi_callback_info info);
napi_value zn_set_log(napi_env env, napi_callback_info info);
napi_value zn_config_set_events(napi_env env, napi_callback_info info);
napi_value zn_config_set_store_key_fn(napi_env env, napi_callback_info info);
napi_value zn_store_key_answer(napi_env env, napi_callback_info info);
napi_value zn_secret_derive_async(napi_env env, napi_callback_info info);
napi_value zn_batch_take(napi_env env, napi_callback_info info);
napi_value zn_push_take(napi_env env, napi_callback_info info);

/* JavaScript forgot a request without an answer. NULL: nothing happens. */
void zn_key_request_drop(void *request);
/* Answers all requests for a key: the environment ends. Under the waker's mutex. */
void zn_key_requests_cancel(zn_waker *w);

/* --- generated.c ------------------------------------------------------------------------------ */

typedef struct zn_function {
    const char *name;   /* in JavaScript */
    const char *covers; /* functions of zks.h behind it, blanks between */
    napi_callback call;
} zn_function;

extern const zn_function zn_functions[];
extern const size_t zn_function_count;

#endif
