/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Epochs of a paired group as the ledger sees them. */
#include "tests/unit/client/paired.h"

#include "base/alloc.h"

START_TEST(group_seed_of_a_paired_group_is_not_kept)
{
    static const uint8_t zeros[32];
    ck_assert_uint_eq(a->group.mode, ZKS_GROUP_MODE_PAIRED);
    ck_assert_mem_eq(a->seed, zeros, sizeof zeros);
    ck_assert_mem_eq(a->root.root.secret, zeros, sizeof zeros);
    ck_assert_mem_eq(a->epoch->secret, root.epoch0_secret, 32);
    zks__ledger_close(a);
    open_a(false);
    ck_assert_mem_eq(a->seed, zeros, sizeof zeros);
    ck_assert_mem_eq(a->epoch->secret, root.epoch0_secret, 32);
    ck_assert_uint_eq(zks__records_rights(a->records, zks__ledger_device_id(a)),
                      ZKS_RIGHT_INVITE | ZKS_RIGHT_ADMIN);
}
END_TEST

START_TEST(old_and_new_epochs_are_read_after_a_restart)
{
    static const char *const texts[] = {"old, of B", "new, of B"};
    uint8_t e1[ZKS_KEY_BYTES];
    ck_assert_uint_eq(b_says(texts[0], tip()->hash, root.epoch0_secret).delivered, 1);
    rotate(NULL);
    ck_assert_uint_eq(tip()->epoch.listed.count, 2);
    const zks__record *listed = zks__records_find(a->records,
                                                  zks__record_item(&tip()->epoch.listed, 0));
    size_t place = memcmp(listed->member.device, b_id, ZKS_DEVICE_ID_BYTES) == 0 ? 0 : 1;
    ck_assert_int_eq(zks__epoch_open(tip(), place, b_id, b.seal_seed, e1), ZKS_OK);
    ck_assert_uint_eq(b_says(texts[1], tip()->hash, e1).delivered, 1);
    expect_texts(texts, 2);
    zks__ledger_close(a);
    open_a(false);
    ck_assert_uint_eq(tip()->epoch.number, 1);
    ck_assert(zks__records_pinned(a->records, tip()->hash));
    expect_texts(texts, 2);
}
END_TEST

START_TEST(what_waits_is_sealed_for_the_new_epoch_and_its_old_name_stays_known)
{
    zks__sealed old = push("before"), sent[4];
    const uint8_t tag0[ZKS_EPOCH_TAG_BYTES] = {0};
    uint8_t first_tag[ZKS_EPOCH_TAG_BYTES];
    size_t count = 0;
    int known = 0;
    memcpy(first_tag, tip()->hash, sizeof first_tag);
    ck_assert_mem_eq(tag_of(old.blob), first_tag, sizeof first_tag);
    ck_assert_mem_ne(first_tag, tag0, sizeof tag0);
    rotate(b_id);
    zks__sealed fresh = push("behind");
    ck_assert_mem_eq(tag_of(fresh.blob), tip()->hash, ZKS_EPOCH_TAG_BYTES);
    for (int i = 0; i < 2; i++) { /* the second time nothing is left to renew */
        begin();
        ck_assert_int_eq(zks__ledger_outbox(a, 0, 1 << 20, 4, sent, &count), ZKS_OK);
        commit();
        ck_assert_uint_ge(count, 2);
        ck_assert_mem_eq(tag_of(sent[0].blob), tip()->hash, ZKS_EPOCH_TAG_BYTES);
        ck_assert_mem_ne(sent[0].blob_id, old.blob_id, ZKS_BLOB_ID_BYTES);
        ck_assert_mem_eq(sent[1].blob->data, fresh.blob->data, fresh.blob->length);
        for (size_t k = 0; k < count; k++) {
            zks__buf_unref(sent[k].blob);
        }
    }
    ck_assert_int_eq(zks__store_own_known(zks__ledger_store(a), a->group.g, old.blob_id, &known),
                     ZKS_OK);
    ck_assert_int_eq(known, 1);
    zks__buf_unref(old.blob);
    zks__buf_unref(fresh.blob);
}
END_TEST

START_TEST(removed_device_is_not_heard_any_more_but_what_was_seen_counts)
{
    uint8_t tag0[ZKS_EPOCH_TAG_BYTES], seen_id[ZKS_BLOB_ID_BYTES], late_id[ZKS_BLOB_ID_BYTES];
    memcpy(tag0, tip()->hash, sizeof tag0);
    zks__buf *seen = b_blob("seen", tag0, root.epoch0_secret, seen_id);
    ck_assert_uint_eq(receive(seen, seen_id).delivered, 1);
    rotate(b_id);
    ck_assert_ptr_null(zks__records_member(a->records, b_id, 0));
    ck_assert_uint_eq(tip()->epoch.listed.count, 1);
    /* at the cut-off: a known entry comes again */
    ck_assert_uint_eq(receive(seen, seen_id).duplicates, 1);
    /* behind it: a relay that helps gives A what B still writes into the old epoch */
    zks__buf *late = b_blob("late", tag0, root.epoch0_secret, late_id);
    zks__received out = receive(late, late_id);
    ck_assert_uint_eq(out.delivered, 0);
    ck_assert_uint_eq(out.rejected, 1);
    ck_assert_int_eq(out.reject_status, ZKS_E_NOT_MEMBER);
    zks__buf_unref(seen);
    zks__buf_unref(late);
}
END_TEST

/* Below the cut-off the removed device's signature proves nothing any more: only what the chain of
 * the cut-off head names counts. */
START_TEST(removed_device_cannot_rewrite_what_lies_below_the_cut_off)
{
    static const char *const texts[] = {"one", "two", "three"};
    uint8_t tag0[ZKS_EPOCH_TAG_BYTES], two_id[ZKS_BLOB_ID_BYTES], other_id[ZKS_BLOB_ID_BYTES];
    uint8_t one[ZKS_ENTRY_ID_BYTES];
    static const uint8_t none[ZKS_ENTRY_ID_BYTES];
    zks__received out;
    int64_t next = 0;
    memcpy(tag0, tip()->hash, sizeof tag0);
    ck_assert_uint_eq(b_says(texts[0], tag0, root.epoch0_secret).delivered, 1);
    memcpy(one, b_prev, sizeof one);
    zks__buf *two = b_blob(texts[1], tag0, root.epoch0_secret, two_id);
    ck_assert_uint_eq(b_says(texts[2], tag0, root.epoch0_secret).held, 1);
    for (unsigned round = 0; round < 2; round++) { /* it is asked for, then given up */
        wall_ms += ZKS_HISTORY_GAP_MS + 1000;
        begin();
        ck_assert_int_eq(zks__ledger_tick(a, true, &out, &next), ZKS_OK);
        commit();
        zks__notices_done(&out.notices);
        ck_assert_uint_eq(out.delivered, round); /* "three"; "two" is missing */
    }
    rotate(b_id);
    for (b_seq = 0; b_seq < 2;) { /* another 1, another 2 behind the true 1 */
        memcpy(b_prev, b_seq ? one : none, sizeof b_prev);
        zks__buf *other = b_blob("another", tag0, root.epoch0_secret, other_id);
        out = receive(other, other_id);
        ck_assert_uint_eq(out.delivered, 0);
        ck_assert_uint_eq(out.held, 1);
        zks__buf_unref(other);
    }
    ck_assert_uint_eq(receive(two, two_id).delivered, 1); /* late, but the true one */
    expect_texts((const char *const[]){texts[0], texts[2], texts[1]}, 3);
    zks__buf_unref(two);
}
END_TEST

START_TEST(epoch_removes_members_only_and_never_its_maker)
{
    static const uint8_t stranger[ZKS_DEVICE_ID_BYTES] = {0x77};
    zks__epoch_made made = {0};
    ck_assert_int_eq(zks__ledger_make_epoch(a, &(zks__epoch_wish){.device = stranger}, &made),
                     ZKS_E_NOT_FOUND);
    ck_assert_int_eq(
        zks__ledger_make_epoch(a, &(zks__epoch_wish){.device = zks__ledger_device_id(a)}, &made),
        ZKS_E_INVALID);
    rotate(b_id);
    /* it is gone: nothing is left to do */
    ck_assert_int_eq(zks__ledger_make_epoch(a, &(zks__epoch_wish){.device = b_id}, &made), ZKS_OK);
    ck_assert_ptr_null(made.record);
    ck_assert_uint_eq(made.number, 1);
}
END_TEST

START_TEST(keys_are_old_after_a_time_that_goes_on_while_the_device_is_off)
{
    enum { ROTATE_S = 10000, TURN_MS = ROTATE_S * 1000 / 64 };
    int64_t in_ms = 0;
    ck_assert(!is_due(ROTATE_S, &in_ms));
    /* at the longest the turn of the second of two, and a little by chance */
    ck_assert_int_gt(in_ms, ROTATE_S * 1000 - 1000);
    ck_assert_int_le(in_ms, ROTATE_S * 1000 + 2 * TURN_MS);
    zks__ledger_close(a);
    wall_ms += ROTATE_S * 1000 - 1000;
    open_a(false);
    ck_assert(!is_due(ROTATE_S, &in_ms));
    ck_assert_int_le(in_ms, 1000 + 2 * TURN_MS);
    wall_ms += 1000 + 2 * TURN_MS;
    ck_assert(is_due(ROTATE_S, &in_ms));
    load_relay(relay_key);
    rotate(NULL);
    ck_assert(!is_due(ROTATE_S, &in_ms));
    ck_assert_int_gt(in_ms, ROTATE_S * 1000 - 1000);
}
END_TEST

START_TEST(who_has_left_is_removed_soon_and_the_note_says_so)
{
    static uint8_t leave[1024];
    size_t length = 0;
    int64_t in_ms = 0;
    zks__epoch_note note;
    ck_assert_int_eq(
        zks__record_make_leave(root.suite, root.group_id, &b.sign, leave, sizeof leave, &length),
        ZKS_OK);
    ck_assert_uint_eq(take(leave, length).count, 1);
    bool due = is_due(3600, &in_ms);
    ck_assert(due || in_ms <= 4000);
    wall_ms += 4000;
    ck_assert(is_due(3600, &in_ms));
    rotate(NULL);
    ck_assert(zks__records_gone(a->records, b_id, tip()->hash));
    ck_assert_int_eq(zks__epoch_read_note(tip(), a->epoch->secret, &note), ZKS_OK);
    ck_assert_uint_eq(note.reason_count, 1);
    ck_assert_uint_eq(note.reasons[0], ZKS_REMOVAL_LEFT);
    ck_assert(!is_due(3600, &in_ms));
}
END_TEST

/* An EPOCH of B's that lists B alone, as A's relay tells; A is removed or only left out. */
static void b_makes_epoch(bool removes_a)
{
    static uint8_t random[ZKS_EPOCH_RANDOM_MAX_BYTES], bytes[ZKS_RECORD_BODY_MAX_BYTES];
    static const uint8_t secret[ZKS_KEY_BYTES] = {0x42};
    uint8_t removed[1][ZKS_DEVICE_ID_BYTES];
    size_t length = 0;
    memcpy(removed[0], zks__ledger_device_id(a), sizeof removed[0]);
    const zks__record *listed = zks__records_known(a->records, b_id);
    const zks__epoch_note note = {.reason_count = removes_a};
    const zks__epoch_plan plan = {.genesis = zks__records_genesis(a->records),
                                  .parent = tip(),
                                  .parent_secret = root.epoch0_secret,
                                  .secret = secret,
                                  .listed = &listed,
                                  .listed_count = 1,
                                  .removed = (const uint8_t(*)[ZKS_DEVICE_ID_BYTES])removed,
                                  .removed_count = removes_a,
                                  .note = &note,
                                  .random = random};
    ck_assert_int_eq(zks__epoch_make(&plan, &b.sign, bytes, sizeof bytes, &length), ZKS_OK);
    ck_assert(!take(bytes, length).moved); /* no key of it is here */
    ck_assert_uint_eq(tip()->epoch.number, 1);
    ck_assert_int_eq(!zks__records_member(a->records, zks__ledger_device_id(a), 0), removes_a);
}

START_TEST(recovery_code_removes_who_removed_this_device)
{
    static zks__recovery recovery, other;
    zks__epoch_made made = {0};
    b_makes_epoch(true);
    ck_assert_int_eq(zks__ledger_make_epoch(a, &(zks__epoch_wish){.device = b_id}, &made),
                     ZKS_E_DEVICE_REVOKED);
    zks__group_root_derive(root.suite, ZKS_GROUP_MODE_PAIRED, b_seed, &other.root);
    ck_assert_int_eq(
        zks__ledger_make_epoch(a, &(zks__epoch_wish){.device = b_id, .recovery = &other}, &made),
        ZKS_E_WRONG_GROUP);
    recovery.root = root;
    zks__group_recovery_seed(seed, recovery.seal_seed);
    /* fresh keys alone would leave A out */
    ck_assert_int_eq(zks__ledger_make_epoch(a, &(zks__epoch_wish){.recovery = &recovery}, &made),
                     ZKS_E_CONFLICT);
    ck_assert_int_eq(
        zks__ledger_make_epoch(a, &(zks__epoch_wish){.device = b_id, .recovery = &recovery}, &made),
        ZKS_OK);
    ck_assert(!made.on_tip);
    ck_assert_uint_eq(made.number, 1);
    ck_assert(take(made.record->data, made.record->length).moved);
    ck_assert_mem_eq(tip()->epoch.signer, zks__crypto_sign_public(&root.root), 32);
    ck_assert_ptr_nonnull(zks__records_member(a->records, zks__ledger_device_id(a), 0));
    ck_assert(zks__records_denied(a->records, b_id));
    zks__buf_unref(made.record);
    /* and A seals as a member again */
    zks__sealed s = push("back");
    ck_assert_mem_eq(tag_of(s.blob), tip()->hash, ZKS_EPOCH_TAG_BYTES);
    zks__buf_unref(s.blob);
}
END_TEST

/* --- C, whom A lets in ----------------------------------------------------------- */

static zks__device_keys c_keys;

/* Its half of a MEMBER. */
static zks__slice c_half(uint8_t rights)
{
    static const uint8_t c_seed[32] = {6};
    static uint8_t half[ZKS_MEMBER_BODY_MAX_BYTES];
    const zks__suite *suite = zks__crypto_suite(root.suite);
    zks__member m = {.rights = rights};
    size_t length = 0;
    zks__device_keys_derive(c_seed, root.group_id, b_instance, &c_keys);
    suite->seal_public(c_keys.seal_seed, m.seal_key);
    suite->dh_public(c_keys.noise_dh_secret, m.noise_dh);
    zks__crypto_kem_public(c_keys.noise_kem_seed, m.noise_kem);
    ck_assert_int_eq(zks__record_make_member_body(root.suite, root.group_id, &m, &c_keys.sign, half,
                                                  sizeof half, &length),
                     ZKS_OK);
    return (zks__slice){half, length};
}

static zks__admission admit_c(size_t records)
{
    zks__admission made;
    ck_assert_int_eq(zks__ledger_admit(a, c_half(ZKS_RIGHT_INVITE), "clara", &made), ZKS_OK);
    ck_assert_uint_eq(made.count, records);
    ck_assert_mem_eq(made.device, zks__crypto_sign_public(&c_keys.sign), sizeof made.device);
    return made;
}

static void take_admission(zks__admission *made)
{
    for (size_t i = 0; i < made->count; i++) {
        (void)take(made->records[i]->data, made->records[i]->length);
    }
}

static void c_opens_grant(void)
{
    uint8_t secret[ZKS_KEY_BYTES];
    const zks__record *grant = zks__records_grant(a->records, tip()->hash,
                                                  zks__crypto_sign_public(&c_keys.sign), 0);
    ck_assert_ptr_nonnull(grant);
    ck_assert_int_eq(zks__grant_open(grant, tip(), c_keys.seal_seed, secret), ZKS_OK);
    ck_assert_mem_eq(secret, a->epoch->secret, sizeof secret);
}

static size_t owed(void)
{
    zks__owed o;
    ck_assert_int_eq(zks__ledger_owed(a, &o), ZKS_OK);
    size_t count = o.count;
    for (size_t i = 0; i < count; i++) {
        (void)take(o.records[i]->data, o.records[i]->length);
    }
    zks__owed_done(&o);
    return count;
}

START_TEST(admission_has_a_grant_above_epoch_0)
{
    zks__admission made = admit_c(1);
    zks__admission_done(&made);
    rotate(NULL);
    made = admit_c(2);
    take_admission(&made);
    c_opens_grant();
    ck_assert_uint_eq(owed(), 0);
    zks__admission_done(&made);
    begin();
    zks__device_entry *entries = NULL;
    size_t count = 0;
    bool found = false;
    ck_assert_int_eq(zks__ledger_devices(a, &entries, &count), ZKS_OK);
    commit();
    for (size_t i = 0; i < count; i++) {
        found |= strcmp(entries[i].name, "clara") == 0;
    }
    ck_assert(found);
    zks__free(entries);
}
END_TEST

START_TEST(device_let_in_beside_a_new_epoch_is_granted_its_secret)
{
    zks__admission made = admit_c(1);
    rotate(NULL); /* as of before */
    take_admission(&made);
    ck_assert_uint_eq(owed(), 1);
    c_opens_grant();
    ck_assert_uint_eq(owed(), 0);
    rotate(NULL); /* which lists it */
    ck_assert_uint_eq(owed(), 0);
    zks__admission_done(&made);
}
END_TEST

START_TEST(half_that_its_device_did_not_sign_is_refused)
{
    zks__admission made;
    uint8_t wrong[ZKS_MEMBER_BODY_MAX_BYTES];
    zks__slice half = c_half(ZKS_RIGHT_INVITE);
    memcpy(wrong, half.data, half.length);
    wrong[half.length - 1] ^= 1;
    ck_assert_int_eq(zks__ledger_admit(a, (zks__slice){wrong, half.length}, "clara", &made),
                     ZKS_E_BAD_SIGNATURE);
}
END_TEST

/* All secrets of the chain, and nothing for one that was removed in between. */
START_TEST(bundle_is_for_a_member_and_has_every_epoch)
{
    zks__pair_relay relay = {.address = "relay:1", .key = {7}};
    zks__pair_bundle b_read;
    zks__pair_secret_item item;
    uint8_t *bytes = NULL, id[ZKS_DEVICE_ID_BYTES];
    size_t length = 0;
    rotate(NULL);
    zks__admission made = admit_c(2);
    memcpy(id, made.device, sizeof id);
    ck_assert_int_eq(zks__ledger_bundle(a, id, &relay, 1, &bytes, &length), ZKS_E_NOT_MEMBER);
    take_admission(&made);
    zks__admission_done(&made);
    ck_assert_int_eq(zks__ledger_bundle(a, id, &relay, 1, &bytes, &length), ZKS_OK);
    ck_assert_int_eq(zks__pair_bundle_read(bytes, length, &b_read), ZKS_OK);
    ck_assert_uint_eq(b_read.records.count, zks__records_count(a->records));
    ck_assert_uint_eq(b_read.secrets.count, 2);
    ck_assert_uint_eq(b_read.pins.count, 1);
    ck_assert_uint_eq(b_read.relays.count, 1);
    ck_assert(zks__pair_next_secret(&b_read.secrets, &item));
    ck_assert_mem_eq(item.secret, root.epoch0_secret, sizeof item.secret);
    ck_assert(zks__pair_next_secret(&b_read.secrets, &item));
    ck_assert_mem_eq(item.epoch, tip()->hash, sizeof item.epoch);
    ck_assert_mem_eq(item.secret, a->epoch->secret, sizeof item.secret);
    zks__free(bytes);
    rotate(id);
    ck_assert_int_eq(zks__ledger_bundle(a, id, &relay, 1, &bytes, &length), ZKS_E_NOT_MEMBER);
}
END_TEST

/* The relay answers with so many of A's records. Whether A comes again. */
static bool welcome(size_t less, bool *out_attached)
{
    zks__relay_state state;
    zks__record_list list;
    begin();
    ck_assert_int_eq(zks__ledger_relay_load(a, "relay:7", NULL, relay_key, &state), ZKS_OK);
    *out_attached = state.attach;
    ck_assert_int_eq(zks__ledger_record_list(a, &list), ZKS_OK);
    zks__welcome w = {.records = {.count = list.count - less, .items = list.items}};
    ck_assert_int_eq(zks__ledger_welcome(a, &w, &state), ZKS_OK);
    commit();
    zks__record_list_done(&list);
    return state.stale;
}

START_TEST(relay_that_was_set_back_gets_the_records_again)
{
    bool attached = false;
    rotate(NULL);
    ck_assert(!welcome(0, &attached));
    ck_assert(attached);
    ck_assert(!welcome(0, &attached));
    ck_assert(!attached); /* it is known to have them */
    ck_assert(welcome(1, &attached));
    ck_assert(!attached);
    ck_assert(!welcome(1, &attached)); /* the rest is in the HELLO */
    ck_assert(attached);
}
END_TEST

/* Without the tip's secret a device cannot wrap it; the recovery key opens it. */
START_TEST(recovery_code_opens_an_epoch_that_left_this_device_out)
{
    static zks__recovery recovery;
    zks__epoch_made made = {0};
    b_makes_epoch(false);
    ck_assert_int_eq(zks__ledger_make_epoch(a, &(zks__epoch_wish){.device = b_id}, &made),
                     ZKS_E_UNKNOWN_EPOCH);
    recovery.root = root;
    zks__group_recovery_seed(seed, recovery.seal_seed);
    ck_assert_int_eq(
        zks__ledger_make_epoch(a, &(zks__epoch_wish){.device = b_id, .recovery = &recovery}, &made),
        ZKS_OK);
    ck_assert(made.on_tip);
    ck_assert_uint_eq(made.number, 2);
    const zks__record *left_out = tip();
    const zks__known_epoch *known = NULL;
    ck_assert(take(made.record->data, made.record->length).moved);
    ck_assert_int_eq(zks__ledger_epoch(a, left_out, &known), ZKS_OK); /* it is wrapped in the new */
    zks__buf_unref(made.record);
}
END_TEST

static void add(TCase *c)
{
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_test(c, group_seed_of_a_paired_group_is_not_kept);
    tcase_add_test(c, old_and_new_epochs_are_read_after_a_restart);
    tcase_add_test(c, what_waits_is_sealed_for_the_new_epoch_and_its_old_name_stays_known);
    tcase_add_test(c, removed_device_is_not_heard_any_more_but_what_was_seen_counts);
    tcase_add_test(c, removed_device_cannot_rewrite_what_lies_below_the_cut_off);
    tcase_add_test(c, epoch_removes_members_only_and_never_its_maker);
    tcase_add_test(c, relay_that_was_set_back_gets_the_records_again);
    tcase_add_test(c, admission_has_a_grant_above_epoch_0);
    tcase_add_test(c, device_let_in_beside_a_new_epoch_is_granted_its_secret);
    tcase_add_test(c, half_that_its_device_did_not_sign_is_refused);
    tcase_add_test(c, bundle_is_for_a_member_and_has_every_epoch);
    tcase_add_test(c, keys_are_old_after_a_time_that_goes_on_while_the_device_is_off);
    tcase_add_test(c, who_has_left_is_removed_soon_and_the_note_says_so);
    tcase_add_test(c, recovery_code_removes_who_removed_this_device);
    tcase_add_test(c, recovery_code_opens_an_epoch_that_left_this_device_out);
}

int main(void)
{
    return unit_main("client epochs", add);
}
