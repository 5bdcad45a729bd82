// SPDX-License-Identifier: MIT OR Apache-2.0
// Made by abi/gen/abi.py: do not edit.

/** Every constant of zks.h, under its name there. */
declare const constants: {
  readonly ZKS_ABI_VERSION_MAJOR: 0;
  readonly ZKS_ABI_VERSION_MINOR: 2;
  readonly ZKS_ABI_VERSION_PATCH: 0;
  /** major << 16 | minor << 8 | patch */
  readonly ZKS_ABI_VERSION: 512;
  readonly ZKS_OK: 0;
  /** an argument is NULL, out of range or not UTF-8 */
  readonly ZKS_E_INVALID: -1;
  /** no memory; nothing was changed */
  readonly ZKS_E_NOMEM: -2;
  /** the handle is closed or being closed */
  readonly ZKS_E_CLOSED: -3;
  /** the operation was cancelled, or its client closed */
  readonly ZKS_E_CANCELLED: -4;
  /** the deadline passed first; the work may still go on */
  readonly ZKS_E_TIMEOUT: -5;
  /** the operation has not completed yet */
  readonly ZKS_E_PENDING: -6;
  /** not allowed inside a callback */
  readonly ZKS_E_REENTRANT: -7;
  /** this process is a fork of the one that made the handle */
  readonly ZKS_E_FORKED: -8;
  /** not possible in the present state; the text says which */
  readonly ZKS_E_STATE: -9;
  /** the result was taken already */
  readonly ZKS_E_TAKEN: -10;
  /** a defect of this library; the log has the details */
  readonly ZKS_E_INTERNAL: -11;
  /** this build or this kind of group cannot do it */
  readonly ZKS_E_UNSUPPORTED: -12;
  /** no such thing */
  readonly ZKS_E_NOT_FOUND: -13;
  /** a local limit is reached; try again when work has drained */
  readonly ZKS_E_LIMIT: -14;
  /** the operating system refused a thread, a socket or randomness */
  readonly ZKS_E_SYSTEM: -15;
  /** the configuration is incomplete or contradicts itself */
  readonly ZKS_E_CONFIG: -100;
  /** a group secret must be exactly 32 bytes */
  readonly ZKS_E_SECRET: -101;
  /** a salt has at least 8 bytes */
  readonly ZKS_E_SALT: -102;
  /** give a secret or a passphrase, not both */
  readonly ZKS_E_BOTH_SECRETS: -103;
  /** the Argon2id descriptor is malformed or outside the accepted range */
  readonly ZKS_E_DESCRIPTOR: -104;
  /** a relay address cannot be understood */
  readonly ZKS_E_ADDRESS: -105;
  /** the passphrase is empty or too long */
  readonly ZKS_E_PASSPHRASE: -106;
  /** a configuration text has an unknown key or a bad value */
  readonly ZKS_E_CONFIG_FILE: -107;
  /** another process uses this store */
  readonly ZKS_E_STORE_BUSY: -200;
  /** the store file is damaged */
  readonly ZKS_E_STORE_CORRUPT: -201;
  /** no space left on the device that holds the store */
  readonly ZKS_E_STORE_FULL: -202;
  /** the store or its folder cannot be written */
  readonly ZKS_E_STORE_READONLY: -203;
  /** the store was written by a newer version */
  readonly ZKS_E_STORE_VERSION: -204;
  /** reading or writing the store failed */
  readonly ZKS_E_STORE_IO: -205;
  /** the store belongs to another group or secret */
  readonly ZKS_E_STORE_GROUP: -206;
  /** the store cannot be created or opened there */
  readonly ZKS_E_STORE_PATH: -207;
  /** the store's key or passphrase is wrong or missing */
  readonly ZKS_E_STORE_KEY: -208;
  /** no relay is connected */
  readonly ZKS_E_NOT_CONNECTED: -300;
  /** the relay does not answer */
  readonly ZKS_E_UNREACHABLE: -301;
  /** the relay shows another key than the pinned one */
  readonly ZKS_E_RELAY_KEY_CHANGED: -302;
  /** the connection ended */
  readonly ZKS_E_CONNECTION_LOST: -303;
  /** the two ends speak different protocol versions */
  readonly ZKS_E_PROTOCOL_VERSION: -304;
  /** the other end sent what the protocol does not allow */
  readonly ZKS_E_PROTOCOL: -305;
  /** another program listens on that port */
  readonly ZKS_E_PORT_IN_USE: -306;
  /** the relay's host name cannot be resolved */
  readonly ZKS_E_RESOLVE: -307;
  /** the TLS handshake failed */
  readonly ZKS_E_TLS: -308;
  /** 1002: this device is not a member, or the group is unknown there */
  readonly ZKS_E_UNAUTHORIZED: -400;
  /** 1003: this device was removed from the group */
  readonly ZKS_E_DEVICE_REVOKED: -401;
  /** 1004: only the sender may delete a blob */
  readonly ZKS_E_NOT_BLOB_OWNER: -402;
  /** 1005: sealed for an epoch that is over */
  readonly ZKS_E_STALE_EPOCH: -403;
  /** 1006: the group's records moved on */
  readonly ZKS_E_CONFLICT: -404;
  /** 1007: the pairing code is wrong */
  readonly ZKS_E_WRONG_CODE: -405;
  /** 1008: somebody else is doing this right now */
  readonly ZKS_E_BUSY: -406;
  /** 1000: the relay called the message invalid */
  readonly ZKS_E_REFUSED: -407;
  /** 2000: too many requests; see retry_after */
  readonly ZKS_E_RATE_LIMITED: -410;
  /** 2001: larger than the limit in force */
  readonly ZKS_E_BLOB_TOO_LARGE: -411;
  /** 2002: the group's space at the relay is used up */
  readonly ZKS_E_QUOTA_EXCEEDED: -412;
  /** 2003: the wake token is not valid */
  readonly ZKS_E_PUSH_TOKEN: -413;
  /** 3000: the relay has no capacity now */
  readonly ZKS_E_RELAY_OVERLOADED: -420;
  /** 3001: the relay is stopping; see retry_after */
  readonly ZKS_E_RELAY_SHUTTING_DOWN: -421;
  /** 3002: the relay's disk is full */
  readonly ZKS_E_RELAY_STORAGE_FULL: -422;
  /** 1009: the relay has no such pairing code */
  readonly ZKS_E_CODE_UNKNOWN: -430;
  /** 1010: the pairing code's time is over */
  readonly ZKS_E_CODE_EXPIRED: -431;
  /** 1011: the pairing code let another device in */
  readonly ZKS_E_CODE_USED: -432;
  /** 1012: the other device cancelled or declined the pairing */
  readonly ZKS_E_CODE_CANCELLED: -433;
  /** the data ends too early */
  readonly ZKS_E_TRUNCATED: -500;
  /** the data is not in the expected form */
  readonly ZKS_E_MALFORMED: -501;
  /** longer than the limit for its kind */
  readonly ZKS_E_TOO_LARGE: -502;
  /** an unknown version */
  readonly ZKS_E_FORMAT_VERSION: -503;
  /** an unknown cipher suite */
  readonly ZKS_E_SUITE: -504;
  /** a signature does not verify */
  readonly ZKS_E_BAD_SIGNATURE: -505;
  /** authenticated decryption failed: wrong key or altered data */
  readonly ZKS_E_DECRYPT: -506;
  /** made for another group */
  readonly ZKS_E_WRONG_GROUP: -507;
  /** sealed for an epoch whose key is not here */
  readonly ZKS_E_UNKNOWN_EPOCH: -508;
  /** made by a device that is not a member */
  readonly ZKS_E_NOT_MEMBER: -509;
  /** nothing: it went well, or it is what the caller asked for */
  readonly ZKS_CLASS_NONE: 0;
  /** try again later; nothing has to be changed */
  readonly ZKS_CLASS_RETRY: 1;
  /** the call is wrong: mend the program or the input */
  readonly ZKS_CLASS_CALL: 2;
  /** the configuration or the machine is: somebody has to change it */
  readonly ZKS_CLASS_CONFIG: 3;
  /** something is not what it claims to be: tell the user, do not just retry */
  readonly ZKS_CLASS_SECURITY: 4;
  readonly ZKS_LOG_OFF: 0;
  readonly ZKS_LOG_ERROR: 1;
  readonly ZKS_LOG_WARN: 2;
  readonly ZKS_LOG_INFO: 3;
  readonly ZKS_LOG_DEBUG: 4;
  /** a group secret */
  readonly ZKS_SIZE_SECRET: 32;
  /** a group's id */
  readonly ZKS_SIZE_GROUP_ID: 32;
  /** a device's id in one group: its public key */
  readonly ZKS_SIZE_DEVICE_ID: 32;
  /** a relay's public key */
  readonly ZKS_SIZE_RELAY_KEY: 32;
  /** an entry's id: the same at every device, and unlike any other's */
  readonly ZKS_SIZE_BLOB_ID: 16;
  /** the name of one of a device's chains of entries */
  readonly ZKS_SIZE_CHAIN: 16;
  /** what opens a store instead of a passphrase */
  readonly ZKS_SIZE_STORE_KEY: 32;
  /** a passphrase's salt; 16 is best */
  readonly ZKS_SIZE_SALT_MIN: 8;
  readonly ZKS_SIZE_PASSPHRASE_MAX: 1024;
  /** a pairing code with its dashes and a NUL */
  readonly ZKS_SIZE_PAIR_CODE: 20;
  /** a device name, UTF-8 */
  readonly ZKS_SIZE_NAME_MAX: 128;
  /** a relay address */
  readonly ZKS_SIZE_ADDRESS_MAX: 512;
  /** one entry: 1 MiB - 1 KiB; a relay may allow less */
  readonly ZKS_SIZE_PUSH_MAX: 1047552;
  /** relays of one client or invite */
  readonly ZKS_RELAYS_MAX: 16;
  /** entries of one zks_client_push_many */
  readonly ZKS_PUSH_COUNT_MAX: 65536;
  /** the store's file, made where absent; default: in memory */
  readonly ZKS_OPTION_STORE_PATH: 1;
  /** shown to the group's members only; default: none */
  readonly ZKS_OPTION_DEVICE_NAME: 2;
  /** how long relays keep what is pushed, s; 0: as long as the relay allows */
  readonly ZKS_OPTION_TTL_S: 100;
  /** unread bytes at which the relay is asked to wait; 0: 256 MiB */
  readonly ZKS_OPTION_INBOX_MAX_BYTES: 101;
  /** read and settled payloads kept in the store; 0: 256 MiB */
  readonly ZKS_OPTION_KEEP_BYTES: 102;
  /** bytes on their way into the store at which push says LIMIT; 0: 64 MiB */
  readonly ZKS_OPTION_QUEUE_MAX_BYTES: 103;
  /** one attempt to reach a relay; 0: 10,000 */
  readonly ZKS_OPTION_CONNECT_TIMEOUT_MS: 104;
  /** algorithms of a group that is made or joined, ZKS_SUITE_ID_*; 0: those of the descriptor, else the default. A group keeps the suite it was made with, and its id depends on it */
  readonly ZKS_OPTION_SUITE: 105;
  /** paired groups: age of the group's keys at which a device with ZKS_RIGHT_ADMIN that is connected makes fresh ones, s; 0: 30 days */
  readonly ZKS_OPTION_ROTATE_S: 106;
  /** XChaCha20-Poly1305, BLAKE2b, Ed25519, X25519, ML-KEM-768, Argon2id */
  readonly ZKS_SUITE_ID_DEFAULT: 1;
  /** approved algorithms only: AES-256-GCM, SHA-256, Ed25519, P-256, ML-KEM-768, PBKDF2. Not a validated module: docs/SECURITY.md */
  readonly ZKS_SUITE_ID_APPROVED: 2;
  /** devices let each other in, and can be removed; keys change with every removal */
  readonly ZKS_GROUP_KIND_PAIRED: 1;
  /** who has the secret or passphrase is a member, for ever */
  readonly ZKS_GROUP_KIND_SHARED: 2;
  /** no recovery code: when the last device is lost, so is what no device has */
  readonly ZKS_CREATE_NO_RECOVERY: 1;
  /** let devices in, with at most its own rights */
  readonly ZKS_RIGHT_INVITE: 1;
  /** remove devices and change keys */
  readonly ZKS_RIGHT_ADMIN: 2;
  /** 16 characters to be typed; not in groups of ZKS_SUITE_ID_APPROVED */
  readonly ZKS_PAIR_KIND_CODE: 1;
  /** to be scanned: zks_qr_render draws it */
  readonly ZKS_PAIR_KIND_LINK: 2;
  readonly ZKS_REVOKE_UNSPECIFIED: 0;
  readonly ZKS_REVOKE_LOST: 1;
  readonly ZKS_REVOKE_REPLACED: 2;
  /** nothing but the file's mode, 0600 */
  readonly ZKS_STORE_KEY_NONE: 0;
  /** 32 bytes of the app's, as from a keychain */
  readonly ZKS_STORE_KEY_BYTES: 1;
  /** a passphrase, stretched with Argon2id */
  readonly ZKS_STORE_KEY_PASSPHRASE: 2;
  /** complete when the entry is durable on this device */
  readonly ZKS_PUSH_STORED: 0;
  /** complete when a relay has it on disk */
  readonly ZKS_PUSH_ACKED: 1;
  /** fail with ZKS_E_NOT_CONNECTED instead of queueing while offline */
  readonly ZKS_PUSH_NEED_CONNECTION: 2;
  /** complete at the first entry instead of with an empty batch */
  readonly ZKS_READ_WAIT: 1;
  /** also this device's own entries, at the place where a relay acknowledged them */
  readonly ZKS_READ_OWN: 2;
  /** pushed by this device */
  readonly ZKS_ITEM_OWN: 1;
  /** its place is before entries already delivered or given up: it was reported missing before, or is older than this device's membership */
  readonly ZKS_ITEM_LATE: 2;
  /** its author wrote two entries with this number; both are delivered */
  readonly ZKS_ITEM_FORK: 4;
  /** push: this device's own number of the first entry; the others follow without gaps */
  readonly ZKS_OP_FIRST_NUMBER: 1;
  /** push: entries; inbox_read: entries of the batch */
  readonly ZKS_OP_COUNT: 2;
  /** push with ZKS_PUSH_ACKED: inbox sequence of the last entry; inbox_read: of the last read */
  readonly ZKS_OP_INBOX_SEQ: 3;
  /** a connect that failed: until the client tries again by itself */
  readonly ZKS_OP_RETRY_AFTER_MS: 4;
  /** inbox_ack: the watermark now */
  readonly ZKS_OP_ACKED_SEQ: 5;
  /** flush: entries that no relay has acknowledged yet */
  readonly ZKS_OP_PENDING: 6;
  /** device_revoke, group_rotate: number of the epoch afterwards */
  readonly ZKS_OP_EPOCH: 7;
  /** push: ZKS_SIZE_BLOB_ID bytes for each entry */
  readonly ZKS_OP_BLOB_IDS: 201;
  /** group_create: the recovery code, 18 words, UTF-8 without NUL. It is nowhere else: show it once, keep it nowhere */
  readonly ZKS_OP_RECOVERY_CODE: 202;
  /** group_join: the relays of the device that let this one in, addresses with keys, one a line, UTF-8 without NUL: give them to zks_config_add_relay from now on */
  readonly ZKS_OP_RELAYS: 203;
  /** pair_begin: ZKS_SIZE_DEVICE_ID bytes, the device that was let in */
  readonly ZKS_OP_DEVICE: 204;
  /** there is something to read (coalesced). LAST_SEQ */
  readonly ZKS_EVENT_INBOX: 1;
  /** the connection's state changed; status: why. STATE, RELAY, RETRY_AFTER_MS; with ZKS_E_RELAY_KEY_CHANGED also RELAY_KEY */
  readonly ZKS_EVENT_STATE: 2;
  /** a relay refused an own entry for good; status: why. NUMBER, BLOB_ID, RELAY */
  readonly ZKS_EVENT_PUSH_REFUSED: 3;
  /** entries of a device are missing and go on without. DEVICE, CHAIN, FIRST, LAST */
  readonly ZKS_EVENT_HISTORY_GAP: 4;
  /** the same, but their author does not expect them to be had. As HISTORY_GAP */
  readonly ZKS_EVENT_HISTORY_EXPIRED: 5;
  /** an entry waits for a signature too long; it is held back. DEVICE, CHAIN, FIRST */
  readonly ZKS_EVENT_UNVERIFIED: 6;
  /** a device wrote two entries with one number. DEVICE, CHAIN, FIRST */
  readonly ZKS_EVENT_FORK: 7;
  /** blobs that do not verify were dropped (coalesced); status: the last cause. COUNT, DEVICE (as the relay claims), RELAY */
  readonly ZKS_EVENT_REJECTED: 8;
  /** this device began a new chain: its store was restored or forked. DEVICE (this one), CHAIN */
  readonly ZKS_EVENT_NEW_CHAIN: 9;
  /** a member joined. DEVICE */
  readonly ZKS_EVENT_DEVICE: 10;
  /** the store has a problem, or (status 0) has none any more; status: which */
  readonly ZKS_EVENT_STORE: 11;
  /** the last event of a client; status: why, 0 after zks_client_close or _free */
  readonly ZKS_EVENT_CLOSED: 12;
  /** another member has entries that no relay gives, and nobody who was asked: a relay keeps them back, or they are lost. They are delivered, flagged late, if they come. DEVICE (their author), CHAIN, FIRST, LAST */
  readonly ZKS_EVENT_HISTORY_WITHHELD: 13;
  /** a device that was heard before has said nothing for over two hours, though this client was connected all the time: it is away, or a relay keeps it silent. DEVICE, CHAIN, LAST (its last entry here) */
  readonly ZKS_EVENT_QUIET: 14;
  /** show this to the user, who types or scans it on the other device; a secret. The relay has it. CODE */
  readonly ZKS_EVENT_PAIR_CODE: 15;
  /** somebody tried a wrong code. COUNT: tries that are left; the last one burns the code */
  readonly ZKS_EVENT_PAIR_WRONG_TRY: 16;
  /** the two devices of a pairing have proven to each other that they know the code: both show these digits, and somebody who sees both compares them. DIGITS */
  readonly ZKS_EVENT_PAIR_DIGITS: 17;
  /** may it join? Answer with zks_pair_answer. NAME (as it calls itself), DIGITS */
  readonly ZKS_EVENT_PAIR_ASK: 18;
  /** a device is a member no more: removed, or gone by itself. DEVICE; this one, too */
  readonly ZKS_EVENT_DEVICE_REMOVED: 19;
  /** devices have removed each other, at relays that did not know of each other's: the older one stays until one of them is removed with the recovery code (zks_device_revoke). Once */
  readonly ZKS_EVENT_GROUP_FORK: 20;
  /** the group has fresh keys: what is pushed from now on is sealed with them. NUMBER */
  readonly ZKS_EVENT_EPOCH: 21;
  /** highest inbox sequence */
  readonly ZKS_EVENT_FIELD_LAST_SEQ: 1;
  /** ZKS_STATE_* */
  readonly ZKS_EVENT_FIELD_STATE: 2;
  /** until the next attempt */
  readonly ZKS_EVENT_FIELD_RETRY_AFTER_MS: 3;
  readonly ZKS_EVENT_FIELD_COUNT: 4;
  /** the author's number of the first entry concerned */
  readonly ZKS_EVENT_FIELD_FIRST: 5;
  /** of the last */
  readonly ZKS_EVENT_FIELD_LAST: 6;
  /** own number of an own entry, as ZKS_OP_FIRST_NUMBER; of an epoch */
  readonly ZKS_EVENT_FIELD_NUMBER: 7;
  /** 0 to 999999: show six digits, with leading zeros */
  readonly ZKS_EVENT_FIELD_DIGITS: 8;
  /** what happened and the cure, for people */
  readonly ZKS_EVENT_FIELD_SENTENCE: 101;
  /** the relay's address as configured */
  readonly ZKS_EVENT_FIELD_RELAY: 102;
  /** a pairing code or link */
  readonly ZKS_EVENT_FIELD_CODE: 103;
  /** the name of a device, by its own word */
  readonly ZKS_EVENT_FIELD_NAME: 104;
  /** ZKS_SIZE_DEVICE_ID */
  readonly ZKS_EVENT_FIELD_DEVICE: 201;
  /** ZKS_SIZE_BLOB_ID: the entry's id */
  readonly ZKS_EVENT_FIELD_BLOB_ID: 202;
  /** ZKS_SIZE_CHAIN */
  readonly ZKS_EVENT_FIELD_CHAIN: 203;
  /** ZKS_SIZE_RELAY_KEY: the key that the relay showed; see zks_client_trust_relay */
  readonly ZKS_EVENT_FIELD_RELAY_KEY: 204;
  /** not asked to connect, or asked to disconnect */
  readonly ZKS_STATE_OFFLINE: 0;
  /** an attempt is under way */
  readonly ZKS_STATE_CONNECTING: 1;
  /** the relay has accepted this device */
  readonly ZKS_STATE_CONNECTED: 2;
  /** between two attempts */
  readonly ZKS_STATE_WAITING: 3;
  /** ZKS_STATE_*, the best of all relays */
  readonly ZKS_REPORT_STATE: 1;
  /** own entries that no relay has acknowledged */
  readonly ZKS_REPORT_PENDING_COUNT: 2;
  /** as sealed */
  readonly ZKS_REPORT_PENDING_BYTES: 3;
  /** highest inbox sequence */
  readonly ZKS_REPORT_INBOX_LAST_SEQ: 4;
  /** the app's watermark */
  readonly ZKS_REPORT_INBOX_ACKED_SEQ: 5;
  /** received entries above the watermark */
  readonly ZKS_REPORT_UNREAD_COUNT: 6;
  /** of them, as sealed */
  readonly ZKS_REPORT_UNREAD_BYTES: 7;
  /** members known, this one included */
  readonly ZKS_REPORT_DEVICES: 8;
  /** relays configured: the range of zks_report_relay_* */
  readonly ZKS_REPORT_RELAYS: 9;
  /** received entries that wait for a signature or an earlier entry, and blobs that wait for the records or keys with which they can be opened */
  readonly ZKS_REPORT_HELD: 10;
  /** highest own number, as ZKS_OP_FIRST_NUMBER */
  readonly ZKS_REPORT_LAST_NUMBER: 11;
  /** entries that a relay took; not those that it refused */
  readonly ZKS_REPORT_SENT: 12;
  /** of them, as sealed */
  readonly ZKS_REPORT_SENT_BYTES: 13;
  /** entries put into the inbox */
  readonly ZKS_REPORT_RECEIVED: 14;
  /** as sealed */
  readonly ZKS_REPORT_RECEIVED_BYTES: 15;
  /** blobs dropped because their entry was there already */
  readonly ZKS_REPORT_DUPLICATES: 16;
  /** blobs dropped because they do not verify */
  readonly ZKS_REPORT_REJECTED: 17;
  /** times that a relay accepted this device */
  readonly ZKS_REPORT_CONNECTS: 18;
  /** of the group, ZKS_SUITE_ID_*; 0: not open yet */
  readonly ZKS_REPORT_SUITE: 19;
  /** ZKS_GROUP_KIND_*; 0: not open yet */
  readonly ZKS_REPORT_GROUP_KIND: 20;
  /** how often the group's keys have changed */
  readonly ZKS_REPORT_EPOCH: 21;
  /** of this device, ZKS_RIGHT_*; 0 also when it is no member */
  readonly ZKS_REPORT_RIGHTS: 22;
  /** as ZKS_EVENT_HISTORY_GAP, each a range of entries */
  readonly ZKS_REPORT_HISTORY_GAPS: 23;
  /** as ZKS_EVENT_HISTORY_EXPIRED, each a range */
  readonly ZKS_REPORT_HISTORY_EXPIRED: 24;
  /** as ZKS_EVENT_HISTORY_WITHHELD, each a range */
  readonly ZKS_REPORT_HISTORY_WITHHELD: 25;
  /** entries that came after they had been given up */
  readonly ZKS_REPORT_HISTORY_LATE: 26;
  /** as ZKS_EVENT_FORK */
  readonly ZKS_REPORT_HISTORY_FORKS: 27;
  /** as ZKS_EVENT_UNVERIFIED */
  readonly ZKS_REPORT_HISTORY_UNVERIFIED: 28;
  /** as ZKS_REPORT_REJECTED, of all the time */
  readonly ZKS_REPORT_HISTORY_REJECTED: 29;
  /** as ZKS_EVENT_NEW_CHAIN */
  readonly ZKS_REPORT_HISTORY_NEW_CHAINS: 30;
  /** of this device; empty: none */
  readonly ZKS_REPORT_DEVICE_NAME: 101;
  /** empty: in memory */
  readonly ZKS_REPORT_STORE_PATH: 102;
  /** address of the relay that is read; NULL: none connected */
  readonly ZKS_REPORT_ACTIVE_RELAY: 103;
  /** ZKS_SIZE_GROUP_ID */
  readonly ZKS_REPORT_GROUP_ID: 201;
  /** ZKS_SIZE_DEVICE_ID */
  readonly ZKS_REPORT_DEVICE_ID: 202;
  /** ZKS_STATE_* */
  readonly ZKS_REPORT_RELAY_STATE: 1;
  /** read up to here, in the relay's own numbers */
  readonly ZKS_REPORT_RELAY_CURSOR: 2;
  /** round trip; 0: not measured */
  readonly ZKS_REPORT_RELAY_RTT_US: 3;
  /** own entries that this relay has not acknowledged */
  readonly ZKS_REPORT_RELAY_PENDING: 4;
  /** own entries up to this number are settled there */
  readonly ZKS_REPORT_RELAY_ACKED: 5;
  /** the last failure, ZKS_E_*; 0: none since it was last connected */
  readonly ZKS_REPORT_RELAY_STATUS: 6;
  /** until the next attempt */
  readonly ZKS_REPORT_RELAY_RETRY_AFTER_MS: 7;
  /** as configured */
  readonly ZKS_REPORT_RELAY_ADDRESS: 101;
  /** the last failure in words; NULL: none */
  readonly ZKS_REPORT_RELAY_ERROR: 102;
  /** 1: this device */
  readonly ZKS_DEVICES_SELF: 1;
  /** Unix time at which an entry of it was last received, as of at most a minute ago; 0: none since the client was opened */
  readonly ZKS_DEVICES_SEEN_MS: 2;
  /** Unix time at which its membership ends; 0: never */
  readonly ZKS_DEVICES_NOT_AFTER_S: 3;
  /** highest of its entries that was delivered here, in its newest chain, as of at most a minute ago */
  readonly ZKS_DEVICES_LAST_NUMBER: 4;
  /** 1: as ZKS_EVENT_QUIET says, and still so as of at most a minute ago */
  readonly ZKS_DEVICES_QUIET: 5;
  /** ZKS_RIGHT_* */
  readonly ZKS_DEVICES_RIGHTS: 6;
  /** of the payload that this library writes and reads */
  readonly ZKS_INVITE_VERSION: 4;
  /** ZKS_SUITE_ID_*: for ZKS_OPTION_SUITE */
  readonly ZKS_INVITE_SUITE: 1;
  /** "zks-invite:...": the whole invite, for a link, a QR code or paste */
  readonly ZKS_INVITE_LINK: 101;
  /** relay addresses, one a line; empty: none */
  readonly ZKS_INVITE_RELAYS: 102;
  /** descriptor of a passphrase group; empty: none */
  readonly ZKS_INVITE_DESCRIPTOR: 103;
  /** ZKS_SIZE_SECRET */
  readonly ZKS_INVITE_SECRET: 201;
  /** of the descriptor; length 0: none */
  readonly ZKS_INVITE_SALT: 202;
  /** ZKS_SIZE_GROUP_ID */
  readonly ZKS_INVITE_GROUP_ID: 203;
  /** lines of block characters, UTF-8, for a terminal with light text on a dark background */
  readonly ZKS_RENDER_TEXT_DARK: 1;
  /** the same for dark text on a light background */
  readonly ZKS_RENDER_TEXT_LIGHT: 2;
  /** a document of its own, which refers to nothing else */
  readonly ZKS_RENDER_SVG: 3;
  /** black and white */
  readonly ZKS_RENDER_PNG: 4;
  /** pixels for each module of the code */
  readonly ZKS_RENDER_SCALE_MAX: 32;
};
export = constants;
