/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A paired group to make membership records in: keys that are always the same, true signatures,
 * epoch keys of zeros (nobody opens them here). For the tests of src/record and of the relay.
 */
#ifndef ZKS_TESTS_RECORD_WORLD_H
#define ZKS_TESTS_RECORD_WORLD_H

#include "record/set.h"

enum {
    RECORD_WORLD_DEVICES = 16,
    RECORD_WORLD_RECORDS_MAX = 256,
    RECORD_WORLD_ROOT = -1 /* instead of a device */
};

typedef struct record_world {
    zks__sign_key root, devices[RECORD_WORLD_DEVICES];
    uint8_t group_id[ZKS_GROUP_ID_BYTES];
    size_t count;
    zks__record *records[RECORD_WORLD_RECORDS_MAX]; /* each with its bytes behind it */
} record_world;

/* GENESIS and EPOCH 0 are records 0 and 1. */
void record_world_init(record_world *w, uint8_t mode);
/* Forgets all but the first `count` records. */
void record_world_reset(record_world *w, size_t count);
const uint8_t *record_world_id(const record_world *w, int device);
/* The device with this id; RECORD_WORLD_ROOT for the root key, -2: none. */
int record_world_device(const record_world *w, const uint8_t *id);
/* Each makes a record, keeps it and gives it. */
const zks__record *record_world_member(record_world *w, int device, int issuer, uint8_t rights,
                                       uint64_t not_after_s);
/* removed: device numbers in any order. salt makes otherwise equal ones different. */
const zks__record *record_world_epoch(record_world *w, const zks__record *parent, int signer,
                                      const zks__record *const *listed, size_t listed_count,
                                      const int *removed, size_t removed_count, uint8_t salt);
const zks__record *record_world_leave(record_world *w, int device);
const zks__record *record_world_grant(record_world *w, const zks__record *epoch, int device,
                                      int signer);
/* An EPOCH on the tip of a set as an honest device makes it. */
const zks__record *record_world_next(record_world *w, const zks__records *set, int signer,
                                     const int *removed, size_t removed_count);
/* Records [first, last) in one call. */
zks_status record_world_add(const record_world *w, zks__records *set, size_t first, size_t last);

#endif
