// SPDX-License-Identifier: MIT OR Apache-2.0
// usage: memory.mjs OPERATIONS: what memory.test.mjs measures, in a process without a test runner. The
// last line is JSON: by how much the heap and the process grew, in bytes.
import { SECRET, World } from './support.mjs';

const OPERATIONS = Number(process.argv[2]);
const WARM_UP = Math.max(10_000, OPERATIONS / 2);
const TOGETHER = 50; // pushes that are on their way at once

async function collectOnce() {
  if (globalThis.Bun) globalThis.Bun.gc(true);
  else if (globalThis.gc) globalThis.gc();
  else {
    const { setFlagsFromString } = await import('node:v8');
    const { runInNewContext } = await import('node:vm');
    setFlagsFromString('--expose-gc');
    runInNewContext('gc')();
  }
  await new Promise((resolve) => setTimeout(resolve, 50));
}

async function measure() {
  for (let i = 0; i < 3; i++) await collectOnce(); // finalizers make more to collect
  const { rss, heapUsed, external } = process.memoryUsage();
  return { rss, heap: heapUsed + external };
}

/** Pushes that are acknowledged, and what they are followed by. */
async function operate(anna, ben, count) {
  const data = Buffer.alloc(200, 1);
  const large = Buffer.alloc(2_000_000);
  for (let i = 0; i < count; i += TOGETHER) {
    const pushes = Array.from({ length: TOGETHER - 2 }, () => anna.push(data, { acked: true }));
    pushes.push(anna.pushMany([data, data]));
    const signal = AbortSignal.abort();
    await Promise.all([...pushes, ben.push(data, { signal }).catch(() => {})]);
    const entries = await ben.read({ wait: true });
    await ben.ack(entries.at(-1).seq);
    await ben.push(large).then(() => { throw new Error('too large'); }, () => {});
  }
}

/** What answers at once. */
async function look(ben, count) {
  for (let i = 0; i < count; i++) {
    ben.devices();
    ben.report();
    if (i % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
}

const grown = (before, after) => ({ heap: after.heap - before.heap, process: after.rss - before.rss });

const world = new World();
const relay = await world.relay();
const [anna, ben] = await Promise.all(['anna', 'ben'].map((name) => world.device({
  store: world.path(`${name}.zks`), secret: SECRET, relays: [relay.address], keepBytes: 2 ** 20,
})));
await Promise.all([anna.connect(), ben.connect()]);
ben.on('event', () => {});
await operate(anna, ben, WARM_UP);
await look(ben, WARM_UP);
const start = await measure();
await operate(anna, ben, OPERATIONS);
const operated = await measure();
await look(ben, 3 * OPERATIONS);
const looked = await measure();
await world.end();
console.log(JSON.stringify({ operations: grown(start, operated), looks: grown(operated, looked) }));
