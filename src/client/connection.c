/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The connection to a relay: does what src/sync asks for, and tells it what happened. Loop thread.
 */
#include "client/internal.h"

#include "base/alloc.h"
#include "client/offer.h"

#include <stdio.h>
#include <string.h>

static uint64_t now_of(const zks_client *c)
{
    return zks__runtime_now_ms(c->runtime);
}

/* --- state, told to the app when it changes --- */

static void tell_state(zks_client *c, zks_status status, const char *text)
{
    if (c->stopping) {
        return; /* CLOSED is the last event */
    }
    zks__sync_state state = zks__sync_state_of(c->sync);
    size_t relay = zks__sync_relay(c->sync);
    pthread_mutex_lock(&c->mutex);
    c->state = state;
    c->active_relay = relay;
    c->retry_ms = zks__sync_retry_ms(c->sync);
    if (c->relays[relay].status != status && (status || state == ZKS_SYNC_CONNECTED)) {
        zks__free(c->relays[relay].error);
        c->relays[relay].error = status ? zks__strdup(text) : NULL;
        c->relays[relay].status = status;
    }
    pthread_mutex_unlock(&c->mutex);
    atomic_store(&c->connected, state == ZKS_SYNC_CONNECTED);
    if (state == c->told_state && status == c->told_status) {
        return;
    }
    zks_event *e = zks__event_new(c, ZKS_EVENT_STATE, status, text);
    if (!e && c->event) {
        return; /* no memory: told when something happens again */
    }
    c->told_state = state;
    c->told_status = status;
    if (!e) {
        return;
    }
    e->numbers[ZKS_EVENT_FIELD_STATE] = (int64_t)state;
    uint64_t now = now_of(c), retry = zks__sync_retry_ms(c->sync);
    if (state == ZKS_SYNC_WAITING && retry > now) {
        e->numbers[ZKS_EVENT_FIELD_RETRY_AFTER_MS] = (int64_t)(retry - now);
    }
    if (relay < c->options.relay_count) {
        e->relay = zks__strdup(c->options.relays[relay]);
    }
    if (status == ZKS_E_RELAY_KEY_CHANGED) {
        e->has_relay_key = true;
        memcpy(e->relay_key, c->shown_key, sizeof e->relay_key);
    }
    zks__event_post(e);
}

/* Failures that waiting does not mend. */
static bool is_final(zks_status status)
{
    return status == ZKS_E_RELAY_KEY_CHANGED || status == ZKS_E_UNAUTHORIZED ||
           status == ZKS_E_DEVICE_REVOKED || status == ZKS_E_ADDRESS ||
           status == ZKS_E_PROTOCOL_VERSION;
}

/* The first round over all relays failed; the client goes on trying by itself. */
static void fail_connecting(zks_client *c, zks_status status, const char *text)
{
    uint64_t now = now_of(c), retry = zks__sync_retry_ms(c->sync);
    for (zks__node *n = zks__list_first(&c->connecting); n; n = zks__list_next(&c->connecting, n)) {
        zks__op_set_number(ZKS_CONTAINER(n, zks_op, waiting), ZKS_OP_RETRY_AFTER_MS,
                           retry > now ? (int64_t)(retry - now) : 0);
    }
    zks__client_end_waiting(c, &c->connecting, status, text);
}

void zks__client_link_ended(zks_client *c, zks_status status, const char *text,
                            uint32_t retry_after_ms)
{
    uint32_t refusal = zks__sync_refusal(c->sync);
    bool greeted = zks__sync_state_of(c->sync) == ZKS_SYNC_CONNECTED;
    uint32_t attempt = zks__sync_attempt(c->sync);
    if (c->link_status) {
        status = c->link_status;
        text = c->link_text;
    } else if (refusal) {
        status = zks__wire_status(refusal);
        text = c->link_text[0] ? c->link_text : zks__status_text(status);
    } else {
        status = status ? status : ZKS_E_CONNECTION_LOST;
        zks__log_write(&c->runtime->log, ZKS_LOG_LEVEL_DEBUG, "link_closed text=\"%s\"",
                       text ? text : "");
        text = zks__status_text(
            status); /* the transport says what happened, this also names the cure */
    }
    /* The failed relay is named before the machine turns to the next one. */
    bool online = zks__sync_state_of(c->sync) != ZKS_SYNC_OFFLINE;
    zks__sync_link_down(c->sync, attempt, status, retry_after_ms, zks__runtime_random(c->runtime),
                        now_of(c));
    zks__log_write(&c->runtime->log, ZKS_LOG_LEVEL_INFO, "link_down status=%d live=%d failures=%u",
                   (int)status, greeted, zks__sync_failures(c->sync));
    bool retry_now = zks__sync_retry_ms(c->sync) <= now_of(c);
    if (online && !retry_now) {
        tell_state(c, status, text);
        if (is_final(status) || zks__sync_failures(c->sync) >= c->options.relay_count) {
            fail_connecting(c, status, text);
        }
    } else if (!online) {
        tell_state(c, ZKS_OK, NULL);
    }
    if (status == ZKS_E_DEVICE_REVOKED || status == ZKS_E_UNAUTHORIZED) {
        zks__client_offers_end(c, status, text);
    }
    zks__client_offers_end(c, ZKS_E_CONNECTION_LOST,
                           "the connection ended before the relay had answered; connect again: if "
                           "it has taken the change, it tells so");
    c->link_status = ZKS_OK;
    c->link_text[0] = '\0';
}

void zks__client_abort_link(zks_client *c, zks_status why, const char *text)
{
    if (!c->link_status) {
        c->link_status = why;
        snprintf(c->link_text, sizeof c->link_text, "%s", text ? text : "");
    }
    zks__sync_close(c->sync, 0);
}

/* --- opening the link --- */

static void session_ready(zks__session *s, void *user)
{
    (void)s;
    zks_client *c = user;
    c->handshake_due_ms = UINT64_MAX;
    zks__sync_link_ready(c->sync, c->attempt, now_of(c));
    zks__client_pump(c);
}

static void session_drained(zks__session *s, void *user)
{
    (void)s;
    zks__client_pump(user);
}

zks_status zks__client_refusal(uint64_t code)
{
    if (code >= ZKS_WIRE_INVALID_MESSAGE) {
        return code <= ZKS_WIRE_STORAGE_FULL ? zks__wire_status((uint32_t)code)
                                             : ZKS_E_CONNECTION_LOST;
    }
    /* Only what a relay can know: it cannot say what its own key or our store is like. */
    zks_status refused = -(zks_status)code;
    bool plausible = (refused <= ZKS_E_UNAUTHORIZED && refused > ZKS_E_TRUNCATED) ||
                     refused == ZKS_E_PROTOCOL || refused == ZKS_E_PROTOCOL_VERSION;
    return plausible ? refused : ZKS_E_CONNECTION_LOST;
}

/* A relay's close code: a wire code where it says one, or the negated status of a refusal at the
 * door. */
static zks_status status_of_code(zks_client *c, zks_status status, uint64_t code)
{
    if (status || !code) {
        return status;
    }
    if (code < ZKS_WIRE_INVALID_MESSAGE) {
        return zks__client_refusal(code);
    }
    if (code <= ZKS_WIRE_STORAGE_FULL && !zks__sync_refusal(c->sync)) {
        zks__sync_refused(c->sync, (uint32_t)code, 0);
    }
    return ZKS_OK;
}

static void session_closed(zks__session *s, zks_status status, uint64_t code, const char *text,
                           void *user)
{
    zks_client *c = user;
    bool current = c->session == s;
    if (current) {
        c->session = NULL;
        c->handshake_due_ms = UINT64_MAX;
        if (status == ZKS_E_BAD_SIGNATURE && !c->link_status) {
            c->link_status = status; /* the session's sentence says more than the status's */
            snprintf(c->link_text, sizeof c->link_text, "%s", text);
        }
        zks__inviting_lost(c, ZKS_E_CONNECTION_LOST);
        zks__client_link_ended(c, status_of_code(c, status, code), text, 0);
    }
    zks__session_free(s);
    if (current && !c->stopping) {
        zks__client_pump(c);
    }
    zks__client_unref(c); /* the session's */
}

static void failed_start(zks_client *c, zks_status status, const char *text)
{
    c->link_status = status;
    snprintf(c->link_text, sizeof c->link_text, "%s", text);
    zks__client_link_ended(c, status, text, 0);
}

/* A relay may let the link live and yet not answer. */
static void check_handshake(zks_client *c)
{
    if (c->session && now_of(c) >= c->handshake_due_ms) {
        c->handshake_due_ms = UINT64_MAX;
        zks__client_abort_link(c, ZKS_E_UNREACHABLE, zks__status_text(ZKS_E_UNREACHABLE));
    }
}

static void arm_timer(zks_client *c);

/* The link has connect_timeout_ms for TLS, the session as long again for its handshake. */
static void dialled(zks__session *s, void *user)
{
    zks_client *c = user;
    c->dial = NULL;
    c->session = s;
    zks__client_ref(c); /* the session's */
    c->handshake_due_ms = now_of(c) + 2 * (uint64_t)c->options.connect_timeout_ms;
    arm_timer(c);
}

static void dial_failed(zks_status status, const char *text, void *user)
{
    zks_client *c = user;
    c->dial = NULL;
    failed_start(c, status, text);
    zks__client_pump(c);
}

static zks_status dial(zks_client *c, const zks__host *host)
{
    static const zks__session_events events = {session_ready, zks__client_message, session_drained,
                                               session_closed};
    const zks__dial_config config = {.host = host,
                                     .expected_key = c->address.has_key ? c->address.key : NULL,
                                     .key_seed = c->identity->device.sign_seed,
                                     .keys = &c->identity->session,
                                     .handshake_ms = c->options.connect_timeout_ms,
                                     .events = &events,
                                     .opened = dialled,
                                     .failed = dial_failed,
                                     .user = c};
    return zks__dial_start(c, &config, &c->dial);
}

static void start_link(zks_client *c, const zks__action *a)
{
    const char *problem = "";
    c->attempt = a->attempt;
    tell_state(c, ZKS_OK, NULL);
    zks_status status = zks__address_parse(c->options.relays[a->relay], &c->address, &problem);
    if (status) {
        failed_start(c, status, problem);
        return;
    }
    status = dial(c, &c->address.hosts[(a->attempt - 1) % c->address.host_count]);
    if (status) {
        failed_start(c, status, zks__status_text(status));
    }
}

/* --- the other actions --- */

bool zks__client_is_connected(const zks_client *c)
{
    return c->session && zks__sync_state_of(c->sync) == ZKS_SYNC_CONNECTED;
}

bool zks__client_send(zks_client *c, const zks__message *m)
{
    zks_status status = zks__session_send(c->session, m);
    if (status == ZKS_E_CLOSED) {
        zks__sync_close(c->sync, 0); /* the session has failed; `closed` comes and says why */
    } else if (status) {
        zks__client_abort_link(c, status, zks__status_text(status));
    }
    return status == ZKS_OK;
}

static void send_hello(zks_client *c, const zks__action *a)
{
    zks__message m = {.type = ZKS_MESSAGE_HELLO};
    zks__hello *h = &m.hello;
    h->version = ZKS_WIRE_VERSION;
    h->mode = ZKS_MODE_LIVE;
    h->resume = a->cursor;
    memcpy(h->group_id, c->identity->group_id, sizeof h->group_id);
    memcpy(h->member, c->records.member, sizeof h->member);
    memcpy(h->known, c->records.digest, sizeof h->known);
    memcpy(h->incarnation, c->incarnation, sizeof h->incarnation);
    if (a->flag) {
        h->records = (zks__wire_list){.count = c->records.attached, .items = c->records.items};
    }
    uint8_t proof[256];
    zks__writer w = zks__writer_of(proof, sizeof proof);
    zks__write_label(&w, "0k-hello-v1");
    zks__write_lp(&w, zks__session_hash(c->session), ZKS_SESSION_HASH_BYTES);
    zks__write_lp(&w, zks__session_peer_key(c->session), ZKS_LINK_KEY_BYTES);
    zks__write_lp(&w, h->group_id, sizeof h->group_id);
    c->identity->session.suite->sign(&c->identity->device.sign, proof, w.length, h->signature);
    (void)zks__client_send(c, &m);
    if (!a->flag || c->records.attached == c->records.count) {
        zks__record_list_done(&c->records); /* else the rest follows behind WELCOME: carry.c */
    }
}

static void send_ack(zks_client *c, const zks__action *a)
{
    zks__message m = {.type = ZKS_MESSAGE_ACK, .ack = {.cursor = a->cursor, .consumed = a->number}};
    (void)zks__client_send(c, &m);
}

static void send_pull(zks_client *c, const zks__action *a)
{
    zks__message m = {.type = ZKS_MESSAGE_PULL,
                      .pull = {.after = a->cursor,
                               .max_bytes = a->max_bytes,
                               .max_count = a->max_count,
                               .flags = a->flag ? ZKS_PULL_OWN : 0}};
    (void)zks__client_send(c, &m);
}

void zks__client_drop_dial(zks_client *c)
{
    if (c->dial) {
        zks__dial_drop(c->dial);
        c->dial = NULL;
    }
}

static void close_link(zks_client *c, const zks__action *a)
{
    if (c->session) {
        zks__session_close(c->session, a->code, "");
    } else {
        zks__client_drop_dial(c);
        zks__client_link_ended(c, ZKS_OK, NULL, 0);
    }
}

static void do_action(zks_client *c, const zks__action *a)
{
    switch (a->kind) {
    case ZKS_ACTION_CONNECT:
        start_link(c, a);
        return;
    case ZKS_ACTION_CLOSE:
        close_link(c, a);
        return;
    case ZKS_ACTION_LOAD:
        zks__client_load_relay(c);
        return;
    case ZKS_ACTION_SETTLE:
        zks__client_settle(c, a->number);
        return;
    default:
        break;
    }
    if (!c->session) {
        return;
    }
    switch (a->kind) {
    case ZKS_ACTION_HELLO:
        send_hello(c, a);
        return;
    case ZKS_ACTION_ACK:
        send_ack(c, a);
        return;
    case ZKS_ACTION_PULL:
        send_pull(c, a);
        return;
    case ZKS_ACTION_FETCH:
        zks__client_fetch(c, a);
        return;
    default:
        return;
    }
}

/* --- the pump --- */

static void on_timer(uv_timer_t *timer)
{
    zks_client *c = timer->data;
    check_handshake(c);
    zks__client_check_offers(c);
    zks__client_check_waiting(c);
    zks__client_tick(c);
    zks__inviting_tick(c);
    zks__client_pump(c);
}

static uint64_t next_wish(const zks_client *c)
{
    uint64_t next = zks__sync_next_ms(c->sync);
    if (zks__inviting_next_ms(c) < next) {
        next = zks__inviting_next_ms(c);
    }
    if (c->tick_ms < next) {
        next = c->tick_ms;
    }
    if (c->session && c->handshake_due_ms < next) {
        next = c->handshake_due_ms;
    }
    if (c->session && zks__client_offers_due_ms(c) < next) {
        next = zks__client_offers_due_ms(c);
    }
    for (zks__node *n = zks__list_first(&c->flushing); n; n = zks__list_next(&c->flushing, n)) {
        const zks_op *op = ZKS_CONTAINER(n, zks_op, waiting);
        if (op->target < next) {
            next = op->target;
        }
    }
    return next;
}

static void arm_timer(zks_client *c)
{
    if (!c->timer_open) {
        return;
    }
    uint64_t now = now_of(c), next = next_wish(c);
    if (next == UINT64_MAX) {
        uv_timer_stop(&c->timer);
        return;
    }
    uv_update_time(&c->runtime->loop);
    uv_timer_start(&c->timer, on_timer, next > now ? next - now : 1, 0);
}

static bool may_run(zks_client *c)
{
    pthread_mutex_lock(&c->mutex);
    bool run = c->opened && !c->open_status;
    pthread_mutex_unlock(&c->mutex);
    return run && !c->stopping;
}

void zks__client_pump(zks_client *c)
{
    if (c->pumping) {
        c->pump_again = true;
        return;
    }
    if (!may_run(c)) {
        return;
    }
    c->pumping = true;
    do {
        c->pump_again = false;
        zks__action a;
        for (zks__sync_poll(c->sync, now_of(c), &a); a.kind;
             zks__sync_poll(c->sync, now_of(c), &a)) {
            do_action(c, &a);
        }
        zks__sync_state state = zks__sync_state_of(c->sync);
        if (state == ZKS_SYNC_CONNECTED || (state != c->told_state && state != ZKS_SYNC_WAITING)) {
            tell_state(c, ZKS_OK, NULL);
        }
        zks__client_check_waiting(c);
        if (c->caught_up != zks__sync_attempt(c->sync) && zks__sync_caught_up(c->sync)) {
            c->caught_up = zks__sync_attempt(c->sync);
            zks__client_tick_soon(c); /* what waited for that */
        }
    } while (c->pump_again);
    c->pumping = false;
    arm_timer(c);
}
