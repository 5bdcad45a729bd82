/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A Noise handshake (Noise specification, revision 34) with the hybrid tokens of clatter 2.2, by
 * which an X25519 exchange and ML-KEM-768 are both needed: whoever breaks one alone learns nothing.
 *
 *   hybridXX:  -> e      <- ekem, e, ee, s, es      -> skem, s, se      <- skem
 *
 *   e     the ephemeral publics, DH then KEM, in clear; MixHash(each)
 *   s     the static publics, DH then KEM, each by EncryptAndHash
 *   ee es se ss   MixKey(DH(...))
 *   ekem  a KEM ciphertext to the peer's ephemeral key, in clear: MixHash(ct), MixKey(secret)
 *   skem  a KEM ciphertext to the peer's static key: EncryptAndHash(ct), MixKeyAndHash(secret)
 *
 * Behind the tokens of each message its payload by EncryptAndHash. A pattern without KEM tokens is
 * an ordinary Noise pattern: e and s then are one DH public each (published vectors check the
 * machinery this way). Not here: psk, fallback.
 *
 * Who is proven when, in hybridXX: the responder's DH static by message 2, its KEM static by
 * message 4; the initiator's DH static by message 3, its KEM static by its first transport message.
 * So the responder acts on nothing before it has opened that one.
 *
 * A call works on a copy of the state and commits it at its end: a failed call changes nothing. The
 * owner must not go on after a failure all the same. Secrets are copied in, and wiped by free.
 *
 * Pure: randomness is an argument, drawn in the order of the tokens: e takes 32 bytes for the DH
 * secret, then 64 for the KEM seed; ekem and skem take 32. One thread at a time.
 */
#ifndef ZKS_NOISE_HANDSHAKE_H
#define ZKS_NOISE_HANDSHAKE_H

#include "noise/cipher.h"

enum {
    ZKS_NOISE_MESSAGES_MAX = 4,
    ZKS_NOISE_TOKENS_MAX = 6,
    ZKS_NOISE_HASH_MAX_BYTES = 64,
    ZKS_NOISE_MESSAGE_MAX_BYTES = 65535
};

typedef enum zks__noise_token {
    ZKS_NOISE_END = 0,
    ZKS_NOISE_E,
    ZKS_NOISE_S,
    ZKS_NOISE_EE,
    ZKS_NOISE_ES,
    ZKS_NOISE_SE,
    ZKS_NOISE_SS,
    ZKS_NOISE_EKEM,
    ZKS_NOISE_SKEM
} zks__noise_token;

typedef struct zks__noise_pattern {
    bool hybrid;                           /* e and s carry a KEM public too */
    bool initiator_known, responder_known; /* pre-messages: that side's static (DH only) */
    uint8_t messages;                      /* the initiator writes the first */
    uint8_t tokens[ZKS_NOISE_MESSAGES_MAX][ZKS_NOISE_TOKENS_MAX]; /* zks__noise_token */
} zks__noise_pattern;
extern const zks__noise_pattern zks__noise_hybrid_xx;

/* The hash function of a protocol name. */
typedef struct zks__noise_hash {
    size_t bytes; /* HASHLEN: 32 or 64 */
    /* Of a and, behind it, b. out may be one of them. */
    void (*two)(const void *a, size_t a_length, const void *b, size_t b_length, uint8_t *out);
    /* RFC 2104. out is neither key nor data. */
    void (*hmac)(const uint8_t *key, size_t key_length, const void *data, size_t length,
                 uint8_t *out);
} zks__noise_hash;
extern const zks__noise_hash zks__noise_sha256;

typedef struct zks__noise_config {
    const zks__noise_pattern *pattern; /* borrowed until free, as are suite and hash */
    const char *name;                  /* of the protocol; borrowed during the call */
    const zks__suite *suite;
    const zks__noise_hash *hash;
    bool initiator;
    const void *prologue; /* borrowed during the call, as all below; always mixed, also empty */
    size_t prologue_length;
    const uint8_t *dh_secret, *kem_seed; /* own statics; NULL where the pattern uses none */
    const uint8_t *peer_dh;              /* the peer's static where it is a pre-message, or NULL */
    zks__rng rng;
} zks__noise_config;

typedef struct zks__noise zks__noise;

/* ZKS_E_NOMEM. About 3 KiB. */
ZKS_MUST_USE zks_status zks__noise_new(const zks__noise_config *config, zks__noise **out_noise);
/* Wipes all of it. NULL is fine. */
void zks__noise_free(zks__noise *z);

/* Whether the next message is this side's to write; false too when there is none. */
bool zks__noise_writes(const zks__noise *z);
/* All messages are done: split. */
bool zks__noise_over(const zks__noise *z);
/* Bytes of the next message, whoever writes it, with such a payload; 0: there is none. */
size_t zks__noise_size(const zks__noise *z, size_t payload_length);
/*
 * Writes the next message: zks__noise_size bytes. ZKS_E_STATE (it is not this side's turn),
 * ZKS_E_TOO_LARGE (not in size or in a Noise message), ZKS_E_MALFORMED (the peer's public key gives
 * no secret). On failure out holds zeros.
 */
ZKS_MUST_USE zks_status zks__noise_write(zks__noise *z, const void *payload, size_t payload_length,
                                         uint8_t *out, size_t size, size_t *out_length);
/*
 * Reads the next message, in place; the payload lies inside it. ZKS_E_STATE, ZKS_E_TRUNCATED,
 * ZKS_E_TOO_LARGE, ZKS_E_MALFORMED (a public key gives no secret), ZKS_E_DECRYPT (another key,
 * prologue or history, or altered). The message's bytes are undefined then.
 */
ZKS_MUST_USE zks_status zks__noise_read(zks__noise *z, uint8_t *message, size_t length,
                                        const uint8_t **out_payload, size_t *out_payload_length);
/* The two directions of the session. ZKS_E_STATE: not over. */
ZKS_MUST_USE zks_status zks__noise_split(const zks__noise *z, const zks__noise_limits *limits,
                                         zks__noise_cipher *out_send,
                                         zks__noise_cipher *out_receive);

/* h; the handshake hash when it is over. hash->bytes long. */
const uint8_t *zks__noise_handshake_hash(const zks__noise *z);
/* The peer's statics; zeros before the message that carries them. */
const uint8_t *zks__noise_peer_dh(const zks__noise *z);
const uint8_t *zks__noise_peer_kem(const zks__noise *z);

#endif
