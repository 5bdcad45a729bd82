/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What a relay keeps: an interface with completions, so that SQLite (sqlite_store.h) and a
 * distributed engine are equals behind it. It knows groups, devices, cursors and bytes; it judges
 * nothing but space and repetition.
 *
 * A request is a struct of the caller's that belongs to the store from submit until its `done`,
 * with all it points to. Everything here happens on one loop thread; nothing blocks. Completions
 * come in the order of submission within a kind, and a READ that is completed has seen at least all
 * APPENDs that were completed before it. After the last completion of one wake-up `settled` is
 * raised: what many completions cause (delivery, acknowledgements) is sent there, once.
 *
 * Durability: when a request that changes something is done with ZKS_OK, the change survives a
 * crash. When it fails, nothing of it happened. Cursors of a group strictly increase and become
 * visible in order.
 *
 * Statuses of all requests: ZKS_E_RELAY_STORAGE_FULL (the disk or the relay's share of it is full:
 * temporary), ZKS_E_STORE_CORRUPT, ZKS_E_STORE_IO, ZKS_E_STORE_READONLY, ZKS_E_NOMEM, ZKS_E_CLOSED
 * (submitted after close).
 */
#ifndef ZKS_RELAY_CORE_STORE_H
#define ZKS_RELAY_CORE_STORE_H

#include "base/buf.h"
#include "base/list.h"
#include "wire/messages.h"

#include <stdbool.h>

typedef struct zks__rstore zks__rstore;
typedef struct zks__rstore_group zks__rstore_group; /* the store's own; from OPEN until LEAVE */

typedef enum zks__rstore_kind {
    ZKS_RSTORE_OPEN,
    ZKS_RSTORE_RECORDS,
    ZKS_RSTORE_APPEND,
    ZKS_RSTORE_ACKS,
    ZKS_RSTORE_DELETE,
    ZKS_RSTORE_SWEEP,
    ZKS_RSTORE_SURVEY,
    ZKS_RSTORE_READ,
    ZKS_RSTORE_LEAVE
} zks__rstore_kind;

typedef struct zks__rstore_request {
    zks__node node; /* the store's */
    zks__rstore_kind kind;
    zks_status status; /* set when done */
    void (*done)(struct zks__rstore_request *r, void *user);
    void *user;
} zks__rstore_request;

/* What is known of a device of a group: it has pushed, acknowledged or been seen. */
typedef struct zks__rstore_device {
    uint8_t device[ZKS_DEVICE_ID_BYTES];
    uint64_t acked;  /* cursor */
    uint64_t seen_s; /* Unix */
} zks__rstore_device;

/* Opens a group, which is open once at a time (else ZKS_E_STATE). ZKS_E_NOT_FOUND when it does
 * not exist and `create` is not set; ZKS_E_LIMIT: too many groups. */
typedef struct zks__rstore_open {
    zks__rstore_request base;
    uint8_t group_id[ZKS_GROUP_ID_BYTES];
    bool create;               /* make it when it is new, with these records */
    const zks__slice *records; /* in the order in which they can be verified */
    size_t record_count;
    zks__rstore_group *group; /* result */
    uint64_t head;            /* highest cursor, 0: none yet */
    zks__buf *backing;        /* of stored; NULL: none; the caller's to release */
    zks__slice *stored;       /* all records, the new ones too; zks__free */
    size_t stored_count;
    zks__rstore_device *devices; /* zks__free */
    size_t device_count;
} zks__rstore_open;

/* Adds records; one that is there already is left alone. */
typedef struct zks__rstore_records {
    zks__rstore_request base;
    zks__rstore_group *group;
    const zks__slice *records;
    size_t count;
} zks__rstore_records;

typedef struct zks__rstore_item {
    uint8_t blob_id[ZKS_BLOB_ID_BYTES];
    zks__slice blob;
    uint32_t refused; /* ZKS_WIRE_* from before: the store passes over it. In, and not changed */
    uint32_t ttl_s;   /* in: clamped by the caller; out: in force, also for a repetition */
    uint32_t code;    /* result: ZKS_WIRE_OK, the refusal, or ZKS_WIRE_GROUP_QUOTA_EXCEEDED */
    bool fresh;       /* result: stored now; false: a repetition of what was stored before */
    uint64_t cursor;  /* result, with OK: the first cursor that this blob got */
    uint64_t time_ms; /* result, with OK: when it was stored first */
} zks__rstore_item;

/* All of a PUSH. A full disk fails the request; a full group refuses items. */
typedef struct zks__rstore_append {
    zks__rstore_request base;
    zks__rstore_group *group;
    uint8_t device[ZKS_DEVICE_ID_BYTES];
    size_t count;
    zks__rstore_item *items;
} zks__rstore_append;

/* How far devices have acknowledged. Rewritten as given: the caller keeps cursors from going
 * back. */
typedef struct zks__rstore_acks {
    zks__rstore_request base;
    zks__rstore_group *group;
    const zks__rstore_device *devices;
    size_t count;
    /* All current members (at least two) have acknowledged so far, 0: nobody knows. What lies at
     * or below it for the configured time, and still does then, is deleted. */
    uint64_t floor;
} zks__rstore_acks;

/* Deletes the device's own blobs. */
typedef struct zks__rstore_delete {
    zks__rstore_request base;
    zks__rstore_group *group;
    uint8_t device[ZKS_DEVICE_ID_BYTES];
    const zks__wire_id *ids;
    size_t count;
    size_t deleted; /* result */
    size_t foreign; /* result: pushed by another device, left alone; the rest was not there */
} zks__rstore_delete;

/* Removes what is due now instead of in the background. For tests and operators. */
typedef struct zks__rstore_sweep {
    zks__rstore_request base;
    uint64_t deleted; /* result */
} zks__rstore_sweep;

/* What a device finds when it comes. */
typedef struct zks__rstore_survey {
    zks__rstore_request base;
    zks__rstore_group *group;
    uint8_t device[ZKS_DEVICE_ID_BYTES];
    uint64_t after;
    uint8_t own_last[ZKS_BLOB_ID_BYTES]; /* result: last blob from this device, zeros: none */
    /* result: behind `after`; counted up to ZKS_RSTORE_SURVEY_MAX */
    uint64_t count, bytes;
    uint64_t head; /* result */
} zks__rstore_survey;

enum { ZKS_RSTORE_SURVEY_MAX = 100000 };

/* The next blobs of a group in order. */
typedef struct zks__rstore_read {
    zks__rstore_request base;
    zks__rstore_group *group;
    uint64_t after;
    uint32_t max_bytes; /* one blob is given whatever its size */
    uint32_t max_count;
    bool skip; /* leave out what `device` pushed */
    uint8_t device[ZKS_DEVICE_ID_BYTES];
    /* result: the bytes of items; NULL: none; the caller's to release */
    zks__buf *backing;
    zks__blob_item *items; /* result; zks__free */
    size_t count;
    /* result: all up to here is given or left out, >= after unless after lies beyond the head */
    uint64_t contiguous;
    bool end;       /* result: contiguous was the head */
    size_t damaged; /* result: rows that were left out because they are not what was stored */
} zks__rstore_read;

/* Gives a group back; no request for it may follow. */
typedef struct zks__rstore_leave {
    zks__rstore_request base;
    zks__rstore_group *group;
} zks__rstore_leave;

typedef struct zks__rstore_events {
    /* After the completions of one wake-up. */
    void (*settled)(void *user);
    /* Blobs came into an open group past this store object, up to head: an engine shared by
     * several relays raises it. A store of one process never does. */
    void (*appended)(const uint8_t group_id[ZKS_GROUP_ID_BYTES], uint64_t head, void *user);
} zks__rstore_events;

struct zks__rstore_ops {
    void (*submit)(zks__rstore *s, zks__rstore_request *r);
    void (*close)(zks__rstore *s, void (*closed)(void *user), void *user);
};

/* Implementations embed this first. */
struct zks__rstore {
    const struct zks__rstore_ops *ops;
    /* random, made with the store, changed by a restore */
    uint8_t incarnation[ZKS_INCARNATION_BYTES];
    zks__rstore_events events;
    void *user;
};

/* `done` follows at a later loop turn, in any case. */
static inline void zks__rstore_submit(zks__rstore *s, zks__rstore_request *r)
{
    s->ops->submit(s, r);
}

/* Completes what was submitted, then closed(user); memory is free when that returns. */
static inline void zks__rstore_close(zks__rstore *s, void (*closed)(void *user), void *user)
{
    s->ops->close(s, closed, user);
}

#endif
