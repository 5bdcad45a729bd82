/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Prints the secrets of a store, "name hex" a line, for the tests that look for them where they
 * must not be:
 *
 *     fault_prog_secrets STORE [PASSPHRASE]
 */
#include "client/keyring.h"
#include "group/blob.h"
#include "group/epoch.h"
#include "group/keys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void need(zks_status status, const char *what)
{
    if (status) {
        fprintf(stderr, "%s: %s\n", what, zks__status_name(status));
        exit(1);
    }
}

static void print(const char *name, const void *bytes, size_t length)
{
    const uint8_t *p = bytes;
    printf("%s ", name);
    for (size_t i = 0; i < length; i++) {
        printf("%02x", p[i]);
    }
    putchar('\n');
}

static void print_device(const char *prefix, const zks__device_keys *d)
{
    const struct {
        const char *name;
        const void *bytes;
        size_t length;
    } keys[] = {{"sign_seed", d->sign_seed, sizeof d->sign_seed},
                {"noise_dh_secret", d->noise_dh_secret, sizeof d->noise_dh_secret},
                {"noise_kem_seed", d->noise_kem_seed, sizeof d->noise_kem_seed},
                {"seal_seed", d->seal_seed, sizeof d->seal_seed},
                {"device_id", zks__crypto_sign_public(&d->sign), 32}};
    for (size_t i = 0; i < ZKS_COUNTOF(keys); i++) {
        char name[64];
        snprintf(name, sizeof name, "%s%s", prefix, keys[i].name);
        print(name, keys[i].bytes, keys[i].length);
    }
}

/* The secret of each EPOCH that the device can open. */
typedef struct epochs {
    const zks__keyring *k;
    const zks__store_group *g;
    const zks__device_keys *device;
} epochs;

static bool open_epoch(const epochs *e, const zks__record *r, uint8_t secret[32])
{
    bool ok = !zks__keyring_get(e->k, e->g->g, e->g->group_id, ZKS_STORE_SECRET_EPOCH, r->hash,
                                secret);
    for (size_t i = 0; !ok && i < r->epoch.listed.count; i++) {
        ok = !zks__epoch_open(r, i, zks__crypto_sign_public(&e->device->sign), e->device->seal_seed,
                              secret);
    }
    return ok;
}

static zks_status print_epoch(zks__slice bytes, void *user)
{
    const epochs *e = user;
    zks__record r;
    uint8_t secret[32];
    need(zks__record_read(bytes.data, bytes.length, &r), "record");
    if (r.kind == ZKS_RECORD_KIND_EPOCH && open_epoch(e, &r, secret)) {
        char name[32];
        snprintf(name, sizeof name, "epoch%u", (unsigned)r.epoch.number);
        print(name, secret, sizeof secret);
    }
    return ZKS_OK;
}

static void print_shared(const zks__keyring *k, const zks__store_group *g)
{
    uint8_t group_seed[32];
    zks__group_root root;
    need(zks__keyring_get(k, g->g, g->group_id, ZKS_STORE_SECRET_GROUP, NULL, group_seed), "group");
    print("group_seed", group_seed, sizeof group_seed);
    zks__group_root_derive(g->suite, g->mode, group_seed, &root);
    print("root_seed", root.root.secret, 32);
    print("epoch0", root.epoch0_secret, sizeof root.epoch0_secret);
}

static void print_group(const zks__keyring *k, zks__store *store, const zks__store_group *g,
                        const uint8_t seed[32])
{
    zks__device_keys device;
    epochs e = {k, g, &device};
    zks__device_keys_derive(seed, g->group_id, g->instance, &device);
    print("group_id", g->group_id, sizeof g->group_id);
    if (g->mode == ZKS_GROUP_MODE_SHARED) {
        print_shared(k, g);
    } else {
        need(zks__store_records_each(store, g->g, print_epoch, &e), "records");
    }
    print_device("", &device);
}

int main(int argc, char **argv)
{
    zks__vault *vault;
    zks__store *store;
    zks__keyring *k;
    zks__master_key key = {0};
    const char *text;
    char problem[ZKS_STORE_PROBLEM_BYTES], descriptor[ZKS_ARGON2_TEXT_BYTES];
    uint8_t seed[32];
    zks__rng rng = zks__crypto_rng();
    if (argc < 2) {
        return 2;
    }
    need(zks__crypto_init(), "init");
    need(zks__vault_new(NULL, &vault), "vault");
    need(zks__store_open(&(zks__store_config){.path = argv[1]}, problem, &store), "store");
    if (argc > 2) {
        need(zks__keyring_descriptor(store, 0, 1, &rng, descriptor), "descriptor");
        need(zks__master_key_derive(argv[2], strlen(argv[2]), descriptor, &key), "passphrase");
        print("master_key", key.key, sizeof key.key);
    }
    need(zks__keyring_open(vault, store, &key, &rng, &text, &k), "keyring");
    need(zks__keyring_get(k, 0, NULL, ZKS_STORE_SECRET_DEVICE, NULL, seed), "device");
    print("device_seed", seed, sizeof seed);
    zks__store_group g;
    for (size_t i = 0; zks__store_group_at(store, i, &g) == ZKS_OK; i++) {
        print_group(k, store, &g, seed);
    }
    zks__keyring_free(k);
    zks__store_close(store);
    zks__vault_free(vault);
    return 0;
}
