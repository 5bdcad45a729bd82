// SPDX-License-Identifier: MIT OR Apache-2.0
'use strict';
/* Received entries: a batch of the library as objects, and the async iterator over the inbox. */
const native = require('./native.cjs');
const constants = require('./constants.cjs');

const ID = 2 * constants.ZKS_SIZE_BLOB_ID; // hexadecimal digits
const DEVICE = 2 * constants.ZKS_SIZE_DEVICE_ID;
const READ = ['after', 'maxCount', 'maxBytes', 'wait', 'own', 'signal'];
const ITERATE = ['after', 'own', 'ack', 'maxCount', 'maxBytes', 'signal'];

/** One received entry. `data` is a part of the memory of all entries that were read with it. */
class Entry {
  constructor(seq, data, timeMs, blobId, sender, number, flags) {
    this.seq = seq;
    this.data = data;
    this.timeMs = timeMs;
    this.blobId = blobId;
    this.sender = sender;
    this.number = number;
    this.own = (flags & constants.ZKS_ITEM_OWN) !== 0;
    this.late = (flags & constants.ZKS_ITEM_LATE) !== 0;
    this.fork = (flags & constants.ZKS_ITEM_FORK) !== 0;
  }
}

/** The entries of a complete read, in the order of their sequences. */
function take(op) {
  const taken = native.batchTake(op);
  if (taken === null) return [];
  const [count, data, numbers, ids, senders] = taken;
  const idText = ids.toString('hex');
  const senderText = senders.toString('hex');
  const seqs = count + 1; // the columns of numbers: offsets, then these
  const times = seqs + count;
  const own = times + count;
  const flags = own + count;
  const entries = new Array(count);
  for (let i = 0; i < count; i++) {
    entries[i] = new Entry(
      numbers[seqs + i],
      data.subarray(numbers[i], numbers[i + 1]),
      numbers[times + i],
      idText.slice(i * ID, (i + 1) * ID),
      senderText.slice(i * DEVICE, (i + 1) * DEVICE),
      numbers[own + i],
      numbers[flags + i],
    );
  }
  return entries;
}

/** Acknowledges without holding up its caller: one at a time, the highest that was asked for. */
class Acknowledger {
  #client;
  #wanted = 0;
  #running;

  constructor(client) {
    this.#client = client;
  }

  upTo(seq) {
    this.#wanted = seq;
    this.#running ??= this.#run();
    this.#running.catch(() => {}); // told by settled()
  }

  async #run() {
    for (let seq = 0; seq < this.#wanted; ) {
      seq = this.#wanted;
      await this.#client.ack(seq);
    }
    this.#running = undefined;
  }

  settled() {
    return this.#running;
  }
}

const STOP = Symbol('stop');

async function* iterate(client, { after, own, ack = true, maxCount, maxBytes }, signal) {
  const acknowledger = new Acknowledger(client);
  let seq = after ?? client.acked;
  try {
    for (;;) {
      const entries = await client.read({ after: seq, maxCount, maxBytes, wait: true, own, signal });
      for (const entry of entries) {
        yield entry;
        seq = entry.seq;
        if (ack) acknowledger.upTo(seq);
      }
    }
  } catch (error) {
    if (error !== STOP) throw error;
  } finally {
    await acknowledger.settled();
  }
}

/**
 * Entries as they come. The entry before is acknowledged when the loop asks for the next one: what
 * it was working on when the program died comes again. return() also ends a next() that waits, as a
 * stream calls it that reads ahead.
 */
class EntryIterator {
  #generator;
  #stop = new AbortController();
  #signal;
  #abort = () => this.#stop.abort(this.#signal.reason);

  constructor(client, { signal, ...options } = {}) {
    this.#signal = signal;
    if (signal?.aborted) this.#abort();
    signal?.addEventListener('abort', this.#abort, { once: true });
    this.#generator = iterate(client, options, this.#stop.signal);
  }

  next() {
    return this.#generator.next();
  }

  return(value) {
    this.#stop.abort(STOP);
    this.#signal?.removeEventListener('abort', this.#abort);
    return this.#generator.return(value);
  }

  [Symbol.asyncIterator]() {
    return this;
  }
}

module.exports = { Entry, EntryIterator, take, READ, ITERATE };
