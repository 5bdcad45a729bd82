/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What is told once. None is ever left out: where there is no memory for one, the transaction
 * fails, and what it would have told comes again. How often each kind was told is counted in the
 * store, in the same transaction: whoever dies between the commit and the event finds it there.
 */
#include "client/ledger_internal.h"

#include "base/alloc.h"

#include <string.h>

zks_status zks__notices_add(zks__notices *to, int32_t event,
                            const uint8_t author[ZKS_DEVICE_ID_BYTES],
                            const uint8_t chain[ZKS_CHAIN_BYTES], uint64_t first, uint64_t last)
{
    zks__notice *n = zks__alloc_zero(1, sizeof *n);
    if (!n) {
        return ZKS_E_NOMEM;
    }
    n->event = event;
    memcpy(n->author, author, sizeof n->author);
    memcpy(n->chain, chain, sizeof n->chain);
    n->first = first;
    n->last = last;
    zks__notices_append(to, &(zks__notices){.count = 1, .first = n, .last = n});
    return ZKS_OK;
}

void zks__notices_append(zks__notices *to, zks__notices *from)
{
    if (from->count && to->count) {
        to->last->next = from->first;
        to->last = from->last;
        to->count += from->count;
    } else if (from->count) {
        *to = *from;
    }
    *from = (zks__notices){0};
}

void zks__notices_drop_first(zks__notices *n)
{
    zks__notice *first = n->first;
    n->first = first->next;
    n->last = n->first ? n->last : NULL;
    n->count--;
    zks__free(first);
}

void zks__notices_done(zks__notices *n)
{
    while (n->count) {
        zks__notices_drop_first(n);
    }
}

/* --- counted --- */

/* 0: not an alarm that is counted. QUIET is told again for as long as it is so. */
static unsigned alarm_of(int32_t event)
{
    switch (event) {
    case ZKS_EVENT_HISTORY_GAP:
        return ZKS_STORE_ALARM_GAP;
    case ZKS_EVENT_HISTORY_EXPIRED:
        return ZKS_STORE_ALARM_EXPIRED;
    case ZKS_EVENT_HISTORY_WITHHELD:
        return ZKS_STORE_ALARM_WITHHELD;
    case ZKS_EVENT_FORK:
        return ZKS_STORE_ALARM_FORK;
    case ZKS_EVENT_UNVERIFIED:
        return ZKS_STORE_ALARM_UNVERIFIED;
    case ZKS_EVENT_NEW_CHAIN:
        return ZKS_STORE_ALARM_NEW_CHAIN;
    default:
        return 0;
    }
}

void zks__ledger_count_alarm(zks__ledger *l, unsigned kind, uint64_t more)
{
    l->alarms[kind] += more;
    l->alarms_changed |= more ? 1U << kind : 0;
}

zks_status zks__ledger_notice(zks__ledger *l, int32_t event, const zks__store_chain *chain,
                              uint64_t first, uint64_t last)
{
    unsigned kind = alarm_of(event);
    if (kind) {
        zks__ledger_count_alarm(l, kind, 1);
    }
    return zks__notices_add(&l->receiving.out->notices, event, chain->author, chain->chain, first,
                            last);
}

zks_status zks__ledger_save_alarms(zks__ledger *l)
{
    zks_status status = ZKS_OK;
    for (unsigned kind = 1; !status && kind < ZKS_STORE_ALARMS; kind++) {
        if (l->alarms_changed >> kind & 1) {
            status = zks__store_alarm_set(l->store, l->group.g, kind, l->alarms[kind]);
        }
    }
    l->alarms_changed = 0;
    return status;
}

zks_status zks__ledger_read_alarms(zks__ledger *l)
{
    l->alarms_changed = 0;
    return zks__store_alarms_get(l->store, l->group.g, l->alarms);
}

void zks__ledger_alarms(const zks__ledger *l, uint64_t out[ZKS_STORE_ALARMS])
{
    memcpy(out, l->alarms, sizeof l->alarms);
}
