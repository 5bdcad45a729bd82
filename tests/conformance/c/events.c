/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Logs of events: written on the engine's thread, waited for by steps. */
#include "driver.h"

#include <stdlib.h>
#include <string.h>

struct log {
    logged *first, **end;
    unsigned holders;
};

/* Of all logs; taken with the driver's lock let go, never the other way round. */
static pthread_mutex_t events_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t happened = PTHREAD_COND_INITIALIZER;

log *log_new(void)
{
    log *l = calloc(1, sizeof *l);
    if (!l) {
        broken("no memory", NULL);
    }
    l->end = &l->first;
    l->holders = 1;
    return l;
}

void log_hold(log *l)
{
    pthread_mutex_lock(&events_lock);
    l->holders++;
    pthread_mutex_unlock(&events_lock);
}

void log_drop(void *user)
{
    log *l = user;
    pthread_mutex_lock(&events_lock);
    bool last = l && --l->holders == 0;
    pthread_mutex_unlock(&events_lock);
    while (last && l->first) {
        logged *next = l->first->next;
        free(l->first);
        l->first = next;
    }
    if (last) {
        free(l);
    }
}

void events_wake(void)
{
    pthread_mutex_lock(&events_lock);
    pthread_cond_broadcast(&happened);
    pthread_mutex_unlock(&events_lock);
}

void on_done(zks_op *op, void *user)
{
    (void)op;
    (void)user;
    events_wake();
}

static void take_bytes(const zks_event *event, int32_t field, uint8_t *out, size_t size)
{
    const uint8_t *bytes = zks_event_bytes(event, field, NULL);
    if (bytes) {
        memcpy(out, bytes, size);
    }
}

void on_event(zks_client *client, const zks_event *event, void *user)
{
    (void)client;
    log *l = user;
    logged *e = calloc(1, sizeof *e);
    if (!e) {
        return;
    }
    const char *code = zks_event_text(event, ZKS_EVENT_FIELD_CODE);
    const char *name = zks_event_text(event, ZKS_EVENT_FIELD_NAME);
    e->kind = zks_event_kind(event);
    e->status = zks_event_status(event);
    e->number = zks_event_number(event, ZKS_EVENT_FIELD_NUMBER);
    e->state = zks_event_number(event, ZKS_EVENT_FIELD_STATE);
    e->count = zks_event_number(event, ZKS_EVENT_FIELD_COUNT);
    e->digits = zks_event_number(event, ZKS_EVENT_FIELD_DIGITS);
    e->has_relay_key = zks_event_bytes(event, ZKS_EVENT_FIELD_RELAY_KEY, NULL) != NULL;
    take_bytes(event, ZKS_EVENT_FIELD_DEVICE, e->device, sizeof e->device);
    take_bytes(event, ZKS_EVENT_FIELD_RELAY_KEY, e->relay_key, sizeof e->relay_key);
    snprintf(e->text, sizeof e->text, "%s", code ? code : name ? name : "");
    pthread_mutex_lock(&events_lock);
    *l->end = e;
    l->end = &e->next;
    pthread_cond_broadcast(&happened);
    pthread_mutex_unlock(&events_lock);
}

const char *error_name(zks_status status)
{
    const char *name = zks_status_name(status);
    return name + strlen(status ? "ZKS_E_" : "ZKS_");
}

static bool fits(const logged *e, const wanted *w)
{
    return !e->taken && e->kind == w->kind &&
           (!w->device || !memcmp(e->device, w->device, sizeof e->device)) &&
           (w->state < 0 || e->state == w->state) &&
           (!w->error || !strcmp(error_name(e->status), w->error));
}

/* Takes the oldest event that fits and what is older of its kind. */
static bool take(log *l, const wanted *w, logged *out)
{
    logged *found = l->first;
    while (found && !fits(found, w)) {
        found = found->next;
    }
    if (!found) {
        return false;
    }
    for (logged *e = l->first; e != found; e = e->next) {
        e->taken |= e->kind == w->kind;
    }
    found->taken = true;
    *out = *found;
    return true;
}

zks_status log_take(task *t, log *l, const wanted *what, const zks_op *op, logged *out)
{
    struct timespec end = patience_end();
    zks_status status = ZKS_OK;
    t->reached = true;
    unlock();
    pthread_mutex_lock(&events_lock);
    while (!take(l, what, out)) {
        zks_status ended = op ? zks_op_status(op) : ZKS_E_PENDING;
        if (ended != ZKS_E_PENDING) {
            status = ended ? ended : ZKS_E_STATE;
        } else if (t->cancelled) {
            status = ZKS_E_CANCELLED;
        } else if (pthread_cond_timedwait(&happened, &events_lock, &end)) {
            status = LATE;
        }
        if (status) {
            break;
        }
    }
    pthread_mutex_unlock(&events_lock);
    lock();
    return status;
}

bool log_relay_key(log *l, uint8_t out[ZKS_SIZE_RELAY_KEY])
{
    bool found = false;
    pthread_mutex_lock(&events_lock);
    for (const logged *e = l->first; e; e = e->next) {
        if (e->has_relay_key) {
            memcpy(out, e->relay_key, ZKS_SIZE_RELAY_KEY);
            found = true;
        }
    }
    pthread_mutex_unlock(&events_lock);
    return found;
}

/* --- verbs --- */

static const char *const kinds[] = {
    [ZKS_EVENT_INBOX] = "INBOX",
    [ZKS_EVENT_STATE] = "STATE",
    [ZKS_EVENT_PUSH_REFUSED] = "PUSH_REFUSED",
    [ZKS_EVENT_DEVICE] = "DEVICE",
    [ZKS_EVENT_CLOSED] = "CLOSED",
    [ZKS_EVENT_PAIR_CODE] = "PAIR_CODE",
    [ZKS_EVENT_PAIR_WRONG_TRY] = "PAIR_WRONG_TRY",
    [ZKS_EVENT_PAIR_DIGITS] = "PAIR_DIGITS",
    [ZKS_EVENT_PAIR_ASK] = "PAIR_ASK",
    [ZKS_EVENT_DEVICE_REMOVED] = "DEVICE_REMOVED",
    [ZKS_EVENT_EPOCH] = "EPOCH",
};
static const char *const states[] = {"OFFLINE", "CONNECTING", "CONNECTED", "WAITING"};

/* The place of a text in a table. */
static int32_t place(const char *const *table, size_t count, const char *text)
{
    for (size_t i = 0; i < count; i++) {
        if (table[i] && !strcmp(table[i], text)) {
            return (int32_t)i;
        }
    }
    broken("await does not know", json_string(text));
}
#define PLACE(table, text) place((table), sizeof(table) / sizeof *(table), (text))

static void say_event(task *t, const char *kind, const logged *e)
{
    switch (e->kind) {
    case ZKS_EVENT_DEVICE:
    case ZKS_EVENT_DEVICE_REMOVED:
        say(t, " %s %s", kind, id_name(e->device));
        break;
    case ZKS_EVENT_PUSH_REFUSED:
        say(t, " %s %s#%d %s", kind, t->who, (int)e->number, error_name(e->status));
        break;
    case ZKS_EVENT_PAIR_WRONG_TRY:
        say(t, " %s %d", kind, (int)e->count);
        break;
    case ZKS_EVENT_PAIR_ASK:
        say(t, " %s \"%s\"", kind, e->text);
        break;
    case ZKS_EVENT_CLOSED:
        say(t, " %s %s", kind, error_name(e->status));
        break;
    default:
        say(t, " %s", kind);
    }
}

void verb_await(task *t)
{
    logged e;
    const char *kind = text_arg(t, 2), *x = json_string_value(arg(t, 3));
    wanted w = {.kind = PLACE(kinds, kind), .state = -1, .error = json_string_value(arg(t, 4))};
    if (w.kind == ZKS_EVENT_STATE) {
        w.state = PLACE(states, text_arg(t, 3));
    } else if (x) {
        w.device = id_of(x);
    }
    client_of(t);
    zks_status status = log_take(t, t->d->events, &w, NULL, &e);
    if (status) {
        fail(t, status);
    } else if (w.kind == ZKS_EVENT_STATE) {
        say(t, " %s %s%s%s", kind, x, w.error ? " " : "", w.error ? w.error : "");
    } else {
        say_event(t, kind, &e);
    }
}

void verb_count(task *t)
{
    const char *kind = text_arg(t, 2);
    int32_t wanted_kind = PLACE(kinds, kind);
    unsigned n = 0;
    client_of(t);
    pthread_mutex_lock(&events_lock);
    for (const logged *e = t->d->events->first; e; e = e->next) {
        n += e->kind == wanted_kind;
    }
    pthread_mutex_unlock(&events_lock);
    say(t, " %s %u", kind, n);
}
