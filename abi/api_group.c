/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Paired groups: how a client comes to one. */
#include "abi/config.h"
#include "abi/guard.h"

zks_status zks_group_create(zks_runtime *runtime, const zks_config *config, uint32_t flags,
                            zks_done_fn done, void *user, zks_op **out_op, zks_client **out_client)
{
    zks_status status = zks__guard(ZKS_CALL_group_create, runtime);
    if (!status) {
        status = zks__guard_handle(ZKS_HANDLE_CONFIG, config);
    }
    if (!status && (!out_client || (flags & ~(uint32_t)ZKS_CREATE_NO_RECOVERY))) {
        status = ZKS_E_INVALID;
    }
    if (status) {
        return status;
    }
    const zks__beginning create = {.origin = ZKS_ORIGIN_CREATE,
                                   .no_recovery = flags & ZKS_CREATE_NO_RECOVERY};
    return zks__config_open(config, &create, runtime, done, user, out_op, out_client);
}

zks_status zks_group_join(zks_runtime *runtime, const zks_config *config, const char *text,
                          size_t length, zks_done_fn done, void *user, zks_op **out_op,
                          zks_client **out_client)
{
    zks_status status = zks__guard(ZKS_CALL_group_join, runtime);
    if (!status) {
        status = zks__guard_handle(ZKS_HANDLE_CONFIG, config);
    }
    if (!status && (!out_client || !text)) {
        status = ZKS_E_INVALID;
    }
    if (status) {
        return status;
    }
    const zks__beginning join = {.origin = ZKS_ORIGIN_JOIN, .text = text, .text_length = length};
    return zks__config_open(config, &join, runtime, done, user, out_op, out_client);
}
