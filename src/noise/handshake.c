/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "noise/handshake.h"

#include "base/alloc.h"

enum { DH_PUBLIC_MAX_BYTES = 65 };

const zks__noise_pattern zks__noise_hybrid_xx = {
    .hybrid = true,
    .messages = 4,
    .tokens = {
        /* -> */ {ZKS_NOISE_E},
        /* <- */ {ZKS_NOISE_EKEM, ZKS_NOISE_E, ZKS_NOISE_EE, ZKS_NOISE_S, ZKS_NOISE_ES},
        /* -> */ {ZKS_NOISE_SKEM, ZKS_NOISE_S, ZKS_NOISE_SE},
        /* <- */ {ZKS_NOISE_SKEM},
    }};

const zks__noise_hash zks__noise_sha256 = {
    .bytes = 32, .two = zks__crypto_sha256_two, .hmac = zks__crypto_hmac};

/* What the messages so far have made of both sides. Names are the specification's: e and s are own
 * keys, re and rs the peer's. */
typedef struct progress {
    uint8_t messages; /* done */
    bool has_key;
    uint64_t n;
    uint8_t k[ZKS_KEY_BYTES];
    uint8_t ck[ZKS_NOISE_HASH_MAX_BYTES];
    uint8_t h[ZKS_NOISE_HASH_MAX_BYTES];
    uint8_t e_dh[ZKS_DH_SECRET_BYTES];
    uint8_t e_kem[ZKS_KEM_SEED_BYTES];
    uint8_t re_dh[DH_PUBLIC_MAX_BYTES];
    uint8_t rs_dh[DH_PUBLIC_MAX_BYTES];
    uint8_t re_kem[ZKS_KEM_PUBLIC_BYTES];
    uint8_t rs_kem[ZKS_KEM_PUBLIC_BYTES];
} progress;

struct zks__noise {
    const zks__noise_pattern *pattern;
    const zks__suite *suite;
    const zks__noise_hash *hash;
    zks__rng rng;
    bool initiator;
    uint8_t s_dh[ZKS_DH_SECRET_BYTES];
    uint8_t s_kem[ZKS_KEM_SEED_BYTES];
    progress done;
};

/* --- the symmetric state (section 5.2) --- */

/* HKDF of section 4.3: two outputs, or three. */
static void hkdf(const zks__noise_hash *hash, const uint8_t *ck, const uint8_t *input,
                 size_t length, uint8_t *out1, uint8_t *out2, uint8_t *out3)
{
    uint8_t temp[ZKS_NOISE_HASH_MAX_BYTES], text[ZKS_NOISE_HASH_MAX_BYTES + 1];
    uint8_t *const outs[] = {out1, out2, out3};
    size_t previous = 0;
    hash->hmac(ck, hash->bytes, input, length, temp);
    for (uint8_t i = 0; i < ZKS_COUNTOF(outs) && outs[i]; i++) {
        text[previous] = (uint8_t)(i + 1);
        hash->hmac(temp, hash->bytes, text, previous + 1, outs[i]);
        memcpy(text, outs[i], hash->bytes);
        previous = hash->bytes;
    }
    zks__wipe(temp, sizeof temp);
    zks__wipe(text, sizeof text);
}

static void mix_hash(const zks__noise *z, progress *p, const void *data, size_t length)
{
    z->hash->two(p->h, z->hash->bytes, data, length, p->h);
}

static void mix_key(const zks__noise *z, progress *p, const uint8_t *input, size_t length)
{
    uint8_t ck[ZKS_NOISE_HASH_MAX_BYTES], temp_k[ZKS_NOISE_HASH_MAX_BYTES];
    hkdf(z->hash, p->ck, input, length, ck, temp_k, NULL);
    memcpy(p->ck, ck, z->hash->bytes);
    memcpy(p->k, temp_k, sizeof p->k); /* a HASHLEN of 64 is cut */
    p->n = 0;
    p->has_key = true;
    zks__wipe(ck, sizeof ck);
    zks__wipe(temp_k, sizeof temp_k);
}

static void mix_key_and_hash(const zks__noise *z, progress *p, const uint8_t *input, size_t length)
{
    uint8_t ck[ZKS_NOISE_HASH_MAX_BYTES], temp_h[ZKS_NOISE_HASH_MAX_BYTES];
    uint8_t temp_k[ZKS_NOISE_HASH_MAX_BYTES];
    hkdf(z->hash, p->ck, input, length, ck, temp_h, temp_k);
    memcpy(p->ck, ck, z->hash->bytes);
    mix_hash(z, p, temp_h, z->hash->bytes);
    memcpy(p->k, temp_k, sizeof p->k);
    p->n = 0;
    p->has_key = true;
    zks__wipe(ck, sizeof ck);
    zks__wipe(temp_h, sizeof temp_h);
    zks__wipe(temp_k, sizeof temp_k);
}

static size_t tag_of(const progress *p)
{
    return p->has_key ? ZKS_TAG_BYTES : 0;
}

/* Of w's last `length` bytes; the tag goes behind them. There is room: the size was checked. */
static void encrypt_and_hash(const zks__noise *z, progress *p, zks__writer *w, size_t length)
{
    uint8_t *data = w->data + w->length - length;
    if (p->has_key) {
        z->suite->record_seal(data, length, p->h, z->hash->bytes, p->n++, p->k);
        w->length += ZKS_TAG_BYTES;
    }
    mix_hash(z, p, data, length + tag_of(p));
}

/* The next `length` bytes of plaintext, opened in place. NULL: the reader has the status. */
static const uint8_t *decrypt_and_hash(const zks__noise *z, progress *p, zks__reader *r,
                                       size_t length)
{
    uint8_t h[ZKS_NOISE_HASH_MAX_BYTES];
    size_t whole = length + tag_of(p);
    /* The reader borrowed a message that the caller lets us write to. */
    uint8_t *data = (uint8_t *)(uintptr_t)zks__read_bytes(r, whole);
    if (!data) {
        return NULL;
    }
    z->hash->two(p->h, z->hash->bytes, data, whole, h); /* of the ciphertext */
    if (p->has_key) {
        r->status = z->suite->record_open(data, whole, p->h, z->hash->bytes, p->n++, p->k);
    }
    memcpy(p->h, h, z->hash->bytes);
    return r->status ? NULL : data;
}

/* --- tokens --- */

static zks_status mix_dh(const zks__noise *z, progress *p, const uint8_t *secret,
                         const uint8_t *peer)
{
    uint8_t shared[ZKS_DH_SHARED_BYTES];
    zks_status status = z->suite->dh(secret, peer, shared);
    if (!status) {
        mix_key(z, p, shared, sizeof shared);
    }
    zks__wipe(shared, sizeof shared);
    return status;
}

/* The tokens that send nothing. */
static zks_status mix_token(const zks__noise *z, progress *p, zks__noise_token token)
{
    switch (token) {
    case ZKS_NOISE_EE:
        return mix_dh(z, p, p->e_dh, p->re_dh);
    case ZKS_NOISE_ES:
        return z->initiator ? mix_dh(z, p, p->e_dh, p->rs_dh) : mix_dh(z, p, z->s_dh, p->re_dh);
    case ZKS_NOISE_SE:
        return z->initiator ? mix_dh(z, p, z->s_dh, p->re_dh) : mix_dh(z, p, p->e_dh, p->rs_dh);
    case ZKS_NOISE_SS:
        return mix_dh(z, p, z->s_dh, p->rs_dh);
    default:
        return ZKS_E_INTERNAL; /* a pattern that is none */
    }
}

static void draw(const zks__noise *z, uint8_t *out, size_t length)
{
    z->rng.fill(out, length, z->rng.user);
}

static void write_e(const zks__noise *z, progress *p, zks__writer *w)
{
    draw(z, p->e_dh, sizeof p->e_dh);
    z->suite->dh_public(p->e_dh, w->data + w->length);
    mix_hash(z, p, w->data + w->length, z->suite->dh_public_bytes);
    w->length += z->suite->dh_public_bytes;
    if (z->pattern->hybrid) {
        draw(z, p->e_kem, sizeof p->e_kem);
        zks__crypto_kem_public(p->e_kem, w->data + w->length);
        mix_hash(z, p, w->data + w->length, ZKS_KEM_PUBLIC_BYTES);
        w->length += ZKS_KEM_PUBLIC_BYTES;
    }
}

static void write_s(const zks__noise *z, progress *p, zks__writer *w)
{
    z->suite->dh_public(z->s_dh, w->data + w->length);
    w->length += z->suite->dh_public_bytes;
    encrypt_and_hash(z, p, w, z->suite->dh_public_bytes);
    if (z->pattern->hybrid) {
        zks__crypto_kem_public(z->s_kem, w->data + w->length);
        w->length += ZKS_KEM_PUBLIC_BYTES;
        encrypt_and_hash(z, p, w, ZKS_KEM_PUBLIC_BYTES);
    }
}

static zks_status write_kem(const zks__noise *z, progress *p, bool to_static, zks__writer *w)
{
    uint8_t random[ZKS_KEM_RANDOM_BYTES], shared[ZKS_KEM_SHARED_BYTES];
    draw(z, random, sizeof random);
    zks_status status = zks__crypto_kem_enc(to_static ? p->rs_kem : p->re_kem, random,
                                            w->data + w->length, shared);
    if (!status) {
        w->length += ZKS_KEM_CT_BYTES;
        if (to_static) {
            encrypt_and_hash(z, p, w, ZKS_KEM_CT_BYTES);
            mix_key_and_hash(z, p, shared, sizeof shared);
        } else {
            mix_hash(z, p, w->data + w->length - ZKS_KEM_CT_BYTES, ZKS_KEM_CT_BYTES);
            mix_key(z, p, shared, sizeof shared);
        }
    }
    zks__wipe(random, sizeof random);
    zks__wipe(shared, sizeof shared);
    return status;
}

static zks_status write_token(const zks__noise *z, progress *p, zks__noise_token token,
                              zks__writer *w)
{
    switch (token) {
    case ZKS_NOISE_E:
        write_e(z, p, w);
        return ZKS_OK;
    case ZKS_NOISE_S:
        write_s(z, p, w);
        return ZKS_OK;
    case ZKS_NOISE_EKEM:
        return write_kem(z, p, false, w);
    case ZKS_NOISE_SKEM:
        return write_kem(z, p, true, w);
    default:
        return mix_token(z, p, token);
    }
}

static void read_e(const zks__noise *z, progress *p, zks__reader *r)
{
    zks__read_copy(r, p->re_dh, z->suite->dh_public_bytes);
    mix_hash(z, p, p->re_dh, z->suite->dh_public_bytes);
    if (z->pattern->hybrid) {
        zks__read_copy(r, p->re_kem, sizeof p->re_kem);
        mix_hash(z, p, p->re_kem, sizeof p->re_kem);
    }
}

static void read_s(const zks__noise *z, progress *p, zks__reader *r)
{
    const uint8_t *public_key = decrypt_and_hash(z, p, r, z->suite->dh_public_bytes);
    if (public_key) {
        memcpy(p->rs_dh, public_key, z->suite->dh_public_bytes);
    }
    public_key = z->pattern->hybrid ? decrypt_and_hash(z, p, r, sizeof p->rs_kem) : NULL;
    if (public_key) {
        memcpy(p->rs_kem, public_key, sizeof p->rs_kem);
    }
}

static void read_kem(const zks__noise *z, progress *p, bool to_static, zks__reader *r)
{
    uint8_t shared[ZKS_KEM_SHARED_BYTES];
    const uint8_t *ct = to_static ? decrypt_and_hash(z, p, r, ZKS_KEM_CT_BYTES)
                                  : zks__read_bytes(r, ZKS_KEM_CT_BYTES);
    if (!ct) {
        return;
    }
    zks__crypto_kem_dec(to_static ? z->s_kem : p->e_kem, ct, shared);
    if (to_static) {
        mix_key_and_hash(z, p, shared, sizeof shared);
    } else {
        mix_hash(z, p, ct, ZKS_KEM_CT_BYTES);
        mix_key(z, p, shared, sizeof shared);
    }
    zks__wipe(shared, sizeof shared);
}

static zks_status read_token(const zks__noise *z, progress *p, zks__noise_token token,
                             zks__reader *r)
{
    switch (token) {
    case ZKS_NOISE_E:
        read_e(z, p, r);
        return r->status;
    case ZKS_NOISE_S:
        read_s(z, p, r);
        return r->status;
    case ZKS_NOISE_EKEM:
        read_kem(z, p, false, r);
        return r->status;
    case ZKS_NOISE_SKEM:
        read_kem(z, p, true, r);
        return r->status;
    default:
        return mix_token(z, p, token);
    }
}

/* --- messages --- */

/* The next message's; NULL: there is none. */
static const uint8_t *tokens_of(const zks__noise *z)
{
    return zks__noise_over(z) ? NULL : z->pattern->tokens[z->done.messages];
}

bool zks__noise_over(const zks__noise *z)
{
    return z->done.messages == z->pattern->messages;
}

bool zks__noise_writes(const zks__noise *z)
{
    return !zks__noise_over(z) && (z->done.messages % 2 == 0) == z->initiator;
}

size_t zks__noise_size(const zks__noise *z, size_t payload_length)
{
    const uint8_t *tokens = tokens_of(z);
    const size_t kem = z->pattern->hybrid ? ZKS_KEM_PUBLIC_BYTES : 0;
    size_t size = 0, tag = tag_of(&z->done);
    if (!tokens) {
        return 0;
    }
    for (size_t i = 0; i < ZKS_NOISE_TOKENS_MAX && tokens[i]; i++) {
        switch ((zks__noise_token)tokens[i]) {
        case ZKS_NOISE_E:
            size += z->suite->dh_public_bytes + kem;
            break;
        case ZKS_NOISE_S:
            size += z->suite->dh_public_bytes + tag + (kem ? kem + tag : 0);
            break;
        case ZKS_NOISE_EKEM:
            size += ZKS_KEM_CT_BYTES;
            tag = ZKS_TAG_BYTES;
            break;
        case ZKS_NOISE_SKEM:
            size += ZKS_KEM_CT_BYTES + tag;
            tag = ZKS_TAG_BYTES;
            break;
        default: /* a DH: everything behind it is encrypted */
            tag = ZKS_TAG_BYTES;
            break;
        }
    }
    return size + payload_length + tag;
}

zks_status zks__noise_write(zks__noise *z, const void *payload, size_t payload_length, uint8_t *out,
                            size_t size, size_t *out_length)
{
    if (!zks__noise_writes(z)) {
        return ZKS_E_STATE;
    }
    size_t needed = zks__noise_size(z, payload_length);
    if (needed > size || needed > ZKS_NOISE_MESSAGE_MAX_BYTES) {
        return ZKS_E_TOO_LARGE;
    }
    progress p = z->done;
    zks__writer w = zks__writer_of(out, needed);
    const uint8_t *tokens = tokens_of(z);
    zks_status status = ZKS_OK;
    for (size_t i = 0; !status && i < ZKS_NOISE_TOKENS_MAX && tokens[i]; i++) {
        status = write_token(z, &p, (zks__noise_token)tokens[i], &w);
    }
    if (status) {
        goto out;
    }
    zks__write_bytes(&w, payload, payload_length);
    encrypt_and_hash(z, &p, &w, payload_length);
    p.messages++;
    z->done = p;
    *out_length = w.length;
out:
    if (status) {
        memset(out, 0, needed);
    }
    zks__wipe(&p, sizeof p);
    return status;
}

zks_status zks__noise_read(zks__noise *z, uint8_t *message, size_t length,
                           const uint8_t **out_payload, size_t *out_payload_length)
{
    if (zks__noise_over(z) || zks__noise_writes(z)) {
        return ZKS_E_STATE;
    }
    size_t least = zks__noise_size(z, 0);
    if (length < least) {
        return ZKS_E_TRUNCATED;
    }
    if (length > ZKS_NOISE_MESSAGE_MAX_BYTES) {
        return ZKS_E_TOO_LARGE;
    }
    progress p = z->done;
    zks__reader r = zks__reader_of(message, length);
    const uint8_t *tokens = tokens_of(z);
    zks_status status = ZKS_OK;
    for (size_t i = 0; !status && i < ZKS_NOISE_TOKENS_MAX && tokens[i]; i++) {
        status = read_token(z, &p, (zks__noise_token)tokens[i], &r);
    }
    if (status) {
        goto out;
    }
    const uint8_t *payload = decrypt_and_hash(z, &p, &r, length - least);
    status = r.status;
    if (status) {
        goto out;
    }
    p.messages++;
    z->done = p;
    *out_payload = payload;
    *out_payload_length = length - least;
out:
    zks__wipe(&p, sizeof p);
    return status;
}

zks_status zks__noise_split(const zks__noise *z, const zks__noise_limits *limits,
                            zks__noise_cipher *out_send, zks__noise_cipher *out_receive)
{
    uint8_t k1[ZKS_NOISE_HASH_MAX_BYTES], k2[ZKS_NOISE_HASH_MAX_BYTES];
    if (!zks__noise_over(z)) {
        return ZKS_E_STATE;
    }
    hkdf(z->hash, z->done.ck, NULL, 0, k1, k2, NULL); /* k1 is the initiator's */
    zks__noise_cipher_init(out_send, z->suite, limits, z->initiator ? k1 : k2);
    zks__noise_cipher_init(out_receive, z->suite, limits, z->initiator ? k2 : k1);
    zks__wipe(k1, sizeof k1);
    zks__wipe(k2, sizeof k2);
    return ZKS_OK;
}

/* --- beginning and end --- */

/* InitializeSymmetric(name), then MixHash of the prologue and of the pre-messages' publics. */
static void begin(zks__noise *z, const zks__noise_config *config)
{
    progress *p = &z->done;
    uint8_t own[DH_PUBLIC_MAX_BYTES];
    size_t length = strlen(config->name);
    if (length <= z->hash->bytes) {
        memcpy(p->h, config->name, length); /* padded with zeros */
    } else {
        z->hash->two(config->name, length, NULL, 0, p->h);
    }
    memcpy(p->ck, p->h, z->hash->bytes);
    mix_hash(z, p, config->prologue, config->prologue_length);
    for (int initiator = 1; initiator >= 0; initiator--) {
        if (!(initiator ? z->pattern->initiator_known : z->pattern->responder_known)) {
            continue;
        }
        if ((initiator != 0) == z->initiator) {
            z->suite->dh_public(z->s_dh, own);
            mix_hash(z, p, own, z->suite->dh_public_bytes);
        } else {
            mix_hash(z, p, p->rs_dh, z->suite->dh_public_bytes);
        }
    }
}

zks_status zks__noise_new(const zks__noise_config *config, zks__noise **out_noise)
{
    zks__noise *z = zks__alloc_zero(1, sizeof *z);
    if (!z) {
        return ZKS_E_NOMEM;
    }
    z->pattern = config->pattern;
    z->suite = config->suite;
    z->hash = config->hash;
    z->rng = config->rng;
    z->initiator = config->initiator;
    if (config->dh_secret) {
        memcpy(z->s_dh, config->dh_secret, sizeof z->s_dh);
    }
    if (config->kem_seed) {
        memcpy(z->s_kem, config->kem_seed, sizeof z->s_kem);
    }
    if (config->peer_dh) {
        memcpy(z->done.rs_dh, config->peer_dh, z->suite->dh_public_bytes);
    }
    begin(z, config);
    *out_noise = z;
    return ZKS_OK;
}

void zks__noise_free(zks__noise *z)
{
    if (z) {
        zks__wipe(z, sizeof *z);
        zks__free(z);
    }
}

const uint8_t *zks__noise_handshake_hash(const zks__noise *z)
{
    return z->done.h;
}

const uint8_t *zks__noise_peer_dh(const zks__noise *z)
{
    return z->done.rs_dh;
}

const uint8_t *zks__noise_peer_kem(const zks__noise *z)
{
    return z->done.rs_kem;
}
