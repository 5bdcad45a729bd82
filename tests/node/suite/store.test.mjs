// SPDX-License-Identifier: MIT OR Apache-2.0
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { SECRET, fails, run, scenario, texts, zks } from './support.mjs';

const { open } = zks;
const KEY = new Uint8Array(32).fill(9);

/** Opens, calls, closes. */
async function using(config, body = async () => {}) {
  const client = await open(config);
  try {
    return await body(client);
  } finally {
    await client.close();
  }
}

scenario('a store keeps what was pushed and read; its group needs no secret again', async (world) => {
  const relay = await world.relay();
  const store = world.path('anna.zks');
  await using({ store, secret: SECRET, deviceName: 'anna' }, (anna) => anna.push('kept'));
  const [ben] = await world.devices(relay, 'ben');
  await using({ store: pathToFileURL(store), relays: [relay.address] }, async (anna) => {
    assert.equal(anna.report().storePath, store);
    assert.equal(anna.report().deviceName, 'anna');
    await anna.connect();
    await anna.flush(60_000);
  });
  assert.deepEqual(await texts(ben, 1), ['kept']);
});

scenario('the store key: bytes, a function, a passphrase; changing it', async (world) => {
  const store = world.path('locked.zks');
  await using({ store, secret: SECRET, storeKey: KEY });
  const none = await fails(open({ store }), 'ZKS_E_STORE_KEY');
  assert.equal(none.retryClass, 'config');
  await fails(open({ store, storeKey: new Uint8Array(32) }), 'ZKS_E_STORE_KEY');
  await fails(open({ store, storeKey: new Uint8Array(31) }), 'ZKS_E_STORE_KEY');
  let asked = 0;
  const storeKey = async () => {
    asked++;
    await new Promise((resolve) => setTimeout(resolve, 20));
    return KEY;
  };
  await using({ store, storeKey }, (client) => client.changeStoreKey({ storePassphrase: 'péché' }));
  assert.equal(asked, 1);
  await using({ store, storePassphrase: 'péché' }, (client) => client.changeStoreKey());
  await using({ store }, (client) => client.changeStoreKey({ storeKey: KEY }));
  await using({ store, storeKey: () => KEY });
  await assert.rejects(open({ store, storeKey: KEY, storePassphrase: 'x' }), TypeError);
});

scenario('a key function that throws, or answers nonsense: its error is the cause', async (world) => {
  const store = world.path('locked.zks');
  await using({ store, secret: SECRET, storeKey: KEY });
  const reason = new Error('the keychain is locked');
  const error = await fails(open({ store, storeKey: async () => { throw reason; } }), 'ZKS_E_STORE_KEY');
  assert.equal(error.cause, reason);
  const short = await fails(open({ store, storeKey: () => new Uint8Array(5) }), 'ZKS_E_STORE_KEY');
  assert.equal(short.cause.name, 'RangeError');
  const text = await fails(open({ store, storeKey: () => 5 }), 'ZKS_E_STORE_KEY');
  assert.equal(text.cause.name, 'TypeError');
});

scenario('an abort ends an opening whose key never comes; the store can be opened at once', async (world) => {
  const store = world.path('locked.zks');
  await using({ store, secret: SECRET, storeKey: KEY });
  const controller = new AbortController();
  const reason = new Error('the user went away');
  const asked = () => {
    setTimeout(() => controller.abort(reason), 20);
    return new Promise(() => {});
  };
  await assert.rejects(open({ store, storeKey: asked }, { signal: controller.signal }),
    (error) => error === reason);
  await using({ store, storeKey: KEY });
});

scenario('closing while the key is asked for', async (world) => {
  const signal = AbortSignal.timeout(50);
  const storeKey = () => new Promise((resolve) => setTimeout(resolve, 300, KEY));
  await assert.rejects(open({ store: world.path('x.zks'), secret: SECRET, storeKey }, { signal }));
});

scenario('a store in use, damaged, of another group, not to be made: each its own code', async (world) => {
  const store = world.path('busy.zks');
  const holder = world.file('holder.mjs', `
    const { open } = await import(process.env.ZKS_ENTRY);
    await open({ store: process.argv[2], secret: new Uint8Array(32).fill(42) }).then(
      () => console.log('opened'), (error) => console.log(error.code));
    process.exit(0);`);
  const client = await world.device({ store });
  const other = await run(holder, [store]);
  assert.equal(other.out.trim(), 'ZKS_E_STORE_BUSY', other.err);
  await client.close();
  await fails(open({ store, secret: new Uint8Array(32).fill(1) })
    .then((made) => made.close().then(() => open({ store }))), 'ZKS_E_STORE_GROUP');
  const damaged = world.path('damaged.zks');
  writeFileSync(damaged, 'this is no database, and long enough to be looked at'.repeat(100));
  await fails(open({ store: damaged, secret: SECRET }), 'ZKS_E_STORE_CORRUPT');
  await fails(open({ store: world.path('no/such/folder/x.zks'), secret: SECRET }), 'ZKS_E_STORE_PATH');
});
