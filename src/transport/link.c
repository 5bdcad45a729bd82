/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The interface of base/link.h over a QUIC connection. Calls note what is wanted; the endpoint's
 * turn does it. */
#include "transport/endpoint.h"

static zks__quic *quic_of(zks__link *link)
{
    return (zks__quic *)(void *)link; /* its first member */
}

static const zks__quic *const_quic_of(const zks__link *link)
{
    return (const zks__quic *)(const void *)link;
}

static bool usable(const zks__quic *q)
{
    return q->state < ZKS_QUIC_ENDING && !q->close_wanted;
}

static zks_status link_write(zks__link *link, zks__buf *data)
{
    zks__quic *q = quic_of(link);
    if (!usable(q)) {
        zks__buf_unref(data);
        return ZKS_E_CLOSED;
    }
    zks_status status = zks__sendq_push(&q->queue, data);
    if (!status) {
        q->above = q->above || q->queue.bytes > ZKS_QUIC_LOW_WATER_BYTES;
        zks__quic_ready(q);
    }
    return status;
}

static void link_flush(zks__link *link)
{
    zks__quic *q = quic_of(link);
    if (q->state == ZKS_QUIC_OPEN && !q->busy && !q->endpoint->blocked) {
        zks__quic_write(q);
        zks__quic_rearm(q);
    }
}

static void link_consume(zks__link *link, size_t length)
{
    zks__quic *q = quic_of(link);
    length = length < q->credit ? length : q->credit;
    q->credit -= length;
    if (length && q->state == ZKS_QUIC_OPEN) {
        /* Fails only for lack of memory or for a stream that is gone, which the next read or
         * write reports. */
        (void)ngtcp2_conn_extend_max_stream_offset(q->conn, q->stream_id, length);
        ngtcp2_conn_extend_max_offset(q->conn, length);
        zks__quic_ready(q);
    }
}

static size_t link_queued(const zks__link *link)
{
    return const_quic_of(link)->queue.bytes;
}

static void link_close(zks__link *link, uint64_t code, const char *reason)
{
    zks__quic_want_close(quic_of(link), code, reason);
}

static const uint8_t *link_peer_key(const zks__link *link)
{
    return const_quic_of(link)->peer_key;
}

static const uint8_t *link_local_key(const zks__link *link)
{
    const zks__quic *q = const_quic_of(link);
    return zks__tls_identity_key(q->server ? q->endpoint->identity : q->identity);
}

static zks_status link_export(const zks__link *link, const char *label,
                              uint8_t out[ZKS_LINK_EXPORT_BYTES])
{
    const zks__quic *q = const_quic_of(link);
    if (q->state != ZKS_QUIC_OPEN) {
        return q->state < ZKS_QUIC_OPEN ? ZKS_E_STATE : ZKS_E_CLOSED;
    }
    return zks__tls_export(q->tls, label, out);
}

static bool link_approved(const zks__link *link)
{
    const zks__quic *q = const_quic_of(link);
    return q->tls && zks__tls_approved(q->tls);
}

static uint64_t link_rtt_us(const zks__link *link)
{
    const zks__quic *q = const_quic_of(link);
    if (!q->conn) {
        return 0;
    }
    ngtcp2_conn_info info;
    ngtcp2_conn_get_conn_info(q->conn, &info);
    return info.min_rtt == UINT64_MAX ? 0 : info.smoothed_rtt / NGTCP2_MICROSECONDS;
}

static size_t link_subject(const zks__link *link, uint8_t out[ZKS_LINK_SUBJECT_BYTES])
{
    const zks__quic *q = const_quic_of(link);
    const ngtcp2_path *path = q->conn ? ngtcp2_conn_get_path(q->conn) : NULL;
    return path && path->remote.addr
               ? zks__address_subject((const struct sockaddr *)path->remote.addr, out)
               : 0;
}

const struct zks__link_ops zks__quic_ops = {
    .write = link_write,
    .flush = link_flush,
    .consume = link_consume,
    .queued = link_queued,
    .close = link_close,
    .peer_key = link_peer_key,
    .local_key = link_local_key,
    .export_secret = link_export,
    .rtt_us = link_rtt_us,
    .subject = link_subject,
    .approved = link_approved,
};
