// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * What an entry costs an app in Node, Bun or Deno where nothing but the package works: a store in
 * memory, no relay. The same as bench_local (local.c), in JavaScript's words.
 *
 * usage: local.mjs single|batch|read BLOBS    CPU and time for each entry
 *        local.mjs through BLOBS              entries for each second from one client to another
 *        local.mjs start                      import and the first push, ms, each in a new process
 *
 * single: a promise for each entry, 64 of them awaited together; batch: 64 entries in a call; read:
 * 64 received entries in a call, again and again (a relay has brought them before). through: batches
 * go through a relay on disk, and then are read, as in bench_through (through.c). Prints one line of
 * JSON, and on standard error the same in words.
 */
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const TOGETHER = 64;
const BYTES = 100;
const WARM_UP = 32_768; // the compilers of JavaScript work in this time
const RUNS = 15;
const FLUSH_MS = 100_000;
const ENTRY = new URL('../../bindings/node/lib/index.js', import.meta.url).href;

const TURNS = {
  single: (client, payloads) => Promise.all(payloads.map((data) => client.push(data))),
  batch: (client, payloads) => client.pushMany(payloads),
  read: async (client) => {
    let bytes = 0;
    for (const { data } of await client.read({ after: 0, maxCount: TOGETHER })) bytes += data.length;
    if (bytes !== TOGETHER * BYTES) throw new Error(`${bytes} bytes were read`);
  },
};

/** Lets a relay bring 64 entries, which stay in the inbox. */
async function receive(zks, client, config, payloads) {
  const other = await zks.open(config);
  await Promise.all([client.connect(), other.connect()]);
  await other.pushMany(payloads, { acked: true });
  while ((await client.read({ after: 0, wait: true })).length < TOGETHER);
  await Promise.all([client.disconnect(), other.close()]);
}

function cpuUs() {
  const { user, system } = process.cpuUsage();
  return user + system;
}

const round = (value) => Math.round(value * 1000) / 1000;

async function measure(mode, blobs) {
  const zks = await import(ENTRY);
  const payloads = Array.from({ length: TOGETHER }, () => randomBytes(BYTES));
  const folder = mkdtempSync(path.join(tmpdir(), 'zks-bench-'));
  const relay = mode === 'read'
    ? await zks.Relay.start({ listen: '127.0.0.1:0', data: folder, log_level: 'off' }) : undefined;
  const config = { secret: new Uint8Array(32).fill(1), relays: [relay?.address ?? '127.0.0.1:9'] };
  const begun = performance.now();
  const client = await zks.open(config);
  const opened = performance.now() - begun;
  if (relay) {
    await receive(zks, client, config, payloads);
    await relay.stop();
  }
  const turns = async (count) => {
    for (let i = 0; i < count; i += TOGETHER) await TURNS[mode](client, payloads);
  };
  await turns(WARM_UP);
  const [wall, cpu] = [performance.now(), cpuUs()];
  await turns(blobs);
  const used = cpuUs() - cpu;
  const took = performance.now() - wall;
  await client.close();
  rmSync(folder, { recursive: true });
  const count = Math.ceil(blobs / TOGETHER) * TOGETHER;
  return { blobs: count, cpu_us: round(used / count), wall_us: round(took * 1000 / count),
    first_open_ms: round(opened) };
}

async function drain(client, blobs) {
  for (let got = 0, last = 0; got < blobs;) {
    const entries = await client.read({ after: last, maxCount: TOGETHER, wait: true });
    got += entries.length;
    last = entries.at(-1).seq;
  }
}

async function through(blobs) {
  const zks = await import(ENTRY);
  const payloads = Array.from({ length: TOGETHER }, () => randomBytes(BYTES));
  const folder = mkdtempSync(path.join(tmpdir(), 'zks-bench-'));
  const relay = await zks.Relay.start({ listen: '127.0.0.1:0', data: folder, log_level: 'off' });
  const config = { secret: new Uint8Array(32).fill(1), relays: [relay.address] };
  const [sender, reader] = await Promise.all([zks.open(config), zks.open(config)]);
  await Promise.all([sender.connect(), reader.connect()]);
  const count = blobs - blobs % TOGETHER;
  const begun = performance.now();
  for (let i = 0; i < count; i += TOGETHER) await TURNS.batch(sender, payloads);
  await sender.flush(FLUSH_MS);
  const pushed = performance.now() - begun;
  await drain(reader, count);
  const delivered = performance.now() - begun;
  await Promise.all([sender.close(), reader.close()]);
  await relay.stop();
  rmSync(folder, { recursive: true });
  return { blobs: count, pushes_per_s: Math.round(count * 1000 / pushed),
    deliveries_per_s: Math.round(count * 1000 / delivered) };
}

const PROGRAMS = {
  runtime_ms: '',
  import_ms: `await import('${ENTRY}');`,
  first_push_ms: `const { open } = await import('${ENTRY}');
    const client = await open({ secret: new Uint8Array(32) });
    await client.push('x');
    await client.close();`,
};

/** Medians of whole processes; what the runtime itself takes stands beside. */
function start() {
  const deno = process.versions.deno ? ['run', '--allow-all', '--quiet'] : [];
  const folder = mkdtempSync(path.join(tmpdir(), 'zks-bench-'));
  const found = {};
  for (const [name, text] of Object.entries(PROGRAMS)) {
    const file = path.join(folder, `${name}.mjs`);
    writeFileSync(file, text);
    const times = Array.from({ length: RUNS }, () => {
      const begun = performance.now();
      const done = spawnSync(process.execPath, [...deno, file], { stdio: 'inherit' });
      if (done.status !== 0) throw new Error(`${name} ended with ${done.status}`);
      return performance.now() - begun;
    });
    found[name] = Math.round(times.sort((a, b) => a - b)[RUNS >> 1] * 10) / 10;
  }
  rmSync(folder, { recursive: true });
  return found;
}

const [mode, blobs] = process.argv.slice(2);
if (mode === 'start') {
  const found = start();
  console.error(`import ${(found.import_ms - found.runtime_ms).toFixed(0)} ms, the first push ` +
    `${(found.first_push_ms - found.import_ms).toFixed(0)} ms later`);
  console.log(JSON.stringify(found));
} else if (Object.hasOwn(TURNS, mode ?? '') && Number(blobs) > 0) {
  const found = await measure(mode, Number(blobs));
  console.error(`${mode}: ${found.cpu_us} us of CPU for each of ${found.blobs} entries`);
  console.log(JSON.stringify(found));
} else if (mode === 'through' && Number(blobs) >= TOGETHER) {
  const found = await through(Number(blobs));
  console.error(`through: ${found.pushes_per_s} pushes and ${found.deliveries_per_s} deliveries ` +
    'for each second');
  console.log(JSON.stringify(found));
} else {
  console.error('usage: local.mjs single|batch|read|through BLOBS, or local.mjs start');
  process.exitCode = 2;
}
