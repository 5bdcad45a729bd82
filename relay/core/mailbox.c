/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "relay/core/mailbox.h"

#include "base/alloc.h"

#define MS_NS 1000000ull

enum { CHECK_MS = 200, PICKS_MAX = 64 };

struct zks__mailbox {
    zks__node node;    /* all, in the order of opening */
    zks__node of_peer; /* the inviter's */
    zks__mailboxes *all;
    uint8_t nameplate[ZKS_NAMEPLATE_BYTES];
    uint8_t group_id[ZKS_GROUP_ID_BYTES];
    uint8_t device[ZKS_DEVICE_ID_BYTES];
    uint32_t gone;      /* ZKS_WIRE_*: why it ended; 0: it has not */
    zks__peer *inviter; /* NULL: away */
    zks__peer *joiner;  /* NULL: nobody has it */
    uint64_t end_ns, away_ns, lock_ns;
    bool held; /* the lock stays */
    uint32_t attempt;
    unsigned puts_joiner, puts_inviter; /* of this attempt */
    size_t first_length;                /* 0: there is none yet */
    uint8_t first[ZKS_RELAY_MAILBOX_FIRST_BYTES];
};

/* How often an address asks. */
typedef struct asker {
    zks__node node; /* least recently used first */
    uint64_t tat_ns;
    uint8_t address[ZKS_LINK_SUBJECT_BYTES];
    size_t length;
} asker;

struct zks__mailboxes {
    zks__router *router;
    zks__map *by_nameplate;
    zks__list boxes;
    size_t count;
    uint64_t check_ns;
    zks__map *by_address;
    zks__list askers;
    size_t asker_count;
};

/* --- memory ----------------------------------------------------------------------- */

zks__mailboxes *zks__mailboxes_new(zks__router *r)
{
    uint8_t seed[32];
    zks__mailboxes *all = zks__alloc_zero(1, sizeof *all);
    if (!all) {
        return NULL;
    }
    r->rng.fill(seed, sizeof seed, r->rng.user);
    all->router = r;
    zks__list_init(&all->boxes);
    zks__list_init(&all->askers);
    all->by_nameplate = zks__map_new(seed);
    all->by_address = zks__map_new(seed + 16);
    if (!all->by_nameplate || !all->by_address) {
        zks__mailboxes_free(all);
        return NULL;
    }
    return all;
}

static void box_free(zks__mailbox *b)
{
    (void)zks__map_remove(b->all->by_nameplate, b->nameplate, sizeof b->nameplate);
    zks__list_remove(&b->node);
    zks__list_remove(&b->of_peer);
    b->all->count--;
    zks__wipe(b, sizeof *b);
    zks__free(b);
}

static void asker_free(zks__mailboxes *all, asker *a)
{
    (void)zks__map_remove(all->by_address, a->address, a->length);
    zks__list_remove(&a->node);
    all->asker_count--;
    zks__free(a);
}

void zks__mailboxes_free(zks__mailboxes *all)
{
    if (!all) {
        return;
    }
    for (zks__node *n; (n = zks__list_first(&all->boxes));) {
        box_free(ZKS_CONTAINER(n, zks__mailbox, node));
    }
    for (zks__node *n; (n = zks__list_first(&all->askers));) {
        asker_free(all, ZKS_CONTAINER(n, asker, node));
    }
    zks__map_free(all->by_nameplate);
    zks__map_free(all->by_address);
    zks__free(all);
}

/* --- telling ---------------------------------------------------------------------- */

static void send_close(zks__peer *p, const zks__mailbox *b, uint32_t attempt, uint32_t code)
{
    zks__message m = {.type = ZKS_MESSAGE_MAILBOX_CLOSE};
    memcpy(m.mailbox_close.nameplate, b->nameplate, sizeof b->nameplate);
    m.mailbox_close.attempt = attempt;
    m.mailbox_close.code = code;
    zks__peer_send(p, &m);
}

static void send_put(zks__peer *p, const zks__mailbox *b, const uint8_t *data, size_t length)
{
    zks__message m = {.type = ZKS_MESSAGE_MAILBOX_PUT};
    memcpy(m.mailbox_put.nameplate, b->nameplate, sizeof b->nameplate);
    m.mailbox_put.attempt = b->attempt;
    m.mailbox_put.data = (zks__slice){.data = data, .length = length};
    zks__peer_send(p, &m);
}

static void note(const zks__mailbox *b, const char *what)
{
    const zks__log *log = b->all->router->log;
    zks__log_write(log, ZKS_LOG_LEVEL_INFO, "%s group=%s peer=%s attempt=%u", what,
                   zks__log_redact(log, b->group_id, sizeof b->group_id).text,
                   zks__log_redact(log, b->device, sizeof b->device).text, (unsigned)b->attempt);
}

/* --- ends ------------------------------------------------------------------------- */

/* Takes the mailbox from its joiner, whose session ends when it has heard why. */
static void let_joiner_go(zks__mailbox *b, uint32_t code, bool tell)
{
    zks__peer *joiner = b->joiner;
    b->joiner = NULL;
    if (!joiner) {
        return;
    }
    joiner->mailbox = NULL;
    if (tell) {
        send_close(joiner, b, b->attempt, code);
        zks__peer_bye(joiner, 0, 0, "the pairing attempt is over");
    }
}

static void attempt_over(zks__mailbox *b, uint32_t code, bool tell_joiner)
{
    let_joiner_go(b, code, tell_joiner);
    if (b->inviter) {
        send_close(b->inviter, b, b->attempt, code);
    }
    b->attempt++;
    b->held = false;
    b->puts_joiner = b->puts_inviter = 0;
    b->first_length = 0;
}

/* `code`: what the joiner hears. The nameplate stays taken, with the reason. */
static void box_over(zks__mailbox *b, uint32_t code, uint32_t reason)
{
    let_joiner_go(b, code, true);
    zks__list_remove(&b->of_peer);
    b->inviter = NULL;
    b->gone = reason;
    b->first_length = 0;
    b->end_ns += ZKS_MAILBOX_LIFE_S * 1000 * MS_NS;
    note(b, "mailbox.over");
}

static void box_away(zks__mailbox *b, uint64_t now_ns)
{
    zks__list_remove(&b->of_peer);
    b->inviter = NULL;
    b->away_ns = now_ns + ZKS_RELAY_MAILBOX_AWAY_MS * MS_NS;
    if (b->joiner) {
        attempt_over(b, ZKS_WIRE_BUSY, true);
    }
    b->puts_inviter = 0; /* it comes back with a new first message */
    b->first_length = 0;
}

void zks__mailbox_peer_closed(zks__peer *p)
{
    zks__mailbox *b = p->mailbox;
    if (b) {
        p->mailbox = NULL;
        attempt_over(b, ZKS_WIRE_BUSY, false);
    }
    for (zks__node *n; (n = zks__list_first(&p->mailboxes));) {
        box_away(ZKS_CONTAINER(n, zks__mailbox, of_peer), zks__router_now_ns(p->router));
    }
}

static bool owned_by(const zks__mailbox *b, const uint8_t *group_id, const uint8_t *device)
{
    return memcmp(b->device, device, sizeof b->device) == 0 &&
           memcmp(b->group_id, group_id, sizeof b->group_id) == 0;
}

/* Judged again at each message, since a record may have taken the right away meanwhile. */
static bool may_invite(const zks__router *r, const zks__rgroup *g, const uint8_t *device)
{
    return zks__records_member(g->set, device, zks__router_unix_ms(r) / 1000) &&
           zks__records_may_invite(g->set, device);
}

static bool peer_may_invite(const zks__peer *p)
{
    return may_invite(p->router, p->group, zks__peer_device(p));
}

void zks__mailboxes_enforce(zks__mailboxes *all, const zks__rgroup *g)
{
    for (zks__node *n = zks__list_first(&all->boxes); n; n = zks__list_next(&all->boxes, n)) {
        zks__mailbox *b = ZKS_CONTAINER(n, zks__mailbox, node);
        if (!b->gone && memcmp(b->group_id, g->id, sizeof b->group_id) == 0 &&
            !may_invite(all->router, g, b->device)) {
            box_over(b, ZKS_WIRE_CODE_CANCELLED, ZKS_WIRE_CODE_CANCELLED);
        }
    }
}

static void check(zks__mailbox *b, uint64_t now_ns)
{
    if (b->gone) {
        if (now_ns >= b->end_ns) {
            box_free(b);
        }
    } else if (now_ns >= b->end_ns) {
        if (b->inviter) {
            send_close(b->inviter, b, 0, ZKS_WIRE_CODE_EXPIRED);
        }
        box_over(b, ZKS_WIRE_CODE_EXPIRED, ZKS_WIRE_CODE_EXPIRED);
    } else if (!b->inviter && now_ns >= b->away_ns) {
        box_over(b, ZKS_WIRE_CODE_CANCELLED, ZKS_WIRE_CODE_CANCELLED);
    } else if (b->joiner && !b->held && now_ns >= b->lock_ns) {
        note(b, "mailbox.lock_over");
        attempt_over(b, ZKS_WIRE_BUSY, true);
    }
}

void zks__mailboxes_tick(zks__mailboxes *all, uint64_t now_ns)
{
    if (now_ns < all->check_ns) {
        return;
    }
    all->check_ns = now_ns + CHECK_MS * MS_NS;
    for (zks__node *n = zks__list_first(&all->boxes); n;) {
        zks__node *next = zks__list_next(&all->boxes, n);
        check(ZKS_CONTAINER(n, zks__mailbox, node), now_ns);
        n = next;
    }
    /* An address whose rate is whole again is as good as one never seen. */
    for (zks__node *n; (n = zks__list_first(&all->askers));) {
        asker *a = ZKS_CONTAINER(n, asker, node);
        if (a->tat_ns > now_ns) {
            break;
        }
        asker_free(all, a);
    }
}

bool zks__mailboxes_idle(const zks__mailboxes *all)
{
    return zks__list_empty(&all->boxes);
}

/* --- the rate of an address --------------------------------------------------------- */

/* 0, or the ms after which this address may ask again. A link without an address (there is none)
 * shares one rate with all such. */
static uint32_t take_turn(zks__mailboxes *all, const zks__peer *p, uint64_t now_ns)
{
    asker *a = zks__map_get(all->by_address, p->address, p->address_length);
    if (a) {
        zks__list_remove(&a->node);
    } else {
        if (all->asker_count >= ZKS_RELAY_MAILBOX_ASKERS) {
            asker_free(all, ZKS_CONTAINER(zks__list_first(&all->askers), asker, node));
        }
        a = zks__alloc_zero(1, sizeof *a);
        if (!a) {
            return ZKS_RELAY_RATE_RETRY_MS;
        }
        memcpy(a->address, p->address, p->address_length);
        a->length = p->address_length;
        if (zks__map_put(all->by_address, a->address, a->length, a)) {
            zks__free(a);
            return ZKS_RELAY_RATE_RETRY_MS;
        }
        all->asker_count++;
    }
    zks__list_append(&all->askers, &a->node);
    return zks__rate_take(&a->tat_ns, now_ns, all->router->config->mailbox_gets_per_minute, 1);
}

/* --- MAILBOX_OPEN ------------------------------------------------------------------ */

static zks__mailbox *find(const zks__mailboxes *all, const uint8_t nameplate[ZKS_NAMEPLATE_BYTES])
{
    return zks__map_get(all->by_nameplate, nameplate, ZKS_NAMEPLATE_BYTES);
}

static void refuse_open(zks__peer *p, uint32_t code, const char *text)
{
    zks__peer_error(p, code, ZKS_MESSAGE_MAILBOX_OPEN, zks__retry_of(code), text);
}

static void answer_open(zks__peer *p, const zks__mailbox *b, uint64_t now_ns)
{
    zks__message m = {.type = ZKS_MESSAGE_MAILBOX_OPEN};
    memcpy(m.mailbox_open.nameplate, b->nameplate, sizeof b->nameplate);
    m.mailbox_open.life_ms = (uint32_t)((b->end_ns - now_ns) / MS_NS);
    m.mailbox_open.attempt = b->attempt;
    zks__peer_send(p, &m);
}

/* A nameplate that nobody has. false: chance or a full relay. */
static bool pick(zks__mailboxes *all, uint8_t out[ZKS_NAMEPLATE_BYTES])
{
    static const char alphabet[] = ZKS_CODE_ALPHABET;
    zks__rng rng = all->router->rng;
    for (int i = 0; i < PICKS_MAX; i++) {
        uint8_t random[ZKS_NAMEPLATE_BYTES];
        rng.fill(random, sizeof random, rng.user);
        for (size_t k = 0; k < sizeof random; k++) {
            out[k] = (uint8_t)alphabet[random[k] & 31];
        }
        if (!find(all, out)) {
            return true;
        }
    }
    return false;
}

/* The oldest nameplate that is only kept for its reason goes for a new one. */
static bool make_room(zks__mailboxes *all)
{
    if (all->count < all->router->config->mailboxes) {
        return true;
    }
    for (zks__node *n = zks__list_first(&all->boxes); n; n = zks__list_next(&all->boxes, n)) {
        zks__mailbox *b = ZKS_CONTAINER(n, zks__mailbox, node);
        if (b->gone) {
            box_free(b);
            return true;
        }
    }
    return false;
}

/* Live ones of this device and of its group. */
static void count_owned(const zks__mailboxes *all, const zks__peer *p, size_t *of_device,
                        size_t *of_group)
{
    *of_device = *of_group = 0;
    for (zks__node *n = zks__list_first(&all->boxes); n; n = zks__list_next(&all->boxes, n)) {
        const zks__mailbox *b = ZKS_CONTAINER(n, zks__mailbox, node);
        bool same = !b->gone && memcmp(b->group_id, p->group->id, sizeof b->group_id) == 0;
        *of_group += same;
        *of_device += same && memcmp(b->device, zks__peer_device(p), sizeof b->device) == 0;
    }
}

/* chosen: the device's own nameplate, which nobody has; NULL: one is picked. */
static zks__mailbox *box_new(zks__peer *p, const uint8_t *chosen)
{
    zks__mailboxes *all = p->router->mailboxes;
    zks__mailbox *b = zks__alloc_zero(1, sizeof *b);
    if (b && chosen) {
        memcpy(b->nameplate, chosen, sizeof b->nameplate);
    }
    if (!b || (!chosen && !pick(all, b->nameplate)) ||
        zks__map_put(all->by_nameplate, b->nameplate, sizeof b->nameplate, b)) {
        zks__free(b);
        return NULL;
    }
    b->all = all;
    b->inviter = p;
    b->attempt = 1;
    memcpy(b->group_id, p->group->id, sizeof b->group_id);
    memcpy(b->device, zks__peer_device(p), sizeof b->device);
    zks__list_append(&all->boxes, &b->node);
    zks__list_append(&p->mailboxes, &b->of_peer);
    all->count++;
    return b;
}

static void open_new(zks__peer *p, const zks__mailbox_open *m, const uint8_t *chosen,
                     uint64_t now_ns)
{
    zks__mailboxes *all = p->router->mailboxes;
    size_t of_device, of_group;
    count_owned(all, p, &of_device, &of_group);
    if (of_device >= ZKS_RELAY_MAILBOXES_PER_DEVICE || of_group >= ZKS_RELAY_MAILBOXES_PER_GROUP) {
        refuse_open(p, ZKS_WIRE_RATE_LIMITED, "too many pairing codes at once: close one first");
        return;
    }
    zks__mailbox *b = make_room(all) ? box_new(p, chosen) : NULL;
    if (!b) {
        refuse_open(p, ZKS_WIRE_RELAY_OVERLOADED, "this relay has no mailbox left");
        return;
    }
    uint32_t most = ZKS_MAILBOX_LIFE_S * 1000;
    b->end_ns = now_ns + (m->life_ms && m->life_ms < most ? m->life_ms : most) * MS_NS;
    note(b, "mailbox.opened");
    answer_open(p, b, now_ns);
    zks__router_arm(p->router);
}

static bool nameplate_valid(const uint8_t nameplate[ZKS_NAMEPLATE_BYTES])
{
    for (size_t i = 0; i < ZKS_NAMEPLATE_BYTES; i++) {
        if (!nameplate[i] || !strchr(ZKS_CODE_ALPHABET, nameplate[i])) {
            return false;
        }
    }
    return true;
}

/* A claim tells whether somebody has that nameplate, as GET does, so it counts as one. Then `b` is
 * NULL: nobody has it. */
static void open_chosen(zks__peer *p, const zks__mailbox *b, const zks__mailbox_open *m,
                        uint64_t now_ns)
{
    uint32_t wait_ms = take_turn(p->router->mailboxes, p, now_ns);
    if (wait_ms) {
        zks__peer_error(p, ZKS_WIRE_RATE_LIMITED, ZKS_MESSAGE_MAILBOX_OPEN, wait_ms,
                        "too many codes were tried from this address");
    } else if (b) {
        refuse_open(p, ZKS_WIRE_BUSY, "another device has a code that begins so");
    } else if (!nameplate_valid(m->nameplate)) {
        refuse_open(p, ZKS_WIRE_INVALID_MESSAGE, "no code begins so");
    } else {
        open_new(p, m, m->nameplate, now_ns);
    }
}

/* The same device after a reconnect, or from its other session; or one that has chosen its code
 * itself, or comes back after this relay was restarted. */
static void open_named(zks__peer *p, const zks__mailbox_open *m, uint64_t now_ns)
{
    zks__mailbox *b = find(p->router->mailboxes, m->nameplate);
    if (!b || !owned_by(b, p->group->id, zks__peer_device(p))) {
        open_chosen(p, b, m, now_ns);
        return;
    }
    if (b->gone) {
        refuse_open(p, b->gone, "this mailbox is closed");
        return;
    }
    if (b->inviter != p) {
        if (b->inviter) {
            box_away(b, now_ns);
        }
        b->inviter = p;
        zks__list_append(&p->mailboxes, &b->of_peer);
    }
    answer_open(p, b, now_ns);
}

static void on_open(zks__peer *p, const zks__mailbox_open *m)
{
    static const uint8_t zeros[ZKS_NAMEPLATE_BYTES];
    uint64_t now_ns = zks__router_now_ns(p->router);
    if (!peer_may_invite(p)) {
        refuse_open(p, ZKS_WIRE_UNAUTHORIZED, "this device may not invite others");
    } else if (memcmp(m->nameplate, zeros, sizeof zeros) == 0) {
        open_new(p, m, NULL, now_ns);
    } else {
        open_named(p, m, now_ns);
    }
}

/* --- PUT and CLOSE of the inviter --------------------------------------------------- */

/* The device's own mailbox; tells it where there is none. What is closed already takes nothing
 * amiss: both sides may end it at the same time. */
static zks__mailbox *own_box(zks__peer *p, uint8_t about, const uint8_t *nameplate)
{
    zks__mailbox *b = find(p->router->mailboxes, nameplate);
    if (b && owned_by(b, p->group->id, zks__peer_device(p))) {
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
    if (!peer_may_invite(p)) {
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
        box_over(b, m->code, reason_of(m->code));
    } else if (b && m->attempt == b->attempt) {
        attempt_over(b, m->code, true);
    }
}

void zks__mailbox_device_message(zks__peer *p, const zks__message *m)
{
    if (m->type == ZKS_MESSAGE_MAILBOX_OPEN) {
        on_open(p, &m->mailbox_open);
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
    uint32_t wait_ms = take_turn(all, p, now_ns);
    zks__mailbox *b = wait_ms ? NULL : find(all, m->nameplate);
    if (b && b->inviter && !peer_may_invite(b->inviter)) {
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
        refuse_get(p, ZKS_WIRE_BUSY, (uint32_t)(left_ns / MS_NS) + 1,
                   "another device is pairing with this code");
    } else if (!b->inviter) {
        refuse_get(p, ZKS_WIRE_BUSY, ZKS_RELAY_RATE_RETRY_MS,
                   "the inviting device is not connected right now");
    } else {
        p->state = ZKS_PEER_PAIRING;
        p->mailbox = b;
        b->joiner = p;
        b->lock_ns = now_ns + p->router->config->mailbox_lock_ms * MS_NS;
        note(b, "mailbox.locked");
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
        attempt_over(b, close->code, false);
        zks__peer_bye(p, 0, 0, "the pairing attempt is over");
    } else if (m->type != ZKS_MESSAGE_ERROR) {
        p->mailbox = NULL;
        attempt_over(b, ZKS_WIRE_BUSY, false);
        zks__peer_end(p, ZKS_WIRE_INVALID_MESSAGE, (uint8_t)m->type, 0,
                      "a joining device may only PUT into its mailbox and CLOSE it");
    }
}
