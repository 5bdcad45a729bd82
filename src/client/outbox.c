/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Pushing: app -> storage thread (sealed, committed) -> relay. */
#include "client/batch.h"
#include "client/internal.h"

#include "base/alloc.h"

#include <string.h>

enum {
    FETCH_MAX_ITEMS = 4096,
    /* A PUSH carries about as much as a record or two: acknowledgements flow, and the relay's
       commits fill. */
    PUSH_MESSAGE_BYTES = 96 << 10,
    PUSH_MESSAGE_ITEMS = 128,
    /* What an entry on its way into the store costs beside its bytes: operation, job, padding. */
    PUSH_COST_BYTES = 512
};

/* --- the cache: sealed entries behind the one sent last --- */

static zks__sealed *cached(zks_client *c, size_t i)
{
    return &c->cache[(c->cache_first + i) % c->cache_size];
}

static void cache_drop_first(zks_client *c)
{
    zks__sealed *s = cached(c, 0);
    c->cache_bytes -= s->blob->length;
    zks__buf_unref(s->blob);
    c->cache_first = (c->cache_first + 1) % c->cache_size;
    c->cache_count--;
}

void zks__client_cache_clear(zks_client *c)
{
    while (c->cache_count) {
        cache_drop_first(c);
    }
}

void zks__client_epoch_moved(zks_client *c)
{
    zks__client_cache_clear(c);
    zks__sync_push_again(c->sync);
}

void zks__client_cache_done(zks_client *c)
{
    zks__client_cache_clear(c);
    zks__free(c->cache);
    c->cache = NULL;
    c->cache_size = 0;
}

static bool cache_grow(zks_client *c)
{
    size_t size = c->cache_size ? c->cache_size * 2 : 256;
    zks__sealed *grown = zks__alloc(size * sizeof *grown);
    if (!grown) {
        return false;
    }
    for (size_t i = 0; i < c->cache_count; i++) {
        grown[i] = *cached(c, i);
    }
    zks__free(c->cache);
    c->cache = grown;
    c->cache_size = size;
    c->cache_first = 0;
    return true;
}

/* Takes over the buffer. What does not fit is read back from the store when its turn comes; the
 * cache holds one gapless range of numbers, so it takes nothing behind a gap. */
static void cache_add(zks_client *c, const zks__sealed *s)
{
    bool follows = !c->cache_count || cached(c, c->cache_count - 1)->n + 1 == s->n;
    bool fits = c->cache_bytes + s->blob->length <= ZKS_CACHE_MAX_BYTES;
    if (!follows || !fits || (c->cache_count == c->cache_size && !cache_grow(c))) {
        zks__buf_unref(s->blob);
        return;
    }
    c->cache[(c->cache_first + c->cache_count++) % c->cache_size] = *s;
    c->cache_bytes += s->blob->length;
}

void zks__client_forget_sent(zks_client *c, uint64_t settled_n)
{
    while (c->cache_count && cached(c, 0)->n <= settled_n) {
        cache_drop_first(c);
    }
}

/* --- push --- */

typedef struct push_job {
    zks__client_job base;
    zks_op *op; /* a reference */
    uint32_t flags;
    size_t count;
    size_t bytes;
    zks__sealed items[]; /* blob holds the body until it is sealed */
} push_job;

static zks_status run_push(zks__job *job)
{
    push_job *p = (push_job *)job;
    zks__ledger *l = p->base.client->ledger;
    zks_status status = ZKS_OK;
    for (size_t i = 0; i < p->count && !status; i++) {
        bool sign = job->last_push && i + 1 == p->count;
        status = zks__ledger_push(l, p->items[i].blob, p->base.client->options.ttl_s, sign,
                                  &p->items[i]);
    }
    return status;
}

/* The entries' ids as readers see them, not the blobs': those change with the keys. */
static void report_ids(push_job *p)
{
    uint8_t *ids = zks__alloc(p->count * ZKS_BATCH_ID_BYTES);
    for (size_t i = 0; ids && i < p->count; i++) {
        memcpy(ids + i * ZKS_BATCH_ID_BYTES, p->items[i].id, ZKS_BATCH_ID_BYTES);
    }
    zks__op_set_bytes(p->op, ZKS_OP_BLOB_IDS, ids, ids ? p->count * ZKS_BATCH_ID_BYTES : 0);
    zks__op_set_number(p->op, ZKS_OP_FIRST_NUMBER, (int64_t)p->items[0].n);
    zks__op_set_number(p->op, ZKS_OP_COUNT, (int64_t)p->count);
}

static void finish_push(zks__job *job)
{
    push_job *p = (push_job *)job;
    zks_client *c = p->base.client;
    atomic_fetch_sub(&c->queued_bytes, p->bytes);
    const char *text;
    zks_status status = zks__client_job_status(c, job->status, &text);
    zks__client_store_state(c, job->status);
    if (status) {
        for (size_t i = 0; i < p->count; i++) {
            zks__buf_unref(p->items[i].blob);
        }
        zks__op_complete(p->op, status, text);
    } else {
        report_ids(p);
        uint64_t last = p->items[p->count - 1].n;
        uint64_t sealed_bytes = 0;
        for (size_t i = 0; i < p->count; i++) {
            sealed_bytes += p->items[i].blob->length;
            cache_add(c, &p->items[i]);
        }
        atomic_store(&c->last_n, last);
        pthread_mutex_lock(&c->mutex);
        c->pending_bytes += sealed_bytes;
        pthread_mutex_unlock(&c->mutex);
        zks__sync_stored(c->sync, last);
        if ((p->flags & ZKS_PUSH_ACKED) && !c->stopping && !zks__op_is_done(p->op)) {
            p->op->target = last;
            zks__client_wait(&c->acking, p->op);
        } else {
            zks__op_complete(p->op, (p->flags & ZKS_PUSH_ACKED) ? ZKS_E_CANCELLED : ZKS_OK, NULL);
        }
        zks__client_pump(c);
    }
    zks__op_free(p->op);
    zks__client_job_free(&p->base);
}

static void free_push(push_job *p)
{
    for (size_t i = 0; i < p->count; i++) {
        zks__buf_unref(p->items[i].blob);
    }
    zks__client_job_free(&p->base);
}

zks_status zks__client_push(zks_client *c, const uint8_t *data, const size_t *lengths, size_t count,
                            uint32_t flags, zks_done_fn done, void *user, zks_op **out_op)
{
    if ((flags & ZKS_PUSH_NEED_CONNECTION) && !atomic_load(&c->connected)) {
        return ZKS_E_NOT_CONNECTED;
    }
    if (zks__client_refuse(c)) {
        return ZKS_E_CLOSED;
    }
    push_job *p = zks__client_job_new(c, sizeof *p + count * sizeof p->items[0], ZKS_JOB_PUSH,
                                      run_push, finish_push);
    if (!p) {
        return ZKS_E_NOMEM;
    }
    zks_status status = ZKS_OK;
    for (; p->count < count && !status; p->count++) {
        size_t length = lengths[p->count];
        p->items[p->count].blob = length > ZKS_BODY_MAX_BYTES ? NULL
                                                              : zks__blob_buffer(data, length);
        if (!p->items[p->count].blob) {
            status = length > ZKS_BODY_MAX_BYTES ? ZKS_E_TOO_LARGE : ZKS_E_NOMEM;
            break;
        }
        data += length;
        p->bytes += length + PUSH_COST_BYTES;
    }
    if (!status && atomic_load(&c->queued_bytes) + p->bytes > c->options.queue_max_bytes &&
        atomic_load(&c->queued_bytes)) {
        status = ZKS_E_LIMIT;
    }
    p->flags = flags;
    if (!status) {
        status = zks__op_create(c->runtime, c->queue, c, done, user, &p->op);
    }
    if (status) {
        free_push(p);
        return status;
    }
    atomic_fetch_add(&c->queued_bytes, p->bytes);
    status = zks__client_submit_op(c, &p->base.job, p->op, out_op);
    if (status) {
        atomic_fetch_sub(&c->queued_bytes, p->bytes);
        free_push(p);
    }
    return status;
}

/* --- sending --- */

/* Where entries to be sent stand: in the cache, from its place `start` on, or in `read`. */
typedef struct source {
    zks_client *cache;
    size_t start;
    const zks__sealed *read;
} source;

static const zks__sealed *item_of(const source *from, size_t i)
{
    return from->cache ? cached(from->cache, from->start + i) : &from->read[i];
}

/* Sends `count` entries in messages of about PUSH_MESSAGE_BYTES, until one cannot be sent: then
 * the attempt ends. */
static void send_items(zks_client *c, const source *from, size_t count)
{
    size_t sent = 0;
    while (sent < count) {
        zks__push_item push[PUSH_MESSAGE_ITEMS];
        size_t n = 0, bytes = 0;
        while (n < PUSH_MESSAGE_ITEMS && sent + n < count &&
               (!n || bytes + item_of(from, sent + n)->blob->length <= PUSH_MESSAGE_BYTES)) {
            const zks__sealed *s = item_of(from, sent + n);
            memcpy(push[n].blob_id, s->blob_id, sizeof push[n].blob_id);
            push[n].ttl_s = s->ttl_s;
            push[n].blob = (zks__slice){s->blob->data, s->blob->length};
            bytes += s->blob->length;
            n++;
        }
        zks__message m = {.type = ZKS_MESSAGE_PUSH, .push.blobs = {.count = n, .items = push}};
        if (!zks__client_send(c, &m)) {
            return;
        }
        for (size_t i = 0; i < n; i++) {
            const zks__sealed *s = item_of(from, sent + i);
            zks__sync_pushed(c->sync, s->n, s->blob_id, (uint32_t)s->blob->length);
        }
        sent += n;
    }
}

typedef struct fetch_job {
    zks__client_job base;
    uint64_t after, last_n;
    uint32_t max_bytes;
    size_t max_count, count;
    zks__sealed items[];
} fetch_job;

static zks_status run_fetch(zks__job *job)
{
    fetch_job *f = (fetch_job *)job;
    f->last_n = zks__ledger_last_n(f->base.client->ledger);
    return zks__ledger_outbox(f->base.client->ledger, f->after, f->max_bytes, f->max_count,
                              f->items, &f->count);
}

static void finish_fetch(zks__job *job)
{
    fetch_job *f = (fetch_job *)job;
    zks_client *c = f->base.client;
    bool current = zks__client_job_is_current(&f->base);
    if (current && !job->status) {
        if (!f->count) {
            zks__sync_skip(c->sync, f->last_n); /* pruned or expired before they were sent */
        }
        send_items(c, &(source){.read = f->items}, f->count);
    }
    for (size_t i = 0; i < f->count; i++) {
        zks__buf_unref(f->items[i].blob);
    }
    zks__sync_fetched(c->sync, f->base.attempt);
    if (current && job->status) {
        zks__client_store_failed(c, job->status);
    }
    zks__client_pump(c);
    zks__client_job_free(&f->base);
}

void zks__client_fetch(zks_client *c, const zks__action *a)
{
    size_t max = a->max_count < FETCH_MAX_ITEMS ? a->max_count : FETCH_MAX_ITEMS;
    uint64_t next = a->number + 1;
    if (c->cache_count && cached(c, 0)->n <= next && next <= cached(c, c->cache_count - 1)->n) {
        size_t start = (size_t)(next - cached(c, 0)->n), count = 0;
        uint64_t bytes = 0;
        while (count < max && start + count < c->cache_count && bytes < a->max_bytes) {
            bytes += cached(c, start + count++)->blob->length;
        }
        send_items(c, &(source){.cache = c, .start = start}, count);
        zks__sync_fetched(c->sync, a->attempt);
        return;
    }
    if (c->cache_count && cached(c, 0)->n > next) {
        /* The store is read up to the cache's beginning, no further. */
        uint64_t gap = cached(c, 0)->n - next;
        max = gap < max ? (size_t)gap : max;
    }
    fetch_job *f = zks__client_job_new(c, sizeof *f + max * sizeof f->items[0], ZKS_JOB_PLAIN,
                                       run_fetch, finish_fetch);
    if (!f) {
        zks__client_abort_link(c, ZKS_E_NOMEM, "no memory to send");
        zks__sync_fetched(c->sync, a->attempt);
        return;
    }
    f->base.attempt = a->attempt;
    f->after = a->number;
    f->max_bytes = a->max_bytes;
    f->max_count = max;
    zks__client_job_start(&f->base);
}
