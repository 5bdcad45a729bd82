/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What a relay does with the records of a paired group: it ends and refuses the sessions of removed
 * devices, refuses blobs of epochs that are over, and lets one of two concurrent EPOCHs in.
 */
#include "relay_fixture.h"

#include "group/epoch.h"
#include "record/set.h"

enum { DEVICES = 4, ADMIN = ZKS_RIGHT_INVITE | ZKS_RIGHT_ADMIN };

/* What the group's devices know. */
typedef struct trust {
    fixture *f;
    zks__records *set;
    uint8_t epoch_count;
} trust;

static trust *trust_new(const char *options)
{
    trust *t = calloc(1, sizeof *t);
    ck_assert_ptr_nonnull(t);
    t->f = fixture_new(options);
    raw_group_init_paired(&t->f->group, 1);
    ck_assert_int_eq(zks__records_new(t->f->group.root.group_id, &t->set), ZKS_OK);
    const raw_record *first[2] = {&t->f->group.genesis, &t->f->group.epoch};
    for (size_t i = 0; i < 2; i++) {
        ck_assert_int_eq(zks__records_add(t->set, first[i]->bytes, first[i]->length, NULL), ZKS_OK);
    }
    for (unsigned i = 0; i < FIXTURE_CLIENTS; i++) {
        raw_client *c = &t->f->c[i];
        raw_client_done(c);
        raw_client_init(c, &t->f->world, &t->f->group, i + 1);
        raw_client_certify(c, i < 2 ? ADMIN : 0, 0);
        if (i < DEVICES) {
            ck_assert_int_eq(zks__records_add(t->set, c->member.bytes, c->member.length, NULL),
                             ZKS_OK);
        }
    }
    return t;
}

static void trust_free(trust *t)
{
    zks__records_free(t->set);
    fixture_free(t->f);
    free(t);
}

static const uint8_t *id(const trust *t, unsigned i)
{
    return zks__crypto_sign_public(&t->f->c[i].keys.sign);
}

static uint8_t secret_of(uint8_t n, uint8_t out[ZKS_KEY_BYTES])
{
    memset(out, n, ZKS_KEY_BYTES);
    return n;
}

/* An EPOCH on the tip that this set has, which removes one device (-1: none). */
static raw_record make_epoch(trust *t, unsigned signer, int remove)
{
    static uint8_t random[ZKS_EPOCH_RANDOM_MAX_BYTES];
    const zks__record *listed[ZKS_EPOCH_DEVICES_MAX];
    uint8_t removed[1][ZKS_DEVICE_ID_BYTES], secret[ZKS_KEY_BYTES], parent[ZKS_KEY_BYTES];
    zks__epoch_note note = {.reason_count = remove >= 0};
    raw_record out;
    secret_of(t->epoch_count, parent);
    secret_of(++t->epoch_count, secret);
    if (remove >= 0) {
        memcpy(removed[0], id(t, (unsigned)remove), sizeof removed[0]);
    }
    zks__epoch_plan p = {.genesis = zks__records_genesis(t->set),
                         .parent = zks__records_epoch(t->set),
                         .parent_secret = parent,
                         .secret = secret,
                         .listed = listed,
                         .removed = (const uint8_t(*)[ZKS_DEVICE_ID_BYTES])removed,
                         .removed_count = remove >= 0,
                         .note = &note,
                         .random = random};
    while ((listed[p.listed_count] = zks__records_next_listed(t->set, p.parent->hash, p.removed,
                                                              p.removed_count, p.listed_count))) {
        p.listed_count++;
    }
    ck_assert_int_eq(
        zks__epoch_make(&p, &t->f->c[signer].keys.sign, out.bytes, sizeof out.bytes, &out.length),
        ZKS_OK);
    return out;
}

static zks__slice slice_of(const raw_record *r)
{
    return (zks__slice){r->bytes, r->length};
}

static void learn(trust *t, const raw_record *r)
{
    ck_assert_int_eq(zks__records_add(t->set, r->bytes, r->length, NULL), ZKS_OK);
}

static void send_records(raw_client *c, uint8_t action, const zks__slice *records, size_t count)
{
    zks__message m = {.type = ZKS_MESSAGE_RECORDS};
    m.records.action = action;
    m.records.records.items = records;
    m.records.records.count = count;
    raw_send(c, &m);
}

/* The next message is RECORDS with this one. */
static void expect_record(raw_client *c, const raw_record *r)
{
    zks__slice got;
    zks__message *m = raw_expect(c, ZKS_MESSAGE_RECORDS);
    ck_assert_uint_eq(m->records.records.count, 1);
    ck_assert(zks__wire_next_slice(&m->records.records, &got));
    ck_assert_uint_eq(got.length, r->length);
    ck_assert_mem_eq(got.data, r->bytes, r->length);
}

static void expect_receipt(raw_client *c)
{
    const zks__message *m = raw_expect(c, ZKS_MESSAGE_RECORDS);
    ck_assert_uint_eq(m->records.records.count, 0);
    ck_assert_uint_gt(m->records.hashes.count, 0);
}

static void expect_bye(raw_client *c, uint32_t code)
{
    ck_assert_uint_eq(raw_expect(c, ZKS_MESSAGE_BYE)->bye.code, code);
    raw_expect_closed(c);
}

/* Its blobs belong to this epoch from now on. */
static void adopt(trust *t, unsigned i, const raw_record *epoch)
{
    zks__record r;
    uint8_t secret[ZKS_KEY_BYTES];
    ck_assert_int_eq(zks__record_read(epoch->bytes, epoch->length, &r), ZKS_OK);
    secret_of(t->epoch_count, secret);
    zks__blob_key_derive(zks__crypto_suite(test_suite()), secret, r.group_id, r.hash, id(t, i),
                         &t->f->c[i].blob_key);
}

static void refused_hello(trust *t, unsigned i, uint32_t code)
{
    zks__message m;
    zks__slice records[3];
    raw_client *c = &t->f->c[i];
    ck_assert_int_eq(raw_connect(c, t->f->relay.address), ZKS_OK);
    raw_hello(c, &m, records);
    raw_send(c, &m);
    raw_expect_refusal(c, code);
}

START_TEST(revoked_device_is_put_out_and_stays_out)
{
    trust *t = trust_new(NULL);
    raw_client *c = t->f->c;
    fixture_join(t->f, 3, ZKS_MODE_LIVE);
    for (unsigned i = 0; i < 3; i++) {
        fixture_go_live(&c[i], 0);
    }
    zks__slice fourth = slice_of(&c[3].member);
    send_records(&c[0], ZKS_RECORDS_PUT, &fourth, 1);
    expect_receipt(&c[0]);
    expect_record(&c[1], &c[3].member);
    expect_record(&c[2], &c[3].member);
    raw_record e = make_epoch(t, 0, 2);
    const zks__slice bytes = slice_of(&e);
    send_records(&c[0], ZKS_RECORDS_ISSUE, &bytes, 1);
    expect_receipt(&c[0]);
    expect_record(&c[1], &e);
    expect_record(&c[2], &e); /* it learns why */
    expect_bye(&c[2], ZKS_WIRE_DEVICE_REVOKED);
    refused_hello(t, 2, ZKS_WIRE_DEVICE_REVOKED);
    /* the others go on */
    adopt(t, 0, &e);
    raw_push(&c[0], 1, 1, 300);
    raw_push_wait(&c[0], 1);
    raw_expect(&c[1], ZKS_MESSAGE_BLOBS);
    /* and after a restart */
    raw_relay_stop(&t->f->relay);
    raw_expect(&c[0], ZKS_MESSAGE_BYE);
    raw_expect(&c[1], ZKS_MESSAGE_BYE);
    raw_expect_closed(&c[0]);
    raw_expect_closed(&c[1]);
    raw_relay_start(&t->f->relay, NULL);
    refused_hello(t, 2, ZKS_WIRE_DEVICE_REVOKED);
    raw_join(&c[1], t->f->relay.address, ZKS_MODE_LIVE);
    trust_free(t);
}
END_TEST

/* Only who has proven its key and was a member once hears 1003. */
START_TEST(strangers_hear_nothing_of_a_removal)
{
    trust *t = trust_new(NULL);
    raw_client *c = t->f->c;
    fixture_join(t->f, 2, ZKS_MODE_LIVE);
    for (unsigned i = 2; i < DEVICES; i++) {
        zks__slice member = slice_of(&c[i].member);
        send_records(&c[0], ZKS_RECORDS_PUT, &member, 1);
        expect_receipt(&c[0]);
        expect_record(&c[1], &c[i].member);
    }
    raw_record e = make_epoch(t, 0, 2);
    const zks__slice bytes = slice_of(&e);
    send_records(&c[0], ZKS_RECORDS_ISSUE, &bytes, 1);
    expect_receipt(&c[0]);
    refused_hello(t, 2, ZKS_WIRE_DEVICE_REVOKED);
    /* another device that names the removed one's record */
    zks__message m;
    zks__slice records[3];
    ck_assert_int_eq(raw_connect(&c[5], t->f->relay.address), ZKS_OK);
    raw_hello(&c[5], &m, records);
    memcpy(m.hello.member, c[2].member_hash, sizeof m.hello.member);
    raw_send(&c[5], &m);
    raw_expect_refusal(&c[5], ZKS_WIRE_UNAUTHORIZED);
    trust_free(t);
}
END_TEST

START_TEST(blobs_of_an_epoch_that_is_over_come_back_with_the_records)
{
    trust *t = trust_new(NULL);
    raw_client *c = t->f->c;
    fixture_join(t->f, 2, ZKS_MODE_LIVE);
    zks__slice rest[] = {slice_of(&c[2].member), slice_of(&c[3].member)};
    send_records(&c[0], ZKS_RECORDS_PUT, rest, 2);
    expect_receipt(&c[0]);
    raw_expect(&c[1], ZKS_MESSAGE_RECORDS);
    raw_record e1 = make_epoch(t, 0, -1);
    learn(t, &e1);
    raw_record e2 = make_epoch(t, 1, -1);
    const zks__slice both[] = {slice_of(&e1), slice_of(&e2)};
    for (size_t i = 0; i < 2; i++) {
        send_records(&c[i], ZKS_RECORDS_ISSUE, &both[i], 1);
        expect_receipt(&c[i]);
        expect_record(&c[1 - i], i ? &e2 : &e1);
    }
    raw_push(&c[0], 1, 1, 300); /* of EPOCH 0 */
    const zks__message *m = raw_expect(&c[0], ZKS_MESSAGE_RECORDS);
    ck_assert_uint_eq(m->records.records.count, 2);
    ck_assert_uint_eq(fixture_result(&c[0]).code, ZKS_WIRE_STALE_EPOCH);
    adopt(t, 0, &e1);
    raw_push(&c[0], 1, 1, 300);
    expect_record(&c[0], &e2);
    ck_assert_uint_eq(fixture_result(&c[0]).code, ZKS_WIRE_STALE_EPOCH);
    adopt(t, 0, &e2);
    raw_push(&c[0], 1, 1, 300);
    raw_push_wait(&c[0], 1);
    trust_free(t);
}
END_TEST

/* Two devices remove at the same time: one is in, the other hears CONFLICT with what it lacks,
 * takes it, and issues anew. */
START_TEST(concurrent_epochs_are_compared_and_swapped)
{
    trust *t = trust_new(NULL);
    raw_client *c = t->f->c;
    fixture_join(t->f, 4, ZKS_MODE_LIVE);
    raw_record by_0 = make_epoch(t, 0, 2);
    raw_record by_1 = make_epoch(t, 1, 3);
    const zks__slice both[] = {slice_of(&by_0), slice_of(&by_1)};
    send_records(&c[0], ZKS_RECORDS_ISSUE, &both[0], 1);
    expect_receipt(&c[0]);
    expect_record(&c[1], &by_0);
    send_records(&c[1], ZKS_RECORDS_ISSUE, &both[1], 1);
    expect_record(&c[1], &by_0);
    raw_expect_error(&c[1], ZKS_WIRE_CONFLICT);
    learn(t, &by_0);
    raw_record again = make_epoch(t, 1, 3);
    const zks__slice bytes = slice_of(&again);
    send_records(&c[1], ZKS_RECORDS_ISSUE, &bytes, 1);
    expect_receipt(&c[1]);
    expect_record(&c[0], &again);
    /* what is there already is no conflict: the receipt may have been lost */
    send_records(&c[1], ZKS_RECORDS_ISSUE, &bytes, 1);
    expect_receipt(&c[1]);
    expect_record(&c[2], &by_0);
    expect_bye(&c[2], ZKS_WIRE_DEVICE_REVOKED);
    expect_record(&c[3], &by_0);
    expect_record(&c[3], &again);
    expect_bye(&c[3], ZKS_WIRE_DEVICE_REVOKED);
    trust_free(t);
}
END_TEST

/* Sent without waiting: exactly one of them is in, and the other hears CONFLICT behind the EPOCH
 * that it lacks. */
START_TEST(race_of_two_revokers_has_one_winner)
{
    trust *t = trust_new(NULL);
    raw_client *c = t->f->c;
    size_t receipts = 0;
    size_t conflicts = 0;
    fixture_join(t->f, 4, ZKS_MODE_NO_SUBSCRIBE);
    raw_record by_0 = make_epoch(t, 0, 2);
    raw_record by_1 = make_epoch(t, 1, 3);
    const zks__slice both[] = {slice_of(&by_0), slice_of(&by_1)};
    for (size_t i = 0; i < 2; i++) {
        send_records(&c[i], ZKS_RECORDS_ISSUE, &both[i], 1);
    }
    for (size_t i = 0; i < 2; i++) {
        bool told = false, knows = false;
        while (!told) {
            const zks__message *m = raw_next(&c[i], RAW_DEADLINE_MS);
            ck_assert(m && (m->type == ZKS_MESSAGE_RECORDS || m->type == ZKS_MESSAGE_ERROR));
            bool receipt = m->type == ZKS_MESSAGE_RECORDS && m->records.hashes.count;
            told = receipt || m->type == ZKS_MESSAGE_ERROR;
            receipts += receipt;
            knows |= m->type == ZKS_MESSAGE_RECORDS && m->records.records.count;
            ck_assert(m->type != ZKS_MESSAGE_ERROR || knows);
            conflicts += m->type == ZKS_MESSAGE_ERROR && m->error.code == ZKS_WIRE_CONFLICT;
        }
    }
    ck_assert_uint_eq(receipts, 1);
    ck_assert_uint_eq(conflicts, 1);
    trust_free(t);
}
END_TEST

/* PUT carries the other relay's branch: both stay, and the rules decide. */
START_TEST(branches_of_two_relays_are_carried_together)
{
    trust *t = trust_new(NULL);
    raw_client *c = t->f->c;
    fixture_join(t->f, 4, ZKS_MODE_LIVE);
    raw_record by_0 = make_epoch(t, 0, 2);
    raw_record by_1 = make_epoch(t, 1, 3);
    const zks__slice both[] = {slice_of(&by_0), slice_of(&by_1)};
    send_records(&c[1], ZKS_RECORDS_ISSUE, &both[1], 1);
    expect_receipt(&c[1]);
    expect_record(&c[0], &by_1);
    send_records(&c[0], ZKS_RECORDS_PUT, &both[0], 1);
    expect_receipt(&c[0]);
    expect_record(&c[1], &by_0);
    expect_record(&c[2], &by_1);
    expect_record(&c[2], &by_0);
    expect_bye(&c[2], ZKS_WIRE_DEVICE_REVOKED);
    expect_record(&c[3], &by_1);
    expect_bye(&c[3], ZKS_WIRE_DEVICE_REVOKED);
    trust_free(t);
}
END_TEST

START_TEST(epoch_against_the_rules_is_refused_and_leaves_nothing)
{
    trust *t = trust_new(NULL);
    raw_client *c = t->f->c;
    fixture_join(t->f, 4, ZKS_MODE_NO_SUBSCRIBE);
    raw_record e = make_epoch(t, 2, 3); /* device 3 is no ADMIN */
    zks__slice records[] = {slice_of(&c[4].member), slice_of(&e)};
    send_records(&c[2], ZKS_RECORDS_ISSUE, records, 2);
    raw_expect_error(&c[2], ZKS_WIRE_INVALID_MESSAGE);
    send_records(&c[2], ZKS_RECORDS_LIST, NULL, 0);
    ck_assert_uint_eq(raw_expect(&c[2], ZKS_MESSAGE_RECORDS)->records.records.count, 2 + 4);
    raw_record broken = make_epoch(t, 0, 3);
    broken.bytes[broken.length - 1] ^= 1;
    records[1] = slice_of(&broken);
    send_records(&c[0], ZKS_RECORDS_ISSUE, records, 2);
    raw_expect_error(&c[0], ZKS_WIRE_INVALID_MESSAGE);
    send_records(&c[0], ZKS_RECORDS_LIST, NULL, 0);
    ck_assert_uint_eq(raw_expect(&c[0], ZKS_MESSAGE_RECORDS)->records.records.count, 2 + 4);
    trust_free(t);
}
END_TEST

/* One signer fills its places on one parent; others still have theirs. */
START_TEST(records_of_one_signer_have_a_limit)
{
    trust *t = trust_new(NULL);
    raw_client *c = t->f->c;
    fixture_join(t->f, 4, ZKS_MODE_NO_SUBSCRIBE);
    for (size_t i = 0; i <= ZKS_RECORDS_SIBLINGS_MAX; i++) {
        raw_record e = make_epoch(t, 1, -1);
        const zks__slice bytes = slice_of(&e);
        send_records(&c[1], ZKS_RECORDS_PUT, &bytes, 1);
        if (i < ZKS_RECORDS_SIBLINGS_MAX) {
            expect_receipt(&c[1]);
        } else {
            raw_expect_error(&c[1], ZKS_WIRE_GROUP_QUOTA_EXCEEDED);
        }
    }
    raw_record e = make_epoch(t, 0, 1);
    const zks__slice bytes = slice_of(&e);
    send_records(&c[0], ZKS_RECORDS_PUT, &bytes, 1); /* carried: the tip is another */
    for (size_t i = 0; i < ZKS_RECORDS_SIBLINGS_MAX; i++) {
        raw_expect(&c[0], ZKS_MESSAGE_RECORDS); /* announced */
    }
    expect_receipt(&c[0]);
    expect_record(&c[1], &e);
    expect_bye(&c[1], ZKS_WIRE_DEVICE_REVOKED);
    refused_hello(t, 1, ZKS_WIRE_DEVICE_REVOKED);
    trust_free(t);
}
END_TEST

START_TEST(live_devices_have_a_limit)
{
    trust *t = trust_new("devices_per_group = 2");
    fixture_join(t->f, 2, ZKS_MODE_LIVE);
    refused_hello(t, 2, ZKS_WIRE_UNAUTHORIZED);
    zks__slice member = slice_of(&t->f->c[2].member);
    send_records(&t->f->c[0], ZKS_RECORDS_PUT, &member, 1);
    raw_expect_error(&t->f->c[0], ZKS_WIRE_GROUP_QUOTA_EXCEEDED);
    trust_free(t);
}
END_TEST

START_TEST(device_that_leaves_is_let_go_and_not_in_again)
{
    trust *t = trust_new(NULL);
    raw_client *c = t->f->c;
    raw_record leave;
    fixture_join(t->f, 2, ZKS_MODE_LIVE);
    ck_assert_int_eq(zks__record_make_leave(test_suite(), t->f->group.root.group_id,
                                            &c[1].keys.sign, leave.bytes, sizeof leave.bytes,
                                            &leave.length),
                     ZKS_OK);
    const zks__slice bytes = slice_of(&leave);
    send_records(&c[1], ZKS_RECORDS_PUT, &bytes, 1);
    expect_receipt(&c[1]);
    expect_bye(&c[1], ZKS_WIRE_UNAUTHORIZED);
    expect_record(&c[0], &leave);
    refused_hello(t, 1, ZKS_WIRE_UNAUTHORIZED);
    trust_free(t);
}
END_TEST

/* A member whose time is over is refused, and its records with it. */
START_TEST(device_whose_time_is_over_is_refused)
{
    trust *t = trust_new(NULL);
    fixture_join(t->f, 1, ZKS_MODE_LIVE);
    raw_client_certify(&t->f->c[4], 0, 1000000);
    refused_hello(t, 4, ZKS_WIRE_UNAUTHORIZED);
    send_records(&t->f->c[0], ZKS_RECORDS_LIST, NULL, 0);
    ck_assert_uint_eq(raw_expect(&t->f->c[0], ZKS_MESSAGE_RECORDS)->records.records.count, 3);
    trust_free(t);
}
END_TEST

START_TEST(shared_group_says_what_would_help)
{
    fixture *f = fixture_new(NULL);
    static uint8_t keys[ZKS_SEAL_CT_MAX_BYTES + ZKS_SEALED_SECRET_BYTES];
    const size_t key_bytes = zks__record_key_bytes(zks__crypto_suite(test_suite()));
    raw_record e;
    zks__record tip;
    fixture_join(f, 1, ZKS_MODE_LIVE);
    ck_assert_int_eq(zks__record_read(f->group.epoch.bytes, f->group.epoch.length, &tip), ZKS_OK);
    zks__epoch next = {.number = 1, .keys = {keys, key_bytes}, .wrap = {keys, 48}};
    memcpy(next.parent, tip.hash, sizeof next.parent);
    ck_assert_int_eq(zks__record_make_epoch(test_suite(), tip.group_id, &next, &f->group.root.root,
                                            e.bytes, sizeof e.bytes, &e.length),
                     ZKS_OK);
    const zks__slice bytes = slice_of(&e);
    send_records(&f->c[0], ZKS_RECORDS_ISSUE, &bytes, 1);
    const zks__message *m = raw_expect(&f->c[0], ZKS_MESSAGE_ERROR);
    ck_assert_uint_eq(m->error.code, ZKS_WIRE_INVALID_MESSAGE);
    ck_assert_mem_eq(m->error.text.data, ZKS_RECORDS_SHARED_TEXT, m->error.text.length);
    fixture_free(f);
}
END_TEST

static void add(TCase *c)
{
    tcase_add_test(c, revoked_device_is_put_out_and_stays_out);
    tcase_add_test(c, strangers_hear_nothing_of_a_removal);
    tcase_add_test(c, blobs_of_an_epoch_that_is_over_come_back_with_the_records);
    tcase_add_test(c, concurrent_epochs_are_compared_and_swapped);
    tcase_add_test(c, race_of_two_revokers_has_one_winner);
    tcase_add_test(c, branches_of_two_relays_are_carried_together);
    tcase_add_test(c, epoch_against_the_rules_is_refused_and_leaves_nothing);
    tcase_add_test(c, records_of_one_signer_have_a_limit);
    tcase_add_test(c, live_devices_have_a_limit);
    tcase_add_test(c, device_that_leaves_is_let_go_and_not_in_again);
    tcase_add_test(c, device_whose_time_is_over_is_refused);
    tcase_add_test(c, shared_group_says_what_would_help);
}

int main(void)
{
    return unit_main("relay revocation", add);
}
