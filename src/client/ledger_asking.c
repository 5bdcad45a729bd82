/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What is missing here is asked for, and given up (docs/SECURITY.md, section 3, rules 4 and 10):
 * gaps in front of held entries, and claims, which are entries that another member has named. The
 * author is asked first, then everyone. A question is an own entry like any other, so it is known
 * which relay has it: the row of a relay says since when it has had the questions up to a number.
 *
 * A long gap is not waited for as a whole, which would take hours: its end is asked for like any
 * other, then it is given up, and what it left missing is asked for piece by piece, from its end to
 * its beginning: an entry is covered by the one behind it.
 */
#include "client/ledger_internal.h"

#include "base/alloc.h"

#include <string.h>

enum {
    /* Everyone has that long to answer; a minute less than there is between the second question and
     * the end, since a question is a tick late. */
    ANSWER_MS = ZKS_WITHHELD_MS - ZKS_WANT_AGAIN_MS - 60 * 1000,
    /* And what was asked for then is given up before the next question takes its place in the row
     * of the relay: a gap is looked at every ZKS_HISTORY_AGAIN_MS. */
    TURN_MS = 2 * ZKS_HISTORY_AGAIN_MS,
    LOOK_MS = 4 * 60 * 1000, /* between two visits to another relay */
    /* Between two pieces of what long gaps have left, of all chains: a minute more than a member
       takes to send that much again (RESEALED_MS in ledger_control.c). */
    LATE_MS = 11 * 60 * 1000,
    /* Spans of one question that are due to one member: those of others have room beside what it
     * makes up. */
    SHARE_MAX = ZKS_WANT_SPANS_MAX * 3 / 4,
    TOLD_MS = 7 * 24 * 60 * 60 * 1000 /* how long a claim that was given up is remembered */
};

/* A span of the WANT that is being made: for gaps of a chain, or for a claim. */
typedef struct question {
    zks__known_chain *chain; /* NULL: a claim */
    zks__store_claim *claim; /* NULL: a gap */
    const uint8_t *source;   /* whose word or work it is that this is missing */
    bool counts;             /* everyone is asked, and the answer is waited for */
    bool late;               /* it was given up */
    uint64_t rest; /* what is missing up to there is not asked for by this span; 0: all is */
} question;

typedef struct asking {
    zks__ledger *ledger;
    int64_t now;
    bool waits;              /* something is missing and not given up */
    bool asked;              /* some of it was asked for before */
    zks__known_chain *chain; /* whose gaps are looked at */
    unsigned chain_round;    /* in which they are asked for now; 0: not now */
    bool answering;          /* everyone was asked for some of them before */
    uint64_t taken_n;        /* the newest question that is open and that the relay in use has */
    uint8_t round;           /* of the WANT */
    size_t count;
    zks__want_span spans[ZKS_WANT_SPANS_MAX];
    question questions[ZKS_WANT_SPANS_MAX];
    size_t claim_count;
    zks__store_claim claims[ZKS_STORE_CLAIMS_MAX];
} asking;

/* --- whether everyone was asked --- */

/* More than one span of a question asks for. */
static bool is_long(uint64_t first, uint64_t last)
{
    return last - first >= ZKS_WANT_ENTRIES_MAX;
}

/* In a shared group, which has no inviter who would say where its history begins, a long gap in
 * front of all is of one who has joined: it would have the group send all that there ever was. */
static bool is_of_joiner(const zks__ledger *l, uint64_t first, uint64_t last)
{
    return l->group.mode == ZKS_GROUP_MODE_SHARED && first == 1 && is_long(first, last);
}

/* Whether everyone was asked for a gap that ends there. A time to come is of a wrong clock. */
static bool was_asked_for(const zks__known_chain *chain, uint64_t last, int64_t now)
{
    return last <= chain->row.asked_seq && chain->row.asked_ms <= now;
}

/*
 * Whether everyone at the relay in use has had the time to answer the question n of asked_ms. A
 * device that is there for moments only gives up at a later moment than it asks; where a connection
 * broke before the relay had the question, or where the relay is another one than then, the time
 * begins when this one has it. Of a relay that takes nothing it begins when it is listened to.
 */
static bool was_answered(const zks__ledger *l, uint64_t n, int64_t asked_ms, int64_t now)
{
    const zks__store_relay *r = &l->relay;
    if (!l->relay_valid || n > r->acked_n) {
        int64_t since_ms = asked_ms > l->listening_ms ? asked_ms : l->listening_ms;
        return l->listening_ms && now - since_ms >= ANSWER_MS;
    }
    return n <= r->asked_n && r->asked_ms <= now && now - r->asked_ms >= ANSWER_MS;
}

bool zks__ledger_give_up(const zks__history_key *key, uint64_t first, uint64_t last, void *ledger)
{
    zks__ledger *l = ledger;
    zks__known_chain *chain = zks__ledger_find_chain(l, key->author, key->chain);
    int64_t now = zks__ledger_unix_ms(l);
    if (!chain || is_of_joiner(l, first, last)) {
        return true;
    }
    if (!was_asked_for(chain, last, now)) {
        chain->gap_due = true;
        return false;
    }
    return was_answered(l, chain->row.asked_n, chain->row.asked_ms, now);
}

bool zks__ledger_questions_taken(zks__ledger *l, uint64_t n)
{
    zks__store_relay *r = &l->relay;
    int64_t now = zks__ledger_unix_ms(l);
    if (!l->relay_valid) {
        return false;
    }
    if (r->asked_ms > now) { /* of a wrong clock */
        r->asked_ms = now;
        return true;
    }
    bool open = r->asked_n && now - r->asked_ms < ANSWER_MS + TURN_MS;
    if (open || n <= r->asked_n || n > r->acked_n) {
        return false;
    }
    r->asked_n = n;
    r->asked_ms = now;
    return true;
}

/* --- asking --- */

static bool has_room(const asking *a, const question *q)
{
    size_t share = 0;
    for (size_t i = 0; i < a->count; i++) {
        share += memcmp(a->questions[i].source, q->source, ZKS_DEVICE_ID_BYTES) == 0;
    }
    return a->count < ZKS_WANT_SPANS_MAX && share < SHARE_MAX;
}

/* false: the WANT is full. */
static bool ask(asking *a, const question *q, uint64_t first, uint64_t last, unsigned round)
{
    if (!has_room(a, q)) {
        return false;
    }
    a->questions[a->count] = *q;
    zks__want_span *s = &a->spans[a->count++];
    memcpy(s->author, q->claim ? q->claim->author : q->chain->row.author, sizeof s->author);
    memcpy(s->chain, q->claim ? q->claim->chain : q->chain->row.chain, sizeof s->chain);
    s->first = !is_long(first, last) ? first
               : q->claim            ? last /* the gap in front of it is seen when it comes */
                                     : last - (ZKS_WANT_ENTRIES_MAX - 1);
    s->last = last;
    a->questions[a->count - 1].rest = s->first > first ? s->first - 1 : 0;
    a->round = round > a->round ? (uint8_t)round : a->round;
    return true;
}

static void note_open(asking *a, uint64_t n)
{
    a->asked = true;
    if (n > a->taken_n && n <= a->ledger->relay.acked_n) {
        a->taken_n = n;
    }
}

/* The round in which the gaps of a chain are asked for now; 0: not now. */
static unsigned next_round(zks__known_chain *chain, int64_t now)
{
    unsigned round = zks__want_round(chain->gap_since_ms, now);
    bool more = round > chain->gap_asked;
    if (chain->gap_due) {
        chain->gap_due = false;
        return chain->gap_asked = 2;
    }
    chain->gap_asked = more ? round : chain->gap_asked;
    return more && round < 3 ? round : 0;
}

static void begin_chain(asking *a, zks__known_chain *chain, uint64_t first_gap_ends)
{
    a->chain = chain;
    a->answering = false;
    if (chain->gap_last != first_gap_ends) {
        chain->gap_last = first_gap_ends;
        chain->gap_since_ms = a->now;
        chain->gap_asked = 0;
    }
    a->chain_round = next_round(chain, a->now);
}

static void ask_for_gap(const zks__history_key *key, uint64_t first, uint64_t last, void *user)
{
    asking *a = user;
    zks__known_chain *chain = zks__ledger_find_chain(a->ledger, key->author, key->chain);
    if (!chain) {
        return;
    }
    if (chain != a->chain) {
        begin_chain(a, chain, last);
    }
    a->waits = true;
    a->asked = a->asked || chain->gap_asked;
    if (was_asked_for(chain, last, a->now)) {
        a->answering = true;
        note_open(a, chain->row.asked_n);
    } else if (a->chain_round && !is_of_joiner(a->ledger, first, last)) {
        /* Not counted while others are waited for: gaps that keep coming would never let one be
         * given up. */
        const question q = {.chain = chain,
                            .source = chain->row.author,
                            .counts = a->chain_round > 1 && !a->answering};
        (void)ask(a, &q, first, last, a->chain_round);
    }
}

static zks_status collect_claim(const zks__store_claim *claim, void *user)
{
    asking *a = user;
    if (a->claim_count < ZKS_STORE_CLAIMS_MAX) {
        a->claims[a->claim_count++] = *claim;
    }
    return ZKS_OK;
}

/* What others have named is here by now, will never be, or was told long ago. chain: NULL: nothing
 * is known of it. */
static zks_status is_over(const asking *a, const zks__known_chain *chain,
                          const zks__store_claim *claim, bool *out_over)
{
    bool known = false;
    zks_status status = ZKS_OK;
    if (chain) {
        zks__history_key key;
        memcpy(key.author, claim->author, sizeof key.author);
        memcpy(key.chain, claim->chain, sizeof key.chain);
        status = zks__ledger_knows_id(a->ledger, chain->row.c, claim->seq, claim->id, &known);
        known = known || claim->seq < chain->row.floor ||
                zks__history_is_missing(a->ledger->history, &key, claim->seq); /* told as a gap */
    }
    *out_over = known || claim->since_ms > a->now || a->now - claim->since_ms > TOLD_MS;
    return status;
}

/* The round that is due; not the last one before everyone was asked. */
static unsigned round_of_claim(const asking *a, zks__store_claim *claim)
{
    unsigned round = zks__want_round(claim->since_ms, a->now);
    int64_t asked_ms = claim->since_ms + ZKS_WANT_AGAIN_MS;
    if (round == 3 && claim->asked < 2) { /* away until now */
        claim->since_ms = a->now - ZKS_WANT_AGAIN_MS;
        return 2;
    }
    return round == 3 && !was_answered(a->ledger, claim->asked_n, asked_ms, a->now) ? 2 : round;
}

static zks_status tell_withheld(const asking *a, const zks__store_claim *claim, uint64_t first)
{
    zks__ledger *l = a->ledger;
    zks__store_chain chain = {0};
    memcpy(chain.author, claim->author, sizeof chain.author);
    memcpy(chain.chain, claim->chain, sizeof chain.chain);
    if (zks__records_member(l->records, chain.author, 0)) {
        return zks__ledger_notice(l, ZKS_EVENT_HISTORY_WITHHELD, &chain, first, claim->seq);
    }
    zks__log_write(l->log, ZKS_LOG_LEVEL_INFO, "claim_of_removed author=%s",
                   zks__log_redact(l->log, chain.author, sizeof chain.author).text);
    return ZKS_OK;
}

static zks_status follow_claim(asking *a, zks__store_claim *claim)
{
    zks__ledger *l = a->ledger;
    const zks__known_chain *chain = zks__ledger_find_chain(l, claim->author, claim->chain);
    bool over = false;
    zks_status status = is_over(a, chain, claim, &over);
    if (status || over) {
        claim->asked = UINT32_MAX;
        return status ? status : zks__store_claim_update(l->store, l->group.g, claim);
    }
    if (claim->asked < 3) {
        a->waits = true;
        if (claim->asked) {
            note_open(a, claim->asked_n);
        }
    }
    unsigned round = round_of_claim(a, claim);
    if (round <= claim->asked) {
        return ZKS_OK;
    }
    uint64_t tip = chain ? chain->row.tip_seq : 0;
    uint64_t first = tip < claim->seq ? tip + 1 : claim->seq;
    if (round == 3) {
        status = tell_withheld(a, claim, first);
        claim->asked = 3;
        return status ? status : zks__store_claim_update(l->store, l->group.g, claim);
    }
    const question q = {.claim = claim, .source = claim->by, .counts = round > 1};
    if (ask(a, &q, first, claim->seq, round)) {
        claim->asked = round;
    }
    return ZKS_OK;
}

/* --- what long gaps have left --- */

zks_status zks__ledger_given_up(zks__ledger *l, zks__known_chain *chain, uint64_t first,
                                uint64_t last)
{
    bool asked = !is_long(first, last) && chain->row.late_seq < first;
    if (asked || is_of_joiner(l, first, last)) {
        return ZKS_OK;
    }
    chain->row.late_seq = last;
    chain->row.late_ms = zks__ledger_unix_ms(
        l);                  /* who has answered already has answers again then */
    chain->late_came = true; /* twice at least: an answer may have been lost */
    return zks__store_chain_update(l->store, &chain->row);
}

/* The end of what is missing up to late_seq. Where nothing is, it is gone through once more if
 * something has come meanwhile: who could answer may have been away, or had no answers left. */
static bool find_late(const asking *a, zks__known_chain *chain, uint64_t *out_first,
                      uint64_t *out_last)
{
    zks__history_key key;
    memcpy(key.author, chain->row.author, sizeof key.author);
    memcpy(key.chain, chain->row.chain, sizeof key.chain);
    while (chain->row.late_seq && chain->row.late_seq <= chain->row.tip_seq) {
        if (zks__history_missing_below(a->ledger->history, &key, chain->row.late_seq, out_first,
                                       out_last) &&
            *out_last >= chain->row.floor && !is_of_joiner(a->ledger, *out_first, *out_last)) {
            *out_first = *out_first < chain->row.floor ? chain->row.floor : *out_first;
            *out_last = *out_last > chain->row.late_seq ? chain->row.late_seq : *out_last;
            return true;
        }
        chain->row.late_seq = chain->late_came ? chain->row.tip_seq : 0;
        chain->late_came = false;
    }
    return false;
}

/* When each author was last served. */
static void note_late(zks__ledger *l)
{
    size_t position = 0;
    for (zks__known_author *author = zks__map_next(l->authors, &position); author;
         author = zks__map_next(l->authors, &position)) {
        author->late_ms = INT64_MIN;
    }
    position = 0;
    for (zks__known_chain *k = zks__map_next(l->chains, &position); k;
         k = zks__map_next(l->chains, &position)) {
        k->of->late_ms = k->row.late_ms > k->of->late_ms ? k->row.late_ms : k->of->late_ms;
    }
}

static bool waits_longer(const zks__known_chain *k, const zks__known_chain *than)
{
    return !than || k->of->late_ms < than->of->late_ms ||
           (k->of == than->of && k->row.late_ms < than->row.late_ms);
}

/* One piece at a time, of the author that has waited for longest: gaps that one makes on and on put
 * off nobody else's. */
static void ask_for_late(asking *a)
{
    zks__ledger *l = a->ledger;
    zks__known_chain *due = NULL;
    uint64_t first, last, due_first = 0, due_last = 0;
    size_t position = 0;
    note_late(l);
    for (zks__known_chain *k = zks__map_next(l->chains, &position); k;
         k = zks__map_next(l->chains, &position)) {
        if (find_late(a, k, &first, &last) && waits_longer(k, due)) {
            due = k;
            due_first = first;
            due_last = last;
        }
    }
    if (!due) {
        return;
    }
    a->waits = true;
    int64_t newest_ms = due->of->late_ms > l->late_ms ? due->of->late_ms : l->late_ms;
    if (newest_ms > a->now || a->now - newest_ms >= LATE_MS) {
        const question q = {.chain = due, .source = due->row.author, .late = true};
        (void)ask(a, &q, due_first, due_last, 2);
    }
}

/* --- the question --- */

/* It is the own entry n. */
static zks_status note_question(const asking *a, size_t i, uint64_t n)
{
    const question *q = &a->questions[i];
    a->ledger->asking_n = q->counts ? n : a->ledger->asking_n;
    if (q->claim) {
        q->claim->asked_n = q->counts ? n : 0;
        return zks__store_claim_update(a->ledger->store, a->ledger->group.g, q->claim);
    }
    if (q->late) {
        q->chain->row.late_seq = a->spans[i].first - 1;
        q->chain->row.late_ms = a->ledger->late_ms = a->now;
        return zks__store_chain_update(a->ledger->store, &q->chain->row);
    }
    if (!q->counts && !q->rest) {
        return ZKS_OK;
    }
    if (q->rest > q->chain->row.late_seq) {
        q->chain->row.late_seq = q->rest;
    }
    if (q->counts) {
        q->chain->row.asked_seq = a->spans[i].last;
        q->chain->row.asked_n = n;
        q->chain->row.asked_ms = a->now;
    }
    return zks__store_chain_update(a->ledger->store, &q->chain->row);
}

static zks_status send_want(asking *a)
{
    uint8_t body[1 + 10 + ZKS_WANT_SPANS_MAX * ZKS_WANT_SPAN_BYTES];
    size_t length = 0;
    zks__ledger *l = a->ledger;
    zks__want want = {.round = a->round, .count = a->count};
    zks_status status = zks__want_encode(&want, a->spans, body, sizeof body, &length);
    if (!status) {
        status = zks__ledger_say(l, ZKS_ENTRY_WANT, body, length);
    }
    for (size_t i = 0; !status && i < a->count; i++) {
        status = note_question(a, i, l->group.last_n);
    }
    return status;
}

void zks__ledger_look_elsewhere(zks__ledger *l, zks__received *out)
{
    int64_t now = zks__ledger_unix_ms(l);
    if (l->looked_ms > now || now - l->looked_ms >= LOOK_MS) {
        l->looked_ms = now;
        out->look_elsewhere = true;
    }
}

static zks_status look_at_all(asking *a)
{
    zks__ledger *l = a->ledger;
    zks__history_gaps(l->history, ask_for_gap, a);
    zks_status status = zks__store_claims_each(l->store, l->group.g, collect_claim, a);
    for (size_t i = 0; !status && i < a->claim_count; i++) {
        status = follow_claim(a, &a->claims[i]);
    }
    if (!status) {
        ask_for_late(a);
    }
    if (!status && zks__ledger_questions_taken(l, a->taken_n)) {
        status = zks__store_relay_update(l->store, &l->relay);
    }
    return status;
}

zks_status zks__ledger_ask(zks__ledger *l, int64_t now, bool *out_waits)
{
    asking *a = zks__alloc_zero(1, sizeof *a);
    if (!a) {
        return ZKS_E_NOMEM;
    }
    a->ledger = l;
    a->now = now;
    zks_status status = look_at_all(a);
    if (!status && a->count) {
        status = send_want(a);
    }
    /* Again and again: the one that was looked at may have been away. */
    if (!status && (a->count || a->asked)) {
        zks__ledger_look_elsewhere(l, l->receiving.out);
    }
    *out_waits = a->waits;
    zks__free(a);
    return status;
}
