/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "abi/guard.h"
#include "client/client.h"

zks_status zks_runtime_new(zks_runtime **out_runtime)
{
    return out_runtime ? zks__runtime_new(out_runtime) : ZKS_E_INVALID;
}

zks_status zks_runtime_set_log(zks_runtime *runtime, int32_t level, zks_log_fn fn, void *user,
                               zks_free_fn user_free)
{
    zks_status status = zks__guard(ZKS_CALL_runtime_set_log, runtime);
    if (status) {
        return status;
    }
    if (level < ZKS_LOG_OFF || level > ZKS_LOG_DEBUG) {
        return ZKS_E_INVALID;
    }
    return zks__runtime_set_log(runtime, level, fn, user, user_free);
}

zks_status zks_runtime_close(zks_runtime *runtime, uint32_t timeout_ms)
{
    zks_status status = zks__guard(ZKS_CALL_runtime_close, runtime);
    return status ? status : zks__runtime_close(runtime, timeout_ms);
}

void zks_runtime_free(zks_runtime *runtime)
{
    if (!zks__guard(ZKS_CALL_runtime_free, runtime)) {
        zks__runtime_free(runtime);
    }
}

zks_status zks_queue_new(zks_runtime *runtime, zks_wake_fn wake, void *user, zks_free_fn user_free,
                         zks_queue **out_queue)
{
    zks_status status = zks__guard(ZKS_CALL_queue_new, runtime);
    if (status) {
        return status;
    }
    return out_queue ? zks__queue_new(runtime, wake, user, user_free, out_queue) : ZKS_E_INVALID;
}

int32_t zks_queue_fd(const zks_queue *queue)
{
    return zks__guard(ZKS_CALL_queue_fd, queue) ? -1 : zks__queue_fd(queue);
}

zks_status zks_queue_dispatch(zks_queue *queue, uint32_t max, uint32_t *out_count)
{
    zks_status status = zks__guard(ZKS_CALL_queue_dispatch, queue);
    return status ? status : zks__queue_dispatch(queue, max, out_count);
}

void zks_queue_free(zks_queue *queue)
{
    if (!zks__guard(ZKS_CALL_queue_free, queue)) {
        zks__queue_free(queue);
    }
}
