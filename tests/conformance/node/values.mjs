// SPDX-License-Identifier: MIT OR Apache-2.0
// Values of steps, and how the transcript shows them.
import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const HERE = path.dirname(fileURLToPath(import.meta.url));
export const ENTRY = process.env.ZKS_NODE_PACKAGE ??
  path.resolve(HERE, '../../../bindings/node/lib/index.js');
export const zks = await import(pathToFileURL(ENTRY).href);

/** The cases ask for something that is not there: a defect of the cases or of the driver. */
export class Broken extends Error {}

/** What `$name` means within a case. Bytes are kept as hexadecimal text. */
export class Variables {
  known = new Map();

  text(value) {
    if (typeof value === 'object') return value.repeat.repeat(value.times);
    if (!value.startsWith('$')) return value;
    const spoil = value.endsWith('!');
    const name = spoil ? value.slice(1, -1) : value.slice(1);
    if (!this.known.has(name)) throw new Broken(`there is no variable ${value}`);
    const found = this.known.get(name);
    return spoil && found ? found.slice(0, -1) + (found.endsWith('0') ? '1' : '0') : found;
  }

  bytes(value, size) {
    if (typeof value === 'number') return Buffer.alloc(value);
    if (!value.startsWith('$')) return Buffer.from(value, 'hex');
    const name = value.slice(1);
    if (!this.known.has(name)) this.known.set(name, randomBytes(size).toString('hex'));
    return Buffer.from(this.known.get(name), 'hex');
  }
}

export function payload(value) {
  if (typeof value === 'string') return Buffer.from(value);
  const seed = value.seed ?? 0;
  return Buffer.from(Uint8Array.from({ length: value.bytes }, (_, i) => seed + i * 31 + (i >> 8)));
}

export function fnv1a(data) {
  let value = 2166136261;
  for (const byte of data) value = Math.imul(value ^ byte, 16777619);
  return (value >>> 0).toString(16).padStart(8, '0');
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** A payload in the transcript. */
export function shown(data) {
  if (data.length <= 64 && data.every((byte) => byte >= 32)) {
    try {
      return `"${utf8.decode(data)}"`;
    } catch {
      // not UTF-8
    }
  }
  return `${data.length} bytes ${fnv1a(data)}`;
}

/** Symbolic names of devices and blobs. The newest id is what a name means. */
export class Names {
  #ofId = new Map(); // device id -> name
  #newest = new Map([['nobody', '01'.repeat(32)]]); // name -> device id
  blobs = new Map(); // "A#1" -> blob id

  /** Whether this device had the name before. */
  bind(device, name) {
    const before = this.#ofId.get(device) === name;
    this.#ofId.set(device, name);
    this.#newest.set(name, device);
    return before;
  }

  name(device) {
    return this.#ofId.get(device) ?? '?';
  }

  /** The id of a device, if it has one. */
  known(name) {
    return this.#newest.get(name);
  }

  device(name) {
    if (!this.#newest.has(name)) throw new Broken(`${name} has no id yet`);
    return this.#newest.get(name);
  }

  /** What to add to a line about this blob. */
  blob(sender, number, blobId) {
    const key = `${sender}#${number}`;
    if (!this.blobs.has(key)) this.blobs.set(key, blobId);
    return this.blobs.get(key) === blobId ? '' : ' (other blob id)';
  }
}
