// SPDX-License-Identifier: MIT OR Apache-2.0
// Verbs that open, connect and close clients, and those about relays and secrets.
import path from 'node:path';
import { Device, Log, camel } from './devices.mjs';
import { fnv1a, zks } from './values.mjs';

const PLAIN = ['ttl_s', 'rotate_s', 'inbox_max_bytes', 'keep_bytes', 'queue_max_bytes',
  'connect_timeout_ms'];

/** The address that `@`, `@R` or `@R/bare` means. */
function address(world, value) {
  if (typeof value === 'object' || !value.startsWith('@')) return world.variables.text(value);
  const [name, bare] = value.slice(1).split('/');
  const found = name ? world.relays.get(name).address : world.fixture;
  return bare ? found.split('@')[1] : found;
}

function config(world, given) {
  const { variables } = world;
  const made = {};
  for (const key of PLAIN) if (key in given) made[camel(key)] = given[key];
  if ('invite' in given) Object.assign(made, zks.parseInvite(variables.text(given.invite)).config);
  else Object.assign(made, { suite: given.suite ?? world.suite, relays: [world.fixture] });
  if ('relays' in given) made.relays = given.relays.map((relay) => address(world, relay));
  for (const key of ['secret', 'store_key']) {
    if (key in given) made[camel(key)] = variables.bytes(given[key], 32);
  }
  for (const key of ['passphrase', 'store_passphrase', 'device_name']) {
    if (key in given) made[camel(key)] = variables.text(given[key]);
  }
  if ('passphrase' in given) made.salt = variables.bytes(given.salt ?? 0, 16);
  if ('store' in given) made.store = given.store && path.join(world.folder, given.store);
  return made;
}

/** Opens by `begin(config, options)` and binds the step's name; whether it had that device before. */
async function bind(world, step, given, begin) {
  const log = new Log();
  const client = await begin(config(world, given), { onEvent: log.add, signal: step.signal });
  await world.devices.get(step.who)?.end();
  world.devices.set(step.who, new Device(step.who, client, log));
  return world.names.bind(client.report().deviceId, step.who);
}

export const opening = {
  async open(world, step) {
    step.say((await bind(world, step, step.argument(2), zks.open)) ? ' again' : '');
  },

  async create(world, step) {
    const { recovery, ...given } = step.argument(2);
    await bind(world, step, given, async (made, options) => {
      const { client, recoveryCode } = await zks.createGroup(made, { ...options, recovery });
      if (recoveryCode) world.variables.known.set(`words:${step.who}`, recoveryCode);
      return client;
    });
    step.say();
  },

  async join(world, step) {
    const code = world.variables.text(step.argument(3));
    await bind(world, step, step.argument(2), (made, options) => zks.join(made, code, options));
    step.say();
  },

  async restore(world, step) {
    const words = world.variables.text(step.argument(3));
    await bind(world, step, step.argument(2), (made, options) => zks.restore(made, words, options));
    step.say();
  },

  async connect(world, step) {
    await world.client(step).connect({ signal: step.signal });
    step.say();
  },

  async disconnect(world, step) {
    await world.client(step).disconnect();
    step.say();
  },

  async network_changed(world, step) {
    world.client(step).networkChanged();
    step.say();
  },

  async close(world, step) {
    await world.client(step).close();
    step.say();
  },

  async trust(world, step) {
    const { client, log } = world.device(step);
    client.trustRelay(address(world, step.argument(2)), log.relayKey());
    step.say();
  },

  async change_store_key(world, step) {
    const { key, passphrase } = step.options;
    const made = {};
    if (key !== undefined) made.storeKey = world.variables.bytes(key, 32);
    if (passphrase !== undefined) made.storePassphrase = world.variables.text(passphrase);
    await world.client(step).changeStoreKey(made);
    step.say();
  },

  async relay(world, step) {
    const before = world.relays.get(step.who);
    const listen = before ? before.address.split('@')[1] : '127.0.0.1:0';
    const data = path.join(world.folder, step.argument(2));
    world.relays.set(step.who, await zks.Relay.start({ listen, data, ...step.options }));
    step.say();
  },

  async relay_stop(world, step) {
    await world.relays.get(step.who).stop();
    step.say();
  },

  async invite(world, step) {
    const invite = world.client(step).inviteShared();
    world.variables.known.set(step.argument(2), invite.link);
    step.say(` version 4 suite ${invite.suite} relays ${invite.relays.length}`);
  },

  async derive(world, step) {
    const passphrase = world.variables.text(step.argument(1));
    const salt = world.variables.bytes(step.argument(2), 16);
    const { secret, groupId } = await zks.deriveGroupSecret(passphrase, salt);
    step.say(` secret ${fnv1a(secret)} group ${fnv1a(groupId)}`);
  },
};
