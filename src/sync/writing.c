/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* To the relay: own entries in flight, their acknowledgement, and what is settled. */
#include "sync/internal.h"

#include <string.h>

int zks__sync_poll_settle(zks__sync *s, zks__action *a)
{
    if (s->skip_n > s->acked_n && !s->flight_count && !s->rewind) {
        s->acked_n = s->skip_n;
    }
    if (s->settling || s->acked_n <= s->settle_n) {
        return 0;
    }
    s->settling = 1;
    s->settle_n = s->acked_n;
    a->kind = ZKS_ACTION_SETTLE;
    a->number = s->settle_n;
    return 1;
}

int zks__sync_poll_fetch(zks__sync *s, uint64_t now, zks__action *a)
{
    if (s->rewind && !s->flight_count && !s->fetching) {
        s->rewind = 0;
        s->next_n = s->acked_n + 1;
    }
    if (now >= s->push_at_ms) {
        s->push_at_ms = 0;
    }
    /* Behind a refusal the next one goes alone, as a question: it may be refused for hours. */
    int asks = s->push_refusals > 0;
    int room = s->flight_bytes < ZKS_SYNC_PUSH_WINDOW_BYTES / 2 &&
               s->flight_count < (asks ? 1 : ZKS_SYNC_PUSH_WINDOW_COUNT / 2);
    if (s->fetching || s->rewind || s->push_at_ms || s->next_n > s->last_n || !room) {
        return 0;
    }
    s->fetching = 1;
    a->kind = ZKS_ACTION_FETCH;
    a->number = s->next_n - 1;
    a->max_bytes = (uint32_t)(ZKS_SYNC_PUSH_WINDOW_BYTES - s->flight_bytes);
    a->max_count = asks ? 1 : (uint32_t)(ZKS_SYNC_PUSH_WINDOW_COUNT - s->flight_count);
    return 1;
}

void zks__sync_settled(zks__sync *s, uint32_t attempt, uint64_t n)
{
    if (zks__sync_is_stale(s, attempt)) {
        return;
    }
    s->settling = 0;
    if (n > s->settled_n) {
        s->settled_n = n;
    }
}

void zks__sync_pushed(zks__sync *s, uint64_t n, const uint8_t blob_id[ZKS_BLOB_ID_BYTES],
                      uint32_t bytes)
{
    if (s->phase != PHASE_LIVE || n < s->next_n || s->flight_count == ZKS_SYNC_PUSH_WINDOW_COUNT) {
        return;
    }
    in_flight *f = &s->flight[(s->flight_first + s->flight_count) % ZKS_SYNC_PUSH_WINDOW_COUNT];
    f->n = n;
    f->bytes = bytes;
    memcpy(f->blob_id, blob_id, sizeof f->blob_id);
    s->flight_count++;
    s->flight_bytes += bytes;
    s->next_n = n + 1;
}

void zks__sync_skip(zks__sync *s, uint64_t n)
{
    if (s->phase == PHASE_LIVE && n >= s->next_n) {
        s->skip_n = n;
        s->next_n = n + 1;
    }
}

void zks__sync_fetched(zks__sync *s, uint32_t attempt)
{
    if (!zks__sync_is_stale(s, attempt)) {
        s->fetching = 0;
    }
}

static int passes(uint32_t code)
{
    switch (code) {
    case ZKS_WIRE_RATE_LIMITED:
    case ZKS_WIRE_GROUP_QUOTA_EXCEEDED:
    case ZKS_WIRE_RELAY_OVERLOADED:
    case ZKS_WIRE_RELAY_SHUTTING_DOWN:
    case ZKS_WIRE_STORAGE_FULL:
    case ZKS_WIRE_BUSY:
    case ZKS_WIRE_CONFLICT:
    case ZKS_WIRE_UNAUTHORIZED:   /* the outbox of a removed device is kept (docs/SECURITY.md, */
    case ZKS_WIRE_DEVICE_REVOKED: /* section 3, rule 3) */
    case ZKS_WIRE_STALE_EPOCH:    /* sealed anew when the records are here */
        return 1;
    default:
        return 0;
    }
}

/* The relay's own time counts, but not again and again without anything getting through: what is
 * refused is up to a whole window of bytes. */
static void refused_for_now(zks__sync *s, uint32_t retry_after_ms, uint64_t now_ms)
{
    if (!s->rewind) {
        s->push_refusals++;
    }
    uint32_t shift = s->push_refusals > 1 ? s->push_refusals - 1 : 0;
    uint64_t wait = shift < 5 ? (uint64_t)ZKS_SYNC_RETRY_PUSH_MS << shift
                              : ZKS_SYNC_BACKOFF_LAST_MS;
    uint32_t wish = zks__sync_patience(retry_after_ms);
    if (wish && (!shift || wish > wait)) {
        wait = wish;
    }
    s->rewind = 1;
    s->push_at_ms = now_ms + wait;
}

void zks__sync_push_again(zks__sync *s)
{
    s->push_refusals = 0;
    s->push_at_ms = 0;
    s->flight_old = s->flight_count;
}

zks_status zks__sync_push_result(zks__sync *s, const zks__push_result *r, uint64_t now_ms,
                                 uint64_t *out_n, uint32_t *out_code)
{
    if (s->phase != PHASE_LIVE || !s->flight_count) {
        return ZKS_E_PROTOCOL;
    }
    in_flight *f = &s->flight[s->flight_first];
    if (memcmp(f->blob_id, r->blob_id, sizeof f->blob_id) != 0) {
        return ZKS_E_PROTOCOL;
    }
    s->flight_first = (s->flight_first + 1) % ZKS_SYNC_PUSH_WINDOW_COUNT;
    s->flight_count--;
    s->flight_bytes -= f->bytes;
    s->heard = 1;
    *out_n = f->n;
    *out_code = 0;
    int old = s->flight_old > 0;
    s->flight_old -= (size_t)old;
    if (old && r->code == ZKS_WIRE_STALE_EPOCH) {
        s->rewind = 1;
        return ZKS_OK;
    }
    if (r->code && passes(r->code)) {
        refused_for_now(s, r->retry_after_ms, now_ms);
        return ZKS_OK;
    }
    if (s->rewind) {
        return ZKS_OK; /* behind a refusal that passes: sent again, the relay knows it by its id */
    }
    *out_code = r->code;
    s->push_refusals = 0;
    s->acked_n = f->n;
    s->acked_bytes += f->bytes;
    return ZKS_OK;
}
