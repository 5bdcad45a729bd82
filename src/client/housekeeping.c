/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Trusted relay keys, the list of devices, and what time brings. */
#include "client/internal.h"

#include "base/alloc.h"
#include "client/offer.h"

#include <string.h>

/* --- relay keys --- */

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
    } else if (job->status) {
        zks__client_store_failed(c, job->status);
    }
    zks__client_pump(c);
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

/* --- the store's state --- */

void zks__client_store_state(zks_client *c, zks_status status)
{
    if (c->stopping || status == c->store_status || (status && !zks__status_is_of_store(status))) {
        return;
    }
    c->store_status = status;
    zks__event_post(zks__event_new(c, ZKS_EVENT_STORE, status,
                                   status ? zks__status_text(status) : "the store works again"));
}

/* --- devices and housekeeping --- */

static bool lists(const zks__device_entry *entries, size_t count, const uint8_t *id)
{
    for (size_t i = 0; i < count; i++) {
        if (memcmp(entries[i].id, id, sizeof entries[i].id) == 0) {
            return true;
        }
    }
    return false;
}

void zks__client_read_devices(const zks_client *c, zks__device_list *out_list)
{
    if (zks__ledger_devices(c->ledger, &out_list->entries, &out_list->count)) {
        *out_list = (zks__device_list){0};
    }
}

static void tell_device(zks_client *c, int32_t kind, const uint8_t *id, const char *sentence)
{
    zks_event *e = zks__event_new(c, kind, ZKS_OK, sentence);
    if (e) {
        e->has_device = true;
        memcpy(e->device, id, sizeof e->device);
        zks__event_post(e);
    }
}

static void tell_devices(zks_client *c, const zks__device_list *list)
{
    if (!c->devices) {
        return;
    }
    for (size_t i = 0; i < list->count; i++) {
        if (!lists(c->devices, c->device_count, list->entries[i].id)) {
            tell_device(c, ZKS_EVENT_DEVICE, list->entries[i].id, "a device joined");
        }
    }
    for (size_t i = 0; i < c->device_count; i++) {
        if (!lists(list->entries, list->count, c->devices[i].id)) {
            tell_device(c, ZKS_EVENT_DEVICE_REMOVED, c->devices[i].id,
                        "a device is a member no more: it was removed, or has left");
        }
    }
}

void zks__client_show_devices(zks_client *c, zks__device_list *list)
{
    if (!list->entries || c->stopping) {
        return;
    }
    tell_devices(c, list);
    pthread_mutex_lock(&c->mutex);
    zks__device_entry *old = c->devices;
    c->devices = list->entries;
    c->device_count = list->count;
    pthread_mutex_unlock(&c->mutex);
    zks__free(old);
    *list = (zks__device_list){0};
}

typedef struct tick_job {
    zks__client_job base;
    zks__received received;
    int64_t next_unix_ms;
    zks__owed owed;
    bool caught_up, may_rotate, rotate;
    zks__device_list devices; /* what they did since the last minute */
    bool more;
} tick_job;

static zks_status run_tick(zks__job *job)
{
    tick_job *j = (tick_job *)job;
    zks__ledger *l = j->base.client->ledger;
    zks_status status = zks__ledger_tick(l, j->caught_up, &j->received, &j->next_unix_ms);
    if (!status && j->may_rotate) {
        status = zks__ledger_epoch_due(l, j->base.client->options.rotate_s, &j->rotate,
                                       &j->next_unix_ms);
    }
    if (!status) {
        status = zks__ledger_prune(l, j->base.client->options.keep_bytes,
                                   j->base.client->options.relay_count, &j->more);
    }
    if (!status && j->caught_up) {
        status = zks__ledger_owed(l, &j->owed);
    }
    if (!status && !j->more) {
        zks__client_read_devices(j->base.client, &j->devices);
    }
    return status;
}

/* Where that fails it is owed at the next tick, too. */
static void granted(zks_client *c, zks_status status, const char *text, void *user)
{
    (void)text;
    (void)user;
    zks__log_write(&c->runtime->log, ZKS_LOG_LEVEL_INFO, "granted status=%d", (int)status);
}

static void give(zks_client *c, const zks__owed *owed)
{
    zks__slice records[ZKS_COUNTOF(owed->records)];
    for (size_t i = 0; i < owed->count; i++) {
        records[i] = (zks__slice){owed->records[i]->data, owed->records[i]->length};
    }
    if (owed->count && !zks__client_offering(c) &&
        zks__client_offer(c, ZKS_RECORDS_PUT, records, owed->count, granted, NULL)) {
        return; /* not connected any more: the next tick */
    }
}

static void finish_tick(zks__job *job)
{
    tick_job *j = (tick_job *)job;
    zks_client *c = j->base.client;
    uint64_t now = zks__runtime_now_ms(c->runtime);
    uint64_t delay = job->status ? ZKS_TICK_RETRY_MS : j->more ? 10 : ZKS_TICK_MS;
    int64_t due = j->next_unix_ms - zks__runtime_unix_ms(c->runtime);
    if (!job->status && j->next_unix_ms != INT64_MAX && due < (int64_t)delay) {
        delay = due > 0 ? (uint64_t)due : 1;
    }
    c->ticking = false;
    c->tick_ms = now + (c->tick_again ? 0 : delay);
    c->tick_again = false;
    if (c->inbox_untold && !c->stopping) {
        zks__client_tell_inbox(c);
    }
    if (!c->stopping) {
        zks__client_store_state(c, job->status);
    }
    if (job->status) {
        zks__client_tell_untold(c);
    } else {
        zks__client_tell_notices(c, &j->received);
    }
    if (!job->status && !c->stopping) {
        zks__client_count_received(c, &j->received);
        zks__client_show_devices(c, &j->devices);
        zks__client_own_grew(c, j->received.last_n);
        give(c, &j->owed);
        if (j->received.look_elsewhere) {
            zks__sync_look_elsewhere(c->sync);
        }
        if (j->received.delivered) {
            zks__client_inbox_grew(c, j->received.last_seq, true);
        }
        if (j->rotate) {
            zks__client_rotate_unasked(c);
        }
    }
    zks__client_pump(c); /* sets the timer */
    zks__owed_done(&j->owed);
    zks__notices_done(&j->received.notices);
    zks__free(j->devices.entries);
    zks__client_job_free(&j->base);
}

void zks__client_tick_soon(zks_client *c)
{
    c->tick_again = c->ticking;
    c->tick_ms = c->ticking ? c->tick_ms : zks__runtime_now_ms(c->runtime);
}

void zks__client_tick(zks_client *c)
{
    if (c->ticking || zks__runtime_now_ms(c->runtime) < c->tick_ms) {
        return;
    }
    tick_job *j = zks__client_job_new(c, sizeof *j, ZKS_JOB_PLAIN, run_tick, finish_tick);
    if (j) {
        j->caught_up = zks__sync_caught_up(c->sync);
        j->may_rotate = j->caught_up && !c->rotating &&
                        zks__runtime_now_ms(c->runtime) >= c->rotate_ms;
        c->ticking = true;
        c->tick_ms = UINT64_MAX;
        zks__client_job_start(&j->base);
    } else {
        c->tick_ms = zks__runtime_now_ms(c->runtime) + ZKS_TICK_RETRY_MS;
    }
}
