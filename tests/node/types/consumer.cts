// SPDX-License-Identifier: MIT OR Apache-2.0
import zks = require('@0k-sync/native');

export const client: Promise<zks.Client> = zks.open({ secret: new Uint8Array(32) });
export const code: zks.ErrorCode = 'ZKS_E_CLOSED';
