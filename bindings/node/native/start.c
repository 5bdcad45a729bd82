/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Runtime, queue and wake; the life of an environment.
 *
 * The engine's wake posts nothing but "dispatch" to the environment's thread-safe function. That
 * runs the queue's callbacks in one go: each operation that is done leaves its token in an array
 * that JavaScript shares, and one call tells it how many there are.
 */
#include "addon.h"

#include <stdlib.h>
#include <string.h>

/* The environment whose queue is dispatched on this thread. */
static _Thread_local zn_state *dispatching;

/* One runtime for all environments of the process. */
static struct {
    pthread_mutex_t mutex;
    uint32_t users;
    zks_runtime *runtime;
} shared = {.mutex = PTHREAD_MUTEX_INITIALIZER};

enum { CLOSE_MS = 500 };

static zks_status runtime_get(zks_runtime **out_runtime)
{
    zks_status status = ZKS_OK;
    pthread_mutex_lock(&shared.mutex);
    if (!shared.users) {
        status = zks_runtime_new(&shared.runtime);
    }
    if (!status) {
        shared.users++;
        *out_runtime = shared.runtime;
    }
    pthread_mutex_unlock(&shared.mutex);
    return status;
}

/* The last environment waits a moment, so that relays hear a goodbye; what is stored is safe
 * either way. */
static void runtime_put(void)
{
    zks_runtime *last = NULL;
    pthread_mutex_lock(&shared.mutex);
    if (--shared.users == 0) {
        last = shared.runtime;
        shared.runtime = NULL;
    }
    pthread_mutex_unlock(&shared.mutex);
    if (last) {
        zks_status ignored = zks_runtime_close(last, CLOSE_MS);
        (void)ignored;
        zks_runtime_free(last);
    }
}

/* --- waker ------------------------------------------------------------------------------------ */

void zn_waker_ref(zn_waker *w)
{
    pthread_mutex_lock(&w->mutex);
    w->references++;
    pthread_mutex_unlock(&w->mutex);
}

void zn_waker_unref(zn_waker *w)
{
    pthread_mutex_lock(&w->mutex);
    bool last = --w->references == 0;
    pthread_mutex_unlock(&w->mutex);
    if (last) {
        pthread_mutex_destroy(&w->mutex);
        free(w);
    }
}

void zn_waker_post(zn_waker *w, zn_message *message)
{
    pthread_mutex_lock(&w->mutex);
    bool posted = !w->closed && napi_call_threadsafe_function(w->function, message,
                                                              napi_tsfn_nonblocking) == napi_ok;
    pthread_mutex_unlock(&w->mutex);
    if (!posted && message) {
        message->drop(message);
    }
}

static void wake(void *user)
{
    zn_waker_post(user, NULL);
}

static void waker_free(void *user)
{
    zn_waker_unref(user);
}

/* --- callbacks -------------------------------------------------------------------------------- */

static void report_exception(napi_env env)
{
    bool pending = false;
    napi_value error = NULL;
    if (napi_is_exception_pending(env, &pending) == napi_ok && pending &&
        napi_get_and_clear_last_exception(env, &error) == napi_ok) {
        napi_fatal_exception(env, error);
    }
}

void zn_call_back(zn_state *s, const char *name, size_t count, const napi_value *args)
{
    napi_value callbacks = NULL, function = NULL;
    if (napi_get_reference_value(s->env, s->callbacks, &callbacks) != napi_ok || !callbacks ||
        napi_get_named_property(s->env, callbacks, name, &function) != napi_ok ||
        napi_call_function(s->env, callbacks, function, count, args, NULL) != napi_ok) {
        report_exception(s->env);
    }
}

void zn_flush(zn_state *s)
{
    napi_value count = NULL;
    uint32_t done = s->done;
    s->done = 0;
    if (done && napi_create_uint32(s->env, done, &count) == napi_ok) {
        zn_call_back(s, "done", 1, &count);
    }
}

static void add_done(zn_state *s, void *token)
{
    s->tokens[s->done++] = (double)(uintptr_t)token;
    if (s->done == ZN_TOKENS) {
        zn_flush(s);
    }
}

void zn_done(zks_op *op, void *user)
{
    (void)op;
    if (dispatching) {
        add_done(dispatching, user);
    }
}

static void on_event(zks_client *client, const zks_event *event, void *user)
{
    zn_state *s = dispatching;
    uint32_t place = 0;
    napi_handle_scope scope = NULL;
    napi_value args[2];
    (void)client;
    if (!s || napi_open_handle_scope(s->env, &scope) != napi_ok) {
        return;
    }
    zn_flush(s); /* what was done before the event is told before it */
    if (zn_slot_put(&s->slots, ZN_EVENT, (void *)event, &place)) {
        if (napi_create_double(s->env, (double)(uintptr_t)user, &args[0]) == napi_ok &&
            napi_create_uint32(s->env, place, &args[1]) == napi_ok) {
            zn_call_back(s, "event", 2, args);
        }
        zn_slot_take(&s->slots, place, ZN_EVENT); /* borrowed during this call */
    }
    napi_close_handle_scope(s->env, scope);
}

napi_value zn_config_set_events(napi_env env, napi_callback_info info)
{
    zn_call c;
    zn_begin(&c, env, info, 2);
    zks_config *config = zn_handle(&c, 0, ZN_CONFIG);
    void *token = zn_token(&c, 1);
    if (!c.failed) {
        zn_failed(&c, zks_config_set_events(config, on_event, token, NULL),
                  zks_config_problem(config));
    }
    return zn_end(&c, NULL);
}

/* On the environment's thread: dispatches, or runs a message. */
static void on_wake(napi_env env, napi_value function, void *context, void *data)
{
    zn_message *message = data;
    /* Without env the thread-safe function drops what it still holds: its waker is gone. */
    zn_state *s = env ? ((zn_waker *)context)->state : NULL;
    (void)function;
    if (!s) {
        if (message) {
            message->drop(message);
        }
        return;
    }
    if (message) {
        message->run(s, message);
        return;
    }
    zn_state *outer = dispatching;
    dispatching = s;
    /* Where more wait, the engine wakes again: other work of the event loop comes in between. */
    zks_status ignored = zks_queue_dispatch(s->queue, ZN_TOKENS, NULL);
    (void)ignored;
    dispatching = outer;
    zn_flush(s);
}

/* --- a relay's operations --------------------------------------------------------------------- */

typedef struct relay_message {
    zn_message message;
    zn_waker *waker;
    void *token;
} relay_message;

void *zn_relay_user(zn_call *c, void *token)
{
    relay_message *m = c->failed ? NULL : malloc(sizeof *m);
    if (!m) {
        zn_failed(c, ZKS_E_NOMEM, NULL);
        return NULL;
    }
    m->waker = c->state->waker;
    m->token = token;
    zn_waker_ref(m->waker);
    return m;
}

void zn_relay_user_free(void *user)
{
    relay_message *m = user;
    if (m) {
        zn_waker_unref(m->waker);
        free(m);
    }
}

static void relay_drop(zn_message *message)
{
    zn_relay_user_free(message);
}

static void relay_run(zn_state *s, zn_message *message)
{
    add_done(s, ((relay_message *)message)->token);
    zn_flush(s);
    zn_relay_user_free(message);
}

void zn_relay_done(zks_op *op, void *user)
{
    relay_message *m = user;
    zn_waker *waker = m->waker;
    (void)op;
    m->message.run = relay_run;
    m->message.drop = relay_drop;
    zn_waker_ref(waker); /* the message's own reference goes with it */
    zn_waker_post(waker, &m->message);
    zn_waker_unref(waker);
}

/* --- an environment --------------------------------------------------------------------------- */

/* The thread-safe function is gone, and with it its reference. */
static void waker_finalize(napi_env env, void *data, void *hint)
{
    (void)env;
    (void)hint;
    zn_waker_unref(data);
}

static zn_waker *waker_new(zn_state *s)
{
    napi_value name = NULL;
    zn_waker *w = calloc(1, sizeof *w);
    if (!w) {
        return NULL;
    }
    w->references = 2;
    w->state = s;
    pthread_mutex_init(&w->mutex, NULL);
    if (napi_create_string_utf8(s->env, "zks", NAPI_AUTO_LENGTH, &name) != napi_ok ||
        napi_create_threadsafe_function(s->env, NULL, NULL, name, 0, 1, w, waker_finalize, w,
                                        on_wake, &w->function) != napi_ok) {
        w->references = 1;
        zn_waker_unref(w);
        return NULL;
    }
    /* It keeps the process alive only while JavaScript waits for something: zn_hold. */
    napi_unref_threadsafe_function(s->env, w->function);
    return w;
}

static void waker_close(zn_waker *w)
{
    pthread_mutex_lock(&w->mutex);
    w->closed = true;
    w->state = NULL;
    zn_key_requests_cancel(w);
    pthread_mutex_unlock(&w->mutex);
    napi_release_threadsafe_function(w->function, napi_tsfn_abort);
    zn_waker_unref(w);
}

/* The environment ends, perhaps with everything open: closes all, and none of its memory is touched
 * by a thread of the engine afterwards. Once. */
static void end_environment(void *data)
{
    zn_state *s = data;
    if (!s->queue) {
        return;
    }
    s->ended = true;
    waker_close(s->waker);
    for (zn_box *box = s->boxes.next; box != &s->boxes; box = box->next) {
        box->state = NULL;
        zn_box_clear(box);
    }
    zn_slots_clear(&s->slots);
    zks_queue_free(s->queue); /* its callbacks run here and find nobody dispatching */
    s->queue = NULL;
    runtime_put();
}

/* Deno collects everything at its end, reachable or not, goes on for a while and calls the hooks
 * last. JavaScript never lets go of the queue: when it is collected, that is the end. */
void zn_end_environment(zn_state *s)
{
    if (s->queue) {
        napi_remove_env_cleanup_hook(s->env, end_environment, s);
        end_environment(s);
    }
}

/* The state itself stays: a function that is called even later looks into it and refuses. */
static void close_state(napi_env env, void *data, void *hint)
{
    (void)env;
    (void)hint;
    zn_end_environment(data);
}

static zks_status start_engine(zn_state *s)
{
    zks_status status = runtime_get(&s->runtime);
    if (status) {
        return status;
    }
    s->waker = waker_new(s);
    if (!s->waker) {
        runtime_put();
        return ZKS_E_SYSTEM;
    }
    status = zks_queue_new(s->runtime, wake, s->waker, waker_free, &s->queue);
    if (status) {
        waker_close(s->waker);
        runtime_put();
        return status;
    }
    zn_waker_ref(s->waker); /* the queue's; nothing has used it yet */
    /* Behind the thread-safe function's own hook, and so before it. */
    napi_add_env_cleanup_hook(s->env, end_environment, s);
    return ZKS_OK;
}

/* start(callbacks) -> [runtime, queue]. callbacks: {tokens: Float64Array, done(count),
 * event(token, event), log(level, line), storeKey(token, request), error(status, text)}. */
napi_value zn_start(napi_env env, napi_callback_info info)
{
    zn_call c;
    napi_value tokens = NULL, handles[2] = {NULL, NULL}, result = NULL;
    napi_typedarray_type type = napi_uint8_array;
    size_t length = 0;
    void *memory = NULL;
    zn_begin(&c, env, info, 1);
    zn_state *s = c.state;
    if (s->queue) {
        zn_failed(&c, ZKS_E_STATE, "start() was called before");
        return zn_end(&c, NULL);
    }
    if (napi_get_named_property(env, c.args[0], "tokens", &tokens) != napi_ok ||
        napi_get_typedarray_info(env, tokens, &type, &length, &memory, NULL, NULL) != napi_ok ||
        type != napi_float64_array || length != ZN_TOKENS ||
        napi_create_reference(env, c.args[0], 1, &s->callbacks) != napi_ok) {
        zn_failed(&c, ZKS_E_INVALID, "start() needs callbacks with a Float64Array of tokens");
        return zn_end(&c, NULL);
    }
    s->tokens = memory;
    if (!zn_failed(&c, start_engine(s), NULL)) {
        handles[0] = zn_from_handle(&c, ZN_RUNTIME, s->runtime);
        handles[1] = zn_from_handle(&c, ZN_QUEUE, s->queue);
        result = zn_from_list(&c, handles, 2);
    }
    return zn_end(&c, result);
}

/* hold(n): 1 keeps the process alive, 0 lets it end. */
napi_value zn_hold(napi_env env, napi_callback_info info)
{
    zn_call c;
    zn_begin(&c, env, info, 1);
    uint32_t hold = zn_uint32(&c, 0);
    if (!c.failed && c.state->queue) {
        if (hold) {
            napi_ref_threadsafe_function(env, c.state->waker->function);
        } else {
            napi_unref_threadsafe_function(env, c.state->waker->function);
        }
    }
    return zn_end(&c, NULL);
}

static napi_value define(napi_env env, napi_value exports, zn_state *s)
{
    napi_value covers = NULL;
    if (napi_create_object(env, &covers) != napi_ok) {
        return NULL;
    }
    for (size_t i = 0; i < zn_function_count; i++) {
        const zn_function *f = &zn_functions[i];
        napi_value function = NULL, names = NULL;
        if (napi_create_function(env, f->name, NAPI_AUTO_LENGTH, f->call, s, &function) !=
                napi_ok ||
            napi_create_string_utf8(env, f->covers, NAPI_AUTO_LENGTH, &names) != napi_ok ||
            napi_set_named_property(env, exports, f->name, function) != napi_ok ||
            napi_set_named_property(env, covers, f->name, names) != napi_ok) {
            return NULL;
        }
    }
    return napi_set_named_property(env, exports, "covers", covers) == napi_ok ? exports : NULL;
}

NAPI_MODULE_INIT()
{
    zn_state *s = calloc(1, sizeof *s);
    if (!s) {
        napi_throw_error(env, "ZKS_E_NOMEM", zks_status_text(ZKS_E_NOMEM));
        return NULL;
    }
    s->env = env;
    s->boxes.next = s->boxes.previous = &s->boxes;
    if (napi_set_instance_data(env, s, close_state, NULL) != napi_ok) {
        free(s);
        return NULL;
    }
    return define(env, exports, s);
}
