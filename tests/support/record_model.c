/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "tests/support/record_model.h"

typedef bool flags[RECORD_WORLD_DEVICES];

static const zks__record *find(const record_model *m, const uint8_t *hash, zks__record_kind kind)
{
    for (size_t i = 0; i < m->w->count; i++) {
        if (m->w->records[i]->kind == kind && memcmp(m->w->records[i]->hash, hash, 32) == 0) {
            return m->w->records[i];
        }
    }
    return NULL;
}

static size_t number_of(const record_model *m, const zks__record *r)
{
    size_t i = 0;
    while (m->w->records[i] != r) {
        i++;
    }
    return i;
}

static const zks__record *parent_of(const record_model *m, const zks__record *e)
{
    return e->epoch.number ? find(m, e->epoch.parent, ZKS_RECORD_KIND_EPOCH) : NULL;
}

static bool is_below(const record_model *m, const zks__record *low, const zks__record *high)
{
    while (high && high != low) {
        high = parent_of(m, high);
    }
    return high == low;
}

static int listed_device(const record_model *m, const zks__record *e, size_t i)
{
    const zks__record *r = find(m, zks__record_item(&e->epoch.listed, i), ZKS_RECORD_KIND_MEMBER);
    return r ? record_world_device(m->w, r->member.device) : -2;
}

static bool lists_record(const zks__record *e, const zks__record *r)
{
    for (size_t i = 0; i < e->epoch.listed.count; i++) {
        if (memcmp(zks__record_item(&e->epoch.listed, i), r->hash, 32) == 0) {
            return true;
        }
    }
    return false;
}

static void gone_at(const record_model *m, const zks__record *e, flags gone)
{
    for (; e; e = parent_of(m, e)) {
        for (size_t i = 0; i < e->epoch.removed.count; i++) {
            int d = record_world_device(m->w, zks__record_item(&e->epoch.removed, i));
            if (d >= 0) {
                gone[d] = true;
            }
        }
    }
}

static bool may_issue(const record_model *m, const model_members *now, const zks__record *r)
{
    int i = record_world_device(m->w, r->member.issuer);
    if (i == RECORD_WORLD_ROOT) {
        return true;
    }
    return i >= 0 && now->in[i] && (now->rights[i] & ZKS_RIGHT_INVITE) &&
           (!(r->member.rights & ZKS_RIGHT_ADMIN) || (now->rights[i] & ZKS_RIGHT_ADMIN));
}

/* members(t, gone): t NULL lists nobody. */
static void members(const record_model *m, const zks__record *t, const flags gone,
                    model_members *out)
{
    memset(out, 0, sizeof *out);
    for (unsigned round = 0; round <= 8; round++) {
        model_members before = *out;
        for (size_t k = 0; k < m->w->count; k++) {
            const zks__record *r = m->w->records[k];
            if (r->kind != ZKS_RECORD_KIND_MEMBER) {
                continue;
            }
            int d = record_world_device(m->w, r->member.device);
            bool comes = round == 0 ? t && lists_record(t, r) : may_issue(m, &before, r);
            if (comes && !gone[d]) {
                out->round[d] = out->in[d] ? out->round[d] : round;
                out->in[d] = true;
                out->rights[d] |= r->member.rights;
            }
        }
    }
}

void record_model_members(const record_model *m, const zks__record *e, model_members *out)
{
    flags gone = {false};
    gone_at(m, e, gone);
    members(m, e, gone, out);
}

/* --- ok(e) ------------------------------------------------------------------------ */

static bool removes(const record_model *m, const zks__record *e, int device)
{
    for (size_t i = 0; i < e->epoch.removed.count; i++) {
        if (record_world_device(m->w, zks__record_item(&e->epoch.removed, i)) == device) {
            return true;
        }
    }
    return false;
}

static bool lists_device(const record_model *m, const zks__record *e, int device)
{
    for (size_t i = 0; i < e->epoch.listed.count; i++) {
        if (listed_device(m, e, i) == device) {
            return true;
        }
    }
    return false;
}

static bool lists_well(const record_model *m, const zks__record *p, const zks__record *e,
                       const model_members *at)
{
    for (size_t i = 0; i < e->epoch.listed.count; i++) {
        const zks__record *r = find(m, zks__record_item(&e->epoch.listed, i),
                                    ZKS_RECORD_KIND_MEMBER);
        int d = listed_device(m, e, i);
        if (!r || !at->in[d] || removes(m, e, d) || !(lists_record(p, r) || may_issue(m, at, r))) {
            return false;
        }
        for (size_t k = 0; k < i; k++) {
            if (listed_device(m, e, k) == d) {
                return false;
            }
        }
    }
    size_t place = 0;
    for (size_t i = 0; i < p->epoch.listed.count; i++) {
        int d = listed_device(m, p, i);
        if (!removes(m, e, d) &&
            (place >= e->epoch.listed.count || listed_device(m, e, place++) != d)) {
            return false;
        }
    }
    return true;
}

static bool ok(const record_model *m, const zks__record *e)
{
    const zks__record *p = parent_of(m, e);
    if (!p) {
        return e->epoch.number == 0;
    }
    model_members at;
    int signer = record_world_device(m->w, e->epoch.signer);
    record_model_members(m, p, &at);
    if (!ok(m, p) || e->epoch.number != p->epoch.number + 1 || signer == -2) {
        return false;
    }
    if (signer >= 0 &&
        (!at.in[signer] || !(at.rights[signer] & ZKS_RIGHT_ADMIN) || !lists_device(m, e, signer))) {
        return false;
    }
    for (size_t i = 0; i < e->epoch.removed.count; i++) {
        int d = record_world_device(m->w, zks__record_item(&e->epoch.removed, i));
        if (d < 0 || !at.in[d]) {
            return false;
        }
    }
    return lists_well(m, p, e, &at);
}

/* --- which count ------------------------------------------------------------------ */

static bool rooted(const record_model *m, const zks__record *e)
{
    for (size_t i = 0; i < m->w->count; i++) {
        const zks__record *x = m->w->records[i];
        if (x->kind == ZKS_RECORD_KIND_EPOCH && m->ok[i] && is_below(m, e, x) &&
            record_world_device(m->w, x->epoch.signer) == RECORD_WORLD_ROOT) {
            return true;
        }
    }
    return false;
}

static bool attacks(const record_model *m, const zks__record *e, const zks__record *f)
{
    const zks__record *p = parent_of(m, e);
    if (!p || is_below(m, e, f) || is_below(m, f, e) || rooted(m, f)) {
        return false;
    }
    model_members before, after;
    int signer = record_world_device(m->w, f->epoch.signer);
    record_model_members(m, p, &before);
    record_model_members(m, e, &after);
    return before.in[signer] && !after.in[signer];
}

enum { OPEN, IN, OUT };

typedef struct verdicts {
    size_t count;
    const zks__record *e[RECORD_WORLD_RECORDS_MAX]; /* the ok ones */
    int label[RECORD_WORLD_RECORDS_MAX];
    bool attack[64][64];
} verdicts;

static int label_of(const verdicts *v, const zks__record *e)
{
    size_t i = 0;
    while (v->e[i] != e) {
        i++;
    }
    return v->label[i];
}

static int next_label(const record_model *m, const verdicts *v, size_t f)
{
    const zks__record *p = parent_of(m, v->e[f]);
    int parent = p ? label_of(v, p) : IN;
    bool all_out = true;
    if (rooted(m, v->e[f])) {
        return IN;
    }
    for (size_t k = 0; k < v->count; k++) {
        if (v->attack[k][f]) {
            if (v->label[k] == IN) {
                return OUT;
            }
            all_out = all_out && v->label[k] == OUT;
        }
    }
    if (parent == OUT) {
        return OUT;
    }
    return parent == IN && all_out ? IN : OPEN;
}

static void spread(const record_model *m, verdicts *v)
{
    bool changed = true;
    while (changed) {
        changed = false;
        for (size_t i = 0; i < v->count; i++) {
            if (v->label[i] == OPEN && (v->label[i] = next_label(m, v, i)) != OPEN) {
                changed = true;
            }
        }
    }
}

typedef struct seniority {
    bool device;
    uint32_t number, place;
} seniority;

/* At an EPOCH: where and when it was listed first on the way there, else the round. */
static seniority seniority_at(const record_model *m, const zks__record *at, int signer)
{
    seniority s = {.device = signer >= 0, .number = UINT32_MAX};
    if (!s.device) {
        return (seniority){0};
    }
    if (lists_device(m, at, signer)) {
        for (const zks__record *x = at; x; x = parent_of(m, x)) {
            for (size_t i = 0; i < x->epoch.listed.count; i++) {
                if (listed_device(m, x, i) == signer) {
                    s.number = x->epoch.number;
                    s.place = (uint32_t)i;
                }
            }
        }
        return s;
    }
    model_members members_there;
    record_model_members(m, at, &members_there);
    s.place = members_there.in[signer] ? members_there.round[signer] : UINT32_MAX;
    return s;
}

static int compare_seniority(seniority x, seniority y)
{
    if (x.device != y.device) {
        return x.device ? 1 : -1;
    }
    if (x.number != y.number) {
        return x.number < y.number ? -1 : 1;
    }
    return x.place != y.place ? (x.place < y.place ? -1 : 1) : 0;
}

static int compare_names(const zks__record *a, const zks__record *b)
{
    int order = memcmp(a->epoch.signer, b->epoch.signer, ZKS_DEVICE_ID_BYTES);
    return order ? order : memcmp(a->hash, b->hash, sizeof a->hash);
}

static bool pinned(const record_model *m, const zks__record *e)
{
    for (size_t i = 0; i < m->pin_count; i++) {
        if (m->pins[i] == e) {
            return true;
        }
    }
    return false;
}

static int signer_of(const record_model *m, const zks__record *e)
{
    return record_world_device(m->w, e->epoch.signer);
}

/* Below both: the last EPOCH that the ways to a and b share, neither of them. */
static const zks__record *parting(const record_model *m, const zks__record *a, const zks__record *b)
{
    const zks__record *p = parent_of(m, a);
    while (p == b || !is_below(m, p, b)) {
        p = parent_of(m, p);
    }
    return p;
}

static seniority oldest_on_the_way(const record_model *m, const zks__record *p,
                                   const zks__record *e)
{
    seniority best = seniority_at(m, p, signer_of(m, e));
    for (; e != p; e = parent_of(m, e)) {
        seniority s = seniority_at(m, p, signer_of(m, e));
        best = compare_seniority(s, best) < 0 ? s : best;
    }
    return best;
}

static bool first_of(const record_model *m, const zks__record *a, const zks__record *b)
{
    if (!b || pinned(m, a) != pinned(m, b)) {
        return !b || pinned(m, a);
    }
    const zks__record *p = parting(m, a, b);
    int order = compare_seniority(seniority_at(m, p, signer_of(m, a)),
                                  seniority_at(m, p, signer_of(m, b)));
    if (!order) {
        order = compare_seniority(oldest_on_the_way(m, p, a), oldest_on_the_way(m, p, b));
    }
    return (order ? order : compare_names(a, b)) < 0;
}

/* The ok ones in the order of number and hash. */
static void sort(verdicts *v)
{
    for (size_t i = 1; i < v->count; i++) {
        for (size_t k = i; k > 0; k--) {
            const zks__record *a = v->e[k - 1];
            const zks__record *b = v->e[k];
            if (a->epoch.number < b->epoch.number ||
                (a->epoch.number == b->epoch.number && memcmp(a->hash, b->hash, 32) < 0)) {
                break;
            }
            v->e[k - 1] = b;
            v->e[k] = a;
        }
    }
}

static bool shuts_out(const record_model *m, const zks__record *e)
{
    const zks__record *p = parent_of(m, e);
    model_members before, after;
    bool out = false;
    if (p) {
        record_model_members(m, p, &before);
        record_model_members(m, e, &after);
    }
    for (int d = 0; p && d < RECORD_WORLD_DEVICES; d++) {
        out = out || (before.in[d] && !after.in[d]);
    }
    return out;
}

static bool has_ring(const verdicts *v)
{
    bool ring = false;
    for (size_t i = 0; i < v->count; i++) {
        for (size_t k = 0; k < v->count; k++) {
            ring = ring || (v->attack[i][k] && v->label[i] == OPEN && v->label[k] == OPEN);
        }
    }
    return ring;
}

/* The open ones that attack the way are OUT; the first of them. */
static const zks__record *shut_out_attackers(record_model *m, verdicts *v, const bool *way)
{
    const zks__record *lost = NULL;
    for (size_t k = 0; k < v->count; k++) {
        bool hit = false;
        for (size_t i = 0; i < v->count; i++) {
            hit = hit || (way[i] && v->attack[k][i] && v->label[k] == OPEN);
        }
        if (hit) {
            v->label[k] = OUT;
            lost = first_of(m, v->e[k], lost) ? v->e[k] : lost;
        }
    }
    return lost;
}

/* false: nothing is open. */
static bool choose(record_model *m, verdicts *v)
{
    const zks__record *best = NULL;
    for (size_t i = 0; i < v->count; i++) {
        if (v->label[i] == OPEN && shuts_out(m, v->e[i]) && first_of(m, v->e[i], best)) {
            best = v->e[i];
        }
    }
    if (!best || !has_ring(v)) {
        return false;
    }
    bool way[RECORD_WORLD_RECORDS_MAX];
    for (size_t i = 0; i < v->count; i++) {
        way[i] = v->label[i] == OPEN && is_below(m, v->e[i], best);
    }
    const zks__record *lost = shut_out_attackers(m, v, way);
    for (size_t i = 0; i < v->count; i++) {
        v->label[i] = way[i] ? IN : v->label[i];
    }
    if (!m->fork_kept) {
        m->fork_kept = best;
        m->fork_lost = lost;
    }
    return true;
}

static void judge(record_model *m, verdicts *v)
{
    memset(v, 0, sizeof *v);
    for (size_t i = 0; i < m->w->count; i++) {
        const zks__record *r = m->w->records[i];
        m->ok[i] = r->kind == ZKS_RECORD_KIND_EPOCH && ok(m, r);
        if (m->ok[i]) {
            v->e[v->count++] = r;
        }
    }
    sort(v);
    for (size_t i = 0; i < v->count; i++) {
        for (size_t k = 0; k < v->count; k++) {
            v->attack[i][k] = attacks(m, v->e[i], v->e[k]);
        }
    }
    spread(m, v);
    while (choose(m, v)) {
        spread(m, v);
    }
}

/* --- the tip ---------------------------------------------------------------------- */

static size_t length_of(const record_model *m, const verdicts *v, const zks__record *e)
{
    size_t longest = 0;
    for (size_t i = 0; i < v->count; i++) {
        if (v->label[i] == IN && parent_of(m, v->e[i]) == e) {
            size_t length = length_of(m, v, v->e[i]);
            longest = length > longest ? length : longest;
        }
    }
    return longest + 1;
}

static bool better(const record_model *m, const verdicts *v, const zks__record *a,
                   const zks__record *b)
{
    if (rooted(m, a) != rooted(m, b)) {
        return rooted(m, a);
    }
    size_t x = length_of(m, v, a);
    size_t y = length_of(m, v, b);
    int order = compare_seniority(seniority_at(m, parent_of(m, a), signer_of(m, a)),
                                  seniority_at(m, parent_of(m, b), signer_of(m, b)));
    return x != y ? x > y : (order ? order : compare_names(a, b)) < 0;
}

static const zks__record *climb(const record_model *m, const verdicts *v, const zks__record *tip)
{
    const zks__record *best = NULL;
    for (size_t i = 0; i < v->count; i++) {
        if (v->label[i] == IN && parent_of(m, v->e[i]) == tip &&
            (!best || better(m, v, v->e[i], best))) {
            best = v->e[i];
        }
    }
    return best ? climb(m, v, best) : tip;
}

void record_model_run(record_model *m)
{
    static verdicts v;
    model_members live;
    memset(m->denied, 0, sizeof m->denied);
    memset(m->in, 0, sizeof m->in);
    m->fork_kept = m->fork_lost = NULL;
    judge(m, &v);
    m->tip = v.count ? climb(m, &v, v.e[0]) : NULL;
    for (size_t i = 0; i < v.count; i++) {
        m->in[number_of(m, v.e[i])] = v.label[i] == IN;
        for (int d = 0; d < RECORD_WORLD_DEVICES; d++) {
            m->denied[d] |= v.label[i] == IN && removes(m, v.e[i], d);
        }
    }
    members(m, m->tip, m->denied, &live);
    for (size_t i = 0; i < v.count; i++) {
        int signer = record_world_device(m->w, v.e[i]->epoch.signer);
        for (int d = 0; v.label[i] == OUT && d < RECORD_WORLD_DEVICES; d++) {
            m->denied[d] |= (live.rights[signer] & ZKS_RIGHT_ADMIN) && removes(m, v.e[i], d);
        }
    }
    members(m, m->tip, m->denied, &live);
    memcpy(m->live, live.in, sizeof m->live);
    memcpy(m->rights, live.rights, sizeof m->rights);
    for (size_t i = 0; i < m->w->count; i++) {
        if (m->w->records[i]->kind == ZKS_RECORD_KIND_LEAVE) {
            int d = record_world_device(m->w, m->w->records[i]->leave.device);
            m->live[d] = false;
            m->rights[d] = 0;
        }
    }
}

/* --- the comparison --------------------------------------------------------------- */

static const char *devices_differ(const record_model *m, const zks__records *set)
{
    size_t live = 0;
    for (int d = 0; d < RECORD_WORLD_DEVICES; d++) {
        const uint8_t *id = record_world_id(m->w, d);
        live += m->live[d];
        if (zks__records_denied(set, id) != m->denied[d]) {
            return "denied";
        }
        if ((zks__records_member(set, id, 0) != NULL) != m->live[d]) {
            return "member";
        }
        if (zks__records_rights(set, id) != (m->live[d] ? m->rights[d] : 0)) {
            return "rights";
        }
    }
    if (zks__records_members(set) != live || zks__records_member_at(set, live)) {
        return "number of members";
    }
    for (size_t i = 0; i < live; i++) {
        const zks__record *r = zks__records_member_at(set, i);
        if (!r || !m->live[record_world_device(m->w, r->member.device)]) {
            return "members";
        }
    }
    return NULL;
}

static const char *epochs_differ(const record_model *m, const zks__records *set)
{
    for (size_t i = 0; i < m->w->count; i++) {
        const zks__record *e = m->w->records[i];
        model_members at;
        if (e->kind != ZKS_RECORD_KIND_EPOCH) {
            continue;
        }
        record_model_members(m, e, &at);
        if (zks__records_epoch_ok(set, e->hash) != m->ok[i]) {
            return "ok";
        }
        if (zks__records_in_chain(set, e->hash) && !m->in[i]) {
            return "chain";
        }
        for (int d = 0; d < RECORD_WORLD_DEVICES; d++) {
            if (zks__records_valid(set, record_world_id(m->w, d), e->hash) !=
                (m->ok[i] && at.in[d])) {
                return "valid";
            }
        }
    }
    return NULL;
}

static bool same(const zks__record *a, const zks__record *b)
{
    return a == b || (a && b && memcmp(a->hash, b->hash, sizeof a->hash) == 0);
}

const char *record_model_difference(const record_model *m, const zks__records *set)
{
    zks__records_state s;
    zks__records_state_of(set, &s);
    if (!same(s.tip, m->tip)) {
        return "tip";
    }
    if (!same(s.fork_kept, m->fork_kept) || !same(s.fork_lost, m->fork_lost)) {
        return "fork";
    }
    const char *problem = devices_differ(m, set);
    return problem ? problem : epochs_differ(m, set);
}
