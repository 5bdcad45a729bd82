/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Devices and report: snapshots that the caller owns. */
#include "abi/guard.h"
#include "client/client.h"

zks_status zks_devices_get(zks_client *client, zks_devices **out_devices)
{
    zks_status status = zks__guard(ZKS_CALL_devices_get, client);
    if (status) {
        return status;
    }
    return out_devices ? zks__devices_get(client, out_devices) : ZKS_E_INVALID;
}

size_t zks_devices_count(const zks_devices *devices)
{
    return zks__guard(ZKS_CALL_devices_count, devices) ? 0 : zks__devices_count(devices);
}

const uint8_t *zks_devices_id(const zks_devices *devices, size_t i)
{
    return zks__guard(ZKS_CALL_devices_id, devices) ? NULL : zks__devices_id(devices, i);
}

const uint8_t *zks_devices_inviter(const zks_devices *devices, size_t i)
{
    return zks__guard(ZKS_CALL_devices_inviter, devices) ? NULL : zks__devices_inviter(devices, i);
}

const char *zks_devices_name(const zks_devices *devices, size_t i)
{
    return zks__guard(ZKS_CALL_devices_name, devices) ? NULL : zks__devices_name(devices, i);
}

int64_t zks_devices_number(const zks_devices *devices, size_t i, int32_t field)
{
    if (zks__guard(ZKS_CALL_devices_number, devices)) {
        return 0;
    }
    return zks__devices_number(devices, i, field);
}

void zks_devices_free(zks_devices *devices)
{
    if (!zks__guard(ZKS_CALL_devices_free, devices)) {
        zks__devices_free(devices);
    }
}

/* --- report --- */

zks_status zks_report_get(zks_client *client, zks_report **out_report)
{
    zks_status status = zks__guard(ZKS_CALL_report_get, client);
    if (status) {
        return status;
    }
    return out_report ? zks__report_get(client, out_report) : ZKS_E_INVALID;
}

int64_t zks_report_number(const zks_report *report, int32_t field)
{
    return zks__guard(ZKS_CALL_report_number, report) ? 0 : zks__report_number(report, field);
}

const char *zks_report_text(const zks_report *report, int32_t field)
{
    return zks__guard(ZKS_CALL_report_text, report) ? NULL : zks__report_text(report, field);
}

const uint8_t *zks_report_bytes(const zks_report *report, int32_t field, size_t *out_length)
{
    size_t length = 0;
    const uint8_t *bytes = NULL;
    if (!zks__guard(ZKS_CALL_report_bytes, report)) {
        bytes = zks__report_bytes(report, field, &length);
    }
    if (out_length) {
        *out_length = length;
    }
    return bytes;
}

int64_t zks_report_relay_number(const zks_report *report, size_t i, int32_t field)
{
    if (zks__guard(ZKS_CALL_report_relay_number, report)) {
        return 0;
    }
    return zks__report_relay_number(report, i, field);
}

const char *zks_report_relay_text(const zks_report *report, size_t i, int32_t field)
{
    if (zks__guard(ZKS_CALL_report_relay_text, report)) {
        return NULL;
    }
    return zks__report_relay_text(report, i, field);
}

void zks_report_free(zks_report *report)
{
    if (!zks__guard(ZKS_CALL_report_free, report)) {
        zks__report_free(report);
    }
}
