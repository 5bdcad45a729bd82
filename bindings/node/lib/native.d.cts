// SPDX-License-Identifier: MIT OR Apache-2.0
// Made by abi/gen/abi.py: do not edit.
// The addon: zks.h as it is. The package's own API is lib/index.d.cts.

/** An object of the library, of one kind; some are numbers, which must be freed (slots.c). */
export type Handle = { readonly __handle: unique symbol };

export interface Callbacks {
  tokens: Float64Array;
  done(count: number): void;
  event(token: number, event: Handle): void;
  log(level: number, line: string): void;
  storeKey(token: number, request: Handle): void;
  error(status: number, text: string): Error;
}

export interface Native {
  /** The functions of zks.h behind each function here. */
  readonly covers: Record<string, string>;
  start(callbacks: Callbacks): [Handle, Handle];
  hold(alive: number): void;
  setLog(level: number): void;
  configSetEvents(config: Handle, token: number): void;
  configSetStoreKeyFn(config: Handle, token: number): void;
  storeKeyAnswer(request: Handle, status: number, key: Uint8Array | null): void;
  secretDeriveAsync(passphrase: string, salt: Uint8Array): Promise<[Buffer, Buffer]>;
  batchTake(op: Handle): [number, Buffer, Float64Array, Buffer, Buffer] | null;
  pushTake(op: Handle): [number, number, string];
  abiVersion(): number;
  statusName(status: number): string | null;
  statusText(status: number): string | null;
  statusClass(status: number): number;
  constantAt(i: number): [string, number];
  secretDerive(passphrase: string | null, salt: Uint8Array | null): [Buffer, Buffer];
  configNew(): Handle;
  configProblem(config: Handle): string | null;
  configSetSecret(config: Handle, secret: Uint8Array | null): void;
  configSetPassphrase(config: Handle, passphrase: string | null, salt: Uint8Array | null): void;
  configSetStoreKey(config: Handle, key: Uint8Array | null): void;
  configSetStorePassphrase(config: Handle, passphrase: string | null): void;
  configSetText(config: Handle, option: number, text: string | null): void;
  configSetInt(config: Handle, option: number, value: number): void;
  configAddRelay(config: Handle, address: string | null): void;
  configSetQueue(config: Handle, queue: Handle): void;
  configFree(config: Handle): void;
  clientOpen(runtime: Handle, config: Handle, token: number): [Handle, Handle];
  groupCreate(runtime: Handle, config: Handle, flags: number, token: number): [Handle, Handle];
  groupJoin(runtime: Handle, config: Handle, text: string | null, token: number): [Handle, Handle];
  groupRestore(runtime: Handle, config: Handle, words: string | null, token: number): [Handle, Handle];
  clientConnect(client: Handle, token: number): Handle;
  clientDisconnect(client: Handle, token: number): Handle;
  clientNetworkChanged(client: Handle): void;
  clientTrustRelay(client: Handle, address: string | null, key: Uint8Array): void;
  clientFlush(client: Handle, timeoutMs: number, token: number): Handle;
  clientWaitSynced(client: Handle, token: number): Handle;
  clientChangeStoreKey(client: Handle, kind: number, bytes: Uint8Array | null, token: number): Handle;
  clientClose(client: Handle, token: number): Handle;
  clientFree(client: Handle): void;
  clientPush(client: Handle, data: Uint8Array | null, flags: number, token: number): Handle;
  clientPushMany(client: Handle, data: Uint8Array | null, lengths: Uint32Array, flags: number, token: number): Handle;
  inboxRead(client: Handle, afterSeq: number, maxCount: number, maxBytes: number, flags: number, token: number): Handle;
  inboxAck(client: Handle, upToSeq: number, token: number): Handle;
  inboxAcked(client: Handle): number;
  opStatus(op: Handle): number;
  opText(op: Handle): string | null;
  opNumber(op: Handle, field: number): number;
  opBytes(op: Handle, field: number): Buffer | null;
  opCancel(op: Handle): void;
  opFree(op: Handle): void;
  eventKind(event: Handle): number;
  eventStatus(event: Handle): number;
  eventText(event: Handle, field: number): string | null;
  eventNumber(event: Handle, field: number): number;
  eventBytes(event: Handle, field: number): Buffer | null;
  inviteShared(client: Handle, relayLines: string | null): Handle;
  inviteParse(text: string | null): Handle;
  inviteNumber(invite: Handle, field: number): number;
  inviteText(invite: Handle, field: number): string | null;
  inviteBytes(invite: Handle, field: number): Buffer | null;
  inviteRender(invite: Handle, format: number, scale: number): Buffer;
  inviteFree(invite: Handle): void;
  pairBegin(client: Handle, kind: number, rights: number, lifeS: number, token: number): Handle;
  pairCodeNew(): Buffer;
  pairBeginCode(client: Handle, code: string | null, rights: number, lifeS: number, token: number): Handle;
  pairAnswer(client: Handle, accept: number): void;
  qrRender(text: string | null, format: number, scale: number): Buffer;
  deviceRevoke(client: Handle, device: Uint8Array, reason: number, recovery: string | null, token: number): Handle;
  groupRotate(client: Handle, token: number): Handle;
  groupLeave(client: Handle, token: number): Handle;
  devicesGet(client: Handle): Handle;
  devicesCount(devices: Handle): number;
  devicesId(devices: Handle, i: number): Buffer | null;
  devicesInviter(devices: Handle, i: number): Buffer | null;
  devicesName(devices: Handle, i: number): string | null;
  devicesNumber(devices: Handle, i: number, field: number): number;
  devicesFree(devices: Handle): void;
  reportGet(client: Handle): Handle;
  reportNumber(report: Handle, field: number): number;
  reportText(report: Handle, field: number): string | null;
  reportBytes(report: Handle, field: number): Buffer | null;
  reportRelayNumber(report: Handle, i: number, field: number): number;
  reportRelayText(report: Handle, i: number, field: number): string | null;
  reportFree(report: Handle): void;
  relayStart(runtime: Handle, config: string | null, token: number): [Handle, Handle];
  relayAddress(relay: Handle): string | null;
  relayStop(relay: Handle, token: number): Handle;
  relayFree(relay: Handle): void;
}
