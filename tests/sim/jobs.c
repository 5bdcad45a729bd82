/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The storage thread of a slot: jobs wait, run together in one transaction, and finish; a crash
 * comes between. */
#include "sim/sim.h"

#include "base/alloc.h"
#include "client/ledger_internal.h"
#include "group/epoch.h"
#include "store/private.h"

#include <string.h>

enum { ROTATE_S = 30 * 24 * 3600 };

/* --- rows of a whole store --- */

static bool copy_rows(sqlite3 *from, sqlite3 *to)
{
    sqlite3_backup *b = sqlite3_backup_init(to, "main", from, "main");
    return b && sqlite3_backup_step(b, -1) == SQLITE_DONE && sqlite3_backup_finish(b) == SQLITE_OK;
}

void *sim_rows_save(sim_slot *s, void *into)
{
    sqlite3 *db = into;
    if (!db && sqlite3_open(":memory:", &db)) {
        return NULL;
    }
    if (!copy_rows(zks__ledger_store(s->ledger)->db, db) && s->world) {
        sim_fail(s->world, "a store was not copied");
    }
    return db;
}

void sim_rows_load(sim_slot *s, void *from)
{
    zks__store *store = zks__ledger_store(s->ledger);
    if (!copy_rows(from, store->db)) {
        sim_fail(s->world, "a store was not replaced");
    }
    for (size_t i = 0; i < store->cache_count; i++) {
        memset(&store->cache[i], 0, sizeof store->cache[i]);
    }
    zks__ledger_rolled_back(s->ledger, true);
    zks__ledger_reload(s->ledger);
}

void sim_rows_free(void *rows)
{
    sqlite3_close(rows);
}

/* --- jobs --- */

sim_job *sim_job_add(sim_slot *s, sim_job_kind kind)
{
    if (s->job_count == SIM_JOBS_MAX) { /* as if there were no memory */
        zks__sync_close(s->sync, 0);
        return NULL;
    }
    sim_job *j = &s->jobs[s->job_count++];
    memset(j, 0, sizeof *j);
    j->kind = kind;
    j->attempt = zks__sync_attempt(s->sync);
    if (!s->job_waits) {
        s->job_waits = true;
        sim_world *w = s->world;
        sim_at(w, sim_chance(w, 10) ? sim_below(w, 2000) : 1 + sim_below(w, 15), SIM_EVENT_JOBS,
               (int)s->index, s->life, NULL);
    }
    return j;
}

static void free_job(sim_job *j)
{
    if (j->bytes) {
        zks__buf_unref(j->bytes);
    }
    for (size_t i = 0; i < j->sealed_count; i++) {
        zks__buf_unref(j->sealed[i].blob);
    }
    zks__free(j->sealed);
    zks__buf_unref(j->made);
    zks__owed_done(&j->owed);
    zks__record_list_done(&j->records);
    zks__notices_done(&j->received.notices);
}

void sim_jobs_drop(sim_slot *s)
{
    for (size_t i = 0; i < s->job_count; i++) {
        free_job(&s->jobs[i]);
    }
    s->job_count = 0;
    s->job_waits = false;
}

static zks_status run_load(sim_slot *s, sim_job *j)
{
    sim_world *w = s->world;
    sim_relay *r = &w->relays[zks__sync_relay(s->sync)];
    char address[16] = "relay:0";
    address[6] = (char)('0' + r->key[0]);
    zks_status status = zks__ledger_relay_load(s->ledger, address, NULL, r->key, &j->state);
    return status ? status : zks__ledger_record_list(s->ledger, &j->records);
}

static zks_status run_push(sim_slot *s, sim_job *j, bool last_push)
{
    zks_status status = ZKS_OK;
    for (size_t i = 0; i < j->words && !status; i++) {
        uint64_t number = j->word + i;
        zks__buf *body = zks__blob_buffer(&number, sizeof number);
        zks__sealed sealed;
        status = body
                     ? zks__ledger_push(s->ledger, body, 0, last_push && i + 1 == j->words, &sealed)
                     : ZKS_E_NOMEM;
        if (!status) {
            const zks__store_chain *own = &s->ledger->own->row;
            sim_word *word = &s->world->words[number];
            memcpy(word->chain, own->chain, sizeof word->chain);
            memcpy(word->id, own->tip_id, sizeof word->id);
            word->seq = own->tip_seq;
            word->n = sealed.n;
        }
        zks__buf_unref(body);
    }
    j->last_n = zks__ledger_last_n(s->ledger);
    return status;
}

/* A planted fault: what is in quarantine counts as judged with the records that are here. */
static void forget_review(sim_slot *s)
{
    if (s->world->options.mutation == SIM_JUDGED_ONCE) {
        s->ledger->quarantine.judged = zks__records_generation(s->ledger->records);
    }
}

static zks_status run_tick(sim_slot *s, sim_job *j)
{
    forget_review(s);
    zks_status status = zks__ledger_tick(s->ledger, j->caught_up, &j->received, &j->next_unix_ms);
    bool more = false;
    if (!status && j->number) {
        status = zks__ledger_acknowledge(s->ledger, s->view.last_seq);
        if (!status) {
            status = zks__ledger_prune(s->ledger, 0, SIM_RELAYS, &more);
        }
    }
    if (!status && j->may_rotate) {
        status = zks__ledger_epoch_due(s->ledger, ROTATE_S, &j->due, &j->next_unix_ms);
    }
    return status || !j->caught_up ? status : zks__ledger_owed(s->ledger, &j->owed);
}

static zks_status run_fetch(sim_slot *s, sim_job *j)
{
    size_t max = j->max_count < 16 ? j->max_count : 16;
    j->last_n = zks__ledger_last_n(s->ledger);
    j->sealed = zks__alloc_zero(max ? max : 1, sizeof *j->sealed);
    return j->sealed ? zks__ledger_outbox(s->ledger, j->number, j->max_bytes, max, j->sealed,
                                          &j->sealed_count)
                     : ZKS_E_NOMEM;
}

static zks_status run_blobs(sim_slot *s, sim_job *j)
{
    zks__message m;
    if (zks__wire_decode(j->bytes->data, j->bytes->length, &m)) {
        return ZKS_E_INTERNAL;
    }
    forget_review(s);
    zks_status status = zks__ledger_receive(s->ledger, &m.blobs, &j->received);
    s->world->result.waited += !status && s->ledger->quarantine.count;
    if (!status && s->world->options.mutation == SIM_SKIP_UNREADABLE) {
        status = zks__sql_exec(zks__ledger_store(s->ledger), "DELETE FROM quarantine");
        s->ledger->quarantine.count = s->ledger->quarantine.bytes = 0;
    }
    return status;
}

static zks_status run_records(sim_slot *s, sim_job *j)
{
    zks__message m;
    return zks__wire_decode(j->bytes->data, j->bytes->length, &m)
               ? ZKS_E_INTERNAL
               : zks__ledger_records(s->ledger, m.records.records, &j->taken);
}

/* Not every device may, and not everybody is there to be removed; others may have been faster. */
static zks_status run_epoch(sim_slot *s, sim_job *j)
{
    const sim_world *w = s->world;
    const uint8_t *device = j->offer.device < w->devices ? w->slots[j->offer.device].device_id
                                                         : NULL;
    const zks__epoch_wish wish = {.device = device, .reason = ZKS_REMOVAL_LOST};
    zks__epoch_made made;
    bool due = true;
    zks_status status = ZKS_OK;
    if (j->offer.cause == SIM_CAUSE_DUE) {
        int64_t next = INT64_MAX;
        status = zks__ledger_epoch_due(s->ledger, ROTATE_S, &due, &next);
    }
    if (!status && due && !zks__ledger_make_epoch(s->ledger, &wish, &made)) {
        j->made = made.record;
    }
    return status;
}

static zks_status run_job(sim_slot *s, sim_job *j, bool last_push)
{
    zks__message m;
    switch (j->kind) {
    case SIM_JOB_LOAD:
        return run_load(s, j);
    case SIM_JOB_WELCOME:
        return zks__wire_decode(j->bytes->data, j->bytes->length, &m)
                   ? ZKS_E_INTERNAL
                   : zks__ledger_welcome(s->ledger, &m.welcome, &j->state);
    case SIM_JOB_SETTLE:
        return zks__ledger_settle(s->ledger, j->number, &j->state);
    case SIM_JOB_REFUSED:
        return zks__ledger_refused(s->ledger, j->number, j->code);
    case SIM_JOB_FETCH:
        return run_fetch(s, j);
    case SIM_JOB_BLOBS:
        return run_blobs(s, j);
    case SIM_JOB_PUSH:
        return run_push(s, j, last_push);
    case SIM_JOB_TICK:
        return run_tick(s, j);
    case SIM_JOB_RECORDS:
        return run_records(s, j);
    case SIM_JOB_EPOCH:
        return run_epoch(s, j);
    }
    return ZKS_E_INTERNAL;
}

static bool is_on_relay(const sim_job *j)
{
    return j->kind == SIM_JOB_WELCOME || j->kind == SIM_JOB_SETTLE || j->kind == SIM_JOB_BLOBS ||
           j->kind == SIM_JOB_RECORDS;
}

static bool is_last_push(const sim_job *jobs, size_t i, size_t count)
{
    for (size_t k = i + 1; k < count; k++) {
        if (jobs[k].kind == SIM_JOB_PUSH) {
            return false;
        }
    }
    return true;
}

/* As storage.c runs a group of jobs. */
static zks_status run_group(sim_slot *s, sim_job *jobs, size_t count)
{
    zks__store *store = zks__ledger_store(s->ledger);
    zks_status status = zks__store_begin(store);
    for (size_t i = 0; i < count && !status; i++) {
        status = run_job(s, &jobs[i], is_last_push(jobs, i, count));
    }
    if (!status && s->fail_next) {
        s->fail_next = false;
        status = ZKS_E_STORE_FULL;
    }
    if (!status) {
        status = zks__store_commit(store);
    }
    if (status) {
        zks__store_rollback(store);
        for (size_t i = 0; i < count; i++) {
            jobs[i].status = status;
            if (s->world->options.mutation != SIM_STALE_MEMORY) {
                zks__ledger_rolled_back(s->ledger, is_on_relay(&jobs[i]));
            }
        }
    }
    zks__ledger_reload(s->ledger);
    return status;
}

void sim_jobs_run(sim_slot *s)
{
    sim_world *w = s->world;
    static sim_job group[SIM_JOBS_MAX];
    size_t count = 1 + sim_below(w, s->job_count);
    s->job_waits = false;
    memcpy(group, s->jobs, count * sizeof group[0]);
    s->job_count -= count;
    memmove(s->jobs, s->jobs + count, s->job_count * sizeof group[0]);
    if (s->job_count) {
        s->job_waits = true;
        sim_at(w, 1 + sim_below(w, 10), SIM_EVENT_JOBS, (int)s->index, s->life, NULL);
    }
    zks_status status = run_group(s, group, count);
    if (status && status != ZKS_E_STORE_FULL) {
        sim_fail(w, "slot %zu: a transaction failed: %d", s->index, (int)status);
    }
    /* The process may die between the commit and what the loop thread makes of it. */
    uint32_t life = s->life;
    bool dies = !w->mending && sim_chance(w, 1);
    for (size_t i = 0; i < count; i++) {
        sim_job *j = &group[i];
        for (size_t k = 0; j->kind == SIM_JOB_PUSH && k < j->words; k++) {
            w->words[j->word + k].state = j->status ? SIM_WORD_FREE : SIM_WORD_STORED;
            w->result.stored += !j->status;
        }
    }
    for (size_t i = 0; i < count && !status; i++) {
        s->view.told[ZKS_STORE_ALARM_NEW_CHAIN] += group[i].state.rewound; /* an event of its own */
    }
    if (!status) {
        sim_check_inbox(s);
        sim_members_note(s);
    }
    if (dies) {
        for (size_t i = 0; i < count && !status; i++) {
            sim_check_notices(s, &group[i].received); /* durable, though not told */
        }
        sim_slot_kill(s);
        sim_at(w, 500, SIM_EVENT_START, (int)s->index, 0, NULL);
    }
    for (size_t i = 0; i < count; i++) {
        if (life == s->life && !w->result.failed) {
            sim_job_finished(s, &group[i]);
        }
        free_job(&group[i]);
    }
    if (!w->result.failed && w->options.mutation != SIM_STALE_MEMORY) {
        sim_check_alarms(s);
    }
}
