/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* How steps wait, what they print, and those in the background. */
#include "driver.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

static pthread_mutex_t the_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t moved = PTHREAD_COND_INITIALIZER; /* a background step waits or ended */
static task *background;

void lock(void)
{
    pthread_mutex_lock(&the_lock);
}

void unlock(void)
{
    pthread_mutex_unlock(&the_lock);
}

uint32_t patience_ms(void)
{
    const char *slower = getenv("ZKS_SLOWER");
    int factor = slower ? atoi(slower) : 1;
    return 60000u * (uint32_t)(factor > 0 ? factor : 1);
}

struct timespec patience_end(void)
{
    struct timespec end;
    clock_gettime(CLOCK_REALTIME, &end);
    end.tv_sec += (time_t)(patience_ms() / 1000);
    return end;
}

/* --- a step --- */

void task_init(task *t, json_t *step)
{
    memset(t, 0, sizeof *t);
    t->step = json_incref(step);
    t->verb = json_string_value(json_array_get(step, 0));
    t->who = json_string_value(json_array_get(step, 1));
    t->out = open_memstream(&t->text, &t->length);
    if (!t->verb || !t->out) {
        broken("a step", step);
    }
}

void task_flush(task *t)
{
    fclose(t->out);
    fputs(t->text, stdout);
    fflush(stdout);
    free(t->text);
    json_decref(t->step);
}

void say(task *t, const char *format, ...)
{
    va_list list;
    fprintf(t->out, "  %s%s%s", t->who ? t->who : "", t->who ? " " : "", t->verb);
    va_start(list, format);
    vfprintf(t->out, format, list);
    va_end(list);
    fputc('\n', t->out);
}

void fail(task *t, zks_status status)
{
    static const char *const classes[] = {"", " retry", " call", " config", " security"};
    if (status == LATE) {
        say(t, " ! LATE");
    } else {
        say(t, " ! %s%s", error_name(status), classes[zks_status_class(status)]);
    }
}

void said(task *t, zks_status status)
{
    if (status) {
        fail(t, status);
    } else {
        say(t, "%s", "");
    }
}

/* --- waiting --- */

static void task_reached(task *t)
{
    t->reached = true;
    pthread_cond_broadcast(&moved);
}

zks_status task_wait(task *t, zks_op *op)
{
    t->op = op;
    if (t->cancelled) {
        zks_op_cancel(op);
    }
    task_reached(t);
    unlock();
    zks_status waited = zks_op_wait(op, patience_ms());
    lock();
    t->op = NULL;
    return waited ? LATE : zks_op_status(op);
}

zks_status task_finish(task *t, zks_status started, zks_op *op)
{
    if (started) {
        return started;
    }
    zks_status status = task_wait(t, op);
    zks_op_free(op);
    return status;
}

bool task_pause(task *t, unsigned *rounds)
{
    enum { MOMENT_MS = 5 };
    task_reached(t);
    unlock();
    usleep(MOMENT_MS * 1000);
    lock();
    return ++*rounds < patience_ms() / MOMENT_MS;
}

/* --- in the background --- */

static void *run(void *user)
{
    task *t = user;
    lock();
    task_run(t);
    t->ended = true;
    pthread_cond_broadcast(&moved);
    unlock();
    return NULL;
}

void verb_start(task *t)
{
    task *b = malloc(sizeof *b);
    if (!b || !t->who) {
        broken("start", t->step);
    }
    task_init(b, json_array_get(t->step, 2));
    snprintf(b->name, sizeof b->name, "%s", t->who);
    b->next = background;
    background = b;
    if (pthread_create(&b->thread, NULL, run, b)) {
        broken("no thread for", t->step);
    }
    while (!b->reached && !b->ended) {
        pthread_cond_wait(&moved, &the_lock);
    }
}

static task *background_find(const task *t)
{
    for (task *b = background; b; b = b->next) {
        if (!strcmp(b->name, t->who)) {
            return b;
        }
    }
    return NULL;
}

static void cancel(task *b)
{
    b->cancelled = true;
    if (b->op) {
        zks_op_cancel(b->op);
    }
    events_wake();
}

void verb_cancel(task *t)
{
    task *b = background_find(t);
    if (b) { /* one that was finished is left alone */
        cancel(b);
    }
}

static void forget(task *b, FILE *out)
{
    task **at = &background;
    while (*at != b) {
        at = &(*at)->next;
    }
    *at = b->next;
    unlock();
    pthread_join(b->thread, NULL);
    lock();
    fclose(b->out);
    if (out) {
        fputs(b->text, out);
    }
    free(b->text);
    json_decref(b->step);
    free(b);
}

void verb_finish(task *t)
{
    task *b = background_find(t);
    if (!b) {
        broken("nothing was started:", t->step);
    }
    forget(b, t->out); /* it has a deadline of its own */
}

void tasks_end(void)
{
    while (background) {
        cancel(background);
        forget(background, NULL);
    }
}
