// SPDX-License-Identifier: MIT OR Apache-2.0
'use strict';
const { EventEmitter } = require('node:events');
const native = require('./native.cjs');
const constants = require('./constants.cjs');
const check = require('./check.cjs');
const engine = require('./engine.cjs');
const entries = require('./entries.cjs');
const events = require('./events.cjs');
const snapshots = require('./snapshots.cjs');
const streams = require('./streams.cjs');
const { addresses, openWith } = require('./config.cjs');
const { Invite } = require('./invite.cjs');
const { Pairing } = require('./pairing.cjs');
const { closed, rangeError, typeError } = require('./error.cjs');

const BLOB_ID = 2 * constants.ZKS_SIZE_BLOB_ID; // hexadecimal digits
const PUSH = ['acked', 'needConnection', 'signal'];
const KINDS = { code: constants.ZKS_PAIR_KIND_CODE, link: constants.ZKS_PAIR_KIND_LINK };
const RIGHTS = { invite: constants.ZKS_RIGHT_INVITE, admin: constants.ZKS_RIGHT_ADMIN };
const REASONS = {
  unspecified: constants.ZKS_REVOKE_UNSPECIFIED,
  lost: constants.ZKS_REVOKE_LOST,
  replaced: constants.ZKS_REVOKE_REPLACED,
};
const META = ['newListener', 'removeListener'];

/** Clients that must not be collected: somebody listens to them, or they are ref()ed. */
const pinned = new Set();

/* Collecting a client that was not closed ends it, without a word to its relay: that is an error of
 * the program, and said so. */
const forgotten = new FinalizationRegistry(({ listener, name }) => {
  engine.listeners.delete(listener);
  process.emitWarning(`${name} was not closed before it was collected: call close(), or declare it ` +
    'with `await using`', { type: 'ZksWarning', code: 'ZKS_NOT_CLOSED' });
});

function pushFlags(options) {
  return (options.acked ? constants.ZKS_PUSH_ACKED : constants.ZKS_PUSH_STORED) |
    (options.needConnection ? constants.ZKS_PUSH_NEED_CONNECTION : 0);
}

/** What a completed push has to tell. */
function pushed(op) {
  const [number, seq, ids] = native.pushTake(op);
  const blobIds = [];
  for (let at = 0; at < ids.length; at += BLOB_ID) blobIds.push(ids.slice(at, at + BLOB_ID));
  return { number, blobIds, seq: seq || null };
}

/** Entries one after the other, and the length of each. */
function joined(list) {
  const parts = Array.from(list, (data, i) => check.bytes(data, `list[${i}]`));
  const lengths = Uint32Array.from(parts, (part) => part.length);
  return [Buffer.concat(parts), lengths];
}

/** Bits of rights; 0, which is all that this device has, where nothing is said. */
function rightsOf(names) {
  if (names === undefined || names === null) return 0;
  if (!Array.isArray(names)) throw typeError('rights must be an array');
  if (!names.length) {
    throw rangeError("rights: a device without any cannot be let in; give 'invite' or 'admin', or leave " +
      'rights out for all that this device has');
  }
  return names.reduce((bits, name) => bits | check.choice(name, RIGHTS, 'rights'), 0);
}

/**
 * One device in one group. An EventEmitter: each event under its type ("inbox", "state" ...) and
 * once more as "event". See index.d.cts for every method.
 */
class Client extends EventEmitter {
  #handle = null;
  #listener;
  #closing;
  #taps = new Set();
  #holder = new engine.Holder();
  #kept = false; // by ref()

  /* --- for the other files of this package --- */

  /** @internal */
  get holder() {
    return this.#holder;
  }

  /** @internal */
  attach(handle, listener) {
    this.#handle = handle;
    this.#listener = listener;
    engine.listeners.set(listener, new WeakRef(this));
    forgotten.register(this, { listener, name: this.constructor.name }, this);
    if (this.listenerCount('event') || this.listenerCount('pairDigits')) pinned.add(this);
    this.on('removeListener', () => this.#unpin());
    this.on('newListener', () => pinned.add(this)); // second: it would hear of the one above
  }

  /** @internal Ends the handle, without waiting. */
  dispose() {
    if (!this.#handle) return;
    this.unref();
    forgotten.unregister(this);
    engine.listeners.delete(this.#listener);
    native.clientFree(this.#handle);
    this.#handle = null;
    this.#closing ??= Promise.resolve();
    pinned.delete(this);
  }

  /** @internal An event of the library. One listener that throws takes it from no other one. */
  raise(handle) {
    const event = events.read(handle);
    for (const hear of this.#taps) hear(event);
    engine.guarded(() => this.emit(event.type, event));
    engine.guarded(() => this.emit('event', event));
  }

  /** @internal Has `hear`, which must not throw, told of each event; returns what ends that. */
  tap(hear) {
    this.#taps.add(hear);
    pinned.add(this);
    return () => {
      this.#taps.delete(hear);
      this.#unpin();
    };
  }

  #unpin() {
    const listens = this.eventNames().some((name) => !META.includes(name));
    if (!listens && !this.#taps.size && !this.#kept) pinned.delete(this);
  }

  #open() {
    if (!this.#handle || this.#closing) throw closed('client');
    return this.#handle;
  }

  /** Begins at once; what it throws is a rejection, so that a caller has one way to fail. */
  #run(begin, read = null, signal = undefined, holder = undefined) {
    try {
      const handle = this.#open();
      return engine.run(this, (token) => begin(handle, token), read, check.signal(signal), holder);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /* --- life --- */

  get closed() {
    return this.#closing !== undefined;
  }

  /** Keeps the process alive while this client is open. */
  ref() {
    if (this.closed) return this;
    this.#holder.setRef(true);
    if (!this.#kept) this.#holder.begin();
    this.#kept = true;
    pinned.add(this);
    return this;
  }

  /** Nothing of this client keeps the process alive, but a close() that is awaited. */
  unref() {
    if (this.#kept) this.#holder.end();
    this.#kept = false;
    this.#holder.setRef(false);
    this.#unpin();
    return this;
  }

  hasRef() {
    return this.#holder.hasRef;
  }

  /** Closes: what is pending ends with ZKS_E_CANCELLED. What was stored goes out at the next start. */
  close() {
    if (!this.#closing) {
      const handle = this.#open();
      this.#closing = engine.run(null, (token) => native.clientClose(handle, token), null)
        .finally(() => this.dispose());
    }
    return this.#closing;
  }

  [Symbol.asyncDispose ?? Symbol.for('nodejs.asyncDispose')]() {
    return this.close();
  }

  /* --- connection --- */

  connect({ signal } = {}) {
    return this.#run(native.clientConnect, null, signal);
  }

  disconnect() {
    return this.#run(native.clientDisconnect);
  }

  networkChanged() {
    native.clientNetworkChanged(this.#open());
  }

  trustRelay(address, key) {
    const bytes = check.id(key, 'key', constants.ZKS_SIZE_RELAY_KEY);
    native.clientTrustRelay(this.#open(), check.text(address, 'address'), bytes);
  }

  flush(timeoutMs = 0, { signal } = {}) {
    check.integer(timeoutMs, 'timeoutMs', 0, 0xffffffff);
    return this.#run((handle, token) => native.clientFlush(handle, timeoutMs, token), null, signal);
  }

  waitSynced({ signal } = {}) {
    return this.#run(native.clientWaitSynced, null, signal);
  }

  /* --- sending --- */

  async push(data, options) {
    const given = check.options(options, PUSH, 'options');
    const bytes = check.bytes(data, 'data');
    const flags = pushFlags(given);
    return this.#run((handle, token) => native.clientPush(handle, bytes, flags, token), pushed,
      given.signal);
  }

  async pushMany(list, options) {
    const given = check.options(options, PUSH, 'options');
    if (list === null || typeof list?.[Symbol.iterator] !== 'function' || typeof list === 'string') {
      throw typeError('list must be an array of entries');
    }
    const [data, lengths] = joined(list);
    return this.#run((handle, token) =>
      native.clientPushMany(handle, data, lengths, pushFlags(given), token), pushed, given.signal);
  }

  writable(options) {
    return streams.writable(this, options);
  }

  writableStream(options) {
    return streams.writableStream(this, options);
  }

  /* --- receiving --- */

  async read(options) {
    const given = check.options(options, entries.READ, 'options');
    const after = check.integer(given.after ?? this.acked, 'after');
    const maxCount = check.integer(given.maxCount ?? 0, 'maxCount', 0, 0xffffffff);
    const maxBytes = check.integer(given.maxBytes ?? 0, 'maxBytes', 0, 0xffffffff);
    const flags = (given.wait ? constants.ZKS_READ_WAIT : 0) |
      (given.own ? constants.ZKS_READ_OWN : 0);
    return this.#run((handle, token) =>
      native.inboxRead(handle, after, maxCount, maxBytes, flags, token), entries.take, given.signal);
  }

  entries(options) {
    const given = check.options(options, entries.ITERATE, 'options');
    check.signal(given.signal);
    return new entries.EntryIterator(this, given);
  }

  readable(options) {
    return streams.readable(this, options);
  }

  readableStream(options) {
    return streams.readableStream(this, options);
  }

  async ack(seq) {
    check.integer(seq, 'seq');
    return this.#run((handle, token) => native.inboxAck(handle, seq, token),
      (op) => native.opNumber(op, constants.ZKS_OP_ACKED_SEQ));
  }

  get acked() {
    return native.inboxAcked(this.#open());
  }

  events({ signal } = {}) {
    return new events.EventIterator(this, check.signal(signal));
  }

  /* --- group --- */

  inviteShared(relays) {
    const lines = relays === undefined ? null : addresses(relays).join('\n');
    return new Invite(native.inviteShared(this.#open(), lines));
  }

  pair({ kind = 'code', rights, lifeS = 0, code, signal } = {}) {
    const kindId = check.choice(kind, KINDS, 'kind');
    const bits = rightsOf(rights);
    check.integer(lifeS, 'lifeS', 0, 0xffffffff);
    if (code === undefined) {
      return this.#pairing((handle, token) =>
        native.pairBegin(handle, kindId, bits, lifeS, token), signal);
    }
    check.text(code, 'code');
    if (kind !== 'code') throw typeError('a code was given, and a link asked for');
    return this.#pairing((handle, token) =>
      native.pairBeginCode(handle, code, bits, lifeS, token), signal);
  }

  /** @internal By a code of newPairCode(), without keeping the process alive. */
  pairQuietly(code) {
    return this.#pairing((handle, token) => native.pairBeginCode(handle, code, 0, 0, token),
      undefined, engine.never);
  }

  #pairing(start, signal, holder) {
    const begin = (aborted) => this.#run(start,
      (op) => native.opBytes(op, constants.ZKS_OP_DEVICE).toString('hex'), aborted, holder);
    return new Pairing(this, () => this.#open(), begin, check.signal(signal));
  }

  devices() {
    return snapshots.devices(this.#open());
  }

  async revoke(device, { reason = 'unspecified', recovery = null } = {}) {
    const bytes = check.id(device?.id ?? device, 'device', constants.ZKS_SIZE_DEVICE_ID);
    const reasonId = check.choice(reason, REASONS, 'reason');
    if (recovery !== null) check.text(recovery, 'recovery');
    return this.#run((handle, token) =>
      native.deviceRevoke(handle, bytes, reasonId, recovery, token), snapshots.epoch);
  }

  rotate() {
    return this.#run(native.groupRotate, snapshots.epoch);
  }

  leave() {
    return this.#run(native.groupLeave);
  }

  report() {
    return snapshots.report(this.#open());
  }

  async changeStoreKey({ storeKey, storePassphrase } = {}) {
    if (storeKey !== undefined && storePassphrase !== undefined) {
      throw typeError('give a storeKey or a storePassphrase, not both');
    }
    const [kind, bytes] = storeKey !== undefined
      ? [constants.ZKS_STORE_KEY_BYTES, check.bytes(storeKey, 'storeKey')]
      : storePassphrase !== undefined
        ? [constants.ZKS_STORE_KEY_PASSPHRASE, Buffer.from(check.text(storePassphrase, 'storePassphrase'))]
        : [constants.ZKS_STORE_KEY_NONE, null];
    return this.#run((handle, token) => native.clientChangeStoreKey(handle, kind, bytes, token));
  }
}

/* --- four ways to get a client --- */

/** A client to be opened. onEvent hears all its events, those of the opening too. */
function newClient(onEvent) {
  const client = new Client();
  if (onEvent !== undefined) client.on('event', check.callback(onEvent, 'onEvent'));
  return client;
}

/** Opens the store's group, or a shared group by its secret or passphrase. */
async function open(config, { onEvent, signal } = {}) {
  const client = newClient(onEvent);
  await openWith(client, config, native.clientOpen, null, signal);
  return client;
}

/** Makes a paired group with this device as its first member. */
async function createGroup(config, { recovery = true, onEvent, signal } = {}) {
  const client = newClient(onEvent);
  const flags = recovery ? 0 : constants.ZKS_CREATE_NO_RECOVERY;
  const recoveryCode = await openWith(client, config,
    (runtime, handle, token) => native.groupCreate(runtime, handle, flags, token),
    (op) => native.opBytes(op, constants.ZKS_OP_RECOVERY_CODE)?.toString() ?? null, signal);
  return { client, recoveryCode };
}

/** Joins a group, paired or shared, by the code or link that a member shows. */
async function join(config, codeOrLink, { onDigits, onEvent, signal } = {}) {
  const text = check.text(codeOrLink, 'codeOrLink');
  const client = newClient(onEvent);
  if (onDigits !== undefined) {
    check.callback(onDigits, 'onDigits');
    client.once('pairDigits', (event) => onDigits(event.digits));
  }
  const relays = await openWith(client, config,
    (runtime, handle, token) => native.groupJoin(runtime, handle, text, token),
    (op) => native.opBytes(op, constants.ZKS_OP_RELAYS)?.toString() ?? '', signal);
  /** The relays of the device that let this one in: for the configuration from now on. */
  client.joinedRelays = relays.split('\n').filter(Boolean);
  return client;
}

/** Comes into a paired group by its recovery code, as a new device with all rights. */
async function restore(config, words, { onEvent, signal } = {}) {
  const text = check.text(words, 'words');
  const client = newClient(onEvent);
  await openWith(client, config,
    (runtime, handle, token) => native.groupRestore(runtime, handle, text, token), null, signal);
  return client;
}

module.exports = { Client, open, createGroup, join, restore };
