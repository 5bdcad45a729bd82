/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "group/blob.h"

#include "group/keys.h"

_Static_assert(ZKS_BLOB_OVERHEAD + ZKS_BODY_MAX_BYTES <= ZKS_BLOB_MAX_BYTES,
               "the largest body fits");

static const uint8_t zeros[ZKS_ENTRY_ID_BYTES];

void zks__blob_key_derive(const zks__suite *suite, const uint8_t epoch_secret[ZKS_KEY_BYTES],
                          const uint8_t group_id[ZKS_GROUP_ID_BYTES],
                          const uint8_t epoch_tag[ZKS_EPOCH_TAG_BYTES],
                          const uint8_t pusher[ZKS_DEVICE_ID_BYTES], zks__blob_key *out)
{
    out->suite = suite;
    memcpy(out->group_id, group_id, ZKS_GROUP_ID_BYTES);
    memcpy(out->epoch_tag, epoch_tag, ZKS_EPOCH_TAG_BYTES);
    memcpy(out->pusher, pusher, ZKS_DEVICE_ID_BYTES);
    zks__group_blob_key(epoch_secret, group_id, epoch_tag, pusher, out->key);
}

/* --- sizes ----------------------------------------------------------------------- */

static unsigned log2_floor(size_t v)
{
    unsigned n = 0;
    while (v >>= 1) {
        n++;
    }
    return n;
}

size_t zks__padme(size_t length)
{
    if (length < 2) {
        return length; /* log2(log2 L) is not defined; nothing to hide either */
    }
    unsigned e = log2_floor(length);
    unsigned s = e ? log2_floor(e) + 1 : 1;
    unsigned z = e > s ? e - s : 0;
    size_t mask = ((size_t)1 << z) - 1;
    return (length + mask) & ~mask;
}

/* Bytes in front of the body. */
static size_t front_bytes(size_t body_length)
{
    return (size_t)ZKS_BLOB_HEADER_BYTES + ZKS_ENTRY_FIXED_BYTES + zks__leb_size(body_length);
}

size_t zks__blob_size(size_t body_length)
{
    size_t whole = zks__padme(front_bytes(body_length) + body_length + 1 + ZKS_SIGN_BYTES +
                              ZKS_TAG_BYTES);
    return whole < ZKS_BLOB_MIN_BYTES ? ZKS_BLOB_MIN_BYTES : whole;
}

zks__buf *zks__blob_buffer(const void *body, size_t body_length)
{
    if (body_length > ZKS_BODY_MAX_BYTES) {
        return NULL;
    }
    size_t front = front_bytes(body_length);
    zks__buf *b = zks__buf_new(front, body_length,
                               zks__blob_size(body_length) - front - body_length);
    if (b && body_length) {
        memcpy(b->data, body, body_length);
    }
    return b;
}

/* --- entries --------------------------------------------------------------------- */

/* H(lp("0k-entry-v1") ENTRY) */
static void entry_id(const zks__suite *suite, const uint8_t *entry, size_t length,
                     uint8_t out[ZKS_ENTRY_ID_BYTES])
{
    static const uint8_t label[] = {11, '0', 'k', '-', 'e', 'n', 't', 'r', 'y', '-', 'v', '1'};
    zks__hash h;
    suite->hash_init(&h);
    suite->hash_update(&h, label, sizeof label);
    suite->hash_update(&h, entry, length);
    suite->hash_final(&h, out);
}

/* lp("0k-sig-v1") id */
enum { SIGNED_BYTES = 1 + 9 + ZKS_ENTRY_ID_BYTES };
static void text_to_sign(const uint8_t id[ZKS_ENTRY_ID_BYTES], uint8_t out[SIGNED_BYTES])
{
    zks__writer w = zks__writer_of(out, SIGNED_BYTES);
    zks__write_label(&w, "0k-sig-v1");
    zks__write_bytes(&w, id, ZKS_ENTRY_ID_BYTES);
}

zks_status zks__entry_verify(const zks__entry *e)
{
    if (!e->has_signature) {
        return ZKS_E_NOT_FOUND;
    }
    const zks__suite *suite = zks__crypto_suite(e->suite);
    if (!suite) {
        return ZKS_E_SUITE;
    }
    uint8_t text[SIGNED_BYTES];
    text_to_sign(e->id, text);
    return suite->verify(e->author, text, sizeof text, e->signature);
}

/* The first entry of a chain has no predecessor, every other one has. */
static bool place_valid(const zks__entry *e)
{
    bool no_prev = memcmp(e->prev, zeros, sizeof zeros) == 0;
    return e->seq != 0 && no_prev == (e->seq == 1);
}

/* All of ENTRY in front of the body. */
static void write_entry(zks__writer *w, const zks__entry *e)
{
    zks__write_u8(w, ZKS_ENTRY_VERSION);
    zks__write_u8(w, e->suite);
    zks__write_bytes(w, e->group_id, sizeof e->group_id);
    zks__write_bytes(w, e->author, sizeof e->author);
    zks__write_bytes(w, e->chain, sizeof e->chain);
    zks__write_u64(w, e->seq);
    zks__write_bytes(w, e->prev, sizeof e->prev);
    zks__write_u64(w, e->floor);
    zks__write_u64(w, (uint64_t)e->time_ms);
    zks__write_u32(w, e->ttl_s);
    zks__write_u8(w, e->kind);
    zks__write_leb(w, e->body_length);
}

static zks_status read_entry(zks__reader *r, zks__entry *e)
{
    uint8_t version = zks__read_u8(r);
    if (!r->status && version != ZKS_ENTRY_VERSION) {
        return ZKS_E_FORMAT_VERSION;
    }
    e->suite = zks__read_u8(r);
    zks__read_copy(r, e->group_id, sizeof e->group_id);
    zks__read_copy(r, e->author, sizeof e->author);
    zks__read_copy(r, e->chain, sizeof e->chain);
    e->seq = zks__read_u64(r);
    zks__read_copy(r, e->prev, sizeof e->prev);
    e->floor = zks__read_u64(r);
    e->time_ms = (int64_t)zks__read_u64(r);
    e->ttl_s = zks__read_u32(r);
    e->kind = zks__read_u8(r);
    e->body = zks__read_lp(r, ZKS_BODY_MAX_BYTES, &e->body_length);
    return r->status;
}

/* lp(sig or nothing), and zeros to the end. */
static zks_status read_tail(zks__reader *r, zks__entry *e)
{
    size_t length = 0;
    const uint8_t *signature = zks__read_lp(r, ZKS_SIGN_BYTES, &length);
    if (!signature) {
        return r->status;
    }
    if (length != 0 && length != ZKS_SIGN_BYTES) {
        return ZKS_E_MALFORMED;
    }
    e->has_signature = length != 0;
    memcpy(e->signature, signature, length);
    uint8_t padding = 0;
    for (size_t i = 0; i < r->left; i++) {
        padding |= r->next[i];
    }
    return padding ? ZKS_E_MALFORMED : ZKS_OK;
}

/* --- blobs ----------------------------------------------------------------------- */

static bool sealable(const zks__entry *e, const zks__sign_key *author, const zks__buf *buf)
{
    size_t headroom = (size_t)(buf->data - buf->start);
    size_t tailroom = buf->size - headroom - buf->length;
    size_t front = front_bytes(buf->length);
    return e->body_length == buf->length && place_valid(e) && headroom >= front &&
           tailroom >= zks__blob_size(buf->length) - front - buf->length &&
           (!author || memcmp(zks__crypto_sign_public(author), e->author, sizeof e->author) == 0);
}

zks_status zks__blob_seal(const zks__blob_key *key, zks__entry *e, const zks__sign_key *author,
                          const uint8_t nonce[ZKS_NONCE_BYTES], zks__buf *buf,
                          uint8_t out_blob_id[ZKS_BLOB_ID_BYTES])
{
    if (buf->length > ZKS_BODY_MAX_BYTES) {
        return ZKS_E_TOO_LARGE;
    }
    if (!sealable(e, author, buf)) {
        return ZKS_E_INVALID;
    }
    const zks__suite *suite = key->suite;
    size_t body_length = buf->length;
    size_t whole = zks__blob_size(body_length);
    e->suite = suite->id;
    memcpy(e->group_id, key->group_id, sizeof e->group_id);

    uint8_t *blob = zks__buf_push_front(buf, front_bytes(body_length));
    zks__envelope_write(suite->id, key->epoch_tag, nonce, blob);
    zks__writer w = zks__writer_of(blob + ZKS_BLOB_HEADER_BYTES,
                                   whole - ZKS_BLOB_HEADER_BYTES - ZKS_TAG_BYTES);
    write_entry(&w, e);
    w.length += body_length;
    entry_id(suite, w.data, w.length, e->id);
    if (e->has_signature && author) {
        uint8_t text[SIGNED_BYTES];
        text_to_sign(e->id, text);
        suite->sign(author, text, sizeof text, e->signature);
    }
    (void)zks__buf_push_back(buf, whole - buf->length);
    zks__write_lp(&w, e->signature, e->has_signature ? ZKS_SIGN_BYTES : 0);
    memset(w.data + w.length, 0, w.size - w.length);

    uint8_t ad[ZKS_BLOB_AD_BYTES];
    zks__envelope_ad(suite->id, key->group_id, key->epoch_tag, key->pusher, ad);
    suite->seal(w.data, w.size, ad, sizeof ad, nonce, key->key);
    zks__envelope_id(suite, key->group_id, key->pusher, blob, whole, out_blob_id);
    return ZKS_OK;
}

zks_status zks__blob_open(const zks__blob_key *key, uint8_t *blob, size_t length, zks__entry *out)
{
    const uint8_t *epoch_tag = NULL;
    zks_status status = zks__envelope_epoch(blob, length, &epoch_tag);
    if (status) {
        return status;
    }
    if (blob[1] != key->suite->id) {
        return ZKS_E_SUITE;
    }
    /* The associated data is made from the key's tag: without this the one in the header would be
     * unauthenticated. */
    if (memcmp(epoch_tag, key->epoch_tag, ZKS_EPOCH_TAG_BYTES) != 0) {
        return ZKS_E_DECRYPT;
    }
    uint8_t ad[ZKS_BLOB_AD_BYTES];
    zks__envelope_ad(key->suite->id, key->group_id, key->epoch_tag, key->pusher, ad);
    uint8_t *text = blob + ZKS_BLOB_HEADER_BYTES;
    const uint8_t *nonce = text - ZKS_NONCE_BYTES;
    status = key->suite->open(text, length - ZKS_BLOB_HEADER_BYTES, ad, sizeof ad, nonce, key->key);
    if (status) {
        return status;
    }
    zks__entry e;
    memset(&e, 0, sizeof e);
    zks__reader r = zks__reader_of(text, length - ZKS_BLOB_HEADER_BYTES - ZKS_TAG_BYTES);
    status = read_entry(&r, &e);
    if (status) {
        return status;
    }
    if (e.suite != key->suite->id) {
        return ZKS_E_SUITE;
    }
    if (memcmp(e.group_id, key->group_id, sizeof e.group_id) != 0) {
        return ZKS_E_WRONG_GROUP;
    }
    entry_id(key->suite, text, (size_t)(r.next - text), e.id);
    status = read_tail(&r, &e);
    if (!status && (!place_valid(&e) || zks__blob_size(e.body_length) != length)) {
        status = ZKS_E_MALFORMED;
    }
    if (!status) {
        *out = e;
    }
    return status;
}
