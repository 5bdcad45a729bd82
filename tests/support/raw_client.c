/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "support/raw_client.h"
#include "support/raw_check.h"

#include "base/alloc.h"
#include "record/set.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- the world --- */

static unsigned slower(void)
{
    const char *text = getenv("CK_TIMEOUT_MULTIPLIER");
    unsigned long v = text ? strtoul(text, NULL, 10) : 1;
    return v ? (unsigned)v : 1;
}

static void on_late(uv_timer_t *timer)
{
    ((raw_world *)timer->data)->late = true;
}

void raw_world_init(raw_world *w)
{
    memset(w, 0, sizeof *w);
    raw_check(zks__crypto_init() == ZKS_OK);
    raw_check(uv_loop_init(&w->loop) == 0);
    uv_timer_init(&w->loop, &w->timer);
    w->timer.data = w;
    zks__endpoint_config config = {
        .loop = &w->loop, .rng = zks__crypto_rng(), .clock = zks__clock_system()};
    raw_check(zks__endpoint_new(&config, &w->endpoint) == ZKS_OK);
}

static void on_endpoint_closed(void *user)
{
    ((raw_world *)user)->endpoint = NULL;
}

void raw_world_done(raw_world *w)
{
    zks__endpoint_close(w->endpoint, on_endpoint_closed, w);
    uv_close((uv_handle_t *)&w->timer, NULL);
    while (uv_run(&w->loop, UV_RUN_DEFAULT)) { /* on_closed stops it */
    }
    raw_check(w->endpoint == NULL);
    raw_check(uv_loop_close(&w->loop) == 0);
}

bool raw_run(raw_world *w, bool (*until)(void *user), void *user, unsigned deadline_ms)
{
    w->late = false;
    uv_update_time(&w->loop); /* else the timer may be due before anything is waited for */
    uv_timer_start(&w->timer, on_late, (uint64_t)deadline_ms * slower(), 0);
    while (!until(user) && !w->late) {
        uv_run(&w->loop, UV_RUN_ONCE);
    }
    uv_timer_stop(&w->timer);
    return until(user);
}

static bool never(void *user)
{
    (void)user;
    return false;
}

static unsigned patience(const raw_client *c)
{
    return c->world->patience_ms ? c->world->patience_ms : RAW_DEADLINE_MS;
}

void raw_idle(raw_world *w, unsigned ms)
{
    (void)raw_run(w, never, NULL, ms);
}

/* --- groups and devices --- */

static void group_init(raw_group *g, unsigned number, uint8_t mode)
{
    uint8_t seed[ZKS_KEY_BYTES] = {0x67};
    zks__record epoch;
    memset(g, 0, sizeof *g);
    memcpy(seed + 8, &number, sizeof number);
    zks__group_root_derive(test_suite(), mode, seed, &g->root);
    raw_check(zks__group_make_genesis(&g->root, g->genesis.bytes, sizeof g->genesis.bytes,
                                      &g->genesis.length) == ZKS_OK);
    raw_check(zks__group_make_epoch0(&g->root, g->epoch.bytes, sizeof g->epoch.bytes,
                                     &g->epoch.length) == ZKS_OK);
    raw_check(zks__record_read(g->epoch.bytes, g->epoch.length, &epoch) == ZKS_OK);
    memcpy(g->epoch_tag, epoch.hash, sizeof g->epoch_tag);
}

void raw_group_init(raw_group *g, unsigned number)
{
    group_init(g, number, ZKS_GROUP_MODE_SHARED);
}

void raw_group_init_paired(raw_group *g, unsigned number)
{
    group_init(g, number, ZKS_GROUP_MODE_PAIRED);
}

void raw_client_certify(raw_client *c, uint8_t rights, uint64_t not_after_s)
{
    zks__record member;
    raw_check(zks__record_read(c->member.bytes, c->member.length, &member) == ZKS_OK);
    zks__member m = member.member;
    m.rights = rights;
    m.not_after_s = not_after_s;
    raw_check(zks__record_make_member(member.suite, member.group_id, &m, &c->keys.sign,
                                      &c->group->root.root, c->member.bytes, sizeof c->member.bytes,
                                      &c->member.length) == ZKS_OK);
    raw_check(zks__record_read(c->member.bytes, c->member.length, &member) == ZKS_OK);
    memcpy(c->member_hash, member.hash, sizeof c->member_hash);
}

void raw_client_init(raw_client *c, raw_world *w, const raw_group *g, unsigned number)
{
    uint8_t seed[ZKS_KEY_BYTES] = {0x64};
    uint8_t instance[ZKS_INSTANCE_BYTES] = {0};
    zks__record member;
    memset(c, 0, sizeof *c);
    memcpy(seed + 8, &number, sizeof number);
    c->world = w;
    c->group = g;
    zks__list_init(&c->inbox);
    zks__device_keys_derive(seed, g->root.group_id, instance, &c->keys);
    c->session_keys.suite = zks__crypto_suite(test_suite());
    memcpy(c->session_keys.dh_secret, c->keys.noise_dh_secret, sizeof c->session_keys.dh_secret);
    memcpy(c->session_keys.kem_seed, c->keys.noise_kem_seed, sizeof c->session_keys.kem_seed);
    raw_check(zks__group_make_member(&g->root, &c->keys, 0, (zks__slice){(const uint8_t *)"", 0},
                                     c->member.bytes, sizeof c->member.bytes,
                                     &c->member.length) == ZKS_OK);
    raw_check(zks__record_read(c->member.bytes, c->member.length, &member) == ZKS_OK);
    memcpy(c->member_hash, member.hash, sizeof c->member_hash);
    zks__blob_key_derive(zks__crypto_suite(test_suite()), g->root.epoch0_secret, g->root.group_id,
                         g->epoch_tag, zks__crypto_sign_public(&c->keys.sign), &c->blob_key);
}

static void drop_last(raw_client *c)
{
    if (c->last) {
        zks__buf_unref(c->last->backing);
        free(c->last);
        c->last = NULL;
    }
}

static void drop_inbox(raw_client *c)
{
    drop_last(c);
    for (zks__node *n; (n = zks__list_pop(&c->inbox));) {
        c->last = ZKS_CONTAINER(n, raw_input, node);
        drop_last(c);
    }
}

void raw_client_done(raw_client *c)
{
    raw_disconnect(c);
    drop_inbox(c);
}

/* --- the session --- */

static void on_ready(zks__session *s, void *user)
{
    (void)s;
    ((raw_client *)user)->open = true;
}

static void on_message(zks__session *s, const zks__message *m, zks__buf *backing, void *user)
{
    raw_client *c = user;
    (void)s;
    raw_input *input = calloc(1, sizeof *input);
    raw_check(input != NULL);
    input->message = *m;
    input->backing = zks__buf_ref(backing);
    zks__list_append(&c->inbox, &input->node);
}

static void on_closed(zks__session *s, zks_status status, uint64_t code, const char *text,
                      void *user)
{
    raw_client *c = user;
    (void)text;
    c->closed = status;
    c->closed_code = code;
    c->open = false;
    c->session = NULL;
    zks__session_free(s);
    uv_stop(&c->world->loop); /* who waits for it looks before the loop waits for something else */
}

static bool opened_or_closed(void *user)
{
    const raw_client *c = user;
    return c->open || !c->session;
}

static bool is_gone(void *user)
{
    return !((const raw_client *)user)->session;
}

static void read_key(const char *text, uint8_t out[32])
{
    static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz234567";
    uint32_t bits = 0;
    unsigned count = 0;
    size_t at = 0;
    for (; *text != '@'; text++) {
        const char *digit = strchr(alphabet, *text);
        raw_check(digit != NULL && *text);
        bits = bits << 5 | (uint32_t)(digit - alphabet);
        count += 5;
        if (count >= 8 && at < 32) {
            count -= 8;
            out[at++] = (uint8_t)(bits >> count);
        }
    }
    raw_check(at == 32);
}

static void read_host(const char *address, struct sockaddr_storage *out)
{
    char host[128];
    const char *at = strchr(address, '@');
    const char *colon = strrchr(address, ':');
    raw_check(at != NULL && colon > at);
    bool six = at[1] == '[';
    snprintf(host, sizeof host, "%.*s", (int)(colon - at - 1 - 2 * six), at + 1 + six);
    int port = atoi(colon + 1);
    if (six) {
        raw_check(uv_ip6_addr(host, port, (struct sockaddr_in6 *)out) == 0);
    } else {
        raw_check(uv_ip4_addr(host, port, (struct sockaddr_in *)out) == 0);
    }
}

zks_status raw_connect_key(raw_client *c, const char *address, const uint8_t *expected_key)
{
    static const zks__session_events events = {
        .ready = on_ready, .message = on_message, .closed = on_closed};
    struct sockaddr_storage remote = {0};
    zks__link *link = NULL;
    raw_check(c->session == NULL);
    drop_inbox(c);
    c->consumed = 0;
    read_host(address, &remote);
    memcpy(c->relay_key, expected_key, sizeof c->relay_key);
    const zks__session_config session = {
        .initiator = true, .keys = &c->session_keys, .key_count = 1, .rng = zks__crypto_rng()};
    raw_check(zks__session_new(&session, &events, c, &c->session) == ZKS_OK);
    zks__connect_config config = {.remote = (const struct sockaddr *)&remote,
                                  .key_seed = c->keys.sign_seed,
                                  .expected_key = c->relay_key,
                                  .alpn = test_alpn(),
                                  .approved = test_approved(),
                                  .keep_alive_ms = 5000,
                                  .events = zks__session_link_events(),
                                  .user = c->session};
    zks_status status = zks__endpoint_connect(c->world->endpoint, &config, &link);
    if (status) {
        zks__session_free(c->session);
        c->session = NULL;
        return status;
    }
    zks__session_attach(c->session, link);
    raw_check_msg(raw_run(c->world, opened_or_closed, c, patience(c)), "connecting took too long");
    return c->open ? ZKS_OK : c->closed;
}

zks_status raw_connect(raw_client *c, const char *address)
{
    uint8_t key[32];
    raw_check(strncmp(address, "zks://", 6) == 0);
    read_key(address + 6, key);
    return raw_connect_key(c, address, key);
}

void raw_disconnect(raw_client *c)
{
    if (c->session) {
        zks__session_close(c->session, 0, "test");
        raw_check_msg(raw_run(c->world, is_gone, c, patience(c)), "closing took too long");
    }
}

/* --- messages --- */

void raw_hello_sign(const raw_client *c, zks__hello *hello)
{
    uint8_t text[128];
    zks__writer w = zks__writer_of(text, sizeof text);
    zks__write_label(&w, "0k-hello-v1");
    zks__write_lp(&w, zks__session_hash(c->session), ZKS_SESSION_HASH_BYTES);
    zks__write_lp(&w, c->relay_key, sizeof c->relay_key);
    zks__write_lp(&w, hello->group_id, sizeof hello->group_id);
    zks__crypto_sign(&c->keys.sign, text, w.length, hello->signature);
}

void raw_hello(const raw_client *c, zks__message *m, zks__slice records[3])
{
    zks__records *set = NULL;
    memset(m, 0, sizeof *m);
    m->type = ZKS_MESSAGE_HELLO;
    m->hello.version = ZKS_WIRE_VERSION;
    memcpy(m->hello.group_id, c->group->root.group_id, sizeof m->hello.group_id);
    memcpy(m->hello.member, c->member_hash, sizeof m->hello.member);
    records[0] = (zks__slice){c->group->genesis.bytes, c->group->genesis.length};
    records[1] = (zks__slice){c->group->epoch.bytes, c->group->epoch.length};
    records[2] = (zks__slice){c->member.bytes, c->member.length};
    m->hello.records.items = records;
    m->hello.records.count = 3;
    raw_check(zks__records_new(c->group->root.group_id, &set) == ZKS_OK);
    raw_check(zks__records_add_all(set, records, 3, NULL) == ZKS_OK);
    zks__records_digest(set, m->hello.known);
    zks__records_free(set);
    if (c->session) {
        raw_hello_sign(c, &m->hello);
    }
}

void raw_send(raw_client *c, const zks__message *m)
{
    raw_check(c->session != NULL);
    raw_check(zks__session_send(c->session, m) == ZKS_OK);
}

static bool has_input(void *user)
{
    const raw_client *c = user;
    return !zks__list_empty(&c->inbox) || !c->session;
}

zks__message *raw_next(raw_client *c, unsigned deadline_ms)
{
    drop_last(c);
    (void)raw_run(c->world, has_input, c, deadline_ms);
    zks__node *n = zks__list_pop(&c->inbox);
    if (!n) {
        return NULL;
    }
    c->last = ZKS_CONTAINER(n, raw_input, node);
    zks__message *m = &c->last->message;
    if (m->type == ZKS_MESSAGE_BLOBS && !c->keep_credit) {
        zks__wire_list list = m->blobs.blobs;
        zks__blob_item item;
        while (zks__wire_next_blob(&list, &item)) {
            c->consumed += item.blob.length;
        }
    }
    return m;
}

zks__message *raw_expect(raw_client *c, zks__message_type type)
{
    char text[512] = "nothing";
    zks__message *m = raw_next(c, patience(c));
    if (m) {
        (void)zks__wire_print(m, text, sizeof text);
    }
    if (m && m->type == ZKS_MESSAGE_ERROR) {
        size_t used = strlen(text);
        snprintf(text + used, sizeof text - used, " \"%.*s\"", (int)m->error.text.length,
                 (const char *)m->error.text.data);
    }
    raw_check_msg(m != NULL && m->type == type, "expected %s, got %s; session %s status %d",
                  zks__wire_name((uint8_t)type), text, c->session ? "open" : "closed",
                  (int)c->closed);
    return m;
}

void raw_expect_closed(raw_client *c)
{
    raw_check_msg(raw_run(c->world, is_gone, c, patience(c)),
                  "the relay did not close the session");
}

void raw_expect_error(raw_client *c, uint32_t code)
{
    const zks__message *m = raw_expect(c, ZKS_MESSAGE_ERROR);
    raw_check(m->error.code == code);
    raw_check(m->error.text.length > 0);
}

void raw_expect_refusal(raw_client *c, uint32_t code)
{
    raw_expect_error(c, code);
    raw_expect_closed(c);
}

void raw_join(raw_client *c, const char *address, uint8_t mode)
{
    zks__message m;
    zks__slice records[3];
    raw_check(raw_connect(c, address) == ZKS_OK);
    raw_hello(c, &m, records);
    m.hello.mode = mode;
    raw_send(c, &m);
    c->welcome = raw_expect(c, ZKS_MESSAGE_WELCOME)->welcome;
}

/* --- blobs --- */

zks__buf *raw_blob(raw_client *c, uint64_t number, size_t length,
                   uint8_t out_blob_id[ZKS_BLOB_ID_BYTES])
{
    uint8_t nonce[ZKS_NONCE_BYTES] = {0};
    uint8_t *body = malloc(length + 8);
    raw_check(body != NULL);
    length = length < 8 ? 8 : length;
    memset(body, (int)((number * 31 + 7) & 0xff), length);
    memcpy(body, &number, sizeof number);
    zks__buf *b = zks__blob_buffer(body, length);
    free(body);
    raw_check(b != NULL);
    /* Each blob is the first of a chain of its own; the same number gives the same blob. */
    zks__entry e = {.seq = 1, .floor = 1, .kind = ZKS_ENTRY_DATA, .body_length = length};
    memcpy(e.author, zks__crypto_sign_public(&c->keys.sign), sizeof e.author);
    memcpy(e.chain, &number, sizeof number);
    memcpy(nonce, &number, sizeof number);
    e.chain[15] = 1;
    raw_check(zks__blob_seal(&c->blob_key, &e, &c->keys.sign, nonce, b, out_blob_id) == ZKS_OK);
    return b;
}

uint64_t raw_blob_number(const raw_client *c, const zks__blob_item *item)
{
    zks__blob_key key;
    zks__entry e;
    uint64_t number = 0;
    uint8_t *copy = malloc(item->blob.length + 1);
    raw_check(copy != NULL);
    memcpy(copy, item->blob.data, item->blob.length);
    zks__blob_key_derive(zks__crypto_suite(test_suite()), c->group->root.epoch0_secret,
                         c->group->root.group_id, c->group->epoch_tag, item->sender, &key);
    raw_check(zks__blob_open(&key, copy, item->blob.length, &e) == ZKS_OK);
    raw_check(e.body_length >= 8);
    memcpy(&number, e.body, sizeof number);
    for (size_t i = 8; i < e.body_length; i++) {
        raw_check(e.body[i] == ((number * 31 + 7) & 0xff));
    }
    free(copy);
    return number;
}

void raw_push(raw_client *c, uint64_t first, size_t count, size_t length)
{
    zks__push_item *items = calloc(count, sizeof *items);
    zks__buf **blobs = calloc(count, sizeof(void *));
    zks__message m = {.type = ZKS_MESSAGE_PUSH};
    raw_check(items != NULL && blobs != NULL);
    for (size_t i = 0; i < count; i++) {
        blobs[i] = raw_blob(c, first + i, length, items[i].blob_id);
        items[i].blob = (zks__slice){blobs[i]->data, blobs[i]->length};
    }
    m.push.blobs.items = items;
    m.push.blobs.count = count;
    raw_send(c, &m);
    for (size_t i = 0; i < count; i++) {
        zks__buf_unref(blobs[i]);
    }
    free(items);
    free(blobs);
}

uint64_t raw_push_wait(raw_client *c, size_t count)
{
    uint64_t last = 0;
    while (count) {
        zks__message *m = raw_expect(c, ZKS_MESSAGE_PUSH_ACK);
        zks__push_result result;
        while (zks__wire_next_result(&m->push_ack.results, &result)) {
            raw_check(result.code == ZKS_WIRE_OK);
            raw_check(result.cursor > last);
            raw_check(count > 0);
            last = result.cursor;
            count--;
        }
    }
    return last;
}

void raw_pull(raw_client *c, uint64_t after, uint32_t max_bytes, uint32_t max_count, uint8_t flags)
{
    zks__message m = {.type = ZKS_MESSAGE_PULL};
    m.pull = (zks__pull){
        .after = after, .max_bytes = max_bytes, .max_count = max_count, .flags = flags};
    raw_send(c, &m);
}

void raw_ack(raw_client *c, uint64_t cursor)
{
    zks__message m = {.type = ZKS_MESSAGE_ACK};
    m.ack.cursor = cursor;
    m.ack.consumed = c->consumed;
    raw_send(c, &m);
}

size_t raw_pull_all(raw_client *c, uint64_t after, uint64_t *out_contiguous)
{
    size_t count = 0;
    bool more = true;
    while (more) {
        raw_pull(c, after, UINT32_MAX, UINT32_MAX, 0);
        const zks__message *m = raw_expect(c, ZKS_MESSAGE_BLOBS);
        raw_check(m->blobs.from == after);
        count += m->blobs.blobs.count;
        after = m->blobs.contiguous;
        more = (m->blobs.flags & ZKS_BLOBS_MORE) != 0;
    }
    *out_contiguous = after;
    return count;
}
