/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What zks_config holds, for zks_client_open. One thread at a time. */
#ifndef ZKS_ABI_CONFIG_H
#define ZKS_ABI_CONFIG_H

#include "base/status.h"

/* zks_client_open after its guard. The event callback's registration is shared between the
 * configuration and its clients; the last one calls user_free. */
ZKS_MUST_USE zks_status zks__config_open(const zks_config *config, zks_runtime *runtime,
                                         zks_done_fn done, void *user, zks_op **out_op,
                                         zks_client **out_client);

#endif
