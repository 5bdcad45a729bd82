/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Clients around a malicious relay, whose wall clock the test moves. Header only. */
#ifndef ZKS_TESTS_CLIENT_EVIL_WORLD_H
#define ZKS_TESTS_CLIENT_EVIL_WORLD_H

#include "base/alloc.h"
#include "client/internal.h"
#include "tests/support/evil_relay.h"
#include "tests/unit/client/device.h"

enum { EVIL_DEVICES = 3, EVIL_WORDS = 6 };

static zks_runtime *runtime;
static evil_relay *relay;
static device devices[EVIL_DEVICES];
static device *const a = &devices[0], *const b = &devices[1], *const c = &devices[2];
static _Atomic int64_t wall_ms; /* the wall clock is ahead by so much */
static zks__clock true_clock;

static inline int64_t evil_unix_ms(void *user)
{
    (void)user;
    return true_clock.unix_ms(true_clock.user) + wall_ms;
}

static void evil_setup(void)
{
    memset(devices, 0, sizeof devices);
    wall_ms = 0;
    ck_assert_int_eq(zks__runtime_new(&runtime), ZKS_OK);
    true_clock = runtime->clock;
    runtime->clock.unix_ms = evil_unix_ms;
    relay = evil_relay_start();
}

static void evil_teardown(void)
{
    for (size_t i = 0; i < EVIL_DEVICES; i++) {
        device_free(&devices[i]);
    }
    ck_assert_int_eq(zks__runtime_close(runtime, DEVICE_WAIT_MS), ZKS_OK);
    zks__runtime_free(runtime);
    evil_relay_free(relay);
}

/* --- time --- */

typedef struct evil_poke {
    zks__task task;
    zks_client *client;
} evil_poke;

static inline void evil_run_poke(zks__task *task)
{
    evil_poke *p = ZKS_CONTAINER(task, evil_poke, task);
    if (p->client->tick_ms != UINT64_MAX) {
        p->client->tick_ms = 0;
    }
    zks__client_pump(p->client);
    zks__client_unref(p->client);
    zks__free(p);
}

/* Housekeeping now, on all clients. */
static inline void evil_tick(void)
{
    for (size_t i = 0; i < EVIL_DEVICES; i++) {
        evil_poke *p = devices[i].client ? zks__alloc_zero(1, sizeof *p) : NULL;
        if (p) {
            p->task.run = evil_run_poke;
            p->client = devices[i].client;
            zks__client_ref(p->client);
            ck_assert(zks__runtime_post(runtime, &p->task));
        }
    }
}

/* Lets `steps` times `step_s` seconds pass on the wall, a tenth of a second each, until the
 * condition holds; then waits for it with a deadline. */
#define EVIL_PASS(condition, step_s, steps)                                       \
    do {                                                                          \
        for (int left_ = (steps) + DEVICE_WAIT_MS / 100; !(condition); left_--) { \
            ck_assert_msg(left_ > 0, "never: %s", #condition);                    \
            wall_ms += left_ > DEVICE_WAIT_MS / 100 ? (int64_t)(step_s)*1000 : 0; \
            evil_tick();                                                          \
            usleep(100 * 1000);                                                   \
        }                                                                         \
    } while (0)
/* Time enough to ask the author and then everyone, not enough to give up. */
#define EVIL_HEALS(condition)    EVIL_PASS(condition, 15, 30)
/* Time enough to give up. */
#define EVIL_GIVES_UP(condition) EVIL_PASS(condition, 60, 16)

/* --- devices --- */

static inline void evil_open(device *d)
{
    device_open(d, runtime, NULL, evil_relay_address(relay));
    device_connect(d);
}

static inline void evil_push(device *d, uint64_t first, uint64_t last)
{
    for (uint64_t i = first; i <= last; i++) {
        device_done(device_push(d, i, ZKS_PUSH_ACKED), ZKS_OK);
    }
}

static inline void evil_reconnect(device *d)
{
    zks_op *op = NULL;
    unsigned before = d->connected;
    ck_assert_int_eq(zks__client_disconnect(d->client, NULL, NULL, &op), ZKS_OK);
    device_done(op, ZKS_OK);
    DEVICE_UNTIL(d->state == ZKS_STATE_OFFLINE);
    device_connect(d);
    DEVICE_UNTIL(d->connected > before);
}

static inline int64_t evil_number(device *d, int32_t field)
{
    zks_report *p = NULL;
    ck_assert_int_eq(zks__report_get(d->client, &p), ZKS_OK);
    int64_t n = zks__report_number(p, field);
    zks__report_free(p);
    return n;
}

static inline int64_t evil_received(device *d)
{
    return evil_number(d, ZKS_REPORT_RECEIVED);
}

/* What the app of d can read must be exactly these words, once each. in_order: as listed. */
static inline void evil_expect(device *d, const uint64_t *words, size_t count, bool in_order)
{
    zks_batch *batch = NULL;
    zks_op *op = device_read(d, 0, 0);
    ck_assert_int_eq(zks__op_wait(op, DEVICE_WAIT_MS), ZKS_OK);
    ck_assert_int_eq(zks__op_take_batch(op, &batch), ZKS_OK);
    zks__op_free(op);
    size_t length = 0;
    const uint8_t *data = zks__batch_data(batch, &length);
    const uint64_t *offsets = zks__batch_offsets(batch);
    ck_assert_uint_eq(zks__batch_count(batch), count);
    bool seen[64] = {false};
    for (size_t i = 0; i < count; i++) {
        uint64_t word;
        ck_assert_uint_eq(offsets[i + 1] - offsets[i], sizeof word);
        memcpy(&word, data + offsets[i], sizeof word);
        ck_assert(!in_order || word == words[i]);
        ck_assert(word < 64 && !seen[word]);
        seen[word] = true;
    }
    for (size_t i = 0; i < count; i++) {
        ck_assert_msg(seen[words[i]], "word %u is not there", (unsigned)words[i]);
    }
    zks__batch_free(batch);
}

/* All six words of A, in order, and no alarm but those named. */
static inline void evil_expect_all(device *d)
{
    static const uint64_t all[EVIL_WORDS] = {1, 2, 3, 4, 5, 6};
    evil_expect(d, all, EVIL_WORDS, true);
    ck_assert_uint_eq(d->events[ZKS_EVENT_HISTORY_GAP], 0);
    ck_assert_uint_eq(d->events[ZKS_EVENT_HISTORY_WITHHELD], 0);
    ck_assert_uint_eq(d->events[ZKS_EVENT_FORK], 0);
}

static inline void evil_id(device *d, uint8_t out[ZKS_DEVICE_ID_BYTES])
{
    zks_report *p = NULL;
    size_t length = 0;
    ck_assert_int_eq(zks__report_get(d->client, &p), ZKS_OK);
    memcpy(out, zks__report_bytes(p, ZKS_REPORT_DEVICE_ID, &length), ZKS_DEVICE_ID_BYTES);
    zks__report_free(p);
}

#endif
