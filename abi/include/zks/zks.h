/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef ZKS_ZKS_H
#define ZKS_ZKS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* 0 or negative ZKS_E_*. */
typedef int32_t zks_status;

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

#ifdef __cplusplus
}
#endif

#endif
