/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "common_raw.h"

#include "client/address.h"
#include "common.h"
#include "record/set.h"

#include <string.h>

static void check(const char *what, zks_status status)
{
    if (status) {
        bench_fail(what, status, zks__status_text(status));
    }
}

void raw_net_start(raw_net *n, const char *relay)
{
    zks__address address;
    const char *problem = "";
    check("crypto", zks__crypto_init());
    if (zks__address_parse(relay, &address, &problem) || !address.has_key) {
        bench_fail("address", 0, problem);
    }
    memcpy(n->relay_key, address.key, sizeof n->relay_key);
    if (uv_loop_init(&n->loop) || (uv_ip4_addr(address.hosts[0].name, address.hosts[0].port,
                                               (struct sockaddr_in *)&n->relay) &&
                                   uv_ip6_addr(address.hosts[0].name, address.hosts[0].port,
                                               (struct sockaddr_in6 *)&n->relay))) {
        bench_fail("address", 0, address.hosts[0].name);
    }
    zks__endpoint_config c = {
        .loop = &n->loop, .rng = zks__crypto_rng(), .clock = zks__clock_system()};
    check("endpoint", zks__endpoint_new(&c, &n->endpoint));
}

void raw_device_init(raw_device *d, raw_net *n, uint32_t group, uint32_t device)
{
    uint8_t seed[ZKS_KEY_BYTES] = "bench group", device_seed[ZKS_KEY_BYTES] = "bench device";
    static const uint8_t instance[ZKS_INSTANCE_BYTES];
    memset(d, 0, sizeof *d);
    d->net = n;
    memcpy(seed + ZKS_KEY_BYTES - sizeof group, &group, sizeof group);
    memcpy(device_seed + ZKS_KEY_BYTES - sizeof device, &device, sizeof device);
    zks__group_root_derive(ZKS_SUITE_SODIUM, ZKS_GROUP_MODE_SHARED, seed, &d->root);
    zks__device_keys_derive(device_seed, d->root.group_id, instance, &d->keys);
    d->session_keys.suite = zks__crypto_suite(ZKS_SUITE_SODIUM);
    memcpy(d->session_keys.dh_secret, d->keys.noise_dh_secret, sizeof d->session_keys.dh_secret);
    memcpy(d->session_keys.kem_seed, d->keys.noise_kem_seed, sizeof d->session_keys.kem_seed);
}

static void say_hello(raw_device *d)
{
    static uint8_t bytes[3][ZKS_RECORD_BODY_MAX_BYTES];
    zks__slice records[3];
    zks__records *set = NULL;
    zks__message m = {.type = ZKS_MESSAGE_HELLO};
    zks__hello *h = &m.hello;
    size_t length[3];
    uint8_t proof[256];
    check("genesis", zks__group_make_genesis(&d->root, bytes[0], sizeof bytes[0], &length[0]));
    check("epoch", zks__group_make_epoch0(&d->root, bytes[1], sizeof bytes[1], &length[1]));
    check("member", zks__group_make_member(&d->root, &d->keys, 0, (zks__slice){NULL, 0}, bytes[2],
                                           sizeof bytes[2], &length[2]));
    for (size_t i = 0; i < 3; i++) {
        records[i] = (zks__slice){bytes[i], length[i]};
    }
    check("set", zks__records_new(d->root.group_id, &set));
    check("set", zks__records_add_all(set, records, 3, NULL));
    memcpy(d->epoch_tag, zks__records_epoch(set)->hash, sizeof d->epoch_tag);
    zks__records_digest(set, h->known);
    zks__records_free(set);
    h->version = ZKS_WIRE_VERSION;
    h->mode = d->mode;
    memcpy(h->group_id, d->root.group_id, sizeof h->group_id);
    if (!zks__record_hash(bytes[2], length[2], h->member)) {
        bench_fail("member", 0, "no hash");
    }
    h->records = (zks__wire_list){.count = 3, .items = records};
    zks__writer w = zks__writer_of(proof, sizeof proof);
    zks__write_label(&w, "0k-hello-v1");
    zks__write_lp(&w, zks__session_hash(d->session), ZKS_SESSION_HASH_BYTES);
    zks__write_lp(&w, zks__session_peer_key(d->session), ZKS_LINK_KEY_BYTES);
    zks__write_lp(&w, h->group_id, sizeof h->group_id);
    zks__crypto_sign(&d->keys.sign, proof, w.length, h->signature);
    check("hello", zks__session_send(d->session, &m));
}

static void on_ready(zks__session *s, void *user)
{
    (void)s;
    say_hello(user);
}

static void on_message(zks__session *s, const zks__message *m, zks__buf *backing, void *user)
{
    raw_device *d = user;
    (void)s, (void)backing;
    if (m->type == ZKS_MESSAGE_ERROR) {
        bench_fail("the relay says", (int)m->error.code, "ERROR");
    } else if (m->type == ZKS_MESSAGE_BYE) {
        bench_fail("the relay says", (int)m->bye.code, "BYE");
    } else if (m->type == ZKS_MESSAGE_WELCOME) {
        d->welcome(d);
    } else if (d->message) {
        d->message(d, m);
    }
}

static void on_drained(zks__session *s, void *user)
{
    raw_device *d = user;
    (void)s;
    if (d->drained) {
        d->drained(d);
    }
}

static void on_closed(zks__session *s, zks_status status, uint64_t code, const char *text,
                      void *user)
{
    (void)s, (void)code, (void)user;
    bench_fail("session closed", status, text);
}

void raw_device_connect(raw_device *d)
{
    zks__session_events events = {on_ready, on_message, on_drained, on_closed};
    zks__link *link = NULL;
    const zks__session_config session = {
        .initiator = true, .keys = &d->session_keys, .key_count = 1, .rng = zks__crypto_rng()};
    check("session", zks__session_new(&session, &events, d, &d->session));
    zks__connect_config c = {.remote = (const struct sockaddr *)&d->net->relay,
                             .key_seed = d->keys.sign_seed,
                             .expected_key = d->net->relay_key,
                             .alpn = ZKS_WIRE_ALPN,
                             .idle_ms = 120000,
                             .events = zks__session_link_events(),
                             .user = d->session};
    check("connect", zks__endpoint_connect(d->net->endpoint, &c, &link));
    zks__session_attach(d->session, link);
}
