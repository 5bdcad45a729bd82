/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What the relay says. Loop thread; the `run_` functions on the storage thread. */
#include "client/internal.h"

#include "base/alloc.h"
#include "client/offer.h"

#include <string.h>

bool zks__client_job_is_current(const zks__client_job *j)
{
    const zks_client *c = j->client;
    return c->session && !c->stopping && j->attempt == zks__sync_attempt(c->sync);
}

void zks__client_store_failed(zks_client *c, zks_status status)
{
    const char *text;
    status = zks__client_job_status(c, status, &text);
    zks__client_store_state(c, status);
    zks__client_abort_link(c, status, text);
}

/* --- jobs that carry a message --- */

static uint64_t cost_of(const zks__message_job *j)
{
    return sizeof *j + j->backing->length;
}

zks__message_job *zks__message_job_new(zks_client *c, const zks__message *m, zks__buf *backing,
                                       zks_status (*run)(zks__job *), void (*finish)(zks__job *))
{
    zks__message_job *j = zks__client_job_new(c, sizeof *j, ZKS_JOB_PLAIN, run, finish);
    if (!j) {
        zks__client_abort_link(c, ZKS_E_NOMEM, "no memory to receive");
        return NULL;
    }
    j->base.attempt = zks__sync_attempt(c->sync);
    j->base.job.on_relay = true;
    j->message = *m;
    j->backing = zks__buf_ref(backing);
    c->received_bytes_waiting += cost_of(j);
    if (c->received_bytes_waiting > ZKS_RECEIVED_MAX_BYTES) {
        zks__session_pause(c->session);
    }
    return j;
}

void zks__message_job_free(zks__message_job *j)
{
    zks_client *c = j->base.client;
    c->received_bytes_waiting -= cost_of(j);
    if (c->session && !c->stopping && c->received_bytes_waiting < ZKS_RECEIVED_MAX_BYTES / 2) {
        zks__session_resume(c->session); /* may raise messages */
    }
    zks__buf_unref(j->backing);
    zks__notices_done(&j->received.notices);
    zks__client_job_free(&j->base);
}

/* --- WELCOME --- */

static zks_status run_welcome(zks__job *job)
{
    zks__message_job *j = (zks__message_job *)job;
    zks_client *c = j->base.client;
    zks_status status = zks__ledger_welcome(c->ledger, &j->message.welcome, &j->state);
    if (!status && j->carries) {
        status = zks__ledger_relay_knows(c->ledger, false);
    }
    if (!status && j->state.rewound) {
        const uint8_t *self = zks__crypto_sign_public(&c->identity->device.sign);
        status = zks__notices_add(&j->received.notices, ZKS_EVENT_NEW_CHAIN, self, j->state.chain,
                                  0, 0);
    }
    if (!status) {
        zks__ledger_alarms(c->ledger, j->received.alarms);
        j->news.taken = j->state.taken;
        zks__client_read_devices(c, &j->news.devices);
    }
    return status;
}

static void welcomed(zks_client *c, zks__message_job *j)
{
    zks__sync_row row = {j->state.row.read_cursor, j->state.row.acked_n, 0};
    zks__sync_stored(c->sync, j->state.last_n);
    if (j->state.last_n > atomic_load(&c->last_n)) {
        atomic_store(&c->last_n, j->state.last_n);
    }
    zks__sync_welcomed(c->sync, j->base.attempt, &row, j->state.pull_own);
    pthread_mutex_lock(&c->mutex);
    c->connects++;
    c->settled_n = j->state.row.acked_n;
    c->pending_bytes = j->state.pending_bytes;
    zks__relay_stats *relay = &c->relays[zks__sync_relay(c->sync)];
    relay->cursor = row.read_cursor;
    relay->acked_n = row.acked_n;
    pthread_mutex_unlock(&c->mutex);
    zks__log_write(&c->runtime->log, ZKS_LOG_LEVEL_INFO, "connected rewound=%d", j->state.rewound);
    zks__inviting_connected(c);
    zks__client_carry(c);
}

/* The chain has begun, whether or not the connection is still there. */
static void tell_rewound(zks_client *c, zks__received *r)
{
    pthread_mutex_lock(&c->mutex);
    memcpy(c->alarms, r->alarms, sizeof c->alarms);
    pthread_mutex_unlock(&c->mutex);
    zks__client_tell_notices(c, r);
}

static void finish_welcome(zks__job *job)
{
    zks__message_job *j = (zks__message_job *)job;
    zks_client *c = j->base.client;
    if (!job->status && j->state.rewound) {
        tell_rewound(c, &j->received);
    }
    zks__client_tell_records(c, job->status, &j->news);
    if (zks__client_job_is_current(&j->base)) {
        if (job->status) {
            zks__client_store_failed(c, job->status);
        } else if (j->state.stale) {
            zks__sync_close(c->sync, 0);
        } else {
            zks__client_store_state(c, ZKS_OK);
            welcomed(c, j);
        }
        zks__client_pump(c);
    }
    zks__message_job_free(j);
}

static void on_welcome(zks_client *c, const zks__message *m, zks__buf *backing)
{
    zks_status status = zks__sync_welcome(c->sync, &m->welcome);
    if (status) {
        zks__client_abort_link(c, status,
                               "the relay sent WELCOME out of turn or for another version");
        return;
    }
    zks__message_job *j = zks__message_job_new(c, m, backing, run_welcome, finish_welcome);
    if (j) {
        j->carries = zks__client_carries(c);
        zks__client_job_start(&j->base);
    }
}

/* --- RECORDS --- */

static zks_status run_records(zks__job *job)
{
    zks__message_job *j = (zks__message_job *)job;
    return zks__client_take_records(j->base.client, j->message.records.records, &j->news);
}

static void finish_records(zks__job *job)
{
    zks__message_job *j = (zks__message_job *)job;
    zks_client *c = j->base.client;
    zks__client_tell_records(c, job->status, &j->news);
    if (!job->status && j->message.records.records.count && !c->stopping) {
        zks__sync_records(c->sync, j->base.attempt);
        zks__client_pump(c);
    }
    if (job->status && zks__client_job_is_current(&j->base)) {
        zks__client_store_failed(c, job->status); /* WELCOME brings them again */
        zks__client_pump(c);
    }
    zks__message_job_free(j);
}

static void on_records(zks_client *c, const zks__message *m, zks__buf *backing)
{
    if (m->records.action != ZKS_RECORDS_PUT) {
        return;
    }
    if (!m->records.records.count) {
        zks__client_offer_received(c);
        return;
    }
    zks__client_offers_wait(c);
    zks__message_job *j = zks__message_job_new(c, m, backing, run_records, finish_records);
    if (j) {
        zks__client_job_start(&j->base);
    }
}

/* --- ERROR and BYE --- */

/* A relay's words go to the app, and from there to screens: printable ASCII only. */
static void copy_plain(zks__slice text, char *out, size_t size)
{
    size_t length = text.length < size ? text.length : size - 1;
    for (size_t i = 0; i < length; i++) {
        bool plain = text.data[i] >= 0x20 && text.data[i] < 0x7f;
        out[i] = plain ? (char)text.data[i] : '?';
    }
    out[length] = '\0';
}

static void keep_text(zks_client *c, zks__slice text)
{
    if (!c->link_status) {
        copy_plain(text, c->link_text, sizeof c->link_text);
    }
}

static void on_bye(zks_client *c, const zks__bye *m)
{
    keep_text(c, m->text);
    zks__sync_refused(c->sync, m->code, m->retry_after_ms);
}

static void on_error(zks_client *c, const zks__error_message *m)
{
    zks__log_write(&c->runtime->log, ZKS_LOG_LEVEL_DEBUG, "relay_error code=%u about=%u",
                   (unsigned)m->code, (unsigned)m->about);
    if (m->about == ZKS_MESSAGE_RECORDS && zks__client_offering(c)) {
        char text[sizeof c->link_text];
        copy_plain(m->text, text, sizeof text);
        zks__client_offer_refused(c, zks__wire_status(m->code), text);
        return;
    }
    keep_text(c, m->text);
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
        zks__client_on_blobs(c, m, backing);
        break;
    case ZKS_MESSAGE_RECORDS:
        on_records(c, m, backing);
        break;
    case ZKS_MESSAGE_PUSH_ACK:
        zks__client_on_push_ack(c, m);
        break;
    case ZKS_MESSAGE_NOTIFY:
        zks__sync_notify(c->sync, &m->notify);
        break;
    case ZKS_MESSAGE_BYE:
        on_bye(c, &m->bye);
        break;
    case ZKS_MESSAGE_MAILBOX_OPEN:
    case ZKS_MESSAGE_MAILBOX_PUT:
    case ZKS_MESSAGE_MAILBOX_CLOSE:
        zks__inviting_message(c, m);
        break;
    case ZKS_MESSAGE_ERROR:
        if (zks__inviting_is_about(&m->error)) {
            zks__inviting_message(c, m); /* it does not concern the connection */
        } else {
            on_error(c, &m->error);
        }
        break;
    default:
        break; /* a message for the other direction: nothing to do with it */
    }
    zks__client_pump(c);
}
