/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "transport/quic.h"

#include "base/alloc.h"
#include "transport/endpoint.h"

#include <ngtcp2/ngtcp2_crypto.h>

#include <string.h>

void zks__quic_ready(zks__quic *q)
{
    if (!q->ready.next) {
        zks__list_append(&q->endpoint->ready, &q->ready);
    }
}

void zks__quic_rearm(zks__quic *q)
{
    uint64_t at = ngtcp2_conn_get_expiry(q->conn);
    if (q->close_wanted && q->linger_until < at) {
        at = q->linger_until;
    }
    zks__timers_set(&q->endpoint->timers, &q->timer, at);
}

static void settings_of(zks__endpoint *e, uint32_t handshake_ms, ngtcp2_settings *out)
{
    ngtcp2_settings_default(out);
    out->initial_ts = zks__endpoint_now(e);
    out->cc_algo = NGTCP2_CC_ALGO_CUBIC;
    out->rand_ctx.native_handle = e;
    out->handshake_timeout = (uint64_t)handshake_ms * NGTCP2_MILLISECONDS;
}

static void params_of(bool server, uint32_t idle_ms, ngtcp2_transport_params *out)
{
    ngtcp2_transport_params_default(out);
    out->initial_max_data = ZKS_QUIC_WINDOW_BYTES;
    if (server) {
        out->initial_max_stream_data_bidi_remote = ZKS_QUIC_WINDOW_BYTES;
        out->initial_max_streams_bidi = 1;
    } else {
        out->initial_max_stream_data_bidi_local = ZKS_QUIC_WINDOW_BYTES;
    }
    out->max_idle_timeout = (uint64_t)idle_ms * NGTCP2_MILLISECONDS;
    out->active_connection_id_limit = ZKS_QUIC_PEER_CIDS;
}

static ngtcp2_path path_of(zks__address *local, zks__address *remote)
{
    return (ngtcp2_path){.local = {.addr = &local->u.any, .addrlen = local->length},
                         .remote = {.addr = &remote->u.any, .addrlen = remote->length}};
}

/* The struct, counted and listed, without a connection; room for its timer. */
static zks_status make(zks__endpoint *e, bool server, zks__quic **out)
{
    zks_status status = zks__timers_reserve(&e->timers, e->link_count + e->grave_count + 1);
    if (status) {
        return status;
    }
    zks__quic *q = zks__alloc_zero(1, sizeof *q);
    if (!q) {
        return ZKS_E_NOMEM;
    }
    q->link.ops = &zks__quic_ops;
    q->link.kind = ZKS_LINK_KIND_QUIC;
    q->endpoint = e;
    q->server = server;
    q->stream_id = -1;
    q->linger_until = ZKS_TIMER_NEVER;
    q->timer.at = ZKS_TIMER_NEVER;
    ngtcp2_ccerr_default(&q->error);
    zks__list_append(&e->links, &q->node);
    e->link_count++;
    *out = q;
    return ZKS_OK;
}

static zks_status status_of(int error)
{
    return error == NGTCP2_ERR_NOMEM ? ZKS_E_NOMEM : ZKS_E_INTERNAL;
}

static zks_status start_client(zks__quic *q, const zks__connect_config *config,
                               zks__address *remote)
{
    zks__endpoint *e = q->endpoint;
    ngtcp2_callbacks callbacks;
    ngtcp2_settings settings;
    ngtcp2_transport_params params;
    zks__quic_callbacks(&callbacks);
    settings_of(e, config->handshake_ms ? config->handshake_ms : ZKS_QUIC_HANDSHAKE_MS, &settings);
    params_of(false, config->idle_ms ? config->idle_ms : ZKS_QUIC_IDLE_MS, &params);
    ngtcp2_cid source = {0};
    ngtcp2_cid destination = {.datalen = NGTCP2_MIN_INITIAL_DCIDLEN};
    e->rng.fill(destination.data, destination.datalen, e->rng.user);
    if (zks__quic_new_cid(q, &source)) {
        return ZKS_E_NOMEM;
    }
    ngtcp2_path path = path_of(&e->udp.local, remote);
    ngtcp2_conn *conn = NULL; /* on failure it is left in no good state */
    int error = ngtcp2_conn_client_new(&conn, &destination, &source, &path, NGTCP2_PROTO_VER_V1,
                                       &callbacks, &settings, &params, &e->mem, q);
    if (error) {
        return status_of(error);
    }
    q->conn = conn;
    if (config->keep_alive_ms) {
        ngtcp2_conn_set_keep_alive_timeout(q->conn,
                                           (uint64_t)config->keep_alive_ms * NGTCP2_MILLISECONDS);
    }
    zks__tls_config tls = {.identity = q->identity,
                           .alpn = config->alpn,
                           .expected_key = config->expected_key,
                           .approved = config->approved};
    return zks__tls_new(e->tls, &tls, q->conn, &q->tls);
}

zks_status zks__quic_new_client(zks__endpoint *e, const zks__connect_config *config,
                                zks__quic **out)
{
    zks__address remote;
    if (!zks__address_set(&remote, config->remote)) {
        return ZKS_E_INVALID;
    }
    if (!zks__address_fit(&remote, e->udp.family)) {
        return ZKS_E_SYSTEM;
    }
    zks__quic *q = NULL;
    zks_status status = make(e, false, &q);
    if (status) {
        return status;
    }
    status = zks__tls_identity_new(config->key_seed, &q->identity);
    if (!status) {
        status = start_client(q, config, &remote);
    }
    if (status) {
        zks__quic_free(q);
        return status;
    }
    q->link.events = config->events;
    q->link.user = config->user;
    q->owned = true;
    zks__quic_ready(q);
    *out = q;
    return ZKS_OK;
}

static zks_status start_server(zks__quic *q, const zks__quic_first *first, zks__udp_batch *from)
{
    zks__endpoint *e = q->endpoint;
    const ngtcp2_pkt_hd *header = &first->header;
    ngtcp2_callbacks callbacks;
    ngtcp2_settings settings;
    ngtcp2_transport_params params;
    zks__quic_callbacks(&callbacks);
    settings_of(e, e->listen.handshake_ms, &settings);
    params_of(true, e->listen.idle_ms, &params);
    params.original_dcid = *first->original_cid;
    params.original_dcid_present = 1;
    if (first->proven) {
        params.retry_scid = header->dcid;
        params.retry_scid_present = 1;
        settings.token = header->token;
        settings.tokenlen = header->tokenlen;
        settings.token_type = NGTCP2_TOKEN_TYPE_RETRY;
    }
    if (zks__map_put(e->routes, header->dcid.data, header->dcid.datalen, q)) {
        return ZKS_E_NOMEM;
    }
    q->first_cid = header->dcid;
    ngtcp2_cid source = {0};
    if (zks__quic_new_cid(q, &source)) {
        return ZKS_E_NOMEM;
    }
    params.stateless_reset_token_present = 1;
    if (ngtcp2_crypto_generate_stateless_reset_token(params.stateless_reset_token, e->secret,
                                                     sizeof e->secret, &source)) {
        return ZKS_E_TLS;
    }
    ngtcp2_path path = path_of(&from->local, &from->remote);
    ngtcp2_conn *conn = NULL;
    int error = ngtcp2_conn_server_new(&conn, &header->scid, &source, &path, header->version,
                                       &callbacks, &settings, &params, &e->mem, q);
    if (error) {
        return status_of(error);
    }
    q->conn = conn;
    zks__tls_config tls = {.server = true,
                           .identity = e->identity,
                           .alpn = e->alpn,
                           .approved_alpn = e->approved_alpn};
    return zks__tls_new(e->tls, &tls, q->conn, &q->tls);
}

zks_status zks__quic_new_server(zks__endpoint *e, const zks__quic_first *first,
                                const zks__udp_batch *from, zks__quic **out)
{
    zks__quic *q = NULL;
    zks_status status = make(e, true, &q);
    if (status) {
        return status;
    }
    zks__udp_batch where = *from;
    status = start_server(q, first, &where);
    if (status) {
        zks__quic_free(q);
        return status;
    }
    *out = q;
    return ZKS_OK;
}

/* Late packets mean that the peer did not get the close packet: it is sent again, ever more
 * rarely. */
static void answer_from_grave(zks__quic *q, const zks__udp_batch *from)
{
    q->late_packets++;
    if (q->close_length && (q->late_packets & (q->late_packets - 1)) == 0 &&
        !q->endpoint->blocked) {
        zks__udp_burst burst = {.remote = from->remote,
                                .local = from->local,
                                .data = q->close_packet,
                                .length = q->close_length,
                                .segment = q->close_length};
        zks__endpoint_send(q->endpoint, &burst);
    }
}

int zks__quic_read(zks__quic *q, const zks__udp_batch *from, const uint8_t *data, size_t length)
{
    if (q->state == ZKS_QUIC_GRAVE) {
        answer_from_grave(q, from);
    }
    if (q->state >= ZKS_QUIC_ENDING) {
        return 0;
    }
    zks__address local = from->local;
    zks__address remote = from->remote;
    ngtcp2_path path = path_of(&local, &remote);
    if (!q->server) {
        /* On a wildcard bind the kernel tells the address only now; for the client the path
         * stays the one it opened. */
        path.local = ngtcp2_conn_get_path(q->conn)->local;
    }
    ngtcp2_pkt_info info = {.ecn = from->ecn};
    q->busy = true;
    int error = ngtcp2_conn_read_pkt(q->conn, &path, &info, data, length,
                                     zks__endpoint_now(q->endpoint));
    q->busy = false;
    zks__quic_ready(q);
    if (error && error != NGTCP2_ERR_RETRY) {
        zks__quic_fail(q, error);
    }
    return error;
}

void zks__quic_expire(zks__quic *q)
{
    zks__quic_ready(q);
    if (q->state >= ZKS_QUIC_ENDING) {
        return;
    }
    q->busy = true;
    int error = ngtcp2_conn_handle_expiry(q->conn, zks__endpoint_now(q->endpoint));
    q->busy = false;
    if (error) {
        zks__quic_fail(q, error);
    }
}

/* Raises `closed` and frees what a dead connection does not need. */
static void finish(zks__quic *q)
{
    zks__endpoint *e = q->endpoint;
    if (q->after == ZKS_QUIC_SAY) {
        zks__quic_write_close(q);
    }
    uint64_t rest = 3 * ngtcp2_conn_get_pto(q->conn); /* RFC 9000 section 10.2 */
    bool stay = q->after != ZKS_QUIC_VANISH && !e->closing && e->grave_count < e->listen.max_links;
    q->state = ZKS_QUIC_GRAVE;
    zks__list_remove(&q->ready); /* the next service is the one that frees */
    zks__tls_free(q->tls);
    q->tls = NULL;
    ngtcp2_conn_del(q->conn);
    q->conn = NULL;
    zks__sendq_done(&q->queue);
    zks__endpoint_forget(e, q);
    zks__log_write(
        e->log, ZKS_LOG_LEVEL_DEBUG, "transport.closed side=%s owned=%d status=%d code=%llu",
        q->server ? "server" : "client", q->owned, (int)q->status, (unsigned long long)q->code);
    if (q->owned && q->link.events.closed) {
        q->link.events.closed(&q->link, q->status, q->code,
                              q->text ? q->text : zks__quic_sentence(q->status), q->link.user);
    }
    if (stay) {
        zks__timers_set(&e->timers, &q->timer, zks__endpoint_now(e) + rest);
    } else {
        zks__quic_free(q);
    }
}

/* The wish to close is fulfilled when all is acknowledged, or with a code other than 0 when all has
 * been sent (pacing may hold the last packet back for a moment); at the latest when time is up. */
static void check_close(zks__quic *q)
{
    if (!q->close_wanted || q->state >= ZKS_QUIC_ENDING) {
        return;
    }
    size_t left = q->error.error_code == 0 ? q->queue.bytes : q->queue.unsent;
    if (left && zks__endpoint_now(q->endpoint) < q->linger_until) {
        return;
    }
    zks__quic_end(q, ZKS_OK, 0, NULL);
}

void zks__quic_service(zks__quic *q)
{
    if (q->state == ZKS_QUIC_GRAVE) { /* its rest is over */
        zks__quic_free(q);
        return;
    }
    if (q->drained && q->state == ZKS_QUIC_OPEN) {
        q->drained = false;
        if (q->owned && !q->close_wanted && q->link.events.drained) {
            q->link.events.drained(&q->link, q->link.user);
        }
    }
    if (q->state < ZKS_QUIC_ENDING && !q->endpoint->blocked) {
        zks__quic_write(q);
    }
    check_close(q);
    if (q->state == ZKS_QUIC_ENDING) {
        finish(q);
    } else {
        zks__quic_rearm(q);
    }
}

void zks__quic_free(zks__quic *q)
{
    zks__endpoint *e = q->endpoint;
    for (size_t i = 0; i < q->cid_count; i++) {
        zks__map_remove(e->routes, q->cids[i], ZKS_QUIC_CID_BYTES);
    }
    for (size_t i = 0; i < q->token_count; i++) {
        zks__map_remove(e->resets, q->tokens[i], NGTCP2_STATELESS_RESET_TOKENLEN);
    }
    if (q->first_cid.datalen) {
        zks__map_remove(e->routes, q->first_cid.data, q->first_cid.datalen);
    }
    zks__timers_set(&e->timers, &q->timer, ZKS_TIMER_NEVER);
    zks__list_remove(&q->ready);
    if (q->state != ZKS_QUIC_GRAVE) {
        q->state = ZKS_QUIC_GRAVE;
        zks__endpoint_forget(e, q);
    }
    zks__list_remove(&q->node);
    e->grave_count--;
    zks__tls_free(q->tls);
    if (q->conn) {
        ngtcp2_conn_del(q->conn);
    }
    zks__sendq_done(&q->queue);
    zks__tls_identity_free(q->identity);
    zks__free(q->close_packet);
    zks__free(q->reason);
    zks__free(q->text);
    zks__free(q);
}
