/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The inside of a ledger, for ledger*.c only. */
#ifndef ZKS_CLIENT_LEDGER_INTERNAL_H
#define ZKS_CLIENT_LEDGER_INTERNAL_H

#include "base/list.h"
#include "base/map.h"
#include "client/ledger.h"
#include "group/heads.h"
#include "group/history.h"

#include <zks/zks.h>

/* So often, and after so many bytes, an entry is signed: what others hold until then is bounded.
 */
enum { ZKS_SIGN_EVERY = 256, ZKS_SIGN_EVERY_BYTES = 4 << 20 };

struct zks__known_chain;

/* One author of entries: a member, or one that was. */
typedef struct zks__known_author {
    size_t chains;                   /* proven ones */
    struct zks__known_chain *newest; /* of them; NULL: none */
    int64_t seen_ms; /* Unix, when an entry was last delivered; 0: not since the ledger was read */
    bool quiet;      /* told */
    size_t named;    /* chains in the HEADS that is being made */
    int64_t late_ms; /* when something of a long gap was last asked for, or given up */
} zks__known_author;

/* One (author, chain); key of the map: author || chain. */
typedef struct zks__known_chain {
    zks__store_chain row;
    zks__known_author *of;
    bool proven;     /* something that its author signed has come, or it was made here */
    size_t held;     /* entries of it in the store */
    zks__node dirty; /* in the ledger's, when its tip or floor may have moved */
    bool expects;    /* there are expected ids of it in the store */
    bool untold;     /* it has grown since the last HEADS */
    /* the gaps in front of its covered entries: how they were asked for */
    uint64_t gap_last; /* the end of the first one */
    int64_t gap_since_ms;
    unsigned gap_asked; /* rounds */
    bool gap_due;       /* one would have been given up and was not asked for */
    bool late_came;     /* something that was given up has come since it was last gone through */
} zks__known_chain;

/* A delivered entry that is for this engine, not for the app. */
typedef struct zks__control {
    uint8_t kind, author[ZKS_DEVICE_ID_BYTES];
    zks__buf *body;
} zks__control;

/* An epoch whose secret is here; in the vault as long as the ledger lives. */
typedef struct zks__known_epoch {
    uint8_t hash[ZKS_RECORD_HASH_BYTES]; /* of its record; begins with its tag */
    uint8_t secret[ZKS_KEY_BYTES];
} zks__known_epoch;

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
    zks__group_root root;        /* secret */
    zks__device_keys device;     /* secret */
    uint8_t seed[ZKS_KEY_BYTES]; /* secret; R of a shared group, or of one that is restored */
    bool restoring;
    zks__map *epochs;              /* tag -> zks__known_epoch; secret */
    const zks__known_epoch *epoch; /* what is sealed now is sealed for it */
    zks__blob_key own_key;         /* of it; secret */
    zks__records *records;
    zks__history *history;
    zks__map *chains;      /* of zks__known_chain */
    zks__map *chain_rows;  /* the same by row */
    zks__map *authors;     /* of zks__known_author */
    zks__list dirty;       /* of zks__known_chain: to be saved in this transaction */
    bool chains_empty;     /* there may be some of which nothing is here any more */
    zks__map *blob_keys;   /* tag, pusher -> zks__blob_key; secret */
    zks__known_chain *own; /* the present own chain */
    uint32_t unsigned_run; /* own entries since the last signature */
    uint64_t unsigned_bytes;
    uint64_t next_ref;                 /* of held entries */
    uint64_t alarms[ZKS_STORE_ALARMS]; /* as in the store, where not changed */
    unsigned alarms_changed;           /* bits of kinds */
    uint64_t held_count;
    int64_t held_unix_ms; /* newest arrival of a held entry, as the clock said then */

    zks__store_relay relay;
    bool relay_valid;
    bool attached; /* HELLO brings the records */

    struct {
        uint64_t count, bytes;
        uint64_t judged;  /* the generation of the records that it was last judged with; 0: none */
        int64_t due_ms;   /* Unix, when something in it must be told or dropped */
        int64_t asked_ms; /* Unix, when records were last asked for */
    } quarantine;         /* ledger_quarantine.c */

    /* ledger_control.c; Unix ms */
    zks__control *controls; /* delivered and not worked off yet */
    size_t control_count, control_room, control_heads;
    int64_t heads_ms;     /* when HEADS was sent last */
    uint32_t heads_sent;  /* since the state was read */
    bool active;          /* something was said since then */
    int64_t listening_ms; /* caught up without a break since then; 0: not now */
    int64_t looked_ms;    /* when another relay was last asked for */
    uint64_t asking_n;    /* the last own entry that asks everyone; 0: not since reading */
    int64_t ahead_ms;     /* when a chain was last begun on a member's word */
    int64_t late_ms;      /* when something of a long gap was last asked for */
    int64_t resealed_ms;  /* when the present window began, and what was done in it */
    uint32_t resealed_own, resealed_others;

    uint8_t fork[2][ZKS_RECORD_HASH_BYTES]; /* kept and lost EPOCH of the one that was told */

    /* ledger_rotation.c */
    uint8_t tip[ZKS_RECORD_HASH_BYTES]; /* whose age is known; zeros: none */
    int64_t tip_ms;                     /* Unix, since when it is known here */
    uint32_t dice;                      /* thrown for each tip */
    int64_t reissue_ms; /* Unix, since when there is something to be removed again; 0: nothing */

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
bool zks__ledger_is_self(const zks__ledger *l, const uint8_t device[ZKS_DEVICE_ID_BYTES]);
int64_t zks__ledger_unix_ms(const zks__ledger *l);
/* ledger_chains.c */
ZKS_MUST_USE zks_status zks__ledger_chains_init(zks__ledger *l, const uint8_t seed[16]);
void zks__ledger_chains_done(zks__ledger *l);
/* A row that is in the store. */
ZKS_MUST_USE zks_status zks__ledger_know_chain(zks__ledger *l, const zks__store_chain *row,
                                               zks__known_chain **out);
/* NULL: nothing is known of it. */
zks__known_author *zks__ledger_find_author(const zks__ledger *l,
                                           const uint8_t author[ZKS_DEVICE_ID_BYTES]);
void zks__ledger_prove_chain(zks__known_chain *chain);
/* Whether a signed entry may be of a chain that is new here: an author has so many. */
bool zks__ledger_has_room_for_chain(const zks__ledger *l, const zks__entry *e);
/* Drops the chains of which nothing is here any more. */
ZKS_MUST_USE zks_status zks__ledger_sweep_chains(zks__ledger *l);
/* Finds or adds the row. */
ZKS_MUST_USE zks_status zks__ledger_chain(zks__ledger *l, const uint8_t author[ZKS_DEVICE_ID_BYTES],
                                          const uint8_t chain[ZKS_CHAIN_BYTES], bool own,
                                          zks__known_chain **out);
/* NULL: not known. */
zks__known_chain *zks__ledger_find_chain(const zks__ledger *l,
                                         const uint8_t author[ZKS_DEVICE_ID_BYTES],
                                         const uint8_t chain[ZKS_CHAIN_BYTES]);
zks__known_chain *zks__ledger_chain_by_row(const zks__ledger *l, int64_t c);
/* ledger_notices.c */
/* Adds to what receive or tick tells, and counts it. ZKS_E_NOMEM. */
ZKS_MUST_USE zks_status zks__ledger_notice(zks__ledger *l, int32_t event,
                                           const zks__store_chain *chain, uint64_t first,
                                           uint64_t last);
/* Counts what is told otherwise. kind: ZKS_STORE_ALARM_*. */
void zks__ledger_count_alarm(zks__ledger *l, unsigned kind, uint64_t more);
/* Into the store, before the transaction that has counted ends. */
ZKS_MUST_USE zks_status zks__ledger_save_alarms(zks__ledger *l);
ZKS_MUST_USE zks_status zks__ledger_read_alarms(zks__ledger *l);
/* Seals and stores an own entry that is for the engines of others; signed. There is an own chain.
 */
ZKS_MUST_USE zks_status zks__ledger_write(zks__ledger *l, uint8_t kind, zks__buf *body);
/* ledger_control.c: `by` claims that there is an entry which is not here. Logged where there is no
 * room. */
ZKS_MUST_USE zks_status zks__ledger_claim(zks__ledger *l, const uint8_t by[ZKS_DEVICE_ID_BYTES],
                                          const zks__head *head);
/* ledger_receive.c */
/* Opens a blob and hands its entry to the history. *out_why: why it cannot be, with the records
 * that are here; nothing has happened then. */
ZKS_MUST_USE zks_status zks__ledger_judge(zks__ledger *l, const zks__blob_item *item,
                                          zks__received *out, zks_status *out_why);
/* Counts and logs. */
void zks__ledger_reject(zks__ledger *l, const zks__blob_item *item, zks_status why,
                        zks__received *out);
/* ledger_quarantine.c */
/* For a blob that zks__ledger_judge cannot judge: into the quarantine where records may come that
 * change it, else it is rejected. */
ZKS_MUST_USE zks_status zks__ledger_quarantine(zks__ledger *l, const zks__blob_item *item,
                                               zks_status why, zks__received *out);
/* Judges what is in it again, if the records have changed. */
ZKS_MUST_USE zks_status zks__ledger_review(zks__ledger *l, zks__received *out);
/* Tells and drops what has been in it for too long, caught up: else its records may be on their
 * way. Lowers *out_next_ms. */
ZKS_MUST_USE zks_status zks__ledger_quarantine_tick(zks__ledger *l, bool caught_up,
                                                    zks__received *out, int64_t *out_next_ms);
ZKS_MUST_USE zks_status zks__ledger_quarantine_read(zks__ledger *l);
/* ledger_control.c */
ZKS_MUST_USE zks_status zks__ledger_note_control(zks__ledger *l, const zks__known_chain *chain,
                                                 const zks__entry *e);
ZKS_MUST_USE zks_status zks__ledger_take_controls(zks__ledger *l);
void zks__ledger_drop_controls(zks__ledger *l);
void zks__ledger_controls_done(zks__ledger *l);
/* Caught up: asks for what is missing, tells heads, notes who is silent. Lowers *out_next_ms. */
ZKS_MUST_USE zks_status zks__ledger_speak(zks__ledger *l, int64_t *out_next_ms);
/* Whether an entry is among those delivered at its seq. */
ZKS_MUST_USE zks_status zks__ledger_knows_id(zks__ledger *l, int64_t c, uint64_t seq,
                                             const uint8_t id[ZKS_ENTRY_ID_BYTES], bool *out_known);
/* An own entry that is for the engines of others, in a chain that is begun if need be. */
ZKS_MUST_USE zks_status zks__ledger_say(zks__ledger *l, uint8_t kind, const uint8_t *body,
                                        size_t length);
/* One head of zks__ledger_base. */
ZKS_MUST_USE zks_status zks__ledger_base_head(zks__ledger *l, const zks__head *head);
/* ledger_asking.c */
/* Caught up: asks for what is missing, and gives claims up. */
ZKS_MUST_USE zks_status zks__ledger_ask(zks__ledger *l, int64_t now, bool *out_waits);
/* Whether a gap that is due may be given up: zks__history_give_up_fn. */
bool zks__ledger_give_up(const zks__history_key *key, uint64_t first, uint64_t last, void *ledger);
/* The relay in use has taken the question n, an own entry. Whether its row has changed: it has not
 * while earlier questions may still be answered. */
bool zks__ledger_questions_taken(zks__ledger *l, uint64_t n);
/* A gap is given up: what of it was not asked for, since it is long, is asked for later. */
ZKS_MUST_USE zks_status zks__ledger_given_up(zks__ledger *l, zks__known_chain *chain,
                                             uint64_t first, uint64_t last);
/* Asks for a visit to another relay, not too often. */
void zks__ledger_look_elsewhere(zks__ledger *l, zks__received *out);
/* ledger_join.c; while opening: the group's row (ZKS_E_STORE_GROUP: the store has one already),
 * then, with its keys derived, what the bundle holds, then, with the state read, the heads.
 * ZKS_E_PROTOCOL: the bundle contradicts itself. */
ZKS_MUST_USE zks_status zks__ledger_join_group(zks__ledger *l, const zks__ledger_join *join);
ZKS_MUST_USE zks_status zks__ledger_join_keep(zks__ledger *l, const zks__ledger_join *join);
ZKS_MUST_USE zks_status zks__ledger_join_base(zks__ledger *l, const zks__ledger_join *join);
/* ledger_members.c */
/* A fork that is in the store was told. */
void zks__ledger_read_fork(zks__ledger *l);
/* ledger_epochs.c */
/* The secret of an EPOCH. ZKS_E_UNKNOWN_EPOCH: it is not here. */
ZKS_MUST_USE zks_status zks__ledger_epoch(zks__ledger *l, const zks__record *epoch,
                                          const zks__known_epoch **out);
/* The records have changed: from now on the newest epoch whose secret is here is sealed for.
 * *out_moved: it is another one than before. */
ZKS_MUST_USE zks_status zks__ledger_follow(zks__ledger *l, bool *out_moved);
/* Writes down which epochs this device has adopted. */
ZKS_MUST_USE zks_status zks__ledger_pin(zks__ledger *l);
/* For the epoch that the blob names; derived once for each epoch and pusher. ZKS_E_UNKNOWN_EPOCH,
 * the codes of zks__blob_epoch. */
ZKS_MUST_USE zks_status zks__ledger_blob_key(zks__ledger *l, const uint8_t *blob, size_t length,
                                             const uint8_t pusher[ZKS_DEVICE_ID_BYTES],
                                             const zks__blob_key **out);
/* Whether an entry counts in a blob of that epoch: its author was a member then and is not removed,
 * or the EPOCH that removed it vouches for the entry (docs/SECURITY.md, section 3, rule 12): it is
 * a cut-off head, or lies below one. Below one its signature is taken away, since the author can
 * still make another with a relay that helps: it counts when the head's chain leads to it.
 * ZKS_E_NOT_MEMBER. */
ZKS_MUST_USE zks_status zks__ledger_author_counts(zks__ledger *l, const zks__record *epoch,
                                                  zks__entry *e);
void zks__ledger_epochs_done(zks__ledger *l);
/* A new own chain that names the old tip. Queued entries of the old one stay as they are. */
ZKS_MUST_USE zks_status zks__ledger_new_chain(zks__ledger *l);
/* Reads what the store holds; ledger.c. */
ZKS_MUST_USE zks_status zks__ledger_read_state(zks__ledger *l);
void zks__ledger_forget_state(zks__ledger *l);
ZKS_MUST_USE zks_status zks__ledger_scratch(zks__ledger *l, const uint8_t *blob, size_t length);
void zks__ledger_verdict(const zks__verdict *v, void *ledger);
size_t zks__ledger_lookup(const zks__history_key *key, uint64_t seq,
                          uint8_t (*out_ids)[ZKS_ENTRY_ID_BYTES], void *ledger);

#endif
