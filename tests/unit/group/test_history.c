/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The rules one by one, on one chain. Entries are named by numbers: entry(seq, name, prev). The
 * expected verdicts are written as text: "D1 D2" delivered, L late, F fork, H held, R replay,
 * X refused, G2-3 gap, E2-3 expired, U unverified; "*" behind one: its predecessor is expected. */
#include "group/history.h"
#include "tests/support/unit.h"

enum { TEXT_BYTES = 512, DELIVERED_MAX = 90000, WAIT_MS = ZKS_HISTORY_GAP_MS, NONE = 0 };

static zks__history *h;
static char text[TEXT_BYTES]; /* verdicts since the last look */
static struct {
    uint64_t seq;
    uint32_t name;
} delivered[DELIVERED_MAX];
static size_t delivered_count;
static size_t verdict_counts[ZKS_VERDICT_UNVERIFIED + 1];
static uint64_t now_ms;
static uint64_t next_ref;
static uint32_t names[DELIVERED_MAX]; /* by ref */
static bool quiet;
static const zks__history_key key = {.author = {1}, .chain = {2}};

static void id_of(uint32_t name, uint8_t out[ZKS_ENTRY_ID_BYTES])
{
    memset(out, 0, ZKS_ENTRY_ID_BYTES);
    memcpy(out + 8, &name, sizeof name);
}

static void on_verdict(const zks__verdict *v, void *user)
{
    static const char letters[] = "?DLFHRXGEU";
    (void)user;
    verdict_counts[v->kind]++;
    bool ranged = v->kind == ZKS_VERDICT_GAP || v->kind == ZKS_VERDICT_EXPIRED;
    if (v->kind == ZKS_VERDICT_DELIVER || v->kind == ZKS_VERDICT_LATE ||
        v->kind == ZKS_VERDICT_FORK) {
        delivered[delivered_count].seq = v->first;
        delivered[delivered_count++].name = names[v->ref];
    }
    if (quiet) {
        return;
    }
    size_t length = strlen(text);
    char *at = text + length;
    size_t room = sizeof text - length;
    const char *space = length ? " " : "";
    if (ranged) {
        (void)snprintf(at, room, "%s%c%" PRIu64 "-%" PRIu64, space, letters[v->kind], v->first,
                       v->last);
    } else {
        ck_assert(v->first == v->last);
        (void)snprintf(at, room, "%s%c%" PRIu32 "%s", space, letters[v->kind], names[v->ref],
                       v->expected ? "*" : "");
    }
}

static size_t on_lookup(const zks__history_key *k, uint64_t seq,
                        uint8_t (*out_ids)[ZKS_ENTRY_ID_BYTES], void *user)
{
    size_t count = 0;
    (void)user;
    ck_assert_mem_eq(k, &key, sizeof key);
    for (size_t i = 0; i < delivered_count; i++) {
        if (delivered[i].seq == seq) {
            id_of(delivered[i].name, out_ids[count++]);
        }
    }
    return count;
}

static const zks__history_config config = {.verdict = on_verdict, .lookup = on_lookup};

static void setup(void)
{
    h = NULL;
    text[0] = '\0';
    delivered_count = 0;
    memset(verdict_counts, 0, sizeof verdict_counts);
    now_ms = 5000000;
    next_ref = 1;
    quiet = false;
    ck_assert_int_eq(zks__history_new(&config, &h), ZKS_OK);
}

static void teardown(void)
{
    zks__history_free(h);
}

static zks__history_entry entry(uint64_t seq, uint32_t name, uint32_t prev)
{
    zks__history_entry e = {.key = key, .seq = seq, .floor = 1, .ref = next_ref};
    names[next_ref++] = name;
    id_of(name, e.id);
    id_of(prev, e.prev);
    return e;
}

static void offer(zks__history_entry e)
{
    ck_assert_int_eq(zks__history_offer(h, &e, now_ms), ZKS_OK);
}

static void unsigned_entry(uint64_t seq, uint32_t name, uint32_t prev)
{
    offer(entry(seq, name, prev));
}

static void signed_entry(uint64_t seq, uint32_t name, uint32_t prev)
{
    zks__history_entry e = entry(seq, name, prev);
    e.signed_ok = 1;
    offer(e);
}

static void signed_with_floor(uint64_t seq, uint32_t name, uint32_t prev, uint64_t floor)
{
    zks__history_entry e = entry(seq, name, prev);
    e.signed_ok = 1;
    e.floor = floor;
    offer(e);
}

static void pass(uint64_t ms)
{
    now_ms += ms;
    ck_assert_int_eq(zks__history_tick(h, now_ms), ZKS_OK);
}

static void said(const char *wanted)
{
    ck_assert_str_eq(text, wanted);
    text[0] = '\0';
}

START_TEST(signed_run_is_delivered_at_once)
{
    signed_entry(1, 1, NONE);
    signed_entry(2, 2, 1);
    signed_entry(3, 3, 2);
    said("D1 D2 D3");
    zks__history_tip tip;
    ck_assert_int_eq(zks__history_tip_of(h, &key, &tip), 1);
    ck_assert(tip.seq == 3 && tip.floor == 1);
    ck_assert(zks__history_next_ms(h) == UINT64_MAX);
}
END_TEST

START_TEST(unsigned_run_waits_for_its_signature)
{
    unsigned_entry(1, 1, NONE);
    unsigned_entry(2, 2, 1);
    said("H1 H2");
    zks__history_tip tip;
    ck_assert_int_eq(zks__history_tip_of(h, &key, &tip), 0);
    signed_entry(3, 3, 2);
    said("D1 D2 D3");
    ck_assert_uint_eq(zks__history_held(h), 0);
}
END_TEST

START_TEST(run_in_reverse_order_is_delivered_in_order)
{
    signed_entry(4, 4, 3);
    unsigned_entry(3, 3, 2);
    unsigned_entry(2, 2, 1);
    said("H4 H3 H2");
    unsigned_entry(1, 1, NONE);
    said("D1 D2 D3 D4");
}
END_TEST

START_TEST(seq_0_is_invalid)
{
    zks__history_entry e = entry(0, 1, NONE);
    ck_assert_int_eq(zks__history_offer(h, &e, now_ms), ZKS_E_INVALID);
    ck_assert_int_eq(zks__history_restore_held(h, &e, now_ms), ZKS_E_INVALID);
    ck_assert_int_eq(zks__history_restore_missing(h, &key, 0, 1), ZKS_E_INVALID);
    ck_assert_int_eq(zks__history_restore_missing(h, &key, 2, 1), ZKS_E_INVALID);
    ck_assert_int_eq(zks__history_restore_expected(h, &key, 0, e.id), ZKS_E_INVALID);
}
END_TEST

START_TEST(known_id_is_a_replay_wherever_it_is)
{
    signed_entry(1, 1, NONE);
    signed_entry(1, 1, NONE); /* delivered, the tip */
    signed_entry(2, 2, 1);
    signed_entry(1, 1, NONE); /* delivered, below */
    unsigned_entry(3, 3, 2);
    unsigned_entry(3, 3, 2); /* held, not covered */
    signed_entry(6, 6, 5);
    unsigned_entry(6, 6, 5); /* held, covered */
    said("D1 R1 D2 R1 H3 R3 H6 R6");
}
END_TEST

/* A member pushes a copy without the signature first: the true one must still count. */
START_TEST(signed_copy_replaces_a_stripped_one)
{
    unsigned_entry(1, 1, NONE);
    unsigned_entry(2, 2, 1);
    said("H1 H2");
    signed_entry(2, 2, 1);
    said("R2 D1 D2");
    ck_assert_uint_eq(delivered_count, 2);
}
END_TEST

START_TEST(gap_waits_ten_minutes)
{
    signed_entry(1, 1, NONE);
    signed_entry(4, 4, 3);
    said("D1 H4");
    ck_assert(zks__history_next_ms(h) == now_ms + WAIT_MS);
    pass(WAIT_MS - 1);
    said("");
    pass(1);
    said("G2-3 D4*");
    ck_assert(!zks__history_is_missing(h, &key, 1) && zks__history_is_missing(h, &key, 2));
    ck_assert(zks__history_is_missing(h, &key, 3) && !zks__history_is_missing(h, &key, 4));
    signed_entry(5, 5, 4); /* the later entry is the base */
    said("D5");
}
END_TEST

static bool willing;
static uint64_t offered_first, offered_last;

static bool on_give_up(const zks__history_key *k, uint64_t first, uint64_t last, void *user)
{
    (void)user;
    ck_assert_mem_eq(k, &key, sizeof key);
    offered_first = first;
    offered_last = last;
    return willing;
}

START_TEST(gap_waits_until_the_caller_gives_it_up)
{
    zks__history_config asked = config;
    asked.give_up = on_give_up;
    zks__history_free(h);
    ck_assert_int_eq(zks__history_new(&asked, &h), ZKS_OK);
    signed_entry(3, 3, 2);
    signed_entry(4, 4, 3);
    signed_entry(6, 6, 5);
    willing = false;
    pass(WAIT_MS);
    said("H3 H4 H6");
    ck_assert_uint_eq(offered_first, 1);
    ck_assert_uint_eq(offered_last, 2);
    ck_assert(zks__history_next_ms(h) == now_ms + ZKS_HISTORY_AGAIN_MS);
    pass(ZKS_HISTORY_AGAIN_MS - 1);
    willing = true;
    said("");
    pass(1);
    said("G1-2 D3* D4 G5-5 D6*");
    ck_assert(zks__history_next_ms(h) == UINT64_MAX);
}
END_TEST

static void count_gap(const zks__history_key *k, uint64_t first, uint64_t last, void *user)
{
    uint64_t *sum = user;
    ck_assert_mem_eq(k, &key, sizeof key);
    *sum = *sum * 100 + first * 10 + last;
}

START_TEST(gaps_are_told_all_in_their_order)
{
    uint64_t sum = 0;
    signed_entry(9, 9, 8);
    signed_entry(3, 3, 2);
    signed_entry(4, 4, 3);
    unsigned_entry(6, 6, 5); /* not covered */
    zks__history_gaps(h, count_gap, &sum);
    ck_assert_uint_eq(sum, 1258);
}
END_TEST

START_TEST(gap_counts_from_the_first_signed_entry_above)
{
    signed_entry(5, 5, 4);
    pass(WAIT_MS / 2);
    signed_entry(3, 3, 2);
    said("H5 H3");
    pass(WAIT_MS / 2);
    said("G1-2 D3* G4-4 D5*");
}
END_TEST

START_TEST(gap_timer_stops_when_the_gap_is_filled)
{
    signed_entry(1, 1, NONE);
    signed_entry(3, 3, 2);
    pass(WAIT_MS - 1);
    unsigned_entry(2, 2, 1);
    said("D1 H3 D2 D3");
    pass(WAIT_MS);
    said("");
    ck_assert(zks__history_next_ms(h) == UINT64_MAX);
}
END_TEST

START_TEST(late_entries_below_a_base_are_covered_by_its_prev)
{
    signed_entry(1, 1, NONE);
    signed_entry(5, 5, 4);
    pass(WAIT_MS);
    said("D1 H5 G2-4 D5*");
    unsigned_entry(2, 2, 1);
    unsigned_entry(3, 3, 2);
    unsigned_entry(3, 33, 2); /* somebody else's work */
    said("H2 H3 H33");
    unsigned_entry(4, 4, 3);
    said("L2 L3 L4");
    ck_assert(!zks__history_is_missing(h, &key, 3));
    pass(WAIT_MS);
    said("U33");
}
END_TEST

START_TEST(late_signed_entry_in_the_middle_leaves_the_rest_missing)
{
    signed_entry(5, 5, 4);
    pass(WAIT_MS);
    signed_entry(3, 3, 2);
    said("H5 G1-4 D5* L3*");
    ck_assert(zks__history_is_missing(h, &key, 4) && !zks__history_is_missing(h, &key, 3));
    unsigned_entry(4, 4, 3);
    unsigned_entry(2, 2, 1);
    unsigned_entry(1, 1, NONE);
    said("L4 L2* L1");
}
END_TEST

START_TEST(floor_makes_a_gap_expire_at_once)
{
    signed_with_floor(4, 4, 3, 4);
    said("E1-3 D4*");
    signed_with_floor(9, 9, 8, 7);
    said("H9"); /* 7 and 8 are still expected */
    pass(WAIT_MS);
    said("E5-6 G7-8 D9*");
    ck_assert(zks__history_is_missing(h, &key, 5));
}
END_TEST

START_TEST(floor_of_a_later_entry_counts_for_earlier_gaps)
{
    signed_entry(3, 3, 2);
    said("H3");
    signed_with_floor(6, 6, 5, 3);
    said("E1-2 D3* H6");
    unsigned_entry(8, 8, 7); /* not covered: its floor counts for nothing */
    zks__history_entry e = entry(9, 9, 88);
    e.floor = 9;
    offer(e);
    said("H8 H9");
}
END_TEST

START_TEST(floor_behind_the_entry_itself_is_cut)
{
    signed_with_floor(1, 1, NONE, UINT64_MAX);
    signed_entry(3, 3, 2);
    said("D1 H3");
}
END_TEST

START_TEST(uncovered_entry_is_unverified_once)
{
    unsigned_entry(1, 1, NONE);
    pass(WAIT_MS);
    said("H1 U1");
    pass(WAIT_MS);
    said("");
    signed_entry(2, 2, 1); /* and delivered all the same */
    said("D1 D2");
}
END_TEST

START_TEST(fork_signed_below_the_tip)
{
    signed_entry(1, 1, NONE);
    signed_entry(2, 2, 1);
    signed_entry(3, 3, 2);
    signed_entry(2, 22, 1);
    said("D1 D2 D3 F22");
}
END_TEST

START_TEST(fork_unsigned_waits_for_its_branch)
{
    signed_entry(1, 1, NONE);
    signed_entry(2, 2, 1);
    unsigned_entry(2, 22, 1);
    pass(WAIT_MS);
    said("D1 D2 H22 U22");
    unsigned_entry(3, 33, 22);
    signed_entry(4, 44, 33); /* the branch grows past the tip: there it is the next in order */
    said("H33 F22 D33 D44");
    signed_entry(3, 3, 2);
    said("F3");
}
END_TEST

START_TEST(fork_proven_by_prev_names_the_other_side)
{
    signed_entry(1, 1, NONE);
    signed_entry(2, 2, 1);
    signed_entry(3, 33, 22); /* 22 is not here */
    said("D1 D2 D33*");
    unsigned_entry(2, 22, 1); /* but it is covered */
    said("F22");
}
END_TEST

START_TEST(fork_behind_a_gap_prefers_the_one_that_continues)
{
    signed_entry(3, 30, 20);
    signed_entry(3, 3, 2);
    signed_entry(1, 1, NONE);
    said("H30 H3 D1");
    unsigned_entry(2, 2, 1);
    said("D2 D3 F30*");
}
END_TEST

START_TEST(fork_ninth_branch_is_refused)
{
    for (uint32_t name = 1; name <= 10; name++) {
        signed_entry(1, name, NONE);
    }
    said("D1 F2 F3 F4 F5 F6 F7 F8 X9 X10");
}
END_TEST

START_TEST(highest_seq_does_no_harm)
{
    signed_entry(UINT64_MAX, 9, 8);
    pass(WAIT_MS);
    said("H9 G1-18446744073709551614 D9*");
    signed_entry(1, 1, NONE);
    unsigned_entry(UINT64_MAX - 1, 8, 7);
    unsigned_entry(UINT64_MAX, 99, 8);
    said("L1 L8* H99");
    pass(WAIT_MS);
    said("U99");
}
END_TEST

START_TEST(last_moment_of_time_does_no_harm)
{
    now_ms = UINT64_MAX - 5;
    signed_entry(2, 2, 1);
    ck_assert(zks__history_next_ms(h) == UINT64_MAX);
    pass(5);
    said("H2 G1-1 D2*");
}
END_TEST

START_TEST(chains_are_apart)
{
    zks__history_entry e = entry(1, 1, NONE);
    e.signed_ok = 1;
    offer(e);
    zks__history_entry other = entry(2, 2, 1);
    other.key.chain[0] ^= 1;
    other.signed_ok = 1;
    offer(other);
    said("D1 H2");
    ck_assert(!zks__history_is_missing(h, &other.key, 1));
}
END_TEST

START_TEST(joiner_base_has_nothing_missing_below)
{
    zks__history_tip tip = {.key = key, .seq = 100, .floor = 1};
    id_of(100, tip.id);
    ck_assert_int_eq(zks__history_restore_tip(h, &tip), ZKS_OK);
    signed_entry(101, 101, 100);
    said("D101");
    ck_assert(!zks__history_is_missing(h, &key, 50));
    signed_entry(50, 50, 49); /* signed ones are delivered rather than lost */
    signed_entry(100, 100, 99);
    signed_entry(100, 100, 99);
    said("L50* L100* R100");
}
END_TEST

START_TEST(restored_state_goes_on)
{
    zks__history_tip tip = {.key = key, .seq = 5, .floor = 1};
    id_of(5, tip.id);
    uint8_t expected[ZKS_ENTRY_ID_BYTES];
    id_of(4, expected);
    zks__history_entry covered = entry(8, 8, 7);
    covered.signed_ok = 1;
    zks__history_entry waiting = entry(3, 3, 2);
    ck_assert_int_eq(zks__history_restore_tip(h, &tip), ZKS_OK);
    ck_assert_int_eq(zks__history_restore_missing(h, &key, 1, 2), ZKS_OK);
    ck_assert_int_eq(zks__history_restore_missing(h, &key, 3, 4), ZKS_OK);
    ck_assert_int_eq(zks__history_restore_expected(h, &key, 4, expected), ZKS_OK);
    ck_assert_int_eq(zks__history_restore_expected(h, &key, 4, expected), ZKS_OK);
    ck_assert_int_eq(zks__history_restore_held(h, &waiting, now_ms), ZKS_OK);
    ck_assert_int_eq(zks__history_restore_held(h, &covered, now_ms - 60000), ZKS_OK);
    said("");
    ck_assert_uint_eq(zks__history_held(h), 2);
    ck_assert(zks__history_next_ms(h) == now_ms - 60000 + WAIT_MS);
    unsigned_entry(4, 4, 3);
    said("L3* L4");
    pass(WAIT_MS - 60000);
    said("G6-7 D8*");
}
END_TEST

static void check_ascending(uint64_t first)
{
    for (size_t i = 0; i < delivered_count; i++) {
        ck_assert(delivered[i].seq == first + i);
    }
}

/* Far above what an author may leave unsigned, and no slower for each entry. */
START_TEST(long_unsigned_run_is_delivered_whole)
{
    const uint32_t length = ZKS_HISTORY_WAITING_SHARE;
    quiet = true;
    for (uint32_t i = 1; i < length; i++) {
        unsigned_entry(i, i, i - 1);
    }
    ck_assert_uint_eq(delivered_count, 0);
    signed_entry(length, length, length - 1);
    ck_assert_uint_eq(delivered_count, length);
    check_ascending(1);
}
END_TEST

START_TEST(held_limit_ends_the_wait_for_a_gap)
{
    quiet = true;
    for (uint32_t i = 0; i <= ZKS_HISTORY_HELD_MAX; i++) {
        signed_entry(2 + i, 2 + i, 1 + i);
    }
    ck_assert_uint_eq(verdict_counts[ZKS_VERDICT_REFUSE], 0);
    ck_assert_uint_eq(verdict_counts[ZKS_VERDICT_GAP], 1);
    ck_assert_uint_eq(delivered_count, ZKS_HISTORY_HELD_MAX + 1);
    check_ascending(2);
}
END_TEST

static zks__history_entry by(uint8_t pusher, zks__history_entry e, uint32_t bytes)
{
    e.pusher[0] = pusher;
    e.bytes = bytes;
    return e;
}

/* The oldest of the same pusher makes room, in number and in bytes. */
START_TEST(held_limit_refuses_the_uncovered_only)
{
    enum { MIB = 1 << 20, IN_BYTES = ZKS_HISTORY_WAITING_SHARE_BYTES / MIB };
    uint32_t room = _i ? IN_BYTES : ZKS_HISTORY_WAITING_SHARE;
    offer(by(1, entry(2, 7, 1), MIB)); /* of another */
    quiet = true;
    for (uint32_t i = 0; i < room; i++) {
        offer(by(2, entry(2, 1000 + i, 1), _i ? MIB : 0)); /* in somebody's name */
    }
    ck_assert_uint_eq(verdict_counts[ZKS_VERDICT_HOLD], room + 1);
    quiet = false;
    text[0] = '\0';
    offer(by(2, entry(2, 999, 1), 256));
    said("H999 X1000");
    signed_entry(1, 1, NONE);
    signed_entry(3, 3, 7);
    said("D1 D7 D3");
    signed_entry(6, 6, 5);
    said("H6"); /* and there is room to wait for a gap */
    ck_assert_uint_eq(zks__history_held(h), room + 1);
}
END_TEST

/* Where there is too much in all, of who has most. */
START_TEST(held_limit_of_all_takes_from_who_has_most)
{
    quiet = true;
    for (uint8_t pusher = 1; pusher <= 5; pusher++) {
        const uint32_t count = ZKS_HISTORY_WAITING_SHARE - pusher;
        for (uint32_t i = 0; i < count; i++) {
            offer(by(pusher, entry(2, pusher * 100000u + i, 1), 0));
        }
    }
    ck_assert_uint_eq(zks__history_held(h), ZKS_HISTORY_WAITING_MAX);
    offer(by(9, entry(2, 7, 1), 0));
    quiet = false;
    text[0] = '\0';
    signed_entry(1, 1, NONE);
    signed_entry(3, 3, 7);
    said("D1 D7 D3");
}
END_TEST

/* What another has pushed first is the author's when the author pushes it. */
START_TEST(waiting_copy_gives_way_to_its_authors_own)
{
    zks__history_entry own = entry(1, 1, NONE);
    offer(by(2, own, 5));
    memcpy(own.pusher, key.author, sizeof own.pusher);
    own.ref = next_ref;
    names[next_ref++] = 1;
    offer(own);
    said("H1 R1 H1");
    own.ref = next_ref;
    names[next_ref++] = 1;
    offer(by(2, own, 5));
    said("R1");
    ck_assert_uint_eq(zks__history_held(h), 1);
}
END_TEST

/* What is never covered goes in the end, told as unverified first, and can come again. */
START_TEST(uncovered_entry_goes_in_the_end)
{
    unsigned_entry(1, 1, NONE);
    said("H1");
    pass(ZKS_HISTORY_KEEP_MS - 1);
    said("U1");
    ck_assert(zks__history_next_ms(h) == now_ms + 1);
    ck_assert(!zks__history_drop_chain(h, &key));
    pass(1);
    said("X1");
    ck_assert_uint_eq(zks__history_held(h), 0);
    ck_assert(zks__history_next_ms(h) == UINT64_MAX);
    ck_assert(zks__history_drop_chain(h, &key));
    ck_assert(zks__history_drop_chain(h, &key));
    unsigned_entry(1, 1, NONE);
    signed_entry(2, 2, 1);
    said("H1 D1 D2");
    ck_assert(!zks__history_drop_chain(h, &key));
    zks__history_entry told = entry(4, 4, 3);
    told.told = 1;
    ck_assert_int_eq(zks__history_restore_held(h, &told, now_ms - ZKS_HISTORY_KEEP_MS + 1), ZKS_OK);
    pass(1);
    said("X4");
}
END_TEST

static void add(TCase *c)
{
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_test(c, signed_run_is_delivered_at_once);
    tcase_add_test(c, unsigned_run_waits_for_its_signature);
    tcase_add_test(c, run_in_reverse_order_is_delivered_in_order);
    tcase_add_test(c, seq_0_is_invalid);
    tcase_add_test(c, known_id_is_a_replay_wherever_it_is);
    tcase_add_test(c, signed_copy_replaces_a_stripped_one);
    tcase_add_test(c, gap_waits_ten_minutes);
    tcase_add_test(c, gap_waits_until_the_caller_gives_it_up);
    tcase_add_test(c, gaps_are_told_all_in_their_order);
    tcase_add_test(c, gap_counts_from_the_first_signed_entry_above);
    tcase_add_test(c, gap_timer_stops_when_the_gap_is_filled);
    tcase_add_test(c, late_entries_below_a_base_are_covered_by_its_prev);
    tcase_add_test(c, late_signed_entry_in_the_middle_leaves_the_rest_missing);
    tcase_add_test(c, floor_makes_a_gap_expire_at_once);
    tcase_add_test(c, floor_of_a_later_entry_counts_for_earlier_gaps);
    tcase_add_test(c, floor_behind_the_entry_itself_is_cut);
    tcase_add_test(c, uncovered_entry_is_unverified_once);
    tcase_add_test(c, fork_signed_below_the_tip);
    tcase_add_test(c, fork_unsigned_waits_for_its_branch);
    tcase_add_test(c, fork_proven_by_prev_names_the_other_side);
    tcase_add_test(c, fork_behind_a_gap_prefers_the_one_that_continues);
    tcase_add_test(c, fork_ninth_branch_is_refused);
    tcase_add_test(c, highest_seq_does_no_harm);
    tcase_add_test(c, last_moment_of_time_does_no_harm);
    tcase_add_test(c, chains_are_apart);
    tcase_add_test(c, joiner_base_has_nothing_missing_below);
    tcase_add_test(c, restored_state_goes_on);
    tcase_add_test(c, long_unsigned_run_is_delivered_whole);
    tcase_add_test(c, held_limit_ends_the_wait_for_a_gap);
    tcase_add_loop_test(c, held_limit_refuses_the_uncovered_only, 0, 2);
    tcase_add_test(c, held_limit_of_all_takes_from_who_has_most);
    tcase_add_test(c, waiting_copy_gives_way_to_its_authors_own);
    tcase_add_test(c, uncovered_entry_goes_in_the_end);
}

int main(void)
{
    return unit_main("group history", add);
}
