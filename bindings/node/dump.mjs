// SPDX-License-Identifier: MIT OR Apache-2.0
// What this package binds, as it is loaded: JSON for tests/conformance/test_parity.py.
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const native = require('./lib/native.cjs');
const constants = require('./lib/constants.cjs');
const { version } = require('./lib/index.cjs');

const functions = new Set(Object.entries(native.covers)
  .filter(([name]) => typeof native[name] === 'function')
  .flatMap(([, covers]) => covers.split(' ').filter(Boolean)));
const events = Object.fromEntries(Object.entries(constants)
  .filter(([name]) => name.startsWith('ZKS_EVENT_') && !name.startsWith('ZKS_EVENT_FIELD_'))
  .map(([name, value]) => [name.slice('ZKS_EVENT_'.length), value]));

console.log(JSON.stringify({ version, functions: [...functions].sort(), constants, events }));
