/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "transport/timers.h"

#include "base/alloc.h"

enum { FIRST_SIZE = 16 };

zks_status zks__timers_reserve(zks__timers *t, size_t count)
{
    if (count <= t->size) {
        return ZKS_OK;
    }
    size_t size = t->size ? t->size : FIRST_SIZE;
    while (size < count) {
        size *= 2;
    }
    zks__timer **heap = zks__alloc_resize(t->heap, size * sizeof(zks__timer *));
    if (!heap) {
        return ZKS_E_NOMEM;
    }
    t->heap = heap;
    t->size = size;
    return ZKS_OK;
}

void zks__timers_done(zks__timers *t)
{
    zks__free(t->heap);
    *t = (zks__timers){0};
}

static void place(zks__timers *t, size_t i, zks__timer *timer)
{
    t->heap[i] = timer;
    timer->index = i + 1;
}

/* Moves the timer at i towards the root or the leaves until the order holds. */
static void settle(zks__timers *t, size_t i)
{
    zks__timer *timer = t->heap[i];
    while (i > 0 && t->heap[(i - 1) / 2]->at > timer->at) {
        place(t, i, t->heap[(i - 1) / 2]);
        i = (i - 1) / 2;
    }
    for (size_t child; (child = 2 * i + 1) < t->count; i = child) {
        if (child + 1 < t->count && t->heap[child + 1]->at < t->heap[child]->at) {
            child++;
        }
        if (t->heap[child]->at >= timer->at) {
            break;
        }
        place(t, i, t->heap[child]);
    }
    place(t, i, timer);
}

static void take_out(zks__timers *t, zks__timer *timer)
{
    size_t i = timer->index - 1;
    timer->index = 0;
    zks__timer *last = t->heap[--t->count];
    if (last != timer) {
        place(t, i, last);
        settle(t, i);
    }
}

void zks__timers_set(zks__timers *t, zks__timer *timer, uint64_t at)
{
    if (timer->index && timer->at == at) {
        return;
    }
    if (at == ZKS_TIMER_NEVER) {
        if (timer->index) {
            take_out(t, timer);
        }
        timer->at = at;
        return;
    }
    timer->at = at;
    if (!timer->index) {
        place(t, t->count++, timer);
    }
    settle(t, timer->index - 1);
}

zks__timer *zks__timers_first(const zks__timers *t)
{
    return t->count ? t->heap[0] : NULL;
}
