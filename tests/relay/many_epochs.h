/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A paired group with many large EPOCHs, made by a device without an engine: more records than a
 * relay may queue for a session. Header only. */
#ifndef ZKS_TESTS_RELAY_MANY_EPOCHS_H
#define ZKS_TESTS_RELAY_MANY_EPOCHS_H

#include "group/epoch.h"
#include "record/set.h"
#include "support/raw_client.h"
#include "support/unit.h"

#include <stdlib.h>
#include <string.h>

enum {
    MANY_EXTRA = 60, /* members that never come, so that each EPOCH is large */
    MANY_EPOCHS_MAX = ZKS_RECORDS_EPOCHS_PER_SIGNER_MAX,
    MANY_PUT_BYTES = ZKS_BLOB_MAX_BYTES
};

typedef struct many {
    raw_client *c;     /* an ADMIN by the root key, online; it has read all its messages */
    zks__records *set; /* what the relay has */
    uint8_t secret[ZKS_KEY_BYTES];
    uint8_t tip[ZKS_RECORD_HASH_BYTES];
    size_t epochs, bytes; /* of the EPOCHs */
    bool sealed;          /* for devices with an engine; else the keys are only as long */
} many;

static inline void many_learn(zks__records *set, zks__wire_list list)
{
    zks__slice r;
    while (zks__wire_next_slice(&list, &r)) {
        ck_assert_int_eq(zks__records_load(set, r.data, r.length), ZKS_OK);
    }
}

static inline void many_send(raw_client *c, uint8_t action, const zks__slice *records, size_t count)
{
    zks__message m = {.type = ZKS_MESSAGE_RECORDS};
    m.records.action = action;
    m.records.records.items = records;
    m.records.records.count = count;
    raw_send(c, &m);
}

static inline void many_put(many *f, const zks__slice *records, size_t count)
{
    raw_client *c = f->c;
    many_send(c, ZKS_RECORDS_PUT, records, count);
    const zks__message *answer = raw_expect(c, ZKS_MESSAGE_RECORDS);
    while (answer->records.records.count) { /* of others */
        many_learn(f->set, answer->records.records);
        answer = raw_expect(c, ZKS_MESSAGE_RECORDS);
    }
    ck_assert_uint_eq(answer->records.hashes.count, count);
}

/* c is online, an ADMIN, and the only one that changes the group. */
static inline void many_init(many *f, raw_client *c)
{
    static raw_client extra;
    *f = (many){.c = c};
    memcpy(f->secret, c->group->root.epoch0_secret, sizeof f->secret);
    ck_assert_int_eq(zks__records_new(c->group->root.group_id, &f->set), ZKS_OK);
    zks__message m = {.type = ZKS_MESSAGE_RECORDS};
    m.records.action = ZKS_RECORDS_LIST;
    raw_send(c, &m);
    many_learn(f->set, raw_expect(c, ZKS_MESSAGE_RECORDS)->records.records);
    for (unsigned i = 0; zks__records_members(f->set) < MANY_EXTRA; i++) {
        raw_client_init(&extra, c->world, c->group, 500 + i);
        raw_client_certify(&extra, 0, 0);
        const zks__slice member = {extra.member.bytes, extra.member.length};
        ck_assert_int_eq(zks__records_load(f->set, member.data, member.length), ZKS_OK);
        many_put(f, &member, 1);
        raw_client_done(&extra);
    }
}

static inline void many_done(many *f)
{
    zks__records_free(f->set);
}

/* With keys that open nothing: a relay does not see it, and it is quick. */
static inline size_t many_make_hollow(const many *f, const zks__epoch_plan *p, uint8_t *out,
                                      size_t size)
{
    static uint8_t keys[ZKS_RECORD_BODY_MAX_BYTES];
    zks__wire_hash hashes[ZKS_EPOCH_DEVICES_MAX];
    const zks__suite *s = zks__crypto_suite(p->parent->suite);
    for (size_t i = 0; i < p->listed_count; i++) {
        memcpy(hashes[i].hash, p->listed[i]->hash, sizeof hashes[i].hash);
    }
    zks__epoch e = {.number = p->parent->epoch.number + 1,
                    .listed = {.count = p->listed_count, .items = hashes},
                    .removed = {.count = p->removed_count, .items = p->removed},
                    .keys = {keys, (p->listed_count + 1) * zks__record_key_bytes(s)},
                    .wrap = {keys, ZKS_SEALED_SECRET_BYTES},
                    .sealed = {keys, 64}};
    size_t length = 0;
    memcpy(e.parent, p->parent->hash, sizeof e.parent);
    memcpy(e.commit, p->secret, sizeof e.commit);
    ck_assert_int_eq(zks__record_make_epoch(s->id, p->parent->group_id, &e, &f->c->keys.sign, out,
                                            size, &length),
                     ZKS_OK);
    return length;
}

/* The next EPOCH on the tip; removed: a device or NULL. The set has it, whatever the relay says. */
static inline size_t many_make(many *f, const uint8_t *removed, uint8_t *out, size_t size)
{
    static uint8_t random[ZKS_EPOCH_RANDOM_MAX_BYTES];
    const zks__record *listed[ZKS_EPOCH_DEVICES_MAX + 1];
    uint8_t secret[ZKS_KEY_BYTES] = {1}, gone[1][ZKS_DEVICE_ID_BYTES] = {{0}};
    const zks__epoch_note note = {.reason_count = removed != NULL};
    size_t length = 0;
    memcpy(secret + 8, &f->epochs, sizeof f->epochs);
    memcpy(gone[0], removed ? removed : gone[0], sizeof gone[0]);
    zks__epoch_plan p = {.genesis = zks__records_genesis(f->set),
                         .parent = zks__records_epoch(f->set),
                         .parent_secret = f->secret,
                         .secret = secret,
                         .listed = listed,
                         .removed = (const uint8_t(*)[ZKS_DEVICE_ID_BYTES])gone,
                         .removed_count = removed != NULL,
                         .note = &note,
                         .random = random};
    while ((listed[p.listed_count] = zks__records_next_listed(f->set, p.parent->hash, p.removed,
                                                              p.removed_count, p.listed_count))) {
        p.listed_count++;
    }
    if (f->sealed) {
        ck_assert_int_eq(zks__epoch_make(&p, &f->c->keys.sign, out, size, &length), ZKS_OK);
    } else {
        length = many_make_hollow(f, &p, out, size);
    }
    ck_assert_int_eq(zks__records_load(f->set, out, length), ZKS_OK);
    memcpy(f->secret, secret, sizeof f->secret);
    memcpy(f->tip, zks__records_epoch(f->set)->hash, sizeof f->tip);
    f->epochs++;
    f->bytes += length;
    return length;
}

/* EPOCHs of so many bytes in all, each PUT at the relay. */
static inline void many_flood(many *f, size_t bytes)
{
    static uint8_t out[MANY_PUT_BYTES];
    zks__slice records[ZKS_RECORDS_PER_MESSAGE_MAX];
    size_t used = 0, count = 0;
    const size_t end = f->bytes + bytes;
    while (f->bytes < end) {
        ck_assert_uint_lt(f->epochs, MANY_EPOCHS_MAX);
        size_t length = many_make(f, NULL, out + used, sizeof out - used);
        records[count++] = (zks__slice){out + used, length};
        used += length;
        if (sizeof out - used < ZKS_RECORD_BODY_MAX_BYTES || f->bytes >= end) {
            many_put(f, records, count);
            used = count = 0;
        }
    }
}

#endif
