/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Letting the device in: what COMMIT of inviting.c comes to. */
#include "client/inviting.h"

#include "base/alloc.h"
#include "client/offer.h"

#include <stdio.h>
#include <string.h>

typedef struct zks__admit_job {
    zks__client_job base;
    zks_status judged;
    size_t half_length;
    uint8_t half[ZKS_PAIR_PART_MAX_BYTES]; /* of the MEMBER */
    char name[ZKS_PAIR_NAME_MAX_BYTES + 1];
    size_t relay_count;
    zks__pair_relay relays[ZKS_CLIENT_RELAYS_MAX];
    zks__admission made;
    bool at_relay;   /* it has the MEMBER */
    uint8_t *bundle; /* secret */
    size_t bundle_length;
} admit_job;

/* Says how it went, unless the pairing is over. */
static void committed(admit_job *j, zks_status status)
{
    zks_client *c = j->base.client;
    if (c->inviting && c->inviting->admit == j) {
        c->inviting->admit = NULL;
        zks__inviting_step(c, &(zks__pairing_event){.kind = ZKS_PAIRING_COMMITTED,
                                                    .status = status,
                                                    .accept = j->at_relay,
                                                    .bytes = {j->bundle, j->bundle_length}});
        zks__client_pump(c);
    }
    if (j->bundle) {
        zks__wipe(j->bundle, j->bundle_length);
    }
    zks__free(j->bundle);
    zks__admission_done(&j->made);
    zks__client_job_free(&j->base);
}

/* Refusals are facts, and no reason to roll back what others store: hence `judged`. */
static zks_status run_bundle(zks__job *job)
{
    admit_job *j = (admit_job *)job;
    j->judged = zks__ledger_bundle(j->base.client->ledger, j->made.device, j->relays,
                                   j->relay_count, &j->bundle, &j->bundle_length);
    return ZKS_OK;
}

static void finish_bundle(zks__job *job)
{
    admit_job *j = (admit_job *)job;
    committed(j, job->status ? job->status : j->judged);
}

static void bundle(admit_job *j)
{
    j->base.job.run = run_bundle;
    j->base.job.finish = finish_bundle;
    zks__client_job_start(&j->base);
}

static void offered(zks_client *c, zks_status status, const char *text, void *user)
{
    admit_job *j = user;
    (void)c;
    (void)text; /* the pairing has its own sentences */
    /* What the store cannot keep, the relay has. */
    j->at_relay = !status || zks__status_is_of_store(status);
    if (status) {
        committed(j, status);
    } else {
        bundle(j);
    }
}

static zks_status run_admit(zks__job *job)
{
    admit_job *j = (admit_job *)job;
    j->judged = zks__ledger_admit(j->base.client->ledger, (zks__slice){j->half, j->half_length},
                                  j->name, &j->made);
    return ZKS_OK;
}

static void finish_admit(zks__job *job)
{
    admit_job *j = (admit_job *)job;
    zks_client *c = j->base.client;
    zks_status status = job->status ? job->status : j->judged;
    bool wanted = c->inviting && c->inviting->admit == j;
    if (!status && wanted) {
        zks__slice records[ZKS_COUNTOF(j->made.records)];
        for (size_t i = 0; i < j->made.count; i++) {
            records[i] = (zks__slice){j->made.records[i]->data, j->made.records[i]->length};
        }
        memcpy(c->inviting->device, j->made.device, ZKS_DEVICE_ID_BYTES);
        c->inviting->has_device = true;
        if (!j->made.count) {
            bundle(j);
            return;
        }
        status = zks__client_offer(c, ZKS_RECORDS_PUT, records, j->made.count, offered, j);
        if (!status) {
            return;
        }
    }
    committed(j, status);
}

void zks__inviting_admit(zks_client *c, const zks__pairing_action *a)
{
    zks__inviting *i = c->inviting;
    admit_job *j = zks__client_job_new(c, sizeof *j, ZKS_JOB_PLAIN, run_admit, finish_admit);
    if (!j) {
        zks__inviting_step(
            c, &(zks__pairing_event){.kind = ZKS_PAIRING_COMMITTED, .status = ZKS_E_NOMEM});
        return;
    }
    memcpy(j->half, a->bytes.data, a->bytes.length);
    j->half_length = a->bytes.length;
    snprintf(j->name, sizeof j->name, "%s", a->text);
    memcpy(j->relays, i->relays, sizeof j->relays);
    j->relay_count = i->relay_count;
    i->admit = j;
    zks__client_job_start(&j->base);
}
