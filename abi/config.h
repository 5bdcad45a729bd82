/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What zks_config holds, for zks_client_open. One thread at a time. */
#ifndef ZKS_ABI_CONFIG_H
#define ZKS_ABI_CONFIG_H

#include "client/client.h"

/* zks_client_open and zks_group_* after their guards; ZKS_E_CONFIG: a group secret or passphrase is
 * set where the group comes from elsewhere. The event callback's registration is shared between the
 * configuration and its clients; the last one calls user_free. */
ZKS_MUST_USE zks_status zks__config_open(const zks_config *config, const zks__beginning *beginning,
                                         zks_runtime *runtime, zks_done_fn done, void *user,
                                         zks_op **out_op, zks_client **out_client);

#endif
