/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "tests/support/history_world.h"

#include <stdio.h>
#include <stdlib.h>

enum { ROWS_MAX = 4 * MODEL_ENTRIES_MAX, START_MS = 1000000 };

/* What a store would have: rows of one table, told apart by `kind`. */
typedef enum row_kind { ROW_HELD = 1, ROW_DELIVERED, ROW_RANGE, ROW_EXPECTED } row_kind;

typedef struct row {
    row_kind kind;
    zks__history_entry e; /* ROW_EXPECTED: key, seq, id */
    uint64_t since_ms;    /* ROW_HELD */
    uint64_t first, last; /* ROW_RANGE */
} row;

struct history_world {
    zks__history *h;
    zks__history_config config;
    history_model model;
    uint64_t now_ms;
    const zks__history_entry *offered;
    size_t row_count;
    row rows[ROWS_MAX];
    size_t tip_count;
    zks__history_tip tips[MODEL_CHAINS_MAX];
    size_t verdict_count; /* of the present call */
    model_verdict verdicts[MODEL_VERDICTS_MAX];
    size_t counts[ZKS_VERDICT_UNVERIFIED + 1];
    bool failed;
    char problem[256];
};

#define FAIL(w, ...) \
    ((w)->failed     \
         ? (void)0   \
         : ((w)->failed = true, (void)snprintf((w)->problem, sizeof(w)->problem, __VA_ARGS__)))

/* --- the store -------------------------------------------------------------------- */

static row *row_add(history_world *w, row_kind kind)
{
    if (w->row_count == ROWS_MAX) {
        abort();
    }
    row *r = &w->rows[w->row_count++];
    memset(r, 0, sizeof *r);
    r->kind = kind;
    return r;
}

/* Keeps the order, since held entries are restored in it. */
static void row_remove(history_world *w, row *r)
{
    size_t at = (size_t)(r - w->rows);
    memmove(r, r + 1, (w->row_count - at - 1) * sizeof *r);
    w->row_count--;
}

static row *held_row(history_world *w, uint64_t ref)
{
    for (size_t i = 0; i < w->row_count; i++) {
        if (w->rows[i].kind == ROW_HELD && w->rows[i].e.ref == ref) {
            return &w->rows[i];
        }
    }
    return NULL;
}

static row *id_row(history_world *w, row_kind kind, const zks__history_key *key, uint64_t seq,
                   const uint8_t *id)
{
    for (size_t i = 0; i < w->row_count; i++) {
        row *r = &w->rows[i];
        if (r->kind == kind && r->e.seq == seq && memcmp(r->e.id, id, sizeof r->e.id) == 0 &&
            memcmp(&r->e.key, key, sizeof *key) == 0) {
            return r;
        }
    }
    return NULL;
}

/* The entry that a verdict is about, taken out of the held rows if it is there. */
static zks__history_entry entry_of(history_world *w, const zks__verdict *v)
{
    row *r = held_row(w, v->ref);
    zks__history_entry e = {0};
    if (r) {
        e = r->e;
        row_remove(w, r);
    } else if (w->offered && w->offered->ref == v->ref) {
        e = *w->offered;
    } else {
        FAIL(w, "verdict %d about ref %llu, which is not held", (int)v->kind,
             (unsigned long long)v->ref);
    }
    return e;
}

static void fill_range(history_world *w, const zks__history_key *key, uint64_t seq)
{
    for (size_t i = 0; i < w->row_count; i++) {
        row *r = &w->rows[i];
        if (r->kind == ROW_RANGE && memcmp(&r->e.key, key, sizeof *key) == 0 && r->first <= seq &&
            seq <= r->last) {
            row old = *r;
            row_remove(w, r);
            for (int side = 0; side < 2; side++) {
                uint64_t first = side ? seq + 1 : old.first;
                uint64_t last = side ? old.last : seq - 1;
                if (first <= last) {
                    row *part = row_add(w, ROW_RANGE);
                    *part = old;
                    part->first = first;
                    part->last = last;
                }
            }
            return;
        }
    }
    FAIL(w, "LATE %llu was not missing", (unsigned long long)seq);
}

static void store_delivery(history_world *w, const zks__verdict *v)
{
    zks__history_entry e = entry_of(w, v);
    if (id_row(w, ROW_DELIVERED, &e.key, e.seq, e.id)) {
        FAIL(w, "seq %llu delivered twice", (unsigned long long)e.seq);
    }
    row *x = id_row(w, ROW_EXPECTED, &e.key, e.seq, e.id);
    if (x) {
        row_remove(w, x);
    }
    row_add(w, ROW_DELIVERED)->e = e;
    if (v->kind == ZKS_VERDICT_LATE) {
        fill_range(w, &e.key, e.seq);
    }
    if (v->expected && !id_row(w, ROW_EXPECTED, &e.key, e.seq - 1, v->expected)) {
        row *r = row_add(w, ROW_EXPECTED);
        r->e.key = e.key;
        r->e.seq = e.seq - 1;
        memcpy(r->e.id, v->expected, sizeof r->e.id);
    }
}

static void store_verdict(history_world *w, const zks__verdict *v)
{
    row *r;
    switch (v->kind) {
    case ZKS_VERDICT_DELIVER:
    case ZKS_VERDICT_LATE:
    case ZKS_VERDICT_FORK:
        store_delivery(w, v);
        break;
    case ZKS_VERDICT_HOLD:
        r = row_add(w, ROW_HELD);
        r->e = *w->offered;
        r->since_ms = w->now_ms;
        break;
    case ZKS_VERDICT_REPLAY:
    case ZKS_VERDICT_REFUSE:
        (void)entry_of(w, v);
        break;
    case ZKS_VERDICT_GAP:
    case ZKS_VERDICT_EXPIRED:
        r = row_add(w, ROW_RANGE);
        r->e.key = v->key;
        r->first = v->first;
        r->last = v->last;
        break;
    case ZKS_VERDICT_UNVERIFIED:
        r = held_row(w, v->ref);
        if (r) {
            r->e.told = 1;
        } else {
            FAIL(w, "UNVERIFIED about ref %llu, which is not held", (unsigned long long)v->ref);
        }
        break;
    }
}

static void on_verdict(const zks__verdict *v, void *user)
{
    history_world *w = user;
    if (w->verdict_count == MODEL_VERDICTS_MAX) {
        abort();
    }
    model_verdict *copy = &w->verdicts[w->verdict_count++];
    memset(copy, 0, sizeof *copy);
    copy->v = *v;
    copy->expects = v->expected != NULL;
    if (v->expected) {
        memcpy(copy->expected, v->expected, sizeof copy->expected);
    }
    w->counts[v->kind]++;
    store_verdict(w, v);
}

static size_t on_lookup(const zks__history_key *key, uint64_t seq,
                        uint8_t (*out_ids)[ZKS_ENTRY_ID_BYTES], void *user)
{
    history_world *w = user;
    size_t count = 0;
    for (size_t i = 0; i < w->row_count; i++) {
        const row *r = &w->rows[i];
        if (r->kind == ROW_DELIVERED && r->e.seq == seq &&
            memcmp(&r->e.key, key, sizeof *key) == 0) {
            memcpy(out_ids[count++], r->e.id, ZKS_ENTRY_ID_BYTES);
        }
    }
    return count;
}

static void store_tip(history_world *w, const zks__history_key *key)
{
    zks__history_tip tip;
    if (!zks__history_tip_of(w->h, key, &tip)) {
        return;
    }
    size_t i = 0;
    while (i < w->tip_count && memcmp(&w->tips[i].key, key, sizeof *key) != 0) {
        i++;
    }
    if (i == w->tip_count) {
        w->tip_count++;
    }
    w->tips[i] = tip;
}

/* --- comparing -------------------------------------------------------------------- */

static bool equal_verdicts(const model_verdict *a, const model_verdict *b)
{
    return a->v.kind == b->v.kind && a->v.ref == b->v.ref && a->v.first == b->v.first &&
           a->v.last == b->v.last && memcmp(&a->v.key, &b->v.key, sizeof a->v.key) == 0 &&
           a->expects == b->expects && memcmp(a->expected, b->expected, sizeof a->expected) == 0;
}

/* UNVERIFIED and REFUSE by ref, behind all others; those by chain, each chain in its order. */
static bool in_order(const model_verdict *a, const model_verdict *b)
{
    int late_a = a->v.kind == ZKS_VERDICT_REFUSE ? 2 : a->v.kind == ZKS_VERDICT_UNVERIFIED;
    int late_b = b->v.kind == ZKS_VERDICT_REFUSE ? 2 : b->v.kind == ZKS_VERDICT_UNVERIFIED;
    if (late_a || late_b) {
        return late_a == late_b ? a->v.ref <= b->v.ref : late_a < late_b;
    }
    return memcmp(&a->v.key, &b->v.key, sizeof a->v.key) <= 0;
}

/* Stable, so that a chain's verdicts keep their order. */
static void sort(model_verdict *v, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        model_verdict moved = v[i];
        size_t k = i;
        for (; k > 0 && !in_order(&v[k - 1], &moved); k--) {
            v[k] = v[k - 1];
        }
        v[k] = moved;
    }
}

static void compare(history_world *w, const char *what)
{
    history_model *m = &w->model;
    sort(w->verdicts, w->verdict_count);
    sort(m->verdicts, m->verdict_count);
    for (size_t i = 0; i < w->verdict_count || i < m->verdict_count; i++) {
        const model_verdict *a = i < w->verdict_count ? &w->verdicts[i] : NULL;
        const model_verdict *b = i < m->verdict_count ? &m->verdicts[i] : NULL;
        if (!a || !b || !equal_verdicts(a, b)) {
            FAIL(w, "%s: verdict %zu is %d about %llu..%llu, the model says %d about %llu..%llu",
                 what, i, a ? (int)a->v.kind : 0, a ? (unsigned long long)a->v.first : 0,
                 a ? (unsigned long long)a->v.last : 0, b ? (int)b->v.kind : 0,
                 b ? (unsigned long long)b->v.first : 0, b ? (unsigned long long)b->v.last : 0);
            return;
        }
    }
}

void world_check(history_world *w)
{
    for (size_t i = 0; i < w->model.chain_count; i++) {
        const model_chain *c = &w->model.chains[i];
        for (uint64_t seq = 1; seq <= c->tip + 1 && seq < 200; seq++) {
            if (model_is_missing(&w->model, &c->key, seq) !=
                (zks__history_is_missing(w->h, &c->key, seq) != 0)) {
                FAIL(w, "seq %llu: not the same opinion on whether it is missing",
                     (unsigned long long)seq);
            }
        }
    }
    size_t held = 0;
    for (size_t i = 0; i < w->row_count; i++) {
        held += w->rows[i].kind == ROW_HELD;
    }
    if (held != zks__history_held(w->h)) {
        FAIL(w, "%zu entries are held, %zu are stored as held", zks__history_held(w->h), held);
    }
}

/* --- life ------------------------------------------------------------------------- */

history_world *world_new(uint8_t map_seed)
{
    history_world *w = calloc(1, sizeof *w);
    if (!w) {
        return NULL;
    }
    w->now_ms = START_MS;
    w->config = (zks__history_config){.verdict = on_verdict, .lookup = on_lookup, .user = w};
    memset(w->config.map_seed, map_seed, sizeof w->config.map_seed);
    if (zks__history_new(&w->config, &w->h)) {
        free(w);
        return NULL;
    }
    return w;
}

void world_free(history_world *w)
{
    if (w) {
        zks__history_free(w->h);
        free(w);
    }
}

void world_offer(history_world *w, const zks__history_entry *e)
{
    w->verdict_count = 0;
    w->offered = e;
    if (zks__history_offer(w->h, e, w->now_ms)) {
        FAIL(w, "offer failed");
    }
    w->offered = NULL;
    store_tip(w, &e->key);
    model_offer(&w->model, e, w->now_ms);
    compare(w, "offer");
}

void world_tick(history_world *w)
{
    w->verdict_count = 0;
    uint64_t next = zks__history_next_ms(w->h);
    if (zks__history_tick(w->h, w->now_ms)) {
        FAIL(w, "tick failed");
    }
    if (w->verdict_count && next > w->now_ms) {
        FAIL(w, "verdicts before the time that next_ms named");
    }
    if (zks__history_next_ms(w->h) <= w->now_ms) {
        FAIL(w, "next_ms in the past after a tick");
    }
    for (size_t i = 0; i < w->model.chain_count; i++) {
        store_tip(w, &w->model.chains[i].key);
    }
    model_tick(&w->model, w->now_ms);
    compare(w, "tick");
}

void world_wait(history_world *w, uint64_t ms)
{
    w->now_ms += ms;
}

static zks_status restore_row(history_world *w, const row *r, row_kind kind)
{
    if (r->kind != kind) {
        return ZKS_OK;
    }
    switch (kind) {
    case ROW_RANGE:
        return zks__history_restore_missing(w->h, &r->e.key, r->first, r->last);
    case ROW_EXPECTED:
        return zks__history_restore_expected(w->h, &r->e.key, r->e.seq, r->e.id);
    case ROW_HELD:
        return zks__history_restore_held(w->h, &r->e, r->since_ms);
    case ROW_DELIVERED:
        break;
    }
    return ZKS_OK;
}

void world_restart(history_world *w)
{
    static const row_kind order[] = {ROW_RANGE, ROW_EXPECTED, ROW_HELD};
    zks__history_free(w->h);
    w->h = NULL;
    if (zks__history_new(&w->config, &w->h)) {
        abort();
    }
    zks_status status = ZKS_OK;
    for (size_t i = 0; i < w->tip_count; i++) {
        status |= zks__history_restore_tip(w->h, &w->tips[i]);
    }
    for (size_t k = 0; k < ZKS_COUNTOF(order); k++) {
        for (size_t i = 0; i < w->row_count; i++) {
            status |= restore_row(w, &w->rows[i], order[k]);
        }
    }
    if (status) {
        FAIL(w, "restoring failed");
    }
}

const char *world_problem(const history_world *w)
{
    return w->failed ? w->problem : NULL;
}

zks__history *world_history(history_world *w)
{
    return w->h;
}

size_t world_count(const history_world *w, zks__verdict_kind kind)
{
    return w->counts[kind];
}

bool world_was_delivered(history_world *w, const zks__history_entry *e)
{
    return id_row(w, ROW_DELIVERED, &e->key, e->seq, e->id) != NULL;
}
