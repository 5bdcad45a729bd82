/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "client/offer.h"

#include "client/internal.h"

#include <string.h>

/* A relay commits within milliseconds; one that is silent so long is left. */
enum { ANSWER_MS = 60 * 1000 };

/* All memory is there before anything is sent. */
typedef struct offer {
    zks__client_job base; /* stores the records once the relay has them */
    zks__node waiting;    /* in the client's list */
    uint64_t due_ms;      /* when the relay must have answered */
    zks__offered_fn done;
    void *user;
    zks__records_news news;
    size_t count;
    zks__slice records[]; /* in front of their bytes */
} offer;

static offer *first_of(const zks_client *c)
{
    zks__node *n = zks__list_first(&c->offers);
    return n ? ZKS_CONTAINER(n, offer, waiting) : NULL;
}

static void end(offer *o, zks_status status, const char *text)
{
    o->done(o->base.client, status, status ? text : NULL, o->user);
    zks__client_job_free(&o->base);
}

static zks_status run_take(zks__job *job)
{
    offer *o = (offer *)job;
    return zks__client_take_records(
        o->base.client, (zks__wire_list){.count = o->count, .items = o->records}, &o->news);
}

static void finish_take(zks__job *job)
{
    offer *o = (offer *)job;
    zks_client *c = o->base.client;
    const char *text;
    zks_status status = zks__client_job_status(c, job->status, &text);
    zks__client_tell_records(c, job->status, &o->news);
    if (job->status && c->session && !c->stopping) {
        zks__client_store_failed(c, job->status); /* the connection ends, WELCOME brings them */
    }
    zks__client_pump(c);
    end(o, status, text);
}

static offer *new_offer(zks_client *c, const zks__slice *records, size_t count)
{
    size_t bytes = 0;
    for (size_t i = 0; i < count; i++) {
        bytes += records[i].length;
    }
    offer *o = zks__client_job_new(c, sizeof *o + count * sizeof *records + bytes, ZKS_JOB_PLAIN,
                                   run_take, finish_take);
    if (!o) {
        return NULL;
    }
    o->base.job.on_relay = true;
    uint8_t *at = (uint8_t *)&o->records[count];
    for (size_t i = 0; i < count; i++) {
        memcpy(at, records[i].data, records[i].length);
        o->records[i] = (zks__slice){at, records[i].length};
        at += records[i].length;
    }
    o->count = count;
    return o;
}

zks_status zks__client_offer(zks_client *c, uint8_t action, const zks__slice *records, size_t count,
                             zks__offered_fn done, void *user)
{
    if (c->stopping || !zks__client_is_connected(c)) {
        return ZKS_E_NOT_CONNECTED;
    }
    offer *o = new_offer(c, records, count);
    if (!o) {
        return ZKS_E_NOMEM;
    }
    o->done = done;
    o->user = user;
    o->due_ms = zks__runtime_now_ms(c->runtime) + ANSWER_MS;
    zks__list_append(&c->offers, &o->waiting);
    zks__message m = {.type = ZKS_MESSAGE_RECORDS};
    m.records.action = action;
    m.records.records = (zks__wire_list){.count = o->count, .items = o->records};
    (void)zks__client_send(c, &m); /* where that fails the connection ends, and the offer with it */
    return ZKS_OK;
}

uint64_t zks__client_offers_due_ms(const zks_client *c)
{
    const offer *o = first_of(c);
    return o ? o->due_ms : UINT64_MAX;
}

void zks__client_check_offers(zks_client *c)
{
    if (c->session && zks__runtime_now_ms(c->runtime) >= zks__client_offers_due_ms(c)) {
        zks__client_abort_link(c, ZKS_E_TIMEOUT, "the relay did not answer a change of the group");
    }
}

void zks__client_offers_wait(zks_client *c)
{
    const uint64_t due_ms = zks__runtime_now_ms(c->runtime) + ANSWER_MS;
    for (zks__node *n = zks__list_first(&c->offers); n; n = zks__list_next(&c->offers, n)) {
        ZKS_CONTAINER(n, offer, waiting)->due_ms = due_ms;
    }
}

bool zks__client_offering(const zks_client *c)
{
    return !zks__list_empty(&c->offers);
}

void zks__client_offer_received(zks_client *c)
{
    offer *o = first_of(c);
    if (o) {
        zks__list_remove(&o->waiting);
        zks__client_job_start(&o->base);
    }
}

void zks__client_offer_refused(zks_client *c, zks_status status, const char *text)
{
    offer *o = first_of(c);
    if (o) {
        zks__list_remove(&o->waiting);
        end(o, status, text);
    }
}

void zks__client_offers_end(zks_client *c, zks_status status, const char *text)
{
    while (zks__client_offering(c)) {
        zks__client_offer_refused(c, status, text);
    }
}
