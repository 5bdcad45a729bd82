// SPDX-License-Identifier: MIT OR Apache-2.0
// What the tests share. They run unchanged under Node, Bun and Deno; ZKS_NODE_PACKAGE may name another
// copy of the package (its index.js).
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';

const HERE = path.dirname(fileURLToPath(import.meta.url));
export const SOURCE = path.resolve(HERE, '../../..');
export const ENTRY = process.env.ZKS_NODE_PACKAGE ??
  path.join(SOURCE, 'bindings/node/lib/index.js');
export const zks = await import(pathToFileURL(ENTRY).href);
export const { versions } = process;

/** A loaded machine is slow; only a hang takes so long. */
export const PATIENCE_MS = Number(process.env.ZKS_PATIENCE_MS ?? 60_000);

/** What a runtime is called and how it runs a file. */
export function command(file, ...args) {
  const deno = versions.deno ? ['run', '-A', '--quiet'] : [];
  return [process.execPath, [...deno, file, ...args]];
}

export class World {
  #deferred = [];
  #folder;

  defer(undo) {
    this.#deferred.push(undo);
  }

  get folder() {
    if (!this.#folder) {
      this.#folder = mkdtempSync(path.join(tmpdir(), 'zks-node-'));
      this.defer(() => rmSync(this.#folder, { recursive: true, force: true }));
    }
    return this.#folder;
  }

  path(name) {
    return path.join(this.folder, name);
  }

  file(name, text) {
    writeFileSync(this.path(name), text);
    return this.path(name);
  }

  async relay() {
    const relay = await zks.Relay.start({ listen: '127.0.0.1:0', data: this.path('relay') });
    this.defer(() => relay.stop());
    return relay;
  }

  closing(client) {
    this.defer(() => client.close());
    return client;
  }

  /** A client of a shared group. */
  async device(config = {}) {
    return this.closing(await zks.open({ secret: SECRET, ...config }));
  }

  /** Connected ones, by names. */
  async devices(relay, ...names) {
    return Promise.all(names.map(async (deviceName) => {
      const client = await this.device({ deviceName, relays: [relay.address] });
      await client.connect();
      return client;
    }));
  }

  async end() {
    for (const undo of this.#deferred.reverse()) await undo();
  }
}

export const SECRET = new Uint8Array(32).fill(42);

/** A test that cleans up whatever happens. */
export function scenario(name, body, { timeout = 2 * PATIENCE_MS } = {}) {
  test(name, { timeout }, async () => {
    const world = new World();
    try {
      await body(world);
    } finally {
      await world.end();
    }
  });
}

/** Entries until there are `count`, as text. */
export async function texts(client, count, options) {
  const found = [];
  for await (const entry of client.entries({ signal: AbortSignal.timeout(PATIENCE_MS), ...options })) {
    if (found.push(entry.data.toString()) === count) return found;
  }
}

/** Resolves when an event of that type came that `wanted` accepts. */
export function event(client, type, wanted = () => true) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no event '${type}'`)), PATIENCE_MS);
    const listener = (found) => {
      if (!wanted(found)) return;
      clearTimeout(timer);
      client.off(type, listener);
      resolve(found);
    };
    client.on(type, listener);
  });
}

/** Rejects with a ZksError of that code; returns it. */
export async function fails(promise, code) {
  const error = await promise.then(() => assert.fail(`expected ${code}`), (reason) => reason);
  assert.ok(error instanceof zks.ZksError, `${code} expected, not ${error?.stack ?? error}`);
  assert.equal(error.code, code, error.message);
  return error;
}

/** Runs a program of this runtime; {code, signal, out, err}. One that hangs is killed: signal. */
export function run(file, args = [], { patience = PATIENCE_MS, env = {} } = {}) {
  const [program, argv] = command(file, ...args);
  return new Promise((resolve) => {
    const child = spawn(program, argv, {
      env: { ...process.env, ZKS_ENTRY: ENTRY, NO_COLOR: '1', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let out = '';
    let err = '';
    const timer = setTimeout(() => child.kill('SIGKILL'), patience);
    child.stdout.on('data', (data) => (out += data));
    child.stderr.on('data', (data) => (err += data));
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      resolve({ code, signal, out, err });
    });
  });
}
