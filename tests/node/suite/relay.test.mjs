// SPDX-License-Identifier: MIT OR Apache-2.0
// Against a real zks-relay process, which is stopped and started again.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { SECRET, SOURCE, event, fails, scenario, texts, zks } from './support.mjs';

const PROGRAM = path.join(process.env.ZKS_BIN_DIR ?? path.join(SOURCE, 'build/dev/bin'), 'zks-relay');

/** Starts it; {address, port, child}. */
async function start(world, listen = '127.0.0.1:0') {
  const child = spawn(PROGRAM, ['--listen', listen, '--data', world.path('relay-data')],
    { stdio: ['ignore', 'pipe', 'ignore'] });
  world.defer(() => child.kill('SIGKILL'));
  let out = '';
  for await (const data of child.stdout) {
    out += data;
    const found = /address=(zks:\/\/\S+)/.exec(out);
    if (found) {
      return { address: found[1], place: found[1].split('@')[1], child };
    }
  }
  assert.fail(`zks-relay did not start: ${out}`);
}

async function stop({ child }) {
  const exit = once(child, 'exit');
  child.kill('SIGTERM');
  await exit;
}

scenario('two devices through a relay process; it stops and comes back', async (world) => {
  const relay = await start(world);
  const [anna, ben] = await world.devices(relay, 'anna', 'ben');
  await anna.push('one', { acked: true });
  assert.deepEqual(await texts(ben, 1), ['one']);

  const lost = event(anna, 'state', ({ state }) => state === 'waiting');
  await stop(relay);
  await lost;
  await anna.push('two');
  await fails(anna.push('not now', { needConnection: true }), 'ZKS_E_NOT_CONNECTED');

  const back = event(anna, 'state', ({ state }) => state === 'connected');
  await start(world, relay.place);
  anna.networkChanged();
  ben.networkChanged();
  await back;
  await anna.flush(60_000);
  assert.deepEqual(await texts(ben, 2), ['one', 'two'], 'one comes again: nobody acknowledged it');
});

scenario('what was pushed with a store and no relay goes out at the next start', async (world) => {
  const store = world.path('anna.zks');
  const relay = await start(world);
  const first = await zks.open({ store, secret: SECRET, relays: [relay.address] });
  await first.pushMany(['a', 'b', 'c']);
  await first.close();
  const [ben] = await world.devices(relay, 'ben');
  const second = world.closing(await zks.open({ store, relays: [relay.address] }));
  await second.connect();
  assert.deepEqual(await texts(ben, 3), ['a', 'b', 'c']);
});

scenario('a relay with another key than the pinned one: security, until it is trusted', async (world) => {
  const relay = await start(world);
  const client = await world.device({ relays: [relay.place] });
  await client.connect();
  await client.disconnect();
  await stop(relay);
  const other = await zks.Relay.start({ listen: relay.place, data: world.path('other') });
  world.defer(() => other.stop());
  const changed = event(client, 'state', ({ error }) => error?.code === 'ZKS_E_RELAY_KEY_CHANGED');
  const error = await fails(client.connect(), 'ZKS_E_RELAY_KEY_CHANGED');
  assert.equal(error.retryClass, 'security');
  client.trustRelay(relay.place, (await changed).relayKey);
  await client.connect();
  await client.push('x', { acked: true });
});
