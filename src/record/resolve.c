/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Which EPOCHs count (docs/SECURITY.md, section 4, has the reasons for each rule).
 *
 * e shuts a device out when it was a member at e's parent and is none at e. e attacks f when it
 * shuts f's signer out and neither stands above the other; nothing attacks what the root key has
 * signed, or built upon by signing above it. Then
 *
 *   IN   signed by root, or below such a one
 *   OUT  attacked by one that is IN, or above one that is OUT
 *   IN   the parent is IN and all that attack it are OUT
 *
 * and where nothing of this applies any more, a ring of removals is left: of the open ones that
 * shut somebody out, the first is taken IN with the way to it, and what attacks that way is OUT.
 * Whether those whom they shut out have signed anything open is no matter: else what somebody signs
 * on the tip could bring an older removal into play, and turn over what it stands on. Of two the
 * pinned one comes first, then the older signer's, the one with the oldest signer on its way, the
 * signer with the lower key, the lower hash. How old a signer is is looked up where the two ways
 * part: a branch must not win by listing its own signer first, or by an attack on what both stand
 * on. A hash decides only between EPOCHs of one signer: whoever makes one can look for a low hash,
 * and one that is made anew must not turn over what it stands on.
 *
 * An EPOCH is decided once, and each decision looks at all others once: N^2 in all.
 */
#include "record/set_internal.h"

/* --- the tree's order ------------------------------------------------------------- */

/* Depth-first numbers, and what the root key has signed. Parents come before children. */
static bool order_tree(zks__set_state *st)
{
    bool forks = false;
    for (size_t i = st->node_count; i-- > 0;) {
        zks__tree_node *n = &st->nodes[i];
        n->size += n->ok;
        n->rooted = n->ok && (n->rooted || n->item->signer == ZKS_DEV_ROOT);
        if (n->ok && n->item->parent) {
            zks__tree_node *p = &st->nodes[n->parent];
            forks = forks || p->size > 0;
            p->size += n->size;
            p->rooted = p->rooted || n->rooted;
        }
    }
    for (size_t i = 0; i < st->node_count; i++) {
        zks__tree_node *n = &st->nodes[i];
        if (n->ok && n->item->parent) {
            zks__tree_node *p = &st->nodes[n->parent];
            n->pre = p->next;
            p->next += n->size;
        }
        n->next = n->pre + 1;
    }
    return forks;
}

static bool is_above(const zks__tree_node *a, const zks__tree_node *below)
{
    return a->pre >= below->pre && a->pre < below->pre + below->size;
}

static bool attacks(const zks__set_state *st, const zks__tree_node *e, const zks__tree_node *f)
{
    if (!e->ok || !f->ok || f->rooted || !e->item->parent || is_above(e, f) || is_above(f, e)) {
        return false;
    }
    uint32_t signer = f->item->signer;
    return zks__bit(st->nodes[e->parent].m.in, signer) && !zks__bit(e->m.in, signer);
}

/* --- labels ----------------------------------------------------------------------- */

typedef struct work {
    zks__set_state *st;
    size_t head, tail; /* of st->queue: decided, and their consequences not drawn yet */
} work;

static void decide(work *w, zks__tree_node *n, zks__label label)
{
    if (n->ok && n->label == ZKS_LABEL_OPEN) {
        n->label = (uint8_t)label;
        w->st->queue[w->tail++] = (uint32_t)(n - w->st->nodes);
    }
}

static void decide_if_ready(work *w, zks__tree_node *f)
{
    bool parent_in = !f->item->parent || w->st->nodes[f->parent].label == ZKS_LABEL_IN;
    if (parent_in && !f->hit_by) {
        decide(w, f, ZKS_LABEL_IN);
    }
}

/* What follows for f from n's label. */
static void draw(work *w, const zks__tree_node *n, zks__tree_node *f)
{
    const zks__set_state *st = w->st;
    if (attacks(st, f, n)) {
        f->hits--; /* n is open no more */
    }
    bool hit = attacks(st, n, f);
    if (n->label == ZKS_LABEL_IN) {
        if (hit) {
            decide(w, f, ZKS_LABEL_OUT);
        }
    } else {
        f->hit_by -= hit;
        if (is_above(f, n)) {
            decide(w, f, ZKS_LABEL_OUT);
        }
    }
    if (f->ok && f->label == ZKS_LABEL_OPEN) {
        decide_if_ready(w, f);
    }
}

static void draw_all(work *w)
{
    while (w->head < w->tail) {
        const zks__tree_node *n = &w->st->nodes[w->st->queue[w->head++]];
        for (size_t i = 0; i < w->st->node_count; i++) {
            draw(w, n, &w->st->nodes[i]);
        }
    }
}

/* Of two whose signers are equally old: the signer with the lower key, the lower hash. */
static int compare_names(const zks__tree_node *a, const zks__tree_node *b)
{
    int order = memcmp(a->item->r.epoch.signer, b->item->r.epoch.signer, ZKS_SIGN_PUBLIC_BYTES);
    return order ? order : memcmp(a->item->r.hash, b->item->r.hash, sizeof a->item->r.hash);
}

/* Where the ways to a and b part: below both. */
static const zks__tree_node *parting(const zks__set_state *st, const zks__tree_node *a,
                                     const zks__tree_node *b)
{
    const zks__tree_node *p = a;
    while (!is_above(b, p) || p == a || p == b) {
        p = &st->nodes[p->parent];
    }
    return p;
}

/* The oldest signer on the way from p to n. */
static zks__rank oldest_signer(const zks__set_state *st, const zks__tree_node *p,
                               const zks__tree_node *n)
{
    zks__rank best = zks__state_rank(p, n->item->signer);
    for (; n != p; n = &st->nodes[n->parent]) {
        zks__rank rank = zks__state_rank(p, n->item->signer);
        best = zks__rank_compare(rank, best) < 0 ? rank : best;
    }
    return best;
}

/* Both are open; b NULL: nothing yet. Not transitive among three with different partings: then the
 * order of the nodes, number and hash, decides, which is the same everywhere. */
static bool comes_first(const zks__set_state *st, const zks__tree_node *a, const zks__tree_node *b)
{
    if (!b || a->pinned != b->pinned) {
        return !b || a->pinned;
    }
    const zks__tree_node *p = parting(st, a, b);
    int order = zks__rank_compare(zks__state_rank(p, a->item->signer),
                                  zks__state_rank(p, b->item->signer));
    if (!order) {
        order = zks__rank_compare(oldest_signer(st, p, a), oldest_signer(st, p, b));
    }
    return (order ? order : compare_names(a, b)) < 0;
}

/* Whether it shuts anybody out. */
static bool removes(const zks__set_state *st, const zks__tree_node *n)
{
    const uint64_t *before = st->nodes[n->parent].m.in;
    uint64_t out = 0;
    for (size_t w = 0; w < st->words; w++) {
        out |= before[w] & ~n->m.in[w];
    }
    return out != 0;
}

/* The first of the open ones that remove somebody; NULL: no ring is left. */
static zks__tree_node *choose(const zks__set_state *st)
{
    zks__tree_node *best = NULL;
    bool ring = false;
    for (size_t i = 0; i < st->node_count; i++) {
        zks__tree_node *n = &st->nodes[i];
        if (n->ok && n->label == ZKS_LABEL_OPEN && removes(st, n)) {
            ring = ring || n->hits;
            best = comes_first(st, n, best) ? n : best;
        }
    }
    return ring ? best : NULL;
}

/* Whether a attacks the open part of the way to n. */
static bool attacks_way(const zks__set_state *st, const zks__tree_node *a, const zks__tree_node *n)
{
    for (; n->label == ZKS_LABEL_OPEN; n = &st->nodes[n->parent]) {
        if (attacks(st, a, n)) {
            return true;
        }
    }
    return false;
}

/* The chosen one and the open ones below it are IN; what attacks them is OUT. */
static void settle(work *w, zks__tree_node *chosen)
{
    zks__set_state *st = w->st;
    const zks__tree_node *lost = NULL;
    for (size_t i = 0; i < st->node_count; i++) {
        zks__tree_node *a = &st->nodes[i];
        if (a->ok && a->label == ZKS_LABEL_OPEN && attacks_way(st, a, chosen)) {
            lost = comes_first(st, a, lost) ? a : lost;
            decide(w, a, ZKS_LABEL_OUT);
        }
    }
    for (zks__tree_node *n = chosen; n->label == ZKS_LABEL_OPEN; n = &st->nodes[n->parent]) {
        decide(w, n, ZKS_LABEL_IN);
    }
    if (!st->fork_kept) {
        st->fork_kept = chosen->item;
        st->fork_lost = lost ? lost->item : NULL;
    }
}

static void label_all(zks__set_state *st, bool forks)
{
    work w = {.st = st};
    if (!forks) { /* nothing attacks what stands above or below it */
        for (size_t i = 0; i < st->node_count; i++) {
            st->nodes[i].label = st->nodes[i].ok ? ZKS_LABEL_IN : ZKS_LABEL_OPEN;
        }
        return;
    }
    for (size_t i = 0; i < st->node_count; i++) {
        for (size_t k = 0; k < st->node_count; k++) {
            bool hit = attacks(st, &st->nodes[i], &st->nodes[k]);
            st->nodes[i].hits += hit;
            st->nodes[k].hit_by += hit;
        }
    }
    for (size_t i = 0; i < st->node_count; i++) {
        zks__tree_node *n = &st->nodes[i];
        if (n->rooted) {
            decide(&w, n, ZKS_LABEL_IN);
        } else if (n->ok) {
            decide_if_ready(&w, n);
        }
    }
    draw_all(&w);
    for (zks__tree_node *n; (n = choose(st));) {
        settle(&w, n);
        draw_all(&w);
    }
}

/* --- the chain -------------------------------------------------------------------- */

/* Of two that are IN on one parent: the one that the root key has built upon, the longer branch,
 * the older signer, the one with the lower key, the lower hash. */
static bool better(const zks__tree_node *a, const zks__tree_node *b)
{
    if (a->rooted != b->rooted) {
        return a->rooted;
    }
    if (a->height != b->height) {
        return a->height > b->height;
    }
    int order = zks__rank_compare(a->rank, b->rank);
    return (order ? order : compare_names(a, b)) < 0;
}

static void find_chain(zks__set_state *st)
{
    st->chain_count = 0;
    for (size_t i = st->node_count; i-- > 0;) {
        zks__tree_node *n = &st->nodes[i];
        if (n->label == ZKS_LABEL_IN) {
            n->height++;
            zks__tree_node *p = &st->nodes[n->parent];
            if (n->item->parent && n->height > p->height) {
                p->height = n->height;
            }
        }
    }
    if (!st->node_count) {
        return;
    }
    st->chain[st->chain_count++] = 0;
    /* Children stand behind their parents, so one pass finds the best child of each in turn. */
    const zks__tree_node *best = NULL;
    size_t i = 1;
    while (i < st->node_count) {
        const zks__tree_node *n = &st->nodes[i];
        uint32_t tip = st->chain[st->chain_count - 1];
        if (n->label == ZKS_LABEL_IN && n->parent == tip && (!best || better(n, best))) {
            best = n;
        }
        i++;
        bool last = i == st->node_count ||
                    st->nodes[i].item->r.epoch.number != n->item->r.epoch.number;
        if (last && best) {
            st->chain[st->chain_count++] = (uint32_t)(best - st->nodes);
            best = NULL;
        }
    }
}

/* --- denied, live ----------------------------------------------------------------- */

static void add_removed(const zks__records *s, const zks__tree_node *n, uint64_t *bits)
{
    const zks__wire_list *removed = &n->item->r.epoch.removed;
    for (size_t i = 0; i < removed->count; i++) {
        uint32_t device;
        if (zks__records_device(s, zks__record_item(removed, i), &device)) {
            zks__bit_set(bits, device);
        }
    }
}

static void find_live(const zks__records *s, zks__set_state *st)
{
    const zks__tree_node *tip = zks__state_tip(st);
    zks__item *const *listed = tip ? tip->listed : NULL;
    size_t count = tip ? tip->item->r.epoch.listed.count : 0;
    for (size_t i = 0; i < st->node_count; i++) {
        if (st->nodes[i].label == ZKS_LABEL_IN) {
            add_removed(s, &st->nodes[i], st->denied);
        }
    }
    zks__state_members(s, listed, count, st->denied, &st->live, NULL);
    /* What lost only because of where it stood still denies, if its signer may remove. */
    for (size_t i = 0; i < st->node_count; i++) {
        const zks__tree_node *n = &st->nodes[i];
        if (n->label == ZKS_LABEL_OUT && zks__bit(st->live.admin, n->item->signer)) {
            add_removed(s, n, st->denied);
        }
    }
    zks__state_members(s, listed, count, st->denied, &st->live, NULL);
}

/* The record that counts of each live device. */
static void find_best(const zks__records *s, zks__set_state *st)
{
    const zks__tree_node *tip = zks__state_tip(st);
    memset(st->best, 0, s->device_count * sizeof(zks__item *));
    for (size_t i = 0; i < s->member_count; i++) {
        const zks__item *r = s->members[i];
        const zks__item **best = &st->best[r->device];
        if ((!*best || zks__member_before(r, *best)) &&
            zks__state_in_effect(r, &st->live, tip ? tip->listed : NULL,
                                 tip ? tip->item->r.epoch.listed.count : 0)) {
            *best = r;
        }
    }
}

static void append_member(const zks__records *s, zks__set_state *st, uint32_t device)
{
    if (zks__bit(st->live.in, device) && !s->devices[device].leave) {
        st->members[st->member_count++] = device;
    }
}

static void list_members(const zks__records *s, zks__set_state *st)
{
    const zks__tree_node *tip = zks__state_tip(st);
    uint32_t device;
    st->member_count = 0;
    for (size_t i = 0; tip && i < tip->item->r.epoch.listed.count; i++) {
        append_member(s, st, tip->listed[i]->device);
    }
    for (size_t place = 0; tip && zks__state_newcomer(s, tip, &place, &device);) {
        append_member(s, st, device);
    }
    for (size_t i = 0; !tip && i < s->device_count; i++) {
        append_member(s, st, s->by_key[i]);
    }
}

void zks__state_resolve(const zks__records *s, zks__set_state *st)
{
    st->fork_kept = st->fork_lost = NULL;
    label_all(st, order_tree(st));
    find_chain(st);
    find_live(s, st);
    find_best(s, st);
    list_members(s, st);
}
