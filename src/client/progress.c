/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What is stored about a relay: loading it, own entries acknowledged or refused. Loop thread;
 * `run_` on the storage thread. */
#include "client/internal.h"

#include "base/alloc.h"

#include <string.h>

/* --- what is stored about a relay --- */

typedef struct load_job {
    zks__client_job base;
    char *address;
    bool has_expected;
    uint8_t expected[32], key[32];
    zks__relay_state state;
    zks__record_list records;
} load_job;

static zks_status run_load(zks__job *job)
{
    load_job *j = (load_job *)job;
    zks__ledger *l = j->base.client->ledger;
    zks_status status = zks__ledger_relay_load(l, j->address, j->has_expected ? j->expected : NULL,
                                               j->key, &j->state);
    return status || j->state.changed ? status : zks__ledger_record_list(l, &j->records);
}

static void finish_load(zks__job *job)
{
    load_job *j = (load_job *)job;
    zks_client *c = j->base.client;
    if (zks__client_job_is_current(&j->base)) {
        if (job->status) {
            zks__client_store_failed(c, job->status);
        } else if (j->state.changed) {
            zks__client_abort_link(c, ZKS_E_RELAY_KEY_CHANGED,
                                   zks__status_text(ZKS_E_RELAY_KEY_CHANGED));
        } else {
            zks__record_list_done(&c->records);
            c->records = j->records;
            memset(&j->records, 0, sizeof j->records);
            memcpy(c->incarnation, j->state.row.incarnation, sizeof c->incarnation);
            c->taken = c->taken_bytes = 0; /* what was not settled is acknowledged again */
            zks__sync_row row = {j->state.row.read_cursor, j->state.row.acked_n, j->state.attach};
            zks__sync_loaded(c->sync, j->base.attempt, &row);
        }
        zks__client_pump(c);
    }
    zks__record_list_done(&j->records);
    zks__free(j->address);
    zks__client_job_free(&j->base);
}

void zks__client_load_relay(zks_client *c)
{
    load_job *j = zks__client_job_new(c, sizeof *j, ZKS_JOB_PLAIN, run_load, finish_load);
    char *address = zks__strdup(c->options.relays[zks__sync_relay(c->sync)]);
    if (!j || !address || !c->session) {
        zks__free(address);
        if (j) {
            zks__client_job_free(&j->base);
        }
        zks__client_abort_link(c, ZKS_E_NOMEM, "no memory to connect");
        return;
    }
    j->base.attempt = zks__sync_attempt(c->sync);
    j->address = address;
    j->has_expected = c->address.has_key;
    memcpy(j->expected, c->address.key, sizeof j->expected);
    memcpy(j->key, zks__session_peer_key(c->session), sizeof j->key);
    memcpy(c->shown_key, j->key, sizeof c->shown_key);
    zks__client_job_start(&j->base);
}

/* --- own entries that the relay has --- */

typedef struct settle_job {
    zks__client_job base;
    uint64_t n, taken, taken_bytes;
    zks__relay_state state;
    uint64_t last_seq;
} settle_job;

static zks_status run_settle(zks__job *job)
{
    settle_job *j = (settle_job *)job;
    zks__ledger *l = j->base.client->ledger;
    zks_status status = zks__ledger_settle(l, j->n, &j->state);
    j->last_seq = zks__ledger_last_seq(l);
    return status;
}

static void settled(zks_client *c, const settle_job *j)
{
    zks__client_forget_sent(c, j->n);
    zks__sync_settled(c->sync, j->base.attempt, j->n);
    pthread_mutex_lock(&c->mutex);
    c->sent += j->taken;
    c->sent_bytes += j->taken_bytes;
    c->settled_n = j->n;
    c->relays[zks__sync_relay(c->sync)].acked_n = j->n;
    pthread_mutex_unlock(&c->mutex);
    zks__client_check_waiting(c);
}

static void finish_settle(zks__job *job)
{
    settle_job *j = (settle_job *)job;
    zks_client *c = j->base.client;
    bool done = !job->status && !j->state.stale && !c->stopping;
    if (done && j->state.settled_seq) {
        c->settled = (zks__settled){j->state.settled_first, j->n, j->state.settled_seq};
    }
    if (zks__client_job_is_current(&j->base)) {
        if (done) {
            zks__client_store_state(c, ZKS_OK);
            settled(c, j);
        } else if (job->status) {
            zks__client_store_failed(c, job->status);
        } else {
            zks__sync_close(c->sync, 0); /* stale */
        }
    }
    if (done) {
        zks__client_inbox_grew(c, j->last_seq, false);
    }
    zks__client_pump(c);
    zks__client_job_free(&j->base);
}

void zks__client_settle(zks_client *c, uint64_t n)
{
    settle_job *j = zks__client_job_new(c, sizeof *j, ZKS_JOB_PLAIN, run_settle, finish_settle);
    if (!j) {
        zks__client_abort_link(c, ZKS_E_NOMEM, "no memory to store progress");
        return;
    }
    j->base.attempt = zks__sync_attempt(c->sync);
    j->base.job.on_relay = true;
    j->n = n;
    j->taken = c->taken;
    j->taken_bytes = c->taken_bytes;
    c->taken = c->taken_bytes = 0;
    zks__client_job_start(&j->base);
}

/* --- PUSH_ACK --- */

typedef struct refused_job {
    zks__client_job base;
    uint64_t n;
    uint32_t code;
    size_t relay;
    uint8_t id[ZKS_ENTRY_ID_BYTES];
    bool has_id;
} refused_job;

/* Where it is not stored, a WELCOME that shows the entry and those behind it missing has them sent
 * and refused once more. */
static zks_status run_refused(zks__job *job)
{
    refused_job *j = (refused_job *)job;
    zks__ledger *l = j->base.client->ledger;
    j->has_id = !zks__ledger_own_id(l, j->n, j->id);
    return zks__ledger_refused(l, j->n, j->code);
}

/* id NULL: not known */
static void tell_refused(zks_client *c, uint64_t n, zks_status status, size_t relay,
                         const uint8_t *id)
{
    zks_event *e = zks__event_new(c, ZKS_EVENT_PUSH_REFUSED, status, zks__status_text(status));
    if (e) {
        e->numbers[ZKS_EVENT_FIELD_NUMBER] = (int64_t)n;
        e->has_blob_id = id != NULL;
        if (id) {
            memcpy(e->blob_id, id, sizeof e->blob_id);
        }
        e->relay = zks__strdup(c->options.relays[relay]);
        zks__event_post(e);
    }
}

static void finish_refused(zks__job *job)
{
    const refused_job *j = (const refused_job *)job;
    tell_refused(j->base.client, j->n, zks__wire_status(j->code), j->relay,
                 j->has_id ? j->id : NULL);
    zks__client_job_free((zks__client_job *)job);
}

static void on_refused(zks_client *c, uint64_t n, uint32_t code)
{
    zks_status status = zks__wire_status(code);
    size_t relay = zks__sync_relay(c->sync);
    for (zks__node *w = zks__list_first(&c->acking); w;) {
        zks__node *next = zks__list_next(&c->acking, w);
        zks_op *op = ZKS_CONTAINER(w, zks_op, waiting);
        int64_t first = zks__op_number(op, ZKS_OP_FIRST_NUMBER);
        if ((int64_t)n >= first && n <= op->target) {
            zks__list_remove(w);
            zks__op_complete(op, status, zks__status_text(status));
        }
        w = next;
    }
    refused_job *j = zks__client_job_new(c, sizeof *j, ZKS_JOB_PLAIN, run_refused, finish_refused);
    if (!j) {
        tell_refused(c, n, status, relay, NULL);
        return;
    }
    j->n = n;
    j->code = code;
    j->relay = relay;
    zks__client_job_start(&j->base);
}

void zks__client_on_push_ack(zks_client *c, const zks__message *m)
{
    zks__wire_list list = m->push_ack.results;
    zks__push_result r;
    uint64_t now = zks__runtime_now_ms(c->runtime), before = zks__sync_acked_bytes(c->sync);
    while (zks__wire_next_result(&list, &r)) {
        uint64_t n = 0, bytes = zks__sync_acked_bytes(c->sync);
        uint32_t code = 0;
        if (zks__sync_push_result(c->sync, &r, now, &n, &code)) {
            zks__client_abort_link(c, ZKS_E_PROTOCOL, "the relay acknowledged what was not sent");
            return;
        }
        if (r.code == ZKS_WIRE_STALE_EPOCH) {
            zks__client_cache_clear(c); /* what follows is sealed anew as it is read */
        }
        bytes = zks__sync_acked_bytes(c->sync) - bytes;
        if (code) {
            on_refused(c, n, code);
        } else if (bytes) { /* not one that is sent again */
            c->taken++;
            c->taken_bytes += bytes;
        }
    }
    uint64_t bytes = zks__sync_acked_bytes(c->sync) - before;
    pthread_mutex_lock(&c->mutex);
    c->pending_bytes -= bytes < c->pending_bytes ? bytes : c->pending_bytes;
    pthread_mutex_unlock(&c->mutex);
}
