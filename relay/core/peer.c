/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A session from its accept to its end: what is allowed when, errors, pauses. */
#include "relay/core/router.h"

#include "base/alloc.h"
#include "relay/core/mailbox.h"

/* --- sending --- */

void zks__peer_send(zks__peer *p, const zks__message *m)
{
    if (!p->session || p->state == ZKS_PEER_ENDING) {
        return;
    }
    zks_status status = zks__session_send(p->session, m);
    if (!status && zks__session_queued(p->session) <= ZKS_RELAY_QUEUED_HARD_BYTES) {
        return;
    }
    p->state = ZKS_PEER_ENDING;
    zks__log_write(p->router->log, ZKS_LOG_LEVEL_WARN, "session.stuck peer=%s status=%d",
                   zks__log_redact(p->router->log, zks__peer_device(p), ZKS_DEVICE_ID_BYTES).text,
                   (int)status);
    zks__session_close(p->session, ZKS_WIRE_RELAY_OVERLOADED,
                       "nothing more fits into the queue of this session");
}

static zks__slice text_slice(const char *text)
{
    return (zks__slice){.data = (const uint8_t *)text, .length = strlen(text)};
}

static void send_error(zks__peer *p, uint32_t code, uint8_t about, uint32_t retry_ms,
                       const char *text)
{
    zks__message m = {.type = ZKS_MESSAGE_ERROR};
    m.error.code = code;
    m.error.about = about;
    m.error.retry_after_ms = retry_ms;
    m.error.text = text_slice(text);
    zks__peer_send(p, &m);
}

static void end(zks__peer *p, const char *text)
{
    if (p->session && p->state != ZKS_PEER_ENDING) {
        p->state = ZKS_PEER_ENDING;
        zks__session_close(p->session, 0, text); /* 0: what is queued goes out first */
    }
}

void zks__peer_error(zks__peer *p, uint32_t code, uint8_t about, uint32_t retry_ms,
                     const char *text)
{
    send_error(p, code, about, retry_ms, text);
    if (++p->mistakes >= ZKS_RELAY_MISTAKES_MAX) {
        end(p, "too many mistakes");
    }
}

/* A peer that has not proven itself hears nothing but the link's code. */
static bool end_unproven(zks__peer *p, uint32_t code, const char *text)
{
    if (!p->session || zks__session_established(p->session)) {
        return false;
    }
    if (p->state != ZKS_PEER_ENDING) {
        p->state = ZKS_PEER_ENDING;
        zks__session_close(p->session, code, text);
    }
    return true;
}

void zks__peer_end(zks__peer *p, uint32_t code, uint8_t about, uint32_t retry_ms, const char *text)
{
    if (end_unproven(p, code, text)) {
        return;
    }
    send_error(p, code, about, retry_ms, text);
    end(p, text);
}

void zks__peer_bye(zks__peer *p, uint32_t code, uint32_t retry_ms, const char *text)
{
    zks__message m = {.type = ZKS_MESSAGE_BYE};
    if (end_unproven(p, code, text)) {
        return;
    }
    m.bye.code = code;
    m.bye.retry_after_ms = retry_ms;
    m.bye.text = text_slice(text);
    zks__peer_send(p, &m);
    end(p, text);
}

uint32_t zks__retry_of(uint32_t code)
{
    switch (code) {
    case ZKS_WIRE_STORAGE_FULL:
    case ZKS_WIRE_GROUP_QUOTA_EXCEEDED:
        return ZKS_RELAY_FULL_RETRY_MS;
    case ZKS_WIRE_RATE_LIMITED:
    case ZKS_WIRE_RELAY_OVERLOADED:
    case ZKS_WIRE_RELAY_SHUTTING_DOWN:
        return ZKS_RELAY_RATE_RETRY_MS;
    default:
        return 0;
    }
}

/* --- pauses --- */

void zks__peer_pause(zks__peer *p, unsigned why)
{
    if (!p->pauses && p->session) {
        zks__session_pause(p->session);
    }
    p->pauses = (uint8_t)(p->pauses | why);
}

void zks__peer_resume(zks__peer *p, unsigned why)
{
    bool paused = p->pauses != 0;
    p->pauses = (uint8_t)(p->pauses & ~why);
    if (paused && !p->pauses && p->session && p->state != ZKS_PEER_ENDING) {
        zks__session_resume(p->session);
    }
}

/* --- messages --- */

static void on_online(zks__peer *p, const zks__message *m, zks__buf *backing)
{
    switch (m->type) {
    case ZKS_MESSAGE_PUSH:
        zks__peer_push(p, m, backing);
        break;
    case ZKS_MESSAGE_PULL:
        zks__peer_pull(p, &m->pull);
        break;
    case ZKS_MESSAGE_ACK:
        zks__peer_ack(p, &m->ack);
        break;
    case ZKS_MESSAGE_RECORDS:
        zks__peer_records(p, m, backing);
        break;
    case ZKS_MESSAGE_DELETE:
        zks__peer_delete(p, m);
        break;
    case ZKS_MESSAGE_MAILBOX_OPEN:
    case ZKS_MESSAGE_MAILBOX_PUT:
    case ZKS_MESSAGE_MAILBOX_CLOSE:
        zks__mailbox_device_message(p, m);
        break;
    case ZKS_MESSAGE_MAILBOX_GET:
        zks__peer_error(p, ZKS_WIRE_INVALID_MESSAGE, (uint8_t)m->type, 0,
                        "a device that joins says no HELLO");
        break;
    case ZKS_MESSAGE_ERROR:
        break; /* the client's opinion; there is nothing to do about it */
    case ZKS_MESSAGE_HELLO:
        zks__peer_error(p, ZKS_WIRE_INVALID_MESSAGE, (uint8_t)m->type, 0, "HELLO was said already");
        break;
    default:
        zks__peer_error(p, ZKS_WIRE_INVALID_MESSAGE, (uint8_t)m->type, 0,
                        "only a relay sends this message");
        break;
    }
}

static void on_message(zks__session *s, const zks__message *m, zks__buf *backing, void *user)
{
    zks__peer *p = user;
    (void)s;
    if (p->state == ZKS_PEER_ENDING) {
        return;
    }
    if (m->type == ZKS_MESSAGE_BYE) {
        end(p, "bye");
    } else if (p->state == ZKS_PEER_ONLINE) {
        on_online(p, m, backing);
    } else if (p->state == ZKS_PEER_GREETING && m->type == ZKS_MESSAGE_HELLO) {
        zks__list_remove(&p->waiting);
        zks__peer_hello(p, m, backing);
    } else if (p->state == ZKS_PEER_GREETING && m->type == ZKS_MESSAGE_MAILBOX_GET) {
        zks__list_remove(&p->waiting);
        zks__mailbox_join(p, &m->mailbox_get);
    } else if (p->state == ZKS_PEER_PAIRING) {
        zks__mailbox_joiner_message(p, m);
    } else {
        zks__peer_end(p, ZKS_WIRE_UNAUTHORIZED, (uint8_t)m->type, 0, "HELLO comes first");
    }
}

static void on_drained(zks__session *s, void *user)
{
    (void)s;
    zks__peer_send_due(user);
    zks__peer_next_wish(user);
}

/* --- beginning and end --- */

static void peer_free(zks__peer *p)
{
    zks__router *r = p->router;
    zks__list_remove(&p->node);
    zks__list_remove(&p->unsettled);
    r->peer_count--;
    zks__free(p);
    zks__router_progress(r);
}

static void drop_held(zks__peer *p)
{
    zks__buf_unref(p->held);
    zks__free(p->holding);
    p->held = NULL;
    p->holding = NULL;
}

static void on_closed(zks__session *s, zks_status status, uint64_t code, const char *text,
                      void *user)
{
    zks__peer *p = user;
    zks__rgroup *g = p->group;
    (void)text;
    bool member = p->in_group.next != NULL;
    zks__log_write(p->router->log, member ? ZKS_LOG_LEVEL_INFO : ZKS_LOG_LEVEL_DEBUG,
                   "session.closed peer=%s status=%d code=%llu",
                   zks__log_redact(p->router->log, zks__peer_device(p), ZKS_DEVICE_ID_BYTES).text,
                   (int)status, (unsigned long long)code);
    if (g && member) {
        zks__rstore_device *d = zks__rgroup_device(g, zks__peer_device(p));
        if (d) {
            d->seen_s = zks__router_unix_ms(p->router) / 1000;
            zks__rgroup_dirty(g);
        }
        g->peer_count--;
    }
    p->state = ZKS_PEER_ENDING;
    zks__mailbox_peer_closed(p);
    zks__list_remove(&p->waiting);
    zks__list_remove(&p->in_group);
    zks__list_remove(&p->lagging);
    zks__list_remove(&p->stalled);
    zks__session_free(s);
    p->session = NULL;
    drop_held(p);
    zks__places_done(&p->due);
    p->group = NULL;
    if (g) {
        zks__rgroup_released(g);
    }
    if (!p->busy && zks__list_empty(&p->finished)) {
        peer_free(p);
    }
}

bool zks__peer_unbusy(zks__peer *p)
{
    p->busy--;
    if (p->session) {
        return p->state != ZKS_PEER_ENDING;
    }
    if (!p->busy && zks__list_empty(&p->finished)) {
        peer_free(p);
    }
    return false;
}

zks_status zks__peer_new(zks__router *r, zks__link *link, zks__link_events *out_events,
                         void **out_user)
{
    static const zks__session_events events = {
        .message = on_message, .drained = on_drained, .closed = on_closed};
    if (r->stopping) {
        return ZKS_E_RELAY_SHUTTING_DOWN;
    }
    const zks__session_config config = {
        .keys = r->keys, .key_count = r->key_count, .rng = r->rng, .log = r->log};
    zks__peer *p = zks__alloc_zero(1, sizeof *p);
    if (!p || zks__session_new(&config, &events, p, &p->session)) {
        zks__free(p);
        return ZKS_E_NOMEM;
    }
    p->router = r;
    zks__list_init(&p->finished);
    zks__list_init(&p->mailboxes);
    p->address_length = zks__link_subject(link, p->address);
    zks__session_attach(p->session, link);
    p->deadline_ns = zks__router_now_ns(r) + r->config->hello_ms * 1000000;
    zks__list_append(&r->peers, &p->node);
    zks__list_append(&r->greeting, &p->waiting);
    r->peer_count++;
    zks__router_arm(r);
    *out_events = zks__session_link_events();
    *out_user = p->session;
    return ZKS_OK;
}
