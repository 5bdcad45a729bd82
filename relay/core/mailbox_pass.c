/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What the two sides say through a mailbox: PUT, GET, CLOSE. */
#include "relay/core/mailbox_internal.h"

static void send_put(zks__peer *p, const zks__mailbox *b, const uint8_t *data, size_t length)
{
    zks__message m = {.type = ZKS_MESSAGE_MAILBOX_PUT};
    memcpy(m.mailbox_put.nameplate, b->nameplate, sizeof b->nameplate);
    m.mailbox_put.attempt = b->attempt;
    m.mailbox_put.data = (zks__slice){.data = data, .length = length};
    zks__peer_send(p, &m);
}

/* --- PUT and CLOSE of the inviter --------------------------------------------------- */

/* The device's own mailbox; tells it where there is none. What is closed already takes nothing
 * amiss: both sides may end it at the same time. */
static zks__mailbox *own_box(zks__peer *p, uint8_t about, const uint8_t *nameplate)
{
    zks__mailbox *b = zks__mailbox_find_now(p->router->mailboxes, nameplate,
                                            zks__router_now_ns(p->router));
    if (b && zks__mailbox_owned_by(b, p)) {
        return b->gone || b->inviter != p ? NULL : b;
    }
    zks__peer_error(p, ZKS_WIRE_CODE_UNKNOWN, about, 0, "there is no such mailbox of this device");
    return NULL;
}

static void on_device_put(zks__peer *p, const zks__mailbox_put *m)
{
    zks__mailbox *b = own_box(p, ZKS_MESSAGE_MAILBOX_PUT, m->nameplate);
    if (!b || m->attempt != b->attempt) {
        return; /* of an attempt that is over */
    }
    if (!zks__mailbox_may_invite(p)) {
        zks__mailboxes_enforce(b->all, p->group);
        zks__peer_error(p, ZKS_WIRE_UNAUTHORIZED, ZKS_MESSAGE_MAILBOX_PUT, 0,
                        "this device may not invite others any more");
        return;
    }
    bool first = !b->puts_inviter && m->data.length && m->data.length <= sizeof b->first;
    bool more = b->puts_inviter && b->joiner && b->puts_inviter < ZKS_RELAY_MAILBOX_PUTS;
    if (!first && !more) {
        zks__peer_error(p, ZKS_WIRE_INVALID_MESSAGE, ZKS_MESSAGE_MAILBOX_PUT, 0,
                        "this does not belong into a mailbox now");
        return;
    }
    b->puts_inviter++;
    b->held = b->held || (b->joiner && (m->flags & ZKS_MAILBOX_HOLD));
    if (b->joiner) {
        send_put(b->joiner, b, m->data.data, m->data.length);
    } else {
        memcpy(b->first, m->data.data, m->data.length);
        b->first_length = m->data.length;
    }
}

/* What later joiners hear, for the inviter's word. */
static uint32_t reason_of(uint32_t code)
{
    switch (code) {
    case ZKS_WIRE_OK:
    case ZKS_WIRE_CODE_USED:
        return ZKS_WIRE_CODE_USED;
    case ZKS_WIRE_WRONG_CODE:
    case ZKS_WIRE_CODE_EXPIRED:
        return code;
    default:
        return ZKS_WIRE_CODE_CANCELLED;
    }
}

static void on_device_close(zks__peer *p, const zks__mailbox_close *m)
{
    zks__mailbox *b = own_box(p, ZKS_MESSAGE_MAILBOX_CLOSE, m->nameplate);
    if (b && m->attempt == 0) {
        zks__mailbox_over(b, m->code, reason_of(m->code));
    } else if (b && m->attempt == b->attempt) {
        zks__mailbox_attempt_over(b, m->code, true);
    }
}

void zks__mailbox_device_message(zks__peer *p, const zks__message *m)
{
    if (m->type == ZKS_MESSAGE_MAILBOX_OPEN) {
        zks__mailbox_open_received(p, &m->mailbox_open);
    } else if (m->type == ZKS_MESSAGE_MAILBOX_PUT) {
        on_device_put(p, &m->mailbox_put);
    } else {
        on_device_close(p, &m->mailbox_close);
    }
}

/* --- the joiner --------------------------------------------------------------------- */

static const char *text_of(uint32_t code)
{
    switch (code) {
    case ZKS_WIRE_WRONG_CODE:
        return "three wrong tries burnt this code: ask for a new one";
    case ZKS_WIRE_CODE_EXPIRED:
        return "this code's time is over: ask for a new one";
    case ZKS_WIRE_CODE_USED:
        return "this code was used already: ask for a new one";
    default:
        return "this code was cancelled: ask for a new one";
    }
}

static void refuse_get(zks__peer *p, uint32_t code, uint32_t retry_ms, const char *text)
{
    zks__peer_end(p, code, ZKS_MESSAGE_MAILBOX_GET, retry_ms, text);
}

void zks__mailbox_join(zks__peer *p, const zks__mailbox_get *m)
{
    zks__mailboxes *all = p->router->mailboxes;
    uint64_t now_ns = zks__router_now_ns(p->router);
    uint32_t wait_ms = zks__mailbox_turn(p, now_ns);
    zks__mailbox *b = wait_ms ? NULL : zks__mailbox_find_now(all, m->nameplate, now_ns);
    if (b && b->inviter && !zks__mailbox_may_invite(b->inviter)) {
        zks__mailboxes_enforce(all, b->inviter->group);
    }
    if (wait_ms) {
        refuse_get(p, ZKS_WIRE_RATE_LIMITED, wait_ms,
                   "too many codes were tried from this address");
    } else if (!b) {
        refuse_get(p, ZKS_WIRE_CODE_UNKNOWN, 0, "there is no such code here");
    } else if (b->gone) {
        refuse_get(p, b->gone, 0, text_of(b->gone));
    } else if (b->joiner) {
        uint64_t left_ns = b->held || b->lock_ns < now_ns ? 0 : b->lock_ns - now_ns;
        refuse_get(p, ZKS_WIRE_BUSY, (uint32_t)(left_ns / ZKS_MAILBOX_MS_NS) + 1,
                   "another device is pairing with this code");
    } else if (!b->inviter) {
        refuse_get(p, ZKS_WIRE_BUSY, ZKS_RELAY_RATE_RETRY_MS,
                   "the inviting device is not connected right now");
    } else {
        p->state = ZKS_PEER_PAIRING;
        p->mailbox = b;
        b->joiner = p;
        b->lock_ns = now_ns + p->router->config->mailbox_lock_ms * ZKS_MAILBOX_MS_NS;
        zks__mailbox_note(b, "mailbox.locked");
        if (b->first_length) {
            send_put(p, b, b->first, b->first_length);
        }
    }
}

void zks__mailbox_joiner_message(zks__peer *p, const zks__message *m)
{
    zks__mailbox *b = p->mailbox;
    if (!b) {
        return; /* it was let go; its session ends */
    }
    const zks__mailbox_put *put = &m->mailbox_put;
    const zks__mailbox_close *close = &m->mailbox_close;
    if (m->type == ZKS_MESSAGE_MAILBOX_PUT && put->attempt == b->attempt && b->puts_inviter &&
        memcmp(put->nameplate, b->nameplate, sizeof b->nameplate) == 0 &&
        put->data.length <= ZKS_RELAY_MAILBOX_JOINER_BYTES &&
        b->puts_joiner < ZKS_RELAY_MAILBOX_PUTS) {
        b->puts_joiner++;
        send_put(b->inviter, b, put->data.data, put->data.length);
    } else if (m->type == ZKS_MESSAGE_MAILBOX_CLOSE && close->attempt == b->attempt &&
               memcmp(close->nameplate, b->nameplate, sizeof b->nameplate) == 0) {
        zks__mailbox_attempt_over(b, close->code, false);
        zks__peer_bye(p, 0, 0, "the pairing attempt is over");
    } else if (m->type != ZKS_MESSAGE_ERROR) {
        p->mailbox = NULL;
        zks__mailbox_attempt_over(b, ZKS_WIRE_BUSY, false);
        zks__peer_end(p, ZKS_WIRE_INVALID_MESSAGE, (uint8_t)m->type, 0,
                      "a joining device may only PUT into its mailbox and CLOSE it");
    }
}
