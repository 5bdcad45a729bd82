/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * 0k-Sync: end-to-end encrypted sync for local-first apps. This is the only public header and its
 * manual.
 *
 * CONCEPTS
 * A *group* is a set of devices that share data; each device runs a *client*. What a client pushes
 * is an *entry*: up to 1 MiB of bytes that this library never looks into. Entries are sealed on the
 * device and go to the others through a *relay*, which routes and buffers what it cannot read. An
 * entry is first stored in the device's own *store* (a file; it works offline) and sent when a
 * relay can be reached. Received entries are verified, stored in the *inbox* and given strictly
 * increasing sequences; the app reads by sequence and acknowledges a *watermark* when it has kept
 * what it read. After a crash the entries above the watermark come again with the same sequences:
 * at least once, and exactly once for an app that stores the sequence in the same transaction as
 * the data. Order holds for each sending device.
 *
 * EXAMPLE (examples/hello.c is the whole of it)
 *     zks_runtime_new(&runtime);
 *     zks_config_new(&config);
 *     zks_config_set_secret(config, secret, ZKS_SIZE_SECRET);
 *     zks_config_set_text(config, ZKS_OPTION_STORE_PATH, "notes.zks");
 *     zks_config_add_relay(config, "relay.example.org");
 *     zks_client_open(runtime, config, NULL, NULL, NULL, &client);
 *     zks_client_connect(client, NULL, NULL, NULL);
 *     zks_client_push(client, data, length, ZKS_PUSH_STORED, NULL, NULL, &op);
 *     zks_op_wait(op, 5000);                      // the entry survives a power cut now
 *     zks_op_free(op);
 *     zks_inbox_read(client, zks_inbox_acked(client), 100, 0, ZKS_READ_WAIT, NULL, NULL, &op);
 *     zks_op_wait(op, 5000);
 *     zks_op_take_batch(op, &batch);              // fails as the operation did
 *     zks_inbox_ack(client, last_seq, NULL, NULL, NULL);
 *
 * ERRORS
 * A function that can fail returns 0 or a negative ZKS_E_*; results come through the last
 * parameters, which are left alone on failure. There is no "last error": a sentence with the cure
 * is in the operation (zks_op_text), the event (ZKS_EVENT_FIELD_SENTENCE) or the configuration
 * (zks_config_problem), a general one in zks_status_text. zks_status_class says whether to retry,
 * to mend the call, to mend the configuration, or to beware. Two causes are the same everywhere and
 * not repeated below: ZKS_E_INVALID for a handle, result pointer or text that must not be NULL, a
 * handle of another kind and a text that is not UTF-8; and ZKS_E_FORKED for a handle made before
 * this process was forked. A function that returns no status answers these with NULL, 0, -1 or the
 * status, as it says.
 *
 * OPERATIONS
 * A function with (done, user, out_op) starts an operation and never blocks. When it fails at once,
 * done is not called and nothing is kept; beside its own causes each may fail with ZKS_E_CLOSED
 * (the client or runtime is closed) and ZKS_E_NOMEM. When it returns 0, done is called exactly
 * once, with the final status in the operation: also after zks_op_cancel and when the client
 * closes, then with ZKS_E_CANCELLED. done may be NULL. out_op may be NULL; otherwise *out_op is
 * written before done can run, and the caller owns that reference (zks_op_free). An operation and
 * what is taken from it outlive client and runtime. user is passed to done and otherwise left
 * alone; it must stay valid until done was called.
 *
 * EVENTS
 * Events tell that something happened, not what was received: a client that sleeps through any
 * number of them has lost nothing. Later versions may add kinds and fields: skip what you do not
 * know.
 *
 * THREADS
 * A runtime has its own threads. Every function may be called from any thread, and from several at
 * once, unless it says otherwise; freeing a handle while another thread uses it is the app's
 * mistake, as everywhere in C. Callbacks run one at a time on the runtime's loop thread, with no
 * lock held: they may call everything but zks_runtime_close, zks_op_wait and zks_queue_dispatch
 * (ZKS_E_REENTRANT), and should return soon. With a *queue* (zks_queue_new, zks_config_set_queue)
 * the callbacks of a client wait until a thread of the app dispatches them there: this is how to
 * fit into an event loop, a user interface or an interpreter.
 *
 * OWNERSHIP
 * "Owned" is to be freed with the free function of its kind; "borrowed" is valid as long as said
 * and not to be freed. Bytes and texts given to a function are copied before it returns. Texts are
 * UTF-8 and end with NUL; a length counts bytes without it. Every free function accepts NULL, never
 * blocks and never fails; the handle is gone when it returns. A registration that takes user and
 * user_free calls user_free exactly once, after the last callback; a failed registration does not
 * call it.
 *
 * LIFECYCLE
 * Free clients, then queues, then the runtime; any other order is safe too. Freeing a client closes
 * it: its operations end with ZKS_E_CANCELLED, one ZKS_EVENT_CLOSED follows, then silence. What was
 * reported stored is on disk and goes out at the next start. A process may exit at any time with
 * everything open: that equals a crash, and a crash is safe. In a forked child the parent's handles
 * answer ZKS_E_FORKED and their free functions do nothing; the child may make its own runtime. A
 * fork waits for the commits under way of this process' clients and relays, at most 5 s.
 *
 * VERSIONS
 * Names, numbers, signatures and meanings here never change once released; a new need gets a new
 * name.
 */
#ifndef ZKS_ZKS_H
#define ZKS_ZKS_H

#include <stddef.h>
#include <stdint.h>

#if !defined(ZKS_API)
#if defined(__GNUC__)
#define ZKS_API __attribute__((visibility("default")))
#else
#define ZKS_API
#endif
#endif

#if !defined(ZKS_MUST_USE)
#if defined(__GNUC__)
#define ZKS_MUST_USE __attribute__((warn_unused_result))
#else
#define ZKS_MUST_USE
#endif
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* The version of this header. zks_abi_version() tells that of the loaded library, in the form of
 * ZKS_ABI_VERSION. */
enum {
    ZKS_ABI_VERSION_MAJOR = 0,
    ZKS_ABI_VERSION_MINOR = 2,
    ZKS_ABI_VERSION_PATCH = 0,
    ZKS_ABI_VERSION = 0x000200 /* major << 16 | minor << 8 | patch */
};

/* Opaque; each has a zks_<name>_free but zks_event, which is borrowed during its callback. */
typedef struct zks_runtime zks_runtime; /* threads that clients share */
typedef struct zks_queue zks_queue;     /* moves callbacks to a thread of the app */
typedef struct zks_config zks_config;   /* what a client is opened with */
typedef struct zks_client zks_client;   /* one device in one group */
typedef struct zks_op zks_op;           /* a reference to a running or completed operation */
typedef struct zks_event zks_event;     /* something that happened to a client */
typedef struct zks_batch zks_batch;     /* entries that were read */
typedef struct zks_invite zks_invite;   /* what another device needs to join */
typedef struct zks_devices zks_devices; /* a snapshot of the group's members */
typedef struct zks_report zks_report;   /* a snapshot of a client's figures */
typedef struct zks_relay zks_relay;     /* a relay inside this process */

/* 0 or negative ZKS_E_*. */
typedef int32_t zks_status;

/* An operation completed. Exactly once for every accepted operation; op is borrowed during the
 * call. */
typedef void (*zks_done_fn)(zks_op *op, void *user);
/* Something happened to a client; event is borrowed during the call. */
typedef void (*zks_event_fn)(zks_client *client, const zks_event *event, void *user);
/* A queue became non-empty. On an engine thread: wake the dispatching thread and return, call
 * nothing of this library. */
typedef void (*zks_wake_fn)(void *user);
/* One line of log without its newline, borrowed; level is ZKS_LOG_*. On any engine thread, one
 * call at a time; call nothing of this library. */
typedef void (*zks_log_fn)(int32_t level, const char *line, void *user);
/*
 * Gives the 32 bytes that open a store: see zks_config_set_store_key_fn. On a thread of the engine
 * that may block (for a keychain that asks its user), never on the loop thread; closing the client
 * or the runtime waits for it. Call nothing of this library. Writes ZKS_SIZE_STORE_KEY bytes and
 * returns 0, or the negative status with which the opening ends: ZKS_E_STORE_KEY where there is no
 * key to be had.
 */
typedef zks_status (*zks_store_key_fn)(uint8_t *out_key, void *user);
/* The last call for a user pointer: exactly once, after every callback that gets it. */
typedef void (*zks_free_fn)(void *user);

/*
 * Status codes. The hundreds name the area: 0 calls, 100 configuration, 200 the local store, 300
 * the network, 400 what a relay answered, 500 data that does not verify.
 */
enum {
    ZKS_OK = 0,
    ZKS_E_INVALID = -1,      /* an argument is NULL, out of range or not UTF-8 */
    ZKS_E_NOMEM = -2,        /* no memory; nothing was changed */
    ZKS_E_CLOSED = -3,       /* the handle is closed or being closed */
    ZKS_E_CANCELLED = -4,    /* the operation was cancelled, or its client closed */
    ZKS_E_TIMEOUT = -5,      /* the deadline passed first; the work may still go on */
    ZKS_E_PENDING = -6,      /* the operation has not completed yet */
    ZKS_E_REENTRANT = -7,    /* not allowed inside a callback */
    ZKS_E_FORKED = -8,       /* this process is a fork of the one that made the handle */
    ZKS_E_STATE = -9,        /* not possible in the present state; the text says which */
    ZKS_E_TAKEN = -10,       /* the result was taken already */
    ZKS_E_INTERNAL = -11,    /* a defect of this library; the log has the details */
    ZKS_E_UNSUPPORTED = -12, /* this build or this kind of group cannot do it */
    ZKS_E_NOT_FOUND = -13,   /* no such thing */
    ZKS_E_LIMIT = -14,       /* a local limit is reached; try again when work has drained */
    ZKS_E_SYSTEM = -15,      /* the operating system refused a thread, a socket or randomness */

    ZKS_E_CONFIG = -100,       /* the configuration is incomplete or contradicts itself */
    ZKS_E_SECRET = -101,       /* a group secret must be exactly 32 bytes */
    ZKS_E_SALT = -102,         /* a salt has at least 8 bytes */
    ZKS_E_BOTH_SECRETS = -103, /* give a secret or a passphrase, not both */
    /* the Argon2id descriptor is malformed or outside the accepted range */
    ZKS_E_DESCRIPTOR = -104,
    ZKS_E_ADDRESS = -105,     /* a relay address cannot be understood */
    ZKS_E_PASSPHRASE = -106,  /* the passphrase is empty or too long */
    ZKS_E_CONFIG_FILE = -107, /* a configuration text has an unknown key or a bad value */

    ZKS_E_STORE_BUSY = -200,     /* another process uses this store */
    ZKS_E_STORE_CORRUPT = -201,  /* the store file is damaged */
    ZKS_E_STORE_FULL = -202,     /* no space left on the device that holds the store */
    ZKS_E_STORE_READONLY = -203, /* the store or its folder cannot be written */
    ZKS_E_STORE_VERSION = -204,  /* the store was written by a newer version */
    ZKS_E_STORE_IO = -205,       /* reading or writing the store failed */
    ZKS_E_STORE_GROUP = -206,    /* the store belongs to another group or secret */
    ZKS_E_STORE_PATH = -207,     /* the store cannot be created or opened there */
    ZKS_E_STORE_KEY = -208,      /* the store's key or passphrase is wrong or missing */

    ZKS_E_NOT_CONNECTED = -300,     /* no relay is connected */
    ZKS_E_UNREACHABLE = -301,       /* the relay does not answer */
    ZKS_E_RELAY_KEY_CHANGED = -302, /* the relay shows another key than the pinned one */
    ZKS_E_CONNECTION_LOST = -303,   /* the connection ended */
    ZKS_E_PROTOCOL_VERSION = -304,  /* the two ends speak different protocol versions */
    ZKS_E_PROTOCOL = -305,          /* the other end sent what the protocol does not allow */
    ZKS_E_PORT_IN_USE = -306,       /* another program listens on that port */
    ZKS_E_RESOLVE = -307,           /* the relay's host name cannot be resolved */
    ZKS_E_TLS = -308,               /* the TLS handshake failed */

    /* 1002: this device is not a member, or the group is unknown there */
    ZKS_E_UNAUTHORIZED = -400,
    ZKS_E_DEVICE_REVOKED = -401,      /* 1003: this device was removed from the group */
    ZKS_E_NOT_BLOB_OWNER = -402,      /* 1004: only the sender may delete a blob */
    ZKS_E_STALE_EPOCH = -403,         /* 1005: sealed for an epoch that is over */
    ZKS_E_CONFLICT = -404,            /* 1006: the group's records moved on */
    ZKS_E_WRONG_CODE = -405,          /* 1007: the pairing code is wrong */
    ZKS_E_BUSY = -406,                /* 1008: somebody else is doing this right now */
    ZKS_E_REFUSED = -407,             /* 1000: the relay called the message invalid */
    ZKS_E_RATE_LIMITED = -410,        /* 2000: too many requests; see retry_after */
    ZKS_E_BLOB_TOO_LARGE = -411,      /* 2001: larger than the limit in force */
    ZKS_E_QUOTA_EXCEEDED = -412,      /* 2002: the group's space at the relay is used up */
    ZKS_E_PUSH_TOKEN = -413,          /* 2003: the wake token is not valid */
    ZKS_E_RELAY_OVERLOADED = -420,    /* 3000: the relay has no capacity now */
    ZKS_E_RELAY_SHUTTING_DOWN = -421, /* 3001: the relay is stopping; see retry_after */
    ZKS_E_RELAY_STORAGE_FULL = -422,  /* 3002: the relay's disk is full */
    ZKS_E_CODE_UNKNOWN = -430,        /* 1009: the relay has no such pairing code */
    ZKS_E_CODE_EXPIRED = -431,        /* 1010: the pairing code's time is over */
    ZKS_E_CODE_USED = -432,           /* 1011: the pairing code let another device in */
    ZKS_E_CODE_CANCELLED = -433,      /* 1012: the other device cancelled or declined the pairing */

    ZKS_E_TRUNCATED = -500,      /* the data ends too early */
    ZKS_E_MALFORMED = -501,      /* the data is not in the expected form */
    ZKS_E_TOO_LARGE = -502,      /* longer than the limit for its kind */
    ZKS_E_FORMAT_VERSION = -503, /* an unknown version */
    ZKS_E_SUITE = -504,          /* an unknown cipher suite */
    ZKS_E_BAD_SIGNATURE = -505,  /* a signature does not verify */
    /* authenticated decryption failed: wrong key or altered data */
    ZKS_E_DECRYPT = -506,
    ZKS_E_WRONG_GROUP = -507,   /* made for another group */
    ZKS_E_UNKNOWN_EPOCH = -508, /* sealed for an epoch whose key is not here */
    ZKS_E_NOT_MEMBER = -509     /* made by a device that is not a member */
};

/* What to do about a status: zks_status_class. */
enum {
    ZKS_CLASS_NONE = 0,   /* nothing: it went well, or it is what the caller asked for */
    ZKS_CLASS_RETRY = 1,  /* try again later; nothing has to be changed */
    ZKS_CLASS_CALL = 2,   /* the call is wrong: mend the program or the input */
    ZKS_CLASS_CONFIG = 3, /* the configuration or the machine is: somebody has to change it */
    /* something is not what it claims to be: tell the user, do not just retry */
    ZKS_CLASS_SECURITY = 4
};

/* Levels of zks_runtime_set_log; each includes those before it. */
enum { ZKS_LOG_OFF = 0, ZKS_LOG_ERROR = 1, ZKS_LOG_WARN = 2, ZKS_LOG_INFO = 3, ZKS_LOG_DEBUG = 4 };

/* Sizes in bytes. */
enum {
    ZKS_SIZE_SECRET = 32,    /* a group secret */
    ZKS_SIZE_GROUP_ID = 32,  /* a group's id */
    ZKS_SIZE_DEVICE_ID = 32, /* a device's id in one group: its public key */
    ZKS_SIZE_RELAY_KEY = 32, /* a relay's public key */
    /* an entry's id: the same at every device, and unlike any other's */
    ZKS_SIZE_BLOB_ID = 16,
    ZKS_SIZE_CHAIN = 16,     /* the name of one of a device's chains of entries */
    ZKS_SIZE_STORE_KEY = 32, /* what opens a store instead of a passphrase */
    ZKS_SIZE_SALT_MIN = 8,   /* a passphrase's salt; 16 is best */
    ZKS_SIZE_PASSPHRASE_MAX = 1024,
    ZKS_SIZE_PAIR_CODE = 20,     /* a pairing code with its dashes and a NUL */
    ZKS_SIZE_NAME_MAX = 128,     /* a device name, UTF-8 */
    ZKS_SIZE_ADDRESS_MAX = 512,  /* a relay address */
    ZKS_SIZE_PUSH_MAX = 1047552, /* one entry: 1 MiB - 1 KiB; a relay may allow less */
    ZKS_RELAYS_MAX = 16,         /* relays of one client or invite */
    ZKS_PUSH_COUNT_MAX = 65536   /* entries of one zks_client_push_many */
};

/* Options of zks_config_set_text (below 100) and zks_config_set_int (from 100). */
enum {
    /* the store's file, made where absent; default: in memory */
    ZKS_OPTION_STORE_PATH = 1,
    ZKS_OPTION_DEVICE_NAME = 2, /* shown to the group's members only; default: none */
    /* how long relays keep what is pushed, s; 0: as long as the relay allows */
    ZKS_OPTION_TTL_S = 100,
    /* unread bytes at which the relay is asked to wait; 0: 256 MiB */
    ZKS_OPTION_INBOX_MAX_BYTES = 101,
    /* read and settled payloads kept in the store; 0: 256 MiB */
    ZKS_OPTION_KEEP_BYTES = 102,
    /* bytes on their way into the store at which push says LIMIT; 0: 64 MiB */
    ZKS_OPTION_QUEUE_MAX_BYTES = 103,
    ZKS_OPTION_CONNECT_TIMEOUT_MS = 104, /* one attempt to reach a relay; 0: 10,000 */
    /* algorithms of a group that is made or joined, ZKS_SUITE_ID_*; 0: those of the descriptor,
     * else the default. A group keeps the suite it was made with, and its id depends on it */
    ZKS_OPTION_SUITE = 105,
    /* paired groups: age of the group's keys at which a device with ZKS_RIGHT_ADMIN that is
     * connected makes fresh ones, s; 0: 30 days */
    ZKS_OPTION_ROTATE_S = 106
};

/* Cipher suites. */
enum {
    /* XChaCha20-Poly1305, BLAKE2b, Ed25519, X25519, ML-KEM-768, Argon2id */
    ZKS_SUITE_ID_DEFAULT = 1,
    /* approved algorithms only: AES-256-GCM, SHA-256, Ed25519, P-256, ML-KEM-768, PBKDF2. Not a
     * validated module: docs/SECURITY.md */
    ZKS_SUITE_ID_APPROVED = 2
};

/* Kinds of groups. */
enum {
    /* devices let each other in, and can be removed; keys change with every removal */
    ZKS_GROUP_KIND_PAIRED = 1,
    ZKS_GROUP_KIND_SHARED = 2 /* who has the secret or passphrase is a member, for ever */
};

/* Flags of zks_group_create. */
enum {
    /* no recovery code: when the last device is lost, so is what no device has */
    ZKS_CREATE_NO_RECOVERY = 1
};

/* What a member of a paired group may do beside taking part. */
enum {
    ZKS_RIGHT_INVITE = 1, /* let devices in, with at most its own rights */
    ZKS_RIGHT_ADMIN = 2   /* remove devices and change keys */
};

/* What zks_pair_begin shows. */
enum {
    ZKS_PAIR_KIND_CODE = 1, /* 16 characters to be typed; not in groups of ZKS_SUITE_ID_APPROVED */
    ZKS_PAIR_KIND_LINK = 2  /* to be scanned: zks_qr_render draws it */
};

/* Why a device is removed: zks_device_revoke. Members can read it, relays cannot. */
enum { ZKS_REVOKE_UNSPECIFIED = 0, ZKS_REVOKE_LOST = 1, ZKS_REVOKE_REPLACED = 2 };

/* What protects the secrets in a store: zks_client_change_store_key. */
enum {
    ZKS_STORE_KEY_NONE = 0,      /* nothing but the file's mode, 0600 */
    ZKS_STORE_KEY_BYTES = 1,     /* 32 bytes of the app's, as from a keychain */
    ZKS_STORE_KEY_PASSPHRASE = 2 /* a passphrase, stretched with Argon2id */
};

/* Flags of zks_client_push and zks_client_push_many. */
enum {
    ZKS_PUSH_STORED = 0, /* complete when the entry is durable on this device */
    ZKS_PUSH_ACKED = 1,  /* complete when a relay has it on disk */
    /* fail with ZKS_E_NOT_CONNECTED instead of queueing while offline */
    ZKS_PUSH_NEED_CONNECTION = 2
};

/* Flags of zks_inbox_read. */
enum {
    ZKS_READ_WAIT = 1, /* complete at the first entry instead of with an empty batch */
    /* also this device's own entries, at the place where a relay acknowledged them */
    ZKS_READ_OWN = 2
};

/* zks_batch_flags: what is special about an entry. */
enum {
    ZKS_ITEM_OWN = 1, /* pushed by this device */
    /* its place is before entries already delivered or given up: it was reported missing before, or
     * is older than this device's membership */
    ZKS_ITEM_LATE = 2,
    ZKS_ITEM_FORK = 4 /* its author wrote two entries with this number; both are delivered */
};

/* What an operation has to tell beside its status. */
enum {
    /* zks_op_number; 0 where it does not apply */
    /* push: this device's own number of the first entry; the others follow without gaps */
    ZKS_OP_FIRST_NUMBER = 1,
    ZKS_OP_COUNT = 2, /* push: entries; inbox_read: entries of the batch */
    /* push with ZKS_PUSH_ACKED: inbox sequence of the last entry; inbox_read: of the last read */
    ZKS_OP_INBOX_SEQ = 3,
    /* a connect that failed: until the client tries again by itself */
    ZKS_OP_RETRY_AFTER_MS = 4,
    ZKS_OP_ACKED_SEQ = 5, /* inbox_ack: the watermark now */
    ZKS_OP_PENDING = 6,   /* flush: entries that no relay has acknowledged yet */
    ZKS_OP_EPOCH = 7,     /* device_revoke, group_rotate: number of the epoch afterwards */
    /* zks_op_bytes */
    ZKS_OP_BLOB_IDS = 201, /* push: ZKS_SIZE_BLOB_ID bytes for each entry */
    /* group_create: the recovery code, 18 words, UTF-8 without NUL. It is nowhere else: show it
     * once, keep it nowhere */
    ZKS_OP_RECOVERY_CODE = 202,
    /* group_join: the relays of the device that let this one in, addresses with keys, one a line,
     * UTF-8 without NUL: give them to zks_config_add_relay from now on */
    ZKS_OP_RELAYS = 203,
    ZKS_OP_DEVICE = 204 /* pair_begin: ZKS_SIZE_DEVICE_ID bytes, the device that was let in */
};

/* zks_event_kind. The fields that a kind has stand behind it. */
enum {
    ZKS_EVENT_INBOX = 1, /* there is something to read (coalesced). LAST_SEQ */
    /* the connection's state changed; status: why. STATE, RELAY, RETRY_AFTER_MS; with
     * ZKS_E_RELAY_KEY_CHANGED also RELAY_KEY */
    ZKS_EVENT_STATE = 2,
    /* a relay refused an own entry for good; status: why. NUMBER, BLOB_ID, RELAY */
    ZKS_EVENT_PUSH_REFUSED = 3,
    /* entries of a device are missing and go on without. DEVICE, CHAIN, FIRST, LAST */
    ZKS_EVENT_HISTORY_GAP = 4,
    /* the same, but their author does not expect them to be had. As HISTORY_GAP */
    ZKS_EVENT_HISTORY_EXPIRED = 5,
    /* an entry waits for a signature too long; it is held back. DEVICE, CHAIN, FIRST */
    ZKS_EVENT_UNVERIFIED = 6,
    /* a device wrote two entries with one number. DEVICE, CHAIN, FIRST */
    ZKS_EVENT_FORK = 7,
    /* blobs that do not verify were dropped (coalesced); status: the last cause. COUNT, DEVICE
     * (as the relay claims), RELAY */
    ZKS_EVENT_REJECTED = 8,
    /* this device began a new chain: its store was restored or forked. DEVICE (this one), CHAIN */
    ZKS_EVENT_NEW_CHAIN = 9,
    ZKS_EVENT_DEVICE = 10, /* a member joined. DEVICE */
    /* the store has a problem, or (status 0) has none any more; status: which */
    ZKS_EVENT_STORE = 11,
    /* the last event of a client; status: why, 0 after zks_client_close or _free */
    ZKS_EVENT_CLOSED = 12,
    /* another member has entries that no relay gives, and nobody who was asked: a relay keeps them
     * back, or they are lost. They are delivered, flagged late, if they come. DEVICE (their
     * author), CHAIN, FIRST, LAST */
    ZKS_EVENT_HISTORY_WITHHELD = 13,
    /* a device that was heard before has said nothing for over two hours, though this client was
     * connected all the time: it is away, or a relay keeps it silent. DEVICE, CHAIN, LAST (its last
     * entry here) */
    ZKS_EVENT_QUIET = 14,
    /* show this to the user, who types or scans it on the other device; a secret. The relay has it.
     * CODE */
    ZKS_EVENT_PAIR_CODE = 15,
    /* somebody tried a wrong code. COUNT: tries that are left; the last one burns the code */
    ZKS_EVENT_PAIR_WRONG_TRY = 16,
    /* the two devices of a pairing have proven to each other that they know the code: both show
     * these digits, and somebody who sees both compares them. DIGITS */
    ZKS_EVENT_PAIR_DIGITS = 17,
    /* may it join? Answer with zks_pair_answer. NAME (as it calls itself), DIGITS */
    ZKS_EVENT_PAIR_ASK = 18,
    /* a device is a member no more: removed, or gone by itself. DEVICE; this one, too */
    ZKS_EVENT_DEVICE_REMOVED = 19,
    /* devices have removed each other, at relays that did not know of each other's: the older one
     * stays until one of them is removed with the recovery code (zks_device_revoke). Once */
    ZKS_EVENT_GROUP_FORK = 20,
    /* the group has fresh keys: what is pushed from now on is sealed with them. NUMBER */
    ZKS_EVENT_EPOCH = 21
};

/* Fields of an event. */
enum {
    /* zks_event_number; 0 where it does not apply */
    ZKS_EVENT_FIELD_LAST_SEQ = 1,       /* highest inbox sequence */
    ZKS_EVENT_FIELD_STATE = 2,          /* ZKS_STATE_* */
    ZKS_EVENT_FIELD_RETRY_AFTER_MS = 3, /* until the next attempt */
    ZKS_EVENT_FIELD_COUNT = 4,
    ZKS_EVENT_FIELD_FIRST = 5, /* the author's number of the first entry concerned */
    ZKS_EVENT_FIELD_LAST = 6,  /* of the last */
    /* own number of an own entry, as ZKS_OP_FIRST_NUMBER; of an epoch */
    ZKS_EVENT_FIELD_NUMBER = 7,
    ZKS_EVENT_FIELD_DIGITS = 8, /* 0 to 999999: show six digits, with leading zeros */
    /* zks_event_text; NULL where it does not apply */
    ZKS_EVENT_FIELD_SENTENCE = 101, /* what happened and the cure, for people */
    ZKS_EVENT_FIELD_RELAY = 102,    /* the relay's address as configured */
    ZKS_EVENT_FIELD_CODE = 103,     /* a pairing code or link */
    ZKS_EVENT_FIELD_NAME = 104,     /* the name of a device, by its own word */
    /* zks_event_bytes; NULL where it does not apply */
    ZKS_EVENT_FIELD_DEVICE = 201,  /* ZKS_SIZE_DEVICE_ID */
    ZKS_EVENT_FIELD_BLOB_ID = 202, /* ZKS_SIZE_BLOB_ID: the entry's id */
    ZKS_EVENT_FIELD_CHAIN = 203,   /* ZKS_SIZE_CHAIN */
    /* ZKS_SIZE_RELAY_KEY: the key that the relay showed; see zks_client_trust_relay */
    ZKS_EVENT_FIELD_RELAY_KEY = 204
};

/* State of a client's connection, and of each relay's in a report. */
enum {
    ZKS_STATE_OFFLINE = 0,    /* not asked to connect, or asked to disconnect */
    ZKS_STATE_CONNECTING = 1, /* an attempt is under way */
    ZKS_STATE_CONNECTED = 2,  /* the relay has accepted this device */
    ZKS_STATE_WAITING = 3     /* between two attempts */
};

/* Fields of a report. */
enum {
    /* zks_report_number */
    ZKS_REPORT_STATE = 1,           /* ZKS_STATE_*, the best of all relays */
    ZKS_REPORT_PENDING_COUNT = 2,   /* own entries that no relay has acknowledged */
    ZKS_REPORT_PENDING_BYTES = 3,   /* as sealed */
    ZKS_REPORT_INBOX_LAST_SEQ = 4,  /* highest inbox sequence */
    ZKS_REPORT_INBOX_ACKED_SEQ = 5, /* the app's watermark */
    ZKS_REPORT_UNREAD_COUNT = 6,    /* received entries above the watermark */
    ZKS_REPORT_UNREAD_BYTES = 7,    /* of them, as sealed */
    ZKS_REPORT_DEVICES = 8,         /* members known, this one included */
    ZKS_REPORT_RELAYS = 9,          /* relays configured: the range of zks_report_relay_* */
    /* received entries that wait for a signature or an earlier entry, and blobs that wait for the
     * records or keys with which they can be opened */
    ZKS_REPORT_HELD = 10,
    ZKS_REPORT_LAST_NUMBER = 11, /* highest own number, as ZKS_OP_FIRST_NUMBER */
    /* since the client was opened */
    ZKS_REPORT_SENT = 12,           /* entries that a relay took; not those that it refused */
    ZKS_REPORT_SENT_BYTES = 13,     /* of them, as sealed */
    ZKS_REPORT_RECEIVED = 14,       /* entries put into the inbox */
    ZKS_REPORT_RECEIVED_BYTES = 15, /* as sealed */
    ZKS_REPORT_DUPLICATES = 16,     /* blobs dropped because their entry was there already */
    ZKS_REPORT_REJECTED = 17,       /* blobs dropped because they do not verify */
    ZKS_REPORT_CONNECTS = 18,       /* times that a relay accepted this device */
    ZKS_REPORT_SUITE = 19,          /* of the group, ZKS_SUITE_ID_*; 0: not open yet */
    ZKS_REPORT_GROUP_KIND = 20,     /* ZKS_GROUP_KIND_*; 0: not open yet */
    ZKS_REPORT_EPOCH = 21,          /* how often the group's keys have changed */
    ZKS_REPORT_RIGHTS = 22,         /* of this device, ZKS_RIGHT_*; 0 also when it is no member */
    /* alarms about the histories of the devices, since the store was made: they are counted where
     * the store keeps what they are about, and so are those whose event never came, since the
     * program ended first */
    ZKS_REPORT_HISTORY_GAPS = 23,       /* as ZKS_EVENT_HISTORY_GAP, each a range of entries */
    ZKS_REPORT_HISTORY_EXPIRED = 24,    /* as ZKS_EVENT_HISTORY_EXPIRED, each a range */
    ZKS_REPORT_HISTORY_WITHHELD = 25,   /* as ZKS_EVENT_HISTORY_WITHHELD, each a range */
    ZKS_REPORT_HISTORY_LATE = 26,       /* entries that came after they had been given up */
    ZKS_REPORT_HISTORY_FORKS = 27,      /* as ZKS_EVENT_FORK */
    ZKS_REPORT_HISTORY_UNVERIFIED = 28, /* as ZKS_EVENT_UNVERIFIED */
    ZKS_REPORT_HISTORY_REJECTED = 29,   /* as ZKS_REPORT_REJECTED, of all the time */
    ZKS_REPORT_HISTORY_NEW_CHAINS = 30, /* as ZKS_EVENT_NEW_CHAIN */
    /* zks_report_text */
    ZKS_REPORT_DEVICE_NAME = 101,  /* of this device; empty: none */
    ZKS_REPORT_STORE_PATH = 102,   /* empty: in memory */
    ZKS_REPORT_ACTIVE_RELAY = 103, /* address of the relay that is read; NULL: none connected */
    /* zks_report_bytes */
    ZKS_REPORT_GROUP_ID = 201, /* ZKS_SIZE_GROUP_ID */
    ZKS_REPORT_DEVICE_ID = 202 /* ZKS_SIZE_DEVICE_ID */
};

/* Fields of one relay in a report. */
enum {
    /* zks_report_relay_number */
    ZKS_REPORT_RELAY_STATE = 1,   /* ZKS_STATE_* */
    ZKS_REPORT_RELAY_CURSOR = 2,  /* read up to here, in the relay's own numbers */
    ZKS_REPORT_RELAY_RTT_US = 3,  /* round trip; 0: not measured */
    ZKS_REPORT_RELAY_PENDING = 4, /* own entries that this relay has not acknowledged */
    ZKS_REPORT_RELAY_ACKED = 5,   /* own entries up to this number are settled there */
    /* the last failure, ZKS_E_*; 0: none since it was last connected */
    ZKS_REPORT_RELAY_STATUS = 6,
    ZKS_REPORT_RELAY_RETRY_AFTER_MS = 7, /* until the next attempt */
    /* zks_report_relay_text */
    ZKS_REPORT_RELAY_ADDRESS = 101, /* as configured */
    ZKS_REPORT_RELAY_ERROR = 102    /* the last failure in words; NULL: none */
};

/* Fields of zks_devices_number. */
enum {
    ZKS_DEVICES_SELF = 1, /* 1: this device */
    /* Unix time at which an entry of it was last received, as of at most a minute ago; 0: none
     * since the client was opened */
    ZKS_DEVICES_SEEN_MS = 2,
    ZKS_DEVICES_NOT_AFTER_S = 3, /* Unix time at which its membership ends; 0: never */
    /* highest of its entries that was delivered here, in its newest chain, as of at most a minute
     * ago */
    ZKS_DEVICES_LAST_NUMBER = 4,
    /* 1: as ZKS_EVENT_QUIET says, and still so as of at most a minute ago */
    ZKS_DEVICES_QUIET = 5,
    ZKS_DEVICES_RIGHTS = 6 /* ZKS_RIGHT_* */
};

/* Fields of an invite. */
enum {
    ZKS_INVITE_VERSION = 4, /* of the payload that this library writes and reads */
    /* zks_invite_number */
    ZKS_INVITE_SUITE = 1, /* ZKS_SUITE_ID_*: for ZKS_OPTION_SUITE */
    /* zks_invite_text */
    /* "zks-invite:...": the whole invite, for a link, a QR code or paste */
    ZKS_INVITE_LINK = 101,
    ZKS_INVITE_RELAYS = 102,     /* relay addresses, one a line; empty: none */
    ZKS_INVITE_DESCRIPTOR = 103, /* descriptor of a passphrase group; empty: none */
    /* zks_invite_bytes */
    ZKS_INVITE_SECRET = 201,  /* ZKS_SIZE_SECRET */
    ZKS_INVITE_SALT = 202,    /* of the descriptor; length 0: none */
    ZKS_INVITE_GROUP_ID = 203 /* ZKS_SIZE_GROUP_ID */
};

/* Formats of zks_invite_render. */
enum {
    /* lines of block characters, UTF-8, for a terminal with light text on a dark background */
    ZKS_RENDER_TEXT_DARK = 1,
    ZKS_RENDER_TEXT_LIGHT = 2, /* the same for dark text on a light background */
    ZKS_RENDER_SVG = 3,        /* a document of its own, which refers to nothing else */
    ZKS_RENDER_PNG = 4,        /* black and white */
    ZKS_RENDER_SCALE_MAX = 32  /* pixels for each module of the code */
};

/* --- library ---------------------------------------------------------------------------------- */

/* The version of the loaded library, in the form of ZKS_ABI_VERSION.
 * Any thread, also in callbacks. Since 0.1. */
ZKS_API uint32_t zks_abi_version(void);

/* The name of a status, "ZKS_E_NOT_CONNECTED"; "ZKS_E_UNKNOWN" for a number that is none. Static.
 * Any thread, also in callbacks. Since 0.1. */
ZKS_API const char *zks_status_name(zks_status status);

/* One sentence: what a status means and the cure. Static, never NULL.
 * Any thread, also in callbacks. Since 0.1. */
ZKS_API const char *zks_status_text(zks_status status);

/* What to do about a status: ZKS_CLASS_*. A number that is no status is ZKS_CLASS_CALL.
 * Any thread, also in callbacks. Since 0.1. */
ZKS_API int32_t zks_status_class(zks_status status);

/*
 * Enumerates every constant of this header, for bindings that check themselves against the loaded
 * library.
 * i          0, 1, 2 ... until it fails
 * out_name   receives the constant's name; static
 * out_value  receives its value
 * Any thread, also in callbacks. Since 0.1. ZKS_E_NOT_FOUND: i is past the last one.
 */
ZKS_API ZKS_MUST_USE zks_status zks_constant_at(uint32_t i, const char **out_name,
                                                int64_t *out_value);

/*
 * Derives a group's secret and id from a passphrase, as zks_config_set_passphrase does. Blocks for
 * up to seconds and may need tens of MiB (Argon2id): never call it where something waits.
 * passphrase    UTF-8 without NUL at its end; the bytes are taken as they are (normalise before, if
 *               users type it)
 * length        bytes, 1..ZKS_SIZE_PASSPHRASE_MAX
 * salt          at least ZKS_SIZE_SALT_MIN bytes (the default suite; Argon2id with 64 MiB and 3
 *               passes), or the text of a descriptor, which also says the suite:
 *               "$argon2id$v=19$m=..,t=..,p=1$..." or "$pbkdf2-sha256$i=..$..."
 * salt_length   bytes
 * out_secret    receives ZKS_SIZE_SECRET bytes; wipe them after use
 * out_group_id  receives ZKS_SIZE_GROUP_ID bytes; NULL: not wanted
 * Any thread, also in callbacks (but it blocks). Since 0.1. ZKS_E_PASSPHRASE: empty or too long.
 * ZKS_E_SALT: too short. ZKS_E_DESCRIPTOR: malformed or outside the accepted range. ZKS_E_SUITE:
 * not in this build. ZKS_E_NOMEM. ZKS_E_SYSTEM: no randomness.
 */
ZKS_API ZKS_MUST_USE zks_status zks_secret_derive(const char *passphrase, size_t length,
                                                  const uint8_t *salt, size_t salt_length,
                                                  uint8_t *out_secret, uint8_t *out_group_id);

/* --- runtime ---------------------------------------------------------------------------------- */

/*
 * Starts a runtime: a loop thread and a storage thread, which any number of clients share. All
 * signals are blocked in them, all descriptors are closed on exec.
 * out_runtime  receives the runtime; owned
 * Any thread, also in callbacks. Since 0.1. ZKS_E_NOMEM. ZKS_E_SYSTEM: no thread, descriptor or
 * randomness.
 */
ZKS_API ZKS_MUST_USE zks_status zks_runtime_new(zks_runtime **out_runtime);

/*
 * Sets where the log goes; the default is nowhere. A line is `event key=value ...` without secrets,
 * payloads or identifiers in clear. Replaces the previous sink, whose user_free follows when no
 * line is being written to it.
 * runtime    the runtime
 * level      ZKS_LOG_*: lines above it are not made
 * fn         the sink; NULL: none
 * user       passed to fn; nullable
 * user_free  called once for user; NULL: nothing to free
 * Any thread, also in callbacks, not in fn itself. Since 0.1. ZKS_E_INVALID: no such level.
 */
ZKS_API ZKS_MUST_USE zks_status zks_runtime_set_log(zks_runtime *runtime, int32_t level,
                                                    zks_log_fn fn, void *user,
                                                    zks_free_fn user_free);

/*
 * Closes every client of the runtime, waits until all is on disk and all callbacks were made, and
 * ends the threads. Embedded relays are not its business: stop them before. Callbacks of queues
 * must be dispatched by other threads meanwhile, or wait in the queue when it returns. After
 * success only zks_runtime_free may follow.
 * runtime     the runtime
 * timeout_ms  at most so long
 * Any thread, not in callbacks. Since 0.1. ZKS_E_REENTRANT: in a callback. ZKS_E_TIMEOUT: closing
 * goes on; call again or free. Closing a closed one is fine.
 */
ZKS_API ZKS_MUST_USE zks_status zks_runtime_close(zks_runtime *runtime, uint32_t timeout_ms);

/* Closes the runtime without waiting (see zks_runtime_close) and ends the caller's handle. NULL:
 * nothing happens.
 * Any thread, also in callbacks. Since 0.1. */
ZKS_API void zks_runtime_free(zks_runtime *runtime);

/* --- dispatch queue --------------------------------------------------------------------------- */

/*
 * Makes a queue: callbacks of the clients that use it run where zks_queue_dispatch is called, not
 * on the loop thread.
 * runtime    whose clients will use it
 * wake       called on an engine thread when the queue becomes non-empty; NULL: the descriptor is
 *            enough
 * user       passed to wake; nullable
 * user_free  called once for user, when no wake can follow; NULL: nothing to free
 * out_queue  receives the queue; owned
 * Any thread, also in callbacks. Since 0.1. ZKS_E_NOMEM. ZKS_E_SYSTEM: no descriptor.
 */
ZKS_API ZKS_MUST_USE zks_status zks_queue_new(zks_runtime *runtime, zks_wake_fn wake, void *user,
                                              zks_free_fn user_free, zks_queue **out_queue);

/* A descriptor that is readable while callbacks wait: poll it, neither read nor close it. Borrowed
 * until zks_queue_free. -1: queue is not valid.
 * Any thread, also in callbacks. Since 0.1. */
ZKS_API int32_t zks_queue_fd(const zks_queue *queue);

/*
 * Runs waiting callbacks on this thread. Never waits for more to come.
 * queue      the queue
 * max        at most so many; 0: all that wait now
 * out_count  receives how many ran; nullable
 * One thread at a time, not in callbacks. Since 0.1. ZKS_E_REENTRANT: in a callback. ZKS_E_BUSY:
 * another thread is dispatching.
 */
ZKS_API ZKS_MUST_USE zks_status zks_queue_dispatch(zks_queue *queue, uint32_t max,
                                                   uint32_t *out_count);

/* Ends the queue. Callbacks that wait in it run now, on this thread; later ones of clients that
 * still use it run on the runtime's loop thread. No wake follows. NULL: nothing happens.
 * Any thread, also in callbacks. Since 0.1. */
ZKS_API void zks_queue_free(zks_queue *queue);

/* --- configuration ---------------------------------------------------------------------------- */

/*
 * Makes an empty configuration: in memory, no relay, no secret. Not for several threads at once.
 * out_config  receives the configuration; owned
 * Any thread, also in callbacks. Since 0.1. ZKS_E_NOMEM.
 */
ZKS_API ZKS_MUST_USE zks_status zks_config_new(zks_config **out_config);

/* Why the last setter refused, and the cure; empty when it did not. Borrowed until the next call
 * with config; NULL: config is not valid.
 * One thread at a time, also in callbacks. Since 0.1. */
ZKS_API const char *zks_config_problem(const zks_config *config);

/*
 * Sets the secret of a shared group: who has it is a member. Replaces one set before.
 * config  the configuration
 * secret  the secret bytes
 * length  must be ZKS_SIZE_SECRET
 * One thread at a time, also in callbacks. Since 0.1. ZKS_E_SECRET: another length.
 * ZKS_E_BOTH_SECRETS: a passphrase is set. ZKS_E_NOMEM.
 */
ZKS_API ZKS_MUST_USE zks_status zks_config_set_secret(zks_config *config, const uint8_t *secret,
                                                      size_t length);

/*
 * Sets the passphrase of a shared group. Replaces one set before. All devices need the same
 * passphrase and salt.
 * config       the configuration
 * passphrase   UTF-8; the bytes are taken as they are
 * length       bytes, 1..ZKS_SIZE_PASSPHRASE_MAX
 * salt         as in zks_secret_derive: bytes or a descriptor; need not be secret, but new for each
 *              group. NULL: begin a new group with a descriptor made for this machine; from then on
 *              give the descriptor of its invite (ZKS_INVITE_DESCRIPTOR)
 * salt_length  bytes; 0 with NULL
 * One thread at a time, also in callbacks. Since 0.1. ZKS_E_PASSPHRASE: empty or too long.
 * ZKS_E_SALT: too short. ZKS_E_DESCRIPTOR: malformed, outside the accepted range, or of another
 * suite than ZKS_OPTION_SUITE. ZKS_E_BOTH_SECRETS: a secret is set. ZKS_E_SUITE: not in this build.
 * ZKS_E_NOMEM.
 */
ZKS_API ZKS_MUST_USE zks_status zks_config_set_passphrase(zks_config *config,
                                                          const char *passphrase, size_t length,
                                                          const uint8_t *salt, size_t salt_length);

/*
 * Sets the 32 bytes that open the store. The store's secrets (keys of the device, secrets of its
 * groups) are sealed with them; a new store, or one of an older version, is protected so from its
 * first opening on. Replaces a store key, function or passphrase set before.
 * config  the configuration
 * key     the bytes; best from the system's keychain; NULL: none
 * length  ZKS_SIZE_STORE_KEY; 0 with NULL
 * One thread at a time, also in callbacks. Since 0.1. ZKS_E_STORE_KEY: another length. ZKS_E_NOMEM.
 */
ZKS_API ZKS_MUST_USE zks_status zks_config_set_store_key(zks_config *config, const uint8_t *key,
                                                         size_t length);

/*
 * The same, with a function that is asked for the bytes when a client is opened, once for each
 * opening, and only then. Replaces a store key, function or passphrase set before.
 * config     the configuration
 * fn         the function; NULL: none
 * user       passed to fn; nullable
 * user_free  called once for user, when the configuration is freed or got something else and every
 *            opening with it has ended; NULL: nothing to free
 * One thread at a time, also in callbacks. Since 0.1. ZKS_E_NOMEM.
 */
ZKS_API ZKS_MUST_USE zks_status zks_config_set_store_key_fn(zks_config *config, zks_store_key_fn fn,
                                                            void *user, zks_free_fn user_free);

/*
 * Sets the passphrase that opens the store: as zks_config_set_store_key, stretched with Argon2id,
 * whose parameters stand in the store and were chosen for the machine that set the passphrase.
 * This passphrase has nothing to do with that of a group.
 * config      the configuration
 * passphrase  UTF-8; the bytes are taken as they are; NULL: none
 * length      bytes, 1..ZKS_SIZE_PASSPHRASE_MAX; 0 with NULL
 * One thread at a time, also in callbacks. Since 0.1. ZKS_E_PASSPHRASE: empty or too long.
 * ZKS_E_NOMEM.
 */
ZKS_API ZKS_MUST_USE zks_status zks_config_set_store_passphrase(zks_config *config,
                                                                const char *passphrase,
                                                                size_t length);

/*
 * Sets a text option.
 * config  the configuration
 * option  ZKS_OPTION_STORE_PATH (not empty) or ZKS_OPTION_DEVICE_NAME (at most ZKS_SIZE_NAME_MAX
 *         bytes, of which something can be seen; no control characters, marks that turn the
 *         direction of writing or other marks that show nothing, apart from the joiners and
 *         selectors that scripts and emoji need; empty: no name)
 * text    the value; NULL: the default
 * One thread at a time, also in callbacks. Since 0.1. ZKS_E_CONFIG: no such text option, or a value
 * that it cannot have. ZKS_E_NOMEM.
 */
ZKS_API ZKS_MUST_USE zks_status zks_config_set_text(zks_config *config, int32_t option,
                                                    const char *text);

/*
 * Sets a number option.
 * config  the configuration
 * option  ZKS_OPTION_TTL_S (at most 7,776,000 = 90 days), ZKS_OPTION_INBOX_MAX_BYTES,
 *         ZKS_OPTION_KEEP_BYTES, ZKS_OPTION_QUEUE_MAX_BYTES (each at least 1 MiB),
 *         ZKS_OPTION_CONNECT_TIMEOUT_MS (100..600,000), ZKS_OPTION_ROTATE_S (at most 315,360,000 =
 *         10 years) or ZKS_OPTION_SUITE (before a passphrase; ZKS_E_SUITE: not in this build)
 * value   the value, in the option's unit; 0: the default
 * One thread at a time, also in callbacks. Since 0.1. ZKS_E_CONFIG: no such number option, or out
 * of its range.
 */
ZKS_API ZKS_MUST_USE zks_status zks_config_set_int(zks_config *config, int32_t option,
                                                   int64_t value);

/*
 * Adds a relay; the first one is preferred. Whether the address can be used shows when connecting.
 * config   the configuration
 * address  "zks://<relay key>@host:port" or "host[:port]" (whose key is pinned when first seen); at
 *          most ZKS_SIZE_ADDRESS_MAX bytes
 * One thread at a time, also in callbacks. Since 0.1. ZKS_E_ADDRESS: too long. ZKS_E_LIMIT: more
 * than ZKS_RELAYS_MAX; whatever the class of this status, waiting does not help: name fewer.
 * ZKS_E_NOMEM.
 */
ZKS_API ZKS_MUST_USE zks_status zks_config_add_relay(zks_config *config, const char *address);

/*
 * Chooses where the client's callbacks run.
 * config  the configuration
 * queue   borrowed: must be valid until the client is open; NULL: the runtime's loop thread
 * One thread at a time, also in callbacks. Since 0.1.
 */
ZKS_API ZKS_MUST_USE zks_status zks_config_set_queue(zks_config *config, zks_queue *queue);

/*
 * Sets the event callback of the clients opened with this configuration. Replaces one set before.
 * config     the configuration
 * fn         the callback; NULL: none
 * user       passed to fn; nullable
 * user_free  called once for user, when the configuration is freed or got another callback and
 *            every client opened with it has made its last one; NULL: nothing to free
 * One thread at a time, also in callbacks. Since 0.1. ZKS_E_NOMEM.
 */
ZKS_API ZKS_MUST_USE zks_status zks_config_set_events(zks_config *config, zks_event_fn fn,
                                                      void *user, zks_free_fn user_free);

/* Wipes and frees a configuration. NULL: nothing happens.
 * One thread at a time, also in callbacks. Since 0.1. */
ZKS_API void zks_config_free(zks_config *config);

/* --- client ----------------------------------------------------------------------------------- */

/*
 * Opens a client: its store, its group (made if it is new there) and its device. The handle can be
 * used at once; what is started before the opening is done waits for it.
 * runtime     the runtime whose threads it uses
 * config      copied; without a secret the store's only group is opened
 * done, user  see OPERATIONS
 * out_op      receives the operation, owned; nullable
 * out_client  receives the client; owned
 * Any thread, also in callbacks. Since 0.1. Completes with ZKS_E_STORE_BUSY: another process has
 * the store; ZKS_E_STORE_PATH, ZKS_E_STORE_READONLY, ZKS_E_STORE_CORRUPT, ZKS_E_STORE_VERSION,
 * ZKS_E_STORE_FULL, ZKS_E_STORE_IO: it cannot be opened; ZKS_E_STORE_KEY: it is protected by
 * another key or passphrase than the one given, or by none at all (nothing was changed), or the
 * status of the zks_store_key_fn; ZKS_E_STORE_GROUP: there is no secret, and the store holds no
 * group or several; ZKS_E_NOMEM. Whatever is started on that client completes with the same status
 * then; free it.
 */
ZKS_API ZKS_MUST_USE zks_status zks_client_open(zks_runtime *runtime, const zks_config *config,
                                                zks_done_fn done, void *user, zks_op **out_op,
                                                zks_client **out_client);

/*
 * Creates a paired group with this device as its first member, and opens a client of it. The store
 * must not hold a group yet. Works offline. Further devices come in by pairing; next time
 * zks_client_open opens the group.
 * runtime     the runtime whose threads it uses
 * config      as for zks_client_open, without a group secret or passphrase; copied
 * flags       ZKS_CREATE_*
 * done, user  see OPERATIONS
 * out_op      receives the operation, owned; nullable. ZKS_OP_RECOVERY_CODE: whoever has it can
 *             come in and remove any device, for ever; write it down or forget it
 * out_client  receives the client; owned
 * Any thread, also in callbacks. Since 0.1. At once: ZKS_E_CONFIG: a group secret or passphrase is
 * set; ZKS_E_INVALID: unknown flags. Completes as zks_client_open; ZKS_E_STORE_GROUP: the store
 * holds a group already.
 */
ZKS_API ZKS_MUST_USE zks_status zks_group_create(zks_runtime *runtime, const zks_config *config,
                                                 uint32_t flags, zks_done_fn done, void *user,
                                                 zks_op **out_op, zks_client **out_client);

/*
 * Joins a group, paired or shared, by the code or link that a member shows (zks_pair_begin), and
 * opens a client of it: of a shared group as zks_client_open with the group's secret does. The
 * store must not hold a group yet. The opening lasts until the user of the other device has let
 * this one in: ZKS_EVENT_PAIR_DIGITS comes meanwhile; zks_op_cancel or closing the client ends it.
 * When it fails nothing was kept: free the client, and call again with the right code.
 * runtime     the runtime whose threads it uses
 * config      as for zks_client_open, without a group secret or passphrase; copied. With a code its
 *             relays are tried in order: the first one that answers must hold the code. The relays
 *             of a link come before them. Name the device: the other one's user sees it
 * text        the code or link as typed or scanned; case, blanks and dashes do not matter
 * length      bytes
 * done, user  see OPERATIONS
 * out_op      receives the operation, owned; nullable. ZKS_OP_RELAYS
 * out_client  receives the client; owned
 * Any thread, also in callbacks. Since 0.1. At once: ZKS_E_CONFIG: a group secret or passphrase is
 * set. Completes as zks_client_open, and with ZKS_E_TRUNCATED, ZKS_E_TOO_LARGE, ZKS_E_MALFORMED,
 * ZKS_E_FORMAT_VERSION, ZKS_E_SUITE: it is no code or link (the operation's text says what is wrong
 * with it); ZKS_E_INVALID: it is the invite of a shared group, see zks_invite_parse;
 * ZKS_E_WRONG_CODE, ZKS_E_CODE_UNKNOWN, ZKS_E_CODE_EXPIRED, ZKS_E_CODE_USED, ZKS_E_CODE_CANCELLED
 * (the other side cancelled or declined), ZKS_E_BUSY (another device is trying this code);
 * ZKS_E_TIMEOUT: the other device did not answer; ZKS_E_PROTOCOL: somebody interferes;
 * ZKS_E_WRONG_GROUP; ZKS_E_CONFIG: no relay is known; ZKS_E_STORE_GROUP: the store holds a group
 * already; the failures of zks_client_connect; ZKS_E_CANCELLED.
 */
ZKS_API ZKS_MUST_USE zks_status zks_group_join(zks_runtime *runtime, const zks_config *config,
                                               const char *text, size_t length, zks_done_fn done,
                                               void *user, zks_op **out_op,
                                               zks_client **out_client);

/*
 * Comes into a paired group by its recovery code, as a new device with all rights, and opens a
 * client of it: when all other devices are lost, or to settle that two removed each other. The
 * store must not hold a group yet. Works offline; what the relays still have of the group comes at
 * the first connection, and until then the store holds the secret behind the code. The lost
 * devices stay members: remove them with zks_device_revoke.
 * runtime     the runtime whose threads it uses
 * config      as for zks_client_open, without a group secret or passphrase; copied
 * words       the recovery code (ZKS_OP_RECOVERY_CODE); case and what stands between the words do
 *             not matter
 * length      bytes
 * done, user  see OPERATIONS
 * out_op      receives the operation, owned; nullable
 * out_client  receives the client; owned
 * Any thread, also in callbacks. Since 0.1. At once: ZKS_E_CONFIG: a group secret or passphrase is
 * set. Completes as zks_client_open, and with ZKS_E_MALFORMED, ZKS_E_TRUNCATED, ZKS_E_TOO_LARGE,
 * ZKS_E_DECRYPT: a typing error (the operation's text says in which word, where it can be told);
 * ZKS_E_SUITE: of a suite that this build does not have; ZKS_E_STORE_GROUP: the store holds a group
 * already.
 */
ZKS_API ZKS_MUST_USE zks_status zks_group_restore(zks_runtime *runtime, const zks_config *config,
                                                  const char *words, size_t length,
                                                  zks_done_fn done, void *user, zks_op **out_op,
                                                  zks_client **out_client);

/*
 * Connects to the relays and stays connected: after a loss it tries again by itself until
 * zks_client_disconnect. Completes when the first relay has accepted this device; a failure that
 * may pass is retried and does not end it.
 * client      the client
 * done, user  see OPERATIONS
 * out_op      receives the operation, owned; nullable
 * Any thread, also in callbacks. Since 0.1. Completes with ZKS_E_CONFIG: no relay is configured;
 * ZKS_E_ADDRESS: no address can be understood; ZKS_E_UNREACHABLE, ZKS_E_RESOLVE, ZKS_E_TLS,
 * ZKS_E_CONNECTION_LOST: the first attempt at every relay failed (further ones follow);
 * ZKS_E_RELAY_KEY_CHANGED: see zks_client_trust_relay; ZKS_E_BAD_SIGNATURE: the relay could not
 * prove that the session's keys are its own; ZKS_E_PROTOCOL_VERSION, ZKS_E_PROTOCOL,
 * ZKS_E_UNAUTHORIZED, ZKS_E_DEVICE_REVOKED, ZKS_E_RATE_LIMITED, ZKS_E_RELAY_OVERLOADED,
 * ZKS_E_RELAY_SHUTTING_DOWN: the relay refused; ZKS_E_CANCELLED: disconnected meanwhile.
 */
ZKS_API ZKS_MUST_USE zks_status zks_client_connect(zks_client *client, zks_done_fn done, void *user,
                                                   zks_op **out_op);

/*
 * Ends the connections; the client stays open and can be connected again. Pushes are stored
 * meanwhile.
 * client      the client
 * done, user  see OPERATIONS
 * out_op      receives the operation, owned; nullable
 * Any thread, also in callbacks. Since 0.1.
 */
ZKS_API ZKS_MUST_USE zks_status zks_client_disconnect(zks_client *client, zks_done_fn done,
                                                      void *user, zks_op **out_op);

/*
 * A hint that the machine's network changed: waiting attempts are made now, connections are probed.
 * client  the client
 * Any thread, also in callbacks. Since 0.1. ZKS_E_CLOSED.
 */
ZKS_API ZKS_MUST_USE zks_status zks_client_network_changed(zks_client *client);

/*
 * Accepts another key for a relay whose address does not name one. To be called when somebody has
 * made sure that the change is right: ZKS_E_RELAY_KEY_CHANGED is also what an impostor looks like.
 * client   the client
 * address  as configured
 * key      ZKS_SIZE_RELAY_KEY bytes, from the STATE event's RELAY_KEY or another source
 * Any thread, also in callbacks. Since 0.1. ZKS_E_NOT_FOUND: no such address is configured.
 * ZKS_E_STATE: the address itself names the key. ZKS_E_CLOSED. ZKS_E_NOMEM.
 */
ZKS_API ZKS_MUST_USE zks_status zks_client_trust_relay(zks_client *client, const char *address,
                                                       const uint8_t *key);

/*
 * Completes when a relay has acknowledged everything pushed before, for the moment before an app
 * goes.
 * client      the client
 * timeout_ms  at most so long; 0: 500
 * done, user  see OPERATIONS
 * out_op      receives the operation, owned; nullable. ZKS_OP_PENDING
 * Any thread, also in callbacks. Since 0.1. Completes with ZKS_E_TIMEOUT: ZKS_OP_PENDING entries
 * are left; they stay stored and go out later. ZKS_E_DEVICE_REVOKED, ZKS_E_UNAUTHORIZED: the same,
 * and before the time is over, as of zks_client_push.
 */
ZKS_API ZKS_MUST_USE zks_status zks_client_flush(zks_client *client, uint32_t timeout_ms,
                                                 zks_done_fn done, void *user, zks_op **out_op);

/*
 * Completes when everything pushed before is acknowledged and everything that the relay had is in
 * the inbox; the relay is asked, at least once behind this call. Waits as long as it takes, for a
 * connection and for room where unread entries have reached ZKS_OPTION_INBOX_MAX_BYTES; cancel it
 * to give up.
 * client      the client
 * done, user  see OPERATIONS
 * out_op      receives the operation, owned; nullable
 * Any thread, also in callbacks. Since 0.1. Completes with ZKS_E_DEVICE_REVOKED,
 * ZKS_E_UNAUTHORIZED: this device was removed, has left, or is taken for a member by no relay.
 */
ZKS_API ZKS_MUST_USE zks_status zks_client_wait_synced(zks_client *client, zks_done_fn done,
                                                       void *user, zks_op **out_op);

/*
 * Changes what opens the store. Only the one key that seals the store's secrets is sealed anew, in
 * one commit: it is done or it is not, whatever happens meanwhile, and afterwards the file holds
 * nothing that the old key or passphrase opens. Copies of the file made before are still opened by
 * the old one. All groups of the store share it.
 * client      a client of the store; it was opened with the present key
 * kind        ZKS_STORE_KEY_*
 * bytes       NONE: NULL. BYTES: the key. PASSPHRASE: UTF-8, the bytes are taken as they are
 * length      NONE: 0. BYTES: ZKS_SIZE_STORE_KEY. PASSPHRASE: 1..ZKS_SIZE_PASSPHRASE_MAX
 * done, user  see OPERATIONS
 * out_op      receives the operation, owned; nullable. Complete when it is on disk
 * Any thread, also in callbacks. Since 0.1. At once: ZKS_E_INVALID: no such kind; ZKS_E_STORE_KEY:
 * a key of another length; ZKS_E_PASSPHRASE: empty or too long. Completes with ZKS_E_STORE_FULL,
 * ZKS_E_STORE_READONLY, ZKS_E_STORE_CORRUPT, ZKS_E_STORE_IO, ZKS_E_NOMEM: the old one holds.
 */
ZKS_API ZKS_MUST_USE zks_status zks_client_change_store_key(zks_client *client, int32_t kind,
                                                            const uint8_t *bytes, size_t length,
                                                            zks_done_fn done, void *user,
                                                            zks_op **out_op);

/*
 * Closes the client: its operations end with ZKS_E_CANCELLED, the store is closed, ZKS_EVENT_CLOSED
 * is raised, and this operation completes last. Then there is silence, also for who waited with
 * zks_op_wait (with a queue: once that is dispatched). The handle remains until zks_client_free.
 * client      the client
 * done, user  see OPERATIONS
 * out_op      receives the operation, owned; nullable
 * Any thread, also in callbacks. Since 0.1. Closing a closed client is fine, unless its
 * runtime is closed too (ZKS_E_CLOSED).
 */
ZKS_API ZKS_MUST_USE zks_status zks_client_close(zks_client *client, zks_done_fn done, void *user,
                                                 zks_op **out_op);

/* Closes the client without waiting, if it is not closed, and ends the caller's handle; in the
 * callbacks that follow the client argument is good for comparing only. NULL: nothing happens.
 * Any thread, also in callbacks. Since 0.1. */
ZKS_API void zks_client_free(zks_client *client);

/* --- sending ---------------------------------------------------------------------------------- */

/*
 * Pushes one entry to the group's other devices. It is on disk before the operation completes;
 * after that it goes out whatever happens. Cancelling ends the waiting, not the push.
 * client      the client
 * data        the payload, copied; NULL only with length 0
 * length      bytes, at most ZKS_SIZE_PUSH_MAX
 * flags       ZKS_PUSH_*
 * done, user  see OPERATIONS
 * out_op      receives the operation, owned; nullable. ZKS_OP_FIRST_NUMBER, ZKS_OP_COUNT,
 *             ZKS_OP_BLOB_IDS; with ZKS_PUSH_ACKED also ZKS_OP_INBOX_SEQ
 * Any thread, also in callbacks. Since 0.1. At once, with nothing stored: ZKS_E_INVALID: unknown
 * flags; ZKS_E_TOO_LARGE: longer than ZKS_SIZE_PUSH_MAX; ZKS_E_LIMIT: ZKS_OPTION_QUEUE_MAX_BYTES
 * are on their way into the store, wait for an earlier push; ZKS_E_NOT_CONNECTED: the flag asked
 * for a connection. Completes with ZKS_E_STORE_FULL, ZKS_E_STORE_READONLY, ZKS_E_STORE_CORRUPT,
 * ZKS_E_STORE_IO: nothing was stored; with ZKS_PUSH_ACKED also ZKS_E_BLOB_TOO_LARGE, ZKS_E_REFUSED:
 * stored, and the relay refused it for good; ZKS_E_DEVICE_REVOKED, ZKS_E_UNAUTHORIZED: stored, and
 * the waiting is over, since this device was removed, has left, or is taken for a member by no
 * relay; it stays stored, and goes out if the device is let in again. Else it waits for a relay's
 * yes as long as it takes, also while the group's space there is used up: cancel it to give up,
 * which takes nothing back.
 */
ZKS_API ZKS_MUST_USE zks_status zks_client_push(zks_client *client, const uint8_t *data,
                                                size_t length, uint32_t flags, zks_done_fn done,
                                                void *user, zks_op **out_op);

/*
 * Pushes several entries as one: all are stored or none, with one signature.
 * client      the client
 * data        the payloads one after the other, copied; NULL only when all lengths are 0
 * lengths     the length of each, bytes, at most ZKS_SIZE_PUSH_MAX; copied
 * count       how many, 1..ZKS_PUSH_COUNT_MAX
 * flags       ZKS_PUSH_*
 * done, user  see OPERATIONS
 * out_op      receives the operation, owned; nullable. Fields as of zks_client_push
 * Any thread, also in callbacks. Since 0.1. As zks_client_push; ZKS_E_INVALID also: count is out of
 * range.
 */
ZKS_API ZKS_MUST_USE zks_status zks_client_push_many(zks_client *client, const uint8_t *data,
                                                     const size_t *lengths, size_t count,
                                                     uint32_t flags, zks_done_fn done, void *user,
                                                     zks_op **out_op);

/* --- receiving -------------------------------------------------------------------------------- */

/*
 * Reads entries of the inbox in the order of their sequences. Reading changes nothing: see
 * zks_inbox_ack.
 * client      the client
 * after_seq   entries behind this sequence; 0: from the first one kept
 * max_count   at most so many; 0: 1,000
 * max_bytes   payload bytes at most, but always one entry if there is one; 0: 4 MiB
 * flags       ZKS_READ_*
 * done, user  see OPERATIONS
 * out_op      receives the operation, owned; nullable. zks_op_take_batch, ZKS_OP_COUNT,
 *             ZKS_OP_INBOX_SEQ
 * Any thread, also in callbacks. Since 0.1. At once: ZKS_E_INVALID: unknown flags. Completes with
 * ZKS_E_STORE_IO, ZKS_E_STORE_CORRUPT: the store cannot be read; ZKS_E_NOMEM.
 */
ZKS_API ZKS_MUST_USE zks_status zks_inbox_read(zks_client *client, uint64_t after_seq,
                                               uint32_t max_count, uint32_t max_bytes,
                                               uint32_t flags, zks_done_fn done, void *user,
                                               zks_op **out_op);

/*
 * Moves the watermark: what is at or below it is done with and may be dropped from the store. It
 * never moves back, nor past the last sequence given out.
 * client      the client
 * up_to_seq   the highest sequence that the app has kept
 * done, user  see OPERATIONS
 * out_op      receives the operation, owned; nullable. Complete when it is on disk.
 *             ZKS_OP_ACKED_SEQ
 * Any thread, also in callbacks. Since 0.1. Completes with ZKS_E_STORE_FULL, ZKS_E_STORE_READONLY,
 * ZKS_E_STORE_CORRUPT, ZKS_E_STORE_IO: the watermark was not moved.
 */
ZKS_API ZKS_MUST_USE zks_status zks_inbox_ack(zks_client *client, uint64_t up_to_seq,
                                              zks_done_fn done, void *user, zks_op **out_op);

/* The durable watermark: where to go on reading after a restart. 0: nothing acknowledged, not open
 * yet, or client is not valid.
 * Any thread, also in callbacks. Since 0.1. */
ZKS_API uint64_t zks_inbox_acked(const zks_client *client);

/* A batch is a table by columns: element i of each belongs to entry i. All are borrowed until
 * zks_batch_free and NULL (count: 0) when batch is not valid. */

/* The number of entries.
 * Any thread, also in callbacks. Since 0.1. */
ZKS_API size_t zks_batch_count(const zks_batch *batch);

/* All payloads of batch one after the other; out_length (nullable) receives their bytes.
 * Any thread, also in callbacks. Since 0.1. */
ZKS_API const uint8_t *zks_batch_data(const zks_batch *batch, size_t *out_length);

/* count + 1 offsets: payload i is data[offsets[i]] to data[offsets[i + 1]].
 * Any thread, also in callbacks. Since 0.1. */
ZKS_API const uint64_t *zks_batch_offsets(const zks_batch *batch);

/* Inbox sequences, strictly increasing.
 * Any thread, also in callbacks. Since 0.1. */
ZKS_API const uint64_t *zks_batch_seqs(const zks_batch *batch);

/* The senders' clocks, Unix ms.
 * Any thread, also in callbacks. Since 0.1. */
ZKS_API const int64_t *zks_batch_times_ms(const zks_batch *batch);

/* The entries' ids, ZKS_SIZE_BLOB_ID bytes each: those of ZKS_OP_BLOB_IDS at the sender.
 * Any thread, also in callbacks. Since 0.1. */
ZKS_API const uint8_t *zks_batch_ids(const zks_batch *batch);

/* The senders' device ids, ZKS_SIZE_DEVICE_ID bytes each.
 * Any thread, also in callbacks. Since 0.1. */
ZKS_API const uint8_t *zks_batch_senders(const zks_batch *batch);

/* The senders' own numbers, without gaps within a chain.
 * Any thread, also in callbacks. Since 0.1. */
ZKS_API const uint64_t *zks_batch_numbers(const zks_batch *batch);

/* ZKS_ITEM_*.
 * Any thread, also in callbacks. Since 0.1. */
ZKS_API const uint32_t *zks_batch_flags(const zks_batch *batch);

/* Frees a batch. NULL: nothing happens.
 * Any thread, also in callbacks. Since 0.1. */
ZKS_API void zks_batch_free(zks_batch *batch);

/* --- operations ------------------------------------------------------------------------------- */

/*
 * Waits for an operation. done of a client with a queue may still wait there when this returns.
 * op          the operation
 * timeout_ms  at most so long; 0: only look
 * Any thread, not in callbacks. Since 0.1. 0: it is complete, and zks_op_status says how it went.
 * ZKS_E_TIMEOUT: it is not complete yet. ZKS_E_REENTRANT: in a callback.
 */
ZKS_API ZKS_MUST_USE zks_status zks_op_wait(zks_op *op, uint32_t timeout_ms);

/* The operation's status; ZKS_E_PENDING until it is complete.
 * Any thread, also in callbacks. Since 0.1. */
ZKS_API zks_status zks_op_status(const zks_op *op);

/* What failed and the cure, in one sentence; empty when nothing failed or it is not complete.
 * Borrowed until the last zks_op_free; NULL: op is not valid.
 * Any thread, also in callbacks. Since 0.1. */
ZKS_API const char *zks_op_text(const zks_op *op);

/*
 * A number of a complete operation; 0 where it has none.
 * op     the operation
 * field  ZKS_OP_*
 * Any thread, also in callbacks. Since 0.1.
 */
ZKS_API int64_t zks_op_number(const zks_op *op, int32_t field);

/*
 * Bytes of a complete operation, borrowed as zks_op_text; NULL where it has none.
 * op          the operation
 * field       ZKS_OP_*
 * out_length  receives their count; nullable
 * Any thread, also in callbacks. Since 0.1.
 */
ZKS_API const uint8_t *zks_op_bytes(const zks_op *op, int32_t field, size_t *out_length);

/*
 * Takes the entries out of a complete zks_inbox_read, once.
 * op         the operation
 * out_batch  receives the batch, owned; it outlives operation, client and runtime
 * Any thread, also in callbacks. Since 0.1. ZKS_E_PENDING: not complete. ZKS_E_TAKEN: taken before,
 * or there is none. Where the operation failed: its own status.
 */
ZKS_API ZKS_MUST_USE zks_status zks_op_take_batch(zks_op *op, zks_batch **out_batch);

/* Asks an operation to end soon with ZKS_E_CANCELLED; one that is complete is left alone. What is
 * stored stays.
 * Any thread, also in callbacks. Since 0.1. */
ZKS_API void zks_op_cancel(zks_op *op);

/* Drops the caller's reference; the operation itself goes on. NULL: nothing happens.
 * Any thread, also in callbacks. Since 0.1. */
ZKS_API void zks_op_free(zks_op *op);

/* --- events ----------------------------------------------------------------------------------- */

/* ZKS_EVENT_*; 0: event is not valid.
 * In its callback only. Since 0.1. */
ZKS_API int32_t zks_event_kind(const zks_event *event);

/* The cause, or 0.
 * In its callback only. Since 0.1. */
ZKS_API zks_status zks_event_status(const zks_event *event);

/*
 * A text, borrowed during the callback; NULL where it has none.
 * event  the event
 * field  ZKS_EVENT_FIELD_*
 * In its callback only. Since 0.1.
 */
ZKS_API const char *zks_event_text(const zks_event *event, int32_t field);

/*
 * A number; 0 where it has none.
 * event  the event
 * field  ZKS_EVENT_FIELD_*
 * In its callback only. Since 0.1.
 */
ZKS_API int64_t zks_event_number(const zks_event *event, int32_t field);

/*
 * Bytes, borrowed during the callback; NULL where it has none.
 * event       the event
 * field       ZKS_EVENT_FIELD_*
 * out_length  receives their count; nullable
 * In its callback only. Since 0.1.
 */
ZKS_API const uint8_t *zks_event_bytes(const zks_event *event, int32_t field, size_t *out_length);

/* --- invites ---------------------------------------------------------------------------------- */

/*
 * Makes an invite into a shared group. It carries the group's secret: who sees it can join. Works
 * offline.
 * client       a client that is open
 * relay_lines  addresses for the other device, one a line; empty: none; NULL: those of the client
 * out_invite   receives the invite; owned
 * Any thread, also in callbacks. Since 0.1. ZKS_E_STATE: the client is not open yet. The status of
 * opening it, where that failed. ZKS_E_UNSUPPORTED: a paired group has no secret to give away.
 * ZKS_E_ADDRESS: a line is empty, too long or has control characters. ZKS_E_LIMIT: more than
 * ZKS_RELAYS_MAX lines: name fewer, waiting does not help. ZKS_E_NOMEM.
 */
ZKS_API ZKS_MUST_USE zks_status zks_invite_shared(zks_client *client, const char *relay_lines,
                                                  zks_invite **out_invite);

/*
 * Reads an invite: give its SUITE to zks_config_set_int, its SECRET to zks_config_set_secret and
 * its RELAYS to zks_config_add_relay.
 * text        the text of ZKS_INVITE_LINK, nothing around it; need not end with NUL
 * length      bytes
 * out_invite  receives the invite; owned
 * Any thread, also in callbacks. Since 0.1. ZKS_E_MALFORMED: not an invite, or mistyped.
 * ZKS_E_TRUNCATED: its end is missing. ZKS_E_TOO_LARGE: longer than any invite.
 * ZKS_E_FORMAT_VERSION: from another version. ZKS_E_SUITE: of a suite that this build does not
 * have. ZKS_E_NOMEM.
 */
ZKS_API ZKS_MUST_USE zks_status zks_invite_parse(const char *text, size_t length,
                                                 zks_invite **out_invite);

/*
 * A number of an invite; 0: no such field, or invite is not valid.
 * invite  the invite
 * field   ZKS_INVITE_*
 * Any thread, also in callbacks. Since 0.1.
 */
ZKS_API int64_t zks_invite_number(const zks_invite *invite, int32_t field);

/*
 * A text of an invite, borrowed until zks_invite_free; NULL: no such field, or invite is not valid.
 * invite  the invite
 * field   ZKS_INVITE_LINK, ZKS_INVITE_RELAYS or ZKS_INVITE_DESCRIPTOR
 * Any thread, also in callbacks. Since 0.1.
 */
ZKS_API const char *zks_invite_text(const zks_invite *invite, int32_t field);

/*
 * Bytes of an invite, borrowed until zks_invite_free; NULL: no such field, or invite is not valid.
 * invite      the invite
 * field       ZKS_INVITE_SECRET, ZKS_INVITE_SALT or ZKS_INVITE_GROUP_ID
 * out_length  receives their count; nullable
 * Any thread, also in callbacks. Since 0.1.
 */
ZKS_API const uint8_t *zks_invite_bytes(const zks_invite *invite, int32_t field,
                                        size_t *out_length);

/*
 * Draws an invite's link as a QR code, with the white margin that readers need. The picture is as
 * secret as the invite.
 * invite      the invite
 * format      ZKS_RENDER_*
 * scale       pixels for each module, 1 to ZKS_RENDER_SCALE_MAX; 8 suits a screen. For SVG the size
 *             that it asks for; a terminal's text has one character for two modules, whatever it is
 * capacity    bytes at out_bytes
 * out_bytes   receives the picture, without NUL; NULL with a capacity of 0: only its length is
 *             asked for, which is the same in each call
 * out_length  receives the picture's length in bytes
 * Any thread, also in callbacks. Since 0.1. ZKS_E_INVALID: no such format or scale, or the picture
 * has more bytes than capacity. ZKS_E_TOO_LARGE: no QR code holds a link of this length (2,331
 * characters); make the invite with fewer relays. ZKS_E_NOMEM.
 */
ZKS_API ZKS_MUST_USE zks_status zks_invite_render(const zks_invite *invite, int32_t format,
                                                  uint32_t scale, size_t capacity,
                                                  uint8_t *out_bytes, size_t *out_length);

/* Wipes and frees an invite. NULL: nothing happens.
 * Any thread, also in callbacks. Since 0.1. */
ZKS_API void zks_invite_free(zks_invite *invite);

/* --- pairing ---------------------------------------------------------------------------------- */

/*
 * Lets a device into the group: shows a code or link (ZKS_EVENT_PAIR_CODE) that the user types or
 * scans on the other device, which gives it to zks_group_join. Each serves once. When the other
 * device has proven that it knows it, ZKS_EVENT_PAIR_DIGITS and ZKS_EVENT_PAIR_ASK come. One at a
 * time; while the code waits, the connection may come and go, for up to a minute, and the relay may
 * be restarted. In a shared group the device is given the group's secret, which nothing takes back.
 * client      a client, connected, with an event function
 * kind        ZKS_PAIR_KIND_*
 * rights      ZKS_RIGHT_* of the new device; 0: all that this device has. In a shared group 0
 * life_s      how long the code is good, s; 0: 600, which is also the most
 * done, user  see OPERATIONS
 * out_op      receives the operation, owned; nullable. zks_op_cancel takes the code back.
 *             ZKS_OP_DEVICE; with a refusal of the relay ZKS_OP_RETRY_AFTER_MS
 * Any thread, also in callbacks. Since 0.1. At once: ZKS_E_STATE: no event function is set, so
 * nobody would see the code. Completes when the other device is in, or with ZKS_E_WRONG_CODE: the
 * third wrong try burnt it; ZKS_E_CODE_EXPIRED; ZKS_E_CODE_UNKNOWN: the relay in use does not know
 * the code; ZKS_E_CODE_CANCELLED: the other device's user cancelled, or this device was away for
 * too long; ZKS_E_CANCELLED: this one's did, or declined; ZKS_E_TIMEOUT: the other device was
 * silent; ZKS_E_CONNECTION_LOST: in the middle of it; ZKS_E_PROTOCOL: somebody interferes;
 * ZKS_E_NOT_CONNECTED; ZKS_E_BUSY: a code is shown already; ZKS_E_UNAUTHORIZED: this device lacks
 * ZKS_RIGHT_INVITE or one of `rights`; ZKS_E_UNSUPPORTED: a code where only links work;
 * ZKS_E_RATE_LIMITED, ZKS_E_RELAY_OVERLOADED; ZKS_E_TOO_LARGE: the relay's address is longer than
 * 255 bytes, or the group's records than 1 MiB. Where the text says so, the device may be a member
 * all the same.
 */
ZKS_API ZKS_MUST_USE zks_status zks_pair_begin(zks_client *client, int32_t kind, uint32_t rights,
                                               uint32_t life_s, zks_done_fn done, void *user,
                                               zks_op **out_op);

/*
 * Makes a pairing code that is good before there is a relay, for zks_pair_begin_code: to be shown
 * or printed at once. At random (57 bits that a relay never sees, and 19 that it does), of 2 to 7
 * and A to Z without I, L, O and U.
 * out_code  receives ZKS_SIZE_PAIR_CODE bytes: XXXX-XXXX-XXXX-XXXX and a NUL
 * Any thread, also in callbacks. Since 0.2. ZKS_E_SYSTEM: there is no source of randomness.
 */
ZKS_API ZKS_MUST_USE zks_status zks_pair_code_new(uint8_t *out_code);

/*
 * As zks_pair_begin with ZKS_PAIR_KIND_CODE and a code that is there already. The client need not
 * be connected: the code is good from the first connection on, for life_s, which
 * ZKS_EVENT_PAIR_CODE tells, and moves with the client to another of its relays. A code serves
 * once: one that somebody has tried or used is not taken again.
 * client      a client with an event function
 * code        of zks_pair_code_new, as typed or scanned; case, blanks and dashes do not matter
 * length      bytes
 * rights      as for zks_pair_begin
 * life_s      as for zks_pair_begin
 * done, user  see OPERATIONS
 * out_op      as for zks_pair_begin
 * Any thread, also in callbacks. Since 0.2. At once: ZKS_E_TRUNCATED, ZKS_E_TOO_LARGE,
 * ZKS_E_MALFORMED: it is no code; ZKS_E_INVALID: it is a link or an invite; and as zks_pair_begin.
 * Completes as that, but never with ZKS_E_NOT_CONNECTED, and with ZKS_E_BUSY also where the relay
 * has another device's code that begins with the same four characters, with ZKS_E_CODE_USED where
 * it was tried or used before, and ZKS_E_CODE_UNKNOWN where the relay is of a version that takes
 * none but its own: make a new code.
 */
ZKS_API ZKS_MUST_USE zks_status zks_pair_begin_code(zks_client *client, const char *code,
                                                    size_t length, uint32_t rights, uint32_t life_s,
                                                    zks_done_fn done, void *user, zks_op **out_op);

/*
 * Answers ZKS_EVENT_PAIR_ASK. An app that does not ask its user accepts at once; who has the code
 * is then in.
 * client  the client that was asked
 * accept  0: no, which ends the pairing; 1: yes
 * Any thread, also in callbacks. Since 0.1. ZKS_E_STATE: nothing was asked, or it is over;
 * ZKS_E_NOMEM: ask again.
 */
ZKS_API ZKS_MUST_USE zks_status zks_pair_answer(zks_client *client, int32_t accept);

/*
 * Draws a text, as a pairing link is one, as a QR code: zks_invite_render says the rest. The
 * picture is as secret as the text.
 * text        UTF-8, not empty; need not end with NUL
 * length      bytes
 * format, scale, capacity, out_bytes, out_length  as for zks_invite_render
 * Any thread, also in callbacks. Since 0.1. ZKS_E_INVALID: as there, or the text is empty or not
 * UTF-8. ZKS_E_TOO_LARGE: no QR code holds a text of this length. ZKS_E_NOMEM.
 */
ZKS_API ZKS_MUST_USE zks_status zks_qr_render(const char *text, size_t length, int32_t format,
                                              uint32_t scale, size_t capacity, uint8_t *out_bytes,
                                              size_t *out_length);

/* --- membership of paired groups -------------------------------------------------------------- */

/*
 * Removes a device from its paired group: its session ends at once, every relay refuses it, and
 * with the fresh keys that come with it the device reads nothing newer. The others go on. What it
 * has read before it keeps. A device that is removed already counts as success.
 * client      a client whose device has ZKS_RIGHT_ADMIN, connected
 * device      ZKS_SIZE_DEVICE_ID bytes, not this device's own
 * reason      ZKS_REVOKE_*
 * recovery    the words of the group's recovery code, UTF-8; NULL: none. With it any device of the
 *             group can remove any other one, offline too, also one that has removed it; a fork
 *             (ZKS_EVENT_GROUP_FORK) is settled by removing the one that is to go. What is done
 *             offline takes effect for the others at the next connection
 * recovery_length  bytes of recovery
 * done, user  see OPERATIONS
 * out_op      receives the operation, owned; nullable. ZKS_OP_EPOCH
 * Any thread, also in callbacks. Since 0.1. Completes when a relay has it on disk, or with
 * ZKS_E_NOT_CONNECTED; ZKS_E_UNAUTHORIZED: this device lacks ZKS_RIGHT_ADMIN;
 * ZKS_E_DEVICE_REVOKED: it is itself removed; ZKS_E_NOT_FOUND: no such device was ever a member;
 * ZKS_E_INVALID: it is this device, see zks_group_leave; ZKS_E_UNSUPPORTED: a shared group;
 * ZKS_E_UNKNOWN_EPOCH: this device is not synced yet; ZKS_E_CONFLICT: others change the group all
 * the time, or this device was removed by another one that would stay, or two devices have removed
 * each other (ZKS_EVENT_GROUP_FORK) and the relay keeps the other one than this device: the text
 * says which, and the recovery code settles the latter two; ZKS_E_QUOTA_EXCEEDED: this device has
 * changed the group too often, or the group's records have no room at the relay: the text says
 * which; ZKS_E_CONNECTION_LOST: whether it is done is not known: repeat it. Of the recovery code:
 * ZKS_E_MALFORMED, ZKS_E_TRUNCATED, ZKS_E_TOO_LARGE, ZKS_E_DECRYPT: it is mistyped;
 * ZKS_E_WRONG_GROUP: another group's; ZKS_E_SUITE: not of this build.
 */
ZKS_API ZKS_MUST_USE zks_status zks_device_revoke(zks_client *client, const uint8_t *device,
                                                  int32_t reason, const char *recovery,
                                                  size_t recovery_length, zks_done_fn done,
                                                  void *user, zks_op **out_op);

/*
 * Gives a paired group fresh keys now. Connected devices with ZKS_RIGHT_ADMIN do so by themselves
 * when the keys are as old as ZKS_OPTION_ROTATE_S.
 * client      a client whose device has ZKS_RIGHT_ADMIN, connected
 * done, user  see OPERATIONS
 * out_op      receives the operation, owned; nullable. ZKS_OP_EPOCH
 * Any thread, also in callbacks. Since 0.1. Completes when a relay has it on disk, or with the
 * statuses of zks_device_revoke.
 */
ZKS_API ZKS_MUST_USE zks_status zks_group_rotate(zks_client *client, zks_done_fn done, void *user,
                                                 zks_op **out_op);

/*
 * Takes this device out of its group, for good. Afterwards the client is offline and every relay
 * refuses it; what is stored stays readable. The others make fresh keys when one of them with
 * ZKS_RIGHT_ADMIN is connected. Of shared groups too, where whoever has the secret can come back.
 * client      the client, connected
 * done, user  see OPERATIONS
 * out_op      receives the operation, owned; nullable
 * Any thread, also in callbacks. Since 0.1. Completes when the relay has it on disk; push and flush
 * before, for what is to be sent still. ZKS_E_NOT_CONNECTED; ZKS_E_CONNECTION_LOST: whether it is
 * done is not known: connect again, which ends with ZKS_E_UNAUTHORIZED if it is;
 * ZKS_E_UNAUTHORIZED, ZKS_E_DEVICE_REVOKED: it is no member anyway.
 */
ZKS_API ZKS_MUST_USE zks_status zks_group_leave(zks_client *client, zks_done_fn done, void *user,
                                                zks_op **out_op);

/* --- devices ---------------------------------------------------------------------------------- */

/*
 * The group's members as this device knows them now, this one included and first.
 * client       a client that is open
 * out_devices  receives the snapshot; owned
 * Any thread, also in callbacks. Since 0.1. ZKS_E_STATE: the client is not open yet. The status of
 * opening it, where that failed. ZKS_E_NOMEM.
 */
ZKS_API ZKS_MUST_USE zks_status zks_devices_get(zks_client *client, zks_devices **out_devices);

/* The number of devices; 0: devices is not valid.
 * Any thread, also in callbacks. Since 0.1. */
ZKS_API size_t zks_devices_count(const zks_devices *devices);

/* The id of device i of devices, ZKS_SIZE_DEVICE_ID bytes, borrowed until zks_devices_free; NULL:
 * no such device. Any thread, also in callbacks. Since 0.1. */
ZKS_API const uint8_t *zks_devices_id(const zks_devices *devices, size_t i);

/* The id of the device that let device i of devices in, member or not, ZKS_SIZE_DEVICE_ID bytes,
 * borrowed until zks_devices_free; NULL: the group's first device or one that was restored, a
 * shared group, or no such device. When a device is lost, look whom it has let in since: they stay
 * members until they are removed too. Any thread, also in callbacks. Since 0.1. */
ZKS_API const uint8_t *zks_devices_inviter(const zks_devices *devices, size_t i);

/* The name of device i of devices, borrowed as the id; empty: it has none; NULL: no such device.
 * Any thread, also in callbacks. Since 0.1. */
ZKS_API const char *zks_devices_name(const zks_devices *devices, size_t i);

/*
 * A number of device i; 0: no such device or field.
 * devices  the snapshot
 * i        0..count - 1
 * field    ZKS_DEVICES_*
 * Any thread, also in callbacks. Since 0.1.
 */
ZKS_API int64_t zks_devices_number(const zks_devices *devices, size_t i, int32_t field);

/* Frees a snapshot. NULL: nothing happens.
 * Any thread, also in callbacks. Since 0.1. */
ZKS_API void zks_devices_free(zks_devices *devices);

/* --- report ----------------------------------------------------------------------------------- */

/*
 * The client's figures now, all of one moment.
 * client      the client
 * out_report  receives the snapshot; owned
 * Any thread, also in callbacks. Since 0.1. Before the opening is done and after closing it holds
 * what is known. ZKS_E_NOMEM.
 */
ZKS_API ZKS_MUST_USE zks_status zks_report_get(zks_client *client, zks_report **out_report);

/*
 * A number; 0: no such field, or report is not valid.
 * report  the snapshot
 * field   ZKS_REPORT_*
 * Any thread, also in callbacks. Since 0.1.
 */
ZKS_API int64_t zks_report_number(const zks_report *report, int32_t field);

/*
 * A text, borrowed until zks_report_free; NULL: none, no such field, or report is not valid.
 * report  the snapshot
 * field   ZKS_REPORT_*
 * Any thread, also in callbacks. Since 0.1.
 */
ZKS_API const char *zks_report_text(const zks_report *report, int32_t field);

/*
 * Bytes, borrowed until zks_report_free; NULL: no such field, or report is not valid.
 * report      the snapshot
 * field       ZKS_REPORT_*
 * out_length  receives their count; nullable
 * Any thread, also in callbacks. Since 0.1.
 */
ZKS_API const uint8_t *zks_report_bytes(const zks_report *report, int32_t field,
                                        size_t *out_length);

/*
 * A number of relay i, in the order of the configuration; 0: no such relay or field.
 * report  the snapshot
 * i       0..ZKS_REPORT_RELAYS - 1
 * field   ZKS_REPORT_RELAY_*
 * Any thread, also in callbacks. Since 0.1.
 */
ZKS_API int64_t zks_report_relay_number(const zks_report *report, size_t i, int32_t field);

/*
 * A text of relay i, borrowed until zks_report_free; NULL: none, or no such relay or field.
 * report  the snapshot
 * i       0..ZKS_REPORT_RELAYS - 1
 * field   ZKS_REPORT_RELAY_*
 * Any thread, also in callbacks. Since 0.1.
 */
ZKS_API const char *zks_report_relay_text(const zks_report *report, size_t i, int32_t field);

/* Frees a snapshot. NULL: nothing happens.
 * Any thread, also in callbacks. Since 0.1. */
ZKS_API void zks_report_free(zks_report *report);

/* --- embedded relay --------------------------------------------------------------------------- */

/*
 * Starts a relay in this process, with threads of its own: the same code as the program zks-relay.
 * runtime     makes the callbacks of the relay's operations, nothing else
 * config      lines `name = value` as in zks-relay's configuration file; NULL: all defaults
 * done, user  see OPERATIONS
 * out_op      receives the operation, owned; nullable. Complete when the relay listens or failed to
 * out_relay   receives the relay, owned, also when the start fails later
 * Any thread, also in callbacks. Since 0.1. At once: ZKS_E_SYSTEM: no thread. Completes with
 * ZKS_E_CONFIG_FILE: an unknown name or a bad value (the operation's text names it);
 * ZKS_E_PORT_IN_USE; ZKS_E_STORE_BUSY, ZKS_E_STORE_PATH, ZKS_E_STORE_READONLY, ZKS_E_STORE_CORRUPT,
 * ZKS_E_STORE_VERSION, ZKS_E_STORE_FULL, ZKS_E_STORE_IO: its store or key file; ZKS_E_CANCELLED:
 * stopped meanwhile.
 */
ZKS_API ZKS_MUST_USE zks_status zks_relay_start(zks_runtime *runtime, const char *config,
                                                zks_done_fn done, void *user, zks_op **out_op,
                                                zks_relay **out_relay);

/* The address to give to clients, "zks://<key>@host:port" with the port really bound; borrowed
 * until zks_relay_free. NULL: it has not started, or relay is not valid.
 * Any thread, also in callbacks. Since 0.1. */
ZKS_API const char *zks_relay_address(const zks_relay *relay);

/*
 * Stops the relay: tells its clients, finishes what is being stored, closes. Completes when it has
 * stopped; stopping a stopped one is fine.
 * relay       the relay
 * done, user  see OPERATIONS
 * out_op      receives the operation, owned; nullable
 * Any thread, also in callbacks. Since 0.1.
 */
ZKS_API ZKS_MUST_USE zks_status zks_relay_stop(zks_relay *relay, zks_done_fn done, void *user,
                                               zks_op **out_op);

/* Stops the relay without waiting, if it runs, and ends the caller's handle. NULL: nothing happens.
 * Any thread, also in callbacks. Since 0.1. */
ZKS_API void zks_relay_free(zks_relay *relay);

#ifdef __cplusplus
}
#endif

#endif
