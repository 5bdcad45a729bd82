/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "support/fake_relay.h"

#include "base/alloc.h"
#include "crypto/crypto.h"
#include "support/raw_check.h"
#include "support/suite.h"
#include "transport/transport.h"

#include <netinet/in.h>
#include <pthread.h>
#include <string.h>
#include <uv.h>

enum { RESULTS_MAX = 1024 };

struct fake_relay {
    fake_relay_fn handler;
    fake_relay_ended_fn ended; /* may be NULL */
    void *user;
    uv_loop_t loop;
    uv_async_t stop;
    pthread_t thread;
    zks__endpoint *endpoint;
    zks__link *link; /* accepted last */
    zks__session_keys keys;
    bool silent;
    char address[ZKS_TRANSPORT_ADDRESS_TEXT];
};

typedef struct fake_session {
    fake_relay *relay;
    zks__session *session;
} fake_session;

static void on_message(zks__session *s, const zks__message *m, zks__buf *backing, void *user)
{
    (void)backing;
    const fake_session *f = user;
    f->relay->handler(f->relay, s, m);
}

static void on_closed(zks__session *s, zks_status status, uint64_t code, const char *text,
                      void *user)
{
    (void)status;
    (void)code;
    (void)text;
    const fake_session *f = user;
    if (f->relay->ended) {
        f->relay->ended(f->relay, s);
    }
    zks__session_free(s);
    zks__free(user);
}

static void on_silent_closed(zks__link *link, zks_status status, uint64_t code, const char *text,
                             void *user)
{
    (void)link, (void)status, (void)code, (void)text;
    zks__free(user);
}

static zks_status on_accept(zks__link *link, zks__link_events *out_events, void **out_user,
                            void *user)
{
    static const zks__session_events events = {.message = on_message, .closed = on_closed};
    fake_session *f = zks__alloc_zero(1, sizeof *f);
    raw_check(f != NULL);
    f->relay = user;
    f->relay->link = link;
    if (f->relay->silent) {
        *out_events = (zks__link_events){.closed = on_silent_closed};
        *out_user = f;
        return ZKS_OK;
    }
    const zks__session_config config = {
        .keys = &f->relay->keys, .key_count = 1, .rng = zks__crypto_rng()};
    raw_check(!zks__session_new(&config, &events, f, &f->session));
    zks__session_attach(f->session, link);
    *out_events = zks__session_link_events();
    *out_user = f->session;
    return ZKS_OK;
}

static void endpoint_closed(void *user)
{
    fake_relay *r = user;
    uv_close((uv_handle_t *)&r->stop, NULL);
}

static void on_stop(uv_async_t *async)
{
    fake_relay *r = async->data;
    zks__endpoint_close(r->endpoint, endpoint_closed, r);
}

static void *run(void *user)
{
    fake_relay *r = user;
    uv_run(&r->loop, UV_RUN_DEFAULT);
    return NULL;
}

static fake_relay *start(fake_relay_kind kind, fake_relay_fn handler, fake_relay_ended_fn ended,
                         void *user)
{
    fake_relay *r = zks__alloc_zero(1, sizeof *r);
    raw_check(r && !zks__crypto_init());
    r->handler = handler;
    r->ended = ended;
    r->user = user;
    raw_check(!uv_loop_init(&r->loop) && !uv_async_init(&r->loop, &r->stop, on_stop));
    r->stop.data = r;
    uint8_t seed[ZKS_TRANSPORT_SEED_BYTES] = {7};
    zks__session_keys_relay(zks__crypto_suite(test_suite()), seed, &r->keys);
    r->keys.proof[0] ^= kind == FAKE_RELAY_UNPROVEN;
    r->silent = kind == FAKE_RELAY_SILENT;
    struct sockaddr_in bind = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    zks__listen_config listen = {.key_seed = seed,
                                 .alpn = ZKS_WIRE_ALPN,
                                 .approved_alpn = ZKS_WIRE_ALPN_APPROVED,
                                 .accept = on_accept,
                                 .user = r};
    zks__endpoint_config config = {.loop = &r->loop,
                                   .bind = (const struct sockaddr *)&bind,
                                   .rng = zks__crypto_rng(),
                                   .clock = zks__clock_system(),
                                   .listen = &listen};
    raw_check(!zks__endpoint_new(&config, &r->endpoint));
    struct sockaddr_storage bound;
    zks__endpoint_address(r->endpoint, &bound);
    zks__transport_address_text((const struct sockaddr *)&bound, r->address);
    raw_check(!pthread_create(&r->thread, NULL, run, r));
    return r;
}

fake_relay *fake_relay_start(fake_relay_fn handler, void *user)
{
    return start(FAKE_RELAY_HONEST, handler, NULL, user);
}

fake_relay *fake_relay_start_as(fake_relay_kind kind, fake_relay_fn handler, void *user)
{
    return start(kind, handler, NULL, user);
}

fake_relay *fake_relay_start_with(fake_relay_fn handler, fake_relay_ended_fn ended, void *user)
{
    return start(FAKE_RELAY_HONEST, handler, ended, user);
}

void fake_relay_free(fake_relay *r)
{
    uv_async_send(&r->stop);
    pthread_join(r->thread, NULL);
    uv_loop_close(&r->loop);
    zks__free(r);
}

const char *fake_relay_address(const fake_relay *r)
{
    return r->address;
}

void *fake_relay_user(const fake_relay *r)
{
    return r->user;
}

void fake_relay_send(zks__session *s, const zks__message *m)
{
    (void)!zks__session_send(s, m); /* the other end may have gone */
}

void fake_relay_welcome(zks__session *s, uint64_t head)
{
    zks__message m = {.type = ZKS_MESSAGE_WELCOME};
    m.welcome.version = ZKS_WIRE_VERSION;
    m.welcome.head = head;
    m.welcome.incarnation[0] = 1;
    fake_relay_send(s, &m);
}

void fake_relay_blobs(zks__session *s, uint8_t flags, uint64_t from, uint64_t contiguous)
{
    zks__message m = {.type = ZKS_MESSAGE_BLOBS};
    m.blobs.flags = flags;
    m.blobs.from = from;
    m.blobs.contiguous = contiguous;
    fake_relay_send(s, &m);
}

void fake_relay_ack_push(zks__session *s, const zks__push *push)
{
    zks__push_result results[RESULTS_MAX];
    zks__wire_list list = push->blobs;
    zks__push_item item;
    size_t count = 0;
    while (count < RESULTS_MAX && zks__wire_next_push(&list, &item)) {
        results[count] = (zks__push_result){.cursor = count + 1};
        memcpy(results[count++].blob_id, item.blob_id, sizeof item.blob_id);
    }
    zks__message m = {.type = ZKS_MESSAGE_PUSH_ACK};
    m.push_ack.results = (zks__wire_list){.count = count, .items = results};
    fake_relay_send(s, &m);
}

void fake_relay_garbage(fake_relay *r)
{
    static const uint8_t record[] = {0, 2, 1, ZKS_MESSAGE_PUSH_ACK}; /* without its body */
    zks__buf *b = zks__buf_copy(record, sizeof record);
    raw_check(b != NULL);
    (void)!zks__link_write(r->link, b);
}
