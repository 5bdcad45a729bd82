// SPDX-License-Identifier: MIT OR Apache-2.0
'use strict';
/* Invites into shared groups, and pictures of invites and codes. */
const native = require('./native.cjs');
const constants = require('./constants.cjs');
const check = require('./check.cjs');
const { suiteName } = require('./config.cjs');

const FORMATS = {
  svg: constants.ZKS_RENDER_SVG,
  png: constants.ZKS_RENDER_PNG,
  'text-dark': constants.ZKS_RENDER_TEXT_DARK,
  'text-light': constants.ZKS_RENDER_TEXT_LIGHT,
};

function drawing(picture, format) {
  return format === 'png' ? picture : picture.toString();
}

/**
 * Draws a text, as a pairing link or code, as a QR code: a Buffer for 'png', else a string.
 * @param {string} text
 * @param {{format?: string, scale?: number}} [options]  scale: pixels for each module, 1..32
 */
function qrCode(text, { format = 'svg', scale = 8 } = {}) {
  const given = check.text(text, 'text');
  const id = check.choice(format, FORMATS, 'format');
  return drawing(native.qrRender(given, id, check.integer(scale, 'scale', 1, 32)), format);
}

/** An invite into a shared group. It carries the group's secret: who has it is a member. */
class Invite {
  constructor(handle) {
    this.link = native.inviteText(handle, constants.ZKS_INVITE_LINK);
    this.relays = native.inviteText(handle, constants.ZKS_INVITE_RELAYS).split('\n').filter(Boolean);
    this.suite = suiteName(native.inviteNumber(handle, constants.ZKS_INVITE_SUITE));
    this.descriptor = native.inviteText(handle, constants.ZKS_INVITE_DESCRIPTOR);
    this.groupId = native.inviteBytes(handle, constants.ZKS_INVITE_GROUP_ID).toString('hex');
    // Secrets are not shown when the object is printed.
    const hidden = (field) => ({ value: native.inviteBytes(handle, field) ?? Buffer.alloc(0) });
    Object.defineProperties(this, {
      secret: hidden(constants.ZKS_INVITE_SECRET),
      salt: hidden(constants.ZKS_INVITE_SALT),
    });
    Object.defineProperty(this, 'link', { enumerable: false });
    native.inviteFree(handle);
  }

  /** What a configuration needs to open the group: {...invite.config, store, deviceName}. */
  get config() {
    return { secret: this.secret, suite: this.suite, relays: this.relays };
  }

  qr(options) {
    return qrCode(this.link, options);
  }
}

/** Reads the link of an invite into a shared group. */
function parseInvite(link) {
  return new Invite(native.inviteParse(check.text(link, 'link')));
}

module.exports = { Invite, parseInvite, qrCode };
