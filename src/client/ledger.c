/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "client/ledger_internal.h"

#include "base/alloc.h"

#include <string.h>

zks__store *zks__ledger_store(const zks__ledger *l)
{
    return l->store;
}

bool zks__ledger_marked(const zks__ledger *l)
{
    return l->marked;
}

void zks__ledger_mark(zks__ledger *l, bool on)
{
    l->marked = on;
}

void zks__ledger_rolled_back(zks__ledger *l, bool on_relay)
{
    if (l) {
        l->rolled_back = true;
        l->relay_valid = l->relay_valid && !on_relay;
    }
}

const uint8_t *zks__ledger_device_id(const zks__ledger *l)
{
    return zks__crypto_sign_public(&l->device.sign);
}

int64_t zks__ledger_unix_ms(const zks__ledger *l)
{
    return l->clock.unix_ms(l->clock.user);
}

uint64_t zks__ledger_last_n(const zks__ledger *l)
{
    return l->group.last_n;
}

uint64_t zks__ledger_inboxed_n(const zks__ledger *l)
{
    return l->group.inboxed_n;
}

uint64_t zks__ledger_last_seq(const zks__ledger *l)
{
    return l->group.last_seq;
}

uint64_t zks__ledger_watermark(const zks__ledger *l)
{
    return l->group.watermark;
}

void zks__ledger_identity(const zks__ledger *l, zks__identity *out)
{
    memset(out, 0, sizeof *out);
    memcpy(out->group_id, l->group.group_id, sizeof out->group_id);
    out->suite = l->group.suite;
    out->device = l->device;
    out->session.suite = l->suite;
    memcpy(out->session.dh_secret, l->device.noise_dh_secret, sizeof out->session.dh_secret);
    memcpy(out->session.kem_seed, l->device.noise_kem_seed, sizeof out->session.kem_seed);
    memcpy(out->secret, l->seed, sizeof out->secret);
    memcpy(out->descriptor, l->group.descriptor, sizeof out->descriptor);
    memcpy(out->device_name, l->group.device_name, sizeof out->device_name);
}

/* --- chains and keys --- */

zks__known_chain *zks__ledger_find_chain(const zks__ledger *l,
                                         const uint8_t author[ZKS_DEVICE_ID_BYTES],
                                         const uint8_t chain[ZKS_CHAIN_BYTES])
{
    uint8_t key[ZKS_DEVICE_ID_BYTES + ZKS_CHAIN_BYTES];
    memcpy(key, author, ZKS_DEVICE_ID_BYTES);
    memcpy(key + ZKS_DEVICE_ID_BYTES, chain, ZKS_CHAIN_BYTES);
    return zks__map_get(l->chains, key, sizeof key);
}

zks_status zks__ledger_chain(zks__ledger *l, const uint8_t author[ZKS_DEVICE_ID_BYTES],
                             const uint8_t chain[ZKS_CHAIN_BYTES], bool own, zks__known_chain **out)
{
    uint8_t key[ZKS_DEVICE_ID_BYTES + ZKS_CHAIN_BYTES];
    memcpy(key, author, ZKS_DEVICE_ID_BYTES);
    memcpy(key + ZKS_DEVICE_ID_BYTES, chain, ZKS_CHAIN_BYTES);
    zks__known_chain *known = zks__map_get(l->chains, key, sizeof key);
    if (known) {
        *out = known;
        return ZKS_OK;
    }
    known = zks__alloc_zero(1, sizeof *known);
    if (!known) {
        return ZKS_E_NOMEM;
    }
    memcpy(known->row.author, author, sizeof known->row.author);
    memcpy(known->row.chain, chain, sizeof known->row.chain);
    known->row.own = own;
    zks_status status = zks__store_chain_add(l->store, l->group.g, &known->row);
    if (!status) {
        status = zks__map_put(l->chains, key, sizeof key, known);
    }
    if (status) {
        zks__free(known);
        return status;
    }
    *out = known;
    return ZKS_OK;
}

zks_status zks__ledger_blob_key(zks__ledger *l, const uint8_t pusher[ZKS_DEVICE_ID_BYTES],
                                const zks__blob_key **out)
{
    zks__blob_key *key = zks__map_get(l->blob_keys, pusher, ZKS_DEVICE_ID_BYTES);
    if (!key) {
        key = zks__vault_alloc(l->vault, sizeof *key);
        if (!key) {
            return ZKS_E_NOMEM;
        }
        zks__blob_key_derive(l->suite, l->epoch_secret, l->group.group_id, l->epoch_tag, pusher,
                             key);
        zks_status status = zks__map_put(l->blob_keys, pusher, ZKS_DEVICE_ID_BYTES, key);
        if (status) {
            zks__vault_release(l->vault, key, sizeof *key);
            return status;
        }
    }
    *out = key;
    return ZKS_OK;
}

zks_status zks__ledger_scratch(zks__ledger *l, const uint8_t *blob, size_t length)
{
    if (length > ZKS_BLOB_MAX_BYTES) {
        return ZKS_E_TOO_LARGE;
    }
    if (!l->scratch) {
        l->scratch = zks__alloc(ZKS_BLOB_MAX_BYTES);
        if (!l->scratch) {
            return ZKS_E_NOMEM;
        }
    }
    memcpy(l->scratch, blob, length);
    return ZKS_OK;
}

/* --- reading the state --- */

static zks_status restore_chain(const zks__store_chain *row, void *user)
{
    zks__ledger *l = user;
    uint8_t key[ZKS_DEVICE_ID_BYTES + ZKS_CHAIN_BYTES];
    memcpy(key, row->author, ZKS_DEVICE_ID_BYTES);
    memcpy(key + ZKS_DEVICE_ID_BYTES, row->chain, ZKS_CHAIN_BYTES);
    zks__known_chain *known = zks__alloc_zero(1, sizeof *known);
    if (!known) {
        return ZKS_E_NOMEM;
    }
    known->row = *row;
    zks_status status = zks__map_put(l->chains, key, sizeof key, known);
    if (status) {
        zks__free(known);
        return status;
    }
    if (row->own) {
        l->own = known; /* in the order they were added: the last one is the present one */
    }
    zks__history_tip tip = {.seq = row->tip_seq, .floor = row->floor};
    memcpy(tip.key.author, row->author, sizeof tip.key.author);
    memcpy(tip.key.chain, row->chain, sizeof tip.key.chain);
    memcpy(tip.id, row->tip_id, sizeof tip.id);
    return zks__history_restore_tip(l->history, &tip);
}

zks__known_chain *zks__ledger_chain_by_row(const zks__ledger *l, int64_t c)
{
    size_t position = 0;
    for (zks__known_chain *k = zks__map_next(l->chains, &position); k;
         k = zks__map_next(l->chains, &position)) {
        if (k->row.c == c) {
            return k;
        }
    }
    return NULL;
}

static void key_of(const zks__known_chain *k, zks__history_key *out)
{
    memcpy(out->author, k->row.author, sizeof out->author);
    memcpy(out->chain, k->row.chain, sizeof out->chain);
}

static zks_status restore_missing(int64_t c, uint64_t first, uint64_t last, void *user)
{
    zks__ledger *l = user;
    zks__known_chain *k = zks__ledger_chain_by_row(l, c);
    if (!k) {
        return ZKS_E_STORE_CORRUPT;
    }
    zks__history_key key;
    key_of(k, &key);
    return zks__history_restore_missing(l->history, &key, first, last);
}

static zks_status restore_expected(int64_t c, uint64_t seq, const uint8_t id[ZKS_ENTRY_ID_BYTES],
                                   void *user)
{
    zks__ledger *l = user;
    zks__known_chain *k = zks__ledger_chain_by_row(l, c);
    if (!k) {
        return ZKS_E_STORE_CORRUPT;
    }
    zks__history_key key;
    key_of(k, &key);
    k->expects = true;
    return zks__history_restore_expected(l->history, &key, seq, id);
}

static zks_status restore_held(const zks__store_held *h, void *user)
{
    zks__ledger *l = user;
    zks__known_chain *k = zks__ledger_chain_by_row(l, h->c);
    if (!k) {
        return ZKS_E_STORE_CORRUPT;
    }
    zks__history_entry e = {
        .seq = h->entry_seq, .floor = h->floor, .signed_ok = h->signed_ok, .ref = h->ref};
    key_of(k, &e.key);
    memcpy(e.id, h->id, sizeof e.id);
    memcpy(e.prev, h->prev, sizeof e.prev);
    l->held_count++;
    if (h->ref >= l->next_ref) {
        l->next_ref = h->ref + 1;
    }
    /* A time to come is of a clock that went wrong: it must not hold the entry for ever. */
    int64_t now = zks__ledger_unix_ms(l), since = h->since_ms < now ? h->since_ms : now;
    l->held_unix_ms = since > l->held_unix_ms ? since : l->held_unix_ms;
    return zks__history_restore_held(l->history, &e, (uint64_t)since);
}

static zks_status restore_record(zks__slice bytes, void *user)
{
    zks__ledger *l = user;
    return zks__records_load(l->records, bytes.data, bytes.length);
}

static void free_chains(zks__map *m)
{
    size_t position = 0;
    for (void *v = m ? zks__map_next(m, &position) : NULL; v; v = zks__map_next(m, &position)) {
        zks__free(v);
    }
    zks__map_free(m);
}

static void free_blob_keys(zks__ledger *l)
{
    zks__map *m = l->blob_keys;
    size_t position = 0;
    for (void *v = m ? zks__map_next(m, &position) : NULL; v; v = zks__map_next(m, &position)) {
        zks__vault_release(l->vault, v, sizeof(zks__blob_key));
    }
    zks__map_free(m);
}

static void forget_state(zks__ledger *l)
{
    zks__records_free(l->records);
    zks__history_free(l->history);
    free_chains(l->chains);
    l->records = NULL;
    l->history = NULL;
    l->chains = NULL;
    l->own = NULL;
}

static zks_status read_state(zks__ledger *l)
{
    zks_status status = zks__store_group_get(l->store, l->group.group_id, &l->group);
    if (!status) {
        status = zks__records_new(l->group.group_id, &l->records);
    }
    zks__history_config config = {
        .verdict = zks__ledger_verdict, .lookup = zks__ledger_lookup, .user = l};
    l->rng.fill(config.map_seed, sizeof config.map_seed, l->rng.user);
    if (!status) {
        status = zks__history_new(&config, &l->history);
    }
    if (!status) {
        l->chains = zks__map_new(config.map_seed);
        status = l->chains ? ZKS_OK : ZKS_E_NOMEM;
    }
    l->held_count = 0;
    l->held_unix_ms = 0;
    l->next_ref = ((uint64_t)l->group.g << 40) + 1;
    if (!status) {
        status = zks__store_records_each(l->store, l->group.g, restore_record, l);
    }
    if (!status) {
        status = zks__store_chains_each(l->store, l->group.g, restore_chain, l);
    }
    if (!status) {
        status = zks__store_missing_each(l->store, l->group.g, restore_missing, l);
    }
    if (!status) {
        status = zks__store_expected_each(l->store, l->group.g, restore_expected, l);
    }
    if (!status) {
        status = zks__store_held_each(l->store, l->group.g, restore_held, l);
    }
    l->unsigned_run = 0;
    l->heads_sent = 0; /* the next one is full: what was told is not known any more */
    l->listening_ms = l->looked_ms = l->ahead_ms = l->resealed_ms = 0;
    l->resealed_count = 0;
    l->active = true;
    if (!status) {
        status = zks__store_heads_get(l->store, l->group.g, &l->heads_ms);
    }
    return status;
}

void zks__ledger_reload(zks__ledger *l)
{
    if (!l || !l->rolled_back) {
        return;
    }
    l->rolled_back = false;
    forget_state(l);
    l->broken = read_state(l);
}

/* --- opening --- */

static zks_status choose_group(zks__ledger *l, const zks__ledger_config *config, bool *out_new)
{
    zks_status status;
    *out_new = false;
    if (!config->secret) {
        zks__store_group other;
        status = zks__store_group_at(l->store, 0, &l->group);
        if (status == ZKS_E_NOT_FOUND || (!status && !zks__store_group_at(l->store, 1, &other))) {
            return ZKS_E_STORE_GROUP;
        }
        status = status ? status : zks__crypto_suite_check(l->group.suite);
        if (!status) {
            status = zks__keyring_get(l->keyring, l->group.g, l->group.group_id,
                                      ZKS_STORE_SECRET_GROUP, NULL, l->seed);
        }
        if (!status) {
            zks__group_root_derive(l->group.suite, l->group.mode, l->seed, &l->root);
        }
        return status;
    }
    uint8_t suite = config->suite ? config->suite : zks__crypto_suite_default();
    status = zks__crypto_suite_check(suite);
    if (status) {
        return status;
    }
    memcpy(l->seed, config->secret, sizeof l->seed);
    zks__group_root_derive(suite, ZKS_GROUP_MODE_SHARED, config->secret, &l->root);
    status = zks__store_group_get(l->store, l->root.group_id, &l->group);
    if (status != ZKS_E_NOT_FOUND) {
        return status;
    }
    if (config->must_be_new) {
        status = zks__store_group_at(l->store, 0, &l->group);
        if (status != ZKS_E_NOT_FOUND) {
            return status ? status : ZKS_E_STORE_GROUP;
        }
    }
    *out_new = true;
    zks__store_group *g = &l->group;
    memset(g, 0, sizeof *g);
    memcpy(g->group_id, l->root.group_id, sizeof g->group_id);
    g->suite = suite;
    g->mode = ZKS_GROUP_MODE_SHARED;
    l->rng.fill(g->instance, sizeof g->instance, l->rng.user);
    if (config->descriptor) {
        strncpy(g->descriptor, config->descriptor, sizeof g->descriptor - 1);
    }
    if (config->device_name) {
        strncpy(g->device_name, config->device_name, sizeof g->device_name - 1);
    }
    status = zks__store_group_add(l->store, g);
    return status ? status
                  : zks__keyring_put(l->keyring, g->g, g->group_id, ZKS_STORE_SECRET_GROUP, NULL,
                                     l->seed);
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

/* GENESIS, EPOCH 0 and the own MEMBER of a shared group. */
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
        memcpy(l->epoch_secret, l->root.epoch0_secret, sizeof l->epoch_secret);
        status = is_new ? make_records(l) : ZKS_OK;
    }
    if (!status && is_new) { /* a new store has nothing to tell yet */
        status = zks__store_heads_set(l->store, l->group.g, zks__ledger_unix_ms(l));
    }
    if (!status) {
        status = zks__store_commit(l->store);
    }
    if (status) {
        zks__store_rollback(l->store);
        return status;
    }
    status = read_state(l);
    const zks__record *epoch = status ? NULL : zks__records_epoch(l->records);
    if (!status && !epoch) {
        status = ZKS_E_STORE_CORRUPT;
    }
    if (!status) {
        memcpy(l->epoch_tag, epoch->hash, sizeof l->epoch_tag);
        zks__blob_key_derive(l->suite, l->epoch_secret, l->group.group_id, l->epoch_tag,
                             zks__ledger_device_id(l), &l->own_key);
    }
    return status;
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
    zks_status status = l->blob_keys ? ZKS_OK : ZKS_E_NOMEM;
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
            const char *text = status <= ZKS_E_STORE_BUSY && status > ZKS_E_NOT_CONNECTED &&
                                       status != ZKS_E_STORE_GROUP && status != ZKS_E_STORE_KEY
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
    zks__ledger_drop_controls(l);
    forget_state(l);
    free_blob_keys(l);
    if (l->store) {
        zks__storage_store_release(l->storage, l->store);
    }
    zks__free(l->scratch);
    zks__vault_release(l->vault, l, sizeof *l);
}

/* --- membership --- */

zks_status zks__ledger_records(zks__ledger *l, zks__wire_list records, size_t *out_added)
{
    *out_added = 0;
    zks__slice bytes;
    zks_status status = l->broken;
    while (!status && zks__wire_next_slice(&records, &bytes)) {
        /* The relay has judged what a set may hold as a whole; these are parts of one. */
        size_t before = zks__records_count(l->records);
        zks_status judged = zks__records_load(l->records, bytes.data, bytes.length);
        bool added = zks__records_count(l->records) > before;
        if (judged == ZKS_E_NOMEM) {
            return judged;
        }
        if (judged) {
            zks__log_write(l->log, ZKS_LOG_LEVEL_WARN, "record_refused status=%d", (int)judged);
            continue;
        }
        zks__record record;
        if (added) {
            status = zks__record_read(bytes.data, bytes.length, &record);
            if (!status) {
                status = zks__store_record_add(l->store, l->group.g, record.hash, bytes);
            }
            *out_added += !status && record.kind == ZKS_RECORD_KIND_MEMBER;
        }
    }
    return status;
}

zks_status zks__ledger_record_list(zks__ledger *l, zks__record_list *out)
{
    memset(out, 0, sizeof *out);
    if (l->broken) {
        return l->broken; /* there may be no records */
    }
    const zks__record *own = zks__records_member(l->records, zks__ledger_device_id(l), 0);
    if (!own) {
        return ZKS_E_STORE_CORRUPT;
    }
    size_t count = zks__records_count(l->records), total = 0;
    for (size_t i = 0; i < count; i++) {
        total += zks__records_at(l->records, i)->bytes.length;
    }
    out->items = zks__alloc_zero(count, sizeof *out->items);
    out->bytes = zks__alloc(total);
    if (!out->items || !out->bytes) {
        zks__record_list_done(out);
        return ZKS_E_NOMEM;
    }
    uint8_t *end = out->bytes;
    for (size_t i = 0; i < count; i++) {
        zks__slice from = zks__records_at(l->records, i)->bytes;
        memcpy(end, from.data, from.length);
        out->items[i] = (zks__slice){end, from.length};
        end += from.length;
    }
    out->count = count;
    zks__records_digest(l->records, out->digest);
    memcpy(out->member, own->hash, sizeof out->member);
    return ZKS_OK;
}

void zks__record_list_done(zks__record_list *list)
{
    zks__free(list->items);
    zks__free(list->bytes);
    memset(list, 0, sizeof *list);
}

/* From the chain of the device that came last. */
static void add_activity(const zks__ledger *l, zks__device_entry *e)
{
    size_t position = 0;
    int64_t newest = 0;
    for (zks__known_chain *k = zks__map_next(l->chains, &position); k;
         k = zks__map_next(l->chains, &position)) {
        if (memcmp(k->row.author, e->id, sizeof e->id) == 0 && k->row.c > newest) {
            newest = k->row.c;
            e->last_number = k->row.tip_seq;
            e->seen_ms = k->seen_ms;
            e->quiet = k->quiet;
        }
    }
}

zks_status zks__ledger_devices(zks__ledger *l, zks__device_entry **out_entries, size_t *out_count)
{
    if (l->broken) {
        return l->broken;
    }
    size_t records = zks__records_count(l->records), count = 0;
    zks__device_entry *entries = zks__alloc_zero(records, sizeof *entries);
    if (!entries) {
        return ZKS_E_NOMEM;
    }
    for (size_t i = 0; i < records; i++) {
        const zks__record *r = zks__records_at(l->records, i);
        if (r->kind != ZKS_RECORD_KIND_MEMBER ||
            zks__records_member(l->records, r->member.device, 0) != r) {
            continue;
        }
        zks__device_entry *e = &entries[count++];
        memcpy(e->id, r->member.device, sizeof e->id);
        e->self = memcmp(e->id, zks__ledger_device_id(l), sizeof e->id) == 0;
        e->not_after_s = r->member.not_after_s;
        add_activity(l, e);
        if (zks__profile_open(l->suite, l->epoch_secret, l->group.group_id, e->id,
                              r->member.profile, e->name)) {
            e->name[0] = '\0'; /* sealed by somebody who should not be here: shown without a name */
        }
    }
    *out_entries = entries;
    *out_count = count;
    return ZKS_OK;
}
