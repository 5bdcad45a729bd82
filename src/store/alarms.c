/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* How often each kind of alarm about the histories of a group was raised. */
#include "store/private.h"

#include <string.h>

zks_status zks__store_alarms_get(zks__store *s, uint32_t g, uint64_t out[ZKS_STORE_ALARMS])
{
    uint64_t found[ZKS_STORE_ALARMS] = {0};
    zks__query q = zks__query_of(s, ZKS_Q_ALARM_EACH, "SELECT kind, count FROM alarms WHERE g = ?");
    zks__bind_i64(&q, g);
    while (zks__query_step(&q)) {
        int64_t kind = zks__column_i64(&q, 0);
        if (kind > 0 && kind < ZKS_STORE_ALARMS) {
            found[kind] = zks__column_u64(&q, 1);
        }
    }
    zks_status status = zks__query_end(&q);
    if (status == ZKS_OK) {
        memcpy(out, found, sizeof found);
    }
    return status;
}

zks_status zks__store_alarm_set(zks__store *s, uint32_t g, unsigned kind, uint64_t count)
{
    zks_status status = zks__store_writable(s);
    if (status != ZKS_OK) {
        return status;
    }
    zks__query q = zks__query_of(s, ZKS_Q_ALARM_SET,
                                 "INSERT OR REPLACE INTO alarms VALUES (?, ?, ?)");
    zks__bind_i64(&q, g);
    zks__bind_i64(&q, kind);
    zks__bind_u64(&q, count);
    return zks__query_run(&q);
}
