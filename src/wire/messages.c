/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The field tables: what each message looks like on the wire, in the order of its fields, and
 * nothing else. docs/PROTOCOL.md and tests/vectors/wire_messages.txt say the same for people and
 * for other implementations. */
#include "wire/codec.h"

#include <stddef.h>
#include <stdio.h>

#define WIDTH(type, member) ((uint16_t)sizeof(((type *)0)->member))
#define INT(type, member)                                                            \
    {                                                                                \
#member, ZKS_FIELD_INT, offsetof(type, member), WIDTH(type, member), 0, NULL \
    }
#define CHOICE(type, member, largest)                                                      \
    {                                                                                      \
#member, ZKS_FIELD_INT, offsetof(type, member), WIDTH(type, member), largest, NULL \
    }
#define FIXED(type, member)                                                            \
    {                                                                                  \
#member, ZKS_FIELD_FIXED, offsetof(type, member), WIDTH(type, member), 0, NULL \
    }
#define BYTES(type, member, most)                                       \
    {                                                                   \
#member, ZKS_FIELD_BYTES, offsetof(type, member), 0, most, NULL \
    }
#define LIST(type, member, most, item)                                    \
    {                                                                     \
#member, ZKS_FIELD_LIST, offsetof(type, member), 0, most, &(item) \
    }
#define LAYOUT(label, type, table)                     \
    {                                                  \
        label, sizeof(type), table, ZKS_COUNTOF(table) \
    }

/* --- items of lists --- */

static const zks__field record_fields[] = {
    {"record", ZKS_FIELD_BYTES, 0, 0, ZKS_RECORD_BODY_MAX_BYTES, NULL},
};
static const zks__layout record_item = LAYOUT("record", zks__slice, record_fields);

static const zks__field hash_fields[] = {
    FIXED(zks__wire_hash, hash),
};
static const zks__layout hash_item = LAYOUT("hash", zks__wire_hash, hash_fields);

static const zks__field id_fields[] = {
    FIXED(zks__wire_id, id),
};
static const zks__layout id_item = LAYOUT("id", zks__wire_id, id_fields);

static const zks__field push_item_fields[] = {
    FIXED(zks__push_item, blob_id),
    INT(zks__push_item, ttl_s),
    BYTES(zks__push_item, blob, ZKS_BLOB_MAX_BYTES),
};
static const zks__layout push_item = LAYOUT("push", zks__push_item, push_item_fields);

static const zks__field result_fields[] = {
    FIXED(zks__push_result, blob_id),      INT(zks__push_result, code),
    INT(zks__push_result, cursor),         INT(zks__push_result, ttl_s),
    INT(zks__push_result, retry_after_ms),
};
static const zks__layout result_item = LAYOUT("result", zks__push_result, result_fields);

static const zks__field blob_fields[] = {
    INT(zks__blob_item, cursor),
    FIXED(zks__blob_item, sender),
    FIXED(zks__blob_item, blob_id),
    INT(zks__blob_item, time_ms),
    BYTES(zks__blob_item, blob, ZKS_BLOB_MAX_BYTES),
};
static const zks__layout blob_item = LAYOUT("blob", zks__blob_item, blob_fields);

/* --- messages --- */

static const zks__field hello_fields[] = {
    INT(zks__hello, version),
    FIXED(zks__hello, group_id),
    FIXED(zks__hello, member),
    FIXED(zks__hello, signature),
    LIST(zks__hello, records, ZKS_RECORDS_PER_MESSAGE_MAX, record_item),
    FIXED(zks__hello, known),
    FIXED(zks__hello, incarnation),
    INT(zks__hello, resume),
    CHOICE(zks__hello, mode, ZKS_MODE_NO_SUBSCRIBE),
    INT(zks__hello, features),
};
static const zks__layout hello = LAYOUT("HELLO", zks__hello, hello_fields);

static const zks__field welcome_fields[] = {
    INT(zks__welcome, version),
    BYTES(zks__welcome, name, ZKS_TEXT_MAX_BYTES),
    FIXED(zks__welcome, incarnation),
    INT(zks__welcome, head),
    FIXED(zks__welcome, own_last),
    INT(zks__welcome, pending_count),
    INT(zks__welcome, pending_bytes),
    INT(zks__welcome, max_blob_bytes),
    INT(zks__welcome, max_ttl_s),
    INT(zks__welcome, pushes_per_minute),
    INT(zks__welcome, window_bytes),
    LIST(zks__welcome, records, ZKS_RECORDS_PER_MESSAGE_MAX, record_item),
    INT(zks__welcome, time_ms),
    INT(zks__welcome, records_follow),
};
static const zks__layout welcome = LAYOUT("WELCOME", zks__welcome, welcome_fields);

static const zks__field records_fields[] = {
    CHOICE(zks__records_message, action, ZKS_RECORDS_ISSUE),
    LIST(zks__records_message, records, ZKS_RECORDS_PER_MESSAGE_MAX, record_item),
    LIST(zks__records_message, hashes, ZKS_IDS_PER_MESSAGE_MAX, hash_item),
};
static const zks__layout records = LAYOUT("RECORDS", zks__records_message, records_fields);

static const zks__field push_fields[] = {
    LIST(zks__push, blobs, ZKS_BLOBS_PER_MESSAGE_MAX, push_item),
};
static const zks__layout push = LAYOUT("PUSH", zks__push, push_fields);

static const zks__field push_ack_fields[] = {
    LIST(zks__push_ack, results, ZKS_BLOBS_PER_MESSAGE_MAX, result_item),
};
static const zks__layout push_ack = LAYOUT("PUSH_ACK", zks__push_ack, push_ack_fields);

static const zks__field pull_fields[] = {
    INT(zks__pull, after),
    INT(zks__pull, max_bytes),
    INT(zks__pull, max_count),
    INT(zks__pull, flags),
};
static const zks__layout pull = LAYOUT("PULL", zks__pull, pull_fields);

static const zks__field blobs_fields[] = {
    INT(zks__blobs, flags),
    INT(zks__blobs, from),
    INT(zks__blobs, contiguous),
    LIST(zks__blobs, blobs, ZKS_BLOBS_PER_MESSAGE_MAX, blob_item),
};
static const zks__layout blobs = LAYOUT("BLOBS", zks__blobs, blobs_fields);

static const zks__field ack_fields[] = {
    INT(zks__ack, cursor),
    INT(zks__ack, consumed),
    LIST(zks__ack, also, ZKS_IDS_PER_MESSAGE_MAX, id_item),
};
static const zks__layout ack = LAYOUT("ACK", zks__ack, ack_fields);

static const zks__field notify_fields[] = {
    INT(zks__notify, head),
    INT(zks__notify, pending_count),
};
static const zks__layout notify = LAYOUT("NOTIFY", zks__notify, notify_fields);

static const zks__field delete_fields[] = {
    LIST(zks__delete, ids, ZKS_IDS_PER_MESSAGE_MAX, id_item),
};
static const zks__layout del = LAYOUT("DELETE", zks__delete, delete_fields);

static const zks__field mailbox_open_fields[] = {
    FIXED(zks__mailbox_open, nameplate),
    INT(zks__mailbox_open, life_ms),
    INT(zks__mailbox_open, attempt),
};
static const zks__layout mailbox_open = LAYOUT("MAILBOX_OPEN", zks__mailbox_open,
                                               mailbox_open_fields);

static const zks__field mailbox_put_fields[] = {
    FIXED(zks__mailbox_put, nameplate),
    INT(zks__mailbox_put, attempt),
    CHOICE(zks__mailbox_put, flags, ZKS_MAILBOX_HOLD),
    BYTES(zks__mailbox_put, data, ZKS_MAILBOX_DATA_MAX_BYTES),
};
static const zks__layout mailbox_put = LAYOUT("MAILBOX_PUT", zks__mailbox_put, mailbox_put_fields);

static const zks__field mailbox_get_fields[] = {
    FIXED(zks__mailbox_get, nameplate),
};
static const zks__layout mailbox_get = LAYOUT("MAILBOX_GET", zks__mailbox_get, mailbox_get_fields);

static const zks__field mailbox_close_fields[] = {
    FIXED(zks__mailbox_close, nameplate),
    INT(zks__mailbox_close, attempt),
    INT(zks__mailbox_close, code),
};
static const zks__layout mailbox_close = LAYOUT("MAILBOX_CLOSE", zks__mailbox_close,
                                                mailbox_close_fields);

static const zks__field bye_fields[] = {
    INT(zks__bye, code),
    INT(zks__bye, retry_after_ms),
    BYTES(zks__bye, text, ZKS_TEXT_MAX_BYTES),
};
static const zks__layout bye = LAYOUT("BYE", zks__bye, bye_fields);

static const zks__field error_fields[] = {
    INT(zks__error_message, code),
    INT(zks__error_message, retry_after_ms),
    INT(zks__error_message, about),
    BYTES(zks__error_message, text, ZKS_TEXT_MAX_BYTES),
};
static const zks__layout error = LAYOUT("ERROR", zks__error_message, error_fields);

const zks__layout *zks__wire_layout(uint8_t type)
{
    switch (type) {
    case ZKS_MESSAGE_HELLO:
        return &hello;
    case ZKS_MESSAGE_WELCOME:
        return &welcome;
    case ZKS_MESSAGE_RECORDS:
        return &records;
    case ZKS_MESSAGE_PUSH:
        return &push;
    case ZKS_MESSAGE_PUSH_ACK:
        return &push_ack;
    case ZKS_MESSAGE_PULL:
        return &pull;
    case ZKS_MESSAGE_BLOBS:
        return &blobs;
    case ZKS_MESSAGE_ACK:
        return &ack;
    case ZKS_MESSAGE_NOTIFY:
        return &notify;
    case ZKS_MESSAGE_DELETE:
        return &del;
    case ZKS_MESSAGE_MAILBOX_OPEN:
        return &mailbox_open;
    case ZKS_MESSAGE_MAILBOX_PUT:
        return &mailbox_put;
    case ZKS_MESSAGE_MAILBOX_GET:
        return &mailbox_get;
    case ZKS_MESSAGE_MAILBOX_CLOSE:
        return &mailbox_close;
    case ZKS_MESSAGE_BYE:
        return &bye;
    case ZKS_MESSAGE_ERROR:
        return &error;
    default:
        return NULL;
    }
}

/* The union has one address for all its members. */
static const void *body_of(const zks__message *m)
{
    return &m->hello;
}

const char *zks__wire_name(uint8_t type)
{
    const zks__layout *layout = zks__wire_layout(type);
    return layout ? layout->name : NULL;
}

/* What the length prefix counts: type and body. 0 as zks__codec_size. */
static size_t counted_size(const zks__message *m)
{
    const zks__layout *layout = zks__wire_layout((uint8_t)m->type);
    size_t body = layout ? zks__codec_size(layout, body_of(m)) : 0;
    return body && body < ZKS_MESSAGE_MAX_BYTES ? 1 + body : 0;
}

size_t zks__wire_size(const zks__message *m)
{
    size_t counted = counted_size(m);
    return counted ? zks__leb_size(counted) + counted : 0;
}

zks_status zks__wire_encode(const zks__message *m, uint8_t *out, size_t size, size_t *out_length)
{
    const zks__layout *layout = zks__wire_layout((uint8_t)m->type);
    if (!layout) {
        return ZKS_E_INVALID;
    }
    size_t counted = counted_size(m);
    if (!counted || counted > size || zks__leb_size(counted) > size - counted) {
        return ZKS_E_TOO_LARGE;
    }
    zks__writer w = zks__writer_of(out, size);
    zks__write_leb(&w, counted);
    zks__write_u8(&w, (uint8_t)m->type);
    zks__codec_write(layout, body_of(m), &w);
    *out_length = w.length;
    return ZKS_OK;
}

zks_status zks__wire_frame(const uint8_t *data, size_t length, size_t *out_total)
{
    zks__reader r = zks__reader_of(data, length);
    uint64_t counted = zks__read_leb(&r);
    if (r.status == ZKS_E_TRUNCATED) {
        /* Still going on after as many bytes as the largest length takes: there is no need to wait
         * for the rest. */
        return length < ZKS_WIRE_PREFIX_MAX_BYTES ? ZKS_E_PENDING : ZKS_E_TOO_LARGE;
    }
    if (r.status) {
        return r.status;
    }
    if (!counted) {
        return ZKS_E_MALFORMED;
    }
    if (counted > ZKS_MESSAGE_MAX_BYTES) {
        return ZKS_E_TOO_LARGE;
    }
    *out_total = length - r.left + (size_t)counted;
    return ZKS_OK;
}

zks_status zks__wire_decode(const uint8_t *data, size_t length, zks__message *out)
{
    size_t total = 0;
    zks_status status = zks__wire_frame(data, length, &total);
    if (status) {
        return status == ZKS_E_PENDING ? ZKS_E_TRUNCATED : status;
    }
    if (total != length) {
        return total > length ? ZKS_E_TRUNCATED : ZKS_E_MALFORMED;
    }
    zks__reader r = zks__reader_of(data, length);
    (void)zks__read_leb(&r);
    zks__message m = {.type = (zks__message_type)zks__read_u8(&r)};
    const zks__layout *layout = zks__wire_layout((uint8_t)m.type);
    if (!layout) {
        out->type = m.type;
        return ZKS_E_UNSUPPORTED;
    }
    status = zks__codec_read(layout, &r, &m.hello);
    if (!status) {
        *out = m;
    }
    return status;
}

bool zks__wire_next_slice(zks__wire_list *list, zks__slice *out)
{
    return zks__codec_next(&record_item, list, out);
}

bool zks__wire_next_hash(zks__wire_list *list, zks__wire_hash *out)
{
    return zks__codec_next(&hash_item, list, out);
}

bool zks__wire_next_id(zks__wire_list *list, zks__wire_id *out)
{
    return zks__codec_next(&id_item, list, out);
}

bool zks__wire_next_push(zks__wire_list *list, zks__push_item *out)
{
    return zks__codec_next(&push_item, list, out);
}

bool zks__wire_next_result(zks__wire_list *list, zks__push_result *out)
{
    return zks__codec_next(&result_item, list, out);
}

bool zks__wire_next_blob(zks__wire_list *list, zks__blob_item *out)
{
    return zks__codec_next(&blob_item, list, out);
}

size_t zks__wire_print(const zks__message *m, char *out, size_t size)
{
    const zks__layout *layout = zks__wire_layout((uint8_t)m->type);
    if (!layout) {
        int n = snprintf(out, size, "UNKNOWN type=%u", (unsigned)m->type);
        return n > 0 ? (size_t)n : 0;
    }
    int n = snprintf(out, size, "%s", layout->name);
    size_t total = n > 0 ? (size_t)n : 0;
    bool room = total < size;
    return total +
           zks__codec_print(layout, body_of(m), room ? out + total : NULL, room ? size - total : 0);
}
