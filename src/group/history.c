/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The rules, each a small function. For each chain there are the tip (the highest seq delivered),
 * the ranges below it that are missing, and three trees: `waiting` (held, not covered), `ready`
 * (held, covered, behind a gap) and `expected` (ids below the tip that are not here but that a
 * delivered entry names as its prev). An entry moves from waiting to ready to delivered and never
 * back.
 *
 * The common run (some unsigned entries, then a signed one, in order) goes from waiting straight to
 * delivery. All memory that an offer can need is reserved before anything is changed.
 */
#include "group/waiting.h"

#include "base/alloc.h"

#include <assert.h>

typedef struct zks__chain {
    zks__history_key key;
    uint64_t tip_seq;
    uint8_t tip_id[ZKS_ENTRY_ID_BYTES];
    uint64_t floor;
    zks__held_tree waiting, ready, expected;
    zks__ranges missing;
    size_t held, covered; /* in waiting and ready; in ready */
    /* The entry delivered last, whatever its seq: spares most look-ups of predecessors. */
    uint64_t recent_seq;
    uint8_t recent_id[ZKS_ENTRY_ID_BYTES];
} chain;

struct zks__history {
    zks__history_config config;
    zks__map *chains;
    chain *last_used;
    zks__held *spare; /* the node for the next offer */
    zks__deadlines timers;
    zks__waiting pushers; /* of what is in the `waiting` of all chains */
    size_t held;
    uint64_t random; /* state of xorshift64* (Vigna 2016), for the treap only */
};

/* --- life ------------------------------------------------------------------------ */

zks_status zks__history_new(const zks__history_config *config, zks__history **out_history)
{
    zks__history *h = zks__alloc_zero(1, sizeof *h);
    if (!h) {
        return ZKS_E_NOMEM;
    }
    h->config = *config;
    memcpy(&h->random, config->map_seed, sizeof h->random);
    h->random |= 1; /* never zero */
    h->chains = zks__map_new(config->map_seed);
    if (!h->chains || zks__waiting_init(&h->pushers, config->map_seed)) {
        zks__history_free(h);
        return ZKS_E_NOMEM;
    }
    *out_history = h;
    return ZKS_OK;
}

static void tree_free(zks__held_tree *t)
{
    zks__held *n;
    while ((n = zks__held_first(t))) {
        zks__held_remove(t, n);
        zks__free(n);
    }
}

void zks__history_free(zks__history *h)
{
    if (!h) {
        return;
    }
    size_t position = 0;
    chain *c;
    while (h->chains && (c = zks__map_next(h->chains, &position))) {
        tree_free(&c->waiting);
        tree_free(&c->ready);
        tree_free(&c->expected);
        zks__free(c->missing.items);
        zks__free(c);
    }
    zks__map_free(h->chains);
    zks__waiting_done(&h->pushers);
    zks__free(h->timers.items);
    zks__free(h->spare);
    zks__free(h);
}

static chain *find_chain(const zks__history *h, const zks__history_key *key)
{
    if (h->last_used && memcmp(&h->last_used->key, key, sizeof *key) == 0) {
        return h->last_used;
    }
    return zks__map_get(h->chains, key, sizeof *key);
}

/* The chain, made if need be. NULL: no memory. */
static chain *need_chain(zks__history *h, const zks__history_key *key)
{
    chain *c = find_chain(h, key);
    if (!c) {
        c = zks__alloc_zero(1, sizeof *c);
        if (!c) {
            return NULL;
        }
        c->key = *key;
        c->ready.by_prev = true;
        if (zks__map_put(h->chains, key, sizeof *key, c)) {
            zks__free(c);
            return NULL;
        }
    }
    h->last_used = c;
    return c;
}

/* All memory that one more entry of a chain can need: its node, its timer, and a place among the
 * missing ranges for every held entry (each delivery adds at most one range). */
static zks_status reserve(zks__history *h, chain *c)
{
    if (!h->spare) {
        h->spare = zks__alloc(sizeof *h->spare);
    }
    if (!h->spare) {
        return ZKS_E_NOMEM;
    }
    zks_status status = zks__deadlines_reserve(&h->timers);
    return status ? status : zks__ranges_reserve(&c->missing, c->held + 2);
}

static zks__held *take_node(zks__history *h, chain *c)
{
    zks__held *n = h->spare;
    h->spare = NULL;
    memset(n, 0, sizeof *n);
    n->chain = c;
    h->random ^= h->random >> 12;
    h->random ^= h->random << 25;
    h->random ^= h->random >> 27;
    n->priority = (uint32_t)((h->random * 0x2545f4914f6cdd1du) >> 32);
    return n;
}

static void give_node(zks__history *h, zks__held *n)
{
    if (h->spare) {
        zks__free(n);
    } else {
        h->spare = n;
    }
}

static bool same_id(const uint8_t *a, const uint8_t *b)
{
    return memcmp(a, b, ZKS_ENTRY_ID_BYTES) == 0;
}

static bool is_next(const chain *c, uint64_t seq)
{
    return seq > c->tip_seq && seq - c->tip_seq == 1;
}

/* --- verdicts -------------------------------------------------------------------- */

static void tell_range(zks__history *h, const chain *c, zks__verdict_kind kind, uint64_t first,
                       uint64_t last)
{
    zks__verdict v = {.kind = kind, .key = c->key, .first = first, .last = last};
    h->config.verdict(&v, h->config.user);
}

/* Drops what is held nowhere (any more), and its node. */
static void refuse(zks__history *h, const chain *c, zks__held *n)
{
    zks__verdict v = {.kind = ZKS_VERDICT_REFUSE,
                      .key = c->key,
                      .ref = n->ref,
                      .first = n->seq,
                      .last = n->seq,
                      .pusher = n->source->pusher};
    h->config.verdict(&v, h->config.user);
    give_node(h, n);
}

static void tell(zks__history *h, const chain *c, zks__verdict_kind kind, uint64_t seq,
                 uint64_t ref, const uint8_t *expected)
{
    zks__verdict v = {
        .kind = kind, .key = c->key, .ref = ref, .first = seq, .last = seq, .expected = expected};
    h->config.verdict(&v, h->config.user);
}

/* --- rule 1: identity is id ------------------------------------------------------ */

typedef struct delivered_ids {
    size_t count;
    uint8_t ids[ZKS_HISTORY_BRANCHES_MAX][ZKS_ENTRY_ID_BYTES];
} delivered_ids;

static void look_up(zks__history *h, const chain *c, uint64_t seq, delivered_ids *out)
{
    out->count = h->config.lookup(&c->key, seq, out->ids, h->config.user);
    assert(out->count <= ZKS_HISTORY_BRANCHES_MAX);
}

static bool among(const delivered_ids *d, const uint8_t *id)
{
    for (size_t i = 0; i < d->count; i++) {
        if (same_id(d->ids[i], id)) {
            return true;
        }
    }
    return false;
}

static bool was_delivered(zks__history *h, const chain *c, uint64_t seq, const uint8_t *id)
{
    if (seq > c->tip_seq) {
        return false;
    }
    if (seq == c->recent_seq && same_id(id, c->recent_id)) {
        return true;
    }
    delivered_ids known;
    look_up(h, c, seq, &known);
    return among(&known, id);
}

/* Whether nothing is missing in front of n. The tip of a device that has just joined was never
 * delivered to it (rule 7), and yet what follows it is complete. */
static bool follows_known(zks__history *h, const chain *c, const zks__held *n)
{
    return n->seq == 1 || (is_next(c, n->seq) && same_id(n->prev, c->tip_id)) ||
           was_delivered(h, c, n->seq - 1, n->prev);
}

/* --- held entries ---------------------------------------------------------------- */

static zks__held_tree *tree_of(zks__held *n)
{
    return n->covered ? &n->chain->ready : &n->chain->waiting;
}

static void hold(zks__history *h, zks__held *n)
{
    zks__held_insert(tree_of(n), n);
    n->chain->held++;
    h->held++;
    if (n->covered) {
        n->chain->covered++;
    } else {
        zks__waiting_add(&h->pushers, n);
    }
}

/* Takes n out of where it is held. */
static void unhold(zks__history *h, zks__held *n)
{
    zks__held_remove(tree_of(n), n);
    zks__deadlines_remove(&h->timers, n);
    n->chain->held--;
    h->held--;
    if (n->covered) {
        n->chain->covered--;
    } else {
        zks__waiting_remove(&h->pushers, n);
    }
}

/* A signed one ends its gap when it is due, an uncovered one tells that it is unverified, and goes
 * in the end; one that is covered by another needs no timer. */
static void start_timer(zks__history *h, zks__held *n, uint64_t since_ms)
{
    if (n->covered && !n->signed_ok) {
        return;
    }
    uint64_t wait = n->covered ? ZKS_HISTORY_GAP_MS
                    : n->told  ? ZKS_HISTORY_KEEP_MS
                               : ZKS_HISTORY_UNVERIFIED_MS;
    n->since_ms = since_ms;
    n->due_ms = since_ms > UINT64_MAX - wait ? UINT64_MAX : since_ms + wait;
    zks__deadlines_add(&h->timers, n);
}

/* --- rule 2: coverage ------------------------------------------------------------ */

/* Signed, or named as prev by something that is covered: delivered, or held in `ready`. */
static bool is_covered(const chain *c, const zks__held *n)
{
    return n->signed_ok || zks__held_find(&c->expected, n->seq, n->id) ||
           zks__held_find_prev(&c->ready, n->seq + 1, n->id);
}

/* What an author says of entries behind the one that says it does not count. */
static void raise_floor(chain *c, const zks__held *n)
{
    uint64_t floor = n->floor < n->seq ? n->floor : n->seq;
    c->floor = floor > c->floor ? floor : c->floor;
}

/* Marks n and all that it covers, and takes those out of `waiting`: the returned first of the run
 * and its followers (`above`) are held nowhere. n was held nowhere. */
static zks__held *cover(zks__history *h, chain *c, zks__held *n)
{
    n->above = NULL;
    for (;;) {
        n->covered = true;
        raise_floor(c, n);
        zks__held *before = zks__held_find(&c->waiting, n->seq - 1, n->prev);
        if (!before) {
            return n;
        }
        unhold(h, before);
        before->above = n;
        n = before;
    }
}

/* --- delivery -------------------------------------------------------------------- */

static void forget_expected(zks__history *h, chain *c, const zks__held *n)
{
    zks__held *x = c->expected.root ? zks__held_find(&c->expected, n->seq, n->id) : NULL;
    if (x) {
        zks__held_remove(&c->expected, x);
        give_node(h, x);
    }
}

/* Turns the node of a delivered entry into what is known of its predecessor. */
static void expect_prev(zks__history *h, chain *c, zks__held *n)
{
    if (zks__held_find(&c->expected, n->seq - 1, n->prev)) {
        give_node(h, n);
        return;
    }
    n->seq--;
    memcpy(n->id, n->prev, sizeof n->id);
    zks__held_insert(&c->expected, n);
}

/* n is held nowhere any more; its node is used up. */
static void deliver(zks__history *h, chain *c, zks__held *n, zks__verdict_kind kind)
{
    bool complete = follows_known(h, c, n);
    forget_expected(h, c, n);
    if (kind == ZKS_VERDICT_DELIVER) {
        c->tip_seq = n->seq;
        memcpy(c->tip_id, n->id, sizeof c->tip_id);
    } else if (kind == ZKS_VERDICT_LATE) {
        zks__ranges_take(&c->missing, n->seq);
    }
    c->recent_seq = n->seq;
    memcpy(c->recent_id, n->id, sizeof c->recent_id);
    tell(h, c, kind, n->seq, n->ref, complete ? NULL : n->prev);
    if (complete) {
        give_node(h, n);
    } else {
        expect_prev(h, c, n);
    }
}

/* Rules 4 and 9: a covered entry at or below the tip fills a gap or is another branch. */
static void deliver_below(zks__history *h, chain *c, zks__held *n)
{
    delivered_ids known;
    look_up(h, c, n->seq, &known);
    if (known.count == 0) {
        deliver(h, c, n, ZKS_VERDICT_LATE);
        return;
    }
    if (!among(&known, n->id) && known.count < ZKS_HISTORY_BRANCHES_MAX) {
        deliver(h, c, n, ZKS_VERDICT_FORK);
        return;
    }
    if (!among(&known, n->id)) {
        refuse(h, c, n);
        return;
    }
    tell(h, c, ZKS_VERDICT_REPLAY, n->seq, n->ref, NULL);
    give_node(h, n);
}

static void deliver_any(zks__history *h, chain *c, zks__held *n)
{
    if (n->seq <= c->tip_seq) {
        deliver_below(h, c, n);
    } else {
        deliver(h, c, n, ZKS_VERDICT_DELIVER);
    }
}

/* Rule 4: what is missing below `base` is recorded, and base is the next. */
static void skip_gap(zks__history *h, chain *c, uint64_t base)
{
    uint64_t first = c->tip_seq + 1;
    zks__ranges_add(&c->missing, first, base - 1);
    uint64_t expected_from = c->floor < base ? c->floor : base;
    if (expected_from > first) {
        tell_range(h, c, ZKS_VERDICT_EXPIRED, first, expected_from - 1);
        first = expected_from;
    }
    if (first < base) {
        tell_range(h, c, ZKS_VERDICT_GAP, first, base - 1);
    }
}

/* Of several covered entries at the next seq the one that continues the tip is the next in order;
 * the others are forks. */
static zks__held *choose(const chain *c, zks__held *first)
{
    zks__held *heir = is_next(c, first->seq) ? zks__held_find_prev(&c->ready, first->seq, c->tip_id)
                                             : NULL;
    return heir ? heir : first;
}

/* Whether the gap below n must be waited for. UINT64_MAX: there is no room to wait for any. */
static bool must_wait(const zks__history *h, const chain *c, const zks__held *n, uint64_t forced)
{
    if (c->floor >= n->seq || forced == UINT64_MAX) {
        return false;
    }
    return forced < n->seq || (h->config.give_up && !h->config.give_up(&c->key, c->tip_seq + 1,
                                                                       n->seq - 1, h->config.user));
}

/* Delivers what is ready, in order, up to the first gap that must be waited for. Gaps below seq
 * `forced` have been waited for long enough; whether they are gone. */
static bool advance(zks__history *h, chain *c, uint64_t forced)
{
    zks__held *n;
    while ((n = zks__held_first(&c->ready))) {
        if (n->seq > c->tip_seq && !is_next(c, n->seq)) {
            if (must_wait(h, c, n, forced)) {
                return forced < n->seq;
            }
            skip_gap(h, c, n->seq);
        }
        n = n->seq > c->tip_seq ? choose(c, n) : n;
        unhold(h, n);
        deliver_any(h, c, n);
    }
    return true;
}

/* Delivers or holds a run that cover() has returned. since_ms: arrival of its last entry. */
static void release(zks__history *h, chain *c, zks__held *run, uint64_t since_ms)
{
    bool direct = !c->ready.root && (run->seq <= c->tip_seq || is_next(c, run->seq));
    for (zks__held *n = run, *above; n; n = above) {
        above = n->above;
        if (direct) {
            deliver_any(h, c, n);
            continue;
        }
        hold(h, n);
        if (!above) {
            start_timer(h, n, since_ms);
        }
    }
    if (!direct) {
        advance(h, c, 0);
    }
    if (c->covered > ZKS_HISTORY_HELD_MAX) {
        advance(h, c, UINT64_MAX);
    }
}

/* --- offering -------------------------------------------------------------------- */

static bool is_by_author(const zks__history_entry *e, const uint8_t *pusher)
{
    return memcmp(e->key.author, pusher, sizeof e->key.author) == 0;
}

/* Whether e is known. An equal entry that waits without a signature gives way to a signed one, else
 * whoever pushes a copy without the signature first could keep the entry from being covered; and to
 * the author's own, else it would make room when that pusher has too much. */
static bool is_replay(zks__history *h, chain *c, const zks__history_entry *e)
{
    zks__held *waiting = zks__held_find(&c->waiting, e->seq, e->id);
    if (waiting && (e->signed_ok ||
                    (is_by_author(e, e->pusher) && !is_by_author(e, waiting->source->pusher)))) {
        unhold(h, waiting);
        tell(h, c, ZKS_VERDICT_REPLAY, e->seq, waiting->ref, NULL);
        give_node(h, waiting);
        return false;
    }
    return waiting || zks__held_find_exact(&c->ready, e->seq, e->prev, e->id) ||
           was_delivered(h, c, e->seq, e->id);
}

static zks__held *node_of(zks__history *h, chain *c, const zks__history_entry *e,
                          zks__source *source)
{
    zks__held *n = take_node(h, c);
    n->source = source;
    n->bytes = e->bytes;
    n->seq = e->seq;
    n->floor = e->floor;
    n->ref = e->ref;
    n->signed_ok = e->signed_ok != 0;
    memcpy(n->id, e->id, sizeof n->id);
    memcpy(n->prev, e->prev, sizeof n->prev);
    return n;
}

static void offer_uncovered(zks__history *h, chain *c, zks__held *n, uint64_t now_ms)
{
    const zks__source *source = n->source;
    hold(h, n);
    start_timer(h, n, now_ms);
    tell(h, c, ZKS_VERDICT_HOLD, n->seq, n->ref, NULL);
    for (zks__held *old; (old = zks__waiting_excess(&h->pushers, source));) {
        unhold(h, old);
        refuse(h, old->chain, old);
    }
}

zks_status zks__history_offer(zks__history *h, const zks__history_entry *e, uint64_t now_ms)
{
    if (e->seq == 0) {
        return ZKS_E_INVALID;
    }
    chain *c = need_chain(h, &e->key);
    zks__source *source = NULL;
    zks_status status = c ? reserve(h, c) : ZKS_E_NOMEM;
    if (!status) {
        status = zks__waiting_source(&h->pushers, e->pusher, &source);
    }
    if (status) {
        return status;
    }
    if (is_replay(h, c, e)) {
        tell(h, c, ZKS_VERDICT_REPLAY, e->seq, e->ref, NULL);
        return ZKS_OK;
    }
    zks__held *n = node_of(h, c, e, source);
    if (!is_covered(c, n)) {
        offer_uncovered(h, c, n, now_ms);
        return ZKS_OK;
    }
    release(h, c, cover(h, c, n), now_ms);
    if (zks__held_find_exact(&c->ready, e->seq, e->prev, e->id)) {
        tell(h, c, ZKS_VERDICT_HOLD, e->seq, e->ref, NULL);
    }
    return ZKS_OK;
}

/* --- time ------------------------------------------------------------------------ */

zks_status zks__history_tick(zks__history *h, uint64_t now_ms)
{
    zks__held *n;
    while ((n = zks__deadlines_first(&h->timers)) && n->due_ms <= now_ms) {
        zks__deadlines_remove(&h->timers, n);
        if (n->covered) {
            if (!advance(h, n->chain, n->seq)) { /* n is still there, behind a gap */
                n->due_ms = now_ms + ZKS_HISTORY_AGAIN_MS;
                zks__deadlines_add(&h->timers, n);
            }
        } else if (!n->told) {
            n->told = true;
            tell(h, n->chain, ZKS_VERDICT_UNVERIFIED, n->seq, n->ref, NULL);
            start_timer(h, n, n->since_ms);
        } else {
            unhold(h, n);
            refuse(h, n->chain, n);
        }
    }
    return ZKS_OK;
}

uint64_t zks__history_next_ms(const zks__history *h)
{
    const zks__held *n = zks__deadlines_first(&h->timers);
    return n ? n->due_ms : UINT64_MAX;
}

size_t zks__history_held(const zks__history *h)
{
    return h->held;
}

/* --- state ----------------------------------------------------------------------- */

bool zks__history_drop_chain(zks__history *h, const zks__history_key *key)
{
    chain *c = find_chain(h, key);
    if (c && (c->tip_seq || c->held || c->expected.root || c->missing.count)) {
        return false;
    }
    if (c) {
        h->last_used = h->last_used == c ? NULL : h->last_used;
        (void)zks__map_remove(h->chains, key, sizeof *key);
        zks__free(c->missing.items);
        zks__free(c);
    }
    return true;
}

int zks__history_tip_of(const zks__history *h, const zks__history_key *key, zks__history_tip *out)
{
    const chain *c = find_chain(h, key);
    if (!c || c->tip_seq == 0) {
        return 0;
    }
    out->key = c->key;
    out->seq = c->tip_seq;
    out->floor = c->floor;
    memcpy(out->id, c->tip_id, sizeof out->id);
    return 1;
}

void zks__history_gaps(zks__history *h, zks__history_gap_fn fn, void *user)
{
    size_t position = 0;
    chain *c;
    while ((c = zks__map_next(h->chains, &position))) {
        uint64_t reached = c->tip_seq;
        for (const zks__held *n = zks__held_above(&c->ready, reached); n;
             n = zks__held_above(&c->ready, reached)) {
            if (n->seq - reached > 1) {
                fn(&c->key, reached + 1, n->seq - 1, user);
            }
            reached = n->seq;
        }
    }
}

bool zks__history_missing_below(const zks__history *h, const zks__history_key *key, uint64_t seq,
                                uint64_t *out_first, uint64_t *out_last)
{
    const chain *c = find_chain(h, key);
    const zks__range *r = c ? zks__ranges_below(&c->missing, seq) : NULL;
    if (r) {
        *out_first = r->first;
        *out_last = r->last;
    }
    return r != NULL;
}

int zks__history_is_missing(const zks__history *h, const zks__history_key *key, uint64_t seq)
{
    const chain *c = find_chain(h, key);
    return c && zks__ranges_has(&c->missing, seq);
}

zks_status zks__history_restore_tip(zks__history *h, const zks__history_tip *tip)
{
    chain *c = need_chain(h, &tip->key);
    if (!c) {
        return ZKS_E_NOMEM;
    }
    c->tip_seq = tip->seq;
    c->floor = tip->floor;
    memcpy(c->tip_id, tip->id, sizeof c->tip_id);
    return ZKS_OK;
}

zks_status zks__history_restore_missing(zks__history *h, const zks__history_key *key,
                                        uint64_t first, uint64_t last)
{
    if (first == 0 || first > last) {
        return ZKS_E_INVALID;
    }
    chain *c = need_chain(h, key);
    if (!c || zks__ranges_reserve(&c->missing, c->held + 2)) {
        return ZKS_E_NOMEM;
    }
    zks__ranges_add(&c->missing, first, last);
    return ZKS_OK;
}

zks_status zks__history_restore_expected(zks__history *h, const zks__history_key *key, uint64_t seq,
                                         const uint8_t id[ZKS_ENTRY_ID_BYTES])
{
    if (seq == 0) {
        return ZKS_E_INVALID;
    }
    chain *c = need_chain(h, key);
    if (!c || reserve(h, c)) {
        return ZKS_E_NOMEM;
    }
    zks__held *n = take_node(h, c);
    n->seq = seq;
    memcpy(n->id, id, sizeof n->id);
    if (zks__held_find(&c->expected, seq, id)) {
        give_node(h, n);
    } else {
        zks__held_insert(&c->expected, n);
    }
    return ZKS_OK;
}

zks_status zks__history_restore_held(zks__history *h, const zks__history_entry *e,
                                     uint64_t since_ms)
{
    if (e->seq == 0) {
        return ZKS_E_INVALID;
    }
    chain *c = need_chain(h, &e->key);
    zks__source *source = NULL;
    if (!c || reserve(h, c) || zks__waiting_source(&h->pushers, e->pusher, &source)) {
        return ZKS_E_NOMEM;
    }
    zks__held *n = node_of(h, c, e, source);
    n->told = e->told != 0;
    if (!is_covered(c, n)) {
        hold(h, n);
        start_timer(h, n, since_ms);
        return ZKS_OK;
    }
    for (zks__held *run = cover(h, c, n), *above; run; run = above) {
        above = run->above;
        hold(h, run);
    }
    start_timer(h, n, since_ms);
    return ZKS_OK;
}
