/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The clock, the queue of events, and one run of a schedule. */
#include "sim/sim.h"

#include "base/alloc.h"
#include "client/ledger_internal.h"
#include "client/runtime.h"
#include "crypto/crypto.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define SIM_UNIX_MS INT64_C(1790000000000)
enum { MENDED_MS = 32 * 60 * 1000, EVENTS_MAX = 2000000 };

const uint8_t sim_group_seed[32] = {5, 5, 5};

/* What all runs share: opening a store and its group is dear, replacing its rows is not. */
static zks_runtime *runtime;
static zks__ledger *ledgers[SIM_SLOTS];
static void *fresh[SIM_SLOTS];
static sim_link *links;
static sim_world *present; /* whose clock and randomness the ledgers have */
static uint64_t opening_random;

/* --- randomness: splitmix64 (Steele, Lea, Flood 2014) --- */

static uint64_t next_random(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

uint64_t sim_random(sim_world *w)
{
    return next_random(&w->random);
}

uint64_t sim_below(sim_world *w, uint64_t below)
{
    return below ? sim_random(w) % below : 0;
}

bool sim_chance(sim_world *w, unsigned percent)
{
    return sim_below(w, 100) < percent;
}

static void fill(void *out, size_t length, void *user)
{
    (void)user;
    uint8_t *p = out;
    uint64_t *state = present ? &present->random : &opening_random;
    while (length) {
        uint64_t v = next_random(state);
        size_t n = length < sizeof v ? length : sizeof v;
        memcpy(p, &v, n);
        p += n;
        length -= n;
    }
}

int64_t sim_unix_ms(const sim_world *w)
{
    return SIM_UNIX_MS + (int64_t)w->now;
}

static int64_t unix_ms(void *user)
{
    const size_t *slot = user;
    return present ? sim_unix_ms(present) + present->slots[*slot].skew_ms : SIM_UNIX_MS;
}

static uint64_t monotonic_ns(void *user)
{
    (void)user;
    return present ? present->now * 1000000u : 0;
}

/* --- what all runs share --- */

static zks_status open_slot(size_t i, bool paired)
{
    static size_t numbers[SIM_SLOTS];
    static const char *const names[SIM_SLOTS] = {"one", "two", "three", "four", "one"};
    char problem[ZKS_LEDGER_PROBLEM_BYTES];
    numbers[i] = i;
    /* The same randomness makes the same device: the copy is device 0. */
    opening_random = 1000 + (i == SIM_COPY ? 0 : i);
    zks__ledger_config config = {.storage = runtime->storage,
                                 .vault = runtime->vault,
                                 .secret = sim_group_seed,
                                 .suite = test_suite(),
                                 .mode = paired ? ZKS_GROUP_MODE_PAIRED : 0,
                                 .device_name = names[i],
                                 .rng = {fill, NULL},
                                 .clock = {monotonic_ns, unix_ms, &numbers[i]},
                                 .log = NULL};
    return zks__ledger_open(&config, problem, &ledgers[i]);
}

zks_status sim_open(bool paired)
{
    zks_status status = zks__runtime_new(&runtime);
    if (status) {
        return status;
    }
    runtime->rng = (zks__rng){fill, NULL};
    links = zks__alloc_zero(SIM_LINKS_MAX, sizeof *links);
    status = links ? ZKS_OK : ZKS_E_NOMEM;
    for (size_t i = 0; i < SIM_SLOTS && !status; i++) {
        status = open_slot(i, paired);
        if (!status && ledgers[i]->group.suite != test_suite()) {
            status = ZKS_E_INTERNAL;
        }
    }
    if (!status && paired) {
        status = sim_members_make(ledgers);
    }
    for (size_t i = 0; i < SIM_SLOTS && !status; i++) {
        sim_slot s = {.ledger = ledgers[i]};
        fresh[i] = sim_rows_save(&s, NULL);
        status = fresh[i] ? ZKS_OK : ZKS_E_NOMEM;
    }
    return status;
}

void sim_close(void)
{
    for (size_t i = 0; i < SIM_SLOTS; i++) {
        sim_rows_free(fresh[i]);
        zks__ledger_close(ledgers[i]);
    }
    zks__free(links);
    (void)!zks__runtime_close(runtime, 10000);
    zks__runtime_free(runtime);
}

/* --- failing and telling --- */

void sim_fail(sim_world *w, const char *format, ...)
{
    if (w->result.failed) {
        return;
    }
    va_list args;
    va_start(args, format);
    int length = snprintf(w->result.text, sizeof w->result.text,
                          "at %.3f s: ", (double)w->now / 1000);
    vsnprintf(w->result.text + length, sizeof w->result.text - (size_t)length, format, args);
    va_end(args);
    w->result.failed = true;
    sim_trace(w, "FAILED %s", w->result.text);
}

void sim_trace(sim_world *w, const char *format, ...)
{
    if (!w->options.trace) {
        return;
    }
    va_list args;
    va_start(args, format);
    fprintf(stderr, "%10.3f ", (double)w->now / 1000);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
}

/* --- events: a heap by (time, order) --- */

static bool before(const sim_event *a, const sim_event *b)
{
    return a->at != b->at ? a->at < b->at : a->order < b->order;
}

void sim_at(sim_world *w, uint64_t delay_ms, sim_event_kind kind, int index, uint32_t life,
            zks__buf *bytes)
{
    if (w->event_count == w->event_room) {
        size_t room = w->event_room ? 2 * w->event_room : 256;
        sim_event *bigger = zks__alloc_resize(w->events, room * sizeof *bigger);
        if (!bigger) {
            sim_fail(w, "no memory");
            return;
        }
        w->events = bigger;
        w->event_room = room;
    }
    sim_event e = {w->now + delay_ms, w->order++, kind, life, index, bytes};
    size_t i = w->event_count++;
    while (i && before(&e, &w->events[(i - 1) / 2])) {
        w->events[i] = w->events[(i - 1) / 2];
        i = (i - 1) / 2;
    }
    w->events[i] = e;
}

static sim_event take_event(sim_world *w)
{
    sim_event first = w->events[0], last = w->events[--w->event_count];
    size_t i = 0;
    for (;;) {
        size_t child = 2 * i + 1;
        if (child >= w->event_count) {
            break;
        }
        child += child + 1 < w->event_count && before(&w->events[child + 1], &w->events[child]);
        if (!before(&w->events[child], &last)) {
            break;
        }
        w->events[i] = w->events[child];
        i = child;
    }
    w->events[i] = last;
    return first;
}

static void deliver(sim_world *w, const sim_event *e)
{
    sim_link *l = &w->links[e->index];
    zks__message m;
    bool to_relay = e->kind == SIM_EVENT_TO_RELAY;
    if (!l->up || l->slot_life != w->slots[l->slot].life ||
        l->relay_life != w->relays[l->relay].life) {
        return;
    }
    if (zks__wire_decode(e->bytes->data, e->bytes->length, &m)) {
        sim_fail(w, "a message does not decode");
    } else if (to_relay) {
        sim_relay_message(&w->relays[l->relay], e->index, &m);
    } else {
        sim_slot_message(&w->slots[l->slot], e->index, &m, e->bytes);
    }
}

static void slot_event(sim_world *w, const sim_event *e)
{
    sim_slot *s = &w->slots[e->index];
    if (e->kind == SIM_EVENT_START) {
        if (!s->running && s->used) {
            sim_slot_start(s);
        }
        return;
    }
    if (!s->running || e->life != s->life) {
        return;
    }
    if (e->kind == SIM_EVENT_JOBS) {
        sim_jobs_run(s);
    } else if (e->at >= s->timer_at) {
        s->timer_at = UINT64_MAX;
        sim_slot_timer(s);
    }
}

static void link_event(sim_world *w, const sim_event *e)
{
    const sim_link *l = &w->links[e->index];
    sim_slot *s = &w->slots[l->slot];
    if (!s->running || l->slot_life != s->life) {
        return;
    }
    bool ready = e->kind == SIM_EVENT_READY && l->up && w->relays[l->relay].running &&
                 l->relay_life == w->relays[l->relay].life;
    if (ready) {
        sim_slot_ready(s, e->index);
    } else {
        sim_slot_down(s, e->index);
    }
}

static void relay_event(sim_world *w, const sim_event *e)
{
    sim_relay *r = &w->relays[e->index];
    if (e->kind == SIM_EVENT_RELAY_START) {
        if (!r->running) {
            sim_relay_start(r, false);
        }
    } else if (r->running && e->life == r->life) {
        sim_relay_commit(r);
    }
}

static void dispatch(sim_world *w, const sim_event *e)
{
    switch (e->kind) {
    case SIM_EVENT_TO_RELAY:
    case SIM_EVENT_TO_DEVICE:
        deliver(w, e);
        break;
    case SIM_EVENT_READY:
    case SIM_EVENT_DOWN:
        link_event(w, e);
        break;
    case SIM_EVENT_JOBS:
    case SIM_EVENT_TIMER:
    case SIM_EVENT_START:
        slot_event(w, e);
        break;
    case SIM_EVENT_COMMIT:
    case SIM_EVENT_RELAY_START:
        relay_event(w, e);
        break;
    }
    if (e->bytes) {
        zks__buf_unref(e->bytes);
    }
}

/* Lets time pass until `until`. */
static void run_until(sim_world *w, uint64_t until)
{
    while (!w->result.failed && w->event_count && w->events[0].at <= until) {
        sim_event e = take_event(w);
        w->now = e.at > w->now ? e.at : w->now;
        dispatch(w, &e);
        if (++w->result.events > EVENTS_MAX) {
            sim_fail(w, "it does not come to rest");
        }
    }
    w->now = until > w->now ? until : w->now;
}

/* --- the network --- */

int sim_link_open(sim_world *w, size_t slot, size_t relay, uint32_t attempt)
{
    if (w->link_count == SIM_LINKS_MAX) {
        sim_fail(w, "too many connections");
        return -1;
    }
    int link = (int)w->link_count++;
    w->links[link] = (sim_link){.slot = slot,
                                .relay = relay,
                                .slot_life = w->slots[slot].life,
                                .relay_life = w->relays[relay].life,
                                .attempt = attempt,
                                .up = w->relays[relay].running &&
                                      w->slots[slot].cut[relay] <= w->now};
    sim_trace(w, "slot %zu connects to relay %zu", slot, relay);
    sim_at(w, w->links[link].up ? 20 + sim_below(w, 60) : 3000, SIM_EVENT_READY, link, 0, NULL);
    return link;
}

void sim_link_close(sim_world *w, int link)
{
    if (link >= 0 && w->links[link].up) {
        w->links[link].up = false;
        sim_at(w, sim_below(w, 200), SIM_EVENT_DOWN, link, 0, NULL);
    }
}

zks__buf *sim_encode(sim_world *w, const zks__message *m)
{
    size_t size = zks__wire_size(m), length = 0;
    zks__buf *b = size ? zks__buf_new(0, size, 0) : NULL;
    if (!b || zks__wire_encode(m, b->data, size, &length)) {
        sim_fail(w, "a message does not encode");
        zks__buf_unref(b);
        return NULL;
    }
    b->length = length;
    return b;
}

void sim_send(sim_world *w, int link, bool to_relay, const zks__message *m)
{
    zks__buf *b = sim_encode(w, m);
    if (!b) {
        return;
    }
    sim_link *l = &w->links[link];
    uint64_t *last = to_relay ? &l->to_relay : &l->to_device;
    uint64_t at = w->now + 5 + sim_below(w, 40);
    *last = at > *last ? at : *last; /* a link keeps its order */
    sim_at(w, *last - w->now, to_relay ? SIM_EVENT_TO_RELAY : SIM_EVENT_TO_DEVICE, link, 0, b);
}

/* --- actions --- */

static void make_epoch(sim_slot *s, size_t device)
{
    if (s->running) {
        sim_offers_epoch(s, SIM_CAUSE_APP, device);
    }
}

/* Two at once, at two relays; often each other. */
static void duel(sim_slot *s, size_t b)
{
    sim_world *w = s->world;
    sim_slot *other = &w->slots[(s->index + 1 + b % 3) % SIM_DEVICES];
    bool mutual = b / 3 % 2;
    make_epoch(s, mutual ? other->index : b / 6 % 8);
    other->plan = 1 + (mutual ? s->index : b / 48 % 8);
    other->cut[0] = w->now + 120000 + 1000 * (b % 300);
    w->parted = true;
    sim_link_close(w, other->link);
}

static void act_on_slot(sim_world *w, const sim_action *a)
{
    sim_slot *s = &w->slots[a->a % SIM_SLOTS];
    if (!s->used) {
        s = &w->slots[0];
    }
    switch (a->kind) {
    case SIM_PUSH:
        if (s->running) {
            sim_slot_push(s, 1 + a->b % 4);
        }
        break;
    case SIM_PUSH_MANY:
        sim_slot_push(s, a->b);
        break;
    case SIM_ONLINE:
        s->online_wanted = !s->online_wanted;
        if (s->running) {
            zks__sync_set_online(s->sync, s->online_wanted, w->now);
            sim_slot_pump(s);
        }
        break;
    case SIM_BREAK:
        sim_link_close(w, s->link);
        break;
    case SIM_CRASH:
        sim_slot_kill(s);
        sim_at(w, 1000u * (a->b % 200), SIM_EVENT_START, (int)s->index, 0, NULL);
        break;
    case SIM_STORE_FAILS:
        s->fail_next = true;
        break;
    case SIM_SAVE:
        s->backup = sim_rows_save(s, s->backup);
        s->backup_view = s->view;
        s->has_backup = s->backup != NULL;
        break;
    case SIM_RESTORE:
        if (s->has_backup) {
            sim_slot_kill(s);
            sim_rows_load(s, s->backup);
            s->view = s->backup_view;
            s->restores++;
            w->result.restores++;
            w->copied = w->lost = true;
            sim_at(w, 1000, SIM_EVENT_START, (int)s->index, 0, NULL);
        }
        break;
    case SIM_CUT:
        w->parted = true;
        s->cut[a->b % 3 == 0] = w->now + 1000u * (a->b % 400);
        sim_link_close(w, s->link);
        break;
    case SIM_REVOKE:
        make_epoch(s, a->b % 8);
        break;
    case SIM_DUEL:
        duel(s, a->b);
        break;
    default: /* SIM_PRUNE */
        if (s->running) {
            sim_job *j = sim_job_add(s, SIM_JOB_TICK);
            if (j) {
                j->number = 1;
            }
        }
        break;
    }
}

static void copy_store(sim_world *w)
{
    sim_slot *from = &w->slots[0], *to = &w->slots[SIM_COPY];
    if (to->used) {
        return;
    }
    void *rows = sim_rows_save(from, NULL);
    sim_rows_load(to, rows);
    sim_rows_free(rows);
    to->view = from->view;
    to->gap_count = from->gap_count;
    memcpy(to->gaps, from->gaps, sizeof to->gaps);
    to->used = true;
    w->copied = true;
    sim_at(w, 500, SIM_EVENT_START, SIM_COPY, 0, NULL);
}

/* A blob of the relay that is still there; NULL: none. */
static sim_blob *some_blob(sim_world *w, sim_relay *r)
{
    return r->rows.count ? &r->rows.blobs[sim_below(w, r->rows.count)] : NULL;
}

static void take_blob(sim_relay *r, sim_blob *b)
{
    zks__buf_unref(b->bytes);
    size_t i = (size_t)(b - r->rows.blobs);
    memmove(b, b + 1, (r->rows.count - i - 1) * sizeof *b);
    r->rows.count--;
}

static void drop_blob(sim_relay *r, sim_blob *b)
{
    take_blob(r, b);
    r->world->lost = r->world->harmed = true;
}

static void swap_blobs(sim_relay *r, size_t i)
{
    if (i + 1 < r->rows.count) {
        sim_blob *a = &r->rows.blobs[i], *b = a + 1, kept = *a;
        uint64_t low = a->cursor, high = b->cursor;
        *a = *b;
        *b = kept;
        a->cursor = low;
        b->cursor = high;
        r->world->lost = r->world->harmed = true; /* who has read up to between them misses one */
    }
}

static int some_link(sim_world *w, const sim_relay *r)
{
    for (size_t i = 0; i < SIM_SLOTS; i++) {
        int link = w->slots[i].link;
        if (link >= 0 && w->links[link].relay == r->index && w->links[link].live &&
            w->links[link].up) {
            return link;
        }
    }
    return -1;
}

static void act_as_liar(sim_world *w, const sim_action *a)
{
    sim_relay *r = &w->relays[a->a % SIM_RELAYS];
    sim_blob *b = some_blob(w, r);
    int link = some_link(w, r);
    switch (a->kind) {
    case SIM_EVIL_HARBOR:
        r->harbors = true;
        w->lost = w->harmed = true; /* what is pushed there for an old epoch is found by few */
        break;
    case SIM_EVIL_HEAD:
        r->heads = 1 + a->b % 3;
        break;
    case SIM_EVIL_OWN_LAST:
        r->own_lasts = 1 + a->b % 8;
        break;
    case SIM_EVIL_NOTIFY:
        sim_relay_notify(r, UINT64_MAX);
        break;
    case SIM_EVIL_FORGET:
        if (r->has_saved && r->running) {
            sim_relay_load(r);
            w->lost = w->harmed = true;
        }
        break;
    case SIM_EVIL_REPLAY:
        if (b && link >= 0) {
            sim_relay_replay(r, link, (size_t)(b - r->rows.blobs), 1 + a->b % 4);
        }
        break;
    default:
        if (!b) {
            return;
        }
        if (a->kind == SIM_EVIL_DROP) {
            drop_blob(r, b);
        } else if (a->kind == SIM_EVIL_HIDE) {
            b->hidden_from |= (uint8_t)(1u << a->b % w->devices);
            w->lost = w->harmed = true;
        } else if (a->kind == SIM_EVIL_FLIP) {
            b->flip = 1;
            w->lost = w->harmed = true;
        } else if (a->kind == SIM_EVIL_SENDER) {
            b->lie = (uint8_t)(1 + a->b % (w->devices + 1));
            w->lost = w->harmed = true;
        } else {
            swap_blobs(r, (size_t)(b - r->rows.blobs));
        }
        break;
    }
}

static void lose_blobs(sim_relay *r, size_t count)
{
    while (count-- && r->rows.count > 1) {
        take_blob(r, &r->rows.blobs[1]);
    }
    r->world->lost = true;
}

static void act_on_relay(sim_world *w, const sim_action *a)
{
    sim_relay *r = &w->relays[a->a % SIM_RELAYS];
    switch (a->kind) {
    case SIM_RELAY_CRASH:
        sim_relay_kill(r);
        sim_at(w, 1000u * (a->b % 300), SIM_EVENT_RELAY_START, (int)r->index, 0, NULL);
        break;
    case SIM_RELAY_SAVE:
        sim_relay_save(r);
        break;
    case SIM_RELAY_RESTORE:
        if (r->has_saved) {
            sim_relay_kill(r);
            sim_relay_load(r);
            w->lost = w->went_back = true;
            sim_relay_start(r, a->b % 2);
        }
        break;
    case SIM_RELAY_WITHHOLDS:
        r->withholds = 1 + a->b % 6;
        w->withheld = true;
        break;
    case SIM_RELAY_LOSES:
        lose_blobs(r, a->b);
        break;
    case SIM_RELAY_REFUSES:
        r->refuses = 1 + a->b % 6;
        break;
    default: /* SIM_RELAY_NOTIFY */
        r->notifies = 1 + a->b % 6;
        break;
    }
}

static void act(sim_world *w, const sim_action *a)
{
    if (a->kind != SIM_PUSH && a->kind != SIM_TIME && a->kind != SIM_PRUNE) {
        w->disturbed_at = w->now;
    }
    if (a->kind == SIM_TIME) {
        run_until(w, w->now + 1000u * a->b);
    } else if (a->kind == SIM_COPY_STORE) {
        copy_store(w);
    } else if (a->kind >= SIM_EVIL_DROP) {
        act_as_liar(w, a);
    } else if ((a->kind >= SIM_RELAY_CRASH && a->kind <= SIM_RELAY_NOTIFY) ||
               a->kind == SIM_RELAY_WITHHOLDS || a->kind == SIM_RELAY_LOSES) {
        act_on_relay(w, a);
    } else {
        act_on_slot(w, a);
    }
}

/* --- a run --- */

static void begin(sim_world *w)
{
    w->links = links;
    w->devices = w->options.paired ? SIM_DEVICES : SIM_DEVICES - 1;
    memcpy(w->group_id, ledgers[0]->group.group_id, sizeof w->group_id);
    present = w;
    sim_members_begin(w);
    for (size_t i = 0; i < SIM_RELAYS; i++) {
        sim_relay *r = &w->relays[i];
        r->world = w;
        r->index = i;
        r->key[0] = (uint8_t)(w->options.mutation == SIM_ONE_CURSOR ? 1 : 1 + i);
        sim_relay_start(r, true);
    }
    for (size_t i = 0; i < SIM_SLOTS; i++) {
        sim_slot *s = &w->slots[i];
        s->world = w;
        s->index = i;
        s->ledger = ledgers[i];
        s->fresh = fresh[i];
        s->link = -1;
        s->timer_at = s->here_since = UINT64_MAX;
        s->online_wanted = true;
        s->used = i < w->devices;
        memcpy(s->device_id, zks__ledger_device_id(s->ledger), sizeof s->device_id);
        sim_members_forget(s->ledger); /* the run before */
        if (i != SIM_COPY) {
            sim_rows_load(s, s->fresh);
        }
        if (s->used) {
            sim_at(w, sim_below(w, 30000), SIM_EVENT_START, (int)i, 0, NULL);
        }
    }
}

/* No more faults: all that can be mended is. */
static void mend(sim_world *w)
{
    w->mending = true;
    sim_trace(w, "mending");
    for (size_t i = 0; i < SIM_RELAYS; i++) {
        sim_relay *r = &w->relays[i];
        r->refuses = r->notifies = r->heads = r->own_lasts = r->withholds = 0;
        r->harbors = false;
        if (!r->running) {
            sim_relay_start(r, false);
        }
    }
    for (size_t i = 0; i < SIM_SLOTS; i++) {
        sim_slot *s = &w->slots[i];
        s->fail_next = false;
        s->online_wanted = true;
        memset(s->cut, 0, sizeof s->cut);
        if (w->withheld) {
            sim_link_close(w, s->link); /* WELCOME brings what was kept back */
        }
        if (s->running) {
            zks__sync_set_online(s->sync, 1, w->now);
            sim_slot_pump(s);
        } else if (s->used) {
            sim_slot_start(s);
        }
    }
    run_until(w, w->now + MENDED_MS);
    for (int i = 0; i < 4 && w->options.paired && !w->result.failed && sim_members_settle(w); i++) {
        run_until(w, w->now + MENDED_MS);
    }
    /* Somebody may just be visiting the other relay, or speak. */
    for (int i = 0; i < 20 && !w->result.failed && !sim_is_at_rest(w); i++) {
        run_until(w, w->now + 7000);
    }
}

static void end(sim_world *w)
{
    while (w->event_count) {
        zks__buf *bytes = w->events[--w->event_count].bytes;
        if (bytes) {
            zks__buf_unref(bytes);
        }
    }
    for (size_t i = 0; i < SIM_SLOTS; i++) {
        sim_slot *s = &w->slots[i];
        sim_slot_kill(s);
        sim_rows_free(s->backup);
    }
    for (size_t i = 0; i < SIM_RELAYS; i++) {
        sim_relay_done(&w->relays[i]);
    }
    zks__free(w->events);
    present = NULL;
}

void sim_run(const sim_options *o, const sim_action *actions, size_t count, sim_result *out)
{
    static sim_world world; /* large */
    sim_world *w = &world;
    memset(w, 0, sizeof *w);
    w->options = *o;
    w->random = o->seed * 0x9e3779b97f4a7c15u + 1;
    begin(w);
    for (size_t i = 0; i < count && !w->result.failed; i++) {
        run_until(w, w->now + actions[i].delay_ms);
        if (o->trace) {
            fprintf(stderr, "%10.3f ", (double)w->now / 1000);
            sim_print_action(&actions[i]);
        }
        act(w, &actions[i]);
    }
    if (!w->result.failed) {
        mend(w);
    }
    if (!w->result.failed) {
        sim_check_end(w);
    }
    for (size_t i = 0; i < SIM_SLOTS; i++) {
        w->result.chains += w->slots[i].new_chains;
    }
    *out = w->result;
    end(w);
}
