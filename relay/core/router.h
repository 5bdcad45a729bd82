/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The relay's inside: the groups in memory and their online sessions (here called peers). Private
 * to relay/core. Everything runs on the loop thread.
 *
 * A push goes: peer (push.c: limits, envelope, name) -> store, together with what other peers push
 * -> completion: its group remembers the new blobs -> `settled`: each group delivers to its peers
 * (deliver.c), each pusher gets one PUSH_ACK for all its pushes of that wake-up. The message's own
 * buffer is kept until then and delivered from.
 */
#ifndef ZKS_RELAY_CORE_ROUTER_H
#define ZKS_RELAY_CORE_ROUTER_H

#include "base/env.h"
#include "base/map.h"
#include "record/envelope.h"
#include "record/set.h"
#include "relay/core/config.h"
#include "relay/core/limits.h"
#include "relay/core/store.h"
#include "session/session.h"

#include <uv.h>

typedef struct zks__router zks__router;
typedef struct zks__rgroup zks__rgroup;
typedef struct zks__peer zks__peer;
typedef struct zks__push_op zks__push_op;
typedef struct zks__mailbox zks__mailbox;
typedef struct zks__mailboxes zks__mailboxes;

struct zks__router {
    const zks__relay_config *config;
    const zks__log *log;
    zks__clock clock;
    zks__rng rng;
    uint8_t key[ZKS_LINK_KEY_BYTES];              /* the relay's public key */
    zks__session_keys keys[ZKS_RELAY_SUITES_MAX]; /* one for each suite of this build; secret */
    size_t key_count;
    zks__rstore *store; /* set after zks__router_start; NULL after it is closed */
    uv_timer_t timer;
    bool stopping;
    void (*emptied)(void *user); /* while stopping: no peer is left */
    void *user;

    zks__map *groups; /* by id; zks__rgroup */
    zks__list idle;   /* groups without peers, least recently used first */
    size_t idle_count;
    uint64_t group_tat_ns; /* rate of new groups, see zks__rate_take */

    zks__list peers;
    size_t peer_count;
    zks__list greeting;  /* no HELLO yet, maybe no handshake; in order of their deadlines */
    zks__list refused;   /* to be answered UNAUTHORIZED; in order of their deadlines */
    zks__list lagging;   /* live, and `told` is behind `position` */
    zks__list stalled;   /* paused for all sessions' bytes */
    zks__list unsettled; /* peers with finished pushes */
    zks__list fresh;     /* groups with blobs to deliver */
    zks__list dirty;     /* groups with acknowledgements to write */
    uint64_t lag_due_ns, acks_due_ns;
    zks__mailboxes *mailboxes; /* mailbox.h */
    size_t inflight;           /* bytes waiting for the disk */
    zks__blob_item *scratch;   /* items of one BLOBS */
};

/* --- groups (groups.c) --- */

struct zks__rgroup {
    zks__router *router;
    zks__node idle, fresh, dirty; /* in the router's lists */
    uint8_t id[ZKS_GROUP_ID_BYTES];
    zks__rstore_group *handle; /* NULL: not open, or not made yet */
    bool loading;              /* OPEN is under way */
    bool loaded;               /* the set holds what the store has, maybe nothing */
    bool saving;               /* records are being written */
    bool condemned;            /* loading failed: goes with its last user */
    unsigned busy;             /* requests under way */
    zks__records *set;
    size_t stored;     /* records of the set that are durable, in its order */
    uint64_t enforced; /* generation of the set whose consequences for sessions were drawn */
    zks__list peers;
    size_t peer_count;
    zks__list waiting; /* peers that wait for loading or saving */
    uint64_t head;
    zks__rstore_device *devices; /* sorted by device */
    size_t device_count, device_size;
    /* committed, to be delivered when settled; they point into push operations */
    zks__blob_item *blobs;
    size_t blob_count, blob_size;
};

/* The group of this id, loaded or about to be. NULL: no memory. */
zks__rgroup *zks__rgroup_get(zks__router *r, const uint8_t id[ZKS_GROUP_ID_BYTES]);
/* Called whenever a user of it went: keeps it for a while or lets it go. */
void zks__rgroup_released(zks__rgroup *g);
/* Writes what is not durable yet of the set; peers in `waiting` hear of it by
 * zks__peer_group_ready. */
ZKS_MUST_USE zks_status zks__rgroup_save(zks__rgroup *g);
/* The device's state, made when it is new. NULL: no memory. */
zks__rstore_device *zks__rgroup_device(zks__rgroup *g, const uint8_t device[ZKS_DEVICE_ID_BYTES]);
/* Its acknowledgements changed: they are written at the next tick. */
void zks__rgroup_dirty(zks__rgroup *g);
void zks__rgroup_write_acks(zks__rgroup *g);
/* Out of memory, and out of the store's. */
void zks__rgroup_let_go(zks__rgroup *g);
void zks__rgroup_free(zks__rgroup *g);

/* --- peers (peer.c) --- */

typedef enum zks__peer_state {
    ZKS_PEER_GREETING, /* waits for the handshake and HELLO */
    ZKS_PEER_JOINING,  /* waits for its group: loading, saving, survey */
    ZKS_PEER_REFUSED,  /* waits for its refusal */
    ZKS_PEER_ONLINE,
    ZKS_PEER_PUTTING, /* online; its RECORDS are being written */
    ZKS_PEER_ISSUING, /* online; its fresh EPOCH waits until others' records are written */
    ZKS_PEER_PAIRING, /* no HELLO: a joining device that has a mailbox */
    ZKS_PEER_ENDING   /* the session is closing or closed */
} zks__peer_state;

enum {
    ZKS_PAUSE_JOINING = 1,
    ZKS_PAUSE_PUTTING = 2,
    ZKS_PAUSE_OWN_BYTES = 4,
    ZKS_PAUSE_ALL_BYTES = 8,
    ZKS_PAUSE_STOPPING = 16,
    ZKS_PAUSE_RECORDS = 32 /* records for it are on their way */
};

typedef struct zks__wish {
    uint64_t after;
    uint32_t max_bytes, max_count;
    bool own;
} zks__wish;

/* Durable records of a group, by their places in its set; those from `next` on are still to be
 * done. */
typedef struct zks__places {
    uint32_t *items;
    size_t count, next;
} zks__places;

struct zks__peer {
    zks__node node;     /* router.peers */
    zks__node waiting;  /* greeting, refused, or group.waiting */
    zks__node in_group; /* group.peers */
    zks__node lagging, stalled, unsettled;
    zks__router *router;
    zks__session *session; /* NULL after closed */
    zks__rgroup *group;
    uint8_t state;
    uint8_t mode;     /* ZKS_MODE_* */
    uint32_t refusal; /* code of the refusal that it waits for */
    uint8_t pauses;
    bool live;     /* at the head: blobs go out as they are committed */
    bool own;      /* also what it pushed itself */
    bool notified; /* NOTIFY went out, or the device knows that there is more */
    bool reading;  /* a READ is under way */
    uint8_t wish_count;
    uint8_t mistakes;
    unsigned busy; /* store requests under way; the peer outlives them */
    uint64_t deadline_ns;
    uint64_t position;                   /* live: all up to here is sent or left out */
    uint64_t told;                       /* contiguous, as last sent */
    uint64_t sent_bytes, consumed_bytes; /* of blobs */
    uint64_t push_tat_ns, pull_tat_ns;
    size_t inflight;    /* bytes of pushes that wait for the disk */
    zks__list finished; /* zks__push_op */
    zks__wish wishes[ZKS_RELAY_PULLS_WAITING];
    zks__places due;                         /* records that follow as the session drains */
    zks__list mailboxes;                     /* of an inviter */
    zks__mailbox *mailbox;                   /* that a joiner has */
    uint8_t address[ZKS_LINK_SUBJECT_BYTES]; /* zks__link_subject */
    size_t address_length;
    zks__buf *held;        /* backing of the HELLO or RECORDS being worked on */
    zks__message *holding; /* that message */
};

/* A new session from outside. */
ZKS_MUST_USE zks_status zks__peer_new(zks__router *r, zks__link *link, zks__link_events *out_events,
                                      void **out_user);
static inline const uint8_t *zks__peer_device(const zks__peer *p)
{
    return zks__session_peer_key(p->session);
}
/* Sends, and ends the session where that fails or the peer takes nothing. */
void zks__peer_send(zks__peer *p, const zks__message *m);
/* ERROR; too many of them end the session. */
void zks__peer_error(zks__peer *p, uint32_t code, uint8_t about, uint32_t retry_ms,
                     const char *text);
/* ERROR, then the end. To a peer that is not proven yet (no message came) nothing is sent: the
 * link's close code says it (ZKS_WIRE_OK: nothing does); zks__peer_bye alike. */
void zks__peer_end(zks__peer *p, uint32_t code, uint8_t about, uint32_t retry_ms, const char *text);
void zks__peer_bye(zks__peer *p, uint32_t code, uint32_t retry_ms, const char *text);
void zks__peer_pause(zks__peer *p, unsigned why);
/* Messages may be raised inside. */
void zks__peer_resume(zks__peer *p, unsigned why);
/* A request of it is done; frees the peer when it was the last and the session is gone. false:
 * it is gone or ending. */
bool zks__peer_unbusy(zks__peer *p);
/* The retry-after of a refusal. ms */
uint32_t zks__retry_of(uint32_t code);

/* --- HELLO (hello.c) --- */
void zks__peer_hello(zks__peer *p, const zks__message *m, zks__buf *backing);
/* The group that it waits for is loaded or its records are written, or that failed. */
void zks__peer_group_ready(zks__peer *p, zks_status status);
/* UNAUTHORIZED after the time that all refusals take. */
void zks__peer_refuse(zks__peer *p, const char *why);

/* --- RECORDS (records.c) --- */
void zks__peer_records(zks__peer *p, const zks__message *m, zks__buf *backing);
void zks__peer_records_stored(zks__peer *p, zks_status status);
/* Tells the operator that a group's records have no room here. */
void zks__rgroup_full(const zks__rgroup *g);
/* Ends the sessions of devices that are members no more. */
void zks__rgroup_enforce(zks__rgroup *g);

/* --- records on their way to devices (records_out.c) --- */
/* Records [first, last) of the group to its online peers. */
void zks__rgroup_announce(zks__rgroup *g, size_t first, size_t last);
/* Durable records [first, last) that are not among those of `skip` (may be NULL). ZKS_E_NOMEM. */
ZKS_MUST_USE zks_status zks__rgroup_lacking(const zks__rgroup *g, const zks__wire_list *skip,
                                            size_t first, size_t last, zks__places *out);
/* Those with these hashes. ZKS_E_NOMEM. */
ZKS_MUST_USE zks_status zks__rgroup_wanted(const zks__rgroup *g, zks__wire_list wanted,
                                           zks__places *out);
void zks__places_done(zks__places *places);
/* Takes what fits into `bytes`, at least one and at most ZKS_RECORDS_PER_MESSAGE_MAX; returns how
 * many. */
size_t zks__rgroup_pick(const zks__rgroup *g, zks__places *from, size_t bytes, zks__slice *out);
/* How many RECORDS zks__peer_send_places makes of them; none of them changes when more is appended
 * but the last one. */
uint32_t zks__rgroup_messages(const zks__rgroup *g, zks__places from);
/* Sends them in RECORDS, behind those that are due already; takes them over. What does not fit into
 * the session's queue follows as it drains, and the session is paused until then. */
void zks__peer_send_places(zks__peer *p, zks__places *places);
/* The session has drained. Messages may be raised inside. */
void zks__peer_send_due(zks__peer *p);
/* One RECORDS with the durable epochs of the chain behind the one with this tag, as many as it
 * holds; only the tip when it is not in the chain. */
void zks__peer_send_chain(zks__peer *p, const uint8_t tag[ZKS_EPOCH_TAG_BYTES]);
/* The answer to a put: the hashes of those that are here. */
void zks__peer_send_receipt(zks__peer *p, zks__wire_list records);

/* --- PUSH, DELETE (push.c) --- */
void zks__peer_push(zks__peer *p, const zks__message *m, zks__buf *backing);
void zks__peer_push_acks(zks__peer *p);
void zks__peer_delete(zks__peer *p, const zks__message *m);

/* --- PULL, ACK, live delivery (deliver.c) --- */
void zks__peer_pull(zks__peer *p, const zks__pull *m);
void zks__peer_ack(zks__peer *p, const zks__ack *m);
void zks__peer_next_wish(zks__peer *p);
void zks__rgroup_deliver(zks__rgroup *g);
/* Tells a device that only sends how far it is. */
void zks__peer_tell(zks__peer *p);

/* --- the router itself (router.c) --- */

/* ZKS_E_NOMEM, ZKS_E_SYSTEM. */
ZKS_MUST_USE zks_status zks__router_init(zks__router *r, uv_loop_t *loop);
zks__rstore_events zks__router_store_events(void); /* with the router as user */
/* Before the first peer: the static keys of sessions, from the identity's seed. */
void zks__router_set_identity(zks__router *r, const uint8_t seed[ZKS_SIGN_SEED_BYTES]);
/* No more HELLOs and pushes; when what waits for the disk is done: BYE to all; `emptied`
 * follows. */
void zks__router_stop(zks__router *r, void (*emptied)(void *user), void *user);
/* Writes acknowledgements, before the store is closed. */
void zks__router_flush(zks__router *r);
/* Memory; the timer must be closed, the store too. */
void zks__router_done(zks__router *r);
/* There is something to be done later. */
void zks__router_arm(zks__router *r);
/* A peer's memory is gone, or an operation ended: stopping may go on. */
void zks__router_progress(zks__router *r);

static inline uint64_t zks__router_now_ns(const zks__router *r)
{
    return r->clock.monotonic_ns(r->clock.user);
}
static inline uint64_t zks__router_unix_ms(const zks__router *r)
{
    return (uint64_t)r->clock.unix_ms(r->clock.user);
}

#endif
