// SPDX-License-Identifier: MIT OR Apache-2.0
// How processes, workers and handles end. Each program runs by itself: one that hangs is killed.
import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { PATIENCE_MS, SECRET, run, scenario, versions, zks } from './support.mjs';

const HEAD = `
  import { mkdtempSync } from 'node:fs';
  const zks = await import(process.env.ZKS_ENTRY);
  const secret = new Uint8Array(32).fill(42);
  const start = () => zks.Relay.start({ listen: '127.0.0.1:0', data: mkdtempSync(process.argv[2] + '/') });
`;

/** Runs a program; it must end by itself, with that code, having said that. */
async function program(world, text, { code = 0, out = 'ready', err } = {}) {
  const found = await run(world.file(`program-${Math.random()}.mjs`, HEAD + text), [world.folder]);
  const all = `${JSON.stringify(found)}\n${text}`;
  assert.equal(found.signal, null, `it did not end by itself: ${all}`);
  assert.equal(found.code, code, all);
  assert.equal(found.out.trim(), out, all);
  if (err) assert.match(found.err, err, all);
  else assert.equal(found.err, '', all);
  return found;
}

scenario('a program ends with everything open: connected clients, listeners, a relay', async (world) => {
  await program(world, `
    const relay = await start();
    const client = await zks.open({ secret, relays: [relay.address] });
    client.on('inbox', () => {});
    client.on('event', () => {});
    await client.connect();
    await client.push('x', { acked: true });
    console.log('ready');`);
});

scenario('process.exit() in the middle of everything, also in callbacks', async (world) => {
  await program(world, `
    const relay = await start();
    const client = await zks.open({ secret, relays: [relay.address] });
    await client.connect();
    for (let i = 0; i < 1000; i++) client.push('x').catch(() => {});
    client.read({ wait: true }).catch(() => {});
    console.log('ready');
    process.exit(0);`);
  await program(world, `
    const relay = await start();
    const client = await zks.open({ secret, relays: [relay.address] });
    client.on('state', ({ state }) => {
      if (state !== 'connected') return;
      console.log('ready');
      process.exit(3);
    });
    client.connect().catch(() => {});`, { code: 3 });
});

scenario('twenty exits in a row do not crash', async (world) => {
  for (let i = 0; i < 20; i++) {
    await program(world, `
      const relay = await start();
      const client = await zks.open({ secret, relays: [relay.address], store: process.argv[2] + '/s${i}' });
      await client.connect();
      for (let k = 0; k < ${i * 10}; k++) client.push(Buffer.alloc(5000));
      console.log('ready');
      ${i % 2 ? 'process.exit(0);' : ''}`);
  }
});

scenario('an operation, an iterator and a stream keep the process alive until they end', async (world) => {
  const found = await program(world, `
    const relay = await start();
    const [a, b, c] = await Promise.all([1, 2, 3].map(() => zks.open({ secret, relays: [relay.address] })));
    await Promise.all([a.connect(), b.connect(), c.connect()]);
    setTimeout(() => a.push('late'), 300).unref?.();
    const inLoop = async () => {
      for await (const { data } of b.entries()) { console.log(data.toString()); break; }
    };
    const inEvents = async () => {
      for await (const { type } of c.events()) { if (type === 'inbox') break; }
    };
    await Promise.all([inLoop(), inEvents(), b.read({ after: 0, wait: true })]);`, { out: 'late' });
  assert.ok(found);
});

scenario('unref: nothing of a client keeps the process alive; ref: an open client does', async (world) => {
  await program(world, `
    const client = await zks.open({ secret });
    client.unref();
    client.read({ wait: true }).then(() => console.log('never'));
    console.log(client.hasRef() ? 'held' : 'ready');`);
  await program(world, `
    const client = await zks.open({ secret });
    client.ref();
    setTimeout(async () => { await client.close(); console.log('ready'); }, 200).unref?.();`);
});

scenario('unref and ref count for what is pending already; a close() holds in any case', async (world) => {
  await program(world, `
    const client = await zks.open({ secret });
    client.read({ wait: true }).then(() => console.log('never'));
    client.entries().next().then(() => console.log('never'));
    client.events().next().then(() => console.log('never'));
    client.unref();
    console.log('ready');`);
  await program(world, `
    const client = await zks.open({ secret });
    client.unref();
    const reading = client.read({ wait: true }).catch(({ code }) => code);
    client.ref();
    client.unref();
    client.ref();
    setTimeout(async () => { await client.close(); console.log(await reading, 'ready'); }, 200).unref?.();`,
  { out: 'ZKS_E_CANCELLED ready' });
  await program(world, `
    const client = await zks.open({ secret });
    client.unref();
    await client.close();
    console.log('ready');`);
});

scenario('a listener that throws takes an event from no other one', async (world) => {
  await program(world, `
    const errors = [];
    process.on('uncaughtException', ({ message }) => errors.push(message));
    const client = await zks.open({ secret });
    const heard = [];
    client.on('closed', () => { throw new Error('of one'); });
    client.on('event', ({ type }) => heard.push(type));
    client.on('event', () => { throw new Error('of all'); });
    const late = client.events();
    const loop = (async () => { for await (const { type } of late) heard.push('loop ' + type); })();
    await client.close();
    await loop;
    while (errors.length < 2) await new Promise((resolve) => setTimeout(resolve, 10));
    console.log([...heard, ...errors].join());`, { out: 'closed,loop closed,of one,of all' });
});

scenario('an uncaught exception in a listener ends the program as always', async (world) => {
  await program(world, `
    const client = await zks.open({ secret });
    client.on('closed', () => { throw new Error('of the listener'); });
    await client.close();
    setTimeout(() => process.exit(9), 5000);`, { code: 1, out: '', err: /of the listener/ });
  await program(world, `
    process.on('uncaughtException', ({ message }) => console.log(message));
    const client = await zks.open({ secret });
    client.on('closed', () => { throw new Error('ready'); });
    await client.close();`);
});

const WORKER = `
  import { Worker, isMainThread, parentPort } from 'node:worker_threads';
  const inWorker = async (body) => {
    const relay = await start();
    const client = await zks.open({ secret, relays: [relay.address] });
    await client.connect();
    const worker = new Worker(new URL(import.meta.url), { workerData: relay.address, argv: process.argv.slice(2) });
    await body({ relay, client, worker });
  };
`;

scenario('worker threads: each has clients of its own, on one runtime', async (world) => {
  await program(world, `${WORKER}
    import { workerData } from 'node:worker_threads';
    if (isMainThread) {
      await inWorker(async ({ client, worker }) => {
        for await (const { data } of client.entries()) {
          if (data.toString() === 'from the worker') break;
        }
        await client.push('from the main thread');
        const said = await new Promise((resolve) => worker.once('message', resolve));
        await new Promise((resolve) => worker.once('exit', resolve));
        await client.push('still works', { acked: true });
        console.log(said);
      });
    } else {
      const client = await zks.open({ secret, relays: [workerData] });
      await client.connect();
      await client.push('from the worker');
      for await (const { data } of client.entries()) {
        if (data.toString() === 'from the main thread') break;
      }
      parentPort.postMessage('ready');
      await client.close();
    }`);
});

scenario('terminating workers in the middle of everything, again and again', async (world) => {
  await program(world, `${WORKER}
    import { workerData } from 'node:worker_threads';
    if (isMainThread) {
      const relay = await start();
      for (let i = 0; i < 8; i++) {
        const worker = new Worker(new URL(import.meta.url), { workerData: relay.address, argv: process.argv.slice(2) });
        await new Promise((resolve, reject) => {
          worker.once('message', resolve);
          worker.once('error', reject);
        });
        await new Promise((resolve) => setTimeout(resolve, i * 3));
        await worker.terminate();
      }
      const client = await zks.open({ secret, relays: [relay.address] });
      await client.connect();
      console.log('ready');
    } else {
      const client = await zks.open({ secret, relays: [workerData], storeKey: async () => new Uint8Array(32) });
      client.on('event', () => {});
      zks.setLog('debug', () => {});
      zks.open({ secret, storeKey: () => new Promise(() => {}) }).catch(() => {});
      await client.connect();
      parentPort.postMessage('go');
      for (;;) await Promise.all([client.push('x'), client.push(Buffer.alloc(10000)), client.read({ after: 0 })]);
    }`);
});

scenario('the log of a busy event loop: lines that are too many are counted, not kept', async (world) => {
  await program(world, `${WORKER}
    import { workerData } from 'node:worker_threads';
    if (isMainThread) {
      const lines = [];
      zks.setLog('debug', (level, line) => lines.push(level + ' ' + line));
      const done = new Int32Array(new SharedArrayBuffer(4));
      new Worker(new URL(import.meta.url), { workerData: done, argv: process.argv.slice(2) });
      for (const end = Date.now() + ${PATIENCE_MS / 2}; !Atomics.load(done, 0) && Date.now() < end; );
      await new Promise((resolve) => setTimeout(resolve, 200));
      zks.setLog('off');
      const dropped = lines.filter((line) => /^warn \\d+ lines of log dropped/.test(line));
      console.log(lines.length > 1000 && lines.length < 1300 && dropped.length ? 'ready' : lines.length + dropped);
    } else {
      const relay = await start();
      const client = await zks.open({ secret, relays: [relay.address] });
      for (let i = 0; i < 250; i++) {
        await client.connect();
        await client.disconnect();
      }
      Atomics.store(workerData, 0, 1);
      await client.close();
      await relay.stop();
    }`);
});

scenario('importing the package starts nothing and keeps nothing alive', async (world) => {
  await program(world, "console.log('ready');");
});

scenario('an operation keeps its client, whatever is collected meanwhile', async (world) => {
  const relay = await world.relay();
  const pending = (async () => {
    const client = await zks.open({ secret: SECRET, relays: [relay.address] });
    await client.connect();
    const [entry] = await client.read({ wait: true });
    await client.close();
    return entry.data.toString();
  })();
  const [sender] = await world.devices(relay, 'sender');
  for (let i = 0; i < 20; i++) {
    globalThis.gc?.();
    globalThis.Bun?.gc(true);
    Array.from({ length: 100_000 }, () => ({}));
    await delay(10);
  }
  await sender.push('kept');
  assert.equal(await pending, 'kept');
});

if (versions.node && !versions.bun && !versions.deno) {
  scenario('a client that is forgotten without close() raises an alarm when it is collected', async (world) => {
    const found = await run(world.file('forget.mjs', `${HEAD}
      import { setFlagsFromString } from 'node:v8';
      import { runInNewContext } from 'node:vm';
      setFlagsFromString('--expose-gc');
      const gc = runInNewContext('gc');
      await (async () => { await zks.open({ secret }); })();
      const end = Date.now() + ${PATIENCE_MS / 2};
      let warned = false;
      process.on('warning', () => (warned = true));
      while (!warned && Date.now() < end) { gc(); await new Promise((r) => setTimeout(r, 10)); }
      console.log(warned ? 'ready' : 'no warning');`), [world.folder]);
    assert.equal(found.out.trim(), 'ready', found.err);
    assert.match(found.err, /ZKS_NOT_CLOSED.*was not closed before it was collected/);
  });
}
