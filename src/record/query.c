/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Answers from the state of a set. */
#include "record/set_internal.h"

static const zks__tree_node *node_of(const zks__records *s, const uint8_t *epoch)
{
    const zks__set_state *st = zks__state_of(s);
    const zks__item *item = zks__records_item(s, epoch);
    return item && item->r.kind == ZKS_RECORD_KIND_EPOCH ? &st->nodes[item->node] : NULL;
}

/* --- epochs ----------------------------------------------------------------------- */

void zks__records_state_of(const zks__records *s, zks__records_state *out)
{
    const zks__set_state *st = zks__state_of(s);
    const zks__tree_node *tip = zks__state_tip(st);
    *out = (zks__records_state){.tip = tip ? &tip->item->r : NULL,
                                .generation = s->generation,
                                .members = st->member_count,
                                .fork_kept = st->fork_kept ? &st->fork_kept->r : NULL,
                                .fork_lost = st->fork_lost ? &st->fork_lost->r : NULL};
}

const zks__record *zks__records_epoch(const zks__records *s)
{
    const zks__tree_node *tip = zks__state_tip(zks__state_of(s));
    return tip ? &tip->item->r : NULL;
}

const zks__record *zks__records_epoch_at(const zks__records *s, uint32_t number)
{
    const zks__set_state *st = zks__state_of(s);
    return number < st->chain_count ? &st->nodes[st->chain[number]].item->r : NULL;
}

const zks__record *zks__records_epoch_by_tag(const zks__records *s,
                                             const uint8_t tag[ZKS_EPOCH_TAG_BYTES])
{
    for (size_t i = s->epoch_count; i-- > 0;) {
        if (memcmp(s->epochs[i]->r.hash, tag, ZKS_EPOCH_TAG_BYTES) == 0) {
            return &s->epochs[i]->r;
        }
    }
    return NULL;
}

bool zks__records_in_chain(const zks__records *s, const uint8_t epoch[ZKS_RECORD_HASH_BYTES])
{
    const zks__set_state *st = zks__state_of(s);
    const zks__tree_node *n = node_of(s, epoch);
    size_t number = n ? n->item->r.epoch.number : 0;
    return n && number < st->chain_count && &st->nodes[st->chain[number]] == n;
}

bool zks__records_epoch_ok(const zks__records *s, const uint8_t epoch[ZKS_RECORD_HASH_BYTES])
{
    const zks__tree_node *n = node_of(s, epoch);
    return n && n->ok;
}

/* --- members ---------------------------------------------------------------------- */

bool zks__member_before(const zks__item *a, const zks__item *b)
{
    /* 0 means "no end": minus one it is the latest. */
    uint64_t end_a = a->r.member.not_after_s - 1;
    uint64_t end_b = b->r.member.not_after_s - 1;
    if (end_a != end_b) {
        return end_a > end_b;
    }
    if (a->r.member.rights != b->r.member.rights) {
        return a->r.member.rights > b->r.member.rights;
    }
    return memcmp(a->r.hash, b->r.hash, sizeof a->r.hash) < 0;
}

/* The record that counts of a device among those in effect; m NULL: among all. */
static const zks__item *counting(const zks__records *s, uint32_t device, const zks__bits *m,
                                 const zks__tree_node *at)
{
    const zks__item *best = NULL;
    for (size_t i = 0; i < s->member_count; i++) {
        const zks__item *r = s->members[i];
        if (r->device == device && (!best || zks__member_before(r, best)) &&
            (!m || zks__state_in_effect(r, m, at ? at->listed : NULL,
                                        at ? at->item->r.epoch.listed.count : 0))) {
            best = r;
        }
    }
    return best;
}

const zks__record *zks__records_member(const zks__records *s,
                                       const uint8_t device[ZKS_DEVICE_ID_BYTES], uint64_t time_s)
{
    const zks__set_state *st = zks__state_of(s);
    uint32_t number;
    if (!zks__records_device(s, device, &number) || s->devices[number].leave) {
        return NULL;
    }
    const zks__item *r = st->best[number];
    uint64_t end = r ? r->r.member.not_after_s : 0;
    bool over = time_s && end && time_s > end;
    return r && !over ? &r->r : NULL;
}

uint8_t zks__records_rights(const zks__records *s, const uint8_t device[ZKS_DEVICE_ID_BYTES])
{
    const zks__set_state *st = zks__state_of(s);
    uint32_t number;
    if (!zks__records_device(s, device, &number) || s->devices[number].leave ||
        !zks__bit(st->live.in, number)) {
        return 0;
    }
    return (uint8_t)((zks__bit(st->live.invite, number) ? ZKS_RIGHT_INVITE : 0) |
                     (zks__bit(st->live.admin, number) ? ZKS_RIGHT_ADMIN : 0));
}

bool zks__records_may_invite(const zks__records *s, const uint8_t device[ZKS_DEVICE_ID_BYTES])
{
    const zks__record *genesis = zks__records_genesis(s);
    return (genesis && genesis->genesis.mode == ZKS_GROUP_MODE_SHARED) ||
           (zks__records_rights(s, device) & ZKS_RIGHT_INVITE);
}

size_t zks__records_members(const zks__records *s)
{
    return zks__state_of(s)->member_count;
}

const zks__record *zks__records_member_at(const zks__records *s, size_t i)
{
    const zks__set_state *st = zks__state_of(s);
    return i < st->member_count ? &st->best[st->members[i]]->r : NULL;
}

const zks__record *zks__records_known(const zks__records *s,
                                      const uint8_t device[ZKS_DEVICE_ID_BYTES])
{
    uint32_t number;
    const zks__item *r = zks__records_device(s, device, &number) ? counting(s, number, NULL, NULL)
                                                                 : NULL;
    return r ? &r->r : NULL;
}

bool zks__records_denied(const zks__records *s, const uint8_t device[ZKS_DEVICE_ID_BYTES])
{
    const zks__set_state *st = zks__state_of(s);
    uint32_t number;
    return zks__records_device(s, device, &number) && zks__bit(st->denied, number);
}

const uint8_t *zks__records_reissue(const zks__records *s, size_t i)
{
    const zks__set_state *st = zks__state_of(s);
    const zks__tree_node *tip = zks__state_tip(st);
    for (size_t k = 0; tip && k < s->device_count; k++) {
        uint32_t device = s->by_key[k];
        bool due = (zks__bit(st->denied, device) || s->devices[device].leave) &&
                   zks__bit(tip->m.in, device);
        if (due && i-- == 0) {
            return s->devices[device].key;
        }
    }
    return NULL;
}

bool zks__records_left(const zks__records *s, const uint8_t device[ZKS_DEVICE_ID_BYTES])
{
    uint32_t number;
    return zks__records_device(s, device, &number) && s->devices[number].leave != NULL;
}

bool zks__records_revoked(const zks__records *s, const uint8_t device[ZKS_DEVICE_ID_BYTES])
{
    return zks__records_denied(s, device) && !zks__records_left(s, device);
}

bool zks__records_valid(const zks__records *s, const uint8_t device[ZKS_DEVICE_ID_BYTES],
                        const uint8_t epoch[ZKS_RECORD_HASH_BYTES])
{
    const zks__tree_node *n = node_of(s, epoch);
    uint32_t number;
    return n && n->ok && zks__records_device(s, device, &number) && zks__bit(n->m.in, number);
}

bool zks__records_gone(const zks__records *s, const uint8_t device[ZKS_DEVICE_ID_BYTES],
                       const uint8_t epoch[ZKS_RECORD_HASH_BYTES])
{
    const zks__tree_node *n = node_of(s, epoch);
    uint32_t number;
    return n && n->ok && zks__records_device(s, device, &number) && zks__bit(n->gone, number);
}

const zks__record *zks__records_grant(const zks__records *s,
                                      const uint8_t epoch[ZKS_RECORD_HASH_BYTES],
                                      const uint8_t device[ZKS_DEVICE_ID_BYTES], size_t i)
{
    const zks__item *e = zks__records_item(s, epoch);
    uint32_t number;
    if (!e || !zks__records_device(s, device, &number)) {
        return NULL;
    }
    for (size_t k = zks__records_grant_place(s, e, number, 0); k < s->grant_count; k++) {
        const zks__item *g = s->grants[k];
        if (g->parent != e || g->device != number) {
            break;
        }
        if (zks__records_valid(s, g->r.grant.signer, epoch) && i-- == 0) {
            return &g->r;
        }
    }
    return NULL;
}

/* --- the next EPOCH --------------------------------------------------------------- */

/* st->mark: removed or gone. */
static void mark_removed(const zks__records *s, const zks__tree_node *at,
                         const uint8_t (*removed)[ZKS_DEVICE_ID_BYTES], size_t count)
{
    const zks__set_state *st = s->state;
    memcpy(st->mark, at->gone, st->words * sizeof(uint64_t));
    for (size_t i = 0; i < count; i++) {
        uint32_t number;
        if (zks__records_device(s, removed[i], &number)) {
            zks__bit_set(st->mark, number);
        }
    }
}

const zks__record *zks__records_next_listed(const zks__records *s,
                                            const uint8_t parent[ZKS_RECORD_HASH_BYTES],
                                            const uint8_t (*removed)[ZKS_DEVICE_ID_BYTES],
                                            size_t removed_count, size_t i)
{
    const zks__set_state *st = zks__state_of(s);
    const zks__tree_node *at = node_of(s, parent);
    if (!at || !at->ok) {
        return NULL;
    }
    mark_removed(s, at, removed, removed_count);
    for (size_t k = 0; k < at->item->r.epoch.listed.count; k++) {
        uint32_t device = at->listed[k]->device;
        if (!zks__bit(st->mark, device) && i-- == 0) {
            return &counting(s, device, &at->m, at)->r;
        }
    }
    uint32_t device;
    for (size_t place = 0; zks__state_newcomer(s, at, &place, &device);) {
        if (!zks__bit(st->mark, device) && i-- == 0) {
            return &counting(s, device, &at->m, at)->r;
        }
    }
    return NULL;
}
