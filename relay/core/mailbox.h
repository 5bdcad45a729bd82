/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Mailboxes: where a joining device and an inviting one meet (docs/PROTOCOL.md, mailboxes). The
 * relay carries their messages and understands none. Private to relay/core; on the loop thread.
 *
 * A mailbox belongs to a device of a group (the inviter, who needs the right INVITE in a paired
 * group) and is known by a nameplate that the relay picks at random, or that the inviter claims
 * because its code was there before. One joiner at a time has it: its turn is an
 * attempt. What the inviter puts before a joiner is there waits, one small message; everything else
 * is passed on at once, so a mailbox holds a few hundred bytes. Nothing is on disk: after a restart
 * a nameplate is unknown until its inviter claims it again. (Wrong tries are counted there, so a
 * restart gives nobody more of them.)
 *
 *   opened --GET--> locked (mailbox_lock_ms, or to the end once the inviter says HOLD)
 *                     |  the lock ends, either side CLOSEs the attempt, a session ends
 *                     v
 *          the next attempt, which the inviter begins with a new first message
 *
 * The end: the inviter CLOSEs it, its life is over, or its inviter has been away for
 * ZKS_RELAY_MAILBOX_AWAY_MS or is no member any more. Then the nameplate stays taken for as long
 * again as a mailbox may live, so that who comes late hears why: expired, used, cancelled, burnt.
 *
 * No nameplate, no content and no address is logged or stored in clear.
 */
#ifndef ZKS_RELAY_CORE_MAILBOX_H
#define ZKS_RELAY_CORE_MAILBOX_H

#include "relay/core/router.h"

/* NULL: no memory. */
zks__mailboxes *zks__mailboxes_new(zks__router *r);
void zks__mailboxes_free(zks__mailboxes *all);
/* What is due. */
void zks__mailboxes_tick(zks__mailboxes *all, uint64_t now_ns);
/* Whether there is anything to wait for. */
bool zks__mailboxes_idle(const zks__mailboxes *all);
/* The group's records changed: mailboxes of devices that may not invite any more end at once, and
 * so do their attempts. Call it where the sessions of removed devices end. (Each message of a
 * mailbox asks for it too, so that nothing is passed on for such a device in any case.) */
void zks__mailboxes_enforce(zks__mailboxes *all, const zks__rgroup *g);

/* MAILBOX_OPEN, PUT and CLOSE of an online device. */
void zks__mailbox_device_message(zks__peer *p, const zks__message *m);
/* MAILBOX_GET as the first message of a session: p becomes ZKS_PEER_PAIRING, or is refused and
 * ends. */
void zks__mailbox_join(zks__peer *p, const zks__mailbox_get *m);
/* Whatever a joiner sends afterwards. */
void zks__mailbox_joiner_message(zks__peer *p, const zks__message *m);
/* The session ended; a joiner's lock ends with it, an inviter's mailboxes wait for it. */
void zks__mailbox_peer_closed(zks__peer *p);

#endif
