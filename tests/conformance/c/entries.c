/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Verbs that send and receive. */
#include "driver.h"

#include <stdlib.h>
#include <string.h>

/* --- sending --- */

static uint32_t push_flags(const task *t)
{
    return (option_true(t, "acked") ? ZKS_PUSH_ACKED : 0u) |
           (option_true(t, "need_connection") ? ZKS_PUSH_NEED_CONNECTION : 0u);
}

/* What a push has told: the first number; blobs get their names. *count: ids; 0: one is wrong. */
static int64_t pushed(const task *t, const zks_op *op, size_t *count)
{
    bool same = true;
    size_t length;
    const uint8_t *ids = zks_op_bytes(op, ZKS_OP_BLOB_IDS, &length);
    int64_t first = zks_op_number(op, ZKS_OP_FIRST_NUMBER);
    *count = length / ZKS_SIZE_BLOB_ID;
    for (size_t i = 0; i < *count; i++) {
        same &= blob_seen(t->who, (uint64_t)first + i, ids + i * ZKS_SIZE_BLOB_ID);
    }
    *count = same ? *count : 0;
    return first;
}

void verb_push(task *t)
{
    zks_op *op = NULL;
    size_t count;
    payload p = payload_of(arg(t, 2));
    zks_status s = zks_client_push(client_of(t), p.data, p.length, push_flags(t), NULL, NULL, &op);
    free(p.data);
    s = s ? s : task_wait(t, op);
    if (s) {
        fail(t, s);
    } else {
        int64_t first = pushed(t, op, &count);
        say(t, " %s#%d%s", t->who, (int)first, count ? "" : " (other blob id)");
    }
    zks_op_free(op);
}

/* Several payloads as zks_client_push_many wants them. */
typedef struct batch {
    uint8_t *data;
    size_t length, lengths[1024], count;
} batch;

static void batch_add(batch *b, const void *data, size_t length)
{
    uint8_t *bigger = realloc(b->data, b->length + length + 1);
    if (!bigger || b->count == sizeof b->lengths / sizeof *b->lengths) {
        broken("too large a batch", NULL);
    }
    b->data = bigger;
    memcpy(b->data + b->length, data, length);
    b->length += length;
    b->lengths[b->count++] = length;
}

void verb_push_many(task *t)
{
    zks_op *op = NULL;
    batch b = {0};
    size_t i, ids;
    json_t *value;
    json_array_foreach(arg(t, 2), i, value)
    {
        payload p = payload_of(value);
        batch_add(&b, p.data, p.length);
        free(p.data);
    }
    zks_status s = zks_client_push_many(client_of(t), b.data, b.lengths, b.count, push_flags(t),
                                        NULL, NULL, &op);
    free(b.data);
    s = s ? s : task_wait(t, op);
    if (s) {
        fail(t, s);
    } else {
        int first = (int)pushed(t, op, &ids);
        int last = first + (int)zks_op_number(op, ZKS_OP_COUNT) - 1;
        say(t, " %s#%d..%s#%d, %zu ids", t->who, first, t->who, last, ids);
    }
    zks_op_free(op);
}

/* Pushes the numbers first..last as texts. */
static zks_status push_numbers(task *t, int64_t first, int64_t last)
{
    zks_op *op = NULL;
    batch b = {0};
    char text[24];
    for (int64_t n = first; n <= last; n++) {
        int length = snprintf(text, sizeof text, "%d", (int)n);
        batch_add(&b, text, (size_t)length);
    }
    zks_status s = zks_client_push_many(client_of(t), b.data, b.lengths, b.count, push_flags(t),
                                        NULL, NULL, &op);
    free(b.data);
    return task_finish(t, s, op);
}

void verb_push_series(task *t)
{
    int64_t count = int_arg(t, 2), size = int_arg(t, 3);
    zks_status s = ZKS_OK;
    for (int64_t n = 1; n <= count && !s; n += size) {
        int64_t last = n + size - 1;
        s = push_numbers(t, n, last < count ? last : count);
    }
    if (s) {
        fail(t, s);
    } else {
        say(t, " %d", (int)count);
    }
}

/* --- receiving --- */

/* One read behind the position, which it moves; the batch is owned. */
static zks_status read_some(task *t, uint32_t most, uint32_t flags, zks_batch **out)
{
    zks_op *op = NULL;
    zks_status s = zks_inbox_read(client_of(t), t->d->position, most, 0, flags, NULL, NULL, &op);
    s = s ? s : task_wait(t, op);
    s = s ? s : zks_op_take_batch(op, out);
    zks_op_free(op);
    return s;
}

/* A line of the transcript that waits to be sorted by its sender. */
typedef struct shown {
    char sender[NAME_SIZE];
    char *line;
} shown;

typedef struct shown_list {
    shown items[1024];
    size_t count;
} shown_list;

static void show_entry(task *t, const zks_batch *b, size_t i, shown_list *list)
{
    const uint64_t *offsets = zks_batch_offsets(b), seq = zks_batch_seqs(b)[i];
    const char *sender = id_name(zks_batch_senders(b) + i * ZKS_SIZE_DEVICE_ID);
    uint64_t number = zks_batch_numbers(b)[i];
    uint32_t flags = zks_batch_flags(b)[i];
    bool same = blob_seen(sender, number, zks_batch_ids(b) + i * ZKS_SIZE_BLOB_ID);
    char *text = payload_shown(zks_batch_data(b, NULL) + offsets[i], offsets[i + 1] - offsets[i]);
    size_t size = strlen(text) + 4 * NAME_SIZE;
    shown *s = &list->items[list->count++];
    s->line = malloc(size);
    if (!s->line || list->count == sizeof list->items / sizeof *list->items) {
        broken("too many entries:", t->step);
    }
    snprintf(s->sender, sizeof s->sender, "%s", sender);
    snprintf(s->line, size, " %s#%llu %s%s%s%s%s%s", sender, (unsigned long long)number, text,
             flags & ZKS_ITEM_OWN ? " own" : "", flags & ZKS_ITEM_LATE ? " late" : "",
             flags & ZKS_ITEM_FORK ? " fork" : "", same ? "" : " (other blob id)",
             seq > t->d->position ? "" : " (sequence went back)");
    t->d->position = seq;
    free(text);
}

/* By sender; of one sender as they came. */
static void say_entries(task *t, shown_list *list)
{
    for (size_t i = 1; i < list->count; i++) { /* insertion: stable, and there are few */
        shown moving = list->items[i];
        size_t j = i;
        for (; j > 0 && strcmp(list->items[j - 1].sender, moving.sender) > 0; j--) {
            list->items[j] = list->items[j - 1];
        }
        list->items[j] = moving;
    }
    for (size_t i = 0; i < list->count; i++) {
        say(t, "%s", list->items[i].line);
        free(list->items[i].line);
    }
}

/* Reads until `count` entries are there (0: once, without waiting). */
static zks_status read_entries(task *t, size_t count, uint32_t flags, shown_list *list)
{
    do {
        zks_batch *b;
        zks_status s = read_some(t, (uint32_t)(count - list->count),
                                 flags | (count ? ZKS_READ_WAIT : 0u), &b);
        if (s) {
            return s;
        }
        for (size_t i = 0; i < zks_batch_count(b); i++) {
            show_entry(t, b, i, list);
        }
        zks_batch_free(b);
    } while (list->count < count);
    return ZKS_OK;
}

void verb_read(task *t)
{
    shown_list *list = calloc(1, sizeof *list);
    if (!list) {
        broken("no memory", NULL);
    }
    zks_status s = read_entries(t, (size_t)int_arg(t, 2), option_true(t, "own") ? ZKS_READ_OWN : 0u,
                                list);
    if (!s && !list->count) {
        say(t, " nothing");
    }
    say_entries(t, list);
    if (s) {
        fail(t, s);
    }
    free(list);
}

static zks_status acknowledge(task *t)
{
    zks_op *op = NULL;
    zks_status s = zks_inbox_ack(client_of(t), t->d->position, NULL, NULL, &op);
    return task_finish(t, s, op);
}

/* As an iterator does: what was asked past is acknowledged, the entry at hand is not. */
void verb_iterate(task *t)
{
    shown_list *list = calloc(1, sizeof *list);
    size_t count = (size_t)int_arg(t, 2);
    zks_status s = ZKS_OK;
    if (!list) {
        broken("no memory", NULL);
    }
    for (size_t n = 1; n <= count && !s; n++) {
        s = n > 1 ? acknowledge(t) : ZKS_OK;
        s = s ? s : read_entries(t, n, 0, list);
    }
    say_entries(t, list);
    if (s) {
        fail(t, s);
    }
    free(list);
}

/* The place of the first payload of b that is not the next number; its count if none. */
static size_t series_breaks(const zks_batch *b, int64_t next, const uint8_t *sender)
{
    const uint64_t *offsets = zks_batch_offsets(b);
    const uint8_t *data = zks_batch_data(b, NULL), *senders = zks_batch_senders(b);
    char text[24];
    size_t i = 0;
    for (; i < zks_batch_count(b); i++) {
        size_t length = (size_t)snprintf(text, sizeof text, "%d", (int)(next + (int64_t)i));
        if (offsets[i + 1] - offsets[i] != length || memcmp(data + offsets[i], text, length) != 0 ||
            memcmp(senders + i * ZKS_SIZE_DEVICE_ID, sender, ZKS_SIZE_DEVICE_ID) != 0) {
            break;
        }
    }
    return i;
}

void verb_read_series(task *t)
{
    int64_t count = int_arg(t, 2), got = 0;
    uint8_t sender[ZKS_SIZE_DEVICE_ID] = {0};
    while (got < count) {
        zks_batch *b;
        zks_status s = read_some(t, (uint32_t)(count - got), ZKS_READ_WAIT, &b);
        if (s) {
            fail(t, s);
            return;
        }
        if (!got) {
            memcpy(sender, zks_batch_senders(b), sizeof sender);
        }
        size_t in_order = series_breaks(b, got + 1, sender), all = zks_batch_count(b);
        t->d->position = zks_batch_seqs(b)[all - 1];
        zks_batch_free(b);
        got += (int64_t)in_order;
        if (in_order < all) {
            say(t, " ! ORDER after %d", (int)got);
            return;
        }
    }
    say(t, " %d of %s", (int)got, id_name(sender));
}

void verb_ack(task *t)
{
    zks_status s = acknowledge(t);
    if (!s && zks_inbox_acked(t->d->client) != t->d->position) {
        say(t, " ! ORDER");
    } else {
        said(t, s);
    }
}

void verb_flush(task *t)
{
    zks_op *op = NULL;
    uint32_t ms = arg(t, 2) ? (uint32_t)int_arg(t, 2) : 30000;
    zks_status s = zks_client_flush(client_of(t), ms, NULL, NULL, &op);
    said(t, task_finish(t, s, op));
}

void verb_sync(task *t)
{
    zks_op *op = NULL;
    zks_status s = zks_client_wait_synced(client_of(t), NULL, NULL, &op);
    said(t, task_finish(t, s, op));
}
