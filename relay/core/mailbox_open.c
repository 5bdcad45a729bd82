/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* MAILBOX_OPEN: a new nameplate, one that the device has chosen, or its own again. */
#include "relay/core/mailbox_internal.h"

#include "base/alloc.h"

enum { PICKS_MAX = 64 };

static void refuse_open(zks__peer *p, uint32_t code, const char *text)
{
    zks__peer_error(p, code, ZKS_MESSAGE_MAILBOX_OPEN, zks__retry_of(code), text);
}

static void answer_open(zks__peer *p, const zks__mailbox *b, uint64_t now_ns)
{
    zks__message m = {.type = ZKS_MESSAGE_MAILBOX_OPEN};
    memcpy(m.mailbox_open.nameplate, b->nameplate, sizeof b->nameplate);
    m.mailbox_open.life_ms = (uint32_t)((b->end_ns - now_ns) / ZKS_MAILBOX_MS_NS);
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
        if (!zks__mailbox_find(all, out)) {
            return true;
        }
    }
    return false;
}

/* What there is of this device, of its group, and of its address: live ones, and those that are
 * only kept for their reason. */
typedef struct census {
    size_t of_device, of_group; /* live */
    size_t live, kept;          /* of the address */
    uint64_t first_end_ns;      /* of its live ones */
    zks__mailbox *oldest_kept;  /* of its kept ones */
} census;

static void count_address(census *c, zks__mailbox *b)
{
    if (b->gone) {
        c->kept++;
        c->oldest_kept = c->oldest_kept ? c->oldest_kept : b;
        return;
    }
    c->first_end_ns = c->live && c->first_end_ns < b->end_ns ? c->first_end_ns : b->end_ns;
    c->live++;
}

static census count_owned(const zks__mailboxes *all, const zks__peer *p)
{
    census c = {0};
    for (zks__node *n = zks__list_first(&all->boxes); n; n = zks__list_next(&all->boxes, n)) {
        zks__mailbox *b = ZKS_CONTAINER(n, zks__mailbox, node);
        bool same = !b->gone && memcmp(b->group_id, p->group->id, sizeof b->group_id) == 0;
        c.of_group += same;
        c.of_device += same && memcmp(b->device, zks__peer_device(p), sizeof b->device) == 0;
        if (b->address_length == p->address_length &&
            memcmp(b->address, p->address, b->address_length) == 0) {
            count_address(&c, b);
        }
    }
    return c;
}

/* A nameplate that is only kept for its reason goes for a new one: the oldest of the same address
 * where that has its share or the relay is full; anybody's only when it is full of others. So who
 * opens and closes without end, from one address, pushes out nobody else's. */
static bool make_room(zks__mailboxes *all, const census *c)
{
    const zks__relay_config *config = all->router->config;
    bool full = all->count >= config->mailboxes;
    if (c->oldest_kept && (full || c->live + c->kept >= config->mailboxes_per_address)) {
        zks__mailbox_free(c->oldest_kept);
        return all->count < config->mailboxes;
    }
    if (!full) {
        return true;
    }
    for (zks__node *n = zks__list_first(&all->boxes); n; n = zks__list_next(&all->boxes, n)) {
        zks__mailbox *b = ZKS_CONTAINER(n, zks__mailbox, node);
        if (b->gone) {
            zks__mailbox_free(b);
            return true;
        }
    }
    return false;
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
    memcpy(b->address, p->address, sizeof b->address);
    b->address_length = p->address_length;
    zks__list_append(&all->boxes, &b->node);
    zks__list_append(&p->mailboxes, &b->of_peer);
    all->count++;
    return b;
}

static void open_new(zks__peer *p, const zks__mailbox_open *m, const uint8_t *chosen,
                     uint64_t now_ns)
{
    zks__mailboxes *all = p->router->mailboxes;
    census c = count_owned(all, p);
    if (c.of_device >= ZKS_RELAY_MAILBOXES_PER_DEVICE ||
        c.of_group >= ZKS_RELAY_MAILBOXES_PER_GROUP) {
        refuse_open(p, ZKS_WIRE_RATE_LIMITED, "too many pairing codes at once: close one first");
        return;
    }
    if (c.live >= p->router->config->mailboxes_per_address) {
        uint64_t wait_ms = c.first_end_ns > now_ns ? (c.first_end_ns - now_ns) / ZKS_MAILBOX_MS_NS
                                                   : 0; /* it ends at the next tick */
        zks__peer_error(p, ZKS_WIRE_RATE_LIMITED, ZKS_MESSAGE_MAILBOX_OPEN, (uint32_t)wait_ms + 1,
                        "too many pairing codes at once from this address");
        return;
    }
    zks__mailbox *b = make_room(all, &c) ? box_new(p, chosen) : NULL;
    if (!b) {
        refuse_open(p, ZKS_WIRE_RELAY_OVERLOADED, "this relay has no mailbox left");
        return;
    }
    uint32_t most = ZKS_MAILBOX_LIFE_S * 1000;
    b->end_ns = now_ns + (m->life_ms && m->life_ms < most ? m->life_ms : most) * ZKS_MAILBOX_MS_NS;
    zks__mailbox_note(b, "mailbox.opened");
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
    uint32_t wait_ms = zks__mailbox_turn(p, now_ns);
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
    zks__mailbox *b = zks__mailbox_find_now(p->router->mailboxes, m->nameplate, now_ns);
    if (!b || !zks__mailbox_owned_by(b, p)) {
        open_chosen(p, b, m, now_ns);
        return;
    }
    if (b->gone) {
        refuse_open(p, b->gone, "this mailbox is closed");
        return;
    }
    if (b->inviter != p) {
        if (b->inviter) {
            zks__mailbox_away(b, now_ns);
        }
        b->inviter = p;
        zks__list_append(&p->mailboxes, &b->of_peer);
    }
    answer_open(p, b, now_ns);
}

void zks__mailbox_open_received(zks__peer *p, const zks__mailbox_open *m)
{
    static const uint8_t zeros[ZKS_NAMEPLATE_BYTES];
    uint64_t now_ns = zks__router_now_ns(p->router);
    if (!zks__mailbox_may_invite(p)) {
        refuse_open(p, ZKS_WIRE_UNAUTHORIZED, "this device may not invite others");
    } else if (memcmp(m->nameplate, zeros, sizeof zeros) == 0) {
        open_new(p, m, NULL, now_ns);
    } else {
        open_named(p, m, now_ns);
    }
}
