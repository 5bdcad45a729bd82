/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* From the send queue to bursts of packets. ngtcp2 decides what a packet holds, where it goes
 * and how many may go. */
#include "base/alloc.h"
#include "transport/endpoint.h"

#include <string.h>

enum { PIECES = 16 };

/* Packets of one size for one path that lie one behind the other in the endpoint's scratch. */
typedef struct burst {
    size_t start, used, segment;
    unsigned count;
    uint8_t ecn;
    ngtcp2_path_storage path;
} burst;

static void open_stream(zks__quic *q)
{
    if (!q->server && q->stream_id < 0 && q->state == ZKS_QUIC_OPEN) {
        /* Refused while the peer allows none: tried again at the next write. */
        (void)ngtcp2_conn_open_bidi_stream(q->conn, &q->stream_id, NULL);
    }
}

/* One packet; 0: there is nothing to send now. */
static ngtcp2_ssize build(zks__quic *q, ngtcp2_path *path, ngtcp2_pkt_info *info, uint8_t *out,
                          size_t size, uint64_t now)
{
    bool stream = q->stream_id >= 0;
    for (;;) {
        zks__sendq_piece pieces[PIECES];
        ngtcp2_vec vec[PIECES];
        size_t count = stream ? zks__sendq_unsent(&q->queue, pieces, PIECES, size) : 0;
        for (size_t i = 0; i < count; i++) {
            vec[i] = (ngtcp2_vec){.base = pieces[i].data, .len = pieces[i].length};
        }
        /* An empty frame opens the client's stream, so that the server can write first. */
        bool announce = stream && !q->server && !q->announced;
        ngtcp2_ssize taken = -1;
        ngtcp2_ssize n = ngtcp2_conn_writev_stream(
            q->conn, path, info, out, size, &taken, NGTCP2_WRITE_STREAM_FLAG_MORE,
            count || announce ? q->stream_id : -1, vec, count, now);
        q->announced = q->announced || taken >= 0;
        if (taken > 0) {
            zks__sendq_sent(&q->queue, (size_t)taken);
        }
        if (n == NGTCP2_ERR_WRITE_MORE) {
            continue;
        }
        if (n == NGTCP2_ERR_STREAM_DATA_BLOCKED || n == NGTCP2_ERR_STREAM_SHUT_WR ||
            n == NGTCP2_ERR_STREAM_NOT_FOUND) {
            stream = false;
            continue;
        }
        return n;
    }
}

static bool to_address(zks__address *out, const ngtcp2_addr *from)
{
    return from->addrlen && zks__address_set(out, from->addr);
}

static void send_range(zks__quic *q, const burst *b, size_t start, size_t length, size_t segment)
{
    zks__endpoint *e = q->endpoint;
    zks__udp_burst out = {
        .ecn = b->ecn, .data = e->tx + start, .length = length, .segment = segment};
    if (length && to_address(&out.remote, &b->path.path.remote) &&
        to_address(&out.local, &b->path.path.local)) {
        zks__endpoint_send(e, &out);
    }
}

static void send_burst(zks__quic *q, burst *b)
{
    send_range(q, b, b->start, b->used - b->start, b->segment);
    b->count = 0;
    b->start = b->used;
}

/* Takes the packet of `length` bytes that was built behind the burst into it, sending what
 * cannot go together. */
static void append(zks__quic *q, burst *b, const ngtcp2_path *path, uint8_t ecn, size_t length)
{
    if (b->count &&
        (ecn != b->ecn || length > b->segment || !ngtcp2_path_eq(path, &b->path.path))) {
        send_burst(q, b);
    }
    if (!b->count) {
        ngtcp2_path_copy(&b->path.path, path);
        b->ecn = ecn;
        b->segment = length;
    }
    b->used += length;
    b->count++;
    if (length < b->segment || b->count == ZKS_UDP_TX_SEGMENTS) {
        send_burst(q, b);
    }
}

void zks__quic_write(zks__quic *q)
{
    zks__endpoint *e = q->endpoint;
    uint64_t now = zks__endpoint_now(e);
    size_t size = ngtcp2_conn_get_max_tx_udp_payload_size(
        q->conn); /* probes are larger than the path's size */
    size_t quantum = ngtcp2_conn_get_send_quantum(q->conn);
    size_t total = 0;
    burst b = {0};
    ngtcp2_path_storage path;
    ngtcp2_path_storage_zero(&path);
    ngtcp2_path_storage_zero(&b.path);
    open_stream(q);
    while (!e->blocked && total < quantum) {
        if (b.used + size > sizeof e->tx) {
            send_burst(q, &b);
            b.start = b.used = 0;
            if (e->blocked) {
                break;
            }
        }
        ngtcp2_pkt_info info = {0};
        q->busy = true;
        ngtcp2_ssize n = build(q, &path.path, &info, e->tx + b.used, size, now);
        q->busy = false;
        if (n < 0) {
            zks__quic_fail(q, (int)n);
            break;
        }
        if (n == 0) {
            break;
        }
        total += (size_t)n;
        append(q, &b, &path.path, info.ecn, (size_t)n);
    }
    send_burst(q, &b);
    ngtcp2_conn_update_pkt_tx_time(q->conn, now);
    if (e->blocked) {
        zks__quic_ready(q); /* goes on when the socket takes more */
    }
}

void zks__quic_write_close(zks__quic *q)
{
    zks__endpoint *e = q->endpoint;
    burst b = {0};
    ngtcp2_path_storage_zero(&b.path);
    ngtcp2_pkt_info info = {0};
    ngtcp2_ssize n = ngtcp2_conn_write_connection_close(q->conn, &b.path.path, &info, e->tx,
                                                        ZKS_QUIC_CLOSE_PACKET_BYTES, &q->error,
                                                        zks__endpoint_now(e));
    if (n <= 0) { /* no keys yet, or no memory: the peer's own timers must do */
        q->after = ZKS_QUIC_VANISH;
        return;
    }
    b.ecn = info.ecn;
    q->close_packet = zks__alloc((size_t)n);
    if (q->close_packet) {
        memcpy(q->close_packet, e->tx, (size_t)n);
        q->close_length = (size_t)n;
    }
    send_range(q, &b, 0, (size_t)n, (size_t)n);
}
