/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A group in a glass: devices, relays and the network between them in one process, under a virtual
 * clock, from a seed.
 *
 * Real: src/sync (the state machine of a connection), src/client/ledger*.c on an SQLite store in
 * memory, src/group, src/record, src/wire. Modelled: the client's glue between them (device.c does
 * what src/client/{connection,messages,blobs,progress,outbox}.c do), the relay (relay.c, after the
 * relay rules of docs/PROTOCOL.md), the network, the storage thread, and crashes: what was not
 * committed is gone, what is in memory is read again.
 *
 * A schedule is a list of actions made from a seed. After it everything is mended, time passes, and
 * what each app was given is compared with what each app has written (check.c). Nothing here
 * aborts: the first failure ends the run and is kept as a sentence, so that a schedule can be run
 * again with fewer actions.
 */
#ifndef ZKS_TESTS_SIM_SIM_H
#define ZKS_TESTS_SIM_SIM_H

#include "base/buf.h"
#include "client/ledger.h"
#include "sync/sync.h"
#include "tests/support/suite.h"
#include "wire/messages.h"

enum {
    SIM_DEVICES = 4,             /* of which a shared group uses three */
    SIM_SLOTS = SIM_DEVICES + 1, /* the last one is a copy of device 0 that runs beside it */
    SIM_COPY = SIM_DEVICES,
    SIM_RELAYS = 2,
    SIM_WORDS_MAX = 1024, /* what apps write in one schedule */
    SIM_ACTIONS_MAX = 96,
    SIM_JOBS_MAX = 64,
    SIM_LINKS_MAX = 16384,
    SIM_BLOBS_MAX = 4096,
    SIM_EPOCHS_MAX = 48,
    SIM_WANTS_MAX = 2048,
    SIM_RECORDS_MAX = 96
};

/* --- faults planted in the glue or the relay, to show that the checks find them --- */
typedef enum sim_mutation {
    SIM_SOUND = 0,
    SIM_HIGHEST_CURSOR,  /* progress is WELCOME's head */
    SIM_ONE_CURSOR,      /* one row for all relays */
    SIM_EARLY_ACK,       /* what was received counts as stored before the commit */
    SIM_SKIP_UNREADABLE, /* what waits for records is not kept */
    SIM_PUSH_ACK_CURSOR, /* PUSH_ACK moves the read cursor */
    SIM_REFUSED_IS_DONE, /* a refusal that passes counts as an acknowledgement */
    SIM_STALE_MEMORY,    /* after a rollback the ledger is not read again */
    SIM_REUSED_CURSORS,  /* a relay goes on behind its last cursor after a restart */
    SIM_HIDDEN_GAP,      /* events of the ledger are not passed on */
    SIM_LOST_NOTICE,     /* a transaction tells one alarm at most */
    SIM_GIVES_UP,        /* gaps are given up whether or not anybody was asked */
    /* --- of paired groups --- */
    SIM_SECRET_LEAKS, /* who is removed gets the new secret */
    SIM_NO_CUT_OFF,   /* who is removed goes on being heard */
    SIM_RECORDS_STAY, /* records are not carried from relay to relay */
    SIM_JUDGED_ONCE,  /* what waits for records is not looked at again */
    SIM_MUTATIONS
} sim_mutation;
const char *sim_mutation_name(sim_mutation m);

/* --- schedules --- */
typedef enum sim_kind {
    SIM_PUSH,            /* a: slot, b: how many */
    SIM_TIME,            /* passes: b seconds */
    SIM_ONLINE,          /* a: slot goes on or off line */
    SIM_BREAK,           /* a: the link of a slot breaks */
    SIM_CRASH,           /* a: slot; comes back after b seconds */
    SIM_STORE_FAILS,     /* a: the next transaction of a slot fails */
    SIM_SAVE,            /* a: a backup of a slot's store */
    SIM_RESTORE,         /* a: the slot goes back to it */
    SIM_COPY_STORE,      /* device 0's store is copied, and the copy runs too */
    SIM_RELAY_CRASH,     /* a: relay; comes back after b seconds */
    SIM_RELAY_SAVE,      /* a */
    SIM_RELAY_RESTORE,   /* a; b odd: with the restore command (a new incarnation) */
    SIM_RELAY_REFUSES,   /* a: refuses the next b pushes for now */
    SIM_RELAY_NOTIFY,    /* a: sends NOTIFY instead of live blobs, b times */
    SIM_PRUNE,           /* a: the app reads all, and the store drops what it may */
    SIM_REVOKE,          /* a: slot makes an EPOCH that removes device b, or none */
    SIM_DUEL,            /* a: slot does, and one that is cut off from it does so elsewhere */
    SIM_CUT,             /* a: slot cannot reach a relay for b seconds */
    SIM_RELAY_WITHHOLDS, /* a: keeps records back, b times, and not the blobs that need them */
    /* --- in schedules made by hand only --- */
    SIM_PUSH_MANY,   /* a: slot, b: how many, in one commit */
    SIM_RELAY_LOSES, /* a: relay, b: so many blobs in a row, but not its first */
    /* --- a relay that lies --- */
    SIM_EVIL_DROP,     /* a: relay drops one blob that it has acknowledged */
    SIM_EVIL_HIDE,     /* a: relay hides one blob from one device for ever */
    SIM_EVIL_REPLAY,   /* a: sends blobs again, out of turn */
    SIM_EVIL_FLIP,     /* a: changes a bit of a blob that it delivers */
    SIM_EVIL_SENDER,   /* a: delivers a blob under another sender */
    SIM_EVIL_SWAP,     /* a: swaps two blobs in the order of cursors */
    SIM_EVIL_HEAD,     /* a: its next WELCOMEs name a head of 2^64 - 1 */
    SIM_EVIL_OWN_LAST, /* a: its next WELCOMEs name a blob that nobody has made */
    SIM_EVIL_NOTIFY,   /* a: announces what is not there */
    SIM_EVIL_FORGET,   /* a: goes back to its backup and keeps its incarnation, though it runs */
    SIM_EVIL_HARBOR,   /* a: serves whom the group has removed, and takes blobs of any epoch */
    SIM_KINDS
} sim_kind;

typedef struct sim_action {
    uint8_t kind, a;
    uint16_t b;
    uint32_t delay_ms; /* after the one before */
} sim_action;

typedef struct sim_options {
    uint64_t seed;
    sim_mutation mutation;
    bool evil;   /* relays lie */
    bool paired; /* the group has epochs, and devices are removed */
    bool trace;  /* to standard error */
} sim_options;

typedef struct sim_result {
    bool failed;
    char text[512];
    /* What happened, so that a test can see that something did. */
    uint64_t stored, delivered, late, forks, gaps, rejected, chains, events, restores, withheld,
        quiet, resealed, epochs, removals, branches, forked, waited;
} sim_result;

/* --- a word: what an app has written; its number is the body --- */
typedef enum sim_word_state { SIM_WORD_FREE = 0, SIM_WORD_QUEUED, SIM_WORD_STORED } sim_word_state;
typedef struct sim_word {
    sim_word_state state;
    uint8_t slot;
    uint8_t chain[ZKS_CHAIN_BYTES];
    uint64_t seq;
    uint8_t id[ZKS_ENTRY_ID_BYTES];
    uint64_t n;    /* of its device's own entries */
    uint8_t early; /* bits of devices that a relay did not know when it deleted it */
} sim_word;

/* --- what the app of a slot has seen; part of its backups --- */
typedef struct sim_view {
    uint64_t last_seq; /* of the inbox log */
    uint8_t seen[SIM_WORDS_MAX];
    uint8_t late[SIM_WORDS_MAX]; /* flagged late or as a fork */
    uint64_t told[ZKS_STORE_ALARMS];
} sim_view;

typedef struct sim_gap {
    uint8_t author[ZKS_DEVICE_ID_BYTES], chain[ZKS_CHAIN_BYTES];
    uint64_t first, last;
    int32_t event;
} sim_gap;

typedef enum sim_job_kind {
    SIM_JOB_LOAD,
    SIM_JOB_WELCOME,
    SIM_JOB_SETTLE,
    SIM_JOB_REFUSED,
    SIM_JOB_FETCH,
    SIM_JOB_BLOBS,
    SIM_JOB_PUSH,
    SIM_JOB_TICK,
    SIM_JOB_RECORDS,
    SIM_JOB_EPOCH
} sim_job_kind;

/* Who wants an EPOCH, or has a record for the group. */
typedef enum sim_cause { SIM_CAUSE_APP, SIM_CAUSE_DUE, SIM_CAUSE_OWED } sim_cause;

typedef struct sim_offer {
    sim_cause cause;
    size_t device; /* whom the EPOCH removes; SIM_DEVICES and above: nobody */
    unsigned tries;
    zks__buf *bytes; /* of the message that is answered next */
} sim_offer;

typedef struct sim_job {
    sim_job_kind kind;
    uint32_t attempt;
    uint64_t number;
    uint32_t max_bytes, max_count, code;
    bool caught_up;
    size_t word, words; /* PUSH: numbers word.. of so many */
    zks__buf *bytes;    /* of the message */
    /* results */
    zks_status status;
    zks__relay_state state;
    zks__record_list records;
    zks__received received;
    uint64_t last_n;
    int64_t next_unix_ms;
    zks__sealed *sealed;
    size_t sealed_count;
    zks__records_taken taken;
    sim_offer offer;      /* EPOCH */
    zks__buf *made;       /* EPOCH */
    zks__owed owed;       /* TICK */
    bool may_rotate, due; /* TICK: it is this device's turn to make an EPOCH */
} sim_job;

typedef struct sim_world sim_world;

typedef struct sim_slot {
    sim_world *world;
    size_t index;
    zks__ledger *ledger; /* open for the whole program; its rows are replaced */
    uint8_t device_id[ZKS_DEVICE_ID_BYTES];
    void *fresh;  /* rows of a new store (sqlite3 *) */
    void *backup; /* the same, of SIM_SAVE */
    bool has_backup, running, online_wanted, fail_next, used;
    sim_view view, backup_view;
    int64_t skew_ms; /* of its clock */
    uint32_t life;   /* counts processes */
    zks__sync *sync;
    int link; /* -1: none */
    uint64_t timer_at, tick_at;
    bool ticking, tick_again, pumping, pump_again;
    uint32_t caught_up;  /* the last attempt that was */
    uint64_t here_since; /* caught up at its relay since then; UINT64_MAX: not */
    uint8_t incarnation[ZKS_INCARNATION_BYTES];
    zks__record_list records;
    uint64_t head; /* of the last WELCOME */
    sim_job jobs[SIM_JOBS_MAX];
    size_t job_count;
    bool job_waits;
    size_t gap_count;
    sim_gap gaps[64];
    unsigned new_chains, restores;
    size_t plan;              /* 1 + whom it removes when it is at another relay; 0: nothing */
    uint64_t cut[SIM_RELAYS]; /* it cannot reach a relay until then */
    size_t offer_count;
    sim_offer offers[8]; /* answered in their order */
    bool rotating;       /* an EPOCH that nobody asked for; the next one not before: */
    uint64_t rotate_at;
    uint8_t gone; /* bits of devices that were removed when the last transaction ended */
    uint8_t spared[SIM_WORDS_MAX]; /* words that were here before their author was removed */
} sim_slot;

typedef struct sim_blob {
    uint64_t cursor, time_ms, expires_ms;
    uint8_t sender; /* slot of a device, never the copy's */
    uint8_t blob_id[ZKS_BLOB_ID_BYTES];
    zks__buf *bytes;
    uint8_t hidden_from; /* bits of devices */
    uint8_t flip, lie;   /* evil: delivered changed, or under another name */
    /* what is in it */
    uint8_t id[ZKS_ENTRY_ID_BYTES];
    uint8_t kind;
    int word; /* -1: none */
} sim_blob;

typedef struct sim_relay_rows {
    size_t count;
    sim_blob *blobs;
    uint64_t last;
    uint64_t acked[SIM_DEVICES];
    uint8_t own_last[SIM_DEVICES][ZKS_BLOB_ID_BYTES];
    uint8_t taken[SIM_WORDS_MAX]; /* words that it has had */
    size_t record_count;          /* of the set, when it was saved */
    size_t floor_count;
    struct {
        uint64_t at, cursor;
    } floors[64];
} sim_relay_rows;

typedef struct sim_push {
    int link;
    uint8_t blob_id[ZKS_BLOB_ID_BYTES];
    uint32_t ttl_s;
    zks__buf *bytes;
} sim_push;

typedef struct sim_relay {
    sim_world *world;
    size_t index;
    bool running;
    uint8_t key[32], incarnation[ZKS_INCARNATION_BYTES];
    uint32_t life;
    uint64_t start_unix_s;
    sim_relay_rows rows, saved;
    zks__records *set;
    bool has_saved;
    size_t push_count;
    sim_push pushes[256];
    bool commit_waits;
    unsigned refuses, notifies, heads, own_lasts, withholds;
    bool harbors;
    /* Bits of devices that are no members with the records which they brought: whom somebody let
     * in that they have removed, while the EPOCH that counts did not know of them. */
    uint8_t outsiders;
} sim_relay;

typedef struct sim_link {
    size_t slot, relay;
    uint32_t slot_life, relay_life, attempt;
    bool up;                      /* neither end has gone */
    bool hello, live, ended;      /* at the relay */
    uint64_t scanned;             /* at the relay: told up to here */
    uint64_t checked;             /* acknowledged and looked at by check.c */
    uint64_t to_relay, to_device; /* arrival of the last message each way */
} sim_link;

typedef enum sim_event_kind {
    SIM_EVENT_TO_RELAY,
    SIM_EVENT_TO_DEVICE,
    SIM_EVENT_READY,
    SIM_EVENT_DOWN,
    SIM_EVENT_JOBS,
    SIM_EVENT_TIMER,
    SIM_EVENT_START,
    SIM_EVENT_COMMIT,
    SIM_EVENT_RELAY_START
} sim_event_kind;

typedef struct sim_event {
    uint64_t at, order;
    sim_event_kind kind;
    uint32_t life;
    int index; /* slot, relay or link */
    zks__buf *bytes;
} sim_event;

/* What a device has asked everyone for, at a relay. */
typedef struct sim_want {
    uint8_t device, chain[ZKS_CHAIN_BYTES];
    size_t relay;
    uint64_t first, last, at; /* since when the relay has it */
} sim_want;

/* An EPOCH that a device has made, whatever became of it. */
typedef struct sim_epoch {
    uint8_t hash[ZKS_RECORD_HASH_BYTES];
    uint8_t secret[ZKS_KEY_BYTES];
    uint8_t removed;             /* bits of devices */
    uint8_t seen[SIM_WORDS_MAX]; /* what its maker had then */
} sim_epoch;

struct sim_world {
    sim_options options;
    sim_result result;
    uint64_t now, random, order;
    bool mending; /* the last phase: no faults */
    sim_slot slots[SIM_SLOTS];
    sim_relay relays[SIM_RELAYS];
    size_t link_count;
    sim_link *links;
    size_t event_count, event_room;
    sim_event *events; /* a heap */
    size_t word_count;
    sim_word words[SIM_WORDS_MAX];
    bool copied;    /* two stores of one device have run, or a store went back */
    bool lost;      /* something that was acknowledged may be gone */
    bool harmed;    /* a relay keeps back, or has changed, what it has */
    bool went_back; /* a relay was restored from a backup */
    /* a relay refused a push and may have taken the next: until its author comes again that is a
     * gap */
    bool refused;
    uint64_t disturbed_at; /* when the last fault was, or something was refused */
    bool withheld;         /* a relay kept records back */
    uint8_t early;         /* bits of devices that a relay did not know when it deleted something */
    /* devices could not reach the same relay: one tells of what another has sent elsewhere */
    bool parted;
    size_t devices;
    uint8_t group_id[ZKS_GROUP_ID_BYTES];
    size_t want_count; /* SIM_WANTS_MAX: some may not be here */
    sim_want wants[SIM_WANTS_MAX];
    size_t epoch_count;
    sim_epoch epochs[SIM_EPOCHS_MAX];
};

extern const uint8_t sim_group_seed[32];

/* --- world.c --- */
/* Opens what all runs share. ZKS_OK or the failure. */
ZKS_MUST_USE zks_status sim_open(bool paired);
void sim_close(void);
/* Runs one schedule; *out says how it went. */
void sim_run(const sim_options *o, const sim_action *actions, size_t count, sim_result *out);
/* Fills actions (room for SIM_ACTIONS_MAX) from the seed; how many. */
size_t sim_schedule(const sim_options *o, sim_action *out);
void sim_print_action(const sim_action *a);

uint64_t sim_random(sim_world *w);
/* 0 .. below - 1 */
uint64_t sim_below(sim_world *w, uint64_t below);
bool sim_chance(sim_world *w, unsigned percent);
int64_t sim_unix_ms(const sim_world *w);
void sim_at(sim_world *w, uint64_t delay_ms, sim_event_kind kind, int index, uint32_t life,
            zks__buf *bytes);
#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
void sim_fail(sim_world *w, const char *format, ...);
#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
void sim_trace(sim_world *w, const char *format, ...);

/* --- network: world.c --- */
/* NULL: the run has failed. */
zks__buf *sim_encode(sim_world *w, const zks__message *m);
/* The number of a new link, which comes up later. */
int sim_link_open(sim_world *w, size_t slot, size_t relay, uint32_t attempt);
/* Both ends learn of it. */
void sim_link_close(sim_world *w, int link);
void sim_send(sim_world *w, int link, bool to_relay, const zks__message *m);

/* --- device.c --- */
void sim_slot_start(sim_slot *s);
/* Its process is gone: what was not committed is lost. */
void sim_slot_kill(sim_slot *s);
void sim_slot_push(sim_slot *s, size_t count);
void sim_slot_pump(sim_slot *s);
void sim_slot_ready(sim_slot *s, int link);
void sim_slot_down(sim_slot *s, int link);
void sim_slot_message(sim_slot *s, int link, const zks__message *m, zks__buf *bytes);
void sim_slot_timer(sim_slot *s);
/* --- offers.c --- */
/* Makes an EPOCH; device as in sim_offer. */
void sim_offers_epoch(sim_slot *s, sim_cause cause, size_t device);
/* A finished SIM_JOB_EPOCH. */
void sim_offers_made(sim_slot *s, const sim_job *j);
void sim_offers_owed(sim_slot *s, const zks__owed *owed);
bool sim_offers_may(const sim_slot *s);
/* The relay answers the first one. */
void sim_offers_answered(sim_slot *s, bool taken);
/* No answers come any more. */
void sim_offers_end(sim_slot *s);
/* --- jobs.c: the storage thread of a slot --- */
sim_job *sim_job_add(sim_slot *s, sim_job_kind kind);
void sim_jobs_run(sim_slot *s);
void sim_jobs_drop(sim_slot *s);
/* Rows of one store into another; what is in memory follows. to may be NULL: only into *into. */
void *sim_rows_save(sim_slot *s, void *into);
void sim_rows_load(sim_slot *s, void *from);
void sim_rows_free(void *rows);
/* device.c: what a finished job means. */
void sim_job_finished(sim_slot *s, sim_job *j);

/* --- relay.c --- */
void sim_relay_start(sim_relay *r, bool new_incarnation);
void sim_relay_kill(sim_relay *r);
void sim_relay_message(sim_relay *r, int link, const zks__message *m);
void sim_relay_commit(sim_relay *r);
void sim_relay_sweep(sim_relay *r);
void sim_relay_save(sim_relay *r);
void sim_relay_load(sim_relay *r);
void sim_relay_notify(sim_relay *r, uint64_t head);
/* Sends `count` blobs from the i-th on, unasked, to a link. */
void sim_relay_replay(sim_relay *r, int link, size_t i, size_t count);
void sim_relay_done(sim_relay *r);

/* --- relay_records.c --- */
static inline size_t sim_device_of(const sim_world *w, int link)
{
    size_t slot = w->links[link].slot;
    return slot == SIM_COPY ? 0 : slot;
}
bool sim_relay_knows(const sim_relay *r, size_t device);
void sim_relay_hello(sim_relay *r, int link, const zks__hello *m);
void sim_relay_records(sim_relay *r, int link, const zks__records_message *m);
/* An EPOCH by root comes in. */
ZKS_MUST_USE zks_status sim_relay_settle(sim_relay *r, const uint8_t *record, size_t length);
/* What is to be said of a blob: 0, or why it is refused. */
uint32_t sim_relay_judge(sim_relay *r, int link, const zks__buf *blob);

/* --- members.c: paired groups --- */
/* Makes the MEMBER records of a paired group, in which devices have let each other in, out of those
 * that root has signed. */
ZKS_MUST_USE zks_status sim_members_make(zks__ledger **ledgers);
void sim_members_begin(const sim_world *w);
/* Opens a blob with any device's keys; the entry points into *out_copy, which the caller drops. */
ZKS_MUST_USE zks_status sim_members_open(const sim_world *w, size_t pusher, const zks__buf *blob,
                                         zks__buf **out_copy, zks__entry *out);
/* What a process alone has is gone with it: its secrets, and what it has done lately. */
void sim_members_forget(zks__ledger *l);
/* A device has made an EPOCH. */
void sim_members_made(sim_slot *s, const zks__buf *record);
/* A transaction has ended: who is removed now. */
void sim_members_note(sim_slot *s);
/* Whether a word may be given to a device, after what has been removed. */
bool sim_members_may(const sim_slot *s, size_t number);
/* Devices have removed each other, and nobody has settled it. */
bool sim_members_forked(const sim_slot *s);
/* By root, where devices have removed each other; whether there was something to settle. */
bool sim_members_settle(sim_world *w);
/* A member, as relay 0 knows it in the end. */
bool sim_members_live(const sim_world *w, size_t slot);
void sim_members_check(sim_world *w);

/* --- check.c --- */
/* The app of a slot reads what is new in its inbox. */
void sim_check_inbox(sim_slot *s);
/* Whether a device holds an entry that it cannot deliver yet. */
bool sim_holds(const sim_slot *s, const uint8_t *id);
/* A relay was told that all up to cursor is stored. */
void sim_check_ack(sim_world *w, int link, uint64_t cursor);
/* A device counts its own entries up to n as settled at the relay in use. */
void sim_check_settled(const sim_slot *s, uint64_t n);
void sim_check_notices(sim_slot *s, const zks__received *r);
/* Between two transactions: each alarm that was raised was told. */
void sim_check_alarms(sim_slot *s);
/* A relay has taken an entry of a device. */
void sim_check_taken(sim_world *w, size_t relay, size_t device, const zks__entry *e);
/* All are at the first relay, have all that it has and have sent all. */
bool sim_is_at_rest(const sim_world *w);
/* All is mended and quiet. */
void sim_check_end(sim_world *w);

#endif
