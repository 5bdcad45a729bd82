/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A relay after the relay rules of docs/PROTOCOL.md, small: rows, a commit that comes later,
 * sessions; and the ways in which it can lie. */
#include "sim/sim.h"

#include "base/alloc.h"

#include <string.h>

enum { BATCH = 6, MAX_TTL_S = 7 * 24 * 3600, GRACE_MS = 24 * 3600 * 1000 };

/* --- rows --- */

static void free_rows(sim_relay_rows *rows)
{
    for (size_t i = 0; i < rows->count; i++) {
        zks__buf_unref(rows->blobs[i].bytes);
    }
    zks__free(rows->blobs);
    memset(rows, 0, sizeof *rows);
}

static bool copy_rows(const sim_relay_rows *from, sim_relay_rows *to)
{
    sim_blob *blobs = zks__alloc_zero(SIM_BLOBS_MAX, sizeof *blobs);
    if (!blobs) {
        return false;
    }
    *to = *from;
    to->blobs = blobs;
    for (size_t i = 0; i < from->count; i++) {
        blobs[i] = from->blobs[i];
        zks__buf_ref(blobs[i].bytes);
    }
    return true;
}

void sim_relay_save(sim_relay *r)
{
    free_rows(&r->saved);
    r->rows.record_count = zks__records_count(r->set);
    r->has_saved = copy_rows(&r->rows, &r->saved);
}

void sim_relay_load(sim_relay *r)
{
    free_rows(&r->rows);
    if (!copy_rows(&r->saved, &r->rows)) {
        sim_fail(r->world, "no memory");
    }
    zks__records_truncate(r->set, r->rows.record_count);
}

void sim_relay_done(sim_relay *r)
{
    sim_relay_kill(r);
    free_rows(&r->rows);
    free_rows(&r->saved);
    zks__records_free(r->set);
    r->set = NULL;
}

/* --- life --- */

void sim_relay_start(sim_relay *r, bool new_incarnation)
{
    sim_world *w = r->world;
    if (!r->rows.blobs) {
        r->rows.blobs = zks__alloc_zero(SIM_BLOBS_MAX, sizeof *r->rows.blobs);
        if (zks__records_new(w->group_id, &r->set)) {
            sim_fail(w, "no memory");
        }
    }
    if (new_incarnation) {
        uint64_t v = w->options.mutation == SIM_ONE_CURSOR ? 1 : sim_random(w);
        memcpy(r->incarnation, &v, sizeof v);
    }
    uint64_t least = (uint64_t)(sim_unix_ms(w) / 1000) << 20;
    if (w->options.mutation != SIM_REUSED_CURSORS && r->rows.last + 1 < least) {
        r->rows.last = least - 1;
    }
    r->running = true;
    r->life++;
    sim_trace(w, "relay %zu starts", r->index);
    sim_relay_sweep(r);
}

void sim_relay_kill(sim_relay *r)
{
    sim_world *w = r->world;
    for (size_t i = 0; i < r->push_count; i++) {
        zks__buf_unref(r->pushes[i].bytes);
    }
    r->push_count = 0;
    r->commit_waits = false;
    if (!r->running) {
        return;
    }
    sim_trace(w, "relay %zu dies", r->index);
    r->running = false;
    r->life++;
    for (size_t i = 0; i < SIM_SLOTS; i++) {
        int link = w->slots[i].link;
        if (link >= 0 && w->links[link].relay == r->index) {
            sim_link_close(w, link);
        }
    }
}

/* --- deleting what is over --- */

static uint64_t floor_of(const sim_relay *r)
{
    uint64_t floor = UINT64_MAX;
    size_t members = 0;
    for (size_t i = 0; i < r->world->devices; i++) {
        if (sim_relay_knows(r, i)) {
            members++;
            floor = r->rows.acked[i] < floor ? r->rows.acked[i] : floor;
        }
    }
    return members >= 2 ? floor : 0;
}

/* Who comes first when something is gone gets one HISTORY_GAP for each chain. */
static void note_early(sim_relay *r, const sim_blob *b)
{
    sim_world *w = r->world;
    for (size_t i = 0; i < w->devices; i++) {
        uint8_t bit = (uint8_t)(!sim_relay_knows(r, i) << i);
        w->early |= bit;
        if (b->word >= 0) {
            w->words[b->word].early |= bit;
        }
    }
}

void sim_relay_sweep(sim_relay *r)
{
    sim_world *w = r->world;
    sim_relay_rows *rows = &r->rows;
    uint64_t floor = 0, now_floor = floor_of(r);
    while (rows->floor_count && rows->floors[0].at <= w->now) {
        floor = rows->floors[0].cursor;
        memmove(rows->floors, rows->floors + 1, --rows->floor_count * sizeof rows->floors[0]);
    }
    floor = floor < now_floor ? floor : now_floor;
    size_t kept = 0;
    for (size_t i = 0; i < rows->count; i++) {
        sim_blob *b = &rows->blobs[i];
        if (b->cursor <= floor || b->expires_ms <= w->now) {
            note_early(r, b);
            zks__buf_unref(b->bytes);
        } else {
            rows->blobs[kept++] = *b;
        }
    }
    rows->count = kept;
}

static void note_floor(sim_relay *r)
{
    sim_relay_rows *rows = &r->rows;
    uint64_t floor = floor_of(r);
    size_t n = rows->floor_count, room = sizeof rows->floors / sizeof rows->floors[0];
    if (!floor || (n && rows->floors[n - 1].cursor >= floor)) {
        return;
    }
    if (n == room) {
        rows->floors[n - 1].cursor = floor;
        rows->floors[n - 1].at = r->world->now + GRACE_MS;
        return;
    }
    rows->floors[n].at = r->world->now + GRACE_MS;
    rows->floors[n].cursor = floor;
    rows->floor_count++;
}

/* --- sending --- */

/* What a blob looks like to a device. */
static void show(sim_relay *r, const sim_blob *b, zks__blob_item *out, zks__buf **out_changed)
{
    sim_world *w = r->world;
    memset(out, 0, sizeof *out);
    out->cursor = b->cursor;
    out->time_ms = (uint64_t)sim_unix_ms(w);
    memcpy(out->blob_id, b->blob_id, sizeof out->blob_id);
    size_t sender = b->lie ? (size_t)(b->lie - 1) : b->sender;
    if (sender < w->devices) {
        memcpy(out->sender, w->slots[sender].device_id, sizeof out->sender);
    } else {
        memset(out->sender, 0xee, sizeof out->sender); /* a stranger */
    }
    out->blob = (zks__slice){b->bytes->data, b->bytes->length};
    *out_changed = NULL;
    if (b->flip) {
        *out_changed = zks__buf_copy(b->bytes->data, b->bytes->length);
        (*out_changed)->data[100] ^= 4;
        out->blob.data = (*out_changed)->data;
    }
}

static void send_blobs(sim_relay *r, int link, uint8_t flags, uint64_t from, uint64_t contiguous,
                       sim_blob **blobs, size_t count)
{
    zks__blob_item items[BATCH];
    zks__buf *changed[BATCH];
    for (size_t i = 0; i < count; i++) {
        show(r, blobs[i], &items[i], &changed[i]);
    }
    zks__message m = {.type = ZKS_MESSAGE_BLOBS,
                      .blobs = {.flags = flags,
                                .from = from,
                                .contiguous = contiguous,
                                .blobs = {.count = count, .items = items}}};
    sim_send(r->world, link, false, &m);
    for (size_t i = 0; i < count; i++) {
        zks__buf_unref(changed[i]);
    }
}

static bool is_shown(const sim_blob *b, size_t device, bool own)
{
    return (own || b->sender != device) && !(b->hidden_from >> device & 1);
}

static void on_pull(sim_relay *r, int link, const zks__pull *m)
{
    sim_world *w = r->world;
    sim_relay_rows *rows = &r->rows;
    sim_blob *found[BATCH];
    size_t count = 0, limit = 1 + sim_below(w, BATCH), device = sim_device_of(w, link);
    bool more = false;
    for (size_t i = 0; i < rows->count && !more; i++) {
        sim_blob *b = &rows->blobs[i];
        if (b->cursor <= m->after || !is_shown(b, device, m->flags & ZKS_PULL_OWN)) {
            continue;
        }
        more = count == limit;
        if (!more) {
            found[count++] = b;
        }
    }
    uint64_t contiguous = more && count ? found[count - 1]->cursor : rows->last;
    contiguous = contiguous < m->after ? m->after : contiguous;
    send_blobs(r, link, more ? ZKS_BLOBS_MORE : 0, m->after, contiguous, found, count);
    w->links[link].scanned = contiguous;
    w->links[link].live = !more;
}

void sim_relay_replay(sim_relay *r, int link, size_t i, size_t count)
{
    sim_blob *found[BATCH];
    size_t n = 0;
    for (; n < count && n < BATCH && i + n < r->rows.count; n++) {
        found[n] = &r->rows.blobs[i + n];
    }
    if (n) {
        uint64_t from = found[0]->cursor - 1;
        send_blobs(r, link, ZKS_BLOBS_LIVE, from, found[n - 1]->cursor, found, n);
    }
}

void sim_relay_notify(sim_relay *r, uint64_t head)
{
    sim_world *w = r->world;
    zks__message m = {.type = ZKS_MESSAGE_NOTIFY, .notify = {head, 1}};
    for (size_t i = 0; i < SIM_SLOTS; i++) {
        int link = w->slots[i].link;
        if (r->running && link >= 0 && w->links[link].relay == r->index && w->links[link].up &&
            w->links[link].hello) {
            sim_send(w, link, false, &m);
        }
    }
}

/* A committed blob to those who listen. */
static void go_live(sim_relay *r, sim_blob *b)
{
    sim_world *w = r->world;
    for (size_t i = 0; i < SIM_SLOTS; i++) {
        int link = w->slots[i].link;
        if (link < 0 || w->links[link].relay != r->index || !w->links[link].up ||
            !w->links[link].live || w->links[link].scanned >= b->cursor) {
            continue;
        }
        if (r->notifies) {
            r->notifies--;
            zks__message m = {.type = ZKS_MESSAGE_NOTIFY, .notify = {r->rows.last, 1}};
            w->links[link].live = false;
            sim_send(w, link, false, &m);
            continue;
        }
        size_t device = sim_device_of(w, link);
        uint64_t from = w->links[link].scanned;
        if (is_shown(b, device, false)) {
            send_blobs(r, link, ZKS_BLOBS_LIVE, from, b->cursor, &b, 1);
            w->links[link].scanned = b->cursor;
        } else if (b->sender == device) {
            send_blobs(r, link, ZKS_BLOBS_LIVE, from, b->cursor, NULL, 0);
            w->links[link].scanned = b->cursor;
        }
    }
}

/* --- pushes --- */

static void on_push(sim_relay *r, int link, const zks__push *m)
{
    zks__wire_list list = m->blobs;
    zks__push_item item;
    while (zks__wire_next_push(&list, &item)) {
        if (r->push_count == sizeof r->pushes / sizeof r->pushes[0]) {
            sim_fail(r->world, "too many pushes wait at a relay");
            return;
        }
        sim_push *p = &r->pushes[r->push_count++];
        p->link = link;
        p->ttl_s = item.ttl_s;
        memcpy(p->blob_id, item.blob_id, sizeof p->blob_id);
        p->bytes = zks__buf_copy(item.blob.data, item.blob.length);
    }
    if (!r->commit_waits) {
        r->commit_waits = true;
        sim_at(r->world, 1 + sim_below(r->world, 30), SIM_EVENT_COMMIT, (int)r->index, r->life,
               NULL);
    }
}

/* What an honest relay cannot see: which entry this is. */
static void look_inside(const sim_relay *r, sim_blob *b)
{
    sim_world *w = r->world;
    zks__entry e;
    zks__buf *copy = NULL;
    b->word = -1;
    if (!sim_members_open(w, b->sender, b->bytes, &copy, &e)) {
        memcpy(b->id, e.id, sizeof b->id);
        b->kind = e.kind;
        sim_check_taken(w, r->index, b->sender, &e);
        uint64_t number;
        if (e.kind == ZKS_ENTRY_DATA && e.body_length == sizeof number) {
            memcpy(&number, e.body, sizeof number);
            b->word = (int)number;
        }
    } else {
        sim_fail(w, "a pushed blob does not open");
    }
    zks__buf_unref(copy);
}

static sim_blob *find_blob(sim_relay_rows *rows, size_t sender, const uint8_t *blob_id)
{
    for (size_t i = 0; i < rows->count; i++) {
        if (rows->blobs[i].sender == sender &&
            !memcmp(rows->blobs[i].blob_id, blob_id, ZKS_BLOB_ID_BYTES)) {
            return &rows->blobs[i];
        }
    }
    return NULL;
}

static sim_blob *add_blob(sim_relay *r, size_t sender, sim_push *p)
{
    sim_relay_rows *rows = &r->rows;
    sim_world *w = r->world;
    if (rows->count == SIM_BLOBS_MAX) {
        sim_fail(w, "too many blobs at a relay");
        return NULL;
    }
    sim_blob *b = &rows->blobs[rows->count++];
    memset(b, 0, sizeof *b);
    b->cursor = ++rows->last;
    b->sender = (uint8_t)sender;
    b->time_ms = w->now;
    uint32_t ttl_s = p->ttl_s && p->ttl_s < MAX_TTL_S ? p->ttl_s : MAX_TTL_S;
    b->expires_ms = w->now + 1000u * (uint64_t)ttl_s;
    memcpy(b->blob_id, p->blob_id, sizeof b->blob_id);
    b->bytes = p->bytes;
    p->bytes = NULL;
    memcpy(rows->own_last[sender], b->blob_id, sizeof b->blob_id);
    look_inside(r, b);
    if (b->word >= 0) {
        rows->taken[b->word] = 1;
    }
    return b;
}

static void answer(sim_relay *r, const sim_push *p, uint32_t code, uint64_t cursor)
{
    zks__push_result result = {.code = code, .cursor = cursor, .ttl_s = MAX_TTL_S};
    memcpy(result.blob_id, p->blob_id, sizeof result.blob_id);
    zks__message m = {.type = ZKS_MESSAGE_PUSH_ACK,
                      .push_ack.results = {.count = 1, .items = &result}};
    const sim_link *l = &r->world->links[p->link];
    if (l->up && l->relay_life == r->life) {
        sim_send(r->world, p->link, false, &m);
    }
}

void sim_relay_commit(sim_relay *r)
{
    sim_world *w = r->world;
    r->commit_waits = false;
    sim_relay_sweep(r);
    for (size_t i = 0; i < r->push_count && !w->result.failed; i++) {
        sim_push *p = &r->pushes[i];
        size_t sender = sim_device_of(w, p->link);
        uint32_t code = sim_relay_judge(r, p->link, p->bytes);
        sim_blob *b = code ? NULL : find_blob(&r->rows, sender, p->blob_id);
        if (code) {
            sim_trace(w, "relay %zu refuses a blob of device %zu: %u", r->index, sender,
                      (unsigned)code);
            answer(r, p, code, 0);
            w->refused = true;
            w->disturbed_at = w->now;
        } else if (!b && r->refuses) {
            r->refuses--;
            answer(r, p, ZKS_WIRE_RATE_LIMITED, 0);
            w->refused = true;
            w->disturbed_at = w->now;
        } else {
            bool is_new = !b;
            b = b ? b : add_blob(r, sender, p);
            if (b) {
                answer(r, p, 0, b->cursor);
            }
            if (b && is_new) {
                go_live(r, b);
            }
        }
        zks__buf_unref(p->bytes);
    }
    r->push_count = 0;
}

/* --- the rest --- */

void sim_relay_message(sim_relay *r, int link, const zks__message *m)
{
    sim_world *w = r->world;
    size_t device = sim_device_of(w, link);
    if (m->type == ZKS_MESSAGE_HELLO) {
        sim_relay_hello(r, link, &m->hello);
        return;
    }
    if (w->links[link].ended) {
        return;
    }
    if (!w->links[link].hello) {
        sim_fail(w, "message %u before HELLO", (unsigned)m->type);
        return;
    }
    switch (m->type) {
    case ZKS_MESSAGE_PULL:
        on_pull(r, link, &m->pull);
        break;
    case ZKS_MESSAGE_PUSH:
        on_push(r, link, &m->push);
        break;
    case ZKS_MESSAGE_RECORDS:
        sim_relay_records(r, link, &m->records);
        break;
    case ZKS_MESSAGE_ACK:
        sim_check_ack(w, link, m->ack.cursor);
        if (m->ack.cursor > r->rows.acked[device]) {
            r->rows.acked[device] = m->ack.cursor;
        }
        note_floor(r);
        break;
    default:
        break;
    }
}
