/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Random work on a store in a file, with rollbacks and reopening, next to a model that keeps
 * arrays: after each transaction every number, sum and byte must agree.
 */
#include "store_help.h"

enum { MOST = 2000, GROUPS = 3 };

typedef struct model_group {
    uint64_t last_n, last_seq, inboxed_n, watermark, acked;
    uint64_t contents;          /* received so far */
    int64_t ended_ms[MOST];     /* by own number */
    uint8_t own_there[MOST];    /* by own number */
    uint64_t item_own[MOST];    /* by seq: own number, 0: received */
    uint64_t item_number[MOST]; /* by seq: number of the received content */
} model_group;

typedef struct world {
    char path[HELP_PATH + 16];
    zks__store *s;
    zks__store_group groups[GROUPS];
    zks__store_chain own[GROUPS], foreign[GROUPS];
    zks__store_relay relay[GROUPS];
    model_group now[GROUPS], before[GROUPS];
    int64_t now_ms;
    help_random random;
    int i; /* group under check */
    uint64_t position;
} world;

static uint64_t below(world *w, uint64_t limit)
{
    return help_next(&w->random) % limit;
}

/* --- work ------------------------------------------------------------------------ */

static void do_push(world *w, int i)
{
    model_group *m = &w->now[i];
    uint8_t blob[4096];
    for (uint64_t k = below(w, 20) + 1; k > 0 && m->last_n + 2 < MOST; k--) {
        uint64_t n = m->last_n + 1;
        zks__store_own o = help_own(n, w->own[i].c, blob);
        help_ok(zks__store_own_add(w->s, w->groups[i].g, &o));
        m->last_n = n;
        m->own_there[n] = 1;
        m->ended_ms[n] = o.time_ms + (int64_t)o.ttl_s * 1000;
    }
}

static void do_receive(world *w, int i)
{
    model_group *m = &w->now[i];
    for (uint64_t k = below(w, 20) + 1; k > 0 && m->last_seq + 2 < MOST; k--) {
        help_ok(help_receive(w->s, w->groups[i].g, w->foreign[i].c, ++m->contents, 1));
        m->item_number[++m->last_seq] = m->contents;
        m->item_own[m->last_seq] = 0;
    }
}

static void do_settle(world *w, int i)
{
    model_group *m = &w->now[i];
    uint64_t to = m->acked + below(w, m->last_n - m->acked + 1);
    for (uint64_t n = m->inboxed_n + 1; n <= to && m->last_seq + 2 < MOST; n++) {
        zks__store_item item = {.own_n = n};
        help_ok(zks__store_inbox_add(w->s, w->groups[i].g, &item));
        m->item_own[++m->last_seq] = n;
        m->inboxed_n = n;
    }
    if (m->inboxed_n >= to) {
        m->acked = to;
        w->relay[i].acked_n = to;
        help_ok(zks__store_relay_update(w->s, &w->relay[i]));
    }
}

static void do_read(world *w, int i)
{
    model_group *m = &w->now[i];
    m->watermark += below(w, m->last_seq - m->watermark + 1);
    help_ok(zks__store_watermark_set(w->s, w->groups[i].g, m->watermark));
}

/* --- prune: what is gone must have been allowed to go ----------------------------------- */

static int own_may_go(const model_group *m, uint64_t n, int64_t now_ms)
{
    for (uint64_t seq = m->watermark + 1; seq <= m->last_seq; seq++) {
        if (m->item_own[seq] == n) {
            return 0;
        }
    }
    return n <= m->acked || m->ended_ms[n] <= now_ms;
}

static zks_status note_own(const zks__store_own *o, void *user)
{
    uint8_t *there = user;
    there[o->n] = 1;
    return ZKS_OK;
}

static void do_prune(world *w, int i)
{
    model_group *m = &w->now[i];
    uint8_t there[MOST] = {0};
    int more = 0;
    w->now_ms += (int64_t)below(w, 3000);
    help_ok(zks__store_prune(w->s, w->groups[i].g, below(w, 60000), w->now_ms, &more));
    help_ok(zks__store_own_each(w->s, w->groups[i].g, 0, note_own, there));
    for (uint64_t n = 1; n <= m->last_n; n++) {
        ck_assert(m->own_there[n] >= there[n]);
        ck_assert_msg(m->own_there[n] == there[n] || own_may_go(m, n, w->now_ms), "own %d", (int)n);
        m->own_there[n] = there[n];
    }
}

/* --- checks -------------------------------------------------------------------------- */

static zks_status check_own(const zks__store_own *o, void *user)
{
    world *w = user;
    const model_group *m = &w->now[w->i];
    do {
        w->position++;
    } while (w->position <= m->last_n && !m->own_there[w->position]);
    ck_assert_uint_eq(o->n, w->position);
    ck_assert(help_same_own(o));
    return ZKS_OK;
}

/* Read items may be missing at the front; unread ones are all there, but those of dropped entries.
 */
static zks_status check_item(const zks__store_item *item, void *user)
{
    world *w = user;
    const model_group *m = &w->now[w->i];
    for (uint64_t seq = w->position + 1; seq < item->seq; seq++) {
        ck_assert(seq <= m->watermark || (m->item_own[seq] && !m->own_there[m->item_own[seq]]));
    }
    w->position = item->seq;
    ck_assert_uint_eq(item->own_n, m->item_own[item->seq]);
    if (item->own_n) {
        uint8_t blob[4096];
        zks__store_own want = help_own(item->own_n, w->own[w->i].c, blob);
        ck_assert_mem_eq(item->id, want.id, sizeof want.id);
        ck_assert_uint_eq(item->blob.length, want.blob.length);
        ck_assert_mem_eq(item->blob.data, blob, want.blob.length);
    } else {
        ck_assert_uint_eq(item->entry_seq, m->item_number[item->seq]);
        ck_assert(help_same_item(item));
    }
    return ZKS_OK;
}

static void check_sums(world *w, int i)
{
    const model_group *m = &w->now[i];
    uint64_t after = below(w, m->last_n + 2), count = 0, bytes = 0, want = 0, want_bytes = 0;
    for (uint64_t n = after + 1; n <= m->last_n; n++) {
        want += m->own_there[n];
        want_bytes += m->own_there[n] ? help_blob_length(n) : 0;
    }
    help_ok(zks__store_own_pending(w->s, w->groups[i].g, after, &count, &bytes));
    ck_assert_uint_eq(count, want);
    ck_assert_uint_eq(bytes, want_bytes);
    after = m->watermark + below(w, m->last_seq - m->watermark + 1);
    want = want_bytes = 0;
    for (uint64_t seq = after + 1; seq <= m->last_seq; seq++) {
        want += m->item_own[seq] == 0;
        want_bytes += m->item_own[seq] == 0 ? help_blob_length(m->item_number[seq]) : 0;
    }
    help_ok(zks__store_inbox_pending(w->s, w->groups[i].g, after, &count, &bytes));
    ck_assert_uint_eq(count, want);
    ck_assert_uint_eq(bytes, want_bytes);
}

static void check_all(world *w)
{
    for (int i = 0; i < GROUPS; i++) {
        const model_group *m = &w->now[i];
        zks__store_group got;
        help_ok(zks__store_group_get(w->s, w->groups[i].group_id, &got));
        ck_assert_uint_eq(got.last_n, m->last_n);
        ck_assert_uint_eq(got.last_seq, m->last_seq);
        ck_assert_uint_eq(got.inboxed_n, m->inboxed_n);
        ck_assert_uint_eq(got.watermark, m->watermark);
        w->i = i;
        w->position = 0;
        help_ok(zks__store_own_each(w->s, got.g, 0, check_own, w));
        for (w->position++; w->position <= m->last_n; w->position++) {
            ck_assert(!m->own_there[w->position]);
        }
        w->position = m->watermark;
        help_ok(zks__store_inbox_each(w->s, got.g, m->watermark, check_item, w));
        for (w->position++; w->position <= m->last_seq; w->position++) {
            ck_assert(m->item_own[w->position] && !m->own_there[m->item_own[w->position]]);
        }
        w->position = 0;
        help_ok(zks__store_inbox_each(w->s, got.g, 0, check_item, w));
        check_sums(w, i);
    }
}

static void start(world *w)
{
    uint8_t key[32] = {3};
    w->s = help_open(w->path);
    help_ok(zks__store_begin(w->s));
    for (int i = 0; i < GROUPS; i++) {
        w->groups[i] = help_group((uint64_t)i * 10);
        w->own[i] = help_chain((uint64_t)i * 10 + 5, 1);
        w->foreign[i] = help_chain((uint64_t)i * 10 + 7, 0);
        help_ok(zks__store_group_add(w->s, &w->groups[i]));
        help_ok(zks__store_chain_add(w->s, w->groups[i].g, &w->own[i]));
        help_ok(zks__store_chain_add(w->s, w->groups[i].g, &w->foreign[i]));
        help_ok(zks__store_relay_get(w->s, w->groups[i].g, key, &w->relay[i]));
    }
    help_ok(zks__store_commit(w->s));
}

static void transaction(world *w)
{
    memcpy(w->before, w->now, sizeof w->now);
    help_ok(zks__store_begin(w->s));
    for (uint64_t k = below(w, 5) + 1; k > 0; k--) {
        int i = (int)below(w, GROUPS);
        switch (below(w, 6)) {
        case 0:
        case 1:
            do_push(w, i);
            break;
        case 2:
            do_receive(w, i);
            break;
        case 3:
            do_settle(w, i);
            break;
        case 4:
            do_read(w, i);
            break;
        default:
            do_prune(w, i);
            break;
        }
    }
    if (below(w, 4) == 0) {
        zks__store_rollback(w->s);
        memcpy(w->now, w->before, sizeof w->now);
        for (int i = 0; i < GROUPS; i++) {
            w->relay[i].acked_n = w->now[i].acked;
        }
    } else {
        help_ok(zks__store_commit(w->s));
    }
}

START_TEST(store_agrees_with_its_model)
{
    static world w;
    char folder[HELP_PATH];
    help_folder(folder);
    snprintf(w.path, sizeof w.path, "%s/store", folder);
    w.random.state = unit_seed_printed("store_agrees_with_its_model") + (uint64_t)_i;
    w.now_ms = 1000 * 1000;
    start(&w);
    size_t steps = 20 + unit_rounds(80);
    for (size_t step = 0; step < steps; step++) {
        transaction(&w);
        check_all(&w);
        if (below(&w, 8) == 0) {
            zks__store_close(w.s);
            w.s = help_open(w.path);
            check_all(&w);
        }
    }
    zks__store_close(w.s);
    help_remove(folder);
}
END_TEST

static void add(TCase *c)
{
    tcase_add_loop_test(c, store_agrees_with_its_model, 0, 4);
}

int main(void)
{
    return unit_main("store_model", add);
}
