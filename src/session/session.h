/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A session: a handshake, then records and the message stream over a link, the same for client and
 * relay.
 *
 * A record is a 2-byte big-endian length and its bytes, 1 to 65,535. The first four are the
 * handshake (session/handshake.h), all others Noise transport messages (src/noise). The contents of
 * those form one byte stream of messages: small messages may share a record, a large one spans
 * several. This side begins a record with each message (callers send batches, so sharing would save
 * little) and accepts any division from the other.
 *
 * Who may speak when: the initiator from `ready`, which message 4 brings; the responder from its
 * first `message`, because only the initiator's first record proves that it holds its KEM static.
 * A handshake that fails ends the session; there is no other way in and no fallback.
 *
 * Memory: an idle session holds this object (some 600 bytes, both keys included) and no buffer; the
 * handshake costs about 3 KiB more until it is over. A message being received costs at most twice
 * what has arrived of it, whatever its length prefix promises; a paused session keeps what the
 * link's window let through. Keys are wiped when the session is freed.
 *
 * Pure: randomness is an argument, deadlines are the owner's. One loop thread. Events are raised
 * from the link's events, never from inside a call of this interface; the one exception is
 * `message` inside zks__session_resume. After `closed` the owner frees the session with
 * zks__session_free (allowed inside the event).
 */
#ifndef ZKS_SESSION_SESSION_H
#define ZKS_SESSION_SESSION_H

#include "base/link.h"
#include "base/log.h"
#include "crypto/crypto.h"
#include "noise/cipher.h"
#include "wire/messages.h"

typedef struct zks__session zks__session;

enum { ZKS_SESSION_HASH_BYTES = 32 };

/* Static keys of one side in one suite; secret. Devices: zks__device_keys has them. */
typedef struct zks__session_keys {
    const zks__suite *suite;
    uint8_t dh_secret[ZKS_DH_SECRET_BYTES];
    uint8_t kem_seed[ZKS_KEM_SEED_BYTES];
    /* Relays: Ed25519(identity, lp("0k-relay-v1") lp(dh static) lp(kem static)). */
    uint8_t proof[ZKS_SIGN_BYTES];
} zks__session_keys;
/* A relay's, from the seed of its identity (which is its TLS key): HKDF(seed, "relay-noise-dh",
 * suite) and "relay-noise-kem". */
void zks__session_keys_relay(const zks__suite *suite, const uint8_t seed[ZKS_SIGN_SEED_BYTES],
                             zks__session_keys *out_keys);
/* To throw away: for who is no member yet. */
void zks__session_keys_fresh(const zks__suite *suite, const zks__rng *rng,
                             zks__session_keys *out_keys);

typedef struct zks__session_config {
    bool initiator; /* the side that opened the link */
    /* Borrowed until the session is freed. The initiator has one; a relay one for each suite that
     * it serves, by their numbers, and takes the initiator's choice. Suite 2 goes with approved
     * links (zks__link_approved) and with no others: ZKS_E_SUITE in `closed`. */
    const zks__session_keys *keys;
    size_t key_count;
    zks__rng rng;
    const zks__noise_limits *limits; /* NULL: the protocol's; both ends alike */
    const zks__log *log;             /* may be NULL */
} zks__session_config;

typedef struct zks__session_events {
    /* The initiator's only: the handshake is complete; peer key, hash and suite are known. */
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
    /*
     * Once, the last event. As zks__link_events.closed, and ZKS_E_PROTOCOL (the peer sent what the
     * protocol does not allow, or the handshake failed), ZKS_E_BAD_SIGNATURE (the relay's statics
     * are not signed by the key that the link shows), ZKS_E_NOMEM, ZKS_E_UNSUPPORTED (this kind of
     * link cannot bind a session), ZKS_E_CONNECTION_LOST also when the peer ended in the middle of
     * a message or of the handshake.
     */
    void (*closed)(zks__session *s, zks_status status, uint64_t code, const char *text, void *user);
} zks__session_events;

/*
 * A client's session makes the link's event functions: set link_events/link_user into
 * zks__connect_config, connect, then attach the link. A relay's: the same from its accept function.
 * ZKS_E_NOMEM.
 */
ZKS_MUST_USE zks_status zks__session_new(const zks__session_config *config,
                                         const zks__session_events *events, void *user,
                                         zks__session **out_session);
zks__link_events zks__session_link_events(void); /* with the session as user */
void zks__session_attach(zks__session *s, zks__link *link);
/* After `closed`, or when no link was attached. NULL is fine. */
void zks__session_free(zks__session *s);

/* Encodes and queues all of it or nothing; sent at the end of the loop turn. ZKS_E_CLOSED,
 * ZKS_E_STATE (the handshake is not complete, or the initiator not yet proven), ZKS_E_NOMEM,
 * ZKS_E_TOO_LARGE. A failure of the link ends the session: sealed records cannot be taken back. */
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

/* What zks__session_send would not answer with ZKS_E_STATE. */
bool zks__session_established(const zks__session *s);
/* ZKS_LINK_KEY_BYTES; valid from `ready` and, for a responder, from attach. */
const uint8_t *zks__session_peer_key(const zks__session *s);
const uint8_t *zks__session_local_key(const zks__session *s);
/*
 * h of docs/SECURITY.md, section 5: the handshake hash. Equal on both sides, different for each
 * connection, and it covers both ends' keys and the TLS connection underneath: the prologue is
 * lp("0k-sync/2") lp(ALPN) lp("quic") lp(relay key) lp(client key) lp(TLS exporter).
 */
const uint8_t *zks__session_hash(const zks__session *s);
/* NULL before the handshake is complete. */
const zks__suite *zks__session_suite(const zks__session *s);
/* Whether the peer has proven these static publics of a suite. For a responder meaningful from its
 * first `message` on. */
bool zks__session_peer_has(const zks__session *s, uint8_t suite, const uint8_t *dh,
                           const uint8_t kem[ZKS_KEM_PUBLIC_BYTES]);
uint64_t zks__session_rtt_us(const zks__session *s);

#endif
