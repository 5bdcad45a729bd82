/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Every size, count, rate and time of the relay that a peer can influence, with its unit and its
 * reason. What the protocol fixes stands in src/wire/limits.h. Values that an operator may choose
 * are defaults here and options of the same name in config.c.
 */
#ifndef ZKS_RELAY_CORE_LIMITS_H
#define ZKS_RELAY_CORE_LIMITS_H

#include "wire/limits.h"

/* --- defaults of options (texts of them stand in config.c's table, so plain numbers) --- */

/* ms; from the link to HELLO: two round trips of the handshake and the way of HELLO. A link without
 * one costs about 60 KiB: long enough for a phone whose round trips take 5 s, no longer. */
#define ZKS_RELAY_HELLO_MS     15000
#define ZKS_RELAY_HANDSHAKE_MS 10000 /* ms; the same for the TLS handshake */
/* ms without a packet; clients keep alive well below it */
#define ZKS_RELAY_IDLE_MS      60000
#define ZKS_RELAY_SESSIONS     10000 /* links; at 50 KiB each 500 MiB */
#define ZKS_RELAY_SESSIONS_PER_ADDRESS                         \
    1024 /* links; a household or an office behind one address \
          */
/* the live one and the one that was lost and has not timed out */
#define ZKS_RELAY_SESSIONS_PER_DEVICE  2
#define ZKS_RELAY_SESSIONS_PER_GROUP   1024 /* as many as a group may have members */
/* live devices of a paired group: a household, an office */
#define ZKS_RELAY_DEVICES_PER_GROUP    64
#define ZKS_RELAY_GROUPS               100000 /* about 8 KiB of disk each before any blob */
/* new ones, of all peers together: who makes keys makes groups */
#define ZKS_RELAY_GROUPS_PER_MINUTE    600
/* live blobs on the way to a session; one blob of the largest size */
#define ZKS_RELAY_WINDOW_BYTES         1048576
/* blobs of one session; above what one disk takes: stops runaways */
#define ZKS_RELAY_PUSHES_PER_MINUTE    6000000
#define ZKS_RELAY_PULLS_PER_MINUTE     60000 /* messages of one session */
/* of one session waiting for the disk: four largest messages */
#define ZKS_RELAY_INFLIGHT_BYTES       4194304
/* of all sessions: what the process may grow by under load */
#define ZKS_RELAY_INFLIGHT_TOTAL_BYTES 67108864
/* s after all members have it; time for a restored device to ask */
#define ZKS_RELAY_ACKED_KEEP_S         86400
/* s; longest time to live. A device that is away for longer asks others */
#define ZKS_RELAY_TTL_S                604800
#define ZKS_RELAY_GROUP_QUOTA_BYTES    1073741824 /* of blobs; one group must not fill the disk */
/* Of a group's membership records, in memory while it is in use and on disk for good: more than one
 * member can fill (256 EPOCHs of 128 KiB and what else it may sign), far more than a group of 64
 * needs in years (an EPOCH of 75 KiB each month). */
#define ZKS_RELAY_GROUP_RECORDS_BYTES  67108864
/* of the database file; SQLite itself checks it */
#define ZKS_RELAY_DISK_BYTES           10737418240

/* Pairing codes, live and remembered ones, about 500 bytes each; a hundredth of the nameplates, so
 * that a guessed one is most likely free. */
#define ZKS_RELAY_MAILBOXES               8192
/* of one address, remembered ones included: an office that lets everybody in at once; one that
 * takes its share leaves the others theirs */
#define ZKS_RELAY_MAILBOXES_PER_ADDRESS   64
/* ms; a joiner that says nothing keeps others out so long */
#define ZKS_RELAY_MAILBOX_LOCK_MS         60000
/* of one address: a household that mistypes, not a scan of all nameplates */
#define ZKS_RELAY_MAILBOX_GETS_PER_MINUTE 20

enum {
    /* --- fixed --- */

    ZKS_RELAY_SUITES_MAX = 2, /* that a relay may serve: sessions of one suite need keys of it */
    ZKS_RELAY_MEMBER_IDLE_S = 30 * 24 * 3600, /* s; a device unseen for longer is not waited for */
    /* Refusals of a HELLO leave this long after it came, whatever was looked up: their time
     * tells nothing about whether the group or the member exists, and guessing is slow. ms */
    ZKS_RELAY_REFUSE_MS = 100,
    /* PULLs of a session that wait their turn; more are refused */
    ZKS_RELAY_PULLS_WAITING = 4,
    /* One BLOBS: a larger wish is cut. 64 KiB are left for what is around the blobs, up to 73
     * bytes each. */
    ZKS_RELAY_PULL_MAX_BYTES = 1 << 20,
    ZKS_RELAY_PULL_MAX_COUNT = 896,
    /* rows looked at for one PULL, own ones included, so that it ends soon */
    ZKS_RELAY_PULL_SCAN_MAX = 8192,
    /* A session that has more queued than this gets no further records, and no further answer to
     * a PULL, until it has drained. Above every link's low-water mark, so that `drained` follows.
     * bytes */
    ZKS_RELAY_QUEUED_MAX_BYTES = 512 << 10,
    /* A session that takes nothing and lets answers pile up (acknowledgements, errors) is
     * closed. bytes */
    ZKS_RELAY_QUEUED_HARD_BYTES = 8 << 20,
    ZKS_RELAY_MISTAKES_MAX = 64, /* ERROR answers of one session; then it is closed */
    /* parts in which records of a HELLO are tried that do not fit as a whole */
    ZKS_RELAY_HELLO_TRIES = 16,
    /* records inside WELCOME; the rest follows in RECORDS */
    ZKS_RELAY_WELCOME_RECORDS_BYTES = 256 << 10,
    /* of one RECORDS; a larger record goes alone */
    ZKS_RELAY_RECORDS_BYTES = 512 << 10,
    ZKS_RELAY_LAG_MS = 1000, /* how stale `contiguous` may get for a device that only sends; ms */
    /* acknowledged cursors are written this often: losing one costs a later deletion only */
    ZKS_RELAY_ACKS_MS = 1000,
    /* groups without sessions that stay in memory: their records are verified already */
    ZKS_RELAY_GROUPS_CACHED = 256,
    /* a code and a link at once, and the same again */
    ZKS_RELAY_MAILBOXES_PER_DEVICE = 4,
    ZKS_RELAY_MAILBOXES_PER_GROUP = 16,
    ZKS_RELAY_MAILBOX_FIRST_BYTES = 256, /* what waits for a joiner: a pairing's m0 has 50 bytes */
    /* one message of a joiner, whom nobody knows yet; bytes */
    ZKS_RELAY_MAILBOX_JOINER_BYTES = 8 << 10,
    ZKS_RELAY_MAILBOX_PUTS = 8, /* of each side in an attempt: a pairing has four and four */
    /* an inviter's mailbox outlives its session: time to change networks; ms */
    ZKS_RELAY_MAILBOX_AWAY_MS = 60000,
    ZKS_RELAY_MAILBOX_ASKERS = 4096, /* addresses whose rate is remembered; then the oldest goes */
    ZKS_RELAY_STOP_MS = 1000,        /* for commits and BYE; then links get at most a second more */
    ZKS_RELAY_RETRY_MIN_MS = 1000,   /* retry-after of BYE, spread at random up to the next one */
    ZKS_RELAY_RETRY_MAX_MS = 5000,
    ZKS_RELAY_RATE_RETRY_MS = 1000, /* retry-after of RATE_LIMITED and RELAY_OVERLOADED */
    /* retry-after of STORAGE_FULL and GROUP_QUOTA_EXCEEDED: clean-up takes time */
    ZKS_RELAY_FULL_RETRY_MS = 30000
};

#endif
