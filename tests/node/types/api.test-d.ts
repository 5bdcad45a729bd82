// SPDX-License-Identifier: MIT OR Apache-2.0
// What the types promise and what they refuse; tsd reads it, nothing runs it.
import { expectAssignable, expectError, expectNotAssignable, expectType } from 'tsd';
import {
  Client, ClientEvent, Config, Device, Entry, ErrorCode, Invite, Pairing, PushResult, Relay, Report,
  RetryClass, SyncClient, SyncInvite, ZksError, constants, createGroup, deriveGroupSecret,
  deriveSecret, inviteFromQr, join, newPairCode, open, parseInvite, qrCode, restore, setLog, version,
} from '../bindings/node/lib/index.js';

const client = await open({ secret: new Uint8Array(32), relays: ['a'], store: new URL('file:///x') });
expectType<Client>(client);
expectAssignable<Config>({ passphrase: 'x', salt: Buffer.alloc(8), storeKey: async () => 'bytes' });
expectNotAssignable<Config>({ relay: 'a' });
expectError(open({ secret: 5 }));

expectType<Promise<PushResult>>(client.push('text', { acked: true }));
expectType<Promise<PushResult>>(client.pushMany([Buffer.alloc(1), 'x', new ArrayBuffer(2)]));
expectError(client.push(5));
expectError(client.push('x', { ack: true }));
expectType<Promise<Entry[]>>(client.read({ wait: true, signal: new AbortController().signal }));
for await (const entry of client.entries({ ack: false })) {
  expectType<Buffer>(entry.data);
  expectType<number>(entry.seq);
  expectError((entry.seq = 5));
}
expectError(client.entries({ wait: true }));
for await (const event of client.events()) {
  expectType<ClientEvent>(event);
  if (event.type === 'state') expectType<'offline' | 'connecting' | 'connected' | 'waiting'>(event.state);
  if (event.type === 'inbox') expectType<number>(event.lastSeq);
}
client.on('pairAsk', (event) => expectType<string>(event.digits));
client.on('inbox', (event) => expectError(event.digits));
expectType<number>(client.acked);
expectType<Promise<number>>(client.ack(5));
expectType<Device[]>(client.devices());
expectType<Report>(client.report());
expectType<Promise<number>>(client.revoke(client.devices()[0]!, { reason: 'lost' }));
expectError(client.revoke('x', { reason: 'because' }));
expectType<Pairing>(client.pair({ kind: 'link', rights: ['invite'] }));
expectType<Promise<string>>(client.pair().done);
expectType<Pairing>(client.pair({ code: newPairCode() }));
expectType<Invite>(client.inviteShared());
expectType<Buffer>(qrCode('x', { format: 'png' }));
expectType<string>(qrCode('x'));
expectType<Promise<void>>(client.close());
await using disposed = await restore({}, 'words');
expectType<Client>(disposed);

expectType<string | null>((await createGroup({})).recoveryCode);
expectType<Client>(await join({}, 'code', { onDigits: (digits: string) => digits }));
expectType<Promise<Relay>>(Relay.start({ listen: '127.0.0.1:0' }));
expectType<Invite>(parseInvite('link'));
expectType<Promise<{ secret: Buffer; groupId: Buffer }>>(deriveGroupSecret('x', 'salt'));
expectType<void>(setLog('off'));
expectError(setLog('info'));
expectType<string>(version);
expectType<-300>(constants.ZKS_E_NOT_CONNECTED);

declare const error: ZksError;
expectType<ErrorCode>(error.code);
expectType<RetryClass>(error.retryClass);
expectAssignable<ErrorCode>('ZKS_E_NOT_CONNECTED');
expectNotAssignable<ErrorCode>('ZKS_E_WHATEVER');

const sync = await SyncClient.create({ secretBytes: Buffer.alloc(32), relayAddresses: [] });
expectType<Promise<string | null>>(sync.activeRelay());
expectType<SyncInvite>(sync.createInvite([]));
expectType<SyncInvite>(inviteFromQr('x'));
expectType<Buffer>(deriveSecret('x', Buffer.alloc(8)).groupId);
