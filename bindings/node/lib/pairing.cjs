// SPDX-License-Identifier: MIT OR Apache-2.0
'use strict';
/*
 * Letting a device in, as a row of promises:
 *
 *   const pairing = client.pair();
 *   show(await pairing.code);                      // the user types it on the other device
 *   const { name, digits } = await pairing.asked;  // both devices show the same digits
 *   pairing.answer(await askUser(name, digits));
 *   const device = await pairing.done;
 */
const native = require('./native.cjs');
const constants = require('./constants.cjs');
const { onAbort } = require('./abort.cjs');
const { ZksError } = require('./error.cjs');

/** A promise, and what settles it. A rejection that nobody waits for is no uncaught one. */
function deferred() {
  let settle;
  const promise = new Promise((resolve, reject) => {
    settle = { resolve, reject };
  });
  promise.catch(() => {});
  return { promise, ...settle };
}

/** The pairing of a client: one at a time, since events do not tell to which they belong. */
const running = new WeakMap();

class Pairing {
  #handle;
  #abort = new AbortController();

  /**
   * @param {object} client
   * @param {() => object} handle  the client's
   * @param {(signal: AbortSignal) => Promise<string>} begin  resolves with the new device's id
   */
  constructor(client, handle, begin, signal) {
    this.#handle = handle;
    const code = deferred();
    const asked = deferred();
    // A secret: it is not shown when the object is printed.
    Object.defineProperty(this, 'code', { value: code.promise });
    this.asked = asked.promise;
    this.done = this.#run(client, begin, signal, {
      pairCode: (event) => code.resolve(event.code),
      pairAsk: ({ name, digits }) => asked.resolve({ name, digits }),
    });
    this.done.catch((error) => {
      code.reject(error);
      asked.reject(error);
    });
  }

  async #run(client, begin, signal, hear) {
    if (running.has(client)) {
      throw new ZksError(constants.ZKS_E_BUSY,
        'a pairing of this client is going on already: wait for its end, or cancel it');
    }
    running.set(client, this);
    const untap = client.tap((event) => hear[event.type]?.(event));
    const detach = onAbort(signal, (reason) => this.#abort.abort(reason));
    try {
      return await begin(this.#abort.signal);
    } finally {
      untap();
      detach();
      running.delete(client);
    }
  }

  /** May the device join? After `asked`. */
  answer(accept) {
    native.pairAnswer(this.#handle(), accept ? 1 : 0);
  }

  /** Takes the code back. */
  cancel(reason) {
    this.#abort.abort(reason);
  }
}

/** A code that is good before there is a connection, for pair({ code }). A secret. */
function newPairCode() {
  return native.pairCodeNew().subarray(0, -1).toString(); // without its NUL
}

module.exports = { Pairing, newPairCode };
