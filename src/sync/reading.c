/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* From the relay: PULL, BLOBS, credit and acknowledgement. */
#include "sync/internal.h"

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

static int poll_pull(zks__sync *s, uint64_t now, zks__action *a)
{
    if (s->pull_idle) {
        s->pull_idle = 0;
        s->pull_at_ms = now + ZKS_SYNC_PULL_IDLE_MS;
    }
    if (now >= s->pull_at_ms) {
        s->pull_at_ms = 0;
    }
    int wanted = s->pull_wanted || s->asked > s->sent_asked;
    if (s->records_due || !wanted || s->pull_open || s->pull_at_ms || s->inbox_full ||
        s->storing_bytes >= ZKS_SYNC_STORING_MAX_BYTES) {
        return 0;
    }
    s->pull_asks = !s->pull_wanted;
    s->pull_wanted = 0;
    s->pull_open = 1;
    s->sent_asked = s->asked;
    a->kind = ZKS_ACTION_PULL;
    a->cursor = s->scanned;
    a->max_bytes = ZKS_SYNC_PULL_BYTES;
    a->max_count = ZKS_SYNC_PULL_COUNT;
    a->flag = s->pull_own;
    return 1;
}

int zks__sync_poll_reading(zks__sync *s, uint64_t now, zks__action *a)
{
    return poll_ack(s, a) || poll_pull(s, now, a);
}

void zks__sync_pull_again(zks__sync *s, uint64_t at_ms)
{
    s->heard = 1;
    s->pull_open = 0;
    s->pull_wanted = 1;
    s->pull_at_ms = at_ms;
}

/* --- questions --- */

uint64_t zks__sync_ask(zks__sync *s)
{
    if (s->asked == s->sent_asked) {
        s->asked++;
    }
    return s->asked;
}

int zks__sync_is_answered(const zks__sync *s, uint64_t question)
{
    return s->answered >= question;
}

void zks__sync_ask_again(zks__sync *s)
{
    s->sent_asked = s->heard_asked = s->answered;
}

static void note_answer(zks__sync *s)
{
    if (s->committed >= s->heard_cursor) {
        s->answered = s->heard_asked;
    }
}

/* --- what the relay sends --- */

zks_status zks__sync_blobs(zks__sync *s, const zks__blobs *b, uint64_t bytes)
{
    int live = (b->flags & ZKS_BLOBS_LIVE) != 0;
    if (s->phase == PHASE_STORING_WELCOME && live) {
        s->consumed += bytes; /* they overtake what we are still storing: the first PULL has them */
        return ZKS_E_STATE;
    }
    if (s->phase != PHASE_LIVE || b->contiguous < b->from || (!live && b->from > s->scanned)) {
        return ZKS_E_PROTOCOL;
    }
    s->heard = 1;
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
    int more = !live && (b->flags & ZKS_BLOBS_MORE);
    if (b->contiguous > s->scanned) {
        s->scanned = b->contiguous;
    } else if (more) {
        s->pull_idle = 1; /* it grew while it was read, or means to keep us busy */
    }
    s->storing_bytes += bytes;
    if (more) {
        s->pull_wanted = 1;
    } else if (!live) {
        s->heard_asked = s->sent_asked;
        s->heard_cursor = s->scanned;
        note_answer(s);
    }
    return ZKS_OK;
}

void zks__sync_notify(zks__sync *s, const zks__notify *n)
{
    if (s->phase == PHASE_LIVE && n->head > s->scanned) {
        s->pull_wanted = 1;
    }
}

void zks__sync_blobs_stored(zks__sync *s, uint32_t attempt, uint64_t contiguous, uint64_t bytes)
{
    if (zks__sync_is_stale(s, attempt) || s->phase != PHASE_LIVE) {
        return;
    }
    if (contiguous > s->committed) {
        s->committed = contiguous;
    }
    s->storing_bytes -= bytes < s->storing_bytes ? bytes : s->storing_bytes;
    s->consumed += bytes;
    note_answer(s);
}
