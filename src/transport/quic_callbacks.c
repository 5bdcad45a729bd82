/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What ngtcp2 calls. All run inside ngtcp2_conn_read_pkt, _handle_expiry or a write: nothing may
 * be freed here. */
#include "base/bytes.h"
#include "transport/endpoint.h"

#include <ngtcp2/ngtcp2_crypto.h>

#include <string.h>

static void on_rand(uint8_t *out, size_t length, const ngtcp2_rand_ctx *context)
{
    const zks__endpoint *e = context->native_handle;
    e->rng.fill(out, length, e->rng.user);
}

int zks__quic_new_cid(zks__quic *q, ngtcp2_cid *out)
{
    zks__endpoint *e = q->endpoint;
    if (q->cid_count == ZKS_QUIC_CIDS_MAX) {
        return -1;
    }
    out->datalen = ZKS_QUIC_CID_BYTES;
    do {
        e->rng.fill(out->data, out->datalen, e->rng.user);
    } while (zks__map_get(e->routes, out->data, out->datalen));
    if (zks__map_put(e->routes, out->data, out->datalen, q)) {
        return -1;
    }
    memcpy(q->cids[q->cid_count++], out->data, ZKS_QUIC_CID_BYTES);
    return 0;
}

static int on_new_cid(ngtcp2_conn *conn, ngtcp2_cid *cid, uint8_t *token, size_t length, void *user)
{
    (void)conn;
    zks__quic *q = user;
    ngtcp2_cid fresh = {.datalen = length};
    if (length != ZKS_QUIC_CID_BYTES || zks__quic_new_cid(q, &fresh)) {
        return NGTCP2_ERR_CALLBACK_FAILURE;
    }
    *cid = fresh;
    return ngtcp2_crypto_generate_stateless_reset_token(token, q->endpoint->secret,
                                                        sizeof q->endpoint->secret, cid)
               ? NGTCP2_ERR_CALLBACK_FAILURE
               : 0;
}

static int on_remove_cid(ngtcp2_conn *conn, const ngtcp2_cid *cid, void *user)
{
    (void)conn;
    zks__quic *q = user;
    for (size_t i = 0; i < q->cid_count; i++) {
        if (cid->datalen == ZKS_QUIC_CID_BYTES &&
            memcmp(q->cids[i], cid->data, ZKS_QUIC_CID_BYTES) == 0) {
            zks__map_remove(q->endpoint->routes, cid->data, cid->datalen);
            memmove(q->cids[i], q->cids[--q->cid_count], ZKS_QUIC_CID_BYTES); /* perhaps itself */
            break;
        }
    }
    return 0;
}

/* Gives the link to the listener, which may refuse it. */
static void offer(zks__quic *q)
{
    zks__endpoint *e = q->endpoint;
    if (!e->listening) {
        zks__quic_want_close(q, 0, NULL);
        return;
    }
    zks__link_events events = {0};
    void *user = NULL;
    zks_status status = e->listen.accept(&q->link, &events, &user, e->listen.user);
    if (status) {
        q->close_wanted = false; /* the listener may have closed it too: the refusal counts */
        zks__quic_want_close(q, (uint64_t) - (int64_t)status, NULL);
        return;
    }
    e->stats.accepted++;
    q->link.events = events;
    q->link.user = user;
    q->owned = true;
}

/* The key is checked a second time here, before any byte of the stream is handed on. */
static int on_handshake_completed(ngtcp2_conn *conn, void *user)
{
    (void)conn;
    zks__quic *q = user;
    zks_status status = zks__tls_finish(q->tls, q->peer_key);
    if (status) {
        uint8_t alert = status == ZKS_E_PROTOCOL_VERSION ? ZKS_TLS_ALERT_NO_APPLICATION_PROTOCOL
                                                         : ZKS_TLS_ALERT_BAD_CERTIFICATE;
        ngtcp2_ccerr_set_tls_alert(&q->error, alert, NULL, 0);
        zks__quic_end(q, status, 0, NULL);
        return NGTCP2_ERR_CALLBACK_FAILURE;
    }
    q->state = ZKS_QUIC_OPEN;
    if (!q->server) {
        if (!q->close_wanted && q->link.events.opened) {
            q->link.events.opened(&q->link, q->link.user);
        }
        return 0;
    }
    if (zks__endpoint_prove(q->endpoint, q)) {
        ngtcp2_ccerr_set_transport_error(&q->error, NGTCP2_CONNECTION_REFUSED, NULL, 0);
        zks__quic_end(q, ZKS_E_LIMIT, 0, NULL);
        return NGTCP2_ERR_CALLBACK_FAILURE;
    }
    if (!q->close_wanted) {
        offer(q);
    }
    return 0;
}

static int on_stream_open(ngtcp2_conn *conn, int64_t stream_id, void *user)
{
    (void)conn;
    zks__quic *q = user;
    if (q->stream_id < 0) { /* the limits that we announce leave the peer exactly one */
        q->stream_id = stream_id;
        zks__quic_ready(q);
    }
    return 0;
}

static int on_stream_data(ngtcp2_conn *conn, uint32_t flags, int64_t stream_id, uint64_t offset,
                          const uint8_t *data, size_t length, void *user, void *stream_user)
{
    (void)offset;
    (void)stream_user;
    zks__quic *q = user;
    if (length) {
        if (q->owned && !q->close_wanted && q->link.events.received) {
            q->credit += length;
            q->link.events.received(&q->link, data, length, q->link.user);
        } else { /* nobody reads any more: the peer must not hang on our window */
            ngtcp2_conn_extend_max_stream_offset(conn, stream_id, length);
            ngtcp2_conn_extend_max_offset(conn, length);
        }
    }
    if (flags & NGTCP2_STREAM_DATA_FLAG_FIN) {
        zks__quic_want_close(q, 0, NULL);
    }
    return 0;
}

static int on_acked(ngtcp2_conn *conn, int64_t stream_id, uint64_t offset, uint64_t length,
                    void *user, void *stream_user)
{
    (void)conn;
    (void)stream_id;
    (void)offset;
    (void)stream_user;
    zks__quic *q = user;
    zks__sendq_acked(&q->queue, (size_t)length);
    if (q->above && q->queue.bytes < ZKS_QUIC_LOW_WATER_BYTES) {
        q->above = false;
        q->drained = true;
        zks__quic_ready(q);
    }
    return 0;
}

/* One side of the stream broken off: the protocol has no use for that. */
static int on_stream_broken(ngtcp2_conn *conn, int64_t stream_id, uint64_t final_size,
                            uint64_t code, void *user, void *stream_user)
{
    (void)conn;
    (void)stream_id;
    (void)final_size;
    (void)code;
    (void)stream_user;
    zks__quic *q = user;
    ngtcp2_ccerr_set_transport_error(&q->error, NGTCP2_PROTOCOL_VIOLATION, NULL, 0);
    zks__quic_end(q, ZKS_E_PROTOCOL, 0, "The other end broke off the stream.");
    return NGTCP2_ERR_CALLBACK_FAILURE;
}

static int on_stop_sending(ngtcp2_conn *conn, int64_t stream_id, uint64_t code, void *user,
                           void *stream_user)
{
    return on_stream_broken(conn, stream_id, 0, code, user, stream_user);
}

static int on_dcid_status(ngtcp2_conn *conn, ngtcp2_connection_id_status_type type,
                          uint64_t sequence, const ngtcp2_cid *cid, const uint8_t *token,
                          void *user)
{
    (void)conn;
    (void)sequence;
    (void)cid;
    zks__quic *q = user;
    if (q->server || !token) {
        return 0;
    }
    if (type == NGTCP2_CONNECTION_ID_STATUS_TYPE_ACTIVATE) {
        /* Without memory or room a reset is not understood, and the idle time-out must do. */
        if (q->token_count < ZKS_QUIC_TOKENS_MAX &&
            !zks__map_put(q->endpoint->resets, token, NGTCP2_STATELESS_RESET_TOKENLEN, q)) {
            memcpy(q->tokens[q->token_count++], token, NGTCP2_STATELESS_RESET_TOKENLEN);
        }
        return 0;
    }
    for (size_t i = 0; i < q->token_count; i++) {
        if (zks__bytes_equal(q->tokens[i], token, NGTCP2_STATELESS_RESET_TOKENLEN)) {
            zks__map_remove(q->endpoint->resets, token, NGTCP2_STATELESS_RESET_TOKENLEN);
            memmove(q->tokens[i], q->tokens[--q->token_count], NGTCP2_STATELESS_RESET_TOKENLEN);
            break;
        }
    }
    return 0;
}

static int on_stateless_reset(ngtcp2_conn *conn, const ngtcp2_pkt_stateless_reset *packet,
                              void *user)
{
    (void)conn;
    (void)packet;
    zks__quic *q = user;
    q->reset = true;
    return 0;
}

void zks__quic_callbacks(ngtcp2_callbacks *out)
{
    *out = (ngtcp2_callbacks){
        .client_initial = ngtcp2_crypto_client_initial_cb,
        .recv_client_initial = ngtcp2_crypto_recv_client_initial_cb,
        .recv_crypto_data = ngtcp2_crypto_recv_crypto_data_cb,
        .encrypt = ngtcp2_crypto_encrypt_cb,
        .decrypt = ngtcp2_crypto_decrypt_cb,
        .hp_mask = ngtcp2_crypto_hp_mask_cb,
        .recv_retry = ngtcp2_crypto_recv_retry_cb,
        .update_key = ngtcp2_crypto_update_key_cb,
        .delete_crypto_aead_ctx = ngtcp2_crypto_delete_crypto_aead_ctx_cb,
        .delete_crypto_cipher_ctx = ngtcp2_crypto_delete_crypto_cipher_ctx_cb,
        .get_path_challenge_data = ngtcp2_crypto_get_path_challenge_data_cb,
        .version_negotiation = ngtcp2_crypto_version_negotiation_cb,
        .rand = on_rand,
        .get_new_connection_id = on_new_cid,
        .remove_connection_id = on_remove_cid,
        .handshake_completed = on_handshake_completed,
        .stream_open = on_stream_open,
        .recv_stream_data = on_stream_data,
        .acked_stream_data_offset = on_acked,
        .stream_reset = on_stream_broken,
        .stream_stop_sending = on_stop_sending,
        .dcid_status = on_dcid_status,
        .recv_stateless_reset = on_stateless_reset,
    };
}
