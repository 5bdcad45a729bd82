/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Random operations of three devices with a real relay in this process, which is restarted now and
 * then, while now and then an allocation of the engine fails. At the end, without failures: each
 * accepted operation has completed exactly once, CLOSED was the last event, and what was reported
 * stored is with every device, once and in order.
 */
#include "tests/support/own_alloc.h"
#include "tests/support/raw_relay.h"
#include "tests/unit/client/device.h"

enum {
    DEVICES = 3,
    STEPS = 3000,
    PUSHES_MAX = STEPS,
    OPS_MAX = STEPS * 2,
    CLIENTS_MAX = STEPS + DEVICES,
    ONE_IN = 60 /* allocations of the engine fail */
};

/* --- memory --- */

static _Atomic bool scarce;
static _Atomic unsigned failed;
static _Thread_local struct {
    bool known, engine;
    uint64_t random;
} here;

/* Loop and storage thread of the clients, by their names; the relay and the test are spared. */
static bool fails(size_t size)
{
    (void)size;
    if (!scarce) {
        return false;
    }
    if (!here.known) {
        char name[16] = "";
        pthread_getname_np(pthread_self(), name, sizeof name);
        here.known = true;
        here.engine = strcmp(name, "zks-loop") == 0 || strcmp(name, "zks-storage") == 0;
        here.random = (uint64_t)(uintptr_t)&here | 1;
    }
    here.random ^= here.random << 13;
    here.random ^= here.random >> 7;
    here.random ^= here.random << 17;
    bool now = here.engine && here.random % ONE_IN == 0;
    failed += now;
    return now;
}

/* --- what is going on --- */

typedef struct call {
    _Atomic int done;
    _Atomic int status;
    uint64_t body; /* of a push: device << 32 | number */
} call;

static struct {
    uint64_t random;
    zks_runtime *runtime;
    raw_relay relay;
    char address[512], options[600], folder[64], paths[DEVICES][96];
    device all[CLIENTS_MAX]; /* every client that was ever opened */
    size_t count;
    device *now[DEVICES];
    uint64_t numbers[DEVICES];
    call calls[OPS_MAX], pushes[PUSHES_MAX];
    size_t call_count, push_count;
} w;

static uint32_t pick(uint32_t below)
{
    w.random ^= w.random << 13;
    w.random ^= w.random >> 7;
    w.random ^= w.random << 17;
    return (uint32_t)(w.random >> 33) % below;
}

static void on_done(zks_op *op, void *user)
{
    call *c = user;
    c->status = zks__op_status(op);
    c->done++;
}

/* A started operation: freed, or cancelled and freed, at once or a moment later. */
static void let_go(zks_op *op)
{
    if (pick(4) == 0) {
        usleep(pick(2000));
    }
    if (pick(4) == 0) {
        zks__op_cancel(op);
    }
    zks__op_free(op);
}

static void open_device(size_t i)
{
    if (!w.now[i]) {
        device *d = &w.all[w.count++];
        zks_op *op = NULL;
        ck_assert_int_eq(device_try(d, w.runtime, w.paths[i], w.address, 1, &op), ZKS_OK);
        zks__op_free(op);
        w.now[i] = d;
        (void)!zks__client_connect(d->client, NULL, NULL, NULL);
    }
}

static void close_device(size_t i)
{
    if (w.now[i]) {
        device_free(w.now[i]);
        w.now[i] = NULL;
    }
}

static void push_some(size_t i)
{
    call *c = &w.pushes[w.push_count];
    zks_op *op = NULL;
    uint64_t body = (uint64_t)i << 32 | (w.numbers[i] + 1);
    size_t length = sizeof body;
    uint32_t flags = pick(2) ? ZKS_PUSH_ACKED : ZKS_PUSH_STORED;
    if (zks__client_push(w.now[i]->client, (const uint8_t *)&body, &length, 1, flags, on_done, c,
                         &op)) {
        return;
    }
    c->body = body;
    w.numbers[i]++;
    w.push_count++;
    let_go(op);
}

static void step(size_t i)
{
    zks_client *c = w.now[i]->client;
    call *k = &w.calls[w.call_count];
    zks_op *op = NULL;
    zks_status status = ZKS_E_STATE;
    switch (pick(12)) {
    case 0:
        status = zks__client_connect(c, on_done, k, &op);
        break;
    case 1:
        status = zks__client_disconnect(c, on_done, k, &op);
        break;
    case 2:
        status = zks__client_wait_synced(c, on_done, k, &op);
        break;
    case 3:
        status = zks__client_flush(c, pick(50), on_done, k, &op);
        break;
    case 4:
        status = zks__inbox_read(c, zks__inbox_acked(c), 0, 0, pick(4), on_done, k, &op);
        break;
    case 5:
        status = zks__inbox_ack(c, pick(100), on_done, k, &op);
        break;
    case 6:
        (void)!zks__client_network_changed(c);
        break;
    default:
        push_some(i);
        break;
    }
    if (!status) {
        w.call_count++;
        let_go(op);
    }
}

static void run(void)
{
    for (int n = 0; n < STEPS; n++) {
        size_t i = pick(DEVICES);
        scarce = n % 300 > 150;
        if (pick(60) == 0) {
            close_device(i);
        } else if (pick(400) == 0) {
            raw_relay_stop(&w.relay);
            raw_relay_start(&w.relay, w.options);
        }
        open_device(i);
        step(i);
        usleep(pick(1500)); /* so that connections come about */
    }
    scarce = false;
}

/* --- the end --- */

static void sync_all(void)
{
    for (size_t i = 0; i < DEVICES; i++) {
        zks_op *op = NULL;
        ck_assert_int_eq(zks__client_wait_synced(w.now[i]->client, NULL, NULL, &op), ZKS_OK);
        device_done(op, ZKS_OK);
    }
}

static void reopen_all(void)
{
    for (size_t i = 0; i < DEVICES; i++) {
        close_device(i);
        open_device(i);
        device_connect(w.now[i]);
    }
}

/* Adds what device `i` has of each author; checks order. out: by author and number. */
static void read_all(size_t i, uint8_t (*out)[PUSHES_MAX + 1])
{
    uint64_t after = 0, last[DEVICES] = {0};
    for (;;) {
        zks_op *op = device_read(w.now[i], after, ZKS_READ_OWN);
        zks_batch *batch = NULL;
        ck_assert_int_eq(zks__op_wait(op, DEVICE_WAIT_MS), ZKS_OK);
        ck_assert_int_eq(zks__op_take_batch(op, &batch), ZKS_OK);
        zks__op_free(op);
        size_t count = zks__batch_count(batch), length;
        const uint8_t *data = zks__batch_data(batch, &length);
        for (size_t k = 0; k < count; k++) {
            uint64_t body;
            memcpy(&body, data + k * sizeof body, sizeof body);
            size_t author = (size_t)(body >> 32);
            uint64_t number = body & UINT32_MAX;
            ck_assert_uint_lt(author, DEVICES);
            ck_assert_uint_gt(number, last[author]);
            last[author] = number;
            out[author][number]++;
            after = zks__batch_seqs(batch)[k];
        }
        zks__batch_free(batch);
        if (!count) {
            return;
        }
    }
}

static void check_pushes(void)
{
    static uint8_t has[DEVICES][PUSHES_MAX + 1];
    for (size_t i = 0; i < DEVICES; i++) {
        memset(has, 0, sizeof has);
        read_all(i, has);
        for (size_t k = 0; k < w.push_count; k++) {
            const call *c = &w.pushes[k];
            unsigned count = has[c->body >> 32][c->body & UINT32_MAX];
            ck_assert_uint_le(count, 1);
            ck_assert_msg(c->status || count, "device %zu lacks %" PRIx64, i, c->body);
        }
    }
}

static void check_calls(const call *calls, size_t count)
{
    for (size_t k = 0; k < count; k++) {
        ck_assert_msg(calls[k].done == 1, "call %zu: done %d times", k, calls[k].done);
    }
}

START_TEST(random_operations_lose_nothing_and_end)
{
    w.random = unit_seed_printed("random") * 2 + 1;
    device_folder(w.folder, sizeof w.folder);
    for (size_t i = 0; i < DEVICES; i++) {
        snprintf(w.paths[i], sizeof w.paths[i], "%s/%zu.zks", w.folder, i);
    }
    raw_relay_init(&w.relay);
    raw_relay_start(&w.relay, NULL);
    snprintf(w.address, sizeof w.address, "%s", w.relay.address);
    snprintf(w.options, sizeof w.options, "listen = %s\n", strchr(w.address, '@') + 1);
    ck_assert_int_eq(zks__runtime_new(&w.runtime), ZKS_OK);
    run();
    printf("%zu clients, %zu pushes, %zu other operations, %u allocations failed\n", w.count,
           w.push_count, w.call_count, (unsigned)failed);
    ck_assert_uint_gt(failed, 0);
    reopen_all();
    sync_all();
    sync_all();
    check_pushes();
    for (size_t i = 0; i < DEVICES; i++) {
        close_device(i);
    }
    ck_assert_int_eq(zks__runtime_close(w.runtime, DEVICE_WAIT_MS), ZKS_OK);
    zks__runtime_free(w.runtime);
    check_calls(w.calls, w.call_count);
    check_calls(w.pushes, w.push_count);
    for (size_t k = 0; k < w.count; k++) {
        ck_assert_uint_eq(w.all[k].events[ZKS_EVENT_CLOSED], 1);
        ck_assert_uint_eq(w.all[k].late, 0);
        ck_assert_uint_eq(w.all[k].freed, 1);
    }
    raw_relay_done(&w.relay);
    device_folder_remove(w.folder);
}
END_TEST

static void add(TCase *c)
{
    tcase_add_test(c, random_operations_lose_nothing_and_end);
}

int main(void)
{
    own_alloc.refuses = fails;
    return unit_main("random", add);
}
