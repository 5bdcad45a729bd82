/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "session/receive.h"

enum { FIRST_BYTES = 512 };

void zks__receiver_done(zks__receiver *r)
{
    zks__buf_unref(r->record);
    zks__buf_unref(r->message);
    *r = (zks__receiver){0};
}

bool zks__receiver_busy(const zks__receiver *r)
{
    return r->record_head_length || r->message_head_length;
}

/*
 * Appends as much of data as *b still lacks of `total` and as its size admits after growing: room
 * for what is here, or twice what there was, whichever is more, never more than total. *b may be
 * NULL. Uses all of data or completes *b.
 */
static zks_status append(zks__buf **b, size_t total, const uint8_t *data, size_t length,
                         size_t *out_used)
{
    size_t have = *b ? (*b)->length : 0;
    size_t count = length < total - have ? length : total - have;
    size_t room = *b ? (*b)->size : 0;
    if (have + count > room) {
        size_t size = room ? room * 2 : FIRST_BYTES;
        size = size < have + count ? have + count : size;
        size = size > total ? total : size;
        zks__buf *grown = zks__buf_new(0, have, size - have);
        if (!grown) {
            return ZKS_E_NOMEM;
        }
        if (have) {
            memcpy(grown->data, (*b)->data, have);
        }
        zks__buf_unref(*b);
        *b = grown;
    }
    uint8_t *at = zks__buf_push_back(*b, count);
    if (count) {
        memcpy(at, data, count);
    }
    *out_used = count;
    return ZKS_OK;
}

static void end_record(zks__receiver *r)
{
    zks__buf_unref(r->record);
    r->record = NULL;
    r->record_total = 0;
    r->record_head_length = 0;
}

/* Collects one record of at least `least` and at most `most` bytes. Returns with it whole, or with
 * all of data used. */
static zks_status collect_record(zks__receiver *r, size_t least, size_t most, const uint8_t *data,
                                 size_t length, size_t *out_used, bool *out_whole)
{
    size_t used = 0;
    while (r->record_head_length < ZKS_RECORD_PREFIX_BYTES) {
        if (used == length) {
            *out_used = used;
            *out_whole = false;
            return ZKS_OK;
        }
        r->record_head[r->record_head_length++] = data[used++];
    }
    r->record_total = (size_t)r->record_head[0] << 8 | r->record_head[1];
    if (r->record_total < least) {
        return ZKS_E_MALFORMED;
    }
    if (r->record_total > most) {
        return ZKS_E_TOO_LARGE;
    }
    size_t count = 0;
    zks_status status = used < length ? append(&r->record, r->record_total, data + used,
                                               length - used, &count)
                                      : ZKS_OK;
    if (!status) {
        *out_used = used + count;
        *out_whole = r->record && r->record->length == r->record_total;
    }
    return status;
}

zks_status zks__receiver_take_record(zks__receiver *r, size_t most, const uint8_t *data,
                                     size_t length, size_t *out_used, zks__buf **out_record)
{
    bool whole = false;
    zks_status status = collect_record(r, 1, most, data, length, out_used, &whole);
    if (!status) {
        *out_record = whole ? zks__buf_ref(r->record) : NULL;
    }
    if (whole) {
        end_record(r);
    }
    return status;
}

/* Collects one record and opens it. Returns with contents_left set, or with all of data used. */
static zks_status open_record(zks__receiver *r, const struct zks__record_codec *codec,
                              const uint8_t *data, size_t length, size_t *out_used)
{
    bool whole = false;
    zks_status status = collect_record(r, codec->overhead + 1, ZKS_RECORD_MAX_BYTES, data, length,
                                       out_used, &whole);
    if (!status && whole) {
        status = codec->open(codec->state, r->record->data, r->record->length);
    }
    if (!status && whole) {
        r->record->length -= codec->overhead;
        r->contents_left = r->record->length;
    }
    return status;
}

/* Takes bytes of the message's length prefix one by one until the length is known and within its
 * limit. */
static zks_status take_head(zks__receiver *r, const uint8_t *data, size_t length, size_t *out_used)
{
    size_t used = 0;
    while (!r->message_total && used < length) {
        r->message_head[r->message_head_length++] = data[used++];
        zks_status status = zks__wire_frame(r->message_head, r->message_head_length,
                                            &r->message_total);
        if (status && status != ZKS_E_PENDING) {
            return status;
        }
    }
    *out_used = used;
    return ZKS_OK;
}

/* Moves opened contents into the message being received. */
static zks_status take_contents(zks__receiver *r, zks__buf **out_message)
{
    const uint8_t *data = r->record->data + (r->record->length - r->contents_left);
    size_t used = 0;
    if (!r->message_total) {
        zks_status status = take_head(r, data, r->contents_left, &used);
        r->contents_left -= used;
        if (status || !r->message_total) {
            return status;
        }
        data += used;
    }
    if (!r->message) {
        /* The prefix goes first, in one piece with what is here of the rest: a message that lies
         * within its record is allocated once and exactly. */
        size_t rest = r->message_total - r->message_head_length;
        size_t here = r->contents_left < rest ? r->contents_left : rest;
        size_t size = r->message_head_length + here;
        size = size < FIRST_BYTES ? FIRST_BYTES : size;
        size = size > r->message_total ? r->message_total : size;
        r->message = zks__buf_new(0, r->message_head_length, size - r->message_head_length);
        if (!r->message) {
            return ZKS_E_NOMEM;
        }
        memcpy(r->message->data, r->message_head, r->message_head_length);
    }
    zks_status status = append(&r->message, r->message_total, data, r->contents_left, &used);
    if (status) {
        return status;
    }
    r->contents_left -= used;
    if (r->message->length == r->message_total) {
        *out_message = r->message;
        r->message = NULL;
        r->message_total = 0;
        r->message_head_length = 0;
    }
    return ZKS_OK;
}

zks_status zks__receiver_take(zks__receiver *r, const struct zks__record_codec *codec,
                              const uint8_t *data, size_t length, size_t *out_used,
                              zks__buf **out_message)
{
    size_t used = 0;
    zks__buf *message = NULL;
    zks_status status = ZKS_OK;
    while (!status && !message && (r->contents_left || used < length)) {
        if (!r->contents_left) {
            size_t count = 0;
            status = open_record(r, codec, data + used, length - used, &count);
            used += count;
            continue;
        }
        status = take_contents(r, &message);
        if (!r->contents_left) {
            end_record(r);
        }
    }
    if (!status) {
        *out_used = used;
        *out_message = message;
    }
    return status;
}
