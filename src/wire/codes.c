/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Error codes on the wire and public status codes: one table, read in both directions. */
#include "wire/messages.h"

typedef struct pair {
    uint32_t code;
    zks_status status;
} pair;

static const pair both_ways[] = {
    {ZKS_WIRE_OK, ZKS_OK},
    {ZKS_WIRE_INVALID_MESSAGE, ZKS_E_REFUSED},
    {ZKS_WIRE_UNAUTHORIZED, ZKS_E_UNAUTHORIZED},
    {ZKS_WIRE_DEVICE_REVOKED, ZKS_E_DEVICE_REVOKED},
    {ZKS_WIRE_NOT_BLOB_OWNER, ZKS_E_NOT_BLOB_OWNER},
    {ZKS_WIRE_STALE_EPOCH, ZKS_E_STALE_EPOCH},
    {ZKS_WIRE_CONFLICT, ZKS_E_CONFLICT},
    {ZKS_WIRE_WRONG_CODE, ZKS_E_WRONG_CODE},
    {ZKS_WIRE_BUSY, ZKS_E_BUSY},
    {ZKS_WIRE_CODE_UNKNOWN, ZKS_E_CODE_UNKNOWN},
    {ZKS_WIRE_CODE_EXPIRED, ZKS_E_CODE_EXPIRED},
    {ZKS_WIRE_CODE_USED, ZKS_E_CODE_USED},
    {ZKS_WIRE_CODE_CANCELLED, ZKS_E_CODE_CANCELLED},
    {ZKS_WIRE_RATE_LIMITED, ZKS_E_RATE_LIMITED},
    {ZKS_WIRE_BLOB_TOO_LARGE, ZKS_E_BLOB_TOO_LARGE},
    {ZKS_WIRE_GROUP_QUOTA_EXCEEDED, ZKS_E_QUOTA_EXCEEDED},
    {ZKS_WIRE_INVALID_PUSH_TOKEN, ZKS_E_PUSH_TOKEN},
    {ZKS_WIRE_RELAY_OVERLOADED, ZKS_E_RELAY_OVERLOADED},
    {ZKS_WIRE_RELAY_SHUTTING_DOWN, ZKS_E_RELAY_SHUTTING_DOWN},
    {ZKS_WIRE_STORAGE_FULL, ZKS_E_RELAY_STORAGE_FULL},
};

/* What goes wrong inside the relay and is no fault of the message: the client must hear a reason
 * that passes, or it would give the message up. */
static const pair relay_only[] = {
    {ZKS_WIRE_RELAY_OVERLOADED, ZKS_E_NOMEM},      {ZKS_WIRE_RELAY_OVERLOADED, ZKS_E_LIMIT},
    {ZKS_WIRE_RELAY_OVERLOADED, ZKS_E_STORE_BUSY}, {ZKS_WIRE_RELAY_OVERLOADED, ZKS_E_STORE_IO},
    {ZKS_WIRE_STORAGE_FULL, ZKS_E_STORE_FULL},     {ZKS_WIRE_RELAY_SHUTTING_DOWN, ZKS_E_CLOSED},
};

zks_status zks__wire_status(uint32_t code)
{
    for (size_t i = 0; i < ZKS_COUNTOF(both_ways); i++) {
        if (both_ways[i].code == code) {
            return both_ways[i].status;
        }
    }
    return ZKS_E_PROTOCOL;
}

uint32_t zks__wire_code(zks_status status)
{
    for (size_t i = 0; i < ZKS_COUNTOF(both_ways); i++) {
        if (both_ways[i].status == status) {
            return both_ways[i].code;
        }
    }
    for (size_t i = 0; i < ZKS_COUNTOF(relay_only); i++) {
        if (relay_only[i].status == status) {
            return relay_only[i].code;
        }
    }
    return ZKS_WIRE_INVALID_MESSAGE;
}
