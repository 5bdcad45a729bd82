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

/** A promise, and what settles it. A rejection that nobody waits for is no uncaught one. */
function deferred() {
  let settle;
  const promise = new Promise((resolve, reject) => {
    settle = { resolve, reject };
  });
  promise.catch(() => {});
  return { promise, ...settle };
}

class Pairing {
  #client;
  #handle;
  #abort = new AbortController();

  /**
   * @param {object} client
   * @param {(signal: AbortSignal) => Promise<string>} begin  resolves with the new device's id
   */
  constructor(client, handle, begin, signal) {
    this.#client = client;
    this.#handle = handle;
    const code = deferred();
    const asked = deferred();
    const listeners = {
      pairCode: (event) => code.resolve(event.code),
      pairAsk: ({ name, digits }) => asked.resolve({ name, digits }),
    };
    for (const [type, listener] of Object.entries(listeners)) client.on(type, listener);
    signal?.addEventListener('abort', () => this.#abort.abort(signal.reason), { once: true });
    this.code = code.promise;
    this.asked = asked.promise;
    this.done = begin(this.#abort.signal).finally(() => {
      for (const [type, listener] of Object.entries(listeners)) client.off(type, listener);
    });
    this.done.catch((error) => {
      code.reject(error);
      asked.reject(error);
    });
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

module.exports = { Pairing };
