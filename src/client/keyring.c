/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "client/keyring.h"

#include "base/alloc.h"

#include <string.h>

enum { AD_MAX_BYTES = 256, SALT_BYTES = 16 };
_Static_assert(ZKS_STORE_WRAPPED_BYTES == ZKS_NONCE_BYTES + ZKS_KEY_BYTES + ZKS_TAG_BYTES,
               "a wrapped secret");
_Static_assert(sizeof((zks__store_wrap *)0)->descriptor == ZKS_DESCRIPTOR_BYTES, "descriptor");

/* What has to be secret, in one block of the vault. */
typedef struct keys {
    uint8_t store[ZKS_KEY_BYTES]; /* K_store */
} keys;

struct zks__keyring {
    zks__vault *vault;
    zks__store *store;
    zks__rng rng;
    const zks__suite *suite;
    keys *keys;
};

/* --- what opens a store ----------------------------------------------------------------- */

static void store_key(const uint8_t secret[ZKS_KEY_BYTES], uint8_t out[ZKS_KEY_BYTES])
{
    uint8_t info[16], prk[32];
    zks__writer w = zks__writer_of(info, sizeof info);
    zks__write_label(&w, "store-key");
    zks__crypto_extract(secret, ZKS_KEY_BYTES, prk);
    zks__crypto_expand(prk, info, w.length, out, ZKS_KEY_BYTES);
    zks__wipe(prk, sizeof prk);
}

void zks__master_key_of_bytes(const uint8_t bytes[ZKS_KEY_BYTES], zks__master_key *out)
{
    memset(out, 0, sizeof *out);
    out->kind = ZKS_MASTER_BYTES;
    store_key(bytes, out->key);
}

zks_status zks__master_key_derive(const char *passphrase, size_t length, const char *descriptor,
                                  zks__master_key *out)
{
    uint8_t stretched[ZKS_KEY_BYTES];
    zks_status status = zks__crypto_descriptor_derive(descriptor, strlen(descriptor), passphrase,
                                                      length, stretched);
    if (!status) {
        memset(out, 0, sizeof *out);
        out->kind = ZKS_MASTER_PASSPHRASE;
        memcpy(out->descriptor, descriptor, strlen(descriptor) + 1);
        store_key(stretched, out->key);
        zks__wipe(stretched, sizeof stretched);
    }
    return status;
}

zks_status zks__keyring_new_descriptor(uint8_t suite, uint64_t ram_bytes, const zks__rng *rng,
                                       char out[ZKS_DESCRIPTOR_BYTES])
{
    uint8_t salt[SALT_BYTES];
    rng->fill(salt, sizeof salt, rng->user);
    return zks__crypto_descriptor_new(suite ? suite : zks__crypto_suite_default(), ram_bytes, salt,
                                      out);
}

zks_status zks__keyring_descriptor(zks__store *store, uint8_t suite, uint64_t ram_bytes,
                                   const zks__rng *rng, char out[ZKS_DESCRIPTOR_BYTES])
{
    zks__store_wrap wrap;
    zks_status status = zks__store_wrap_get(store, &wrap);
    if (!status && wrap.descriptor[0]) {
        memcpy(out, wrap.descriptor, sizeof wrap.descriptor);
    } else if (!status || status == ZKS_E_NOT_FOUND) {
        status = zks__keyring_new_descriptor(suite, ram_bytes, rng, out);
    }
    zks__wipe(&wrap, sizeof wrap);
    return status;
}

/* --- sealing ------------------------------------------------------------------------------ */

typedef struct associated {
    uint8_t bytes[AD_MAX_BYTES];
    size_t length;
} associated;

static void secret_ad(const zks__suite *suite, const uint8_t *group_id, zks__store_secret_kind kind,
                      const uint8_t name[32], associated *out)
{
    zks__writer w = zks__writer_of(out->bytes, sizeof out->bytes);
    zks__write_label(&w, "0k-store-secret-v1");
    zks__write_u8(&w, suite->id);
    zks__write_u8(&w, (uint8_t)kind);
    zks__write_lp(&w, group_id, group_id ? ZKS_GROUP_ID_BYTES : 0);
    zks__write_lp(&w, name, 32);
    out->length = w.length;
}

static void key_ad(const zks__suite *suite, const zks__master_key *key, associated *out)
{
    zks__writer w = zks__writer_of(out->bytes, sizeof out->bytes);
    zks__write_label(&w, "0k-store-key-v1");
    zks__write_u8(&w, suite->id);
    zks__write_u8(&w, (uint8_t)key->kind);
    zks__write_lp(&w, key->descriptor, strlen(key->descriptor));
    out->length = w.length;
}

static void wrap(const zks__suite *suite, const zks__rng *rng, const uint8_t key[ZKS_KEY_BYTES],
                 const associated *ad, const uint8_t secret[ZKS_KEY_BYTES],
                 uint8_t out[ZKS_STORE_WRAPPED_BYTES])
{
    rng->fill(out, ZKS_NONCE_BYTES, rng->user);
    memcpy(out + ZKS_NONCE_BYTES, secret, ZKS_KEY_BYTES);
    suite->seal(out + ZKS_NONCE_BYTES, ZKS_KEY_BYTES, ad->bytes, ad->length, out, key);
}

static zks_status unwrap(const zks__suite *suite, const uint8_t key[ZKS_KEY_BYTES],
                         const associated *ad, const uint8_t *wrapped, size_t length,
                         uint8_t out_secret[ZKS_KEY_BYTES])
{
    uint8_t opened[ZKS_KEY_BYTES + ZKS_TAG_BYTES];
    if (length != ZKS_STORE_WRAPPED_BYTES) {
        return ZKS_E_STORE_CORRUPT;
    }
    memcpy(opened, wrapped + ZKS_NONCE_BYTES, sizeof opened);
    zks_status status = suite->open(opened, sizeof opened, ad->bytes, ad->length, wrapped, key);
    if (!status) {
        memcpy(out_secret, opened, ZKS_KEY_BYTES);
    }
    zks__wipe(opened, sizeof opened);
    return status;
}

/* --- K_store -------------------------------------------------------------------------------- */

static const char *refusal(uint8_t stored, zks__master_kind given)
{
    static const char *const needs[] = {
        "the store is protected by no key or passphrase yet: open it without one, and set one then",
        "the store is protected by a key of its app: give that key",
        "the store is protected by a passphrase: give that passphrase"};
    if (stored == (uint8_t)given) {
        return given == ZKS_MASTER_PASSPHRASE
                   ? "the store's passphrase is wrong: nothing was changed, try again"
                   : "the store's key is wrong: nothing was changed, give the one it was set to";
    }
    return stored < ZKS_COUNTOF(needs) ? needs[stored] : NULL;
}

/* K_store out of the file's row. */
static zks_status open_wrap(const zks__suite *suite, const zks__store_wrap *stored,
                            const zks__master_key *key, const char **out_text,
                            uint8_t out[ZKS_KEY_BYTES])
{
    if (stored->kind > ZKS_MASTER_PASSPHRASE) {
        return ZKS_E_STORE_CORRUPT;
    }
    *out_text = refusal(stored->kind, key->kind);
    if (stored->kind != (uint8_t)key->kind) {
        return ZKS_E_STORE_KEY;
    }
    if (key->kind == ZKS_MASTER_NONE) {
        if (stored->key_length != ZKS_KEY_BYTES) {
            return ZKS_E_STORE_CORRUPT;
        }
        memcpy(out, stored->key, ZKS_KEY_BYTES);
        return ZKS_OK;
    }
    associated ad;
    key_ad(suite, key, &ad);
    zks_status status = unwrap(suite, key->key, &ad, stored->key, stored->key_length, out);
    return status == ZKS_E_DECRYPT ? ZKS_E_STORE_KEY : status;
}

/* Writes K_store's row; in a transaction. */
static zks_status write_wrap(zks__keyring *k, const zks__master_key *key)
{
    zks__store_wrap row = {.suite = k->suite->id, .kind = (uint8_t)key->kind};
    if (key->kind == ZKS_MASTER_NONE) {
        memcpy(row.key, k->keys->store, ZKS_KEY_BYTES);
        row.key_length = ZKS_KEY_BYTES;
    } else {
        associated ad;
        memcpy(row.descriptor, key->descriptor, sizeof row.descriptor);
        key_ad(k->suite, key, &ad);
        wrap(k->suite, &k->rng, key->key, &ad, k->keys->store, row.key);
        row.key_length = ZKS_STORE_WRAPPED_BYTES;
    }
    zks_status status = zks__store_wrap_set(k->store, &row);
    zks__wipe(&row, sizeof row);
    return status;
}

/* --- secrets ---------------------------------------------------------------------------------- */

static void name_secret(zks__store_secret *s, uint32_t g, zks__store_secret_kind kind,
                        const uint8_t name[32])
{
    memset(s, 0, sizeof *s);
    s->g = g;
    s->kind = kind;
    if (name) {
        memcpy(s->name, name, sizeof s->name);
    }
}

zks_status zks__keyring_put(zks__keyring *k, uint32_t g, const uint8_t group_id[ZKS_GROUP_ID_BYTES],
                            zks__store_secret_kind kind, const uint8_t name[32],
                            const uint8_t secret[ZKS_STORE_SECRET_BYTES])
{
    zks__store_secret s;
    associated ad;
    name_secret(&s, g, kind, name);
    secret_ad(k->suite, group_id, kind, s.name, &ad);
    wrap(k->suite, &k->rng, k->keys->store, &ad, secret, s.bytes);
    s.length = ZKS_STORE_WRAPPED_BYTES;
    return zks__store_secret_put(k->store, &s);
}

zks_status zks__keyring_get(const zks__keyring *k, uint32_t g,
                            const uint8_t group_id[ZKS_GROUP_ID_BYTES], zks__store_secret_kind kind,
                            const uint8_t name[32], uint8_t out_secret[ZKS_STORE_SECRET_BYTES])
{
    zks__store_secret s;
    associated ad;
    name_secret(&s, g, kind, name);
    zks_status status = zks__store_secret_get(k->store, &s);
    if (!status) {
        secret_ad(k->suite, group_id, kind, s.name, &ad);
        status = unwrap(k->suite, k->keys->store, &ad, s.bytes, s.length, out_secret);
        status = status == ZKS_E_DECRYPT ? ZKS_E_STORE_CORRUPT : status;
    }
    return status;
}

/* --- format 1: what stands in clear is wrapped ------------------------------------------------ */

typedef struct clear_secrets {
    zks__store_secret items[16];
    size_t count, skip;
} clear_secrets;

/* A few at a time: they stand in the vault meanwhile. */
static zks_status collect(const zks__store_secret *s, void *user)
{
    clear_secrets *c = user;
    if (s->length == ZKS_STORE_WRAPPED_BYTES) {
        return ZKS_OK; /* done already, in this transaction */
    }
    if (s->length != ZKS_STORE_SECRET_BYTES) {
        return ZKS_E_STORE_CORRUPT;
    }
    if (c->count == ZKS_COUNTOF(c->items)) {
        return ZKS_E_LIMIT;
    }
    c->items[c->count++] = *s;
    return ZKS_OK;
}

static zks_status group_id_of(zks__store *store, uint32_t g, uint8_t out[ZKS_GROUP_ID_BYTES])
{
    zks__store_group group;
    zks_status status = zks__store_group_at(store, g - 1, &group); /* rows are never removed */
    if (!status && group.g != g) {
        status = ZKS_E_STORE_CORRUPT;
    }
    if (!status) {
        memcpy(out, group.group_id, sizeof group.group_id);
    }
    return status;
}

static zks_status wrap_some(zks__keyring *k, clear_secrets *c)
{
    zks_status status = ZKS_OK;
    for (size_t i = 0; i < c->count && !status; i++) {
        const zks__store_secret *s = &c->items[i];
        uint8_t id[ZKS_GROUP_ID_BYTES];
        status = s->g ? group_id_of(k->store, s->g, id) : ZKS_OK;
        if (!status) {
            status = zks__keyring_put(k, s->g, s->g ? id : NULL, s->kind, s->name, s->bytes);
        }
    }
    return status;
}

/* *out_any: there were secrets. */
static zks_status wrap_clear(zks__keyring *k, bool *out_any)
{
    clear_secrets *c = zks__vault_alloc(k->vault, sizeof *c);
    zks_status status = c ? ZKS_OK : ZKS_E_NOMEM;
    *out_any = false;
    while (!status) {
        c->count = 0;
        status = zks__store_secrets_each(k->store, collect, c);
        if (status && status != ZKS_E_LIMIT) {
            break;
        }
        bool more = status == ZKS_E_LIMIT;
        *out_any = *out_any || c->count;
        status = wrap_some(k, c);
        if (!more) {
            break;
        }
    }
    zks__vault_release(k->vault, c, sizeof *c);
    return status;
}

/* A store without the key's row: new, or of format 1. One commit. */
static zks_status found(zks__keyring *k, const zks__master_key *key)
{
    bool any = false;
    k->rng.fill(k->keys->store, sizeof k->keys->store, k->rng.user);
    zks_status status = zks__store_begin_secret(k->store);
    if (status) {
        return status;
    }
    status = wrap_clear(k, &any);
    if (!status && !any) {
        uint8_t *seed = zks__vault_alloc(k->vault, ZKS_STORE_SECRET_BYTES);
        status = seed ? ZKS_OK : ZKS_E_NOMEM;
        if (seed) {
            k->rng.fill(seed, ZKS_STORE_SECRET_BYTES, k->rng.user);
            status = zks__keyring_put(k, 0, NULL, ZKS_STORE_SECRET_DEVICE, NULL, seed);
        }
        zks__vault_release(k->vault, seed, ZKS_STORE_SECRET_BYTES);
    }
    if (!status) {
        status = write_wrap(k, key);
    }
    if (!status) {
        status = zks__store_commit(k->store);
    }
    if (status) {
        zks__store_rollback(k->store);
    }
    return status;
}

/* --- life ---------------------------------------------------------------------------------------
 */

/* The first suite of this build: the store is of no group. */
static const zks__suite *own_suite(void)
{
    return zks__crypto_suite(zks__crypto_suite_default());
}

zks_status zks__keyring_open(zks__vault *vault, zks__store *store, const zks__master_key *key,
                             const zks__rng *rng, const char **out_text, zks__keyring **out_keyring)
{
    *out_text = NULL;
    zks__keyring *k = zks__alloc_zero(1, sizeof *k);
    if (!k) {
        return ZKS_E_NOMEM;
    }
    k->vault = vault;
    k->store = store;
    k->rng = *rng;
    k->keys = zks__vault_alloc(vault, sizeof *k->keys);
    zks__store_wrap stored;
    zks_status status = k->keys ? zks__store_wrap_get(store, &stored) : ZKS_E_NOMEM;
    if (!status) {
        k->suite = zks__crypto_suite(stored.suite);
        status = k->suite ? open_wrap(k->suite, &stored, key, out_text, k->keys->store)
                          : ZKS_E_SUITE;
        zks__wipe(&stored, sizeof stored);
    } else if (status == ZKS_E_NOT_FOUND) {
        k->suite = own_suite();
        status = k->suite ? found(k, key) : ZKS_E_SUITE;
    }
    if (status) {
        zks__keyring_free(k);
        return status;
    }
    *out_text = NULL;
    *out_keyring = k;
    return ZKS_OK;
}

zks_status zks__keyring_check(const zks__keyring *k, const zks__master_key *key,
                              const char **out_text)
{
    zks__store_wrap stored;
    *out_text = NULL;
    zks_status status = zks__store_wrap_get(k->store, &stored);
    uint8_t opened[ZKS_KEY_BYTES];
    if (!status) {
        status = open_wrap(k->suite, &stored, key, out_text, opened);
        zks__wipe(opened, sizeof opened);
        zks__wipe(&stored, sizeof stored);
    }
    return status;
}

zks_status zks__keyring_change(zks__keyring *k, const zks__master_key *key)
{
    zks_status status = zks__store_begin_secret(k->store);
    if (status) {
        return status;
    }
    status = write_wrap(k, key);
    if (!status) {
        status = zks__store_commit(k->store);
    }
    if (status) {
        zks__store_rollback(k->store);
    }
    return status;
}

zks_status zks__keyring_drop(zks__keyring *k, uint32_t g, zks__store_secret_kind kind,
                             const uint8_t name[32])
{
    zks__store_secret s;
    name_secret(&s, g, kind, name);
    return zks__store_secret_delete(k->store, &s);
}

void zks__keyring_free(zks__keyring *k)
{
    if (k) {
        zks__vault_release(k->vault, k->keys, sizeof *k->keys);
        zks__free(k);
    }
}
