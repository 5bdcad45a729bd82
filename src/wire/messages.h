/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Messages: bytes in, structs out, and back. Pure; any thread.
 *
 * On the wire a message is LEB128 length (of what follows), type (1 byte), body. Each body is
 * described by one field table (messages.c), and encoder, decoder, size and printer are made from
 * it. Integers are little-endian, byte strings and lists carry a LEB128 length or count; all LEB128
 * is minimal. Unknown trailing fields are ignored.
 *
 * Nothing here allocates. Byte strings in decoded structs are borrowed from the input. Lists are
 * read one item at a time.
 */
#ifndef ZKS_WIRE_MESSAGES_H
#define ZKS_WIRE_MESSAGES_H

#include "base/bytes.h"
#include "wire/limits.h"

typedef enum zks__message_type {
    ZKS_MESSAGE_HELLO = 0x01,
    ZKS_MESSAGE_WELCOME = 0x02,
    ZKS_MESSAGE_RECORDS = 0x03,
    ZKS_MESSAGE_PUSH = 0x10,
    ZKS_MESSAGE_PUSH_ACK = 0x11,
    ZKS_MESSAGE_PULL = 0x20,
    ZKS_MESSAGE_BLOBS = 0x21,
    ZKS_MESSAGE_ACK = 0x22,
    ZKS_MESSAGE_NOTIFY = 0x31,
    ZKS_MESSAGE_DELETE = 0x40,
    ZKS_MESSAGE_MAILBOX_OPEN = 0x80,
    ZKS_MESSAGE_MAILBOX_PUT = 0x81,
    ZKS_MESSAGE_MAILBOX_GET = 0x82,
    ZKS_MESSAGE_MAILBOX_CLOSE = 0x83,
    ZKS_MESSAGE_BYE = 0xF0,
    ZKS_MESSAGE_ERROR = 0xFF
} zks__message_type;

/* Error codes on the wire, as in the reference specification; ours among them: 1005 to 1012. */
enum {
    ZKS_WIRE_OK = 0,
    ZKS_WIRE_INVALID_MESSAGE = 1000,
    ZKS_WIRE_UNAUTHORIZED = 1002,
    ZKS_WIRE_DEVICE_REVOKED = 1003,
    ZKS_WIRE_NOT_BLOB_OWNER = 1004,
    ZKS_WIRE_STALE_EPOCH = 1005,
    ZKS_WIRE_CONFLICT = 1006,
    ZKS_WIRE_WRONG_CODE = 1007,
    ZKS_WIRE_BUSY = 1008,
    ZKS_WIRE_CODE_UNKNOWN = 1009,
    ZKS_WIRE_CODE_EXPIRED = 1010,
    ZKS_WIRE_CODE_USED = 1011,
    ZKS_WIRE_CODE_CANCELLED = 1012,
    ZKS_WIRE_RATE_LIMITED = 2000,
    ZKS_WIRE_BLOB_TOO_LARGE = 2001,
    ZKS_WIRE_GROUP_QUOTA_EXCEEDED = 2002,
    ZKS_WIRE_INVALID_PUSH_TOKEN = 2003,
    ZKS_WIRE_RELAY_OVERLOADED = 3000,
    ZKS_WIRE_RELAY_SHUTTING_DOWN = 3001,
    ZKS_WIRE_STORAGE_FULL = 3002
};
/* The public status of a wire code (0 for 0; ZKS_E_PROTOCOL for one that is not in the table), and
 * the wire code that a relay answers for a status: its own; one that says "later" for troubles of
 * the relay itself (memory, limits, store); ZKS_WIRE_INVALID_MESSAGE for all others. */
zks_status zks__wire_status(uint32_t code);
uint32_t zks__wire_code(zks_status status);

typedef struct zks__slice {
    const uint8_t *data;
    size_t length;
} zks__slice;

/* To encode: items is an array of `count` item structs. Decoded: items is NULL and raw holds
 * `count` encoded items; read them with the zks__wire_next_* function of the item's type. A decoded
 * list may be encoded again as it is. */
typedef struct zks__wire_list {
    size_t count;
    const void *items;
    zks__slice raw;
} zks__wire_list;

enum { ZKS_MODE_LIVE = 0, ZKS_MODE_NOTIFY = 1, ZKS_MODE_NO_SUBSCRIBE = 2 };

typedef struct zks__hello {
    uint16_t version;
    uint8_t group_id[ZKS_GROUP_ID_BYTES];
    uint8_t member[ZKS_RECORD_HASH_BYTES];  /* hash of the own MEMBER record */
    uint8_t signature[ZKS_SIGNATURE_BYTES]; /* docs/SECURITY.md, session binding */
    zks__wire_list records;                 /* of zks__slice: what the relay may lack */
    /* Digest of the records known here, own and attached ones included. */
    uint8_t known[ZKS_RECORD_HASH_BYTES];
    uint8_t incarnation[ZKS_INCARNATION_BYTES]; /* zeros: none known */
    uint64_t resume;                            /* cursor in that incarnation */
    uint8_t mode;                               /* ZKS_MODE_* */
    uint32_t features;                          /* none defined yet: 0 */
} zks__hello;

typedef struct zks__welcome {
    uint16_t version;
    zks__slice name;
    uint8_t incarnation[ZKS_INCARNATION_BYTES];
    uint64_t head;                         /* highest cursor of the group; a hint, never progress */
    uint8_t own_last[ZKS_BLOB_ID_BYTES];   /* last blob from this device; zeros: none */
    uint64_t pending_count, pending_bytes; /* behind the resume cursor */
    uint32_t max_blob_bytes, max_ttl_s, pushes_per_minute, window_bytes; /* limits in force */
    zks__wire_list records;  /* of zks__slice: what the device lacks */
    uint64_t time_ms;        /* Unix */
    uint32_t records_follow; /* RECORDS messages behind this one, with what did not fit into it */
} zks__welcome;

enum { ZKS_RECORDS_PUT = 0, ZKS_RECORDS_LIST = 1, ZKS_RECORDS_WANT = 2, ZKS_RECORDS_ISSUE = 3 };

typedef struct zks__records_message {
    /* ZKS_RECORDS_*: PUT offers or delivers records, LIST asks for all, WANT for those named. ISSUE
     * offers records with a fresh EPOCH, which must become the tip: else CONFLICT. */
    uint8_t action;
    zks__wire_list records; /* of zks__slice */
    zks__wire_list hashes;  /* of zks__wire_hash */
} zks__records_message;

typedef struct zks__wire_hash {
    uint8_t hash[ZKS_RECORD_HASH_BYTES];
} zks__wire_hash;

typedef struct zks__wire_id {
    uint8_t id[ZKS_BLOB_ID_BYTES];
} zks__wire_id;

typedef struct zks__push_item {
    /* As the sender computes it; the relay computes it too and refuses a difference. */
    uint8_t blob_id[ZKS_BLOB_ID_BYTES];
    uint32_t ttl_s;  /* 0: the relay's maximum */
    zks__slice blob; /* its header names the epoch */
} zks__push_item;

typedef struct zks__push {
    zks__wire_list blobs; /* of zks__push_item */
} zks__push;

typedef struct zks__push_result {
    uint8_t blob_id[ZKS_BLOB_ID_BYTES];
    uint32_t code;           /* ZKS_WIRE_OK or the reason */
    uint64_t cursor;         /* with OK */
    uint32_t ttl_s;          /* with OK: the time to live in force */
    uint32_t retry_after_ms; /* with a reason that passes */
} zks__push_result;

typedef struct zks__push_ack {
    zks__wire_list results; /* of zks__push_result, in the order of the pushes */
} zks__push_ack;

enum { ZKS_PULL_OWN = 1 /* also blobs that this device pushed */ };

typedef struct zks__pull {
    uint64_t after;     /* cursor */
    uint32_t max_bytes; /* of blobs; at least one blob is sent whatever its size */
    uint32_t max_count;
    uint8_t flags; /* ZKS_PULL_* */
} zks__pull;

typedef struct zks__blob_item {
    uint64_t cursor;
    uint8_t sender[ZKS_DEVICE_ID_BYTES]; /* the pusher, proven to the relay */
    uint8_t blob_id[ZKS_BLOB_ID_BYTES];
    uint64_t time_ms; /* when the relay stored it, Unix */
    zks__slice blob;
} zks__blob_item;

enum {
    ZKS_BLOBS_MORE = 1 /* there are more behind contiguous */,
    ZKS_BLOBS_LIVE = 2 /* unasked */
};

typedef struct zks__blobs {
    uint8_t flags; /* ZKS_BLOBS_* */
    /* Everything between `from` (not included) and `contiguous` (included) is here or never comes:
     * progress may be `contiguous` only. */
    uint64_t from;
    uint64_t contiguous;
    zks__wire_list blobs; /* of zks__blob_item, ascending */
} zks__blobs;

typedef struct zks__ack {
    uint64_t cursor;     /* all up to it is durable at the device */
    uint64_t consumed;   /* bytes of blobs taken from this session so far: gives credit back */
    zks__wire_list also; /* of zks__wire_id: had from elsewhere */
} zks__ack;

typedef struct zks__notify {
    uint64_t head;
    uint64_t pending_count;
} zks__notify;

typedef struct zks__delete {
    zks__wire_list ids; /* of zks__wire_id */
} zks__delete;

/*
 * Pairing (docs/PROTOCOL.md, mailboxes): an inviting device opens a mailbox, a joining one that
 * knows its nameplate gets it, and the relay passes their PUTs on. Each joiner's turn is an
 * attempt, counted from 1.
 */
typedef struct zks__mailbox_open {
    /* To the relay: zeros ask for a new one, others take up an own one after a reconnect, or claim
     * one that nobody has. From it: which one it is, for how long, and the number of the next
     * attempt. */
    uint8_t nameplate[ZKS_NAMEPLATE_BYTES];
    uint32_t life_ms; /* 0: the relay's longest */
    uint32_t attempt; /* to the relay: 0 */
} zks__mailbox_open;

enum { ZKS_MAILBOX_HOLD = 1 /* of the inviter: the joiner knows the code, its lock stays */ };

typedef struct zks__mailbox_put {
    uint8_t nameplate[ZKS_NAMEPLATE_BYTES];
    uint32_t attempt;
    uint8_t flags; /* ZKS_MAILBOX_* */
    zks__slice data;
} zks__mailbox_put;

typedef struct zks__mailbox_get {
    uint8_t nameplate[ZKS_NAMEPLATE_BYTES];
} zks__mailbox_get;

typedef struct zks__mailbox_close {
    uint8_t nameplate[ZKS_NAMEPLATE_BYTES];
    uint32_t attempt; /* the one that ends; 0: the mailbox itself */
    uint32_t code;    /* ZKS_WIRE_*: why; ZKS_WIRE_OK: the pairing is done */
} zks__mailbox_close;

typedef struct zks__bye {
    uint32_t code; /* ZKS_WIRE_* or 0 */
    uint32_t retry_after_ms;
    zks__slice text;
} zks__bye;

typedef struct zks__error_message {
    uint32_t code;
    uint32_t retry_after_ms;
    uint8_t about; /* type of the message that it answers; 0: none */
    zks__slice text;
} zks__error_message;

typedef struct zks__message {
    zks__message_type type;
    union {
        zks__hello hello;
        zks__welcome welcome;
        zks__records_message records;
        zks__push push;
        zks__push_ack push_ack;
        zks__pull pull;
        zks__blobs blobs;
        zks__ack ack;
        zks__notify notify;
        zks__delete del;
        zks__mailbox_open mailbox_open;
        zks__mailbox_put mailbox_put;
        zks__mailbox_get mailbox_get;
        zks__mailbox_close mailbox_close;
        zks__bye bye;
        zks__error_message error;
    };
} zks__message;

/* "HELLO"; NULL for a type that is not in the table. */
const char *zks__wire_name(uint8_t type);
/* Bytes of the whole message, length prefix included. 0: a list, a byte string, a choice (mode,
 * action) or the whole is over its limit, or the type is not in the table. */
size_t zks__wire_size(const zks__message *m);
/* Writes the whole message. ZKS_E_TOO_LARGE: does not fit into `size`, or over a limit;
 * ZKS_E_INVALID: unknown type. */
ZKS_MUST_USE zks_status zks__wire_encode(const zks__message *m, uint8_t *out, size_t size,
                                         size_t *out_length);
/*
 * Reads the length prefix at data. ZKS_OK: *out_total is the size of the whole message, prefix
 * included (the body may not be there yet); ZKS_E_PENDING: the prefix is incomplete;
 * ZKS_E_TOO_LARGE, ZKS_E_MALFORMED.
 */
ZKS_MUST_USE zks_status zks__wire_frame(const uint8_t *data, size_t length, size_t *out_total);
/* Reads one whole message and nothing behind it. ZKS_E_TRUNCATED: a field or a list does not fit
 * into the message, or the message is not all there; ZKS_E_MALFORMED: LEB128 not minimal, a choice
 * out of range, bytes behind the message; ZKS_E_TOO_LARGE: over a limit; ZKS_E_UNSUPPORTED: unknown
 * type, out->type is set and nothing else. Otherwise out is untouched on failure. All items of all
 * lists are checked here, so that zks__wire_next_* cannot fail afterwards. */
ZKS_MUST_USE zks_status zks__wire_decode(const uint8_t *data, size_t length, zks__message *out);
/* Takes the next item off a list into *out: the list gets shorter, so go over a copy to keep it.
 * false: the end, *out is untouched. Works on decoded lists and on those made to be encoded. The
 * item types stand beside each list above; the records of HELLO, WELCOME and RECORDS are slices. */
bool zks__wire_next_slice(zks__wire_list *list, zks__slice *out);
bool zks__wire_next_hash(zks__wire_list *list, zks__wire_hash *out);
bool zks__wire_next_id(zks__wire_list *list, zks__wire_id *out);
bool zks__wire_next_push(zks__wire_list *list, zks__push_item *out);
bool zks__wire_next_result(zks__wire_list *list, zks__push_result *out);
bool zks__wire_next_blob(zks__wire_list *list, zks__blob_item *out);
/* One line for people, byte strings as lengths only (never their content): for tests and the debug
 * log. Returns the length that would be needed, as snprintf. */
size_t zks__wire_print(const zks__message *m, char *out, size_t size);

#endif
