/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Received blobs: open, judge, store, number. Nothing is skipped in silence: what is not stored is
 * counted and told. */
#include "client/ledger_internal.h"

#include "base/alloc.h"

#include <string.h>

enum {
    CLOCK_JUMP_MS = 60 * 1000 /* what is set back by less is waited for */
};

void zks__ledger_reject(zks__ledger *l, const zks__blob_item *item, zks_status why,
                        zks__received *out)
{
    out->rejected++;
    out->reject_status = why;
    memcpy(out->reject_sender, item->sender, sizeof out->reject_sender);
    zks__log_write(l->log, ZKS_LOG_LEVEL_WARN, "blob_rejected blob=%s sender=%s status=%d",
                   zks__log_redact(l->log, item->blob_id, sizeof item->blob_id).text,
                   zks__log_redact(l->log, item->sender, sizeof item->sender).text, (int)why);
}

/* --- verdicts of the history --- */

typedef struct delivery {
    zks__known_chain *chain;
    zks__ledger *ledger;
    uint32_t flags;
} delivery;

static zks_status deliver(zks__ledger *l, zks__known_chain *chain, uint8_t kind, uint32_t flags,
                          zks__store_item *item)
{
    zks_status status = zks__store_history_add(l->store, chain->row.c, item->entry_seq, item->id);
    chain->of->seen_ms = zks__ledger_unix_ms(l);
    chain->untold = true;
    l->active = l->active || (kind != ZKS_ENTRY_HEADS && kind != ZKS_ENTRY_WANT);
    if (!status && chain->expects) {
        status = zks__store_expected_drop(l->store, chain->row.c, item->entry_seq, item->id);
    }
    if (!status && kind == ZKS_ENTRY_DATA) {
        item->c = chain->row.c;
        item->flags = flags;
        status = zks__store_inbox_add(l->store, l->group.g, item);
        if (!status) {
            l->group.last_seq = item->seq;
            l->receiving.out->delivered++;
        }
    }
    return status;
}

/* The entry being offered lies in the scratch buffer: this one is opened in a copy. */
static zks_status open_control(const delivery *d, const zks__store_held *h)
{
    const zks__blob_key *key = NULL;
    zks__entry e;
    zks__buf *copy = zks__buf_copy(h->blob.data, h->blob.length);
    zks_status status = copy ? zks__ledger_blob_key(d->ledger, h->blob.data, h->blob.length,
                                                    h->pusher, &key)
                             : ZKS_E_NOMEM;
    if (!status && !zks__blob_open(key, copy->data, copy->length, &e)) {
        status = zks__ledger_note_control(d->ledger, d->chain, &e);
    }
    zks__buf_unref(copy);
    return status;
}

/* A question is answered when it comes, also behind a gap: two devices that miss something of each
 * other's would not hear each other's questions before both have given up. */
static bool is_answered_early(uint8_t kind, int signed_ok)
{
    return kind == ZKS_ENTRY_WANT && signed_ok;
}

static zks_status deliver_held(const zks__store_held *h, void *user)
{
    delivery *d = user;
    zks__store_item item = {.entry_seq = h->entry_seq, .time_ms = h->time_ms, .blob = h->blob};
    memcpy(item.id, h->id, sizeof item.id);
    memcpy(item.pusher, h->pusher, sizeof item.pusher);
    zks_status status = deliver(d->ledger, d->chain, h->kind, d->flags, &item);
    bool done = h->kind == ZKS_ENTRY_DATA || is_answered_early(h->kind, h->signed_ok);
    return status || done ? status : open_control(d, h);
}

static zks_status remove_held(zks__ledger *l, zks__known_chain *chain, uint64_t ref)
{
    l->held_count--;
    chain->held--;
    l->chains_empty = l->chains_empty || (!chain->held && !chain->proven);
    return zks__store_held_remove(l->store, ref);
}

static void note_signer(zks__known_chain *chain, const zks__history_entry *e)
{
    if (e->signed_ok) {
        zks__ledger_prove_chain(chain);
    }
}

static zks_status deliver_ref(zks__ledger *l, zks__known_chain *chain, uint64_t ref, uint32_t flags)
{
    struct zks__receiving *r = &l->receiving;
    if (r->entry && r->entry->ref == ref) {
        const zks__entry *e = r->opened;
        note_signer(chain, r->entry);
        zks__store_item item = {.entry_seq = e->seq, .time_ms = e->time_ms, .blob = r->item->blob};
        memcpy(item.id, e->id, sizeof item.id);
        memcpy(item.pusher, r->item->sender, sizeof item.pusher);
        zks_status status = deliver(l, chain, e->kind, flags, &item);
        return status ? status : zks__ledger_note_control(l, chain, e);
    }
    delivery d = {.chain = chain, .ledger = l, .flags = flags};
    zks_status status = zks__store_held_get(l->store, ref, deliver_held, &d);
    return status ? status : remove_held(l, chain, ref);
}

static zks_status hold(zks__ledger *l, zks__known_chain *chain)
{
    struct zks__receiving *r = &l->receiving;
    const zks__entry *e = r->opened;
    zks__store_held held = {.ref = r->entry->ref,
                            .c = chain->row.c,
                            .entry_seq = e->seq,
                            .floor = e->floor,
                            .signed_ok = r->entry->signed_ok,
                            .kind = e->kind,
                            .time_ms = e->time_ms,
                            .since_ms = zks__ledger_unix_ms(l),
                            .blob = r->item->blob};
    memcpy(held.id, e->id, sizeof held.id);
    memcpy(held.prev, e->prev, sizeof held.prev);
    memcpy(held.pusher, r->item->sender, sizeof held.pusher);
    l->held_unix_ms = held.since_ms > l->held_unix_ms ? held.since_ms : l->held_unix_ms;
    r->out->held++;
    l->held_count++;
    chain->held++;
    note_signer(chain, r->entry);
    zks_status status = zks__store_held_add(l->store, l->group.g, &held);
    return status || !is_answered_early(held.kind, held.signed_ok)
               ? status
               : zks__ledger_note_control(l, chain, e);
}

static zks_status drop(zks__ledger *l, zks__known_chain *chain, uint64_t ref)
{
    struct zks__receiving *r = &l->receiving;
    return r->entry && r->entry->ref == ref ? ZKS_OK : remove_held(l, chain, ref);
}

/* A limit, or what was never covered. */
static zks_status refuse(zks__ledger *l, zks__known_chain *chain, const zks__verdict *v)
{
    zks__received *out = l->receiving.out;
    out->rejected++;
    out->reject_status = ZKS_E_LIMIT;
    memcpy(out->reject_sender, v->pusher, sizeof out->reject_sender);
    return drop(l, chain, v->ref);
}

static zks_status give_up(zks__ledger *l, zks__known_chain *chain, const zks__verdict *v)
{
    bool gap = v->kind == ZKS_VERDICT_GAP;
    zks_status status = zks__ledger_notice(
        l, gap ? ZKS_EVENT_HISTORY_GAP : ZKS_EVENT_HISTORY_EXPIRED, &chain->row, v->first, v->last);
    if (!status) {
        status = zks__store_missing_add(l->store, chain->row.c, v->first, v->last);
    }
    return status || !gap ? status : zks__ledger_given_up(l, chain, v->first, v->last);
}

static zks_status act(zks__ledger *l, zks__known_chain *chain, const zks__verdict *v)
{
    struct zks__receiving *r = &l->receiving;
    zks_status status;
    switch (v->kind) {
    case ZKS_VERDICT_DELIVER:
        return deliver_ref(l, chain, v->ref, 0);
    case ZKS_VERDICT_LATE:
        chain->late_came = true;
        zks__ledger_count_alarm(l, ZKS_STORE_ALARM_LATE, 1);
        status = zks__store_missing_fill(l->store, chain->row.c, v->first);
        return status ? status : deliver_ref(l, chain, v->ref, ZKS_ITEM_LATE);
    case ZKS_VERDICT_FORK:
        status = zks__ledger_notice(l, ZKS_EVENT_FORK, &chain->row, v->first, v->last);
        status = status ? status : deliver_ref(l, chain, v->ref, ZKS_ITEM_FORK);
        return status || !chain->row.own || chain != l->own ? status : zks__ledger_new_chain(l);
    case ZKS_VERDICT_HOLD:
        return hold(l, chain);
    case ZKS_VERDICT_REPLAY:
        r->out->duplicates++;
        return drop(l, chain, v->ref);
    case ZKS_VERDICT_REFUSE:
        return refuse(l, chain, v);
    case ZKS_VERDICT_GAP:
    case ZKS_VERDICT_EXPIRED:
        return give_up(l, chain, v);
    case ZKS_VERDICT_UNVERIFIED:
        status = zks__ledger_notice(l, ZKS_EVENT_UNVERIFIED, &chain->row, v->first, v->last);
        return status ? status : zks__store_held_tell(l->store, v->ref);
    }
    return ZKS_E_INTERNAL;
}

static zks_status claim_expected(zks__ledger *l, const zks__known_chain *chain,
                                 const zks__verdict *v)
{
    zks__head head = {.seq = v->first - 1};
    memcpy(head.author, chain->row.author, sizeof head.author);
    memcpy(head.chain, chain->row.chain, sizeof head.chain);
    memcpy(head.id, v->expected, sizeof head.id);
    return zks__ledger_claim(l, chain->row.author, &head); /* who has signed what names it */
}

void zks__ledger_verdict(const zks__verdict *v, void *ledger)
{
    zks__ledger *l = ledger;
    struct zks__receiving *r = &l->receiving;
    zks__known_chain *chain;
    if (!r->status) {
        r->status = zks__ledger_chain(l, v->key.author, v->key.chain, false, &chain);
    }
    if (!r->status) {
        if (!chain->dirty.next) { /* any verdict may have raised the floor */
            zks__list_append(&l->dirty, &chain->dirty);
        }
        r->status = act(l, chain, v);
    }
    if (!r->status && v->expected) {
        chain->expects = true;
        r->status = zks__store_expected_add(l->store, chain->row.c, v->first - 1, v->expected);
        /* Without a gap there it is a branch of which only the continuation came: no gap tells that
         * it is missing. */
        if (!r->status && !zks__history_is_missing(l->history, &v->key, v->first - 1)) {
            r->status = claim_expected(l, chain, v);
        }
    }
}

size_t zks__ledger_lookup(const zks__history_key *key, uint64_t seq,
                          uint8_t (*out_ids)[ZKS_ENTRY_ID_BYTES], void *ledger)
{
    zks__ledger *l = ledger;
    const zks__known_chain *chain = zks__ledger_find_chain(l, key->author, key->chain);
    size_t count = 0;
    zks_status status = ZKS_OK;
    if (chain) {
        status = zks__store_history_get(l->store, chain->row.c, seq, ZKS_HISTORY_BRANCHES_MAX,
                                        out_ids, &count);
    }
    if (status && !l->receiving.status) {
        l->receiving.status = status;
    }
    return status ? 0 : count;
}

/* Writes the tips that moved. A tip never goes back: of a chain that is, or was until just now, the
 * own present one, the history knows the tip as of the last reading only, and any member can make
 * it look there, with an entry without a signature. */
static zks_status save_tips(zks__ledger *l)
{
    zks_status status = ZKS_OK;
    for (zks__node *n; !status && (n = zks__list_pop(&l->dirty));) {
        zks__known_chain *k = ZKS_CONTAINER(n, zks__known_chain, dirty);
        zks__history_key key;
        zks__history_tip tip;
        memcpy(key.author, k->row.author, sizeof key.author);
        memcpy(key.chain, k->row.chain, sizeof key.chain);
        if (k == l->own || !zks__history_tip_of(l->history, &key, &tip) ||
            tip.seq < k->row.tip_seq) {
            continue;
        }
        k->row.tip_seq = tip.seq;
        k->row.floor = tip.floor;
        memcpy(k->row.tip_id, tip.id, sizeof k->row.tip_id);
        status = zks__store_chain_update(l->store, &k->row);
    }
    return status;
}

/* --- receiving --- */

/* Opens into the scratch buffer. ZKS_E_UNKNOWN_EPOCH: the EPOCH or its secret is not here;
 * ZKS_E_NOT_MEMBER: pusher or author may not, or is not known. */
static zks_status open_blob(zks__ledger *l, const zks__blob_item *item, zks__entry *out)
{
    const uint8_t *tag;
    zks_status status = zks__blob_epoch(item->blob.data, item->blob.length, &tag);
    if (status) {
        return status;
    }
    const zks__record *epoch = zks__records_epoch_by_tag(l->records, tag);
    if (!epoch) {
        return ZKS_E_UNKNOWN_EPOCH;
    }
    if (!zks__records_valid(l->records, item->sender, epoch->hash)) {
        return ZKS_E_NOT_MEMBER;
    }
    const zks__blob_key *key = NULL;
    status = zks__ledger_blob_key(l, item->blob.data, item->blob.length, item->sender, &key);
    if (!status) {
        status = zks__ledger_scratch(l, item->blob.data, item->blob.length);
    }
    if (!status) {
        status = zks__blob_open(key, l->scratch, item->blob.length, out);
    }
    return status ? status : zks__ledger_author_counts(l, epoch, out);
}

/*
 * An entry of the own present chain, which only this device writes: known ones come back when own
 * blobs are pulled. An unknown one that is signed means that the store was copied and the copy has
 * written too: a new chain, and all is read again with the old one as anybody's. Without a
 * signature any member can have written it: *out_done stays false, and it is held like others.
 */
static zks_status receive_own(zks__ledger *l, const zks__entry *e, bool signed_ok,
                              zks__received *out, bool *out_done)
{
    uint8_t ids[ZKS_HISTORY_BRANCHES_MAX][ZKS_ENTRY_ID_BYTES];
    size_t count = 0;
    zks_status status = zks__store_history_get(l->store, l->own->row.c, e->seq,
                                               ZKS_HISTORY_BRANCHES_MAX, ids, &count);
    for (size_t i = 0; !status && i < count; i++) {
        if (memcmp(ids[i], e->id, sizeof e->id) == 0) {
            out->duplicates++;
            *out_done = true;
            return ZKS_OK;
        }
    }
    if (status || !signed_ok) {
        return status;
    }
    *out_done = true;
    status = zks__ledger_new_chain(l);
    if (!status) {
        status = zks__ledger_notice(l, ZKS_EVENT_NEW_CHAIN, &l->own->row, e->seq, e->seq);
    }
    out->need_records = true; /* come again */
    l->relay_valid = false;
    l->rolled_back = true;
    return status;
}

static bool is_present_own(const zks__ledger *l, const zks__entry *e)
{
    return l->own && memcmp(e->author, l->own->row.author, sizeof e->author) == 0 &&
           memcmp(e->chain, l->own->row.chain, sizeof e->chain) == 0;
}

zks_status zks__ledger_judge(zks__ledger *l, const zks__blob_item *item, zks__received *out,
                             zks_status *out_why)
{
    zks__entry e;
    zks_status status = open_blob(l, item, &e);
    if (status) {
        *out_why = status;
        return status == ZKS_E_NOMEM ? status : ZKS_OK;
    }
    zks_status judged = zks__entry_verify(&e);
    if (judged == ZKS_E_BAD_SIGNATURE) {
        /* The blob is a member's own work (it decrypts), so a false signature is forgery by a
         * member: as no signature. */
        zks__log_write(l->log, ZKS_LOG_LEVEL_WARN, "entry_signature_bad author=%s",
                       zks__log_redact(l->log, e.author, sizeof e.author).text);
    }
    bool done = false;
    if (is_present_own(l, &e)) {
        status = receive_own(l, &e, judged == ZKS_OK, out, &done);
    }
    if (status || done) {
        return status;
    }
    if (judged == ZKS_OK && !zks__ledger_has_room_for_chain(l, &e)) {
        *out_why = ZKS_E_LIMIT;
        return ZKS_OK;
    }
    zks__history_entry entry = {.seq = e.seq,
                                .floor = e.floor,
                                .signed_ok = judged == ZKS_OK,
                                .ref = l->next_ref++,
                                .bytes = (uint32_t)item->blob.length};
    memcpy(entry.pusher, item->sender, sizeof entry.pusher);
    memcpy(entry.key.author, e.author, sizeof entry.key.author);
    memcpy(entry.key.chain, e.chain, sizeof entry.key.chain);
    memcpy(entry.id, e.id, sizeof entry.id);
    memcpy(entry.prev, e.prev, sizeof entry.prev);
    l->receiving.entry = &entry;
    l->receiving.opened = &e;
    l->receiving.item = item;
    status = zks__history_offer(l->history, &entry, (uint64_t)zks__ledger_unix_ms(l));
    l->receiving.entry = NULL;
    l->receiving.opened = NULL;
    l->receiving.item = NULL;
    return status ? status : l->receiving.status;
}

static void begin_receiving(zks__ledger *l, zks__received *out)
{
    memset(out, 0, sizeof *out);
    memset(&l->receiving, 0, sizeof l->receiving);
    zks__ledger_drop_controls(l);
    l->receiving.out = out;
}

/* What both end with. */
static zks_status end_receiving(zks__ledger *l, zks_status status, zks__received *out)
{
    zks__ledger_count_alarm(l, ZKS_STORE_ALARM_REJECTED, out->rejected);
    if (!status) {
        status = zks__ledger_save_alarms(l);
    }
    zks__ledger_alarms(l, out->alarms);
    out->last_seq = l->group.last_seq;
    out->last_n = l->group.last_n;
    out->held_now = l->held_count + l->quarantine.count;
    return status;
}

static zks_status receive_one(zks__ledger *l, const zks__blob_item *item, zks__received *out)
{
    zks_status why = ZKS_OK;
    zks_status status = zks__ledger_judge(l, item, out, &why);
    return status || !why ? status : zks__ledger_quarantine(l, item, why, out);
}

zks_status zks__ledger_receive(zks__ledger *l, const zks__blobs *b, zks__received *out)
{
    begin_receiving(l, out);
    out->stale = !l->relay_valid;
    if (l->broken || out->stale) {
        return l->broken;
    }
    zks__wire_list list = b->blobs;
    zks__blob_item item;
    zks_status status = zks__ledger_review(l, out);
    while (!status && l->relay_valid && zks__wire_next_blob(&list, &item)) {
        status = receive_one(l, &item, out);
    }
    if (!status) {
        status = save_tips(l);
    }
    if (!status) {
        status = zks__ledger_sweep_chains(l);
    }
    if (!status && !l->rolled_back) { /* else all comes again */
        status = zks__ledger_take_controls(l);
    }
    if (!status && l->relay_valid && b->contiguous > l->relay.read_cursor) {
        l->relay.read_cursor = b->contiguous;
        status = zks__store_relay_update(l->store, &l->relay);
    }
    if (!status) {
        status = zks__ledger_unread(l, &out->unread_count, &out->unread_bytes);
    }
    status = end_receiving(l, status, out);
    out->counted = !status;
    return status;
}

zks_status zks__ledger_tick(zks__ledger *l, bool caught_up, zks__received *out,
                            int64_t *out_next_ms)
{
    begin_receiving(l, out);
    zks_status status = l->broken;
    if (l->held_unix_ms > zks__ledger_unix_ms(l) + CLOCK_JUMP_MS) {
        l->rolled_back = true; /* the clock was set back: the state is read again, as of now */
    }
    if (!status) {
        status = zks__ledger_review(l, out);
    }
    if (!status && caught_up) {
        status = zks__history_tick(l->history, (uint64_t)zks__ledger_unix_ms(l));
    }
    if (!status) {
        status = l->receiving.status;
    }
    if (!status) {
        status = save_tips(l);
    }
    if (!status) {
        status = zks__ledger_sweep_chains(l);
    }
    uint64_t next = status || !caught_up ? UINT64_MAX : zks__history_next_ms(l->history);
    *out_next_ms = next > INT64_MAX ? INT64_MAX : (int64_t)next;
    l->listening_ms = caught_up ? l->listening_ms : 0;
    if (!status && !l->rolled_back) {
        status = zks__ledger_take_controls(l);
    }
    if (!status && caught_up && !l->rolled_back) {
        status = zks__ledger_speak(l, out_next_ms);
    }
    if (!status) {
        status = zks__ledger_quarantine_tick(l, caught_up, out, out_next_ms);
    }
    return end_receiving(l, status, out);
}
