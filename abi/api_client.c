/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "abi/config.h"
#include "abi/guard.h"
#include "client/client.h"

zks_status zks_client_open(zks_runtime *runtime, const zks_config *config, zks_done_fn done,
                           void *user, zks_op **out_op, zks_client **out_client)
{
    zks_status status = zks__guard(ZKS_CALL_client_open, runtime);
    if (!status) {
        status = zks__guard_handle(ZKS_HANDLE_CONFIG, config);
    }
    if (status) {
        return status;
    }
    const zks__beginning store = {.origin = ZKS_ORIGIN_STORE};
    return out_client ? zks__config_open(config, &store, runtime, done, user, out_op, out_client)
                      : ZKS_E_INVALID;
}

zks_status zks_client_connect(zks_client *client, zks_done_fn done, void *user, zks_op **out_op)
{
    zks_status status = zks__guard(ZKS_CALL_client_connect, client);
    return status ? status : zks__client_connect(client, done, user, out_op);
}

zks_status zks_client_disconnect(zks_client *client, zks_done_fn done, void *user, zks_op **out_op)
{
    zks_status status = zks__guard(ZKS_CALL_client_disconnect, client);
    return status ? status : zks__client_disconnect(client, done, user, out_op);
}

zks_status zks_client_network_changed(zks_client *client)
{
    zks_status status = zks__guard(ZKS_CALL_client_network_changed, client);
    return status ? status : zks__client_network_changed(client);
}

zks_status zks_client_trust_relay(zks_client *client, const char *address, const uint8_t *key)
{
    zks_status status = zks__guard(ZKS_CALL_client_trust_relay, client);
    if (!status) {
        status = zks__text_check(address, ZKS_SIZE_ADDRESS_MAX, NULL);
    }
    if (status) {
        /* No address that long can have been configured. */
        return status == ZKS_E_TOO_LARGE ? ZKS_E_NOT_FOUND : status;
    }
    return key ? zks__client_trust_relay(client, address, key) : ZKS_E_INVALID;
}

zks_status zks_client_flush(zks_client *client, uint32_t timeout_ms, zks_done_fn done, void *user,
                            zks_op **out_op)
{
    enum { DEFAULT_MS = 500 };
    zks_status status = zks__guard(ZKS_CALL_client_flush, client);
    if (status) {
        return status;
    }
    return zks__client_flush(client, timeout_ms ? timeout_ms : DEFAULT_MS, done, user, out_op);
}

zks_status zks_client_wait_synced(zks_client *client, zks_done_fn done, void *user, zks_op **out_op)
{
    zks_status status = zks__guard(ZKS_CALL_client_wait_synced, client);
    return status ? status : zks__client_wait_synced(client, done, user, out_op);
}

zks_status zks_client_change_store_key(zks_client *client, int32_t kind, const uint8_t *bytes,
                                       size_t length, zks_done_fn done, void *user, zks_op **out_op)
{
    zks_status status = zks__guard(ZKS_CALL_client_change_store_key, client);
    if (status) {
        return status;
    }
    switch (kind) {
    case ZKS_STORE_KEY_NONE:
        status = length ? ZKS_E_INVALID : ZKS_OK;
        break;
    case ZKS_STORE_KEY_BYTES:
        status = length == ZKS_SIZE_STORE_KEY ? ZKS_OK : ZKS_E_STORE_KEY;
        break;
    case ZKS_STORE_KEY_PASSPHRASE:
        status = !length || length > ZKS_SIZE_PASSPHRASE_MAX ? ZKS_E_PASSPHRASE : ZKS_OK;
        break;
    default:
        return ZKS_E_INVALID;
    }
    if (!status && length && !bytes) {
        status = ZKS_E_INVALID;
    }
    return status ? status
                  : zks__client_change_store_key(client, kind, bytes, length, done, user, out_op);
}

zks_status zks_client_close(zks_client *client, zks_done_fn done, void *user, zks_op **out_op)
{
    zks_status status = zks__guard(ZKS_CALL_client_close, client);
    return status ? status : zks__client_close(client, done, user, out_op);
}

void zks_client_free(zks_client *client)
{
    if (!zks__guard(ZKS_CALL_client_free, client)) {
        zks__client_free(client);
    }
}

/* --- sending --- */

static zks_status check_push(const uint8_t *data, const size_t *lengths, size_t count,
                             uint32_t flags)
{
    if (!lengths || count < 1 || count > ZKS_PUSH_COUNT_MAX ||
        (flags & ~(uint32_t)(ZKS_PUSH_ACKED | ZKS_PUSH_NEED_CONNECTION))) {
        return ZKS_E_INVALID;
    }
    bool empty = true;
    for (size_t i = 0; i < count; i++) {
        if (lengths[i] > ZKS_SIZE_PUSH_MAX) {
            return ZKS_E_TOO_LARGE;
        }
        empty = empty && !lengths[i];
    }
    return data || empty ? ZKS_OK : ZKS_E_INVALID;
}

zks_status zks_client_push(zks_client *client, const uint8_t *data, size_t length, uint32_t flags,
                           zks_done_fn done, void *user, zks_op **out_op)
{
    zks_status status = zks__guard(ZKS_CALL_client_push, client);
    if (!status) {
        status = check_push(data, &length, 1, flags);
    }
    return status ? status : zks__client_push(client, data, &length, 1, flags, done, user, out_op);
}

zks_status zks_client_push_many(zks_client *client, const uint8_t *data, const size_t *lengths,
                                size_t count, uint32_t flags, zks_done_fn done, void *user,
                                zks_op **out_op)
{
    zks_status status = zks__guard(ZKS_CALL_client_push_many, client);
    if (!status) {
        status = check_push(data, lengths, count, flags);
    }
    return status ? status
                  : zks__client_push(client, data, lengths, count, flags, done, user, out_op);
}
