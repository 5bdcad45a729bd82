# SPDX-License-Identifier: MIT OR Apache-2.0
"""The constants of zks.h without ZKS_. Made by abi/gen/abi.py from zks.h: do not edit."""

from enum import IntEnum, IntFlag

__all__ = [
    "ABI_VERSION",
    "ABI_VERSION_MAJOR",
    "ABI_VERSION_MINOR",
    "ABI_VERSION_PATCH",
    "PUSH_COUNT_MAX",
    "RELAYS_MAX",
    "SIZE_ADDRESS_MAX",
    "SIZE_BLOB_ID",
    "SIZE_CHAIN",
    "SIZE_DEVICE_ID",
    "SIZE_GROUP_ID",
    "SIZE_NAME_MAX",
    "SIZE_PAIR_CODE",
    "SIZE_PASSPHRASE_MAX",
    "SIZE_PUSH_MAX",
    "SIZE_RELAY_KEY",
    "SIZE_SALT_MIN",
    "SIZE_SECRET",
    "SIZE_STORE_KEY",
    "CreateFlag",
    "DeviceField",
    "EventField",
    "EventKind",
    "GroupKind",
    "InviteField",
    "ItemFlag",
    "LogLevel",
    "OpField",
    "Option",
    "PairKind",
    "PushFlag",
    "ReadFlag",
    "RelayField",
    "Render",
    "ReportField",
    "RevokeReason",
    "Right",
    "State",
    "Status",
    "StatusClass",
    "StoreKeyKind",
    "Suite",
]

# The version of this header. zks_abi_version() tells that of the loaded library, in the form of
# ZKS_ABI_VERSION.
ABI_VERSION_MAJOR = 0
ABI_VERSION_MINOR = 2
ABI_VERSION_PATCH = 0
# major << 16 | minor << 8 | patch
ABI_VERSION = 512

# Sizes in bytes.
# a group secret
SIZE_SECRET = 32
# a group's id
SIZE_GROUP_ID = 32
# a device's id in one group: its public key
SIZE_DEVICE_ID = 32
# a relay's public key
SIZE_RELAY_KEY = 32
# an entry's id: the same at every device, and unlike any other's
SIZE_BLOB_ID = 16
# the name of one of a device's chains of entries
SIZE_CHAIN = 16
# what opens a store instead of a passphrase
SIZE_STORE_KEY = 32
# a passphrase's salt; 16 is best
SIZE_SALT_MIN = 8
SIZE_PASSPHRASE_MAX = 1024
# a pairing code with its dashes and a NUL
SIZE_PAIR_CODE = 20
# a device name, UTF-8
SIZE_NAME_MAX = 128
# a relay address
SIZE_ADDRESS_MAX = 512
# one entry: 1 MiB - 1 KiB; a relay may allow less
SIZE_PUSH_MAX = 1047552
# relays of one client or invite
RELAYS_MAX = 16
# entries of one zks_client_push_many
PUSH_COUNT_MAX = 65536


class Status(IntEnum):
    """Status codes. The hundreds name the area: 0 calls, 100 configuration, 200 the local store,
    300 the network, 400 what a relay answered, 500 data that does not verify.
    """

    OK = 0
    # an argument is NULL, out of range or not UTF-8
    INVALID = -1
    # no memory; nothing was changed
    NOMEM = -2
    # the handle is closed or being closed
    CLOSED = -3
    # the operation was cancelled, or its client closed
    CANCELLED = -4
    # the deadline passed first; the work may still go on
    TIMEOUT = -5
    # the operation has not completed yet
    PENDING = -6
    # not allowed inside a callback
    REENTRANT = -7
    # this process is a fork of the one that made the handle
    FORKED = -8
    # not possible in the present state; the text says which
    STATE = -9
    # the result was taken already
    TAKEN = -10
    # a defect of this library; the log has the details
    INTERNAL = -11
    # this build or this kind of group cannot do it
    UNSUPPORTED = -12
    # no such thing
    NOT_FOUND = -13
    # a local limit is reached; try again when work has drained
    LIMIT = -14
    # the operating system refused a thread, a socket or randomness
    SYSTEM = -15
    # the configuration is incomplete or contradicts itself
    CONFIG = -100
    # a group secret must be exactly 32 bytes
    SECRET = -101
    # a salt has at least 8 bytes
    SALT = -102
    # give a secret or a passphrase, not both
    BOTH_SECRETS = -103
    # the Argon2id descriptor is malformed or outside the accepted range
    DESCRIPTOR = -104
    # a relay address cannot be understood
    ADDRESS = -105
    # the passphrase is empty or too long
    PASSPHRASE = -106
    # a configuration text has an unknown key or a bad value
    CONFIG_FILE = -107
    # another process uses this store
    STORE_BUSY = -200
    # the store file is damaged
    STORE_CORRUPT = -201
    # no space left on the device that holds the store
    STORE_FULL = -202
    # the store or its folder cannot be written
    STORE_READONLY = -203
    # the store was written by a newer version
    STORE_VERSION = -204
    # reading or writing the store failed
    STORE_IO = -205
    # the store belongs to another group or secret
    STORE_GROUP = -206
    # the store cannot be created or opened there
    STORE_PATH = -207
    # the store's key or passphrase is wrong or missing
    STORE_KEY = -208
    # no relay is connected
    NOT_CONNECTED = -300
    # the relay does not answer
    UNREACHABLE = -301
    # the relay shows another key than the pinned one
    RELAY_KEY_CHANGED = -302
    # the connection ended
    CONNECTION_LOST = -303
    # the two ends speak different protocol versions
    PROTOCOL_VERSION = -304
    # the other end sent what the protocol does not allow
    PROTOCOL = -305
    # another program listens on that port
    PORT_IN_USE = -306
    # the relay's host name cannot be resolved
    RESOLVE = -307
    # the TLS handshake failed
    TLS = -308
    # 1002: this device is not a member, or the group is unknown there
    UNAUTHORIZED = -400
    # 1003: this device was removed from the group
    DEVICE_REVOKED = -401
    # 1004: only the sender may delete a blob
    NOT_BLOB_OWNER = -402
    # 1005: sealed for an epoch that is over
    STALE_EPOCH = -403
    # 1006: the group's records moved on
    CONFLICT = -404
    # 1007: the pairing code is wrong
    WRONG_CODE = -405
    # 1008: somebody else is doing this right now
    BUSY = -406
    # 1000: the relay called the message invalid
    REFUSED = -407
    # 2000: too many requests; see retry_after
    RATE_LIMITED = -410
    # 2001: larger than the limit in force
    BLOB_TOO_LARGE = -411
    # 2002: the group's space at the relay is used up
    QUOTA_EXCEEDED = -412
    # 2003: the wake token is not valid
    PUSH_TOKEN = -413
    # 3000: the relay has no capacity now
    RELAY_OVERLOADED = -420
    # 3001: the relay is stopping; see retry_after
    RELAY_SHUTTING_DOWN = -421
    # 3002: the relay's disk is full
    RELAY_STORAGE_FULL = -422
    # 1009: the relay has no such pairing code
    CODE_UNKNOWN = -430
    # 1010: the pairing code's time is over
    CODE_EXPIRED = -431
    # 1011: the pairing code let another device in
    CODE_USED = -432
    # 1012: the other device cancelled or declined the pairing
    CODE_CANCELLED = -433
    # the data ends too early
    TRUNCATED = -500
    # the data is not in the expected form
    MALFORMED = -501
    # longer than the limit for its kind
    TOO_LARGE = -502
    # an unknown version
    FORMAT_VERSION = -503
    # an unknown cipher suite
    SUITE = -504
    # a signature does not verify
    BAD_SIGNATURE = -505
    # authenticated decryption failed: wrong key or altered data
    DECRYPT = -506
    # made for another group
    WRONG_GROUP = -507
    # sealed for an epoch whose key is not here
    UNKNOWN_EPOCH = -508
    # made by a device that is not a member
    NOT_MEMBER = -509


class StatusClass(IntEnum):
    """What to do about a status: zks_status_class."""

    # nothing: it went well, or it is what the caller asked for
    NONE = 0
    # try again later; nothing has to be changed
    RETRY = 1
    # the call is wrong: mend the program or the input
    CALL = 2
    # the configuration or the machine is: somebody has to change it
    CONFIG = 3
    # something is not what it claims to be: tell the user, do not just retry
    SECURITY = 4


class LogLevel(IntEnum):
    """Levels of zks_runtime_set_log; each includes those before it."""

    OFF = 0
    ERROR = 1
    WARN = 2
    INFO = 3
    DEBUG = 4


class Option(IntEnum):
    """Options of zks_config_set_text (below 100) and zks_config_set_int (from 100)."""

    # the store's file, made where absent; default: in memory
    STORE_PATH = 1
    # shown to the group's members only; default: none
    DEVICE_NAME = 2
    # how long relays keep what is pushed, s; 0: as long as the relay allows
    TTL_S = 100
    # unread bytes at which the relay is asked to wait; 0: 256 MiB
    INBOX_MAX_BYTES = 101
    # read and settled payloads kept in the store; 0: 256 MiB
    KEEP_BYTES = 102
    # bytes on their way into the store at which push says LIMIT; 0: 64 MiB
    QUEUE_MAX_BYTES = 103
    # one attempt to reach a relay; 0: 10,000
    CONNECT_TIMEOUT_MS = 104
    # algorithms of a group that is made or joined, ZKS_SUITE_ID_*; 0: those of the descriptor,
    # else the default. A group keeps the suite it was made with, and its id depends on it
    SUITE = 105
    # paired groups: age of the group's keys at which a device with ZKS_RIGHT_ADMIN that is
    # connected makes fresh ones, s; 0: 30 days
    ROTATE_S = 106


class Suite(IntEnum):
    """Cipher suites."""

    # XChaCha20-Poly1305, BLAKE2b, Ed25519, X25519, ML-KEM-768, Argon2id
    DEFAULT = 1
    # approved algorithms only: AES-256-GCM, SHA-256, Ed25519, P-256, ML-KEM-768, PBKDF2. Not a
    # validated module: docs/SECURITY.md
    APPROVED = 2


class GroupKind(IntEnum):
    """Kinds of groups."""

    # devices let each other in, and can be removed; keys change with every removal
    PAIRED = 1
    # who has the secret or passphrase is a member, for ever
    SHARED = 2


class CreateFlag(IntFlag):
    """Flags of zks_group_create."""

    # no recovery code: when the last device is lost, so is what no device has
    NO_RECOVERY = 1


class Right(IntFlag):
    """What a member of a paired group may do beside taking part."""

    # let devices in, with at most its own rights
    INVITE = 1
    # remove devices and change keys
    ADMIN = 2


class PairKind(IntEnum):
    """What zks_pair_begin shows."""

    # 16 characters to be typed; not in groups of ZKS_SUITE_ID_APPROVED
    CODE = 1
    # to be scanned: zks_qr_render draws it
    LINK = 2


class RevokeReason(IntEnum):
    """Why a device is removed: zks_device_revoke. Members can read it, relays cannot."""

    UNSPECIFIED = 0
    LOST = 1
    REPLACED = 2


class StoreKeyKind(IntEnum):
    """What protects the secrets in a store: zks_client_change_store_key."""

    # nothing but the file's mode, 0600
    NONE = 0
    # 32 bytes of the app's, as from a keychain
    BYTES = 1
    # a passphrase, stretched with Argon2id
    PASSPHRASE = 2


class PushFlag(IntFlag):
    """Flags of zks_client_push and zks_client_push_many."""

    # complete when the entry is durable on this device
    STORED = 0
    # complete when a relay has it on disk
    ACKED = 1
    # fail with ZKS_E_NOT_CONNECTED instead of queueing while offline
    NEED_CONNECTION = 2


class ReadFlag(IntFlag):
    """Flags of zks_inbox_read."""

    # complete at the first entry instead of with an empty batch
    WAIT = 1
    # also this device's own entries, at the place where a relay acknowledged them
    OWN = 2


class ItemFlag(IntFlag):
    """zks_batch_flags: what is special about an entry."""

    # pushed by this device
    OWN = 1
    # its place is before entries already delivered or given up: it was reported missing before, or
    # is older than this device's membership
    LATE = 2
    # its author wrote two entries with this number; both are delivered
    FORK = 4


class OpField(IntEnum):
    """What an operation has to tell beside its status."""

    # push: this device's own number of the first entry; the others follow without gaps
    FIRST_NUMBER = 1
    # push: entries; inbox_read: entries of the batch
    COUNT = 2
    # push with ZKS_PUSH_ACKED: inbox sequence of the last entry; inbox_read: of the last read
    INBOX_SEQ = 3
    # a connect that failed: until the client tries again by itself
    RETRY_AFTER_MS = 4
    # inbox_ack: the watermark now
    ACKED_SEQ = 5
    # flush: entries that no relay has acknowledged yet
    PENDING = 6
    # device_revoke, group_rotate: number of the epoch afterwards
    EPOCH = 7
    # push: ZKS_SIZE_BLOB_ID bytes for each entry
    BLOB_IDS = 201
    # group_create: the recovery code, 18 words, UTF-8 without NUL. It is nowhere else: show it
    # once, keep it nowhere
    RECOVERY_CODE = 202
    # group_join: the relays of the device that let this one in, addresses with keys, one a line,
    # UTF-8 without NUL: give them to zks_config_add_relay from now on
    RELAYS = 203
    # pair_begin: ZKS_SIZE_DEVICE_ID bytes, the device that was let in
    DEVICE = 204


class EventKind(IntEnum):
    """zks_event_kind. The fields that a kind has stand behind it."""

    # there is something to read (coalesced). LAST_SEQ
    INBOX = 1
    # the connection's state changed; status: why. STATE, RELAY, RETRY_AFTER_MS; with
    # ZKS_E_RELAY_KEY_CHANGED also RELAY_KEY
    STATE = 2
    # a relay refused an own entry for good; status: why. NUMBER, BLOB_ID, RELAY
    PUSH_REFUSED = 3
    # entries of a device are missing and go on without. DEVICE, CHAIN, FIRST, LAST
    HISTORY_GAP = 4
    # the same, but their author does not expect them to be had. As HISTORY_GAP
    HISTORY_EXPIRED = 5
    # an entry waits for a signature too long; it is held back. DEVICE, CHAIN, FIRST
    UNVERIFIED = 6
    # a device wrote two entries with one number. DEVICE, CHAIN, FIRST
    FORK = 7
    # blobs that do not verify were dropped (coalesced); status: the last cause. COUNT, DEVICE (as
    # the relay claims), RELAY
    REJECTED = 8
    # this device began a new chain: its store was restored or forked. DEVICE (this one), CHAIN
    NEW_CHAIN = 9
    # a member joined. DEVICE
    DEVICE = 10
    # the store has a problem, or (status 0) has none any more; status: which
    STORE = 11
    # the last event of a client; status: why, 0 after zks_client_close or _free
    CLOSED = 12
    # another member has entries that no relay gives, and nobody who was asked: a relay keeps them
    # back, or they are lost. They are delivered, flagged late, if they come. DEVICE (their
    # author), CHAIN, FIRST, LAST
    HISTORY_WITHHELD = 13
    # a device that was heard before has said nothing for over two hours, though this client was
    # connected all the time: it is away, or a relay keeps it silent. DEVICE, CHAIN, LAST (its last
    # entry here)
    QUIET = 14
    # show this to the user, who types or scans it on the other device; a secret. The relay has it.
    # CODE
    PAIR_CODE = 15
    # somebody tried a wrong code. COUNT: tries that are left; the last one burns the code
    PAIR_WRONG_TRY = 16
    # the two devices of a pairing have proven to each other that they know the code: both show
    # these digits, and somebody who sees both compares them. DIGITS
    PAIR_DIGITS = 17
    # may it join? Answer with zks_pair_answer. NAME (as it calls itself), DIGITS
    PAIR_ASK = 18
    # a device is a member no more: removed, or gone by itself. DEVICE; this one, too
    DEVICE_REMOVED = 19
    # devices have removed each other, at relays that did not know of each other's: the older one
    # stays until one of them is removed with the recovery code (zks_device_revoke). Once
    GROUP_FORK = 20
    # the group has fresh keys: what is pushed from now on is sealed with them. NUMBER
    EPOCH = 21


class EventField(IntEnum):
    """Fields of an event."""

    # highest inbox sequence
    LAST_SEQ = 1
    # ZKS_STATE_*
    STATE = 2
    # until the next attempt
    RETRY_AFTER_MS = 3
    COUNT = 4
    # the author's number of the first entry concerned
    FIRST = 5
    # of the last
    LAST = 6
    # own number of an own entry, as ZKS_OP_FIRST_NUMBER; of an epoch
    NUMBER = 7
    # 0 to 999999: show six digits, with leading zeros
    DIGITS = 8
    # what happened and the cure, for people
    SENTENCE = 101
    # the relay's address as configured
    RELAY = 102
    # a pairing code or link
    CODE = 103
    # the name of a device, by its own word
    NAME = 104
    # ZKS_SIZE_DEVICE_ID
    DEVICE = 201
    # ZKS_SIZE_BLOB_ID: the entry's id
    BLOB_ID = 202
    # ZKS_SIZE_CHAIN
    CHAIN = 203
    # ZKS_SIZE_RELAY_KEY: the key that the relay showed; see zks_client_trust_relay
    RELAY_KEY = 204


class State(IntEnum):
    """State of a client's connection, and of each relay's in a report."""

    # not asked to connect, or asked to disconnect
    OFFLINE = 0
    # an attempt is under way
    CONNECTING = 1
    # the relay has accepted this device
    CONNECTED = 2
    # between two attempts
    WAITING = 3


class ReportField(IntEnum):
    """Fields of a report."""

    # ZKS_STATE_*, the best of all relays
    STATE = 1
    # own entries that no relay has acknowledged
    PENDING_COUNT = 2
    # as sealed
    PENDING_BYTES = 3
    # highest inbox sequence
    INBOX_LAST_SEQ = 4
    # the app's watermark
    INBOX_ACKED_SEQ = 5
    # received entries above the watermark
    UNREAD_COUNT = 6
    # of them, as sealed
    UNREAD_BYTES = 7
    # members known, this one included
    DEVICES = 8
    # relays configured: the range of zks_report_relay_*
    RELAYS = 9
    # received entries that wait for a signature or an earlier entry, and blobs that wait for the
    # records or keys with which they can be opened
    HELD = 10
    # highest own number, as ZKS_OP_FIRST_NUMBER
    LAST_NUMBER = 11
    # entries that a relay took; not those that it refused
    SENT = 12
    # of them, as sealed
    SENT_BYTES = 13
    # entries put into the inbox
    RECEIVED = 14
    # as sealed
    RECEIVED_BYTES = 15
    # blobs dropped because their entry was there already
    DUPLICATES = 16
    # blobs dropped because they do not verify
    REJECTED = 17
    # times that a relay accepted this device
    CONNECTS = 18
    # of the group, ZKS_SUITE_ID_*; 0: not open yet
    SUITE = 19
    # ZKS_GROUP_KIND_*; 0: not open yet
    GROUP_KIND = 20
    # how often the group's keys have changed
    EPOCH = 21
    # of this device, ZKS_RIGHT_*; 0 also when it is no member
    RIGHTS = 22
    # as ZKS_EVENT_HISTORY_GAP, each a range of entries
    HISTORY_GAPS = 23
    # as ZKS_EVENT_HISTORY_EXPIRED, each a range
    HISTORY_EXPIRED = 24
    # as ZKS_EVENT_HISTORY_WITHHELD, each a range
    HISTORY_WITHHELD = 25
    # entries that came after they had been given up
    HISTORY_LATE = 26
    # as ZKS_EVENT_FORK
    HISTORY_FORKS = 27
    # as ZKS_EVENT_UNVERIFIED
    HISTORY_UNVERIFIED = 28
    # as ZKS_REPORT_REJECTED, of all the time
    HISTORY_REJECTED = 29
    # as ZKS_EVENT_NEW_CHAIN
    HISTORY_NEW_CHAINS = 30
    # of this device; empty: none
    DEVICE_NAME = 101
    # empty: in memory
    STORE_PATH = 102
    # address of the relay that is read; NULL: none connected
    ACTIVE_RELAY = 103
    # ZKS_SIZE_GROUP_ID
    GROUP_ID = 201
    # ZKS_SIZE_DEVICE_ID
    DEVICE_ID = 202


class RelayField(IntEnum):
    """Fields of one relay in a report."""

    # ZKS_STATE_*
    STATE = 1
    # read up to here, in the relay's own numbers
    CURSOR = 2
    # round trip; 0: not measured
    RTT_US = 3
    # own entries that this relay has not acknowledged
    PENDING = 4
    # own entries up to this number are settled there
    ACKED = 5
    # the last failure, ZKS_E_*; 0: none since it was last connected
    STATUS = 6
    # until the next attempt
    RETRY_AFTER_MS = 7
    # as configured
    ADDRESS = 101
    # the last failure in words; NULL: none
    ERROR = 102


class DeviceField(IntEnum):
    """Fields of zks_devices_number."""

    # 1: this device
    SELF = 1
    # Unix time at which an entry of it was last received, as of at most a minute ago; 0: none
    # since the client was opened
    SEEN_MS = 2
    # Unix time at which its membership ends; 0: never
    NOT_AFTER_S = 3
    # highest of its entries that was delivered here, in its newest chain, as of at most a minute
    # ago
    LAST_NUMBER = 4
    # 1: as ZKS_EVENT_QUIET says, and still so as of at most a minute ago
    QUIET = 5
    # ZKS_RIGHT_*
    RIGHTS = 6


class InviteField(IntEnum):
    """Fields of an invite."""

    # of the payload that this library writes and reads
    VERSION = 4
    # ZKS_SUITE_ID_*: for ZKS_OPTION_SUITE
    SUITE = 1
    # "zks-invite:...": the whole invite, for a link, a QR code or paste
    LINK = 101
    # relay addresses, one a line; empty: none
    RELAYS = 102
    # descriptor of a passphrase group; empty: none
    DESCRIPTOR = 103
    # ZKS_SIZE_SECRET
    SECRET = 201
    # of the descriptor; length 0: none
    SALT = 202
    # ZKS_SIZE_GROUP_ID
    GROUP_ID = 203


class Render(IntEnum):
    """Formats of zks_invite_render."""

    # lines of block characters, UTF-8, for a terminal with light text on a dark background
    TEXT_DARK = 1
    # the same for dark text on a light background
    TEXT_LIGHT = 2
    # a document of its own, which refers to nothing else
    SVG = 3
    # black and white
    PNG = 4
    # pixels for each module of the code
    SCALE_MAX = 32


# What the names of a class begin with in zks.h.
PREFIXES: dict[str, type[IntEnum] | type[IntFlag]] = {
    "ZKS_E_": Status,
    "ZKS_CLASS_": StatusClass,
    "ZKS_LOG_": LogLevel,
    "ZKS_OPTION_": Option,
    "ZKS_SUITE_ID_": Suite,
    "ZKS_GROUP_KIND_": GroupKind,
    "ZKS_CREATE_": CreateFlag,
    "ZKS_RIGHT_": Right,
    "ZKS_PAIR_KIND_": PairKind,
    "ZKS_REVOKE_": RevokeReason,
    "ZKS_STORE_KEY_": StoreKeyKind,
    "ZKS_PUSH_": PushFlag,
    "ZKS_READ_": ReadFlag,
    "ZKS_ITEM_": ItemFlag,
    "ZKS_OP_": OpField,
    "ZKS_EVENT_": EventKind,
    "ZKS_EVENT_FIELD_": EventField,
    "ZKS_STATE_": State,
    "ZKS_REPORT_": ReportField,
    "ZKS_REPORT_RELAY_": RelayField,
    "ZKS_DEVICES_": DeviceField,
    "ZKS_INVITE_": InviteField,
    "ZKS_RENDER_": Render,
}
