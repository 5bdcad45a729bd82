/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Devices of a paired group at real relays, whose stores are made from one group seed, so that each
 * is a member by the root key. Header only. */
#ifndef ZKS_TESTS_RELAY_MEMBERS_H
#define ZKS_TESTS_RELAY_MEMBERS_H

#include "client/batch.h"
#include "client/internal.h"
#include "group/recovery.h"
#include "support/raw_relay.h"
#include "unit/client/device.h"

enum { MEMBERS = 4, RELAYS = 2, A = 0, B = 1, C = 2, D = 3 };

typedef struct member {
    device d; /* first: its address is the event's user */
    char path[96];
    uint8_t id[ZKS_DEVICE_ID_BYTES];
} member;

static const uint8_t seed[32] = {7, 7, 1};
static zks_runtime *runtime;
static raw_relay relays[RELAYS];
static member m[MEMBERS];
static char folder[64];
static uint8_t suite;
static uint32_t rotate_s; /* of clients opened next */

/* --- the scene -------------------------------------------------------------------- */

/* The device's ledger, without a client. secret: of a new store. */
static inline zks__ledger *open_ledger(const member *d, const uint8_t *secret)
{
    char problem[ZKS_LEDGER_PROBLEM_BYTES];
    zks__ledger *l = NULL;
    const zks__ledger_config config = {.storage = runtime->storage,
                                       .vault = runtime->vault,
                                       .path = d->path,
                                       .secret = secret,
                                       .suite = suite,
                                       .mode = ZKS_GROUP_MODE_PAIRED,
                                       .device_name = "name",
                                       .rng = runtime->rng,
                                       .clock = runtime->clock,
                                       .log = &runtime->log};
    ck_assert_int_eq(zks__ledger_open(&config, problem, &l), ZKS_OK);
    return l;
}

/* relay RELAYS: none; below 0: all. */
static inline void open_at(int who, int relay)
{
    member *d = &m[who];
    zks_op *op = NULL;
    memset(&d->d, 0, sizeof d->d);
    zks__client_options o = {.store_path = d->path,
                             .rotate_s = rotate_s,
                             .event = device_event,
                             .event_user = &d->d,
                             .event_user_free = device_freed};
    for (int i = 0; i < RELAYS; i++) {
        if (relay < 0 || relay == i) {
            o.relays[o.relay_count++] = relays[i].address;
        }
    }
    ck_assert_int_eq(zks__client_open(runtime, &o, NULL, NULL, &op, &d->d.client), ZKS_OK);
    device_done(op, ZKS_OK);
}

static inline zks_status try_connect(int who)
{
    zks_op *op = NULL;
    ck_assert_int_eq(zks__client_connect(m[who].d.client, NULL, NULL, &op), ZKS_OK);
    ck_assert_int_eq(zks__op_wait(op, DEVICE_WAIT_MS), ZKS_OK);
    zks_status status = zks__op_status(op);
    zks__op_free(op);
    return status;
}

static inline void shut(int who)
{
    zks_op *op = NULL;
    ck_assert_int_eq(zks__client_close(m[who].d.client, NULL, NULL, &op), ZKS_OK);
    device_done(op, ZKS_OK);
    device_free(&m[who].d);
}

/* Closed, and connected to that relay only. */
static inline void move_to(int who, int relay)
{
    shut(who);
    open_at(who, relay);
    ck_assert_int_eq(try_connect(who), ZKS_OK);
}

static inline int64_t figure(int who, int32_t field)
{
    zks_report *p = NULL;
    ck_assert_int_eq(zks__report_get(m[who].d.client, &p), ZKS_OK);
    int64_t n = zks__report_number(p, field);
    zks__report_free(p);
    return n;
}

static inline int64_t epoch_of(int who)
{
    return figure(who, ZKS_REPORT_EPOCH);
}

static inline int64_t devices_of(int who)
{
    return figure(who, ZKS_REPORT_DEVICES);
}

static inline unsigned events_of(int who, int32_t kind)
{
    return m[who].d.events[kind];
}

/* The first `count` devices, connected to relay 0, which know each other. */
static inline void begin(int of_suite, int count)
{
    suite = (uint8_t)of_suite;
    ck_assert_int_eq(zks__runtime_new(&runtime), ZKS_OK);
    for (int i = 0; i < RELAYS; i++) {
        raw_relay_init(&relays[i]);
        raw_relay_start(&relays[i], NULL);
    }
    device_folder(folder, sizeof folder);
    for (int i = 0; i < count; i++) {
        size_t length = 0;
        zks_report *p = NULL;
        snprintf(m[i].path, sizeof m[i].path, "%s/%d.zks", folder, i);
        zks__ledger_close(open_ledger(&m[i], seed));
        open_at(i, 0);
        ck_assert_int_eq(try_connect(i), ZKS_OK);
        ck_assert_int_eq(zks__report_get(m[i].d.client, &p), ZKS_OK);
        memcpy(m[i].id, zks__report_bytes(p, ZKS_REPORT_DEVICE_ID, &length), sizeof m[i].id);
        zks__report_free(p);
    }
    for (int i = 0; i < count; i++) {
        DEVICE_UNTIL(devices_of(i) == count);
        ck_assert_int_eq(figure(i, ZKS_REPORT_RIGHTS), ZKS_RIGHT_INVITE | ZKS_RIGHT_ADMIN);
    }
}

static inline void end(void)
{
    for (int i = 0; i < MEMBERS; i++) {
        device_free(&m[i].d);
    }
    ck_assert_int_eq(zks__runtime_close(runtime, DEVICE_WAIT_MS), ZKS_OK);
    zks__runtime_free(runtime);
    for (int i = 0; i < RELAYS; i++) {
        raw_relay_done(&relays[i]);
    }
    device_folder_remove(folder);
    rotate_s = 0;
}

/* --- what devices do -------------------------------------------------------------- */

static inline zks_op *start_revoke(int who, const uint8_t *whom, const char *words)
{
    zks_op *op = NULL;
    ck_assert_int_eq(zks__client_device_revoke(m[who].d.client, whom, ZKS_REVOKE_LOST, words,
                                               words ? strlen(words) : 0, NULL, NULL, &op),
                     ZKS_OK);
    return op;
}

static inline int64_t finish_epoch(zks_op *op)
{
    ck_assert_int_eq(zks__op_wait(op, DEVICE_WAIT_MS), ZKS_OK);
    ck_assert_msg(zks__op_status(op) == ZKS_OK, "status %d (%s)", zks__op_status(op),
                  zks__op_text(op));
    int64_t number = zks__op_number(op, ZKS_OP_EPOCH);
    zks__op_free(op);
    return number;
}

static inline int64_t rotate(int who)
{
    zks_op *op = NULL;
    ck_assert_int_eq(zks__client_group_rotate(m[who].d.client, NULL, NULL, &op), ZKS_OK);
    return finish_epoch(op);
}

static inline void push(int who, uint64_t word)
{
    device_done(device_push(&m[who].d, word, ZKS_PUSH_ACKED), ZKS_OK);
}

/* How many different words the app of a device can read; each comes once. */
static inline size_t words_of(int who)
{
    enum { WORDS_MAX = 1024 };
    static uint8_t seen[WORDS_MAX];
    zks_batch *batch = NULL;
    zks_op *op = device_read(&m[who].d, 0, ZKS_READ_OWN);
    ck_assert_int_eq(zks__op_wait(op, DEVICE_WAIT_MS), ZKS_OK);
    ck_assert_int_eq(zks__op_take_batch(op, &batch), ZKS_OK);
    zks__op_free(op);
    size_t length = 0, count = zks__batch_count(batch);
    const uint8_t *data = zks__batch_data(batch, &length);
    const uint64_t *at = zks__batch_offsets(batch);
    memset(seen, 0, sizeof seen);
    for (size_t i = 0; i < count; i++) {
        uint64_t word;
        ck_assert_uint_eq(at[i + 1] - at[i], sizeof word);
        memcpy(&word, data + at[i], sizeof word);
        ck_assert_uint_lt(word, WORDS_MAX);
        ck_assert_msg(!seen[word], "word %u came twice", (unsigned)word);
        seen[word] = 1;
    }
    zks__batch_free(batch);
    return count;
}

static inline void expect_revoked(int who)
{
    DEVICE_UNTIL(m[who].d.status[ZKS_EVENT_STATE] == ZKS_E_DEVICE_REVOKED &&
                 m[who].d.state == ZKS_STATE_WAITING);
}

/* Whom A and B have removed at a relay each; C tells both relays. Which of the two lost. */
static inline int removed_each_other(void)
{
    move_to(B, 1);
    ck_assert_int_eq(finish_epoch(start_revoke(A, m[B].id, NULL)), 1);
    ck_assert_int_eq(finish_epoch(start_revoke(B, m[A].id, NULL)), 1);
    DEVICE_UNTIL(epoch_of(C) == 1);
    move_to(C, 1);
    DEVICE_UNTIL(events_of(C, ZKS_EVENT_GROUP_FORK) == 1);
    move_to(C, 0);
    ck_assert_uint_eq(events_of(C, ZKS_EVENT_GROUP_FORK), 0); /* once is enough */
    bool a_out = false, b_out = false;
    DEVICE_UNTIL((a_out = m[A].d.status[ZKS_EVENT_STATE] == ZKS_E_DEVICE_REVOKED) ||
                 (b_out = m[B].d.status[ZKS_EVENT_STATE] == ZKS_E_DEVICE_REVOKED));
    ck_assert(a_out != b_out);
    return a_out ? A : B;
}

#endif
