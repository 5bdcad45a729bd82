/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "client/joining.h"

#include "base/alloc.h"
#include "client/internal.h"

#include <stdio.h>
#include <string.h>

/* In the vault: invite and keys are secret. Freed when nothing of the loop refers to it. */
struct zks__joining {
    zks_client *client; /* a reference, from start on */
    zks__pair_invite invite;
    zks_status early; /* the text cannot be read, or cancelled before the start; with a sentence */
    char text[ZKS_PAIR_SENTENCE_BYTES];
    zks__joining_events events;
    void *user;
    zks__joiner *joiner;
    uint8_t key_seed[ZKS_SIGN_SEED_BYTES]; /* of the throw-away TLS key */
    zks__session_keys keys;
    size_t relay_count, relay, host; /* those to try; the one in use */
    zks__address address;
    zks__dial *dial;
    zks__session *session;
    uint64_t ready_due_ms;   /* when the session must be ready; UINT64_MAX: it is */
    zks__pair_bundle bundle; /* its bytes are the joiner's */
    bool storing, ended;
    bool answered; /* the store has said how it went */
    bool lost;     /* while storing: to be told afterwards */
    uv_timer_t timer;
    unsigned uses; /* timer and session */
};

static uint64_t now_of(const zks__joining *j)
{
    return zks__runtime_now_ms(j->client->runtime);
}

/* --- the end ------------------------------------------------------------------------------- */

static void unuse(zks__joining *j)
{
    if (--j->uses) {
        return;
    }
    zks_client *c = j->client;
    zks__joiner_free(j->joiner);
    zks__vault_release(c->runtime->vault, j, sizeof *j);
    zks__client_unref(c);
}

static void timer_closed(uv_handle_t *handle)
{
    unuse(handle->data);
}

/* With code 0 the session sends what is queued first. */
static void finish(zks__joining *j)
{
    j->ended = true;
    j->client->joining = NULL;
    if (j->dial) {
        zks__dial_drop(j->dial);
        j->dial = NULL;
    }
    if (j->session) {
        zks__session_close(j->session, 0, "");
    }
    uv_close((uv_handle_t *)&j->timer, timer_closed);
}

static void fail(zks__joining *j, zks_status status, const char *text)
{
    finish(j);
    j->events.failed(status, text, j->user);
}

/* --- the machine --------------------------------------------------------------------------- */

static void do_action(zks__joining *j, const zks__pairing_action *a)
{
    zks_client *c = j->client;
    switch (a->kind) {
    case ZKS_PAIRING_SEND:
        if (j->session && zks__session_send(j->session, &a->message)) {
            zks__session_close(j->session, ZKS_WIRE_INVALID_MESSAGE, "");
        }
        break;
    case ZKS_PAIRING_SHOW_DIGITS:
        zks__event_digits(c, a->digits);
        break;
    case ZKS_PAIRING_GROUP:
        j->events.group(&a->group, j->user);
        break;
    case ZKS_PAIRING_STORE:
        j->storing = true;
        j->bundle = a->bundle; /* the store reads it on its own thread */
        j->events.store(&j->bundle, c->options.relays[j->relay], zks__session_peer_key(j->session),
                        j->user);
        break;
    case ZKS_PAIRING_ENDED:
        if (a->status && !j->answered) {
            fail(j, a->status, a->text);
        } else {
            finish(j);
        }
        break;
    default: /* the inviter's */
        break;
    }
}

static void arm_timer(zks__joining *j);

static void step(zks__joining *j, zks__pairing_event *e)
{
    uint8_t random[ZKS_PAIRING_RANDOM_BYTES];
    zks__pairing_actions actions;
    const zks__rng *rng = &j->client->runtime->rng;
    if (j->storing || j->ended) {
        return;
    }
    rng->fill(random, sizeof random, rng->user);
    e->random = random;
    e->now_ms = now_of(j);
    zks__joiner_step(j->joiner, e, &actions);
    zks__wipe(random, sizeof random);
    e->random = NULL;
    for (size_t i = 0; i < actions.count; i++) {
        do_action(j, &actions.items[i]);
    }
    if (!j->ended) {
        arm_timer(j);
    }
}

void zks__joining_member(zks__joining *j, zks_status status, zks__slice part, const char *name)
{
    zks__pairing_event e = {.kind = status ? ZKS_PAIRING_CANCEL : ZKS_PAIRING_MEMBER,
                            .bytes = part,
                            .name = {(const uint8_t *)name, strlen(name)}};
    step(j, &e);
}

void zks__joining_stored(zks__joining *j, zks_status status)
{
    zks__pairing_event e = {.kind = ZKS_PAIRING_STORED, .status = status};
    zks__pairing_event lost = {.kind = ZKS_PAIRING_LOST};
    j->storing = false;
    j->answered = true;
    if (j->lost) {
        step(j, &lost);
    }
    step(j, &e);
}

void zks__joining_cancel(zks__joining *j)
{
    zks__pairing_event e = {.kind = ZKS_PAIRING_CANCEL};
    if (j->joiner) {
        step(j, &e);
    } else {
        j->early = ZKS_E_CANCELLED;
        snprintf(j->text, sizeof j->text, "%s", zks__pairing_sentence(false, ZKS_E_CANCELLED));
    }
}

/* --- the connection ------------------------------------------------------------------------ */

static void try_next(zks__joining *j, zks_status status, const char *text);

static void on_ready(zks__session *s, void *user)
{
    zks__joining *j = user;
    zks__pairing_event e = {.kind = ZKS_PAIRING_CONNECTED, .relay_key = zks__session_peer_key(s)};
    j->ready_due_ms = UINT64_MAX;
    step(j, &e);
}

static void on_message(zks__session *s, const zks__message *m, zks__buf *backing, void *user)
{
    (void)s;
    (void)backing;
    zks__pairing_event e = {.kind = ZKS_PAIRING_MESSAGE, .message = m};
    step(user, &e);
}

static void on_drained(zks__session *s, void *user)
{
    (void)s;
    (void)user;
}

static void on_closed(zks__session *s, zks_status status, uint64_t code, const char *text,
                      void *user)
{
    zks__joining *j = user;
    status = status ? status : zks__client_refusal(code);
    const bool was_ready = j->ready_due_ms == UINT64_MAX;
    zks__session_free(s);
    j->session = NULL;
    if (j->storing) {
        j->lost = true;
    } else if (!j->ended && was_ready) {
        zks__pairing_event e = {.kind = ZKS_PAIRING_LOST, .status = status};
        step(j, &e);
    } else if (!j->ended) {
        try_next(j, status, text);
    }
    unuse(j);
}

static void dialled(zks__session *s, void *user)
{
    zks__joining *j = user;
    j->dial = NULL;
    j->session = s;
    j->uses++;
    j->ready_due_ms = now_of(j) + 2 * (uint64_t)j->client->options.connect_timeout_ms;
    arm_timer(j);
}

static void dial_failed(zks_status status, const char *text, void *user)
{
    zks__joining *j = user;
    j->dial = NULL;
    try_next(j, status, text);
}

static zks_status dial(zks__joining *j)
{
    static const zks__session_events events = {on_ready, on_message, on_drained, on_closed};
    const zks__dial_config config = {.host = &j->address.hosts[j->host],
                                     .expected_key = j->address.has_key ? j->address.key : NULL,
                                     .key_seed = j->key_seed,
                                     .keys = &j->keys,
                                     .handshake_ms = j->client->options.connect_timeout_ms,
                                     .events = &events,
                                     .opened = dialled,
                                     .failed = dial_failed,
                                     .user = j};
    return zks__dial_start(j->client, &config, &j->dial);
}

/* From the present relay and host on. status, text: why the last one failed. */
static void connect_from(zks__joining *j, zks_status status, const char *text)
{
    while (j->relay < j->relay_count) {
        const char *problem = NULL;
        zks_status parsed = zks__address_parse(j->client->options.relays[j->relay], &j->address,
                                               &problem);
        if (parsed) {
            status = parsed;
            text = problem;
        } else if (j->host < j->address.host_count) {
            status = dial(j);
            if (!status) {
                return;
            }
            text = zks__status_text(status);
            j->host++;
            continue;
        }
        j->relay++;
        j->host = 0;
    }
    fail(j, status, text);
}

static void try_next(zks__joining *j, zks_status status, const char *text)
{
    char kept[256];
    snprintf(kept, sizeof kept, "%s",
             status == ZKS_E_RESOLVE || status == ZKS_E_BAD_SIGNATURE ? text
                                                                      : zks__status_text(status));
    j->host++;
    connect_from(j, status, kept);
}

static void on_timer(uv_timer_t *timer)
{
    zks__joining *j = timer->data;
    zks__pairing_event e = {.kind = ZKS_PAIRING_TICK};
    if (j->session && now_of(j) >= j->ready_due_ms) {
        j->ready_due_ms = 0; /* not ready, and never will be */
        zks__session_close(j->session, ZKS_WIRE_INVALID_MESSAGE, "");
        return;
    }
    step(j, &e);
}

static void arm_timer(zks__joining *j)
{
    uint64_t now = now_of(j), next = zks__joiner_deadline_ms(j->joiner);
    if (j->session && j->ready_due_ms < next) {
        next = j->ready_due_ms;
    }
    if (next == UINT64_MAX) {
        uv_timer_stop(&j->timer);
        return;
    }
    uv_update_time(&j->client->runtime->loop);
    uv_timer_start(&j->timer, on_timer, next > now ? next - now : 1, 0);
}

/* --- the beginning ------------------------------------------------------------------------- */

/* The relays of a link come first, with their keys. */
static zks_status add_relays(zks_client *c, const zks__pair_invite *v)
{
    zks__client_options *o = &c->options;
    char *all[ZKS_CLIENT_RELAYS_MAX];
    size_t count = 0;
    for (size_t i = 0; i < v->relay_count; i++) {
        char text[ZKS_ADDRESS_TEXT_BYTES];
        const zks__pair_relay *r = &v->relays[i];
        if (!zks__address_with_key(r->address, strlen(r->address), r->key, text)) {
            continue;
        }
        all[count] = zks__strdup(text);
        if (!all[count]) {
            while (count) {
                zks__free(all[--count]);
            }
            return ZKS_E_NOMEM;
        }
        count++;
    }
    for (size_t i = 0; i < o->relay_count; i++) {
        if (count < ZKS_CLIENT_RELAYS_MAX) {
            all[count++] = o->relays[i];
        } else {
            zks__free(o->relays[i]);
        }
    }
    memcpy(o->relays, all, count * sizeof *all);
    o->relay_count = count;
    return ZKS_OK;
}

zks_status zks__joining_new(zks_client *c, const char *text, size_t length,
                            zks__joining **out_joining)
{
    zks__pair_problem problem;
    zks__joining *j = zks__vault_alloc(c->runtime->vault, sizeof *j);
    if (!j) {
        return ZKS_E_NOMEM;
    }
    j->client = c;
    j->early = zks__pair_read(text, length, &j->invite, &problem);
    if (j->early) {
        zks__pair_explain(j->early, &problem, j->text);
    }
    zks_status status = j->early ? ZKS_OK : add_relays(c, &j->invite);
    if (status) {
        zks__joining_discard(j);
        return status;
    }
    /* A link's own; with a code any of the client's may hold the mailbox. */
    j->relay_count = j->invite.kind == ZKS_PAIR_LINK ? j->invite.relay_count
                                                     : c->options.relay_count;
    if (j->relay_count > c->options.relay_count) {
        j->relay_count = c->options.relay_count;
    }
    *out_joining = j;
    return ZKS_OK;
}

zks_status zks__joining_problem(const zks__joining *j, const char **out_text)
{
    *out_text = j->text;
    return j->early;
}

void zks__joining_discard(zks__joining *j)
{
    if (j) {
        zks__vault_release(j->client->runtime->vault, j, sizeof *j);
    }
}

void zks__joining_start(zks__joining *j, const zks__joining_events *events, void *user)
{
    zks_client *c = j->client;
    const zks__rng *rng = &c->runtime->rng;
    j->events = *events;
    j->user = user;
    zks__client_ref(c);
    uv_timer_init(&c->runtime->loop, &j->timer);
    j->timer.data = j;
    j->uses = 1;
    zks_status status = j->early ? j->early : zks__joiner_new(&j->invite, &j->joiner);
    if (status) {
        fail(j, status, j->early ? j->text : zks__status_text(status));
        return;
    }
    rng->fill(j->key_seed, sizeof j->key_seed, rng->user);
    zks__session_keys_fresh(zks__crypto_suite(j->invite.suite), rng, &j->keys);
    connect_from(j, ZKS_E_CONFIG,
                 "no relay is configured; give the one that the other device uses");
}
