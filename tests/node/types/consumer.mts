// SPDX-License-Identifier: MIT OR Apache-2.0
import { open, type Client } from '@0k-sync/native';

export const client: Promise<Client> = open({ secret: new Uint8Array(32) });
