/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Received blobs: to the storage thread, and back as events. Loop thread; `run_` on the storage
 * thread. */
#include "client/internal.h"

#include "base/alloc.h"

#include <string.h>

/* --- BLOBS --- */

static zks_status run_blobs(zks__job *job)
{
    zks__message_job *j = (zks__message_job *)job;
    return zks__ledger_receive(j->base.client->ledger, &j->message.blobs, &j->received);
}

/* What happened, for people. */
static const char *sentence_of(const zks__notice *n)
{
    switch (n->event) {
    case ZKS_EVENT_HISTORY_GAP:
        return "entries of a device are missing: no relay gives them and nobody has sent them "
               "again";
    case ZKS_EVENT_HISTORY_EXPIRED:
        return "older entries of a device are gone, as their author expected";
    case ZKS_EVENT_UNVERIFIED:
        return "an entry waits for its author's signature and is held back";
    case ZKS_EVENT_FORK:
        return "a device wrote two entries with one number (its store was copied?); both are kept";
    case ZKS_EVENT_NEW_CHAIN:
        return n->first ? "this device has written elsewhere under this name (a copied or "
                          "restored store?); it goes on under a new chain"
                        : "this store is older than what this device has sent before (restored "
                          "from a backup?); it goes on under a new chain";
    case ZKS_EVENT_HISTORY_WITHHELD:
        return "another device has entries that no relay gives: a relay keeps them back, or they "
               "are "
               "lost";
    case ZKS_EVENT_QUIET:
        return "a device has not been heard of for over two hours: it is away, or a relay keeps it "
               "silent";
    default:
        return NULL;
    }
}

static bool tell_notice(zks_client *c, const zks__notice *n)
{
    zks_event *e = zks__event_new(c, n->event, ZKS_OK, sentence_of(n));
    if (!e) {
        return false;
    }
    e->has_device = e->has_chain = true;
    memcpy(e->device, n->author, sizeof e->device);
    memcpy(e->chain, n->chain, sizeof e->chain);
    e->numbers[ZKS_EVENT_FIELD_FIRST] = (int64_t)n->first;
    e->numbers[ZKS_EVENT_FIELD_LAST] = (int64_t)n->last;
    zks__event_post(e);
    return true;
}

/* Blobs that were dropped are told together: one event waits at most. */
static bool tell_rejected(zks_client *c)
{
    uint64_t count = c->rejected_untold.count;
    if (!count || atomic_fetch_add(&c->rejected_waiting, count)) {
        return true;
    }
    zks_status status = c->rejected_untold.status;
    zks_event *e = zks__event_new(c, ZKS_EVENT_REJECTED, status, zks__status_text(status));
    if (!e) {
        atomic_store(&c->rejected_waiting, 0); /* no event waits that would have read it */
        return false;
    }
    e->has_device = true;
    memcpy(e->device, c->rejected_untold.sender, sizeof e->device);
    e->relay = zks__strdup(c->options.relays[zks__sync_relay(c->sync)]);
    zks__event_post(e);
    return true;
}

void zks__client_tell_untold(zks_client *c)
{
    if (!c->event) {
        zks__notices_done(&c->untold); /* nobody listens: the counts are in the report */
        c->rejected_untold.count = 0;
    }
    while (c->untold.count && tell_notice(c, c->untold.first)) {
        zks__notices_drop_first(&c->untold);
    }
    if (tell_rejected(c)) {
        c->rejected_untold.count = 0;
    }
    uint64_t soon = zks__runtime_now_ms(c->runtime) + ZKS_TICK_RETRY_MS;
    if ((c->untold.count || c->rejected_untold.count) && !c->ticking && c->tick_ms > soon) {
        c->tick_ms = soon; /* a tick under way ends with this function */
    }
}

void zks__client_tell_notices(zks_client *c, zks__received *r)
{
    zks__notices_append(&c->untold, &r->notices);
    if (r->rejected) {
        c->rejected_untold.count += r->rejected;
        c->rejected_untold.status = r->reject_status;
        memcpy(c->rejected_untold.sender, r->reject_sender, sizeof r->reject_sender);
    }
    zks__client_tell_untold(c);
}

/* The engine has written entries itself. */
void zks__client_own_grew(zks_client *c, uint64_t last_n)
{
    if (last_n > atomic_load(&c->last_n)) {
        atomic_store(&c->last_n, last_n);
        zks__sync_stored(c->sync, last_n);
    }
}

void zks__client_count_received(zks_client *c, const zks__received *r)
{
    pthread_mutex_lock(&c->mutex);
    c->received += r->delivered;
    c->duplicates += r->duplicates;
    c->rejected += r->rejected;
    c->held = r->held_now;
    memcpy(c->alarms, r->alarms, sizeof c->alarms);
    pthread_mutex_unlock(&c->mutex);
}

/* What is committed is the app's, whether or not the connection is still there. */
static void tell_app(zks_client *c, zks__message_job *j)
{
    zks__received *r = &j->received;
    zks__client_tell_notices(c, r);
    if (c->stopping) {
        return;
    }
    zks__client_store_state(c, ZKS_OK);
    zks__client_own_grew(c, r->last_n);
    if (r->counted) {
        zks__sync_inbox_full(c->sync, r->unread_bytes >= c->options.inbox_max_bytes);
        zks__client_count_received(c, r);
        pthread_mutex_lock(&c->mutex);
        c->received_bytes += j->bytes;
        c->unread_count = r->unread_count;
        c->unread_bytes = r->unread_bytes;
        pthread_mutex_unlock(&c->mutex);
    }
    if (r->held) {
        zks__client_tick_soon(c); /* find out when the held ones are due */
    }
    if (r->delivered) {
        zks__client_inbox_grew(c, r->last_seq, true);
    }
}

static void tell_sync(zks_client *c, const zks__message_job *j)
{
    zks__sync_blobs_stored(c->sync, j->base.attempt, j->message.blobs.contiguous, j->bytes);
    pthread_mutex_lock(&c->mutex);
    zks__relay_stats *relay = &c->relays[zks__sync_relay(c->sync)];
    relay->cursor = zks__sync_cursor(c->sync);
    relay->rtt_us = zks__session_rtt_us(c->session);
    pthread_mutex_unlock(&c->mutex);
}

static void finish_blobs(zks__job *job)
{
    zks__message_job *j = (zks__message_job *)job;
    zks_client *c = j->base.client;
    if (!job->status && !j->received.stale) {
        tell_app(c, j);
    }
    if (zks__client_job_is_current(&j->base)) {
        if (job->status) {
            zks__client_store_failed(c, job->status);
        } else if (j->received.need_records) {
            /* WELCOME brings the records that we lack: come again. */
            zks__sync_lacks_records(c->sync, zks__runtime_now_ms(c->runtime));
            zks__client_abort_link(c, ZKS_E_NOT_MEMBER,
                                   "the relay sent blobs of a member whose record is not here yet");
        } else if (j->received.stale) {
            zks__sync_close(c->sync, 0);
        } else {
            tell_sync(c, j);
        }
        zks__client_pump(c);
    }
    zks__message_job_free(j);
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

void zks__client_on_blobs(zks_client *c, const zks__message *m, zks__buf *backing)
{
    uint64_t bytes = bytes_of(m->blobs.blobs);
    zks_status status = zks__sync_blobs(c->sync, &m->blobs, bytes);
    if (status == ZKS_E_PROTOCOL) {
        zks__client_abort_link(c, status, "the relay sent blobs out of order");
    }
    if (status) {
        return;
    }
    zks__message_job *j = zks__message_job_new(c, m, backing, run_blobs, finish_blobs);
    if (j) {
        j->bytes = bytes;
        zks__client_job_start(&j->base);
    }
}
