// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Notes that a group of devices shares; examples/README.md says what it does.
 *
 *   tsc --module nodenext --target es2022 notes.ts    # Bun and Deno run it as it is
 *   node notes.js anna create zks://KEY@relay.example.org:4433 Anna
 *   node notes.js anna add 'buy milk'
 */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { createGroup, join, open, type Client, type Config, type Entry } from '@0k-sync/native';

const USAGE = 'usage: notes FOLDER create RELAY NAME | invite | join RELAY NAME CODE | add TEXT | ' +
  'sync | list';

class Notes {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  #path(name: string): string {
    return path.join(this.#folder, name);
  }

  #lines(name: string): string[] {
    if (!existsSync(this.#path(name))) return [];
    return readFileSync(this.#path(name), 'utf8').split('\n').slice(0, -1);
  }

  /** Replaces a file all at once. */
  #write(name: string, lines: string[]): void {
    writeFileSync(this.#path(`${name}.new`), lines.map((line) => `${line}\n`).join(''));
    renameSync(this.#path(`${name}.new`), this.#path(name));
  }

  #begin(relay: string): void {
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
    this.#write('relay', [relay]);
  }

  #config(deviceName?: string): Config {
    const config: Config = { store: this.#path('store.zks'), relays: this.#lines('relay') };
    return deviceName === undefined ? config : { ...config, deviceName };
  }

  /** Does something with the store's client, which is closed behind it. */
  async #with(action: (client: Client) => Promise<void>): Promise<void> {
    const client = await open(this.#config());
    try {
      await action(client);
    } finally {
      await client.close();
    }
  }

  async create(relay: string, name: string): Promise<void> {
    this.#begin(relay);
    const { client, recoveryCode } = await createGroup(this.#config(name));
    console.log(`a group of one, ${name}\nrecovery code: ${recoveryCode}`);
    await client.close();
  }

  invite(): Promise<void> {
    return this.#with(async (client) => {
      await client.connect();
      const pairing = client.pair();
      console.log(`code: ${await pairing.code}`);
      const guest = await pairing.asked;
      pairing.answer(true); // whoever knows the code may come in
      await pairing.done;
      console.log(`${guest.name} is in`);
    });
  }

  async join(relay: string, name: string, code: string): Promise<void> {
    this.#begin(relay);
    const client = await join(this.#config(name), code);
    this.#write('relay', client.joinedRelays ?? [relay]); // with their keys from now on
    console.log(`joined as ${name}`);
    await client.close();
  }

  add(text: string): Promise<void> {
    return this.#with(async (client) => {
      await client.push(Buffer.from(text)); // on this device's disk
      console.log('kept');
    });
  }

  sync(): Promise<void> {
    return this.#with(async (client) => {
      await client.connect();
      await client.waitSynced();
      const names = new Map(client.devices().map(({ id, name }) => [id, name]));
      let count = 0;
      for (;;) {
        const entries = await client.read({ own: true });
        const last = entries.at(-1);
        if (last === undefined) break;
        count += this.#keep(entries, names);
        await client.ack(last.seq); // they are in notes.txt
      }
      console.log(`${count} new`);
    });
  }

  /** Puts the entries that notes.txt does not have there, and shows them; how many they were. */
  #keep(entries: Entry[], names: Map<string, string>): number {
    const lines = this.#lines('notes.txt');
    const have = Number(lines.at(-1)?.split('\t')[0] ?? 0);
    const fresh = entries.filter(({ seq }) => seq > have);
    for (const { seq, sender, data } of fresh) {
      const name = names.get(sender) ?? 'somebody'; // who has gone since
      const text = Buffer.from(data).toString().replace(/[\0-\x1f]/g, ' ');
      lines.push(`${seq}\t${name}\t${text}`);
      console.log(`${name}: ${text}`);
    }
    this.#write('notes.txt', lines);
    return fresh.length;
  }

  async list(): Promise<void> {
    for (const line of this.#lines('notes.txt')) {
      const [, name, text] = line.split('\t');
      console.log(`${name}: ${text}`);
    }
  }
}

const COMMANDS: Record<string, [number, (notes: Notes, args: string[]) => Promise<void>]> = {
  create: [2, (notes, [relay, name]) => notes.create(relay, name)],
  invite: [0, (notes) => notes.invite()],
  join: [3, (notes, [relay, name, code]) => notes.join(relay, name, code)],
  add: [1, (notes, [text]) => notes.add(text)],
  sync: [0, (notes) => notes.sync()],
  list: [0, (notes) => notes.list()],
};

const [folder, name, ...args] = process.argv.slice(2);
const [count, command] = COMMANDS[name ?? ''] ?? [-1, undefined];
if (folder === undefined || command === undefined || count !== args.length) {
  console.error(USAGE);
  process.exitCode = 2;
} else {
  try {
    await command(new Notes(folder), args);
  } catch (error) {
    console.error(`notes: ${(error as Error).message}`);
    process.exitCode = 1;
  }
}
