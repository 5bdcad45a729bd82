/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What members tell each other of histories (docs/SECURITY.md, section 3, rules 4, 8, 10): the
 * bodies of HEADS and WANT entries, when to speak, and what a told head means. Pure; any thread.
 * Nothing allocates; decoded lists are borrowed from the body.
 *
 *   HEADS body = flags(1: 1 full) digest of the records(32) LEB count, count * HEAD
 *   HEAD       = author(32) chain(16) seq(8) id(32)
 *   WANT body  = round(1) LEB count, count * SPAN
 *   SPAN       = author(32) chain(16) first(8) last(8)
 *
 * Bytes behind that are ignored. A HEADS entry does not name its author's own tip: that is its own
 * seq and prev. A relay sees neither: both are entries like others, sealed and signed.
 */
#ifndef ZKS_GROUP_HEADS_H
#define ZKS_GROUP_HEADS_H

#include "base/bytes.h"
#include "wire/limits.h"

enum {
    ZKS_HEADS_MAX = 4096,       /* in one entry: 64 devices with as many chains; 352 KiB */
    ZKS_WANT_SPANS_MAX = 64,    /* in one entry */
    ZKS_WANT_ENTRIES_MAX = 256, /* that one span asks for */
    ZKS_HEADS_HEAD_BYTES = ZKS_DEVICE_ID_BYTES + ZKS_CHAIN_BYTES + 8 + ZKS_ENTRY_ID_BYTES,
    ZKS_WANT_SPAN_BYTES = ZKS_DEVICE_ID_BYTES + ZKS_CHAIN_BYTES + 16,
    ZKS_HEADS_FIXED_BYTES = 1 + ZKS_RECORD_HASH_BYTES + 2, /* with the longest count */
    ZKS_HEADS_FULL_EVERY = 32,
    /* Speaking: a minute apart while there is something to tell, else as a sign of life. */
    ZKS_HEADS_ACTIVE_MS = 60 * 1000,
    ZKS_HEADS_IDLE_MS = 60 * 60 * 1000,
    /* A member that says nothing for two signs of life and some, to one who listens. */
    ZKS_HEADS_QUIET_MS = 2 * 60 * 60 * 1000 + 10 * 60 * 1000,
    /* Of what is missing: the author is asked, then everyone, then it is given up. */
    ZKS_WANT_FIRST_MS = 60 * 1000,
    ZKS_WANT_AGAIN_MS = 3 * 60 * 1000,
    ZKS_WITHHELD_MS = 10 * 60 * 1000
};

typedef struct zks__head {
    uint8_t author[ZKS_DEVICE_ID_BYTES], chain[ZKS_CHAIN_BYTES];
    uint64_t seq;
    uint8_t id[ZKS_ENTRY_ID_BYTES];
} zks__head;

typedef struct zks__heads {
    bool full; /* all chains, not only those that have grown */
    uint8_t digest[ZKS_RECORD_HASH_BYTES];
    size_t count;
    zks__reader list; /* decoded: for zks__heads_next */
} zks__heads;

typedef struct zks__want_span {
    uint8_t author[ZKS_DEVICE_ID_BYTES], chain[ZKS_CHAIN_BYTES];
    uint64_t first, last; /* seq */
} zks__want_span;

typedef struct zks__want {
    uint8_t round; /* 1: for the author; above: for everyone who has it */
    size_t count;
    zks__reader list; /* decoded: for zks__want_next */
} zks__want;

/* Writes the body of `h` with h->count heads. ZKS_E_TOO_LARGE: too many, or no room. */
ZKS_MUST_USE zks_status zks__heads_encode(const zks__heads *h, const zks__head *heads, uint8_t *out,
                                          size_t size, size_t *out_length);
/* ZKS_E_TRUNCATED, ZKS_E_MALFORMED (count not minimal, a seq 0), ZKS_E_TOO_LARGE (count). */
ZKS_MUST_USE zks_status zks__heads_decode(const uint8_t *body, size_t length, zks__heads *out);
/* The next head; false: the end. */
bool zks__heads_next(zks__heads *h, zks__head *out);

/* As above. ZKS_E_INVALID: round 0, or a span that ends before it begins. */
ZKS_MUST_USE zks_status zks__want_encode(const zks__want *w, const zks__want_span *spans,
                                         uint8_t *out, size_t size, size_t *out_length);
/* As above; ZKS_E_MALFORMED also for what zks__want_encode calls invalid. */
ZKS_MUST_USE zks_status zks__want_decode(const uint8_t *body, size_t length, zks__want *out);
bool zks__want_next(zks__want *w, zks__want_span *out);

/* When a HEADS entry is due, Unix ms; INT64_MIN: now. active: something other than HEADS and WANT
 * came or went since the last one. A clock that was set back makes it due. */
int64_t zks__heads_due(int64_t sent_ms, bool active, int64_t now_ms);

/* What a head that another member names means here. */
typedef enum zks__head_meaning {
    ZKS_HEAD_KNOWN = 0, /* delivered, or below what its author expects to be had */
    ZKS_HEAD_MISSING,   /* it should be here: ask for it */
    ZKS_HEAD_AHEAD      /* of an own chain that goes on here: the store is older than what this
                         * device has sent (rule 8) */
} zks__head_meaning;
/* own: the present own chain. known: the id is among those delivered at its seq. */
zks__head_meaning zks__head_judge(const zks__head *head, bool own, bool known, uint64_t tip_seq,
                                  uint64_t floor);
/* How often something missing since `since_ms` should have been asked for by now: 0, 1, 2; 3: it is
 * given up. */
unsigned zks__want_round(int64_t since_ms, int64_t now_ms);

#endif
