/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "client/worker.h"

static void finish(zks__task *task)
{
    zks__work *work = ZKS_CONTAINER(task, zks__work, task);
    work->finish(work);
}

static void *work_thread(void *argument)
{
    zks__work *work = argument;
    work->run(work);
    if (!zks__runtime_post(work->runtime, &work->task)) {
        work->finish(work); /* cannot be: the owner keeps the runtime open */
    }
    return NULL;
}

zks_status zks__work_start(zks_runtime *r, zks__work *work)
{
    pthread_t thread;
    work->runtime = r;
    work->task.run = finish;
    zks_status status = zks__thread_start(&thread, "zks-worker", work_thread, work);
    if (!status) {
        pthread_detach(thread);
    }
    return status;
}
