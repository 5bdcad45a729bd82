// SPDX-License-Identifier: MIT OR Apache-2.0
import assert from 'node:assert/strict';
import { createReadStream, readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fails, scenario, texts, zks } from './support.mjs';

scenario('a file is piped in, each chunk an entry, and comes out of a stream', async (world) => {
  const relay = await world.relay();
  const [anna, ben] = await world.devices(relay, 'anna', 'ben');
  const file = world.file('data.bin', 'x'.repeat(300_000) + 'end');
  await pipeline(createReadStream(file, { highWaterMark: 100_000 }), anna.writable());
  const parts = [];
  let bytes = 0;
  const readable = ben.readable();
  const closed = new Promise((resolve) => readable.once('close', resolve));
  for await (const entry of readable) {
    parts.push(entry.data);
    bytes += entry.data.length;
    if (bytes === 300_003) break;
  }
  assert.equal(parts.length, 4);
  assert.deepEqual(Buffer.concat(parts), readFileSync(file));
  await closed;
  assert.equal(ben.acked, 3);
});

scenario('a Writable stores chunks that wait together, and says when all are stored', async (world) => {
  const relay = await world.relay();
  const [anna, ben] = await world.devices(relay, 'anna', 'ben');
  const sink = anna.writable();
  for (let i = 0; i < 200; i++) sink.write(`chunk ${i}`);
  await new Promise((resolve) => sink.end(resolve));
  assert.equal(anna.report().lastNumber, 200);
  assert.deepEqual(await texts(ben, 200), Array.from({ length: 200 }, (_, i) => `chunk ${i}`));
});

scenario('a Writable fails as push does', async (world) => {
  const client = await world.device();
  const large = new Uint8Array(zks.constants.ZKS_SIZE_PUSH_MAX + 1);
  await fails(pipeline(Readable.from([large]), client.writable()), 'ZKS_E_TOO_LARGE');
});

scenario('Web streams: write, pipe, read, cancel', async (world) => {
  const relay = await world.relay();
  const [anna, ben] = await world.devices(relay, 'anna', 'ben');
  const source = new ReadableStream({
    start(controller) {
      for (const text of ['a', 'b', 'c']) controller.enqueue(new TextEncoder().encode(text));
      controller.close();
    },
  });
  await source.pipeTo(anna.writableStream({ acked: true }));
  const reader = ben.readableStream().getReader();
  const found = [];
  for (let i = 0; i < 3; i++) found.push((await reader.read()).value.data.toString());
  assert.deepEqual(found, ['a', 'b', 'c']);
  const waiting = reader.read();
  await reader.cancel();
  assert.ok((await waiting).done);
  assert.equal(ben.acked, 2);
  await ben.push('still works');
});

scenario('a stream ends with an error when its client closes', async (world) => {
  const client = await world.device();
  const reading = (async () => {
    for await (const entry of client.readable()) assert.fail(entry);
  })();
  const failing = fails(reading, 'ZKS_E_CANCELLED');
  await client.close();
  await failing;
});
