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
#include "client/internal.h"

#include "base/alloc.h"
#include "client/offer.h"

#include <stdio.h>
#include <string.h>

typedef struct admit_job admit_job;

typedef struct zks__inviting {
    zks__inviter *machine;
    zks_op *op;       /* a reference */
    admit_job *admit; /* under way; NULL: none */
    bool mute;        /* there was no memory for an event that the user needs */
    bool has_device;
    uint8_t *device; /* for the op */
    bool chosen;     /* a code of the app's, whose digest is: */
    uint8_t code[ZKS_HASH_BYTES];
    size_t relay_count;
    zks__pair_relay relays[ZKS_CLIENT_RELAYS_MAX]; /* the one in use first */
} zks__inviting;

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

/* Why it cannot begin or go on, as a sentence; NULL: the status says it. */
static const char *refusal_text(zks_status status)
{
    switch (status) {
    case ZKS_E_BUSY:
        return "a pairing code is being shown already: wait, or cancel it";
    case ZKS_E_CODE_USED:
        return "this code has been used or tried before: make a new one";
    case ZKS_E_UNAUTHORIZED:
        return "this device may not let others in with these rights: ask a device that may, or "
               "give fewer rights (in a group with a shared secret there are none)";
    case ZKS_E_UNSUPPORTED:
        return "a group of approved algorithms is joined by a link, not by a code";
    case ZKS_E_TOO_LARGE:
        return "the relay's address is too long for a pairing: configure one of at most 255 "
               "characters";
    default:
        return NULL;
    }
}

/* --- the end --- */

static void free_inviting(zks__inviting *i)
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
    free_inviting(i);
}

/* --- steps --- */

static void commit(zks_client *c, const zks__pairing_action *a);

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
        commit(c, a);
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
static void step(zks_client *c, zks__pairing_event *e)
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
        step(c, &(zks__pairing_event){.kind = ZKS_PAIRING_CANCEL});
    }
}

static void feed(zks_client *c, zks__pairing_event_kind kind)
{
    if (c->inviting) {
        step(c, &(zks__pairing_event){.kind = kind});
    }
}

/* The relay in use is among those that the other device is told. */
static bool add_session_relay(zks_client *c, zks__inviting *i);

void zks__inviting_connected(zks_client *c)
{
    if (!c->inviting) {
        return;
    }
    if (!add_session_relay(c, c->inviting)) {
        zks__op_complete(c->inviting->op, ZKS_E_TOO_LARGE, refusal_text(ZKS_E_TOO_LARGE));
        feed(c, ZKS_PAIRING_CANCEL);
        return;
    }
    step(c, &(zks__pairing_event){.kind = ZKS_PAIRING_CONNECTED,
                                  .relay_key = zks__session_peer_key(c->session)});
}

void zks__inviting_lost(zks_client *c, zks_status status)
{
    c->abandoned_opens = 0;
    if (c->inviting) {
        step(c, &(zks__pairing_event){.kind = ZKS_PAIRING_LOST, .status = status});
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
        step(c, &(zks__pairing_event){.kind = ZKS_PAIRING_MESSAGE, .message = m});
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

static void cancel(zks_client *c, zks_op *op)
{
    (void)op;
    feed(c, ZKS_PAIRING_CANCEL);
    zks__client_pump(c);
}

/* --- letting the device in --- */

struct admit_job {
    zks__client_job base;
    zks_status judged;
    size_t half_length;
    uint8_t half[ZKS_PAIR_PART_MAX_BYTES]; /* of the MEMBER */
    char name[ZKS_PAIR_NAME_MAX_BYTES + 1];
    size_t relay_count;
    zks__pair_relay relays[ZKS_CLIENT_RELAYS_MAX];
    zks__admission made;
    bool at_relay;   /* it has the MEMBER */
    uint8_t *bundle; /* secret */
    size_t bundle_length;
};

/* Says how it went, unless the pairing is over. */
static void committed(admit_job *j, zks_status status)
{
    zks_client *c = j->base.client;
    if (c->inviting && c->inviting->admit == j) {
        c->inviting->admit = NULL;
        step(c, &(zks__pairing_event){.kind = ZKS_PAIRING_COMMITTED,
                                      .status = status,
                                      .accept = j->at_relay,
                                      .bytes = {j->bundle, j->bundle_length}});
        zks__client_pump(c);
    }
    if (j->bundle) {
        zks__wipe(j->bundle, j->bundle_length);
    }
    zks__free(j->bundle);
    zks__admission_done(&j->made);
    zks__client_job_free(&j->base);
}

/* Refusals are facts, and no reason to roll back what others store: hence `judged`. */
static zks_status run_bundle(zks__job *job)
{
    admit_job *j = (admit_job *)job;
    j->judged = zks__ledger_bundle(j->base.client->ledger, j->made.device, j->relays,
                                   j->relay_count, &j->bundle, &j->bundle_length);
    return ZKS_OK;
}

static void finish_bundle(zks__job *job)
{
    admit_job *j = (admit_job *)job;
    committed(j, job->status ? job->status : j->judged);
}

static void bundle(admit_job *j)
{
    j->base.job.run = run_bundle;
    j->base.job.finish = finish_bundle;
    zks__client_job_start(&j->base);
}

static void offered(zks_client *c, zks_status status, const char *text, void *user)
{
    admit_job *j = user;
    (void)c;
    (void)text; /* the pairing has its own sentences */
    /* What the store cannot keep, the relay has. */
    j->at_relay = !status || zks__status_is_of_store(status);
    if (status) {
        committed(j, status);
    } else {
        bundle(j);
    }
}

static zks_status run_admit(zks__job *job)
{
    admit_job *j = (admit_job *)job;
    j->judged = zks__ledger_admit(j->base.client->ledger, (zks__slice){j->half, j->half_length},
                                  j->name, &j->made);
    return ZKS_OK;
}

static void finish_admit(zks__job *job)
{
    admit_job *j = (admit_job *)job;
    zks_client *c = j->base.client;
    zks_status status = job->status ? job->status : j->judged;
    bool wanted = c->inviting && c->inviting->admit == j;
    if (!status && wanted) {
        zks__slice records[ZKS_COUNTOF(j->made.records)];
        for (size_t i = 0; i < j->made.count; i++) {
            records[i] = (zks__slice){j->made.records[i]->data, j->made.records[i]->length};
        }
        memcpy(c->inviting->device, j->made.device, ZKS_DEVICE_ID_BYTES);
        c->inviting->has_device = true;
        if (!j->made.count) {
            bundle(j);
            return;
        }
        status = zks__client_offer(c, ZKS_RECORDS_PUT, records, j->made.count, offered, j);
        if (!status) {
            return;
        }
    }
    committed(j, status);
}

static void commit(zks_client *c, const zks__pairing_action *a)
{
    zks__inviting *i = c->inviting;
    admit_job *j = zks__client_job_new(c, sizeof *j, ZKS_JOB_PLAIN, run_admit, finish_admit);
    if (!j) {
        step(c, &(zks__pairing_event){.kind = ZKS_PAIRING_COMMITTED, .status = ZKS_E_NOMEM});
        return;
    }
    memcpy(j->half, a->bytes.data, a->bytes.length);
    j->half_length = a->bytes.length;
    snprintf(j->name, sizeof j->name, "%s", a->text);
    memcpy(j->relays, i->relays, sizeof j->relays);
    j->relay_count = i->relay_count;
    i->admit = j;
    zks__client_job_start(&j->base);
}

/* --- begin --- */

typedef struct begin_job {
    zks__client_job base;
    zks_op *op; /* a reference */
    zks__pair_kind kind;
    bool chosen;
    zks__pair_invite code; /* chosen: that one; wiped with the job */
    uint8_t rights;
    uint32_t life_ms;
    zks_status judged;
    zks__pair_group group;
    zks__buf *genesis;
    zks_status found[ZKS_CLIENT_RELAYS_MAX]; /* of the keys of the relays */
    uint8_t keys[ZKS_CLIENT_RELAYS_MAX][32];
} begin_job;

static zks_status run_begin(zks__job *job)
{
    begin_job *j = (begin_job *)job;
    const zks_client *c = j->base.client;
    j->judged = zks__ledger_invitation(c->ledger, j->rights, &j->group, &j->genesis);
    for (size_t k = 0; k < c->options.relay_count; k++) {
        j->found[k] = zks__ledger_relay_key(c->ledger, c->options.relays[k], j->keys[k]);
    }
    return ZKS_OK;
}

static bool add_relay(zks__inviting *i, const char *address, const uint8_t key[32])
{
    zks__pair_relay *to = &i->relays[i->relay_count];
    size_t length = strlen(address);
    address = zks__address_without_key(address, &length);
    if (length >= sizeof to->address) {
        return false;
    }
    snprintf(to->address, sizeof to->address, "%s", address);
    memcpy(to->key, key, sizeof to->key);
    i->relay_count++;
    return true;
}

static bool has_relay(const zks__inviting *i, const uint8_t key[32])
{
    for (size_t k = 0; k < i->relay_count; k++) {
        if (memcmp(i->relays[k].key, key, sizeof i->relays[k].key) == 0) {
            return true;
        }
    }
    return false;
}

static bool add_session_relay(zks_client *c, zks__inviting *i)
{
    const uint8_t *key = zks__session_peer_key(c->session);
    if (has_relay(i, key)) {
        return true;
    }
    i->relay_count -= i->relay_count == ZKS_COUNTOF(i->relays); /* it counts more than the last */
    return add_relay(i, c->options.relays[zks__sync_relay(c->sync)], key);
}

static bool add_relays(zks_client *c, const begin_job *j, zks__inviting *i)
{
    const bool connected = zks__client_is_connected(c);
    const size_t active = connected ? zks__sync_relay(c->sync) : SIZE_MAX;
    bool fits = !connected || add_session_relay(c, i);
    for (size_t k = 0; fits && k < c->options.relay_count; k++) {
        if (k != active && !j->found[k]) { /* one relay may have several addresses */
            (void)add_relay(i, c->options.relays[k], j->keys[k]);
        }
    }
    return fits;
}

static zks_status new_inviting(zks_client *c, const begin_job *j, zks__inviting **out)
{
    zks__inviting *i = zks__alloc_zero(1, sizeof *i);
    if (!i) {
        return ZKS_E_NOMEM;
    }
    i->device = zks__alloc(ZKS_DEVICE_ID_BYTES);
    zks_status status = !i->device ? ZKS_E_NOMEM : !add_relays(c, j, i) ? ZKS_E_TOO_LARGE : ZKS_OK;
    if (!status) {
        size_t most = i->relay_count < ZKS_PAIR_RELAYS_MAX ? i->relay_count : ZKS_PAIR_RELAYS_MAX;
        const zks__inviter_config config = {.kind = j->kind,
                                            .code = j->chosen ? &j->code : NULL,
                                            .group = j->group,
                                            .relays = i->relays,
                                            .relay_count = most,
                                            .life_ms = j->life_ms};
        status = zks__inviter_new(&config, &i->machine);
    }
    if (status) {
        free_inviting(i);
        return status;
    }
    *out = i;
    return ZKS_OK;
}

/* A code that somebody has tried must not be tried again: only its digest is kept. */
static void code_digest(const zks__pair_invite *v, uint8_t out[ZKS_HASH_BYTES])
{
    char text[ZKS_PAIR_CODE_TEXT_BYTES];
    zks__pair_code_text(v, text);
    zks__crypto_sha256((const uint8_t *)text, strlen(text), out);
    zks__wipe(text, sizeof text);
}

static bool is_spent(const zks_client *c, const uint8_t code[ZKS_HASH_BYTES])
{
    size_t most = ZKS_COUNTOF(c->spent_codes);
    for (size_t k = 0; k < most && k < c->spent_count; k++) {
        if (memcmp(c->spent_codes[k], code, ZKS_HASH_BYTES) == 0) {
            return true;
        }
    }
    return false;
}

static zks_status may_start(const zks_client *c, const begin_job *j,
                            const uint8_t code[ZKS_HASH_BYTES])
{
    if (c->stopping || zks__op_is_done(j->op)) {
        return ZKS_E_CANCELLED;
    }
    if (c->inviting) {
        return ZKS_E_BUSY;
    }
    if (j->chosen) { /* its connection may come later */
        return is_spent(c, code) ? ZKS_E_CODE_USED : ZKS_OK;
    }
    return zks__client_is_connected(c) ? ZKS_OK : ZKS_E_NOT_CONNECTED;
}

static zks_status start(zks_client *c, begin_job *j)
{
    zks__inviting *i = NULL;
    uint8_t code[ZKS_HASH_BYTES];
    code_digest(&j->code, code);
    zks_status status = may_start(c, j, code);
    if (!status) {
        status = new_inviting(c, j, &i);
    }
    if (!status) {
        zks__op_ref(j->op);
        i->op = j->op;
        i->op->on_cancel = cancel;
        i->chosen = j->chosen;
        memcpy(i->code, code, sizeof i->code);
        c->inviting = i;
        zks__log_write(&c->runtime->log, ZKS_LOG_LEVEL_INFO, "pairing_begun kind=%d chosen=%d",
                       (int)j->kind, j->chosen);
        if (zks__client_is_connected(c)) {
            zks__inviting_connected(c);
            zks__client_pump(c);
        }
    }
    return status;
}

static void finish_begin(zks__job *job)
{
    begin_job *j = (begin_job *)job;
    zks_client *c = j->base.client;
    const char *text = NULL;
    zks_status status = zks__client_job_status(c, job->status, &text);
    status = status ? status : j->judged;
    status = status ? status : start(c, j);
    if (status) {
        text = text ? text : refusal_text(status);
        zks__op_complete(j->op, status, text ? text : zks__status_text(status));
    }
    zks__buf_unref(j->genesis);
    zks__op_free(j->op);
    zks__wipe(&j->code, sizeof j->code);
    zks__client_job_free(&j->base);
}

static zks_status begin(zks_client *c, zks__pair_kind kind, const zks__pair_invite *code,
                        uint8_t rights, uint32_t life_s, zks_done_fn done, void *user,
                        zks_op **out_op)
{
    zks_status status = zks__client_refuse(c);
    if (!status && !c->event) {
        status = ZKS_E_STATE;
    }
    if (status) {
        return status;
    }
    begin_job *j = zks__client_job_new(c, sizeof *j, ZKS_JOB_PLAIN, run_begin, finish_begin);
    status = j ? zks__op_create(c->runtime, c->queue, c, done, user, &j->op) : ZKS_E_NOMEM;
    if (!status) {
        j->kind = kind;
        j->chosen = code != NULL;
        if (code) {
            j->code = *code;
        }
        j->rights = rights;
        j->life_ms = life_s * 1000;
        status = zks__client_submit_op(c, &j->base.job, j->op, out_op);
    }
    if (status && j) {
        zks__wipe(&j->code, sizeof j->code);
        zks__client_job_free(&j->base);
    }
    return status;
}

zks_status zks__client_pair_begin(zks_client *c, int32_t kind, uint8_t rights, uint32_t life_s,
                                  zks_done_fn done, void *user, zks_op **out_op)
{
    return begin(c, (zks__pair_kind)kind, NULL, rights, life_s, done, user,
                 out_op); /* the same numbers */
}

zks_status zks__client_pair_begin_code(zks_client *c, const char *text, size_t length,
                                       uint8_t rights, uint32_t life_s, zks_done_fn done,
                                       void *user, zks_op **out_op)
{
    zks__pair_invite code;
    zks__pair_problem problem;
    zks_status status = zks__pair_read(text, length, &code, &problem);
    if (status) {
        return status;
    }
    status = code.kind == ZKS_PAIR_CODE
                 ? begin(c, ZKS_PAIR_CODE, &code, rights, life_s, done, user, out_op)
                 : ZKS_E_INVALID;
    zks__wipe(&code, sizeof code);
    return status;
}

_Static_assert((int)ZKS_PAIR_CODE_TEXT_BYTES == (int)ZKS_SIZE_PAIR_CODE, "as the app has room for");

zks_status zks__client_pair_code_new(char out_code[ZKS_SIZE_PAIR_CODE])
{
    uint8_t random[ZKS_PAIR_CHOOSE_RANDOM_BYTES];
    zks__pair_invite code;
    zks_status status = zks__crypto_init();
    if (status) {
        return status;
    }
    const zks__rng rng = zks__crypto_rng();
    do {
        rng.fill(random, sizeof random, rng.user);
    } while (!zks__pair_choose(random, &code));
    zks__pair_code_text(&code, out_code);
    zks__wipe(random, sizeof random);
    zks__wipe(&code, sizeof code);
    return ZKS_OK;
}

/* --- the user's answer --- */

static void accept_now(zks_client *c, zks_op *op)
{
    (void)op;
    if (c->inviting) {
        step(c, &(zks__pairing_event){.kind = ZKS_PAIRING_ANSWER, .accept = true});
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
