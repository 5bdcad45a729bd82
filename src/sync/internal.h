/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The inside of the state machine: sync.c has the attempts, reading.c and writing.c the two
 * directions of a live one. */
#ifndef ZKS_SYNC_INTERNAL_H
#define ZKS_SYNC_INTERNAL_H

#include "sync/sync.h"

typedef enum phase {
    PHASE_IDLE = 0, /* offline, or waiting for retry_ms */
    PHASE_LINK,     /* CONNECT was given */
    PHASE_LOAD,     /* the link is ready, LOAD to give */
    PHASE_LOADING,
    PHASE_HELLO, /* HELLO to give */
    PHASE_WELCOME,
    PHASE_STORING_WELCOME,
    PHASE_LIVE,
    PHASE_CLOSING /* CLOSE was given, link_down to come */
} phase;

typedef struct in_flight {
    uint64_t n;
    uint32_t bytes;
    uint8_t blob_id[ZKS_BLOB_ID_BYTES];
} in_flight;

struct zks__sync {
    size_t relays, relay;
    int online, close_wanted;
    int left; /* CLOSE was given because the app went off line */
    uint64_t close_code;
    phase phase;
    uint32_t attempt, failures;
    uint64_t retry_ms, deadline_ms;
    int heard; /* the relay answered something since the deadline was set */
    uint32_t retry_after_ms, refusal;
    uint32_t records_due; /* RECORDS that WELCOME promised and that are not stored yet */
    /* Away from the first relay: back at home_at_ms (0: not set yet), after home_wait_ms of it */
    uint64_t home_at_ms, home_wait_ms;
    int moving; /* this link ends to go on at move_to */
    size_t move_to;
    uint64_t move_ms; /* not before so long */
    unsigned lacks;   /* times that a pusher's record was not here, and the last one */
    uint64_t lacked_ms;
    int visiting; /* here for what the first relay does not give */
    int homing;   /* the attempt under way is one to come back */
    int attach, attach_next,
        attached; /* own records with HELLO: now, in any case next time, was done */

    /* reading */
    uint64_t scanned;   /* contiguous, handed to the store */
    uint64_t committed; /* contiguous, committed */
    uint64_t acked;     /* told to the relay */
    uint64_t storing_bytes, consumed, consumed_told;
    int pull_wanted, pull_open, pull_own, inbox_full;
    int pull_idle;       /* the last answer promised more and brought nothing */
    uint64_t pull_at_ms; /* no PULL before */

    /* Questions whether all is here. PULL is the question, its last answer names the relay's head.
     */
    uint64_t asked;       /* the newest */
    uint64_t sent_asked;  /* the newest that the last PULL was sent behind */
    int pull_asks;        /* the open PULL is nothing but a question */
    uint64_t heard_asked; /* the newest that the relay has answered, and up to which cursor */
    uint64_t heard_cursor;
    uint64_t answered; /* the newest whose answer is committed */

    /* writing */
    uint64_t last_n, next_n;      /* durable here; next to send */
    uint64_t acked_n;             /* contiguous, acknowledged by the relay */
    uint64_t skip_n;              /* nothing left to send up to here, once the flight has landed */
    uint64_t settle_n, settled_n; /* given to store; stored */
    int settling, fetching, rewind;
    uint64_t push_at_ms;    /* no PUSH before; 0: at any time */
    uint32_t push_refusals; /* rounds refused one after the other */
    uint64_t flight_bytes, acked_bytes;
    size_t flight_first, flight_count;
    size_t flight_old; /* the first of them are sealed for an epoch that is over */
    in_flight flight[ZKS_SYNC_PUSH_WINDOW_COUNT];
};

/* Facts of an earlier attempt are ignored. */
static inline int zks__sync_is_stale(const zks__sync *s, uint32_t attempt)
{
    return attempt != s->attempt;
}

/* A relay's wish for patience, as far as it is heeded. */
static inline uint32_t zks__sync_patience(uint32_t retry_after_ms)
{
    return retry_after_ms < ZKS_SYNC_RETRY_AFTER_MAX_MS ? retry_after_ms
                                                        : ZKS_SYNC_RETRY_AFTER_MAX_MS;
}

/* reading.c; each answers whether there is an action. */
int zks__sync_poll_reading(zks__sync *s, uint64_t now, zks__action *a);
/* The PULL was refused: again, after a while. */
void zks__sync_pull_again(zks__sync *s, uint64_t at_ms);
/* The connection is gone: what it has not answered is asked of the next one. */
void zks__sync_ask_again(zks__sync *s);
/* writing.c */
int zks__sync_poll_settle(zks__sync *s, zks__action *a);
int zks__sync_poll_fetch(zks__sync *s, uint64_t now, zks__action *a);

#endif
