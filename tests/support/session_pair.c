/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "tests/support/session_pair.h"

#include "tests/support/wire_samples.h"

#include <stdlib.h>

static void fill(void *out, size_t length, void *user)
{
    uint64_t *state = user;
    uint8_t *to = out;
    if (!*state) {
        zks__rng rng = zks__crypto_rng();
        rng.fill(state, sizeof *state, rng.user);
    }
    for (size_t i = 0; i < length; i++) {
        to[i] = (uint8_t)memory_random(state);
    }
}

/* Ours are the keys of the end's link, or new ones. */
static void make_keys(zks__session_keys *keys, const memory_pair *p, int end, const zks__rng *rng)
{
    const zks__suite *suite = zks__crypto_suite(ZKS_SUITE_SODIUM);
    if (p && end == MEMORY_ACCEPTOR) {
        zks__session_keys_relay(suite, memory_pair_seed(p, end), keys);
    } else {
        zks__session_keys_fresh(suite, rng, keys);
    }
}

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

void side_start(side *s, memory_pair *p, int end)
{
    const zks__rng rng = {fill, &s->random};
    if (!s->keys.suite) {
        make_keys(&s->keys, p, end, &rng);
    }
    side_start_with(s, p, end, &s->keys, 1);
}

void side_start_with(side *s, memory_pair *p, int end, const zks__session_keys *keys,
                     size_t key_count)
{
    static const zks__session_events events = {
        .ready = on_ready, .message = on_message, .drained = on_drained, .closed = on_closed};
    zks__session_config config = {.initiator = end == MEMORY_INITIATOR,
                                  .keys = keys,
                                  .key_count = key_count,
                                  .rng = {fill, &s->random},
                                  .limits = s->limits};
    if (zks__session_new(&config, &events, s, &s->session)) {
        abort();
    }
    memory_pair_set_events(p, end, zks__session_link_events(), s->session);
    zks__session_attach(s->session, memory_pair_link(p, end));
}

void side_forget(side *s)
{
    for (size_t i = 0; i < s->count; i++) {
        free(s->heard[i]);
    }
    s->count = 0;
}

void side_done(side *s)
{
    zks__session_free(s->session);
    zks__buf_unref(s->kept);
    side_forget(s);
    *s = (side){0};
}

/* --- a bare end --- */

static void append(bare_end *b, const void *data, size_t length)
{
    if (b->length + length > b->size) {
        b->size = (b->length + length) * 2;
        b->bytes = realloc(b->bytes, b->size);
        if (!b->bytes) {
            abort();
        }
    }
    memcpy(b->bytes + b->length, data, length);
    b->length += length;
}

static void fail(bare_end *b, zks_status why)
{
    b->failed = true;
    b->why = why;
}

/* Written out by hand from docs/SECURITY.md, to be independent of session.c. */
static size_t write_prologue(const bare_end *b, uint8_t *out)
{
    static const char label[] = "0k-sync/2", kind[] = "quic";
    const char *alpn = zks__link_approved(b->link) ? "0k-sync/2-approved" : "0k-sync/2";
    uint8_t exporter[ZKS_LINK_EXPORT_BYTES];
    const uint8_t *local = zks__link_local_key(b->link), *peer = zks__link_peer_key(b->link);
    if (zks__link_export(b->link, "EXPORTER-0k-sync", exporter)) {
        abort();
    }
    const struct {
        const void *data;
        size_t length;
    } parts[PROLOGUE_PARTS] = {{label, sizeof label - 1},        {alpn, strlen(alpn)},
                               {kind, sizeof kind - 1},          {b->acceptor ? local : peer, 32},
                               {b->acceptor ? peer : local, 32}, {exporter, sizeof exporter}};
    size_t at = 0;
    for (size_t i = 0; i < PROLOGUE_PARTS; i++) {
        out[at++] = (uint8_t)parts[i].length;
        memcpy(out + at, parts[i].data, parts[i].length);
        out[at] ^= b->prologue_flip == i + 1;
        at += parts[i].length;
    }
    return at;
}

static void begin_handshake(bare_end *b)
{
    uint8_t prologue[ZKS_PROLOGUE_MAX_BYTES];
    zks__buf *first = NULL;
    zks__session_config config = {
        .initiator = !b->acceptor, .keys = &b->keys, .key_count = 1, .rng = {fill, &b->random}};
    if (!b->keys.suite) {
        make_keys(&b->keys, NULL, MEMORY_INITIATOR, &config.rng);
    }
    size_t length = write_prologue(b, prologue);
    zks_status status = zks__handshake_new(&config, prologue, length, zks__link_peer_key(b->link),
                                           &b->handshake);
    if (!status && !b->acceptor) {
        status = zks__handshake_begin(b->handshake, &first);
    }
    if (!status && first) {
        status = zks__link_write(b->link, first);
    }
    if (status) {
        fail(b, status);
    }
}

static void shake(bare_end *b, zks__buf *record)
{
    zks__buf *answer = NULL;
    b->shakes++;
    zks_status status = zks__handshake_take(b->handshake, record->data, record->length, &answer);
    if (!status && answer) {
        status = zks__link_write(b->link, answer);
    }
    if (status) {
        fail(b, status);
        return;
    }
    if (zks__handshake_over(b->handshake)) {
        b->shaken = true;
        if (zks__handshake_finish(b->handshake, &b->result)) {
            abort();
        }
    }
}

static void take(bare_end *b, zks__buf *record)
{
    if (!b->shaken) {
        shake(b, record);
        return;
    }
    zks_status status = zks__noise_open(&b->result.receive, record->data, record->length);
    if (status) {
        fail(b, status);
        return;
    }
    size_t length = record->length - ZKS_TAG_BYTES;
    const uint8_t head[] = {(uint8_t)(length >> 8), (uint8_t)length};
    append(b, head, sizeof head);
    append(b, record->data, length);
}

static void bare_opened(zks__link *link, void *user)
{
    bare_end *b = user;
    b->link = link;
    b->opened++;
    if (!b->raw) {
        begin_handshake(b);
    }
}

static void bare_received(zks__link *link, const uint8_t *data, size_t length, void *user)
{
    bare_end *b = user;
    size_t room = sizeof b->seen - b->seen_length;
    memcpy(b->seen + b->seen_length, data, length < room ? length : room);
    b->seen_length += length < room ? length : room;
    zks__link_consume(link, length);
    if (b->raw) {
        append(b, data, length);
        return;
    }
    zks__buf *record = NULL;
    do {
        size_t used = 0;
        zks_status status = b->failed
                                ? b->why
                                : zks__receiver_take_record(&b->receiver, ZKS_RECORD_MAX_BYTES,
                                                            data, length, &used, &record);
        if (status) {
            fail(b, status);
            return;
        }
        data += used;
        length -= used;
        if (record) {
            take(b, record);
        }
        zks__buf_unref(record);
    } while (record);
}

static void bare_closed(zks__link *link, zks_status status, uint64_t code, const char *text,
                        void *user)
{
    bare_end *b = user;
    (void)link, (void)text;
    b->closed++;
    b->status = status;
    b->code = code;
    b->link = NULL;
}

zks__link_events bare_events(void)
{
    return (zks__link_events){
        .opened = bare_opened, .received = bare_received, .closed = bare_closed};
}

void bare_start(bare_end *b, memory_pair *p, int end)
{
    b->acceptor = end == MEMORY_ACCEPTOR;
    memory_pair_set_events(p, end, bare_events(), b);
    b->link = memory_pair_link(p, end);
    if (b->acceptor && !b->raw) {
        if (!b->keys.suite) {
            make_keys(&b->keys, p, end, NULL);
        }
        begin_handshake(b);
    }
}

void bare_done(bare_end *b)
{
    zks__handshake_free(b->handshake);
    zks__receiver_done(&b->receiver);
    free(b->bytes);
    *b = (bare_end){0};
}

void bare_write(bare_end *b, const void *bytes, size_t length)
{
    if (b->link && length && zks__link_write(b->link, zks__buf_copy(bytes, length))) {
        abort();
    }
}

size_t bare_seal(bare_end *b, const uint8_t *records, size_t length, uint8_t *out, size_t size)
{
    size_t from = 0, to = 0;
    while (from < length) {
        size_t left = length - from;
        size_t part = left >= 2 ? (size_t)records[from] << 8 | records[from + 1] : 0;
        bool whole = part && part + 2 <= left && part <= ZKS_RECORD_MAX_BYTES - ZKS_TAG_BYTES;
        size_t room = whole ? 2 + part + ZKS_TAG_BYTES : left;
        if (room > size - to) {
            abort();
        }
        if (!whole) {
            memcpy(out + to, records + from, left);
            return to + left;
        }
        out[to] = (uint8_t)((part + ZKS_TAG_BYTES) >> 8);
        out[to + 1] = (uint8_t)(part + ZKS_TAG_BYTES);
        memcpy(out + to + 2, records + from + 2, part);
        if (zks__noise_seal(&b->result.send, out + to + 2, part)) {
            abort();
        }
        from += 2 + part;
        to += room;
    }
    return to;
}

void bare_write_record(bare_end *b, const void *contents, size_t length)
{
    uint8_t *plain = malloc(2 + length), *sealed = malloc(2 + length + ZKS_TAG_BYTES);
    if (!plain || !sealed) {
        abort();
    }
    plain[0] = (uint8_t)(length >> 8);
    plain[1] = (uint8_t)length;
    memcpy(plain + 2, contents, length);
    bare_write(b, sealed, bare_seal(b, plain, 2 + length, sealed, 2 + length + ZKS_TAG_BYTES));
    free(plain);
    free(sealed);
}

bool bare_message(const bare_end *b, size_t index, zks__message *out)
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
