/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "support/evil_relay.h"

#include "base/alloc.h"
#include "support/fake_relay.h"
#include "support/raw_check.h"

#include <pthread.h>
#include <string.h>

enum { BLOBS_MAX = 4096, RECORDS_MAX = 32, SESSIONS_MAX = 16, BATCH = 64, HIDDEN_MAX = 4 };

/* How far EVIL_EMPTY says that there is nothing. */
static const uint64_t EMPTY_REACH = UINT64_C(1) << 40;

typedef struct blob {
    uint64_t cursor;
    unsigned number; /* of its push */
    uint8_t group[ZKS_GROUP_ID_BYTES], sender[ZKS_DEVICE_ID_BYTES], id[ZKS_BLOB_ID_BYTES];
    zks__buf *bytes;
} blob;

typedef struct session {
    zks__session *session; /* NULL: free */
    uint8_t group[ZKS_GROUP_ID_BYTES], device[ZKS_DEVICE_ID_BYTES];
    bool live;
    uint64_t scanned;
} session;

struct evil_relay {
    fake_relay *relay;
    pthread_mutex_t mutex; /* guards what follows */
    evil_attack attack;
    unsigned from, to, hellos, pulls, pushes, lies;
    uint8_t incarnation;
    uint64_t last;
    size_t count, record_count, hidden_count;
    blob blobs[BLOBS_MAX];
    struct {
        uint8_t group[ZKS_GROUP_ID_BYTES], device[ZKS_DEVICE_ID_BYTES];
        zks__buf *bytes;
    } records[RECORDS_MAX];
    struct {
        uint8_t device[ZKS_DEVICE_ID_BYTES];
        unsigned from, to;
    } hidden[HIDDEN_MAX];
    session sessions[SESSIONS_MAX];
};

static bool strikes(const evil_relay *e, evil_attack attack, unsigned number)
{
    return e->attack == attack && number >= e->from && number <= e->to;
}

static session *session_of(evil_relay *e, const zks__session *s)
{
    for (size_t i = 0; i < SESSIONS_MAX; i++) {
        if (e->sessions[i].session == s) {
            return &e->sessions[i];
        }
    }
    return NULL;
}

/* --- HELLO --- */

static void keep_records(evil_relay *e, const session *s, zks__wire_list list)
{
    zks__slice bytes;
    while (zks__wire_next_slice(&list, &bytes)) {
        bool known = false;
        for (size_t i = 0; i < e->record_count; i++) {
            known = known || (e->records[i].bytes->length == bytes.length &&
                              !memcmp(e->records[i].bytes->data, bytes.data, bytes.length));
        }
        if (!known && e->record_count < RECORDS_MAX) {
            memcpy(e->records[e->record_count].group, s->group, sizeof s->group);
            memcpy(e->records[e->record_count].device, s->device, sizeof s->device);
            e->records[e->record_count++].bytes = zks__buf_copy(bytes.data, bytes.length);
        }
    }
}

static void last_of(evil_relay *e, const session *s, uint8_t out[ZKS_BLOB_ID_BYTES])
{
    for (size_t i = 0; i < e->count; i++) {
        if (!memcmp(e->blobs[i].sender, s->device, sizeof s->device) &&
            !memcmp(e->blobs[i].group, s->group, sizeof s->group)) {
            memcpy(out, e->blobs[i].id, ZKS_BLOB_ID_BYTES);
        }
    }
    if (e->attack == EVIL_OWN_LAST) {
        memset(out, 0xaa, ZKS_BLOB_ID_BYTES);
        out[0] = (uint8_t)e->lies++;
    }
}

static void on_hello(evil_relay *e, zks__session *raw, const zks__hello *m)
{
    session *s = session_of(e, NULL);
    raw_check(s != NULL);
    memset(s, 0, sizeof *s);
    s->session = raw;
    memcpy(s->group, m->group_id, sizeof s->group);
    memcpy(s->device, zks__session_peer_key(raw), sizeof s->device);
    keep_records(e, s, m->records);
    e->hellos++;
    zks__slice records[RECORDS_MAX];
    size_t count = 0;
    for (size_t i = 0; i < e->record_count; i++) {
        bool own = !memcmp(e->records[i].device, s->device, sizeof s->device);
        if (!memcmp(e->records[i].group, s->group, sizeof s->group) &&
            (own || e->attack != EVIL_NO_RECORDS)) {
            records[count++] = (zks__slice){e->records[i].bytes->data, e->records[i].bytes->length};
        }
    }
    zks__message w = {.type = ZKS_MESSAGE_WELCOME};
    w.welcome.version = ZKS_WIRE_VERSION;
    w.welcome.incarnation[0] = e->incarnation;
    w.welcome.head = e->attack == EVIL_HUGE_HEAD ? UINT64_MAX : e->last;
    w.welcome.window_bytes = 1 << 20;
    last_of(e, s, w.welcome.own_last);
    w.welcome.records = (zks__wire_list){.count = count, .items = records};
    fake_relay_send(raw, &w);
    if (e->attack == EVIL_WELCOME_TWICE) {
        fake_relay_send(raw, &w);
    }
    if (e->attack == EVIL_HUGE_HEAD) {
        zks__message n = {.type = ZKS_MESSAGE_NOTIFY, .notify = {UINT64_MAX, 1}};
        fake_relay_send(raw, &n);
    }
}

/* --- giving out --- */

static bool shown(const evil_relay *e, const session *s, const blob *b, bool own)
{
    bool same_group = !memcmp(b->group, s->group, sizeof s->group);
    bool same_device = same_group && !memcmp(b->sender, s->device, sizeof s->device);
    for (size_t i = 0; i < e->hidden_count; i++) {
        if (!memcmp(e->hidden[i].device, s->device, sizeof s->device) &&
            b->number >= e->hidden[i].from && b->number <= e->hidden[i].to) {
            return false;
        }
    }
    return (same_group || e->attack == EVIL_OTHER_GROUP) &&
           (!same_device || own || e->attack == EVIL_ECHO);
}

static const uint8_t *another_member(const evil_relay *e, const uint8_t *device)
{
    for (size_t i = 0; i < e->record_count; i++) {
        if (memcmp(e->records[i].device, device, ZKS_DEVICE_ID_BYTES) != 0) {
            return e->records[i].device;
        }
    }
    return device;
}

/* Fills the item as it is shown; what was made for it is to be freed. */
static zks__buf *show(evil_relay *e, const session *s, const blob *b, zks__blob_item *out)
{
    memset(out, 0, sizeof *out);
    out->cursor = b->cursor;
    memcpy(out->sender, b->sender, sizeof out->sender);
    memcpy(out->blob_id, b->id, sizeof out->blob_id);
    zks__buf *bytes = zks__buf_copy(b->bytes->data, b->bytes->length);
    raw_check(bytes != NULL);
    if (strikes(e, EVIL_FLIP, b->number)) {
        bytes->data[bytes->length / 2] ^= 1;
    } else if (strikes(e, EVIL_CUT, b->number)) {
        bytes->length /= 2;
    } else if (strikes(e, EVIL_SENDER, b->number) ||
               (e->attack == EVIL_ECHO && !memcmp(b->sender, s->device, sizeof s->device))) {
        memcpy(out->sender, another_member(e, b->sender), sizeof out->sender);
    } else if (strikes(e, EVIL_STRANGER, b->number)) {
        memset(out->sender, 0xbb, sizeof out->sender);
        out->sender[0] = (uint8_t)e->lies++;
    }
    out->blob = (zks__slice){bytes->data, bytes->length};
    return bytes;
}

static void send_blobs(evil_relay *e, session *s, uint8_t flags, uint64_t from, uint64_t contiguous,
                       blob *const *blobs, size_t count)
{
    zks__blob_item items[2 * BATCH];
    zks__buf *made[2 * BATCH];
    size_t n = 0;
    for (size_t i = 0; i < count; i++) {
        made[n] = show(e, s, blobs[i], &items[n]);
        n++;
        if (e->attack == EVIL_DUPLICATE) {
            items[n - 1].cursor--;
            made[n] = show(e, s, blobs[i], &items[n]);
            n++;
        }
    }
    if (e->attack == EVIL_BACKWARDS && n > 1) {
        zks__blob_item first = items[0];
        items[0] = items[n - 1];
        items[n - 1] = first;
    }
    zks__message m = {.type = ZKS_MESSAGE_BLOBS};
    m.blobs.flags = e->attack == EVIL_ENDLESS ? ZKS_BLOBS_MORE : flags;
    m.blobs.from = from;
    m.blobs.contiguous = e->attack == EVIL_HUGE_REACH ? UINT64_MAX
                         : e->attack == EVIL_ENDLESS  ? from
                                                      : contiguous;
    m.blobs.blobs = (zks__wire_list){.count = e->attack == EVIL_ENDLESS ? 0 : n, .items = items};
    fake_relay_send(s->session, &m);
    for (size_t i = 0; i < n; i++) {
        zks__buf_unref(made[i]);
    }
}

static void on_pull(evil_relay *e, session *s, const zks__pull *m)
{
    blob *found[BATCH];
    size_t count = 0;
    e->pulls++;
    if (e->attack == EVIL_SILENT) {
        return;
    }
    if (e->attack == EVIL_EMPTY) {
        send_blobs(e, s, 0, m->after, EMPTY_REACH, NULL, 0);
        return;
    }
    for (size_t i = 0; i < e->count && count < BATCH; i++) {
        blob *b = &e->blobs[i];
        if (b->cursor > m->after && shown(e, s, b, m->flags & ZKS_PULL_OWN) &&
            !strikes(e, EVIL_SKIP, b->number)) {
            found[count++] = b;
        }
    }
    uint64_t reach = count == BATCH ? found[count - 1]->cursor : e->last;
    reach = reach < m->after ? m->after : reach;
    send_blobs(e, s, count == BATCH ? ZKS_BLOBS_MORE : 0, m->after, reach, found, count);
    s->live = count < BATCH;
    s->scanned = reach;
}

static void go_live(evil_relay *e, blob *b)
{
    for (size_t i = 0; i < SESSIONS_MAX; i++) {
        session *s = &e->sessions[i];
        if (s->session && s->live && e->attack != EVIL_SILENT && shown(e, s, b, false) &&
            !strikes(e, EVIL_SKIP, b->number)) {
            send_blobs(e, s, ZKS_BLOBS_LIVE, s->scanned, b->cursor, &b, 1);
            s->scanned = b->cursor;
        }
    }
}

/* --- pushes --- */

static blob *store(evil_relay *e, const session *s, const zks__push_item *item)
{
    raw_check(e->count < BLOBS_MAX);
    blob *b = &e->blobs[e->count++];
    memset(b, 0, sizeof *b);
    e->last += e->attack == EVIL_LEAP ? UINT64_C(1) << 32 : 16;
    b->cursor = e->last;
    b->number = e->pushes;
    memcpy(b->group, s->group, sizeof b->group);
    memcpy(b->sender, s->device, sizeof b->sender);
    memcpy(b->id, item->blob_id, sizeof b->id);
    b->bytes = zks__buf_copy(item->blob.data, item->blob.length);
    return b;
}

/* The range that was pushed stands in reverse order, once it is complete; nobody saw it before. */
static void reverse(evil_relay *e)
{
    for (size_t i = 0, k = e->count; i < k; i++) {
        if (e->blobs[i].number < e->from) {
            continue;
        }
        for (size_t low = i, high = e->count - 1; low < high; low++, high--) {
            blob kept = e->blobs[low];
            uint64_t at_low = kept.cursor, at_high = e->blobs[high].cursor;
            e->blobs[low] = e->blobs[high];
            e->blobs[high] = kept;
            e->blobs[low].cursor = at_low;
            e->blobs[high].cursor = at_high;
        }
        for (; i < e->count; i++) {
            go_live(e, &e->blobs[i]);
        }
    }
}

static void answer(evil_relay *e, const session *s, const zks__push_item *item, uint64_t cursor)
{
    zks__push_result r = {.cursor = cursor};
    memcpy(r.blob_id, item->blob_id, sizeof r.blob_id);
    r.code = strikes(e, EVIL_REFUSE, e->pushes) ? 7777 : 0;
    if (e->attack == EVIL_ACK_UNSENT) {
        r.blob_id[0] ^= 1;
    }
    zks__message m = {.type = ZKS_MESSAGE_PUSH_ACK};
    m.push_ack.results = (zks__wire_list){.count = 1, .items = &r};
    fake_relay_send(s->session, &m);
    if (e->attack == EVIL_ACK_TWICE) {
        fake_relay_send(s->session, &m);
    }
}

static void take_one(evil_relay *e, const session *s, const zks__push_item *item)
{
    for (size_t i = 0; i < e->count; i++) {
        if (!memcmp(e->blobs[i].id, item->blob_id, ZKS_BLOB_ID_BYTES)) {
            answer(e, s, item, e->blobs[i].cursor);
            return;
        }
    }
    e->pushes++;
    bool dropped = strikes(e, EVIL_DROP, e->pushes) || strikes(e, EVIL_REFUSE, e->pushes);
    blob *b = dropped ? NULL : store(e, s, item);
    answer(e, s, item, b ? b->cursor : e->last + 1);
    if (!b) {
        return;
    }
    if (!strikes(e, EVIL_REORDER, b->number)) {
        go_live(e, b);
    } else if (b->number == e->to) {
        reverse(e);
    }
    if (e->attack == EVIL_REPLAY) {
        go_live(e, store(e, s, item));
    }
}

/* --- messages --- */

static void handle(fake_relay *r, zks__session *raw, const zks__message *m)
{
    evil_relay *e = fake_relay_user(r);
    pthread_mutex_lock(&e->mutex);
    session *s = session_of(e, raw);
    if (m->type == ZKS_MESSAGE_HELLO) {
        on_hello(e, raw, &m->hello);
    } else if (s && m->type == ZKS_MESSAGE_PULL) {
        on_pull(e, s, &m->pull);
    } else if (s && m->type == ZKS_MESSAGE_PUSH && e->attack != EVIL_SILENT) {
        zks__wire_list list = m->push.blobs;
        zks__push_item item;
        while (zks__wire_next_push(&list, &item)) {
            take_one(e, s, &item);
        }
    }
    pthread_mutex_unlock(&e->mutex);
}

static void ended(fake_relay *r, zks__session *raw)
{
    evil_relay *e = fake_relay_user(r);
    pthread_mutex_lock(&e->mutex);
    session *s = session_of(e, raw);
    if (s) {
        s->session = NULL;
    }
    pthread_mutex_unlock(&e->mutex);
}

/* --- for tests --- */

evil_relay *evil_relay_start(void)
{
    evil_relay *e = zks__alloc_zero(1, sizeof *e);
    raw_check(e != NULL);
    pthread_mutex_init(&e->mutex, NULL);
    e->incarnation = 1;
    e->last = 1000;
    e->relay = fake_relay_start_with(handle, ended, e);
    return e;
}

void evil_relay_free(evil_relay *e)
{
    fake_relay_free(e->relay);
    for (size_t i = 0; i < e->count; i++) {
        zks__buf_unref(e->blobs[i].bytes);
    }
    for (size_t i = 0; i < e->record_count; i++) {
        zks__buf_unref(e->records[i].bytes);
    }
    pthread_mutex_destroy(&e->mutex);
    zks__free(e);
}

const char *evil_relay_address(const evil_relay *e)
{
    return fake_relay_address(e->relay);
}

void evil_relay_attack(evil_relay *e, evil_attack attack, unsigned from, unsigned to)
{
    pthread_mutex_lock(&e->mutex);
    e->attack = attack;
    e->from = from;
    e->to = to;
    pthread_mutex_unlock(&e->mutex);
}

void evil_relay_raise(evil_relay *e)
{
    pthread_mutex_lock(&e->mutex);
    e->last = e->last < EMPTY_REACH ? EMPTY_REACH : e->last;
    pthread_mutex_unlock(&e->mutex);
}

void evil_relay_hide(evil_relay *e, const uint8_t device[32], unsigned from, unsigned to)
{
    pthread_mutex_lock(&e->mutex);
    raw_check(e->hidden_count < HIDDEN_MAX);
    memcpy(e->hidden[e->hidden_count].device, device, ZKS_DEVICE_ID_BYTES);
    e->hidden[e->hidden_count].from = from;
    e->hidden[e->hidden_count++].to = to;
    pthread_mutex_unlock(&e->mutex);
}

void evil_relay_go_back(evil_relay *e, size_t keep, bool new_incarnation)
{
    pthread_mutex_lock(&e->mutex);
    while (e->count > keep) {
        zks__buf_unref(e->blobs[--e->count].bytes);
    }
    e->last = e->count ? e->blobs[e->count - 1].cursor : 1000;
    e->incarnation = (uint8_t)(e->incarnation + new_incarnation);
    pthread_mutex_unlock(&e->mutex);
}

static unsigned count_of(evil_relay *e, const unsigned *what)
{
    pthread_mutex_lock(&e->mutex);
    unsigned count = *what;
    pthread_mutex_unlock(&e->mutex);
    return count;
}

unsigned evil_relay_hellos(evil_relay *e)
{
    return count_of(e, &e->hellos);
}

unsigned evil_relay_pulls(evil_relay *e)
{
    return count_of(e, &e->pulls);
}

unsigned evil_relay_pushes(evil_relay *e)
{
    return count_of(e, &e->pushes);
}
