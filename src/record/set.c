/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The set as three arrays of pointers: in the order of arrival, by hash, and the record that counts
 * for each device, by device. Sorted arrays rather than hash maps: the set is small (a GENESIS, an
 * EPOCH, at most ZKS_RECORDS_MEMBERS_MAX MEMBERs), seldom changes, its digest needs the order, and
 * no seed is needed against chosen keys.
 */
#include "record/set.h"

#include "base/alloc.h"

enum { ROOM_FIRST = 8 };

struct zks__records {
    uint8_t group_id[ZKS_GROUP_ID_BYTES];
    const zks__record *genesis, *epoch;
    zks__record **arrived; /* owner of the records; each is followed by its bytes */
    zks__record **by_hash;
    zks__record **members;
    size_t count, room; /* of arrived and by_hash; members has the same room */
    size_t member_count;
    size_t member_records; /* MEMBER records, several of one device included */
};

zks_status zks__records_new(const uint8_t group_id[ZKS_GROUP_ID_BYTES], zks__records **out_set)
{
    zks__records *s = zks__alloc_zero(1, sizeof *s);
    if (!s) {
        return ZKS_E_NOMEM;
    }
    memcpy(s->group_id, group_id, sizeof s->group_id);
    *out_set = s;
    return ZKS_OK;
}

void zks__records_free(zks__records *s)
{
    if (!s) {
        return;
    }
    for (size_t i = 0; i < s->count; i++) {
        zks__free(s->arrived[i]);
    }
    zks__free(s->arrived);
    zks__free(s->by_hash);
    zks__free(s->members);
    zks__free(s);
}

/* --- sorted arrays --------------------------------------------------------------- */

static const uint8_t *hash_of(const zks__record *r)
{
    return r->hash;
}

static const uint8_t *device_of(const zks__record *r)
{
    return r->member.device;
}

typedef const uint8_t *(*key_fn)(const zks__record *r);

_Static_assert(ZKS_RECORD_HASH_BYTES == 32 && ZKS_SIGN_PUBLIC_BYTES == 32,
               "both keys have 32 bytes");

/* Where `key` is, or where it would be put. */
static size_t position_of(zks__record *const *array, size_t count, key_fn key_of,
                          const uint8_t key[32], bool *found)
{
    size_t low = 0;
    size_t high = count;
    *found = false;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = memcmp(key_of(array[middle]), key, 32);
        if (order == 0) {
            *found = true;
            return middle;
        }
        if (order < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static void insert_at(zks__record **array, size_t count, size_t at, zks__record *r)
{
    memmove(array + at + 1, array + at, (count - at) * sizeof(zks__record *));
    array[at] = r;
}

static void remove_at(zks__record **array, size_t count, size_t at)
{
    memmove(array + at, array + at + 1, (count - at - 1) * sizeof(zks__record *));
}

static bool grow(zks__record ***array, size_t room)
{
    zks__record **larger = zks__alloc_resize(*array, room * sizeof(zks__record *));
    if (larger) {
        *array = larger;
    }
    return larger != NULL;
}

/* Room for one more, so that what follows cannot fail. */
static zks_status reserve(zks__records *s)
{
    if (s->count < s->room) {
        return ZKS_OK;
    }
    size_t room = s->room ? s->room * 2 : ROOM_FIRST;
    if (!grow(&s->arrived, room) || !grow(&s->by_hash, room) || !grow(&s->members, room)) {
        return ZKS_E_NOMEM;
    }
    s->room = room;
    return ZKS_OK;
}

/* --- members --------------------------------------------------------------------- */

/* Whether a counts rather than b for one device: it ends later, or its hash is lower. */
static bool counts_before(const zks__record *a, const zks__record *b)
{
    /* 0 means "no end": minus one it is the latest. */
    uint64_t end_a = a->member.not_after_s - 1;
    uint64_t end_b = b->member.not_after_s - 1;
    if (end_a != end_b) {
        return end_a > end_b;
    }
    return memcmp(a->hash, b->hash, sizeof a->hash) < 0;
}

static void members_add(zks__records *s, zks__record *r)
{
    bool found = false;
    size_t at = position_of(s->members, s->member_count, device_of, r->member.device, &found);
    if (!found) {
        insert_at(s->members, s->member_count++, at, r);
    } else if (counts_before(r, s->members[at])) {
        s->members[at] = r;
    }
}

/* r is no longer in `arrived`: another record of the device, if there is one, takes its place. */
static void members_remove(zks__records *s, const zks__record *r)
{
    bool found = false;
    size_t at = position_of(s->members, s->member_count, device_of, r->member.device, &found);
    if (!found || s->members[at] != r) {
        return;
    }
    remove_at(s->members, s->member_count--, at);
    for (size_t i = 0; i < s->count; i++) {
        zks__record *other = s->arrived[i];
        if (other->kind == ZKS_RECORD_KIND_MEMBER &&
            memcmp(device_of(other), device_of(r), 32) == 0) {
            members_add(s, other);
        }
    }
}

/* --- adding ---------------------------------------------------------------------- */

/* Whether the key that a record names may sign it, and whether there is a place for it. */
static zks_status judge(const zks__records *s, const zks__record *r)
{
    if (memcmp(r->group_id, s->group_id, sizeof s->group_id) != 0) {
        return ZKS_E_WRONG_GROUP;
    }
    if (r->kind == ZKS_RECORD_KIND_GENESIS) {
        if (s->genesis) {
            return ZKS_E_CONFLICT; /* the same one was found before by its hash */
        }
        return r->genesis.mode == ZKS_GROUP_MODE_SHARED ? ZKS_OK : ZKS_E_UNSUPPORTED;
    }
    if (!s->genesis) {
        return ZKS_E_STATE;
    }
    if (r->suite != s->genesis->suite) {
        return ZKS_E_SUITE;
    }
    bool epoch = r->kind == ZKS_RECORD_KIND_EPOCH;
    const uint8_t *signer = epoch ? r->epoch.signer : r->member.issuer;
    if (memcmp(signer, s->genesis->genesis.root, ZKS_SIGN_PUBLIC_BYTES) != 0) {
        return ZKS_E_NOT_MEMBER;
    }
    if (epoch) {
        return s->epoch ? ZKS_E_CONFLICT : ZKS_OK;
    }
    return s->member_records < ZKS_RECORDS_MEMBERS_MAX ? ZKS_OK : ZKS_E_LIMIT;
}

/* A copy with its bytes behind it, verified. */
static zks_status copy_of(const uint8_t *data, size_t length, zks__record **out)
{
    zks__record *r = zks__alloc(sizeof *r + length);
    if (!r) {
        return ZKS_E_NOMEM;
    }
    uint8_t *bytes = (uint8_t *)(r + 1);
    memcpy(bytes, data, length);
    zks_status status = zks__record_read(bytes, length, r);
    if (status) {
        zks__free(r);
        return status;
    }
    *out = r;
    return ZKS_OK;
}

static void insert(zks__records *s, zks__record *r)
{
    bool found = false;
    size_t at = position_of(s->by_hash, s->count, hash_of, r->hash, &found);
    insert_at(s->by_hash, s->count, at, r);
    s->arrived[s->count++] = r;
    if (r->kind == ZKS_RECORD_KIND_GENESIS) {
        s->genesis = r;
    } else if (r->kind == ZKS_RECORD_KIND_EPOCH) {
        s->epoch = r;
    } else {
        s->member_records++;
        members_add(s, r);
    }
}

/* Takes out what arrived last. */
static void take_back(zks__records *s)
{
    zks__record *r = s->arrived[s->count - 1];
    bool found = false;
    size_t at = position_of(s->by_hash, s->count, hash_of, r->hash, &found);
    remove_at(s->by_hash, s->count--, at);
    if (r == s->genesis) {
        s->genesis = NULL;
    } else if (r == s->epoch) {
        s->epoch = NULL;
    } else {
        s->member_records--;
        members_remove(s, r);
    }
    zks__free(r);
}

zks_status zks__records_add(zks__records *s, const uint8_t *data, size_t length, int *out_added)
{
    uint8_t hash[ZKS_RECORD_HASH_BYTES];
    /* A known record is not verified again: the whole set is offered at every session. */
    if (length <= ZKS_RECORD_BODY_MAX_BYTES && zks__record_hash(data, length, hash) &&
        zks__records_find(s, hash)) {
        if (out_added) {
            *out_added = 0;
        }
        return ZKS_OK;
    }
    if (length > ZKS_RECORD_BODY_MAX_BYTES) {
        return ZKS_E_TOO_LARGE;
    }
    zks__record *r = NULL;
    zks_status status = copy_of(data, length, &r);
    if (status) {
        return status;
    }
    status = judge(s, r);
    if (!status) {
        status = reserve(s);
    }
    if (status) {
        zks__free(r);
        return status;
    }
    insert(s, r);
    if (out_added) {
        *out_added = 1;
    }
    return ZKS_OK;
}

/* The order in which a set can be built: GENESIS, EPOCH, the rest. */
static unsigned rank_of(const zks__slice *record)
{
    if (record->length > 1 && record->data[1] == ZKS_RECORD_KIND_GENESIS) {
        return 0;
    }
    return record->length > 1 && record->data[1] == ZKS_RECORD_KIND_EPOCH ? 1 : 2;
}

zks_status zks__records_add_all(zks__records *s, const zks__slice *records, size_t count,
                                size_t *out_added)
{
    size_t before = s->count;
    zks_status status = ZKS_OK;
    for (unsigned rank = 0; rank <= 2 && !status; rank++) {
        for (size_t i = 0; i < count && !status; i++) {
            if (rank_of(&records[i]) == rank) {
                status = zks__records_add(s, records[i].data, records[i].length, NULL);
            }
        }
    }
    if (status) {
        while (s->count > before) {
            take_back(s);
        }
        return status;
    }
    if (out_added) {
        *out_added = s->count - before;
    }
    return ZKS_OK;
}

/* --- asking ---------------------------------------------------------------------- */

size_t zks__records_count(const zks__records *s)
{
    return s->count;
}

const zks__record *zks__records_at(const zks__records *s, size_t i)
{
    return i < s->count ? s->arrived[i] : NULL;
}

const zks__record *zks__records_find(const zks__records *s,
                                     const uint8_t hash[ZKS_RECORD_HASH_BYTES])
{
    bool found = false;
    size_t at = position_of(s->by_hash, s->count, hash_of, hash, &found);
    return found ? s->by_hash[at] : NULL;
}

const zks__record *zks__records_member(const zks__records *s,
                                       const uint8_t device[ZKS_DEVICE_ID_BYTES], uint64_t time_s)
{
    bool found = false;
    size_t at = position_of(s->members, s->member_count, device_of, device, &found);
    if (!found) {
        return NULL;
    }
    uint64_t end = s->members[at]->member.not_after_s;
    bool over = time_s && end && time_s > end;
    return over ? NULL : s->members[at];
}

size_t zks__records_members(const zks__records *s)
{
    return s->member_count;
}

const zks__record *zks__records_genesis(const zks__records *s)
{
    return s->genesis;
}

const zks__record *zks__records_epoch(const zks__records *s)
{
    return s->epoch;
}

void zks__records_digest(const zks__records *s, uint8_t out[ZKS_RECORD_HASH_BYTES])
{
    if (!s->genesis) {
        memset(out, 0, ZKS_RECORD_HASH_BYTES);
        return;
    }
    const zks__suite *suite = zks__crypto_suite(s->genesis->suite);
    uint8_t label[32];
    zks__writer w = zks__writer_of(label, sizeof label);
    zks__write_label(&w, "0k-records-v1");
    zks__hash h;
    suite->hash_init(&h);
    suite->hash_update(&h, label, w.length);
    for (size_t i = 0; i < s->count; i++) {
        suite->hash_update(&h, s->by_hash[i]->hash, ZKS_RECORD_HASH_BYTES);
    }
    suite->hash_final(&h, out);
}
