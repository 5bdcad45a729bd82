/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The tree is a treap (Seidel, Aragon 1996): all operations are short loops, expected O(log n)
 * whatever the order of arrival, since the priorities come from a seed that no peer knows.
 */
#include "group/held.h"

#include "base/alloc.h"

enum { FIRST_ROOM = 16 };

/* --- tree -------------------------------------------------------------------------- */

typedef struct place {
    uint64_t seq;
    const uint8_t *first, *second; /* NULL: lower than any */
} place;

static place place_of(const zks__held_tree *t, const zks__held *n)
{
    return t->by_prev ? (place){n->seq, n->prev, n->id} : (place){n->seq, n->id, NULL};
}

static int compare_ids(const uint8_t *a, const uint8_t *b)
{
    if (!a || !b) {
        return (a != NULL) - (b != NULL);
    }
    return memcmp(a, b, ZKS_ENTRY_ID_BYTES);
}

static int compare(const place *a, const place *b)
{
    if (a->seq != b->seq) {
        return a->seq < b->seq ? -1 : 1;
    }
    int order = compare_ids(a->first, b->first);
    return order ? order : compare_ids(a->second, b->second);
}

static int compare_node(const zks__held_tree *t, const place *at, const zks__held *n)
{
    place other = place_of(t, n);
    return compare(at, &other);
}

void zks__held_insert(zks__held_tree *t, zks__held *n)
{
    place own = place_of(t, n);
    zks__held **at = &t->root;
    while (*at && (*at)->priority >= n->priority) {
        at = compare_node(t, &own, *at) < 0 ? &(*at)->left : &(*at)->right;
    }
    /* n takes this place; what was below it is split into lower and higher. */
    zks__held *rest = *at;
    *at = n;
    zks__held **lower = &n->left;
    zks__held **higher = &n->right;
    while (rest) {
        if (compare_node(t, &own, rest) > 0) {
            *lower = rest;
            lower = &rest->right;
            rest = rest->right;
        } else {
            *higher = rest;
            higher = &rest->left;
            rest = rest->left;
        }
    }
    *lower = NULL;
    *higher = NULL;
}

void zks__held_remove(zks__held_tree *t, zks__held *n)
{
    place own = place_of(t, n);
    zks__held **at = &t->root;
    while (*at != n) {
        at = compare_node(t, &own, *at) < 0 ? &(*at)->left : &(*at)->right;
    }
    zks__held *lower = n->left;
    zks__held *higher = n->right;
    while (lower && higher) {
        if (lower->priority >= higher->priority) {
            *at = lower;
            at = &lower->right;
            lower = lower->right;
        } else {
            *at = higher;
            at = &higher->left;
            higher = higher->left;
        }
    }
    *at = lower ? lower : higher;
    n->left = NULL;
    n->right = NULL;
}

/* The lowest node at or behind a place. */
static zks__held *lower_bound(const zks__held_tree *t, const place *at)
{
    zks__held *best = NULL;
    zks__held *n = t->root;
    while (n) {
        if (compare_node(t, at, n) <= 0) {
            best = n;
            n = n->left;
        } else {
            n = n->right;
        }
    }
    return best;
}

zks__held *zks__held_find(const zks__held_tree *t, uint64_t seq,
                          const uint8_t id[ZKS_ENTRY_ID_BYTES])
{
    place at = {seq, id, NULL};
    zks__held *n = lower_bound(t, &at);
    return n && n->seq == seq && compare_ids(n->id, id) == 0 ? n : NULL;
}

zks__held *zks__held_find_prev(const zks__held_tree *t, uint64_t seq,
                               const uint8_t prev[ZKS_ENTRY_ID_BYTES])
{
    place at = {seq, prev, NULL};
    zks__held *n = lower_bound(t, &at);
    return n && n->seq == seq && compare_ids(n->prev, prev) == 0 ? n : NULL;
}

zks__held *zks__held_find_exact(const zks__held_tree *t, uint64_t seq,
                                const uint8_t prev[ZKS_ENTRY_ID_BYTES],
                                const uint8_t id[ZKS_ENTRY_ID_BYTES])
{
    place at = {seq, prev, id};
    zks__held *n = lower_bound(t, &at);
    return n && compare_node(t, &at, n) == 0 ? n : NULL;
}

zks__held *zks__held_first(const zks__held_tree *t)
{
    zks__held *n = t->root;
    while (n && n->left) {
        n = n->left;
    }
    return n;
}

zks__held *zks__held_above(const zks__held_tree *t, uint64_t seq)
{
    place at = {seq + 1, NULL, NULL};
    return seq == UINT64_MAX ? NULL : lower_bound(t, &at);
}

/* --- heap -------------------------------------------------------------------------- */

zks_status zks__deadlines_reserve(zks__deadlines *t)
{
    if (t->count + 1 < t->room) {
        return ZKS_OK;
    }
    size_t room = t->room ? t->room * 2 : FIRST_ROOM;
    zks__held **items = zks__alloc_resize(t->items, room * sizeof(zks__held *));
    if (!items) {
        return ZKS_E_NOMEM;
    }
    t->items = items;
    t->room = room;
    return ZKS_OK;
}

static void put(zks__deadlines *t, size_t slot, zks__held *n)
{
    t->items[slot] = n;
    n->slot = slot;
}

static void sift_up(zks__deadlines *t, zks__held *n, size_t slot)
{
    while (slot > 1 && t->items[slot / 2]->due_ms > n->due_ms) {
        put(t, slot, t->items[slot / 2]);
        slot /= 2;
    }
    put(t, slot, n);
}

static void sift_down(zks__deadlines *t, zks__held *n, size_t slot)
{
    while (slot * 2 <= t->count) {
        size_t child = slot * 2;
        if (child < t->count && t->items[child + 1]->due_ms < t->items[child]->due_ms) {
            child++;
        }
        if (t->items[child]->due_ms >= n->due_ms) {
            break;
        }
        put(t, slot, t->items[child]);
        slot = child;
    }
    put(t, slot, n);
}

void zks__deadlines_add(zks__deadlines *t, zks__held *n)
{
    sift_up(t, n, ++t->count);
}

void zks__deadlines_remove(zks__deadlines *t, zks__held *n)
{
    size_t slot = n->slot;
    if (!slot) {
        return;
    }
    n->slot = 0;
    zks__held *last = t->items[t->count--];
    if (last == n) {
        return;
    }
    if (slot > 1 && t->items[slot / 2]->due_ms > last->due_ms) {
        sift_up(t, last, slot);
    } else {
        sift_down(t, last, slot);
    }
}

zks__held *zks__deadlines_first(const zks__deadlines *t)
{
    return t->count ? t->items[1] : NULL;
}

/* --- ranges ------------------------------------------------------------------------ */

zks_status zks__ranges_reserve(zks__ranges *r, size_t more)
{
    if (r->count + more <= r->room) {
        return ZKS_OK;
    }
    size_t room = (r->count + more) * 2;
    zks__range *items = zks__alloc_resize(r->items, room * sizeof *items);
    if (!items) {
        return ZKS_E_NOMEM;
    }
    r->items = items;
    r->room = room;
    return ZKS_OK;
}

/* The first range that ends at or behind seq. */
static size_t range_from(const zks__ranges *r, uint64_t seq)
{
    size_t low = 0;
    size_t high = r->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (r->items[middle].last < seq) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* Replaces items[from..to) by `count` ranges. */
static void splice(zks__ranges *r, size_t from, size_t to, const zks__range *by, size_t count)
{
    memmove(r->items + from + count, r->items + to, (r->count - to) * sizeof *r->items);
    memcpy(r->items + from, by, count * sizeof *by);
    r->count = r->count - (to - from) + count;
}

void zks__ranges_add(zks__ranges *r, uint64_t first, uint64_t last)
{
    size_t from = range_from(r,
                             first ? first - 1 : 0); /* one that ends just in front is joined too */
    size_t to = from;
    zks__range whole = {first, last};
    while (to < r->count && (last == UINT64_MAX || r->items[to].first <= last + 1)) {
        whole.first = r->items[to].first < whole.first ? r->items[to].first : whole.first;
        whole.last = r->items[to].last > whole.last ? r->items[to].last : whole.last;
        to++;
    }
    splice(r, from, to, &whole, 1);
}

void zks__ranges_take(zks__ranges *r, uint64_t seq)
{
    if (!zks__ranges_has(r, seq)) {
        return;
    }
    size_t at = range_from(r, seq);
    zks__range old = r->items[at];
    zks__range parts[2];
    size_t count = 0;
    if (old.first < seq) {
        parts[count++] = (zks__range){old.first, seq - 1};
    }
    if (old.last > seq) {
        parts[count++] = (zks__range){seq + 1, old.last};
    }
    splice(r, at, at + 1, parts, count);
}

bool zks__ranges_has(const zks__ranges *r, uint64_t seq)
{
    size_t at = range_from(r, seq);
    return at < r->count && r->items[at].first <= seq;
}

const zks__range *zks__ranges_below(const zks__ranges *r, uint64_t seq)
{
    size_t at = range_from(r, seq);
    if (at < r->count && r->items[at].first <= seq) {
        return &r->items[at];
    }
    return at > 0 ? &r->items[at - 1] : NULL;
}
