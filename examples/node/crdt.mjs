// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * A text that several people edit, offline too: a CRDT (Yjs) whose updates are the entries.
 *
 *   npm install yjs
 *   node crdt.mjs FOLDER RELAY SECRET       # 64 hexadecimal digits, the same for all
 *
 * Reads commands from standard input (`insert AT TEXT`, `delete AT COUNT`, `offline`, `online`) and
 * prints the text whenever it changes. examples/python/crdt.py does the same with pycrdt, and both
 * may edit one text.
 *
 * A CRDT takes updates in any order and as often as they come: an entry that is delivered again
 * after a crash changes nothing, so there are no sequences to keep.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { open } from '@0k-sync/native';
import * as Y from 'yjs';

class Editor {
  #client;
  #file;
  #doc = new Y.Doc();
  #text = this.#doc.getText('text');
  #pushing = [];

  constructor(client, folder) {
    this.#client = client;
    this.#file = path.join(folder, 'document');
    if (existsSync(this.#file)) Y.applyUpdate(this.#doc, readFileSync(this.#file), this);
    // Yjs tells of a change only where there is one; what is not from elsewhere is the user's.
    this.#doc.on('update', (update, origin) => {
      if (origin !== this) this.#pushing.push(client.push(update)); // on disk here, out when online
    });
  }

  toString() {
    return this.#text.toString();
  }

  /** Keeps the document, all at once, and shows it. */
  #changed() {
    writeFileSync(`${this.#file}.new`, Y.encodeStateAsUpdate(this.#doc));
    renameSync(`${this.#file}.new`, this.#file);
    console.log(`${this}`);
  }

  async #edit(command, at, rest) {
    if (command === 'insert') this.#text.insert(at, rest);
    else this.#text.delete(at, Number(rest));
    await Promise.all(this.#pushing.splice(0));
    this.#changed();
  }

  /** Applies what arrives; own entries too, which a crash may have left out of the file. */
  async follow(signal) {
    let news = false;
    this.#doc.on('update', () => { news = true; });
    for await (const entry of this.#client.entries({ own: true, signal })) {
      news = false;
      Y.applyUpdate(this.#doc, entry.data, this);
      if (news) this.#changed();
    }
  }

  async command(line) {
    const [, command, at, rest] = /^(\w+)(?: (\d+) (.*))?$/.exec(line) ?? [];
    if (command === 'offline') await this.#client.disconnect();
    else if (command === 'online') await this.#client.connect();
    else if (['insert', 'delete'].includes(command) && at) await this.#edit(command, Number(at), rest);
    else console.error('insert AT TEXT, delete AT COUNT, offline or online');
  }
}

const [folder, relay, secret] = process.argv.slice(2);
mkdirSync(folder, { recursive: true });
const client = await open({
  store: path.join(folder, 'store.zks'),
  relays: [relay],
  secret: Buffer.from(secret, 'hex'),
});
const editor = new Editor(client, folder);
const stop = new AbortController();
const following = editor.follow(stop.signal).catch((error) => {
  if (!stop.signal.aborted) throw error;
});
console.log(`${editor}`);
for await (const line of createInterface({ input: process.stdin })) await editor.command(line);
stop.abort();
await following;
await client.close();
