/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * For session tests: one side is a session whose events are counted and whose messages are kept
 * encoded; the other is a second such side or a bare end.
 *
 * A bare end is no session: it does the handshake with src/session's own code (or, raw, none), and
 * then a test sends through it whatever it likes, in records that are sealed rightly.
 */
#ifndef ZKS_TESTS_SESSION_PAIR_H
#define ZKS_TESTS_SESSION_PAIR_H

#include "session/handshake.h"
#include "session/receive.h"
#include "tests/support/memory_link.h"

enum { HEARD_MAX = 4096, PROLOGUE_PARTS = 6 };

typedef struct side {
    zks__session *session;
    zks__session_keys keys;
    uint64_t random; /* of the handshake; 0: another one in each run */
    const zks__noise_limits *limits;
    int ready, drained, closed;
    zks_status status;
    uint64_t code;
    char text[128];
    size_t count;                   /* messages heard */
    uint8_t *heard[HEARD_MAX];      /* encoded again from the struct */
    size_t heard_length[HEARD_MAX]; /* of each */
    size_t pause_every;             /* pauses at each so-manyth message; 0: never */
    size_t close_at;                /* closes at that message; 0: never */
    size_t paused;                  /* times */
    zks__buf *kept;                 /* a reference to the last backing */
    size_t kept_size;
} side;

typedef struct bare_end {
    zks__link *link;
    /* set before start */
    bool raw; /* no handshake: bytes only */
    bool acceptor;
    uint64_t random;        /* as in side */
    zks__session_keys keys; /* suite NULL: from the link's seed, or fresh */
    uint8_t prologue_flip;  /* number of the prologue's part, from 1, of which one bit is wrong */
    /* what came of it */
    zks__handshake *handshake;
    zks__handshake_result result;
    bool shaken; /* the handshake is complete */
    bool failed; /* it failed here, or a record did not open */
    zks_status why;
    zks__receiver receiver;
    unsigned shakes;    /* records of the handshake received */
    uint8_t seen[8192]; /* the first bytes received, as they came */
    size_t seen_length;
    /* received after the handshake: records with prefix, opened; raw: bytes as they came */
    uint8_t *bytes;
    size_t length, size;
    int opened, closed;
    zks_status status;
    uint64_t code;
} bare_end;

/* A session on that end of the pair; an acceptor's keys are signed with the link's key. */
void side_start(side *s, memory_pair *p, int end);
/* As start, with these keys, which live longer. */
void side_start_with(side *s, memory_pair *p, int end, const zks__session_keys *keys,
                     size_t key_count);
/* Forgets the messages heard. */
void side_forget(side *s);
void side_done(side *s);

void bare_start(bare_end *b, memory_pair *p, int end);
/* The events of a link that is to be given to a bare end, with it as user. */
zks__link_events bare_events(void);
void bare_done(bare_end *b);
/* Bytes as they are. */
void bare_write(bare_end *b, const void *bytes, size_t length);
/* One sealed record. */
void bare_write_record(bare_end *b, const void *contents, size_t length);
/* A stream of plain records, each with its prefix, as it has to look on the link: into out, which
 * has room for 16 bytes more per record. What is no whole record is copied as it is. */
size_t bare_seal(bare_end *b, const uint8_t *records, size_t length, uint8_t *out, size_t size);
/* The index-th message that the bare end received, decoded, where each is in a record of its own;
 * false: there is none. */
bool bare_message(const bare_end *b, size_t index, zks__message *out);

#endif
