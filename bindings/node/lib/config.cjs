// SPDX-License-Identifier: MIT OR Apache-2.0
'use strict';
/* A configuration of JavaScript becomes one of the library, and a client is opened with it. */
const { fileURLToPath } = require('node:url');
const native = require('./native.cjs');
const constants = require('./constants.cjs');
const check = require('./check.cjs');
const engine = require('./engine.cjs');
const { untilAborted } = require('./abort.cjs');
const { typeError } = require('./error.cjs');

const SUITES = { default: constants.ZKS_SUITE_ID_DEFAULT, approved: constants.ZKS_SUITE_ID_APPROVED };
const NUMBERS = {
  ttlS: constants.ZKS_OPTION_TTL_S,
  inboxMaxBytes: constants.ZKS_OPTION_INBOX_MAX_BYTES,
  keepBytes: constants.ZKS_OPTION_KEEP_BYTES,
  queueMaxBytes: constants.ZKS_OPTION_QUEUE_MAX_BYTES,
  connectTimeoutMs: constants.ZKS_OPTION_CONNECT_TIMEOUT_MS,
  rotateS: constants.ZKS_OPTION_ROTATE_S,
};
const NAMES = ['store', 'relays', 'deviceName', 'secret', 'passphrase', 'salt', 'storeKey',
  'storePassphrase', 'suite', ...Object.keys(NUMBERS)];

function path(value) {
  return value instanceof URL ? fileURLToPath(value) : check.text(value, 'store');
}

/** Addresses of relays: a string is one. */
function addresses(value) {
  const list = typeof value === 'string' ? [value] : value;
  if (typeof list?.[Symbol.iterator] !== 'function') throw typeError('relays must be an array of strings');
  return Array.from(list, (address, i) => check.text(address, `relays[${i}]`));
}

function setSecret(handle, config) {
  if (config.secret !== undefined) native.configSetSecret(handle, check.bytes(config.secret, 'secret'));
  if (config.passphrase !== undefined) {
    const salt = config.salt === undefined ? null : check.bytes(config.salt, 'salt');
    native.configSetPassphrase(handle, check.text(config.passphrase, 'passphrase'), salt);
  } else if (config.salt !== undefined) {
    throw typeError('salt belongs to a passphrase, and there is none');
  }
}

/** Returns the token of a function that is to be asked for the key, or undefined. The signal ends asking. */
function setStoreKey(handle, config, signal) {
  const { storeKey, storePassphrase } = config;
  if (storeKey !== undefined && storePassphrase !== undefined) {
    throw typeError('give a storeKey or a storePassphrase, not both');
  }
  if (storePassphrase !== undefined) {
    native.configSetStorePassphrase(handle, check.text(storePassphrase, 'storePassphrase'));
  }
  if (storeKey === undefined) return undefined;
  if (typeof storeKey !== 'function') {
    native.configSetStoreKey(handle, check.bytes(storeKey, 'storeKey'));
    return undefined;
  }
  const token = engine.newToken();
  const asked = async () => check.bytes(await storeKey(), 'the store key');
  engine.keyFunctions.set(token, { ask: () => untilAborted(asked(), signal) });
  native.configSetStoreKeyFn(handle, token);
  return token;
}

function fill(handle, config) {
  if (config.suite !== undefined) {
    native.configSetInt(handle, constants.ZKS_OPTION_SUITE, check.choice(config.suite, SUITES, 'suite'));
  }
  setSecret(handle, config);
  if (config.store !== undefined) {
    native.configSetText(handle, constants.ZKS_OPTION_STORE_PATH, path(config.store));
  }
  if (config.deviceName !== undefined) {
    const name = check.text(config.deviceName, 'deviceName');
    native.configSetText(handle, constants.ZKS_OPTION_DEVICE_NAME, name);
  }
  for (const [name, option] of Object.entries(NUMBERS)) {
    if (config[name] === undefined) continue;
    // The library knows each option's range, and says it in its error.
    native.configSetInt(handle, option, check.integer(config[name], name, Number.MIN_SAFE_INTEGER));
  }
  for (const address of addresses(config.relays ?? [])) native.configAddRelay(handle, address);
}

/**
 * Opens a client. Resolves with what `read` makes of the operation once it is open; where that
 * fails, the client is closed.
 * @param {object} client  with attach(handle, token) and dispose()
 * @param {(runtime: object, config: object, token: number) => [object, object]} begin
 */
async function openWith(client, config, begin, read, signal) {
  const given = check.options(config, NAMES, 'config');
  const [runtime, queue] = engine.start();
  const handle = native.configNew();
  let keyToken;
  try {
    let opened;
    try {
      fill(handle, given);
      keyToken = setStoreKey(handle, given, check.signal(signal));
      native.configSetQueue(handle, queue);
      const listener = engine.newToken();
      native.configSetEvents(handle, listener);
      opened = engine.run(client, (token) => {
        const [op, clientHandle] = begin(runtime, handle, token);
        client.attach(clientHandle, listener);
        return op;
      }, read, signal);
    } finally {
      native.configFree(handle);
    }
    const result = await opened;
    signal?.throwIfAborted(); // an opening may be past the point where it can be cancelled
    return result;
  } catch (error) {
    client.dispose();
    const cause = engine.keyFunctions.get(keyToken)?.error;
    if (cause && signal?.aborted) throw signal.reason; // which is why nobody waited for the key
    if (cause) error.cause = cause;
    throw error;
  } finally {
    engine.keyFunctions.delete(keyToken);
  }
}

module.exports = { addresses, openWith, SUITES, suiteName: (id) => Object.keys(SUITES)[id - 1] ?? null };
