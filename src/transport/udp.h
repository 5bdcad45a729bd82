/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * One UDP socket, used in batches: a burst of equal datagrams to one address in one call
 * (UDP_SEGMENT), and whatever the kernel has put together on receipt (UDP_GRO). Explicit congestion
 * notification both ways; the kernel's own path MTU discovery is off (datagrams carry "don't
 * fragment", QUIC probes by itself). On a wildcard bind the local address of each datagram is told,
 * and replies leave from it. Sources: udp(7), ip(7), ipv6(7).
 */
#ifndef ZKS_TRANSPORT_UDP_H
#define ZKS_TRANSPORT_UDP_H

#include "base/status.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>

enum {
    ZKS_UDP_RX_BYTES = 65536, /* the largest batch that the kernel hands out */
    ZKS_UDP_TX_BYTES = 65000, /* below the largest UDP payload over IPv4, 65507 */
    ZKS_UDP_TX_SEGMENTS = 64  /* UDP_MAX_SEGMENTS */
};

typedef struct zks__address {
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } u;
    socklen_t length;
} zks__address;

typedef struct zks__udp {
    int fd; /* -1: none */
    int family;
    bool wildcard;
    bool segments; /* the kernel takes bursts */
    zks__address local;
} zks__udp;

/* Received: `length` bytes that are datagrams of `segment` bytes, the last one perhaps shorter. */
typedef struct zks__udp_batch {
    zks__address remote, local;
    uint8_t ecn;
    size_t length, segment;
} zks__udp_batch;

/* To be sent; on ZKS_UDP_LATER data and length are what is left. */
typedef struct zks__udp_burst {
    zks__address remote, local;
    uint8_t ecn;
    const uint8_t *data;
    size_t length, segment;
} zks__udp_burst;

typedef enum zks__udp_result { ZKS_UDP_SENT, ZKS_UDP_LATER } zks__udp_result;

/* From a socket address of either family; false for others. */
bool zks__address_set(zks__address *a, const struct sockaddr *from);
/* IPv4 in the form that a socket of `family` takes (::ffff:a.b.c.d on IPv6); false: impossible. */
bool zks__address_fit(zks__address *a, int family);
/* The bytes that limits count by: an IPv4 address or the /64 of an IPv6 one. Returns their
 * number, 4 or 8. */
size_t zks__address_subject(const struct sockaddr *a, uint8_t out[8]);

/* bind NULL: any address, any port, dual-stack where there is IPv6. ZKS_E_PORT_IN_USE,
 * ZKS_E_INVALID, ZKS_E_SYSTEM. */
ZKS_MUST_USE zks_status zks__udp_open(zks__udp *u, const struct sockaddr *bind);
void zks__udp_done(zks__udp *u);
/* False: nothing there now. Errors that ICMP reports for other traffic are passed over. */
bool zks__udp_receive(zks__udp *u, uint8_t *buffer, size_t size, zks__udp_batch *out);
/* What the kernel refuses for another reason than lack of room counts as sent and lost: QUIC
 * repairs it. */
zks__udp_result zks__udp_send(zks__udp *u, zks__udp_burst *burst);

#endif
