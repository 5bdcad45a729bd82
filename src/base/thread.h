/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The engine's threads. They block all signals from their first instruction on: an app's handlers
 * never run on them. */
#ifndef ZKS_BASE_THREAD_H
#define ZKS_BASE_THREAD_H

#include "base/status.h"

#include <pthread.h>
#include <time.h>

/* The caller joins or detaches it. `name` is what profilers and top show, at most 15 bytes.
 * ZKS_E_SYSTEM: no thread, nothing was started. */
ZKS_MUST_USE zks_status zks__thread_start(pthread_t *out_thread, const char *name,
                                          void *(*run)(void *), void *argument);

/* A condition whose timed waits follow the monotonic clock, and a deadline for them. */
void zks__cond_init(pthread_cond_t *cond);
struct timespec zks__deadline_after(uint32_t timeout_ms);

#endif
