// SPDX-License-Identifier: MIT OR Apache-2.0
'use strict';
/* A relay inside this process, for tests and small tools: the same code as the program zks-relay. */
const native = require('./native.cjs');
const check = require('./check.cjs');
const engine = require('./engine.cjs');
const { typeError } = require('./error.cjs');

/** Lines `name = value` of an object, or the text as it is. */
function lines(config) {
  if (typeof config === 'string') return config;
  if (config === null || typeof config !== 'object') {
    throw typeError('config must be an object, or text as in the configuration file of zks-relay');
  }
  return Object.entries(config).map(([name, value]) => `${name} = ${value}\n`).join('');
}

/** A running relay is not collected: clients elsewhere use it. */
const running = new Set();

class Relay {
  #handle;
  #stopping;

  /** Not for callers: see Relay.start. */
  constructor(handle) {
    this.#handle = handle;
    /** What clients are given: "zks://KEY@host:port". */
    this.address = native.relayAddress(handle);
    running.add(this);
  }

  /**
   * Starts a relay and waits until it listens.
   * @param {string | object} [config]  as in zks-relay's configuration file (docs/OPERATIONS.md);
   * for a test {listen: '127.0.0.1:0', data: FOLDER}, whose address names the port
   */
  static async start(config = {}, { signal } = {}) {
    const text = lines(config);
    const [runtime] = engine.start();
    let handle;
    try {
      await engine.run(null, (token) => {
        const [op, relay] = native.relayStart(runtime, text, token);
        handle = relay;
        return op;
      }, null, check.signal(signal));
    } catch (error) {
      if (handle) native.relayFree(handle);
      throw error;
    }
    return new Relay(handle);
  }

  /** Tells its clients, finishes what is being stored, closes. Stopping twice is fine. */
  stop() {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop() {
    running.delete(this);
    await engine.run(this, (token) => native.relayStop(this.#handle, token), null);
    native.relayFree(this.#handle);
  }

  hasRef() {
    return true;
  }

  [Symbol.asyncDispose ?? Symbol.for('nodejs.asyncDispose')]() {
    return this.stop();
  }
}

module.exports = { Relay };
