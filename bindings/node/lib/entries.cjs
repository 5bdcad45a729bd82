// SPDX-License-Identifier: MIT OR Apache-2.0
'use strict';
/* Received entries: a batch of the library as objects, and the async iterator over the inbox. */
const { onAbort } = require('./abort.cjs');
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

/**
 * Acknowledges without holding up its caller: one at a time, the highest that was asked for. The
 * first failure is the last try; `failed` hears of it.
 */
class Acknowledger {
  #client;
  #failed;
  #wanted = 0;
  #running;

  constructor(client, failed) {
    this.#client = client;
    this.#failed = failed;
  }

  upTo(seq) {
    this.#wanted = seq;
    if (this.#running) return;
    this.#running = this.#run();
    this.#running.catch(this.#failed);
  }

  async #run() {
    for (let seq = 0; seq < this.#wanted; ) {
      seq = this.#wanted;
      await this.#client.ack(seq);
    }
    this.#running = undefined;
  }

  /** Rejects where an acknowledgement failed. */
  settled() {
    return this.#running;
  }
}

const STOP = Symbol('stop');

/** Ends with the reason of `stop`, which the caller's signal and a failed acknowledgement abort too. */
async function* iterate(client, options, stop) {
  const { after, own, ack = true, maxCount, maxBytes } = options;
  const { signal } = stop;
  const detach = onAbort(options.signal, (reason) => stop.abort(reason));
  const acknowledger = new Acknowledger(client, (error) => stop.abort(error));
  let seq = after ?? client.acked;
  try {
    for (;;) {
      const entries = await client.read({ after: seq, maxCount, maxBytes, wait: true, own, signal });
      for (const entry of entries) {
        yield entry;
        seq = entry.seq;
        if (ack) acknowledger.upTo(seq);
        signal.throwIfAborted();
      }
    }
  } catch (error) {
    if (error !== STOP) throw error;
  } finally {
    detach();
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

  constructor(client, options) {
    this.#generator = iterate(client, options, this.#stop);
  }

  next() {
    return this.#generator.next();
  }

  return(value) {
    this.#stop.abort(STOP);
    return this.#generator.return(value);
  }

  [Symbol.asyncIterator]() {
    return this;
  }
}

module.exports = { Entry, EntryIterator, take, READ, ITERATE };
