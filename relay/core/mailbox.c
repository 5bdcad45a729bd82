/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Mailboxes and how they end; what is passed on is in mailbox_pass.c. */
#include "relay/core/mailbox_internal.h"

#include "base/alloc.h"

enum { CHECK_MS = 200 };

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
    all->by_nameplate = zks__map_new(seed);
    all->askers = zks__askers_new(seed + 16);
    if (!all->by_nameplate || !all->askers) {
        zks__mailboxes_free(all);
        return NULL;
    }
    return all;
}

void zks__mailbox_free(zks__mailbox *b)
{
    (void)zks__map_remove(b->all->by_nameplate, b->nameplate, sizeof b->nameplate);
    zks__list_remove(&b->node);
    zks__list_remove(&b->of_peer);
    b->all->count--;
    zks__wipe(b, sizeof *b);
    zks__free(b);
}

void zks__mailboxes_free(zks__mailboxes *all)
{
    if (!all) {
        return;
    }
    for (zks__node *n; (n = zks__list_first(&all->boxes));) {
        zks__mailbox_free(ZKS_CONTAINER(n, zks__mailbox, node));
    }
    zks__map_free(all->by_nameplate);
    zks__askers_free(all->askers);
    zks__free(all);
}

zks__mailbox *zks__mailbox_find(const zks__mailboxes *all,
                                const uint8_t nameplate[ZKS_NAMEPLATE_BYTES])
{
    return zks__map_get(all->by_nameplate, nameplate, ZKS_NAMEPLATE_BYTES);
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

void zks__mailbox_note(const zks__mailbox *b, const char *what)
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

void zks__mailbox_attempt_over(zks__mailbox *b, uint32_t code, bool tell_joiner)
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

void zks__mailbox_over(zks__mailbox *b, uint32_t code, uint32_t reason)
{
    let_joiner_go(b, code, true);
    zks__list_remove(&b->of_peer);
    b->inviter = NULL;
    b->gone = reason;
    b->first_length = 0;
    b->end_ns += ZKS_MAILBOX_LIFE_S * 1000 * ZKS_MAILBOX_MS_NS;
    zks__mailbox_note(b, "mailbox.over");
}

void zks__mailbox_away(zks__mailbox *b, uint64_t now_ns)
{
    zks__list_remove(&b->of_peer);
    b->inviter = NULL;
    b->away_ns = now_ns + ZKS_RELAY_MAILBOX_AWAY_MS * ZKS_MAILBOX_MS_NS;
    if (b->joiner) {
        zks__mailbox_attempt_over(b, ZKS_WIRE_BUSY, true);
    }
    b->puts_inviter = 0; /* it comes back with a new first message */
    b->first_length = 0;
}

void zks__mailbox_peer_closed(zks__peer *p)
{
    zks__mailbox *b = p->mailbox;
    if (b) {
        p->mailbox = NULL;
        zks__mailbox_attempt_over(b, ZKS_WIRE_BUSY, false);
    }
    for (zks__node *n; (n = zks__list_first(&p->mailboxes));) {
        zks__mailbox_away(ZKS_CONTAINER(n, zks__mailbox, of_peer), zks__router_now_ns(p->router));
    }
}

bool zks__mailbox_owned_by(const zks__mailbox *b, const zks__peer *p)
{
    return memcmp(b->device, zks__peer_device(p), sizeof b->device) == 0 &&
           memcmp(b->group_id, p->group->id, sizeof b->group_id) == 0;
}

static bool may_invite(const zks__router *r, const zks__rgroup *g, const uint8_t *device)
{
    return zks__records_member(g->set, device, zks__router_unix_ms(r) / 1000) &&
           zks__records_may_invite(g->set, device);
}

bool zks__mailbox_may_invite(const zks__peer *p)
{
    return may_invite(p->router, p->group, zks__peer_device(p));
}

void zks__mailboxes_enforce(zks__mailboxes *all, const zks__rgroup *g)
{
    for (zks__node *n = zks__list_first(&all->boxes); n; n = zks__list_next(&all->boxes, n)) {
        zks__mailbox *b = ZKS_CONTAINER(n, zks__mailbox, node);
        if (!b->gone && memcmp(b->group_id, g->id, sizeof b->group_id) == 0 &&
            !may_invite(all->router, g, b->device)) {
            zks__mailbox_over(b, ZKS_WIRE_CODE_CANCELLED, ZKS_WIRE_CODE_CANCELLED);
        }
    }
}

/* Whether it is still there afterwards. */
static bool check(zks__mailbox *b, uint64_t now_ns)
{
    if (b->gone && now_ns >= b->end_ns) {
        zks__mailbox_free(b);
        return false;
    }
    if (b->gone) {
        return true;
    }
    if (now_ns >= b->end_ns) {
        if (b->inviter) {
            send_close(b->inviter, b, 0, ZKS_WIRE_CODE_EXPIRED);
        }
        zks__mailbox_over(b, ZKS_WIRE_CODE_EXPIRED, ZKS_WIRE_CODE_EXPIRED);
    } else if (!b->inviter && now_ns >= b->away_ns) {
        zks__mailbox_over(b, ZKS_WIRE_CODE_CANCELLED, ZKS_WIRE_CODE_CANCELLED);
    } else if (b->joiner && !b->held && now_ns >= b->lock_ns) {
        zks__mailbox_note(b, "mailbox.lock_over");
        zks__mailbox_attempt_over(b, ZKS_WIRE_BUSY, true);
    }
    return true;
}

zks__mailbox *zks__mailbox_find_now(const zks__mailboxes *all,
                                    const uint8_t nameplate[ZKS_NAMEPLATE_BYTES], uint64_t now_ns)
{
    zks__mailbox *b = zks__mailbox_find(all, nameplate);
    return b && check(b, now_ns) ? b : NULL;
}

void zks__mailboxes_tick(zks__mailboxes *all, uint64_t now_ns)
{
    if (now_ns < all->check_ns) {
        return;
    }
    all->check_ns = now_ns + CHECK_MS * ZKS_MAILBOX_MS_NS;
    for (zks__node *n = zks__list_first(&all->boxes); n;) {
        zks__node *next = zks__list_next(&all->boxes, n);
        (void)check(ZKS_CONTAINER(n, zks__mailbox, node), now_ns);
        n = next;
    }
    zks__askers_tick(all->askers, now_ns);
}

bool zks__mailboxes_idle(const zks__mailboxes *all)
{
    return zks__list_empty(&all->boxes);
}

uint32_t zks__mailbox_turn(const zks__peer *p, uint64_t now_ns)
{
    const zks__router *r = p->router;
    return zks__askers_take(r->mailboxes->askers, p->address, p->address_length, now_ns,
                            r->config->mailbox_gets_per_minute);
}
