/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What the parts of mailbox.c share. */
#ifndef ZKS_RELAY_CORE_MAILBOX_INTERNAL_H
#define ZKS_RELAY_CORE_MAILBOX_INTERNAL_H

#include "relay/core/mailbox.h"
#include "relay/core/rate.h"

#define ZKS_MAILBOX_MS_NS 1000000ull

struct zks__mailbox {
    zks__node node;    /* all, in the order of opening */
    zks__node of_peer; /* the inviter's */
    zks__mailboxes *all;
    uint8_t nameplate[ZKS_NAMEPLATE_BYTES];
    uint8_t group_id[ZKS_GROUP_ID_BYTES];
    uint8_t device[ZKS_DEVICE_ID_BYTES];
    /* That opened it (zks__link_subject). It stays where it was counted when its device comes back
     * from another address, so that nobody empties one address into another. */
    uint8_t address[ZKS_LINK_SUBJECT_BYTES];
    size_t address_length;
    uint32_t gone;      /* ZKS_WIRE_*: why it ended; 0: it has not */
    zks__peer *inviter; /* NULL: away */
    zks__peer *joiner;  /* NULL: nobody has it */
    uint64_t end_ns, away_ns, lock_ns;
    bool held; /* the lock stays */
    uint32_t attempt;
    unsigned puts_joiner, puts_inviter; /* of this attempt */
    size_t first_length;                /* 0: there is none yet */
    uint8_t first[ZKS_RELAY_MAILBOX_FIRST_BYTES];
};

struct zks__mailboxes {
    zks__router *router;
    zks__map *by_nameplate;
    zks__list boxes;
    size_t count;
    uint64_t check_ns;
    zks__askers *askers;
};

/* --- mailbox.c --- */

/* NULL: nobody has it. */
zks__mailbox *zks__mailbox_find(const zks__mailboxes *all,
                                const uint8_t nameplate[ZKS_NAMEPLATE_BYTES]);
/* The same for who wants to use it: what is due, and waits for the next tick, happens first. */
zks__mailbox *zks__mailbox_find_now(const zks__mailboxes *all,
                                    const uint8_t nameplate[ZKS_NAMEPLATE_BYTES], uint64_t now_ns);
void zks__mailbox_free(zks__mailbox *b);
bool zks__mailbox_owned_by(const zks__mailbox *b, const zks__peer *p);
/* Judged again at each message, since a record may have taken the right away meanwhile. */
bool zks__mailbox_may_invite(const zks__peer *p);
/* 0, or the ms after which the peer's address may ask for a nameplate again. */
uint32_t zks__mailbox_turn(const zks__peer *p, uint64_t now_ns);
/* The next attempt begins. code: why this one is over, for both sides. */
void zks__mailbox_attempt_over(zks__mailbox *b, uint32_t code, bool tell_joiner);
/* The end. code: what the joiner hears. The nameplate stays taken, with the reason. */
void zks__mailbox_over(zks__mailbox *b, uint32_t code, uint32_t reason);
/* Its inviter has gone, and may come back. */
void zks__mailbox_away(zks__mailbox *b, uint64_t now_ns);
void zks__mailbox_note(const zks__mailbox *b, const char *what);

/* --- mailbox_open.c --- */

void zks__mailbox_open_received(zks__peer *p, const zks__mailbox_open *m);

#endif
