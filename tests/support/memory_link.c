/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "tests/support/memory_link.h"

#include "crypto/crypto.h"

#include <stdlib.h>
#include <string.h>

enum {
    DEFAULT_WINDOW = 256 << 10,
    DEFAULT_LOW_WATER = 16 << 10,
    TEXT_BYTES = 128,
    PIECES_PER_TURN = 64
};

typedef struct queued_write {
    zks__buf *data;
    size_t sent;
    struct queued_write *next;
} queued_write;

typedef struct end {
    zks__link link; /* first */
    memory_pair *pair;
    queued_write *first, *last;
    size_t queued;     /* in the list, not delivered */
    size_t delivered;  /* to this end */
    size_t unconsumed; /* by this end */
    bool high;         /* queued was above the low-water mark */
    bool opened, closing, closed;
    uint64_t close_code;
    char close_text[TEXT_BYTES];
    uint8_t seed[ZKS_SIGN_SEED_BYTES];
    uint8_t key[ZKS_LINK_KEY_BYTES];
} end;

struct memory_pair {
    memory_config config;
    uint64_t random;
    end ends[2];
    bool lost, refuses;
};

static end *end_of(zks__link *link)
{
    return (end *)(void *)link;
}

static const end *const_end_of(const zks__link *link)
{
    return (const end *)(const void *)link;
}

static end *other(const end *e)
{
    return &e->pair
                ->ends[e == &e->pair->ends[MEMORY_INITIATOR] ? MEMORY_ACCEPTOR : MEMORY_INITIATOR];
}

/* --- the operations --- */

static zks_status op_write(zks__link *link, zks__buf *data)
{
    end *e = end_of(link);
    queued_write *w = NULL;
    if (e->closing || e->closed || e->pair->refuses || !(w = calloc(1, sizeof *w))) {
        zks__buf_unref(data);
        return e->closing || e->closed ? ZKS_E_CLOSED : ZKS_E_NOMEM;
    }
    w->data = data;
    if (e->last) {
        e->last->next = w;
    } else {
        e->first = w;
    }
    e->last = w;
    e->queued += data->length;
    e->high = e->high || e->queued > e->pair->config.low_water;
    return ZKS_OK;
}

static void op_flush(zks__link *link)
{
    (void)link;
}

static void op_consume(zks__link *link, size_t length)
{
    end *e = end_of(link);
    if (length > e->unconsumed) {
        abort(); /* gives back more than it got: a defect of the owner that must not pass a test */
    }
    e->unconsumed -= length;
}

static size_t op_queued(const zks__link *link)
{
    return const_end_of(link)->queued;
}

static void op_close(zks__link *link, uint64_t code, const char *reason)
{
    end *e = end_of(link);
    if (e->closing || e->closed) {
        return;
    }
    e->closing = true;
    e->close_code = code;
    strncpy(e->close_text, reason ? reason : "", sizeof e->close_text - 1);
}

static const uint8_t *op_peer_key(const zks__link *link)
{
    return other(const_end_of(link))->key;
}

static const uint8_t *op_local_key(const zks__link *link)
{
    return const_end_of(link)->key;
}

static zks_status op_export(const zks__link *link, const char *label,
                            uint8_t out[ZKS_LINK_EXPORT_BYTES])
{
    const memory_pair *p = const_end_of(link)->pair;
    if (p->config.broken_export) {
        return ZKS_E_TLS;
    }
    uint64_t state = p->config.seed;
    for (const char *c = label; *c; c++) {
        state = state * 31 + (uint8_t)*c;
    }
    for (size_t i = 0; i < ZKS_LINK_EXPORT_BYTES; i++) {
        out[i] = (uint8_t)memory_random(&state);
    }
    return ZKS_OK;
}

static uint64_t op_rtt_us(const zks__link *link)
{
    (void)link;
    return 1000;
}

static const struct zks__link_ops memory_ops = {
    .write = op_write,
    .flush = op_flush,
    .consume = op_consume,
    .queued = op_queued,
    .close = op_close,
    .peer_key = op_peer_key,
    .local_key = op_local_key,
    .export_secret = op_export,
    .rtt_us = op_rtt_us,
};

/* --- the pair --- */

memory_pair *memory_pair_new(const memory_config *config)
{
    memory_pair *p = calloc(1, sizeof *p);
    if (!p || zks__crypto_init()) {
        abort();
    }
    p->config = *config;
    p->config.window = config->window ? config->window : DEFAULT_WINDOW;
    p->config.low_water = config->low_water ? config->low_water : DEFAULT_LOW_WATER;
    p->random = config->seed;
    for (int side = 0; side < 2; side++) {
        end *e = &p->ends[side];
        e->pair = p;
        e->link.ops = &memory_ops;
        e->link.kind = config->kind ? config->kind : ZKS_LINK_KIND_QUIC;
        e->opened = side == MEMORY_ACCEPTOR;
        for (size_t i = 0; i < sizeof e->seed; i++) {
            e->seed[i] = (uint8_t)memory_random(&p->random);
        }
        zks__sign_key key;
        zks__crypto_sign_key(e->seed, &key);
        memcpy(e->key, zks__crypto_sign_public(&key), sizeof e->key);
    }
    return p;
}

static void drop_writes(end *e)
{
    while (e->first) {
        queued_write *w = e->first;
        e->first = w->next;
        zks__buf_unref(w->data);
        free(w);
    }
    e->last = NULL;
    e->queued = 0;
}

void memory_pair_free(memory_pair *p)
{
    if (p) {
        drop_writes(&p->ends[0]);
        drop_writes(&p->ends[1]);
        free(p);
    }
}

void memory_pair_refuse_writes(memory_pair *p)
{
    p->refuses = true;
}

const uint8_t *memory_pair_seed(const memory_pair *p, int side)
{
    return p->ends[side].seed;
}

zks__link *memory_pair_link(memory_pair *p, int side)
{
    return p->ends[side].closed ? NULL : &p->ends[side].link;
}

void memory_pair_set_events(memory_pair *p, int side, zks__link_events events, void *user)
{
    p->ends[side].link.events = events;
    p->ends[side].link.user = user;
}

static void raise_closed(end *e, zks_status status, uint64_t code, const char *text)
{
    e->closed = true;
    drop_writes(e);
    if (e->link.events.closed) {
        e->link.events.closed(&e->link, status, code, text, e->link.user);
    }
}

/* One piece from e to its peer. The bytes are copied so that a reader beyond the end is seen by the
 * sanitizers. */
static bool deliver_piece(end *e)
{
    end *to = other(e);
    const memory_config *config = &e->pair->config;
    if (!e->first || to->closed || !to->opened || to->unconsumed >= config->window) {
        return false;
    }
    queued_write *w = e->first;
    size_t length = w->data->length - w->sent;
    size_t room = config->window - to->unconsumed;
    length = length > room ? room : length;
    if (config->max_piece && length) {
        size_t piece = 1 + (size_t)(memory_random(&e->pair->random) % config->max_piece);
        length = length > piece ? piece : length;
    }
    uint8_t *copy = malloc(length ? length : 1);
    if (!copy) {
        abort();
    }
    memcpy(copy, w->data->data + w->sent, length);
    size_t flip =
        config->flip[to == &e->pair->ends[MEMORY_INITIATOR] ? MEMORY_INITIATOR : MEMORY_ACCEPTOR];
    if (flip > to->delivered && flip <= to->delivered + length) {
        copy[flip - to->delivered - 1] ^= (uint8_t)(1 << flip % 8);
    }
    w->sent += length;
    e->queued -= length;
    if (w->sent == w->data->length) {
        e->first = w->next;
        e->last = e->first ? e->last : NULL;
        zks__buf_unref(w->data);
        free(w);
    }
    to->delivered += length;
    to->unconsumed += length;
    if (to->link.events.received && length) {
        to->link.events.received(&to->link, copy, length, to->link.user);
    }
    free(copy);
    return true;
}

static bool turn_end(end *e)
{
    bool any = false;
    for (int i = 0; i < PIECES_PER_TURN && !e->closed && deliver_piece(e); i++) {
        any = true;
    }
    if (!e->closed && !e->closing && e->high && e->queued < e->pair->config.low_water) {
        e->high = false;
        any = true;
        if (e->link.events.drained) {
            e->link.events.drained(&e->link, e->link.user);
        }
    }
    return any;
}

/* A closing end goes when its bytes are delivered, or at once with a code, or when the peer takes
 * no more: that is the second that a real link waits. Then its peer hears of it. */
static bool turn_close(end *e, bool stuck)
{
    if (!e->closing || e->closed || (e->first && !e->close_code && !stuck)) {
        return false;
    }
    end *peer = other(e);
    raise_closed(e, ZKS_OK, e->close_code, e->close_text);
    if (!peer->closed) {
        raise_closed(peer, ZKS_OK, e->close_code, e->close_text);
    }
    return true;
}

bool memory_pair_turn(memory_pair *p)
{
    bool any = false;
    if (p->lost) {
        p->lost = false;
        for (int side = 0; side < 2; side++) {
            if (!p->ends[side].closed) {
                raise_closed(&p->ends[side], ZKS_E_CONNECTION_LOST, 0, "the connection was lost");
                any = true;
            }
        }
        return any;
    }
    end *initiator = &p->ends[MEMORY_INITIATOR];
    if (!initiator->opened && !initiator->closed) {
        initiator->opened = true;
        any = true;
        if (initiator->link.events.opened) {
            initiator->link.events.opened(&initiator->link, initiator->link.user);
        }
    }
    for (int side = 0; side < 2; side++) {
        any = turn_end(&p->ends[side]) || any;
    }
    for (int side = 0; side < 2; side++) {
        any = turn_close(&p->ends[side], !any) || any;
    }
    return any;
}

size_t memory_pair_run(memory_pair *p)
{
    size_t turns = 0;
    while (memory_pair_turn(p)) {
        turns++;
    }
    return turns;
}

void memory_pair_lose(memory_pair *p)
{
    p->lost = true;
}

size_t memory_pair_delivered(const memory_pair *p, int side)
{
    return p->ends[side].delivered;
}

size_t memory_pair_unconsumed(const memory_pair *p, int side)
{
    return p->ends[side].unconsumed;
}
