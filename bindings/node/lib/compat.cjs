// SPDX-License-Identifier: MIT OR Apache-2.0
'use strict';
/*
 * The API of the reference bindings, unchanged: a user of theirs changes the import. docs/NODE.md maps
 * it to the API of this package, which can do more.
 */
const native = require('./native.cjs');
const constants = require('./constants.cjs');
const check = require('./check.cjs');
const { open } = require('./client.cjs');
const { parseInvite } = require('./invite.cjs');
const { newPairCode } = require('./pairing.cjs');
const { ZksError } = require('./error.cjs');

const CONFIG = ['passphrase', 'salt', 'secretBytes', 'relayAddresses', 'deviceName', 'ttl'];
const INVITE_VERSION = 3; // of that API; the payload behind it has a version of its own
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

/** An invite in the shape of that API. */
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

/**
 * The code of the newest invite: whoever proves to know it is let in. Nobody waits for how that ends, and
 * each code is one of many: what goes wrong stands in the engine's log ("pairing_ended").
 */
class Offer {
  #client;
  #code = null; // not begun yet
  #pairing = null;
  #lettingIn = false;

  constructor(client) {
    this.#client = client;
  }

  /** From now on this code; the last one goes, but for a device that is coming in by it. */
  renew(code) {
    this.#code = code;
    if (!this.#pairing) this.#begin();
    else if (!this.#lettingIn) this.#pairing.cancel();
  }

  #begin() {
    if (this.#code === null || this.#client.closed) return;
    const pairing = this.#client.pairQuietly(this.#code);
    this.#code = null;
    this.#pairing = pairing;
    pairing.asked.then(() => {
      this.#lettingIn = true;
      pairing.answer(true);
    }).catch(() => {});
    pairing.done.catch(() => {}).then(() => {
      this.#pairing = null;
      this.#lettingIn = false;
      this.#begin();
    });
  }

  /** For a client that is closed next, which waits for what is going on. */
  end() {
    this.#code = null;
    this.#pairing?.cancel();
  }
}

const blob = (entry) => ({
  blobId: entry.blobId,
  data: entry.data,
  cursor: entry.seq,
  timestamp: Math.floor(entry.timeMs / 1000),
});

class SyncClient {
  #client;
  #offer;
  #connected = false;
  #pulled = 0; // the last cursor that pull() gave out

  /** Not for callers: see create(). */
  constructor(client) {
    this.#client = client;
    this.#offer = new Offer(client);
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
    this.#offer.end();
    await this.#client.close();
  }

  /**
   * An invite that carries the group's secret. Works offline; its short code lets a device in as soon as
   * this client is connected, for ten minutes, until there is a later invite.
   */
  createInvite(relayAddresses) {
    const invite = inviteOf(this.#client.inviteShared(relayAddresses), newPairCode());
    this.#offer.renew(invite.shortCode);
    return invite;
  }
}

/** Reads the qrPayload of an invite. Its short code is fresh and serves nobody. */
function inviteFromQr(payload) {
  return inviteOf(parseInvite(payload), newPairCode());
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
