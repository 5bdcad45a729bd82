/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What comes from nobody known. Nothing here spends memory on a stranger before its limits are
 * checked, and no answer is larger than what asked for it: version negotiation, Retry, a refusal or
 * a stateless reset, all without state.
 */
#include "base/alloc.h"
#include "transport/endpoint.h"

#include <ngtcp2/ngtcp2_crypto.h>

#include <string.h>

enum {
    ANSWER_BYTES = 512,
    MIN_INITIAL_BYTES = 1200, /* RFC 9000 section 14.1 */
    RESET_ROOM_BYTES = 22,    /* what a reset is longer by than its random bytes, or more */
    RESET_RANDOM_MAX = 24,
    TOKEN_SECONDS = 10
};

static void answer(zks__endpoint *e, const zks__udp_batch *from, const uint8_t *data,
                   ngtcp2_ssize length)
{
    if (length > 0) {
        zks__udp_burst burst = {.remote = from->remote,
                                .local = from->local,
                                .data = data,
                                .length = (size_t)length,
                                .segment = (size_t)length};
        zks__endpoint_send(e, &burst);
    }
}

static void answer_version(zks__endpoint *e, const zks__udp_batch *from,
                           const ngtcp2_version_cid *vc, size_t length)
{
    if (!e->listening || length < MIN_INITIAL_BYTES) {
        return;
    }
    const uint32_t versions[] = {NGTCP2_PROTO_VER_V1};
    uint8_t out[ANSWER_BYTES];
    uint8_t random = 0;
    e->rng.fill(&random, 1, e->rng.user);
    e->stats.versions++;
    answer(e, from, out,
           ngtcp2_pkt_write_version_negotiation(out, sizeof out, random, vc->scid, vc->scidlen,
                                                vc->dcid, vc->dcidlen, versions,
                                                ZKS_COUNTOF(versions)));
}

/* For packets of a connection that this process does not know: its own, before a restart. */
static void answer_reset(zks__endpoint *e, const zks__udp_batch *from, const uint8_t *data,
                         size_t length)
{
    uint64_t second = zks__endpoint_now(e) / NGTCP2_SECONDS;
    if (second != e->reset_second) {
        e->reset_second = second;
        e->reset_count = 0;
    }
    /* Always shorter than what came, so that two ends cannot reset each other for ever. */
    if (length <= RESET_ROOM_BYTES + NGTCP2_MIN_STATELESS_RESET_RANDLEN ||
        e->reset_count >= ZKS_ENDPOINT_RESETS_PER_SECOND) {
        return;
    }
    size_t random_length = length - RESET_ROOM_BYTES;
    random_length = random_length < RESET_RANDOM_MAX ? random_length : RESET_RANDOM_MAX;
    uint8_t random[RESET_RANDOM_MAX];
    uint8_t token[NGTCP2_STATELESS_RESET_TOKENLEN];
    uint8_t out[ANSWER_BYTES];
    ngtcp2_cid cid;
    ngtcp2_cid_init(&cid, data + 1, ZKS_QUIC_CID_BYTES);
    if (ngtcp2_crypto_generate_stateless_reset_token(token, e->secret, sizeof e->secret, &cid)) {
        return;
    }
    e->rng.fill(random, random_length, e->rng.user);
    e->reset_count++;
    e->stats.resets++;
    answer(e, from, out,
           ngtcp2_pkt_write_stateless_reset(out, sizeof out, token, random, random_length));
}

static void answer_retry(zks__endpoint *e, const zks__udp_batch *from, const ngtcp2_pkt_hd *header)
{
    uint8_t token[NGTCP2_CRYPTO_MAX_RETRY_TOKENLEN2];
    uint8_t out[ANSWER_BYTES];
    ngtcp2_cid source = {.datalen = ZKS_QUIC_CID_BYTES};
    e->rng.fill(source.data, source.datalen, e->rng.user);
    ngtcp2_ssize length = ngtcp2_crypto_generate_retry_token2(
        token, e->secret, sizeof e->secret, header->version, &from->remote.u.any,
        from->remote.length, &source, &header->dcid, zks__endpoint_now(e));
    if (length < 0) {
        return;
    }
    e->stats.retries++;
    answer(e, from, out,
           ngtcp2_crypto_write_retry(out, sizeof out, header->version, &header->scid, &source,
                                     &header->dcid, token, (size_t)length));
}

static void answer_refusal(zks__endpoint *e, const zks__udp_batch *from,
                           const ngtcp2_pkt_hd *header, uint64_t error)
{
    uint8_t out[ANSWER_BYTES];
    e->stats.refused++;
    zks__log_write(e->log, ZKS_LOG_LEVEL_DEBUG, "transport.refused error=%llu links=%zu",
                   (unsigned long long)error, e->link_count);
    answer(e, from, out,
           ngtcp2_crypto_write_connection_close(out, sizeof out, header->version, &header->scid,
                                                &header->dcid, error, NULL, 0));
}

static zks__subject *subject_of(zks__endpoint *e, const zks__udp_batch *from, bool make)
{
    uint8_t key[8];
    size_t length = zks__address_subject(&from->remote.u.any, key);
    zks__subject *s = zks__map_get(e->subjects, key, length);
    if (s || !make) {
        return s;
    }
    s = zks__alloc_zero(1, sizeof *s);
    if (s) {
        memcpy(s->key, key, length);
        s->length = length;
        if (zks__map_put(e->subjects, key, length, s)) {
            zks__free(s);
            s = NULL;
        }
    }
    return s;
}

/* A proven link counts against its address; an unproven one could be somebody's forgery and only
 * leads to a Retry. */
static zks_status count(zks__endpoint *e, zks__quic *q, const zks__udp_batch *from, bool proven)
{
    if (e->listen.max_per_address) {
        q->subject = subject_of(e, from, true);
        if (!q->subject) {
            return ZKS_E_NOMEM;
        }
        (*(proven ? &q->subject->proven : &q->subject->pending))++;
    }
    q->counted = true;
    q->proven = proven;
    e->unproven += !proven;
    return ZKS_OK;
}

void zks__endpoint_uncount(zks__endpoint *e, zks__quic *q)
{
    zks__subject *s = q->subject;
    if (!q->counted) {
        return;
    }
    q->counted = false;
    e->unproven -= !q->proven;
    if (s) {
        (*(q->proven ? &s->proven : &s->pending))--;
        q->subject = NULL;
        if (!s->proven && !s->pending) {
            zks__map_remove(e->subjects, s->key, s->length);
            zks__free(s);
        }
    }
}

zks_status zks__endpoint_prove(zks__endpoint *e, zks__quic *q)
{
    zks__subject *s = q->subject;
    if (q->proven) {
        return ZKS_OK;
    }
    if (s && s->proven >= e->listen.max_per_address) {
        e->stats.refused++;
        return ZKS_E_LIMIT;
    }
    q->proven = true;
    e->unproven--;
    if (s) {
        s->pending--;
        s->proven++;
    }
    return ZKS_OK;
}

/* Whether the stranger must first show that it receives at its address. */
static bool proof_needed(const zks__endpoint *e, const zks__subject *s)
{
    return e->unproven >= ZKS_ENDPOINT_UNPROVEN_MAX ||
           (s && s->proven + s->pending >= e->listen.max_per_address);
}

static void start(zks__endpoint *e, const zks__quic_first *first, const zks__udp_batch *from,
                  const uint8_t *data, size_t length)
{
    zks__quic *q = NULL;
    if (zks__quic_new_server(e, first, from, &q)) {
        e->stats.dropped++;
        return;
    }
    if (count(e, q, from, first->proven)) {
        zks__quic_free(q);
        return;
    }
    if (zks__quic_read(q, from, data, length) == NGTCP2_ERR_RETRY) {
        answer_retry(e, from, &first->header);
        zks__quic_fail(q, NGTCP2_ERR_RETRY);
    }
}

static void accept_stranger(zks__endpoint *e, const zks__udp_batch *from, const uint8_t *data,
                            size_t length)
{
    zks__quic_first first = {0};
    ngtcp2_cid original = {0};
    if (!e->identity || length < MIN_INITIAL_BYTES || ngtcp2_accept(&first.header, data, length)) {
        e->stats.dropped++;
        return;
    }
    const ngtcp2_pkt_hd *header = &first.header;
    first.original_cid = &header->dcid;
    const zks__subject *s = e->listen.max_per_address ? subject_of(e, from, false) : NULL;
    if (!e->listening || e->link_count >= e->listen.max_links ||
        (s && s->proven >= e->listen.max_per_address)) {
        answer_refusal(e, from, header, NGTCP2_CONNECTION_REFUSED);
        return;
    }
    if (header->tokenlen && header->token[0] == NGTCP2_CRYPTO_TOKEN_MAGIC_RETRY2) {
        if (ngtcp2_crypto_verify_retry_token2(
                &original, header->token, header->tokenlen, e->secret, sizeof e->secret,
                header->version, &from->remote.u.any, from->remote.length, &header->dcid,
                (uint64_t)TOKEN_SECONDS * NGTCP2_SECONDS, zks__endpoint_now(e))) {
            answer_refusal(e, from, header, NGTCP2_INVALID_TOKEN);
            return;
        }
        first.proven = true;
        first.original_cid = &original;
    }
    if (!first.proven && proof_needed(e, s)) {
        answer_retry(e, from, header);
        return;
    }
    start(e, &first, from, data, length);
}

/* A short packet without a known id: a peer's stateless reset, or something that deserves one. */
static void take_short(zks__endpoint *e, const zks__udp_batch *from, const uint8_t *data,
                       size_t length)
{
    zks__quic *q = NULL;
    if (length >= NGTCP2_STATELESS_RESET_TOKENLEN) {
        q = zks__map_get(e->resets, data + length - NGTCP2_STATELESS_RESET_TOKENLEN,
                         NGTCP2_STATELESS_RESET_TOKENLEN);
    }
    if (q) {
        zks__quic_reset(q);
    } else if (e->identity) {
        answer_reset(e, from, data, length);
    }
}

void zks__endpoint_datagram(zks__endpoint *e, const zks__udp_batch *from, const uint8_t *data,
                            size_t length)
{
    ngtcp2_version_cid vc;
    int error = ngtcp2_pkt_decode_version_cid(&vc, data, length, ZKS_QUIC_CID_BYTES);
    if (error == NGTCP2_ERR_VERSION_NEGOTIATION) {
        answer_version(e, from, &vc, length);
        return;
    }
    if (error) {
        e->stats.dropped++;
        return;
    }
    zks__quic *q = zks__map_get(e->routes, vc.dcid, vc.dcidlen);
    if (q) {
        (void)zks__quic_read(q, from, data, length); /* dealt with there */
    } else if (data[0] & 0x80) {
        accept_stranger(e, from, data, length);
    } else {
        take_short(e, from, data, length);
    }
}
