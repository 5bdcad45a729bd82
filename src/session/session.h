/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A session: records and the message stream over a link, the same for client and relay.
 *
 * A record is a 2-byte big-endian length and its bytes, 1 to 65,535. The contents of the records
 * form one byte stream of messages: small messages may share a record, a large one spans several.
 * This side begins a record with each message (callers send batches, so sharing would save little)
 * and accepts any division from the other. Until the Noise layer exists the contents are as they
 * are (the link encrypts); the seam for it is session/record.h.
 *
 * Memory: an idle session holds this object (a few hundred bytes) and no buffer. A message being
 * received costs at most twice what has arrived of it, whatever its length prefix promises; a
 * paused session keeps what the link's window let through.
 *
 * One loop thread. Events are raised from the link's events, never from inside a call of this
 * interface; the one exception is `message` inside zks__session_resume. After `closed` the owner
 * frees the session with zks__session_free (allowed inside the event).
 */
#ifndef ZKS_SESSION_SESSION_H
#define ZKS_SESSION_SESSION_H

#include "base/link.h"
#include "base/log.h"
#include "wire/messages.h"

typedef struct zks__session zks__session;

enum { ZKS_SESSION_HASH_BYTES = 32 };

typedef struct zks__session_events {
    /* The link is open: peer key and session hash are known. Not raised for a session made over an
     * open link. */
    void (*ready)(zks__session *s, void *user);
    /*
     * One message. m's byte strings point into backing->data; whoever keeps them keeps a reference
     * to backing. Messages of an unknown type are answered with ERROR and skipped here, at most 16
     * in a session; malformed ones and further unknown ones end it (ERROR, then closed with
     * ZKS_E_PROTOCOL). Not raised after zks__session_close.
     */
    void (*message)(zks__session *s, const zks__message *m, zks__buf *backing, void *user);
    /* `queued` fell below the low-water mark again. */
    void (*drained)(zks__session *s, void *user);
    /* Once, the last event. As zks__link_events.closed, and ZKS_E_PROTOCOL (the peer sent what the
     * protocol does not allow), ZKS_E_NOMEM, ZKS_E_UNSUPPORTED (this kind of link cannot bind a
     * session), ZKS_E_CONNECTION_LOST also when the peer ended in the middle of a message. */
    void (*closed)(zks__session *s, zks_status status, uint64_t code, const char *text, void *user);
} zks__session_events;

/*
 * A client's session makes the link's event functions: set link_events/link_user into
 * zks__connect_config, connect, then attach the link. A relay's: the same from its accept function.
 * `initiator` is 1 for the side that opened the link. ZKS_E_NOMEM.
 */
ZKS_MUST_USE zks_status zks__session_new(int initiator, const zks__session_events *events,
                                         void *user, const zks__log *log,
                                         zks__session **out_session);
zks__link_events zks__session_link_events(void); /* with the session as user */
void zks__session_attach(zks__session *s, zks__link *link);
/* After `closed`, or when no link was attached. NULL is fine. */
void zks__session_free(zks__session *s);

/* Encodes and queues all of it or nothing; sent at the end of the loop turn. ZKS_E_CLOSED,
 * ZKS_E_STATE (before `ready`), ZKS_E_NOMEM, ZKS_E_TOO_LARGE. */
ZKS_MUST_USE zks_status zks__session_send(zks__session *s, const zks__message *m);
/* Bytes not yet acknowledged by the peer's transport. */
size_t zks__session_queued(const zks__session *s);
/* Stops giving credit and raising `message` until resumed: the peer's sending stops when its window
 * is full. Takes effect at once, also for further messages that have arrived already. */
void zks__session_pause(zks__session *s);
/*
 * Raises `message` for what arrived meanwhile before it returns (nothing else might ever raise it),
 * then goes on as usual. The handler may pause again. Inside a `message` event of the same session
 * it only takes the pause away.
 */
void zks__session_resume(zks__session *s);
/* As zks__link_close: with code 0 what is queued is sent first (for at most a second); `closed`
 * follows. */
void zks__session_close(zks__session *s, uint64_t code, const char *reason);

/* ZKS_LINK_KEY_BYTES; valid from `ready`. */
const uint8_t *zks__session_peer_key(const zks__session *s);
const uint8_t *zks__session_local_key(const zks__session *s);
/*
 * h of docs/SECURITY.md, session binding: SHA-256 of the prologue lp("0k-sync/2") lp(ALPN)
 * lp("quic") lp(relay key) lp(client key) lp(TLS exporter). Equal on both sides, different for each
 * connection.
 */
const uint8_t *zks__session_hash(const zks__session *s);
uint64_t zks__session_rtt_us(const zks__session *s);

#endif
