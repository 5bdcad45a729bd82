/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The malicious relay: speaks the real protocol to real clients over support/fake_relay, keeps
 * blobs and records in memory as a relay does, and lies on command. Only support/fake_relay knows
 * what a link and a session are made of.
 */
#ifndef ZKS_TESTS_EVIL_RELAY_H
#define ZKS_TESTS_EVIL_RELAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum evil_attack {
    EVIL_NONE = 0,
    /* what it keeps: pushes are counted over all devices, from 1 */
    EVIL_DROP,        /* acknowledges pushes from..to and forgets them */
    EVIL_REORDER,     /* gives out pushes from..to in reverse order */
    EVIL_REPLAY,      /* stores each push again as a new one */
    EVIL_DUPLICATE,   /* gives out each blob twice in one message */
    EVIL_FLIP,        /* changes a bit of pushes from..to */
    EVIL_CUT,         /* cuts pushes from..to off in the middle */
    EVIL_SENDER,      /* gives out pushes from..to under the name of another member */
    EVIL_STRANGER,    /* the same under the name of nobody, each time another */
    EVIL_OTHER_GROUP, /* gives out the blobs of all groups to every group */
    EVIL_ECHO,        /* gives a device its own blobs under another member's name */
    /* what it says */
    EVIL_OWN_LAST,   /* WELCOME names a last blob that nobody has made, each time another */
    EVIL_HUGE_HEAD,  /* WELCOME and NOTIFY: 2^64 - 1 */
    EVIL_HUGE_REACH, /* BLOBS reaches to 2^64 - 1 */
    EVIL_BACKWARDS,  /* cursors that descend in a message */
    EVIL_LEAP,       /* cursors that leap by 2^32 */
    EVIL_ENDLESS,    /* there is always more, and nothing comes */
    EVIL_SKIP,       /* "contiguous" over pushes from..to that it has */
    EVIL_EMPTY,      /* has nothing, up to 2^40 ("contiguous") */
    EVIL_NO_RECORDS, /* WELCOME without anybody else's records */
    EVIL_ACK_UNSENT, /* acknowledges a blob that was not sent */
    EVIL_ACK_TWICE,  /* each acknowledgement twice */
    EVIL_REFUSE,     /* refuses pushes from..to with a code that does not exist */
    EVIL_WELCOME_TWICE,
    EVIL_SILENT /* answers nothing but HELLO */
} evil_attack;

typedef struct evil_relay evil_relay;

evil_relay *evil_relay_start(void);
void evil_relay_free(evil_relay *e);
const char *evil_relay_address(const evil_relay *e);
/* Any thread. The one attack from now on. */
void evil_relay_attack(evil_relay *e, evil_attack attack, unsigned from, unsigned to);
/* Any thread. A blob that is `pushed` as number from..to is never shown to this device. */
void evil_relay_hide(evil_relay *e, const uint8_t device[32], unsigned from, unsigned to);
/* Any thread. Forgets all blobs but the first `keep`; the incarnation stays or is a new one. */
void evil_relay_go_back(evil_relay *e, size_t keep, bool new_incarnation);
/* Any thread. What is pushed from now on stands behind 2^40. */
void evil_relay_raise(evil_relay *e);
/* Any thread. */
unsigned evil_relay_hellos(evil_relay *e);
unsigned evil_relay_pulls(evil_relay *e);
unsigned evil_relay_pushes(evil_relay *e);

#endif
