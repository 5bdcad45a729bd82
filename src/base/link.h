/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A link: an ordered, reliable, flow-controlled, encrypted byte stream to an authenticated peer.
 * QUIC gives one today, a WebSocket later; src/session and everything above see only this.
 *
 * All calls and events happen on one loop thread. Events are never raised from inside a call of
 * this interface, so an owner may call anything from an event. After `closed` the link is gone: the
 * owner drops its pointer and calls nothing.
 */
#ifndef ZKS_BASE_LINK_H
#define ZKS_BASE_LINK_H

#include "base/buf.h"

#include <stdbool.h>

typedef struct zks__link zks__link;

enum {
    ZKS_LINK_KIND_QUIC = 1,
    ZKS_LINK_KIND_WSS = 2,
    ZKS_LINK_KEY_BYTES = 32,
    ZKS_LINK_EXPORT_BYTES = 32,
    ZKS_LINK_SUBJECT_BYTES = 8
};

typedef struct zks__link_events {
    /* The handshake is complete, the peer's key is known and both directions are usable. Not called
     * when it fails. */
    void (*opened)(zks__link *link, void *user);
    /* Bytes in order; borrowed during the call. The owner gives the credit back with `consume`, now
     * or later. */
    void (*received)(zks__link *link, const uint8_t *data, size_t length, void *user);
    /* The peer took so much that `queued` fell below the low-water mark after having been above it.
     */
    void (*drained)(zks__link *link, void *user);
    /* Once, the last event, also after `close`: ZKS_OK for an orderly end by either side, or
     * ZKS_E_UNREACHABLE (no answer before the deadline), ZKS_E_RELAY_KEY_CHANGED (the peer's key is
     * not the expected one), ZKS_E_PROTOCOL_VERSION (no common ALPN), ZKS_E_TLS,
     * ZKS_E_CONNECTION_LOST (idle time-out, reset), ZKS_E_PROTOCOL. `text` is a sentence for
     * people, borrowed; code is the peer's application error code or 0. */
    void (*closed)(zks__link *link, zks_status status, uint64_t code, const char *text, void *user);
} zks__link_events;

struct zks__link_ops {
    zks_status (*write)(zks__link *link, zks__buf *data);
    void (*flush)(zks__link *link);
    void (*consume)(zks__link *link, size_t length);
    size_t (*queued)(const zks__link *link);
    void (*close)(zks__link *link, uint64_t code, const char *reason);
    const uint8_t *(*peer_key)(const zks__link *link);
    const uint8_t *(*local_key)(const zks__link *link);
    zks_status (*export_secret)(const zks__link *link, const char *label,
                                uint8_t out[ZKS_LINK_EXPORT_BYTES]);
    uint64_t (*rtt_us)(const zks__link *link);
    size_t (*subject)(const zks__link *link, uint8_t out[ZKS_LINK_SUBJECT_BYTES]);
    bool (*approved)(const zks__link *link); /* NULL: never */
};

/* Implementations embed this first. */
struct zks__link {
    const struct zks__link_ops *ops;
    int kind; /* ZKS_LINK_KIND_* */
    zks__link_events events;
    void *user;
};

/* Queues data; takes over one reference in any case. Bytes go out at the next flush or at the end
 * of the loop turn. ZKS_E_CLOSED after close. There is no upper bound here: the owner looks at
 * `queued` and stops. */
ZKS_MUST_USE static inline zks_status zks__link_write(zks__link *link, zks__buf *data)
{
    return link->ops->write(link, data);
}

/* Sends what is queued now. */
static inline void zks__link_flush(zks__link *link)
{
    link->ops->flush(link);
}

/* Gives `length` received bytes back to the peer as credit. */
static inline void zks__link_consume(zks__link *link, size_t length)
{
    link->ops->consume(link, length);
}

/* Bytes handed to write and not yet acknowledged by the peer's transport. */
static inline size_t zks__link_queued(const zks__link *link)
{
    return link->ops->queued(link);
}

/* Ends the link; `closed` follows at a later loop turn. Queued bytes are sent first for at most a
 * second when code is 0. */
static inline void zks__link_close(zks__link *link, uint64_t code, const char *reason)
{
    link->ops->close(link, code, reason);
}

/* The peer's Ed25519 key, ZKS_LINK_KEY_BYTES, valid from `opened` until `closed`. */
static inline const uint8_t *zks__link_peer_key(const zks__link *link)
{
    return link->ops->peer_key(link);
}

/* The key that this side showed to the peer. */
static inline const uint8_t *zks__link_local_key(const zks__link *link)
{
    return link->ops->local_key(link);
}

/* TLS exporter (RFC 8446 section 7.5) with an empty context: equal on both sides, different for
 * each connection. */
ZKS_MUST_USE static inline zks_status zks__link_export(const zks__link *link, const char *label,
                                                       uint8_t out[ZKS_LINK_EXPORT_BYTES])
{
    return link->ops->export_secret(link, label, out);
}

/* The link's encryption uses the approved algorithms, as its ALPN asked for; from `opened` on. */
static inline bool zks__link_approved(const zks__link *link)
{
    return link->ops->approved && link->ops->approved(link);
}

/* Smoothed round-trip time in microseconds, 0 when not known. */
static inline uint64_t zks__link_rtt_us(const zks__link *link)
{
    return link->ops->rtt_us(link);
}

/* Who counts as one where rates are limited: the peer's IPv4 address (4 bytes) or /64 (8 bytes); 0
 * bytes when it has none. Never to be logged in clear. */
static inline size_t zks__link_subject(const zks__link *link, uint8_t out[ZKS_LINK_SUBJECT_BYTES])
{
    return link->ops->subject ? link->ops->subject(link, out) : 0;
}

#endif
