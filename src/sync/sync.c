/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "sync/sync.h"

#include "base/alloc.h"

#include <string.h>

typedef enum phase {
    PHASE_IDLE = 0, /* offline, or waiting for retry_ms */
    PHASE_LINK,     /* CONNECT was given */
    PHASE_LOAD,     /* the link is ready, LOAD to give */
    PHASE_LOADING,
    PHASE_HELLO, /* HELLO to give */
    PHASE_WELCOME,
    PHASE_STORING_WELCOME,
    PHASE_LIVE,
    PHASE_CLOSING /* CLOSE was given, link_down to come */
} phase;

typedef struct in_flight {
    uint64_t n;
    uint32_t bytes;
    uint8_t blob_id[ZKS_BLOB_ID_BYTES];
} in_flight;

struct zks__sync {
    size_t relays, relay;
    int online, close_wanted;
    uint64_t close_code;
    phase phase;
    uint32_t attempt, failures;
    uint64_t retry_ms, deadline_ms;
    uint32_t retry_after_ms, refusal;
    int attach, attach_next,
        attached; /* own records with HELLO: now, in any case next time, was done */

    /* reading */
    uint64_t scanned;   /* contiguous, handed to the store */
    uint64_t committed; /* contiguous, committed */
    uint64_t acked;     /* told to the relay */
    uint64_t storing_bytes, consumed, consumed_told;
    int pull_wanted, pull_open, pull_own, inbox_full;

    /* writing */
    uint64_t last_n, next_n;      /* durable here; next to send */
    uint64_t acked_n;             /* contiguous, acknowledged by the relay */
    uint64_t skip_n;              /* nothing left to send up to here, once the flight has landed */
    uint64_t settle_n, settled_n; /* given to store; stored */
    int settling, fetching, rewind;
    uint64_t push_at_ms;
    uint64_t flight_bytes, acked_bytes;
    size_t flight_first, flight_count;
    in_flight flight[ZKS_SYNC_PUSH_WINDOW_COUNT];
};

zks_status zks__sync_new(size_t relays, zks__sync **out_sync)
{
    zks__sync *s = zks__alloc_zero(1, sizeof *s);
    if (!s) {
        return ZKS_E_NOMEM;
    }
    s->relays = relays;
    *out_sync = s;
    return ZKS_OK;
}

void zks__sync_free(zks__sync *s)
{
    zks__free(s);
}

/* --- polling --- */

static int poll_connect(zks__sync *s, uint64_t now, zks__action *a)
{
    if (s->phase != PHASE_IDLE || !s->online || !s->relays || now < s->retry_ms) {
        return 0;
    }
    s->phase = PHASE_LINK;
    s->attempt++;
    s->refusal = 0;
    s->retry_after_ms = 0;
    s->close_wanted = 0;
    s->deadline_ms = UINT64_MAX; /* the link has its own until it is ready */
    a->kind = ZKS_ACTION_CONNECT;
    return 1;
}

static int poll_close(zks__sync *s, uint64_t now, zks__action *a)
{
    if (s->phase == PHASE_IDLE || s->phase == PHASE_CLOSING) {
        return 0;
    }
    if (!s->close_wanted && s->online && now < s->deadline_ms) {
        return 0;
    }
    s->phase = PHASE_CLOSING;
    a->kind = ZKS_ACTION_CLOSE;
    a->code = s->close_wanted ? s->close_code : 0;
    return 1;
}

static int poll_greeting(zks__sync *s, zks__action *a)
{
    if (s->phase == PHASE_LOAD) {
        s->phase = PHASE_LOADING;
        a->kind = ZKS_ACTION_LOAD;
        return 1;
    }
    if (s->phase == PHASE_HELLO) {
        s->phase = PHASE_WELCOME;
        a->kind = ZKS_ACTION_HELLO;
        a->cursor = s->committed;
        a->flag = s->attached = s->attach;
        return 1;
    }
    return 0;
}

static int poll_settle(zks__sync *s, zks__action *a)
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

static int poll_ack(zks__sync *s, zks__action *a)
{
    if (s->committed <= s->acked && s->consumed <= s->consumed_told) {
        return 0;
    }
    if (s->inbox_full && s->committed <= s->acked) {
        return 0;
    }
    s->acked = s->committed;
    if (!s->inbox_full) {
        s->consumed_told = s->consumed;
    }
    a->kind = ZKS_ACTION_ACK;
    a->cursor = s->acked;
    a->number = s->consumed_told;
    return 1;
}

static int poll_pull(zks__sync *s, zks__action *a)
{
    if (!s->pull_wanted || s->pull_open || s->inbox_full ||
        s->storing_bytes >= ZKS_SYNC_STORING_MAX_BYTES) {
        return 0;
    }
    s->pull_wanted = 0;
    s->pull_open = 1;
    a->kind = ZKS_ACTION_PULL;
    a->cursor = s->scanned;
    a->max_bytes = ZKS_SYNC_PULL_BYTES;
    a->max_count = ZKS_SYNC_PULL_COUNT;
    a->flag = s->pull_own;
    return 1;
}

static int poll_fetch(zks__sync *s, uint64_t now, zks__action *a)
{
    if (s->rewind && !s->flight_count && !s->fetching) {
        s->rewind = 0;
        s->next_n = s->acked_n + 1;
    }
    int room = s->flight_bytes < ZKS_SYNC_PUSH_WINDOW_BYTES / 2 &&
               s->flight_count < ZKS_SYNC_PUSH_WINDOW_COUNT / 2;
    if (s->fetching || s->rewind || now < s->push_at_ms || s->next_n > s->last_n || !room) {
        return 0;
    }
    s->fetching = 1;
    a->kind = ZKS_ACTION_FETCH;
    a->number = s->next_n - 1;
    a->max_bytes = (uint32_t)(ZKS_SYNC_PUSH_WINDOW_BYTES - s->flight_bytes);
    a->max_count = (uint32_t)(ZKS_SYNC_PUSH_WINDOW_COUNT - s->flight_count);
    return 1;
}

void zks__sync_poll(zks__sync *s, uint64_t now_ms, zks__action *out_action)
{
    zks__action *a = out_action;
    memset(a, 0, sizeof *a);
    int greeting = poll_close(s, now_ms, a) || poll_connect(s, now_ms, a) || poll_greeting(s, a);
    if (!greeting && s->phase == PHASE_LIVE) {
        (void)(poll_settle(s, a) || poll_ack(s, a) || poll_pull(s, a) || poll_fetch(s, now_ms, a));
    }
    a->attempt = s->attempt;
    a->relay = s->relay;
}

uint64_t zks__sync_next_ms(const zks__sync *s)
{
    switch (s->phase) {
    case PHASE_IDLE:
        return s->online && s->relays ? s->retry_ms : UINT64_MAX;
    case PHASE_LIVE:
        return s->push_at_ms && s->next_n <= s->last_n ? s->push_at_ms : UINT64_MAX;
    case PHASE_CLOSING:
        return UINT64_MAX;
    default:
        return s->deadline_ms;
    }
}

/* --- what the app wants --- */

void zks__sync_set_online(zks__sync *s, int online, uint64_t now_ms)
{
    s->online = online;
    if (online) {
        zks__sync_hurry(s, now_ms);
    }
}

void zks__sync_hurry(zks__sync *s, uint64_t now_ms)
{
    s->failures = 0;
    if (s->phase == PHASE_IDLE) {
        s->retry_ms = now_ms;
    }
}

void zks__sync_close(zks__sync *s, uint64_t code)
{
    if (s->phase != PHASE_IDLE && s->phase != PHASE_CLOSING) {
        s->close_wanted = 1;
        s->close_code = code;
    }
}

void zks__sync_stored(zks__sync *s, uint64_t last_n)
{
    if (last_n > s->last_n) {
        s->last_n = last_n;
    }
}

void zks__sync_inbox_full(zks__sync *s, int full)
{
    s->inbox_full = full;
}

/* --- the link --- */

static int stale(const zks__sync *s, uint32_t attempt)
{
    return attempt != s->attempt;
}

void zks__sync_link_ready(zks__sync *s, uint32_t attempt, uint64_t now_ms)
{
    if (stale(s, attempt) || s->phase != PHASE_LINK) {
        return;
    }
    s->phase = PHASE_LOAD;
    s->deadline_ms = now_ms + ZKS_SYNC_WELCOME_MS;
}

static void forget_session(zks__sync *s)
{
    s->phase = PHASE_IDLE;
    s->flight_first = s->flight_count = 0;
    s->flight_bytes = 0;
    s->fetching = s->settling = s->rewind = 0;
    s->settle_n = s->settled_n;
    s->pull_wanted = s->pull_open = s->pull_own = 0;
    s->storing_bytes = s->consumed = s->consumed_told = 0;
    s->push_at_ms = 0;
    s->skip_n = 0;
    s->close_wanted = 0;
}

/* Exponential from 1 s to 30 s with random jitter up to 5 s (never more than the base), not below
 * the relay's wish. */
static uint64_t backoff_ms(const zks__sync *s, uint32_t random)
{
    uint32_t shift = s->failures > 1 ? s->failures - 1 : 0;
    uint64_t base = shift < 5 ? (uint64_t)ZKS_SYNC_BACKOFF_FIRST_MS << shift
                              : ZKS_SYNC_BACKOFF_LAST_MS;
    if (base > ZKS_SYNC_BACKOFF_LAST_MS) {
        base = ZKS_SYNC_BACKOFF_LAST_MS;
    }
    uint64_t jitter_max = base < ZKS_SYNC_JITTER_MS ? base : ZKS_SYNC_JITTER_MS;
    uint64_t delay = base + random % (jitter_max + 1);
    return delay > s->retry_after_ms ? delay : s->retry_after_ms;
}

void zks__sync_link_down(zks__sync *s, uint32_t attempt, zks_status status, uint32_t retry_after_ms,
                         uint32_t random, uint64_t now_ms)
{
    if (stale(s, attempt) || s->phase == PHASE_IDLE) {
        return;
    }
    int was_live = s->phase == PHASE_LIVE;
    int lacked_records = s->refusal == ZKS_WIRE_UNAUTHORIZED && !s->attached && !was_live;
    forget_session(s);
    if (retry_after_ms > s->retry_after_ms) {
        s->retry_after_ms = retry_after_ms;
    }
    if (lacked_records && status != ZKS_E_RELAY_KEY_CHANGED) {
        s->attach_next = 1;
        s->retry_ms = now_ms;
        return;
    }
    if (!was_live && s->online) {
        s->relay = s->relays ? (s->relay + 1) % s->relays : 0;
    }
    s->failures++;
    s->retry_ms = now_ms + backoff_ms(s, random);
}

/* --- storage answers --- */

static void take_row(zks__sync *s, const zks__sync_row *row)
{
    s->scanned = s->committed = s->acked = row->read_cursor;
    s->acked_n = s->settle_n = s->settled_n = row->acked_n;
    s->next_n = row->acked_n + 1;
}

void zks__sync_loaded(zks__sync *s, uint32_t attempt, const zks__sync_row *row)
{
    if (stale(s, attempt) || s->phase != PHASE_LOADING) {
        return;
    }
    take_row(s, row);
    s->attach = row->attach || s->attach_next;
    s->attach_next = 0;
    s->phase = PHASE_HELLO;
}

void zks__sync_welcomed(zks__sync *s, uint32_t attempt, const zks__sync_row *row, int pull_own)
{
    if (stale(s, attempt) || s->phase != PHASE_STORING_WELCOME) {
        return;
    }
    take_row(s, row);
    s->pull_own = pull_own;
    s->pull_wanted = 1;
    s->failures = 0;
    s->deadline_ms = UINT64_MAX;
    s->phase = PHASE_LIVE;
}

void zks__sync_blobs_stored(zks__sync *s, uint32_t attempt, uint64_t contiguous, uint64_t bytes)
{
    if (stale(s, attempt) || s->phase != PHASE_LIVE) {
        return;
    }
    if (contiguous > s->committed) {
        s->committed = contiguous;
    }
    s->storing_bytes -= bytes < s->storing_bytes ? bytes : s->storing_bytes;
    s->consumed += bytes;
}

void zks__sync_settled(zks__sync *s, uint32_t attempt, uint64_t n)
{
    if (stale(s, attempt)) {
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
    if (!stale(s, attempt)) {
        s->fetching = 0;
    }
}

/* --- messages of the relay --- */

zks_status zks__sync_welcome(zks__sync *s, const zks__welcome *w)
{
    if (s->phase != PHASE_WELCOME || w->version != ZKS_WIRE_VERSION) {
        return ZKS_E_PROTOCOL;
    }
    s->phase = PHASE_STORING_WELCOME;
    return ZKS_OK;
}

zks_status zks__sync_blobs(zks__sync *s, const zks__blobs *b, uint64_t bytes)
{
    if (s->phase != PHASE_LIVE || b->contiguous < b->from) {
        return ZKS_E_PROTOCOL;
    }
    int live = (b->flags & ZKS_BLOBS_LIVE) != 0;
    if (!live) {
        s->pull_open = 0;
    }
    if (b->from > s->scanned) {
        s->pull_wanted = 1; /* something in between is not here: ask from where we really are */
        s->consumed += bytes;
        return ZKS_E_STATE;
    }
    uint64_t reached = b->from;
    zks__wire_list list = b->blobs;
    zks__blob_item item;
    while (zks__wire_next_blob(&list, &item)) {
        if (item.cursor <= reached || item.cursor > b->contiguous) {
            return ZKS_E_PROTOCOL;
        }
        reached = item.cursor;
    }
    /* "Nothing there" is believed only as far as blobs or our own question reach: an absurd cursor
     * would deafen us. */
    if (b->contiguous >> 53) {
        return ZKS_E_PROTOCOL;
    }
    if (b->contiguous > s->scanned) {
        s->scanned = b->contiguous;
    }
    s->storing_bytes += bytes;
    if (!live && (b->flags & ZKS_BLOBS_MORE)) {
        s->pull_wanted = 1;
    }
    return ZKS_OK;
}

void zks__sync_notify(zks__sync *s, const zks__notify *n)
{
    if (s->phase == PHASE_LIVE && n->head > s->scanned) {
        s->pull_wanted = 1;
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
    case ZKS_WIRE_STALE_EPOCH: /* re-sealing comes with the trust layer; nothing is lost by waiting
                                */
        return 1;
    default:
        return 0;
    }
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
    *out_n = f->n;
    *out_code = 0;
    if (r->code && passes(r->code)) {
        uint32_t wait = r->retry_after_ms ? r->retry_after_ms : ZKS_SYNC_RETRY_PUSH_MS;
        s->rewind = 1;
        s->push_at_ms = now_ms + wait;
        return ZKS_OK;
    }
    if (s->rewind) {
        return ZKS_OK; /* behind a refusal that passes: sent again, the relay knows it by its id */
    }
    *out_code = r->code;
    s->acked_n = f->n;
    s->acked_bytes += f->bytes;
    return ZKS_OK;
}

void zks__sync_refused(zks__sync *s, uint32_t code, uint32_t retry_after_ms)
{
    s->refusal = code;
    if (retry_after_ms > s->retry_after_ms) {
        s->retry_after_ms = retry_after_ms;
    }
}

/* --- for reports and waiting operations --- */

zks__sync_state zks__sync_state_of(const zks__sync *s)
{
    if (s->phase == PHASE_LIVE) {
        return ZKS_SYNC_CONNECTED;
    }
    if (s->phase != PHASE_IDLE) {
        return s->online ? ZKS_SYNC_CONNECTING : ZKS_SYNC_OFFLINE;
    }
    return s->online ? ZKS_SYNC_WAITING : ZKS_SYNC_OFFLINE;
}

size_t zks__sync_relay(const zks__sync *s)
{
    return s->relay;
}

uint32_t zks__sync_attempt(const zks__sync *s)
{
    return s->attempt;
}

uint64_t zks__sync_settled_n(const zks__sync *s)
{
    return s->settled_n;
}

uint64_t zks__sync_retry_ms(const zks__sync *s)
{
    return s->retry_ms;
}

uint64_t zks__sync_cursor(const zks__sync *s)
{
    return s->committed;
}

uint64_t zks__sync_acked_bytes(const zks__sync *s)
{
    return s->acked_bytes;
}

int zks__sync_caught_up(const zks__sync *s)
{
    return s->phase == PHASE_LIVE && !s->pull_wanted && !s->pull_open && !s->storing_bytes;
}

uint32_t zks__sync_refusal(const zks__sync *s)
{
    return s->refusal;
}

uint32_t zks__sync_failures(const zks__sync *s)
{
    return s->failures;
}
