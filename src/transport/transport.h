/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Transport: moves bytes between two keys, knows no message. An endpoint is one UDP socket on one
 * libuv loop; it can accept links, open links, or both (many clients share one endpoint). Each QUIC
 * connection carries one bidirectional stream, opened by the client: that stream is the link. Both
 * sides show an Ed25519 raw public key (RFC 7250).
 *
 * Everything runs on the loop's thread. No function blocks. Sources: RFC 9000, 9001, 9002; ngtcp2's
 * manual.
 */
#ifndef ZKS_TRANSPORT_TRANSPORT_H
#define ZKS_TRANSPORT_TRANSPORT_H

#include "base/env.h"
#include "base/link.h"
#include "base/log.h"

#include <sys/socket.h>
#include <uv.h>

enum { ZKS_TRANSPORT_SEED_BYTES = 32, ZKS_TRANSPORT_ADDRESS_TEXT = 64 };

typedef struct zks__endpoint zks__endpoint;

/* A new link from outside, in the state of after `opened`: peer_key and export work. The owner
 * sets *out_events and *out_user (they are copied) and answers ZKS_OK, or any other status to
 * refuse it (closed with that code, negated). */
typedef zks_status (*zks__accept_fn)(zks__link *link, zks__link_events *out_events, void **out_user,
                                     void *user);

typedef struct zks__listen_config {
    const uint8_t *key_seed; /* ZKS_TRANSPORT_SEED_BYTES; copied */
    const char *alpn;        /* one name */
    /* A second name: clients that ask for it get the approved algorithms (zks__link_approved).
     * NULL: none. */
    const char *approved_alpn;
    zks__accept_fn accept;
    void *user;
    uint32_t max_links;       /* further ones are refused without memory spent on them; 0: 4096 */
    uint32_t handshake_ms;    /* a handshake that takes longer is dropped; 0: 10,000 */
    uint32_t idle_ms;         /* 0: 30,000 */
    uint32_t max_per_address; /* links of one remote IP address (IPv6: /64); 0: no limit */
} zks__listen_config;

typedef struct zks__endpoint_config {
    uv_loop_t *loop;
    const struct sockaddr *bind; /* NULL: any address and port, dual-stack where there is IPv6 */
    zks__rng rng;
    zks__clock clock;
    const zks__log *log;              /* borrowed for the endpoint's life; may be NULL */
    const zks__listen_config *listen; /* NULL: only opens links */
} zks__endpoint_config;

typedef struct zks__connect_config {
    const struct sockaddr *remote;
    const uint8_t *key_seed;     /* this side's identity; copied */
    const uint8_t *expected_key; /* 32 bytes; NULL: any, the owner judges it in `opened` */
    const char *alpn;
    bool approved; /* TLS with the approved algorithms only; alpn is the listener's second */
    uint32_t handshake_ms;  /* ZKS_E_UNREACHABLE after it; 0: 10,000 */
    uint32_t idle_ms;       /* 0: 30,000 */
    uint32_t keep_alive_ms; /* 0: none */
    zks__link_events events;
    void *user;
} zks__connect_config;

/* ZKS_E_PORT_IN_USE, ZKS_E_INVALID (an address this machine does not have), ZKS_E_SYSTEM,
 * ZKS_E_NOMEM. */
ZKS_MUST_USE zks_status zks__endpoint_new(const zks__endpoint_config *config,
                                          zks__endpoint **out_endpoint);
/* The bound address. */
void zks__endpoint_address(const zks__endpoint *e, struct sockaddr_storage *out_address);
/* Starts a link; `opened` or `closed` follows. ZKS_E_NOMEM, ZKS_E_SYSTEM, ZKS_E_CLOSED. */
ZKS_MUST_USE zks_status zks__endpoint_connect(zks__endpoint *e, const zks__connect_config *config,
                                              zks__link **out_link);
/* Stops accepting: new handshakes are refused, existing links go on. */
void zks__endpoint_stop_listening(zks__endpoint *e);
/* Links that exist, being opened or closed included. */
size_t zks__endpoint_links(const zks__endpoint *e);
/* Closes every link (each gets its `closed` event), then the socket, then calls closed(user)
 * once; memory is free when that returns. Queued bytes of links get at most a second. */
void zks__endpoint_close(zks__endpoint *e, void (*closed)(void *user), void *user);

/* The Ed25519 public key of a seed. ZKS_E_TLS when the TLS library refuses it. */
ZKS_MUST_USE zks_status zks__transport_public_key(const uint8_t seed[ZKS_TRANSPORT_SEED_BYTES],
                                                  uint8_t out_key[ZKS_LINK_KEY_BYTES]);
/* "192.0.2.1:4433" or "[2001:db8::1]:4433", for configuration and start-up lines; never into
 * logs. */
void zks__transport_address_text(const struct sockaddr *address,
                                 char out[ZKS_TRANSPORT_ADDRESS_TEXT]);

#endif
