/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "abi/guard.h"
#include "client/client.h"

zks_status zks_op_wait(zks_op *op, uint32_t timeout_ms)
{
    zks_status status = zks__guard(ZKS_CALL_op_wait, op);
    return status ? status : zks__op_wait(op, timeout_ms);
}

zks_status zks_op_status(const zks_op *op)
{
    zks_status status = zks__guard(ZKS_CALL_op_status, op);
    return status ? status : zks__op_status(op);
}

const char *zks_op_text(const zks_op *op)
{
    return zks__guard(ZKS_CALL_op_text, op) ? NULL : zks__op_text(op);
}

int64_t zks_op_number(const zks_op *op, int32_t field)
{
    return zks__guard(ZKS_CALL_op_number, op) ? 0 : zks__op_number(op, field);
}

const uint8_t *zks_op_bytes(const zks_op *op, int32_t field, size_t *out_length)
{
    size_t length = 0;
    const uint8_t *bytes = NULL;
    if (!zks__guard(ZKS_CALL_op_bytes, op)) {
        bytes = zks__op_bytes(op, field, &length);
    }
    if (out_length) {
        *out_length = length;
    }
    return bytes;
}

zks_status zks_op_take_batch(zks_op *op, zks_batch **out_batch)
{
    zks_status status = zks__guard(ZKS_CALL_op_take_batch, op);
    if (status) {
        return status;
    }
    return out_batch ? zks__op_take_batch(op, out_batch) : ZKS_E_INVALID;
}

void zks_op_cancel(zks_op *op)
{
    if (!zks__guard(ZKS_CALL_op_cancel, op)) {
        zks__op_cancel(op);
    }
}

void zks_op_free(zks_op *op)
{
    if (!zks__guard(ZKS_CALL_op_free, op)) {
        zks__op_free(op);
    }
}

/* --- events --- */

int32_t zks_event_kind(const zks_event *event)
{
    return zks__guard(ZKS_CALL_event_kind, event) ? 0 : zks__event_kind(event);
}

zks_status zks_event_status(const zks_event *event)
{
    zks_status status = zks__guard(ZKS_CALL_event_status, event);
    return status ? status : zks__event_status(event);
}

const char *zks_event_text(const zks_event *event, int32_t field)
{
    return zks__guard(ZKS_CALL_event_text, event) ? NULL : zks__event_text(event, field);
}

int64_t zks_event_number(const zks_event *event, int32_t field)
{
    return zks__guard(ZKS_CALL_event_number, event) ? 0 : zks__event_number(event, field);
}

const uint8_t *zks_event_bytes(const zks_event *event, int32_t field, size_t *out_length)
{
    size_t length = 0;
    const uint8_t *bytes = NULL;
    if (!zks__guard(ZKS_CALL_event_bytes, event)) {
        bytes = zks__event_bytes(event, field, &length);
    }
    if (out_length) {
        *out_length = length;
    }
    return bytes;
}
