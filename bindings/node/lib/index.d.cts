// SPDX-License-Identifier: MIT OR Apache-2.0
/// <reference types="node" />
import { EventEmitter } from 'node:events';
import { Readable, Writable } from 'node:stream';
import { ReadableStream, WritableStream } from 'node:stream/web';
import constants = require('./constants.cjs');

/** Bytes that go in: a Buffer is a Uint8Array; a string becomes UTF-8. They are copied at once. */
export type Bytes = Uint8Array | ArrayBuffer | ArrayBufferView | string;
/** An id as hexadecimal digits. */
export type Hex = string;
/** What to do about an error: nothing, try again, mend the call, mend the configuration, beware. */
export type RetryClass = 'none' | 'retry' | 'call' | 'config' | 'security';
export type ErrorCode = Extract<keyof typeof constants, `ZKS_E_${string}`> | 'ZKS_E_UNKNOWN';
export type State = 'offline' | 'connecting' | 'connected' | 'waiting';
export type Right = 'invite' | 'admin';
export type Suite = 'default' | 'approved';

/** A failure of the library. `message` is one sentence with the cure. */
export class ZksError extends Error {
  readonly name: 'ZksError';
  /** The status by name: "ZKS_E_NOT_CONNECTED". */
  readonly code: ErrorCode;
  /** The status by number. */
  readonly number: number;
  readonly retryClass: RetryClass;
  /** connect(): until the client tries again by itself, ms. */
  readonly retryAfterMs?: number;
  /** flush(): entries that no relay has acknowledged yet. */
  readonly pending?: number;
}

export interface Config {
  /** The store's file, made where absent; default: in memory. */
  store?: string | URL;
  /** Addresses, the preferred one first: "zks://KEY@host:port", or "host[:port]". */
  relays?: string | readonly string[];
  /** Shown to the group's members only. */
  deviceName?: string;
  /** A shared group: 32 bytes, and who has them is a member. */
  secret?: Bytes;
  /** A shared group: instead of a secret. */
  passphrase?: string;
  /** With a passphrase: at least 8 bytes, or a descriptor; none: a new group begins. */
  salt?: Bytes;
  /** 32 bytes that open the store, or a function that gets them, as from a keychain. */
  storeKey?: Bytes | (() => Bytes | Promise<Bytes>);
  /** A passphrase that opens the store. */
  storePassphrase?: string;
  /** Algorithms of a group that is made or joined. */
  suite?: Suite;
  /** How long relays keep what is pushed, s; 0: as long as the relay allows. */
  ttlS?: number;
  /** Age at which the keys of a paired group are renewed, s; 0: 30 days. */
  rotateS?: number;
  /** Unread bytes at which the relay is asked to wait; 0: 256 MiB. */
  inboxMaxBytes?: number;
  /** Read payloads that the store keeps; 0: 256 MiB. */
  keepBytes?: number;
  /** Bytes on their way into the store at which push() fails with ZKS_E_LIMIT; 0: 64 MiB. */
  queueMaxBytes?: number;
  /** One attempt to reach a relay, ms; 0: 10,000. */
  connectTimeoutMs?: number;
}

export interface Abortable {
  /** Ends the waiting; the promise rejects with its reason. */
  signal?: AbortSignal;
}

export interface PushOptions extends Abortable {
  /** Wait until a relay has it on disk, not only this device. */
  acked?: boolean;
  /** Fail with ZKS_E_NOT_CONNECTED instead of queueing while offline. */
  needConnection?: boolean;
}

export interface PushResult {
  /** This device's own number of the first entry; the others follow without gaps. */
  number: number;
  blobIds: Hex[];
  /** Inbox sequence of the last entry; null unless `acked` was asked for. */
  seq: number | null;
}

/** A received entry. */
export class Entry {
  private constructor();
  /** Place in this device's inbox, strictly increasing. */
  readonly seq: number;
  /** A part of the memory of all entries that were read with it: copy what you keep for long. */
  readonly data: Buffer;
  /** The sender's clock, Unix ms. */
  readonly timeMs: number;
  readonly blobId: Hex;
  /** The sender's device id. */
  readonly sender: Hex;
  /** The sender's own number of it. */
  readonly number: number;
  /** Pushed by this device. */
  readonly own: boolean;
  /** Was reported missing before: its place is before entries already delivered. */
  readonly late: boolean;
  /** Its sender wrote two entries with this number. */
  readonly fork: boolean;
}

export interface ReadOptions extends Abortable {
  /** Entries behind this sequence; default: behind the watermark. */
  after?: number;
  /** At most so many; 0: 1,000. */
  maxCount?: number;
  /** Payload bytes at most, but always one entry; 0: 4 MiB. */
  maxBytes?: number;
  /** Wait for the first entry instead of returning none. */
  wait?: boolean;
  /** Also this device's own entries. */
  own?: boolean;
}

export interface EntriesOptions extends Omit<ReadOptions, 'wait'> {
  /**
   * Acknowledge an entry when the next one is asked for, and with it whatever is before it, also what
   * `after` left out; default: true. Where that fails, next() rejects with its error.
   */
  ack?: boolean;
}

/** Entries as they come. */
export interface EntryIterator extends AsyncIterableIterator<Entry> {
  return(value?: unknown): Promise<IteratorResult<Entry>>;
}

interface EventBase<Type extends string> {
  type: Type;
  /** The cause, where there is one. */
  error: ZksError | null;
  /** What happened and the cure, for people. */
  message: string;
}
interface HistoryEvent<Type extends string> extends EventBase<Type> {
  device: Hex;
  chain: Hex;
  first: number;
  last: number;
}
interface ChainEvent<Type extends string> extends EventBase<Type> {
  device: Hex;
  chain: Hex;
  first: number;
}

/** What a client tells, by type. Later versions may add types and fields. */
export interface ClientEvents {
  /** There is something to read. */
  inbox: EventBase<'inbox'> & { lastSeq: number };
  /** The connection's state changed. */
  state: EventBase<'state'> & {
    state: State;
    relay: string | null;
    retryAfterMs: number;
    /** With ZKS_E_RELAY_KEY_CHANGED: see trustRelay(). */
    relayKey: Hex | null;
  };
  /** A relay refused an own entry for good. */
  pushRefused: EventBase<'pushRefused'> & { number: number; blobId: Hex; relay: string };
  historyGap: HistoryEvent<'historyGap'>;
  historyExpired: HistoryEvent<'historyExpired'>;
  historyWithheld: HistoryEvent<'historyWithheld'>;
  unverified: ChainEvent<'unverified'>;
  fork: ChainEvent<'fork'>;
  rejected: EventBase<'rejected'> & { count: number; device: Hex | null; relay: string | null };
  newChain: EventBase<'newChain'> & { chain: Hex };
  /** A member joined. */
  device: EventBase<'device'> & { device: Hex };
  store: EventBase<'store'>;
  closed: EventBase<'closed'>;
  quiet: EventBase<'quiet'> & { device: Hex; chain: Hex; last: number };
  pairCode: EventBase<'pairCode'> & { code: string };
  pairWrongTry: EventBase<'pairWrongTry'> & { count: number };
  pairDigits: EventBase<'pairDigits'> & { digits: string };
  pairAsk: EventBase<'pairAsk'> & { name: string; digits: string };
  deviceRemoved: EventBase<'deviceRemoved'> & { device: Hex };
  groupFork: EventBase<'groupFork'>;
  epoch: EventBase<'epoch'> & { number: number };
  unknown: EventBase<'unknown'>;
}
export type ClientEvent = ClientEvents[keyof ClientEvents];
export type EventType = keyof ClientEvents;

export interface Device {
  id: Hex;
  name: string;
  /** The device that let it in. */
  inviter: Hex | null;
  self: boolean;
  /** When an entry of it was last received. */
  seen: Date | null;
  /** When its membership ends; null: never. */
  notAfter: Date | null;
  lastNumber: number;
  quiet: boolean;
  rights: Right[];
}

export interface RelayReport {
  address: string;
  state: State;
  cursor: number;
  rttUs: number;
  pending: number;
  acked: number;
  retryAfterMs: number;
  error: ZksError | null;
}

export interface Report {
  state: State;
  /** Own entries that no relay has acknowledged. */
  pendingCount: number;
  pendingBytes: number;
  inboxLastSeq: number;
  inboxAckedSeq: number;
  unreadCount: number;
  unreadBytes: number;
  devices: number;
  held: number;
  lastNumber: number;
  sent: number;
  sentBytes: number;
  received: number;
  receivedBytes: number;
  duplicates: number;
  rejected: number;
  connects: number;
  suite: Suite | null;
  groupKind: 'paired' | 'shared' | null;
  epoch: number;
  rights: Right[];
  /** Alarms about the histories of the devices since the store was made, whether or not their event
   * came: ranges that are missing, entries that came late, and so on. */
  historyGaps: number;
  historyExpired: number;
  historyWithheld: number;
  historyLate: number;
  historyForks: number;
  historyUnverified: number;
  historyRejected: number;
  historyNewChains: number;
  deviceName: string;
  storePath: string;
  activeRelay: string | null;
  groupId: Hex;
  deviceId: Hex;
  relays: RelayReport[];
}

export interface PairOptions extends Abortable {
  /** 'code': 16 characters to type; 'link': to be scanned, see qrCode(). */
  kind?: 'code' | 'link';
  /** Of the new device, at least one; default: all that this device has. In a shared group there are
   * none to give. */
  rights?: readonly Right[] | null;
  /** How long the code is good, s; 0: 600, which is also the most. */
  lifeS?: number;
  /** One of newPairCode(), shown before: it is good as soon as the client is connected, and serves
   * once. */
  code?: string;
}
/**
 * A pairing code that is good before there is a connection, for pair({ code }): to be shown or printed at
 * once. XXXX-XXXX-XXXX-XXXX of 2 to 7 and A to Z without I, L, O and U; a secret.
 */
export function newPairCode(): string;

/**
 * Letting a device in, one at a time for each client (else ZKS_E_BUSY). Where it fails, `done` rejects,
 * and `code` and `asked` with it.
 */
export class Pairing {
  private constructor();
  /** Show it to the user, who types or scans it on the other device. A secret. */
  readonly code: Promise<string>;
  /** The other device has proven that it knows the code: answer(). Both show the digits. */
  readonly asked: Promise<{ name: string; digits: string }>;
  /** The new device's id. */
  readonly done: Promise<Hex>;
  answer(accept: boolean): void;
  /** Takes the code back: `done` rejects with the reason. */
  cancel(reason?: unknown): void;
}

export interface QrOptions {
  /** 'png' gives a Buffer, the others a string; default: 'svg'. */
  format?: 'svg' | 'png' | 'text-dark' | 'text-light';
  /** Pixels for each module, 1..32. */
  scale?: number;
}
type QrPicture<O> = O extends { format: 'png' } ? Buffer : string;

/** An invite into a shared group. It carries the group's secret. */
export class Invite {
  private constructor();
  readonly link: string;
  readonly relays: string[];
  readonly suite: Suite;
  readonly descriptor: string;
  readonly groupId: Hex;
  readonly secret: Buffer;
  readonly salt: Buffer;
  /** What open() needs: {...invite.config, store, deviceName}. */
  readonly config: { secret: Buffer; suite: Suite; relays: string[] };
  qr<O extends QrOptions = {}>(options?: O): QrPicture<O>;
}

/** One device in one group. Each event comes under its type, and once more as 'event'. */
export class Client extends EventEmitter implements AsyncDisposable {
  private constructor();

  on<T extends EventType>(type: T, listener: (event: ClientEvents[T]) => void): this;
  on(type: 'event', listener: (event: ClientEvent) => void): this;
  once<T extends EventType>(type: T, listener: (event: ClientEvents[T]) => void): this;
  once(type: 'event', listener: (event: ClientEvent) => void): this;
  off<T extends EventType>(type: T, listener: (event: ClientEvents[T]) => void): this;
  off(type: 'event', listener: (event: ClientEvent) => void): this;

  /** Connects and stays connected; resolves when a relay has accepted this device. */
  connect(options?: Abortable): Promise<void>;
  /** The client stays open; pushes are stored meanwhile. */
  disconnect(): Promise<void>;
  /** Closes: what is pending ends with ZKS_E_CANCELLED. Twice is fine. */
  close(): Promise<void>;
  readonly closed: boolean;
  [Symbol.asyncDispose](): Promise<void>;
  /** Keeps the process alive while this client is open, as a server does. */
  ref(): this;
  /** Nothing of this client keeps the process alive, but a close(). Default: what is pending does. */
  unref(): this;
  hasRef(): boolean;

  /** Pushes one entry. Resolves when it is durable on this device, or with `acked` at a relay. */
  push(data: Bytes, options?: PushOptions): Promise<PushResult>;
  /** Pushes several as one: all are stored or none, with one signature. */
  pushMany(list: Iterable<Bytes>, options?: PushOptions): Promise<PushResult>;
  /** Resolves when a relay has everything; rejects with ZKS_E_TIMEOUT. 0: 500 ms. */
  flush(timeoutMs?: number, options?: Abortable): Promise<void>;
  /** Resolves when a relay has everything and everything that it had is here. */
  waitSynced(options?: Abortable): Promise<void>;
  /** Each chunk becomes an entry. */
  writable(options?: Omit<PushOptions, 'signal'>): Writable;
  writableStream(options?: Omit<PushOptions, 'signal'>): WritableStream<Bytes>;

  /** Reads entries without acknowledging them. */
  read(options?: ReadOptions): Promise<Entry[]>;
  /** Entries as they come; one is acknowledged when the next one is asked for. */
  entries(options?: EntriesOptions): EntryIterator;
  readable(options?: EntriesOptions): Readable;
  readableStream(options?: EntriesOptions): ReadableStream<Entry>;
  /** What is at or below this sequence is done with. Resolves with the watermark. */
  ack(seq: number): Promise<number>;
  /** The durable watermark: where reading goes on after a restart. */
  readonly acked: number;
  /** Events from now on, until the client is closed. */
  events(options?: Abortable): AsyncIterableIterator<ClientEvent>;

  /** An invite into a shared group; relays: those for the other device, default this client's. */
  inviteShared(relays?: string | Iterable<string>): Invite;
  /** Lets a device into the group. In a shared group it is given the group's secret, which nothing
   * takes back. */
  pair(options?: PairOptions): Pairing;
  /** The group's members, this device first. */
  devices(): Device[];
  /** Removes a device; resolves with the number of the new keys. */
  revoke(device: Device | Hex | Uint8Array,
    options?: { reason?: 'unspecified' | 'lost' | 'replaced'; recovery?: string | null }): Promise<number>;
  /** Fresh keys for the group; resolves with their number. */
  rotate(): Promise<number>;
  /** Takes this device out of its group, for good. */
  leave(): Promise<void>;
  report(): Report;
  networkChanged(): void;
  /** Accepts another key of a relay whose address does not name one. Make sure first. */
  trustRelay(address: string, key: Hex | Uint8Array): void;
  /** Changes what opens the store; {}: nothing but the file's mode. */
  changeStoreKey(key?: { storeKey?: Bytes; storePassphrase?: string }): Promise<void>;
  /** After join(): the relays of the device that let this one in. Configure them from now on. */
  readonly joinedRelays?: string[];
}

export interface OpenOptions extends Abortable {
  /** Hears all events, those of the opening too. */
  onEvent?: (event: ClientEvent) => void;
}

/** Opens the store's group, or a shared group by its secret or passphrase. */
export function open(config: Config, options?: OpenOptions): Promise<Client>;
/** Makes a paired group. Show the recovery code once: it is nowhere else. */
export function createGroup(config: Config, options?: OpenOptions & { recovery?: boolean }):
  Promise<{ client: Client; recoveryCode: string | null }>;
/** Joins a group, paired or shared, by the code or link that a member shows. */
export function join(config: Config, codeOrLink: string,
  options?: OpenOptions & { onDigits?: (digits: string) => void }): Promise<Client>;
/** Comes into a paired group by its recovery code, as a new device. */
export function restore(config: Config, words: string, options?: OpenOptions): Promise<Client>;

/** A relay inside this process, for tests and small tools. */
export class Relay implements AsyncDisposable {
  private constructor();
  /** config: as in the configuration file of zks-relay, as text or by names. */
  static start(config?: string | Record<string, string | number>, options?: Abortable): Promise<Relay>;
  /** For the configuration of clients. */
  readonly address: string;
  stop(): Promise<void>;
  hasRef(): boolean;
  [Symbol.asyncDispose](): Promise<void>;
}

export function parseInvite(link: string): Invite;
export function qrCode<O extends QrOptions = {}>(text: string, options?: O): QrPicture<O>;
/** A group's secret and id from a passphrase, off the event loop. */
export function deriveGroupSecret(passphrase: string, salt: Bytes):
  Promise<{ secret: Buffer; groupId: Buffer }>;
export type LogLevel = 'off' | 'error' | 'warn' | 'info' | 'debug';
/**
 * Lines of the engine's log. One function for each process. Of those that come while the event loop is
 * busy it keeps 1,024; a line of level 'warn' tells how many more there were.
 */
export function setLog(level: 'off'): void;
export function setLog(level: LogLevel, fn: (level: LogLevel, line: string) => void): void;
/** Of the loaded library. */
export const version: string;
export { constants };

/* --- the API of the reference bindings --------------------------------------------------------- */

export interface SyncConfig {
  passphrase?: string | null;
  salt?: Bytes | null;
  secretBytes?: Bytes | null;
  relayAddresses?: readonly string[] | null;
  deviceName?: string | null;
  ttl?: number | null;
}
export interface SyncPushResult {
  blobId: string;
  cursor: number;
}
export interface SyncBlob {
  blobId: string;
  data: Buffer;
  cursor: number;
  /** Unix seconds. */
  timestamp: number;
}
export interface SyncInvite {
  version: number;
  relayAddresses: string[];
  groupSecret: Buffer;
  salt: Buffer;
  qrPayload: string;
  /** Of an invite that createInvite() made: lets one device in, see there. Of another one: nobody. */
  shortCode: string;
}
export class SyncClient {
  private constructor();
  static create(config: SyncConfig): Promise<SyncClient>;
  isConnected(): Promise<boolean>;
  currentCursor(): Promise<number>;
  activeRelay(): Promise<string | null>;
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  push(data: Bytes): Promise<SyncPushResult>;
  pull(): Promise<SyncBlob[]>;
  pullAfter(cursor: number): Promise<SyncBlob[]>;
  shutdown(): Promise<void>;
  /** Works offline. As soon as this client is connected, and for ten minutes from then on, the shortCode
   * lets one device in, without a question: give it to join(), in whatever language, or to `zks join`. A
   * later invite takes its place. */
  createInvite(relayAddresses: readonly string[]): SyncInvite;
}
export function inviteFromQr(payload: string): SyncInvite;
export function deriveSecret(passphrase: string, salt: Bytes): { secretBytes: Buffer; groupId: Buffer };
