// SPDX-License-Identifier: MIT OR Apache-2.0
// The same objects as of `require`: one engine, one ZksError, however the package is loaded.
import zks from './index.cjs';

export const {
  open,
  createGroup,
  join,
  restore,
  Client,
  Entry,
  Invite,
  Pairing,
  Relay,
  ZksError,
  newPairCode,
  parseInvite,
  qrCode,
  deriveGroupSecret,
  setLog,
  version,
  constants,
  SyncClient,
  inviteFromQr,
  deriveSecret,
} = zks;
