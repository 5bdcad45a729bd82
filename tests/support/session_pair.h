/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* For session tests: one side is a session whose events are counted and whose messages are kept
 * encoded; the other is a second such side or a bare link through which a test sends any bytes. */
#ifndef ZKS_TESTS_SESSION_PAIR_H
#define ZKS_TESTS_SESSION_PAIR_H

#include "session/record.h"
#include "tests/support/memory_link.h"

enum { HEARD_MAX = 4096 };

typedef struct side {
    zks__session *session;
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
    uint8_t *bytes; /* received */
    size_t length, size;
    int opened, closed;
    zks_status status;
} bare_end;

/* A session on that end of the pair. */
void side_start(side *s, memory_pair *p, int end, const struct zks__record_codec *codec);
void side_done(side *s);
void bare_start(bare_end *b, memory_pair *p, int end);
void bare_done(bare_end *b);
void bare_write(bare_end *b, const void *bytes, size_t length);
/* The bytes as one record. */
void bare_write_record(bare_end *b, const void *contents, size_t length);
/* The first message that the bare end received as a record of its own, decoded; false: none. */
bool bare_message(bare_end *b, size_t index, zks__message *out);

#endif
