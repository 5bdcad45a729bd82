/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The device's store: one SQLite file (WAL, synchronous=FULL) with several groups in it; schema,
 * migrations, and typed access. It knows rows, not meaning: sealing, coverage and protocol are
 * above. Payloads are stored as the sealed blobs that they arrived as or will be sent as, and keys
 * as the caller has wrapped them (client/keyring.h): nothing secret is in clear here, but the key
 * of a store that has neither passphrase nor key.
 *
 * One thread at a time (the runtime's storage thread). All writing calls belong between begin and
 * commit; a transaction holds the work of many callers. After any failure of a writing call or of
 * commit, roll back: the file is as before begin. A writing call outside a transaction gets
 * ZKS_E_STATE (but relay_get and prune, which then have one of their own); after a failure of
 * SQLite's inside one, everything gets that failure until rollback. Argument refusals
 * (ZKS_E_INVALID, _STATE, _NOT_FOUND, _TOO_LARGE) have changed nothing and need no rollback.
 * Callbacks may call anything here but begin, commit, rollback and close.
 *
 * Every call may return, beside what it names: ZKS_E_STORE_FULL (disk full, quota),
 * ZKS_E_STORE_READONLY, ZKS_E_STORE_CORRUPT, ZKS_E_STORE_IO, ZKS_E_NOMEM. Every page of the file
 * carries a checksum, verified when it is read: a damaged store gives ZKS_E_STORE_CORRUPT, on open
 * or on the call that needs the damaged page, never other bytes than were written.
 */
#ifndef ZKS_STORE_STORE_H
#define ZKS_STORE_STORE_H

#include "base/buf.h"
#include "base/env.h"
#include "base/log.h"
#include "wire/limits.h"
#include "wire/messages.h"

typedef struct zks__store zks__store;

enum {
    ZKS_STORE_PROBLEM_BYTES = 512,
    ZKS_STORE_SECRET_BYTES = 32,            /* what stores of format 1 kept in clear */
    ZKS_STORE_WRAPPED_BYTES = 24 + 32 + 16, /* nonce, secret, tag */
    ZKS_STORE_INSTANCE_BYTES = 16
};

typedef struct zks__store_config {
    const char *path; /* NULL: in memory */
    const zks__log *log;
} zks__store_config;

/*
 * Opens or creates (file mode 0600). Locks the store for this process: a second process gets
 * ZKS_E_STORE_BUSY with the pid and the cure in problem. ZKS_E_STORE_PATH (no such folder),
 * ZKS_E_STORE_READONLY, ZKS_E_STORE_CORRUPT (not a store, or its first pages fail),
 * ZKS_E_STORE_VERSION. problem is always a sentence with the cure.
 */
ZKS_MUST_USE zks_status zks__store_open(const zks__store_config *config,
                                        char problem[ZKS_STORE_PROBLEM_BYTES],
                                        zks__store **out_store);
/* Rolls back an open transaction, checkpoints, unlocks. NULL is fine. */
void zks__store_close(zks__store *s);
/* A sentence about the last failure, with the cure; valid until the next call. */
const char *zks__store_problem(const zks__store *s);

ZKS_MUST_USE zks_status zks__store_begin(zks__store *s);
ZKS_MUST_USE zks_status zks__store_commit(zks__store *s);
void zks__store_rollback(zks__store *s);

/*
 * --- secrets, wrapped: 32 bytes only in a store that was made by format 1 and not opened since
 *
 * Between begin_secret and the commit everything that is deleted or replaced is overwritten
 * (secure_delete), and the commit moves the WAL into the file and cuts it to nothing: what was
 * replaced is then in neither. A crash between commit and cut leaves the old bytes in the WAL until
 * the next open, which removes it. */
ZKS_MUST_USE zks_status zks__store_begin_secret(zks__store *s);

typedef enum zks__store_secret_kind {
    ZKS_STORE_SECRET_DEVICE = 1, /* the root of this device's keys; g = 0 */
    ZKS_STORE_SECRET_GROUP = 2,  /* R of a shared group; of a paired one while it is restored */
    ZKS_STORE_SECRET_EPOCH = 3   /* E; name: the EPOCH record's hash */
} zks__store_secret_kind;
typedef struct zks__store_secret {
    uint32_t g; /* 0: of the device */
    zks__store_secret_kind kind;
    uint8_t name[32]; /* zeros but for ZKS_STORE_SECRET_EPOCH */
    uint8_t bytes[ZKS_STORE_WRAPPED_BYTES];
    size_t length;
} zks__store_secret;
/* Adds or replaces. ZKS_E_INVALID: longer than ZKS_STORE_WRAPPED_BYTES. */
ZKS_MUST_USE zks_status zks__store_secret_put(zks__store *s, const zks__store_secret *secret);
/* Fills bytes and length of the one named by g, kind and name. ZKS_E_NOT_FOUND. */
ZKS_MUST_USE zks_status zks__store_secret_get(zks__store *s, zks__store_secret *secret);
typedef zks_status (*zks__store_secret_fn)(const zks__store_secret *secret, void *user);
/* In the order of g, kind and name. */
ZKS_MUST_USE zks_status zks__store_secrets_each(zks__store *s, zks__store_secret_fn fn, void *user);
/* Removes the one named by g, kind and name; none is fine. */
ZKS_MUST_USE zks_status zks__store_secret_delete(zks__store *s, const zks__store_secret *secret);
/* Removes all of them. */
ZKS_MUST_USE zks_status zks__store_secrets_clear(zks__store *s);

/* How the key that wraps the secrets is itself wrapped; what the fields mean is the caller's. */
typedef struct zks__store_wrap {
    uint8_t suite, kind;
    char descriptor[160];
    uint8_t key[ZKS_STORE_WRAPPED_BYTES];
    size_t key_length;
} zks__store_wrap;
/* ZKS_E_NOT_FOUND: a new store, or one of format 1 that still has its secrets in clear. */
ZKS_MUST_USE zks_status zks__store_wrap_get(zks__store *s, zks__store_wrap *out);
/* Adds or replaces the one there is. */
ZKS_MUST_USE zks_status zks__store_wrap_set(zks__store *s, const zks__store_wrap *wrap);

/* Epochs that this device has adopted, in the order it did. Adding one twice is ZKS_OK. */
ZKS_MUST_USE zks_status zks__store_epoch_pin(zks__store *s, uint32_t g, const uint8_t hash[32]);
typedef zks_status (*zks__store_epoch_fn)(const uint8_t hash[32], void *user);
ZKS_MUST_USE zks_status zks__store_epoch_pins_each(zks__store *s, uint32_t g,
                                                   zks__store_epoch_fn fn, void *user);

/* --- groups --- */

typedef struct zks__store_group {
    uint32_t g; /* row number, 1..2^22 */
    uint8_t group_id[ZKS_GROUP_ID_BYTES];
    uint8_t suite, mode;
    uint8_t instance[ZKS_STORE_INSTANCE_BYTES]; /* of this joining */
    char descriptor[160];                       /* Argon2id PHC string, empty: none */
    char device_name[129];
    uint64_t watermark; /* inbox sequence that the app has acknowledged */
    uint64_t last_seq;  /* highest inbox sequence given out */
    uint64_t last_n;    /* highest own entry number */
    uint64_t inboxed_n; /* highest own entry number that has its place in the inbox log */
} zks__store_group;

/* Adds a group; sets g. ZKS_E_STATE: there is one with this id. */
ZKS_MUST_USE zks_status zks__store_group_add(zks__store *s, zks__store_group *group);
/* By id. ZKS_E_NOT_FOUND. */
ZKS_MUST_USE zks_status zks__store_group_get(zks__store *s,
                                             const uint8_t group_id[ZKS_GROUP_ID_BYTES],
                                             zks__store_group *out_group);
/* The i-th group, in the order they were added. ZKS_E_NOT_FOUND past the end. */
ZKS_MUST_USE zks_status zks__store_group_at(zks__store *s, size_t i, zks__store_group *out_group);
ZKS_MUST_USE zks_status zks__store_group_set_name(zks__store *s, uint32_t g,
                                                  const char *device_name);
/* Monotonic: a lower value changes nothing. ZKS_E_INVALID: above last_seq. */
ZKS_MUST_USE zks_status zks__store_watermark_set(zks__store *s, uint32_t g, uint64_t seq);

/* --- membership records, in the order they were added --- */
ZKS_MUST_USE zks_status zks__store_record_add(zks__store *s, uint32_t g,
                                              const uint8_t hash[ZKS_RECORD_HASH_BYTES],
                                              zks__slice bytes); /* there already: ZKS_OK */
/* Of all callbacks here: a status that is not 0 stops and is returned. */
typedef zks_status (*zks__store_record_fn)(zks__slice bytes, void *user);
ZKS_MUST_USE zks_status zks__store_records_each(zks__store *s, uint32_t g, zks__store_record_fn fn,
                                                void *user);

/* --- chains: one row for each (author, chain), the own ones too --- */
typedef struct zks__store_chain {
    int64_t c; /* row number */
    uint8_t author[ZKS_DEVICE_ID_BYTES];
    uint8_t chain[ZKS_CHAIN_BYTES];
    int own;
    uint64_t tip_seq;
    uint8_t tip_id[ZKS_ENTRY_ID_BYTES];
    uint64_t floor;
    uint64_t asked_seq; /* gaps up to there were asked for, of everyone; 0: none */
    uint64_t asked_n;   /* by this own entry */
    int64_t asked_ms;   /* when it was written, Unix */
    uint64_t late_seq;  /* what is missing up to there is to be asked for once it was given up; 0:
                           nothing */
    int64_t late_ms;    /* when some of it was asked for, Unix */
} zks__store_chain;
/* Sets c. ZKS_E_STATE: there is one. */
ZKS_MUST_USE zks_status zks__store_chain_add(zks__store *s, uint32_t g, zks__store_chain *chain);
/* Tip, floor and what was asked for. ZKS_E_NOT_FOUND. */
ZKS_MUST_USE zks_status zks__store_chain_update(zks__store *s, const zks__store_chain *chain);
/* Of which nothing is kept but the row. ZKS_E_NOT_FOUND. */
ZKS_MUST_USE zks_status zks__store_chain_remove(zks__store *s, int64_t c);
typedef zks_status (*zks__store_chain_fn)(const zks__store_chain *chain, void *user);
ZKS_MUST_USE zks_status zks__store_chains_each(zks__store *s, uint32_t g, zks__store_chain_fn fn,
                                               void *user);
/* Ids of delivered entries, kept after their bytes are gone. Several ids at one seq: a fork. */
ZKS_MUST_USE zks_status zks__store_history_add(zks__store *s, int64_t c, uint64_t seq,
                                               const uint8_t id[ZKS_ENTRY_ID_BYTES]);
ZKS_MUST_USE zks_status zks__store_history_get(zks__store *s, int64_t c, uint64_t seq, size_t max,
                                               uint8_t (*out_ids)[ZKS_ENTRY_ID_BYTES],
                                               size_t *out_count);
ZKS_MUST_USE zks_status zks__store_missing_add(zks__store *s, int64_t c, uint64_t first,
                                               uint64_t last);
/* Takes one seq out of the recorded ranges (splits a range). */
ZKS_MUST_USE zks_status zks__store_missing_fill(zks__store *s, int64_t c, uint64_t seq);
typedef zks_status (*zks__store_missing_fn)(int64_t c, uint64_t first, uint64_t last, void *user);
ZKS_MUST_USE zks_status zks__store_missing_each(zks__store *s, uint32_t g, zks__store_missing_fn fn,
                                                void *user);

/* Ids that a missing entry must have, since its successor names it. Adding one twice, or dropping
 * one that is not there, is ZKS_OK. */
ZKS_MUST_USE zks_status zks__store_expected_add(zks__store *s, int64_t c, uint64_t seq,
                                                const uint8_t id[ZKS_ENTRY_ID_BYTES]);
ZKS_MUST_USE zks_status zks__store_expected_drop(zks__store *s, int64_t c, uint64_t seq,
                                                 const uint8_t id[ZKS_ENTRY_ID_BYTES]);
typedef zks_status (*zks__store_expected_fn)(int64_t c, uint64_t seq,
                                             const uint8_t id[ZKS_ENTRY_ID_BYTES], void *user);
ZKS_MUST_USE zks_status zks__store_expected_each(zks__store *s, uint32_t g,
                                                 zks__store_expected_fn fn, void *user);

/* A kind of own rows that are only sent: the inbox log has their place, and never shows them. */
enum { ZKS_STORE_KIND_HIDDEN = 255 };

/* --- own entries: the outbox, numbered 1, 2, 3 ... in each group without gaps --- */
typedef struct zks__store_own {
    uint64_t n;
    int64_t c;
    uint64_t seq; /* in the chain */
    uint8_t id[ZKS_ENTRY_ID_BYTES];
    uint8_t blob_id[ZKS_BLOB_ID_BYTES];
    uint8_t kind; /* zks__entry_kind */
    uint32_t ttl_s;
    int64_t time_ms;
    zks__slice blob;
} zks__store_own;
/* ZKS_E_INVALID: n is not last_n + 1. ZKS_E_TOO_LARGE. */
ZKS_MUST_USE zks_status zks__store_own_add(zks__store *s, uint32_t g, const zks__store_own *own);
/* The blob is borrowed during the call. */
typedef zks_status (*zks__store_own_fn)(const zks__store_own *own, void *user);
/* Entries with n > after, ascending, until fn stops with a status (ZKS_E_LIMIT is turned into
 * ZKS_OK). */
ZKS_MUST_USE zks_status zks__store_own_each(zks__store *s, uint32_t g, uint64_t after,
                                            zks__store_own_fn fn, void *user);
/* The same entry, sealed anew into as many bytes; the blob id that it had stays known.
 * ZKS_E_NOT_FOUND: there is no such entry of that length any more. */
ZKS_MUST_USE zks_status zks__store_own_renew(zks__store *s, uint32_t g, uint64_t n,
                                             const uint8_t blob_id[ZKS_BLOB_ID_BYTES],
                                             zks__slice blob);
/* Whether this device ever made that blob, pruned ones included. 1 or 0 in *out_known. Meant for
 * once per connection: quick for what a relay has acknowledged and for recent ones, else it
 * reads all. */
ZKS_MUST_USE zks_status zks__store_own_known(zks__store *s, uint32_t g,
                                             const uint8_t blob_id[ZKS_BLOB_ID_BYTES],
                                             int *out_known);
/* Count and bytes of own entries with n > after. */
ZKS_MUST_USE zks_status zks__store_own_pending(zks__store *s, uint32_t g, uint64_t after,
                                               uint64_t *out_count, uint64_t *out_bytes);

/* --- the inbox log: what the app reads, numbered 1, 2, 3 ... in each group without gaps --- */
typedef struct zks__store_item {
    uint64_t seq; /* given out by add */
    /* Not 0: this is own entry n, whose bytes are in the outbox; the fields below come from there,
     * and pusher is this device. Own entries take their places in ascending order, each once. */
    uint64_t own_n;
    int64_t c; /* author and chain */
    uint64_t entry_seq;
    uint8_t id[ZKS_ENTRY_ID_BYTES];
    uint8_t pusher[ZKS_DEVICE_ID_BYTES];
    int64_t time_ms;
    uint32_t flags; /* of the caller, e.g. late, fork */
    zks__slice blob;
} zks__store_item;
/* Sets seq. ZKS_E_INVALID: own_n is not in its order; ZKS_E_TOO_LARGE. */
ZKS_MUST_USE zks_status zks__store_inbox_add(zks__store *s, uint32_t g, zks__store_item *item);
/* The item is borrowed during the call. */
typedef zks_status (*zks__store_item_fn)(const zks__store_item *item, void *user);
/* Items with seq > after, ascending, own ones joined with their outbox row; those whose
 * row is pruned are left out (their seq stays theirs); stops as own_each. */
ZKS_MUST_USE zks_status zks__store_inbox_each(zks__store *s, uint32_t g, uint64_t after,
                                              zks__store_item_fn fn, void *user);
/* Count and bytes of received items with seq > after. */
ZKS_MUST_USE zks_status zks__store_inbox_pending(zks__store *s, uint32_t g, uint64_t after,
                                                 uint64_t *out_count, uint64_t *out_bytes);

/* --- held: received, not yet covered or not yet in order --- */
typedef struct zks__store_held {
    /* Chosen by the caller, unique in the store: the group's row g << 40, plus a number from 1. */
    uint64_t ref;
    int64_t c;
    uint64_t entry_seq;
    uint8_t id[ZKS_ENTRY_ID_BYTES], prev[ZKS_ENTRY_ID_BYTES];
    uint64_t floor;
    int signed_ok;
    uint8_t pusher[ZKS_DEVICE_ID_BYTES];
    uint8_t kind;
    int64_t time_ms;
    int64_t since_ms;
    int told; /* as unverified */
    zks__slice blob;
} zks__store_held;
ZKS_MUST_USE zks_status zks__store_held_add(zks__store *s, uint32_t g, zks__store_held *held);
/* fn gets the row (blob borrowed). ZKS_E_NOT_FOUND. */
typedef zks_status (*zks__store_held_fn)(const zks__store_held *held, void *user);
ZKS_MUST_USE zks_status zks__store_held_get(zks__store *s, uint64_t ref, zks__store_held_fn fn,
                                            void *user);
ZKS_MUST_USE zks_status zks__store_held_remove(zks__store *s, uint64_t ref);
/* Sets told. ZKS_E_NOT_FOUND. */
ZKS_MUST_USE zks_status zks__store_held_tell(zks__store *s, uint64_t ref);
ZKS_MUST_USE zks_status zks__store_held_each(zks__store *s, uint32_t g, zks__store_held_fn fn,
                                             void *user);

/* --- quarantine: blobs that cannot be judged with the records that are here, in the order in which
 * they came --- */
typedef struct zks__store_quarantined {
    uint64_t number; /* given out by add, ascending; 0: the blob was there already */
    int64_t r;       /* row of the relay that it came from */
    uint8_t pusher[ZKS_DEVICE_ID_BYTES];
    uint8_t blob_id[ZKS_BLOB_ID_BYTES]; /* computed here, for add only: a relay's word would let it
                                           hide one blob behind another */
    int64_t since_ms;
    int told;
    zks__slice blob;
} zks__store_quarantined;
/* Sets number. ZKS_E_TOO_LARGE. */
ZKS_MUST_USE zks_status zks__store_quarantine_add(zks__store *s, uint32_t g,
                                                  zks__store_quarantined *row);
/* fn gets the first one behind `after` (blob borrowed), and its status is returned.
 * ZKS_E_NOT_FOUND: there is none. */
typedef zks_status (*zks__store_quarantine_fn)(const zks__store_quarantined *row, void *user);
ZKS_MUST_USE zks_status zks__store_quarantine_next(zks__store *s, uint32_t g, uint64_t after,
                                                   zks__store_quarantine_fn fn, void *user);
/* One that is not there: ZKS_OK, here and for remove. */
ZKS_MUST_USE zks_status zks__store_quarantine_update(zks__store *s, uint32_t g, uint64_t number,
                                                     int64_t since_ms, int told);
ZKS_MUST_USE zks_status zks__store_quarantine_remove(zks__store *s, uint32_t g, uint64_t number);
/* The oldest of that relay, where it has none the oldest of all; 0: it is empty. */
ZKS_MUST_USE zks_status zks__store_quarantine_oldest(zks__store *s, uint32_t g, int64_t r,
                                                     uint64_t *out_number);
/* Count and bytes of all; reads every row's head. */
ZKS_MUST_USE zks_status zks__store_quarantine_size(zks__store *s, uint32_t g, uint64_t *out_count,
                                                   uint64_t *out_bytes);

/* --- relays: everything that depends on a relay, for each (group, relay key) --- */
typedef struct zks__store_relay {
    int64_t r; /* row number */
    uint8_t key[32];
    uint8_t incarnation[ZKS_INCARNATION_BYTES]; /* zeros: never met */
    uint64_t read_cursor;                       /* contiguous, in this incarnation */
    uint64_t acked_n;                           /* own entries 1..acked_n are settled there */
    /* Digest of the records that this relay has from us; zeros: none. */
    uint8_t records_known[ZKS_RECORD_HASH_BYTES];
    int64_t retry_at_ms; /* Unix; not before */
    uint64_t asked_n;    /* what own entries up to here ask for was asked for there; 0: nothing */
    int64_t asked_ms;    /* since then, Unix */
} zks__store_relay;
/* Finds or adds. */
ZKS_MUST_USE zks_status zks__store_relay_get(zks__store *s, uint32_t g, const uint8_t key[32],
                                             zks__store_relay *out_relay);
ZKS_MUST_USE zks_status zks__store_relay_update(zks__store *s, const zks__store_relay *relay);
/* Own entries that a relay refused for good, with the reason. */
ZKS_MUST_USE zks_status zks__store_refused_add(zks__store *s, int64_t r, uint64_t n, uint32_t code);
/* How far a relay has our entries, where own_last (NULL: none) is the last blob that it names:
 * relay->acked_n, or less when it has lost some that can be sent again (it was restored from a
 * backup). */
ZKS_MUST_USE zks_status zks__store_own_lost(zks__store *s, uint32_t g,
                                            const zks__store_relay *relay, const uint8_t *own_last,
                                            uint64_t *out_n);
/* What a relay has said of our own blobs: an unknown one that it named as our last, when we
 * believed it, and up to where own blobs are to be read too. Zeros, INT64_MIN and 0: nothing. */
typedef struct zks__store_doubt {
    uint8_t blob_id[ZKS_BLOB_ID_BYTES];
    int64_t time_ms;
    uint64_t own_below; /* cursor; below 2^53 */
} zks__store_doubt;
ZKS_MUST_USE zks_status zks__store_doubt_get(zks__store *s, int64_t r, zks__store_doubt *out);
ZKS_MUST_USE zks_status zks__store_doubt_set(zks__store *s, int64_t r,
                                             const zks__store_doubt *doubt);
/* The key pinned for an address at first use. ZKS_E_NOT_FOUND. */
ZKS_MUST_USE zks_status zks__store_pin_get(zks__store *s, const char *address, uint8_t out_key[32]);
ZKS_MUST_USE zks_status zks__store_pin_set(zks__store *s, const char *address,
                                           const uint8_t key[32]);
/* --- claims: entries that another member has and this device has not. Of chains that this device
 * need not know: what does not exist must cost a claim at most --- */
typedef struct zks__store_claim {
    uint8_t author[ZKS_DEVICE_ID_BYTES], chain[ZKS_CHAIN_BYTES];
    uint64_t seq;
    uint8_t id[ZKS_ENTRY_ID_BYTES];
    uint8_t by[ZKS_DEVICE_ID_BYTES]; /* who claims it; read: one of those who do */
    int64_t since_ms;                /* Unix */
    uint32_t asked;                  /* rounds, for the caller */
    uint64_t asked_n;                /* the own entry that asked everyone for it; 0: none */
} zks__store_claim;
/* In a group; what two members claim counts twice. */
enum { ZKS_STORE_CLAIMS_MAX = 1024 };
/* There already, by the same: ZKS_OK. Of a full group the newest claim of who has most gives way:
 * *out_displaced, 1 or 0; ZKS_E_LIMIT: that would have been this one. So nobody takes another's
 * room. */
ZKS_MUST_USE zks_status zks__store_claim_add(zks__store *s, uint32_t g,
                                             const zks__store_claim *claim, int *out_displaced);
/* Sets since_ms, asked and asked_n, whoever claims it; asked UINT32_MAX drops the claim. */
ZKS_MUST_USE zks_status zks__store_claim_update(zks__store *s, uint32_t g,
                                                const zks__store_claim *claim);
/* Each once, whoever claims it. */
typedef zks_status (*zks__store_claim_fn)(const zks__store_claim *claim, void *user);
ZKS_MUST_USE zks_status zks__store_claims_each(zks__store *s, uint32_t g, zks__store_claim_fn fn,
                                               void *user);
/* --- alarms: how often which was raised, ever; the kinds stand in the file --- */
enum {
    ZKS_STORE_ALARM_GAP = 1,
    ZKS_STORE_ALARM_EXPIRED = 2,
    ZKS_STORE_ALARM_WITHHELD = 3,
    ZKS_STORE_ALARM_FORK = 4,
    ZKS_STORE_ALARM_UNVERIFIED = 5,
    ZKS_STORE_ALARM_NEW_CHAIN = 6,
    ZKS_STORE_ALARM_REJECTED = 7,
    ZKS_STORE_ALARM_LATE = 8,
    ZKS_STORE_ALARMS = 9 /* size of an array by kind; nothing stands at 0 */
};
ZKS_MUST_USE zks_status zks__store_alarms_get(zks__store *s, uint32_t g,
                                              uint64_t out[ZKS_STORE_ALARMS]);
ZKS_MUST_USE zks_status zks__store_alarm_set(zks__store *s, uint32_t g, unsigned kind,
                                             uint64_t count);
/* When this device last told its heads, Unix ms; INT64_MIN: never. */
ZKS_MUST_USE zks_status zks__store_heads_get(zks__store *s, uint32_t g, int64_t *out_time_ms);
ZKS_MUST_USE zks_status zks__store_heads_set(zks__store *s, uint32_t g, int64_t time_ms);
/* Since when the group's newest epoch is known here, Unix ms; ZKS_E_NOT_FOUND: another one was
 * noted last, or none. */
ZKS_MUST_USE zks_status zks__store_tip_get(zks__store *s, uint32_t g, const uint8_t hash[32],
                                           int64_t *out_time_ms);
ZKS_MUST_USE zks_status zks__store_tip_set(zks__store *s, uint32_t g, const uint8_t hash[32],
                                           int64_t time_ms);
/* The bytes of the entry (c, seq), own or received, newest first, until fn stops with a status
 * (ZKS_E_LIMIT is turned into ZKS_OK); of own ones own_n is set. Reads much where it is not there:
 * for rare questions. */
ZKS_MUST_USE zks_status zks__store_entry_each(zks__store *s, uint32_t g, int64_t c, uint64_t seq,
                                              zks__store_item_fn fn, void *user);

/* How many relays are to get the group's entries, until the store is closed; 0 without this call.
 */
ZKS_MUST_USE zks_status zks__store_expect_relays(zks__store *s, uint32_t g, size_t relays);

/*
 * Drops, in small steps, bytes that nobody needs: own entries settled at every relay row of the
 * group and read by the app, and received items at or below the watermark, as long as more than
 * keep_bytes of them are kept; and own entries past their time to live. Ids in the history stay.
 * *out_more: there is more to do. A group without a relay row, or with fewer than
 * zks__store_expect_relays says, has nothing settled: a relay that was never met has no row. An
 * ended entry stays while the place of an own entry at or before it is unread in the inbox.
 */
ZKS_MUST_USE zks_status zks__store_prune(zks__store *s, uint32_t g, uint64_t keep_bytes,
                                         int64_t now_ms, int *out_more);

#endif
