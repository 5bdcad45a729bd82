/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A group whose records are more than a session's queue may hold: they come piece by piece, in
 * their order, and nothing overtakes them. */
#include "many_epochs.h"
#include "relay_fixture.h"
#include "tests/relay/members.h"

enum {
    /* above ZKS_RELAY_QUEUED_HARD_BYTES with room to spare */
    FLOOD_BYTES = 9 << 20,
    RIGHTS = ZKS_RIGHT_INVITE | ZKS_RIGHT_ADMIN
};

/* --- without an engine ------------------------------------------------------------ */

static fixture *paired_fixture(many *out, const char *options)
{
    fixture *f = fixture_new(options);
    raw_group_init_paired(&f->group, 1);
    for (unsigned i = 0; i < FIXTURE_CLIENTS; i++) {
        raw_client_done(&f->c[i]);
        raw_client_init(&f->c[i], &f->world, &f->group, i + 1);
        raw_client_certify(&f->c[i], RIGHTS, 0);
    }
    fixture_join(f, 2, ZKS_MODE_NO_SUBSCRIBE);
    raw_disconnect(&f->c[1]);
    many_init(out, &f->c[0]);
    return f;
}

/* The next RECORDS; that there is something to pull may be told in front of it. */
static zks__wire_list next_records(raw_client *c)
{
    const zks__message *got = raw_next(c, RAW_DEADLINE_MS);
    if (got && got->type == ZKS_MESSAGE_NOTIFY) {
        got = raw_next(c, RAW_DEADLINE_MS);
    }
    ck_assert(got && got->type == ZKS_MESSAGE_RECORDS);
    return got->records.records;
}

/* Puts what a message has into a set: each must build on what is there. */
static size_t take(zks__records *set, zks__wire_list list)
{
    size_t before = zks__records_count(set);
    many_learn(set, list);
    return zks__records_count(set) - before;
}

static zks__records *fresh_set(const fixture *f)
{
    zks__records *set = NULL;
    ck_assert_int_eq(zks__records_new(f->group.root.group_id, &set), ZKS_OK);
    return set;
}

static void expect_same(const zks__records *a, const zks__records *b)
{
    uint8_t x[ZKS_RECORD_HASH_BYTES], y[ZKS_RECORD_HASH_BYTES];
    ck_assert_uint_eq(zks__records_count(a), zks__records_count(b));
    zks__records_digest(a, x);
    zks__records_digest(b, y);
    ck_assert_mem_eq(x, y, sizeof x);
}

/* HELLO and WELCOME of a device that has nothing; its set holds what both have said. */
static uint32_t join_new(fixture *f, unsigned i, zks__records *set, uint8_t mode)
{
    zks__message ask;
    zks__slice own[3];
    raw_client *c = &f->c[i];
    ck_assert_int_eq(raw_connect(c, f->relay.address), ZKS_OK);
    raw_hello(c, &ask, own);
    ask.hello.mode = mode;
    raw_send(c, &ask);
    for (size_t k = 0; k < 3; k++) {
        ck_assert_int_eq(zks__records_load(set, own[k].data, own[k].length), ZKS_OK);
    }
    const zks__message *answer = raw_expect(c, ZKS_MESSAGE_WELCOME);
    take(set, answer->welcome.records);
    return answer->welcome.records_follow;
}

START_TEST(records_beyond_a_sessions_queue_reach_a_device_that_is_behind)
{
    many g;
    fixture *f = paired_fixture(&g, NULL);
    zks__records *set = fresh_set(f);
    many_flood(&g, FLOOD_BYTES);
    uint32_t messages = join_new(f, 1, set, ZKS_MODE_NO_SUBSCRIBE);
    ck_assert_uint_gt(messages, FLOOD_BYTES / ZKS_BLOB_MAX_BYTES);
    for (; messages; messages--) {
        size_t added = take(set, raw_expect(&f->c[1], ZKS_MESSAGE_RECORDS)->records.records);
        ck_assert_uint_gt(added, 0);
    }
    expect_same(set, g.set);
    raw_idle(&f->world, 100);
    ck_assert_ptr_nonnull(f->c[1].session);
    ck_assert_ptr_null(raw_next(&f->c[1], 1));
    zks__records_free(set);
    many_done(&g);
    fixture_free(f);
}
END_TEST

START_TEST(list_and_want_give_all_however_many)
{
    many g;
    fixture *f = paired_fixture(&g, NULL);
    many_flood(&g, FLOOD_BYTES);
    static zks__wire_hash hashes[ZKS_IDS_PER_MESSAGE_MAX];
    size_t count = zks__records_count(g.set);
    for (size_t i = 0; i < count; i++) {
        memcpy(hashes[i].hash, zks__records_at(g.set, i)->hash, sizeof hashes[i].hash);
    }
    zks__message ask = {.type = ZKS_MESSAGE_RECORDS};
    for (int want = 0; want < 2; want++) {
        zks__records *set = fresh_set(f);
        ask.records.action = want ? ZKS_RECORDS_WANT : ZKS_RECORDS_LIST;
        ask.records.hashes.items = hashes;
        ask.records.hashes.count = want ? count : 0;
        raw_send(&f->c[0], &ask);
        while (zks__records_count(set) < count) {
            take(set, raw_expect(&f->c[0], ZKS_MESSAGE_RECORDS)->records.records);
        }
        expect_same(set, g.set);
        zks__records_free(set);
    }
    many_done(&g);
    fixture_free(f);
}
END_TEST

/* New records come while others are on their way: they follow behind them. And blobs of the newest
 * epoch come behind all of them, though the device pulls at once. */
START_TEST(nothing_overtakes_records_that_are_on_their_way)
{
    many g;
    fixture *f = paired_fixture(&g, NULL);
    zks__records *set = fresh_set(f);
    many_flood(&g, FLOOD_BYTES);
    uint32_t messages = join_new(f, 1, set, ZKS_MODE_LIVE);
    size_t promised = zks__records_count(g.set);
    raw_pull(&f->c[1], 0, UINT32_MAX, UINT32_MAX, 0);
    many_flood(&g, 1 << 20);
    zks__blob_key_derive(zks__crypto_suite(test_suite()), g.secret, f->group.root.group_id, g.tip,
                         zks__crypto_sign_public(&f->c[0].keys.sign), &f->c[0].blob_key);
    raw_push(&f->c[0], 1, 1, 300);
    raw_push_wait(&f->c[0], 1);
    for (; messages; messages--) {
        take(set, next_records(&f->c[1]));
    }
    ck_assert_uint_ge(zks__records_count(set), promised);
    const zks__message *got = NULL;
    for (bool blob = false; !blob;) {
        ck_assert_ptr_nonnull(got = raw_next(&f->c[1], RAW_DEADLINE_MS));
        if (got->type == ZKS_MESSAGE_RECORDS) {
            take(set, got->records.records);
        } else if (got->type == ZKS_MESSAGE_NOTIFY) {
            raw_pull(&f->c[1], 0, UINT32_MAX, UINT32_MAX, 0);
        } else {
            ck_assert_int_eq(got->type, ZKS_MESSAGE_BLOBS);
            blob = got->blobs.blobs.count > 0;
        }
    }
    expect_same(set, g.set);
    zks__records_free(set);
    many_done(&g);
    fixture_free(f);
}
END_TEST

/* A device in the middle of them goes, others come: nothing is left behind. */
START_TEST(device_that_goes_in_the_middle_hurts_nobody)
{
    many g;
    fixture *f = paired_fixture(&g, NULL);
    many_flood(&g, FLOOD_BYTES);
    for (unsigned i = 1; i < FIXTURE_CLIENTS; i++) {
        zks__records *set = fresh_set(f);
        (void)join_new(f, i, set, ZKS_MODE_LIVE);
        raw_disconnect(&f->c[i]);
        zks__records_free(set);
    }
    many_flood(&g, 1 << 20);
    zks__message ask = {.type = ZKS_MESSAGE_RECORDS};
    ask.records.action = ZKS_RECORDS_LIST;
    raw_send(&f->c[0], &ask);
    raw_relay_stop(&f->relay);
    many_done(&g);
    fixture_free(f);
}
END_TEST

/* The whole way from there to the tip would not fit: it comes in pieces, one for each refusal. */
START_TEST(blob_of_a_far_epoch_brings_the_next_ones)
{
    many g;
    fixture *f = paired_fixture(&g, NULL);
    many_flood(&g, 2 << 20);
    zks__slice record;
    zks__record r;
    raw_push(&f->c[0], 1, 1, 300); /* of EPOCH 0 */
    zks__wire_list list = raw_expect(&f->c[0], ZKS_MESSAGE_RECORDS)->records.records;
    ck_assert_uint_gt(list.count, 1);
    for (uint32_t number = 1; zks__wire_next_slice(&list, &record); number++) {
        ck_assert_int_eq(zks__record_read(record.data, record.length, &r), ZKS_OK);
        ck_assert_uint_eq(r.epoch.number, number);
    }
    ck_assert_uint_eq(fixture_result(&f->c[0]).code, ZKS_WIRE_STALE_EPOCH);
    many_done(&g);
    fixture_free(f);
}
END_TEST

/* --- with the engine -------------------------------------------------------------- */

START_TEST(engine_that_is_behind_or_new_takes_them_all)
{
    static raw_world world;
    static raw_group group;
    static raw_client admin;
    many g;
    begin(1, 2);
    shut(B);
    raw_world_init(&world);
    zks__group_root_derive(suite, ZKS_GROUP_MODE_PAIRED, seed, &group.root);
    ck_assert_int_eq(zks__group_make_genesis(&group.root, group.genesis.bytes,
                                             sizeof group.genesis.bytes, &group.genesis.length),
                     ZKS_OK);
    ck_assert_int_eq(zks__group_make_epoch0(&group.root, group.epoch.bytes,
                                            sizeof group.epoch.bytes, &group.epoch.length),
                     ZKS_OK);
    raw_client_init(&admin, &world, &group, 1);
    raw_client_certify(&admin, RIGHTS, 0);
    raw_join(&admin, relays[0].address, ZKS_MODE_NO_SUBSCRIBE);
    many_init(&g, &admin);
    g.sealed = true;
    many_flood(&g, FLOOD_BYTES);
    raw_disconnect(&admin);
    DEVICE_UNTIL(epoch_of(A) == (int64_t)g.epochs);
    push(A, 1);
    open_at(B, 0);
    ck_assert_int_eq(try_connect(B), ZKS_OK);
    DEVICE_UNTIL(epoch_of(B) == (int64_t)g.epochs && words_of(B) == 1);
    push(B, 2);
    DEVICE_UNTIL(words_of(A) == 2);
    snprintf(m[C].path, sizeof m[C].path, "%s/new.zks", folder);
    zks__ledger_close(open_ledger(&m[C], seed));
    open_at(C, 0);
    ck_assert_int_eq(try_connect(C), ZKS_OK);
    ck_assert_int_eq(rotate(A), (int64_t)g.epochs + 1); /* which seals for it */
    DEVICE_UNTIL(epoch_of(C) == (int64_t)g.epochs + 1 && words_of(C) == 2);
    for (int i = A; i <= C; i++) {
        ck_assert_uint_eq(m[i].d.connected, 1);
        ck_assert_int_eq(figure(i, ZKS_REPORT_REJECTED), 0);
    }
    many_done(&g);
    raw_client_done(&admin);
    raw_world_done(&world);
    end();
}
END_TEST

static void add(TCase *c)
{
    tcase_add_test(c, records_beyond_a_sessions_queue_reach_a_device_that_is_behind);
    tcase_add_test(c, list_and_want_give_all_however_many);
    tcase_add_test(c, nothing_overtakes_records_that_are_on_their_way);
    tcase_add_test(c, device_that_goes_in_the_middle_hurts_nobody);
    tcase_add_test(c, blob_of_a_far_epoch_brings_the_next_ones);
    tcase_add_test(c, engine_that_is_behind_or_new_takes_them_all);
}

int main(void)
{
    return unit_main("relay many records", add);
}
