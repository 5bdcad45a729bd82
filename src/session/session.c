/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "session/session.h"

#include "base/alloc.h"
#include "crypto/crypto.h"
#include "session/receive.h"

enum {
    /* Messages of unknown types in one session: more is no newer peer but noise. */
    MAX_UNKNOWN = 16,
    /* Bytes that arrived while paused; grows by doubling, bounded by the link's window. */
    BACKLOG_FIRST = 4096,
    PROLOGUE_MAX = 256
};

struct zks__session {
    zks__link *link; /* NULL before attach and after closed */
    zks__session_events events;
    void *user;
    const zks__log *log;
    struct zks__record_codec codec;
    zks__receiver receiver;
    uint8_t *backlog;
    size_t backlog_start, backlog_end, backlog_size;
    bool initiator;
    bool ready;   /* keys and hash are valid */
    bool closing; /* this side closes: nothing more is sent or raised but `closed` */
    bool paused;
    bool reading; /* inside read_input: a resume only takes the mark away */
    uint8_t unknown;
    zks_status failure; /* why this side closes, for `closed`; 0: as the link says */
    const char *failure_text;
    uint8_t peer_key[ZKS_LINK_KEY_BYTES];
    uint8_t local_key[ZKS_LINK_KEY_BYTES];
    uint8_t hash[ZKS_SESSION_HASH_BYTES];
};

/* --- the record codec of today --- */

static zks_status identity_seal(void *state, uint8_t *contents, size_t length)
{
    (void)state, (void)contents, (void)length;
    return ZKS_OK;
}

static zks_status identity_open(void *state, uint8_t *record, size_t length)
{
    (void)state, (void)record, (void)length;
    return ZKS_OK;
}

static const struct zks__record_codec identity_codec = {
    .overhead = 0, .seal = identity_seal, .open = identity_open};

void zks__session_set_codec(zks__session *s, const struct zks__record_codec *codec)
{
    s->codec = *codec;
}

/* --- beginning and end --- */

zks_status zks__session_new(int initiator, const zks__session_events *events, void *user,
                            const zks__log *log, zks__session **out_session)
{
    zks__session *s = zks__alloc_zero(1, sizeof *s);
    if (!s) {
        return ZKS_E_NOMEM;
    }
    s->initiator = initiator != 0;
    s->events = *events;
    s->user = user;
    s->log = log;
    s->codec = identity_codec;
    *out_session = s;
    return ZKS_OK;
}

static void drop_input(zks__session *s)
{
    zks__receiver_done(&s->receiver);
    zks__free(s->backlog);
    s->backlog = NULL;
    s->backlog_start = s->backlog_end = s->backlog_size = 0;
}

void zks__session_free(zks__session *s)
{
    if (s) {
        drop_input(s);
        zks__free(s);
    }
}

/* Ends the session from this side. Code 0, so that the link still sends what is queued: the peer
 * hears the reason. */
static void fail(zks__session *s, zks_status status, const char *text)
{
    if (s->closing || !s->link) {
        return;
    }
    s->closing = true;
    s->failure = status;
    s->failure_text = text;
    zks__redacted peer = zks__log_redact(s->log, s->peer_key, s->ready ? sizeof s->peer_key : 0);
    zks__log_write(s->log, ZKS_LOG_LEVEL_WARN, "session.failed peer=%s status=%d reason=\"%s\"",
                   peer.text, (int)status, text);
    zks__link_close(s->link, 0, text);
}

/* h, see session.h. Without the exporter (wss) h would be the same for each connection and a HELLO
 * could be replayed: that kind of link has to wait for the Noise layer. */
static zks_status bind_session(zks__session *s)
{
    uint8_t exporter[ZKS_LINK_EXPORT_BYTES];
    uint8_t prologue[PROLOGUE_MAX];
    if (s->link->kind != ZKS_LINK_KIND_QUIC) {
        return ZKS_E_UNSUPPORTED;
    }
    zks_status status = zks__link_export(s->link, "EXPORTER-0k-sync", exporter);
    if (status) {
        return status;
    }
    memcpy(s->peer_key, zks__link_peer_key(s->link), sizeof s->peer_key);
    memcpy(s->local_key, zks__link_local_key(s->link), sizeof s->local_key);
    zks__writer w = zks__writer_of(prologue, sizeof prologue);
    zks__write_label(&w, "0k-sync/2");
    zks__write_label(&w, ZKS_WIRE_ALPN);
    zks__write_label(&w, "quic");
    zks__write_lp(&w, s->initiator ? s->peer_key : s->local_key, ZKS_LINK_KEY_BYTES);
    zks__write_lp(&w, s->initiator ? s->local_key : s->peer_key, ZKS_LINK_KEY_BYTES);
    zks__write_lp(&w, exporter, sizeof exporter);
    zks__crypto_sha256(prologue, w.length, s->hash);
    zks__wipe(exporter, sizeof exporter);
    zks__wipe(prologue, sizeof prologue);
    s->ready = true;
    return ZKS_OK;
}

void zks__session_attach(zks__session *s, zks__link *link)
{
    s->link = link;
    if (!s->initiator) {
        zks_status status = bind_session(s);
        if (status) {
            fail(s, status, "the link cannot bind a session");
        }
    }
}

/* --- sending --- */

/*
 * One message is one buffer of one or more records. It is encoded behind the room that all prefixes
 * and tags need, and the contents of each record are then moved to their place in front; the last
 * is there already. (Callers send batches: sharing a record between messages would save 2 bytes per
 * message and cost a copy of all of it.)
 */
static zks_status make_records(zks__session *s, const zks__message *m, size_t size,
                               zks__buf **out_records)
{
    const size_t overhead = s->codec.overhead;
    const size_t most = ZKS_RECORD_MAX_BYTES - overhead;
    size_t count = (size + most - 1) / most;
    size_t first = count * ZKS_RECORD_PREFIX_BYTES + (count - 1) * overhead;
    zks__buf *b = zks__buf_new(0, first + size + overhead, 0);
    if (!b) {
        return ZKS_E_NOMEM;
    }
    size_t length = 0;
    zks_status status = zks__wire_encode(m, b->data + first, size, &length);
    const uint8_t *from = b->data + first;
    uint8_t *to = b->data;
    for (size_t i = 0; !status && i < count; i++) {
        size_t part = length < most ? length : most;
        memmove(to + ZKS_RECORD_PREFIX_BYTES, from, part);
        to[0] = (uint8_t)((part + overhead) >> 8);
        to[1] = (uint8_t)(part + overhead);
        status = s->codec.seal(s->codec.state, to + ZKS_RECORD_PREFIX_BYTES, part);
        to += ZKS_RECORD_PREFIX_BYTES + part + overhead;
        from += part;
        length -= part;
    }
    if (status) {
        zks__buf_unref(b);
        return status;
    }
    *out_records = b;
    return ZKS_OK;
}

zks_status zks__session_send(zks__session *s, const zks__message *m)
{
    if (!s->link || s->closing) {
        return ZKS_E_CLOSED;
    }
    if (!s->ready) {
        return ZKS_E_STATE;
    }
    size_t size = zks__wire_size(m);
    if (!size) {
        return ZKS_E_TOO_LARGE;
    }
    zks__buf *records = NULL;
    zks_status status = make_records(s, m, size, &records);
    return status ? status : zks__link_write(s->link, records);
}

static zks_status send_error(zks__session *s, uint8_t about, const char *text)
{
    zks__message m = {.type = ZKS_MESSAGE_ERROR};
    m.error.code = ZKS_WIRE_INVALID_MESSAGE;
    m.error.about = about;
    m.error.text = (zks__slice){.data = (const uint8_t *)text, .length = strlen(text)};
    return zks__session_send(s, &m);
}

/* The peer broke the rules: says so to it and ends. */
static void refuse(zks__session *s, uint8_t about, const char *text)
{
    (void)send_error(s, about, text); /* without memory for it the end alone must do */
    fail(s, ZKS_E_PROTOCOL, text);
}

/* --- receiving --- */

static const char *text_of(zks_status status)
{
    switch (status) {
    case ZKS_E_TRUNCATED:
        return "a message ends too early";
    case ZKS_E_TOO_LARGE:
        return "a message is over a limit";
    case ZKS_E_MALFORMED:
        return "a message is malformed";
    default:
        return "a record does not open";
    }
}

/* The type byte of a whole message: the one behind the length prefix. */
static uint8_t type_of(const zks__buf *message)
{
    size_t at = 0;
    while (message->data[at] & 0x80) {
        at++;
    }
    return message->data[at + 1];
}

static void on_message(zks__session *s, zks__buf *backing)
{
    zks__message m;
    m.type = (zks__message_type)0;
    zks_status status = zks__wire_decode(backing->data, backing->length, &m);
    if (!status) {
        s->events.message(s, &m, backing, s->user);
    } else if (status != ZKS_E_UNSUPPORTED) {
        refuse(s, type_of(backing), text_of(status));
    } else if (++s->unknown > MAX_UNKNOWN) {
        refuse(s, (uint8_t)m.type, "too many messages of unknown types");
    } else if (send_error(s, (uint8_t)m.type, "unknown message type")) {
        fail(s, ZKS_E_NOMEM, "no memory");
    }
}

/* Raises the messages in data until it is used up, or the owner pauses or closes. Returns what was
 * taken. */
static size_t read_input(zks__session *s, const uint8_t *data, size_t length)
{
    size_t taken = 0;
    bool more = true;
    s->reading = true;
    while (more && !s->paused && !s->closing) {
        size_t used = 0;
        zks__buf *backing = NULL;
        zks_status status = zks__receiver_take(&s->receiver, &s->codec, data + taken,
                                               length - taken, &used, &backing);
        if (status == ZKS_E_NOMEM) {
            fail(s, status, "no memory");
        } else if (status) {
            refuse(s, 0, text_of(status));
        } else {
            taken += used;
            more = backing != NULL;
            if (backing) {
                on_message(s, backing);
            }
            zks__buf_unref(backing);
        }
    }
    s->reading = false;
    return taken;
}

/* Keeps what arrived while paused. Its credit is not given back, so the link's window bounds it. */
static zks_status keep(zks__session *s, const uint8_t *data, size_t length)
{
    if (length > s->backlog_size - s->backlog_end) {
        size_t size = s->backlog_size ? s->backlog_size : BACKLOG_FIRST;
        while (size < s->backlog_end + length) {
            size *= 2;
        }
        uint8_t *grown = zks__alloc_resize(s->backlog, size);
        if (!grown) {
            return ZKS_E_NOMEM;
        }
        s->backlog = grown;
        s->backlog_size = size;
    }
    memcpy(s->backlog + s->backlog_end, data, length);
    s->backlog_end += length;
    return ZKS_OK;
}

static void on_received(zks__link *link, const uint8_t *data, size_t length, void *user)
{
    zks__session *s = user;
    if (s->closing || !length) {
        return;
    }
    /* What was kept is always older: read_input takes nothing while paused, and resume empties it.
     */
    size_t taken = read_input(s, data, length);
    if (s->closing) {
        drop_input(s);
        return;
    }
    if (taken < length && keep(s, data + taken, length - taken)) {
        fail(s, ZKS_E_NOMEM, "no memory");
        drop_input(s);
        return;
    }
    if (taken) {
        zks__link_consume(link, taken);
    }
}

void zks__session_pause(zks__session *s)
{
    s->paused = true;
}

void zks__session_resume(zks__session *s)
{
    s->paused = false;
    if (s->reading || s->closing || !s->link) {
        return;
    }
    /* Even without a backlog the record that was open at the pause may hold more messages. */
    static const uint8_t nothing = 0;
    const uint8_t *data = s->backlog ? s->backlog + s->backlog_start : &nothing;
    size_t taken = read_input(s, data, s->backlog_end - s->backlog_start);
    if (s->closing) {
        drop_input(s);
        return;
    }
    s->backlog_start += taken;
    if (s->backlog_start == s->backlog_end) {
        zks__free(s->backlog);
        s->backlog = NULL;
        s->backlog_start = s->backlog_end = s->backlog_size = 0;
    }
    if (taken) {
        zks__link_consume(s->link, taken);
    }
}

/* --- the link's events --- */

static void on_opened(zks__link *link, void *user)
{
    zks__session *s = user;
    if (s->ready || s->closing) {
        return;
    }
    s->link = link;
    zks_status status = bind_session(s);
    if (status) {
        fail(s, status, "the link cannot bind a session");
    } else if (s->events.ready) {
        s->events.ready(s, s->user);
    }
}

static void on_drained(zks__link *link, void *user)
{
    zks__session *s = user;
    (void)link;
    if (!s->closing && s->events.drained) {
        s->events.drained(s, s->user);
    }
}

static void on_closed(zks__link *link, zks_status status, uint64_t code, const char *text,
                      void *user)
{
    zks__session *s = user;
    (void)link;
    if (s->failure) {
        status = s->failure;
        text = s->failure_text;
    } else if (!status && !s->closing && zks__receiver_busy(&s->receiver)) {
        status = ZKS_E_CONNECTION_LOST;
        text = "the connection ended in the middle of a message";
    }
    s->link = NULL;
    s->closing = true;
    drop_input(s);
    s->events.closed(s, status, code, text ? text : "", s->user);
}

zks__link_events zks__session_link_events(void)
{
    return (zks__link_events){
        .opened = on_opened, .received = on_received, .drained = on_drained, .closed = on_closed};
}

/* --- the rest --- */

size_t zks__session_queued(const zks__session *s)
{
    return s->link ? zks__link_queued(s->link) : 0;
}

void zks__session_close(zks__session *s, uint64_t code, const char *reason)
{
    if (s->link && !s->closing) {
        s->closing = true;
        zks__link_close(s->link, code, reason);
    }
}

const uint8_t *zks__session_peer_key(const zks__session *s)
{
    return s->peer_key;
}

const uint8_t *zks__session_local_key(const zks__session *s)
{
    return s->local_key;
}

const uint8_t *zks__session_hash(const zks__session *s)
{
    return s->hash;
}

uint64_t zks__session_rtt_us(const zks__session *s)
{
    return s->link ? zks__link_rtt_us(s->link) : 0;
}
