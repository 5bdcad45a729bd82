/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The endpoint's inside: one socket, the routes from connection ids to links, one timer for all,
 * and the turn, which runs before the loop waits and after each batch of input. Private to
 * src/transport.
 */
#ifndef ZKS_TRANSPORT_ENDPOINT_H
#define ZKS_TRANSPORT_ENDPOINT_H

#include "base/map.h"
#include "transport/quic.h"

enum {
    ZKS_ENDPOINT_MAX_LINKS = 4096,
    /* Handshakes whose address is not proven, above which new clients must come back with a
     * Retry token. */
    ZKS_ENDPOINT_UNPROVEN_MAX = 64,
    ZKS_ENDPOINT_RESETS_PER_SECOND = 100
};

/* An address (or /64) that has links; exists while a count is not zero. */
typedef struct zks__subject {
    uint32_t proven;  /* links of an address that has shown to be real */
    uint32_t pending; /* others */
    uint8_t key[8];
    size_t length;
} zks__subject;

typedef struct zks__endpoint_stats {
    uint64_t accepted, refused, retries, resets, versions, dropped, parked;
} zks__endpoint_stats;

struct zks__endpoint {
    uv_loop_t *loop;
    uv_poll_t poll;
    uv_timer_t timer;
    uv_prepare_t prepare;
    uv_idle_t idle;   /* runs only to keep the loop from waiting */
    unsigned handles; /* not closed yet */
    zks__udp udp;
    zks__rng rng;
    zks__clock clock;
    const zks__log *log;

    bool listening;
    bool closing;
    bool finished;             /* the handles are being closed */
    zks__listen_config listen; /* defaults filled in; key_seed is not kept */
    char *alpn, *approved_alpn;
    zks__tls_context *tls;
    zks__tls_identity *identity;
    uint8_t secret[ZKS_TLS_SECRET_BYTES]; /* for reset and Retry tokens */

    zks__map *routes;   /* connection id -> zks__quic */
    zks__map *resets;   /* reset token of a peer -> zks__quic */
    zks__map *subjects; /* address -> zks__subject */
    zks__list links, graves, ready;
    size_t link_count, grave_count;
    uint32_t unproven; /* handshakes of unproven addresses under way */
    zks__timers timers;
    uint64_t armed; /* for when the timer is set, ZKS_TIMER_NEVER: not */

    bool blocked; /* the socket takes no more; `parked` goes first */
    zks__udp_burst parked;
    uint8_t *parked_data; /* owned */

    uint64_t reset_second;
    uint32_t reset_count;
    zks__endpoint_stats stats;
    ngtcp2_mem mem;
    void (*closed)(void *user);
    void *closed_user;
    uint8_t rx[ZKS_UDP_RX_BYTES];
    uint8_t tx[ZKS_UDP_TX_BYTES];
};

uint64_t zks__endpoint_now(const zks__endpoint *e);
/* Sends or, where the socket takes no more, keeps a copy and sets `blocked`. */
void zks__endpoint_send(zks__endpoint *e, zks__udp_burst *burst);
/* Does all that is due; called at the end of each loop callback of the endpoint. */
void zks__endpoint_turn(zks__endpoint *e);
/* The link no longer counts; the endpoint may finish when it was the last. */
void zks__endpoint_forget(zks__endpoint *e, zks__quic *q);

/* accept.c: what comes from nobody known */
void zks__endpoint_datagram(zks__endpoint *e, const zks__udp_batch *from, const uint8_t *data,
                            size_t length);
/* The handshake is complete: the address is proven. ZKS_E_LIMIT: it has too many links. */
ZKS_MUST_USE zks_status zks__endpoint_prove(zks__endpoint *e, zks__quic *q);
/* Takes a server link out of the counts. */
void zks__endpoint_uncount(zks__endpoint *e, zks__quic *q);

#endif
