/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* PBKDF2-HMAC-SHA256 with a descriptor: the PHC string format without the hash. */
#include "crypto/private.h"

#include <stdio.h>
#ifdef ZKS_WITH_SUITE2
#include <gnutls/crypto.h>
#endif

/* A descriptor must not be able to stop a device: ten million are 3 s. */
enum { ITERATIONS_MAX = 10 * 1000 * 1000 };

static bool acceptable(const zks__pbkdf2 *p)
{
    return p->iterations >= ZKS_PBKDF2_ITERATIONS && p->iterations <= ITERATIONS_MAX &&
           p->salt_length >= ZKS_PHC_SALT_MIN && p->salt_length <= ZKS_PHC_SALT_MAX;
}

zks_status zks__crypto_pbkdf2_parse(const char *text, size_t length, zks__pbkdf2 *out)
{
    zks__pbkdf2 p = {0};
    if (!text || length >= ZKS_DESCRIPTOR_BYTES) {
        return ZKS_E_DESCRIPTOR;
    }
    zks__reader r = zks__reader_of(text, length);
    zks__phc_expect(&r, "$pbkdf2-sha256$i=");
    p.iterations = zks__phc_number(&r);
    zks__phc_expect(&r, "$");
    if (r.status || !zks__phc_salt(&r, p.salt, &p.salt_length) || !acceptable(&p)) {
        return ZKS_E_DESCRIPTOR;
    }
    *out = p;
    return ZKS_OK;
}

zks_status zks__crypto_pbkdf2_format(const zks__pbkdf2 *p, char out[ZKS_DESCRIPTOR_BYTES])
{
    if (!acceptable(p)) {
        return ZKS_E_DESCRIPTOR;
    }
    char salt[ZKS_PHC_SALT_TEXT];
    zks__phc_write_salt(p->salt, p->salt_length, salt);
    (void)snprintf(out, ZKS_DESCRIPTOR_BYTES, "$pbkdf2-sha256$i=%u$%s", p->iterations, salt);
    return ZKS_OK;
}

zks_status zks__crypto_pbkdf2_derive(const zks__pbkdf2 *p, const char *passphrase, size_t length,
                                     uint8_t out_key[ZKS_KEY_BYTES])
{
    if (!acceptable(p)) {
        return ZKS_E_DESCRIPTOR;
    }
    if (!passphrase || length == 0 || length > ZKS_PASSPHRASE_MAX) {
        return ZKS_E_PASSPHRASE;
    }
#ifdef ZKS_WITH_SUITE2
    /* GnuTLS only reads what it is given so. */
    gnutls_datum_t secret = {(unsigned char *)(uintptr_t)passphrase, (unsigned)length};
    gnutls_datum_t salt = {(unsigned char *)(uintptr_t)p->salt, (unsigned)p->salt_length};
    uint8_t key[ZKS_KEY_BYTES];
    int bad = gnutls_pbkdf2(GNUTLS_MAC_SHA256, &secret, &salt, p->iterations, key, sizeof key);
    if (bad >= 0) {
        memcpy(out_key, key, sizeof key);
    }
    zks__wipe(key, sizeof key);
    return bad < 0 ? ZKS_E_NOMEM : ZKS_OK;
#else
    (void)out_key;
    return ZKS_E_SUITE;
#endif
}
