// SPDX-License-Identifier: MIT OR Apache-2.0
'use strict';
/* Devices and figures of a client at one moment, as plain objects. */
const native = require('./native.cjs');
const constants = require('./constants.cjs');
const { STATES, named } = require('./events.cjs');
const { suiteName } = require('./config.cjs');
const { ZksError } = require('./error.cjs');

const hex = (bytes) => bytes?.toString('hex') ?? null;
/** Unix time in ms as a Date; 0: null. */
const date = (ms) => (ms ? new Date(ms) : null);

function rights(bits) {
  const found = [];
  if (bits & constants.ZKS_RIGHT_INVITE) found.push('invite');
  if (bits & constants.ZKS_RIGHT_ADMIN) found.push('admin');
  return found;
}

function device(list, i) {
  const number = (field) => native.devicesNumber(list, i, field);
  return {
    id: hex(native.devicesId(list, i)),
    name: native.devicesName(list, i),
    inviter: hex(native.devicesInviter(list, i)),
    self: number(constants.ZKS_DEVICES_SELF) === 1,
    seen: date(number(constants.ZKS_DEVICES_SEEN_MS)),
    notAfter: date(number(constants.ZKS_DEVICES_NOT_AFTER_S) * 1000),
    lastNumber: number(constants.ZKS_DEVICES_LAST_NUMBER),
    quiet: number(constants.ZKS_DEVICES_QUIET) === 1,
    rights: rights(number(constants.ZKS_DEVICES_RIGHTS)),
  };
}

/** The group's members, this device first. */
function devices(client) {
  const list = native.devicesGet(client);
  try {
    return Array.from({ length: native.devicesCount(list) }, (_, i) => device(list, i));
  } finally {
    native.devicesFree(list);
  }
}

/* Fields by the ranges of their numbers: numbers, texts, bytes. What has a better form than its number
 * is put right behind that. */
const RELAY_FIELDS = named('ZKS_REPORT_RELAY_');
const FIELDS = named('ZKS_REPORT_').filter(([, name]) => !/^relay[A-Z]/.test(name) && name !== 'relays');

function relay(handle, i) {
  const found = {};
  for (const [field, name] of RELAY_FIELDS) {
    found[name] = field > 100
      ? native.reportRelayText(handle, i, field)
      : native.reportRelayNumber(handle, i, field);
  }
  found.state = STATES[found.state];
  const { status, error, ...rest } = found;
  return { ...rest, error: status ? new ZksError(status, error) : null };
}

function read(handle) {
  const found = {};
  for (const [field, name] of FIELDS) {
    if (field > 200) found[name] = hex(native.reportBytes(handle, field));
    else if (field > 100) found[name] = native.reportText(handle, field);
    else found[name] = native.reportNumber(handle, field);
  }
  found.state = STATES[found.state];
  found.suite = suiteName(found.suite);
  found.groupKind = [null, 'paired', 'shared'][found.groupKind];
  found.rights = rights(found.rights);
  const count = native.reportNumber(handle, constants.ZKS_REPORT_RELAYS);
  found.relays = Array.from({ length: count }, (_, i) => relay(handle, i));
  return found;
}

/** The client's figures. */
function report(client) {
  const handle = native.reportGet(client);
  try {
    return read(handle);
  } finally {
    native.reportFree(handle);
  }
}

const epoch = (op) => native.opNumber(op, constants.ZKS_OP_EPOCH);

module.exports = { devices, report, epoch };
