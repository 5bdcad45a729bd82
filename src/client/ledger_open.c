/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Opening and closing: the store, its keys, the group in it, made where it is new. */
#include "client/ledger_internal.h"

#include "base/alloc.h"

#include <string.h>

/* The store's only group. */
static zks_status choose_stored(zks__ledger *l)
{
    zks__store_group other;
    zks_status status = zks__store_group_at(l->store, 0, &l->group);
    if (status == ZKS_E_NOT_FOUND || (!status && !zks__store_group_at(l->store, 1, &other))) {
        return ZKS_E_STORE_GROUP;
    }
    status = status ? status : zks__crypto_suite_check(l->group.suite);
    if (status) {
        return status;
    }
    status = zks__keyring_get(l->keyring, l->group.g, l->group.group_id, ZKS_STORE_SECRET_GROUP,
                              NULL, l->seed);
    if (l->group.mode == ZKS_GROUP_MODE_PAIRED) {
        l->restoring = !status;
        return status == ZKS_E_NOT_FOUND ? ZKS_OK : status;
    }
    if (!status) {
        zks__group_root_derive(l->group.suite, l->group.mode, l->seed, &l->root);
    }
    return status;
}

/* The group of l->root, which the store has not got yet. */
static zks_status add_group(zks__ledger *l, const zks__ledger_config *config)
{
    zks__store_group *g = &l->group;
    memset(g, 0, sizeof *g);
    memcpy(g->group_id, l->root.group_id, sizeof g->group_id);
    g->suite = l->root.suite;
    g->mode = l->root.mode;
    l->rng.fill(g->instance, sizeof g->instance, l->rng.user);
    if (config->descriptor) {
        strncpy(g->descriptor, config->descriptor, sizeof g->descriptor - 1);
    }
    if (config->device_name) {
        strncpy(g->device_name, config->device_name, sizeof g->device_name - 1);
    }
    zks_status status = zks__store_group_add(l->store, g);
    return status || (g->mode == ZKS_GROUP_MODE_PAIRED && !l->restoring)
               ? status
               : zks__keyring_put(l->keyring, g->g, g->group_id, ZKS_STORE_SECRET_GROUP, NULL,
                                  l->seed);
}

static zks_status choose_group(zks__ledger *l, const zks__ledger_config *config, bool *out_new)
{
    *out_new = config->join != NULL;
    if (config->join) {
        return zks__ledger_join_group(l, config->join);
    }
    if (!config->secret) {
        return choose_stored(l);
    }
    uint8_t suite = config->suite ? config->suite : zks__crypto_suite_default();
    uint8_t mode = config->mode ? config->mode : ZKS_GROUP_MODE_SHARED;
    zks_status status = zks__crypto_suite_check(suite);
    if (status) {
        return status;
    }
    zks__group_root_derive(suite, mode, config->secret, &l->root);
    l->restoring = config->restore;
    if (mode == ZKS_GROUP_MODE_SHARED || config->restore) {
        memcpy(l->seed, config->secret, sizeof l->seed);
    }
    if (mode == ZKS_GROUP_MODE_SHARED) {
        status = zks__store_group_get(l->store, l->root.group_id, &l->group);
        if (status != ZKS_E_NOT_FOUND) {
            return status;
        }
    }
    if (config->must_be_new || mode == ZKS_GROUP_MODE_PAIRED) {
        status = zks__store_group_at(l->store, 0, &l->group);
        if (status != ZKS_E_NOT_FOUND) {
            return status ? status : ZKS_E_STORE_GROUP;
        }
    }
    *out_new = true;
    return add_group(l, config);
}

static zks_status derive_device(zks__ledger *l)
{
    uint8_t *seed = zks__vault_alloc(l->vault, ZKS_KEY_BYTES);
    if (!seed) {
        return ZKS_E_NOMEM;
    }
    zks_status status = zks__keyring_get(l->keyring, 0, NULL, ZKS_STORE_SECRET_DEVICE, NULL, seed);
    if (!status) {
        zks__device_keys_derive(seed, l->group.group_id, l->group.instance, &l->device);
    }
    zks__vault_release(l->vault, seed, ZKS_KEY_BYTES);
    return status;
}

static zks_status keep_record(zks__ledger *l, zks_status made, const uint8_t *bytes, size_t length)
{
    zks__record record;
    zks_status status = made ? made : zks__record_read(bytes, length, &record);
    return status ? status
                  : zks__store_record_add(l->store, l->group.g, record.hash,
                                          (zks__slice){bytes, length});
}

/* The group seed is not kept, so its first epoch secret is. */
static zks_status keep_epoch0(zks__ledger *l, const uint8_t *record, size_t length)
{
    uint8_t hash[ZKS_RECORD_HASH_BYTES];
    return zks__record_hash(record, length, hash)
               ? zks__keyring_put(l->keyring, l->group.g, l->group.group_id, ZKS_STORE_SECRET_EPOCH,
                                  hash, l->root.epoch0_secret)
               : ZKS_E_INTERNAL;
}

/* GENESIS, EPOCH 0 and the own MEMBER. */
static zks_status make_records(zks__ledger *l)
{
    uint8_t *out = zks__alloc(ZKS_RECORD_BODY_MAX_BYTES);
    if (!out) {
        return ZKS_E_NOMEM;
    }
    size_t length = 0;
    zks_status status = zks__group_make_genesis(&l->root, out, ZKS_RECORD_BODY_MAX_BYTES, &length);
    status = keep_record(l, status, out, length);
    if (!status) {
        status = zks__group_make_epoch0(&l->root, out, ZKS_RECORD_BODY_MAX_BYTES, &length);
        status = keep_record(l, status, out, length);
    }
    if (!status && l->group.mode == ZKS_GROUP_MODE_PAIRED) {
        status = keep_epoch0(l, out, length);
    }
    uint8_t profile[ZKS_PROFILE_MAX_BYTES], nonce[ZKS_NONCE_BYTES];
    size_t profile_length = 0;
    l->rng.fill(nonce, sizeof nonce, l->rng.user);
    if (!status) {
        status = zks__profile_seal(l->suite, l->root.epoch0_secret, l->group.group_id,
                                   zks__ledger_device_id(l), nonce, l->group.device_name,
                                   strlen(l->group.device_name), profile, &profile_length);
    }
    if (!status) {
        status = zks__group_make_member(&l->root, &l->device, 0,
                                        (zks__slice){profile, profile_length}, out,
                                        ZKS_RECORD_BODY_MAX_BYTES, &length);
        status = keep_record(l, status, out, length);
    }
    zks__free(out);
    return status;
}

static zks_status open_group(zks__ledger *l, const zks__ledger_config *config)
{
    bool is_new;
    zks_status status = zks__store_begin(l->store);
    if (!status) {
        status = choose_group(l, config, &is_new);
    }
    if (!status) {
        l->suite = zks__crypto_suite(l->group.suite);
        status = l->suite ? ZKS_OK : ZKS_E_SUITE;
    }
    if (!status) {
        status = derive_device(l);
    }
    if (!status) {
        status = config->join ? zks__ledger_join_keep(l, config->join) : ZKS_OK;
    }
    if (!status && is_new && (!config->join || config->join->bundle->secret)) {
        status = make_records(l);
    }
    if (l->group.mode == ZKS_GROUP_MODE_PAIRED) {
        zks__wipe(&l->root, sizeof l->root);
    }
    if (!status && is_new) { /* a new store has nothing to tell yet */
        status = zks__store_heads_set(l->store, l->group.g, zks__ledger_unix_ms(l));
    }
    if (!status) {
        status = zks__ledger_read_state(l);
    }
    if (!status && config->join) {
        status = zks__ledger_join_base(l, config->join);
    }
    if (!status) {
        status = zks__store_commit(l->store);
    }
    if (status) {
        zks__store_rollback(l->store);
        return status;
    }
    zks__ledger_reload(l); /* with another base */
    return l->broken;
}

/* Who chose approved algorithms wants it on record which ones computed. */
static void log_suite(const zks__ledger *l)
{
    zks__crypto_report r;
    if (l->group.suite != ZKS_SUITE_APPROVED) {
        return;
    }
    zks__crypto_report_get(&r);
    zks__log_write(l->log, ZKS_LOG_LEVEL_INFO,
                   "suite.approved known_answers_us=%u fips_mode=%d fips_approved=%d", r.test_us,
                   r.fips_mode, r.fips_approved);
}

static zks_status unlock(zks__ledger *l, const zks__ledger_config *config,
                         char problem[ZKS_LEDGER_PROBLEM_BYTES])
{
    static const zks__master_key none;
    const char *text = NULL;
    const zks__master_key *key = config->store_key ? config->store_key : &none;
    zks_status status = zks__storage_unlock(l->storage, l->store, key, &text, &l->keyring);
    if (status && text) {
        strncpy(problem, text, ZKS_LEDGER_PROBLEM_BYTES - 1);
    }
    return status;
}

zks_status zks__ledger_change_store_key(zks__ledger *l, const zks__master_key *key)
{
    return zks__keyring_change(l->keyring, key);
}

zks_status zks__ledger_open(const zks__ledger_config *config,
                            char problem[ZKS_LEDGER_PROBLEM_BYTES], zks__ledger **out_ledger)
{
    memset(problem, 0, ZKS_LEDGER_PROBLEM_BYTES);
    zks__ledger *l = zks__vault_alloc(config->vault, sizeof *l);
    if (!l) {
        if (config->store) {
            zks__storage_store_release(config->storage, config->store);
        }
        return ZKS_E_NOMEM;
    }
    l->store = config->store;
    l->vault = config->vault;
    l->storage = config->storage;
    l->rng = config->rng;
    l->clock = config->clock;
    l->log = config->log;
    uint8_t seed[16];
    l->rng.fill(seed, sizeof seed, l->rng.user);
    l->blob_keys = zks__map_new(seed);
    l->epochs = zks__map_new(seed);
    zks_status status = l->blob_keys && l->epochs ? ZKS_OK : ZKS_E_NOMEM;
    if (!status && !l->store) {
        status = zks__storage_store_open(config->storage, config->path, problem, &l->store);
    }
    if (!status) {
        status = unlock(l, config, problem);
        if (!status) {
            status = open_group(l, config);
        }
        if (!status) {
            status = zks__storage_claim(l->storage, l->store, l->group.group_id, &l->claim);
            strncpy(problem,
                    status ? "another client of this process has this group of the store open; use "
                             "that one, or close it first"
                           : "",
                    ZKS_LEDGER_PROBLEM_BYTES - 1);
        }
        if (status && !problem[0]) {
            const char *text = zks__status_is_of_store(status) && status != ZKS_E_STORE_GROUP &&
                                       status != ZKS_E_STORE_KEY
                                   ? zks__store_problem(l->store)
                                   : "";
            strncpy(problem, text, ZKS_LEDGER_PROBLEM_BYTES - 1);
            problem[ZKS_LEDGER_PROBLEM_BYTES - 1] = '\0';
        }
    }
    if (status) {
        zks__ledger_close(l);
        return status;
    }
    log_suite(l);
    *out_ledger = l;
    return ZKS_OK;
}

void zks__ledger_close(zks__ledger *l)
{
    if (!l) {
        return;
    }
    zks__list_remove(&l->claim.node);
    zks__ledger_controls_done(l);
    zks__ledger_forget_state(l);
    zks__ledger_epochs_done(l);
    if (l->store) {
        zks__storage_store_release(l->storage, l->store);
    }
    zks__free(l->scratch);
    zks__vault_release(l->vault, l, sizeof *l);
}
