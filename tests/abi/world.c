/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "abi/world.h"

#include <errno.h>
#include <ftw.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <unistd.h>

void world_must(zks_status status, const char *call, const char *file, int line)
{
    world_expect(status, ZKS_OK, call, file, line);
}

void world_expect(zks_status status, zks_status expected, const char *call, const char *file,
                  int line)
{
    if (status != expected) {
        ck_abort_msg("%s:%d: %s = %s, expected %s", file, line, call, zks_status_name(status),
                     zks_status_name(expected));
    }
}

uint32_t world_patience_ms(void)
{
    const char *slower = getenv("CK_TIMEOUT_MULTIPLIER");
    unsigned long times = slower ? strtoul(slower, NULL, 10) : 1;
    return (uint32_t)(20000 * (times ? times : 1));
}

/* --- the witness --- */

witness *witness_new(void)
{
    witness *w = calloc(1, sizeof *w);
    ck_assert_ptr_nonnull(w);
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&w->mutex, NULL);
    pthread_cond_init(&w->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    return w;
}

void witness_forget(witness *w)
{
    pthread_cond_destroy(&w->changed);
    pthread_mutex_destroy(&w->mutex);
    free(w);
}

static void note(witness *w, witness_line line)
{
    line.thread = pthread_self();
    pthread_mutex_lock(&w->mutex);
    if (w->count < WITNESS_LINES) {
        w->lines[w->count] = line;
    }
    w->count++;
    pthread_cond_broadcast(&w->changed);
    pthread_mutex_unlock(&w->mutex);
}

void witness_done(zks_op *op, void *user)
{
    note(user, (witness_line){.what = WITNESS_DONE, .status = zks_op_status(op), .op = op});
}

void witness_event(zks_client *client, const zks_event *event, void *user)
{
    (void)client;
    note(user, (witness_line){.what = WITNESS_EVENT,
                              .kind = zks_event_kind(event),
                              .status = zks_event_status(event)});
}

void witness_free(void *user)
{
    note(user, (witness_line){.what = WITNESS_FREE});
}

void witness_wake(void *user)
{
    note(user, (witness_line){.what = WITNESS_WAKE});
}

static size_t count_locked(const witness *w, witness_what what, int32_t kind)
{
    size_t n = 0;
    for (size_t i = 0; i < w->count && i < WITNESS_LINES; i++) {
        n += w->lines[i].what == what && (!kind || w->lines[i].kind == kind);
    }
    return n;
}

size_t witness_count(witness *w, witness_what what, int32_t kind)
{
    pthread_mutex_lock(&w->mutex);
    size_t n = count_locked(w, what, kind);
    pthread_mutex_unlock(&w->mutex);
    return n;
}

void witness_wait(witness *w, witness_what what, int32_t kind, size_t at_least)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += world_patience_ms() / 1000;
    int waited = 0;
    pthread_mutex_lock(&w->mutex);
    size_t n = count_locked(w, what, kind);
    while (n < at_least && waited != ETIMEDOUT) {
        waited = pthread_cond_timedwait(&w->changed, &w->mutex, &until);
        n = count_locked(w, what, kind);
    }
    pthread_mutex_unlock(&w->mutex);
    ck_assert_msg(n >= at_least, "callback %d kind %d came %zu times, waited for %zu", (int)what,
                  (int)kind, n, at_least);
}

size_t witness_place(witness *w, witness_what what, int32_t kind)
{
    size_t place = SIZE_MAX;
    pthread_mutex_lock(&w->mutex);
    for (size_t i = 0; i < w->count && place == SIZE_MAX; i++) {
        if (w->lines[i].what == what && (!kind || w->lines[i].kind == kind)) {
            place = i;
        }
    }
    pthread_mutex_unlock(&w->mutex);
    return place;
}

witness_line witness_at(witness *w, size_t i)
{
    pthread_mutex_lock(&w->mutex);
    ck_assert_uint_lt(i, w->count);
    witness_line line = w->lines[i];
    pthread_mutex_unlock(&w->mutex);
    return line;
}

size_t witness_size(witness *w)
{
    pthread_mutex_lock(&w->mutex);
    size_t n = w->count;
    pthread_mutex_unlock(&w->mutex);
    return n;
}

/* --- the world --- */

static int remove_one(const char *path, const struct stat *s, int kind, struct FTW *ftw)
{
    (void)s;
    (void)kind;
    (void)ftw;
    return remove(path);
}

void world_remove(const char *folder)
{
    (void)nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

void world_open(world *w)
{
    memset(w, 0, sizeof *w);
    ck_assert(test_folder(w->folder, sizeof w->folder));
    strcpy(w->address, "127.0.0.1:9"); /* discard: nobody answers */
    MUST(zks_runtime_new(&w->runtime));
}

void world_open_with_relay(world *w)
{
    world_open(w);
    char config[256];
    zks_op *op;
    snprintf(config, sizeof config, "listen = 127.0.0.1:0\ndata = %s/relay\n", w->folder);
    MUST(zks_relay_start(w->runtime, config, NULL, NULL, &op, &w->relay));
    MUST(zks_op_wait(op, world_patience_ms()));
    ck_assert_msg(zks_op_status(op) == ZKS_OK, "the relay: %s", zks_op_text(op));
    zks_op_free(op);
    const char *address = zks_relay_address(w->relay);
    ck_assert_ptr_nonnull(address);
    snprintf(w->address, sizeof w->address, "%s", address);
}

void world_close(world *w)
{
    if (w->relay) {
        zks_op *op;
        MUST(zks_relay_stop(w->relay, NULL, NULL, &op));
        MUST(world_finish(op));
        zks_relay_free(w->relay);
    }
    MUST(zks_runtime_close(w->runtime, world_patience_ms()));
    zks_runtime_free(w->runtime);
    world_remove(w->folder);
}

zks_config *world_config(world *w, const world_client *what)
{
    zks_config *g;
    uint8_t secret[ZKS_SIZE_SECRET];
    memset(secret, what->group, sizeof secret);
    MUST(zks_config_new(&g));
    if (what->group) {
        MUST(zks_config_set_secret(g, secret, sizeof secret));
    }
    if (what->file) {
        char path[256];
        snprintf(path, sizeof path, "%s/%s", w->folder, what->file);
        MUST(zks_config_set_text(g, ZKS_OPTION_STORE_PATH, path));
    }
    MUST(zks_config_set_text(g, ZKS_OPTION_DEVICE_NAME, what->name));
    if (what->relay) {
        MUST(zks_config_add_relay(g, w->address));
    }
    MUST(zks_config_set_queue(g, what->queue));
    if (what->events) {
        MUST(zks_config_set_events(g, witness_event, what->events, witness_free));
    }
    return g;
}

static void must_open(zks_op *op)
{
    MUST(zks_op_wait(op, world_patience_ms()));
    ck_assert_msg(zks_op_status(op) == ZKS_OK, "opening: %s", zks_op_text(op));
    zks_op_free(op);
}

zks_client *world_client_open(world *w, const world_client *what)
{
    zks_config *g = world_config(w, what);
    zks_client *c;
    zks_op *op;
    MUST(zks_client_open(w->runtime, g, NULL, NULL, &op, &c));
    zks_config_free(g);
    must_open(op);
    return c;
}

zks_client *world_group_create(world *w, const world_client *what)
{
    zks_config *g = world_config(w, what);
    zks_client *c;
    zks_op *op;
    MUST(zks_group_create(w->runtime, g, 0, NULL, NULL, &op, &c));
    zks_config_free(g);
    must_open(op);
    return c;
}

void world_client_close(zks_client *c)
{
    zks_op *op;
    MUST(zks_client_close(c, NULL, NULL, &op));
    MUST(world_finish(op));
    zks_client_free(c);
}

zks_status world_finish(zks_op *op)
{
    MUST(zks_op_wait(op, world_patience_ms()));
    zks_status status = zks_op_status(op);
    zks_op_free(op);
    return status;
}

int64_t world_push(zks_client *c, const void *data, size_t length, uint32_t flags)
{
    zks_op *op;
    MUST(zks_client_push(c, data, length, flags, NULL, NULL, &op));
    MUST(zks_op_wait(op, world_patience_ms()));
    ck_assert_msg(zks_op_status(op) == ZKS_OK, "push: %s", zks_op_text(op));
    int64_t number = zks_op_number(op, ZKS_OP_FIRST_NUMBER);
    zks_op_free(op);
    return number;
}

zks_batch *world_read(zks_client *c, uint64_t after, uint32_t flags)
{
    zks_op *op;
    zks_batch *batch;
    MUST(zks_inbox_read(c, after, 0, 0, flags, NULL, NULL, &op));
    MUST(zks_op_wait(op, world_patience_ms()));
    ck_assert_msg(zks_op_status(op) == ZKS_OK, "read: %s", zks_op_text(op));
    MUST(zks_op_take_batch(op, &batch));
    zks_op_free(op);
    return batch;
}

void world_connect(zks_client *c)
{
    zks_op *op;
    MUST(zks_client_connect(c, NULL, NULL, &op));
    MUST(zks_op_wait(op, world_patience_ms()));
    ck_assert_msg(zks_op_status(op) == ZKS_OK, "connect: %s", zks_op_text(op));
    zks_op_free(op);
}

int64_t world_figure(zks_client *c, int32_t field)
{
    zks_report *p;
    MUST(zks_report_get(c, &p));
    int64_t value = zks_report_number(p, field);
    zks_report_free(p);
    return value;
}
