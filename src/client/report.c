/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Snapshots for the app: report, devices, the shared secret. Any thread. */
#include "client/internal.h"

#include "base/alloc.h"

#include <string.h>

/* --- report --- */

enum { NUMBERS = 32 };

typedef struct relay_report {
    int64_t numbers[16];
    char *address, *error;
} relay_report;

struct zks_report {
    zks__handle handle;
    int64_t numbers[NUMBERS];
    char *device_name, *store_path, *active_relay;
    bool opened;
    uint8_t group_id[ZKS_GROUP_ID_BYTES], device_id[ZKS_DEVICE_ID_BYTES];
    size_t relay_count;
    relay_report relays[ZKS_CLIENT_RELAYS_MAX];
};

static void fill_relays(zks_client *c, zks_report *p, uint64_t last_n, uint64_t now)
{
    p->relay_count = c->options.relay_count;
    for (size_t i = 0; i < p->relay_count; i++) {
        relay_report *r = &p->relays[i];
        const zks__relay_stats *s = &c->relays[i];
        bool active = i == c->active_relay;
        r->address = zks__strdup(c->options.relays[i]);
        r->error = zks__strdup(s->error);
        r->numbers[ZKS_REPORT_RELAY_STATE] = active ? (int64_t)c->state : ZKS_STATE_OFFLINE;
        r->numbers[ZKS_REPORT_RELAY_CURSOR] = (int64_t)s->cursor;
        r->numbers[ZKS_REPORT_RELAY_RTT_US] = (int64_t)s->rtt_us;
        r->numbers[ZKS_REPORT_RELAY_PENDING] = (int64_t)(last_n > s->acked_n ? last_n - s->acked_n
                                                                             : 0);
        r->numbers[ZKS_REPORT_RELAY_ACKED] = (int64_t)s->acked_n;
        r->numbers[ZKS_REPORT_RELAY_STATUS] = s->status;
        if (active && c->state == ZKS_SYNC_WAITING && c->retry_ms > now) {
            r->numbers[ZKS_REPORT_RELAY_RETRY_AFTER_MS] = (int64_t)(c->retry_ms - now);
        }
    }
}

static void fill(zks_client *c, zks_report *p)
{
    uint64_t last_n = atomic_load(&c->last_n), now = zks__runtime_now_ms(c->runtime);
    int64_t *n = p->numbers;
    n[ZKS_REPORT_STATE] = (int64_t)c->state;
    n[ZKS_REPORT_PENDING_COUNT] = (int64_t)(last_n > c->settled_n ? last_n - c->settled_n : 0);
    n[ZKS_REPORT_PENDING_BYTES] = n[ZKS_REPORT_PENDING_COUNT] ? (int64_t)c->pending_bytes : 0;
    n[ZKS_REPORT_INBOX_LAST_SEQ] = (int64_t)atomic_load(&c->last_seq);
    n[ZKS_REPORT_INBOX_ACKED_SEQ] = (int64_t)atomic_load(&c->watermark);
    n[ZKS_REPORT_UNREAD_COUNT] = (int64_t)c->unread_count;
    n[ZKS_REPORT_UNREAD_BYTES] = (int64_t)c->unread_bytes;
    n[ZKS_REPORT_DEVICES] = (int64_t)c->device_count;
    n[ZKS_REPORT_RELAYS] = (int64_t)c->options.relay_count;
    n[ZKS_REPORT_HELD] = (int64_t)c->held;
    n[ZKS_REPORT_LAST_NUMBER] = (int64_t)last_n;
    n[ZKS_REPORT_SENT] = (int64_t)c->sent;
    n[ZKS_REPORT_SENT_BYTES] = (int64_t)c->sent_bytes;
    n[ZKS_REPORT_RECEIVED] = (int64_t)c->received;
    n[ZKS_REPORT_RECEIVED_BYTES] = (int64_t)c->received_bytes;
    n[ZKS_REPORT_DUPLICATES] = (int64_t)c->duplicates;
    n[ZKS_REPORT_REJECTED] = (int64_t)c->rejected;
    n[ZKS_REPORT_CONNECTS] = (int64_t)c->connects;
    n[ZKS_REPORT_SUITE] = c->opened ? c->identity->suite : 0;
    n[ZKS_REPORT_GROUP_KIND] = c->opened ? c->identity->mode : 0;
    n[ZKS_REPORT_EPOCH] = c->epoch;
    n[ZKS_REPORT_HISTORY_GAPS] = (int64_t)c->alarms[ZKS_STORE_ALARM_GAP];
    n[ZKS_REPORT_HISTORY_EXPIRED] = (int64_t)c->alarms[ZKS_STORE_ALARM_EXPIRED];
    n[ZKS_REPORT_HISTORY_WITHHELD] = (int64_t)c->alarms[ZKS_STORE_ALARM_WITHHELD];
    n[ZKS_REPORT_HISTORY_LATE] = (int64_t)c->alarms[ZKS_STORE_ALARM_LATE];
    n[ZKS_REPORT_HISTORY_FORKS] = (int64_t)c->alarms[ZKS_STORE_ALARM_FORK];
    n[ZKS_REPORT_HISTORY_UNVERIFIED] = (int64_t)c->alarms[ZKS_STORE_ALARM_UNVERIFIED];
    n[ZKS_REPORT_HISTORY_REJECTED] = (int64_t)c->alarms[ZKS_STORE_ALARM_REJECTED];
    n[ZKS_REPORT_HISTORY_NEW_CHAINS] = (int64_t)c->alarms[ZKS_STORE_ALARM_NEW_CHAIN];
    for (size_t i = 0; i < c->device_count; i++) {
        n[ZKS_REPORT_RIGHTS] = c->devices[i].self ? c->devices[i].rights : n[ZKS_REPORT_RIGHTS];
    }
    p->opened = c->opened;
    if (c->opened) {
        memcpy(p->group_id, c->identity->group_id, sizeof p->group_id);
        memcpy(p->device_id, zks__crypto_sign_public(&c->identity->device.sign),
               sizeof p->device_id);
    }
    p->device_name = zks__strdup(c->opened ? c->identity->device_name : "");
    p->store_path = zks__strdup(c->options.store_path ? c->options.store_path : "");
    if (c->state == ZKS_SYNC_CONNECTED) {
        p->active_relay = zks__strdup(c->options.relays[c->active_relay]);
    }
    fill_relays(c, p, last_n, now);
}

zks_status zks__report_get(zks_client *c, zks_report **out_report)
{
    zks_report *p = zks__alloc_zero(1, sizeof *p);
    if (!p) {
        return ZKS_E_NOMEM;
    }
    zks__handle_init(&p->handle, ZKS_HANDLE_REPORT);
    pthread_mutex_lock(&c->mutex);
    fill(c, p);
    pthread_mutex_unlock(&c->mutex);
    *out_report = p;
    return ZKS_OK;
}

int64_t zks__report_number(const zks_report *p, int32_t field)
{
    return field > 0 && field < NUMBERS ? p->numbers[field] : 0;
}

const char *zks__report_text(const zks_report *p, int32_t field)
{
    switch (field) {
    case ZKS_REPORT_DEVICE_NAME:
        return p->device_name;
    case ZKS_REPORT_STORE_PATH:
        return p->store_path;
    case ZKS_REPORT_ACTIVE_RELAY:
        return p->active_relay;
    default:
        return NULL;
    }
}

const uint8_t *zks__report_bytes(const zks_report *p, int32_t field, size_t *out_length)
{
    const uint8_t *bytes = field == ZKS_REPORT_GROUP_ID    ? p->group_id
                           : field == ZKS_REPORT_DEVICE_ID ? p->device_id
                                                           : NULL;
    bytes = p->opened ? bytes : NULL;
    *out_length = bytes ? 32 : 0;
    return bytes;
}

int64_t zks__report_relay_number(const zks_report *p, size_t i, int32_t field)
{
    bool known = i < p->relay_count && field > 0 &&
                 field < (int32_t)ZKS_COUNTOF(p->relays[0].numbers);
    return known ? p->relays[i].numbers[field] : 0;
}

const char *zks__report_relay_text(const zks_report *p, size_t i, int32_t field)
{
    if (i >= p->relay_count) {
        return NULL;
    }
    return field == ZKS_REPORT_RELAY_ADDRESS ? p->relays[i].address
           : field == ZKS_REPORT_RELAY_ERROR ? p->relays[i].error
                                             : NULL;
}

void zks__report_free(zks_report *p)
{
    if (!p) {
        return;
    }
    atomic_store(&p->handle.magic, ZKS_HANDLE_DEAD);
    for (size_t i = 0; i < p->relay_count; i++) {
        zks__free(p->relays[i].address);
        zks__free(p->relays[i].error);
    }
    zks__free(p->device_name);
    zks__free(p->store_path);
    zks__free(p->active_relay);
    zks__free(p);
}

/* --- devices --- */

struct zks_devices {
    zks__handle handle;
    size_t count;
    zks__device_entry entries[];
};

zks_status zks__devices_get(zks_client *c, zks_devices **out_devices)
{
    pthread_mutex_lock(&c->mutex);
    size_t count = c->device_count;
    zks_status status = c->open_status ? c->open_status : c->devices ? ZKS_OK : ZKS_E_STATE;
    zks_devices *d = status ? NULL : zks__alloc_zero(1, sizeof *d + count * sizeof d->entries[0]);
    if (d) {
        d->count = count;
        memcpy(d->entries, c->devices, count * sizeof d->entries[0]);
        zks__handle_init(&d->handle, ZKS_HANDLE_DEVICES);
        *out_devices = d;
    }
    pthread_mutex_unlock(&c->mutex);
    return status || d ? status : ZKS_E_NOMEM;
}

size_t zks__devices_count(const zks_devices *d)
{
    return d->count;
}

const uint8_t *zks__devices_id(const zks_devices *d, size_t i)
{
    return i < d->count ? d->entries[i].id : NULL;
}

const uint8_t *zks__devices_inviter(const zks_devices *d, size_t i)
{
    return i < d->count && d->entries[i].let_in ? d->entries[i].inviter : NULL;
}

const char *zks__devices_name(const zks_devices *d, size_t i)
{
    return i < d->count ? d->entries[i].name : NULL;
}

int64_t zks__devices_number(const zks_devices *d, size_t i, int32_t field)
{
    if (i >= d->count) {
        return 0;
    }
    const zks__device_entry *e = &d->entries[i];
    switch (field) {
    case ZKS_DEVICES_SELF:
        return e->self;
    case ZKS_DEVICES_SEEN_MS:
        return e->seen_ms;
    case ZKS_DEVICES_NOT_AFTER_S:
        return (int64_t)e->not_after_s;
    case ZKS_DEVICES_LAST_NUMBER:
        return (int64_t)e->last_number;
    case ZKS_DEVICES_QUIET:
        return e->quiet;
    case ZKS_DEVICES_RIGHTS:
        return e->rights;
    default:
        return 0;
    }
}

void zks__devices_free(zks_devices *d)
{
    if (d) {
        atomic_store(&d->handle.magic, ZKS_HANDLE_DEAD);
        zks__free(d);
    }
}

/* --- the shared secret --- */

zks_status zks__client_shared_secret(zks_client *c, uint8_t out_secret[32],
                                     char out_descriptor[160], uint8_t *out_suite)
{
    pthread_mutex_lock(&c->mutex);
    zks_status status = c->open_status ? c->open_status : c->opened ? ZKS_OK : ZKS_E_STATE;
    if (!status && c->identity->mode == ZKS_GROUP_MODE_PAIRED) {
        status = ZKS_E_UNSUPPORTED;
    }
    if (!status) {
        memcpy(out_secret, c->identity->secret, 32);
        memcpy(out_descriptor, c->identity->descriptor, sizeof c->identity->descriptor);
        *out_suite = c->identity->suite;
    }
    pthread_mutex_unlock(&c->mutex);
    return status;
}
