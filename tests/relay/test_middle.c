/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Somebody between a device and its relay who ends TLS with a key of their own and passes every
 * byte on. The device has never been there and so takes any key for the relay's. */
#include "relay_fixture.h"

/* Of the handshake, with the prefix of a record: both ephemeral publics; and what the relay
 * answers, beside its two publics of Diffie-Hellman. */
enum {
    MESSAGE_1_MAX_BYTES = 2 + ZKS_KEM_PUBLIC_BYTES + ZKS_DH_KEY_MAX_BYTES,
    MESSAGE_2_REST_BYTES = 2 + 3568 - 2 * ZKS_DH_PUBLIC_BYTES + ZKS_SIGN_BYTES
};

static const uint8_t seed[ZKS_TRANSPORT_SEED_BYTES] = {0x4d};

typedef struct middle {
    zks__endpoint *endpoint;
    uint8_t key[ZKS_LINK_KEY_BYTES];
    char address[64];
    struct sockaddr_in relay;
    zks__link *front, *back; /* to the device, to the relay; NULL: over */
    bool back_open;
    uint8_t early[MESSAGE_1_MAX_BYTES]; /* of the device, before `back` is open */
    size_t early_length;
    size_t from_device, from_relay; /* bytes */
    bool gone;
} middle;

static void pass(zks__link *from, zks__link *to, const uint8_t *data, size_t length)
{
    zks__buf *b = zks__buf_copy(data, length);
    ck_assert_ptr_nonnull(b);
    ck_assert_int_eq(zks__link_write(to, b), ZKS_OK);
    zks__link_consume(from, length);
}

static void on_front_received(zks__link *link, const uint8_t *data, size_t length, void *user)
{
    middle *m = user;
    m->from_device += length;
    if (m->back_open && m->back) {
        pass(link, m->back, data, length);
        return;
    }
    ck_assert_uint_le(m->early_length + length, sizeof m->early);
    memcpy(m->early + m->early_length, data, length);
    m->early_length += length;
}

static void on_back_opened(zks__link *link, void *user)
{
    middle *m = user;
    m->back_open = true;
    pass(m->front, link, m->early, m->early_length);
}

static void on_back_received(zks__link *link, const uint8_t *data, size_t length, void *user)
{
    middle *m = user;
    m->from_relay += length;
    if (m->front) {
        pass(link, m->front, data, length);
    }
}

static void on_drained(zks__link *link, void *user)
{
    (void)link;
    (void)user;
}

static void on_closed(zks__link *link, zks_status status, uint64_t code, const char *text,
                      void *user)
{
    middle *m = user;
    (void)status;
    (void)code;
    (void)text;
    zks__link **mine = link == m->front ? &m->front : &m->back;
    zks__link *other = link == m->front ? m->back : m->front;
    *mine = NULL;
    if (other) {
        zks__link_close(other, 0, "");
    }
}

static zks_status on_accept(zks__link *link, zks__link_events *out_events, void **out_user,
                            void *user)
{
    middle *m = user;
    zks__connect_config config = {.remote = (const struct sockaddr *)&m->relay,
                                  .key_seed = seed,
                                  .alpn = test_alpn(),
                                  .approved = test_approved(),
                                  .events = {.opened = on_back_opened,
                                             .received = on_back_received,
                                             .drained = on_drained,
                                             .closed = on_closed},
                                  .user = m};
    m->front = link;
    *out_events = (zks__link_events){
        .received = on_front_received, .drained = on_drained, .closed = on_closed};
    *out_user = m;
    return zks__endpoint_connect(m->endpoint, &config, &m->back);
}

static void middle_start(middle *m, raw_world *w, const char *relay_address)
{
    struct sockaddr_in here = {0};
    struct sockaddr_storage bound;
    memset(m, 0, sizeof *m);
    ck_assert_int_eq(uv_ip4_addr("127.0.0.1", 0, &here), 0);
    ck_assert_int_eq(uv_ip4_addr("127.0.0.1", atoi(strrchr(relay_address, ':') + 1), &m->relay), 0);
    ck_assert_int_eq(zks__transport_public_key(seed, m->key), ZKS_OK);
    zks__listen_config listen = {.key_seed = seed,
                                 .alpn = ZKS_WIRE_ALPN,
                                 .approved_alpn = ZKS_WIRE_ALPN_APPROVED,
                                 .accept = on_accept,
                                 .user = m};
    zks__endpoint_config config = {.loop = &w->loop,
                                   .bind = (const struct sockaddr *)&here,
                                   .rng = zks__crypto_rng(),
                                   .clock = zks__clock_system(),
                                   .listen = &listen};
    ck_assert_int_eq(zks__endpoint_new(&config, &m->endpoint), ZKS_OK);
    zks__endpoint_address(m->endpoint, &bound);
    snprintf(m->address, sizeof m->address, "zks://@127.0.0.1:%u",
             ntohs(((const struct sockaddr_in *)&bound)->sin_port));
}

static void on_endpoint_closed(void *user)
{
    ((middle *)user)->gone = true;
}

static bool is_gone(void *user)
{
    return ((middle *)user)->gone;
}

static bool is_quiet(void *user)
{
    const middle *m = user;
    return !m->front && !m->back;
}

/* The prologue holds both ends' keys and TLS's exporter, so the relay's message 2 does not open:
 * the device says nothing that it would not say to anybody, and no proof or static of it is seen.
 */
START_TEST(a_middle_that_ends_tls_hears_nothing)
{
    static middle m;
    fixture *f = fixture_new(NULL);
    middle_start(&m, &f->world, f->relay.address);
    ck_assert_int_eq(raw_connect_key(&f->c[0], m.address, m.key), ZKS_E_PROTOCOL);
    ck_assert(raw_run(&f->world, is_quiet, &m, RAW_DEADLINE_MS));
    const size_t dh = zks__crypto_suite(test_suite())->dh_public_bytes;
    ck_assert_uint_eq(m.from_relay, MESSAGE_2_REST_BYTES + 2 * dh);
    ck_assert_uint_eq(m.from_device, 2 + ZKS_KEM_PUBLIC_BYTES + dh);
    zks__endpoint_close(m.endpoint, on_endpoint_closed, &m);
    ck_assert(raw_run(&f->world, is_gone, &m, RAW_DEADLINE_MS));
    raw_join(&f->c[0], f->relay.address, ZKS_MODE_LIVE); /* without it all is well */
    fixture_free(f);
}
END_TEST

static void add(TCase *c)
{
    tcase_add_test(c, a_middle_that_ends_tls_hears_nothing);
}

int main(void)
{
    return unit_main("relay middle", add);
}
