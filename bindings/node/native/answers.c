/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What the engine asks or tells on threads of its own: the store's key, lines of log.
 *
 * For a key a thread of the engine waits until JavaScript has answered, which may take as long as
 * its user takes, or until the environment ends. The request is counted by both sides.
 */
#include "addon.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- the key of a store ----------------------------------------------------------------------- */

struct zn_key_request {
    zn_message message;
    zn_waker *waker;
    void *token;
    pthread_cond_t answered; /* all below under the waker's mutex */
    bool is_answered;
    uint32_t references;
    zks_status status;
    uint8_t key[ZKS_SIZE_STORE_KEY];
    zn_key_request *next;
};

typedef struct key_source {
    zn_waker *waker;
    void *token;
} key_source;

static void request_unref(zn_key_request *r)
{
    pthread_mutex_lock(&r->waker->mutex);
    bool last = --r->references == 0;
    pthread_mutex_unlock(&r->waker->mutex);
    if (last) {
        zn_waker_unref(r->waker);
        pthread_cond_destroy(&r->answered);
        explicit_bzero(r->key, sizeof r->key);
        free(r);
    }
}

/* Under the waker's mutex. key: only with status 0. */
static void answer(zn_key_request *r, zks_status status, const uint8_t *key)
{
    if (r->is_answered) {
        return;
    }
    r->is_answered = true;
    r->status = status;
    if (!status) {
        memcpy(r->key, key, sizeof r->key);
    }
    pthread_cond_signal(&r->answered);
}

void zn_key_requests_cancel(zn_waker *w)
{
    for (zn_key_request *r = w->requests; r; r = r->next) {
        answer(r, ZKS_E_CANCELLED, NULL);
    }
}

static void request_drop(zn_message *message)
{
    zn_key_request *r = (zn_key_request *)message;
    pthread_mutex_lock(&r->waker->mutex);
    answer(r, ZKS_E_CANCELLED, NULL);
    pthread_mutex_unlock(&r->waker->mutex);
    request_unref(r);
}

void zn_key_request_drop(void *request)
{
    if (request) {
        request_drop(request);
    }
}

static void request_run(zn_state *s, zn_message *message)
{
    zn_key_request *r = (zn_key_request *)message;
    napi_value args[2];
    args[1] = zn_box_new(s, ZN_KEY_REQUEST, r);
    if (!args[1] || napi_create_double(s->env, (double)(uintptr_t)r->token, &args[0]) != napi_ok) {
        request_drop(message);
        return;
    }
    zn_call_back(s, "storeKey", 2, args);
}

static zn_key_request *request_new(const key_source *source)
{
    zn_key_request *r = calloc(1, sizeof *r);
    if (r) {
        r->message.run = request_run;
        r->message.drop = request_drop;
        r->waker = source->waker;
        r->token = source->token;
        r->references = 2;
        pthread_cond_init(&r->answered, NULL);
        zn_waker_ref(r->waker);
    }
    return r;
}

static void unlist(zn_waker *w, zn_key_request *r)
{
    zn_key_request **at = &w->requests;
    while (*at != r) {
        at = &(*at)->next;
    }
    *at = r->next;
}

/* On a thread of the engine that may block. */
static zks_status get_key(uint8_t *out_key, void *user)
{
    const key_source *source = user;
    zn_key_request *r = request_new(source);
    if (!r) {
        return ZKS_E_NOMEM;
    }
    zn_waker *w = r->waker;
    pthread_mutex_lock(&w->mutex);
    r->next = w->requests;
    w->requests = r;
    pthread_mutex_unlock(&w->mutex);
    zn_waker_post(w, &r->message);
    pthread_mutex_lock(&w->mutex);
    while (!r->is_answered) {
        pthread_cond_wait(&r->answered, &w->mutex);
    }
    unlist(w, r);
    zks_status status = r->status;
    if (!status) {
        memcpy(out_key, r->key, sizeof r->key);
    }
    pthread_mutex_unlock(&w->mutex);
    request_unref(r);
    return status;
}

static void source_free(void *user)
{
    key_source *source = user;
    zn_waker_unref(source->waker);
    free(source);
}

napi_value zn_config_set_store_key_fn(napi_env env, napi_callback_info info)
{
    zn_call c;
    zn_begin(&c, env, info, 2);
    zks_config *config = zn_handle(&c, 0, ZN_CONFIG);
    void *token = zn_token(&c, 1);
    key_source *source = c.failed ? NULL : malloc(sizeof *source);
    if (!source) {
        zn_failed(&c, ZKS_E_NOMEM, NULL);
        return zn_end(&c, NULL);
    }
    source->waker = c.state->waker;
    source->token = token;
    zn_waker_ref(source->waker);
    zks_status status = zks_config_set_store_key_fn(config, get_key, source, source_free);
    if (zn_failed(&c, status, zks_config_problem(config))) {
        source_free(source);
    }
    return zn_end(&c, NULL);
}

/* storeKeyAnswer(request, status, key): once; key is null where status is not 0. */
napi_value zn_store_key_answer(napi_env env, napi_callback_info info)
{
    zn_call c;
    zn_begin(&c, env, info, 3);
    zks_status status = zn_int32(&c, 1);
    zn_span key = zn_bytes(&c, 2, status ? 0 : ZKS_SIZE_STORE_KEY);
    zn_key_request *r = c.failed ? NULL : zn_take(&c, 0, ZN_KEY_REQUEST);
    if (r) {
        pthread_mutex_lock(&r->waker->mutex);
        answer(r, status, key.bytes);
        pthread_mutex_unlock(&r->waker->mutex);
        request_unref(r);
    }
    return zn_end(&c, NULL);
}

/* --- log -------------------------------------------------------------------------------------- */

/* Lines that wait while JavaScript is busy with something else; what comes then is only counted. */
enum { LOG_LINES_MAX = 1024 };

typedef struct log_line {
    zn_message message;
    int32_t level;
    char text[];
} log_line;

static void log_drop(zn_message *message)
{
    free(message);
}

static void tell_line(zn_state *s, int32_t level, const char *text)
{
    napi_value args[2];
    if (napi_create_int32(s->env, level, &args[0]) == napi_ok &&
        napi_create_string_utf8(s->env, text, NAPI_AUTO_LENGTH, &args[1]) == napi_ok) {
        zn_call_back(s, "log", 2, args);
    }
}

static void log_run(zn_state *s, zn_message *message)
{
    log_line *line = (log_line *)message;
    zn_waker *w = s->waker;
    pthread_mutex_lock(&w->mutex);
    bool last = --w->log_lines == 0;
    uint32_t dropped = last ? w->log_dropped : 0;
    w->log_dropped -= dropped;
    pthread_mutex_unlock(&w->mutex);
    tell_line(s, line->level, line->text);
    free(line);
    if (dropped) {
        char text[96];
        snprintf(text, sizeof text, "%u lines of log dropped: the event loop was busy", dropped);
        tell_line(s, ZKS_LOG_WARN, text);
    }
}

/* Counts one more line, unless there are too many. */
static bool log_admit(zn_waker *w)
{
    pthread_mutex_lock(&w->mutex);
    bool admitted = w->log_lines < LOG_LINES_MAX;
    if (admitted) {
        w->log_lines++;
    } else {
        w->log_dropped++;
    }
    pthread_mutex_unlock(&w->mutex);
    return admitted;
}

static void on_log(int32_t level, const char *text, void *user)
{
    size_t length = strlen(text) + 1;
    log_line *line = malloc(sizeof *line + length);
    if (!line || !log_admit(user)) {
        free(line);
        return;
    }
    line->message.run = log_run;
    line->message.drop = log_drop;
    line->level = level;
    memcpy(line->text, text, length);
    zn_waker_post(user, &line->message);
}

static void log_free(void *user)
{
    zn_waker_unref(user);
}

/* setLog(level): lines go to this environment, which takes them from another one; 0: nowhere. */
napi_value zn_set_log(napi_env env, napi_callback_info info)
{
    zn_call c;
    zn_begin(&c, env, info, 1);
    int32_t level = zn_int32(&c, 0);
    zn_state *s = c.state;
    if (c.failed) {
        return zn_end(&c, NULL);
    }
    zn_waker_ref(s->waker);
    if (zn_failed(&c, zks_runtime_set_log(s->runtime, level, on_log, s->waker, log_free), NULL)) {
        zn_waker_unref(s->waker);
    }
    return zn_end(&c, NULL);
}
