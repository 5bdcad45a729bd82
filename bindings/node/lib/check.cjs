// SPDX-License-Identifier: MIT OR Apache-2.0
'use strict';
/* What callers give, judged in plain sentences before it reaches the addon. */
const { typeError, rangeError } = require('./error.cjs');

function describe(value) {
  if (value === null) return 'null';
  if (typeof value === 'object') return `an instance of ${value.constructor?.name ?? 'Object'}`;
  return typeof value === 'string' ? 'a string' : `${typeof value} ${String(value)}`;
}

/** Bytes of a Uint8Array (a Buffer is one), an ArrayBuffer or a string, without a copy where possible. */
function bytes(value, name) {
  if (value instanceof Uint8Array && value.length) return value;
  if (typeof value === 'string') return Buffer.from(value);
  try {
    if (value instanceof ArrayBuffer) return new Uint8Array(value);
    if (ArrayBuffer.isView(value)) {
      return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
    }
  } catch {
    throw typeError(`${name} has lost its memory: its ArrayBuffer was transferred or made smaller`);
  }
  throw typeError(`${name} must be a Uint8Array, an ArrayBuffer or a string, not ${describe(value)}`);
}

/** A string that UTF-8 can hold: without half a pair of surrogates. */
function text(value, name) {
  if (typeof value !== 'string') throw typeError(`${name} must be a string, not ${describe(value)}`);
  if (/\p{Surrogate}/u.test(value)) {
    throw typeError(`${name} has half a character in it, a surrogate without its other one`);
  }
  return value;
}

function integer(value, name, lowest = 0, highest = Number.MAX_SAFE_INTEGER) {
  if (typeof value !== 'number') throw typeError(`${name} must be a number, not ${describe(value)}`);
  if (!Number.isInteger(value) || value < lowest || value > highest) {
    throw rangeError(`${name} must be a whole number from ${lowest} to ${highest}, not ${value}`);
  }
  return value;
}

/** The options of a call: an object with these keys only, so that a typing error is no silence. */
function options(value, names, what) {
  if (value === undefined) return {};
  if (value === null || typeof value !== 'object') {
    throw typeError(`${what} must be an object, not ${describe(value)}`);
  }
  for (const name of Object.keys(value)) {
    if (!names.includes(name)) {
      throw typeError(`${what}: there is no '${name}'; there are: ${names.join(', ')}`);
    }
  }
  return value;
}

/** One of the keys of a table: its value there. */
function choice(value, table, name) {
  if (typeof value === 'string' && Object.hasOwn(table, value)) return table[value];
  throw rangeError(`${name} must be one of ${Object.keys(table).join(', ')}, not ${describe(value)}`);
}

function signal(value) {
  if (value === undefined || value instanceof AbortSignal) return value;
  throw typeError(`signal must be an AbortSignal, not ${describe(value)}`);
}

function callback(value, name) {
  if (typeof value === 'function') return value;
  throw typeError(`${name} must be a function, not ${describe(value)}`);
}

/** An id as 64 hexadecimal digits, or as bytes: bytes. */
function id(value, name, size) {
  if (typeof value !== 'string') {
    const given = bytes(value, name);
    if (given.length !== size) throw rangeError(`${name} must have ${size} bytes, not ${given.length}`);
    return given;
  }
  if (value.length !== 2 * size || !/^[0-9a-f]*$/i.test(value)) {
    throw rangeError(`${name} must have ${2 * size} hexadecimal digits`);
  }
  return Buffer.from(value, 'hex');
}

module.exports = { bytes, text, integer, options, choice, signal, callback, id };
