/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* How a connection ends: what the peer is told, and what the owner. */
#include "base/alloc.h"
#include "transport/endpoint.h"

#include <string.h>

/* A copy of what may come from the peer: printable ASCII, cut. NULL when there is nothing or no
 * memory. */
static char *clean_copy(const uint8_t *text, size_t length)
{
    length = length < ZKS_QUIC_REASON_BYTES ? length : ZKS_QUIC_REASON_BYTES;
    char *copy = length ? zks__alloc(length + 1) : NULL;
    if (copy) {
        for (size_t i = 0; i < length; i++) {
            copy[i] = text[i] >= 0x20 && text[i] < 0x7f ? (char)text[i] : '?';
        }
        copy[length] = '\0';
    }
    return copy;
}

void zks__quic_want_close(zks__quic *q, uint64_t code, const char *reason)
{
    if (q->close_wanted || q->state >= ZKS_QUIC_ENDING) {
        return;
    }
    q->close_wanted = true;
    uint64_t linger_ms = code ? ZKS_QUIC_LINGER_CODE_MS : ZKS_QUIC_LINGER_MS;
    q->linger_until = zks__endpoint_now(q->endpoint) + linger_ms * ZKS_QUIC_NS_PER_MS;
    zks__free(q->reason);
    q->reason = reason ? clean_copy((const uint8_t *)reason, strlen(reason)) : NULL;
    ngtcp2_ccerr_set_application_error(&q->error, code, (const uint8_t *)q->reason,
                                       q->reason ? strlen(q->reason) : 0);
    zks__quic_ready(q);
}

void zks__quic_end(zks__quic *q, zks_status status, uint64_t code, const char *text)
{
    if (q->state >= ZKS_QUIC_ENDING) {
        return;
    }
    q->state = ZKS_QUIC_ENDING;
    q->status = status;
    q->code = code;
    if (text && !q->text) {
        q->text = zks__strdup(text);
    }
    zks__quic_ready(q);
}

static void end_by_peer_error(zks__quic *q, uint64_t code)
{
    switch (code) {
    case NGTCP2_NO_ERROR:
        zks__quic_end(q, ZKS_OK, 0, NULL);
        break;
    case NGTCP2_CONNECTION_REFUSED:
        zks__quic_end(q, ZKS_E_UNREACHABLE, 0,
                      "The other end accepts no more connections at present.");
        break;
    case NGTCP2_APPLICATION_ERROR:
        zks__quic_end(q, ZKS_E_CONNECTION_LOST, 0, "The other end gave up during the handshake.");
        break;
    case ZKS_TLS_QUIC_ERROR_BASE + ZKS_TLS_ALERT_NO_APPLICATION_PROTOCOL:
        zks__quic_end(q, ZKS_E_PROTOCOL_VERSION, 0, NULL);
        break;
    case ZKS_TLS_QUIC_ERROR_BASE + ZKS_TLS_ALERT_BAD_CERTIFICATE:
    case ZKS_TLS_QUIC_ERROR_BASE + ZKS_TLS_ALERT_CERTIFICATE_REQUIRED:
        zks__quic_end(q, ZKS_E_TLS, 0, "The other end refused this side's key.");
        break;
    default:
        zks__quic_end(q,
                      code >= ZKS_TLS_QUIC_ERROR_BASE && code < ZKS_TLS_QUIC_ERROR_BASE + 256
                          ? ZKS_E_TLS
                          : ZKS_E_PROTOCOL,
                      0, NULL);
        break;
    }
}

static void end_by_peer(zks__quic *q)
{
    const ngtcp2_ccerr *error = ngtcp2_conn_get_ccerr(q->conn);
    q->after = ZKS_QUIC_DRAIN;
    if (q->reset) {
        zks__quic_end(q, ZKS_E_CONNECTION_LOST, 0,
                      "The other end has lost the connection's state.");
    } else if (error->type == NGTCP2_CCERR_TYPE_APPLICATION) {
        q->text = clean_copy(error->reason, error->reasonlen);
        zks__quic_end(q, ZKS_OK, error->error_code, NULL);
    } else {
        end_by_peer_error(q, error->error_code);
    }
}

static void end_silently(zks__quic *q, zks_status status, const char *text)
{
    q->after = ZKS_QUIC_VANISH;
    zks__quic_end(q, status, 0, text);
}

static void end_by_tls(zks__quic *q)
{
    uint8_t alert = ngtcp2_conn_get_tls_alert(q->conn);
    zks_status status = ZKS_E_TLS;
    if (zks__tls_key_refused(q->tls)) {
        status = ZKS_E_RELAY_KEY_CHANGED;
    } else if (alert == ZKS_TLS_ALERT_NO_APPLICATION_PROTOCOL) {
        status = ZKS_E_PROTOCOL_VERSION;
    }
    ngtcp2_ccerr_set_tls_alert(&q->error, alert, NULL, 0);
    zks__quic_end(q, status, 0, NULL);
}

void zks__quic_reset(zks__quic *q)
{
    if (q->state < ZKS_QUIC_ENDING) {
        q->reset = true;
        end_by_peer(q);
    }
}

void zks__quic_fail(zks__quic *q, int error)
{
    if (q->state >= ZKS_QUIC_ENDING) {
        return; /* a callback has decided already */
    }
    switch (error) {
    case NGTCP2_ERR_DRAINING:
        end_by_peer(q);
        break;
    case NGTCP2_ERR_IDLE_CLOSE:
        end_silently(q, ZKS_E_CONNECTION_LOST,
                     "Nothing was heard from the other end for too long.");
        break;
    case NGTCP2_ERR_HANDSHAKE_TIMEOUT:
        end_silently(q, ZKS_E_UNREACHABLE, NULL);
        break;
    case NGTCP2_ERR_RECV_VERSION_NEGOTIATION:
        end_silently(q, ZKS_E_PROTOCOL_VERSION, NULL);
        break;
    case NGTCP2_ERR_CLOSING:
    case NGTCP2_ERR_DROP_CONN:
    case NGTCP2_ERR_RETRY:
        end_silently(q, ZKS_E_CONNECTION_LOST, NULL);
        break;
    case NGTCP2_ERR_CRYPTO:
        end_by_tls(q);
        break;
    case NGTCP2_ERR_NOMEM:
    case NGTCP2_ERR_CALLBACK_FAILURE: /* of the crypto helpers or of a table that cannot grow */
        ngtcp2_ccerr_set_liberr(&q->error, NGTCP2_ERR_INTERNAL, NULL, 0);
        zks__quic_end(q, ZKS_E_NOMEM, 0, NULL);
        break;
    default:
        ngtcp2_ccerr_set_liberr(&q->error, error, NULL, 0);
        zks__quic_end(q, ZKS_E_PROTOCOL, 0, NULL);
        break;
    }
}

const char *zks__quic_sentence(zks_status status)
{
    switch (status) {
    case ZKS_OK:
        return "The connection was closed.";
    case ZKS_E_UNREACHABLE:
        return "The other end did not answer before the deadline.";
    case ZKS_E_RELAY_KEY_CHANGED:
        return "The other end shows another key than the expected one.";
    case ZKS_E_PROTOCOL_VERSION:
        return "The two ends have no protocol version in common.";
    case ZKS_E_TLS:
        return "The TLS handshake failed.";
    case ZKS_E_NOMEM:
        return "There was not enough memory.";
    case ZKS_E_PROTOCOL:
        return "The other end sent what the protocol does not allow, or reported that of this end.";
    default:
        return "The connection was lost.";
    }
}
