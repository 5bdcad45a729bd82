/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* One-shot threads for what blocks and is rare: Argon2id, name resolution. */
#ifndef ZKS_CLIENT_WORKER_H
#define ZKS_CLIENT_WORKER_H

#include "client/runtime.h"

typedef struct zks__work zks__work;
struct zks__work {
    zks__task task;
    zks_runtime *runtime;
    void (*run)(zks__work *work);    /* on a thread of its own */
    void (*finish)(zks__work *work); /* on the loop thread; frees the work */
};

/* ZKS_E_SYSTEM: no thread; nothing will run. The owner keeps the runtime from closing until finish
 * has run. */
ZKS_MUST_USE zks_status zks__work_start(zks_runtime *r, zks__work *work);

#endif
