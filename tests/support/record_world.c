/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "tests/support/record_world.h"

#include <stdlib.h>

static void must(bool ok)
{
    if (!ok) {
        abort();
    }
}

static const zks__sign_key *key_of(const record_world *w, int device)
{
    return device == RECORD_WORLD_ROOT ? &w->root : &w->devices[device];
}

const uint8_t *record_world_id(const record_world *w, int device)
{
    return zks__crypto_sign_public(key_of(w, device));
}

int record_world_device(const record_world *w, const uint8_t *id)
{
    for (int i = RECORD_WORLD_ROOT; i < RECORD_WORLD_DEVICES; i++) {
        if (memcmp(record_world_id(w, i), id, ZKS_DEVICE_ID_BYTES) == 0) {
            return i;
        }
    }
    return -2;
}

/* Reads the bytes back into a record of its own. */
static const zks__record *keep(record_world *w, const uint8_t *bytes, size_t length)
{
    zks__record *r = malloc(sizeof *r + length);
    must(r && w->count < RECORD_WORLD_RECORDS_MAX);
    memcpy(r + 1, bytes, length);
    must(zks__record_read((uint8_t *)(r + 1), length, r) == ZKS_OK);
    w->records[w->count++] = r;
    return r;
}

static uint8_t space[ZKS_RECORD_BODY_MAX_BYTES];

void record_world_init(record_world *w, uint8_t mode)
{
    size_t length = 0;
    must(zks__crypto_init() == ZKS_OK);
    memset(w, 0, sizeof *w);
    for (int i = RECORD_WORLD_ROOT; i < RECORD_WORLD_DEVICES; i++) {
        uint8_t seed[32] = {7, (uint8_t)(i + 1)};
        zks__crypto_sign_key(seed, i == RECORD_WORLD_ROOT ? &w->root : &w->devices[i]);
    }
    zks__genesis g = {.mode = mode};
    memcpy(g.root, record_world_id(w, RECORD_WORLD_ROOT), sizeof g.root);
    zks__record_group_id(ZKS_SUITE_SODIUM, mode, g.root, w->group_id);
    must(zks__record_make_genesis(ZKS_SUITE_SODIUM, &g, &w->root, space, sizeof space, &length) ==
         ZKS_OK);
    keep(w, space, length);
    zks__epoch e = {.number = 0};
    must(zks__record_make_epoch(ZKS_SUITE_SODIUM, w->group_id, &e, &w->root, space, sizeof space,
                                &length) == ZKS_OK);
    keep(w, space, length);
}

void record_world_reset(record_world *w, size_t count)
{
    while (w->count > count) {
        free(w->records[--w->count]);
    }
}

const zks__record *record_world_member(record_world *w, int device, int issuer, uint8_t rights,
                                       uint64_t not_after_s)
{
    size_t length = 0;
    zks__member m = {.rights = rights, .not_after_s = not_after_s};
    must(zks__record_make_member(ZKS_SUITE_SODIUM, w->group_id, &m, key_of(w, device),
                                 key_of(w, issuer), space, sizeof space, &length) == ZKS_OK);
    return keep(w, space, length);
}

static int by_bytes(const void *a, const void *b)
{
    return memcmp(a, b, 32);
}

const zks__record *record_world_epoch(record_world *w, const zks__record *parent, int signer,
                                      const zks__record *const *listed, size_t listed_count,
                                      const int *removed, size_t removed_count, uint8_t salt)
{
    static uint8_t keys[(ZKS_EPOCH_DEVICES_MAX + 1) * (ZKS_SEAL_CT_BYTES + 48)];
    zks__wire_hash hashes[ZKS_EPOCH_DEVICES_MAX], gone[ZKS_EPOCH_DEVICES_MAX];
    size_t length = 0;
    for (size_t i = 0; i < listed_count; i++) {
        memcpy(hashes[i].hash, listed[i]->hash, sizeof hashes[i].hash);
    }
    for (size_t i = 0; i < removed_count; i++) {
        memcpy(gone[i].hash, record_world_id(w, removed[i]), sizeof gone[i].hash);
    }
    qsort(gone, removed_count, sizeof *gone, by_bytes);
    zks__epoch e = {
        .number = parent->epoch.number + 1,
        .listed = {.count = listed_count, .items = hashes},
        .removed = {.count = removed_count, .items = gone},
        .commit = {salt},
        .keys = {keys, (listed_count + 1) * (ZKS_SEAL_CT_BYTES + 48)},
        .wrap = {keys, ZKS_SEALED_SECRET_BYTES},
    };
    memcpy(e.parent, parent->hash, sizeof e.parent);
    must(zks__record_make_epoch(ZKS_SUITE_SODIUM, w->group_id, &e, key_of(w, signer), space,
                                sizeof space, &length) == ZKS_OK);
    return keep(w, space, length);
}

const zks__record *record_world_leave(record_world *w, int device)
{
    size_t length = 0;
    must(zks__record_make_leave(ZKS_SUITE_SODIUM, w->group_id, key_of(w, device), space,
                                sizeof space, &length) == ZKS_OK);
    return keep(w, space, length);
}

const zks__record *record_world_grant(record_world *w, const zks__record *epoch, int device,
                                      int signer)
{
    static const uint8_t key[ZKS_SEAL_CT_BYTES + 48];
    size_t length = 0;
    zks__grant g = {.key = {key, sizeof key}};
    memcpy(g.epoch, epoch->hash, sizeof g.epoch);
    memcpy(g.device, record_world_id(w, device), sizeof g.device);
    must(zks__record_make_grant(ZKS_SUITE_SODIUM, w->group_id, &g, key_of(w, signer), space,
                                sizeof space, &length) == ZKS_OK);
    return keep(w, space, length);
}

const zks__record *record_world_next(record_world *w, const zks__records *set, int signer,
                                     const int *removed, size_t removed_count)
{
    static uint8_t salt;
    const zks__record *listed[ZKS_EPOCH_DEVICES_MAX];
    uint8_t ids[ZKS_EPOCH_DEVICES_MAX][ZKS_DEVICE_ID_BYTES];
    size_t count = 0;
    for (size_t i = 0; i < removed_count; i++) {
        memcpy(ids[i], record_world_id(w, removed[i]), sizeof ids[i]);
    }
    while (count < ZKS_EPOCH_DEVICES_MAX &&
           (listed[count] = zks__records_next_listed(set, zks__records_epoch(set)->hash, ids,
                                                     removed_count, count))) {
        count++;
    }
    return record_world_epoch(w, zks__records_epoch(set), signer, listed, count, removed,
                              removed_count, ++salt);
}

zks_status record_world_add(const record_world *w, zks__records *set, size_t first, size_t last)
{
    zks__slice slices[RECORD_WORLD_RECORDS_MAX];
    for (size_t i = first; i < last; i++) {
        slices[i - first] = w->records[i]->bytes;
    }
    return zks__records_add_all(set, slices, last - first, NULL);
}
