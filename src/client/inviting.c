/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The inviting side of pairing: one machine of src/pairing at a time, fed with what happens to its
 * client, and what its actions come to.
 *
 *   begin     storage thread  what the group is, whether this device may
 *             loop thread     the machine is made, and fed from here on; with a code of the app's
 *                             it may wait for a connection
 *   COMMIT    storage thread  MEMBER and GRANT are made; in a shared group nothing
 *             loop thread     they are offered to the relay; once it has them they are stored here
 *             storage thread  the bundle, which has whatever else was stored meanwhile
 *             loop thread     COMMITTED
 *
 * The op that began it completes with the machine, and with nothing else.
 */
#include "client/inviting.h"

#include "base/alloc.h"

#include <stdio.h>
#include <string.h>

/* --- events for the app --- */

static zks_event *new_event(zks_client *c, int32_t kind, const char *sentence)
{
    return zks__event_new(c, kind, ZKS_OK, sentence);
}

/* False: no memory. */
static bool show_code(zks_client *c, const char *text)
{
    zks_event *e = new_event(c, ZKS_EVENT_PAIR_CODE,
                             "type or scan this on the other device; it is good for one device");
    if (e) {
        e->code = zks__strdup(text);
    }
    bool ok = e && e->code;
    if (ok) {
        zks__event_post(e);
    } else {
        zks__event_drop(e);
    }
    return ok;
}

static void tell_wrong_try(zks_client *c, unsigned left)
{
    zks_event *e = new_event(c, ZKS_EVENT_PAIR_WRONG_TRY,
                             "somebody tried a wrong pairing code: was it you?");
    if (e) {
        e->numbers[ZKS_EVENT_FIELD_COUNT] = left;
        zks__event_post(e);
    }
}

static bool ask(zks_client *c, const char *name, uint32_t digits)
{
    zks_event *e = new_event(c, ZKS_EVENT_PAIR_ASK, "a device wants to join");
    if (e) {
        e->name = zks__strdup(name);
        e->numbers[ZKS_EVENT_FIELD_DIGITS] = digits;
    }
    bool ok = e && e->name;
    if (ok) {
        atomic_store(&c->pair_asked, true);
        zks__event_post(e);
    } else {
        zks__event_drop(e);
    }
    return ok;
}

/* --- the end --- */

void zks__inviting_free(zks__inviting *i)
{
    zks__inviter_free(i->machine);
    zks__free(i->device);
    if (i->op) {
        zks__op_free(i->op);
    }
    zks__free(i);
}

static void ended(zks_client *c, const zks__pairing_action *a)
{
    zks__inviting *i = c->inviting;
    char text[384];
    snprintf(text, sizeof text, "%s%s", a->text,
             a->committed ? " The other device may be a member all the same: look at the list of "
                            "devices."
                          : "");
    zks__log_write(&c->runtime->log, ZKS_LOG_LEVEL_INFO, "pairing_ended status=%d committed=%d",
                   (int)a->status, a->committed);
    atomic_store(&c->pair_asked, false); /* before anybody hears of the end */
    if (i->chosen && a->spent) {
        memcpy(c->spent_codes[c->spent_count++ % ZKS_COUNTOF(c->spent_codes)], i->code,
               sizeof i->code);
    }
    c->abandoned_opens += a->opening && c->session;
    bool told = zks__op_is_done(i->op); /* by a client that closes */
    if (!told && i->has_device && (!a->status || a->committed)) {
        zks__op_set_bytes(i->op, ZKS_OP_DEVICE, i->device, ZKS_DEVICE_ID_BYTES);
        i->device = NULL;
    }
    if (!told) {
        zks__op_set_number(i->op, ZKS_OP_RETRY_AFTER_MS, a->retry_after_ms);
        zks__op_complete(i->op, a->status, text);
    }
    c->inviting = NULL;
    zks__inviting_free(i);
}

/* --- steps --- */

static void act(zks_client *c, const zks__pairing_action *a)
{
    switch (a->kind) {
    case ZKS_PAIRING_SEND:
        if (c->session) {
            (void)zks__client_send(c, &a->message);
        }
        break;
    case ZKS_PAIRING_SHOW_CODE:
        c->inviting->mute = !show_code(c, a->text);
        break;
    case ZKS_PAIRING_WRONG_TRY:
        tell_wrong_try(c, a->tries_left);
        break;
    case ZKS_PAIRING_SHOW_DIGITS:
        zks__event_digits(c, a->digits);
        break;
    case ZKS_PAIRING_ASK:
        c->inviting->mute = !ask(c, a->text, a->digits);
        break;
    case ZKS_PAIRING_COMMIT:
        zks__inviting_admit(c, a);
        break;
    case ZKS_PAIRING_ENDED:
        ended(c, a);
        break;
    case ZKS_PAIRING_GROUP: /* a joiner's */
    case ZKS_PAIRING_STORE:
        break;
    }
}

/* COMMIT and ENDED are the last of their step. */
void zks__inviting_step(zks_client *c, zks__pairing_event *e)
{
    uint8_t random[ZKS_PAIRING_RANDOM_BYTES];
    zks__pairing_actions actions;
    const zks__rng *rng = &c->runtime->rng;
    rng->fill(random, sizeof random, rng->user);
    e->random = random;
    e->now_ms = zks__runtime_now_ms(c->runtime);
    zks__inviter_step(c->inviting->machine, e, &actions);
    zks__wipe(random, sizeof random);
    e->random = NULL;
    for (size_t k = 0; k < actions.count && c->inviting; k++) {
        act(c, &actions.items[k]);
    }
    if (c->inviting && c->inviting->mute) {
        zks__op_complete(c->inviting->op, ZKS_E_NOMEM, zks__status_text(ZKS_E_NOMEM));
        c->inviting->mute = false;
        zks__inviting_step(c, &(zks__pairing_event){.kind = ZKS_PAIRING_CANCEL});
    }
}

static void feed(zks_client *c, zks__pairing_event_kind kind)
{
    if (c->inviting) {
        zks__inviting_step(c, &(zks__pairing_event){.kind = kind});
    }
}

void zks__inviting_connected(zks_client *c)
{
    if (!c->inviting) {
        return;
    }
    if (!zks__inviting_add_session_relay(c, c->inviting)) {
        zks__op_complete(c->inviting->op, ZKS_E_TOO_LARGE,
                         zks__inviting_refusal_text(ZKS_E_TOO_LARGE));
        feed(c, ZKS_PAIRING_CANCEL);
        return;
    }
    zks__inviting_step(c, &(zks__pairing_event){.kind = ZKS_PAIRING_CONNECTED,
                                                .relay_key = zks__session_peer_key(c->session)});
}

void zks__inviting_lost(zks_client *c, zks_status status)
{
    c->abandoned_opens = 0;
    if (c->inviting) {
        zks__inviting_step(c, &(zks__pairing_event){.kind = ZKS_PAIRING_LOST, .status = status});
    }
}

/* The relay answers in order, so the first answers belong to those that did not wait for them. */
static bool is_abandoned(zks_client *c, const zks__message *m)
{
    bool opened = m->type == ZKS_MESSAGE_MAILBOX_OPEN;
    bool answer = opened ||
                  (m->type == ZKS_MESSAGE_ERROR && m->error.about == ZKS_MESSAGE_MAILBOX_OPEN);
    if (!answer || !c->abandoned_opens) {
        return false;
    }
    c->abandoned_opens--;
    const uint8_t *nameplate = m->mailbox_open.nameplate;
    if (opened && c->session &&
        !(c->inviting && zks__inviter_wants(c->inviting->machine, nameplate))) {
        zks__message close = {.type = ZKS_MESSAGE_MAILBOX_CLOSE,
                              .mailbox_close = {.code = ZKS_WIRE_CODE_CANCELLED}};
        memcpy(close.mailbox_close.nameplate, nameplate, ZKS_NAMEPLATE_BYTES);
        (void)zks__client_send(c, &close);
    }
    return true;
}

void zks__inviting_message(zks_client *c, const zks__message *m)
{
    if (!is_abandoned(c, m) && c->inviting) {
        zks__inviting_step(c, &(zks__pairing_event){.kind = ZKS_PAIRING_MESSAGE, .message = m});
    }
}

bool zks__inviting_is_about(const zks__error_message *m)
{
    return m->about >= ZKS_MESSAGE_MAILBOX_OPEN && m->about <= ZKS_MESSAGE_MAILBOX_CLOSE;
}

uint64_t zks__inviting_next_ms(const zks_client *c)
{
    return c->inviting ? zks__inviter_deadline_ms(c->inviting->machine) : UINT64_MAX;
}

void zks__inviting_tick(zks_client *c)
{
    if (zks__runtime_now_ms(c->runtime) >= zks__inviting_next_ms(c)) {
        feed(c, ZKS_PAIRING_TICK);
    }
}

void zks__inviting_end(zks_client *c)
{
    if (c->inviting) {
        feed(c, ZKS_PAIRING_CANCEL); /* says whether the device may be a member */
    }
}

void zks__inviting_cancel(zks_client *c, zks_op *op)
{
    (void)op;
    feed(c, ZKS_PAIRING_CANCEL);
    zks__client_pump(c);
}

/* --- the user's answer --- */

static void accept_now(zks_client *c, zks_op *op)
{
    (void)op;
    if (c->inviting) {
        zks__inviting_step(c, &(zks__pairing_event){.kind = ZKS_PAIRING_ANSWER, .accept = true});
        zks__client_pump(c);
    }
}

static void decline_now(zks_client *c, zks_op *op)
{
    (void)op;
    feed(c, ZKS_PAIRING_ANSWER);
    zks__client_pump(c);
}

zks_status zks__client_pair_answer(zks_client *c, bool accept)
{
    zks_status status = zks__client_refuse(c);
    if (!status && !atomic_exchange(&c->pair_asked, false)) {
        status = ZKS_E_STATE;
    }
    if (!status) {
        status = zks__client_post(c, accept ? accept_now : decline_now);
        if (status) {
            atomic_store(&c->pair_asked, true);
        }
    }
    return status;
}
