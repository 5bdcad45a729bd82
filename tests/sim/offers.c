/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What src/client/{offer,membership}.c do: records are offered to the relay and stored once it has
 * them; an EPOCH that another one forestalled is made anew; one that nobody asked for, and that
 * came to nothing, is left alone for a while. */
#include "sim/sim.h"

#include <string.h>

enum { TRIES_MAX = 8, RETRY_MS = 60 * 1000 };

bool sim_offers_may(const sim_slot *s)
{
    return s->link >= 0 && s->world->links[s->link].up &&
           zks__sync_state_of(s->sync) == ZKS_SYNC_CONNECTED;
}

static void ended(sim_slot *s, const sim_offer *o, bool ok)
{
    if (o->cause == SIM_CAUSE_DUE) {
        s->rotating = false;
        s->rotate_at = ok ? 0 : s->world->now + RETRY_MS;
    }
}

static bool begin(sim_slot *s, const sim_offer *o)
{
    sim_job *j = sim_job_add(s, SIM_JOB_EPOCH);
    if (j) {
        j->offer = *o;
    }
    return j;
}

void sim_offers_epoch(sim_slot *s, sim_cause cause, size_t device)
{
    sim_offer o = {.cause = cause, .device = device};
    if (cause == SIM_CAUSE_DUE && s->rotating) {
        return;
    }
    if (begin(s, &o) && cause == SIM_CAUSE_DUE) {
        s->rotating = true;
    }
}

static void send(sim_slot *s, const sim_offer *o, uint8_t action, zks__buf *const *records,
                 size_t count)
{
    zks__slice items[ZKS_COUNTOF(((zks__owed *)0)->records)];
    for (size_t i = 0; i < count; i++) {
        items[i] = (zks__slice){records[i]->data, records[i]->length};
    }
    zks__message m = {.type = ZKS_MESSAGE_RECORDS};
    m.records.action = action;
    m.records.records = (zks__wire_list){.count = count, .items = items};
    if (s->offer_count == ZKS_COUNTOF(s->offers)) {
        ended(s, o, false);
        return;
    }
    s->offers[s->offer_count] = *o;
    s->offers[s->offer_count++].bytes = sim_encode(s->world, &m);
    sim_send(s->world, s->link, true, &m);
}

void sim_offers_made(sim_slot *s, const sim_job *j)
{
    if (j->status || !j->made || !sim_offers_may(s)) {
        ended(s, &j->offer, !j->status && !j->made);
        return;
    }
    sim_members_made(s, j->made);
    send(s, &j->offer, ZKS_RECORDS_ISSUE, &j->made, 1);
}

void sim_offers_owed(sim_slot *s, const zks__owed *owed)
{
    sim_offer o = {.cause = SIM_CAUSE_OWED};
    if (owed->count && !s->offer_count && sim_offers_may(s)) {
        send(s, &o, ZKS_RECORDS_PUT, owed->records, owed->count);
    }
}

static sim_offer take_first(sim_slot *s)
{
    sim_offer o = s->offers[0];
    memmove(s->offers, s->offers + 1, --s->offer_count * sizeof o);
    return o;
}

void sim_offers_answered(sim_slot *s, bool taken)
{
    if (!s->offer_count) {
        return;
    }
    sim_offer o = take_first(s);
    sim_job *j = taken ? sim_job_add(s, SIM_JOB_RECORDS) : NULL;
    if (j) {
        j->bytes = zks__buf_ref(o.bytes);
    }
    bool again = !taken && o.cause != SIM_CAUSE_OWED && ++o.tries < TRIES_MAX;
    zks__buf_unref(o.bytes);
    o.bytes = NULL;
    if (!again || !begin(s, &o)) {
        ended(s, &o, taken);
    }
}

void sim_offers_end(sim_slot *s)
{
    while (s->offer_count) {
        sim_offer o = take_first(s);
        ended(s, &o, false);
        zks__buf_unref(o.bytes);
    }
}
