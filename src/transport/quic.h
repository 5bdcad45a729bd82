/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * One QUIC connection with its one stream: the link. Private to src/transport.
 *
 * Life: HANDSHAKE -> OPEN -> ENDING (why is known, the close packet is still to go) -> GRAVE
 * (`closed` was raised; for three probe time-outs late packets are answered with the close packet
 * or swallowed) -> freed. Nothing is ever freed or reported from inside an ngtcp2 callback or an
 * interface call: those mark the link ready, and the endpoint's turn does the rest. `received`,
 * `opened` and the listener's `accept` are raised from within ngtcp2's callbacks, so the functions
 * that an owner may call there (write, flush, consume, close) only note what is wanted while `busy`
 * is set.
 */
#ifndef ZKS_TRANSPORT_QUIC_H
#define ZKS_TRANSPORT_QUIC_H

#include "base/list.h"
#include "transport/sendq.h"
#include "transport/timers.h"
#include "transport/tls.h"
#include "transport/transport.h"
#include "transport/udp.h"

#include <ngtcp2/ngtcp2.h>

enum {
    ZKS_QUIC_CID_BYTES = 8,
    ZKS_QUIC_CIDS_MAX = 16, /* ngtcp2 gives out 8 at most; the rest are retired ones that linger */
    ZKS_QUIC_PEER_CIDS = 3, /* that we store of the peer's */
    ZKS_QUIC_TOKENS_MAX = 4,
    ZKS_QUIC_WINDOW_BYTES = 2 << 20,
    ZKS_QUIC_LOW_WATER_BYTES = 256 << 10,
    ZKS_QUIC_LINGER_MS = 1000,     /* for acknowledgements, after an orderly close */
    ZKS_QUIC_LINGER_CODE_MS = 100, /* for the last packets to go, after one with a code */
    ZKS_QUIC_HANDSHAKE_MS = 10000, /* defaults */
    ZKS_QUIC_IDLE_MS = 30000,
    ZKS_QUIC_NS_PER_MS = 1000000,
    ZKS_QUIC_CLOSE_PACKET_BYTES = 1200,
    ZKS_QUIC_REASON_BYTES = 256 /* longer reasons are cut */
};

/* What an end leaves behind: a close packet for the peer, silence while late packets come,
 * nothing. */
typedef enum zks__quic_after { ZKS_QUIC_SAY, ZKS_QUIC_DRAIN, ZKS_QUIC_VANISH } zks__quic_after;

typedef enum zks__quic_state {
    ZKS_QUIC_HANDSHAKE,
    ZKS_QUIC_OPEN,
    ZKS_QUIC_ENDING,
    ZKS_QUIC_GRAVE
} zks__quic_state;

typedef struct zks__quic {
    zks__link link; /* first: the owner's view */
    zks__endpoint *endpoint;
    zks__node node;  /* in the endpoint's links or graves */
    zks__node ready; /* in the endpoint's list of those that need a service */
    zks__timer timer;
    ngtcp2_conn *conn; /* NULL in the grave */
    zks__tls *tls;
    zks__tls_identity *identity; /* a client's own; a server link uses the endpoint's */
    zks__quic_state state;
    zks__quic_after after;
    bool server;
    bool owned;        /* somebody gets events */
    bool busy;         /* inside ngtcp2: no writing, no freeing */
    bool above;        /* queued was above the low-water mark */
    bool drained;      /* the event is due */
    bool close_wanted; /* by the owner, the endpoint or the peer's end of stream */
    bool announced;    /* a frame of the stream has gone out */
    bool reset;        /* a stateless reset came */
    bool counted;      /* in the endpoint's counts */
    bool proven;       /* the remote address is real */
    int64_t stream_id; /* -1: none yet */
    zks__sendq queue;
    size_t credit; /* received and not consumed */
    uint64_t linger_until;
    zks_status status; /* what `closed` will say */
    uint64_t code;
    char *text;         /* owned; NULL: the status' own sentence */
    ngtcp2_ccerr error; /* what the close packet says; its reason is `reason` */
    char *reason;
    ngtcp2_cid first_cid; /* the client's first destination id, which routes here too */
    uint8_t cids[ZKS_QUIC_CIDS_MAX][ZKS_QUIC_CID_BYTES]; /* ours that route here */
    size_t cid_count;
    /* The reset tokens of the peer's ids in use: a reset carries no id that could route it.
     * Clients only. */
    uint8_t tokens[ZKS_QUIC_TOKENS_MAX][NGTCP2_STATELESS_RESET_TOKENLEN];
    size_t token_count;
    struct zks__subject *subject; /* of the remote address; server links with a limit only */
    uint8_t peer_key[ZKS_LINK_KEY_BYTES];
    /* the grave */
    uint8_t *close_packet; /* owned */
    size_t close_length;
    unsigned late_packets;
} zks__quic;

/* quic.c: life */
typedef struct zks__quic_first {
    ngtcp2_pkt_hd header;
    const ngtcp2_cid *original_cid; /* of the token after a Retry, else the header's */
    bool proven;                    /* a Retry token showed that the address is real */
} zks__quic_first;

ZKS_MUST_USE zks_status zks__quic_new_client(zks__endpoint *e, const zks__connect_config *config,
                                             zks__quic **out);
ZKS_MUST_USE zks_status zks__quic_new_server(zks__endpoint *e, const zks__quic_first *first,
                                             const zks__udp_batch *from, zks__quic **out);
/* One datagram. Returns ngtcp2's code, which has been dealt with but for NGTCP2_ERR_RETRY. */
int zks__quic_read(zks__quic *q, const zks__udp_batch *from, const uint8_t *data, size_t length);
/* The timer fired. */
void zks__quic_expire(zks__quic *q);
/* Raises events that are due, writes packets, ends. May free q. */
void zks__quic_service(zks__quic *q);
/* quic_end.c */
/* Asks for an orderly end; the first wish counts. */
void zks__quic_want_close(zks__quic *q, uint64_t code, const char *reason);
/* The connection is over; nothing is raised yet. The first reason counts. */
void zks__quic_end(zks__quic *q, zks_status status, uint64_t code, const char *text);
/* ngtcp2 gave an error: decides what that means for both sides. */
void zks__quic_fail(zks__quic *q, int error);
/* The peer's stateless reset came. */
void zks__quic_reset(zks__quic *q);
void zks__quic_ready(zks__quic *q);
void zks__quic_rearm(zks__quic *q);
void zks__quic_free(zks__quic *q);

/* A sentence for people. */
const char *zks__quic_sentence(zks_status status);

/* quic_callbacks.c */
void zks__quic_callbacks(ngtcp2_callbacks *out);
/* Also puts the id into the routes. 0 or -1. */
int zks__quic_new_cid(zks__quic *q, ngtcp2_cid *out);

/* quic_write.c */
void zks__quic_write(zks__quic *q);
/* Writes, sends and keeps the close packet that q->error describes. */
void zks__quic_write_close(zks__quic *q);

/* link.c */
extern const struct zks__link_ops zks__quic_ops;

#endif
