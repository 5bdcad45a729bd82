/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What members tell each other of histories: HEADS, and answers to WANT (docs/SECURITY.md, section
 * 3, rules 8 and 10; group/heads.h). What this device asks for: ledger_asking.c. */
#include "client/ledger_internal.h"

#include "base/alloc.h"

#include <string.h>

enum {
    /* Worked off behind one receive or tick. What HEADS say is said again, and they are large; a
     * question is asked twice only. */
    CONTROLS_MAX = 4096,
    HEADS_MAX = 32,
    QUESTION_MAX_BYTES = 8 * 1024, /* and what else is no HEADS; none of ours is as large */
    /* Entries sealed again in each RESEALED_MS, of own chains and of others': the answers to WANTs
     * must not become the traffic. Who comes back finds questions about what others have said, that
     * were answered long ago: they must not keep it from sending what it alone has. */
    RESEALED_MAX = ZKS_WANT_ENTRIES_MAX,
    RESEALED_MS = 10 * 60 * 1000,
    /* An author with ever so many chains leaves room to name those of others. */
    NAMED_PER_AUTHOR_MAX = ZKS_HEADS_MAX / 2,
    MISS_COST = 32,           /* of them: bytes that are gone were looked for in the whole store */
    AHEAD_MS = 60 * 60 * 1000 /* between two chains begun on members' word */
};

/* --- queued at delivery, worked off behind it: verdicts must not call the history --- */

/* Makes room for one more. */
static zks_status grow_controls(zks__ledger *l)
{
    if (l->control_count < l->control_room) {
        return ZKS_OK;
    }
    size_t room = l->control_room ? 2 * l->control_room : 16;
    zks__control *larger = zks__alloc_resize(l->controls, room * sizeof *larger);
    if (!larger) {
        return ZKS_E_NOMEM;
    }
    l->controls = larger;
    l->control_room = room;
    return ZKS_OK;
}

zks_status zks__ledger_note_control(zks__ledger *l, const zks__known_chain *chain,
                                    const zks__entry *e)
{
    bool heads = e->kind == ZKS_ENTRY_HEADS;
    bool control = heads || e->kind == ZKS_ENTRY_WANT || e->kind == ZKS_ENTRY_NEW_CHAIN;
    bool full = heads ? l->control_heads == HEADS_MAX
                      : l->control_count - l->control_heads == CONTROLS_MAX;
    if (!control || full || (!heads && e->body_length > QUESTION_MAX_BYTES)) {
        return ZKS_OK;
    }
    zks_status status = grow_controls(l);
    zks__buf *body = status ? NULL : zks__buf_copy(e->body, e->body_length);
    if (!body) {
        return ZKS_E_NOMEM;
    }
    zks__control *c = &l->controls[l->control_count++];
    l->control_heads += heads;
    c->kind = e->kind;
    c->body = body;
    memcpy(c->author, chain->row.author, sizeof c->author);
    return ZKS_OK;
}

void zks__ledger_drop_controls(zks__ledger *l)
{
    while (l->control_count) {
        zks__buf_unref(l->controls[--l->control_count].body);
    }
    l->control_heads = 0;
}

void zks__ledger_controls_done(zks__ledger *l)
{
    zks__ledger_drop_controls(l);
    zks__free(l->controls);
}

zks_status zks__ledger_knows_id(zks__ledger *l, int64_t c, uint64_t seq,
                                const uint8_t id[ZKS_ENTRY_ID_BYTES], bool *out_known)
{
    uint8_t ids[ZKS_HISTORY_BRANCHES_MAX][ZKS_ENTRY_ID_BYTES];
    size_t count = 0;
    zks_status status = zks__store_history_get(l->store, c, seq, ZKS_HISTORY_BRANCHES_MAX, ids,
                                               &count);
    *out_known = false;
    for (size_t i = 0; !status && i < count && !*out_known; i++) {
        *out_known = memcmp(ids[i], id, ZKS_ENTRY_ID_BYTES) == 0;
    }
    return status;
}

/* --- a head that somebody names --- */

static void log_no_room(const zks__ledger *l, const uint8_t by[ZKS_DEVICE_ID_BYTES], size_t count)
{
    zks__log_write(l->log, ZKS_LOG_LEVEL_WARN, "claims_dropped by=%s count=%zu",
                   zks__log_redact(l->log, by, ZKS_DEVICE_ID_BYTES).text, count);
}

static zks_status add_claim(zks__ledger *l, const uint8_t by[ZKS_DEVICE_ID_BYTES],
                            const zks__head *head)
{
    zks__store_claim claim = {.seq = head->seq, .since_ms = zks__ledger_unix_ms(l)};
    int displaced = 0;
    memcpy(claim.author, head->author, sizeof claim.author);
    memcpy(claim.chain, head->chain, sizeof claim.chain);
    memcpy(claim.id, head->id, sizeof claim.id);
    memcpy(claim.by, by, sizeof claim.by);
    zks_status status = zks__store_claim_add(l->store, l->group.g, &claim, &displaced);
    if (!status && displaced) {
        zks__log_write(l->log, ZKS_LOG_LEVEL_INFO, "claim_displaced for=%s",
                       zks__log_redact(l->log, by, ZKS_DEVICE_ID_BYTES).text);
    }
    return status;
}

zks_status zks__ledger_claim(zks__ledger *l, const uint8_t by[ZKS_DEVICE_ID_BYTES],
                             const zks__head *head)
{
    zks_status status = add_claim(l, by, head);
    if (status == ZKS_E_LIMIT) {
        log_no_room(l, by, 1);
        status = ZKS_OK;
    }
    return status;
}

/* Not for ever: others would have no room left for the chains of this device. Then it goes on as it
 * is, and an own entry that comes, signed and unknown, still begins one (receive_own). */
static zks_status begin_chain_behind(zks__ledger *l, const zks__head *head)
{
    int64_t now = zks__ledger_unix_ms(l);
    if ((l->ahead_ms <= now && now - l->ahead_ms < AHEAD_MS) ||
        l->own->of->chains >= ZKS_CHAINS_ON_WORD_MAX) {
        return ZKS_OK;
    }
    l->ahead_ms = now;
    l->rolled_back = true; /* the old chain is anybody's from now on: its tip must be in the history
                            */
    zks_status status = zks__ledger_new_chain(l);
    if (!status) {
        status = zks__ledger_notice(l, ZKS_EVENT_NEW_CHAIN, &l->own->row, head->seq, head->seq);
    }
    return status;
}

/* A head that somebody names, as far as it is known here: that nothing is known of its chain must
 * leave no more behind than a claim. */
static zks_status meaning_of(zks__ledger *l, const zks__head *head, zks__head_meaning *out)
{
    const zks__known_chain *chain = zks__ledger_find_chain(l, head->author, head->chain);
    bool known = false;
    if (!chain) {
        *out = zks__head_judge(head, false, false, 0, 0);
        return ZKS_OK;
    }
    zks_status status = zks__ledger_knows_id(l, chain->row.c, head->seq, head->id, &known);
    known = known || (chain->row.tip_seq == head->seq &&
                      memcmp(chain->row.tip_id, head->id, sizeof head->id) == 0);
    *out = zks__head_judge(head, chain == l->own, known, chain->row.tip_seq, chain->row.floor);
    return status;
}

/* ZKS_E_LIMIT: there was no room for the claim. */
static zks_status judge_head(zks__ledger *l, const zks__head *head,
                             const uint8_t by[ZKS_DEVICE_ID_BYTES], bool full)
{
    zks__head_meaning meaning;
    if (!zks__records_member(l->records, head->author, 0)) {
        return ZKS_OK;
    }
    zks_status status = meaning_of(l, head, &meaning);
    if (status || meaning == ZKS_HEAD_KNOWN) {
        return status;
    }
    if (meaning == ZKS_HEAD_AHEAD) {
        status = begin_chain_behind(l, head);
    }
    return status ? status : full ? ZKS_E_LIMIT : add_claim(l, by, head);
}

static zks_status take_heads(zks__ledger *l, const zks__control *c)
{
    zks__heads heads;
    zks__head head;
    zks_status status = ZKS_OK;
    if (zks__heads_decode(c->body->data, c->body->length, &heads)) {
        zks__log_write(l->log, ZKS_LOG_LEVEL_WARN, "heads_malformed author=%s",
                       zks__log_redact(l->log, c->author, sizeof c->author).text);
        return ZKS_OK;
    }
    size_t dropped = 0;
    while (!status && zks__heads_next(&heads, &head)) {
        status = judge_head(l, &head, c->author, dropped > 0);
        if (status == ZKS_E_LIMIT) {
            dropped++;
            status = ZKS_OK;
        }
    }
    if (dropped) {
        log_no_room(l, c->author, dropped);
    }
    return status;
}

/* The first entry of a chain names the tip of the one before: nothing else tells that its end is
 * missing. */
static zks_status take_new_chain(zks__ledger *l, const zks__control *c)
{
    zks__head head;
    zks__reader r = zks__reader_of(c->body->data, c->body->length);
    memcpy(head.author, c->author, sizeof head.author);
    zks__read_copy(&r, head.chain, sizeof head.chain);
    head.seq = zks__read_u64(&r);
    zks__read_copy(&r, head.id, sizeof head.id);
    zks_status status = r.status || !head.seq ? ZKS_OK : judge_head(l, &head, c->author, false);
    if (status == ZKS_E_LIMIT) {
        log_no_room(l, c->author, 1);
        status = ZKS_OK;
    }
    return status;
}

/* --- WANT: what others miss --- */

typedef struct found_entry {
    zks__ledger *ledger;
    size_t count;
    uint8_t ids[ZKS_HISTORY_BRANCHES_MAX][ZKS_ENTRY_ID_BYTES];
    zks__buf *blobs[ZKS_HISTORY_BRANCHES_MAX];
    uint8_t pushers[ZKS_HISTORY_BRANCHES_MAX][ZKS_DEVICE_ID_BYTES];
} found_entry;

static zks_status find_entry(const zks__store_item *item, void *user)
{
    found_entry *f = user;
    for (size_t i = 0; i < f->count; i++) {
        if (memcmp(f->ids[i], item->id, sizeof item->id) == 0) {
            return ZKS_OK;
        }
    }
    if (f->count == ZKS_HISTORY_BRANCHES_MAX || !item->blob.length) {
        return f->count ? ZKS_E_LIMIT : ZKS_OK;
    }
    f->blobs[f->count] = zks__buf_copy(item->blob.data, item->blob.length);
    if (!f->blobs[f->count]) {
        return ZKS_E_NOMEM;
    }
    memcpy(f->ids[f->count], item->id, sizeof item->id);
    memcpy(f->pushers[f->count++], item->own_n ? zks__ledger_device_id(f->ledger) : item->pusher,
           ZKS_DEVICE_ID_BYTES);
    return ZKS_OK;
}

/* The same entry and signature under this device's key. */
static zks_status seal_again(zks__ledger *l, int64_t c, const found_entry *f, size_t i)
{
    const zks__blob_key *key = NULL;
    zks__entry e;
    zks__buf *blob = f->blobs[i];
    zks_status status = zks__ledger_blob_key(l, blob->data, blob->length, f->pushers[i], &key);
    if (status || zks__blob_open(key, blob->data, blob->length, &e)) {
        return status ? status : ZKS_E_STORE_CORRUPT; /* it opened when it was stored */
    }
    int64_t now = zks__ledger_unix_ms(l);
    if (e.ttl_s && e.time_ms + (int64_t)e.ttl_s * 1000 <= now) {
        return ZKS_OK;
    }
    zks__buf *body = zks__blob_buffer(e.body, e.body_length);
    if (!body) {
        return ZKS_E_NOMEM;
    }
    uint8_t nonce[ZKS_NONCE_BYTES];
    l->rng.fill(nonce, sizeof nonce, l->rng.user);
    zks__store_own row = {.n = l->group.last_n + 1,
                          .c = c,
                          .seq = e.seq,
                          .kind = ZKS_ENTRY_RESEALED,
                          .ttl_s = e.ttl_s,
                          .time_ms = e.time_ms};
    status = zks__blob_seal(&l->own_key, &e, NULL, nonce, body, row.blob_id);
    if (!status) {
        row.blob = (zks__slice){body->data, body->length};
        memcpy(row.id, e.id, sizeof row.id);
        status = zks__store_own_add(l->store, l->group.g, &row);
    }
    if (!status) {
        l->group.last_n = row.n;
        l->receiving.out->resealed++;
    }
    zks__buf_unref(body);
    return status;
}

static zks_status answer_span(zks__ledger *l, const zks__want_span *span)
{
    zks__known_chain *chain = zks__ledger_find_chain(l, span->author, span->chain);
    zks_status status = ZKS_OK;
    if (!chain) {
        return ZKS_OK;
    }
    uint32_t *spent = chain->row.own ? &l->resealed_own : &l->resealed_others;
    for (uint64_t seq = span->last; !status && *spent < RESEALED_MAX; seq--) {
        uint8_t ids[ZKS_HISTORY_BRANCHES_MAX][ZKS_ENTRY_ID_BYTES];
        size_t known = 0;
        found_entry f = {.ledger = l};
        status = zks__store_history_get(l->store, chain->row.c, seq, ZKS_HISTORY_BRANCHES_MAX, ids,
                                        &known);
        if (!status && known) {
            status = zks__store_entry_each(l->store, l->group.g, chain->row.c, seq, find_entry, &f);
        }
        *spent += f.count ? (uint32_t)f.count : known ? MISS_COST : 1;
        for (size_t i = 0; i < f.count; i++) {
            if (!status) {
                status = seal_again(l, chain->row.c, &f, i);
            }
            zks__buf_unref(f.blobs[i]);
        }
        if (seq == span->first) {
            break;
        }
    }
    return status;
}

static zks_status take_want(zks__ledger *l, const zks__control *c)
{
    zks__want want;
    zks__want_span span;
    zks_status status = ZKS_OK;
    int64_t now = zks__ledger_unix_ms(l);
    if (zks__ledger_is_self(l, c->author) ||
        zks__want_decode(c->body->data, c->body->length, &want)) {
        return ZKS_OK;
    }
    if (l->resealed_ms > now || now - l->resealed_ms >= RESEALED_MS) {
        l->resealed_ms = now;
        l->resealed_own = l->resealed_others = 0;
    }
    while (!status && zks__want_next(&want, &span)) {
        if (zks__ledger_is_self(l, span.author) || want.round > 1) {
            status = answer_span(l, &span);
        }
    }
    return status;
}

zks_status zks__ledger_take_controls(zks__ledger *l)
{
    zks_status status = ZKS_OK;
    for (size_t i = 0; !status && i < l->control_count; i++) {
        const zks__control *c = &l->controls[i];
        status = c->kind == ZKS_ENTRY_HEADS  ? take_heads(l, c)
                 : c->kind == ZKS_ENTRY_WANT ? take_want(l, c)
                                             : take_new_chain(l, c);
    }
    zks__ledger_drop_controls(l);
    return status;
}

/* --- speaking --- */

zks_status zks__ledger_say(zks__ledger *l, uint8_t kind, const uint8_t *body, size_t length)
{
    zks__buf *buf = zks__blob_buffer(body, length);
    zks_status status = buf ? ZKS_OK : ZKS_E_NOMEM;
    if (!status && !l->own) {
        status = zks__ledger_new_chain(l);
    }
    if (!status) {
        status = zks__ledger_write(l, kind, buf);
    }
    zks__buf_unref(buf);
    return status;
}

static void begin_naming(zks__ledger *l)
{
    size_t position = 0;
    for (zks__known_author *author = zks__map_next(l->authors, &position); author;
         author = zks__map_next(l->authors, &position)) {
        author->named = 0;
    }
}

/* The body of a HEADS entry. except: a chain that is left out. tell: the group hears of the chains
 * that are named. */
static zks_status make_heads(zks__ledger *l, bool full, const zks__known_chain *except, bool tell,
                             zks__buf **out_body)
{
    zks__heads h = {.full = full};
    zks__head *heads = zks__alloc_zero(ZKS_HEADS_MAX, sizeof *heads);
    if (!heads) {
        return ZKS_E_NOMEM;
    }
    size_t position = 0, length = 0;
    zks__known_chain *k;
    begin_naming(l);
    while (h.count < ZKS_HEADS_MAX && (k = zks__map_next(l->chains, &position))) {
        if (k == except || !k->row.tip_seq || !(full || k->untold) ||
            k->of->named == NAMED_PER_AUTHOR_MAX) {
            continue;
        }
        k->of->named++;
        zks__head *head = &heads[h.count++];
        memcpy(head->author, k->row.author, sizeof head->author);
        memcpy(head->chain, k->row.chain, sizeof head->chain);
        memcpy(head->id, k->row.tip_id, sizeof head->id);
        head->seq = k->row.tip_seq;
        k->untold = k->untold && !tell;
    }
    zks__records_digest(l->records, h.digest);
    zks__buf *body = zks__buf_new(0, ZKS_HEADS_FIXED_BYTES + h.count * ZKS_HEADS_HEAD_BYTES, 0);
    zks_status status = body ? zks__heads_encode(&h, heads, body->data, body->length, &length)
                             : ZKS_E_NOMEM;
    zks__free(heads);
    if (status) {
        zks__buf_unref(body);
        return status;
    }
    body->length = length;
    *out_body = body;
    return ZKS_OK;
}

static zks_status send_heads(zks__ledger *l, int64_t now)
{
    zks__buf *body = NULL;
    zks_status status = make_heads(l, l->heads_sent % ZKS_HEADS_FULL_EVERY == 0, l->own, true,
                                   &body);
    if (!status) {
        status = zks__ledger_say(l, ZKS_ENTRY_HEADS, body->data, body->length);
    }
    if (!status) {
        l->heads_sent++;
        l->heads_ms = now;
        l->active = false;
        status = zks__store_heads_set(l->store, l->group.g, now);
    }
    zks__buf_unref(body);
    return status;
}

zks_status zks__ledger_heads(zks__ledger *l, zks__buf **out_body)
{
    return l->broken ? l->broken : make_heads(l, true, NULL, false, out_body);
}

zks_status zks__ledger_base_head(zks__ledger *l, const zks__head *head)
{
    zks__known_chain *chain = zks__ledger_find_chain(l, head->author, head->chain);
    if (chain && chain->row.tip_seq) {
        return ZKS_OK;
    }
    zks_status status = zks__ledger_chain(l, head->author, head->chain, false, &chain);
    if (!status) {
        chain->row.tip_seq = head->seq;
        memcpy(chain->row.tip_id, head->id, sizeof chain->row.tip_id);
        zks__ledger_prove_chain(chain);
        status = zks__store_chain_update(l->store, &chain->row);
    }
    l->rolled_back = true; /* the history reads its tips again */
    return status;
}

zks_status zks__ledger_base(zks__ledger *l, const uint8_t *body, size_t length)
{
    zks__heads heads;
    zks__head head;
    zks_status status = l->broken ? l->broken : zks__heads_decode(body, length, &heads);
    while (!status && zks__heads_next(&heads, &head)) {
        status = zks__ledger_base_head(l, &head);
    }
    return status;
}

static size_t count_members(const zks__ledger *l)
{
    size_t members = 0;
    for (size_t i = 0; i < zks__records_count(l->records) && members < 2; i++) {
        const zks__record *r = zks__records_at(l->records, i);
        members += r->kind == ZKS_RECORD_KIND_MEMBER &&
                   zks__records_member(l->records, r->member.device, 0) == r;
    }
    return members;
}

static bool has_heads(const zks__ledger *l)
{
    size_t position = 0;
    for (zks__known_chain *k = zks__map_next(l->chains, &position); k;
         k = zks__map_next(l->chains, &position)) {
        if (k->row.tip_seq) {
            return true;
        }
    }
    return false;
}

/* --- silence --- */

/* Members that were heard before, and now for too long not, by one who listened all the time. */
static zks_status note_quiet(zks__ledger *l, int64_t now)
{
    size_t position = 0;
    zks_status status = ZKS_OK;
    for (zks__known_author *author = zks__map_next(l->authors, &position); author && !status;
         author = zks__map_next(l->authors, &position)) {
        const zks__known_chain *k = author->newest;
        int64_t heard = author->seen_ms > l->listening_ms ? author->seen_ms : l->listening_ms;
        bool quiet = k && k->row.tip_seq && !zks__ledger_is_self(l, k->row.author) &&
                     now - heard >= ZKS_HEADS_QUIET_MS;
        if (quiet && !author->quiet) {
            status = zks__ledger_notice(l, ZKS_EVENT_QUIET, &k->row, k->row.tip_seq,
                                        k->row.tip_seq);
        }
        author->quiet = quiet;
    }
    return status;
}

zks_status zks__ledger_speak(zks__ledger *l, int64_t *out_next_ms)
{
    int64_t now = zks__ledger_unix_ms(l);
    bool waits = false;
    if (!l->listening_ms || l->listening_ms > now) {
        l->listening_ms = now;
    }
    zks_status status = zks__ledger_ask(l, now, &waits);
    int64_t due = count_members(l) > 1 && has_heads(l) ? zks__heads_due(l->heads_ms, l->active, now)
                                                       : INT64_MAX;
    if (!status && due == INT64_MIN) {
        status = send_heads(l, now);
        due = now + ZKS_HEADS_IDLE_MS;
    }
    if (!status) {
        status = note_quiet(l, now);
    }
    due = waits && due > now + ZKS_WANT_FIRST_MS ? now + ZKS_WANT_FIRST_MS : due;
    *out_next_ms = due < *out_next_ms ? due : *out_next_ms;
    return status;
}
