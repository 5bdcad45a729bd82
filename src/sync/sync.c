/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "sync/internal.h"

#include "base/alloc.h"

#include <string.h>

zks_status zks__sync_new(size_t relays, zks__sync **out_sync)
{
    zks__sync *s = zks__alloc_zero(1, sizeof *s);
    if (!s) {
        return ZKS_E_NOMEM;
    }
    s->relays = relays;
    s->home_wait_ms = ZKS_SYNC_HOME_FIRST_MS;
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

/* Away from the first relay: when to go back, and going. */
static void watch_home(zks__sync *s, uint64_t now)
{
    if (s->phase != PHASE_LIVE || s->relay == 0 || s->moving || s->close_wanted) {
        return;
    }
    if (!s->home_at_ms) {
        s->home_at_ms = now + (s->visiting ? (uint64_t)ZKS_SYNC_VISIT_MS : s->home_wait_ms);
    }
    if (now >= s->home_at_ms) {
        s->moving = s->homing = 1;
        s->move_to = 0;
        zks__sync_close(s, 0);
    }
}

static int poll_close(zks__sync *s, uint64_t now, zks__action *a)
{
    if (s->phase == PHASE_IDLE || s->phase == PHASE_CLOSING) {
        return 0;
    }
    if (!s->close_wanted && s->online && now < s->deadline_ms) {
        return 0;
    }
    s->left = !s->close_wanted && !s->online;
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

/* A live relay that owes an answer must give some sign within ZKS_SYNC_ANSWER_MS; what waits for
 * our own disk is not its fault. Without a debt there is no deadline, and no wake-up. */
static void watch_answers(zks__sync *s, uint64_t now)
{
    if (s->phase != PHASE_LIVE) {
        return;
    }
    if (!s->pull_open && !s->flight_count && !s->records_due) {
        s->deadline_ms = UINT64_MAX;
    } else if (s->heard || s->storing_bytes || s->deadline_ms == UINT64_MAX) {
        s->deadline_ms = now + ZKS_SYNC_ANSWER_MS;
    }
    s->heard = 0;
}

void zks__sync_poll(zks__sync *s, uint64_t now_ms, zks__action *out_action)
{
    zks__action *a = out_action;
    memset(a, 0, sizeof *a);
    watch_answers(s, now_ms);
    watch_home(s, now_ms);
    int greeting = poll_close(s, now_ms, a) || poll_connect(s, now_ms, a) || poll_greeting(s, a);
    if (!greeting && s->phase == PHASE_LIVE) {
        (void)(zks__sync_poll_settle(s, a) || zks__sync_poll_reading(s, now_ms, a) ||
               zks__sync_poll_fetch(s, now_ms, a));
        watch_answers(s, now_ms);
    }
    a->attempt = s->attempt;
    a->relay = s->relay;
}

static uint64_t next_of_live(const zks__sync *s)
{
    uint64_t next = s->deadline_ms;
    if (s->relay && s->home_at_ms && s->home_at_ms < next) {
        next = s->home_at_ms;
    }
    if (s->push_at_ms && s->push_at_ms < next && s->next_n <= s->last_n) {
        next = s->push_at_ms;
    }
    int wanted = s->pull_wanted || s->asked > s->sent_asked;
    if (s->pull_at_ms && s->pull_at_ms < next && wanted && !s->inbox_full) {
        next = s->pull_at_ms;
    }
    return next;
}

uint64_t zks__sync_next_ms(const zks__sync *s)
{
    switch (s->phase) {
    case PHASE_IDLE:
        return s->online && s->relays ? s->retry_ms : UINT64_MAX;
    case PHASE_LIVE:
        return next_of_live(s);
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

void zks__sync_look_elsewhere(zks__sync *s)
{
    if (s->phase == PHASE_LIVE && s->relays > 1 && !s->moving) {
        s->moving = 1;
        s->move_to = (s->relay + 1) % s->relays;
        s->visiting = s->move_to != 0;
        zks__sync_close(s, 0);
    }
}

void zks__sync_lacks_records(zks__sync *s, uint64_t now_ms)
{
    if (s->phase != PHASE_LIVE || s->moving) {
        return;
    }
    if (now_ms - s->lacked_ms > ZKS_SYNC_RECORDS_CALM_MS) {
        s->lacks = 0;
    }
    s->move_ms = s->lacks ? (uint64_t)ZKS_SYNC_BACKOFF_FIRST_MS << (s->lacks < 9 ? s->lacks : 9)
                          : 0;
    s->move_ms = s->move_ms < ZKS_SYNC_RECORDS_LAST_MS ? s->move_ms : ZKS_SYNC_RECORDS_LAST_MS;
    s->lacks++;
    s->lacked_ms = now_ms;
    s->moving = 1;
    s->move_to = s->relay;
    zks__sync_close(s, 0);
}

/* --- the link --- */

void zks__sync_link_ready(zks__sync *s, uint32_t attempt, uint64_t now_ms)
{
    if (zks__sync_is_stale(s, attempt) || s->phase != PHASE_LINK) {
        return;
    }
    s->phase = PHASE_LOAD;
    s->deadline_ms = now_ms + ZKS_SYNC_WELCOME_MS;
}

static void forget_session(zks__sync *s)
{
    s->phase = PHASE_IDLE;
    s->flight_first = s->flight_count = s->flight_old = 0;
    s->flight_bytes = 0;
    s->fetching = s->settling = s->rewind = 0;
    s->settle_n = s->settled_n;
    s->pull_wanted = s->pull_open = s->pull_asks = s->pull_own = 0;
    zks__sync_ask_again(s);
    s->storing_bytes = s->consumed = s->consumed_told = 0;
    s->push_at_ms = s->pull_at_ms = 0;
    s->pull_idle = s->heard = 0;
    s->skip_n = 0;
    s->close_wanted = s->moving = s->left = 0;
    s->move_ms = 0;
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
    if (zks__sync_is_stale(s, attempt) || s->phase == PHASE_IDLE) {
        return;
    }
    int was_live = s->phase == PHASE_LIVE;
    int moving = s->moving, left = s->left;
    uint64_t move_ms = s->move_ms;
    int lacked_records = s->refusal == ZKS_WIRE_UNAUTHORIZED && !s->attached && !was_live;
    forget_session(s);
    if (zks__sync_patience(retry_after_ms) > s->retry_after_ms) {
        s->retry_after_ms = zks__sync_patience(retry_after_ms);
    }
    if (lacked_records && status != ZKS_E_RELAY_KEY_CHANGED) {
        s->attach_next = 1;
        s->retry_ms = now_ms;
        return;
    }
    if (left && s->online) { /* wanted again while the link ended at our own wish */
        s->retry_ms = now_ms;
        return;
    }
    if (moving) {
        s->relay = s->move_to;
        s->retry_ms = now_ms + (move_ms > s->retry_after_ms ? move_ms : s->retry_after_ms);
        return;
    }
    if (!was_live && s->online) {
        if (s->homing && s->home_wait_ms < ZKS_SYNC_HOME_LAST_MS) {
            s->home_wait_ms *= 2; /* it is still away */
        }
        s->homing = 0;
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
    if (zks__sync_is_stale(s, attempt) || s->phase != PHASE_LOADING) {
        return;
    }
    take_row(s, row);
    s->attach = row->attach || s->attach_next;
    s->attach_next = 0;
    s->phase = PHASE_HELLO;
}

void zks__sync_welcomed(zks__sync *s, uint32_t attempt, const zks__sync_row *row, int pull_own)
{
    if (zks__sync_is_stale(s, attempt) || s->phase != PHASE_STORING_WELCOME) {
        return;
    }
    take_row(s, row);
    s->pull_own = pull_own;
    s->pull_wanted = 1;
    s->failures = 0;
    s->home_at_ms = 0;
    s->homing = 0;
    if (s->relay == 0) {
        s->home_wait_ms = ZKS_SYNC_HOME_FIRST_MS;
        s->visiting = 0;
    }
    s->deadline_ms = UINT64_MAX;
    s->phase = PHASE_LIVE;
}

/* --- messages of the relay --- */

zks_status zks__sync_welcome(zks__sync *s, const zks__welcome *w)
{
    if (s->phase != PHASE_WELCOME || w->version != ZKS_WIRE_VERSION) {
        return ZKS_E_PROTOCOL;
    }
    s->records_due = w->records_follow;
    s->phase = PHASE_STORING_WELCOME;
    return ZKS_OK;
}

void zks__sync_records(zks__sync *s, uint32_t attempt)
{
    if (!zks__sync_is_stale(s, attempt) && s->records_due) {
        s->records_due--;
        s->heard = 1;
    }
}

void zks__sync_refused(zks__sync *s, uint32_t code, uint32_t retry_after_ms)
{
    s->refusal = code;
    if (zks__sync_patience(retry_after_ms) > s->retry_after_ms) {
        s->retry_after_ms = zks__sync_patience(retry_after_ms);
    }
}

void zks__sync_error(zks__sync *s, uint8_t about, uint32_t code, uint32_t retry_after_ms,
                     uint64_t now_ms)
{
    if (s->phase == PHASE_LIVE && about == ZKS_MESSAGE_PULL) {
        uint32_t wish = zks__sync_patience(retry_after_ms);
        zks__sync_pull_again(
            s, now_ms + (wish > ZKS_SYNC_RETRY_PULL_MS ? wish : ZKS_SYNC_RETRY_PULL_MS));
        return;
    }
    zks__sync_refused(s, code, retry_after_ms);
    if (s->phase == PHASE_LIVE && about == ZKS_MESSAGE_PUSH) {
        zks__sync_close(s, 0); /* which of those in flight it means is not known */
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
    int pulls = s->pull_wanted || (s->pull_open && !s->pull_asks);
    return s->phase == PHASE_LIVE && !s->records_due && !pulls && !s->storing_bytes;
}

uint32_t zks__sync_refusal(const zks__sync *s)
{
    return s->refusal;
}

uint32_t zks__sync_failures(const zks__sync *s)
{
    return s->failures;
}
