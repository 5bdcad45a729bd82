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

/* Of a text: a code, a link, words. */
static zks_status open_by(zks_status guarded, zks__origin origin, zks_runtime *runtime,
                          const zks_config *config, const char *text, size_t length,
                          zks_done_fn done, void *user, zks_op **out_op, zks_client **out_client)
{
    zks_status status = guarded ? guarded : zks__guard_handle(ZKS_HANDLE_CONFIG, config);
    if (!status && (!out_client || !text)) {
        status = ZKS_E_INVALID;
    }
    if (status) {
        return status;
    }
    const zks__beginning beginning = {.origin = origin, .text = text, .text_length = length};
    return zks__config_open(config, &beginning, runtime, done, user, out_op, out_client);
}

zks_status zks_group_join(zks_runtime *runtime, const zks_config *config, const char *text,
                          size_t length, zks_done_fn done, void *user, zks_op **out_op,
                          zks_client **out_client)
{
    return open_by(zks__guard(ZKS_CALL_group_join, runtime), ZKS_ORIGIN_JOIN, runtime, config, text,
                   length, done, user, out_op, out_client);
}

zks_status zks_group_restore(zks_runtime *runtime, const zks_config *config, const char *words,
                             size_t length, zks_done_fn done, void *user, zks_op **out_op,
                             zks_client **out_client)
{
    return open_by(zks__guard(ZKS_CALL_group_restore, runtime), ZKS_ORIGIN_RESTORE, runtime, config,
                   words, length, done, user, out_op, out_client);
}
