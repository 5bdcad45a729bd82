/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The glue between the contract (abi/) and the engine: runtimes and their threads, clients,
 * operations, events, dispatch queues. The opaque types of zks.h are defined in this module; abi/
 * checks arguments, handles, threads and forks, and calls one function here for each public one.
 * What a function does stands in zks.h; here only what differs.
 *
 * Any thread unless it says otherwise. No function blocks but zks__runtime_close and zks__op_wait.
 */
#ifndef ZKS_CLIENT_CLIENT_H
#define ZKS_CLIENT_CLIENT_H

#include "base/fork.h"
#include "base/log.h"
#include "base/status.h"

#include <stdatomic.h>
#include <stdbool.h>

/* The first member of every object behind a public handle; guard.c reads it. */
enum {
    ZKS_HANDLE_RUNTIME = 0x5a4b0001,
    ZKS_HANDLE_QUEUE = 0x5a4b0002,
    ZKS_HANDLE_CONFIG = 0x5a4b0003,
    ZKS_HANDLE_CLIENT = 0x5a4b0004,
    ZKS_HANDLE_OP = 0x5a4b0005,
    ZKS_HANDLE_EVENT = 0x5a4b0006,
    ZKS_HANDLE_BATCH = 0x5a4b0007,
    ZKS_HANDLE_INVITE = 0x5a4b0008,
    ZKS_HANDLE_DEVICES = 0x5a4b0009,
    ZKS_HANDLE_REPORT = 0x5a4b000a,
    ZKS_HANDLE_RELAY = 0x5a4b000b,
    ZKS_HANDLE_DEAD = 0x5a4bdead /* freed, while somebody inside still holds it */
};
typedef struct zks__handle {
    _Atomic uint32_t magic;   /* ZKS_HANDLE_* */
    uint32_t fork_generation; /* of zks__fork_generation when it was made */
} zks__handle;

void zks__handle_init(zks__handle *h, uint32_t magic);

/* What a client is opened with: filled by zks_config's setters (abi/api_config.c), copied by open.
 */
enum { ZKS_CLIENT_RELAYS_MAX = 16, ZKS_CLIENT_PASSPHRASE_MAX_BYTES = 1024 };

/* What of them is secret; in secret memory at the configuration's, and at the client's only until
 * it is open. */
typedef struct zks__client_secrets {
    bool has_secret; /* of the group */
    uint8_t secret[32];
    size_t passphrase_length; /* of the group; 0: none */
    char passphrase[ZKS_CLIENT_PASSPHRASE_MAX_BYTES];
    bool has_store_key;
    uint8_t store_key[32];
    size_t store_passphrase_length; /* 0: none */
    char store_passphrase[ZKS_CLIENT_PASSPHRASE_MAX_BYTES];
} zks__client_secrets;

/* How a client comes to its group. */
typedef enum zks__origin {
    ZKS_ORIGIN_STORE,  /* the store's group, or the shared one of the secret or passphrase */
    ZKS_ORIGIN_CREATE, /* a new paired group */
    ZKS_ORIGIN_JOIN,   /* another device lets this one in */
    ZKS_ORIGIN_RESTORE /* by the recovery code */
} zks__origin;
typedef struct zks__beginning {
    zks__origin origin;
    bool no_recovery; /* CREATE: no recovery code is made */
    const char *text; /* JOIN: the code or link; RESTORE: words; borrowed during the call */
    size_t text_length;
} zks__beginning;

typedef struct zks__client_options {
    zks__beginning beginning;
    char *store_path;                   /* NULL: in memory */
    char *device_name;                  /* UTF-8; NULL: none */
    const zks__client_secrets *secrets; /* NULL: none */
    zks_store_key_fn store_key_fn;      /* NULL: none */
    void *store_key_user;
    zks_free_fn store_key_user_free; /* once, when the opening has ended */
    uint8_t *salt; /* salt bytes, or the text of a descriptor: src/client/secret.h */
    size_t salt_length;
    uint8_t suite; /* of a group that is made or joined; 0: the descriptor's or the default */
    char *relays[ZKS_CLIENT_RELAYS_MAX]; /* in order of preference; judged at connect */
    size_t relay_count;
    uint32_t ttl_s;              /* of pushes; 0: the relay's maximum */
    uint64_t inbox_max_bytes;    /* unread bytes at which the relay is asked to wait; 0: 256 MiB */
    uint64_t keep_bytes;         /* settled and read payloads kept in the store; 0: 256 MiB */
    uint64_t queue_max_bytes;    /* pushed bytes on their way into the store at which push answers
                                    LIMIT; 0: 64 MiB */
    uint32_t connect_timeout_ms; /* one attempt; 0: 10,000 */
    uint32_t rotate_s; /* age of the group's keys at which they are made anew; 0: 30 days */
    zks_queue *queue;
    zks_event_fn event;
    void *event_user;
    zks_free_fn event_user_free;
} zks__client_options;

/* --- runtime --- */
ZKS_MUST_USE zks_status zks__runtime_new(zks_runtime **out_runtime);
ZKS_MUST_USE zks_status zks__runtime_set_log(zks_runtime *r, int32_t level, zks_log_fn fn,
                                             void *user, zks_free_fn user_free);
/* ZKS_E_TIMEOUT: still closing; call again or free. After ZKS_OK only free is allowed. */
ZKS_MUST_USE zks_status zks__runtime_close(zks_runtime *r, uint32_t timeout_ms);
void zks__runtime_free(zks_runtime *r);
/* Where the runtime's parts log to; valid as long as the runtime is referenced. Any thread. */
const zks__log *zks__runtime_log(const zks_runtime *r);
/* Whether the calling thread is inside a callback of this runtime's loop thread or of one of its
 * queues. */
bool zks__runtime_in_callback(const zks_runtime *r);
/* Whether closing has begun: nothing new is to be started. */
bool zks__runtime_is_closing(const zks_runtime *r);
/* References to the structure, for what outlives the app's handle. */
void zks__runtime_ref(zks_runtime *r);
void zks__runtime_unref(zks_runtime *r);

/* --- queue --- */
ZKS_MUST_USE zks_status zks__queue_new(zks_runtime *r, zks_wake_fn wake, void *user,
                                       zks_free_fn user_free, zks_queue **out_queue);
int32_t zks__queue_fd(const zks_queue *q);
ZKS_MUST_USE zks_status zks__queue_dispatch(zks_queue *q, uint32_t max, uint32_t *out_count);
void zks__queue_free(zks_queue *q);
zks_runtime *zks__queue_runtime(const zks_queue *q);

/* --- client --- */
/* options are copied. */
ZKS_MUST_USE zks_status zks__client_open(zks_runtime *r, const zks__client_options *options,
                                         zks_done_fn done, void *user, zks_op **out_op,
                                         zks_client **out_client);
ZKS_MUST_USE zks_status zks__client_connect(zks_client *c, zks_done_fn done, void *user,
                                            zks_op **out_op);
ZKS_MUST_USE zks_status zks__client_disconnect(zks_client *c, zks_done_fn done, void *user,
                                               zks_op **out_op);
ZKS_MUST_USE zks_status zks__client_network_changed(zks_client *c);
ZKS_MUST_USE zks_status zks__client_trust_relay(zks_client *c, const char *address,
                                                const uint8_t key[32]);
ZKS_MUST_USE zks_status zks__client_flush(zks_client *c, uint32_t timeout_ms, zks_done_fn done,
                                          void *user, zks_op **out_op);
ZKS_MUST_USE zks_status zks__client_wait_synced(zks_client *c, zks_done_fn done, void *user,
                                                zks_op **out_op);
/* kind: ZKS_STORE_KEY_*; judged by the caller. */
ZKS_MUST_USE zks_status zks__client_change_store_key(zks_client *c, int32_t kind,
                                                     const uint8_t *bytes, size_t length,
                                                     zks_done_fn done, void *user, zks_op **out_op);
ZKS_MUST_USE zks_status zks__client_close(zks_client *c, zks_done_fn done, void *user,
                                          zks_op **out_op);
/* Close without waiting, and the end of the caller's handle. */
void zks__client_free(zks_client *c);
/* The same call serves push (count 1) and push_many: data holds the payloads one after the other.
 */
ZKS_MUST_USE zks_status zks__client_push(zks_client *c, const uint8_t *data, const size_t *lengths,
                                         size_t count, uint32_t flags, zks_done_fn done, void *user,
                                         zks_op **out_op);
ZKS_MUST_USE zks_status zks__inbox_read(zks_client *c, uint64_t after_seq, uint32_t max_count,
                                        uint32_t max_bytes, uint32_t flags, zks_done_fn done,
                                        void *user, zks_op **out_op);
ZKS_MUST_USE zks_status zks__inbox_ack(zks_client *c, uint64_t up_to_seq, zks_done_fn done,
                                       void *user, zks_op **out_op);
uint64_t zks__inbox_acked(const zks_client *c);

/* kind, rights, life_s: judged by the caller. ZKS_E_STATE: nobody would see the code. */
ZKS_MUST_USE zks_status zks__client_pair_begin(zks_client *c, int32_t kind, uint8_t rights,
                                               uint32_t life_s, zks_done_fn done, void *user,
                                               zks_op **out_op);
/* With a code that the app has chosen, and may show before there is a connection. */
ZKS_MUST_USE zks_status zks__client_pair_begin_code(zks_client *c, const char *text, size_t length,
                                                    uint8_t rights, uint32_t life_s,
                                                    zks_done_fn done, void *user, zks_op **out_op);
ZKS_MUST_USE zks_status zks__client_pair_code_new(char out_code[ZKS_SIZE_PAIR_CODE]);
ZKS_MUST_USE zks_status zks__client_pair_answer(zks_client *c, bool accept);

/* --- membership --- */
/* device: ZKS_DEVICE_ID_BYTES; reason: ZKS_REVOKE_*, judged by the caller; words NULL: no recovery
 * code. */
ZKS_MUST_USE zks_status zks__client_device_revoke(zks_client *c, const uint8_t *device,
                                                  uint8_t reason, const char *words, size_t length,
                                                  zks_done_fn done, void *user, zks_op **out_op);
ZKS_MUST_USE zks_status zks__client_group_rotate(zks_client *c, zks_done_fn done, void *user,
                                                 zks_op **out_op);
ZKS_MUST_USE zks_status zks__client_group_leave(zks_client *c, zks_done_fn done, void *user,
                                                zks_op **out_op);

/* --- batch --- */
size_t zks__batch_count(const zks_batch *b);
const uint8_t *zks__batch_data(const zks_batch *b, size_t *out_length);
const uint64_t *zks__batch_offsets(const zks_batch *b);
const uint64_t *zks__batch_seqs(const zks_batch *b);
const int64_t *zks__batch_times_ms(const zks_batch *b);
const uint8_t *zks__batch_ids(const zks_batch *b);
const uint8_t *zks__batch_senders(const zks_batch *b);
const uint64_t *zks__batch_numbers(
    const zks_batch *b); /* the sender's own number of each entry: its seq in the chain */
const uint32_t *zks__batch_flags(
    const zks_batch *b); /* ZKS_ITEM_OWN, ZKS_ITEM_LATE, ZKS_ITEM_FORK */
void zks__batch_free(zks_batch *b);

/* --- op --- */
ZKS_MUST_USE zks_status zks__op_wait(zks_op *op, uint32_t timeout_ms);
zks_status zks__op_status(const zks_op *op);
const char *zks__op_text(const zks_op *op);
int64_t zks__op_number(const zks_op *op, int32_t field); /* ZKS_OP_* */
const uint8_t *zks__op_bytes(const zks_op *op, int32_t field, size_t *out_length);
ZKS_MUST_USE zks_status zks__op_take_batch(zks_op *op, zks_batch **out_batch);
void zks__op_cancel(zks_op *op);
void zks__op_free(zks_op *op);
/* Whether the calling thread is inside a callback of the runtime of this op; false when that
 * runtime is gone. */
bool zks__op_in_callback(const zks_op *op);

/* --- event: fields as ZKS_EVENT_FIELD_* --- */
int32_t zks__event_kind(const zks_event *e);
zks_status zks__event_status(const zks_event *e);
const char *zks__event_text(const zks_event *e, int32_t field);
int64_t zks__event_number(const zks_event *e, int32_t field);
const uint8_t *zks__event_bytes(const zks_event *e, int32_t field, size_t *out_length);

/* --- shared invite, devices, report --- */
/* The group secret, descriptor and suite behind a client of a shared group. ZKS_E_STATE: not opened
 * yet; ZKS_E_UNSUPPORTED: a paired group, which has no such secret. */
ZKS_MUST_USE zks_status zks__client_shared_secret(zks_client *c, uint8_t out_secret[32],
                                                  char out_descriptor[160], uint8_t *out_suite);
ZKS_MUST_USE zks_status zks__devices_get(zks_client *c, zks_devices **out_devices);
size_t zks__devices_count(const zks_devices *d);
const uint8_t *zks__devices_id(const zks_devices *d, size_t i);
const uint8_t *zks__devices_inviter(const zks_devices *d, size_t i);
const char *zks__devices_name(const zks_devices *d, size_t i);
int64_t zks__devices_number(const zks_devices *d, size_t i, int32_t field);
void zks__devices_free(zks_devices *d);
ZKS_MUST_USE zks_status zks__report_get(zks_client *c, zks_report **out_report);
int64_t zks__report_number(const zks_report *p, int32_t field);
const char *zks__report_text(const zks_report *p, int32_t field);
const uint8_t *zks__report_bytes(const zks_report *p, int32_t field,
                                 size_t *out_length); /* group id, device id */
int64_t zks__report_relay_number(const zks_report *p, size_t i, int32_t field);
const char *zks__report_relay_text(const zks_report *p, size_t i, int32_t field);
void zks__report_free(zks_report *p);

/* --- an operation for abi/'s embedded relay: made pending, completed from any thread, callbacks as
 * always --- */
ZKS_MUST_USE zks_status zks__op_new(zks_runtime *r, zks_queue *queue, zks_done_fn done, void *user,
                                    zks_op **out_op);
/* text may be NULL; copied. The first completion counts. Drops the engine's reference. */
void zks__op_complete(zks_op *op, zks_status status, const char *text);

#endif
