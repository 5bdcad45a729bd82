/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "client/queue.h"

#include "base/alloc.h"
#include "client/runtime.h"

#include <sys/eventfd.h>
#include <unistd.h>

void zks__queue_ref(zks_queue *q)
{
    atomic_fetch_add_explicit(&q->count, 1, memory_order_relaxed);
}

void zks__queue_unref(zks_queue *q)
{
    if (atomic_fetch_sub_explicit(&q->count, 1, memory_order_acq_rel) != 1) {
        return;
    }
    zks_runtime *r = q->runtime;
    pthread_mutex_lock(&r->mutex);
    zks__list_remove(&q->in_runtime);
    pthread_mutex_unlock(&r->mutex);
    if (q->fd >= 0) {
        close(q->fd);
    }
    pthread_mutex_destroy(&q->mutex);
    zks__free(q);
    zks__runtime_unref(r);
}

zks_status zks__queue_new(zks_runtime *r, zks_wake_fn wake, void *user, zks_free_fn user_free,
                          zks_queue **out_queue)
{
    zks_queue *q = zks__alloc_zero(1, sizeof *q);
    if (!q) {
        return ZKS_E_NOMEM;
    }
    atomic_init(&q->count, 1);
    q->runtime = r;
    q->wake = wake;
    q->user = user;
    q->user_free = user_free;
    q->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    zks__list_init(&q->tasks);
    pthread_mutex_init(&q->mutex, NULL);
    zks__handle_init(&q->handle, ZKS_HANDLE_QUEUE);
    zks__runtime_ref(r);
    pthread_mutex_lock(&r->mutex);
    zks__list_append(&r->queues, &q->in_runtime);
    pthread_mutex_unlock(&r->mutex);
    *out_queue = q;
    return ZKS_OK;
}

int32_t zks__queue_fd(const zks_queue *q)
{
    return q->fd;
}

zks_runtime *zks__queue_runtime(const zks_queue *q)
{
    return q->runtime;
}

/* Readable while non-empty: one write when the first task comes, one read when the last is taken.
 */
static void signal_fd(zks_queue *q)
{
    uint64_t one = 1;
    if (q->fd >= 0 && write(q->fd, &one, sizeof one) < 0) {
        return; /* EAGAIN: it is readable already */
    }
}

static void clear_fd(zks_queue *q)
{
    uint64_t value;
    if (q->fd >= 0 && read(q->fd, &value, sizeof value) < 0) {
        return; /* EAGAIN: nothing to clear */
    }
}

bool zks__queue_post(zks_queue *q, zks__task *task)
{
    pthread_mutex_lock(&q->mutex);
    if (q->freed) {
        pthread_mutex_unlock(&q->mutex);
        return false;
    }
    bool first = zks__list_empty(&q->tasks);
    zks__list_append(&q->tasks, &task->node);
    if (first) {
        signal_fd(q);
        /* Under the lock, so that zks_queue_free, which takes it, really ends the wakes. wake must
         * not block. */
        if (q->wake) {
            q->wake(q->user);
        }
    }
    pthread_mutex_unlock(&q->mutex);
    return true;
}

static zks__task *take(zks_queue *q)
{
    pthread_mutex_lock(&q->mutex);
    zks__node *n = zks__list_pop(&q->tasks);
    if (n && zks__list_empty(&q->tasks)) {
        clear_fd(q);
    }
    pthread_mutex_unlock(&q->mutex);
    return n ? ZKS_CONTAINER(n, zks__task, node) : NULL;
}

bool zks__queue_dispatching_here(zks_queue *q)
{
    pthread_mutex_lock(&q->mutex);
    bool here = q->dispatching && pthread_equal(q->dispatcher, pthread_self());
    pthread_mutex_unlock(&q->mutex);
    return here;
}

static zks_status begin_dispatch(zks_queue *q)
{
    zks_status status = ZKS_OK;
    pthread_mutex_lock(&q->mutex);
    if (q->dispatching) {
        status = pthread_equal(q->dispatcher, pthread_self()) ? ZKS_E_REENTRANT : ZKS_E_BUSY;
    } else {
        q->dispatching = true;
        q->dispatcher = pthread_self();
    }
    pthread_mutex_unlock(&q->mutex);
    return status;
}

static void end_dispatch(zks_queue *q)
{
    pthread_mutex_lock(&q->mutex);
    q->dispatching = false;
    /* What is left, or came while max was reached, must wake the host again. */
    bool more = !zks__list_empty(&q->tasks);
    if (more && !q->freed && q->wake) {
        q->wake(q->user);
    }
    pthread_mutex_unlock(&q->mutex);
}

zks_status zks__queue_dispatch(zks_queue *q, uint32_t max, uint32_t *out_count)
{
    zks_status status = begin_dispatch(q);
    if (status) {
        return status;
    }
    zks__queue_ref(q); /* a callback may free the queue */
    uint32_t count = 0;
    while (!max || count < max) {
        zks__task *task = take(q);
        if (!task) {
            break;
        }
        task->run(task);
        count++;
    }
    end_dispatch(q);
    zks__queue_unref(q);
    if (out_count) {
        *out_count = count;
    }
    return ZKS_OK;
}

void zks__queue_free(zks_queue *q)
{
    pthread_mutex_lock(&q->mutex);
    q->freed = true;
    pthread_mutex_unlock(&q->mutex);
    for (zks__task *task = take(q); task; task = take(q)) {
        task->run(task);
    }
    if (q->user_free) {
        q->user_free(q->user);
    }
    zks__queue_unref(q);
}
