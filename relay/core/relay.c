/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The relay's life: its thread, start, stop. */
#include "relay/core/relay.h"

#include "base/alloc.h"
#include "base/base32.h"
#include "base/thread.h"
#include "relay/core/key.h"
#include "relay/core/router.h"
#include "relay/core/sqlite_store.h"
#include "transport/transport.h"

#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

enum { ADDRESS_TEXT = 512 };

struct zks__relay {
    zks__relay_config *config;
    const zks__log *log;
    zks__relay_events events;
    void *user;
    pthread_t thread;
    uv_loop_t loop;
    uv_async_t stop;
    uv_timer_t deadline; /* of stopping */
    atomic_bool wanted;  /* stop was asked for */
    atomic_bool running; /* address is valid */
    bool stopping, endpoint_closing;
    zks__router router;
    zks__endpoint *endpoint;
    zks__rstore *store;
    char address[ADDRESS_TEXT];
    char problem[ZKS_RELAY_PROBLEM_BYTES + 64];
};

/* --- stopping: peers, then links, then the store, then the loop's own handles --- */

static void on_store_closed(void *user)
{
    zks__relay *y = user;
    y->store = NULL;
    y->router.store = NULL;
    uv_close((uv_handle_t *)&y->router.timer, NULL);
    uv_close((uv_handle_t *)&y->deadline, NULL);
    uv_close((uv_handle_t *)&y->stop, NULL);
}

static void on_endpoint_closed(void *user)
{
    zks__relay *y = user;
    y->endpoint = NULL;
    zks__router_flush(&y->router);
    zks__rstore_close(y->store, on_store_closed, y);
}

static void close_endpoint(zks__relay *y)
{
    if (!y->endpoint_closing) {
        y->endpoint_closing = true;
        uv_timer_stop(&y->deadline);
        zks__endpoint_close(y->endpoint, on_endpoint_closed, y);
    }
}

static void on_deadline(uv_timer_t *timer)
{
    close_endpoint(timer->data);
}

static void on_emptied(void *user)
{
    close_endpoint(user);
}

static void on_stop(uv_async_t *handle)
{
    zks__relay *y = handle->data;
    /* Where the start failed, or is not done, there is nothing to stop. */
    if (y->stopping || !atomic_load(&y->wanted) || !atomic_load(&y->running)) {
        return;
    }
    y->stopping = true;
    zks__log_write(y->log, ZKS_LOG_LEVEL_INFO, "relay.stopping sessions=%zu", y->router.peer_count);
    zks__endpoint_stop_listening(y->endpoint);
    uv_timer_start(&y->deadline, on_deadline, ZKS_RELAY_STOP_MS, 0);
    zks__router_stop(&y->router, on_emptied, y);
}

/* --- starting --- */

static zks_status on_accept(zks__link *link, zks__link_events *out_events, void **out_user,
                            void *user)
{
    zks__relay *y = user;
    return zks__peer_new(&y->router, link, out_events, out_user);
}

static zks_status fail_listen(zks__relay *y, zks_status status)
{
    const char *text = status == ZKS_E_PORT_IN_USE
                           ? "another program listens on that port: stop it or choose another port"
                       : status == ZKS_E_INVALID
                           ? "this machine has no such address: use [::]:4433 or 0.0.0.0:4433"
                           : "the system refuses the socket";
    snprintf(y->problem, sizeof y->problem, "listen = '%.80s': %s", y->config->listen, text);
    return status;
}

/* "host:port" with a numeric host, "[v6]:port" or ":port". */
static bool read_address(const char *text, struct sockaddr_storage *out, bool *out_any6)
{
    char host[64];
    const char *colon = strrchr(text, ':');
    char *end = NULL;
    unsigned long port = colon ? strtoul(colon + 1, &end, 10) : 0;
    if (!colon || end == colon + 1 || *end || port > 65535 ||
        (size_t)(colon - text) >= sizeof host) {
        return false;
    }
    size_t length = (size_t)(colon - text);
    memcpy(host, text, length);
    host[length] = 0;
    char *name = host;
    if (length >= 2 && host[0] == '[' && host[length - 1] == ']') {
        host[length - 1] = 0;
        name = host + 1;
    }
    *out_any6 = !*name || strcmp(name, "::") == 0;
    if (!*name) {
        name = memcpy(host, "::", 3);
    }
    return uv_ip4_addr(name, (int)port, (struct sockaddr_in *)out) == 0 ||
           uv_ip6_addr(name, (int)port, (struct sockaddr_in6 *)out) == 0;
}

static zks_status open_endpoint(zks__relay *y, const uint8_t *seed)
{
    struct sockaddr_storage address = {0};
    bool any6 = false;
    if (!read_address(y->config->listen, &address, &any6)) {
        snprintf(
            y->problem, sizeof y->problem,
            "listen = '%.80s' is not an address: write [::]:4433, 0.0.0.0:4433 or 192.0.2.1:4433",
            y->config->listen);
        return ZKS_E_CONFIG_FILE;
    }
    const bool suite1 = !zks__crypto_suite_check(ZKS_SUITE_SODIUM);
    const bool suite2 = !zks__crypto_suite_check(ZKS_SUITE_APPROVED);
    zks__listen_config listen = {.key_seed = seed,
                                 .alpn = suite1 ? ZKS_WIRE_ALPN : ZKS_WIRE_ALPN_APPROVED,
                                 .approved_alpn = suite2 ? ZKS_WIRE_ALPN_APPROVED : NULL,
                                 .accept = on_accept,
                                 .user = y,
                                 .max_links = (uint32_t)y->config->max_sessions,
                                 .handshake_ms = (uint32_t)y->config->handshake_ms,
                                 .idle_ms = (uint32_t)y->config->idle_ms,
                                 .max_per_address = (uint32_t)y->config->sessions_per_address};
    zks__endpoint_config config = {.loop = &y->loop,
                                   .bind = (const struct sockaddr *)&address,
                                   .rng = y->router.rng,
                                   .clock = y->router.clock,
                                   .log = y->log,
                                   .listen = &listen};
    zks_status status = zks__endpoint_new(&config, &y->endpoint);
    if (status && status != ZKS_E_PORT_IN_USE && any6) { /* a machine without IPv6 */
        int port = ntohs(((struct sockaddr_in6 *)&address)->sin6_port);
        (void)uv_ip4_addr("0.0.0.0", port, (struct sockaddr_in *)&address);
        status = zks__endpoint_new(&config, &y->endpoint);
    }
    return status ? fail_listen(y, status) : ZKS_OK;
}

static zks_status load_key(zks__relay *y, uint8_t *out_seed)
{
    char path[PATH_MAX];
    const char *given = y->config->key_file;
    int n = given[0] ? snprintf(path, sizeof path, "%s", given)
                     : snprintf(path, sizeof path, "%s/relay.key", y->config->data);
    zks_status status = n < 0 || (size_t)n >= sizeof path
                            ? ZKS_E_STORE_PATH
                            : zks__relay_key_load(path, &y->router.rng, out_seed);
    if (!status) {
        status = zks__transport_public_key(out_seed, y->router.key);
    }
    if (!status) {
        zks__router_set_identity(&y->router, out_seed);
    }
    if (status == ZKS_E_CONFIG_FILE) {
        snprintf(y->problem, sizeof y->problem,
                 "key file '%.120s': it is no key, or others may read it (chmod 600)", path);
    } else if (status) {
        snprintf(y->problem, sizeof y->problem, "key file '%.120s': %m", path); /* errno's text */
    }
    return status;
}

static void make_address(zks__relay *y)
{
    struct sockaddr_storage bound;
    char key[ZKS_BASE32_KEY_BYTES];
    char text[ZKS_TRANSPORT_ADDRESS_TEXT];
    zks__endpoint_address(y->endpoint, &bound);
    zks__base32_key(y->router.key, key);
    bool any = false;
    unsigned port = 0;
    if (bound.ss_family == AF_INET6) {
        const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)&bound;
        any = memcmp(&six->sin6_addr, &in6addr_any, sizeof in6addr_any) == 0;
        port = ntohs(six->sin6_port);
    } else {
        const struct sockaddr_in *four = (const struct sockaddr_in *)&bound;
        any = four->sin_addr.s_addr == INADDR_ANY;
        port = ntohs(four->sin_port);
    }
    const char *host = y->config->public_host;
    if (host[0] && strchr(host, ':') && host[0] != '[') {
        snprintf(y->address, sizeof y->address, "zks://%s@[%.255s]:%u", key, host, port);
    } else if (host[0] || any) {
        snprintf(y->address, sizeof y->address, "zks://%s@%.255s:%u", key,
                 host[0] ? host : "127.0.0.1", port);
    } else {
        zks__transport_address_text((const struct sockaddr *)&bound, text);
        snprintf(y->address, sizeof y->address, "zks://%s@%s", key, text);
    }
}

static zks_status open_store(zks__relay *y)
{
    zks__sqlite_store_config config = {.loop = &y->loop,
                                       .folder = y->config->data,
                                       .events = zks__router_store_events(),
                                       .user = &y->router,
                                       .clock = y->router.clock,
                                       .rng = y->router.rng,
                                       .log = y->log,
                                       .group_quota = y->config->group_quota_bytes,
                                       .disk_limit = y->config->disk_bytes,
                                       .max_groups = (uint32_t)y->config->max_groups,
                                       .acked_keep_s = (uint32_t)y->config->acked_keep_s};
    zks_status status = zks__sqlite_store_new(&config, y->problem, &y->store);
    y->router.store = y->store;
    return status;
}

/* What was started is taken back by the caller, in the order of stopping. */
static zks_status start(zks__relay *y)
{
    uint8_t seed[ZKS_RELAY_SEED_BYTES] = {0};
    zks_status status = zks__relay_config_check(y->config, y->problem);
    if (!status) {
        status = open_store(y);
    }
    if (!status) {
        status = load_key(y, seed);
    }
    if (!status) {
        status = open_endpoint(y, seed);
    }
    zks__wipe(seed, sizeof seed);
    if (!status) {
        make_address(y);
        atomic_store(&y->running, true);
    }
    return status;
}

static void *relay_thread(void *user)
{
    zks__relay *y = user;
    zks_status status = start(y);
    if (status) {
        zks__log_write(y->log, ZKS_LOG_LEVEL_ERROR, "relay.failed status=%d", (int)status);
    } else {
        zks__log_write(y->log, ZKS_LOG_LEVEL_INFO, "relay.started");
    }
    if (y->events.started) {
        y->events.started(y, status, status ? y->problem : "", y->user);
    }
    if (status && y->endpoint) {
        close_endpoint(y);
    } else if (status && y->store) {
        on_endpoint_closed(y);
    } else if (status) {
        on_store_closed(y);
    } else {
        /* stop may have been asked for before there was anything to stop */
        uv_async_send(&y->stop);
    }
    uv_run(&y->loop, UV_RUN_DEFAULT);
    zks__router_done(&y->router);
    zks__log_write(y->log, ZKS_LOG_LEVEL_INFO, "relay.stopped");
    if (y->events.stopped) {
        y->events.stopped(y, y->user);
    }
    return NULL;
}

/* --- the interface --- */

static zks_status relay_init(zks__relay *y)
{
    if (uv_loop_init(&y->loop) != 0) {
        return ZKS_E_SYSTEM;
    }
    zks_status status = zks__router_init(&y->router, &y->loop);
    if (status) {
        uv_loop_close(&y->loop);
        return status;
    }
    y->stop.data = y;
    y->deadline.data = y;
    (void)uv_timer_init(&y->loop, &y->deadline);
    if (uv_async_init(&y->loop, &y->stop, on_stop) != 0) {
        status = ZKS_E_SYSTEM;
    } else if (zks__thread_start(&y->thread, "relay-loop", relay_thread, y)) {
        uv_close((uv_handle_t *)&y->stop, NULL);
        status = ZKS_E_SYSTEM;
    }
    if (status) {
        uv_close((uv_handle_t *)&y->router.timer, NULL);
        uv_close((uv_handle_t *)&y->deadline, NULL);
        uv_run(&y->loop, UV_RUN_DEFAULT);
        zks__router_done(&y->router);
        uv_loop_close(&y->loop);
    }
    return status;
}

zks_status zks__relay_start(const zks__relay_config *config, const zks__log *log,
                            const zks__relay_events *events, void *user, zks__relay **out_relay)
{
    zks_status status = zks__crypto_init();
    if (status) {
        return status;
    }
    zks__relay *y = zks__alloc_zero(1, sizeof *y);
    if (!y) {
        return ZKS_E_NOMEM;
    }
    y->config = zks__relay_config_copy(config);
    y->log = log;
    y->events = *events;
    y->user = user;
    y->router.config = y->config;
    y->router.log = log;
    y->router.clock = zks__clock_system();
    y->router.rng = zks__crypto_rng();
    status = y->config ? ZKS_OK : ZKS_E_NOMEM;
    if (!status) {
        *out_relay = y; /* before `started` may run */
        status = relay_init(y);
    }
    if (status) {
        *out_relay = NULL;
        zks__relay_config_free(y->config);
        zks__free(y);
    }
    return status;
}

const char *zks__relay_address(const zks__relay *y)
{
    return atomic_load(&y->running) ? y->address : NULL;
}

void zks__relay_stop(zks__relay *y)
{
    if (!atomic_exchange(&y->wanted, true)) {
        uv_async_send(&y->stop);
    }
}

void zks__relay_free(zks__relay *y)
{
    if (!y) {
        return;
    }
    zks__relay_stop(y);
    pthread_join(y->thread, NULL);
    uv_loop_close(&y->loop);
    zks__relay_config_free(y->config);
    zks__free(y);
}
