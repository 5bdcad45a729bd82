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
