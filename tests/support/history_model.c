/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "tests/support/history_model.h"

#include <stdlib.h>

static bool same(const uint8_t *a, const uint8_t *b)
{
    return memcmp(a, b, ZKS_ENTRY_ID_BYTES) == 0;
}

static model_chain *chain_of(history_model *m, const zks__history_key *key)
{
    for (size_t i = 0; i < m->chain_count; i++) {
        if (memcmp(&m->chains[i].key, key, sizeof *key) == 0) {
            return &m->chains[i];
        }
    }
    if (m->chain_count == MODEL_CHAINS_MAX) {
        abort();
    }
    model_chain *c = &m->chains[m->chain_count++];
    memset(c, 0, sizeof *c);
    c->key = *key;
    return c;
}

static bool in_chain(const model_entry *x, const zks__history_key *key)
{
    return memcmp(&x->e.key, key, sizeof *key) == 0;
}

static void say(history_model *m, zks__verdict v, const uint8_t *expected)
{
    if (m->verdict_count == MODEL_VERDICTS_MAX) {
        abort();
    }
    model_verdict *out = &m->verdicts[m->verdict_count++];
    memset(out, 0, sizeof *out);
    out->v = v;
    out->expects = expected != NULL;
    if (expected) {
        memcpy(out->expected, expected, sizeof out->expected);
    }
}

static zks__verdict about(zks__verdict_kind kind, const zks__history_entry *e)
{
    return (zks__verdict){
        .kind = kind, .key = e->key, .ref = e->ref, .first = e->seq, .last = e->seq};
}

static void drop(history_model *m, model_entry *x)
{
    *x = m->entries[--m->count];
}

static size_t delivered_at(const history_model *m, const zks__history_key *key, uint64_t seq)
{
    size_t count = 0;
    for (size_t i = 0; i < m->count; i++) {
        const model_entry *x = &m->entries[i];
        count += x->delivered && x->e.seq == seq && in_chain(x, key);
    }
    return count;
}

static bool delivered_id(const history_model *m, const zks__history_key *key, uint64_t seq,
                         const uint8_t *id)
{
    for (size_t i = 0; i < m->count; i++) {
        const model_entry *x = &m->entries[i];
        if (x->delivered && x->e.seq == seq && same(x->e.id, id) && in_chain(x, key)) {
            return true;
        }
    }
    return false;
}

bool model_is_missing(const history_model *m, const zks__history_key *key, uint64_t seq)
{
    for (size_t i = 0; i < m->chain_count; i++) {
        const model_chain *c = &m->chains[i];
        if (memcmp(&c->key, key, sizeof *key) == 0) {
            return seq > 0 && seq < c->tip && delivered_at(m, key, seq) == 0;
        }
    }
    return false;
}

/* Rule 2: signed, or named as prev by something that is covered; delivered is covered. */
static void mark_covered(history_model *m, model_chain *c)
{
    bool again = true;
    for (size_t i = 0; i < m->count; i++) {
        m->entries[i].covered |= m->entries[i].delivered || m->entries[i].e.signed_ok;
    }
    while (again) {
        again = false;
        for (size_t i = 0; i < m->count; i++) {
            model_entry *x = &m->entries[i];
            for (size_t k = 0; k < m->count && !x->covered; k++) {
                const model_entry *y = &m->entries[k];
                x->covered = y->covered && y->e.seq - 1 == x->e.seq && same(y->e.prev, x->e.id) &&
                             in_chain(y, &x->e.key);
                again |= x->covered;
            }
        }
    }
    for (size_t i = 0; i < m->count; i++) {
        const model_entry *x = &m->entries[i];
        uint64_t floor = x->e.floor < x->e.seq ? x->e.floor : x->e.seq;
        if (x->covered && in_chain(x, &c->key) && floor > c->floor) {
            c->floor = floor;
        }
    }
}

static bool before(const zks__history_entry *a, const zks__history_entry *b)
{
    if (a->seq != b->seq) {
        return a->seq < b->seq;
    }
    int order = memcmp(a->prev, b->prev, sizeof a->prev);
    return order ? order < 0 : memcmp(a->id, b->id, sizeof a->id) < 0;
}

/* The next covered entry that is held: the lowest, but at the seq behind the tip one that continues
 * the tip comes first. */
static model_entry *next_of(history_model *m, const model_chain *c)
{
    model_entry *best = NULL;
    for (size_t i = 0; i < m->count; i++) {
        model_entry *x = &m->entries[i];
        if (!x->covered || x->delivered || !in_chain(x, &c->key)) {
            continue;
        }
        bool heir = x->e.seq == c->tip + 1 && same(x->e.prev, c->tip_id);
        bool best_heir = best && best->e.seq == c->tip + 1 && same(best->e.prev, c->tip_id);
        if (!best || (heir == best_heir && before(&x->e, &best->e)) ||
            (heir != best_heir && (heir ? x->e.seq <= best->e.seq : x->e.seq < best->e.seq))) {
            best = x;
        }
    }
    return best;
}

static void deliver(history_model *m, model_chain *c, model_entry *x)
{
    size_t branches = delivered_at(m, &c->key, x->e.seq);
    zks__verdict_kind kind = ZKS_VERDICT_DELIVER;
    if (x->e.seq <= c->tip) {
        kind = branches ? ZKS_VERDICT_FORK : ZKS_VERDICT_LATE;
    }
    if (branches >= ZKS_HISTORY_BRANCHES_MAX) {
        say(m, about(ZKS_VERDICT_REFUSE, &x->e), NULL);
        drop(m, x);
        return;
    }
    bool complete = x->e.seq == 1 || delivered_id(m, &c->key, x->e.seq - 1, x->e.prev);
    x->delivered = true;
    if (kind == ZKS_VERDICT_DELIVER) {
        c->tip = x->e.seq;
        memcpy(c->tip_id, x->e.id, sizeof c->tip_id);
    }
    say(m, about(kind, &x->e), complete ? NULL : x->e.prev);
}

/* Whether a signed entry at or behind seq has waited for long enough. */
static bool waited(const history_model *m, const model_chain *c, uint64_t seq, uint64_t now_ms)
{
    for (size_t i = 0; i < m->count; i++) {
        const model_entry *x = &m->entries[i];
        if (!x->delivered && x->e.signed_ok && x->e.seq >= seq && in_chain(x, &c->key) &&
            now_ms >= x->since_ms + ZKS_HISTORY_GAP_MS) {
            return true;
        }
    }
    return false;
}

/* now_ms: 0 in an offer, where no time passes. */
static void advance(history_model *m, model_chain *c, uint64_t now_ms)
{
    model_entry *x;
    while ((x = next_of(m, c))) {
        if (x->e.seq > c->tip + 1) {
            if (c->floor < x->e.seq && !(now_ms && waited(m, c, x->e.seq, now_ms))) {
                return;
            }
            uint64_t split = c->floor < x->e.seq ? c->floor : x->e.seq;
            uint64_t first = c->tip + 1;
            zks__verdict v = {.kind = ZKS_VERDICT_EXPIRED, .key = c->key, .first = first};
            if (split > first) {
                v.last = split - 1;
                say(m, v, NULL);
                v.first = split;
            }
            if (v.first < x->e.seq) {
                v.kind = ZKS_VERDICT_GAP;
                v.last = x->e.seq - 1;
                say(m, v, NULL);
            }
        }
        deliver(m, c, x);
    }
}

static model_entry *held_with(history_model *m, const zks__history_entry *e)
{
    for (size_t i = 0; i < m->count; i++) {
        model_entry *x = &m->entries[i];
        if (!x->delivered && x->e.seq == e->seq && same(x->e.id, e->id) && in_chain(x, &e->key)) {
            return x;
        }
    }
    return NULL;
}

void model_offer(history_model *m, const zks__history_entry *e, uint64_t now_ms)
{
    m->verdict_count = 0;
    model_chain *c = chain_of(m, &e->key);
    model_entry *held = held_with(m, e);
    bool by_author = !memcmp(e->pusher, e->key.author, sizeof e->pusher) && held &&
                     memcmp(held->e.pusher, e->key.author, sizeof e->pusher) != 0;
    if (held && (e->signed_ok || by_author) && !held->covered) {
        say(m, about(ZKS_VERDICT_REPLAY, &held->e), NULL);
        drop(m, held);
    } else if (held || delivered_id(m, &e->key, e->seq, e->id)) {
        say(m, about(ZKS_VERDICT_REPLAY, e), NULL);
        return;
    }
    if (m->count == MODEL_ENTRIES_MAX) {
        abort();
    }
    m->entries[m->count++] = (model_entry){.e = *e, .since_ms = now_ms};
    mark_covered(m, c);
    advance(m, c, 0);
    held = held_with(m, e);
    if (held) {
        say(m, about(ZKS_VERDICT_HOLD, e), NULL);
    }
}

void model_tick(history_model *m, uint64_t now_ms)
{
    m->verdict_count = 0;
    for (size_t i = 0; i < m->count; i++) {
        model_entry *x = &m->entries[i];
        if (!x->covered && !x->told && now_ms >= x->since_ms + ZKS_HISTORY_UNVERIFIED_MS) {
            x->told = true;
            say(m, about(ZKS_VERDICT_UNVERIFIED, &x->e), NULL);
        }
    }
    for (size_t i = m->count; i-- > 0;) {
        model_entry *x = &m->entries[i];
        if (!x->covered && now_ms >= x->since_ms + ZKS_HISTORY_KEEP_MS) {
            say(m, about(ZKS_VERDICT_REFUSE, &x->e), NULL);
            drop(m, x);
        }
    }
    for (size_t i = 0; i < m->chain_count; i++) {
        advance(m, &m->chains[i], now_ms);
    }
}
