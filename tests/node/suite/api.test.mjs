// SPDX-License-Identifier: MIT OR Apache-2.0
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { ENTRY, SECRET, event, fails, scenario, texts, zks } from './support.mjs';

const { constants, open } = zks;

scenario('require and import give the same objects', async () => {
  const required = createRequire(ENTRY)('./index.cjs');
  assert.equal(required.ZksError, zks.ZksError);
  assert.deepEqual(Object.keys(required).sort(), Object.keys(zks).sort());
});

scenario('two devices: what one pushes the other reads, in order and as it was', async (world) => {
  const relay = await world.relay();
  const [anna, ben] = await world.devices(relay, 'anna', 'ben');
  const result = await anna.push('hello', { acked: true });
  assert.equal(result.number, 1);
  assert.match(result.blobIds[0], /^[0-9a-f]{32}$/);
  assert.ok(result.seq > 0);
  const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
  const many = await anna.pushMany(['', bytes, Buffer.from('ünïcode ✓')]);
  assert.equal(many.number, 2);
  assert.equal(many.blobIds.length, 3);

  const found = [];
  for await (const entry of ben.entries()) {
    found.push(entry);
    if (found.length === 4) break;
  }
  assert.deepEqual(found.map(({ number }) => number), [1, 2, 3, 4]);
  assert.deepEqual(found.map(({ seq }) => seq), [1, 2, 3, 4]);
  assert.equal(found[0].data.toString(), 'hello');
  assert.equal(found[1].data.length, 0);
  assert.deepEqual(new Uint8Array(found[2].data), bytes);
  assert.equal(found[3].data.toString(), 'ünïcode ✓');
  assert.equal(found[0].sender, anna.report().deviceId);
  assert.ok(Math.abs(found[0].timeMs - Date.now()) < 600_000);
  assert.deepEqual([found[0].own, found[0].late, found[0].fork], [false, false, false]);
});

scenario('any kind of bytes goes in: views, offsets, ArrayBuffer; a Buffer comes out', async (world) => {
  const relay = await world.relay();
  const [anna, ben] = await world.devices(relay, 'anna', 'ben');
  const memory = Uint8Array.from([1, 2, 3, 4, 5, 6, 7, 8]).buffer;
  const largest = Buffer.alloc(constants.ZKS_SIZE_PUSH_MAX, 7);
  await anna.push(new Uint8Array(memory, 2, 3));
  await anna.push(memory);
  await anna.pushMany([new DataView(memory, 1, 2), new Uint16Array([0x0201]), largest]);
  const found = [];
  for await (const { data } of ben.entries()) {
    assert.ok(Buffer.isBuffer(data));
    if (found.push(data) === 5) break;
  }
  assert.deepEqual(found.slice(0, 4).map((data) => data.toString('hex')),
    ['030405', '0102030405060708', '0203', '0102']);
  assert.ok(largest.equals(found[4]));
});

scenario('entries() acknowledges what the loop is done with, and nothing else', async (world) => {
  const relay = await world.relay();
  const [anna, ben] = await world.devices(relay, 'anna', 'ben');
  await anna.pushMany(['1', '2', '3', '4']);
  assert.deepEqual(await texts(ben, 3), ['1', '2', '3']);
  assert.equal(ben.acked, 2);
  assert.deepEqual(await texts(ben, 2), ['3', '4']);
  assert.deepEqual(await texts(ben, 1, { ack: false }), ['4']);
  assert.equal(ben.acked, 3);
  assert.equal(await ben.ack(4), 4);
  assert.deepEqual(await ben.read(), []);
  assert.deepEqual((await ben.read({ after: 0 })).length, 4);
  assert.deepEqual((await ben.read({ after: 0, maxCount: 1 })).length, 1);
});

scenario('own entries come on request', async (world) => {
  const relay = await world.relay();
  const [anna] = await world.devices(relay, 'anna');
  const { seq } = await anna.push('mine', { acked: true });
  const [own] = await anna.read({ own: true });
  assert.equal(own.seq, seq);
  assert.ok(own.own);
  assert.deepEqual(await anna.read(), []);
});

scenario('offline: stored at once, sent later; flush and waitSynced wait for it', async (world) => {
  const relay = await world.relay();
  const anna = await world.device({ relays: [relay.address] });
  await anna.push('early');
  const late = await fails(anna.flush(50), 'ZKS_E_TIMEOUT');
  assert.equal(late.pending, 1);
  assert.equal(late.retryClass, 'retry');
  assert.equal(anna.report().pendingCount, 1);
  await fails(anna.push('x', { needConnection: true }), 'ZKS_E_NOT_CONNECTED');
  const [ben] = await world.devices(relay, 'ben');
  await anna.connect();
  await anna.flush(60_000);
  assert.equal(anna.report().pendingCount, 0);
  assert.deepEqual(await texts(ben, 1), ['early']);
  await ben.waitSynced();
  await anna.disconnect();
  assert.equal(anna.report().state, 'offline');
});

scenario('an AbortSignal ends the waiting, with its reason', async (world) => {
  const client = await world.device();
  const controller = new AbortController();
  const reason = new Error('enough');
  const reading = client.read({ wait: true, signal: controller.signal });
  controller.abort(reason);
  await assert.rejects(reading, reason);
  await assert.rejects(client.push('x', { signal: AbortSignal.abort(reason) }), reason);
  await assert.rejects(client.waitSynced({ signal: AbortSignal.timeout(20) }), { name: 'TimeoutError' });
  const loop = async () => {
    for await (const entry of client.entries({ signal: AbortSignal.timeout(20) })) assert.fail(entry);
  };
  await assert.rejects(loop(), { name: 'TimeoutError' });
  await assert.rejects(open({ secret: SECRET }, { signal: AbortSignal.abort(reason) }), reason);
});

scenario('events by type, all together, and as an iterator that ends with the client', async (world) => {
  const relay = await world.relay();
  const [anna, ben] = await world.devices(relay, 'anna', 'ben');
  const types = [];
  ben.on('event', ({ type }) => types.push(type));
  const iterator = ben.events();
  const inbox = event(ben, 'inbox');
  await anna.push('x');
  assert.equal((await inbox).lastSeq, 1);
  await ben.close();
  const seen = [];
  for await (const { type } of iterator) seen.push(type);
  assert.deepEqual(seen, types);
  assert.ok(seen.includes('inbox'));
  assert.equal(seen.at(-1), 'closed');
  assert.equal(seen.filter((type) => type === 'closed').length, 1);
  for await (const late of ben.events()) assert.fail(late.type);
});

scenario('an unreachable relay: the state event has the error, connect rejects with it', async (world) => {
  const client = await world.device({ relays: ['127.0.0.1:9'], connectTimeoutMs: 200 });
  const waiting = event(client, 'state', ({ state }) => state === 'waiting');
  const error = await fails(client.connect(), 'ZKS_E_UNREACHABLE');
  assert.equal(error.number, constants.ZKS_E_UNREACHABLE);
  assert.equal(error.retryClass, 'retry');
  assert.ok(error.retryAfterMs > 0);
  assert.ok(error.message.length > 20);
  assert.equal(error.name, 'ZksError');
  assert.equal((await waiting).error.code, 'ZKS_E_UNREACHABLE');
  client.networkChanged();
});

scenario('closing: pending work ends, twice is fine, use afterwards is a clear error', async (world) => {
  const client = await world.device();
  const reading = client.read({ wait: true });
  const closing = client.close();
  await fails(reading, 'ZKS_E_CANCELLED');
  assert.equal(client.close(), closing);
  await closing;
  await client.close();
  assert.ok(client.closed);
  const error = await fails(client.push('x'), 'ZKS_E_CLOSED');
  assert.match(error.message, /this client is closed/);
  assert.throws(() => client.acked, { code: 'ZKS_E_CLOSED' });
  assert.throws(() => client.report(), { code: 'ZKS_E_CLOSED' });
  assert.throws(() => client.devices(), { code: 'ZKS_E_CLOSED' });
});

scenario('asyncDispose closes', async (world) => {
  const client = await world.device();
  await client[Symbol.asyncDispose ?? Symbol.for('nodejs.asyncDispose')]();
  assert.ok(client.closed);
});

scenario('misuse is a TypeError or RangeError with a sentence, before anything happens', async (world) => {
  const client = await world.device();
  const type = { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' };
  const range = { name: 'RangeError', code: 'ERR_OUT_OF_RANGE' };
  await assert.rejects(client.push(5), type);
  await assert.rejects(client.push(), type);
  await assert.rejects(client.push('x', { ack: true }), { ...type, message: /there is no 'ack'/ });
  await assert.rejects(client.push('x', { signal: 5 }), type);
  await assert.rejects(client.pushMany('abc'), type);
  await assert.rejects(client.pushMany(['a', 5]), { ...type, message: /list\[1\]/ });
  await assert.rejects(client.read({ after: -1 }), range);
  await assert.rejects(client.read({ maxCount: 2 ** 32 }), range);
  await assert.rejects(client.ack(1.5), range);
  await assert.rejects(client.ack('1'), type);
  await assert.rejects(client.revoke('abc'), range);
  assert.throws(() => client.pair({ kind: 'song' }), range);
  await assert.rejects(open({ secret: SECRET, relay: 'x' }), { ...type, message: /there is no 'relay'/ });
  await assert.rejects(open({ secret: SECRET, relays: 5 }), type);
  await assert.rejects(open({ secret: SECRET, ttlS: '5' }), type);
  await assert.rejects(open({ secret: SECRET, suite: 'best' }), range);
  await assert.rejects(open(null), type);
  await assert.rejects(open({ secret: SECRET, deviceName: 'a\0b' }), type);
  assert.throws(() => client.inviteShared(5), type);
  assert.throws(() => client.inviteShared([5]), type);
});

scenario('what JavaScript would change in silence is refused', async (world) => {
  const client = await world.device();
  const half = 'half a pair \ud800';
  const refused = { name: 'TypeError', message: /half a character/ };
  await assert.rejects(open({ passphrase: half, salt: new Uint8Array(8) }), refused);
  await assert.rejects(open({ secret: SECRET, storePassphrase: half }), refused);
  await assert.rejects(zks.deriveGroupSecret(half, new Uint8Array(8)), refused);
  await assert.rejects(client.changeStoreKey({ storePassphrase: half }), refused);
  const memory = new ArrayBuffer(8);
  const views = [new Uint8Array(memory), new Uint16Array(memory), new DataView(memory), memory];
  structuredClone(memory, { transfer: [memory] });
  for (const view of views) {
    await assert.rejects(client.push(view), { name: 'TypeError', message: /data has lost its memory/ });
  }
  await assert.rejects(client.pushMany(['x', views[0]]), { name: 'TypeError', message: /list\[1\] has lost/ });
  assert.equal((await client.push(new Uint8Array(0))).number, 1);
});

scenario('errors of the configuration say what to mend', async () => {
  await fails(open({ secret: new Uint8Array(31) }), 'ZKS_E_SECRET');
  await fails(open({ secret: SECRET, passphrase: 'x', salt: new Uint8Array(8) }), 'ZKS_E_BOTH_SECRETS');
  await fails(open({ passphrase: '', salt: new Uint8Array(8) }), 'ZKS_E_PASSPHRASE');
  const salt = await fails(open({ passphrase: 'x', salt: new Uint8Array(0) }), 'ZKS_E_SALT');
  assert.equal(salt.retryClass, 'config');
  await fails(open({}), 'ZKS_E_STORE_GROUP');
  await fails(open({ secret: SECRET, ttlS: 1e12 }), 'ZKS_E_CONFIG');
});

scenario('too large and too many are refused by code', async (world) => {
  const client = await world.device();
  const error = await fails(client.push(new Uint8Array(constants.ZKS_SIZE_PUSH_MAX + 1)), 'ZKS_E_TOO_LARGE');
  assert.equal(error.retryClass, 'call');
  await fails(client.pushMany([]), 'ZKS_E_INVALID');
});

scenario('the constants are those of the library', async () => {
  const { createRequire: make } = await import('node:module');
  const native = make(ENTRY)('./native.cjs');
  const found = {};
  for (let i = 0; ; i++) {
    try {
      const [name, value] = native.constantAt(i);
      found[name] = value;
    } catch {
      break;
    }
  }
  assert.deepEqual({ ...constants }, found);
  assert.match(zks.version, /^\d+\.\d+\.\d+$/);
});

scenario('a secret derived off the event loop equals the synchronous one', async () => {
  const salt = Buffer.alloc(16, 3);
  let turns = 0;
  const timer = setInterval(() => turns++, 1);
  const { secret, groupId } = await zks.deriveGroupSecret('correct horse', salt);
  clearInterval(timer);
  assert.ok(turns > 0, 'the event loop went on');
  const sync = zks.deriveSecret('correct horse', salt);
  assert.deepEqual([secret, groupId], [sync.secretBytes, sync.groupId]);
  await fails(zks.deriveGroupSecret('', salt), 'ZKS_E_PASSPHRASE');
  await fails(zks.deriveGroupSecret('x', Buffer.alloc(7)), 'ZKS_E_SALT');
});

scenario('an invite into a shared group: link, parts, QR code; secrets are not printed', async (world) => {
  const client = await world.device({ relays: ['relay.example.org'] });
  const invite = client.inviteShared();
  assert.deepEqual(invite.relays, ['relay.example.org']);
  assert.deepEqual(client.inviteShared('other.example.org').relays, ['other.example.org']);
  assert.deepEqual(client.inviteShared(new Set(['a.example', 'b.example'])).relays, ['a.example', 'b.example']);
  assert.deepEqual(new Uint8Array(invite.secret), SECRET);
  const { inspect } = await import('node:util');
  assert.ok(!inspect(invite).includes('secret'));
  const parsed = zks.parseInvite(invite.link);
  assert.deepEqual(parsed.secret, invite.secret);
  assert.equal(parsed.groupId, client.report().groupId);
  assert.match(invite.qr(), /^<\?xml|^<svg/);
  assert.deepEqual([...zks.qrCode('hi', { format: 'png', scale: 2 }).subarray(1, 4)], [0x50, 0x4e, 0x47]);
  assert.throws(() => zks.qrCode('hi', { format: 'gif' }), RangeError);
  assert.throws(() => zks.qrCode('x'.repeat(3000)), { code: 'ZKS_E_TOO_LARGE' });
  assert.throws(() => zks.parseInvite('nonsense'), { code: 'ZKS_E_MALFORMED' });
  const other = await world.device({ ...parsed.config, deviceName: 'guest' });
  assert.equal(other.report().groupId, client.report().groupId);
});

scenario('the log: lines with their level, until it is switched off', async (world) => {
  const lines = [];
  zks.setLog('debug', (level, line) => lines.push([level, line]));
  const relay = await world.relay();
  const [client] = await world.devices(relay, 'anna');
  await client.push('x', { acked: true });
  zks.setLog('off');
  assert.ok(lines.length > 0, 'there are lines');
  for (const [level, line] of lines) {
    assert.ok(['error', 'warn', 'info', 'debug'].includes(level), level);
    assert.ok(line.length > 0 && !line.includes('\n'));
  }
  assert.throws(() => zks.setLog('loud', () => {}), RangeError);
  assert.throws(() => zks.setLog('info'), TypeError);
});

scenario('10,000 pushes at once complete in order', async (world) => {
  const client = await world.device();
  const numbers = await Promise.all(Array.from({ length: 10_000 }, async (_, i) =>
    (await client.push(`entry ${i}`)).number));
  assert.deepEqual(numbers, Array.from({ length: 10_000 }, (_, i) => i + 1));
});
