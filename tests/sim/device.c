/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What the client's glue does between src/sync, the storage thread and the link: the same order,
 * the same decisions. */
#include "sim/sim.h"

#include "client/ledger_internal.h"

#include <string.h>

enum { TICK_MS = 5 * 60 * 1000 }; /* the client's is a minute: less to do here */

/* --- life --- */

void sim_slot_start(sim_slot *s)
{
    sim_world *w = s->world;
    if (zks__sync_new(SIM_RELAYS, &s->sync)) {
        sim_fail(w, "no memory");
        return;
    }
    s->life++;
    s->running = true;
    s->link = -1;
    s->timer_at = UINT64_MAX;
    s->tick_at = w->now;
    s->ticking = s->tick_again = s->pumping = s->pump_again = false;
    s->caught_up = 0;
    s->rotating = false;
    s->rotate_at = 0;
    if (s->life > 1) {
        sim_members_forget(s->ledger);
        zks__ledger_rolled_back(s->ledger, true);
        zks__ledger_reload(s->ledger);
    }
    sim_trace(w, "slot %zu starts", s->index);
    zks__sync_stored(s->sync, zks__ledger_last_n(s->ledger));
    zks__sync_set_online(s->sync, s->online_wanted, w->now);
    sim_slot_pump(s);
}

void sim_slot_kill(sim_slot *s)
{
    if (!s->running) {
        return;
    }
    sim_trace(s->world, "slot %zu dies", s->index);
    s->running = false;
    s->here_since = UINT64_MAX;
    s->life++;
    for (size_t i = 0; i < s->job_count; i++) { /* what was only queued was never STORED */
        sim_job *j = &s->jobs[i];
        for (size_t k = 0; j->kind == SIM_JOB_PUSH && k < j->words; k++) {
            s->world->words[j->word + k].state = SIM_WORD_FREE;
        }
    }
    sim_jobs_drop(s);
    sim_offers_end(s);
    if (s->link >= 0) {
        s->world->links[s->link].up = false;
    }
    s->link = -1;
    zks__record_list_done(&s->records);
    zks__sync_free(s->sync);
    s->sync = NULL;
}

void sim_slot_push(sim_slot *s, size_t count)
{
    sim_world *w = s->world;
    if (w->word_count + count > SIM_WORDS_MAX) {
        return;
    }
    sim_job *j = sim_job_add(s, SIM_JOB_PUSH);
    if (!j) {
        return;
    }
    j->word = w->word_count;
    j->words = count;
    for (size_t i = 0; i < count; i++) {
        w->words[w->word_count++] = (sim_word){.state = SIM_WORD_QUEUED, .slot = (uint8_t)s->index};
    }
}

/* --- actions of the machine --- */

static void send_hello(sim_slot *s, const zks__action *a)
{
    zks__message m = {.type = ZKS_MESSAGE_HELLO};
    m.hello.version = ZKS_WIRE_VERSION;
    m.hello.resume = a->cursor;
    memcpy(m.hello.member, s->records.member, sizeof m.hello.member);
    memcpy(m.hello.known, s->records.digest, sizeof m.hello.known);
    memcpy(m.hello.incarnation, s->incarnation, sizeof m.hello.incarnation);
    if (a->flag) {
        m.hello.records = (zks__wire_list){.count = s->records.count, .items = s->records.items};
    }
    sim_send(s->world, s->link, true, &m);
}

static void send_items(sim_slot *s, const sim_job *j)
{
    for (size_t i = 0; i < j->sealed_count; i++) {
        const zks__sealed *e = &j->sealed[i];
        zks__push_item item = {.ttl_s = e->ttl_s, .blob = {e->blob->data, e->blob->length}};
        memcpy(item.blob_id, e->blob_id, sizeof item.blob_id);
        zks__message m = {.type = ZKS_MESSAGE_PUSH, .push.blobs = {.count = 1, .items = &item}};
        sim_send(s->world, s->link, true, &m);
        zks__sync_pushed(s->sync, e->n, e->blob_id, (uint32_t)e->blob->length);
    }
}

static void do_action(sim_slot *s, const zks__action *a)
{
    sim_world *w = s->world;
    zks__message m = {.type = ZKS_MESSAGE_ACK, .ack = {.cursor = a->cursor, .consumed = a->number}};
    sim_job *j;
    switch (a->kind) {
    case ZKS_ACTION_CONNECT:
        s->link = sim_link_open(w, s->index, a->relay, a->attempt);
        break;
    case ZKS_ACTION_CLOSE:
        sim_link_close(w, s->link);
        break;
    case ZKS_ACTION_LOAD:
        (void)sim_job_add(s, SIM_JOB_LOAD);
        break;
    case ZKS_ACTION_HELLO:
        send_hello(s, a);
        break;
    case ZKS_ACTION_SETTLE:
        j = sim_job_add(s, SIM_JOB_SETTLE);
        if (j) {
            j->number = a->number;
        }
        break;
    case ZKS_ACTION_ACK:
        sim_send(w, s->link, true, &m);
        break;
    case ZKS_ACTION_PULL:
        m.type = ZKS_MESSAGE_PULL;
        m.pull = (zks__pull){a->cursor, a->max_bytes, a->max_count,
                             a->flag ? (uint8_t)ZKS_PULL_OWN : 0};
        sim_send(w, s->link, true, &m);
        break;
    case ZKS_ACTION_FETCH:
        j = sim_job_add(s, SIM_JOB_FETCH);
        if (j) {
            j->number = a->number;
            j->max_bytes = a->max_bytes;
            j->max_count = a->max_count;
        }
        break;
    default:
        break;
    }
}

static void tick_soon(sim_slot *s)
{
    s->tick_again = s->ticking;
    s->tick_at = s->ticking ? s->tick_at : s->world->now;
}

static void arm_timer(sim_slot *s)
{
    sim_world *w = s->world;
    uint64_t next = zks__sync_next_ms(s->sync);
    if (!s->ticking && s->tick_at < next) {
        next = s->tick_at;
    }
    if (next == UINT64_MAX) {
        s->timer_at = UINT64_MAX;
        return;
    }
    next = next > w->now ? next : w->now + 1;
    if (next != s->timer_at) {
        s->timer_at = next;
        sim_at(w, next - w->now, SIM_EVENT_TIMER, (int)s->index, s->life, NULL);
    }
}

void sim_slot_pump(sim_slot *s)
{
    if (s->pumping) {
        s->pump_again = true;
        return;
    }
    s->pumping = true;
    do {
        s->pump_again = false;
        zks__action a;
        for (zks__sync_poll(s->sync, s->world->now, &a); a.kind && !s->world->result.failed;
             zks__sync_poll(s->sync, s->world->now, &a)) {
            do_action(s, &a);
        }
        if (s->caught_up != zks__sync_attempt(s->sync) && zks__sync_caught_up(s->sync)) {
            s->caught_up = zks__sync_attempt(s->sync);
            s->here_since = s->world->now;
            tick_soon(s); /* what waited for that */
        }
    } while (s->pump_again);
    s->pumping = false;
    arm_timer(s);
}

void sim_slot_timer(sim_slot *s)
{
    sim_job *j = !s->ticking && s->world->now >= s->tick_at ? sim_job_add(s, SIM_JOB_TICK) : NULL;
    if (j) {
        s->ticking = true;
        j->caught_up = zks__sync_caught_up(s->sync);
        j->may_rotate = j->caught_up && !s->rotating && s->world->now >= s->rotate_at;
    }
    sim_slot_pump(s);
}

/* --- the link --- */

void sim_slot_ready(sim_slot *s, int link)
{
    if (link == s->link) {
        zks__sync_link_ready(s->sync, s->world->links[link].attempt, s->world->now);
        sim_slot_pump(s);
    }
}

void sim_slot_down(sim_slot *s, int link)
{
    sim_world *w = s->world;
    if (link != s->link) {
        return;
    }
    w->links[link].up = false;
    s->link = -1;
    s->here_since = UINT64_MAX;
    sim_offers_end(s);
    zks__sync_link_down(s->sync, w->links[link].attempt, ZKS_E_CONNECTION_LOST, 0,
                        (uint32_t)sim_random(w), w->now);
    sim_slot_pump(s);
}

static bool is_current(const sim_slot *s, const sim_job *j)
{
    return s->link >= 0 && s->world->links[s->link].up && j->attempt == zks__sync_attempt(s->sync);
}

/* --- messages --- */

static sim_job *message_job(sim_slot *s, sim_job_kind kind, zks__buf *bytes)
{
    sim_job *j = sim_job_add(s, kind);
    if (j) {
        j->bytes = zks__buf_ref(bytes);
    }
    return j;
}

static uint64_t bytes_of(zks__wire_list list)
{
    uint64_t bytes = 0;
    zks__blob_item item;
    while (zks__wire_next_blob(&list, &item)) {
        bytes += item.blob.length;
    }
    return bytes;
}

static void on_blobs(sim_slot *s, const zks__message *m, zks__buf *bytes)
{
    uint64_t size = bytes_of(m->blobs.blobs);
    zks_status status = zks__sync_blobs(s->sync, &m->blobs, size);
    if (status == ZKS_E_PROTOCOL) {
        if (!s->world->options.evil) {
            sim_fail(s->world, "slot %zu: blobs of an honest relay are out of order", s->index);
        }
        zks__sync_close(s->sync, 0);
    }
    sim_job *j = status ? NULL : message_job(s, SIM_JOB_BLOBS, bytes);
    if (j) {
        if (s->world->options.mutation == SIM_EARLY_ACK) {
            zks__sync_blobs_stored(s->sync, j->attempt, m->blobs.contiguous, size);
        }
    }
}

static void on_push_ack(sim_slot *s, const zks__message *m)
{
    sim_world *w = s->world;
    zks__wire_list list = m->push_ack.results;
    zks__push_result r;
    while (zks__wire_next_result(&list, &r)) {
        uint64_t n = 0;
        uint32_t code = 0;
        if (w->options.mutation == SIM_REFUSED_IS_DONE) {
            r.code = 0;
        }
        if (zks__sync_push_result(s->sync, &r, w->now, &n, &code)) {
            if (!w->options.evil) {
                sim_fail(w, "slot %zu: an honest relay acknowledged what was not sent", s->index);
            }
            zks__sync_close(s->sync, 0);
            return;
        }
        sim_job *j = code ? sim_job_add(s, SIM_JOB_REFUSED) : NULL;
        if (j) {
            j->number = n;
            j->code = code;
        }
        if (w->options.mutation == SIM_PUSH_ACK_CURSOR && !r.code) {
            zks__sync_blobs_stored(s->sync, zks__sync_attempt(s->sync), r.cursor, 0);
        }
    }
}

static void on_records(sim_slot *s, const zks__message *m, zks__buf *bytes)
{
    if (m->records.action != ZKS_RECORDS_PUT) {
        return;
    }
    if (m->records.records.count) {
        (void)message_job(s, SIM_JOB_RECORDS, bytes);
    } else {
        sim_offers_answered(s, true);
    }
}

static void on_error(sim_slot *s, const zks__error_message *m)
{
    if (m->about == ZKS_MESSAGE_RECORDS) {
        sim_offers_answered(s, false);
    } else {
        zks__sync_error(s->sync, m->about, m->code, m->retry_after_ms, s->world->now);
    }
}

void sim_slot_message(sim_slot *s, int link, const zks__message *m, zks__buf *bytes)
{
    if (link != s->link) {
        return;
    }
    switch (m->type) {
    case ZKS_MESSAGE_WELCOME:
        s->head = m->welcome.head;
        if (!zks__sync_welcome(s->sync, &m->welcome)) {
            (void)message_job(s, SIM_JOB_WELCOME, bytes);
        }
        break;
    case ZKS_MESSAGE_BLOBS:
        on_blobs(s, m, bytes);
        break;
    case ZKS_MESSAGE_PUSH_ACK:
        on_push_ack(s, m);
        break;
    case ZKS_MESSAGE_RECORDS:
        on_records(s, m, bytes);
        break;
    case ZKS_MESSAGE_BYE:
        zks__sync_refused(s->sync, m->bye.code, m->bye.retry_after_ms);
        break;
    case ZKS_MESSAGE_ERROR:
        on_error(s, &m->error);
        break;
    case ZKS_MESSAGE_NOTIFY:
        zks__sync_notify(s->sync, &m->notify);
        break;
    default:
        break;
    }
    sim_slot_pump(s);
}

/* --- finished jobs --- */

static void store_failed(sim_slot *s)
{
    zks__sync_close(s->sync, 0);
}

static void loaded(sim_slot *s, sim_job *j)
{
    if (!is_current(s, j)) {
        return;
    }
    if (j->status) {
        store_failed(s);
        return;
    }
    zks__record_list_done(&s->records);
    s->records = j->records;
    memset(&j->records, 0, sizeof j->records);
    memcpy(s->incarnation, j->state.row.incarnation, sizeof s->incarnation);
    bool attach = j->state.attach && s->world->options.mutation != SIM_RECORDS_STAY;
    zks__sync_row row = {j->state.row.read_cursor, j->state.row.acked_n, attach};
    zks__sync_loaded(s->sync, j->attempt, &row);
}

static void took_records(sim_slot *s, const sim_job *j)
{
    zks__message m;
    (void)!zks__wire_decode(j->bytes->data, j->bytes->length, &m);
    if (j->status) {
        if (is_current(s, j)) {
            store_failed(s); /* the next WELCOME brings them again */
        }
        return;
    }
    if (j->taken.moved) {
        zks__sync_push_again(s->sync);
    }
    tick_soon(s);
    if (m.records.records.count) {
        zks__sync_records(s->sync, j->attempt);
    }
}

static void welcomed(sim_slot *s, sim_job *j)
{
    s->new_chains += !j->status && j->state.rewound;
    if (!is_current(s, j)) {
        return;
    }
    if (j->status) {
        store_failed(s);
    } else if (j->state.stale) {
        zks__sync_close(s->sync, 0);
    } else {
        zks__sync_row row = {j->state.row.read_cursor, j->state.row.acked_n, 0};
        if (j->state.taken.moved) {
            zks__sync_push_again(s->sync);
        }
        zks__sync_stored(s->sync, j->state.last_n);
        zks__sync_welcomed(s->sync, j->attempt, &row, j->state.pull_own);
        if (s->plan && zks__sync_relay(s->sync) != 0) {
            sim_offers_epoch(s, SIM_CAUSE_APP, s->plan - 1);
            s->plan = 0;
        }
        if (s->world->options.mutation == SIM_HIGHEST_CURSOR) {
            zks__sync_blobs_stored(s->sync, j->attempt, s->head, 0);
        }
    }
}

static void settled(sim_slot *s, const sim_job *j)
{
    if (!is_current(s, j)) {
        return;
    }
    if (j->status) {
        store_failed(s);
    } else if (j->state.stale) {
        zks__sync_close(s->sync, 0);
    } else {
        zks__sync_settled(s->sync, j->attempt, j->number);
        sim_check_settled(s, j->number);
    }
}

static void fetched(sim_slot *s, const sim_job *j)
{
    bool current = is_current(s, j);
    if (current && !j->status) {
        if (!j->sealed_count) {
            zks__sync_skip(s->sync, j->last_n);
        }
        send_items(s, j);
    }
    zks__sync_fetched(s->sync, j->attempt);
    if (current && j->status) {
        store_failed(s);
    }
}

/* What is committed counts whether or not the link is still there. */
static void received(sim_slot *s, const sim_job *j)
{
    const zks__received *r = &j->received;
    if (j->status || r->stale) {
        return;
    }
    zks__sync_stored(s->sync, r->last_n);
    sim_check_notices(s, r);
    if (r->look_elsewhere) {
        zks__sync_look_elsewhere(s->sync);
    }
    if (r->held) {
        tick_soon(s);
    }
}

static void stored_blobs(sim_slot *s, const sim_job *j)
{
    received(s, j);
    if (!is_current(s, j)) {
        return;
    }
    zks__message m;
    (void)!zks__wire_decode(j->bytes->data, j->bytes->length, &m);
    if (j->status) {
        store_failed(s);
    } else if (j->received.need_records) {
        zks__sync_lacks_records(s->sync, s->world->now);
    } else if (j->received.stale) {
        zks__sync_close(s->sync, 0);
    } else {
        zks__sync_blobs_stored(s->sync, j->attempt, m.blobs.contiguous, bytes_of(m.blobs.blobs));
    }
}

static void ticked(sim_slot *s, const sim_job *j)
{
    uint64_t delay = TICK_MS;
    int64_t due = j->next_unix_ms - (sim_unix_ms(s->world) + s->skew_ms);
    if (j->status) {
        delay = 1000;
    } else if (j->next_unix_ms != INT64_MAX && due < (int64_t)delay) {
        delay = due > 0 ? (uint64_t)due : 1;
    }
    s->ticking = false;
    s->tick_at = s->world->now + (s->tick_again ? 0 : delay);
    s->tick_again = false;
    received(s, j);
    if (!j->status && j->due) {
        sim_offers_epoch(s, SIM_CAUSE_DUE, SIM_DEVICES);
    }
    if (!j->status) {
        sim_offers_owed(s, &j->owed);
    }
}

void sim_job_finished(sim_slot *s, sim_job *j)
{
    switch (j->kind) {
    case SIM_JOB_LOAD:
        loaded(s, j);
        break;
    case SIM_JOB_WELCOME:
        welcomed(s, j);
        break;
    case SIM_JOB_SETTLE:
        settled(s, j);
        break;
    case SIM_JOB_FETCH:
        fetched(s, j);
        break;
    case SIM_JOB_BLOBS:
        stored_blobs(s, j);
        break;
    case SIM_JOB_PUSH:
        if (!j->status) {
            zks__sync_stored(s->sync, j->last_n);
        }
        break;
    case SIM_JOB_TICK:
        ticked(s, j);
        break;
    case SIM_JOB_RECORDS:
        took_records(s, j);
        break;
    case SIM_JOB_EPOCH:
        sim_offers_made(s, j);
        break;
    default:
        break;
    }
    sim_slot_pump(s);
}
