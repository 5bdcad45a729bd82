// SPDX-License-Identifier: MIT OR Apache-2.0
'use strict';
/*
 * The API of the reference bindings, unchanged: a user of theirs changes the import. docs/NODE.md maps
 * it to the API of this package, which can do more.
 */
const { randomInt } = require('node:crypto');
const native = require('./native.cjs');
const constants = require('./constants.cjs');
const check = require('./check.cjs');
const { open } = require('./client.cjs');
const { parseInvite } = require('./invite.cjs');
const { ZksError } = require('./error.cjs');

const CONFIG = ['passphrase', 'salt', 'secretBytes', 'relayAddresses', 'deviceName', 'ttl'];
const INVITE_VERSION = 3; // of that API; the payload behind it has a version of its own
const CODE_LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
/** Unread bytes that are enough for one pull: then the relay need not be asked for more, which waits
 * for room where the inbox is full. */
const ENOUGH_BYTES = 4 * 2 ** 20;

function problem(number, message) {
  return new ZksError(number, message);
}

/** The group of a configuration: what open() takes. The words of the errors are part of that API. */
function group(config) {
  const { passphrase, salt, secretBytes } = config;
  if (passphrase != null && secretBytes != null) {
    throw problem(constants.ZKS_E_BOTH_SECRETS, 'give passphrase or secretBytes, not both');
  }
  if (secretBytes != null) {
    const secret = check.bytes(secretBytes, 'secretBytes');
    if (secret.length !== 32) {
      throw problem(constants.ZKS_E_SECRET, `secretBytes must have 32 bytes, not ${secret.length}`);
    }
    return { secret };
  }
  if (passphrase == null) {
    throw problem(constants.ZKS_E_CONFIG, 'give passphrase and salt, or secretBytes');
  }
  if (check.text(passphrase, 'passphrase') === '') {
    throw problem(constants.ZKS_E_PASSPHRASE, 'the passphrase is empty');
  }
  return { passphrase, salt: checkedSalt(salt) };
}

function checkedSalt(salt) {
  if (salt == null) throw problem(constants.ZKS_E_SALT, 'a passphrase needs a salt');
  const bytes = check.bytes(salt, 'salt');
  if (bytes.length < constants.ZKS_SIZE_SALT_MIN) {
    throw problem(constants.ZKS_E_SALT, `the salt must have at least 8 bytes, not ${bytes.length}`);
  }
  return bytes;
}

/** An invite in the shape of that API. The code serves nobody yet: see docs/NODE.md. */
function inviteOf(invite, shortCode) {
  return {
    version: INVITE_VERSION,
    relayAddresses: invite.relays,
    groupSecret: invite.secret,
    salt: invite.salt,
    qrPayload: invite.link,
    shortCode,
  };
}

function randomCode() {
  const four = () => Array.from({ length: 4 }, () => CODE_LETTERS[randomInt(32)]).join('');
  return [four(), four(), four(), four()].join('-');
}

const blob = (entry) => ({
  blobId: entry.blobId,
  data: entry.data,
  cursor: entry.seq,
  timestamp: Math.floor(entry.timeMs / 1000),
});

class SyncClient {
  #client;
  #connected = false;
  #pulled = 0; // the last cursor that pull() gave out

  /** Not for callers: see create(). */
  constructor(client) {
    this.#client = client;
    this.#pulled = client.acked;
  }

  static async create(config) {
    const given = check.options(config ?? {}, CONFIG, 'config');
    const client = await open({
      ...group(given),
      relays: Array.from(given.relayAddresses ?? []),
      ...(given.deviceName == null ? {} : { deviceName: given.deviceName }),
      ...(given.ttl == null ? {} : { ttlS: given.ttl }),
    });
    return new SyncClient(client);
  }

  #online() {
    if (!this.#connected || this.#client.closed) {
      throw problem(constants.ZKS_E_NOT_CONNECTED, 'not connected: call connect() first');
    }
    return this.#client;
  }

  async isConnected() {
    return !this.#client.closed && this.#client.report().state === 'connected';
  }

  /** Up to here pull() has given out. */
  async currentCursor() {
    return this.#pulled;
  }

  async activeRelay() {
    return this.#client.closed ? null : this.#client.report().activeRelay;
  }

  async connect() {
    await this.#client.connect();
    this.#connected = true;
  }

  async disconnect() {
    this.#connected = false;
    await this.#client.disconnect();
  }

  async push(data) {
    const { blobIds, seq } = await this.#online().push(data, { acked: true });
    return { blobId: blobIds[0], cursor: seq };
  }

  /** What came since the last pull, which is acknowledged with this one. */
  async pull() {
    const client = this.#online();
    if (this.#pulled > client.acked) await client.ack(this.#pulled);
    const blobs = await this.pullAfter(this.#pulled);
    if (blobs.length) this.#pulled = blobs[blobs.length - 1].cursor;
    return blobs;
  }

  async pullAfter(cursor) {
    const client = this.#online();
    check.integer(cursor, 'cursor');
    if (client.report().unreadBytes < ENOUGH_BYTES) await client.waitSynced();
    return (await client.read({ after: cursor })).map(blob);
  }

  async shutdown() {
    this.#connected = false;
    await this.#client.close();
  }

  /** An invite that carries the group's secret. Works offline. */
  createInvite(relayAddresses) {
    return inviteOf(this.#client.inviteShared(relayAddresses), randomCode());
  }
}

/** Reads the qrPayload of an invite. */
function inviteFromQr(payload) {
  return inviteOf(parseInvite(payload), randomCode());
}

/** {secretBytes, groupId}, 32 bytes each. Blocks for up to seconds: deriveGroupSecret does not. */
function deriveSecret(passphrase, salt) {
  if (check.text(passphrase, 'passphrase') === '') {
    throw problem(constants.ZKS_E_PASSPHRASE, 'the passphrase is empty');
  }
  const [secretBytes, groupId] = native.secretDerive(passphrase, checkedSalt(salt));
  return { secretBytes, groupId };
}

module.exports = { SyncClient, inviteFromQr, deriveSecret };
