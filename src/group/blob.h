/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Entries and blobs (docs/SECURITY.md, section 3). An entry is what an author says; a blob is a
 * sealed, padded entry as a relay sees it. Pure; any thread.
 *
 *   ENTRY   = version(1) suite(1) group_id(32) author(32) chain(16) seq(8) prev(32) floor(8)
 *             time_ms(8) ttl_s(4) kind(1) lp(body)
 *   id      = H(lp("0k-entry-v1") ENTRY)
 *   sig     = Ed25519(author, lp("0k-sig-v1") id)
 *   blob    = header(42) AEAD(ENTRY lp(sig or nothing) zeros)
 *
 * The header, what the AEAD is bound to and the blob's id are in record/envelope.h, since relays
 * need them and may not include this module. Whether an entry is signed does not show in the blob's
 * size.
 */
#ifndef ZKS_GROUP_BLOB_H
#define ZKS_GROUP_BLOB_H

#include "base/buf.h"
#include "crypto/crypto.h"
#include "record/envelope.h"
#include "wire/limits.h"

enum {
    ZKS_ENTRY_VERSION = 1,
    ZKS_ENTRY_FIXED_BYTES = 1 + 1 + 32 + 32 + 16 + 8 + 32 + 8 + 8 + 4 + 1,
    /* What a buffer needs in front of and behind the app's bytes to be sealed in place. */
    ZKS_BLOB_HEADROOM = ZKS_BLOB_HEADER_BYTES + ZKS_ENTRY_FIXED_BYTES + 5,
    ZKS_BLOB_OVERHEAD = ZKS_BLOB_HEADROOM + 1 + ZKS_SIGN_BYTES + ZKS_TAG_BYTES,
    ZKS_BODY_MAX_BYTES = ZKS_BLOB_MAX_BYTES - ZKS_BLOB_OVERHEAD
};

/* Unknown kinds take part in the history and are not handed to the app, as all but DATA. */
typedef enum zks__entry_kind {
    ZKS_ENTRY_DATA = 1,
    /* body: list of (chain, seq, id); written before relays are asked to delete */
    ZKS_ENTRY_DELETE = 2,
    /* First entry of a chain that replaces another: body = old chain(16) seq(8) id(32) */
    ZKS_ENTRY_NEW_CHAIN = 3,
    ZKS_ENTRY_HEADS = 4, /* group/heads.h */
    ZKS_ENTRY_WANT = 5,  /* the same */
    /* Never inside an entry: what the store calls another author's entry that this device has
     * sealed again */
    ZKS_ENTRY_RESEALED = 255
} zks__entry_kind;

typedef struct zks__entry {
    uint8_t suite;
    uint8_t group_id[ZKS_GROUP_ID_BYTES];
    uint8_t author[ZKS_DEVICE_ID_BYTES];
    uint8_t chain[ZKS_CHAIN_BYTES];
    uint64_t seq; /* from 1 */
    uint8_t prev[ZKS_ENTRY_ID_BYTES];
    uint64_t floor;
    int64_t time_ms; /* the author's clock, Unix */
    uint32_t ttl_s;
    uint8_t kind;
    const uint8_t *body; /* borrowed */
    size_t body_length;
    uint8_t id[ZKS_ENTRY_ID_BYTES]; /* computed by seal and open */
    int has_signature;              /* seal: make one; open: there is one (see signature_status) */
    uint8_t signature[ZKS_SIGN_BYTES];
} zks__entry;

/* The keys of one (epoch, pusher): derive once, use for many blobs. */
typedef struct zks__blob_key {
    const zks__suite *suite;
    uint8_t group_id[ZKS_GROUP_ID_BYTES];
    uint8_t epoch_tag[ZKS_EPOCH_TAG_BYTES];
    uint8_t pusher[ZKS_DEVICE_ID_BYTES];
    uint8_t key[ZKS_KEY_BYTES]; /* secret */
} zks__blob_key;
void zks__blob_key_derive(const zks__suite *suite, const uint8_t epoch_secret[ZKS_KEY_BYTES],
                          const uint8_t group_id[ZKS_GROUP_ID_BYTES],
                          const uint8_t epoch_tag[ZKS_EPOCH_TAG_BYTES],
                          const uint8_t pusher[ZKS_DEVICE_ID_BYTES], zks__blob_key *out);

/* Bytes of the blob that holds a body of this length, signed or not: PADME of the whole, at least
 * ZKS_BLOB_MIN_BYTES. */
size_t zks__blob_size(size_t body_length);
/* PADME (Nikitin et al., PETS 2019). */
size_t zks__padme(size_t length);
/* A buffer with the body's bytes placed and room around them for zks__blob_seal. NULL: no memory or
 * body too large. */
zks__buf *zks__blob_buffer(const void *body, size_t body_length);
/*
 * Seals in place: buf holds exactly the body (e->body is ignored, e->body_length must be
 * buf->length) with the room that zks__blob_buffer gives; afterwards it holds the blob. Suite and
 * group are the key's. Sets e->suite, e->group_id, e->id, e->signature (when e->has_signature) and
 * out_blob_id. author may be NULL: then e->signature is taken as it is, to seal an entry again
 * under another key. ZKS_E_TOO_LARGE, ZKS_E_INVALID (what zks__blob_open would refuse, author is
 * not e->author, no room): nothing was changed.
 */
ZKS_MUST_USE zks_status zks__blob_seal(const zks__blob_key *key, zks__entry *e,
                                       const zks__sign_key *author,
                                       const uint8_t nonce[ZKS_NONCE_BYTES], zks__buf *buf,
                                       uint8_t out_blob_id[ZKS_BLOB_ID_BYTES]);
/* Which epoch a blob names: zks__envelope_epoch. */
ZKS_MUST_USE static inline zks_status zks__blob_epoch(const uint8_t *blob, size_t length,
                                                      const uint8_t **out_epoch_tag)
{
    return zks__envelope_epoch(blob, length, out_epoch_tag);
}
/*
 * Opens in place: `blob` is overwritten, out->body points into it. Does not verify the signature
 * (that is dear: zks__entry_verify). ZKS_E_DECRYPT, ZKS_E_TRUNCATED, ZKS_E_MALFORMED (also: padding
 * not zero or not PADME's, seq 0, prev that is zeros for another seq than 1 or not zeros for that),
 * ZKS_E_WRONG_GROUP, ZKS_E_FORMAT_VERSION, ZKS_E_SUITE.
 */
ZKS_MUST_USE zks_status zks__blob_open(const zks__blob_key *key, uint8_t *blob, size_t length,
                                       zks__entry *out);
/* ZKS_OK: the signature is there and good. ZKS_E_NOT_FOUND: there is none. ZKS_E_BAD_SIGNATURE. */
ZKS_MUST_USE zks_status zks__entry_verify(const zks__entry *e);

#endif
