/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A group that pairing gave (docs/SECURITY.md, section 8): the bundle of message m6, checked and
 * put into a store without a group, all in the transaction of the opening. The inviter is trusted
 * to let this device in, not to be free of mistakes: records are judged as a set, this device must
 * be a member by them, and a secret must be what its EPOCH commits to.
 */
#include "client/ledger_internal.h"

#include "base/alloc.h"
#include "group/epoch.h"
#include "pairing/message.h"

#include <string.h>

/* Of a shared group: the secret, which must be the one behind the group that was offered. */
static zks_status join_shared(zks__ledger *l, const zks__ledger_join *join)
{
    const zks__pair_bundle *b = join->bundle;
    memcpy(l->seed, b->secret, sizeof l->seed);
    zks__group_root_derive(join->suite, join->mode, l->seed, &l->root);
    if (memcmp(l->root.group_id, join->group_id, sizeof l->root.group_id) != 0) {
        return ZKS_E_PROTOCOL;
    }
    const char *text = (const char *)b->descriptor.data;
    if (b->descriptor.length &&
        zks__crypto_descriptor_suite(text, b->descriptor.length) != join->suite) {
        return ZKS_E_PROTOCOL;
    }
    memcpy(l->group.descriptor, text, b->descriptor.length);
    return ZKS_OK;
}

zks_status zks__ledger_join_group(zks__ledger *l, const zks__ledger_join *join)
{
    zks__store_group *g = &l->group;
    zks_status status = zks__store_group_at(l->store, 0, g);
    if (status != ZKS_E_NOT_FOUND) {
        return status ? status : ZKS_E_STORE_GROUP;
    }
    memset(g, 0, sizeof *g);
    memcpy(g->group_id, join->group_id, sizeof g->group_id);
    memcpy(g->instance, join->instance, sizeof g->instance);
    g->suite = join->suite;
    g->mode = join->mode;
    strncpy(g->device_name, join->device_name, sizeof g->device_name - 1);
    const bool shared = join->mode == ZKS_GROUP_MODE_SHARED;
    status = shared ? join_shared(l, join) : ZKS_OK;
    if (!status) {
        status = zks__store_group_add(l->store, g);
    }
    return status || !shared ? status
                             : zks__keyring_put(l->keyring, g->g, g->group_id,
                                                ZKS_STORE_SECRET_GROUP, NULL, l->seed);
}

/* The records as a set of their own. */
static zks_status gather(const zks__ledger *l, zks__wire_list list, zks__records *set)
{
    zks__slice *records = zks__alloc(list.count * sizeof *records);
    size_t count = 0;
    if (!records) {
        return ZKS_E_NOMEM;
    }
    while (zks__pair_next_record(&list, &records[count])) {
        count++;
    }
    zks_status status = zks__records_add_all(set, records, count, NULL);
    zks__free(records);
    if (!status && !zks__records_member(set, zks__ledger_device_id(l), 0)) {
        status = ZKS_E_NOT_MEMBER;
    }
    return status;
}

static zks_status keep_records(const zks__ledger *l, const zks__records *set)
{
    const zks__record *r;
    zks_status status = ZKS_OK;
    for (size_t i = 0; !status && (r = zks__records_at(set, i)); i++) {
        status = zks__store_record_add(l->store, l->group.g, r->hash, r->bytes);
    }
    return status;
}

static zks_status keep_secret(const zks__ledger *l, const zks__records *set,
                              const zks__pair_secret_item *item)
{
    const zks__record *epoch = zks__records_find(set, item->epoch);
    uint8_t commit[sizeof epoch->epoch.commit];
    if (!epoch || epoch->kind != ZKS_RECORD_KIND_EPOCH) {
        return ZKS_E_UNKNOWN_EPOCH;
    }
    zks__epoch_commit(item->secret, l->group.group_id, epoch->epoch.number, epoch->epoch.parent,
                      commit);
    if (memcmp(commit, epoch->epoch.commit, sizeof commit) != 0) {
        return ZKS_E_DECRYPT;
    }
    return zks__keyring_put(l->keyring, l->group.g, l->group.group_id, ZKS_STORE_SECRET_EPOCH,
                            epoch->hash, item->secret);
}

static zks_status keep_secrets(const zks__ledger *l, const zks__records *set, zks__wire_list list)
{
    zks__pair_secret_item item;
    zks_status status = ZKS_OK;
    while (!status && zks__pair_next_secret(&list, &item)) {
        status = keep_secret(l, set, &item);
    }
    zks__wipe(&item, sizeof item);
    return status;
}

/* Only of epochs whose secret is here: what is pinned was adopted. */
static zks_status keep_pins(const zks__ledger *l, zks__wire_list list)
{
    zks__wire_hash pin;
    uint8_t secret[ZKS_KEY_BYTES];
    zks_status status = ZKS_OK;
    while (!status && zks__pair_next_pin(&list, &pin)) {
        status = zks__keyring_get(l->keyring, l->group.g, l->group.group_id, ZKS_STORE_SECRET_EPOCH,
                                  pin.hash, secret);
        if (!status) {
            status = zks__store_epoch_pin(l->store, l->group.g, pin.hash);
        }
        status = status == ZKS_E_NOT_FOUND ? ZKS_OK : status;
    }
    zks__wipe(secret, sizeof secret);
    return status;
}

/* What is wrong with what came, not with this device. */
static bool is_contradiction(zks_status status)
{
    return (status <= ZKS_E_TRUNCATED || status == ZKS_E_STATE || status == ZKS_E_CONFLICT ||
            status == ZKS_E_UNSUPPORTED);
}

zks_status zks__ledger_join_keep(zks__ledger *l, const zks__ledger_join *join)
{
    const zks__pair_bundle *b = join->bundle;
    zks__records *set = NULL;
    if (b->secret) { /* the records are made from it */
        return zks__store_pin_set(l->store, join->relay, join->relay_key);
    }
    zks_status status = zks__records_new(l->group.group_id, &set);
    if (!status) {
        status = gather(l, b->records, set);
    }
    if (!status) {
        status = keep_records(l, set);
    }
    if (!status) {
        status = keep_secrets(l, set, b->secrets);
    }
    if (!status) {
        status = keep_pins(l, b->pins);
    }
    if (!status) {
        status = zks__store_pin_set(l->store, join->relay, join->relay_key);
    }
    zks__records_free(set);
    if (is_contradiction(status)) {
        zks__log_write(l->log, ZKS_LOG_LEVEL_WARN, "join_refused status=%d", (int)status);
        status = ZKS_E_PROTOCOL;
    }
    return status;
}

zks_status zks__ledger_join_base(zks__ledger *l, const zks__ledger_join *join)
{
    zks__wire_list list = join->bundle->heads;
    zks__pair_head from;
    zks_status status = ZKS_OK;
    while (!status && zks__pair_next_head(&list, &from)) {
        if (!zks__records_known(l->records, from.author)) {
            continue;
        }
        zks__head head = {.seq = from.seq};
        memcpy(head.author, from.author, sizeof head.author);
        memcpy(head.chain, from.chain, sizeof head.chain);
        memcpy(head.id, from.id, sizeof head.id);
        status = zks__ledger_base_head(l, &head);
    }
    return status;
}
