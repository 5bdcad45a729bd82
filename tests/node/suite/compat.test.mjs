// SPDX-License-Identifier: MIT OR Apache-2.0
// The API of the reference bindings, as its users know it.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { ENTRY, PATIENCE_MS, run, scenario, zks } from './support.mjs';

const { SyncClient, inviteFromQr, deriveSecret } = zks;
const SALT = Buffer.alloc(16, 5);
const secretBytes = Buffer.alloc(32, 6);

async function pair(world, config = { secretBytes }) {
  const relay = await world.relay();
  const clients = [];
  for (const deviceName of ['one', 'two']) {
    const client = await SyncClient.create({ ...config, deviceName, relayAddresses: [relay.address] });
    world.defer(() => client.shutdown());
    clients.push(client);
  }
  return { relay, clients };
}

scenario('push and pull: shapes, cursors, acknowledging the previous pull', async (world) => {
  const { relay, clients: [one, two] } = await pair(world);
  assert.equal(await one.isConnected(), false);
  assert.equal(await one.currentCursor(), 0);
  assert.equal(await one.activeRelay(), null);
  await one.connect();
  await two.connect();
  assert.equal(await one.isConnected(), true);
  assert.equal(await one.activeRelay(), relay.address);
  const before = Math.floor(Date.now() / 1000);
  const pushed = await one.push(Buffer.from('first'));
  assert.equal(typeof pushed.blobId, 'string');
  assert.equal(typeof pushed.cursor, 'number');
  const blobs = await two.pull();
  assert.equal(blobs.length, 1);
  const [blob] = blobs;
  assert.deepEqual(Object.keys(blob), ['blobId', 'data', 'cursor', 'timestamp']);
  assert.ok(Buffer.isBuffer(blob.data));
  assert.equal(blob.data.toString(), 'first');
  assert.ok(Math.abs(blob.timestamp - before) < 600);
  assert.equal(await two.currentCursor(), blob.cursor);
  await one.push(Buffer.from('second'));
  assert.deepEqual((await two.pull()).map(({ data }) => data.toString()), ['second']);
  assert.deepEqual(await two.pull(), []);
  assert.deepEqual((await two.pullAfter(blob.cursor)).map(({ data }) => data.toString()), ['second']);
  assert.deepEqual(await one.pull(), [], 'own pushes are not pulled');
  await one.disconnect();
  assert.equal(await one.isConnected(), false);
  await assert.rejects(one.push(Buffer.from('x')), /not connected/);
});

scenario('before connect and after shutdown: not connected', async () => {
  const client = await SyncClient.create({ secretBytes, relayAddresses: ['any string at all'] });
  await assert.rejects(client.push(Buffer.from('x')), /not connected/);
  await assert.rejects(client.pull(), /not connected/);
  await assert.rejects(client.pullAfter(0), /not connected/);
  await assert.rejects(client.connect());
  await client.shutdown();
  await client.shutdown();
  await assert.rejects(client.push(Buffer.from('x')), /not connected/);
});

scenario('create names the problem', async () => {
  const refused = (config, words) => assert.rejects(SyncClient.create(config), words);
  await refused({ passphrase: 'x' }, /salt/);
  await refused({ passphrase: 'x', salt: Buffer.alloc(7) }, /salt/);
  await refused({ passphrase: 'x', salt: SALT, secretBytes }, /both/);
  await refused({ passphrase: '', salt: SALT }, /empty/);
  await refused({ secretBytes: Buffer.alloc(31) }, /32/);
  await refused({}, /passphrase/);
});

scenario('passphrase groups: salts of any length from 8 bytes', async (world) => {
  const { clients: [one, two] } = await pair(world, { passphrase: 'péché', salt: Buffer.alloc(11, 1), ttl: 0 });
  await one.connect();
  await two.connect();
  await one.push(Buffer.from('hello'));
  assert.equal((await two.pull())[0].data.toString(), 'hello');
});

scenario('invites: synchronous, offline, read back', async () => {
  const client = await SyncClient.create({ passphrase: 'x', salt: SALT });
  const relays = ['relay-a.example.org', 'relay-b.example.org'];
  const invite = client.createInvite(relays);
  assert.deepEqual(Object.keys(invite),
    ['version', 'relayAddresses', 'groupSecret', 'salt', 'qrPayload', 'shortCode']);
  assert.equal(invite.version, 3);
  assert.deepEqual(invite.relayAddresses, relays);
  assert.equal(invite.groupSecret.length, 32);
  assert.deepEqual(invite.salt, SALT);
  assert.match(invite.shortCode, /^[A-Z2-7]{4}(-[A-Z2-7]{4}){3}$/);
  assert.notEqual(client.createInvite(relays).shortCode, invite.shortCode);
  const read = inviteFromQr(invite.qrPayload);
  assert.equal(read.version, 3);
  assert.equal(read.relayAddresses.length, 2);
  assert.deepEqual(read.groupSecret, invite.groupSecret);
  assert.deepEqual(invite.groupSecret, deriveSecret('x', SALT).secretBytes);
  await client.shutdown();
  const plain = await SyncClient.create({ secretBytes });
  assert.equal(plain.createInvite([]).salt.length, 0);
  await plain.shutdown();
  assert.throws(() => inviteFromQr('nonsense'));
});

/** A device of today's API, which comes by the short code. The relay has it soon after the connection. */
async function letIn(relay, code) {
  const end = Date.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await zks.join({ relays: [relay.address], deviceName: 'phone' }, code);
    } catch (error) {
      if (error.code !== 'ZKS_E_CODE_UNKNOWN' || Date.now() > end) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

for (const [kind, config] of Object.entries({
  secret: { secretBytes }, passphrase: { passphrase: 'x', salt: SALT },
})) {
  scenario(`short code made offline lets a device in: group by ${kind}`, async (world) => {
    const { relay, clients: [one] } = await pair(world, config);
    const { shortCode } = one.createInvite([relay.address]);
    await one.connect();
    const phone = await letIn(relay, shortCode);
    world.closing(phone);
    const theirs = phone.inviteShared([]);
    const ours = one.createInvite([]);
    assert.deepEqual([theirs.secret, theirs.salt], [ours.groupSecret, ours.salt]);
    await phone.connect();
    await phone.push(Buffer.from('from the phone'), { acked: true });
    assert.deepEqual((await one.pull()).map(({ data }) => data.toString()), ['from the phone']);
    await one.push(Buffer.from('to the phone'));
    const [entry] = await phone.read({ wait: true });
    assert.equal(entry.data.toString(), 'to the phone');
    await assert.rejects(letIn(relay, shortCode), { code: 'ZKS_E_CODE_USED' });
  });
}

scenario('short code of the newest invite counts, and ends with its client', async (world) => {
  const { relay, clients: [one] } = await pair(world);
  const older = one.createInvite([relay.address]).shortCode;
  await one.connect();
  const newer = one.createInvite([relay.address]).shortCode;
  world.closing(await letIn(relay, newer));
  await assert.rejects(zks.join({ relays: [relay.address] }, older), { code: /ZKS_E_CODE/ });
  const last = one.createInvite([relay.address]).shortCode;
  const wrong = last.slice(0, -1) + (last.endsWith('2') ? '3' : '2');
  await assert.rejects(letIn(relay, wrong), { code: 'ZKS_E_WRONG_CODE' });
  await one.shutdown();
  await assert.rejects(zks.join({ relays: [relay.address] }, last), { code: 'ZKS_E_CODE_CANCELLED' });
});

scenario('an invite that nobody uses keeps no process alive', async (world) => {
  const found = await run(world.file('program.mjs', `
    const zks = await import(${JSON.stringify(pathToFileURL(ENTRY).href)});
    const client = await zks.SyncClient.create({ secretBytes: new Uint8Array(32) });
    console.log(client.createInvite([]).shortCode.length);`));
  assert.deepEqual([found.code, found.signal, found.out.trim()], [0, null, '19'], found.err);
});

scenario('deriveSecret is synchronous: 32 and 32 bytes, the same for the same input', async () => {
  const { secretBytes: secret, groupId } = deriveSecret('passphrase', SALT);
  assert.equal(secret.length, 32);
  assert.equal(groupId.length, 32);
  assert.deepEqual(deriveSecret('passphrase', SALT).secretBytes, secret);
  assert.notDeepEqual(deriveSecret('other', SALT).secretBytes, secret);
  assert.throws(() => deriveSecret('', SALT), /empty/);
  assert.throws(() => deriveSecret('x', Buffer.alloc(3)), /salt/);
});

scenario('require has the same names', async () => {
  const required = createRequire(ENTRY)('./index.cjs');
  for (const name of ['SyncClient', 'inviteFromQr', 'deriveSecret']) {
    assert.equal(required[name], zks[name]);
  }
});
