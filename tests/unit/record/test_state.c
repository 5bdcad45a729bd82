/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The membership rules one by one. A is the founder, by the root key; B, C and D were invited by A,
 * B and C as ADMINs; E by B without rights. EPOCH 1 lists them in this order. */
#include "tests/support/record_world.h"
#include "tests/support/unit.h"

enum { A, B, C, D, E, F, G, ROOT = RECORD_WORLD_ROOT, ALL_RIGHTS = 3 };

static record_world w;
static zks__records *set;
static const zks__record *first; /* EPOCH 1 */

static void add_from(zks__records *to, size_t from)
{
    ck_assert_int_eq(record_world_add(&w, to, from, w.count), ZKS_OK);
}

static zks_status add_record(const zks__record *r)
{
    return zks__records_add(set, r->bytes.data, r->bytes.length, NULL);
}

static zks__records *set_of_all(void)
{
    zks__records *s = NULL;
    ck_assert_int_eq(zks__records_new(w.group_id, &s), ZKS_OK);
    add_from(s, 0);
    return s;
}

static void setup(void)
{
    record_world_init(&w, ZKS_GROUP_MODE_PAIRED);
    const zks__record *m[5] = {
        record_world_member(&w, A, ROOT, ALL_RIGHTS, 0),
        record_world_member(&w, B, A, ALL_RIGHTS, 0), record_world_member(&w, C, A, ALL_RIGHTS, 0),
        record_world_member(&w, D, A, 0, 0), record_world_member(&w, E, B, 0, 0)};
    first = record_world_epoch(&w, w.records[1], A, m, 5, NULL, 0, 0);
    set = set_of_all();
}

static void teardown(void)
{
    zks__records_free(set);
    record_world_reset(&w, 0);
}

static const uint8_t *id(int device)
{
    return record_world_id(&w, device);
}

static bool member(int device)
{
    return zks__records_member(set, id(device), 0) != NULL;
}

static bool denied(int device)
{
    return zks__records_denied(set, id(device));
}

static bool tip_is(const zks__record *e)
{
    return memcmp(zks__records_epoch(set)->hash, e->hash, sizeof e->hash) == 0;
}

static bool fork_reported(const zks__record *kept, const zks__record *lost)
{
    zks__records_state s;
    zks__records_state_of(set, &s);
    return s.fork_kept && s.fork_lost && memcmp(s.fork_kept->hash, kept->hash, 32) == 0 &&
           memcmp(s.fork_lost->hash, lost->hash, 32) == 0;
}

/* An EPOCH on `parent` with the list of EPOCH 1 without the removed. */
static const zks__record *on(const zks__record *parent, int signer, const int *removed,
                             size_t count, uint8_t salt)
{
    const zks__record *listed[5];
    size_t listed_count = 0;
    for (int d = A; d <= E; d++) {
        bool out = zks__records_gone(set, id(d), parent->hash);
        for (size_t i = 0; i < count; i++) {
            out = out || removed[i] == d;
        }
        if (!out) {
            listed[listed_count++] = w.records[2 + d];
        }
    }
    return record_world_epoch(&w, parent, signer, listed, listed_count, removed, count, salt);
}

static const zks__record *on_adding(const zks__record *parent, int signer, int removed,
                                    uint8_t salt)
{
    const zks__record *e = on(parent, signer, &removed, removed >= 0, salt);
    ck_assert_int_eq(add_record(e), ZKS_OK);
    return e;
}

START_TEST(revoked_device_is_out_from_there_on)
{
    const int gone[] = {D};
    ck_assert(tip_is(first) && member(D) && !denied(D));
    ck_assert_uint_eq(zks__records_members(set), 5);
    const zks__record *e = record_world_next(&w, set, B, gone, 1);
    uint64_t before = zks__records_generation(set);
    ck_assert_int_eq(add_record(e), ZKS_OK);
    ck_assert(zks__records_generation(set) != before);
    ck_assert(tip_is(e) && !member(D) && denied(D) && member(E));
    ck_assert(zks__records_valid(set, id(D), first->hash));
    ck_assert(!zks__records_valid(set, id(D), e->hash));
    ck_assert(zks__records_gone(set, id(D), e->hash));
    ck_assert_ptr_null(zks__records_reissue(set, 0));
    ck_assert_ptr_eq(zks__records_epoch_at(set, 2), zks__records_epoch(set));
    ck_assert_ptr_null(zks__records_epoch_at(set, 3));
    ck_assert_ptr_eq(zks__records_epoch_by_tag(set, e->hash), zks__records_epoch(set));
    ck_assert_ptr_nonnull(zks__records_known(set, id(D)));
    ck_assert_ptr_null(zks__records_known(set, id(F)));
    /* nothing brings it back */
    add_from(set, w.count);
    ck_assert_int_eq(add_record(record_world_member(&w, D, ROOT, ALL_RIGHTS, 5)), ZKS_OK);
    ck_assert(!member(D) && denied(D));
    zks__records_truncate(set, 8);
    ck_assert(tip_is(first) && member(D) && !denied(D));
}
END_TEST

/* Two revoke at the same time: one chain, and both are denied until the other is issued again. */
START_TEST(concurrent_revocations_converge)
{
    const int d[] = {D};
    const int e[] = {E};
    size_t from = w.count;
    const zks__record *x = on(first, B, d, 1, 1);
    const zks__record *y = on(first, C, e, 1, 2);
    zks__records *other = set_of_all();
    add_from(set, from);
    ck_assert(tip_is(x)); /* B is older than C */
    ck_assert(zks__records_in_chain(set, x->hash) && !zks__records_in_chain(set, y->hash));
    ck_assert(denied(D) && denied(E) && !member(D) && !member(E));
    ck_assert_mem_eq(zks__records_epoch(other)->hash, x->hash, 32);
    ck_assert_mem_eq(zks__records_reissue(set, 0), id(E), 32);
    ck_assert_ptr_null(zks__records_reissue(set, 1));
    const zks__record *again = record_world_next(&w, set, A, e, 1);
    ck_assert_int_eq(add_record(again), ZKS_OK);
    ck_assert(tip_is(again) && denied(D) && denied(E));
    ck_assert_ptr_null(zks__records_reissue(set, 0));
    zks__records_free(other);
}
END_TEST

/* Whoever removes the other's signer wins, however long the other branch is. */
START_TEST(removal_of_the_signer_beats_length)
{
    const zks__record *a = on_adding(first, B, -1, 1);
    const zks__record *b = on_adding(first, C, B, 2);
    ck_assert(tip_is(b) && denied(B));
    a = on_adding(a, B, E, 3);
    (void)on_adding(a, B, -1, 4);
    ck_assert(tip_is(b) && denied(B) && !denied(E) && member(E));
}
END_TEST

START_TEST(longer_branch_wins_where_nobody_is_removed)
{
    const zks__record *a = on_adding(first, A, -1, 1);
    const zks__record *b = on_adding(first, C, -1, 2);
    ck_assert(tip_is(a)); /* A is older */
    b = on_adding(b, C, -1, 3);
    ck_assert(tip_is(b));
    a = on_adding(a, B, -1, 4);
    ck_assert(tip_is(a));
}
END_TEST

START_TEST(mutual_removal_is_reported_and_settled_by_root)
{
    const zks__record *b = on_adding(first, B, C, 1);
    const zks__record *c = on_adding(first, C, B, 2);
    ck_assert(tip_is(b) && fork_reported(b, c)); /* B is older */
    ck_assert(denied(C) && !denied(B));
    size_t count = zks__records_count(set);
    ck_assert_int_eq(zks__records_pin(set, c->hash), ZKS_OK);
    ck_assert(tip_is(c) && fork_reported(c, b)); /* who has adopted it stays with it */
    ck_assert(denied(B) && !denied(C));
    /* B was the stolen one: whatever was adopted, root decides */
    const zks__record *r = on_adding(first, ROOT, B, 3);
    zks__records_state s;
    zks__records_state_of(set, &s);
    ck_assert(tip_is(r) && denied(B) && !denied(C) && member(C));
    ck_assert_ptr_null(s.fork_kept);
    zks__records_truncate(set, count);
    ck_assert_int_eq(zks__records_pin(set, b->hash), ZKS_OK);
    /* C was */
    r = on_adding(first, ROOT, C, 4);
    ck_assert(tip_is(r) && denied(C) && !denied(B) && member(B));
}
END_TEST

/* A removes B, B removes C, C removes A: a ring, too. The oldest signer's stays, and what is not in
 * its way any more. */
START_TEST(ring_of_three_is_decided_once)
{
    const zks__record *a = on_adding(first, A, B, 1);
    const zks__record *b = on_adding(first, B, C, 2);
    const zks__record *c = on_adding(first, C, A, 3);
    ck_assert(tip_is(a) && fork_reported(a, c));
    ck_assert(denied(B) && !denied(C));
    ck_assert(denied(A)); /* C may remove, and nothing has removed C */
    ck_assert(b != c);
    /* and the open removal is issued again */
    ck_assert_mem_eq(zks__records_reissue(set, 0), id(A), 32);
}
END_TEST

/* --- the attacks that the rules on paper did not stop ------------------------------ */

/* A removed device makes a device of its own sign: the removal shuts that one out, too. */
START_TEST(removed_device_cannot_win_through_one_that_it_invited)
{
    const zks__record *e = on_adding(first, B, C, 1);
    ck_assert(tip_is(e));
    ck_assert_int_eq(add_record(record_world_member(&w, F, C, ALL_RIGHTS, 0)), ZKS_OK);
    const zks__record *listed[6] = {w.records[2], w.records[4], w.records[5], w.records[6],
                                    w.records[w.count - 1]};
    const int removed[] = {B};
    const zks__record *f = record_world_epoch(&w, first, F, listed, 5, removed, 1, 2);
    ck_assert_int_eq(add_record(f), ZKS_OK);
    ck_assert(zks__records_epoch_ok(set, f->hash)); /* it keeps the rules where it stands */
    ck_assert(tip_is(e) && !denied(B) && denied(C) && !member(F));
}
END_TEST

/* A removed device forks from a time when it was a member and makes its branch the longest. */
START_TEST(removed_device_cannot_fork_from_the_past)
{
    const zks__record *a = on_adding(first, A, -1, 1);
    const zks__record *out = on_adding(a, B, C, 2);
    const zks__record *c = on_adding(first, C, -1, 3);
    for (uint8_t i = 0; i < 6; i++) {
        c = on_adding(c, C, i == 3 ? A : -1, (uint8_t)(10 + i));
        ck_assert(tip_is(out) && denied(C) && !denied(A));
    }
}
END_TEST

/* An older one can, for who has adopted nothing; pins and root stop it. */
START_TEST(removed_older_device_is_stopped_by_pins_and_root)
{
    const zks__record *b = on_adding(first, C, -1, 1);
    const zks__record *out = on_adding(b, B, A, 2);
    const zks__record *a = on_adding(first, A, B, 3);
    ck_assert(tip_is(a) && fork_reported(a, out));
    ck_assert_int_eq(zks__records_pin(set, out->hash), ZKS_OK);
    ck_assert(tip_is(out) && denied(A) && !denied(B));
    ck_assert(fork_reported(out, a));
    zks__records *fresh = set_of_all(); /* no pins: a new relay */
    ck_assert_mem_eq(zks__records_epoch(fresh)->hash, a->hash, 32);
    const zks__record *r = on(out, ROOT, NULL, 0, 4);
    ck_assert_int_eq(zks__records_add(fresh, r->bytes.data, r->bytes.length, NULL), ZKS_OK);
    ck_assert_mem_eq(zks__records_epoch(fresh)->hash, r->hash, 32);
    ck_assert(zks__records_denied(fresh, id(A)));
    zks__records_free(fresh);
}
END_TEST

/* What the root key has built upon is not shaken by anybody. */
START_TEST(root_confirms_the_way_to_it)
{
    const zks__record *c = on_adding(first, C, -1, 1);
    const zks__record *r = on_adding(c, ROOT, -1, 2);
    (void)on_adding(first, A, C, 3);
    ck_assert(tip_is(r));
    ck_assert(denied(C)); /* A is a good ADMIN: the removal is issued again */
    ck_assert_mem_eq(zks__records_reissue(set, 0), id(C), 32);
}
END_TEST

/* Who signs cannot move itself to the front of the list, and so become the older one. */
START_TEST(listed_order_is_kept)
{
    const zks__record *listed[5] = {w.records[4], w.records[2], w.records[3], w.records[5],
                                    w.records[6]};
    const zks__record *e = record_world_epoch(&w, first, C, listed, 5, NULL, 0, 1);
    ck_assert_int_eq(add_record(e), ZKS_OK);
    ck_assert(!zks__records_epoch_ok(set, e->hash) && tip_is(first));
}
END_TEST

/* Who was invited by a device that only the losing branch removed is not let in either. */
START_TEST(denied_device_cannot_bring_others_in)
{
    const zks__record *a = on_adding(first, A, -1, 1);
    a = on_adding(a, A, -1, 2);
    (void)on_adding(first, B, C, 3);
    ck_assert(tip_is(a) && denied(C) && !denied(B));
    ck_assert_int_eq(add_record(record_world_member(&w, F, C, 0, 0)), ZKS_OK);
    ck_assert_int_eq(add_record(record_world_member(&w, G, B, 0, 0)), ZKS_OK);
    ck_assert(!member(F) && !denied(F) && member(G));
    ck_assert_uint_eq(zks__records_rights(set, id(C)), 0);
}
END_TEST

/* A device that nobody ever admitted denies nobody. */
START_TEST(losing_epoch_of_a_puppet_denies_nobody)
{
    const zks__record *out = on_adding(first, B, C, 1);
    ck_assert_int_eq(add_record(record_world_member(&w, F, C, ALL_RIGHTS, 0)), ZKS_OK);
    const zks__record *listed[6] = {w.records[2], w.records[3], w.records[4],
                                    w.records[5], w.records[6], w.records[w.count - 1]};
    const zks__record *c = record_world_epoch(&w, first, C, listed, 6, NULL, 0, 2);
    const int removed[] = {A};
    const zks__record *f = record_world_epoch(&w, c, F, listed + 1, 5, removed, 1, 3);
    ck_assert_int_eq(add_record(c), ZKS_OK);
    ck_assert_int_eq(add_record(f), ZKS_OK);
    ck_assert(zks__records_epoch_ok(set, f->hash));
    ck_assert(tip_is(out) && denied(C) && !denied(A) && !member(F));
}
END_TEST

/* --- rights ----------------------------------------------------------------------- */

START_TEST(rights_cannot_grow)
{
    ck_assert_int_eq(add_record(record_world_member(&w, F, A, ZKS_RIGHT_INVITE, 0)), ZKS_OK);
    ck_assert_int_eq(add_record(record_world_member(&w, G, F, ZKS_RIGHT_ADMIN, 0)), ZKS_OK);
    ck_assert(member(F) && !member(G)); /* above the issuer's */
    ck_assert_int_eq(add_record(record_world_member(&w, G, F, ZKS_RIGHT_INVITE, 0)), ZKS_OK);
    ck_assert_uint_eq(zks__records_rights(set, id(G)), ZKS_RIGHT_INVITE);
    ck_assert_int_eq(add_record(record_world_member(&w, D, F, 1, 0)), ZKS_OK);
    ck_assert_uint_eq(zks__records_rights(set, id(D)), ZKS_RIGHT_INVITE);
    ck_assert_int_eq(add_record(record_world_member(&w, 7, E, 0, 0)), ZKS_OK);
    ck_assert(!member(7)); /* E may not invite */
    ck_assert_int_eq(add_record(record_world_member(&w, 8, B, ZKS_RIGHT_ADMIN, 0)), ZKS_OK);
    ck_assert_int_eq(add_record(record_world_member(&w, 9, 8, ZKS_RIGHT_ADMIN, 0)), ZKS_OK);
    ck_assert(member(8) && !member(9)); /* ADMIN alone invites nobody */
    /* a stranger is not even taken */
    ck_assert_int_eq(add_record(record_world_member(&w, 10, 11, 0, 0)), ZKS_E_NOT_MEMBER);
}
END_TEST

START_TEST(epoch_against_the_rules_does_not_count)
{
    const zks__record *listed[6] = {w.records[2], w.records[3], w.records[4], w.records[5],
                                    w.records[6]};
    const int d[] = {D};
    const int f[] = {F};
    const zks__record *stranger = record_world_member(&w, F, E, 0, 0); /* E may not invite */
    const zks__record *bad[] = {
        record_world_epoch(&w, first, D, listed, 5, NULL, 0, 1),             /* D is no ADMIN */
        record_world_epoch(&w, first, B, listed, 4, NULL, 0, 2),             /* E is missing */
        record_world_epoch(&w, first, A, listed, 5, d, 1, 3),                /* D in both */
        record_world_epoch(&w, first, A, listed, 5, f, 1, 4),                /* F is no member */
        record_world_epoch(&w, first, C, listed, 2, (int[]){C, D, E}, 3, 5), /* not itself */
    };
    listed[5] = stranger;
    const zks__record *more = record_world_epoch(&w, first, A, listed, 6, NULL, 0, 6);
    ck_assert_int_eq(add_record(stranger), ZKS_OK);
    for (size_t i = 0; i < ZKS_COUNTOF(bad); i++) {
        ck_assert_int_eq(add_record(bad[i]), ZKS_OK);
        ck_assert_msg(!zks__records_epoch_ok(set, bad[i]->hash), "case %zu", i);
    }
    ck_assert_int_eq(add_record(more), ZKS_OK);
    ck_assert(!zks__records_epoch_ok(set, more->hash) && tip_is(first));
}
END_TEST

/* F came by B, and stays when B goes, since the remover knows it and lists it. G came by B too, and
 * the remover did not know: B may have made it up since. */
START_TEST(guest_of_a_removed_device_stays_when_it_is_listed)
{
    const int b[] = {B};
    ck_assert_int_eq(add_record(record_world_member(&w, F, B, ALL_RIGHTS, 0)), ZKS_OK);
    const zks__record *e = record_world_next(&w, set, F, b, 1); /* the guest removes its host */
    const zks__record *late = record_world_member(&w, G, B, ALL_RIGHTS, 0);
    ck_assert_int_eq(add_record(late), ZKS_OK);
    ck_assert(member(G));
    ck_assert_int_eq(add_record(e), ZKS_OK);
    ck_assert(tip_is(e) && !member(B) && member(F) && !member(G));
    ck_assert_uint_eq(zks__records_rights(set, id(F)), ALL_RIGHTS);
}
END_TEST

/* Eight rounds of invitations; an EPOCH that lists them makes room for more. */
START_TEST(invitations_reach_eight_deep_until_they_are_listed)
{
    int last = A;
    for (int d = F; d < RECORD_WORLD_DEVICES; d++) {
        ck_assert_int_eq(add_record(record_world_member(&w, d, last, ALL_RIGHTS, 0)), ZKS_OK);
        last = d;
    }
    ck_assert(member(F + 7) && !member(F + 8));
    ck_assert_int_eq(add_record(record_world_next(&w, set, A, NULL, 0)), ZKS_OK);
    ck_assert(member(F + 8) && member(RECORD_WORLD_DEVICES - 1));
}
END_TEST

START_TEST(record_that_counts_ends_last)
{
    ck_assert_int_eq(add_record(record_world_member(&w, F, A, 1, 100)), ZKS_OK);
    ck_assert_int_eq(add_record(record_world_member(&w, F, A, 0, 200)), ZKS_OK);
    ck_assert(zks__records_member(set, id(F), 200)->member.not_after_s == 200);
    ck_assert_ptr_null(zks__records_member(set, id(F), 201));
    ck_assert_uint_eq(zks__records_rights(set, id(F)), 1); /* of both */
}
END_TEST

/* --- the set ---------------------------------------------------------------------- */

START_TEST(leave_stops_admission)
{
    ck_assert_int_eq(add_record(record_world_leave(&w, E)), ZKS_OK);
    ck_assert_int_eq(add_record(record_world_leave(&w, E)), ZKS_OK);
    ck_assert(!member(E) && zks__records_left(set, id(E)) && !denied(E));
    ck_assert_uint_eq(zks__records_members(set), 4);
    ck_assert(zks__records_valid(set, id(E), first->hash));
    ck_assert_mem_eq(zks__records_reissue(set, 0), id(E), 32);
    ck_assert_int_eq(add_record(record_world_leave(&w, F)), ZKS_E_NOT_MEMBER);
}
END_TEST

START_TEST(grants_are_of_members_for_an_epoch)
{
    ck_assert_int_eq(add_record(record_world_member(&w, F, B, 0, 0)), ZKS_OK);
    const zks__record *g = record_world_grant(&w, first, F, D);
    size_t count = zks__records_count(set);
    ck_assert_int_eq(add_record(g), ZKS_OK);
    ck_assert_int_eq(add_record(record_world_grant(&w, first, F, D)), ZKS_OK);
    ck_assert_uint_eq(zks__records_count(set), count + 1);
    ck_assert_mem_eq(zks__records_grant(set, first->hash, id(F), 0)->hash, g->hash, 32);
    ck_assert_ptr_null(zks__records_grant(set, first->hash, id(F), 1));
    ck_assert_ptr_null(zks__records_grant(set, w.records[1]->hash, id(F), 0));
    ck_assert_int_eq(add_record(record_world_grant(&w, first, G, D)), ZKS_E_NOT_MEMBER);
    ck_assert_int_eq(add_record(record_world_grant(&w, w.records[0], F, D)), ZKS_E_UNKNOWN_EPOCH);
}
END_TEST

/* One signer may put four on one parent; what others have built upon is always taken. */
START_TEST(siblings_have_a_limit_that_does_not_keep_a_removal_out)
{
    const int none[] = {C};
    for (int i = 0; i < ZKS_RECORDS_SIBLINGS_MAX; i++) {
        ck_assert_int_eq(add_record(on(first, C, NULL, 0, (uint8_t)i)), ZKS_OK);
    }
    const zks__record *fifth = on(first, C, NULL, 0, 77);
    ck_assert_int_eq(add_record(fifth), ZKS_E_LIMIT);
    ck_assert_int_eq(add_record(on(first, B, NULL, 0, 78)), ZKS_OK);
    const zks__record *removal = on(fifth, B, none, 1, 79);
    const zks__slice both[] = {removal->bytes, fifth->bytes};
    ck_assert_int_eq(zks__records_add_all(set, both, 2, NULL), ZKS_OK);
    ck_assert(denied(C));
}
END_TEST

START_TEST(limits_of_one_issuer_leave_room_for_others)
{
    for (uint64_t i = 0; i < ZKS_RECORDS_MEMBERS_PER_ISSUER_MAX; i++) {
        const zks__record *r = record_world_member(&w, F, C, 0, i + 1);
        ck_assert_int_eq(zks__records_load(set, r->bytes.data, r->bytes.length), ZKS_OK);
        record_world_reset(&w, w.count - 1);
    }
    ck_assert_int_eq(add_record(record_world_member(&w, F, C, 0, 9999)), ZKS_E_LIMIT);
    ck_assert_int_eq(add_record(record_world_member(&w, F, B, 0, 9999)), ZKS_OK);
}
END_TEST

START_TEST(live_devices_have_a_limit)
{
    const int d[] = {D};
    zks__records_set_devices_max(set, 6);
    ck_assert_int_eq(add_record(record_world_member(&w, F, A, 0, 0)), ZKS_OK);
    const zks__record *g = record_world_member(&w, G, A, 0, 0);
    ck_assert_int_eq(add_record(g), ZKS_E_LIMIT);
    ck_assert_int_eq(add_record(record_world_next(&w, set, A, d, 1)), ZKS_OK);
    ck_assert_int_eq(add_record(g), ZKS_OK);
    ck_assert(member(G));
}
END_TEST

START_TEST(epoch_must_follow_one_that_is_here)
{
    const zks__record *a = on(first, A, NULL, 0, 1);
    const zks__record *b = on(a, A, NULL, 0, 2);
    ck_assert_int_eq(add_record(b), ZKS_E_UNKNOWN_EPOCH);
    zks__epoch skip = b->epoch;
    uint8_t bytes[16384];
    size_t length = 0;
    skip.number = 7;
    memcpy(skip.parent, first->hash, sizeof skip.parent);
    ck_assert_int_eq(zks__record_make_epoch(ZKS_SUITE_SODIUM, w.group_id, &skip, &w.devices[A],
                                            bytes, sizeof bytes, &length),
                     ZKS_OK);
    ck_assert_int_eq(zks__records_add(set, bytes, length, NULL), ZKS_E_MALFORMED);
    const zks__slice both[] = {b->bytes, a->bytes};
    ck_assert_int_eq(zks__records_add_all(set, both, 2, NULL), ZKS_OK);
    ck_assert(tip_is(b));
}
END_TEST

static void add_sets(TCase *c)
{
    tcase_add_test(c, leave_stops_admission);
    tcase_add_test(c, grants_are_of_members_for_an_epoch);
    tcase_add_test(c, siblings_have_a_limit_that_does_not_keep_a_removal_out);
    tcase_add_test(c, limits_of_one_issuer_leave_room_for_others);
    tcase_add_test(c, live_devices_have_a_limit);
    tcase_add_test(c, epoch_must_follow_one_that_is_here);
}

static void add(TCase *c)
{
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_test(c, revoked_device_is_out_from_there_on);
    tcase_add_test(c, concurrent_revocations_converge);
    tcase_add_test(c, removal_of_the_signer_beats_length);
    tcase_add_test(c, longer_branch_wins_where_nobody_is_removed);
    tcase_add_test(c, mutual_removal_is_reported_and_settled_by_root);
    tcase_add_test(c, ring_of_three_is_decided_once);
    tcase_add_test(c, removed_device_cannot_win_through_one_that_it_invited);
    tcase_add_test(c, removed_device_cannot_fork_from_the_past);
    tcase_add_test(c, removed_older_device_is_stopped_by_pins_and_root);
    tcase_add_test(c, root_confirms_the_way_to_it);
    tcase_add_test(c, listed_order_is_kept);
    tcase_add_test(c, denied_device_cannot_bring_others_in);
    tcase_add_test(c, losing_epoch_of_a_puppet_denies_nobody);
    tcase_add_test(c, rights_cannot_grow);
    tcase_add_test(c, epoch_against_the_rules_does_not_count);
    tcase_add_test(c, guest_of_a_removed_device_stays_when_it_is_listed);
    tcase_add_test(c, invitations_reach_eight_deep_until_they_are_listed);
    tcase_add_test(c, record_that_counts_ends_last);
    add_sets(c);
}

int main(void)
{
    return unit_main("record state", add);
}
