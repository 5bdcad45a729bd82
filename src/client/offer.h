/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Offering membership records to the relay in use (docs/PROTOCOL.md, membership). Records count
 * once the relay has them, durably; only then are they stored here. Several offers may be on their
 * way: a relay answers them in order. Loop thread.
 */
#ifndef ZKS_CLIENT_OFFER_H
#define ZKS_CLIENT_OFFER_H

#include "client/client.h"
#include "wire/messages.h"

/*
 * The end of an offer, once, on the loop thread. ZKS_OK: the relay has the records, and so has this
 * device's store; the app was told what they change. text: a sentence, valid during the call; NULL
 * with ZKS_OK.
 *
 * ZKS_E_CONFLICT (ISSUE): the group has moved on; the records that are missing here came before
 * this answer, so a storage job that is submitted now finds them. ZKS_E_CONNECTION_LOST: whether
 * the relay has them is not known; if so, the next connection brings them. ZKS_E_CANCELLED: the
 * client is closing. Else what the relay said, or why the store failed.
 */
typedef void (*zks__offered_fn)(zks_client *c, zks_status status, const char *text, void *user);

/* Sends a copy of the records, all or nothing. action: ZKS_RECORDS_PUT, or ZKS_RECORDS_ISSUE for a
 * fresh EPOCH. On failure `done` is not called: ZKS_E_NOT_CONNECTED; ZKS_E_NOMEM. */
ZKS_MUST_USE zks_status zks__client_offer(zks_client *c, uint8_t action, const zks__slice *records,
                                          size_t count, zks__offered_fn done, void *user);

/* --- what happens to offers --- */

/* When the first one must be answered; UINT64_MAX: there is none. */
uint64_t zks__client_offers_due_ms(const zks_client *c);
/* Leaves a relay that does not answer. */
void zks__client_check_offers(zks_client *c);
/* The relay sends records, which come before its answers: it is given more time. */
void zks__client_offers_wait(zks_client *c);
/* Whether an answer is expected. */
bool zks__client_offering(const zks_client *c);
/* The answers to the first that waits; nothing where none does. */
void zks__client_offer_received(zks_client *c);
void zks__client_offer_refused(zks_client *c, zks_status status, const char *text);
/* No answers come any more. */
void zks__client_offers_end(zks_client *c, zks_status status, const char *text);

#endif
