/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Membership records that are taken, and what the app hears of them. */
#include "client/internal.h"

#include "base/alloc.h"

zks_status zks__client_take_records(zks_client *c, zks__wire_list records, zks__records_news *out)
{
    zks_status status = zks__ledger_records(c->ledger, records, &out->taken);
    if (!status && out->taken.count) {
        zks__client_read_devices(c, &out->devices);
    }
    return status;
}

static void moved(zks_client *c, uint32_t epoch)
{
    pthread_mutex_lock(&c->mutex);
    c->epoch = epoch;
    pthread_mutex_unlock(&c->mutex);
    zks__client_epoch_moved(c);
    zks_event *e = zks__event_new(c, ZKS_EVENT_EPOCH, ZKS_OK, "the group has fresh keys");
    if (e) {
        e->numbers[ZKS_EVENT_FIELD_NUMBER] = epoch;
        zks__event_post(e);
    }
}

void zks__client_tell_records(zks_client *c, zks_status status, zks__records_news *news)
{
    if (!status && !c->stopping) {
        zks__client_show_devices(c, &news->devices);
        if (news->taken.moved) {
            moved(c, news->taken.epoch);
        }
        if (news->taken.forked) {
            zks__event_post(zks__event_new(
                c, ZKS_EVENT_GROUP_FORK, ZKS_E_CONFLICT,
                "devices have removed each other; the older one stays for now. Remove the one that "
                "is to go with the recovery code, which settles it"));
        }
        if (news->taken.count) {
            zks__client_tick_soon(c);
        }
    }
    zks__free(news->devices.entries);
    news->devices = (zks__device_list){0};
}
