/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The inside of a set and of its state. Private to src/record.
 *
 * Files: set.c (the arrays), admit.c (what may come in), state.c (who is a member where, which
 * EPOCHs keep the rules), resolve.c (which of them count), query.c (answers). */
#ifndef ZKS_RECORD_SET_INTERNAL_H
#define ZKS_RECORD_SET_INTERNAL_H

#include "record/set.h"

/* Instead of a device's number: the root key. */
#define ZKS_DEV_ROOT UINT32_MAX

typedef struct zks__item {
    zks__record r;            /* first; its bytes follow the item */
    uint32_t device;          /* MEMBER, GRANT, LEAVE: whom; its number */
    uint32_t signer;          /* MEMBER, EPOCH, GRANT: issuer or signer; number or ZKS_DEV_ROOT */
    struct zks__item *parent; /* EPOCH from 1: the parent; GRANT: the epoch */
    uint32_t node;            /* EPOCH: its place in state.nodes while the state is fresh */
    bool new_device;          /* MEMBER: the first of its device */
    bool over;                /* came when the set was above its bound of bytes */
} zks__item;

/* A device with a MEMBER record here; numbered in the order of the first ones. */
typedef struct zks__dev {
    const uint8_t *key; /* in that first record */
    const zks__item *leave;
    uint32_t records, issued, signed_epochs, grants;
    uint64_t over_bytes; /* of what it signed above the bound of bytes */
} zks__dev;

/* How old a signer is: the number of the EPOCH that first listed it and its place there. Not
 * listed: UINT32_MAX and the round in which it becomes a member. */
typedef struct zks__rank {
    uint32_t number, place;
} zks__rank;

typedef enum zks__label { ZKS_LABEL_OPEN, ZKS_LABEL_IN, ZKS_LABEL_OUT } zks__label;

/* Bit sets over devices: members, who may invite, who may administrate, who was removed up to here.
 */
typedef struct zks__bits {
    uint64_t *in, *invite, *admin;
} zks__bits;

/* An EPOCH in the tree. Sorted by number, then hash: parents come first. */
typedef struct zks__tree_node {
    zks__item *item;
    uint32_t parent;
    bool ok, pinned;
    bool rooted;           /* it or one above it is signed by the root key */
    uint8_t label;         /* zks__label */
    uint32_t pre, size;    /* its place in depth-first order, and what is at and above it */
    uint32_t next;         /* free place for a child in that order */
    uint32_t height;       /* longest branch of IN ones above it, itself included */
    uint32_t hits, hit_by; /* open ones that it attacks; not OUT ones that attack it */
    zks__rank rank;        /* of its signer, at the parent */
    zks__bits m;           /* members at it */
    uint8_t *rounds;       /* by device: in which round it came in, 0: listed; NOT_IN */
    uint64_t *gone;
    zks__item **listed; /* NULL entries: unknown */
    zks__rank *ranks;   /* of the listed */
} zks__tree_node;

typedef struct zks__set_state {
    bool fresh;
    size_t words; /* of one bit set */
    size_t node_count;
    zks__tree_node *nodes;
    uint32_t *queue, *chain; /* node numbers; chain: by epoch number */
    size_t chain_count;
    zks__bits live; /* members that may act, LEAVE not judged */
    uint64_t *denied;
    uint32_t *members; /* device numbers, oldest first, without those that left */
    size_t member_count;
    const zks__item **best; /* by device: the record that counts; NULL: not live */
    const zks__item *fork_kept, *fork_lost;
    /* what is reserved: nodes, queue and chain; devices; entries of all lists */
    size_t node_room, device_room, listed_room, words_room;
    uint64_t *words_block; /* of all bit sets */
    uint8_t *rounds_block;
    size_t rounds_room;
    zks__item **listed_block;
    zks__rank *rank_block;
    /* scratch */
    zks__bits next;
    uint64_t *mark, *mark2;
} zks__set_state;

struct zks__records {
    uint8_t group_id[ZKS_GROUP_ID_BYTES];
    const zks__item *genesis;
    zks__item *epoch0;
    zks__item **arrived; /* owner */
    zks__item **by_hash;
    zks__item **members; /* MEMBER records in order of arrival */
    zks__item **epochs;  /* likewise */
    zks__item **grants;  /* by epoch, device, signer */
    size_t count, room;  /* of arrived; the five have the same room */
    uint64_t bytes, bytes_max;
    size_t member_count, epoch_count, grant_count;
    size_t listed_count; /* of all EPOCHs */
    zks__dev *devices;
    uint32_t *by_key; /* device numbers by key */
    size_t device_count, device_room;
    size_t devices_max;
    uint8_t (*pins)[ZKS_RECORD_HASH_BYTES]; /* sorted */
    size_t pin_count;
    uint64_t generation;
    zks__set_state *state; /* a cache: changes while the set does not */
};

static inline bool zks__bit(const uint64_t *bits, uint32_t i)
{
    return (bits[i / 64] >> (i % 64) & 1) != 0;
}
static inline void zks__bit_set(uint64_t *bits, uint32_t i)
{
    bits[i / 64] |= 1ull << (i % 64);
}

/* set.c */
zks__item *zks__records_item(const zks__records *s, const uint8_t hash[ZKS_RECORD_HASH_BYTES]);
/* The device's number; false: a stranger. */
bool zks__records_device(const zks__records *s, const uint8_t device[ZKS_DEVICE_ID_BYTES],
                         uint32_t *out_number);
void zks__records_changed(zks__records *s);
/* Of the kinds that a signer, root or a device, can make many of: their bytes are its. */
static inline bool zks__records_counts_for_signer(const zks__item *item)
{
    return item->r.kind == ZKS_RECORD_KIND_MEMBER || item->r.kind == ZKS_RECORD_KIND_EPOCH ||
           item->r.kind == ZKS_RECORD_KIND_GRANT;
}

/* Where the GRANT of this signer for this device in this EPOCH stands among the grants, or would;
 * behind it come those of the same device. */
size_t zks__records_grant_place(const zks__records *s, const zks__item *epoch, uint32_t device,
                                uint32_t signer);
/* Room for one more, so that insert cannot fail. */
ZKS_MUST_USE zks_status zks__records_reserve(zks__records *s, const zks__item *item);
void zks__records_insert(zks__records *s, zks__item *item);
/* Whether a counts rather than b for one device. */
bool zks__member_before(const zks__item *a, const zks__item *b);

/* state.c */
/* Memory for so much; nothing else changes. */
ZKS_MUST_USE zks_status zks__state_reserve(zks__set_state *st, size_t nodes, size_t devices,
                                           size_t listed);
void zks__state_free(zks__set_state *st);
/* The state, worked out if need be; never fails. */
const zks__set_state *zks__state_of(const zks__records *s);
/* members(t, gone): rounds from the listed ones. out_rounds may be NULL. */
void zks__state_members(const zks__records *s, zks__item *const *listed, size_t listed_count,
                        const uint64_t *gone, const zks__bits *out, uint8_t *out_rounds);
/* Whether a MEMBER record is in effect where m are the members and these are listed. */
bool zks__state_in_effect(const zks__item *r, const zks__bits *m, zks__item *const *listed,
                          size_t listed_count);

static inline const zks__tree_node *zks__state_tip(const zks__set_state *st)
{
    return st->chain_count ? &st->nodes[st->chain[st->chain_count - 1]] : NULL;
}

enum { ZKS_ROUND_NOT_IN = 255 };
/* How old a device is at an EPOCH; the youngest if it is no member there. */
zks__rank zks__state_rank(const zks__tree_node *at, uint32_t device);
/* The next member at an EPOCH that it does not list, oldest first; *at_place is 0 before the first
 * one. false: there are no more. */
bool zks__state_newcomer(const zks__records *s, const zks__tree_node *at, size_t *at_place,
                         uint32_t *out_device);
/* Negative, 0, positive: a is older, equal, younger. */
static inline int zks__rank_compare(zks__rank a, zks__rank b)
{
    if (a.number != b.number) {
        return a.number < b.number ? -1 : 1;
    }
    return a.place != b.place ? (a.place < b.place ? -1 : 1) : 0;
}

/* resolve.c */
/* Labels, tip, denied, live. */
void zks__state_resolve(const zks__records *s, zks__set_state *st);

#endif
