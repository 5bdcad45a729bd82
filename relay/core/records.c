/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* RECORDS: what members offer and ask for, and what goes to everybody. */
#include "relay/core/router.h"

#include "base/alloc.h"

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

static zks_status put(zks__peer *p, const zks__message *m)
{
    zks__wire_list list = m->records.records;
    zks__slice *records = zks__alloc(list.count * sizeof *records);
    size_t count = 0;
    if (!records) {
        return ZKS_E_NOMEM;
    }
    while (zks__wire_next_slice(&list, &records[count])) {
        count++;
    }
    zks_status status = zks__records_add_all(p->group->set, records, count, NULL);
    zks__free(records);
    return status;
}

static void drop_put(zks__peer *p)
{
    zks__buf_unref(p->held);
    zks__free(p->holding);
    p->held = NULL;
    p->holding = NULL;
}

void zks__peer_records_stored(zks__peer *p, zks_status status)
{
    zks__rgroup *g = p->group;
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
    drop_put(p);
    zks__peer_resume(p, ZKS_PAUSE_PUTTING);
}

static void take_put(zks__peer *p, const zks__message *m, zks__buf *backing)
{
    zks_status status = put(p, m);
    if (status) {
        uint32_t code = zks__wire_code(status);
        zks__peer_error(p, code, ZKS_MESSAGE_RECORDS, zks__retry_of(code),
                        "these records are not accepted");
        return;
    }
    p->holding = zks__alloc(sizeof *p->holding);
    if (!p->holding) {
        zks__peer_error(p, ZKS_WIRE_RELAY_OVERLOADED, ZKS_MESSAGE_RECORDS, ZKS_RELAY_RATE_RETRY_MS,
                        "there is no memory");
        return;
    }
    *p->holding = *m;
    p->held = zks__buf_ref(backing);
    p->state = ZKS_PEER_PUTTING;
    zks__peer_pause(p, ZKS_PAUSE_PUTTING);
    zks__peer_records_stored(p, ZKS_OK);
}

void zks__peer_records(zks__peer *p, const zks__message *m, zks__buf *backing)
{
    switch (m->records.action) {
    case ZKS_RECORDS_PUT:
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
