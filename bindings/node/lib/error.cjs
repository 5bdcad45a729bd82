// SPDX-License-Identifier: MIT OR Apache-2.0
'use strict';
const native = require('./native.cjs');
const constants = require('./constants.cjs');

const CLASSES = ['none', 'retry', 'call', 'config', 'security'];

/**
 * A failure of the library: `code` is the name of the status ("ZKS_E_NOT_CONNECTED"), `number` its
 * value, `retryClass` what to do about it, `message` one sentence with the cure.
 */
class ZksError extends Error {
  constructor(number, message, options) {
    super(message || native.statusText(number), options);
    this.code = native.statusName(number);
    this.number = number;
    this.retryClass = CLASSES[native.statusClass(number)];
  }
}
// On the prototype, as the names of built-in errors are.
Object.defineProperty(ZksError.prototype, 'name', { value: 'ZksError', configurable: true });

const closed = (what) => new ZksError(constants.ZKS_E_CLOSED, `this ${what} is closed`);

/** A TypeError as Node's own: with a code. */
function typeError(message) {
  return Object.assign(new TypeError(message), { code: 'ERR_INVALID_ARG_TYPE' });
}

function rangeError(message) {
  return Object.assign(new RangeError(message), { code: 'ERR_OUT_OF_RANGE' });
}

module.exports = { ZksError, closed, typeError, rangeError };
