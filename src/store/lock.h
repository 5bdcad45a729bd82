/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * One process per store: a lock file beside it (path + ".lock", mode 0600) is held with flock and
 * names the holder's pid. flock belongs to the open file: a second open in the same process is
 * refused too, the kernel releases it however the process ends, and the descriptor is closed on
 * exec. A fork without exec keeps it as long as the child lives. The file stays after unlocking:
 * removing it would let two processes lock two files of one name.
 */
#ifndef ZKS_STORE_LOCK_H
#define ZKS_STORE_LOCK_H

#include "base/status.h"

#include <sys/types.h>

typedef struct zks__lock {
    int fd;      /* -1: not held */
    pid_t owner; /* a forked child must not unlock for its parent */
} zks__lock;

/* ZKS_E_STORE_BUSY (*out_pid: the holder, 0 when not known); ZKS_E_STORE_READONLY,
 * ZKS_E_STORE_PATH, ZKS_E_STORE_FULL, ZKS_E_STORE_IO, ZKS_E_SYSTEM, ZKS_E_NOMEM: errno says why. */
ZKS_MUST_USE zks_status zks__lock_take(const char *store_path, zks__lock *out_lock, pid_t *out_pid);
/* Fine when not held. */
void zks__lock_release(zks__lock *l);
/* The status of an errno from a file of the store. */
zks_status zks__lock_status(int error);

#endif
