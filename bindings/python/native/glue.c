/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The part of the extension module that is neither zks.h nor Python. cffi puts it before its own
 * code, so all of it is static.
 *
 * Its rule: a callback reaches Python only while Python itself dispatches a queue, on that thread.
 * Everything else is dropped: callbacks that come when a queue is freed (its event loop is gone),
 * or later on an engine thread. So no thread of the engine ever waits for the interpreter's lock,
 * and an interpreter that shuts down is never entered.
 */
#include <stdio.h>
#include <unistd.h>

#include <zks/zks.h>

/* Where this thread notes whose operations completed; NULL: it does not dispatch. */
static _Thread_local void **zkspy_users;
static _Thread_local uint32_t zkspy_count;

static void zkspy_on_event(const zks_event *event, void *user); /* in Python */

/* Runs at most `capacity` callbacks. Completed operations are only noted: Python takes them from
 * out_users when the call is over, at a fraction of the cost of a callback each. */
static zks_status zkspy_dispatch(zks_queue *queue, uint32_t capacity, void **out_users,
                                 uint32_t *out_count)
{
    uint32_t ran = 0;
    zkspy_users = out_users;
    zkspy_count = 0;
    zks_status status = zks_queue_dispatch(queue, capacity, &ran);
    zkspy_users = NULL;
    *out_count = zkspy_count;
    return status;
}

/* Ends a queue; what waits in it is dropped. Also in a callback of another queue, where the garbage
 * collector may run. */
static void zkspy_queue_free(zks_queue *queue)
{
    void **users = zkspy_users;
    zkspy_users = NULL;
    zks_queue_free(queue);
    zkspy_users = users;
}

/* The done function of all operations. */
static void zkspy_done(zks_op *op, void *user)
{
    (void)op;
    if (zkspy_users) {
        zkspy_users[zkspy_count++] = user;
    }
}

/* The event function of all clients. */
static void zkspy_event(zks_client *client, const zks_event *event, void *user)
{
    (void)client;
    if (zkspy_users) {
        zkspy_on_event(event, user);
    }
}

/* The log function: a line into the pipe from which a thread of Python reads, or nowhere when that
 * one is too slow. At most PIPE_BUF bytes, so that lines stay whole. */
static void zkspy_log(int32_t level, const char *line, void *user)
{
    char text[4096];
    int length = snprintf(text, sizeof text, "%d %s\n", (int)level, line);
    if (length > (int)sizeof text - 1) {
        length = (int)sizeof text - 1;
        text[length - 1] = '\n';
    }
    if (write((int)(intptr_t)user, text, (size_t)length) < 0) {
        return;
    }
}
