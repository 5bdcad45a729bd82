/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * TLS 1.3 for QUIC with Ed25519 raw public keys (RFC 8446, RFC 7250), behind an interface of our
 * own: no other file of the engine's transport sees the TLS library. Both sides always show a key.
 * There are no tickets, no resumption and no early data, and secrets are never written to a key
 * log, whatever the environment says.
 *
 * Two profiles: X25519 with AES-GCM or ChaCha20-Poly1305, and the approved algorithms, P-256 with
 * AES-GCM. Signatures are Ed25519 (FIPS 186-5) in both. The ALPN tells a server which one a client
 * asks for.
 *
 * An endpoint owns one context (the priorities) and, when it listens, one identity; a session
 * borrows both. All calls come from the loop's thread.
 */
#ifndef ZKS_TRANSPORT_TLS_H
#define ZKS_TRANSPORT_TLS_H

#include "base/link.h"

struct ngtcp2_conn;

enum {
    ZKS_TLS_SECRET_BYTES = 32,
    /* TLS alerts (RFC 8446 section 6); QUIC sends 0x100 + alert (RFC 9001 section 4.8). */
    ZKS_TLS_ALERT_BAD_CERTIFICATE = 42,
    ZKS_TLS_ALERT_CERTIFICATE_REQUIRED = 116,
    ZKS_TLS_ALERT_NO_APPLICATION_PROTOCOL = 120,
    ZKS_TLS_QUIC_ERROR_BASE = 0x100
};

typedef struct zks__tls_context zks__tls_context;
typedef struct zks__tls_identity zks__tls_identity;
typedef struct zks__tls zks__tls;

typedef struct zks__tls_config {
    bool server;
    zks__tls_identity *identity; /* borrowed for the session's life */
    const char *alpn;            /* one name; the peer must agree */
    /* A server's second name (NULL: none; alpn itself: the only one), with which the handshake must
     * have used the approved algorithms: AES-GCM and P-256. */
    const char *approved_alpn;
    bool approved; /* a client: offer the approved algorithms only; alpn is such a name */
    const uint8_t *expected_key; /* ZKS_LINK_KEY_BYTES, copied; NULL: any Ed25519 key */
} zks__tls_config;

/* ZKS_E_NOMEM, ZKS_E_TLS. */
ZKS_MUST_USE zks_status zks__tls_context_new(zks__tls_context **out_context);
void zks__tls_context_free(zks__tls_context *context);

/* The credentials of a 32-byte Ed25519 seed. ZKS_E_NOMEM, ZKS_E_TLS. */
ZKS_MUST_USE zks_status zks__tls_identity_new(const uint8_t *seed,
                                              zks__tls_identity **out_identity);
void zks__tls_identity_free(zks__tls_identity *identity);
/* The public key, ZKS_LINK_KEY_BYTES. */
const uint8_t *zks__tls_identity_key(const zks__tls_identity *identity);
/* HMAC-SHA256(seed, label): secrets that must be the same after a restart. */
ZKS_MUST_USE zks_status zks__tls_derive(const uint8_t *seed, const char *label,
                                        uint8_t out[ZKS_TLS_SECRET_BYTES]);

/* A session tied to `conn`, whose native TLS handle it becomes. ZKS_E_NOMEM, ZKS_E_TLS. */
ZKS_MUST_USE zks_status zks__tls_new(const zks__tls_context *context, const zks__tls_config *config,
                                     struct ngtcp2_conn *conn, zks__tls **out_tls);
void zks__tls_free(zks__tls *tls);
/* At handshake completion: checks key and ALPN once more, the algorithms of an approved one too,
 * and gives the peer's key. ZKS_E_RELAY_KEY_CHANGED, ZKS_E_PROTOCOL_VERSION, ZKS_E_TLS. */
ZKS_MUST_USE zks_status zks__tls_finish(zks__tls *tls, uint8_t out_peer_key[ZKS_LINK_KEY_BYTES]);
/* The ALPN chosen is an approved one; after zks__tls_finish. */
bool zks__tls_approved(const zks__tls *tls);
/* The peer's key was not the expected one. */
bool zks__tls_key_refused(const zks__tls *tls);
/* RFC 8446 section 7.5 with an empty context; after the handshake. ZKS_E_TLS. */
ZKS_MUST_USE zks_status zks__tls_export(const zks__tls *tls, const char *label,
                                        uint8_t out[ZKS_LINK_EXPORT_BYTES]);

#endif
