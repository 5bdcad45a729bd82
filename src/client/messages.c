/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What the relay says, and what the store answers to it. Loop thread; the `run_` functions on the
 * storage thread. */
#include "client/internal.h"

#include "base/alloc.h"

#include <stdio.h>
#include <string.h>

static bool is_current(const zks__client_job *j)
{
    const zks_client *c = j->client;
    return c->session && !c->stopping && j->attempt == zks__sync_attempt(c->sync);
}

static void store_failed(zks_client *c, zks_status status)
{
    const char *text;
    status = zks__client_job_status(c, status, &text);
    zks__event_post(zks__event_new(c, ZKS_EVENT_STORE, status, text));
    zks__client_abort_link(c, status, text);
}

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
    if (is_current(&j->base)) {
        if (job->status) {
            store_failed(c, job->status);
        } else if (j->state.changed) {
            zks__client_abort_link(c, ZKS_E_RELAY_KEY_CHANGED,
                                   zks__status_text(ZKS_E_RELAY_KEY_CHANGED));
        } else {
            zks__record_list_done(&c->records);
            c->records = j->records;
            memset(&j->records, 0, sizeof j->records);
            memcpy(c->incarnation, j->state.row.incarnation, sizeof c->incarnation);
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
    j->address = address;
    j->has_expected = c->address.has_key;
    memcpy(j->expected, c->address.key, sizeof j->expected);
    memcpy(j->key, zks__session_peer_key(c->session), sizeof j->key);
    memcpy(c->shown_key, j->key, sizeof c->shown_key);
    zks__client_job_start(&j->base);
}

typedef struct trust_job {
    zks__client_job base;
    uint8_t key[32];
    char address[];
} trust_job;

static zks_status run_trust(zks__job *job)
{
    trust_job *j = (trust_job *)job;
    return zks__ledger_trust(j->base.client->ledger, j->address, j->key);
}

static void finish_trust(zks__job *job)
{
    trust_job *j = (trust_job *)job;
    zks_client *c = j->base.client;
    if (!job->status && !c->stopping) {
        zks__sync_hurry(c->sync, zks__runtime_now_ms(c->runtime));
        zks__client_pump(c);
    } else if (job->status) {
        store_failed(c, job->status);
    }
    zks__client_job_free(&j->base);
}

/* Whether a key can be pinned for this address; the options do not change. */
static zks_status check_trust(const zks_client *c, const char *address)
{
    zks__address parsed;
    const char *problem;
    for (size_t i = 0; i < c->options.relay_count; i++) {
        if (strcmp(c->options.relays[i], address) == 0) {
            bool names_key = !zks__address_parse(address, &parsed, &problem) && parsed.has_key;
            return names_key ? ZKS_E_STATE : ZKS_OK;
        }
    }
    return ZKS_E_NOT_FOUND;
}

zks_status zks__client_trust_relay(zks_client *c, const char *address, const uint8_t key[32])
{
    zks_status status = check_trust(c, address);
    if (status) {
        return status;
    }
    size_t length = strlen(address) + 1;
    trust_job *j = zks__client_job_new(c, sizeof *j + length, ZKS_JOB_PLAIN, run_trust,
                                       finish_trust);
    if (!j) {
        return ZKS_E_NOMEM;
    }
    memcpy(j->key, key, sizeof j->key);
    memcpy(j->address, address, length);
    status = zks__client_submit(c, &j->base.job);
    if (status) {
        zks__client_job_free(&j->base);
    }
    return status;
}

typedef struct settle_job {
    zks__client_job base;
    uint64_t n;
    zks__relay_state state;
    uint64_t last_seq, pending_count, pending_bytes;
} settle_job;

static zks_status run_settle(zks__job *job)
{
    settle_job *j = (settle_job *)job;
    zks__ledger *l = j->base.client->ledger;
    zks_status status = zks__ledger_settle(l, j->n, &j->state);
    j->last_seq = zks__ledger_last_seq(l);
    return status;
}

static void finish_settle(zks__job *job)
{
    settle_job *j = (settle_job *)job;
    zks_client *c = j->base.client;
    if (!is_current(&j->base)) {
        zks__client_job_free(&j->base);
        return;
    }
    if (job->status) {
        store_failed(c, job->status);
    } else if (!j->state.stale) {
        zks__client_forget_sent(c, j->n);
        uint64_t before = zks__sync_settled_n(c->sync);
        zks__sync_settled(c->sync, j->base.attempt, j->n);
        atomic_store(&c->settled_seq, j->state.settled_seq);
        pthread_mutex_lock(&c->mutex);
        c->sent += j->n > before ? j->n - before : 0;
        c->settled_n = j->n;
        c->relays[zks__sync_relay(c->sync)].acked_n = j->n;
        pthread_mutex_unlock(&c->mutex);
        zks__client_check_waiting(c);
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
    j->n = n;
    zks__client_job_start(&j->base);
}

/* --- jobs that carry a message --- */

typedef struct message_job {
    zks__client_job base;
    zks__message message; /* its byte strings point into backing */
    zks__buf *backing;
    uint64_t bytes;
    bool last_try;
    zks__relay_state state;
    zks__received received;
    size_t added;
} message_job;

static message_job *message_job_new(zks_client *c, const zks__message *m, zks__buf *backing,
                                    zks_status (*run)(zks__job *), void (*finish)(zks__job *))
{
    message_job *j = zks__client_job_new(c, sizeof *j, ZKS_JOB_PLAIN, run, finish);
    if (j) {
        j->base.attempt = zks__sync_attempt(c->sync);
        j->message = *m;
        j->backing = zks__buf_ref(backing);
    } else {
        zks__client_abort_link(c, ZKS_E_NOMEM, "no memory to receive");
    }
    return j;
}

static void message_job_free(message_job *j)
{
    zks__buf_unref(j->backing);
    zks__client_job_free(&j->base);
}

/* --- WELCOME --- */

static zks_status run_welcome(zks__job *job)
{
    message_job *j = (message_job *)job;
    return zks__ledger_welcome(j->base.client->ledger, &j->message.welcome, &j->state);
}

static void welcomed(zks_client *c, message_job *j)
{
    zks__sync_row row = {j->state.row.read_cursor, j->state.row.acked_n, 0};
    zks__sync_welcomed(c->sync, j->base.attempt, &row, j->state.rewound);
    pthread_mutex_lock(&c->mutex);
    c->connects++;
    c->settled_n = j->state.row.acked_n;
    c->pending_bytes = j->state.pending_bytes;
    zks__relay_stats *relay = &c->relays[zks__sync_relay(c->sync)];
    relay->cursor = row.read_cursor;
    relay->acked_n = row.acked_n;
    pthread_mutex_unlock(&c->mutex);
    zks__log_write(&c->runtime->log, ZKS_LOG_LEVEL_INFO, "connected rewound=%d", j->state.rewound);
    if (j->state.rewound) {
        zks__event_post(zks__event_new(
            c, ZKS_EVENT_NEW_CHAIN, ZKS_OK,
            "this store is older than what this device has sent before (restored from a "
            "backup?); it goes on under a new chain"));
    }
    zks__client_refresh_devices(c);
}

static void finish_welcome(zks__job *job)
{
    message_job *j = (message_job *)job;
    zks_client *c = j->base.client;
    if (is_current(&j->base)) {
        if (job->status) {
            store_failed(c, job->status);
        } else if (!j->state.stale) {
            welcomed(c, j);
        }
        zks__client_pump(c);
    }
    message_job_free(j);
}

static void on_welcome(zks_client *c, const zks__message *m, zks__buf *backing)
{
    zks_status status = zks__sync_welcome(c->sync, &m->welcome);
    if (status) {
        zks__client_abort_link(c, status,
                               "the relay sent WELCOME out of turn or for another version");
        return;
    }
    message_job *j = message_job_new(c, m, backing, run_welcome, finish_welcome);
    if (j) {
        zks__client_job_start(&j->base);
    }
}

/* --- BLOBS --- */

static zks_status run_blobs(zks__job *job)
{
    message_job *j = (message_job *)job;
    return zks__ledger_receive(j->base.client->ledger, &j->message.blobs, j->last_try,
                               &j->received);
}

static void tell_notices(zks_client *c, const zks__received *r)
{
    for (size_t i = 0; i < r->notice_count; i++) {
        const struct zks__notice *n = &r->notices[i];
        zks_event *e = zks__event_new(c, n->event, ZKS_OK, NULL);
        if (e) {
            e->has_device = true;
            memcpy(e->device, n->author, sizeof e->device);
            e->numbers[ZKS_EVENT_FIELD_FIRST] = (int64_t)n->first;
            e->numbers[ZKS_EVENT_FIELD_LAST] = (int64_t)n->last;
            zks__event_post(e);
        }
    }
    if (r->rejected) {
        zks_event *e = zks__event_new(c, ZKS_EVENT_REJECTED, r->reject_status,
                                      zks__status_text(r->reject_status));
        if (e) {
            e->numbers[ZKS_EVENT_FIELD_COUNT] = (int64_t)r->rejected;
            zks__event_post(e);
        }
    }
}

static void take_received(zks_client *c, const message_job *j)
{
    const zks__received *r = &j->received;
    zks__sync_blobs_stored(c->sync, j->base.attempt, j->message.blobs.contiguous, j->bytes);
    zks__sync_inbox_full(c->sync, r->unread_bytes >= c->options.inbox_max_bytes);
    pthread_mutex_lock(&c->mutex);
    c->received += r->delivered;
    c->duplicates += r->duplicates;
    c->rejected += r->rejected;
    c->received_bytes += j->bytes;
    c->held = r->held_now;
    c->unread_count = r->unread_count;
    c->unread_bytes = r->unread_bytes;
    zks__relay_stats *relay = &c->relays[zks__sync_relay(c->sync)];
    relay->cursor = zks__sync_cursor(c->sync);
    relay->rtt_us = zks__session_rtt_us(c->session);
    pthread_mutex_unlock(&c->mutex);
    tell_notices(c, r);
    if (r->held) {
        c->tick_ms = 0; /* find out when the held ones are due */
    }
    if (r->delivered) {
        zks__client_inbox_grew(c, r->last_seq, true);
    }
}

static void finish_blobs(zks__job *job)
{
    message_job *j = (message_job *)job;
    zks_client *c = j->base.client;
    if (is_current(&j->base)) {
        if (job->status) {
            store_failed(c, job->status);
        } else if (j->received.need_records) {
            /* WELCOME brings the records that we lack: come again at once, and judge for good the
             * second time. */
            tell_notices(c, &j->received);
            c->records_tries++;
            zks__client_abort_link(c, ZKS_E_NOT_MEMBER,
                                   "the relay sent blobs of a member whose record is not here yet");
            c->come_again = true;
        } else if (!j->received.stale) {
            c->records_tries = 0;
            take_received(c, j);
        }
        zks__client_pump(c);
    }
    message_job_free(j);
}

static uint64_t bytes_of(zks__wire_list list)
{
    uint64_t bytes = 0;
    zks__blob_item item;
    while (zks__wire_next_blob(&list, &item)) {
        bytes += item.blob.length;
    }
    return bytes;
}

static void on_blobs(zks_client *c, const zks__message *m, zks__buf *backing)
{
    uint64_t bytes = bytes_of(m->blobs.blobs);
    zks_status status = zks__sync_blobs(c->sync, &m->blobs, bytes);
    if (status == ZKS_E_PROTOCOL) {
        zks__client_abort_link(c, status, "the relay sent blobs out of order");
    }
    if (status) {
        return;
    }
    message_job *j = message_job_new(c, m, backing, run_blobs, finish_blobs);
    if (j) {
        j->bytes = bytes;
        j->last_try = c->records_tries > 0;
        zks__client_job_start(&j->base);
    }
}

/* --- RECORDS --- */

static zks_status run_records(zks__job *job)
{
    message_job *j = (message_job *)job;
    return zks__ledger_records(j->base.client->ledger, j->message.records.records, &j->added);
}

static void finish_records(zks__job *job)
{
    message_job *j = (message_job *)job;
    zks_client *c = j->base.client;
    if (!c->stopping && !job->status && j->added) {
        zks__client_refresh_devices(c);
    }
    message_job_free(j);
}

static void on_records(zks_client *c, const zks__message *m, zks__buf *backing)
{
    if (m->records.action != ZKS_RECORDS_PUT) {
        return;
    }
    message_job *j = message_job_new(c, m, backing, run_records, finish_records);
    if (j) {
        zks__client_job_start(&j->base);
    }
}

/* --- PUSH_ACK --- */

typedef struct refused_job {
    zks__client_job base;
    uint64_t n;
    uint32_t code;
} refused_job;

static zks_status run_refused(zks__job *job)
{
    refused_job *j = (refused_job *)job;
    return zks__ledger_refused(j->base.client->ledger, j->n, j->code);
}

static void finish_refused(zks__job *job)
{
    zks__client_job_free((zks__client_job *)job);
}

static void on_refused(zks_client *c, const zks__push_result *r, uint64_t n, uint32_t code)
{
    zks_status status = zks__wire_status(code);
    zks_event *e = zks__event_new(c, ZKS_EVENT_PUSH_REFUSED, status, zks__status_text(status));
    if (e) {
        e->numbers[ZKS_EVENT_FIELD_NUMBER] = (int64_t)n;
        e->has_blob_id = true;
        memcpy(e->blob_id, r->blob_id, sizeof e->blob_id);
        zks__event_post(e);
    }
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
    if (j) {
        j->n = n;
        j->code = code;
        zks__client_job_start(&j->base);
    }
}

static void on_push_ack(zks_client *c, const zks__message *m)
{
    zks__wire_list list = m->push_ack.results;
    zks__push_result r;
    uint64_t now = zks__runtime_now_ms(c->runtime), before = zks__sync_acked_bytes(c->sync);
    while (zks__wire_next_result(&list, &r)) {
        uint64_t n = 0;
        uint32_t code = 0;
        if (zks__sync_push_result(c->sync, &r, now, &n, &code)) {
            zks__client_abort_link(c, ZKS_E_PROTOCOL, "the relay acknowledged what was not sent");
            return;
        }
        if (code) {
            on_refused(c, &r, n, code);
        }
    }
    uint64_t bytes = zks__sync_acked_bytes(c->sync) - before;
    pthread_mutex_lock(&c->mutex);
    c->sent_bytes += bytes;
    c->pending_bytes -= bytes < c->pending_bytes ? bytes : c->pending_bytes;
    pthread_mutex_unlock(&c->mutex);
}

/* --- ERROR and BYE --- */

/* A relay's words go to the app, and from there to screens: printable ASCII only. */
static void keep_text(zks_client *c, zks__slice text)
{
    size_t length = text.length < sizeof c->link_text ? text.length : sizeof c->link_text - 1;
    if (c->link_status) {
        return;
    }
    for (size_t i = 0; i < length; i++) {
        bool plain = text.data[i] >= 0x20 && text.data[i] < 0x7f;
        c->link_text[i] = plain ? (char)text.data[i] : '?';
    }
    c->link_text[length] = '\0';
}

static void on_bye(zks_client *c, const zks__bye *m)
{
    keep_text(c, m->text);
    zks__sync_refused(c->sync, m->code, m->retry_after_ms);
}

static void on_error(zks_client *c, const zks__error_message *m)
{
    keep_text(c, m->text);
    zks__log_write(&c->runtime->log, ZKS_LOG_LEVEL_DEBUG, "relay_error code=%u about=%u",
                   (unsigned)m->code, (unsigned)m->about);
    zks__sync_error(c->sync, m->about, m->code, m->retry_after_ms, zks__runtime_now_ms(c->runtime));
}

void zks__client_message(zks__session *s, const zks__message *m, zks__buf *backing, void *user)
{
    zks_client *c = user;
    if (c->session != s || c->stopping) {
        return;
    }
    switch (m->type) {
    case ZKS_MESSAGE_WELCOME:
        on_welcome(c, m, backing);
        break;
    case ZKS_MESSAGE_BLOBS:
        on_blobs(c, m, backing);
        break;
    case ZKS_MESSAGE_RECORDS:
        on_records(c, m, backing);
        break;
    case ZKS_MESSAGE_PUSH_ACK:
        on_push_ack(c, m);
        break;
    case ZKS_MESSAGE_NOTIFY:
        zks__sync_notify(c->sync, &m->notify);
        break;
    case ZKS_MESSAGE_BYE:
        on_bye(c, &m->bye);
        break;
    case ZKS_MESSAGE_ERROR:
        on_error(c, &m->error);
        break;
    default:
        break; /* a message for the other direction: nothing to do with it */
    }
    zks__client_pump(c);
}

/* --- devices and housekeeping --- */

typedef struct devices_job {
    zks__client_job base;
    zks__device_entry *entries;
    size_t count;
} devices_job;

static zks_status run_devices(zks__job *job)
{
    devices_job *j = (devices_job *)job;
    return zks__ledger_devices(j->base.client->ledger, &j->entries, &j->count);
}

static bool knows(const zks_client *c, const uint8_t *id)
{
    for (size_t i = 0; i < c->device_count; i++) {
        if (memcmp(c->devices[i].id, id, sizeof c->devices[i].id) == 0) {
            return true;
        }
    }
    return false;
}

static void finish_devices(zks__job *job)
{
    devices_job *j = (devices_job *)job;
    zks_client *c = j->base.client;
    if (!job->status && !c->stopping) {
        for (size_t i = 0; c->devices && i < j->count; i++) {
            zks_event *e = knows(c, j->entries[i].id)
                               ? NULL
                               : zks__event_new(c, ZKS_EVENT_DEVICE, ZKS_OK, "a device joined");
            if (e) {
                e->has_device = true;
                memcpy(e->device, j->entries[i].id, sizeof e->device);
                zks__event_post(e);
            }
        }
        pthread_mutex_lock(&c->mutex);
        zks__free(c->devices);
        c->devices = j->entries;
        c->device_count = j->count;
        j->entries = NULL;
        pthread_mutex_unlock(&c->mutex);
    }
    zks__free(j->entries);
    zks__client_job_free(&j->base);
}

void zks__client_refresh_devices(zks_client *c)
{
    devices_job *j = zks__client_job_new(c, sizeof *j, ZKS_JOB_PLAIN, run_devices, finish_devices);
    if (j) {
        zks__client_job_start(&j->base);
    }
}

typedef struct tick_job {
    zks__client_job base;
    zks__received received;
    int64_t next_unix_ms;
    bool more;
} tick_job;

static zks_status run_tick(zks__job *job)
{
    tick_job *j = (tick_job *)job;
    zks__ledger *l = j->base.client->ledger;
    zks_status status = zks__ledger_tick(l, &j->received, &j->next_unix_ms);
    return status ? status : zks__ledger_prune(l, j->base.client->options.keep_bytes, &j->more);
}

static void finish_tick(zks__job *job)
{
    tick_job *j = (tick_job *)job;
    zks_client *c = j->base.client;
    uint64_t now = zks__runtime_now_ms(c->runtime);
    uint64_t delay = j->more ? 10 : ZKS_TICK_MS;
    int64_t due = j->next_unix_ms - zks__runtime_unix_ms(c->runtime);
    if (!job->status && j->next_unix_ms != INT64_MAX && due < (int64_t)delay) {
        delay = due > 0 ? (uint64_t)due : 1;
    }
    c->ticking = false;
    c->tick_ms = now + delay;
    if (!job->status && !c->stopping) {
        tell_notices(c, &j->received);
        if (j->received.delivered) {
            zks__client_inbox_grew(c, j->received.last_seq, true);
        }
        zks__client_pump(c);
    }
    zks__client_job_free(&j->base);
}

void zks__client_tick(zks_client *c)
{
    if (c->ticking || zks__runtime_now_ms(c->runtime) < c->tick_ms) {
        return;
    }
    tick_job *j = zks__client_job_new(c, sizeof *j, ZKS_JOB_PLAIN, run_tick, finish_tick);
    if (j) {
        c->ticking = true;
        c->tick_ms = UINT64_MAX;
        zks__client_job_start(&j->base);
    }
}
