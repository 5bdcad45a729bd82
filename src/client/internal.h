/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The inside of a client. What is shared between threads is guarded by `mutex`; `ledger` belongs to
 * the storage thread; everything below the mark belongs to the loop thread.
 *
 * References: the app's handle, each pending op, each queued event and job, and the loop (until
 * CLOSED is delivered).
 */
#ifndef ZKS_CLIENT_INTERNAL_H
#define ZKS_CLIENT_INTERNAL_H

#include "client/address.h"
#include "client/dial.h"
#include "client/event.h"
#include "client/joining.h"
#include "client/ledger.h"
#include "client/op.h"
#include "client/queue.h"
#include "client/runtime.h"
#include "client/worker.h"
#include "session/session.h"
#include "sync/sync.h"

enum {
    ZKS_CACHE_MAX_BYTES =
        8 << 20, /* sealed entries kept in memory to be sent without reading them back */
    /* An idle client learns within this time that its relay was restarted; below what NATs allow.
     */
    ZKS_KEEP_ALIVE_MS = 10 * 1000,
    ZKS_TICK_MS = 60 * 1000, /* housekeeping: pruning, gaps that are due */
    ZKS_TICK_RETRY_MS = 1000,
    /* Received and not yet stored: the session pauses above, and goes on below the half. A relay
       that keeps to its credit stays far below. */
    ZKS_RECEIVED_MAX_BYTES = 16 << 20
};

typedef enum zks__life {
    ZKS_LIFE_OPENING, /* jobs wait until the open job is in the storage queue */
    ZKS_LIFE_OPEN,    /* submitted; the ledger may still be opening */
    ZKS_LIFE_CLOSING,
    ZKS_LIFE_CLOSED
} zks__life;

/* Own entries first..last took the places up to seq, without gaps. */
typedef struct zks__settled {
    uint64_t first, last, seq;
} zks__settled;

typedef struct zks__relay_stats {
    uint64_t cursor, acked_n, rtt_us;
    zks_status status;
    char *error;
} zks__relay_stats;

struct zks_client {
    zks__handle handle;
    atomic_uint count;
    zks_runtime *runtime;
    zks_queue *queue; /* may be NULL */
    zks__client_options options;
    zks_event_fn event;
    void *event_user;
    zks_free_fn event_user_free;
    _Atomic bool inbox_event_waits;
    _Atomic bool connected;
    _Atomic bool app_closed; /* zks_client_close has returned: everything answers ZKS_E_CLOSED */
    _Atomic uint64_t last_seq, watermark, last_n, queued_bytes;
    _Atomic uint64_t rejected_waiting; /* blobs that no REJECTED event has told yet */
    _Atomic bool pair_asked;           /* the app is to answer for a device that wants to join */

    pthread_mutex_t mutex; /* up to the mark */
    zks__life life;
    zks__list deferred; /* jobs before the open job */
    bool opened;
    zks_status open_status;
    char *open_text;
    zks__identity *identity; /* once opened; in the vault */
    zks__device_entry *devices;
    size_t device_count;
    uint32_t epoch; /* number of the one that is sealed for */
    uint64_t settled_n, pending_bytes, unread_count, unread_bytes, held;
    uint64_t alarms[ZKS_STORE_ALARMS]; /* ever raised, by kind */
    uint64_t sent, sent_bytes, received, received_bytes, duplicates, rejected, connects;
    zks__sync_state state;
    uint64_t retry_ms;
    size_t active_relay;
    zks__relay_stats relays[ZKS_CLIENT_RELAYS_MAX];

    zks__ledger *ledger; /* storage thread */

    /* loop thread */
    zks__node in_runtime;
    bool looped; /* in the runtime's list */
    zks__sync *sync;
    zks__address address;
    zks__dial *dial;       /* NULL: none under way */
    zks__joining *joining; /* not begun, or under way; NULL: none */
    zks__session *session;
    uint64_t handshake_due_ms; /* when the session must be ready; UINT64_MAX: it is */
    _Atomic uint32_t attempt;  /* jobs made on other threads carry it too */
    bool close_asked;
    bool stopping;  /* closing: nothing new is started */
    bool silent;    /* CLOSED has been told; with a queue: is in it */
    bool left;      /* the group: nothing that it sends is taken any more */
    bool restoring; /* the group's seed is to be forgotten when the records are here */
    bool pumping, pump_again;
    uint8_t incarnation[ZKS_INCARNATION_BYTES];
    zks_status link_status; /* why the link was ended by us; 0: by the other side */
    char link_text[256];
    zks__record_list records; /* for HELLO, and what carry.c sends behind it */
    uint8_t shown_key[32];
    zks__list connecting, flushing, syncing, acking, reading; /* ops */
    zks__list offers;                                         /* offer.c */
    zks__sealed *cache; /* a ring of cache_size, in order of n */
    size_t cache_size, cache_first, cache_count;
    uint64_t cache_bytes;
    struct zks__inviting *inviting; /* inviting.c; NULL: nobody is being let in */
    /* Digests of codes of the app's that somebody has tried or used; a ring. */
    uint8_t spent_codes[16][ZKS_HASH_BYTES];
    size_t spent_count;
    unsigned abandoned_opens;    /* of this session: answers to MAILBOX_OPEN that nobody wants */
    zks__list closing;           /* ops of zks_client_close */
    zks__settled settled;        /* the last places given to own entries */
    uint64_t taken, taken_bytes; /* acknowledged on this connection, not settled yet */
    uint64_t received_bytes_waiting;
    bool inbox_untold;   /* there was no memory for INBOX: told at the next tick */
    zks__notices untold; /* committed, and not an event yet: the same */
    struct {
        uint64_t count;
        zks_status status;
        uint8_t sender[ZKS_DEVICE_ID_BYTES];
    } rejected_untold;       /* the same */
    zks_status store_status; /* as told */
    struct zks__client_job
        *close_job;          /* what closing needs is made by the opening: it cannot fail */
    zks_event *closed_event; /* NULL: nobody listens */
    zks__task silent_task, user_free_task, free_task;
    uv_timer_t timer;
    bool timer_open;
    int64_t tick_unix_ms;
    uint64_t tick_ms;
    bool ticking, tick_again;
    uint32_t caught_up;               /* the last attempt that was, once */
    struct zks__membership *rotating; /* membership.c: an EPOCH that nobody asked for */
    uint64_t rotate_ms;               /* none before */
    zks__sync_state told_state;
    zks_status told_status;
};

/* --- client.c: life --- */
void zks__client_ref(zks_client *c);
void zks__client_unref(zks_client *c);
zks_client *zks__client_of_node(zks__node *n);
/* --- opening.c --- */
typedef struct zks__opening zks__opening;
/* Copies the secrets of the options into the vault. ZKS_E_NOMEM. */
ZKS_MUST_USE zks_status zks__opening_new(zks_client *c, const zks__client_options *options,
                                         zks__opening **out_opening);
/* Begins; op is completed when the client is open or failed to. false: the runtime is closing,
 * nothing was begun. Any thread. */
ZKS_MUST_USE bool zks__opening_start(zks__opening *o, zks_op *op);
/* Of an op that waits for the opening of a joining client. */
void zks__opening_cancel(zks_client *c, zks_op *op);
/* Instead of start. NULL is fine. */
void zks__opening_discard(zks__opening *o);

/* --- close.c --- */
/* Makes what closing needs. ZKS_E_NOMEM. */
ZKS_MUST_USE zks_status zks__client_prepare_close(zks_client *c);
/* Undoes it, for an opening that fails at once. */
void zks__client_unprepare_close(zks_client *c);
/* Loop thread; idempotent. */
void zks__client_begin_close(zks_client *c);
/* Queues a job behind the opening. ZKS_E_CLOSED: the client is closing; the job was not taken. Any
 * thread. */
ZKS_MUST_USE zks_status zks__client_submit(zks_client *c, zks__job *job);
/* The same for a job that completes an op: gives the job a reference to it and publishes it. When
 * refused the op is gone, *out_op untouched, and the job still the caller's. */
ZKS_MUST_USE zks_status zks__client_submit_op(zks_client *c, zks__job *job, zks_op *op,
                                              zks_op **out_op);
/* The status of a job's failure for the app: the failed opening's where there was one; *out_text is
 * its sentence or NULL. */
zks_status zks__client_job_status(zks_client *c, zks_status status, const char **out_text);

/* --- ops.c: waiting operations --- */
/* ZKS_E_CLOSED once the client is closing; the first line of what the app calls. */
ZKS_MUST_USE zks_status zks__client_refuse(zks_client *c);
/* Makes an op and a command that puts it on the loop thread. Of a client that is closing none is
 * taken, so that no callback can follow CLOSED. */
ZKS_MUST_USE zks_status zks__client_command(zks_client *c, void (*run)(zks_client *c, zks_op *op),
                                            uint32_t number, zks_done_fn done, void *user,
                                            zks_op **out_op);
/* The same for what nobody waits for: run gets no op. */
ZKS_MUST_USE zks_status zks__client_post(zks_client *c, void (*run)(zks_client *c, zks_op *op));
void zks__client_wait(zks__list *list, zks_op *op);
void zks__client_end_waiting(zks_client *c, zks__list *list, zks_status status, const char *text);
/* Looks at all waiting ops after something has changed. */
void zks__client_check_waiting(zks_client *c);
void zks__client_end_all(zks_client *c, zks_status status, const char *text);
/* Any thread. */
void zks__client_cancel(zks_client *c, zks_op *op);

/* --- connection.c --- */
/* Does what the sync machine asks for, until it has nothing to do; arms the timer. */
void zks__client_pump(zks_client *c);
void zks__client_link_ended(zks_client *c, zks_status status, const char *text,
                            uint32_t retry_after_ms);
/* Before there is a session. */
void zks__client_drop_dial(zks_client *c);
/* Ends the attempt from our side, for this reason. */
void zks__client_abort_link(zks_client *c, zks_status why, const char *text);
/* What the close code of a relay means; 0: the connection was lost. */
zks_status zks__client_refusal(uint64_t code);
/* A relay has accepted this device, and its session is there. Loop thread. */
bool zks__client_is_connected(const zks_client *c);
/* Sends over the session, which must be there. False: the attempt ends, nothing more is sent. */
bool zks__client_send(zks_client *c, const zks__message *m);

/* --- inviting.c: what a pairing of this client hears --- */
/* WELCOME is stored. */
void zks__inviting_connected(zks_client *c);
/* The session ended. */
void zks__inviting_lost(zks_client *c, zks_status status);
/* A MAILBOX_* message, or an ERROR about one. */
void zks__inviting_message(zks_client *c, const zks__message *m);
bool zks__inviting_is_about(const zks__error_message *m);
void zks__inviting_tick(zks_client *c);
/* When to tick; UINT64_MAX: never. */
uint64_t zks__inviting_next_ms(const zks_client *c);
/* The client is closing, and the session still there. */
void zks__inviting_end(zks_client *c);

/* --- opening.c --- */
/* Everything of the group that the relay has is here. */
void zks__client_restored(zks_client *c);

/* --- messages.c: what the relay says --- */
void zks__client_message(zks__session *s, const zks__message *m, zks__buf *backing, void *user);

/* --- blobs.c --- */
void zks__client_on_blobs(zks_client *c, const zks__message *m, zks__buf *backing);
/* Own entries up to last_n are stored: those that the engine wrote itself are to be sent, too. */
void zks__client_own_grew(zks_client *c, uint64_t last_n);
/* For the report. */
void zks__client_count_received(zks_client *c, const zks__received *r);
/* Takes what is to be told out of r, which is committed; also of a client that closes. What there
 * is no memory for is told soon, by zks__client_tell_untold. */
void zks__client_tell_notices(zks_client *c, zks__received *r);
void zks__client_tell_untold(zks_client *c);

/* --- progress.c --- */
void zks__client_load_relay(zks_client *c);
void zks__client_settle(zks_client *c, uint64_t n);
void zks__client_on_push_ack(zks_client *c, const zks__message *m);

/* --- housekeeping.c --- */
/* A job that reads or writes the store has ended so: tells the app when the store's state changes.
 */
void zks__client_store_state(zks_client *c, zks_status status);
void zks__client_tick(zks_client *c);
/* The next tick is now. */
void zks__client_tick_soon(zks_client *c);
/* The devices known, read again for zks_devices_get. Read by the job that changes them and shown
 * when it ends, so that whoever waited for that job finds them. */
typedef struct zks__device_list {
    zks__device_entry *entries; /* NULL: nothing was read */
    size_t count;
} zks__device_list;
/* Storage thread. Without memory the list stays empty, and the next tick reads it. */
void zks__client_read_devices(const zks_client *c, zks__device_list *out_list);
/* Loop thread: tells who came and who went, and keeps the list, which is empty then. */
void zks__client_show_devices(zks_client *c, zks__device_list *list);

/* --- carry.c --- */
/* Whether HELLO could not take all records that the relay may lack. */
bool zks__client_carries(const zks_client *c);
/* WELCOME is stored: the others follow. */
void zks__client_carry(zks_client *c);

/* --- records.c --- */
/* What records have changed that were taken by a storage job. */
typedef struct zks__records_news {
    zks__records_taken taken;
    zks__device_list devices;
} zks__records_news;
/* Storage thread. */
ZKS_MUST_USE zks_status zks__client_take_records(zks_client *c, zks__wire_list records,
                                                 zks__records_news *out);
/* Loop thread, in the finish of that job, whatever its status was; news is empty then. */
void zks__client_tell_records(zks_client *c, zks_status status, zks__records_news *news);

/* --- membership.c --- */
/* Loop thread: it is this device's turn to make an EPOCH. */
void zks__client_rotate_unasked(zks_client *c);

/* --- outbox.c --- */
void zks__client_fetch(zks_client *c, const zks__action *a);
void zks__client_forget_sent(zks_client *c, uint64_t settled_n);
void zks__client_cache_clear(zks_client *c);
void zks__client_cache_done(zks_client *c);
/* Another epoch is sealed for: what waits is read from the store again, which seals it anew. */
void zks__client_epoch_moved(zks_client *c);

/* --- inbox.c --- */
/* received: not only own entries have taken their places. Readers of own entries are woken in any
 * case, others and the INBOX event only by received ones. */
void zks__client_inbox_grew(zks_client *c, uint64_t last_seq, bool received);
void zks__client_tell_inbox(zks_client *c);

/* --- a job that carries one client --- */
typedef struct zks__client_job {
    zks__job job;
    zks_client *client; /* a reference */
    uint32_t attempt;
} zks__client_job;
/* Zeroed memory of `size` that begins with a zks__client_job. NULL: no memory. */
void *zks__client_job_new(zks_client *c, size_t size, zks__job_kind kind,
                          zks_status (*run)(zks__job *), void (*finish)(zks__job *));
/* Submits, or finishes with ZKS_E_CLOSED at once. Loop thread only. */
void zks__client_job_start(zks__client_job *j);
/* Drops the reference and the memory: the last line of finish. */
void zks__client_job_free(zks__client_job *j);
/* Whether the connection that the job worked for is still there. What the job has stored holds
 * without it, and the app must hear of it. */
bool zks__client_job_is_current(const zks__client_job *j);
/* A job of the current connection failed: it ends. */
void zks__client_store_failed(zks_client *c, zks_status status);

/* --- a job that carries a message --- */
typedef struct zks__message_job {
    zks__client_job base;
    zks__message message; /* its byte strings point into backing */
    zks__buf *backing;
    uint64_t bytes;
    bool carries;
    zks__relay_state state;
    zks__received received;
    zks__records_news news;
} zks__message_job;
/* NULL: no memory; the attempt ends. Too many that wait pause the session. */
zks__message_job *zks__message_job_new(zks_client *c, const zks__message *m, zks__buf *backing,
                                       zks_status (*run)(zks__job *), void (*finish)(zks__job *));
/* The last line of finish; lets the session go on. */
void zks__message_job_free(zks__message_job *j);

#endif
