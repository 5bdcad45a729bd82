/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The work that the store's fault tests do and check: transactions whose whole content follows from
 * their number, so that a store tells how many of them it holds, and anything half is seen.
 *
 * Transaction i: size(i) own entries and as many received items, the places of the entries of
 * transaction i-1 (which its relay has then settled), the watermark behind transaction i-2, a
 * prune.
 */
#ifndef ZKS_TESTS_STORE_WORK_H
#define ZKS_TESTS_STORE_WORK_H

#include "store/private.h"
#include "unit/store/store_help.h"

enum { WORK_KEEP_BYTES = 60000 };

typedef struct work {
    zks__store *s;
    zks__store_group group;
    zks__store_chain own, foreign;
    zks__store_relay relay;
    uint64_t done; /* transactions that are in the store */
} work;

static inline uint64_t work_size(uint64_t i)
{
    return 1 + (i * 2654435761u >> 7) % 24;
}

/* Own entries of the transactions before i. */
static inline uint64_t work_sum(uint64_t i)
{
    uint64_t sum = 0;
    for (uint64_t k = 0; k < i; k++) {
        sum += work_size(k);
    }
    return sum;
}

static inline uint64_t work_last_seq(uint64_t done)
{
    return done ? work_sum(done) + work_sum(done - 1) : 0;
}

/* Group, chains and relay, in one transaction. */
static inline zks_status work_create(work *w)
{
    static const uint8_t key[32] = {3};
    w->group = help_group(1);
    w->own = help_chain(2, 1);
    w->foreign = help_chain(4, 0);
    zks_status status = zks__store_begin(w->s);
    if (status == ZKS_OK) {
        status = zks__store_group_add(w->s, &w->group);
    }
    if (status == ZKS_OK) {
        status = zks__store_chain_add(w->s, w->group.g, &w->own);
    }
    if (status == ZKS_OK) {
        status = zks__store_chain_add(w->s, w->group.g, &w->foreign);
    }
    if (status == ZKS_OK) {
        status = zks__store_relay_get(w->s, w->group.g, key, &w->relay);
    }
    if (status == ZKS_OK) {
        status = zks__store_commit(w->s);
    }
    if (status != ZKS_OK) {
        zks__store_rollback(w->s);
    }
    return status;
}

static inline zks_status work_places(work *w, uint64_t i)
{
    zks_status status = ZKS_OK;
    for (uint64_t n = i ? work_sum(i - 1) + 1 : 1; n <= work_sum(i) && status == ZKS_OK; n++) {
        zks__store_item item = {.own_n = n};
        status = zks__store_inbox_add(w->s, w->group.g, &item);
    }
    w->relay.acked_n = work_sum(i);
    return status == ZKS_OK ? zks__store_relay_update(w->s, &w->relay) : status;
}

/* One transaction; anything but ZKS_OK has rolled it back. */
static inline zks_status work_do(work *w)
{
    uint64_t i = w->done, first = work_sum(i) + 1, size = work_size(i);
    int more = 0;
    zks_status status = zks__store_begin(w->s);
    if (status == ZKS_OK) {
        status = help_push(w->s, w->group.g, &w->own, first, size);
    }
    if (status == ZKS_OK) {
        status = help_receive(w->s, w->group.g, w->foreign.c, first, size);
    }
    if (status == ZKS_OK) {
        status = work_places(w, i);
    }
    if (status == ZKS_OK && i >= 2) {
        status = zks__store_watermark_set(w->s, w->group.g, work_last_seq(i - 1));
    }
    if (status == ZKS_OK) {
        status = zks__store_prune(w->s, w->group.g, WORK_KEEP_BYTES, 0, &more);
    }
    if (status == ZKS_OK) {
        status = zks__store_commit(w->s);
    }
    if (status != ZKS_OK) {
        zks__store_rollback(w->s);
        return status;
    }
    w->done++;
    return ZKS_OK;
}

/* --- checking ---------------------------------------------------------------------- */

typedef struct work_check {
    work *w;
    uint64_t next_n, next_seq, received;
    int wrong;
} work_check;

static inline zks_status work_see_chain(const zks__store_chain *chain, void *user)
{
    work *w = user;
    *(chain->own ? &w->own : &w->foreign) = *chain;
    return ZKS_OK;
}

static inline zks_status work_see_own(const zks__store_own *own, void *user)
{
    work_check *c = user;
    c->next_n = c->next_n ? c->next_n : own->n;
    c->wrong |= own->n != c->next_n++ || !help_same_own(own) || own->c != c->w->own.c;
    return ZKS_OK;
}

static inline zks_status work_see_item(const zks__store_item *item, void *user)
{
    work_check *c = user;
    uint8_t blob[4096];
    c->wrong |= item->seq != c->next_seq++;
    if (item->own_n) {
        zks__store_own want = help_own(item->own_n, c->w->own.c, blob);
        c->wrong |= item->blob.length != want.blob.length ||
                    memcmp(item->blob.data, blob, want.blob.length) != 0 ||
                    memcmp(item->id, want.id, sizeof want.id) != 0;
    } else {
        c->wrong |= !help_same_item(item) || item->c != c->w->foreign.c;
        c->received++;
    }
    return ZKS_OK;
}

static inline zks_status work_check_history(work *w, uint64_t last_n, int *wrong)
{
    uint8_t blob[4096], ids[2][ZKS_ENTRY_ID_BYTES];
    zks_status status = ZKS_OK;
    for (uint64_t n = 1; n <= last_n && status == ZKS_OK; n++) {
        size_t count = 0;
        zks__store_own want = help_own(n, w->own.c, blob);
        status = zks__store_history_get(w->s, w->own.c, n, 2, ids, &count);
        *wrong |= status == ZKS_OK && (count != 1 || memcmp(ids[0], want.id, sizeof want.id) != 0);
    }
    return status;
}

/* Sums and reads from SQLite's own point of view. */
static inline zks_status work_check_integrity(zks__store *s, int *wrong)
{
    sqlite3_stmt *q = NULL;
    int rc = sqlite3_prepare_v2(s->db, "PRAGMA integrity_check", -1, &q, NULL);
    if (rc == SQLITE_OK && (rc = sqlite3_step(q)) == SQLITE_ROW) {
        *wrong |= strcmp((const char *)sqlite3_column_text(q, 0), "ok") != 0;
        rc = SQLITE_OK;
    }
    sqlite3_finalize(q);
    return rc == SQLITE_OK ? ZKS_OK : zks__sql_fail(s, rc);
}

static inline zks_status work_check_items(work *w, work_check *c)
{
    uint64_t count = 0, bytes = 0, want = w->group.watermark;
    c->next_seq = w->group.watermark + 1;
    zks_status status = zks__store_inbox_each(w->s, w->group.g, w->group.watermark, work_see_item,
                                              c);
    if (status == ZKS_OK) {
        c->wrong |= c->next_seq != w->group.last_seq + 1;
        status = zks__store_inbox_pending(w->s, w->group.g, want, &count, &bytes);
        c->wrong |= status == ZKS_OK && count != c->received;
    }
    return status;
}

/*
 * Reads all of an open store: *out_wrong is set where anything differs from what `done`
 * transactions leave behind, w is made ready to go on. A failing read is returned. ZKS_E_NOT_FOUND:
 * there is no group yet.
 */
static inline zks_status work_load(work *w, int *out_wrong)
{
    static const uint8_t key[32] = {3};
    work_check c = {.w = w};
    w->group = help_group(1);
    zks_status status = zks__store_group_get(w->s, w->group.group_id, &w->group);
    if (status == ZKS_OK) {
        status = zks__store_chains_each(w->s, w->group.g, work_see_chain, w);
    }
    if (status == ZKS_OK) {
        status = zks__store_relay_get(w->s, w->group.g, key, &w->relay);
    }
    if (status != ZKS_OK) {
        return status;
    }
    for (w->done = 0; work_sum(w->done) < w->group.last_n; w->done++) {
    }
    uint64_t i = w->done;
    c.wrong |= work_sum(i) != w->group.last_n || work_last_seq(i) != w->group.last_seq ||
               (i ? work_sum(i - 1) : 0) != w->group.inboxed_n ||
               (i > 2 ? work_last_seq(i - 2) : 0) != w->group.watermark ||
               w->own.tip_seq != w->group.last_n || w->relay.acked_n != w->group.inboxed_n;
    status = zks__store_own_each(w->s, w->group.g, 0, work_see_own, &c);
    if (status == ZKS_OK && i > 0) {
        c.wrong |= c.next_n != w->group.last_n + 1;
    }
    if (status == ZKS_OK) {
        status = work_check_items(w, &c);
    }
    if (status == ZKS_OK) {
        status = work_check_history(w, w->group.last_n, &c.wrong);
    }
    *out_wrong = c.wrong;
    return status;
}

#endif
