/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * One process per data folder: `relay.lock` (0600) in it is held with flock and names the holder's
 * pid. flock belongs to the open file, so a second relay in the same process is refused too, and
 * the kernel releases it however the process ends. The file stays: removing it would let two relays
 * lock two files of one name.
 */
#ifndef ZKS_RELAY_CORE_LOCK_H
#define ZKS_RELAY_CORE_LOCK_H

#include "base/status.h"

typedef struct zks__folder_lock {
    int fd; /* -1: not held */
} zks__folder_lock;

/* ZKS_E_STORE_BUSY (*out_pid: the holder, 0: unknown), ZKS_E_STORE_READONLY, ZKS_E_STORE_PATH,
 * ZKS_E_STORE_IO. */
ZKS_MUST_USE zks_status zks__folder_lock_take(const char *folder, zks__folder_lock *out_lock,
                                              long *out_pid);
/* The status of an errno from a file of the data folder. */
zks_status zks__folder_status(int error);
/* Fine when it is not held. */
void zks__folder_lock_release(zks__folder_lock *l);

#endif
