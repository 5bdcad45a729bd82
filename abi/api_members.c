/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Who is a member of a paired group: removing devices, fresh keys, leaving. */
#include "abi/guard.h"
#include "client/client.h"

zks_status zks_device_revoke(zks_client *client, const uint8_t *device, int32_t reason,
                             const char *recovery, size_t recovery_length, zks_done_fn done,
                             void *user, zks_op **out_op)
{
    zks_status status = zks__guard(ZKS_CALL_device_revoke, client);
    if (status) {
        return status;
    }
    if (!device || reason < ZKS_REVOKE_UNSPECIFIED || reason > ZKS_REVOKE_REPLACED) {
        return ZKS_E_INVALID;
    }
    return zks__client_device_revoke(client, device, (uint8_t)reason, recovery, recovery_length,
                                     done, user, out_op);
}

zks_status zks_group_rotate(zks_client *client, zks_done_fn done, void *user, zks_op **out_op)
{
    zks_status status = zks__guard(ZKS_CALL_group_rotate, client);
    return status ? status : zks__client_group_rotate(client, done, user, out_op);
}

zks_status zks_group_leave(zks_client *client, zks_done_fn done, void *user, zks_op **out_op)
{
    zks_status status = zks__guard(ZKS_CALL_group_leave, client);
    return status ? status : zks__client_group_leave(client, done, user, out_op);
}
