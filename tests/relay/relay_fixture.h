/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* One relay, one group and some devices, for the tests of this folder. */
#ifndef ZKS_TESTS_RELAY_FIXTURE_H
#define ZKS_TESTS_RELAY_FIXTURE_H

#include "support/raw_client.h"
#include "support/raw_relay.h"
#include "support/unit.h"

#include <string.h>

enum { FIXTURE_CLIENTS = 6 };

typedef struct fixture {
    raw_world world;
    raw_relay relay;
    raw_group group;
    raw_client c[FIXTURE_CLIENTS]; /* devices 1.. of the group, not connected */
} fixture;

static inline void fixture_clients(fixture *f)
{
    raw_world_init(&f->world);
    raw_group_init(&f->group, 1);
    for (unsigned i = 0; i < FIXTURE_CLIENTS; i++) {
        raw_client_init(&f->c[i], &f->world, &f->group, i + 1);
    }
}

static inline fixture *fixture_new(const char *options)
{
    fixture *f = calloc(1, sizeof *f);
    ck_assert_ptr_nonnull(f);
    fixture_clients(f);
    raw_relay_init(&f->relay);
    raw_relay_start(&f->relay, options);
    return f;
}

static inline void fixture_free(fixture *f)
{
    for (unsigned i = 0; i < FIXTURE_CLIENTS; i++) {
        raw_client_done(&f->c[i]);
    }
    raw_world_done(&f->world);
    raw_relay_done(&f->relay);
    free(f);
}

/* The first `count` devices join, one after the other, and have read the records that this sends
 * around. */
static inline void fixture_join(fixture *f, unsigned count, uint8_t mode)
{
    for (unsigned i = 0; i < count; i++) {
        raw_join(&f->c[i], f->relay.address, mode);
        for (unsigned k = 0; k < i; k++) {
            raw_expect(&f->c[k], ZKS_MESSAGE_RECORDS);
        }
    }
}

/* Pulls to the head, which makes a device of mode live live. */
static inline uint64_t fixture_go_live(raw_client *c, uint64_t after)
{
    uint64_t contiguous = 0;
    (void)raw_pull_all(c, after, &contiguous);
    return contiguous;
}

/* The result of the next PUSH_ACK, which must hold one. */
static inline zks__push_result fixture_result(raw_client *c)
{
    zks__push_result result = {0};
    zks__message *m = raw_expect(c, ZKS_MESSAGE_PUSH_ACK);
    ck_assert_uint_eq(m->push_ack.results.count, 1);
    ck_assert(zks__wire_next_result(&m->push_ack.results, &result));
    return result;
}

/* One PUSH of one blob as given. */
static inline void fixture_push_bytes(raw_client *c, const uint8_t *blob_id, const uint8_t *bytes,
                                      size_t length, uint32_t ttl_s)
{
    zks__push_item item = {.ttl_s = ttl_s, .blob = {bytes, length}};
    memcpy(item.blob_id, blob_id, sizeof item.blob_id);
    zks__message m = {.type = ZKS_MESSAGE_PUSH};
    m.push.blobs.items = &item;
    m.push.blobs.count = 1;
    raw_send(c, &m);
}

#endif
