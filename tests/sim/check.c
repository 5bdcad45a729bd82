/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What must hold.
 *
 * Always: an app is given what another app has durably written, each word once, one author's words
 * of one chain in the order of their numbers (but those flagged late or as a fork); a device
 * acknowledges to a relay only what its store has; FORK only where two stores of one device were
 * made; HISTORY_GAP only where something was taken away, and like HISTORY_WITHHELD not before
 * everyone at the relay was asked and could answer.
 *
 * In the end, when all is mended and quiet: every word that can still be had anywhere was given to
 * every device; of one that cannot, the missing number is on record wherever a later word of its
 * chain was given.
 */
#include "sim/sim.h"

#include "client/batch.h"
#include "client/ledger_internal.h"

#include <stdlib.h>
#include <string.h>
#include <zks/zks.h>

enum { ANSWER_MS = 6 * 60 * 1000 };

static sim_word *word_of(sim_world *w, const uint8_t *body, size_t length, uint64_t *out_number)
{
    memcpy(out_number, body, length < sizeof *out_number ? length : sizeof *out_number);
    return length == sizeof *out_number && *out_number < w->word_count ? &w->words[*out_number]
                                                                       : NULL;
}

static void check_item(sim_slot *s, const zks_batch *b, size_t i)
{
    sim_world *w = s->world;
    uint64_t number = 0;
    const sim_word *word = word_of(w, b->data + b->offsets[i],
                                   (size_t)(b->offsets[i + 1] - b->offsets[i]), &number);
    if (!word || word->state != SIM_WORD_STORED) {
        sim_fail(w, "slot %zu got word %llu, which was never stored", s->index,
                 (unsigned long long)number);
        return;
    }
    if (memcmp(word->id, b->ids + i * ZKS_BATCH_ID_BYTES, ZKS_BATCH_ID_BYTES) != 0 ||
        word->seq != b->numbers[i]) {
        sim_fail(w, "slot %zu got word %llu as another entry", s->index,
                 (unsigned long long)number);
    }
    if (s->view.seen[number]) {
        sim_fail(w, "slot %zu got word %llu twice (flags %u)", s->index, (unsigned long long)number,
                 (unsigned)b->flags[i]);
    }
    /* Own words take their places when a relay has them: among those of a copy, anywhere. */
    bool of_copies = w->copied && !memcmp(b->senders + i * ZKS_DEVICE_ID_BYTES, s->device_id,
                                          ZKS_DEVICE_ID_BYTES);
    bool unordered = (b->flags[i] & (ZKS_ITEM_LATE | ZKS_ITEM_FORK)) != 0 || of_copies;
    for (size_t k = 0; k < w->word_count && !unordered; k++) {
        const sim_word *other = &w->words[k];
        if (s->view.seen[k] && !s->view.late[k] && other->seq >= word->seq &&
            !memcmp(other->chain, word->chain, sizeof word->chain)) {
            sim_fail(w, "slot %zu got word %llu (seq %llu) behind word %zu (seq %llu)", s->index,
                     (unsigned long long)number, (unsigned long long)word->seq, k,
                     (unsigned long long)other->seq);
        }
    }
    if (!sim_members_may(s, (size_t)number)) {
        sim_fail(w, "slot %zu got word %llu of a device that was removed before it", s->index,
                 (unsigned long long)number);
    }
    s->view.seen[number] = 1;
    s->view.late[number] = unordered;
    w->result.delivered++;
    w->result.late += (b->flags[i] & ZKS_ITEM_LATE) != 0;
    sim_trace(w, "slot %zu got word %llu (seq %llu of slot %u)%s", s->index,
              (unsigned long long)number, (unsigned long long)word->seq, (unsigned)word->slot,
              unordered ? " out of order" : "");
}

void sim_check_inbox(sim_slot *s)
{
    sim_world *w = s->world;
    uint64_t last = zks__ledger_last_seq(s->ledger);
    if (last == s->view.last_seq || w->result.failed) {
        return;
    }
    zks_batch *b;
    zks_status status = zks__ledger_read(s->ledger, s->view.last_seq, 10000, 1 << 30, ZKS_READ_OWN,
                                         &b);
    if (status) {
        sim_fail(w, "slot %zu cannot read its inbox: %d", s->index, (int)status);
        return;
    }
    for (size_t i = 0; i < b->count && !w->result.failed; i++) {
        check_item(s, b, i);
    }
    s->view.last_seq = last;
    zks__batch_free(b);
}

/* --- acknowledgements --- */

/* The ids of all entries that a store holds back, for more than one question. */
typedef struct held_ids {
    uint8_t (*all)[ZKS_ENTRY_ID_BYTES];
    size_t count, size;
    bool read;
} held_ids;

static zks_status take_held(const zks__store_held *h, void *user)
{
    held_ids *ids = user;
    if (ids->count == ids->size) {
        ids->size = ids->size ? 2 * ids->size : 64;
        ids->all = realloc(ids->all, ids->size * sizeof ids->all[0]);
        if (!ids->all) {
            abort();
        }
    }
    memcpy(ids->all[ids->count++], h->id, sizeof h->id);
    return ZKS_OK;
}

static bool is_held(const sim_slot *s, held_ids *ids, const uint8_t *id)
{
    if (!ids->read) {
        ids->read = true;
        if (zks__store_held_each(zks__ledger_store(s->ledger), s->ledger->group.g, take_held,
                                 ids)) {
            ids->count = 0;
        }
    }
    for (size_t i = 0; i < ids->count; i++) {
        if (!memcmp(ids->all[i], id, sizeof ids->all[i])) {
            return true;
        }
    }
    return false;
}

bool sim_holds(const sim_slot *s, const uint8_t *id)
{
    held_ids ids = {0};
    bool held = is_held(s, &ids, id);
    free(ids.all);
    return held;
}

typedef struct waiting {
    uint64_t number;
    const zks__buf *bytes;
    bool found;
} waiting;

static zks_status find_waiting(const zks__store_quarantined *q, void *user)
{
    waiting *f = user;
    f->number = q->number;
    f->found = q->blob.length == f->bytes->length &&
               !memcmp(q->blob.data, f->bytes->data, q->blob.length);
    return ZKS_OK;
}

/* Whether a blob is in quarantine. */
static bool waits(const sim_slot *s, const zks__buf *bytes)
{
    waiting f = {.bytes = bytes};
    while (!f.found && !zks__store_quarantine_next(zks__ledger_store(s->ledger), s->ledger->group.g,
                                                   f.number, find_waiting, &f)) {
    }
    return f.found;
}

static bool is_copy_of(size_t slot, size_t device)
{
    return slot == device || (slot == SIM_COPY && device == 0);
}

void sim_check_ack(sim_world *w, int link, uint64_t cursor)
{
    sim_link *l = &w->links[link];
    sim_relay *r = &w->relays[l->relay];
    const sim_slot *s = &w->slots[l->slot];
    held_ids held = {0};
    for (size_t i = 0; i < r->rows.count && !w->result.failed; i++) {
        const sim_blob *b = &r->rows.blobs[i];
        bool mine = b->word < 0 || is_copy_of(l->slot, w->words[b->word].slot) ||
                    is_copy_of(l->slot, b->sender);
        if (b->cursor > cursor || b->cursor <= l->checked || mine || b->lie || b->flip ||
            w->harmed || s->view.seen[b->word]) {
            continue;
        }
        if (!is_held(s, &held, b->id) && !waits(s, b->bytes)) {
            sim_fail(w, "slot %zu acknowledged word %d and has not stored it", s->index, b->word);
        }
    }
    free(held.all);
    l->checked = cursor > l->checked ? cursor : l->checked;
}

void sim_check_settled(const sim_slot *s, uint64_t n)
{
    sim_world *w = s->world;
    const sim_relay *r = &w->relays[zks__sync_relay(s->sync)];
    for (size_t k = 0; k < w->word_count && !w->lost && !w->copied; k++) {
        const sim_word *word = &w->words[k];
        if (word->state == SIM_WORD_STORED && word->slot == s->index && word->n <= n &&
            !r->rows.taken[k]) {
            sim_fail(w, "slot %zu thinks that relay %zu has word %zu", s->index, r->index, k);
        }
    }
}

/* --- what the ledger reports --- */

static const char *name_of(int32_t event)
{
    switch (event) {
    case ZKS_EVENT_FORK:
        return "fork";
    case ZKS_EVENT_HISTORY_GAP:
        return "gap";
    case ZKS_EVENT_HISTORY_WITHHELD:
        return "withheld";
    case ZKS_EVENT_QUIET:
        return "quiet";
    case ZKS_EVENT_HISTORY_EXPIRED:
        return "expired";
    case ZKS_EVENT_NEW_CHAIN:
        return "new chain";
    default:
        return "other";
    }
}

static bool is_of_removed(const sim_world *w, const uint8_t *author)
{
    for (size_t i = 0; i < w->devices; i++) {
        if (!memcmp(w->slots[i].device_id, author, ZKS_DEVICE_ID_BYTES)) {
            return !sim_members_live(w, i);
        }
    }
    return false;
}

void sim_check_taken(sim_world *w, size_t relay, size_t device, const zks__entry *e)
{
    zks__want want;
    zks__want_span span;
    if (e->kind != ZKS_ENTRY_WANT || zks__want_decode(e->body, e->body_length, &want) ||
        want.round < 2) {
        return;
    }
    while (w->want_count < SIM_WANTS_MAX && zks__want_next(&want, &span)) {
        sim_want *a = &w->wants[w->want_count++];
        *a = (sim_want){.device = (uint8_t)device,
                        .relay = relay,
                        .first = span.first,
                        .last = span.last,
                        .at = w->now};
        memcpy(a->chain, span.chain, sizeof a->chain);
    }
}

/* Nobody asks for all that was before it joined. */
static bool is_of_joiner(const sim_world *w, const zks__notice *n)
{
    return !w->options.paired && n->event == ZKS_EVENT_HISTORY_GAP && n->first == 1 &&
           n->last >= ZKS_WANT_ENTRIES_MAX;
}

/* Whether everyone at the relay in use was asked in time for what is missing there. */
static bool was_asked(const sim_slot *s, const zks__notice *n)
{
    const sim_world *w = s->world;
    /* Where a relay takes nothing nobody can be asked. */
    if (w->refused || w->want_count == SIM_WANTS_MAX || is_of_joiner(w, n)) {
        return true;
    }
    for (size_t i = 0; i < w->want_count; i++) {
        const sim_want *a = &w->wants[i];
        /* A long gap was asked for from its end, and may be shorter by now. */
        bool is_long = a->last - a->first + 1 == ZKS_WANT_ENTRIES_MAX;
        if (a->device == (s->index == SIM_COPY ? 0 : s->index) &&
            (is_long || a->first <= n->last) && n->last <= a->last &&
            a->relay == zks__sync_relay(s->sync) && w->now - a->at >= ANSWER_MS &&
            !memcmp(a->chain, n->chain, sizeof a->chain)) {
            return true;
        }
    }
    return false;
}

static zks_status find_own(const zks__store_own *own, void *user)
{
    const uint8_t **id = user; /* becomes NULL once it is found */
    if (*id && !memcmp(own->id, *id, sizeof own->id)) {
        *id = NULL;
    }
    return ZKS_OK;
}

static bool has_own(const sim_slot *s, const uint8_t *id)
{
    return s->used &&
           zks__store_own_each(zks__ledger_store(s->ledger), s->ledger->group.g, 0, find_own,
                               &id) == ZKS_OK &&
           !id;
}

/* Whether `s` has asked its relay's members for a word, the author was there all the time since,
 * and nothing has disturbed them. */
static bool was_heard(const sim_slot *s, const sim_slot *author, const sim_word *word)
{
    const sim_world *w = s->world;
    uint64_t quiet = s->here_since > author->here_since ? s->here_since : author->here_since;
    quiet = w->disturbed_at > quiet ? w->disturbed_at : quiet;
    for (size_t i = 0; i < w->want_count && author->running; i++) {
        const sim_want *a = &w->wants[i];
        if (a->device == s->index && a->relay == zks__sync_relay(s->sync) &&
            a->relay == zks__sync_relay(author->sync) && a->at > quiet &&
            w->now - a->at >= ANSWER_MS && a->first <= word->seq && word->seq <= a->last &&
            !memcmp(a->chain, word->chain, sizeof a->chain)) {
            return true;
        }
    }
    return false;
}

/* Whoever is there is asked and answers, whatever relays have lost before. */
static void check_given_up(sim_slot *s, const zks__notice *n)
{
    sim_world *w = s->world;
    bool fair = !w->relays[0].harbors && !w->relays[1].harbors && !w->copied;
    for (size_t k = 0; k < w->word_count && fair; k++) {
        const sim_word *word = &w->words[k];
        const sim_slot *author = &w->slots[word->slot];
        if (word->state == SIM_WORD_STORED && n->first <= word->seq && word->seq <= n->last &&
            !memcmp(word->chain, n->chain, sizeof word->chain) && was_heard(s, author, word) &&
            has_own(author, word->id)) {
            sim_fail(w, "slot %zu gives up word %zu, which slot %u has and was asked for", s->index,
                     k, (unsigned)word->slot);
        }
    }
}

static unsigned alarm_of(int32_t event)
{
    return event == ZKS_EVENT_HISTORY_GAP        ? ZKS_STORE_ALARM_GAP
           : event == ZKS_EVENT_HISTORY_EXPIRED  ? ZKS_STORE_ALARM_EXPIRED
           : event == ZKS_EVENT_HISTORY_WITHHELD ? ZKS_STORE_ALARM_WITHHELD
           : event == ZKS_EVENT_FORK             ? ZKS_STORE_ALARM_FORK
           : event == ZKS_EVENT_UNVERIFIED       ? ZKS_STORE_ALARM_UNVERIFIED
           : event == ZKS_EVENT_NEW_CHAIN        ? ZKS_STORE_ALARM_NEW_CHAIN
                                                 : 0; /* is not counted */
}

void sim_check_alarms(sim_slot *s)
{
    uint64_t raised[ZKS_STORE_ALARMS];
    zks__ledger_alarms(s->ledger, raised);
    for (unsigned kind = ZKS_STORE_ALARM_GAP; kind <= ZKS_STORE_ALARM_REJECTED; kind++) {
        if (raised[kind] != s->view.told[kind]) {
            sim_fail(s->world, "slot %zu has raised alarm %u %llu times and told it %llu times",
                     s->index, kind, (unsigned long long)raised[kind],
                     (unsigned long long)s->view.told[kind]);
        }
    }
}

void sim_check_notices(sim_slot *s, const zks__received *r)
{
    sim_world *w = s->world;
    w->result.rejected += r->rejected;
    w->result.resealed += r->resealed;
    bool may = (w->epoch_count || w->withheld) &&
               (r->reject_status == ZKS_E_NOT_MEMBER || r->reject_status == ZKS_E_UNKNOWN_EPOCH);
    if (r->rejected && !w->options.evil && !may) {
        sim_fail(w, "slot %zu rejected a blob of an honest relay: %d", s->index,
                 (int)r->reject_status);
    }
    s->view.told[ZKS_STORE_ALARM_REJECTED] += r->rejected;
    const zks__notice *n = r->notices.first;
    for (size_t i = 0; i < r->notices.count; i++, n = n->next) {
        if (i && w->options.mutation == SIM_LOST_NOTICE) {
            return;
        }
        s->view.told[alarm_of(n->event)]++;
        sim_trace(w, "slot %zu reports %s %llu..%llu of %02x", s->index, name_of(n->event),
                  (unsigned long long)n->first, (unsigned long long)n->last, n->chain[0]);
        w->result.forks += n->event == ZKS_EVENT_FORK;
        w->result.gaps += n->event == ZKS_EVENT_HISTORY_GAP;
        w->result.withheld += n->event == ZKS_EVENT_HISTORY_WITHHELD;
        w->result.quiet += n->event == ZKS_EVENT_QUIET;
        s->new_chains += n->event == ZKS_EVENT_NEW_CHAIN;
        if (n->event == ZKS_EVENT_FORK && !w->copied) {
            sim_fail(w, "slot %zu reports a fork, and no store was copied", s->index);
        }
        /* A relay keeps from a copy what the other copy pushes. */
        bool sibling = w->slots[SIM_COPY].used && (s->index == 0 || s->index == SIM_COPY) &&
                       !memcmp(n->author, s->device_id, sizeof n->author);
        /* Behind a removal nothing is for a device, or from it; or nobody can say whose. */
        bool excused = w->lost || !sim_members_live(w, s->index) || is_of_removed(w, n->author) ||
                       sim_members_forked(s);
        if (n->event == ZKS_EVENT_HISTORY_WITHHELD && !excused && !w->copied && !w->parted) {
            sim_fail(w, "slot %zu misses entries, and nothing was taken away", s->index);
        }
        if ((n->event == ZKS_EVENT_HISTORY_GAP || n->event == ZKS_EVENT_HISTORY_WITHHELD) &&
            !was_asked(s, n)) {
            sim_fail(w, "slot %zu gives up what was not asked for", s->index);
        }
        if (n->event == ZKS_EVENT_HISTORY_GAP || n->event == ZKS_EVENT_HISTORY_WITHHELD) {
            check_given_up(s, n);
        }
        /* What was gone when it came is one gap, at the beginning of each chain (rule 7). */
        bool early = w->early >> (s->index == SIM_COPY ? 0 : s->index) & 1 && n->first == 1;
        if (n->event == ZKS_EVENT_HISTORY_GAP && !excused && !w->refused && !sibling && !early) {
            sim_fail(w, "slot %zu reports a gap, and nothing was taken away", s->index);
        }
        bool tells = n->event == ZKS_EVENT_HISTORY_GAP || n->event == ZKS_EVENT_HISTORY_EXPIRED ||
                     n->event == ZKS_EVENT_HISTORY_WITHHELD;
        if (tells && w->options.mutation != SIM_HIDDEN_GAP &&
            s->gap_count < sizeof s->gaps / sizeof s->gaps[0]) {
            sim_gap *g = &s->gaps[s->gap_count++];
            memcpy(g->author, n->author, sizeof g->author);
            memcpy(g->chain, n->chain, sizeof g->chain);
            g->first = n->first;
            g->last = n->last;
            g->event = n->event;
        }
    }
}

/* --- the end --- */

/* Whether relay 0, where all are in the end, gives a word to a device. */
static bool is_at_relay(const sim_world *w, const sim_word *word, size_t device)
{
    const sim_relay_rows *rows = &w->relays[0].rows;
    for (size_t i = 0; i < rows->count; i++) {
        const sim_blob *b = &rows->blobs[i];
        if (!memcmp(b->id, word->id, sizeof b->id) && !b->flip && !b->lie &&
            !(b->hidden_from >> device & 1)) {
            return true;
        }
    }
    return false;
}

/* Whether its author, or a copy, still has it: asked in time, it sends it again. */
static bool is_at_author(const sim_world *w, const sim_word *word)
{
    for (size_t i = 0; i < SIM_SLOTS; i++) {
        if ((is_copy_of(word->slot, i) || is_copy_of(i, word->slot)) &&
            has_own(&w->slots[i], word->id)) {
            return true;
        }
    }
    return false;
}

static bool reported(const sim_slot *s, const sim_word *word)
{
    for (size_t i = 0; i < s->gap_count; i++) {
        const sim_gap *g = &s->gaps[i];
        if (!memcmp(g->chain, word->chain, sizeof g->chain) && g->first <= word->seq &&
            word->seq <= g->last) {
            return true;
        }
    }
    return false;
}

/* Two stores of one device go on from one chain: only what the same one wrote is behind a word. */
static bool got_later(const sim_world *w, const sim_slot *s, const sim_word *word)
{
    for (size_t k = 0; k < w->word_count; k++) {
        if (s->view.seen[k] && w->words[k].seq > word->seq && w->words[k].slot == word->slot &&
            !memcmp(w->words[k].chain, word->chain, sizeof word->chain)) {
            return true;
        }
    }
    return false;
}

/* Another word of the same number was given: a branch, of which the author keeps one. */
static bool got_branch(const sim_world *w, const sim_slot *s, const sim_word *word)
{
    for (size_t k = 0; k < w->word_count; k++) {
        if (s->view.seen[k] && w->words[k].seq == word->seq &&
            !memcmp(w->words[k].chain, word->chain, sizeof word->chain)) {
            return true;
        }
    }
    return false;
}

static void check_word(sim_world *w, const sim_slot *s, size_t number)
{
    const sim_word *word = &w->words[number];
    size_t device = s->index == SIM_COPY ? 0 : s->index;
    if (word->state != SIM_WORD_STORED || s->view.seen[number] ||
        !sim_members_live(w, word->slot)) {
        return;
    }
    bool own = is_copy_of(s->index, word->slot) || is_copy_of(word->slot, s->index);
    if (own && (s->restores || w->copied)) {
        return; /* its store went back: what it wrote since is others' to tell */
    }
    if ((w->harmed || w->copied) && sim_holds(s, word->id)) {
        return; /* a relay keeps what covers it, or a store that went back lost it: UNVERIFIED */
    }
    if (word->early >> device & 1 && reported(s, word)) {
        return; /* gone before this device came (rule 7) */
    }
    /* Two stores of one device and a relay that went back: the one cannot tell what the relay lost
     * of the other. */
    if (w->slots[SIM_COPY].used && w->went_back && word->slot % SIM_COPY == 0) {
        return;
    }
    bool obtainable = is_at_relay(w, word, device) || (is_at_author(w, word) && !reported(s, word));
    if (!w->lost && !w->harmed && !obtainable) {
        sim_fail(w, "word %zu (seq %llu of slot %u) is lost, and nothing was taken away", number,
                 (unsigned long long)word->seq, (unsigned)word->slot);
    } else if (!w->harmed && obtainable) {
        sim_fail(w, "slot %zu never got word %zu (seq %llu of slot %u), which is there", s->index,
                 number, (unsigned long long)word->seq, (unsigned)word->slot);
    } else if (got_later(w, s, word) && !reported(s, word) && !got_branch(w, s, word) &&
               !s->restores && !w->slots[word->slot].restores) {
        sim_fail(w, "slot %zu never got word %zu (seq %llu of slot %u) and did not say so",
                 s->index, number, (unsigned long long)word->seq, (unsigned)word->slot);
    }
}

bool sim_is_at_rest(const sim_world *w)
{
    for (size_t i = 0; i < SIM_SLOTS; i++) {
        const sim_slot *s = &w->slots[i];
        if (sim_members_live(w, i) &&
            (!s->running || !zks__sync_caught_up(s->sync) || zks__sync_relay(s->sync) != 0 ||
             zks__sync_settled_n(s->sync) != zks__ledger_last_n(s->ledger))) {
            return false;
        }
    }
    return true;
}

void sim_check_end(sim_world *w)
{
    for (size_t i = 0; i < SIM_SLOTS && !w->result.failed; i++) {
        sim_slot *s = &w->slots[i];
        if (!sim_members_live(w, i)) {
            continue;
        }
        /* One that a lying relay sends strangers' blobs may just be waiting to come again. */
        if (!zks__sync_caught_up(s->sync) && !w->harmed) {
            sim_fail(w, "slot %zu is not caught up", i);
        }
        if (zks__sync_relay(s->sync) != 0 && !w->harmed) {
            sim_fail(w, "slot %zu has not come back to its first relay", i);
        }
        if (zks__sync_settled_n(s->sync) != zks__ledger_last_n(s->ledger) && !w->harmed) {
            sim_fail(w, "slot %zu has not sent all: %llu of %llu", i,
                     (unsigned long long)zks__sync_settled_n(s->sync),
                     (unsigned long long)zks__ledger_last_n(s->ledger));
        }
        for (size_t k = 0; k < w->word_count && !w->result.failed; k++) {
            check_word(w, s, k);
        }
    }
    if (!w->result.failed) {
        sim_members_check(w);
    }
}
