/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "transport/tls.h"

#include "base/alloc.h"
#include "base/bytes.h"
#include "base/page.h"

#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <ngtcp2/ngtcp2_crypto.h>
#include <ngtcp2/ngtcp2_crypto_gnutls.h>

#include <string.h>

#if defined(__aarch64__) && defined(__linux__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif

enum {
    SEED_BYTES = 32,
    SPKI_PREFIX_BYTES = 12,
    SPKI_BYTES = SPKI_PREFIX_BYTES + ZKS_LINK_KEY_BYTES,
    PKCS8_PREFIX_BYTES = 16,
    PKCS8_BYTES = PKCS8_PREFIX_BYTES + SEED_BYTES
};

/* RFC 8410: SubjectPublicKeyInfo and PKCS #8 of Ed25519 are constant but for the key. */
static const uint8_t spki_prefix[SPKI_PREFIX_BYTES] = {0x30, 0x2a, 0x30, 0x05, 0x06, 0x03,
                                                       0x2b, 0x65, 0x70, 0x03, 0x21, 0x00};
static const uint8_t pkcs8_prefix[PKCS8_PREFIX_BYTES] = {
    0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20};

#define PRIORITY_HEAD   "NORMAL:-VERS-ALL:+VERS-TLS1.3:-CIPHER-ALL:"
#define PRIORITY_AES    "+AES-128-GCM:+AES-256-GCM"
#define PRIORITY_CHACHA "+CHACHA20-POLY1305"
#define PRIORITY_TAIL                                         \
    ":-GROUP-ALL:+GROUP-X25519:-SIGN-ALL:+SIGN-EdDSA-Ed25519" \
    ":-CTYPE-ALL:+CTYPE-SRV-RAWPK:+CTYPE-CLI-RAWPK:%DISABLE_TLS13_COMPAT_MODE"

struct zks__tls_context {
    gnutls_priority_t priority;
};

struct zks__tls_identity {
    gnutls_certificate_credentials_t credentials;
    uint8_t *seed; /* a page of its own: the library never keeps it */
    uint8_t key[ZKS_LINK_KEY_BYTES];
};

struct zks__tls {
    ngtcp2_crypto_conn_ref
        ref; /* what the session's pointer must be, for the ngtcp2 helper library */
    ngtcp2_conn *conn;
    gnutls_session_t session;
    bool has_expected_key;
    bool key_refused;
    uint8_t expected_key[ZKS_LINK_KEY_BYTES];
};

static zks_status status_of(int error)
{
    return error == GNUTLS_E_MEMORY_ERROR ? ZKS_E_NOMEM : ZKS_E_TLS;
}

/* AES-GCM in hardware is five times as fast as ChaCha20-Poly1305 here; in software it is slow
 * and leaks timing. */
static bool has_aes_hardware(void)
{
#if (defined(__x86_64__) || defined(__i386__)) && defined(__GNUC__)
    return __builtin_cpu_supports("aes") && __builtin_cpu_supports("pclmul");
#elif defined(__aarch64__) && defined(__linux__)
    return (getauxval(AT_HWCAP) & HWCAP_AES) && (getauxval(AT_HWCAP) & HWCAP_PMULL);
#elif defined(__aarch64__)
    return true;
#else
    return false;
#endif
}

zks_status zks__tls_context_new(zks__tls_context **out_context)
{
    zks__tls_context *context = zks__alloc_zero(1, sizeof *context);
    if (!context) {
        return ZKS_E_NOMEM;
    }
    const char *text = has_aes_hardware()
                           ? PRIORITY_HEAD PRIORITY_AES ":" PRIORITY_CHACHA PRIORITY_TAIL
                           : PRIORITY_HEAD PRIORITY_CHACHA ":" PRIORITY_AES PRIORITY_TAIL;
    int error = gnutls_priority_init(&context->priority, text, NULL);
    if (error) {
        zks__free(context);
        return status_of(error);
    }
    *out_context = context;
    return ZKS_OK;
}

void zks__tls_context_free(zks__tls_context *context)
{
    if (context) {
        gnutls_priority_deinit(context->priority);
        zks__free(context);
    }
}

static bool key_of_spki(const gnutls_datum_t *spki, uint8_t out[ZKS_LINK_KEY_BYTES])
{
    if (spki->size != SPKI_BYTES || memcmp(spki->data, spki_prefix, SPKI_PREFIX_BYTES) != 0) {
        return false;
    }
    memcpy(out, spki->data + SPKI_PREFIX_BYTES, ZKS_LINK_KEY_BYTES);
    return true;
}

/*
 * The private key. The library would keep it in memory of its own that is neither locked nor left
 * out of core dumps; so it gets functions instead of a key, which lend it the seed for one
 * signature (it wipes what it took when the key is freed).
 */

static int import_seed(const uint8_t *seed, const uint8_t *public, gnutls_privkey_t *out)
{
    gnutls_privkey_t private = NULL;
    gnutls_datum_t k = {(unsigned char *)(uintptr_t)seed, SEED_BYTES};
    gnutls_datum_t x = {(unsigned char *)(uintptr_t) public, ZKS_LINK_KEY_BYTES};
    int error = gnutls_privkey_init(&private);
    if (!error) {
        error = gnutls_privkey_import_ecc_raw(private, GNUTLS_ECC_CURVE_ED25519, &x, NULL, &k);
    }
    if (error) {
        gnutls_privkey_deinit(private);
        return error;
    }
    *out = private;
    return 0;
}

static int sign(gnutls_privkey_t key, gnutls_sign_algorithm_t algorithm, void *user, unsigned flags,
                const gnutls_datum_t *data, gnutls_datum_t *out_signature)
{
    const zks__tls_identity *identity = user;
    gnutls_privkey_t private;
    (void)key;
    (void)flags;
    int error = import_seed(identity->seed, identity->key, &private);
    if (!error) {
        error = gnutls_privkey_sign_data2(private, algorithm, 0, data, out_signature);
        gnutls_privkey_deinit(private);
    }
    return error;
}

static int key_info(gnutls_privkey_t key, unsigned flags, void *user)
{
    (void)key;
    (void)user;
    if (flags & GNUTLS_PRIVKEY_INFO_PK_ALGO) {
        return GNUTLS_PK_EDDSA_ED25519;
    }
    if (flags & GNUTLS_PRIVKEY_INFO_PK_ALGO_BITS) {
        return 256;
    }
    if (flags & GNUTLS_PRIVKEY_INFO_HAVE_SIGN_ALGO) {
        return GNUTLS_FLAGS_TO_SIGN_ALGO(flags) == GNUTLS_SIGN_EDDSA_ED25519;
    }
    return -1;
}

/* The DER SubjectPublicKeyInfo of a private key; the caller frees it with gnutls_free. */
static int spki_of_pkcs8(const gnutls_datum_t *pkcs8, gnutls_datum_t *out_spki)
{
    gnutls_privkey_t private = NULL;
    gnutls_pubkey_t public = NULL;
    int error = gnutls_privkey_init(&private);
    if (error) {
        goto out;
    }
    error = gnutls_pubkey_init(&public);
    if (error) {
        goto out;
    }
    error = gnutls_privkey_import_x509_raw(private, pkcs8, GNUTLS_X509_FMT_DER, NULL, 0);
    if (error) {
        goto out;
    }
    error = gnutls_pubkey_import_privkey(public, private, GNUTLS_KEY_DIGITAL_SIGNATURE, 0);
    if (!error) {
        error = gnutls_pubkey_export2(public, GNUTLS_X509_FMT_DER, out_spki);
    }
out:
    gnutls_pubkey_deinit(public);
    gnutls_privkey_deinit(private);
    return error;
}

/* The public key of the seed, by way of a key that lives as long as this call. */
static int derive_public(const uint8_t *seed, uint8_t out[ZKS_LINK_KEY_BYTES])
{
    uint8_t der[PKCS8_BYTES];
    memcpy(der, pkcs8_prefix, PKCS8_PREFIX_BYTES);
    memcpy(der + PKCS8_PREFIX_BYTES, seed, SEED_BYTES);
    gnutls_datum_t pkcs8 = {der, sizeof der};
    gnutls_datum_t spki = {NULL, 0};
    int error = spki_of_pkcs8(&pkcs8, &spki);
    if (!error && !key_of_spki(&spki, out)) {
        error = GNUTLS_E_INTERNAL_ERROR;
    }
    gnutls_free(spki.data);
    gnutls_memset(der, 0, sizeof der);
    return error;
}

static int load_credentials(zks__tls_identity *identity)
{
    uint8_t der[SPKI_BYTES];
    memcpy(der, spki_prefix, SPKI_PREFIX_BYTES);
    memcpy(der + SPKI_PREFIX_BYTES, identity->key, ZKS_LINK_KEY_BYTES);
    gnutls_datum_t spki = {der, sizeof der};
    gnutls_pcert_st shown;
    gnutls_privkey_t private = NULL;
    int error = gnutls_pcert_import_rawpk_raw(&shown, &spki, GNUTLS_X509_FMT_DER,
                                              GNUTLS_KEY_DIGITAL_SIGNATURE, 0);
    if (error) {
        return error;
    }
    error = gnutls_privkey_init(&private);
    if (!error) {
        error = gnutls_privkey_import_ext4(private, identity, sign, NULL, NULL, NULL, key_info, 0);
    }
    if (!error) {
        /* takes both over; that they match is known */
        gnutls_certificate_set_flags(identity->credentials, GNUTLS_CERTIFICATE_SKIP_KEY_CERT_MATCH);
        error = gnutls_certificate_set_key(identity->credentials, NULL, 0, &shown, 1, private);
    }
    if (error < 0) {
        gnutls_pcert_deinit(&shown);
        gnutls_privkey_deinit(private);
        return error;
    }
    return 0;
}

zks_status zks__tls_identity_new(const uint8_t *seed, zks__tls_identity **out_identity)
{
    zks__tls_identity *identity = zks__alloc_zero(1, sizeof *identity);
    if (!identity) {
        return ZKS_E_NOMEM;
    }
    identity->seed = zks__page_new();
    int error = identity->seed ? gnutls_certificate_allocate_credentials(&identity->credentials)
                               : GNUTLS_E_MEMORY_ERROR;
    if (!error) {
        memcpy(identity->seed, seed, SEED_BYTES);
        error = derive_public(seed, identity->key);
    }
    if (!error) {
        error = load_credentials(identity);
    }
    if (error) {
        zks__tls_identity_free(identity);
        return status_of(error);
    }
    *out_identity = identity;
    return ZKS_OK;
}

void zks__tls_identity_free(zks__tls_identity *identity)
{
    if (identity) {
        if (identity->credentials) {
            gnutls_certificate_free_credentials(identity->credentials);
        }
        zks__page_free(identity->seed);
        zks__free(identity);
    }
}

const uint8_t *zks__tls_identity_key(const zks__tls_identity *identity)
{
    return identity->key;
}

zks_status zks__tls_derive(const uint8_t *seed, const char *label,
                           uint8_t out[ZKS_TLS_SECRET_BYTES])
{
    int error = gnutls_hmac_fast(GNUTLS_MAC_SHA256, seed, SEED_BYTES, label, strlen(label), out);
    return error ? status_of(error) : ZKS_OK;
}

/* The one raw Ed25519 key that the peer showed; anything else is refused. */
static bool read_peer_key(gnutls_session_t session, uint8_t out[ZKS_LINK_KEY_BYTES])
{
    unsigned count = 0;
    const gnutls_datum_t *list = gnutls_certificate_get_peers(session, &count);
    return list && count == 1 &&
           gnutls_certificate_type_get2(session, GNUTLS_CTYPE_PEERS) == GNUTLS_CRT_RAWPK &&
           key_of_spki(&list[0], out);
}

static bool key_is_expected(const zks__tls *tls, const uint8_t *key)
{
    return !tls->has_expected_key || zks__bytes_equal(key, tls->expected_key, ZKS_LINK_KEY_BYTES);
}

/* Called during the handshake, before anything of the peer's is trusted; an error sends alert
 * bad_certificate. */
static int verify(gnutls_session_t session)
{
    ngtcp2_crypto_conn_ref *ref = gnutls_session_get_ptr(session);
    zks__tls *tls = ref->user_data;
    uint8_t key[ZKS_LINK_KEY_BYTES];
    if (!read_peer_key(session, key)) {
        return GNUTLS_E_CERTIFICATE_ERROR;
    }
    if (!key_is_expected(tls, key)) {
        tls->key_refused = true;
        return GNUTLS_E_CERTIFICATE_ERROR;
    }
    return 0;
}

/* Takes the place of the library's own writer, which obeys SSLKEYLOGFILE. */
static int keep_secret(gnutls_session_t session, const char *label, const gnutls_datum_t *secret)
{
    (void)session;
    (void)label;
    (void)secret;
    return 0;
}

static ngtcp2_conn *conn_of(ngtcp2_crypto_conn_ref *ref)
{
    return ((zks__tls *)ref->user_data)->conn;
}

static int configure(zks__tls *tls, const zks__tls_context *context, const zks__tls_config *config)
{
    gnutls_session_set_keylog_function(tls->session, keep_secret);
    gnutls_session_set_ptr(tls->session, &tls->ref);
    gnutls_session_set_verify_function(tls->session, verify);
    int error = gnutls_priority_set(tls->session, context->priority);
    if (error) {
        return error;
    }
    if (config->server ? ngtcp2_crypto_gnutls_configure_server_session(tls->session)
                       : ngtcp2_crypto_gnutls_configure_client_session(tls->session)) {
        return GNUTLS_E_MEMORY_ERROR; /* the helper fails for nothing else */
    }
    error = gnutls_credentials_set(tls->session, GNUTLS_CRD_CERTIFICATE,
                                   config->identity->credentials);
    if (error) {
        return error;
    }
    size_t length = strlen(config->alpn);
    if (length == 0 || length > 255) {
        return GNUTLS_E_INVALID_REQUEST;
    }
    /* The library copies the name and does not write to it. */
    gnutls_datum_t alpn = {(unsigned char *)(uintptr_t)config->alpn, (unsigned)length};
    return gnutls_alpn_set_protocols(tls->session, &alpn, 1, GNUTLS_ALPN_MANDATORY);
}

zks_status zks__tls_new(const zks__tls_context *context, const zks__tls_config *config,
                        struct ngtcp2_conn *conn, zks__tls **out_tls)
{
    zks__tls *tls = zks__alloc_zero(1, sizeof *tls);
    if (!tls) {
        return ZKS_E_NOMEM;
    }
    tls->conn = conn;
    tls->ref.get_conn = conn_of;
    tls->ref.user_data = tls;
    if (config->expected_key) {
        tls->has_expected_key = true;
        memcpy(tls->expected_key, config->expected_key, ZKS_LINK_KEY_BYTES);
    }
    unsigned flags = config->server ? GNUTLS_SERVER : GNUTLS_CLIENT;
    flags |= GNUTLS_ENABLE_RAWPK | GNUTLS_NO_TICKETS | GNUTLS_NO_AUTO_SEND_TICKET |
             GNUTLS_NO_END_OF_EARLY_DATA;
    int error = gnutls_init(&tls->session, flags);
    if (!error) {
        error = configure(tls, context, config);
    }
    if (error) {
        zks__tls_free(tls);
        return status_of(error);
    }
    if (config->server) {
        gnutls_certificate_server_set_request(tls->session, GNUTLS_CERT_REQUIRE);
    }
    ngtcp2_conn_set_tls_native_handle(conn, tls->session);
    *out_tls = tls;
    return ZKS_OK;
}

void zks__tls_free(zks__tls *tls)
{
    if (tls) {
        if (tls->session) {
            gnutls_deinit(tls->session);
        }
        zks__free(tls);
    }
}

zks_status zks__tls_finish(const zks__tls *tls, uint8_t out_peer_key[ZKS_LINK_KEY_BYTES])
{
    uint8_t key[ZKS_LINK_KEY_BYTES];
    gnutls_datum_t alpn;
    if (!read_peer_key(tls->session, key)) {
        return ZKS_E_TLS;
    }
    if (!key_is_expected(tls, key)) {
        return ZKS_E_RELAY_KEY_CHANGED;
    }
    if (gnutls_alpn_get_selected_protocol(tls->session, &alpn)) {
        return ZKS_E_PROTOCOL_VERSION;
    }
    memcpy(out_peer_key, key, sizeof key);
    return ZKS_OK;
}

bool zks__tls_key_refused(const zks__tls *tls)
{
    return tls->key_refused;
}

zks_status zks__tls_export(const zks__tls *tls, const char *label,
                           uint8_t out[ZKS_LINK_EXPORT_BYTES])
{
    int error = gnutls_prf_rfc5705(tls->session, strlen(label), label, 0, NULL,
                                   ZKS_LINK_EXPORT_BYTES, (char *)out);
    return error ? status_of(error) : ZKS_OK;
}
