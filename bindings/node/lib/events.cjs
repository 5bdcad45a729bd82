// SPDX-License-Identifier: MIT OR Apache-2.0
'use strict';
/* An event of the library as a plain object, and events as an async iterator. */
const native = require('./native.cjs');
const constants = require('./constants.cjs');
const { onAbort } = require('./abort.cjs');
const { ZksError } = require('./error.cjs');

const STATES = ['offline', 'connecting', 'connected', 'waiting'];

/** A constant's name without its prefix, as JavaScript names things: HISTORY_GAP -> historyGap. */
function camel(name) {
  return name.toLowerCase().replace(/_([a-z0-9])/g, (_, letter) => letter.toUpperCase());
}

/** [value, name] of the constants with a prefix. */
function named(prefix) {
  return Object.entries(constants)
    .filter(([name]) => name.startsWith(prefix))
    .map(([name, value]) => [value, camel(name.slice(prefix.length))]);
}

const TYPES = new Map(named('ZKS_EVENT_').filter(([, name]) => !name.startsWith('field')));
const FIELDS = named('ZKS_EVENT_FIELD_').filter(([, name]) => name !== 'sentence');
const HISTORY = ['device', 'chain', 'first', 'last'];
/** Which fields a type has: the comments of ZKS_EVENT_* in zks.h. */
const FIELDS_OF = {
  inbox: ['lastSeq'],
  state: ['state', 'relay', 'retryAfterMs', 'relayKey'],
  pushRefused: ['number', 'blobId', 'relay'],
  historyGap: HISTORY,
  historyExpired: HISTORY,
  historyWithheld: HISTORY,
  unverified: ['device', 'chain', 'first'],
  fork: ['device', 'chain', 'first'],
  rejected: ['count', 'device', 'relay'],
  newChain: ['chain'],
  device: ['device'],
  quiet: ['device', 'chain', 'last'],
  pairCode: ['code'],
  pairWrongTry: ['count'],
  pairDigits: ['digits'],
  pairAsk: ['name', 'digits'],
  deviceRemoved: ['device'],
  epoch: ['number'],
};

/** A field by its number: from 1 numbers, from 101 texts, from 201 bytes. */
function field(handle, number, name) {
  if (number > 200) return native.eventBytes(handle, number)?.toString('hex') ?? null;
  if (number > 100) return native.eventText(handle, number);
  const value = native.eventNumber(handle, number);
  if (name === 'state') return STATES[value];
  return name === 'digits' ? String(value).padStart(6, '0') : value;
}

/** {type, error, message, ...fields of that type} */
function read(handle) {
  const type = TYPES.get(native.eventKind(handle)) ?? 'unknown';
  const status = native.eventStatus(handle);
  const message = native.eventText(handle, constants.ZKS_EVENT_FIELD_SENTENCE) ?? '';
  const event = { type, error: status ? new ZksError(status, message) : null, message };
  const wanted = FIELDS_OF[type] ?? [];
  for (const [number, name] of FIELDS) {
    if (wanted.includes(name)) event[name] = field(handle, number, name);
  }
  return event;
}

const QUEUED_MAX = 1024;

/**
 * The events of a client from now on, until it is closed. A reader that falls behind by more than
 * 1,024 loses the oldest: events only tell that there is something to look at.
 */
class EventIterator {
  #holder;
  #signal;
  #queue = [];
  #waiting = []; // what resolves a next()
  #ended = false;
  #detach = () => {};

  constructor(client, signal) {
    this.#holder = client.holder;
    this.#signal = signal;
    this.#ended = client.closed || Boolean(signal?.aborted);
    if (this.#ended) return;
    const untap = client.tap((event) => this.#add(event));
    const detach = onAbort(signal, () => this.#end());
    this.#detach = () => {
      untap();
      detach();
    };
  }

  #add(event) {
    const resolve = this.#waiting.shift();
    if (resolve) this.#give(resolve, { value: event, done: false });
    else if (this.#queue.push(event) > QUEUED_MAX) this.#queue.shift();
    if (event.type === 'closed') this.#end();
  }

  #give(resolve, result) {
    this.#holder.end();
    resolve(result);
  }

  #end() {
    if (this.#ended) return;
    this.#ended = true;
    this.#detach();
    for (const resolve of this.#waiting.splice(0)) this.#give(resolve, this.#last());
  }

  /** What next() gives after the end. */
  #last() {
    if (this.#signal?.aborted) return Promise.reject(this.#signal.reason);
    return Promise.resolve({ value: undefined, done: true });
  }

  next() {
    if (this.#signal?.aborted) return this.#last();
    if (this.#queue.length) return Promise.resolve({ value: this.#queue.shift(), done: false });
    if (this.#ended) return this.#last();
    this.#holder.begin();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  return() {
    this.#queue.length = 0;
    this.#end();
    return Promise.resolve({ value: undefined, done: true });
  }

  [Symbol.asyncIterator]() {
    return this;
  }
}

module.exports = { read, EventIterator, STATES, camel, named };
