/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A client for a component test: what its events said, and waits with a deadline. */
#ifndef ZKS_TESTS_CLIENT_DEVICE_H
#define ZKS_TESTS_CLIENT_DEVICE_H

#include "client/client.h"
#include "tests/support/suite.h"
#include "tests/support/unit.h"

#include <dirent.h>
#include <string.h>
#include <unistd.h>
#include <zks/zks.h>

enum { DEVICE_WAIT_MS = 20000, DEVICE_KINDS = 32 };

static uint32_t device_connect_timeout_ms; /* for the clients opened next; 0: the default */

typedef struct device {
    zks_client *client;
    _Atomic unsigned events[DEVICE_KINDS]; /* by kind */
    _Atomic int status[DEVICE_KINDS];      /* of the last one */
    _Atomic int64_t state;                 /* ZKS_STATE_* as told last */
    _Atomic unsigned connected;            /* times */
    _Atomic unsigned late;                 /* events behind CLOSED */
    _Atomic unsigned freed;                /* user_free calls */
    uint8_t refused[ZKS_SIZE_BLOB_ID];     /* of the entry refused last, before it is counted */
    /* of the last event about a history, before it is counted */
    uint8_t author[ZKS_SIZE_DEVICE_ID], chain[ZKS_SIZE_CHAIN];
    int64_t first, last;
} device;

static inline void device_event(zks_client *c, const zks_event *e, void *user)
{
    (void)c;
    device *d = user;
    int32_t kind = zks__event_kind(e);
    d->late += d->events[ZKS_EVENT_CLOSED] > 0;
    d->status[kind] = zks__event_status(e);
    if (kind == ZKS_EVENT_STATE) {
        d->state = zks__event_number(e, ZKS_EVENT_FIELD_STATE);
        d->connected += d->state == ZKS_STATE_CONNECTED;
    }
    size_t chain_length = 0;
    const uint8_t *chain = zks__event_bytes(e, ZKS_EVENT_FIELD_CHAIN, &chain_length);
    if (chain) {
        size_t length = 0;
        const uint8_t *author = zks__event_bytes(e, ZKS_EVENT_FIELD_DEVICE, &length);
        memcpy(d->author, author, length);
        memcpy(d->chain, chain, chain_length);
        d->first = zks__event_number(e, ZKS_EVENT_FIELD_FIRST);
        d->last = zks__event_number(e, ZKS_EVENT_FIELD_LAST);
    }
    if (kind == ZKS_EVENT_PUSH_REFUSED) {
        size_t length = 0;
        const uint8_t *id = zks__event_bytes(e, ZKS_EVENT_FIELD_BLOB_ID, &length);
        memcpy(d->refused, id, length);
    }
    d->events[kind]++;
}

static inline void device_freed(void *user)
{
    ((device *)user)->freed++;
}

/* Opens a client of the group `secret`[0]; path NULL: in memory. The opening is not waited for. */
static inline zks_status device_try(device *d, zks_runtime *r, const char *path, const char *relay,
                                    uint8_t secret, zks_op **out_op)
{
    memset(d, 0, sizeof *d);
    zks__client_secrets secrets = {.has_secret = true, .secret = {secret, 2, 3}};
    zks__client_options o = {.secrets = &secrets,
                             .suite = test_suite(),
                             .event = device_event,
                             .event_user = d,
                             .event_user_free = device_freed};
    o.store_path = (char *)(uintptr_t)path;
    o.connect_timeout_ms = device_connect_timeout_ms;
    if (relay) {
        o.relays[o.relay_count++] = (char *)(uintptr_t)relay;
    }
    return zks__client_open(r, &o, NULL, NULL, out_op, &d->client);
}

static inline void device_free(device *d)
{
    if (d->client) {
        zks__client_free(d->client);
        d->client = NULL;
    }
}

/* A new folder for stores, and its end with all that is in it; "" is none. */
static inline void device_folder(char *out, size_t size)
{
    ck_assert(test_folder(out, size));
}

static inline void device_folder_remove(const char *folder)
{
    DIR *d = folder[0] ? opendir(folder) : NULL;
    for (const struct dirent *e = d ? readdir(d) : NULL; e; e = readdir(d)) {
        (void)unlinkat(dirfd(d), e->d_name, 0);
    }
    if (d) {
        closedir(d);
        (void)rmdir(folder);
    }
}

/* Waits, checks and frees. */
static inline void device_done(zks_op *op, zks_status expected)
{
    ck_assert_int_eq(zks__op_wait(op, DEVICE_WAIT_MS), ZKS_OK);
    ck_assert_msg(zks__op_status(op) == expected, "status %d (%s), not %d", zks__op_status(op),
                  zks__op_text(op), expected);
    zks__op_free(op);
}

static inline void device_open(device *d, zks_runtime *r, const char *path, const char *relay)
{
    zks_op *op = NULL;
    ck_assert_int_eq(device_try(d, r, path, relay, 1, &op), ZKS_OK);
    device_done(op, ZKS_OK);
}

static inline void device_connect(device *d)
{
    zks_op *op = NULL;
    ck_assert_int_eq(zks__client_connect(d->client, NULL, NULL, &op), ZKS_OK);
    device_done(op, ZKS_OK);
}

static inline zks_op *device_push(device *d, uint64_t body, uint32_t flags)
{
    zks_op *op = NULL;
    size_t length = sizeof body;
    ck_assert_int_eq(
        zks__client_push(d->client, (const uint8_t *)&body, &length, 1, flags, NULL, NULL, &op),
        ZKS_OK);
    return op;
}

static inline zks_op *device_read(device *d, uint64_t after, uint32_t flags)
{
    zks_op *op = NULL;
    ck_assert_int_eq(zks__inbox_read(d->client, after, 0, 0, flags, NULL, NULL, &op), ZKS_OK);
    return op;
}

/* Until the condition holds; fails at the deadline. */
#define DEVICE_UNTIL(condition)                                 \
    do {                                                        \
        unsigned left = DEVICE_WAIT_MS;                         \
        while (!(condition)) {                                  \
            ck_assert_msg(left-- > 0, "never: %s", #condition); \
            usleep(1000);                                       \
        }                                                       \
    } while (0)

#endif
