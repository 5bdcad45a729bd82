/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The set as arrays of pointers: in the order of arrival, by hash, MEMBERs, EPOCHs; and the
 * devices. Sorted arrays rather than hash maps: the set is small, seldom changes, its digest needs
 * the order, and no seed is needed against chosen keys.
 */
#include "record/set_internal.h"

#include "base/alloc.h"

enum { ROOM_FIRST = 8 };

zks_status zks__records_new(const uint8_t group_id[ZKS_GROUP_ID_BYTES], zks__records **out_set)
{
    zks__records *s = zks__alloc_zero(1, sizeof *s);
    zks__set_state *state = zks__alloc_zero(1, sizeof *state);
    if (!s || !state || zks__state_reserve(state, 1, 1, 1)) {
        zks__state_free(state);
        zks__free(s);
        return ZKS_E_NOMEM;
    }
    memcpy(s->group_id, group_id, sizeof s->group_id);
    s->devices_max = ZKS_EPOCH_DEVICES_MAX;
    s->bytes_max = UINT64_MAX;
    s->generation = 1;
    s->state = state;
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
    zks__free(s->epochs);
    zks__free(s->grants);
    zks__free(s->devices);
    zks__free(s->by_key);
    zks__free(s->pins);
    zks__state_free(s->state);
    zks__free(s);
}

void zks__records_set_devices_max(zks__records *s, size_t max)
{
    s->devices_max = max;
}

void zks__records_set_bytes_max(zks__records *s, uint64_t max)
{
    s->bytes_max = max;
}

uint64_t zks__records_bytes(const zks__records *s)
{
    return s->bytes;
}

void zks__records_changed(zks__records *s)
{
    s->generation++;
    s->state->fresh = false;
}

/* --- sorted arrays --------------------------------------------------------------- */

/* Where `key` is among 32-byte keys, or where it would be put. */
typedef const uint8_t *(*key_fn)(const zks__records *s, size_t i);

static const uint8_t *hash_at(const zks__records *s, size_t i)
{
    return s->by_hash[i]->r.hash;
}

static const uint8_t *device_at(const zks__records *s, size_t i)
{
    return s->devices[s->by_key[i]].key;
}

static const uint8_t *pin_at(const zks__records *s, size_t i)
{
    return s->pins[i];
}

static size_t position_of(const zks__records *s, size_t count, key_fn key_at, const uint8_t key[32],
                          bool *found)
{
    size_t low = 0;
    size_t high = count;
    *found = false;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = memcmp(key_at(s, middle), key, 32);
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

zks__item *zks__records_item(const zks__records *s, const uint8_t hash[ZKS_RECORD_HASH_BYTES])
{
    bool found = false;
    size_t at = position_of(s, s->count, hash_at, hash, &found);
    return found ? s->by_hash[at] : NULL;
}

bool zks__records_device(const zks__records *s, const uint8_t device[ZKS_DEVICE_ID_BYTES],
                         uint32_t *out_number)
{
    bool found = false;
    size_t at = position_of(s, s->device_count, device_at, device, &found);
    if (found) {
        *out_number = s->by_key[at];
    }
    return found;
}

static int compare_grant(const zks__item *g, const zks__item *epoch, uint32_t device,
                         uint32_t signer)
{
    int order = memcmp(g->parent->r.hash, epoch->r.hash, sizeof epoch->r.hash);
    if (order) {
        return order;
    }
    if (g->device != device) {
        return g->device < device ? -1 : 1;
    }
    return (g->signer > signer) - (g->signer < signer);
}

size_t zks__records_grant_place(const zks__records *s, const zks__item *epoch, uint32_t device,
                                uint32_t signer)
{
    size_t low = 0;
    size_t high = s->grant_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare_grant(s->grants[middle], epoch, device, signer) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* --- room ------------------------------------------------------------------------ */

static bool grow_items(zks__item ***array, size_t room)
{
    zks__item **larger = zks__alloc_resize(*array, room * sizeof(zks__item *));
    if (larger) {
        *array = larger;
    }
    return larger != NULL;
}

static zks_status reserve_items(zks__records *s)
{
    if (s->count < s->room) {
        return ZKS_OK;
    }
    size_t room = s->room ? s->room * 2 : ROOM_FIRST;
    if (!grow_items(&s->arrived, room) || !grow_items(&s->by_hash, room) ||
        !grow_items(&s->members, room) || !grow_items(&s->epochs, room) ||
        !grow_items(&s->grants, room)) {
        return ZKS_E_NOMEM;
    }
    s->room = room;
    return ZKS_OK;
}

static zks_status reserve_devices(zks__records *s)
{
    if (s->device_count < s->device_room) {
        return ZKS_OK;
    }
    size_t room = s->device_room ? s->device_room * 2 : ROOM_FIRST;
    zks__dev *devices = zks__alloc_resize(s->devices, room * sizeof *devices);
    s->devices = devices ? devices : s->devices;
    uint32_t *by_key = zks__alloc_resize(s->by_key, room * sizeof *by_key);
    s->by_key = by_key ? by_key : s->by_key;
    if (!devices || !by_key) {
        return ZKS_E_NOMEM;
    }
    s->device_room = room;
    return ZKS_OK;
}

zks_status zks__records_reserve(zks__records *s, const zks__item *item)
{
    size_t listed = item->r.kind == ZKS_RECORD_KIND_EPOCH ? item->r.epoch.listed.count : 0;
    zks_status status = reserve_items(s);
    if (status || item->r.kind == ZKS_RECORD_KIND_GRANT) {
        return status; /* the state does not look at it */
    }
    status = reserve_devices(s);
    if (!status) {
        status = zks__state_reserve(s->state, s->epoch_count + 1, s->device_count + 1,
                                    s->listed_count + listed);
    }
    return status;
}

/* --- in and out ------------------------------------------------------------------- */

static void insert_member(zks__records *s, zks__item *item)
{
    bool found = false;
    size_t at = position_of(s, s->device_count, device_at, item->r.member.device, &found);
    item->new_device = !found;
    if (!found) {
        uint32_t number = (uint32_t)s->device_count++;
        memmove(s->by_key + at + 1, s->by_key + at, (s->device_count - 1 - at) * sizeof *s->by_key);
        s->by_key[at] = number;
        s->devices[number] = (zks__dev){.key = item->r.member.device};
    }
    item->device = s->by_key[at];
    s->devices[item->device].records++;
    if (item->signer != ZKS_DEV_ROOT) {
        s->devices[item->signer].issued++;
    }
    s->members[s->member_count++] = item;
}

static void remove_member(zks__records *s, const zks__item *item)
{
    s->member_count--;
    if (item->signer != ZKS_DEV_ROOT) {
        s->devices[item->signer].issued--;
    }
    s->devices[item->device].records--;
    if (item->new_device) {
        bool found = false;
        size_t at = position_of(s, s->device_count, device_at, item->r.member.device, &found);
        s->device_count--;
        memmove(s->by_key + at, s->by_key + at + 1, (s->device_count - at) * sizeof *s->by_key);
    }
}

/* GRANTs are nothing to the state: many of them do not have it worked out many times. */
static void changed_by(zks__records *s, const zks__item *item)
{
    if (item->r.kind == ZKS_RECORD_KIND_GRANT) {
        s->generation++;
    } else {
        zks__records_changed(s);
    }
}

/* Whose bytes a record is; NULL: root's, or one that cannot be many. */
static zks__dev *payer(const zks__records *s, const zks__item *item)
{
    bool pays = zks__records_counts_for_signer(item) && item->signer != ZKS_DEV_ROOT;
    return pays ? &s->devices[item->signer] : NULL;
}

static void count_bytes(zks__records *s, zks__item *item)
{
    zks__dev *d = payer(s, item);
    s->bytes += item->r.bytes.length;
    item->over = s->bytes > s->bytes_max;
    if (item->over && d) {
        d->over_bytes += item->r.bytes.length;
    }
}

static void uncount_bytes(zks__records *s, const zks__item *item)
{
    zks__dev *d = payer(s, item);
    s->bytes -= item->r.bytes.length;
    if (item->over && d) {
        d->over_bytes -= item->r.bytes.length;
    }
}

static void insert_grant(zks__records *s, zks__item *item)
{
    size_t at = zks__records_grant_place(s, item->parent, item->device, item->signer);
    memmove(s->grants + at + 1, s->grants + at, (s->grant_count - at) * sizeof(zks__item *));
    s->grants[at] = item;
    s->grant_count++;
    s->devices[item->signer].grants++;
}

static void remove_grant(zks__records *s, const zks__item *item)
{
    size_t at = zks__records_grant_place(s, item->parent, item->device, item->signer);
    s->grant_count--;
    memmove(s->grants + at, s->grants + at + 1, (s->grant_count - at) * sizeof(zks__item *));
    s->devices[item->signer].grants--;
}

void zks__records_insert(zks__records *s, zks__item *item)
{
    bool found = false;
    size_t at = position_of(s, s->count, hash_at, item->r.hash, &found);
    memmove(s->by_hash + at + 1, s->by_hash + at, (s->count - at) * sizeof(zks__item *));
    s->by_hash[at] = item;
    s->arrived[s->count++] = item;
    switch (item->r.kind) {
    case ZKS_RECORD_KIND_GENESIS:
        s->genesis = item;
        break;
    case ZKS_RECORD_KIND_MEMBER:
        insert_member(s, item);
        break;
    case ZKS_RECORD_KIND_EPOCH:
        s->epoch0 = item->parent ? s->epoch0 : item;
        s->epochs[s->epoch_count++] = item;
        s->listed_count += item->r.epoch.listed.count;
        if (item->signer != ZKS_DEV_ROOT) {
            s->devices[item->signer].signed_epochs++;
        }
        break;
    case ZKS_RECORD_KIND_GRANT:
        insert_grant(s, item);
        break;
    case ZKS_RECORD_KIND_LEAVE:
        s->devices[item->device].leave = item;
        break;
    }
    count_bytes(s, item);
    changed_by(s, item);
}

static void take_back(zks__records *s)
{
    zks__item *item = s->arrived[s->count - 1];
    bool found = false;
    size_t at = position_of(s, s->count, hash_at, item->r.hash, &found);
    s->count--;
    memmove(s->by_hash + at, s->by_hash + at + 1, (s->count - at) * sizeof(zks__item *));
    uncount_bytes(s, item);
    switch (item->r.kind) {
    case ZKS_RECORD_KIND_GENESIS:
        s->genesis = NULL;
        break;
    case ZKS_RECORD_KIND_MEMBER:
        remove_member(s, item);
        break;
    case ZKS_RECORD_KIND_EPOCH:
        s->epoch0 = item->parent ? s->epoch0 : NULL;
        s->epoch_count--;
        s->listed_count -= item->r.epoch.listed.count;
        if (item->signer != ZKS_DEV_ROOT) {
            s->devices[item->signer].signed_epochs--;
        }
        break;
    case ZKS_RECORD_KIND_GRANT:
        remove_grant(s, item);
        break;
    case ZKS_RECORD_KIND_LEAVE:
        s->devices[item->device].leave = NULL;
        break;
    }
    changed_by(s, item);
    zks__free(item);
}

void zks__records_truncate(zks__records *s, size_t count)
{
    while (s->count > count) {
        take_back(s);
    }
}

/* --- pins ------------------------------------------------------------------------- */

zks_status zks__records_pin(zks__records *s, const uint8_t epoch[ZKS_RECORD_HASH_BYTES])
{
    bool found = false;
    size_t at = position_of(s, s->pin_count, pin_at, epoch, &found);
    if (found) {
        return ZKS_OK;
    }
    uint8_t(*pins)[ZKS_RECORD_HASH_BYTES] = zks__alloc_resize(s->pins,
                                                              (s->pin_count + 1) * sizeof *pins);
    if (!pins) {
        return ZKS_E_NOMEM;
    }
    s->pins = pins;
    memmove(pins[at + 1], pins[at], (s->pin_count - at) * sizeof *pins);
    memcpy(pins[at], epoch, sizeof *pins);
    s->pin_count++;
    zks__records_changed(s);
    return ZKS_OK;
}

bool zks__records_pinned(const zks__records *s, const uint8_t epoch[ZKS_RECORD_HASH_BYTES])
{
    bool found = false;
    (void)position_of(s, s->pin_count, pin_at, epoch, &found);
    return found;
}

/* --- asking ---------------------------------------------------------------------- */

size_t zks__records_count(const zks__records *s)
{
    return s->count;
}

const zks__record *zks__records_at(const zks__records *s, size_t i)
{
    return i < s->count ? &s->arrived[i]->r : NULL;
}

const zks__record *zks__records_find(const zks__records *s,
                                     const uint8_t hash[ZKS_RECORD_HASH_BYTES])
{
    zks__item *item = zks__records_item(s, hash);
    return item ? &item->r : NULL;
}

const zks__record *zks__records_genesis(const zks__records *s)
{
    return s->genesis ? &s->genesis->r : NULL;
}

uint64_t zks__records_generation(const zks__records *s)
{
    return s->generation;
}

void zks__records_digest(const zks__records *s, uint8_t out[ZKS_RECORD_HASH_BYTES])
{
    if (!s->genesis) {
        memset(out, 0, ZKS_RECORD_HASH_BYTES);
        return;
    }
    const zks__suite *suite = zks__crypto_suite(s->genesis->r.suite);
    uint8_t label[32];
    zks__writer w = zks__writer_of(label, sizeof label);
    zks__write_label(&w, "0k-records-v1");
    zks__hash h;
    suite->hash_init(&h);
    suite->hash_update(&h, label, w.length);
    for (size_t i = 0; i < s->count; i++) {
        suite->hash_update(&h, s->by_hash[i]->r.hash, ZKS_RECORD_HASH_BYTES);
    }
    suite->hash_final(&h, out);
}
