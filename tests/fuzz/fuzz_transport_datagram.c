/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Datagrams from a stranger into a listening endpoint: each is a 16-bit little-endian length and
 * its bytes. */
#include "transport/endpoint.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

typedef struct fuzz {
    uv_loop_t loop;
    zks__endpoint *endpoint;
    uint64_t now_ns;
    uint64_t random;
} fuzz;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The same for the same input: xorshift64 (Marsaglia 2003). */
static void pseudo_random(void *out, size_t length, void *user)
{
    fuzz *f = user;
    for (size_t i = 0; i < length; i++) {
        f->random ^= f->random << 13;
        f->random ^= f->random >> 7;
        f->random ^= f->random << 17;
        ((uint8_t *)out)[i] = (uint8_t)(f->random >> 32);
    }
}

static uint64_t fuzz_now(void *user)
{
    return ((fuzz *)user)->now_ns += 1000;
}

static zks_status refuse(zks__link *link, zks__link_events *out_events, void **out_user, void *user)
{
    (void)link;
    (void)out_events;
    (void)out_user;
    (void)user;
    return ZKS_E_LIMIT;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t seed[32] = {1};
    fuzz f = {.now_ns = 1000000000, .random = 88172645463325252u};
    struct sockaddr_in loopback = {.sin_family = AF_INET,
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    zks__listen_config listen = {
        .key_seed = seed, .alpn = "fuzz", .accept = refuse, .max_per_address = 4};
    zks__endpoint_config c = {.loop = &f.loop,
                              .bind = (const struct sockaddr *)&loopback,
                              .rng = {.fill = pseudo_random, .user = &f},
                              .clock = {.monotonic_ns = fuzz_now, .user = &f},
                              .listen = &listen};
    if (uv_loop_init(&f.loop) || zks__endpoint_new(&c, &f.endpoint)) {
        abort();
    }
    zks__udp_batch from = {.local = f.endpoint->udp.local, .remote = f.endpoint->udp.local};
    from.remote.u.v4.sin_port = htons(9);
    while (size >= 2) {
        size_t length = (size_t)data[0] | (size_t)data[1] << 8;
        data += 2;
        size -= 2;
        length = length < size ? length : size;
        if (length) {
            zks__endpoint_datagram(f.endpoint, &from, data, length);
            zks__endpoint_turn(f.endpoint);
        }
        data += length;
        size -= length;
    }
    zks__endpoint_close(f.endpoint, NULL, NULL);
    uv_run(&f.loop, UV_RUN_DEFAULT);
    uv_loop_close(&f.loop);
    return 0;
}
