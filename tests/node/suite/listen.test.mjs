// SPDX-License-Identifier: MIT OR Apache-2.0
// Iterators and promises that listen: to a signal, to events, to acknowledgements; what stays of them.
import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { PATIENCE_MS, SECRET, event, fails, scenario, zks } from './support.mjs';

/** A signal that knows how many listen to it. */
function counted(controller = new AbortController()) {
  const { signal } = controller;
  const { addEventListener, removeEventListener } = signal;
  const listeners = new Set();
  signal.addEventListener = (type, listener, options) => {
    listeners.add(listener);
    addEventListener.call(signal, type, listener, options);
  };
  signal.removeEventListener = (type, listener) => {
    listeners.delete(listener);
    removeEventListener.call(signal, type, listener);
  };
  return { signal, controller, count: () => listeners.size };
}

scenario('nothing stays on a signal when what it was given to has ended', async (world) => {
  const { signal, count } = counted();
  const client = await zks.open({ secret: SECRET }, { signal });
  const relay = await world.relay();
  await client.push('x', { signal });
  const entries = client.entries({ signal });
  const events = client.events({ signal });
  const ended = [fails(entries.next(), 'ZKS_E_CANCELLED'), fails(client.pair({ signal, rights: ['admin'] }).done, 'ZKS_E_UNAUTHORIZED')];
  assert.ok(count() >= 2, 'they listen');
  await client.close();
  await Promise.all(ended);
  for await (const { type } of events) assert.ok(type);
  assert.equal(count(), 0);
  const [anna, ben] = await world.devices(relay, 'anna', 'ben');
  await anna.push('y');
  for await (const { data } of ben.entries({ signal })) {
    assert.equal(data.toString(), 'y');
    break;
  }
  assert.equal(count(), 0);
});

scenario('a signal that is aborted already: nothing begins to listen', async (world) => {
  const client = await world.device();
  const reason = new Error('enough');
  const controller = new AbortController();
  controller.abort(reason);
  const { signal, count } = counted(controller);
  await assert.rejects(client.events({ signal }).next(), reason);
  await assert.rejects(client.entries({ signal }).next(), reason);
  assert.deepEqual([count(), client.listenerCount('event')], [0, 0]);
});

scenario('an abort ends entries() also between two entries, the one before is done with', async (world) => {
  const relay = await world.relay();
  const [anna, ben] = await world.devices(relay, 'anna', 'ben');
  await anna.pushMany(['1', '2', '3']);
  const controller = new AbortController();
  const reason = new Error('enough');
  const entries = ben.entries({ signal: controller.signal });
  assert.equal((await entries.next()).value.seq, 1);
  controller.abort(reason);
  await assert.rejects(entries.next(), reason);
  assert.equal(ben.acked, 1);
  assert.ok((await entries.next()).done);
});

/** A client whose second acknowledgement fails, as on a disk that is full. */
function failingOnce(client) {
  const ack = client.ack.bind(client);
  let calls = 0;
  client.ack = async (seq) => {
    if (++calls === 2) throw new zks.ZksError(zks.constants.ZKS_E_STORE_IO, 'the disk is full');
    return ack(seq);
  };
  return client;
}

scenario('an acknowledgement that fails ends the loop with its error, also one that waits', async (world) => {
  const relay = await world.relay();
  const [anna, one, two] = await world.devices(relay, 'anna', 'one', 'two');
  await anna.pushMany(['1', '2', '3', '4', '5']);
  let seen = 0;
  const slow = async () => {
    for await (const { seq } of failingOnce(one).entries()) {
      seen = seq;
      await delay(20);
    }
  };
  await fails(slow(), 'ZKS_E_STORE_IO');
  assert.ok(seen < 5, `it went on to entry ${seen}`);
  const waiting = async () => {
    for await (const { seq } of failingOnce(two).entries({ maxCount: 1 })) {
      if (seq < 5) await delay(1);
      await two.read({ wait: true, after: seq - 1 });
    }
  };
  await fails(waiting(), 'ZKS_E_STORE_IO');
});

scenario('more than ten iterators over events are no leak to warn of', async (world) => {
  const warnings = [];
  const note = (warning) => warnings.push(warning.message);
  process.on('warning', note);
  const client = await world.device();
  const closed = event(client, 'closed');
  const loops = Array.from({ length: 20 }, async () => {
    let last;
    for await (const { type } of client.events({ signal: AbortSignal.timeout(PATIENCE_MS) })) last = type;
    return last;
  });
  await client.close();
  assert.deepEqual(await Promise.all(loops), Array(20).fill((await closed).type));
  await delay(10);
  process.off('warning', note);
  assert.deepEqual(warnings, []);
});
