/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "noise/cipher.h"

/* Reserved for REKEY: the last nonce seals no record. */
#define REKEY_NONCE UINT64_MAX

const zks__noise_limits zks__noise_limits_default = {.bytes = 1 << 30, .records = 1 << 20};

void zks__noise_cipher_init(zks__noise_cipher *c, const zks__suite *suite,
                            const zks__noise_limits *limits, const uint8_t key[ZKS_KEY_BYTES])
{
    *c = (zks__noise_cipher){.suite = suite, .limits = limits};
    memcpy(c->key, key, sizeof c->key);
}

void zks__noise_cipher_done(zks__noise_cipher *c)
{
    zks__wipe(c, sizeof *c);
}

static void rekey(zks__noise_cipher *c)
{
    uint8_t next[ZKS_KEY_BYTES + ZKS_TAG_BYTES] = {0};
    c->suite->record_seal(next, ZKS_KEY_BYTES, NULL, 0, REKEY_NONCE, c->key);
    memcpy(c->key, next, sizeof c->key);
    c->bytes = 0;
    c->records = 0;
    zks__wipe(next, sizeof next);
}

/* Makes room under the key for a record of so many bytes of ciphertext, and counts it. */
static zks_status advance(zks__noise_cipher *c, size_t ciphertext)
{
    if (c->n == REKEY_NONCE) {
        return ZKS_E_LIMIT;
    }
    bool full = c->records >= c->limits->records || c->bytes + ciphertext > c->limits->bytes;
    if (full && c->records) {
        rekey(c);
    }
    c->bytes += ciphertext;
    c->records++;
    c->n++;
    return ZKS_OK;
}

zks_status zks__noise_seal(zks__noise_cipher *c, uint8_t *contents, size_t length)
{
    zks_status status = advance(c, length + ZKS_TAG_BYTES);
    if (!status) {
        c->suite->record_seal(contents, length, NULL, 0, c->n - 1, c->key);
    }
    return status;
}

zks_status zks__noise_open(zks__noise_cipher *c, uint8_t *record, size_t length)
{
    zks__noise_cipher next = *c;
    zks_status status = advance(&next, length);
    if (!status) {
        status = next.suite->record_open(record, length, NULL, 0, next.n - 1, next.key);
    }
    if (!status) {
        *c = next;
    }
    zks__wipe(&next, sizeof next);
    return status;
}
