// SPDX-License-Identifier: MIT OR Apache-2.0
// Devices of a case, and the logs of their events.
import { setTimeout as delay } from 'node:timers/promises';

export const PATIENCE_MS = 60_000 * Number(process.env.ZKS_SLOWER || 1);
const MOMENT_MS = 5;

/** Tries again and again until `look` finds something. */
export async function until(look, signal) {
  for (;;) {
    const found = look();
    if (found) return found;
    await delay(MOMENT_MS);
    signal.throwIfAborted();
  }
}

/** HISTORY_GAP -> historyGap, pending_count -> pendingCount */
export function camel(name) {
  return name.toLowerCase().replace(/_([a-z])/g, (_, letter) => letter.toUpperCase());
}

/** The events of a client in order; steps take them. */
export class Log {
  #events = []; // [event, taken]

  add = (event) => this.#events.push([event, false]);

  /** The oldest event of a kind that fits; older ones of its kind are taken with it. */
  take(kind, signal, fits = () => true) {
    return until(() => {
      const type = camel(kind);
      const ofKind = this.#events.filter(([event]) => event.type === type);
      const place = ofKind.findIndex(([event, taken]) => !taken && fits(event));
      if (place < 0) return undefined;
      for (const pair of ofKind.slice(0, place + 1)) pair[1] = true;
      return ofKind[place][0];
    }, signal);
  }

  count(kind) {
    return this.#events.filter(([event]) => event.type === camel(kind)).length;
  }

  relayKey() {
    return this.#events.findLast(([event]) => event.relayKey)[0].relayKey;
  }
}

/** What a capital letter stands for. */
export class Device {
  pairing = null;

  constructor(name, client, log) {
    this.name = name;
    this.client = client;
    this.log = log;
    this.position = client.acked;
  }

  async end() {
    this.pairing?.cancel();
    await this.client.close();
  }
}

export const errorName = (error) => error?.code.replace('ZKS_E_', '') ?? 'OK';

/** What `await` prints behind the kind. */
export function eventWords(event, { names, device, x, y }) {
  switch (event.type) {
    case 'state':
      return y === undefined ? ` ${x}` : ` ${x} ${y}`;
    case 'device':
    case 'deviceRemoved':
      return ` ${names.name(event.device)}`;
    case 'pushRefused':
      return ` ${device.name}#${event.number} ${errorName(event.error)}`;
    case 'pairWrongTry':
      return ` ${event.count}`;
    case 'pairAsk':
      return ` "${event.name}"`;
    case 'closed':
      return ` ${errorName(event.error)}`;
    default:
      return '';
  }
}
