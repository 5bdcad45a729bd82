/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The inside of a ledger, for ledger*.c only. */
#ifndef ZKS_CLIENT_LEDGER_INTERNAL_H
#define ZKS_CLIENT_LEDGER_INTERNAL_H

#include "base/map.h"
#include "client/ledger.h"
#include "group/history.h"

enum { ZKS_SIGN_EVERY = 256 };

/* One (author, chain); key of the map: author || chain. */
typedef struct zks__known_chain {
    zks__store_chain row;
    bool dirty;      /* its tip or floor may have moved in this transaction */
    int64_t seen_ms; /* Unix, when an entry was last delivered; 0: not since the ledger was read */
    bool expects;    /* there are expected ids of it in the store */
} zks__known_chain;

struct zks__ledger {
    zks__storage *storage;
    zks__vault *vault; /* where this structure and the blob keys stand */
    zks__store *store;
    zks__keyring *keyring; /* the store's */
    zks__claim claim;      /* of the group in it */
    zks__rng rng;
    zks__clock clock;
    const zks__log *log;
    const zks__suite *suite;
    bool marked, rolled_back;
    zks_status broken; /* reload failed: answered by everything */

    zks__store_group group;
    zks__group_root root;                /* secret */
    zks__device_keys device;             /* secret */
    uint8_t seed[ZKS_KEY_BYTES];         /* secret; R of a shared group */
    uint8_t epoch_secret[ZKS_KEY_BYTES]; /* secret; E_0 */
    uint8_t epoch_tag[ZKS_EPOCH_TAG_BYTES];
    zks__blob_key own_key; /* secret */
    zks__records *records;
    zks__history *history;
    zks__map *chains;      /* of zks__known_chain */
    zks__map *blob_keys;   /* pusher -> zks__blob_key; secret */
    zks__known_chain *own; /* the present own chain */
    uint32_t unsigned_run; /* own entries since the last signature */
    uint64_t next_ref;     /* of held entries */
    uint64_t held_count;
    int64_t held_unix_ms; /* newest arrival of a held entry, as the clock said then */

    zks__store_relay relay;
    bool relay_valid;

    /* during one receive or tick */
    struct zks__receiving {
        zks__received *out;
        const zks__history_entry *entry; /* being offered; NULL in a tick */
        const zks__entry *opened;
        const zks__blob_item *item;
        zks_status status; /* first failure in a verdict */
    } receiving;
    uint8_t *scratch; /* ZKS_BLOB_MAX_BYTES, made at first use */
};

const uint8_t *zks__ledger_device_id(const zks__ledger *l);
int64_t zks__ledger_unix_ms(const zks__ledger *l);
/* Finds or adds the row. */
ZKS_MUST_USE zks_status zks__ledger_chain(zks__ledger *l, const uint8_t author[ZKS_DEVICE_ID_BYTES],
                                          const uint8_t chain[ZKS_CHAIN_BYTES], bool own,
                                          zks__known_chain **out);
/* Derived once for each pusher. */
ZKS_MUST_USE zks_status zks__ledger_blob_key(zks__ledger *l,
                                             const uint8_t pusher[ZKS_DEVICE_ID_BYTES],
                                             const zks__blob_key **out);
/* A new own chain that names the old tip. Queued entries of the old one stay as they are. */
ZKS_MUST_USE zks_status zks__ledger_new_chain(zks__ledger *l);
ZKS_MUST_USE zks_status zks__ledger_scratch(zks__ledger *l, const uint8_t *blob, size_t length);
void zks__ledger_verdict(const zks__verdict *v, void *ledger);
size_t zks__ledger_lookup(const zks__history_key *key, uint64_t seq,
                          uint8_t (*out_ids)[ZKS_ENTRY_ID_BYTES], void *ledger);

#endif
