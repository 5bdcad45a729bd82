/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Wrapped secrets, the wrapping of their key, and the epochs adopted. */
#include "store/private.h"

#include <string.h>

/* --- secrets ------------------------------------------------------------------------ */

/* Bytes of any length up to `size`. */
static void copy_bytes(zks__query *q, int column, uint8_t *out, size_t size, size_t *out_length)
{
    zks__slice bytes = zks__column_slice(q, column);
    if (bytes.length > size) {
        q->status = q->status ? q->status : zks__sql_fail(q->s, SQLITE_CORRUPT);
        return;
    }
    memcpy(out, bytes.data ? bytes.data : (const uint8_t *)"", bytes.length);
    *out_length = bytes.length;
}

zks_status zks__store_secret_put(zks__store *s, const zks__store_secret *secret)
{
    zks_status status = zks__store_writable(s);
    if (status == ZKS_OK && secret->length > sizeof secret->bytes) {
        status = zks__store_refuse(s, ZKS_E_INVALID, "A wrapped secret is too long.");
    }
    if (status != ZKS_OK) {
        return status;
    }
    zks__query q = zks__query_of(s, ZKS_Q_SECRET_PUT,
                                 "INSERT OR REPLACE INTO secrets VALUES (?, ?, ?, ?)");
    zks__bind_i64(&q, secret->g);
    zks__bind_i64(&q, secret->kind);
    zks__bind_blob(&q, secret->name, sizeof secret->name);
    zks__bind_blob(&q, secret->bytes, secret->length);
    return zks__query_run(&q);
}

zks_status zks__store_secret_get(zks__store *s, zks__store_secret *secret)
{
    zks__query q = zks__query_of(s, ZKS_Q_SECRET_GET,
                                 "SELECT bytes FROM secrets WHERE g = ? AND kind = ? AND name = ?");
    zks__bind_i64(&q, secret->g);
    zks__bind_i64(&q, secret->kind);
    zks__bind_blob(&q, secret->name, sizeof secret->name);
    int found = zks__query_step(&q);
    if (found) {
        copy_bytes(&q, 0, secret->bytes, sizeof secret->bytes, &secret->length);
    }
    zks_status status = zks__query_end(&q);
    return status == ZKS_OK && !found
               ? zks__store_refuse(s, ZKS_E_NOT_FOUND, "The store has no such secret.")
               : status;
}

zks_status zks__store_secrets_each(zks__store *s, zks__store_secret_fn fn, void *user)
{
    zks__query q = zks__query_of(s, ZKS_Q_SECRET_EACH,
                                 "SELECT g, kind, name, bytes FROM secrets ORDER BY g, kind, name");
    zks_status stop = ZKS_OK;
    while (stop == ZKS_OK && zks__query_step(&q)) {
        zks__store_secret secret = {.g = (uint32_t)zks__column_i64(&q, 0),
                                    .kind = (zks__store_secret_kind)zks__column_i64(&q, 1)};
        zks__column_copy(&q, 2, secret.name, sizeof secret.name);
        copy_bytes(&q, 3, secret.bytes, sizeof secret.bytes, &secret.length);
        if (q.status == ZKS_OK) {
            stop = fn(&secret, user);
        }
        explicit_bzero(&secret, sizeof secret); /* of format 1 in clear */
    }
    zks_status status = zks__query_end(&q);
    return status == ZKS_OK ? stop : status;
}

zks_status zks__store_secret_delete(zks__store *s, const zks__store_secret *secret)
{
    zks_status status = zks__store_writable(s);
    if (status != ZKS_OK) {
        return status;
    }
    zks__query q = zks__query_of(s, ZKS_Q_SECRET_DELETE,
                                 "DELETE FROM secrets WHERE g = ? AND kind = ? AND name = ?");
    zks__bind_i64(&q, secret->g);
    zks__bind_i64(&q, secret->kind);
    zks__bind_blob(&q, secret->name, sizeof secret->name);
    return zks__query_run(&q);
}

zks_status zks__store_secrets_clear(zks__store *s)
{
    zks_status status = zks__store_writable(s);
    if (status != ZKS_OK) {
        return status;
    }
    zks__query q = zks__query_of(s, ZKS_Q_SECRET_CLEAR, "DELETE FROM secrets");
    return zks__query_run(&q);
}

/* --- the wrapping --------------------------------------------------------------------- */

zks_status zks__store_wrap_get(zks__store *s, zks__store_wrap *out)
{
    zks__store_wrap wrap = {0};
    zks__query q = zks__query_of(s, ZKS_Q_WRAP_GET,
                                 "SELECT suite, kind, descriptor, key FROM wrap WHERE id = 1");
    int found = zks__query_step(&q);
    if (found) {
        wrap.suite = (uint8_t)zks__column_i64(&q, 0);
        wrap.kind = (uint8_t)zks__column_i64(&q, 1);
        zks__column_text(&q, 2, wrap.descriptor, sizeof wrap.descriptor);
        copy_bytes(&q, 3, wrap.key, sizeof wrap.key, &wrap.key_length);
    }
    zks_status status = zks__query_end(&q);
    if (status == ZKS_OK && !found) {
        status = zks__store_refuse(s, ZKS_E_NOT_FOUND, "The store's secrets are not wrapped yet.");
    }
    if (status == ZKS_OK) {
        *out = wrap;
    }
    explicit_bzero(wrap.key, sizeof wrap.key);
    return status;
}

zks_status zks__store_wrap_set(zks__store *s, const zks__store_wrap *wrap)
{
    zks_status status = zks__store_writable(s);
    if (status == ZKS_OK && wrap->key_length > sizeof wrap->key) {
        status = zks__store_refuse(s, ZKS_E_INVALID, "A wrapped key is too long.");
    }
    if (status != ZKS_OK) {
        return status;
    }
    zks__query q = zks__query_of(s, ZKS_Q_WRAP_SET,
                                 "INSERT OR REPLACE INTO wrap VALUES (1, ?, ?, ?, ?)");
    zks__bind_i64(&q, wrap->suite);
    zks__bind_i64(&q, wrap->kind);
    zks__bind_text(&q, wrap->descriptor);
    zks__bind_blob(&q, wrap->key, wrap->key_length);
    return zks__query_run(&q);
}

/* --- epochs adopted --------------------------------------------------------------------- */

zks_status zks__store_epoch_pin(zks__store *s, uint32_t g, const uint8_t hash[32])
{
    const zks__counters *c;
    zks_status status = zks__store_writable(s);
    if (status == ZKS_OK) {
        status = zks__store_counters(s, g, &c);
    }
    if (status != ZKS_OK) {
        return status;
    }
    zks__query q = zks__query_of(s, ZKS_Q_EPOCH_PIN,
                                 "INSERT OR IGNORE INTO epoch_pins VALUES (?1, (SELECT "
                                 "coalesce(max(n), 0) + 1 FROM epoch_pins WHERE g = ?1), ?2)");
    zks__bind_i64(&q, g);
    zks__bind_blob(&q, hash, 32);
    return zks__query_run(&q);
}

zks_status zks__store_epoch_pins_each(zks__store *s, uint32_t g, zks__store_epoch_fn fn, void *user)
{
    zks__query q = zks__query_of(s, ZKS_Q_EPOCH_PINS,
                                 "SELECT hash FROM epoch_pins WHERE g = ? ORDER BY n");
    zks__bind_i64(&q, g);
    zks_status stop = ZKS_OK;
    while (stop == ZKS_OK && zks__query_step(&q)) {
        uint8_t hash[32];
        zks__column_copy(&q, 0, hash, sizeof hash);
        if (q.status == ZKS_OK) {
            stop = fn(hash, user);
        }
    }
    zks_status status = zks__query_end(&q);
    return status == ZKS_OK ? stop : status;
}
