/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What one member can cost the others (docs/SECURITY.md, section 6): B makes up heads, chains and
 * entries in other names; C is honest, and A hears both. */
#include "group/heads.h"
#include "tests/unit/client/ledgers.h"

enum {
    MINUTE_MS = 60 * 1000,
    DAY_MS = 24 * 60 * MINUTE_MS,
    INVENTED_MAX = 4000,
    CLAIMS_MAX = 1024,
    CHAINS_MAX = 4096,
    HELD_MAX = 16384,
    HELD_BYTES_MAX = 64 << 20
};

static zks__ledger *c;

static void setup_three(void)
{
    setup();
    c = open_ledger("gamma");
    exchange_records(b, a);
    exchange_records(c, a);
    clock_error_ms = 0;
}

static void teardown_three(void)
{
    clock_error_ms = 0;
    zks__ledger_close(c);
    teardown();
}

/* An entry that `by` makes: of itself, or in another's name. */
typedef struct made {
    zks__ledger *by;
    const zks__ledger *author; /* NULL: by */
    uint32_t chain;
    uint64_t seq;
    uint8_t prev[ZKS_ENTRY_ID_BYTES];
    uint8_t kind; /* 0: DATA */
    bool is_signed;
    const uint8_t *body;
    size_t length;
    uint8_t id[ZKS_ENTRY_ID_BYTES]; /* of the one made last */
} made;

/* Into the outbox's only place. */
static void seal(made *m)
{
    static uint64_t count;
    uint8_t nonce[ZKS_NONCE_BYTES] = {0};
    zks__identity who;
    count++;
    memcpy(nonce, &count, sizeof count);
    zks__ledger_identity(m->by, &who);
    zks__entry e = {.seq = m->seq,
                    .floor = 1,
                    .kind = m->kind ? m->kind : ZKS_ENTRY_DATA,
                    .has_signature = m->is_signed,
                    .body_length = m->length};
    memcpy(e.author, device_of(m->author ? m->author : m->by), sizeof e.author);
    memcpy(e.chain, &m->chain, sizeof m->chain);
    e.chain[15] = 0x55;
    memcpy(e.prev, m->prev, sizeof e.prev);
    drop_outbox();
    zks__sealed *s = &outbox[outbox_count++];
    s->blob = zks__blob_buffer(m->body, m->length);
    ck_assert_int_eq(zks__blob_seal(&m->by->own_key, &e, m->is_signed ? &who.device.sign : NULL,
                                    nonce, s->blob, s->blob_id),
                     ZKS_OK);
    memcpy(m->id, e.id, sizeof m->id);
    zks__wipe(&who, sizeof who);
}

/* And to A. */
static zks__received make(made *m)
{
    seal(m);
    return deliver_as(a, device_of(m->by), 0, 1);
}

/* --- heads --- */

/* The entry seq of `by`, HEADS: `count` chains of `author`, from the number `from` on, have an
 * entry 7. */
static void name_heads(zks__ledger *by, uint64_t seq, const zks__ledger *author, size_t count,
                       uint32_t from)
{
    static zks__head heads[INVENTED_MAX];
    static uint8_t body[ZKS_HEADS_FIXED_BYTES + INVENTED_MAX * ZKS_HEADS_HEAD_BYTES];
    static struct {
        uint8_t id[ZKS_ENTRY_ID_BYTES];
    } last[2];
    size_t who = by == b;
    zks__heads h = {.count = count};
    size_t length = 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t number = from + (uint32_t)i;
        heads[i] = (zks__head){.seq = 7};
        memcpy(heads[i].author, device_of(author), sizeof heads[i].author);
        memcpy(heads[i].chain, &number, sizeof number);
        memcpy(heads[i].id, &number, sizeof number);
    }
    ck_assert_int_eq(zks__heads_encode(&h, heads, body, sizeof body, &length), ZKS_OK);
    made say = {.by = by, .seq = seq, .kind = ZKS_ENTRY_HEADS, .is_signed = true};
    say.body = body;
    say.length = length;
    if (seq > 1) {
        memcpy(say.prev, last[who].id, sizeof say.prev);
    }
    ck_assert_uint_eq(make(&say).rejected, 0);
    memcpy(last[who].id, say.id, sizeof last[who].id);
}

typedef struct claims {
    size_t count;
    uint32_t wanted;
    bool found;
} claims;

static zks_status count_claim(const zks__store_claim *claim, void *user)
{
    claims *s = user;
    s->count++;
    s->found = s->found || memcmp(claim->id, &s->wanted, sizeof s->wanted) == 0;
    return ZKS_OK;
}

static claims claims_of(zks__ledger *l, uint32_t wanted)
{
    claims s = {.wanted = wanted};
    ck_assert_int_eq(zks__store_claims_each(l->store, l->group.g, count_claim, &s), ZKS_OK);
    return s;
}

/* Of what does not exist nothing is kept but a bounded number of claims. */
START_TEST(invented_heads_open_no_chains)
{
    int64_t next;
    size_t chains = zks__map_count(a->chains);
    for (uint32_t i = 0; i < 8; i++) {
        name_heads(b, i + 1, _i ? c : b, INVENTED_MAX, i * INVENTED_MAX);
    }
    ck_assert_uint_le(claims_of(a, 0).count, CLAIMS_MAX);
    (void)tick(a, &next);
    ck_assert_uint_eq(zks__map_count(a->chains), chains + 1); /* the one that B speaks in */
}
END_TEST

/* Whoever comes first. */
START_TEST(invented_heads_keep_no_claim_of_another_member_out)
{
    enum { REAL = 5000000 };
    int64_t next;
    size_t minutes = 0;
    if (_i) {
        name_heads(c, 1, c, 1, REAL);
    }
    name_heads(b, 1, b, 1100, 0);
    if (!_i) {
        name_heads(c, 1, c, 1, REAL);
    }
    name_heads(b, 2, b, 1100, 10000);
    ck_assert(claims_of(a, REAL).found);
    ck_assert_uint_le(claims_of(a, REAL).count, CLAIMS_MAX);
    for (bool asked = false; !asked; minutes++) { /* and it is asked for in time */
        clock_error_ms += MINUTE_MS;
        ck_assert_uint_lt(minutes, 10);
        (void)tick(a, &next);
        zks__sealed sent[64];
        size_t count = 0;
        begin(a);
        ck_assert_int_eq(zks__ledger_outbox(a, 0, 1 << 20, ZKS_COUNTOF(sent), sent, &count),
                         ZKS_OK);
        commit(a);
        for (size_t i = 0; i < count; i++) {
            zks__entry e;
            zks__want want;
            zks__want_span span;
            ck_assert_int_eq(
                zks__blob_open(&a->own_key, sent[i].blob->data, sent[i].blob->length, &e), ZKS_OK);
            if (e.kind == ZKS_ENTRY_WANT && !zks__want_decode(e.body, e.body_length, &want)) {
                while (zks__want_next(&want, &span)) {
                    asked = asked || memcmp(span.author, device_of(c), sizeof span.author) == 0;
                }
            }
            zks__buf_unref(sent[i].blob);
        }
    }
}
END_TEST

/* Two members name the same: it is asked for, and told, once; and it stays when one of them floods.
 */
START_TEST(a_claim_of_two_members_is_one_and_stays)
{
    name_heads(b, 1, c, 1, 77);
    name_heads(c, 1, c, 1, 77);
    ck_assert_uint_eq(claims_of(a, 77).count, 1);
    name_heads(b, 2, b, 1100, 1000);
    ck_assert(claims_of(a, 77).found);
}
END_TEST

/* Of an own chain: a new one an hour, but not for ever, since others take so many of an author. */
START_TEST(heads_that_are_ahead_begin_a_bounded_number_of_chains)
{
    static uint8_t body[ZKS_HEADS_FIXED_BYTES + ZKS_HEADS_HEAD_BYTES];
    made say = {.by = b, .kind = ZKS_ENTRY_HEADS, .is_signed = true, .body = body};
    zks__heads h = {.count = 1};
    zks__head head = {.seq = 1000000, .id = {1}};
    push(a, 1);
    memcpy(head.author, device_of(a), sizeof head.author);
    for (uint64_t i = 1; i <= ZKS_CHAINS_ON_WORD_MAX + 5; i++) {
        clock_error_ms += 61 * MINUTE_MS;
        memcpy(head.chain, a->own->row.chain, sizeof head.chain);
        ck_assert_int_eq(zks__heads_encode(&h, &head, body, sizeof body, &say.length), ZKS_OK);
        say.seq = i;
        memcpy(say.prev, say.id, i > 1 ? sizeof say.prev : 0);
        zks__received r = make(&say);
        ck_assert_uint_eq(r.rejected, 0);
        ck_assert(told(&r, ZKS_EVENT_NEW_CHAIN) == (i < ZKS_CHAINS_ON_WORD_MAX));
    }
    ck_assert_uint_eq(zks__ledger_find_author(a, device_of(a))->chains, ZKS_CHAINS_ON_WORD_MAX);
}
END_TEST

/* --- gaps --- */

enum { FAR = 700 };

/* The first entry of a chain, and one far behind it. */
static void leave_gap(zks__ledger *by, uint32_t chain)
{
    made m = {.by = by, .chain = chain, .seq = 1, .is_signed = true};
    ck_assert_uint_eq(make(&m).delivered, 1);
    m.seq = FAR;
    m.prev[0] = 1;
    ck_assert_uint_eq(make(&m).held, 1);
}

static uint64_t late_seq_of_c(void)
{
    static const uint32_t chain = 1;
    uint8_t name[ZKS_CHAIN_BYTES] = {[15] = 0x55};
    memcpy(name, &chain, sizeof chain);
    return zks__ledger_find_chain(a, device_of(c), name)->row.late_seq;
}

/* What long gaps leave is asked for a piece at a time: whoever makes them on and on puts off its
 * own. */
START_TEST(long_gaps_without_end_put_off_nobody_elses)
{
    int64_t next;
    unsigned pieces = 0;
    uint64_t late_seq = 0;
    leave_gap(c, 1);
    for (uint32_t minute = 1; minute <= 90; minute++) {
        if (minute % 3 == 0) {
            leave_gap(b, minute);
        }
        clock_error_ms += MINUTE_MS;
        (void)tick(a, &next);
        pieces += late_seq && late_seq_of_c() < late_seq;
        late_seq = late_seq_of_c();
    }
    ck_assert_uint_ge(pieces, 2);
}
END_TEST

/* --- chains --- */

/* Chains of that author in A's HEADS. */
static size_t count_named(const zks__ledger *author)
{
    zks__buf *body = NULL;
    zks__heads heads;
    zks__head head;
    size_t count = 0;
    ck_assert_int_eq(zks__ledger_heads(a, &body), ZKS_OK);
    ck_assert_int_eq(zks__heads_decode(body->data, body->length, &heads), ZKS_OK);
    while (zks__heads_next(&heads, &head)) {
        count += memcmp(head.author, device_of(author), sizeof head.author) == 0;
    }
    zks__buf_unref(body);
    return count;
}

/* An author begins so many chains; the next is rejected, told, and nobody else is concerned. */
START_TEST(an_author_has_so_many_chains_and_others_are_not_concerned)
{
    made m = {.by = b, .seq = 1, .is_signed = true}, first = {0};
    for (uint32_t i = 1; i <= CHAINS_MAX; i++) {
        m.chain = i;
        ck_assert_uint_eq(make(&m).delivered, 1);
        first = i == 1 ? m : first;
    }
    for (uint32_t i = 1; i <= 3; i++) {
        m.chain = CHAINS_MAX + i;
        if (i == 3) { /* after a restart too */
            begin(a);
            roll_back(a);
            load_relay(a);
        }
        zks__received r = make(&m);
        ck_assert_uint_eq(r.rejected, 1);
        ck_assert_int_eq(r.reject_status, ZKS_E_LIMIT);
        ck_assert_uint_eq(r.held_now, 0);
    }
    ck_assert_uint_le(zks__map_count(a->chains), CHAINS_MAX + 1);
    made next = first; /* the old ones go on */
    next.seq = 2;
    memcpy(next.prev, first.id, sizeof next.prev);
    ck_assert_uint_eq(make(&next).delivered, 1);
    made other = {.by = c, .chain = 1, .seq = 1, .is_signed = true};
    ck_assert_uint_eq(make(&other).delivered, 1);
    /* What B writes unsigned in C's name uses nothing of C's up. */
    made forged = {.by = b, .author = c, .seq = 1};
    for (uint32_t i = 1; i <= CHAINS_MAX + 10; i++) {
        forged.chain = 100000 + i;
        ck_assert_uint_eq(make(&forged).held, 1);
    }
    other.chain = 2;
    ck_assert_uint_eq(make(&other).delivered, 1);
    ck_assert_uint_eq(count_named(c), 2); /* in A's HEADS is room for them */
    ck_assert_uint_ge(count_named(b), 1000);
}
END_TEST

/* --- what waits unsigned --- */

/* B's stays bounded in number, and C's, whatever B does, stays. */
START_TEST(unsigned_entries_of_a_pusher_are_bounded_and_push_out_only_its_own)
{
    int64_t next;
    made honest = {.by = c, .chain = 9, .seq = 1};
    ck_assert_uint_eq(make(&honest).held, 1);
    made forged = {.by = b, .author = c, .seq = 2};
    uint64_t rejected = 0, held = 0;
    for (uint32_t i = 1; i <= HELD_MAX + 100; i++) {
        forged.chain = _i ? 9 : 1000 + i;
        memcpy(forged.prev, &i, sizeof i);
        zks__received r = make(&forged);
        rejected += r.rejected;
        held = r.held_now;
    }
    ck_assert_uint_eq(rejected, 100);
    ck_assert_uint_eq(held, HELD_MAX + 1);
    ck_assert_uint_le(zks__map_count(a->chains), HELD_MAX + 2);
    made signature = {.by = c, .chain = 9, .seq = 2, .is_signed = true};
    memcpy(signature.prev, honest.id, sizeof signature.prev);
    ck_assert_uint_eq(make(&signature).delivered, 2);
    clock_error_ms += 6 * (int64_t)DAY_MS;
    ck_assert_uint_eq(tick(a, &next).held_now, HELD_MAX);
    clock_error_ms += 2 * (int64_t)DAY_MS;
    zks__received r = tick(a, &next);
    ck_assert_uint_eq(r.held_now, 0);
    ck_assert_uint_eq(r.rejected, HELD_MAX);
    ck_assert_uint_eq(zks__map_count(a->chains), 2); /* C's, and A's own */
    begin(a);
    roll_back(a);
    load_relay(a);
    ck_assert_uint_eq(zks__map_count(a->chains), 2);
}
END_TEST

START_TEST(unsigned_bytes_of_a_pusher_are_bounded)
{
    enum { LENGTH = 1000 * 1000, COUNT = 80 };
    static uint8_t body[LENGTH];
    made forged = {.by = b, .author = c, .seq = 2, .body = body, .length = LENGTH};
    forged.prev[0] = 1;
    uint64_t rejected = 0, held = 0;
    for (uint32_t i = 1; i <= COUNT; i++) {
        forged.chain = i;
        zks__received r = make(&forged);
        rejected += r.rejected;
        held = r.held_now;
    }
    ck_assert_uint_le(held * outbox[0].blob->length, HELD_BYTES_MAX);
    ck_assert_uint_eq(held + rejected, COUNT);
}
END_TEST

/* What was given up is as if it had never come: asked for, and delivered when it comes again. */
START_TEST(what_waited_too_long_can_be_asked_for_again)
{
    int64_t next;
    made m[3];
    zks__sealed kept[2];
    for (size_t i = 0; i < 3; i++) {
        m[i] = (made){.by = c, .chain = 3, .seq = i + 1, .is_signed = i == 2};
        if (i) {
            memcpy(m[i].prev, m[i - 1].id, sizeof m[i].prev);
        }
        if (i < 2) {
            ck_assert_uint_eq(make(&m[i]).held, 1);
            kept[i] = outbox[0];
            outbox_count = 0;
        }
    }
    clock_error_ms += 8 * (int64_t)DAY_MS;
    zks__received r = tick(a, &next);
    ck_assert(told(&r, ZKS_EVENT_UNVERIFIED));
    ck_assert_uint_eq(r.held_now, 0);
    ck_assert_uint_eq(r.rejected, 2);
    r = make(&m[2]);
    ck_assert_uint_eq(r.held_now, 1); /* behind a gap */
    uint64_t n = zks__ledger_last_n(a);
    (void)tick(a, &next);
    clock_error_ms += 2 * MINUTE_MS;
    (void)tick(a, &next);
    ck_assert_uint_gt(zks__ledger_last_n(a), n); /* it is asked for */
    drop_outbox();
    memcpy(outbox, kept, sizeof kept);
    outbox_count = 2;
    ck_assert_uint_eq(deliver_as(a, device_of(c), 0, 2).delivered, 3);
}
END_TEST

static void add(TCase *t)
{
    tcase_add_checked_fixture(t, setup_three, teardown_three);
    tcase_add_loop_test(t, invented_heads_open_no_chains, 0, 2);
    tcase_add_loop_test(t, invented_heads_keep_no_claim_of_another_member_out, 0, 2);
    tcase_add_test(t, a_claim_of_two_members_is_one_and_stays);
    tcase_add_test(t, heads_that_are_ahead_begin_a_bounded_number_of_chains);
    tcase_add_test(t, long_gaps_without_end_put_off_nobody_elses);
    tcase_add_test(t, an_author_has_so_many_chains_and_others_are_not_concerned);
    tcase_add_loop_test(t, unsigned_entries_of_a_pusher_are_bounded_and_push_out_only_its_own, 0,
                        2);
    tcase_add_test(t, unsigned_bytes_of_a_pusher_are_bounded);
    tcase_add_test(t, what_waited_too_long_can_be_asked_for_again);
}

int main(void)
{
    return unit_main("member abuse", add);
}
