/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What a relay does with membership records: as relay/core/hello.c and records.c. */
#include "sim/sim.h"

#include <string.h>

bool sim_relay_knows(const sim_relay *r, size_t device)
{
    return zks__records_member(r->set, r->world->slots[device].device_id, 0) != NULL;
}

static size_t list_of(zks__wire_list list, zks__slice out[SIM_RECORDS_MAX])
{
    size_t count = 0;
    while (count < SIM_RECORDS_MAX && zks__wire_next_slice(&list, &out[count])) {
        count++;
    }
    return count;
}

static void send_records(sim_relay *r, int link, const zks__slice *records, size_t count)
{
    zks__message m = {.type = ZKS_MESSAGE_RECORDS};
    m.records.action = ZKS_RECORDS_PUT;
    m.records.records = (zks__wire_list){.count = count, .items = records};
    sim_send(r->world, link, false, &m);
}

static bool is_online(const sim_relay *r, int link)
{
    const sim_world *w = r->world;
    return link >= 0 && w->links[link].relay == r->index && w->links[link].up &&
           w->links[link].hello;
}

static void end_session(sim_relay *r, int link, uint32_t code)
{
    zks__message m = {.type = ZKS_MESSAGE_BYE, .bye = {.code = code}};
    sim_send(r->world, link, false, &m);
    r->world->links[link].hello = r->world->links[link].live = false;
    r->world->links[link].ended = true;
    sim_at(r->world, 100, SIM_EVENT_DOWN, link, 0, NULL);
}

/* What is new goes to all who are online, before any blob that needs it; who is no member any more
 * has to go. */
static void announce(sim_relay *r, size_t first)
{
    sim_world *w = r->world;
    zks__slice records[SIM_RECORDS_MAX];
    size_t count = 0;
    for (size_t i = first; i < zks__records_count(r->set) && count < SIM_RECORDS_MAX; i++) {
        records[count++] = zks__records_at(r->set, i)->bytes;
    }
    for (size_t i = 0; i < SIM_SLOTS && count; i++) {
        int link = w->slots[i].link;
        if (!is_online(r, link)) {
            continue;
        }
        bool member = sim_relay_knows(r, sim_device_of(w, link));
        if (r->withholds) {
            r->withholds--;
        } else if (member || !r->harbors) {
            send_records(r, link, records, count);
        }
        if (!member && !r->harbors) {
            end_session(r, link, ZKS_WIRE_DEVICE_REVOKED);
        }
    }
}

/* What was offered is durable. */
static void accept(sim_relay *r, int link)
{
    zks__message m = {.type = ZKS_MESSAGE_RECORDS};
    m.records.action = ZKS_RECORDS_PUT;
    sim_send(r->world, link, false, &m);
}

static void refuse(sim_relay *r, int link, uint8_t about, uint32_t code)
{
    zks__message m = {.type = ZKS_MESSAGE_ERROR, .error = {.code = code, .about = about}};
    sim_send(r->world, link, false, &m);
    if (about == ZKS_MESSAGE_HELLO) {
        sim_at(r->world, 300, SIM_EVENT_DOWN, link, 0, NULL);
    }
}

static bool is_among(const zks__slice *record, const zks__slice *others, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (others[i].length == record->length &&
            !memcmp(others[i].data, record->data, record->length)) {
            return true;
        }
    }
    return false;
}

static void welcome(sim_relay *r, int link, const zks__hello *m, const zks__slice *attached,
                    size_t attached_count)
{
    sim_world *w = r->world;
    zks__slice records[SIM_RECORDS_MAX];
    uint8_t digest[ZKS_RECORD_HASH_BYTES];
    size_t count = 0;
    zks__records_digest(r->set, digest);
    bool same = memcmp(digest, m->known, sizeof digest) == 0;
    for (size_t i = 0; !same && !r->withholds && i < zks__records_count(r->set); i++) {
        const zks__slice *bytes = &zks__records_at(r->set, i)->bytes;
        if (count < SIM_RECORDS_MAX && !is_among(bytes, attached, attached_count)) {
            records[count++] = *bytes;
        }
    }
    r->withholds -= !same && r->withholds > 0;
    zks__message out = {.type = ZKS_MESSAGE_WELCOME};
    out.welcome.version = ZKS_WIRE_VERSION;
    out.welcome.head = r->heads ? UINT64_MAX : r->rows.last;
    r->heads -= r->heads > 0;
    memcpy(out.welcome.incarnation, r->incarnation, sizeof r->incarnation);
    memcpy(out.welcome.own_last, r->rows.own_last[sim_device_of(w, link)], ZKS_BLOB_ID_BYTES);
    if (r->own_lasts) {
        r->own_lasts--;
        uint64_t lie = sim_random(w);
        memcpy(out.welcome.own_last, &lie, sizeof lie);
    }
    out.welcome.window_bytes = 1 << 20;
    out.welcome.records = (zks__wire_list){.count = count, .items = records};
    w->links[link].hello = true;
    sim_send(w, link, false, &out);
}

void sim_relay_hello(sim_relay *r, int link, const zks__hello *m)
{
    sim_world *w = r->world;
    const uint8_t *device = w->slots[sim_device_of(w, link)].device_id;
    zks__slice attached[SIM_RECORDS_MAX];
    size_t count = list_of(m->records, attached), before = zks__records_count(r->set);
    bool added = !zks__records_add_all(r->set, attached, count, NULL);
    bool member = zks__records_member(r->set, device, 0) ||
                  (r->harbors && zks__records_known(r->set, device));
    if (!added || !member) {
        bool denied = zks__records_revoked(r->set, device);
        zks__records_truncate(r->set, before);
        r->outsiders |= (uint8_t)(added << sim_device_of(w, link));
        sim_trace(w, "relay %zu refuses device %zu%s%s", r->index, sim_device_of(w, link),
                  added ? "" : ", whose records do not fit", denied ? ", which is removed" : "");
        refuse(r, link, ZKS_MESSAGE_HELLO,
               denied ? ZKS_WIRE_DEVICE_REVOKED : ZKS_WIRE_UNAUTHORIZED);
        return;
    }
    r->outsiders &= (uint8_t) ~(1u << sim_device_of(w, link));
    announce(r, before);
    welcome(r, link, m, attached, count);
}

/* The epochs behind the one that a device knows, for which it sealed or on which it built. */
static void send_chain(sim_relay *r, int link, const uint8_t tag[ZKS_EPOCH_TAG_BYTES])
{
    zks__slice records[SIM_RECORDS_MAX];
    const zks__record *from = zks__records_epoch_by_tag(r->set, tag), *e;
    bool whole = from && zks__records_in_chain(r->set, from->hash);
    size_t count = 0;
    for (uint32_t n = whole ? from->epoch.number + 1 : zks__records_epoch(r->set)->epoch.number;
         count < SIM_RECORDS_MAX && (e = zks__records_epoch_at(r->set, n)); n++) {
        records[count++] = e->bytes;
    }
    if (count && !r->withholds) {
        send_records(r, link, records, count);
    }
}

/* An ISSUE brings one EPOCH, which must become the tip, on the present one. */
static bool is_on_top(sim_relay *r, const zks__slice *record, const zks__record *tip,
                      zks__record *out)
{
    return !zks__record_read(record->data, record->length, out) &&
           out->kind == ZKS_RECORD_KIND_EPOCH && zks__records_in_chain(r->set, out->hash) &&
           zks__records_in_chain(r->set, tip->hash);
}

void sim_relay_records(sim_relay *r, int link, const zks__records_message *m)
{
    zks__slice records[SIM_RECORDS_MAX];
    zks__record epoch = {0};
    size_t count = list_of(m->records, records), before = zks__records_count(r->set);
    const zks__record *tip = zks__records_epoch(r->set);
    if (!sim_relay_knows(r, sim_device_of(r->world, link)) || !count) {
        refuse(r, link, ZKS_MESSAGE_RECORDS, ZKS_WIRE_UNAUTHORIZED);
        return;
    }
    bool issue = m->action == ZKS_RECORDS_ISSUE;
    if (zks__records_add_all(r->set, records, count, NULL) ||
        (issue && !is_on_top(r, records, tip, &epoch))) {
        zks__records_truncate(r->set, before);
        if (issue) {
            send_chain(r, link, epoch.epoch.parent);
        }
        sim_trace(r->world, "relay %zu refuses a record of device %zu", r->index,
                  sim_device_of(r->world, link));
        refuse(r, link, ZKS_MESSAGE_RECORDS, ZKS_WIRE_CONFLICT);
        return;
    }
    r->world->result.epochs += issue;
    announce(r, before);
    accept(r, link);
}

zks_status sim_relay_settle(sim_relay *r, const uint8_t *record, size_t length)
{
    size_t before = zks__records_count(r->set);
    zks_status status = zks__records_add(r->set, record, length, NULL);
    announce(r, before);
    return status;
}

uint32_t sim_relay_judge(sim_relay *r, int link, const zks__buf *blob)
{
    const uint8_t *tag = NULL;
    const zks__record *tip = zks__records_epoch(r->set);
    if (r->harbors) {
        return 0;
    }
    if (!sim_relay_knows(r, sim_device_of(r->world, link))) {
        return ZKS_WIRE_DEVICE_REVOKED;
    }
    if (zks__blob_epoch(blob->data, blob->length, &tag)) {
        return ZKS_WIRE_INVALID_MESSAGE;
    }
    if (tip && memcmp(tag, tip->hash, ZKS_EPOCH_TAG_BYTES) == 0) {
        return 0;
    }
    if (is_online(r, link)) {
        send_chain(r, link, tag);
    }
    return ZKS_WIRE_STALE_EPOCH;
}
