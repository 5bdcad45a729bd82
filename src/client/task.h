/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A task: one thing to run later on a certain thread. Whoever posts it owns nothing of it
 * afterwards; run frees it or keeps it for the next time.
 */
#ifndef ZKS_CLIENT_TASK_H
#define ZKS_CLIENT_TASK_H

#include "base/list.h"

typedef struct zks__task zks__task;
struct zks__task {
    zks__node node;
    void (*run)(zks__task *task);
};

#endif
