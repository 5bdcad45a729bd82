/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "tests/support/session_pair.h"

#include "tests/support/wire_samples.h"

#include <stdlib.h>

/* --- a session whose events are kept --- */

static void on_ready(zks__session *s, void *user)
{
    (void)s;
    ((side *)user)->ready++;
}

static void on_message(zks__session *s, const zks__message *m, zks__buf *backing, void *user)
{
    side *x = user;
    if (x->closed || x->count == HEARD_MAX) {
        abort();
    }
    x->heard[x->count] = sample_encode(m, &x->heard_length[x->count]);
    x->count++;
    zks__buf_unref(x->kept);
    x->kept = zks__buf_ref(backing);
    x->kept_size = backing->size;
    if (x->pause_every && x->count % x->pause_every == 0) {
        x->paused++;
        zks__session_pause(s);
    }
    if (x->close_at && x->count == x->close_at) {
        zks__session_close(s, 0, "enough");
    }
}

static void on_drained(zks__session *s, void *user)
{
    (void)s;
    ((side *)user)->drained++;
}

static void on_closed(zks__session *s, zks_status status, uint64_t code, const char *text,
                      void *user)
{
    side *x = user;
    x->closed++;
    x->status = status;
    x->code = code;
    strncpy(x->text, text, sizeof x->text - 1);
    zks__session_free(s);
    x->session = NULL;
}

void side_start(side *s, memory_pair *p, int end, const struct zks__record_codec *codec)
{
    static const zks__session_events events = {
        .ready = on_ready, .message = on_message, .drained = on_drained, .closed = on_closed};
    if (zks__session_new(end == MEMORY_INITIATOR, &events, s, NULL, &s->session)) {
        abort();
    }
    if (codec) {
        zks__session_set_codec(s->session, codec);
    }
    memory_pair_set_events(p, end, zks__session_link_events(), s->session);
    zks__session_attach(s->session, memory_pair_link(p, end));
}

void side_done(side *s)
{
    zks__session_free(s->session);
    zks__buf_unref(s->kept);
    for (size_t i = 0; i < s->count; i++) {
        free(s->heard[i]);
    }
    *s = (side){0};
}

/* --- a bare end --- */

static void bare_opened(zks__link *link, void *user)
{
    (void)link;
    ((bare_end *)user)->opened++;
}

static void bare_received(zks__link *link, const uint8_t *data, size_t length, void *user)
{
    bare_end *b = user;
    if (b->length + length > b->size) {
        b->size = (b->length + length) * 2;
        b->bytes = realloc(b->bytes, b->size);
        if (!b->bytes) {
            abort();
        }
    }
    memcpy(b->bytes + b->length, data, length);
    b->length += length;
    zks__link_consume(link, length);
}

static void bare_closed(zks__link *link, zks_status status, uint64_t code, const char *text,
                        void *user)
{
    bare_end *b = user;
    (void)link, (void)code, (void)text;
    b->closed++;
    b->status = status;
    b->link = NULL;
}

void bare_start(bare_end *b, memory_pair *p, int end)
{
    zks__link_events events = {
        .opened = bare_opened, .received = bare_received, .closed = bare_closed};
    memory_pair_set_events(p, end, events, b);
    b->link = memory_pair_link(p, end);
}

void bare_done(bare_end *b)
{
    free(b->bytes);
    *b = (bare_end){0};
}

void bare_write(bare_end *b, const void *bytes, size_t length)
{
    if (b->link && length && zks__link_write(b->link, zks__buf_copy(bytes, length))) {
        abort();
    }
}

void bare_write_record(bare_end *b, const void *contents, size_t length)
{
    const uint8_t head[ZKS_RECORD_PREFIX_BYTES] = {(uint8_t)(length >> 8), (uint8_t)length};
    bare_write(b, head, sizeof head);
    bare_write(b, contents, length);
}

bool bare_message(bare_end *b, size_t index, zks__message *out)
{
    size_t at = 0;
    while (b->length - at > ZKS_RECORD_PREFIX_BYTES) {
        size_t length = (size_t)b->bytes[at] << 8 | b->bytes[at + 1];
        if (length > b->length - at - ZKS_RECORD_PREFIX_BYTES) {
            return false;
        }
        if (index-- == 0) {
            return zks__wire_decode(b->bytes + at + ZKS_RECORD_PREFIX_BYTES, length, out) == ZKS_OK;
        }
        at += ZKS_RECORD_PREFIX_BYTES + length;
    }
    return false;
}
