/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Names, classes and texts of the status codes. A text says what happened and what to do, in
 * general words: what is particular stands in the operation, event or configuration. */
#include "base/status.h"

#define STATUS_TABLE(X)                                                                            \
    X(OK, NONE, "It worked.")                                                                      \
    X(E_INVALID, CALL, "An argument is NULL, out of range or not UTF-8: mend the call.")           \
    X(E_NOMEM, RETRY, "There is not enough memory; nothing was changed: free some and try again.") \
    X(E_CLOSED, CALL, "The handle is closed: open a new one.")                                     \
    X(E_CANCELLED, NONE, "The operation was cancelled, or its client was closed.")                 \
    X(E_TIMEOUT, RETRY, "The time ran out first; the work may still go on: wait longer.")          \
    X(E_PENDING, RETRY, "The operation has not completed yet: wait for it.")                       \
    X(E_REENTRANT, CALL,                                                                           \
      "This function waits and cannot be called inside a callback: call it "                       \
      "from another thread.")                                                                      \
    X(E_FORKED, CALL,                                                                              \
      "This handle was made before the process forked: make a new one in the "                     \
      "child.")                                                                                    \
    X(E_STATE, CALL, "That is not possible in the present state: see the operation's text.")       \
    X(E_TAKEN, CALL, "The result was taken already, or there is none.")                            \
    X(E_INTERNAL, CALL, "A defect of this library: please report it with the log.")                \
    X(E_UNSUPPORTED, CALL, "This build or this kind of group cannot do that.")                     \
    X(E_NOT_FOUND, CALL, "There is no such thing: check the name or number.")                      \
    X(E_LIMIT, RETRY, "A local limit is reached: wait until earlier work has drained.")            \
    X(E_SYSTEM, RETRY,                                                                             \
      "The operating system refused a thread, a socket, a descriptor or "                          \
      "randomness: check the process's limits.")                                                   \
                                                                                                   \
    X(E_CONFIG, CONFIG,                                                                            \
      "The configuration is incomplete or contradicts itself: see its problem "                    \
      "text.")                                                                                     \
    X(E_SECRET, CONFIG, "A group secret must be exactly 32 bytes.")                                \
    X(E_SALT, CONFIG, "A salt must have at least 8 bytes; 16 random ones are best.")               \
    X(E_BOTH_SECRETS, CONFIG, "Give a secret or a passphrase, not both.")                          \
    X(E_DESCRIPTOR, CONFIG,                                                                        \
      "The Argon2id descriptor is malformed or outside the accepted range: "                       \
      "copy it whole from the device that made it.")                                               \
    X(E_ADDRESS, CONFIG,                                                                           \
      "The relay address cannot be understood: it looks like "                                     \
      "zks://key@host:port or host:port.")                                                         \
    X(E_PASSPHRASE, CONFIG, "The passphrase is empty or longer than 1,024 bytes.")                 \
    X(E_CONFIG_FILE, CONFIG,                                                                       \
      "The configuration text has an unknown name or a bad value: see the "                        \
      "operation's text.")                                                                         \
                                                                                                   \
    X(E_STORE_BUSY, CONFIG,                                                                        \
      "Another process uses this store: close it there, or use another "                           \
      "store file.")                                                                               \
    X(E_STORE_CORRUPT, CONFIG, "The store file is damaged: move it away and join the group anew.") \
    X(E_STORE_FULL, RETRY, "There is no space left for the store: free some; nothing was lost.")   \
    X(E_STORE_READONLY, CONFIG,                                                                    \
      "The store or its folder cannot be written: check the "                                      \
      "permissions.")                                                                              \
    X(E_STORE_VERSION, CONFIG, "The store was written by a newer version: update this program.")   \
    X(E_STORE_IO, RETRY, "Reading or writing the store failed: check the disk.")                   \
    X(E_STORE_GROUP, CONFIG,                                                                       \
      "The store belongs to another group: check the secret or use "                               \
      "another store file.")                                                                       \
    X(E_STORE_PATH, CONFIG,                                                                        \
      "The store cannot be opened or made there: check that the folder "                           \
      "exists.")                                                                                   \
    X(E_STORE_KEY, CONFIG,                                                                         \
      "The store's key or passphrase is wrong or missing; nothing was changed: "                   \
      "give the right one.")                                                                       \
                                                                                                   \
    X(E_NOT_CONNECTED, RETRY,                                                                      \
      "No relay is connected: connect first, or push without asking for "                          \
      "a connection.")                                                                             \
    X(E_UNREACHABLE, RETRY,                                                                        \
      "The relay does not answer: check that it runs and that its UDP port "                       \
      "is open.")                                                                                  \
    X(E_RELAY_KEY_CHANGED, SECURITY,                                                               \
      "The relay shows another key than before: ask who runs it, "                                 \
      "and trust the new key only then.")                                                          \
    X(E_CONNECTION_LOST, RETRY, "The connection ended; it is tried again by itself.")              \
    X(E_PROTOCOL_VERSION, CONFIG,                                                                  \
      "The two ends speak different protocol versions: update the "                                \
      "older one.")                                                                                \
    X(E_PROTOCOL, SECURITY,                                                                        \
      "The other end sent what the protocol does not allow: update it, or "                        \
      "do not trust it.")                                                                          \
    X(E_PORT_IN_USE, CONFIG,                                                                       \
      "Another program listens on that port: stop it or choose another "                           \
      "port.")                                                                                     \
    X(E_RESOLVE, RETRY,                                                                            \
      "The relay's host name cannot be resolved: check the name and the "                          \
      "network.")                                                                                  \
    X(E_TLS, SECURITY,                                                                             \
      "The TLS handshake failed: the other end is no relay of ours, or somebody "                  \
      "interferes.")                                                                               \
                                                                                                   \
    X(E_UNAUTHORIZED, CONFIG,                                                                      \
      "The relay does not accept this device as a member: check the "                              \
      "secret.")                                                                                   \
    X(E_DEVICE_REVOKED, SECURITY,                                                                  \
      "This device was removed from the group: ask a member to let "                               \
      "it in again.")                                                                              \
    X(E_NOT_BLOB_OWNER, CALL, "Only the device that sent a blob may delete it.")                   \
    X(E_STALE_EPOCH, RETRY,                                                                        \
      "It was sealed for an epoch that is over; it is sealed and sent "                            \
      "again by itself.")                                                                          \
    X(E_CONFLICT, RETRY, "The group's records moved on meanwhile: try again.")                     \
    X(E_WRONG_CODE, CALL, "The pairing code is wrong: ask for a new one.")                         \
    X(E_BUSY, RETRY, "Somebody else is doing this right now: try again.")                          \
    X(E_REFUSED, CALL, "The relay called the message invalid: update the older end.")              \
    X(E_RATE_LIMITED, RETRY, "Too many requests: wait as long as the relay says.")                 \
    X(E_BLOB_TOO_LARGE, CALL,                                                                      \
      "The entry is larger than this relay allows: split it, or raise "                            \
      "the relay's limit.")                                                                        \
    X(E_QUOTA_EXCEEDED, RETRY,                                                                     \
      "The group's space at the relay is used up: let the other devices "                          \
      "read, or raise the quota.")                                                                 \
    X(E_PUSH_TOKEN, CONFIG, "The wake token is not valid: register a new one.")                    \
    X(E_RELAY_OVERLOADED, RETRY, "The relay has no capacity now: it is tried again by itself.")    \
    X(E_RELAY_SHUTTING_DOWN, RETRY, "The relay is stopping: it is tried again by itself.")         \
    X(E_RELAY_STORAGE_FULL, RETRY, "The relay's disk is full: its operator must free space.")      \
    X(E_CODE_UNKNOWN, CALL,                                                                        \
      "The relay knows no such pairing code: check its first four characters, "                    \
      "and that both devices use the same relay.")                                                 \
    X(E_CODE_EXPIRED, CALL, "The pairing code's time is over: ask for a new one.")                 \
    X(E_CODE_USED, CALL, "The pairing code was used already: ask for a new one.")                  \
    X(E_CODE_CANCELLED, CALL,                                                                      \
      "The other device cancelled or declined the pairing: ask for a new "                         \
      "code.")                                                                                     \
                                                                                                   \
    X(E_TRUNCATED, CALL, "The data ends too early: copy it whole.")                                \
    X(E_MALFORMED, CALL, "The data is not in the expected form: copy it exactly.")                 \
    X(E_TOO_LARGE, CALL, "It is longer than the limit for its kind: split it.")                    \
    X(E_FORMAT_VERSION, CONFIG, "It has a version that this program does not know: update it.")    \
    X(E_SUITE, CONFIG, "It uses a cipher suite that this build does not have: update it.")         \
    X(E_BAD_SIGNATURE, SECURITY, "A signature does not verify: the data was altered or forged.")   \
    X(E_DECRYPT, SECURITY, "Decryption failed: the key is wrong or the data was altered.")         \
    X(E_WRONG_GROUP, SECURITY, "It was made for another group.")                                   \
    X(E_UNKNOWN_EPOCH, RETRY, "It is sealed for an epoch whose key is not here yet.")              \
    X(E_NOT_MEMBER, SECURITY, "It was made by a device that is not a member.")

static const struct status_row {
    zks_status status;
    int32_t class_;
    const char *name;
    const char *text;
} rows[] = {
#define ROW(code, class_, text) {ZKS_##code, ZKS_CLASS_##class_, "ZKS_" #code, text},
    STATUS_TABLE(ROW)
#undef ROW
};

/* NULL: no such status. */
static const struct status_row *find(zks_status status)
{
    for (size_t i = 0; i < ZKS_COUNTOF(rows); i++) {
        if (rows[i].status == status) {
            return &rows[i];
        }
    }
    return NULL;
}

const char *zks__status_name(zks_status status)
{
    const struct status_row *row = find(status);
    return row ? row->name : "ZKS_E_UNKNOWN";
}

const char *zks__status_text(zks_status status)
{
    const struct status_row *row = find(status);
    return row ? row->text
               : "No status of this version has that number: the library may be newer than the "
                 "program.";
}

int32_t zks__status_class(zks_status status)
{
    const struct status_row *row = find(status);
    return row ? row->class_ : ZKS_CLASS_CALL;
}

bool zks__status_is_of_store(zks_status status)
{
    return status <= ZKS_E_STORE_BUSY && status > ZKS_E_NOT_CONNECTED;
}
