/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A device that has neither store nor history: keys, one session, HELLO. It makes a relay's load
 * without being the limit itself. One libuv loop, one socket for all of them.
 */
#ifndef ZKS_TESTS_BENCH_COMMON_RAW_H
#define ZKS_TESTS_BENCH_COMMON_RAW_H

#include "group/blob.h"
#include "group/keys.h"
#include "session/session.h"
#include "transport/transport.h"

typedef struct raw_net {
    uv_loop_t loop;
    zks__endpoint *endpoint;
    struct sockaddr_storage relay;
    uint8_t relay_key[ZKS_LINK_KEY_BYTES];
} raw_net;

typedef struct raw_device raw_device;
struct raw_device {
    raw_net *net;
    zks__session *session;
    zks__group_root root;
    zks__device_keys keys;
    zks__session_keys session_keys;
    uint8_t epoch_tag[ZKS_EPOCH_TAG_BYTES];
    uint8_t mode;                   /* ZKS_MODE_*, for HELLO */
    void (*welcome)(raw_device *d); /* the relay has accepted it */
    void (*message)(raw_device *d, const zks__message *m);
    void (*drained)(raw_device *d);
    void *user;
};

/* The relay's address as it prints it. */
void raw_net_start(raw_net *n, const char *relay);
/* Device `device` of group `group`: the same numbers give the same keys. The caller sets the
 * functions; then connect. */
void raw_device_init(raw_device *d, raw_net *n, uint32_t group, uint32_t device);
void raw_device_connect(raw_device *d);

#endif
