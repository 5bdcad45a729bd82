/* SPDX-License-Identifier: MIT OR Apache-2.0 */
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

/* The version of this header. zks_abi_version() tells that of the loaded library, in the form of ZKS_ABI_VERSION. */
enum {
    ZKS_ABI_VERSION_MAJOR = 0,
    ZKS_ABI_VERSION_MINOR = 1,
    ZKS_ABI_VERSION_PATCH = 0,
    ZKS_ABI_VERSION = 0x000100 /* major << 16 | minor << 8 | patch */
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

/* An operation completed. Exactly once for every accepted operation; op is borrowed during the call. */
typedef void (*zks_done_fn)(zks_op *op, void *user);
/* Something happened to a client; event is borrowed during the call. */
typedef void (*zks_event_fn)(zks_client *client, const zks_event *event, void *user);
/* A queue became non-empty. On an engine thread: wake the dispatching thread and return, call nothing of this library. */
typedef void (*zks_wake_fn)(void *user);
/* One line of log without its newline, borrowed; level is ZKS_LOG_*. On any engine thread, one call at a time; call
 * nothing of this library. */
typedef void (*zks_log_fn)(int32_t level, const char *line, void *user);
/* The last call for a user pointer: exactly once, after every callback that gets it. */
typedef void (*zks_free_fn)(void *user);

/*
 * Status codes. The hundreds name the area: 0 calls, 100 configuration, 200 the local store, 300 the network,
 * 400 what a relay answered, 500 data that does not verify.
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

    ZKS_E_CONFIG = -100,        /* the configuration is incomplete or contradicts itself */
    ZKS_E_SECRET = -101,        /* a group secret must be exactly 32 bytes */
    ZKS_E_SALT = -102,          /* a salt has at least 8 bytes */
    ZKS_E_BOTH_SECRETS = -103,  /* give a secret or a passphrase, not both */
    ZKS_E_DESCRIPTOR = -104,    /* the Argon2id descriptor is malformed or outside the accepted range */
    ZKS_E_ADDRESS = -105,       /* a relay address cannot be understood */
    ZKS_E_PASSPHRASE = -106,    /* the passphrase is empty or too long */
    ZKS_E_CONFIG_FILE = -107,   /* a configuration text has an unknown key or a bad value */

    ZKS_E_STORE_BUSY = -200,     /* another process uses this store */
    ZKS_E_STORE_CORRUPT = -201,  /* the store file is damaged */
    ZKS_E_STORE_FULL = -202,     /* no space left on the device that holds the store */
    ZKS_E_STORE_READONLY = -203, /* the store or its folder cannot be written */
    ZKS_E_STORE_VERSION = -204,  /* the store was written by a newer version */
    ZKS_E_STORE_IO = -205,       /* reading or writing the store failed */
    ZKS_E_STORE_GROUP = -206,    /* the store belongs to another group or secret */
    ZKS_E_STORE_PATH = -207,     /* the store cannot be created or opened there */

    ZKS_E_NOT_CONNECTED = -300,     /* no relay is connected */
    ZKS_E_UNREACHABLE = -301,       /* the relay does not answer */
    ZKS_E_RELAY_KEY_CHANGED = -302, /* the relay shows another key than the pinned one */
    ZKS_E_CONNECTION_LOST = -303,   /* the connection ended */
    ZKS_E_PROTOCOL_VERSION = -304,  /* the two ends speak different protocol versions */
    ZKS_E_PROTOCOL = -305,          /* the other end sent what the protocol does not allow */
    ZKS_E_PORT_IN_USE = -306,       /* another program listens on that port */
    ZKS_E_RESOLVE = -307,           /* the relay's host name cannot be resolved */
    ZKS_E_TLS = -308,               /* the TLS handshake failed */

    ZKS_E_UNAUTHORIZED = -400,       /* 1002: this device is not a member, or the group is unknown there */
    ZKS_E_DEVICE_REVOKED = -401,     /* 1003: this device was removed from the group */
    ZKS_E_NOT_BLOB_OWNER = -402,     /* 1004: only the sender may delete a blob */
    ZKS_E_STALE_EPOCH = -403,        /* 1005: sealed for an epoch that is over */
    ZKS_E_CONFLICT = -404,           /* 1006: the group's records moved on */
    ZKS_E_WRONG_CODE = -405,         /* 1007: the pairing code is wrong */
    ZKS_E_BUSY = -406,               /* 1008: somebody else is doing this right now */
    ZKS_E_REFUSED = -407,            /* 1000: the relay called the message invalid */
    ZKS_E_RATE_LIMITED = -410,       /* 2000: too many requests; see retry_after */
    ZKS_E_BLOB_TOO_LARGE = -411,     /* 2001: larger than the limit in force */
    ZKS_E_QUOTA_EXCEEDED = -412,     /* 2002: the group's space at the relay is used up */
    ZKS_E_PUSH_TOKEN = -413,         /* 2003: the wake token is not valid */
    ZKS_E_RELAY_OVERLOADED = -420,   /* 3000: the relay has no capacity now */
    ZKS_E_RELAY_SHUTTING_DOWN = -421, /* 3001: the relay is stopping; see retry_after */
    ZKS_E_RELAY_STORAGE_FULL = -422, /* 3002: the relay's disk is full */

    ZKS_E_TRUNCATED = -500,      /* the data ends too early */
    ZKS_E_MALFORMED = -501,      /* the data is not in the expected form */
    ZKS_E_TOO_LARGE = -502,      /* longer than the limit for its kind */
    ZKS_E_FORMAT_VERSION = -503, /* an unknown version */
    ZKS_E_SUITE = -504,          /* an unknown cipher suite */
    ZKS_E_BAD_SIGNATURE = -505,  /* a signature does not verify */
    ZKS_E_DECRYPT = -506,        /* authenticated decryption failed: wrong key or altered data */
    ZKS_E_WRONG_GROUP = -507,    /* made for another group */
    ZKS_E_UNKNOWN_EPOCH = -508,  /* sealed for an epoch whose key is not here */
    ZKS_E_NOT_MEMBER = -509      /* made by a device that is not a member */
};

/* What to do about a status: zks_status_class. */
enum {
    ZKS_CLASS_NONE = 0,    /* nothing: it went well, or it is what the caller asked for */
    ZKS_CLASS_RETRY = 1,   /* try again later; nothing has to be changed */
    ZKS_CLASS_CALL = 2,    /* the call is wrong: mend the program or the input */
    ZKS_CLASS_CONFIG = 3,  /* the configuration or the machine is: somebody has to change it */
    ZKS_CLASS_SECURITY = 4 /* something is not what it claims to be: tell the user, do not just retry */
};

/* Levels of zks_runtime_set_log; each includes those before it. */
enum { ZKS_LOG_OFF = 0, ZKS_LOG_ERROR = 1, ZKS_LOG_WARN = 2, ZKS_LOG_INFO = 3, ZKS_LOG_DEBUG = 4 };

/* Sizes in bytes. */
enum {
    ZKS_SIZE_SECRET = 32,         /* a group secret */
    ZKS_SIZE_GROUP_ID = 32,       /* a group's id */
    ZKS_SIZE_DEVICE_ID = 32,      /* a device's id in one group: its public key */
    ZKS_SIZE_RELAY_KEY = 32,      /* a relay's public key */
    ZKS_SIZE_BLOB_ID = 16,        /* a blob's id: a UUIDv8 */
    ZKS_SIZE_CHAIN = 16,          /* the name of one of a device's chains of entries */
    ZKS_SIZE_SALT_MIN = 8,        /* a passphrase's salt; 16 is best */
    ZKS_SIZE_PASSPHRASE_MAX = 1024,
    ZKS_SIZE_NAME_MAX = 128,      /* a device name, UTF-8 */
    ZKS_SIZE_ADDRESS_MAX = 512,   /* a relay address */
    ZKS_SIZE_PUSH_MAX = 1047552,  /* one entry: 1 MiB - 1 KiB; a relay may allow less */
    ZKS_RELAYS_MAX = 16,          /* relays of one client or invite */
    ZKS_PUSH_COUNT_MAX = 65536    /* entries of one zks_client_push_many */
};

/* Options of zks_config_set_text (below 100) and zks_config_set_int (from 100). */
enum {
    ZKS_OPTION_STORE_PATH = 1,           /* the store's file, made where absent; default: in memory */
    ZKS_OPTION_DEVICE_NAME = 2,          /* shown to the group's members only; default: none */
    ZKS_OPTION_TTL_S = 100,              /* how long relays keep what is pushed, s; 0: as long as the relay allows */
    ZKS_OPTION_INBOX_MAX_BYTES = 101,    /* unread bytes at which the relay is asked to wait; 0: 256 MiB */
    ZKS_OPTION_KEEP_BYTES = 102,         /* read and settled payloads kept in the store; 0: 256 MiB */
    ZKS_OPTION_QUEUE_MAX_BYTES = 103,    /* bytes on their way into the store at which push says LIMIT; 0: 64 MiB */
    ZKS_OPTION_CONNECT_TIMEOUT_MS = 104  /* one attempt to reach a relay; 0: 10,000 */
};

/* Flags of zks_client_push and zks_client_push_many. */
enum {
    ZKS_PUSH_STORED = 0,         /* complete when the entry is durable on this device */
    ZKS_PUSH_ACKED = 1,          /* complete when a relay has it on disk */
    ZKS_PUSH_NEED_CONNECTION = 2 /* fail with ZKS_E_NOT_CONNECTED instead of queueing while offline */
};

/* Flags of zks_inbox_read. */
enum {
    ZKS_READ_WAIT = 1, /* complete at the first entry instead of with an empty batch */
    ZKS_READ_OWN = 2   /* also this device's own entries, at the place where a relay acknowledged them */
};

/* zks_batch_flags: what is special about an entry. */
enum {
    ZKS_ITEM_OWN = 1,  /* pushed by this device */
    ZKS_ITEM_LATE = 2, /* was reported missing before: its place is before entries already delivered */
    ZKS_ITEM_FORK = 4  /* its author wrote two entries with this number; both are delivered */
};

/* What an operation has to tell beside its status. */
enum {
    /* zks_op_number; 0 where it does not apply */
    ZKS_OP_FIRST_NUMBER = 1,   /* push: this device's own number of the first entry; the others follow without gaps */
    ZKS_OP_COUNT = 2,          /* push: entries; inbox_read: entries of the batch */
    ZKS_OP_INBOX_SEQ = 3,      /* push with ZKS_PUSH_ACKED: inbox sequence of the last entry; inbox_read: of the last read */
    ZKS_OP_RETRY_AFTER_MS = 4, /* any failure of class RETRY: not before, if the relay said so */
    ZKS_OP_ACKED_SEQ = 5,      /* inbox_ack: the watermark now */
    ZKS_OP_PENDING = 6,        /* flush: entries that no relay has acknowledged yet */
    /* zks_op_bytes */
    ZKS_OP_BLOB_IDS = 201 /* push: ZKS_SIZE_BLOB_ID bytes for each entry */
};

/* zks_event_kind. The fields that a kind has stand behind it. */
enum {
    ZKS_EVENT_INBOX = 1,           /* there is something to read (coalesced). LAST_SEQ */
    ZKS_EVENT_STATE = 2,           /* the connection's state changed; status: why. STATE, RELAY, RETRY_AFTER_MS; with
                                      ZKS_E_RELAY_KEY_CHANGED also RELAY_KEY */
    ZKS_EVENT_PUSH_REFUSED = 3,    /* a relay refused an own entry for good; status: why. NUMBER, BLOB_ID, RELAY */
    ZKS_EVENT_HISTORY_GAP = 4,     /* entries of a device are missing and go on without. DEVICE, CHAIN, FIRST, LAST */
    ZKS_EVENT_HISTORY_EXPIRED = 5, /* the same, but their author does not expect them to be had. As HISTORY_GAP */
    ZKS_EVENT_UNVERIFIED = 6,      /* an entry waits for a signature too long; it is held back. DEVICE, CHAIN, FIRST */
    ZKS_EVENT_FORK = 7,            /* a device wrote two entries with one number. DEVICE, CHAIN, FIRST */
    ZKS_EVENT_REJECTED = 8,        /* blobs that do not verify were dropped (coalesced); status: the last cause. COUNT,
                                      DEVICE (as the relay claims), RELAY */
    ZKS_EVENT_NEW_CHAIN = 9,       /* this device began a new chain: its store was restored or forked. CHAIN */
    ZKS_EVENT_DEVICE = 10,         /* a member joined. DEVICE */
    ZKS_EVENT_STORE = 11,          /* the store has a problem, or (status 0) has none any more; status: which */
    ZKS_EVENT_CLOSED = 12          /* the last event of a client; status: why, 0 after zks_client_close or _free */
};

/* Fields of an event. */
enum {
    /* zks_event_number; 0 where it does not apply */
    ZKS_EVENT_FIELD_LAST_SEQ = 1,       /* highest inbox sequence */
    ZKS_EVENT_FIELD_STATE = 2,          /* ZKS_STATE_* */
    ZKS_EVENT_FIELD_RETRY_AFTER_MS = 3, /* until the next attempt */
    ZKS_EVENT_FIELD_COUNT = 4,
    ZKS_EVENT_FIELD_FIRST = 5,  /* the author's number of the first entry concerned */
    ZKS_EVENT_FIELD_LAST = 6,   /* of the last */
    ZKS_EVENT_FIELD_NUMBER = 7, /* own number of an own entry, as ZKS_OP_FIRST_NUMBER */
    /* zks_event_text; NULL where it does not apply */
    ZKS_EVENT_FIELD_SENTENCE = 101, /* what happened and the cure, for people */
    ZKS_EVENT_FIELD_RELAY = 102,    /* the relay's address as configured */
    /* zks_event_bytes; NULL where it does not apply */
    ZKS_EVENT_FIELD_DEVICE = 201,   /* ZKS_SIZE_DEVICE_ID */
    ZKS_EVENT_FIELD_BLOB_ID = 202,  /* ZKS_SIZE_BLOB_ID */
    ZKS_EVENT_FIELD_CHAIN = 203,    /* ZKS_SIZE_CHAIN */
    ZKS_EVENT_FIELD_RELAY_KEY = 204 /* ZKS_SIZE_RELAY_KEY: the key that the relay showed; see zks_client_trust_relay */
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
    ZKS_REPORT_HELD = 10,           /* received entries that wait for a signature or an earlier entry */
    ZKS_REPORT_LAST_NUMBER = 11,    /* highest own number, as ZKS_OP_FIRST_NUMBER */
    /* since the client was opened */
    ZKS_REPORT_SENT = 12,           /* entries that a relay acknowledged */
    ZKS_REPORT_SENT_BYTES = 13,     /* as sealed */
    ZKS_REPORT_RECEIVED = 14,       /* entries put into the inbox */
    ZKS_REPORT_RECEIVED_BYTES = 15, /* as sealed */
    ZKS_REPORT_DUPLICATES = 16,     /* blobs dropped because their entry was there already */
    ZKS_REPORT_REJECTED = 17,       /* blobs dropped because they do not verify */
    ZKS_REPORT_CONNECTS = 18,       /* times that a relay accepted this device */
    /* zks_report_text */
    ZKS_REPORT_DEVICE_NAME = 101, /* of this device; empty: none */
    ZKS_REPORT_STORE_PATH = 102,  /* empty: in memory */
    ZKS_REPORT_ACTIVE_RELAY = 103, /* address of the relay that is read; NULL: none connected */
    /* zks_report_bytes */
    ZKS_REPORT_GROUP_ID = 201, /* ZKS_SIZE_GROUP_ID */
    ZKS_REPORT_DEVICE_ID = 202 /* ZKS_SIZE_DEVICE_ID */
};

/* Fields of one relay in a report. */
enum {
    /* zks_report_relay_number */
    ZKS_REPORT_RELAY_STATE = 1,    /* ZKS_STATE_* */
    ZKS_REPORT_RELAY_CURSOR = 2,   /* read up to here, in the relay's own numbers */
    ZKS_REPORT_RELAY_RTT_US = 3,   /* round trip; 0: not measured */
    ZKS_REPORT_RELAY_PENDING = 4,  /* own entries that this relay has not acknowledged */
    ZKS_REPORT_RELAY_ACKED = 5,    /* own entries up to this number are settled there */
    ZKS_REPORT_RELAY_STATUS = 6,   /* the last failure, ZKS_E_*; 0: none since it was last connected */
    ZKS_REPORT_RELAY_RETRY_AFTER_MS = 7, /* until the next attempt */
    /* zks_report_relay_text */
    ZKS_REPORT_RELAY_ADDRESS = 101, /* as configured */
    ZKS_REPORT_RELAY_ERROR = 102    /* the last failure in words; NULL: none */
};

/* Fields of zks_devices_number. */
enum {
    ZKS_DEVICES_SELF = 1,       /* 1: this device */
    ZKS_DEVICES_SEEN_MS = 2,    /* Unix time of the newest entry received from it; 0: none yet */
    ZKS_DEVICES_NOT_AFTER_S = 3, /* Unix time at which its membership ends; 0: never */
    ZKS_DEVICES_LAST_NUMBER = 4 /* highest of its entries that was delivered here, in its present chain */
};

/* Fields of an invite. */
enum {
    ZKS_INVITE_VERSION = 3, /* of the payload that this library writes and reads */
    /* zks_invite_text */
    ZKS_INVITE_LINK = 101,       /* "zks-invite:...": the whole invite, for a link, a QR code or paste */
    ZKS_INVITE_RELAYS = 102,     /* relay addresses, one a line; empty: none */
    ZKS_INVITE_DESCRIPTOR = 103, /* Argon2id descriptor of a passphrase group; empty: none */
    /* zks_invite_bytes */
    ZKS_INVITE_SECRET = 201,  /* ZKS_SIZE_SECRET */
    ZKS_INVITE_SALT = 202,    /* of the descriptor; length 0: none */
    ZKS_INVITE_GROUP_ID = 203 /* ZKS_SIZE_GROUP_ID */
};

#ifdef __cplusplus
}
#endif

#endif
