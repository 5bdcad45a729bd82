/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "base/thread.h"

#include <signal.h>

zks_status zks__thread_start(pthread_t *out_thread, const char *name, void *(*run)(void *),
                             void *argument)
{
    sigset_t all, before;
    sigfillset(&all);
    /* Inherited by the new thread; blocking them there would leave a moment open. */
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = pthread_create(out_thread, NULL, run, argument);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (!failed) {
        pthread_setname_np(*out_thread, name); /* it is joined or detached later, so it is there */
    }
    return failed ? ZKS_E_SYSTEM : ZKS_OK;
}

void zks__cond_init(pthread_cond_t *cond)
{
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(cond, &monotonic);
    pthread_condattr_destroy(&monotonic);
}

struct timespec zks__deadline_after(uint32_t timeout_ms)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    t.tv_sec += timeout_ms / 1000;
    t.tv_nsec += (long)(timeout_ms % 1000) * 1000000;
    if (t.tv_nsec >= 1000000000) {
        t.tv_nsec -= 1000000000;
        t.tv_sec++;
    }
    return t;
}
