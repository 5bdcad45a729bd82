/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Membership records that are taken, and what the app hears of them. */
#include "client/internal.h"

#include "base/alloc.h"

zks_status zks__client_take_records(zks_client *c, zks__wire_list records, zks__records_news *out)
{
    zks_status status = zks__ledger_records(c->ledger, records, &out->taken);
    if (!status && out->taken.members) {
        zks__client_read_devices(c, &out->devices);
    }
    return status;
}

void zks__client_tell_records(zks_client *c, zks_status status, zks__records_news *news)
{
    if (!status) {
        zks__client_show_devices(c, &news->devices);
    }
    if (!status && news->taken.moved) {
        zks__client_epoch_moved(c);
    }
    zks__free(news->devices.entries);
    news->devices = (zks__device_list){0};
}
