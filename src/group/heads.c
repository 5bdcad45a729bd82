/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "group/heads.h"

enum { FLAG_FULL = 1 };

/* --- HEADS --- */

zks_status zks__heads_encode(const zks__heads *h, const zks__head *heads, uint8_t *out, size_t size,
                             size_t *out_length)
{
    zks__writer w = zks__writer_of(out, size);
    if (h->count > ZKS_HEADS_MAX) {
        return ZKS_E_TOO_LARGE;
    }
    zks__write_u8(&w, h->full ? FLAG_FULL : 0);
    zks__write_bytes(&w, h->digest, sizeof h->digest);
    zks__write_leb(&w, h->count);
    for (size_t i = 0; i < h->count; i++) {
        zks__write_bytes(&w, heads[i].author, sizeof heads[i].author);
        zks__write_bytes(&w, heads[i].chain, sizeof heads[i].chain);
        zks__write_u64(&w, heads[i].seq);
        zks__write_bytes(&w, heads[i].id, sizeof heads[i].id);
    }
    if (w.overflow) {
        return ZKS_E_TOO_LARGE;
    }
    *out_length = w.length;
    return ZKS_OK;
}

/* A list of `count` items of `item` bytes follows. */
static zks_status list_of(zks__reader *r, size_t max, size_t item, size_t *out_count)
{
    uint64_t count = zks__read_leb(r);
    if (r->status) {
        return r->status;
    }
    if (count > max) {
        return ZKS_E_TOO_LARGE;
    }
    *out_count = (size_t)count;
    return r->left / item < count ? ZKS_E_TRUNCATED : ZKS_OK;
}

zks_status zks__heads_decode(const uint8_t *body, size_t length, zks__heads *out)
{
    zks__heads h = {0};
    zks__head head;
    zks__reader r = zks__reader_of(body, length);
    h.full = (zks__read_u8(&r) & FLAG_FULL) != 0;
    zks__read_copy(&r, h.digest, sizeof h.digest);
    zks_status status = list_of(&r, ZKS_HEADS_MAX, ZKS_HEADS_HEAD_BYTES, &h.count);
    if (status) {
        return status;
    }
    h.list = r;
    zks__heads all = h;
    while (zks__heads_next(&all, &head)) {
        if (head.seq == 0) {
            return ZKS_E_MALFORMED;
        }
    }
    *out = h;
    return ZKS_OK;
}

bool zks__heads_next(zks__heads *h, zks__head *out)
{
    if (h->count == 0) {
        return false;
    }
    h->count--;
    zks__read_copy(&h->list, out->author, sizeof out->author);
    zks__read_copy(&h->list, out->chain, sizeof out->chain);
    out->seq = zks__read_u64(&h->list);
    zks__read_copy(&h->list, out->id, sizeof out->id);
    return h->list.status == ZKS_OK;
}

/* --- WANT --- */

static bool is_span(const zks__want_span *s)
{
    return s->first > 0 && s->first <= s->last;
}

zks_status zks__want_encode(const zks__want *want, const zks__want_span *spans, uint8_t *out,
                            size_t size, size_t *out_length)
{
    zks__writer w = zks__writer_of(out, size);
    if (want->count > ZKS_WANT_SPANS_MAX) {
        return ZKS_E_TOO_LARGE;
    }
    if (want->round == 0) {
        return ZKS_E_INVALID;
    }
    zks__write_u8(&w, want->round);
    zks__write_leb(&w, want->count);
    for (size_t i = 0; i < want->count; i++) {
        if (!is_span(&spans[i])) {
            return ZKS_E_INVALID;
        }
        zks__write_bytes(&w, spans[i].author, sizeof spans[i].author);
        zks__write_bytes(&w, spans[i].chain, sizeof spans[i].chain);
        zks__write_u64(&w, spans[i].first);
        zks__write_u64(&w, spans[i].last);
    }
    if (w.overflow) {
        return ZKS_E_TOO_LARGE;
    }
    *out_length = w.length;
    return ZKS_OK;
}

zks_status zks__want_decode(const uint8_t *body, size_t length, zks__want *out)
{
    zks__want w = {0};
    zks__want_span span;
    zks__reader r = zks__reader_of(body, length);
    w.round = zks__read_u8(&r);
    zks_status status = list_of(&r, ZKS_WANT_SPANS_MAX, ZKS_WANT_SPAN_BYTES, &w.count);
    if (status) {
        return status;
    }
    w.list = r;
    zks__want all = w;
    while (zks__want_next(&all, &span)) {
        if (!is_span(&span)) {
            return ZKS_E_MALFORMED;
        }
    }
    if (w.round == 0) {
        return ZKS_E_MALFORMED;
    }
    *out = w;
    return ZKS_OK;
}

bool zks__want_next(zks__want *w, zks__want_span *out)
{
    if (w->count == 0) {
        return false;
    }
    w->count--;
    zks__read_copy(&w->list, out->author, sizeof out->author);
    zks__read_copy(&w->list, out->chain, sizeof out->chain);
    out->first = zks__read_u64(&w->list);
    out->last = zks__read_u64(&w->list);
    return w->list.status == ZKS_OK;
}

/* --- when, and what it means --- */

int64_t zks__heads_due(int64_t sent_ms, bool active, int64_t now_ms)
{
    int64_t wait = active ? ZKS_HEADS_ACTIVE_MS : ZKS_HEADS_IDLE_MS;
    if (sent_ms > now_ms || sent_ms <= now_ms - wait) {
        return INT64_MIN;
    }
    return sent_ms + wait;
}

zks__head_meaning zks__head_judge(const zks__head *head, bool own, bool known, uint64_t tip_seq,
                                  uint64_t floor)
{
    if (known || head->seq < floor) {
        return ZKS_HEAD_KNOWN;
    }
    return own && head->seq > tip_seq ? ZKS_HEAD_AHEAD : ZKS_HEAD_MISSING;
}

unsigned zks__want_round(int64_t since_ms, int64_t now_ms)
{
    int64_t age = now_ms - since_ms;
    return age >= ZKS_WITHHELD_MS     ? 3
           : age >= ZKS_WANT_AGAIN_MS ? 2
           : age >= ZKS_WANT_FIRST_MS ? 1
                                      : 0;
}
