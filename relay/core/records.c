/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* RECORDS of devices: what members offer and ask for, and what it means for sessions. */
#include "relay/core/router.h"

#include "base/alloc.h"
#include "relay/core/mailbox.h"

/* --- what a change means for sessions --- */

void zks__rgroup_enforce(zks__rgroup *g)
{
    uint64_t generation = zks__records_generation(g->set);
    /* Records that are being written do not count yet: who offers a LEAVE gets its receipt before
     * BYE. What ends the writing comes by here. */
    if (g->saving || g->enforced == generation) {
        return;
    }
    g->enforced = generation;
    zks__mailboxes_enforce(g->router->mailboxes, g);
    for (zks__node *n = zks__list_first(&g->peers); n;) {
        zks__node *next = zks__list_next(&g->peers, n);
        zks__peer *p = ZKS_CONTAINER(n, zks__peer, in_group);
        n = next;
        if (p->state == ZKS_PEER_ENDING || !p->session ||
            zks__records_member(g->set, zks__peer_device(p), 0)) {
            continue;
        }
        if (zks__records_revoked(g->set, zks__peer_device(p))) {
            zks__peer_bye(p, ZKS_WIRE_DEVICE_REVOKED, 0, "this device was removed from the group");
        } else {
            zks__peer_bye(p, ZKS_WIRE_UNAUTHORIZED, 0,
                          zks__records_left(g->set, zks__peer_device(p))
                              ? "this device has left the group"
                              : "this device is not a member any more");
        }
    }
    zks__rgroup_dirty(g); /* who has acknowledged all may have changed */
}

/* --- device -> relay --- */

static void answer_list(zks__peer *p, const zks__message *m)
{
    const bool all = m->records.action == ZKS_RECORDS_LIST;
    zks__places places;
    zks_status status = all ? zks__rgroup_lacking(p->group, NULL, 0, p->group->stored, &places)
                            : zks__rgroup_wanted(p->group, m->records.hashes, &places);
    if (status) {
        zks__peer_error(p, ZKS_WIRE_RELAY_OVERLOADED, ZKS_MESSAGE_RECORDS, ZKS_RELAY_RATE_RETRY_MS,
                        "there is no memory");
    } else if (!all && !places.count) {
        zks__peer_send_receipt(p, (zks__wire_list){0}); /* none of them is here */
        zks__places_done(&places);
    } else {
        zks__peer_send_places(p, &places);
    }
}

/* A fresh EPOCH is compare and swap: afterwards it is in the chain, on the tip of before. */
static zks_status check_issue(const zks__peer *p, zks__wire_list list, const zks__record *tip)
{
    const zks__records *set = p->group->set;
    bool in_chain = !tip || zks__records_in_chain(set, tip->hash);
    bool ok = true;
    zks__slice bytes;
    while (zks__wire_next_slice(&list, &bytes)) {
        uint8_t hash[ZKS_RECORD_HASH_BYTES];
        const zks__record *r = zks__record_hash(bytes.data, bytes.length, hash)
                                   ? zks__records_find(set, hash)
                                   : NULL;
        if (r && r->kind == ZKS_RECORD_KIND_EPOCH) {
            ok = ok && zks__records_epoch_ok(set, r->hash);
            in_chain = in_chain && zks__records_in_chain(set, r->hash);
        }
    }
    if (!ok) {
        return ZKS_E_INVALID;
    }
    return in_chain ? ZKS_OK : ZKS_E_CONFLICT;
}

static zks_status put(zks__peer *p, const zks__message *m)
{
    zks__records *set = p->group->set;
    zks__wire_list list = m->records.records;
    uint64_t now_s = zks__router_unix_ms(p->router) / 1000;
    if (!zks__records_member(set, zks__peer_device(p), now_s)) {
        return ZKS_E_UNAUTHORIZED;
    }
    zks__slice *records = zks__alloc(list.count * sizeof *records);
    size_t count = 0;
    if (!records) {
        return ZKS_E_NOMEM;
    }
    while (zks__wire_next_slice(&list, &records[count])) {
        count++;
    }
    size_t before = zks__records_count(set);
    const zks__record *tip = zks__records_epoch(set);
    zks_status status = zks__records_add_all(set, records, count, NULL);
    if (!status && m->records.action == ZKS_RECORDS_ISSUE) {
        status = check_issue(p, m->records.records, tip);
        if (status) {
            zks__records_truncate(set, before);
        }
    }
    zks__free(records);
    return status;
}

#define FULL_TEXT                                                                          \
    "this group's records fill their place at this relay: a device can still be removed, " \
    "and the recovery code still works; for more, its operator raises "                    \
    "group_records_bytes, or make a new group"

/* Why records are not accepted. */
typedef struct refusal {
    zks_status status;
    uint32_t code;
    const char *text;
} refusal;

static refusal refusal_of(zks_status status)
{
    static const refusal known[] = {
        {ZKS_E_UNSUPPORTED, ZKS_WIRE_INVALID_MESSAGE, ZKS_RECORDS_SHARED_TEXT},
        {ZKS_E_INVALID, ZKS_WIRE_INVALID_MESSAGE, "this EPOCH is against the group's rules"},
        {ZKS_E_LIMIT, ZKS_WIRE_GROUP_QUOTA_EXCEEDED,
         "too many records: of this signer, of this group, or live devices"},
        {ZKS_E_QUOTA_EXCEEDED, ZKS_WIRE_GROUP_QUOTA_EXCEEDED, FULL_TEXT},
        {ZKS_E_NOT_MEMBER, ZKS_WIRE_INVALID_MESSAGE,
         "one of these records is signed by a device that the group does not know"},
        {ZKS_E_UNKNOWN_EPOCH, ZKS_WIRE_INVALID_MESSAGE,
         "one of these records builds on an EPOCH that is not here"},
        {ZKS_E_CONFLICT, ZKS_WIRE_CONFLICT, "the group has moved on: take its records first"},
        {ZKS_E_UNAUTHORIZED, ZKS_WIRE_UNAUTHORIZED, "this device is not a member any more"},
    };
    for (size_t i = 0; i < ZKS_COUNTOF(known); i++) {
        if (known[i].status == status) {
            return known[i];
        }
    }
    return (refusal){status, zks__wire_code(status), "these records are not accepted"};
}

/* The parent of the EPOCH in an ISSUE: what the device thinks the tip is. */
static void send_conflict(zks__peer *p, zks__wire_list list)
{
    zks__slice bytes;
    while (zks__wire_next_slice(&list, &bytes)) {
        zks__record r;
        if (bytes.length > 1 && bytes.data[1] == ZKS_RECORD_KIND_EPOCH &&
            !zks__record_read(bytes.data, bytes.length, &r)) {
            zks__peer_send_chain(p, r.epoch.parent);
            return;
        }
    }
}

void zks__rgroup_full(const zks__rgroup *g)
{
    zks__log_write(g->router->log, ZKS_LOG_LEVEL_WARN, "group.full group=%s bytes=%llu",
                   zks__log_redact(g->router->log, g->id, sizeof g->id).text,
                   (unsigned long long)zks__records_bytes(g->set));
}

static void end_put(zks__peer *p)
{
    zks__buf_unref(p->held);
    zks__free(p->holding);
    p->held = NULL;
    p->holding = NULL;
    zks__peer_resume(p, ZKS_PAUSE_PUTTING);
}

static void refuse_put(zks__peer *p, zks_status status)
{
    const zks__records_message *m = &p->holding->records;
    refusal why = refusal_of(status);
    if (status == ZKS_E_QUOTA_EXCEEDED) {
        zks__rgroup_full(p->group);
    }
    if (status == ZKS_E_CONFLICT && m->action == ZKS_RECORDS_ISSUE) {
        send_conflict(p, m->records);
    }
    zks__peer_error(p, why.code, ZKS_MESSAGE_RECORDS, zks__retry_of(why.code), why.text);
}

static void judge_put(zks__peer *p);

void zks__peer_records_stored(zks__peer *p, zks_status status)
{
    zks__rgroup *g = p->group;
    if (p->state == ZKS_PEER_ISSUING) {
        judge_put(p);
        return;
    }
    if (!status && g->stored < zks__records_count(g->set)) {
        zks__list_append(&g->waiting, &p->waiting); /* added while others were being written */
        status = zks__rgroup_save(g);
        if (!status) {
            return;
        }
        zks__list_remove(&p->waiting);
    }
    p->state = ZKS_PEER_ONLINE;
    if (status) {
        uint32_t code = zks__wire_code(status);
        zks__peer_error(p, code, ZKS_MESSAGE_RECORDS, zks__retry_of(code),
                        "the records could not be stored");
    } else {
        zks__peer_send_receipt(p, p->holding->records.records);
    }
    end_put(p);
}

/* A fresh EPOCH is compared with what is durable: one that is being written may yet be taken back,
 * and its bytes could not be given to whom it makes wait. */
static void judge_put(zks__peer *p)
{
    zks__rgroup *g = p->group;
    if (p->holding->records.action == ZKS_RECORDS_ISSUE && g->stored < zks__records_count(g->set)) {
        p->state = ZKS_PEER_ISSUING;
        zks__list_append(&g->waiting, &p->waiting);
        if (!zks__rgroup_save(g)) {
            return;
        }
        zks__list_remove(&p->waiting);
    }
    p->state = ZKS_PEER_PUTTING;
    zks_status status = put(p, p->holding);
    if (status) {
        p->state = ZKS_PEER_ONLINE;
        refuse_put(p, status);
        end_put(p);
    } else {
        zks__peer_records_stored(p, ZKS_OK);
    }
}

static void take_put(zks__peer *p, const zks__message *m, zks__buf *backing)
{
    p->holding = zks__alloc(sizeof *p->holding);
    if (!p->holding) {
        zks__peer_error(p, ZKS_WIRE_RELAY_OVERLOADED, ZKS_MESSAGE_RECORDS, ZKS_RELAY_RATE_RETRY_MS,
                        "there is no memory");
        return;
    }
    *p->holding = *m;
    p->held = zks__buf_ref(backing);
    zks__peer_pause(p, ZKS_PAUSE_PUTTING);
    judge_put(p);
}

void zks__peer_records(zks__peer *p, const zks__message *m, zks__buf *backing)
{
    switch (m->records.action) {
    case ZKS_RECORDS_PUT:
    case ZKS_RECORDS_ISSUE:
        take_put(p, m, backing);
        break;
    default:
        answer_list(p, m);
        break;
    }
}
