/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* RECORDS: what members offer and ask for, and what goes to everybody. */
#include "relay/core/router.h"

#include "base/alloc.h"
#include "relay/core/mailbox.h"

/* --- relay -> device --- */

static bool is_among(const zks__slice *record, const zks__wire_list *list)
{
    zks__wire_list rest = list ? *list : (zks__wire_list){0};
    zks__slice other;
    while (zks__wire_next_slice(&rest, &other)) {
        if (other.length == record->length && memcmp(other.data, record->data, other.length) == 0) {
            return true;
        }
    }
    return false;
}

size_t zks__rgroup_pick(const zks__rgroup *g, const zks__wire_list *skip, size_t *next,
                        size_t bytes, zks__slice *out, size_t max)
{
    size_t count = 0;
    size_t used = 0;
    for (; *next < g->stored && count < max; (*next)++) {
        const zks__slice *record = &zks__records_at(g->set, *next)->bytes;
        if (is_among(record, skip)) {
            continue;
        }
        if (count && used + record->length > bytes) {
            break;
        }
        used += record->length + 3; /* and its length */
        out[count++] = *record;
    }
    return count;
}

void zks__peer_send_records(zks__peer *p, const zks__wire_list *skip, size_t next)
{
    zks__slice records[ZKS_RECORDS_PER_MESSAGE_MAX];
    while (next < p->group->stored) {
        zks__message m = {.type = ZKS_MESSAGE_RECORDS};
        m.records.action = ZKS_RECORDS_PUT;
        m.records.records.items = records;
        m.records.records.count = zks__rgroup_pick(p->group, skip, &next, ZKS_BLOB_MAX_BYTES / 2,
                                                   records, ZKS_COUNTOF(records));
        if (m.records.records.count) {
            zks__peer_send(p, &m);
        }
    }
}

uint32_t zks__rgroup_messages(const zks__rgroup *g, const zks__wire_list *skip, size_t next)
{
    zks__slice records[ZKS_RECORDS_PER_MESSAGE_MAX];
    uint32_t count = 0;
    while (next < g->stored) {
        count += zks__rgroup_pick(g, skip, &next, ZKS_BLOB_MAX_BYTES / 2, records,
                                  ZKS_COUNTOF(records)) > 0;
    }
    return count;
}

static void send_put(zks__peer *p, const zks__slice *records, size_t count)
{
    zks__message m = {.type = ZKS_MESSAGE_RECORDS};
    m.records.action = ZKS_RECORDS_PUT;
    m.records.records.items = records;
    m.records.records.count = count;
    zks__peer_send(p, &m);
}

void zks__peer_send_chain(zks__peer *p, const uint8_t tag[ZKS_EPOCH_TAG_BYTES])
{
    const zks__records *set = p->group->set;
    const zks__record *tip = zks__records_epoch(set);
    const zks__record *from = zks__records_epoch_by_tag(set, tag);
    zks__slice records[ZKS_RECORDS_PER_MESSAGE_MAX];
    size_t count = 0;
    size_t bytes = 0;
    bool whole = from && zks__records_in_chain(set, from->hash);
    for (size_t i = 0; i < p->group->stored; i++) {
        const zks__record *r = zks__records_at(set, i);
        bool wanted = r->kind == ZKS_RECORD_KIND_EPOCH && zks__records_in_chain(set, r->hash) &&
                      (whole ? r->epoch.number > from->epoch.number : r == tip);
        if (!wanted) {
            continue;
        }
        if (count == ZKS_COUNTOF(records) || bytes + r->bytes.length > ZKS_BLOB_MAX_BYTES / 2) {
            send_put(p, records, count);
            count = bytes = 0;
        }
        records[count++] = r->bytes;
        bytes += r->bytes.length;
    }
    if (count) {
        send_put(p, records, count);
    }
}

void zks__rgroup_announce(zks__rgroup *g, size_t first, size_t last)
{
    if (first >= last) {
        return;
    }
    for (zks__node *n = zks__list_first(&g->peers); n;) {
        zks__node *next = zks__list_next(&g->peers, n);
        zks__peer *p = ZKS_CONTAINER(n, zks__peer, in_group);
        /* The one who brought them has them. */
        zks__peer_send_records(p, p->holding ? &p->holding->records.records : NULL, first);
        n = next;
    }
}

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

static void answer_want(zks__peer *p, const zks__message *m)
{
    zks__slice records[ZKS_RECORDS_PER_MESSAGE_MAX];
    zks__wire_list wanted = m->records.hashes;
    zks__wire_hash hash;
    bool more = true;
    while (more) {
        size_t count = 0;
        size_t used = 0;
        zks__message answer = {.type = ZKS_MESSAGE_RECORDS};
        while (count < ZKS_COUNTOF(records) && used < ZKS_BLOB_MAX_BYTES / 2 &&
               (more = zks__wire_next_hash(&wanted, &hash))) {
            const zks__record *record = zks__records_find(p->group->set, hash.hash);
            if (record) {
                records[count++] = record->bytes;
                used += record->bytes.length;
            }
        }
        answer.records.action = ZKS_RECORDS_PUT;
        answer.records.records.items = records;
        answer.records.records.count = count;
        zks__peer_send(p, &answer);
    }
}

/* The receipt: the hashes of what is durable now. */
static void send_receipt(zks__peer *p, const zks__wire_list *records)
{
    zks__wire_hash hashes[ZKS_RECORDS_PER_MESSAGE_MAX];
    size_t count = 0;
    for (size_t i = 0; i < p->group->stored && count < ZKS_COUNTOF(hashes); i++) {
        const zks__record *record = zks__records_at(p->group->set, i);
        if (is_among(&record->bytes, records)) {
            memcpy(hashes[count++].hash, record->hash, sizeof record->hash);
        }
    }
    zks__message m = {.type = ZKS_MESSAGE_RECORDS};
    m.records.action = ZKS_RECORDS_PUT;
    m.records.hashes.items = hashes;
    m.records.hashes.count = count;
    zks__peer_send(p, &m);
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
        send_receipt(p, &p->holding->records.records);
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
    case ZKS_RECORDS_LIST:
        zks__peer_send_records(p, NULL, 0);
        break;
    default:
        answer_want(p, m);
        break;
    }
}
