/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Records from relay to relay. HELLO brings what a relay may lack; of a group with very many only
 * those that make this device a member there, and the others follow here, one message after the
 * other, in the order in which they came to this device: so each message builds on what is there,
 * and this device stays a member at every step.
 */
#include "client/internal.h"

#include "client/offer.h"

enum { REFUSED_MAX = 16 }; /* well below what a relay takes for a peer that makes mistakes */

bool zks__client_carries(const zks_client *c)
{
    return c->records.count > 0;
}

static zks_status run_carried(zks__job *job)
{
    return zks__ledger_relay_knows(((zks__client_job *)job)->client->ledger, true);
}

static void finish_carried(zks__job *job)
{
    zks__client_job_free((zks__client_job *)job);
}

/* Without memory for it, or where it is not stored, the next connection carries all of them once
 * more. */
static void note_carried(zks_client *c)
{
    zks__client_job *j = zks__client_job_new(c, sizeof *j, ZKS_JOB_PLAIN, run_carried,
                                             finish_carried);
    if (j) {
        zks__client_job_start(j);
    }
}

/* A refusal hurts nobody but who needs those records here: the next connection tries again. */
static void stop(zks_client *c, zks_status status)
{
    zks__log_write(&c->runtime->log, status ? ZKS_LOG_LEVEL_WARN : ZKS_LOG_LEVEL_INFO,
                   "records_carried status=%d", (int)status);
    zks__record_list_done(&c->records);
}

static void carried(zks_client *c, zks_status status, const char *text, void *user)
{
    (void)text;
    (void)user;
    zks__record_list *list = &c->records;
    /* Full there, or what builds on what did not fit: what comes behind may be a removal, for which
     * there is a reserve. */
    bool full = status == ZKS_E_QUOTA_EXCEEDED ||
                (list->refused && status == zks__wire_status(ZKS_WIRE_INVALID_MESSAGE));
    list->refused += full;
    if (status && (!full || list->refused == REFUSED_MAX)) {
        stop(c, status);
    } else {
        zks__client_carry(c);
    }
}

void zks__client_carry(zks_client *c)
{
    zks__record_list *list = &c->records;
    if (!list->count) {
        return;
    }
    const zks__slice *first = &list->items[list->attached];
    size_t count = 0, bytes = 0, left = list->count - list->attached;
    if (!left && list->refused) {
        stop(c, ZKS_E_QUOTA_EXCEEDED);
        return;
    }
    if (!left) {
        stop(c, ZKS_OK);
        note_carried(c);
        return;
    }
    while (count < left && count < ZKS_RECORDS_PER_MESSAGE_MAX &&
           (!count || bytes + first[count].length <= ZKS_BLOB_MAX_BYTES / 2)) {
        bytes += first[count++].length;
    }
    list->attached += count;
    zks_status status = zks__client_offer(c, ZKS_RECORDS_PUT, first, count, carried, NULL);
    if (status) {
        stop(c, status);
    }
}
