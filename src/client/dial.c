/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "client/dial.h"

#include "base/alloc.h"
#include "client/internal.h"

#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

struct zks__dial {
    zks__work work;
    zks_client *client; /* a reference */
    bool dropped;
    zks__dial_config config; /* host and expected_key point to the copies below */
    zks__host host;
    uint8_t expected_key[ZKS_LINK_KEY_BYTES];
    int unresolved; /* of getaddrinfo */
    struct sockaddr_storage address;
};

static void resolve(zks__work *work)
{
    zks__dial *d = ZKS_CONTAINER(work, zks__dial, work);
    char port[8];
    snprintf(port, sizeof port, "%u", d->host.port);
    struct addrinfo hints = {.ai_socktype = SOCK_DGRAM, .ai_flags = AI_NUMERICSERV}, *found = NULL;
    d->unresolved = getaddrinfo(d->host.name, port, &hints, &found);
    if (!d->unresolved && found && found->ai_addrlen <= sizeof d->address) {
        memcpy(&d->address, found->ai_addr, found->ai_addrlen);
    } else {
        d->unresolved = d->unresolved ? d->unresolved : EAI_NONAME;
    }
    if (found) {
        freeaddrinfo(found);
    }
}

static zks_status make_session(const zks__dial *d, zks__session **out)
{
    const zks_runtime *r = d->client->runtime;
    const zks__session_config config = {
        .initiator = true, .keys = d->config.keys, .key_count = 1, .rng = r->rng, .log = &r->log};
    return zks__session_new(&config, d->config.events, d->config.user, out);
}

static zks_status open_link(const zks__dial *d, zks__session *s, zks__link **out)
{
    const bool approved = d->config.keys->suite->id == ZKS_SUITE_APPROVED;
    zks__endpoint *endpoint = NULL;
    zks_status status = zks__runtime_endpoint(d->client->runtime, &endpoint);
    const zks__connect_config config = {.remote = (const struct sockaddr *)&d->address,
                                        .key_seed = d->config.key_seed,
                                        .expected_key = d->config.expected_key,
                                        .alpn = approved ? ZKS_WIRE_ALPN_APPROVED : ZKS_WIRE_ALPN,
                                        .approved = approved,
                                        .handshake_ms = d->config.handshake_ms,
                                        .keep_alive_ms = ZKS_KEEP_ALIVE_MS,
                                        .events = zks__session_link_events(),
                                        .user = s};
    return status ? status : zks__endpoint_connect(endpoint, &config, out);
}

static void go_on(const zks__dial *d)
{
    zks__session *session = NULL;
    zks__link *link = NULL;
    char text[ZKS_ADDRESS_HOST_BYTES + 96];
    if (d->unresolved) {
        snprintf(text, sizeof text,
                 "the host name %s cannot be resolved (%s); check the relay address", d->host.name,
                 gai_strerror(d->unresolved));
        d->config.failed(ZKS_E_RESOLVE, text, d->config.user);
        return;
    }
    zks_status status = make_session(d, &session);
    if (!status) {
        status = open_link(d, session, &link);
    }
    if (status) {
        zks__session_free(session);
        d->config.failed(status, zks__status_text(status), d->config.user);
        return;
    }
    d->config.opened(session, d->config.user);
    zks__session_attach(session, link);
}

static void resolved(zks__work *work)
{
    zks__dial *d = ZKS_CONTAINER(work, zks__dial, work);
    zks_client *c = d->client;
    if (!d->dropped) {
        go_on(d);
    }
    zks__free(d);
    zks__client_unref(c);
}

zks_status zks__dial_start(zks_client *c, const zks__dial_config *config, zks__dial **out_dial)
{
    zks__dial *d = zks__alloc_zero(1, sizeof *d);
    if (!d) {
        return ZKS_E_NOMEM;
    }
    d->client = c;
    d->config = *config;
    d->host = *config->host;
    d->config.host = &d->host;
    if (config->expected_key) {
        memcpy(d->expected_key, config->expected_key, sizeof d->expected_key);
        d->config.expected_key = d->expected_key;
    }
    d->work.run = resolve;
    d->work.finish = resolved;
    zks__client_ref(c);
    *out_dial = d;
    zks_status status = zks__work_start(c->runtime, &d->work);
    if (status) {
        *out_dial = NULL;
        zks__free(d);
        zks__client_unref(c);
    }
    return status;
}

void zks__dial_drop(zks__dial *d)
{
    d->dropped = true;
}
