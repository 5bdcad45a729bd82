/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Paired groups: how one comes about, and what must hold of epochs and removals. */
#include "sim/sim.h"

#include "base/alloc.h"
#include "client/ledger_internal.h"
#include "group/epoch.h"
#include "store/sql.h"

#include <string.h>

/* --- the group --- */

/* Who lets whom in: 0 is root's, 3 may not remove anybody. */
static const struct invitation {
    size_t issuer;
    uint8_t rights;
} invitations[SIM_DEVICES] = {{0, 0},
                              {0, ZKS_RIGHT_INVITE | ZKS_RIGHT_ADMIN},
                              {1, ZKS_RIGHT_INVITE | ZKS_RIGHT_ADMIN},
                              {0, ZKS_RIGHT_INVITE}};

static zks_status add_record(zks__ledger *l, const uint8_t *bytes, size_t length)
{
    zks__record r;
    zks_status status = zks__record_read(bytes, length, &r);
    return status
               ? status
               : zks__store_record_add(l->store, l->group.g, r.hash, (zks__slice){bytes, length});
}

/* The MEMBER record that root signed for each device that opened the group with its seed is
 * replaced by one of the inviter, behind the inviter's own. */
static zks_status invite(zks__ledger **ledgers, size_t slot, uint8_t *bytes)
{
    size_t device = slot == SIM_COPY ? 0 : slot, length = 0;
    zks__ledger *l = ledgers[slot];
    if (device == 0) {
        return ZKS_OK;
    }
    zks__ledger *issuer = ledgers[invitations[device].issuer];
    zks_status status = zks__store_begin(l->store);
    if (!status) {
        status = zks__sql_exec(l->store, "DELETE FROM records WHERE k & 0xffffffff > 2");
    }
    for (size_t i = 0; !status && i < zks__records_count(issuer->records); i++) {
        zks__slice r = zks__records_at(issuer->records, i)->bytes;
        status = add_record(l, r.data, r.length);
    }
    zks__member m = {.rights = invitations[device].rights};
    l->suite->seal_public(l->device.seal_seed, m.seal_key);
    l->suite->dh_public(l->device.noise_dh_secret, m.noise_dh);
    zks__crypto_kem_public(l->device.noise_kem_seed, m.noise_kem);
    if (!status) {
        status = zks__record_make_member(l->group.suite, l->group.group_id, &m, &l->device.sign,
                                         &issuer->device.sign, bytes, ZKS_RECORD_BODY_MAX_BYTES,
                                         &length);
    }
    status = status ? status : add_record(l, bytes, length);
    status = status ? status : zks__store_commit(l->store);
    zks__ledger_rolled_back(l, true);
    zks__ledger_reload(l);
    return status ? status : l->broken;
}

zks_status sim_members_make(zks__ledger **ledgers)
{
    uint8_t *bytes = zks__alloc(ZKS_RECORD_BODY_MAX_BYTES);
    zks_status status = bytes ? ZKS_OK : ZKS_E_NOMEM;
    for (size_t i = 0; !status && i < SIM_SLOTS; i++) {
        status = invite(ledgers, i, bytes);
    }
    zks__free(bytes);
    return status;
}

/* An EPOCH can be at a relay and on its way to all others while its maker is back at a backup: then
 * no ledger has it, and the world does. */
static zks_status made_key(const sim_world *w, size_t pusher, const zks__buf *blob,
                           zks__blob_key *out)
{
    const zks__ledger *l = w->slots[pusher].ledger;
    const uint8_t *tag = NULL;
    zks_status status = zks__blob_epoch(blob->data, blob->length, &tag);
    for (size_t i = 0; !status && i < w->epoch_count; i++) {
        if (memcmp(w->epochs[i].hash, tag, ZKS_EPOCH_TAG_BYTES) == 0) {
            zks__blob_key_derive(l->suite, w->epochs[i].secret, w->group_id, tag,
                                 w->slots[pusher].device_id, out);
            return ZKS_OK;
        }
    }
    return status ? status : ZKS_E_UNKNOWN_EPOCH;
}

zks_status sim_members_open(const sim_world *w, size_t pusher, const zks__buf *blob,
                            zks__buf **out_copy, zks__entry *out)
{
    const zks__blob_key *key = NULL;
    zks__blob_key made;
    zks_status status = ZKS_E_UNKNOWN_EPOCH;
    for (size_t i = 0; status && i < SIM_SLOTS; i++) {
        zks__ledger *l = w->slots[(pusher + i) % SIM_SLOTS].ledger;
        status = zks__ledger_blob_key(l, blob->data, blob->length, w->slots[pusher].device_id,
                                      &key);
    }
    if (status) {
        status = made_key(w, pusher, blob, &made);
        key = &made;
    }
    *out_copy = status ? NULL : zks__buf_copy(blob->data, blob->length);
    return *out_copy ? zks__blob_open(key, (*out_copy)->data, (*out_copy)->length, out) : status;
}

void sim_members_forget(zks__ledger *l)
{
    static const uint8_t seed[16] = {1};
    zks__ledger_epochs_done(l);
    l->epochs = zks__map_new(seed);
    l->blob_keys = zks__map_new(seed);
    l->epoch = NULL;
    l->quarantine.asked_ms = l->looked_ms = l->ahead_ms = l->resealed_ms = l->reissue_ms = 0;
    l->resealed_own = l->resealed_others = 0;
}

/* --- planted faults: linked in front of the real functions (--wrap in tests/CMakeLists.txt) --- */

static bool counts_anyway, gives_up;

void sim_members_begin(const sim_world *w)
{
    counts_anyway = w->options.mutation == SIM_NO_CUT_OFF;
    gives_up = w->options.mutation == SIM_GIVES_UP;
}

bool __real_zks__ledger_give_up(const zks__history_key *key, uint64_t first, uint64_t last,
                                void *ledger);
bool __wrap_zks__ledger_give_up(const zks__history_key *key, uint64_t first, uint64_t last,
                                void *ledger);

bool __wrap_zks__ledger_give_up(const zks__history_key *key, uint64_t first, uint64_t last,
                                void *ledger)
{
    return gives_up || __real_zks__ledger_give_up(key, first, last, ledger);
}

zks_status __real_zks__ledger_author_counts(zks__ledger *l, const zks__record *epoch,
                                            zks__entry *e);
zks_status __wrap_zks__ledger_author_counts(zks__ledger *l, const zks__record *epoch,
                                            zks__entry *e);

zks_status __wrap_zks__ledger_author_counts(zks__ledger *l, const zks__record *epoch, zks__entry *e)
{
    return counts_anyway ? ZKS_OK : __real_zks__ledger_author_counts(l, epoch, e);
}

/* --- what happens --- */

/* As if the maker had listed the removed device too. */
static void leak(const sim_slot *s, size_t device, const zks__record *epoch)
{
    zks__ledger *to = s->world->slots[device].ledger;
    const zks__known_epoch *known = NULL;
    zks__known_epoch *copy = zks__vault_alloc(to->vault, sizeof *copy);
    if (copy && !zks__ledger_epoch(s->ledger, epoch, &known)) {
        *copy = *known;
        if (!zks__map_get(to->epochs, copy->hash, ZKS_EPOCH_TAG_BYTES)) {
            (void)!zks__map_put(to->epochs, copy->hash, ZKS_EPOCH_TAG_BYTES, copy);
        }
    }
}

void sim_members_made(sim_slot *s, const zks__buf *record)
{
    sim_world *w = s->world;
    const zks__known_epoch *known = NULL;
    zks__record r;
    if (w->epoch_count == SIM_EPOCHS_MAX || zks__record_read(record->data, record->length, &r)) {
        return;
    }
    sim_epoch *e = &w->epochs[w->epoch_count++];
    memcpy(e->hash, r.hash, sizeof e->hash);
    if (zks__ledger_epoch(s->ledger, &r, &known)) {
        sim_fail(w, "slot %zu cannot open the epoch that it has made", s->index);
        return;
    }
    memcpy(e->secret, known->secret, sizeof e->secret);
    memcpy(e->seen, s->view.seen, sizeof e->seen);
    for (size_t i = 0; i < w->devices; i++) {
        for (size_t k = 0; k < r.epoch.removed.count; k++) {
            if (!memcmp(zks__record_item(&r.epoch.removed, k), w->slots[i].device_id,
                        ZKS_DEVICE_ID_BYTES)) {
                e->removed |= (uint8_t)(1u << i);
                w->result.removals++;
            }
        }
        if (w->options.mutation == SIM_SECRET_LEAKS && e->removed >> i & 1) {
            leak(s, i, &r);
        }
    }
    sim_trace(w, "slot %zu makes epoch %u %02x%02x removing %02x", s->index,
              (unsigned)r.epoch.number, r.hash[0], r.hash[1], e->removed);
}

static uint8_t gone(const sim_slot *s)
{
    const sim_world *w = s->world;
    const zks__record *tip = zks__records_epoch(s->ledger->records);
    uint8_t bits = 0;
    for (size_t i = 0; tip && i < w->devices; i++) {
        bits |= (uint8_t)(zks__records_gone(s->ledger->records, w->slots[i].device_id, tip->hash)
                          << i);
    }
    return bits;
}

void sim_members_note(sim_slot *s)
{
    const sim_world *w = s->world;
    uint8_t now = gone(s), fresh = now & (uint8_t)~s->gone;
    for (size_t k = 0; fresh && k < w->word_count; k++) {
        const sim_word *word = &w->words[k];
        size_t author = word->slot == SIM_COPY ? 0 : word->slot;
        if (fresh >> author & 1) {
            s->spared[k] = s->view.seen[k] || sim_holds(s, word->id);
        }
    }
    s->gone = now;
}

/* Whether the maker of an EPOCH had the word, or a later one of its chain. */
static bool is_below_cut_off(const sim_world *w, const sim_epoch *e, const sim_word *word)
{
    for (size_t k = 0; k < w->word_count; k++) {
        const sim_word *other = &w->words[k];
        if (e->seen[k] && other->seq >= word->seq &&
            !memcmp(other->chain, word->chain, sizeof word->chain) &&
            (other->seq > word->seq || !memcmp(other->id, word->id, sizeof word->id))) {
            return true;
        }
    }
    return false;
}

bool sim_members_may(const sim_slot *s, size_t number)
{
    const sim_world *w = s->world;
    const sim_word *word = &w->words[number];
    size_t author = word->slot == SIM_COPY ? 0 : word->slot;
    bool own = author == (s->index == SIM_COPY ? 0 : s->index);
    if (own || s->spared[number] || !((s->gone & gone(s)) >> author & 1)) {
        return true;
    }
    for (size_t i = 0; i < w->epoch_count; i++) {
        const sim_epoch *e = &w->epochs[i];
        if (e->removed >> author & 1 && zks__records_in_chain(s->ledger->records, e->hash) &&
            is_below_cut_off(w, e, word)) {
            return true;
        }
    }
    return false;
}

static bool is_forked(const zks__records *set)
{
    zks__records_state state;
    zks__records_state_of(set, &state);
    return state.fork_kept != NULL;
}

bool sim_members_forked(const sim_slot *s)
{
    return is_forked(s->ledger->records) || is_forked(s->world->relays[0].set);
}

static zks_status secret_of(const sim_world *w, const zks__record *epoch,
                            const zks__known_epoch **out)
{
    zks_status status = ZKS_E_UNKNOWN_EPOCH;
    for (size_t i = 0; status && i < SIM_SLOTS; i++) {
        zks__ledger *l = w->slots[i].ledger;
        const zks__record *own = zks__records_find(l->records, epoch->hash);
        status = own ? zks__ledger_epoch(l, own, out) : ZKS_E_UNKNOWN_EPOCH;
    }
    return status;
}

/* An EPOCH on the tip that removes `lost`, if it is a member there; NULL: nobody. */
static void plan_settling(const zks__records *set, const uint8_t *lost, zks__epoch_plan *out)
{
    static uint8_t random[ZKS_EPOCH_RANDOM_MAX_BYTES], removed[1][ZKS_DEVICE_ID_BYTES];
    static zks__epoch_note note;
    static const zks__record *listed[SIM_DEVICES];
    const zks__record *tip = zks__records_epoch(set);
    zks__epoch_plan plan = {.genesis = zks__records_genesis(set),
                            .parent = tip,
                            .listed = listed,
                            .removed = (const uint8_t(*)[ZKS_DEVICE_ID_BYTES])removed,
                            .note = &note,
                            .random = random};
    if (lost && zks__records_valid(set, lost, tip->hash)) {
        memcpy(removed[0], lost, sizeof removed[0]);
        plan.removed_count = 1;
    }
    while (plan.listed_count < SIM_DEVICES &&
           (listed[plan.listed_count] = zks__records_next_listed(
                set, tip->hash, plan.removed, plan.removed_count, plan.listed_count))) {
        plan.listed_count++;
    }
    note.reason_count = plan.removed_count;
    note.reasons[0] = ZKS_REMOVAL_LOST;
    *out = plan;
}

/* What devices that have removed each other cannot settle, the recovery code does: an EPOCH by root
 * on what the relay kept removes the one that lost there. */
bool sim_members_settle(sim_world *w)
{
    static uint8_t bytes[ZKS_RECORD_BODY_MAX_BYTES];
    sim_relay *home = &w->relays[0];
    const zks__known_epoch *known = NULL;
    zks__group_root root;
    zks__records_state state;
    zks__epoch_plan plan;
    uint8_t secret[ZKS_KEY_BYTES] = {0x5e};
    size_t length = 0;
    zks__records_state_of(home->set, &state);
    if (!state.fork_kept) {
        return false;
    }
    zks__group_root_derive(test_suite(), ZKS_GROUP_MODE_PAIRED, sim_group_seed, &root);
    plan_settling(home->set, state.fork_lost ? state.fork_lost->epoch.signer : NULL, &plan);
    zks_status status = secret_of(w, plan.parent, &known);
    if (!status) {
        plan.secret = secret;
        plan.parent_secret = known->secret;
        status = zks__epoch_make(&plan, &root.root, bytes, sizeof bytes, &length);
    }
    if (!status) {
        status = sim_relay_settle(home, bytes, length);
    }
    if (status) {
        sim_fail(w, "root cannot settle a fork: %d", (int)status);
    }
    sim_trace(w, "root makes epoch %u, removing %zu", (unsigned)plan.parent->epoch.number + 1,
              plan.removed_count);
    w->result.forked++;
    return true;
}

/* --- the end --- */

bool sim_members_live(const sim_world *w, size_t slot)
{
    size_t device = slot == SIM_COPY ? 0 : slot;
    return w->slots[slot].used && sim_relay_knows(&w->relays[0], device) &&
           !(w->relays[0].outsiders >> device & 1);
}

/* Hands a device all that there is to know: a relay may help it. */
static void tell_all(sim_slot *s, const zks__records *set)
{
    zks__store *store = zks__ledger_store(s->ledger);
    for (size_t i = 0; i < zks__records_count(set); i++) {
        const zks__slice bytes = zks__records_at(set, i)->bytes;
        zks__records_taken taken;
        if (zks__store_begin(store) ||
            zks__ledger_records(s->ledger, (zks__wire_list){.count = 1, .items = &bytes}, &taken) ||
            zks__store_commit(store)) {
            sim_fail(s->world, "slot %zu does not take a record", s->index);
            return;
        }
        zks__ledger_reload(s->ledger);
    }
}

/* Nothing that is sealed for an epoch of which a device was no member opens for it. */
static void check_secrets(sim_slot *s, const sim_relay *r)
{
    const zks__records *set = r->set;
    const zks__record *e;
    for (uint32_t n = 1; (e = zks__records_epoch_at(set, n)); n++) {
        const zks__known_epoch *known = NULL;
        const zks__record *own = zks__records_find(s->ledger->records, e->hash);
        if (own && !zks__records_valid(s->ledger->records, s->device_id, e->hash) &&
            zks__ledger_epoch(s->ledger, own, &known) != ZKS_E_UNKNOWN_EPOCH) {
            sim_fail(s->world, "slot %zu reads epoch %u, of which it is no member", s->index, n);
        }
    }
}

/* Nothing is left in quarantine that the records which are here judge. */
static void check_quarantine(sim_slot *s)
{
    zks__ledger *l = s->ledger;
    zks__store *store = zks__ledger_store(l);
    zks__received out = {0};
    uint64_t before = l->quarantine.count;
    l->quarantine.judged = 0; /* whatever it was last judged with */
    zks_status status = zks__store_begin(store);
    if (!status) {
        l->receiving = (struct zks__receiving){.out = &out};
        status = zks__ledger_review(l, &out);
    }
    if (status || l->quarantine.count != before) {
        sim_fail(s->world, "slot %zu keeps %llu blobs in quarantine, and can judge %llu: %d",
                 s->index, (unsigned long long)before,
                 (unsigned long long)(before - l->quarantine.count), (int)status);
    }
    zks__notices_done(&out.notices);
    zks__store_rollback(store);
    zks__ledger_rolled_back(l, false);
    zks__ledger_reload(l);
}

void sim_members_check(sim_world *w)
{
    const sim_relay *home = &w->relays[0];
    const zks__record *tip = zks__records_epoch(home->set);
    for (size_t i = 0; i < zks__records_count(home->set); i++) {
        const zks__record *r = zks__records_at(home->set, i);
        w->result.branches += r->kind == ZKS_RECORD_KIND_EPOCH &&
                              !zks__records_in_chain(home->set, r->hash);
    }
    for (size_t i = 0; i < w->devices && !w->result.failed; i++) {
        sim_slot *s = &w->slots[i];
        const zks__record *own = zks__records_epoch(s->ledger->records);
        if (sim_members_live(w, i) && !w->harmed &&
            memcmp(own->hash, tip->hash, sizeof tip->hash) != 0) {
            sim_fail(w, "slot %zu is at epoch %u, the relay at %u", i, (unsigned)own->epoch.number,
                     (unsigned)tip->epoch.number);
        }
        if (!sim_members_live(w, i)) {
            tell_all(s, home->set);
        } else {
            check_quarantine(s);
        }
        check_secrets(s, home);
    }
}
