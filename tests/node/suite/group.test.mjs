// SPDX-License-Identifier: MIT OR Apache-2.0
import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { event, fails, scenario, texts, zks } from './support.mjs';

const { createGroup, join, restore } = zks;

/** A paired group: its first device, connected, and the recovery code. */
async function group(world, relay, options) {
  const { client, recoveryCode } = await createGroup(
    { relays: [relay.address], deviceName: 'first' }, options);
  world.closing(client);
  await client.connect();
  return { client, recoveryCode };
}

/** Lets a device in; {client, digits, device}. */
async function letIn(world, relay, member, config, options) {
  const pairing = member.pair(options);
  let digits;
  const joining = join({ relays: [relay.address], ...config }, await pairing.code,
    { onDigits: (shown) => (digits = shown) });
  const asked = await pairing.asked;
  pairing.answer(true);
  const [device, client] = await Promise.all([pairing.done, joining]);
  world.closing(client);
  return { client, device, asked, digits };
}

scenario('a group is made, a device comes in by code, both see the same digits', async (world) => {
  const relay = await world.relay();
  const { client: first, recoveryCode } = await group(world, relay);
  assert.equal(recoveryCode.split(' ').length, 18);
  const came = event(first, 'device');
  const { client, device, asked, digits } = await letIn(world, relay, first, { deviceName: 'Ünï phone' });
  assert.deepEqual(asked, { name: 'Ünï phone', digits });
  assert.match(digits, /^\d{6}$/);
  assert.equal((await came).device, device);
  assert.equal(client.report().deviceId, device);
  assert.deepEqual(client.joinedRelays, [relay.address]);
  await client.connect();
  await first.push('for the phone');
  assert.deepEqual(await texts(client, 1), ['for the phone']);
  const [self, other] = first.devices();
  assert.ok(self.self && !other.self);
  assert.equal(other.id, device);
  assert.equal(other.name, 'Ünï phone');
  assert.equal(other.inviter, self.id);
  assert.deepEqual(other.rights, ['invite', 'admin']);
});

scenario('a device comes in by link, with fewer rights', async (world) => {
  const relay = await world.relay();
  const { client: first } = await group(world, relay);
  const { client } = await letIn(world, relay, first, { deviceName: 'guest', relays: [] },
    { kind: 'link', rights: ['invite'], lifeS: 60 });
  await client.connect();
  assert.deepEqual(client.report().rights, ['invite']);
  await fails(client.rotate(), 'ZKS_E_UNAUTHORIZED');
});

for (const kind of ['code', 'link']) {
  scenario(`a shared group is joined by pairing: ${kind}`, async (world) => {
    const relay = await world.relay();
    const [first] = await world.devices(relay, 'first');
    const { client, device } = await letIn(world, relay, first, { deviceName: 'second' }, { kind });
    assert.equal(client.report().deviceId, device);
    assert.equal(client.inviteShared([]).link, first.inviteShared([]).link);
    await client.connect();
    await client.push('here I am');
    assert.deepEqual(await texts(first, 1), ['here I am']);
    await fails(first.pair({ rights: ['invite'] }).done, 'ZKS_E_UNAUTHORIZED');
  });
}

scenario('a code that was made before is good once connected', async (world) => {
  const relay = await world.relay();
  const code = zks.newPairCode();
  assert.match(code, /^([2-7A-HJKMNP-TV-Z]{4}-){3}[2-7A-HJKMNP-TV-Z]{4}$/);
  assert.notEqual(zks.newPairCode(), code);
  const first = await world.device({ relays: [relay.address] });
  const pairing = first.pair({ code: code.toLowerCase() });
  await first.connect();
  assert.equal(await pairing.code, code);
  const joining = join({ relays: [relay.address] }, code);
  await pairing.asked;
  pairing.answer(true);
  const second = world.closing(await joining);
  assert.equal(second.report().deviceId, await pairing.done);
  await fails(first.pair({ code }).done, 'ZKS_E_CODE_USED');
  await fails(first.pair({ code: '7K2M-ABCD' }).done, 'ZKS_E_TRUNCATED');
  assert.throws(() => first.pair({ kind: 'link', code }), TypeError);
});

scenario('declined, cancelled, wrong: each side gets an error of its own', async (world) => {
  const relay = await world.relay();
  const { client: first } = await group(world, relay);
  const declined = first.pair();
  const joining = join({ relays: [relay.address] }, await declined.code);
  await declined.asked;
  declined.answer(false);
  await fails(declined.done, 'ZKS_E_CANCELLED');
  await fails(joining, 'ZKS_E_CODE_CANCELLED');

  const cancelled = first.pair();
  await cancelled.code;
  cancelled.cancel(new Error('changed my mind'));
  await assert.rejects(cancelled.done, { message: 'changed my mind' });
  await assert.rejects(cancelled.asked, { message: 'changed my mind' });

  const error = await fails(join({ relays: [relay.address] }, 'no code at all'), 'ZKS_E_TRUNCATED');
  assert.match(error.message, /16 characters/);
  assert.equal(error.retryClass, 'call');
  assert.throws(() => first.pair().answer(true), { code: 'ZKS_E_STATE' });
});

scenario('one pairing at a time; a signal ends it, before it begins too', async (world) => {
  const relay = await world.relay();
  const { client } = await group(world, relay);
  const reason = new Error('enough');
  const early = client.pair({ signal: AbortSignal.abort(reason) });
  for (const promise of [early.done, early.code, early.asked]) await assert.rejects(promise, reason);
  const pairing = client.pair();
  const second = client.pair();
  for (const promise of [second.done, second.code, second.asked]) await fails(promise, 'ZKS_E_BUSY');
  const code = await pairing.code;
  assert.ok(!inspect(pairing, { depth: 5 }).includes(code), 'the code is not printed');
  pairing.cancel(reason);
  await assert.rejects(pairing.done, reason);
  const controller = new AbortController();
  const third = client.pair({ signal: controller.signal });
  assert.notEqual(await third.code, code);
  controller.abort(reason);
  await assert.rejects(third.done, reason);
});

scenario('no rights at all cannot be given', async (world) => {
  const relay = await world.relay();
  const { client } = await group(world, relay);
  assert.throws(() => client.pair({ rights: [] }), { name: 'RangeError', message: /without any/ });
  assert.throws(() => client.pair({ rights: 'invite' }), { name: 'TypeError' });
  const pairing = client.pair({ rights: null });
  await pairing.code;
  pairing.cancel();
  await assert.rejects(pairing.done, { name: 'AbortError' });
});

scenario('removing a device: it is told, the others get fresh keys', async (world) => {
  const relay = await world.relay();
  const { client: first } = await group(world, relay);
  const { client: lost, device } = await letIn(world, relay, first, { deviceName: 'lost' });
  await lost.connect();
  const told = event(lost, 'deviceRemoved', (found) => found.device === device);
  const out = event(lost, 'state', ({ error }) => error?.code === 'ZKS_E_DEVICE_REVOKED');
  const epoch = await first.revoke(first.devices()[1], { reason: 'lost' });
  assert.ok(epoch >= 1);
  await Promise.all([told, out]);
  await fails(lost.connect(), 'ZKS_E_DEVICE_REVOKED');
  assert.equal(first.devices().length, 1);
  assert.equal(await first.rotate(), epoch + 1);
});

scenario('leaving; coming back by the recovery code; removing by it while offline', async (world) => {
  const relay = await world.relay();
  const { client: first, recoveryCode } = await group(world, relay);
  await first.push('kept', { acked: true });
  const back = world.closing(await restore(
    { relays: [relay.address], deviceName: 'back' }, recoveryCode.toUpperCase()));
  await back.connect();
  await back.waitSynced();
  assert.deepEqual(await texts(back, 1), ['kept']);
  const typo = await fails(restore({ relays: [] }, recoveryCode.replace(/^\w+/, 'xxxxx')), 'ZKS_E_MALFORMED');
  assert.match(typo.message, /word/);
  const gone = event(back, 'deviceRemoved');
  await first.leave();
  assert.equal((await gone).device, first.report().deviceId);
});

scenario('a group without a recovery code; what needs a connection says so', async (world) => {
  const { client, recoveryCode } = await createGroup({ deviceName: 'alone' }, { recovery: false });
  world.closing(client);
  assert.equal(recoveryCode, null);
  await fails(client.rotate(), 'ZKS_E_NOT_CONNECTED');
  await fails(client.leave(), 'ZKS_E_NOT_CONNECTED');
  await fails(client.pair().done, 'ZKS_E_NOT_CONNECTED');
  assert.throws(() => client.inviteShared(), { code: 'ZKS_E_UNSUPPORTED' });
  await fails(createGroup({ secret: new Uint8Array(32) }), 'ZKS_E_CONFIG');
});

scenario('the approved suite: open, exchange, pair by link', async (world) => {
  const relay = await world.relay();
  const { client: first } = await createGroup(
    { relays: [relay.address], deviceName: 'first', suite: 'approved' });
  world.closing(first);
  await first.connect();
  assert.equal(first.report().suite, 'approved');
  const { client } = await letIn(world, relay, first, { deviceName: 'second' }, { kind: 'link' });
  await client.connect();
  await client.push('hello');
  assert.deepEqual(await texts(first, 1), ['hello']);
  await fails(first.pair({ kind: 'code' }).done, 'ZKS_E_UNSUPPORTED');
});

scenario('trusting a relay: only where the address does not name its key', async (world) => {
  const relay = await world.relay();
  const client = await world.device({ relays: [relay.address, 'relay.example.org'] });
  const key = client.report().groupId;
  assert.throws(() => client.trustRelay(relay.address, key), { code: 'ZKS_E_STATE' });
  assert.throws(() => client.trustRelay('elsewhere', key), { code: 'ZKS_E_NOT_FOUND' });
  assert.throws(() => client.trustRelay('relay.example.org', 'abc'), RangeError);
  client.trustRelay('relay.example.org', Buffer.from(key, 'hex'));
});
