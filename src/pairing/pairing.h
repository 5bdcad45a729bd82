/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Pairing (docs/SECURITY.md, pairing): the two state machines that let a device into a group.
 * Events and the time go in, actions come out. Pure: no clock, no randomness, no sockets; memory is
 * a machine's own. One thread at a time.
 *
 * The owner (the glue) makes a machine, feeds every event below to zks__inviter_step or
 * zks__joiner_step, and does each action in order. Bytes and texts of actions are the machine's and
 * valid until its next step. After ZKS_PAIRING_ENDED further steps do nothing; free the machine.
 *
 *   INVITER, a member with the right INVITE in a paired group, or any of a shared one
 *   event CONNECTED    a session with a relay is there and HELLO was accepted: relay_key. Again
 *                      after each reconnect: a code outlives the loss of the connection as long as
 *                      the relay keeps it (a minute), and a restart of the relay; a started attempt
 *                      does not. A code may move on to another relay, a link to one that it names.
 *                      Wrong tries count over all of them.
 *   event MESSAGE      each MAILBOX_* message of that session, and each ERROR about one. Messages
 *                      for other nameplates are ignored, so several machines may share a session;
 *                      but start only one at a time until it has said SHOW_CODE.
 *   event LOST         the session ended.
 *   event ANSWER       what the user said to ASK: `accept`.
 *   event COMMITTED    answer to COMMIT: status, and with ZKS_OK the bundle (bytes); otherwise
 *                      `accept`: the relay has the MEMBER all the same.
 *   event CANCEL       the user does not want any more.
 *   event TICK         at zks__inviter_deadline_ms, or at any time.
 *   action SEND        send `message` in this session.
 *   action SHOW_CODE   show `text` to the user: the code or the link. Once.
 *   action WRONG_TRY   tell the user that somebody tried a wrong code; `tries_left` more may.
 *   action SHOW_DIGITS the other device has proven that it knows the code: show `digits` (six, with
 *                      leading zeros), which the joining device shows too.
 *   action ASK         ask the user whether the device that calls itself `text` may join (and
 *                      whether the digits are equal); then ANSWER. An app may say yes by itself.
 *   action COMMIT      seal `text` as the profile, issue the MEMBER whose first half is `bytes`
 *                      (zks__record_make_member_issue), put it at the relay, and a GRANT where the
 *                      EPOCH does not list it. When the relay has both, take the heads; then
 *                      COMMITTED with the bundle (zks__pair_bundle_write), which is everything of
 *                      the group: records, epoch secrets, relays with keys, pins, heads. The new
 *                      MEMBER must be among the records; the relay in use, and all that the link
 *                      names, among the relays. In a shared group nothing is issued, since the
 *                      device does so itself: COMMITTED at once with the bundle of such a group
 *                      (zks__pair_shared_write).
 *   action ENDED       `status` and a sentence for the user. `committed`: the device is a member
 *                      though the end of the pairing is not known (status is not ZKS_OK): say so.
 *                      `spent`: somebody has tried or used the code, so it must not be given to
 *                      another machine, where tries would count from the beginning. `opening`: the
 *                      relay has still to answer a MAILBOX_OPEN: CLOSE what it then gives, where no
 *                      machine wants it, since nobody would answer there.
 *
 *   JOINER, with an invite that was read (code.h)
 *   event CONNECTED    a session with the relay, under throw-away keys and without HELLO:
 *                      relay_key. With a link connect to its first relay and expect its key.
 *   event MESSAGE      each MAILBOX_* and ERROR message of that session.
 *   event LOST         it ended: status.
 *   event MEMBER       answer to GROUP: bytes and name.
 *   event STORED       answer to STORE: status.
 *   event CANCEL, TICK as above.
 *   action SEND        as above; the first is MAILBOX_GET.
 *   action SHOW_DIGITS as above.
 *   action GROUP       `group` says what it is about: make the device's keys for group->group_id
 *                      and a random instance, and its half of the MEMBER with group->rights and
 *                      group->not_after_s (zks__record_make_member_body); then MEMBER with this
 *                      half and the device's name for the user of the other device.
 *   action STORE       `bundle` is what the inviter gives; its own MEMBER and the relay in use are
 *                      in it already checked. Run state() over the records, check that this device
 *                      is a member and that the secrets belong to the epochs, store all of it; then
 *                      STORED. In a shared group: check that the group's id follows from the
 *                      secret, and make the records of a device that has it, with the same keys.
 *   action ENDED       ZKS_OK: close the session with code 0 (what is queued goes out first),
 *                      connect with the device's keys and say HELLO. Else: a sentence; close.
 *
 * Every step takes the time of a clock that never goes back and ZKS_PAIRING_RANDOM_BYTES fresh
 * random bytes, which the machine does not keep beyond what it needs; wipe them after the call.
 *
 * What ends an attempt or the pairing, and what each side says: zks__pairing_sentence.
 */
#ifndef ZKS_PAIRING_PAIRING_H
#define ZKS_PAIRING_PAIRING_H

#include "pairing/code.h"
#include "pairing/message.h"

enum {
    ZKS_PAIRING_TRIES = 3,
    ZKS_PAIRING_STEP_MS = 60000, /* to the other device's next message; the relay's lock too */
    ZKS_PAIRING_LIFE_MS = ZKS_MAILBOX_LIFE_S * 1000,
    /* a secret, a sid and a scalar; or what sealing takes */
    ZKS_PAIRING_RANDOM_BYTES = ZKS_SEAL_RANDOM_BYTES > 96 ? ZKS_SEAL_RANDOM_BYTES : 96,
    ZKS_PAIRING_ACTIONS_MAX = 4
};

typedef enum zks__pairing_event_kind {
    ZKS_PAIRING_CONNECTED = 1,
    ZKS_PAIRING_MESSAGE,
    ZKS_PAIRING_LOST,
    ZKS_PAIRING_CANCEL,
    ZKS_PAIRING_TICK,
    ZKS_PAIRING_ANSWER,    /* inviter */
    ZKS_PAIRING_COMMITTED, /* inviter */
    ZKS_PAIRING_MEMBER,    /* joiner */
    ZKS_PAIRING_STORED     /* joiner */
} zks__pairing_event_kind;

typedef struct zks__pairing_event {
    zks__pairing_event_kind kind;
    uint64_t now_ms;
    const uint8_t *random;       /* ZKS_PAIRING_RANDOM_BYTES */
    const zks__message *message; /* MESSAGE */
    const uint8_t *relay_key;    /* CONNECTED: 32 bytes */
    zks_status status;           /* LOST, COMMITTED, STORED */
    bool accept;                 /* ANSWER, COMMITTED */
    zks__slice bytes;            /* COMMITTED: bundle; MEMBER: the device's part */
    zks__slice name;             /* MEMBER */
} zks__pairing_event;

typedef enum zks__pairing_action_kind {
    ZKS_PAIRING_SEND = 1,
    ZKS_PAIRING_SHOW_CODE,
    ZKS_PAIRING_WRONG_TRY,
    ZKS_PAIRING_SHOW_DIGITS,
    ZKS_PAIRING_ASK,
    ZKS_PAIRING_COMMIT,
    ZKS_PAIRING_GROUP,
    ZKS_PAIRING_STORE,
    ZKS_PAIRING_ENDED
} zks__pairing_action_kind;

typedef struct zks__pairing_action {
    zks__pairing_action_kind kind;
    zks__message message;    /* SEND */
    const char *text;        /* SHOW_CODE, ASK, COMMIT, ENDED */
    zks__slice bytes;        /* COMMIT */
    zks__pair_group group;   /* GROUP */
    zks__pair_bundle bundle; /* STORE */
    uint32_t digits;         /* SHOW_DIGITS, ASK */
    unsigned tries_left;     /* WRONG_TRY */
    zks_status status;       /* ENDED */
    uint32_t retry_after_ms; /* ENDED: the relay's wish, 0: none */
    bool committed;          /* ENDED */
    bool spent, opening;     /* ENDED, inviter */
} zks__pairing_action;

typedef struct zks__pairing_actions {
    size_t count;
    zks__pairing_action items[ZKS_PAIRING_ACTIONS_MAX];
} zks__pairing_actions;

typedef struct zks__inviter_config {
    zks__pair_kind kind;
    const zks__pair_invite *code;  /* CODE: that one, which nobody has seen; NULL: a new one */
    zks__pair_group group;         /* what m4 says; the bytes are copied */
    const zks__pair_relay *relays; /* LINK: the session's relay first, as code.h wants them */
    size_t relay_count;
    uint32_t life_ms; /* 0: ZKS_PAIRING_LIFE_MS, which is also the most */
} zks__inviter_config;

typedef struct zks__inviter zks__inviter;
typedef struct zks__joiner zks__joiner;

/* ZKS_E_UNSUPPORTED: a code in a group whose suite has no PAKE (use a link); ZKS_E_SUITE;
 * ZKS_E_INVALID: the relays, the group or the code; ZKS_E_NOMEM. */
ZKS_MUST_USE zks_status zks__inviter_new(const zks__inviter_config *config,
                                         zks__inviter **out_inviter);
/* Wipes. NULL is fine. */
void zks__inviter_free(zks__inviter *i);
void zks__inviter_step(zks__inviter *i, const zks__pairing_event *e, zks__pairing_actions *out);
/* When TICK is due; UINT64_MAX: never. */
uint64_t zks__inviter_deadline_ms(const zks__inviter *i);
/* Whether this is its mailbox, or will be. */
bool zks__inviter_wants(const zks__inviter *i, const uint8_t nameplate[ZKS_NAMEPLATE_BYTES]);

/* ZKS_E_SUITE, ZKS_E_UNSUPPORTED, ZKS_E_NOMEM. */
ZKS_MUST_USE zks_status zks__joiner_new(const zks__pair_invite *invite, zks__joiner **out_joiner);
void zks__joiner_free(zks__joiner *j);
void zks__joiner_step(zks__joiner *j, const zks__pairing_event *e, zks__pairing_actions *out);
uint64_t zks__joiner_deadline_ms(const zks__joiner *j);

/*
 * What the user of a side is told at its end with this status; never NULL. The pairing's own:
 *   ZKS_E_WRONG_CODE      inviter: burnt at the third wrong try; joiner: wrong code (or
 *                         zks__pairing_burnt, where no code was looked at)
 *   ZKS_E_CODE_UNKNOWN    joiner: no such nameplate; inviter: the relay takes no codes but its own,
 *                         or is none that the link names
 *   ZKS_E_CODE_EXPIRED    its time is over
 *   ZKS_E_CODE_USED       joiner: another device used it
 *   ZKS_E_CODE_CANCELLED  the other side cancelled or declined
 *   ZKS_E_CANCELLED       this side did
 *   ZKS_E_BUSY            joiner: another device is pairing, or the attempt was given up; inviter:
 *                         the nameplate of its code is another device's
 *   ZKS_E_TIMEOUT         the other device did not answer in time
 *   ZKS_E_CONNECTION_LOST the connection of one of the two ended after the proof
 *   ZKS_E_PROTOCOL        what came contradicts itself: somebody interferes
 *   ZKS_E_WRONG_GROUP     joiner: the group is not the link's
 */
const char *zks__pairing_sentence(bool inviter, zks_status status);
/* The joiner's where the relay refuses a nameplate with WRONG_CODE. */
extern const char zks__pairing_burnt[];

#endif
