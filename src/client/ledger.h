/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A ledger: one group of one device as the storage thread sees it. It joins the store's rows with
 * keys, records and history: seals what is pushed, opens and judges what is received, and numbers
 * both. All functions run on the storage thread, inside a transaction unless they say otherwise.
 *
 * What a ledger keeps in memory (history, tips, numbers) follows the file: after a rollback it is
 * read again (zks__ledger_reload).
 */
#ifndef ZKS_CLIENT_LEDGER_H
#define ZKS_CLIENT_LEDGER_H

#include "base/buf.h"
#include "client/client.h"
#include "client/storage.h"
#include "group/blob.h"
#include "group/keys.h"
#include "pairing/pairing.h"
#include "record/set.h"
#include "session/session.h"
#include "store/store.h"
#include "wire/messages.h"

typedef struct zks__ledger zks__ledger;

/* What a client needs to know of its group on the other threads; fixed once opened. */
typedef struct zks__identity {
    uint8_t group_id[ZKS_GROUP_ID_BYTES];
    bool restoring;            /* R of a paired group is in the store */
    uint8_t suite, mode;       /* ZKS_GROUP_MODE_* */
    zks__device_keys device;   /* secret */
    zks__session_keys session; /* the statics of device, as sessions take them; secret */
    uint8_t secret[32];        /* R of a shared group; secret */
    char descriptor[160];
    char device_name[ZKS_DEVICE_NAME_MAX_BYTES + 1];
} zks__identity;

enum { ZKS_LEDGER_PROBLEM_BYTES = ZKS_STORE_PROBLEM_BYTES };

/* A group that pairing gave; borrowed during the opening. */
typedef struct zks__ledger_join {
    uint8_t suite, mode;
    uint8_t group_id[ZKS_GROUP_ID_BYTES];
    uint8_t instance[ZKS_INSTANCE_BYTES]; /* of the device's keys, as the MEMBER has them */
    const char *device_name;              /* as the inviter was told */
    const zks__pair_bundle *bundle;
    const char *relay; /* the one in use, as configured, and its key, which the pairing proved */
    uint8_t relay_key[32];
} zks__ledger_join;

typedef struct zks__ledger_config {
    zks__storage *storage;
    zks__vault *vault;            /* holds the ledger, which is full of secrets */
    zks__store *store;            /* open already: the ledger takes it over, also when it fails */
    const char *path;             /* where store is NULL; NULL: in memory */
    const uint8_t *secret;        /* 32 bytes, NULL: the store's only group */
    const zks__ledger_join *join; /* instead of a secret, which it may hold; NULL: none */
    uint8_t suite;                /* of the group that the secret makes; 0: the default */
    /* ZKS_GROUP_MODE_*, of it; 0: shared. Paired: the secret is R, makes a new group and is not
     * kept here: the caller may show it as a recovery code. */
    uint8_t mode;
    /* The paired group of that R exists: this device joins it by it. R is kept in the store until
     * zks__ledger_forget_seed. */
    bool restore;
    const zks__master_key *store_key; /* NULL: the store has none */
    bool must_be_new; /* a secret just made: on a store with a group it would start a second one */
    const char *descriptor;
    const char *device_name; /* NULL: unchanged */
    zks__rng rng;
    zks__clock clock;
    const zks__log *log;
} zks__ledger_config;

/* Not inside a transaction. Opens the store and the group in it, creating both where they are
 * missing. ZKS_E_STORE_GROUP: no secret was given and the store holds no group, or several;
 * ZKS_E_STORE_KEY: as zks__keyring_open; the codes of zks__store_open. */
ZKS_MUST_USE zks_status zks__ledger_open(const zks__ledger_config *config,
                                         char problem[ZKS_LEDGER_PROBLEM_BYTES],
                                         zks__ledger **out_ledger);
/* Not inside a transaction. NULL is fine. */
void zks__ledger_close(zks__ledger *l);
zks__store *zks__ledger_store(const zks__ledger *l);
/* Not inside a transaction: another key for the store's secrets. */
ZKS_MUST_USE zks_status zks__ledger_change_store_key(zks__ledger *l, const zks__master_key *key);
/* A mark for the storage thread's own use while it plans a transaction. */
bool zks__ledger_marked(const zks__ledger *l);
void zks__ledger_mark(zks__ledger *l, bool on);
/* The transaction was rolled back: what is in memory is no longer true. on_relay: work for the
 * connection was in it, which makes the relay stale. NULL is fine. */
void zks__ledger_rolled_back(zks__ledger *l, bool on_relay);
/* Outside a transaction: reads the state again if it was rolled back. A failure is kept and
 * answered by later calls. */
void zks__ledger_reload(zks__ledger *l);
/* Not inside a transaction. All that the relay has of the records is here: a restored group needs R
 * no longer, if the tip's secret could be had. Of others nothing. */
ZKS_MUST_USE zks_status zks__ledger_forget_seed(zks__ledger *l);
void zks__ledger_identity(const zks__ledger *l, zks__identity *out);

/* --- own entries --- */
typedef struct zks__sealed {
    uint64_t n;
    uint32_t ttl_s;
    uint8_t id[ZKS_ENTRY_ID_BYTES];     /* of the entry: the same however often it is sealed */
    uint8_t blob_id[ZKS_BLOB_ID_BYTES]; /* of the blob: what relays know it by */
    zks__buf *blob;
} zks__sealed;
/* Seals and stores one entry: `body` (made by zks__blob_buffer) becomes the blob in place. sign:
 * the last of its transaction; every 256th is signed anyway. */
ZKS_MUST_USE zks_status zks__ledger_push(zks__ledger *l, zks__buf *body, uint32_t ttl_s, bool sign,
                                         zks__sealed *out);
/* Own entries behind `after` that are not expired, about max_bytes of them; each gets a new
 * reference. *out_count of at most max_count. */
ZKS_MUST_USE zks_status zks__ledger_outbox(zks__ledger *l, uint64_t after, uint32_t max_bytes,
                                           size_t max_count, zks__sealed *out, size_t *out_count);
/* The id of own entry n. ZKS_E_NOT_FOUND: there is none any more. */
ZKS_MUST_USE zks_status zks__ledger_own_id(zks__ledger *l, uint64_t n,
                                           uint8_t out_id[ZKS_ENTRY_ID_BYTES]);
uint64_t zks__ledger_last_n(const zks__ledger *l);
/* Highest own entry that a relay has acknowledged. */
uint64_t zks__ledger_inboxed_n(const zks__ledger *l);
uint64_t zks__ledger_last_seq(const zks__ledger *l);
uint64_t zks__ledger_watermark(const zks__ledger *l);
/* Sealed bytes of the own entries behind after_n. */
ZKS_MUST_USE zks_status zks__ledger_pending(zks__ledger *l, uint64_t after_n, uint64_t *out_bytes);
/* Received and not yet acknowledged by the app. */
ZKS_MUST_USE zks_status zks__ledger_unread(zks__ledger *l, uint64_t *out_count,
                                           uint64_t *out_bytes);

/* What records that were added have changed. */
typedef struct zks__records_taken {
    size_t count;   /* of new ones */
    bool moved;     /* another epoch is sealed for from now on */
    uint32_t epoch; /* its number then */
    bool forked; /* devices have removed each other, which only the recovery code settles; once */
} zks__records_taken;

/* --- the relay in use: one at a time --- */
/*
 * What is stored about the relay in use is kept in the ledger from zks__ledger_relay_load on. After
 * a rollback of work for it, or of records from it, or when members are missing, it is stale: work
 * for that connection is skipped (out flags say so) until the next load, so that nothing can move a
 * cursor past what was not stored.
 */
typedef struct zks__relay_state {
    zks__store_relay row;
    bool attach;              /* this relay may lack our records */
    zks__records_taken taken; /* welcome */
    bool changed;             /* another key is pinned for this address: ZKS_E_RELAY_KEY_CHANGED */
    bool stale;               /* skipped */
    /* settle: place of entry n in the inbox log, and the first that got one; 0: all had one before
     */
    uint64_t settled_seq, settled_first;
    uint64_t pending_bytes;         /* welcome: sealed bytes that this relay lacks */
    uint64_t last_n;                /* welcome: of this device; a new chain begins with an entry */
    uint8_t chain[ZKS_CHAIN_BYTES]; /* welcome: the new one, where rewound */
    bool rewound;  /* welcome: the store is older than what this device has sent; a new chain has
                      begun */
    bool pull_own; /* welcome: own blobs are to be read too */
} zks__relay_state;
/* For a relay's key shown under an address: pins it at first use. expected: the key named in the
 * address, or NULL. */
ZKS_MUST_USE zks_status zks__ledger_relay_load(zks__ledger *l, const char *address,
                                               const uint8_t *expected, const uint8_t key[32],
                                               zks__relay_state *out);
ZKS_MUST_USE zks_status zks__ledger_trust(zks__ledger *l, const char *address,
                                          const uint8_t key[32]);
/* WELCOME: records, incarnation, own_last. */
ZKS_MUST_USE zks_status zks__ledger_welcome(zks__ledger *l, const zks__welcome *w,
                                            zks__relay_state *out);
/* Own entries up to n are at this relay: stored with it, and given their place in the inbox log. */
ZKS_MUST_USE zks_status zks__ledger_settle(zks__ledger *l, uint64_t n, zks__relay_state *out);
/* Whether it has all records that are here; WELCOME says yes. */
ZKS_MUST_USE zks_status zks__ledger_relay_knows(zks__ledger *l, bool all);
ZKS_MUST_USE zks_status zks__ledger_refused(zks__ledger *l, uint64_t n, uint32_t code);

/* --- what is told once --- */
typedef struct zks__notice {
    struct zks__notice *next;
    int32_t event; /* ZKS_EVENT_* */
    uint8_t author[ZKS_DEVICE_ID_BYTES], chain[ZKS_CHAIN_BYTES];
    uint64_t first, last;
} zks__notice;
/* In their order. There are never more than held entries, claims and chains; zeroed: empty. */
typedef struct zks__notices {
    size_t count;
    zks__notice *first, *last;
} zks__notices;
/* ZKS_E_NOMEM: nothing was added. */
ZKS_MUST_USE zks_status zks__notices_add(zks__notices *to, int32_t event,
                                         const uint8_t author[ZKS_DEVICE_ID_BYTES],
                                         const uint8_t chain[ZKS_CHAIN_BYTES], uint64_t first,
                                         uint64_t last);
/* Moves all of `from` behind those of `to`; needs no memory. */
void zks__notices_append(zks__notices *to, zks__notices *from);
/* There is one. */
void zks__notices_drop_first(zks__notices *n);
void zks__notices_done(zks__notices *n);
/* How often each kind of alarm was raised, by ZKS_STORE_ALARM_*. */
void zks__ledger_alarms(const zks__ledger *l, uint64_t out[ZKS_STORE_ALARMS]);

/* --- received --- */
typedef struct zks__received {
    uint64_t last_seq; /* of the inbox log afterwards */
    uint64_t delivered, duplicates, rejected, held;
    uint64_t held_now; /* afterwards, of the whole ledger, with what is in quarantine */
    uint64_t unread_count, unread_bytes;
    zks_status reject_status;                   /* of the last rejected one */
    uint8_t reject_sender[ZKS_DEVICE_ID_BYTES]; /* of it, as the relay claims */
    uint64_t last_n;   /* of this device: a new chain begins with an entry */
    bool counted;      /* what is said about "afterwards" and unread is known */
    bool stale;        /* skipped, see above */
    bool need_records; /* what came cannot be judged with the records that are here: come again */
    zks__notices notices; /* gaps, forks and the like: to be told once this is committed. The caller
                           * takes them or calls zks__notices_done, also after a failure */
    uint64_t alarms[ZKS_STORE_ALARMS]; /* zks__ledger_alarms afterwards */
    uint64_t resealed;   /* entries of others, or own ones, sealed again for who misses them */
    bool look_elsewhere; /* tick: something is missing; another relay may have it */
} zks__received;
/* Stores the blobs of a message and moves the relay's cursor to `contiguous`. What cannot be judged
 * yet goes into quarantine, and what is there is judged again where records have come since. */
ZKS_MUST_USE zks_status zks__ledger_receive(zks__ledger *l, const zks__blobs *b,
                                            zks__received *out);
/* Time passes: the quarantine, as in zks__ledger_receive, and gaps and unverified entries that are
 * due. caught_up: all that the relay has is here;
 * otherwise nothing is due, since what is waited for may be there (a device that was away would
 * report a gap that its next connection fills). *out_next_ms: Unix, when to call again
 * (INT64_MAX: not for this). */
ZKS_MUST_USE zks_status zks__ledger_tick(zks__ledger *l, bool caught_up, zks__received *out,
                                         int64_t *out_next_ms);
/* Adds what verifies. Records that do not verify are skipped and logged. The next receive or tick
 * judges what is in quarantine with them. */
ZKS_MUST_USE zks_status zks__ledger_records(zks__ledger *l, zks__wire_list records,
                                            zks__records_taken *out);

/* --- epochs: ledger_rotation.c --- */
/* The keys of a recovery code; in the vault. */
typedef struct zks__recovery {
    zks__group_root root;
    uint8_t seal_seed[ZKS_SEAL_SEED_BYTES];
} zks__recovery;
typedef struct zks__epoch_wish {
    const uint8_t *device;         /* to be removed; NULL: none, for fresh keys */
    uint8_t reason;                /* zks__removal_reason */
    const zks__recovery *recovery; /* signs with the root key; NULL: this device signs */
} zks__epoch_wish;
typedef struct zks__epoch_made {
    zks__buf *record; /* the caller's; NULL: the device is removed already */
    uint32_t number;  /* of the EPOCH, or of the tip */
    bool on_tip;      /* false: it undoes EPOCHs, and is no compare-and-swap */
    bool forked;      /* two devices have removed each other, and root has not settled it */
} zks__epoch_made;
/*
 * Makes an EPOCH that removes the device, and on the tip also whom a losing EPOCH had removed and
 * who has left; nothing is stored. It is in force once a relay has taken it and it came back
 * through zks__ledger_records. With the recovery code, which beats every other EPOCH, storing it is
 * enough; there it is made also when the device is removed already, since that settles a fork.
 * ZKS_E_UNSUPPORTED: a shared group; ZKS_E_NOT_MEMBER: without the right ADMIN;
 * ZKS_E_DEVICE_REVOKED: this device is removed; ZKS_E_INVALID: the device is this one, which leaves
 * by a LEAVE; ZKS_E_NOT_FOUND: a stranger; ZKS_E_UNKNOWN_EPOCH: this device has not got the tip's
 * secret yet; ZKS_E_WRONG_GROUP: another group's recovery code; ZKS_E_CONFLICT: this device stays
 * removed, since who removed it stays a member.
 */
ZKS_MUST_USE zks_status zks__ledger_make_epoch(zks__ledger *l, const zks__epoch_wish *wish,
                                               zks__epoch_made *out);
/* A LEAVE of this device; the caller owns *out_record. NULL: it has left already. */
ZKS_MUST_USE zks_status zks__ledger_make_leave(zks__ledger *l, zks__buf **out_record);
/* Whether it is this device's turn to make an EPOCH without being asked: what a losing EPOCH had
 * removed, and who has left, is to be removed by the chain; or the tip is older than rotate_s. The
 * oldest ADMIN comes first, the others wait longer. Else lowers *out_next_ms (Unix) to the time at
 * which it may be. */
ZKS_MUST_USE zks_status zks__ledger_epoch_due(zks__ledger *l, uint32_t rotate_s, bool *out_due,
                                              int64_t *out_next_ms);

/* --- the app's side of the inbox --- */
/* The items behind after_seq, opened. flags: ZKS_READ_*. An empty batch is possible. */
ZKS_MUST_USE zks_status zks__ledger_read(zks__ledger *l, uint64_t after_seq, uint32_t max_count,
                                         uint32_t max_bytes, uint32_t flags, zks_batch **out_batch);
ZKS_MUST_USE zks_status zks__ledger_acknowledge(zks__ledger *l, uint64_t seq);
/* relays: how many are to have an own entry before it may go. */
ZKS_MUST_USE zks_status zks__ledger_prune(zks__ledger *l, uint64_t keep_bytes, size_t relays,
                                          bool *out_more);

/* --- joining (rule 7): what lies at or below the inviter's heads is not missing --- */
/* The body of a full HEADS (group/heads.h), own chains included, for one who joins; the caller
 * drops the buffer. Outside a transaction too. */
ZKS_MUST_USE zks_status zks__ledger_heads(zks__ledger *l, zks__buf **out_body);
/* Takes such a body as the base: chains that are unknown here begin behind their heads. The caller
 * vouches for it: it came from the inviter, authenticated. The errors of zks__heads_decode. */
ZKS_MUST_USE zks_status zks__ledger_base(zks__ledger *l, const uint8_t *body, size_t length);

/* --- letting a device in (pairing): ledger_invite.c --- */
/* What the device is let into, with these rights (0: all of this device). out->genesis points into
 * *out_genesis, which the caller drops. ZKS_E_UNAUTHORIZED: this device may not let others in, or
 * lacks one of these rights itself, as all of a shared group do. */
ZKS_MUST_USE zks_status zks__ledger_invitation(zks__ledger *l, uint8_t rights, zks__pair_group *out,
                                               zks__buf **out_genesis);
/* The key of a relay, named in its address or pinned at first use. ZKS_E_NOT_FOUND: none yet. */
ZKS_MUST_USE zks_status zks__ledger_relay_key(zks__ledger *l, const char *address,
                                              uint8_t out_key[32]);
/* What lets it in, to be put at a relay: nothing is stored. */
typedef struct zks__admission {
    uint8_t device[ZKS_DEVICE_ID_BYTES];
    size_t count;
    zks__buf *records[2]; /* its MEMBER; a GRANT of the tip's secret, but for EPOCH 0, which
                           * everybody has who joined */
} zks__admission;
/* From the device's half of its MEMBER and its name, UTF-8. In a shared group no records: the
 * device makes them. ZKS_E_UNAUTHORIZED as above; ZKS_E_UNKNOWN_EPOCH: this device has not got the
 * tip's secret yet; the codes of zks__record_make_member_issue and zks__profile_seal. */
ZKS_MUST_USE zks_status zks__ledger_admit(zks__ledger *l, zks__slice half, const char *name,
                                          zks__admission *out);
void zks__admission_done(zks__admission *a);
/* GRANTs of the tip's secret, to be put at a relay, for members that its EPOCH does not list since
 * they came in while it was made: whoever let one in grants, and whoever signed the EPOCH. Those
 * that do not fit come the next time. */
typedef struct zks__owed {
    size_t count;
    zks__buf *records[16];
} zks__owed;
ZKS_MUST_USE zks_status zks__ledger_owed(zks__ledger *l, zks__owed *out);
void zks__owed_done(zks__owed *o);
/* Everything of the group for that device, once its MEMBER is among the records: the content of
 * pairing's last message, full of secrets; the caller wipes and frees it. In a shared group its
 * secret and the relays, whatever the device. ZKS_E_NOT_MEMBER: it was
 * removed meanwhile; ZKS_E_UNKNOWN_EPOCH as above. */
ZKS_MUST_USE zks_status zks__ledger_bundle(zks__ledger *l,
                                           const uint8_t device[ZKS_DEVICE_ID_BYTES],
                                           const zks__pair_relay *relays, size_t relay_count,
                                           uint8_t **out_bundle, size_t *out_length);

/* --- membership, for HELLO and the device list: copies; outside a transaction too --- */
/* The records and their digest. The slices point into *out_bytes, which the caller frees with the
 * list. */
typedef struct zks__record_list {
    size_t count;
    /* How many of the first a HELLO takes: all, or where they are too many those that make this
     * device a member at a relay that knows nothing of the group yet. */
    size_t attached;
    size_t refused; /* messages of the others, by the relay in use */
    zks__slice *items;
    uint8_t *bytes;
    uint8_t digest[ZKS_RECORD_HASH_BYTES];
    uint8_t member[ZKS_RECORD_HASH_BYTES]; /* hash of this device's own */
} zks__record_list;
ZKS_MUST_USE zks_status zks__ledger_record_list(zks__ledger *l, zks__record_list *out);
void zks__record_list_done(zks__record_list *list);
typedef struct zks__device_entry {
    uint8_t id[ZKS_DEVICE_ID_BYTES];
    char name[ZKS_DEVICE_NAME_MAX_BYTES + 1];
    bool self, quiet;
    bool let_in; /* by a device; not: by the group's root */
    uint8_t inviter[ZKS_DEVICE_ID_BYTES];
    uint8_t rights;       /* ZKS_RIGHT_* */
    uint64_t not_after_s; /* Unix; 0: no end */
    uint64_t last_number; /* delivered, of its newest chain */
    int64_t seen_ms;      /* Unix, when an entry of it was last received here; 0: not since open */
} zks__device_entry;
/* The number of the epoch that is sealed for. */
uint32_t zks__ledger_epoch_number(const zks__ledger *l);
/* The caller frees *out_entries. */
ZKS_MUST_USE zks_status zks__ledger_devices(zks__ledger *l, zks__device_entry **out_entries,
                                            size_t *out_count);

#endif
