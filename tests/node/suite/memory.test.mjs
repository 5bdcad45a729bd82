// SPDX-License-Identifier: MIT OR Apache-2.0
// Memory stays flat over many operations: 20,000 here, ZKS_NODE_OPERATIONS=100000 for the whole.
import assert from 'node:assert/strict';
import { SECRET, scenario, versions } from './support.mjs';

const OPERATIONS = Number(process.env.ZKS_NODE_OPERATIONS || 20_000);
const WARM_UP = Math.max(10_000, OPERATIONS / 2);
const TOGETHER = 50; // pushes that are on their way at once
/* JavaScript's heap and the Buffers must be as they were. The process may grow until its allocators
 * have what they need, some 60 MB with V8; after the long warm-up it has, but with Deno, whose process
 * goes on to grow by tens of megabytes while its heap does not. */
const HEAP_BYTES = 2_000_000;
const PROCESS_BYTES = OPERATIONS < 100_000 || versions.deno ? 150_000_000 : 20_000_000;

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
async function work(anna, ben, count) {
  const data = Buffer.alloc(200, 1);
  const large = Buffer.alloc(2_000_000);
  for (let i = 0; i < count; i += TOGETHER) {
    const pushes = Array.from({ length: TOGETHER - 2 }, () => anna.push(data, { acked: true }));
    pushes.push(anna.pushMany([data, data]));
    const signal = AbortSignal.abort();
    await Promise.all([...pushes, ben.push(data, { signal }).catch(() => {})]);
    const entries = await ben.read({ wait: true });
    await ben.ack(entries.at(-1).seq);
    ben.devices();
    ben.report();
    await ben.push(large).then(() => assert.fail(), (error) => assert.ok(error.code));
  }
}

scenario(`${OPERATIONS} operations leave the memory as it was`, async (world) => {
  const relay = await world.relay();
  const [anna, ben] = await Promise.all(['anna', 'ben'].map((name) => world.device({
    store: world.path(`${name}.zks`), secret: SECRET, relays: [relay.address], keepBytes: 2 ** 20,
  })));
  await Promise.all([anna.connect(), ben.connect()]);
  ben.on('event', () => {});
  await work(anna, ben, WARM_UP);
  const before = await measure();
  await work(anna, ben, OPERATIONS);
  const after = await measure();
  const [grown, heap] = [after.rss - before.rss, after.heap - before.heap];
  const words = `after ${OPERATIONS} operations the heap has ${heap} bytes more, the process ${grown}`;
  console.log(words);
  assert.ok(heap < HEAP_BYTES && grown < PROCESS_BYTES, words);
});
