/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What one device seals another one opens, in order, once, and keeps. */
#include "client/secret.h"
#include "crypto/crypto.h"
#include "device.h"
#include "tests/unit/client/ledgers.h"

START_TEST(entries_arrive_in_order_once)
{
    push(a, 3);
    push(a, 1);
    ck_assert_uint_eq(deliver(0, 4).delivered, 4);
    ck_assert_uint_eq(deliver(0, 4).duplicates, 4);
    expect_inbox((uint64_t[]){1, 2, 3, 4}, 4);
}
END_TEST

START_TEST(unsigned_ones_wait_for_the_signature_behind_them)
{
    push(a, 3);
    zks__received r = deliver(0, 2);
    ck_assert_uint_eq(r.delivered, 0);
    ck_assert_uint_eq(r.held_now, 2);
    expect_inbox(NULL, 0);
    r = deliver(2, 1);
    ck_assert_uint_eq(r.delivered, 3);
    ck_assert_uint_eq(r.held_now, 0);
    expect_inbox((uint64_t[]){1, 2, 3}, 3);
}
END_TEST

/* What others hold without a signature is bounded in bytes too. */
START_TEST(a_large_commit_is_signed_on_its_way)
{
    enum { LENGTH = 900 * 1000, COUNT = 7 };
    static const uint8_t zeros[LENGTH];
    begin(a);
    for (size_t i = 0; i < COUNT; i++) {
        ck_assert_int_eq(zks__ledger_push(a, zks__blob_buffer(zeros, LENGTH), 0, i + 1 == COUNT,
                                          &outbox[outbox_count++]),
                         ZKS_OK);
    }
    commit(a);
    ck_assert_uint_eq(deliver(0, 4).delivered, 0);
    ck_assert_uint_eq(deliver(4, 1).delivered, 5);
    ck_assert_uint_eq(deliver(5, 1).delivered, 0);
    ck_assert_uint_eq(deliver(6, 1).delivered, 2);
}
END_TEST

START_TEST(a_later_entry_waits_for_the_missing_one)
{
    push(a, 1);
    push(a, 1);
    push(a, 1);
    ck_assert_uint_eq(deliver(2, 1).delivered, 0);
    ck_assert_uint_eq(deliver(0, 1).delivered, 1);
    ck_assert_uint_eq(deliver(1, 1).delivered, 2);
    expect_inbox((uint64_t[]){1, 2, 3}, 3);
}
END_TEST

START_TEST(held_entries_survive_a_reload)
{
    push(a, 3);
    deliver(0, 2);
    begin(b);
    roll_back(b);
    load_relay(b);
    ck_assert_uint_eq(deliver(2, 1).delivered, 3);
    expect_inbox((uint64_t[]){1, 2, 3}, 3);
}
END_TEST

/* Any member can write an entry without a signature in another's name, and into its present chain.
 */
START_TEST(an_unsigned_entry_in_the_own_chain_does_not_move_its_tip)
{
    uint8_t nonce[ZKS_NONCE_BYTES] = {1};
    exchange_records(b, a);
    push(a, 1);
    begin(a);
    roll_back(a); /* the history reads its tip: 1 */
    load_relay(a);
    push(a, 2);
    const zks__store_chain *own = &a->own->row;
    zks__entry e = {.seq = own->tip_seq + 1, .kind = ZKS_ENTRY_DATA};
    memcpy(e.author, own->author, sizeof e.author);
    memcpy(e.chain, own->chain, sizeof e.chain);
    memcpy(e.prev, own->tip_id, sizeof e.prev);
    zks__sealed *forged = &outbox[outbox_count++];
    forged->blob = zks__blob_buffer("forged", 6);
    e.body_length = 6;
    ck_assert_int_eq(zks__blob_seal(&b->own_key, &e, NULL, nonce, forged->blob, forged->blob_id),
                     ZKS_OK);
    ck_assert_uint_eq(deliver_as(a, device_of(b), outbox_count - 1, 1).held, 1);
    begin(a);
    roll_back(a);
    ck_assert_uint_eq(a->own->row.tip_seq, 3);
}
END_TEST

/* Rule 7: who joins begins at the inviter's heads. */
START_TEST(a_base_makes_nothing_below_it_missing)
{
    zks__buf *body = NULL;
    push(a, 3);
    ck_assert_int_eq(zks__ledger_heads(a, &body), ZKS_OK);
    begin(b);
    ck_assert_int_eq(zks__ledger_base(b, body->data, body->length), ZKS_OK);
    ck_assert_int_eq(zks__ledger_base(b, body->data, body->length - 1), ZKS_E_TRUNCATED);
    commit(b);
    zks__buf_unref(body);
    push(a, 2);
    ck_assert_uint_eq(deliver(3, 2).delivered, 2);
    expect_inbox((uint64_t[]){4, 5}, 2);
    ck_assert_uint_eq(deliver(0, 3).delivered, 3); /* and yet they are welcome: late */
}
END_TEST

START_TEST(a_clock_that_is_set_back_holds_nothing_for_longer)
{
    int64_t next, year_ms = (int64_t)365 * 24 * 3600 * 1000;
    push(a, 1);
    push(a, 1);
    clock_error_ms = year_ms;
    ck_assert_uint_eq(deliver(1, 1).held_now, 1); /* the first is missing */
    clock_error_ms = 0;
    (void)tick(b, &next);
    (void)tick(b, &next);
    ck_assert_int_le(next, wrong_unix_ms(NULL) + ZKS_HISTORY_GAP_MS);
    clock_error_ms = ZKS_WANT_AGAIN_MS;
    ck_assert_uint_eq(tick(b, &next).delivered, 0); /* asks for it */
    clock_error_ms = ZKS_HISTORY_GAP_MS + 1000;
    ck_assert_uint_eq(tick(b, &next).delivered, 1);
    clock_error_ms = 0;
    expect_inbox((uint64_t[]){2}, 1);
}
END_TEST

START_TEST(after_a_rollback_nothing_of_that_connection_moves_the_cursor)
{
    push(a, 2);
    begin(b);
    roll_back(b);
    zks__received r = deliver(0, 1);
    ck_assert(r.stale);
    load_relay(b);
    zks__relay_state state;
    begin(b);
    ck_assert_int_eq(zks__ledger_relay_load(b, "relay:1", NULL, relay_key, &state), ZKS_OK);
    commit(b);
    ck_assert_uint_eq(state.row.read_cursor, 0);
    ck_assert_uint_eq(deliver(0, 2).delivered, 2);
}
END_TEST

START_TEST(altered_blobs_are_rejected_loudly_and_the_rest_goes_on)
{
    push(a, 1);
    push(a, 1);
    outbox[0].blob->data[60] ^= 1;
    zks__received r = deliver(0, 2);
    ck_assert_uint_eq(r.rejected, 1);
    ck_assert_int_eq(r.reject_status, ZKS_E_DECRYPT);
    ck_assert_uint_eq(r.delivered, 0); /* the first is missing: the second waits */
    outbox[0].blob->data[60] ^= 1;
    ck_assert_uint_eq(deliver(0, 1).delivered, 2);
    expect_inbox((uint64_t[]){1, 2}, 2);
}
END_TEST

START_TEST(a_pusher_without_a_record_is_asked_for_and_holds_nobody_up)
{
    static const uint8_t stranger[ZKS_DEVICE_ID_BYTES] = {7};
    push(a, 1);
    zks__received r = deliver_as(b, stranger, 0, 1);
    ck_assert(r.need_records);
    ck_assert_uint_eq(r.rejected, 0);
    ck_assert_uint_eq(r.held_now, 1);
    r = deliver_as(b, stranger, 0, 1); /* the same again */
    ck_assert(!r.need_records);
    ck_assert_uint_eq(r.duplicates, 1);
    r = deliver(0, 1);
    ck_assert_uint_eq(r.delivered, 1);
    ck_assert_uint_eq(r.held_now, 1);
}
END_TEST

START_TEST(settled_entries_take_their_place_in_the_own_inbox)
{
    push(a, 3);
    zks__relay_state state;
    begin(a);
    ck_assert_int_eq(zks__ledger_settle(a, 2, &state), ZKS_OK);
    commit(a);
    ck_assert_uint_eq(state.settled_seq, 2);
    zks_batch *batch;
    begin(a);
    ck_assert_int_eq(zks__ledger_read(a, 0, 100, 1 << 20, 0, &batch), ZKS_OK);
    ck_assert_uint_eq(batch->count, 0);
    zks__batch_free(batch);
    ck_assert_int_eq(zks__ledger_read(a, 0, 100, 1 << 20, ZKS_READ_OWN, &batch), ZKS_OK);
    commit(a);
    ck_assert_uint_eq(batch->count, 2);
    ck_assert_uint_eq(batch->flags[0], ZKS_ITEM_OWN);
    ck_assert_uint_eq(batch->numbers[1], 2);
    zks__batch_free(batch);
}
END_TEST

static zks__relay_state welcome(zks__ledger *l, uint8_t incarnation, const uint8_t *own_last,
                                uint64_t head)
{
    zks__welcome w = {.head = head};
    w.incarnation[0] = incarnation;
    if (own_last) {
        memcpy(w.own_last, own_last, sizeof w.own_last);
    }
    zks__relay_state state;
    begin(l);
    ck_assert_int_eq(zks__ledger_welcome(l, &w, &state), ZKS_OK);
    commit(l);
    return state;
}

START_TEST(another_incarnation_or_a_lower_head_starts_again)
{
    push(a, 2);
    welcome(b, 1, NULL, 1000);
    deliver(0, 2);
    ck_assert_uint_eq(welcome(b, 1, NULL, 1000).row.read_cursor, 102);
    ck_assert_uint_eq(welcome(b, 1, NULL, 50).row.read_cursor, 0);
    deliver(0, 2);
    ck_assert_uint_eq(welcome(b, 2, NULL, 1000).row.read_cursor, 0);
    ck_assert_uint_eq(welcome(b, 2, NULL, 1000).row.acked_n, 0);
    expect_inbox((uint64_t[]){1, 2}, 2);
}
END_TEST

START_TEST(a_store_older_than_the_relay_goes_on_under_a_new_chain)
{
    static const uint8_t unknown[ZKS_BLOB_ID_BYTES] = {4};
    push(a, 1);
    ck_assert(!welcome(a, 1, outbox[0].blob_id, 10).rewound);
    zks__relay_state state = welcome(a, 1, unknown, 10);
    ck_assert(state.rewound);
    ck_assert_uint_eq(zks__ledger_last_n(a), 2); /* the entry that names the old tip */
    push(a, 1);
    zks__sealed all[8];
    size_t count;
    begin(a);
    ck_assert_int_eq(zks__ledger_outbox(a, 0, 1 << 20, 8, all, &count), ZKS_OK);
    commit(a);
    ck_assert_uint_eq(count, 3);
    drop_outbox();
    memcpy(outbox, all, count * sizeof all[0]);
    outbox_count = count;
    zks__received r = deliver(0, 3);
    ck_assert_uint_eq(r.delivered, 2); /* NEW_CHAIN is history, not for the app */
    ck_assert_uint_eq(r.rejected, 0);
}
END_TEST

START_TEST(a_changed_relay_key_is_a_fact_not_a_failure)
{
    static const uint8_t other[32] = {8};
    zks__relay_state state;
    begin(a);
    ck_assert_int_eq(zks__ledger_relay_load(a, "relay:1", NULL, other, &state), ZKS_OK);
    ck_assert(state.changed);
    ck_assert_int_eq(zks__ledger_trust(a, "relay:1", other), ZKS_OK);
    ck_assert_int_eq(zks__ledger_relay_load(a, "relay:1", NULL, other, &state), ZKS_OK);
    commit(a);
    ck_assert(!state.changed);
}
END_TEST

/* Two groups in one store: nothing that a relay sees, and no key, is the same. */
START_TEST(two_groups_of_one_store_share_no_key_or_id)
{
    char folder[96], path[128];
    ck_assert(test_folder(folder, sizeof folder));
    snprintf(path, sizeof path, "%s/store", folder);
    static const uint8_t secrets[2][32] = {{1}, {2}};
    zks__ledger *l[2];
    zks__identity who[2];
    zks__record_list records[2];
    for (size_t i = 0; i < 2; i++) {
        zks__ledger_config config = {.storage = runtime->storage,
                                     .vault = runtime->vault,
                                     .path = path,
                                     .secret = secrets[i],
                                     .device_name = "one name",
                                     .rng = runtime->rng,
                                     .clock = runtime->clock};
        char problem[ZKS_LEDGER_PROBLEM_BYTES];
        ck_assert_int_eq(zks__ledger_open(&config, problem, &l[i]), ZKS_OK);
        zks__ledger_identity(l[i], &who[i]);
        ck_assert_int_eq(zks__ledger_record_list(l[i], &records[i]), ZKS_OK);
    }
    const zks__device_keys *x = &who[0].device, *y = &who[1].device;
    ck_assert_mem_ne(who[0].group_id, who[1].group_id, 32);
    ck_assert_mem_ne(zks__crypto_sign_public(&x->sign), zks__crypto_sign_public(&y->sign), 32);
    ck_assert_mem_ne(x->sign_seed, y->sign_seed, sizeof x->sign_seed);
    ck_assert_mem_ne(x->noise_dh_secret, y->noise_dh_secret, sizeof x->noise_dh_secret);
    ck_assert_mem_ne(x->noise_kem_seed, y->noise_kem_seed, sizeof x->noise_kem_seed);
    ck_assert_mem_ne(x->seal_seed, y->seal_seed, sizeof x->seal_seed);
    /* No 16 bytes of one group's records stand in the other's: public keys, sealed name. The
     * device's records are all that a relay is told of it. */
    zks__record member[2];
    for (size_t i = 0; i < 2; i++) {
        zks__slice last = records[i].items[records[i].count - 1];
        ck_assert_int_eq(zks__record_read(last.data, last.length, &member[i]), ZKS_OK);
        ck_assert_int_eq(member[i].kind, ZKS_RECORD_KIND_MEMBER);
    }
    ck_assert_mem_ne(member[0].member.device, member[1].member.device, 32);
    for (size_t at = 0; at + 16 <= member[0].member.profile.length; at++) {
        ck_assert_ptr_null(memmem(member[1].bytes.data, member[1].bytes.length,
                                  member[0].member.profile.data + at, 16));
    }
    ck_assert_mem_ne(member[0].member.noise_dh, member[1].member.noise_dh, 32);
    ck_assert_mem_ne(member[0].member.noise_kem, member[1].member.noise_kem, 32);
    ck_assert_mem_ne(member[0].member.seal_key, member[1].member.seal_key, 32);
    for (size_t i = 0; i < 2; i++) {
        zks__record_list_done(&records[i]);
        zks__ledger_close(l[i]);
    }
    zks__wipe(who, sizeof who);
    device_folder_remove(folder);
}
END_TEST

START_TEST(devices_are_listed_with_their_sealed_names)
{
    zks__device_entry *entries;
    size_t count;
    ck_assert_int_eq(zks__ledger_devices(b, &entries, &count), ZKS_OK);
    ck_assert_uint_eq(count, 2);
    ck_assert_str_eq(entries[0].self ? entries[0].name : entries[1].name, "beta");
    ck_assert_str_eq(entries[0].self ? entries[1].name : entries[0].name, "alpha");
    zks__free(entries);
}
END_TEST

START_TEST(own_entries_that_come_back_are_known)
{
    push(a, 3);
    zks__received r = deliver_as(a, device_of(a), 0, 3);
    ck_assert_uint_eq(r.duplicates, 3);
    ck_assert_uint_eq(r.delivered, 0);
    ck_assert(!r.need_records);
}
END_TEST

static void copy_file(const char *from, const char *to)
{
    FILE *in = fopen(from, "rb"), *out = fopen(to, "wb");
    char bytes[4096];
    ck_assert(in && out);
    for (size_t n = fread(bytes, 1, sizeof bytes, in); n; n = fread(bytes, 1, sizeof bytes, in)) {
        ck_assert_uint_eq(fwrite(bytes, 1, n, out), n);
    }
    fclose(in);
    ck_assert_int_eq(fclose(out), 0);
}

static void remove_store(const char *path)
{
    char lock[80];
    snprintf(lock, sizeof lock, "%s.lock", path);
    (void)remove(lock);
    ck_assert_int_eq(remove(path), 0);
}

START_TEST(a_copied_store_that_wrote_too_makes_a_new_chain_and_loses_nothing)
{
    char folder[96], first[128], second[128];
    ck_assert(test_folder(folder, sizeof folder));
    snprintf(first, sizeof first, "%s/a.zks", folder);
    snprintf(second, sizeof second, "%s/b.zks", folder);
    zks__ledger *original = open_ledger_at(first, "gamma");
    push(original, 1);
    zks__ledger_close(original);
    copy_file(first, second);
    original = open_ledger_at(first, "gamma");
    zks__ledger *copy = open_ledger_at(second, "gamma");
    /* Both now write number 2. With the same words in the same millisecond it would be the same
     * entry, and no fork. */
    push_shifted(copy, 1, 1000);
    push(original, 1);
    load_relay(original);
    zks__received r = deliver_as(original, device_of(original), 1, 1);
    ck_assert(r.need_records); /* come again */
    ck_assert_uint_eq(r.notices.count, 1);
    ck_assert_int_eq(r.notices.first->event, ZKS_EVENT_NEW_CHAIN);
    load_relay(original);
    r = deliver_as(original, device_of(original), 1, 1);
    ck_assert_uint_eq(r.delivered, 1); /* the copy's entry, as the other branch */
    ck_assert_int_eq(r.notices.first->event, ZKS_EVENT_FORK);
    zks__ledger_close(original);
    zks__ledger_close(copy);
    remove_store(first);
    remove_store(second);
    ck_assert_int_eq(remove(folder), 0);
}
END_TEST

/* --- a member that misbehaves: B says what it likes --- */

/* Whoever asks for everything again and again gets 256 entries in 10 minutes. */
START_TEST(a_member_that_wants_everything_gets_a_budget)
{
    exchange_records(b, a);
    push(a, 400);
    uint8_t body[1 + 10 + ZKS_WANT_SPANS_MAX * ZKS_WANT_SPAN_BYTES];
    zks__want_span spans[ZKS_WANT_SPANS_MAX];
    zks__want want = {.round = 2, .count = ZKS_WANT_SPANS_MAX};
    size_t length = 0, sealed = 0;
    for (size_t i = 0; i < ZKS_WANT_SPANS_MAX; i++) {
        spans[i] = (zks__want_span){.first = 1, .last = i % 2 ? UINT64_MAX : 400};
        memcpy(spans[i].author, device_of(a), sizeof spans[i].author);
        memcpy(spans[i].chain, a->own->row.chain, sizeof spans[i].chain);
    }
    ck_assert_int_eq(zks__want_encode(&want, spans, body, sizeof body, &length), ZKS_OK);
    for (uint64_t seq = 1; seq <= 3; seq++) {
        sealed += say(ZKS_ENTRY_WANT, seq, body, length).resealed;
    }
    ck_assert_uint_eq(sealed, ZKS_WANT_ENTRIES_MAX);
    clock_error_ms = 10 * 60 * 1000;
    ck_assert_uint_eq(say(ZKS_ENTRY_WANT, 4, body, length).resealed, ZKS_WANT_ENTRIES_MAX);
    clock_error_ms = 0;
}
END_TEST

/* Heads that do not exist: of A's own chain they begin one chain an hour; of others', one WITHHELD
 * each is told, and nothing else stops. */
START_TEST(a_member_that_makes_up_heads_costs_a_chain_an_hour)
{
    uint8_t body[ZKS_HEADS_FIXED_BYTES + 2 * ZKS_HEADS_HEAD_BYTES];
    size_t length = 0, chains = 0, withheld = 0;
    int64_t next;
    exchange_records(b, a);
    push(a, 1);
    for (uint64_t seq = 1; seq <= 3; seq++) {
        zks__heads heads = {.count = 2};
        zks__head made_up[2] = {{.seq = 1000 + seq, .id = {1}}, {.seq = 2000, .id = {2}}};
        memcpy(made_up[0].author, device_of(a), sizeof made_up[0].author);
        memcpy(made_up[0].chain, a->own->row.chain, sizeof made_up[0].chain);
        memcpy(made_up[1].author, device_of(b), sizeof made_up[1].author);
        memset(made_up[1].chain, 0x77, sizeof made_up[1].chain);
        ck_assert_int_eq(zks__heads_encode(&heads, made_up, body, sizeof body, &length), ZKS_OK);
        zks__received r = say(ZKS_ENTRY_HEADS, seq, body, length);
        ck_assert_uint_eq(r.rejected, 0);
        chains += told(&r, ZKS_EVENT_NEW_CHAIN);
    }
    ck_assert_uint_eq(chains, 1);
    for (int minutes = 1; minutes < 60; minutes++) {
        clock_error_ms = minutes * INT64_C(60000);
        zks__received r = tick(a, &next);
        const zks__notice *n = r.notices.first;
        for (size_t i = 0; i < r.notices.count; i++, n = n->next) {
            bool of_b = memcmp(n->author, device_of(b), ZKS_DEVICE_ID_BYTES) == 0;
            withheld += of_b && n->event == ZKS_EVENT_HISTORY_WITHHELD;
        }
    }
    clock_error_ms = 0;
    ck_assert_uint_eq(withheld, 1);
    push(a, 1);
    ck_assert_uint_eq(deliver(outbox_count - 1, 1).rejected, 0);
}
END_TEST

/* --- joining a shared group by pairing ------------------------------------------------ */

static const uint8_t shared_secret[ZKS_KEY_BYTES] = {7, 7, 7};

static zks_status join_shared(const char *path, const uint8_t *secret, const char *descriptor)
{
    zks__pair_bundle bundle = {.secret = secret,
                               .descriptor = {(const uint8_t *)descriptor, strlen(descriptor)}};
    zks__ledger_join join = {.suite = ZKS_SUITE_SODIUM,
                             .mode = ZKS_GROUP_MODE_SHARED,
                             .instance = {5},
                             .device_name = "joiner",
                             .bundle = &bundle,
                             .relay = "relay:1",
                             .relay_key = {9}};
    zks__ledger_config config = {.storage = runtime->storage,
                                 .vault = runtime->vault,
                                 .path = path,
                                 .join = &join,
                                 .rng = runtime->rng,
                                 .clock = runtime->clock};
    char problem[ZKS_LEDGER_PROBLEM_BYTES];
    zks__ledger *l = NULL;
    ck_assert_int_eq(zks__client_shared_group_id(join.suite, shared_secret, join.group_id), ZKS_OK);
    zks_status status = zks__ledger_open(&config, problem, &l);
    if (!status) {
        zks__identity identity;
        zks__ledger_identity(l, &identity);
        ck_assert_mem_eq(identity.secret, shared_secret, sizeof shared_secret);
        ck_assert_str_eq(identity.descriptor, descriptor);
        ck_assert_int_eq(identity.mode, ZKS_GROUP_MODE_SHARED);
        zks__ledger_close(l);
    }
    return status;
}

START_TEST(a_join_with_another_groups_secret_keeps_nothing)
{
    static const uint8_t other[ZKS_KEY_BYTES] = {7, 7, 8};
    static const char descriptor[] = "$argon2id$v=19$m=65536,t=3,p=1$c29tZXNhbHRzb21lc2FsdA";
    static const char approved[] = "$pbkdf2-sha256$i=600000$c29tZXNhbHRzb21lc2FsdA";
    char folder[96], path[128];
    ck_assert(test_folder(folder, sizeof folder));
    snprintf(path, sizeof path, "%s/a.zks", folder);
    ck_assert_int_eq(join_shared(path, other, descriptor), ZKS_E_PROTOCOL);
    ck_assert_int_eq(join_shared(path, shared_secret, approved), ZKS_E_PROTOCOL);
    ck_assert_int_eq(join_shared(path, shared_secret, descriptor), ZKS_OK); /* it was empty */
    ck_assert_int_eq(join_shared(path, shared_secret, descriptor), ZKS_E_STORE_GROUP);
    remove_store(path);
    ck_assert_int_eq(rmdir(folder), 0);
}
END_TEST

static void add(TCase *c)
{
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_test(c, entries_arrive_in_order_once);
    tcase_add_test(c, unsigned_ones_wait_for_the_signature_behind_them);
    tcase_add_test(c, a_large_commit_is_signed_on_its_way);
    tcase_add_test(c, a_later_entry_waits_for_the_missing_one);
    tcase_add_test(c, held_entries_survive_a_reload);
    tcase_add_test(c, an_unsigned_entry_in_the_own_chain_does_not_move_its_tip);
    tcase_add_test(c, a_base_makes_nothing_below_it_missing);
    tcase_add_test(c, a_clock_that_is_set_back_holds_nothing_for_longer);
    tcase_add_test(c, after_a_rollback_nothing_of_that_connection_moves_the_cursor);
    tcase_add_test(c, altered_blobs_are_rejected_loudly_and_the_rest_goes_on);
    tcase_add_test(c, a_pusher_without_a_record_is_asked_for_and_holds_nobody_up);
    tcase_add_test(c, settled_entries_take_their_place_in_the_own_inbox);
    tcase_add_test(c, another_incarnation_or_a_lower_head_starts_again);
    tcase_add_test(c, a_store_older_than_the_relay_goes_on_under_a_new_chain);
    tcase_add_test(c, own_entries_that_come_back_are_known);
    tcase_add_test(c, a_copied_store_that_wrote_too_makes_a_new_chain_and_loses_nothing);
    tcase_add_test(c, a_changed_relay_key_is_a_fact_not_a_failure);
    tcase_add_test(c, two_groups_of_one_store_share_no_key_or_id);
    tcase_add_test(c, devices_are_listed_with_their_sealed_names);
    tcase_add_test(c, a_member_that_wants_everything_gets_a_budget);
    tcase_add_test(c, a_member_that_makes_up_heads_costs_a_chain_an_hour);
    tcase_add_test(c, a_join_with_another_groups_secret_keeps_nothing);
}

int main(void)
{
    return unit_main("ledger", add);
}
