/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The client's state machine: facts and the time go in, actions come out. Pure: no clock, no
 * randomness, no memory, no sockets; tests/sim runs whole groups of these under a virtual clock.
 *
 * The owner tells what happened (the functions named after facts), then calls zks__sync_poll until
 * it answers ZKS_ACTION_NONE, doing each action. An action that starts something ends with the fact
 * named at it. Each attempt to connect has a number (`attempt`): facts of an earlier attempt are
 * ignored.
 *
 * Rules that must hold (docs/PROTOCOL.md, client rules):
 *  - progress at a relay is contiguous, and only what the store has committed is acknowledged;
 *  - the numbers of own entries settled at a relay are contiguous too: a refusal that passes
 * rewinds;
 *  - a relay's word for how far history goes (head, u64::MAX) moves nothing;
 *  - a device that went to another relay comes back to the first: two devices that stay at
 *    different relays would never hear of each other.
 */
#ifndef ZKS_SYNC_SYNC_H
#define ZKS_SYNC_SYNC_H

#include "wire/messages.h"

enum {
    ZKS_SYNC_BACKOFF_FIRST_MS = 1000,
    ZKS_SYNC_BACKOFF_LAST_MS = 30000,
    ZKS_SYNC_JITTER_MS = 5000,
    ZKS_SYNC_RETRY_PUSH_MS = 1000,         /* after a refusal that passes and names no time */
    ZKS_SYNC_RETRY_PULL_MS = 1000,         /* the same for a PULL */
    ZKS_SYNC_PULL_IDLE_MS = 100,           /* after an answer that promised more and brought none */
    ZKS_SYNC_RETRY_AFTER_MAX_MS = 3600000, /* a relay's wish is heeded so far */
    ZKS_SYNC_WELCOME_MS = 10000,           /* from the link to WELCOME */
    ZKS_SYNC_ANSWER_MS = 60000,            /* to any sign of a relay that owes an answer */
    ZKS_SYNC_HOME_FIRST_MS = 5 * 60 * 1000,    /* at another relay until the first is tried again */
    ZKS_SYNC_HOME_LAST_MS = 60 * 60 * 1000,    /* the same, after many failures */
    ZKS_SYNC_VISIT_MS = 30 * 1000,             /* at a relay that was asked for what is missing */
    ZKS_SYNC_RECORDS_LAST_MS = 5 * 60 * 1000,  /* between two visits for records, at most */
    ZKS_SYNC_RECORDS_CALM_MS = 60 * 60 * 1000, /* after so long the first is at once again */
    ZKS_SYNC_PUSH_WINDOW_BYTES = 4 << 20,      /* sent and not yet acknowledged */
    ZKS_SYNC_PUSH_WINDOW_COUNT = 8192,
    ZKS_SYNC_PULL_BYTES = 1 << 20,
    ZKS_SYNC_PULL_COUNT = 1024,
    ZKS_SYNC_STORING_MAX_BYTES = 4 << 20 /* received and not yet committed: no further PULL */
};

typedef enum zks__sync_state {
    ZKS_SYNC_OFFLINE = 0, /* not wanted */
    ZKS_SYNC_CONNECTING,  /* until WELCOME is stored */
    ZKS_SYNC_CONNECTED,
    ZKS_SYNC_WAITING /* for the next attempt */
} zks__sync_state;

typedef enum zks__action_kind {
    ZKS_ACTION_NONE = 0,
    ZKS_ACTION_CONNECT, /* open a link to `relay`; then zks__sync_link_ready or link_down */
    ZKS_ACTION_CLOSE,   /* close the link with `code`; link_down follows */
    ZKS_ACTION_LOAD,    /* fetch what is stored about this relay; then zks__sync_loaded */
    ZKS_ACTION_HELLO,   /* send HELLO with `cursor` as resume point, all own records attached when
                           `flag` */
    ZKS_ACTION_SETTLE,  /* store that own entries up to `number` are settled; then zks__sync_settled
                         */
    ZKS_ACTION_ACK,     /* send ACK {cursor, consumed = number} */
    ZKS_ACTION_PULL, /* send PULL {after = cursor, max_bytes, max_count, ZKS_PULL_OWN when `flag`}
                      */
    ZKS_ACTION_FETCH /* send own entries after `number`, about max_bytes of them: zks__sync_pushed
                        for each, then zks__sync_fetched */
} zks__action_kind;

typedef struct zks__action {
    zks__action_kind kind;
    uint32_t attempt;
    size_t relay;
    uint64_t cursor, number;
    uint32_t max_bytes, max_count;
    uint64_t code;
    int flag;
} zks__action;

typedef struct zks__sync zks__sync;

/* relays: how many addresses the owner has, in order of preference. ZKS_E_NOMEM. */
ZKS_MUST_USE zks_status zks__sync_new(size_t relays, zks__sync **out_sync);
void zks__sync_free(zks__sync *s);

/* The next thing to do now. */
void zks__sync_poll(zks__sync *s, uint64_t now_ms, zks__action *out_action);
/* When poll must be called again though nothing happened; UINT64_MAX: never. */
uint64_t zks__sync_next_ms(const zks__sync *s);

/* --- what the app wants --- */
void zks__sync_set_online(zks__sync *s, int online, uint64_t now_ms);
/* The network changed, or a key was trusted: forget the backoff. */
void zks__sync_hurry(zks__sync *s, uint64_t now_ms);
/* Ends this attempt (CLOSE follows): the store failed, or the relay broke the rules. */
void zks__sync_close(zks__sync *s, uint64_t code);
/* Something is missing that this relay does not give: asks the next one, and comes back later.
 * Nothing happens where there is one relay, or no connection. */
void zks__sync_look_elsewhere(zks__sync *s);
/* The relay sent blobs of a pusher whose record is not here: closes, and comes again to the same
 * relay, whose WELCOME brings what it has. At once the first time, then later and later: a relay
 * that makes up pushers must not keep us busy. */
void zks__sync_lacks_records(zks__sync *s, uint64_t now_ms);
/* Own entries 1..last_n are durable here. */
void zks__sync_stored(zks__sync *s, uint64_t last_n);
/* Asks the relay whether there is more than what has come: on a live connection an entry may be on
 * its way that the relay already has. The number of the question, which all share that ask before
 * it goes out; the next relay is asked again when the connection ends first. */
uint64_t zks__sync_ask(zks__sync *s);
/* All that the relay had when the question was asked is committed here. It waits while the inbox is
 * full. */
int zks__sync_is_answered(const zks__sync *s, uint64_t question);
/* Unread bytes reached the limit (full 1), or fell below it: pulls and credit stop or go on. */
void zks__sync_inbox_full(zks__sync *s, int full);

/* --- the link --- */
void zks__sync_link_ready(zks__sync *s, uint32_t attempt, uint64_t now_ms);
/* `random`: 32 fresh random bits, for the jitter. retry_after_ms: the relay's wish, 0: none. */
void zks__sync_link_down(zks__sync *s, uint32_t attempt, zks_status status, uint32_t retry_after_ms,
                         uint32_t random, uint64_t now_ms);

/* --- storage answers --- */
typedef struct zks__sync_row {
    uint64_t read_cursor; /* contiguous, in the incarnation known here */
    uint64_t acked_n;
    int attach; /* the relay may lack our records */
} zks__sync_row;
void zks__sync_loaded(zks__sync *s, uint32_t attempt, const zks__sync_row *row);
/* WELCOME is processed and stored; row as it is in the relay's incarnation now. pull_own: also
 * fetch own blobs (the store is older than what the relay has seen from this device). */
void zks__sync_welcomed(zks__sync *s, uint32_t attempt, const zks__sync_row *row, int pull_own);
/* The blobs accepted by zks__sync_blobs up to `contiguous` are committed. */
void zks__sync_blobs_stored(zks__sync *s, uint32_t attempt, uint64_t contiguous, uint64_t bytes);
void zks__sync_settled(zks__sync *s, uint32_t attempt, uint64_t n);
/* One own entry went out in a PUSH; numbers in between do not exist any more. */
void zks__sync_pushed(zks__sync *s, uint64_t n, const uint8_t blob_id[ZKS_BLOB_ID_BYTES],
                      uint32_t bytes);
/* There are no own entries behind the last one sent up to n any more (expired, pruned): they count
 * as settled once all before them are. */
void zks__sync_skip(zks__sync *s, uint64_t n);
/* Another epoch is sealed for: what was refused for now need not wait any longer, nor what is in
 * flight when it comes back as STALE_EPOCH. */
void zks__sync_push_again(zks__sync *s);
/* The FETCH of this attempt has given all it could. */
void zks__sync_fetched(zks__sync *s, uint32_t attempt);

/* --- messages of the relay --- */
/* WELCOME came; not yet stored. ZKS_E_PROTOCOL: not expected now. */
ZKS_MUST_USE zks_status zks__sync_welcome(zks__sync *s, const zks__welcome *w);
/* One RECORDS with records in it is stored. Nothing is pulled before all that WELCOME promised are:
 * blobs are judged and opened with what the records say. */
void zks__sync_records(zks__sync *s, uint32_t attempt);
/* ZKS_OK: store these blobs, then zks__sync_blobs_stored. ZKS_E_STATE: ignore them (they begin
 * behind a gap, or come before WELCOME is stored; they will be pulled again). ZKS_E_PROTOCOL: the
 * relay breaks the rules, close. */
ZKS_MUST_USE zks_status zks__sync_blobs(zks__sync *s, const zks__blobs *b, uint64_t bytes);
void zks__sync_notify(zks__sync *s, const zks__notify *n);
/* Each result of a PUSH_ACK in turn. *out_n: the own entry that it settles or refuses, *out_code:
 * not 0 when it was refused for good. ZKS_E_PROTOCOL: it answers nothing that was sent. */
ZKS_MUST_USE zks_status zks__sync_push_result(zks__sync *s, const zks__push_result *r,
                                              uint64_t now_ms, uint64_t *out_n, uint32_t *out_code);
/* An ERROR about a message of ours (0: none). A PULL is made again later, without a PUSH there is
 * no going on, everything else is as zks__sync_refused. */
void zks__sync_error(zks__sync *s, uint8_t about, uint32_t code, uint32_t retry_after_ms,
                     uint64_t now_ms);
/* A BYE or a refusal: remembers when to come back; the link's end follows from the relay. */
void zks__sync_refused(zks__sync *s, uint32_t code, uint32_t retry_after_ms);

/* --- for reports and waiting operations --- */
zks__sync_state zks__sync_state_of(const zks__sync *s);
size_t zks__sync_relay(const zks__sync *s); /* the one in use or tried last */
uint32_t zks__sync_attempt(const zks__sync *s);
uint64_t zks__sync_settled_n(
    const zks__sync *s); /* own entries known to be at this relay and stored as such */
uint64_t zks__sync_retry_ms(const zks__sync *s); /* WAITING: when the next attempt starts */
uint64_t zks__sync_cursor(const zks__sync *s);
/* Bytes of own entries acknowledged, or refused for good, since the machine was made. */
uint64_t zks__sync_acked_bytes(const zks__sync *s);
/* Connected, and nothing is pulled, stored or announced that is not yet committed here. What the
 * relay has sent and what it will announce next moment is not known: see zks__sync_ask. */
int zks__sync_caught_up(const zks__sync *s);
/* The code of the last refusal of this attempt, 0: none. */
uint32_t zks__sync_refusal(const zks__sync *s);
/* Attempts that failed one after the other since the last success. */
uint32_t zks__sync_failures(const zks__sync *s);

#endif
