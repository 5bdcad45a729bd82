/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "session/session.h"

#include "base/alloc.h"
#include "base/fifo.h"
#include "session/handshake.h"
#include "session/receive.h"

enum {
    /* Messages of unknown types in one session: more is no newer peer but noise. */
    MAX_UNKNOWN = 16
};

typedef enum phase {
    PHASE_LINK,      /* the link is not open yet */
    PHASE_HANDSHAKE, /* the four messages */
    PHASE_UNPROVEN,  /* a responder: they are done, the first record must open yet */
    PHASE_READY
} phase;

struct zks__session {
    zks__link *link; /* NULL before attach and after closed */
    zks__session_events events;
    void *user;
    zks__session_config config;
    zks__receiver receiver;
    zks__fifo backlog;         /* what arrived while paused; the link's window bounds it */
    zks__handshake *handshake; /* NULL outside PHASE_HANDSHAKE */
    zks__handshake_result keys;
    uint8_t phase;
    bool closing; /* this side closes: nothing more is sent or raised but `closed` */
    bool paused;
    bool reading; /* inside read_input: a resume only takes the mark away */
    uint8_t unknown;
    zks_status failure; /* why this side closes, for `closed`; 0: as the link says */
    const char *failure_text;
    uint8_t peer_key[ZKS_LINK_KEY_BYTES];
    uint8_t local_key[ZKS_LINK_KEY_BYTES];
};

/* --- records --- */

static zks_status seal(void *state, uint8_t *contents, size_t length)
{
    zks__session *s = state;
    return zks__noise_seal(&s->keys.send, contents, length);
}

static zks_status open(void *state, uint8_t *record, size_t length)
{
    zks__session *s = state;
    zks_status status = zks__noise_open(&s->keys.receive, record, length);
    if (!status) {
        s->phase = PHASE_READY; /* the initiator holds all its keys */
    }
    return status;
}

static struct zks__record_codec codec_of(zks__session *s)
{
    return (struct zks__record_codec){
        .overhead = ZKS_TAG_BYTES, .seal = seal, .open = open, .state = s};
}

/* --- beginning and end --- */

zks_status zks__session_new(const zks__session_config *config, const zks__session_events *events,
                            void *user, zks__session **out_session)
{
    zks__session *s = zks__alloc_zero(1, sizeof *s);
    if (!s) {
        return ZKS_E_NOMEM;
    }
    s->config = *config;
    s->events = *events;
    s->user = user;
    *out_session = s;
    return ZKS_OK;
}

static void drop_input(zks__session *s)
{
    zks__receiver_done(&s->receiver);
    zks__handshake_free(s->handshake);
    s->handshake = NULL;
    zks__fifo_done(&s->backlog);
}

void zks__session_free(zks__session *s)
{
    if (s) {
        drop_input(s);
        zks__wipe(s, sizeof *s);
        zks__free(s);
    }
}

/* Ends the session from this side. Code 0: the link still sends what is queued, so that the peer
 * hears the reason; else the code says it. */
static void fail_code(zks__session *s, zks_status status, const char *text, uint64_t code)
{
    if (s->closing || !s->link) {
        return;
    }
    s->closing = true;
    s->failure = status;
    s->failure_text = text;
    size_t known = s->phase == PHASE_LINK ? 0 : sizeof s->peer_key;
    zks__redacted peer = zks__log_redact(s->config.log, s->peer_key, known);
    zks__log_write(s->config.log, ZKS_LOG_LEVEL_WARN,
                   "session.failed peer=%s status=%d reason=\"%s\"", peer.text, (int)status, text);
    zks__link_close(s->link, code, text);
}

static void fail(zks__session *s, zks_status status, const char *text)
{
    fail_code(s, status, text, 0);
}

/* --- the handshake --- */

static void fail_handshake(zks__session *s, zks_status status)
{
    if (status == ZKS_E_NOMEM) {
        fail(s, status, "no memory");
    } else if (status == ZKS_E_BAD_SIGNATURE) {
        fail_code(s, status,
                  "the relay cannot prove that this session's keys are its own: somebody "
                  "interferes, or its key was stolen; ask who runs it",
                  -ZKS_E_PROTOCOL);
    } else {
        fail_code(s, ZKS_E_PROTOCOL,
                  "the handshake of the session failed: one end is defective or somebody "
                  "interferes",
                  -ZKS_E_PROTOCOL);
    }
}

/* The prologue of docs/SECURITY.md, section 5, with the keys that the link shows. */
static zks_status make_prologue(const zks__session *s, zks__writer *w)
{
    uint8_t exporter[ZKS_LINK_EXPORT_BYTES];
    zks_status status = zks__link_export(s->link, "EXPORTER-0k-sync", exporter);
    if (status) {
        return status;
    }
    const bool initiator = s->config.initiator;
    zks__write_label(w, "0k-sync/2");
    zks__write_label(w, zks__link_approved(s->link) ? ZKS_WIRE_ALPN_APPROVED : ZKS_WIRE_ALPN);
    zks__write_label(w, "quic");
    zks__write_lp(w, initiator ? s->peer_key : s->local_key, ZKS_LINK_KEY_BYTES);
    zks__write_lp(w, initiator ? s->local_key : s->peer_key, ZKS_LINK_KEY_BYTES);
    zks__write_lp(w, exporter, sizeof exporter);
    zks__wipe(exporter, sizeof exporter);
    return ZKS_OK;
}

/* The ALPN stands for TLS and Noise alike: of the keys those of the link's profile are left. */
static zks_status fit_keys(zks__session *s)
{
    zks__session_config *c = &s->config;
    const bool approved = zks__link_approved(s->link);
    while (c->key_count && (c->keys[0].suite->id == ZKS_SUITE_APPROVED) != approved) {
        c->keys++;
        c->key_count--;
    }
    while (c->key_count &&
           (c->keys[c->key_count - 1].suite->id == ZKS_SUITE_APPROVED) != approved) {
        c->key_count--;
    }
    return c->key_count ? ZKS_OK : ZKS_E_SUITE;
}

/* The link is open. Only QUIC so far: over a link that does not show the client's key the relay
 * has to take it from the handshake, which comes with that link. */
static zks_status bind_session(zks__session *s)
{
    uint8_t prologue[ZKS_PROLOGUE_MAX_BYTES];
    if (s->link->kind != ZKS_LINK_KIND_QUIC) {
        return ZKS_E_UNSUPPORTED;
    }
    memcpy(s->peer_key, zks__link_peer_key(s->link), sizeof s->peer_key);
    memcpy(s->local_key, zks__link_local_key(s->link), sizeof s->local_key);
    zks__writer w = zks__writer_of(prologue, sizeof prologue);
    zks_status status = fit_keys(s);
    if (!status) {
        status = make_prologue(s, &w);
    }
    if (!status) {
        status = zks__handshake_new(&s->config, prologue, w.length, s->peer_key, &s->handshake);
    }
    if (!status) {
        s->phase = PHASE_HANDSHAKE;
    }
    zks__wipe(prologue, sizeof prologue);
    return status;
}

void zks__session_attach(zks__session *s, zks__link *link)
{
    s->link = link;
    if (!s->config.initiator) {
        zks_status status = bind_session(s);
        if (status) {
            fail(s, status, "the link cannot bind a session");
        }
    }
}

static void finish_handshake(zks__session *s)
{
    zks_status status = zks__handshake_finish(s->handshake, &s->keys);
    if (status) {
        fail_handshake(s, status);
        return;
    }
    zks__handshake_free(s->handshake);
    s->handshake = NULL;
    s->phase = s->config.initiator ? PHASE_READY : PHASE_UNPROVEN;
    if (s->config.initiator && s->events.ready) {
        s->events.ready(s, s->user);
    }
}

/* Reads one record of the handshake and answers it. *out_more: there may be more to read. */
static zks_status shake(zks__session *s, const uint8_t *data, size_t length, size_t *out_used,
                        bool *out_more)
{
    zks__buf *record = NULL, *answer = NULL;
    zks_status status = zks__receiver_take_record(
        &s->receiver, zks__handshake_expects(s->handshake), data, length, out_used, &record);
    *out_more = record != NULL;
    if (!status && record) {
        status = zks__handshake_take(s->handshake, record->data, record->length, &answer);
    }
    zks__buf_unref(record);
    if (!status && answer) {
        status = zks__link_write(s->link, answer);
    }
    if (!status && zks__handshake_over(s->handshake)) {
        finish_handshake(s);
    }
    return status;
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
    const struct zks__record_codec codec = codec_of(s);
    const size_t overhead = codec.overhead;
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
        status = codec.seal(codec.state, to + ZKS_RECORD_PREFIX_BYTES, part);
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
    if (!zks__session_established(s)) {
        return ZKS_E_STATE;
    }
    size_t size = zks__wire_size(m);
    if (!size) {
        return ZKS_E_TOO_LARGE;
    }
    zks__buf *records = NULL;
    uint64_t sealed = s->keys.send.n;
    zks_status status = make_records(s, m, size, &records);
    if (!status) {
        status = zks__link_write(s->link, records);
    }
    if (status && s->keys.send.n != sealed) { /* the peer would miss a record */
        fail(s, status, "the link took no more");
    }
    return status;
}

static zks_status send_error(zks__session *s, uint8_t about, const char *text)
{
    zks__message m = {.type = ZKS_MESSAGE_ERROR};
    m.error.code = ZKS_WIRE_INVALID_MESSAGE;
    m.error.about = about;
    m.error.text = (zks__slice){.data = (const uint8_t *)text, .length = strlen(text)};
    return zks__session_send(s, &m);
}

/* The peer broke the rules: says so to it and ends. Without memory for it, and to a peer that is
 * not proven, the code must do. */
static void refuse(zks__session *s, uint8_t about, const char *text)
{
    bool said = send_error(s, about, text) == ZKS_OK;
    fail_code(s, ZKS_E_PROTOCOL, text, said ? 0 : -ZKS_E_PROTOCOL);
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

/* One record of the handshake, or one message. *out_more: there may be more to read. */
static size_t read_some(zks__session *s, const uint8_t *data, size_t length, bool *out_more)
{
    size_t used = 0;
    zks__buf *backing = NULL;
    *out_more = false;
    if (s->phase == PHASE_HANDSHAKE) {
        zks_status status = shake(s, data, length, &used, out_more);
        if (status) {
            fail_handshake(s, status);
        }
        return used;
    }
    const struct zks__record_codec codec = codec_of(s);
    zks_status status = zks__receiver_take(&s->receiver, &codec, data, length, &used, &backing);
    if (status == ZKS_E_NOMEM) {
        fail(s, status, "no memory");
    } else if (status) {
        refuse(s, 0, text_of(status));
    } else if (backing) {
        *out_more = true;
        on_message(s, backing);
    }
    zks__buf_unref(backing);
    return used;
}

/* Raises the messages in data until it is used up, or the owner pauses or closes. Returns what was
 * taken. */
static size_t read_input(zks__session *s, const uint8_t *data, size_t length)
{
    size_t taken = 0;
    bool more = true;
    s->reading = true;
    while (more && !s->paused && !s->closing) {
        taken += read_some(s, data + taken, length - taken, &more);
    }
    s->reading = false;
    return taken;
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
    /* The credit of what is kept is not given back. */
    if (taken < length && zks__fifo_put(&s->backlog, data + taken, length - taken)) {
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
    size_t taken = read_input(s, zks__fifo_front(&s->backlog), zks__fifo_length(&s->backlog));
    if (s->closing) {
        drop_input(s);
        return;
    }
    zks__fifo_drop(&s->backlog, taken);
    if (taken) {
        zks__link_consume(s->link, taken);
    }
}

/* --- the link's events --- */

static void on_opened(zks__link *link, void *user)
{
    zks__session *s = user;
    zks__buf *first = NULL;
    if (s->phase != PHASE_LINK || s->closing) {
        return;
    }
    s->link = link;
    zks_status status = bind_session(s);
    if (status) {
        fail(s, status, "the link cannot bind a session");
        return;
    }
    status = zks__handshake_begin(s->handshake, &first);
    if (!status) {
        status = zks__link_write(link, first);
    }
    if (status) {
        fail_handshake(s, status);
    }
}

static void on_drained(zks__link *link, void *user)
{
    zks__session *s = user;
    (void)link;
    if (!s->closing && s->phase == PHASE_READY && s->events.drained) {
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
    } else if (!status && !code && !s->closing && s->phase <= PHASE_HANDSHAKE) {
        status = ZKS_E_CONNECTION_LOST;
        text = "the connection ended during the handshake";
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

bool zks__session_established(const zks__session *s)
{
    return s->phase == PHASE_READY;
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
    return s->keys.hash;
}

const zks__suite *zks__session_suite(const zks__session *s)
{
    return s->keys.suite;
}

bool zks__session_peer_has(const zks__session *s, uint8_t suite, const uint8_t *dh,
                           const uint8_t kem[ZKS_KEM_PUBLIC_BYTES])
{
    uint8_t statics[ZKS_HASH_BYTES];
    if (!s->keys.suite || s->keys.suite->id != suite) {
        return false;
    }
    zks__handshake_statics(dh, s->keys.suite->dh_public_bytes, kem, statics);
    return zks__bytes_equal(statics, s->keys.statics, sizeof statics);
}

uint64_t zks__session_rtt_us(const zks__session *s)
{
    return s->link ? zks__link_rtt_us(s->link) : 0;
}
