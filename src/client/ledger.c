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
        l->ahead_ms = 0; /* a chain that was begun is undone */
        l->relay_valid = l->relay_valid && !on_relay;
    }
}

const uint8_t *zks__ledger_device_id(const zks__ledger *l)
{
    return zks__crypto_sign_public(&l->device.sign);
}

bool zks__ledger_is_self(const zks__ledger *l, const uint8_t device[ZKS_DEVICE_ID_BYTES])
{
    return memcmp(device, zks__ledger_device_id(l), ZKS_DEVICE_ID_BYTES) == 0;
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
    out->mode = l->group.mode;
    out->device = l->device;
    out->session.suite = l->suite;
    memcpy(out->session.dh_secret, l->device.noise_dh_secret, sizeof out->session.dh_secret);
    memcpy(out->session.kem_seed, l->device.noise_kem_seed, sizeof out->session.kem_seed);
    out->restoring = l->restoring;
    if (l->group.mode == ZKS_GROUP_MODE_SHARED) {
        memcpy(out->secret, l->seed, sizeof out->secret);
    }
    memcpy(out->descriptor, l->group.descriptor, sizeof out->descriptor);
    memcpy(out->device_name, l->group.device_name, sizeof out->device_name);
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
    zks__known_chain *known;
    zks_status status = zks__ledger_know_chain(l, row, &known);
    if (status) {
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
    zks__history_entry e = {.seq = h->entry_seq,
                            .floor = h->floor,
                            .signed_ok = h->signed_ok,
                            .ref = h->ref,
                            .told = h->told};
    key_of(k, &e.key);
    memcpy(e.id, h->id, sizeof e.id);
    memcpy(e.prev, h->prev, sizeof e.prev);
    memcpy(e.pusher, h->pusher, sizeof e.pusher);
    e.bytes = (uint32_t)h->blob.length;
    l->held_count++;
    k->held++;
    if (h->signed_ok) {
        zks__ledger_prove_chain(k);
    }
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

void zks__ledger_forget_state(zks__ledger *l)
{
    zks__records_free(l->records);
    zks__history_free(l->history);
    zks__ledger_chains_done(l);
    l->records = NULL;
    l->history = NULL;
}

static zks_status restore_pin(const uint8_t hash[32], void *user)
{
    zks__ledger *l = user;
    return zks__records_pin(l->records, hash);
}

zks_status zks__ledger_read_state(zks__ledger *l)
{
    zks_status status = zks__store_group_get(l->store, l->group.group_id, &l->group);
    if (!status) {
        status = zks__records_new(l->group.group_id, &l->records);
    }
    zks__history_config config = {.give_up = zks__ledger_give_up,
                                  .verdict = zks__ledger_verdict,
                                  .lookup = zks__ledger_lookup,
                                  .user = l};
    l->rng.fill(config.map_seed, sizeof config.map_seed, l->rng.user);
    if (!status) {
        status = zks__history_new(&config, &l->history);
    }
    if (!status) {
        status = zks__ledger_chains_init(l, config.map_seed);
    }
    l->held_count = 0;
    l->held_unix_ms = 0;
    l->next_ref = ((uint64_t)l->group.g << 40) + 1;
    if (!status) {
        status = zks__store_records_each(l->store, l->group.g, restore_record, l);
    }
    if (!status) {
        status = zks__store_epoch_pins_each(l->store, l->group.g, restore_pin, l);
    }
    bool moved;
    if (!status) {
        status = zks__ledger_follow(l, &moved);
        zks__ledger_read_fork(l);
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
    if (!status) {
        status = zks__ledger_quarantine_read(l);
    }
    if (!status) {
        status = zks__ledger_read_alarms(l);
    }
    l->unsigned_run = 0;
    l->unsigned_bytes = 0;
    l->asking_n = 0;
    l->heads_sent = 0;   /* the next one is full: what was told is not known any more */
    l->listening_ms = 0; /* what limits others, as ahead_ms, goes on */
    memset(l->tip, 0, sizeof l->tip);
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
    zks__ledger_forget_state(l);
    l->broken = zks__ledger_read_state(l);
}
