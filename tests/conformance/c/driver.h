/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The conformance driver in C: through zks.h alone. ../README.md says what each verb does and
 * prints; a verb is one function here, found in driver.c's table.
 *
 * One lock, as an interpreter has it: whoever runs a step holds it and lets go while it waits
 * (task_wait, log_take, task_pause), so that background steps need no locks of their own. Only the
 * event logs, which the engine's thread writes, have another one (events.c).
 */
#ifndef ZKS_TESTS_CONFORMANCE_DRIVER_H
#define ZKS_TESTS_CONFORMANCE_DRIVER_H

#include <jansson.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <zks/zks.h>

enum {
    NAME_SIZE = 64,
    BYTES_MAX = 64, /* of a secret, salt or key in a step */
    LATE = 1        /* beside the negative statuses: the driver's own deadline passed */
};

/* --- steps and how they wait (task.c) --- */

typedef struct device device;

/* A step under way: the driver's own, or one in the background. */
typedef struct task {
    char name[NAME_SIZE]; /* of a background step */
    json_t *step;         /* ["verb", "A", ...] */
    const char *verb, *who;
    device *d;  /* named `who`; NULL: there is none */
    FILE *out;  /* what it prints, kept until its end */
    char *text; /* of `out` */
    size_t length;
    zks_op *op;   /* that it waits for */
    bool reached; /* it waits or has waited: the library was called */
    bool ended, cancelled;
    pthread_t thread;
    struct task *next;
} task;

void lock(void);
void unlock(void);
uint32_t patience_ms(void);
/* A deadline of patience_ms() from now, for pthread_cond_timedwait. */
struct timespec patience_end(void);

/* Does a step; its lines are printed by task_flush. */
void task_init(task *t, json_t *step);
void task_flush(task *t);
/* A line "  A verb"; what follows is printf's. */
void say(task *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* "! NAME class". */
void fail(task *t, zks_status status);
/* One or the other. */
void said(task *t, zks_status status);
/* Waits for an operation, at most patience_ms(); its status, or LATE. Frees nothing. */
zks_status task_wait(task *t, zks_op *op);
/* The same for the usual shape: started says whether there is an operation; frees it. */
zks_status task_finish(task *t, zks_status started, zks_op *op);
/* Lets others run for a moment; false when that began patience_ms() before. */
bool task_pause(task *t, unsigned *rounds);
/* At the end of a case: cancels and forgets what runs in the background. */
void tasks_end(void);
/* Runs the verb of a step on the calling thread, with the lock held (driver.c). */
void task_run(task *t);

/* --- values of steps (values.c) --- */

typedef struct payload {
    uint8_t *data; /* owned */
    size_t length;
} payload;

/* Ends the program: cases.json is broken. */
void broken(const char *what, const json_t *value) __attribute__((noreturn));
/* Step element i; NULL: absent. */
const json_t *arg(const task *t, size_t i);
/* A member of the object at the step's end; NULL: absent. */
const json_t *option(const task *t, const char *key);
bool option_true(const task *t, const char *key);
const char *text_arg(const task *t, size_t i);
int64_t int_arg(const task *t, size_t i);
/* A text with its references followed; owned. */
char *text_of(const json_t *value);
/* Bytes, at most BYTES_MAX; size: of random ones for a variable without a value. */
size_t bytes_of(const json_t *value, size_t size, uint8_t out[BYTES_MAX]);
payload payload_of(const json_t *value);
/* A payload as the transcript shows it; owned. */
char *payload_shown(const uint8_t *data, size_t length);
uint32_t fnv1a(const uint8_t *data, size_t length);

void variable_set(const char *name, const char *value);
const char *variable(const char *name);
void variables_forget(void);
void hex_of(const uint8_t *bytes, size_t length, char *out);
size_t bytes_of_hex(const char *hex, uint8_t *out, size_t size);

/* --- devices, and the names of ids (names.c) --- */

typedef struct log log;

struct device {
    char name[NAME_SIZE];
    zks_client *client;
    log *events;       /* of the client */
    uint64_t position; /* read up to here */
    zks_op *pairing;
    struct device *next;
};

extern zks_runtime *runtime;
extern char folder[4096];   /* of the case, with a slash at its end */
extern char case_suite[16]; /* "default", "approved" */
extern const char *fixture; /* address of the relay of the command line */

device *device_find(const char *name);
device *device_get(const char *name); /* made where there is none */
/* Binds a device id to a name; true: it was bound to it before. */
bool id_bind(const uint8_t *id, const char *name);
/* "?" where it has none. */
const char *id_name(const uint8_t *id);
/* NULL where the name has none; "nobody" has one that is no device's. */
const uint8_t *id_of(const char *name);
/* The same for blobs, by names as "A#1". */
void blob_bind(const char *name, const uint8_t *id);
const uint8_t *blob_of(const char *name);
/* Remembers the blob id of sender#number; false: it was seen with another one. */
bool blob_seen(const char *sender, uint64_t number, const uint8_t *id);
/* Closes all clients of the case and forgets all names. */
void devices_end(void);
/* Where a name stands for a client that was never opened: that step is broken. */
zks_client *client_of(const task *t);

/* --- events (events.c) --- */

typedef struct logged {
    int32_t kind;
    zks_status status;
    int64_t number, state, count, digits;
    uint8_t device[ZKS_SIZE_DEVICE_ID], relay_key[ZKS_SIZE_RELAY_KEY];
    bool has_relay_key, taken;
    char text[4096]; /* a code or the name of a device */
    struct logged *next;
} logged;

/* What log_take waits for; zeros: anything of the kind. */
typedef struct wanted {
    int32_t kind;
    const uint8_t *device;
    int64_t state;     /* -1: any */
    const char *error; /* name of the status; NULL: any */
} wanted;

/* A log has two holders: the device and, once registered, the library (its user_free). */
log *log_new(void);
void log_hold(log *l);
void log_drop(void *l);
void on_event(zks_client *client, const zks_event *event, void *user);
/* A done callback for operations that are waited for together with events. */
void on_done(zks_op *op, void *user);
/*
 * Waits for an event and takes it, with all older ones of its kind: 0, LATE, or ZKS_E_CANCELLED.
 * With an operation also when that ends first: its status, or ZKS_E_STATE where it ended well.
 */
zks_status log_take(task *t, log *l, const wanted *what, const zks_op *op, logged *out);
bool log_relay_key(log *l, uint8_t out[ZKS_SIZE_RELAY_KEY]);
void events_wake(void);
const char *error_name(zks_status status);

/* --- embedded relays (relay.c) --- */

/* An address for a relay's text in a configuration: owned. */
char *relay_address(const json_t *value);
void relays_end(void);

/* --- verbs --- */

/* Every verb of ../README.md; case, get and set are of peers only. */
typedef void verb_fn(task *t);
verb_fn verb_ack, verb_answer, verb_await, verb_cancel, verb_cancel_pair, verb_case,
    verb_change_store_key, verb_close, verb_connect, verb_count, verb_create, verb_derive,
    verb_devices, verb_digits, verb_disconnect, verb_finish, verb_flush, verb_get, verb_invite,
    verb_iterate, verb_join, verb_leave, verb_network_changed, verb_open, verb_pair, verb_paired,
    verb_push, verb_push_many, verb_push_series, verb_read, verb_read_series, verb_relay,
    verb_relay_stop, verb_report, verb_restore, verb_revoke, verb_rotate, verb_set, verb_start,
    verb_sync, verb_trust;

#endif
