// SPDX-License-Identifier: MIT OR Apache-2.0
'use strict';
const native = require('./native.cjs');
const constants = require('./constants.cjs');
const check = require('./check.cjs');
const engine = require('./engine.cjs');
const { Client, open, createGroup, join, restore } = require('./client.cjs');
const { Entry } = require('./entries.cjs');
const { Invite, parseInvite, qrCode } = require('./invite.cjs');
const { Pairing, newPairCode } = require('./pairing.cjs');
const { Relay } = require('./relay.cjs');
const { ZksError, typeError } = require('./error.cjs');
const { SyncClient, inviteFromQr, deriveSecret } = require('./compat.cjs');

const LEVELS = {
  off: constants.ZKS_LOG_OFF,
  error: constants.ZKS_LOG_ERROR,
  warn: constants.ZKS_LOG_WARN,
  info: constants.ZKS_LOG_INFO,
  debug: constants.ZKS_LOG_DEBUG,
};

/** Lines of the engine's log go to fn(level, line); level 'off': nowhere. One for each process. */
function setLog(level, fn = null) {
  const id = check.choice(level, LEVELS, 'level');
  if (id && typeof fn !== 'function') throw typeError('fn must be a function of (level, line)');
  const names = Object.keys(LEVELS);
  engine.setLog(id, id ? (number, line) => fn(names[number], line) : null);
}

/** A group's secret and id from a passphrase, off the event loop: it takes up to seconds. */
async function deriveGroupSecret(passphrase, salt) {
  const [secret, groupId] = await native.secretDeriveAsync(
    check.text(passphrase, 'passphrase'), check.bytes(salt, 'salt'));
  return { secret, groupId };
}

const packed = native.abiVersion();
const version = `${packed >> 16}.${(packed >> 8) & 0xff}.${packed & 0xff}`;

// One name a line, so that bundlers and `import` see them without running this.
module.exports.open = open;
module.exports.createGroup = createGroup;
module.exports.join = join;
module.exports.restore = restore;
module.exports.Client = Client;
module.exports.Entry = Entry;
module.exports.Invite = Invite;
module.exports.Pairing = Pairing;
module.exports.Relay = Relay;
module.exports.ZksError = ZksError;
module.exports.newPairCode = newPairCode;
module.exports.parseInvite = parseInvite;
module.exports.qrCode = qrCode;
module.exports.deriveGroupSecret = deriveGroupSecret;
module.exports.setLog = setLog;
module.exports.version = version;
module.exports.constants = constants;
module.exports.SyncClient = SyncClient;
module.exports.inviteFromQr = inviteFromQr;
module.exports.deriveSecret = deriveSecret;
