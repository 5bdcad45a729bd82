/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "client/event.h"

#include "base/alloc.h"
#include "client/internal.h"

#include <stdio.h>
#include <string.h>

static void run_event(zks__task *task)
{
    zks_event *e = ZKS_CONTAINER(task, zks_event, task);
    zks_client *c = e->client;
    if (e->kind == ZKS_EVENT_INBOX) {
        atomic_store(&c->inbox_event_waits, false); /* before reading: what comes now posts again */
        e->numbers[ZKS_EVENT_FIELD_LAST_SEQ] = (int64_t)atomic_load(&c->last_seq);
    }
    if (e->kind == ZKS_EVENT_REJECTED) {
        e->numbers[ZKS_EVENT_FIELD_COUNT] = (int64_t)atomic_exchange(&c->rejected_waiting, 0);
    }
    c->event(c, e, c->event_user);
    zks__event_drop(e);
}

void zks__event_drop(zks_event *e)
{
    if (!e) {
        return;
    }
    zks_client *c = e->client;
    atomic_store(&e->handle.magic, ZKS_HANDLE_DEAD);
    zks__free(e->sentence);
    zks__free(e->relay);
    zks__free(e->name);
    if (e->code) {
        zks__wipe(e->code, strlen(e->code));
    }
    zks__free(e->code);
    zks__free(e);
    zks__client_unref(c);
}

zks_event *zks__event_new(zks_client *c, int32_t kind, zks_status status, const char *sentence)
{
    zks_event *e = c->event ? zks__alloc_zero(1, sizeof *e) : NULL;
    if (!e) {
        return NULL;
    }
    e->task.run = run_event;
    e->client = c;
    zks__client_ref(c);
    e->kind = kind;
    e->status = status;
    e->sentence = zks__strdup(sentence);
    zks__handle_init(&e->handle, ZKS_HANDLE_EVENT);
    return e;
}

void zks__event_post(zks_event *e)
{
    if (e) {
        zks__runtime_callback(e->client->runtime, e->client->queue, &e->task);
    }
}

void zks__event_digits(zks_client *c, uint32_t digits)
{
    char text[96];
    snprintf(text, sizeof text, "the other device must show the same six digits: %03u %03u",
             digits / 1000, digits % 1000);
    zks_event *e = zks__event_new(c, ZKS_EVENT_PAIR_DIGITS, ZKS_OK, text);
    if (e) {
        e->numbers[ZKS_EVENT_FIELD_DIGITS] = digits;
        zks__event_post(e);
    }
}

int32_t zks__event_kind(const zks_event *e)
{
    return e->kind;
}

zks_status zks__event_status(const zks_event *e)
{
    return e->status;
}

const char *zks__event_text(const zks_event *e, int32_t field)
{
    switch (field) {
    case ZKS_EVENT_FIELD_SENTENCE:
        return e->sentence;
    case ZKS_EVENT_FIELD_RELAY:
        return e->relay;
    case ZKS_EVENT_FIELD_CODE:
        return e->code;
    case ZKS_EVENT_FIELD_NAME:
        return e->name;
    default:
        return NULL;
    }
}

int64_t zks__event_number(const zks_event *e, int32_t field)
{
    return field > 0 && field < (int32_t)ZKS_COUNTOF(e->numbers) ? e->numbers[field] : 0;
}

static const uint8_t *bytes_if(bool has, const uint8_t *bytes, size_t length, size_t *out_length)
{
    *out_length = has ? length : 0;
    return has ? bytes : NULL;
}

const uint8_t *zks__event_bytes(const zks_event *e, int32_t field, size_t *out_length)
{
    switch (field) {
    case ZKS_EVENT_FIELD_DEVICE:
        return bytes_if(e->has_device, e->device, sizeof e->device, out_length);
    case ZKS_EVENT_FIELD_BLOB_ID:
        return bytes_if(e->has_blob_id, e->blob_id, sizeof e->blob_id, out_length);
    case ZKS_EVENT_FIELD_CHAIN:
        return bytes_if(e->has_chain, e->chain, sizeof e->chain, out_length);
    case ZKS_EVENT_FIELD_RELAY_KEY:
        return bytes_if(e->has_relay_key, e->relay_key, sizeof e->relay_key, out_length);
    default:
        return bytes_if(false, NULL, 0, out_length);
    }
}
