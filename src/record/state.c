/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Who is a member at which EPOCH, and which EPOCHs keep the rules where they stand: members(t,
 * gone) and ok(e, t, gone) of docs/SECURITY.md. Both depend on the way from EPOCH 0 to there only,
 * not on which branch counts. All memory was reserved when records were added.
 */
#include "record/set_internal.h"

#include "base/alloc.h"

#include <stdlib.h>

enum {
    ROUNDS = 8,
    NODE_SETS = 4,  /* in, invite, admin, gone */
    GLOBAL_SETS = 9 /* live 3, denied 1, next 3, marks 2 */
};

/* --- memory ----------------------------------------------------------------------- */

/* The larger block, or the old one and *ok = false. */
static void *grown(void *block, size_t bytes, bool *ok)
{
    void *larger = zks__alloc_resize(block, bytes);
    *ok = *ok && larger;
    return larger ? larger : block;
}

static size_t doubled(size_t room, size_t least)
{
    size_t next = room ? room : 8;
    while (next < least) {
        next *= 2;
    }
    return next;
}

zks_status zks__state_reserve(zks__set_state *st, size_t nodes, size_t devices, size_t listed)
{
    bool ok = true;
    st->fresh = false; /* blocks may move */
    if (nodes > st->node_room) {
        size_t room = doubled(st->node_room, nodes);
        st->nodes = grown(st->nodes, room * sizeof *st->nodes, &ok);
        st->queue = grown(st->queue, room * sizeof *st->queue, &ok);
        st->chain = grown(st->chain, room * sizeof *st->chain, &ok);
        st->node_room = ok ? room : st->node_room;
    }
    if (devices > st->device_room) {
        size_t room = doubled(st->device_room, devices);
        st->members = grown(st->members, room * sizeof *st->members, &ok);
        st->best = grown(st->best, room * sizeof(zks__item *), &ok);
        st->device_room = ok ? room : st->device_room;
    }
    if (listed > st->listed_room) {
        size_t room = doubled(st->listed_room, listed);
        st->listed_block = grown(st->listed_block, room * sizeof(zks__item *), &ok);
        st->rank_block = grown(st->rank_block, room * sizeof *st->rank_block, &ok);
        st->listed_room = ok ? room : st->listed_room;
    }
    size_t words = (st->node_room * NODE_SETS + GLOBAL_SETS) * ((st->device_room + 63) / 64);
    if (words > st->words_room) {
        st->words_block = grown(st->words_block, words * sizeof *st->words_block, &ok);
        st->words_room = ok ? words : st->words_room;
    }
    size_t rounds = st->node_room * st->device_room;
    if (rounds > st->rounds_room) {
        st->rounds_block = grown(st->rounds_block, rounds, &ok);
        st->rounds_room = ok ? rounds : st->rounds_room;
    }
    return ok ? ZKS_OK : ZKS_E_NOMEM;
}

void zks__state_free(zks__set_state *st)
{
    if (!st) {
        return;
    }
    zks__free(st->nodes);
    zks__free(st->queue);
    zks__free(st->chain);
    zks__free(st->members);
    zks__free(st->best);
    zks__free(st->words_block);
    zks__free(st->rounds_block);
    zks__free(st->listed_block);
    zks__free(st->rank_block);
    zks__free(st);
}

/* Deals the blocks out, zeroed. */
static void lay_out(const zks__records *s, zks__set_state *st)
{
    st->words = (s->device_count + 63) / 64;
    st->words = st->words ? st->words : 1;
    memset(st->words_block, 0, st->words_room * sizeof *st->words_block);
    uint64_t *next = st->words_block;
    uint64_t **const global[] = {&st->live.in,    &st->live.invite, &st->live.admin,
                                 &st->denied,     &st->next.in,     &st->next.invite,
                                 &st->next.admin, &st->mark,        &st->mark2};
    for (size_t i = 0; i < ZKS_COUNTOF(global); i++, next += st->words) {
        *global[i] = next;
    }
    st->node_count = s->epoch_count;
    memset(st->nodes, 0, st->node_count * sizeof *st->nodes);
    for (size_t i = 0; i < st->node_count; i++) {
        zks__tree_node *n = &st->nodes[i];
        n->m = (zks__bits){next, next + st->words, next + 2 * st->words};
        n->gone = next + 3 * st->words;
        n->rounds = st->rounds_block + i * s->device_count;
        next += 4 * st->words;
    }
}

/* --- members(t, gone) ------------------------------------------------------------- */

/* Whether i, among m, may issue a MEMBER with these rights. */
static bool may_issue(const zks__bits *m, uint32_t i, uint8_t rights)
{
    return zks__bit(m->in, i) && zks__bit(m->invite, i) &&
           (!(rights & ZKS_RIGHT_ADMIN) || zks__bit(m->admin, i));
}

static void admit(const zks__bits *m, const zks__item *r)
{
    zks__bit_set(m->in, r->device);
    if (r->r.member.rights & ZKS_RIGHT_INVITE) {
        zks__bit_set(m->invite, r->device);
    }
    if (r->r.member.rights & ZKS_RIGHT_ADMIN) {
        zks__bit_set(m->admin, r->device);
    }
}

static void copy_bits(const zks__bits *to, const zks__bits *from, size_t words)
{
    memcpy(to->in, from->in, words * sizeof(uint64_t));
    memcpy(to->invite, from->invite, words * sizeof(uint64_t));
    memcpy(to->admin, from->admin, words * sizeof(uint64_t));
}

static bool same_bits(const zks__bits *a, const zks__bits *b, size_t words)
{
    return memcmp(a->in, b->in, words * sizeof(uint64_t)) == 0 &&
           memcmp(a->invite, b->invite, words * sizeof(uint64_t)) == 0 &&
           memcmp(a->admin, b->admin, words * sizeof(uint64_t)) == 0;
}

/* MEMBER records whose issuers are among out (or root) into st->next; a device's first round is
 * noted. */
static void admit_round(const zks__records *s, const uint64_t *gone, const zks__bits *out,
                        uint8_t round, uint8_t *out_rounds)
{
    const zks__set_state *st = s->state;
    for (size_t i = 0; i < s->member_count; i++) {
        const zks__item *r = s->members[i];
        bool issued = r->signer == ZKS_DEV_ROOT || may_issue(out, r->signer, r->r.member.rights);
        if (!issued || zks__bit(gone, r->device)) {
            continue;
        }
        if (out_rounds && !zks__bit(st->next.in, r->device)) {
            out_rounds[r->device] = round;
        }
        admit(&st->next, r);
    }
}

void zks__state_members(const zks__records *s, zks__item *const *listed, size_t listed_count,
                        const uint64_t *gone, const zks__bits *out, uint8_t *out_rounds)
{
    const zks__set_state *st = s->state;
    memset(out->in, 0, st->words * sizeof(uint64_t));
    memset(out->invite, 0, st->words * sizeof(uint64_t));
    memset(out->admin, 0, st->words * sizeof(uint64_t));
    if (out_rounds) {
        memset(out_rounds, ZKS_ROUND_NOT_IN, s->device_count);
    }
    for (size_t i = 0; i < listed_count; i++) {
        if (!zks__bit(gone, listed[i]->device)) {
            admit(out, listed[i]);
            if (out_rounds) {
                out_rounds[listed[i]->device] = 0;
            }
        }
    }
    /* Each round looks at what the one before gave, so that the order of records is no matter. */
    for (unsigned round = 1; round <= ROUNDS; round++) {
        copy_bits(&st->next, out, st->words);
        admit_round(s, gone, out, (uint8_t)round, out_rounds);
        if (same_bits(&st->next, out, st->words)) {
            break;
        }
        copy_bits(out, &st->next, st->words);
    }
}

bool zks__state_in_effect(const zks__item *r, const zks__bits *m, zks__item *const *listed,
                          size_t listed_count)
{
    if (!zks__bit(m->in, r->device)) {
        return false;
    }
    if (r->signer == ZKS_DEV_ROOT || may_issue(m, r->signer, r->r.member.rights)) {
        return true;
    }
    for (size_t i = 0; i < listed_count; i++) {
        if (listed[i] == r) {
            return true;
        }
    }
    return false;
}

/* --- ok(e, t, gone) --------------------------------------------------------------- */

/* The listed records are here, in effect at the parent, one for each device, and none is removed.
 * st->mark holds the removed ones; the signer must be among them. */
static bool listed_ok(const zks__set_state *st, const zks__tree_node *p, const zks__tree_node *e)
{
    size_t parent_count = p->item->r.epoch.listed.count;
    bool signer = e->item->signer == ZKS_DEV_ROOT;
    memset(st->mark2, 0, st->words * sizeof(uint64_t));
    for (size_t i = 0; i < e->item->r.epoch.listed.count; i++) {
        const zks__item *r = e->listed[i];
        if (!r || zks__bit(st->mark, r->device) || zks__bit(st->mark2, r->device) ||
            !zks__state_in_effect(r, &p->m, p->listed, parent_count)) {
            return false;
        }
        zks__bit_set(st->mark2, r->device);
        signer = signer || r->device == e->item->signer;
    }
    return signer;
}

/* What the parent lists is listed again first, in its order, or removed: so nobody becomes older
 * by signing. Fills the ranks. */
static bool keeps_order(const zks__set_state *st, const zks__tree_node *p, zks__tree_node *e)
{
    size_t count = e->item->r.epoch.listed.count;
    size_t k = 0;
    for (size_t i = 0; i < p->item->r.epoch.listed.count; i++) {
        uint32_t device = p->listed[i]->device;
        if (zks__bit(st->mark, device)) {
            continue;
        }
        if (k == count || e->listed[k]->device != device) {
            return false;
        }
        e->ranks[k++] = p->ranks[i];
    }
    for (; k < count; k++) {
        e->ranks[k] = (zks__rank){e->item->r.epoch.number, (uint32_t)k};
    }
    return true;
}

/* Into st->mark; false: one is no member. */
static bool read_removed(const zks__records *s, const zks__tree_node *p, const zks__tree_node *e)
{
    const zks__set_state *st = s->state;
    const zks__wire_list *removed = &e->item->r.epoch.removed;
    memset(st->mark, 0, st->words * sizeof(uint64_t));
    for (size_t i = 0; i < removed->count; i++) {
        uint32_t device;
        if (!zks__records_device(s, zks__record_item(removed, i), &device) ||
            !zks__bit(p->m.in, device)) {
            return false;
        }
        zks__bit_set(st->mark, device);
    }
    return true;
}

zks__rank zks__state_rank(const zks__tree_node *at, uint32_t device)
{
    if (device == ZKS_DEV_ROOT) {
        return (zks__rank){0, 0};
    }
    for (size_t i = 0; at->rounds[device] == 0 && i < at->item->r.epoch.listed.count; i++) {
        if (at->listed[i]->device == device) {
            return at->ranks[i];
        }
    }
    return (zks__rank){UINT32_MAX, at->rounds[device]};
}

bool zks__state_newcomer(const zks__records *s, const zks__tree_node *at, size_t *at_place,
                         uint32_t *out_device)
{
    while (*at_place < ROUNDS * s->device_count) {
        size_t round = 1 + *at_place / s->device_count;
        uint32_t device = s->by_key[*at_place % s->device_count];
        ++*at_place;
        if (at->rounds[device] == round) {
            *out_device = device;
            return true;
        }
    }
    return false;
}

/* p is ok. */
static bool epoch_ok(const zks__records *s, const zks__tree_node *p, zks__tree_node *e)
{
    const zks__set_state *st = s->state;
    uint32_t signer = e->item->signer;
    if (signer != ZKS_DEV_ROOT && !zks__bit(p->m.admin, signer)) {
        return false;
    }
    if (!read_removed(s, p, e) || !listed_ok(st, p, e) || !keeps_order(st, p, e)) {
        return false;
    }
    for (size_t w = 0; w < st->words; w++) {
        e->gone[w] = p->gone[w] | st->mark[w];
    }
    e->rank = zks__state_rank(p, signer);
    return true;
}

/* --- the tree --------------------------------------------------------------------- */

static int by_number(const void *a, const void *b)
{
    const zks__item *x = ((const zks__tree_node *)a)->item;
    const zks__item *y = ((const zks__tree_node *)b)->item;
    if (x->r.epoch.number != y->r.epoch.number) {
        return x->r.epoch.number < y->r.epoch.number ? -1 : 1;
    }
    return memcmp(x->r.hash, y->r.hash, sizeof x->r.hash);
}

static void fill_tree(const zks__records *s, zks__set_state *st)
{
    size_t listed = 0;
    for (size_t i = 0; i < st->node_count; i++) {
        st->nodes[i].item = s->epochs[i];
    }
    /* Their bit sets go along, which is as good as any other way of dealing them out. */
    qsort(st->nodes, st->node_count, sizeof *st->nodes, by_number);
    for (size_t i = 0; i < st->node_count; i++) {
        zks__tree_node *n = &st->nodes[i];
        const zks__wire_list *list = &n->item->r.epoch.listed;
        n->item->node = (uint32_t)i;
        n->parent = n->item->parent ? n->item->parent->node : 0;
        n->pinned = s->pin_count && zks__records_pinned(s, n->item->r.hash);
        n->listed = st->listed_block + listed;
        n->ranks = st->rank_block + listed;
        listed += list->count;
        for (size_t k = 0; k < list->count; k++) {
            zks__item *r = zks__records_item(s, zks__record_item(list, k));
            n->listed[k] = r && r->r.kind == ZKS_RECORD_KIND_MEMBER ? r : NULL;
        }
    }
}

const zks__set_state *zks__state_of(const zks__records *s)
{
    zks__set_state *st = s->state;
    if (st->fresh) {
        return st;
    }
    lay_out(s, st);
    fill_tree(s, st);
    for (size_t i = 0; i < st->node_count; i++) {
        zks__tree_node *e = &st->nodes[i];
        const zks__tree_node *p = &st->nodes[e->parent];
        e->ok = !e->item->parent || (p->ok && epoch_ok(s, p, e));
        if (e->ok) {
            zks__state_members(s, e->listed, e->item->r.epoch.listed.count, e->gone, &e->m,
                               e->rounds);
        }
    }
    zks__state_resolve(s, st);
    st->fresh = true;
    return st;
}
